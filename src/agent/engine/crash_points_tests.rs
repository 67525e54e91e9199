//! A process that is killed after any commit finds what the engine had in memory, and what a store has whose every row is
//! written in full: readings in between are narrow rows, and no reader may notice.

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value as Cell;

use super::*;
use crate::store::{DeviceRecord, FILE, UserRecord};

const USERS: usize = 3;
const DEVICES: u8 = 5;

/// A row of the router's host table.
#[derive(Clone, Debug)]
struct Host {
    row: String,
    born_s: u64,
    bytes: u64,
    counts: bool,
}

/// What happens next. Every number is taken modulo what there is.
#[derive(Clone, Debug)]
enum Deed {
    /// A minute passes, and these devices move so many bytes; the router's two clocks are rounded in this way.
    Traffic {
        moved: Vec<u64>,
        rounding: (u64, u64, u64),
    },
    Leave(u8),
    Join(u8),
    /// A second row of a device.
    JoinTwice(u8),
    /// A row counts from zero again.
    Recount(u8),
    /// A device's traffic becomes somebody's usage, or ceases to be.
    Authorize(u8),
    RouterReboot,
    Minutes(u16),
    ClockBack(u8),
    Bind(usize, u8),
    Unbind(u8),
    Grant(usize),
    Debit(usize),
    Reset(usize),
    Block(usize),
    Unblock(usize),
    Exempt(usize, bool),
    Limit(usize, Option<Overage>),
    BuyPlan(usize),
    Rename(usize),
    Kill,
}

fn any_deed() -> impl Strategy<Value = Deed> {
    let user = || 0..USERS;
    let device = || 0..DEVICES;
    let moved = prop_oneof![3 => 1..5_000_000_u64, 1 => Just(0), 1 => 1..2_000_000_000_u64];
    let overage = prop_oneof![Just(None), Just(Some(Overage::Stop)), Just(Some(Overage::Debt))];
    prop_oneof![
        12 => (prop::collection::vec(moved, 1..6), (0..2_u64, 0..2_u64, 0..4_u64))
            .prop_map(|(moved, rounding)| Deed::Traffic { moved, rounding }),
        1 => device().prop_map(Deed::Leave),
        2 => device().prop_map(Deed::Join),
        1 => device().prop_map(Deed::JoinTwice),
        1 => device().prop_map(Deed::Recount),
        1 => device().prop_map(Deed::Authorize),
        1 => Just(Deed::RouterReboot),
        1 => (1..90_u16).prop_map(Deed::Minutes),
        1 => (700..1500_u16).prop_map(Deed::Minutes),
        1 => (1..90_u8).prop_map(Deed::ClockBack),
        2 => (user(), device()).prop_map(|(user, device)| Deed::Bind(user, device)),
        1 => device().prop_map(Deed::Unbind),
        1 => user().prop_map(Deed::Grant),
        1 => user().prop_map(Deed::Debit),
        1 => user().prop_map(Deed::Reset),
        1 => user().prop_map(Deed::Block),
        1 => user().prop_map(Deed::Unblock),
        1 => (user(), any::<bool>()).prop_map(|(user, is_exempt)| Deed::Exempt(user, is_exempt)),
        1 => (user(), overage).prop_map(|(user, overage)| Deed::Limit(user, overage)),
        1 => user().prop_map(Deed::BuyPlan),
        1 => user().prop_map(Deed::Rename),
        2 => Just(Deed::Kill),
    ]
}

/// An engine with its card.
struct Site {
    /// Closed before its folder goes.
    engine: Engine,
    dir: TempDir,
}

impl Site {
    fn open(dir: TempDir, clock: &ManualClock) -> Self {
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let parts = Engine::parts(dir.path(), Arc::new(clock.clone()), zone).unwrap();
        let mut ids = u128::from(parts.store.load().unwrap().chain_seq) << 32;
        let new_id = Box::new(move || {
            ids += 1;
            Uuid::from_u128(ids)
        });
        let parts = Parts { policy: debt_mode(), trust_clock: true, new_id, ..parts };
        Self { engine: Engine::open(parts).unwrap(), dir }
    }

