//! A disk that fails under the daemon: it says so, stops by itself, and the next start finds every acknowledged call
//! and nothing half done. Failures are injected into the real program by strace.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

#[path = "support/process.rs"]
mod process;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use process::{Asked, Daemon, LOOK, Place, said};
use serde_json::json;

/// Calls within which a disk that fails at the Nth call must have failed.
const CALLS_MAX: usize = 60;
/// From the failed call to the end of the process.
const END_MAX: Duration = Duration::from_secs(10);

/// From the start to a refusal.
const REFUSED_MAX: Duration = Duration::from_secs(20);
/// A folder that was used before, by a daemon that stopped cleanly, with this many users.
const USERS: usize = 3;

fn used_place() -> (Place, Vec<Asked>) {
    let place = Place::new("127.0.0.1:1");
    let asked = fill(&place);
    (place, asked)
}

fn fill(place: &Place) -> Vec<Asked> {
    let daemon = place.serve();
    let mut asked: Vec<Asked> = (0..USERS).map(add_user).collect();
    for asked in &mut asked {
        asked.settle(&place.socket()).unwrap();
    }
    daemon.stop();
    asked
}

fn add_user(n: usize) -> Asked {
    Asked::new(format!("user-{n}"), "/api/v1/users", &json!({"name": format!("Pelanggan {n}")}))
}

fn users(daemon: &Daemon) -> usize {
    daemon.get("/api/v1/users?limit=200")["items"].as_array().unwrap().len()
}

/// Calls until one fails, which must be told as it is; the daemon must end by itself. The failed call comes last.
fn until_it_fails(daemon: &mut Daemon, place: &Place, asked: &mut Vec<Asked>, what: &str) {
    loop {
        assert!(asked.len() < CALLS_MAX, "{what}: nothing failed");
        let mut next = add_user(asked.len());
        let answer = next.send(&place.socket()).unwrap_or_else(|e| panic!("{what}: {e}: {}", daemon.log()));
        if answer.status != 201 {
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (503, Some("store_failed")),
                "{what}"
            );
            assert!(answer.head.contains("application/problem+json"), "{what}: {answer:?}");
            asked.push(next);
            break;
        }
        next.answer = Some(answer);
        asked.push(next);
    }
    let failed = Instant::now();
    assert_eq!(daemon.ends(), Some(1), "{what}: {}", daemon.log());
    assert!(failed.elapsed() < END_MAX, "{what}: {:?}", failed.elapsed());
    assert!(daemon.log().contains("the store failed"), "{what}: {}", daemon.log());
}

/// What holds when the disk is well again: all that was acknowledged, and the failed call whole or not at all.
fn is_whole(place: &Place, asked: &mut [Asked], what: &str) {
    place.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
    let daemon = place.serve();
    let there = users(&daemon);
    assert!((asked.len() - 1..=asked.len()).contains(&there), "{what}: {there} users of {}", asked.len());
    for call in asked.iter_mut() {
        call.settle(&place.socket()).unwrap_or_else(|why| panic!("{what}: {why}"));
    }
    assert_eq!(users(&daemon), asked.len(), "{what}");
    daemon.stop();
    place.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
}

/// The whole story for each injection. strace counts calls of each thread by itself, so the counts are those of the
/// thread that commits.
fn fails(injections: &[&str]) {
    for injection in injections {
        let (place, mut asked) = used_place();
        let inject = format!("inject={injection}");
        // Not the shared index of the log, which is no file that anything must survive in.
        let files = ["kuota.db", "kuota.db-wal"].map(|file| place.data().join(file).display().to_string());
        let trace = ["-P", &files[0], "-P", &files[1], "-e", "trace=fsync,fdatasync,pwrite64", "-e", &inject];
        let mut daemon = Daemon::start(place.traced(&trace, &["run"]), &place);
        daemon.serves();
        until_it_fails(&mut daemon, &place, &mut asked, injection);
        is_whole(&place, &mut asked, injection);
    }
}

#[test]
fn a_failed_sync_is_told_and_ends_the_daemon_with_nothing_lost() {
    fails(&[
        "fsync,fdatasync:error=EIO:when=1+",
        "fsync,fdatasync:error=EIO:when=4+",
        "fsync,fdatasync:error=EIO:when=9",
        "fsync,fdatasync:error=ENOSPC:when=3",
    ]);
}

#[test]
fn a_full_disk_is_told_and_ends_the_daemon_with_nothing_lost() {
    fails(&[
        "pwrite64:error=ENOSPC:when=1+",
        "pwrite64:error=ENOSPC:when=14+",
        "pwrite64:error=ENOSPC:when=9",
    ]);
}

