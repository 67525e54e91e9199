//! Either program as a process of its own: a folder with its configuration, commands and how they end, the running
//! program with its log, and calls through the control socket that are remembered and made again.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex};
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

/// A folder with a configuration, and the program that runs on it.
pub struct ProgramFolder {
    pub dir: TempDir,
    data: PathBuf,
    program: &'static str,
    /// The configuration's name below the folder.
    config: &'static str,
}

impl ProgramFolder {
    /// `kuotad` for a router at `router`.
    pub fn new(router: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        Self::at(dir, data, router)
    }

    /// With the data in a folder of its own choice.
    pub fn at(dir: TempDir, data: PathBuf, router: &str) -> Self {
        let folder = Self { data, ..Self::bare(dir, env!("CARGO_BIN_EXE_kuotad"), "kuotad.toml") };
        std::fs::write(folder.path("router.password"), "rahasia\n").unwrap();
        let text = format!(
            "data_dir = \"{}\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[portal]\nlisten = \"127.0.0.1:0\"\n\
             [store]\ncommit_interval = \"1s\"\n[router]\naddress = \"{router}\"\nusername = \"agent\"\n\
             password_file = \"{}\"\npoll_interval = \"200ms\"\ntimeout = \"2s\"\n",
            folder.data.display(),
            folder.path("router.password").display(),
        );
        std::fs::write(folder.path("kuotad.toml"), text).unwrap();
        folder
    }

    /// `kuotad` or `kuota-relay`, whose configuration the test writes.
    pub fn bare(dir: TempDir, program: &'static str, config: &'static str) -> Self {
        Self { data: dir.path().join("data"), dir, program, config }
    }

    /// The other program on the same folder.
    pub fn relay_command(&self, args: &[&str]) -> Command {
        command(env!("CARGO_BIN_EXE_kuota-relay"), &self.path("relay.toml"), args)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text, for arguments.
    pub fn file(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    pub fn socket(&self) -> PathBuf {
        self.data.join("kuotad.sock")
    }

    fn arguments(&self, command: &mut Command, args: &[&str]) {
        arguments(command, &self.path(self.config), args);
    }

    pub fn command(&self, args: &[&str]) -> Command {
        command(self.program, &self.path(self.config), args)
    }

    /// The program under strace, with what it shall inject.
    pub fn traced(&self, strace: &[&str], args: &[&str]) -> Command {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o", "/dev/null"]).args(strace).arg(self.program);
        self.arguments(&mut command, args);
        command
    }

    /// The program run by another one, which gets it as its last arguments.
    pub fn within(&self, mut outer: Command, args: &[&str]) -> Command {
        outer.arg(self.program);
        self.arguments(&mut outer, args);
        outer
    }

    /// Runs a command to its end.
    pub fn run(&self, args: &[&str]) -> Finished {
        Finished::of(self.command(args).output().unwrap(), args)
    }

    pub fn run_with_stdin(&self, args: &[&str], input: &str) -> Finished {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Finished::of(child.wait_with_output().unwrap(), args)
    }

    /// The JSON that a command that must succeed prints.
    pub fn json(&self, args: &[&str]) -> Value {
        let done = self.run(&[args, &["--json"]].concat());
        done.exits(0);
        serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("no JSON: {done:?}"))
    }

    /// The books as they lie on the disk, without a daemon.
    pub fn verify(&self) -> Result<(), String> {
        let output = self.command(&["ledger", "verify"]).output().unwrap();
        if output.status.code() == Some(0) { Ok(()) } else { Err(said(&output)) }
    }

    pub fn start(&self) -> RunningProgram {
        RunningProgram::start(self.command(&["run"]), self)
    }

    /// The same, once it answers.
    pub fn serve(&self) -> RunningProgram {
        let mut daemon = self.start();
        daemon.serves();
        daemon
    }
}

/// A program with its configuration and arguments.
pub fn command(program: &str, config: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    arguments(&mut command, config, args);
    command
}

/// Arguments, and nothing of what this test's own environment says.
fn arguments(command: &mut Command, config: &Path, args: &[&str]) {
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("KUOTA__") || name_text.starts_with("KUOTA_RELAY__") {
            command.env_remove(&name);
        }
    }
    command.env_remove("RUST_LOG").env_remove("JOURNAL_STREAM").env_remove("CREDENTIALS_DIRECTORY");
    // Its default is one port for every relay of this machine.
    command.env("KUOTA_RELAY__CONSOLE__LISTEN", "");
    command.arg("--config").arg(config).args(args);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
}

