//! A running site for tests: the real agent over a real socket to the simulated router, in a folder of its own, with or
//! without its listeners and loops.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::collections::BTreeMap;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use kuota::agent::config::files::ConfigFiles;
use kuota::agent::config::{Config, Lists, LoadedConfig};
use kuota::agent::engine::{Actor, Command, Engine, NewDevice, NewUser, Notice, Notifier};
use kuota::agent::payments::Relay;
use kuota::agent::router::Enforced;
use kuota::agent::router::site_plan::list_names;
use kuota::agent::run;
use kuota::agent::site::Site;
use kuota::clock::ManualClock;
use kuota::domain::account::Account;
use kuota::domain::id::{Mac, UserId};
use kuota::domain::policy::{Grant, Settings};
use kuota::domain::units::{Bytes, Timestamp};
use kuota::routeros::client::{ClientConfig, Password, RouterClient};
use kuota::settings::Environment;
use kuota::sim::{SimConfig, SimRouter};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// 2026-11-22 05:00 UTC, noon in Jakarta.
pub const NOON: Timestamp = Timestamp(1_795_323_600_000);
pub const LISTS: &str = "/ip/firewall/address-list";
pub const BINDINGS: &str = "/ip/hotspot/ip-binding";
const MARKER_LIST: &str = "kuota_pemilik";

struct NoNotifier;

impl Notifier for NoNotifier {
    fn notify(&self, _: &Notice) {}
}

/// What runs besides the agent itself, whose `_once` calls a test makes by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Runs {
    Nothing,
    Listeners,
    ListenersAndLoops,
}

/// How a site differs from the usual one: an agent at [`NOON`] without listeners, loops or a relay.
pub struct SiteBuilder {
    folder: TempDir,
    data_dir: PathBuf,
    router: Option<SimRouter>,
    clock: ManualClock,
    config: Config,
    client: ClientConfig,
    relay: Option<Arc<dyn Relay>>,
    runs: Runs,
    env: Option<Environment>,
}

impl SiteBuilder {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.admin.listen = (Ipv4Addr::LOCALHOST, 0).into();
        config.portal.listen = (Ipv4Addr::LOCALHOST, 0).into();
        let client = ClientConfig {
            timeout: Duration::from_secs(2),
            ..ClientConfig::new(String::new(), "agent", Password::from("rahasia"))
        };
        Self {
            data_dir: folder.path().to_owned(),
            folder,
            router: None,
            clock: ManualClock::new(NOON),
            config,
            client,
            relay: None,
            runs: Runs::Nothing,
            env: None,
        }
    }

    /// With its configuration in a file, as the daemon has it, and this environment.
    pub fn with_files(self, env: Environment) -> Self {
        Self { env: Some(env), ..self }
    }

    /// With another configuration.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// With another client of the router; its address is set at the start.
    pub fn router_client(mut self, change: impl FnOnce(&mut ClientConfig)) -> Self {
        change(&mut self.client);
        self
    }

    /// With a router that runs already.
    pub fn router(self, router: SimRouter) -> Self {
        Self { router: Some(router), ..self }
    }

    pub fn clock(self, clock: ManualClock) -> Self {
        Self { clock, ..self }
    }

    pub fn relay(self, relay: Arc<dyn Relay>) -> Self {
        Self { relay: Some(relay), ..self }
    }

    /// With its data in a folder below its own.
    pub fn data_below(mut self, name: &str) -> Self {
        self.data_dir = self.folder.path().join(name);
        self
    }

    /// With the admins' and the customers' pages on free ports.
    pub fn listening(self) -> Self {
        Self { runs: Runs::Listeners, ..self }
    }

    /// As the daemon runs it: listeners, and every loop.
    pub fn looping(self) -> Self {
        Self { runs: Runs::ListenersAndLoops, ..self }
    }

    pub async fn start(self) -> TestSite {
        let Self { folder, data_dir, router, clock, mut config, mut client, relay, runs, env } = self;
        let sim = match router {
            Some(router) => router,
            None => SimRouter::start(SimConfig::default()).await.unwrap(),
        };
        config.data_dir = data_dir;
        client.address = sim.address().to_string();
        let mut site = TestSite {
            sim,
            clock,
            base: String::new(),
            portal: String::new(),
            owner: String::new(),
            http: Client::builder(TokioExecutor::new()).build_http(),
            folder,
            config,
            client,
            relay,
            runs,
            env,
            agent: None,
            serving: None,
        };
        site.open().await;
        site
    }
}

