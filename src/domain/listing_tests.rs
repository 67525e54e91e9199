use proptest::prelude::*;

use super::*;
use crate::domain::usage::HostRow;

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

fn ip(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 5, 50, n)
}

fn device(n: u8, list: List, binding: BindingKind) -> DeviceAccess {
    DeviceAccess { mac: mac(n), list, binding, owner: format!("u{n}") }
}

fn active(n: u8) -> DeviceAccess {
    device(n, List::Active, BindingKind::Bypassed)
}

fn host(n: u8, address: Option<u8>, to_address: Option<u8>) -> HostRow {
    HostRow {
        mac: mac(n),
        row: RowId(format!("*{n}")),
        address: address.map(ip),
        to_address: to_address.map(ip),
        uptime_s: 1,
        bytes: 0,
        counts: true,
    }
}

fn hosts(rows: Vec<HostRow>) -> HostTable {
    HostTable { rows, ..HostTable::default() }
}

fn listing(id: &str, list: List, address: u8, ours: bool) -> ListRow {
    ListRow {
        row: RowId(id.into()),
        list: Some(list),
        address: Some(ip(address)),
        ours,
        owner: if ours { format!("u{address}") } else { String::new() },
        dynamic: false,
        disabled: false,
    }
}

fn binding(id: &str, n: u8, kind: BindingKind, ours: bool) -> BindingRow {
    let owner = if ours { format!("u{n}") } else { String::new() };
    BindingRow { row: RowId(id.into()), mac: Some(mac(n)), address: None, kind, ours, owner, disabled: false }
}

fn lists(desired: &Desired) -> Vec<(Ipv4Addr, List)> {
    desired.listings.iter().map(|(address, (list, _))| (*address, *list)).collect()
}

#[test]
fn where_a_device_is() {
    let nothing = AccessRows::default();
    let leased = AccessRows { leases: vec![Lease { mac: mac(1), address: ip(30) }], ..AccessRows::default() };
    let by_binding = BindingRow { address: Some(ip(20)), ..binding("*1", 1, BindingKind::Bypassed, true) };
    let both = AccessRows { bindings: vec![by_binding.clone()], ..leased.clone() };
    let off = AccessRows { bindings: vec![BindingRow { disabled: true, ..by_binding }], ..leased.clone() };
    let rows = [
        ("the host table", hosts(vec![host(1, Some(10), None)]), &both, vec![10]),
        ("its translated address", hosts(vec![host(1, Some(10), Some(11))]), &both, vec![11]),
        (
            "both of two rows",
            hosts(vec![host(1, Some(10), None), host(1, Some(12), None)]),
            &both,
            vec![10, 12],
        ),
        ("else the binding", hosts(vec![]), &both, vec![20]),
        ("else the lease", hosts(vec![]), &leased, vec![30]),
        ("a disabled binding says nothing", hosts(vec![]), &off, vec![30]),
        (
            "a lease that another device holds is not ours",
            hosts(vec![host(9, Some(30), None)]),
            &leased,
            vec![],
        ),
        ("nowhere", hosts(vec![]), &nothing, vec![]),
    ];
    for (what, hosts, observed, expected) in rows {
        let found = addresses(&[active(1)], &hosts, observed);
        let found: Vec<Ipv4Addr> = found.get(&mac(1)).into_iter().flatten().copied().collect();
        assert_eq!(found, expected.into_iter().map(ip).collect::<Vec<_>>(), "{what}");
    }
}

#[test]
fn of_two_that_claim_one_address_the_stricter_wins() {
    let table = hosts(vec![host(1, Some(10), None), host(2, Some(10), None)]);
    let rows = [
        (List::Active, List::Fup, List::Fup),
        (List::Blocked, List::Active, List::Blocked),
        (List::Fup, List::Habis, List::Habis),
    ];
    for (one, other, wins) in rows {
        for (first, second) in [(one, other), (other, one)] {
            let kind = BindingKind::Regular;
            let devices = [device(1, first, kind), device(2, second, kind)];
            let desired = desired(&devices, &table, &AccessRows::default());
            assert_eq!(lists(&desired), [(ip(10), wins)]);
        }
    }
}

