//! A disk that fails under the daemon. After an I/O error it says so, stops by itself, and the next start finds every
//! acknowledged call and nothing half done. A disk that is full or takes no writes, and a file that another program
//! holds, are no such errors: it says so everywhere, refuses changes, and goes on by itself when that is over. Failures
//! are injected into the real program by strace; small disks are mounted where that is allowed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::process;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use process::{Asked, Daemon, LOOK, Place, eventually, said};
use serde_json::json;

/// Calls within which a disk that fails at the Nth call must have failed.
const CALLS_MAX: usize = 60;
/// From the failed call to the end of the process.
const END_MAX: Duration = Duration::from_secs(10);

/// From the start to a refusal.
const REFUSED_MAX: Duration = Duration::from_secs(20);
/// A folder that was used before, by a daemon that stopped cleanly, with this many users.
pub(crate) const USERS: usize = 3;

pub(crate) fn used_place() -> (Place, Vec<Asked>) {
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

pub(crate) fn users(daemon: &Daemon) -> usize {
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
pub(crate) fn is_whole(place: &Place, asked: &mut [Asked], what: &str) {
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
        if daemon.serves_or_ends() {
            until_it_fails(&mut daemon, &place, &mut asked, injection);
        } else {
            // The first calls are those of the start.
            assert_eq!(daemon.ends(), Some(1), "{injection}: {}", daemon.log());
            assert!(daemon.log().contains("the store failed"), "{injection}: {}", daemon.log());
            asked.push(add_user(asked.len()));
        }
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
fn a_full_disk_is_told_everywhere_and_the_daemon_goes_on() {
    for when in ["1+", "14+", "40+"] {
        let (place, mut asked) = used_place();
        let files = ["kuota.db", "kuota.db-wal"].map(|file| place.data().join(file).display().to_string());
        let inject = format!("inject=pwrite64:error=ENOSPC:when={when}");
        let trace = ["-P", &files[0], "-P", &files[1], "-e", "trace=pwrite64", "-e", &inject];
        let mut daemon = Daemon::start(place.traced(&trace, &["run"]), &place);
        daemon.serves();
        until_it_is_refused(&daemon, &place, &mut asked, "store_full");
        says_why(&daemon, "store_full", "full");
        // Not a word of what was refused is there, and what was there is.
        assert_eq!(users(&daemon), asked.len() - 1);
        daemon.stop();
        is_whole(&place, &mut asked, when);
    }
}

/// Calls until one is refused for that reason. The refused call comes last.
fn until_it_is_refused(daemon: &Daemon, place: &Place, asked: &mut Vec<Asked>, code: &str) {
    loop {
        assert!(asked.len() < CALLS_MAX, "{code}: nothing was refused");
        let mut next = add_user(asked.len());
        let answer = next.send(&place.socket()).unwrap_or_else(|e| panic!("{code}: {e}: {}", daemon.log()));
        let is_done = answer.status == 201;
        if is_done {
            next.answer = Some(answer);
        } else {
            assert_eq!(
                (answer.status, answer.json()["code"].as_str()),
                (503, Some(code)),
                "{}",
                daemon.log()
            );
        }
        asked.push(next);
        if !is_done {
            return;
        }
    }
}

/// Health, status and pages say what is the matter.
fn says_why(daemon: &Daemon, code: &str, word: &str) {
    let health = daemon.get("/healthz");
    assert_eq!((health["status"].as_str(), health["code"].as_str()), (Some("degraded"), Some(code)));
    assert!(health["detail"].as_str().unwrap().contains(word), "{health}");
    let status = daemon.get("/api/v1/status");
    assert_eq!(status["store"]["state"], "degraded", "{status}");
    assert!(status["store"]["last_error"].as_str().unwrap().contains(word), "{status}");
    for time in ["since", "last_success"] {
        let time = status["store"][time].as_str().unwrap_or_else(|| panic!("{time}: {status}"));
        assert!(time.starts_with("20"), "{status}");
    }
    let page = daemon.call("GET", "/masuk?bahasa=en", None, "").unwrap();
    let page = if page.status == 303 { daemon.call("GET", "/masuk", None, "").unwrap() } else { page };
    assert!(page.body.contains("class=\"notice bad\" role=\"alert\""), "{page:?}");
}

/// Changes are taken again, by themselves.
fn heals(daemon: &Daemon, place: &Place, asked: &mut [Asked]) {
    let last = asked.last_mut().unwrap();
    eventually("changes are taken again", || {
        let answer = last.send(&place.socket()).unwrap();
        answer.status == 201 && {
            last.answer = Some(answer);
            true
        }
    });
    assert_eq!(daemon.get("/healthz")["status"], "ok");
    assert_eq!(daemon.get("/api/v1/status")["store"]["state"], "ok");
    assert_eq!(users(daemon), asked.len());
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
pub(crate) fn is_refused(place: &Place, mut command: Command, sentences: &[&str]) {
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + REFUSED_MAX;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > until {
            let _ = child.kill();
            panic!("it was not refused: {sentences:?}");
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
    is_refused(&place, opens_with(&place, "kuotad.lock", "EACCES", "1+"), &["kuotad.lock", "writable"]);
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
        is_refused(&place, opens_with(&place, "kuota.db", error, "4"), &["kuota.db", "writable"]);
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

pub(crate) fn spoil(path: &Path, from: u64, bytes: usize) {
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

/// Takes all but nothing of a file system; gone when dropped.
struct Filler(PathBuf);

impl Filler {
    fn fill(at: &Path) -> Self {
        let path = at.join("filler");
        let mut file = File::options().create(true).append(true).open(&path).unwrap();
        for piece in [4096, 512, 1] {
            while file.write_all(&[1; 4096][..piece]).is_ok() {}
        }
        Self(path)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A place on a small disk of its own, where that can be mounted.
fn small_place<'a>(mounted: &'a Path, size: &str) -> Option<(Tmpfs<'a>, Place)> {
    let disk = Tmpfs::mount(mounted, size);
    if disk.is_none() {
        eprintln!("skipped: this needs the right to mount a tmpfs");
    }
    Some((disk?, Place::at(tempfile::tempdir().unwrap(), mounted.join("data"), "127.0.0.1:1")))
}

#[test]
fn a_small_disk_that_fills_up_loses_nothing_and_heals_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = dir.path().join("card");
    for size in ["size=2m", "size=16m"] {
        let Some((disk, place)) = small_place(&mounted, size) else { return };
        let mut asked = fill(&place);
        let daemon = place.serve();
        let filler = Filler::fill(&mounted);
        until_it_is_refused(&daemon, &place, &mut asked, "store_full");
        says_why(&daemon, "store_full", "full");
        drop(filler);
        heals(&daemon, &place, &mut asked);
        daemon.stop();
        is_whole(&place, &mut asked, size);
        drop(disk);
    }
}

/// What keeps a small disk from being written, until it is dropped.
enum Hindered<'a> {
    Full { _filler: Filler },
    ReadOnly(&'a Tmpfs<'a>),
}

impl Drop for Hindered<'_> {
    fn drop(&mut self) {
        if let Self::ReadOnly(disk) = self {
            disk.remount("rw");
        }
    }
}

#[test]
fn a_disk_that_takes_no_writes_at_the_start_is_told_everywhere_and_heals_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = dir.path().join("card");
    let rows =
        ["store_full", "store_read_only"].map(|code| ["cleanly", "by a kill"].map(|ends| (code, ends)));
    for (code, ends) in rows.into_iter().flatten() {
        let what = format!("{code} after it ended {ends}");
        let Some((disk, place)) = small_place(&mounted, "size=8m") else { return };
        let mut asked = fill(&place);
        let daemon = place.serve();
        until_n(&place, &mut asked, USERS + 3);
        if ends == "cleanly" {
            daemon.stop();
        } else {
            daemon.kill();
        }
        let (hindered, words) = if code == "store_full" {
            // Without ballast as with one.
            std::fs::remove_file(place.data().join("kuota.ballast")).unwrap();
            (Hindered::Full { _filler: Filler::fill(&mounted) }, "penuh")
        } else {
            disk.remount("ro");
            (Hindered::ReadOnly(&disk), "hanya dapat dibaca")
        };
        let mut daemon = place.start();
        // It may take no socket: pages are asked over the network.
        eventually("it starts", || daemon.admin().is_some() || daemon.is_over());
        let admin = daemon.admin().unwrap_or_else(|| panic!("{what}: {}", daemon.log()));
        eventually("it is told", || process::get(&admin, "/healthz").is_some_and(|text| text.contains(code)));
        assert!(process::get(&admin, "/masuk").unwrap().contains(words), "{what}");
        drop(hindered);
        daemon.serves();
        assert_eq!(users(&daemon), asked.len(), "{what}");
        asked.push(add_user(asked.len()));
        heals(&daemon, &place, &mut asked);
        daemon.stop();
        is_whole(&place, &mut asked, &what);
        drop(disk);
    }
}

/// Calls that succeed, until there are so many.
pub(crate) fn until_n(place: &Place, asked: &mut Vec<Asked>, n: usize) {
    while asked.len() < n {
        let mut next = add_user(asked.len());
        next.settle(&place.socket()).unwrap();
        asked.push(next);
    }
}

#[test]
fn a_limit_on_file_sizes_is_told_and_does_not_kill_the_daemon() {
    let (place, mut asked) = used_place();
    let size = std::fs::metadata(place.data().join("kuota.db")).unwrap().len();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--fsize={}", size + 64 * 1024));
    let mut daemon = Daemon::start(place.within(limited, &["run"]), &place);
    daemon.serves();
    until_it_is_refused(&daemon, &place, &mut asked, "store_full");
    says_why(&daemon, "store_full", "full");
    daemon.stop();
    is_whole(&place, &mut asked, "without a limit");
}

#[test]
fn another_program_that_holds_the_store_is_named_and_waited_for() {
    let (place, mut asked) = used_place();
    let mut holder = rusqlite::Connection::open(place.data().join("kuota.db")).unwrap();
    let held = holder.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let daemon = place.serve();
    until_it_is_refused(&daemon, &place, &mut asked, "store_busy");
    says_why(&daemon, "store_busy", &format!("process {}", std::process::id()));
    drop(held);
    heals(&daemon, &place, &mut asked);
    drop(holder);
    daemon.stop();
    is_whole(&place, &mut asked, "released");
}

/// A way in which a store goes away under its daemon, by name, and what the next start says of it.
type Way = (&'static str, fn(&Place), &'static str);

fn store_of(place: &Place) -> PathBuf {
    place.data().join("kuota.db")
}

fn cut(path: &Path, bytes: u64) {
    File::options().write(true).open(path).unwrap().set_len(bytes).unwrap();
}

/// Another store of one user less, which the daemon's store is not.
pub(crate) fn earlier_copy(place: &Place) -> PathBuf {
    let copy = place.path("earlier.db");
    let made = place.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    copy
}

/// The file that holds what was saved, if one does.
fn rescued(data: &Path) -> Option<PathBuf> {
    let mut files = std::fs::read_dir(data).unwrap().map(|file| file.unwrap().path());
    files.find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        name.starts_with("kuota.db.rescued-") && Path::new(&name).extension().is_none_or(|end| end != "log")
    })
}

/// The change that meets the fault is refused, and the daemon ends and says where the contents are.
fn ends_with_a_copy(
    what: &str,
    place: &Place,
    daemon: &mut Daemon,
    refused: &Asked,
    socket: &Path,
) -> PathBuf {
    let answer = refused.send(socket);
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 503), "{what}");
    assert_eq!(daemon.ends(), Some(1), "{what}: {}", daemon.log());
    let copy = rescued(place.data()).unwrap_or_else(|| panic!("{what}: {}", daemon.log()));
    assert!(daemon.log().contains(copy.to_str().unwrap()), "{what}: {}", daemon.log());
    copy
}

