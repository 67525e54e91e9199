//! The script for the router on a simulated one, and the doctor that finds each thing that is wrong with it.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::support::fake_relay;

use std::collections::BTreeMap;
use std::time::Duration;

use fake_relay::{FakeRelay, TOKEN};
use kuota::agent::config::Language;
use kuota::agent::config::{Config, Tls};
use kuota::agent::copies::{CopyLog, CopyRecord};
use kuota::agent::doctor::{CheckFinding, DaemonState, Level, Subject, examine};
use kuota::agent::payments::Relay;
use kuota::agent::payments::client::RelayClient;
use kuota::agent::router::site_plan::{list_names, site_plan};
use kuota::clock::ManualClock;
use kuota::domain::id::Mac;
use kuota::domain::units::Timestamp;
use kuota::protocol::admin::status::{ClockPartView, PartView, StatusView};
use kuota::routeros::client::{ClientConfig, Password, RouterClient};
use kuota::routeros::setup::SitePlan;
use kuota::settings::{Environment, Secret};
use kuota::sim::{Fault, SimConfig, SimRouter, When};
use tempfile::TempDir;

const FILTER: &str = "/ip/firewall/filter";
const NAT: &str = "/ip/firewall/nat";
const MANGLE: &str = "/ip/firewall/mangle";
const LISTS: &str = "/ip/firewall/address-list";
const GARDEN: &str = "/ip/hotspot/walled-garden/ip";
const IPV6: &str = "/ipv6/firewall/filter";
/// The simulated router's clock after its first hour.
const ROUTER_NOW: Timestamp = Timestamp(1_767_225_600_000 + 3_600_000);

type Row = BTreeMap<String, String>;

/// Reads the little of RouterOS's language that the script uses, into tables of its own.
#[derive(Clone, Debug, Default, PartialEq)]
struct Rsc {
    tables: BTreeMap<String, Vec<Row>>,
}

impl Rsc {
    fn import(&mut self, script: &str) {
        for line in script.lines().filter(|line| !line.is_empty() && !line.starts_with(['#'])) {
            if let Some(rest) = line.strip_prefix(":foreach h in=[/ip hotspot find] do={ ") {
                let rest = rest.strip_prefix(":local i [/ip hotspot get $h interface]; ").unwrap();
                self.guarded(&rest.strip_suffix(" }").unwrap().replace("$i", "bridge-hotspot"));
            } else if !line.starts_with(":put ") {
                self.guarded(line);
            }
        }
    }

    /// `:if ([:len [FIND]] = 0) do={ BODY }`
    fn guarded(&mut self, line: &str) {
        let rest = line.strip_prefix(":if ([:len [").unwrap_or_else(|| panic!("{line}"));
        let (find, body) = rest.split_once("]] = 0) do={ ").unwrap();
        if self.find(find).is_some() {
            return;
        }
        let body = body.strip_suffix(" }").unwrap();
        let Some(rest) = body.strip_prefix(":local rows [") else { return self.add(body) };
        let (first, rest) = rest.split_once("]; :if ([:len $rows] > 0) do={ ").unwrap();
        let (before, plain) = rest.split_once(" } else={ ").unwrap();
        assert!(before.contains("place-before=[:pick $rows 0]"), "{before}");
        match self.find(first) {
            Some((_, at)) => self.place(plain.trim_end_matches([' ', '}']), at),
            None => self.add(plain.trim_end_matches([' ', '}'])),
        }
    }

    /// `MENU find where name="value"`: the first such row; with more conditions, the first of others in a chain.
    fn find(&self, text: &str) -> Option<(String, usize)> {
        let (menu, conditions) = text.split_once(" find where ").unwrap();
        let menu = menu.replace(' ', "/");
        let others = " and dynamic=no and !(comment~\"^kuota:\")";
        let is_ours = |row: &Row| row.get("comment").is_some_and(|text| text.starts_with("kuota:"));
        let (name, value) = cells(conditions.trim_end_matches(others)).pop().unwrap();
        let skips_ours = conditions.ends_with(others);
        let meant = |row: &Row| row.get(&name) == Some(&value) && !(skips_ours && is_ours(row));
        let at = self.tables.get(&menu)?.iter().position(meant)?;
        Some((menu, at))
    }

