//! A disk that fails under the daemon. After an I/O error it says so, stops by itself, and the next start finds every
//! acknowledged call and nothing half done. A disk that is full or takes no writes, and a file that another program
//! holds, are no such errors: it says so everywhere, refuses changes, and goes on by itself when that is over. Failures
//! are injected into the real program by strace; small disks are mounted where that is allowed.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::program;

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use program::{Asked, LOOK, ProgramFolder, RunningProgram, eventually, said};
use serde_json::json;

/// Calls within which a disk that fails at the Nth call must have failed.
const CALLS_MAX: usize = 60;
/// From the failed call to the end of the process.
const END_MAX: Duration = Duration::from_secs(10);

/// From the start to a refusal.
const REFUSED_MAX: Duration = Duration::from_secs(20);
/// A folder that was used before, by a daemon that stopped cleanly, with this many users.
pub(crate) const USERS: usize = 3;

pub(crate) fn used_place() -> (ProgramFolder, Vec<Asked>) {
    let folder = ProgramFolder::new("127.0.0.1:1");
    let asked = fill(&folder);
    (folder, asked)
}

fn fill(folder: &ProgramFolder) -> Vec<Asked> {
    let daemon = folder.serve();
    let mut asked: Vec<Asked> = (0..USERS).map(add_user).collect();
    for asked in &mut asked {
        asked.settle(&folder.socket()).unwrap();
    }
    daemon.stop();
    asked
}

fn add_user(n: usize) -> Asked {
    Asked::new(format!("user-{n}"), "/api/v1/users", &json!({"name": format!("Pelanggan {n}")}))
}

pub(crate) fn users(daemon: &RunningProgram) -> usize {
    daemon.get("/api/v1/users?limit=200")["items"].as_array().unwrap().len()
}

