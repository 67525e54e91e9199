//! The changes a draft makes, and the changes the next commit writes.

use std::collections::{BTreeMap, BTreeSet};

use super::command::PinHash;
use super::notice::Notice;
use super::open_orders::OpenOrder;
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, Mac, OrderId};
use crate::domain::ledger::Entry;
use crate::domain::units::Timestamp;
use crate::domain::usage::{Restart, RowId};
use crate::domain::validity::ValidityStep;
use crate::store::{
    AuditLine, Batch, CashMove, Chained, ClosedDay, ClosingRecord, Cursor, DeviceRecord, EventRecord,
    HandoverRecord, OpeningRecord, OrderRecord, OrphanRecord, OutboxItem, OutboxWork, PackageRecord, Redated,
    Undated, UndatedRecord, UsageKey, UsageSum, UserRecord,
};

/// A change of one device.
#[derive(Clone, Debug)]
pub(super) enum Work {
    Bind(DeviceRecord),
    Unbind(u32),
    Change(DeviceRecord),
}

/// Records that are appended as made. A draft collects them; afterwards the state keeps them until the next commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// Changes of expiry and plan, by user.
    pub validity: Vec<(u32, ValidityStep)>,
    pub openings: Vec<OpeningRecord>,
    pub openings_ended: BTreeSet<String>,
    pub outbox_done: BTreeSet<u64>,
    /// Events of the feed.
    pub applied: BTreeSet<String>,
    pub moves: Vec<CashMove>,
    pub closing: Option<ClosingRecord>,
    /// Undated records that an admin gave a date.
    pub dated: Vec<(Undated, String)>,
    pub pins: Vec<(u32, PinHash)>,
    pub event: Option<EventRecord>,
    pub audit: Vec<AuditLine>,
    /// Notices to send after the commit.
    pub notices: Vec<Notice>,
}

impl Records {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Self {
            validity,
            openings,
            openings_ended,
            outbox_done,
            applied,
            moves,
            closing,
            dated,
            pins,
            event,
            audit,
            // Notices are sent, not written; the changes they report are written on their own.
            notices: _,
        } = self;
        validity.is_empty()
            && openings.is_empty()
            && openings_ended.is_empty()
            && outbox_done.is_empty()
            && applied.is_empty()
            && moves.is_empty()
            && closing.is_none()
            && dated.is_empty()
            && pins.is_empty()
            && event.is_none()
            && audit.is_empty()
    }

    /// Appends later records.
    pub fn append(&mut self, later: Self) {
        let Self {
            validity,
            openings,
            openings_ended,
            outbox_done,
            applied,
            moves,
            closing,
            dated,
            pins,
            event,
            audit,
            notices,
        } = later;
        self.validity.extend(validity);
        self.openings.extend(openings);
        self.openings_ended.extend(openings_ended);
        self.outbox_done.extend(outbox_done);
        self.applied.extend(applied);
        self.moves.extend(moves);
        self.closing = closing.or(self.closing.take());
        self.dated.extend(dated);
        self.pins.extend(pins);
        self.event = event.or(self.event.take());
        self.audit.extend(audit);
        self.notices.extend(notices);
    }

    /// Adds every record to a batch.
    pub fn fill<'a>(&'a self, batch: &mut Batch<'a>) {
        let Self {
            validity,
            openings,
            openings_ended,
            outbox_done,
            applied,
            moves,
            closing,
            dated,
            pins,
            event,
            audit,
            notices: _,
        } = self;
        batch.validity.extend(validity.iter().map(|(no, step)| (*no, step)));
        batch.openings.extend(openings);
        batch.openings_ended.extend(openings_ended.iter().map(String::as_str));
        batch.outbox_done.extend(outbox_done);
        batch.applied.extend(applied.iter().map(String::as_str));
        batch.moves.extend(moves);
        batch.closing = closing.as_ref().or(batch.closing);
        batch.dated.extend(dated.iter().map(|(what, id)| (*what, id.as_str())));
        batch.pins.extend(pins.iter().map(|(no, hash)| (*no, hash.0.as_str())));
        batch.event = event.as_ref().or(batch.event);
        batch.audit.extend(audit);
    }
}

/// Changes of orphans.
#[derive(Clone, Debug, Default)]
pub(super) struct OrphanChanges {
    pub found: Vec<OrphanRecord>,
    pub released: Vec<Mac>,
    /// Whether others are still to be looked for, where that changes.
    pub due: Option<bool>,
}

/// The changes of a finished draft.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    pub users: BTreeMap<u32, UserRecord>,
    pub packages: BTreeMap<u32, PackageRecord>,
    pub devices: Vec<Work>,
    pub debts: Vec<(u32, DebtItem)>,
    /// Who entered the items that are loaded back from the store.
    pub granted_by: BTreeMap<DebtId, String>,
    pub orders: BTreeMap<OrderId, OpenOrder>,
    /// Pay windows opened, by user.
    pub windows: BTreeMap<u32, u32>,
    pub outbox: Vec<OutboxWork>,
    pub cursor: Option<Cursor>,
    /// Records without a date, because the clock is not trusted.
    pub undated: Vec<(Undated, String)>,
    pub entries: Vec<(u32, Entry, String)>,
    pub handovers: Vec<HandoverRecord>,
    pub orphans: OrphanChanges,
    /// Whether the owner left, where that changes.
    pub left: Option<bool>,
    pub records: Records,
    pub actor: String,
    pub at: Timestamp,
    /// The local day, in days since 1970-01-01.
    pub day: i64,
}

