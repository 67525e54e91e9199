//! Restoring orders from the relay into a store that lost them, and into a relay that lost its store.

use serde_json::json;

use super::online_tests::{Shop, credit, is_conflict, status};
use super::*;
use crate::domain::id::OrderId;
use crate::domain::order::{Flag, OrderState};
use crate::protocol::relay::{FeedEntry, FeedItem, FeedPage, RelayOrder};
use crate::store::AuditLine;

#[test]
fn a_user_who_was_deleted_comes_back_with_the_money() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.engine().order_seen(&RelayOrder { status: OrderState::Expired, ..order.clone() }).unwrap();
    shop.pi.ask(Command::DeleteUser(shop.user), None).unwrap();
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
    shop.pi.ask(Command::ChangeUser(stranger, change.clone()), None).unwrap();
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
    // Another user meanwhile has the phone.
    shop.pi.ask(Command::ChangeUser(siti, change), None).unwrap();
    for order in [&mine, &theirs, &broken] {
        shop.tell(credit(order));
    }
    assert_eq!(shop.pull().credited, [siti, stranger]);
    assert_eq!(shop.remaining(), 10_240);
    let budi = shop.engine().read_view().user(stranger).unwrap().user;
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
fn a_second_order_of_one_attempt_waits_for_the_owner() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    shop.settle(&order);
    // A relay from an older backup created another order of the same request, or reports one that never existed.
    let again = RelayOrder { order_id: "K-1b".into(), ..order };
    shop.settle(&again);
    let held = shop.order("K-1b");
    assert_eq!((held.status, held.online.request_id), (OrderState::Review, None));
    assert!(held.flags.contains(&Flag::PaidTwice));
    assert_eq!(shop.remaining(), 10_240);
    shop.review(&again, ReviewDecision::Credit).unwrap();
    assert_eq!(shop.remaining(), 20_480);
    shop.pi.verify();
}

/// A memo with one change, which invalidates its signature.
fn forged(order: &RelayOrder, change: impl FnOnce(&mut Value)) -> RelayOrder {
    let mut memo: Value = serde_json::from_str(order.memo.as_ref().unwrap().get()).unwrap();
    change(&mut memo);
    RelayOrder { memo: serde_json::value::to_raw_value(&memo).ok(), ..order.clone() }
}

#[test]
fn what_the_site_did_not_sign_credits_nobody_an_order_that_is_not_known() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("bytes", |memo| memo["lines"][0]["bytes"] = json!(90_000_000_000_u64)),
        ("days", |memo| memo["lines"][0]["days"] = json!(3650)),
        ("request", |memo| memo["request"] = json!("another")),
        ("no request", |memo| memo["request"] = Value::Null),
        ("as before signatures", |memo| {
            memo.as_object_mut().unwrap().retain(|key, _| key != "sig" && key != "request");
        }),
        ("signature", |memo| memo["sig"] = json!("0".repeat(32))),
    ];
    for (name, change) in changes {
        let mut shop = Shop::new(Policy::default());
        let card = shop.backup();
        let order = shop.buy();
        shop.restore(&card);
        let order = forged(&order, change);
        // It must not even be stored as open here: a stored order is credited.
        shop.tell(status(&order, OrderState::Pending));
        shop.settle(&order);
        assert_eq!(shop.remaining(), 0, "{name}");
        let held = shop.order("K-1");
        assert_eq!((held.status, held.receipt_no), (OrderState::Review, None), "{name}");
        assert!(held.flags.contains(&Flag::Unsigned), "{name}");
        shop.pi.verify();
        // Nothing is lost: the review shows the user and the purpose to the owner, who decides.
        shop.review(&order, ReviewDecision::Credit).unwrap();
        assert!(shop.remaining() > 0, "{name}");
        shop.pi.verify();
    }
}

#[test]
fn an_unsigned_memo_brings_nobody_back_and_changes_no_order_that_is_known() {
    let mut shop = Shop::new(Policy::default());
    let order = shop.buy();
    let larger = |memo: &mut Value| memo["lines"][0]["bytes"] = json!(90_000_000_000_u64);
    shop.settle(&forged(&order, larger));
    assert_eq!(shop.remaining(), 10_240, "the frozen quote of the order that is known");
    let stranger = forged(&order, |memo| memo["user"] = json!("00000000-0000-4000-8000-000000000009"));
    let stranger = RelayOrder { order_id: "K-9".into(), request_id: "r-9".into(), ..stranger };
    shop.settle(&stranger);
    assert_eq!(shop.order("K-9").user_no, None);
    assert!(is_conflict(&shop.review(&stranger, ReviewDecision::Credit), "user_unknown"));
    shop.pi.verify();
}

