//! What an expiry and a plan come from: every change of them, in order, so that an order can be taken out again.

use std::collections::BTreeSet;

use super::id::OrderId;
use super::ledger::named;
use super::units::Timestamp;

named! {
    /// How days that are bought extend an expiry.
    Expiry {
        /// The later of the old expiry and now plus the days.
        ResetFromNow = "reset_from_now",
        /// The days are added to what is left.
        Extend = "extend",
    }
}

/// One change of a user's expiry or plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValidityChange {
    /// Days were given.
    Days {
        /// How many.
        days: u32,
        /// When they began to count; `None`: they wait until the clock is trusted.
        at: Option<Timestamp>,
        /// How they extend the expiry.
        rule: Expiry,
    },
    /// All days that waited began to count.
    Began {
        /// When.
        at: Timestamp,
        /// How they extend the expiry.
        rule: Expiry,
    },
    /// An operator set the expiry; `None` is never.
    Expiry(Option<Timestamp>),
    /// An unlimited plan began, or ended.
    Plan(bool),
    /// The step's order was undone: none of its steps counts.
    Undone,
}

/// A change and the order that made it, if one did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidityStep {
    /// What changed.
    pub change: ValidityChange,
    /// The order that was paid or undone.
    pub order: Option<OrderId>,
}

impl ValidityStep {
    /// A step that no order made.
    pub const fn of(change: ValidityChange) -> Self {
        Self { change, order: None }
    }
}

/// Until when and on what plan a user may use the hotspot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validity {
    /// When the days end; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// Days that wait until the clock is trusted.
    pub waiting_days: u32,
    /// On an unlimited plan.
    pub unlimited: bool,
}

impl Validity {
    /// What follows from `change`.
    #[must_use]
    pub fn and(self, change: ValidityChange) -> Self {
        match change {
            ValidityChange::Days { days, at: Some(at), rule } => self.with_days(days, at, rule),
            ValidityChange::Days { days, at: None, .. } => {
                Self { waiting_days: self.waiting_days.saturating_add(days), ..self }
            }
            // Days of an order that was undone while they waited never begin.
            ValidityChange::Began { .. } if self.waiting_days == 0 => self,
            ValidityChange::Began { at, rule } => {
                Self { waiting_days: 0, ..self.with_days(self.waiting_days, at, rule) }
            }
            ValidityChange::Expiry(expires_at) => Self { expires_at, ..self },
            ValidityChange::Plan(unlimited) => Self { unlimited, ..self },
            ValidityChange::Undone => self,
        }
    }

    /// The fold of the steps that count, oldest first.
    pub fn fold<'a>(steps: impl IntoIterator<Item = &'a ValidityStep> + Clone) -> Self {
        let undone: BTreeSet<&OrderId> = steps
            .clone()
            .into_iter()
            .filter(|step| step.change == ValidityChange::Undone)
            .filter_map(|step| step.order.as_ref())
            .collect();
        let counts = |step: &&ValidityStep| step.order.as_ref().is_none_or(|order| !undone.contains(order));
        steps.into_iter().filter(counts).fold(Self::default(), |validity, step| validity.and(step.change))
    }

    /// No expiry counts as now.
    fn with_days(self, days: u32, now: Timestamp, rule: Expiry) -> Self {
        let old = self.expires_at.unwrap_or(now);
        let expires_at = Some(match rule {
            Expiry::ResetFromNow => old.max(now.plus_days(days)),
            Expiry::Extend => old.max(now).plus_days(days),
        });
        Self { expires_at, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000);

    fn order(name: &str, change: ValidityChange) -> ValidityStep {
        ValidityStep { change, order: Some(OrderId(name.into())) }
    }

    fn days(name: &str, days: u32, at: Option<Timestamp>, rule: Expiry) -> ValidityStep {
        order(name, ValidityChange::Days { days, at, rule })
    }

    fn left(steps: &[ValidityStep], undone: &[&str]) -> Validity {
        let undone = undone.iter().map(|name| order(name, ValidityChange::Undone));
        let steps: Vec<ValidityStep> = steps.iter().cloned().chain(undone).collect();
        Validity::fold(&steps)
    }

    #[test]
    fn what_an_undone_order_leaves_is_what_would_be_without_it() {
        use Expiry::{Extend, ResetFromNow};
        let later = |n: u32| Some(NOW.plus_days(n));
        let set = ValidityStep::of(ValidityChange::Expiry(later(5)));
        let sold = [days("a", 60, Some(NOW), ResetFromNow), days("b", 30, later(1), ResetFromNow)];
        assert_eq!(left(&sold, &[]).expires_at, later(60));
        assert_eq!(left(&sold, &["a"]).expires_at, later(31), "the second's days, from when it was bought");
        assert_eq!(left(&sold, &["b"]).expires_at, later(60));
        assert_eq!(left(&sold, &["b", "a"]), Validity::default());
        let extended = ["a", "b", "c", "d"].map(|name| days(name, 30, Some(NOW), Extend));
        assert_eq!(left(&extended, &[]).expires_at, later(120));
        for back in [["a", "b", "c"], ["d", "c", "b"], ["b", "d", "a"]] {
            assert_eq!(left(&extended, &back).expires_at, later(30), "{back:?}");
        }
        let corrected = [sold[0].clone(), set.clone(), sold[1].clone()];
        assert_eq!(left(&corrected, &["b"]).expires_at, later(5), "what was set stands");
        assert_eq!(left(&corrected, &["a"]).expires_at, later(31));
    }

    #[test]
    fn of_two_plans_one_stays_and_a_finite_purchase_that_goes_back_ended_none() {
        let plan = |name, on| order(name, ValidityChange::Plan(on));
        let twice = [plan("a", true), plan("b", true)];
        assert!(left(&twice, &["a"]).unlimited && left(&twice, &["b"]).unlimited);
        assert!(!left(&twice, &["a", "b"]).unlimited);
        let ended = [plan("a", true), plan("b", false)];
        assert!(!left(&ended, &[]).unlimited && left(&ended, &["b"]).unlimited);
        assert!(!left(&ended, &["a"]).unlimited);
    }

    #[test]
    fn days_that_wait_are_taken_out_before_and_after_they_begin() {
        let rule = Expiry::ResetFromNow;
        let waiting = [days("a", 60, None, rule), days("b", 30, None, rule)];
        assert_eq!(left(&waiting, &[]).waiting_days, 90);
        assert_eq!(left(&waiting, &["a"]), Validity { waiting_days: 30, ..Validity::default() });
        let began = ValidityStep::of(ValidityChange::Began { at: NOW, rule });
        let begun: Vec<ValidityStep> = waiting.into_iter().chain([began]).collect();
        assert_eq!(left(&begun, &[]).expires_at, Some(NOW.plus_days(90)));
        assert_eq!(left(&begun, &["a"]).expires_at, Some(NOW.plus_days(30)));
        assert_eq!(left(&begun, &["a", "b"]), Validity::default(), "nothing began");
    }
}
