//! The program as people and scripts run it: exit codes, the configuration judged, the daemon's life, the
//! operator's commands with and without a daemon, and the demo.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use kuota::agent::config::Config;
use kuota::clock::ManualClock;
use kuota::domain::units::Timestamp;
use kuota::settings::Environment;
use serde_json::Value;

use crate::fake_relay::{FakeRelay, TOKEN};
use crate::program::{ProgramFolder, RunningProgram};

/// A valid configuration; nothing listens where its router should be.
fn new_kuotad() -> ProgramFolder {
    kuotad_with("")
}

/// The same with more lines at its end.
fn kuotad_with(more: &str) -> ProgramFolder {
    let program = env!("CARGO_BIN_EXE_kuotad");
    let kuotad = ProgramFolder::bare(tempfile::tempdir().unwrap(), program, "kuotad.toml");
    std::fs::write(kuotad.path("router.password"), "sangat-rahasia\n").unwrap();
    configure(&kuotad, more);
    kuotad
}

fn configure(kuotad: &ProgramFolder, more: &str) {
    let text = format!(
        "data_dir = \"{}\"\n[admin]\nlisten = \"127.0.0.1:0\"\n[portal]\nlisten = \"127.0.0.1:0\"\n\
         [router]\naddress = \"127.0.0.1:1\"\npassword_file = \"{}\"\npoll_interval = \"1s\"\n{more}\n",
        kuotad.path("data").display(),
        kuotad.path("router.password").display(),
    );
    std::fs::write(kuotad.path("kuotad.toml"), text).unwrap();
}

/// The daemon, once it listens.
fn start(kuotad: &ProgramFolder) -> RunningProgram {
    let mut daemon = kuotad.start();
    daemon.logs("admin listens");
    daemon
}

#[test]
fn wrong_usage_exits_2() {
    let kuotad = new_kuotad();
    for args in [
        &[][..],
        &["nonsense"],
        &["run", "--nonsense"],
        &["admin", "add", "x", "--role", "king", "--password-stdin"],
        &["admin", "add", "x", "--role", "owner"],
        &["user", "credit", "Budi", "ten gigs", "--reason", "x"],
        &["user", "bind", "Budi", "02:00"],
        &["debt", "add", "Budi"],
        &["debt", "add", "Budi", "1 GB", "--package", "x"],
        &["debt", "settle", "Budi", "--method", "cash"],
        &["debt", "settle", "Budi", "--all", "--amount-rp", "1", "--method", "cash"],
        &["debt", "settle", "Budi", "not-an-id", "--method", "cash"],
        &["package", "add", "x", "--days", "1", "--price-rp", "1"],
        &["demo", "--users", "0"],
        &["demo", "--for", "soon"],
    ] {
        let done = kuotad.run(args);
        done.exits(2);
        assert!(!done.err.is_empty() && done.out.is_empty(), "{done:?}");
    }
    kuotad.run(&["--version"]).exits(0).says("kuotad");
}

#[test]
fn a_bad_configuration_exits_78_with_every_key_and_starts_nothing() {
    let kuotad = kuotad_with("timeout = \"1h\"\ncolour = \"red\"\n[policy]\ndebt_limit = \"much\"");
    for command in
        [&["run"][..], &["check-config"], &["user", "list"], &["ledger", "verify"], &["router-plan"]]
    {
        let done = kuotad.run(command);
        done.exits(78).complains("router.colour").complains("policy.debt_limit").complains("kuotad.toml");
        assert_eq!(done.out, "");
    }
    assert!(!kuotad.path("data").exists());
    let missing = new_kuotad();
    std::fs::remove_file(missing.path("kuotad.toml")).unwrap();
    missing.run(&["run"]).exits(78).complains("kuotad.toml");
}

#[test]
fn a_password_that_cannot_be_had_exits_78() {
    let kuotad = new_kuotad();
    for spoil in [(|path: &PathBuf| std::fs::remove_file(path).unwrap()) as fn(&PathBuf), |path| {
        std::fs::write(path, "\n").unwrap();
    }] {
        spoil(&kuotad.path("router.password"));
        for command in ["run", "check-config"] {
            kuotad.run(&[command]).exits(78).complains("router.password_file: ");
        }
    }
    assert!(!kuotad.path("data").exists());
}

