//! A large site's store, written at once: users with devices, debts and usage, and their orders and lines over months or
//! years. It is as whole as one that grew: opening it verifies every line.

use std::path::Path;

use kuota::domain::id::{DebtId, Mac, OrderId, UserId};
use kuota::domain::ledger::{CHAIN_START, Entry, Hash, Kind, Posted, Side};
use kuota::domain::units::{Bytes, DAY_MS, Rupiah, Timestamp, day_number};
use kuota::store::FILE;
use rusqlite::{Connection, Transaction, params};
use uuid::Uuid;

/// How much is in the store.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    pub users: u32,
    /// Days of history.
    pub days: u32,
    /// Orders of each user.
    pub orders: u32,
    /// Lines of usage of each user between two orders.
    pub usage_lines: u32,
}

impl Extent {
    /// Two months, 210 000 lines with 10 000 users: what several pages need to have more than one part.
    pub const fn months(users: u32) -> Self {
        Self { users, days: 60, orders: 3, usage_lines: 6 }
    }

    /// An order every month and a line of usage every day, so many years: 1.9 million lines a year with 5 000 users.
    pub const fn years(users: u32, years: u32) -> Self {
        Self { users, days: 365 * years, orders: 12 * years, usage_lines: 30 }
    }
}

const REVIEWS: u32 = 60;
const REFUND_EVERY: u32 = 500;
const AUDIT_LINES: u32 = 50_000;
const PACKAGE_BYTES: i64 = 10 << 30;
const PRICE_RP: i64 = 100_000;
const USAGE_BYTES: i64 = 1 << 30;
/// The test's clock: 2026-11-10 10:00 in Jakarta.
const NOW_MS: i64 = 1_794_279_600_000;
const HOUR_MS: i64 = 3_600_000;

/// The id of a user.
pub fn user_id(no: u32) -> UserId {
    UserId(Uuid::from_u128(u128::from(no) << 64 | 0x8000_4000_8000_0000))
}

/// The hardware address of a user's device.
#[allow(dead_code, reason = "every program uses its own part")]
pub fn mac(no: u32) -> Mac {
    let [_, _, bytes @ ..] = (0x0200_0000_0000_u64 + u64::from(no)).to_be_bytes();
    Mac(bytes)
}

/// The id of an order.
pub fn order_id(no: u32) -> String {
    format!("{:08x}-0000-4000-8000-{no:012x}", no.wrapping_mul(2_654_435_761))
}

/// Lines in the making.
struct Ledger<'t> {
    tx: &'t Transaction<'t>,
    seq: u64,
    hash: Hash,
}

impl Ledger<'_> {
    fn add(&mut self, user_no: u32, at: i64, entry: Entry, event: String) {
        self.seq += 1;
        let posted = Posted {
            seq: self.seq,
            user: user_id(user_no),
            at: Timestamp(at),
            actor: "juragan".into(),
            event,
            entry,
        };
        self.hash = posted.link(&self.hash);
        let e = &posted.entry;
        let mut insert = self
            .tx
            .prepare_cached(
                "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .unwrap();
        insert
            .execute(params![
                self.seq.cast_signed(),
                user_no,
                at,
                e.kind.name(),
                e.side.name(),
                e.amount.0.cast_signed(),
                e.amount_rp.map(|rp| rp.0.cast_signed()),
                e.debt.map(|debt| debt.to_string()),
                e.order.as_ref().map(|order| order.0.clone()),
                e.note,
                posted.actor,
                posted.event,
                self.hash,
            ])
            .unwrap();
    }
}

fn line(kind: Kind, side: Side, bytes: i64) -> Entry {
    Entry {
        kind,
        side,
        amount: Bytes(bytes.cast_unsigned()),
        amount_rp: None,
        debt: None,
        order: None,
        note: String::new(),
    }
}

/// The index that would be written in random order: it is made at the end.
const BY_USER: &str = "CREATE INDEX entries_by_user ON entries (user_no, seq)";

