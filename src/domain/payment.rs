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
/// The code that the gateway signs when an attempt ended without money.
const CODE_ENDED: u16 = 202;

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
    /// Attempts besides `transaction` whose money is there, too.
    pub others: BTreeSet<String>,
    /// Whether the order's quote was credited.
    pub credited: bool,
    /// What went back so far, by the key under which the site was told.
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
            others: BTreeSet::new(),
            credited: false,
            refunds: BTreeMap::new(),
            listed: BTreeMap::new(),
            ends: BTreeSet::new(),
            claimed: None,
            claimed_end: None,
        }
    }

    /// What went back so far.
    pub fn refunded(&self) -> Rupiah {
        sum(&self.refunds)
    }

    /// A notification came: it is remembered, and nobody is credited.
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
    pub fn reported(&self, terms: &Terms, report: &Report) -> Advance {
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
        ended.chain(self.transaction.as_deref()).any(|known| known == attempt) || self.others.contains(attempt)
    }

    /// Whether an attempt of this report's ended so; who does not say which attempt it is may be any.
    fn has_ended(&self, state: OrderState, report: &Report) -> bool {
        self.ends.iter().any(|(end, attempt)| *end == state && may_be_same(attempt, &report.transaction))
    }
}

fn sum(amounts: &BTreeMap<String, Rupiah>) -> Rupiah {
    amounts.values().fold(Rupiah::ZERO, |sum, amount| sum.plus(*amount))
}

