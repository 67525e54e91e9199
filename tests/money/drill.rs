//! The drill: the card dies, another machine comes to life from the recovery kit alone and takes the site over; then the old
//! one is switched on again.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use kuota::agent::config::Backup;
use kuota::agent::copies::{VaultClient, keep_public_half, make_kit, new_recovery_token};
use kuota::agent::engine::{Command, Engine, NewDevice};
use kuota::agent::faces::admin_router_for_socket;
use kuota::domain::id::Mac;
use kuota::domain::instance::Instance;
use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::units::Bytes;
use kuota::settings::Secret;
use kuota::store::tail::{self, segment_file};
use kuota::store::{FILE, backup, packed, passive};
use kuota::tools::age::Identity;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::site::{TestSite, mac};
use crate::system::{FullSystem, PACKAGE, PRICE_RP, SystemOptions, config_with, machine, vault_config};

/// What is on paper.
struct Kit {
    secret: String,
    token: String,
}

/// Prints a recovery kit; its token is known at the relay.
async fn print_kit(system: &FullSystem) -> Kit {
    let data_dir = system.site.folder().to_owned();
    let made = make_kit(&data_dir, &Backup::default(), false, system.agent().clock.now()).unwrap();
    let token = new_recovery_token().unwrap();
    let relay = system.agent().config.relay.clone().unwrap();
    let vault = VaultClient::new(&relay, &data_dir, Instance::FIRST).unwrap();
    vault.set_recovery_token(&token).await.unwrap();
    Kit { secret: made.secret_text(), token }
}

/// Fetches the newest copy and what came after it into a folder, by what is on paper alone.
async fn fetch(kit: &Kit, relay: &str, into: &Path) -> u32 {
    let vault = VaultClient::with_token(relay, Secret::new(&kit.token)).unwrap();
    let (copy, segments) = vault.newest().await.unwrap().unwrap();
    std::fs::write(into.join("copy.age"), vault.get(&copy.name).await.unwrap()).unwrap();
    let mut number = 0;
    for segment in segments {
        number += 1;
        let content = vault.get(&segment.name).await.unwrap();
        std::fs::write(segment_file(&into.join("copy.age"), number), content).unwrap();
    }
    number
}

/// What `kuotad restore` does on a new card.
fn restore(kit: &Kit, from: &Path, data_dir: &Path) -> u32 {
    let identity = Identity::parse(&kit.secret).unwrap();
    let (copy, plain) = (from.join("copy.age"), data_dir.join("kuota.db.unpacked"));
    packed::unpack(&copy, &plain, Some(&identity), &mut |_| {}).unwrap();
    let applied = tail::apply(&copy, &plain, Some(&identity)).unwrap();
    passive::make_passive(data_dir, "restored").unwrap();
    keep_public_half(data_dir, &identity.recipient()).unwrap();
    backup::restore(data_dir, &plain, "20261130T000000Z", &mut |_| {}).unwrap();
    applied.segments
}

/// A machine with an empty card, which the copy comes to.
async fn new_machine(system: &FullSystem, kit: &Kit) -> TestSite {
    let paper = system.dir.path().join("paper");
    std::fs::create_dir(&paper).unwrap();
    let relay = system.uplink.url();
    let fetched = fetch(kit, &relay, &paper).await;
    let vault = vault_config(&paper, &relay);
    let builder = machine(&system.router, &system.clock, &relay);
    let mut site = builder.config(|config| config_with(config, Some(vault))).start().await;
    site.restart_after(|data_dir| {
        std::fs::remove_dir_all(data_dir).unwrap();
        std::fs::create_dir(data_dir).unwrap();
        assert_eq!(restore(kit, &paper, data_dir), fetched);
        assert!(data_dir.join(FILE).exists());
    })
    .await;
    site
}

