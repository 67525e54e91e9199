//! The relay's program as people and systemd run it: exit codes, the configuration judged, its life, and the operator's
//! commands beside it.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::program::{Finished, ProgramFolder, RunningProgram, get};

/// What the relay promises after a signal.
const STOP_MAX: Duration = Duration::from_secs(5);
const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";

/// A valid configuration with one merchant and one site.
fn new_program() -> ProgramFolder {
    let binary = env!("CARGO_BIN_EXE_kuota-relay");
    let program = ProgramFolder::bare(tempfile::tempdir().unwrap(), binary, "relay.toml");
    std::fs::write(program.path("m1.key"), format!("{KEY}\n")).unwrap();
    std::fs::write(program.path("site-1.sha256"), "ab".repeat(32)).unwrap();
    configure(&program, "");
    program
}

/// The same with more lines at its beginning.
fn configure(program: &ProgramFolder, more: &str) {
    let text = format!(
        "{more}\nlisten = \"127.0.0.1:0\"\ndatabase = \"sqlite:{}\"\n[[merchant]]\nid = \"m1\"\n\
         server_key_file = \"{}\"\n[[merchant.site]]\nid = \"site-1\"\ntoken_sha256_file = \"{}\"\n",
        program.path("data/relay.db").display(),
        program.path("m1.key").display(),
        program.path("site-1.sha256").display(),
    );
    std::fs::write(program.path("relay.toml"), text).unwrap();
}

/// The relay, once it listens, and where.
fn start(program: &ProgramFolder) -> (RunningProgram, String) {
    let command = program.command(&["run", "--log-format", "text"]);
    let mut relay = RunningProgram::start(command, program);
    relay.logs("listens");
    let address = relay.listens("listens").unwrap();
    (relay, address)
}

/// Asks it to stop; its exit code.
fn stop(relay: RunningProgram) -> Option<i32> {
    let (code, took) = relay.stop_by("TERM");
    assert!(took < STOP_MAX, "{took:?}");
    code
}

#[test]
fn exit_codes_tell_usage_from_configuration() {
    let program = new_program();
    program.run(&["--help"]).exits(0).says("reconcile").says("/etc/kuota-relay/relay.toml");
    program.run(&["--version"]).exits(0).says("kuota-relay");
    for args in [&["nonsense"][..], &[], &["review"], &["backup"], &["run", "--nonsense"]] {
        program.run(args).exits(2);
    }
    configure(&program, "listn = 1");
    for args in [&["run"][..], &["check-config"], &["verify"], &["reconcile"], &["review", "list"]] {
        program.run(args).exits(78).complains("listn: unknown key").complains("relay.toml");
    }
    assert!(!program.path("data").exists(), "nothing was started");
    std::fs::remove_file(program.path("relay.toml")).unwrap();
    program.run(&["check-config"]).exits(78).complains("relay.toml").complains("--config");
}

#[test]
fn the_configuration_is_judged_with_its_secrets_and_printed_without() {
    let program = new_program();
    let done = program.run(&["check-config"]);
    done.exits(0).says("[[merchant]]").says("site-1.sha256").says("environment = \"sandbox\"");
    assert_eq!(program.json(&["check-config"])["merchant"][0]["site"][0]["id"], "site-1");
    configure(&program, "public_url = \"http://relay.example\"");
    program.run(&["check-config"]).exits(0).complains("warning: public_url: ").complains("https");

    configure(&program, "");
    std::fs::remove_file(program.path("m1.key")).unwrap();
    std::fs::write(program.path("site-1.sha256"), "no hash").unwrap();
    let done = program.run(&["check-config"]);
    done.exits(78).complains("merchant.0.server_key_file: cannot be read").complains("64 hexadecimal digits");
    assert_eq!(done.err.lines().count(), 2, "{done:?}");
    program.run(&["run"]).exits(78);
    std::fs::write(program.path("m1.key"), "Mid-server-TESTKEYbbbb").unwrap();
    program.run(&["run"]).exits(78).complains("environment is \"sandbox\"");
}

