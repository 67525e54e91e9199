//! The daemon killed at random moments under traffic and calls, again and again on the same folder: the books are
//! whole, whatever was acknowledged is in them, and nothing is metered that did not flow.
//!
//! This tests the process, not the card: the page cache survives a kill. `KUOTA_CRASH_ROUNDS` is how many kills
//! there are, `KUOTA_CRASH_SEED` repeats a run's dice.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::dice::Dice;
use crate::program;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use kuota::domain::id::Mac;
use kuota::sim::{SimClock, SimConfig, SimRouter};
use program::{Asked, LOOK, ProgramFolder, RunningProgram, eventually};
use serde_json::json;
use tokio::runtime::Runtime;

/// Kills in all; each of the four sites below takes its share.
const ROUNDS: u64 = 50;
const SITES: u64 = 4;
/// The longest life of a daemon, from its first answer.
const LIFE_MS: u64 = 700;
const DEVICES: u8 = 3;
/// Threads that call.
const CALLERS: u64 = 2;
/// Older acknowledged calls that are asked for again after each kill; all of them are in the end.
const SAMPLE: u64 = 20;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

/// A subscriber of the site and what the calls owe it.
struct Customer {
    path: String,
    mac: Mac,
}

/// The site, its truth, and everything that was asked of it.
struct Site {
    folder: ProgramFolder,
    sim: SimRouter,
    _runtime: Runtime,
    customers: Vec<Customer>,
    asked: Vec<Asked>,
    calls: u64,
}

impl Site {
    /// A router with devices on the air, bound and let through, and the daemon that did it.
    fn new() -> (Self, RunningProgram) {
        let runtime = Runtime::new().unwrap();
        let config = SimConfig { clock: SimClock::Real, ..SimConfig::default() };
        let sim = runtime.block_on(SimRouter::start(config)).unwrap();
        let folder = ProgramFolder::new(&sim.address().to_string());
        let daemon = folder.serve();
        let mut site =
            Self { folder, sim, _runtime: runtime, customers: Vec::new(), asked: Vec::new(), calls: 0 };
        for n in 1..=DEVICES {
            site.sim.host_connect(mac(n), Ipv4Addr::new(10, 5, 50, n));
            let id =
                site.acknowledged("/api/v1/users", &json!({"name": format!("Pelanggan {n}")}))["id"].clone();
            let path = format!("/api/v1/users/{}", id.as_str().unwrap());
            site.acknowledged(&format!("{path}/credits"), &json!({"amount": "1000 GB", "reason": "awal"}));
            site.acknowledged(&format!("{path}/devices"), &json!({"mac": mac(n).to_string()}));
            site.customers.push(Customer { path, mac: mac(n) });
        }
        eventually("every device has access", || site.customers.iter().all(|c| site.sim.has_access(c.mac)));
        (site, daemon)
    }

    /// A call that must succeed, remembered.
    fn acknowledged(&mut self, path: &str, body: &serde_json::Value) -> serde_json::Value {
        self.calls += 1;
        let mut asked = Asked::new(format!("setup-{}", self.calls), path, body);
        asked.settle(&self.folder.socket()).unwrap();
        let answer = asked.answer.clone().unwrap();
        self.asked.push(asked);
        answer.json()
    }

    /// Kills a daemon `after` a while under traffic and calls.
    fn strike(&mut self, daemon: RunningProgram, after: Duration, dice: &mut Dice, restarts: bool) {
        let over = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut threads = vec![self.flow(&over, Dice(dice.below(u64::MAX)), restarts)];
        for _ in 0..CALLERS {
            self.calls += 1;
            threads.push(self.caller(&over, &asked, Dice(dice.below(u64::MAX)), self.calls));
        }
        thread::sleep(after);
        daemon.kill();
        over.store(true, Ordering::SeqCst);
        for thread in threads {
            thread.join().unwrap();
        }
        self.asked.append(&mut asked.lock().unwrap());
    }

    /// Bytes flow until it is over; where `restarts`, counters begin anew in between.
    fn flow(&self, over: &Arc<AtomicBool>, mut dice: Dice, restarts: bool) -> thread::JoinHandle<()> {
        let (sim, over) = (self.sim.clone(), Arc::clone(over));
        thread::spawn(move || {
            while !over.load(Ordering::SeqCst) {
                let device = mac(1 + u8::try_from(dice.below(u64::from(DEVICES))).unwrap());
                sim.traffic(device, dice.below(1_000_000), dice.below(10_000));
                if restarts && dice.below(100) == 0 {
                    match dice.below(2) {
                        0 => sim.reset_counters(device),
                        _ => drop(sim.host_replace(device, dice.below(100_000))),
                    }
                }
                thread::sleep(Duration::from_millis(2));
            }
        })
    }

