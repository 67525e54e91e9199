//! Orders through the gateway, from the wish to the money and back.

use super::*;
use crate::domain::access::{Reason, Status};
use crate::domain::id::{DebtId, OrderId, PackageId};
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::protocol::relay::{
    FeedEffect, FeedItem, FeedPage, PaymentMeans, RelayOrder, credit_event, reverse_event,
};
use crate::store::OrderRecord;

/// A site with a user and a package on sale, and the relay's feed as it grows.
pub(super) struct Shop {
    pub pi: Pi,
    pub user: UserId,
    pub package: PackageId,
    pub feed: Vec<FeedItem>,
    pub epoch: String,
    orders: u32,
}

impl Shop {
    pub fn new(policy: Policy) -> Self {
        let mut pi = Pi::new(policy);
        let user = pi.add_user("Siti");
        let package = add_package(&mut pi, Bytes::gb(10), 100_000);
        Self { pi, user, package, feed: Vec::new(), epoch: "e1".into(), orders: 0 }
    }

    pub fn engine(&mut self) -> &mut Engine {
        self.pi.engine()
    }

    fn wish(&self, purpose: Purpose) -> Wish {
        Wish { user: self.user, purpose, method: OnlineMethod::Qris, expect: None }
    }

    pub fn begin(&mut self, purpose: Purpose) -> Result<Begun, EngineError> {
        let wish = self.wish(purpose);
        self.engine().begin_order(&Actor::daemon(), &wish, None)
    }

    /// An opening, or the test fails.
    pub fn ask(&mut self, purpose: Purpose) -> Opening {
        match self.begin(purpose).unwrap() {
            Begun::Ask(opening) => opening,
            other => panic!("{other:?}"),
        }
    }

    pub fn answer(&mut self, opening: &Opening, status: OrderState) -> RelayOrder {
        self.orders += 1;
        RelayOrder {
            order_id: format!("K-{}", self.orders),
            request_id: opening.request_id.clone(),
            method: opening.method,
            amount_rp: opening.quote.total().0,
            status,
            flags: Vec::new(),
            refunded_rp: 0,
            means: PaymentMeans { qr_string: Some("00020101".into()), ..PaymentMeans::default() },
            expires_at: Some("2026-11-22T05:15:00Z".into()),
            paid_at: None,
            created_at: "2026-11-22T05:00:00Z".into(),
            memo: Some(opening.memo.clone()),
        }
    }

    /// An order that waits for the customer.
    pub fn open(&mut self, purpose: Purpose) -> RelayOrder {
        let opening = self.ask(purpose);
        let order = self.answer(&opening, OrderState::Pending);
        self.engine().order_opened(&opening.request_id, &order).unwrap();
        order
    }

    pub fn buy(&mut self) -> RelayOrder {
        let package = self.package;
        self.open(Purpose::Buy(package))
    }

    /// The relay tells one thing more.
    pub fn tell(&mut self, item: FeedItem) {
        let seq = self.feed.len() as u64 + 1;
        self.feed.push(FeedItem { seq, ..item });
    }

    /// The agent reads the feed to its end.
    pub fn pull(&mut self) -> FeedApplied {
        self.pull_by(100)
    }

    pub fn pull_by(&mut self, limit: usize) -> FeedApplied {
        let mut all = FeedApplied::default();
        loop {
            let page = self.page(limit);
            let done = self.engine().apply_feed(&page).unwrap();
            all.items += done.items;
            all.credited.extend(done.credited);
            all.turned |= done.turned;
            if !done.more {
                return all;
            }
        }
    }

    pub fn page(&mut self, limit: usize) -> FeedPage {
        let after = usize::try_from(self.engine().cursor().seq).unwrap().min(self.feed.len());
        let end = after.saturating_add(limit).min(self.feed.len());
        FeedPage {
            epoch: self.epoch.clone(),
            items: self.feed[after..end].to_vec(),
            next: end as u64,
            has_more: end < self.feed.len(),
        }
    }

    pub fn settle(&mut self, order: &RelayOrder) {
        self.tell(credit(order));
        self.pull();
    }

    pub fn order(&mut self, id: &str) -> OrderRecord {
        self.engine().reader().order(&OrderId(id.into())).unwrap().unwrap()
    }

    pub fn account(&mut self) -> crate::domain::account::Account {
        let user = self.user;
        self.pi.user(user)
    }

    pub fn remaining(&mut self) -> u64 {
        self.account().balance.remaining().0 / Bytes::mb(1).0
    }

    fn review(&mut self, order: &RelayOrder, decision: ReviewDecision) -> Result<Value, EngineError> {
        let order = OrderId(order.order_id.clone());
        self.pi.ask(Action::Review { order, decision, reason: "dicek".into() }, None)
    }

    /// The card as it is now, for a later restore.
    pub fn backup(&mut self) -> Vec<u8> {
        self.pi.engine = None;
        let card = std::fs::read(self.pi.dir.path().join("kuota.db")).unwrap();
        self.pi.restart();
        card
    }

