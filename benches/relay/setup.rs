//! Relays as they run, their database, and what is in it before.

use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::Path;
use axum::routing::get;
use axum::{Json, Router};
use data_encoding::HEXLOWER;
use kuota::domain::order::{OnlineMethod, OrderState};
use kuota::domain::payment::Standing;
use kuota::domain::units::{Rupiah, Timestamp};
use kuota::protocol::relay::{FeedEffect, PaymentMeans, credit_event};
use kuota::relay::store::postgres::{PostgresSettings, PostgresStore, ServerTls};
use kuota::relay::store::sqlite::SqliteStore;
use kuota::relay::store::{FeedEvent, NewNotification, OpenedOrder, RelayStore, StoredOrder, Updated};
use sha2::{Digest, Sha256, Sha512};
use tokio::task::JoinSet;

use crate::postgres::Database;
use crate::program::{ProgramFolder, RunningProgram};

pub const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
pub const SECRET: &str = "secret-of-the-address";
const AMOUNT_RP: u64 = 50_000;
/// What lies in the tables already came a while ago.
const BEFORE: Timestamp = Timestamp(1_780_000_000_000);
/// Orders written at the same time.
const WRITERS: usize = 64;

/// Where the relays keep what they know.
pub enum Place<'a> {
    File(PathBuf),
    Server(Database<'a>),
}

impl Place<'_> {
    pub async fn store(&self) -> Arc<dyn RelayStore> {
        match self {
            Self::File(path) => Arc::new(SqliteStore::open(path).unwrap()),
            Self::Server(database) => {
                let server = database.url().parse().unwrap();
                let settings = PostgresSettings { server, tls: ServerTls::Off, connections_max: 16 };
                Arc::new(PostgresStore::connect(&settings).await.unwrap())
            }
        }
    }

    fn url(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Server(database) => database.url(),
        }
    }

    fn run(&self, sql: &str) {
        match self {
            Self::File(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
            Self::Server(database) => drop(database.psql(sql)),
        }
    }

    /// Bytes and rows of each table with its indexes, where there are any.
    pub fn sizes(&self) -> Vec<(String, u64, u64)> {
        let tables = ["orders", "feed", "inbox"];
        match self {
            Self::File(path) => {
                let file = rusqlite::Connection::open(path).unwrap();
                let ask =
                    |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs();
                let rows = tables.map(|table| ask(&format!("SELECT count(*) FROM {table}")));
                let bytes = std::fs::metadata(path).unwrap().len();
                vec![(format!("whole file, {rows:?} rows of {tables:?}"), bytes, rows[0])]
            }
            Self::Server(database) => tables
                .map(|table| {
                    let ask = |sql: &str| database.psql(sql).trim().parse::<u64>().unwrap();
                    let bytes = ask(&format!("SELECT pg_total_relation_size('{table}')"));
                    (table.to_owned(), bytes, ask(&format!("SELECT count(*) FROM {table}")))
                })
                .into(),
        }
    }
}

pub fn token(site: usize) -> String {
    format!("token-of-site-{site}")
}

pub fn site(n: usize) -> String {
    format!("site-{n}")
}

/// The sites, by one statement for many: their operators add them over years.
pub fn add_sites(place: &Place<'_>, count: usize) {
    for chunk in (0..count).collect::<Vec<_>>().chunks(500) {
        let rows: Vec<String> = chunk
            .iter()
            .map(|n| {
                let hash = HEXLOWER.encode(&Sha256::digest(token(*n)));
                let hash = match place {
                    Place::File(_) => format!("x'{hash}'"),
                    Place::Server(_) => format!("'\\x{hash}'"),
                };
                format!("('{}', 'm1', {hash}, 'enabled', 0, 0)", site(*n))
            })
            .collect();
        let sql =
            "INSERT INTO site_entries (site, merchant, token_sha256, state, created_at, changed_at) VALUES";
        place.run(&format!("{sql} {}", rows.join(", ")));
    }
}

