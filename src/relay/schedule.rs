//! When to ask the gateway about an order again.
//!
//! Notifications stop after a few tries, and without a public address there are none: so every order that may still
//! change is asked about, often while somebody waits and rarely afterwards.

use super::row::is_by_page;
use super::store::StoredOrder;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::units::{DAY_MS, Timestamp};

/// Milliseconds of a second.
const S: i64 = 1000;
/// Milliseconds of a minute.
const M: i64 = 60 * S;
/// Milliseconds of an hour.
const H: i64 = 60 * M;

/// After a claim that the gateway does not confirm, or a charge that it does not know (yet).
const DOUBTED: [i64; 4] = [2 * S, 5 * S, 15 * S, M];
/// While an order is being called off.
const CALLED_OFF: [i64; 5] = [2 * S, 5 * S, 15 * S, M, 5 * M];
/// When the gateway did not answer.
const UNANSWERED: [i64; 6] = [S, 2 * S, 5 * S, 15 * S, M, 5 * M];
/// Ages of an open order at which notifications are expected.
const NOTIFIED: [i64; 3] = [30 * S, 2 * M, 10 * M];
/// Without notifications: up to which age, how often.
const UNNOTIFIED: [(i64, i64); 5] =
    [(5 * M, 4 * S), (10 * M, 10 * S), (20 * M, 30 * S), (H, M), (i64::MAX, 10 * M)];
/// Times since the payment at which a settlement may have been taken back by the bank.
const REVERSAL: [i64; 2] = [5 * M, 15 * M];
/// Times since the payment at which a refund may have been made on the gateway's dashboard.
const RETURNED: [i64; 3] = [H, DAY_MS, 7 * DAY_MS];
/// The gateway ends an order some time after its customer's time is over.
pub(super) const EXPIRY_GRACE_MS: i64 = 5 * M;
/// Money may still come so long after the customer's time is over.
pub(super) const LATE_MS: i64 = DAY_MS;
/// A charge that the gateway still does not know after this was never made.
const CHARGE_LOST_MS: i64 = 15 * M;

fn after(at: Timestamp, ms: i64) -> Timestamp {
    Timestamp(at.0.saturating_add(ms))
}

/// The first of these points that is still to come.
fn next_point(now: Timestamp, points: impl IntoIterator<Item = Timestamp>) -> Option<Timestamp> {
    points.into_iter().filter(|at| *at > now).min()
}

fn step(steps: &[i64], tries: u32, now: Timestamp) -> Timestamp {
    let at = usize::try_from(tries).unwrap_or(usize::MAX).min(steps.len() - 1);
    after(now, steps[at])
}

/// When to try again after so many tries that the gateway did not answer.
pub(super) fn after_silence(tries: u32, now: Timestamp) -> Timestamp {
    step(&UNANSWERED, tries, now)
}

/// When to look again at an order while calls to the gateway are held back.
pub(super) fn while_held_back(now: Timestamp) -> Timestamp {
    after(now, 15 * S)
}

/// When to ask again about an order that the gateway does not know, after so many tries; `None`: it was asked often
/// enough.
pub(super) fn after_absence(tries: u32, now: Timestamp) -> Option<Timestamp> {
    DOUBTED.get(usize::try_from(tries).unwrap_or(usize::MAX)).map(|ms| after(now, *ms))
}

/// Whether the customer's time has been over for long enough to call the order off.
pub(super) fn is_past_grace(row: &StoredOrder, now: Timestamp) -> bool {
    now >= after(row.expires_at, EXPIRY_GRACE_MS)
}

/// Whether nothing is expected any more of an order that the gateway does not know.
pub(super) fn is_past_hope(row: &StoredOrder, now: Timestamp) -> bool {
    now >= after(row.expires_at, LATE_MS)
}

/// Whether a charge that the gateway does not know can be taken for one that was never made.
pub(super) fn is_charge_lost(row: &StoredOrder, now: Timestamp) -> bool {
    now >= after(row.created_at, CHARGE_LOST_MS)
}