    pub fn restore(&mut self, card: &[u8]) {
        self.pi.engine = None;
        for end in ["kuota.db-wal", "kuota.db-shm"] {
            let _ = std::fs::remove_file(self.pi.dir.path().join(end));
        }
        std::fs::write(self.pi.dir.path().join("kuota.db"), card).unwrap();
        self.pi.restart();
    }
}

pub(super) fn told(order: &RelayOrder, event: &str, effect: FeedEffect, status: OrderState) -> FeedItem {
    FeedItem {
        seq: 0,
        event_id: event.to_owned(),
        order_id: order.order_id.clone(),
        request_id: order.request_id.clone(),
        memo: order.memo.clone(),
        effect,
        status,
        flags: Vec::new(),
        amount_rp: order.amount_rp,
        refunded_rp: 0,
        method: Some(order.method),
        at: "2026-11-22T05:01:00Z".into(),
        paid_at: Some("2026-11-22T05:00:30Z".into()),
    }
}

pub(super) fn credit(order: &RelayOrder) -> FeedItem {
    told(order, &credit_event(&order.order_id), FeedEffect::Credit, OrderState::Paid)
}

pub(super) fn back(order: &RelayOrder, key: &str, amount: u64, refunded: u64) -> FeedItem {
    let status =
        if refunded == order.amount_rp { OrderState::Refunded } else { OrderState::PartiallyRefunded };
    FeedItem {
        amount_rp: amount,
        refunded_rp: refunded,
        ..told(order, &reverse_event(&order.order_id, key), FeedEffect::Reverse, status)
    }
}

fn status(order: &RelayOrder, status: OrderState) -> FeedItem {
    let event = format!("order/{}/status/{}", order.order_id, status.name());
    told(order, &event, FeedEffect::Status, status)
}

fn held(order: &RelayOrder, flag: Flag) -> FeedItem {
    let event = format!("order/{}/review", order.order_id);
    let item = told(order, &event, FeedEffect::Review, OrderState::Review);
    FeedItem { flags: vec![flag], ..item }
}

fn owe(shop: &mut Shop, amount: Bytes) -> DebtId {
    let terms = DebtTerms {
        what: Ok(amount),
        advance: true,
        debt_date: None,
        due_date: None,
        price: None,
        note: "utang".into(),
    };
    let debt = shop.pi.ask(Action::AddDebt(shop.user, terms), None).unwrap();
    debt["id"].as_str().unwrap().parse().unwrap()
}

fn is_conflict(result: &Result<impl std::fmt::Debug, EngineError>, expected: &str) -> bool {
    matches!(result, Err(EngineError::Conflict { code, .. }) if *code == expected)
}

#[test]
fn an_online_order_is_asked_for_opened_paid_and_credited_once() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    assert_eq!(shop.order("K-1").status, OrderState::Pending);
    assert_eq!(shop.remaining(), 0, "nothing is given before the money is there");
    shop.tell(credit(&order));
    let applied = shop.pull();
    assert_eq!((applied.items, applied.credited, applied.turned), (1, vec![shop.user], true));
    let paid = shop.order("K-1");
    assert_eq!((paid.status, paid.receipt_no, paid.cashier), (OrderState::Paid, Some(1), None));
    assert_eq!(paid.paid_at, crate::clock::parse_rfc3339("2026-11-22T05:00:30Z"));
    assert_eq!(shop.remaining(), 10_240);
    let line = shop.engine().reader().order_entries(&paid.id).unwrap().remove(0);
    assert_eq!((line.event.as_str(), line.actor.as_str()), ("order/K-1/credit", "relay"));
    for _ in 0..2 {
        shop.tell(credit(&order));
        assert_eq!(shop.pull().items, 0);
    }
    assert_eq!(shop.remaining(), 10_240);
    shop.pi.verify();
}

#[test]
fn a_repeated_call_resumes_its_opening_and_is_answered_once_it_stands() {
    let mut shop = Shop::new(Policy::default());
    let wish = shop.wish(Purpose::Buy(shop.package));
    let key = Key { id: "siti/1".into(), content_hash: [1; 32] };
    let begin = |shop: &mut Shop, key: &Key| shop.engine().begin_order(&Actor::daemon(), &wish, Some(key));
    let Begun::Ask(first) = begin(&mut shop, &key).unwrap() else { panic!() };
    shop.pi.restart();
    let Begun::Ask(again) = begin(&mut shop, &key).unwrap() else { panic!() };
    assert_eq!((&first.request_id, first.memo.get()), (&again.request_id, again.memo.get()));
    let other = Key { content_hash: [2; 32], ..key.clone() };
    assert!(is_conflict(&begin(&mut shop, &other), "idempotency_conflict"));
    let order = shop.answer(&again, OrderState::Pending);
    let opened = shop.engine().order_opened(&again.request_id, &order).unwrap();
    assert_eq!(opened.status, 201);
    let view: Value = serde_json::from_str(&opened.body).unwrap();
    assert_eq!((view["status"].as_str(), view["qr_string"].as_str()), (Some("pending"), Some("00020101")));
    let Begun::Answered(answer) = begin(&mut shop, &key).unwrap() else { panic!() };
    assert_eq!(answer, opened);
    assert!(is_conflict(&begin(&mut shop, &other), "idempotency_conflict"));
    let repeated = shop.engine().order_opened(&again.request_id, &order).unwrap();
    assert_eq!(repeated, opened, "the relay's answer twice is one order");
    assert!(shop.engine().openings().is_empty());
}

