use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const NOW: Timestamp = Timestamp(1_795_323_600_000);
const NOTHING: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// The examples of the protocol's documentation, with its keys.
#[test]
fn requests_are_signed_as_the_documentation_signs_its_examples() {
    let keys = SigningKeys {
        key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region: "us-east-1".to_owned(),
    };
    for (query, signature) in [
        ("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] {
        let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com/?{query}")).unwrap();
        let signed = keys.authorization("GET", &url, NOTHING, "20130524T000000Z");
        assert_eq!(
            signed,
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
                 SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature={signature}"
            )
        );
    }
}

/// A server that answers one request with `answer`, and returns the request.
async fn one_request(answer: &'static str) -> (String, tokio::task::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        let split = loop {
            stream.read_buf(&mut bytes).await.unwrap();
            if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
        };
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while bytes.len() < split + length {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        (head, bytes[split..].to_vec())
    });
    (base, served)
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
    let (head, body) = served.await.unwrap();
    assert!(head.starts_with("PUT /kuota/site-1/kuota-x.db.zst.age HTTP/1.1"), "{head}");
    assert_eq!(body, std::fs::read(&path).unwrap());
    assert!(head.contains(&HEXLOWER.encode(&packed.sha256)) && head.contains("20261122T050000Z"), "{head}");
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
        assert!(served.await.unwrap().0.starts_with("HEAD /kuota/site-1/k "));
    }
}