#[test]
fn encryption_that_cannot_be_had_is_refused_and_not_left_out() {
    for (tls, complaint) in [
        ("tls = \"verify\"", "router.tls_ca_file: is missing"),
        (
            "tls = \"verify\"\ntls_ca_file = \"/nowhere/ca.pem\"",
            "router.tls_ca_file: cannot be read: No such file or directory (os error 2) (/nowhere/ca.pem)",
        ),
        ("tls = \"pinned\"", "router.tls_fingerprint: is missing"),
    ] {
        let kuotad = kuotad_with(tls);
        for command in [&["run"][..], &["check-config"], &["router-plan"]] {
            kuotad.run(command).exits(78).complains(complaint);
        }
    }
}

#[cfg(feature = "sim")]
#[test]
fn the_configured_encryption_is_what_reaches_the_router() {
    use kuota::sim::{SimConfig, SimRouter, SimTls};
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    let read = |name: &str| std::fs::read_to_string(fixtures.join(name)).unwrap();
    let tls = Some(SimTls::new(read("named.pem"), read("test-only.key")));
    let password = "sangat-rahasia".to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sim =
        runtime.block_on(SimRouter::start(SimConfig { tls, password, ..SimConfig::default() })).unwrap();
    let kuotad = new_kuotad();
    let plan = |tls: &str| {
        configure(&kuotad, tls);
        let file = std::fs::read_to_string(kuotad.path("kuotad.toml")).unwrap();
        let here = format!("address = \"{}\"\nusername = \"agent\"", sim.address());
        std::fs::write(kuotad.path("kuotad.toml"), file.replace("address = \"127.0.0.1:1\"", &here)).unwrap();
        kuotad.run(&["router-plan"])
    };
    let ca = fixtures.join("ca.pem");
    plan(&format!("tls = \"verify\"\ntls_ca_file = \"{}\"", ca.display())).exits(0);
    let pin = "00".repeat(32);
    let stranger = plan(&format!("tls = \"pinned\"\ntls_fingerprint = \"{pin}\""));
    stranger.exits(1).complains("another certificate than the pinned one").complains(&pin);
    plan("tls = \"off\"").exits(1);
    assert_eq!(sim.stats().commands.get("/login"), Some(&1));
}

#[test]
fn the_printed_configuration_reads_back_and_holds_no_secret() {
    let kuotad = kuotad_with("[policy]\ndebt_limit = \"1,5 GB\"");
    let done = kuotad.run(&["check-config"]);
    done.exits(0).says("debt_limit = ");
    assert!(!done.out.contains("sangat-rahasia") && done.err.is_empty(), "{done:?}");
    let none = Environment::default();
    let read = Config::load(&kuotad.path("kuotad.toml"), &none).unwrap();
    assert_eq!(Config::parse(&done.out, "printed", &none).unwrap(), read);
    let tree = kuotad.json(&["check-config"]);
    assert_eq!(tree["router"]["username"], "kuota");
    assert!(!tree.to_string().contains("sangat-rahasia"));
    assert!(!kuotad.path("data").exists(), "checking creates nothing");
}

#[test]
fn other_failures_exit_1_with_a_sentence() {
    let kuotad = new_kuotad();
    kuotad.run(&["ledger", "verify"]).exits(1).complains("kuota.db");
    assert!(!kuotad.path("data").exists(), "verifying creates nothing");
    std::fs::write(kuotad.path("data"), "no folder").unwrap();
    kuotad.run(&["run"]).exits(1).complains("data");
    std::fs::remove_file(kuotad.path("data")).unwrap();
    std::fs::create_dir(kuotad.path("data")).unwrap();
    std::fs::write(kuotad.path("data/kuota.db"), "no database".repeat(1000)).unwrap();
    for command in [&["run"][..], &["ledger", "verify"]] {
        kuotad.run(command).exits(1).complains("not a database");
    }
}

#[test]
fn the_daemon_stops_cleanly_on_either_signal_and_the_ledger_verifies_after() {
    let kuotad = new_kuotad();
    for signal in ["TERM", "INT"] {
        let mut daemon = start(&kuotad);
        daemon.logs("router cycle failed");
        assert!(kuotad.path("data/kuotad.sock").exists());
        let (code, took) = daemon.stop_by(signal);
        assert_eq!(code, Some(0));
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(!kuotad.path("data/kuotad.sock").exists());
    }
    kuotad.run(&["ledger", "verify"]).exits(0).says("ledger verified: 0 entries");
    assert_eq!(kuotad.json(&["ledger", "verify"])["accounts"], 0);
}