    /// `MENU add [place-before=[FIND]] name="value" ...`
    fn add(&mut self, text: &str) {
        if let Some((head, rest)) = text.split_once(" place-before=[") {
            let (find, rest) = rest.split_once("] ").unwrap();
            let (_, at) = self.find(find).unwrap_or_else(|| panic!("nothing to stand before: {find}"));
            self.place(&format!("{head} {rest}"), at);
        } else {
            self.place(text, usize::MAX);
        }
    }

    fn place(&mut self, text: &str, at: usize) {
        let (menu, values) = text.split_once(" add ").unwrap();
        let rows = self.tables.entry(menu.replace(' ', "/")).or_default();
        rows.insert(at.min(rows.len()), cells(values).into_iter().collect());
    }
}

/// `name="value" name=value ...`
fn cells(text: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while let Some((name, tail)) = rest.split_once('=') {
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => tail.split_once(' ').unwrap_or((tail, "")),
        };
        assert!(!value.contains('\\'), "the reader knows no escapes: {value}");
        out.push((name.to_owned(), value.to_owned()));
        rest = after.trim_start();
    }
    out
}

/// A router that the script was run on, and what the agent is configured to do.
struct Site {
    sim: SimRouter,
    config: Config,
    clock: ManualClock,
    /// What the site's token is.
    token: String,
    /// What the running daemon says of itself.
    status: Option<StatusView>,
    _dir: TempDir,
}

impl Site {
    async fn new() -> Self {
        let mut config = Config::default();
        let dir = tempfile::tempdir().unwrap();
        config.data_dir = dir.path().to_owned();
        config.timezone = kuota::clock::Zone::named("UTC").unwrap();
        kuota::store::backup::note_last(dir.path(), &kuota::clock::rfc3339(ROUTER_NOW));
        let card = CopyRecord {
            at_ms: ROUTER_NOW.0,
            file: "kuota-0a1b2c3d-20260101T010000Z.db.zst".into(),
            place: "backups".into(),
            bytes: 1,
            sha256: String::new(),
            entries: 1,
            mark: None,
            recipient: String::new(),
            settings: String::new(),
        };
        CopyLog { card: Some(card), away: None }.write(dir.path()).unwrap();
        let sim = SimRouter::start(SimConfig { username: "kuota".to_owned(), ..SimConfig::default() })
            .await
            .unwrap();
        let clock = ManualClock::new(ROUTER_NOW);
        let site = Self { sim, config, clock, token: TOKEN.into(), status: None, _dir: dir };
        site.import(&site.plan().script());
        site.set("/user", ("name", "kuota"), &[("group", "kuota_api"), ("address", "192.168.88.2/32")]);
        for name in ["api", "api-ssl"] {
            site.set("/ip/service", ("name", name), &[("address", "192.168.88.2/32")]);
        }
        site
    }

    fn plan(&self) -> SitePlan {
        site_plan(&self.config, None)
    }

    /// Runs a script on what the router holds, and puts the outcome back in order.
    fn import(&self, script: &str) {
        let mut rsc = Rsc::default();
        let menus =
            [FILTER, NAT, MANGLE, LISTS, GARDEN, IPV6, "/user/group", "/user", "/queue/type", "/queue/tree"];
        for menu in menus {
            rsc.tables.insert(menu.to_owned(), self.sim.rows(menu));
        }
        let before = rsc.clone();
        rsc.import(script);
        let once = rsc.clone();
        rsc.import(script);
        assert_eq!(rsc, once, "running it again changed something");
        for menu in menus.into_iter().filter(|menu| before.tables[*menu] != once.tables[*menu]) {
            for row in &before.tables[menu] {
                self.sim.hand_remove(menu, &row[".id"]).unwrap();
            }
            for row in &once.tables[menu] {
                let cells: Vec<(&str, &str)> =
                    row.iter().filter(|(k, _)| *k != ".id").map(|(k, v)| (k.as_str(), v.as_str())).collect();
                self.sim.hand_add(menu, &cells).unwrap_or_else(|why| panic!("{menu} {row:?}: {why}"));
            }
        }
    }

