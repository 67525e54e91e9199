//! Turns readings into usage: applies the metering rules to every bound device, collecting the results in memory.

use std::sync::Arc;
use std::time::Duration;

use super::reading::{HOUR_MS, Reading};
use super::state::{RouterChange, RouterClock, State};
use crate::domain::access::Facts;
use crate::domain::account::Policy;
use crate::domain::policy::{Event, Split};
use crate::domain::units::Bytes;
use crate::domain::usage::{self, Counter, HostRow, HostTable, Unknown};
use crate::store::{DeviceRecord, Pending, UsageKey};

/// The time at which a reading is counted.
pub struct Moment {
    /// The facts.
    pub facts: Facts,
    /// Time since boot.
    pub uptime: Duration,
    /// The boot of that uptime.
    pub boot_id: String,
}

/// A change of the router since the previous reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// It restarted: the bytes in its rows flowed since.
    Rebooted,
    /// Another router answered: the bytes in its rows cannot be attributed.
    Replaced,
}

/// Counts a reading: updates usage, balances and access in memory, and marks them for the next commit.
pub fn absorb(state: &mut State, reading: &Reading, now: &Moment, policy: &Policy) {
    if state.last_begun.is_some_and(|last| reading.begun < last) {
        // Counting an older reading after a newer one would look like counters that went back.
        tracing::debug!("a reading overtaken by a later one is dropped");
        return;
    }
    state.last_begun = Some(reading.begun);
    let table = &reading.hosts;
    let (meanwhile, clock) = look_at_router(state, table, now);
    let rows = table.rows_by_mac(|mac| state.by_mac.contains_key(mac));
    let unknown = Unknown::of(table);
    let devices: Vec<u32> = state.devices.keys().copied().collect();
    for no in devices {
        let device = &state.devices[&no];
        // After a reboot, or on another router, an id names another row.
        let known = if meanwhile == Meanwhile::Nothing { device.counters.as_slice() } else { &[] };
        if unknown.holds(device.mac, known) {
            hold_device(state, no, meanwhile, now);
            continue;
        }
        let rows = rows.of(device.mac);
        absorb_device(state, no, rows, table, &unknown, meanwhile, now, policy);
    }
    state.router = Some(clock);
    if meanwhile == Meanwhile::Replaced {
        // After a crash the change would be detected again, and the usage in between would be charged to no user.
        state.dirty.urgent = true;
    }
    state.seen =
        rows.devices().map(|(mac, rows)| (mac, rows.iter().find_map(|row| row.seen_address()))).collect();
    for unread in &table.unread {
        if let Some(mac) = unread.mac.filter(|mac| state.by_mac.contains_key(mac)) {
            let address = state.seen.entry(mac).or_default();
            *address = address.or(unread.address);
        }
    }
    state.hosts = Arc::clone(table);
}

/// Detects a change of the router; returns it with the clock record for the next reading.
fn look_at_router(state: &State, table: &HostTable, now: &Moment) -> (Meanwhile, RouterClock) {
    let before = state.router.as_ref();
    let known = before.and_then(|before| before.identity.clone());
    let mut change = before.and_then(|before| before.change.clone());
    let meanwhile = match (&known, &table.identity) {
        (Some(was), Some(is)) if was != is => {
            tracing::warn!(
                router.was = was,
                router.is = is,
                "another router answers; its counters begin anew"
            );
            change = Some(RouterChange { was: was.clone(), is: is.clone(), since: now.facts.now });
            Meanwhile::Replaced
        }
        _ if router_rebooted(state, table, now) => {
            tracing::info!(router.uptime_s = table.uptime_s, "the router restarted; counters begin anew");
            Meanwhile::Rebooted
        }
        _ => Meanwhile::Nothing,
    };
    let clock = RouterClock {
        uptime_s: table.uptime_s,
        read_at: now.facts.now,
        pi_uptime_s: now.uptime.as_secs(),
        boot_id: now.boot_id.clone(),
        // A router that does not report its identity counts as the same one.
        identity: table.identity.clone().or(known),
        change,
    };
    (meanwhile, clock)
}

fn router_rebooted(state: &State, table: &HostTable, now: &Moment) -> bool {
    state.router.as_ref().is_some_and(|before| {
        // On another boot of this machine at least its whole uptime has passed since.
        let same_boot = before.boot_id == now.boot_id;
        let elapsed_s = now.uptime.as_secs().saturating_sub(if same_boot { before.pi_uptime_s } else { 0 });
        usage::rebooted(before.uptime_s, table.uptime_s, elapsed_s.saturating_sub(table.span_s))
    })
}

/// A row of the device could not be read: nothing is charged, and the baselines for the next reading are unchanged. A
/// pending change of the device stays pending.
fn hold_device(state: &mut State, no: u32, meanwhile: Meanwhile, now: &Moment) {
    let Some(device) = state.devices.get_mut(&no) else { return };
    device.seen_at = Some(now.facts.now);
    match meanwhile {
        Meanwhile::Nothing => {}
        Meanwhile::Rebooted => {
            device.counters.iter_mut().for_each(Counter::outlive_boot);
            state.dirty.counters.insert(no);
        }
        Meanwhile::Replaced => {
            // The bytes in another router's rows belong to no user, so the change need not wait for a reading.
            let rows = std::mem::take(&mut device.counters).into_iter().map(|counter| counter.row);
            state.dirty.add_gone(no, rows);
            state.dirty.counters.remove(&no);
            state.dirty.devices.insert(no);
            match device.pending.replace(Pending::Baseline) {
                None | Some(Pending::Baseline) => {}
                Some(Pending::Unbind) => state.unbind(no, now.facts.now),
                Some(Pending::Move(to)) => {
                    move_device(state, no, to, Some(Pending::Baseline), Vec::new(), now);
                }
            }
        }
    }
}

