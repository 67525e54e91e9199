//! Resident memory of the daemon while everything that it lists, reports and exports is fetched from a large store: each
//! answer is sent as it is read, so that none takes the daemon near the `MemoryMax` of its unit.
//!
//! What is fetched is found in the source: every literal GET route of the agent. A new one is fetched without further
//! ado, or the test asks what to put in its path.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::crowd;
use crate::process_memory::memory_kib;
use crate::program;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Stdio;

use kuota::domain::id::Mac;
use kuota::domain::units::day_number;
use kuota::sim::{SimClock, SimConfig, SimRouter};
use program::{ProgramFolder, RunningProgram, eventually};
use rusqlite::Connection;
use serde_json::json;
use tokio::runtime::Runtime;

/// What answers may take beyond what the daemon holds anyway.
const GROWTH_MAX_KB: u64 = 32 * 1024;
/// The same in all: the unit's `MemoryMax` with room for the kernel's share.
const RESIDENT_MAX_KB: u64 = 200 * 1024;
/// What a command that prints a report may hold itself.
const COMMAND_MAX_KB: u64 = 64 * 1024;
/// Users; each has a year of usage, a row for each day.
const USERS: u32 = 1000;
const USAGE_DAYS: i64 = 360;
const SPAN: &str = "from=2025-11-15&to=2026-11-09";
const PASSWORD: &str = "benar kuda baterai";

/// Routes whose answer is of one thing, needs something that is not here, or leads elsewhere; each with why.
const ELSEWHERE: &[(&str, &str)] = &[
    ("/payment/status/{order}", "one order, behind the signature of its link"),
    ("/b/{code}", "leads to one order"),
    ("/lunasi/sebagian", "the way to pay part of the debts, by a form that says how much"),
    ("/lunasi/{debt}", "the way to pay one debt, which this customer does not owe"),
    ("/beli/{package}", "the way to pay one package"),
    ("/masuk/ganti", "a form behind the proof of a PIN"),
    ("/masuk", "a form; leads on who is logged in"),
    ("/daftar", "a form"),
    ("/kasir/{no}", "one closing; none was made"),
    ("/perangkat/{mac}", "one device of a hotspot whose router does not answer here"),
    ("/masuk/pin", "a form; leads on where no PIN is kept"),
    ("/policy/{status}", "one page of text"),
];

/// Queries that make an answer as long as it gets, besides the one without.
fn queries(route: &str) -> Vec<String> {
    let page = "limit=200".to_owned();
    match route {
        "/reports/usage" | "/reports/sales" => {
            vec![SPAN.into(), format!("{SPAN}&format=csv")]
        }
        "/reports/debts" | "/reports/collection" => vec!["format=csv".into()],
        "/users/{id}/usage" => vec![
            "step=day&from=2017-01-01T00:00:00Z&to=2026-11-28T00:00:00Z".into(),
            "step=hour&from=2026-09-01T00:00:00Z&to=2026-11-28T00:00:00Z".into(),
        ],
        "/users"
        | "/orders"
        | "/audit"
        | "/closings"
        | "/packages"
        | "/users/{id}/statement"
        | "/users/{id}/debts"
        | "/admins" => vec![page],
        "/laporan/bulan" => vec!["bulan=2026-06".into()],
        "/pelanggan/{id}/rekening/cetak"
        | "/laporan"
        | "/laporan/pemakaian"
        | "/laporan/tagihan"
        | "/laporan/penagihan" => vec![SPAN.into()],
        "/unduh/catatan" | "/unduh/pelanggan" => vec!["bentuk=mesin".into()],
        _ if route.starts_with("/unduh/") => {
            ["", "&bentuk=mesin"].map(|form| format!("{SPAN}{form}")).to_vec()
        }
        "/riwayat" => ["pemakaian", "mutasi", "bayar"].map(|view| format!("lihat={view}")).to_vec(),
        _ if ["/reports/", "/laporan/"].iter().any(|of| route.starts_with(of)) => {
            panic!("which query makes the answer of {route} as long as it gets?")
        }
        _ => Vec::new(),
    }
}

/// Concrete paths of a route.
fn filled(file: &str, route: &str) -> Vec<String> {
    let (user, order) = (crowd::user_id(1).to_string(), crowd::order_id(1234));
    let one = |name: &str, value: &str| vec![route.replace(name, value)];
    match route {
        _ if !route.contains('{') => vec![route.to_owned()],
        "/export/{table}" => ["users", "packages", "debts", "orders", "entries"]
            .map(|table| format!("/export/{table}"))
            .to_vec(),
        _ if route.contains("{id}") && route.matches('{').count() == 1 => {
            let is_order = ["/orders", "/pembayaran", "/kuitansi"].iter().any(|of| route.starts_with(of));
            one("{id}", if is_order { &order } else { &user })
        }
        _ => {
            panic!("{file}: what shall stand in {route}? Say it here, or in ELSEWHERE why it is not fetched")
        }
    }
}