/// When to ask next; `None`: nothing more is expected. `notified` says whether notifications can come.
pub(super) fn next_ask(row: &StoredOrder, now: Timestamp, notified: bool) -> Option<Timestamp> {
    let hourly = || after(now, H);
    let late = [after(row.expires_at, EXPIRY_GRACE_MS), after(row.expires_at, LATE_MS)];
    match row.standing.state {
        state if state.is_open() => {
            let doubted = row.standing.claimed.is_some() || row.standing.flags.contains(&Flag::ChargeUnknown);
            let doubt = if doubted { after_absence(row.asked, now) } else { None };
            let calling_off = row.abandoned.then(|| step(&CALLED_OFF, row.asked, now));
            let plan = next_point(now, open_plan(row, now, notified).into_iter().chain(late));
            next_point(now, [doubt, calling_off, plan].into_iter().flatten()).or_else(|| Some(hourly()))
        }
        // The page lets its customer try again, and cannot be closed once it is shown.
        OrderState::Denied | OrderState::Cancelled if is_by_page(row) => {
            let end = after(row.expires_at, LATE_MS);
            let plan = next_point(now, open_plan(row, now, notified).into_iter().chain(late));
            plan.filter(|at| *at <= end)
        }
        OrderState::Paid | OrderState::PartiallyRefunded | OrderState::Review => {
            let paid_at = row.paid_at.unwrap_or(row.created_at);
            let reversal: &[i64] = if may_be_reversed(row.method) { &REVERSAL } else { &[] };
            next_point(now, reversal.iter().chain(&RETURNED).map(|ms| after(paid_at, *ms)))
        }
        OrderState::Denied | OrderState::Expired | OrderState::Cancelled | OrderState::Failed => {
            next_point(now, late)
        }
        // An open state is the first arm's.
        OrderState::Created
        | OrderState::Pending
        | OrderState::Challenge
        | OrderState::Refunded
        | OrderState::ChargedBack
        | OrderState::Reversed => None,
    }
}

/// The next time by the order's age.
fn open_plan(row: &StoredOrder, now: Timestamp, notified: bool) -> Vec<Timestamp> {
    let age = now.0.saturating_sub(row.created_at.0).max(0);
    if notified {
        let next_hour = (age / H).saturating_add(1).saturating_mul(H);
        return NOTIFIED.iter().chain([&next_hour]).map(|ms| after(row.created_at, *ms)).collect();
    }
    let every = UNNOTIFIED.iter().find(|(until, _)| age < *until).map_or(10 * M, |(_, every)| *every);
    vec![after(now, every)]
}