    /// What a process that starts after a kill finds.
    fn killed(&self, clock: &ManualClock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for end in ["", "-wal", "-mark"] {
            let name = format!("{FILE}{end}");
            if self.dir.path().join(&name).exists() {
                std::fs::copy(self.dir.path().join(&name), dir.path().join(&name)).unwrap();
            }
        }
        Self::open(dir, clock)
    }

    fn table(&self, sql: &str) -> Vec<Vec<Cell>> {
        table(self.dir.path(), sql)
    }
}

fn table(dir: &Path, sql: &str) -> Vec<Vec<Cell>> {
    let conn = Connection::open(dir.join(FILE)).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| (0..columns).map(|at| row.get(at)).collect()).unwrap();
    rows.map(Result::unwrap).collect()
}

/// One site twice: with narrow rows, and with every row in full.
struct Twins {
    clock: ManualClock,
    narrow: Site,
    full: Site,
    users: Vec<UserId>,
    plan: crate::domain::id::PackageId,
    uptime_s: u64,
    rows: u32,
    hosts: BTreeMap<u8, Vec<Host>>,
    rounding: (u64, u64, u64),
}

impl Twins {
    fn new() -> Self {
        let clock = ManualClock::new(NOON);
        let sites = [(); 2].map(|()| Site::open(tempfile::tempdir().unwrap(), &clock));
        let [narrow, full] = sites;
        let mut twins = Self {
            clock,
            narrow,
            full,
            users: Vec::new(),
            plan: crate::domain::id::PackageId(Uuid::nil()),
            uptime_s: 1000,
            rows: 0,
            hosts: BTreeMap::new(),
            rounding: (0, 0, 1),
        };
        let plan = NewPackage {
            name: "Bulanan".into(),
            quota: None,
            days: 30,
            price: Rupiah(100_000),
            active: true,
        };
        let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
        twins.plan = id(&twins.ask(&Command::AddPackage(plan)).unwrap()).parse().unwrap();
        for n in 0..USERS {
            let user =
                NewUser { name: format!("u{n}"), phone: None, login: None, settings: Settings::default() };
            let user = id(&twins.ask(&Command::AddUser(user)).unwrap()).parse().unwrap();
            twins.users.push(user);
            let grant = Grant { amount: Bytes::gb(2), days: None, reason: "tes".into() };
            twins.ask(&Command::Grant(user, grant)).unwrap();
        }
        for n in 0..DEVICES {
            twins.join(n);
            twins.bind(usize::from(n) % USERS, n);
        }
        twins
    }

    fn both<T: PartialEq + std::fmt::Debug>(&mut self, mut work: impl FnMut(&mut Engine) -> T) -> T {
        let done = work(&mut self.narrow.engine);
        assert_eq!(work(&mut self.full.engine), done);
        // An hour that never comes: usage is always written in full.
        let conn = Connection::open(self.full.dir.path().join(FILE)).unwrap();
        conn.execute("UPDATE meta SET value = '-1' WHERE key = 'meters_hour'", []).unwrap();
        done
    }

    fn ask(&mut self, action: &Command) -> Result<Value, String> {
        self.pass(5);
        let reading = self.reading();
        self.both(|engine| {
            let (action, reading) = (action.clone(), Some(reading.clone()));
            let done = engine.submit(Request { actor: Actor::daemon(), action, key: None, reading });
            done.map(|done| serde_json::to_value(done.view()).unwrap()).map_err(|error| error.to_string())
        })
    }

    fn pass(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.uptime_s += seconds;
    }

