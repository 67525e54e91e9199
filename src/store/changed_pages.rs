//! Which pages of the store changed, as its log says after each commit: what goes off the card between two copies.
//!
//! The engine's thread is the only one that commits, and only its connection brings the log into the file. Between two of its
//! calls the file, with the newest page of the log over each of its own, is therefore exactly the last commit. What is
//! kept here is the numbers of pages. It holds for this run: the next one begins with a whole copy.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::error::StoreError;
use super::lifecycle::Store;

/// See <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>: the head of a log, and of each frame in it.
const LOG_HEAD_BYTES: usize = 32;
const FRAME_HEAD_BYTES: usize = 24;
/// The first four bytes of a log; the last bit is the byte order of its checksums.
const LOG_MAGIC: u32 = 0x377f_0682;

/// Pages that changed since they were taken last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PagesWaiting {
    /// How many.
    pub count: usize,
    /// Whether money, a customer or a device is among what changed.
    pub is_urgent: bool,
    /// Some changes were not seen: only a whole copy has everything.
    pub is_lost: bool,
}

/// Pages of one commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenPages {
    /// Bytes of a page.
    pub page_bytes: u32,
    /// Pages of the whole store.
    pub store_pages: u32,
    /// Numbers, from 1, and contents.
    pub pages: Vec<(u32, Vec<u8>)>,
}

/// What is known of the log.
#[derive(Debug, Default)]
pub(super) struct ChangedPages {
    is_followed: bool,
    /// The salts in the head of the log: others mean that it began again.
    generation: [u8; 8],
    /// The end of the last commit in it.
    end: u64,
    /// Where the newest content of a page is in it.
    places: BTreeMap<u32, u64>,
    page_bytes: u32,
    store_pages: u32,
    changed: BTreeSet<u32>,
    is_urgent: bool,
    is_lost: bool,
}

impl ChangedPages {
    /// Reads what a commit added to the log.
    fn read(&mut self, log: &Path) -> io::Result<()> {
        let file = File::open(log)?;
        let mut head = [0; LOG_HEAD_BYTES];
        file.read_exact_at(&mut head, 0)?;
        if number(&head, 0) & !1 != LOG_MAGIC {
            return Err(io::Error::other("it is no log"));
        }
        self.page_bytes = number(&head, 8);
        if head[16..24] != self.generation {
            self.generation.copy_from_slice(&head[16..24]);
            (self.end, self.places) = (LOG_HEAD_BYTES as u64, BTreeMap::new());
        }
        let (mut at, mut open) = (self.end, Vec::new());
        let mut frame = [0; FRAME_HEAD_BYTES];
        while file.read_exact_at(&mut frame, at).is_ok() && frame[8..16] == self.generation {
            open.push((number(&frame, 0), at + FRAME_HEAD_BYTES as u64));
            at += FRAME_HEAD_BYTES as u64 + u64::from(self.page_bytes);
            // Frames after the last commit belong to a transaction that was given up, and are written over.
            let store_pages = number(&frame, 4);
            if store_pages > 0 {
                self.store_pages = store_pages;
                self.end = at;
                self.changed.extend(open.iter().map(|(page, _)| *page));
                self.places.extend(open.drain(..));
            }
        }
        Ok(())
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(std::array::from_fn(|i| bytes[at + i]))
}

impl Store {
    /// Has changed pages be noted from here on, and answers how many wait. A copy that begins after this has everything that
    /// was not seen before.
    pub fn follow_pages(&mut self) -> PagesWaiting {
        let pages = &mut self.pages;
        if !pages.is_followed {
            *pages = ChangedPages { is_followed: true, ..ChangedPages::default() };
        }
        PagesWaiting { count: pages.changed.len(), is_urgent: pages.is_urgent, is_lost: pages.is_lost }
    }

    /// A whole copy is made from here on: changes that were not seen are in it.
    pub fn begin_pages(&mut self) {
        self.follow_pages();
        self.pages.is_lost = false;
    }

    /// A commit is on the card. What goes wrong here never undoes it: then only a whole copy has everything.
    pub(super) fn note_pages(&mut self) {
        if !self.pages.is_followed {
            return;
        }
        if let Err(error) = self.pages.read(&self.path.with_extension("db-wal")) {
            tracing::warn!(%error, "the changed pages of a commit were not seen; the next copy is a whole one");
            self.pages.is_lost = true;
        }
    }

