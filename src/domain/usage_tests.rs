use super::*;

fn table(uptime_s: u64, rows: Vec<HostRow>) -> HostTable {
    HostTable { uptime_s, rows, ..HostTable::default() }
}

fn row(id: &str, uptime_s: u64, bytes: u64, counts: bool) -> HostRow {
    HostRow {
        mac: Mac([2, 0, 0, 0, 0, 1]),
        row: RowId(id.to_owned()),
        address: None,
        to_address: None,
        uptime_s,
        bytes,
        counts,
    }
}

/// Charges of a sequence of readings of one device, the first one included.
fn charges(readings: &[HostTable]) -> Vec<u64> {
    let mut counters = Vec::new();
    let mut uptime_s = 0;
    let mut out = Vec::new();
    for reading in readings {
        let before = if rebooted(uptime_s, reading.uptime_s, 0) { Vec::new() } else { counters };
        let usage = meter(&before, &[], reading.rows.iter(), reading);
        counters = usage.counters;
        uptime_s = reading.uptime_s;
        out.push(usage.bytes.0);
    }
    out
}

#[test]
fn the_metering_table_of_the_domain() {
    let rows: [(&str, Vec<HostTable>, Vec<u64>); 10] = [
        (
            "neither authorized nor bypassed counts nothing, but the baseline moves",
            vec![
                table(100, vec![row("*1", 10, 500, false)]),
                table(110, vec![row("*1", 20, 900, false)]),
                table(120, vec![row("*1", 30, 950, true)]),
            ],
            vec![0, 0, 50],
        ),
        (
            "what flowed before a logout that this reading shows is counted",
            vec![table(100, vec![row("*1", 10, 500, true)]), table(110, vec![row("*1", 20, 700, false)])],
            vec![500, 200],
        ),
        (
            "the same row grew: the difference",
            vec![table(100, vec![row("*1", 10, 500, true)]), table(110, vec![row("*1", 20, 1500, true)])],
            vec![500, 1000],
        ),
        (
            "the counter went back: the counter since",
            vec![table(100, vec![row("*1", 10, 500, true)]), table(110, vec![row("*1", 20, 30, true)])],
            vec![500, 30],
        ),
        (
            "the age went back: the counter since, though it is larger",
            vec![
                table(100, vec![row("*1", 60, 500, true)]),
                table(110, vec![row("*1", 2, 80_000_000, true)]),
            ],
            vec![500, 80_000_000],
        ),
        (
            "a reboot: the counter since, though id and start are the same",
            vec![table(1000, vec![row("*1", 990, 500, true)]), table(20, vec![row("*1", 10, 600, true)])],
            vec![500, 600],
        ),
        (
            "a row replaced by another with a larger counter: the whole counter",
            vec![
                table(100, vec![row("*1", 10, 500, true)]),
                table(110, vec![row("*2", 5, 80_000_500, true)]),
            ],
            vec![500, 80_000_500],
        ),
        (
            "two rows of one device count each by itself",
            vec![
                table(100, vec![row("*1", 10, 500, true), row("*2", 9, 70, true)]),
                table(110, vec![row("*1", 20, 600, true), row("*2", 19, 75, true)]),
            ],
            vec![570, 105],
        ),
        (
            "a row that was away is new again",
            vec![
                table(100, vec![row("*1", 10, 500, true)]),
                table(110, vec![]),
                table(120, vec![row("*3", 4, 40, true)]),
            ],
            vec![500, 0, 40],
        ),
        (
            "a row twice in one reading counts once",
            vec![table(100, vec![row("*1", 10, 500, true), row("*1", 10, 500, true)])],
            vec![500],
        ),
    ];
    for (what, readings, expected) in rows {
        assert_eq!(charges(&readings), expected, "{what}");
    }
}

#[test]
fn a_slow_reading_does_not_make_a_row_look_replaced() {
    let first = table(100, vec![row("*1", 50, 1_000_000, true)]);
    let baselines = meter(&[], &[], first.rows.iter(), &first).counters;
    // Twenty seconds passed between the uptime and this row: the row looks twenty seconds older than it is.
    let rows = vec![row("*1", 80, 1_000_400, true)];
    let slow = HostTable { uptime_s: 110, span_s: 20, rows, ..HostTable::default() };
    let usage = meter(&baselines, &[], slow.rows.iter(), &slow);
    assert_eq!(usage.bytes, Bytes(400));
}

#[test]
fn a_thousand_small_polls_lose_nothing() {
    let readings: Vec<_> =
        (1..=1000).map(|i| table(10 * i, vec![row("*1", 10 * i, 5000 * i, true)])).collect();
    assert_eq!(charges(&readings).iter().sum::<u64>(), 5_000_000);
}

