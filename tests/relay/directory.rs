//! Merchants and sites of the database: what a running relay makes of changes by other processes.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use kuota::clock::Clock;
use kuota::domain::units::Timestamp;
use kuota::midtrans::GatewayEnvironment;
use kuota::relay::directory::edit::{DirectoryEditor, EditError, NewMerchant};
use kuota::relay::directory::token::SiteToken;
use kuota::relay::directory::{DirectoryEntries, KeyCipher};
use kuota::relay::store::DirectoryChange;
use kuota::relay::store::directory::{
    DISABLED_BEFORE_REMOVAL_MS, DirectoryRefusal, MerchantEntry, SiteState, StoredMerchant,
};
use kuota::relay::store::operators::LogAuthor;
use kuota::settings::Secret;

use crate::support::relay_host::{KEY, merchant_entry, test_cipher};
use crate::support::test_relay::{START, TestRelay, wanted};

const THIRD_KEY: &str = "SB-Mid-server-TESTKEYccccccccccccccc";
const FOURTH_KEY: &str = "SB-Mid-server-TESTKEYddddddddddddddd";

fn new_merchant(id: &str, key: &str) -> NewMerchant {
    NewMerchant { entry: merchant_entry(id, None, false), server_key: Secret::new(key) }
}

/// A relay that takes changes up as the program does, and what changes its database as a command does.
struct Changed {
    relay: TestRelay,
    file: DirectoryEntries,
    cipher: KeyCipher,
    by: LogAuthor,
}

impl Changed {
    async fn new() -> Self {
        Self {
            relay: TestRelay::start_looping().await,
            file: DirectoryEntries::default(),
            cipher: test_cipher(),
            by: LogAuthor::command(START),
        }
    }