    fn reading(&self) -> Reading {
        let (uptime, age, span_s) = self.rounding;
        let row = |n: u8, host: &Host| HostRow {
            uptime_s: self.uptime_s - host.born_s + age,
            counts: host.counts,
            ..super::row(n, &host.row, 0, host.bytes)
        };
        let rows = self.hosts.iter().flat_map(|(n, hosts)| hosts.iter().map(|host| row(*n, host))).collect();
        let hosts = HostTable { uptime_s: self.uptime_s + uptime, span_s, rows, ..HostTable::default() };
        Reading { hosts: Arc::new(hosts), begun: self.clock.uptime() }
    }

    fn meter(&mut self) {
        let reading = self.reading();
        self.both(|engine| engine.meter(&reading).unwrap());
    }

    fn join(&mut self, n: u8) {
        self.rows += 1;
        let host = Host { row: format!("*{:X}", self.rows), born_s: self.uptime_s, bytes: 0, counts: true };
        self.hosts.entry(n).or_default().push(host);
    }

    fn bind(&mut self, user: usize, n: u8) {
        let device =
            NewDevice { is_move: true, replace_oldest: true, ..NewDevice::of(self.users[user], mac(n)) };
        let _ = self.ask(&Command::Bind(device));
    }

    fn do_deed(&mut self, deed: &Deed) {
        match deed {
            Deed::Traffic { moved, rounding } => {
                self.rounding = *rounding;
                self.pass(61);
                for (hosts, moved) in self.hosts.values_mut().zip(moved) {
                    for host in hosts.iter_mut() {
                        host.bytes += moved;
                    }
                }
                self.meter();
            }
            Deed::Leave(n) => drop(self.hosts.remove(n)),
            Deed::Join(n) if self.hosts.contains_key(n) => {}
            Deed::Join(n) | Deed::JoinTwice(n) => self.join(*n),
            Deed::Recount(n) => {
                for host in self.hosts.get_mut(n).into_iter().flatten() {
                    host.bytes /= 3;
                }
            }
            Deed::Authorize(n) => {
                for host in self.hosts.get_mut(n).into_iter().flatten() {
                    host.counts = !host.counts;
                }
            }
            Deed::RouterReboot => {
                let was = std::mem::take(&mut self.hosts);
                self.uptime_s = 20;
                self.rows = 0;
                for n in was.keys() {
                    self.join(*n);
                }
            }
            Deed::Minutes(minutes) => {
                self.pass(60 * u64::from(*minutes));
                self.meter();
            }
            Deed::ClockBack(minutes) => {
                let back = i64::from(*minutes) * 60_000;
                self.clock.set_wall(Timestamp(self.clock.now().0 - back));
            }
            Deed::Kill => {
                self.narrow = self.narrow.killed(&self.clock);
                self.full = self.full.killed(&self.clock);
            }
            Deed::Bind(..)
            | Deed::Unbind(_)
            | Deed::Grant(_)
            | Deed::Debit(_)
            | Deed::Reset(_)
            | Deed::Block(_)
            | Deed::Unblock(_)
            | Deed::Exempt(..)
            | Deed::Limit(..)
            | Deed::BuyPlan(_)
            | Deed::Rename(_) => self.command(deed),
        }
    }

