//! What a gateway says about one order, and what follows: a reducer whose states only move up.
//!
//! Two kinds of message come in. A *claim* is a notification: signed, but edited and replayed by anyone who saw one, so
//! it is remembered and never believed. A *report* is the gateway's answer to a status query made with the
//! merchant's own key; it alone moves money. Each may come twice, late, and out of order.
//!
//! The rules come from the gateway's documented life of a transaction: an order may be attempted several times,
//! each attempt has a transaction id of its own, and a settlement may still be taken back.

mod rules;

use std::collections::{BTreeMap, BTreeSet};

use rules::{Next, Verdict};

use super::ledger::named;
use super::order::{Flag, OrderState};
use super::units::{Rupiah, Timestamp};

/// The only currency.
pub const CURRENCY: &str = "IDR";
/// Key of what a reversed settlement returned.
pub const REVERSAL_KEY: &str = "reversal";
/// Key of what the payer's bank took back.
pub const CHARGEBACK_KEY: &str = "chargeback";
/// Key of what a refund returned beyond the refunds it lists.
pub const UNLISTED_KEY: &str = "unlisted";
/// The code that the gateway signs only when money has moved.
const CODE_SETTLED: u16 = 200;
/// The code that the gateway signs when an attempt ended without money.
const CODE_ENDED: u16 = 202;

named! {
    /// Status of a transaction as the gateway reports it, by the gateway's own words in lower case.
    GatewayStatus {
        /// Waits for the customer.
        Pending = "pending",
        /// Reserved on a card.
        Authorize = "authorize",
        /// Taken from a card.
        Capture = "capture",
        /// Paid.
        Settlement = "settlement",
        /// Refused.
        Deny = "deny",
        /// Called off.
        Cancel = "cancel",
        /// Lapsed.
        Expire = "expire",
        /// Broke down.
        Failure = "failure",
        /// Paid back.
        Refund = "refund",
        /// Paid back in part.
        PartialRefund = "partial_refund",
        /// Taken back by the payer's bank.
        Chargeback = "chargeback",
        /// Taken back in part by the payer's bank.
        PartialChargeback = "partial_chargeback",
    }
}

impl GatewayStatus {
    /// Whether it says that the customer's money has moved, be it back again.
    pub const fn is_money(self) -> bool {
        use GatewayStatus::{Capture, Chargeback, PartialChargeback, PartialRefund, Refund, Settlement};
        matches!(self, Capture | Settlement | Refund | PartialRefund | Chargeback | PartialChargeback)
    }
}

named! {
    /// The fraud check's verdict.
    Fraud {
        /// Nothing suspicious.
        Accept = "accept",
        /// A person must look.
        Challenge = "challenge",
        /// Refused; also whatever is no word of the gateway.
        Deny = "deny",
    }
}

/// The order as it was ordered: what a payment must agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentTerms {
    /// The gateway's `order_id`.
    pub order: String,
    /// What must be paid.
    pub amount: Rupiah,
    /// Whose money it is, when known.
    pub merchant: Option<String>,
    /// Whether the gateway adds its fee to what the customer pays.
    pub fee_imposition: bool,
}

/// The gateway's answer to a status query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayReport {
    /// Which order it is about, as it says.
    pub order: Option<String>,
    /// Which attempt.
    pub transaction: Option<String>,
    /// Its status.
    pub status: GatewayStatus,
    /// Its `status_code`.
    pub code: u16,
    /// The fraud check, when there was one.
    pub fraud: Option<Fraud>,
    /// What is paid; `None` when absent or not whole rupiah.
    pub amount: Option<Rupiah>,
    /// What was ordered, where the gateway added its fee to `amount`.
    pub original_amount: Option<Rupiah>,
    /// In which currency.
    pub currency: Option<String>,
    /// To which merchant.
    pub merchant: Option<String>,
    /// What went back, by key.
    pub refunds: BTreeMap<String, Rupiah>,
    /// What went back in all.
    pub refunded: Option<Rupiah>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// When it lapses.
    pub expires_at: Option<Timestamp>,
}

