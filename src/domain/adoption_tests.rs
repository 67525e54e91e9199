use jiff::civil::date;

use super::*;
use crate::domain::listing::BindingKind;
use crate::domain::usage::HostRow;

const MB: u64 = 1 << 20;

fn mac(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n])
}

fn user(name: &str) -> HotspotUser {
    HotspotUser {
        row: RowId(format!("*{name}")),
        server: "all".into(),
        name: name.into(),
        mac: None,
        limit: Some(1000 * MB),
        has_direction_limit: false,
        has_uptime_limit: false,
        uptime_s: 60,
        bytes: 100 * MB,
        is_builtin: false,
        disabled: false,
        comment: String::new(),
    }
}

fn session(name: &str, n: u8, bytes: u64) -> HotspotSession {
    let address = Some(Ipv4Addr::new(10, 5, 50, n));
    HotspotSession { row: RowId(format!("*S{n}")), user: name.into(), mac: Some(mac(n)), address, bytes }
}

fn cookie(name: &str, n: u8) -> HotspotCookie {
    HotspotCookie { row: RowId(format!("*C{n}")), user: name.into(), mac: Some(mac(n)) }
}

fn judged(accounts: &HotspotAccounts) -> Vec<Candidate> {
    judged_with(accounts, &[], &[])
}

fn judged_with(accounts: &HotspotAccounts, bindings: &[BindingRow], adopted: &[&str]) -> Vec<Candidate> {
    let adopted = adopted.iter().map(|name| (*name).to_owned()).collect();
    let hosts = HostTable {
        rows: vec![HostRow {
            mac: mac(9),
            row: RowId("*H9".into()),
            address: Some(Ipv4Addr::new(10, 5, 50, 9)),
            to_address: None,
            uptime_s: 5,
            bytes: 0,
            counts: true,
        }],
        ..HostTable::default()
    };
    judge(accounts, &Surroundings { hosts: &hosts, bindings, devices_max: 2, adopted: &adopted })
}

#[test]
fn an_expiry_is_read_in_both_styles_and_any_other_date_is_unclear() {
    let at = Expiry::At(date(2026, 11, 28).at(13, 5, 0, 0));
    let rows = [
        ("2026-11-28 13:05:00", at),
        ("nov/28/2026 13:05:00", at),
        ("Nov/28/2026 13:05:00 paket 30 hari", at),
        ("vc-123-11.28.26- 2026-11-28 13:05:00", at),
        ("", Expiry::Never),
        ("pelanggan lama, 0812-3456-7890", Expiry::Never),
        ("vc-123-11.28.26-", Expiry::Never),
        ("2026-11-28", Expiry::Unclear),
        ("2026-11-28T13:05:00", Expiry::Unclear),
        ("28-11-2026 13:05:00", Expiry::Unclear),
        ("28/11/2026 13:05:00", Expiry::Unclear),
        ("2026-02-30 13:05:00", Expiry::Unclear),
        ("nov/31/2026 13:05:00", Expiry::Unclear),
        ("2026-11-28 25:05:00", Expiry::Unclear),
        ("2026-11-28 1:05 PM", Expiry::Unclear),
        ("2026-11-28 13:05:00 2026-12-28 13:05:00", Expiry::Unclear),
    ];
    for (comment, expected) in rows {
        assert_eq!(expiry(comment), expected, "{comment}");
    }
}

#[test]
fn devices_come_from_sessions_hosts_cookies_and_the_row_itself() {
    let by_name = mac(5).to_string();
    let accounts = HotspotAccounts {
        users: vec![
            user("ani"),
            user("budi"),
            HotspotUser { mac: Some(mac(4)), ..user("citra") },
            user(&by_name),
        ],
        sessions: vec![session("ani", 1, 7), HotspotSession { mac: None, ..session("budi", 9, 7) }],
        cookies: vec![cookie("ani", 1), cookie("ani", 2)],
        unread: Vec::new(),
    };
    let found = judged(&accounts);
    let macs: Vec<Vec<Mac>> = found.iter().map(|found| found.macs.iter().copied().collect()).collect();
    assert_eq!(macs, [vec![mac(1), mac(2)], vec![mac(9)], vec![mac(4)], vec![mac(5)]]);
    assert!(found.iter().all(|found| found.verdict == Verdict::Adoptable), "{found:?}");
    assert_eq!(found[0].used, Bytes(100 * MB + 7));
    assert_eq!(found[0].remaining(), Some(Bytes(900 * MB - 7)));
}