#[test]
fn commands_work_on_a_database_server_and_say_when_it_is_away() {
    let program = new_program();
    let file = std::fs::read_to_string(program.path("relay.toml")).unwrap();
    let lead_to = |url: &str| {
        let other = |line: &str| {
            if line.starts_with("database = ") { format!("database = \"{url}\"") } else { line.to_owned() }
        };
        let text: Vec<String> = file.lines().map(other).collect();
        std::fs::write(program.path("relay.toml"), text.join("\n")).unwrap();
    };
    program.run(&["reconcile", "--went-back"]).exits(1).complains("kuota-relay restore");

    lead_to("postgres://user@127.0.0.1:1/relay");
    for args in [&["run"][..], &["verify"], &["review", "list"], &["reconcile"]] {
        program.run(args).exits(1).complains("does not answer");
    }
    program.run(&["check-config"]).exits(0).says("postgres://user@127.0.0.1:1/relay");
    program.run(&["backup", &program.file("copy")]).exits(1).complains("base backups");
    program.run(&["restore", &program.file("copy")]).exits(1).complains("base backups");

    let database = crate::postgres::database();
    lead_to(&database.url());
    program.run(&["verify"]).exits(0).says("0 orders").says(&database.name);
    assert_eq!(program.json(&["review", "list"])["items"], serde_json::json!([]));
    let epoch = || database.psql("SELECT value FROM meta WHERE key = 'epoch'");
    let before = epoch();
    assert_eq!(program.json(&["reconcile"])["orders_to_ask"], 0);
    assert_eq!(epoch(), before);
    assert_eq!(program.json(&["reconcile", "--went-back"])["relay_running"], serde_json::Value::Null);
    assert_ne!(epoch(), before);
}

#[test]
fn a_site_token_is_alone_on_stdout_and_its_hash_goes_with_it() {
    let program = new_program();
    let done = program.run(&["site-token"]);
    let token = done.exits(0).out.trim_end().to_owned();
    assert!(token.len() >= 64 && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'), "{token}");
    assert_eq!(done.out.lines().count(), 1);
    let sha256 = |token: &str| -> String {
        let bytes: Vec<String> =
            Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.concat()
    };
    assert!(done.err.lines().any(|line| line == sha256(&token)), "{done:?}");
    let other = program.json(&["site-token"]);
    assert_eq!(other["sha256"].as_str().unwrap(), sha256(other["token"].as_str().unwrap()));
    assert_ne!(other["token"].as_str().unwrap(), token);
    std::fs::write(program.path("site-1.sha256"), sha256(&token)).unwrap();
    program.run(&["check-config"]).exits(0);
}

/// A relay without merchants of its own in the configuration.
fn without_merchants(program: &ProgramFolder) {
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndatabase = \"sqlite:{}\"\nencryption_key_file = \"{}\"\n",
        program.path("data/relay.db").display(),
        program.path("data/encryption.key").display(),
    );
    std::fs::write(program.path("relay.toml"), text).unwrap();
}

