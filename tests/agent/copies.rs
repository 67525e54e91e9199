//! Copies that the daemon makes by itself: when, where to, and what a restore makes of them.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::{Method, Uri};
use tokio::net::TcpListener;

use crate::support::site::{SiteBuilder, TestSite, mac};
use kuota::agent::config::{BackupS3, Config, CopyTarget, DeskLayer};
use kuota::agent::copies::{Disks, RECIPIENT_FILE};
use kuota::domain::units::Bytes;
use kuota::settings::Secret;
use kuota::store::backup;
use kuota::store::packed::{CopyForm, form_of, unpack};
use kuota::tools::age::Identity;
use tempfile::TempDir;

const HOURS_6: Duration = Duration::from_hours(6);

/// A site whose copies go to a folder of another disk.
async fn with_disk(identity: Option<&Identity>) -> (TestSite, TempDir) {
    let disk = tempfile::tempdir().unwrap();
    let target = CopyTarget::Folder(disk.path().to_owned());
    let site = SiteBuilder::new().config(|config| config.backup.target = target).start().await;
    site.agent().copies.use_disks(Disks { differ: |_, _| Ok(true), ..Disks::default() });
    if let Some(identity) = identity {
        std::fs::write(site.folder().join(RECIPIENT_FILE), format!("# kit\n{}\n", identity.recipient()))
            .unwrap();
    }
    (site, disk)
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default();
    names.sort();
    names
}

fn only(folder: &Path) -> PathBuf {
    let names = files(folder);
    assert_eq!(names.len(), 1, "{names:?}");
    folder.join(&names[0])
}

/// Something is written.
async fn change(site: &TestSite) {
    site.add_customer("Budi", Bytes::gb(1)).await;
}

#[tokio::test]
async fn a_copy_is_made_every_six_hours_unless_nothing_changed() {
    let site = TestSite::start().await;
    let folder = site.folder().join("backups");
    change(&site).await;
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(&folder).len(), 1);
    let first = site.agent().copies_state().log.card.unwrap();
    assert!(first.entries > 0 && first.recipient.is_empty());
    change(&site).await;
    site.pass(HOURS_6.saturating_sub(Duration::from_secs(1)));
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(&folder).len(), 1, "it is not time yet");
    site.pass(Duration::from_secs(1));
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(&folder).len(), 2);
    site.pass(HOURS_6);
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(&folder).len(), 2, "nothing changed");
    let state = site.agent().copies_state();
    assert_eq!(state.log.card.unwrap().at(), kuota::domain::units::Timestamp(first.at_ms + 12 * 3_600_000));
    assert!(state.log.away.is_none() && state.error.is_none());
    std::fs::remove_dir_all(&folder).unwrap();
    site.pass(HOURS_6);
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(&folder).len(), 1, "a copy that was removed is made again");
}

#[tokio::test]
async fn a_copy_off_the_card_is_encrypted_for_the_recovery_key_and_restores_to_the_same_ledger() {
    let identity = Identity::generate().unwrap();
    let (mut site, disk) = with_disk(Some(&identity)).await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 1000, 0);
    site.cycle().await.unwrap();
    site.engine(|engine| engine.flush().unwrap()).await;
    site.agent().copy_once().await.unwrap();
    let away = only(disk.path());
    assert_eq!(form_of(&away).unwrap(), CopyForm::Encrypted);
    let log = site.agent().copies_state().log;
    assert_eq!(log.away.unwrap().file, log.card.unwrap().file);
    let restore = |data_dir: &Path| {
        let plain = data_dir.join("plain.db");
        unpack(&away, &plain, Some(&identity), &mut |_| {}).unwrap();
        backup::restore(data_dir, &plain, "then", &mut |_| {}).unwrap();
    };
    site.restart_after(restore).await;
    site.verify_ledger().await;
    assert_eq!(site.used(user).await, 1000);
}