    fn id(&self, menu: &str, (name, value): (&str, &str)) -> String {
        let rows = self.sim.rows(menu);
        let row = rows.iter().find(|row| row.get(name).is_some_and(|v| v == value));
        row.unwrap_or_else(|| panic!("{menu} has no {name}={value}"))[".id"].clone()
    }

    fn set(&self, menu: &str, of: (&str, &str), cells: &[(&str, &str)]) {
        self.sim.hand_set(menu, &self.id(menu, of), cells).unwrap();
    }

    fn add(&self, menu: &str, cells: &[(&str, &str)]) {
        self.sim.hand_add(menu, cells).unwrap();
    }

    /// Puts a row before all others of its menu.
    fn add_first(&self, menu: &str, cells: &[(&str, &str)]) {
        let rows = self.sim.rows(menu);
        for row in &rows {
            self.sim.hand_remove(menu, &row[".id"]).unwrap();
        }
        self.add(menu, cells);
        for row in &rows {
            let cells: Vec<(&str, &str)> =
                row.iter().filter(|(k, _)| *k != ".id").map(|(k, v)| (k.as_str(), v.as_str())).collect();
            self.add(menu, &cells);
        }
    }

    async fn examine(&self) -> Vec<CheckFinding> {
        let mut client =
            ClientConfig::new(self.sim.address().to_string(), "kuota", Password::from("rahasia"));
        client.timeout = Duration::from_secs(5);
        client.lists = list_names(&self.config.router.lists);
        let router = RouterClient::spawn(client);
        let relay = self.config.relay.as_ref().map(|relay| {
            let token = self.token.clone();
            RelayClient::new(relay.url.as_str(), move || Secret::new(token.clone())).unwrap()
        });
        let daemon = self.status.as_ref().map(DaemonState::of);
        let subject = Subject {
            config: &self.config,
            router: &router,
            relay: relay.as_ref().map(|client| client as &dyn Relay),
            clock: &self.clock,
            agent: None,
            daemon: daemon.as_ref(),
            pause: Duration::from_millis(10),
        };
        examine(&subject).await
    }

    /// There is nothing to say against it.
    async fn passes(&self, id: &str) {
        let found = self.examine().await;
        let finding = found.iter().find(|finding| finding.id == id);
        assert_eq!(finding.map(|finding| finding.level), Some(Level::Ok), "{id}: {found:#?}");
    }

    /// The check has come out so, and says what to do.
    async fn finds(&self, id: &str, level: Level) {
        let found = self.examine().await;
        let finding = found.iter().find(|finding| finding.id == id && finding.level == level);
        let finding = finding.unwrap_or_else(|| panic!("no {level:?} {id}: {found:#?}"));
        for language in [Language::Indonesian, Language::English] {
            let texts = [finding.text(language), finding.remedy_text(language)];
            assert!(texts.iter().all(|text| !text.is_empty()), "{finding:?}");
        }
        let others: Vec<_> = found.iter().filter(|f| f.level == Level::Fail && f.id != id).collect();
        assert!(others.len() <= 2, "{others:#?}");
    }
}

fn part(state: &str) -> PartView {
    PartView { state: state.to_owned(), ..PartView::default() }
}

/// What a daemon answers whose clock and relay are so.
fn status(clock: &str, relay: PartView) -> StatusView {
    let clock = ClockPartView { part: part(clock), ..ClockPartView::default() };
    StatusView { clock, relay, ..StatusView::default() }
}

#[tokio::test]
async fn a_router_that_ran_the_script_has_no_fault() {
    let site = Site::new().await;
    let found = site.examine().await;
    let wrong: Vec<_> = found.iter().filter(|f| f.level != Level::Ok).map(|f| f.id).collect();
    // The wire is in clear by default, and is said to be.
    assert_eq!(wrong, ["router.certificate"], "{found:#?}");
    assert!(found.len() >= 22, "{found:#?}");
}

