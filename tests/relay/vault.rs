//! The vault over real sockets: a site's encrypted copies, and what a thief of a token can do to them.
#![allow(clippy::unwrap_used, reason = "only tests come here")]

use axum::http::Method;
use kuota::agent::copies::VaultClient;
use kuota::domain::units::Timestamp;
use kuota::protocol::vault::{VAULT_OBJECT_BYTES_MAX, VaultItem};
use kuota::settings::Secret;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::http_client::{Call, Reply, http_client};
use crate::support::relay_host::TOKEN;
use crate::support::test_relay::{SISTER, TestRelay};

const KIT: &str = "token-of-a-recovery-kit";

impl TestRelay {
    async fn put(&self, token: &str, name: &str, seq: &str, content: Vec<u8>) -> Reply {
        let call = Call::new(&http_client(), Method::PUT, &format!("{}/v1/vault/{name}", self.base));
        let call = call.bearer(token).header("kuota-sequence", seq);
        call.header("content-type", "application/octet-stream").body(content).send().await
    }

    async fn fetch(&self, token: &str, path: &str) -> Reply {
        self.call(Method::GET, path, Some(token), None).await
    }

    async fn give_kit(&self) {
        let token_sha256 = data_encoding::HEXLOWER.encode(&Sha256::digest(KIT.as_bytes()));
        let body = json!({"token_sha256": token_sha256}).to_string().into_bytes();
        self.call(Method::PUT, "/v1/recovery-token", Some(TOKEN), Some(body)).await.ok_text_of(204);
    }

    async fn items(&self, token: &str) -> Vec<VaultItem> {
        serde_json::from_value(self.fetch(token, "/v1/vault").await.ok(200)["items"].clone()).unwrap()
    }
}

impl Reply {
    fn ok_text_of(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
    }
}

#[tokio::test]
async fn a_kit_reads_what_the_site_put_and_changes_nothing() {
    let relay = TestRelay::start().await;
    relay.put(TOKEN, "copy-3", "7", b"sealed".to_vec()).await.ok_text_of(201);
    relay.fetch(KIT, "/v1/vault/copy-3").await.problem(401, "unauthorized");
    relay.give_kit().await;
    let copy = relay.fetch(KIT, "/v1/vault/copy-3").await;
    assert_eq!((copy.status, copy.text.as_str()), (200, "sealed"));
    assert_eq!(copy.headers["kuota-sequence"], "7");
    assert_eq!(relay.items(KIT).await.len(), 1);
    relay.put(KIT, "copy-3", "8", b"garbage".to_vec()).await.problem(403, "recovery_reads_only");
    let body = json!({"token_sha256": "00".repeat(32)}).to_string().into_bytes();
    let reply = relay.call(Method::PUT, "/v1/recovery-token", Some(KIT), Some(body)).await;
    reply.problem(403, "recovery_reads_only");
    for path in ["/v1/feed", "/v1/orders/x"] {
        relay.fetch(KIT, path).await.problem(401, "unauthorized");
    }
    assert_eq!(relay.fetch(TOKEN, "/v1/vault/copy-3").await.text, "sealed");
}

#[tokio::test]
async fn another_site_sees_and_overwrites_nothing() {
    let relay = TestRelay::start().await;
    relay.put(TOKEN, "copy-3", "7", b"mine".to_vec()).await.ok_text_of(201);
    relay.fetch(SISTER, "/v1/vault/copy-3").await.problem(404, "not_found");
    relay.put(SISTER, "copy-3", "9", b"theirs".to_vec()).await.ok_text_of(201);
    assert_eq!(relay.fetch(TOKEN, "/v1/vault/copy-3").await.text, "mine");
    assert_eq!(relay.items(SISTER).await.len(), 1);
}

#[tokio::test]
async fn a_replayed_older_copy_is_refused_and_a_repeated_one_is_done() {
    let relay = TestRelay::start().await;
    relay.put(TOKEN, "copy-3", "7", b"new".to_vec()).await.ok_text_of(201);
    relay.put(TOKEN, "copy-3", "7", b"new".to_vec()).await.ok_text_of(200);
    relay.put(TOKEN, "copy-3", "6", b"old".to_vec()).await.problem(409, "older_copy");
    relay.put(TOKEN, "copy-3", "7", b"other".to_vec()).await.problem(409, "other_copy");
    assert_eq!(relay.fetch(TOKEN, "/v1/vault/copy-3").await.text, "new");
}

