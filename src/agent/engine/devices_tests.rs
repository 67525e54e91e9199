use super::*;
use crate::domain::usage::DeviceAt;

/// The usual site with two more devices, bound a second apart: the most a user may have.
fn full_site() -> (Pi, UserId) {
    let (mut pi, user) = site();
    for n in 2..=3 {
        pi.pass(1);
        let reading = pi.reading(100 + u64::from(n), vec![row(1, "*1", 50, 1000)]);
        pi.bind(user, mac(n), Some(reading));
    }
    (pi, user)
}

fn in_place_of_oldest(user: UserId, device: u8) -> Command {
    Command::Bind(NewDevice { replace_oldest: true, is_move: true, ..NewDevice::of(user, mac(device)) })
}

fn macs(pi: &mut Pi, user: UserId) -> Vec<crate::domain::id::Mac> {
    let snapshot = pi.engine().read_view().user(user).unwrap();
    snapshot.devices.iter().map(|(device, _)| device.mac).collect()
}

fn oldest(pi: &mut Pi, no: u32) -> Option<crate::domain::id::Mac> {
    pi.engine().read_view().oldest_device(no).map(|device| device.mac)
}

#[test]
fn one_device_too_many_is_refused_or_takes_the_place_of_the_one_seen_longest_ago() {
    let (mut pi, user) = full_site();
    let plain = Command::Bind(NewDevice::of(user, mac(9)));
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
    // The first device is unbound; the usage of the second and the third stays with their owner.
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
    let look = pi.engine().read_view();
    let at = |address: [u8; 4]| look.device_at(address.into());
    assert_eq!(at([10, 5, 50, 1]), DeviceAt::One(mac(1)));
    assert_eq!(at([10, 5, 51, 7]), DeviceAt::One(mac(7)));
    assert_eq!(at([10, 5, 50, 7]), DeviceAt::Nobody, "an address that is translated is only claimed");
    assert_eq!(at([10, 5, 50, 8]), DeviceAt::Nobody);
}

#[test]
fn a_device_of_somebody_else_is_refused_with_its_owner_and_moves_when_that_is_said() {
    let (mut pi, owner) = site();
    let heir = pi.add_user("Budi");
    let audit_of = |pi: &mut Pi, user: UserId| {
        let lines = pi.engine().reader().audit(Page { limit: 100, after: None }).unwrap();
        let own = lines.into_iter().map(|(_, line)| line).filter(|line| line.target == user.to_string());
        own.filter(|line| line.action.starts_with("device.")).map(|line| line.detail).collect::<Vec<_>>()
    };
    let before = audit_of(&mut pi, owner);
    for reading in [None, Some(pi.reading(105, vec![row(1, "*1", 55, 1700)]))] {
        let refused = pi.ask(Command::Bind(NewDevice::of(heir, mac(1))), reading).unwrap_err();
        let EngineError::DeviceTaken { mac: taken, owner: by, .. } = refused else { panic!("{refused}") };
        assert_eq!((taken, by), (mac(1), owner));
    }
    assert_eq!((macs(&mut pi, owner).len(), macs(&mut pi, heir).len()), (1, 0), "nothing moved");
    assert_eq!(audit_of(&mut pi, owner), before);

    let moving = |user| Command::Bind(NewDevice { is_move: true, ..NewDevice::of(user, mac(1)) });
    let request = |action| Request { actor: Actor::daemon(), action, key: None, reading: None };
    let preview = pi.engine().preview(request(moving(heir))).unwrap();
    let others: Vec<_> = preview
        .others
        .iter()
        .map(|(before, after)| (before.user.account.id, before.devices.len(), after.devices.len()))
        .collect();
    assert_eq!(others, [(owner, 1, 0)]);
    assert_eq!(preview.after.unwrap().devices.len(), 1);

    // Without the router the move waits, and its target cannot be deleted meanwhile.
    let answer = pi.ask(moving(heir), None).unwrap();
    assert_eq!(answer["moved_from"], owner.to_string());
    let refused = pi.ask(Command::DeleteUser(heir), None).unwrap_err();
    assert!(matches!(refused, EngineError::Conflict { code: "user_has_devices", .. }), "{refused}");
    pi.pass(10);
    pi.meter(115, vec![row(1, "*1", 65, 1700)]);
    assert_eq!((macs(&mut pi, owner).len(), macs(&mut pi, heir).len()), (0, 1));
    assert!(audit_of(&mut pi, owner)[0].contains(&format!("moved to {heir}")));
    assert!(audit_of(&mut pi, heir)[0].contains(&format!("moved from {owner}")));

    let stays = |pi: &mut Pi, no| pi.engine().reader().device_history(no, 10).unwrap();
    let (old, new) = (stays(&mut pi, 1), stays(&mut pi, 2));
    assert_eq!((old.len(), old[0].from, old[0].to, old[0].unbound_at.is_some()), (1, None, Some(2), true));
    assert_eq!((new.len(), new[0].from, new[0].to, new[0].unbound_at), (1, Some(1), None, None));
    pi.verify();
}

#[test]
fn a_device_that_asks_for_itself_is_bound_only_where_it_alone_is_seen() {
    let (mut pi, _) = site();
    let user = pi.add_user("Budi");
    let at = |address: [u8; 4]| NewDevice { seen_at: Some(address.into()), ..NewDevice::of(user, mac(7)) };
    let taken = |n, address: [u8; 4]| HostRow { address: Some(address.into()), ..row(n, "*9", 5, 0) };
    let own = [10, 5, 50, 7];
    let rows: [(Vec<HostRow>, Option<&str>); 4] = [
        (vec![row(7, "*7", 5, 0), taken(8, own)], Some(ADDRESS_SHARED)),
        (vec![taken(8, own)], Some(DEVICE_GONE)),
        (vec![], Some(DEVICE_GONE)),
        (vec![taken(8, [10, 5, 50, 8]), row(7, "*7", 5, 0)], None),
    ];
    for (hosts, refusal) in rows {
        pi.pass(1);
        let reading = pi.reading(110, hosts);
        let done = pi.ask(Command::Bind(at(own)), Some(reading));
        let code = match done {
            Err(EngineError::Conflict { code, .. }) => Some(code),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        };
        assert_eq!((code, macs(&mut pi, user).len()), (refusal, usize::from(refusal.is_none())));
    }
}