#[test]
fn what_is_open_must_be_called_off_before_another_is_opened() {
    let mut shop = Shop::new(Policy::default());
    let opening = shop.ask(Purpose::Buy(shop.package));
    let open = |shop: &mut Shop| match shop.begin(Purpose::Buy(shop.package)).unwrap() {
        Begun::CancelFirst(open) => open,
        other => panic!("{other:?}"),
    };
    assert_eq!(open(&mut shop), OpenOne::Opening(opening.request_id.clone()));
    let order = shop.answer(&opening, OrderState::Pending);
    shop.engine().order_opened(&opening.request_id, &order).unwrap();
    assert_eq!(open(&mut shop), OpenOne::Order(OrderId("K-1".into())));
    assert!(shop.begin(Purpose::SettleAll).is_err(), "what cannot be had calls nothing off");
    let user = shop.user;
    assert!(is_conflict(&shop.pi.ask(Action::DeleteUser(user), None), "user_pays"));
    let cancelled = RelayOrder { status: OrderState::Cancelled, ..order.clone() };
    shop.engine().order_seen(&cancelled).unwrap();
    assert_eq!(shop.order("K-1").status, OrderState::Cancelled);
    shop.engine().order_seen(&order).unwrap();
    assert_eq!(shop.order("K-1").status, OrderState::Cancelled, "states only move up");
    let user = shop.user;
    assert_eq!(shop.engine().open_online(user), None);
    shop.buy();
}

#[test]
fn an_attempt_that_failed_leaves_nothing_but_what_the_relay_must_hear() {
    let mut shop = Shop::new(Policy::default());
    let sure = shop.ask(Purpose::Buy(shop.package));
    shop.engine().order_failed(&sure.request_id, false).unwrap();
    assert!(shop.engine().outbox().is_empty());
    let unsure = shop.ask(Purpose::Buy(shop.package));
    shop.engine().order_failed(&unsure.request_id, true).unwrap();
    shop.engine().order_failed(&unsure.request_id, true).unwrap();
    let work = |shop: &mut Shop| shop.engine().outbox().into_iter().map(|e| e.work).collect::<Vec<_>>();
    let abandon = ErrandWork::Abandon { request_id: unsure.request_id.clone() };
    assert_eq!(work(&mut shop), [abandon]);
    let late = shop.answer(&unsure, OrderState::Pending);
    assert!(matches!(
        shop.engine().order_opened(&unsure.request_id, &late),
        Err(EngineError::NotFound("opening"))
    ));
    let errand = shop.engine().outbox().remove(0);
    let later = Timestamp(NOON.0 + 5000);
    shop.engine().errand_postponed(errand.no, later).unwrap();
    shop.engine().flush().unwrap();
    shop.pi.restart();
    let kept = shop.engine().outbox().remove(0);
    assert_eq!((kept.no, kept.attempts, kept.next_at), (errand.no, 1, later));
    shop.engine().errand_done(errand.no).unwrap();
    shop.pi.restart();
    assert!(shop.engine().outbox().is_empty());
    // Money that came all the same is credited.
    shop.settle(&late);
    assert_eq!(shop.remaining(), 10_240);
    shop.pi.verify();
}

#[test]
fn a_charge_of_another_amount_is_given_up() {
    let mut shop = Shop::new(Policy::default());
    let opening = shop.ask(Purpose::Buy(shop.package));
    let order = RelayOrder { amount_rp: 1, ..shop.answer(&opening, OrderState::Pending) };
    let answer = shop.engine().order_opened(&opening.request_id, &order);
    assert!(is_conflict(&answer, "amount_mismatch"));
    let abandon = ErrandWork::Abandon { request_id: opening.request_id };
    assert_eq!(shop.engine().outbox().remove(0).work, abandon);
    let user = shop.user;
    assert_eq!(shop.engine().open_online(user), None);
}

#[test]
fn cash_calls_off_what_is_open_in_the_same_commit_and_both_payments_count() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.pi.ask(Action::Buy(shop.user, shop.package, cash(None)), None).unwrap();
    let cancel = ErrandWork::Cancel { order: OrderId("K-1".into()) };
    assert_eq!(shop.engine().outbox().remove(0).work, cancel);
    shop.settle(&order);
    assert_eq!(shop.remaining(), 20_480);
    assert_eq!(shop.order("K-1").receipt_no, Some(2));
    shop.pi.verify();
    let sales = shop.engine().reader().sales(Timestamp(0), Timestamp(i64::MAX)).unwrap();
    let methods: Vec<_> = sales.iter().map(|sale| (sale.method.as_str(), sale.amount.0)).collect();
    assert_eq!(methods, [("cash", 100_000), ("qris", 100_000)]);
}