/// What should be for device 1 at 10.5.50.10 with full access.
fn one_active() -> Desired {
    desired(&[active(1)], &hosts(vec![host(1, Some(10), None)]), &AccessRows::default())
}

#[test]
fn the_difference_and_nothing_else() {
    let move_it = Edit::MoveListing { row: RowId("*1".into()), list: List::Active, address: ip(10) };
    let add = Edit::AddListing { list: List::Active, address: ip(10), owner: "u1".into() };
    let remove = |id: &str, n: u8| Edit::RemoveListing { row: RowId(id.into()), address: Some(ip(n)) };
    let enable = Edit::EnableListing { row: RowId("*1".into()), address: ip(10) };
    let ours = |list| listing("*1", list, 10, true);
    let rows: [(&str, Vec<ListRow>, Vec<Edit>); 10] = [
        ("nothing there", vec![], vec![add.clone()]),
        ("right already", vec![ours(List::Active)], vec![]),
        ("in another list", vec![ours(List::Blocked)], vec![move_it.clone()]),
        ("switched off", vec![ListRow { disabled: true, ..ours(List::Active) }], vec![enable]),
        (
            "in memory only",
            vec![ListRow { dynamic: true, ..ours(List::Active) }],
            vec![remove("*1", 10), add.clone()],
        ),
        ("twice", vec![listing("*2", List::Fup, 10, true), ours(List::Active)], vec![remove("*2", 10)]),
        (
            "an address that belongs to nobody",
            vec![ours(List::Active), listing("*2", List::Active, 77, true)],
            vec![remove("*2", 77)],
        ),
        ("a foreign row says it already", vec![listing("*9", List::Active, 10, false)], vec![]),
        (
            "a foreign row says it already, and ours stands elsewhere",
            vec![listing("*9", List::Active, 10, false), ours(List::Blocked)],
            vec![remove("*1", 10)],
        ),
        ("a foreign row in another list", vec![listing("*9", List::Blocked, 10, false)], vec![add]),
    ];
    for (what, listings, expected) in rows {
        let bindings = vec![binding("*5", 1, BindingKind::Bypassed, true)];
        let observed = AccessRows { listings, bindings, ..AccessRows::default() };
        assert_eq!(plan(&one_active(), &observed), expected, "{what}");
    }
}

#[test]
fn one_binding_for_each_device() {
    let listed = vec![listing("*1", List::Active, 10, true)];
    let set = Edit::SetBinding { row: RowId("*5".into()), kind: BindingKind::Bypassed, mac: mac(1) };
    let remove = |id: &str, n: u8| Edit::RemoveBinding { row: RowId(id.into()), mac: Some(mac(n)) };
    let rows: [(&str, Vec<BindingRow>, Vec<Edit>); 6] = [
        (
            "none",
            vec![],
            vec![Edit::AddBinding { mac: mac(1), kind: BindingKind::Bypassed, owner: "u1".into() }],
        ),
        ("another type", vec![binding("*5", 1, BindingKind::Regular, true)], vec![set.clone()]),
        (
            "switched off",
            vec![BindingRow { disabled: true, ..binding("*5", 1, BindingKind::Bypassed, true) }],
            vec![set],
        ),
        (
            "twice, and one of nobody",
            vec![
                binding("*5", 1, BindingKind::Bypassed, true),
                binding("*6", 1, BindingKind::Blocked, true),
                binding("*7", 8, BindingKind::Bypassed, true),
            ],
            vec![remove("*6", 1), remove("*7", 8)],
        ),
        ("a foreign one stays", vec![binding("*5", 1, BindingKind::Blocked, false)], vec![]),
        (
            "a foreign one of somebody else",
            vec![
                binding("*4", 1, BindingKind::Bypassed, true),
                binding("*5", 9, BindingKind::Bypassed, false),
            ],
            vec![],
        ),
    ];
    for (what, bindings, expected) in rows {
        let observed = AccessRows { listings: listed.clone(), bindings, ..AccessRows::default() };
        assert_eq!(plan(&one_active(), &observed), expected, "{what}");
    }
}

