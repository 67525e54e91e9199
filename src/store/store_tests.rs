use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;

use super::connect::{READ_ONLY, open_alone};
use super::migrations::MIGRATIONS;
use super::*;
use crate::domain::account::Account;
use crate::domain::id::{OrderId, UserId};
use crate::domain::ledger::{CHAIN_START, Entry, Hash, Kind, Posted, Side};
use crate::domain::units::{Bytes, Timestamp};
use crate::domain::validity::{Validity, ValidityChange, ValidityStep};

/// A user without entries.
pub(super) fn person() -> UserRecord {
    UserRecord {
        no: 1,
        name: "Siti".into(),
        phone: None,
        phone_e164: None,
        customer_note: None,
        login_key: None,
        login: None,
        created_at: Timestamp(1),
        deleted_at: None,
        access_at: Timestamp(1),
        account: Account::fresh(UserId(Uuid::from_u128(1)), true),
    }
}

/// A store with one user and a few entries, and its folder.
pub(super) fn ledger() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let mut user = person();
    let id = user.account.id;
    let mut hash: Hash = CHAIN_START;
    let mut entries = Vec::new();
    for seq in 1..=5 {
        let entry = Entry::new(Kind::Grant, Side::Credit, Bytes::mb(seq));
        user.account.balance = user.account.balance.and(&entry);
        let posted =
            Posted { seq, user: id, at: Timestamp(1), actor: "budi".into(), event: "e".into(), entry };
        hash = posted.link(&hash);
        entries.push(Chained { posted, user_no: 1, hash });
    }
    let meta = BTreeMap::from([("chain_seq", "5".to_owned())]);
    let batch = Batch {
        users: vec![&user],
        accounts: vec![&user],
        entries: entries.iter().collect(),
        meta,
        at: Timestamp(1),
        ..Batch::default()
    };
    store.commit(&batch).unwrap();
    (dir, store)
}

fn verify_after(sql: &str) -> Result<Verified, Broken> {
    let (_dir, store) = ledger();
    store.conn.execute_batch(sql).unwrap();
    store.reader().unwrap().verify()
}

#[test]
fn a_whole_ledger_verifies() {
    assert_eq!(verify_after("").unwrap(), Verified { entries: 5, accounts: 1, debts: 0, receipts: 0 });
}

#[test]
fn whatever_is_tampered_with_shows() {
    let found = |sql: &str| verify_after(sql).unwrap_err();
    assert!(matches!(
        found("UPDATE entries SET amount_bytes = amount_bytes + 1 WHERE seq = 2"),
        Broken::Link(2)
    ));
    assert!(matches!(found("UPDATE entries SET note = 'x' WHERE seq = 5"), Broken::Link(5)));
    assert!(matches!(found("UPDATE entries SET at = 2 WHERE seq = 1"), Broken::Link(1)));
    assert!(matches!(found("DELETE FROM entries WHERE seq = 3"), Broken::Gap { expected: 3, found: 4 }));
    assert!(matches!(found("DELETE FROM entries WHERE seq = 5"), Broken::Tail { expected: 5, found: 4 }));
    let balance = "UPDATE accounts_base SET credits_bytes = credits_bytes + 1";
    assert!(matches!(found(balance), Broken::Balance { .. }));
    let open =
        "UPDATE accounts_base SET debits_bytes = 9, open_bytes = 9; UPDATE accounts_base SET open_bytes = 8";
    assert!(matches!(found(open), Broken::Balance { .. }));
    // Amount and balance changed together still break the chain.
    let both = "UPDATE entries SET amount_bytes = 0 WHERE seq = 5;
                UPDATE accounts_base SET credits_bytes = credits_bytes - 5242880";
    assert!(matches!(found(both), Broken::Link(5)));
    let debt = "INSERT INTO debts VALUES (1, 'b1a7b8ac-2a8d-4b8e-9d0a-0a5d0c1e2f3a', 1, 10, 0, NULL, 0,
                '2026-11-01', '2026-11-30', '', 1, 'x', 'open', '')";
    assert!(matches!(found(debt), Broken::Debt { .. }));
}