#[test]
fn what_cannot_be_adopted_says_why() {
    let plain = |change: fn(&mut HotspotUser)| {
        let mut user = user("ani");
        change(&mut user);
        HotspotAccounts { users: vec![user], cookies: vec![cookie("ani", 1)], ..HotspotAccounts::default() }
    };
    let rows: [(HotspotAccounts, &str); 11] = [
        (plain(|user| user.is_builtin = true), "built_in"),
        (plain(|user| user.name = TRIAL.into()), "built_in"),
        (plain(|user| user.disabled = true), "disabled"),
        (plain(|user| user.has_direction_limit = true), "direction_limit"),
        (plain(|user| (user.limit, user.has_uptime_limit) = (None, true)), "uptime_only"),
        (plain(|user| user.limit = Some(u64::MAX)), "limit_too_large"),
        (plain(|user| user.comment = "sampai 2026-11-28".into()), "unclear_expiry"),
        (HotspotAccounts { cookies: Vec::new(), ..plain(|_| {}) }, "no_device"),
        (
            HotspotAccounts { cookies: (1..=3).map(|n| cookie("ani", n)).collect(), ..plain(|_| {}) },
            "too_many_devices",
        ),
        (
            HotspotAccounts {
                unread: vec![UnreadAccount { user: "ani".into(), what: "bytes-in=x".into() }],
                ..plain(|_| {})
            },
            "unread",
        ),
        (HotspotAccounts { users: vec![user("ani"), user("ani")], ..plain(|_| {}) }, "name_twice"),
    ];
    for (accounts, code) in rows {
        let Verdict::Refused(obstacles) = &judged(&accounts)[0].verdict else { panic!("{code}") };
        assert_eq!(obstacles.iter().map(Obstacle::code).collect::<Vec<_>>(), [code]);
    }
    let fine = plain(|user| user.has_uptime_limit = true);
    assert_eq!(judged(&fine)[0].verdict, Verdict::Adoptable);
    assert!(judged(&fine)[0].drops_uptime_limit);
    let binding = BindingRow {
        row: RowId("*B".into()),
        mac: Some(mac(1)),
        address: None,
        kind: BindingKind::Bypassed,
        ours: false,
        owner: String::new(),
        disabled: true,
    };
    let found = judged_with(&plain(|_| {}), std::slice::from_ref(&binding), &[]);
    assert_eq!(found[0].verdict, Verdict::Refused(vec![Obstacle::ForeignBinding(mac(1))]));
    let ours = BindingRow { ours: true, ..binding };
    assert_eq!(judged_with(&plain(|_| {}), &[ours], &[])[0].verdict, Verdict::Adoptable);
}

#[test]
fn a_device_of_two_users_is_nobodys_unless_one_is_switched_off() {
    let mut accounts = HotspotAccounts {
        users: vec![user("ani"), user("budi")],
        cookies: vec![cookie("ani", 1), HotspotCookie { row: RowId("*C2".into()), ..cookie("budi", 1) }],
        ..HotspotAccounts::default()
    };
    let shared = |other: &str| Verdict::Refused(vec![Obstacle::SharedDevice(mac(1), other.into())]);
    let verdicts = |accounts: &HotspotAccounts| -> Vec<Verdict> {
        judged(accounts).into_iter().map(|found| found.verdict).collect()
    };
    assert_eq!(verdicts(&accounts), [shared("budi"), shared("ani")]);
    accounts.users[1].disabled = true;
    assert_eq!(verdicts(&accounts), [Verdict::Adoptable, Verdict::Refused(vec![Obstacle::Disabled])]);
}

#[test]
fn only_an_unused_marked_user_is_a_voucher() {
    let of = |comment: &str, bytes: u64, uptime_s: u64| {
        let user = HotspotUser { comment: comment.into(), bytes, uptime_s, ..user("ani") };
        let accounts = HotspotAccounts {
            users: vec![user],
            cookies: vec![cookie("ani", 1)],
            ..HotspotAccounts::default()
        };
        judged(&accounts).remove(0).verdict
    };
    assert_eq!(of("vc-123-11.28.26-", 0, 0), Verdict::Voucher);
    assert_eq!(of("up-123", 0, 0), Verdict::Voucher);
    assert_eq!(of("vc-123", 1, 0), Verdict::Adoptable);
    assert_eq!(of("vc-123", 0, 1), Verdict::Adoptable);
    assert_eq!(of("up", 0, 0), Verdict::Adoptable);
}

#[test]
fn sessions_without_a_hotspot_user_and_what_was_adopted_are_listed() {
    let accounts = HotspotAccounts {
        users: vec![HotspotUser { disabled: true, ..user("ani") }],
        sessions: vec![session("T-02:00:00:00:00:07", 7, 5)],
        ..HotspotAccounts::default()
    };
    let found = judged_with(&accounts, &[], &["ani"]);
    assert_eq!(found[0].verdict, Verdict::Adopted);
    assert_eq!(found[1].verdict, Verdict::Refused(vec![Obstacle::NoHotspotUser]));
    assert_eq!(found[1].used, Bytes(5));
}

#[test]
fn between_two_readings_growth_is_left_out_and_a_dip_is_no_usage_that_went_away() {
    let of = |bytes: u64, sessions: Vec<HotspotSession>| HotspotAccounts {
        users: vec![HotspotUser { bytes, ..user("ani") }],
        sessions,
        ..HotspotAccounts::default()
    };
    let (at_100, at_140) = (session("ani", 1, 100), session("ani", 1, 140));
    let (early, late) = (of(1000, vec![at_100.clone()]), of(1000, vec![at_140]));
    assert_eq!(used_between(&early, &early, "ani"), Ok(1100));
    assert_eq!(used_between(&early, &late, "ani"), Err(1100));
    // The session ended between the two prints of one reading: its bytes are in neither.
    let (dip, ended) = (of(1000, Vec::new()), of(1100, Vec::new()));
    assert_eq!(used_between(&dip, &ended, "ani"), Err(1100));
    assert_eq!(used_between(&early, &dip, "ani"), Err(1100));
    assert_eq!(used_between(&early, &ended, "ani"), Ok(1100));
}

#[test]
fn a_name_becomes_a_phone_or_a_log_in_name_or_only_a_name() {
    let names = |name: &str| {
        let accounts = HotspotAccounts { users: vec![user(name)], ..HotspotAccounts::default() };
        judged(&accounts)[0].names()
    };
    assert_eq!(names("081234567890"), (Some("081234567890".into()), None));
    assert_eq!(names("budi"), (None, Some("budi".into())));
    assert_eq!(names("budi santoso"), (None, None));
}