/// Fills the store of a folder in which nothing but admins is, as a large site's.
pub fn fill(folder: &Path, extent: Extent) {
    let Extent { users, days, orders, usage_lines } = extent;
    let mut conn = Connection::open(folder.join(FILE)).unwrap();
    conn.pragma_update(None, "foreign_keys", "OFF").unwrap();
    conn.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -262144; DROP INDEX entries_by_user")
        .unwrap();
    let tx = conn.transaction().unwrap();
    packages(&tx);
    (1..=users).for_each(|no| user(&tx, no, extent));
    let mut ledger = Ledger { tx: &tx, seq: 0, hash: CHAIN_START };
    let mut receipt = 0;
    for round in 0..orders {
        for no in 1..=users {
            let step = i64::from(round * users + no);
            // Spread over the days, the last ones just now.
            let span = i64::from(days) * DAY_MS;
            let at = NOW_MS - span + span / i64::from(orders * users) * step - 1000;
            receipt += 1;
            order(&mut ledger, no, receipt, at);
            for n in 0..usage_lines {
                let entry = line(Kind::Usage, Side::Debit, USAGE_BYTES);
                ledger.add(no, at, entry, format!("usage/{no}/{round}/{n}"));
            }
        }
    }
    close_drawers(&tx);
    (1..=users).step_by(2).for_each(|no| debt(&mut ledger, no));
    let seq = ledger.seq;
    (0..REVIEWS).for_each(|n| review(&tx, n));
    usage(&tx, extent);
    usage_sums(&tx);
    audit(&tx, users);
    let today = day_number(jiff::civil::date(2026, 11, 10));
    for (key, value) in [("chain_seq", seq.to_string()), ("sealed_day", today.to_string())] {
        tx.execute(
            "INSERT INTO meta VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2",
            [key, &value],
        )
        .unwrap();
    }
    tx.execute_batch(BY_USER).unwrap();
    tx.commit().unwrap();
    println!("{users} users, {receipt} orders, {seq} lines, {AUDIT_LINES} lines of audit");
}

/// The drawer is closed at the end of each day, as the cashier should; today's is open.
fn close_drawers(tx: &Transaction) {
    let to_day = |at: &str| format!("({at} + 7 * {HOUR_MS}) / {DAY_MS}");
    let (day, now) = (to_day("at"), to_day(&NOW_MS.to_string()));
    let close = format!(
        "UPDATE cash_moves SET closing_no = {day} - (SELECT min({day}) FROM cash_moves) + 1 WHERE {day} < {now};
         INSERT INTO closings
           SELECT closing_no, max(at), cashier, sum((method = 'cash' AND kind = 'taken') * amount_rp),
             sum((method = 'cash' AND kind = 'returned') * amount_rp), sum((method = 'cash' AND kind = 'taken') * amount_rp),
             sum(kind = 'taken'), min(receipt_no), max(receipt_no), ''
           FROM cash_moves WHERE closing_no IS NOT NULL GROUP BY closing_no;"
    );
    tx.execute_batch(&close).unwrap();
}

fn packages(tx: &Transaction) {
    for no in 1..=3_u32 {
        tx.execute(
            "INSERT INTO packages (package_no, id, name, quota_bytes, days, price_rp, active) VALUES (?1, ?2, ?3, ?4, 30, ?5, 1)",
            params![
                no,
                Uuid::from_u128(u128::from(no)).to_string(),
                format!("Paket {no}"),
                PACKAGE_BYTES * i64::from(no),
                PRICE_RP * i64::from(no)
            ],
        )
        .unwrap();
    }
}

