//! Notifications meddled with and calls that fail in every way, while several customers pay: one payable charge for
//! each order, and in the end everything that was paid is credited once.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kuota::agent::engine::Purpose;
use kuota::domain::id::UserId;
use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::units::Bytes;
use kuota::sim::midtrans::{GatewayFault, Meddling, SimOperation, Strikes, TransactionStatus, Trouble};
use serde_json::json;

use crate::audit::Books;
use crate::dice::Dice;
use crate::proxy::Wire;
use crate::system::{FullSystem, LOOK, PRICE_RP, SystemOptions, impatient};

/// `KUOTA_MONEY_SEED` repeats a run's dice; without it every run has the same.
fn seed() -> u64 {
    std::env::var("KUOTA_MONEY_SEED").map_or(1, |text| text.parse().unwrap())
}

/// How often each customer of a storm tries to buy.
const TRIES: usize = 6;
/// After it nothing is waited for any more: every question by plan was asked.
const PLAN: [Duration; 6] = [
    Duration::from_mins(1),
    Duration::from_mins(15),
    Duration::from_hours(2),
    Duration::from_hours(24),
    Duration::from_hours(26),
    Duration::from_hours(24 * 7),
];

async fn meddle(share: u64) {
    let (mut dice, gateway_seed) = (Dice(seed() * 100 + share), seed() * 100 + share);
    let system = FullSystem::with(SystemOptions { seed: gateway_seed, ..SystemOptions::default() }).await;
    let some = |meddling, permille| GatewayFault::notification(meddling).when(Strikes::Permille(permille));
    let claim = Meddling::Field("transaction_status".into(), json!("settlement"));
    let cheap = Meddling::Field("gross_amount".into(), json!("1.00"));
    for (meddling, permille) in [
        (Meddling::Drop, 200),
        (Meddling::Duplicate(2), 300),
        (Meddling::Delay(Duration::from_secs(90)), 200),
        (Meddling::Reorder, 300),
        (Meddling::Numbers, 200),
        (Meddling::WrongKey, 100),
        (Meddling::WithoutField("currency".into()), 100),
        (claim, 150),
        (cheap, 100),
    ] {
        system.gateway.plant(some(meddling, permille));
    }
    let mut orders = Vec::new();
    for n in 1..=20 {
        let user = system.customer(n, Bytes::ZERO).await;
        let method = dice.one_of(&OnlineMethod::ALL[1..]);
        orders.push(system.ordered(user, method).await);
    }
    for order in &orders {
        let gateway = &system.gateway;
        match dice.below(10) {
            0 => gateway.expire(order).unwrap(),
            1 => gateway.deny(order).unwrap(),
            2 => gateway.cancel_by_merchant(order).unwrap(),
            3 => {
                gateway.pay(order).unwrap();
                gateway.chargeback(order).unwrap();
            }
            4 => {
                gateway.pay(order).unwrap();
                // Not every method can.
                let _ = gateway.refund(order, PRICE_RP / 4, None);
                let _ = gateway.refund(order, PRICE_RP / 4, None);
                let _ = gateway.reverse(order);
            }
            _ => gateway.pay(order).unwrap(),
        }
        if dice.below(3) == 0 {
            gateway.resend(order).unwrap();
        }
        if dice.below(3) == 0 {
            system.turn().await;
        }
    }
    for by in PLAN {
        system.settle().await;
        system.leap(by);
    }
    let sums = system.audit(&[]).await;
    println!("meddling {share}: {sums:?}, {:?}", system.gateway.notifications());
    assert!(sums.paid > 5 && sums.orders == 20, "{sums:?}");
}

#[tokio::test]
async fn notifications_dropped_doubled_late_and_tampered_change_nothing_in_the_end_1() {
    meddle(1).await;
}

#[tokio::test]
async fn notifications_dropped_doubled_late_and_tampered_change_nothing_in_the_end_2() {
    meddle(2).await;
}

