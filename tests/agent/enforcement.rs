//! The agent against the simulated router: usage to the byte, access as policy wants it, faults that heal.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

use crate::support::site::{BINDINGS, LISTS, SiteBuilder, TestSite, address, mac, pair};
use kuota::agent::config::{Config, Enforcement, Lists};
use kuota::agent::engine::{Command, NewDevice};
use kuota::domain::units::Bytes;
use kuota::routeros::EditOutcome;
use kuota::sim::{Fault, Rights, When};

const HOSTS: &str = "/ip/hotspot/host";
const HOSTS_PRINT: &str = "/ip/hotspot/host/print";
const LISTS_ADD: &str = "/ip/firewall/address-list/add";

#[tokio::test]
async fn usage_is_metered_to_the_byte() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    for step in 1..=20 {
        site.sim.traffic(mac(1), 1000 * step, 7);
        site.cycle().await.unwrap();
    }
    assert_eq!(site.used(user).await, 1000 * 210 + 7 * 20);
    assert_eq!(site.sim.moved_countable(mac(1)), site.used(user).await);
    site.verify_ledger().await;
}

#[tokio::test]
async fn what_flowed_before_the_binding_is_not_charged() {
    let site = TestSite::start().await;
    site.sim.host_connect(mac(1), address(1));
    site.sim.set_authorized(mac(1), true);
    site.sim.traffic(mac(1), 900_000_000, 0);
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 5, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 5);
}

#[tokio::test]
async fn a_replaced_row_and_a_reboot_cost_nothing_that_was_read() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 5000, 0);
    site.cycle().await.unwrap();
    site.sim.host_replace(mac(1), 80_000_000);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 80_005_000);

    site.sim.reboot();
    site.recover().await;
    site.sim.host_connect(mac(1), address(1));
    site.sim.traffic(mac(1), 400, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 80_005_400);
    site.verify_ledger().await;
}

#[tokio::test]
async fn nothing_is_metered_across_a_change_of_router_and_it_shows() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 5000, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.agent().cycle.state().warnings, [""; 0]);

    site.sim.replace_board("SPARE");
    site.sim.traffic(mac(1), 80_000_000, 0);
    site.recover().await;
    assert_eq!(site.used(user).await, 5000);
    let warnings = site.agent().cycle.state().warnings;
    let expected = "router changed: was serial number HEX0123ABCD, is serial number SPARE since 2026-11-22T";
    assert!(warnings.len() == 1 && warnings[0].starts_with(expected), "{warnings:?}");

    site.sim.traffic(mac(1), 400, 0);
    site.cycle().await.unwrap();
    assert_eq!(site.used(user).await, 5400);
    site.pass(std::time::Duration::from_hours(24));
    site.cycle().await.unwrap();
    assert_eq!(site.agent().cycle.state().warnings, [""; 0], "no news after a day");
    site.verify_ledger().await;
}

#[tokio::test]
async fn access_stands_on_the_router_as_the_table_says() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(8)).await;
    let on_router = || (site.listings(), site.bindings());
    let expected = |list: &str, binding: &str| (vec![pair(address(1), list)], vec![pair(mac(1), binding)]);
    assert_eq!(on_router(), expected("klient_aktif", "bypassed"));
    site.sim.traffic(mac(1), Bytes::gb(7).0, 0);
    site.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_fup", "bypassed"));
    site.sim.traffic(mac(1), Bytes::gb(1).0, 0);
    site.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_habis", "regular"));
    site.submit(Command::Block(user, "tes".into())).await;
    site.cycle().await.unwrap();
    assert_eq!(on_router(), expected("klient_blocked", "blocked"));
    site.submit(Command::Unbind { user, mac: mac(1) }).await;
    site.cycle().await.unwrap();
    assert_eq!(on_router(), (vec![], vec![]));
}

/// Warnings of the router, as the status has them.
fn warnings(site: &TestSite) -> Vec<String> {
    site.agent().cycle.state().warnings
}

fn row_of(site: &TestSite, mac: kuota::domain::id::Mac) -> String {
    let rows = site.sim.rows(HOSTS);
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
    let site = TestSite::start().await;
    let (user, other) =
        (site.add_online_customer(1, Bytes::gb(1)).await, site.add_online_customer(2, Bytes::gb(1)).await);
    site.sim.host_connect(mac(9), address(9));
    let mut expected = (0, 0);
    for cells in spoils {
        for victim in [9, 2] {
            site.sim.spoil(HOSTS, &row_of(&site, mac(victim)), cells);
            for _ in 0..2 {
                site.sim.traffic(mac(1), 1000, 0);
                site.sim.traffic(mac(2), 500, 0);
                site.sim.traffic(mac(9), 70, 0);
                site.cycle().await.unwrap();
            }
            expected.0 += 2000;
            expected.1 += if victim == 9 { 1000 } else { 0 };
            assert_eq!((site.used(user).await, site.used(other).await), expected, "{victim} {cells:?}");
            let lines = warnings(&site);
            assert!(lines.len() == 1 && lines[0].contains("/ip/hotspot/host"), "{lines:?}");
            site.sim.mend();
            site.cycle().await.unwrap();
            expected.1 += if victim == 9 { 0 } else { 1000 };
            assert_eq!(
                (site.used(user).await, site.used(other).await),
                expected,
                "{victim} {cells:?} read again"
            );
            assert_eq!(warnings(&site), [""; 0]);
        }
    }
    assert_eq!(site.listings(), [pair(address(1), "klient_aktif"), pair(address(2), "klient_aktif")]);
    site.verify_ledger().await;
}

