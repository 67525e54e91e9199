//! Money that must not be applied by rule, and claims of money that is not there.

use kuota::agent::engine::ReviewDecision;
use kuota::domain::id::UserId;
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::Bytes;
use kuota::sim::midtrans::{GatewayFault, Meddling, SimOperation, Trouble};
use serde_json::{Value, json};

use crate::system::{FullSystem, PACKAGE};

async fn waiting(system: &FullSystem, n: u8, method: OnlineMethod) -> (UserId, String) {
    let user = system.customer(n, Bytes::ZERO).await;
    let order = system.ordered(user, method).await;
    (user, order)
}

fn answers(order: &str, field: &str, value: Value) -> GatewayFault {
    GatewayFault::on(SimOperation::Status, Trouble::Field(field.to_owned(), value)).order(order)
}

#[tokio::test]
async fn another_amount_currency_or_merchant_credits_nothing_and_waits_for_the_owner() {
    let system = FullSystem::new().await;
    let rows = [
        ("gross_amount", json!("99999.00"), Flag::AmountMismatch),
        ("gross_amount", json!("1000000.00"), Flag::AmountMismatch),
        ("gross_amount", json!("100000.50"), Flag::AmountMismatch),
        ("currency", json!("USD"), Flag::CurrencyMismatch),
        ("merchant_id", json!("G999999999"), Flag::MerchantMismatch),
        ("fraud_status", json!("challenge"), Flag::FraudStatus),
    ];
    let (mut held, mut first) = (Vec::new(), 0);
    for ((field, value, flag), method) in rows.into_iter().zip(OnlineMethod::ALL.iter().skip(1)) {
        first += 1;
        let (user, order) = waiting(&system, first, *method).await;
        system.gateway.plant(answers(&order, field, value));
        system.gateway.pay(&order).unwrap();
        system.stands(&order, OrderState::Review).await;
        assert_eq!(system.flags(&order).await, [flag], "{field}");
        assert_eq!(system.remaining(user).await, Bytes::ZERO);
        held.push(order);
    }
    system
        .until("nobody is online", async |system: &FullSystem| {
            (1..=first).all(|n| system.list_of(n) == "klient_habis")
        })
        .await;
    let held: Vec<&str> = held.iter().map(String::as_str).collect();
    let sums = system.audit(&held).await;
    assert_eq!((sums.paid, sums.credited, sums.held), (6, 0, 6));

    // The owner looks: one is credited, one dismissed, and neither changes any more.
    system.gateway.heal_all();
    system.review(held[0], ReviewDecision::Credit).await;
    system.review(held[1], ReviewDecision::Dismiss).await;
    system.gateway.resend(held[0]).unwrap();
    system.gateway.resend(held[1]).unwrap();
    assert_eq!(system.audit(&held[1..]).await.credited, 1);
    assert_eq!(system.order(held[0]).await.unwrap().status, OrderState::Paid);
    assert_eq!(system.order(held[1]).await.unwrap().status, OrderState::Cancelled);
}

#[tokio::test]
async fn a_charge_over_another_amount_is_called_off_and_nobody_is_shown_it() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    for (field, value) in
        [("gross_amount", json!("90000.00")), ("currency", json!("USD")), ("order_id", json!("other"))]
    {
        let fault = GatewayFault::on(SimOperation::Charge, Trouble::Field(field.to_owned(), value));
        let fault = system.gateway.plant(fault);
        let buy = kuota::agent::engine::Purpose::Buy(system.package);
        let refused = system.open(user, buy, OnlineMethod::VaBca).await.unwrap_err();
        assert!(refused.to_string().contains("another charge"), "{refused}");
        system.gateway.heal(fault);
    }
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid), (3, 0));
    assert!(system.gateway.orders().iter().all(|one| one.status.code() == "cancel"));
}

#[tokio::test]
async fn a_payment_after_the_order_lapsed_is_credited_and_marked() {
    let system = FullSystem::new().await;
    let methods = [OnlineMethod::VaBca, OnlineMethod::Qris];
    for (n, method) in (1..).zip(methods) {
        let (user, order) = waiting(&system, n, method).await;
        system.gateway.expire(&order).unwrap();
        system.stands(&order, OrderState::Expired).await;
        system.gateway.settle_late(&order).unwrap();
        system.stands(&order, OrderState::Paid).await;
        assert_eq!(system.flags(&order).await, [Flag::LateSettlement]);
        assert_eq!(system.remaining(user).await, PACKAGE);
    }
    assert_eq!(system.audit(&[]).await.credited, 2);
}

