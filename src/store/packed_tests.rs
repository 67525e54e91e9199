use super::*;

fn written(name: &str, bytes: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (dir, path)
}

/// Encrypted with nothing besides the store.
fn sealing(recipient: Option<&Recipient>) -> Option<Sealing<'_>> {
    recipient.map(|recipient| Sealing { recipient, attachment: &[] })
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
        let packed = pack(&from, &part, sealing(recipient.as_ref())).unwrap();
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
        pack(&from, &part, sealing(recipient.as_ref())).unwrap();
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
    pack(&from, &part, sealing(Some(&identity.recipient()))).unwrap();
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

#[test]
fn what_goes_with_an_encrypted_store_comes_back_and_other_decompressors_pass_over_it() {
    let identity = Identity::generate().unwrap();
    let (dir, from) = written("store.db", &content());
    let (part, into) = (dir.path().join("copy"), dir.path().join("out.db"));
    for length in [1, 100, ATTACHMENT_BYTES_MAX] {
        let attachment: Vec<u8> = (0..length).map(|i| u8::try_from(i % 251).unwrap()).collect();
        let recipient = identity.recipient();
        pack(&from, &part, Some(Sealing { recipient: &recipient, attachment: &attachment })).unwrap();
        assert_eq!(unpack(&part, &into, Some(&identity), &mut |_| {}).unwrap(), attachment);
        assert_eq!(std::fs::read(&into).unwrap(), content());
        // As versions without attachments read a copy.
        let opened = Decryptor::new(File::open(&part).unwrap(), &identity).unwrap();
        let mut plain = Vec::new();
        zstd::Decoder::new(opened).unwrap().read_to_end(&mut plain).unwrap();
        assert_eq!(plain, content());
    }
    let long = vec![0; ATTACHMENT_BYTES_MAX + 1];
    let recipient = identity.recipient();
    assert!(pack(&from, &part, Some(Sealing { recipient: &recipient, attachment: &long })).is_err());
    assert!(!part.exists());
}

#[test]
fn what_follows_a_store_is_read_strictly_and_never_from_a_copy_in_clear() {
    let identity = Identity::generate().unwrap();
    let frame = |magic: [u8; 4], length: u32, content: &[u8]| {
        [magic.as_slice(), &length.to_le_bytes(), content].concat()
    };
    let ours = frame(ATTACHMENT_MAGIC, 3, b"abc");
    let other = frame([0x50, 0x2a, 0x4d, 0x18], 2, b"xy");
    let rows: [(Vec<u8>, Option<&[u8]>); 9] = [
        (Vec::new(), Some(b"")),
        (ours.clone(), Some(b"abc")),
        (other.clone(), Some(b"")),
        ([other.as_slice(), &ours, &other].concat(), Some(b"abc")),
        ([ours.as_slice(), &ours].concat(), None),
        (frame(ATTACHMENT_MAGIC, 4, b"abc"), None),
        (frame(ATTACHMENT_MAGIC, u32::MAX, b"abc"), None),
        (b"junk".to_vec(), None),
        (frame(ZSTD_MAGIC, 0, b""), None),
    ];
    let dir = tempfile::tempdir().unwrap();
    let (copy, into) = (dir.path().join("copy"), dir.path().join("out.db"));
    for (after, attachment) in rows {
        let packed = [zstd::encode_all(content().as_slice(), LEVEL).unwrap(), after.clone()].concat();
        let mut sealed = Encryptor::new(Vec::new(), &identity.recipient()).unwrap();
        sealed.write_all(&packed).unwrap();
        std::fs::write(&copy, sealed.finish().unwrap()).unwrap();
        let read = unpack(&copy, &into, Some(&identity), &mut |_| {});
        assert_eq!(read.as_deref().ok(), attachment, "{after:?}: {read:?}");
        assert_eq!(into.exists(), attachment.is_some());
        std::fs::write(&copy, packed).unwrap();
        let read = unpack(&copy, &into, Some(&identity), &mut |_| {});
        assert_eq!(read.ok(), attachment.map(|_| Vec::new()), "in clear: {after:?}");
    }
}
