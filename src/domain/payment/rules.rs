//! What each report does to an order: the rules of [`Standing::reported`].

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Advance, CHARGEBACK_KEY, CODE_SETTLED, CURRENCY, Flag, Fraud, GatewayReport, GatewayStatus, OrderState,
    PaymentEffect, PaymentTerms, REVERSAL_KEY, Rupiah, Standing, UNLISTED_KEY, ended_state, gravity,
    may_be_same, sum,
};

/// What a report means, before the order's past is looked at.
#[derive(Clone, Copy)]
pub(super) enum Verdict {
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
pub(super) struct Return {
    /// By the payer's bank.
    charged_back: bool,
    /// All of it.
    whole: bool,
}

impl Verdict {
    pub(super) fn of(report: &GatewayReport) -> Self {
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

impl PaymentTerms {
    /// Whether the report speaks of this order. Some rails echo the transaction id in the place of the order's.
    pub fn is_about(&self, report: &GatewayReport, standing: &Standing) -> bool {
        let echoed = report.order.as_deref();
        echoed.is_none_or(|order| order == self.order || standing.knows(order))
    }

    /// What speaks against a payment: in what it differs from what was ordered, and the fraud check.
    pub fn doubts(&self, report: &GatewayReport) -> BTreeSet<Flag> {
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
pub(super) struct Next {
    pub(super) standing: Standing,
    effects: Vec<PaymentEffect>,
}

impl Next {
    pub(super) fn after(standing: &Standing) -> Self {
        Self { standing: standing.clone(), effects: Vec::new() }
    }

    pub(super) fn flag(&mut self, flag: Flag) {
        self.standing.flags.insert(flag);
    }

    pub(super) fn rise(&mut self, state: OrderState) {
        if state.rank() > self.standing.state.rank() {
            self.standing.state = state;
        }
    }

    /// Whether the report speaks of the attempt that the state speaks of. Who does not say, does, unless there are
    /// several to speak of.
    fn is_same_attempt(&self, report: &GatewayReport) -> bool {
        may_be_same(self.standing.transaction.as_deref(), report.transaction.as_deref())
            && !self.is_unnamed_among_many(report)
    }

    fn is_unnamed_among_many(&self, report: &GatewayReport) -> bool {
        report.transaction.is_none() && !self.standing.others.is_empty()
    }

    fn take_attempt(&mut self, report: &GatewayReport) {
        if report.transaction.is_some() {
            self.standing.transaction.clone_from(&report.transaction);
        }
    }

    /// Whether the quote was credited and is still in force, at least in part.
    fn is_applied(&self) -> bool {
        matches!(self.standing.state, OrderState::Paid | OrderState::PartiallyRefunded)
    }

    /// Whether money that was never credited waits for a person.
    fn is_held(&self) -> bool {
        self.standing.state == OrderState::Review && !self.standing.credited
    }

    /// Whether there was money and all of it is gone.
    fn is_over(&self) -> bool {
        self.standing.state.rank() == OrderState::Reversed.rank()
    }

    pub(super) fn open(&mut self, state: OrderState, report: &GatewayReport) {
        if state == OrderState::Challenge && self.standing.is_unpaid() {
            self.flag(Flag::FraudChallenge);
        }
        if self.standing.state.is_open() {
            self.take_attempt(report);
        }
        self.rise(state);
    }

    /// The customer's money is there.
    pub(super) fn money(&mut self, terms: &PaymentTerms, report: &GatewayReport) {
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
        if doubts.is_empty() && self.may_credit() && !self.is_unnamed_among_many(report) {
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

    fn credit(&mut self, report: &GatewayReport) {
        // Earlier returns are reported as well, from here on.
        self.standing.listed.clear();
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
        self.effects.push(PaymentEffect::Credit);
    }

    /// Money of one more attempt.
    fn count_in(&mut self, attempt: Option<String>) {
        self.flag(Flag::PaidTwice);
        self.standing.others.extend(attempt);
    }

    /// Money that waits for a person.
    fn hold(&mut self, flags: BTreeSet<Flag>, report: &GatewayReport) {
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
            self.effects.push(PaymentEffect::Review);
        }
    }

    /// How the attempt that this settlement belongs to had ended, by the notifications received. An attempt that follows a
    /// denied one is a payment like any other.
    fn end_before(&self, report: &GatewayReport) -> Option<OrderState> {
        let told = self.standing.ends.iter().chain(&self.standing.claimed_end);
        let matters = |(end, attempt): &&(OrderState, Option<String>)| match end {
            OrderState::Denied => may_be_same(attempt.as_deref(), report.transaction.as_deref()),
            end => end.rank() == OrderState::Denied.rank(),
        };
        told.filter(matters).map(|(end, _)| *end).max_by_key(|end| gravity(*end))
    }

    pub(super) fn ended(&mut self, terms: &PaymentTerms, state: OrderState, report: &GatewayReport) {
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

    fn was_settled_by_claim(&self, report: &GatewayReport) -> bool {
        let claimed = self.standing.claimed.as_ref();
        claimed.is_some_and(|claim| {
            claim.signed && may_be_same(claim.transaction.as_deref(), report.transaction.as_deref())
        })
    }

    /// Whether money of the report's attempt is there.
    fn is_there(&self, report: &GatewayReport) -> bool {
        let some = self.is_applied() || self.standing.state == OrderState::Review;
        let is_other = report.transaction.as_ref().is_some_and(|t| self.standing.others.contains(t));
        some && (is_other || self.is_same_attempt(report))
    }

    /// Money that went back. A partial return proves that the order was paid before.
    pub(super) fn returned(&mut self, terms: &PaymentTerms, way: Return, report: &GatewayReport) {
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
        } else if self.is_held() && self.is_same_attempt(report) {
            self.list_returns(&report.refunds, said);
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
    fn lose(&mut self, end: OrderState, report: &GatewayReport) {
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
    fn give_back(
        &mut self,
        terms: &PaymentTerms,
        list: &BTreeMap<String, Rupiah>,
        total: Rupiah,
        rest_key: &str,
    ) {
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

    /// Remembers what went back of money that a person decides about: nothing was credited that could be undone.
    fn list_returns(&mut self, list: &BTreeMap<String, Rupiah>, total: Rupiah) {
        let known = &mut self.standing.listed;
        known.remove(UNLISTED_KEY);
        known.extend(list.iter().map(|(key, amount)| (key.clone(), *amount)));
        let rest = total.minus(sum(known));
        if rest > Rupiah::ZERO {
            let unlisted = known.entry(UNLISTED_KEY.to_owned()).or_default();
            *unlisted = unlisted.plus(rest);
        }
    }

    /// Reports to the site under a name that was not used before.
    fn reverse(&mut self, key: &str, amount: Rupiah) {
        if amount == Rupiah::ZERO {
            return;
        }
        let mut key = key.to_owned();
        while self.standing.refunds.contains_key(&key) {
            key.push('+');
        }
        self.standing.refunds.insert(key.clone(), amount);
        self.effects.push(PaymentEffect::Reverse { key, amount });
    }

    /// What the answer settles besides: claims of money are confirmed by a report of money and suspicious with any
    /// other, what a challenged payment waited for is decided, and the charge is known.
    pub(super) fn settle_doubts(&mut self, verdict: Verdict) {
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

    /// A change that moves no money is reported, too.
    pub(super) fn finish(mut self, before: &Standing) -> Advance {
        let shown = |s: &Standing| (s.state, s.flags.clone(), (!s.credited).then(|| s.returned()));
        if self.effects.is_empty() && shown(&self.standing) != shown(before) {
            self.effects.push(PaymentEffect::Status);
        }
        Advance { standing: self.standing, effects: self.effects }
    }
}
