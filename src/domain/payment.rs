//! What a gateway says about one order, and what follows: a reducer whose states only move up.
//!
//! Two kinds of message come in. A *claim* is a notification: signed, but edited and replayed by whoever saw one, so
//! it is remembered and never believed. A *report* is the gateway's answer to a status query made with the
//! merchant's own key; it alone moves money. Each may come twice, late, and out of order.
//!
//! The rules come from the gateway's documented life of a transaction: an order may be attempted several times,
//! each attempt has a transaction id of its own, and a settlement may still be taken back.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger::named;
use super::order::{Flag, OrderState};
use super::units::{Rupiah, Timestamp};

/// The only currency.
pub const CURRENCY: &str = "IDR";
/// Under this key stands what a settlement that was taken back returned.
pub const REVERSAL_KEY: &str = "reversal";
/// Under this key stands what the payer's bank took back.
pub const CHARGEBACK_KEY: &str = "chargeback";
/// Under this key stands what a refund returned beyond the refunds it lists.
pub const UNLISTED_KEY: &str = "unlisted";
/// The code that the gateway signs only when money has moved.
const CODE_SETTLED: u16 = 200;

named! {
    /// Where the gateway says that a transaction stands, by the gateway's own words in lower case.
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
pub struct Terms {
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
pub struct Report {
    /// Which order it is about, as it says.
    pub order: Option<String>,
    /// Which attempt.
    pub transaction: Option<String>,
    /// Where it stands.
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
    /// Where it is said to stand. Not signed.
    pub status: GatewayStatus,
    /// Its `status_code`. Signed.
    pub code: u16,
}

/// Where one order stands, with what must be remembered to read the next message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Standing {
    /// The state.
    pub state: OrderState,
    /// Marks for people.
    pub flags: BTreeSet<Flag>,
    /// The attempt that the state speaks of.
    pub transaction: Option<String>,
    /// Whether the order's quote was credited.
    pub credited: bool,
    /// What went back so far, by key.
    pub refunds: BTreeMap<String, Rupiah>,
    /// Attempts that were denied.
    pub denied: BTreeSet<String>,
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

/// Something that the order's site must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
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
    /// What the site is told, in order.
    pub effects: Vec<Effect>,
}

impl Standing {
    /// An order that was written down and nothing else.
    pub fn created() -> Self {
        Self {
            state: OrderState::Created,
            flags: BTreeSet::new(),
            transaction: None,
            credited: false,
            refunds: BTreeMap::new(),
            denied: BTreeSet::new(),
            claimed: None,
            claimed_end: None,
        }
    }

    /// What went back so far.
    pub fn refunded(&self) -> Rupiah {
        self.refunds.values().fold(Rupiah::ZERO, |sum, amount| sum.plus(*amount))
    }

    /// A notification came: it is remembered, and nobody is credited.
    #[must_use]
    pub fn claimed(&self, claim: &Claim) -> Standing {
        let mut next = self.clone();
        if claim.status.is_money() && self.state.rank() < OrderState::Paid.rank() {
            let signed = claim.code == CODE_SETTLED;
            let weighs_more = next.claimed.as_ref().is_none_or(|known| signed && !known.signed);
            if weighs_more {
                next.claimed = Some(ClaimedMoney { transaction: claim.transaction.clone(), signed });
            }
        }
        if let Some(ended) = ended_state(claim.status)
            && self.state.is_open()
        {
            next.claimed_end = Some((ended, claim.transaction.clone()));
        }
        next
    }

    /// A mark that no message of the gateway carries, such as a bad signature.
    pub fn flagged(&self, flag: Flag) -> Advance {
        let mut next = Next { standing: self.clone(), effects: Vec::new() };
        next.standing.flags.insert(flag);
        next.finish(self)
    }

    /// The order ends without the gateway: its charge was refused, or the gateway never heard of it. Does nothing to
    /// an order that is past being paid.
    pub fn closed(&self, state: OrderState) -> Advance {
        let mut next = Next { standing: self.clone(), effects: Vec::new() };
        next.rise(state);
        next.finish(self)
    }

    /// The gateway answered.
    pub fn reported(&self, terms: &Terms, report: &Report) -> Advance {
        let mut next = Next { standing: self.clone(), effects: Vec::new() };
        if !terms.is_about(report, self.transaction.as_deref()) {
            next.standing.flags.insert(Flag::OrderMismatch);
            return next.finish(self);
        }
        match Verdict::of(report) {
            Verdict::Open(state) => next.open(state, report),
            Verdict::Paid => next.paid(terms, report),
            Verdict::FraudRefused => next.hold(Flag::FraudStatus, report),
            Verdict::Ended(state) => next.ended(terms, state, report),
            Verdict::Returned => next.returned(terms, report),
            Verdict::Unclear => drop(next.standing.flags.insert(Flag::Inconsistent)),
        }
        next.weigh_claims(report);
        next.finish(self)
    }
}

/// The state in which an attempt ended without money.
fn ended_state(status: GatewayStatus) -> Option<OrderState> {
    match status {
        GatewayStatus::Deny => Some(OrderState::Denied),
        GatewayStatus::Cancel => Some(OrderState::Cancelled),
        GatewayStatus::Expire => Some(OrderState::Expired),
        GatewayStatus::Failure => Some(OrderState::Failed),
        _ => None,
    }
}

/// What a report means, before the order's past is looked at.
enum Verdict {
    /// Not decided yet.
    Open(OrderState),
    /// The customer's money is there.
    Paid,
    /// The money is there and the fraud check says no.
    FraudRefused,
    /// Over, without money.
    Ended(OrderState),
    /// Money went back.
    Returned,
    /// Status, code and fraud check do not fit together.
    Unclear,
}

impl Verdict {
    fn of(report: &Report) -> Self {
        use GatewayStatus::{
            Authorize, Capture, Chargeback, PartialChargeback, PartialRefund, Pending, Refund, Settlement,
        };
        let fraud = report.fraud.unwrap_or(Fraud::Accept);
        match report.status {
            Pending | Authorize => Self::Open(OrderState::Pending),
            Capture if fraud == Fraud::Challenge => Self::Open(OrderState::Challenge),
            Capture | Settlement if report.code != CODE_SETTLED => Self::Unclear,
            Capture | Settlement if fraud == Fraud::Accept => Self::Paid,
            Capture | Settlement => Self::FraudRefused,
            Refund | PartialRefund | Chargeback | PartialChargeback => Self::Returned,
            status => ended_state(status).map_or(Self::Unclear, Self::Ended),
        }
    }
}

impl Terms {
    /// Whether the report speaks of this order. Some rails echo the transaction id in the place of the order's.
    fn is_about(&self, report: &Report, transaction: Option<&str>) -> bool {
        let echoed = report.order.as_deref();
        echoed.is_none_or(|order| order == self.order || Some(order) == transaction)
    }

    /// In what a payment differs from what was ordered.
    fn mismatches(&self, report: &Report) -> BTreeSet<Flag> {
        let ordered = if self.fee_imposition && report.original_amount.is_some() {
            report.original_amount
        } else {
            report.amount
        };
        let merchant = self.merchant.as_ref().zip(report.merchant.as_ref());
        [
            (ordered != Some(self.amount), Flag::AmountMismatch),
            (report.currency.as_deref() != Some(CURRENCY), Flag::CurrencyMismatch),
            (merchant.is_some_and(|(ours, theirs)| ours != theirs), Flag::MerchantMismatch),
        ]
        .into_iter()
        .filter_map(|(differs, flag)| differs.then_some(flag))
        .collect()
    }
}

/// A standing as it becomes.
struct Next {
    standing: Standing,
    effects: Vec<Effect>,
}

impl Next {
    fn rise(&mut self, state: OrderState) -> bool {
        let rises = state.rank() > self.standing.state.rank();
        if rises {
            self.standing.state = state;
        }
        rises
    }

    /// Whether the report speaks of the attempt that the state speaks of; who does not say, does.
    fn is_same_attempt(&self, report: &Report) -> bool {
        let both = self.standing.transaction.as_ref().zip(report.transaction.as_ref());
        both.is_none_or(|(ours, theirs)| ours == theirs)
    }

    fn take_attempt(&mut self, report: &Report) {
        if report.transaction.is_some() {
            self.standing.transaction.clone_from(&report.transaction);
        }
    }

    fn open(&mut self, state: OrderState, report: &Report) {
        if state == OrderState::Challenge && self.standing.state.rank() <= state.rank() {
            self.standing.flags.insert(Flag::FraudChallenge);
        }
        if self.standing.state.is_open() {
            self.take_attempt(report);
        }
        self.rise(state);
    }

    fn paid(&mut self, terms: &Terms, report: &Report) {
        match self.standing.state {
            OrderState::Paid | OrderState::PartiallyRefunded | OrderState::Refunded => {
                if !self.is_same_attempt(report) {
                    self.standing.flags.insert(Flag::PaidTwice);
                }
            }
            OrderState::ChargedBack | OrderState::Reversed => self.hold(Flag::PaidAfterReversal, report),
            _ => self.settle(terms, report),
        }
    }

    /// Money for an order that was not credited: credited now, unless something speaks against it.
    fn settle(&mut self, terms: &Terms, report: &Report) {
        let held = [Flag::PaidAfterCancel, Flag::PaidAfterReversal];
        if self.standing.state == OrderState::Review && self.standing.flags.iter().any(|f| held.contains(f)) {
            return;
        }
        let mismatches = terms.mismatches(report);
        let end = self.end_before(report);
        let cancelled = end == Some(OrderState::Cancelled);
        if mismatches.is_empty() && !cancelled {
            if end.is_some() {
                self.standing.flags.insert(Flag::LateSettlement);
            }
            self.take_attempt(report);
            self.standing.state = OrderState::Paid;
            self.standing.credited = true;
            self.effects.push(Effect::Credit);
            return;
        }
        for flag in mismatches.into_iter().chain(cancelled.then_some(Flag::PaidAfterCancel)) {
            self.hold(flag, report);
        }
    }

    /// How the attempt that this settlement belongs to had ended, by what we were told. An attempt that follows a
    /// denied one is a payment like any other.
    fn end_before(&self, report: &Report) -> Option<OrderState> {
        let standing = &self.standing;
        let same =
            |of: &Option<String>| of.is_none() || report.transaction.is_none() || *of == report.transaction;
        let denied_before = || match &report.transaction {
            Some(transaction) => standing.denied.contains(transaction),
            None => true,
        };
        match standing.state {
            OrderState::Denied => denied_before().then_some(OrderState::Denied),
            state @ (OrderState::Expired | OrderState::Cancelled | OrderState::Failed) => Some(state),
            _ => match &standing.claimed_end {
                Some((OrderState::Denied, of)) => same(of).then_some(OrderState::Denied),
                Some((state, _)) => Some(*state),
                None => None,
            },
        }
    }

    /// Money that waits for a person.
    fn hold(&mut self, flag: Flag, report: &Report) {
        if self.standing.state == OrderState::Paid || self.standing.state == OrderState::PartiallyRefunded {
            // Credited and confirmed before: what is said about it now changes nothing.
            self.standing.flags.insert(Flag::Inconsistent);
            return;
        }
        self.take_attempt(report);
        self.standing.flags.insert(flag);
        if self.standing.state != OrderState::Review {
            self.standing.state = OrderState::Review;
            self.effects.push(Effect::Review);
        }
    }

    fn ended(&mut self, terms: &Terms, state: OrderState, report: &Report) {
        if state == OrderState::Denied
            && let Some(transaction) = &report.transaction
        {
            self.standing.denied.insert(transaction.clone());
        }
        match self.standing.state {
            OrderState::Created | OrderState::Pending | OrderState::Challenge => {
                self.take_attempt(report);
                let settled_before = self.standing.claimed.as_ref().is_some_and(|claimed| claimed.signed);
                if state == OrderState::Denied && settled_before {
                    // It was settled and taken back before anybody could confirm it.
                    self.standing.state = OrderState::Reversed;
                    self.standing.flags.insert(Flag::ProviderReversal);
                    self.standing.claimed = None;
                } else {
                    self.standing.state = state;
                }
            }
            OrderState::Paid | OrderState::PartiallyRefunded if self.is_same_attempt(report) => {
                self.standing.flags.insert(Flag::ProviderReversal);
                self.give_back(REVERSAL_KEY, terms.amount);
                self.standing.state = OrderState::Reversed;
            }
            OrderState::Review if self.is_same_attempt(report) => {
                self.standing.flags.insert(Flag::ProviderReversal);
                self.standing.state = OrderState::Reversed;
            }
            _ => {}
        }
    }

    /// Money that went back. A partial return proves that the order was paid before.
    fn returned(&mut self, terms: &Terms, report: &Report) {
        let partial =
            matches!(report.status, GatewayStatus::PartialRefund | GatewayStatus::PartialChargeback);
        let charged_back =
            matches!(report.status, GatewayStatus::Chargeback | GatewayStatus::PartialChargeback);
        let before = self.standing.state;
        if !self.standing.credited && partial && before.rank() < OrderState::Paid.rank() {
            self.settle(terms, report);
        }
        if self.standing.credited && !self.is_same_attempt(report) {
            return;
        }
        self.take_attempt(report);
        if charged_back {
            self.standing.flags.insert(Flag::Chargeback);
        }
        self.list_returns(terms, report, charged_back, partial);
        let whole = !partial || self.standing.refunded() >= terms.amount;
        let state = match (whole, charged_back) {
            (true, true) => OrderState::ChargedBack,
            (true, false) => OrderState::Refunded,
            (false, _) => OrderState::PartiallyRefunded,
        };
        if !whole {
            self.standing.flags.insert(Flag::PartialRefund);
        }
        let review = self.standing.state == OrderState::Review;
        if (review && whole) || (!review && state.rank() > self.standing.state.rank()) {
            self.standing.state = state;
        }
    }

    /// Each return once, by its key; what a total says beyond the list stands under a key of its own.
    fn list_returns(&mut self, terms: &Terms, report: &Report, charged_back: bool, partial: bool) {
        for (key, amount) in &report.refunds {
            self.give_back_once(key, *amount, terms.amount);
        }
        let total = if partial { report.refunded.unwrap_or_default() } else { terms.amount };
        let rest = total.min(terms.amount).minus(self.standing.refunded());
        if rest > Rupiah::ZERO {
            let key = if charged_back { CHARGEBACK_KEY } else { UNLISTED_KEY };
            let mut name = key.to_owned();
            while self.standing.refunds.contains_key(&name) {
                name.push('+');
            }
            self.give_back_once(&name, rest, terms.amount);
        }
    }

    fn give_back_once(&mut self, key: &str, amount: Rupiah, paid: Rupiah) {
        if self.standing.refunds.contains_key(key) {
            return;
        }
        let left = paid.minus(self.standing.refunded());
        let amount = amount.min(left);
        if amount > Rupiah::ZERO {
            self.record_return(key, amount);
        }
    }

    /// All that is left of the order goes back.
    fn give_back(&mut self, key: &str, paid: Rupiah) {
        self.give_back_once(key, paid, paid);
    }

    fn record_return(&mut self, key: &str, amount: Rupiah) {
        self.standing.refunds.insert(key.to_owned(), amount);
        if self.standing.credited {
            self.effects.push(Effect::Reverse { key: key.to_owned(), amount });
        }
    }

    /// A claim of money is settled by a report of money, and suspicious beside any other.
    fn weigh_claims(&mut self, report: &Report) {
        if self.standing.state.rank() >= OrderState::Paid.rank() {
            self.standing.claimed = None;
        }
        if !report.status.is_money() && self.standing.claimed.is_some() {
            self.standing.flags.insert(Flag::StaleOrForged);
        } else if report.status.is_money() {
            self.standing.flags.remove(&Flag::StaleOrForged);
        }
        self.standing.claimed_end = None;
    }

    /// A change that moves no money is told, too.
    fn finish(mut self, before: &Standing) -> Advance {
        let shown = |s: &Standing| (s.state, s.flags.clone());
        if self.effects.is_empty() && shown(&self.standing) != shown(before) {
            self.effects.push(Effect::Status);
        }
        Advance { standing: self.standing, effects: self.effects }
    }
}

#[cfg(test)]
#[path = "payment_tests.rs"]
mod tests;
