use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::value::RawValue;
use tokio::task::spawn_blocking;

use super::*;
use crate::domain::instance::Instance;
use crate::domain::order::{Flag, OnlineMethod, OrderState};
use crate::domain::payment::Standing;
use crate::domain::role::Role;
use crate::domain::units::{Rupiah, Timestamp};
use crate::midtrans::GatewayEnvironment;
use crate::protocol::health::{HealthReport, ReportText};
use crate::protocol::relay::{FeedEffect, OrderItem, PaymentMeans, credit_event, reverse_event};
use crate::relay::store::directory::{MerchantEntry, SiteEntry, SiteState, StoredMerchant};
use crate::relay::store::encoding::storable;
use crate::relay::store::instance::{InstanceClaim, InstanceRecord};
use crate::relay::store::operators::{LogAuthor, OperatorChange, OperatorCodes, StoredOperator};
use crate::relay::store::postgres::tests::server::{self, Database};
use crate::relay::store::postgres::{ConnectError, PostgresStore, ServerTls};
use crate::relay::store::presence::{SiteReport, SiteSighting};
use crate::relay::store::sqlite::{OpenError, SqliteStore, verify_file};
use crate::relay::store::vault::{VaultEntry, VaultObject, VaultPut};
use crate::relay::store::{
    DirectoryChange, FeedEvent, NewNotification, OpenedOrder, RelayStore, StoredOrder, Updated,
};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
const DAY_MS: i64 = 24 * 3_600_000;

/// A folder for files and a database of its own.
struct Places {
    dir: tempfile::TempDir,
    database: Database<'static>,
}

