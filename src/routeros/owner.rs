//! The task that owns one router's connection: it connects when asked, serves one session after the other and waits
//! between them.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::config::ClientConfig;
use super::connection::Dial;
use super::link::{Link, Step};
use super::port::RouterError;
use super::reconnect::{Credentials, Reconnect};
use super::session::{Broken, HEARTBEAT, Request, Session};
use super::shared::Shared;

/// Random bits for jitter. Without a source of them all waits are the shortest.
fn dice() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// The task.
pub(super) struct Owner {
    config: Arc<ClientConfig>,
    dial: Dial,
    shared: Arc<Shared>,
    requests: mpsc::Receiver<Request>,
    reconnect: Reconnect,
    sessions: u64,
}

/// Why to connect.
enum Wake {
    Asked(Request),
    Heartbeat,
}

impl Owner {
    /// The task's state before its first connection.
    pub(super) fn new(
        config: Arc<ClientConfig>,
        dial: Dial,
        shared: Arc<Shared>,
        requests: mpsc::Receiver<Request>,
    ) -> Self {
        Self { config, dial, shared, requests, reconnect: Reconnect::default(), sessions: 0 }
    }

    /// Until the last handle is gone.
    pub(super) async fn run(mut self) {
        while let Some(wake) = self.wait().await {
            let credentials = self.config.credentials();
            match self.open(&credentials).await {
                Ok(link) => {
                    self.reconnect.opened(credentials);
                    if self.serve(link, wake).await.is_none() {
                        break;
                    }
                }
                Err(error) => self.failed(&error, &credentials, wake),
            }
        }
        self.shared.disconnected(None);
    }

    /// Waits, connected to nothing, for a reason to connect. Who asks too early is told so at once.
    async fn wait(&mut self) -> Option<Wake> {
        let heartbeat = Instant::now() + HEARTBEAT;
        let heartbeat = self.reconnect.until().map_or(heartbeat, |until| until.max(heartbeat));
        loop {
            let request = tokio::select! {
                request = self.requests.recv() => request?,
                () = sleep_until(heartbeat) => return Some(Wake::Heartbeat),
            };
            if !request.sink.is_wanted() {
                continue;
            }
            match self.reconnect.check(Instant::now(), || self.config.credentials()) {
                Ok(()) => return Some(Wake::Asked(request)),
                Err(error) => request.sink.finish(Err(error)),
            }
        }
    }

    fn failed(&mut self, error: &RouterError, credentials: &Credentials, wake: Wake) {
        let news = self.reconnect.failed(error, credentials, Instant::now(), dice());
        self.shared.disconnected(self.reconnect.until());
        self.log_failure(error, news, "router connection failed");
        if let Wake::Asked(request) = wake {
            request.sink.finish(Err(error.clone()));
        }
    }

    /// Connects, logs in and has the router prove that it let us in.
    async fn open(&mut self, credentials: &Credentials) -> Result<Link, RouterError> {
        let limit = self.config.connect_timeout();
        let stream = match timeout(limit, (self.dial)()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(RouterError::Lost(format!("cannot connect: {error}"))),
            Err(_) => return Err(RouterError::Lost(format!("cannot connect within {limit:?}"))),
        };
        self.sessions += 1;
        let commands = Arc::clone(&self.shared.commands);
        let session = Session::new(self.sessions, self.config.limits, self.config.patience(), commands);
        let mut link = Link::new(stream, session);
        let limit = self.config.timeout;
        let log_in = match timeout(limit, link.log_in(credentials)).await {
            Ok(log_in) => log_in?,
            Err(_) => return Err(RouterError::Lost(format!("no log-in within {limit:?}"))),
        };
        tracing::debug!(
            router.address = self.config.address,
            router.version = log_in.version,
            router.identity = ?log_in.identity,
            "router logged in"
        );
        self.shared.connected(self.sessions, log_in);
        Ok(link)
    }

    /// Runs one session to its end. `None` when no handle is left.
    async fn serve(&mut self, mut link: Link, wake: Wake) -> Option<()> {
        let broken = match self.pump(&mut link, wake).await {
            Ok(()) => return None,
            Err(broken) => broken,
        };
        self.note_proof(&link);
        let error = broken.error();
        let news = self.reconnect.lost(&error, Instant::now(), dice());
        // First the state, then the callers: who hears of the loss sees it.
        self.shared.disconnected(self.reconnect.until());
        link.session.fail(&broken);
        self.log_failure(&error, news, "router connection lost");
        Some(())
    }

    async fn pump(&mut self, link: &mut Link, wake: Wake) -> Result<(), Broken> {
        match wake {
            Wake::Asked(request) => link.start(request)?,
            Wake::Heartbeat => link.heartbeat()?,
        }
        loop {
            match link.step(Some(&mut self.requests)).await? {
                Step::Moved => self.note_proof(link),
                Step::Deadline if link.session.is_quiet() => link.heartbeat()?,
                Step::Deadline => {}
                Step::Closed => return Ok(()),
            }
        }
    }

    /// The log-in alone proves little: a command that got its reply ends a row of failures.
    fn note_proof(&mut self, link: &Link) {
        if !link.has_proven() {
            return;
        }
        let attempts = self.reconnect.proven();
        if attempts > 0 {
            let address = &self.config.address;
            tracing::info!(
                router.address = address,
                attempts,
                "router connection recovered after {attempts} attempts"
            );
        }
    }

    fn log_failure(&self, error: &RouterError, news: bool, what: &'static str) {
        let address = &self.config.address;
        let attempts = self.reconnect.failures();
        let retry_in = self.reconnect.until().map(|until| until.saturating_duration_since(Instant::now()));
        if news {
            tracing::warn!(router.address = address, attempts, ?retry_in, %error, "{what}");
        } else {
            tracing::debug!(router.address = address, attempts, ?retry_in, %error, "{what}");
        }
    }
}
