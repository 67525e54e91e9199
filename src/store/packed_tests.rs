use super::*;

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

fn content() -> Vec<u8> {
    (0..300_000_u32).flat_map(|i| (i / 7).to_le_bytes()).collect()
}

#[test]
fn a_packed_copy_is_smaller_and_unpacks_to_the_same_bytes() {
    let identity = Identity::generate().unwrap();
    for (recipient, form) in [(None, CopyForm::Compressed), (Some(identity.recipient()), CopyForm::Encrypted)]
    {
        let (dir, from) = written("store.db", &content());
        let (part, into) = (dir.path().join("copy"), dir.path().join("out.db"));
        assert_eq!(form_of(&from).unwrap(), CopyForm::Plain);
        let packed = pack(&from, &part, recipient.as_ref()).unwrap();
        assert_eq!(packed.bytes, std::fs::metadata(&part).unwrap().len());
        assert!(packed.bytes < content().len() as u64 / 2);
        assert_eq!(form_of(&part).unwrap(), form);
        let mut last = None;
        unpack(&part, &into, Some(&identity), &mut |progress| last = Some(progress)).unwrap();
        assert_eq!(std::fs::read(&into).unwrap(), content());
        assert_eq!(last, Some(Progress { done: packed.bytes, total: packed.bytes }));
    }
}

#[test]
fn a_copy_that_was_cut_or_changed_is_refused_and_leaves_nothing() {
    let identity = Identity::generate().unwrap();
    for recipient in [None, Some(identity.recipient())] {
        let (dir, from) = written("store.db", &content());
        let (part, into) = (dir.path().join("copy"), dir.path().join("out.db"));
        pack(&from, &part, recipient.as_ref()).unwrap();
        let good = std::fs::read(&part).unwrap();
        let changed = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 0x55;
            bytes
        };
        for bad in [good[..good.len() - 1].to_vec(), changed(good.len() / 2), changed(good.len() - 2)] {
            std::fs::write(&part, bad).unwrap();
            let refused = unpack(&part, &into, Some(&identity), &mut |_| {});
            assert!(matches!(refused, Err(BackupError::Unusable { .. })), "{refused:?}");
            assert!(!into.exists());
        }
    }
}

#[test]
fn an_encrypted_copy_needs_its_own_key() {
    let (identity, other) = (Identity::generate().unwrap(), Identity::generate().unwrap());
    let (dir, from) = written("store.db", &content());
    let (part, into) = (dir.path().join("copy"), dir.path().join("out.db"));
    pack(&from, &part, Some(&identity.recipient())).unwrap();
    for (key, why) in [(None, "recovery kit"), (Some(&other), "not encrypted for this key")] {
        let refused = unpack(&part, &into, key, &mut |_| {}).unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
    }
    let plain = std::fs::read(&part).unwrap();
    let start = content();
    assert!(!plain.windows(8).any(|window| window == &start[..8]));
}

#[test]
fn a_transfer_of_a_file_that_changed_since_is_refused() {
    let (dir, from) = written("store.db", &content());
    let (part, away) = (dir.path().join("copy"), dir.path().join("away"));
    let packed = pack(&from, &part, None).unwrap();
    transfer(&part, &away, &packed).unwrap();
    assert_eq!(std::fs::read(&away).unwrap(), std::fs::read(&part).unwrap());
    std::fs::write(&part, b"something else").unwrap();
    assert!(transfer(&part, &away, &packed).is_err());
    assert!(!away.exists());
}
