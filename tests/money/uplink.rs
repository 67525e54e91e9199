//! Wires cut in the middle of payments: the agent works on, and everything settles once when they are whole again.

use std::time::Duration;

use kuota::agent::engine::Purpose;
use kuota::agent::site::SiteError;
use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Timestamp};

use crate::proxy::Wire;
use crate::town::{PACKAGE, Town, mac};

fn state(town: &Town) -> &'static str {
    town.site().payments.link().unwrap().state().name(town.site().clock.now())
}

#[tokio::test]
async fn a_day_without_uplink_costs_nobody_anything() {
    let town = Town::new().await;
    let pays_online = town.customer(1, Bytes::ZERO).await;
    let pays_cash = town.customer(2, Bytes::ZERO).await;
    let pays_twice = town.customer(3, Bytes::ZERO).await;
    let heavy = town.customer(4, Bytes::gb(12)).await;
    let tries = town.customer(5, Bytes::ZERO).await;
    let online = town.ordered(pays_online, OnlineMethod::VaBca).await;
    let dropped = town.ordered(pays_cash, OnlineMethod::Qris).await;
    let twice = town.ordered(pays_twice, OnlineMethod::VaMandiri).await;
    town.settle().await;
    assert_eq!(state(&town), "ok");

    town.uplink.set(Wire::Cut);
    town.gateway.pay(&online).unwrap();
    for user in [pays_cash, pays_twice] {
        town.pay_cash(user).await.unwrap();
        assert_eq!(town.remaining(user).await, PACKAGE, "cash is taken all the same");
    }
    town.gateway.pay(&twice).unwrap();
    for hour in 1..=24 {
        town.leap(Duration::from_hours(1));
        town.router.traffic(mac(4), Bytes::mb(600).0, 0);
        town.turn().await;
        if hour == 1 {
            assert_eq!(state(&town), "down");
            let refused = town.open(tries, Purpose::Buy(town.package), OnlineMethod::Qris).await.unwrap_err();
            assert!(matches!(refused, SiteError::Relay(_)), "{refused:?}");
        }
    }
    // Metered, slowed and stopped by the rules, as on any other day.
    assert_eq!(town.account(heavy).await.used, Bytes::gb(12).plus(Bytes::mb(500)), "up to the debt limit");
    town.until("the heavy user is stopped", async |town: &Town| town.list_of(4) == "klient_blocked").await;
    town.until("the payer waits", async |town: &Town| town.list_of(1) == "klient_habis").await;
    town.pay_cash(heavy).await.unwrap();
    town.until("cash unblocks", async |town: &Town| town.list_of(4) == "klient_aktif").await;

    town.uplink.set(Wire::Whole);
    town.until("paid and online", async |town: &Town| town.list_of(1) == "klient_aktif").await;
    let sums = town.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (3, 2, 2));
    assert_eq!(town.remaining(pays_online).await, PACKAGE);
    assert_eq!(town.remaining(pays_twice).await, Bytes(2 * PACKAGE.0));
    assert_ne!(town.order(&dropped).await.unwrap().status, OrderState::Pending);
    assert!(town.gateway.pay(&dropped).is_err());
    assert_eq!(state(&town), "ok");
    // And paying online goes on.
    let order = town.ordered(tries, OnlineMethod::Qris).await;
    town.gateway.pay(&order).unwrap();
    town.stands(&order, OrderState::Paid).await;
    town.audit(&[]).await;
}

