//! The agent stops between any two steps of a payment, or comes back with an older store.

use std::path::Path;
use std::time::Duration;

use kuota::agent::engine::{Checkout, Engine, PaymentRequest, Purpose, Replaces};
use kuota::agent::payments::Relay;
use kuota::agent::payments::client::RelayClient;
use kuota::domain::order::OnlineMethod;
use kuota::protocol::relay::{OpenOrder, OrderItem};
use kuota::settings::Secret;
use serde_json::json;

use crate::relay::{FakeRelay, TOKEN};
use crate::shop::{PACKAGE_BYTES, PRICE_RP, Shop, daemon};

impl Shop {
    /// The first step of a purchase, after which the agent stops: it is on file, and nobody was asked.
    async fn begin(&self) -> OpenOrder {
        let id = self.user.trim_start_matches("/users/").parse().unwrap();
        let purpose = Purpose::Buy(self.package.as_str().unwrap().parse().unwrap());
        let wish = PaymentRequest {
            user: id,
            purpose,
            method: OnlineMethod::Qris,
            expect: None,
            replaces: Replaces::Anything,
        };
        let begin = move |engine: &mut Engine| engine.begin_order(&daemon(), &wish, None);
        let Checkout::Ask(opening) = self.desk.site().engine().call(begin).await.unwrap().unwrap() else {
            panic!("nothing else is open");
        };
        OpenOrder {
            request_id: opening.request_id,
            method: opening.method,
            amount_rp: PRICE_RP,
            items: vec![OrderItem { name: "Paket".into(), price_rp: PRICE_RP, quantity: 1 }],
            expires_in_s: 900,
            memo: Some(opening.memo),
            return_url: None,
        }
    }

    /// The second step: the relay opened it, and the agent stopped before it heard of that.
    async fn ask(&self, order: &OpenOrder) -> String {
        let client = RelayClient::new(&self.relay.url, || Secret::new(TOKEN)).unwrap();
        client.open(order, Duration::from_secs(20)).await.unwrap().order_id
    }