#[test]
fn a_store_that_is_deleted_or_replaced_is_noticed_and_saved() {
    let ways: [Way; 5] = [
        ("deleted", |place| std::fs::remove_file(store_of(place)).unwrap(), "is missing"),
        (
            "deleted with its log",
            |place| {
                for file in ["kuota.db", "kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(place.data().join(file)).unwrap();
                }
            },
            "is missing",
        ),
        (
            "its log is deleted",
            |place| std::fs::remove_file(place.data().join("kuota.db-wal")).unwrap(),
            "its log (kuota.db-wal) is missing",
        ),
        (
            "replaced",
            |place| {
                std::fs::copy(store_of(place), place.path("copy")).unwrap();
                std::fs::rename(place.path("copy"), store_of(place)).unwrap();
            },
            "its log (kuota.db-wal) is missing",
        ),
        (
            "replaced by a backup",
            |place| std::fs::rename(earlier_copy(place), store_of(place)).unwrap(),
            "another store",
        ),
    ];
    for (what, way, word) in ways {
        let (place, mut asked) = used_place();
        let mut daemon = place.serve();
        until_n(&place, &mut asked, USERS + 3);
        way(&place);
        let refused = add_user(asked.len());
        let copy = ends_with_a_copy(what, &place, &mut daemon, &refused, &place.socket());
        let copy = copy.to_str().unwrap();
        // Neither an empty store nor the other one is taken for the one that was in use.
        let words = [word, store_of(&place).to_str().unwrap(), copy, "kuotad restore"].map(str::to_owned);
        for _ in 0..2 {
            is_refused(&place, place.command(&["run"]), &words.each_ref().map(String::as_str));
        }
        let doctor = place.command(&["doctor"]).output().unwrap();
        assert!(String::from_utf8_lossy(&doctor.stdout).contains(copy), "{what}: {doctor:?}");
        let restored = place.command(&["restore", copy]).output().unwrap();
        assert_eq!(restored.status.code(), Some(0), "{what}: {}", said(&restored));
        assert!(Path::new(&format!("{copy}.restored")).exists(), "{what}");
        asked.push(refused);
        is_whole(&place, &mut asked, what);
    }
}