    /// What was committed is about money, a customer or a device.
    pub(super) fn note_urgent(&mut self) {
        self.pages.is_urgent |= self.pages.is_followed;
    }

    /// The pages that changed, as of the last commit. They count as taken when this returns.
    pub fn take_pages(&mut self) -> Result<TakenPages, StoreError> {
        let path = self.path.clone();
        let failed = |source| StoreError::Folder { path: path.clone(), source };
        let log = File::open(path.with_extension("db-wal")).map_err(failed)?;
        let gone = || failed(io::Error::other("the store's file is not open"));
        let file = self.store_file().ok_or_else(gone)?;
        let pages = &self.pages;
        let mut taken = TakenPages {
            page_bytes: pages.page_bytes,
            store_pages: pages.store_pages,
            pages: Vec::with_capacity(pages.changed.len()),
        };
        // A page beyond the end was given back to the disk.
        for page in pages.changed.range(1..=pages.store_pages).copied() {
            let mut content = vec![0; pages.page_bytes as usize];
            match pages.places.get(&page) {
                Some(place) => log.read_exact_at(&mut content, *place),
                None => file.read_exact_at(&mut content, u64::from(page - 1) * u64::from(pages.page_bytes)),
            }
            .map_err(failed)?;
            taken.pages.push((page, content));
        }
        self.pages.changed.clear();
        self.pages.is_urgent = false;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::ledger;

    /// The store as it is, page by page, through a connection of its own.
    fn whole(store: &Store, dir: &Path) -> Vec<u8> {
        let to = dir.join("whole.db");
        store.reader().unwrap().copy_to(&to, &mut |_| {}).unwrap();
        let bytes = std::fs::read(&to).unwrap();
        std::fs::remove_file(to).unwrap();
        bytes
    }

    fn apply(onto: &mut Vec<u8>, taken: &TakenPages) {
        let page_bytes = taken.page_bytes as usize;
        onto.resize(taken.store_pages as usize * page_bytes, 0);
        for (page, content) in &taken.pages {
            let at = (*page as usize - 1) * page_bytes;
            onto[at..at + page_bytes].copy_from_slice(content);
        }
        // A copy uses no log.
        onto[18..20].copy_from_slice(&[1, 1]);
    }

    fn write(store: &mut Store, key: &str, bytes: usize) {
        store.write(|writer| writer.value(key, &"x".repeat(bytes))).unwrap();
    }

    /// Without the counters of the head that a copy changes by itself.
    fn same(a: &[u8], b: &[u8]) -> bool {
        a.len() == b.len() && a[..24] == b[..24] && a[100..] == b[100..]
    }

    #[test]
    fn a_copy_with_the_pages_that_changed_since_is_the_store() {
        let (dir, mut store) = ledger();
        assert_eq!(store.follow_pages(), PagesWaiting::default());
        let mut copy = whole(&store, dir.path());
        for round in 0..40_usize {
            // The log is brought into the file and begun again several times.
            for n in 0..=round % 5 {
                write(&mut store, &format!("key {round} {n}"), 100 + 40_000 * (round % 3));
            }
            if round % 7 == 0 {
                store.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
            }
            if round % 2 == 0 {
                continue;
            }
            let waiting = store.follow_pages();
            assert!(waiting.count > 0 && !waiting.is_lost, "{waiting:?}");
            apply(&mut copy, &store.take_pages().unwrap());
            assert_eq!(store.follow_pages().count, 0);
            assert!(same(&copy, &whole(&store, dir.path())), "round {round}");
        }
    }

    #[test]
    fn a_log_that_cannot_be_read_asks_for_a_whole_copy_and_blocks_no_commit() {
        let (dir, mut store) = ledger();
        store.follow_pages();
        let path = std::mem::replace(&mut store.path, dir.path().join("elsewhere.db"));
        store.note_pages();
        store.path = path;
        write(&mut store, "key", 10);
        assert!(store.follow_pages().is_lost);
        store.begin_pages();
        assert!(!store.follow_pages().is_lost);
    }
}
