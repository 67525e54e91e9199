//! `kuotad update` with the real daemon and a package manager of shell scripts: an update that works, one that does not,
//! one that is killed at each call of another program, and what nobody may lose meanwhile.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::program::{Answer, Finished, ProgramFolder, call, eventually};

/// Package versions. The program has one version only, so its packages differ in the revision.
const OLD: &str = concat!(env!("CARGO_PKG_VERSION"), "-1");
const NEW: &str = concat!(env!("CARGO_PKG_VERSION"), "-2");
/// A version that never starts.
const BROKEN: &str = concat!(env!("CARGO_PKG_VERSION"), "-3");

/// What the scripts share. `die-at` has the number of the call at which the updater is killed with all its children.
const COMMON: &str = r#"#!/bin/sh
world=$(dirname "$0")/../world
echo "$(basename "$0") $*" >>"$world/calls"
if [ "$(wc -l <"$world/calls")" = "$(cat "$world/die-at" 2>/dev/null)" ]; then kill -9 $PPID; exit 1; fi
"#;
const APT_GET: &str = r#"
case "$*" in
  *download*) for last; do :; done; echo package >"kuotad_${last#kuotad=}_arm64.deb" ;;
esac
"#;
const APT_CACHE: &str = r#"
case "$*" in
  *policy*) printf 'kuotad:\n  Candidate: %s\n' "$(cat "$world/candidate")" ;;
  *show*) cat "$world/notes" ;;
esac
"#;
const DPKG_QUERY: &str = r#"cat "$world/installed""#;
const DPKG: &str = r#"
case $1 in
  --compare-versions) [ "$2" != "$4" ] && [ "$(printf '%s\n%s\n' "$2" "$4" | sort -V | tail -1)" = "$2" ] ;;
  *)
    for last; do :; done
    case $last in
      *.deb)
        name=$(basename "$last"); name=${name#kuotad_}
        echo "${name%%_*}" >"$world/installed"
        [ ! -e "$world/refuse-$(cat "$world/installed")" ] || { echo "dpkg: error processing package" >&2; exit 1; } ;;
    esac ;;
esac
"#;
const SYSTEMCTL: &str = r#"
case "$*" in
  *is-active*) kill -0 "$(cat "$world/pid" 2>/dev/null)" 2>/dev/null ;;
  stop*)
    if pid=$(cat "$world/pid" 2>/dev/null); then
      kill "$pid" 2>/dev/null
      while kill -0 "$pid" 2>/dev/null; do sleep 0.02; done
      rm -f "$world/pid"
    fi ;;
  *start*)
    kill -0 "$(cat "$world/pid" 2>/dev/null)" 2>/dev/null && exit 0
    [ "$(cat "$world/installed")" != "$(cat "$world/broken")" ] || exit 0
    setsid "$(cat "$world/program")" --config "$(cat "$world/config")" run >>"$world/log" 2>&1 </dev/null &
    echo $! >"$world/pid" ;;
esac
"#;

/// A machine on which kuotad is installed, running, and has one customer.
struct Machine {
    folder: ProgramFolder,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: ProgramFolder::new("127.0.0.1:1") };
        let (bin, world) = (machine.folder.path("bin"), machine.world());
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::create_dir_all(&world).unwrap();
        for (name, script) in [
            ("apt-get", APT_GET),
            ("apt-cache", APT_CACHE),
            ("dpkg-query", DPKG_QUERY),
            ("dpkg", DPKG),
            ("systemctl", SYSTEMCTL),
            ("busctl", "exit 1"),
        ] {
            let path = bin.join(name);
            std::fs::write(&path, format!("{COMMON}{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        machine.set("installed", OLD);
        machine.set("candidate", NEW);
        machine.set("broken", BROKEN);
        machine.set("notes", "Package: kuotad\nKuota-Released: 2020-01-01T00:00:00Z");
        machine.set("program", env!("CARGO_BIN_EXE_kuotad"));
        machine.set("config", &machine.folder.file("kuotad.toml"));
        machine.start();
        machine.add("Sebelum");
        machine
    }

    fn world(&self) -> PathBuf {
        self.folder.path("world")
    }

    fn set(&self, name: &str, text: &str) {
        std::fs::write(self.world().join(name), text).unwrap();
    }

    fn installed(&self) -> String {
        std::fs::read_to_string(self.world().join("installed")).unwrap().trim().to_owned()
    }

    /// As the service manager does after a boot.
    fn start(&self) {
        let started = Command::new(self.folder.path("bin/systemctl")).arg("start").status().unwrap();
        assert!(started.success());
        eventually("the daemon serves", || {
            self.call("GET", "/healthz", "").is_some_and(|answer| answer.status == 200)
        });
    }

    fn stop(&self) {
        let _ = Command::new(self.folder.path("bin/systemctl")).arg("stop").status();
    }

    fn call(&self, method: &str, path: &str, body: &str) -> Option<Answer> {
        call(&self.folder.socket(), method, path, None, body).ok()
    }

    fn add(&self, name: &str) {
        let body = json!({ "name": name }).to_string();
        // A gate that was opened is seen at the next change or reading.
        eventually("the customer is taken", || {
            self.call("POST", "/api/v1/users", &body).is_some_and(|answer| answer.status == 201)
        });
    }

    fn names(&self) -> Vec<String> {
        let users = self.call("GET", "/api/v1/users", "").unwrap().json();
        let mut names: Vec<_> = users["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    fn update(&self, args: &[&str]) -> Finished {
        let state = self.folder.file("state");
        let all = [&["update", "--state-dir", &state, "--trial", "1s"], args].concat();
        let path = format!("{}:{}", self.folder.path("bin").display(), std::env::var("PATH").unwrap());
        Finished::of(self.folder.command(&all).env("PATH", path).output().unwrap(), &all)
    }

    fn report(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.folder.data().join("update.json")).unwrap()).unwrap()
    }

    fn is_gated(&self) -> bool {
        ["updating", "updating-back"].iter().any(|name| self.folder.data().join(name).exists())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.set("die-at", "");
        self.stop();
    }
}