async fn take_over(site: &TestSite) -> Value {
    let router = admin_router_for_socket(Arc::clone(site.agent()));
    let call = Request::post("/api/v1/take-over").header("content-type", "application/json");
    let answer = router.oneshot(call.body(Body::from("{}")).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(&to_bytes(answer.into_body(), 1 << 20).await.unwrap()).unwrap()
}

/// Devices that the router has and the copy has not.
async fn orphans(site: &TestSite) -> Vec<Mac> {
    site.engine(|engine| engine.read_view().orphans().map(|found| found.orphan.mac).collect()).await
}

async fn why_unwritable(site: &TestSite) -> String {
    site.engine(|engine: &mut Engine| engine.unwritable().map(ToString::to_string).unwrap_or_default()).await
}

#[tokio::test]
async fn a_new_card_has_everything_that_was_acknowledged_and_the_old_machine_stops() {
    let mut system = FullSystem::with(SystemOptions { has_vault: true, ..SystemOptions::default() }).await;
    let kit = print_kit(&system).await;
    let first = system.customer(1, Bytes::ZERO).await;
    let paid = system.ordered(first, OnlineMethod::Qris).await;
    system.gateway.pay(&paid).unwrap();
    system.stands(&paid, OrderState::Paid).await;
    system.agent().copy_once().await.unwrap();

    // After the copy: cash, a new customer with a device, usage, another payment online.
    let second = system.customer(2, Bytes::ZERO).await;
    system.pay_cash(second).await.unwrap();
    system.agent().tail_once().await.unwrap();
    let third = system.customer(3, Bytes::gb(1)).await;
    system.turn().await;
    system.router.traffic(mac(3), 5_000_000, 0);
    system.turn().await;
    let later = system.ordered(third, OnlineMethod::VaBca).await;
    system.gateway.pay(&later).unwrap();
    system.stands(&later, OrderState::Paid).await;
    system.settle().await;
    system.agent().tail_once().await.unwrap();
    let (sent_at, error) = {
        let state = system.agent().copies_state();
        (state.tail_at, state.tail_error)
    };
    assert!(sent_at.is_some() && error.is_none(), "{error:?}");

    // Sold to in the last minute, of which nothing was sent: the router alone knows.
    let unsent = system.customer(4, Bytes::gb(1)).await;
    system.pay_cash(unsent).await.unwrap();
    system.customer(5, Bytes::gb(1)).await;
    system.turn().await;
    let of_router = system.site.bindings();
    assert_eq!(of_router.len(), 5);

    // Paid while the card dies: only relay and gateway know.
    let last = system.ordered(second, OnlineMethod::Gopay).await;
    system.gateway.pay(&last).unwrap();
    let new = new_machine(&system, &kit).await;
    let old = std::mem::replace(&mut system.site, new);
    system.site.verify_ledger().await;
    assert!(why_unwritable(&system.site).await.contains("passive"));
    assert_eq!(system.remaining(first).await, PACKAGE);
    assert_eq!(system.remaining(second).await, PACKAGE, "cash of after the copy");
    assert_eq!(system.order(&later).await.unwrap().status, OrderState::Paid);
    let devices = system.site.engine(|engine| engine.desired().len()).await;
    assert_eq!(devices, 3, "and a device of after the copy");

    let taken = take_over(&system.site).await;
    assert_eq!(taken, json!({"taken_over": true, "instance": 2, "router": true, "relay": true}));
    system.stands(&last, OrderState::Paid).await;

    // What only the router knew keeps its access and waits at the dashboard.
    system.turn().await;
    assert_eq!(system.site.bindings(), of_router);
    assert_eq!(orphans(&system.site).await, [mac(4), mac(5)]);
    system.router.traffic(mac(4), 7_000_000, 0);
    system.turn().await;
    let again = system.site.add_customer("Siti, seperti di buku", Bytes::ZERO).await;
    system.pay_cash(again).await.unwrap();
    system.site.submit(Command::Bind(NewDevice::of(again, mac(4)))).await;
    system.router.traffic(mac(4), 3_000_000, 0);
    system.site.submit(Command::ReleaseOrphan(mac(5))).await;
    system.turn().await;
    assert_eq!(system.site.account(again).await.used.0, 3_000_000, "metered from here on");
    let left: Vec<String> = system.site.bindings().into_iter().map(|(device, _)| device).collect();
    assert_eq!(left, [1, 2, 3, 4].map(|n| mac(n).to_string()));

    // The old machine wakes up with its card as it was.
    let rows = (system.site.listings(), system.site.bindings());
    assert!(old.agent().payments.pull_once(Duration::ZERO).await.is_err());
    let why = why_unwritable(&old).await;
    assert!(
        why.contains("another machine took this site over (instance 2, by the word of the relay)"),
        "{why}"
    );
    assert!(old.agent().cycle.enforce_once().await.unwrap().dry_run);
    assert_eq!((system.site.listings(), system.site.bindings()), rows);
    old.agent().copy_once().await.unwrap();
    old.agent().tail_once().await.unwrap();
    drop(old);

    system.settle().await;
    assert_eq!(system.site.account(third).await.used.0, 5_000_000, "no byte is charged twice");
    let sums = system.audit(&[]).await;
    assert_eq!((sums.orders, sums.paid, sums.credited), (3, 3, 3));
    assert_eq!(system.remaining(second).await, Bytes(2 * PACKAGE.0));
    assert_eq!(PRICE_RP, 100_000);
    // The machine that has the site makes the next copy.
    system.site.submit(Command::Unblock(third, String::new())).await;
    system.agent().tail_once().await.unwrap();
    system.agent().copy_once().await.unwrap();
    let names = |site: &TestSite| site.agent().copies_state().log.away.map(|away| away.place);
    assert_eq!(names(&system.site).as_deref(), Some("relay"));
}