/// Cash orders for nothing, each with its receipt and move, and a closing of them; and an online order.
const COUNTER: &str = "
    INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no, cashier, plan, refunded_rp,
      created_at, paid_at, window_bytes) VALUES
      ('a', 1, 'purchase', 'cash', 0, 'paid', '[]', '[]', 1, 'siti', 0, 0, 1, 1, 0),
      ('b', 1, 'purchase', 'transfer', 0, 'paid', '[]', '[]', 2, 'siti', 0, 0, 1, 1, 0),
      ('c', 1, 'purchase', 'qris', 5, 'pending', '[]', '[]', NULL, NULL, 0, 0, 1, NULL, 0);
    INSERT INTO closings VALUES (1, 1, 'siti', 0, 0, 0, 2, 1, 2, '');
    INSERT INTO cash_moves VALUES (1, 1, 'siti', 'a', 'cash', 'taken', 0, 1, 1);
    INSERT INTO cash_moves VALUES (2, 1, 'siti', 'b', 'transfer', 'taken', 0, 2, 1);";

#[test]
fn receipts_moves_and_closings_are_part_of_the_proof() {
    assert_eq!(verify_after(COUNTER).unwrap().receipts, 2);
    let found = |sql: &str| verify_after(&format!("{COUNTER} PRAGMA foreign_keys = OFF; {sql}")).unwrap_err();
    let gap = "UPDATE orders SET receipt_no = 3 WHERE id = 'b'";
    assert!(matches!(found(gap), Broken::Receipt { expected: 2, found: 3 }));
    let none = "UPDATE orders SET receipt_no = NULL WHERE id = 'a'";
    assert!(matches!(found(none), Broken::Receipt { expected: 1, found: 0 }));
    for sql in [
        "UPDATE orders SET amount_rp = 1 WHERE id = 'a'",
        "UPDATE orders SET amount_rp = 1, refunded_rp = 1 WHERE id = 'b'",
        "UPDATE cash_moves SET amount_rp = 1 WHERE order_id = 'a'",
        "DELETE FROM cash_moves WHERE order_id = 'a'",
        "INSERT INTO cash_moves VALUES (3, 1, 'siti', 'c', 'cash', 'taken', 5, 3, NULL)",
        "UPDATE orders SET amount_rp = 1 WHERE id = 'a'; UPDATE cash_moves SET amount_rp = 1 WHERE order_id = 'a'",
    ] {
        assert!(matches!(found(sql), Broken::Money { .. }), "{sql}");
    }
    for sql in [
        "UPDATE closings SET taken_rp = 1",
        "UPDATE closings SET receipts = 1",
        "UPDATE closings SET last_receipt = 3",
        "UPDATE closings SET cashier = 'budi'",
        "UPDATE cash_moves SET closing_no = NULL WHERE order_id = 'b'",
        "UPDATE closings SET closing_no = 2; UPDATE cash_moves SET closing_no = 2",
    ] {
        assert!(matches!(found(sql), Broken::Closing(_)), "{sql}");
    }
    for sql in [
        "UPDATE orders SET status = 'paid' WHERE id = 'c'",
        "UPDATE orders SET status = 'partially_refunded', refunded_rp = 1 WHERE id = 'c'",
        "UPDATE orders SET amount_rp = 0, receipt_no = 3, status = 'paid' WHERE id = 'c'",
        "UPDATE orders SET status = 'pending' WHERE id = 'a'",
    ] {
        assert!(matches!(found(sql), Broken::Credits { .. }), "{sql}");
    }
    let no_money = "UPDATE orders SET receipt_no = 3, status = 'paid' WHERE id = 'c'";
    assert!(matches!(found(no_money), Broken::Money { .. }));
}

#[test]
fn a_receipt_is_given_once() {
    let (_dir, store) = ledger();
    store.conn.execute_batch(COUNTER).unwrap();
    assert!(store.conn.execute_batch("UPDATE orders SET receipt_no = 1 WHERE id = 'b'").is_err());
    let twice = "INSERT INTO cash_moves VALUES (3, 1, 'siti', 'a', 'cash', 'taken', 0, 1, NULL)";
    assert!(store.conn.execute_batch(twice).is_err());
}

