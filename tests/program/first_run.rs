//! The set-up in the browser, by the real program with the package's configuration: who may claim the machine, and the way from
//! the first page to a desk that works.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use axum::http::Method;
use kuota::sim::{SimConfig, SimRouter, SimTls};
use serde_json::Value;

use crate::http_client::{Call, Reply, http_client};
use crate::program::{LOOK, ProgramFolder, RunningProgram};

const PASSWORD: &str = "rahasia-yang-panjang-1";

/// A machine with the package's configuration, whose boots and clock the test decides.
pub struct Pi {
    pub folder: ProgramFolder,
    pub daemon: Option<RunningProgram>,
}

impl Pi {
    /// Installed, and not started yet.
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = ProgramFolder::bare(dir, env!("CARGO_BIN_EXE_kuotad"), "kuotad.toml");
        std::fs::copy(
            Path::new(env!("CARGO_MANIFEST_DIR")).join("config/kuotad.toml"),
            folder.path("kuotad.toml"),
        )
        .unwrap();
        std::fs::create_dir_all(folder.path("machine/proc/sys/kernel/random")).unwrap();
        std::fs::create_dir_all(folder.path("machine/boot/firmware")).unwrap();
        Self { folder, daemon: None }
    }

    /// The same, running in its first boot.
    pub fn started() -> Self {
        let mut pi = Self::new();
        pi.boot("first", 20);
        pi.start();
        pi
    }

    fn boot(&self, id: &str, uptime_s: u32) {
        std::fs::write(self.folder.path("machine/proc/sys/kernel/random/boot_id"), id).unwrap();
        self.uptime(uptime_s);
    }

    fn uptime(&self, uptime_s: u32) {
        std::fs::write(self.folder.path("machine/proc/uptime"), format!("{uptime_s}.25 1.00\n")).unwrap();
    }

    pub fn code(&self, code: &str) {
        std::fs::write(self.folder.path("machine/boot/firmware/kuota-setup"), code).unwrap();
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.folder.command(args);
        command.env("KUOTA__DATA_DIR", self.folder.data()).env("KUOTA__ADMIN__LISTEN", "127.0.0.1:0");
        command.env("KUOTA__PORTAL__LISTEN", "127.0.0.1:0").env("KUOTA__ROUTER__POLL_INTERVAL", "200ms");
        let credentials = self.folder.path("credentials");
        if credentials.exists() {
            command.env("CREDENTIALS_DIRECTORY", credentials);
        }
        command
    }

    /// Starts the daemon and waits until the set-up is served.
    pub fn start(&mut self) {
        let machine = self.folder.file("machine");
        let mut daemon = RunningProgram::start(self.command(&["run", "--machine", &machine]), &self.folder);
        daemon.logs("set-up listens");
        self.daemon = Some(daemon);
    }

    /// Starts it under strace, with what it shall inject.
    pub fn start_traced(&mut self, trace: &[&str]) {
        let machine = self.folder.file("machine");
        let mut command = self.folder.traced(trace, &["run", "--machine", &machine]);
        command.env("KUOTA__DATA_DIR", self.folder.data()).env("KUOTA__ADMIN__LISTEN", "127.0.0.1:0");
        command.env("KUOTA__PORTAL__LISTEN", "127.0.0.1:0");
        let mut daemon = RunningProgram::start(command, &self.folder);
        daemon.logs("set-up listens");
        self.daemon = Some(daemon);
    }

    pub fn address(&self, listens: &str) -> Option<String> {
        self.daemon.as_ref().unwrap().listens(listens)
    }

    /// The power goes and comes back: the process is killed, and the next boot has another name.
    fn cut_power(&mut self, boot: &str, uptime_s: u32) {
        self.daemon.take().unwrap().kill();
        self.boot(boot, uptime_s);
        self.start();
    }

    /// The daemon is killed and started again within one boot.
    pub fn restart(&mut self) {
        self.daemon.take().unwrap().kill();
        self.start();
    }

    pub fn browser() -> Browser {
        Browser { cookie: None }
    }

    pub async fn get(&self, browser: &Browser, path: &str) -> Reply {
        browser.call(self, Method::GET, path).send().await
    }

    /// Sends a form as the page at its address would, and keeps the cookie.
    pub async fn send(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Reply {
        let page = browser.call(self, Method::GET, path).send().await.text;
        let token = page.split("name=\"_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        self.post(browser, path, &[fields, &[("_token", token.unwrap_or_default())]].concat()).await
    }

    pub async fn post(&self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let call = browser.call(self, Method::POST, path).body(body.join("&"));
        let reply = call.header("content-type", "application/x-www-form-urlencoded").send().await;
        if let Some(set) = reply.headers.get("set-cookie") {
            let text = set.to_str().unwrap();
            assert!(text.contains("HttpOnly") && text.contains("SameSite=Strict"), "{text}");
            browser.cookie = Some(text.split(';').next().unwrap().to_owned());
        }
        reply
    }

    async fn press(&self, browser: &mut Browser) -> Reply {
        self.post(browser, "/mulai/klaim", &[]).await
    }

    /// Presses *claim*, and the power is cut.
    async fn claimed() -> (Self, Browser) {
        let mut pi = Self::started();
        let mut owner = Pi::browser();
        assert_eq!(pi.press(&mut owner).await.status, 303);
        pi.cut_power("second", 30);
        assert!(pi.is_in(&owner).await);
        (pi, owner)
    }

    /// Whether the first page leads this browser to the steps.
    async fn is_in(&self, browser: &Browser) -> bool {
        let first = self.get(browser, "/").await;
        let to = first.headers.get("location").map(|to| to.to_str().unwrap().to_owned());
        to.is_some_and(|to| to.starts_with("/mulai/"))
    }

    pub fn record(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.data().join("first-run.json")).unwrap()).unwrap()
    }
}