    async fn restarted(mut self) -> Self {
        self.desk.restart().await;
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_relay_was_asked_nothing_is_left() {
    let shop = Shop::open().await;
    shop.begin().await;
    let shop = shop.restarted().await;
    assert_eq!(shop.openings().await, 1, "on file");
    shop.desk.site().payments.outbox_once().await.unwrap();
    assert_eq!(shop.openings().await, 1, "young enough that somebody may ask again");
    shop.run_outbox().await;
    assert_eq!((shop.openings().await, shop.outbox().await.len(), shop.relay.count("abandon")), (0, 0, 1));
    shop.order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_answer_the_order_is_found_and_called_off_by_the_next() {
    let shop = Shop::open().await;
    let asked = shop.begin().await;
    let lost = shop.ask(&asked).await;
    let shop = shop.restarted().await;
    let next = shop.order().await;
    assert_eq!(shop.relay.open_orders(), [next]);
    assert_eq!(shop.status(&lost).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_answer_a_payment_is_credited_once() {
    let shop = Shop::open().await;
    let asked = shop.begin().await;
    let lost = shop.ask(&asked).await;
    let shop = shop.restarted().await;
    shop.relay.pay(&lost);
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.status(&lost).await), (PACKAGE_BYTES, json!("paid")));
    shop.run_outbox().await;
    shop.pull().await;
    let shop = shop.restarted().await;
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.openings().await), (PACKAGE_BYTES, 0));
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_payment_feed_and_router_the_customer_still_comes_online_once() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    let shop = shop.restarted().await;
    assert_eq!(shop.status(&id).await, "pending");
    shop.relay.pay(&id);
    let shop = shop.restarted().await;
    shop.pull().await;
    let shop = shop.restarted().await;
    assert_eq!((shop.credited().await, shop.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    shop.cycle().await;
    assert_eq!(shop.list().as_deref(), Some("klient_aktif"));
    shop.pull().await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn errands_outlive_a_stop() {
    let shop = Shop::open().await;
    let id = shop.order().await;
    shop.relay.up(false);
    shop.buy("cash").await.ok(201);
    let shop = shop.restarted().await;
    assert_eq!(shop.outbox().await.len(), 1);
    shop.relay.up(true);
    shop.run_outbox().await;
    assert_eq!((shop.status(&id).await, shop.outbox().await.len()), (json!("cancelled"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_resumes_the_attempt_that_a_stop_cut_off() {
    let shop = Shop::open().await;
    shop.relay.fault("open", crate::relay::Fault::Hang);
    let call = shop.buying("qris").header("idempotency-key", "beli-1");
    let asking = tokio::spawn(call.send());
    shop.relay.called("open", 1).await;
    // The program is cut off here: whatever the old call does later, it does without the ledger.
    let copy = tempfile::tempdir().unwrap();
    copied(shop.desk.folder(), copy.path());
    shop.relay.heal();
    asking.await.unwrap().problem(503, "relay_unreachable");
    let mut shop = shop;
    shop.desk.restart_after(|folder| copied(copy.path(), folder)).await;
    assert_eq!(shop.openings().await, 1);
    let order = shop.buying("qris").header("idempotency-key", "beli-1").send().await.ok(201);
    assert_eq!((shop.openings().await, shop.relay.count("open")), (0, 2));
    assert_eq!(shop.relay.open_orders(), [order["id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_is_made_whole_by_the_feed() {
    let mut shop = Shop::open().await;
    let before = tempfile::tempdir().unwrap();
    shop.desk.restart_after(|folder| copied(folder, before.path())).await;
    // Everything from here on is lost with the card.
    let other = shop.desk.post("/users", json!({"name": "Sari", "phone": "081200000001"})).await.ok(201);
    let known = shop.order().await;
    shop.relay.pay(&known);
    shop.pull().await;
    let path = format!("/users/{}/purchases", other["id"].as_str().unwrap());
    let body = json!({"package_id": shop.package, "method": "gopay"});
    let strange = shop.cashier_posts(&path, body).await.ok(201)["id"].as_str().unwrap().to_owned();
    shop.relay.pay(&strange);
    shop.pull().await;
    let open = shop.order().await;

    shop.desk.restart_after(|folder| copied(before.path(), folder)).await;
    assert_eq!(shop.credited().await, 0);
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.flags(&known).await), (PACKAGE_BYTES, json!(["rebuilt"])));
    let sari = shop.desk.get(&format!("/users/{}", other["id"].as_str().unwrap())).await.ok(200);
    assert_eq!((&sari["name"], &sari["phone"]), (&json!("Sari"), &json!("081200000001")));
    assert_eq!(sari["credited_bytes"], PACKAGE_BYTES);
    shop.relay.pay(&open);
    shop.pull().await;
    assert_eq!(shop.credited().await, 2 * PACKAGE_BYTES);
    shop.pull().await;
    assert_eq!((shop.credited().await, shop.orders("").await.len()), (2 * PACKAGE_BYTES, 3));
    shop.verify().await;
}

/// The store of one folder, put into another in place of what is there.
fn copied(from: &Path, to: &Path) {
    for name in ["kuota.db", "kuota.db-wal", "kuota.db-shm", "kuota.db-mark"] {
        let (source, target) = (from.join(name), to.join(name));
        let _ = std::fs::remove_file(&target);
        if name != "kuota.db-shm" && source.exists() {
            std::fs::copy(source, target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_begins_later_finds_the_agent_waiting() {
    let shop = Shop::open().await;
    shop.relay.up(false);
    let shop = shop.restarted().await;
    shop.pull_fails().await;
    shop.relay.up(true);
    let id = shop.order().await;
    shop.relay.pay(&id);
    shop.pull().await;
    assert_eq!(shop.credited().await, PACKAGE_BYTES);
    let _: &FakeRelay = &shop.relay;
}
