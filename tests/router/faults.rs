//! Every fault of the simulated router at every command that the agent sends. When the fault is over, the router
//! holds within two cycles exactly what it should, what is metered is what flowed, and rows of others are as they
//! were; and a router that talks without end costs no memory.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::process;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::process_memory::memory_kib;
use crate::support::site::{BINDINGS, LISTS, SiteBuilder, TestSite, address, mac, pair};
use kuota::agent::engine::{Actor, Command, NewDevice};
use kuota::domain::id::UserId;
use kuota::domain::units::Bytes;
use kuota::routeros::client::ClientConfig;
use kuota::routeros::wire::Limits;
use kuota::sim::{Fault, When};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

const LOGIN: &str = "/login";
const RESOURCE: &str = "/system/resource/print";
const HOSTS: &str = "/ip/hotspot/host/print";
/// Every command that the agent sends while it works.
const COMMANDS: [&str; 12] = [
    LOGIN,
    RESOURCE,
    HOSTS,
    "/ip/firewall/address-list/print",
    "/ip/firewall/address-list/add",
    "/ip/firewall/address-list/set",
    "/ip/firewall/address-list/remove",
    "/ip/hotspot/ip-binding/print",
    "/ip/hotspot/ip-binding/add",
    "/ip/hotspot/ip-binding/set",
    "/ip/hotspot/ip-binding/remove",
    "/ip/dhcp-server/lease/print",
];
/// How long the router may be silent in these tests.
const PATIENCE: Duration = Duration::from_millis(1_200);
/// Longer than any wait between two attempts to connect that these tests can cause.
const RECOVERY_MAX: Duration = Duration::from_mins(2);
/// Sites at the same time.
const SITES_MAX: usize = 12;

/// A site in the middle of its work: one user that stays as it is, one to be blocked, one to be bound, one to be
/// unbound, and rows of others beside them.
struct Case {
    site: TestSite,
    what: String,
    stays: UserId,
    blocked: UserId,
    bound: UserId,
    unbound: UserId,
    foreign: Vec<BTreeMap<String, String>>,
}

const STAYS: u8 = 1;
const BLOCKED: u8 = 2;
const BOUND: u8 = 3;
const UNBOUND: u8 = 4;

impl Case {
    async fn new(fault: &Fault, path: &str) -> Self {
        let with_limits = |client: &mut ClientConfig| {
            client.timeout = PATIENCE;
            client.limits = Limits { reply_bytes: 256 * 1024, ..Limits::default() };
        };
        let site = SiteBuilder::new().router_client(with_limits).start().await;
        let stays = site.add_online_customer(STAYS, Bytes::gb(1)).await;
        let blocked = site.add_online_customer(BLOCKED, Bytes::gb(1)).await;
        let bound = site.add_customer("user 3", Bytes::gb(1)).await;
        let unbound = site.add_online_customer(UNBOUND, Bytes::gb(1)).await;
        for (list, of) in
            [("klient_aktif", "10.5.50.99"), ("iklan", "10.5.50.1"), ("klient_fup", "10.5.50.3")]
        {
            // One of them stands where the agent's own row must go beside it.
            site.sim.hand_add(LISTS, &[("list", list), ("address", of), ("comment", "milik orang")]).unwrap();
        }
        let other = [("mac-address", "02:00:00:00:00:63"), ("type", "bypassed")];
        site.sim.hand_add(BINDINGS, &other).unwrap();
        let what = format!("{fault:?} at {path}");
        let mut case = Self { site, what, stays, blocked, bound, unbound, foreign: Vec::new() };
        case.foreign = case.rows_of_others();
        case
    }

    fn rows_of_others(&self) -> Vec<BTreeMap<String, String>> {
        let rows = [LISTS, BINDINGS].into_iter().flat_map(|menu| self.site.sim.rows(menu));
        rows.filter(|row| !row.get("comment").is_some_and(|comment| comment.starts_with("kuota:"))).collect()
    }

