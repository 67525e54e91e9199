//! Loads the data that the engine keeps in memory, at the start.

use std::collections::BTreeMap;

use rusqlite::Row;

use super::error::StoreError;
use super::lifecycle::Store;
use super::record::{
    DeviceRecord, HandoverRecord, OpeningRecord, OrderRecord, OrphanRecord, OutboxItem, PackageRecord,
    Pending, UndatedRecord, UserRecord,
};
use super::rows::{counter, debt, instant, parsed, unsigned, unsigned_or_none, user};
use crate::domain::id::{DebtId, Mac, PackageId};
use crate::domain::ledger::{CHAIN_START, Hash};
use crate::domain::package::Package;
use crate::domain::units::{Bytes, Rupiah, Timestamp};

/// The store's content as the engine uses it.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Users that are not deleted, by key.
    pub users: BTreeMap<u32, UserRecord>,
    /// Bound devices, by key.
    pub devices: BTreeMap<u32, DeviceRecord>,
    /// Every package, by key.
    pub packages: BTreeMap<u32, PackageRecord>,
    /// Who entered each open debt item.
    pub granted_by: BTreeMap<DebtId, String>,
    /// Online orders that can still be paid.
    pub open_orders: Vec<OrderRecord>,
    /// Attempts to open an order whose outcome is not known.
    pub openings: Vec<OpeningRecord>,
    /// Pending notifications to the relay.
    pub outbox: Vec<OutboxItem>,
    /// Records entered while the clock was not trusted that have no date yet.
    pub undated: Vec<UndatedRecord>,
    /// Handovers, by key.
    pub handovers: BTreeMap<u32, HandoverRecord>,
    /// Devices that the router has and the store has not, as they were found after the site was taken over.
    pub orphans: BTreeMap<Mac, OrphanRecord>,
    /// Single values.
    pub meta: BTreeMap<String, String>,
    /// The last entry's number.
    pub chain_seq: u64,
    /// The last entry's hash.
    pub chain_hash: Hash,
    /// The last receipt's number.
    pub receipt_no: u64,
    /// The highest user key ever assigned.
    pub user_no: u32,
    /// The highest device key ever assigned.
    pub device_no: u32,
}

impl Store {
    /// Loads the data for the engine.
    pub fn load(&self) -> Result<Loaded, StoreError> {
        let mut out = Loaded { chain_hash: CHAIN_START, ..Loaded::default() };
        // The secret has its own accessor.
        self.each("SELECT key, value FROM meta WHERE key <> 'site_secret'", |row| {
            out.meta.insert(row.get(0)?, row.get(1)?);
            Ok(())
        })?;
        self.each("SELECT * FROM packages", |row| {
            let record = package(row)?;
            out.packages.insert(record.no, record);
            Ok(())
        })?;
        out.users =
            self.map("SELECT * FROM users JOIN accounts USING (user_no) WHERE deleted_at IS NULL", |row| {
                let record = user(row)?;
                Ok((record.no, record))
            })?;
        self.each("SELECT * FROM debts WHERE status = 'open' ORDER BY debt_no", |row| {
            if let Some(owner) = out.users.get_mut(&row.get::<_, u32>("user_no")?) {
                let item = debt(row)?;
                out.granted_by.insert(item.id, row.get("created_by")?);
                push_first(&mut owner.account.items, item);
            }
            Ok(())
        })?;
        out.devices = self.map("SELECT * FROM devices WHERE unbound_at IS NULL", |row| {
            let record = device(row)?;
            Ok((record.no, record))
        })?;
        self.each("SELECT * FROM counters", |row| {
            if let Some(device) = out.devices.get_mut(&row.get::<_, u32>("device_no")?) {
                push_first(&mut device.counters, counter(row)?);
            }
            Ok(())
        })?;
        self.each("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1", |row| {
            out.chain_seq = unsigned(row, "seq")?;
            out.chain_hash = row.get("hash")?;
            Ok(())
        })?;
        out.open_orders = self.open_orders()?;
        out.openings = self.pending_orders()?;
        out.outbox = self.outbox()?;
        out.undated = self.undated()?;
        out.handovers = self.handovers()?;
        out.orphans = self.orphans()?;
        let highest = |sql: &str| self.conn.query_row(sql, [], |row| row.get::<_, u32>(0));
        out.user_no = highest("SELECT ifnull(max(user_no), 0) FROM users")?;
        out.device_no = highest("SELECT ifnull(max(device_no), 0) FROM devices")?;
        out.receipt_no = u64::from(highest("SELECT ifnull(max(receipt_no), 0) FROM orders")?);
        Ok(out)
    }

    /// Rows by their keys. A map that is made at once has full nodes; one that grows in the order of its keys leaves
    /// them half empty, at a large site some megabytes.
    fn map<T>(
        &self,
        sql: &str,
        read: impl Fn(&Row) -> Result<(u32, T), StoreError>,
    ) -> Result<BTreeMap<u32, T>, StoreError> {
        let mut rows = Vec::new();
        self.each(sql, |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows.into_iter().collect())
    }

    pub(super) fn each(
        &self,
        sql: &str,
        mut visit: impl FnMut(&Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    }
}

/// Pushes a value to a list that mostly stays the only one: a list that grows has room for four.
fn push_first<T>(list: &mut Vec<T>, value: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(value);
}

fn package(row: &Row) -> Result<PackageRecord, StoreError> {
    let package = Package {
        id: PackageId(parsed(row, "id", |t| t.parse().ok())?),
        name: row.get("name")?,
        quota: unsigned_or_none(row, "quota_bytes")?.map(Bytes),
        days: row.get("days")?,
        price: Rupiah(unsigned(row, "price_rp")?),
        active: row.get("active")?,
    };
    Ok(PackageRecord { no: row.get("package_no")?, deleted: row.get("deleted")?, package })
}

fn device(row: &Row) -> Result<DeviceRecord, StoreError> {
    let pending = match row.get::<_, Option<String>>("pending")?.as_deref() {
        None => None,
        Some("baseline") => Some(Pending::Baseline),
        Some("unbind") => Some(Pending::Unbind),
        Some("move") => Some(Pending::Move(row.get("move_to")?)),
        Some(other) => return Err(StoreError::Nonsense(format!("pending is {other:?}"))),
    };
    Ok(DeviceRecord {
        no: row.get("device_no")?,
        user_no: row.get("user_no")?,
        mac: Mac::from_u64(unsigned(row, "mac")?),
        label: row.get("label")?,
        bound_at: Timestamp(row.get("bound_at")?),
        seen_at: instant(row, "seen_at")?,
        pending,
        unbound_at: instant(row, "unbound_at")?,
        counters: Vec::new(),
    })
}