/// A router, a Pi and the agent on it. Time stands still unless [`TestSite::pass`] moves it.
pub struct TestSite {
    pub sim: SimRouter,
    pub clock: ManualClock,
    /// Address of the admins' pages and of the API, if it listens.
    pub base: String,
    /// Address of the customers' pages, if it listens.
    pub portal: String,
    /// A token of the owner, if there is one.
    pub owner: String,
    pub http: Client<HttpConnector, Body>,
    folder: TempDir,
    config: Config,
    client: ClientConfig,
    relay: Option<Arc<dyn Relay>>,
    runs: Runs,
    env: Option<Environment>,
    /// There but for the moments of a restart.
    agent: Option<Arc<Site>>,
    serving: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl TestSite {
    /// The usual site.
    pub async fn start() -> Self {
        SiteBuilder::new().start().await
    }

    async fn open(&mut self) {
        let router = Arc::new(RouterClient::spawn(self.client.clone()));
        let (relay, clock) = (self.relay.clone(), Arc::new(self.clock.clone()));
        let (files, config) = match &self.env {
            Some(env) => self.files(env),
            None => (None, self.config.clone()),
        };
        let mut agent = Site::assemble(config, router, relay, clock, Arc::new(NoNotifier)).unwrap();
        agent.files = files;
        let agent = Arc::new(agent);
        if self.runs != Runs::Nothing {
            self.serve(&agent).await;
        }
        self.agent = Some(agent);
    }

    /// The configuration as the daemon reads it: the file, which is written the first time, and what the desk stored.
    fn files(&self, env: &Environment) -> (Option<ConfigFiles>, Config) {
        let [file, password] = ["kuotad.toml", "router.password"].map(|name| self.folder.path().join(name));
        if !file.exists() {
            let mut config = self.config.clone();
            config.router.password_file.clone_from(&password);
            if let Some(relay) = &mut config.relay {
                relay.token_file = self.folder.path().join("relay.token");
                std::fs::write(&relay.token_file, "token-uji").unwrap();
            }
            std::fs::write(&password, "rahasia").unwrap();
            std::fs::write(&file, config.effective_toml()).unwrap();
        }
        let (loaded, secrets) = LoadedConfig::load_all(&file, env).unwrap();
        let config = loaded.config.clone();
        (Some(ConfigFiles::new(&file, env.clone(), loaded, secrets)), config)
    }

    async fn serve(&mut self, agent: &Arc<Site>) {
        let listeners = run::listen(agent).await.unwrap();
        let url = |address: std::io::Result<SocketAddr>| format!("http://{}", address.unwrap());
        (self.base, self.portal) = (url(listeners.admin.local_addr()), url(listeners.portal.local_addr()));
        let (stop, stopped) = watch::channel(false);
        let agent = Arc::clone(agent);
        let task = if self.runs == Runs::ListenersAndLoops {
            let running = run::run(agent, listeners, stopped);
            tokio::spawn(async { running.await.unwrap() })
        } else {
            tokio::spawn(run::serve_all(agent, listeners, stopped))
        };
        self.serving = Some((stop, task));
    }

    /// Opens the listeners and runs the loops of an agent that was started without.
    pub async fn run_loops(&mut self) {
        self.runs = Runs::ListenersAndLoops;
        let agent = Arc::clone(self.agent());
        self.serve(&agent).await;
    }

    /// Ends listeners and loops. The agent has closed its store then: start it again to look at it.
    pub async fn end_loops(&mut self) {
        self.stop_serving().await;
        self.runs = Runs::Nothing;
    }

    async fn stop_serving(&mut self) {
        if let Some((stop, task)) = self.serving.take() {
            stop.send_replace(true);
            task.await.unwrap();
        }
    }

    /// The agent stops, `between` has its data to itself, and the agent starts again.
    pub async fn restart_after(&mut self, between: impl FnOnce(&Path)) {
        self.stop_serving().await;
        let agent = self.agent.take().unwrap();
        let engine = agent.engine().clone();
        drop(agent);
        engine.closed().await;
        between(&self.config.data_dir);
        self.open().await;
    }

    pub async fn restart(&mut self) {
        self.restart_after(|_| {}).await;
    }

    /// The agent starts again with other names of the address lists.
    pub async fn rename_lists(&mut self, rename: impl FnOnce(&mut Lists)) {
        rename(&mut self.config.router.lists);
        self.client.lists = list_names(&self.config.router.lists);
        self.restart().await;
    }

    pub fn agent(&self) -> &Arc<Site> {
        self.agent.as_ref().unwrap()
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        &self.config.data_dir
    }

    /// Time passes for the Pi and the router alike.
    pub fn pass(&self, by: Duration) {
        self.clock.advance(by);
        self.sim.advance(by);
    }

    /// Calls the engine.
    pub async fn engine<T: Send + 'static>(&self, call: impl FnOnce(&mut Engine) -> T + Send + 'static) -> T {
        self.agent().engine().call(call).await.unwrap()
    }

