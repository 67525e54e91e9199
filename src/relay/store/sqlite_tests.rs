use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rusqlite::Connection;

use super::backup::{RelayBackupError, back_up, restore};
use super::open::beside;
use super::*;
use crate::domain::order::OnlineMethod;
use crate::domain::payment::Standing;
use crate::domain::units::Rupiah;
use crate::protocol::relay::{FeedEffect, PaymentMeans, credit_event};
use crate::relay::store::conformance::{Fresh, conforms};
use crate::relay::store::{RelayStoreError, RelayVerified};

async fn fresh() -> Fresh {
    let dir = tempfile::tempdir().unwrap();
    let store: Arc<dyn RelayStore> = Arc::new(SqliteStore::open(&dir.path().join("relay.db")).unwrap());
    Fresh { other: Arc::clone(&store), store, keep: Box::new(dir) }
}

conforms!(fresh);

const NOW: Timestamp = Timestamp(1_790_000_000_000);

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn db(&self) -> PathBuf {
        self.path("data/relay.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.db()).unwrap()
    }

    /// Spoils the closed store.
    fn spoil(&self, sql: &str) {
        let conn = Connection::open(self.db()).unwrap();
        conn.pragma_update(None, "ignore_check_constraints", "ON").unwrap();
        conn.execute_batch(sql).unwrap();
    }
}

fn order(n: u32) -> StoredOrder {
    StoredOrder {
        id: format!("K1-{n}-x"),
        merchant: "m1".to_owned(),
        site: "site-1".to_owned(),
        request_id: format!("request-{n}"),
        request_hash: [7; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(50_000),
        items: Vec::new(),
        memo: None,
        return_url: None,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: NOW,
        expires_at: Timestamp(NOW.0 + 900_000),
        paid_at: None,
        asked: 0,
        ask_at: None,
        version: 0,
    }
}

/// Two orders, one of them paid and credited, and a notification.
async fn fill(store: &SqliteStore) {
    for n in 1..=2 {
        assert!(matches!(store.open(&order(n)).await.unwrap(), OpenedOrder::New));
    }
    let body =
        NewNotification { merchant: "m1".to_owned(), order: order(1).id, body: b"{}".to_vec(), at: NOW };
    assert!(store.receive(&body).await.unwrap());
    let mut paid = order(1);
    (paid.standing.state, paid.standing.credited) = (OrderState::Paid, true);
    let event =
        FeedEvent { event_id: credit_event(&paid.id), effect: FeedEffect::Credit, amount: paid.amount };
    assert_eq!(store.update(&paid, &[event], &[], NOW).await.unwrap(), Updated::Done);
}

const FILLED: RelayVerified = RelayVerified { orders: 2, credited: 1, feed_items: 1, notifications: 1 };

#[tokio::test]
async fn folder_and_file_are_their_owners_only() {
    let place = Place::new();
    let store = place.open();
    fill(&store).await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path("data")), 0o700);
    for end in ["", "-wal", "-shm", ".lock", ".open"] {
        assert_eq!(mode(&beside(&place.db(), end)), 0o600, "{end}");
    }
}

#[tokio::test]
async fn there_is_one_relay_and_commands_beside_it() {
    let place = Place::new();
    assert!(matches!(SqliteStore::open_beside(&place.db()), Err(OpenError::Missing(_))));
    let relay = place.open();
    let error = SqliteStore::open(&place.db()).err().unwrap().to_string();
    assert!(error.contains("in use") && error.contains("relay.db"), "{error}");
    let command = SqliteStore::open_beside(&place.db()).unwrap();
    assert!(command.is_beside_relay());
    fill(&relay).await;
    assert_eq!(command.ask_all(NOW).await.unwrap(), 2, "a command writes beside the relay");
    assert_eq!(relay.due(NOW, 10).await.unwrap().len(), 2);
    drop(relay);
    assert!(!SqliteStore::open_beside(&place.db()).unwrap().is_beside_relay());
    place.open();
}