#[test]
fn the_store_that_replaced_another_is_used_once_the_rescued_copy_is_out_of_the_way() {
    let (place, mut asked) = used_place();
    let mut daemon = place.serve();
    let earlier = earlier_copy(&place);
    until_n(&place, &mut asked, USERS + 1);
    std::fs::rename(earlier, store_of(&place)).unwrap();
    let refused = add_user(asked.len());
    let copy = ends_with_a_copy("replaced", &place, &mut daemon, &refused, &place.socket());
    is_refused(&place, place.command(&["user", "list"]), &["kuotad restore"]);
    std::fs::rename(copy, place.path("elsewhere")).unwrap();
    let daemon = place.serve();
    assert_eq!(users(&daemon), USERS);
    daemon.stop();
}

#[test]
fn a_data_folder_that_is_moved_away_is_noticed_and_no_empty_store_takes_its_place() {
    let (place, mut asked) = used_place();
    let mut daemon = place.serve();
    until_n(&place, &mut asked, USERS + 3);
    let moved = place.path("moved");
    std::fs::rename(place.data(), &moved).unwrap();
    let refused = add_user(asked.len());
    let copy = ends_with_a_copy("moved", &place, &mut daemon, &refused, &moved.join("kuotad.sock"));
    assert!(daemon.log().contains(moved.join("kuota.db").to_str().unwrap()), "{}", daemon.log());
    is_refused(&place, place.command(&["run"]), &["is missing", copy.to_str().unwrap()]);
    // The store that was moved is whole as well.
    std::fs::remove_dir_all(place.data()).unwrap();
    std::fs::rename(&moved, place.data()).unwrap();
    let _ = std::fs::remove_file(place.socket());
    asked.push(refused);
    is_whole(&place, &mut asked, "moved back");
}

