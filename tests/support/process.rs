//! The program as a process of its own, for tests that kill it or spoil its disk: a folder, the daemon on it, and
//! calls through its control socket that are remembered and asked for again.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Generous: the machine may be busy with other tests.
pub const DEADLINE: Duration = Duration::from_mins(1);
/// How long one call may take; a slow disk answers late.
const CALL_MAX: Duration = Duration::from_secs(30);
/// Between two looks at something that will come.
pub const LOOK: Duration = Duration::from_millis(20);

/// Looks until `done` says yes or the deadline is over.
pub fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < until, "never: {what}");
        thread::sleep(LOOK);
    }
}

/// A folder with a configuration.
pub struct Place {
    pub dir: TempDir,
    data: PathBuf,
}

impl Place {
    /// For a router at `router`.
    pub fn new(router: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        Self::at(dir, data, router)
    }

    /// With the data in a folder of its own choice.
    pub fn at(dir: TempDir, data: PathBuf, router: &str) -> Self {
        let place = Self { dir, data };
        std::fs::write(place.path("router.password"), "rahasia\n").unwrap();
        let text = format!(
            "data_dir = \"{}\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[portal]\nlisten = \"127.0.0.1:0\"\n\
             [store]\ncommit_interval = \"1s\"\n[router]\naddress = \"{router}\"\nusername = \"agent\"\n\
             password_file = \"{}\"\npoll_interval = \"200ms\"\ntimeout = \"2s\"\n",
            place.data.display(),
            place.path("router.password").display(),
        );
        std::fs::write(place.path("kuotad.toml"), text).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn socket(&self) -> PathBuf {
        self.data.join("kuotad.sock")
    }

    fn arguments(&self, command: &mut Command, args: &[&str]) {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KUOTA__") {
                command.env_remove(name);
            }
        }
        command.env_remove("RUST_LOG").env_remove("JOURNAL_STREAM").env_remove("CREDENTIALS_DIRECTORY");
        command.arg("--config").arg(self.path("kuotad.toml")).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kuotad"));
        self.arguments(&mut command, args);
        command
    }

    /// The program under strace, with what it shall inject.
    pub fn traced(&self, strace: &[&str], args: &[&str]) -> Command {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null"]).args(strace).arg(env!("CARGO_BIN_EXE_kuotad"));
        self.arguments(&mut command, args);
        command
    }

    /// The program run by another one, which gets it as its last arguments.
    pub fn within(&self, mut outer: Command, args: &[&str]) -> Command {
        outer.arg(env!("CARGO_BIN_EXE_kuotad"));
        self.arguments(&mut outer, args);
        outer
    }

    /// The books as they lie on the disk, without a daemon.
    pub fn verify(&self) -> Result<(), String> {
        let output = self.command(&["ledger", "verify"]).output().unwrap();
        if output.status.code() == Some(0) { Ok(()) } else { Err(said(&output)) }
    }

    pub fn start(&self) -> Daemon {
        Daemon::start(self.command(&["run"]), self)
    }

    /// The same, once it answers.
    pub fn serve(&self) -> Daemon {
        let mut daemon = self.start();
        daemon.serves();
        daemon
    }
}

