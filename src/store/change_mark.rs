//! Whether anything changed in the store since some moment.

use super::commit_mark::CommitMark;
use super::error::StoreError;
use super::read::Reader;

impl Reader {
    /// A text that is another one after every commit; `None` in a store of an earlier version.
    pub fn change_mark(&self) -> Result<Option<String>, StoreError> {
        Ok(CommitMark::of(&self.conn)?.map(|mark| mark.text()))
    }
}

#[cfg(test)]
mod tests {
    use crate::store::tests::ledger;

    #[test]
    fn the_mark_of_a_store_that_was_not_written_stays() {
        let (_dir, store) = ledger();
        let reader = store.reader().unwrap();
        let mark = reader.change_mark().unwrap();
        assert!(mark.is_some());
        assert_eq!(store.reader().unwrap().change_mark().unwrap(), mark);
        drop((reader, store));
    }
}