    fn editor(&self) -> DirectoryEditor<'_> {
        let Self { relay, file, cipher, by } = self;
        DirectoryEditor { store: &*relay.store, file, cipher, by }
    }

    /// Adds a site of the database's merchant `m3`, and waits until the relay lets it in.
    async fn with_site(&self, id: &str) -> SiteToken {
        let added = self.editor().add_merchant(new_merchant("m3", THIRD_KEY)).await;
        assert!(matches!(added, Ok(()) | Err(EditError::Refused { refusal: DirectoryRefusal::Taken, .. })));
        let token = self.editor().add_site(id, "m3", None).await.unwrap().unwrap();
        self.answers(&token, 200).await;
        token
    }

    /// Waits until a call with this token is answered so.
    async fn answers(&self, token: &SiteToken, status: u16) {
        let call = || self.relay.call(Method::GET, "/v1/feed?after=0", Some(token.token.expose()), None);
        let mut last = 0;
        for _ in 0..600 {
            last = call().await.status;
            if last == status {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("answered {last} instead of {status}");
    }

    async fn open(&self, token: &SiteToken, request_id: &str) -> u16 {
        let body = Some(wanted(request_id, "qris").to_string().into_bytes());
        self.relay.call(Method::POST, "/v1/orders", Some(token.token.expose()), body).await.status
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_site_added_by_a_command_sells_without_a_restart() {
    let changed = Changed::new().await;
    let token = changed.with_site("far").await;
    assert_eq!(changed.open(&token, "r1").await, 201);
    let orders = changed.relay.other_gateway.orders();
    assert_eq!(orders.len(), 1, "charged at the gateway of its own merchant");
    let order = changed.relay.store.order("m3", &orders[0]).await.unwrap().unwrap();
    assert_eq!((order.site.as_str(), order.merchant.as_str()), ("far", "m3"));
    // Sites of the file go on beside it.
    assert_eq!(changed.relay.open("r1", "qris").await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_site_is_refused_and_its_waiting_call_ends() {
    let changed = Arc::new(Changed::new().await);
    let token = changed.with_site("far").await;
    let (waiting, bearer) = (Arc::clone(&changed), token.clone());
    let poll = tokio::spawn(async move {
        waiting
            .relay
            .call(Method::GET, "/v1/feed?after=0&wait=30", Some(bearer.token.expose()), None)
            .await
            .status
    });
    changed.editor().set_state("far", SiteState::Disabled).await.unwrap();
    changed.answers(&token, 403).await;
    let ended =
        tokio::time::timeout(Duration::from_secs(25), poll).await.expect("it does not wait its time out");
    assert!([200, 403].contains(&ended.unwrap()));
    assert_eq!(changed.open(&token, "r1").await, 403);
    changed.editor().set_state("far", SiteState::Enabled).await.unwrap();
    changed.answers(&token, 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotated_token_is_the_only_one_and_a_removed_site_has_none() {
    let changed = Changed::new().await;
    let old = changed.with_site("far").await;
    let new = changed.editor().rotate_token("far").await.unwrap();
    changed.answers(&new, 200).await;
    changed.answers(&old, 401).await;
    changed.editor().set_state("far", SiteState::Disabled).await.unwrap();
    changed.answers(&new, 403).await;
    let by = LogAuthor::command(Timestamp(START.0 + DISABLED_BEFORE_REMOVAL_MS));
    let later = DirectoryEditor { by: &by, ..changed.editor() };
    later.set_state("far", SiteState::Removed).await.unwrap();
    changed.answers(&new, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_are_judged_by_the_new_key_and_by_the_one_before() {
    let changed = Changed::new().await;
    let token = changed.with_site("far").await;
    let notify = async |order: &str, key: &str| {
        let body = changed.relay.other_gateway.notification(order, key).to_string().into_bytes();
        changed.relay.notify_raw("m3", body).await.status
    };
    assert_eq!(changed.open(&token, "r1").await, 201);
    let order = changed.relay.other_gateway.orders()[0].clone();
    assert_eq!(notify(&order, FOURTH_KEY).await, 401);
    changed.editor().rotate_key("m3", &Secret::new(FOURTH_KEY)).await.unwrap();
    // Whatever was taken up comes with the site that was added after it.
    changed.with_site("farther").await;
    for key in [THIRD_KEY, FOURTH_KEY] {
        assert_eq!(notify(&order, key).await, 200, "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merchant_whose_key_cannot_be_opened_takes_nothing_and_loses_nothing() {
    let changed = Changed::new().await;
    let foreign = KeyCipher::from_hex(&"11".repeat(32), std::path::Path::new("another.key")).unwrap();
    let keys = vec![foreign.seal("m3", &Secret::new(THIRD_KEY)).unwrap()];
    let entry =
        MerchantEntry { environment: GatewayEnvironment::Sandbox, ..merchant_entry("m3", None, false) };
    let add =
        DirectoryChange::AddMerchant(StoredMerchant { entry, keys, created_at: changed.relay.clock.now() });
    changed.relay.store.change_directory(&add, &changed.by).await.unwrap().unwrap();
    let token = changed.with_site("far").await;
    assert_eq!(changed.open(&token, "r1").await, 503);
    let order = changed.relay.opened("r0", "qris").await;
    let body = changed.relay.gateway.notification(&order, THIRD_KEY).to_string().into_bytes();
    assert_eq!(changed.relay.notify_raw("m3", body).await.status, 503, "the gateway sends it again");
    assert!(changed.relay.other_gateway.orders().is_empty());
    // The way out where the encryption key is lost: a new server key.
    changed.editor().rotate_key("m3", &Secret::new(FOURTH_KEY)).await.unwrap();
    changed.with_site("farther").await;
    assert_eq!(changed.open(&token, "r1").await, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_in_words_and_changes_nothing() {
    let changed = Changed { file: file_entries(), ..Changed::new().await };
    changed.with_site("far").await;
    let before = changed.relay.store.directory().await.unwrap();
    let editor = changed.editor();
    let production = NewMerchant {
        entry: MerchantEntry {
            environment: GatewayEnvironment::Production,
            ..merchant_entry("m4", None, false)
        },
        server_key: Secret::new(THIRD_KEY),
    };
    let url = MerchantEntry { core_url: Some("ftp://x".into()), ..merchant_entry("m4", None, false) };
    let refused = [
        editor.add_merchant(new_merchant("m 4", KEY)).await.map(drop),
        editor.add_merchant(new_merchant("m1", KEY)).await.map(drop),
        editor.add_merchant(new_merchant("m3", KEY)).await.map(drop),
        editor.add_merchant(production).await.map(drop),
        editor.add_merchant(NewMerchant { entry: url, server_key: Secret::new(KEY) }).await.map(drop),
        editor.rotate_key("m1", &Secret::new(KEY)).await.map(drop),
        editor.rotate_key("m9", &Secret::new(KEY)).await.map(drop),
        editor.rotate_key("m3", &Secret::new(THIRD_KEY)).await.map(drop),
        editor.add_site("..", "m3", None).await.map(drop),
        editor.add_site("site-1", "m3", None).await.map(drop),
        editor.add_site("far", "m3", None).await.map(drop),
        editor.add_site("s", "m9", None).await.map(drop),
        editor.rotate_token("site-1").await.map(drop),
        editor.rotate_token("nowhere").await.map(drop),
        editor.set_state("far", SiteState::Removed).await,
        editor.set_state("nowhere", SiteState::Disabled).await,
    ];
    let said: Vec<String> = refused.into_iter().map(|refused| refused.unwrap_err().to_string()).collect();
    for (said, words) in said.iter().zip([
        "id: \"m 4\" is no id",
        "merchant m1 is in the configuration's file",
        "there is a merchant m3 already",
        "server_key: holds a key of the sandbox",
        "core_url: not a web address",
        "merchant m1 is in the configuration's file",
        "there is no merchant m9",
        "server_key: is in use already",
        "id: \"..\" is no id",
        "site site-1 is in the configuration's file",
        "there is a site far already",
        "there is no merchant m9",
        "site site-1 is in the configuration's file",
        "there is no site nowhere",
        "disable it first",
        "there is no site nowhere",
    ]) {
        assert!(said.contains(words), "{said}: {words}");
        assert!(!said.contains("TESTKEY"), "{said}");
    }
    assert_eq!(changed.relay.store.directory().await.unwrap(), before);
}

/// What the relay's configuration has.
fn file_entries() -> DirectoryEntries {
    crate::support::relay_host::entries(
        vec![(merchant_entry("m1", None, false), KEY)],
        &[("site-1", "m1", crate::support::relay_host::TOKEN)],
    )
}