/// Every literal route of the agent that answers to GET, with its file.
fn routes() -> BTreeSet<(String, String)> {
    fn visit(folder: &Path, found: &mut BTreeSet<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The set-up is served by a machine that has no store yet.
                if !path.ends_with("first_run") {
                    visit(&path, found);
                }
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for call in text.split(".route(\"").skip(1) {
                    let (route, rest) = call.split_once('"').unwrap();
                    let handlers = rest.split(".route(").next().unwrap().split(';').next().unwrap();
                    if handlers.contains("get(") || handlers.contains("file(") {
                        found.insert((path.display().to_string(), route.to_owned()));
                    }
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agent"), &mut found);
    found
}

/// A large site and the daemon on it.
struct Site {
    folder: ProgramFolder,
    daemon: RunningProgram,
    _sim: SimRouter,
    _runtime: Runtime,
    desk: String,
    portal: String,
    cookie: String,
}

impl Site {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let config = SimConfig { clock: SimClock::Real, ..SimConfig::default() };
        let sim = runtime.block_on(SimRouter::start(config)).unwrap();
        // The first customer's phone, which is where the portal's pages are asked for from.
        sim.host_connect(Mac([2, 0, 0, 0, 0, 1]), Ipv4Addr::LOCALHOST);
        let folder = ProgramFolder::new(&sim.address().to_string());
        let file = folder.path("kuotad.toml");
        let text = std::fs::read_to_string(&file).unwrap();
        let portal = "[portal]\nclient_networks = [\"127.0.0.0/8\"]\n";
        let admin = "[admin]\nallowed_networks = [\"127.0.0.0/8\"]\n";
        std::fs::write(&file, text.replace("[portal]\n", portal).replace("[admin]\n", admin)).unwrap();
        let daemon = folder.serve();
        let owner = json!({"name": "juragan", "role": "owner", "password": PASSWORD}).to_string();
        let made = daemon.call("POST", "/api/v1/admins", None, &owner).unwrap();
        assert_eq!(made.status, 201, "{made:?}");
        daemon.stop();
        crowd::fill(folder.data(), crowd::Extent::months(USERS));
        use_much(folder.data());
        let daemon = folder.serve();
        let address = |what: &str| {
            let mut found = None;
            eventually("its addresses stand in the log", || {
                found = listens(&daemon.log(), what);
                found.is_some()
            });
            found.unwrap()
        };
        let (desk, portal) = (address("admin"), address("portal"));
        let mut site =
            Self { folder, daemon, _sim: sim, _runtime: runtime, desk, portal, cookie: String::new() };
        site.log_in();
        site
    }

    fn log_in(&mut self) {
        let form = format!("username=juragan&password={}&ke=%2F", PASSWORD.replace(' ', "+"));
        let head = format!(
            "POST /masuk HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {1}\r\n\r\n{form}",
            self.desk,
            form.len()
        );
        let (_, answer, _) = fetch(&self.desk, &head);
        let cookie = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a session");
        cookie.split(';').next().unwrap().clone_into(&mut self.cookie);
    }

    /// Reads an answer to its end and forgets it: its status and how long it was.
    fn get(&self, base: &str, path: &str) -> (u16, u64) {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {base}\r\ncookie: {}\r\naccept: text/html,*/*\r\nconnection: close\r\n\r\n",
            self.cookie
        );
        let (status, _, bytes) = fetch(base, &head);
        (status, bytes)
    }

    fn memory(&self, field: &str) -> u64 {
        memory_kib(&self.daemon.id().to_string(), field)
    }

    /// What the daemon held at most while `work` was done.
    fn peak_of<T>(&self, work: impl FnOnce() -> T) -> (u64, T) {
        std::fs::write(format!("/proc/{}/clear_refs", self.daemon.id()), "5").unwrap();
        let done = work();
        (self.memory("VmHWM"), done)
    }
}

/// The address at which it says that it listens.
fn listens(log: &str, what: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains("listens") && line.contains(what))?;
    let at = line.find("127.0.0.1:")?;
    let end = line[at..].find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    Some(line[at..end.map_or(line.len(), |end| at + end)].to_owned())
}

/// One call: status, head, and how many bytes followed. The bytes are not kept.
fn fetch(base: &str, request: &str) -> (u16, String, u64) {
    let mut stream = TcpStream::connect(base).unwrap();
    stream.set_read_timeout(Some(program::DEADLINE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(answer.read_line(&mut head).unwrap() > 0, "cut off: {head}");
    }
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let is_chunked = head.contains("transfer-encoding: chunked");
    let (mut total, mut last, mut part) = (0, Vec::new(), vec![0; 64 * 1024]);
    loop {
        let read = answer.read(&mut part).unwrap();
        if read == 0 {
            break;
        }
        total += read as u64;
        last.extend_from_slice(&part[..read]);
        last.drain(..last.len().saturating_sub(5));
    }
    assert!(!is_chunked || last == b"0\r\n\r\n", "the answer broke off: {request}");
    (status, head, total)
}

/// What a command held at most until it ended well.
fn peak_of_command(folder: &ProgramFolder, arguments: &[&str]) -> u64 {
    let mut child = folder.command(arguments).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim_matches(|c: char| !c.is_ascii_digit()).parse().ok());
        peak = peak.max(now.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{arguments:?}: {ended}");
            return peak;
        }
        std::thread::sleep(program::LOOK);
    }
}

/// A year of usage of many users, as the days of a store that grew.
fn use_much(folder: &Path) {
    let conn = Connection::open(folder.join(kuota::store::FILE)).unwrap();
    conn.pragma_update(None, "synchronous", "OFF").unwrap();
    let today = day_number(jiff::civil::date(2026, 11, 10));
    conn.execute(
        "WITH RECURSIVE d (day) AS (SELECT ?1 - ?2 UNION ALL SELECT day + 1 FROM d WHERE day + 1 < ?1)
         INSERT INTO usage_days SELECT day, user_no, user_no, 1000000 * user_no + day, 0 FROM d
         CROSS JOIN users WHERE true ON CONFLICT DO NOTHING",
        [today, USAGE_DAYS],
    )
    .unwrap();
    conn.execute(
        "INSERT INTO usage_totals SELECT day, user_no, bytes, unenforced_bytes FROM usage_days WHERE true
         ON CONFLICT DO NOTHING",
        [],
    )
    .unwrap();
    let sums = "INSERT INTO usage_sums SELECT day, sum(bytes) FROM usage_totals WHERE true GROUP BY day ON CONFLICT DO NOTHING";
    conn.execute(sums, []).unwrap();
}

#[test]
fn nothing_that_is_listed_reported_or_exported_is_held_in_memory() {
    let site = Site::new();
    let held = site.memory("VmRSS");
    let (mut fetched, mut longest, mut too_much, mut refused) = (0, 0, Vec::new(), Vec::new());
    let mut judge = |what: &str, peak: u64| {
        if peak > held + GROWTH_MAX_KB || peak > RESIDENT_MAX_KB {
            too_much.push(format!("{what}: {peak} KB, {held} KB before"));
        }
    };
    for (file, route) in routes() {
        if ELSEWHERE.iter().any(|(other, _)| *other == route) {
            continue;
        }
        let (base, prefix) = match &file {
            file if file.contains("/agent/portal/") => (&site.portal, ""),
            file if file.contains("/agent/console/") => (&site.desk, ""),
            _ if ["/healthz", "/metrics", "/api/ping"].contains(&route.as_str()) => (&site.desk, ""),
            _ => (&site.desk, "/api/v1"),
        };
        for path in filled(&file, &route) {
            let mut asked = vec![format!("{prefix}{path}")];
            asked.extend(queries(&route).iter().map(|query| format!("{prefix}{path}?{query}")));
            for path in asked {
                let (peak, (status, bytes)) = site.peak_of(|| site.get(base, &path));
                if status != 200 {
                    refused.push(format!("{file}: {path}: {status}"));
                }
                judge(&path, peak);
                (fetched, longest) = (fetched + 1, longest.max(bytes));
            }
        }
    }
    for way in ["--csv", "--json", ""] {
        let mut usage = vec!["report", "usage", "--from", "2025-11-15", "--to", "2026-11-09"];
        usage.extend(Some(way).filter(|way| !way.is_empty()));
        let ((peak, own), what) = (site.peak_of(|| peak_of_command(&site.folder, &usage)), usage.join(" "));
        judge(&what, peak);
        assert!(own < COMMAND_MAX_KB, "kuotad {what}: {own} KB in the command itself");
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(too_much.is_empty(), "{too_much:#?}");
    // The test is worth something only where answers are long.
    assert!(longest > GROWTH_MAX_KB * 1024, "{longest} bytes at most");
    assert!(fetched > 50, "{fetched} answers");
    site.daemon.stop();
}
