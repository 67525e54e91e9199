//! Access while an order is open: pay windows and the grace.

use super::online_tests::Shop;
use super::*;
use crate::domain::access::{Reason, Status};
use crate::domain::order::OrderState;
use crate::protocol::relay::RelayOrder;

/// A shop whose user has one connected device.
fn on_air() -> (Shop, impl FnMut(&mut Shop, u64)) {
    let mut shop = Shop::new(Policy::default());
    let user = shop.user;
    let reading = shop.pi.reading(100, vec![row(1, "*1", 50, 0)]);
    shop.pi.bind(user, mac(1), Some(reading));
    let (mut uptime, mut total) = (100, 0);
    let meter = move |shop: &mut Shop, mb: u64| {
        shop.pi.pass(10);
        (uptime, total) = (uptime + 10, total + mb * Bytes::mb(1).0);
        shop.pi.meter(uptime, vec![row(1, "*1", uptime - 50, total)]);
    };
    (shop, meter)
}

fn access(shop: &mut Shop) -> (Status, Option<Reason>) {
    let access = shop.account().access;
    (access.status, access.reason)
}

const PAYING: (Status, Option<Reason>) = (Status::Fup, Some(Reason::Paying));
const HABIS: (Status, Option<Reason>) = (Status::Habis, Some(Reason::Habis));

#[test]
fn a_stopped_user_is_online_while_an_order_is_young() {
    let (mut shop, mut meter) = on_air();
    assert_eq!(access(&mut shop), HABIS);
    let opening = shop.ask(Purpose::Buy(shop.package));
    assert_eq!(access(&mut shop), HABIS, "nobody pays what is not open");
    shop.pi.pass(20);
    let order = shop.answer(&opening, OrderState::Pending);
    shop.engine().order_opened(&opening.request_id, &order).unwrap();
    assert_eq!(access(&mut shop), PAYING);
    for _ in 0..59 {
        meter(&mut shop, 0);
    }
    assert_eq!(access(&mut shop), PAYING);
    let wall = shop.pi.clock.now();
    shop.pi.clock.set_wall(Timestamp(wall.0 + 3_600_000));
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), PAYING, "the window is measured by the clock that nobody sets");
    shop.pi.clock.set_wall(wall);
    meter(&mut shop, 0);
    assert_eq!(access(&mut shop), HABIS, "ten minutes are over");
    shop.settle(&order);
    assert_eq!(access(&mut shop), (Status::Active, None));
}

#[test]
fn a_window_ends_at_its_bytes_and_a_day_has_two() {
    let (mut shop, mut meter) = on_air();
    let mut order = shop.buy();
    meter(&mut shop, 29);
    assert_eq!(access(&mut shop), PAYING);
    shop.engine().flush().unwrap();
    shop.pi.restart();
    assert_eq!(access(&mut shop), PAYING, "a restart ends no window");
    meter(&mut shop, 1);
    assert_eq!(access(&mut shop), HABIS, "30 MB are used");
    for expected in [PAYING, HABIS] {
        let ended = RelayOrder { status: OrderState::Cancelled, ..order };
        shop.engine().order_seen(&ended).unwrap();
        assert_eq!(access(&mut shop), HABIS, "an order that is over lets nobody pay");
        order = shop.buy();
        assert_eq!(access(&mut shop), expected);
        shop.pi.restart();
        assert_eq!(access(&mut shop), expected, "windows of a day are counted across restarts");
    }
    shop.pi.pass(24 * 3600);
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), HABIS, "the order is old by now");
}

#[test]
fn a_user_who_runs_out_while_paying_gets_the_window_then() {
    let (mut shop, mut meter) = on_air();
    let user = shop.user;
    shop.pi.grant(user, Bytes::mb(50));
    shop.buy();
    assert_eq!(access(&mut shop), (Status::Active, None));
    meter(&mut shop, 51);
    assert_eq!(access(&mut shop), PAYING);
    assert_eq!(
        shop.engine().read_view().windows(1)[0].used,
        Bytes::ZERO,
        "what flowed before does not count"
    );
    meter(&mut shop, 30);
    assert_eq!(access(&mut shop), HABIS);
}

#[test]
fn an_admins_block_and_a_window_of_nothing_let_nobody_pay() {
    let (mut shop, _) = on_air();
    shop.buy();
    shop.pi.ask(Command::Block(shop.user, "x".into()), None).unwrap();
    assert_eq!(access(&mut shop).0, Status::Blocked);
    let mut shop = Shop::new(Policy { pay_window_ms: 0, ..Policy::default() });
    shop.buy();
    assert_eq!(access(&mut shop), HABIS);
}

#[test]
fn an_order_that_cannot_be_checked_holds_a_block_off_for_the_grace() {
    let (mut shop, mut meter) = on_air();
    let policy = Policy { offline_grace_ms: 60_000, pay_window_ms: 0, ..debt_mode() };
    shop.engine().set_policy(policy, Duration::from_mins(1));
    let user = shop.user;
    shop.pi.grant(user, Bytes::mb(1));
    let silent = shop.pi.clock.uptime();
    shop.buy();
    shop.engine().relay_silent_since(Some(silent));
    meter(&mut shop, 600);
    assert_eq!(access(&mut shop), (Status::Active, None));
    let held_off = |shop: &mut Shop| {
        let user = shop.user;
        shop.engine().read_view().user(user).unwrap().offline_grace
    };
    assert!(held_off(&mut shop));
    shop.engine().relay_silent_since(None);
    shop.engine().pass_time().unwrap();
    let blocked = (Status::Blocked, Some(Reason::DebtLimit));
    assert_eq!(access(&mut shop), blocked, "the relay answers, so the order can be checked");
    shop.engine().relay_silent_since(Some(silent));
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), blocked, "a block that holds is not lifted");
    assert!(!held_off(&mut shop));
    // Another user, who is not blocked yet, waits until the grace is over.
    shop.pi.ask(Command::Debit { user, amount: Bytes::mb(1), reason: "x".into() }, None).unwrap();
    shop.pi.pass(60);
    shop.engine().pass_time().unwrap();
    assert_eq!(access(&mut shop), blocked);
}
