//! A real PostgreSQL server for tests: a private cluster in a temporary folder, on a socket and a free port of this
//! machine. One for each test program, with a database for each test; it ends with the program, however that ends.
#![allow(dead_code, reason = "every test program uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The owner of the cluster and of every database.
const USER: &str = "relay";
/// Generous: the machine may be busy with other tests.
const START_MAX: Duration = Duration::from_mins(2);
/// A power cut is not part of these tests; `synchronous_commit` stays on, because the relay demands it.
const OPTIONS: [&str; 10] = [
    "fsync=off",
    "full_page_writes=off",
    "max_connections=500",
    "shared_buffers=64MB",
    "jit=off",
    "log_statement=none",
    "max_wal_size=256MB",
    "checkpoint_timeout=30min",
    "autovacuum_naptime=60s",
    "listen_addresses=127.0.0.1",
];
/// Runs the server until its own input ends or says a word, so that no server outlives the tests.
const KEEPER: &str = "
    folder=$1; shift
    \"$@\" >>\"$folder/log\" 2>&1 &
    server=$!
    trap '' INT TERM HUP
    word=
    read -r word
    kill -QUIT $server 2>/dev/null
    wait $server
    [ \"$word\" = stay ] || rm -rf \"$folder\"
";

/// A cluster and its server.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    bin: PathBuf,
    owner: Option<(u32, u32)>,
    options: Vec<String>,
    port: u16,
    keeper: Option<Child>,
    databases: AtomicU32,
}

/// A database of its own on a server.
#[derive(Debug)]
pub struct Database<'a> {
    server: &'a Server,
    pub name: String,
}

