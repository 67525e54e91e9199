//! When sites were seen: each function is one transaction, or one snapshot.

use rusqlite::{Connection, Row, params};

use super::errors::QueryError;
use super::rows::{all, json, one, run};
use super::writer::WriteContext;
use crate::domain::units::Timestamp;
use crate::relay::store::encoding::{int, presence_report};
use crate::relay::store::presence::{AHEAD_MAX_MS, SiteSeen, SiteSighting, SiteTurn, StoredPresence};

/// Writes down when sites were seen and what they reported. The newest wins.
pub(super) fn note(
    desk: &mut WriteContext<'_>,
    sightings: &[SiteSighting],
    now: Timestamp,
) -> Result<(), QueryError> {
    let ahead = now.0.saturating_add(AHEAD_MAX_MS);
    for sighting in sightings {
        let sql = "INSERT INTO site_presence (site, last_seen_at, feed_after) VALUES (?1, ?2, ?4)
                   ON CONFLICT (site) DO UPDATE SET
                     last_seen_at =
                       iif(last_seen_at > ?3, excluded.last_seen_at, max(last_seen_at, excluded.last_seen_at)),
                     feed_after = iif(last_seen_at > ?3 OR last_seen_at <= excluded.last_seen_at,
                       coalesce(excluded.feed_after, feed_after), coalesce(feed_after, excluded.feed_after))";
        let feed_after = sighting.feed_after.map(int);
        run(desk.tx, sql, params![sighting.site, sighting.last_seen_at.0, ahead, feed_after])?;
        let Some(report) = &sighting.report else { continue };
        let sql = "UPDATE site_presence SET report = ?2, report_at = ?3, clock_ahead_ms = ?4
                   WHERE site = ?1 AND (report_at IS NULL OR report_at <= ?3 OR report_at > ?5)";
        let values = params![sighting.site, json(&report.report)?, report.at.0, report.clock_ahead_ms, ahead];
        run(desk.tx, sql, values)?;
    }
    Ok(())
}

/// Marks sites that were seen last at or before `before`.
pub(super) fn mark_silent(
    desk: &mut WriteContext<'_>,
    sites: &[String],
    before: Timestamp,
) -> Result<Vec<SiteTurn>, QueryError> {
    let sql = "UPDATE site_presence SET silent_since = last_seen_at
               WHERE site = ?1 AND silent_since IS NULL AND last_seen_at <= ?2
               RETURNING site, silent_since";
    turns(sites, |site| one(desk.tx, sql, params![site, before.0], turn))
}

/// Unmarks silent sites that were seen after `after`.
pub(super) fn mark_back(
    desk: &mut WriteContext<'_>,
    sites: &[String],
    after: Timestamp,
) -> Result<Vec<SiteTurn>, QueryError> {
    let find = "SELECT site, silent_since FROM site_presence
                WHERE site = ?1 AND silent_since IS NOT NULL AND last_seen_at > ?2";
    let unmark = "UPDATE site_presence SET silent_since = NULL WHERE site = ?1";
    turns(sites, |site| {
        let found = one(desk.tx, find, params![site, after.0], turn)?;
        if found.is_some() {
            run(desk.tx, unmark, [site])?;
        }
        Ok(found)
    })
}

fn turns(
    sites: &[String],
    mark: impl Fn(&str) -> Result<Option<SiteTurn>, QueryError>,
) -> Result<Vec<SiteTurn>, QueryError> {
    sites.iter().filter_map(|site| mark(site).transpose()).collect()
}

fn turn(row: &Row) -> Result<SiteTurn, QueryError> {
    Ok(SiteTurn { site: row.get("site")?, silent_since: Timestamp(row.get("silent_since")?) })
}

/// When each site was seen last.
pub(super) fn sites_seen(conn: &Connection) -> Result<Vec<SiteSeen>, QueryError> {
    all(conn, "SELECT site, last_seen_at, silent_since FROM site_presence ORDER BY site", [], seen)
}

fn seen(row: &Row) -> Result<SiteSeen, QueryError> {
    Ok(SiteSeen {
        site: row.get("site")?,
        last_seen_at: Timestamp(row.get("last_seen_at")?),
        silent_since: row.get::<_, Option<i64>>("silent_since")?.map(Timestamp),
    })
}

/// Everything that is kept of sites.
pub(super) fn presences(conn: &Connection, sites: &[String]) -> Result<Vec<StoredPresence>, QueryError> {
    let sql = "SELECT * FROM site_presence WHERE site = ?1";
    let found = |site: &String| one(conn, sql, [site], presence).transpose();
    sites.iter().filter_map(found).collect()
}

fn presence(row: &Row) -> Result<StoredPresence, QueryError> {
    let text: Option<String> = row.get("report")?;
    let feed_after = row.get::<_, Option<i64>>("feed_after")?.and_then(|seq| u64::try_from(seq).ok());
    let report = presence_report(text.as_deref(), row.get("report_at")?, row.get("clock_ahead_ms")?);
    Ok(StoredPresence { seen: seen(row)?, report, feed_after })
}