    /// A command that must succeed; the answer's body.
    pub async fn submit(&self, command: Command) -> Value {
        let done = self.agent().submit(Actor::daemon(), command, None).await.unwrap();
        serde_json::to_value(done.view()).unwrap()
    }

    /// A customer, with quota if any is given.
    pub async fn add_customer(&self, name: &str, quota: Bytes) -> UserId {
        let user = NewUser { name: name.into(), phone: None, login: None, settings: Settings::default() };
        let user = self.submit(Command::AddUser(user)).await;
        let id: UserId = user["id"].as_str().unwrap().parse().unwrap();
        if !quota.is_zero() {
            let grant = Grant { amount: quota, days: None, reason: "tes".into() };
            self.submit(Command::Grant(id, grant)).await;
        }
        id
    }

    /// A customer whose device is on the air, bound, and known to the router after the next cycle.
    pub async fn add_device(&self, user: UserId, n: u8) {
        self.sim.host_connect(mac(n), address(n));
        self.submit(Command::Bind(NewDevice::of(user, mac(n)))).await;
    }

    /// A customer with quota and a device on the air, on the router already.
    pub async fn add_online_customer(&self, n: u8, quota: Bytes) -> UserId {
        let user = self.add_customer(&format!("user {n}"), quota).await;
        self.add_device(user, n).await;
        self.cycle().await.unwrap();
        user
    }

    /// One cycle as the daemon makes it, ten seconds later: meter, then enforce.
    pub async fn cycle(&self) -> Result<Enforced, String> {
        self.pass(Duration::from_secs(10));
        self.cycle_now().await
    }

    /// One cycle without any time between.
    pub async fn cycle_now(&self) -> Result<Enforced, String> {
        self.agent().cycle.meter_once().await.map_err(|e| e.to_string())?;
        self.agent().cycle.enforce_once().await.map_err(|e| e.to_string())
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
        self.engine(move |engine| engine.read_view().user(user).unwrap().user.account).await
    }

    pub async fn used(&self, user: UserId) -> u64 {
        self.account(user).await.used.0
    }

    /// The whole ledger adds up.
    pub async fn verify_ledger(&self) {
        let verify = |engine: &mut Engine| {
            engine.flush().unwrap();
            engine.reader().verify().unwrap();
        };
        self.engine(verify).await;
    }

    /// A copy of the store as it is.
    pub async fn copy_store(&self, to: &Path) {
        let to = to.to_owned();
        let copy = move |engine: &mut Engine| {
            engine.flush().unwrap();
            engine.reader().copy_to(&to, &mut |_| {}).unwrap();
        };
        self.engine(copy).await;
    }

    /// Rows of `menu` with our tag, as `(column, address or mac)` pairs, sorted.
    pub fn ours(&self, menu: &str, columns: [&str; 2]) -> Vec<(String, String)> {
        let cell = |row: &BTreeMap<String, String>, name: &str| row.get(name).cloned().unwrap_or_default();
        let rows = self.sim.rows(menu);
        let ours = rows.iter().filter(|row| cell(row, "comment").starts_with("kuota:"));
        let mut pairs: Vec<_> = ours.map(|row| (cell(row, columns[0]), cell(row, columns[1]))).collect();
        pairs.sort();
        pairs
    }

    pub fn listings(&self) -> Vec<(String, String)> {
        let rows = self.ours(LISTS, ["address", "list"]);
        rows.into_iter().filter(|(_, list)| list != MARKER_LIST).collect()
    }

    /// What the rows say that name the machine of the site.
    pub fn markers(&self) -> Vec<String> {
        let rows = self.ours(LISTS, ["comment", "list"]);
        rows.into_iter().filter(|(_, list)| list == MARKER_LIST).map(|(comment, _)| comment).collect()
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

pub fn pair(a: impl Display, b: &str) -> (String, String) {
    (a.to_string(), b.to_owned())
}