#[test]
fn a_second_daemon_on_the_same_folder_is_refused() {
    let kuotad = new_kuotad();
    let daemon = start(&kuotad);
    kuotad.run(&["run"]).exits(1).complains("in use by another kuotad");
    // Without its socket a daemon cannot be asked, and its store is not opened beside it.
    std::fs::remove_file(kuotad.path("data/kuotad.sock")).unwrap();
    kuotad.run(&["user", "list"]).exits(1).complains("in use by another kuotad");
    drop(daemon);
}

#[test]
fn a_hang_up_reloads_what_it_can_and_a_bad_file_changes_nothing() {
    let kuotad = new_kuotad();
    let mut daemon = start(&kuotad);
    configure(
        &kuotad,
        "[policy]\ndebt_limit = \"1 GB\"\n[store]\ncommit_interval = \"5s\"\n[clock]\ntrust = \"always\"",
    );
    std::fs::write(kuotad.path("router.password"), "lain-sekali\n").unwrap();
    daemon.signal("HUP");
    assert!(daemon.logs("another router password").contains("router.password_file"));
    assert!(daemon.logs("clock.trust").contains("next start"));
    daemon.logs("policy.debt_limit");
    daemon.logs("store.commit_interval");
    daemon.logs("configuration reloaded");
    configure(&kuotad, "[policy]\ndebt_limit = \"much\"");
    daemon.signal("HUP");
    assert!(daemon.logs("the configuration is bad").contains("policy.debt_limit"));
    daemon.logs("nothing was reloaded");
    let log = daemon.log();
    assert!(!log.contains("lain-sekali") && !log.contains("sangat-rahasia"), "{log}");
    assert_eq!(daemon.stop_by("TERM").0, Some(0));
}

