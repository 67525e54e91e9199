//! The one session that a process has with the database besides its pool. It hears of other processes' additions to
//! feeds and tells them of its own, and it has the leases of this process.
//!
//! Changes of money say nothing to other processes: `NOTIFY` in a transaction makes all commits of the server wait for
//! each other. After its commits, a process says once in a while that there is something new, and every process that
//! hears it asks which feeds have changed. Should that be lost, each asks by itself every so often.
//!
//! Leases are advisory locks of this session. The server ends a session that has been silent for `SILENT_MAX`, whether
//! its process is gone, hangs or is cut off, and the leases with it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Socket, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::errors::ServerError;
use super::open::CONNECT_MAX;
use super::outage::{CallKind, OutageLog};
use crate::relay::store::wake::FeedWake;
use crate::tools::backoff::{doubled, jittered};

/// Between two messages to other processes, and between two looks at what they said.
const GAP: Duration = Duration::from_millis(25);
/// How often it is asked which feeds have changed though nobody said anything.
const LOOK_EVERY: Duration = Duration::from_millis(1500);
/// How often every feed is looked at, whatever changed.
const LOOK_AT_ALL_EVERY: Duration = Duration::from_mins(1);
/// How long the server lets the session be silent.
const SILENT_MAX: &str = "15s";
/// How long the server may take for an answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Before connecting again: first, and at most.
const PAUSE: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(3)];

/// What the session does for others.
enum SessionRequest {
    /// Answers the number of this session once it has the lock; `None`: another one has it.
    Lock {
        number: i64,
        answer: oneshot::Sender<Option<u64>>,
    },
    Unlock {
        number: i64,
        session: u64,
    },
}

/// What session and store share.
pub(super) struct FeedNews {
    pub wake: FeedWake,
    pub outage: Arc<OutageLog>,
    /// This process added to a feed, or changed the directory.
    added: Notify,
    /// The name of the directory's content, once it was seen.
    directory: watch::Sender<Option<String>>,
}

impl FeedNews {
    pub fn new(outage: Arc<OutageLog>) -> Self {
        Self { wake: FeedWake::default(), outage, added: Notify::new(), directory: watch::Sender::new(None) }
    }

    /// Wakes this process's calls, and soon those of others.
    pub fn note_added(&self, site: &str, newest: u64) {
        self.wake.record(site, newest);
        self.added.notify_one();
    }

    /// The same for a change of the directory, whose content has this name since.
    pub fn note_directory(&self, version: &str) {
        self.see_directory(version);
        self.added.notify_one();
    }

    /// Waits until the directory's content has another name than `known`.
    pub async fn directory_changed(&self, known: &str) {
        let is_other = |version: &Option<String>| version.as_deref().is_some_and(|version| version != known);
        // The sender lives as long as this.
        let _ = self.directory.subscribe().wait_for(is_other).await;
    }

    fn see_directory(&self, version: &str) {
        self.directory.send_if_modified(|known| {
            let is_new = known.as_deref() != Some(version);
            if is_new {
                *known = Some(version.to_owned());
            }
            is_new
        });
    }
}

/// The way to the session's task. Dropping it ends both.
pub(super) struct DatabaseSession {
    requests: mpsc::UnboundedSender<SessionRequest>,
    task: JoinHandle<()>,
}

/// A lock of this process's session.
pub(super) struct SessionLock {
    number: i64,
    session: u64,
    requests: mpsc::UnboundedSender<SessionRequest>,
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        // Without a session there is no lock either.
        let _ = self.requests.send(SessionRequest::Unlock { number: self.number, session: self.session });
    }
}

impl Drop for DatabaseSession {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl DatabaseSession {
    pub fn begin(server: Config, tls: MakeRustlsConnect, shared: Arc<FeedNews>) -> Self {
        let (requests, received) = mpsc::unbounded_channel();
        Self { requests, task: tokio::spawn(keep(server, tls, shared, received)) }
    }