    /// Everything that makes the next cycle add, set and remove rows of both menus.
    async fn change(&self) {
        let site = &self.site;
        for n in [STAYS, BLOCKED, UNBOUND] {
            assert_eq!(site.sim.traffic(mac(n), 1000 * u64::from(n), 11), 1000 * u64::from(n) + 11);
        }
        site.sim.host_connect(mac(BOUND), address(BOUND));
        let bind = Command::Bind(NewDevice::of(self.bound, mac(BOUND)));
        for action in [bind, Command::Unbind { user: self.unbound, mac: mac(UNBOUND) }] {
            // A busy machine may make the router seem silent.
            let until = Instant::now() + RECOVERY_MAX;
            while let Err(error) = self.site.agent().submit(Actor::daemon(), action.clone(), None).await {
                assert!(Instant::now() < until, "{}: {error}", self.what);
                let _ = self.site.cycle().await;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        site.submit(Command::Block(self.blocked, "tes".into())).await;
    }

    /// Cycles and traffic under the fault, until it struck and one cycle more.
    async fn suffer(&self, fault: &Fault, path: &str) {
        let sim = &self.site.sim;
        let taken = || sim.stats().commands.get(path).copied().unwrap_or_default();
        let (sessions, before) = (sim.stats().sessions_total, taken());
        let id = sim.fault(fault.clone(), When::always(path));
        if matches!(path, LOGIN) {
            sim.cut_sessions();
        }
        let until = Instant::now() + RECOVERY_MAX;
        while taken() == before {
            assert!(Instant::now() < until, "{}: the command was never sent", self.what);
            sim.traffic(mac(STAYS), 333, 3);
            if self.site.cycle().await.is_err() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        sim.traffic(mac(STAYS), 777, 7);
        let _ = self.site.cycle().await;
        sim.clear_fault(id);
        self.cycles(1).await;
        let reconnected = sim.stats().sessions_total > sessions;
        assert!(reconnected || !must_drop(fault, path), "{}: the connection was kept", self.what);
    }

    /// So many cycles that succeed.
    async fn cycles(&self, mut wanted: u32) {
        let until = Instant::now() + RECOVERY_MAX;
        while wanted > 0 {
            assert!(Instant::now() < until, "{}: the agent did not find back", self.what);
            match self.site.cycle().await {
                Ok(_) => wanted -= 1,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// After the second cycle since the end of the fault.
    async fn is_healed(&self) {
        let (site, what) = (&self.site, &self.what);
        let listings = [
            pair(address(STAYS), "klient_aktif"),
            pair(address(BLOCKED), "klient_blocked"),
            pair(address(BOUND), "klient_aktif"),
        ];
        assert_eq!(site.listings(), listings, "{what}");
        let bindings =
            [pair(mac(STAYS), "bypassed"), pair(mac(BLOCKED), "blocked"), pair(mac(BOUND), "bypassed")];
        assert_eq!(site.bindings(), bindings, "{what}");
        assert_eq!(self.rows_of_others(), self.foreign, "{what}: rows of others");
        let writes = site.sim.stats().writes;
        site.sim.traffic(mac(BOUND), 5555, 5);
        self.cycles(1).await;
        assert_eq!(site.sim.stats().writes, writes, "{what}: it goes on writing");
        let users =
            [(STAYS, self.stays), (BLOCKED, self.blocked), (BOUND, self.bound), (UNBOUND, self.unbound)];
        for (n, user) in users {
            assert_eq!(site.used(user).await, site.sim.moved_countable(mac(n)), "{what}: metered for {n}");
        }
        site.verify_ledger().await;
    }
}

/// Faults after which nothing that comes on the connection can be believed, or nothing comes.
fn must_drop(fault: &Fault, path: &str) -> bool {
    match fault {
        Fault::Hang
        | Fault::CutAfterBytes(_)
        | Fault::Garbage(_)
        | Fault::HugeWord
        | Fault::EndlessReply
        | Fault::LostReply => true,
        Fault::CutAfterRows(_) => path.ends_with("/print"),
        _ => false,
    }
}

async fn one(fault: Fault, path: &str) {
    let case = Case::new(&fault, path).await;
    case.change().await;
    case.suffer(&fault, path).await;
    case.cycles(1).await;
    case.is_healed().await;
}

/// Each fault at every command.
async fn everywhere(faults: &[Fault]) {
    let room = Arc::new(Semaphore::new(SITES_MAX));
    let mut cases = JoinSet::new();
    for fault in faults {
        for path in COMMANDS {
            let (fault, room) = (fault.clone(), Arc::clone(&room));
            cases.spawn(async move {
                let _seat = room.acquire_owned().await.unwrap();
                one(fault, path).await;
            });
        }
    }
    while let Some(done) = cases.join_next().await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_router_that_falls_silent_or_slow_everything_is_as_it_should_be() {
    everywhere(&[
        Fault::Hang,
        Fault::Slow(Duration::from_millis(5)),
        Fault::Slow(PATIENCE * 2),
        Fault::Trickle(Duration::from_millis(1)),
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reply_that_is_cut_off_everything_is_as_it_should_be() {
    everywhere(&[Fault::CutAfterBytes(0), Fault::CutAfterBytes(7), Fault::CutAfterRows(1), Fault::LostReply])
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_reply_that_is_no_reply_everything_is_as_it_should_be() {
    everywhere(&[
        Fault::Garbage(b"\x05hello\x00\xff\xff".to_vec()),
        Fault::Garbage(b"\x06!fatal\x04dead\x00".to_vec()),
        Fault::HugeWord,
        Fault::EndlessReply,
    ])
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_refusals_and_odd_replies_everything_is_as_it_should_be() {
    everywhere(&[
        Fault::Trap("failure: out of memory".into()),
        Fault::TrapWithoutText,
        Fault::RetBeforeTag,
        Fault::DuplicateRows,
    ])
    .await;
}

#[tokio::test]
async fn the_comparison_sees_a_row_of_others_that_changed_and_bytes_that_were_not_metered() {
    let case = Case::new(&Fault::Hang, HOSTS).await;
    let id = case.foreign[0][".id"].clone();
    case.site.sim.hand_set(LISTS, &id, &[("comment", "lain")]).unwrap();
    assert_ne!(case.rows_of_others(), case.foreign);
    case.site.sim.traffic(mac(STAYS), 5, 0);
    assert_ne!(case.site.used(case.stays).await, case.site.sim.moved_countable(mac(STAYS)));
}

/// Set for the copy of the memory test that measures: nothing else runs in that process.
const CHILD: &str = "KUOTA_ROUTER_FAULTS_MEMORY";
/// What a router that talks without end may cost: a reply of 64 MiB is read row by row and never held.
const GROWTH_MAX_KIB: u64 = 48 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_talks_without_end_costs_no_memory() {
    if std::env::var(CHILD).is_err() {
        let name = "faults::a_router_that_talks_without_end_costs_no_memory";
        let output = process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let measured = said.lines().find(|line| line.contains("KiB"));
        println!("{}", measured.expect("the child runs this test"));
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    // The usual caps.
    let site = SiteBuilder::new().router_client(|client| client.timeout = PATIENCE).start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    let before = memory_kib("self", "VmRSS");
    let garbage = vec![0x7F; 1 << 20];
    for fault in [Fault::HugeWord, Fault::EndlessReply, Fault::Garbage(garbage), Fault::CutAfterBytes(40)] {
        let id = site.sim.fault(fault.clone(), When::always(HOSTS));
        assert!(site.cycle().await.is_err(), "{fault:?}");
        site.sim.clear_fault(id);
        site.recover().await;
    }
    let (after, peak) = (memory_kib("self", "VmRSS"), memory_kib("self", "VmHWM"));
    println!("memory: {before} KiB before, {after} KiB after, {peak} KiB at most");
    assert!(peak <= before + GROWTH_MAX_KIB, "{before} KiB before, {peak} KiB at most");
}
