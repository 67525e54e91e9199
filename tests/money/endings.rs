//! Every method to every end: paid, lapsed, called off, refused, given back.

use std::time::Duration;

use kuota::agent::engine::{Actor, Command, Purpose};
use kuota::domain::id::{OrderId, UserId};
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Rupiah};
use kuota::sim::midtrans::{GatewayFault, PayMethod, SimOperation, Trouble, VaBank};
use serde_json::Value;

use crate::audit::Sums;
use crate::system::{FullSystem, PACKAGE, PRICE_RP};

/// A customer with an order of each method, none of them paid; by the number of the customer's device.
struct Waiting {
    n: u8,
    user: UserId,
    method: OnlineMethod,
    order: String,
}

/// `methods`, each with a customer of its own; devices are numbered from `first`.
async fn waiting(system: &FullSystem, first: u8, methods: &[OnlineMethod]) -> Vec<Waiting> {
    let mut all = Vec::new();
    for (n, method) in (first..).zip(methods.iter().copied()) {
        let user = system.customer(n, Bytes::ZERO).await;
        let order = system.ordered(user, method).await;
        all.push(Waiting { n, user, method, order });
    }
    all
}

async fn lists_are(system: &FullSystem, all: &[Waiting], list: &str) {
    system.until(list, async |system: &FullSystem| all.iter().all(|one| system.list_of(one.n) == list)).await;
}

fn has_means(order: &Value, method: OnlineMethod) -> bool {
    let has = |name: &str| order[name].is_string();
    match method {
        OnlineMethod::Snap => has("redirect_url"),
        OnlineMethod::Qris => has("qr_string"),
        OnlineMethod::Gopay => has("deeplink_url") && has("qr_string"),
        OnlineMethod::Shopeepay => has("deeplink_url"),
        OnlineMethod::VaMandiri => order["va"]["biller_code"] == "70012" && order["va"]["number"].is_string(),
        _ => method.name() == format!("va_{}", order["va"]["bank"].as_str().unwrap()),
    }
}

#[tokio::test]
async fn every_method_is_charged_paid_and_credited_once() {
    let system = FullSystem::new().await;
    let mut all = Vec::new();
    for (n, method) in (1..).zip(OnlineMethod::ALL.iter().copied()) {
        let user = system.customer(n, Bytes::ZERO).await;
        let order = system.open(user, Purpose::Buy(system.package), method).await.unwrap();
        // Nothing is pending before the customer picks a method on the page.
        let state = if method == OnlineMethod::Snap { "created" } else { "pending" };
        assert!(has_means(&order, method) && order["status"] == state, "{order}");
        all.push(Waiting { n, user, method, order: order["id"].as_str().unwrap().to_owned() });
    }
    // Online to pay.
    lists_are(&system, &all, "klient_fup").await;
    for one in &all {
        system.pay(&one.order, one.method);
    }
    lists_are(&system, &all, "klient_aktif").await;
    let paid = all.len() as u64;
    assert_eq!(system.audit(&[]).await, Sums { orders: paid, paid, credited: paid, held: 0 });
    for one in &all {
        let order = system.order(&one.order).await.unwrap();
        assert_eq!((order.status, order.flags.len()), (OrderState::Paid, 0), "{order:?}");
        assert!(order.receipt_no.is_some() && order.paid_at.is_some());
        assert_eq!(system.remaining(one.user).await, PACKAGE);
    }
}

/// Brings orders of every method to an end without money.
async fn ends_without_money(state: OrderState, end: impl AsyncFn(&FullSystem, &Waiting)) {
    let system = FullSystem::new().await;
    let all = waiting(&system, 1, OnlineMethod::ALL).await;
    lists_are(&system, &all, "klient_fup").await;
    for one in &all {
        if one.method == OnlineMethod::Snap {
            system.gateway.pick(&one.order, PayMethod::Va(VaBank::Bca)).unwrap();
        }
        end(&system, one).await;
    }
    for one in &all {
        system.stands(&one.order, state).await;
    }
    // Nothing is open any more, so nobody is online to pay.
    lists_are(&system, &all, "klient_habis").await;
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (all.len() as u64, 0, 0));
    // And the next try is paid and credited.
    let again = system.ordered(all[1].user, OnlineMethod::Qris).await;
    system.gateway.pay(&again).unwrap();
    system.stands(&again, OrderState::Paid).await;
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn what_lapses_credits_nothing() {
    ends_without_money(OrderState::Expired, async |system, one| system.gateway.expire(&one.order).unwrap())
        .await;
}