fn unread(mac: Option<Mac>, address: Option<u8>) -> UnreadRow {
    UnreadRow { mac, address: address.map(ip), what: "x".into(), ..UnreadRow::default() }
}

#[test]
fn our_rows_in_former_lists_move_or_go_and_others_are_not_even_read() {
    let former = |id: &str, address| ListRow { list: None, ..listing(id, List::Active, address, true) };
    let move_it = Edit::MoveListing { row: RowId("*1".into()), list: List::Active, address: ip(10) };
    let remove = |id: &str, n: u8| Edit::RemoveListing { row: RowId(id.into()), address: Some(ip(n)) };
    let rows: [(&str, Vec<ListRow>, Vec<Edit>); 3] = [
        ("it moves", vec![former("*1", 10)], vec![move_it]),
        (
            "the right row is there already",
            vec![former("*1", 10), listing("*2", List::Active, 10, true)],
            vec![remove("*1", 10)],
        ),
        ("of nobody", vec![former("*1", 77), listing("*2", List::Active, 10, true)], vec![remove("*1", 77)]),
    ];
    for (what, listings, expected) in rows {
        let bindings = vec![binding("*5", 1, BindingKind::Bypassed, true)];
        let observed = AccessRows { listings, bindings, ..AccessRows::default() };
        assert_eq!(plan(&one_active(), &observed), expected, "{what}");
    }
}

#[test]
fn what_an_unreadable_row_may_be_about_is_left_alone() {
    let bound = vec![binding("*5", 1, BindingKind::Bypassed, true)];
    let unread_list =
        |address| UnreadAccess { listings: vec![unread(None, address)], ..UnreadAccess::default() };
    let unread_binding = |mac| UnreadAccess { bindings: vec![unread(mac, None)], ..UnreadAccess::default() };
    let add = Edit::AddListing { list: List::Active, address: ip(10), owner: "u1".into() };
    let stray = listing("*2", List::Active, 77, true);
    let remove_stray = Edit::RemoveListing { row: RowId("*2".into()), address: Some(ip(77)) };
    let add_binding = Edit::AddBinding { mac: mac(1), kind: BindingKind::Bypassed, owner: "u1".into() };
    let listed = listing("*1", List::Active, 10, true);
    let rows: [(&str, AccessRows, Vec<Edit>); 5] = [
        (
            "the row of our address",
            AccessRows { bindings: bound.clone(), unread: unread_list(Some(10)), ..AccessRows::default() },
            vec![],
        ),
        (
            "the row of another address",
            AccessRows { bindings: bound.clone(), unread: unread_list(Some(11)), ..AccessRows::default() },
            vec![add.clone()],
        ),
        (
            "a row of no address hides nobody else's surplus",
            AccessRows {
                listings: vec![stray],
                bindings: bound,
                unread: unread_list(None),
                ..AccessRows::default()
            },
            vec![remove_stray, add],
        ),
        (
            "the binding of our device",
            AccessRows {
                listings: vec![listed.clone()],
                unread: unread_binding(Some(mac(1))),
                ..AccessRows::default()
            },
            vec![],
        ),
        (
            "the binding of another device",
            AccessRows {
                listings: vec![listed],
                unread: unread_binding(Some(mac(9))),
                ..AccessRows::default()
            },
            vec![add_binding],
        ),
    ];
    for (what, observed, expected) in rows {
        assert_eq!(plan(&one_active(), &observed), expected, "{what}");
    }
}

