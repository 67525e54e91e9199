//! Every method to every end: paid, lapsed, called off, refused, given back.

use std::time::Duration;

use kuota::agent::engine::{Actor, Command, Purpose};
use kuota::domain::id::{OrderId, UserId};
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Rupiah};
use kuota::sim::midtrans::{GatewayFault, PayMethod, SimOperation, Trouble, VaBank};
use serde_json::Value;

use crate::audit::Sums;
use crate::town::{PACKAGE, PRICE_RP, Town};

/// A customer with an order of each method, none of them paid; by the number of the customer's device.
struct Waiting {
    n: u8,
    user: UserId,
    method: OnlineMethod,
    order: String,
}

/// `methods`, each with a customer of its own; devices are numbered from `first`.
async fn waiting(town: &Town, first: u8, methods: &[OnlineMethod]) -> Vec<Waiting> {
    let mut all = Vec::new();
    for (n, method) in (first..).zip(methods.iter().copied()) {
        let user = town.customer(n, Bytes::ZERO).await;
        let order = town.ordered(user, method).await;
        all.push(Waiting { n, user, method, order });
    }
    all
}

async fn lists_are(town: &Town, all: &[Waiting], list: &str) {
    town.until(list, async |town: &Town| all.iter().all(|one| town.list_of(one.n) == list)).await;
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
    let town = Town::new().await;
    let mut all = Vec::new();
    for (n, method) in (1..).zip(OnlineMethod::ALL.iter().copied()) {
        let user = town.customer(n, Bytes::ZERO).await;
        let order = town.open(user, Purpose::Buy(town.package), method).await.unwrap();
        // Nothing is pending before the customer picks a method on the page.
        let state = if method == OnlineMethod::Snap { "created" } else { "pending" };
        assert!(has_means(&order, method) && order["status"] == state, "{order}");
        all.push(Waiting { n, user, method, order: order["id"].as_str().unwrap().to_owned() });
    }
    // Online to pay.
    lists_are(&town, &all, "klient_fup").await;
    for one in &all {
        town.pay(&one.order, one.method);
    }
    lists_are(&town, &all, "klient_aktif").await;
    let paid = all.len() as u64;
    assert_eq!(town.audit(&[]).await, Sums { orders: paid, paid, credited: paid, held: 0 });
    for one in &all {
        let order = town.order(&one.order).await.unwrap();
        assert_eq!((order.status, order.flags.len()), (OrderState::Paid, 0), "{order:?}");
        assert!(order.receipt_no.is_some() && order.paid_at.is_some());
        assert_eq!(town.remaining(one.user).await, PACKAGE);
    }
}

