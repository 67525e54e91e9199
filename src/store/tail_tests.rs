use super::*;
use crate::store::backup;
use crate::store::tests::ledger;
use crate::store::{Reader, Store};

/// A packed copy of a store, and a store that goes on from it.
struct Site {
    dir: tempfile::TempDir,
    store: Store,
    copy: PathBuf,
    identity: Identity,
    place: TailPlace,
    made: u32,
}

impl Site {
    fn start() -> Self {
        let (dir, mut store) = ledger();
        let (raw, copy) = (dir.path().join("raw.db"), dir.path().join("copy.db.zst.age"));
        let identity = Identity::generate().unwrap();
        store.begin_pages();
        store.reader().unwrap().copy_to(&raw, &mut |_| {}).unwrap();
        let recipient = identity.recipient();
        let sealing = packed::Sealing { recipient: &recipient, attachment: &[] };
        let packed = packed::pack(&raw, &copy, Some(sealing)).unwrap();
        let place = TailPlace::first(&HEXLOWER.encode(&packed.sha256));
        Self { dir, store, copy, identity, place, made: 0 }
    }

    /// Another commit, and a segment with it.
    fn segment(&mut self) -> Vec<u8> {
        self.made += 1;
        let key = format!("key {}", self.made);
        self.store.write(|writer| writer.value(&key, &"v".repeat(9000))).unwrap();
        let taken = self.store.take_pages().unwrap();
        let (secret, recipient) = (self.store.site_secret().clone(), self.identity.recipient());
        let at = Timestamp(1000 * i64::from(self.made));
        let sealed = seal(&self.place, &taken, at, &secret, &recipient).unwrap();
        self.place = self.place.clone().after(sealed.digest);
        sealed.content
    }

    fn put(&self, number: u32, content: &[u8]) {
        std::fs::write(segment_file(&self.copy, number), content).unwrap();
    }

    /// What is in the store that comes back.
    fn restored(&self) -> Result<(TailApplied, u32), BackupError> {
        let unpacked = self.dir.path().join("unpacked.db");
        packed::unpack(&self.copy, &unpacked, Some(&self.identity), &mut |_| {})?;
        let applied = apply(&self.copy, &unpacked, Some(&self.identity))?;
        backup::prove(&unpacked)?;
        let conn = Connection::open_with_flags(&unpacked, READ_ONLY)?;
        let keys =
            conn.query_row("SELECT count(*) FROM meta WHERE key LIKE 'key %'", [], |row| row.get(0))?;
        Ok((applied, keys))
    }
}

#[test]
fn a_copy_comes_back_with_the_unbroken_beginning_of_its_tail() {
    let mut site = Site::start();
    assert_eq!(site.restored().unwrap(), (TailApplied::default(), 0));
    let segments: Vec<Vec<u8>> = (0..5).map(|_| site.segment()).collect();
    for (n, segment) in (1..).zip(&segments) {
        site.put(n, segment);
        let applied = TailApplied { segments: n, at: Some(Timestamp(1000 * i64::from(n))) };
        assert_eq!(site.restored().unwrap(), (applied, n));
    }
    std::fs::remove_file(segment_file(&site.copy, 3)).unwrap();
    assert_eq!(site.restored().unwrap().1, 2, "what comes after a gap is of no use");
}

#[test]
fn segments_that_are_repeated_exchanged_changed_or_of_another_copy_are_refused() {
    let (mut site, mut other) = (Site::start(), Site::start());
    let (one, two) = (site.segment(), site.segment());
    other.identity = Identity::parse(&site.identity.secret_text()).unwrap();
    let foreign = other.segment();
    site.put(1, &one);
    site.put(2, &one);
    let refused = |site: &Site| site.restored().unwrap_err().to_string();
    assert!(refused(&site).contains("not segment 2"), "{}", refused(&site));
    site.put(1, &two);
    assert!(refused(&site).contains("not segment 1"));
    site.put(1, &foreign);
    assert!(refused(&site).contains("this site did not make it"));
    let mut torn = one.clone();
    torn.truncate(one.len() - 1);
    site.put(1, &torn);
    assert!(matches!(site.restored(), Err(BackupError::Unusable { .. })));
    site.put(1, b"nonsense");
    assert!(refused(&site).contains("no segment of a tail"));
    site.put(1, &one);
    site.put(2, &two);
    assert_eq!(site.restored().unwrap().1, 2);
    // Another copy of the same site: its segments are genuine, and of the other copy.
    site.place = TailPlace::first(&"0".repeat(64));
    let later = site.segment();
    site.put(1, &later);
    assert!(refused(&site).contains("belongs to another copy"));
}

#[test]
fn somebody_with_the_public_key_alone_makes_no_segment() {
    let mut site = Site::start();
    site.store.write(|writer| writer.value("key forged", "1")).unwrap();
    let taken = site.store.take_pages().unwrap();
    let thief = SiteSecret::new([9; 32]);
    let forged = seal(&site.place, &taken, Timestamp(1), &thief, &site.identity.recipient()).unwrap();
    site.put(1, &forged.content);
    assert!(site.restored().unwrap_err().to_string().contains("this site did not make it"));
    assert!(Reader::open(site.dir.path()).is_ok(), "the store is as it was");
}
