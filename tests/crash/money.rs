//! The agent and the relay killed at random moments while customers pay: whatever the gateway took is credited once,
//! nothing else is, no order that was shown is forgotten, and both stores prove whole after every kill. The relay is one
//! process on a file, or two that share a PostgreSQL database and of which one is killed.
//!
//! `KUOTA_MONEY_ROUNDS` is how many kills there are, `KUOTA_MONEY_SEED` repeats a run's dice, `KUOTA_MONEY_HUNG_MS` is for how
//! long a relay hangs at most.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::audit;
use crate::dice;
use crate::postgres;
use crate::program;
use crate::proxy;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use audit::{Books, Sums};
use dice::Dice;
use kuota::domain::id::Mac;
use kuota::sim::midtrans::{MidtransSim, Options, SimMerchant};
use kuota::sim::{SimClock, SimConfig, SimRouter};
use program::{Asked, DEADLINE, LOOK, ProgramFolder, RunningProgram, eventually, said};
use proxy::{Proxy, Wire};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::runtime::Runtime;

/// Kills in all; each of the tests below takes its share.
const ROUNDS: u64 = 20;
const PLACES: u64 = 2;
/// The longest time from one kill to the next.
const LIFE_MS: u64 = 700;
/// The longest time that one of several relays hangs. Its leases are another's after 15 s.
const HUNG_MS: u64 = 1500;
const CUSTOMERS: u8 = 4;
const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
const TOKEN: &str = "token-of-site-1";
const METHODS: [&str; 5] = ["qris", "gopay", "shopeepay", "va_bca", "va_permata"];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 5, 50, n)
}

/// The relays on one store.
struct Relays(Vec<(RunningProgram, SocketAddr)>);

impl Relays {
    fn start(system: &CrashSystem) -> Self {
        let count = if system.database.is_some() { 2 } else { 1 };
        let relays = Self((0..count).map(|_| start_relay(system)).collect());
        relays.lead(system);
        relays
    }

    /// Agent and gateway reach any of them, in turn.
    fn lead(&self, system: &CrashSystem) {
        let addresses: Vec<SocketAddr> = self.0.iter().map(|(_, address)| *address).collect();
        system.uplink.lead_to_any(addresses.clone());
        system.doorway.lead_to_any(addresses);
    }

    /// Kills one and starts it again, or lets it hang for a while where there are others; those go on. The store is proved
    /// in between.
    fn trouble_one(&mut self, system: &CrashSystem, dice: &mut Dice) -> Result<(), String> {
        let which = usize::try_from(dice.below(self.0.len() as u64)).unwrap();
        if self.0.len() > 1 && dice.below(4) == 0 {
            // It hangs: what it has begun is the other's, and what it does afterwards comes late.
            let hung = &self.0[which].0;
            hung.signal("STOP");
            thread::sleep(Duration::from_millis(
                dice.below(setting("KUOTA_MONEY_HUNG_MS").unwrap_or(HUNG_MS)),
            ));
            let proved = system.verify_relay();
            hung.signal("CONT");
            return proved;
        }
        self.0.remove(which).0.kill();
        system.verify_relay()?;
        self.0.push(start_relay(system));
        self.lead(system);
        Ok(())
    }
}

/// A relay, once it listens, and where.
fn start_relay(system: &CrashSystem) -> (RunningProgram, SocketAddr) {
    let command = system.folder.relay_command(&["run", "--log-format", "text"]);
    let mut relay = RunningProgram::start(command, &system.folder);
    relay.logs("relay listens");
    let address = relay.listens("relay listens").unwrap().parse().unwrap();
    (relay, address)
}

/// What outlives every kill: the router, the gateway, wires, folders, and what customers saw.
struct CrashSystem {
    folder: ProgramFolder,
    router: SimRouter,
    gateway: MidtransSim,
    uplink: Proxy,
    doorway: Proxy,
    users: Vec<String>,
    package: String,
    /// Where the relays' store is, unless it is a file.
    database: Option<postgres::Database<'static>>,
    /// Orders that were shown to somebody.
    shown: Arc<Mutex<BTreeSet<String>>>,
    _runtime: Runtime,
}