#[test]
fn logs_are_json_where_asked() {
    let kuotad = new_kuotad();
    let mut child = kuotad.command(&["run", "--log-format", "json"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "INFO");
}

/// Every command that goes through the API, on an empty store.
fn operate(kuotad: &ProgramFolder) {
    let added = kuotad.run_with_stdin(
        &["admin", "add", "pemilik", "--role", "owner", "--password-stdin"],
        "rahasia-yang-panjang-1\n",
    );
    added.exits(0);
    let token = kuotad.run(&["admin", "token", "pemilik"]);
    token.exits(0);
    assert_eq!(token.out.split_whitespace().count(), 1, "{token:?}");
    kuotad.run(&["admin", "token", "siapa"]).exits(1);
    let args = ["admin", "add", "kasir", "--role", "cashier", "--password-stdin"];
    kuotad.run_with_stdin(&args, "rahasia-yang-panjang-2\n").exits(0);
    kuotad.run(&["admin", "list"]).exits(0).says("pemilik").says("owner");
    kuotad
        .run(&["package", "add", "Sepuluh", "--quota", "10 GB", "--days", "30", "--price-rp", "100000"])
        .exits(0);
    kuotad.run(&["package", "add", "Bebas", "--unlimited", "--days", "30", "--price-rp", "300000"]).exits(0);
    assert_eq!(kuotad.json(&["package", "list"])["items"].as_array().unwrap().len(), 2);
    kuotad.run(&["user", "add", "Budi", "--phone", "081200000001"]).exits(0).says("Budi");
    kuotad.run(&["user", "add", "Lain", "--phone", "081200000001"]).exits(1).complains("phone_taken");
    kuotad.run(&["user", "show", "budi"]).exits(0).says("habis");
    kuotad.run(&["user", "show", "Bud"]).exits(1).complains("no user");
    kuotad
        .run(&["user", "buy", "Budi", "sepuluh", "--method", "cash", "--expect-rp", "1"])
        .exits(1)
        .complains("quote_changed");
    kuotad.run(&["user", "buy", "Budi", "sepuluh", "--method", "cash"]).exits(0).says("Rp 100.000");
    kuotad.run(&["user", "credit", "081200000001", "1 GB", "--reason", "uji"]).exits(0);
    assert_eq!(kuotad.json(&["user", "show", "Budi"])["credited_bytes"], 11_u64 << 30);
    kuotad.run(&["user", "block", "Budi", "--reason", "uji"]).exits(0).says("blocked (admin)");
    kuotad.run(&["user", "list", "--status", "blocked"]).exits(0).says("Budi");
    kuotad.run(&["user", "explain", "Budi"]).exits(0).says("admin");
    kuotad.run(&["user", "unblock", "Budi"]).exits(0).says("active");
    kuotad.run(&["user", "bind", "Budi", "02:00:00:00:00:01", "--label", "HP"]).exits(0);
    kuotad.run(&["user", "show", "Budi"]).exits(0).says("02:00:00:00:00:01");
    kuotad.run(&["user", "unbind", "Budi", "02:00:00:00:00:01"]).exits(0);
    // No reading can be made, and without one a reset would lose bytes.
    kuotad.run(&["user", "reset", "Budi", "--debt", "10 GB", "--reason", "uji"]).exits(1);
    kuotad.run(&["debt", "add", "Budi", "5 GB", "--due-date", "2099-12-31", "--note", "janji"]).exits(0);
    kuotad.run(&["debt", "add", "Budi", "--package", "Sepuluh"]).exits(0);
    let debts = kuotad.json(&["debt", "list", "Budi"]);
    let first = debts["items"][0]["id"].as_str().unwrap().to_owned();
    kuotad.run(&["debt", "settle", "Budi", &first, "--method", "cash"]).exits(0).says("settle_item");
    kuotad.run(&["debt", "settle", "Budi", &first, "--method", "cash"]).exits(1);
    kuotad
        .run(&["debt", "settle", "Budi", "--amount-rp", "40000", "--method", "transfer"])
        .exits(0)
        .says("part_payment");
    kuotad.run(&["debt", "settle", "Budi", "--all", "--method", "cash"]).exits(0).says("settle_all");
    let orders = kuotad.json(&["order", "list"]);
    let order = orders["items"][0]["id"].as_str().unwrap().to_owned();
    kuotad.run(&["order", "show", &order]).exits(0).says("amount_rp");
    kuotad.run(&["user", "show", "00000000-0000-4000-8000-000000000000"]).exits(1).complains("not_found");
    counter(kuotad, &order);
    import(kuotad);
    // The answer says that the router does not answer; the log says it no second time.
    let plan = kuotad.run(&["router-plan"]);
    plan.exits(1).complains("router_unreachable");
    assert!(!plan.err.contains("WARN") && plan.err.lines().count() == 1, "{plan:?}");
    kuotad.run(&["admin", "totp-off", "kasir"]).exits(0).says("password alone");
    kuotad.run(&["admin", "totp-off", "siapa"]).exits(1).complains("not_found");
    kuotad.run(&["admin", "remove", "pemilik"]).exits(1).complains("last_owner");
    kuotad.run(&["admin", "remove", "kasir"]).exits(0);
    assert_eq!(kuotad.json(&["admin", "list"])["items"].as_array().unwrap().len(), 1);
    kuotad.run(&["ledger", "verify"]).exits(0).says("ledger verified");
}

#[test]
fn online_orders_are_opened_listed_and_ended_by_commands() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let relay = runtime.block_on(FakeRelay::start(ManualClock::new(Timestamp(1_795_323_600_000))));
    let kuotad = kuotad_with(&format!("[relay]\nurl = \"{}\"\nsite = \"site-1\"\n", relay.url));
    let token = kuotad.path("relay.token");
    let text = std::fs::read_to_string(kuotad.path("kuotad.toml")).unwrap();
    std::fs::write(kuotad.path("kuotad.toml"), format!("{text}token_file = \"{}\"\n", token.display()))
        .unwrap();
    std::fs::write(&token, format!("{TOKEN}\n")).unwrap();
    kuotad
        .run(&["package", "add", "Satu", "--quota", "1 GB", "--days", "30", "--price-rp", "10000"])
        .exits(0);
    kuotad.run(&["user", "add", "Budi"]).exits(0);
    let buy = |method| kuotad.run(&["user", "buy", "Budi", "Satu", "--method", method]);
    buy("barter").exits(1).complains("method");
    buy("qris").exits(0).says("pending");
    buy("gopay").exits(0).says("pending");
    let ids = |args: &[&str]| -> Vec<String> {
        let orders = kuotad.json(&[&["order", "list"], args].concat());
        orders["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().into()).collect()
    };
    let open = ids(&["--status", "pending", "--method", "gopay"]);
    assert_eq!((open.len(), ids(&["--status", "cancelled"]).len()), (1, 1), "the first was called off");
    kuotad.run(&["order", "list", "--status", "open"]).exits(1).complains("status");
    kuotad.run(&["order", "refresh", &open[0]]).exits(0).says("pending");
    relay.pay(&open[0]);
    kuotad.run(&["order", "cancel", &open[0]]).exits(1).complains("order_paid");
    kuotad.run(&["order", "show", &open[0]]).exits(0).says("paid");
    kuotad.run(&["order", "refund", &open[0], "--reason", "salah"]).exits(0);
    let review = |decision| kuotad.run(&["order", "review", &open[0], decision, "--reason", "uji"]);
    review("credit").exits(1).complains("not_in_review");
    review("maybe").exits(2);
    std::fs::remove_file(&token).unwrap();
    buy("qris").exits(1).complains("relay.token");
    relay.up(false);
    std::fs::write(&token, TOKEN).unwrap();
    buy("qris").exits(1).complains("relay_unreachable");
    buy("cash").exits(0).says("paid");
    kuotad.run(&["ledger", "verify"]).exits(0);
}

/// What is done at the counter beside selling. `order` was paid in cash.
fn counter(kuotad: &ProgramFolder, order: &str) {
    kuotad.run(&["debt", "add", "Budi", "1 GB", "--due-date", "2099-12-31"]).exits(0);
    let debts = kuotad.json(&["debt", "list", "Budi"]);
    let debt = debts["items"].as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    let promise =
        |day| kuotad.run(&["debt", "promise", "Budi", &debt, "--due-date", day, "--note", "gajian"]);
    promise("2099-11-30").exits(0).says("2099-11-30");
    promise("1999-11-30").exits(1).complains("due_date");
    let write_off = || kuotad.run(&["debt", "write-off", "Budi", &debt, "--reason", "pindah"]);
    write_off().exits(0).says("written_off");
    write_off().exits(1).complains("already_paid");
    let refund = || kuotad.run(&["order", "refund", order, "--reason", "salah"]);
    refund().exits(0).says("refunded");
    refund().exits(1).complains("refunds_too_much");
    kuotad.run(&["closing", "add", "--counted-rp", "1000", "--note", "sore"]).exits(0).says("difference");
    kuotad.run(&["closing", "list"]).exits(0).says("local").says("Rp 1.000");
    assert_eq!(kuotad.run(&["user", "pin", "Budi"]).out.trim().len(), 6);
}

fn import(kuotad: &ProgramFolder) {
    let before = kuotad.json(&["user", "list"])["items"].as_array().unwrap().len();
    let file = kuotad.path("users.csv");
    let name = file.to_str().unwrap().to_owned();
    std::fs::write(&file, "name,phone,mac\nSiti,081200000001,\n,0813,zz\n").unwrap();
    let done = kuotad.run(&["user", "import", &name]);
    done.exits(1).complains("line 2: ").complains("line 3: ").complains("nothing was imported");
    assert_eq!(kuotad.json(&["user", "list"])["items"].as_array().unwrap().len(), before);
    std::fs::write(&file, "name,phone,mac\nSiti,0812\n").unwrap();
    kuotad.run(&["user", "import", &name]).exits(1).complains("line 2: has 2 cells under 3 headings");
    // Rows that cannot be read do not hide what is wrong with the others, and nothing is entered.
    std::fs::write(
        &file,
        "name,phone,mac,active\nSiti,0812\nAgus,081200000002,zz,maybe\n,081200000003,,\nBudi,,,\n",
    )
    .unwrap();
    let done = kuotad.run(&["user", "import", &name]);
    done.exits(1).complains("line 2: has 2 cells under 4 headings").complains("line 4: name: ");
    done.complains("line 3: mac: ").complains("line 3: active: \"maybe\" is neither yes nor no");
    done.complains("nothing was imported: 4 findings");
    assert_eq!(kuotad.json(&["user", "list"])["items"].as_array().unwrap().len(), before);
    std::fs::write(&file, "name;phone;login;mac\nSiti;081200000002;siti;02:00:00:00:00:02\nAgus;;agus;\n")
        .unwrap();
    kuotad.run(&["user", "import", &name]).exits(0).says("imported 2 users with 1 devices");
    kuotad.run(&["user", "show", "siti"]).exits(0).says("02:00:00:00:00:02");
    kuotad
        .run(&["user", "import", &kuotad.path("none.csv").display().to_string()])
        .exits(1)
        .complains("none.csv");
}

/// A table of an export: its headings, and its rows by heading.
fn exported(kuotad: &ProgramFolder, folder: &str, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(kuotad.path(folder).join(table)).unwrap();
    let mut records = Vec::new();
    let (mut record, mut cell, mut is_quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => record.push(std::mem::take(&mut cell)),
            '\n' if !is_quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            '\r' => {}
            c => cell.push(c),
        }
    }
    let headings = records.remove(0);
    let row = |cells: Vec<String>| headings.iter().cloned().zip(cells).collect();
    records.into_iter().map(row).collect()
}

