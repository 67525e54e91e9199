//! Commands and changes that are cut: the program is killed at each of its calls of the system that change files, and
//! afterwards there is always one working version, whole, with everything that was acknowledged. How far it came decides only
//! which.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use kuota::agent::config::DeskLayer;
use kuota::agent::copies::CopiedSettings;
use kuota::settings::Secret;
use kuota::store::packed::{Sealing, pack};
use kuota::tools::age::Identity;
use serde_json::{Value, json};

use crate::program::{ProgramFolder, RunningProgram, said};

/// Every so manieth call is cut; each night every one.
const CUT_EVERY: &str = "KUOTA_CUT_EVERY";
/// Calls that change files.
const CALLS: [&str; 9] =
    ["openat", "write", "pwrite64", "ftruncate", "fsync", "fdatasync", "rename", "unlink", "mkdir"];
/// No command makes more calls of one kind.
const CALLS_MAX: usize = 4000;

fn step() -> usize {
    std::env::var(CUT_EVERY).map_or(9, |step| step.parse().unwrap())
}

/// Kills a command at each of its calls. `scene` makes a machine for each cut, `holds` looks at it afterwards. Returns the
/// number of cuts.
fn cut_everywhere(
    args: &dyn Fn(&ProgramFolder) -> Vec<String>,
    scene: &dyn Fn() -> ProgramFolder,
    holds: &dyn Fn(&ProgramFolder, &str),
) -> usize {
    let mut cuts = 0;
    for call in CALLS {
        for when in (1..CALLS_MAX).step_by(step()) {
            let folder = scene();
            let args = args(&folder);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let output = cut_at(&folder, call, when, &args).output().unwrap();
            if output.status.success() {
                break;
            }
            let what = format!("{} cut at {call} {when}", args[0]);
            assert_eq!(output.status.code(), None, "{what}: {}", said(&output));
            holds(&folder, &what);
            cuts += 1;
        }
    }
    cuts
}

/// The program, killed at that call of this kind.
fn cut_at(folder: &ProgramFolder, call: &str, when: usize, args: &[&str]) -> Command {
    let inject = format!("inject={call}:signal=KILL:when={when}");
    let (paths, named) = (paths_of(&folder.data().display().to_string()), format!("trace={call}"));
    let mut trace: Vec<&str> = paths.iter().flat_map(|path| ["-P", path]).collect();
    trace.extend(["-e", &named, "-e", &inject]);
    folder.traced(&trace, args)
}

/// The files that a command may change.
fn paths_of(data: &str) -> Vec<String> {
    let files = [
        "",
        "/kuota.db",
        "/kuota.db-wal",
        "/kuota.db-mark",
        "/kuota.db.restoring",
        "/kuota.db.restoring-journal",
        "/kuota.db.restoring-wal",
        "/kuota.db.unpacked",
        "/passive",
        "/passive.part",
        "/kuota.ballast",
        "/secrets",
        "/settings.toml",
        "/settings.toml.part",
        "/settings.copy.toml",
        "/settings.copy.toml.part",
        "/recovery.recipient.part",
        "/first-run.json",
        "/first-run.json.part",
    ];
    files.iter().map(|file| format!("{data}{file}")).collect()
}

/// A machine with these customers, whose daemon is stopped.
fn machine(names: &[&str]) -> ProgramFolder {
    let folder = ProgramFolder::new("127.0.0.1:1");
    for name in names {
        folder.run(&["user", "add", name]).exits(0);
    }
    folder
}

/// The same in a folder of its own.
fn twin(of: &ProgramFolder) -> ProgramFolder {
    let folder = ProgramFolder::new("127.0.0.1:1");
    std::fs::create_dir_all(folder.data()).unwrap();
    for file in std::fs::read_dir(of.data()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            std::fs::copy(file.path(), folder.data().join(file.file_name())).unwrap();
        }
    }
    folder
}