    fn command(&mut self, deed: &Deed) {
        let user = |user: &usize| self.users[*user];
        let reason = "tes".to_owned();
        let change = |settings| UserChange { settings, ..UserChange::default() };
        let command = match deed {
            Deed::Bind(user, n) => return self.bind(*user, *n),
            Deed::Unbind(n) => {
                let state = &self.narrow.engine.state;
                let Some(no) = state.by_mac.get(&mac(*n)) else { return };
                let user = state.users[&state.devices[no].user_no].account.id;
                Command::Unbind { user, mac: mac(*n) }
            }
            Deed::Grant(no) => Command::Grant(user(no), Grant { amount: Bytes::gb(1), days: None, reason }),
            Deed::Debit(no) => Command::Debit { user: user(no), amount: Bytes::mb(100), reason },
            Deed::Reset(no) => Command::Reset {
                user: user(no),
                debt: None,
                credit: Some(Bytes::gb(1)),
                days: None,
                unblock: None,
                reason,
            },
            Deed::Block(no) => Command::Block(user(no), reason),
            Deed::Unblock(no) => Command::Unblock(user(no), reason),
            Deed::Exempt(no, is_exempt) => Command::ChangeUser(
                user(no),
                change(Settings { exempt: Some(*is_exempt), ..Settings::default() }),
            ),
            Deed::Limit(no, overage) => Command::ChangeUser(
                user(no),
                change(Settings { overage: Some(*overage), ..Settings::default() }),
            ),
            Deed::BuyPlan(no) => {
                let tender =
                    Tender { method: CashMethod::Cash, reference: None, expect: None, last_paid: None };
                Command::Buy(user(no), self.plan, tender)
            }
            Deed::Rename(no) => {
                let name = Some(format!("u{no} at {}", self.uptime_s));
                Command::ChangeUser(user(no), UserChange { name, ..UserChange::default() })
            }
            _ => return,
        };
        // Some are refused, by both.
        let _ = self.ask(&command);
    }

    /// Compares what a kill at this moment leaves with the memory and with the store that has every row in full.
    fn check(&mut self) {
        let killed = self.narrow.killed(&self.clock);
        let (found, full) =
            (killed.engine.parts.store.load().unwrap(), self.full.engine.parts.store.load().unwrap());
        assert_eq!(found.users, full.users);
        assert_eq!(
            of_devices(found.devices.values(), &full.devices),
            full.devices.values().cloned().collect::<Vec<_>>()
        );
        for sql in [
            "SELECT * FROM accounts ORDER BY 1",
            "SELECT device_no, row, bytes, counts FROM counters ORDER BY 1, 2",
            "SELECT * FROM usage_hours ORDER BY 1, 2, 3",
            "SELECT * FROM usage_days ORDER BY 1, 2, 3",
            "SELECT * FROM usage_totals ORDER BY 1, 2",
            "SELECT * FROM entries ORDER BY 1",
        ] {
            assert_eq!(killed.table(sql), self.full.table(sql), "{sql}");
        }
        killed.engine.reader().verify().unwrap();
        let state = &self.narrow.engine.state;
        if state.dirty.is_empty() {
            let sums = |user: &UserRecord| {
                let a = &user.account;
                (user.no, a.balance, a.open_usage, a.used, a.fup_base)
            };
            let kept: Vec<_> = killed.engine.state.users.values().map(sums).collect();
            assert_eq!(kept, state.users.values().map(sums).collect::<Vec<_>>());
            let counters = |device: &DeviceRecord| {
                device.counters.iter().map(|c| (c.row.clone(), c.bytes, c.counts)).collect::<Vec<_>>()
            };
            let kept: Vec<_> = killed.engine.state.devices.values().map(counters).collect();
            assert_eq!(kept, state.devices.values().map(counters).collect::<Vec<_>>());
        }
    }
}

/// Devices with the age and start of each row as in `full`, where the same row is meant.
fn of_devices<'a>(
    devices: impl Iterator<Item = &'a DeviceRecord>,
    full: &BTreeMap<u32, DeviceRecord>,
) -> Vec<DeviceRecord> {
    let mut out: Vec<DeviceRecord> = devices.cloned().collect();
    for device in &mut out {
        for (counter, full) in device.counters.iter_mut().zip(&full[&device.no].counters) {
            // Bytes that are nobody's usage may leave the older of the two in either store.
            if full.has_start_of(counter) || counter.has_start_of(full) {
                (counter.started_s, counter.slack_s, counter.uptime_s) =
                    (full.started_s, full.slack_s, full.uptime_s);
            }
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_at_any_moment_leaves_what_a_store_written_in_full_has(
        deeds in prop::collection::vec(any_deed(), 1..40),
    ) {
        let mut twins = Twins::new();
        twins.check();
        for deed in &deeds {
            twins.do_deed(deed);
            twins.check();
        }
    }
}
