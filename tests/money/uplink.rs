//! Wires cut in the middle of payments: the agent works on, and everything settles once when they are whole again.

use std::time::Duration;

use kuota::agent::engine::Purpose;
use kuota::agent::site::SiteError;
use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Timestamp};

use crate::proxy::Wire;
use crate::site::mac;
use crate::system::{FullSystem, PACKAGE};

fn state(system: &FullSystem) -> &'static str {
    system.agent().payments.link().unwrap().state().name(system.agent().clock.now())
}

#[tokio::test]
async fn a_day_without_uplink_costs_nobody_anything() {
    let system = FullSystem::new().await;
    let pays_online = system.customer(1, Bytes::ZERO).await;
    let pays_cash = system.customer(2, Bytes::ZERO).await;
    let pays_twice = system.customer(3, Bytes::ZERO).await;
    let heavy = system.customer(4, Bytes::gb(12)).await;
    let tries = system.customer(5, Bytes::ZERO).await;
    let online = system.ordered(pays_online, OnlineMethod::VaBca).await;
    let dropped = system.ordered(pays_cash, OnlineMethod::Qris).await;
    let twice = system.ordered(pays_twice, OnlineMethod::VaMandiri).await;
    system.settle().await;
    assert_eq!(state(&system), "ok");

    system.uplink.set(Wire::Cut);
    system.gateway.pay(&online).unwrap();
    for user in [pays_cash, pays_twice] {
        system.pay_cash(user).await.unwrap();
        assert_eq!(system.remaining(user).await, PACKAGE, "cash is taken all the same");
    }
    system.gateway.pay(&twice).unwrap();
    for hour in 1..=24 {
        system.leap(Duration::from_hours(1));
        system.router.traffic(mac(4), Bytes::mb(600).0, 0);
        system.turn().await;
        if hour == 1 {
            assert_eq!(state(&system), "down");
            let refused =
                system.open(tries, Purpose::Buy(system.package), OnlineMethod::Qris).await.unwrap_err();
            assert!(matches!(refused, SiteError::Relay(_)), "{refused:?}");
        }
    }
    // Metered, slowed and stopped by the rules, as on any other day.
    assert_eq!(
        system.site.account(heavy).await.used,
        Bytes::gb(12).plus(Bytes::mb(500)),
        "up to the debt limit"
    );
    system
        .until("the heavy user is stopped", async |system: &FullSystem| system.list_of(4) == "klient_blocked")
        .await;
    system.until("the payer waits", async |system: &FullSystem| system.list_of(1) == "klient_habis").await;
    system.pay_cash(heavy).await.unwrap();
    system.until("cash unblocks", async |system: &FullSystem| system.list_of(4) == "klient_aktif").await;

    system.uplink.set(Wire::Whole);
    system.until("paid and online", async |system: &FullSystem| system.list_of(1) == "klient_aktif").await;
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (3, 2, 2));
    assert_eq!(system.remaining(pays_online).await, PACKAGE);
    assert_eq!(system.remaining(pays_twice).await, Bytes(2 * PACKAGE.0));
    assert_ne!(system.order(&dropped).await.unwrap().status, OrderState::Pending);
    assert!(system.gateway.pay(&dropped).is_err());
    assert_eq!(state(&system), "ok");
    // And paying online goes on.
    let order = system.ordered(tries, OnlineMethod::Qris).await;
    system.gateway.pay(&order).unwrap();
    system.stands(&order, OrderState::Paid).await;
    system.audit(&[]).await;
}

