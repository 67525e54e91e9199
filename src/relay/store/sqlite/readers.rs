//! A few connections that read while the writer works, each question in a snapshot of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::errors::{OpenError, QueryError};
use super::open::connect_to_read;
use super::writer::Signs;
use crate::relay::store::RelayStoreError;

/// Questions at the same time. More wait: each is a few reads of pages that are mostly in memory.
const READERS_MAX: usize = 4;

/// Connections that read, opened when they are first needed.
pub(super) struct Readers(Arc<Pool>);

struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    seats: Semaphore,
    signs: Arc<Signs>,
}

impl Readers {
    pub fn new(path: PathBuf, signs: Arc<Signs>) -> Self {
        let seats = Semaphore::new(READERS_MAX);
        Self(Arc::new(Pool { path, idle: Mutex::new(Vec::new()), seats, signs }))
    }

    /// Answers a question on a thread that may wait for the disk.
    pub fn read<T, F>(
        &self,
        question: F,
    ) -> impl Future<Output = Result<T, RelayStoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, QueryError> + Send + 'static,
    {
        let pool = Arc::clone(&self.0);
        async move {
            pool.signs.check()?;
            let _seat = pool.seats.acquire().await.expect("the seats are never taken away");
            let asked = Arc::clone(&pool);
            let answer = tokio::task::spawn_blocking(move || asked.answer(question)).await;
            answer.map_err(|error| RelayStoreError::Unavailable(error.to_string()))?
        }
    }
}

impl Pool {
    fn answer<T>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, QueryError>,
    ) -> Result<T, RelayStoreError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = idle().pop();
        let conn = match taken {
            Some(conn) => conn,
            None => connect_to_read(&self.path)
                .map_err(|error: OpenError| RelayStoreError::Unavailable(error.to_string()))?,
        };
        let answer = in_snapshot(&conn, question).map_err(|trouble| {
            let trouble = trouble.in_file(&self.path);
            if trouble.is_fatal() {
                self.signs.fail(&trouble.to_string());
            }
            trouble.into()
        });
        idle().push(conn);
        answer
    }
}

fn in_snapshot<T>(
    conn: &Connection,
    question: impl FnOnce(&Connection) -> Result<T, QueryError>,
) -> Result<T, QueryError> {
    let snapshot = conn.unchecked_transaction()?;
    let answer = question(&snapshot)?;
    snapshot.commit()?;
    Ok(answer)
}
