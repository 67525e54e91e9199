//! The only way to write: a whole batch in one transaction.

use rusqlite::TransactionBehavior;

use super::commit_mark::{self, CommitMark};
use super::error::StoreError;
use super::lifecycle::Store;
use super::write::{Batch, Writer};

impl Store {
    /// Writes `batch` in one transaction, which is on the card when this returns.
    ///
    /// [`StoreError::Unwritable`] means that nothing was written and that a retry may succeed. After any other error
    /// the store must not be used any more: the content of the card is unknown until it is opened again.
    pub fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.check_writable()?;
        let written = self.write(batch).map(|(mark, statements)| {
            self.stats.commits += 1;
            self.stats.statements += statements;
            self.committed(mark);
        });
        self.judged(written)
    }

    /// Writes the batch; returns the commit's mark and the number of statements.
    fn write(&mut self, batch: &Batch) -> Result<(CommitMark, u64), StoreError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut writer = Writer { tx, statements: 0 };
        for package in &batch.packages {
            writer.package(package)?;
        }
        for user in &batch.users {
            writer.user(user)?;
        }
        for user in &batch.accounts {
            writer.account(user)?;
        }
        for (user_no, item, by) in &batch.debts {
            writer.debt(*user_no, item, by)?;
        }
        writer.orders(batch)?;
        writer.counter(batch)?;
        writer.undated(batch)?;
        writer.metering(batch)?;
        writer.days(batch)?;
        for line in &batch.entries {
            writer.entry(line)?;
        }
        for (user_no, step) in &batch.validity {
            writer.validity(*user_no, step)?;
        }
        if let Some(event) = batch.event {
            writer.event(event, batch.at)?;
        }
        for line in &batch.audit {
            writer.audit(line)?;
        }
        for (key, value) in &batch.meta {
            writer.value(key, value)?;
        }
        let mark = self.mark.next();
        writer.value(commit_mark::KEY, &mark.text())?;
        let Writer { tx, statements } = writer;
        tx.commit()?;
        Ok((mark, statements))
    }
}