#[test]
fn a_store_that_is_cut_or_overwritten_in_place_ends_the_daemon_and_is_not_used_again() {
    let ways: [Way; 6] = [
        (
            "cut to its half",
            |place| {
                let half = std::fs::metadata(store_of(place)).unwrap().len() / 8192 * 4096;
                cut(&store_of(place), half);
            },
            "cut short",
        ),
        (
            "cut by a page",
            |place| {
                cut(&store_of(place), std::fs::metadata(store_of(place)).unwrap().len() - 4096);
            },
            "cut short",
        ),
        ("emptied", |place| cut(&store_of(place), 0), "cut short"),
        (
            "overwritten with a backup",
            |place| {
                std::fs::copy(place.path("earlier.db"), store_of(place)).unwrap();
            },
            "was ",
        ),
        (
            "its log is cut",
            |place| {
                let log = place.data().join("kuota.db-wal");
                cut(&log, std::fs::metadata(&log).unwrap().len() - 4096);
            },
            "lost a part of its log",
        ),
        ("its log is emptied", |place| cut(&place.data().join("kuota.db-wal"), 0), "lost a part of its log"),
    ];
    for (what, way, word) in ways {
        let (place, mut asked) = used_place();
        let mut daemon = place.serve();
        let earlier = earlier_copy(&place);
        until_n(&place, &mut asked, USERS + 3);
        way(&place);
        let refused = add_user(asked.len());
        let copy = ends_with_a_copy(what, &place, &mut daemon, &refused, &place.socket());
        assert!(daemon.log().contains(word), "{what}: {}", daemon.log());
        is_refused(&place, place.command(&["run"]), &[copy.to_str().unwrap(), "kuotad restore"]);
        let is_partial = copy.to_string_lossy().ends_with(".partial");
        println!("{what}: {}", copy.display());
        if is_partial {
            assert!(daemon.log().contains("not whole"), "{what}: {}", daemon.log());
            asked.truncate(USERS);
        }
        let from = if is_partial { earlier } else { copy };
        let restored = place.command(&["restore", from.to_str().unwrap()]).output().unwrap();
        assert_eq!(restored.status.code(), Some(0), "{what}: {}", said(&restored));
        asked.push(refused);
        is_whole(&place, &mut asked, what);
    }
}