/// What a command said on stderr.
pub fn said(output: &Output) -> String {
    format!("{:?}: {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}

/// How a command ended.
#[derive(Debug)]
pub struct Finished {
    pub args: Vec<String>,
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Finished {
    pub fn of(output: Output, args: &[&str]) -> Self {
        Self {
            args: args.iter().map(|a| (*a).to_owned()).collect(),
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// That it exited so, without a panic and without a word of a key.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(!self.err.contains("panicked") && !format!("{self:?}").contains("TESTKEY"), "{self:?}");
        self
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        assert!(self.out.contains(text), "no {text:?} in {self:?}");
        self
    }

    #[track_caller]
    pub fn complains(&self, text: &str) -> &Self {
        assert!(self.err.contains(text), "no {text:?} in {self:?}");
        self
    }
}

/// Lines of a log, and a signal for each that is added.
#[derive(Default)]
struct Log {
    lines: Mutex<Vec<String>>,
    added: Condvar,
}

/// A running program. Killed when dropped.
pub struct RunningProgram {
    child: Child,
    socket: PathBuf,
    log: Arc<Log>,
    /// Lines that [`Self::logs`] has been over.
    read: usize,
    reading: Option<thread::JoinHandle<()>>,
}

impl RunningProgram {
    pub fn start(mut command: Command, folder: &ProgramFolder) -> Self {
        let mut child = command.spawn().expect("strace is needed: run scripts/test, which installs it");
        let log: Arc<Log> = Arc::default();
        let (written, stderr) = (Arc::clone(&log), BufReader::new(child.stderr.take().unwrap()));
        let reading = thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                written.lines.lock().unwrap().push(line);
                written.added.notify_all();
            }
        });
        Self { child, socket: folder.socket(), log, read: 0, reading: Some(reading) }
    }

    /// Waits until it answers.
    pub fn serves(&mut self) {
        assert!(self.serves_or_ends(), "it ended: {}", self.log());
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

    /// Waits for the next line of the log with this text.
    pub fn logs(&mut self, text: &str) -> String {
        let until = Instant::now() + DEADLINE;
        let mut lines = self.log.lines.lock().unwrap();
        loop {
            while let Some(line) = lines.get(self.read) {
                self.read += 1;
                if line.contains(text) {
                    return line.clone();
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "never logged {text:?}: {lines:#?}");
            lines = self.log.added.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Where it says that the admins' pages are.
    pub fn admin(&self) -> Option<String> {
        self.listens("admin listens")
    }

    /// Where it says that the customers' pages are.
    pub fn portal(&self) -> Option<String> {
        self.listens("portal listens")
    }

    /// The address in the first line of the log with this text.
    pub fn listens(&self, text: &str) -> Option<String> {
        let log = self.log();
        let line = log.lines().find(|line| line.contains(text))?;
        let after = line.split("127.0.0.1:").nth(1)?;
        let port: String = after.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("127.0.0.1:{port}"))
    }

    /// The program itself: the child, or under strace the child's child.
    pub fn id(&self) -> u32 {
        let id = self.child.id();
        let traced = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        traced.split_whitespace().next().and_then(|id| id.parse().ok()).unwrap_or(id)
    }

    pub fn log(&self) -> String {
        self.log.lines.lock().unwrap().join("\n")
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

    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Ends it the hard way.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it the soft way.
    pub fn stop(self) {
        let log = Arc::clone(&self.log);
        let (code, _) = self.stop_by("TERM");
        assert_eq!(code, Some(0), "{}", log.lines.lock().unwrap().join("\n"));
    }

    /// Ends it with a signal; the exit code and how long it took.
    pub fn stop_by(mut self, signal: &str) -> (Option<i32>, Duration) {
        let begun = Instant::now();
        self.signal(signal);
        (self.ends(), begun.elapsed())
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
                let log = self.log();
                assert!(!log.contains("panicked") && !log.contains("TESTKEY"), "{log}");
                return status.code();
            }
            assert!(Instant::now() < until, "it does not end: {}", self.log());
            thread::sleep(LOOK);
        }
    }
}

impl Drop for RunningProgram {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            signal(self.id(), "KILL");
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