#[test]
fn another_price_by_now_and_a_price_of_nothing_are_refused() {
    let mut shop = Shop::new(Policy::default());
    let wish = Wish { expect: Some(Rupiah(1)), ..shop.wish(Purpose::Buy(shop.package)) };
    let begun = shop.engine().begin_order(&Actor::daemon(), &wish, None);
    assert!(matches!(begun, Err(EngineError::Refused(crate::domain::policy::Refusal::QuoteChanged(_)))));
    let free = add_package(&mut shop.pi, Bytes::gb(1), 0);
    assert!(is_conflict(&shop.begin(Purpose::Buy(free)), "nothing_to_pay"));
    let user = shop.user;
    assert_eq!(shop.engine().open_online(user), None);
}

#[test]
fn a_memo_too_long_is_shortened_and_then_refused() {
    let mut shop = Shop::new(Policy::default());
    for _ in 0..10 {
        let debt = owe(&mut shop, Bytes::gb(1));
        let note = Some("x".repeat(500));
        let change = DebtChange { due_date: None, note };
        shop.pi.ask(Action::ChangeDebt(shop.user, debt, change), None).unwrap();
    }
    let opening = shop.ask(Purpose::SettleAll);
    assert!(opening.memo.get().len() <= 4096);
    assert_eq!(opening.quote.lines[0].name.len(), 500, "the order keeps its names");
    shop.engine().order_failed(&opening.request_id, false).unwrap();
    for _ in 0..30 {
        owe(&mut shop, Bytes::gb(1));
    }
    assert!(is_conflict(&shop.begin(Purpose::SettleAll), "too_many_lines"));
}

#[test]
fn paying_approves_where_registration_is_by_payment() {
    for (payment_approves, expected) in [(true, Status::Active), (false, Status::Inactive)] {
        let mut shop = Shop::new(Policy { payment_approves, ..Policy::default() });
        let settings = Settings { approved: Some(false), ..Settings::default() };
        let change = UserChange { settings, ..UserChange::default() };
        shop.pi.ask(Action::ChangeUser(shop.user, change), None).unwrap();
        if payment_approves {
            let order = shop.buy();
            assert_eq!(shop.account().access.status, Status::Inactive);
            shop.settle(&order);
        } else {
            assert!(shop.begin(Purpose::Buy(shop.package)).is_err());
        }
        assert_eq!(shop.account().access.status, expected);
    }
}

/// A shop whose user has one device on the air.
fn on_air() -> (Shop, impl FnMut(&mut Shop, u64)) {
    let mut shop = Shop::new(Policy::default());
    let user = shop.user;
    let reading = shop.pi.reading(100, vec![row(1, "*1", 50, 0)]);
    shop.pi.bind(user, mac(1), Some(reading));
    let (mut uptime, mut total) = (100, 0);
    let meter = move |shop: &mut Shop, mb: u64| {
        shop.pi.pass(10);
        (uptime, total) = (uptime + 10, total + mb * Bytes::mb(1).0);
        shop.pi.meter(uptime, vec![row(1, "*1", uptime - 50, total)]);
    };
    (shop, meter)
}

fn access(shop: &mut Shop) -> (Status, Option<Reason>) {
    let access = shop.account().access;
    (access.status, access.reason)
}

const PAYING: (Status, Option<Reason>) = (Status::Fup, Some(Reason::Paying));
const HABIS: (Status, Option<Reason>) = (Status::Habis, Some(Reason::Habis));

#[test]
fn a_stopped_user_is_online_while_an_order_is_young() {
    let (mut shop, mut meter) = on_air();
    assert_eq!(access(&mut shop), HABIS);
    let opening = shop.ask(Purpose::Buy(shop.package));
    assert_eq!(access(&mut shop), HABIS, "nobody pays what is not open");
    let order = shop.answer(&opening, OrderState::Pending);
    shop.engine().order_opened(&opening.request_id, &order).unwrap();
    assert_eq!(access(&mut shop), PAYING);
    for _ in 0..59 {
        meter(&mut shop, 0);
    }
    assert_eq!(access(&mut shop), PAYING);
    meter(&mut shop, 0);
    assert_eq!(access(&mut shop), HABIS, "ten minutes are over");
    shop.settle(&order);
    assert_eq!(access(&mut shop), (Status::Active, None));
}