#[tokio::test]
async fn a_disk_that_is_absent_or_the_cards_own_is_named_and_gets_the_copy_when_it_is_there() {
    let (site, disk) = with_disk(None).await;
    let target = disk.path().to_owned();
    change(&site).await;
    for (differ, why) in [
        ((|_, _| Ok(false)) as fn(&Path, &Path) -> _, "same disk"),
        (|_, _| Err(std::io::ErrorKind::NotFound.into()), "waits on the card"),
    ] {
        site.agent().copies.use_disks(Disks { differ, ..Disks::default() });
        let refused = site.agent().copy_once().await.unwrap_err().to_string();
        assert!(refused.contains(why), "{refused}");
        assert_eq!(site.agent().copies_state().error, Some(refused));
        assert_eq!(files(&target), Vec::<String>::new());
        assert!(site.agent().copies_state().log.card.is_some(), "the card has one meanwhile");
    }
    site.agent().copies.use_disks(Disks { differ: |_, _| Ok(true), ..Disks::default() });
    site.agent().copy_once().await.unwrap();
    assert_eq!(only(&target).file_name(), only(&site.folder().join("backups")).file_name());
    let state = site.agent().copies_state();
    assert!(state.error.is_none() && state.failures == 2 && state.log.away.is_some());
}

#[tokio::test]
async fn a_recovery_key_that_is_made_later_encrypts_the_next_copy_before_it_leaves_the_card() {
    let (site, disk) = with_disk(None).await;
    change(&site).await;
    site.agent().copies.use_disks(Disks { differ: |_, _| Ok(false), ..Disks::default() });
    site.agent().copy_once().await.unwrap_err();
    let identity = Identity::generate().unwrap();
    std::fs::write(site.folder().join(RECIPIENT_FILE), identity.recipient().to_string()).unwrap();
    site.agent().copies.use_disks(Disks { differ: |_, _| Ok(true), ..Disks::default() });
    site.agent().copy_once().await.unwrap();
    assert_eq!(form_of(&only(disk.path())).unwrap(), CopyForm::Encrypted);
    std::fs::write(site.folder().join(RECIPIENT_FILE), "age1nonsense").unwrap();
    site.pass(HOURS_6);
    let refused = site.agent().copy_once().await.unwrap_err().to_string();
    assert!(refused.contains("recipient"), "a key that cannot be read never means no encryption: {refused}");
    assert_eq!(files(disk.path()).len(), 1);
}

/// What goes with the newest copy on a disk.
fn settings_in(disk: &Path, identity: &Identity) -> Vec<u8> {
    let (newest, plain) = (files(disk).pop().unwrap(), tempfile::tempdir().unwrap());
    unpack(&disk.join(newest), &plain.path().join("plain.db"), Some(identity), &mut |_| {}).unwrap()
}

#[tokio::test]
async fn changed_settings_are_soon_in_an_encrypted_copy_and_never_in_one_in_clear() {
    let identity = Identity::generate().unwrap();
    let (site, disk) = with_disk(Some(&identity)).await;
    let store = |password: &str| {
        let mut layer = DeskLayer::in_use(site.folder());
        layer.values.insert("name".to_owned(), "Warung Ibu".into());
        layer.store_secret(site.folder(), "router.password", &Secret::new(password)).unwrap();
        layer.write(site.folder()).unwrap();
    };
    change(&site).await;
    site.agent().copy_once().await.unwrap();
    assert!(settings_in(disk.path(), &identity).is_empty(), "there are none yet");
    for (copies, password) in [(2, "pintu-satu"), (3, "pintu-dua")] {
        store(password);
        site.pass(Duration::from_mins(9));
        site.agent().copy_once().await.unwrap();
        assert_eq!(files(disk.path()).len(), copies - 1, "changes of one evening are one copy");
        site.pass(Duration::from_mins(1));
        site.agent().copy_once().await.unwrap();
        assert_eq!(files(disk.path()).len(), copies);
        let settings = String::from_utf8(settings_in(disk.path(), &identity)).unwrap();
        assert!(settings.contains("Warung Ibu") && settings.contains(password), "{settings}");
    }
    site.pass(Duration::from_hours(1));
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(disk.path()).len(), 3, "nothing changed");
    let log = std::fs::read_to_string(site.folder().join("copies.json")).unwrap();
    assert!(!log.contains("pintu"), "{log}");
    std::fs::remove_file(site.folder().join(RECIPIENT_FILE)).unwrap();
    site.pass(HOURS_6);
    site.agent().copy_once().await.unwrap();
    let clear = std::fs::read(disk.path().join(files(disk.path()).pop().unwrap())).unwrap();
    let packed = zstd::decode_all(clear.as_slice()).unwrap();
    for bytes in [clear, packed] {
        assert!(!bytes.windows(5).any(|window| window == b"pintu"));
    }
}