#[test]
fn a_device_in_an_unreadable_row_keeps_its_place() {
    let observed = AccessRows {
        listings: vec![listing("*1", List::Active, 1, true), listing("*2", List::Active, 77, true)],
        bindings: vec![binding("*5", 1, BindingKind::Bypassed, true)],
        ..AccessRows::default()
    };
    let lease_unread = AccessRows {
        unread: UnreadAccess { leases: vec![unread(Some(mac(1)), None)], ..UnreadAccess::default() },
        ..observed.clone()
    };
    let table = |row| HostTable { unread: vec![row], ..HostTable::default() };
    let gone = |id: &str, n: u8| Edit::RemoveListing { row: RowId(id.into()), address: Some(ip(n)) };
    let rows: [(&str, HostTable, &AccessRows, Vec<Edit>); 6] = [
        ("nowhere", hosts(vec![]), &observed, vec![gone("*1", 1), gone("*2", 77)]),
        ("only its counters", table(unread(Some(mac(1)), Some(1))), &observed, vec![gone("*2", 77)]),
        ("its address, too", table(unread(Some(mac(1)), None)), &observed, vec![gone("*2", 77)]),
        ("its device", table(unread(None, Some(1))), &observed, vec![gone("*2", 77)]),
        ("all of it", table(unread(None, None)), &observed, vec![gone("*2", 77)]),
        ("its lease", hosts(vec![]), &lease_unread, vec![gone("*2", 77)]),
    ];
    for (what, table, observed, expected) in rows {
        let desired = desired(&[active(1)], &table, observed);
        assert_eq!(plan(&desired, observed), expected, "{what}");
    }
    let elsewhere = HostTable { unread: vec![unread(None, None)], ..hosts(vec![host(1, Some(10), None)]) };
    let edits = plan(&desired(&[active(1)], &elsewhere, &observed), &observed);
    assert!(edits.contains(&gone("*1", 1)), "a device that was read elsewhere is not the one in the odd row");
}

#[test]
fn foreign_rows_in_the_way_are_named() {
    let observed = AccessRows {
        listings: vec![listing("*9", List::Blocked, 10, false), listing("*8", List::Blocked, 99, false)],
        bindings: vec![
            binding("*5", 1, BindingKind::Blocked, false),
            binding("*6", 9, BindingKind::Blocked, false),
        ],
        ..AccessRows::default()
    };
    assert_eq!(conflicts(&one_active(), &observed).len(), 2);
}

#[test]
fn a_foreign_row_that_is_switched_off_keeps_ours_out_and_is_named() {
    let off = ListRow { disabled: true, ..listing("*9", List::Active, 10, false) };
    let rows: [(&str, Vec<ListRow>, Vec<Edit>); 2] = [
        ("the router would refuse ours beside it", vec![off.clone()], vec![]),
        (
            "ours must not go on saying what holds no more",
            vec![off, listing("*1", List::Blocked, 10, true)],
            vec![Edit::RemoveListing { row: RowId("*1".into()), address: Some(ip(10)) }],
        ),
    ];
    for (what, listings, expected) in rows {
        let bindings = vec![binding("*5", 1, BindingKind::Bypassed, true)];
        let observed = AccessRows { listings, bindings, ..AccessRows::default() };
        assert_eq!(plan(&one_active(), &observed), expected, "{what}");
        assert_eq!(conflicts(&one_active(), &observed).len(), 1, "{what}");
    }
}

/// A router that does what edits say, as RouterOS would: one row per list and address, one binding per device.
fn apply(rows: &mut AccessRows, edits: &[Edit], mut next: u32) {
    for edit in edits {
        next += 1;
        let new_id = RowId(format!("*N{next}"));
        match edit.clone() {
            Edit::AddListing { list, address, .. } => {
                let taken = rows.listings.iter().any(|r| r.list == Some(list) && r.address == Some(address));
                assert!(!taken, "the router would refuse a second row");
                let row = ListRow { row: new_id, address: Some(address), ..listing("", list, 0, true) };
                rows.listings.push(row);
            }
            Edit::MoveListing { row, list, address } => {
                let taken = rows.listings.iter().any(|r| r.list == Some(list) && r.address == Some(address));
                assert!(!taken, "the router would refuse to move it there");
                let found = rows.listings.iter_mut().find(|r| r.row == row).unwrap();
                assert!(found.ours, "a foreign row was moved");
                found.list = Some(list);
            }
            Edit::EnableListing { row, .. } => {
                rows.listings.iter_mut().find(|r| r.row == row && r.ours).unwrap().disabled = false;
            }
            Edit::RemoveListing { row, .. } => {
                assert!(rows.listings.iter().any(|r| r.row == row && r.ours), "a foreign row was removed");
                rows.listings.retain(|r| r.row != row);
            }
            Edit::AddBinding { mac, kind, .. } => {
                assert!(rows.bindings.iter().all(|r| r.mac != Some(mac)), "a second binding");
                rows.bindings.push(BindingRow { row: new_id, mac: Some(mac), ..binding("", 0, kind, true) });
            }
            Edit::SetBinding { row, kind, .. } => {
                let found = rows.bindings.iter_mut().find(|r| r.row == row && r.ours).unwrap();
                (found.kind, found.disabled) = (kind, false);
            }
            Edit::RemoveBinding { row, .. } => {
                assert!(
                    rows.bindings.iter().any(|r| r.row == row && r.ours),
                    "a foreign binding was removed"
                );
                rows.bindings.retain(|r| r.row != row);
            }
        }
    }
}

