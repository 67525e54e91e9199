//! The engine on its own thread, the only thread that waits for SQLite and the card.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc as blocking};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};

use super::Engine;
use crate::store::{StoreError, Unwritable};

/// Calls that may wait in the engine's queue before a caller has to wait.
const QUEUE_MAX: usize = 256;

/// How long the last handle waits for the thread to close the store.
const END_MAX: Duration = Duration::from_secs(3);

/// A call. What it returns gives the caller the answer, once everybody can read what the call changed.
type Job = Box<dyn FnOnce(&mut Engine) -> Reply + Send>;
type Reply = Box<dyn FnOnce() + Send>;

/// Handle to the engine thread. Cheap to clone; dropping the last one stops the engine.
#[derive(Clone)]
pub struct EngineHandle {
    jobs: Jobs,
    stopped: watch::Receiver<Option<String>>,
    unwritable: watch::Receiver<Option<Unwritable>>,
}

/// What the engine's thread is told to do next.
enum Task {
    Job(Job),
    /// To look at the short questions.
    Asked,
}

/// Short questions that do not wait for the calls before them. Each has a [`Task::Asked`] in the queue, which wakes the thread.
#[derive(Clone, Default)]
struct Questions(Arc<Mutex<VecDeque<Job>>>);

impl Questions {
    fn push(&self, job: Job) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(job);
    }

    fn pop(&self) -> Option<Job> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

/// How calls reach the engine.
#[derive(Clone)]
enum Jobs {
    /// The sender is dropped before the keeper, which waits for the thread to notice that.
    Queued(
        mpsc::Sender<Task>,
        Questions,
        #[allow(dead_code, reason = "it is there to be dropped")] Arc<Keeper>,
    ),
    Inline(Arc<Mutex<Host>>),
}

/// Waits for the thread when the last handle is dropped, so that the process does not exit with its store open.
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

/// Runs the calls: on a thread of its own, or within each call.
struct Host {
    /// `Some` until the engine stops.
    engine: Option<Engine>,
    stop: watch::Sender<Option<String>>,
    unwritable: watch::Sender<Option<Unwritable>>,
}

impl Host {
    /// Runs one call; returns the reason if the engine must stop.
    fn run(&mut self, job: Job) -> Option<String> {
        let (reply, why) = self.run_job(job);
        if let Some(engine) = &self.engine {
            self.unwritable.send_if_modified(|known| {
                let is_news = known.as_ref() != engine.unwritable();
                if is_news {
                    *known = engine.unwritable().cloned();
                }
                is_news
            });
        }
        if let Some(reply) = reply {
            reply();
        }
        why
    }

    fn run_job(&mut self, job: Job) -> (Option<Reply>, Option<String>) {
        let Some(engine) = self.engine.as_mut() else { return (None, None) };
        StoreError::take_broken();
        let reply = catch_unwind(AssertUnwindSafe(|| job(&mut *engine))).ok();
        if reply.is_none() {
            // The state may be half changed; the store has only whole commits, so the state is read from it again.
            tracing::error!("a request made the engine panic; reading the store again");
            if let Err(error) = engine.reload() {
                return (None, Some(error.to_string()));
            }
        }
        // Whoever got the error: also a loop that retries, and a page that goes on without what it could not read.
        if let Some(why) = StoreError::take_broken() {
            engine.read_failed(&why);
        }
        (reply, engine.failure().map(str::to_owned))
    }

    fn stop(&mut self, why: String) {
        let Some(mut engine) = self.engine.take() else { return };
        if let Err(error) = engine.flush() {
            tracing::debug!(%error, "nothing more is committed");
        }
        // The store is closed before any caller is notified.
        drop(engine);
        self.stop.send_replace(Some(why));
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop("closed".to_owned());
    }
}

/// The engine stopped, or this call made it panic. Either nothing of the call was committed, or all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ledger is not available: {0}")]
pub struct EngineGone(pub String);

