//! Metering: readings of the router's counters into bytes used. The rules are the metering table of the
//! domain; the promise is that metered never exceeds what really flowed.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use super::id::Mac;
use super::units::Bytes;

/// How far two computed starts of one row may lie apart: both ages are whole seconds, read one after the other.
const START_TOLERANCE_S: u64 = 5;
/// How far the router's uptime may lag the time known to have passed before it counts as a reboot: rounding
/// of both, and one part in a thousand for clocks that drift. No router boots in five seconds.
const REBOOT_TOLERANCE_S: u64 = 5;
const REBOOT_DRIFT: u64 = 1000;
/// How far two readings of one row may lie apart in their starts, and in their slacks, by rounding alone.
const START_ROUNDING_S: u64 = 2;
const SLACK_ROUNDING_S: u64 = 1;

/// A row's `.id`. It is stable while the row lives and names nothing afterwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub String);

/// One row of the hotspot host table, as the router showed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRow {
    /// The device.
    pub mac: Mac,
    /// The row's `.id`.
    pub row: RowId,
    /// The address the device uses, where the router shows one.
    pub address: Option<Ipv4Addr>,
    /// The address the router translates it to; firewall lists see this one.
    pub to_address: Option<Ipv4Addr>,
    /// Age of the row in whole seconds, on the router's clock.
    pub uptime_s: u64,
    /// Bytes in and out since the row appeared.
    pub bytes: u64,
    /// Authorized or bypassed at this reading: only then is traffic somebody's usage.
    pub counts: bool,
}

impl HostRow {
    /// The address that firewall rules see.
    pub fn seen_address(&self) -> Option<Ipv4Addr> {
        self.to_address.or(self.address)
    }
}

/// Which device has an address, by the addresses that firewall rules see and by nothing a row merely claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceAt {
    /// The table shows no device there.
    Nobody,
    /// Exactly this one.
    One(Mac),
    /// More than one device: it is not known which of them sends what comes from there.
    Shared,
}

/// An address of more than one device, which the portal takes for nobody's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedAddress {
    /// As firewall rules see it.
    pub address: Ipv4Addr,
    /// The devices there, as far as their rows could be read.
    pub macs: Vec<Mac>,
}

/// A row that the router printed and that could not be read. What it says is unknown, except for the parts below.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnreadRow {
    /// The row's `.id`, where it could be read.
    pub row: Option<RowId>,
    /// The device, where it could be read.
    pub mac: Option<Mac>,
    /// The address that firewall rules see, where it could be read.
    pub address: Option<Ipv4Addr>,
    /// The first field that makes no sense, with its value.
    pub what: String,
}

/// One complete reading of the host table. An incomplete one is never built: unknown is not zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostTable {
    /// The router's uptime in seconds, read just before the rows.
    pub uptime_s: u64,
    /// How long, by our monotonic clock and rounded up, it took from there to the last row.
    pub span_s: u64,
    /// Every row that could be read, in the router's order.
    pub rows: Vec<HostRow>,
    /// The others. They were there, so nothing may be concluded from their absence among `rows`.
    pub unread: Vec<UnreadRow>,
    /// What distinguishes this router from every other one, such as its serial number. `None` when it reports nothing
    /// of the kind: then it counts as the same one as before.
    pub identity: Option<String>,
}

impl HostTable {
    /// The device that has an address. Two rows of one device are one device; a row there that could not be read is
    /// another one unless it names the same device.
    pub fn device_at(&self, address: Ipv4Addr) -> DeviceAt {
        let rows =
            self.rows.iter().filter(|row| row.seen_address() == Some(address)).map(|row| Some(row.mac));
        let unread = self.unread.iter().filter(|row| row.address == Some(address)).map(|row| row.mac);
        let mut macs = rows.chain(unread);
        match macs.next() {
            None => DeviceAt::Nobody,
            Some(Some(mac)) if macs.all(|other| other == Some(mac)) => DeviceAt::One(mac),
            Some(_) => DeviceAt::Shared,
        }
    }

    /// The rows of the devices that are wanted.
    pub fn rows_by_mac(&self, is_wanted: impl Fn(&Mac) -> bool) -> RowsByMac<'_> {
        let mut rows: Vec<&HostRow> = self.rows.iter().filter(|row| is_wanted(&row.mac)).collect();
        // Rows of one device stay in the router's order.
        rows.sort_by_key(|row| row.mac);
        RowsByMac(rows)
    }

    /// Every address of more than one device, in order.
    pub fn shared_addresses(&self) -> Vec<SharedAddress> {
        let rows = self.rows.iter().filter_map(|row| Some((row.seen_address()?, Some(row.mac))));
        let unread = self.unread.iter().filter_map(|row| Some((row.address?, row.mac)));
        let mut held: Vec<(Ipv4Addr, Option<Mac>)> = rows.chain(unread).collect();
        held.sort_unstable();
        held.dedup();
        let shared = held.chunk_by(|a, b| a.0 == b.0).filter(|macs| macs.len() > 1);
        let named = |macs: &[(Ipv4Addr, Option<Mac>)]| SharedAddress {
            address: macs[0].0,
            macs: macs.iter().filter_map(|(_, mac)| *mac).collect(),
        };
        shared.map(named).collect()
    }
}

