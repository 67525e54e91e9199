//! The engine on its own thread. SQLite waits for the card; nothing else in the program does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::Engine;

/// Calls that may wait for the engine before a caller has to.
const QUEUE_MAX: usize = 256;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// A way to the engine. Cloned freely; the engine ends with the last one.
#[derive(Clone)]
pub struct EngineHandle {
    jobs: mpsc::Sender<Job>,
    stopped: watch::Receiver<Option<String>>,
}

/// The engine stopped, or this call made it panic. Nothing of the call was committed, or all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is not available: {0}")]
pub struct EngineGone(pub String);

impl EngineHandle {
    /// Gives the engine a thread of its own.
    pub fn spawn(mut engine: Engine) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE_MAX);
        let (stop, stopped) = watch::channel(None);
        thread::Builder::new().name("engine".into()).spawn(move || {
            let why = loop {
                let Some(job) = queue.blocking_recv() else { break "closed".to_owned() };
                if catch_unwind(AssertUnwindSafe(|| job(&mut engine))).is_err() {
                    // Memory may be half way: what is committed is whole, so it is read again.
                    tracing::error!("a request made the engine panic; reading the store again");
                    if let Err(error) = engine.reload() {
                        break error.to_string();
                    }
                }
                if let Some(why) = engine.failure() {
                    break why.to_owned();
                }
            };
            if let Err(error) = engine.flush() {
                tracing::debug!(%error, "nothing more is committed");
            }
            // The store is closed before anybody learns of it.
            drop(engine);
            stop.send_replace(Some(why));
        })?;
        Ok(Self { jobs, stopped })
    }

    /// Runs `f` on the engine's thread, after every call before it.
    pub async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |engine| {
            // A caller that went away does not take its change back.
            let _ = answer.send(f(engine));
        });
        self.jobs.send(job).await.map_err(|_| self.gone())?;
        answered.await.map_err(|_| self.gone())
    }

    fn gone(&self) -> EngineGone {
        EngineGone(self.stopped.borrow().clone().unwrap_or_else(|| "the request failed inside".into()))
    }

    /// Gives this way to the engine up, and waits until the engine has stopped for want of any other. The store is
    /// closed then.
    pub async fn closed(self) -> String {
        let Self { jobs, mut stopped } = self;
        drop(jobs);
        let why = stopped.wait_for(Option::is_some).await.map(|why| why.clone());
        why.ok().flatten().unwrap_or_else(|| "its thread is gone".into())
    }

    /// Waits until the engine has stopped, and says why.
    pub async fn stopped(&self) -> String {
        let mut stopped = self.stopped.clone();
        let why = stopped.wait_for(Option::is_some).await.map(|why| why.clone());
        why.ok().flatten().unwrap_or_else(|| "its thread is gone".into())
    }
}
