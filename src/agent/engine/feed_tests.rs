//! The feed under faults, checked against an independent fold.

use std::collections::BTreeSet;

use super::online_tests::{Shop, back, credit, told};
use super::*;
use crate::domain::order::{Flag, OrderState};
use crate::protocol::relay::{FeedEffect, FeedItem, RelayOrder};

/// The outcome of one order.
#[derive(Clone, Debug)]
enum Fate {
    Lapses,
    Paid,
    /// Paid, then refunded in these amounts of rupiah, one after the other.
    Returned(Vec<u64>),
    /// Held by the relay; undecided.
    Held,
}

/// A fault of the agent while it reads.
#[derive(Clone, Copy, Debug)]
enum Luck {
    /// It reads this many items.
    Reads(usize),
    /// It reads a page, then gets it again.
    ReadsTwice(usize),
    Restarts,
    /// The relay sends everything under another epoch.
    OtherEpoch,
    /// The card is copied ...
    Copied,
    /// ... and restored.
    PutBack,
}

fn any_fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        1 => Just(Fate::Lapses),
        3 => Just(Fate::Paid),
        3 => prop::collection::vec(1..60_000_u64, 1..4).prop_map(Fate::Returned),
        1 => Just(Fate::Held),
    ]
}

fn any_luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        4 => (1..4_usize).prop_map(Luck::Reads),
        2 => (1..4_usize).prop_map(Luck::ReadsTwice),
        1 => Just(Luck::Restarts),
        1 => Just(Luck::OtherEpoch),
        1 => Just(Luck::Copied),
        1 => Just(Luck::PutBack),
    ]
}

/// The items that the relay sends for an order with that fate, in order.
fn story(order: &RelayOrder, fate: &Fate) -> Vec<FeedItem> {
    let event = |name: &str| format!("order/{}/{name}", order.order_id);
    let pending = told(order, &event("status/1"), FeedEffect::Status, OrderState::Pending);
    let mut out = vec![pending];
    match fate {
        Fate::Lapses => out.push(told(order, &event("status/2"), FeedEffect::Status, OrderState::Expired)),
        Fate::Paid => out.push(credit(order)),
        Fate::Returned(amounts) => {
            out.push(credit(order));
            let mut refunded = 0;
            for (i, amount) in amounts.iter().enumerate() {
                let amount = (*amount).min(order.amount_rp - refunded);
                if amount > 0 {
                    refunded += amount;
                    out.push(back(order, &format!("r{i}"), amount, refunded));
                }
            }
        }
        Fate::Held => {
            let item = told(order, &event("review"), FeedEffect::Review, OrderState::Review);
            out.push(FeedItem { flags: vec![Flag::PaidAfterCancel], ..item });
        }
    }
    out
}

/// The items of several orders, interleaved.
fn woven(mut stories: Vec<Vec<FeedItem>>, picks: &[prop::sample::Index]) -> Vec<FeedItem> {
    let mut out = Vec::new();
    let mut picks = picks.iter().cycle();
    loop {
        stories.retain(|story| !story.is_empty());
        if stories.is_empty() {
            return out;
        }
        let at = picks.next().map_or(0, |pick| pick.index(stories.len()));
        out.push(stories[at].remove(0));
    }
}

/// The expected books: bytes granted and taken, by each event once.
fn fold(feed: &[FeedItem], bytes: u64) -> (u64, u64) {
    let mut seen = BTreeSet::new();
    let (mut given, mut taken) = (0, 0);
    let mut back: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for item in feed.iter().filter(|item| seen.insert(&item.event_id)) {
        match item.effect {
            FeedEffect::Credit => given += bytes,
            FeedEffect::Reverse => {
                let (rupiah, gone) = back.entry(&item.order_id).or_default();
                *rupiah += item.amount_rp;
                let target = u128::from(bytes) * u128::from(*rupiah) / 100_000;
                let target = u64::try_from(target).unwrap();
                taken += target - *gone;
                *gone = target;
            }
            FeedEffect::Status | FeedEffect::Review => {}
        }
    }
    (given, taken)
}

fn befall(shop: &mut Shop, luck: Luck, copy: &mut Option<Vec<u8>>, epochs: &mut u32) {
    match luck {
        Luck::Reads(limit) => {
            let page = shop.page(limit);
            shop.engine().apply_feed(&page).unwrap();
        }
        Luck::ReadsTwice(limit) => {
            let page = shop.page(limit);
            let first = shop.engine().apply_feed(&page).unwrap();
            if !first.restarted {
                assert_eq!(shop.engine().apply_feed(&page).unwrap().items, 0);
            }
        }
        Luck::Restarts => shop.pi.restart(),
        Luck::OtherEpoch => {
            *epochs += 1;
            shop.epoch = format!("e{epochs}");
        }
        Luck::Copied => *copy = Some(shop.backup()),
        Luck::PutBack => {
            if let Some(card) = copy {
                shop.restore(card);
            }
        }
    }
    shop.pi.verify();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Repeated pages, crashes, other epochs and older cards: in the end the books match the events, each once, and
    /// reading everything again changes nothing.
    #[test]
    fn every_event_counts_once_whatever_befalls_the_feed(
        fates in prop::collection::vec(any_fate(), 1..5),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..8),
        lucks in prop::collection::vec(any_luck(), 0..14),
        copied_first in any::<bool>(),
    ) {
        let mut shop = Shop::new(Policy::default());
        let mut copy = copied_first.then(|| shop.backup());
        let mut epochs = 1;
        let mut stories = Vec::new();
        for fate in &fates {
            let order = shop.buy();
            // One at a time: the next may be opened while the relay still holds this one.
            shop.engine().order_seen(&RelayOrder { status: OrderState::Expired, ..order.clone() }).unwrap();
            stories.push(story(&order, fate));
        }
        for item in woven(stories, &picks) {
            shop.tell(item);
        }
        for luck in lucks {
            befall(&mut shop, luck, &mut copy, &mut epochs);
        }
        shop.pull_by(3);
        let expected = fold(&shop.feed, Bytes::gb(10).0);
        let sums = |shop: &mut Shop| {
            let balance = shop.account().balance;
            (balance.credits.0, balance.debits.0)
        };
        prop_assert_eq!(sums(&mut shop), expected);
        shop.pi.verify();
        let account = shop.account();
        for epoch in ["x1", "x2"] {
            shop.epoch = epoch.to_owned();
            prop_assert_eq!(shop.pull_by(2).items, 0);
            shop.pi.restart();
        }
        prop_assert_eq!(shop.account(), account);
        shop.pi.verify();
    }
}