/// Rows of a table, those of one device together.
#[derive(Clone, Debug)]
pub struct RowsByMac<'a>(Vec<&'a HostRow>);

impl<'a> RowsByMac<'a> {
    /// The rows of a device.
    pub fn of(&self, mac: Mac) -> &[&'a HostRow] {
        let from = self.0.partition_point(|row| row.mac < mac);
        let count = self.0[from..].partition_point(|row| row.mac == mac);
        &self.0[from..from + count]
    }

    /// Each device with its rows; none is without.
    pub fn devices(&self) -> impl Iterator<Item = (Mac, &[&'a HostRow])> {
        self.0.chunk_by(|a, b| a.mac == b.mac).map(|rows| (rows[0].mac, rows))
    }
}

/// The baseline of one row: what was there at the last reading that counted it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The row's `.id`.
    pub row: RowId,
    /// When the row appeared, in seconds of the router's uptime; negative is possible where the two clocks
    /// of the router disagree by a second.
    pub started_s: i64,
    /// By how much `started_s` may be early: the reading's span.
    pub slack_s: u64,
    /// The row's age at that reading.
    pub uptime_s: u64,
    /// Its counter at that reading.
    pub bytes: u64,
    /// Whether traffic was somebody's usage at that reading.
    pub counts: bool,
}

impl Counter {
    fn of(row: &HostRow, table: &HostTable) -> Self {
        let start = i128::from(table.uptime_s) - i128::from(row.uptime_s);
        Self {
            row: row.row.clone(),
            started_s: i64::try_from(start).unwrap_or(i64::MIN),
            slack_s: table.span_s,
            uptime_s: row.uptime_s,
            bytes: row.bytes,
            counts: row.counts,
        }
    }

    /// The router rebooted since, and the counters of the row could not be read: its next reading belongs to another
    /// boot.
    pub fn outlive_boot(&mut self) {
        self.started_s = i64::MIN;
    }

    /// Whether this reading need not be kept whole where an `earlier` one is: with these bytes, that one recognizes the
    /// next reading of the row as well. A start that moves, however slowly, is not the same.
    pub fn has_start_of(&self, earlier: &Self) -> bool {
        self.row == earlier.row
            && self.counts == earlier.counts
            && self.uptime_s >= earlier.uptime_s
            && self.started_s.abs_diff(earlier.started_s) <= START_ROUNDING_S
            && self.slack_s <= earlier.slack_s + SLACK_ROUNDING_S
    }

    /// Whether both are readings of one life of one row.
    fn is_same_row(&self, earlier: &Self) -> bool {
        self.row == earlier.row
            && self.uptime_s >= earlier.uptime_s
            && self.started_s.abs_diff(earlier.started_s)
                <= START_TOLERANCE_S + self.slack_s + earlier.slack_s
    }
}

/// A counter that restarted between two readings, kept as evidence for "I did not use that much".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The row before; another row's name where the row was replaced.
    pub old_row: RowId,
    /// What it had counted at the last reading.
    pub old_bytes: u64,
    /// The row after.
    pub new_row: RowId,
    /// What it had counted at this reading.
    pub new_bytes: u64,
    /// Age of the new row in seconds.
    pub uptime_s: u64,
}

/// What one reading says about one device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceUsage {
    /// To charge.
    pub bytes: Bytes,
    /// The baselines to compare the next reading with.
    pub counters: Vec<Counter>,
    /// Counters that restarted.
    pub restarts: Vec<Restart>,
}

/// Which devices a reading says nothing about, because a row of theirs could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unknown {
    macs: BTreeSet<Mac>,
    /// Rows whose device could not be read.
    rows: BTreeSet<RowId>,
    /// There is a row without a device.
    has_nameless: bool,
    /// There is a row without a device and without an id: it can be any row that is not among those read.
    has_anonymous: bool,
}

