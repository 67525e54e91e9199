//! "I have a recovery kit" on a machine that nobody has set up: a site that died comes back by a browser alone, from a file and
//! from the relay, by the real programs; and what does not come back.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;

use axum::http::Method;
use data_encoding::HEXLOWER;
use kuota::agent::config::DeskLayer;
use kuota::agent::copies::{CopiedSettings, VaultClient};
use kuota::domain::units::Timestamp;
use kuota::settings::Secret;
use kuota::store::packed::{Sealing, pack};
use kuota::tools::age::Identity;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::first_run::{Browser, Pi};
use crate::http_client::{Call, Reply, http_client};
use crate::program::{DEADLINE, LOOK, ProgramFolder, RunningProgram};

const PASSWORD: &str = "rahasia-yang-panjang-1";
const CODE: &str = "mangga-7-manis";
const BOUNDARY: &str = "kuota-test";

/// A site whose card died: what is left are its copy and its kit.
struct LostSite {
    folder: ProgramFolder,
    kit: Identity,
    copy: Vec<u8>,
}

impl LostSite {
    fn new() -> Self {
        let folder = ProgramFolder::new("127.0.0.1:1");
        let owner = ["admin", "add", "siti", "--role", "owner", "--password-stdin"];
        folder.run_with_stdin(&owner, &format!("{PASSWORD}\n")).exits(0);
        for name in ["Budi", "Ani"] {
            folder.run(&["user", "add", name]).exits(0);
        }
        let mut layer = DeskLayer::default();
        layer.values.insert("name".to_owned(), json!("Warung Ibu"));
        layer.values.insert("router.address".to_owned(), json!("127.0.0.1:1"));
        layer.store_secret(folder.data(), "router.password", &Secret::new("pintu-router")).unwrap();
        layer.write(folder.data()).unwrap();
        let kit = Identity::generate().unwrap();
        let mut site = Self { folder, kit, copy: Vec::new() };
        site.copy = site.packed("plain.db");
        site
    }

    /// An encrypted copy of this store, with the settings.
    fn packed(&self, plain: &str) -> Vec<u8> {
        let (plain, copy) = (self.folder.path(plain), self.folder.path("copy.age"));
        if !plain.exists() {
            self.folder.run(&["backup", plain.to_str().unwrap()]).exits(0);
        }
        let settings = CopiedSettings::read(self.folder.data()).unwrap().to_bytes();
        let sealing = Sealing { recipient: &self.kit.recipient(), attachment: &settings };
        pack(&plain, &copy, Some(sealing)).unwrap();
        std::fs::read(copy).unwrap()
    }

    /// A copy of a version that does not exist yet.
    fn of_a_later_version(&self) -> Vec<u8> {
        let plain = self.folder.path("plain.db");
        let later = self.folder.path("later.db");
        std::fs::copy(plain, &later).unwrap();
        let conn = rusqlite::Connection::open(&later).unwrap();
        conn.pragma_update(None, "user_version", 9_999).unwrap();
        drop(conn);
        self.packed("later.db")
    }
}

/// A new card, claimed by the code on its boot partition.
async fn new_card() -> (Pi, Browser) {
    let pi = Pi::started();
    pi.code(CODE);
    let mut owner = Pi::browser();
    assert_eq!(pi.post(&mut owner, "/mulai/kode", &[("secret", CODE)]).await.status, 303);
    assert!(pi.get(&owner, "/mulai/nama").await.text.contains("href=\"/mulai/pulih\""));
    (pi, owner)
}

async fn token(pi: &Pi, browser: &Browser, page: &str) -> String {
    let page = pi.get(browser, page).await.text;
    page.split("name=\"_token\" value=\"").nth(1).unwrap_or_default().split('"').next().unwrap().to_owned()
}

/// The form of the upload as a browser sends it.
fn form(token: &str, content: &[u8]) -> Vec<u8> {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"_token\"\r\n\r\n{token}\r\n--{BOUNDARY}\r\n\
         Content-Disposition: form-data; name=\"copy\"; filename=\"../../kuota.db\"\r\n\r\n"
    );
    [head.as_bytes(), content, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat()
}

