//! The payment reducer against an independent model of an order's life, over many random lives.

mod lives;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use kuota::domain::order::{Flag, OrderState};
use kuota::domain::payment::{Advance, ClaimedMoney, PaymentEffect, PaymentTerms, Standing};
use kuota::domain::units::Rupiah;
use lives::{AMOUNT, Attempts, Dice};
use model::{Event, Outcome};
use proptest::prelude::*;

/// Lives of one attempt, and as many of several, that are compared with the model.
const LIVES_COMPARED: u64 = 50_000;
/// Lives that the model does not understand and that must keep the promises all the same.
const LIVES_UNCLEAR: u64 = 20_000;
/// One life in so many is compared after each of its events, not at its end only.
const STEPWISE_EVERY: u64 = 8;

fn advance(standing: &Standing, terms: &PaymentTerms, event: &Event) -> Advance {
    match event {
        Event::Claim(claim) => Advance { standing: standing.claimed(claim), effects: Vec::new() },
        Event::Closed(state) => standing.closed(*state),
        Event::Report(report) => standing.reported(terms, report),
    }
}

/// What the reducer makes of a life.
struct Run {
    standing: Standing,
    effects: Vec<(usize, PaymentEffect)>,
}

fn run(terms: &PaymentTerms, events: &[Event]) -> Run {
    let mut run = Run { standing: Standing::created(), effects: Vec::new() };
    for (i, event) in events.iter().enumerate() {
        let next = advance(&run.standing, terms, event);
        run.effects.extend(next.effects.into_iter().map(|effect| (i, effect)));
        run.standing = next.standing;
    }
    run
}

impl Run {
    fn outcome(&self) -> Outcome {
        let mut reversed: BTreeMap<(usize, String), u64> = BTreeMap::new();
        for (i, effect) in &self.effects {
            if let PaymentEffect::Reverse { key, amount } = effect {
                // A name that was taken is made another by signs behind it.
                *reversed.entry((*i, key.trim_end_matches('+').to_owned())).or_default() += amount.0;
            }
        }
        let credit = self.effects.iter().find(|(_, effect)| *effect == PaymentEffect::Credit);
        Outcome {
            state: self.standing.state,
            flags: self.standing.flags.clone(),
            credited_at: credit.map(|(i, _)| *i),
            reversed,
        }
    }

    fn count(&self, wanted: &PaymentEffect) -> usize {
        self.effects.iter().filter(|(_, effect)| effect == wanted).count()
    }

    fn reversals(&self) -> Vec<(&str, u64)> {
        self.effects
            .iter()
            .filter_map(|(_, effect)| match effect {
                PaymentEffect::Reverse { key, amount } => Some((key.as_str(), amount.0)),
                _ => None,
            })
            .collect()
    }
}

/// The model knows one attempt by no name.
fn unnamed(events: &[Event]) -> Vec<Event> {
    let mut events = events.to_vec();
    for event in &mut events {
        match event {
            Event::Claim(claim) => claim.transaction = None,
            Event::Report(report) => report.transaction = None,
            Event::Closed(_) => {}
        }
    }
    events
}

fn compare(seed: u64, attempts: Attempts) -> Option<Outcome> {
    let mut dice = Dice(seed);
    let terms = lives::terms(&mut dice);
    let events = lives::life(&mut dice, attempts);
    let understood = if attempts == Attempts::One { unnamed(&events) } else { events.clone() };
    let from = if seed.is_multiple_of(STEPWISE_EVERY) { 0 } else { events.len() };
    let mut reviews = 0;
    let mut last = None;
    for length in from..=events.len() {
        let expected = model::outcome(&terms, &understood[..length]);
        let found = run(&terms, &events[..length]);
        assert_eq!(found.outcome(), expected, "seed {seed} {attempts:?}: {terms:?} {:#?}", &events[..length]);
        let entered = expected.state == OrderState::Review
            && last.as_ref().is_some_and(|before: &Outcome| before.state != OrderState::Review);
        reviews += usize::from(entered);
        if from == 0 {
            assert_eq!(
                found.count(&PaymentEffect::Review),
                reviews,
                "seed {seed} {attempts:?}: reviews told"
            );
        }
        last = Some(expected);
    }
    last
}