fn user(tx: &Transaction, no: u32, extent: Extent) {
    let (status, reason, causes) = match no % 10 {
        0 => ("blocked", Some("debt_overdue"), "[\"debt_overdue\"]"),
        1 => ("habis", Some("habis"), "[\"habis\"]"),
        2 => ("inactive", Some("inactive"), "[\"inactive\"]"),
        _ => ("active", None, "[]"),
    };
    let created = NOW_MS - i64::from(extent.days.max(90)) * DAY_MS;
    tx.prepare_cached(
        "INSERT INTO users (user_no, id, name, phone, login, approved, active, exempt, unlimited, expires_at, waiting_days,
           access_status, access_reason, access_causes, access_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 0, 0, ?7, 0, ?8, ?9, ?10, ?11, ?12)",
    )
    .unwrap()
    .execute(params![
        no,
        user_id(no).to_string(),
        format!("Pelanggan {no}"),
        format!("0812{no:08}"),
        format!("p{no}"),
        no % 10 != 2,
        NOW_MS + 30 * DAY_MS,
        status,
        reason,
        causes,
        created + i64::from(no) * 60_000,
        created
    ])
    .unwrap();
    let credits = PACKAGE_BYTES * i64::from(extent.orders);
    let used = USAGE_BYTES * i64::from(extent.orders * extent.usage_lines);
    // A refunded order's quota went back.
    let taken = refunds(no, extent) * PACKAGE_BYTES;
    tx.prepare_cached("INSERT INTO accounts_base VALUES (?1, ?2, ?3, 0, ?4, ?5)")
        .unwrap()
        .execute(params![no, credits, used + taken, used, credits])
        .unwrap();
    tx.prepare_cached(
        "INSERT INTO devices (device_no, user_no, mac, label, bound_at, seen_at) VALUES (?1, ?1, ?2, 'HP', ?3, ?4)",
    )
    .unwrap()
    .execute(params![no, 0x0200_0000_0000_i64 + i64::from(no), created, NOW_MS - HOUR_MS])
    .unwrap();
}

/// How many orders of a user were refunded.
fn refunds(no: u32, extent: Extent) -> i64 {
    let Extent { users, orders, .. } = extent;
    let refunded = (0..orders).filter(|round| (round * users + no).is_multiple_of(REFUND_EVERY)).count();
    i64::try_from(refunded).expect("a few")
}

fn order(ledger: &mut Ledger, user_no: u32, receipt: u32, at: i64) {
    let id = order_id(receipt);
    let method = ["cash", "cash", "transfer", "qris_static"][receipt as usize % 4];
    let is_returned = receipt.is_multiple_of(REFUND_EVERY);
    let lines = format!(
        "[{{\"kind\":\"package\",\"package_id\":\"{}\",\"name\":\"Paket 1\",\"bytes\":{PACKAGE_BYTES},\"unlimited\":false,\"days\":30,\"price_rp\":{PRICE_RP}}}]",
        Uuid::from_u128(1)
    );
    ledger
        .tx
        .prepare_cached(
            "INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no, cashier, plan,
               refunded_rp, created_at, paid_at, window_bytes)
             VALUES (?1, ?2, 'purchase', ?3, ?4, ?5, ?6, '[]', ?7, 'juragan', 0, ?8, ?9, ?9, 0)",
        )
        .unwrap()
        .execute(params![
            id,
            user_no,
            method,
            PRICE_RP,
            if is_returned { "refunded" } else { "paid" },
            lines,
            receipt,
            if is_returned { PRICE_RP } else { 0 },
            at
        ])
        .unwrap();
    let mut moves = ledger
        .tx
        .prepare_cached(
            "INSERT INTO cash_moves (at, cashier, order_id, method, kind, amount_rp, receipt_no)
             VALUES (?1, 'juragan', ?2, ?3, ?4, ?5, ?6)",
        )
        .unwrap();
    moves.execute(params![at, id, method, "taken", PRICE_RP, receipt]).unwrap();
    let booked = |entry: Entry| Entry {
        amount_rp: Some(Rupiah(PRICE_RP as u64)),
        order: Some(OrderId(id.clone())),
        ..entry
    };
    let bought = booked(line(Kind::Purchase, Side::Credit, PACKAGE_BYTES));
    if is_returned {
        moves.execute(params![at, id, method, "returned", PRICE_RP, receipt]).unwrap();
    }
    drop(moves);
    ledger.add(user_no, at, bought, format!("order/{id}/paid"));
    if is_returned {
        let back = booked(line(Kind::Reversal, Side::Debit, PACKAGE_BYTES));
        ledger.add(user_no, at, back, format!("order/{id}/refund"));
    }
}