#[tokio::test]
async fn what_was_answered_is_there_when_opened_again() {
    let place = Place::new();
    let store = place.open();
    fill(&store).await;
    let epoch = store.epoch().await.unwrap();
    drop(store);
    let again = place.open();
    assert_eq!(again.epoch().await.unwrap(), epoch);
    assert_eq!(again.feed("site-1", 0, 10).await.unwrap().0.len(), 1);
    assert_eq!(verify_file(&place.db()).unwrap(), FILLED);
    assert_ne!(Place::new().open().epoch().await.unwrap(), epoch);
}

#[tokio::test]
async fn many_changes_at_once_share_flushes_and_each_has_its_own_fate() {
    let place = Place::new();
    let store = Arc::new(place.open());
    let mut changes = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = Arc::clone(&store);
        changes.spawn(async move {
            if n % 10 == 3 {
                // A row that the schema refuses, in the middle of others.
                let spoilt = StoredOrder { id: String::new(), ..order(n) };
                matches!(store.open(&spoilt).await, Err(RelayStoreError::Nonsense(_)))
            } else {
                matches!(store.open(&order(n)).await, Ok(OpenedOrder::New))
            }
        });
    }
    assert!(changes.join_all().await.into_iter().all(|as_expected| as_expected));
    assert_eq!(store.failed(), None);
    assert_eq!(verify_file(&place.db()).unwrap().orders, 180);
}

#[tokio::test]
async fn after_an_io_error_nothing_is_done_any_more() {
    let place = Place::new();
    let store = place.open();
    fill(&store).await;
    let io =
        || rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR_FSYNC), None);
    let failed = store.writer.change::<(), _>(move |_| Err(io().into())).await;
    assert!(matches!(failed, Err(RelayStoreError::Unavailable(_))), "{failed:?}");
    let why = store.failure().await;
    assert_eq!(store.failed().as_deref(), Some(why.as_str()));
    assert!(why.contains("disk I/O error"), "{why}");
    assert!(matches!(store.check().await, Err(RelayStoreError::Unavailable(again)) if again == why));
    assert!(matches!(store.epoch().await, Err(RelayStoreError::Unavailable(_))), "reading ends too");
    drop(store);
    place.open().check().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_is_told_and_ends_nothing() {
    let place = Place::new();
    let store = place.open();
    fill(&store).await;
    let pages = |n: i64| {
        move |desk: &mut writer::WriteContext<'_>| {
            desk.tx.pragma_update_and_check(None, "max_page_count", n, |_| Ok(()))?;
            Ok(())
        }
    };
    store.writer.change(pages(1)).await.unwrap();
    let big =
        NewNotification { merchant: "m1".to_owned(), order: "x".to_owned(), body: vec![0; 1 << 20], at: NOW };
    let error = store.receive(&big).await.unwrap_err();
    assert!(matches!(&error, RelayStoreError::Unavailable(why) if why.contains("full")), "{error}");
    assert_eq!(store.failed(), None);
    store.writer.change(pages(1_000_000)).await.unwrap();
    assert!(store.receive(&big).await.unwrap());
    assert_eq!(verify_file(&place.db()).unwrap().notifications, 2);
}

#[tokio::test]
async fn a_writer_that_breaks_down_says_so() {
    let place = Place::new();
    let store = place.open();
    let broke = store.writer.change::<(), _>(|_| panic!("on purpose")).await;
    assert!(matches!(broke, Err(RelayStoreError::Unavailable(_))));
    assert!(store.failure().await.contains("broke down"));
    assert!(store.check().await.is_err() && store.counts().await.is_err());
}

#[tokio::test]
async fn nonsense_in_a_row_is_told_and_ends_nothing() {
    let place = Place::new();
    fill(&place.open()).await;
    place.spoil("UPDATE orders SET method = 'shells' WHERE id = 'K1-2-x'");
    let store = place.open();
    let error = store.order("m1", "K1-2-x").await.unwrap_err();
    assert!(
        matches!(&error, RelayStoreError::Nonsense(what) if what.contains("K1-2-x") && what.contains("shells"))
    );
    assert!(store.order("m1", "K1-1-x").await.unwrap().is_some());
    assert_eq!(store.failed(), None);
}