#[test]
fn a_window_ends_at_its_bytes_and_a_day_has_two() {
    let (mut shop, mut meter) = on_air();
    let mut order = shop.buy();
    meter(&mut shop, 29);
    assert_eq!(access(&mut shop), PAYING);
    shop.engine().flush().unwrap();
    shop.pi.restart();
    assert_eq!(access(&mut shop), PAYING, "a restart ends no window");
    meter(&mut shop, 1);
    assert_eq!(access(&mut shop), HABIS, "30 MB are used");
    for expected in [PAYING, HABIS] {
        let ended = RelayOrder { status: OrderState::Cancelled, ..order };
        shop.engine().order_seen(&ended).unwrap();
        assert_eq!(access(&mut shop), HABIS, "an order that is over lets nobody pay");
        order = shop.buy();
        assert_eq!(access(&mut shop), expected);
        shop.pi.restart();
        assert_eq!(access(&mut shop), expected, "windows of a day are counted across restarts");
    }
    shop.pi.pass(24 * 3600);
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), HABIS, "the order is old by now");
}

#[test]
fn a_user_who_runs_out_while_paying_gets_the_window_then() {
    let (mut shop, mut meter) = on_air();
    let user = shop.user;
    shop.pi.grant(user, Bytes::mb(50));
    shop.buy();
    assert_eq!(access(&mut shop), (Status::Active, None));
    meter(&mut shop, 51);
    assert_eq!(access(&mut shop), PAYING);
    assert_eq!(shop.engine().look().windows(1)[0].used, Bytes::ZERO, "what flowed before does not count");
    meter(&mut shop, 30);
    assert_eq!(access(&mut shop), HABIS);
}

#[test]
fn an_admins_block_and_a_window_of_nothing_let_nobody_pay() {
    let (mut shop, _) = on_air();
    shop.buy();
    shop.pi.ask(Action::Block(shop.user, "x".into()), None).unwrap();
    assert_eq!(access(&mut shop).0, Status::Blocked);
    let mut shop = Shop::new(Policy { pay_window_ms: 0, ..Policy::default() });
    shop.buy();
    assert_eq!(access(&mut shop), HABIS);
}

#[test]
fn an_order_that_cannot_be_checked_holds_a_block_off_for_the_grace() {
    let (mut shop, mut meter) = on_air();
    let policy = Policy { offline_grace_ms: 60_000, pay_window_ms: 0, ..debt_mode() };
    shop.engine().set_policy(policy, Duration::from_mins(1));
    let user = shop.user;
    shop.pi.grant(user, Bytes::mb(1));
    let silent = shop.pi.clock.uptime();
    shop.buy();
    shop.engine().relay_silent_since(Some(silent));
    meter(&mut shop, 600);
    assert_eq!(access(&mut shop), (Status::Active, None));
    let held_off = |shop: &mut Shop| {
        let user = shop.user;
        shop.engine().look().user(user).unwrap().offline_grace
    };
    assert!(held_off(&mut shop));
    shop.engine().relay_silent_since(None);
    shop.engine().pass_time().unwrap();
    let blocked = (Status::Blocked, Some(Reason::DebtLimit));
    assert_eq!(access(&mut shop), blocked, "the relay answers, so the order can be checked");
    shop.engine().relay_silent_since(Some(silent));
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), blocked, "a block that holds is not lifted");
    assert!(!held_off(&mut shop));
    // Another user, who is not blocked yet, waits until the grace is over.
    shop.pi.ask(Action::Debit { user, amount: Bytes::mb(1), reason: "x".into() }, None).unwrap();
    shop.pi.pass(60);
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), blocked);
}

#[test]
fn money_that_no_rule_can_apply_waits_for_the_owner() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(status(&order, OrderState::Cancelled));
    shop.tell(held(&order, Flag::PaidAfterCancel));
    shop.pull();
    let waiting = shop.order("K-1");
    assert_eq!((waiting.status, waiting.receipt_no), (OrderState::Review, None));
    assert!(waiting.flags.contains(&Flag::PaidAfterCancel));
    shop.pi.verify();
    let answer = shop.review(&order, ReviewDecision::Credit).unwrap();
    assert_eq!((answer["status"].as_str(), answer["receipt"].as_u64()), (Some("paid"), Some(1)));
    assert_eq!(shop.remaining(), 10_240);
    assert!(is_conflict(&shop.review(&order, ReviewDecision::Credit), "not_in_review"));
    shop.settle(&order);
    shop.engine().order_seen(&RelayOrder { status: OrderState::Review, ..order.clone() }).unwrap();
    assert_eq!(shop.remaining(), 10_240, "credited once, whatever the relay says afterwards");
    assert_eq!(shop.order("K-1").status, OrderState::Paid);
    // The relay never credited it, so that it tells of a return as a mere state.
    let gone = FeedItem { refunded_rp: order.amount_rp, ..status(&order, OrderState::Refunded) };
    shop.tell(gone);
    shop.pull();
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Refunded, 0));
    shop.pi.verify();
}

