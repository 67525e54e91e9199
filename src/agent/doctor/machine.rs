//! Checks of this machine: disk, clock, backups, configuration.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use tokio::time::timeout;

use super::{Subject, copies, hardware};
use crate::agent::config::{ClockTrust, Config};
use crate::agent::payments::RelayError;
use crate::agent::router::site_plan::endpoint;
use crate::protocol::admin::status::{PersonView, SharedNameView};
use crate::routeros::inspect::CheckFinding;
use crate::store;

/// Free space below which the ledger is in danger.
const FREE_BYTES_MIN: u64 = 200 * 1024 * 1024;
/// The port that hotspots redirect to their own proxy.
const PROXY_PORT: u16 = 8080;
/// How long the relay may take to answer.
const RELAY_MAX: Duration = Duration::from_secs(10);
/// The check of the site's token.
const TOKEN_ID: &str = "relay.token";

pub(super) async fn check(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let config = subject.config;
    let mut out =
        vec![portal_port(config), writable(&config.data_dir), free_space(&config.data_dir), clock(subject)];
    out.extend(copies::check(&config.data_dir, &config.backup, subject.status, subject.clock.now()));
    out.extend(subject.status.into_iter().flat_map(|status| shared_names(&status.shared_names)));
    out.extend(hardware::check(Path::new("/sys")));
    out.extend(rescued(&config.data_dir));
    out.extend(relay(subject).await);
    out
}

fn portal_port(config: &Config) -> CheckFinding {
    const ID: &str = "portal.port";
    let (_, public) = endpoint(&config.portal.public_url);
    if config.portal.listen.port() == PROXY_PORT || public == PROXY_PORT {
        let text = "the portal uses port 8080, which the hotspot redirects to its own proxy before log-in";
        return CheckFinding::fail(
            ID,
            text,
            "take another port in portal.listen and portal.public_url, such as 8081",
        );
    }
    CheckFinding::ok(ID, format!("customers reach the portal at port {public}"))
}

fn writable(data_dir: &Path) -> CheckFinding {
    const ID: &str = "disk.writable";
    let probe = data_dir.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"doctor");
    // A full disk takes the name and not the contents.
    let removed = std::fs::remove_file(&probe);
    let written = written.and(removed);
    match written {
        Ok(()) => CheckFinding::ok(ID, format!("{} can be written", data_dir.display())),
        Err(error) => {
            let text = format!("{} cannot be written: {error}", data_dir.display());
            let remedy = "make the folder and give it to the service's user, run this as that user, or look for a \
                          card that went read-only in the kernel's log";
            CheckFinding::fail(ID, text, remedy)
        }
    }
}

/// A copy of a store that went away under the daemon, which keeps the daemon from starting.
fn rescued(data_dir: &Path) -> Option<CheckFinding> {
    const ID: &str = "store.rescued";
    let copy = store::rescued(data_dir)?;
    let (file, store) = (copy.path.display(), data_dir.join(store::FILE));
    let (text, remedy) = if copy.is_whole {
        (
            format!(
                "{file} holds what the store held when its file went away under the daemon; nothing starts until it is dealt with"
            ),
            format!("kuotad restore {file}; or, to keep {}, move the copy elsewhere", store.display()),
        )
    } else {
        (
            format!(
                "{file} holds what could be read of a store that was damaged under the daemon, and is not whole"
            ),
            "restore the latest backup: kuotad restore FILE".to_owned(),
        )
    };
    Some(CheckFinding::fail(ID, text, remedy))
}

