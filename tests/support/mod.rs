//! A whole site for tests: the real agent over a real socket to the simulated router, in a folder of its own.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use kuota::agent::config::{Config, Enforcement, Lists};
use kuota::agent::engine::{Actor, Command, NewDevice, NewUser, Notice, Notifier};
use kuota::agent::router::Enforced;
use kuota::agent::router::site_plan::list_names;
use kuota::agent::site::Site;
use kuota::clock::{Clock, ManualClock};
use kuota::domain::account::Account;
use kuota::domain::id::{Mac, UserId};
use kuota::domain::policy::{Grant, Settings};
use kuota::domain::units::{Bytes, Timestamp};
use kuota::routeros::client::{ClientConfig, Password, RouterClient};
use kuota::sim::{SimConfig, SimRouter};
use serde_json::Value;
use tempfile::TempDir;

/// 2026-11-22 05:00 UTC, noon in Jakarta.
pub const NOON: Timestamp = Timestamp(1_795_323_600_000);
pub const LISTS: &str = "/ip/firewall/address-list";
pub const BINDINGS: &str = "/ip/hotspot/ip-binding";

struct Silence;

impl Notifier for Silence {
    fn notify(&self, _: &Notice) {}
}

/// A router, a Pi and the agent on it. Time stands still unless [`World::pass`] moves it.
pub struct World {
    pub sim: SimRouter,
    pub clock: ManualClock,
    pub site: Site,
    pub dir: TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::reaching(change, |_| {}).await
    }

    /// The same with another client of the router.
    pub async fn reaching(
        change: impl FnOnce(&mut Config),
        change_client: impl FnOnce(&mut ClientConfig),
    ) -> Self {
        let sim = SimRouter::start(SimConfig::default()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        change(&mut config);
        let clock = ManualClock::new(NOON);
        let mut client = Self::client(&sim);
        change_client(&mut client);
        let site = Self::site(client, &clock, config);
        Self { sim, clock, site, dir }
    }

    /// The agent stops, `between` has its folder to itself, and the agent starts again.
    pub async fn restarted(self, between: impl FnOnce(&std::path::Path)) -> Self {
        let Self { sim, clock, site, dir } = self;
        let (config, engine) = (site.config.clone(), site.engine().clone());
        drop(site);
        engine.closed().await;
        between(dir.path());
        let site = Self::site(Self::client(&sim), &clock, config);
        Self { sim, clock, site, dir }
    }

    /// The agent starts again with other names of the address lists.
    pub async fn renamed(self, rename: impl FnOnce(&mut Lists)) -> Self {
        let Self { sim, clock, site, dir } = self;
        let (mut config, engine) = (site.config.clone(), site.engine().clone());
        drop(site);
        engine.closed().await;
        rename(&mut config.router.lists);
        let lists = list_names(&config.router.lists);
        let site = Self::site(ClientConfig { lists, ..Self::client(&sim) }, &clock, config);
        Self { sim, clock, site, dir }
    }

    fn client(sim: &SimRouter) -> ClientConfig {
        ClientConfig {
            timeout: Duration::from_secs(2),
            ..ClientConfig::new(sim.address().to_string(), "agent", Password::from("rahasia"))
        }
    }

    fn site(client: ClientConfig, clock: &ManualClock, config: Config) -> Site {
        let router = Arc::new(RouterClient::spawn(client));
        let clock_port: Arc<dyn Clock> = Arc::new(clock.clone());
        Site::assemble(config, router, None, clock_port, Arc::new(Silence)).unwrap()
    }

    pub async fn dry() -> Self {
        Self::with(|config| config.policy.enforcement = Enforcement::DryRun).await
    }

    /// Time passes for the Pi and the router alike.
    pub fn pass(&self, by: Duration) {
        self.clock.advance(by);
        self.sim.advance(by);
    }

    pub async fn ask(&self, action: Command) -> Value {
        let done = self.site.submit(Actor::daemon(), action, None).await.unwrap();
        serde_json::to_value(done.view()).unwrap()
    }

    pub async fn user(&self, name: &str, quota: Bytes) -> UserId {
        let user = NewUser { name: name.into(), phone: None, login: None, settings: Settings::default() };
        let user = self.ask(Command::AddUser(user)).await;
        let id: UserId = user["id"].as_str().unwrap().parse().unwrap();
        if !quota.is_zero() {
            let grant = Grant { amount: quota, days: None, reason: "tes".into() };
            self.ask(Command::Grant(id, grant)).await;
        }
        id
    }

    /// A user with quota and a device on the air, on the router already.
    pub async fn online(&self, n: u8, quota: Bytes) -> UserId {
        let user = self.user(&format!("user {n}"), quota).await;
        self.sim.host_connect(mac(n), address(n));
        self.ask(Command::Bind(NewDevice::of(user, mac(n)))).await;
        self.cycle().await.unwrap();
        user
    }

    /// One cycle as the daemon makes it: meter, then enforce.
    pub async fn cycle(&self) -> Result<Enforced, String> {
        self.pass(Duration::from_secs(10));
        self.site.cycle.meter_once().await.map_err(|e| e.to_string())?;
        self.site.cycle.enforce_once().await.map_err(|e| e.to_string())
    }

    /// Cycles until one succeeds; the client waits between attempts to connect, so this waits in real time.
    pub async fn recover(&self) -> Enforced {
        for _ in 0..200 {
            match self.cycle().await {
                Ok(enforced) => return enforced,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        panic!("the agent did not find back to its router");
    }

    pub async fn account(&self, user: UserId) -> Account {
        let look = move |engine: &mut kuota::agent::engine::Engine| {
            engine.read_view().user(user).unwrap().user.account
        };
        self.site.engine().call(look).await.unwrap()
    }

    pub async fn used(&self, user: UserId) -> u64 {
        self.account(user).await.used.0
    }

    pub async fn verify(&self) {
        let verify = |engine: &mut kuota::agent::engine::Engine| {
            engine.flush().unwrap();
            engine.reader().verify().unwrap();
        };
        self.site.engine().call(verify).await.unwrap();
    }

    /// Rows of `menu` with our tag, as `(column, address or mac)` pairs, sorted.
    pub fn ours(&self, menu: &str, columns: [&str; 2]) -> Vec<(String, String)> {
        let cell = |row: &std::collections::BTreeMap<String, String>, name: &str| {
            row.get(name).cloned().unwrap_or_default()
        };
        let mut rows: Vec<_> = self
            .sim
            .rows(menu)
            .iter()
            .filter(|row| cell(row, "comment").starts_with("kuota:"))
            .map(|row| (cell(row, columns[0]), cell(row, columns[1])))
            .collect();
        rows.sort();
        rows
    }

    pub fn listings(&self) -> Vec<(String, String)> {
        self.ours(LISTS, ["address", "list"])
    }

    pub fn bindings(&self) -> Vec<(String, String)> {
        self.ours(BINDINGS, ["mac-address", "type"])
    }
}

pub fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

pub fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 5, 50, n)
}

pub fn pair(a: impl std::fmt::Display, b: &str) -> (String, String) {
    (a.to_string(), b.to_owned())
}