#[tokio::test]
async fn a_log_without_its_file_is_not_thrown_away() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).unwrap();
    std::fs::write(beside(&place.db(), "-wal"), "log").unwrap();
    assert!(matches!(SqliteStore::open(&place.db()), Err(OpenError::Emptied(_))));
    assert!(beside(&place.db(), "-wal").exists());
}

#[tokio::test]
async fn verification_finds_what_was_changed() {
    let rows = [
        ("UPDATE orders SET standing = '{}' WHERE id = 'K1-1-x'", "order K1-1-x: standing cannot be read"),
        ("UPDATE orders SET state = 'pending' WHERE id = 'K1-1-x'", "order K1-1-x: its standing says paid"),
        ("UPDATE orders SET memo = '{\"a\"' WHERE id = 'K1-2-x'", "order K1-2-x: memo cannot be read"),
        ("DELETE FROM feed", "credited is true, but 0 events say so"),
        ("UPDATE feed SET effect = 'status'", "credited is true, but 0 events say so"),
        ("INSERT INTO told VALUES ('order/K1-2-x/credit')", "credited is false, but 1 events say so"),
        ("INSERT INTO told VALUES ('order/K1-1-x/credit')", "credited is true, but 2 events say so"),
        ("UPDATE feeds SET last_seq = 2", "1 items of 0 to 2, not 2"),
        ("UPDATE feed SET seq = 2", "the feed of site-1 has 1 items of 0 to 1"),
        ("DELETE FROM feeds", "1 items of 0 to 0, not 0"),
        ("UPDATE feed SET site = 'site-2'; UPDATE feeds SET site = 'site-2'", "item 1 of the feed of site-2"),
        ("UPDATE bodies SET body = x'00'", "notification 1 was changed"),
        ("DELETE FROM meta WHERE key = 'epoch'", "no epoch"),
        ("DELETE FROM orders WHERE id = 'K1-1-x'", "belongs to nothing"),
    ];
    for (sql, expected) in rows {
        let place = Place::new();
        fill(&place.open()).await;
        place.spoil(&format!("PRAGMA foreign_keys = OFF; {sql}"));
        let error = verify_file(&place.db()).expect_err(sql).to_string();
        assert!(error.contains(expected), "{sql}\n  gave: {error}");
    }
}

#[tokio::test]
async fn a_copy_made_beside_a_relay_brings_everything_back_under_another_name() {
    let place = Place::new();
    let store = place.open();
    fill(&store).await;
    store.merchant_secret("m1", "secret").await.unwrap();
    let epoch = store.epoch().await.unwrap();
    let copy = place.path("copy.db");
    let mut told = 0;
    assert_eq!(back_up(&place.db(), &copy, &mut |progress| told = progress.done).unwrap(), FILLED);
    assert!(told > 0 && told == std::fs::metadata(&copy).unwrap().len());
    let mut lost = order(3);
    lost.ask_at = Some(NOW);
    store.open(&lost).await.unwrap();

    let refused = restore(&place.db(), &copy, "s", NOW, &mut |_| {}).unwrap_err();
    assert!(matches!(refused, RelayBackupError::Open(OpenError::InUse(_))), "{refused}");
    drop(store);
    let restored = restore(&place.db(), &copy, "s", NOW, &mut |_| {}).unwrap();
    assert_eq!((restored.verified, restored.asked), (FILLED, 2));
    let replaced = restored.replaced.unwrap();
    assert_eq!(verify_file(&replaced).unwrap().orders, 3);

    let store = place.open();
    assert_ne!(store.epoch().await.unwrap(), epoch);
    assert_eq!(store.merchant_secret("m1", "other").await.unwrap(), "secret");
    assert_eq!(store.feed("site-1", 0, 10).await.unwrap().0.len(), 1);
    assert_eq!(store.due(NOW, 10).await.unwrap().len(), 2);
    assert!(store.order("m1", &lost.id).await.unwrap().is_none());
    let mode = std::fs::metadata(place.db()).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
}