/// An empty database on this program's server.
pub fn database() -> Database<'static> {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start).database()
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[], &[])
    }

    /// A server with further options, and files that they name, in its folder.
    pub fn start_with(options: &[&str], files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::Builder::new().prefix("kuota-pg-").tempdir().unwrap().keep();
        let bin = binaries();
        let owner = owner(&folder);
        let options = OPTIONS.iter().chain(options).map(|option| (*option).to_owned()).collect();
        let mut server =
            Self { folder, bin, owner, options, port: 0, keeper: None, databases: AtomicU32::new(0) };
        fs::set_permissions(&server.folder, fs::Permissions::from_mode(0o755)).unwrap();
        if let Some((uid, gid)) = server.owner {
            chown(&server.folder, Some(uid), Some(gid)).unwrap();
        }
        for (name, content) in files {
            let path = server.folder.join(name);
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            if let Some((uid, gid)) = server.owner {
                chown(&path, Some(uid), Some(gid)).unwrap();
            }
        }
        let mut init = server.command("initdb");
        init.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-U", USER, "-D"]);
        succeed(init.arg(server.folder.join("data")));
        server.run();
        server
    }

    /// Starts the server that was stopped, on the port it had.
    pub fn run(&mut self) {
        assert!(self.keeper.is_none(), "it runs");
        let until = Instant::now() + START_MAX;
        loop {
            let port = if self.port == 0 { free_port() } else { self.port };
            let mut keeper = Command::new("sh");
            keeper.args(["-c", KEEPER, "sh"]).arg(&self.folder).arg(self.bin.join("postgres"));
            keeper.arg("-D").arg(self.folder.join("data")).args(["-p", &port.to_string()]);
            keeper.arg("-c").arg(format!("unix_socket_directories={}", self.folder.display()));
            keeper.args(self.options.iter().flat_map(|option| ["-c", option]));
            keeper.current_dir(self.folder.join("data"));
            self.as_owner(&mut keeper);
            let mut keeper =
                keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            if self.is_ready(port, until) {
                (self.port, self.keeper) = (port, Some(keeper));
                return;
            }
            // Somebody else took the port meanwhile.
            end(&mut keeper, "stay\n");
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < until, "PostgreSQL does not start:\n{log}");
        }
    }

    fn is_ready(&self, port: u16, until: Instant) -> bool {
        while Instant::now() < until {
            let mut ask = self.command("pg_isready");
            ask.args(["-q", "-U", USER, "-p", &port.to_string(), "-h"]).arg(&self.folder);
            if ask.status().unwrap().success() {
                return true;
            }
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            if log.contains("could not create any TCP/IP sockets") {
                fs::write(self.folder.join("log"), "").unwrap();
                return false;
            }
            sleep(Duration::from_millis(20));
        }
        false
    }

    /// Where the server's files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ends the server at once, as a crash would. What was committed stays.
    pub fn crash(&mut self) {
        end(&mut self.keeper.take().expect("it runs"), "stay\n");
    }

    pub fn database(&self) -> Database<'_> {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        Database { server: self, name }
    }

    /// What statements answer, one row on a line.
    pub fn psql(&self, database: &str, sql: &str) -> String {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", database, "-p"]);
        succeed(psql.arg(self.port.to_string()).arg("-h").arg(&self.folder).args(["-c", sql]))
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        self.as_owner(&mut command);
        command.current_dir(&self.folder);
        command
    }

    /// The server refuses to be root's.
    fn as_owner(&self, command: &mut Command) {
        if let Some((uid, gid)) = self.owner {
            command.uid(uid).gid(gid);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            end(&mut keeper, "");
        } else {
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

impl Database<'_> {
    /// On the port of this machine.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/{}", self.server.port, self.name)
    }

    /// On another port, such as that of a proxy.
    pub fn url_on(&self, port: u16) -> String {
        format!("postgres://{USER}@127.0.0.1:{port}/{}", self.name)
    }

    pub fn server(&self) -> &Server {
        self.server
    }

    /// Ends every session with it, as when the machines of its users lose their power.
    pub fn cut_off(&self) {
        self.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
    }

    /// A session of another user, made for it, that works on statements.
    pub fn session(&self, user: &str, sql: &str) -> Child {
        self.psql(&format!("CREATE ROLE {user} LOGIN"));
        let mut psql = self.server.command("psql");
        psql.args(["-X", "-q", "-U", user, "-d", &self.name, "-p"]).arg(self.server.port.to_string());
        psql.arg("-h").arg(&self.server.folder).args(["-c", sql]);
        psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// A copy of everything in it, in `file`, while others work on it.
    pub fn dump(&self, file: &Path) {
        let mut dump = self.server.command("pg_dump");
        dump.args(["-U", USER, "-p", &self.server.port.to_string(), "-h"]).arg(&self.server.folder);
        fs::write(file, succeed(dump.arg(&self.name))).unwrap();
    }

    /// Goes back to a copy; nobody may have it open.
    pub fn restore(&self, file: &Path) {
        let name = &self.name;
        self.server.psql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)"));
        self.server.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE template0"));
        // The server's owner may not read the tests' folders.
        let mut psql = self.server.command("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", USER, "-d", name, "-p"]);
        psql.arg(self.server.port.to_string()).arg("-h").arg(&self.server.folder);
        let mut psql = psql.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        psql.stdin.take().unwrap().write_all(&fs::read(file).unwrap()).unwrap();
        assert!(psql.wait().unwrap().success());
    }

    /// What statements answer. Locks and sessions are those of the whole server, where other tests have theirs.
    pub fn psql(&self, sql: &str) -> String {
        let sees_others = ["pg_locks", "pg_stat_activity"].iter().any(|view| sql.contains(view));
        assert!(!sees_others || sql.contains("current_database()"), "this touches other tests: {sql}");
        self.server.psql(&self.name, sql)
    }
}

fn end(keeper: &mut Child, word: &str) {
    if let Some(mut input) = keeper.stdin.take() {
        let _ = input.write_all(word.as_bytes());
    }
    keeper.wait().unwrap();
}

fn succeed(command: &mut Command) -> String {
    let out = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{}: {said}", command.get_program().to_string_lossy());
    String::from_utf8(out.stdout).unwrap().trim_end().to_owned()
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Where `initdb` and `postgres` are: Debian keeps them off the PATH.
fn binaries() -> PathBuf {
    let is_there = |bin: &Path| bin.join("initdb").exists() && bin.join("postgres").exists();
    let asked = Command::new("pg_config").arg("--bindir").output().ok();
    let asked = asked.and_then(|out| String::from_utf8(out.stdout).ok());
    let asked = asked.map(|text| PathBuf::from(text.trim())).filter(|bin| is_there(bin));
    let version = |bin: &PathBuf| -> u32 {
        let name = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        name.and_then(|name| name.parse().ok()).unwrap_or_default()
    };
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|entry| entry.path().join("bin")).filter(|bin| is_there(bin));
    asked
        .or_else(|| debian.max_by_key(version))
        .expect("PostgreSQL's server is needed: apt-get install postgresql, as scripts/test does")
}

/// Whose the server is when root runs the tests.
fn owner(folder: &Path) -> Option<(u32, u32)> {
    if fs::metadata(folder).unwrap().uid() != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let user = fields.into_iter().find(|fields| fields[0] == name)?;
        Some((user[2].parse().ok()?, user[3].parse().ok()?))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("a user that is not root"))
}