#[test]
fn a_failed_write_is_told_and_ends_the_daemon_with_nothing_lost() {
    fails(&["pwrite64:error=EIO:when=2+", "pwrite64:error=EIO:when=11", "pwrite64:error=EROFS:when=20+"]);
}

#[test]
fn a_slow_disk_delays_answers_and_loses_none() {
    let (place, mut asked) = used_place();
    let inject = "inject=fsync,fdatasync:delay_exit=200000";
    let command = place.traced(&["-e", "trace=fsync,fdatasync", "-e", inject], &["run"]);
    let mut daemon = Daemon::start(command, &place);
    daemon.serves();
    for n in 0..5 {
        let mut next = add_user(USERS + n);
        let begun = Instant::now();
        next.settle(&place.socket()).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(200), "answered before it was on the disk");
        asked.push(next);
    }
    daemon.stop();
    is_whole(&place, &mut asked, inject);
}

/// A start that must be refused with a sentence and leave nothing running.
fn is_refused(place: &Place, mut command: Command, sentences: &[&str]) {
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + REFUSED_MAX;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            let _ = child.kill();
            panic!("it was not refused: {sentences:?}: {}", said(&child.wait_with_output().unwrap()));
        }
        std::thread::sleep(LOOK);
    }
    let output = child.wait_with_output().unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(1), "{sentences:?}: {text}");
    assert!(sentences.iter().all(|sentence| text.contains(sentence)), "{sentences:?}: {text}");
    assert!(!text.contains("panicked") && !text.contains("listens"), "{text}");
    assert!(!place.socket().exists(), "{sentences:?}: a socket is left");
}

/// A start on which opening `file` fails, the first time only or always.
fn opens_with(place: &Place, file: &str, error: &str, when: &str) -> Command {
    let path = place.data().join(file);
    let inject = format!("inject=openat,open:error={error}:when={when}");
    place.traced(&["-P", path.to_str().unwrap(), "-e", "trace=openat,open", "-e", &inject], &["run"])
}

#[test]
fn a_folder_that_cannot_be_written_starts_nothing() {
    let (place, mut asked) = used_place();
    for error in ["EROFS", "EACCES", "ENOSPC"] {
        is_refused(&place, opens_with(&place, "kuotad.lock", error, "1+"), &["kuotad.lock", "writable"]);
    }
    let place_without = Place::new("127.0.0.1:1");
    let inject = ["-e", "trace=mkdir,mkdirat", "-e", "inject=mkdir,mkdirat:error=EACCES"];
    is_refused(&place_without, place_without.traced(&inject, &["run"]), &["data", "writable"]);
    is_whole(&place, &mut asked, "writable again");
}

#[test]
fn a_store_that_can_only_be_read_starts_nothing() {
    let (place, mut asked) = used_place();
    // SQLite falls back to reading where the file may not be written.
    for error in ["EROFS", "EACCES", "EPERM"] {
        is_refused(&place, opens_with(&place, "kuota.db", error, "1"), &["kuota.db", "writable"]);
    }
    is_refused(&place, opens_with(&place, "kuota.db", "EIO", "1+"), &["the store"]);
    is_refused(&place, opens_with(&place, "kuota.db-wal", "EROFS", "1+"), &["the store"]);
    is_whole(&place, &mut asked, "writable again");
}

#[test]
fn a_store_that_another_process_holds_starts_nothing() {
    let (place, mut asked) = used_place();
    let lock = File::open(place.data().join("kuotad.lock")).unwrap();
    lock.try_lock().unwrap();
    is_refused(&place, place.command(&["run"]), &["in use by another kuotad"]);
    drop(lock);
    is_whole(&place, &mut asked, "released");
}

fn spoil(path: &Path, from: u64, bytes: usize) {
    let mut file = File::options().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(from)).unwrap();
    file.write_all(&vec![0xA5; bytes]).unwrap();
}

#[test]
fn a_damaged_store_starts_nothing_and_is_whole_again_with_its_copy() {
    type Spoil = fn(&Path, u64);
    let ways: [(&str, Spoil); 6] = [
        ("half of it is gone", |path, size| {
            File::options().write(true).open(path).unwrap().set_len(size / 2).unwrap();
        }),
        ("only its head is there", |path, _| {
            File::options().write(true).open(path).unwrap().set_len(1000).unwrap();
        }),
        ("its last page is gone", |path, size| {
            File::options().write(true).open(path).unwrap().set_len(size - 4096).unwrap();
        }),
        ("its head is garbage", |path, _| spoil(path, 0, 100)),
        ("all but its head is garbage", |path, size| {
            spoil(path, 4096, usize::try_from(size).unwrap() - 4096);
        }),
        ("it is a text", |path, _| std::fs::write(path, "no database".repeat(2000)).unwrap()),
    ];
    let (place, mut asked) = used_place();
    let (store, copy) = (place.data().join("kuota.db"), place.path("copy"));
    checkpoint(&store);
    std::fs::copy(&store, &copy).unwrap();
    let size = std::fs::metadata(&copy).unwrap().len();
    for (what, way) in ways {
        way(&store, size);
        let before = std::fs::read(&store).unwrap();
        println!("{what}");
        is_refused(&place, place.command(&["run"]), &["the "]);
        assert_eq!(std::fs::read(&store).unwrap(), before, "{what}: evidence was changed");
        let _ = std::fs::remove_file(place.data().join("kuota.db-wal"));
        let _ = std::fs::remove_file(place.data().join("kuota.db-shm"));
        std::fs::copy(&copy, &store).unwrap();
    }
    is_whole(&place, &mut asked, "its copy");
}