/// A signed notification, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Which attempt.
    pub transaction: Option<String>,
    /// The status that it claims. Not signed.
    pub status: GatewayStatus,
    /// Its `status_code`. Signed.
    pub code: u16,
}

/// The state of one order, with what must be remembered to read the next message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The state.
    pub state: OrderState,
    /// Marks for people.
    pub flags: BTreeSet<Flag>,
    /// The attempt that the state speaks of.
    pub transaction: Option<String>,
    /// Attempts besides `transaction` whose money is there, too.
    pub others: BTreeSet<String>,
    /// Whether the order's quote was credited.
    pub credited: bool,
    /// What went back so far, by the key under which it was reported to the site.
    pub refunds: BTreeMap<String, Rupiah>,
    /// What went back as the gateway lists it, by its own keys.
    pub listed: BTreeMap<String, Rupiah>,
    /// How attempts ended, as far as a later payment is read otherwise for it.
    pub ends: BTreeSet<(OrderState, Option<String>)>,
    /// The unconfirmed claim of money that weighs most.
    pub claimed: Option<ClaimedMoney>,
    /// How a claim said that the order ended before it was paid, and which attempt.
    pub claimed_end: Option<(OrderState, Option<String>)>,
}

/// Money that a notification spoke of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ClaimedMoney {
    /// Which attempt.
    pub transaction: Option<String>,
    /// Signed with a code that the gateway uses only once money has moved.
    pub signed: bool,
}

/// Something to report to the order's site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaymentEffect {
    /// The quote is paid: apply it, once.
    Credit,
    /// Money went back: undo as much, once for each key.
    Reverse {
        /// Names this return among the order's.
        key: String,
        /// How much.
        amount: Rupiah,
    },
    /// Money is there and cannot be applied: a person decides.
    Review,
    /// The state or a flag changed, and nothing else.
    Status,
}

/// What a message leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The standing that follows.
    pub standing: Standing,
    /// What is reported to the site, in order.
    pub effects: Vec<PaymentEffect>,
}

impl Standing {
    /// An order that was written down and nothing else.
    pub fn created() -> Self {
        Self {
            state: OrderState::Created,
            flags: BTreeSet::new(),
            transaction: None,
            others: BTreeSet::new(),
            credited: false,
            refunds: BTreeMap::new(),
            listed: BTreeMap::new(),
            ends: BTreeSet::new(),
            claimed: None,
            claimed_end: None,
        }
    }

    /// What went back so far, as reported to the site for undoing.
    pub fn refunded(&self) -> Rupiah {
        sum(&self.refunds)
    }

    /// What went back so far, be it of money that was never credited.
    pub fn returned(&self) -> Rupiah {
        if self.credited { self.refunded() } else { sum(&self.listed).max(self.refunded()) }
    }

    /// A notification came: it is remembered, and nobody is credited.
    #[must_use]
    pub fn claimed(&self, claim: &Claim) -> Standing {
        let mut next = self.clone();
        if !self.is_unpaid() {
            return next;
        }
        let settled_before = self.claimed.as_ref().is_some_and(|known| known.signed);
        if claim.status.is_money() {
            let signed = claim.code == CODE_SETTLED;
            if next.claimed.is_none() || (signed && !settled_before) {
                next.claimed = Some(ClaimedMoney { transaction: claim.transaction.clone(), signed });
            }
        }
        // What ended after it was paid says nothing of a late payment; what has another code was edited.
        if let Some(ended) = ended_state(claim.status)
            && claim.code == CODE_ENDED
            && !settled_before
            && self.claimed_end.as_ref().is_none_or(|(known, _)| gravity(ended) >= gravity(*known))
        {
            next.claimed_end = Some((ended, claim.transaction.clone()));
        }
        next
    }