async fn upload_body(pi: &Pi, browser: &Browser, body: Vec<u8>) -> Reply {
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    browser
        .call(pi, Method::POST, "/mulai/pulih/berkas")
        .header("content-type", &kind)
        .body(body)
        .send()
        .await
}

async fn upload(pi: &Pi, browser: &Browser, content: &[u8]) -> Reply {
    let token = token(pi, browser, "/mulai/pulih/berkas").await;
    upload_body(pi, browser, form(&token, content)).await
}

fn location(reply: &Reply) -> &str {
    reply.headers.get("location").map(|to| to.to_str().unwrap()).unwrap_or_default()
}

/// Where an answer leads to, with its page.
async fn led_to(pi: &Pi, browser: &Browser, reply: &Reply) -> String {
    assert_eq!(reply.status, 303, "{}", reply.text);
    pi.get(browser, location(reply)).await.text
}

async fn type_key(pi: &Pi, browser: &mut Browser, key: &str) -> Reply {
    pi.send(browser, "/mulai/pulih/kunci", &[("secret", key)]).await
}

/// Nothing was restored, and nothing but the file that was sent is there.
fn is_untouched(pi: &Pi) {
    let names: Vec<String> = std::fs::read_dir(pi.folder.data())
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let known = ["first-run.json", "first-run-copy"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
}

/// Every file below a folder, as text.
fn all_text(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            text.push_str(&all_text(&entry.path()));
        } else if entry.file_type().unwrap().is_file() {
            text.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
        }
    }
    text
}

/// Restores what the page shows; the machine then runs with it.
async fn restore(pi: &mut Pi, owner: &mut Browser) {
    let page = pi.get(owner, "/mulai/pulih/periksa").await.text;
    assert!(page.contains("Warung Ibu") && page.contains("log-in router"), "{page}");
    let restored = pi.send(owner, "/mulai/pulih/periksa", &[]).await;
    assert!(restored.status == 200 && restored.text.contains("Ambil alih situs ini"), "{}", restored.text);
    pi.daemon.as_mut().unwrap().logs("admin listens");
}