#[test]
fn what_must_never_be_is_refused_by_the_database_itself() {
    let (_dir, store) = ledger();
    let never = [
        "UPDATE accounts_base SET credits_bytes = -1",
        "UPDATE accounts_base SET open_bytes = debits_bytes + 1",
        "UPDATE entries SET amount_bytes = -1",
        "UPDATE entries SET amount_bytes = 1.5",
        "UPDATE entries SET side = 'both'",
        "UPDATE users SET name = ''",
        "INSERT INTO accounts_base VALUES (99, 0, 0, 0, 0, 0)",
        "INSERT INTO cash_moves VALUES (1, 1, 'siti', 'nobody', 'cash', 'taken', 1, 1, NULL)",
        "UPDATE entries SET user_no = 99",
        "INSERT INTO orders (id, kind, method, amount_rp, status, lines, flags, receipt_no, plan, refunded_rp, created_at,
           window_bytes) VALUES ('x', 'purchase', 'qris', 0, 'paid', '[]', '[]', 1, 0, 0, 1, 0)",
        "INSERT INTO openings VALUES ('r', 99, 'purchase', 'qris', '[]', '{}', NULL, NULL, 1)",
        "INSERT INTO openings VALUES ('r', 1, 'purchase', 'qris', '[]', '{}', 'key', NULL, 1)",
        "INSERT INTO devices VALUES (1, 1, 0, '', 1, NULL, NULL, NULL, NULL)",
    ];
    for sql in never {
        assert!(store.conn.execute_batch(sql).is_err(), "{sql}");
    }
}

#[test]
fn a_failed_commit_leaves_nothing() {
    let (_dir, mut store) = ledger();
    let nobody = Entry::new(Kind::Grant, Side::Credit, Bytes(1));
    let posted = Posted {
        seq: 6,
        user: UserId(Uuid::from_u128(2)),
        at: Timestamp(1),
        actor: String::new(),
        event: String::new(),
        entry: nobody,
    };
    let line = Chained { posted, user_no: 99, hash: CHAIN_START };
    let entries = vec![&line];
    let meta = BTreeMap::from([("chain_seq", "6".to_owned())]);
    assert!(store.commit(&Batch { entries, meta, ..Batch::default() }).is_err());
    assert_eq!(store.reader().unwrap().verify().unwrap().entries, 5);
    assert_eq!(store.load().unwrap().meta["chain_seq"], "5");
}

#[test]
fn one_process_writes_at_a_time_and_a_closed_store_can_be_opened_again() {
    let (dir, store) = ledger();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::InUse(_))));
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().load().unwrap().chain_seq, 5);
}

#[test]
fn the_sites_secret_is_made_once_and_printed_nowhere() {
    let (dir, store) = ledger();
    let secret = store.site_secret().clone();
    let (other, _) = ledger();
    drop(store);
    assert_eq!(Store::open(dir.path()).unwrap().site_secret(), &secret);
    assert_ne!(Store::open(other.path()).unwrap().site_secret(), &secret);
    let store = Store::open(dir.path()).unwrap();
    let sql = "SELECT value FROM meta WHERE key = 'site_secret'";
    let hex: String = store.conn.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(hex.len(), 64);
    let printed = format!("{store:?} {:?}", store.load().unwrap());
    assert!(!printed.contains(&hex) && printed.contains("SiteSecret"));
    for table in export::Table::ALL {
        let without = |row: &[String]| {
            assert!(!row.concat().contains(&hex), "{}", table.name());
            Ok(())
        };
        store.reader().unwrap().export(table, without).unwrap();
    }
}

#[test]
fn a_store_whose_secret_is_damaged_is_not_given_another() {
    for damaged in ["", "ab", &"zz".repeat(32), &"é".repeat(32)] {
        let (dir, store) = ledger();
        store.conn.execute("UPDATE meta SET value = ?1 WHERE key = 'site_secret'", [damaged]).unwrap();
        drop(store);
        assert!(matches!(Store::open(dir.path()), Err(StoreError::Nonsense(_))), "{damaged}");
    }
}

#[test]
fn a_store_of_version_1_and_its_copies_are_brought_up() {
    let old = |dir: &Path| {
        let mut conn = Connection::open(dir.join(FILE)).unwrap();
        MIGRATIONS.to_version(&mut conn, 1).unwrap();
        conn.execute("INSERT INTO admins VALUES ('siti', 'owner', 'x', 1)", []).unwrap();
    };
    let is_up = |dir: &Path| {
        let store = Store::open(dir).unwrap();
        let siti = store.reader().unwrap().admin("siti").unwrap().unwrap();
        assert_eq!((siti.name.as_str(), siti.second_factor), ("siti", SecondFactor::default()));
        assert!(store.reader().unwrap().verify().is_ok());
    };
    let (dir, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    old(dir.path());
    is_up(dir.path());
    old(copies.path());
    backup::restore(dir.path(), &copies.path().join(FILE), "then", &mut |_| {}).unwrap();
    is_up(dir.path());
}

/// A store of version 3 with these users: name, phone, log-in name.
fn store_of_version_3(dir: &Path, users: &[(&str, Option<&str>, Option<&str>)]) {
    let mut conn = Connection::open(dir.join(FILE)).unwrap();
    MIGRATIONS.to_version(&mut conn, 3).unwrap();
    for (no, (name, phone, login)) in users.iter().enumerate() {
        let no = i64::try_from(no).unwrap() + 1;
        conn.execute(
            "INSERT INTO users (user_no, id, name, phone, login, approved, active, exempt, unlimited, waiting_days,
               access_status, access_causes, access_at, created_at)
             VALUES (?1, printf('00000000-0000-4000-8000-%012d', ?1), ?2, ?3, ?4, 1, 1, 0, 0, 0, 'habis', '[]', 0, 0)",
            rusqlite::params![no, name, phone, login],
        )
        .unwrap();
        conn.execute("INSERT INTO accounts VALUES (?1, 0, 0, 0, 0, 0)", [no]).unwrap();
    }
}