#[tokio::test]
async fn an_unreadable_row_of_a_customer_costs_neither_list_nor_binding() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    let writes = site.sim.stats().writes;
    for cells in [[("bytes-in", Some("x"))], [("mac-address", None)], [("address", Some("x"))]] {
        site.sim.spoil(HOSTS, &row_of(&site, mac(1)), &cells);
        site.cycle().await.unwrap();
        site.sim.mend();
        site.cycle().await.unwrap();
    }
    assert_eq!(site.sim.stats().writes, writes);
    let lines = warnings(&site);
    assert_eq!(lines, [""; 0]);
}

#[tokio::test]
async fn an_unreadable_row_of_lists_or_bindings_is_neither_doubled_nor_removed() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    let foreign = [("list", "klient_aktif"), ("address", "10.9.0.1"), ("comment", "kasir")];
    site.sim.hand_add(LISTS, &foreign).unwrap();
    for (menu, cells) in
        [(LISTS, ("disabled", Some("perhaps"))), (LISTS, (".id", None)), (BINDINGS, (".id", None))]
    {
        for row in site.sim.rows(menu) {
            site.sim.spoil(menu, &row[".id"], &[cells]);
        }
        let (lists, bindings) = (site.sim.rows(LISTS), site.sim.rows(BINDINGS));
        let added = site.sim.stats().commands.get(LISTS_ADD).copied();
        for _ in 0..5 {
            site.cycle().await.unwrap();
        }
        assert_eq!(site.sim.stats().commands.get(LISTS_ADD).copied(), added, "{menu} {cells:?}");
        assert_eq!((site.sim.rows(LISTS), site.sim.rows(BINDINGS)), (lists, bindings));
        // The others are served all the same.
        site.sim.mend();
        site.cycle().await.unwrap();
    }
    site.sim.spoil(LISTS, &site.sim.rows(LISTS)[0][".id"], &[("disabled", Some("perhaps"))]);
    site.add_online_customer(2, Bytes::gb(1)).await;
    assert!(site.listings().contains(&pair(address(2), "klient_aktif")));
}

/// Cycles for so many seconds; how many commands of the path were sent.
async fn sent(site: &TestSite, path: &str, seconds: u64) -> u64 {
    let count = || site.sim.stats().commands.get(path).copied().unwrap_or_default();
    let before = count();
    for _ in 0..seconds / 10 {
        site.cycle().await.unwrap();
    }
    count() - before
}

#[tokio::test]
async fn without_the_right_to_write_edits_thin_out_and_are_told_in_words() {
    let site = TestSite::start().await;
    site.sim.change_rights(Rights::ReadOnly);
    for n in 1..=3 {
        let user = site.add_customer(&format!("Budi {n}"), Bytes::gb(1)).await;
        site.sim.host_connect(mac(n), address(n));
        site.submit(Command::Bind(NewDevice::of(user, mac(n)))).await;
    }
    // At 10, 20, 30, 50, 90, 170, ... seconds: each of six edits is sent far less than once a cycle; so is the marker.
    let (lists, bindings) = (sent(&site, LISTS_ADD, 3600).await, sent(&site, LISTS_ADD, 36_000).await);
    assert!((6..=40).contains(&lists), "{lists} in the first hour");
    assert!(bindings <= 46, "{bindings} in ten hours more");
    let lines = warnings(&site);
    assert_eq!(lines.len(), 6, "{lines:?}");
    let listed =
        lines.iter().find(|line| line.contains("Budi 2 (") && line.contains("klient_aktif")).unwrap();
    for part in ["02:00:00:00:00:02", "10.5.50.2", "not enough permissions (9)", "policy=api,read,write"] {
        assert!(listed.contains(part), "{listed}");
    }
    assert!(lines.iter().all(|line| !line.contains("Listing") && !line.contains("owner")), "{lines:?}");
    // Whoever asks for it does not wait.
    site.sim.change_rights(Rights::ReadWrite);
    site.cycle().await.unwrap();
    let done = site.agent().cycle.enforce_now().await.unwrap();
    assert_eq!((done.edits.len(), done.waiting.len()), (6, 0));
    assert_eq!(site.listings().len(), 3);
    site.cycle().await.unwrap();
    assert_eq!(warnings(&site), [""; 0]);
}

