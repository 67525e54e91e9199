//! Checks of this machine: disk, clock, backups, configuration.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::subject::{DaemonState, Subject};
use super::{copies, hardware, texts};
use crate::agent::config::{ClockTrust, Config};
use crate::agent::router::site_plan::endpoint;
use crate::domain::units::Timestamp;
use crate::protocol::admin::status::SharedNameView;
use crate::routeros::inspect::CheckFinding;
use crate::store;

/// Free space below which the ledger is in danger.
const FREE_BYTES_MIN: u64 = 200 * 1024 * 1024;
/// The port that hotspots redirect to their own proxy.
const PROXY_PORT: u16 = 8080;
/// How long a disk may take that is well.
const DISK_MAX: Duration = Duration::from_secs(20);

/// Every check of this machine. A disk that does not answer is a finding, and nothing else waits for it.
pub(super) async fn check(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let local =
        Local { config: subject.config.clone(), daemon: subject.daemon.cloned(), now: subject.clock.now() };
    if let Ok(Ok(found)) = timeout(DISK_MAX, spawn_blocking(move || local.check())).await {
        return found;
    }
    let found = texts::machine_too_slow(DISK_MAX.as_secs());
    vec![CheckFinding::fail("disk.writable", found, texts::look_at_card())]
}

/// What the checks need, for a thread of their own: files of a card that fails may take minutes.
struct Local {
    config: Config,
    daemon: Option<DaemonState>,
    now: Timestamp,
}

impl Local {
    fn check(&self) -> Vec<CheckFinding> {
        let (config, daemon) = (&self.config, self.daemon.as_ref());
        let mut out = vec![
            portal_port(config),
            writable(&config.data_dir),
            free_space(&config.data_dir),
            clock(config, daemon, self.now),
        ];
        out.extend(copies::check(&config.data_dir, &config.backup, daemon, self.now));
        out.extend(daemon.into_iter().flat_map(|daemon| shared_names(&daemon.shared_names)));
        out.extend(hardware::check(Path::new("/sys")));
        out.extend(rescued(&config.data_dir));
        out
    }
}

fn portal_port(config: &Config) -> CheckFinding {
    const ID: &str = "portal.port";
    let (_, public) = endpoint(&config.portal.public_url);
    if config.portal.listen.port() == PROXY_PORT || public == PROXY_PORT {
        return CheckFinding::fail(ID, texts::portal_at_proxy(), texts::take_other_port());
    }
    CheckFinding::ok(ID, texts::portal_port(public))
}

fn writable(data_dir: &Path) -> CheckFinding {
    const ID: &str = "disk.writable";
    let probe = data_dir.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"doctor");
    // A full disk takes the name and not the contents.
    let removed = std::fs::remove_file(&probe);
    let written = written.and(removed);
    match written {
        Ok(()) => CheckFinding::ok(ID, texts::writable(data_dir.display())),
        Err(error) => {
            let found = texts::not_writable(data_dir.display(), error);
            CheckFinding::fail(ID, found, texts::mend_folder())
        }
    }
}

/// A copy of a store that went away under the daemon, which keeps the daemon from starting.
fn rescued(data_dir: &Path) -> Option<CheckFinding> {
    const ID: &str = "store.rescued";
    let copy = store::rescued(data_dir)?;
    let (file, store) = (copy.path.display(), data_dir.join(store::FILE));
    let (found, remedy) = if copy.is_whole {
        (texts::rescued_whole(&file), texts::restore_rescued(&file, store.display()))
    } else {
        (texts::rescued_part(&file), texts::restore_latest())
    };
    Some(CheckFinding::fail(ID, found, remedy))
}

fn free_space(data_dir: &Path) -> CheckFinding {
    const ID: &str = "disk.space";
    match free_bytes(data_dir) {
        None => CheckFinding::warn(ID, texts::space_unknown(), texts::run_df()),
        Some(free) if free < FREE_BYTES_MIN => {
            let found = texts::space_low(free >> 20, data_dir.display());
            CheckFinding::fail(ID, found, texts::free_space())
        }
        Some(free) => CheckFinding::ok(ID, texts::space(free >> 20)),
    }
}

/// Bytes that may still be written there, as POSIX `df` counts them.
fn free_bytes(folder: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(folder).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let columns: Vec<&str> = text.lines().nth(1)?.split_whitespace().collect();
    // A device's name may hold spaces: count from the capacity, which ends in a percent sign.
    let capacity = columns.iter().position(|column| column.ends_with('%'))?;
    columns.get(capacity.checked_sub(1)?)?.parse::<u64>().ok()?.checked_mul(1024)
}

fn clock(config: &Config, daemon: Option<&DaemonState>, now: Timestamp) -> CheckFinding {
    const ID: &str = "clock.trust";
    if daemon.is_some_and(|daemon| !daemon.is_clock_trusted) {
        return CheckFinding::warn(ID, texts::clock_distrusted(), texts::set_machine_clock());
    }
    if config.clock.trust == ClockTrust::Always {
        return CheckFinding::ok(ID, texts::clock_always());
    }
    let latest = SystemTime::UNIX_EPOCH
        + Duration::from_millis(u64::try_from(now.0).unwrap_or(0))
        + Duration::from_mins(1);
    let stored = std::fs::metadata(config.data_dir.join(store::FILE)).and_then(|file| file.modified());
    if daemon.is_none() && stored.is_ok_and(|at| at > latest) {
        return CheckFinding::warn(ID, texts::clock_behind(), texts::set_machine_clock());
    }
    CheckFinding::ok(ID, texts::clock_trusted())
}

/// Pairs of customers with one number or log-in name, as the daemon names them.
fn shared_names(pairs: &[SharedNameView]) -> Vec<CheckFinding> {
    pairs
        .iter()
        .map(|SharedNameView { what, value, kept_by, user, remedy: _ }| {
            let found = match what.as_str() {
                "phone" => texts::shared_phone(&user.name, user.id, value, &kept_by.name, kept_by.id),
                _ => texts::shared_login(&user.name, user.id, value, &kept_by.name, kept_by.id),
            };
            CheckFinding::warn("customers.shared", found, texts::give_another(&user.name, &kept_by.name))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;
    use crate::protocol::admin::status::PersonView;
    use crate::ui::language::Language;

    #[test]
    fn a_folder_that_is_not_there_cannot_be_written_and_nothing_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(writable(dir.path()).level.name(), "ok");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        assert_eq!(writable(&dir.path().join("none")).level.name(), "fail");
        assert!(free_bytes(dir.path()).is_some());
    }

    #[test]
    fn customers_with_one_number_are_named_with_what_to_do() {
        let person = |no, name: &str| PersonView { id: UserId(uuid::Uuid::from_u128(no)), name: name.into() };
        let (kept_by, user) = (person(1, "Budi"), person(2, "Siti"));
        let ids = (kept_by.id, user.id);
        let (value, remedy) = ("+6281".to_owned(), String::new());
        let found = shared_names(&[SharedNameView { what: "phone".into(), value, kept_by, user, remedy }]);
        let text = format!("Siti ({}) has the phone +6281 of Budi ({})", ids.1, ids.0);
        let texts: Vec<(&str, &str)> =
            found.iter().map(|found| (found.text(Language::English), found.level.name())).collect();
        assert_eq!(texts, [(text.as_str(), "warn")]);
        assert!(found[0].remedy_text(Language::Indonesian).contains("Siti atau Budi"), "{found:?}");
        assert!(shared_names(&[]).is_empty());
    }
}
