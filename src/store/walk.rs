//! The walk of a proof over the entries: the hash chain, and the sums of what the entries say.
//!
//! The proof of a long ledger divides the entries into ranges, which several threads walk on connections of their own.
//! Each range begins with the stored hash of the entry before it, which the range before recomputes. Entries are never
//! changed, so the ranges need no common snapshot. The first bad range in the order of the ledger is reported, whichever
//! was found first.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use rusqlite::{Connection, OptionalExtension};

use super::error::StoreError;
use super::folds::{Folds, LINE_COLUMNS, LINE_COLUMNS_END, StoredLine};
use super::progress::ProofProgress;
use super::read::Reader;
use super::rows::parsed;
use super::verify::Broken;
use super::write::int;
use crate::domain::id::UserId;
use crate::domain::ledger::Hash;

/// How often a walk reports how far it is.
const REPORT_EVERY: u64 = 1024;
/// Entries of a range at least: fewer are not worth a query.
const RANGE_ENTRIES_MIN: u64 = 16_384;
/// Ranges for each thread, so that the last ones end at about the same time.
const RANGES_PER_THREAD: usize = 4;

/// How many processors a proof may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofThreads {
    /// One: the daemon goes on metering meanwhile.
    One,
    /// Half of them: somebody waits, and the daemon goes on.
    Half,
    /// All: nothing else can be done until it ends.
    All,
}

impl ProofThreads {
    fn count(self) -> usize {
        let all = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        match self {
            Self::One => 1,
            Self::Half => (all / 2).max(1),
            Self::All => all,
        }
    }
}

/// How the entries are divided.
#[derive(Clone, Copy, Debug)]
pub(super) struct Division {
    pub threads: usize,
    /// Entries of a range at least.
    pub entries_min: u64,
}

impl From<ProofThreads> for Division {
    fn from(threads: ProofThreads) -> Self {
        Self { threads: threads.count(), entries_min: RANGE_ENTRIES_MIN }
    }
}

impl Division {
    /// The last entries of the ranges of so many entries; one range at least.
    fn ends(self, entries: u64) -> Vec<u64> {
        let most = if self.threads == 1 { 1 } else { self.threads * RANGES_PER_THREAD };
        let count = (entries / self.entries_min.max(1)).clamp(1, most as u64);
        let mut ends: Vec<u64> = (1..count).map(|no| entries / count * no).collect();
        ends.push(entries);
        ends
    }
}

/// The id of each user by its key, in the order of keys.
pub(super) struct UserKeys(Vec<(u32, UserId)>);

impl UserKeys {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The position of a key.
    pub fn position(&self, no: u32) -> Option<usize> {
        // Keys are given out from 1 without gaps.
        let guess = usize::try_from(no).ok()?.checked_sub(1)?;
        match self.0.get(guess) {
            Some((found, _)) if *found == no => Some(guess),
            _ => self.0.binary_search_by_key(&no, |(no, _)| *no).ok(),
        }
    }

    /// The id at a position.
    pub fn id(&self, position: usize) -> UserId {
        self.0[position].1
    }

    /// The key at a position.
    pub fn no(&self, position: usize) -> u32 {
        self.0[position].0
    }
}

/// Where a walk came, and the sums on its way.
#[derive(Debug)]
pub(super) struct Walked {
    pub seq: u64,
    pub hash: Hash,
    pub folds: Folds,
}

impl Reader {
    /// The id of each user's key.
    pub(super) fn user_keys(&self) -> Result<UserKeys, StoreError> {
        let read = |row: &rusqlite::Row| {
            Ok((row.get("user_no")?, UserId(parsed(row, "id", |text| text.parse().ok())?)))
        };
        Ok(UserKeys(self.all("SELECT user_no, id FROM users ORDER BY user_no", [], read)?))
    }

    /// Walks every entry after one.
    pub(super) fn walk_from(
        &self,
        after: (u64, Hash),
        users: &UserKeys,
        folds: Folds,
    ) -> Result<Walked, Broken> {
        let walk = Walk { conn: &self.conn, users, goes_on: &|_| true };
        let walked = walk.range(after, u64::MAX, folds)?;
        self.check_end(&walked)?;
        Ok(walked)
    }

    /// Walks every entry up to the last one at present, while this thread does `meanwhile` first. An error of that is
    /// returned before one of the walk.
    pub(super) fn walk_all<T>(
        &self,
        after: (u64, Hash),
        users: &UserKeys,
        (division, progress): (Division, &ProofProgress),
        meanwhile: impl FnOnce() -> Result<T, Broken>,
    ) -> Result<(T, Walked), Broken> {
        let ranges = Ranges::new(after, division.ends(self.last_seq()?), users, progress);
        let done = thread::scope(|scope| {
            for _ in 1..division.threads.min(ranges.ends.len() + 1) {
                let Some(conn) = self.another() else { break };
                let ranges = &ranges;
                let work = move || ranges.walk_some(&conn);
                // Where the system gives no thread, this one walks what the others do not.
                let _ = thread::Builder::new().name("proof".to_owned()).spawn_scoped(scope, work);
            }
            let done = meanwhile().inspect_err(|_| ranges.abandon())?;
            ranges.walk_some(&self.conn);
            Ok::<_, Broken>(done)
        })?;
        let walked = ranges.joined()?;
        self.check_end(&walked)?;
        Ok((done, walked))
    }