#[allow(
    clippy::too_many_arguments,
    reason = "one reading of one device: what was read, and what it is judged by"
)]
fn absorb_device(
    state: &mut State,
    no: u32,
    rows: &[&HostRow],
    table: &HostTable,
    unknown: &Unknown,
    meanwhile: Meanwhile,
    now: &Moment,
    policy: &Policy,
) {
    let Some(device) = state.devices.get_mut(&no) else { return };
    let before = std::mem::take(&mut device.counters);
    let read = rows.iter().copied();
    let mut usage = match (&device.pending, meanwhile) {
        (Some(Pending::Baseline), _) | (_, Meanwhile::Replaced) => {
            usage::DeviceUsage { counters: usage::baseline(read, table), ..usage::DeviceUsage::default() }
        }
        (_, Meanwhile::Rebooted) => usage::meter(&[], &before, read, table),
        (_, Meanwhile::Nothing) => usage::meter(&before, &[], read, table),
    };
    if unknown.may_hide_any() && meanwhile == Meanwhile::Nothing {
        usage::keep_missing(&before, &mut usage);
    }
    if !rows.is_empty() {
        device.seen_at = Some(now.facts.now);
    } else if !before.is_empty() {
        // A device in the committed reading was seen at its time; once it is gone, its own record must say when.
        state.dirty.devices.insert(no);
    }
    let gone = |c: &&Counter| usage.counters.iter().all(|n| n.row != c.row);
    state.dirty.add_gone(no, before.iter().filter(gone).map(|c| c.row.clone()));
    for counter in &usage.counters {
        state.dirty.remove_gone(no, &counter.row);
    }
    if moved(&before, &usage.counters) {
        state.dirty.counters.insert(no);
    }
    device.counters = usage.counters;
    let user_no = device.user_no;
    state.dirty.restarts.extend(usage.restarts.into_iter().map(|r| (now.facts.now, no, r)));
    charge(state, user_no, no, usage.bytes, now, policy);
    resolve_pending(state, no, rows, table, unknown, now);
}

/// Whether baselines must be written. A row that only grew older is recognized after a crash as well.
fn moved(before: &[Counter], after: &[Counter]) -> bool {
    let is_same = |(b, a): (&Counter, &Counter)| (&b.row, b.bytes, b.counts) == (&a.row, a.bytes, a.counts);
    before.len() != after.len() || !before.iter().zip(after).all(is_same)
}

/// Charges usage of one device: debits its user according to the rules, and adds all of it to the usage series.
fn charge(state: &mut State, user_no: u32, device_no: u32, bytes: Bytes, now: &Moment, policy: &Policy) {
    if bytes.is_zero() {
        return;
    }
    state.use_windows(user_no, bytes, &now.facts, policy);
    let split = state.step(user_no, &Event::Metered(bytes), &now.facts, policy).unwrap_or_else(|refusal| {
        // Metering is never refused; if it were, the series must still record the bytes.
        tracing::error!(%refusal, "usage was refused");
        Split::default()
    });
    let key = UsageKey { hour: now.facts.now.0.div_euclid(HOUR_MS), user_no, device_no };
    let sum = state.dirty.usage.entry(key).or_default();
    sum.bytes = sum.bytes.plus(bytes);
    sum.unenforced = sum.unenforced.plus(split.unenforced);
}

/// Applies the change that waited for this reading.
fn resolve_pending(
    state: &mut State,
    no: u32,
    rows: &[&HostRow],
    table: &HostTable,
    unknown: &Unknown,
    now: &Moment,
) {
    let Some(device) = state.devices.get_mut(&no) else { return };
    let lacks = unknown.may_lack(device.mac, !rows.is_empty());
    if device.pending == Some(Pending::Baseline) && lacks {
        return;
    }
    let Some(pending) = device.pending.take() else { return };
    state.dirty.devices.insert(no);
    state.dirty.urgent = true;
    match pending {
        Pending::Baseline => {}
        Pending::Unbind => state.unbind(no, now.facts.now),
        Pending::Move(to) => {
            let counters = usage::baseline(rows.iter().copied(), table);
            move_device(state, no, to, lacks.then_some(Pending::Baseline), counters, now);
        }
    }
}

/// Moves the device to the user with the key `to`.
fn move_device(
    state: &mut State,
    no: u32,
    to: u32,
    pending: Option<Pending>,
    counters: Vec<Counter>,
    now: &Moment,
) {
    let Some(old) = state.devices.get(&no).cloned() else { return };
    let bound_at = now.facts.now;
    state.unbind(no, bound_at);
    if state.users.contains_key(&to) {
        state.bind(DeviceRecord { no: 0, user_no: to, bound_at, pending, counters, ..old });
    }
}
