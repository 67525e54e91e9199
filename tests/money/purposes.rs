//! What is paid for: packages, everything owed, one debt, part of the debts; and what is no longer owed when the
//! money comes.

use std::time::Duration;

use kuota::agent::config::Config;
use kuota::agent::engine::{Command, DebtTerms, Purpose};
use kuota::domain::id::{DebtId, PackageId, UserId};
use kuota::domain::order::{Flag, OnlineMethod, OrderState};
use kuota::domain::units::{Bytes, Rupiah};

use crate::site::mac;
use crate::system::{FullSystem, PACKAGE, PRICE_RP, SystemOptions, add_package};

async fn lend(
    system: &FullSystem,
    user: UserId,
    what: Result<Bytes, PackageId>,
    price_rp: Option<u64>,
) -> DebtId {
    let terms = DebtTerms {
        what,
        advance: true,
        debt_date: None,
        due_date: None,
        price: price_rp.map(Rupiah),
        note: "pinjaman".into(),
        customer_note: String::new(),
    };
    let debt = system.site.submit(Command::AddDebt(user, terms)).await;
    debt["id"].as_str().unwrap().parse().unwrap()
}

/// Opens, pays and waits until it is credited; the order and what it cost.
async fn paid(system: &FullSystem, user: UserId, purpose: Purpose) -> (String, u64) {
    let order = system.open(user, purpose, OnlineMethod::Qris).await.unwrap();
    let id = order["id"].as_str().unwrap().to_owned();
    system.gateway.pay(&id).unwrap();
    system.stands(&id, OrderState::Paid).await;
    (id, order["amount_rp"].as_u64().unwrap())
}

async fn owed(system: &FullSystem, user: UserId) -> Bytes {
    system.site.account(user).await.total_debt()
}

#[tokio::test]
async fn one_debt_a_part_of_them_and_all_of_them_are_settled_online() {
    let on_credit = |config: &mut Config| config.policy.overage = kuota::domain::account::Overage::Debt;
    let system = FullSystem::with(SystemOptions { agent: on_credit, ..SystemOptions::default() }).await;
    let user = system.customer(1, Bytes::ZERO).await;
    let first = lend(&system, user, Ok(Bytes::gb(10)), Some(80_000)).await;
    lend(&system, user, Ok(Bytes::gb(10)), None).await;
    lend(&system, user, Ok(Bytes::gb(5)), Some(50_000)).await;
    assert_eq!(owed(&system, user).await, Bytes::gb(25));

    let (one, price) = paid(&system, user, Purpose::SettleItem(first)).await;
    assert_eq!((price, owed(&system, user).await), (80_000, Bytes::gb(15)));
    let (part, price) = paid(&system, user, Purpose::PayPart(Rupiah(40_000))).await;
    assert_eq!((price, owed(&system, user).await), (40_000, Bytes::gb(11)), "four of ten at 100 000");

    // Beyond the quota that was lent.
    system.router.traffic(mac(1), Bytes::gb(25).0 + Bytes::mb(300).0, 0);
    system
        .until("overage", async |system: &FullSystem| {
            system.site.account(user).await.balance.overage() == Bytes::mb(300)
        })
        .await;
    let (all, price) = paid(&system, user, Purpose::SettleAll).await;
    assert_eq!((price, owed(&system, user).await), (60_000 + 50_000 + 10_000, Bytes::ZERO));
    for order in [&one, &part, &all] {
        assert_eq!(system.flags(order).await, []);
    }
    assert_eq!(system.audit(&[]).await.credited, 3);
}

#[tokio::test]
async fn what_was_forgiven_meanwhile_becomes_quota() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    let debt = lend(&system, user, Ok(Bytes::gb(10)), None).await;
    let order = system.open(user, Purpose::SettleAll, OnlineMethod::VaBri).await.unwrap();
    system.site.submit(Command::WriteOff { user, debt, reason: "maaf".into() }).await;
    let order = order["id"].as_str().unwrap();
    system.gateway.pay(order).unwrap();
    system.stands(order, OrderState::Paid).await;
    assert_eq!(system.flags(order).await, [Flag::Surplus]);
    assert_eq!(system.remaining(user).await, Bytes::gb(20));
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn money_for_a_plan_that_is_no_longer_owed_waits_for_the_owner() {
    let system = FullSystem::new().await;
    let plan = add_package(system.agent(), "Bebas", None, 200_000).await;
    let user = system.customer(1, Bytes::ZERO).await;
    let debt = lend(&system, user, Err(plan), None).await;
    let order = system.open(user, Purpose::SettleItem(debt), OnlineMethod::VaBni).await.unwrap();
    system.site.submit(Command::WriteOff { user, debt, reason: "maaf".into() }).await;
    let order = order["id"].as_str().unwrap();
    system.gateway.pay(order).unwrap();
    system.stands(order, OrderState::Review).await;
    assert_eq!(system.flags(order).await, [Flag::NothingOwed]);
    // The ledger says that the money came.
    assert_eq!(system.audit(&[]).await.credited, 1);
    system.review(order, kuota::agent::engine::ReviewDecision::Dismiss).await;
    assert_eq!(system.order(order).await.unwrap().status, OrderState::Paid);
}

