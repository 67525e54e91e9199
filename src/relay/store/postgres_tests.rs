#[path = "../../../tests/support/postgres.rs"]
pub(in crate::relay::store) mod server;

use server::{Database, Server};
use tokio::task::{JoinSet, spawn_blocking};
use tokio_postgres::error::SqlState;

use super::errors::ServerCause;
use super::*;
use crate::domain::order::OnlineMethod;
use crate::domain::payment::Standing;
use crate::domain::units::Rupiah;
use crate::protocol::relay::{FeedEffect, PaymentMeans, credit_event};
use crate::relay::store::conformance::{Fresh, conforms};

const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// Generous: the machine may be busy with other tests.
const DEADLINE: Duration = Duration::from_mins(2);

/// As a relay process would open the database at this address.
async fn connect(url: &str) -> Result<PostgresStore, ConnectError> {
    with_tls(url, ServerTls::Off).await
}

async fn with_tls(url: &str, tls: ServerTls) -> Result<PostgresStore, ConnectError> {
    let server = url.parse().unwrap();
    PostgresStore::connect(&PostgresSettings { server, tls, connections_max: 4 }).await
}

async fn opened(database: &Database<'_>) -> PostgresStore {
    connect(&database.url()).await.unwrap()
}

async fn database() -> Database<'static> {
    spawn_blocking(server::database).await.unwrap()
}

async fn fresh() -> Fresh {
    let database = database().await;
    let (store, other) = tokio::join!(opened(&database), opened(&database));
    Fresh { store: Arc::new(store), other: Arc::new(other), keep: Box::new(()) }
}

conforms!(fresh);

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

fn notification(order: &str, body: &str) -> NewNotification {
    NewNotification { merchant: "m1".to_owned(), order: order.to_owned(), body: body.into(), at: NOW }
}

/// Two orders, one of them paid and credited, and a notification.
async fn fill(store: &PostgresStore) {
    for n in 1..=2 {
        assert!(matches!(store.open(&order(n)).await.unwrap(), OpenedOrder::New));
    }
    assert!(store.receive(&notification(&order(1).id, "{}")).await.unwrap());
    let mut paid = order(1);
    (paid.standing.state, paid.standing.credited) = (OrderState::Paid, true);
    let event =
        FeedEvent { event_id: credit_event(&paid.id), effect: FeedEffect::Credit, amount: paid.amount };
    assert_eq!(store.update(&paid, &[event], &[], NOW).await.unwrap(), Updated::Done);
}

const FILLED: RelayVerified = RelayVerified { orders: 2, credited: 1, feed_items: 1, notifications: 1 };