#[tokio::test]
async fn names_sizes_and_numbers_are_bounded() {
    let relay = TestRelay::start().await;
    for name in ["..", "%2e%2e", ".hidden", "a%2Fb", "a%00b", &"x".repeat(65)] {
        let refused = relay.put(TOKEN, name, "1", b"x".to_vec()).await;
        assert!(matches!(refused.status, 404 | 405 | 422), "{name}: {refused:?}");
    }
    for seq in ["", "-1", "x", "99999999999999999999"] {
        relay.put(TOKEN, "copy-1", seq, b"x".to_vec()).await.invalid("kuota-sequence");
    }
    relay.put(TOKEN, "copy-1", "1", Vec::new()).await.status_in(&[400, 422]);
    relay.put(TOKEN, "copy-1", "1", vec![7; VAULT_OBJECT_BYTES_MAX + 1]).await.status_in(&[413]);
    relay.put("nobody", "copy-1", "1", vec![7; 2 << 20]).await.status_in(&[401, 413]);
    assert!(relay.items(TOKEN).await.is_empty());
    relay.put(TOKEN, "copy-1", "1", vec![7; VAULT_OBJECT_BYTES_MAX]).await.ok_text_of(201);
    let got = relay.fetch(TOKEN, "/v1/vault/copy-1").await;
    assert_eq!(got.text.len(), VAULT_OBJECT_BYTES_MAX);
}

#[tokio::test]
async fn a_site_without_its_place_in_the_vault_is_told_so() {
    let relay = TestRelay::start().await;
    for n in 0..16 {
        relay.put(TOKEN, &format!("o{n}"), "1", b"x".to_vec()).await.ok_text_of(201);
    }
    relay.put(TOKEN, "more", "1", b"x".to_vec()).await.problem(409, "vault_full");
}

#[tokio::test]
async fn an_agent_puts_its_copies_and_a_kit_fetches_them() {
    const DAY_MS: i64 = 86_400_000;
    let relay = TestRelay::start().await;
    let client = |token: &str| VaultClient::with_token(&relay.base, Secret::new(token)).unwrap();
    let (site, kit) = (client(TOKEN), client("kit-of-site-1"));
    let dir = tempfile::tempdir().unwrap();
    for day in 0..9 {
        let file = dir.path().join("copy");
        std::fs::write(&file, format!("sealed on day {day}")).unwrap();
        site.put(&file, Timestamp(day * DAY_MS)).await.unwrap();
    }
    let refused = kit.list().await.unwrap_err().to_string();
    assert!(refused.contains("401") && !refused.contains("kit-of-site-1"), "{refused}");
    site.set_recovery_token("kit-of-site-1").await.unwrap();
    let list = kit.list().await.unwrap();
    assert_eq!(list.items.len(), 7, "one for each day of a week");
    let newest = list.items.iter().max_by_key(|item| item.seq).unwrap();
    assert_eq!(kit.get(&newest.name).await.unwrap(), b"sealed on day 8");
    assert!(site.has(&newest.sha256).await.unwrap() && !site.has(&"0".repeat(64)).await.unwrap());
    let file = dir.path().join("copy");
    let refused = kit.put(&file, Timestamp(20 * DAY_MS)).await.unwrap_err().to_string();
    assert!(refused.contains("403"), "{refused}");
    let replayed = site.put(&file, Timestamp(DAY_MS)).await.unwrap_err().to_string();
    assert!(replayed.contains("409"), "the second day's object has the ninth day's copy: {replayed}");
    std::fs::write(&file, vec![7; VAULT_OBJECT_BYTES_MAX + 1]).unwrap();
    let too_large = site.put(&file, Timestamp(30 * DAY_MS)).await.unwrap_err().to_string();
    assert!(too_large.contains("backup.target"), "{too_large}");
}
