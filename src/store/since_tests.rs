use std::collections::BTreeMap;
use std::path::Path;

use tempfile::TempDir;
use uuid::Uuid;

use super::*;
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::id::DebtId;
use crate::domain::ledger::{Balance, CHAIN_START, Entry, Kind, Posted, Side};
use crate::domain::units::{Bytes, Timestamp};
use crate::store::tests::person;
use crate::store::{Batch, Chained, FILE, UserRecord, backup};
use jiff::civil::date;

/// Entries that are not proved whole at a start.
pub(crate) const MANY: u64 = WHOLE_ENTRIES_MAX + 100;

/// A store with one user, and a debt item granted by its first entry, that can be written on.
pub(crate) struct Growing {
    pub dir: TempDir,
    pub store: Store,
    user: UserRecord,
    debt: DebtItem,
    seq: u64,
    hash: Hash,
}

impl Growing {
    /// With so many entries.
    pub fn new(entries: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let user = person();
        let day = date(2026, 11, 1);
        let debt = DebtItem {
            id: DebtId(Uuid::from_u128(7)),
            amount: Some(Bytes(1000)),
            paid: Bytes::ZERO,
            price: None,
            paid_rp: crate::domain::units::Rupiah::ZERO,
            debt_date: day,
            due_date: day,
            note: String::new(),
            customer_note: String::new(),
            created_at: Timestamp(1),
            status: DebtStatus::Open,
        };
        let mut made = Self { dir, store, user, debt, seq: 0, hash: CHAIN_START };
        made.grow(entries);
        made
    }

    /// Writes further entries in one commit.
    pub fn grow(&mut self, entries: u64) {
        let mut lines = Vec::new();
        for _ in 0..entries {
            self.seq += 1;
            let granted = Entry::new(Kind::DebtGranted, Side::Debit, Bytes(1000));
            let entry = match self.seq {
                1 => Entry { debt: Some(self.debt.id), ..granted },
                seq => Entry::new(Kind::Grant, Side::Credit, Bytes(seq)),
            };
            self.user.account.balance = self.user.account.balance.and(&entry);
            let (seq, user) = (self.seq, self.user.account.id);
            let posted =
                Posted { seq, user, at: Timestamp(1), actor: "budi".into(), event: format!("e{seq}"), entry };
            self.hash = posted.link(&self.hash);
            lines.push(Chained { posted, user_no: 1, hash: self.hash });
        }
        let batch = Batch {
            users: vec![&self.user],
            accounts: vec![&self.user],
            debts: vec![(1, &self.debt, "budi")],
            entries: lines.iter().collect(),
            meta: BTreeMap::from([("chain_seq", self.seq.to_string())]),
            at: Timestamp(1),
            ..Batch::default()
        };
        self.store.commit(&batch).unwrap();
    }

    /// Proves the whole and stores the point reached.
    pub fn keep(&mut self) -> Checkpoint {
        let proved = self
            .store
            .reader()
            .unwrap()
            .prove(Check::Quick, ProofThreads::All, &ProofProgress::default())
            .unwrap();
        self.store.keep_checkpoint(&proved.checkpoint).unwrap();
        proved.checkpoint
    }

    pub fn execute(&self, sql: &str) {
        self.store.conn.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
    }

    fn since(&self) -> Result<Option<(u64, Checkpoint)>, Broken> {
        self.store.reader().unwrap().prove_since_checkpoint()
    }
}

#[test]
fn a_checkpoint_is_read_as_it_was_written_and_reaches_what_a_proof_of_the_whole_does() {
    let mut place = Growing::new(5);
    assert!(place.since().unwrap().is_none(), "no proof was stored");
    let kept = place.keep();
    assert_eq!(place.store.reader().unwrap().checkpoint().unwrap(), Some(kept.clone()));
    assert!(kept.balances.len() == 1 && kept.debts.len() == 1 && kept.seq == 5, "{kept:?}");
    place.grow(4);
    let (from, since) = place.since().unwrap().unwrap();
    let whole = place
        .store
        .reader()
        .unwrap()
        .prove(Check::Quick, ProofThreads::All, &ProofProgress::default())
        .unwrap();
    assert_eq!((from, since), (5, whole.checkpoint));
}

