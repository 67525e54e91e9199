use super::super::server_tests::{ok, serve};
use super::super::signing::BucketKeys;
use super::*;
use crate::clock::parse_rfc3339;
use crate::settings::Secret;

const NOW: Timestamp = Timestamp(1_795_323_600_000);
const OLD: &str = "kuota-0a1b2c3d-20261122T070500Z.db.zst.age";
const NEW: &str = "kuota-0a1b2c3d-20261122T130500Z.db.zst.age";
const OTHER: &str = "kuota-ffffffff-20261123T130500Z.db.zst.age";

fn object(name: &str, put_at: &str) -> BucketObject {
    BucketObject { name: name.to_owned(), bytes: 3, put_at: parse_rfc3339(put_at).unwrap() }
}

fn objects(names: &[&str]) -> Vec<BucketObject> {
    names.iter().map(|name| object(name, "2026-11-24T00:00:00Z")).collect()
}

fn found(objects: Vec<BucketObject>) -> (String, Vec<String>) {
    let CopyWithTail { copy, segments } = newest_of(objects, "0a1b2c3d").unwrap();
    (copy.name, segments.into_iter().map(|segment| segment.name).collect())
}

#[test]
fn the_newest_copy_has_its_own_segments_up_to_the_first_that_is_absent() {
    let names = [
        tail_name(NEW, 3),
        tail_name(NEW, 1),
        tail_name(OLD, 1),
        tail_name(NEW, 5),
        tail_name(NEW, 2),
        OLD.into(),
        "foto.jpg".into(),
        NEW.into(),
        OTHER.into(),
        tail_name(OTHER, 1),
    ];
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let segments: Vec<String> = (1..=3).map(|number| tail_name(NEW, number)).collect();
    assert_eq!(found(objects(&names)), (NEW.to_owned(), segments));
    assert!(newest_of(objects(&["foto.jpg", OTHER]), "0a1b2c3d").is_none());
}

#[test]
fn a_copy_that_a_wrong_clock_made_is_as_old_as_the_store_says() {
    let ahead = "kuota-0a1b2c3d-20380101T000000Z.db.zst.age";
    let listed = vec![object(ahead, "2026-11-20T00:00:00Z"), object(NEW, "2026-11-22T13:06:00Z")];
    assert_eq!(found(listed).0, NEW);
    // Copied from another bucket later on, in any order.
    let moved = vec![object(OLD, "2026-12-24T00:00:01Z"), object(NEW, "2026-12-24T00:00:00Z")];
    assert_eq!(found(moved).0, NEW);
}

#[test]
fn copies_of_several_sites_are_not_guessed_among() {
    assert_eq!(only_site(&objects(&["foto.jpg"]), "b").unwrap(), None);
    assert_eq!(only_site(&objects(&[OLD, NEW]), "b").unwrap().as_deref(), Some("0a1b2c3d"));
    let several = only_site(&objects(&[OLD, OTHER, NEW]), "b").unwrap_err().to_string();
    assert!(
        several.contains("0a1b2c3d (until 2026-11-22T13:05:00Z)") && several.contains("ffffffff (until "),
        "{several}"
    );
}

fn source(base: &str) -> CopySource {
    let keys = BucketKeys {
        key_id: "NOTREAL".to_owned(),
        secret: Secret::new("not-a-real-secret"),
        region: "us-east-1".to_owned(),
    };
    let bucket = S3Bucket::with_keys(&base.parse().unwrap(), ("b", "p"), keys).unwrap();
    CopySource::Bucket { bucket, tag: None }
}

fn list() -> String {
    let contents = |name: &str| {
        format!(
            "<Contents><Key>p/{name}</Key><LastModified>2026-11-24T00:00:00Z</LastModified><Size>3</Size></Contents>"
        )
    };
    let contents = contents(NEW) + &contents(&tail_name(NEW, 1));
    ok("", &format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"))
}

#[tokio::test]
async fn a_copy_is_written_with_its_segment_and_nothing_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("copy.age");
    let digest = HEXLOWER.encode(&Sha256::digest("tai"));
    let tail = ok(&format!("{DIGEST_HEADER}: {digest}\r\n"), "tai");
    let (base, served) = serve(vec![list(), tail, ok("", "cop")]).await;
    let fetched = source(&base).fetch_newest(&file, NOW).await.unwrap();
    assert_eq!((fetched.name.as_str(), fetched.bytes, fetched.segments), (NEW, 3, 1));
    assert_eq!(std::fs::read(&file).unwrap(), b"cop");
    assert_eq!(std::fs::read(segment_file(&file, 1)).unwrap(), b"tai");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
    let heads = served.await.unwrap();
    assert!(heads[2].0.starts_with(&format!("GET /b/p/{NEW} HTTP/1.1")), "{}", heads[2].0);
    let again = source(&base).fetch_newest(&file, NOW).await.unwrap_err();
    assert!(matches!(again, FetchError::Exists(_)), "{again}");
    std::fs::remove_file(&file).unwrap();
    let again = source(&base).fetch_newest(&file, NOW).await.unwrap_err();
    assert!(matches!(again, FetchError::Exists(_)), "a segment of another copy: {again}");
}

#[tokio::test]
async fn what_arrives_otherwise_than_it_was_put_leaves_no_file() {
    let wrong = format!("{DIGEST_HEADER}: {}\r\n", HEXLOWER.encode(&Sha256::digest("cop")));
    for (answer, why) in [
        (ok("", "copy"), "more than 3 bytes"),
        (ok("", "co"), "2 bytes, not 3"),
        (ok(&wrong, "cup"), "digest"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nco".to_owned(), "/b/p: "),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(), "404"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (base, served) = serve(vec![list(), ok("", "tai"), answer]).await;
        let refused = source(&base).fetch_newest(&dir.path().join("copy.age"), NOW).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{refused}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{why}");
        served.await.unwrap();
    }
}