#[test]
fn a_dismissed_review_credits_nothing_ever() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(held(&order, Flag::FraudStatus));
    shop.pull();
    shop.review(&order, ReviewDecision::Dismiss).unwrap();
    shop.settle(&order);
    shop.engine().order_seen(&RelayOrder { status: OrderState::Review, ..order.clone() }).unwrap();
    let closed = shop.order("K-1");
    assert_eq!((closed.status, closed.receipt_no), (OrderState::Cancelled, None));
    assert_eq!(shop.remaining(), 0);
    shop.tell(status(&order, OrderState::Refunded));
    shop.pull();
    assert_eq!(shop.order("K-1").status, OrderState::Refunded, "that the money is gone may be seen");
    shop.pi.verify();
}

#[test]
fn a_review_that_the_gateway_settles_is_credited_by_the_feed() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(held(&order, Flag::FraudStatus));
    shop.settle(&order);
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Paid, 10_240));
    shop.pi.verify();
}

#[test]
fn another_amount_than_the_orders_credits_nothing() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(FeedItem { amount_rp: 99_999, ..credit(&order) });
    assert!(shop.pull().credited.is_empty());
    let held = shop.order("K-1");
    assert_eq!((held.status, held.receipt_no), (OrderState::Review, None));
    assert!(held.flags.contains(&Flag::AmountMismatch));
    assert_eq!(shop.remaining(), 0);
    shop.pi.verify();
}

#[test]
fn bytes_that_are_no_longer_owed_become_quota() {
    let mut shop = Shop::new(Policy::default());
    let debt = owe(&mut shop, Bytes::gb(10));
    let order = shop.open(Purpose::SettleItem(debt));
    shop.pi.ask(Action::SettleItem(shop.user, debt, cash(None)), None).unwrap();
    shop.settle(&order);
    let paid = shop.order("K-1");
    assert_eq!(paid.status, OrderState::Paid);
    assert!(paid.flags.contains(&Flag::Surplus));
    assert_eq!(shop.remaining(), 20_480);
    shop.pi.verify();
    shop.tell(back(&order, "r1", order.amount_rp, order.amount_rp));
    shop.pull();
    assert_eq!(shop.remaining(), 10_240);
    shop.pi.verify();
}

/// An unlimited plan on credit, and the order that would pay it, paid over the counter meanwhile.
fn paid_twice() -> (Shop, RelayOrder) {
    let mut shop = Shop::new(Policy::default());
    let plan =
        NewPackage { name: "bulanan".into(), quota: None, days: 30, price: Rupiah(150_000), active: true };
    let plan = shop.pi.ask(Action::AddPackage(plan), None).unwrap();
    let terms = DebtTerms {
        what: Err(plan["id"].as_str().unwrap().parse().unwrap()),
        advance: true,
        debt_date: None,
        due_date: None,
        price: None,
        note: String::new(),
    };
    let debt = shop.pi.ask(Action::AddDebt(shop.user, terms), None).unwrap();
    let debt: DebtId = debt["id"].as_str().unwrap().parse().unwrap();
    let order = shop.open(Purpose::SettleItem(debt));
    shop.pi.ask(Action::SettleItem(shop.user, debt, cash(None)), None).unwrap();
    shop.settle(&order);
    (shop, order)
}

#[test]
fn a_line_without_bytes_that_is_no_longer_owed_goes_to_review() {
    let (mut shop, order) = paid_twice();
    let held = shop.order("K-1");
    assert_eq!((held.status, held.receipt_no), (OrderState::Review, Some(2)));
    assert!(held.flags.contains(&Flag::NothingOwed));
    shop.pi.verify();
    assert!(is_conflict(&shop.review(&order, ReviewDecision::Credit), "already_credited"));
    let closed = shop.review(&order, ReviewDecision::Dismiss).unwrap();
    assert_eq!(closed["status"], "paid", "its money is on the books");
    shop.pi.verify();
}

#[test]
fn a_review_ends_when_its_money_goes_back() {
    let (mut shop, order) = paid_twice();
    shop.tell(back(&order, "r1", order.amount_rp, order.amount_rp));
    shop.pull();
    assert_eq!(shop.order("K-1").status, OrderState::Refunded);
    shop.pi.verify();
}

#[test]
fn partial_returns_of_one_line_take_quota_in_proportion_each_once() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(credit(&order));
    shop.tell(back(&order, "r1", 33_333, 33_333));
    shop.pull();
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::PartiallyRefunded, 6826));
    shop.tell(back(&order, "r1", 33_333, 33_333));
    shop.tell(back(&order, "r2", 66_667, 100_000));
    shop.tell(back(&order, "r3", 66_667, 100_000));
    shop.pull();
    let gone = shop.order("K-1");
    assert_eq!((gone.status, gone.refunded, shop.remaining()), (OrderState::Refunded, Rupiah(100_000), 0));
    assert_eq!(shop.account().expires_at, None, "its days went with it");
    shop.pi.verify();
}

