//! Two machines of one site at the relay: the one before is served no more, and a thief of the token stops nobody.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use axum::http::Method;
use serde_json::json;

use crate::support::http_client::{Call, Reply, http_client};
use crate::support::relay_host::TOKEN;
use crate::support::test_relay::{SISTER, TestRelay};

const PROOF: &str = "0101010101010101010101010101010101010101010101010101010101010101";

impl TestRelay {
    async fn as_machine(&self, instance: &str, method: Method, path: &str) -> Reply {
        let call = Call::new(&http_client(), method, &format!("{}{path}", self.base));
        let call = call.bearer(TOKEN).header("kuota-instance", instance).header("kuota-sequence", "1");
        call.header("content-type", "application/octet-stream").body(b"x".to_vec()).send().await
    }

    async fn claim(&self, token: &str, instance: &str) -> Reply {
        let body = json!({"instance": instance, "proof": PROOF}).to_string().into_bytes();
        self.call(Method::POST, "/v1/site/instance", Some(token), Some(body)).await
    }
}

#[tokio::test]
async fn a_machine_that_lost_the_site_is_served_no_more() {
    let relay = TestRelay::start().await;
    relay.call(Method::GET, "/v1/feed", Some(TOKEN), None).await.ok(200);
    let first = relay.call(Method::GET, "/v1/site/instance", Some(TOKEN), None).await.ok(200);
    assert_eq!(first, json!({"instance": "1-00000000", "proof": ""}));
    relay.claim(TOKEN, "2-00000007").await.ok(201);
    relay.claim(TOKEN, "2-00000007").await.ok(200);
    for older in ["1-00000000", "2-00000008"] {
        relay.as_machine(older, Method::GET, "/v1/feed").await.problem(409, "fenced");
        relay.as_machine(older, Method::GET, "/v1/orders/x").await.problem(409, "fenced");
        relay.as_machine(older, Method::PUT, "/v1/vault/copy-1").await.problem(409, "fenced");
        let known = relay.as_machine(older, Method::GET, "/v1/site/instance").await.ok(200);
        assert_eq!(known, json!({"instance": "2-00000007", "proof": PROOF}), "it can find out why");
        assert_eq!(
            relay.as_machine(older, Method::GET, "/v1/vault").await.status,
            200,
            "and read its copies"
        );
    }
    relay.call(Method::GET, "/v1/feed", Some(TOKEN), None).await.problem(409, "fenced");
    relay.as_machine("2-00000007", Method::GET, "/v1/feed").await.ok(200);
    assert_eq!(relay.as_machine("2-00000007", Method::PUT, "/v1/vault/copy-1").await.status, 201);
    relay.as_machine("3-00000000", Method::GET, "/v1/feed").await.ok(200);
    relay.call(Method::GET, "/v1/feed", Some(SISTER), None).await.ok(200);
}

#[tokio::test]
async fn a_claim_is_bounded_and_of_its_own_site() {
    let relay = TestRelay::start().await;
    for (instance, code) in [
        ("1002-00000000", "instance_too_far"),
        ("4294967295-00000000", "instance_too_far"),
        ("1-00000001", "instance_taken"),
    ] {
        relay.claim(TOKEN, instance).await.problem(409, code);
    }
    for nonsense in ["", "0-00000000", "2", "99999999999-00000000", "2-0000000000"] {
        relay.claim(TOKEN, nonsense).await.invalid("instance");
        if !nonsense.is_empty() {
            relay.as_machine(nonsense, Method::GET, "/v1/feed").await.invalid("kuota-instance");
        }
    }
    let body = json!({"instance": "2-00000000", "proof": "zz"}).to_string().into_bytes();
    relay.call(Method::POST, "/v1/site/instance", Some(TOKEN), Some(body)).await.invalid("proof");
    relay.claim("nobody", "2-00000000").await.problem(401, "unauthorized");
    relay.claim(SISTER, "2-00000000").await.ok(201);
    relay.call(Method::GET, "/v1/feed", Some(TOKEN), None).await.ok(200);
}