    /// A mark that no message of the gateway carries, such as a bad signature.
    pub fn flagged(&self, flag: Flag) -> Advance {
        let mut next = Next::after(self);
        next.standing.flags.insert(flag);
        next.finish(self)
    }

    /// The order ends without the gateway: its charge was refused, or the gateway never heard of it. Does nothing to
    /// an order that is past being paid, nor with a state that is no such end.
    pub fn closed(&self, state: OrderState) -> Advance {
        let mut next = Next::after(self);
        if self.is_unpaid() && state.rank() == OrderState::Cancelled.rank() {
            next.standing.ends.insert((state, None));
            next.rise(state);
        }
        next.finish(self)
    }

    /// The gateway answered.
    pub fn reported(&self, terms: &PaymentTerms, report: &GatewayReport) -> Advance {
        let mut next = Next::after(self);
        if !terms.is_about(report, self) {
            next.standing.flags.insert(Flag::OrderMismatch);
            return next.finish(self);
        }
        let verdict = Verdict::of(report);
        match verdict {
            Verdict::Open(state) => next.open(state, report),
            Verdict::Money => next.money(terms, report),
            Verdict::Ended(state) => next.ended(terms, state, report),
            Verdict::Returned(way) => next.returned(terms, way, report),
            Verdict::Unclear => {
                next.standing.flags.insert(Flag::Inconsistent);
                return next.finish(self);
            }
        }
        next.settle_doubts(verdict);
        next.finish(self)
    }

    /// Whether no money was ever confirmed.
    fn is_unpaid(&self) -> bool {
        self.state.rank() < OrderState::Paid.rank()
    }

    /// Whether the gateway named this attempt before.
    fn knows(&self, attempt: &str) -> bool {
        let ended = self.ends.iter().filter_map(|(_, attempt)| attempt.as_deref());
        ended.chain(self.transaction.as_deref()).any(|known| known == attempt)
            || self.others.contains(attempt)
    }

    /// Whether an attempt of this report's ended so; who does not say which attempt it is may be any.
    fn has_ended(&self, state: OrderState, report: &GatewayReport) -> bool {
        self.ends.iter().any(|(end, attempt)| {
            *end == state && may_be_same(attempt.as_deref(), report.transaction.as_deref())
        })
    }
}

fn sum(amounts: &BTreeMap<String, Rupiah>) -> Rupiah {
    amounts.values().fold(Rupiah::ZERO, |sum, amount| sum.plus(*amount))
}

/// Whether two attempts may be one; who does not say, may.
fn may_be_same(one: Option<&str>, other: Option<&str>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The state in which an attempt ended without money.
fn ended_state(status: GatewayStatus) -> Option<OrderState> {
    match status {
        GatewayStatus::Deny => Some(OrderState::Denied),
        GatewayStatus::Cancel => Some(OrderState::Cancelled),
        GatewayStatus::Expire => Some(OrderState::Expired),
        GatewayStatus::Failure => Some(OrderState::Failed),
        GatewayStatus::Pending
        | GatewayStatus::Authorize
        | GatewayStatus::Capture
        | GatewayStatus::Settlement
        | GatewayStatus::Refund
        | GatewayStatus::PartialRefund
        | GatewayStatus::Chargeback
        | GatewayStatus::PartialChargeback => None,
    }
}

/// How much an end says about a payment that follows: a cancel stops it, an expiry marks it, a deny only where it is
/// of the same attempt.
fn gravity(end: OrderState) -> u8 {
    match end {
        OrderState::Cancelled => 2,
        OrderState::Denied => 0,
        OrderState::Expired
        | OrderState::Failed
        // No end without money.
        | OrderState::Created
        | OrderState::Pending
        | OrderState::Challenge
        | OrderState::Paid
        | OrderState::PartiallyRefunded
        | OrderState::Refunded
        | OrderState::ChargedBack
        | OrderState::Reversed
        | OrderState::Review => 1,
    }
}

#[cfg(test)]
#[path = "payment_tests.rs"]
mod tests;