#[test]
fn numbers_and_names_of_version_3_get_their_normal_forms_and_shared_ones_are_reported() {
    let dir = tempfile::tempdir().unwrap();
    let users = [
        ("Budi", Some("081234567801"), Some("budi")),
        ("Siti", Some("81234567801"), Some("Budi")),
        ("Tono", Some("+6285000111222"), None),
        ("Lama", Some("0812"), Some("ｂｕｄｉ")),
        ("Ani", None, None),
    ];
    store_of_version_3(dir.path(), &users);
    let store = Store::open(dir.path()).unwrap();
    let mut loaded: Vec<_> = store.load().unwrap().users.into_values().collect();
    loaded.sort_by_key(|user| user.no);
    let forms: Vec<_> =
        loaded.iter().map(|user| (user.phone_e164.as_deref(), user.login_key.as_deref())).collect();
    let expected = [
        (Some("+6281234567801"), Some("budi")),
        (None, None),
        (Some("+6285000111222"), None),
        (None, Some("ｂｕｄｉ")),
        (None, None),
    ];
    assert_eq!(forms, expected);
    assert_eq!(loaded[1].phone.as_deref(), Some("81234567801"), "what was typed stays");
    let reader = store.reader().unwrap();
    // Both of a pair still log in as they did, and the older one in every other way.
    for (typed, whose) in [
        ("081234567801", 0),
        ("+62 812-3456-7801", 0),
        ("81234567801", 1),
        ("8123-456 7801", 1),
        ("budi", 0),
        ("BUDI", 0),
        ("Budi", 1),
        ("085000111222", 2),
        ("0812", 3),
    ] {
        let found = reader.customer(typed).unwrap().map(|customer| customer.id);
        assert_eq!(found, Some(loaded[whose].account.id), "{typed}");
    }
    let report = |store: &Store| -> Vec<(String, String)> {
        let lines = store.reader().unwrap().audit(read::Page { limit: 10, after: None }).unwrap();
        lines.into_iter().map(|(_, line)| (line.action, line.detail)).collect()
    };
    let lines = report(&store);
    let actions: Vec<&str> = lines.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["user.shared_login", "user.shared_phone"]);
    assert!(lines[1].1.contains("+6281234567801 is also that of Budi"), "{lines:?}");
    drop((reader, store));
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(report(&store).len(), 2, "reported once");
    store.conn.execute("UPDATE users SET phone = NULL, phone_e164 = NULL WHERE user_no = 1", []).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let siti = store.reader().unwrap().customer("+6281234567801").unwrap().unwrap();
    assert_eq!(siti.id, loaded[1].account.id, "the number is free for the younger one");
}

#[test]
fn each_step_of_a_second_factor_is_accepted_once_whatever_became_of_it_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let admin = AdminRecord {
        name: "siti".into(),
        role: Role::Owner,
        password_hash: "x".into(),
        created_at: Timestamp(1),
        second_factor: SecondFactor::default(),
    };
    assert!(store.add_admin(&admin).unwrap());
    assert!(!store.confirm_second_factor("siti", 9).unwrap(), "none is pending");
    assert!(store.begin_second_factor("siti", "ABC").unwrap());
    assert!(!store.begin_second_factor("budi", "ABC").unwrap());
    assert!(store.confirm_second_factor("siti", 10).unwrap());
    let kept = store.reader().unwrap().admin("siti").unwrap().unwrap().second_factor;
    assert_eq!(kept, SecondFactor { secret: Some("ABC".into()), pending: None });
    assert!(!format!("{kept:?}").contains("ABC"));
    let accepted = [10, 9, 11, 11, 13, 12].map(|step| store.accept_step("siti", step).unwrap());
    assert_eq!(accepted, [false, false, true, false, true, false]);
    assert!(store.end_second_factor("siti").unwrap());
    assert!(!store.end_second_factor("siti").unwrap());
    assert!(!store.accept_step("siti", 13).unwrap(), "what was used is used");
}