/// A customer who tries until an order stands, and pays it or lets it be. The orders that were shown.
async fn shop(system: &FullSystem, user: UserId, mut dice: Dice) -> Vec<String> {
    let mut shown = Vec::new();
    for _ in 0..TRIES {
        let method = dice.one_of(&OnlineMethod::ALL[1..]);
        if let Ok(order) = system.open(user, Purpose::Buy(system.package), method).await {
            let id = order["id"].as_str().unwrap();
            if dice.below(2) == 0 {
                // It may be paid already by whoever pays what was not shown.
                let _ = system.gateway.pay(id);
            }
            shown.push(id.to_owned());
        }
        tokio::time::sleep(LOOK * u32::try_from(dice.below(20)).unwrap()).await;
    }
    shown
}

/// Paid orders that were called off before the gateway knew of their charge, and that no customer ever saw: a person
/// decides about them.
fn unseen(system: &FullSystem, shown: &[String]) -> Vec<String> {
    let books = Books::read(system.site.folder()).unwrap();
    let is_unseen = |id: &String, flags: &BTreeSet<String>| {
        flags.contains("paid_after_cancel") && !shown.iter().any(|one| one == id)
    };
    let orders = books.orders.into_iter().filter(|(id, order)| is_unseen(id, &order.flags));
    orders.map(|(id, _)| id).collect()
}

/// Several customers shop while the gateway, and now and then the uplink, does what it should not.
async fn storm(share: u64, faults: Vec<GatewayFault>, cuts: bool, after: &[Duration]) {
    let share = seed() * 100 + share;
    let setup = SystemOptions { timeouts: Some(impatient()), seed: share, ..SystemOptions::default() };
    let system = Arc::new(FullSystem::with(setup).await);
    // The time that calls are held back passes quickly.
    system.hasten(10);
    let mut users = Vec::new();
    for n in 1..=6 {
        users.push(system.customer(n, Bytes::ZERO).await);
    }
    for fault in faults {
        system.gateway.plant(fault);
    }
    let over = Arc::new(AtomicBool::new(false));
    let world = {
        let (system, over, mut dice) = (Arc::clone(&system), Arc::clone(&over), Dice(share));
        tokio::spawn(async move {
            while !over.load(Ordering::Relaxed) {
                system.turn().await;
                if cuts && dice.below(4) == 0 {
                    system.uplink.set(dice.one_of(&[Wire::Cut, Wire::NoAnswers, Wire::Whole, Wire::Whole]));
                }
                // Somebody pays what nobody was shown.
                let pending = system.gateway.orders();
                let mut pending = pending.iter().filter(|one| one.status == TransactionStatus::Pending);
                if let Some(one) = pending.next_back().filter(|_| dice.below(20) == 0) {
                    let _ = system.gateway.pay(&one.order_id);
                }
                tokio::time::sleep(LOOK).await;
            }
        })
    };
    let mut shops = tokio::task::JoinSet::new();
    for (n, user) in (1..).zip(users.iter().copied()) {
        let (system, dice) = (Arc::clone(&system), Dice(share * 10 + n));
        shops.spawn(async move { shop(&system, user, dice).await });
    }
    let shown: Vec<String> = shops.join_all().await.concat();
    over.store(true, Ordering::Relaxed);
    world.await.unwrap();
    system.gateway.heal_all();
    system.uplink.set(Wire::Whole);
    for by in after {
        system.settle().await;
        system.leap(*by);
    }
    let unseen = unseen(&system, &shown);
    let held: Vec<&str> = unseen.iter().map(String::as_str).collect();
    let sums = system.audit(&held).await;
    println!("storm {share}: {} of {} tries were shown an order, {sums:?}", shown.len(), users.len() * TRIES);
    // Nobody is stuck: everybody can pay.
    let before = sums.credited;
    for user in &users {
        let order = system.ordered(*user, OnlineMethod::Qris).await;
        system.gateway.pay(&order).unwrap();
        system.stands(&order, OrderState::Paid).await;
    }
    assert_eq!(system.audit(&held).await.credited, before + 6);
}