#[test]
fn changes_that_are_missing_after_a_kill_are_noticed_by_the_next_start() {
    let ways: [Way; 5] = [
        (
            "log and index are deleted",
            |place| {
                for file in ["kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(place.data().join(file)).unwrap();
                }
            },
            "kuota.db-wal",
        ),
        (
            "the log is cut",
            |place| {
                let log = place.data().join("kuota.db-wal");
                cut(&log, std::fs::metadata(&log).unwrap().len() - 4096);
            },
            "kuota.db-wal",
        ),
        (
            "the log is emptied and the index deleted",
            |place| {
                cut(&place.data().join("kuota.db-wal"), 0);
                std::fs::remove_file(place.data().join("kuota.db-shm")).unwrap();
            },
            "kuota.db-wal",
        ),
        (
            "all three are deleted",
            |place| {
                for file in ["kuota.db", "kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(place.data().join(file)).unwrap();
                }
            },
            "is missing or empty",
        ),
        (
            "an earlier pair is put back",
            |place| {
                for end in ["db", "db-wal"] {
                    std::fs::copy(
                        place.path("earlier").with_extension(end),
                        store_of(place).with_extension(end),
                    )
                    .unwrap();
                }
                std::fs::remove_file(place.data().join("kuota.db-shm")).unwrap();
            },
            "kuota.db-wal",
        ),
    ];
    for (what, way, word) in ways {
        let (place, mut asked) = used_place();
        let daemon = place.serve();
        until_n(&place, &mut asked, USERS + 1);
        for end in ["db", "db-wal"] {
            std::fs::copy(store_of(&place).with_extension(end), place.path("earlier").with_extension(end))
                .unwrap();
        }
        until_n(&place, &mut asked, USERS + 3);
        daemon.kill();
        let _ = std::fs::remove_file(place.socket());
        way(&place);
        for _ in 0..2 {
            is_refused(&place, place.command(&["run"]), &[word, "kuotad restore", "kuota.db-mark"]);
        }
        // The operator's way to go on with what is there.
        std::fs::remove_file(place.data().join("kuota.db-mark")).unwrap();
        let daemon = place.serve();
        assert!(users(&daemon) < asked.len(), "{what}");
        daemon.stop();
    }
}

