//! A store with years of history, written at once: every user used something every day and bought a package every month
//! over the counter. It is as whole as one that grew.

use std::collections::BTreeMap;
use std::path::Path;

use kuota::domain::id::{OrderId, UserId};
use kuota::domain::ledger::{Balance, CHAIN_START, Entry, Hash, Kind, Posted, Side};
use kuota::domain::units::{Bytes, DAY_MS, Rupiah, Timestamp};
use kuota::store::{FILE, Store};
use rusqlite::{Connection, params};
use uuid::Uuid;

const PACKAGE_BYTES: u64 = 30 << 30;
const PRICE_RP: u64 = 100_000;
const USAGE_BYTES: u64 = 1 << 30;
/// Days from one purchase to the next.
const MONTH_DAYS: u32 = 30;
/// 2026-11-10 03:00 UTC.
const NOW_MS: i64 = 1_794_279_600_000;
/// The index that would be written in random order: it is made at the end.
const BY_USER: &str = "CREATE INDEX entries_by_user ON entries (user_no, seq)";

fn user_id(no: u32) -> UserId {
    UserId(Uuid::from_u128(u128::from(no) << 64 | 0x8000_4000_8000_0000))
}

/// The store of a new folder with so many users and days. Returns the number of entries.
pub fn fill(folder: &Path, users: u32, days: u32) -> u64 {
    drop(Store::open(folder).unwrap());
    let mut conn = Connection::open(folder.join(FILE)).unwrap();
    conn.execute_batch(
        "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -262144;
         DROP INDEX entries_by_user;",
    )
    .unwrap();
    let tx = conn.transaction().unwrap();
    (1..=users).for_each(|no| user(&tx, no, days));
    let mut ledger = Ledger { tx: &tx, seq: 0, hash: CHAIN_START, receipt: 0, balances: BTreeMap::new() };
    for day in 0..days {
        let at = NOW_MS - i64::from(days - day) * DAY_MS;
        for no in 1..=users {
            if (day + no).is_multiple_of(MONTH_DAYS) {
                ledger.buy(no, at);
            }
            ledger.add(
                no,
                at,
                Entry::new(Kind::Usage, Side::Debit, Bytes(USAGE_BYTES)),
                format!("seal/{day}"),
            );
        }
    }
    let Ledger { seq, balances, .. } = ledger;
    for (no, balance) in balances {
        let (credits, debits) = (balance.credits.0.cast_signed(), balance.debits.0.cast_signed());
        tx.prepare_cached(
            "UPDATE accounts_base SET credits_bytes = ?2, debits_bytes = ?3, used_bytes = ?3 WHERE user_no = ?1",
        )
        .unwrap()
        .execute(params![no, credits, debits])
        .unwrap();
    }
    tx.execute(
        "INSERT INTO meta VALUES ('chain_seq', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
        [seq.to_string()],
    )
    .unwrap();
    tx.execute_batch(BY_USER).unwrap();
    tx.commit().unwrap();
    seq
}

fn user(tx: &Connection, no: u32, days: u32) {
    let created = NOW_MS - i64::from(days) * DAY_MS;
    tx.prepare_cached(
        "INSERT INTO users (user_no, id, name, phone, phone_e164, login, login_key, approved, active, exempt, unlimited,
           expires_at, waiting_days, access_status, access_causes, access_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?5, 1, 1, 0, 0, ?6, 0, 'active', '[]', ?7, ?7)",
    )
    .unwrap()
    .execute(params![
        no,
        user_id(no).to_string(),
        format!("Pelanggan {no}"),
        format!("+62812{no:08}"),
        format!("p{no}"),
        NOW_MS + 3650 * DAY_MS,
        created
    ])
    .unwrap();
    tx.prepare_cached("INSERT INTO accounts_base VALUES (?1, 0, 0, 0, 0, 0)").unwrap().execute([no]).unwrap();
    tx.prepare_cached(
        "INSERT INTO devices (device_no, user_no, mac, label, bound_at, seen_at) VALUES (?1, ?1, ?2, 'HP', ?3, ?3)",
    )
    .unwrap()
    .execute(params![no, 0x0200_0000_0000_i64 + i64::from(no), created])
    .unwrap();
    tx.prepare_cached("INSERT INTO counters_base VALUES (?1, ?2, 1000, 5, 5000, 123456789, 1)")
        .unwrap()
        .execute(params![no, format!("*{no:X}")])
        .unwrap();
}

struct Ledger<'t> {
    tx: &'t Connection,
    seq: u64,
    hash: Hash,
    receipt: u32,
    balances: BTreeMap<u32, Balance>,
}

impl Ledger<'_> {
    fn add(&mut self, user_no: u32, at: i64, entry: Entry, event: String) {
        self.seq += 1;
        let balance = self.balances.entry(user_no).or_default();
        *balance = balance.and(&entry);
        let (seq, user, at) = (self.seq, user_id(user_no), Timestamp(at));
        let posted = Posted { seq, user, at, actor: "daemon".into(), event, entry };
        self.hash = posted.link(&self.hash);
        let e = &posted.entry;
        self.tx
            .prepare_cached(
                "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL, ?8, ?9, ?10, ?11, ?12)",
            )
            .unwrap()
            .execute(params![
                seq.cast_signed(),
                user_no,
                at.0,
                e.kind.name(),
                e.side.name(),
                e.amount.0.cast_signed(),
                e.amount_rp.map(|rp| rp.0.cast_signed()),
                e.order.as_ref().map(|order| order.0.as_str()),
                e.note,
                posted.actor,
                posted.event,
                self.hash,
            ])
            .unwrap();
    }

    fn buy(&mut self, user_no: u32, at: i64) {
        self.receipt += 1;
        let receipt = self.receipt;
        let id = format!("{:08x}-0000-4000-8000-{receipt:012x}", receipt.wrapping_mul(2_654_435_761));
        self.tx
            .prepare_cached(
                "INSERT INTO orders (id, user_no, kind, method, amount_rp, status, lines, flags, receipt_no, cashier, plan,
                   refunded_rp, created_at, paid_at, window_bytes)
                 VALUES (?1, ?2, 'purchase', 'cash', ?3, 'paid', '[]', '[]', ?4, 'siti', 0, 0, ?5, ?5, 0)",
            )
            .unwrap()
            .execute(params![id, user_no, PRICE_RP.cast_signed(), receipt, at])
            .unwrap();
        self.tx
            .prepare_cached(
                "INSERT INTO cash_moves (at, cashier, order_id, method, kind, amount_rp, receipt_no)
                 VALUES (?1, 'siti', ?2, 'cash', 'taken', ?3, ?4)",
            )
            .unwrap()
            .execute(params![at, id, PRICE_RP.cast_signed(), receipt])
            .unwrap();
        let event = format!("order/{id}/paid");
        let entry = Entry {
            amount_rp: Some(Rupiah(PRICE_RP)),
            order: Some(OrderId(id)),
            ..Entry::new(Kind::Purchase, Side::Credit, Bytes(PACKAGE_BYTES))
        };
        self.add(user_no, at, entry, event);
    }
}
