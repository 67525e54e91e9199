//! Which copies are kept.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::units::{DAY_MS, Timestamp};

/// The copies that are no longer kept, of those made at `made`. Kept are the newest one, all of the last day, and the last
/// one of each day (UTC) that is not longer ago than `keep`. One from the future was made by a wrong clock, this or that
/// one, and is kept.
pub(super) fn surplus(made: &BTreeSet<Timestamp>, keep: Duration, now: Timestamp) -> BTreeSet<Timestamp> {
    let keep_ms = i64::try_from(keep.as_millis()).unwrap_or(i64::MAX);
    let day = |at: Timestamp| at.0.div_euclid(DAY_MS);
    let is_kept = |at: Timestamp| {
        let age_ms = now.0.saturating_sub(at.0);
        let is_last_of_day =
            || made.range(Timestamp(at.0 + 1)..).next().is_none_or(|next| day(*next) != day(at));
        Some(&at) == made.last() || age_ms < DAY_MS || (age_ms <= keep_ms && is_last_of_day())
    };
    made.iter().copied().filter(|at| !is_kept(*at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_795_305_600_000;
    const HOUR: i64 = 3_600_000;

    fn kept(hours_ago: &[i64], keep_days: u64) -> Vec<i64> {
        let made: BTreeSet<Timestamp> = hours_ago.iter().map(|h| Timestamp(NOON - h * HOUR)).collect();
        let keep = Duration::from_hours(24 * keep_days);
        let dropped = surplus(&made, keep, Timestamp(NOON));
        made.iter().rev().filter(|at| !dropped.contains(at)).map(|at| (NOON - at.0) / HOUR).collect()
    }

    #[test]
    fn the_last_day_is_kept_whole_and_one_copy_of_each_day_before() {
        assert_eq!(NOON % DAY_MS, 0, "the test counts from a midnight");
        let six_hourly: Vec<i64> = (0..40).map(|n| n * 6).collect();
        assert_eq!(kept(&six_hourly, 5), [0, 6, 12, 18, 30, 54, 78, 102]);
        assert_eq!(kept(&six_hourly, 1), [0, 6, 12, 18]);
    }

    #[test]
    fn the_newest_is_kept_however_old_and_the_future_is_not_judged() {
        assert_eq!(kept(&[5000, 6000], 14), [5000]);
        assert_eq!(kept(&[-48, 0, 5000], 14), [-48, 0]);
        assert_eq!(kept(&[], 14), Vec::<i64>::new());
    }

    #[test]
    fn thinning_after_every_copy_keeps_a_copy_of_every_day() {
        let mut made = BTreeSet::new();
        for n in 0..400 {
            let now = Timestamp(NOON + n * 6 * HOUR);
            made.insert(now);
            for gone in surplus(&made, Duration::from_hours(24 * 14), now) {
                made.remove(&gone);
            }
        }
        assert!((15..=19).contains(&made.len()), "{}", made.len());
        let days: BTreeSet<i64> = made.iter().map(|at| at.0.div_euclid(DAY_MS)).collect();
        assert!(
            days.len() >= 14
                && days.last().unwrap() - days.first().unwrap() + 1 == i64::try_from(days.len()).unwrap()
        );
    }
}
