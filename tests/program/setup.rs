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

use crate::program;

const PASSWORDS: &str = "rahasia\nrahasia-yang-panjang-1\n";

/// Runs `kuotad` on the configuration of a folder.
fn kuotad(dir: &Path, args: &[&str], stdin: &str) -> Output {
    let config = dir.join("etc/kuotad.toml");
    let mut command = program::command(env!("CARGO_BIN_EXE_kuotad"), &config, args);
    command.stdin(Stdio::piped());
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

/// The program under strace, with what it shall inject.
fn set_up_traced(dir: &TempDir, strace: &[&str], more: &[&str], stdin: &str) -> Output {
    let data = dir.path().join("data");
    let mut command = Command::new("strace");
    command.args(["-f", "-qq"]).args(strace).arg(env!("CARGO_BIN_EXE_kuotad"));
    command.env_remove("RUST_LOG").env_remove("JOURNAL_STREAM").env_remove("CREDENTIALS_DIRECTORY");
    command.arg("--config").arg(dir.path().join("etc/kuotad.toml"));
    command.args([
        "setup",
        "--router-address",
        "127.0.0.1:1",
        "--router-password-stdin",
        "--owner-password-stdin",
    ]);
    command.args(["--owner", "pemilik", "--yes", "--data-dir", data.to_str().unwrap()]).args(more);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("strace is needed: run scripts/test, which installs it");
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn a_set_up_that_was_cut_off_is_finished_by_the_same_answers() {
    for renames in 1..=4 {
        let dir = tempfile::tempdir().unwrap();
        let kill = format!("inject=rename,renameat,renameat2:signal=KILL:when={renames}");
        let cut = set_up_traced(&dir, &["-o", "/dev/null", "-e", &kill], &[], PASSWORDS);
        let config = dir.path().join("etc/kuotad.toml");
        if cut.status.success() {
            assert!(renames > 3, "three files get their names: {cut:?}");
            return;
        }
        let wrong =
            set_up(&dir, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], "rahasia\nlain-yang-panjang-9\n");
        if !config.exists() {
            assert!(
                wrong.status.code() == Some(1) && err(&wrong).contains("knows pemilik already"),
                "{wrong:?}"
            );
            let again = set_up(&dir, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], PASSWORDS);
            assert!(
                again.status.success() && out(&again).contains("pemilik may log in as owner"),
                "{again:?}"
            );
        }
        assert!(config.exists() && dir.path().join("etc/router.password").exists());
        assert_eq!(kuotad(dir.path(), &["check-config"], "").status.code(), Some(0));
        assert!(out(&kuotad(dir.path(), &["admin", "list"], "")).contains("pemilik"));
    }
    panic!("set-up renames more files than it is known to");
}

#[test]
fn what_was_renamed_is_on_the_disk_before_it_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("calls");
    let strace = ["-y", "-o", log.to_str().unwrap(), "-e", "trace=rename,renameat,renameat2,fsync,fdatasync"];
    let done = set_up_traced(&dir, &strace, &[], PASSWORDS);
    assert!(done.status.success(), "{done:?}");
    let calls = std::fs::read_to_string(&log).unwrap();
    let folder = format!("{}>", dir.path().join("etc").display());
    let lines: Vec<&str> = calls.lines().collect();
    let renamed =
        lines.iter().enumerate().filter(|(_, line)| line.contains("rename") && line.contains("/etc/"));
    let mut files = 0;
    for (at, line) in renamed {
        let synced = lines[at..].iter().take(3).any(|line| line.contains("fsync(") && line.contains(&folder));
        assert!(synced, "the folder is not written after {line}: {calls}");
        files += 1;
    }
    assert_eq!(files, 3, "{calls}");
}

#[test]
fn what_root_sets_up_belongs_to_the_service_and_is_nobody_elses_to_read() {
    use std::os::unix::fs::MetadataExt;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let is_root = std::fs::metadata("/proc/self").unwrap().uid() == 0;
    std::fs::create_dir(&data).unwrap();
    if is_root {
        std::os::unix::fs::chown(&data, Some(12_345), Some(12_346)).unwrap();
    }
    let keeper = std::fs::metadata(&data).unwrap().uid();
    let done = set_up(&dir, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], PASSWORDS);
    assert!(done.status.success(), "{done:?}");
    let inside = std::fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
    let mut files = 0;
    for path in inside.chain([dir.path().join("etc/kuotad.toml"), dir.path().join("etc/router.password")]) {
        let file = std::fs::metadata(&path).unwrap();
        assert_eq!((file.uid(), file.mode() & 0o007), (keeper, 0), "{}", path.display());
        files += 1;
    }
    assert!(files >= 3);
    assert_eq!(mode(&data.join("kuota.db")), 0o600);
    // A folder that it makes itself is as private.
    let other = tempfile::tempdir().unwrap();
    set_up(&other, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], PASSWORDS);
    assert_eq!(mode(&other.path().join("data")), 0o750);
    // What is said on the way is said in words, not as lines of a log.
    assert!(!err(&done).contains("WARN") && !err(&done).contains('\u{1b}'), "{}", err(&done));
}

