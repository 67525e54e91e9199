//! apt and dpkg, limited to kuota's own repository, and the service manager.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::clock::parse_rfc3339;
use crate::protocol::admin::update::CandidateView;
use crate::protocol::admin::values::Instant;

const PACKAGE: &str = "kuotad";
const UNIT: &str = "kuotad.service";
/// Whatever else apt knows, only kuota's repository is asked.
const ONLY_OURS: [&str; 6] = [
    "-o",
    "Dir::Etc::SourceList=/etc/apt/sources.list.d/kuota.sources",
    "-o",
    "Dir::Etc::SourceParts=-",
    "-o",
    "APT::Get::List-Cleanup=0",
];

/// A program of the system that failed.
#[derive(Debug, thiserror::Error)]
#[error("{program}: {why}")]
pub(super) struct ProgramError {
    program: String,
    why: String,
}

/// The package manager, and the folder in which packages are kept.
#[derive(Debug)]
pub(super) struct Packages {
    folder: PathBuf,
}

impl Packages {
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The package of a version, downloaded and checked by apt unless it is kept from before.
    pub fn fetch(&self, version: &str) -> Result<PathBuf, ProgramError> {
        if let Some(kept) = self.kept(version) {
            return Ok(kept);
        }
        let name = format!("{PACKAGE}={version}");
        let mut command = Command::new("apt-get");
        command.current_dir(&self.folder).args(["download", "-q"]).args(ONLY_OURS).arg(&name);
        output(&mut command)?;
        let missing = || failed("apt-get", format!("it downloaded no package {name}"));
        self.kept(version).ok_or_else(missing)
    }

    /// Files are named `kuotad_VERSION_ARCHITECTURE.deb`, a colon of the version as `%3a`.
    fn kept(&self, version: &str) -> Option<PathBuf> {
        let start = format!("{PACKAGE}_{}_", version.replace(':', "%3a"));
        let files = std::fs::read_dir(&self.folder).ok()?.flatten().map(|entry| entry.path());
        let is_it = |path: &PathBuf| {
            let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
            name.starts_with(&start) && path.extension().is_some_and(|end| end == "deb")
        };
        files.filter(|path| path.is_file()).find(is_it)
    }

