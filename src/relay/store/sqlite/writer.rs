//! The one thread that writes: it takes whatever is queued into one transaction, so that many callers wait for one
//! flush of the disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{oneshot, watch};

use super::errors::QueryError;
use crate::relay::store::RelayStoreError;
use crate::relay::store::wake::FeedWake;

/// The most changes of one transaction: a flush of the disk is what they share, and it must not grow old.
const GROUP_MAX: usize = 256;

/// What everybody who uses the store looks at.
#[derive(Debug)]
pub(super) struct Signs {
    /// Wakes calls that wait for a feed.
    pub wake: FeedWake,
    /// Why the store must not be used any more.
    pub failed: watch::Sender<Option<String>>,
    /// The file, of whose disk the file system is asked.
    pub file: PathBuf,
}

impl Signs {
    pub fn new(file: PathBuf) -> Self {
        Self { wake: FeedWake::default(), failed: watch::Sender::new(None), file }
    }

    /// The first reason stays.
    pub fn fail(&self, why: &str) {
        self.failed.send_if_modified(|failed| {
            let is_first = failed.is_none();
            if is_first {
                *failed = Some(why.to_owned());
            }
            is_first
        });
    }

    /// Refuses when the store failed before.
    pub fn check(&self) -> Result<(), RelayStoreError> {
        match self.failed.borrow().as_ref() {
            None => Ok(()),
            Some(why) => Err(RelayStoreError::Unavailable(why.clone())),
        }
    }
}

/// The transaction that a change is made in.
pub(super) struct WriteContext<'a> {
    pub tx: &'a Connection,
    /// The file that it is in.
    pub file: &'a Path,
    /// The sites whose feeds were added to, and the newest number of each.
    pub fed: Vec<(String, u64)>,
}

/// Says what became of a change, once its group is over.
type Tell = Box<dyn FnOnce(Result<(), RelayStoreError>) + Send>;

/// A queued change.
trait WriteJob: Send {
    /// Makes the change, which counts once it is committed. The error is why it was not made.
    fn run(self: Box<Self>, desk: &mut WriteContext<'_>) -> (Tell, Result<(), Failed>);
    /// Says that nobody tried.
    fn refuse(self: Box<Self>, error: RelayStoreError);
}

/// Why a change was not made; its caller has the whole error.
struct Failed {
    why: String,
    is_fatal: bool,
}

struct WriteChange<T, F> {
    work: F,
    answer: oneshot::Sender<Result<T, RelayStoreError>>,
}

impl<T, F> WriteJob for WriteChange<T, F>
where
    T: Send + 'static,
    F: FnOnce(&mut WriteContext<'_>) -> Result<T, QueryError> + Send,
{
    fn run(self: Box<Self>, desk: &mut WriteContext<'_>) -> (Tell, Result<(), Failed>) {
        let Self { work, answer } = *self;
        let made = work(desk).map_err(|trouble| trouble.in_file(desk.file));
        let failed = |trouble: &QueryError| Failed { why: trouble.explain(), is_fatal: trouble.is_fatal() };
        let outcome = made.as_ref().map(|_| ()).map_err(failed);
        let tell = move |committed: Result<(), RelayStoreError>| {
            let said = match made {
                Ok(value) => committed.map(|()| value),
                Err(trouble) => Err(trouble.into()),
            };
            drop(answer.send(said));
        };
        (Box::new(tell), outcome)
    }

    fn refuse(self: Box<Self>, error: RelayStoreError) {
        drop(self.answer.send(Err(error)));
    }
}

/// The way to the thread. Dropping it ends the thread and closes the file.
pub(super) struct WriterThread {
    queue: Option<mpsc::Sender<Box<dyn WriteJob>>>,
    thread: Option<JoinHandle<()>>,
    signs: Arc<Signs>,
}

impl WriterThread {
    /// Hands the connection over to a thread of its own.
    pub fn spawn(conn: Connection, signs: Arc<Signs>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        let held = Arc::clone(&signs);
        let run = move || write_all(conn, &jobs, &held);
        let thread = std::thread::Builder::new().name("relay-store".to_owned()).spawn(run)?;
        Ok(Self { queue: Some(queue), thread: Some(thread), signs })
    }

    /// Makes a change, all of it or nothing. It is on the disk when this answers.
    pub async fn change<T, F>(&self, work: F) -> Result<T, RelayStoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteContext<'_>) -> Result<T, QueryError> + Send + 'static,
    {
        self.signs.check()?;
        let (answer, answered) = oneshot::channel();
        let gone = || RelayStoreError::Unavailable("its writer ended".to_owned());
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Box::new(WriteChange { work, answer })).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Drop for WriterThread {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so in `failed`.
            let _ = thread.join();
        }
    }
}

/// Says that the thread is gone, if a panic ends it.
struct Guard<'a>(&'a Signs);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("its writer broke down");
        }
    }
}

