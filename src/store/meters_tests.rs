//! What is written as a narrow row, and what in full.

use super::*;
use crate::domain::id::Mac;
use crate::domain::units::Bytes;
use crate::domain::units::Timestamp;
use crate::domain::usage::RowId;
use crate::store::tests::{ledger, person};
use crate::store::{ClosedDay, DeviceRecord, Store};
use tempfile::TempDir;

pub(crate) const HOUR: i64 = 498_000;
const VIEWS: [&str; 3] = ["accounts", "counters", "usage_hours"];

/// A user with two devices, of which the first moved something in the hour before, and who is about to use more.
pub(crate) struct Site {
    pub dir: TempDir,
    pub store: Store,
    user: UserRecord,
    devices: [DeviceRecord; 2],
    pub hour: i64,
}

fn device(no: u32) -> DeviceRecord {
    let counter = Counter {
        row: RowId(format!("*{no}")),
        started_s: 100,
        slack_s: 1,
        uptime_s: 50,
        bytes: 1000,
        counts: true,
    };
    DeviceRecord {
        no,
        user_no: 1,
        mac: Mac([2, 0, 0, 0, 0, u8::try_from(no).unwrap()]),
        label: String::new(),
        bound_at: Timestamp(1),
        seen_at: None,
        pending: None,
        unbound_at: None,
        counters: vec![counter],
    }
}

impl Site {
    pub fn new() -> Self {
        let (dir, mut store) = ledger();
        let mut user = person();
        user.account.balance.credits = Bytes::mb(15);
        let devices = [device(1), device(2)];
        let bound = Batch { devices: devices.iter().collect(), ..Batch::default() };
        store.commit(&bound).unwrap();
        let mut site = Self { dir, store, user, devices, hour: HOUR - 1 };
        site.moves(0, 10);
        site.hour = HOUR;
        site.moves(0, 20);
        site
    }

    fn debit(&mut self, bytes: u64) {
        let account = &mut self.user.account;
        account.balance.debits.0 += bytes;
        account.open_usage.0 += bytes;
        account.used.0 += bytes;
    }

    fn commit(&mut self, usage: &[(usize, UsageSum)]) {
        let key = |at: usize| UsageKey { hour: self.hour, user_no: 1, device_no: self.devices[at].no };
        let usage: Vec<(UsageKey, UsageSum)> = usage.iter().map(|(at, sum)| (key(*at), *sum)).collect();
        let batch = Batch {
            accounts: vec![&self.user],
            counters: self.devices.iter().collect(),
            usage: usage.iter().map(|(key, sum)| (key, sum)).collect(),
            ..Batch::default()
        };
        self.store.commit(&batch).unwrap();
    }

    /// A device moves so many bytes, and nothing else happens.
    pub fn moves(&mut self, at: usize, bytes: u64) {
        self.debit(bytes);
        self.devices[at].counters[0].bytes += bytes;
        self.commit(&[(at, UsageSum { bytes: Bytes(bytes), unenforced: Bytes::ZERO })]);
    }

    fn rows(&self, sql: &str) -> Vec<Vec<i64>> {
        let mut statement = self.store.conn.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).unwrap();
        rows.map(Result::unwrap).collect()
    }

    fn meters(&self) -> Vec<Vec<i64>> {
        self.rows(
            "SELECT device_no, moved_bytes, unenforced_bytes, undebited_bytes, offset_bytes FROM meters",
        )
    }

    /// Accounts, counters and usage of the hours on file; those in full, or as readers see them.
    fn sums(&self, end: &str) -> [Vec<Vec<i64>>; 3] {
        [
            format!("SELECT credits_bytes, debits_bytes, open_bytes, used_bytes, tank_bytes FROM accounts{end}"),
            format!("SELECT device_no, bytes FROM counters{end} ORDER BY device_no, row"),
            format!("SELECT hour, device_no, bytes, unenforced_bytes FROM usage_hours{end} ORDER BY hour, device_no"),
        ]
        .map(|sql| self.rows(&sql))
    }

    /// Readers see the values of the last commit.
    fn is_right(&self) {
        let loaded = self.store.load().unwrap();
        let account = &loaded.users[&1].account;
        let mine = &self.user.account;
        assert_eq!(
            (account.balance, account.open_usage, account.used, account.fup_base),
            (mine.balance, mine.open_usage, mine.used, mine.fup_base)
        );
        for device in &self.devices {
            let bytes = |device: &DeviceRecord| {
                device.counters.iter().map(|c| (c.row.clone(), c.bytes)).collect::<Vec<_>>()
            };
            assert_eq!(bytes(&loaded.devices[&device.no]), bytes(device));
        }
    }
}

