//! Devices that the router has and the restored store has not: found once, kept as they were, and ended by an owner or a release.

use rusqlite::{Connection, TransactionBehavior};

use super::*;
use crate::domain::listing::{BindingKind, DeviceAccess, List};
use crate::domain::orphans::Orphan;

fn orphan(n: u8) -> Orphan {
    Orphan { mac: mac(n), owner: format!("u{n}"), list: List::Fup, binding: BindingKind::Bypassed }
}

/// The usual site after it was taken over.
fn taken_over() -> (Pi, UserId) {
    let (mut pi, user) = site();
    let next = pi.engine().instance().next(7);
    pi.engine().take_site_over(&Actor::daemon(), next).unwrap();
    assert!(pi.engine().are_orphans_due());
    (pi, user)
}

fn kept(pi: &mut Pi) -> Vec<DeviceAccess> {
    let wanted = |access: &DeviceAccess| access.mac != mac(1);
    pi.engine().desired().into_iter().filter(wanted).collect()
}

fn actions(pi: &mut Pi, n: u32) -> Vec<String> {
    let audit = pi.engine().reader().audit(Page { limit: n, after: None }).unwrap();
    audit.into_iter().map(|(_, line)| line.action).collect()
}

#[test]
fn orphans_are_recorded_once_and_stay_over_a_restart_until_they_are_bound_or_released() {
    let (mut pi, user) = taken_over();
    pi.restart();
    assert!(pi.engine().are_orphans_due(), "a restart forgets nothing");
    // A device of the store is no orphan, whatever was read.
    pi.engine().record_orphans(vec![orphan(1), orphan(2), orphan(3)], true).unwrap();
    pi.restart();
    assert!(!pi.engine().are_orphans_due());
    assert_eq!(kept(&mut pi), [orphan(2).access(), orphan(3).access()]);
    assert_eq!(actions(&mut pi, 1), ["device.orphans"]);
    let rows = vec![row(1, "*1", 60, 1000), row(2, "*2", 60, 70_000)];
    let reading = pi.reading(110, rows.clone());
    pi.bind(user, mac(2), Some(reading));
    assert_eq!(actions(&mut pi, 2), ["device.orphan_bind", "device.bind"]);
    pi.ask(Command::ReleaseOrphan(mac(3)), None).unwrap();
    assert_eq!(actions(&mut pi, 1), ["device.orphan_release"]);
    let again = pi.ask(Command::ReleaseOrphan(mac(3)), None);
    assert!(matches!(again, Err(EngineError::NotFound(_))), "{again:?}");
    pi.restart();
    let owner = user.to_string();
    assert!(kept(&mut pi).iter().all(|access| access.owner == owner), "{:?}", kept(&mut pi));
    assert_eq!(kept(&mut pi).len(), 1);
    // What flowed while it was nobody's is nobody's; from here on it is metered.
    let before = pi.used(user);
    pi.pass(10);
    pi.meter(120, vec![row(1, "*1", 70, 1000), row(2, "*2", 70, 75_000)]);
    assert_eq!(pi.used(user), before + 5000);
    pi.verify();
}

#[test]
fn while_rows_cannot_be_read_orphans_are_still_looked_for_and_devices_unbound_meanwhile_are_none() {
    let (mut pi, user) = taken_over();
    pi.engine().record_orphans(vec![orphan(2)], false).unwrap();
    assert!(pi.engine().are_orphans_due());
    let reading = pi.reading(110, vec![row(1, "*1", 60, 1000)]);
    pi.ask(Command::Unbind { user, mac: mac(1) }, Some(reading)).unwrap();
    let commits = pi.engine().store_stats().commits;
    pi.engine().record_orphans(vec![orphan(1), orphan(2)], false).unwrap();
    assert_eq!(pi.engine().store_stats().commits, commits, "nothing is news");
    pi.engine().record_orphans(vec![orphan(1), orphan(2), orphan(3)], true).unwrap();
    assert_eq!(pi.engine().desired(), [orphan(2).access(), orphan(3).access()]);
    assert!(!pi.engine().are_orphans_due());
}

#[test]
fn what_cannot_be_written_changes_no_orphan_and_leaves_the_search_open() {
    let (mut pi, _) = taken_over();
    pi.engine().record_orphans(vec![orphan(2)], false).unwrap();
    let mut other = Connection::open(pi.dir.path().join(crate::store::FILE)).unwrap();
    let held = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    let before = format!("{:?}", pi.engine().state);
    assert!(pi.engine().record_orphans(vec![orphan(3)], true).is_err());
    assert!(pi.ask(Command::ReleaseOrphan(mac(2)), None).is_err());
    assert_eq!(format!("{:?}", pi.engine().state), before);
    drop(held);
}
