//! What comes back from the relay into a store that lost it, and a relay that lost its own.

use super::online_tests::{Shop, credit, is_conflict};
use super::*;
use crate::domain::id::OrderId;
use crate::domain::order::{Flag, OrderState};
use crate::protocol::relay::{FeedItem, RelayOrder};

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
    let change = UserChange { phone: Some(Some("081200000001".into())), ..UserChange::default() };
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