#[test]
fn a_signed_memo_is_good_for_its_own_attempt_and_however_it_is_written() {
    let mut shop = Shop::new(Policy::default());
    let card = shop.backup();
    let order = shop.buy();
    shop.restore(&card);
    let elsewhere = RelayOrder { order_id: "K-7".into(), request_id: "r-7".into(), ..order.clone() };
    shop.settle(&elsewhere);
    assert_eq!(shop.order("K-7").status, OrderState::Review);
    // Through a store that sorts keys and adds spaces.
    let memo: BTreeMap<String, Value> = serde_json::from_str(order.memo.as_ref().unwrap().get()).unwrap();
    let pretty = serde_json::to_string_pretty(&memo).unwrap();
    shop.settle(&RelayOrder { memo: serde_json::value::RawValue::from_string(pretty).ok(), ..order });
    assert_eq!((shop.order("K-1").status, shop.remaining()), (OrderState::Paid, 10_240));
    shop.pi.verify();
}

/// A page of the feed with one item of it changed.
fn page_with(shop: &mut Shop, at: usize, item: &Value) -> FeedPage<FeedEntry> {
    let items: Vec<Value> = shop.feed.iter().map(|item| serde_json::to_value(item).unwrap()).collect();
    let mut page = json!({"epoch": shop.epoch, "items": items, "next": items.len()});
    page["items"][at].clone_from(item);
    serde_json::from_str(&page.to_string()).unwrap()
}

#[test]
fn one_item_that_cannot_be_read_goes_to_review_and_stops_no_other() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("flag", |item| item["flags"] = json!(["of_tomorrow"])),
        ("status", |item| item["status"] = json!("authorized")),
        ("effect", |item| item["effect"] = json!("settle")),
        ("method", |item| item["method"] = json!("qris_v9")),
        ("amount", |item| item["amount_rp"] = json!(-1)),
        ("no event", |item| item["event_id"] = Value::Null),
        ("no order", |item| item["order_id"] = json!(7)),
        ("no item", |item| *item = Value::Null),
    ];
    for (name, change) in changes {
        let mut shop = Shop::new(Policy::default());
        let user = shop.user;
        let orders: Vec<RelayOrder> = (0..3)
            .map(|n| {
                shop.user = shop.pi.add_user(&format!("u{n}"));
                shop.buy()
            })
            .collect();
        shop.user = user;
        for order in &orders {
            shop.tell(credit(order));
        }
        let mut odd = serde_json::to_value(&shop.feed[1]).unwrap();
        change(&mut odd);
        let page = page_with(&mut shop, 1, &odd);
        let applied = shop.engine().apply_feed(&page).unwrap();
        assert_eq!((applied.items, applied.credited.len()), (3, 2), "{name}");
        assert_eq!(shop.engine().cursor().seq, 3, "{name}");
        assert_eq!([shop.order("K-1").status, shop.order("K-3").status], [OrderState::Paid; 2], "{name}");
        let is_named = odd["order_id"].is_string();
        let page = Page { limit: 10, after: None };
        let all = shop.engine().reader().orders(None, page).unwrap();
        let all = all.iter().map(|(_, order)| order);
        let held: Vec<_> = all.filter(|order| order.status == OrderState::Review).collect();
        assert_eq!(held.len(), 1, "{name}: {held:?}");
        assert!(held[0].flags.contains(&Flag::Unreadable), "{name}");
        assert_eq!(held[0].id.0 == "K-2", is_named, "{name}");
        let audit = shop.engine().reader().audit(Page { limit: 20, after: None }).unwrap();
        let raw = odd.to_string();
        let told = |line: &AuditLine| line.action == "feed.unreadable" && line.detail.ends_with(&raw);
        assert!(audit.iter().any(|(_, line)| told(line)), "{name}: {raw}");
        // Repeated by the same relay or another one it changes nothing, and the money is left to the owner.
        shop.epoch = "e2".into();
        let page = page_with(&mut shop, 1, &odd);
        assert!(shop.engine().apply_feed(&page).unwrap().restarted);
        assert_eq!(shop.engine().apply_feed(&page).unwrap().items, 0, "{name}");
        if is_named {
            let order = orders[1].clone();
            shop.epoch = "e3".into();
            shop.pull();
            assert_eq!(shop.order("K-2").status, OrderState::Review, "{name}");
            shop.review(&order, ReviewDecision::Credit).unwrap();
            assert_eq!(shop.order("K-2").status, OrderState::Paid, "{name}");
        }
        shop.pi.verify();
    }
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
    let adopt = OutboxWork::Adopt { order: OrderId(open.order_id.clone()) };
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