fn some(operation: SimOperation, trouble: Trouble, permille: u16) -> GatewayFault {
    GatewayFault::on(operation, trouble).when(Strikes::Permille(permille))
}

#[tokio::test]
async fn a_charge_that_is_answered_and_reset_is_one_charge() {
    let faults = [Trouble::ResetAfter, Trouble::HalfAnswer, Trouble::HtmlAfter(502)];
    let refused = Trouble::RefuseAfter { http: 500, code: 500 };
    let all = faults.into_iter().chain([refused]);
    storm(1, all.map(|trouble| some(SimOperation::Charge, trouble, 250)).collect(), false, &PLAN[..2]).await;
}

#[tokio::test]
async fn a_gateway_that_hangs_leaves_one_charge() {
    let slow = Trouble::DelayAnswer(Duration::from_millis(600));
    let faults = [Trouble::Hang, Trouble::HangAfter, slow, Trouble::KeyRunning];
    let mut faults: Vec<GatewayFault> =
        faults.into_iter().map(|trouble| some(SimOperation::Charge, trouble, 200)).collect();
    faults.push(some(SimOperation::Status, Trouble::HangAfter, 100));
    faults.push(some(SimOperation::Cancel, Trouble::HangAfter, 100));
    storm(2, faults, false, &PLAN[..2]).await;
}

#[tokio::test]
async fn refusals_and_server_faults_by_the_dozen_leave_one_charge() {
    let everywhere = |trouble, permille| GatewayFault::everywhere(trouble).when(Strikes::Permille(permille));
    let busy = Trouble::Refuse { http: 500, code: 500, message: "Sorry".into() };
    let hidden = Trouble::Refuse { http: 200, code: 900, message: "Sorry".into() };
    let faults = vec![
        everywhere(Trouble::RateLimited, 250),
        everywhere(Trouble::Html(503), 100),
        everywhere(busy, 100),
        everywhere(hidden, 50),
        everywhere(Trouble::Reset, 50),
        everywhere(Trouble::ErrorInOk, 300),
        some(SimOperation::Charge, Trouble::HtmlAfter(502), 200),
    ];
    storm(3, faults, false, &PLAN[..2]).await;
}

#[tokio::test]
async fn a_charge_that_the_gateway_does_not_know_yet_is_found_later() {
    let lag = Trouble::StatusLag(Duration::from_secs(20));
    let faults = vec![
        some(SimOperation::Charge, Trouble::ResetAfter, 500),
        some(SimOperation::Charge, lag, 700),
        some(SimOperation::Status, Trouble::Edge404, 100),
        some(SimOperation::Cancel, Trouble::ResetAfter, 200),
    ];
    // A charge that was called off before the gateway knew of it can be paid by nobody, and lapses there by itself.
    storm(4, faults, false, &PLAN[..5]).await;
}

#[tokio::test]
async fn an_uplink_that_comes_and_goes_leaves_one_charge() {
    let faults = vec![some(SimOperation::Charge, Trouble::ResetAfter, 200)];
    storm(5, faults, true, &PLAN[..2]).await;
}

#[tokio::test]
async fn a_charge_that_never_reached_the_gateway_keeps_nobody_from_the_next() {
    let system =
        FullSystem::with(SystemOptions { timeouts: Some(impatient()), ..SystemOptions::default() }).await;
    let user = system.customer(1, Bytes::ZERO).await;
    let fault = system.gateway.plant(GatewayFault::on(SimOperation::Charge, Trouble::Reset));
    let buy = || Purpose::Buy(system.package);
    system.open(user, buy(), OnlineMethod::Qris).await.unwrap_err();
    system.gateway.heal(fault);
    let order = system.open(user, buy(), OnlineMethod::Qris).await.unwrap();
    let order = order["id"].as_str().unwrap();
    system.gateway.pay(order).unwrap();
    system.stands(order, OrderState::Paid).await;
    assert_eq!(system.audit(&[]).await.credited, 1);
}