fn debt(ledger: &mut Ledger, user_no: u32) {
    let id = DebtId(Uuid::from_u128(u128::from(user_no) << 32 | 0x4000_8000));
    let bytes = 5_i64 << 30;
    let due =
        jiff::civil::date(2026, 11, 10).saturating_sub(jiff::ToSpan::days(i64::from(user_no % 90) - 30));
    ledger
        .tx
        .prepare_cached(
            "INSERT INTO debts (id, user_no, amount_bytes, paid_bytes, paid_rp, debt_date, due_date, note, created_at,
               created_by, status) VALUES (?1, ?2, ?3, 0, 0, '2026-08-01', ?4, 'bon', ?5, 'juragan', 'open')",
        )
        .unwrap()
        .execute(params![id.to_string(), user_no, bytes, due.to_string(), NOW_MS - 90 * DAY_MS])
        .unwrap();
    let granted = Entry { debt: Some(id), ..line(Kind::DebtGranted, Side::Debit, bytes) };
    ledger.add(user_no, NOW_MS - 1000, granted, format!("debt/{user_no}"));
}

/// An order that the gateway confirms and nobody could book.
fn review(tx: &Transaction, n: u32) {
    tx.execute(
        "INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, plan, refunded_rp, created_at,
           request_id, window_bytes)
         VALUES (?1, ?2, 'settle_all', 'qris', ?3, 'review', '[]', '[\"amount_mismatch\"]', 0, 0, ?4, ?5, 0)",
        params![format!("k-{n:06}"), n + 1, PRICE_RP, NOW_MS - i64::from(n) * HOUR_MS, format!("r-{n}")],
    )
    .unwrap();
}

/// By the day, and today by the hour.
fn usage(tx: &Transaction, extent: Extent) {
    let Extent { users, days, .. } = extent;
    let today = day_number(jiff::civil::date(2026, 11, 10));
    let mut by_device = tx.prepare_cached("INSERT INTO usage_days VALUES (?1, ?2, ?2, ?3, 0)").unwrap();
    let mut by_user = tx.prepare_cached("INSERT INTO usage_totals VALUES (?1, ?2, ?3, 0)").unwrap();
    for day in today - i64::from(days)..today {
        for no in 1..=users {
            let bytes = USAGE_BYTES / 2 + i64::from(no) * 1000;
            by_device.execute(params![day, no, bytes]).unwrap();
            by_user.execute(params![day, no, bytes]).unwrap();
        }
    }
    let mut hours = tx.prepare_cached("INSERT INTO usage_hours_base VALUES (?1, ?2, ?2, ?3, 0)").unwrap();
    for no in (3..=users).step_by(3) {
        for ago in 0..10 {
            hours.execute(params![NOW_MS / HOUR_MS - ago, no, USAGE_BYTES / 20]).unwrap();
        }
    }
}

/// The sums of those days.
fn usage_sums(tx: &Transaction) {
    tx.execute_batch(
        "INSERT INTO usage_sums SELECT day, sum(bytes) FROM usage_totals WHERE true GROUP BY day ON CONFLICT DO NOTHING;
         INSERT INTO usage_months
         SELECT 12 * CAST(strftime('%Y', day * 86400, 'unixepoch') AS INTEGER)
           + CAST(strftime('%m', day * 86400, 'unixepoch') AS INTEGER) - 1 AS month, user_no, sum(bytes)
         FROM usage_totals WHERE true GROUP BY month, user_no ON CONFLICT DO NOTHING;",
    )
    .unwrap();
}

fn audit(tx: &Transaction, users: u32) {
    let mut insert = tx
        .prepare_cached(
            "INSERT INTO audit (at, actor, role, source, action, target, detail)
             VALUES (?1, 'juragan', 'owner', '192.168.88.10', 'user.change', ?2, 'ChangeUser { name: None, phone: None }')",
        )
        .unwrap();
    for n in 0..AUDIT_LINES {
        insert
            .execute(params![NOW_MS - i64::from(AUDIT_LINES - n) * 1000, user_id(n % users + 1).to_string()])
            .unwrap();
    }
}