/// Cash orders for nothing, each with its receipt and move, and a closing of them; and an online order.
const COUNTER: &str = "
    INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no, cashier, plan, refunded_rp,
      created_at, paid_at, window_bytes) VALUES
      ('a', 1, 'purchase', 'cash', 0, 'paid', '[]', '[]', 1, 'siti', 0, 0, 1, 1, 0),
      ('b', 1, 'purchase', 'transfer', 0, 'paid', '[]', '[]', 2, 'siti', 0, 0, 1, 1, 0),
      ('c', 1, 'purchase', 'qris', 5, 'pending', '[]', '[]', NULL, NULL, 0, 0, 1, NULL, 0);
    INSERT INTO closings VALUES (1, 1, 'siti', 0, 0, 0, 2, 1, 2, '');
    INSERT INTO cash_moves VALUES (1, 1, 'siti', 'a', 'cash', 'taken', 0, 1, 1);
    INSERT INTO cash_moves VALUES (2, 1, 'siti', 'b', 'transfer', 'taken', 0, 2, 1);";

/// Changes of rows that were written after a checkpoint at entry 5 of 9.
const AFTER: [&str; 17] = [
    "UPDATE entries SET amount_bytes = amount_bytes + 1 WHERE seq = 7",
    "UPDATE entries SET note = 'x' WHERE seq = 9",
    "UPDATE entries SET hash = zeroblob(32) WHERE seq = 6",
    "DELETE FROM entries WHERE seq = 8",
    "DELETE FROM entries WHERE seq = 9",
    "UPDATE entries SET order_id = 'z' WHERE seq = 7",
    "UPDATE accounts_base SET credits_bytes = credits_bytes + 1",
    "UPDATE accounts_base SET debits_bytes = 9, open_bytes = 8",
    "UPDATE debts SET paid_bytes = 1",
    "UPDATE debts SET paid_bytes = 1000, status = 'paid'",
    "UPDATE orders SET receipt_no = 3 WHERE id = 'b'",
    "UPDATE orders SET receipt_no = NULL WHERE id = 'a'",
    "UPDATE orders SET amount_rp = 1 WHERE id = 'a'",
    "DELETE FROM cash_moves WHERE order_id = 'a'",
    "UPDATE closings SET taken_rp = 1",
    "UPDATE closings SET closing_no = 2; UPDATE cash_moves SET closing_no = 2",
    "UPDATE orders SET status = 'paid' WHERE id = 'c'",
];

#[test]
fn what_changed_after_the_checkpoint_is_found_at_a_start() {
    for sql in AFTER {
        let mut place = Growing::new(5);
        place.keep();
        place.grow(4);
        place.execute(COUNTER);
        assert_eq!(place.since().unwrap().unwrap().1.seq, 9);
        place.execute(sql);
        assert!(place.since().is_err(), "{sql}");
        // The first bad row is named by the proof of the whole, as without a checkpoint.
        assert!(place.store.reader().unwrap().verify().is_err(), "{sql}");
    }
}

#[test]
fn what_changed_before_the_checkpoint_is_found_by_the_proof_of_the_whole() {
    for (sql, seq) in [
        ("UPDATE entries SET amount_bytes = amount_bytes + 1 WHERE seq = 2", 2),
        ("UPDATE entries SET event_id = 'other' WHERE seq = 1", 1),
        ("UPDATE entries SET note = 'x', hash = zeroblob(32) WHERE seq = 4", 4),
    ] {
        let mut place = Growing::new(5);
        place.keep();
        place.grow(4);
        place.execute(sql);
        assert!(place.since().is_ok(), "{sql}");
        let found = place
            .store
            .reader()
            .unwrap()
            .prove(Check::Quick, ProofThreads::All, &ProofProgress::default())
            .unwrap_err();
        assert!(matches!(found, Broken::Link(found) if found == seq), "{sql}: {found}");
    }
}

/// Changes of a checkpoint at entry [`MANY`], which make it another, or nothing.
const UNFIT: [&str; 10] = [
    "UPDATE proofs SET seq = seq - 1",
    "UPDATE proofs SET seq = seq + 1",
    "UPDATE proofs SET hash = zeroblob(32)",
    "UPDATE proofs SET sums = x''",
    "UPDATE proofs SET sums = CAST(sums || x'00' AS BLOB)",
    "UPDATE proofs SET receipt_no = 9",
    "UPDATE proofs SET digest = zeroblob(32)",
    "UPDATE proofs SET rules = rules + 1",
    "DELETE FROM proofs",
    "DROP TABLE proofs",
];