#[test]
fn part_of_several_lines_or_of_an_ended_period_is_left_to_a_person() {
    let mut shop = Shop::new(Policy::default());
    owe(&mut shop, Bytes::gb(10));
    owe(&mut shop, Bytes::gb(10));
    let order = shop.open(Purpose::SettleAll);
    shop.settle(&order);
    let balance = shop.account().balance;
    shop.tell(back(&order, "r1", 1000, 1000));
    shop.pull();
    let held = shop.order("K-1");
    assert_eq!((held.status, held.refunded), (OrderState::Review, Rupiah(1000)));
    assert!(held.flags.contains(&Flag::ReverseByHand));
    assert_eq!(shop.account().balance, balance, "the ledger is untouched");
    shop.pi.verify();
    let closed = shop.review(&order, ReviewDecision::Dismiss).unwrap();
    assert_eq!(closed["status"], "partially_refunded");
    shop.tell(back(&order, "r2", order.amount_rp - 1000, order.amount_rp));
    shop.pull();
    assert_eq!(shop.order("K-1").status, OrderState::Refunded);
    assert_eq!(shop.account().debt_items(), Bytes::gb(20), "both are owed again");
    shop.pi.verify();

    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.settle(&order);
    let reading = shop.pi.reading(100, Vec::new());
    let reset = Action::Reset {
        user: shop.user,
        debt: None,
        credit: Some(Bytes::mb(5)),
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    shop.pi.ask(reset, Some(reading)).unwrap();
    shop.tell(back(&order, "r1", 1000, 1000));
    shop.pull();
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Review, 5));
    shop.tell(back(&order, "r2", 99_000, 100_000));
    shop.pull();
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Refunded, 5));
    shop.pi.verify();
}

#[test]
fn a_return_of_an_order_that_was_never_credited_moves_its_state_alone() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.tell(back(&order, "r1", order.amount_rp, order.amount_rp));
    shop.pull();
    let gone = shop.order("K-1");
    assert_eq!((gone.status, gone.refunded, gone.receipt_no), (OrderState::Refunded, Rupiah(100_000), None));
    assert_eq!(shop.remaining(), 0);
    shop.pi.verify();
}

#[test]
fn an_order_that_is_called_paid_stands_as_pending_until_the_feed_credits_it() {
    let mut shop = Shop::new(Policy::default());
    let opening = shop.ask(Purpose::Buy(shop.package));
    let order = shop.answer(&opening, OrderState::Paid);
    shop.engine().order_opened(&opening.request_id, &order).unwrap();
    shop.engine().order_seen(&order).unwrap();
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Pending, 0));
    shop.settle(&order);
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Paid, 10_240));
}

#[test]
fn the_feed_may_be_faster_than_the_relays_answer() {
    let mut shop = Shop::new(Policy::default());
    let opening = shop.ask(Purpose::Buy(shop.package));
    let order = shop.answer(&opening, OrderState::Pending);
    shop.settle(&order);
    let paid = shop.order("K-1");
    assert!(paid.flags.is_empty(), "the attempt is on file, so nothing was rebuilt");
    let opened = shop.engine().order_opened(&opening.request_id, &order).unwrap();
    let view: Value = serde_json::from_str(&opened.body).unwrap();
    assert_eq!((view["status"].as_str(), view["qr_string"].as_str()), (Some("paid"), Some("00020101")));
    assert_eq!(shop.remaining(), 10_240);
    shop.pi.verify();
}

