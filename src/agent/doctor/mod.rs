//! Checks router, relay and machine, and reports what is wrong and what to do. It changes nothing.

mod copies;
mod hardware;
mod machine;
mod relay;
mod subject;
mod texts;

use std::time::Duration;

use tokio::time::timeout;

use super::config::Config;
use crate::agent::router::site_plan::site_plan;
use crate::domain::usage::HostTable;
use crate::routeros::RouterError;
use crate::routeros::inspect::inspect;

pub use crate::routeros::inspect::{CheckFinding, Level};
pub use subject::{DaemonState, Subject, refused_message};

/// Devices of one address that are named.
const MACS_SHOWN_MAX: usize = 4;
/// Refused changes that are listed one by one.
const REFUSED_SHOWN_MAX: usize = 5;
/// How long the checks of the router may take together.
const ROUTER_MAX: Duration = Duration::from_secs(45);
/// Clients with access from which on it is odd that none moves a byte between two readings.
const CLIENTS_BUSY: usize = 10;

/// Every check, the router's first. It ends within a minute, whatever does not answer.
pub async fn examine(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let of_router = examine_router(subject);
    let (mut out, machine, relay) = tokio::join!(of_router, machine::check(subject), relay::check(subject));
    out.extend(machine);
    out.extend(relay);
    out
}

/// The checks of the router alone, within [`ROUTER_MAX`].
pub async fn examine_router(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let late = || {
        let found = texts::router_too_slow(&subject.config.router.address, ROUTER_MAX.as_secs());
        vec![CheckFinding::fail("router.login", found, texts::check_wire())]
    };
    timeout(ROUTER_MAX, router(subject)).await.unwrap_or_else(|_| late())
}

async fn router(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let first = match subject.router.read_hosts().await {
        Ok(hosts) => hosts,
        Err(error) => return vec![unreachable(subject.config, &error)],
    };
    let version = subject.router.health().version.unwrap_or_default();
    let mut out = vec![CheckFinding::ok("router.login", texts::logged_in(version))];
    out.push(hosts(subject, &first).await);
    out.extend(unread(&first));
    out.extend(shared(&first));
    out.extend(refused(subject));
    match subject.router.read_menus().await {
        Ok(tables) => {
            let plan = site_plan(subject.config, subject.agent);
            out.extend(zone(subject, tables.zone()));
            out.extend(inspect(&tables, &plan, subject.clock.now().0));
        }
        Err(error) => out.push(unreachable(subject.config, &error)),
    }
    out
}

/// Whether the router's clock shows the site's time: panels, schedules and log-in pages of the router go by it.
fn zone(subject: &Subject<'_>, router: Option<(&str, &str)>) -> Option<CheckFinding> {
    let (name, offset) = router?;
    let site = &subject.config.timezone;
    let wanted = site.offset(subject.clock.now());
    Some(judge_zone(name, offset, site.name(), &wanted))
}

fn judge_zone(name: &str, offset: &str, site: &str, wanted: &str) -> CheckFinding {
    const ID: &str = "clock.zone";
    let found = texts::zones(name, offset, site, wanted);
    if name == site || offset == wanted {
        return CheckFinding::ok(ID, found);
    }
    CheckFinding::warn(ID, found, texts::set_zone(site))
}

fn unreachable(config: &Config, error: &RouterError) -> CheckFinding {
    let remedy = match error {
        RouterError::LoginRefused(_) => texts::check_login(),
        RouterError::Trap { message, .. } if message.to_ascii_lowercase().contains("permission") => {
            texts::give_policies()
        }
        RouterError::Trap { .. } => texts::try_later(),
        RouterError::Lost(_) | RouterError::Malformed { .. } => texts::check_wire(),
    };
    CheckFinding::fail("router.login", texts::not_reached(&config.router.address, error), remedy)
}

/// Rows of the host table that make no sense: their devices are not metered.
fn unread(table: &HostTable) -> Option<CheckFinding> {
    let first = table.unread.first()?;
    let named = first.mac.map(|mac| mac.to_string()).or_else(|| first.row.as_ref().map(|row| row.0.clone()));
    let named = named.unwrap_or_else(|| "?".to_owned());
    let found = texts::rows_unread(table.unread.len(), named, &first.what);
    Some(CheckFinding::warn("hotspot.rows", found, texts::remove_rows()))
}