/// The status of the feed for this token.
fn feed_status(address: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let call = format!(
        "GET /v1/feed?after=0 HTTP/1.1\r\nHost: relay\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(call.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[test]
fn operators_are_kept_by_command_and_what_was_done_is_logged() {
    let program = new_program();
    let add = |name: &str, role: &str, password: &str| {
        let args = ["operator", "add", name, "--role", role, "--password-stdin"];
        program.run_with_stdin(&args, password)
    };
    program.run(&["operator", "list"]).exits(1).complains("relay.db");
    let (relay, _) = start(&program);
    program.run(&["operator", "list"]).exits(0).says("none");
    add("siti", "owner", "rahasia-sekali\n").exits(0).says("siti was added").says("one-time codes");
    for (name, role, password, code, said) in [
        ("SITI", "viewer", "rahasia-sekali\n", 1, "there is an operator SITI already"),
        ("budi", "cashier", "rahasia-sekali\n", 2, "possible values: viewer, operator, owner"),
        ("budi", "viewer", "kurang\n", 1, "password: must have 8 to 1024 bytes"),
        ("budi", "viewer", "\n", 1, "the password on stdin is empty"),
        ("b di", "viewer", "rahasia-sekali\n", 1, "name: "),
        ("local", "viewer", "rahasia-sekali\n", 1, "name: "),
    ] {
        add(name, role, password).exits(code).complains(said);
    }
    program.run(&["operator", "add", "budi", "--role", "viewer"]).exits(2).complains("--password-stdin");
    let items = program.json(&["operator", "list"])["items"].clone();
    assert_eq!((&items[0]["name"], &items[0]["role"]), (&"siti".into(), &"owner".into()));
    assert_eq!((&items[0]["otp"], items.as_array().unwrap().len()), (&false.into(), 1));
    assert!(!items.to_string().contains("argon2"), "{items}");

    let change = ["operator", "set-password", "Siti", "--password-stdin"];
    program.run_with_stdin(&change, "sangat-rahasia\n").exits(0).says("another password");
    program.run(&["operator", "reset-otp", "siti"]).exits(0).says("at the next log-in");
    for args in [&["operator", "reset-otp", "ani"][..], &["operator", "remove", "ani"]] {
        program.run(args).exits(1).complains("there is no operator ani").complains("operator list");
    }
    program.run(&["operator", "remove", "siti"]).exits(0);
    program.run(&["operator", "list"]).exits(0).says("none");
    let store = rusqlite::Connection::open(program.path("data/relay.db")).unwrap();
    let lines = "SELECT group_concat(operator || ' ' || source || ' ' || action || ' ' || target, '; ')
                 FROM operator_log ORDER BY log_no";
    let said: String = store.query_row(lines, [], |row| row.get(0)).unwrap();
    let line = |action: &str| format!("local command operator.{action} siti");
    assert_eq!(said, ["add", "password", "reset_otp", "remove"].map(line).join("; "));
    assert_eq!(stop(relay), Some(0));
}

#[test]
fn merchants_and_sites_are_kept_by_command_while_the_relay_runs() {
    let program = new_program();
    without_merchants(&program);
    program.run(&["check-config"]).exits(0);
    program.run(&["site", "list"]).exits(1).complains("there is no store");
    let (relay, address) = start(&program);
    program.run(&["site", "list"]).exits(0).says("none");
    program.run(&["site", "add", "s1", "--merchant", "m1"]).exits(1).complains("there is no merchant m1");
    let key = program.file("m1.key");
    let add = ["merchant", "add", "m1", "--environment", "sandbox", "--server-key-file", key.as_str()];
    program.run(&add).exits(0).says("site add SITE --merchant m1").complains("keep a copy");
    program.run(&add).exits(1).complains("there is a merchant m1 already");
    let kept = std::fs::read(program.path("data/relay.db-wal")).unwrap();
    assert!(!kept.windows(KEY.len()).any(|part| part == KEY.as_bytes()), "the key is encrypted");

    let added = program.run(&["site", "add", "s1", "--merchant", "m1"]);
    let first = added.exits(0).complains("shown this once").out.trim_end().to_owned();
    crate::program::eventually("the site is let in", || feed_status(&address, &first) == "200");
    let second = program.json(&["site", "rotate-token", "s1"])["token"].as_str().unwrap().to_owned();
    crate::program::eventually("the new token is good", || feed_status(&address, &second) == "200");
    crate::program::eventually("the old one is not", || feed_status(&address, &first) == "401");
    program.run(&["site", "remove", "s1"]).exits(1).complains("disable it first");
    program.run(&["site", "disable", "s1"]).exits(0).says("its calls are refused");
    crate::program::eventually("it is refused", || feed_status(&address, &second) == "403");
    program.run(&["site", "remove", "s1"]).exits(1).complains("only just now");
    program.run(&["site", "enable", "s1"]).exits(0);
    crate::program::eventually("it is let in again", || feed_status(&address, &second) == "200");

    std::fs::write(program.path("m1.key"), "SB-Mid-server-TESTKEYbbbb").unwrap();
    program
        .run(&["merchant", "rotate-key", "m1", "--server-key-file", &key])
        .exits(0)
        .says("has a new server key");
    let listed = program.json(&["merchant", "list"]);
    let merchant = &listed["items"][0];
    assert_eq!(
        (merchant["merchant"].as_str(), merchant["sites"].as_u64()),
        (Some("m1"), Some(1)),
        "{listed}"
    );
    assert_eq!(
        (merchant["previous_keys"].as_u64(), merchant["key_fault"].as_str()),
        (Some(1), None),
        "{listed}"
    );
    program.run(&["site", "list"]).exits(0).says("s1").says("enabled").says("database");
    program.run(&["site", "list", "--all"]).exits(0).says("s1");
    assert_eq!(stop(relay), Some(0));

    // Another encryption key opens nothing, and says so.
    std::fs::write(program.path("data/encryption.key"), "5a".repeat(32)).unwrap();
    program.run(&["merchant", "list"]).exits(0).says("encrypted with another key");
    let (relay, _) = start(&program);
    assert!(relay.log().contains("server key cannot be used"), "{}", relay.log());
    assert_eq!(stop(relay), Some(0));
}

#[test]
fn the_relay_answers_and_stops_cleanly() {
    let program = new_program();
    let (relay, address) = start(&program);
    let ping = get(&address, "/api/ping").unwrap();
    assert!(ping.starts_with("HTTP/1.1 200") && ping.contains("\"status\":\"ok\""), "{ping}");
    assert!(get(&address, "/healthz").unwrap().starts_with("HTTP/1.1 200"));
    program.run(&["run"]).exits(1).complains("in use by another kuota-relay");
    // Somebody who never sends a whole head does not hold the stop up.
    let mut slow = TcpStream::connect(&address).unwrap();
    slow.write_all(b"GET / HT").unwrap();
    assert_eq!(stop(relay), Some(0));
}

#[test]
fn a_taken_port_is_told() {
    let program = new_program();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut run = program.command(&["run"]);
    let output = run.env("KUOTA_RELAY__LISTEN", &address).output().unwrap();
    Finished::of(output, &["run"]).exits(1).complains(&address);
}

#[test]
fn a_console_whose_port_is_taken_stops_nothing_and_one_that_has_its_port_answers_there_only() {
    let program = new_program();
    let run = |console: &str| {
        let mut command = program.command(&["run", "--log-format", "text"]);
        command.env("KUOTA_RELAY__CONSOLE__LISTEN", console);
        let mut relay = RunningProgram::start(command, &program);
        relay.logs("relay listens");
        let address = relay.listens("relay listens").unwrap();
        (relay, address)
    };
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let console = taken.local_addr().unwrap().to_string();
    let (mut relay, address) = run(&console);
    assert!(relay.logs("listening for the console failed").contains(&console));
    assert!(get(&address, "/api/ping").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(stop(relay), Some(0));

    let (mut relay, address) = run("127.0.0.1:0");
    relay.logs("console listens");
    let console = relay.listens("console listens").unwrap();
    assert!(get(&console, "/masuk").unwrap().starts_with("HTTP/1.1 200"));
    for path in ["/masuk", "/v1/admin/sites"] {
        assert!(get(&address, path).unwrap().starts_with("HTTP/1.1 404"), "{path} is not on the internet");
    }
    assert_eq!(stop(relay), Some(0));
}

#[test]
fn a_hang_up_reads_secrets_again_and_a_bad_file_changes_nothing() {
    let program = new_program();
    let (mut relay, address) = start(&program);
    std::fs::write(program.path("m1.key"), "SB-Mid-server-TESTKEYcccc").unwrap();
    relay.signal("HUP");
    assert!(relay.logs("secrets were read again").contains("true"));
    std::fs::write(program.path("m1.key"), "").unwrap();
    relay.signal("HUP");
    relay.logs("merchant.0.server_key_file");
    relay.logs("nothing was reloaded");
    std::fs::write(program.path("m1.key"), "SB-Mid-server-TESTKEYcccc").unwrap();
    configure(&program, "public_url = \"https://relay.example\"");
    relay.signal("HUP");
    relay.logs("restart the relay");
    assert!(get(&address, "/api/ping").unwrap().starts_with("HTTP/1.1 200"));
    assert_eq!(stop(relay), Some(0));
}

#[test]
fn the_operators_commands_work_with_and_without_a_relay() {
    let program = new_program();
    for args in [&["verify"][..], &["reconcile"], &["review", "list"], &["backup", "x"]] {
        program.run(args).exits(1).complains("there is no store");
    }
    let (relay, _) = start(&program);
    program.run(&["verify"]).exits(0).says("0 orders");
    program.run(&["review", "list"]).exits(0).says("none");
    assert_eq!(program.json(&["review", "list"])["items"], serde_json::json!([]));
    assert_eq!(program.json(&["reconcile"])["relay_running"], true);
    let copy = program.file("copy.db");
    program.run(&["backup", &copy]).exits(0).says("copy.db").complains("100 %");
    let refused = program.run(&["restore", &copy]);
    refused.exits(1).complains("in use").complains("stop it").complains("nothing was changed");
    assert_eq!(stop(relay), Some(0));

    program.run(&["reconcile"]).exits(0).says("no relay runs");
    program.run(&["restore", &program.file("m1.key")]).exits(1).complains("no usable backup");
    let done = program.run(&["restore", &copy]);
    done.exits(0).says("read the feed again").says("kept as");
    assert_eq!(program.json(&["verify"])["verified"]["orders"], 0);
    assert_eq!(stop(start(&program).0), Some(0));
}

#[test]
fn a_broken_store_is_told_and_exits_with_a_failure() {
    let program = new_program();
    assert_eq!(stop(start(&program).0), Some(0));
    let store = rusqlite::Connection::open(program.path("data/relay.db")).unwrap();
    store.execute_batch("INSERT INTO feeds (site, last_seq) VALUES ('site-1', 3)").unwrap();
    drop(store);
    program.run(&["verify"]).exits(1).complains("the feed of site-1 has 0 items");
    program.run(&["backup", &program.file("copy.db")]).exits(1).complains("cannot be trusted");
    assert!(!program.path("copy.db").exists() && !program.path("copy.db.part").exists());
}

/// A store with so many orders, made without a relay.
fn fill_store(program: &ProgramFolder, orders: u32) {
    assert_eq!(stop(start(program).0), Some(0));
    let store = rusqlite::Connection::open(program.path("data/relay.db")).unwrap();
    let sql = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
               INSERT INTO orders (id, merchant, site, request_id, request_hash, method, amount_rp, items, state, standing,
                 means, abandoned, created_at, expires_at, asked, version)
               SELECT 'K1-' || n || '-x', 'm1', 'site-1', 'r' || n, zeroblob(32), 'qris', 1000, '[]', 'expired', ?2, '{}', 0,
                 n, n, 0, 0 FROM n";
    let standing = "{\"state\":\"expired\",\"flags\":[],\"transaction\":null,\"others\":[],\"credited\":false,\"refunds\":{},\
         \"listed\":{},\"ends\":[],\"claimed\":null,\"claimed_end\":null}";
    store.execute(sql, rusqlite::params![orders, standing]).unwrap();
}

#[test]
fn a_move_that_is_killed_changes_nothing_and_is_made_again() {
    let program = new_program();
    fill_store(&program, 2000);
    let database = crate::postgres::database();
    let (from, to) = (program.file("data/relay.db"), database.url());
    let args = ["migrate", "--from", from.as_str(), "--to", to.as_str()];
    let (relay, _) = start(&program);
    program.run(&args).exits(1).complains("in use by another kuota-relay");
    assert_eq!(stop(relay), Some(0));

    // The tables, which wait for a lock in the middle of the orders.
    let mut command = program.command(&["verify"]);
    let verified = command.env("KUOTA_RELAY__DATABASE", &to).output().unwrap();
    assert_eq!(verified.status.code(), Some(0));
    database.psql(
        "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
         CREATE TRIGGER wait BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.opened_no = 1500) EXECUTE FUNCTION wait()",
    );
    let mut holder = database.session("holder", "SELECT pg_advisory_lock(4711); SELECT pg_sleep(3600)");
    crate::program::eventually("the lock is taken", || waiting(&database, true) == "1");
    let mut moving = RunningProgram::start(program.command(&args), &program);
    moving.logs("meta: ");
    crate::program::eventually("it waits for the lock", || waiting(&database, false) == "1");
    moving.signal("KILL");
    crate::program::eventually("it is dead", || moving.is_over());
    database.psql(&format!("SELECT pg_terminate_backend(pid) FROM {TEST_LOCK} AND granted"));
    holder.wait().unwrap();
    crate::program::eventually("the server noticed", || database.psql("SELECT count(*) FROM orders") == "0");
    assert!(program.path("data/relay.db").exists() && !program.path("data/relay.db.moved").exists());

    let done = program.json(&args);
    assert_eq!(done["tables"][2]["rows"], 2000);
    assert_eq!(done["tables"][2]["amount_rp"], 2_000_000);
    assert!(done["kept"].as_str().unwrap().ends_with("relay.db.moved"), "{done}");
    assert_eq!(database.psql("SELECT count(*) FROM orders"), "2000");
    program.run(&["run"]).exits(1).complains("relay.db.moved").complains("set database");
}

/// The lock that the test's trigger waits for, in the test's own database.
const TEST_LOCK: &str =
    "pg_locks JOIN pg_database own ON own.oid = database AND own.datname = current_database()
                         WHERE locktype = 'advisory' AND objid = 4711";

/// How many sessions have the test's lock, or wait for it.
fn waiting(database: &crate::postgres::Database<'_>, has_it: bool) -> String {
    database.psql(&format!("SELECT count(*) FROM {TEST_LOCK} AND granted = {has_it}"))
}

#[test]
fn a_store_is_moved_to_a_server_and_back_by_commands() {
    let program = new_program();
    fill_store(&program, 3);
    let database = crate::postgres::database();
    let (from, to) = (format!("sqlite:{}", program.file("data/relay.db")), database.url());
    std::fs::write(program.path("password"), "secret-word\n").unwrap();
    program.run(&["migrate", "--from", &from]).exits(2);
    program.run(&["migrate", "--from", &from, "--to", "mysql://x"]).exits(1).complains("is no database");
    let missing = ["migrate", "--from", &from, "--to", &to, "--to-password-file", "/nowhere"];
    program.run(&missing).exits(78).complains("--to-password-file").complains("/nowhere");

    let password = program.file("password");
    let done = program.run(&["migrate", "--from", &from, "--to", &to, "--to-password-file", &password]);
    done.exits(0).says("orders").says("3000").says("relay.db.moved").says(&format!("database = \"{to}\""));
    done.complains("orders: 3 of 3 rows copied").complains("orders: 3 of 3 rows read again");
    assert!(!format!("{done:?}").contains("secret-word"));
    program.run(&["verify"]).exits(1).complains("moved to another database");

    program.run(&["migrate", "--from", &to, "--to", &from]).exits(0).says("marked so that no relay uses it");
    program.run(&["verify"]).exits(0).says("3 orders");
    let mut command = program.command(&["run"]);
    let output = command.env("KUOTA_RELAY__DATABASE", &to).output().unwrap();
    Finished::of(output, &["run"]).exits(1).complains("was moved to").complains("relay.db");
    assert_eq!(stop(start(&program).0), Some(0));
}