impl CrashSystem {
    /// Everything at work, and customers without quota.
    fn new(database: Option<postgres::Database<'static>>) -> (Self, RunningProgram, Relays) {
        let runtime = Runtime::new().unwrap();
        let (router, gateway, uplink, doorway) = runtime.block_on(async {
            let router = SimRouter::start(SimConfig { clock: SimClock::Real, ..SimConfig::default() });
            let merchants = vec![SimMerchant::new("G000000001", KEY)];
            let gateway = MidtransSim::start(Options { merchants, ..Options::default() });
            (router.await.unwrap(), gateway.await.unwrap(), Proxy::start().await, Proxy::start().await)
        });
        let folder = ProgramFolder::new(&router.address().to_string());
        let mut system = Self {
            folder,
            router,
            gateway,
            uplink,
            doorway,
            users: Vec::new(),
            package: String::new(),
            database,
            shown: Arc::default(),
            _runtime: runtime,
        };
        system.configure();
        let relays = Relays::start(&system);
        let daemon = system.folder.serve();
        let package = json!({"name": "10 GB", "quota": "10 GB", "days": 30, "price_rp": 100_000});
        let package = system.ask("/api/v1/packages", &package);
        package["id"].as_str().unwrap().clone_into(&mut system.package);
        for n in 1..=CUSTOMERS {
            system.router.host_connect(mac(n), address(n));
            let user = system.ask("/api/v1/users", &json!({"name": format!("Pelanggan {n}")}));
            let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
            system.ask(&format!("{path}/devices"), &json!({"mac": mac(n).to_string()}));
            system.users.push(path);
        }
        (system, daemon, relays)
    }

    fn configure(&self) {
        let path = |name: &str| self.folder.path(name).display().to_string();
        std::fs::write(path("m1.key"), KEY).unwrap();
        std::fs::write(path("relay.token"), TOKEN).unwrap();
        let hash: Vec<String> = Sha256::digest(TOKEN).iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::write(path("site-1.sha256"), hash.concat()).unwrap();
        let file = || format!("sqlite:{}", path("relay/relay.db"));
        let database = self.database.as_ref().map_or_else(file, postgres::Database::url);
        let relay = format!(
            "listen = \"127.0.0.1:0\"\npublic_url = \"{}\"\ndatabase = \"{database}\"\n[[merchant]]\nid = \"m1\"\n\
             server_key_file = \"{}\"\ncore_url = \"{}\"\nsnap_url = \"{}\"\n[[merchant.site]]\nid = \"site-1\"\n\
             token_sha256_file = \"{}\"\n",
            self.doorway.url(),
            path("m1.key"),
            self.gateway.core_url(),
            self.gateway.snap_url(),
            path("site-1.sha256"),
        );
        std::fs::write(path("relay.toml"), relay).unwrap();
        let agent = std::fs::read_to_string(path("kuotad.toml")).unwrap();
        let agent = format!(
            "{agent}[relay]\nurl = \"{}\"\nsite = \"site-1\"\ntoken_file = \"{}\"\n",
            self.uplink.url(),
            path("relay.token"),
        );
        std::fs::write(path("kuotad.toml"), agent).unwrap();
    }