#[test]
fn a_store_that_was_emptied_beside_its_log_starts_nothing_and_keeps_the_log() {
    let place = Place::new("127.0.0.1:1");
    let daemon = place.serve();
    let mut asked: Vec<Asked> = (0..USERS).map(add_user).collect();
    for asked in &mut asked {
        asked.settle(&place.socket()).unwrap();
    }
    daemon.kill();
    let (store, log) = (place.data().join("kuota.db"), place.data().join("kuota.db-wal"));
    let (whole, written) = (std::fs::read(&store).unwrap(), std::fs::read(&log).unwrap());
    std::fs::remove_file(place.socket()).unwrap();
    let ways: [fn(&Path); 2] =
        [|store| std::fs::write(store, "").unwrap(), |store| std::fs::remove_file(store).unwrap()];
    for way in ways {
        way(&store);
        assert!(place.verify().unwrap_err().contains("kuota.db"));
        is_refused(&place, place.command(&["run"]), &["empty or missing", "backup"]);
        assert_eq!(std::fs::read(&log).unwrap(), written, "the log is all that is left");
    }
    std::fs::write(&store, whole).unwrap();
    is_whole(&place, &mut asked, "its file is back");
}

/// Moves everything from the log to the store's file: what is damaged is not in the log any more.
fn checkpoint(store: &Path) {
    let conn = rusqlite::Connection::open(store).unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
}

/// A small file system of its own, gone when dropped.
struct Tmpfs<'a>(&'a Path);

impl<'a> Tmpfs<'a> {
    /// `None` where this user or this machine cannot mount.
    fn mount(at: &'a Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let output = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at).output();
        output.is_ok_and(|output| output.status.success()).then_some(Self(at))
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Tmpfs<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn a_small_disk_that_fills_up_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = dir.path().join("card");
    let Some(disk) = Tmpfs::mount(&mounted, "size=1m") else {
        eprintln!("skipped: this needs the right to mount a tmpfs");
        return;
    };
    let place = Place::at(tempfile::tempdir().unwrap(), mounted.join("data"), "127.0.0.1:1");
    let mut asked = fill(&place);
    let mut daemon = place.serve();
    // All but a few blocks is taken by something else.
    let ballast = mounted.join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    file.set_len(file.metadata().unwrap().len().saturating_sub(64 * 1024)).unwrap();
    until_it_fails(&mut daemon, &place, &mut asked, "a full disk");
    disk.remount("size=16m");
    is_whole(&place, &mut asked, "room again");
}

/// A configuration that cannot be read because the card fails may be right: the service manager is to try again, which it
/// does after 1 and not after 78.
#[test]
fn a_card_that_fails_under_the_configuration_is_no_bad_configuration() {
    let place = Place::new("127.0.0.1:1");
    for name in ["kuotad.toml", "router.password"] {
        let file = place.path(name);
        let file = file.to_str().unwrap();
        for (call, error, code) in [
            ("openat", "EIO", 1),
            ("read", "EIO", 1),
            ("openat", "ENFILE", 1),
            ("openat", "ENOENT", 78),
            ("openat", "EACCES", 78),
        ] {
            let inject = format!("inject={call}:error={error}");
            for command in ["check-config", "run"] {
                let output = place.traced(&["-P", file, "-e", &inject], &[command]).output().unwrap();
                assert_eq!(
                    output.status.code(),
                    Some(code),
                    "{name} {call} {error} {command}: {}",
                    said(&output)
                );
                let key = if name == "kuotad.toml" {
                    "cannot read the configuration"
                } else {
                    "router.password_file"
                };
                assert!(said(&output).contains(key), "{}", said(&output));
            }
        }
    }
    std::fs::write(place.path("kuotad.toml"), b"[policy]\ndebt_limit = \"\xff\"\n").unwrap();
    assert_eq!(place.command(&["check-config"]).output().unwrap().status.code(), Some(78));
}
