//! The demo's output while it runs: a line for each action of a customer, and for each change of access.

use super::town::{Notices, Town};
use crate::agent::engine::{Engine, Notice};
use crate::cli::failure::Failure;
use crate::cli::output::say;
use crate::domain::access::{Access, Reason};
use crate::domain::units::{Bytes, Timestamp};
use crate::protocol::admin::users::UserView;

/// The most changes of access shown in one second, apart from those caused by payments: more cannot be read.
const TOLD_PER_SECOND_MAX: u32 = 6;

/// Prints the events.
pub(super) struct DemoNews<'a> {
    town: &'a Town,
    notices: Notices,
    /// Changes of access since the customers were created.
    pub changes: u64,
    pace: Pace,
}

impl<'a> DemoNews<'a> {
    /// Starts without events.
    pub fn of(town: &'a Town, notices: Notices) -> Self {
        Self { town, notices, changes: 0, pace: Pace::default() }
    }

    /// Prints an event with the time of day.
    pub fn tell(&self, line: &str) -> Result<(), Failure> {
        say(&format!("{}  {line}", time(self.town)))
    }

    /// The agent's next notice; waits forever once the agent has stopped.
    pub async fn next(&mut self) -> Notice {
        match self.notices.recv().await {
            Some(notice) => notice,
            None => std::future::pending().await,
        }
    }

    /// Prints a notice of the agent, if there is time to read it.
    pub async fn pass_on(&mut self, notice: &Notice) -> Result<(), Failure> {
        self.changes += u64::from(matches!(notice, Notice::AccessChanged { .. }));
        let (is_told, left_out) = self.pace.admit(is_of_money(notice), self.town.site.clock.now());
        if left_out > 0 {
            self.tell(&format!("{left_out} more turned"))?;
        }
        if !is_told {
            return Ok(());
        }
        line(self.town, notice).await.map_or(Ok(()), |line| self.tell(&line))
    }

    /// Prints all outstanding notices of the agent.
    pub async fn pass_on_rest(&mut self) -> Result<(), Failure> {
        while let Ok(notice) = self.notices.try_recv() {
            self.pass_on(&notice).await?;
        }
        Ok(())
    }

    /// Drops all notices so far.
    pub fn forget(&mut self) {
        while self.notices.try_recv().is_ok() {}
    }
}

/// Whether a payment caused it, or is due after it.
fn is_of_money(notice: &Notice) -> bool {
    match notice {
        Notice::AccessChanged { from, to, .. } => {
            let is_paying = |access: &Access| access.reason == Some(Reason::Paying);
            is_paying(from) || is_paying(to) || to.reason.is_none()
        }
        Notice::OverageWarning { .. } => false,
    }
}

/// The number of lines printed this second.
#[derive(Debug, Default)]
struct Pace {
    second: i64,
    told: u32,
    left_out: u64,
}

impl Pace {
    /// Whether a line may be printed, as `important` ones always may; and how many lines were left out in the seconds
    /// before and not reported yet.
    fn admit(&mut self, important: bool, now: Timestamp) -> (bool, u64) {
        let second = now.0.div_euclid(1000);
        let mut owned_up = 0;
        if second != self.second {
            owned_up = std::mem::take(&mut self.left_out);
            (self.second, self.told) = (second, 0);
        }
        let is_told = important || self.told < TOLD_PER_SECOND_MAX;
        match (important, is_told) {
            (true, _) => {}
            (false, true) => self.told += 1,
            (false, false) => self.left_out += 1,
        }
        (is_told, owned_up)
    }
}

/// The local time of day, to the second.
fn time(town: &Town) -> String {
    let now = town.site.clock.now();
    let minute = town.site.config.timezone.local(now).minute_of_day;
    // Every zone is whole minutes away from UTC.
    let second = now.0.div_euclid(1000).rem_euclid(60);
    format!("{:02}:{:02}:{second:02}", minute / 60, minute % 60)
}

/// A notice as a line, with the number that matters.
async fn line(town: &Town, notice: &Notice) -> Option<String> {
    let (id, name, what) = match notice {
        Notice::AccessChanged { user, name, from, to } => {
            (*user, name, format!("{} → {}", status(from), full(to)))
        }
        Notice::OverageWarning { user, name } => (*user, name, "is warned: near the debt limit".to_owned()),
    };
    let look = move |engine: &mut Engine| {
        let look = engine.read_view();
        look.user(id).map(|snapshot| UserView::of(&snapshot, look.policy))
    };
    let user = town.site.engine().call(look).await.ok().flatten()?;
    Some(format!("{name:18}  {what}  {}", number(&user)))
}

fn status(access: &Access) -> &'static str {
    access.status.name()
}

fn full(access: &Access) -> String {
    match access.reason {
        Some(reason) if reason.name() != status(access) => format!("{} ({})", status(access), reason.name()),
        _ => status(access).to_owned(),
    }
}

/// The number that caused an access.
fn number(user: &UserView) -> String {
    let reason = user.access.reason;
    if user.unlimited {
        "unlimited".to_owned()
    } else if reason == Some(Reason::DebtOverdue) {
        format!("owes {}", Bytes(user.debt_items_bytes))
    } else if reason == Some(Reason::DebtLimit) || user.overage_bytes > 0 {
        format!("overage {}", Bytes(user.overage_bytes))
    } else {
        format!("{} left", Bytes(user.remaining_bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_can_be_read_is_counted_and_told_a_second_later() {
        let mut pace = Pace::default();
        let at = |ms: i64| Timestamp(5_000 + ms);
        for told in 1..=TOLD_PER_SECOND_MAX + 3 {
            assert_eq!(pace.admit(false, at(0)), (told <= TOLD_PER_SECOND_MAX, 0));
        }
        assert_eq!(pace.admit(true, at(999)), (true, 0));
        assert_eq!(pace.admit(false, at(1_000)), (true, 3));
        assert_eq!(pace.admit(false, at(1_000)), (true, 0));
    }
}
