//! Checks router, relay and machine, and reports what is wrong and what to do. It changes nothing.

mod copies;
mod hardware;
mod machine;

use std::net::IpAddr;
use std::time::Duration;

use super::config::Config;
use super::payments::Relay;
use crate::agent::router::site_plan::site_plan;
use crate::clock::Clock;
use crate::domain::usage::HostTable;
use crate::protocol::admin::router::RefusedView;
use crate::protocol::admin::status::StatusView;
use crate::routeros::client::RouterClient;
use crate::routeros::inspect::{CheckFinding, inspect};
use crate::routeros::{Router, RouterError};

pub use crate::routeros::inspect::Level;

/// Devices of one address that are named.
const MACS_SHOWN_MAX: usize = 4;
/// Refused changes that are listed one by one.
const REFUSED_SHOWN_MAX: usize = 5;
/// Clients with access from which on it is odd that none moves a byte between two readings.
const CLIENTS_BUSY: usize = 10;

/// What the checks are made on.
pub struct Subject<'a> {
    /// The configuration in effect.
    pub config: &'a Config,
    /// Its router.
    pub router: &'a RouterClient,
    /// Its relay, where one is configured.
    pub relay: Option<&'a dyn Relay>,
    /// The only now.
    pub clock: &'a dyn Clock,
    /// This machine's address as the router sees it, where somebody says.
    pub agent: Option<IpAddr>,
    /// What `GET /status` of the running daemon answers; `None` when none runs.
    pub status: Option<&'a StatusView>,
    /// Time between the two readings that show whether counters move.
    pub pause: Duration,
}

/// Every check, the router's first.
pub async fn examine(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let mut out = router(subject).await;
    out.extend(machine::check(subject).await);
    out
}

async fn router(subject: &Subject<'_>) -> Vec<CheckFinding> {
    let first = match subject.router.read_hosts().await {
        Ok(hosts) => hosts,
        Err(error) => return vec![unreachable(subject.config, &error)],
    };
    let version = subject.router.health().version.unwrap_or_default();
    let mut out = vec![CheckFinding::ok("router.login", format!("logged in, RouterOS {version}"))];
    out.push(hosts(subject, &first).await);
    out.extend(unread(&first));
    out.extend(shared(&first));
    out.extend(refused(subject));
    match subject.router.tables().await {
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
    let text = format!("the router's zone is {name} ({offset}), the site's is {site} ({wanted})");
    if name == site || offset == wanted {
        return CheckFinding::ok(ID, text);
    }
    let remedy = format!("/system clock set time-zone-name={site}, or another timezone in the configuration");
    CheckFinding::warn(ID, text, remedy)
}

fn unreachable(config: &Config, error: &RouterError) -> CheckFinding {
    let remedy = match error {
        RouterError::LoginRefused(_) => {
            "check router.username and the password file against /user on the router, and its address restriction"
        }
        RouterError::Trap { message, .. } if message.to_ascii_lowercase().contains("permission") => {
            "give the agent's user the policies api, read and write"
        }
        RouterError::Trap { .. } => "run it again in a minute; if it stays, look at the router's log",
        RouterError::Lost(_) | RouterError::Malformed { .. } => {
            "check router.address, the cable, and that /ip service has the API enabled for this machine's address"
        }
    };
    CheckFinding::fail("router.login", format!("{}: {error}", config.router.address), remedy)
}

/// Rows of the host table that make no sense: their devices are not metered.
fn unread(table: &HostTable) -> Option<CheckFinding> {
    let first = table.unread.first()?;
    let named = first.mac.map(|mac| mac.to_string()).or_else(|| first.row.as_ref().map(|row| row.0.clone()));
    let named = named.unwrap_or_else(|| "without a name".to_owned());
    let rows = table.unread.len();
    let text =
        format!("{rows} rows of the host table cannot be read, the first of them {named}: {}", first.what);
    let remedy = "remove those rows in /ip/hotspot/host; they come back by themselves";
    Some(CheckFinding::warn("hotspot.rows", text, remedy))
}

/// Addresses of more than one device: the portal takes them for nobody's.
fn shared(table: &HostTable) -> Option<CheckFinding> {
    let shared = table.shared_addresses();
    let first = shared.first()?;
    let macs: Vec<String> = first.macs.iter().take(MACS_SHOWN_MAX).map(ToString::to_string).collect();
    let text = format!(
        "{} addresses of the host table are used by more than one device, the first of them {} by {}: nobody can log in or pay there",
        shared.len(),
        first.address,
        macs.join(" and ")
    );
    let remedy = "find the device with an address set by hand, return it to DHCP, and remove its row in /ip/hotspot/host";
    Some(CheckFinding::warn("hotspot.addresses", text, remedy))
}

/// What the router refuses the running daemon.
fn refused(subject: &Subject<'_>) -> Vec<CheckFinding> {
    const ID: &str = "router.edits";
    let Some(status) = subject.status else { return Vec::new() };
    let refused = &status.router.refused;
    let finding = |edit: &RefusedView| CheckFinding::fail(ID, edit.text.clone(), edit.remedy.clone());
    let mut out: Vec<CheckFinding> = refused.iter().take(REFUSED_SHOWN_MAX).map(finding).collect();
    let more = refused.len().saturating_sub(REFUSED_SHOWN_MAX);
    out.extend(
        (more > 0)
            .then(|| CheckFinding::fail(ID, format!("{more} more changes are refused"), "see the status")),
    );
    if out.is_empty() {
        out.push(CheckFinding::ok(ID, "the router takes the daemon's changes"));
    }
    out
}

/// Whether the host table can be read and its counters move.
async fn hosts(subject: &Subject<'_>, first: &HostTable) -> CheckFinding {
    const ID: &str = "hotspot.hosts";
    let counting = first.rows.iter().filter(|row| row.counts).count();
    let text = format!("{} devices in the host table, {counting} of them with access", first.rows.len());
    if counting < CLIENTS_BUSY {
        return CheckFinding::ok(ID, text);
    }
    tokio::time::sleep(subject.pause).await;
    let sum = |table: &HostTable| table.rows.iter().map(|row| u128::from(row.bytes)).sum::<u128>();
    match subject.router.read_hosts().await {
        Ok(second) if sum(&second) != sum(first) => CheckFinding::ok(ID, format!("{text}; counters move")),
        Ok(_) => {
            let remedy =
                "look for a fasttrack rule and for hardware offload that hide traffic from the hotspot";
            CheckFinding::warn(ID, format!("{text}, and no counter moved"), remedy)
        }
        Err(error) => {
            CheckFinding::warn(ID, format!("{text}; the second reading failed: {error}"), "run it again")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
