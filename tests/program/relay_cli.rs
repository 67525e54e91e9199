//! The relay's program as people and systemd run it: exit codes, the configuration judged, its life, and the operator's
//! commands beside it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// Generous: the machine may be busy with other tests.
const DEADLINE: Duration = Duration::from_mins(1);
/// What the relay promises after a signal.
const STOP_MAX: Duration = Duration::from_secs(5);
const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";

struct Place {
    dir: TempDir,
}

impl Place {
    /// A valid configuration with one merchant and one site.
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        std::fs::write(place.path("m1.key"), format!("{KEY}\n")).unwrap();
        std::fs::write(place.path("site-1.sha256"), "ab".repeat(32)).unwrap();
        place.configure("");
        place
    }

    /// The same with more lines at its beginning.
    fn configure(&self, more: &str) {
        let text = format!(
            "{more}\nlisten = \"127.0.0.1:0\"\ndatabase = \"sqlite:{}\"\n[[merchant]]\nid = \"m1\"\n\
             server_key_file = \"{}\"\n[[merchant.site]]\nid = \"site-1\"\ntoken_sha256_file = \"{}\"\n",
            self.path("data/relay.db").display(),
            self.path("m1.key").display(),
            self.path("site-1.sha256").display(),
        );
        std::fs::write(self.path("relay.toml"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kuota-relay"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KUOTA_RELAY__") {
                command.env_remove(name);
            }
        }
        command.env_remove("RUST_LOG").env_remove("JOURNAL_STREAM").env_remove("CREDENTIALS_DIRECTORY");
        command.arg("--config").arg(self.path("relay.toml")).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Done {
        Done::of(&self.command(args).output().unwrap(), args)
    }

    fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--json"]].concat());
        done.exits(0);
        serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("no JSON: {done:?}"))
    }

    fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }
}

/// How a command ended.
#[derive(Debug)]
#[allow(dead_code, reason = "the arguments are shown when a test fails")]
struct Done {
    args: Vec<String>,
    code: Option<i32>,
    out: String,
    err: String,
}

impl Done {
    fn of(output: &Output, args: &[&str]) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            code: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.err.contains("panicked") && !format!("{self:?}").contains("TESTKEY"), "{self:?}");
        self
    }

    fn says(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "no {text:?} in {self:?}");
        self
    }

    fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no {text:?} in {self:?}");
        self
    }
}

/// A running relay whose log is read line by line.
struct Relay {
    child: Child,
    log: mpsc::Receiver<String>,
    seen: Vec<String>,
    address: String,
}

