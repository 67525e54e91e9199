//! The agent against the simulated router: usage to the byte, access as policy wants it, faults that heal.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::support;

use kuota::agent::engine::{Command, NewDevice};
use kuota::domain::units::Bytes;
use kuota::routeros::EditOutcome;
use kuota::sim::{Fault, Rights, When};
use support::{BINDINGS, LISTS, World, address, mac, pair};

const HOSTS: &str = "/ip/hotspot/host";
const HOSTS_PRINT: &str = "/ip/hotspot/host/print";
const LISTS_ADD: &str = "/ip/firewall/address-list/add";

#[tokio::test]
async fn usage_is_metered_to_the_byte() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    for step in 1..=20 {
        world.sim.traffic(mac(1), 1000 * step, 7);
        world.cycle().await.unwrap();
    }
    assert_eq!(world.used(user).await, 1000 * 210 + 7 * 20);
    assert_eq!(world.sim.moved_countable(mac(1)), world.used(user).await);
    world.verify().await;
}

#[tokio::test]
async fn what_flowed_before_the_binding_is_not_charged() {
    let world = World::new().await;
    world.sim.host_connect(mac(1), address(1));
    world.sim.set_authorized(mac(1), true);
    world.sim.traffic(mac(1), 900_000_000, 0);
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 5, 0);
    world.cycle().await.unwrap();
    assert_eq!(world.used(user).await, 5);
}

#[tokio::test]
async fn a_replaced_row_and_a_reboot_cost_nothing_that_was_read() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 5000, 0);
    world.cycle().await.unwrap();
    world.sim.host_replace(mac(1), 80_000_000);
    world.cycle().await.unwrap();
    assert_eq!(world.used(user).await, 80_005_000);

    world.sim.reboot();
    world.recover().await;
    world.sim.host_connect(mac(1), address(1));
    world.sim.traffic(mac(1), 400, 0);
    world.cycle().await.unwrap();
    assert_eq!(world.used(user).await, 80_005_400);
    world.verify().await;
}

#[tokio::test]
async fn nothing_is_metered_across_a_change_of_router_and_it_shows() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 5000, 0);
    world.cycle().await.unwrap();
    assert_eq!(world.site.cycle.state().warnings, [""; 0]);

    world.sim.replace_board("SPARE");
    world.sim.traffic(mac(1), 80_000_000, 0);
    world.recover().await;
    assert_eq!(world.used(user).await, 5000);
    let warnings = world.site.cycle.state().warnings;
    let expected = "router changed: was serial number HEX0123ABCD, is serial number SPARE since 2026-11-22T";
    assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{warnings:?}");

    world.sim.traffic(mac(1), 400, 0);
    world.cycle().await.unwrap();
    assert_eq!(world.used(user).await, 5400);
    world.pass(std::time::Duration::from_hours(24));
    world.cycle().await.unwrap();
    assert_eq!(world.site.cycle.state().warnings, [""; 0], "no news after a day");
    world.verify().await;
}

#[tokio::test]
async fn access_stands_on_the_router_as_the_table_says() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(8)).await;
    let on_router = || (world.listings(), world.bindings());
    let expected = |list: &str, binding: &str| (vec![pair(address(1), list)], vec![pair(mac(1), binding)]);
    assert_eq!(on_router(), expected("klient_aktif", "bypassed"));
    world.sim.traffic(mac(1), Bytes::gb(7).0, 0);
    world.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_fup", "bypassed"));
    world.sim.traffic(mac(1), Bytes::gb(1).0, 0);
    world.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_habis", "regular"));
    world.ask(Command::Block(user, "tes".into())).await;
    world.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_blocked", "blocked"));
    world.ask(Command::Unbind { user, mac: mac(1) }).await;
    world.cycle().await.unwrap();
    assert_eq!(on_router(), (vec![], vec![]));
}

/// Warnings of the router, as the status has them.
fn warnings(world: &World) -> Vec<String> {
    world.site.cycle.state().warnings
}