    /// Takes a lock, unless another session has it.
    pub async fn try_lock(&self, number: i64) -> Result<Option<SessionLock>, ServerError> {
        let (answer, answered) = oneshot::channel();
        let request = SessionRequest::Lock { number, answer };
        self.requests.send(request).map_err(|_| ServerError::NoSession)?;
        let answered = timeout(ANSWER_MAX, answered).await;
        let session = answered.map_err(|_| ServerError::NoSession)?.map_err(|_| ServerError::NoSession)?;
        let lock = |session| SessionLock { number, session, requests: self.requests.clone() };
        Ok(session.map(lock))
    }
}

/// Keeps a session for as long as the store lives.
async fn keep(
    server: Config,
    tls: MakeRustlsConnect,
    shared: Arc<FeedNews>,
    mut requests: mpsc::UnboundedReceiver<SessionRequest>,
) {
    let mut failures = 0;
    for number in 0_u64.. {
        let served = match SessionLink::connect(&server, &tls).await {
            Ok(mut link) => {
                failures = 0;
                link.serve(&shared, &mut requests, number).await
            }
            Err(error) => Err(error),
        };
        let Err(error) = served else { return };
        shared.outage.record(CallKind::Read, Some(&error));
        let pause = doubled(PAUSE[0], failures, PAUSE[1]);
        failures += 1;
        sleep(jittered(pause, pause * 3 / 2)).await;
    }
}

/// A connected session.
struct SessionLink {
    client: Client,
    /// Notified when another process said that there is something new.
    heard: Arc<Notify>,
    driver: JoinHandle<()>,
    news: Statement,
    /// What the next look asks with; see `sql/news.sql`.
    seen: String,
}

impl Drop for SessionLink {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

async fn within<T>(answer: impl Future<Output = Result<T, tokio_postgres::Error>>) -> Result<T, ServerError> {
    let answer = timeout(ANSWER_MAX, answer).await;
    Ok(answer.map_err(|_| ServerError::TimedOut(ANSWER_MAX.as_secs()))??)
}

impl SessionLink {
    async fn connect(server: &Config, tls: &MakeRustlsConnect) -> Result<Self, ServerError> {
        let connected = timeout(CONNECT_MAX * 2, server.connect(tls.clone())).await;
        let (client, connection) =
            connected.map_err(|_| ServerError::TimedOut(CONNECT_MAX.as_secs() * 2))??;
        let (heard, own) = (Arc::new(Notify::new()), Arc::new(AtomicI32::new(0)));
        let driver = tokio::spawn(drive(connection, Arc::clone(&heard), Arc::clone(&own)));
        let begin = format!(
            "SET idle_session_timeout = '{SILENT_MAX}'; SET statement_timeout = '5s'; LISTEN kuota_relay_feed"
        );
        let news = async {
            client.batch_execute(&begin).await?;
            own.store(client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?, Ordering::Relaxed);
            client.prepare(include_str!("sql/news.sql")).await
        };
        let news = within(news).await.inspect_err(|_| driver.abort())?;
        Ok(Self { client, heard, driver, news, seen: "0".to_owned() })
    }

    /// Serves until the store is dropped, or the connection breaks.
    async fn serve(
        &mut self,
        shared: &FeedNews,
        requests: &mut mpsc::UnboundedReceiver<SessionRequest>,
        number: u64,
    ) -> Result<(), ServerError> {
        let start = Instant::now();
        let (mut look_at, mut last_look, mut all_at) = (start, start, start + LOOK_AT_ALL_EVERY);
        let (mut tell_at, mut last_told): (Option<Instant>, Instant) = (None, start);
        loop {
            let (heard, now) = (Arc::clone(&self.heard), Instant::now());
            tokio::select! {
                request = requests.recv() => match request {
                    Some(request) => self.obey(request, number).await?,
                    None => return Ok(()),
                },
                () = shared.added.notified() => {
                    tell_at.get_or_insert(now.max(last_told + GAP));
                }
                () = heard.notified() => look_at = look_at.min(now.max(last_look + GAP)),
                () = maybe_until(tell_at) => {
                    within(self.client.batch_execute("NOTIFY kuota_relay_feed")).await?;
                    (tell_at, last_told) = (None, Instant::now());
                }
                () = sleep_until(look_at) => {
                    if now >= all_at {
                        "0".clone_into(&mut self.seen);
                        all_at = now + LOOK_AT_ALL_EVERY;
                    }
                    self.look(shared).await?;
                    shared.outage.record(CallKind::Read, None);
                    last_look = Instant::now();
                    look_at = last_look + LOOK_EVERY;
                }
                _ = &mut self.driver => return Err(ServerError::NoSession),
            }
        }
    }

    async fn look(&mut self, shared: &FeedNews) -> Result<(), ServerError> {
        let rows = within(self.client.query(&self.news, &[&self.seen])).await?;
        for row in rows {
            self.seen = row.try_get("seen")?;
            shared.see_directory(row.try_get("directory")?);
            let newest = row.try_get::<_, Option<i64>>("last_seq")?.and_then(|seq| u64::try_from(seq).ok());
            if let (Some(site), Some(newest)) = (row.try_get::<_, Option<&str>>("site")?, newest) {
                shared.wake.record(site, newest);
            }
        }
        Ok(())
    }

    async fn obey(&self, request: SessionRequest, session: u64) -> Result<(), ServerError> {
        match request {
            SessionRequest::Lock { number, answer } if !answer.is_closed() => {
                let sql = "SELECT pg_try_advisory_lock($1)";
                let is_taken: bool = within(self.client.query_one(sql, &[&number])).await?.try_get(0)?;
                if answer.send(is_taken.then_some(session)).is_err() && is_taken {
                    self.unlock(number).await?;
                }
            }
            SessionRequest::Unlock { number, session: of } if of == session => self.unlock(number).await?,
            // Nobody waits for it, or it was a lock of an earlier session.
            SessionRequest::Lock { .. } | SessionRequest::Unlock { .. } => {}
        }
        Ok(())
    }

    async fn unlock(&self, number: i64) -> Result<(), ServerError> {
        within(self.client.execute("SELECT pg_advisory_unlock($1)", &[&number])).await.map(drop)
    }
}

async fn maybe_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Moves the connection's bytes, and hears what other sessions say.
async fn drive<S>(mut connection: Connection<Socket, S>, heard: Arc<Notify>, own: Arc<AtomicI32>)
where
    S: tokio_postgres::tls::TlsStream + Unpin,
{
    loop {
        let message = std::future::poll_fn(|cx| Pin::new(&mut connection).get_mut().poll_message(cx));
        match message.await {
            Some(Ok(AsyncMessage::Notification(said))) => {
                if said.process_id() != own.load(Ordering::Relaxed) {
                    heard.notify_one();
                }
            }
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                tracing::debug!(%error, "the session with the relay's database broke");
                return;
            }
            None => return,
        }
    }
}