#[test]
fn a_baseline_charges_nothing_and_the_next_reading_the_difference() {
    let at_binding = table(100, vec![row("*1", 90, 900_000_000, true)]);
    let counters = baseline(at_binding.rows.iter(), &at_binding);
    let later = table(110, vec![row("*1", 100, 900_000_007, true)]);
    assert_eq!(meter(&counters, &[], later.rows.iter(), &later).bytes, Bytes(7));
}

#[test]
fn a_restart_is_recorded_with_both_values() {
    let first = table(100, vec![row("*1", 50, 1000, true)]);
    let before = baseline(first.rows.iter(), &first);
    let second = table(110, vec![row("*2", 3, 40, true)]);
    let usage = meter(&before, &[], second.rows.iter(), &second);
    let restart = Restart {
        old_row: RowId("*1".into()),
        old_bytes: 1000,
        new_row: RowId("*2".into()),
        new_bytes: 40,
        uptime_s: 3,
    };
    assert_eq!(usage.restarts, vec![restart]);
}

#[test]
fn a_reboot_shows_in_the_uptime_or_in_time_that_must_have_passed() {
    assert!(rebooted(1000, 20, 0));
    assert!(!rebooted(1000, 1010, 10));
    assert!(!rebooted(1000, 1008, 10), "clocks drift");
    assert!(rebooted(1000, 1200, 3600), "an hour passed, yet the uptime grew by minutes");
}

#[test]
fn an_address_has_the_one_device_that_is_seen_there() {
    let at = |n: u8| Ipv4Addr::new(10, 5, 50, n);
    let host = |n: u8, address: Option<u8>, to: Option<u8>| HostRow {
        mac: Mac([2, 0, 0, 0, 0, n]),
        address: address.map(at),
        to_address: to.map(at),
        ..row("*1", 1, 0, true)
    };
    let one = |n: u8| DeviceAt::One(Mac([2, 0, 0, 0, 0, n]));
    let rows = [
        (vec![], DeviceAt::Nobody),
        (vec![host(1, Some(7), None)], one(1)),
        (vec![host(1, Some(3), Some(7))], one(1)),
        (vec![host(1, None, None)], DeviceAt::Nobody),
        // A claim by hand, standing first or last, is nobody's address.
        (vec![host(2, Some(7), Some(9)), host(1, Some(7), Some(7))], one(1)),
        (vec![host(1, Some(7), None), host(2, Some(7), Some(9))], one(1)),
        (vec![host(2, Some(7), Some(9))], DeviceAt::Nobody),
        (vec![host(2, Some(7), None), host(1, Some(7), None)], DeviceAt::Shared),
        (vec![host(2, Some(9), Some(7)), host(1, Some(7), None)], DeviceAt::Shared),
        // Two rows of one device are one device, also with a third row of another.
        (vec![host(1, Some(7), None), host(1, Some(3), Some(7))], one(1)),
        (vec![host(1, Some(7), None), host(1, Some(7), None), host(2, Some(7), None)], DeviceAt::Shared),
    ];
    for (hosts, expected) in rows {
        assert_eq!(table(1, hosts.clone()).device_at(at(7)), expected, "{hosts:?}");
    }
    // A row there that could not be read is another device unless it says otherwise.
    for (mac, expected) in [(None, DeviceAt::Shared), (Some(2), DeviceAt::Shared), (Some(1), one(1))] {
        let mac = mac.map(|n| Mac([2, 0, 0, 0, 0, n]));
        let unread = vec![UnreadRow { mac, address: Some(at(7)), ..UnreadRow::default() }];
        let hosts = HostTable { unread, ..table(1, vec![host(1, Some(7), None)]) };
        assert_eq!(hosts.device_at(at(7)), expected, "{mac:?}");
    }
}

fn unread(mac: Option<Mac>, id: Option<&str>) -> UnreadRow {
    UnreadRow { mac, row: id.map(|id| RowId(id.to_owned())), ..UnreadRow::default() }
}

#[test]
fn a_row_that_cannot_be_read_leaves_its_own_device_unknown_and_nobody_else() {
    let (mine, other) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 9]));
    let known = baseline([row("*1", 10, 500, true)].iter(), &table(100, vec![]));
    let rows: [(&str, UnreadRow, bool, bool, bool); 6] = [
        ("its own", unread(Some(mine), Some("*7")), true, true, false),
        ("of another device", unread(Some(other), Some("*7")), false, false, false),
        ("of another device, with an id that was ours", unread(Some(other), Some("*1")), false, false, false),
        ("without a device, with our id", unread(None, Some("*1")), true, true, false),
        ("without a device, with another id", unread(None, Some("*7")), false, true, false),
        ("without anything", unread(None, None), false, true, true),
    ];
    for (what, row, holds, may_lack, may_hide_any) in rows {
        let unknown = Unknown::of(&HostTable { unread: vec![row], ..HostTable::default() });
        assert_eq!(unknown.holds(mine, &known), holds, "{what}");
        assert_eq!(unknown.may_lack(mine, false), may_lack, "{what}");
        assert_eq!(unknown.may_hide_any(), may_hide_any, "{what}");
    }
    let nameless = Unknown::of(&HostTable { unread: vec![unread(None, None)], ..HostTable::default() });
    assert!(!nameless.may_lack(mine, true), "a device that was read is not the one without a name");
}