fn row_of(world: &World, mac: kuota::domain::id::Mac) -> String {
    let rows = world.sim.rows(HOSTS);
    let row = rows.iter().find(|row| row["mac-address"] == mac.to_string()).unwrap();
    row[".id"].clone()
}

#[tokio::test]
async fn one_unreadable_row_stops_metering_for_nobody_else() {
    let spoils: [&[(&str, Option<&str>)]; 6] = [
        &[("bytes-in", Some("18446744073709000000"))],
        &[("bytes-in", None), ("bytes-out", None)],
        &[("uptime", None)],
        &[("mac-address", None)],
        &[("mac-address", Some("02:00")), (".id", Some("*1,*2"))],
        &[("authorized", Some("perhaps"))],
    ];
    let world = World::new().await;
    let (user, other) = (world.online(1, Bytes::gb(1)).await, world.online(2, Bytes::gb(1)).await);
    world.sim.host_connect(mac(9), address(9));
    let mut expected = (0, 0);
    for cells in spoils {
        for victim in [9, 2] {
            world.sim.spoil(HOSTS, &row_of(&world, mac(victim)), cells);
            for _ in 0..2 {
                world.sim.traffic(mac(1), 1000, 0);
                world.sim.traffic(mac(2), 500, 0);
                world.sim.traffic(mac(9), 70, 0);
                world.cycle().await.unwrap();
            }
            expected.0 += 2000;
            expected.1 += if victim == 9 { 1000 } else { 0 };
            assert_eq!((world.used(user).await, world.used(other).await), expected, "{victim} {cells:?}");
            let lines = warnings(&world);
            assert!(lines.len() == 1 && lines[0].contains("/ip/hotspot/host"), "{lines:?}");
            world.sim.mend();
            world.cycle().await.unwrap();
            expected.1 += if victim == 9 { 0 } else { 1000 };
            assert_eq!(
                (world.used(user).await, world.used(other).await),
                expected,
                "{victim} {cells:?} read again"
            );
            assert_eq!(warnings(&world), [""; 0]);
        }
    }
    assert_eq!(world.listings(), [pair(address(1), "klient_aktif"), pair(address(2), "klient_aktif")]);
    world.verify().await;
}

#[tokio::test]
async fn an_unreadable_row_of_a_customer_costs_neither_list_nor_binding() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    let writes = world.sim.stats().writes;
    for cells in [[("bytes-in", Some("x"))], [("mac-address", None)], [("address", Some("x"))]] {
        world.sim.spoil(HOSTS, &row_of(&world, mac(1)), &cells);
        world.cycle().await.unwrap();
        world.sim.mend();
        world.cycle().await.unwrap();
    }
    assert_eq!(world.sim.stats().writes, writes);
    let lines = warnings(&world);
    assert_eq!(lines, [""; 0]);
}

#[tokio::test]
async fn an_unreadable_row_of_lists_or_bindings_is_neither_doubled_nor_removed() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    let foreign = [("list", "klient_aktif"), ("address", "10.9.0.1"), ("comment", "kasir")];
    world.sim.hand_add(LISTS, &foreign).unwrap();
    for (menu, cells) in
        [(LISTS, ("disabled", Some("perhaps"))), (LISTS, (".id", None)), (BINDINGS, (".id", None))]
    {
        for row in world.sim.rows(menu) {
            world.sim.spoil(menu, &row[".id"], &[cells]);
        }
        let (lists, bindings) = (world.sim.rows(LISTS), world.sim.rows(BINDINGS));
        let added = world.sim.stats().commands.get(LISTS_ADD).copied();
        for _ in 0..5 {
            world.cycle().await.unwrap();
        }
        assert_eq!(world.sim.stats().commands.get(LISTS_ADD).copied(), added, "{menu} {cells:?}");
        assert_eq!((world.sim.rows(LISTS), world.sim.rows(BINDINGS)), (lists, bindings));
        // The others are served all the same.
        world.sim.mend();
        world.cycle().await.unwrap();
    }
    world.sim.spoil(LISTS, &world.sim.rows(LISTS)[0][".id"], &[("disabled", Some("perhaps"))]);
    world.online(2, Bytes::gb(1)).await;
    assert!(world.listings().contains(&pair(address(2), "klient_aktif")));
}

