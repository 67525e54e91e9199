use super::super::server_tests::{KeptRequest, ok, serve};
use super::*;

const NOW: Timestamp = Timestamp(1_795_323_600_000);

/// A server that answers one request with `answer`, and returns the request.
async fn one_request(answer: &'static str) -> (String, tokio::task::JoinHandle<Vec<KeptRequest>>) {
    serve(vec![answer.to_owned()]).await
}

fn bucket(endpoint: &str, dir: &Path) -> S3Bucket {
    let secret_file = dir.join("s3.secret");
    std::fs::write(&secret_file, "not-a-real-secret\n").unwrap();
    let endpoint = Some(endpoint.parse().unwrap());
    let config = BackupS3 { endpoint, key_id: "NOTREAL".into(), secret_file, ..BackupS3::default() };
    S3Bucket::new(&config, dir, "kuota", "site-1").unwrap()
}

#[test]
fn the_secret_of_the_desk_replaces_the_file_and_a_credential_replaces_both() {
    let dir = tempfile::tempdir().unwrap();
    let (secret_file, folder) = (dir.path().join("s3.secret"), dir.path().join("credentials"));
    std::fs::write(&secret_file, "of the file\n").unwrap();
    std::fs::create_dir(&folder).unwrap();
    let config = BackupS3 { secret_file, ..BackupS3::default() };
    let env = Environment::from([("CREDENTIALS_DIRECTORY", folder.to_str().unwrap())]);
    let read = || secret(&config, dir.path(), &env).unwrap().expose().to_owned();
    assert_eq!(read(), "of the file");
    let mut layer = DeskLayer::default();
    layer.store_secret(dir.path(), SECRET, &Secret::new("of the desk")).unwrap();
    layer.write(dir.path()).unwrap();
    assert_eq!(read(), "of the desk");
    std::fs::write(folder.join(SECRET), "of systemd\n").unwrap();
    assert_eq!(read(), "of systemd");
}

fn copy(dir: &Path) -> (std::path::PathBuf, Packed) {
    let (path, content) = (dir.join("copy"), vec![7; 200_000]);
    std::fs::write(&path, &content).unwrap();
    (path, Packed { bytes: 200_000, sha256: Sha256::digest(&content).into() })
}

#[tokio::test]
async fn a_copy_is_put_whole_with_its_signed_digest_and_the_secret_stays_here() {
    let dir = tempfile::tempdir().unwrap();
    let (base, served) = one_request("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let (path, packed) = copy(dir.path());
    bucket(&base, dir.path()).put("kuota-x.db.zst.age", &path, &packed, NOW).await.unwrap();
    let (head, body) = served.await.unwrap().remove(0);
    assert!(head.starts_with("PUT /kuota/site-1/kuota-x.db.zst.age HTTP/1.1"), "{head}");
    assert_eq!(body, std::fs::read(&path).unwrap());
    let digest = HEXLOWER.encode(&packed.sha256);
    assert!(
        head.contains(&format!("x-amz-meta-sha256: {digest}\r\n")) && head.contains(";x-amz-meta-sha256,")
    );
    assert!(
        head.contains(&format!("x-amz-content-sha256: {digest}")) && head.contains("20261122T050000Z"),
        "{head}"
    );
    assert!(!head.contains("not-a-real-secret") && head.contains("Credential=NOTREAL/20261122/"), "{head}");
}

#[tokio::test]
async fn a_refusal_has_the_stores_own_code() {
    let dir = tempfile::tempdir().unwrap();
    let answer = "HTTP/1.1 403 Forbidden\r\ncontent-length: 90\r\n\r\n<Error><Code>RequestTimeTooSkewed</Code>\
                  <Message>the clock is wrong</Message></Error>          ";
    let (base, served) = one_request(answer).await;
    let (path, packed) = copy(dir.path());
    let refused = bucket(&base, dir.path()).put("k", &path, &packed, NOW).await.unwrap_err().to_string();
    assert!(refused.contains("RequestTimeTooSkewed: the clock is wrong"), "{refused}");
    served.await.unwrap();
}

#[tokio::test]
async fn a_copy_that_is_gone_is_noticed_and_keys_that_may_only_write_are_enough() {
    for (answer, found) in [
        ("HTTP/1.1 200 OK\r\n\r\n", Some(true)),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", Some(true)),
        ("HTTP/1.1 404 Not Found\r\n\r\n", Some(false)),
        ("HTTP/1.1 503 Slow Down\r\n\r\n", None),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (base, served) = one_request(answer).await;
        assert_eq!(bucket(&base, dir.path()).has("k", NOW).await.ok(), found, "{answer}");
        assert!(served.await.unwrap()[0].0.starts_with("HEAD /kuota/site-1/k "));
    }
}

fn page(objects: &str, next: &str) -> String {
    let next = match next {
        "" => "<IsTruncated>false</IsTruncated>".to_owned(),
        token => {
            format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{token}</NextContinuationToken>")
        }
    };
    ok("", &format!("<ListBucketResult>{next}{objects}</ListBucketResult>"))
}

fn object(key: &str) -> String {
    format!(
        "<Contents><Key>{key}</Key><LastModified>2026-11-30T20:00:00.000Z</LastModified><Size>3</Size></Contents>"
    )
}

#[tokio::test]
async fn a_list_is_read_page_by_page_and_names_of_others_are_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let pages = vec![
        page(&(object("site-1/kuota-a") + &object("site-10/kuota-x")), "1/+="),
        page(&object("site-1/kuota-b"), ""),
    ];
    let (base, served) = serve(pages).await;
    let listed = bucket(&base, dir.path()).list(NOW).await.unwrap();
    let names: Vec<&str> = listed.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(names, ["kuota-a", "kuota-b"]);
    let heads: Vec<String> = served.await.unwrap().into_iter().map(|(head, _)| head).collect();
    assert!(heads[0].starts_with("GET /kuota?list-type=2&prefix=site-1%2Fkuota- HTTP/1.1"), "{}", heads[0]);
    let second = "GET /kuota?continuation-token=1%2F%2B%3D&list-type=2&prefix=site-1%2Fkuota- HTTP/1.1";
    assert!(heads[1].starts_with(second), "{}", heads[1]);
}

#[tokio::test]
async fn a_list_that_is_odd_refused_or_endless_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let denied = "HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    for (answers, why) in [
        (vec![denied.to_owned()], "AccessDenied: no"),
        (vec![ok("", "<html>log in</html>")], "its list: "),
        (vec![page("", "again"); PAGES_MAX], "more than 200 pages"),
    ] {
        let (base, served) = serve(answers).await;
        let refused = bucket(&base, dir.path()).list(NOW).await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        served.await.unwrap();
    }
}