#[test]
fn traffic_within_an_hour_is_one_narrow_row_for_each_device_and_readers_see_the_sums() {
    let mut site = Site::new();
    let written = site.sums("_base");
    let before = site.store.stats().statements;
    site.moves(0, 300);
    // The number of the commit beside it.
    assert_eq!(site.store.stats().statements - before, 2 + 1, "the row of the hour, and the meter");
    let before = site.store.stats().statements;
    site.moves(0, 5);
    assert_eq!(site.store.stats().statements - before, 1 + 1);
    assert_eq!(site.meters(), [[1, 305, 0, 0, 0]]);
    assert_eq!(site.sums("_base"), written);
    let [accounts, counters, hours] = site.sums("");
    assert_eq!(accounts, [[15 << 20, 335, 335, 335, 0]]);
    assert_eq!(counters, [[1, 1335], [2, 1000]]);
    assert_eq!(hours, [[HOUR - 1, 1, 10, 0], [HOUR, 1, 325, 0]]);
    site.is_right();
}

#[test]
fn anything_but_traffic_writes_the_account_in_full() {
    type Change = fn(&mut UserRecord);
    let changes: [(&str, Change); 6] = [
        ("credits", |user| user.account.balance.credits.0 += 1),
        ("debits alone", |user| user.account.balance.debits.0 += 1),
        ("sealed", |user| user.account.open_usage = Bytes::ZERO),
        ("a new period", |user| user.account.used = Bytes::ZERO),
        ("speed", |user| user.account.fup_base.0 += 1),
        ("less", |user| {
            let account = &mut user.account;
            account.balance.debits.0 -= 100;
            account.open_usage.0 -= 100;
            account.used.0 -= 100;
        }),
    ];
    for (what, change) in changes {
        let mut site = Site::new();
        site.moves(0, 300);
        site.moves(1, 40);
        change(&mut site.user);
        site.moves(1, 2);
        assert_eq!(site.meters(), Vec::<Vec<i64>>::new(), "{what}");
        assert_eq!(site.sums("_base"), site.sums(""), "{what}");
        site.is_right();
        site.moves(0, 7);
        assert_eq!(site.meters(), [[1, 7, 0, 0, 0]], "{what}");
        site.is_right();
    }
}

#[test]
fn usage_that_is_not_debited_or_not_enforced_is_traffic_as_well() {
    let mut site = Site::new();
    let sum = |bytes, unenforced| UsageSum { bytes: Bytes(bytes), unenforced: Bytes(unenforced) };
    site.debit(30);
    site.devices[0].counters[0].bytes += 50;
    site.devices[1].counters[0].bytes += 10;
    site.commit(&[(0, sum(50, 20)), (1, sum(10, 10))]);
    assert_eq!(site.meters(), [[1, 50, 20, 30, 0], [2, 10, 10, 0, 0]]);
    let [accounts, _, hours] = site.sums("");
    assert_eq!(accounts[0][1], 60);
    assert_eq!(hours, [[HOUR - 1, 1, 10, 0], [HOUR, 1, 70, 20], [HOUR, 2, 10, 10]]);
    site.is_right();
    // More than was used cannot have been debited for it.
    site.debit(1);
    site.commit(&[]);
    assert_eq!(site.meters(), Vec::<Vec<i64>>::new());
    site.is_right();
}

#[test]
fn bytes_that_are_nobodys_usage_move_the_counter_alone() {
    let mut site = Site::new();
    site.devices[1].counters[0].bytes += 77;
    site.commit(&[]);
    assert_eq!(site.meters(), [[2, 0, 0, 0, 77]]);
    site.is_right();
    site.moves(1, 5);
    assert_eq!(site.meters(), [[2, 5, 0, 0, 77]]);
    site.is_right();
}

#[test]
fn a_row_that_is_not_the_same_is_written_in_full_and_the_account_is_not() {
    type Change = fn(&mut Vec<Counter>);
    let changes: [(&str, Change); 6] = [
        ("another row", |rows| rows[0].row = RowId("*9".into())),
        ("a second row", |rows| rows.push(Counter { row: RowId("*9".into()), ..rows[0].clone() })),
        ("another start", |rows| rows[0].started_s += 3),
        ("another slack", |rows| rows[0].slack_s += 2),
        ("another boot", |rows| rows[0].outlive_boot()),
        ("nobody's", |rows| rows[0].counts = false),
    ];
    for (what, change) in changes {
        let mut site = Site::new();
        site.moves(0, 300);
        let before = site.devices[0].counters.clone();
        change(&mut site.devices[0].counters);
        let gone: Vec<_> =
            before.iter().filter(|b| site.devices[0].counters.iter().all(|c| c.row != b.row)).collect();
        let gone = Batch { gone: gone.iter().map(|c| (1, &c.row)).collect(), ..Batch::default() };
        site.store.commit(&gone).unwrap();
        site.moves(0, 40);
        assert_eq!(site.meters(), [[1, 340, 0, 0, -340]], "{what}");
        assert_eq!(site.sums("_base")[1], site.sums("")[1], "{what}");
        site.is_right();
        site.moves(0, 2);
        site.is_right();
    }
}