/// Cycles for so many seconds; how many commands of the path were sent.
async fn sent(world: &World, path: &str, seconds: u64) -> u64 {
    let count = || world.sim.stats().commands.get(path).copied().unwrap_or_default();
    let before = count();
    for _ in 0..seconds / 10 {
        world.cycle().await.unwrap();
    }
    count() - before
}

#[tokio::test]
async fn without_the_right_to_write_edits_thin_out_and_are_told_in_words() {
    let world = World::new().await;
    world.sim.change_rights(Rights::ReadOnly);
    for n in 1..=3 {
        let user = world.user(&format!("Budi {n}"), Bytes::gb(1)).await;
        world.sim.host_connect(mac(n), address(n));
        world.ask(Command::Bind(NewDevice::of(user, mac(n)))).await;
    }
    // At 10, 20, 30, 50, 90, 170, ... seconds: each of six edits is sent far less than once a cycle.
    let (lists, bindings) = (sent(&world, LISTS_ADD, 3600).await, sent(&world, LISTS_ADD, 36_000).await);
    assert!((6..=36).contains(&lists), "{lists} in the first hour");
    assert!(bindings <= 36, "{bindings} in ten hours more");
    let lines = warnings(&world);
    assert_eq!(lines.len(), 6, "{lines:?}");
    let listed =
        lines.iter().find(|line| line.contains("Budi 2 (") && line.contains("klient_aktif")).unwrap();
    for part in ["02:00:00:00:00:02", "10.5.50.2", "not enough permissions (9)", "policy=api,read,write"] {
        assert!(listed.contains(part), "{listed}");
    }
    assert!(lines.iter().all(|line| !line.contains("Listing") && !line.contains("owner")), "{lines:?}");
    // Whoever asks for it does not wait.
    world.sim.change_rights(Rights::ReadWrite);
    world.cycle().await.unwrap();
    let done = world.site.cycle.enforce_now().await.unwrap();
    assert_eq!((done.edits.len(), done.waiting.len()), (6, 0));
    assert_eq!(world.listings().len(), 3);
    world.cycle().await.unwrap();
    assert_eq!(warnings(&world), [""; 0]);
}

#[tokio::test]
async fn a_reconnect_or_another_access_is_sent_at_once() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.change_rights(Rights::ReadOnly);
    world.ask(Command::Block(user, "tes".into())).await;
    for _ in 0..60 {
        world.cycle().await.unwrap();
    }
    let waiting = world.cycle().await.unwrap().waiting;
    assert_eq!(waiting.len(), 2);
    // Another wish for the same device is another edit: it does not wait for the first one's turn.
    world.sim.change_rights(Rights::ReadWrite);
    world.ask(Command::Unblock(user, "tes".into())).await;
    world.ask(Command::Block(user, "lagi".into())).await;
    assert_eq!(world.cycle().await.unwrap().edits.len(), 0, "the same edits again, and they still wait");
    world.sim.cut_sessions();
    world.recover().await;
    world.cycle().await.unwrap();
    assert_eq!(world.listings(), [pair(address(1), "klient_blocked")]);
}

