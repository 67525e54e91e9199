//! The health report to the relay: what the daemon knows anyway, without asking the router for it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::copies::last_away;
use super::engine::{Engine, ReadView};
use super::payments::PaymentError;
use super::site::Site;
use crate::domain::access::Status;
use crate::domain::units::Timestamp;
use crate::protocol::health::{HealthReport, ReportNumber, ReportText, ReportedUsers};
use crate::store::FILE;

/// How long the engine may keep a report waiting, which then goes without its figures.
const ENGINE_MAX: Duration = Duration::from_secs(5);
/// What the store is when it can be written.
const WELL: &str = "ok";
/// Ends of the names of the store's files.
const FILE_ENDS: [&str; 2] = ["", "-wal"];

/// Reports once how the daemon is.
pub async fn report_once(site: &Site) -> Result<(), PaymentError> {
    let report = compose(site).await;
    site.payments.report_health(&report).await?;
    site.payments.keep_instance().await
}

/// How the daemon is.
pub async fn compose(site: &Site) -> HealthReport {
    let figures = timeout(ENGINE_MAX, site.engine().call(of_engine)).await;
    let figures = figures.ok().and_then(Result::ok).unwrap_or_default();
    let data_dir = &site.config.data_dir;
    let (now, router) = (site.clock.now(), site.cycle.state());
    let age_s = |at: Option<Timestamp>| seconds_since(at?, now);
    let unwritable = site.engine().unwritable();
    HealthReport {
        version: Some(ReportText::cut(env!("CARGO_PKG_VERSION"))),
        clock_ms: u64::try_from(now.0).ok().map(ReportNumber::capped),
        uptime_s: Some(ReportNumber::capped(site.clock.uptime().as_secs())),
        router: Some(ReportText::cut(router.name(now))),
        router_version: site.cycle.router().health().version.as_deref().map(ReportText::cut),
        cycle_age_s: age_s(router.last_success),
        is_dry_run: Some(site.cycle.is_dry_run()),
        store: Some(ReportText::cut(unwritable.as_ref().map_or(WELL, |why| why.code()))),
        store_bytes: store_bytes(data_dir),
        backup_age_s: age_s(last_away(data_dir, &site.copies_state().log)),
        ..figures
    }
}

/// What the engine knows.
fn of_engine(engine: &mut Engine) -> HealthReport {
    let reviews = engine.reader().orders_in_review().ok();
    let outbox = engine.outbox().len() as u64;
    let look = engine.read_view();
    HealthReport {
        is_clock_trusted: Some(look.facts.clock_trusted),
        entries: Some(ReportNumber::capped(look.entries())),
        users: Some(users(&look)),
        outbox: Some(ReportNumber::capped(outbox)),
        reviews: reviews.map(ReportNumber::capped),
        ..HealthReport::default()
    }
}

fn users(look: &ReadView<'_>) -> ReportedUsers {
    let mut counts: BTreeMap<Status, u64> = BTreeMap::new();
    for user in look.users_after(0) {
        *counts.entry(user.account.access.status).or_default() += 1;
    }
    let count = |status| Some(ReportNumber::capped(counts.get(&status).copied().unwrap_or_default()));
    ReportedUsers {
        active: count(Status::Active),
        fup: count(Status::Fup),
        habis: count(Status::Habis),
        expired: count(Status::Expired),
        inactive: count(Status::Inactive),
        blocked: count(Status::Blocked),
        unlimited: count(Status::Unlimited),
    }
}

/// Whole seconds from `at` to `now`; nothing where the wall clock was set back meanwhile.
fn seconds_since(at: Timestamp, now: Timestamp) -> Option<ReportNumber> {
    u64::try_from(now.0.saturating_sub(at.0)).ok().map(|ms| ReportNumber::capped(ms / 1000))
}

/// The size of the store with its log; nothing where it cannot be seen.
fn store_bytes(data_dir: &Path) -> Option<ReportNumber> {
    let sizes = FILE_ENDS.map(|end| std::fs::metadata(data_dir.join(format!("{FILE}{end}"))).ok());
    let [file, log] = sizes.map(|file| file.map(|file| file.len()));
    Some(ReportNumber::capped(file?.saturating_add(log.unwrap_or_default())))
}