impl EngineHandle {
    /// Gives the engine a thread of its own.
    pub fn spawn(engine: Engine) -> std::io::Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Task>(QUEUE_MAX);
        let questions = Questions::default();
        let asked = questions.clone();
        let (stop, stopped) = watch::channel(None);
        let (news, unwritable) = watch::channel(engine.unwritable().cloned());
        let (end, ended) = blocking::channel();
        let host = Host { engine: Some(engine), stop, unwritable: news };
        let thread = thread::Builder::new().name("engine".into()).spawn(move || {
            let mut host = host;
            while let Some(task) = queue.blocking_recv() {
                let job = match task {
                    Task::Job(job) => Some(job),
                    Task::Asked => None,
                };
                let mut jobs = std::iter::from_fn(|| asked.pop()).chain(job);
                if let Some(why) = jobs.find_map(|job| host.run(job)) {
                    host.stop(why);
                    break;
                }
            }
            // Who asks from here on is told that nobody listens; who asked before, that there is no answer.
            drop(queue);
            drop(std::iter::from_fn(|| asked.pop()).collect::<Vec<_>>());
            // The store is closed before the reason is published.
            drop(host);
            drop::<blocking::Sender<()>>(end);
        })?;
        let keeper = Keeper { thread: thread.thread().id(), ended: Mutex::new(ended) };
        Ok(Self { jobs: Jobs::Queued(jobs, questions, Arc::new(keeper)), stopped, unwritable })
    }

    /// An engine without a thread: each call runs to its end within its first poll. For simulations, where only the
    /// one thread may decide what happens next.
    pub fn inline(engine: Engine) -> Self {
        let (stop, stopped) = watch::channel(None);
        let (news, unwritable) = watch::channel(engine.unwritable().cloned());
        let host = Host { engine: Some(engine), stop, unwritable: news };
        Self { jobs: Jobs::Inline(Arc::new(Mutex::new(host))), stopped, unwritable }
    }

    /// Runs `f` on the engine, after all earlier calls.
    pub async fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Engine) -> T + Send + 'static,
    ) -> Result<T, EngineGone> {
        self.run(f, false).await
    }

    /// Runs `f`, which must be short and change nothing, before the calls that wait. It sees what every call did that was
    /// answered. Who is asking is asked before every page: behind pages that are being made it would wait twice.
    pub async fn ask<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, EngineGone> {
        self.run(|engine: &mut Engine| f(engine), true).await
    }

    async fn run<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Engine) -> T + Send + 'static,
        is_first: bool,
    ) -> Result<T, EngineGone> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |engine| {
            let result = f(engine);
            Box::new(move || {
                // A caller that disconnected does not undo its change.
                let _ = answer.send(result);
            })
        });
        match &self.jobs {
            Jobs::Queued(jobs, questions, _) => {
                let task = if is_first {
                    questions.push(job);
                    Task::Asked
                } else {
                    Task::Job(job)
                };
                jobs.send(task).await.map_err(|_| self.gone())?;
            }
            Jobs::Inline(host) => {
                let mut host = host.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(why) = host.run(job) {
                    host.stop(why);
                }
            }
        }
        answered.await.map_err(|_| self.gone())
    }

    /// The reason why nothing can be changed at present, as of the last call.
    pub fn unwritable(&self) -> Option<Unwritable> {
        self.unwritable.borrow().clone()
    }

    fn gone(&self) -> EngineGone {
        EngineGone(self.stopped.borrow().clone().unwrap_or_else(|| "the request failed inside".into()))
    }

    /// Drops this handle and waits until the engine has stopped because no other handle is left. The store is closed
    /// then.
    pub async fn closed(self) -> String {
        let Self { jobs, mut stopped, unwritable: _ } = self;
        drop(jobs);
        let why = stopped.wait_for(Option::is_some).await.map(|why| why.clone());
        why.ok().flatten().unwrap_or_else(|| "its thread is gone".into())
    }

    /// Waits until the engine has stopped; returns the reason.
    pub async fn stopped(&self) -> String {
        let mut stopped = self.stopped.clone();
        let why = stopped.wait_for(Option::is_some).await.map(|why| why.clone());
        why.ok().flatten().unwrap_or_else(|| "its thread is gone".into())
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Waker};

    use rusqlite::{Connection, TransactionBehavior};

    use super::*;
    use crate::agent::engine::Actor;
    use crate::clock::{ManualClock, Zone};
    use crate::domain::units::Timestamp;

    #[test]
    fn what_a_call_changed_can_be_read_before_it_is_answered() {
        let (dir, engine) = engine();
        let mut other = Connection::open(dir.path().join(crate::store::FILE)).unwrap();
        let _held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();

        let (news, known) = watch::channel(None);
        let mut host = Host { engine: Some(engine), stop: watch::channel(None).0, unwritable: news };
        let (answer, answered) = blocking::channel();
        host.run(Box::new(move |engine| {
            assert!(engine.note(&Actor::daemon(), "user.note", "Budi", String::new()).is_err());
            Box::new(move || answer.send(known.borrow().is_some()).unwrap())
        }));
        assert!(answered.recv().unwrap(), "the caller reads that nothing can be written");
    }

    fn engine() -> (tempfile::TempDir, Engine) {
        let dir = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(Timestamp(1_795_323_600_000)));
        let parts = Engine::parts(dir.path(), clock, Zone::named("Asia/Jakarta").unwrap()).unwrap();
        (dir, Engine::open(parts).unwrap())
    }

    /// Polls it once: it is in the queue after that.
    fn is_pending(future: Pin<&mut impl Future>) -> bool {
        future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
    }

    #[tokio::test]
    async fn a_short_question_does_not_wait_for_the_calls_before_it() {
        let (_dir, engine) = engine();
        let handle = EngineHandle::spawn(engine).unwrap();
        let done = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let done = Arc::clone(&done);
            move || done.lock().unwrap().push(what)
        };
        let (begun, is_running) = oneshot::channel();
        let (go_on, goes_on) = blocking::channel::<()>();
        let long = {
            let (handle, note) = (handle.clone(), note("long"));
            tokio::spawn(async move {
                let long = move |_: &mut Engine| {
                    begun.send(()).unwrap();
                    goes_on.recv().unwrap();
                    note();
                };
                handle.call(long).await
            })
        };
        is_running.await.unwrap();
        let (page, question) = (note("page"), note("question"));
        let (page, asked) = (handle.call(move |_| page()), handle.ask(move |_| question()));
        let (mut page, mut asked) = (Box::pin(page), Box::pin(asked));
        // Both are in the queue, the page first, before the long call ends.
        assert!(is_pending(page.as_mut()));
        assert!(is_pending(asked.as_mut()));
        go_on.send(()).unwrap();
        let (page, asked) = tokio::join!(page, asked);
        assert_eq!((page, asked), (Ok(()), Ok(())));
        long.await.unwrap().unwrap();
        assert_eq!(*done.lock().unwrap(), ["long", "question", "page"]);
    }

    #[tokio::test]
    async fn whoever_asks_while_the_engine_stops_is_told() {
        let (_dir, engine) = engine();
        let handle = EngineHandle::spawn(engine).unwrap();
        let (begun, is_running) = oneshot::channel();
        let (go_on, goes_on) = blocking::channel::<()>();
        let last = {
            let handle = handle.clone();
            tokio::spawn(async move {
                let last = move |engine: &mut Engine| {
                    begun.send(()).unwrap();
                    goes_on.recv().unwrap();
                    engine.read_failed("the card is gone");
                };
                handle.call(last).await
            })
        };
        is_running.await.unwrap();
        let mut asked = Box::pin(handle.ask(|_| ()));
        assert!(is_pending(asked.as_mut()));
        go_on.send(()).unwrap();
        assert_eq!(asked.await, Err(EngineGone("the card is gone".into())));
        assert_eq!(handle.ask(|_| ()).await, Err(EngineGone("the card is gone".into())));
        last.await.unwrap().ok();
    }
}
