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

use crate::support::fake_relay::{FakeRelay, TOKEN};
use crate::support::payment_site::{PACKAGE_BYTES, PRICE_RP, PaymentSite, daemon};

impl PaymentSite {
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
        let Checkout::Ask(opening) = self.agent().engine().call(begin).await.unwrap().unwrap() else {
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
        self.restart().await;
        self
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_relay_was_asked_nothing_is_left() {
    let site = PaymentSite::start().await;
    site.begin().await;
    let site = site.restarted().await;
    assert_eq!(site.pending_orders().await, 1, "on file");
    site.agent().payments.outbox_once().await.unwrap();
    assert_eq!(site.pending_orders().await, 1, "young enough that somebody may ask again");
    site.run_outbox().await;
    assert_eq!(
        (site.pending_orders().await, site.outbox().await.len(), site.relay.count("abandon")),
        (0, 0, 1)
    );
    site.order().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_answer_the_order_is_found_and_called_off_by_the_next() {
    let site = PaymentSite::start().await;
    let asked = site.begin().await;
    let lost = site.ask(&asked).await;
    let site = site.restarted().await;
    let next = site.order().await;
    assert_eq!(site.relay.open_orders(), [next]);
    assert_eq!(site.status(&lost).await, "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_before_the_answer_a_payment_is_credited_once() {
    let site = PaymentSite::start().await;
    let asked = site.begin().await;
    let lost = site.ask(&asked).await;
    let site = site.restarted().await;
    site.relay.pay(&lost);
    site.pull().await;
    assert_eq!((site.credited().await, site.status(&lost).await), (PACKAGE_BYTES, json!("paid")));
    site.run_outbox().await;
    site.pull().await;
    let site = site.restarted().await;
    site.pull().await;
    assert_eq!((site.credited().await, site.pending_orders().await), (PACKAGE_BYTES, 0));
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_between_payment_feed_and_router_the_customer_still_comes_online_once() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    let site = site.restarted().await;
    assert_eq!(site.status(&id).await, "pending");
    site.relay.pay(&id);
    let site = site.restarted().await;
    site.pull().await;
    let site = site.restarted().await;
    assert_eq!((site.credited().await, site.status(&id).await), (PACKAGE_BYTES, json!("paid")));
    site.cycle_now().await.unwrap();
    assert_eq!(site.list().as_deref(), Some("klient_aktif"));
    site.pull().await;
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    site.verify_ledger().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn outbox_items_outlive_a_stop() {
    let site = PaymentSite::start().await;
    let id = site.order().await;
    site.relay.up(false);
    site.buy("cash").await.ok(201);
    let site = site.restarted().await;
    assert_eq!(site.outbox().await.len(), 1);
    site.relay.up(true);
    site.run_outbox().await;
    assert_eq!((site.status(&id).await, site.outbox().await.len()), (json!("cancelled"), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_resumes_the_attempt_that_a_stop_cut_off() {
    let site = PaymentSite::start().await;
    site.relay.fault("open", crate::support::fake_relay::Fault::Hang);
    let call = site.buying("qris").header("idempotency-key", "beli-1");
    let asking = tokio::spawn(call.send());
    site.relay.called("open", 1).await;
    // The program is cut off here: whatever the old call does later, it does without the ledger.
    let copy = tempfile::tempdir().unwrap();
    copied(site.folder(), copy.path());
    site.relay.heal();
    asking.await.unwrap().problem(503, "relay_unreachable");
    let mut site = site;
    site.restart_after(|folder| copied(copy.path(), folder)).await;
    assert_eq!(site.pending_orders().await, 1);
    let order = site.buying("qris").header("idempotency-key", "beli-1").send().await.ok(201);
    assert_eq!((site.pending_orders().await, site.relay.count("open")), (0, 2));
    assert_eq!(site.relay.open_orders(), [order["id"].as_str().unwrap()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_store_is_made_whole_by_the_feed() {
    let mut site = PaymentSite::start().await;
    let before = tempfile::tempdir().unwrap();
    site.restart_after(|folder| copied(folder, before.path())).await;
    // Everything from here on is lost with the card.
    let other = site.post("/users", json!({"name": "Sari", "phone": "081200000001"})).await.ok(201);
    let known = site.order().await;
    site.relay.pay(&known);
    site.pull().await;
    let path = format!("/users/{}/purchases", other["id"].as_str().unwrap());
    let body = json!({"package_id": site.package, "method": "gopay"});
    let strange = site.cashier_posts(&path, body).await.ok(201)["id"].as_str().unwrap().to_owned();
    site.relay.pay(&strange);
    site.pull().await;
    let open = site.order().await;

    site.restart_after(|folder| copied(before.path(), folder)).await;
    assert_eq!(site.credited().await, 0);
    site.pull().await;
    assert_eq!((site.credited().await, site.flags(&known).await), (PACKAGE_BYTES, json!(["rebuilt"])));
    let sari = site.get(&format!("/users/{}", other["id"].as_str().unwrap())).await.ok(200);
    assert_eq!((&sari["name"], &sari["phone"]), (&json!("Sari"), &json!("081200000001")));
    assert_eq!(sari["credited_bytes"], PACKAGE_BYTES);
    site.relay.pay(&open);
    site.pull().await;
    assert_eq!(site.credited().await, 2 * PACKAGE_BYTES);
    site.pull().await;
    assert_eq!((site.credited().await, site.orders("").await.len()), (2 * PACKAGE_BYTES, 3));
    site.verify_ledger().await;
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
    let site = PaymentSite::start().await;
    site.relay.up(false);
    let site = site.restarted().await;
    site.pull_fails().await;
    site.relay.up(true);
    let id = site.order().await;
    site.relay.pay(&id);
    site.pull().await;
    assert_eq!(site.credited().await, PACKAGE_BYTES);
    let _: &FakeRelay = &site.relay;
}