/// These banks take a settlement back within minutes now and then.
const fn may_be_reversed(method: OnlineMethod) -> bool {
    // The page offers them, too.
    matches!(method, OnlineMethod::VaPermata | OnlineMethod::VaMandiri | OnlineMethod::Snap)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::OrderState::{
        Cancelled, Challenge, Created, Denied, Expired, Failed, Paid, PartiallyRefunded, Pending, Refunded,
        Reversed, Review,
    };
    use crate::domain::payment::{ClaimedMoney, Standing};
    use crate::domain::units::Rupiah;
    use crate::protocol::relay::PaymentMeans;

    /// Opened at zero, for a quarter of an hour.
    fn order(state: OrderState, method: OnlineMethod) -> StoredOrder {
        StoredOrder {
            id: "a".into(),
            merchant: "m".into(),
            site: "s".into(),
            request_id: "r".into(),
            request_hash: [0; 32],
            method,
            amount: Rupiah(1),
            items: Vec::new(),
            memo: None,
            return_url: None,
            standing: Standing { state, ..Standing::created() },
            means: PaymentMeans::default(),
            abandoned: false,
            created_at: Timestamp(0),
            expires_at: Timestamp(15 * M),
            paid_at: Some(Timestamp(2 * M)),
            asked: 0,
            ask_at: None,
            version: 0,
        }
    }

    /// Every time from `from` on at which such an order is asked about, up to `count` of them.
    fn times(order: &StoredOrder, from: i64, notified: bool, count: usize) -> Vec<i64> {
        let next = |now: &i64| next_ask(order, Timestamp(*now), notified).map(|at| at.0);
        std::iter::successors(next(&from), next).take(count).collect()
    }

    #[test]
    fn an_open_order_that_notifications_tell_about_is_asked_about_seldom() {
        for state in [Created, Pending, Challenge] {
            let asked = times(&order(state, OnlineMethod::Qris), 0, true, 8);
            let end = 20 * M;
            assert_eq!(asked, [30 * S, 2 * M, 10 * M, end, H, 2 * H, 3 * H, 4 * H]);
        }
        let late = times(&order(Pending, OnlineMethod::Qris), 23 * H, true, 4);
        assert_eq!(late, [24 * H, 15 * M + DAY_MS, 25 * H, 26 * H], "until the answer is final");
    }

    #[test]
    fn without_notifications_it_is_asked_about_every_four_seconds_and_then_less() {
        let order = order(Pending, OnlineMethod::Qris);
        let asked = times(&order, 0, false, 2000);
        let within = |from: i64, to: i64| asked.iter().filter(|at| (from..to).contains(*at)).count();
        assert_eq!(asked[..3], [4 * S, 8 * S, 12 * S]);
        let counts = [within(0, 5 * M), within(5 * M, 10 * M), within(10 * M, 20 * M), within(H, 2 * H)];
        assert_eq!(counts, [74, 30, 20, 6]);
        assert!(asked.contains(&(20 * M)));
    }

    #[test]
    fn doubts_and_orders_that_are_called_off_are_asked_about_soon() {
        let mut claimed = order(Pending, OnlineMethod::Qris);
        claimed.standing.claimed = Some(ClaimedMoney { transaction: None, signed: true });
        let mut unknown = order(Created, OnlineMethod::Qris);
        unknown.standing.flags.insert(Flag::ChargeUnknown);
        let mut abandoned = order(Pending, OnlineMethod::Qris);
        abandoned.abandoned = true;
        for row in [&mut claimed, &mut unknown, &mut abandoned] {
            for (asked, wait) in [2, 5, 15, 60].into_iter().enumerate() {
                row.asked = u32::try_from(asked).unwrap();
                let at = next_ask(row, Timestamp(3 * M), true);
                assert_eq!(at, Some(Timestamp(3 * M + wait * S)), "{row:?}");
            }
        }
        claimed.asked = 4;
        assert_eq!(
            next_ask(&claimed, Timestamp(3 * M), true),
            Some(Timestamp(10 * M)),
            "and then as any other"
        );
        abandoned.asked = 99;
        assert_eq!(
            next_ask(&abandoned, Timestamp(3 * M), true),
            Some(Timestamp(8 * M)),
            "for as long as it takes"
        );
    }

    #[test]
    fn what_is_paid_is_asked_about_while_it_may_be_taken_back() {
        let returns = [2 * M + H, 2 * M + DAY_MS, 2 * M + 7 * DAY_MS];
        for state in [Paid, PartiallyRefunded, Review] {
            assert_eq!(times(&order(state, OnlineMethod::Qris), 2 * M, true, 9), returns);
            let bill = times(&order(state, OnlineMethod::VaMandiri), 2 * M, true, 9);
            assert_eq!(bill[..2], [7 * M, 17 * M]);
            assert_eq!(bill[2..], returns);
        }
    }

    #[test]
    fn what_is_over_is_asked_about_once_more_a_day_after_its_time() {
        let late = [20 * M, 15 * M + DAY_MS];
        for state in [Expired, Cancelled, Failed, Denied] {
            assert_eq!(times(&order(state, OnlineMethod::Qris), M, true, 9), late);
        }
        for state in [Denied, Cancelled] {
            let page = times(&order(state, OnlineMethod::Snap), M, true, 99);
            assert_eq!(page[..4], [2 * M, 10 * M, 20 * M, H], "its customer may try again");
            assert_eq!(page.last(), Some(&(15 * M + DAY_MS)));
        }
        for state in [Refunded, Reversed] {
            assert_eq!(next_ask(&order(state, OnlineMethod::Qris), Timestamp(M), true), None);
        }
    }
}