#[test]
fn the_reducer_and_the_model_agree_on_every_life() {
    let mut states: BTreeMap<OrderState, usize> = BTreeMap::new();
    let mut flags: BTreeSet<Flag> = BTreeSet::new();
    let (mut credited, mut reversed) = (0, 0);
    for seed in 0..LIVES_COMPARED {
        for attempts in [Attempts::One, Attempts::Several] {
            let outcome = compare(seed, attempts).expect("every life is compared once at least");
            *states.entry(outcome.state).or_default() += 1;
            flags.extend(outcome.flags);
            credited += usize::from(outcome.credited_at.is_some());
            reversed += usize::from(!outcome.reversed.is_empty());
        }
    }
    println!("{states:?}, {credited} credited, {reversed} reversed");
    assert_eq!(states.len(), OrderState::ALL.len(), "every state is the end of some life");
    assert_eq!(flags.len(), 15, "every flag that a message can set: {flags:?}");
    assert!(states.values().all(|n| *n > 100) && credited > 10_000 && reversed > 10_000, "of each enough");
}

fn check_promises(seed: u64, attempts: Attempts) {
    let mut dice = Dice(seed);
    let terms = lives::terms(&mut dice);
    let events = lives::life(&mut dice, attempts);
    let run = run(&terms, &events);
    let say = || format!("seed {seed} {attempts:?}: {terms:?} {events:?}");
    assert!(run.count(&PaymentEffect::Credit) <= 1, "credited once at most: {}", say());
    assert_eq!(run.count(&PaymentEffect::Credit) == 1, run.standing.credited, "{}", say());
    let reversals = run.reversals();
    let names: BTreeSet<&str> = reversals.iter().map(|(key, _)| *key).collect();
    assert_eq!(names.len(), reversals.len(), "each return has a name of its own: {}", say());
    let total: u64 = reversals.iter().map(|(_, amount)| amount).sum();
    assert!(total <= AMOUNT, "no more goes back than was paid: {}", say());
    assert_eq!(Rupiah(total), run.standing.refunded(), "{}", say());
    let first_reversal =
        run.effects.iter().position(|(_, effect)| matches!(effect, PaymentEffect::Reverse { .. }));
    let credit = run.effects.iter().position(|(_, effect)| *effect == PaymentEffect::Credit);
    assert!(first_reversal.is_none_or(|at| credit.is_some_and(|credit| credit < at)), "{}", say());
    if run.standing.credited {
        let clean = |event: &Event| matches!(event, Event::Report(report) if is_clean_money(&terms, report));
        let credited_at = run.outcome().credited_at.expect("credited");
        assert!(clean(&events[credited_at]), "only clean money is credited: {}", say());
    }
    check_each_step(&terms, &events, &say);
}

/// Money by the words of the gateway's documentation, for this order.
fn is_clean_money(terms: &PaymentTerms, report: &kuota::domain::payment::GatewayReport) -> bool {
    let words = ["settlement", "capture", "partial_refund", "partial_chargeback"];
    let fee_paid = terms.fee_imposition && report.original_amount == Some(terms.amount);
    words.contains(&report.status.name())
        && report.code == 200
        && report.fraud.is_none_or(|fraud| fraud.name() == "accept")
        && (report.amount == Some(terms.amount) || fee_paid)
        && report.currency.as_deref() == Some("IDR")
        && report
            .merchant
            .as_ref()
            .is_none_or(|theirs| terms.merchant.as_ref().is_none_or(|ours| ours == theirs))
}

