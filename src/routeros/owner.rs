//! The task that owns one router's connection: it connects when asked, serves one session after the other and waits
//! between them.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::config::ClientConfig;
use super::connection::Dial;
use super::link::{LinkStep, RouterLink};
use super::port::RouterError;
use super::reconnect::{Credentials, Reconnect};
use super::session::{BrokenLink, CommandRequest, HEARTBEAT, RouterSession};
use super::shared::ClientShared;

/// Random bits for jitter. Without a source of them all waits are the shortest.
fn dice() -> u64 {
    getrandom::u64().unwrap_or_default()
}

/// The task.
pub(super) struct ConnectionTask {
    config: Arc<ClientConfig>,
    dial: Dial,
    shared: Arc<ClientShared>,
    requests: mpsc::Receiver<CommandRequest>,
    reconnect: Reconnect,
    sessions: u64,
}

/// Why to connect.
enum Wake {
    Asked(CommandRequest),
    Heartbeat,
}

impl ConnectionTask {
    /// The task's state before its first connection.
    pub(super) fn new(
        config: Arc<ClientConfig>,
        dial: Dial,
        shared: Arc<ClientShared>,
        requests: mpsc::Receiver<CommandRequest>,
    ) -> Self {
        Self { config, dial, shared, requests, reconnect: Reconnect::default(), sessions: 0 }
    }

    /// Until the last handle is gone.
    pub(super) async fn run(mut self) {
        while let Some(wake) = self.wait().await {
            let credentials = self.config.credentials();
            match self.open(&credentials).await {
                Ok(link) => {
                    self.reconnect.note_session(credentials);
                    if self.serve(link, wake).await.is_none() {
                        break;
                    }
                }
                Err(error) => self.note_failure(&error, &credentials, wake),
            }
        }
        self.shared.set_disconnected(None);
    }

    /// Waits, without a connection, for a reason to connect. A caller that asks too early gets an error at once.
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

    fn note_failure(&mut self, error: &RouterError, credentials: &Credentials, wake: Wake) {
        let news = self.reconnect.note_failure(error, credentials, Instant::now(), dice());
        self.shared.set_disconnected(self.reconnect.until());
        self.log_failure(error, news, "router connection failed");
        if let Wake::Asked(request) = wake {
            request.sink.finish(Err(error.clone()));
        }
    }

    /// Connects, logs in and has the router prove that it let us in.
    async fn open(&mut self, credentials: &Credentials) -> Result<RouterLink, RouterError> {
        let limit = self.config.connect_timeout();
        let stream = match timeout(limit, (self.dial)()).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(RouterError::Lost(format!("cannot connect: {error}"))),
            Err(_) => return Err(RouterError::Lost(format!("cannot connect within {limit:?}"))),
        };
        self.sessions += 1;
        let commands = Arc::clone(&self.shared.commands);
        let session = RouterSession::new(self.sessions, self.config.limits, self.config.timeouts(), commands);
        let mut link = RouterLink::new(stream, session);
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
        self.shared.set_connected(self.sessions, log_in);
        Ok(link)
    }

    /// Runs one session to its end. `None` when no handle is left.
    async fn serve(&mut self, mut link: RouterLink, wake: Wake) -> Option<()> {
        let broken = match self.pump(&mut link, wake).await {
            Ok(()) => return None,
            Err(broken) => broken,
        };
        self.note_proof(&link);
        let error = broken.error();
        let news = self.reconnect.note_loss(&error, Instant::now(), dice());
        // First the state, then the callers: who hears of the loss sees it.
        self.shared.set_disconnected(self.reconnect.until());
        link.session.fail(&broken);
        self.log_failure(&error, news, "router connection lost");
        Some(())
    }

    async fn pump(&mut self, link: &mut RouterLink, wake: Wake) -> Result<(), BrokenLink> {
        match wake {
            Wake::Asked(request) => link.start(request)?,
            Wake::Heartbeat => link.heartbeat()?,
        }
        loop {
            match link.step(Some(&mut self.requests)).await? {
                LinkStep::Moved => self.note_proof(link),
                LinkStep::Deadline if link.session.is_quiet() => link.heartbeat()?,
                LinkStep::Deadline => {}
                LinkStep::Closed => return Ok(()),
            }
        }
    }

    /// The log-in alone proves little: a command that got its reply ends a row of failures.
    fn note_proof(&mut self, link: &RouterLink) {
        if !link.has_proven() {
            return;
        }
        let attempts = self.reconnect.note_proof();
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