impl Unknown {
    /// What the rows that could not be read leave unknown.
    pub fn of(table: &HostTable) -> Self {
        let mut out = Self::default();
        for unread in &table.unread {
            match (unread.mac, &unread.row) {
                (Some(mac), _) => {
                    out.macs.insert(mac);
                }
                (None, Some(row)) => {
                    out.has_nameless = true;
                    out.rows.insert(row.clone());
                }
                (None, None) => {
                    out.has_nameless = true;
                    out.has_anonymous = true;
                }
            }
        }
        out
    }

    /// Whether nothing may be counted for a device now. `known` are its baselines of this boot of the router: they
    /// show whose a row without a device is.
    pub fn holds(&self, mac: Mac, known: &[Counter]) -> bool {
        self.macs.contains(&mac) || known.iter().any(|counter| self.rows.contains(&counter.row))
    }

    /// Whether the rows that were read may lack one of this device, of which `is_seen` says whether any was read.
    /// A baseline taken from them would leave that row to be charged whole.
    pub fn may_lack(&self, mac: Mac, is_seen: bool) -> bool {
        self.macs.contains(&mac) || (self.has_nameless && !is_seen)
    }

    /// Whether a row that is missing among those read may be there all the same.
    pub fn may_hide_any(&self) -> bool {
        self.has_anonymous
    }
}

/// Whether the router restarted between a reading at `before_s` of uptime and one at `after_s`, when at least
/// `elapsed_min_s` are known to have passed. Wall time is never asked.
pub fn rebooted(before_s: u64, after_s: u64, elapsed_min_s: u64) -> bool {
    let tolerance_s = REBOOT_TOLERANCE_S + elapsed_min_s / REBOOT_DRIFT;
    after_s < before_s || after_s.saturating_add(tolerance_s) < before_s.saturating_add(elapsed_min_s)
}

/// Baselines for rows that are there when a device is bound: nothing that flowed before is charged.
pub fn baseline<'a>(rows: impl Iterator<Item = &'a HostRow>, table: &HostTable) -> Vec<Counter> {
    let mut counters: Vec<Counter> = Vec::new();
    for row in rows.filter(|row| !row.row.0.is_empty()) {
        let counter = Counter::of(row, table);
        match counters.iter_mut().find(|c| c.row == counter.row) {
            Some(known) => *known = counter,
            None => counters.push(counter),
        }
    }
    counters
}

/// The metering table, for one device: every row of the reading against the baselines of the previous one.
///
/// `before` must be empty when the router rebooted in between: a row `.id` and a start say nothing across boots.
/// `vanished` names what was known before such a reboot, for the record of restarts only.
pub fn meter<'a>(
    before: &[Counter],
    vanished: &[Counter],
    rows: impl Iterator<Item = &'a HostRow>,
    table: &HostTable,
) -> DeviceUsage {
    let mut usage = DeviceUsage { counters: baseline(rows, table), ..DeviceUsage::default() };
    for now in &usage.counters {
        let previous = before.iter().find(|c| c.row == now.row);
        let (bytes, restarted) = delta(previous, now);
        usage.bytes = usage.bytes.plus(bytes);
        if !restarted {
            continue;
        }
        let gone = |c: &&Counter| usage.counters.iter().all(|n| n.row != c.row);
        let old = previous.or_else(|| before.iter().find(gone)).or_else(|| vanished.first());
        if let Some(old) = old {
            usage.restarts.push(Restart {
                old_row: old.row.clone(),
                old_bytes: old.bytes,
                new_row: now.row.clone(),
                new_bytes: now.bytes,
                uptime_s: now.uptime_s,
            });
        }
    }
    usage
}

/// Keeps the baselines of rows that are missing in a reading, where they may have been there and not been readable:
/// dropped, the next reading would charge them whole.
pub fn keep_missing(before: &[Counter], usage: &mut DeviceUsage) {
    let is_missing = |old: &&Counter| usage.counters.iter().all(|now| now.row != old.row);
    let missing: Vec<Counter> = before.iter().filter(is_missing).cloned().collect();
    usage.counters.extend(missing);
}

/// What one row adds since its previous reading, and whether its counter restarted.
fn delta(previous: Option<&Counter>, now: &Counter) -> (Bytes, bool) {
    let counted = |bytes: u64, counts: bool| if counts { Bytes(bytes) } else { Bytes::ZERO };
    match previous.filter(|earlier| now.is_same_row(earlier)) {
        Some(earlier) if now.bytes >= earlier.bytes => {
            (counted(now.bytes - earlier.bytes, now.counts || earlier.counts), false)
        }
        // The same row went back: what is there flowed since, part of it while the earlier reading still held.
        Some(earlier) => (counted(now.bytes, now.counts || earlier.counts), true),
        None => (counted(now.bytes, now.counts), true),
    }
}

#[cfg(test)]
#[path = "usage_tests.rs"]
mod tests;