#[tokio::test]
async fn copies_are_thinned_and_files_of_others_stay() {
    let (site, disk) = with_disk(None).await;
    for name in ["kuota-ffffffff-20200101T000000Z.db.zst", "foto.jpg", "kuota.db"] {
        std::fs::write(disk.path().join(name), "x").unwrap();
    }
    for _ in 0..8 * 4 {
        change(&site).await;
        site.agent().copy_once().await.unwrap();
        site.pass(HOURS_6);
    }
    let ours = files(disk.path()).len() - 3;
    assert!((10..=13).contains(&ours), "{ours} copies of eight days");
    assert!(
        disk.path().join("foto.jpg").exists()
            && disk.path().join("kuota-ffffffff-20200101T000000Z.db.zst").exists()
    );
    only(&site.folder().join("backups"));
}

#[tokio::test]
async fn what_a_power_cut_left_is_removed_and_a_damaged_log_of_copies_means_another_copy() {
    let (mut site, disk) = with_disk(None).await;
    change(&site).await;
    site.agent().copy_once().await.unwrap();
    let name = only(disk.path()).file_name().unwrap().to_str().unwrap().to_owned();
    std::fs::write(disk.path().join(format!("{name}.part")), "x").unwrap();
    std::fs::write(site.folder().join("backups/kuota.db.copying"), "x").unwrap();
    site.restart_after(|data_dir| std::fs::write(data_dir.join("copies.json"), "{\"card\":").unwrap()).await;
    site.agent().copies.use_disks(Disks { differ: |_, _| Ok(true), ..Disks::default() });
    site.pass(Duration::from_secs(5));
    site.agent().copy_once().await.unwrap();
    assert_eq!(files(disk.path()).len(), 2, "{:?}", files(disk.path()));
    only(&site.folder().join("backups"));
}

/// An object store that takes everything, and the names of what was put.
async fn object_store() -> (String, Arc<Mutex<Vec<String>>>) {
    let put: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&put);
    let take = move |method: Method, uri: Uri| async move {
        if method == Method::PUT {
            kept.lock().unwrap().push(uri.path().rsplit('/').next().unwrap().to_owned());
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take)).await });
    (base, put)
}

#[tokio::test]
async fn a_sale_is_sent_after_the_copy_at_the_next_turn_and_mere_usage_every_quarter_of_an_hour() {
    let (base, put) = object_store().await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "not-a-real-secret\n").unwrap();
    let (endpoint, secret_file) = (Some(base.parse().unwrap()), secret.path().to_owned());
    let place = |config: &mut Config| {
        config.backup.target = "s3://kuota/satu".parse().unwrap();
        config.backup.s3 =
            BackupS3 { endpoint, key_id: "NOTREAL".into(), secret_file, ..BackupS3::default() };
    };
    let site = SiteBuilder::new().config(place).start().await;
    let recipient = Identity::generate().unwrap().recipient().to_string();
    std::fs::write(site.folder().join(RECIPIENT_FILE), recipient).unwrap();
    site.add_online_customer(1, Bytes::gb(1)).await;
    site.agent().copy_once().await.unwrap();
    let sent = || put.lock().unwrap().len();
    assert_eq!(sent(), 1, "the copy");
    site.agent().tail_once().await.unwrap();
    assert_eq!(sent(), 1, "nothing changed since");

    let mut bytes = 0;
    let mut used = async |site: &TestSite| {
        bytes += 1000;
        site.sim.traffic(mac(1), bytes, 0);
        site.cycle().await.unwrap();
        site.engine(|engine| engine.flush().unwrap()).await;
    };
    used(&site).await;
    site.pass(Duration::from_mins(14));
    site.agent().tail_once().await.unwrap();
    assert_eq!(sent(), 1, "usage waits");
    site.pass(Duration::from_mins(1));
    site.agent().tail_once().await.unwrap();
    assert_eq!(sent(), 2, "a quarter of an hour");
    used(&site).await;
    site.agent().tail_once().await.unwrap();
    assert_eq!(sent(), 2);
    change(&site).await;
    site.agent().tail_once().await.unwrap();
    assert_eq!(sent(), 3, "a customer is sent at the next turn, with what was used until then");
    site.pass(Duration::from_hours(1));
    site.agent().tail_once().await.unwrap();
    let names = put.lock().unwrap().clone();
    let copy = &names[0];
    assert_eq!(names[1..], [format!("{copy}.tail-0001"), format!("{copy}.tail-0002")], "nothing waits");
}