#[tokio::test]
async fn renamed_lists_take_our_rows_along_and_leave_those_of_others() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    world.online(2, Bytes::ZERO).await;
    let foreign = [("list", "klient_aktif"), ("address", "10.9.0.1"), ("comment", "kasir")];
    world.sim.hand_add(LISTS, &foreign).unwrap();
    let other = [("list", "lain"), ("address", "10.9.0.2"), ("comment", "kuota:klien")];
    world.sim.hand_add(LISTS, &other).unwrap();
    let world = world.renamed(|lists| {
        lists.active = "pelanggan_aktif".parse().unwrap();
        lists.habis = "pelanggan_habis".parse().unwrap();
    });
    let world = world.await;
    world.recover().await;
    world.cycle().await.unwrap();
    let listed = world.listings();
    assert!(listed.contains(&pair(address(1), "pelanggan_aktif")), "{listed:?}");
    assert!(listed.contains(&pair(address(2), "pelanggan_habis")), "{listed:?}");
    assert_eq!(listed.len(), 3, "ours moved, and the row of a list that never was ours stays: {listed:?}");
    assert!(world.sim.rows(LISTS).iter().any(|row| row["address"] == "10.9.0.1"));
    assert_eq!(world.bindings().len(), 2);
    // A customer who leaves meanwhile does not stay in the old list either.
    let before = world.sim.stats().commands.values().sum::<u64>();
    world.cycle().await.unwrap();
    assert_eq!(world.sim.stats().commands.values().sum::<u64>() - before, 5, "no round trip more");
}

#[tokio::test]
async fn a_block_is_one_move_and_one_set() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    let before = world.sim.stats().writes;
    world.ask(Command::Block(user, "tes".into())).await;
    world.cycle().await.unwrap();
    assert_eq!(world.sim.stats().writes, before + 2);
}

#[tokio::test]
async fn hand_edits_heal_and_foreign_rows_stay() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    world.online(2, Bytes::gb(1)).await;
    let foreign = [
        world.sim.hand_add(LISTS, &[("list", "klient_aktif"), ("address", "10.5.50.99")]).unwrap(),
        world.sim.hand_add(LISTS, &[("list", "iklan"), ("address", "10.5.50.1"), ("comment", "x")]).unwrap(),
    ];
    let binding =
        world.sim.hand_add(BINDINGS, &[("mac-address", "02:00:00:00:00:63"), ("type", "bypassed")]).unwrap();
    let steady = (world.listings(), world.bindings());

    let rows = world.sim.rows(LISTS);
    let ours = |n: u8| {
        let row = rows.iter().find(|r| r["address"] == address(n).to_string() && r["list"] == "klient_aktif");
        row.unwrap()[".id"].clone()
    };
    world.sim.hand_set(LISTS, &ours(1), &[("list", "klient_blocked")]).unwrap();
    world.sim.hand_remove(LISTS, &ours(2)).unwrap();
    let bindings = world.sim.rows(BINDINGS);
    let bound = bindings.iter().find(|r| r["mac-address"] == mac(1).to_string()).unwrap();
    world.sim.hand_set(BINDINGS, &bound[".id"], &[("type", "regular"), ("disabled", "yes")]).unwrap();

    world.cycle().await.unwrap();
    assert_eq!((world.listings(), world.bindings()), steady);
    assert!(world.cycle().await.unwrap().edits.is_empty());
    for id in foreign {
        assert!(world.sim.rows(LISTS).iter().any(|row| row[".id"] == id), "a foreign row is gone");
    }
    assert!(world.sim.rows(BINDINGS).iter().any(|row| row[".id"] == binding));
}

#[tokio::test]
async fn a_lost_reply_to_an_add_is_looked_at_before_it_is_tried_again() {
    let world = World::new().await;
    let user = world.user("Siti", Bytes::gb(1)).await;
    world.sim.host_connect(mac(1), address(1));
    world.ask(Command::Bind(NewDevice::of(user, mac(1)))).await;
    world.sim.fault(Fault::LostReply, When::next(LISTS_ADD));
    assert!(world.cycle().await.is_err());
    let healed = world.recover().await;
    assert!(!healed.outcomes.contains(&EditOutcome::AlreadySo), "it looked first");
    assert_eq!(world.listings(), [pair(address(1), "klient_aktif")]);
    assert!(world.cycle().await.unwrap().edits.is_empty());
}