/// The owner's own password opens a desk that only looks on, until it takes the site over.
async fn works_after_taking_over(pi: &mut Pi) {
    let desk = pi.address("admin listens").unwrap();
    let url = |path: &str| format!("http://{desk}{path}");
    let body = json!({"username": "siti", "password": PASSWORD});
    let entered = Call::new(&http_client(), Method::POST, &url("/api/v1/login")).json(&body).send().await;
    assert_eq!(entered.ok(200)["role"], "owner");
    let session = entered.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let get = async |path: &str| {
        Call::new(&http_client(), Method::GET, &url(path)).header("cookie", &session).send().await
    };
    let users = get("/api/v1/users").await.json();
    assert_eq!(users["items"].as_array().unwrap().len(), 2);
    let add = async || {
        let call = Call::new(&http_client(), Method::POST, &url("/api/v1/users")).header("cookie", &session);
        call.header("origin", &format!("http://{desk}")).json(&json!({"name": "Tono"})).send().await
    };
    add().await.problem(503, "site_passive");
    let page = Call::new(&http_client(), Method::GET, &url("/cadangan")).header("accept", "text/html");
    let page = page.header("cookie", &session).send().await.text;
    assert!(page.contains("Ambil alih situs ini"), "{page}");
    let config = pi.command(&["check-config"]).output().unwrap();
    let config = String::from_utf8(config.stdout).unwrap();
    assert!(config.contains("name = \"Warung Ibu\" # desk"), "{config}");
    let took = pi.command(&["take-over", "--old-machine-is-off"]).output().unwrap();
    assert!(took.status.success(), "{took:?}");
    let until = std::time::Instant::now() + DEADLINE;
    loop {
        let added = add().await;
        if added.status == 201 {
            break;
        }
        assert!(std::time::Instant::now() < until, "{}", added.text);
        tokio::time::sleep(LOOK).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_comes_back_from_a_file_of_the_phone_wherever_the_daemon_is_killed() {
    let lost = LostSite::new();
    let key = lost.kit.secret_text();
    let (mut pi, mut owner) = new_card().await;
    // Without a copy there is nothing to open or restore.
    assert!(pi.get(&owner, "/mulai/pulih/kunci").await.text.contains("Belum ada salinan"));
    assert_eq!(location(&pi.get(&owner, "/mulai/pulih/periksa").await), "/mulai/pulih/kunci");
    assert_eq!(location(&upload(&pi, &owner, &lost.copy).await), "/mulai/pulih/kunci");
    let mistyped = key.replace('1', "2");
    let page = led_to(&pi, &owner, &type_key(&pi, &mut owner.clone(), &mistyped).await).await;
    assert!(page.contains("salah ketik"), "{page}");
    let other = Identity::generate().unwrap().secret_text();
    let page = led_to(&pi, &owner, &type_key(&pi, &mut owner.clone(), &other).await).await;
    assert!(page.contains("bukan untuk salinan itu") && !page.contains(&other), "{page}");
    is_untouched(&pi);
    // Typed as it is printed, in lower case.
    let groups: Vec<String> = key
        .to_lowercase()
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    assert_eq!(location(&type_key(&pi, &mut owner, &groups.join(" ")).await), "/mulai/pulih/periksa");
    let page = pi.get(&owner, "/mulai/pulih/periksa").await.text;
    assert!(
        page.contains("Warung Ibu") && page.contains("<dd>2</dd>") && page.contains("Lengkap sampai"),
        "{page}"
    );
    assert!(!pi.folder.data().join("kuota.db").exists(), "nothing is restored yet");
    pi.restart();
    is_untouched(&pi);
    assert!(!pi.folder.data().join("first-run-copy").exists(), "a restart forgets it");
    assert_eq!(location(&pi.get(&owner, "/mulai/pulih/periksa").await), "/mulai/pulih/kunci");
    upload(&pi, &owner, &lost.copy).await;
    type_key(&pi, &mut owner, &key).await;
    restore(&mut pi, &mut owner).await;
    // What was typed is nowhere: not the key, in no form of it.
    let (log, disk) = (pi.daemon.as_ref().unwrap().log(), all_text(pi.folder.data()));
    for text in [&log, &disk] {
        let text = text.to_uppercase();
        assert!(!text.contains("AGE-SECRET-KEY") && !text.contains(&key[20..60]), "the key was kept");
    }
    assert!(!log.contains("pintu-router"));
    for left in ["first-run-copy", "kuota.db.unpacked", "kuota.db.inspected"] {
        assert!(!pi.folder.data().join(left).exists(), "{left}");
    }
    // Killed right after, the machine is the restored one, and no way leads back to the set-up.
    pi.daemon.take().unwrap().kill();
    let machine = pi.folder.file("machine");
    let mut daemon = RunningProgram::start(pi.command(&["run", "--machine", &machine]), &pi.folder);
    daemon.logs("admin listens");
    pi.daemon = Some(daemon);
    works_after_taking_over(&mut pi).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_damaged_cut_of_a_later_version_or_in_clear_is_judged_and_changes_nothing() {
    let lost = LostSite::new();
    let key = lost.kit.secret_text();
    let (pi, mut owner) = new_card().await;
    let mut damaged = lost.copy.clone();
    let at = damaged.len() - 100;
    damaged[at] ^= 1;
    let cut = lost.copy[..lost.copy.len() - 1].to_vec();
    for (copy, why) in [
        (damaged, "rusak"),
        (cut, "rusak"),
        (lost.of_a_later_version(), "versi kuota yang lebih baru"),
        (b"foto".to_vec(), "rusak"),
    ] {
        assert_eq!(location(&upload(&pi, &owner, &copy).await), "/mulai/pulih/kunci", "{why}");
        let page = led_to(&pi, &owner, &type_key(&pi, &mut owner.clone(), &key).await).await;
        assert!(page.contains(why), "{why}: {page}");
        is_untouched(&pi);
    }
    let empty = led_to(&pi, &owner, &upload(&pi, &owner, b"").await).await;
    assert!(empty.contains("tidak sampai dengan utuh"), "{empty}");
    // A copy in clear needs no key; it has no settings.
    let plain = std::fs::read(lost.folder.path("plain.db")).unwrap();
    upload(&pi, &owner, &plain).await;
    assert!(pi.get(&owner, "/mulai/pulih/kunci").await.text.contains("tidak perlu kunci"));
    assert_eq!(location(&type_key(&pi, &mut owner, "").await), "/mulai/pulih/periksa");
    let page = pi.get(&owner, "/mulai/pulih/periksa").await.text;
    assert!(page.contains("tanpa pengaturan") && !page.contains("Warung Ibu"), "{page}");
    // A store that came meanwhile is not overwritten.
    std::fs::copy(lost.folder.path("plain.db"), pi.folder.data().join("kuota.db.other")).unwrap();
    std::fs::rename(pi.folder.data().join("kuota.db.other"), pi.folder.data().join("kuota.db")).unwrap();
    let before = std::fs::read(pi.folder.data().join("kuota.db")).unwrap();
    let token = token(&pi, &owner, "/mulai/pulih/kunci").await;
    let refused = pi.post(&mut owner, "/mulai/pulih/periksa", &[("_token", &token)]).await;
    assert_ne!(refused.status, 200, "{}", refused.text);
    assert_eq!(std::fs::read(pi.folder.data().join("kuota.db")).unwrap(), before);
    assert!(!pi.folder.data().join("passive").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_but_the_claimant_restores_anything() {
    let lost = LostSite::new();
    let (pi, mut owner) = new_card().await;
    let mut stranger = Browser { cookie: Some("kuota_mulai=kuota_0000".into()) };
    for page in ["", "/relay", "/bucket", "/disk", "/berkas", "/kunci", "/periksa"] {
        let path = format!("/mulai/pulih{page}");
        assert_eq!(location(&pi.get(&stranger, &path).await), "/", "{path}");
        let mine = token(&pi, &owner, "/mulai/pulih/berkas").await;
        let fields = [("_token", mine.as_str()), ("url", "http://127.0.0.1:1"), ("secret", "a")];
        let sent = pi.post(&mut stranger, &path, &fields).await;
        assert!([303, 403, 405].contains(&sent.status), "{path}");
    }
    let mine = token(&pi, &owner, "/mulai/pulih/berkas").await;
    let stolen = upload_body(&pi, &stranger, form(&mine, &lost.copy)).await;
    assert_ne!(location(&stolen), "/mulai/pulih/kunci", "{stolen:?}");
    for wrong in ["", "0", &"0".repeat(32), &"0".repeat(10_000)] {
        let forged = upload_body(&pi, &owner, form(wrong, &lost.copy)).await;
        assert_ne!(location(&forged), "/mulai/pulih/kunci", "{forged:?}");
    }
    let without = upload_body(&pi, &owner, b"no form".to_vec()).await;
    assert_ne!(location(&without), "/mulai/pulih/kunci");
    let address = pi.address("set-up listens").unwrap();
    let url = format!("http://{address}/mulai/pulih/berkas");
    let cross = Call::new(&http_client(), Method::POST, &url).header("origin", "http://evil.example");
    let cross = cross.header("cookie", owner.cookie.as_deref().unwrap());
    let kind = format!("multipart/form-data; boundary={BOUNDARY}");
    let cross = cross.header("content-type", &kind).body(form(&mine, &lost.copy)).send().await;
    assert_eq!(cross.status, 403);
    assert!(pi.get(&owner, "/mulai/pulih/kunci").await.text.contains("Belum ada salinan"));
    is_untouched(&pi);
    let forged = pi.post(&mut owner, "/mulai/pulih/periksa", &[("_token", "0")]).await;
    assert_ne!(forged.status, 200);
    is_untouched(&pi);
}

/// A relay whose vault has the copy, and its address and the kit's token.
async fn relay_with(lost: &LostSite) -> (ProgramFolder, RunningProgram, String, String) {
    let (site, kit) = ("token-situs", "tokenkit7".repeat(4));
    let relay =
        ProgramFolder::bare(tempfile::tempdir().unwrap(), env!("CARGO_BIN_EXE_kuota-relay"), "relay.toml");
    std::fs::write(relay.path("m1.key"), "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa\n").unwrap();
    std::fs::write(relay.path("site-1.sha256"), HEXLOWER.encode(&Sha256::digest(site))).unwrap();
    let text = format!(
        "listen = \"127.0.0.1:0\"\ndatabase = \"sqlite:{}\"\n[[merchant]]\nid = \"m1\"\nserver_key_file = \"{}\"\n\
         [[merchant.site]]\nid = \"site-1\"\ntoken_sha256_file = \"{}\"\n",
        relay.path("data/relay.db").display(),
        relay.path("m1.key").display(),
        relay.path("site-1.sha256").display(),
    );
    std::fs::write(relay.path("relay.toml"), text).unwrap();
    let mut running = RunningProgram::start(relay.command(&["run", "--log-format", "text"]), &relay);
    running.logs("listens");
    let url = format!("http://{}", running.listens("listens").unwrap());
    let vault = VaultClient::with_token(&url, Secret::new(site)).unwrap();
    let copy = lost.folder.path("vault.age");
    std::fs::write(&copy, &lost.copy).unwrap();
    vault.put(&copy, Timestamp(1_795_323_600_000)).await.unwrap();
    vault.set_recovery_token(&kit).await.unwrap();
    // The kit's token reads and writes nothing.
    let of_kit = VaultClient::with_token(&url, Secret::new(kit.as_str())).unwrap();
    assert!(of_kit.put(&copy, Timestamp(1_795_323_700_000)).await.is_err());
    assert!(of_kit.set_recovery_token("another").await.is_err());
    (relay, running, url, kit)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_comes_back_from_the_relay_with_the_token_of_the_kit() {
    let lost = LostSite::new();
    let (_relay, running, url, kit) = relay_with(&lost).await;
    let (mut pi, mut owner) = new_card().await;
    let path = "/mulai/pulih/relay";
    for (address, secret, why) in [
        ("http://192.0.2.1:8090", kit.as_str(), "Tanpa https tidak ada token"),
        ("relay.example", &kit, "Bukan alamat"),
        (&url, "../x", "huruf dan angka saja"),
        (&url, "tokensalah", "tidak dapat diambil"),
        ("http://127.0.0.1:1", &kit, "tidak dapat diambil"),
    ] {
        let refused = pi.send(&mut owner, path, &[("url", address), ("secret", secret)]).await;
        let page = led_to(&pi, &owner, &refused).await;
        assert!(page.contains(why) && !page.contains(&kit), "{why}: {page}");
        is_untouched(&pi);
    }
    let fetched = pi.send(&mut owner, path, &[("url", &url), ("secret", &kit.to_uppercase())]).await;
    assert_eq!(location(&fetched), "/mulai/pulih/kunci", "{fetched:?}");
    type_key(&pi, &mut owner, &lost.kit.secret_text()).await;
    restore(&mut pi, &mut owner).await;
    assert!(!pi.daemon.as_ref().unwrap().log().contains(&kit));
    works_after_taking_over(&mut pi).await;
    running.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_comes_back_from_a_usb_disk() {
    let lost = LostSite::new();
    let (mut pi, mut owner) = new_card().await;
    assert!(pi.get(&owner, "/mulai/pulih/disk").await.text.contains("Tidak ada salinan"));
    let usb = pi.folder.path("machine/media/KUOTA");
    std::fs::create_dir_all(usb.join("kuota")).unwrap();
    std::fs::create_dir_all(pi.folder.path("machine/proc/self")).unwrap();
    let row = format!("40 22 8:1 / {} rw - vfat /dev/sda1 rw\n", usb.display());
    std::fs::write(pi.folder.path("machine/proc/self/mountinfo"), row).unwrap();
    let file = usb.join("kuota/kuota-0a1b2c3d-20261122T070500Z.db.zst.age");
    std::fs::write(&file, &lost.copy).unwrap();
    let secret = pi.folder.file("machine/boot/firmware/kuota-setup");
    for other in [secret.as_str(), "../../etc/passwd", ""] {
        let refused = pi.send(&mut owner, "/mulai/pulih/disk", &[("copy", other)]).await;
        assert_ne!(location(&refused), "/mulai/pulih/kunci", "{other}");
    }
    assert!(pi.get(&owner, "/mulai/pulih/disk").await.text.contains("diska KUOTA"));
    let chosen = pi.send(&mut owner, "/mulai/pulih/disk", &[("copy", file.to_str().unwrap())]).await;
    assert_eq!(location(&chosen), "/mulai/pulih/kunci");
    type_key(&pi, &mut owner, &lost.kit.secret_text()).await;
    restore(&mut pi, &mut owner).await;
    assert!(file.exists(), "the copy on the disk stays");
    works_after_taking_over(&mut pi).await;
}

/// Sends the form that restores; whether it was answered before the daemon was gone.
fn press_restore(pi: &Pi, owner: &Browser, token: &str) -> bool {
    let address = pi.address("set-up listens").unwrap();
    let body = format!("_token={token}");
    let head = format!(
        "POST /mulai/pulih/periksa HTTP/1.1\r\nhost: {address}\r\norigin: http://{address}\r\ncookie: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        owner.cookie.as_deref().unwrap(),
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// What a restore writes, and nothing that is written before it.
fn restored_paths(data: &Path) -> Vec<String> {
    let names = [
        "kuota.db",
        "kuota.db.restoring",
        "kuota.db.restoring-journal",
        "passive",
        "settings.toml",
        "settings.toml.part",
        "settings.copy.toml",
        "settings.copy.toml.part",
        "secrets",
        "recovery.recipient",
        "recovery.recipient.part",
    ];
    names.iter().map(|name| data.join(name).display().to_string()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_on_the_page_that_is_cut_leaves_a_set_up_or_the_whole_site_that_looks_on() {
    let lost = LostSite::new();
    let key = lost.kit.secret_text();
    let mut cuts = [0, 0];
    for call in ["rename", "fsync", "unlink"] {
        for when in (1..60).step_by(2) {
            let (mut pi, mut owner) = new_card().await;
            pi.daemon.take().unwrap().kill();
            let paths = restored_paths(pi.folder.data());
            let mut trace: Vec<&str> = paths.iter().flat_map(|path| ["-P", path]).collect();
            let (named, inject) = (format!("trace={call}"), format!("inject={call}:signal=KILL:when={when}"));
            trace.extend(["-e", &named, "-e", &inject]);
            pi.start_traced(&trace);
            upload(&pi, &owner, &lost.copy).await;
            assert_eq!(location(&type_key(&pi, &mut owner, &key).await), "/mulai/pulih/periksa");
            let token = token(&pi, &owner, "/mulai/pulih/periksa").await;
            if press_restore(&pi, &owner, &token) {
                break;
            }
            pi.daemon.take().unwrap().ends();
            let is_there = |file: &str| pi.folder.data().join(file).exists();
            let has_store = is_there("kuota.db");
            let what = format!("cut at {call} {when}");
            assert!(!has_store || is_there("passive") && is_there("settings.toml"), "{what}");
            cuts[usize::from(has_store)] += 1;
            let machine = pi.folder.file("machine");
            let mut daemon = RunningProgram::start(pi.command(&["run", "--machine", &machine]), &pi.folder);
            daemon.logs(if has_store { "admin listens" } else { "set-up listens" });
            pi.daemon = Some(daemon);
            if !has_store {
                upload(&pi, &owner, &lost.copy).await;
                type_key(&pi, &mut owner, &key).await;
                restore(&mut pi, &mut owner).await;
            }
            for left in ["first-run-copy", "kuota.db.unpacked", "kuota.db.inspected"] {
                assert!(!pi.folder.data().join(left).exists(), "{what}: {left}");
            }
            assert!(pi.folder.data().join("passive").exists(), "{what}");
        }
    }
    assert!(cuts[0] > 2, "{cuts:?}");
    println!("{cuts:?} cuts without and with the store");
}