/// Tries until it works; how often it did not.
async fn until_it_works<T>(work: impl AsyncFn() -> Result<T, RelayStoreError>) -> (T, u32) {
    let (end, mut failed) = (Instant::now() + DEADLINE, 0);
    loop {
        match work().await {
            Ok(value) => return (value, failed),
            Err(RelayStoreError::Unavailable(why)) => assert!(Instant::now() < end, "{why}"),
            Err(error) => panic!("{error}"),
        }
        failed += 1;
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_crashes_loses_nothing_and_everybody_recovers() {
    let mut server = spawn_blocking(Server::start).await.unwrap();
    let url = server.database().url();
    let (store, other) = (connect(&url).await.unwrap(), connect(&url).await.unwrap());
    fill(&store).await;
    let epoch = store.epoch().await.unwrap();
    for round in 3..=5 {
        server = spawn_blocking(move || {
            server.crash();
            server
        })
        .await
        .unwrap();
        let refused = store.open(&order(round)).await.unwrap_err();
        assert!(matches!(refused, RelayStoreError::Unavailable(_)), "{refused}");
        let outage = store.outage().unwrap();
        assert!(outage.why.contains("does not answer"), "{}", outage.why);
        assert!(store.check().await.is_err() && store.failed().is_none());
        server = spawn_blocking(move || {
            server.run();
            server
        })
        .await
        .unwrap();
        let (answer, _) = until_it_works(async || store.open(&order(round)).await).await;
        assert!(matches!(answer, OpenedOrder::New));
        until_it_works(async || other.check().await).await;
        assert_eq!(store.outage(), None);
    }
    assert_eq!(other.epoch().await.unwrap(), epoch);
    assert_eq!(store.verify().await.unwrap(), RelayVerified { orders: 5, ..FILLED });
    // News and leases come back by themselves, too.
    let fed = other.fed("site-1");
    let event = FeedEvent { event_id: "e".to_owned(), effect: FeedEffect::Status, amount: Rupiah(1) };
    assert_eq!(store.update(&order(2), &[event], &[], NOW).await.unwrap(), Updated::Done);
    tokio::time::timeout(DEADLINE, fed).await.unwrap();
    let (lease, _) = until_it_works(async || store.lease("a", DEADLINE).await).await;
    assert!(lease.is_some());
}

#[tokio::test]
async fn a_database_made_read_only_answers_questions_and_refuses_changes_until_it_is_writable() {
    let server = spawn_blocking(Server::start).await.unwrap();
    let database = server.database();
    let store = opened(&database).await;
    fill(&store).await;
    let set = |value: &str| {
        database.psql(&format!("ALTER SYSTEM SET default_transaction_read_only = {value}"));
        database.psql("SELECT pg_reload_conf()");
    };
    set("on");
    let end = Instant::now() + DEADLINE;
    let error = loop {
        assert!(Instant::now() < end);
        if let Err(error) = store.receive(&notification("K1-2-x", "a")).await {
            break error;
        }
        // The server has not read its settings again yet.
        database.psql("BEGIN READ WRITE; DELETE FROM inbox WHERE order_id = 'K1-2-x'; COMMIT");
    };
    assert!(matches!(&error, RelayStoreError::Unavailable(why) if why.contains("no changes")), "{error}");
    assert!(store.outage().is_some());
    set("off");
    let (is_kept, _) = until_it_works(async || store.receive(&notification("K1-2-x", "a")).await).await;
    assert!(is_kept);
    assert_eq!(store.outage(), None);
}

#[tokio::test]
async fn a_lease_is_one_processs_until_it_is_given_back_or_its_process_is_gone() {
    let database = database().await;
    let (store, other) = (opened(&database).await, opened(&database).await);
    let held = store.lease("order", Duration::ZERO).await.unwrap();
    assert!(held.is_some() && other.lease("order", Duration::ZERO).await.unwrap().is_none());
    assert!(other.lease("another", Duration::ZERO).await.unwrap().is_some());
    let waiting = other.lease("order", DEADLINE);
    let (lease, ()) = tokio::join!(waiting, async {
        sleep(LEASE_PAUSE[1]).await;
        drop(held);
    });
    let held = lease.unwrap();
    assert!(held.is_some() && store.lease("order", Duration::ZERO).await.unwrap().is_none());
    // The process dies without giving anything back.
    std::mem::forget(held);
    drop(other);
    assert!(store.lease("order", DEADLINE).await.unwrap().is_some());
}

#[tokio::test]
async fn a_process_that_hangs_loses_its_leases_by_the_servers_clock() {
    let database = database().await;
    let (store, hung) = (opened(&database).await, connect(&database.url()).await.unwrap());
    let held = hung.lease("order", Duration::ZERO).await.unwrap();
    // What the server does to a session that has said nothing for too long.
    let sessions = "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_locks
                      JOIN pg_database own ON own.oid = database AND own.datname = current_database()
                      WHERE locktype = 'advisory' AND objsubid = 1) AS ended";
    assert_eq!(database.psql(sessions), "1");
    assert!(store.lease("order", DEADLINE).await.unwrap().is_some());
    // What it gives back late was a lock of its earlier session.
    let mine = store.lease("order", DEADLINE).await.unwrap();
    drop(held);
    assert!(mine.is_some());
    let (again, _) = until_it_works(async || hung.lease("order", Duration::ZERO).await).await;
    assert!(again.is_none());
    let limit =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%xid8%'";
    assert_ne!(database.psql(limit), "0", "the session speaks all the time");
}

#[tokio::test]
async fn a_call_that_is_dropped_in_the_middle_leaves_no_lock_behind() {
    let database = database().await;
    let store = opened(&database).await;
    fill(&store).await;
    for polls in 1..12 {
        let fresh = order(100 + polls);
        let mut opening = store.open(&fresh);
        for _ in 0..polls {
            if tokio::time::timeout(Duration::from_micros(300), &mut opening).await.is_ok() {
                break;
            }
        }
        drop(opening);
        let (answer, _) = until_it_works(async || store.open(&fresh).await).await;
        assert!(matches!(answer, OpenedOrder::New | OpenedOrder::Known(_)));
    }
    let idle = "SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let end = Instant::now() + DEADLINE;
    while database.psql(idle) != "0" {
        assert!(Instant::now() < end, "a transaction was left open");
    }
}

#[tokio::test]
async fn a_server_that_may_lose_or_change_what_it_has_is_refused() {
    let database = database().await;
    let name = &database.name;
    database.psql(&format!("ALTER DATABASE {name} SET synchronous_commit = off"));
    let error = connect(&database.url()).await.err().unwrap().to_string();
    assert!(error.contains("synchronous_commit"), "{error}");
    database.psql(&format!("ALTER DATABASE {name} RESET synchronous_commit"));
    let store = opened(&database).await;
    fill(&store).await;
    database.psql("UPDATE relay_schema SET version = 99");
    let error = connect(&database.url()).await.err().unwrap().to_string();
    assert!(error.contains("schema 99") && error.contains("later version"), "{error}");

    let other = format!("{name}_bytes");
    database.psql(&format!("CREATE DATABASE {other} TEMPLATE template0 ENCODING SQL_ASCII LOCALE 'C'"));
    let error = connect(&database.url().replace(name, &other)).await.err().unwrap().to_string();
    assert!(error.contains("UTF8"), "{error}");
    let error = connect(&database.url().replace(name, "nowhere")).await.err().unwrap().to_string();
    assert!(error.contains("nowhere") && error.contains("3D000"), "{error}");
}

#[tokio::test]
async fn a_store_of_the_schema_before_is_brought_up_with_what_is_in_it() {
    let database = database().await;
    database.psql(include_str!("postgres/schema/0001_relay.sql"));
    database.psql(
        "CREATE TABLE relay_schema (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), version integer NOT NULL);
         INSERT INTO relay_schema (version) VALUES (1);
         INSERT INTO meta (key, value) VALUES ('epoch', 'e');
         INSERT INTO merchants (merchant, secret) VALUES ('m1', 's')",
    );
    let (store, other) = tokio::join!(opened(&database), opened(&database));
    assert_eq!(store.epoch().await.unwrap(), "e");
    assert_eq!(other.merchant_secret("m1", "another").await.unwrap(), "s");
    assert!(other.sites_seen().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_notification_is_left_to_the_process_that_took_it_in_until_it_is_overdue() {
    let Fresh { store, other, keep: _keep } = fresh().await;
    assert!(matches!(store.open(&order(1)).await.unwrap(), OpenedOrder::New));
    assert!(store.receive(&notification(&order(1).id, "a")).await.unwrap());
    let due = store.inbox(NOW, 10).await.unwrap()[0].at;
    let overdue = Timestamp(due.0 + queries::HEAD_START_MS);
    assert!(other.inbox(Timestamp(overdue.0 - 1), 10).await.unwrap().is_empty());
    assert_eq!(other.inbox(overdue, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_report_that_cannot_be_read_hides_no_site() {
    let database = database().await;
    let store = opened(&database).await;
    database.psql(
        "INSERT INTO site_presence (site, last_seen_at, report, report_at) VALUES ('a', 5, '{\"version\": 7}', 5)",
    );
    let found = store.presences(&["a".to_owned()]).await.unwrap();
    assert_eq!((found[0].seen.last_seen_at, found[0].report.as_ref()), (Timestamp(5), None));
    store.verify().await.unwrap();
}

#[tokio::test]
async fn many_processes_that_start_at_once_make_one_store() {
    let database = database().await;
    let mut starting = JoinSet::new();
    for _ in 0..6 {
        let url = database.url();
        starting.spawn(async move { connect(&url).await.unwrap() });
    }
    let stores = starting.join_all().await;
    let mut names = std::collections::BTreeSet::new();
    for store in &stores {
        names.insert(store.epoch().await.unwrap());
    }
    assert_eq!(names.len(), 1);
    fill(&stores[0]).await;
    let before = stores[1].epoch().await.unwrap();
    assert_eq!(stores[1].went_back(NOW).await.unwrap(), 2);
    assert_ne!(stores[2].epoch().await.unwrap(), before);
    assert_eq!(stores[2].due(NOW, 10).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_flood_of_one_orders_notifications_is_bounded() {
    let database = database().await;
    let store = opened(&database).await;
    fill(&store).await;
    for n in 0..100 {
        assert!(store.receive(&notification("K1-2-x", &n.to_string())).await.unwrap());
        assert!(store.receive(&notification("stray\0", &format!("stray {n}"))).await.unwrap());
    }
    let waiting = store.inbox(NOW, 1000).await.unwrap();
    let of = |row: &&InboxRow| row.order == "K1-2-x";
    let bodies: Vec<_> = waiting.iter().filter(of).map(|row| row.body.clone()).collect();
    let kept: Vec<_> = (68..100).map(|n: u32| n.to_string().into_bytes()).collect();
    assert_eq!(bodies, kept, "the newest");
    assert_eq!(store.counts().await.unwrap().strays, 32);
    assert_eq!(store.verify().await.unwrap(), RelayVerified { notifications: 65, ..FILLED });
}

#[tokio::test]
async fn verification_finds_what_was_changed() {
    let database = database().await;
    let store = opened(&database).await;
    fill(&store).await;
    assert_eq!(store.verify().await.unwrap(), FILLED);
    let rows = [
        ("UPDATE orders SET standing = '{}' WHERE id = 'K1-1-x'", "order K1-1-x: standing cannot be read"),
        ("UPDATE orders SET state = 'pending' WHERE id = 'K1-1-x'", "order K1-1-x: its standing says paid"),
        ("UPDATE orders SET memo = '{\"a\"' WHERE id = 'K1-2-x'", "order K1-2-x: memo cannot be read"),
        ("DELETE FROM feed", "credited is true, but 0 events say so"),
        ("UPDATE feed SET effect = 'status'", "credited is true, but 0 events say so"),
        ("INSERT INTO told VALUES ('site-1', 'order/K1-2-x/credit')", "is false, but 1 events say so"),
        ("UPDATE feeds SET last_seq = 2", "1 items of 0 to 2, not 2"),
        ("UPDATE feed SET seq = 2", "the feed of site-1 has 1 items of 0 to 1"),
        ("DELETE FROM feeds", "1 items of 0 to 0, not 0"),
        ("UPDATE inbox SET body = '\\x00'", "was changed after it came"),
        ("DELETE FROM meta WHERE key = 'epoch'", "no epoch"),
    ];
    for (sql, expected) in rows {
        let copy = format!("{}_copy", database.name);
        let server = database.server();
        // Made of a database that nobody else has open.
        drop(opened(&database).await);
        server.psql(
            "postgres",
            &format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'",
                database.name
            ),
        );
        let end = Instant::now() + DEADLINE;
        let make = format!("CREATE DATABASE {copy} TEMPLATE {}", database.name);
        let made = loop {
            let made =
                std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| server.psql("postgres", &make)));
            if made.is_ok() || Instant::now() > end {
                break made;
            }
        };
        made.unwrap();
        server.psql(&copy, sql);
        let spoilt = connect(&database.url().replace(&database.name, &copy)).await.unwrap();
        let error = spoilt.verify().await.expect_err(sql).to_string();
        assert!(error.contains(expected), "{sql}\n  gave: {error}");
        drop(spoilt);
        server.psql("postgres", &format!("DROP DATABASE {copy} WITH (FORCE)"));
    }
}

#[tokio::test]
async fn the_servers_certificate_is_checked() {
    const CA: &[u8] = include_bytes!("../../../tests/fixtures/tls/ca.pem");
    const NAMED: &[u8] = include_bytes!("../../../tests/fixtures/tls/named.pem");
    const KEY: &[u8] = include_bytes!("../../../tests/fixtures/tls/test-only.key");
    let start = || {
        let options = ["ssl=on", "ssl_cert_file=../server.pem", "ssl_key_file=../server.key"];
        Server::start_with(&options, &[("server.pem", NAMED), ("server.key", KEY)])
    };
    let server = spawn_blocking(start).await.unwrap();
    let database = server.database();
    let dir = tempfile::tempdir().unwrap();
    let authority = dir.path().join("ca.pem");
    std::fs::write(&authority, CA).unwrap();
    let trusted = ServerTls::Verified(Some(authority));
    let store = with_tls(&database.url(), trusted.clone()).await.unwrap();
    let encrypted = "SELECT count(*) > 0 FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                     WHERE ssl AND usename = 'relay' AND datname = current_database()";
    assert_eq!(database.psql(encrypted), "t");
    fill(&store).await;
    // Another name of the same host, and authorities that do not know the certificate.
    let elsewhere = database.url().replace("127.0.0.1", "localhost");
    for (url, tls) in [(elsewhere, trusted), (database.url(), ServerTls::Verified(None))] {
        let error = with_tls(&url, tls).await.err().unwrap().to_string();
        assert!(error.contains("certificate"), "{error}");
    }
    let nothing = dir.path().join("nothing.pem");
    let error =
        with_tls(&database.url(), ServerTls::Verified(Some(nothing))).await.err().unwrap().to_string();
    assert!(error.contains("nothing.pem") && error.contains("sslrootcert"), "{error}");
}

#[tokio::test]
async fn a_row_that_somebody_keeps_locked_holds_nobody_up_for_long() {
    let database = database().await;
    let store = opened(&database).await;
    fill(&store).await;
    let url: tokio_postgres::Config = database.url().parse().unwrap();
    let (client, connection) = url.connect(tokio_postgres::NoTls).await.unwrap();
    let driven = tokio::spawn(connection);
    client.batch_execute("BEGIN; SELECT FROM feeds FOR UPDATE").await.unwrap();
    let event = FeedEvent { event_id: "e".to_owned(), effect: FeedEffect::Status, amount: Rupiah(1) };
    let events = [event];
    let error = store.update(&order(2), &events, &[], NOW).await.unwrap_err();
    assert!(matches!(&error, RelayStoreError::Unavailable(why) if why.contains("busy")), "{error}");
    client.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(store.update(&order(2), &events, &[], NOW).await.unwrap(), Updated::Done);
    drop(client);
    driven.await.unwrap().unwrap();
    assert_eq!(ServerCause::of_code(&SqlState::LOCK_NOT_AVAILABLE), ServerCause::Busy);
}

/// Sites with orders of 200 days, two a day, of which the last few of some sites are open.
const MANY_ORDERS: &str = "
    INSERT INTO orders (site, id, merchant, request_id, request_hash, method, amount_rp, items, state, standing, means,
      abandoned, created_at, expires_at, asked, version)
    SELECT 'site-' || site, 'k-' || site || '-' || n, 'm1', 'r' || n, decode(repeat('07', 32), 'hex'), 'qris', 5000, '[]',
      CASE WHEN n = 400 AND site % 5 = 0 THEN 'pending' ELSE 'paid' END, repeat('s', 200), repeat('m', 200), false,
      n * 43200000::bigint, n * 43200000::bigint, 0, 1
    FROM generate_series(1, 60) AS site, generate_series(1, 400) AS n;
    INSERT INTO feed (site, seq, event_id, order_id, effect, state, flags, amount_rp, refunded_rp, told_at)
    SELECT site, row_number() OVER (PARTITION BY site ORDER BY created_at), 'credit/' || id, id, 'credit', 'paid', '[]', 5000,
      0, created_at FROM orders;
    INSERT INTO feeds (site, last_seq, changed_xid)
    SELECT site, max(seq), pg_current_xact_id() FROM feed GROUP BY site;";

#[tokio::test]
async fn pages_of_the_console_read_indexes_and_never_all_orders() {
    let database = database().await;
    drop(opened(&database).await);
    database.psql(MANY_ORDERS);
    database.psql("VACUUM ANALYZE orders, feed, feeds");
    let plan = |types: &str, sql: &str, values: &str| {
        let sql = sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ");
        database
            .psql(&format!("PREPARE page ({types}) AS {sql}; EXPLAIN (COSTS OFF) EXECUTE page ({values})"))
    };
    let today = 399 * 43_200_000_i64;
    let sites: Vec<String> = (1..=50).map(|n| format!("site-{n}")).collect();
    let sites = format!("'{{{}}}', {today}", sites.join(","));
    let figures = plan("text[], bigint", include_str!("postgres/sql/site_figures.sql"), &sites);
    for index in ["orders_waiting", "Index Only Scan using feed_money"] {
        assert!(figures.contains(index), "{index}: {figures}");
    }
    let day = format!("{today}, {}", today + 86_400_000);
    let income = plan("bigint, bigint", include_str!("postgres/sql/income.sql"), &day);
    assert!(income.contains("Index Only Scan using feed_money"), "{income}");
    let place = format!("'site-7', {today}, 99, 51");
    let orders = plan("text, bigint, bigint, bigint", &overview::orders_of_site_sql(), &place);
    assert!(orders.contains("orders_of_site") && !orders.contains("Sort"), "{orders}");
    for plan in [figures, income, orders] {
        assert!(!plan.contains("Seq Scan on orders") && !plan.contains("Seq Scan on feed\n"), "{plan}");
    }
}
