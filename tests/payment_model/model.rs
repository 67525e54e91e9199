//! What becomes of an order, by the rules as they are written down: a list of everything that was heard, and
//! questions to the whole of it. Nothing here moves from state to state, and nothing is shared with the reducer but
//! the words.

use std::collections::{BTreeMap, BTreeSet};

use kuota::domain::order::{Flag, OrderState};
use kuota::domain::payment::{
    CHARGEBACK_KEY, Claim, Fraud, GatewayReport, GatewayStatus as Status, PaymentTerms, REVERSAL_KEY,
    UNLISTED_KEY,
};
use kuota::domain::units::Rupiah;

/// Something that happened to an order.
#[derive(Clone, Debug)]
pub enum Event {
    Claim(Claim),
    Report(GatewayReport),
    Closed(OrderState),
}

/// What the history of an order comes to.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub state: OrderState,
    pub flags: BTreeSet<Flag>,
    /// At which event the quote was credited.
    pub credited_at: Option<usize>,
    /// By event and key, what was undone.
    pub reversed: BTreeMap<(usize, String), u64>,
}

/// An attempt; who does not say which, is `None`.
type Attempt = Option<String>;

enum Fact {
    MoneyClaimed { signed: bool },
    EndClaimed(OrderState),
    OtherClaim,
    ClosedByUs(OrderState),
    AboutAnotherOrder,
    Contradiction,
    Waiting,
    Challenged,
    Money,
    Over(OrderState),
    Back { all: bool, by_bank: bool },
}

/// The history, and what each event says by itself.
struct History<'a> {
    terms: &'a PaymentTerms,
    events: &'a [Event],
    facts: Vec<Fact>,
    attempts: Vec<Attempt>,
    doubts: Vec<BTreeSet<Flag>>,
    /// Which events show that money of their attempt is or was there.
    shows_money: Vec<bool>,
    /// Before each event, and after the last: whether no money was ever confirmed.
    unpaid: Vec<bool>,
    /// Before each event, and after the last: the attempts whose money is there.
    there: Vec<BTreeSet<Attempt>>,
    /// At which events the last of the money went, or was seen to have gone, and how.
    falls: Vec<Option<OrderState>>,
}

pub fn outcome(terms: &PaymentTerms, events: &[Event]) -> Outcome {
    let mut history = History::new(terms, events);
    history.follow_the_money();
    let credited_at = history.credited_at();
    let reversed = credited_at.map(|at| history.returns_since(at)).unwrap_or_default();
    Outcome { state: history.state(credited_at), flags: history.flags(credited_at), credited_at, reversed }
}

fn said(report: &GatewayReport) -> u64 {
    let listed = report.refunds.values().fold(0_u64, |sum, amount| sum.saturating_add(amount.0));
    listed.max(report.refunded.map_or(0, |total| total.0))
}

fn end_word(status: Status) -> Option<OrderState> {
    let ends = [
        (Status::Deny, OrderState::Denied),
        (Status::Cancel, OrderState::Cancelled),
        (Status::Expire, OrderState::Expired),
        (Status::Failure, OrderState::Failed),
    ];
    ends.into_iter().find(|(word, _)| *word == status).map(|(_, end)| end)
}

fn claim_fact(claim: &Claim) -> Fact {
    use Status::{Authorize, Pending};
    match (end_word(claim.status), claim.status) {
        (Some(end), _) if claim.code == 202 => Fact::EndClaimed(end),
        (Some(_), _) | (None, Pending | Authorize) => Fact::OtherClaim,
        _ => Fact::MoneyClaimed { signed: claim.code == 200 },
    }
}

fn report_fact(terms: &PaymentTerms, report: &GatewayReport) -> Fact {
    if report.order.as_ref().is_some_and(|order| *order != terms.order) {
        return Fact::AboutAnotherOrder;
    }
    let code_fits = report.code == 200;
    let all = said(report) >= terms.amount.0;
    match report.status {
        Status::Pending | Status::Authorize => Fact::Waiting,
        Status::Capture if report.fraud == Some(Fraud::Challenge) => Fact::Challenged,
        Status::Capture if report.fraud.is_some() && code_fits => Fact::Money,
        Status::Settlement if code_fits => Fact::Money,
        Status::PartialRefund if code_fits => Fact::Back { all, by_bank: false },
        Status::PartialChargeback if code_fits => Fact::Back { all, by_bank: true },
        Status::Refund if code_fits => Fact::Back { all: true, by_bank: false },
        Status::Chargeback if code_fits => Fact::Back { all: true, by_bank: true },
        status => end_word(status).map_or(Fact::Contradiction, Fact::Over),
    }
}