    /// A call that must succeed.
    fn ask(&self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        let mut asked = Asked::new(path, path, body);
        asked.key.push_str(&body.to_string().replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
        asked.settle(&self.folder.socket()).unwrap();
        asked.answer.unwrap().json()
    }

    /// The relay's store as it lies on the disk.
    fn verify_relay(&self) -> Result<(), String> {
        let output = self.folder.relay_command(&["verify"]).output().unwrap();
        if output.status.code() == Some(0) { Ok(()) } else { Err(said(&output)) }
    }

    /// A customer who buys and pays, again and again, until it is over.
    fn customer(&self, n: usize, over: &Arc<AtomicBool>, mut dice: Dice) -> thread::JoinHandle<u64> {
        let (over, shown, gateway) = (Arc::clone(over), Arc::clone(&self.shown), self.gateway.clone());
        let (path, package) = (format!("{}/purchases", self.users[n]), self.package.clone());
        let socket = self.folder.socket();
        thread::spawn(move || {
            let mut calls = 0;
            while !over.load(Ordering::SeqCst) {
                calls += 1;
                let body = json!({"package_id": package, "method": dice.one_of(&METHODS)});
                let asked = Asked::new(format!("buy-{n}-{calls}"), &path, &body);
                let Some(order) = insist(&asked, &socket) else { continue };
                shown.lock().unwrap().insert(order.clone());
                if dice.below(4) > 0 {
                    // It may have been called off meanwhile.
                    let _ = gateway.pay(&order);
                }
                thread::sleep(Duration::from_millis(dice.below(100)));
            }
            calls
        })
    }

    fn check(&self) -> Result<Sums, String> {
        let gateway = self.gateway.orders();
        let books = Books::read(self.folder.data()).map_err(|error| error.to_string())?;
        let sums = books.check(&gateway, &BTreeSet::new())?;
        for id in self.shown.lock().unwrap().iter() {
            if !books.orders.contains_key(id) {
                return Err(format!("{id} was shown to somebody and is gone"));
            }
        }
        match (books.openings, books.outbox) {
            (0, 0) => Ok(sums),
            (openings, outbox) => {
                Err(format!("{openings} pending orders and {outbox} outbox items are left"))
            }
        }
    }

    /// Waits until everything adds up.
    fn adds_up(&self) -> Sums {
        let until = Instant::now() + 2 * DEADLINE;
        loop {
            match self.check() {
                Ok(sums) => return sums,
                Err(why) => assert!(Instant::now() < until, "never adds up: {why}"),
            }
            thread::sleep(LOOK);
        }
    }
}

/// Makes a call again under its key until there is an answer that says what became of it: the order, if one did.
fn insist(asked: &Asked, socket: &Path) -> Option<String> {
    let until = Instant::now() + DEADLINE;
    loop {
        match asked.send(socket) {
            Ok(answer) if answer.status == 201 => {
                return Some(answer.json()["id"].as_str().unwrap().to_owned());
            }
            Ok(answer) if answer.status < 500 => return None,
            Ok(answer) => {
                assert!(Instant::now() < until, "{} is refused for ever: {}", asked.key, answer.json());
            }
            Err(_) => assert!(Instant::now() < until, "{} is never answered", asked.key),
        }
        thread::sleep(LOOK);
    }
}

/// One place's share of the kills.
fn crash(share: u64, database: Option<postgres::Database<'static>>) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = setting("KUOTA_MONEY_SEED").unwrap_or(now) + share;
    let rounds = setting("KUOTA_MONEY_ROUNDS").unwrap_or(ROUNDS).div_ceil(PLACES);
    println!("share {share}: {rounds} kills, KUOTA_MONEY_SEED={}", seed - share);
    let mut dice = Dice(seed);
    let (system, mut daemon, mut relays) = CrashSystem::new(database);
    let over = Arc::new(AtomicBool::new(false));
    let customers: Vec<_> =
        (0..usize::from(CUSTOMERS)).map(|n| system.customer(n, &over, Dice(dice.below(u64::MAX)))).collect();
    let mut kills = [0; 2];
    for round in 0..rounds {
        thread::sleep(Duration::from_millis(dice.below(LIFE_MS)));
        let (of_agent, of_relay) =
            [(true, false), (false, true), (true, true)][usize::try_from(dice.below(3)).unwrap()];
        let fail = |why: String| panic!("seed {seed}, round {round}: {why}");
        if of_relay {
            kills[1] += 1;
            relays.trouble_one(&system, &mut dice).unwrap_or_else(fail);
        }
        if of_agent {
            kills[0] += 1;
            daemon.kill();
            system.folder.verify().unwrap_or_else(fail);
            daemon = system.folder.serve();
        }
    }
    over.store(true, Ordering::SeqCst);
    let calls: u64 = customers.into_iter().map(|customer| customer.join().unwrap()).sum();
    let sums = system.adds_up();
    let [of_agent, of_relay] = kills;
    println!("share {share}: agent killed {of_agent} times, relay {of_relay} times, {calls} calls, {sums:?}");
    assert!(sums.paid > 0 && sums.credited == sums.paid, "{sums:?}");
    eventually("whoever paid is online", || {
        (1..=CUSTOMERS).all(|n| system.router.lists_of(address(n)) == ["klient_aktif"])
    });
    daemon.stop();
    drop(relays);
    system.folder.verify().unwrap();
    system.verify_relay().unwrap();
}

#[test]
fn killed_while_customers_pay_both_credit_every_payment_once_1() {
    crash(0, None);
}

#[test]
fn killed_while_customers_pay_both_credit_every_payment_once_2() {
    crash(1, None);
}

#[test]
fn two_relays_on_one_database_of_which_one_is_killed_credit_every_payment_once() {
    crash(2, Some(postgres::database()));
}

#[test]
fn the_check_finds_a_payment_that_is_not_credited_and_an_order_that_is_gone() {
    let (system, daemon, relays) = CrashSystem::new(None);
    let buy = |n: usize, method: &str| {
        let body = json!({"package_id": system.package, "method": method});
        let asked = Asked::new(format!("buy-{n}"), format!("{}/purchases", system.users[n]), &body);
        insist(&asked, &system.folder.socket()).unwrap()
    };
    let (first, second) = (buy(0, "qris"), buy(1, "va_bca"));
    system.gateway.pay(&first).unwrap();
    assert_eq!(system.adds_up().credited, 1);

    system.uplink.set(Wire::Cut);
    system.gateway.pay(&second).unwrap();
    assert!(system.check().unwrap_err().contains("nothing credited"));
    system.uplink.set(Wire::Whole);
    assert_eq!(system.adds_up().credited, 2);

    system.shown.lock().unwrap().insert("never".into());
    assert!(system.check().unwrap_err().contains("is gone"));
    // A ledger that lost a line does not prove whole.
    daemon.stop();
    drop(relays);
    let conn = rusqlite::Connection::open(system.folder.data().join("kuota.db")).unwrap();
    conn.execute("DELETE FROM entries WHERE order_id = ?1", [&second]).unwrap();
    drop(conn);
    assert!(system.check().unwrap_err().contains("nothing credited"));
    system.folder.verify().unwrap_err();
}