/// Calls until one fails, which must be told as it is; the daemon must end by itself. The failed call comes last.
fn until_it_fails(daemon: &mut RunningProgram, folder: &ProgramFolder, asked: &mut Vec<Asked>, what: &str) {
    loop {
        assert!(asked.len() < CALLS_MAX, "{what}: nothing failed");
        let mut next = add_user(asked.len());
        let answer = next.send(&folder.socket()).unwrap_or_else(|e| panic!("{what}: {e}: {}", daemon.log()));
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
pub(crate) fn is_whole(folder: &ProgramFolder, asked: &mut [Asked], what: &str) {
    folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
    let daemon = folder.serve();
    let there = users(&daemon);
    assert!((asked.len() - 1..=asked.len()).contains(&there), "{what}: {there} users of {}", asked.len());
    for call in asked.iter_mut() {
        call.settle(&folder.socket()).unwrap_or_else(|why| panic!("{what}: {why}"));
    }
    assert_eq!(users(&daemon), asked.len(), "{what}");
    daemon.stop();
    folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
}

/// The whole story for each injection. strace counts calls of each thread by itself, so the counts are those of the
/// thread that commits.
fn fails(injections: &[&str]) {
    for injection in injections {
        let (folder, mut asked) = used_place();
        let inject = format!("inject={injection}");
        // Not the shared index of the log, which is no file that anything must survive in.
        let files = ["kuota.db", "kuota.db-wal"].map(|file| folder.data().join(file).display().to_string());
        let trace = ["-P", &files[0], "-P", &files[1], "-e", "trace=fsync,fdatasync,pwrite64", "-e", &inject];
        let mut daemon = RunningProgram::start(folder.traced(&trace, &["run"]), &folder);
        if daemon.serves_or_ends() {
            until_it_fails(&mut daemon, &folder, &mut asked, injection);
        } else {
            // The first calls are those of the start.
            assert_eq!(daemon.ends(), Some(1), "{injection}: {}", daemon.log());
            assert!(daemon.log().contains("the store failed"), "{injection}: {}", daemon.log());
            asked.push(add_user(asked.len()));
        }
        is_whole(&folder, &mut asked, injection);
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
        let (folder, mut asked) = used_place();
        let files = ["kuota.db", "kuota.db-wal"].map(|file| folder.data().join(file).display().to_string());
        let inject = format!("inject=pwrite64:error=ENOSPC:when={when}");
        let trace = ["-P", &files[0], "-P", &files[1], "-e", "trace=pwrite64", "-e", &inject];
        let mut daemon = RunningProgram::start(folder.traced(&trace, &["run"]), &folder);
        daemon.serves();
        until_it_is_refused(&daemon, &folder, &mut asked, "store_full");
        says_why(&daemon, "store_full", "full");
        // Not a word of what was refused is there, and what was there is.
        assert_eq!(users(&daemon), asked.len() - 1);
        daemon.stop();
        is_whole(&folder, &mut asked, when);
    }
}

/// Calls until one is refused for that reason. The refused call comes last.
fn until_it_is_refused(daemon: &RunningProgram, folder: &ProgramFolder, asked: &mut Vec<Asked>, code: &str) {
    loop {
        assert!(asked.len() < CALLS_MAX, "{code}: nothing was refused");
        let mut next = add_user(asked.len());
        let answer = next.send(&folder.socket()).unwrap_or_else(|e| panic!("{code}: {e}: {}", daemon.log()));
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
fn says_why(daemon: &RunningProgram, code: &str, word: &str) {
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
fn heals(daemon: &RunningProgram, folder: &ProgramFolder, asked: &mut [Asked]) {
    let last = asked.last_mut().unwrap();
    eventually("changes are taken again", || {
        let answer = last.send(&folder.socket()).unwrap();
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
    let (folder, mut asked) = used_place();
    let inject = "inject=fsync,fdatasync:delay_exit=200000";
    let command = folder.traced(&["-e", "trace=fsync,fdatasync", "-e", inject], &["run"]);
    let mut daemon = RunningProgram::start(command, &folder);
    daemon.serves();
    for n in 0..5 {
        let mut next = add_user(USERS + n);
        let begun = Instant::now();
        next.settle(&folder.socket()).unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(200), "answered before it was on the disk");
        asked.push(next);
    }
    daemon.stop();
    is_whole(&folder, &mut asked, inject);
}

/// A start that must be refused with a sentence and leave nothing running.
pub(crate) fn is_refused(folder: &ProgramFolder, mut command: Command, sentences: &[&str]) {
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
    assert!(!folder.socket().exists(), "{sentences:?}: a socket is left");
}

/// A start on which opening `file` fails, the first time only or always.
fn opens_with(folder: &ProgramFolder, file: &str, error: &str, when: &str) -> Command {
    let path = folder.data().join(file);
    let inject = format!("inject=openat,open:error={error}:when={when}");
    folder.traced(&["-P", path.to_str().unwrap(), "-e", "trace=openat,open", "-e", &inject], &["run"])
}

#[test]
fn a_folder_that_cannot_be_written_starts_nothing() {
    let (folder, mut asked) = used_place();
    is_refused(&folder, opens_with(&folder, "kuotad.lock", "EACCES", "1+"), &["kuotad.lock", "writable"]);
    let place_without = ProgramFolder::new("127.0.0.1:1");
    let inject = ["-e", "trace=mkdir,mkdirat", "-e", "inject=mkdir,mkdirat:error=EACCES"];
    is_refused(&place_without, place_without.traced(&inject, &["run"]), &["data", "writable"]);
    is_whole(&folder, &mut asked, "writable again");
}

#[test]
fn a_store_that_can_only_be_read_starts_nothing() {
    let (folder, mut asked) = used_place();
    // SQLite falls back to reading where the file may not be written.
    for error in ["EROFS", "EACCES", "EPERM"] {
        is_refused(&folder, opens_with(&folder, "kuota.db", error, "4"), &["kuota.db", "writable"]);
    }
    is_refused(&folder, opens_with(&folder, "kuota.db", "EIO", "1+"), &["the store"]);
    is_refused(&folder, opens_with(&folder, "kuota.db-wal", "EROFS", "1+"), &["the store"]);
    is_whole(&folder, &mut asked, "writable again");
}

#[test]
fn a_store_that_another_process_holds_starts_nothing() {
    let (folder, mut asked) = used_place();
    let lock = File::open(folder.data().join("kuotad.lock")).unwrap();
    lock.try_lock().unwrap();
    is_refused(&folder, folder.command(&["run"]), &["in use by another kuotad"]);
    drop(lock);
    is_whole(&folder, &mut asked, "released");
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
    let (folder, mut asked) = used_place();
    let (store, copy) = (folder.data().join("kuota.db"), folder.path("copy"));
    checkpoint(&store);
    std::fs::copy(&store, &copy).unwrap();
    let size = std::fs::metadata(&copy).unwrap().len();
    for (what, way) in ways {
        way(&store, size);
        let before = std::fs::read(&store).unwrap();
        println!("{what}");
        is_refused(&folder, folder.command(&["run"]), &["the "]);
        assert_eq!(std::fs::read(&store).unwrap(), before, "{what}: evidence was changed");
        let _ = std::fs::remove_file(folder.data().join("kuota.db-wal"));
        let _ = std::fs::remove_file(folder.data().join("kuota.db-shm"));
        std::fs::copy(&copy, &store).unwrap();
    }
    is_whole(&folder, &mut asked, "its copy");
}

#[test]
fn a_store_that_was_emptied_beside_its_log_starts_nothing_and_keeps_the_log() {
    let folder = ProgramFolder::new("127.0.0.1:1");
    let daemon = folder.serve();
    let mut asked: Vec<Asked> = (0..USERS).map(add_user).collect();
    for asked in &mut asked {
        asked.settle(&folder.socket()).unwrap();
    }
    daemon.kill();
    let (store, log) = (folder.data().join("kuota.db"), folder.data().join("kuota.db-wal"));
    let (whole, written) = (std::fs::read(&store).unwrap(), std::fs::read(&log).unwrap());
    std::fs::remove_file(folder.socket()).unwrap();
    let ways: [fn(&Path); 2] =
        [|store| std::fs::write(store, "").unwrap(), |store| std::fs::remove_file(store).unwrap()];
    for way in ways {
        way(&store);
        assert!(folder.verify().unwrap_err().contains("kuota.db"));
        is_refused(&folder, folder.command(&["run"]), &["empty or missing", "backup"]);
        assert_eq!(std::fs::read(&log).unwrap(), written, "the log is all that is left");
    }
    std::fs::write(&store, whole).unwrap();
    is_whole(&folder, &mut asked, "its file is back");
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
fn small_place<'a>(mounted: &'a Path, size: &str) -> Option<(Tmpfs<'a>, ProgramFolder)> {
    let disk = Tmpfs::mount(mounted, size);
    if disk.is_none() {
        eprintln!("skipped: this needs the right to mount a tmpfs");
    }
    Some((disk?, ProgramFolder::at(tempfile::tempdir().unwrap(), mounted.join("data"), "127.0.0.1:1")))
}

#[test]
fn a_small_disk_that_fills_up_loses_nothing_and_heals_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mounted = dir.path().join("card");
    for size in ["size=2m", "size=16m"] {
        let Some((disk, folder)) = small_place(&mounted, size) else { return };
        let mut asked = fill(&folder);
        let daemon = folder.serve();
        let filler = Filler::fill(&mounted);
        until_it_is_refused(&daemon, &folder, &mut asked, "store_full");
        says_why(&daemon, "store_full", "full");
        drop(filler);
        heals(&daemon, &folder, &mut asked);
        daemon.stop();
        is_whole(&folder, &mut asked, size);
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
        let Some((disk, folder)) = small_place(&mounted, "size=8m") else { return };
        let mut asked = fill(&folder);
        let daemon = folder.serve();
        until_n(&folder, &mut asked, USERS + 3);
        if ends == "cleanly" {
            daemon.stop();
        } else {
            daemon.kill();
        }
        let (hindered, words) = if code == "store_full" {
            // Without ballast as with one.
            std::fs::remove_file(folder.data().join("kuota.ballast")).unwrap();
            (Hindered::Full { _filler: Filler::fill(&mounted) }, "penuh")
        } else {
            disk.remount("ro");
            (Hindered::ReadOnly(&disk), "hanya dapat dibaca")
        };
        let mut daemon = folder.start();
        // It may take no socket: pages are asked over the network.
        eventually("it starts", || daemon.admin().is_some() || daemon.is_over());
        let admin = daemon.admin().unwrap_or_else(|| panic!("{what}: {}", daemon.log()));
        eventually("it is told", || program::get(&admin, "/healthz").is_some_and(|text| text.contains(code)));
        assert!(program::get(&admin, "/masuk").unwrap().contains(words), "{what}");
        drop(hindered);
        daemon.serves();
        assert_eq!(users(&daemon), asked.len(), "{what}");
        asked.push(add_user(asked.len()));
        heals(&daemon, &folder, &mut asked);
        daemon.stop();
        is_whole(&folder, &mut asked, &what);
        drop(disk);
    }
}

/// Calls that succeed, until there are so many.
pub(crate) fn until_n(folder: &ProgramFolder, asked: &mut Vec<Asked>, n: usize) {
    while asked.len() < n {
        let mut next = add_user(asked.len());
        next.settle(&folder.socket()).unwrap();
        asked.push(next);
    }
}

#[test]
fn a_limit_on_file_sizes_is_told_and_does_not_kill_the_daemon() {
    let (folder, mut asked) = used_place();
    let size = std::fs::metadata(folder.data().join("kuota.db")).unwrap().len();
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--fsize={}", size + 64 * 1024));
    let mut daemon = RunningProgram::start(folder.within(limited, &["run"]), &folder);
    daemon.serves();
    until_it_is_refused(&daemon, &folder, &mut asked, "store_full");
    says_why(&daemon, "store_full", "full");
    daemon.stop();
    is_whole(&folder, &mut asked, "without a limit");
}

#[test]
fn another_program_that_holds_the_store_is_named_and_waited_for() {
    let (folder, mut asked) = used_place();
    let mut holder = rusqlite::Connection::open(folder.data().join("kuota.db")).unwrap();
    let held = holder.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate).unwrap();
    let daemon = folder.serve();
    until_it_is_refused(&daemon, &folder, &mut asked, "store_busy");
    says_why(&daemon, "store_busy", &format!("process {}", std::process::id()));
    drop(held);
    heals(&daemon, &folder, &mut asked);
    drop(holder);
    daemon.stop();
    is_whole(&folder, &mut asked, "released");
}

/// A way in which a store goes away under its daemon, by name, and what the next start says of it.
type Way = (&'static str, fn(&ProgramFolder), &'static str);

fn store_of(folder: &ProgramFolder) -> PathBuf {
    folder.data().join("kuota.db")
}

fn cut(path: &Path, bytes: u64) {
    File::options().write(true).open(path).unwrap().set_len(bytes).unwrap();
}

/// Another store of one user less, which the daemon's store is not.
pub(crate) fn earlier_copy(folder: &ProgramFolder) -> PathBuf {
    let copy = folder.path("earlier.db");
    let made = folder.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
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
    folder: &ProgramFolder,
    daemon: &mut RunningProgram,
    refused: &Asked,
    socket: &Path,
) -> PathBuf {
    let answer = refused.send(socket);
    assert!(answer.is_err() || answer.is_ok_and(|answer| answer.status == 503), "{what}");
    assert_eq!(daemon.ends(), Some(1), "{what}: {}", daemon.log());
    let copy = rescued(folder.data()).unwrap_or_else(|| panic!("{what}: {}", daemon.log()));
    assert!(daemon.log().contains(copy.to_str().unwrap()), "{what}: {}", daemon.log());
    copy
}

#[test]
fn a_store_that_is_deleted_or_replaced_is_noticed_and_saved() {
    let ways: [Way; 5] = [
        ("deleted", |folder| std::fs::remove_file(store_of(folder)).unwrap(), "is missing"),
        (
            "deleted with its log",
            |folder| {
                for file in ["kuota.db", "kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(folder.data().join(file)).unwrap();
                }
            },
            "is missing",
        ),
        (
            "its log is deleted",
            |folder| std::fs::remove_file(folder.data().join("kuota.db-wal")).unwrap(),
            "its log (kuota.db-wal) is missing",
        ),
        (
            "replaced",
            |folder| {
                std::fs::copy(store_of(folder), folder.path("copy")).unwrap();
                std::fs::rename(folder.path("copy"), store_of(folder)).unwrap();
            },
            "its log (kuota.db-wal) is missing",
        ),
        (
            "replaced by a backup",
            |folder| std::fs::rename(earlier_copy(folder), store_of(folder)).unwrap(),
            "another store",
        ),
    ];
    for (what, way, word) in ways {
        let (folder, mut asked) = used_place();
        let mut daemon = folder.serve();
        until_n(&folder, &mut asked, USERS + 3);
        way(&folder);
        let refused = add_user(asked.len());
        let copy = ends_with_a_copy(what, &folder, &mut daemon, &refused, &folder.socket());
        let copy = copy.to_str().unwrap();
        // Neither an empty store nor the other one is taken for the one that was in use.
        let words = [word, store_of(&folder).to_str().unwrap(), copy, "kuotad restore"].map(str::to_owned);
        for _ in 0..2 {
            is_refused(&folder, folder.command(&["run"]), &words.each_ref().map(String::as_str));
        }
        let doctor = folder.command(&["doctor"]).output().unwrap();
        assert!(String::from_utf8_lossy(&doctor.stdout).contains(copy), "{what}: {doctor:?}");
        let restored = folder.command(&["restore", copy]).output().unwrap();
        assert_eq!(restored.status.code(), Some(0), "{what}: {}", said(&restored));
        assert!(Path::new(&format!("{copy}.restored")).exists(), "{what}");
        asked.push(refused);
        is_whole(&folder, &mut asked, what);
    }
}

#[test]
fn the_store_that_replaced_another_is_used_once_the_rescued_copy_is_out_of_the_way() {
    let (folder, mut asked) = used_place();
    let mut daemon = folder.serve();
    let earlier = earlier_copy(&folder);
    until_n(&folder, &mut asked, USERS + 1);
    std::fs::rename(earlier, store_of(&folder)).unwrap();
    let refused = add_user(asked.len());
    let copy = ends_with_a_copy("replaced", &folder, &mut daemon, &refused, &folder.socket());
    is_refused(&folder, folder.command(&["user", "list"]), &["kuotad restore"]);
    std::fs::rename(copy, folder.path("elsewhere")).unwrap();
    let daemon = folder.serve();
    assert_eq!(users(&daemon), USERS);
    daemon.stop();
}

#[test]
fn a_data_folder_that_is_moved_away_is_noticed_and_no_empty_store_takes_its_place() {
    let (folder, mut asked) = used_place();
    let mut daemon = folder.serve();
    until_n(&folder, &mut asked, USERS + 3);
    let moved = folder.path("moved");
    std::fs::rename(folder.data(), &moved).unwrap();
    let refused = add_user(asked.len());
    let copy = ends_with_a_copy("moved", &folder, &mut daemon, &refused, &moved.join("kuotad.sock"));
    assert!(daemon.log().contains(moved.join("kuota.db").to_str().unwrap()), "{}", daemon.log());
    is_refused(&folder, folder.command(&["run"]), &["is missing", copy.to_str().unwrap()]);
    // The store that was moved is whole as well.
    std::fs::remove_dir_all(folder.data()).unwrap();
    std::fs::rename(&moved, folder.data()).unwrap();
    let _ = std::fs::remove_file(folder.socket());
    asked.push(refused);
    is_whole(&folder, &mut asked, "moved back");
}

#[test]
fn a_store_that_is_cut_or_overwritten_in_place_ends_the_daemon_and_is_not_used_again() {
    let ways: [Way; 6] = [
        (
            "cut to its half",
            |folder| {
                let half = std::fs::metadata(store_of(folder)).unwrap().len() / 8192 * 4096;
                cut(&store_of(folder), half);
            },
            "cut short",
        ),
        (
            "cut by a page",
            |folder| {
                cut(&store_of(folder), std::fs::metadata(store_of(folder)).unwrap().len() - 4096);
            },
            "cut short",
        ),
        ("emptied", |folder| cut(&store_of(folder), 0), "cut short"),
        (
            "overwritten with a backup",
            |folder| {
                std::fs::copy(folder.path("earlier.db"), store_of(folder)).unwrap();
            },
            "was ",
        ),
        (
            "its log is cut",
            |folder| {
                let log = folder.data().join("kuota.db-wal");
                cut(&log, std::fs::metadata(&log).unwrap().len() - 4096);
            },
            "lost a part of its log",
        ),
        (
            "its log is emptied",
            |folder| cut(&folder.data().join("kuota.db-wal"), 0),
            "lost a part of its log",
        ),
    ];
    for (what, way, word) in ways {
        let (folder, mut asked) = used_place();
        let mut daemon = folder.serve();
        let earlier = earlier_copy(&folder);
        until_n(&folder, &mut asked, USERS + 3);
        way(&folder);
        let refused = add_user(asked.len());
        let copy = ends_with_a_copy(what, &folder, &mut daemon, &refused, &folder.socket());
        assert!(daemon.log().contains(word), "{what}: {}", daemon.log());
        is_refused(&folder, folder.command(&["run"]), &[copy.to_str().unwrap(), "kuotad restore"]);
        let is_partial = copy.to_string_lossy().ends_with(".partial");
        println!("{what}: {}", copy.display());
        if is_partial {
            assert!(daemon.log().contains("not whole"), "{what}: {}", daemon.log());
            asked.truncate(USERS);
        }
        let from = if is_partial { earlier } else { copy };
        let restored = folder.command(&["restore", from.to_str().unwrap()]).output().unwrap();
        assert_eq!(restored.status.code(), Some(0), "{what}: {}", said(&restored));
        asked.push(refused);
        is_whole(&folder, &mut asked, what);
    }
}

#[test]
fn changes_that_are_missing_after_a_kill_are_noticed_by_the_next_start() {
    let ways: [Way; 5] = [
        (
            "log and index are deleted",
            |folder| {
                for file in ["kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(folder.data().join(file)).unwrap();
                }
            },
            "kuota.db-wal",
        ),
        (
            "the log is cut",
            |folder| {
                let log = folder.data().join("kuota.db-wal");
                cut(&log, std::fs::metadata(&log).unwrap().len() - 4096);
            },
            "kuota.db-wal",
        ),
        (
            "the log is emptied and the index deleted",
            |folder| {
                cut(&folder.data().join("kuota.db-wal"), 0);
                std::fs::remove_file(folder.data().join("kuota.db-shm")).unwrap();
            },
            "kuota.db-wal",
        ),
        (
            "all three are deleted",
            |folder| {
                for file in ["kuota.db", "kuota.db-wal", "kuota.db-shm"] {
                    std::fs::remove_file(folder.data().join(file)).unwrap();
                }
            },
            "is missing or empty",
        ),
        (
            "an earlier pair is put back",
            |folder| {
                for end in ["db", "db-wal"] {
                    std::fs::copy(
                        folder.path("earlier").with_extension(end),
                        store_of(folder).with_extension(end),
                    )
                    .unwrap();
                }
                std::fs::remove_file(folder.data().join("kuota.db-shm")).unwrap();
            },
            "kuota.db-wal",
        ),
    ];
    for (what, way, word) in ways {
        let (folder, mut asked) = used_place();
        let daemon = folder.serve();
        until_n(&folder, &mut asked, USERS + 1);
        for end in ["db", "db-wal"] {
            std::fs::copy(store_of(&folder).with_extension(end), folder.path("earlier").with_extension(end))
                .unwrap();
        }
        until_n(&folder, &mut asked, USERS + 3);
        daemon.kill();
        let _ = std::fs::remove_file(folder.socket());
        way(&folder);
        for _ in 0..2 {
            is_refused(&folder, folder.command(&["run"]), &[word, "kuotad restore", "kuota.db-mark"]);
        }
        // The operator's way to go on with what is there.
        std::fs::remove_file(folder.data().join("kuota.db-mark")).unwrap();
        let daemon = folder.serve();
        assert!(users(&daemon) < asked.len(), "{what}");
        daemon.stop();
    }
}

#[test]
fn a_mark_of_another_run_or_none_keeps_no_whole_store_from_starting() {
    type Change = fn(&ProgramFolder);
    let changes: [(&str, Change); 6] = [
        ("nothing", |_| {}),
        ("no mark", |folder| std::fs::remove_file(folder.data().join("kuota.db-mark")).unwrap()),
        ("an empty mark", |folder| cut(&folder.data().join("kuota.db-mark"), 0)),
        ("a torn mark", |folder| spoil(&folder.data().join("kuota.db-mark"), 20, 30)),
        ("an older mark", |folder| {
            std::fs::copy(folder.path("older"), folder.data().join("kuota.db-mark")).unwrap();
        }),
        ("the mark of the run before", |folder| {
            std::fs::copy(folder.path("before"), folder.data().join("kuota.db-mark")).unwrap();
        }),
    ];
    for (what, change) in changes {
        let (folder, mut asked) = used_place();
        let mark = folder.data().join("kuota.db-mark");
        std::fs::copy(&mark, folder.path("before")).unwrap();
        let daemon = folder.serve();
        until_n(&folder, &mut asked, USERS + 1);
        std::fs::copy(&mark, folder.path("older")).unwrap();
        until_n(&folder, &mut asked, USERS + 2);
        daemon.kill();
        change(&folder);
        is_whole(&folder, &mut asked, what);
        // And a backup that is put under the store's name by hand is a store of its own.
        let daemon = folder.serve();
        let earlier = earlier_copy(&folder);
        add_user(asked.len()).settle(&folder.socket()).unwrap();
        daemon.stop();
        std::fs::rename(earlier, store_of(&folder)).unwrap();
        is_whole(&folder, &mut asked, what);
    }
}

#[test]
fn a_store_that_was_stopped_is_one_file_and_one_without_its_log_is_refused() {
    let (folder, mut asked) = used_place();
    let daemon = folder.serve();
    until_n(&folder, &mut asked, USERS + 3);
    let copied = |name: &str| {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join(name);
        std::fs::create_dir(&data).unwrap();
        std::fs::copy(folder.data().join("kuota.db"), data.join("kuota.db")).unwrap();
        ProgramFolder::at(dir, data, "127.0.0.1:1")
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

    let daemon = folder.serve();
    daemon.kill();
    std::fs::remove_file(folder.socket()).unwrap();
    std::fs::remove_file(folder.data().join("kuota.db-wal")).unwrap();
    is_refused(&folder, folder.command(&["run"]), &["kuota.db-wal", "missing"]);
}

#[test]
fn a_second_daemon_is_refused_although_the_lock_file_is_gone() {
    let (folder, mut asked) = used_place();
    let daemon = folder.serve();
    std::fs::remove_file(folder.data().join("kuotad.lock")).unwrap();
    let output = folder.command(&["run"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("in use by another kuotad"), "{}", said(&output));
    // Others may still read and copy it.
    let conn = rusqlite::Connection::open(folder.data().join("kuota.db")).unwrap();
    let count: i64 = conn.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
    assert_eq!(usize::try_from(count).unwrap(), asked.len());
    drop(conn);
    daemon.stop();
    is_whole(&folder, &mut asked, "alone");
}

#[test]
fn nobody_but_its_owner_can_read_the_store() {
    use std::os::unix::fs::PermissionsExt;
    let folder = ProgramFolder::new("127.0.0.1:1");
    let mut open = Command::new("sh");
    open.args(["-c", "umask 0; exec \"$0\" \"$@\""]);
    let mut daemon = RunningProgram::start(folder.within(open, &["run"]), &folder);
    daemon.serves();
    let copy = folder.path("copy.db");
    let made = folder.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let files = ["kuota.db", "kuota.db-wal", "kuota.db-shm", "kuota.db-mark", "kuota.ballast", "last-backup"]
        .map(|file| folder.data().join(file));
    for file in files.iter().chain([&copy]) {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    assert_eq!(mode(folder.data()), 0o750);
    daemon.stop();
    // As an earlier version left it.
    std::fs::set_permissions(&files[0], PermissionsExt::from_mode(0o644)).unwrap();
    let daemon = folder.serve();
    assert_eq!(mode(&files[0]), 0o600);
    daemon.stop();
}

#[test]
fn a_store_whose_first_start_was_cut_is_no_broken_one() {
    let folder = ProgramFolder::new("127.0.0.1:1");
    std::fs::create_dir(folder.data()).unwrap();
    std::fs::write(folder.data().join("kuota.db"), "").unwrap();
    folder.verify().unwrap();
    // Cut after every write of the first start.
    for when in 1..300 {
        let folder = ProgramFolder::new("127.0.0.1:1");
        let file = folder.data().join("kuota.db").display().to_string();
        let inject = format!("inject=pwrite64:signal=KILL:when={when}");
        let mut cut = folder.traced(&["-P", &file, "-e", "trace=pwrite64", "-e", &inject], &["user", "list"]);
        let output = cut.output().unwrap();
        if output.status.success() {
            assert!(when > 3, "nothing was cut");
            return;
        }
        folder.verify().unwrap_or_else(|why| panic!("cut at write {when}: {why}"));
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
    let (folder, _) = used_place();
    let daemon = folder.serve();
    let package = json!({"name": "10 GB", "quota": "10 GB", "days": 30, "price_rp": 50_000}).to_string();
    let package = daemon.call("POST", "/api/v1/packages", None, &package).unwrap().json();
    let user = daemon.get("/api/v1/users?limit=1")["items"][0]["id"].as_str().unwrap().to_owned();
    let sale = json!({"package_id": package["id"], "method": "cash"}).to_string();
    let sold = daemon.call("POST", &format!("/api/v1/users/{user}/purchases"), None, &sale).unwrap();
    assert_eq!(sold.status, 201, "{sold:?}");
    let copy = folder.path("copy.db");
    let made = folder.command(&["backup", copy.to_str().unwrap()]).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    daemon.stop();
    match system_check(&copy).zip(system_check(&folder.data().join("kuota.db"))) {
        Some(said) => assert_eq!(said, ("ok".to_owned(), "ok".to_owned())),
        None => eprintln!("skipped: this needs the program sqlite3"),
    }
}

/// A configuration that cannot be read because the card fails may be right: the service manager is to try again, which it
/// does after 1 and not after 78.
#[test]
fn a_card_that_fails_under_the_configuration_is_no_bad_configuration() {
    let folder = ProgramFolder::new("127.0.0.1:1");
    for name in ["kuotad.toml", "router.password"] {
        let file = folder.path(name);
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
                let output = folder.traced(&["-P", file, "-e", &inject], &[command]).output().unwrap();
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
    std::fs::write(folder.path("kuotad.toml"), b"[policy]\ndebt_limit = \"\xff\"\n").unwrap();
    assert_eq!(folder.command(&["check-config"]).output().unwrap().status.code(), Some(78));
}

/// Bounds every file of a running process, which a disk without room does to it; `None` ends that. It needs no right to
/// mount.
#[cfg(feature = "sim")]
fn limit_files(daemon: &RunningProgram, bytes: Option<u64>) {
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
fn used(daemon: &RunningProgram, user: &str) -> u64 {
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
    let folder = ProgramFolder::new(&sim.address().to_string());
    let daemon = folder.serve();
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
    let home = program::get(&portal, "/").unwrap();
    assert!(home.starts_with("HTTP/1.1 200") && home.contains("Budi"), "{home}");
    assert!(!home.contains(folder.data().to_str().unwrap()), "{home}");
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
    folder.verify().unwrap();
    let daemon = folder.serve();
    assert_eq!(used(&daemon, &user), sent, "what was counted in memory is stored");
    daemon.stop();
}