fn report_doubts(terms: &PaymentTerms, report: &GatewayReport) -> BTreeSet<Flag> {
    let paid_for_us = match report.original_amount {
        Some(original) if terms.fee_imposition => Some(original),
        _ => report.amount,
    };
    let mut doubts = BTreeSet::new();
    if paid_for_us != Some(terms.amount) {
        doubts.insert(Flag::AmountMismatch);
    }
    if report.currency.as_deref() != Some("IDR") {
        doubts.insert(Flag::CurrencyMismatch);
    }
    if terms.merchant.is_some() && report.merchant.is_some() && terms.merchant != report.merchant {
        doubts.insert(Flag::MerchantMismatch);
    }
    if matches!(report.fraud, Some(Fraud::Challenge | Fraud::Deny)) {
        doubts.insert(Flag::FraudStatus);
    }
    doubts
}

impl<'a> History<'a> {
    fn new(terms: &'a PaymentTerms, events: &'a [Event]) -> Self {
        let mut history = Self {
            terms,
            events,
            facts: Vec::new(),
            attempts: Vec::new(),
            doubts: Vec::new(),
            shows_money: Vec::new(),
            unpaid: Vec::new(),
            there: Vec::new(),
            falls: Vec::new(),
        };
        for event in events {
            let (fact, attempt, doubts) = match event {
                Event::Claim(claim) => (claim_fact(claim), claim.transaction.clone(), BTreeSet::new()),
                Event::Closed(state) => (Fact::ClosedByUs(*state), None, BTreeSet::new()),
                Event::Report(report) => {
                    let fact = report_fact(terms, report);
                    (fact, report.transaction.clone(), report_doubts(terms, report))
                }
            };
            history.facts.push(fact);
            history.attempts.push(attempt);
            history.doubts.push(doubts);
        }
        history
    }

    fn len(&self) -> usize {
        self.facts.len()
    }

    fn same(&self, one: usize, other: usize) -> bool {
        self.attempts[one] == self.attempts[other]
    }

    fn refunded_before(&self, i: usize) -> bool {
        let by_refund = |j: &usize| matches!(self.facts[*j], Fact::Back { all: true, by_bank: false });
        (0..i).filter(by_refund).any(|j| self.same(i, j))
    }

    /// What was refunded does not come back.
    fn is_money(&self, i: usize) -> bool {
        matches!(self.facts[i], Fact::Money | Fact::Back { all: false, .. }) && !self.refunded_before(i)
    }

    fn takes_away(&self, i: usize) -> bool {
        matches!(self.facts[i], Fact::Over(_) | Fact::Back { all: true, .. })
    }

    fn there_before(&self, i: usize) -> BTreeSet<Attempt> {
        let shows = (0..i).filter(|e| self.shows_money[*e]);
        let lasting = shows.filter(|e| !(*e..i).any(|j| self.takes_away(j) && self.same(*e, j)));
        lasting.map(|e| self.attempts[e].clone()).collect()
    }

    fn follow_the_money(&mut self) {
        self.shows_money = (0..self.len()).map(|i| self.is_money(i)).collect();
        self.there = (0..=self.len()).map(|i| self.there_before(i)).collect();
        self.falls.clear();
        self.unpaid = vec![true];
        for i in 0..self.len() {
            self.falls.push(self.fall(i));
            self.unpaid.push(!self.shows_money[..=i].contains(&true) && !self.fallen(i + 1));
        }
    }

    fn fall(&self, i: usize) -> Option<OrderState> {
        let went = !self.there[i].is_empty() && self.there[i + 1].is_empty();
        let unpaid = self.unpaid[i];
        match self.facts[i] {
            Fact::Over(_) if went || (unpaid && self.settled_by_claim(i)) => Some(OrderState::Reversed),
            Fact::Back { by_bank, .. } if self.takes_away(i) && (went || unpaid) => {
                Some(if by_bank { OrderState::ChargedBack } else { OrderState::Refunded })
            }
            _ => None,
        }
    }

    fn fallen(&self, i: usize) -> bool {
        self.falls[..i].iter().any(Option::is_some)
    }

    /// A deny of what a notification, signed as money, said to be settled.
    fn settled_by_claim(&self, i: usize) -> bool {
        let signed =
            |j: &usize| matches!(self.facts[*j], Fact::MoneyClaimed { signed: true }) && self.unpaid[*j];
        matches!(self.facts[i], Fact::Over(OrderState::Denied))
            && (0..i).find(signed).is_some_and(|j| self.attempts[j].is_none() || self.same(i, j))
    }

    fn clear(&self, i: usize) -> bool {
        matches!(
            self.facts[i],
            Fact::Waiting | Fact::Challenged | Fact::Money | Fact::Over(_) | Fact::Back { .. }
        )
    }