/// Addresses of more than one device: the portal takes them for nobody's.
fn shared(table: &HostTable) -> Option<CheckFinding> {
    let shared = table.shared_addresses();
    let first = shared.first()?;
    let macs: Vec<String> = first.macs.iter().take(MACS_SHOWN_MAX).map(ToString::to_string).collect();
    let found = texts::addresses_shared(shared.len(), first.address, macs.join(", "));
    Some(CheckFinding::warn("hotspot.addresses", found, texts::return_to_dhcp()))
}

/// What the router refuses the running daemon.
fn refused(subject: &Subject<'_>) -> Vec<CheckFinding> {
    const ID: &str = "router.edits";
    let Some(daemon) = subject.daemon else { return Vec::new() };
    let shown = daemon.refused.iter().take(REFUSED_SHOWN_MAX);
    let mut out: Vec<CheckFinding> =
        shown.map(|(found, remedy)| CheckFinding::fail(ID, found.clone(), remedy.clone())).collect();
    let more = daemon.refused.len().saturating_sub(REFUSED_SHOWN_MAX);
    out.extend((more > 0).then(|| CheckFinding::fail(ID, texts::more_refused(more), texts::see_router())));
    if out.is_empty() {
        out.push(CheckFinding::ok(ID, texts::changes_taken()));
    }
    out
}

/// Whether the host table can be read and its counters move.
async fn hosts(subject: &Subject<'_>, first: &HostTable) -> CheckFinding {
    const ID: &str = "hotspot.hosts";
    let counting = first.rows.iter().filter(|row| row.counts).count();
    let count = first.rows.len();
    if counting < CLIENTS_BUSY {
        return CheckFinding::ok(ID, texts::hosts(count, counting));
    }
    tokio::time::sleep(subject.pause).await;
    let sum = |table: &HostTable| table.rows.iter().map(|row| u128::from(row.bytes)).sum::<u128>();
    match subject.router.read_hosts().await {
        Ok(second) if sum(&second) != sum(first) => CheckFinding::ok(ID, texts::hosts_move(count, counting)),
        Ok(_) => CheckFinding::warn(ID, texts::hosts_stand_still(count, counting), texts::find_offload()),
        Err(error) => {
            CheckFinding::warn(ID, texts::hosts_unread(count, counting, error), texts::check_again())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::domain::listing::{AccessRows, Edit};
    use crate::domain::units::Timestamp;
    use crate::routeros::{EditOutcome, Router, RouterFuture, RouterHealth};

    /// A router that takes every question and answers none.
    struct SilentRouter;

    impl Router for SilentRouter {
        fn read_hosts(&self) -> RouterFuture<'_, Result<HostTable, RouterError>> {
            Box::pin(std::future::pending())
        }

        fn read_access(&self) -> RouterFuture<'_, Result<AccessRows, RouterError>> {
            Box::pin(std::future::pending())
        }

        fn apply<'a>(&'a self, _: &'a [Edit]) -> RouterFuture<'a, Result<Vec<EditOutcome>, RouterError>> {
            Box::pin(std::future::pending())
        }

        fn health(&self) -> RouterHealth {
            RouterHealth::default()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_router_that_never_answers_is_a_finding_and_keeps_no_other_check_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().to_owned(), ..Config::default() };
        let subject = Subject {
            config: &config,
            router: &SilentRouter,
            relay: None,
            clock: &ManualClock::new(Timestamp(1_795_323_600_000)),
            agent: None,
            daemon: None,
            pause: Duration::ZERO,
        };
        let found = examine(&subject).await;
        assert_eq!((found[0].id, found[0].found.code()), ("router.login", "router_too_slow"));
        assert!(found.iter().any(|finding| finding.id == "disk.space"), "{found:#?}");
    }

    #[test]
    fn zones_of_one_time_agree_whatever_they_are_called() {
        let rows = [
            ("Asia/Jakarta", "+07:00", Level::Ok),
            ("Asia/Bangkok", "+07:00", Level::Ok),
            ("UTC", "+00:00", Level::Warn),
            ("Asia/Makassar", "+08:00", Level::Warn),
        ];
        for (name, offset, level) in rows {
            assert_eq!(judge_zone(name, offset, "Asia/Jakarta", "+07:00").level, level, "{name}");
        }
    }
}