#[tokio::test]
async fn a_reply_that_is_not_whole_counts_nothing_and_changes_nothing() {
    let faults = [
        Fault::CutAfterRows(1),
        Fault::CutAfterBytes(40),
        Fault::Garbage(b"\x05hello\x00\xff\xff".to_vec()),
        Fault::HugeWord,
        Fault::EndlessReply,
        Fault::Hang,
        Fault::Trap("not enough permissions (9)".into()),
        Fault::TrapWithoutText,
    ];
    for fault in faults {
        let world = World::new().await;
        let users = [world.online(1, Bytes::gb(1)).await, world.online(2, Bytes::gb(1)).await];
        let steady = (world.listings(), world.bindings());
        let id = world.sim.fault(fault.clone(), When::always(HOSTS_PRINT));
        world.sim.traffic(mac(1), 1000, 0);
        world.sim.traffic(mac(2), 2000, 0);
        assert!(world.cycle().await.is_err(), "{fault:?}");
        assert_eq!([world.used(users[0]).await, world.used(users[1]).await], [0, 0], "{fault:?}");
        assert_eq!((world.listings(), world.bindings()), steady, "{fault:?}");
        world.sim.clear_fault(id);
        world.recover().await;
        assert_eq!([world.used(users[0]).await, world.used(users[1]).await], [1000, 2000], "{fault:?}");
        world.verify().await;
    }
}

#[tokio::test]
async fn rows_twice_in_one_reply_are_counted_once() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.fault(Fault::DuplicateRows, When::always(HOSTS_PRINT));
    for _ in 0..3 {
        world.sim.traffic(mac(1), 1000, 0);
        let _ = world.cycle().await;
    }
    world.sim.clear_faults();
    world.recover().await;
    assert_eq!(world.used(user).await, 3000);
}

#[tokio::test]
async fn rows_twice_in_one_reply_are_no_duplicates_to_remove() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    let writes = world.sim.stats().writes;
    for menu in [LISTS, BINDINGS] {
        world.sim.fault(Fault::DuplicateRows, When::always(&format!("{menu}/print")));
    }
    assert!(world.cycle().await.unwrap().edits.is_empty());
    assert_eq!(world.sim.stats().writes, writes);
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::dry().await;
    let user = world.user("Siti", Bytes::gb(1)).await;
    world.sim.host_connect(mac(1), address(1));
    world.ask(Command::Bind(NewDevice::of(user, mac(1)))).await;
    let enforced = world.cycle().await.unwrap();
    assert_eq!((enforced.edits.len(), enforced.dry_run), (2, true));
    assert_eq!(world.sim.stats().writes, 0);
}

#[tokio::test]
async fn a_device_that_changes_its_address_is_followed() {
    let world = World::new().await;
    world.online(1, Bytes::gb(1)).await;
    world.sim.host_disconnect(mac(1));
    world.sim.host_connect(mac(1), address(77));
    world.cycle().await.unwrap();
    assert_eq!(world.listings(), [pair(address(77), "klient_aktif")]);
}

#[tokio::test]
async fn reset_needs_the_router_and_then_stays_at_zero() {
    let world = World::new().await;
    let user = world.online(1, Bytes::gb(1)).await;
    world.sim.traffic(mac(1), 500_000, 0);
    world.cycle().await.unwrap();
    let reset = Command::Reset {
        user,
        debt: Some(Bytes::gb(10)),
        credit: None,
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    let id = world.sim.fault(Fault::CutAfterRows(0), When::always(HOSTS_PRINT));
    let actor = kuota::agent::engine::Actor::daemon();
    assert!(world.site.submit(actor, reset.clone(), None).await.is_err());
    assert_eq!((world.used(user).await, world.account(user).await.items.len()), (500_000, 0));
    world.sim.clear_fault(id);
    world.recover().await;

    world.sim.traffic(mac(1), 1234, 0);
    let answer = world.ask(reset).await;
    assert_eq!(answer["credited_bytes"], Bytes::gb(10).0);
    world.cycle().await.unwrap();
    let account = world.account(user).await;
    assert_eq!((account.used, account.debt_items()), (Bytes::ZERO, Bytes::gb(10)));
    assert_eq!(world.listings(), [pair(address(1), "klient_aktif")]);
    world.verify().await;
}