#[tokio::test]
async fn a_reconnect_or_another_access_is_sent_at_once() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.change_rights(Rights::ReadOnly);
    site.submit(Command::Block(user, "tes".into())).await;
    for _ in 0..60 {
        site.cycle().await.unwrap();
    }
    let waiting = site.cycle().await.unwrap().waiting;
    assert_eq!(waiting.len(), 2);
    // Another wish for the same device is another edit: it does not wait for the first one's turn.
    site.sim.change_rights(Rights::ReadWrite);
    site.submit(Command::Unblock(user, "tes".into())).await;
    site.submit(Command::Block(user, "lagi".into())).await;
    assert_eq!(site.cycle().await.unwrap().edits.len(), 0, "the same edits again, and they still wait");
    site.sim.cut_sessions();
    site.recover().await;
    site.cycle().await.unwrap();
    assert_eq!(site.listings(), [pair(address(1), "klient_blocked")]);
}

#[tokio::test]
async fn renamed_lists_take_our_rows_along_and_leave_those_of_others() {
    let mut site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    site.add_online_customer(2, Bytes::ZERO).await;
    let foreign = [("list", "klient_aktif"), ("address", "10.9.0.1"), ("comment", "kasir")];
    site.sim.hand_add(LISTS, &foreign).unwrap();
    let other = [("list", "lain"), ("address", "10.9.0.2"), ("comment", "kuota:klien")];
    site.sim.hand_add(LISTS, &other).unwrap();
    let rename = |lists: &mut Lists| {
        lists.active = "pelanggan_aktif".parse().unwrap();
        lists.habis = "pelanggan_habis".parse().unwrap();
    };
    site.rename_lists(rename).await;
    site.recover().await;
    site.cycle().await.unwrap();
    let listed = site.listings();
    assert!(listed.contains(&pair(address(1), "pelanggan_aktif")), "{listed:?}");
    assert!(listed.contains(&pair(address(2), "pelanggan_habis")), "{listed:?}");
    assert_eq!(listed.len(), 3, "ours moved, and the row of a list that never was ours stays: {listed:?}");
    assert!(site.sim.rows(LISTS).iter().any(|row| row["address"] == "10.9.0.1"));
    assert_eq!(site.bindings().len(), 2);
    // A customer who leaves meanwhile does not stay in the old list either.
    let before = site.sim.stats().commands.values().sum::<u64>();
    site.cycle().await.unwrap();
    assert_eq!(site.sim.stats().commands.values().sum::<u64>() - before, 5, "no round trip more");
}

#[tokio::test]
async fn a_block_is_one_move_and_one_set() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    let before = site.sim.stats().writes;
    site.submit(Command::Block(user, "tes".into())).await;
    site.cycle().await.unwrap();
    assert_eq!(site.sim.stats().writes, before + 2);
}

#[tokio::test]
async fn hand_edits_heal_and_foreign_rows_stay() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    site.add_online_customer(2, Bytes::gb(1)).await;
    let foreign = [
        site.sim.hand_add(LISTS, &[("list", "klient_aktif"), ("address", "10.5.50.99")]).unwrap(),
        site.sim.hand_add(LISTS, &[("list", "iklan"), ("address", "10.5.50.1"), ("comment", "x")]).unwrap(),
    ];
    let binding =
        site.sim.hand_add(BINDINGS, &[("mac-address", "02:00:00:00:00:63"), ("type", "bypassed")]).unwrap();
    let steady = (site.listings(), site.bindings());

    let rows = site.sim.rows(LISTS);
    let ours = |n: u8| {
        let row = rows.iter().find(|r| r["address"] == address(n).to_string() && r["list"] == "klient_aktif");
        row.unwrap()[".id"].clone()
    };
    site.sim.hand_set(LISTS, &ours(1), &[("list", "klient_blocked")]).unwrap();
    site.sim.hand_remove(LISTS, &ours(2)).unwrap();
    let bindings = site.sim.rows(BINDINGS);
    let bound = bindings.iter().find(|r| r["mac-address"] == mac(1).to_string()).unwrap();
    site.sim.hand_set(BINDINGS, &bound[".id"], &[("type", "regular"), ("disabled", "yes")]).unwrap();

    site.cycle().await.unwrap();
    assert_eq!((site.listings(), site.bindings()), steady);
    assert!(site.cycle().await.unwrap().edits.is_empty());
    for id in foreign {
        assert!(site.sim.rows(LISTS).iter().any(|row| row[".id"] == id), "a foreign row is gone");
    }
    assert!(site.sim.rows(BINDINGS).iter().any(|row| row[".id"] == binding));
}

