//! What strangers make the daemon write: requests of pages, log-ins that fail and forms that are refused, as many as come.
//! They must not wear the card out: no row, no byte of the store, and few lines of the log.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use crate::program::{self, ProgramFolder, RunningProgram, eventually};
use kuota::domain::id::Mac;
use kuota::sim::{SimClock, SimConfig, SimRouter};
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

/// Requests of each kind.
const REQUESTS: usize = 200;
/// What the log may say about all of them together.
const LOG_BYTES_MAX: usize = 32 * 1024;

/// One call: its status and all of its text.
fn call(address: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(program::DEADLINE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    (text.split(' ').nth(1).unwrap().parse().unwrap(), text)
}

fn get(address: &str, path: &str) -> (u16, String) {
    call(
        address,
        &format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept: text/html\r\nconnection: close\r\n\r\n"),
    )
}

fn post(address: &str, path: &str, kind: &str, body: &str) -> u16 {
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\n\
         content-type: {kind}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    call(address, &request).0
}

/// The rows of each table, and the bytes of the store's files.
fn written(folder: &ProgramFolder) -> (BTreeMap<String, i64>, u64) {
    let file = folder.data().join("kuota.db");
    let conn = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let tables = statement.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap);
    let rows = |table: String| {
        let count = conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        (table, count)
    };
    let bytes =
        ["db", "db-wal"].map(|end| std::fs::metadata(file.with_extension(end)).map_or(0, |f| f.len()));
    (tables.map(rows).collect(), bytes.iter().sum())
}

fn commits(daemon: &RunningProgram) -> u64 {
    daemon.get("/api/v1/status")["cycle"]["commits"].as_u64().unwrap()
}

#[test]
fn a_flood_of_strangers_writes_nothing_to_the_store_and_little_to_the_log() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = SimConfig { clock: SimClock::Real, ..SimConfig::default() };
    let sim = runtime.block_on(SimRouter::start(config)).unwrap();
    sim.host_connect(Mac([2, 0, 0, 0, 0, 1]), Ipv4Addr::LOCALHOST);
    let folder = ProgramFolder::new(&sim.address().to_string());
    let file = folder.path("kuotad.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let portal = "[portal]\nclient_networks = [\"127.0.0.0/8\"]\nregistration = \"approval\"\n";
    let admin = "[admin]\nallowed_networks = [\"127.0.0.0/8\"]\n";
    std::fs::write(&file, text.replace("[portal]\n", portal).replace("[admin]\n", admin)).unwrap();
    let daemon = folder.serve();
    let owner = json!({"name": "juragan", "role": "owner", "password": "benar kuda baterai"}).to_string();
    assert_eq!(daemon.call("POST", "/api/v1/admins", None, &owner).unwrap().status, 201);
    let (desk, portal) = (daemon.admin().unwrap(), daemon.portal().unwrap());
    let mut form = String::new();
    eventually("the device is seen", || {
        form = get(&portal, "/masuk").1;
        form.contains("name=\"_token\"")
    });
    let token = form.split("name=\"_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let before_commits = commits(&daemon);
    let (before, before_log) = (written(&folder), daemon.log().len());
    let form = "application/x-www-form-urlencoded";
    let mut answers: BTreeMap<(&str, u16), usize> = BTreeMap::new();
    for n in 0..REQUESTS {
        let mut count = |what, status| *answers.entry((what, status)).or_default() += 1;
        for path in ["/", "/masuk", "/daftar", "/beli", "/tidak-ada", "/b/0000ABCD"] {
            count("portal", get(&portal, path).0);
        }
        for path in ["/", "/masuk", "/api/v1/users", "/tidak-ada"] {
            count("desk", get(&desk, path).0);
        }
        let pin = format!("_token={token}&siapa=0812000{n:04}&pin=123456");
        count("pin", post(&portal, "/masuk", form, &pin));
        // Refused: the two PINs differ.
        let wrong = format!("_token={token}&nama=Budi&hp=0812000{n:04}&pin=123456&pin_lagi=654321");
        count("registration", post(&portal, "/daftar", form, &wrong));
        count("without a token", post(&portal, "/daftar", form, "nama=Budi"));
        let login = json!({"username": format!("admin-{n}"), "password": "salah"}).to_string();
        count("password", post(&desk, "/api/v1/login", "application/json", &login));
    }
    assert!(answers.keys().all(|(_, status)| *status < 500), "{answers:?}");
    assert!(
        answers[&("pin", 429)] > REQUESTS / 2 && answers[&("password", 429)] > REQUESTS / 2,
        "{answers:?}"
    );
    assert_eq!(written(&folder), before, "rows and bytes: {answers:?}");
    assert_eq!(commits(&daemon), before_commits, "{answers:?}");
    let log = daemon.log()[before_log..].to_owned();
    assert!(log.len() < LOG_BYTES_MAX, "{} bytes: {}", log.len(), &log[..2000]);
    daemon.stop();
}