impl Relay {
    /// Starts it and waits until it listens.
    fn start(place: &Place) -> Self {
        let mut child = place.command(&["run", "--log-format", "text"]).spawn().unwrap();
        let (tell, log) = mpsc::channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    return;
                }
            }
        });
        let mut relay = Self { child, log, seen: Vec::new(), address: String::new() };
        let line = relay.logs("listens");
        let after = line.split("127.0.0.1:").nth(1).unwrap();
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        relay.address = format!("127.0.0.1:{port}");
        relay
    }

    /// Waits for a line of the log.
    fn logs(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.log.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                Err(error) => panic!("{error}: no {text:?} in {:#?}", self.seen),
            }
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Asks it to stop, and how it did.
    fn stop(mut self) -> Option<i32> {
        let began = Instant::now();
        self.signal("-TERM");
        let status = self.child.wait().unwrap();
        assert!(began.elapsed() < STOP_MAX, "{:?}", began.elapsed());
        self.seen.extend(self.log.iter());
        assert!(!self.seen.iter().any(|line| line.contains("TESTKEY") || line.contains("panicked")));
        status.code()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn exit_codes_tell_usage_from_configuration() {
    let place = Place::new();
    place.run(&["--help"]).exits(0).says("reconcile").says("/etc/kuota-relay/relay.toml");
    place.run(&["--version"]).exits(0).says("kuota-relay");
    for args in [&["nonsense"][..], &[], &["review"], &["backup"], &["run", "--nonsense"]] {
        place.run(args).exits(2);
    }
    place.configure("listn = 1");
    for args in [&["run"][..], &["check-config"], &["verify"], &["reconcile"], &["review", "list"]] {
        place.run(args).exits(78).complains("listn: unknown key").complains("relay.toml");
    }
    assert!(!place.path("data").exists(), "nothing was started");
    std::fs::remove_file(place.path("relay.toml")).unwrap();
    place.run(&["check-config"]).exits(78).complains("relay.toml").complains("--config");
}

#[test]
fn the_configuration_is_judged_with_its_secrets_and_printed_without() {
    let place = Place::new();
    let done = place.run(&["check-config"]);
    done.exits(0).says("[[merchant]]").says("site-1.sha256").says("environment = \"sandbox\"");
    assert_eq!(place.json(&["check-config"])["merchant"][0]["site"][0]["id"], "site-1");
    place.configure("public_url = \"http://relay.example\"");
    place.run(&["check-config"]).exits(0).complains("warning: public_url: ").complains("https");

    place.configure("");
    std::fs::remove_file(place.path("m1.key")).unwrap();
    std::fs::write(place.path("site-1.sha256"), "no hash").unwrap();
    let done = place.run(&["check-config"]);
    done.exits(78).complains("merchant.0.server_key_file: cannot be read").complains("64 hexadecimal digits");
    assert_eq!(done.err.lines().count(), 2, "{done:?}");
    place.run(&["run"]).exits(78);
    std::fs::write(place.path("m1.key"), "Mid-server-TESTKEYbbbb").unwrap();
    place.run(&["run"]).exits(78).complains("environment is \"sandbox\"");
}

#[test]
fn commands_work_on_a_database_server_and_say_when_it_is_away() {
    let place = Place::new();
    let file = std::fs::read_to_string(place.path("relay.toml")).unwrap();
    let lead_to = |url: &str| {
        let other = |line: &str| {
            if line.starts_with("database = ") { format!("database = \"{url}\"") } else { line.to_owned() }
        };
        let text: Vec<String> = file.lines().map(other).collect();
        std::fs::write(place.path("relay.toml"), text.join("\n")).unwrap();
    };
    place.run(&["reconcile", "--went-back"]).exits(1).complains("kuota-relay restore");

    lead_to("postgres://user@127.0.0.1:1/relay");
    for args in [&["run"][..], &["verify"], &["review", "list"], &["reconcile"]] {
        place.run(args).exits(1).complains("does not answer");
    }
    place.run(&["check-config"]).exits(0).says("postgres://user@127.0.0.1:1/relay");
    place.run(&["backup", &place.file("copy")]).exits(1).complains("base backups");
    place.run(&["restore", &place.file("copy")]).exits(1).complains("base backups");

    let database = crate::postgres::database();
    lead_to(&database.url());
    place.run(&["verify"]).exits(0).says("0 orders").says(&database.name);
    assert_eq!(place.json(&["review", "list"])["items"], serde_json::json!([]));
    let epoch = || database.psql("SELECT value FROM meta WHERE key = 'epoch'");
    let before = epoch();
    assert_eq!(place.json(&["reconcile"])["orders_to_ask"], 0);
    assert_eq!(epoch(), before);
    assert_eq!(place.json(&["reconcile", "--went-back"])["relay_running"], Value::Null);
    assert_ne!(epoch(), before);
}

#[test]
fn a_site_token_is_alone_on_stdout_and_its_hash_goes_with_it() {
    let place = Place::new();
    let done = place.run(&["site-token"]);
    let token = done.exits(0).out.trim_end().to_owned();
    assert!(token.len() >= 64 && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{token}");
    assert_eq!(done.out.lines().count(), 1);
    let sha256 = |token: &str| -> String {
        let bytes: Vec<String> =
            Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    };
    assert!(done.err.lines().any(|line| line == sha256(&token)), "{done:?}");
    let other = place.json(&["site-token"]);
    assert_eq!(other["sha256"].as_str().unwrap(), sha256(other["token"].as_str().unwrap()));
    assert_ne!(other["token"].as_str().unwrap(), token);
    std::fs::write(place.path("site-1.sha256"), sha256(&token)).unwrap();
    place.run(&["check-config"]).exits(0);
}

#[test]
fn the_relay_answers_and_stops_cleanly() {
    let place = Place::new();
    let relay = Relay::start(&place);
    let ping = relay.get("/api/ping");
    assert!(ping.starts_with("HTTP/1.1 200") && ping.contains("\"status\":\"ok\""), "{ping}");
    assert!(relay.get("/healthz").starts_with("HTTP/1.1 200"));
    place.run(&["run"]).exits(1).complains("in use by another kuota-relay");
    // Somebody who never sends a whole head does not hold the stop up.
    let mut slow = TcpStream::connect(&relay.address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    assert_eq!(relay.stop(), Some(0));
}

#[test]
fn a_taken_port_is_told() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut run = place.command(&["run"]);
    let output = run.env("KUOTA_RELAY__LISTEN", &address).output().unwrap();
    Done::of(&output, &["run"]).exits(1).complains(&address);
}

#[test]
fn a_hang_up_reads_secrets_again_and_a_bad_file_changes_nothing() {
    let place = Place::new();
    let mut relay = Relay::start(&place);
    std::fs::write(place.path("m1.key"), "SB-Mid-server-TESTKEYcccc").unwrap();
    relay.signal("-HUP");
    assert!(relay.logs("secrets were read again").contains("true"));
    std::fs::write(place.path("m1.key"), "").unwrap();
    relay.signal("-HUP");
    relay.logs("merchant.0.server_key_file");
    relay.logs("nothing was reloaded");
    std::fs::write(place.path("m1.key"), "SB-Mid-server-TESTKEYcccc").unwrap();
    place.configure("public_url = \"https://relay.example\"");
    relay.signal("-HUP");
    relay.logs("restart the relay");
    assert!(relay.get("/api/ping").starts_with("HTTP/1.1 200"));
    assert_eq!(relay.stop(), Some(0));
}

#[test]
fn the_operators_commands_work_with_and_without_a_relay() {
    let place = Place::new();
    for args in [&["verify"][..], &["reconcile"], &["review", "list"], &["backup", "x"]] {
        place.run(args).exits(1).complains("there is no store");
    }
    let relay = Relay::start(&place);
    place.run(&["verify"]).exits(0).says("0 orders");
    place.run(&["review", "list"]).exits(0).says("none");
    assert_eq!(place.json(&["review", "list"])["items"], serde_json::json!([]));
    assert_eq!(place.json(&["reconcile"])["relay_running"], true);
    let copy = place.file("copy.db");
    place.run(&["backup", &copy]).exits(0).says("copy.db").complains("100 %");
    let refused = place.run(&["restore", &copy]);
    refused.exits(1).complains("in use").complains("stop it").complains("nothing was changed");
    assert_eq!(relay.stop(), Some(0));

    place.run(&["reconcile"]).exits(0).says("no relay runs");
    place.run(&["restore", &place.file("m1.key")]).exits(1).complains("no usable backup");
    let done = place.run(&["restore", &copy]);
    done.exits(0).says("read the feed again").says("kept as");
    assert_eq!(place.json(&["verify"])["verified"]["orders"], 0);
    assert_eq!(Relay::start(&place).stop(), Some(0));
}

#[test]
fn a_broken_store_is_told_and_exits_with_a_failure() {
    let place = Place::new();
    assert_eq!(Relay::start(&place).stop(), Some(0));
    let store = rusqlite::Connection::open(place.path("data/relay.db")).unwrap();
    store.execute_batch("INSERT INTO feeds (site, last_seq) VALUES ('site-1', 3)").unwrap();
    drop(store);
    place.run(&["verify"]).exits(1).complains("the feed of site-1 has 0 items");
    place.run(&["backup", &place.file("copy.db")]).exits(1).complains("cannot be trusted");
    assert!(!place.path("copy.db").exists() && !place.path("copy.db.part").exists());
}