fn names(folder: &ProgramFolder) -> BTreeSet<String> {
    let list = folder.json(&["user", "list"]);
    list["items"].as_array().unwrap().iter().map(|user| user["name"].as_str().unwrap().to_owned()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A copy with Budi alone, on a machine that has Siti, too.
fn copy_and_machine() -> (ProgramFolder, String) {
    let folder = machine(&["Budi"]);
    let copy = folder.file("copy.db");
    folder.run(&["backup", &copy]).exits(0);
    folder.run(&["user", "add", "Siti"]).exits(0);
    (folder, copy)
}

#[test]
fn a_restore_that_is_cut_leaves_the_old_store_or_the_copy_and_is_done_again() {
    let (used, copy) = copy_and_machine();
    let args = |_: &ProgramFolder| vec!["restore".to_owned(), copy.clone()];
    let holds = |folder: &ProgramFolder, what: &str| {
        folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
        let there = names(folder);
        assert!(there == set(&["Budi", "Siti"]) || there == set(&["Budi"]), "{what}: {there:?}");
        folder.run(&["restore", &copy]).exits(0);
        assert_eq!(names(folder), set(&["Budi"]), "{what}");
        folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
    };
    let cuts = cut_everywhere(&args, &|| twin(&used), &holds);
    assert!(cuts > 8, "{cuts} cuts");
    println!("{cuts} cuts");
}

#[test]
fn a_restore_on_a_new_card_that_is_cut_is_nothing_or_passive_and_never_at_work() {
    let (_used, copy) = copy_and_machine();
    let scene = || {
        let folder = ProgramFolder::new("127.0.0.1:1");
        std::fs::create_dir_all(folder.data()).unwrap();
        folder
    };
    let args = |_: &ProgramFolder| vec!["restore".to_owned(), copy.clone()];
    let holds = |folder: &ProgramFolder, what: &str| {
        let is_there = |file: &str| folder.data().join(file).exists();
        assert!(!is_there("kuota.db") || is_there("passive"), "{what}: a store at work");
        folder.run(&["restore", &copy]).exits(0);
        assert_eq!(names(folder), set(&["Budi"]), "{what}");
        assert!(is_there("passive"), "{what}: the store is at work");
    };
    let cuts = cut_everywhere(&args, &scene, &holds);
    assert!(cuts > 8, "{cuts} cuts");
    println!("{cuts} cuts");
}

/// An encrypted copy with Budi and with the settings of a desk, and the file of its key.
fn encrypted_copy(used: &ProgramFolder) -> Vec<String> {
    let (plain, copy, key) = (used.file("plain.db"), used.file("copy.db.zst.age"), used.file("key.txt"));
    used.run(&["backup", &plain]).exits(0);
    let mut layer = DeskLayer::default();
    layer.values.insert("name".to_owned(), json!("Warung Ibu"));
    layer.store_secret(used.data(), "router.password", &Secret::new("pintu-router")).unwrap();
    layer.write(used.data()).unwrap();
    let settings = CopiedSettings::read(used.data()).unwrap().to_bytes();
    let identity = Identity::generate().unwrap();
    let sealing = Sealing { recipient: &identity.recipient(), attachment: &settings };
    pack(plain.as_ref(), copy.as_ref(), Some(sealing)).unwrap();
    std::fs::write(&key, identity.secret_text()).unwrap();
    ["restore".to_owned(), copy, "--key-file".to_owned(), key].to_vec()
}

/// The name of the site and the router's password that a folder has.
fn desk(data: &Path) -> (Option<Value>, Option<String>) {
    let layer = DeskLayer::in_use(data);
    let password =
        layer.secret_file(data, "router.password").and_then(|file| std::fs::read_to_string(file).ok());
    (layer.values.get("name").cloned(), password.map(|text| text.trim().to_owned()))
}

#[test]
fn settings_that_go_with_a_copy_are_on_a_new_card_before_its_store_or_not_at_all() {
    let used = machine(&["Budi"]);
    let restore = encrypted_copy(&used);
    let whole = (Some(json!("Warung Ibu")), Some("pintu-router".to_owned()));
    let scene = || {
        let folder = ProgramFolder::new("127.0.0.1:1");
        std::fs::create_dir_all(folder.data()).unwrap();
        folder
    };
    let args = |_: &ProgramFolder| restore.clone();
    let again: Vec<&str> = restore.iter().map(String::as_str).collect();
    let holds = |folder: &ProgramFolder, what: &str| {
        let is_there = |file: &str| folder.data().join(file).exists();
        let found = desk(folder.data());
        assert!(found == whole || found == (None, None), "{what}: {found:?}");
        assert!(!is_there("kuota.db") || found == whole, "{what}: a store without its settings");
        assert!(!is_there("kuota.db") || is_there("passive"), "{what}: a store at work");
        folder.run(&again).exits(0);
        assert_eq!((names(folder), desk(folder.data())), (set(&["Budi"]), whole.clone()), "{what}");
        let left = std::fs::read_dir(folder.data()).unwrap().map(|file| file.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name.to_str().unwrap().contains("unpacked")).collect();
        assert!(left.is_empty(), "{what}: {left:?}");
    };
    let cuts = cut_everywhere(&args, &scene, &holds);
    assert!(cuts > 12, "{cuts} cuts");
    println!("{cuts} cuts");
}

#[test]
fn settings_of_a_card_with_a_store_stay_unless_the_copys_are_asked_for() {
    let used = machine(&["Budi"]);
    let restore = encrypted_copy(&used);
    let restore: Vec<&str> = restore.iter().map(String::as_str).collect();
    let other = machine(&["Siti"]);
    let mut own = DeskLayer::default();
    own.values.insert("name".to_owned(), json!("Punya Siti"));
    own.write(other.data()).unwrap();
    other.run(&restore).exits(0).says("stay as they are");
    assert_eq!((names(&other), desk(other.data()).0), (set(&["Budi"]), Some(json!("Punya Siti"))));
    let answer = other.json(&[restore.as_slice(), &["--with-settings"]].concat());
    let placed = json!({"outcome": "placed", "values": 1, "secrets": ["router.password"], "left_out": []});
    assert_eq!(answer["settings"], placed);
    assert_eq!(desk(other.data()), (Some(json!("Warung Ibu")), Some("pintu-router".to_owned())));
    assert!(!other.data().join("passive").exists(), "this machine was at work");
}

/// A machine whose set-up was finished in the browser: what belongs into the store is entered when the daemon starts.
fn set_up() -> ProgramFolder {
    let folder = ProgramFolder::new("127.0.0.1:1");
    std::fs::create_dir_all(folder.data()).unwrap();
    let package = |name: &str, price: u64| json!({"name": name, "quota_bytes": 1_000_000_000_u64, "days": 7, "price_rp": price});
    let record = json!({
        "stage": "entering",
        "claiming": {"boot_id": "b", "uptime_s": 1, "used_s": 1, "presses": [], "contested": [], "claim": null},
        "answers": {
            "owner": {"name": "pemilik", "password_hash": "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo"},
            "packages": [package("Harian", 5000), package("Mingguan", 20_000)],
            "device": {"name": "Ibu Sari", "mac": "02:00:00:00:00:07"},
        },
    });
    std::fs::write(folder.data().join("first-run.json"), record.to_string()).unwrap();
    folder
}

/// What the set-up's answers became: owners, packages and customers by name.
fn entered(folder: &ProgramFolder) -> [Vec<String>; 3] {
    [["admin", "list"], ["package", "list"], ["user", "list"]].map(|args| {
        let list = folder.json(&args);
        let items = list["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_first_start_that_is_cut_enters_the_answers_of_the_set_up_once_when_it_starts_again() {
    let expected = [vec!["pemilik"], vec!["Harian", "Mingguan"], vec!["Ibu Sari"]]
        .map(|names| names.into_iter().map(str::to_owned).collect::<Vec<_>>());
    let mut cuts = 0;
    for call in CALLS {
        for when in (1..CALLS_MAX).step_by(step()) {
            let folder = set_up();
            let mut daemon = RunningProgram::start(cut_at(&folder, call, when, &["run"]), &folder);
            let was_cut = !daemon.serves_or_ends();
            drop(daemon);
            let what = format!("cut at {call} {when}");
            // Killed or not, the next start has everything, and everything once.
            folder.serve().stop();
            assert_eq!(entered(&folder), expected, "{what}");
            folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
            let record = std::fs::read_to_string(folder.data().join("first-run.json")).unwrap();
            assert!(record.contains("\"done\"") && !record.contains("argon2id"), "{what}: {record}");
            if !was_cut {
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts > 8, "{cuts} cuts");
    println!("{cuts} cuts");
}

#[test]
fn an_import_that_is_cut_is_there_whole_or_not_at_all() {
    let used = machine(&["Budi"]);
    let rows: Vec<String> =
        (0..50).map(|n| format!("Orang {n},0812000{n:04},02:00:00:00:01:{n:02x}")).collect();
    let table = used.file("rows.csv");
    std::fs::write(&table, format!("name,phone,mac\n{}\n", rows.join("\n"))).unwrap();
    let args = |_: &ProgramFolder| vec!["import".to_owned(), table.clone()];
    let holds = |folder: &ProgramFolder, what: &str| {
        folder.verify().unwrap_or_else(|why| panic!("{what}: {why}"));
        let there = names(folder).len();
        assert!(there == 1 || there == 51, "{what}: {there} customers");
        let again = folder.run(&["import", &table]);
        assert_eq!(again.code, Some(i32::from(there == 51)), "{what}: {again:?}");
        assert_eq!(names(folder).len(), 51, "{what}");
    };
    let cuts = cut_everywhere(&args, &|| twin(&used), &holds);
    assert!(cuts > 3, "{cuts} cuts");
    println!("{cuts} cuts");
}

fn limit(daemon: &RunningProgram) -> Value {
    let settings = daemon.get("/api/v1/settings");
    let limit = settings["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|setting| setting["key"] == "policy.debt_limit")
        .unwrap();
    assert_eq!(limit["origin"], "desk", "{limit}");
    limit["value"].clone()
}

fn change(daemon: &RunningProgram, to: &str) -> Option<u16> {
    let body = json!({"values": [{"key": "policy.debt_limit", "value": to}]}).to_string();
    daemon.call("PATCH", "/api/v1/settings", None, &body).ok().map(|answer| answer.status)
}

#[test]
fn a_setting_whose_write_is_cut_is_the_old_one_or_the_new_one() {
    let used = machine(&[]);
    let daemon = used.serve();
    assert_eq!(change(&daemon, "1 GB"), Some(200));
    daemon.stop();
    let mut cuts = 0;
    for call in ["write", "fsync", "rename", "unlink"] {
        for when in 1..20 {
            let folder = twin(&used);
            let files =
                ["settings.toml", "settings.toml.part", "settings.copy.toml", "settings.copy.toml.part"];
            let files = files.map(|file| folder.data().join(file).display().to_string());
            let mut trace: Vec<&str> = files.iter().flat_map(|file| ["-P", file]).collect();
            let (named, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
            trace.extend(["-e", &named, "-e", &inject]);
            let mut daemon = RunningProgram::start(folder.traced(&trace, &["run"]), &folder);
            daemon.serves();
            let answered = change(&daemon, "2 GB");
            let was_cut = answered.is_none();
            if was_cut {
                daemon.ends();
            } else {
                // Killed itself, strace would leave the program running.
                daemon.stop();
            }
            let daemon = folder.serve();
            let now = limit(&daemon);
            assert!(
                now == "2 GB" || was_cut && now == "1 GB",
                "cut at {call} {when}: {now}, answered {answered:?}"
            );
            assert_eq!(change(&daemon, "3 GB"), Some(200), "cut at {call} {when}");
            assert_eq!(limit(&daemon), "3 GB");
            daemon.stop();
            if !was_cut {
                break;
            }
            cuts += 1;
        }
    }
    assert!(cuts > 5, "{cuts} cuts");
    println!("{cuts} cuts");
}