/// Whether two attempts may be one; who does not say, may.
fn may_be_same(one: &Option<String>, other: &Option<String>) -> bool {
    one.is_none() || other.is_none() || one == other
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

/// How much an end says about a payment that follows: a cancel stops it, an expiry marks it, a deny only where it is
/// of the same attempt.
fn gravity(end: OrderState) -> u8 {
    match end {
        OrderState::Cancelled => 2,
        OrderState::Denied => 0,
        _ => 1,
    }
}

/// What a report means, before the order's past is looked at.
#[derive(Clone, Copy)]
enum Verdict {
    /// Not decided yet.
    Open(OrderState),
    /// The customer's money is there.
    Money,
    /// Over, without money.
    Ended(OrderState),
    /// Money went back.
    Returned(Return),
    /// Status, code and fraud check do not fit together.
    Unclear,
}

/// How money went back.
#[derive(Clone, Copy)]
struct Return {
    /// By the payer's bank.
    charged_back: bool,
    /// All of it.
    whole: bool,
}

impl Verdict {
    fn of(report: &Report) -> Self {
        use GatewayStatus::{
            Authorize, Capture, Chargeback, PartialChargeback, PartialRefund, Pending, Refund, Settlement,
        };
        let returned = |charged_back, whole| Self::Returned(Return { charged_back, whole });
        match report.status {
            Pending | Authorize => Self::Open(OrderState::Pending),
            Capture if report.fraud == Some(Fraud::Challenge) => Self::Open(OrderState::Challenge),
            // Captured is paid only once the fraud check has said so; settled, unless it objects.
            Capture if report.fraud.is_none() => Self::Unclear,
            status if status.is_money() && report.code != CODE_SETTLED => Self::Unclear,
            Capture | Settlement => Self::Money,
            Refund => returned(false, true),
            PartialRefund => returned(false, false),
            Chargeback => returned(true, true),
            PartialChargeback => returned(true, false),
            status => ended_state(status).map_or(Self::Unclear, Self::Ended),
        }
    }
}

impl Terms {
    /// Whether the report speaks of this order. Some rails echo the transaction id in the place of the order's.
    fn is_about(&self, report: &Report, standing: &Standing) -> bool {
        let echoed = report.order.as_deref();
        echoed.is_none_or(|order| order == self.order || standing.knows(order))
    }

    /// What speaks against a payment: in what it differs from what was ordered, and the fraud check.
    fn doubts(&self, report: &Report) -> BTreeSet<Flag> {
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
            (report.fraud.unwrap_or(Fraud::Accept) != Fraud::Accept, Flag::FraudStatus),
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
    fn after(standing: &Standing) -> Self {
        Self { standing: standing.clone(), effects: Vec::new() }
    }

    fn flag(&mut self, flag: Flag) {
        self.standing.flags.insert(flag);
    }

    fn rise(&mut self, state: OrderState) {
        if state.rank() > self.standing.state.rank() {
            self.standing.state = state;
        }
    }

    /// Whether the report speaks of the attempt that the state speaks of. Who does not say, does, unless there are
    /// several to speak of.
    fn is_same_attempt(&self, report: &Report) -> bool {
        let unnamed_among_many = report.transaction.is_none() && !self.standing.others.is_empty();
        may_be_same(&self.standing.transaction, &report.transaction) && !unnamed_among_many
    }

    fn take_attempt(&mut self, report: &Report) {
        if report.transaction.is_some() {
            self.standing.transaction.clone_from(&report.transaction);
        }
    }

    /// Whether the quote was credited and stands, in part at least.
    fn is_applied(&self) -> bool {
        matches!(self.standing.state, OrderState::Paid | OrderState::PartiallyRefunded)
    }

    /// Whether there was money and all of it is gone.
    fn is_over(&self) -> bool {
        self.standing.state.rank() == OrderState::Reversed.rank()
    }

    fn open(&mut self, state: OrderState, report: &Report) {
        if state == OrderState::Challenge && self.standing.is_unpaid() {
            self.flag(Flag::FraudChallenge);
        }
        if self.standing.state.is_open() {
            self.take_attempt(report);
        }
        self.rise(state);
    }

    /// The customer's money is there.
    fn money(&mut self, terms: &Terms, report: &Report) {
        if self.standing.has_ended(OrderState::Refunded, report) {
            return;
        }
        let mut doubts = terms.doubts(report);
        if self.is_applied() {
            if !self.is_same_attempt(report) {
                self.count_in(report.transaction.clone());
            } else if !doubts.is_empty() {
                // Credited and confirmed before: what is said about it now changes nothing.
                self.flag(Flag::Inconsistent);
            }
            return;
        }
        if self.is_over() {
            doubts.insert(Flag::PaidAfterReversal);
        }
        if !self.standing.credited && self.end_before(report) == Some(OrderState::Cancelled) {
            doubts.insert(Flag::PaidAfterCancel);
        }
        if doubts.is_empty() && self.may_credit() {
            self.credit(report);
        } else {
            self.hold(doubts, report);
        }
    }

    /// Nothing that was held for a person because of the order's past is credited by rule afterwards.
    fn may_credit(&self) -> bool {
        let held = [Flag::PaidAfterCancel, Flag::PaidAfterReversal];
        !self.standing.credited && !held.iter().any(|flag| self.standing.flags.contains(flag))
    }

    fn credit(&mut self, report: &Report) {
        if self.end_before(report).is_some() {
            self.flag(Flag::LateSettlement);
        }
        if self.standing.state == OrderState::Review && !self.is_same_attempt(report) {
            let held = self.standing.transaction.clone();
            self.count_in(held);
        }
        if let Some(attempt) = &report.transaction {
            self.standing.others.remove(attempt);
        }
        self.take_attempt(report);
        self.standing.state = OrderState::Paid;
        self.standing.credited = true;
        self.effects.push(Effect::Credit);
    }

    /// Money of one more attempt.
    fn count_in(&mut self, attempt: Option<String>) {
        self.flag(Flag::PaidTwice);
        self.standing.others.extend(attempt);
    }

    /// Money that waits for a person.
    fn hold(&mut self, flags: BTreeSet<Flag>, report: &Report) {
        self.standing.flags.extend(flags);
        if self.standing.state != OrderState::Review {
            self.take_attempt(report);
            self.review();
        } else if !self.is_same_attempt(report) {
            self.count_in(report.transaction.clone());
        }
    }

    fn review(&mut self) {
        if self.standing.state != OrderState::Review {
            self.standing.state = OrderState::Review;
            self.effects.push(Effect::Review);
        }
    }

    /// How the attempt that this settlement belongs to had ended, by what we were told. An attempt that follows a
    /// denied one is a payment like any other.
    fn end_before(&self, report: &Report) -> Option<OrderState> {
        let told = self.standing.ends.iter().chain(&self.standing.claimed_end);
        let matters = |(end, attempt): &&(OrderState, Option<String>)| match end {
            OrderState::Denied => may_be_same(attempt, &report.transaction),
            end => end.rank() == OrderState::Denied.rank(),
        };
        told.filter(matters).map(|(end, _)| *end).max_by_key(|end| gravity(*end))
    }

    fn ended(&mut self, terms: &Terms, state: OrderState, report: &Report) {
        self.standing.ends.insert((state, report.transaction.clone()));
        if self.standing.is_unpaid() {
            if state == OrderState::Denied && self.was_settled_by_claim(report) {
                // It was settled and taken back before anybody could confirm it.
                self.take_attempt(report);
                self.flag(Flag::ProviderReversal);
                self.standing.flags.remove(&Flag::StaleOrForged);
                self.standing.state = OrderState::Reversed;
            } else if self.standing.state.is_open() {
                self.take_attempt(report);
                self.standing.state = state;
            }
        } else if self.is_there(report) {
            self.flag(Flag::ProviderReversal);
            if self.is_applied() && self.is_same_attempt(report) {
                self.give_back(terms, &BTreeMap::new(), terms.amount, REVERSAL_KEY);
            }
            self.lose(OrderState::Reversed, report);
        }
    }

    fn was_settled_by_claim(&self, report: &Report) -> bool {
        let claimed = self.standing.claimed.as_ref();
        claimed.is_some_and(|claim| claim.signed && may_be_same(&claim.transaction, &report.transaction))
    }

    /// Whether money of the report's attempt is there.
    fn is_there(&self, report: &Report) -> bool {
        let some = self.is_applied() || self.standing.state == OrderState::Review;
        let is_other = report.transaction.as_ref().is_some_and(|t| self.standing.others.contains(t));
        some && (is_other || self.is_same_attempt(report))
    }

    /// Money that went back. A partial return proves that the order was paid before.
    fn returned(&mut self, terms: &Terms, way: Return, report: &Report) {
        let said = sum(&report.refunds).max(report.refunded.unwrap_or_default());
        let whole = way.whole || said >= terms.amount;
        if way.charged_back {
            self.flag(Flag::Chargeback);
        }
        if !whole {
            self.money(terms, report);
        }
        if self.is_applied() && self.is_same_attempt(report) {
            let key = if way.charged_back { CHARGEBACK_KEY } else { UNLISTED_KEY };
            self.give_back(terms, &report.refunds, if whole { terms.amount } else { said }, key);
        }
        if whole {
            self.lose(if way.charged_back { OrderState::ChargedBack } else { OrderState::Refunded }, report);
        } else if self.is_there(report) {
            self.flag(Flag::PartialRefund);
            if self.is_same_attempt(report) {
                self.rise(OrderState::PartiallyRefunded);
            }
        }
    }

    /// All of an attempt's money is gone. The order is over, unless there is money of another attempt, which then
    /// waits for a person.
    fn lose(&mut self, end: OrderState, report: &Report) {
        self.standing.ends.insert((end, report.transaction.clone()));
        let was_other = report.transaction.as_ref().is_some_and(|t| self.standing.others.remove(t));
        let is_another = !self.standing.is_unpaid() && !self.is_same_attempt(report);
        if was_other || self.is_over() || is_another {
            return;
        }
        if let Some(left) = self.standing.others.pop_first() {
            self.standing.transaction = Some(left);
            self.review();
            return;
        }
        self.take_attempt(report);
        self.standing.state = end;
        if end != OrderState::Reversed {
            self.standing.flags.remove(&Flag::PartialRefund);
        }
    }

    /// Brings what went back up to what the gateway lists or says in all: listed returns under their own keys, the
    /// rest under `rest_key`.
    fn give_back(&mut self, terms: &Terms, list: &BTreeMap<String, Rupiah>, total: Rupiah, rest_key: &str) {
        let known = &mut self.standing.listed;
        let fresh: Vec<_> = list.iter().filter(|(key, _)| !known.contains_key(*key)).collect();
        known.extend(fresh.iter().map(|(key, amount)| ((*key).clone(), **amount)));
        let target = sum(known).max(total).min(terms.amount);
        let mut left = target.minus(self.standing.refunded());
        for (key, amount) in fresh {
            let part = left.min(*amount);
            self.reverse(key, part);
            left = left.minus(part);
        }
        self.reverse(rest_key, left);
    }

    /// Tells the site under a name that was not used before.
    fn reverse(&mut self, key: &str, amount: Rupiah) {
        if amount == Rupiah::ZERO {
            return;
        }
        let mut key = key.to_owned();
        while self.standing.refunds.contains_key(&key) {
            key.push('+');
        }
        self.standing.refunds.insert(key.clone(), amount);
        self.effects.push(Effect::Reverse { key, amount });
    }

    /// What the answer settles besides: claims of money are confirmed by a report of money and suspicious beside any
    /// other, what a challenged payment waited for is decided, and the charge is known.
    fn settle_doubts(&mut self, verdict: Verdict) {
        let standing = &mut self.standing;
        standing.claimed_end = None;
        standing.flags.remove(&Flag::ChargeUnknown);
        let is_challenge = matches!(verdict, Verdict::Open(OrderState::Challenge));
        if !matches!(verdict, Verdict::Open(_)) {
            standing.flags.remove(&Flag::FraudChallenge);
        }
        if is_challenge {
            standing.claimed = standing.claimed.take().filter(|claim| claim.signed);
        }
        if !standing.is_unpaid() {
            standing.claimed = None;
        }
        if is_challenge || matches!(verdict, Verdict::Money | Verdict::Returned(_)) {
            standing.flags.remove(&Flag::StaleOrForged);
        } else if standing.claimed.is_some() {
            standing.flags.insert(Flag::StaleOrForged);
        }
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