#[tokio::test]
async fn what_the_gateway_could_tell_nobody_for_a_day_is_found_by_asking() {
    let town = Town::new().await;
    let (paid, lapsed) = (town.customer(1, Bytes::ZERO).await, town.customer(2, Bytes::ZERO).await);
    let (paid, lapsed) =
        (town.ordered(paid, OnlineMethod::VaBca).await, town.ordered(lapsed, OnlineMethod::Qris).await);
    town.settle().await;
    town.doorway.set(Wire::Cut);
    town.gateway.pay(&paid).unwrap();
    town.leap(Duration::from_hours(8));
    town.stands(&paid, OrderState::Paid).await;
    town.stands(&lapsed, OrderState::Expired).await;
    town.hasten(20);
    town.until("the gateway gives up telling", async |town: &Town| {
        let told = town.gateway.notifications();
        told.given_up > 0 && told.waiting == 0
    })
    .await;
    town.leap(Duration::from_hours(16));
    assert_eq!(town.audit(&[]).await.credited, 1);
    town.doorway.set(Wire::Whole);
    assert_eq!(town.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_on_the_way_leaves_nothing_to_pay() {
    let town = Town::new().await;
    let user = town.customer(1, Bytes::ZERO).await;
    for method in [OnlineMethod::Qris, OnlineMethod::VaPermata, OnlineMethod::Snap] {
        town.uplink.set(Wire::NoAnswers);
        let refused = town.open(user, Purpose::Buy(town.package), method).await.unwrap_err();
        assert!(matches!(refused, SiteError::Relay(_)), "{refused:?}");
        town.uplink.set(Wire::Whole);
        town.audit(&[]).await;
    }
    assert_eq!(town.gateway.orders().len(), 3, "each was opened and called off");
    let order = town.ordered(user, OnlineMethod::Qris).await;
    town.gateway.pay(&order).unwrap();
    town.stands(&order, OrderState::Paid).await;
    assert_eq!(town.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn cash_is_taken_though_the_relay_says_nothing() {
    let town = Town::new().await;
    let user = town.customer(1, Bytes::ZERO).await;
    let order = town.ordered(user, OnlineMethod::Qris).await;
    town.uplink.set(Wire::Silent);
    town.pay_cash(user).await.unwrap();
    town.uplink.set(Wire::Whole);
    town.stands(&order, OrderState::Cancelled).await;
    assert_eq!(town.audit(&[]).await.credited, 0);
    assert_eq!(town.remaining(user).await, PACKAGE);
}

#[tokio::test]
async fn many_payments_behind_a_cut_are_credited_once_when_it_is_mended() {
    let town = Town::new().await;
    let mut orders = Vec::new();
    for n in 1..=60 {
        let user = town.customer(n, Bytes::ZERO).await;
        orders.push((user, town.ordered(user, OnlineMethod::Qris).await));
    }
    town.settle().await;
    town.uplink.set(Wire::Cut);
    // Two items of the feed for each: more than one page.
    for (_, order) in &orders {
        town.gateway.pay(order).unwrap();
        town.gateway.refund(order, crate::town::PRICE_RP / 2, None).unwrap();
        town.turn().await;
    }
    for wait in [Duration::from_secs(30), Duration::from_hours(1)] {
        town.leap(wait);
        town.turn().await;
    }
    tokio::time::timeout(crate::town::DEADLINE, town.gateway.quiet()).await.unwrap();
    town.uplink.set(Wire::Whole);
    assert_eq!(town.audit(&[]).await.credited, 60);
    for (user, _) in &orders {
        assert_eq!(town.remaining(*user).await, Bytes(PACKAGE.0 / 2));
    }
}

#[tokio::test]
async fn a_clock_set_back_a_little_does_not_end_what_is_just_being_opened() {
    let town = std::sync::Arc::new(Town::new().await);
    let user = town.customer(1, Bytes::ZERO).await;
    let openings = async |town: &Town| {
        let count = |engine: &mut kuota::agent::engine::Engine| engine.openings().len();
        town.site().engine().call(count).await.unwrap()
    };
    let until = async |count: usize| {
        while openings(&town).await != count {
            tokio::time::sleep(crate::town::LOOK).await;
        }
    };
    town.uplink.set(Wire::Silent);
    let opening = {
        let town = std::sync::Arc::clone(&town);
        tokio::spawn(async move { town.open(user, Purpose::Buy(town.package), OnlineMethod::Qris).await })
    };
    until(1).await;
    let now = town.site().clock.now();
    town.clock.set_wall(Timestamp(now.0 - 2_000));
    town.site().payments.outbox_once().await.unwrap();
    assert_eq!(openings(&town).await, 1);
    // So far ahead it was written by a clock that was wrong.
    town.clock.set_wall(Timestamp(now.0 - 180_000));
    let outbox = {
        let town = std::sync::Arc::clone(&town);
        tokio::spawn(async move { town.site().payments.outbox_once().await.map(drop) })
    };
    until(0).await;
    town.clock.set_wall(now);
    town.uplink.set(Wire::Cut);
    opening.await.unwrap().unwrap_err();
    outbox.await.unwrap().unwrap();
    town.uplink.set(Wire::Whole);
    assert_eq!(town.audit(&[]).await.credited, 0);
}
