//! Checks of the copies of the store: one on the card that is young enough, and one off it.

use std::path::Path;
use std::time::Duration;

use super::subject::DaemonState;
use super::texts;
use crate::agent::config::{Backup, CopyTarget};
use crate::agent::copies::{AWAY_AGE_MAX, CopyLog, card_age_max, last_away};
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::routeros::inspect::CheckFinding;
use crate::settings::duration_text;
use crate::store::Unwritable;
use crate::store::backup::is_ahead;
use crate::store::passive::reason;

const HOUR_MS: i64 = 3_600_000;

/// What is on file of the copies, and what the running daemon says of them.
pub(super) fn check(
    data_dir: &Path,
    backup: &Backup,
    daemon: Option<&DaemonState>,
    now: Timestamp,
) -> Vec<CheckFinding> {
    let log = CopyLog::read(data_dir);
    let mut out = vec![on_card(&log, backup, now), away(data_dir, &log, backup, now)];
    out.extend(failure(daemon));
    out.extend(passive(data_dir));
    out.extend(in_clear(&log, backup));
    out
}

/// The copies that the daemon makes by itself.
fn on_card(log: &CopyLog, backup: &Backup, now: Timestamp) -> CheckFinding {
    const ID: &str = "backup.card";
    if backup.every.is_zero() {
        return CheckFinding::warn(ID, texts::copies_off(), texts::set_every());
    }
    let Some(card) = &log.card else {
        return CheckFinding::warn(ID, texts::no_copy(), texts::read_copy_log());
    };
    let (at, bytes) = (rfc3339(card.at()), card.bytes);
    if is_ahead(card.at(), now) {
        return CheckFinding::warn(ID, texts::card_copy_ahead(at, bytes), texts::check_clock());
    }
    if is_older(card.at(), card_age_max(backup.every), now) {
        let late = texts::card_copy_late(at, bytes, duration_text(backup.every));
        return CheckFinding::fail(ID, late, texts::read_copy_log());
    }
    CheckFinding::ok(ID, texts::card_copy(at, bytes))
}

/// A copy that is not lost with the card.
fn away(data_dir: &Path, log: &CopyLog, backup: &Backup, now: Timestamp) -> CheckFinding {
    const ID: &str = "backup.age";
    let remedy = if backup.target == CopyTarget::None { texts::set_target() } else { texts::bring_disk() };
    let Some(at) = last_away(data_dir, log) else {
        return CheckFinding::fail(ID, texts::no_away_copy(), remedy);
    };
    if is_ahead(at, now) {
        let found = texts::away_copy_ahead(rfc3339(at));
        return CheckFinding::warn(ID, found, texts::check_clock_and_copy());
    }
    let found = texts::away_copy(now.0.saturating_sub(at.0).max(0) / HOUR_MS);
    if is_older(at, AWAY_AGE_MAX, now) {
        CheckFinding::fail(ID, found, remedy)
    } else {
        CheckFinding::ok(ID, found)
    }
}

/// Why the daemon's last turn failed.
fn failure(daemon: Option<&DaemonState>) -> Option<CheckFinding> {
    let why = daemon?.copies_error.as_ref()?;
    Some(CheckFinding::warn("backup.last", texts::copy_failed(why), texts::do_as_it_says()))
}

/// A restored store that waits, or a machine that lost the site.
fn passive(data_dir: &Path) -> Option<CheckFinding> {
    let (text, remedy) = match reason(data_dir)? {
        Unwritable::Fenced(fence) => (texts::fenced(fence.instance.number()), texts::take_back()),
        Unwritable::Passive
        | Unwritable::Full(_)
        | Unwritable::ReadOnly(_)
        | Unwritable::Busy(_)
        | Unwritable::Damaged(_)
        | Unwritable::Updating => (texts::passive(), texts::take_over()),
    };
    Some(CheckFinding::fail("site.passive", text, remedy))
}