    /// The ends that notifications claimed since the gateway was last asked, but not after one signed as money.
    fn claimed_ends(&self, i: usize) -> Vec<(OrderState, usize)> {
        let since = (0..i).rev().find(|j| self.clear(*j)).map_or(0, |j| j + 1);
        let signed = |j: &usize| matches!(self.facts[*j], Fact::MoneyClaimed { signed: true });
        let until = (0..i).find(signed).unwrap_or(i);
        let end = |j: usize| match self.facts[j] {
            Fact::EndClaimed(end) if self.unpaid[j] => Some((end, j)),
            _ => None,
        };
        (since..until).filter_map(end).collect()
    }

    /// The ends that are certain.
    fn known_ends(&self, i: usize) -> Vec<(OrderState, usize)> {
        let end = |j: usize| match self.facts[j] {
            Fact::Over(end) => Some((end, j)),
            Fact::ClosedByUs(end) if self.unpaid[j] => Some((end, j)),
            _ => None,
        };
        (0..i).filter_map(end).collect()
    }

    fn called_off_before(&self, i: usize) -> bool {
        let ends = [self.known_ends(i), self.claimed_ends(i)].concat();
        ends.iter().any(|(end, _)| *end == OrderState::Cancelled)
    }

    fn late(&self, i: usize) -> bool {
        let lapsed = |end: OrderState| matches!(end, OrderState::Expired | OrderState::Failed);
        let denied = |(end, j): (OrderState, usize)| {
            end == OrderState::Denied && (self.attempts[j].is_none() || self.same(i, j))
        };
        let (known, claimed) = (self.known_ends(i), self.claimed_ends(i));
        known.iter().chain(&claimed).any(|(end, _)| lapsed(*end))
            || known.into_iter().any(denied)
            || claimed.into_iter().next_back().is_some_and(denied)
    }

    /// Money after all money was gone.
    fn after_fall(&self, i: usize) -> bool {
        self.shows_money[i] && self.fallen(i) && self.there[i].is_empty()
    }

    /// Money, not credited so far, of an order that was called off.
    fn after_cancel(&self, i: usize) -> bool {
        self.shows_money[i] && self.called_off_before(i)
    }

    fn credited_at(&self) -> Option<usize> {
        let spoilt = |i: usize| self.fallen(i) || self.after_cancel(i);
        (0..self.len())
            .take_while(|i| !(self.shows_money[*i] && spoilt(*i)))
            .find(|i| self.shows_money[*i] && self.doubts[*i].is_empty())
    }

    /// What goes back of a credit.
    fn returns_since(&self, credited: usize) -> BTreeMap<(usize, String), u64> {
        let amount = self.terms.amount.0;
        let mut out: BTreeMap<(usize, String), u64> = BTreeMap::new();
        let mut list: BTreeMap<&str, Rupiah> = BTreeMap::new();
        for i in (credited..self.len()).filter(|i| self.same(*i, credited)) {
            let before: u64 = out.values().sum();
            let (Event::Report(report), true) = (&self.events[i], self.clear(i)) else { continue };
            let (total, rest_key) = match self.facts[i] {
                Fact::Over(_) => (amount, REVERSAL_KEY),
                Fact::Back { all, by_bank } => (
                    if all { amount } else { said(report) },
                    if by_bank { CHARGEBACK_KEY } else { UNLISTED_KEY },
                ),
                _ => continue,
            };
            let is_return = matches!(self.facts[i], Fact::Back { .. });
            let fresh: Vec<_> = report
                .refunds
                .iter()
                .filter(|(key, _)| is_return && !list.contains_key(key.as_str()))
                .collect();
            list.extend(fresh.iter().map(|(key, value)| (key.as_str(), **value)));
            let listed = list.values().fold(0_u64, |sum, value| sum.saturating_add(value.0));
            let after = listed.max(total).max(before).min(amount);
            let mut left = after - before;
            for (key, value) in
                fresh.iter().map(|(key, value)| (key.as_str(), value.0)).chain([(rest_key, amount)])
            {
                let part = value.min(left);
                left -= part;
                if part > 0 {
                    *out.entry((i, key.to_owned())).or_default() += part;
                }
            }
            if self.takes_away(i) {
                break;
            }
        }
        out
    }

    /// Whether the credit stands before the event.
    fn applied(&self, credited: Option<usize>, i: usize) -> bool {
        credited.is_some_and(|t| t < i && !(t..i).any(|j| self.takes_away(j) && self.same(t, j)))
    }