#[test]
fn a_mark_of_another_run_or_none_keeps_no_whole_store_from_starting() {
    type Change = fn(&Place);
    let changes: [(&str, Change); 6] = [
        ("nothing", |_| {}),
        ("no mark", |place| std::fs::remove_file(place.data().join("kuota.db-mark")).unwrap()),
        ("an empty mark", |place| cut(&place.data().join("kuota.db-mark"), 0)),
        ("a torn mark", |place| spoil(&place.data().join("kuota.db-mark"), 20, 30)),
        ("an older mark", |place| {
            std::fs::copy(place.path("older"), place.data().join("kuota.db-mark")).unwrap();
        }),
        ("the mark of the run before", |place| {
            std::fs::copy(place.path("before"), place.data().join("kuota.db-mark")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let (place, mut asked) = used_place();
        let mark = place.data().join("kuota.db-mark");
        std::fs::copy(&mark, place.path("before")).unwrap();
        let daemon = place.serve();
        until_n(&place, &mut asked, USERS + 1);
        std::fs::copy(&mark, place.path("older")).unwrap();
        until_n(&place, &mut asked, USERS + 2);
        daemon.kill();
        change(&place);
        is_whole(&place, &mut asked, what);
        // And a backup that is put under the store's name by hand is a store of its own.
        let daemon = place.serve();
        let earlier = earlier_copy(&place);
        add_user(asked.len()).settle(&place.socket()).unwrap();
        daemon.stop();
        std::fs::rename(earlier, store_of(&place)).unwrap();
        is_whole(&place, &mut asked, what);
    }
}

#[test]
fn a_store_that_was_stopped_is_one_file_and_one_without_its_log_is_refused() {
    let (place, mut asked) = used_place();
    let daemon = place.serve();
    until_n(&place, &mut asked, USERS + 3);
    let copied = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join(name);
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(place.data().join("kuota.db"), data.join("kuota.db")).unwrap();
        Place::at(dir, data, "127.0.0.1:1")
    };
    let torn = copied("torn");
    is_refused(&torn, torn.command(&["run"]), &["kuota.db-wal", "missing", "restore"]);
    // Refused once is refused again.
    is_refused(&torn, torn.command(&["run"]), &["kuota.db-wal", "missing", "restore"]);
    assert!(torn.verify().unwrap_err().contains("kuota.db-wal"));
    daemon.stop();
    let whole = copied("whole");
    let daemon = whole.serve();
    assert_eq!(users(&daemon), asked.len());
    daemon.kill();
    // Another program that closes the store after a crash leaves nothing out.
    checkpoint(&whole.data().join("kuota.db"));
    is_whole(&whole, &mut asked, "closed by another program");

    let daemon = place.serve();
    daemon.kill();
    std::fs::remove_file(place.socket()).unwrap();
    std::fs::remove_file(place.data().join("kuota.db-wal")).unwrap();
    is_refused(&place, place.command(&["run"]), &["kuota.db-wal", "missing"]);
}

#[test]
fn a_second_daemon_is_refused_although_the_lock_file_is_gone() {
    let (place, mut asked) = used_place();
    let daemon = place.serve();
    std::fs::remove_file(place.data().join("kuotad.lock")).unwrap();
    let output = place.command(&["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("in use by another kuotad"), "{}", said(&output));
    // Others may still read and copy it.
    let conn = rusqlite::Connection::open(place.data().join("kuota.db")).unwrap();
    let count: i64 = conn.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), asked.len());
    drop(conn);
    daemon.stop();
    is_whole(&place, &mut asked, "alone");
}

#[test]
fn nobody_but_its_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("127.0.0.1:1");
    let mut open = Command::new("sh");
    open.args(["-c", "umask 0; exec \"$0\" \"$@\""]);
    let mut daemon = Daemon::start(place.within(open, &["run"]), &place);
    daemon.serves();
    let copy = place.path("copy.db");
    let made = place.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = ["kuota.db", "kuota.db-wal", "kuota.db-shm", "kuota.db-mark", "kuota.ballast", "last-backup"]
        .map(|file| place.data().join(file));
    for file in files.iter().chain([&copy]) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(place.data()), 0o750);
    daemon.stop();
    // As an earlier version left it.
    std::fs::set_permissions(&files[0], PermissionsExt::from_mode(0o644)).unwrap();
    let daemon = place.serve();
    assert_eq!(mode(&files[0]), 0o600);
    daemon.stop();
}