#[tokio::test]
async fn what_the_gateway_could_tell_nobody_for_a_day_is_found_by_asking() {
    let system = FullSystem::new().await;
    let (paid, lapsed) = (system.customer(1, Bytes::ZERO).await, system.customer(2, Bytes::ZERO).await);
    let (paid, lapsed) =
        (system.ordered(paid, OnlineMethod::VaBca).await, system.ordered(lapsed, OnlineMethod::Qris).await);
    system.settle().await;
    system.doorway.set(Wire::Cut);
    system.gateway.pay(&paid).unwrap();
    system.leap(Duration::from_hours(8));
    system.stands(&paid, OrderState::Paid).await;
    system.stands(&lapsed, OrderState::Expired).await;
    system.hasten(20);
    system
        .until("the gateway gives up telling", async |system: &FullSystem| {
            let told = system.gateway.notifications();
            told.given_up > 0 && told.waiting == 0
        })
        .await;
    system.leap(Duration::from_hours(16));
    assert_eq!(system.audit(&[]).await.credited, 1);
    system.doorway.set(Wire::Whole);
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn an_answer_that_is_lost_on_the_way_leaves_nothing_to_pay() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    for method in [OnlineMethod::Qris, OnlineMethod::VaPermata, OnlineMethod::Snap] {
        system.uplink.set(Wire::NoAnswers);
        let refused = system.open(user, Purpose::Buy(system.package), method).await.unwrap_err();
        assert!(matches!(refused, SiteError::Relay(_)), "{refused:?}");
        system.uplink.set(Wire::Whole);
        system.audit(&[]).await;
    }
    assert_eq!(system.gateway.orders().len(), 3, "each was opened and called off");
    let order = system.ordered(user, OnlineMethod::Qris).await;
    system.gateway.pay(&order).unwrap();
    system.stands(&order, OrderState::Paid).await;
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn cash_is_taken_though_the_relay_says_nothing() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    let order = system.ordered(user, OnlineMethod::Qris).await;
    system.uplink.set(Wire::Silent);
    system.pay_cash(user).await.unwrap();
    system.uplink.set(Wire::Whole);
    system.stands(&order, OrderState::Cancelled).await;
    assert_eq!(system.audit(&[]).await.credited, 0);
    assert_eq!(system.remaining(user).await, PACKAGE);
}

#[tokio::test]
async fn many_payments_behind_a_cut_are_credited_once_when_it_is_mended() {
    let system = FullSystem::new().await;
    let mut orders = Vec::new();
    for n in 1..=60 {
        let user = system.customer(n, Bytes::ZERO).await;
        orders.push((user, system.ordered(user, OnlineMethod::Qris).await));
    }
    system.settle().await;
    system.uplink.set(Wire::Cut);
    // Two items of the feed for each: more than one page.
    for (_, order) in &orders {
        system.gateway.pay(order).unwrap();
        system.gateway.refund(order, crate::system::PRICE_RP / 2, None).unwrap();
        system.turn().await;
    }
    for wait in [Duration::from_secs(30), Duration::from_hours(1)] {
        system.leap(wait);
        system.turn().await;
    }
    tokio::time::timeout(crate::system::DEADLINE, system.gateway.quiet()).await.unwrap();
    system.uplink.set(Wire::Whole);
    assert_eq!(system.audit(&[]).await.credited, 60);
    for (user, _) in &orders {
        assert_eq!(system.remaining(*user).await, Bytes(PACKAGE.0 / 2));
    }
}

#[tokio::test]
async fn a_clock_set_back_a_little_does_not_end_what_is_just_being_opened() {
    let system = std::sync::Arc::new(FullSystem::new().await);
    let user = system.customer(1, Bytes::ZERO).await;
    let openings = async |system: &FullSystem| {
        let count = |engine: &mut kuota::agent::engine::Engine| engine.pending_orders().len();
        system.agent().engine().call(count).await.unwrap()
    };
    let until = async |count: usize| {
        while openings(&system).await != count {
            tokio::time::sleep(crate::system::LOOK).await;
        }
    };
    system.uplink.set(Wire::Silent);
    let opening = {
        let system = std::sync::Arc::clone(&system);
        tokio::spawn(async move { system.open(user, Purpose::Buy(system.package), OnlineMethod::Qris).await })
    };
    until(1).await;
    let now = system.agent().clock.now();
    system.clock.set_wall(Timestamp(now.0 - 2_000));
    system.agent().payments.outbox_once().await.unwrap();
    assert_eq!(openings(&system).await, 1);
    // So far ahead it was written by a clock that was wrong.
    system.clock.set_wall(Timestamp(now.0 - 180_000));
    let outbox = {
        let system = std::sync::Arc::clone(&system);
        tokio::spawn(async move { system.agent().payments.outbox_once().await.map(drop) })
    };
    until(0).await;
    system.clock.set_wall(now);
    system.uplink.set(Wire::Cut);
    opening.await.unwrap().unwrap_err();
    outbox.await.unwrap().unwrap();
    system.uplink.set(Wire::Whole);
    assert_eq!(system.audit(&[]).await.credited, 0);
}
