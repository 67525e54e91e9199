use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

use super::*;

use crate::clock::ManualClock;
use crate::domain::access::{Reason, Status};
use crate::domain::account::Overage;
use crate::domain::id::{Mac, UserId};
use crate::domain::order::CashMethod;
use crate::domain::policy::{Grant, Refusal, Settings};
use crate::domain::units::{Bytes, Rupiah};
use crate::domain::usage::{HostRow, RowId};
use crate::store::Page;

#[path = "clock_tests.rs"]
mod clock_tests;
#[path = "counter_tests.rs"]
mod counter_tests;
#[path = "crash_points_tests.rs"]
mod crash_points_tests;
#[path = "customers_tests.rs"]
mod customers_tests;
#[path = "devices_tests.rs"]
mod devices_tests;
#[path = "feed_tests.rs"]
mod feed_tests;
#[path = "online_tests.rs"]
mod online_tests;
#[path = "orphans_tests.rs"]
mod orphans_tests;
#[path = "preview_tests.rs"]
mod preview_tests;
#[path = "rebuild_tests.rs"]
mod rebuild_tests;
#[path = "review_tests.rs"]
mod review_tests;
#[path = "sold_pages_tests.rs"]
mod sold_pages_tests;
#[path = "unread_tests.rs"]
mod unread_tests;
#[path = "unwritable_tests.rs"]
mod unwritable_tests;
#[path = "windows_tests.rs"]
mod windows_tests;

/// 2026-11-22 05:00 UTC, noon in Jakarta.
const NOON: Timestamp = Timestamp(1_795_323_600_000);

/// A Pi with its card, clock and notices, whose process can crash.
struct Pi {
    dir: TempDir,
    clock: ManualClock,
    notices: Arc<Told>,
    policy: Policy,
    engine: Option<Engine>,
}

#[derive(Default)]
struct Told(Mutex<Vec<Notice>>);

impl Notifier for Told {
    fn notify(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.clone());
    }
}

impl Pi {
    fn new(policy: Policy) -> Self {
        let mut pi = Self {
            dir: tempfile::tempdir().unwrap(),
            clock: ManualClock::new(NOON),
            notices: Arc::default(),
            policy,
            engine: None,
        };
        pi.restart();
        pi
    }

    /// The process is killed and starts again: only committed changes are left.
    fn restart(&mut self) {
        self.engine = None;
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let parts = Engine::parts(self.dir.path(), Arc::new(self.clock.clone()), zone).unwrap();
        let parts = Parts { policy: self.policy.clone(), notifier: self.notices.clone(), ..parts };
        self.engine = Some(Engine::open(parts).unwrap());
    }

    fn engine(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }

    fn reading(&self, uptime_s: u64, rows: Vec<HostRow>) -> Reading {
        self.reading_of(None, uptime_s, rows)
    }

    /// A reading of the router with this serial number.
    fn reading_of(&self, serial: Option<&str>, uptime_s: u64, rows: Vec<HostRow>) -> Reading {
        let identity = serial.map(str::to_owned);
        let hosts = HostTable { uptime_s, rows, identity, ..HostTable::default() };
        Reading { hosts: Arc::new(hosts), begun: self.clock.uptime() }
    }

    /// Ten seconds pass, then the router with this serial number is read.
    fn meter_of(&mut self, serial: Option<&str>, uptime_s: u64, rows: Vec<HostRow>) {
        self.pass(10);
        let reading = self.reading_of(serial, uptime_s, rows);
        self.engine().meter(&reading).unwrap();
    }

    fn meter(&mut self, uptime_s: u64, rows: Vec<HostRow>) -> bool {
        let reading = self.reading(uptime_s, rows);
        self.engine().meter(&reading).unwrap()
    }

    fn pass(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    fn ask(&mut self, action: Command, reading: Option<Reading>) -> Result<Value, EngineError> {
        self.ask_keyed(action, reading, None)
    }

    fn ask_keyed(
        &mut self,
        action: Command,
        reading: Option<Reading>,
        key: Option<Key>,
    ) -> Result<Value, EngineError> {
        let done = self.engine().submit(Request { actor: Actor::daemon(), action, key, reading })?;
        Ok(serde_json::to_value(done.view()).unwrap())
    }

    fn add_user(&mut self, name: &str) -> UserId {
        let user = NewUser { name: name.into(), phone: None, login: None, settings: Settings::default() };
        let user = self.ask(Command::AddUser(user), None).unwrap();
        user["id"].as_str().unwrap().parse().unwrap()
    }

    fn grant(&mut self, user: UserId, amount: Bytes) {
        let grant = Grant { amount, days: None, reason: "tes".into() };
        self.ask(Command::Grant(user, grant), None).unwrap();
    }

    fn bind(&mut self, user: UserId, mac: Mac, reading: Option<Reading>) {
        self.ask(Command::Bind(NewDevice { is_move: true, ..NewDevice::of(user, mac) }), reading).unwrap();
    }

    fn user(&mut self, id: UserId) -> crate::domain::account::Account {
        self.engine().read_view().user(id).unwrap().user.account
    }

    fn used(&mut self, id: UserId) -> u64 {
        self.user(id).used.0
    }

    fn verify(&mut self) {
        self.engine().reader().verify().unwrap();
    }
}

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

fn row(n: u8, id: &str, uptime_s: u64, bytes: u64) -> HostRow {
    HostRow {
        mac: mac(n),
        row: RowId(id.into()),
        address: Some([10, 5, 50, n].into()),
        to_address: None,
        uptime_s,
        bytes,
        counts: true,
    }
}

fn debt_mode() -> Policy {
    Policy { overage: Overage::Debt, ..Policy::default() }
}

/// One user with a gigabyte and one bound device whose row is at 1000 bytes.
fn site() -> (Pi, UserId) {
    let mut pi = Pi::new(debt_mode());
    let user = pi.add_user("Siti");
    pi.grant(user, Bytes::gb(1));
    let reading = pi.reading(100, vec![row(1, "*1", 50, 1000)]);
    pi.bind(user, mac(1), Some(reading));
    (pi, user)
}

#[test]
fn readings_are_gathered_counted_at_once_and_committed_by_the_interval() {
    let (mut pi, user) = site();
    let commits = pi.engine().store_stats().commits;
    for i in 1..=5 {
        pi.pass(10);
        pi.meter(100 + 10 * i, vec![row(1, "*1", 50 + 10 * i, 1000 + 500 * i)]);
        assert_eq!(pi.used(user), 500 * i, "an answer includes what is not committed yet");
    }
    assert_eq!(pi.engine().store_stats().commits, commits);
    pi.pass(20);
    pi.meter(170, vec![row(1, "*1", 120, 9000)]);
    assert_eq!(pi.engine().store_stats().commits, commits + 1);
    pi.verify();
}

#[test]
fn a_crash_before_the_commit_loses_and_doubles_nothing() {
    let (mut pi, user) = site();
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 5000)]);
    pi.restart();
    assert_eq!(pi.used(user), 0, "it was not committed");
    pi.pass(10);
    pi.meter(120, vec![row(1, "*1", 70, 6000)]);
    assert_eq!(pi.used(user), 5000, "the router's counter is the log");
    pi.engine().flush().unwrap();
    pi.restart();
    pi.meter(130, vec![row(1, "*1", 80, 6000)]);
    assert_eq!(pi.used(user), 5000);
    pi.verify();
}

