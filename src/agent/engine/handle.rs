//! The engine on its own thread. SQLite waits for the card; nothing else in the program does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use super::Engine;

/// Calls that may wait for the engine before a caller has to.
const QUEUE_MAX: usize = 256;

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// A way to the engine. Cloned freely; the engine ends with the last one.
#[derive(Clone)]
pub struct EngineHandle {
    jobs: Jobs,
    stopped: watch::Receiver<Option<String>>,
}

/// How calls reach the engine.
#[derive(Clone)]
enum Jobs {
    Queued(mpsc::Sender<Job>),
    Inline(Arc<Mutex<Host>>),
}

/// Who runs the calls: on a thread of its own, or within each call.
struct Host {
    /// There until it stops.
    engine: Option<Engine>,
    stop: watch::Sender<Option<String>>,
}

impl Host {
    /// Runs one call; answers why the engine must stop, if it must.
    fn run(&mut self, job: Job) -> Option<String> {
        let engine = self.engine.as_mut()?;
        if catch_unwind(AssertUnwindSafe(|| job(&mut *engine))).is_err() {
            // Memory may be half way: what is committed is whole, so it is read again.
            tracing::error!("a request made the engine panic; reading the store again");
            if let Err(error) = engine.reload() {
                return Some(error.to_string());
            }
        }
        engine.failure().map(str::to_owned)
    }

    fn stop(&mut self, why: String) {
        let Some(mut engine) = self.engine.take() else { return };
        if let Err(error) = engine.flush() {
            tracing::debug!(%error, "nothing more is committed");
        }
        // The store is closed before anybody learns of it.
        drop(engine);
        self.stop.send_replace(Some(why));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop("closed".to_owned());
    }
}

/// The engine stopped, or this call made it panic. Nothing of the call was committed, or all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is not available: {0}")]
pub struct EngineGone(pub String);

impl EngineHandle {
    /// Gives the engine a thread of its own.
    pub fn spawn(engine: Engine) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE_MAX);
        let (stop, stopped) = watch::channel(None);
        let mut host = Host { engine: Some(engine), stop };
        thread::Builder::new().name("engine".into()).spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                if let Some(why) = host.run(job) {
                    return host.stop(why);
                }
            }
        })?;
        Ok(Self { jobs: Jobs::Queued(jobs), stopped })
    }

    /// An engine without a thread: each call runs it to the end within its first poll. For a simulation, in which
    /// nothing may happen but what its one thread does next.
    pub fn inline(engine: Engine) -> Self {
        let (stop, stopped) = watch::channel(None);
        let host = Host { engine: Some(engine), stop };
        Self { jobs: Jobs::Inline(Arc::new(Mutex::new(host))), stopped }
    }

    /// Runs `f` on the engine, after every call before it.
    pub async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |engine| {
            // A caller that went away does not take its change back.
            let _ = answer.send(f(engine));
        });
        match &self.jobs {
            Jobs::Queued(jobs) => jobs.send(job).await.map_err(|_| self.gone())?,
            Jobs::Inline(host) => {
                let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = host.run(job) {
                    host.stop(why);
                }
            }
        }
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