/// Customers of every kind, in an empty store.
fn populate(kuotad: &ProgramFolder) {
    let table = "name,phone,login,approved,active,exempt,unlimited,expires_at,overage,debt_limit_bytes,credits_bytes,debits_bytes,fup_base_bytes\n\
        Budi,0812-0000-0001,,1,1,0,0,2099-12-31T00:00:00Z,,,,,\n\
        Siti,,siti,1,1,0,0,,debt,1073741824,4294967296,4831838208,1073741824\n\
        Agus,,agus,1,1,0,0,2020-01-01T00:00:00Z,stop,0,8589934592,7516192768,8589934592\n\
        Bebas,,bebas,1,1,0,1,2099-01-01T00:00:00Z,,,,,\n\
        Tamu,,tamu,0,1,1,0,,,,100,0,100\n\
        Pindah,,pindah,1,0,0,0,,,,,,\n";
    std::fs::write(kuotad.path("seed.csv"), table).unwrap();
    let seed = kuotad.path("seed.csv").display().to_string();
    kuotad.run(&["import", &seed]).exits(0).says("imported 6 users with 0 devices, 4 quota accounts");
    let package = ["package", "add", "Sepuluh", "--quota", "10 GB", "--days", "30", "--price-rp", "100000"];
    kuotad.run(&package).exits(0);
    for (mac, label) in
        [("02:00:00:00:00:01", "=HP, \u{fc}"), ("02:00:00:00:00:02", ""), ("02:00:00:00:00:03", "TV")]
    {
        kuotad.run(&["user", "bind", "Budi", mac, "--label", label]).exits(0);
    }
    kuotad.run(&["user", "bind", "Siti", "02:00:00:00:00:04"]).exits(0);
    kuotad.run(&["user", "buy", "Budi", "Sepuluh", "--method", "cash"]).exits(0);
    let debt = [
        "debt",
        "add",
        "Budi",
        "5 GB",
        "--due-date",
        "2099-12-31",
        "--note",
        "=janji",
        "--price-rp",
        "50001",
    ];
    kuotad.run(&debt).exits(0);
    kuotad.run(&["debt", "settle", "Budi", "--amount-rp", "20000", "--method", "cash"]).exits(0);
    kuotad.run(&["debt", "add", "Siti", "1 GB", "--due-date", "2098-01-31"]).exits(0);
    kuotad.run(&["debt", "add", "Agus", "1 GB", "--due-date", "2098-01-31"]).exits(0);
    kuotad.run(&["debt", "settle", "Agus", "--all", "--method", "cash"]).exits(0);
    kuotad.run(&["user", "block", "Budi", "--reason=-spam, \"lagi\""]).exits(0);
    kuotad.run(&["user", "block", "Pindah", "--reason", "pindah"]).exits(0);
}

