//! The engine on its own thread. SQLite waits for the card; nothing else in the program does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc as blocking};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::Engine;
use crate::store::Unwritable;

/// Calls that may wait for the engine before a caller has to.
const QUEUE_MAX: usize = 256;

/// How long the last handle waits for the thread to close the store.
const END_MAX: Duration = Duration::from_secs(3);

type Job = Box<dyn FnOnce(&mut Engine) + Send>;

/// A way to the engine. Cloned freely; the engine ends with the last one.
#[derive(Clone)]
pub struct EngineHandle {
    jobs: Jobs,
    stopped: watch::Receiver<Option<String>>,
    unwritable: watch::Receiver<Option<Unwritable>>,
}

/// How calls reach the engine.
#[derive(Clone)]
enum Jobs {
    /// The queue goes before the keeper, which waits for the thread to see that.
    Queued(mpsc::Sender<Job>, #[allow(dead_code, reason = "it is there to be dropped")] Arc<Keeper>),
    Inline(Arc<Mutex<Host>>),
}

/// Waits for the thread when the last handle is dropped, so that a process does not end with its store open.
struct Keeper {
    thread: ThreadId,
    ended: Mutex<blocking::Receiver<()>>,
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if thread::current().id() != self.thread {
            let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
            let _ = ended.recv_timeout(END_MAX);
        }
    }
}

/// Who runs the calls: on a thread of its own, or within each call.
struct Host {
    /// There until it stops.
    engine: Option<Engine>,
    stop: watch::Sender<Option<String>>,
    unwritable: watch::Sender<Option<Unwritable>>,
}

impl Host {
    /// Runs one call; answers why the engine must stop, if it must.
    fn run(&mut self, job: Job) -> Option<String> {
        let why = self.run_job(job);
        if let Some(engine) = &self.engine {
            self.unwritable.send_if_modified(|known| {
                let is_news = known.as_ref() != engine.unwritable();
                if is_news {
                    *known = engine.unwritable().cloned();
                }
                is_news
            });
        }
        why
    }

    fn run_job(&mut self, job: Job) -> Option<String> {
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
        let (news, unwritable) = watch::channel(engine.unwritable().cloned());
        let (end, ended) = blocking::channel();
        let host = Host { engine: Some(engine), stop, unwritable: news };
        let thread = thread::Builder::new().name("engine".into()).spawn(move || {
            let mut host = host;
            while let Some(job) = queue.blocking_recv() {
                if let Some(why) = host.run(job) {
                    host.stop(why);
                    break;
                }
            }
            // The store is closed before the end is told.
            drop(host);
            drop::<blocking::Sender<()>>(end);
        })?;
        let keeper = Keeper { thread: thread.thread().id(), ended: Mutex::new(ended) };
        Ok(Self { jobs: Jobs::Queued(jobs, Arc::new(keeper)), stopped, unwritable })
    }

    /// An engine without a thread: each call runs it to the end within its first poll. For a simulation, in which
    /// nothing may happen but what its one thread does next.
    pub fn inline(engine: Engine) -> Self {
        let (stop, stopped) = watch::channel(None);
        let (news, unwritable) = watch::channel(engine.unwritable().cloned());
        let host = Host { engine: Some(engine), stop, unwritable: news };
        Self { jobs: Jobs::Inline(Arc::new(Mutex::new(host))), stopped, unwritable }
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
            Jobs::Queued(jobs, _) => jobs.send(job).await.map_err(|_| self.gone())?,
            Jobs::Inline(host) => {
                let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = host.run(job) {
                    host.stop(why);
                }
            }
        }
        answered.await.map_err(|_| self.gone())
    }

    /// Why nothing can be changed at present, as of the last call.
    pub fn unwritable(&self) -> Option<Unwritable> {
        self.unwritable.borrow().clone()
    }

    fn gone(&self) -> EngineGone {
        EngineGone(self.stopped.borrow().clone().unwrap_or_else(|| "the request failed inside".into()))
    }

    /// Gives this way to the engine up, and waits until the engine has stopped for want of any other. The store is
    /// closed then.
    pub async fn closed(self) -> String {
        let Self { jobs, mut stopped, unwritable: _ } = self;
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
