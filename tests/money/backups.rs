//! A card or a disk dies in the middle of payments, and an older copy takes its place.

use std::path::Path;
use std::time::Duration;

use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::Bytes;
use rusqlite::Connection;

use crate::audit::Books;
use crate::system::{FullSystem, PACKAGE, PRICE_RP};

async fn waiting(system: &FullSystem, n: u8, method: OnlineMethod) -> String {
    let user = system.customer(n, Bytes::ZERO).await;
    system.ordered(user, method).await
}

/// The relay has decided everything that it was told. The agent has not asked.
async fn decided(system: &FullSystem) {
    tokio::time::timeout(crate::system::DEADLINE, async {
        system.gateway.quiet().await;
        while system.relay_counts().await.inbox > 0 {
            tokio::time::sleep(crate::system::LOOK).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_relay_from_an_older_copy_loses_no_payment_and_credits_none_twice() {
    let mut system = FullSystem::new().await;
    let credited_before = waiting(&system, 1, OnlineMethod::Qris).await;
    system.gateway.pay(&credited_before).unwrap();
    system.stands(&credited_before, OrderState::Paid).await;
    let open_before = waiting(&system, 2, OnlineMethod::VaBca).await;
    let refunded_after = waiting(&system, 3, OnlineMethod::Gopay).await;
    system.gateway.pay(&refunded_after).unwrap();
    system.stands(&refunded_after, OrderState::Paid).await;
    let called_off = waiting(&system, 4, OnlineMethod::Shopeepay).await;
    system.settle().await;
    let copy = system.back_up_relay();

    // All of this the copy does not know.
    let credited_after = waiting(&system, 5, OnlineMethod::Qris).await;
    system.gateway.pay(&credited_after).unwrap();
    system.stands(&credited_after, OrderState::Paid).await;
    system.gateway.refund(&refunded_after, PRICE_RP, None).unwrap();
    system.stands(&refunded_after, OrderState::Refunded).await;
    system.gateway.cancel_by_merchant(&called_off).unwrap();
    system.stands(&called_off, OrderState::Cancelled).await;
    let open_after = waiting(&system, 6, OnlineMethod::VaMandiri).await;
    let page_after = waiting(&system, 7, OnlineMethod::Snap).await;
    let lost =
        [waiting(&system, 8, OnlineMethod::VaPermata).await, waiting(&system, 9, OnlineMethod::Gopay).await];
    system.settle().await;
    // Acknowledged, and the agent did not hear of it.
    for order in lost.iter().chain([&open_before]) {
        system.gateway.pay(order).unwrap();
    }
    decided(&system).await;
    assert!(
        system
            .gateway
            .attempts()
            .iter()
            .all(|attempt| attempt.reply == kuota::sim::midtrans::Reply::Status(200))
    );
    system.restore_relay(&copy).await;

    // Paid while the relay does not know the order yet.
    system.gateway.pay(&open_after).unwrap();
    tokio::time::timeout(crate::system::DEADLINE, system.gateway.quiet()).await.unwrap();
    for order in lost.iter().chain([&open_before, &open_after]) {
        system.stands(order, OrderState::Paid).await;
    }
    system.pay(&page_after, OnlineMethod::Snap);
    system.stands(&page_after, OrderState::Paid).await;
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (9, 8, 8));
    system.leap(Duration::from_hours(24 * 8));
    assert_eq!(system.audit(&[]).await, sums);
    assert_eq!(system.order(&called_off).await.unwrap().status, OrderState::Cancelled);
    assert_eq!(system.order(&refunded_after).await.unwrap().status, OrderState::Refunded);
}

#[tokio::test]
async fn money_of_orders_that_the_relay_lost_still_goes_back_and_still_comes_late() {
    let mut system = FullSystem::new().await;
    let copy = system.back_up_relay();
    let mut orders = Vec::new();
    for n in 1..=4 {
        orders.push(waiting(&system, n, OnlineMethod::VaBca).await);
    }
    let refunded =
        [waiting(&system, 5, OnlineMethod::Qris).await, waiting(&system, 6, OnlineMethod::Gopay).await];
    let [late, charged_back, kept, cancelled] = [&orders[0], &orders[1], &orders[2], &orders[3]];
    system.gateway.expire(late).unwrap();
    system.stands(late, OrderState::Expired).await;
    system.gateway.cancel_by_merchant(cancelled).unwrap();
    system.stands(cancelled, OrderState::Cancelled).await;
    for order in refunded.iter().chain([charged_back, kept]) {
        system.gateway.pay(order).unwrap();
        system.stands(order, OrderState::Paid).await;
    }
    system.settle().await;
    // One comes back and is acknowledged, and the agent does not hear of it; the rest is yet to come.
    system.gateway.refund(&refunded[0], PRICE_RP, None).unwrap();
    decided(&system).await;
    system.restore_relay(&copy).await;
    system.settle().await;
    system.gateway.refund(&refunded[1], PRICE_RP, None).unwrap();
    system.gateway.chargeback(charged_back).unwrap();
    system.gateway.settle_late(late).unwrap();
    system.gateway.settle_late(cancelled).unwrap();
    for order in &refunded {
        system.stands(order, OrderState::Refunded).await;
    }
    system.stands(charged_back, OrderState::ChargedBack).await;
    system.stands(late, OrderState::Paid).await;
    assert_eq!(system.flags(late).await, [Flag::LateSettlement]);
    system.stands(cancelled, OrderState::Review).await;
    assert_eq!(system.flags(cancelled).await, [Flag::PaidAfterCancel]);
    let sums = system.audit(&[cancelled]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (6, 6, 5));
    assert_eq!(system.order(kept).await.unwrap().status, OrderState::Paid);
}

#[tokio::test]
async fn cash_finds_that_an_order_was_paid_which_the_relay_lost() {
    let mut system = FullSystem::new().await;
    let copy = system.back_up_relay();
    let user = system.customer(1, Bytes::ZERO).await;
    let order = system.ordered(user, OnlineMethod::Qris).await;
    system.gateway.pay(&order).unwrap();
    decided(&system).await;
    system.restore_relay(&copy).await;
    let refused = system.pay_cash(user).await.unwrap_err();
    assert!(refused.to_string().contains("was paid meanwhile"), "{refused}");
    assert_eq!(system.remaining(user).await, PACKAGE);
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn an_agent_from_an_older_copy_is_told_everything_again() {
    let mut system = FullSystem::new().await;
    let credited_before = waiting(&system, 1, OnlineMethod::Qris).await;
    system.gateway.pay(&credited_before).unwrap();
    system.stands(&credited_before, OrderState::Paid).await;
    let open_before = waiting(&system, 2, OnlineMethod::VaBca).await;
    system.settle().await;
    let copy = system.back_up_agent().await;

    let credited_after = waiting(&system, 3, OnlineMethod::VaBri).await;
    let refunded_after = waiting(&system, 4, OnlineMethod::Gopay).await;
    for order in [&open_before, &credited_after, &refunded_after] {
        system.gateway.pay(order).unwrap();
        system.stands(order, OrderState::Paid).await;
    }
    system.gateway.refund(&refunded_after, PRICE_RP, None).unwrap();
    system.stands(&refunded_after, OrderState::Refunded).await;
    let open_after = waiting(&system, 5, OnlineMethod::VaMandiri).await;
    let unheard = waiting(&system, 6, OnlineMethod::Qris).await;
    system.settle().await;
    let users = names(system.site.folder());
    system.gateway.pay(&unheard).unwrap();
    decided(&system).await;
    system.restore_agent(&copy).await;
    assert_eq!(names(system.site.folder()).len(), 2, "the copy knows two customers");

    system.settle().await;
    system.gateway.pay(&open_after).unwrap();
    for order in [&credited_before, &open_before, &credited_after, &open_after, &unheard] {
        system.stands(order, OrderState::Paid).await;
    }
    system.stands(&refunded_after, OrderState::Refunded).await;
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (6, 6, 6));
    assert_eq!(names(system.site.folder()), users, "made again from what their orders carried");
    for order in [&credited_after, &unheard] {
        assert_eq!(system.flags(order).await, [Flag::Rebuilt]);
        let user = system.order(order).await.unwrap().user_no.unwrap();
        let id = move |engine: &mut kuota::agent::engine::Engine| engine.reader().user_id(user).unwrap();
        let id = system.agent().engine().call(id).await.unwrap();
        assert_eq!(system.remaining(id).await, PACKAGE);
    }
}

fn names(folder: &Path) -> Vec<(String, String)> {
    let conn = Connection::open(folder.join("kuota.db")).unwrap();
    let mut users = conn.prepare("SELECT id, name FROM users ORDER BY name").unwrap();
    let rows = users.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn both_from_older_copies_still_agree_with_the_gateway() {
    let mut system = FullSystem::new().await;
    let before = waiting(&system, 1, OnlineMethod::VaBca).await;
    system.settle().await;
    let (relay, agent) = (system.back_up_relay(), system.back_up_agent().await);
    let (user, other) =
        (system.customer(2, Bytes::ZERO).await, waiting(&system, 3, OnlineMethod::VaBni).await);
    system.pay_cash(user).await.unwrap();
    system.gateway.pay(&before).unwrap();
    system.stands(&before, OrderState::Paid).await;
    system.restore_relay(&relay).await;
    system.settle().await;
    system.restore_agent(&agent).await;
    system.gateway.pay(&other).unwrap();
    system.stands(&before, OrderState::Paid).await;
    system.stands(&other, OrderState::Paid).await;
    assert_eq!(system.audit(&[]).await.credited, 2);
}

#[tokio::test]
async fn the_judge_finds_a_lost_a_doubled_and_an_invented_credit() {
    let system = FullSystem::new().await;
    let orders =
        [waiting(&system, 1, OnlineMethod::Qris).await, waiting(&system, 2, OnlineMethod::VaBca).await];
    system.gateway.pay(&orders[0]).unwrap();
    system.stands(&orders[0], OrderState::Paid).await;
    system.audit(&[]).await;
    let gateway = system.gateway.orders();
    let books = Books::read(system.site.folder()).unwrap();
    let none = std::collections::BTreeSet::new();
    books.check(&gateway, &none).unwrap();
    let finds = |change: &dyn Fn(&mut Books), what: &str| {
        let mut wrong = books.clone();
        change(&mut wrong);
        let found = wrong.check(&gateway, &none).unwrap_err();
        assert!(found.contains(what), "{found}");
    };
    let (paid, open) = (orders[0].clone(), orders[1].clone());
    finds(&|books| books.credited.clear(), "nothing credited");
    finds(&|books| books.credited.extend([(paid.clone(), 2 * PRICE_RP)]), "credited less");
    finds(&|books| books.credited.extend([(open.clone(), PRICE_RP)]), "nothing paid");
    finds(&|books| books.returned.extend([(paid.clone(), 1)]), "credited less 1");
    finds(&|books| books.orders.retain(|id, _| *id != open), "nobody here knows it");
    finds(&|books| books.orders.get_mut(&orders[0]).unwrap().status = "pending".into(), "hangs");
    let held = [orders[0].clone()].into();
    assert!(books.check(&gateway, &held).unwrap_err().contains("is to be held"));
    let mut twice = gateway.clone();
    twice.push(gateway.iter().find(|one| one.order_id == orders[1]).unwrap().clone());
    assert!(books.check(&twice, &none).unwrap_err().contains("charged 2 times"));
}
