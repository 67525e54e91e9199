//! The report to the relay: what it says, what the agent learns from the answer, and that nothing else depends on it.

use kuota::agent::health_report::{compose, report_once};
use kuota::agent::payments::{PaymentError, RelayError};
use kuota::clock::Clock;
use kuota::domain::access::Status;
use serde_json::{Value, json};

use crate::support::fake_relay::Fault;
use crate::support::payment_site::{PACKAGE_BYTES, PaymentSite, until};

impl PaymentSite {
    async fn report(&self) -> Result<(), PaymentError> {
        report_once(self.agent()).await
    }

    async fn metric(&self, name: &str) -> Option<String> {
        let metrics = self.get("/metrics").await.text;
        metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).map(str::to_owned)
    }

    async fn clock(&self) -> Value {
        self.get("/status").await.ok(200)["clock"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_says_how_the_daemon_is_and_nothing_of_customers() {
    let site = PaymentSite::start().await;
    site.cycle_now().await.unwrap();
    site.order().await;
    site.clock.advance(std::time::Duration::from_secs(90));
    site.report().await.unwrap();
    let sent = site.relay.report().unwrap();
    assert_eq!(sent, compose(site.agent()).await, "the clock stands still");
    let report = serde_json::to_value(&sent).unwrap();
    let now_ms = site.clock.now().0;
    assert_eq!((&report["clock_ms"], &report["cycle_age_s"]), (&json!(now_ms), &json!(90)));
    assert_eq!((&report["router"], &report["store"]), (&json!("ok"), &json!("ok")), "{report}");
    let users = report["users"].as_object().unwrap();
    assert!(Status::ALL.iter().all(|status| users[status.name()].is_u64()), "{report}");
    assert_eq!(users.len(), Status::ALL.len());
    let text = report.to_string();
    assert!(!text.contains("Budi") && !text.contains("02:00:00"), "{text}");
    assert!(report["store_bytes"].as_u64().unwrap() > 0);
    assert!(report["entries"].is_u64(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_relay_says_by_how_much_the_clock_is_off() {
    let site = PaymentSite::start().await;
    assert!(site.clock().await.get("ahead_of_relay_ms").is_none());
    assert_eq!(site.metric("kuota_clock_ahead_seconds").await, None);
    site.relay.be_slow(-3_700_000);
    site.report().await.unwrap();
    assert_eq!(site.clock().await["ahead_of_relay_ms"], -3_700_000);
    assert_eq!(site.metric("kuota_clock_ahead_seconds").await.as_deref(), Some("-3700"));
    // What was measured is not held against a clock that may have been set since.
    site.relay.fault("health", Fault::Refused(503, "store_failed"));
    site.report().await.unwrap_err();
    assert!(site.clock().await.get("ahead_of_relay_ms").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_fail_say_nothing_about_the_link() {
    let site = PaymentSite::start().await;
    site.pull().await;
    for fault in [
        Fault::Refused(404, "not_found"),
        Fault::Refused(401, "unauthorized"),
        Fault::Refused(429, "too_many_attempts"),
        Fault::Cut,
        Fault::Proxy,
    ] {
        site.relay.fault("health", fault);
        let error = site.report().await.unwrap_err();
        let is_unknown = matches!(error, PaymentError::Relay(RelayError::NotFound));
        assert_eq!(is_unknown, fault == Fault::Refused(404, "not_found"), "{error}");
        let state = site.relay_state().await;
        assert_eq!((&state["state"], &state["last_error"]), (&json!("ok"), &Value::Null), "{fault:?}");
    }
    assert_eq!(site.metric("kuota_relay_failures_total").await.as_deref(), Some("0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_of_an_older_version_takes_payments_all_the_same() {
    let site = PaymentSite::looping().await;
    site.relay.fault("health", Fault::Refused(404, "not_found"));
    site.relay.called("health", 1).await;
    let id = site.order().await;
    site.relay.pay(&id);
    until("the payment is credited", async || site.credited().await == PACKAGE_BYTES).await;
    assert_eq!(site.relay_state().await["state"], "ok");
    assert_eq!(site.relay.count("health"), 1, "it is not asked again soon");
}