#[tokio::test]
async fn the_script_stands_before_rules_that_were_there_and_leaves_them_alone() {
    let site = Site::new().await;
    let sim =
        SimRouter::start(SimConfig { username: "kuota".to_owned(), ..SimConfig::default() }).await.unwrap();
    let known = ("connection-state", "established,related");
    sim.hand_add(FILTER, &[("chain", "input"), ("action", "drop")]).unwrap();
    sim.hand_add(FILTER, &[("chain", "forward"), ("action", "fasttrack-connection"), known]).unwrap();
    sim.hand_add(FILTER, &[("chain", "forward"), ("action", "accept"), known]).unwrap();
    sim.hand_add(FILTER, &[("chain", "forward"), ("action", "drop")]).unwrap();
    sim.hand_add(NAT, &[("chain", "srcnat"), ("action", "masquerade")]).unwrap();
    let site = Site { sim, ..site };
    site.import(&site.plan().script());
    let found = site.examine().await;
    assert!(found.iter().all(|f| f.level != Level::Fail), "{found:#?}");
    let foreign = |row: &&Row| !row.get("comment").is_some_and(|c| c.starts_with("kuota:"));
    let actions: Vec<String> =
        site.sim.rows(FILTER).iter().filter(foreign).map(|row| row["action"].clone()).collect();
    assert_eq!(actions, ["drop", "fasttrack-connection", "accept", "drop"]);
}

#[tokio::test]
async fn a_row_that_was_removed_comes_back_to_its_place() {
    let site = Site::new().await;
    let whole: Vec<_> = site.sim.rows(FILTER).into_iter().map(|row| row["comment"].clone()).collect();
    for gone in [
        "kuota:20 klient_habis keluar",
        "kuota:31 sambungan masuk",
        "kuota:99 akhir",
        "kuota:10 bayar keluar",
    ] {
        site.sim.hand_remove(FILTER, &site.id(FILTER, ("comment", gone))).unwrap();
    }
    site.import(&site.plan().script());
    let again: Vec<_> = site.sim.rows(FILTER).into_iter().map(|row| row["comment"].clone()).collect();
    assert_eq!(again, whole);
}

/// Plants one thing in a router that is well, and has it found.
macro_rules! planted {
    ($($name:ident, $id:literal, $level:ident: $plant:expr;)+) => {
        $(#[tokio::test]
        async fn $name() {
            let mut site = Site::new().await;
            let plant: fn(&mut Site) = $plant;
            plant(&mut site);
            site.finds($id, Level::$level).await;
        })+
    };
}

