//! What every store must do with the vault.

use super::*;
use crate::relay::store::vault::{
    SEGMENTS_BYTES_MAX, SEGMENTS_MAX, VAULT_OBJECTS_MAX, VAULT_SITE_BYTES_MAX, VaultEntry, VaultObject,
    VaultPut,
};

fn object(site: &str, name: &str, seq: u64, content: &[u8]) -> VaultObject {
    let entry = VaultEntry {
        site: site.to_owned(),
        name: name.to_owned(),
        seq,
        bytes: content.len() as u64,
        sha256: crate::tools::digest::of_parts([content]),
        put_at: START,
    };
    VaultObject { entry, content: content.to_vec() }
}

pub async fn an_older_object_never_replaces_a_newer_one(Fresh { store, other, keep: _keep }: Fresh) {
    let put = async |seq, content: &[u8]| store.put_object(&object("a", "copy", seq, content)).await.unwrap();
    assert_eq!(put(5, b"five\0").await, VaultPut::Stored);
    assert_eq!(put(5, b"five\0").await, VaultPut::Known);
    assert_eq!(put(5, b"other").await, VaultPut::Conflict);
    assert_eq!(put(4, b"four").await, VaultPut::Older(5));
    assert_eq!(other.object("a", "copy").await.unwrap(), Some(object("a", "copy", 5, b"five\0")));
    assert_eq!(put(6, b"six").await, VaultPut::Stored);
    assert_eq!(other.object("a", "copy").await.unwrap().unwrap().content, b"six");
}

pub async fn a_site_sees_its_own_objects_only(Fresh { store, other, keep: _keep }: Fresh) {
    for (site, name) in [("a", "y"), ("a", "x"), ("b", "x")] {
        store.put_object(&object(site, name, 1, site.as_bytes())).await.unwrap();
    }
    let names = |entries: Vec<VaultEntry>| entries.into_iter().map(|entry| entry.name).collect::<Vec<_>>();
    assert_eq!(names(other.objects("a").await.unwrap()), ["x", "y"]);
    assert_eq!(names(other.objects("b").await.unwrap()), ["x"]);
    assert!(names(other.objects("c").await.unwrap()).is_empty());
    assert_eq!(other.object("b", "x").await.unwrap().unwrap().content, b"b");
    assert_eq!(other.object("b", "y").await.unwrap(), None);
}

pub async fn a_vault_is_bounded_in_objects_and_bytes(Fresh { store, other: _other, keep: _keep }: Fresh) {
    for n in 0..VAULT_OBJECTS_MAX {
        let stored = store.put_object(&object("a", &format!("o{n:02}"), 1, b"x")).await.unwrap();
        assert_eq!(stored, VaultPut::Stored);
    }
    assert_eq!(store.put_object(&object("a", "more", 1, b"x")).await.unwrap(), VaultPut::Full);
    assert_eq!(store.put_object(&object("a", "o00", 2, b"y")).await.unwrap(), VaultPut::Stored);
    let half = vec![7; usize::try_from(VAULT_SITE_BYTES_MAX / 2 + 1).unwrap()];
    assert_eq!(store.put_object(&object("b", "one", 1, &half)).await.unwrap(), VaultPut::Stored);
    assert_eq!(store.put_object(&object("b", "two", 1, &half)).await.unwrap(), VaultPut::Full);
    assert_eq!(store.put_object(&object("b", "one", 2, &half)).await.unwrap(), VaultPut::Stored);
}

pub async fn segments_of_a_tail_are_counted_apart_from_copies(
    Fresh { store, other: _other, keep: _keep }: Fresh,
) {
    for n in 0..SEGMENTS_MAX {
        let stored = store.put_object(&object("a", &format!("tail-{n:04}"), 1, b"x")).await.unwrap();
        assert_eq!(stored, VaultPut::Stored);
    }
    assert_eq!(store.put_object(&object("a", "tail-more", 1, b"x")).await.unwrap(), VaultPut::Full);
    assert_eq!(store.put_object(&object("a", "copy-1", 1, b"x")).await.unwrap(), VaultPut::Stored);
    let large = vec![7; usize::try_from(SEGMENTS_BYTES_MAX).unwrap()];
    assert_eq!(store.put_object(&object("b", "tail-1", 1, &large)).await.unwrap(), VaultPut::Stored);
    assert_eq!(store.put_object(&object("b", "tail-2", 1, b"x")).await.unwrap(), VaultPut::Full);
}

pub async fn a_new_recovery_token_ends_the_one_before(Fresh { store, other, keep: _keep }: Fresh) {
    assert_eq!(store.recovery_site(&[1; 32]).await.unwrap(), None);
    store.set_recovery_token("a", &[1; 32], START).await.unwrap();
    store.set_recovery_token("b", &[2; 32], START).await.unwrap();
    assert_eq!(other.recovery_site(&[1; 32]).await.unwrap().as_deref(), Some("a"));
    store.set_recovery_token("a", &[3; 32], START).await.unwrap();
    assert_eq!(other.recovery_site(&[1; 32]).await.unwrap(), None);
    assert_eq!(other.recovery_site(&[3; 32]).await.unwrap().as_deref(), Some("a"));
    assert_eq!(other.recovery_site(&[2; 32]).await.unwrap().as_deref(), Some("b"));
}