#[test]
fn a_store_of_the_third_schema_opens_with_the_history_of_devices() {
    let dir = tempfile::tempdir().unwrap();
    let mut conn = rusqlite::Connection::open(dir.path().join(FILE)).unwrap();
    MIGRATIONS.to_version(&mut conn, 3).unwrap();
    drop(conn);
    let store = Store::open(dir.path()).unwrap();
    let indexes = |name: &str| {
        let count = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = ?1";
        store.conn.query_row(count, [name], |row| row.get::<_, u32>(0)).unwrap()
    };
    assert_eq!((indexes("devices_history_by_mac"), indexes("devices_history_by_user")), (1, 1));
    assert_eq!(store.reader().unwrap().device_history(1, 10).unwrap(), []);
}

#[test]
fn a_file_of_a_later_version_or_no_database_is_refused() {
    let (dir, store) = ledger();
    store.conn.pragma_update(None, "user_version", 99).unwrap();
    drop(store);
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Schema(_))));

    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(FILE), "not a database, but long enough to look like a file of some kind")
        .unwrap();
    assert!(Store::open(dir.path()).is_err());
}

#[test]
fn the_writer_is_durable_and_keeps_foreign_keys() {
    let (_dir, store) = ledger();
    let pragma = |name: &str| {
        store.conn.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
    };
    assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".into()));
    assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2), "FULL");
    assert_eq!(pragma("foreign_keys"), rusqlite::types::Value::Integer(1));
}

/// A user of version 3, one day of milliseconds and the moment from which days count.
const DAY: i64 = crate::domain::units::DAY_MS;
const T: i64 = 1_800_000_000_000;

/// A store of version 3 with one user: its expiry, orders and other entries.
fn version_3(expires_at: Option<i64>, waiting: u32, unlimited: bool, lines: &[Version3]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut conn = Connection::open(dir.path().join(FILE)).unwrap();
    MIGRATIONS.to_version(&mut conn, 3).unwrap();
    conn.execute(
        "INSERT INTO users (user_no, id, name, approved, active, exempt, unlimited, expires_at, waiting_days,
           access_status, access_causes, access_at, created_at)
         VALUES (1, ?1, 'Siti', 1, 1, 0, ?2, ?3, ?4, 'active', '[]', 1, 1)",
        rusqlite::params![Uuid::from_u128(1).to_string(), unlimited, expires_at, waiting],
    )
    .unwrap();
    conn.execute("INSERT INTO accounts VALUES (1, 0, 0, 0, 0, 0)", []).unwrap();
    for (at, line) in (1_i64..).zip(lines) {
        let (kind, at_ms, order) = match line {
            Version3::Bought(order, at_ms, days, plan, before, set) => {
                let item = serde_json::json!([{"kind": "package", "package_id": Uuid::nil(), "name": "p", "bytes": 0,
                    "unlimited": plan, "days": days, "price_rp": 10}]);
                conn.execute(
                    "INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no,
                       expiry_before, expiry_set, plan, refunded_rp, created_at, window_bytes)
                     VALUES (?1, 1, 'purchase', 'cash', 10, 'paid', ?2, '[]', ?3, ?4, ?5, 0, 0, 1, 0)",
                    rusqlite::params![order, item.to_string(), at, before, set],
                )
                .unwrap();
                ("purchase", at_ms, Some(order))
            }
            Version3::Granted(at_ms) => ("grant", at_ms, None),
            Version3::Reset(at_ms) => ("closing", at_ms, None),
            Version3::Back(order, at_ms) => {
                conn.execute("UPDATE orders SET refunded_rp = 10 WHERE id = ?1", [order]).unwrap();
                ("reversal", at_ms, Some(order))
            }
        };
        conn.execute(
            "INSERT INTO entries VALUES (?1, 1, ?2, ?3, 'credit', 0, NULL, NULL, ?4, '', 'a', 'e', zeroblob(32))",
            rusqlite::params![at, at_ms, kind, order],
        )
        .unwrap();
    }
    dir
}