#[test]
fn a_hotspot_has_its_name_its_zone_and_its_language_from_the_answers() {
    let dir = tempfile::tempdir().unwrap();
    let more =
        ["--owner", "pemilik", "--yes", "--name", "Warung \"Net\"", "--timezone", "wita", "--lang", "id"];
    let done = set_up(&dir, "127.0.0.1:1", &more, PASSWORDS);
    assert!(done.status.success(), "{done:?}");
    assert!(
        out(&done).contains("pemilik dapat masuk sebagai pemilik")
            && out(&done).contains("langkah berikutnya")
    );
    assert!(err(&done).contains("router belum mengizinkan agen masuk"), "{done:?}");
    let config = Config::load(&dir.path().join("etc/kuotad.toml"), &Environment::default()).unwrap();
    assert_eq!(config.name, "Warung \"Net\"");
    let text = std::fs::read_to_string(dir.path().join("etc/kuotad.toml")).unwrap();
    assert!(text.contains("timezone = \"Asia/Makassar\"") && text.contains("language = \"id\""), "{text}");
    let english = tempfile::tempdir().unwrap();
    let more = ["--owner", "pemilik", "--yes", "--lang", "en"];
    assert!(out(&set_up(&english, "127.0.0.1:1", &more, PASSWORDS)).contains("may log in as owner"));
    let bad = tempfile::tempdir().unwrap();
    let more = ["--owner", "pemilik", "--yes", "--timezone", "Mars/Base"];
    let bad_zone = set_up(&bad, "127.0.0.1:1", &more, PASSWORDS);
    assert_eq!(bad_zone.status.code(), Some(78), "{bad_zone:?}");
    assert!(!bad.path().join("etc").exists());
    assert_eq!(kuotad(bad.path(), &["setup", "--lang", "fr"], "").status.code(), Some(2));
}

#[test]
fn failures_are_problem_documents_for_programs_and_sentences_for_people() {
    let dir = tempfile::tempdir().unwrap();
    assert!(set_up(&dir, "127.0.0.1:1", &["--owner", "pemilik", "--yes"], PASSWORDS).status.success());
    let missing = "00000000-0000-4000-8000-000000000000";
    let failed = kuotad(dir.path(), &["--json", "user", "block", missing, "--reason", "x"], "");
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    let problem: Value = serde_json::from_str(err(&failed).trim()).unwrap();
    assert!(problem["code"].is_string() && problem["detail"].is_string(), "{problem}");
    let other = tempfile::tempdir().unwrap();
    let bad = kuotad(other.path(), &["--json", "user", "list"], "");
    assert_eq!(bad.status.code(), Some(78), "{bad:?}");
    let problem: Value = serde_json::from_str(err(&bad).trim()).unwrap();
    assert_eq!(problem["code"], "bad_configuration");
    assert!(problem["detail"].as_str().unwrap().contains("kuotad.toml"), "{problem}");

    // A copy that is there is not replaced unasked.
    let copy = dir.path().join("copy.db");
    let copy = copy.to_str().unwrap();
    assert!(kuotad(dir.path(), &["backup", copy], "").status.success());
    let again = kuotad(dir.path(), &["backup", copy], "");
    assert!(again.status.code() == Some(1) && err(&again).contains("--force"), "{again:?}");
    assert!(kuotad(dir.path(), &["backup", copy, "--force"], "").status.success());
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

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_of_the_package_is_replaced_unasked_until_somebody_changes_a_key() {
    let shipped =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/config/kuotad.toml")).unwrap();
    let sim =
        SimRouter::start(SimConfig { username: "kuota".to_owned(), ..SimConfig::default() }).await.unwrap();
    let address = sim.address().to_string();
    let changed = shipped.replacen("language = \"id\"", "language = \"en\"", 1);
    assert_ne!(changed, shipped);
    for (text, is_replaced) in
        [(shipped.clone(), true), (format!("{shipped}# read on 1 May\n"), true), (changed, false)]
    {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("etc")).unwrap();
        let file = dir.path().join("etc/kuotad.toml");
        std::fs::write(&file, &text).unwrap();
        let done = set_up(&dir, &address, &["--owner", "pemilik", "--yes"], PASSWORDS);
        assert_eq!(done.status.success(), is_replaced, "{done:?}");
        assert_eq!(std::fs::read_to_string(&file).unwrap() != text, is_replaced);
    }
}
