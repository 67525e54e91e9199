//! When sites were seen: each function is one statement.

use tokio_postgres::Row;

use super::clients::Loan;
use super::errors::ServerError;
use super::rows::{get, json, maybe_time, time};
use crate::domain::units::Timestamp;
use crate::relay::store::encoding::{int, presence_report};
use crate::relay::store::presence::{AHEAD_MAX_MS, SiteSeen, SiteSighting, SiteTurn, StoredPresence};

/// Writes down when sites were seen and what they reported. The newest wins.
pub(super) async fn note(db: &Loan, sightings: &[SiteSighting], now: Timestamp) -> Result<(), ServerError> {
    let sites: Vec<&str> = sightings.iter().map(|sighting| sighting.site.as_str()).collect();
    let seen: Vec<i64> = sightings.iter().map(|sighting| sighting.last_seen_at.0).collect();
    let reports = || sightings.iter().map(|sighting| sighting.report.as_ref());
    let texts = reports().map(|report| report.map(|report| json(&report.report)).transpose());
    let texts: Vec<Option<String>> = texts.collect::<Result<_, _>>()?;
    let times: Vec<Option<i64>> = reports().map(|report| Some(report?.at.0)).collect();
    let clocks: Vec<Option<i64>> = reports().map(|report| report?.clock_ahead_ms).collect();
    let cursors: Vec<Option<i64>> = sightings.iter().map(|sighting| sighting.feed_after.map(int)).collect();
    let ahead = now.0.saturating_add(AHEAD_MAX_MS);
    let sql = include_str!("sql/note_sightings.sql");
    db.run(sql, &[&sites, &seen, &texts, &times, &clocks, &ahead, &cursors]).await.map(drop)
}

/// Marks sites that were seen last at or before `before`.
pub(super) async fn mark_silent(
    db: &Loan,
    sites: &[String],
    before: Timestamp,
) -> Result<Vec<SiteTurn>, ServerError> {
    db.all(include_str!("sql/mark_silent.sql"), &[&sites, &before.0]).await?.iter().map(turn).collect()
}

/// Unmarks silent sites that were seen after `after`.
pub(super) async fn mark_back(
    db: &Loan,
    sites: &[String],
    after: Timestamp,
) -> Result<Vec<SiteTurn>, ServerError> {
    db.all(include_str!("sql/mark_back.sql"), &[&sites, &after.0]).await?.iter().map(turn).collect()
}

fn turn(row: &Row) -> Result<SiteTurn, ServerError> {
    Ok(SiteTurn { site: get(row, "site")?, silent_since: time(row, "silent_since")? })
}

/// When each site was seen last.
pub(super) async fn sites_seen(db: &Loan) -> Result<Vec<SiteSeen>, ServerError> {
    let sql = "SELECT site, last_seen_at, silent_since FROM site_presence ORDER BY site";
    db.all(sql, &[]).await?.iter().map(seen).collect()
}

fn seen(row: &Row) -> Result<SiteSeen, ServerError> {
    Ok(SiteSeen {
        site: get(row, "site")?,
        last_seen_at: time(row, "last_seen_at")?,
        silent_since: maybe_time(row, "silent_since")?,
    })
}

/// Everything that is kept of sites.
pub(super) async fn presences(db: &Loan, sites: &[String]) -> Result<Vec<StoredPresence>, ServerError> {
    let sql = "SELECT site, last_seen_at, silent_since, report, report_at, clock_ahead_ms, feed_after
               FROM unnest($1::text[]) WITH ORDINALITY AS wanted (name, place)
               JOIN site_presence ON site = name ORDER BY place";
    db.all(sql, &[&sites]).await?.iter().map(presence).collect()
}

fn presence(row: &Row) -> Result<StoredPresence, ServerError> {
    let report = presence_report(get(row, "report")?, get(row, "report_at")?, get(row, "clock_ahead_ms")?);
    let feed_after = get::<Option<i64>>(row, "feed_after")?.and_then(|seq| u64::try_from(seq).ok());
    Ok(StoredPresence { seen: seen(row)?, report, feed_after })
}