/// A browser, by its cookie.
#[derive(Clone)]
pub struct Browser {
    pub cookie: Option<String>,
}

impl Browser {
    pub fn call(&self, pi: &Pi, method: Method, path: &str) -> Call {
        let address = pi.address("set-up listens").unwrap();
        let call = Call::new(&http_client(), method, &format!("http://{address}{path}"))
            .header("accept", "text/html")
            .header("origin", &format!("http://{address}"));
        match &self.cookie {
            Some(cookie) => call.header("cookie", cookie),
            None => call,
        }
    }
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric();
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_package_comes_up_unclaimed_and_every_page_leads_to_the_set_up() {
    let pi = Pi::started();
    let browser = Pi::browser();
    let healthy = pi.get(&browser, "/healthz").await;
    assert_eq!((healthy.status, healthy.json()["status"].as_str()), (200, Some("unclaimed")));
    let first = pi.get(&browser, "/").await;
    assert!(first.status == 200 && first.text.contains("/mulai/klaim"), "{}", first.text);
    for page in ["/masuk", "/pelanggan", "/mulai/nama", "/mulai/selesai", "/api/v1/users"] {
        let reply = pi.get(&browser, page).await;
        assert_eq!((reply.status, &reply.headers["location"]), (303, &"/".parse().unwrap()), "{page}");
    }
    let address = pi.address("set-up listens").unwrap();
    let program = Call::new(&http_client(), Method::GET, &format!("http://{address}/api/v1/users"));
    assert_eq!(program.send().await.problem(503, "unclaimed")["code"], "unclaimed");
    assert!(!pi.folder.data().join("kuota.db").exists(), "no store is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_of_an_earlier_package_is_nobodys_either() {
    let mut pi = Pi::new();
    let file = pi.folder.path("kuotad.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let earlier: Vec<&str> = text.lines().filter(|line| !line.starts_with("colour =")).collect();
    std::fs::write(&file, earlier.join("\n")).unwrap();
    pi.boot("first", 20);
    pi.start();
    assert!(pi.get(&Pi::browser(), "/").await.text.contains("/mulai/klaim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_networks_other_names_and_other_sites_are_refused() {
    let mut pi = Pi::new();
    pi.boot("first", 20);
    let machine = pi.folder.file("machine");
    let mut command = pi.command(&["run", "--machine", &machine]);
    command.env("KUOTA__ADMIN__ALLOWED_NETWORKS", "127.0.0.1/32");
    let mut daemon = RunningProgram::start(command, &pi.folder);
    daemon.logs("set-up listens");
    pi.daemon = Some(daemon);
    let browser = Pi::browser();
    assert_eq!(pi.get(&browser, "/").await.status, 200);
    let stranger = browser.call(&pi, Method::GET, "/").from(Ipv4Addr::new(127, 0, 0, 2)).send().await;
    assert_eq!(stranger.status, 403);
    let address = pi.address("set-up listens").unwrap();
    let rebound =
        Call::new(&http_client(), Method::GET, &format!("http://{address}/")).header("host", "evil.example");
    assert_eq!(rebound.send().await.status, 421);
    let url = format!("http://{address}/mulai/klaim");
    let cross = Call::new(&http_client(), Method::POST, &url).header("origin", "http://evil.example");
    assert_eq!(cross.send().await.status, 403);
    assert_eq!(pi.record()["claiming"]["presses"], serde_json::json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_is_confirmed_by_a_power_cut_and_by_nothing_else() {
    let mut pi = Pi::started();
    let mut owner = Pi::browser();
    assert_eq!(pi.press(&mut owner).await.status, 303);
    assert!(pi.get(&owner, "/").await.text.contains("cabut listrik"));
    pi.restart();
    assert!(!pi.is_in(&owner).await, "the same boot");
    pi.cut_power("second", 30);
    assert!(pi.is_in(&owner).await);
    // Somebody else is neither let in nor can claim it again, also with a cookie of their own choice.
    let mut other = Browser { cookie: Some("kuota_mulai=kuota_0000".into()) };
    assert!(!pi.is_in(&other).await);
    let page = pi.get(&other, "/").await.text;
    assert!(page.contains("127.0.0.1") && !page.contains("/mulai/klaim"), "{page}");
    let again = pi.press(&mut other).await;
    assert!(
        again.status == 303 && again.headers["location"].to_str().unwrap().contains("salah="),
        "{again:?}"
    );
    pi.cut_power("third", 30);
    assert!(pi.is_in(&owner).await && !pi.is_in(&other).await);
    let forged = pi.post(&mut owner.clone(), "/mulai/nama", &[("name", "X"), ("_token", "0")]).await;
    assert!(forged.headers["location"].to_str().unwrap().contains("salah="), "{forged:?}");
    assert_eq!(pi.record()["answers"]["values"], serde_json::json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_presses_too_does_not_win_and_both_are_told() {
    let mut pi = Pi::started();
    let (mut customer, mut owner) = (Pi::browser(), Pi::browser());
    pi.press(&mut customer).await;
    pi.press(&mut owner).await;
    pi.press(&mut customer).await;
    assert!(pi.get(&owner, "/").await.text.contains("Perangkat lain juga"));
    pi.cut_power("second", 30);
    for browser in [&customer, &owner] {
        assert!(!pi.is_in(browser).await);
        assert!(pi.get(browser, "/").await.text.contains("lebih dari satu perangkat"));
    }
    // The owner's code outdoes both.
    pi.code("mangga-7-manis");
    assert_eq!(pi.post(&mut owner, "/mulai/kode", &[("secret", "mangga-7-manis")]).await.status, 303);
    assert!(pi.is_in(&owner).await && !pi.is_in(&customer).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_presses_all_the_time_does_not_wear_the_card() {
    let pi = Pi::started();
    let saved = || std::fs::metadata(pi.folder.data().join("first-run.json")).unwrap().ino();
    let (mut last, mut saves) = (saved(), 0);
    for _ in 0..40 {
        pi.press(&mut Pi::browser()).await;
        saves += u32::from(last != saved());
        last = saved();
    }
    // Six at once, and the time's own.
    assert!(saves <= 9, "{saves} writes for 40 presses");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_up_closes_after_an_hour_and_the_boot_partition_opens_it_again() {
    let mut pi = Pi::started();
    pi.uptime(3000);
    pi.restart();
    pi.uptime(3700);
    let mut browser = Pi::browser();
    let page = pi.get(&browser, "/").await.text;
    assert!(page.contains("kuota-setup") && !page.contains("/mulai/klaim"), "{page}");
    assert!(pi.press(&mut browser).await.headers["location"].to_str().unwrap().contains("salah="));
    pi.restart();
    pi.cut_power("second", 10);
    assert!(!pi.get(&browser, "/").await.text.contains("/mulai/klaim"), "no restart begins it again");
    pi.code("short");
    assert!(pi.get(&browser, "/").await.text.contains("/mulai/klaim"));
    assert_eq!(pi.press(&mut browser).await.status, 303);
    pi.cut_power("third", 30);
    assert!(pi.is_in(&browser).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_opens_nothing() {
    let mut pi = Pi::started();
    pi.daemon.take().unwrap().kill();
    std::fs::write(pi.folder.data().join("first-run.json"), "{").unwrap();
    pi.start();
    let browser = Pi::browser();
    assert!(!pi.get(&browser, "/").await.text.contains("/mulai/klaim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_slowed_down_for_everybody() {
    let pi = Pi::started();
    pi.code("mangga-7-manis");
    for n in 0..5 {
        let mut guesser = Pi::browser();
        pi.post(&mut guesser, "/mulai/kode", &[("secret", &format!("mangga-{n}-manis"))]).await;
        assert!(guesser.cookie.is_none());
    }
    let mut owner = Pi::browser();
    let slowed = pi.post(&mut owner, "/mulai/kode", &[("secret", "mangga-7-manis")]).await;
    let page = pi.get(&owner, slowed.headers["location"].to_str().unwrap()).await;
    assert!(page.status == 429 && page.text.contains("Terlalu banyak kode"), "{}", page.text);
    assert!(!pi.is_in(&owner).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_in_a_terminal_ends_the_one_in_the_browser() {
    let mut pi = Pi::started();
    let data = pi.folder.data().to_str().unwrap().to_owned();
    let mut command = pi.command(&["setup", "--yes", "--owner", "siti", "--router-address", "127.0.0.1:1"]);
    command.args(["--router-password-stdin", "--owner-password-stdin", "--data-dir", &data]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("rahasia\n{PASSWORD}\n").as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{done:?}");
    pi.daemon.as_mut().unwrap().logs("set up in a terminal");
    pi.daemon.as_mut().unwrap().logs("admin listens");
}

/// What the router is, and its script: the steps from the log-in to the checks.
async fn prepare_router(pi: &mut Pi, owner: &mut Browser) {
    let page = pi.get(owner, "/mulai/jaringan").await.text;
    // The owner's log-in was in memory; the agent's own is tried instead.
    assert!(page.contains("7.18.2"), "{page}");
    let bad = [("portal", "http://10.0.0.2:8081"), ("networks", "10.5.50.0/99")];
    let refused = pi.send(owner, "/mulai/jaringan", &bad).await;
    let page = pi.get(owner, refused.headers["location"].to_str().unwrap()).await.text;
    assert!(page.contains("client_networks") && page.contains("10.5.50.0/99"), "{page}");
    let good = [("portal", "http://10.0.0.2:8081"), ("networks", "10.5.50.0/24, 10.5.51.0/24")];
    assert_eq!(pi.send(owner, "/mulai/jaringan", &good).await.headers["location"], "/mulai/skrip");

    let page = pi.get(owner, "/mulai/skrip").await.text;
    assert!(
        page.contains("http://10.0.0.2:") && page.contains("<svg") && page.contains("10.5.51.0/24"),
        "{page}"
    );
    let token = page.split("/mulai/router/").nth(1).unwrap();
    let token: String = token.chars().take_while(char::is_ascii_hexdigit).collect();
    assert_eq!(token.len(), 32);
    let fetch = |token: &str| {
        let address = pi.address("set-up listens").unwrap();
        Call::new(&http_client(), Method::GET, &format!("http://{address}/mulai/router/{token}"))
    };
    let thief = fetch(&token).from(Ipv4Addr::new(127, 0, 0, 2)).send().await;
    assert!(thief.status == 403 && !thief.text.contains("password="), "{}", thief.text);
    assert_eq!(fetch(&"0".repeat(32)).send().await.status, 404);
    let fetched = fetch(&token).send().await;
    let password = SimConfig::default().password;
    let line = format!("/user set [find where name=\"kuota\"] password=\"{password}\" disabled=no");
    assert!(fetched.status == 200 && fetched.text.contains(&line), "{}", fetched.text);
    assert_eq!(fetch(&token).send().await.status, 404, "it is good once");
    let stranger = Browser { cookie: None };
    assert_eq!(pi.get(&stranger, "/mulai/kuota.rsc").await.headers["location"], "/");
    assert!(pi.get(owner, "/mulai/kuota.rsc").await.text.contains(&line));
    assert_eq!(pi.send(owner, "/mulai/skrip", &[]).await.headers["location"], "/mulai/periksa");
    // The script was not run: the checks say so, and the owner may go on.
    let page = pi.get(owner, "/mulai/periksa").await.text;
    assert!(page.contains("masuk ke router, RouterOS") && page.contains("notice bad"), "{page}");
    assert_eq!(pi.send(owner, "/mulai/periksa", &[]).await.headers["location"], "/mulai/aturan");
}

/// Rules, packages, a device and the kit.
async fn choose_what_is_sold(pi: &mut Pi, owner: &mut Browser, sim: &SimRouter) {
    let rules =
        [("overage", "debt"), ("debt_limit", "1 GB"), ("fup", "0 MB"), ("due", "14d"), ("expiry", "extend")];
    assert_eq!(pi.send(owner, "/mulai/aturan", &rules).await.headers["location"], "/mulai/paket");
    let free = [("p1", "yes"), ("h1", "gratis")];
    assert!(
        pi.send(owner, "/mulai/paket", &free).await.headers["location"].to_str().unwrap().contains("salah=")
    );
    let chosen = [("p1", "yes"), ("h1", "Rp 4.000"), ("p2", "no"), ("p5", "yes"), ("h5", "150.000")];
    assert_eq!(pi.send(owner, "/mulai/paket", &chosen).await.headers["location"], "/mulai/perangkat");
    let mac = "02:00:00:00:00:07";
    sim.host_connect(mac.parse().unwrap(), Ipv4Addr::new(10, 5, 50, 7));
    assert!(pi.get(owner, "/mulai/perangkat").await.text.contains(mac));
    let device = [("mac", mac), ("name", "Ibu Sari")];
    assert_eq!(pi.send(owner, "/mulai/perangkat", &device).await.headers["location"], "/mulai/kit");
    let token = pi.get(owner, "/mulai/kit").await.text;
    let token = token.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let kit = pi.post(owner, "/mulai/kit/buat", &[("_token", &token)]).await.text;
    let key = kit.replace(' ', "");
    assert!(key.contains("AGE-SECRET-KEY-1"), "{kit}");
    assert!(pi.folder.data().join("recovery.recipient").exists());
    assert!(!pi.get(owner, "/mulai/kit").await.text.replace(' ', "").contains("AGE-SECRET-KEY"));
    assert!(!pi.record().to_string().contains("SECRET"));
    assert_eq!(pi.send(owner, "/mulai/kit", &[]).await.headers["location"], "/mulai/selesai");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_steps_lead_to_a_desk_that_meters_wherever_the_daemon_is_killed() {
    let sim =
        SimRouter::start(SimConfig { username: "kuota".to_owned(), ..SimConfig::default() }).await.unwrap();
    let (mut pi, mut owner) = Pi::claimed().await;
    let wrong = pi.send(&mut owner, "/mulai/nama", &[("name", ""), ("language", "id")]).await;
    assert!(wrong.headers["location"].to_str().unwrap().contains("salah="));
    let name =
        [("name", "Warung Ibu"), ("language", "id"), ("timezone", "Asia/Makassar"), ("contact", "0812")];
    assert_eq!(pi.send(&mut owner, "/mulai/nama", &name).await.headers["location"], "/mulai/pemilik");
    pi.restart();
    assert_eq!(
        pi.get(&owner, "/").await.headers["location"],
        "/mulai/pemilik",
        "it goes on where it was left"
    );
    let weak = [("owner", "siti"), ("password", "short"), ("new_password", "short")];
    assert!(
        pi.send(&mut owner, "/mulai/pemilik", &weak).await.headers["location"]
            .to_str()
            .unwrap()
            .contains("salah=")
    );
    let good = [("owner", "siti"), ("password", PASSWORD), ("new_password", PASSWORD)];
    assert_eq!(pi.send(&mut owner, "/mulai/pemilik", &good).await.headers["location"], "/mulai/router");
    let early = pi.send(&mut owner, "/mulai/selesai", &[("enforcement", "dry-run")]).await;
    assert!(early.headers["location"].to_str().unwrap().contains("salah="), "{early:?}");
    let address = sim.address().to_string();
    let refused = [("address", address.as_str()), ("username", "kuota"), ("password", "salah")];
    let refused = pi.send(&mut owner, "/mulai/router", &refused).await;
    let page = pi.get(&owner, refused.headers["location"].to_str().unwrap()).await;
    assert!(page.status == 422 && page.text.contains("menolak nama atau kata sandi"), "{}", page.text);
    let odd = [("address", address.as_str()), ("username", "kuota"), ("password", "x"), ("tls", "verify")];
    let refused = pi.send(&mut owner, "/mulai/router", &odd).await;
    let page = pi.get(&owner, refused.headers["location"].to_str().unwrap()).await;
    assert!(
        page.status == 422 && page.text.contains("Pilih enkripsi"),
        "no file of an authority: {}",
        page.text
    );
    let login = [
        ("address", address.as_str()),
        ("username", "kuota"),
        ("password", SimConfig::default().password.as_str()),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let login: Vec<(&str, &str)> = login.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let tested = pi.send(&mut owner, "/mulai/router", &login).await;
    assert!(!tested.headers["location"].to_str().unwrap().contains("salah="), "{tested:?}");
    let record = pi.record().to_string();
    assert!(!record.contains(PASSWORD) && !record.contains(&SimConfig::default().password), "{record}");
    pi.restart();
    prepare_router(&mut pi, &mut owner).await;
    pi.restart();
    choose_what_is_sold(&mut pi, &mut owner, &sim).await;
    assert!(sim.stats().writes == 0, "nothing is written to the router");
    pi.restart();

    let finished = pi.send(&mut owner, "/mulai/selesai", &[("enforcement", "dry-run")]).await;
    assert!(finished.status == 200 && finished.text.contains("/masuk"), "{}", finished.text);
    pi.daemon.as_mut().unwrap().logs("admin listens");
    let desk = pi.address("admin listens").unwrap();
    let url = |path: &str| format!("http://{desk}{path}");
    let body = serde_json::json!({"username": "siti", "password": PASSWORD});
    let entered = Call::new(&http_client(), Method::POST, &url("/api/v1/login")).json(&body).send().await;
    assert_eq!(entered.ok(200)["role"], "owner");
    let session = entered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = async |path: &str| {
        Call::new(&http_client(), Method::GET, &url(path)).header("cookie", &session).send().await
    };
    while get("/api/v1/status").await.ok(200)["router"]["state"] != "ok" {
        tokio::time::sleep(LOOK).await;
    }
    let sold = get("/api/v1/packages").await.json();
    let sold: Vec<_> =
        sold["items"].as_array().unwrap().iter().map(|p| (&p["name"], &p["price_rp"])).collect();
    assert_eq!(
        sold,
        [(&Value::from("Harian 1 GB"), &Value::from(4000)), (&"Bulanan tanpa batas".into(), &150_000.into())]
    );
    let users = get("/api/v1/users").await.text;
    assert!(users.contains("Ibu Sari"), "{users}");
    let audit = get("/api/v1/audit").await.text;
    assert!(audit.contains("first_run.claim") && audit.contains("power cut"), "{audit}");
    for path in ["/mulai/nama", "/mulai/selesai", "/mulai/klaim"] {
        assert_eq!(get(path).await.status, 404, "{path}");
    }
    let config = Command::output(&mut pi.command(&["check-config"])).unwrap();
    let config = String::from_utf8(config.stdout).unwrap();
    assert!(
        config.contains("name = \"Warung Ibu\" # desk")
            && config.contains("enforcement = \"dry-run\" # desk")
            && config.contains("overage = \"debt\" # desk"),
        "{config}"
    );
    // No way leads back: a restart finds an owner, whatever became of the record.
    let daemon = pi.daemon.take().unwrap();
    daemon.kill();
    std::fs::write(pi.folder.data().join("first-run.json"), "{").unwrap();
    let machine = pi.folder.file("machine");
    let mut daemon = RunningProgram::start(pi.command(&["run", "--machine", &machine]), &pi.folder);
    daemon.logs("admin listens");
    assert!(!daemon.log().contains("set-up listens"));
}

const CERTIFICATE: &str = include_str!("../fixtures/tls/self-signed.pem");
const CERTIFICATE_KEY: &str = include_str!("../fixtures/tls/test-only.key");

/// A claimed machine with an owner, at the step of the router.
async fn at_the_router(credential: Option<&str>) -> (Pi, Browser) {
    let mut pi = Pi::new();
    if let Some(credential) = credential {
        std::fs::create_dir_all(pi.folder.path("credentials")).unwrap();
        std::fs::write(pi.folder.path("credentials/router.password"), credential).unwrap();
    }
    pi.code("kode-di-kartu");
    pi.boot("first", 20);
    pi.start();
    let mut owner = Pi::browser();
    pi.post(&mut owner, "/mulai/kode", &[("secret", "kode-di-kartu")]).await;
    assert!(pi.is_in(&owner).await);
    (pi, owner)
}

/// Sends a log-in to the router's step; the page that refuses it, or nothing.
async fn refusal(pi: &Pi, owner: &mut Browser, fields: &[(&str, &str)]) -> Option<String> {
    let sent = pi.send(owner, "/mulai/router", fields).await;
    let to = sent.headers["location"].to_str().unwrap().to_owned();
    if to == "/mulai/jaringan" {
        return None;
    }
    let page = pi.get(owner, &to).await;
    assert!(page.status == 422 || page.status == 409, "{page:?}");
    Some(page.text)
}

/// A log-in with a pinned certificate.
fn pinned<'a>(address: &'a str, password: &'a str, pin: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("address", address),
        ("username", "kuota"),
        ("password", password),
        ("tls", "pinned"),
        ("fingerprint", pin),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_in_of_the_router_is_tested_over_the_encryption_that_was_chosen() {
    let tls = SimTls::new(CERTIFICATE, CERTIFICATE_KEY);
    let config = SimConfig { username: "kuota".to_owned(), tls: Some(tls), ..SimConfig::default() };
    let password = config.password.clone();
    let sim = SimRouter::start(config).await.unwrap();
    let (pi, mut owner) = at_the_router(None).await;
    let address = sim.address().to_string();
    let page = refusal(&pi, &mut owner, &pinned(&address, &password, "ab")).await.unwrap();
    assert!(page.contains("Tulis sidik jari"), "{page}");
    let other = "1111111111111111111111111111111111111111111111111111111111111111";
    let page = refusal(&pi, &mut owner, &pinned(&address, &password, other)).await.unwrap();
    let shown = page.split("fingerprint is ").nth(1).expect("the fingerprint that the router shows");
    let shown: String = shown.chars().take_while(char::is_ascii_hexdigit).collect();
    let good = pinned(&address, &password, &shown);
    assert_eq!(refusal(&pi, &mut owner, &good).await, None);
    let values = pi.record()["answers"]["values"].clone();
    assert_eq!((&values["router.tls"], &values["router.tls_fingerprint"]), (&"pinned".into(), &shown.into()));
    // The later steps look at the router in the same way.
    let page = pi.get(&owner, "/mulai/jaringan").await.text;
    assert!(!page.contains("Router tidak dapat dibaca"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_contradicts_the_typed_password_is_said_in_words() {
    let config = SimConfig { username: "kuota".to_owned(), ..SimConfig::default() };
    let password = config.password.clone();
    let sim = SimRouter::start(config).await.unwrap();
    let address = sim.address().to_string();
    let login = [("address", address.as_str()), ("username", "kuota"), ("password", password.as_str())];
    let (pi, mut owner) = at_the_router(Some("kata-sandi-dari-systemd\n")).await;
    assert!(pi.get(&owner, "/mulai/router").await.text.contains("kredensial router.password"));
    let page = refusal(&pi, &mut owner, &login).await.unwrap();
    assert!(page.contains("Berbeda dengan kata sandi yang diberikan systemd"), "{page}");

    let (pi, mut owner) = at_the_router(Some(&format!("{password}\n"))).await;
    assert_eq!(refusal(&pi, &mut owner, &login).await, None, "the same password contradicts nothing");
}