#[test]
fn a_store_whose_first_start_was_cut_is_no_broken_one() {
    let place = Place::new("127.0.0.1:1");
    std::fs::create_dir(place.data()).unwrap();
    std::fs::write(place.data().join("kuota.db"), "").unwrap();
    place.verify().unwrap();
    // Cut after every write of the first start.
    for when in 1..300 {
        let place = Place::new("127.0.0.1:1");
        let file = place.data().join("kuota.db").display().to_string();
        let inject = format!("inject=pwrite64:signal=KILL:when={when}");
        let mut cut = place.traced(&["-P", &file, "-e", "trace=pwrite64", "-e", &inject], &["user", "list"]);
        let output = cut.output().unwrap();
        if output.status.success() {
            assert!(when > 3, "nothing was cut");
            return;
        }
        place.verify().unwrap_or_else(|why| panic!("cut at write {when}: {why}"));
    }
    panic!("the first start never ends");
}

/// What the system's own sqlite3 says of a file; nothing where there is no such program.
fn system_check(file: &Path) -> Option<String> {
    let output = Command::new("sqlite3").arg(file).arg("PRAGMA integrity_check").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[test]
fn a_backup_with_cash_sales_is_whole_for_the_systems_sqlite3_too() {
    let (place, _) = used_place();
    let daemon = place.serve();
    let package = json!({"name": "10 GB", "quota": "10 GB", "days": 30, "price_rp": 50_000}).to_string();
    let package = daemon.call("POST", "/api/v1/packages", None, &package).unwrap().json();
    let user = daemon.get("/api/v1/users?limit=1")["items"][0]["id"].as_str().unwrap().to_owned();
    let sale = json!({"package_id": package["id"], "method": "cash"}).to_string();
    let sold = daemon.call("POST", &format!("/api/v1/users/{user}/purchases"), None, &sale).unwrap();
    assert_eq!(sold.status, 201, "{sold:?}");
    let copy = place.path("copy.db");
    let made = place.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    daemon.stop();
    match system_check(&copy).zip(system_check(&place.data().join("kuota.db"))) {
        Some(said) => assert_eq!(said, ("ok".to_owned(), "ok".to_owned())),
        None => eprintln!("skipped: this needs the program sqlite3"),
    }
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

/// Bounds every file of a running process, which a disk without room does to it; `None` ends that. It needs no right to
/// mount.
#[cfg(feature = "sim")]
fn limit_files(daemon: &Daemon, bytes: Option<u64>) {
    let soft = bytes.map_or_else(|| "unlimited".to_owned(), |bytes| bytes.to_string());
    let mut command = Command::new("prlimit");
    command.arg("--pid").arg(daemon.id().to_string()).arg(format!("--fsize={soft}:"));
    assert!(command.status().unwrap().success());
}

/// Posts to the desk as a browser's script does; status, head and body.
#[cfg(feature = "sim")]
fn post_to_desk(address: &str, path: &str, cookie: &str, body: &serde_json::Value) -> String {
    use std::io::Read;
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\nconnection: close\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[cfg(feature = "sim")]
fn used(daemon: &Daemon, user: &str) -> u64 {
    daemon.get(&format!("/api/v1/users/{user}"))["used_bytes"].as_u64().unwrap()
}

#[test]
#[cfg(feature = "sim")]
fn a_customer_who_runs_out_on_a_full_disk_is_blocked_and_no_byte_is_lost() {
    use kuota::domain::id::Mac;
    use kuota::sim::{SimConfig, SimRouter};
    const MIB: u64 = 1024 * 1024;
    const DEVICE: Mac = Mac([2, 0, 0, 0, 0, 1]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let sim = runtime.block_on(SimRouter::start(SimConfig::default())).unwrap();
    let place = Place::new(&sim.address().to_string());
    let daemon = place.serve();
    let post = |path: &str, body: serde_json::Value| {
        let answer = daemon.call("POST", path, None, &body.to_string()).unwrap();
        (answer.status, answer.json())
    };
    let password = "benar kuda baterai";
    let admin = json!({"name": "juragan", "role": "owner", "password": password});
    assert_eq!(post("/api/v1/admins", admin).0, 201);
    let user = post("/api/v1/users", json!({"name": "Budi"})).1["id"].as_str().unwrap().to_owned();
    let given = post(&format!("/api/v1/users/{user}/credits"), json!({"amount": "1 GB", "reason": "tes"}));
    assert!((200..300).contains(&given.0), "{given:?}");
    sim.host_connect(DEVICE, std::net::Ipv4Addr::LOCALHOST);
    let device = json!({"mac": DEVICE.to_string()});
    assert_eq!(post(&format!("/api/v1/users/{user}/devices"), device).0, 201);
    let is_listed = |list: &str| {
        let rows = sim.rows("/ip/firewall/address-list");
        rows.iter().any(|row| row.get("list").is_some_and(|name| name == list))
    };
    eventually("the customer may use the network", || is_listed("klient_aktif"));
    let mut sent = sim.traffic(DEVICE, 300 * MIB, 0);
    eventually("it is counted", || used(&daemon, &user) == sent);

    limit_files(&daemon, Some(0));
    let refused = post("/api/v1/users", json!({"name": "Siti"}));
    assert_eq!((refused.0, refused.1["code"].as_str()), (503, Some("store_full")), "{}", daemon.log());
    for mib in [200, 400, 200] {
        sent += sim.traffic(DEVICE, mib * MIB, 0);
        eventually("it is counted in memory", || used(&daemon, &user) == sent);
    }
    eventually("the customer is moved away", || !is_listed("klient_aktif"));
    let refused = post(&format!("/api/v1/users/{user}/credits"), json!({"amount": "1 GB", "reason": "tes"}));
    assert_eq!((refused.0, refused.1["code"].as_str()), (503, Some("store_full")), "{}", daemon.log());

    let (desk, portal) = (daemon.admin().unwrap(), daemon.portal().unwrap());
    let home = process::get(&portal, "/").unwrap();
    assert!(home.starts_with("HTTP/1.1 200") && home.contains("Budi"), "{home}");
    assert!(!home.contains(place.data().to_str().unwrap()), "{home}");
    let login = json!({"username": "juragan", "password": password});
    let entered = post_to_desk(&desk, "/api/v1/login", "", &login);
    assert!(entered.starts_with("HTTP/1.1 200"), "{entered}");
    let cookie = entered.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap().to_owned();
    let synced = post_to_desk(&desk, "/api/v1/router/sync", &cookie, &json!({}));
    assert!(synced.starts_with("HTTP/1.1 200"), "{synced}");
    assert!(daemon.get("/api/v1/status")["store"]["last_error"].as_str().unwrap().contains("full"));

    limit_files(&daemon, None);
    eventually("changes are taken again", || post("/api/v1/users", json!({"name": "Siti"})).0 == 201);
    let given = post(&format!("/api/v1/users/{user}/credits"), json!({"amount": "2 GB", "reason": "tes"}));
    assert!((200..300).contains(&given.0), "{given:?}");
    eventually("the customer is back", || is_listed("klient_aktif"));
    assert_eq!(used(&daemon, &user), sent);
    let synced = post_to_desk(&desk, "/api/v1/router/sync", &cookie, &json!({}));
    assert!(synced.starts_with("HTTP/1.1 200"), "{synced}");
    daemon.stop();
    place.verify().unwrap();
    let daemon = place.serve();
    assert_eq!(used(&daemon, &user), sent, "what was counted in memory is stored");
    daemon.stop();
}