#[test]
fn a_refund_through_the_gateway_is_an_errand_and_comes_back_by_the_feed() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    let refund = |amount: Option<u64>| Action::Refund {
        order: OrderId("K-1".into()),
        amount: amount.map(Rupiah),
        reason: "salah".into(),
    };
    assert!(is_conflict(&shop.pi.ask(refund(None), None), "not_paid"));
    shop.settle(&order);
    let answer = shop.pi.ask(refund(Some(40_000)), None).unwrap();
    assert_eq!((answer["status"].as_str(), answer["refunded_rp"].as_u64()), (Some("paid"), Some(0)));
    shop.pi.ask(refund(None), None).unwrap();
    assert!(shop.pi.ask(refund(None), None).is_err(), "all of it is on its way");
    let amounts: Vec<u64> = shop
        .engine()
        .outbox()
        .into_iter()
        .map(|errand| match errand.work {
            ErrandWork::Refund { amount, key, .. } => {
                assert!(key.len() <= 46, "the gateway cuts longer keys");
                amount.0
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(amounts, [40_000, 60_000]);
    let no = shop.engine().outbox()[0].no;
    shop.engine().errand_refused(no, "the bank cannot pay back").unwrap();
    assert_eq!(shop.engine().outbox().len(), 1);
    shop.pi.verify();
}

#[test]
fn a_user_who_was_deleted_comes_back_with_the_money() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.engine().order_seen(&RelayOrder { status: OrderState::Expired, ..order.clone() }).unwrap();
    shop.pi.ask(Action::DeleteUser(shop.user), None).unwrap();
    shop.pi.restart();
    shop.tell(FeedItem { flags: vec![Flag::LateSettlement], ..credit(&order) });
    assert_eq!(shop.pull().credited, [shop.user]);
    assert_eq!(shop.remaining(), 10_240);
    let sums = shop.account();
    shop.pi.restart();
    assert_eq!(shop.account(), sums);
    shop.pi.verify();
}

#[test]
fn a_store_that_knows_neither_order_nor_user_is_rebuilt_from_what_the_order_carried() {
    let mut shop = Shop::new(Policy::default());
    let card = shop.backup();
    let change = UserChange { phone: Some(Some("0812".into())), ..UserChange::default() };
    let stranger = shop.pi.add_user("Budi");
    shop.pi.ask(Action::ChangeUser(stranger, change.clone()), None).unwrap();
    let mine = shop.buy();
    let siti = std::mem::replace(&mut shop.user, stranger);
    let theirs = shop.buy();
    let broken = RelayOrder {
        order_id: "K-9".into(),
        request_id: "r-9".into(),
        memo: serde_json::value::RawValue::from_string("{\"v\":9}".into()).ok(),
        ..theirs.clone()
    };
    shop.restore(&card);
    // Somebody else has the phone by now.
    shop.pi.ask(Action::ChangeUser(siti, change), None).unwrap();
    for order in [&mine, &theirs, &broken] {
        shop.tell(credit(order));
    }
    assert_eq!(shop.pull().credited, [siti, stranger]);
    assert_eq!(shop.remaining(), 10_240);
    let budi = shop.engine().look().user(stranger).unwrap().user;
    assert_eq!((budi.name.as_str(), budi.phone), ("Budi", None));
    for id in ["K-1", "K-2"] {
        assert!(shop.order(id).flags.contains(&Flag::Rebuilt));
    }
    let lost = shop.order("K-9");
    assert_eq!((lost.user_no, lost.status, lost.amount), (None, OrderState::Review, Rupiah(100_000)));
    assert!(is_conflict(&shop.review(&broken, ReviewDecision::Credit), "user_unknown"));
    shop.pi.verify();
    shop.review(&broken, ReviewDecision::Dismiss).unwrap();
    shop.pi.restart();
    shop.pi.verify();
    let page = Page { limit: 10, after: None };
    assert_eq!(shop.engine().reader().orders(None, page).unwrap().len(), 3);
}

#[test]
fn two_orders_of_one_attempt_are_both_credited() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.settle(&order);
    // A relay from an older backup made another order of the same request.
    shop.settle(&RelayOrder { order_id: "K-1b".into(), ..order });
    assert_eq!(shop.remaining(), 20_480);
    assert_eq!(shop.order("K-1b").online.request_id, None);
    shop.pi.verify();
}

#[test]
fn another_epoch_is_read_from_its_start_and_open_orders_are_adopted() {
    let mut shop = Shop::new(Policy::default());
    let paid = shop.buy();
    shop.settle(&paid);
    let open = shop.buy();
    shop.epoch = "e2".into();
    let page = shop.page(100);
    let first = shop.engine().apply_feed(&page).unwrap();
    assert!(first.restarted && first.more && first.items == 0);
    assert_eq!(shop.engine().cursor(), Cursor { epoch: Some("e2".into()), seq: 0 });
    let adopt = ErrandWork::Adopt { order: OrderId(open.order_id.clone()) };
    assert_eq!(shop.engine().outbox().remove(0).work, adopt);
    let body = shop.engine().adoption(&OrderId(open.order_id.clone())).unwrap().unwrap();
    assert_eq!((body.request_id, body.amount_rp), (open.request_id.clone(), open.amount_rp));
    assert_eq!(body.memo.unwrap().get(), open.memo.unwrap().get());
    assert_eq!(shop.pull().items, 0, "everything was applied before");
    assert_eq!(shop.remaining(), 10_240);
    // The same store went back in time.
    shop.feed.clear();
    let page = shop.page(100);
    assert!(shop.engine().apply_feed(&page).unwrap().restarted);
    assert_eq!(shop.engine().cursor().seq, 0);
    shop.pi.verify();
}

#[test]
fn a_page_without_news_is_not_written() {
    let mut shop = Shop::new(Policy::default());
    shop.pull();
    let commits = shop.engine().store_stats().commits;
    shop.pull();
    let order = RelayOrder { order_id: "nobodys".into(), ..shop.buy() };
    let opened = shop.engine().store_stats().commits;
    shop.engine().order_seen(&order).unwrap();
    assert_eq!(shop.engine().store_stats().commits, opened);
    assert_eq!(opened, commits + 2, "the attempt and the order");
}

#[test]
fn orders_are_paged_from_the_newest_whatever_their_receipts() {
    let mut shop = Shop::new(Policy::default());
    shop.buy();
    shop.pi.pass(1);
    shop.pi.ask(Action::Buy(shop.user, shop.package, cash(None)), None).unwrap();
    shop.pi.pass(1);
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = shop.engine().reader().orders(None, Page { limit: 1, after }).unwrap();
        let Some((no, order)) = page.into_iter().next() else { break };
        seen.push(order.method.name());
        after = Some(no);
    }
    assert_eq!(seen, ["cash", "qris"]);
}
