//! The examination that nobody asks for: once some minutes after a start, and then once a day while customers sleep. What fails
//! waits on the dashboard like what somebody found by the button.

use std::sync::Arc;
use std::time::Duration;

use super::doctor::examine_again;
use super::state::AppState;
use crate::agent::site::Site;

/// Before the first examination: router and relay were reached by then, and a start at a busy hour is over.
const FIRST_AFTER: Duration = Duration::from_mins(5);
/// From when on in the night, in minutes of the site's day: after midnight's blocks, before the first customers.
const QUIET_FROM: u16 = 3 * 60 + 30;
/// Until when.
const QUIET_UNTIL: u16 = 5 * 60;
/// Two nights' examinations are at least this far apart; one by the button does not count.
const APART_MIN: Duration = Duration::from_hours(12);
/// Without a quiet hour for so long, as with a clock that steps, any hour will do.
const APART_MAX: Duration = Duration::from_hours(30);

/// When the next examination is due. It goes by the time since the boot, so that a clock that steps neither repeats nor skips
/// one; only the hour of the night is the wall's.
pub(crate) struct ExaminationSchedule {
    started: Duration,
    last: Option<Duration>,
}

impl ExaminationSchedule {
    /// Begins with the daemon.
    pub fn new(site: &Site) -> Self {
        Self { started: site.clock.uptime(), last: None }
    }

    fn is_due(&self, uptime: Duration, minute_of_day: u16) -> bool {
        let Some(last) = self.last else { return uptime.saturating_sub(self.started) >= FIRST_AFTER };
        let since = uptime.saturating_sub(last);
        let is_quiet = (QUIET_FROM..QUIET_UNTIL).contains(&minute_of_day);
        since >= APART_MAX || is_quiet && since >= APART_MIN
    }

    /// Examines everything if it is due. Returns whether it did.
    pub async fn examine_once(&mut self, app: &Arc<AppState>) -> bool {
        let site = &app.site;
        let (uptime, now) = (site.clock.uptime(), site.clock.now());
        if !self.is_due(uptime, site.config.timezone.local(now).minute_of_day) {
            return false;
        }
        self.last = Some(uptime);
        examine_again(app).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_some_minutes_after_the_start_and_then_once_each_night() {
        let (mut schedule, mut examined) =
            (ExaminationSchedule { started: Duration::from_mins(90), last: None }, Vec::new());
        // Started at 22:00; three days, minute by minute.
        for minute in 0..3 * 24 * 60_u16 {
            let uptime = Duration::from_mins(90 + u64::from(minute));
            if schedule.is_due(uptime, (22 * 60 + minute) % (24 * 60)) {
                schedule.last = Some(uptime);
                examined.push(minute);
            }
        }
        // The first night is too close to the start.
        assert_eq!(examined.first(), Some(&5));
        assert_eq!(examined[1..], [24 * 60 + 330, 2 * 24 * 60 + 330]);
    }

    #[test]
    fn a_clock_that_never_shows_the_night_delays_it_for_some_hours_only() {
        let schedule = ExaminationSchedule { started: Duration::ZERO, last: Some(Duration::from_hours(1)) };
        assert!(!schedule.is_due(Duration::from_hours(30), 12 * 60));
        assert!(schedule.is_due(Duration::from_hours(31), 12 * 60));
        assert!(!schedule.is_due(Duration::from_hours(2), 4 * 60), "a clock that steps repeats nothing");
    }
}