    /// Checks that no entry is missing after the last one that was found.
    fn check_end(&self, walked: &Walked) -> Result<(), Broken> {
        let head = "SELECT value FROM meta WHERE key = 'chain_seq'";
        let committed: String = self.conn.query_row(head, [], |row| row.get(0)).unwrap_or_default();
        let (expected, found) = (committed.parse().unwrap_or(0), walked.seq);
        if expected > found { Err(Broken::Tail { expected, found }) } else { Ok(()) }
    }
}

/// The ranges of a ledger, which threads take one after the other.
struct Ranges<'a> {
    after: (u64, Hash),
    /// The last entry of each.
    ends: Vec<u64>,
    users: &'a UserKeys,
    progress: &'a ProofProgress,
    /// The next one to be walked.
    next: AtomicUsize,
    /// Those from here on are not needed: something before them is wrong.
    limit: AtomicUsize,
    walked: Mutex<Vec<(usize, Result<Walked, Broken>)>>,
}

impl<'a> Ranges<'a> {
    fn new(after: (u64, Hash), ends: Vec<u64>, users: &'a UserKeys, progress: &'a ProofProgress) -> Self {
        let (next, limit) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
        Self { after, ends, users, progress, next, limit, walked: Mutex::default() }
    }

    /// Walks ranges until none is left.
    fn walk_some(&self, conn: &Connection) {
        loop {
            let no = self.next.fetch_add(1, Ordering::Relaxed);
            if no >= self.ends.len() || !self.is_needed(no) {
                return;
            }
            let walked = self.walk(conn, no);
            if walked.is_err() {
                self.limit.fetch_min(no + 1, Ordering::Relaxed);
            }
            self.walked.lock().unwrap_or_else(PoisonError::into_inner).push((no, walked));
        }
    }

    fn walk(&self, conn: &Connection, no: usize) -> Result<Walked, Broken> {
        let after = match no.checked_sub(1) {
            None => self.after,
            Some(before) => {
                let seq = self.ends[before];
                let sql = "SELECT hash FROM entries WHERE seq = ?1";
                let hash: Option<Hash> = conn.query_row(sql, [int(seq)], |row| row.get(0)).optional()?;
                // The range before misses it as well, and is reported.
                (seq, hash.ok_or(Broken::Link(seq))?)
            }
        };
        let goes_on = |entries| {
            self.progress.add(entries);
            self.is_needed(no) && !self.progress.is_stopped()
        };
        let walk = Walk { conn, users: self.users, goes_on: &goes_on };
        walk.range(after, self.ends[no], Folds::of(self.users.len()))
    }

    fn is_needed(&self, no: usize) -> bool {
        no < self.limit.load(Ordering::Relaxed)
    }

    /// Ends every walk.
    fn abandon(&self) {
        self.limit.store(0, Ordering::Relaxed);
    }

    /// What all came to: the first bad row, or the sums of all. A range that ends early is the last one.
    fn joined(self) -> Result<Walked, Broken> {
        let mut walked = self.walked.into_inner().unwrap_or_else(PoisonError::into_inner);
        walked.sort_by_key(|(no, _)| *no);
        let folds = Folds::of(self.users.len());
        let mut whole = Walked { seq: self.after.0, hash: self.after.1, folds };
        for ((_, walked), end) in walked.into_iter().zip(self.ends) {
            let Walked { seq, hash, folds } = walked?;
            whole.folds.append(folds);
            (whole.seq, whole.hash) = (seq, hash);
            if seq < end {
                break;
            }
        }
        Ok(whole)
    }
}

/// A walk on one connection.
struct Walk<'a> {
    conn: &'a Connection,
    users: &'a UserKeys,
    /// Counts entries as walked, and says whether to go on.
    goes_on: &'a dyn Fn(u64) -> bool,
}

impl Walk<'_> {
    /// Checks the chain after an entry up to the entry `end`, and adds the entries to the sums.
    fn range(&self, after: (u64, Hash), end: u64, mut folds: Folds) -> Result<Walked, Broken> {
        let (mut seq, mut hash) = after;
        let sql = format!(
            "SELECT {LINE_COLUMNS}, o.order_no FROM entries e LEFT JOIN orders o ON o.id = e.order_id
             WHERE e.seq > ?1 ORDER BY e.seq"
        );
        let mut statement = self.conn.prepare(&sql)?;
        let mut rows = statement.query([int(seq)])?;
        let (mut unreported, mut buffer) = (0, Vec::new());
        while seq < end {
            let Some(row) = rows.next()? else { break };
            let StoredLine { user, fields, hash: stored } = StoredLine::of(row, self.users)?;
            seq += 1;
            if fields.seq != seq {
                return Err(Broken::Gap { expected: seq, found: fields.seq });
            }
            hash = fields.link_in(&hash, &mut buffer);
            if hash != stored {
                return Err(Broken::Link(seq));
            }
            folds.add(user, &fields, row.get(LINE_COLUMNS_END)?);
            unreported += 1;
            if unreported == REPORT_EVERY {
                if !(self.goes_on)(unreported) {
                    return Err(Broken::Stopped);
                }
                unreported = 0;
            }
        }
        (self.goes_on)(unreported);
        Ok(Walked { seq, hash, folds })
    }
}

#[cfg(test)]
#[path = "walk_tests.rs"]
mod tests;