#[tokio::test]
async fn a_payment_of_an_order_that_was_called_off_waits_for_the_owner() {
    let system = FullSystem::new().await;
    let mut held = Vec::new();
    for (n, decision) in (1..).zip([ReviewDecision::Credit, ReviewDecision::Dismiss]) {
        let (user, order) = waiting(&system, n, OnlineMethod::VaBca).await;
        system.pay_cash(user).await.unwrap();
        system.gateway.settle_late(&order).unwrap();
        system.stands(&order, OrderState::Review).await;
        assert_eq!(system.flags(&order).await, [Flag::PaidAfterCancel]);
        held.push((user, order, decision));
    }
    let orders: Vec<&str> = held.iter().map(|(_, order, _)| order.as_str()).collect();
    assert_eq!(system.audit(&orders).await.credited, 0);
    for (_, order, decision) in &held {
        system.review(order, *decision).await;
    }
    let (credited, dismissed) = (&held[0], &held[1]);
    assert_eq!(system.flags(&credited.1).await, [Flag::PaidAfterCancel, Flag::CreditedByOwner]);
    assert_eq!(system.flags(&dismissed.1).await, [Flag::PaidAfterCancel, Flag::Dismissed]);
    assert_eq!(system.remaining(credited.0).await, Bytes(2 * PACKAGE.0));
    assert_eq!(system.remaining(dismissed.0).await, PACKAGE);
    assert_eq!(system.audit(&[&dismissed.1]).await.credited, 1);
}

#[tokio::test]
async fn the_owner_gives_money_in_review_back_through_the_gateway() {
    let system = FullSystem::new().await;
    let (user, order) = waiting(&system, 1, OnlineMethod::Qris).await;
    system.pay_cash(user).await.unwrap();
    system.gateway.settle_late(&order).unwrap();
    system.stands(&order, OrderState::Review).await;
    let id = kuota::domain::id::OrderId(order.clone());
    system
        .site
        .submit(kuota::agent::engine::Command::Refund { order: id, amount: None, reason: "ganda".into() })
        .await;
    system.stands(&order, OrderState::Refunded).await;
    assert_eq!(system.audit(&[]).await.credited, 0);
    assert_eq!(system.remaining(user).await, PACKAGE);
}

#[tokio::test]
async fn a_claim_that_the_gateway_does_not_confirm_credits_nothing() {
    let system = FullSystem::new().await;
    let tampered = Meddling::Field("transaction_status".to_owned(), json!("settlement"));
    system.gateway.plant(GatewayFault::notification(tampered));
    let (user, order) = waiting(&system, 1, OnlineMethod::Qris).await;
    system
        .until("suspicion", async |system: &FullSystem| system.flags(&order).await == [Flag::StaleOrForged])
        .await;
    assert_eq!(system.order(&order).await.unwrap().status, OrderState::Pending);
    assert_eq!(system.audit(&[]).await.credited, 0);
    system.gateway.heal_all();
    system.gateway.pay(&order).unwrap();
    system.stands(&order, OrderState::Paid).await;
    assert_eq!(system.flags(&order).await, [], "what was suspected came true");
    assert_eq!(system.audit(&[]).await.credited, 1);
    assert_eq!(system.remaining(user).await, PACKAGE);
}

#[tokio::test]
async fn a_notification_signed_by_a_stranger_moves_nothing_and_the_money_is_found_all_the_same() {
    let system = FullSystem::new().await;
    system.gateway.plant(GatewayFault::notification(Meddling::WrongKey));
    let (_, order) = waiting(&system, 1, OnlineMethod::Gopay).await;
    system.gateway.pay(&order).unwrap();
    system
        .until("marked", async |system: &FullSystem| system.flags(&order).await == [Flag::BadSignature])
        .await;
    assert_eq!(system.order(&order).await.unwrap().status, OrderState::Pending);
    // The gateway is asked by plan.
    system.leap(std::time::Duration::from_mins(1));
    system.stands(&order, OrderState::Paid).await;
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn what_the_owner_credited_is_undone_when_the_money_goes_back() {
    let system = FullSystem::new().await;
    for (n, method) in (1..).zip([OnlineMethod::Qris, OnlineMethod::VaBca]) {
        let (user, order) = waiting(&system, n, method).await;
        system.pay_cash(user).await.unwrap();
        system.gateway.settle_late(&order).unwrap();
        system.stands(&order, OrderState::Review).await;
        system.review(&order, ReviewDecision::Credit).await;
        assert_eq!(system.remaining(user).await, Bytes(2 * PACKAGE.0));
        if method == OnlineMethod::Qris {
            system.gateway.refund(&order, crate::system::PRICE_RP, None).unwrap();
            system.stands(&order, OrderState::Refunded).await;
        } else {
            system.gateway.chargeback(&order).unwrap();
            system.stands(&order, OrderState::ChargedBack).await;
        }
        assert_eq!(system.remaining(user).await, PACKAGE, "what was paid in cash stays");
    }
    assert_eq!(system.audit(&[]).await.credited, 2);
}