planted! {
    a_wrong_password_is_found, "router.login", Fail: |site| site.sim.change_password("lain");
    a_group_that_only_reads_is_found, "router.rights", Fail:
        |site| site.set("/user/group", ("name", "kuota_api"), &[("policy", "api,read,!write")]);
    a_group_that_may_more_is_found, "router.rights", Warn:
        |site| site.set("/user/group", ("name", "kuota_api"), &[("policy", "api,read,write,reboot,sensitive")]);
    a_user_from_anywhere_is_found, "router.user-address", Warn:
        |site| site.set("/user", ("name", "kuota"), &[("address", "")]);
    an_api_for_anybody_is_found, "router.service-address", Warn:
        |site| site.set("/ip/service", ("name", "api"), &[("address", "")]);
    tls_without_a_certificate_is_found, "router.certificate", Fail: |site| site.config.router.tls = Tls::Verify;
    a_hotspot_that_is_off_is_found, "hotspot.server", Fail:
        |site| site.set("/ip/hotspot", ("name", "hotspot1"), &[("disabled", "yes")]);
    a_fasttrack_rule_for_everybody_is_found, "fasttrack", Fail: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "fasttrack-connection"), ("connection-state", "established,related"),
    ]);
    a_fasttrack_rule_for_slowed_customers_is_found, "fup.fasttrack", Fail: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "fasttrack-connection"), ("src-address-list", "klient_fup"),
    ]);
    a_desk_that_the_router_opens_to_customers_is_found, "firewall.desk", Warn:
        |site| site.set(FILTER, ("comment", "kuota:06 meja"), &[("disabled", "yes")]);
    a_rule_before_the_desks_is_found, "firewall.desk", Warn: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "accept"), ("dst-address", "192.168.88.2"),
    ]);
    customers_that_are_named_among_the_desks_are_found, "firewall.desk", Warn:
        |site| site.config.admin.allowed_networks.push("10.5.50.0/24".parse().unwrap());
    a_reject_rule_that_is_disabled_is_found, "firewall.reject", Fail:
        |site| site.set(FILTER, ("comment", "kuota:21 klient_expired masuk"), &[("disabled", "yes")]);
    an_accept_before_the_reject_is_found, "firewall.order", Fail: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "accept"), ("src-address", "10.5.50.0/24"),
    ]);
    an_accept_of_an_interface_before_the_reject_is_found, "firewall.order", Fail: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "accept"), ("in-interface", "bridge-hotspot"),
    ]);
    payment_without_a_way_is_found, "firewall.payment", Warn:
        |site| site.set(FILTER, ("comment", "kuota:10 bayar keluar"), &[("disabled", "yes")]);
    a_drop_before_the_payment_hosts_is_found, "firewall.payment", Warn: |site| site.add_first(FILTER, &[
        ("chain", "forward"), ("action", "drop"), ("src-address-list", "klient_habis"),
    ]);
    a_portal_without_a_way_is_found, "firewall.portal", Fail:
        |site| site.set(FILTER, ("comment", "kuota:13 portal masuk"), &[("disabled", "yes")]);
    a_portal_that_needs_a_log_in_is_found, "hotspot.walled-garden", Fail:
        |site| site.set(GARDEN, ("comment", "kuota:buka 192.168.88.2"), &[("disabled", "yes")]);
    a_payment_host_that_needs_a_log_in_is_found, "hotspot.walled-garden", Warn:
        |site| site.sim.hand_remove(GARDEN, &site.id(GARDEN, ("dst-host", "app.midtrans.com"))).unwrap();
    a_payment_host_that_is_not_on_the_list_is_found, "payment.hosts", Warn:
        |site| site.sim.hand_remove(LISTS, &site.id(LISTS, ("address", "api.midtrans.com"))).unwrap();
    payment_hosts_that_a_blocked_device_does_not_reach_are_found, "payment.hosts", Warn:
        |site| site.set(FILTER, ("comment", "kuota:10 bayar keluar"), &[("disabled", "yes")]);
    slowed_customers_without_a_mark_are_found, "fup.mark", Fail:
        |site| site.set(MANGLE, ("src-address-list", "klient_fup"), &[("disabled", "yes")]);
    slowed_customers_with_another_rate_are_found, "fup.queue", Fail:
        |site| site.set("/queue/type", ("name", "kuota_fup_down"), &[("pcq-rate", "5M")]);
    a_mark_without_a_queue_is_found, "fup.queue", Fail:
        |site| site.set("/queue/tree", ("name", "kuota_fup_up"), &[("disabled", "yes")]);
    nat_before_the_portal_is_found, "nat.portal", Fail:
        |site| site.add_first(NAT, &[("chain", "srcnat"), ("action", "masquerade")]);
    an_agent_among_the_customers_is_found, "hotspot.agent", Warn:
        |site| site.config.portal.public_url = "http://10.5.50.2:8081".parse().unwrap();
    a_portal_at_the_proxys_port_is_found, "portal.port", Fail:
        |site| site.config.portal.listen = ([0, 0, 0, 0], 8080).into();
    rows_of_others_in_our_lists_are_found, "lists.foreign", Warn:
        |site| site.add(LISTS, &[("list", "klient_aktif"), ("address", "10.5.50.7"), ("comment", "tetangga")]);
    rows_that_run_out_in_our_lists_are_found, "lists.dynamic", Warn:
        |site| site.add(LISTS, &[("list", "klient_habis"), ("address", "10.5.50.7"), ("timeout", "1h")]);
    ipv6_around_the_lists_is_found, "hotspot.ipv6", Warn:
        |site| site.set(IPV6, ("comment", "kuota:ipv6 masuk bridge-hotspot"), &[("disabled", "yes")]);
    a_device_mode_without_a_hotspot_is_found, "router.device-mode", Fail:
        |site| site.sim.hand_set("/system/device-mode", "*1", &[("hotspot", "no")]).unwrap();
    a_licence_that_is_used_up_is_found, "router.licence", Fail:
        |site| {
            site.sim.hand_set("/system/license", "*1", &[("nlevel", "1")]).unwrap();
            let mac = Mac([2, 0, 0, 0, 0, 1]);
            site.sim.host_connect(mac, std::net::Ipv4Addr::new(10, 5, 50, 101));
            site.sim.set_authorized(mac, true);
        };
    a_flash_with_bad_blocks_is_found, "router.flash", Warn:
        |site| site.sim.hand_set("/system/resource", "*1", &[("bad-blocks", "0.3%")]).unwrap();
    a_zone_that_differs_is_found, "clock.zone", Warn: |site| {
        site.config.timezone = kuota::clock::Zone::named("Asia/Makassar").unwrap();
    };
    clocks_that_differ_are_found, "clock.router", Warn: |site| site.clock.advance(Duration::from_mins(6));
    a_menu_that_is_missing_is_a_warning, "router.menu", Warn: |site| {
        let why = Fault::Trap("no such command prefix".to_owned());
        site.sim.fault(why, When::always("/queue/tree/print"));
    };
    a_data_folder_that_is_gone_is_found, "disk.writable", Fail:
        |site| site.config.data_dir = site.config.data_dir.join("none");
    a_copy_off_the_card_that_is_old_is_found, "backup.age", Fail:
        |site| site.clock.advance(Duration::from_hours(49));
    counters_that_stand_still_are_found, "hotspot.hosts", Warn: |site| {
        for n in 1..=10 {
            let mac = Mac([2, 0, 0, 0, 0, n]);
            site.sim.host_connect(mac, std::net::Ipv4Addr::new(10, 5, 50, 100 + n));
            site.sim.set_authorized(mac, true);
        }
    };
}