#[tokio::test]
async fn a_plan_is_bought_online_and_ends_with_its_days() {
    let system = FullSystem::new().await;
    let plan = add_package(system.agent(), "Bebas", None, 200_000).await;
    let user = system.customer(1, Bytes::ZERO).await;
    paid(&system, user, Purpose::Buy(plan)).await;
    assert!(system.site.account(user).await.unlimited);
    system.until("on the list", async |system: &FullSystem| system.list_of(1) == "klient_aktif").await;
    system.leap(Duration::from_hours(24 * 31));
    system.until("expired", async |system: &FullSystem| system.list_of(1) == "klient_expired").await;
    assert_eq!(system.audit(&[]).await.credited, 1);
}

#[tokio::test]
async fn a_second_order_calls_the_first_off_and_cash_does_too() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    let first = system.ordered(user, OnlineMethod::VaBca).await;
    let second = system.ordered(user, OnlineMethod::Qris).await;
    assert_eq!(system.order(&first).await.unwrap().status, OrderState::Cancelled);
    system.pay_cash(user).await.unwrap();
    assert_eq!(system.order(&second).await.unwrap().status, OrderState::Cancelled);
    assert!(system.gateway.pay(&first).is_err() && system.gateway.pay(&second).is_err());
    assert_eq!(system.audit(&[]).await.credited, 0);
    assert_eq!(system.remaining(user).await, PACKAGE);
}

#[tokio::test]
async fn an_order_that_proves_paid_when_it_is_called_off_is_applied_and_nothing_else_is() {
    let system = FullSystem::new().await;
    let user = system.customer(1, Bytes::ZERO).await;
    let order = system.ordered(user, OnlineMethod::Qris).await;
    // The relay does not hear of it.
    system.doorway.set(crate::proxy::Wire::Cut);
    system.gateway.pay(&order).unwrap();
    let refused = system.pay_cash(user).await.unwrap_err();
    assert!(refused.to_string().contains("was paid meanwhile"), "{refused}");
    assert_eq!(system.remaining(user).await, PACKAGE);
    let second = system.open(user, Purpose::Buy(system.package), OnlineMethod::Gopay).await.unwrap();
    let second = second["id"].as_str().unwrap().to_owned();
    system.gateway.pay(&second).unwrap();
    let refused = system.open(user, Purpose::Buy(system.package), OnlineMethod::Gopay).await.unwrap_err();
    assert!(refused.to_string().contains("was paid meanwhile"), "{refused}");
    system.doorway.set(crate::proxy::Wire::Whole);
    system.leap(Duration::from_mins(1));
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.credited), (2, 2));
    assert_eq!(system.remaining(user).await, Bytes(2 * PACKAGE.0));
}

#[tokio::test]
async fn a_refund_of_several_debts_is_undone_whole_and_a_part_of_it_by_hand() {
    let system = FullSystem::new().await;
    let mut orders = Vec::new();
    for n in [1, 2] {
        let user = system.customer(n, Bytes::ZERO).await;
        lend(&system, user, Ok(Bytes::gb(10)), Some(80_000)).await;
        lend(&system, user, Ok(Bytes::gb(5)), Some(50_000)).await;
        orders.push((user, paid(&system, user, Purpose::SettleAll).await.0));
        assert_eq!(owed(&system, user).await, Bytes::ZERO);
    }
    let [(whole, all), (part, some)] = [&orders[0], &orders[1]];
    system.gateway.refund(all, 130_000, None).unwrap();
    system.stands(all, OrderState::Refunded).await;
    assert_eq!(owed(&system, *whole).await, Bytes::gb(15), "owed again");
    system.gateway.refund(some, 30_000, None).unwrap();
    system.stands(some, OrderState::Review).await;
    assert_eq!(system.flags(some).await, [Flag::PartialRefund, Flag::ReverseByHand]);
    assert_eq!(owed(&system, *part).await, Bytes::ZERO, "the ledger is untouched");
    assert_eq!(system.audit(&[]).await.credited, 2);
    system.gateway.refund(some, 100_000, None).unwrap();
    system.stands(some, OrderState::Refunded).await;
    assert_eq!(owed(&system, *part).await, Bytes::gb(15));
    assert_eq!(system.audit(&[]).await.credited, 2);
}

#[tokio::test]
async fn a_fee_that_the_gateway_adds_is_accepted_where_that_was_agreed_and_refused_elsewhere() {
    let agreed =
        FullSystem::with(SystemOptions { fee_rp: 710, fee_imposition: true, ..SystemOptions::default() })
            .await;
    let user = agreed.customer(1, Bytes::ZERO).await;
    let order = agreed.ordered(user, OnlineMethod::Qris).await;
    agreed.gateway.pay(&order).unwrap();
    agreed.stands(&order, OrderState::Paid).await;
    assert_eq!((agreed.flags(&order).await, agreed.remaining(user).await), (vec![], PACKAGE));
    assert_eq!(agreed.gateway.find(&order).unwrap().amount_rp, PRICE_RP + 710);

    let other = FullSystem::with(SystemOptions { fee_rp: 710, ..SystemOptions::default() }).await;
    let user = other.customer(1, Bytes::ZERO).await;
    let buy = Purpose::Buy(other.package);
    let refused = other.open(user, buy, OnlineMethod::Qris).await.unwrap_err();
    assert!(refused.to_string().contains("amount_mismatch"), "{refused}");
    let sums = other.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid), (1, 0));
    assert!(other.gateway.pay(&other.gateway.orders()[0].order_id).is_err(), "called off");
}
