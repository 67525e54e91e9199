//! Connections: a bounded number of them, each call within a time limit, and none used again that may be in the middle of
//! something.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{Client, Pool};
use tokio::time::{sleep, timeout};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::errors::{ServerCause, ServerError};
use super::outage::{CallKind, OutageLog};
use crate::relay::store::RelayStoreError;
use crate::tools::backoff::jittered;

/// How long a call may take in all: the wait for a connection, its tries, and their answers. Callers answer 503 then.
const CALL_MAX: Duration = Duration::from_secs(10);
/// Tries of a change that another transaction was in the way of.
const CONFLICT_TRIES_MAX: u32 = 8;
/// Before the next such try.
const CONFLICT_PAUSE: Duration = Duration::from_millis(5);

/// Values of a statement.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The connections of this process.
pub(super) struct Clients {
    pool: Pool,
    outage: Arc<OutageLog>,
}

/// A connection on loan. One that is dropped in the middle of a call is closed, and the server rolls back.
pub(super) struct Loan {
    client: Option<Client>,
    is_in_call: AtomicBool,
}

impl Drop for Loan {
    fn drop(&mut self) {
        if self.is_in_call.load(Ordering::Relaxed)
            && let Some(client) = self.client.take()
        {
            drop(Client::take(client));
        }
    }
}

impl Loan {
    fn client(&self) -> &Client {
        self.client.as_ref().expect("it is taken away by the end only")
    }

    /// Every row of an answer. Statements are prepared once for each connection.
    pub async fn all(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, ServerError> {
        let statement = self.client().prepare_cached(sql).await?;
        Ok(self.client().query(&statement, values).await?)
    }

    /// The row of an answer, if any.
    pub async fn one(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>, ServerError> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// The row of an answer that always has one.
    pub async fn only(&self, sql: &str, values: Values<'_>) -> Result<Row, ServerError> {
        let row = self.one(sql, values).await?;
        row.ok_or_else(|| ServerError::Nonsense("the database left a question without an answer".to_owned()))
    }

    /// How many rows a statement changed.
    pub async fn run(&self, sql: &str, values: Values<'_>) -> Result<u64, ServerError> {
        let statement = self.client().prepare_cached(sql).await?;
        Ok(self.client().execute(&statement, values).await?)
    }

    /// Statements without values, such as `BEGIN` and `COMMIT`.
    pub async fn batch(&self, sql: &str) -> Result<(), ServerError> {
        Ok(self.client().batch_execute(sql).await?)
    }
}

impl Clients {
    pub fn new(pool: Pool, outage: Arc<OutageLog>) -> Self {
        Self { pool, outage }
    }

    /// Makes a change. `work` is repeated while other transactions are in its way, so it is a whole transaction.
    pub async fn change<T, F, W>(&self, work: F) -> Result<T, RelayStoreError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        self.call(CallKind::Write, CALL_MAX, work).await
    }

    /// A change that may touch many rows, and takes as long as that takes.
    pub async fn long_change<T, F, W>(&self, max: Duration, work: F) -> Result<T, RelayStoreError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        self.call(CallKind::Write, max, work).await
    }

    /// Answers a question.
    pub async fn read<T, F, W>(&self, work: F) -> Result<T, RelayStoreError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        self.call(CallKind::Read, CALL_MAX, work).await
    }

    /// A question about many rows.
    pub async fn long_read<T, F, W>(&self, max: Duration, work: F) -> Result<T, RelayStoreError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        self.call(CallKind::Read, max, work).await
    }

    async fn call<T, F, W>(&self, access: CallKind, max: Duration, work: F) -> Result<T, RelayStoreError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        let result = timeout(max, self.attempts(work)).await;
        let result = result.unwrap_or(Err(ServerError::TimedOut(max.as_secs())));
        self.outage.record(access, result.as_ref().err());
        Ok(result?)
    }

    async fn attempts<T, F, W>(&self, work: F) -> Result<T, ServerError>
    where
        F: Fn(Arc<Loan>) -> W,
        W: Future<Output = Result<T, ServerError>>,
    {
        let mut tries = 0;
        loop {
            let client = self.pool.get().await?;
            let loan = Arc::new(Loan { client: Some(client), is_in_call: AtomicBool::new(true) });
            let result = work(Arc::clone(&loan)).await;
            tries += 1;
            let Err(error) = result else {
                loan.is_in_call.store(false, Ordering::Relaxed);
                return result;
            };
            let cause = error.cause();
            // A server that was made a standby is not asked again: the next connection looks for the one that writes.
            if error.is_answer() && cause != ServerCause::ReadOnly && loan.batch("ROLLBACK").await.is_ok() {
                loan.is_in_call.store(false, Ordering::Relaxed);
            }
            drop(loan);
            if cause != ServerCause::Conflict || tries >= CONFLICT_TRIES_MAX {
                return Err(error);
            }
            sleep(jittered(CONFLICT_PAUSE, CONFLICT_PAUSE * 2 * tries)).await;
        }
    }
}