#[test]
fn a_turn_of_access_is_committed_at_once_and_told() {
    let (mut pi, user) = site();
    pi.pass(10);
    let commits = pi.engine().store_stats().commits;
    assert!(pi.meter(110, vec![row(1, "*1", 60, 1000 + Bytes::mb(1524).0)]));
    assert_eq!(pi.engine().store_stats().commits, commits + 1);
    let notices = pi.notices.0.lock().unwrap();
    // A blocked user needs no warning.
    let Some(Notice::AccessChanged { user: whose, to, .. }) = notices.last() else { panic!("{notices:?}") };
    assert_eq!((*whose, to.status.name()), (user, "blocked"));
}

#[test]
fn a_steady_cycle_writes_nothing() {
    let (mut pi, _) = site();
    let commits = pi.engine().store_stats().commits;
    for i in 1..100 {
        pi.pass(10);
        pi.meter(100 + 10 * i, vec![row(1, "*1", 50 + 10 * i, 1000)]);
    }
    assert_eq!(pi.engine().store_stats().commits, commits);
}

#[test]
fn reset_with_debt_stays_at_zero_after_the_next_poll() {
    let (mut pi, user) = site();
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 1000 + Bytes::gb(2).0)]);
    pi.pass(3);
    // Three megabytes flowed since the poll: they belong to the period that ends.
    let counter = 1000 + Bytes::gb(2).0 + Bytes::mb(3).0;
    let reading = pi.reading(113, vec![row(1, "*1", 63, counter)]);
    let reset = Command::Reset {
        user,
        debt: Some(Bytes::gb(10)),
        credit: None,
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    assert!(matches!(pi.ask(reset.clone(), None), Err(EngineError::RouterNeeded(_))));
    let answer = pi.ask(reset, Some(reading)).unwrap();
    assert_eq!(answer["credited_bytes"], Bytes::gb(10).0);
    assert_eq!(answer["used_bytes"], 0);
    assert_eq!(answer["debt_items_bytes"], Bytes::gb(10).0);
    assert_eq!(answer["access"]["status"], "active");
    let usage = answer["entries"].as_array().unwrap().iter().find(|e| e["kind"] == "usage").unwrap();
    assert_eq!(usage["amount_bytes"], Bytes::gb(2).0 + Bytes::mb(3).0);
    pi.pass(7);
    pi.meter(120, vec![row(1, "*1", 70, counter)]);
    assert_eq!(pi.used(user), 0);
    pi.verify();
}

#[test]
fn an_older_reading_after_a_newer_one_is_dropped() {
    let (mut pi, user) = site();
    pi.pass(10);
    let late = pi.reading(110, vec![row(1, "*1", 60, 2000)]);
    pi.pass(5);
    pi.meter(115, vec![row(1, "*1", 65, 3000)]);
    pi.engine().meter(&late).unwrap();
    pi.pass(5);
    pi.meter(120, vec![row(1, "*1", 70, 3000)]);
    assert_eq!(pi.used(user), 2000);
}

#[test]
fn binding_without_a_router_makes_the_first_reading_the_baseline() {
    let mut pi = Pi::new(debt_mode());
    let user = pi.add_user("Budi");
    pi.bind(user, mac(1), None);
    assert_eq!(
        pi.engine().read_view().user(user).unwrap().devices[0].0.pending,
        Some(crate::store::Pending::Baseline)
    );
    pi.restart();
    pi.meter(100, vec![row(1, "*1", 50, 900_000_000)]);
    assert_eq!(pi.used(user), 0);
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 900_000_007)]);
    assert_eq!(pi.used(user), 7);
}

#[test]
fn the_last_bytes_before_unbinding_belong_to_the_old_owner() {
    let (mut pi, old) = site();
    let new = pi.add_user("Budi");
    pi.pass(5);
    let reading = pi.reading(105, vec![row(1, "*1", 55, 1700)]);
    pi.bind(new, mac(1), Some(reading));
    assert_eq!(pi.used(old), 700);
    pi.pass(5);
    pi.meter(110, vec![row(1, "*1", 60, 1900)]);
    assert_eq!((pi.used(old), pi.used(new)), (700, 200));

    // Without the router the device waits, and its owner is still charged.
    pi.ask(Command::Bind(NewDevice { is_move: true, ..NewDevice::of(old, mac(1)) }), None).unwrap();
    pi.restart();
    pi.pass(5);
    pi.meter(115, vec![row(1, "*1", 65, 2000)]);
    assert_eq!((pi.used(old), pi.used(new)), (700, 300));
    pi.pass(5);
    pi.meter(120, vec![row(1, "*1", 70, 2050)]);
    assert_eq!((pi.used(old), pi.used(new)), (750, 300));
    pi.verify();
}

