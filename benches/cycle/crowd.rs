//! An engine with many users on the air. Everything of one user: a quota account, an expiry, one device; every second one
//! owes something.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::date;
use kuota::agent::engine::{
    Actor, Command, Engine, ImportedDebt, ImportedDevice, ImportedUser, NewPackage, NewUser, Reading,
    Request, View,
};
use kuota::clock::{Clock, ManualClock, Zone};
use kuota::domain::id::{Mac, UserId};
use kuota::domain::policy::{Grant, Settings, Transfer};
use kuota::domain::units::{Bytes, Rupiah, Timestamp};
use kuota::domain::usage::{HostRow, HostTable, RowId};
use kuota::store::Role;
use tempfile::TempDir;

pub const USERS: u32 = 1000;
/// 2026-11-22 05:00 UTC, noon in Jakarta.
const NOON: Timestamp = Timestamp(1_795_323_600_000);
/// Readings are committed when a case says so.
const COMMIT_INTERVAL: Duration = Duration::from_hours(10_000);

pub struct Crowd {
    engine: Engine,
    clock: ManualClock,
    ids: Vec<UserId>,
    /// Rows of users, then rows of no user.
    rows: u32,
    bytes: u64,
    uptime_s: u64,
    reading: Reading,
    import: Option<Command>,
    imports: u32,
    _folder: TempDir,
}

/// A folder in memory, or any.
fn folder() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    if in_memory.is_dir() { tempfile::tempdir_in(in_memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn mac(n: u32) -> Mac {
    let [_, a, b, c] = n.to_be_bytes();
    Mac([2, 0, 0, a, b, c])
}

impl Crowd {
    pub fn new(packages: u32) -> Self {
        let (folder, clock) = (folder(), ManualClock::new(NOON));
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let parts = Engine::parts(folder.path(), Arc::new(clock.clone()), zone).unwrap();
        let engine = Engine::open(kuota::agent::engine::Parts { commit_interval: COMMIT_INTERVAL, ..parts });
        let mut crowd = Self {
            engine: engine.unwrap(),
            reading: Reading { hosts: Arc::default(), begun: clock.uptime() },
            clock,
            ids: Vec::new(),
            rows: USERS,
            bytes: 1000,
            uptime_s: 100_000,
            import: None,
            imports: 0,
            _folder: folder,
        };
        for n in 0..packages {
            let (name, quota) = (format!("Paket nomor {n}"), Some(Bytes::gb(1 + u64::from(n))));
            crowd.ask(Command::AddPackage(NewPackage {
                name,
                quota,
                days: 30,
                price: Rupiah(10_000),
                active: true,
            }));
        }
        crowd.prepare_import();
        crowd.import();
        // The first reading of devices is their baseline.
        crowd.pass(10);
        crowd.read();
        crowd.commit();
        crowd
    }

    fn ask(&mut self, action: Command) -> View {
        let actor = Actor { name: "juragan".to_owned(), role: Role::Owner, source: "bench".to_owned() };
        let request = Request { actor, action, key: None, reading: None };
        self.engine.submit(request).unwrap().view().unwrap().clone()
    }

    /// Time passes, and the router is read: nobody used anything.
    pub fn pass(&mut self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.uptime_s += seconds;
        let row = |n: u32| HostRow {
            mac: mac(n),
            row: RowId(format!("*{n:X}")),
            address: None,
            to_address: None,
            uptime_s: self.uptime_s - 50_000,
            bytes: self.bytes,
            counts: true,
        };
        let rows = (0..self.rows).map(row).collect();
        let hosts = HostTable { uptime_s: self.uptime_s, rows, ..HostTable::default() };
        self.reading = Reading { hosts: Arc::new(hosts), begun: self.clock.uptime() };
    }

    /// The same, and everybody used something.
    pub fn use_all(&mut self) {
        self.bytes += 1000;
        self.pass(10);
    }

    /// As many devices of no user come on the air.
    pub fn meet_strangers(&mut self) {
        self.rows = 2 * USERS;
        self.pass(10);
    }

    /// The engine counts the last reading.
    pub fn read(&mut self) {
        let changed = self.engine.meter(&self.reading).unwrap();
        assert!(!changed, "nobody's access changes");
    }

    pub fn pass_time(&mut self) {
        let before = self.engine.read_view().entries();
        self.engine.pass_time().unwrap();
        assert_eq!(self.engine.read_view().entries() - before, u64::from(USERS));
    }

    pub fn commit(&mut self) {
        self.engine.flush().unwrap();
    }

    /// Statements of the store so far.
    pub fn statements(&self) -> u64 {
        self.engine.store_stats().statements
    }

    pub fn note(&mut self) {
        self.engine.note(&Actor::daemon(), "bench", "", String::new()).unwrap();
    }

    pub fn grant(&mut self) {
        let grant = Grant { amount: Bytes::gb(1), days: None, reason: "bench".to_owned() };
        self.ask(Command::Grant(self.ids[0], grant));
    }

    /// Makes the rows of the next import; the first one are the users on the air.
    pub fn prepare_import(&mut self) {
        let from = self.imports * 10 * USERS;
        self.imports += 1;
        let users = (0..USERS).map(|n| imported(n, from + n)).collect();
        self.import = Some(Command::Import { users, packages: Vec::new(), findings: Vec::new() });
    }

    pub fn import(&mut self) {
        let import = self.import.take().unwrap();
        let View::Import(done) = self.ask(import) else { panic!("no import") };
        self.ids = done.ids;
    }
}

fn imported(row: u32, n: u32) -> ImportedUser {
    let debt = ImportedDebt {
        amount: Some(Bytes::gb(1)),
        price: Some(Rupiah(10_000)),
        debt_date: date(2026, 11, 1),
        due_date: date(2099, 12, 31),
        note: "bayar akhir bulan".to_owned(),
        customer_note: String::new(),
    };
    let quota = Transfer {
        credits: Bytes::gb(1000),
        debits: Bytes::gb(1),
        fup_base: Bytes::gb(1000),
        unlimited: false,
        reason: "import".to_owned(),
    };
    let settings = Settings { expires_at: Some(Some(Timestamp(NOON.0 * 2))), ..Settings::default() };
    ImportedUser {
        row: usize::try_from(row).unwrap(),
        user: NewUser {
            name: format!("Pelanggan {n}"),
            phone: Some(format!("0812{n:08}")),
            login: None,
            settings,
        },
        devices: vec![ImportedDevice { mac: mac(n), label: "HP".to_owned() }],
        quota: Some(quota),
        debts: if n.is_multiple_of(2) { vec![debt] } else { Vec::new() },
        admin_block: None,
        customer_note: None,
    }
}