impl Places {
    async fn new() -> Self {
        let database = spawn_blocking(server::database).await.unwrap();
        Self { dir: tempfile::tempdir().unwrap(), database }
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

    fn settings(&self) -> PostgresSettings {
        let server = self.database.url().parse().unwrap();
        PostgresSettings { server, tls: ServerTls::Off, connections_max: 4 }
    }

    async fn connect(&self) -> Result<PostgresStore, ConnectError> {
        PostgresStore::connect(&self.settings()).await
    }

    fn server(&self) -> MigrateEnd {
        MigrateEnd { name: self.database.url(), place: StorePlace::Server(Box::new(self.settings())) }
    }

    fn file(&self) -> MigrateEnd {
        file(&self.db())
    }

    async fn to_server(&self) -> Result<Migrated, MigrateError> {
        migrate(&self.file(), &self.server(), &mut |_| ()).await
    }

    async fn to_file(&self) -> Result<Migrated, MigrateError> {
        migrate(&self.server(), &self.file(), &mut |_| ()).await
    }

    /// Rows in all tables of the server but its name.
    fn rows_on_server(&self) -> u64 {
        let tables = TABLES.iter().filter(|table| table.name != "meta");
        let count = |table: &TableForm| {
            let count = self.database.psql(&format!("SELECT count(*) FROM {}", table.name));
            count.parse::<u64>().unwrap()
        };
        tables.map(count).sum()
    }
}

fn file(path: &Path) -> MigrateEnd {
    MigrateEnd { name: format!("sqlite:{}", path.display()), place: StorePlace::File(path.to_owned()) }
}

fn order(site: &str, n: u32) -> StoredOrder {
    // Every byte of it goes back to the site: spaces, escapes, a number's zeros, characters of four bytes.
    let memo = "{\"n\" :  1.50,\t\"\u{e9}\\u0000\":[\"\\ud83d\\ude00\", \"\u{1f9fe}\u{2028}\u{7f}\" ] }";
    StoredOrder {
        id: format!("K1-{site}-{n}-x"),
        merchant: "m1".to_owned(),
        site: site.to_owned(),
        request_id: format!("request-{n}"),
        request_hash: [u8::try_from(n).unwrap(); 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(50_000 + u64::from(n)),
        items: vec![OrderItem { name: "10 GB '\u{1f9fe}'".to_owned(), price_rp: 25_000, quantity: 2 }],
        memo: (!n.is_multiple_of(3)).then(|| RawValue::from_string(memo.to_owned()).unwrap()),
        return_url: (!n.is_multiple_of(2)).then(|| "http://10.5.50.1/pay?a=1".to_owned()),
        standing: Standing::created(),
        means: PaymentMeans { qr_string: Some("00020101".to_owned()), ..PaymentMeans::default() },
        abandoned: false,
        created_at: Timestamp(NOW.0 + i64::from(n)),
        expires_at: Timestamp(NOW.0 + 900_000),
        paid_at: None,
        asked: n,
        ask_at: Some(NOW),
        version: 0,
    }
}

fn event(event_id: String, effect: FeedEffect, amount: Rupiah) -> FeedEvent {
    FeedEvent { event_id, effect, amount }
}

fn notification(order: &str, body: &[u8], at: Timestamp) -> NewNotification {
    NewNotification { merchant: "m1".to_owned(), order: order.to_owned(), body: body.to_vec(), at }
}

async fn open(store: &dyn RelayStore, order: &StoredOrder) {
    assert!(matches!(store.open(order).await.unwrap(), OpenedOrder::New));
}

/// A merchant with two keys, and a site in each state.
fn directory() -> Vec<DirectoryChange> {
    let entry = MerchantEntry {
        id: "m3".to_owned(),
        environment: GatewayEnvironment::Production,
        account: None,
        fee_imposition: true,
        core_url: None,
        snap_url: Some("https://snap.example".to_owned()),
    };
    let merchant = StoredMerchant { entry, keys: vec![vec![0, 255], vec![7]], created_at: NOW };
    let mut changes = vec![DirectoryChange::AddMerchant(merchant)];
    for (n, state) in (1..).zip([SiteState::Enabled, SiteState::Disabled]) {
        changes.push(DirectoryChange::AddSite(SiteEntry {
            id: format!("place-{n}"),
            merchant: "m3".to_owned(),
            token_sha256: Some([n; 32]),
            state,
        }));
    }
    changes
}

/// One order in each state with what it told its site, for two sites; the oldest items of one feed were dropped.
async fn fill(store: &dyn RelayStore) {
    store.merchant_secret("m1", "secret-1").await.unwrap();
    store.learn_merchant_id("m2", "G0000").await.unwrap();
    for change in directory() {
        store.change_directory(&change, &LogAuthor::command(NOW)).await.unwrap().unwrap();
    }
    let remove = DirectoryChange::SetState { site: "place-2".to_owned(), state: SiteState::Removed };
    store.change_directory(&remove, &LogAuthor::command(Timestamp(NOW.0 + DAY_MS))).await.unwrap().unwrap();
    for site in ["site-1", "site-2"] {
        for (n, state) in (1..).zip(OrderState::ALL.iter().copied()) {
            let mut order = order(site, n);
            open(store, &order).await;
            order.standing.state = state;
            order.ask_at = None;
            let mut events = vec![event(
                format!("order/{}/status/1-{}", order.id, state.name()),
                FeedEffect::Status,
                order.amount,
            )];
            if matches!(state, OrderState::Paid | OrderState::Refunded) {
                order.standing.credited = true;
                order.standing.flags.insert(Flag::ChargeUnknown);
                order.paid_at = Some(NOW);
                events.push(event(credit_event(&order.id), FeedEffect::Credit, order.amount));
            }
            if state == OrderState::Refunded {
                order.standing.refunds.insert("k".to_owned(), order.amount);
                events.push(event(reverse_event(&order.id, "k/1"), FeedEffect::Reverse, order.amount));
            }
            assert_eq!(store.update(&order, &events, &[], NOW).await.unwrap(), Updated::Done);
        }
    }
    for (order, body) in [
        ("K1-site-1-2-x", &b"{\"a\": 1}"[..]),
        ("K1-site-1-3-x", &[0, 255, 254, 10, 13]),
        ("K1-site-2-3-x", b""),
        ("nobody's", b"stray"),
        ("nobody's\0", b"another stray"),
    ] {
        assert!(store.receive(&notification(order, body, NOW)).await.unwrap());
    }
    let waiting = store.inbox(NOW, 10).await.unwrap();
    store.postpone(waiting[1].no, Timestamp(NOW.0 + 5000)).await.unwrap();
    let young = Timestamp(NOW.0 + 10 * DAY_MS);
    let known = store.order("m1", "K1-site-1-2-x").await.unwrap().unwrap();
    assert_eq!(store.update(&known, &[], &[waiting[0].no], NOW).await.unwrap(), Updated::Done);
    store.abandon("site-1", "request-2", NOW).await.unwrap();
    assert!(store.abandon("site-2", "never came", NOW).await.unwrap().is_none());
    // The last notification is dropped: its number must not be given again.
    let late = order("site-2", 40);
    open(store, &late).await;
    assert!(store.receive(&notification("gone", b"gone", Timestamp(NOW.0 - DAY_MS))).await.unwrap());
    assert!(store.prune(Timestamp(NOW.0 - 1)).await.unwrap() > 0);
    // The first feed stays whole from its pending order on; the second has one more item that is young.
    let status = event(format!("order/{}/status/1-young", late.id), FeedEffect::Status, late.amount);
    assert_eq!(store.update(&late, &[status], &[], young).await.unwrap(), Updated::Done);
    for n in 1..=4 {
        let mut open = store.order("m1", &format!("K1-site-2-{n}-x")).await.unwrap().unwrap();
        if matches!(open.standing.state, OrderState::Created | OrderState::Pending | OrderState::Challenge) {
            open.standing.state = OrderState::Expired;
            assert_eq!(store.update(&open, &[], &[], NOW).await.unwrap(), Updated::Done);
        }
    }
    assert!(store.prune(Timestamp(NOW.0 + DAY_MS)).await.unwrap() > 0);
    let report = HealthReport { version: Some(ReportText::cut("1 \u{e9}\"")), ..HealthReport::default() };
    let report = Some(SiteReport { report, at: NOW, clock_ahead_ms: Some(-7) });
    let seen = |site: &str, report| SiteSighting {
        site: site.to_owned(),
        last_seen_at: NOW,
        report,
        feed_after: Some(9),
    };
    store.note_sightings(&[seen("site-1", report), seen("site-2", None)], NOW).await.unwrap();
    let content = vec![0, 0xff, b'\'', 7];
    let entry = VaultEntry {
        site: "site-1".into(),
        name: "copy-3".into(),
        seq: 1 << 41,
        bytes: 4,
        sha256: [9; 32],
        put_at: NOW,
    };
    assert_eq!(store.put_object(&VaultObject { entry, content }).await.unwrap(), VaultPut::Stored);
    store.set_recovery_token("site-1", &[8; 32], NOW).await.unwrap();
    let instance = Instance::new(3, 0xfe).unwrap();
    let record = InstanceRecord { instance, proof: [7; 32], claimed_at: NOW };
    assert_eq!(store.claim_instance("site-1", &record).await.unwrap(), InstanceClaim::Stored);
    assert_eq!(store.mark_silent(&["site-2".to_owned()], NOW).await.unwrap().len(), 1);
    let codes = OperatorCodes { secret: Some("A".to_owned()), pending: None, step: Some(7) };
    for (name, codes) in [("Budi", codes), ("ani", OperatorCodes::default())] {
        let (role, password_hash) = (Role::Operator, "$argon2id$".to_owned());
        let fresh = StoredOperator { name: name.to_owned(), role, password_hash, codes, created_at: NOW };
        store.change_operator(&OperatorChange::Add(fresh), &LogAuthor::command(NOW)).await.unwrap().unwrap();
    }
    store.check().await.unwrap();
}

/// What the second site is told first.
async fn page_of(store: &dyn RelayStore) -> String {
    let page = store.feed("site-2", 0, 3).await.unwrap();
    assert!(!page.0.is_empty() && page.0[0].seq > 1, "its beginning was dropped");
    format!("{page:?}")
}

/// Every row of every table of a file, as SQLite has it. Names of orders that others sent are shown as every database can
/// have them.
fn dump(path: &Path) -> Vec<(String, Vec<Value>)> {
    let conn = Connection::open(path).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let tables = conn.prepare(sql).unwrap();
    let tables: Vec<String> =
        { tables }.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(tables.len(), 20, "{tables:?}");
    let mut out = Vec::new();
    for table in tables {
        let mut statement = conn.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let count = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let mut values: Vec<Value> = (0..count).map(|i| row.get(i).unwrap()).collect();
            if table == "inbox"
                && let Value::Text(order) = &values[2]
            {
                values[2] = Value::Text(storable(order));
            }
            out.push((table.clone(), values));
        }
    }
    out.sort_by_key(|row| format!("{row:?}"));
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_goes_to_a_server_and_back_and_every_row_is_the_same() {
    let places = Places::new().await;
    let store = places.open();
    fill(&store).await;
    let (epoch, page) = (store.epoch().await.unwrap(), page_of(&store).await);
    drop(store);
    let before = dump(&places.db());
    for table in TABLES.iter().map(|table| table.name).chain(["bodies", "sqlite_sequence"]) {
        assert!(before.iter().any(|(name, _)| name == table), "{table} is empty");
    }
    let verified = verify_file(&places.db()).unwrap();

    let mut reports = Vec::new();
    let moved =
        migrate(&places.file(), &places.server(), &mut |progress| reports.push(progress)).await.unwrap();
    let kept = places.path("data/relay.db.moved");
    assert_eq!(
        (moved.epoch.as_str(), moved.was_whole, moved.kept),
        (epoch.as_str(), false, Some(kept.clone()))
    );
    let last = reports.iter().rfind(|report| report.table == "orders").unwrap();
    assert_eq!((last.rows, last.total, last.is_check), (27, 27, true));
    let orders = moved.tables.iter().find(|table| table.table == "orders").unwrap();
    assert_eq!((orders.rows, orders.amount_rp), (27, 27 * 50_000 + 2 * 91 + 40));
    let store = places.connect().await.unwrap();
    assert_eq!(store.epoch().await.unwrap(), epoch);
    assert_eq!(store.verify().await.unwrap(), verified);
    assert_eq!(page_of(&store).await, page, "the page begins after what was dropped");
    drop(store);

    let back = places.to_file().await.unwrap();
    assert_eq!((back.tables, back.kept), (moved.tables, None));
    assert_eq!(dump(&places.db()), before);
    assert!(kept.exists() && !places.path("data/relay.db.moving").exists());
    assert_eq!(verify_file(&places.db()).unwrap(), verified);
    assert_eq!(places.open().epoch().await.unwrap(), epoch);
}

/// What happens after a move, in whichever database.
async fn goes_on(store: &dyn RelayStore) {
    let (seen, last) = store.feed("site-1", 5, 100).await.unwrap();
    assert_eq!(seen.first().map(|item| item.seq), Some(6), "an agent goes on from its cursor");
    assert_eq!(seen.last().map(|item| item.seq), Some(last));
    let old = store.order("m1", "K1-site-2-8-x").await.unwrap().unwrap();
    let again = [event(credit_event(&old.id), FeedEffect::Credit, old.amount)];
    let (_, before) = store.feed("site-2", 0, 1).await.unwrap();
    assert_eq!(store.update(&old, &again, &[], NOW).await.unwrap(), Updated::Done);
    assert_eq!(store.feed("site-2", 0, 1).await.unwrap().1, before, "a name that was told is not told again");
    assert!(!store.receive(&notification("K1-site-1-3-x", &[0, 255, 254, 10, 13], NOW)).await.unwrap());

    let fresh = order("site-1", 50);
    open(store, &fresh).await;
    assert!(matches!(
        store.open(&StoredOrder { id: "other".to_owned(), ..order("site-2", 3) }).await.unwrap(),
        OpenedOrder::Known(_)
    ));
    let lost = StoredOrder { request_id: "never came".to_owned(), ..order("site-2", 51) };
    assert!(matches!(store.open(&lost).await.unwrap(), OpenedOrder::Abandoned));
    let status = event(format!("order/{}/status/1", fresh.id), FeedEffect::Status, fresh.amount);
    assert_eq!(store.update(&fresh, &[status], &[], NOW).await.unwrap(), Updated::Done);
    let (items, newest) = store.feed("site-1", last, 10).await.unwrap();
    assert_eq!((items.len(), items[0].seq, newest), (1, last + 1, last + 1));
    assert!(store.receive(&notification(&fresh.id, b"new", NOW)).await.unwrap());
    let inbox = store.inbox(NOW, 100).await.unwrap();
    assert!(inbox.last().unwrap().no > 6, "no number is given twice");
    let secret = store.merchant_secret("m1", "another").await.unwrap();
    assert_eq!(secret, "secret-1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_goes_on_where_it_was_in_either_database() {
    let places = Places::new().await;
    fill(&places.open()).await;
    places.to_server().await.unwrap();
    let copy = Places::new().await;
    std::fs::create_dir(copy.path("data")).unwrap();
    places.to_file().await.unwrap();
    std::fs::copy(places.db(), copy.db()).unwrap();
    goes_on(&places.open()).await;
    copy.to_server().await.unwrap();
    let store = copy.connect().await.unwrap();
    goes_on(&store).await;
    let verified = store.verify().await.unwrap();
    assert_eq!(verify_file(&places.db()).unwrap(), verified);
    assert_eq!(verified.orders, 28);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_store_is_refused_by_whatever_name() {
    let places = Places::new().await;
    fill(&places.open()).await;
    places.to_server().await.unwrap();
    let kept = places.path("data/relay.db.moved");
    let refused = SqliteStore::open(&places.db()).err().unwrap();
    assert!(matches!(refused, OpenError::MovedAway { .. }), "{refused}");
    assert!(matches!(SqliteStore::open_beside(&places.db()).err(), Some(OpenError::MovedAway { .. })));
    let refused = SqliteStore::open(&kept).err().unwrap().to_string();
    assert!(refused.contains(&places.database.name) && refused.contains("moved_to"), "{refused}");
    assert!(!places.db().exists(), "no empty store begins there");
    assert!(verify_file(&kept).is_ok(), "it can be looked at");

    let running = places.connect().await.unwrap();
    running.epoch().await.unwrap();
    let refused = places.to_file().await.unwrap_err();
    assert!(matches!(refused, MigrateError::InUse { .. }), "{refused}");
    drop(running);
    places.to_file().await.unwrap();
    let refused = places.connect().await.err().unwrap();
    assert!(matches!(&refused, ConnectError::Moved { to } if to.contains("relay.db")), "{refused}");
    let refused = places.to_file().await.unwrap_err();
    assert!(matches!(refused, MigrateError::Connect(ConnectError::Moved { .. })), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_nothing_in_use_is_moved() {
    let places = Places::new().await;
    let missing = places.to_server().await.unwrap_err();
    assert!(matches!(missing, MigrateError::Open(OpenError::Missing(_))), "{missing}");
    let missing = places.to_file().await.unwrap_err();
    assert!(matches!(missing, MigrateError::NoStore(_)), "{missing}");
    assert!(!places.db().exists());
    let same = migrate(&places.file(), &file(&places.path("x.db")), &mut |_| ()).await.unwrap_err();
    assert!(matches!(same, MigrateError::SameKind), "{same}");

    let store = places.open();
    fill(&store).await;
    let in_use = places.to_server().await.unwrap_err();
    assert!(matches!(in_use, MigrateError::Open(OpenError::InUse(_))), "{in_use}");
    drop(store);
    let before = dump(&places.db());

    // A relay that only started left a name, and one that learned a merchant's secret more than that.
    let store = places.connect().await.unwrap();
    store.check().await.unwrap();
    let in_use = places.to_server().await.unwrap_err();
    assert!(matches!(in_use, MigrateError::InUse { .. }), "{in_use}");
    store.merchant_secret("m1", "another secret").await.unwrap();
    drop(store);
    let found = places.to_server().await.unwrap_err();
    assert!(found.to_string().contains("merchants has 1 rows"), "{found}");
    let found = places.to_file().await.unwrap_err();
    assert!(matches!(found, MigrateError::NotEmpty { .. }), "{found}");
    assert_eq!(dump(&places.db()), before);
    places.database.psql("DELETE FROM merchants");
    places.to_server().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_differs_in_a_rupiah_or_a_byte_is_refused() {
    let places = Places::new().await;
    fill(&places.open()).await;
    let before = dump(&places.db());
    drop(places.connect().await.unwrap());
    places.database.psql(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.amount_rp := NEW.amount_rp + 1; RETURN NEW; END $$;
         CREATE TRIGGER spoil BEFORE INSERT ON feed FOR EACH ROW WHEN (NEW.effect = 'credit') EXECUTE FUNCTION spoil()",
    );
    let refused = places.to_server().await.unwrap_err().to_string();
    assert!(refused.contains("feed was not copied faithfully: the sum of amounts"), "{refused}");
    places.database.psql(
        "CREATE OR REPLACE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
           $$ BEGIN NEW.told_at := NEW.told_at + 1; RETURN NEW; END $$",
    );
    let refused = places.to_server().await.unwrap_err().to_string();
    assert!(refused.contains("feed was not copied faithfully: the hash of the rows"), "{refused}");
    assert_eq!(places.rows_on_server(), 0, "it is as empty as before");
    assert_eq!(dump(&places.db()), before);

    places.database.psql("DROP TRIGGER spoil ON feed");
    places.to_server().await.unwrap();
    // A store that does not add up is not moved either.
    places.database.psql("DELETE FROM feed WHERE effect = 'credit' AND site = 'site-1'");
    let refused = places.to_file().await.unwrap_err();
    assert!(matches!(refused, MigrateError::Broken { .. }), "{refused}");
    assert!(!places.db().exists() && !places.path("data/relay.db.moving").exists());
    assert!(places.connect().await.is_ok(), "the old store is not marked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_move_that_ended_before_its_mark_is_finished_by_another() {
    let places = Places::new().await;
    fill(&places.open()).await;
    places.to_server().await.unwrap();
    let unmark = || {
        std::fs::rename(places.path("data/relay.db.moved"), places.db()).unwrap();
        let conn = Connection::open(places.db()).unwrap();
        conn.execute("DELETE FROM meta WHERE key = 'moved_to'", []).unwrap();
    };
    unmark();
    let again = places.to_server().await.unwrap();
    assert!(again.was_whole && again.kept.is_some() && !places.db().exists());
    // Work went on there: the file is older, and nothing of it may replace anything.
    unmark();
    let store = places.connect().await.unwrap();
    open(&store, &order("site-1", 60)).await;
    drop(store);
    let refused = places.to_server().await.unwrap_err();
    assert!(matches!(refused, MigrateError::NotEmpty { .. }), "{refused}");
    std::fs::remove_file(places.db()).unwrap();

    places.to_file().await.unwrap();
    places.database.psql("DELETE FROM meta WHERE key = 'moved_to'");
    assert!(places.to_file().await.unwrap().was_whole);
    assert!(matches!(places.connect().await.err(), Some(ConnectError::Moved { .. })));
    assert_eq!(verify_file(&places.db()).unwrap().orders, 28);
}
