use super::*;
use crate::domain::usage::DeviceAt;

/// The usual site with two more devices, bound a second apart: as many as a user may have.
fn full_site() -> (Pi, UserId) {
    let (mut pi, user) = site();
    for n in 2..=3 {
        pi.pass(1);
        let reading = pi.reading(100 + u64::from(n), vec![row(1, "*1", 50, 1000)]);
        pi.bind(user, mac(n), Some(reading));
    }
    (pi, user)
}

fn in_place_of_oldest(user: UserId, device: u8) -> Action {
    Action::Bind(NewDevice { replace_oldest: true, is_move: true, ..NewDevice::of(user, mac(device)) })
}

fn macs(pi: &mut Pi, user: UserId) -> Vec<crate::domain::id::Mac> {
    let snapshot = pi.engine().look().user(user).unwrap();
    snapshot.devices.iter().map(|(device, _)| device.mac).collect()
}

fn oldest(pi: &mut Pi, no: u32) -> Option<crate::domain::id::Mac> {
    pi.engine().look().oldest_device(no).map(|device| device.mac)
}

#[test]
fn one_device_too_many_is_refused_or_takes_the_place_of_the_one_seen_longest_ago() {
    let (mut pi, user) = full_site();
    let plain = Action::Bind(NewDevice::of(user, mac(9)));
    let reading = pi.reading(104, vec![row(1, "*1", 54, 1000)]);
    let refused = pi.ask(plain, Some(reading.clone()));
    assert!(matches!(refused, Err(EngineError::Conflict { code: "too_many_devices", .. })));
    assert_eq!(oldest(&mut pi, 1), Some(mac(2)), "the first one is there");
    pi.ask(in_place_of_oldest(user, 9), Some(reading)).unwrap();
    assert_eq!(macs(&mut pi, user), [mac(1), mac(3), mac(9)]);
    pi.restart();
    assert_eq!(macs(&mut pi, user), [mac(1), mac(3), mac(9)]);
    let audit = pi.engine().reader().audit(Page { limit: 2, after: None }).unwrap();
    let said: Vec<_> = audit.into_iter().map(|(_, line)| (line.action, line.detail)).collect();
    assert_eq!(said[0].0, "device.bind");
    assert_eq!(said[1], ("device.unbind".to_owned(), mac(2).to_string()));
    pi.verify();
}

#[test]
fn what_the_replaced_device_used_is_charged_first_and_nothing_of_the_other_is() {
    let (mut pi, user) = full_site();
    let rows = |bytes| [1, 2, 3].map(|n| row(n, &format!("*{n}"), 60, bytes)).to_vec();
    pi.pass(10);
    pi.meter(110, rows(2000));
    let before = pi.used(user);
    let commits = pi.engine().store_stats().commits;
    pi.pass(5);
    // The first one leaves; what the second and the third used by then is theirs.
    let reading = |pi: &Pi, bytes| {
        let mut rows = rows(bytes);
        rows.push(row(9, "*9", 30, 900_000));
        pi.reading(115, rows)
    };
    let read = reading(&pi, 2700);
    pi.ask(in_place_of_oldest(user, 9), Some(read)).unwrap();
    assert_eq!(pi.used(user), before + 3 * 700);
    assert_eq!(pi.engine().store_stats().commits, commits + 1, "one transaction");
    assert_eq!(macs(&mut pi, user), [mac(2), mac(3), mac(9)], "of those online the first bound goes");
    pi.pass(5);
    let read = reading(&pi, 2700);
    pi.engine().meter(&read).unwrap();
    assert_eq!(pi.used(user), before + 3 * 700, "what the new one had counted before is nobody's");
    pi.verify();
}

#[test]
fn replacing_needs_the_router_and_binding_where_there_is_room_does_not() {
    let (mut pi, user) = full_site();
    let refused = pi.ask(in_place_of_oldest(user, 9), None);
    assert!(matches!(refused, Err(EngineError::RouterNeeded(_))));
    assert_eq!(macs(&mut pi, user), [mac(1), mac(2), mac(3)]);
    pi.ask(in_place_of_oldest(user, 3), None).unwrap();
    assert_eq!(macs(&mut pi, user).len(), 3, "it is bound here already");
    let other = pi.add_user("Budi");
    pi.ask(in_place_of_oldest(other, 9), None).unwrap();
    assert_eq!(macs(&mut pi, other), [mac(9)]);

    pi.policy.max_devices_per_user = 0;
    pi.restart();
    let nobody = pi.add_user("Sari");
    let reading = pi.reading(200, vec![]);
    let refused = pi.ask(in_place_of_oldest(nobody, 8), Some(reading));
    assert!(matches!(refused, Err(EngineError::Conflict { code: "too_many_devices", .. })));
}

#[test]
fn another_users_device_can_take_the_place_too() {
    let (mut pi, user) = full_site();
    let other = pi.add_user("Budi");
    pi.bind(other, mac(9), None);
    pi.pass(5);
    let reading = pi.reading(110, vec![]);
    pi.ask(in_place_of_oldest(user, 9), Some(reading)).unwrap();
    assert_eq!((macs(&mut pi, user).len(), macs(&mut pi, other).len()), (3, 0));
    pi.verify();
}

#[test]
fn an_address_tells_its_device_bound_or_not() {
    let (mut pi, _) = site();
    let moved = HostRow { to_address: Some([10, 5, 51, 7].into()), ..row(7, "*7", 5, 0) };
    pi.meter(110, vec![row(1, "*1", 60, 1000), moved]);
    let look = pi.engine().look();
    let at = |address: [u8; 4]| look.device_at(address.into());
    assert_eq!(at([10, 5, 50, 1]), DeviceAt::One(mac(1)));
    assert_eq!(at([10, 5, 51, 7]), DeviceAt::One(mac(7)));
    assert_eq!(at([10, 5, 50, 7]), DeviceAt::Nobody, "an address that is translated is only claimed");
    assert_eq!(at([10, 5, 50, 8]), DeviceAt::Nobody);
}
