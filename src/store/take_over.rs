//! How a machine that lost the site stops, and how one takes it over.

use super::error::StoreError;
use super::fence::Fence;
use super::instance::{KEY, ORPHANS_DUE};
use super::lifecycle::{Pause, Store};
use super::passive;
use super::unwritable::Unwritable;
use crate::domain::instance::Instance;

impl Store {
    /// The machine that this store is.
    pub fn instance(&self) -> Instance {
        self.instance
    }

    /// Another machine has the site: from here on nothing is changed, over restarts too. What is not on the card, because
    /// nothing can be written there, holds for this run.
    pub fn fence(&mut self, fence: Fence) {
        if let Err(error) = passive::make_fenced(self.folder(), fence) {
            tracing::error!(%error, "that another machine has this site could not be written down; the next start finds out again");
        }
        self.pause(Unwritable::Fenced(fence));
    }

    /// Makes this machine `next`, with which the store can be written again. On an error it stays as it was.
    pub fn take_over(&mut self, next: Instance) -> Result<(), StoreError> {
        let pause = self.pause.take();
        let done = match pause.as_ref().map(Pause::why) {
            Some(why) if !why.is_passive() => Err(why.clone().into()),
            _ => self.become_instance(next),
        };
        match &done {
            Ok(()) => self.resume()?,
            Err(_) if pause.is_some() => self.pause = pause,
            Err(_) => {}
        }
        done
    }

    /// The number is on the card before the store is no longer passive: a cut in between leaves a passive store.
    fn become_instance(&mut self, next: Instance) -> Result<(), StoreError> {
        let tried = self.try_to_write();
        self.judged(tried)?;
        self.write(|writer| {
            writer.value(KEY, &next.to_string())?;
            // What was bound after the copy is on the router alone, and must be found before its rows are surplus.
            writer.value(ORPHANS_DUE, "1")
        })?;
        self.instance = next;
        passive::take_over(self.folder()).map(drop).map_err(|error| StoreError::Folder {
            path: self.folder().to_owned(),
            source: std::io::Error::other(error.to_string()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::fence::FencedBy;
    use crate::store::passive::{is_passive, make_passive};

    #[test]
    fn a_fenced_store_stays_so_over_a_restart_until_it_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        assert_eq!(store.instance(), Instance::FIRST);
        let fence = Fence { instance: Instance::new(2, 7).unwrap(), by: FencedBy::Router };
        store.fence(fence);
        assert_eq!(store.unwritable(), Some(&Unwritable::Fenced(fence)));
        assert!(store.check_writable().is_err() && store.recover().is_err());
        drop(store);
        let mut store = Store::open(dir.path()).unwrap();
        assert_eq!(store.unwritable(), Some(&Unwritable::Fenced(fence)));
        let next = fence.instance.next(9);
        store.take_over(next).unwrap();
        assert!(store.unwritable().is_none() && store.check_writable().is_ok() && !is_passive(dir.path()));
        drop(store);
        let store = Store::open(dir.path()).unwrap();
        assert_eq!((store.instance(), store.unwritable()), (next, None));
        let due = store.load().unwrap().meta.get(ORPHANS_DUE).cloned();
        assert_eq!(due.as_deref(), Some("1"), "what was bound after the copy is still to be found");
    }

    #[test]
    fn a_restored_store_takes_over_and_a_store_that_is_closed_to_changes_does_not() {
        let dir = tempfile::tempdir().unwrap();
        drop(Store::open(dir.path()).unwrap());
        make_passive(dir.path(), "restored").unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.take_over(Instance::FIRST.next(1)).unwrap();
        assert_eq!(store.unwritable(), None);
        store.pause(Unwritable::Updating);
        assert!(store.take_over(Instance::FIRST.next(2)).is_err());
        assert_eq!((store.unwritable(), store.instance().number()), (Some(&Unwritable::Updating), 2));
    }
}