#[test]
fn a_baseline_that_outlived_a_boot_is_of_another_life() {
    let mut before = baseline([row("*1", 10, 500, true)].iter(), &table(100, vec![]));
    before.iter_mut().for_each(Counter::outlive_boot);
    let now = table(40, vec![row("*1", 30, 900, true)]);
    let usage = meter(&before, &[], now.rows.iter(), &now);
    assert_eq!(usage.bytes, Bytes(900));
    assert_eq!(usage.restarts.len(), 1);
}

#[test]
fn addresses_of_more_than_one_device_are_found_with_their_devices() {
    let at = |n: u8, mac: u8| HostRow {
        mac: Mac([2, 0, 0, 0, 0, mac]),
        row: RowId(format!("*{n}")),
        address: Some([10, 5, 50, n].into()),
        to_address: None,
        uptime_s: 1,
        bytes: 0,
        counts: true,
    };
    let claimed = HostRow { to_address: Some([10, 5, 50, 9].into()), ..at(1, 6) };
    let unread = UnreadRow { address: Some([10, 5, 50, 4].into()), ..UnreadRow::default() };
    let rows = vec![at(3, 3), at(1, 2), at(1, 1), at(2, 4), at(2, 4), claimed, at(4, 5)];
    let table = HostTable { rows, unread: vec![unread], ..HostTable::default() };
    let found: Vec<(u8, Vec<u8>)> = table
        .shared_addresses()
        .into_iter()
        .map(|shared| (shared.address.octets()[3], shared.macs.iter().map(|mac| mac.0[5]).collect()))
        .collect();
    assert_eq!(found, [(1, vec![1, 2]), (4, vec![5])], "in order, and each device once");
    assert!(found.iter().all(|(n, _)| table.device_at([10, 5, 50, *n].into()) == DeviceAt::Shared));
}

#[test]
fn rows_of_a_device_are_found_together_in_the_routers_order() {
    let of = |mac: u8, id: &str| HostRow { mac: Mac([2, 0, 0, 0, 0, mac]), ..row(id, 10, 0, true) };
    let table = table(100, vec![of(3, "*1"), of(1, "*9"), of(2, "*2"), of(1, "*3"), of(4, "*4")]);
    let rows = table.rows_by_mac(|mac| mac.0[5] < 4);
    let ids = |rows: &[&HostRow]| rows.iter().map(|row| row.row.0.clone()).collect::<Vec<_>>();
    for (mac, expected) in [(0, vec![]), (1, vec!["*9", "*3"]), (2, vec!["*2"]), (3, vec!["*1"]), (4, vec![])]
    {
        assert_eq!(ids(rows.of(Mac([2, 0, 0, 0, 0, mac]))), expected, "{mac}");
    }
    let devices: Vec<_> = rows.devices().map(|(mac, rows)| (mac.0[5], rows.len())).collect();
    assert_eq!(devices, [(1, 2), (2, 1), (3, 1)]);
}

#[test]
fn a_baseline_with_an_earlier_start_recognizes_the_next_reading_as_the_later_one_does() {
    let reading = |started_s: i64, slack_s: u64, uptime_s: u64| Counter {
        row: RowId("*1".into()),
        started_s,
        slack_s,
        uptime_s,
        bytes: 1000,
        counts: true,
    };
    let mut kept = 0;
    let slacks = 0..5;
    for (base_slack, slack, next_slack) in
        slacks.clone().flat_map(|a| slacks.clone().flat_map(move |b| (0..5).map(move |c| (a, b, c))))
    {
        for start in 90..=110 {
            let (base, now) = (reading(100, base_slack, 50), reading(start, slack, 110));
            if !now.has_start_of(&base) {
                continue;
            }
            kept += 1;
            // Two readings of one row differ by less than two seconds and the longer of them.
            let rounding = i64::try_from(1 + slack.max(next_slack)).unwrap();
            for next in start - rounding..=start + rounding {
                assert!(reading(next, next_slack, 170).is_same_row(&base), "{base:?} {now:?} {next}");
            }
        }
    }
    assert!(kept > 100, "{kept}");
    let base = reading(100, 1, 50);
    for other in [
        reading(103, 1, 110),
        reading(97, 1, 110),
        reading(100, 3, 110),
        reading(100, 1, 49),
        Counter { row: RowId("*2".into()), ..base.clone() },
        Counter { counts: false, ..base.clone() },
    ] {
        assert!(!other.has_start_of(&base), "{other:?}");
    }
}