fn write_all(mut conn: Connection, queue: &mpsc::Receiver<Box<dyn WriteJob>>, signs: &Signs) {
    let _guard = Guard(signs);
    while let Ok(first) = queue.recv() {
        let jobs: Vec<_> = std::iter::once(first).chain(queue.try_iter().take(GROUP_MAX - 1)).collect();
        if let Some(why) = signs.failed.borrow().as_deref() {
            refuse(jobs, why);
            continue;
        }
        match conn.transaction_with_behavior(TransactionBehavior::Immediate) {
            Ok(tx) => write_group(tx, jobs, signs),
            Err(error) => refuse(jobs, &end_writing(QueryError::from(error), signs)),
        }
    }
}

/// The answer to everybody whose change was lost to this trouble. A fatal one ends the store.
fn end_writing(trouble: QueryError, signs: &Signs) -> String {
    let trouble = trouble.in_file(&signs.file);
    if trouble.is_fatal() {
        signs.fail(&trouble.to_string());
    }
    trouble.explain()
}

fn refuse(jobs: impl IntoIterator<Item = Box<dyn WriteJob>>, why: &str) {
    for job in jobs {
        job.refuse(RelayStoreError::Unavailable(why.to_owned()));
    }
}

/// Makes every change of a group and commits them together. One that fails by itself does not delay the others.
fn write_group(mut tx: Transaction<'_>, jobs: Vec<Box<dyn WriteJob>>, signs: &Signs) {
    let (mut tells, mut fed) = (Vec::with_capacity(jobs.len()), Vec::new());
    let (mut left, mut going) = (jobs.into_iter(), Ok(()));
    for job in left.by_ref() {
        let (tell, kept) = write_one(job, &mut tx, &signs.file, &mut fed);
        tells.push(tell);
        going = kept;
        if going.is_err() {
            break;
        }
    }
    let committed = going.and_then(|()| tx.commit().map_err(QueryError::from));
    let committed = committed.map_err(|trouble| end_writing(trouble, signs));
    if committed.is_ok() {
        for (site, newest) in fed {
            signs.wake.record(&site, newest);
        }
    }
    for tell in tells {
        tell(committed.clone().map_err(RelayStoreError::Unavailable));
    }
    if let Err(why) = committed {
        refuse(left, &why);
    }
}

/// Makes one change in a savepoint of its own. An error ends the group.
fn write_one(
    job: Box<dyn WriteJob>,
    tx: &mut Transaction<'_>,
    file: &Path,
    fed: &mut Vec<(String, u64)>,
) -> (Tell, Result<(), QueryError>) {
    let mut point = match tx.savepoint() {
        Ok(point) => point,
        Err(error) => {
            let tell = |told: Result<(), RelayStoreError>| job.refuse(told.err().unwrap_or_else(untold));
            return (Box::new(tell), Err(error.into()));
        }
    };
    let mut desk = WriteContext { tx: &point, file, fed: Vec::new() };
    let (tell, made) = job.run(&mut desk);
    let news = std::mem::take(&mut desk.fed);
    let kept = match made {
        Ok(()) => point.commit().map(|()| fed.extend(news)).map_err(QueryError::from),
        // A full disk makes SQLite give the whole transaction up, not only the statement.
        Err(Failed { why, is_fatal }) if is_fatal || point.is_autocommit() => {
            Err(QueryError::Ended { why, is_fatal })
        }
        Err(_) => point.rollback().map_err(QueryError::from),
    };
    (tell, kept)
}

fn untold() -> RelayStoreError {
    RelayStoreError::Unavailable("the change could not be begun".to_owned())
}