fn check_each_step(terms: &PaymentTerms, events: &[Event], say: &dyn Fn() -> String) {
    let mut standing = Standing::created();
    for event in events {
        let next = advance(&standing, terms, event);
        // Of money that was never credited, what went back is shown; the rest is told to be undone.
        let shown = |s: &Standing| (s.state, s.flags.clone(), (!s.credited).then(|| s.returned()));
        let changed = shown(&standing) != shown(&next.standing);
        let only_money = next.effects.iter().all(|effect| matches!(effect, PaymentEffect::Reverse { .. }));
        assert!(!changed || !next.effects.is_empty(), "a change is told: {}", say());
        assert!(
            changed || only_money,
            "nothing is told without a change but money that goes back: {}",
            say()
        );
        if let Event::Claim(_) = event {
            assert!(!changed, "a claim alone changes nothing: {}", say());
        } else {
            let again = advance(&next.standing, terms, event);
            assert_eq!(again.standing, next.standing, "the same again changes nothing: {}", say());
            assert_eq!(again.effects, [], "the same again has no effect: {}", say());
        }
        let may_fall = standing.state == OrderState::Review;
        let fell = next.standing.state.rank() < standing.state.rank();
        assert!(!fell || may_fall, "only a review is left for a lower rank: {}", say());
        assert!(next.standing.credited || !standing.credited, "a credit is never forgotten: {}", say());
        standing = next.standing;
    }
}

#[test]
fn the_promises_hold_even_where_the_gateway_does_not_say_which_attempt_it_means() {
    for seed in 0..LIVES_UNCLEAR {
        check_promises(seed, Attempts::Unclear);
    }
}

#[test]
fn the_promises_hold_for_named_attempts() {
    for seed in LIVES_COMPARED..LIVES_COMPARED + LIVES_UNCLEAR / 2 {
        check_promises(seed, Attempts::One);
        check_promises(seed, Attempts::Several);
    }
}

#[test]
fn claims_alone_never_move_anything() {
    for seed in 0..LIVES_UNCLEAR / 4 {
        let mut dice = Dice(seed);
        let terms = lives::terms(&mut dice);
        let events = lives::life(&mut dice, Attempts::Unclear);
        let claims: Vec<Event> = events.into_iter().filter(|e| matches!(e, Event::Claim(_))).collect();
        let run = run(&terms, &claims);
        assert_eq!(run.effects, []);
        assert_eq!((run.standing.state, run.standing.flags.len()), (OrderState::Created, 0));
    }
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{0,8}", any::<String>()]
}

fn amounts() -> impl Strategy<Value = BTreeMap<String, Rupiah>> {
    prop::collection::btree_map(texts(), any::<u64>().prop_map(Rupiah), 0..4)
}

fn states() -> impl Strategy<Value = OrderState> {
    prop::sample::select(OrderState::ALL)
}

fn attempts() -> impl Strategy<Value = Option<String>> {
    prop::option::of(texts())
}

prop_compose! {
    fn standings()(
        state in states(),
        flags in prop::collection::btree_set(prop::sample::select(Flag::ALL), 0..6),
        transaction in attempts(),
        others in prop::collection::btree_set(texts(), 0..3),
        credited in any::<bool>(),
        refunds in amounts(),
        listed in amounts(),
        ends in prop::collection::btree_set((states(), attempts()), 0..4),
        claimed in prop::option::of((attempts(), any::<bool>())),
        claimed_end in prop::option::of((states(), attempts())),
    ) -> Standing {
        let claimed = claimed.map(|(transaction, signed)| ClaimedMoney { transaction, signed });
        Standing { state, flags, transaction, others, credited, refunds, listed, ends, claimed, claimed_end }
    }
}

proptest! {
    #[test]
    fn a_standing_comes_back_from_json_as_it_was(standing in standings()) {
        let json = serde_json::to_string(&standing).expect("a standing is plain data");
        prop_assert_eq!(serde_json::from_str::<Standing>(&json).expect("what was written can be read"), standing);
    }
}
