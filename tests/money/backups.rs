//! A card or a disk dies in the middle of payments, and an older copy takes its place.

use std::path::Path;
use std::time::Duration;

use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::Bytes;
use rusqlite::Connection;

use crate::audit::Books;
use crate::town::{PACKAGE, PRICE_RP, Town};

async fn waiting(town: &Town, n: u8, method: OnlineMethod) -> String {
    let user = town.customer(n, Bytes::ZERO).await;
    town.ordered(user, method).await
}

/// The relay has decided everything that it was told. The agent has not asked.
async fn decided(town: &Town) {
    tokio::time::timeout(crate::town::DEADLINE, async {
        town.gateway.quiet().await;
        while town.relay_counts().await.inbox > 0 {
            tokio::time::sleep(crate::town::LOOK).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_relay_from_an_older_copy_loses_no_payment_and_credits_none_twice() {
    let mut town = Town::new().await;
    let credited_before = waiting(&town, 1, OnlineMethod::Qris).await;
    town.gateway.pay(&credited_before).unwrap();
    town.stands(&credited_before, OrderState::Paid).await;
    let open_before = waiting(&town, 2, OnlineMethod::VaBca).await;
    let refunded_after = waiting(&town, 3, OnlineMethod::Gopay).await;
    town.gateway.pay(&refunded_after).unwrap();
    town.stands(&refunded_after, OrderState::Paid).await;
    let called_off = waiting(&town, 4, OnlineMethod::Shopeepay).await;
    town.settle().await;
    let copy = town.back_up_relay();

    // All of this the copy does not know.
    let credited_after = waiting(&town, 5, OnlineMethod::Qris).await;
    town.gateway.pay(&credited_after).unwrap();
    town.stands(&credited_after, OrderState::Paid).await;
    town.gateway.refund(&refunded_after, PRICE_RP, None).unwrap();
    town.stands(&refunded_after, OrderState::Refunded).await;
    town.gateway.cancel_by_merchant(&called_off).unwrap();
    town.stands(&called_off, OrderState::Cancelled).await;
    let open_after = waiting(&town, 6, OnlineMethod::VaMandiri).await;
    let page_after = waiting(&town, 7, OnlineMethod::Snap).await;
    let lost =
        [waiting(&town, 8, OnlineMethod::VaPermata).await, waiting(&town, 9, OnlineMethod::Gopay).await];
    town.settle().await;
    // Acknowledged, and the agent did not hear of it.
    for order in lost.iter().chain([&open_before]) {
        town.gateway.pay(order).unwrap();
    }
    decided(&town).await;
    assert!(
        town.gateway
            .attempts()
            .iter()
            .all(|attempt| attempt.reply == kuota::sim::midtrans::Reply::Status(200))
    );
    town.restore_relay(&copy).await;

    // Paid while the relay does not know the order yet.
    town.gateway.pay(&open_after).unwrap();
    tokio::time::timeout(crate::town::DEADLINE, town.gateway.quiet()).await.unwrap();
    for order in lost.iter().chain([&open_before, &open_after]) {
        town.stands(order, OrderState::Paid).await;
    }
    town.pay(&page_after, OnlineMethod::Snap);
    town.stands(&page_after, OrderState::Paid).await;
    let sums = town.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (9, 8, 8));
    town.leap(Duration::from_hours(24 * 8));
    assert_eq!(town.audit(&[]).await, sums);
    assert_eq!(town.order(&called_off).await.unwrap().status, OrderState::Cancelled);
    assert_eq!(town.order(&refunded_after).await.unwrap().status, OrderState::Refunded);
}

#[tokio::test]
async fn money_of_orders_that_the_relay_lost_still_goes_back_and_still_comes_late() {
    let mut town = Town::new().await;
    let copy = town.back_up_relay();
    let mut orders = Vec::new();
    for n in 1..=4 {
        orders.push(waiting(&town, n, OnlineMethod::VaBca).await);
    }
    let refunded =
        [waiting(&town, 5, OnlineMethod::Qris).await, waiting(&town, 6, OnlineMethod::Gopay).await];
    let [late, charged_back, kept, cancelled] = [&orders[0], &orders[1], &orders[2], &orders[3]];
    town.gateway.expire(late).unwrap();
    town.stands(late, OrderState::Expired).await;
    town.gateway.cancel_by_merchant(cancelled).unwrap();
    town.stands(cancelled, OrderState::Cancelled).await;
    for order in refunded.iter().chain([charged_back, kept]) {
        town.gateway.pay(order).unwrap();
        town.stands(order, OrderState::Paid).await;
    }
    town.settle().await;
    // One comes back and is acknowledged, and the agent does not hear of it; the rest is yet to come.
    town.gateway.refund(&refunded[0], PRICE_RP, None).unwrap();
    decided(&town).await;
    town.restore_relay(&copy).await;
    town.settle().await;
    town.gateway.refund(&refunded[1], PRICE_RP, None).unwrap();
    town.gateway.chargeback(charged_back).unwrap();
    town.gateway.settle_late(late).unwrap();
    town.gateway.settle_late(cancelled).unwrap();
    for order in &refunded {
        town.stands(order, OrderState::Refunded).await;
    }
    town.stands(charged_back, OrderState::ChargedBack).await;
    town.stands(late, OrderState::Paid).await;
    assert_eq!(town.flags(late).await, [Flag::LateSettlement]);
    town.stands(cancelled, OrderState::Review).await;
    assert_eq!(town.flags(cancelled).await, [Flag::PaidAfterCancel]);
    let sums = town.audit(&[cancelled]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (6, 6, 5));
    assert_eq!(town.order(kept).await.unwrap().status, OrderState::Paid);
}

#[tokio::test]
async fn cash_finds_that_an_order_was_paid_which_the_relay_lost() {
    let mut town = Town::new().await;
    let copy = town.back_up_relay();
    let user = town.customer(1, Bytes::ZERO).await;
    let order = town.ordered(user, OnlineMethod::Qris).await;
    town.gateway.pay(&order).unwrap();
    decided(&town).await;
    town.restore_relay(&copy).await;
    let refused = town.pay_cash(user).await.unwrap_err();
    assert!(refused.to_string().contains("was paid meanwhile"), "{refused}");
    assert_eq!(town.remaining(user).await, PACKAGE);
    assert_eq!(town.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn an_agent_from_an_older_copy_is_told_everything_again() {
    let mut town = Town::new().await;
    let credited_before = waiting(&town, 1, OnlineMethod::Qris).await;
    town.gateway.pay(&credited_before).unwrap();
    town.stands(&credited_before, OrderState::Paid).await;
    let open_before = waiting(&town, 2, OnlineMethod::VaBca).await;
    town.settle().await;
    let copy = town.back_up_agent().await;

    let credited_after = waiting(&town, 3, OnlineMethod::VaBri).await;
    let refunded_after = waiting(&town, 4, OnlineMethod::Gopay).await;
    for order in [&open_before, &credited_after, &refunded_after] {
        town.gateway.pay(order).unwrap();
        town.stands(order, OrderState::Paid).await;
    }
    town.gateway.refund(&refunded_after, PRICE_RP, None).unwrap();
    town.stands(&refunded_after, OrderState::Refunded).await;
    let open_after = waiting(&town, 5, OnlineMethod::VaMandiri).await;
    let unheard = waiting(&town, 6, OnlineMethod::Qris).await;
    town.settle().await;
    let users = names(town.agent_folder());
    town.gateway.pay(&unheard).unwrap();
    decided(&town).await;
    town.restore_agent(&copy).await;
    assert_eq!(names(town.agent_folder()).len(), 2, "the copy knows two customers");

    town.settle().await;
    town.gateway.pay(&open_after).unwrap();
    for order in [&credited_before, &open_before, &credited_after, &open_after, &unheard] {
        town.stands(order, OrderState::Paid).await;
    }
    town.stands(&refunded_after, OrderState::Refunded).await;
    let sums = town.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (6, 6, 6));
    assert_eq!(names(town.agent_folder()), users, "made again from what their orders carried");
    for order in [&credited_after, &unheard] {
        assert_eq!(town.flags(order).await, [Flag::Rebuilt]);
        let user = town.order(order).await.unwrap().user_no.unwrap();
        let id = move |engine: &mut kuota::agent::engine::Engine| engine.reader().user_id(user).unwrap();
        let id = town.site().engine().call(id).await.unwrap();
        assert_eq!(town.remaining(id).await, PACKAGE);
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
    let mut town = Town::new().await;
    let before = waiting(&town, 1, OnlineMethod::VaBca).await;
    town.settle().await;
    let (relay, agent) = (town.back_up_relay(), town.back_up_agent().await);
    let (user, other) = (town.customer(2, Bytes::ZERO).await, waiting(&town, 3, OnlineMethod::VaBni).await);
    town.pay_cash(user).await.unwrap();
    town.gateway.pay(&before).unwrap();
    town.stands(&before, OrderState::Paid).await;
    town.restore_relay(&relay).await;
    town.settle().await;
    town.restore_agent(&agent).await;
    town.gateway.pay(&other).unwrap();
    town.stands(&before, OrderState::Paid).await;
    town.stands(&other, OrderState::Paid).await;
    assert_eq!(town.audit(&[]).await.credited, 2);
}

#[tokio::test]
async fn the_judge_finds_a_lost_a_doubled_and_an_invented_credit() {
    let town = Town::new().await;
    let orders = [waiting(&town, 1, OnlineMethod::Qris).await, waiting(&town, 2, OnlineMethod::VaBca).await];
    town.gateway.pay(&orders[0]).unwrap();
    town.stands(&orders[0], OrderState::Paid).await;
    town.audit(&[]).await;
    let gateway = town.gateway.orders();
    let books = Books::read(town.agent_folder()).unwrap();
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