#[test]
fn one_file_of_everything_makes_the_same_site_elsewhere() {
    let (old, new) = (new_kuotad(), new_kuotad());
    populate(&old);
    let size: [&[&str]; 2] = [&["Harian", "--quota", "1 GB"], &["=Bulanan", "--unlimited"]];
    for size in size {
        let add = [&["package", "add"], size, &["--days", "30", "--price-rp", "5000"]].concat();
        old.run(&add).exits(0);
    }
    old.run(&["user", "note", "Budi", "Router di lantai 2"]).exits(0);
    let folder = |kuotad: &ProgramFolder| kuotad.path("tables").display().to_string();
    old.run(&["export", "--format", "json", &folder(&old)]).exits(0).says("kuota.json");
    let file = old.path("tables").join("kuota.json");
    let all: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(all["format"], "kuota-export-1");
    assert!(!all["entries"].as_array().unwrap().is_empty() && all["packages"][2]["quota_bytes"].is_null());

    let file = file.display().to_string();
    let done = new.run(&["import", &file]);
    done.exits(0).says("imported 6 users").says("3 packages");
    new.run(&["ledger", "verify"]).exits(0);
    for kuotad in [&old, &new] {
        kuotad.run(&["export", &folder(kuotad)]).exits(0);
    }
    let table = |kuotad: &ProgramFolder, file: &str| {
        let mut rows = exported(kuotad, "tables", file);
        rows.retain(|row| row.get("deleted_at").is_none_or(String::is_empty));
        for row in &mut rows {
            row.retain(|heading, _| !["id", "created_at", "used_bytes"].contains(&heading.as_str()));
        }
        rows
    };
    assert!(table(&new, "users.csv").iter().any(|row| row["customer_note"] == "Router di lantai 2"));
    for file in ["users.csv", "packages.csv"] {
        assert_eq!(table(&old, file), table(&new, file), "{file}");
    }
    // Packages that are there already are left out; one that differs refuses everything.
    let packages = new.path("tables").join("packages.csv").display().to_string();
    new.run(&["import", &packages]).exits(0).says("imported 0 users");
    let other = new.path("paket.csv");
    std::fs::write(&other, "nama;kuota;hari;harga\nHarian;2 GB;30;5.000\n").unwrap();
    new.run(&["import", &other.display().to_string()])
        .exits(1)
        .complains("Harian is on file with another quota");
}