#[test]
fn a_checkpoint_that_does_not_fit_is_dropped_and_the_whole_is_proved_first() {
    let whole = |place: &Growing| matches!(place.store.prove_at_start().unwrap(), StartProof::Whole(_));
    for sql in UNFIT {
        let mut place = Growing::new(MANY);
        assert!(whole(&place), "there is no checkpoint yet");
        place.keep();
        assert!(!whole(&place), "{sql}");
        place.execute(sql);
        assert!(whole(&place), "{sql}");
        assert_eq!(StoreError::take_broken(), None, "{sql}");
    }
    // One of another ledger: its digest is right, its entry is not.
    let mut place = Growing::new(MANY);
    let mut other = place.keep();
    other.hash = [7; 32];
    place.store.keep_checkpoint(&other).unwrap();
    assert!(matches!(place.since().unwrap_err(), Broken::Checkpoint(MANY)));
    assert!(whole(&place));
    // And one whose sums were made up.
    other = place.keep();
    other.balances.insert(1, Balance::default());
    place.store.keep_checkpoint(&other).unwrap();
    assert!(matches!(place.since().unwrap_err(), Broken::Balance { .. }));
    assert!(whole(&place));
}

#[test]
fn a_row_changed_after_the_checkpoint_is_refused_at_a_start_by_its_number() {
    let mut place = Growing::new(MANY);
    place.keep();
    place.grow(3);
    place.execute(&format!("UPDATE entries SET note = 'x' WHERE seq = {}", MANY + 2));
    assert!(matches!(place.store.prove_at_start().unwrap_err(), Broken::Link(seq) if seq == MANY + 2));
}

#[test]
fn a_small_ledger_and_one_that_could_not_be_read_are_proved_whole_at_a_start() {
    let mut place = Growing::new(5);
    place.keep();
    assert!(matches!(place.store.prove_at_start().unwrap(), StartProof::Whole(_)));
    place.grow(MANY);
    assert!(matches!(place.store.prove_at_start().unwrap(), StartProof::Since { from: 5, .. }));
    place.store.explain_failure("a test");
    assert!(matches!(place.store.prove_at_start().unwrap(), StartProof::Whole(_)));
}

#[test]
fn a_proof_that_is_stopped_ends_and_proves_nothing() {
    let place = Growing::new(MANY);
    let progress = ProofProgress::default();
    progress.stop();
    let stopped = place.store.reader().unwrap().prove(Check::Quick, ProofThreads::All, &progress);
    assert!(matches!(stopped.unwrap_err(), Broken::Stopped));
}

#[test]
fn a_copy_has_the_checkpoint_of_its_rows() {
    let mut place = Growing::new(MANY);
    place.keep();
    let copy = place.dir.path().join("copy.db");
    place.store.reader().unwrap().copy_to(&copy, &mut |_| {}).unwrap();
    place.grow(10);
    place.keep();
    let folder = place.dir.path().to_owned();
    let Growing { dir: _dir, store, .. } = place;
    drop(store);
    backup::restore(&folder, &copy, "then", &mut |_| {}).unwrap();
    let store = Store::open(&folder).unwrap();
    let StartProof::Since { from, checkpoint } = store.prove_at_start().unwrap() else {
        panic!("the copy has no checkpoint")
    };
    assert_eq!((from, checkpoint.seq), (MANY, MANY));
}

/// The folder as a power cut leaves it that let only so many bytes of the log reach the card.
fn cut(place: &Growing, log_bytes: usize) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let name = |end: &str| Path::new(FILE).with_extension(end);
    std::fs::copy(place.dir.path().join(FILE), dir.path().join(FILE)).unwrap();
    let log = std::fs::read(place.dir.path().join(name("db-wal"))).unwrap();
    std::fs::write(dir.path().join(name("db-wal")), &log[..log_bytes.min(log.len())]).unwrap();
    dir
}

#[test]
fn a_power_cut_while_a_checkpoint_is_written_leaves_the_one_before() {
    let mut place = Growing::new(MANY);
    place.keep();
    place.grow(10);
    let log = place.dir.path().join(Path::new(FILE).with_extension("db-wal"));
    let before = usize::try_from(std::fs::metadata(&log).unwrap().len()).unwrap();
    place.keep();
    let after = usize::try_from(std::fs::metadata(&log).unwrap().len()).unwrap();
    assert!(before < after);
    let mut reached = Vec::new();
    for bytes in (before..after).step_by(1031).chain([after]) {
        let dir = cut(&place, bytes);
        let store = Store::open(dir.path()).unwrap();
        let StartProof::Since { from, checkpoint } = store.prove_at_start().unwrap() else {
            panic!("{bytes}: no checkpoint")
        };
        assert_eq!(checkpoint.seq, MANY + 10, "{bytes}");
        reached.push(from);
    }
    assert!(reached.is_sorted() && reached.first() == Some(&MANY) && reached.last() == Some(&(MANY + 10)));
}