/// An entry of version 3.
enum Version3 {
    /// Order, when, days, unlimited, and the expiry before and after where it changed.
    Bought(&'static str, i64, u32, bool, Option<i64>, Option<i64>),
    Granted(i64),
    Reset(i64),
    Back(&'static str, i64),
}

/// A name, the expiry, entries, the order to refund, and the expiry without it.
type Version3Row<'a> = (&'a str, Option<i64>, &'a [Version3], &'a str, Option<i64>);

/// The validity in the upgraded store, and the validity after a refund of the order.
fn brought_up(dir: &TempDir, back: &str) -> (Validity, Validity) {
    let store = Store::open(dir.path()).unwrap();
    let mut steps = store.reader().unwrap().validity(1).unwrap();
    let now = Validity::fold(&steps);
    let account = store.load().unwrap().users[&1].account.clone();
    assert_eq!(now, account.validity(), "{steps:?}");
    steps.push(ValidityStep { change: ValidityChange::Undone, order: Some(OrderId(back.into())) });
    (now, Validity::fold(&steps))
}

#[test]
fn a_store_of_version_3_learns_what_its_expiries_came_from() {
    use Version3::{Back, Bought, Granted, Reset};
    let day = |n: i64| Some(T + n * DAY);
    let rows: &[Version3Row] = &[
        (
            "60, then 30",
            day(60),
            &[Bought("a", T, 60, false, None, day(60)), Bought("b", T + DAY, 30, false, None, None)],
            "a",
            day(31),
        ),
        (
            "extend",
            day(60),
            &[Bought("a", T, 30, false, None, day(30)), Bought("b", T, 30, false, day(30), day(60))],
            "a",
            day(30),
        ),
        (
            "days were granted",
            day(60),
            &[Granted(T), Bought("a", T + DAY, 59, false, day(40), day(60))],
            "a",
            day(40),
        ),
        (
            "granted days outlive what came before",
            day(40),
            &[Bought("a", T, 30, false, None, day(30)), Granted(T)],
            "a",
            day(40),
        ),
        ("set by hand", day(5), &[Bought("a", T, 30, false, None, day(30))], "a", day(5)),
        ("never", None, &[Bought("a", T, 30, false, None, day(30)), Reset(T)], "a", None),
        (
            "one is back already",
            day(32),
            &[
                Bought("a", T, 60, false, None, day(60)),
                Back("a", T + DAY),
                Bought("b", T + 2 * DAY, 30, false, None, day(32)),
            ],
            "b",
            None,
        ),
    ];
    for (name, expires_at, lines, back, left) in rows {
        let (_, without) = brought_up(&version_3(*expires_at, 0, false, lines), back);
        assert_eq!(without.expires_at.map(|at| at.0), *left, "{name}");
    }
    let plans = [Bought("a", T, 30, true, None, day(30)), Bought("b", T, 30, true, None, None)];
    assert!(brought_up(&version_3(day(30), 0, true, &plans), "a").1.unlimited);
    let waiting = [Bought("a", 5, 30, false, None, None)];
    let (now, without) = brought_up(&version_3(None, 30, false, &waiting), "a");
    assert_eq!((now.waiting_days, without.waiting_days), (30, 0), "days that wait are the order's");
}

#[test]
fn a_store_that_is_only_read_refuses_changes_and_goes_on_when_the_disk_has_room_again() {
    let (dir, mut store) = ledger();
    store.conn = Connection::open_in_memory().unwrap();
    store.conn = open_alone(&store.path, READ_ONLY).unwrap();
    store.is_read_only = true;
    store.pause(Unwritable::Full(dir.path().to_owned()));
    // The disk has room again, which was not checked yet.
    let refused = store.commit(&Batch::default()).unwrap_err();
    assert!(matches!(refused, StoreError::Unwritable(Unwritable::Full(_))), "{refused}");
    assert_eq!(store.broken(), None);
    store.pause.as_mut().unwrap().next_try = Instant::now();
    store.recover().unwrap();
    store.commit(&Batch::default()).unwrap();
}

#[test]
fn an_index_that_was_never_used_does_not_mean_that_a_log_is_lost() {
    let (dir, store) = ledger();
    drop(store);
    let index = dir.path().join("kuota.db-shm");
    std::fs::write(&index, [0; 3]).unwrap();
    drop(Store::open(dir.path()).unwrap());
    std::fs::write(&index, vec![0; 32_768]).unwrap();
    let refused = Store::open(dir.path()).unwrap_err();
    assert!(matches!(refused, StoreError::LogLost(_)), "{refused}");
}