#[tokio::test]
async fn a_copy_is_put_where_there_was_no_store() {
    let place = Place::new();
    fill(&place.open()).await;
    let copy = place.path("copy.db");
    back_up(&place.db(), &copy, &mut |_| {}).unwrap();
    let there = place.path("elsewhere/deep/relay.db");
    let restored = restore(&there, &copy, "s", NOW, &mut |_| {}).unwrap();
    assert_eq!((restored.verified, restored.replaced), (FILLED, None));
    assert_eq!(SqliteStore::open(&there).unwrap().due(NOW, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_bad_copy_changes_nothing() {
    let place = Place::new();
    fill(&place.open()).await;
    let copy = place.path("copy.db");
    back_up(&place.db(), &copy, &mut |_| {}).unwrap();
    let good = std::fs::read(&copy).unwrap();
    let other_program = place.path("other.db");
    Connection::open(&other_program)
        .unwrap()
        .execute_batch("CREATE TABLE meta (a); PRAGMA user_version = 1")
        .unwrap();
    let newer = place.path("newer.db");
    std::fs::write(&newer, &good).unwrap();
    Connection::open(&newer).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    let spoilt = place.path("spoilt.db");
    std::fs::write(&spoilt, &good).unwrap();
    Connection::open(&spoilt).unwrap().execute_batch("DELETE FROM feed").unwrap();
    let files = [
        (place.path("nowhere.db"), "No such file"),
        (place.path("data"), "directory"),
        (other_program, "something else"),
        (newer, "later version"),
        (spoilt, "0 events say so"),
        (place.db(), "the store itself"),
    ];
    for (name, bytes) in
        [("empty.db", &[][..]), ("text.db", &b"rahasia rahasia!"[..]), ("cut.db", &good[..8192])]
    {
        std::fs::write(place.path(name), bytes).unwrap();
    }
    let bytes = [("empty.db", "empty"), ("text.db", "no SQLite file"), ("cut.db", "malformed")];
    for (file, why) in files.into_iter().chain(bytes.map(|(name, why)| (place.path(name), why))) {
        let error = restore(&place.db(), &file, "s", NOW, &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(why), "{}: {error}", file.display());
        assert_eq!(verify_file(&place.db()).unwrap(), FILLED);
    }
    let left: Vec<_> =
        std::fs::read_dir(place.path("data")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("restoring")), "{left:?}");
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("replaced")), "{left:?}");
}

#[tokio::test]
async fn a_copy_never_takes_the_place_of_the_store() {
    let place = Place::new();
    let _store = place.open();
    for end in ["", "-wal", ".lock"] {
        let error = back_up(&place.db(), &beside(&place.db(), end), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains("belongs to the store itself"), "{error}");
    }
    let error = back_up(&place.db(), &place.path("data"), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("name a file"), "{error}");
    let error = back_up(&place.path("none.db"), &place.path("copy.db"), &mut |_| {}).unwrap_err().to_string();
    assert!(error.contains("there is no store"), "{error}");
}

#[tokio::test]
async fn one_merchant_with_much_to_do_leaves_room_for_the_others() {
    let place = Place::new();
    let store = place.open();
    let of = |merchant: &str, n: u32| StoredOrder {
        merchant: merchant.to_owned(),
        site: format!("site-of-{merchant}"),
        ask_at: Some(NOW),
        ..order(n)
    };
    for row in (1..=5).map(|n| of("m1", n)).chain([of("m2", 6)]) {
        assert!(matches!(store.open(&row).await.unwrap(), OpenedOrder::New));
        let body = NewNotification {
            merchant: row.merchant.clone(),
            order: row.id.clone(),
            body: row.id.into_bytes(),
            at: NOW,
        };
        assert!(store.receive(&body).await.unwrap());
    }
    let due: Vec<String> = store.due(NOW, 2).await.unwrap().into_iter().map(|order| order.merchant).collect();
    let waiting: Vec<String> =
        store.inbox(NOW, 2).await.unwrap().into_iter().map(|row| row.merchant).collect();
    assert_eq!(
        (due, waiting),
        (vec!["m1".into(), "m1".into(), "m2".into()], vec!["m1".into(), "m1".into(), "m2".into()])
    );
}