    fn state(&self, credited: Option<usize>) -> OrderState {
        let all = self.len();
        if let Some(t) = credited.filter(|_| self.applied(credited, all)) {
            let partly = (t..all).any(|j| matches!(self.facts[j], Fact::Back { .. }) && self.same(t, j));
            return if partly { OrderState::PartiallyRefunded } else { OrderState::Paid };
        }
        if !self.there[all].is_empty() {
            return OrderState::Review;
        }
        if let Some(how) = self.falls.iter().rev().find_map(|fall| *fall) {
            return how;
        }
        if let Some((end, _)) = self.known_ends(all).first() {
            return *end;
        }
        if self.facts.iter().any(|fact| matches!(fact, Fact::Challenged)) {
            return OrderState::Challenge;
        }
        let asked = self.facts.iter().any(|fact| matches!(fact, Fact::Waiting));
        if asked { OrderState::Pending } else { OrderState::Created }
    }

    fn flags(&self, credited: Option<usize>) -> BTreeSet<Flag> {
        let mut flags = BTreeSet::new();
        for i in 0..self.len() {
            flags.extend(self.lasting_flags(credited, i));
            if self.shows_money[i] && !self.applied(credited, i) {
                flags.extend(&self.doubts[i]);
            }
        }
        let passing = [
            (Flag::FraudChallenge, self.is_challenged()),
            (Flag::StaleOrForged, self.is_suspicious()),
            (Flag::PartialRefund, self.is_partly_back()),
            (Flag::LateSettlement, credited.is_some_and(|t| self.late(t))),
        ];
        flags.extend(passing.into_iter().filter_map(|(flag, holds)| holds.then_some(flag)));
        flags
    }

    fn lasting_flags(&self, credited: Option<usize>, i: usize) -> Vec<Flag> {
        let money = self.shows_money[i];
        let contradicts_credit = money
            && self.applied(credited, i)
            && credited.is_some_and(|t| self.same(t, i))
            && !self.doubts[i].is_empty();
        let is_there = self.there[i].contains(&self.attempts[i]);
        let taken_back = matches!(self.facts[i], Fact::Over(_)) && is_there;
        let reversed_unseen = self.unpaid[i] && self.settled_by_claim(i);
        let not_yet_credited = credited.is_none_or(|t| i <= t);
        [
            (Flag::OrderMismatch, matches!(self.facts[i], Fact::AboutAnotherOrder)),
            (Flag::Inconsistent, matches!(self.facts[i], Fact::Contradiction) || contradicts_credit),
            (Flag::PaidTwice, money && self.there[i].iter().any(|other| *other != self.attempts[i])),
            (Flag::PaidAfterReversal, self.after_fall(i)),
            (Flag::PaidAfterCancel, not_yet_credited && self.after_cancel(i)),
            (Flag::ProviderReversal, taken_back || reversed_unseen),
            (Flag::Chargeback, matches!(self.facts[i], Fact::Back { by_bank: true, .. })),
        ]
        .into_iter()
        .filter_map(|(flag, holds)| holds.then_some(flag))
        .collect()
    }

    /// The fraud check waits: nothing was decided since.
    fn is_challenged(&self) -> bool {
        let decides = |j: usize| self.clear(j) && !matches!(self.facts[j], Fact::Waiting | Fact::Challenged);
        let waits = |i: usize| matches!(self.facts[i], Fact::Challenged) && self.unpaid[i];
        (0..self.len()).any(|i| waits(i) && !(i..self.len()).any(decides))
    }

    /// Somebody claimed money, the gateway when asked said otherwise, and never came round to it.
    fn is_suspicious(&self) -> bool {
        let alive = |i: usize, j: usize| match self.facts[j] {
            Fact::MoneyClaimed { signed } => {
                let explained = (j..i).any(|k| matches!(self.facts[k], Fact::Challenged));
                self.unpaid[j] && (signed || !explained)
            }
            _ => false,
        };
        let denies = |i: usize| {
            matches!(self.facts[i], Fact::Waiting | Fact::Over(_))
                && self.unpaid[i + 1]
                && (0..i).any(|j| alive(i, j))
        };
        let confirms = |i: usize| {
            matches!(self.facts[i], Fact::Challenged | Fact::Money | Fact::Back { .. })
                || (self.unpaid[i] && self.settled_by_claim(i))
        };
        (0..self.len()).any(|i| denies(i) && !(i..self.len()).any(confirms))
    }

    /// Part of some attempt's money went back, and the rest not since.
    fn is_partly_back(&self) -> bool {
        let partly = |i: usize| matches!(self.facts[i], Fact::Back { .. }) && self.shows_money[i];
        let wholly = |j: usize| self.falls[j].is_some_and(|how| how != OrderState::Reversed);
        (0..self.len()).any(|i| partly(i) && !(i..self.len()).any(wholly))
    }
}