#[test]
fn an_export_that_is_imported_elsewhere_exports_the_same_customers() {
    /// Columns that are not taken over, as the importing says.
    const NOT_TAKEN: [&str; 3] = ["id", "created_at", "used_bytes"];
    let (old, new) = (new_kuotad(), new_kuotad());
    populate(&old);
    let folder = |kuotad: &ProgramFolder| kuotad.path("tables").display().to_string();
    old.run(&["export", &folder(&old)]).exits(0);

    let count = || new.json(&["user", "list"])["items"].as_array().unwrap().len();
    let tried = new.run(&["import", &folder(&old), "--dry-run"]);
    tried
        .exits(0)
        .says("would import 6 users with 4 devices")
        .complains("created_at is not taken over (lines 2-");
    assert_eq!(count(), 0);
    let done = new.run(&["import", &folder(&old)]);
    done.exits(0).says("imported 6 users with 4 devices, 5 quota accounts, 2 debts, 2 blocks");
    done.complains("debts.csv: left out").complains("paid_rp is not taken over");
    new.run(&["ledger", "verify"]).exits(0).says("ledger verified");
    new.run(&["export", &folder(&new)]).exits(0);

    let customers = |kuotad: &ProgramFolder| {
        let mut rows = exported(kuotad, "tables", "users.csv");
        for row in &mut rows {
            row.retain(|heading, _| !NOT_TAKEN.contains(&heading.as_str()));
        }
        rows
    };
    let before = customers(&old);
    assert_eq!((before.len(), before[0]["device_labels"].as_str()), (6, "'=HP, \u{fc}\n\nTV"));
    assert_eq!(before, customers(&new));

    let owed = |kuotad: &ProgramFolder| {
        let number =
            |row: &BTreeMap<String, String>, name: &str| row[name].parse::<u64>().unwrap_or_default();
        let rows = exported(kuotad, "tables", "debts.csv").into_iter().filter(|row| row["status"] == "open");
        let rows = rows.map(|row| {
            let rest = number(&row, "amount_bytes") - number(&row, "paid_bytes");
            (
                row["user_name"].clone(),
                rest,
                row["debt_date"].clone(),
                row["due_date"].clone(),
                row["note"].clone(),
            )
        });
        // Debts of one commit are in no order.
        rows.collect::<BTreeSet<_>>()
    };
    assert_eq!(owed(&old), owed(&new));
    let due = |kuotad: &ProgramFolder, who| {
        let debts = kuotad.json(&["debt", "list", who]);
        let open = debts["items"].as_array().unwrap().iter().filter(|debt| debt["status"] == "open");
        open.map(|debt| debt["due_rp"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    // Rp 20.000 of Rp 50.001 paid whole bytes only: the rest is rounded up.
    assert_eq!((due(&old, "Budi"), due(&new, "Budi")), (vec![30_002], vec![30_002]));
}

#[test]
fn commands_work_without_a_daemon() {
    operate(&new_kuotad());
}

#[test]
fn commands_work_through_the_daemon() {
    let kuotad = new_kuotad();
    let daemon = start(&kuotad);
    operate(&kuotad);
    assert_eq!(daemon.stop_by("TERM").0, Some(0));
    kuotad.run(&["ledger", "verify"]).exits(0);
}

#[test]
fn an_empty_password_on_stdin_is_refused() {
    let kuotad = new_kuotad();
    for input in ["", "\n"] {
        let args = ["admin", "add", "baru", "--role", "viewer", "--password-stdin"];
        kuotad.run_with_stdin(&args, input).exits(1).complains("empty");
    }
}

#[cfg(feature = "sim")]
#[test]
fn the_demo_ends_by_itself_and_its_sums_agree() {
    let kuotad = new_kuotad();
    let folder = kuotad.path("demo");
    let done = kuotad.run(&["demo", "--for", "5s", "--data-dir", folder.to_str().unwrap()]);
    done.exits(0).says("admin   http://127.0.0.1:").says("log-in  demo ").says("bank    http://127.0.0.1:");
    done.says("paid online     ").says("ledger          verified");
    let metered = done.out.lines().find(|line| line.starts_with("metered")).unwrap();
    assert!(metered.ends_with("equal") || metered.ends_with("less"), "{metered}");
    let moved = done.out.lines().find(|line| line.starts_with("moved")).unwrap();
    assert!(!moved.ends_with("(0 bytes)"), "{moved}");
    assert!(folder.join("kuota.db").exists(), "a named folder stays");
    kuotad
        .run(&["demo", "--for", "1s", "--data-dir", folder.to_str().unwrap()])
        .exits(1)
        .complains("not empty");
}

#[cfg(feature = "sim")]
#[test]
fn the_demo_ends_with_its_sums_when_interrupted() {
    let kuotad = new_kuotad();
    let mut demo = kuotad.command(&["demo", "--users", "3"]).spawn().unwrap();
    let mut out = BufReader::new(demo.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("use the hotspot") {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended before it began");
    }
    let sent = Command::new("kill").arg("-INT").arg(demo.id().to_string()).status().unwrap();
    assert!(sent.success());
    let rest = std::io::read_to_string(out).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(0), "{rest}");
    assert!(rest.contains("ledger          verified"), "{rest}");
}

#[cfg(feature = "sim")]
#[test]
fn the_demo_credits_what_its_customers_pay_online() {
    let kuotad = new_kuotad();
    let mut demo = kuotad.command(&["demo", "--users", "12"]).spawn().unwrap();
    let mut out = BufReader::new(demo.stdout.take().unwrap());
    let (mut line, mut payer) = (String::new(), None);
    // Until somebody is credited: the first to pay may also let it expire.
    loop {
        line.clear();
        assert_ne!(out.read_line(&mut line).unwrap(), 0, "it ended before anybody was credited");
        let paid = line.contains("  pays Rp ") && line.contains(" by ");
        let name = line.get(10..).and_then(|rest| rest.split("  ").next()).unwrap_or_default().to_owned();
        match &payer {
            None if paid => payer = Some(name),
            Some(payer) if line.contains("→ active") && *payer == name => break,
            _ => {}
        }
    }
    let sent = Command::new("kill").arg("-TERM").arg(demo.id().to_string()).status().unwrap();
    assert!(sent.success());
    let rest = std::io::read_to_string(out).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(0), "{rest}");
    let online = rest.lines().find(|line| line.starts_with("paid online")).unwrap();
    assert!(online.contains(" credited: Rp ") && online.ends_with(", equal"), "{online}");
    assert!(!online.contains(" 0 paid"), "{online}");
    assert!(rest.contains("ledger          verified"), "{rest}");
}