    /// Drops the packages of other versions.
    pub fn keep_only(&self, version: &str) {
        let kept = self.kept(version);
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            if Some(entry.path()) != kept {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

/// The installed version.
pub(super) fn installed() -> Result<String, ProgramError> {
    let text = run("dpkg-query", ["--show", "--showformat=${Version}", PACKAGE])?;
    Ok(text.trim().to_owned())
}

/// Reads the repository's index.
pub(super) fn refresh() -> Result<(), ProgramError> {
    run("apt-get", ["update", "-q"].iter().chain(&ONLY_OURS)).map(drop)
}

/// The version that the index has, if it is newer than `installed`.
pub(super) fn newer_than(installed: &str) -> Result<Option<CandidateView>, ProgramError> {
    let policy = run("apt-cache", ONLY_OURS.iter().chain(&["policy", PACKAGE]))?;
    let version = field(&policy, "Candidate").filter(|version| *version != "(none)");
    let Some(version) = version else { return Ok(None) };
    if !is_newer(version, installed) {
        return Ok(None);
    }
    let name = format!("{PACKAGE}={version}");
    let shown = run("apt-cache", ONLY_OURS.iter().copied().chain(["show", &name]))?;
    Ok(Some(CandidateView {
        version: version.to_owned(),
        released: field(&shown, "Kuota-Released").and_then(parse_rfc3339).map(Instant),
        security: field(&shown, "Kuota-Urgency") == Some("security"),
    }))
}

/// That apt could install it with what is on this machine.
pub(super) fn check_installable(version: &str) -> Result<(), ProgramError> {
    let name = format!("{PACKAGE}={version}");
    run("apt-get", ["install", "-q", "--simulate"].into_iter().chain(ONLY_OURS).chain([name.as_str()]))
        .map(drop)
}

/// Configures what a power cut left half installed.
pub(super) fn finish_interrupted() -> Result<(), ProgramError> {
    run("dpkg", ["--force-confold", "--configure", "--pending"]).map(drop)
}

/// Installs a package file, also one of an earlier version. The daemon is not started by it: its unit is masked
/// meanwhile, because a package's script would wait for a version that hangs.
pub(super) fn install(package: &Path) -> Result<(), ProgramError> {
    run("systemctl", ["mask", "--runtime", UNIT])?;
    let options = ["--force-confold", "--install"].map(OsStr::new);
    let installed = run("dpkg", options.into_iter().chain([package.as_os_str()]));
    run("systemctl", ["unmask", "--runtime", UNIT])?;
    installed.map(drop)
}

/// Whether version `a` is later than `b`, by dpkg's own rules.
fn is_newer(a: &str, b: &str) -> bool {
    run("dpkg", ["--compare-versions", a, "gt", b]).is_ok()
}

/// Whether the daemon's unit runs.
pub(super) fn is_running() -> bool {
    run("systemctl", ["--quiet", "is-active", UNIT]).is_ok()
}

/// Stops the daemon. Returns when it has ended.
pub(super) fn stop() -> Result<(), ProgramError> {
    run("systemctl", ["stop", UNIT]).map(drop)
}

/// Starts the daemon without waiting until it is ready: its trial has a limit of its own.
pub(super) fn start() -> Result<(), ProgramError> {
    // What failed before must not keep it from being started.
    let _ = run("systemctl", ["reset-failed", UNIT]);
    run("systemctl", ["--no-block", "start", UNIT]).map(drop)
}

/// Whether the uplink is paid for by what flows, as `NetworkManager` knows or guesses. Without it: no.
pub(super) fn is_metered() -> bool {
    let place = ["org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager"];
    let property = ["org.freedesktop.NetworkManager", "Metered"];
    let asked = run("busctl", ["get-property"].iter().chain(&place).chain(&property));
    // NMMetered: 1 yes, 3 guessed to be so.
    asked.is_ok_and(|text| matches!(text.trim(), "u 1" | "u 3"))
}

/// The value of the first line `name: value`.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let value = |line: &'t str| line.trim_start().strip_prefix(name)?.strip_prefix(':').map(str::trim);
    text.lines().find_map(value)
}

fn failed(program: &str, why: String) -> ProgramError {
    ProgramError { program: program.to_owned(), why }
}

fn run(
    program: &str,
    arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Result<String, ProgramError> {
    output(Command::new(program).args(arguments))
}

/// Runs a program in the C locale. Returns what it printed.
fn output(command: &mut Command) -> Result<String, ProgramError> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.env("LC_ALL", "C").env("DEBIAN_FRONTEND", "noninteractive").stdin(Stdio::null());
    let done = command.output().map_err(|error| failed(&program, error.to_string()))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    Err(failed(&program, format!("{} ({})", last.trim(), done.status)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_apt_are_found_whatever_their_indent() {
        let policy = "kuotad:\n  Installed: 0.1.0-1\n  Candidate: 0.2.0-1\n  Version table:\n";
        assert_eq!(field(policy, "Candidate"), Some("0.2.0-1"));
        assert_eq!(field("Package: kuotad\nKuota-Urgency: security\n", "Kuota-Urgency"), Some("security"));
        assert_eq!(field(policy, "Kuota-Urgency"), None);
    }

    #[test]
    fn a_failed_program_is_named_with_its_last_words() {
        let error = run("sh", ["-c", "echo E: broken >&2; echo >&2; exit 100"]).unwrap_err();
        assert_eq!(error.to_string(), "sh: E: broken (exit status: 100)");
        assert!(run("no-such-program", [""; 0]).unwrap_err().to_string().starts_with("no-such-program: "));
    }

    #[test]
    fn only_the_package_of_the_version_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["kuotad_0.1.0-1_arm64.deb", "kuotad_0.1.0-10_arm64.deb", "kuotad_1%3a0.2_arm64.deb", "x"]
        {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let packages = Packages::new(dir.path().to_owned());
        assert_eq!(packages.kept("0.1.0-1").unwrap(), dir.path().join("kuotad_0.1.0-1_arm64.deb"));
        assert_eq!(packages.kept("1:0.2").unwrap(), dir.path().join("kuotad_1%3a0.2_arm64.deb"));
        assert_eq!(packages.kept("0.1.0"), None);
        packages.keep_only("0.1.0-10");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
