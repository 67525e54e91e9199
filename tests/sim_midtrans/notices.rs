//! Notifications: what is told, when it is told again, and when the gateway gives up.

use std::time::Duration;

use kuota::sim::midtrans::{
    GatewayFault, Meddling, MidtransSim, NotPossible, Options, PayMethod, Reply, SimClock, SimOperation,
    Strikes, TransactionStatus,
};
use serde_json::json;

use crate::support::{Caller, Listener, options, quiet, start};

const HOUR: Duration = Duration::from_hours(1);

async fn virtual_gateway() -> MidtransSim {
    let options = Options { clock: SimClock::Virtual, retry_scale: 1, ..options() };
    MidtransSim::start(options).await.expect("a free port")
}

#[tokio::test]
async fn a_life_is_told_step_by_step() {
    let (sim, listener) = (virtual_gateway().await, Listener::start().await);
    let caller = Caller::new(&sim);
    let charged = caller.charge("o", &listener.url).await.expect("charged");
    sim.pay("o").expect("it is pending");
    quiet(&sim).await;
    sim.refund("o", 4000, Some("r-1")).expect("it is paid");
    quiet(&sim).await;
    assert_eq!(listener.told(), ["pending", "settlement", "partial_refund"]);
    let paid = &listener.heard()[1];
    assert_eq!(paid["transaction_id"], charged.body["transaction_id"]);
    assert_eq!(paid["signature_key"].as_str().map(str::len), Some(128));
    assert!(paid["settlement_time"].is_string() && paid["issuer"].is_string());
    let headers = &listener.headers()[0];
    assert_eq!(
        (&headers["content-type"], &headers["user-agent"]),
        (&"application/json".parse().unwrap(), &"Veritrans".parse().unwrap())
    );
    let payment = sim.find("o").expect("it is there");
    assert_eq!((payment.status, payment.refunds[0].amount_rp), (TransactionStatus::PartialRefund, 4000));
    assert_eq!(payment.notification_urls, std::slice::from_ref(&listener.url));
}

#[tokio::test]
async fn a_refund_is_told_again_with_the_banks_confirmation() {
    let (sim, listener) = (virtual_gateway().await, Listener::start().await);
    let caller = Caller::new(&sim);
    caller.charge("o", &listener.url).await.expect("charged");
    sim.pay("o").expect("it is pending");
    sim.refund("o", 10_000, None).expect("it is paid");
    quiet(&sim).await;
    sim.advance(Duration::from_secs(30));
    quiet(&sim).await;
    assert_eq!(listener.told(), ["pending", "settlement", "refund", "refund"]);
    let confirmed = |at: usize| listener.heard()[at]["refunds"][0]["bank_confirmed_at"].is_string();
    assert_eq!((confirmed(2), confirmed(3)), (false, true));
}

#[tokio::test]
async fn failures_are_sent_again_for_hours_and_then_given_up() {
    let (sim, listener) = (virtual_gateway().await, Listener::start().await);
    listener.reply(&[(503, None); 20]);
    let caller = Caller::new(&sim);
    caller.charge("o", &listener.url).await.expect("charged");
    quiet(&sim).await;
    assert_eq!(listener.heard().len(), 1);
    for _ in 0..12 {
        sim.advance(HOUR);
        quiet(&sim).await;
    }
    let stats = sim.notifications();
    // The order expired meanwhile, which is told in five attempts too.
    assert_eq!((stats.sent, stats.failed, stats.given_up, stats.waiting), (10, 10, 2, 0));
    assert!(sim.attempts().iter().all(|attempt| attempt.reply == Reply::Status(503)));
    sim.resend("o").expect("it is there");
    listener.reply(&[]);
    quiet(&sim).await;
    assert_eq!(sim.notifications().answered, 1);
}

#[tokio::test]
async fn a_real_clock_sends_again_by_itself() {
    let (sim, listener) = (start().await, Listener::start().await);
    listener.reply(&[(502, None)]);
    Caller::new(&sim).charge("o", &listener.url).await.expect("charged");
    let again = async {
        while listener.heard().len() < 2 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, again).await.expect("it comes again");
}