/// Brings orders of every method to an end without money.
async fn ends_without_money(state: OrderState, end: impl AsyncFn(&Town, &Waiting)) {
    let town = Town::new().await;
    let all = waiting(&town, 1, OnlineMethod::ALL).await;
    lists_are(&town, &all, "klient_fup").await;
    for one in &all {
        if one.method == OnlineMethod::Snap {
            town.gateway.pick(&one.order, PayMethod::Va(VaBank::Bca)).unwrap();
        }
        end(&town, one).await;
    }
    for one in &all {
        town.stands(&one.order, state).await;
    }
    // Nothing is open any more, so nobody is online to pay.
    lists_are(&town, &all, "klient_habis").await;
    let sums = town.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (all.len() as u64, 0, 0));
    // And the next try is paid and credited.
    let again = town.ordered(all[1].user, OnlineMethod::Qris).await;
    town.gateway.pay(&again).unwrap();
    town.stands(&again, OrderState::Paid).await;
    assert_eq!(town.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn what_lapses_credits_nothing() {
    ends_without_money(OrderState::Expired, async |town, one| town.gateway.expire(&one.order).unwrap()).await;
}

#[tokio::test]
async fn what_a_bank_or_wallet_refuses_credits_nothing() {
    ends_without_money(OrderState::Denied, async |town, one| town.gateway.deny(&one.order).unwrap()).await;
}

#[tokio::test]
async fn what_breaks_down_credits_nothing() {
    ends_without_money(OrderState::Failed, async |town, one| town.gateway.fail(&one.order).unwrap()).await;
}

#[tokio::test]
async fn what_is_called_off_here_or_at_the_gateway_credits_nothing() {
    ends_without_money(OrderState::Cancelled, async |town, one| {
        if one.n.is_multiple_of(2) {
            let order = OrderId(one.order.clone());
            town.site().payments.cancel_order(&Actor::daemon(), order).await.unwrap();
        } else {
            town.gateway.cancel_by_merchant(&one.order).unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_never_pays_is_forgotten_by_everybody_in_time() {
    let town = Town::new().await;
    let all = waiting(&town, 1, OnlineMethod::ALL).await;
    for _ in 0..16 {
        town.leap(Duration::from_hours(4));
        town.settle().await;
    }
    for one in &all {
        town.stands(&one.order, OrderState::Expired).await;
    }
    assert_eq!(town.audit(&[]).await.credited, 0);
    assert_eq!(town.relay_counts().await.open_orders, 0);
}

/// Opens, pays and sees credited an order of each method.
async fn paid(town: &Town, first: u8, methods: &[OnlineMethod]) -> Vec<Waiting> {
    let all = waiting(town, first, methods).await;
    for one in &all {
        town.pay(&one.order, one.method);
    }
    lists_are(town, &all, "klient_aktif").await;
    all
}

const RETURNABLE: [OnlineMethod; 4] =
    [OnlineMethod::Snap, OnlineMethod::Qris, OnlineMethod::Gopay, OnlineMethod::Shopeepay];

#[tokio::test]
async fn a_full_refund_takes_the_quota_back_whoever_made_it() {
    let town = Town::new().await;
    let by_dashboard = paid(&town, 1, &RETURNABLE).await;
    let by_owner = paid(&town, 11, &RETURNABLE).await;
    for one in &by_dashboard {
        town.gateway.refund(&one.order, PRICE_RP, None).unwrap();
    }
    for one in &by_owner {
        let order = OrderId(one.order.clone());
        town.ask(Command::Refund { order, amount: None, reason: "salah beli".into() }).await;
    }
    for one in by_dashboard.iter().chain(&by_owner) {
        town.stands(&one.order, OrderState::Refunded).await;
        assert_eq!(town.remaining(one.user).await, Bytes::ZERO);
    }
    lists_are(&town, &by_dashboard, "klient_habis").await;
    lists_are(&town, &by_owner, "klient_habis").await;
    assert_eq!(town.audit(&[]).await.credited, 8);
}

#[tokio::test]
async fn a_partial_refund_takes_its_share_and_the_last_one_the_rest() {
    let town = Town::new().await;
    let all = paid(&town, 1, &RETURNABLE[..3]).await;
    let quarter = Bytes(PACKAGE.0 / 4);
    for one in &all {
        town.gateway.refund(&one.order, PRICE_RP / 4, None).unwrap();
        town.stands(&one.order, OrderState::PartiallyRefunded).await;
        assert_eq!(town.remaining(one.user).await, PACKAGE.minus(quarter));
        assert!(town.flags(&one.order).await.contains(&Flag::PartialRefund));
        let (order, amount) = (OrderId(one.order.clone()), Some(Rupiah(PRICE_RP / 4)));
        town.ask(Command::Refund { order, amount, reason: "lagi".into() }).await;
    }
    let half = Bytes(PACKAGE.0 / 2);
    town.until("half is left", async |town: &Town| {
        let mut left = Vec::new();
        for one in &all {
            left.push(town.remaining(one.user).await);
        }
        left.iter().all(|left| *left == half)
    })
    .await;
    assert_eq!(town.audit(&[]).await.credited, 3);
    for one in &all {
        town.gateway.refund(&one.order, PRICE_RP / 2, None).unwrap();
        town.stands(&one.order, OrderState::Refunded).await;
        assert_eq!(town.remaining(one.user).await, Bytes::ZERO);
    }
    assert_eq!(town.audit(&[]).await.credited, 3);
}

#[tokio::test]
async fn a_settlement_that_its_bank_takes_back_is_undone() {
    let town = Town::new().await;
    let all =
        waiting(&town, 1, &[OnlineMethod::VaPermata, OnlineMethod::VaMandiri, OnlineMethod::Snap]).await;
    for one in &all {
        match one.method {
            OnlineMethod::Snap => town.gateway.pay_with(&one.order, PayMethod::Va(VaBank::Permata)).unwrap(),
            _ => town.gateway.pay(&one.order).unwrap(),
        }
    }
    lists_are(&town, &all, "klient_aktif").await;
    for one in &all {
        town.gateway.reverse(&one.order).unwrap();
        town.stands(&one.order, OrderState::Reversed).await;
        assert_eq!(town.flags(&one.order).await, [Flag::ProviderReversal]);
    }
    lists_are(&town, &all, "klient_habis").await;
    assert_eq!(town.audit(&[]).await.credited, 3);
}

#[tokio::test]
async fn a_chargeback_undoes_the_payment_of_any_method_and_used_quota_is_owed() {
    let town = Town::new().await;
    let all = paid(&town, 1, OnlineMethod::ALL).await;
    town.router.traffic(crate::town::mac(2), Bytes::gb(1).0, 0);
    town.until("a gigabyte is used", async |town: &Town| {
        town.account(all[1].user).await.used == Bytes::gb(1)
    })
    .await;
    for one in &all {
        town.gateway.chargeback(&one.order).unwrap();
    }
    for one in &all {
        town.stands(&one.order, OrderState::ChargedBack).await;
        assert_eq!(town.flags(&one.order).await, [Flag::Chargeback]);
        assert_eq!(town.remaining(one.user).await, Bytes::ZERO);
    }
    assert_eq!(town.account(all[1].user).await.balance.overage(), Bytes::gb(1));
    town.until("the debtor is blocked", async |town: &Town| town.list_of(2) == "klient_blocked").await;
    assert_eq!(town.audit(&[]).await.credited, 10);
}

#[tokio::test]
async fn a_challenged_payment_waits_for_the_fraud_check() {
    let town = Town::new().await;
    for (field, value) in [("transaction_status", "capture"), ("fraud_status", "challenge")] {
        town.gateway
            .plant(GatewayFault::on(SimOperation::Status, Trouble::Field(field.to_owned(), value.into())));
    }
    let all = waiting(&town, 1, &[OnlineMethod::Qris; 3]).await;
    for one in &all {
        town.stands(&one.order, OrderState::Challenge).await;
        assert_eq!(town.flags(&one.order).await, [Flag::FraudChallenge]);
    }
    assert_eq!(town.audit(&[]).await.credited, 0);
    town.gateway.heal_all();
    town.gateway.pay(&all[0].order).unwrap();
    town.gateway.deny(&all[1].order).unwrap();
    town.gateway.cancel_by_merchant(&all[2].order).unwrap();
    let ends = [OrderState::Paid, OrderState::Denied, OrderState::Cancelled];
    for (one, end) in all.iter().zip(ends) {
        town.stands(&one.order, end).await;
    }
    assert_eq!(town.audit(&[]).await.credited, 1);
    assert_eq!(town.remaining(all[0].user).await, PACKAGE);
}

#[tokio::test]
async fn on_the_page_a_refused_method_is_followed_by_another_that_pays() {
    let town = Town::new().await;
    let all = waiting(&town, 1, &[OnlineMethod::Snap]).await;
    town.gateway.pick(&all[0].order, PayMethod::Gopay).unwrap();
    town.gateway.deny(&all[0].order).unwrap();
    town.stands(&all[0].order, OrderState::Denied).await;
    town.gateway.pay_with(&all[0].order, PayMethod::Va(VaBank::Bni)).unwrap();
    town.stands(&all[0].order, OrderState::Paid).await;
    assert_eq!(town.flags(&all[0].order).await, []);
    assert_eq!(town.audit(&[]).await.credited, 1);
}