#[tokio::test]
async fn a_relay_that_is_away_or_ill_or_knows_another_token_is_told() {
    let mut site = Site::new().await;
    site.passes("relay").await;
    let relay = FakeRelay::start(site.clock.clone()).await;
    let text = format!("[relay]\nurl = \"{}\"\nsite = \"site-1\"", relay.url);
    site.config.relay = Config::parse(&text, "test", &Environment::default()).unwrap().relay;
    for id in ["relay", "relay.token"] {
        site.passes(id).await;
    }
    site.status = Some(status("ok", PartView { last_error: Some("no route".to_owned()), ..part("down") }));
    site.finds("relay", Level::Warn).await;
    site.status = None;
    relay.fault("feed", fake_relay::Fault::Refused(503, "store_unavailable"));
    site.finds("relay", Level::Warn).await;
    relay.heal();
    site.token = "token-of-somebody-else".into();
    site.passes("relay").await;
    site.finds("relay.token", Level::Fail).await;
    let found = site.examine().await;
    assert!(found.iter().all(|finding| !finding.text(Language::English).contains(&site.token)), "{found:#?}");
    relay.up(false);
    site.finds("relay", Level::Warn).await;
}

#[tokio::test]
async fn a_daemon_that_distrusts_its_clock_is_told() {
    let site = Site::new().await;
    let daemon = DaemonState::of(&status("degraded", part("off")));
    let router = RouterClient::spawn(ClientConfig::new("127.0.0.1:1", "kuota", Password::from("x")));
    let subject = Subject {
        config: &site.config,
        router: &router,
        relay: None,
        clock: &site.clock,
        agent: None,
        daemon: Some(&daemon),
        pause: Duration::ZERO,
    };
    let found = examine(&subject).await;
    let level = |id: &str| found.iter().find(|f| f.id == id).map(|f| f.level);
    assert_eq!((level("clock.trust"), level("router.login")), (Some(Level::Warn), Some(Level::Fail)));
}