#[tokio::test]
async fn a_lost_reply_to_an_add_is_looked_at_before_it_is_tried_again() {
    let site = TestSite::start().await;
    let user = site.add_customer("Siti", Bytes::gb(1)).await;
    site.sim.host_connect(mac(1), address(1));
    site.submit(Command::Bind(NewDevice::of(user, mac(1)))).await;
    site.sim.fault(Fault::LostReply, When::next(LISTS_ADD));
    assert!(site.cycle().await.is_err());
    let healed = site.recover().await;
    assert!(!healed.outcomes.contains(&EditOutcome::AlreadySo), "it looked first");
    assert_eq!(site.listings(), [pair(address(1), "klient_aktif")]);
    assert!(site.cycle().await.unwrap().edits.is_empty());
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
        let site = TestSite::start().await;
        let users = [
            site.add_online_customer(1, Bytes::gb(1)).await,
            site.add_online_customer(2, Bytes::gb(1)).await,
        ];
        let steady = (site.listings(), site.bindings());
        let id = site.sim.fault(fault.clone(), When::always(HOSTS_PRINT));
        site.sim.traffic(mac(1), 1000, 0);
        site.sim.traffic(mac(2), 2000, 0);
        assert!(site.cycle().await.is_err(), "{fault:?}");
        assert_eq!([site.used(users[0]).await, site.used(users[1]).await], [0, 0], "{fault:?}");
        assert_eq!((site.listings(), site.bindings()), steady, "{fault:?}");
        site.sim.clear_fault(id);
        site.recover().await;
        assert_eq!([site.used(users[0]).await, site.used(users[1]).await], [1000, 2000], "{fault:?}");
        site.verify_ledger().await;
    }
}

#[tokio::test]
async fn rows_twice_in_one_reply_are_counted_once() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.fault(Fault::DuplicateRows, When::always(HOSTS_PRINT));
    for _ in 0..3 {
        site.sim.traffic(mac(1), 1000, 0);
        let _ = site.cycle().await;
    }
    site.sim.clear_faults();
    site.recover().await;
    assert_eq!(site.used(user).await, 3000);
}

#[tokio::test]
async fn rows_twice_in_one_reply_are_no_duplicates_to_remove() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    let writes = site.sim.stats().writes;
    for menu in [LISTS, BINDINGS] {
        site.sim.fault(Fault::DuplicateRows, When::always(&format!("{menu}/print")));
    }
    assert!(site.cycle().await.unwrap().edits.is_empty());
    assert_eq!(site.sim.stats().writes, writes);
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let dry_run = |config: &mut Config| config.policy.enforcement = Enforcement::DryRun;
    let site = SiteBuilder::new().config(dry_run).start().await;
    let user = site.add_customer("Siti", Bytes::gb(1)).await;
    site.sim.host_connect(mac(1), address(1));
    site.submit(Command::Bind(NewDevice::of(user, mac(1)))).await;
    let enforced = site.cycle().await.unwrap();
    assert_eq!((enforced.edits.len(), enforced.dry_run), (2, true));
    assert_eq!(site.sim.stats().writes, 0);
}

#[tokio::test]
async fn a_device_that_changes_its_address_is_followed() {
    let site = TestSite::start().await;
    site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.host_disconnect(mac(1));
    site.sim.host_connect(mac(1), address(77));
    site.cycle().await.unwrap();
    assert_eq!(site.listings(), [pair(address(77), "klient_aktif")]);
}

#[tokio::test]
async fn reset_needs_the_router_and_then_stays_at_zero() {
    let site = TestSite::start().await;
    let user = site.add_online_customer(1, Bytes::gb(1)).await;
    site.sim.traffic(mac(1), 500_000, 0);
    site.cycle().await.unwrap();
    let reset = Command::Reset {
        user,
        debt: Some(Bytes::gb(10)),
        credit: None,
        days: None,
        unblock: None,
        reason: "bulan baru".into(),
    };
    let id = site.sim.fault(Fault::CutAfterRows(0), When::always(HOSTS_PRINT));
    let actor = kuota::agent::engine::Actor::daemon();
    assert!(site.agent().submit(actor, reset.clone(), None).await.is_err());
    assert_eq!((site.used(user).await, site.account(user).await.items.len()), (500_000, 0));
    site.sim.clear_fault(id);
    site.recover().await;

    site.sim.traffic(mac(1), 1234, 0);
    let answer = site.submit(reset).await;
    assert_eq!(answer["credited_bytes"], Bytes::gb(10).0);
    site.cycle().await.unwrap();
    let account = site.account(user).await;
    assert_eq!((account.used, account.debt_items()), (Bytes::ZERO, Bytes::gb(10)));
    assert_eq!(site.listings(), [pair(address(1), "klient_aktif")]);
    site.verify_ledger().await;
}