/// Copies that leave the card without encryption: names, numbers and hashes of PINs are in them.
fn in_clear(log: &CopyLog, backup: &Backup) -> Option<CheckFinding> {
    let is_clear = log.away.as_ref().is_some_and(|away| away.recipient.is_empty());
    (is_clear && backup.target != CopyTarget::None).then(|| {
        let found = texts::copies_in_clear(&backup.target);
        CheckFinding::warn("backup.key", found, texts::set_recipient())
    })
}

fn is_older(at: Timestamp, most: Duration, now: Timestamp) -> bool {
    now.0.saturating_sub(at.0) > i64::try_from(most.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::copies::CopyRecord;
    use crate::store::backup::note_last;

    const NOW: Timestamp = Timestamp(1_795_323_600_000);

    fn record(hours_ago: i64, recipient: &str) -> CopyRecord {
        CopyRecord {
            at_ms: NOW.0 - hours_ago * HOUR_MS,
            file: "kuota-x.db.zst".into(),
            place: "usb:X".into(),
            bytes: 9,
            sha256: String::new(),
            entries: 3,
            mark: None,
            recipient: recipient.into(),
            settings: String::new(),
        }
    }

    fn levels(log: &CopyLog, backup: &Backup) -> Vec<(&'static str, &'static str)> {
        let dir = tempfile::tempdir().unwrap();
        log.write(dir.path()).unwrap();
        check(dir.path(), backup, None, NOW)
            .iter()
            .map(|finding| (finding.id, finding.level.name()))
            .collect()
    }

    #[test]
    fn without_a_young_copy_off_the_card_it_fails() {
        let (default, usb) =
            (Backup::default(), Backup { target: CopyTarget::Usb("X".into()), ..Backup::default() });
        let log = |card: Option<i64>, away: Option<i64>| CopyLog {
            card: card.map(|h| record(h, "age1")),
            away: away.map(|h| record(h, "age1")),
        };
        for (log, backup, card, away) in [
            (log(None, None), &default, "warn", "fail"),
            (log(Some(1), None), &default, "ok", "fail"),
            (log(Some(1), Some(48)), &usb, "ok", "ok"),
            (log(Some(1), Some(49)), &usb, "ok", "fail"),
            (log(Some(14), Some(1)), &usb, "fail", "ok"),
            (log(Some(-1), Some(-1)), &usb, "warn", "warn"),
        ] {
            assert_eq!(levels(&log, backup), [("backup.card", card), ("backup.age", away)], "{log:?}");
        }
    }

    #[test]
    fn a_passive_store_is_found() {
        let dir = tempfile::tempdir().unwrap();
        assert!(passive(dir.path()).is_none());
        crate::store::passive::make_passive(dir.path(), "restored").unwrap();
        assert_eq!(passive(dir.path()).unwrap().level.name(), "fail");
    }

    #[test]
    fn a_copy_that_a_person_fetched_counts_as_off_the_card() {
        let dir = tempfile::tempdir().unwrap();
        for (hours, level) in [(0, "ok"), (47, "ok"), (49, "fail"), (-1, "warn")] {
            note_last(dir.path(), &rfc3339(Timestamp(NOW.0 - hours * HOUR_MS)));
            let found = check(dir.path(), &Backup::default(), None, NOW);
            assert_eq!(found[1].level.name(), level, "{hours}");
        }
    }

    #[test]
    fn copies_in_clear_copies_that_fail_and_no_copies_at_all_are_named() {
        let usb = Backup { target: CopyTarget::Usb("X".into()), ..Backup::default() };
        let clear = CopyLog { card: Some(record(1, "")), away: Some(record(1, "")) };
        assert_eq!(levels(&clear, &usb)[2], ("backup.key", "warn"));
        let off = Backup { every: Duration::ZERO, ..Backup::default() };
        assert_eq!(levels(&clear, &off)[0], ("backup.card", "warn"));
        let daemon = DaemonState { copies_error: Some("no disk".into()), ..DaemonState::default() };
        let found = failure(Some(&daemon)).unwrap();
        assert_eq!(found.found, texts::copy_failed("no disk"));
    }
}