fn any_list() -> impl Strategy<Value = List> {
    prop::sample::select(List::ALL.to_vec())
}

fn any_kind() -> impl Strategy<Value = BindingKind> {
    prop::sample::select(vec![BindingKind::Regular, BindingKind::Bypassed, BindingKind::Blocked])
}

fn any_observed() -> impl Strategy<Value = AccessRows> {
    let row = (any_list(), 0..6_u8, any::<bool>(), any::<bool>(), any::<bool>());
    let bound = (0..6_u8, any_kind(), any::<bool>(), any::<bool>());
    (prop::collection::vec(row, 0..12), prop::collection::vec(bound, 0..8)).prop_map(|(rows, bindings)| {
        let mut observed = AccessRows::default();
        for (i, (list, address, ours, dynamic, disabled)) in rows.into_iter().enumerate() {
            let taken = |r: &ListRow| r.list == Some(list) && r.address == Some(ip(address));
            if !observed.listings.iter().any(taken) {
                let row = listing(&format!("*L{i}"), list, address, ours);
                observed.listings.push(ListRow { dynamic, disabled, ..row });
            }
        }
        for (i, (n, kind, ours, disabled)) in bindings.into_iter().enumerate() {
            if observed.bindings.iter().all(|r| r.mac != Some(mac(n))) {
                let row = binding(&format!("*B{i}"), n, kind, ours);
                observed.bindings.push(BindingRow { disabled, ..row });
            }
        }
        observed
    })
}

proptest! {
    /// One plan reaches the desired state from anywhere, names no foreign row, and a second plan is empty.
    #[test]
    fn a_plan_reaches_the_desired_state(
        observed in any_observed(),
        devices in prop::collection::btree_map(0..6_u8, (any_list(), any_kind()), 0..6),
    ) {
        let devices: Vec<DeviceAccess> =
            devices.into_iter().map(|(n, (list, kind))| device(n, list, kind)).collect();
        let table = hosts(devices.iter().map(|d| host(d.mac.0[5], Some(d.mac.0[5]), None)).collect());
        let desired = desired(&devices, &table, &observed);
        let foreign = |rows: &AccessRows| {
            let lists: Vec<_> = rows.listings.iter().filter(|r| !r.ours).cloned().collect();
            let bindings: Vec<_> = rows.bindings.iter().filter(|r| !r.ours).cloned().collect();
            (lists, bindings)
        };
        let before = foreign(&observed);
        let mut rows = observed;
        let edits = plan(&desired, &rows);
        apply(&mut rows, &edits, 0);
        prop_assert_eq!(foreign(&rows), before);
        prop_assert_eq!(plan(&desired, &rows), vec![]);
        for (address, (list, _)) in &desired.listings {
            let holding: Vec<List> =
                rows.listings.iter().filter(|r| r.ours && r.address == Some(*address)).filter_map(|r| r.list).collect();
            let foreign_says = rows.listings.iter().any(|r| !r.ours && r.list == Some(*list) && r.address == Some(*address));
            prop_assert!(holding == [*list] || (holding.is_empty() && foreign_says), "{address}: {holding:?}");
        }
    }
}
