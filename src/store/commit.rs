//! The only way to change rows of an open store: one transaction, which carries the number of the commit.

use rusqlite::TransactionBehavior;

use super::commit_mark::{self, CommitMark};
use super::error::StoreError;
use super::lifecycle::Store;
use super::write::{Batch, Writer};

/// What a transaction left behind.
struct Written<T> {
    value: T,
    /// `None` if no row changed: nothing was written then.
    commit: Option<(CommitMark, u64)>,
}

impl Store {
    /// Writes `batch` in one transaction, which is on the card when this returns.
    ///
    /// [`StoreError::Unwritable`] means that nothing was written and that a retry may succeed. After any other error
    /// the store must not be used any more: the content of the card is unknown until it is opened again.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        let written = self.write(|writer| writer.batch(batch));
        self.kept.forget(batch);
        written?;
        if batch.is_about_people_or_money() {
            self.note_urgent();
        }
        Ok(())
    }

    /// Makes the changes of `work` in one transaction, together with the commit's number. Every writer of the store
    /// goes through here: a change without a number would not be missed if the log was lost.
    pub(super) fn write<T>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.check_writable()?;
        let written = self.transact(work).map(|written| {
            if let Some((mark, statements)) = written.commit {
                self.stats.commits += 1;
                self.stats.statements += statements;
                self.committed(mark);
            }
            written.value
        });
        self.judged(written)
    }

    fn transact<T>(
        &mut self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError>,
    ) -> Result<Written<T>, StoreError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writer = Writer { tx, statements: 0, rows: 0 };
        let value = work(&mut writer)?;
        if writer.rows == 0 {
            return Ok(Written { value, commit: None });
        }
        let mark = self.mark.next();
        writer.value(commit_mark::KEY, &mark.text())?;
        let Writer { tx, statements, rows: _ } = writer;
        tx.commit()?;
        Ok(Written { value, commit: Some((mark, statements)) })
    }
}

impl Writer<'_> {
    /// Writes every part of a batch, each after what it refers to.
    fn batch(&mut self, batch: &Batch) -> Result<(), StoreError> {
        for package in &batch.packages {
            self.package(package)?;
        }
        for user in &batch.users {
            self.user(user)?;
        }
        self.handovers(batch)?;
        self.orphans(batch)?;
        for (user_no, item, by) in &batch.debts {
            self.debt(*user_no, item, by)?;
        }
        self.orders(batch)?;
        self.counter(batch)?;
        self.undated(batch)?;
        self.metering(batch)?;
        self.days(batch)?;
        for line in &batch.entries {
            self.entry(line)?;
        }
        for (user_no, step) in &batch.validity {
            self.validity(*user_no, step)?;
        }
        if let Some(event) = batch.event {
            self.event(event, batch.at)?;
        }
        for line in &batch.audit {
            self.audit(line)?;
        }
        for (key, value) in &batch.meta {
            self.value(key, value)?;
        }
        Ok(())
    }
}