/// What a command said on stderr.
pub fn said(output: &Output) -> String {
    format!("{:?}: {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}

/// A running daemon. Killed when dropped.
pub struct Daemon {
    child: Child,
    socket: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
    reading: Option<thread::JoinHandle<()>>,
}

impl Daemon {
    pub fn start(mut command: Command, place: &Place) -> Self {
        let mut child = command.spawn().expect("strace is needed: run scripts/test, which installs it");
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, stderr) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        let reading = thread::spawn(move || {
            stderr.lines().map_while(Result::ok).for_each(|line| lines.lock().unwrap().push(line));
        });
        Self { child, socket: place.socket(), log, reading: Some(reading) }
    }

    /// Waits until it answers.
    pub fn serves(&mut self) {
        let until = Instant::now() + DEADLINE;
        while self.call("GET", "/healthz", None, "").is_err() {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("it ended with {status}: {}", self.log());
            }
            assert!(Instant::now() < until, "never served: {}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// Waits until it answers or ends; whether it answers.
    pub fn serves_or_ends(&mut self) -> bool {
        let until = Instant::now() + DEADLINE;
        while self.call("GET", "/healthz", None, "").is_err() {
            if self.is_over() {
                return false;
            }
            assert!(Instant::now() < until, "never served: {}", self.log());
            thread::sleep(LOOK);
        }
        true
    }

    /// Whether it has ended.
    pub fn is_over(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Where it says that its desk listens.
    pub fn admin(&self) -> Option<String> {
        self.listens("admin listens")
    }

    /// Where it says that its portal listens.
    pub fn portal(&self) -> Option<String> {
        self.listens("portal listens")
    }

    fn listens(&self, said: &str) -> Option<String> {
        let log = self.log();
        let line = log.lines().find(|line| line.contains(said))?;
        let address = line.split("address").nth(1)?;
        let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ':';
        let address: String =
            address.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| is_part(*c)).collect();
        Some(address)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.process()
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    pub fn call(&self, method: &str, path: &str, key: Option<&str>, body: &str) -> io::Result<Answer> {
        call(&self.socket, method, path, key, body)
    }

    pub fn get(&self, path: &str) -> Value {
        let answer =
            self.call("GET", path, None, "").unwrap_or_else(|e| panic!("{path}: {e}: {}", self.log()));
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    /// Ends it the hard way.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it the soft way.
    pub fn stop(mut self) {
        signal(self.process(), "TERM");
        let code = self.ends();
        assert_eq!(code, Some(0), "{}", self.log());
    }

    /// Waits until it ends by itself; its exit code.
    pub fn ends(&mut self) -> Option<i32> {
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                // What it said last is read, too.
                if let Some(reading) = self.reading.take() {
                    reading.join().unwrap();
                }
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end: {}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// The daemon itself: the child, or under strace the child's child.
    fn process(&self) -> u32 {
        let id = self.child.id();
        let traced = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        traced.split_whitespace().next().and_then(|id| id.parse().ok()).unwrap_or(id)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.process(), "KILL");
            let _ = self.child.wait();
        }
    }
}

fn signal(process: u32, name: &str) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(process.to_string()).status();
}

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

/// One call through a control socket. An error where the whole answer did not come.
pub fn call(socket: &Path, method: &str, path: &str, key: Option<&str>, body: &str) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(CALL_MAX))?;
    let key = key.map(|key| format!("idempotency-key: {key}\r\n")).unwrap_or_default();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: kuotad\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n{key}\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(cut)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    if length.is_some_and(|length: usize| length != body.len()) {
        return Err(cut());
    }
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// A page or an answer over the network; nothing where none came.
pub fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(CALL_MAX)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    Some(text)
}

/// A call that changes something, and what came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub key: String,
    pub path: String,
    pub body: String,
    /// `None` while nobody knows whether it was done.
    pub answer: Option<Answer>,
}

impl Asked {
    pub fn new(key: impl Into<String>, path: impl Into<String>, body: &Value) -> Self {
        Self { key: key.into(), path: path.into(), body: body.to_string(), answer: None }
    }

    /// Makes the call, or makes it again.
    pub fn send(&self, socket: &Path) -> io::Result<Answer> {
        call(socket, "POST", &self.path, Some(&self.key), &self.body)
    }

    /// Makes the call again: what was acknowledged answers the same, what was cut off is done by now.
    pub fn settle(&mut self, socket: &Path) -> Result<(), String> {
        let again = self.send(socket).map_err(|error| format!("{} got no answer: {error}", self.key))?;
        if !(200..300).contains(&again.status) {
            return Err(format!("{} is refused: {again:?}", self.key));
        }
        match &self.answer {
            Some(first) if (first.status, &first.body) != (again.status, &again.body) => {
                Err(format!("{} was acknowledged and is missing: {first:?}, again {again:?}", self.key))
            }
            Some(_) => Ok(()),
            None => {
                self.answer = Some(again);
                Ok(())
            }
        }
    }
}