#[test]
fn a_start_and_an_age_that_differ_by_rounding_need_not_be_written() {
    let mut site = Site::new();
    site.moves(0, 300);
    let counter = &mut site.devices[0].counters[0];
    (counter.started_s, counter.slack_s, counter.uptime_s) = (102, 2, 500);
    site.moves(0, 40);
    assert_eq!(site.meters(), [[1, 340, 0, 0, 0]]);
    site.is_right();
}

#[test]
fn usage_of_a_device_whose_counter_is_not_in_the_batch_leaves_the_counter() {
    let mut site = Site::new();
    site.moves(0, 300);
    site.debit(40);
    let key = UsageKey { hour: HOUR, user_no: 1, device_no: 1 };
    let sum = UsageSum { bytes: Bytes(40), unenforced: Bytes::ZERO };
    let batch = Batch { accounts: vec![&site.user], usage: vec![(&key, &sum)], ..Batch::default() };
    site.store.commit(&batch).unwrap();
    assert_eq!(site.meters(), [[1, 340, 0, 0, -40]]);
    site.is_right();
}

#[test]
fn another_hour_adds_all_meters_to_the_rows_in_full() {
    for hour in [HOUR + 1, HOUR - 1] {
        let mut site = Site::new();
        site.moves(0, 300);
        site.moves(1, 40);
        site.hour = hour;
        site.moves(1, 2);
        assert_eq!(site.meters(), Vec::<Vec<i64>>::new());
        assert_eq!(site.sums("_base"), site.sums(""));
        let of_hour =
            site.rows(&format!("SELECT bytes FROM usage_hours WHERE hour = {hour} AND device_no = 2"));
        assert_eq!(of_hour, [[2]]);
        site.is_right();
        site.moves(1, 3);
        assert_eq!(site.meters(), [[2, 3, 0, 0, 0]]);
        site.is_right();
    }
}

#[test]
fn a_day_is_summed_with_what_the_meters_have() {
    let mut site = Site::new();
    site.moves(0, 300);
    let day = ClosedDay { day: HOUR / 24, hours: (HOUR - 1, HOUR + 1) };
    site.store.commit(&Batch { days: vec![day], ..Batch::default() }).unwrap();
    assert_eq!(site.rows("SELECT device_no, bytes FROM usage_days"), [[1, 330]]);
}

#[test]
fn no_amount_is_too_large_to_be_read_back() {
    let mut site = Site::new();
    let huge = 1 << 50;
    site.moves(0, huge);
    assert_eq!(site.meters(), Vec::<Vec<i64>>::new());
    site.is_right();
    for _ in 0..3 {
        site.moves(0, 1 << 47);
        site.is_right();
    }
    site.devices[1].counters[0].bytes = u64::MAX / 2;
    site.commit(&[]);
    site.is_right();
    site.devices[1].counters[0].bytes = 3;
    site.commit(&[]);
    site.is_right();
}

#[test]
fn another_program_that_reads_a_copy_sees_the_sums_and_cannot_change_them() {
    let mut site = Site::new();
    site.moves(0, 300);
    let copy = site.dir.path().join("copy.db");
    site.store.reader().unwrap().copy_to(&copy, &mut |_| {}).unwrap();
    let conn = rusqlite::Connection::open(&copy).unwrap();
    let debits: i64 = conn.query_row("SELECT debits_bytes FROM accounts", [], |row| row.get(0)).unwrap();
    assert_eq!(debits, 330);
    for view in VIEWS {
        assert!(conn.execute(&format!("DELETE FROM {view}"), []).is_err(), "{view}");
    }
}

#[test]
fn usage_goes_on_after_its_table_was_damaged() {
    let mut site = Site::new();
    site.moves(0, 300);
    site.store.protect(vec!["usage_hours_base".to_owned()]).unwrap();
    site.moves(0, 40);
    site.hour = HOUR + 1;
    site.moves(0, 2);
    assert_eq!(site.sums("")[2], [[HOUR, 1, 340, 0], [HOUR + 1, 1, 2, 0]]);
    assert_eq!(site.store.reader().unwrap().statistics_lost().unwrap(), ["usage_hours_base"]);
    site.is_right();
}

#[test]
fn damaged_meters_stop_the_site_as_money_does() {
    let mut site = Site::new();
    site.moves(0, 300);
    let page = site.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'meters'")[0][0];
    let path = site.dir.path().join(crate::store::FILE);
    site.store.conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = usize::try_from(page - 1).unwrap() * 4096;
    bytes[at..at + 4096].fill(0xA5);
    let copy = site.dir.path().join("damaged.db");
    std::fs::write(&copy, bytes).unwrap();
    let refused = crate::store::backup::prove(&copy).unwrap_err().to_string();
    assert!(refused.contains("meters"), "{refused}");
}