#[test]
fn an_update_that_works_keeps_everything_and_is_reported() {
    let machine = Machine::new();
    machine.update(&["--check"]).exits(0).says("would be installed");
    assert_eq!(machine.installed(), OLD);
    machine.update(&[]).exits(0).says(&format!("updated from {OLD} to {NEW}"));
    assert_eq!(machine.installed(), NEW);
    assert_eq!(machine.report()["last"]["outcome"], "updated");
    assert!(!machine.is_gated());
    machine.add("Sesudah");
    assert_eq!(machine.names(), ["Sebelum", "Sesudah"]);
    machine.update(&[]).exits(0).says("is the latest");
}

#[test]
fn a_version_that_does_not_start_goes_and_the_one_before_is_back_with_everything() {
    let machine = Machine::new();
    machine.set("candidate", BROKEN);
    let done = machine.update(&[]);
    done.exits(1).complains(&format!("version {OLD} is back"));
    assert_eq!(machine.installed(), OLD);
    assert_eq!(machine.report()["last"]["outcome"], "came_back");
    machine.add("Sesudah");
    assert_eq!(machine.names(), ["Sebelum", "Sesudah"]);
}

#[test]
fn a_package_that_cannot_be_installed_leaves_the_version_before() {
    let machine = Machine::new();
    machine.set(&format!("refuse-{NEW}"), "");
    machine.update(&[]).exits(1).complains("error processing package");
    assert_eq!(machine.installed(), OLD);
    assert_eq!(machine.names(), ["Sebelum"]);
    assert!(!machine.is_gated());
}

#[test]
fn a_young_version_waits_unless_it_is_urgent_or_wanted() {
    let machine = Machine::new();
    machine.set("notes", "Kuota-Released: 2100-01-01T00:00:00Z");
    machine.update(&[]).exits(0).says("less than three days ago");
    assert_eq!(machine.installed(), OLD);
    machine.set("notes", "Kuota-Released: 2100-01-01T00:00:00Z\nKuota-Urgency: security");
    machine.update(&["--check"]).exits(0).says("would be installed");
    machine.set("notes", "");
    machine.update(&["--now"]).exits(0).says("updated from");
    assert_eq!(machine.installed(), NEW);
}

#[test]
fn while_an_update_is_on_trial_nothing_is_acknowledged_that_going_back_would_lose() {
    let folder = ProgramFolder::new("127.0.0.1:1");
    std::fs::create_dir_all(folder.data()).unwrap();
    std::fs::write(folder.data().join("updating"), "").unwrap();
    let daemon = folder.serve();
    let add = |name: &str| {
        daemon.call("POST", "/api/v1/users", None, &json!({ "name": name }).to_string()).unwrap()
    };
    let refused = add("Ani");
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("updating")));
    assert_eq!(daemon.get("/healthz")["code"], "updating");
    std::fs::remove_file(folder.data().join("updating")).unwrap();
    eventually("changes are taken", || add("Ani").status == 201);
    daemon.stop();
    folder.verify().unwrap();
}

/// Every so manieth call of another program is cut; each night every one.
const CUT_EVERY: &str = "KUOTA_CUT_EVERY";

/// Kills the updater at its Nth call of another program, until it gets through; then the machine boots.
fn cut_everywhere(candidate: &str, expected: &[&str]) {
    let step = std::env::var(CUT_EVERY).map_or(4, |step| step.parse().unwrap());
    // What happens before the daemon is stopped changes nothing.
    for at in (12..).step_by(step) {
        assert!(at < 60, "it never gets through");
        let machine = Machine::new();
        machine.set("candidate", candidate);
        machine.set("calls", "");
        machine.set("die-at", &at.to_string());
        let whole = machine.update(&[]);
        let was_cut = whole.code.is_none();
        machine.set("die-at", "");
        // A daemon that was running goes on; one that was not is started by the boot.
        if machine.installed() != BROKEN {
            machine.start();
        }
        if !machine.is_gated() && machine.folder.path("state/journal.json").exists() {
            machine.add("Antara");
        }
        let has_more =
            machine.call("GET", "/api/v1/users", "").is_some_and(|users| users.body.contains("Antara"));
        machine.update(&["--resume"]);
        assert!(!machine.is_gated(), "cut at {at}: the gate stays closed");
        assert!(!machine.folder.path("state/journal.json").exists(), "cut at {at}: it is not finished");
        assert!(expected.contains(&machine.installed().as_str()), "cut at {at}: {}", machine.installed());
        machine.start();
        machine.add("Sesudah");
        let names: &[&str] =
            if has_more { &["Antara", "Sebelum", "Sesudah"] } else { &["Sebelum", "Sesudah"] };
        assert_eq!(machine.names(), names, "cut at {at}");
        machine.stop();
        machine.folder.verify().unwrap_or_else(|why| panic!("cut at {at}: {why}"));
        if !was_cut {
            break;
        }
    }
}

#[test]
fn an_update_that_is_cut_anywhere_is_finished_and_loses_nothing() {
    cut_everywhere(NEW, &[OLD, NEW]);
}

#[test]
fn going_back_that_is_cut_anywhere_is_finished_and_loses_nothing() {
    cut_everywhere(BROKEN, &[OLD]);
}