pub fn order(n: usize, sites: usize) -> StoredOrder {
    StoredOrder {
        id: format!("K1-{n}-x"),
        merchant: "m1".to_owned(),
        site: site(n % sites),
        request_id: format!("request-{n}"),
        request_hash: [7; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(AMOUNT_RP),
        items: Vec::new(),
        memo: None,
        return_url: None,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: BEFORE,
        expires_at: Timestamp(BEFORE.0 + 900_000),
        paid_at: None,
        asked: 0,
        ask_at: None,
        version: 0,
    }
}

/// Orders that wait to be paid, of so many sites.
pub async fn open_orders(store: &Arc<dyn RelayStore>, numbers: std::ops::Range<usize>, sites: usize) {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (store, numbers) = (Arc::clone(store), numbers.clone());
        writers.spawn(async move {
            for n in numbers.skip(writer).step_by(WRITERS) {
                let mut order = order(n, sites);
                order.standing.state = OrderState::Pending;
                assert!(matches!(store.open(&order).await.unwrap(), OpenedOrder::New));
            }
        });
    }
    writers.join_all().await;
}

/// Old orders of so many sites, paid and told, each copied from one that the store wrote itself; one in five has its
/// notification.
pub async fn grow(place: &Place<'_>, orders: usize, sites: usize) {
    let store = place.store().await;
    let mut pattern = StoredOrder { site: "pattern".to_owned(), ..order(usize::MAX, 1) };
    assert!(matches!(store.open(&pattern).await.unwrap(), OpenedOrder::New));
    (pattern.standing.state, pattern.standing.credited, pattern.paid_at) =
        (OrderState::Paid, true, Some(BEFORE));
    let credit =
        FeedEvent { event_id: credit_event(&pattern.id), effect: FeedEffect::Credit, amount: pattern.amount };
    assert_eq!(store.update(&pattern, &[credit], &[], BEFORE).await.unwrap(), Updated::Done);
    let body = notification(&pattern.id, 0);
    let kept =
        NewNotification { merchant: "m1".into(), order: pattern.id.clone(), body: body.into(), at: BEFORE };
    assert!(store.receive(&kept).await.unwrap());
    drop(store);
    let columns = "merchant, request_hash, method, amount_rp, items, memo, return_url, state, standing, means, abandoned, \
                   created_at, expires_at, paid_at, asked, ask_at, version";
    let numbers = match place {
        Place::File(_) => format!(
            "(WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {orders}) SELECT n FROM n) AS n"
        ),
        Place::Server(_) => format!("generate_series(0::bigint, {orders} - 1) AS n (n)"),
    };
    let copied = columns.replace("created_at", "created_at - n.n * 6000");
    let per_site = orders / sites;
    let feed = "effect, feed.state, flags, feed.amount_rp, refunded_rp, told_at - n.n * 6000, feed.paid_at";
    let (feed_order, feed_id, xid, hash) = match place {
        Place::File(_) => (
            "order_no",
            format!("(SELECT max(order_no) FROM orders) - {orders} + 1 + n.n"),
            String::new(),
            "CAST(substr('00000000000000000000000000000000' || n.n, -32) AS BLOB)",
        ),
        Place::Server(_) => (
            "order_id",
            "'old-' || n.n || '-x'".to_owned(),
            ", pg_current_xact_id()".to_owned(),
            "sha256(n.n::text::bytea)",
        ),
    };
    let xid_column = if xid.is_empty() { "" } else { ", changed_xid" };
    let notifications = match place {
        Place::File(_) => format!(
            "INSERT INTO inbox (merchant, order_id, hash, came_at, attempts, due_at, decided_at)
               SELECT merchant, 'old-' || n.n || '-x', {hash}, came_at, 1, due_at, came_at FROM {numbers}, inbox
               WHERE n.n % 5 = 0 AND order_id = '{id}';
             INSERT INTO bodies (inbox_no, body) SELECT new.inbox_no, bodies.body FROM inbox AS new, bodies
               JOIN inbox AS old USING (inbox_no) WHERE old.order_id = '{id}' AND new.order_id LIKE 'old-%'",
            id = pattern.id
        ),
        Place::Server(_) => format!(
            "INSERT INTO inbox (merchant, order_id, body, hash, came_at, attempts, due_at, decided_at)
               SELECT merchant, 'old-' || n.n || '-x', body, {hash}, came_at, 1, due_at, came_at FROM {numbers}, inbox
               WHERE n.n % 5 = 0 AND order_id = '{id}'",
            id = pattern.id
        ),
    };
    place.run(&format!(
        "INSERT INTO orders (site, id, request_id, {columns})
           SELECT 'site-' || (n.n % {sites}), 'old-' || n.n || '-x', 'old-' || n.n, {copied}
           FROM {numbers}, orders WHERE orders.id = '{id}' ORDER BY n.n;
         INSERT INTO feeds (site, last_seq{xid_column}) SELECT 'site-' || n.n, {per_site}{xid} FROM {numbers} WHERE n.n < {sites};
         INSERT INTO feed (site, seq, event_id, {feed_order}, effect, state, flags, amount_rp, refunded_rp, told_at, paid_at)
           SELECT 'site-' || (n.n % {sites}), n.n / {sites} + 1, 'order/old-' || n.n || '-x/credit', {feed_id}, {feed}
           FROM {numbers}, feed WHERE feed.site = 'pattern' ORDER BY n.n % {sites}, n.n;
         {notifications};",
        id = pattern.id,
    ));
    if let Place::Server(_) = place {
        place.run("VACUUM ANALYZE");
    }
}