/// Changes to write at the next commit.
#[derive(Clone, Debug, Default)]
pub(super) struct Dirty {
    pub users: BTreeSet<u32>,
    pub accounts: BTreeSet<u32>,
    pub debts: BTreeMap<DebtId, (u32, DebtItem, String)>,
    pub devices: BTreeSet<u32>,
    pub unbound: Vec<DeviceRecord>,
    pub counters: BTreeSet<u32>,
    /// Rows of the router that are gone, by device: their baselines are to be deleted.
    pub gone: BTreeMap<u32, BTreeSet<RowId>>,
    pub usage: BTreeMap<UsageKey, UsageSum>,
    pub restarts: Vec<(Timestamp, u32, Restart)>,
    pub entries: Vec<Chained>,
    pub packages: BTreeSet<u32>,
    pub orders: Vec<OrderRecord>,
    /// Orders whose pay window moved.
    pub windows: BTreeSet<OrderId>,
    pub outbox: BTreeMap<u64, OutboxItem>,
    /// Whether the feed's cursor changed; it is stored among the single values.
    pub cursor: bool,
    pub undated: Vec<UndatedRecord>,
    pub redated: Vec<Redated>,
    /// Whether no undated record is left.
    pub all_dated: bool,
    pub days: Vec<ClosedDay>,
    pub hours_from: Option<i64>,
    pub handovers: BTreeSet<u32>,
    /// Devices that became orphans.
    pub orphans: BTreeSet<Mac>,
    /// Devices that are orphans no more.
    pub orphans_ended: BTreeSet<Mac>,
    /// Whether it changed that orphans are to be looked for; it is stored among the single values.
    pub orphans_due: bool,
    /// Whether it changed that the owner left; it is stored among the single values.
    pub left: bool,
    /// Whether the list names changed; they are stored among the single values.
    pub lists: bool,
    pub records: Records,
    /// A caller waits for the write: commit without waiting for the interval.
    pub urgent: bool,
}

impl Dirty {
    pub fn is_empty(&self) -> bool {
        let Self {
            users,
            accounts,
            debts,
            devices,
            unbound,
            counters,
            gone,
            usage,
            // A restart always comes together with changed counters.
            restarts: _,
            entries,
            packages,
            orders,
            windows,
            outbox,
            cursor,
            undated,
            redated,
            all_dated,
            days,
            // Set only together with days.
            hours_from: _,
            handovers,
            orphans,
            orphans_ended,
            orphans_due,
            left,
            lists,
            records,
            urgent: _,
        } = self;
        users.is_empty()
            && !left
            && handovers.is_empty()
            && orphans.is_empty()
            && orphans_ended.is_empty()
            && !orphans_due
            && accounts.is_empty()
            && debts.is_empty()
            && devices.is_empty()
            && unbound.is_empty()
            && counters.is_empty()
            && gone.is_empty()
            && usage.is_empty()
            && entries.is_empty()
            && packages.is_empty()
            && orders.is_empty()
            && windows.is_empty()
            && outbox.is_empty()
            && !cursor
            && undated.is_empty()
            && redated.is_empty()
            && !all_dated
            && days.is_empty()
            && !lists
            && records.is_empty()
    }

    /// Rows of a device are gone.
    pub fn add_gone(&mut self, device_no: u32, rows: impl IntoIterator<Item = RowId>) {
        for row in rows {
            self.gone.entry(device_no).or_default().insert(row);
        }
    }

    /// A row of a device is there again.
    pub fn remove_gone(&mut self, device_no: u32, row: &RowId) {
        let Some(rows) = self.gone.get_mut(&device_no) else { return };
        rows.remove(row);
        if rows.is_empty() {
            self.gone.remove(&device_no);
        }
    }

    /// Adds to a batch what is whole here. What is a key only is looked up in the state.
    pub fn fill<'a>(&'a self, batch: &mut Batch<'a>) {
        let Self {
            users: _,
            accounts: _,
            debts,
            devices: _,
            unbound,
            counters: _,
            gone,
            usage,
            restarts,
            entries,
            packages: _,
            orders,
            windows: _,
            outbox,
            cursor: _,
            undated,
            redated,
            all_dated,
            days,
            hours_from,
            handovers: _,
            orphans: _,
            orphans_ended,
            orphans_due: _,
            left: _,
            lists: _,
            records,
            urgent: _,
        } = self;
        batch.debts.extend(debts.values().map(|(no, item, by)| (*no, item, by.as_str())));
        batch.devices.extend(unbound);
        batch.gone.extend(gone.iter().flat_map(|(no, rows)| rows.iter().map(|row| (*no, row))));
        batch.usage.extend(usage);
        batch.restarts.extend(restarts.iter().map(|(at, no, restart)| (*at, *no, restart)));
        batch.entries.extend(entries);
        batch.orders.extend(orders);
        batch.outbox.extend(outbox.values());
        batch.undated.extend(undated);
        batch.redated.extend(redated);
        batch.all_dated |= *all_dated;
        batch.days.extend(days);
        batch.hours_from = hours_from.or(batch.hours_from);
        batch.orphans_ended.extend(orphans_ended);
        records.fill(batch);
    }

    /// Whether any user's access changed.
    pub fn turned(&self) -> bool {
        self.records.notices.iter().any(|notice| matches!(notice, Notice::AccessChanged { .. }))
    }
}
