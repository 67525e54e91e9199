//! Money that the rules cannot apply, and refunds.

use super::online_tests::{Shop, back, credit, held, is_conflict, owe, status};
use super::*;
use crate::domain::id::{DebtId, OrderId};
use crate::domain::order::{Flag, OrderState};
use crate::protocol::relay::{FeedItem, RelayOrder};

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
    // The relay never credited it, so it reports the refund as a state only.
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
fn a_credit_for_an_order_in_review_or_cancelled_here_is_the_owners_to_decide() {
    for (name, flag) in [("review", None), ("cancelled", Some(Flag::PaidAfterCancel))] {
        let mut shop = Shop::new(Policy::default());
        let order = shop.buy();
        match flag {
            None => shop.tell(held(&order, Flag::FraudStatus)),
            Some(_) => shop.tell(status(&order, OrderState::Cancelled)),
        }
        shop.pull();
        // The relay was restored from an older copy, or lost its store, and does not have the decision.
        shop.epoch = "e2".into();
        shop.feed.clear();
        shop.settle(&order);
        let waiting = shop.order("K-1");
        assert_eq!((waiting.status, waiting.receipt_no), (OrderState::Review, None), "{name}");
        assert!(flag.is_none_or(|flag| waiting.flags.contains(&flag)), "{name}");
        assert!(waiting.paid_at.is_some(), "{name}");
        assert_eq!(shop.remaining(), 0, "{name}");
        shop.pi.verify();
        shop.review(&order, ReviewDecision::Credit).unwrap();
        assert_eq!(shop.remaining(), 10_240, "{name}");
        shop.pi.verify();
    }
}

#[test]
fn a_cancel_that_the_relay_was_not_told_yet_is_not_yet_one() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    let package = shop.package;
    // Cash is taken while the relay is unreachable: the cancellation waits in the outbox.
    shop.pi.ask(Command::Buy(shop.user, package, cash(None)), None).unwrap();
    let cancel = OutboxWork::Cancel { order: OrderId(order.order_id.clone()) };
    assert!(shop.engine().outbox().iter().any(|outbox_item| outbox_item.work == cancel));
    shop.settle(&order);
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Paid, 20_480));
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
    shop.pi.ask(Command::SettleItem(shop.user, debt, cash(None)), None).unwrap();
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

/// An unlimited plan on credit, and the order for it, while the plan was meanwhile paid in cash.
fn paid_twice() -> (Shop, RelayOrder) {
    let mut shop = Shop::new(Policy::default());
    let plan =
        NewPackage { name: "bulanan".into(), quota: None, days: 30, price: Rupiah(150_000), active: true };
    let plan = shop.pi.ask(Command::AddPackage(plan), None).unwrap();
    let terms = DebtTerms {
        what: Err(plan["id"].as_str().unwrap().parse().unwrap()),
        advance: true,
        debt_date: None,
        due_date: None,
        price: None,
        note: String::new(),
        customer_note: String::new(),
    };
    let debt = shop.pi.ask(Command::AddDebt(shop.user, terms), None).unwrap();
    let debt: DebtId = debt["id"].as_str().unwrap().parse().unwrap();
    let order = shop.open(Purpose::SettleItem(debt));
    shop.pi.ask(Command::SettleItem(shop.user, debt, cash(None)), None).unwrap();
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
    let sale = shop.sales().remove(0);
    assert_eq!((sale.method.as_str(), sale.amount.0, sale.refunded.0), ("qris", 100_000, 100_000));
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
    let reset = Command::Reset {
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
fn a_refund_through_the_gateway_is_an_outbox_item_and_comes_back_by_the_feed() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    let refund = |amount: Option<u64>| Command::Refund {
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
        .map(|outbox_item| match outbox_item.work {
            OutboxWork::Refund { amount, key, .. } => {
                assert!(key.len() <= 46, "the gateway cuts longer keys");
                amount.0
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(amounts, [40_000, 60_000]);
    let no = shop.engine().outbox()[0].no;
    shop.engine().refuse_outbox_item(no, "the bank cannot pay back").unwrap();
    assert_eq!(shop.engine().outbox().len(), 1);
    shop.pi.verify();
}