#[tokio::test]
async fn what_a_bank_or_wallet_refuses_credits_nothing() {
    ends_without_money(OrderState::Denied, async |system, one| system.gateway.deny(&one.order).unwrap())
        .await;
}

#[tokio::test]
async fn what_breaks_down_credits_nothing() {
    ends_without_money(OrderState::Failed, async |system, one| system.gateway.fail(&one.order).unwrap())
        .await;
}

#[tokio::test]
async fn what_is_called_off_here_or_at_the_gateway_credits_nothing() {
    ends_without_money(OrderState::Cancelled, async |system, one| {
        if one.n.is_multiple_of(2) {
            let order = OrderId(one.order.clone());
            system.agent().payments.cancel_order(&Actor::daemon(), order).await.unwrap();
        } else {
            system.gateway.cancel_by_merchant(&one.order).unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_never_pays_is_forgotten_by_everybody_in_time() {
    let system = FullSystem::new().await;
    let all = waiting(&system, 1, OnlineMethod::ALL).await;
    for _ in 0..16 {
        system.leap(Duration::from_hours(4));
        system.settle().await;
    }
    for one in &all {
        system.stands(&one.order, OrderState::Expired).await;
    }
    assert_eq!(system.audit(&[]).await.credited, 0);
    assert_eq!(system.relay_counts().await.open_orders, 0);
}

/// Opens, pays and sees credited an order of each method.
async fn paid(system: &FullSystem, first: u8, methods: &[OnlineMethod]) -> Vec<Waiting> {
    let all = waiting(system, first, methods).await;
    for one in &all {
        system.pay(&one.order, one.method);
    }
    lists_are(system, &all, "klient_aktif").await;
    all
}

const RETURNABLE: [OnlineMethod; 4] =
    [OnlineMethod::Snap, OnlineMethod::Qris, OnlineMethod::Gopay, OnlineMethod::Shopeepay];

#[tokio::test]
async fn a_full_refund_takes_the_quota_back_whoever_made_it() {
    let system = FullSystem::new().await;
    let by_dashboard = paid(&system, 1, &RETURNABLE).await;
    let by_owner = paid(&system, 11, &RETURNABLE).await;
    for one in &by_dashboard {
        system.gateway.refund(&one.order, PRICE_RP, None).unwrap();
    }
    for one in &by_owner {
        let order = OrderId(one.order.clone());
        system.site.submit(Command::Refund { order, amount: None, reason: "salah beli".into() }).await;
    }
    for one in by_dashboard.iter().chain(&by_owner) {
        system.stands(&one.order, OrderState::Refunded).await;
        assert_eq!(system.remaining(one.user).await, Bytes::ZERO);
    }
    lists_are(&system, &by_dashboard, "klient_habis").await;
    lists_are(&system, &by_owner, "klient_habis").await;
    assert_eq!(system.audit(&[]).await.credited, 8);
}

#[tokio::test]
async fn a_partial_refund_takes_its_share_and_the_last_one_the_rest() {
    let system = FullSystem::new().await;
    let all = paid(&system, 1, &RETURNABLE[..3]).await;
    let quarter = Bytes(PACKAGE.0 / 4);
    for one in &all {
        system.gateway.refund(&one.order, PRICE_RP / 4, None).unwrap();
        system.stands(&one.order, OrderState::PartiallyRefunded).await;
        assert_eq!(system.remaining(one.user).await, PACKAGE.minus(quarter));
        assert!(system.flags(&one.order).await.contains(&Flag::PartialRefund));
        let (order, amount) = (OrderId(one.order.clone()), Some(Rupiah(PRICE_RP / 4)));
        system.site.submit(Command::Refund { order, amount, reason: "lagi".into() }).await;
    }
    let half = Bytes(PACKAGE.0 / 2);
    system
        .until("half is left", async |system: &FullSystem| {
            let mut left = Vec::new();
            for one in &all {
                left.push(system.remaining(one.user).await);
            }
            left.iter().all(|left| *left == half)
        })
        .await;
    assert_eq!(system.audit(&[]).await.credited, 3);
    for one in &all {
        system.gateway.refund(&one.order, PRICE_RP / 2, None).unwrap();
        system.stands(&one.order, OrderState::Refunded).await;
        assert_eq!(system.remaining(one.user).await, Bytes::ZERO);
    }
    assert_eq!(system.audit(&[]).await.credited, 3);
}

#[tokio::test]
async fn a_settlement_that_its_bank_takes_back_is_undone() {
    let system = FullSystem::new().await;
    let all =
        waiting(&system, 1, &[OnlineMethod::VaPermata, OnlineMethod::VaMandiri, OnlineMethod::Snap]).await;
    for one in &all {
        match one.method {
            OnlineMethod::Snap => {
                system.gateway.pay_with(&one.order, PayMethod::Va(VaBank::Permata)).unwrap();
            }
            _ => system.gateway.pay(&one.order).unwrap(),
        }
    }
    lists_are(&system, &all, "klient_aktif").await;
    for one in &all {
        system.gateway.reverse(&one.order).unwrap();
        system.stands(&one.order, OrderState::Reversed).await;
        assert_eq!(system.flags(&one.order).await, [Flag::ProviderReversal]);
    }
    lists_are(&system, &all, "klient_habis").await;
    assert_eq!(system.audit(&[]).await.credited, 3);
}

#[tokio::test]
async fn a_chargeback_undoes_the_payment_of_any_method_and_used_quota_is_owed() {
    let system = FullSystem::new().await;
    let all = paid(&system, 1, OnlineMethod::ALL).await;
    system.router.traffic(crate::site::mac(2), Bytes::gb(1).0, 0);
    system
        .until("a gigabyte is used", async |system: &FullSystem| {
            system.site.account(all[1].user).await.used == Bytes::gb(1)
        })
        .await;
    for one in &all {
        system.gateway.chargeback(&one.order).unwrap();
    }
    for one in &all {
        system.stands(&one.order, OrderState::ChargedBack).await;
        assert_eq!(system.flags(&one.order).await, [Flag::Chargeback]);
        assert_eq!(system.remaining(one.user).await, Bytes::ZERO);
    }
    assert_eq!(system.site.account(all[1].user).await.balance.overage(), Bytes::gb(1));
    system
        .until("the debtor is blocked", async |system: &FullSystem| system.list_of(2) == "klient_blocked")
        .await;
    assert_eq!(system.audit(&[]).await.credited, 10);
}

#[tokio::test]
async fn a_challenged_payment_waits_for_the_fraud_check() {
    let system = FullSystem::new().await;
    for (field, value) in [("transaction_status", "capture"), ("fraud_status", "challenge")] {
        system
            .gateway
            .plant(GatewayFault::on(SimOperation::Status, Trouble::Field(field.to_owned(), value.into())));
    }
    let all = waiting(&system, 1, &[OnlineMethod::Qris; 3]).await;
    for one in &all {
        system.stands(&one.order, OrderState::Challenge).await;
        assert_eq!(system.flags(&one.order).await, [Flag::FraudChallenge]);
    }
    assert_eq!(system.audit(&[]).await.credited, 0);
    system.gateway.heal_all();
    system.gateway.pay(&all[0].order).unwrap();
    system.gateway.deny(&all[1].order).unwrap();
    system.gateway.cancel_by_merchant(&all[2].order).unwrap();
    let ends = [OrderState::Paid, OrderState::Denied, OrderState::Cancelled];
    for (one, end) in all.iter().zip(ends) {
        system.stands(&one.order, end).await;
    }
    assert_eq!(system.audit(&[]).await.credited, 1);
    assert_eq!(system.remaining(all[0].user).await, PACKAGE);
}

#[tokio::test]
async fn on_the_page_a_refused_method_is_followed_by_another_that_pays() {
    let system = FullSystem::new().await;
    let all = waiting(&system, 1, &[OnlineMethod::Snap]).await;
    system.gateway.pick(&all[0].order, PayMethod::Gopay).unwrap();
    system.gateway.deny(&all[0].order).unwrap();
    system.stands(&all[0].order, OrderState::Denied).await;
    system.gateway.pay_with(&all[0].order, PayMethod::Va(VaBank::Bni)).unwrap();
    system.stands(&all[0].order, OrderState::Paid).await;
    assert_eq!(system.flags(&all[0].order).await, []);
    assert_eq!(system.audit(&[]).await.credited, 1);
}