#[test]
fn unbinding_without_a_router_waits_for_a_last_reading() {
    let (mut pi, user) = site();
    pi.ask(Command::Unbind { user, mac: mac(1) }, None).unwrap();
    pi.pass(5);
    pi.meter(105, vec![row(1, "*1", 55, 1600)]);
    assert_eq!(pi.used(user), 600);
    assert!(pi.engine().read_view().user(user).unwrap().devices.is_empty());
    pi.pass(5);
    pi.meter(110, vec![row(1, "*1", 60, 9999)]);
    assert_eq!(pi.used(user), 600, "a device bound to nobody");
    // Bound again while its row still exists: earlier bytes are not counted.
    let reading = pi.reading(110, vec![row(1, "*1", 60, 9999)]);
    pi.bind(user, mac(1), Some(reading));
    pi.pass(5);
    pi.meter(115, vec![row(1, "*1", 65, 10_000)]);
    assert_eq!(pi.used(user), 601);
}

#[test]
fn a_key_does_its_work_once_and_answers_the_same_across_a_restart() {
    let (mut pi, user) = site();
    let key = |hash| Some(Key { id: "siti/1".into(), content_hash: [hash; 32] });
    let grant = Command::Grant(user, Grant { amount: Bytes::gb(1), days: None, reason: "x".into() });
    let first = pi.ask_keyed(grant.clone(), None, key(1)).unwrap();
    pi.restart();
    let again = pi.ask_keyed(grant.clone(), None, key(1)).unwrap();
    assert_eq!(first, again);
    assert_eq!(pi.user(user).balance.credits, Bytes::gb(2));
    let other = pi.ask_keyed(grant, None, key(2));
    assert!(matches!(other, Err(EngineError::Conflict { code: "idempotency_conflict", .. })));
    pi.verify();
}

fn cash(expect: Option<u64>) -> Tender {
    Tender { method: CashMethod::Cash, reference: None, expect: expect.map(Rupiah), last_paid: None }
}

