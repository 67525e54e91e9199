//! Online orders, from the request to the money and back.

use super::*;
use crate::domain::access::Status;
use crate::domain::id::{DebtId, OrderId, PackageId};
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::protocol::relay::{
    FeedEffect, FeedEntry, FeedItem, FeedPage, PaymentMeans, RelayOrder, credit_event, reverse_event,
};
use crate::store::reports::Sale;
use crate::store::{OrderRecord, StoreError};

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

    pub fn wish(&self, purpose: Purpose) -> PaymentRequest {
        PaymentRequest {
            user: self.user,
            purpose,
            method: OnlineMethod::Qris,
            expect: None,
            replaces: Replaces::Anything,
        }
    }

    pub fn begin(&mut self, purpose: Purpose) -> Result<Checkout, EngineError> {
        let wish = self.wish(purpose);
        self.engine().begin_order(&Actor::daemon(), &wish, None)
    }

    /// Requests an order that must be sent to the relay.
    pub fn ask(&mut self, purpose: Purpose) -> PendingOrder {
        match self.begin(purpose).unwrap() {
            Checkout::Ask(opening) => opening,
            other => panic!("{other:?}"),
        }
    }

    pub fn answer(&mut self, opening: &PendingOrder, status: OrderState) -> RelayOrder {
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

    /// The relay adds one item to the feed.
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

    pub fn page(&mut self, limit: usize) -> FeedPage<FeedEntry> {
        let after = usize::try_from(self.engine().cursor().seq).unwrap().min(self.feed.len());
        let end = after.saturating_add(limit).min(self.feed.len());
        FeedPage {
            epoch: self.epoch.clone(),
            items: self.feed[after..end].to_vec(),
            next: end as u64,
            has_more: end < self.feed.len(),
        }
        .into()
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

    pub fn review(&mut self, order: &RelayOrder, decision: ReviewDecision) -> Result<Value, EngineError> {
        let order = OrderId(order.order_id.clone());
        self.pi.ask(Command::Review { order, decision, reason: "dicek".into() }, None)
    }

    /// The card as it is now, for a later restore.
    pub fn backup(&mut self) -> Vec<u8> {
        self.pi.engine = None;
        let card = std::fs::read(self.pi.dir.path().join("kuota.db")).unwrap();
        self.pi.restart();
        card
    }

    /// Every order that was paid.
    pub fn sales(&mut self) -> Vec<Sale> {
        let mut sales = Vec::new();
        let all = (Timestamp(0), Timestamp(i64::MAX));
        let reader = self.engine().reader();
        let read = reader.each_sale(all.0, all.1, |sale| {
            sales.push(sale);
            Ok::<_, StoreError>(())
        });
        read.unwrap();
        sales
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

pub(super) fn status(order: &RelayOrder, status: OrderState) -> FeedItem {
    let event = format!("order/{}/status/{}", order.order_id, status.name());
    told(order, &event, FeedEffect::Status, status)
}

pub(super) fn held(order: &RelayOrder, flag: Flag) -> FeedItem {
    let event = format!("order/{}/review", order.order_id);
    let item = told(order, &event, FeedEffect::Review, OrderState::Review);
    FeedItem { flags: vec![flag], ..item }
}

pub(super) fn owe(shop: &mut Shop, amount: Bytes) -> DebtId {
    let terms = DebtTerms {
        what: Ok(amount),
        advance: true,
        debt_date: None,
        due_date: None,
        price: None,
        note: "utang".into(),
        customer_note: String::new(),
    };
    let debt = shop.pi.ask(Command::AddDebt(shop.user, terms), None).unwrap();
    debt["id"].as_str().unwrap().parse().unwrap()
}

pub(super) fn is_conflict(result: &Result<impl std::fmt::Debug, EngineError>, expected: &str) -> bool {
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
    let Checkout::Ask(first) = begin(&mut shop, &key).unwrap() else { panic!() };
    shop.pi.restart();
    let Checkout::Ask(again) = begin(&mut shop, &key).unwrap() else { panic!() };
    assert_eq!((&first.request_id, first.memo.get()), (&again.request_id, again.memo.get()));
    let other = Key { content_hash: [2; 32], ..key.clone() };
    assert!(is_conflict(&begin(&mut shop, &other), "idempotency_conflict"));
    let order = shop.answer(&again, OrderState::Pending);
    let opened = shop.engine().order_opened(&again.request_id, &order).unwrap();
    let Done::Created(View::Order(view)) = &opened else { panic!("{opened:?}") };
    assert_eq!((view.status, view.means.qr_string.as_deref()), (OrderState::Pending, Some("00020101")));
    let Checkout::Answered(answer) = begin(&mut shop, &key).unwrap() else { panic!() };
    assert_eq!(*answer, opened);
    assert!(is_conflict(&begin(&mut shop, &other), "idempotency_conflict"));
    let repeated = shop.engine().order_opened(&again.request_id, &order).unwrap();
    assert_eq!(repeated, opened, "the relay's answer twice is one order");
    assert!(shop.engine().pending_orders().is_empty());
}

#[test]
fn what_is_open_must_be_called_off_before_another_is_opened() {
    let mut shop = Shop::new(Policy::default());
    let opening = shop.ask(Purpose::Buy(shop.package));
    let open = |shop: &mut Shop| match shop.begin(Purpose::Buy(shop.package)).unwrap() {
        Checkout::CancelFirst(open) => open,
        other => panic!("{other:?}"),
    };
    assert_eq!(open(&mut shop), OpenOne::PendingOrder(opening.request_id.clone()));
    let order = shop.answer(&opening, OrderState::Pending);
    shop.engine().order_opened(&opening.request_id, &order).unwrap();
    assert_eq!(open(&mut shop), OpenOne::Order(OrderId("K-1".into())));
    assert!(shop.begin(Purpose::SettleAll).is_err(), "what cannot be had calls nothing off");
    let user = shop.user;
    assert!(is_conflict(&shop.pi.ask(Command::DeleteUser(user), None), "user_pays"));
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
    let abandon = OutboxWork::Abandon { request_id: unsure.request_id.clone(), user: shop.user };
    assert_eq!(work(&mut shop), [abandon]);
    let late = shop.answer(&unsure, OrderState::Pending);
    assert!(matches!(
        shop.engine().order_opened(&unsure.request_id, &late),
        Err(EngineError::NotFound("opening"))
    ));
    let outbox_item = shop.engine().outbox().remove(0);
    let later = Timestamp(NOON.0 + 5000);
    shop.engine().postpone_outbox_item(outbox_item.no, later).unwrap();
    shop.engine().flush().unwrap();
    shop.pi.restart();
    let kept = shop.engine().outbox().remove(0);
    assert_eq!((kept.no, kept.attempts, kept.next_at), (outbox_item.no, 1, later));
    shop.engine().finish_outbox_item(outbox_item.no).unwrap();
    shop.pi.restart();
    assert!(shop.engine().outbox().is_empty());
    // Money that arrives nevertheless is credited.
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
    let abandon = OutboxWork::Abandon { request_id: opening.request_id, user: shop.user };
    assert_eq!(shop.engine().outbox().remove(0).work, abandon);
    let user = shop.user;
    assert_eq!(shop.engine().open_online(user), None);
}

#[test]
fn cash_calls_off_what_is_open_in_the_same_commit_and_both_payments_count() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.pi.ask(Command::Buy(shop.user, shop.package, cash(None)), None).unwrap();
    let cancel = OutboxWork::Cancel { order: OrderId("K-1".into()) };
    assert_eq!(shop.engine().outbox().remove(0).work, cancel);
    shop.settle(&order);
    assert_eq!(shop.remaining(), 20_480);
    assert_eq!(shop.order("K-1").receipt_no, Some(2));
    shop.pi.verify();
    let sales = shop.sales();
    let methods: Vec<_> = sales.iter().map(|sale| (sale.method.as_str(), sale.amount.0)).collect();
    assert_eq!(methods, [("cash", 100_000), ("qris", 100_000)]);
}

#[test]
fn another_price_by_now_and_a_price_of_nothing_are_refused() {
    let mut shop = Shop::new(Policy::default());
    let wish = PaymentRequest { expect: Some(Rupiah(1)), ..shop.wish(Purpose::Buy(shop.package)) };
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
        let change = DebtChange { note, ..DebtChange::default() };
        shop.pi.ask(Command::ChangeDebt(shop.user, debt, change), None).unwrap();
    }
    let opening = shop.ask(Purpose::SettleAll);
    assert!(opening.memo.get().len() <= 4096);
    assert!(!opening.memo.get().contains("xx"), "what the owner noted goes nowhere");
    assert_eq!(opening.quote.lines[0].name, "2026-11-22", "a bill is called by its day");
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
        shop.pi.ask(Command::ChangeUser(shop.user, change), None).unwrap();
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
    let view = opened.order().unwrap();
    assert_eq!((view.status, view.means.qr_string.as_deref()), (OrderState::Paid, Some("00020101")));
    assert_eq!(shop.remaining(), 10_240);
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
    shop.pi.ask(Command::Buy(shop.user, shop.package, cash(None)), None).unwrap();
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

#[test]
fn an_order_whose_books_were_changed_does_not_verify() {
    let rows = [
        ("DELETE FROM applied", "not on file as applied"),
        ("UPDATE orders SET refunded_rp = 1", "order K-1"),
        ("UPDATE orders SET receipt_no = NULL, status = 'pending'", "order K-1"),
        ("UPDATE orders SET status = 'expired'", "credits it 1 times"),
        ("UPDATE orders SET method = 'cash', cashier = 'siti'", "order K-1"),
    ];
    for (sql, expected) in rows {
        let mut shop = Shop::new(Policy::default());
        let order = shop.buy();
        shop.settle(&order);
        shop.pi.verify();
        let card = rusqlite::Connection::open(shop.pi.dir.path().join("kuota.db")).unwrap();
        card.execute_batch(sql).unwrap();
        let broken = shop.engine().reader().verify().unwrap_err().to_string();
        assert!(broken.contains(expected), "{sql}: {broken}");
    }
}