    /// Calls that change something, one after the other, until it is over.
    fn caller(
        &self,
        over: &Arc<AtomicBool>,
        asked: &Arc<Mutex<Vec<Asked>>>,
        mut dice: Dice,
        number: u64,
    ) -> thread::JoinHandle<()> {
        let (over, all, socket) = (Arc::clone(over), Arc::clone(asked), self.folder.socket());
        let customers: Vec<String> = self.customers.iter().map(|customer| customer.path.clone()).collect();
        thread::spawn(move || {
            for n in 0.. {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let key = format!("call-{number}-{n}");
                let mut asked = if dice.below(3) == 0 {
                    Asked::new(&key, "/api/v1/users", &json!({"name": format!("Baru {number} {n}")}))
                } else {
                    let user = &customers[usize::try_from(dice.below(u64::from(DEVICES))).unwrap()];
                    let body = json!({"amount": 1 + dice.below(50), "reason": "uji"});
                    Asked::new(&key, format!("{user}/credits"), &body)
                };
                match asked.send(&socket) {
                    Ok(answer) => asked.answer = Some(answer),
                    // Nobody was there to take it; a start removes the socket of the one before first.
                    Err(error)
                        if matches!(
                            error.kind(),
                            std::io::ErrorKind::ConnectionRefused | std::io::ErrorKind::NotFound
                        ) =>
                    {
                        thread::sleep(LOOK);
                        continue;
                    }
                    Err(_) => {}
                }
                all.lock().unwrap().push(asked);
            }
        })
    }

    /// Everything that must hold after a kill; the daemon runs again.
    fn check(&mut self, from: usize, dice: &mut Dice) -> Result<(), String> {
        let socket = self.folder.socket();
        self.at_least_the_acknowledged(&socket)?;
        let older: Vec<usize> =
            (0..SAMPLE.min(from as u64)).map(|_| usize::try_from(dice.below(from as u64)).unwrap()).collect();
        for n in older.into_iter().chain(from..self.asked.len()) {
            self.asked[n].settle(&socket)?;
        }
        self.sums(&socket)?;
        self.metered_is_no_more_than_moved(&socket)
    }

    /// Before anything is asked for again: credits are those acknowledged, and of those without an answer each is
    /// whole or not there.
    fn at_least_the_acknowledged(&self, socket: &Path) -> Result<(), String> {
        for customer in &self.customers {
            let of_user = |asked: &&Asked| asked.path == format!("{}/credits", customer.path);
            let (known, open): (Vec<&Asked>, Vec<&Asked>) =
                self.asked.iter().filter(of_user).partition(|asked| asked.answer.is_some());
            let known: u64 = known.into_iter().map(credited).sum();
            let mut possible = vec![known];
            for asked in open {
                possible.extend(possible.clone().into_iter().map(|sum| sum + credited(asked)));
            }
            let there = user(socket, customer)?["credited_bytes"].as_u64().unwrap();
            if !possible.contains(&there) {
                return Err(format!("credited {there}, possible {possible:?}"));
            }
        }
        Ok(())
    }

    /// Users and credits are exactly those that were acknowledged.
    fn sums(&self, socket: &Path) -> Result<(), String> {
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for asked in self.asked.iter().filter(|asked| asked.path.ends_with("/credits")) {
            *sums.entry(asked.path.trim_end_matches("/credits")).or_default() += credited(asked);
        }
        for customer in &self.customers {
            let there = user(socket, customer)?["credited_bytes"].as_u64().unwrap();
            let known = sums.get(customer.path.as_str()).copied().unwrap_or_default();
            if there != known {
                return Err(format!("{there} bytes are credited, {known} were acknowledged"));
            }
        }
        let known = self.asked.iter().filter(|asked| asked.path == "/api/v1/users").count();
        let there = count_users(socket)?;
        if there == known { Ok(()) } else { Err(format!("{there} users, {known} were acknowledged")) }
    }

    fn metered_is_no_more_than_moved(&self, socket: &Path) -> Result<(), String> {
        for customer in &self.customers {
            // In this order: the truth only grows.
            let metered = user(socket, customer)?["used_bytes"].as_u64().unwrap();
            let moved = self.sim.moved_countable(customer.mac);
            if metered > moved {
                return Err(format!("{metered} metered, {moved} moved"));
            }
        }
        Ok(())
    }

    fn is_metered_whole(&self) -> bool {
        let socket = self.folder.socket();
        let metered = |customer| user(&socket, customer).unwrap()["used_bytes"].as_u64().unwrap();
        self.customers.iter().all(|customer| metered(customer) == self.sim.moved_countable(customer.mac))
    }
}

const GIB: u64 = 1 << 30;

/// The bytes that a call credits.
fn credited(asked: &Asked) -> u64 {
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    match &body["amount"] {
        serde_json::Value::String(_) => 1000 * GIB,
        amount => amount.as_u64().unwrap(),
    }
}