/// Whatever is refunded or written off, the store proves its books after each step and each restart.
#[test]
fn refunds_and_write_offs_keep_the_books_whole_across_resets_and_restarts() {
    let (mut pi, user) = site();
    let package = add_package(&mut pi, Bytes::gb(10), 100_000);
    let order_id = |order: &Value| crate::domain::id::OrderId(order["id"].as_str().unwrap().into());
    let refund = |pi: &mut Pi, order: &Value, amount: Option<u64>| {
        let action =
            Command::Refund { order: order_id(order), amount: amount.map(Rupiah), reason: "salah".into() };
        let answer = pi.ask(action, None);
        pi.verify();
        pi.restart();
        pi.verify();
        answer
    };
    let before = pi.ask(Command::Buy(user, package, cash(None)), None).unwrap();
    let reading = pi.reading(100, vec![row(1, "*1", 50, 1000)]);
    let reset = Command::Reset {
        user,
        debt: Some(Bytes::gb(10)),
        credit: None,
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    pi.ask(reset, Some(reading)).unwrap();
    let whole_only = refund(&mut pi, &before, Some(1));
    assert!(matches!(whole_only, Err(EngineError::Refused(Refusal::RefundWholeOnly))));
    refund(&mut pi, &before, None).unwrap();
    assert_eq!(pi.user(user).balance.remaining(), Bytes::gb(10), "the new period is not touched");

    let part = pi.ask(Command::PayPart(user, Rupiah(40_000), cash(None)), None).unwrap();
    let debt = pi.user(user).items[0].id;
    pi.ask(Command::WriteOff { user, debt, reason: "pindah".into() }, None).unwrap();
    pi.restart();
    refund(&mut pi, &part, None).unwrap();
    assert_eq!(pi.user(user).debt_items(), Bytes::gb(4), "what was forgiven stays forgiven");
    pi.ask(Command::SettleAll(user, cash(Some(40_000))), None).unwrap();
    let twice = refund(&mut pi, &part, None);
    assert!(matches!(twice, Err(EngineError::Refused(Refusal::RefundsTooMuch(Rupiah::ZERO)))));
}

#[test]
fn an_order_that_goes_back_leaves_the_days_of_the_others_whatever_came_between() {
    let (mut pi, user) = site();
    let days = |pi: &mut Pi, days: u32| {
        let package = NewPackage {
            name: "p".into(),
            quota: Some(Bytes::gb(1)),
            days,
            price: Rupiah(10_000),
            active: true,
        };
        let package = pi.ask(Command::AddPackage(package), None).unwrap();
        let package = package["id"].as_str().unwrap().parse().unwrap();
        let order = pi.ask(Command::Buy(user, package, cash(None)), None).unwrap();
        pi.pass(24 * 3600);
        crate::domain::id::OrderId(order["id"].as_str().unwrap().into())
    };
    let back = |pi: &mut Pi, order: crate::domain::id::OrderId| {
        pi.ask(Command::Refund { order, amount: None, reason: "salah".into() }, None).unwrap();
        pi.restart();
        pi.user(user).expires_at
    };
    let start = pi.clock.now();
    let (long, short) = (days(&mut pi, 60), days(&mut pi, 30));
    assert_eq!(pi.user(user).expires_at, Some(start.plus_days(60)));
    pi.restart();
    assert_eq!(back(&mut pi, long), Some(start.plus_days(31)));
    let grant = Grant { amount: Bytes::gb(1), days: Some(45), reason: "maaf".into() };
    pi.ask(Command::Grant(user, grant), None).unwrap();
    let longest = days(&mut pi, 90);
    assert_eq!(back(&mut pi, short), Some(start.plus_days(92)));
    assert_eq!(back(&mut pi, longest), Some(start.plus_days(47)), "the grant's days");
}

fn add_package(pi: &mut Pi, quota: Bytes, price: u64) -> crate::domain::id::PackageId {
    let package =
        NewPackage { name: "p".into(), quota: Some(quota), days: 30, price: Rupiah(price), active: true };
    let package = pi.ask(Command::AddPackage(package), None).unwrap();
    package["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn receipts_have_no_gaps_whatever_is_refused_between() {
    let (mut pi, user) = site();
    let package = add_package(&mut pi, Bytes::gb(10), 100_000);
    let mut receipts = Vec::new();
    for expect in [None, Some(1), Some(100_000), Some(2), None] {
        match pi.ask(Command::Buy(user, package, cash(expect)), None) {
            Ok(order) => receipts.push(order["receipt"].as_u64().unwrap()),
            Err(error) => {
                assert!(matches!(error, EngineError::Refused(Refusal::QuoteChanged(Rupiah(100_000)))));
            }
        }
        pi.restart();
    }
    assert_eq!(receipts, [1, 2, 3]);
    assert_eq!(pi.user(user).balance.credits, Bytes::gb(31));
    pi.verify();
}

#[test]
fn a_paid_item_is_refused_and_never_becomes_everything() {
    let (mut pi, user) = site();
    add_package(&mut pi, Bytes::gb(10), 100_000);
    let owe = |pi: &mut Pi| {
        let terms = DebtTerms {
            what: Ok(Bytes::gb(1)),
            advance: true,
            debt_date: None,
            due_date: None,
            price: None,
            note: String::new(),
            customer_note: String::new(),
        };
        let debt = pi.ask(Command::AddDebt(user, terms), None).unwrap();
        debt["id"].as_str().unwrap().parse::<crate::domain::id::DebtId>().unwrap()
    };
    let (first, second) = (owe(&mut pi), owe(&mut pi));
    pi.ask(Command::SettleItem(user, first, cash(None)), None).unwrap();
    pi.restart();
    let again = pi.ask(Command::SettleItem(user, first, cash(None)), None);
    assert!(matches!(again, Err(EngineError::Refused(Refusal::AlreadyPaid))));
    let other = pi.add_user("Budi");
    let foreign = pi.ask(Command::SettleItem(other, second, cash(None)), None);
    assert!(matches!(foreign, Err(EngineError::NotFound(_))));
    assert_eq!(pi.user(user).debt_items(), Bytes::gb(1));
}

#[test]
fn usage_is_sealed_at_local_midnight_and_days_are_summed() {
    let (mut pi, user) = site();
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    let seals = |pi: &mut Pi| {
        let lines = pi.engine().reader().statement(1, Page { limit: 100, after: None }).unwrap();
        lines.iter().filter(|l| l.entry.kind == crate::domain::ledger::Kind::Usage).count()
    };
    assert_eq!(seals(&mut pi), 0);
    pi.pass(12 * 3600);
    pi.meter(110 + 43_200, vec![row(1, "*1", 60 + 43_200, 6000)]);
    assert_eq!((seals(&mut pi), pi.user(user).open_usage), (1, Bytes::ZERO));
    assert_eq!(pi.used(user), 5000);
    let days = pi.engine().reader().usage_days(1, 0, i64::MAX).unwrap();
    assert_eq!(days.iter().map(|d| d.bytes.0).collect::<Vec<_>>(), [5000]);
    pi.verify();
}

#[test]
fn a_day_that_a_jump_over_midnight_closed_is_closed_again_when_it_ends() {
    let (mut pi, user) = site();
    pi.pass(10);
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    // Twelve hours and a minute ahead: the next day by the wall clock, and trusted, as every step of less than a day.
    let truth = pi.clock.now();
    pi.clock.set_wall(Timestamp(truth.0 + 12 * 3_600_000 + 60_000));
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    pi.clock.set_wall(truth);
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    pi.pass(3600);
    pi.meter(3710, vec![row(1, "*1", 3660, 6700)]);
    let today = crate::domain::units::day_number(pi.engine().facts().local.date);
    assert_eq!(pi.engine().read_view().open_day(), Some(today), "the day is open again");
    assert_eq!(pi.user(user).open_usage, Bytes(700));
    pi.restart();
    // Two minutes after the real midnight, and not before any time that was trusted.
    pi.pass(11 * 3600 + 120);
    pi.meter(43_430, vec![row(1, "*1", 43_380, 6700)]);
    assert_eq!((pi.user(user).open_usage, pi.used(user)), (Bytes::ZERO, 5700));
    let days = pi.engine().reader().usage_days(1, 0, i64::MAX).unwrap();
    assert_eq!(days.iter().map(|d| (d.slot, d.bytes.0)).collect::<Vec<_>>(), [(today, 5700)]);
    pi.verify();
}

#[test]
fn time_alone_ends_and_begins_access() {
    let (mut pi, user) = site();
    let expires_at = Some(Some(Timestamp(NOON.0 + 60_000)));
    let change =
        UserChange { settings: Settings { expires_at, ..Settings::default() }, ..UserChange::default() };
    pi.ask(Command::ChangeUser(user, change), None).unwrap();
    pi.pass(61);
    assert!(pi.engine().pass_time().unwrap());
    assert_eq!(pi.user(user).access.status.name(), "expired");
}

#[test]
fn a_clock_that_jumped_expires_nobody_until_it_is_confirmed() {
    let (mut pi, user) = site();
    let expires_at = Some(Some(NOON.plus_days(30)));
    let change =
        UserChange { settings: Settings { expires_at, ..Settings::default() }, ..UserChange::default() };
    pi.ask(Command::ChangeUser(user, change), None).unwrap();
    pi.clock.set_wall(NOON.plus_days(400));
    pi.engine().pass_time().unwrap();
    assert_eq!(pi.user(user).access.status.name(), "active");
    pi.restart();
    pi.engine().pass_time().unwrap();
    assert_eq!(pi.user(user).access.status.name(), "active", "a restart makes it no truer");
    pi.engine().confirm_clock().unwrap();
    assert_eq!(pi.user(user).access.status.name(), "expired");
    pi.verify();
}

/// The Pi boots after a power cut with its clock in 1970.
fn boot_in_1970(pi: &mut Pi) {
    pi.clock.reboot();
    pi.clock.set_wall(Timestamp(0));
    pi.restart();
    pi.pass(60);
    pi.engine().pass_time().unwrap();
}

fn owe(pi: &mut Pi, user: UserId, due_date: Option<jiff::civil::Date>) -> crate::domain::id::DebtId {
    let terms = DebtTerms {
        what: Ok(Bytes::gb(1)),
        advance: true,
        debt_date: None,
        due_date,
        price: Some(Rupiah(10_000)),
        note: "bon".into(),
        customer_note: String::new(),
    };
    let debt = pi.ask(Command::AddDebt(user, terms), None).unwrap();
    debt["id"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_debt_entered_in_1970_is_due_by_the_day_it_was_entered_and_blocks_nobody_at_trust() {
    for restarts in [false, true] {
        let (mut pi, user) = site();
        let noon = pi.clock.now();
        let today = pi.engine().facts().local.date;
        let given = today.saturating_add(jiff::ToSpan::days(3));
        boot_in_1970(&mut pi);
        assert!(!pi.engine().facts().clock_trusted);
        assert_eq!(pi.engine().facts().local.date, today, "the floor, not 1970");
        let (debt, dated, promised) =
            (owe(&mut pi, user, None), owe(&mut pi, user, Some(given)), owe(&mut pi, user, None));
        let promise = DebtChange { due_date: Some(given), note: None, customer_note: None };
        pi.ask(Command::ChangeDebt(user, promised, promise), None).unwrap();
        if restarts {
            pi.restart();
        }
        // The machine had booted two days before the network set the clock.
        pi.pass(2 * 24 * 3600);
        pi.clock.set_wall(Timestamp(noon.0 + 30 * crate::domain::units::DAY_MS));
        pi.clock.synchronize();
        pi.engine().pass_time().unwrap();
        let entered = today.saturating_add(jiff::ToSpan::days(28));
        for restarted in [false, true] {
            let account = pi.user(user);
            let dates = |id| account.item(id).map(|item| (item.debt_date, item.due_date)).unwrap();
            let rule = crate::domain::debt::DebtDue::EndOfMonth;
            assert_eq!(dates(debt), (entered, rule.date(entered)), "{restarted}");
            assert_eq!(dates(dated).1, given);
            assert_eq!(dates(promised).1, given);
            pi.restart();
        }
        let causes = pi.user(user).access.causes;
        assert!(causes.contains(&Reason::DebtOverdue), "what a person dated is late: {causes:?}");
        for late in [dated, promised] {
            pi.ask(Command::WriteOff { user, debt: late, reason: "x".into() }, None).unwrap();
        }
        assert!(!pi.user(user).access.causes.contains(&Reason::DebtOverdue));
        pi.verify();
    }
}

#[test]
fn what_is_sold_in_1970_is_a_sale_of_its_day_once_that_is_known() {
    let (mut pi, user) = site();
    let package = add_package(&mut pi, Bytes::gb(10), 100_000);
    let noon = pi.clock.now();
    boot_in_1970(&mut pi);
    let order = pi.ask(Command::Buy(user, package, cash(None)), None).unwrap();
    let id = crate::domain::id::OrderId(order["id"].as_str().unwrap().into());
    let close = Command::CloseDrawer { counted: Rupiah(100_000), note: String::new() };
    pi.ask(close, None).unwrap();
    let said = pi.engine().reader().order_entries(&id).unwrap()[0].at;
    pi.pass(3600);
    let right = Timestamp(noon.0 + crate::domain::units::DAY_MS / 2);
    pi.clock.set_wall(right);
    pi.clock.synchronize();
    pi.engine().pass_time().unwrap();
    let sold = Timestamp(right.0 - 3_600_000);
    let order = pi.engine().reader().order(&id).unwrap().unwrap();
    assert_eq!((order.created_at, order.paid_at), (sold, Some(sold)));
    let page = crate::store::Page { limit: 1, after: None };
    assert_eq!(pi.engine().reader().closings(None, page).unwrap()[0].at, sold);
    assert_eq!(
        pi.engine().reader().order_entries(&id).unwrap()[0].at,
        said,
        "the line keeps what the clock said"
    );
    assert!(said < Timestamp(crate::domain::units::DAY_MS));
    pi.verify();
}

#[test]
fn whoever_is_expired_stays_so_while_the_clock_says_1970() {
    let (mut pi, user) = site();
    let settings = Settings { expires_at: Some(Some(pi.clock.now())), ..Settings::default() };
    let change = UserChange { settings, ..UserChange::default() };
    pi.ask(Command::ChangeUser(user, change), None).unwrap();
    pi.pass(60);
    pi.engine().pass_time().unwrap();
    assert_eq!(pi.user(user).access.status, Status::Expired);
    boot_in_1970(&mut pi);
    assert_eq!(pi.user(user).access.status, Status::Expired);
    let reading = pi.reading(100, Vec::new());
    let reset = Command::Reset {
        user,
        debt: None,
        credit: Some(Bytes::gb(1)),
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    pi.ask(reset, Some(reading)).unwrap();
    assert_eq!(pi.user(user).waiting_days, 30, "and a reset gives days that begin at trust");
}

#[test]
fn usage_that_is_counted_in_1970_is_not_lost_to_the_reports() {
    let (mut pi, user) = site();
    let hour = |at: Timestamp| at.0.div_euclid(3_600_000);
    let floor = hour(pi.clock.now());
    boot_in_1970(&mut pi);
    let used = |pi: &mut Pi, from, to| {
        let no = pi.engine().read_view().user(user).unwrap().user.no;
        let gathered = pi.engine().read_view().gathered_usage(no, from, to);
        let filed = pi.engine().reader().usage_hours(no, from, to).unwrap();
        gathered.iter().chain(&filed).map(|row| row.bytes.0).sum::<u64>()
    };
    assert_eq!(used(&mut pi, floor, floor + 2), 0);
    pi.meter(100, vec![row(1, "*1", 50, 1000)]);
    pi.meter(110, vec![row(1, "*1", 60, 6000)]);
    let counted = pi.used(user);
    assert!(counted > 0);
    assert_eq!(used(&mut pi, floor, floor + 2), counted);
}

#[test]
fn nothing_is_metered_across_a_change_of_router() {
    // The spare's clock and rows continue those of the old router, restart, or are unrelated to them.
    for (uptime_s, id, age_s, bytes) in
        [(120, "*1", 70, 9000), (5, "*1", 3, 700), (900_000, "*7", 800_000, 1 << 40)]
    {
        let (mut pi, user) = site();
        pi.meter_of(Some("A"), 110, vec![row(1, "*1", 60, 3000)]);
        assert_eq!(pi.used(user), 2000);
        assert_eq!(pi.engine().router_change(), None, "a router is known by now, and it was none before");
        pi.meter_of(Some("B"), uptime_s, vec![row(1, id, age_s, bytes)]);
        assert_eq!(pi.used(user), 2000);
        let since = pi.clock.now();
        let change = RouterChange { was: "A".into(), is: "B".into(), since };
        assert_eq!(pi.engine().router_change(), Some(change.clone()));
        pi.restart();
        assert_eq!(pi.engine().router_change(), Some(change.clone()), "it is written down at once");
        pi.meter_of(Some("B"), uptime_s + 10, vec![row(1, id, age_s + 10, bytes + 50)]);
        pi.meter_of(Some("B"), uptime_s + 20, vec![row(1, id, age_s + 20, bytes + 90), row(1, "*9", 1, 7)]);
        assert_eq!(pi.used(user), 2097, "metering goes on with the new one");
        assert_eq!(pi.engine().router_change(), Some(change));
        pi.verify();
    }
}

#[test]
fn a_router_that_keeps_its_identity_to_itself_is_the_same_one() {
    let (mut pi, user) = site();
    pi.meter_of(Some("A"), 110, vec![row(1, "*1", 60, 2000)]);
    pi.meter_of(None, 120, vec![row(1, "*1", 70, 3000)]);
    pi.engine().flush().unwrap();
    pi.restart();
    pi.meter_of(Some("A"), 130, vec![row(1, "*1", 80, 4000)]);
    assert_eq!((pi.used(user), pi.engine().router_change()), (3000, None));
    pi.meter_of(None, 140, vec![row(1, "*1", 90, 5000)]);
    pi.meter_of(Some("B"), 150, vec![row(1, "*1", 100, 6000)]);
    assert_eq!(pi.used(user), 4000, "it is remembered while nothing is told");
    assert_eq!(pi.engine().router_change().unwrap().was, "A");
}

#[test]
fn devices_that_are_away_when_the_router_changes_are_metered_from_their_first_row() {
    let (mut pi, user) = site();
    pi.meter_of(Some("A"), 110, vec![row(1, "*1", 60, 2000)]);
    pi.meter_of(Some("B"), 500, vec![]);
    pi.meter_of(Some("B"), 510, vec![row(1, "*1", 5, 300)]);
    assert_eq!(pi.used(user), 1300);
    pi.verify();
}

#[test]
fn what_an_earlier_version_remembered_of_the_router_is_read() {
    let text = r#"{"uptime_s":1,"read_at":2,"pi_uptime_s":3,"boot_id":"x"}"#;
    let clock: state::RouterClock = serde_json::from_str(text).unwrap();
    assert_eq!((clock.identity, clock.change), (None, None));
}

/// A command of an admin for one user.
#[derive(Clone, Debug)]
enum Counter {
    Buy,
    Owe(u64),
    Pay(u64),
    SettleAll,
    Refund(prop::sample::Index, u64),
    WriteOff(prop::sample::Index),
    Reset,
    Use(u64),
    Close,
    Restart,
}

fn any_counter() -> impl Strategy<Value = Counter> {
    let index = any::<prop::sample::Index>();
    prop_oneof![
        3 => Just(Counter::Buy),
        3 => (1..4000_u64).prop_map(Counter::Owe),
        3 => prop_oneof![1..9_u64, 1..90_000_u64].prop_map(Counter::Pay),
        2 => Just(Counter::SettleAll),
        5 => (index.clone(), prop_oneof![Just(100), 1..100_u64]).prop_map(|(n, p)| Counter::Refund(n, p)),
        2 => index.prop_map(Counter::WriteOff),
        1 => Just(Counter::Reset),
        1 => (1..900_u64).prop_map(Counter::Use),
        1 => Just(Counter::Close),
        1 => Just(Counter::Restart),
    ]
}

/// The command for an act, if it has an object to act on.
fn counter_action(
    pi: &mut Pi,
    act: &Counter,
    user: UserId,
    package: crate::domain::id::PackageId,
) -> Option<Command> {
    Some(match act {
        Counter::Buy => Command::Buy(user, package, cash(None)),
        Counter::Owe(mb) => Command::AddDebt(
            user,
            DebtTerms {
                what: Ok(Bytes::mb(*mb)),
                advance: mb % 2 == 0,
                debt_date: None,
                due_date: None,
                price: None,
                note: String::new(),
                customer_note: String::new(),
            },
        ),
        Counter::Pay(rp) => Command::PayPart(user, Rupiah(*rp), cash(None)),
        Counter::SettleAll => Command::SettleAll(user, cash(None)),
        Counter::Refund(n, percent) => {
            let orders = pi.engine().reader().orders(None, Page { limit: 100, after: None }).unwrap();
            let (_, order) = (!orders.is_empty()).then(|| n.get(&orders).clone())?;
            let amount = (*percent < 100).then(|| Rupiah(order.amount.0 * percent / 100));
            Command::Refund { order: order.id, amount, reason: "salah".into() }
        }
        Counter::WriteOff(n) => {
            let debts = pi.engine().reader().debts(1).unwrap();
            let debt = (!debts.is_empty()).then(|| n.get(&debts).id)?;
            Command::WriteOff { user, debt, reason: "pindah".into() }
        }
        Counter::Reset => Command::Reset {
            user,
            debt: Some(Bytes::gb(1)),
            credit: None,
            days: None,
            unblock: None,
            reason: "bulan baru".into(),
        },
        Counter::Close => Command::CloseDrawer { counted: Rupiah(1), note: String::new() },
        Counter::Use(_) | Counter::Restart => return None,
    })
}

/// Events between readings of one site with two users and two devices.
#[derive(Clone, Copy, Debug)]
enum World {
    Flow(u8, u32),
    Read,
    Replace(u8),
    Vanish(u8),
    ResetCounter(u8),
    Reboot,
    Rebind(u8, u8),
    Unbind(u8),
    Crash,
    PiReboot,
    Wait(u16),
    Login(u8, bool),
}

fn any_world() -> impl Strategy<Value = World> {
    let device = 0..2_u8;
    prop_oneof![
        8 => (device.clone(), 1..50_000_000_u32).prop_map(|(d, n)| World::Flow(d, n)),
        8 => Just(World::Read),
        2 => device.clone().prop_map(World::Replace),
        1 => device.clone().prop_map(World::Vanish),
        1 => device.clone().prop_map(World::ResetCounter),
        1 => Just(World::Reboot),
        2 => (device.clone(), 0..2_u8).prop_map(|(d, u)| World::Rebind(d, u)),
        1 => device.clone().prop_map(World::Unbind),
        3 => Just(World::Crash),
        1 => Just(World::PiReboot),
        3 => (1..200_u16).prop_map(World::Wait),
        2 => (device, any::<bool>()).prop_map(|(d, on)| World::Login(d, on)),
    ]
}

/// The router and the true usage, sharing no code with the metering rules.
struct Truth {
    uptime_s: u64,
    next_row: u32,
    /// Row name, appeared at, bytes, logged in.
    rows: BTreeMap<u8, (u32, u64, u64, bool)>,
    owner: BTreeMap<u8, usize>,
    /// Bytes that flowed while a device was bound to a user.
    flowed: [u64; 2],
    /// The part of `flowed` while logged in.
    flowed_logged_in: [u64; 2],
    /// Bytes that restarts may have lost: bytes in a row since the last committed reading.
    may_be_lost: u64,
    committed: BTreeMap<u8, (u32, u64)>,
}

impl Truth {
    fn appear(&mut self, device: u8) {
        self.next_row += 1;
        self.rows.insert(device, (self.next_row, self.uptime_s, 0, true));
    }

    fn restart_row(&mut self, device: u8) {
        let Some((name, _, bytes, _)) = self.rows.get(&device) else { return };
        let safe = self.committed.get(&device).filter(|(row, _)| row == name).map_or(0, |(_, b)| *b);
        self.may_be_lost += bytes.saturating_sub(safe);
    }

    fn table(&self) -> Vec<HostRow> {
        let row = |(d, (name, at, bytes, on)): (&u8, &(u32, u64, u64, bool))| HostRow {
            counts: *on,
            ..row(*d, &format!("*{name:X}"), self.uptime_s - at, *bytes)
        };
        self.rows.iter().map(row).collect()
    }
}

fn play(acts: &[World]) -> (Truth, Pi, [u64; 2]) {
    let mut pi = Pi::new(Policy { debt_limit: Bytes::ZERO, overage: Overage::Stop, ..Policy::default() });
    let users = [pi.add_user("A"), pi.add_user("B")];
    let mut truth = Truth {
        uptime_s: 1000,
        next_row: 0,
        rows: BTreeMap::new(),
        owner: BTreeMap::new(),
        flowed: [0; 2],
        flowed_logged_in: [0; 2],
        may_be_lost: 0,
        committed: BTreeMap::new(),
    };
    for act in acts.iter().chain(&[World::Read]) {
        let commits = pi.engine().store_stats().commits;
        world_step(&mut pi, &mut truth, users, *act);
        let read = matches!(act, World::Read | World::Rebind(..) | World::Unbind(_));
        if read && pi.engine().store_stats().commits > commits {
            truth.committed =
                truth.rows.iter().map(|(d, (name, _, bytes, _))| (*d, (*name, *bytes))).collect();
        }
    }
    pi.engine().flush().unwrap();
    pi.verify();
    let used = users.map(|user| pi.used(user));
    (truth, pi, used)
}

fn world_step(pi: &mut Pi, truth: &mut Truth, users: [UserId; 2], act: World) {
    pi.pass(1);
    truth.uptime_s += 1;
    match act {
        World::Flow(d, n) => {
            if !truth.rows.contains_key(&d) {
                truth.appear(d);
            }
            let row = truth.rows.get_mut(&d).unwrap();
            row.2 += u64::from(n);
            if let Some(owner) = truth.owner.get(&d) {
                truth.flowed[*owner] += u64::from(n);
                truth.flowed_logged_in[*owner] += if row.3 { u64::from(n) } else { 0 };
            }
        }
        World::Read => drop(pi.meter(truth.uptime_s, truth.table())),
        World::Replace(d) => {
            truth.restart_row(d);
            truth.appear(d);
        }
        World::Vanish(d) => {
            truth.restart_row(d);
            truth.rows.remove(&d);
        }
        World::ResetCounter(d) => {
            // A row that is reset within the tolerance of its own start cannot be told apart from the old one.
            pi.pass(6);
            truth.uptime_s += 6;
            truth.restart_row(d);
            truth.committed.remove(&d);
            let uptime_s = truth.uptime_s;
            if let Some(row) = truth.rows.get_mut(&d) {
                (row.1, row.2) = (uptime_s, 0);
            }
        }
        World::Reboot => {
            (0..2).for_each(|d| truth.restart_row(d));
            truth.rows.clear();
            // Row names restart, and no router boots faster than this.
            (truth.uptime_s, truth.next_row) = (1, 0);
            truth.committed.clear();
            pi.pass(10);
        }
        World::Rebind(d, u) => {
            let reading = pi.reading(truth.uptime_s, truth.table());
            pi.bind(users[usize::from(u)], mac(d), Some(reading));
            truth.owner.insert(d, usize::from(u));
        }
        World::Unbind(d) => {
            if let Some(owner) = truth.owner.remove(&d) {
                let reading = pi.reading(truth.uptime_s, truth.table());
                pi.ask(Command::Unbind { user: users[owner], mac: mac(d) }, Some(reading)).unwrap();
            }
        }
        World::Crash => pi.restart(),
        World::PiReboot => {
            pi.clock.reboot();
            pi.restart();
        }
        World::Wait(s) => {
            pi.pass(u64::from(s));
            truth.uptime_s += u64::from(s);
        }
        World::Login(d, on) => {
            if let Some(row) = truth.rows.get_mut(&d) {
                row.3 = on;
            }
        }
    }
}

/// Every case has a store of its own, so the default number is small.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(150)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    /// Metered usage never exceeds the bytes that flowed while the device was bound to the user, whatever happens in
    /// between.
    #[test]
    fn metered_never_exceeds_moved(acts in prop::collection::vec(any_world(), 1..60)) {
        let (truth, _pi, used) = play(&acts);
        for (user, used) in used.into_iter().enumerate() {
            let flowed = truth.flowed[user];
            prop_assert!(used <= flowed, "user {user}: {used} > {flowed}");
        }
    }

    /// However often a sale is repeated, and whatever crashes in between: each key credits once, with one receipt and
    /// one price.
    #[test]
    fn a_settled_quote_credits_once(acts in prop::collection::vec((0..4_u8, any::<bool>()), 1..20)) {
        let mut pi = Pi::new(debt_mode());
        let user = pi.add_user("Siti");
        let package = add_package(&mut pi, Bytes::gb(10), 100_000);
        let mut answers = BTreeMap::new();
        for (n, crash) in acts {
            let key = Key { id: format!("kasir/{n}"), content_hash: [n; 32] };
            let answer = pi.ask_keyed(Command::Buy(user, package, cash(None)), None, Some(key)).unwrap();
            let first = answers.entry(n).or_insert_with(|| answer.clone()).clone();
            prop_assert_eq!(first, answer);
            if crash {
                pi.restart();
            }
        }
        let sold = answers.len() as u64;
        prop_assert_eq!(pi.user(user).balance.credits, Bytes(Bytes::gb(10).0 * sold));
        let receipts: Vec<u64> = answers.values().filter_map(|order| order["receipt"].as_u64()).collect();
        prop_assert_eq!(receipts.iter().max(), Some(&sold));
        pi.verify();
    }

    /// At most the bytes between the last committed reading and a counter's restart are lost.
    #[test]
    fn lost_is_at_most_what_flowed_before_a_restart(acts in prop::collection::vec(any_world(), 1..60)) {
        let stays_logged_in = |act: &World| !matches!(act, World::Login(..));
        let acts: Vec<World> = acts.into_iter().filter(stays_logged_in).collect();
        let (truth, _pi, used) = play(&acts);
        let flowed: u64 = truth.flowed_logged_in.iter().sum();
        let metered: u64 = used.iter().sum();
        prop_assert!(flowed - metered <= truth.may_be_lost, "{} > {}", flowed - metered, truth.may_be_lost);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is sold, lent, paid, refunded and written off: the store proves its books, memory and store agree
    /// after a restart, and the sums of orders equal those of the closings and the open drawer.
    #[test]
    fn the_books_are_whole_after_any_day_at_the_counter(acts in prop::collection::vec(any_counter(), 1..40)) {
        let (mut pi, user) = site();
        let package = add_package(&mut pi, Bytes::gb(10), 100_000);
        let (mut uptime_s, mut counter) = (100, 1000);
        for act in &acts {
            pi.pass(1);
            uptime_s += 1;
            if let Counter::Use(mb) = act {
                counter += Bytes::mb(*mb).0;
            }
            let reading = pi.reading(uptime_s, vec![row(1, "*1", uptime_s - 50, counter)]);
            match counter_action(&mut pi, act, user, package) {
                Some(action) => match pi.ask(action, Some(reading)) {
                    Ok(_) | Err(EngineError::Refused(_)) => {}
                    Err(error) => prop_assert!(false, "{act:?}: {error}"),
                },
                None if matches!(act, Counter::Restart) => {
                    pi.verify();
                    pi.restart();
                }
                None => drop(pi.engine().meter(&reading).unwrap()),
            }
            pi.engine().flush().unwrap();
        }
        pi.verify();
        let account = pi.user(user);
        pi.restart();
        prop_assert_eq!(&pi.user(user), &account, "what was committed is what is in memory");
        let page = Page { limit: 100, after: None };
        let reader = pi.engine().reader();
        let orders = reader.orders(None, page).unwrap();
        let held: u64 = orders.iter().map(|(_, o)| o.amount.0 - o.refunded.0).sum();
        let closed: i64 = reader.closings(None, page).unwrap().iter().map(|c| c.drawer.cash.sum()).sum();
        let open = reader.drawer(&Actor::daemon().name, None).unwrap().cash.sum();
        prop_assert_eq!(i64::try_from(held).unwrap(), closed + open);
    }
}