/// A notification about an order, one of a kind.
pub fn notification(order: &str, one: usize) -> String {
    let amount = format!("{AMOUNT_RP}.00");
    let signed = Sha512::digest(format!("{order}200{amount}{KEY}"));
    let signature = HEXLOWER.encode(&signed);
    format!(
        "{{\"transaction_status\":\"settlement\",\"transaction_id\":\"t-{order}\",\"status_code\":\"200\",\
         \"order_id\":\"{order}\",\"merchant_id\":\"G000000001\",\"gross_amount\":\"{amount}\",\"currency\":\"IDR\",\
         \"fraud_status\":\"accept\",\"payment_type\":\"qris\",\"custom_field1\":\"{one}-{}\",\
         \"signature_key\":\"{signature}\"}}",
        "x".repeat(400)
    )
}

/// A gateway that has every order paid.
pub async fn gateway() -> String {
    async fn status(Path(order): Path<String>) -> Json<serde_json::Value> {
        Json(serde_json::from_str(&notification(&order, 0)).unwrap())
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = Router::new().route("/v2/{order}/status", get(status));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

/// A relay's process, and where it listens.
pub struct RelayProcess {
    pub process: RunningProgram,
    pub address: String,
    _folder: ProgramFolder,
}

pub fn start(place: &Place<'_>, gateway: &str) -> RelayProcess {
    let binary = env!("CARGO_BIN_EXE_kuota-relay");
    let folder = ProgramFolder::bare(tempfile::tempdir().unwrap(), binary, "relay.toml");
    std::fs::write(folder.path("m1.key"), KEY).unwrap();
    let config = format!(
        "listen = \"127.0.0.1:0\"\ndatabase = \"{}\"\npublic_url = \"https://relay.example\"\nconnections_max = 32000\n\
         encryption_key_file = \"{}\"\n[[merchant]]\nid = \"m1\"\nserver_key_file = \"{}\"\ncore_url = \"{gateway}\"\n",
        place.url(),
        folder.path("encryption.key").display(),
        folder.path("m1.key").display(),
    );
    std::fs::write(folder.path("relay.toml"), config).unwrap();
    let mut command = folder.command(&["run", "--log-format", "text"]);
    command.env("RUST_LOG", "warn,kuota::relay::run=info");
    let mut process = RunningProgram::start(command, &folder);
    process.logs("relay listens");
    let address = process.listens("relay listens").unwrap();
    RelayProcess { process, address, _folder: folder }
}