#[tokio::test]
async fn a_store_of_the_schema_before_is_brought_up_with_its_notifications() {
    let place = Place::new();
    std::fs::create_dir_all(place.path("data")).unwrap();
    let old = Connection::open(place.db()).unwrap();
    old.execute_batch(include_str!("schema/0001_relay.sql")).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.execute("INSERT INTO meta (key, value) VALUES ('epoch', 'e')", []).unwrap();
    let sql = "INSERT INTO inbox (merchant, order_id, body, hash, came_at, due_at, decided_at)
               VALUES ('m1', 'k', ?1, ?2, 1, 1, ?3)";
    for (body, decided) in [(&b"{\"a\":1}"[..], None), (b"{}", Some(2))] {
        let hash = crate::relay::store::encoding::body_hash("m1", body);
        old.execute(sql, rusqlite::params![body, hash, decided]).unwrap();
    }
    let sql = "INSERT INTO orders (order_no, id, merchant, site, request_id, request_hash, method, amount_rp, items,
                 state, standing, means, abandoned, created_at, expires_at, asked, version)
               VALUES (7, 'order', 'm1', 's', 'r', zeroblob(32), 'qris', 1, '[]', 'pending', '{}', '{}', 0, 1, 2, 0, 0)";
    old.execute(sql, []).unwrap();
    let sql = "INSERT INTO feed (site, seq, event_id, order_no, effect, state, flags, amount_rp, refunded_rp, told_at)
               VALUES ('s', 1, 'e', 7, 'status', 'pending', '[]', 1, 0, 1)";
    old.execute(sql, []).unwrap();
    drop(old);
    let store = place.open();
    let links = Connection::open(place.db()).unwrap();
    let told = "SELECT orders.id FROM feed JOIN orders USING (order_no) WHERE orders.memo IS NULL";
    assert_eq!(links.query_row(told, [], |row| row.get::<_, String>(0)).unwrap(), "order");
    let indexes =
        "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name LIKE 'orders\\_%' ESCAPE '\\'";
    assert_eq!(links.query_row(indexes, [], |row| row.get::<_, i64>(0)).unwrap(), 3);
    // The row is no whole order, and the proof below would say so.
    links.execute_batch("DELETE FROM feed; DELETE FROM orders;").unwrap();
    drop(links);
    let waiting = store.inbox(NOW, 10).await.unwrap();
    assert_eq!(waiting.iter().map(|row| row.body.as_slice()).collect::<Vec<_>>(), [b"{\"a\":1}"]);
    assert_eq!(verify_file(&place.db()).unwrap().notifications, 2);
    assert_eq!(store.epoch().await.unwrap(), "e");
}

#[tokio::test]
async fn a_report_that_cannot_be_read_hides_no_site() {
    let place = Place::new();
    drop(place.open());
    place.spoil(
        "INSERT INTO site_presence (site, last_seen_at, report, report_at) VALUES ('a', 5, '{\"version\": 7}', 5)",
    );
    let found = place.open().presences(&["a".to_owned()]).await.unwrap();
    assert_eq!((found[0].seen.last_seen_at, found[0].report.as_ref()), (Timestamp(5), None));
    verify_file(&place.db()).unwrap();
}

#[test]
fn sums_of_a_day_are_read_from_the_index_of_money_alone() {
    let place = Place::new();
    drop(place.open());
    let conn = Connection::open(place.db()).unwrap();
    let plan = |sql: &str| -> Vec<String> {
        let mut statement = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        statement.raw_bind_parameter(1, 1).unwrap();
        let mut rows = statement.raw_query();
        let mut steps = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            steps.push(row.get("detail").unwrap());
        }
        steps
    };
    let steps = plan(&super::overview::income_sql()).join("; ");
    assert!(steps.contains("USING COVERING INDEX feed_money (told_at>? AND told_at<?)"), "{steps}");
    let steps = plan(&super::overview::money_of_sites_sql()).join("; ");
    assert!(steps.contains("USING COVERING INDEX feed_money (told_at>?"), "{steps}");
    let steps = plan(super::overview::ORDERS_OF_SITE).join("; ");
    assert!(
        steps.contains("orders_of_site (site=? AND created_at<?)") && !steps.contains("B-TREE"),
        "{steps}"
    );
}