fn free_space(data_dir: &Path) -> CheckFinding {
    const ID: &str = "disk.space";
    match free_bytes(data_dir) {
        None => CheckFinding::warn(ID, "free space cannot be told", "look with df"),
        Some(free) if free < FREE_BYTES_MIN => {
            let text = format!("only {} MB free at {}", free >> 20, data_dir.display());
            CheckFinding::fail(ID, text, "free at least 200 MB: old logs, packages and backups first")
        }
        Some(free) => CheckFinding::ok(ID, format!("{} MB free", free >> 20)),
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

fn clock(subject: &Subject<'_>) -> CheckFinding {
    const ID: &str = "clock.trust";
    let remedy = "let NTP set this machine's clock (timedatectl), fit a clock with a battery, or write clock.trust = \
                  \"always\" where there is one";
    if subject.status.is_some_and(|status| status.clock.part.state != "ok") {
        return CheckFinding::warn(
            ID,
            "the daemon does not trust this machine's clock: no new block begins",
            remedy,
        );
    }
    if subject.config.clock.trust == ClockTrust::Always {
        return CheckFinding::ok(ID, "the clock is always trusted, as configured");
    }
    let now = SystemTime::UNIX_EPOCH
        + Duration::from_millis(u64::try_from(subject.clock.now().0).unwrap_or(0))
        + Duration::from_mins(1);
    let stored =
        std::fs::metadata(subject.config.data_dir.join(store::FILE)).and_then(|file| file.modified());
    if subject.status.is_none() && stored.is_ok_and(|at| at > now) {
        return CheckFinding::warn(ID, "this machine's clock is behind what was written last", remedy);
    }
    CheckFinding::ok(ID, "this machine's clock is trusted")
}

/// Pairs of customers with one number or log-in name, as the daemon names them.
fn shared_names(pairs: &[SharedNameView]) -> Vec<CheckFinding> {
    let person = |person: &PersonView| format!("{} ({})", person.name, person.id);
    pairs
        .iter()
        .map(|SharedNameView { what, value, kept_by, user, remedy }| {
            let text = format!("{} has the {what} {value} of {}", person(user), person(kept_by));
            CheckFinding::warn("customers.shared", text, remedy.clone())
        })
        .collect()
}

/// Whether the relay answers this machine and takes its token, and what the daemon says of it.
async fn relay(subject: &Subject<'_>) -> Vec<CheckFinding> {
    const ID: &str = "relay";
    let (Some(config), Some(relay)) = (&subject.config.relay, subject.relay) else {
        let text = "off: no relay is configured, so there is no online payment";
        return vec![CheckFinding::ok(ID, text)];
    };
    let uplink = "check relay.url, the uplink, and that kuota-relay runs there; cash goes on meanwhile";
    let token = "put the site's token (kuota-relay site-token) into relay.token_file, its SHA-256 into the relay's \
                 token_sha256_file, and check relay.site";
    // Looking at the feed changes nothing: how far it was read is kept here alone.
    let asked = match timeout(RELAY_MAX, relay.feed(0, Duration::ZERO, 1)).await {
        Ok(asked) => asked,
        Err(_) => Err(RelayError::Unreachable("it does not answer".to_owned())),
    };
    let reached = CheckFinding::ok(ID, format!("{} answers", config.url));
    match asked {
        Ok(_) => vec![
            daemons_view(subject, uplink).unwrap_or(reached),
            CheckFinding::ok(TOKEN_ID, "the relay takes this site's token"),
        ],
        Err(error @ RelayError::Unauthorized(_)) => {
            vec![reached, CheckFinding::fail(TOKEN_ID, error.to_string(), token)]
        }
        Err(error @ RelayError::Unreachable(_)) => {
            vec![CheckFinding::warn(ID, format!("{}: {error}", config.url), uplink)]
        }
        Err(error) => {
            let remedy = "look at the relay's own log: kuota-relay, or ask who runs it";
            vec![CheckFinding::warn(ID, format!("{} answers with an error: {error}", config.url), remedy)]
        }
    }
}

/// What the running daemon complains of although the relay answers here.
fn daemons_view(subject: &Subject<'_>, remedy: &str) -> Option<CheckFinding> {
    let relay = &subject.status?.relay;
    let state = Some(relay.state.as_str()).filter(|state| !matches!(*state, "ok" | "off"))?;
    let why = relay.last_error.as_deref().unwrap_or("it has not reached it yet");
    Some(CheckFinding::warn("relay", format!("the daemon calls the relay {state}: {why}"), remedy))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::UserId;

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
        let (what, value, remedy) = ("phone".into(), "+6281".into(), "give one another".into());
        let found = shared_names(&[SharedNameView { what, value, kept_by, user, remedy }]);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].text.as_str(), found[0].level.name()),
            (format!("Siti ({}) has the phone +6281 of Budi ({})", ids.1, ids.0).as_str(), "warn")
        );
        assert_eq!(found[0].remedy, "give one another");
        assert!(shared_names(&[]).is_empty());
    }
}