#[tokio::test]
async fn redirects_fail_or_are_followed_by_their_kind() {
    for (reply, told, expected) in
        [(302, 1, Reply::Status(302)), (307, 2, Reply::Status(200)), (308, 2, Reply::Status(200))]
    {
        let (sim, listener) = (virtual_gateway().await, Listener::start().await);
        listener.reply(&[(reply, Some("/m"))]);
        Caller::new(&sim).charge("o", &listener.url).await.expect("charged");
        quiet(&sim).await;
        assert_eq!((listener.heard().len(), sim.attempts()[0].reply), (told, expected), "{reply}");
        assert_eq!(sim.notifications().waiting, 0);
    }
}

#[tokio::test]
async fn expiry_is_told_and_an_order_can_be_charged_again() {
    let (sim, listener) = (virtual_gateway().await, Listener::start().await);
    let caller = Caller::new(&sim);
    caller.charge("o", &listener.url).await.expect("charged");
    sim.advance(HOUR);
    assert_eq!(sim.pay("o"), Err(NotPossible::Status(TransactionStatus::Expire)));
    let again = caller.charge("o", &listener.url).await.expect("charged again");
    assert_eq!(again.code(), "201");
    let first = sim.orders()[0].clone();
    sim.settle_late(&first.transaction_id.expect("a transaction")).expect("late money");
    quiet(&sim).await;
    assert_eq!(listener.told(), ["pending", "expire", "pending", "settlement"]);
    assert_eq!(sim.find("o").expect("the latest").status, TransactionStatus::Pending);
}

#[tokio::test]
async fn banks_take_back_what_they_may() {
    let (sim, listener) = (start().await, Listener::start().await);
    let caller = Caller::new(&sim);
    let notify = [("x-override-notification", listener.url.as_str())];
    let permata =
        json!({"payment_type": "permata", "transaction_details": {"order_id": "p", "gross_amount": 10_000}});
    caller.call("POST", "/v2/charge", &notify, &permata).await.expect("charged");
    sim.pay("p").expect("it is pending");
    sim.reverse("p").expect("Permata may");
    caller.charge("q", &listener.url).await.expect("charged");
    sim.pay("q").expect("it is pending");
    assert_eq!(sim.reverse("q"), Err(NotPossible::Method(PayMethod::Qris)));
    sim.chargeback("q").expect("a chargeback");
    quiet(&sim).await;
    let codes: Vec<(String, String)> = listener
        .heard()
        .iter()
        .filter(|body| body["order_id"] == "p")
        .map(|body| (body["transaction_status"].to_string(), body["status_code"].to_string()))
        .collect();
    assert_eq!(codes.last().expect("told"), &("\"deny\"".to_owned(), "\"202\"".to_owned()));
    assert_eq!(sim.find("q").expect("it is there").status, TransactionStatus::Chargeback);
}

#[tokio::test]
async fn planted_faults_reorder_and_duplicate() {
    let (sim, listener) = (start().await, Listener::start().await);
    let caller = Caller::new(&sim);
    sim.plant(GatewayFault::notification(Meddling::Reorder).when(Strikes::Nth(1)));
    sim.plant(GatewayFault::notification(Meddling::Duplicate(1)).when(Strikes::Nth(2)));
    caller.charge("o", &listener.url).await.expect("charged");
    sim.pay("o").expect("it is pending");
    quiet(&sim).await;
    assert_eq!(listener.told(), ["settlement", "pending", "settlement"]);
    sim.heal_all();
    assert!(
        sim.calls().iter().any(|call| call.operation == SimOperation::Charge && call.status == Some(200))
    );
}

#[tokio::test]
async fn the_dashboards_url_is_told_and_a_rotated_key_signs() {
    let (sim, listener) = (start().await, Listener::start().await);
    let caller = Caller::new(&sim);
    sim.set_notification_url("G123456789", Some(&listener.url));
    caller.post("/v2/charge", &crate::support::qris("o")).await;
    quiet(&sim).await;
    sim.rotate_key("G123456789", "SB-Mid-server-other");
    assert_eq!(caller.status("o").await.code(), "401");
    sim.resend("o").expect("it is there");
    quiet(&sim).await;
    let heard = listener.heard();
    assert_eq!(heard.len(), 2);
    assert_ne!(heard[0]["signature_key"], heard[1]["signature_key"]);
}
