//! `setup`, `doctor` and `router-setup` as people run them.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use kuota::agent::config::Config;
use kuota::settings::Environment;
use kuota::sim::{SimConfig, SimRouter};
use serde_json::Value;
use tempfile::TempDir;

const PASSWORDS: &str = "rahasia\nrahasia-yang-panjang-1\n";

/// Runs `kuotad` on the configuration of a folder.
fn kuotad(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kuotad"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KUOTA__") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").env_remove("JOURNAL_STREAM").env_remove("CREDENTIALS_DIRECTORY");
    command.arg("--config").arg(dir.join("etc/kuotad.toml")).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// `setup` through flags, with more of them.
fn set_up(dir: &TempDir, router: &str, more: &[&str], stdin: &str) -> Output {
    let data = dir.path().join("data");
    let flags = [
        "setup",
        "--router-address",
        router,
        "--router-password-stdin",
        "--owner-password-stdin",
        "--portal-url",
        "http://10.0.0.2:8081",
        "--contact",
        "0812 \"Budi\"",
        "--data-dir",
        data.to_str().unwrap(),
    ];
    kuotad(dir.path(), &[&flags, more].concat(), stdin)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_set_up_from_flags_and_its_router_examined() {
    let sim =
        SimRouter::start(SimConfig { username: "kuota".to_owned(), ..SimConfig::default() }).await.unwrap();
    let address = sim.address().to_string();
    let dir = tempfile::tempdir().unwrap();
    let done = set_up(&dir, &address, &["--owner", "pemilik", "--yes"], PASSWORDS);
    assert!(done.status.success(), "{done:?}");
    assert!(
        out(&done).contains("pemilik may log in as owner") && out(&done).contains("RouterOS 7.18.2"),
        "{done:?}"
    );
    let etc = dir.path().join("etc");
    assert_eq!((mode(&etc.join("kuotad.toml")), mode(&etc.join("router.password"))), (0o640, 0o600));
    let config = Config::load(&etc.join("kuotad.toml"), &Environment::default()).unwrap();
    assert_eq!(config.portal.contact, "0812 \"Budi\"");
    assert_eq!(config.router.address.to_string(), address);

    let script = out(&kuotad(dir.path(), &["router-setup"], ""));
    let kept = std::fs::read_to_string(etc.join("router-setup.rsc")).unwrap();
    assert_eq!(script.trim_end(), kept.trim_end());
    assert!(script.contains("klient_habis") && !script.contains("rahasia"), "{script}");
    assert!(out(&kuotad(dir.path(), &["router-setup", "--remove"], "")).contains("remove [find where"));
    assert!(
        out(&kuotad(dir.path(), &["router-setup", "--login-page"], "")).contains("0812 &quot;Budi&quot;")
    );
    assert_eq!(kuotad(dir.path(), &["router-setup", "--remove", "--login-page"], "").status.code(), Some(2));

    let bare = kuotad(dir.path(), &["doctor", "--json"], "");
    assert_eq!(bare.status.code(), Some(1), "{bare:?}");
    let told: Value = serde_json::from_slice(&bare.stdout).unwrap();
    let checks = told["checks"].as_array().unwrap();
    assert!(checks.iter().any(|c| c["id"] == "firewall.reject" && c["level"] == "fail"), "{told:#}");
    assert!(!out(&bare).contains("rahasia"));
    let text = out(&kuotad(dir.path(), &["doctor"], ""));
    assert!(text.contains("fail  firewall.reject") && text.contains("> run the script"), "{text}");
    sim.stop().await;
    let down = kuotad(dir.path(), &["doctor"], "");
    assert_eq!(down.status.code(), Some(1));
    assert!(out(&down).contains("fail  router.login") && err(&down).contains("checks fail"), "{down:?}");
}

#[test]
fn what_is_there_is_not_replaced_without_being_told() {
    let dir = tempfile::tempdir().unwrap();
    let first = set_up(&dir, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], PASSWORDS);
    assert!(first.status.success() && err(&first).contains("does not let the agent in yet"), "{first:?}");
    let file = dir.path().join("etc/kuotad.toml");
    let before = std::fs::read_to_string(&file).unwrap();
    let again = set_up(&dir, "127.0.0.2:1", &["--owner", "pemilik", "--yes"], PASSWORDS);
    assert!(again.status.code() == Some(1) && err(&again).contains("--force"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    let forced = set_up(&dir, "127.0.0.2:1", &["--owner", "pemilik", "--yes", "--force"], PASSWORDS);
    assert!(forced.status.success() && out(&forced).contains("as before"), "{forced:?}");
    assert!(std::fs::read_to_string(&file).unwrap().contains("127.0.0.2:1"));
    assert_eq!(mode(&dir.path().join("etc/router.password")), 0o600);
}

#[test]
fn bad_answers_leave_nothing_behind() {
    for (flags, stdin, code) in [
        (&["--owner", "pemilik"][..], "\n\n", 1),
        (&["--owner", "pemilik"], "rahasia\nx\n", 1),
        (&["--router-user", "a\nb"], PASSWORDS, 78),
        (&["--client-network", "lan"], PASSWORDS, 2),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let done = set_up(&dir, "127.0.0.1:1", flags, stdin);
        assert_eq!(done.status.code(), Some(code), "{flags:?}: {done:?}");
        assert!(!dir.path().join("etc").exists() && !err(&done).contains("panicked"), "{done:?}");
    }
    let dir = tempfile::tempdir().unwrap();
    let done = kuotad(dir.path(), &["setup", "--yes"], "");
    assert!(done.status.code() == Some(1) && err(&done).contains("--router-password-stdin"), "{done:?}");
}