fn user(socket: &Path, customer: &Customer) -> Result<serde_json::Value, String> {
    let answer = program::call(socket, "GET", &customer.path, None, "").map_err(|e| e.to_string())?;
    if answer.status == 200 { Ok(answer.json()) } else { Err(format!("no user: {answer:?}")) }
}

fn count_users(socket: &Path) -> Result<usize, String> {
    let (mut count, mut after) = (0, String::new());
    loop {
        let path = format!("/api/v1/users?limit=200{after}");
        let answer = program::call(socket, "GET", &path, None, "").map_err(|e| e.to_string())?;
        let page = answer.json();
        count += page["items"].as_array().ok_or("no list")?.len();
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return Ok(count),
        }
    }
}

/// One site's share of the kills.
fn crash(share: u64, restarts: bool) {
    let now = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let seed = setting("KUOTA_CRASH_SEED").unwrap_or(now) + share;
    let rounds = setting("KUOTA_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let rounds = rounds / SITES + u64::from(share < rounds % SITES);
    println!("share {share}: {rounds} kills, KUOTA_CRASH_SEED={}", seed - share);
    let mut dice = Dice(seed);
    let (mut site, mut daemon) = Site::new();
    let mut cut = 0;
    for round in 0..rounds {
        let from = site.asked.len();
        // One in four dies while it starts or shortly after.
        if dice.below(4) == 0 {
            daemon.kill();
            daemon = site.folder.start();
        }
        site.strike(daemon, Duration::from_millis(dice.below(LIFE_MS)), &mut dice, restarts);
        cut += site.asked[from..].iter().filter(|asked| asked.answer.is_none()).count();
        site.folder.verify().unwrap_or_else(|why| panic!("seed {seed}, round {round}: {why}"));
        daemon = site.folder.serve();
        site.check(from, &mut dice).unwrap_or_else(|why| panic!("seed {seed}, round {round}: {why}"));
    }
    println!("share {share}: {} calls, {cut} of them cut off", site.asked.len());
    if !restarts {
        eventually("all that moved is metered", || site.is_metered_whole());
    }
    site.check(0, &mut dice).unwrap();
    daemon.stop();
    site.folder.verify().unwrap();
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged_1() {
    crash(0, false);
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged_2() {
    crash(1, false);
}

#[test]
fn killed_at_any_moment_it_keeps_what_it_acknowledged_3() {
    crash(2, false);
}

#[test]
fn killed_while_counters_restart_it_meters_no_more_than_moved() {
    crash(3, true);
}

fn copy(from: &Path, to: &PathBuf) {
    std::fs::create_dir(to).unwrap();
    for name in ["kuota.db", "kuota.db-wal"] {
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

#[test]
fn the_check_finds_what_was_lost() {
    let (mut site, daemon) = Site::new();
    let socket = site.folder.socket();
    let mut dice = Dice(1);
    site.check(0, &mut dice).unwrap();
    daemon.stop();
    let old = site.folder.path("old");
    copy(site.folder.data(), &old);

    // The disk forgets two calls that were acknowledged.
    let daemon = site.folder.serve();
    site.acknowledged("/api/v1/users", &json!({"name": "Hilang"}));
    let credits = format!("{}/credits", site.customers[0].path);
    site.acknowledged(&credits, &json!({"amount": 7, "reason": "hilang"}));
    site.check(0, &mut dice).unwrap();
    daemon.stop();
    std::fs::remove_dir_all(site.folder.data()).unwrap();
    copy(&old, &site.folder.data().to_owned());
    let daemon = site.folder.serve();
    assert!(site.at_least_the_acknowledged(&socket).unwrap_err().contains("possible"));
    assert!(site.sums(&socket).unwrap_err().contains("were acknowledged"));
    let lost = site.asked.iter_mut().map(|asked| asked.settle(&socket)).filter(Result::is_err).count();
    assert_eq!(lost, 2, "made again under new ids");

    // A user that nobody acknowledged, a call that was never made, bytes that never flowed.
    program::call(&socket, "POST", "/api/v1/users", None, "{\"name\": \"Siapa\"}").unwrap();
    assert!(site.sums(&socket).is_err());
    let mut never = Asked::new("never", &credits, &json!({"amount": 1, "reason": "x"}));
    never.answer = site.asked.last().unwrap().answer.clone();
    assert!(never.settle(&socket).unwrap_err().contains("is missing"));
    site.sim.traffic(mac(1), 50_000, 0);
    eventually("all that moved is metered", || site.is_metered_whole());
    site.metered_is_no_more_than_moved(&socket).unwrap();
    site.customers[0].mac = mac(99);
    assert!(site.metered_is_no_more_than_moved(&socket).unwrap_err().contains("moved"));
    daemon.stop();
}
