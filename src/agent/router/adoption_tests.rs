use super::*;
use crate::domain::adoption::{HotspotCookie, HotspotSession};
use crate::domain::usage::RowId;

fn handover(name: &str, remaining: Option<u64>) -> Handover {
    Handover {
        record: HandoverRecord {
            no: 1,
            user_no: 1,
            name: name.into(),
            server: "all".into(),
            state: HandoverState::Taking,
            event: String::new(),
            used: Bytes::ZERO,
            expires_at: None,
            at: Timestamp(0),
        },
        user: None,
        remaining: remaining.map(Bytes),
    }
}

fn row(id: &str) -> RowId {
    RowId(id.into())
}

fn user(name: &str, disabled: bool, bytes: u64, limit: Option<u64>) -> HotspotUser {
    HotspotUser {
        row: row(&format!("*{name}")),
        server: "all".into(),
        name: name.into(),
        mac: None,
        limit,
        has_direction_limit: false,
        has_uptime_limit: false,
        uptime_s: 0,
        bytes,
        is_builtin: false,
        disabled,
        comment: String::new(),
    }
}

#[test]
fn a_hotspot_user_is_switched_off_before_its_cookies_and_sessions_go_and_others_are_left_alone() {
    let session = |id: &str, user: &str| HotspotSession {
        row: row(id),
        user: user.into(),
        mac: None,
        address: None,
        bytes: 0,
    };
    let cookie = |id: &str, user: &str| HotspotCookie { row: row(id), user: user.into(), mac: None };
    let mut accounts = HotspotAccounts {
        users: vec![user("ani", false, 0, None), user("budi", false, 0, None)],
        sessions: vec![session("*1", "budi"), session("*2", "ani")],
        cookies: vec![cookie("*3", "ani"), cookie("*4", "budi")],
        unread: Vec::new(),
    };
    let taking = [handover("ani", None)];
    assert_eq!(
        switching_off(&taking, &accounts),
        [
            AccountEdit::Switch { row: row("*ani"), disabled: true },
            AccountEdit::RemoveCookie(row("*3")),
            AccountEdit::RemoveSession(row("*2")),
        ]
    );
    accounts.users[0].disabled = true;
    accounts.sessions.pop();
    accounts.cookies.remove(0);
    assert_eq!(switching_off(&taking, &accounts), []);
}

#[test]
fn what_is_left_is_the_limit_above_the_counters_and_nothing_left_is_not_no_limit() {
    let on = |name: &str| AccountEdit::Switch { row: row(&format!("*{name}")), disabled: false };
    let limit = |name: &str, limit: u64| AccountEdit::SetLimit { row: row(&format!("*{name}")), limit };
    let accounts = HotspotAccounts {
        users: vec![
            user("left", true, 0, Some(1000)),
            user("kept-counters", true, 70, Some(1000)),
            user("nothing", true, 0, Some(1000)),
            user("unlimited", true, 70, None),
            user("done", false, 3, Some(40)),
            user("by-hand", false, 500, Some(1000)),
            user("by-hand-freed", false, 500, None),
        ],
        ..HotspotAccounts::default()
    };
    let returning = [
        handover("left", Some(400)),
        handover("kept-counters", Some(400)),
        handover("nothing", Some(0)),
        handover("unlimited", None),
        handover("done", Some(40)),
        handover("by-hand", Some(400)),
        handover("by-hand-freed", Some(400)),
        handover("deleted", Some(40)),
    ];
    assert_eq!(
        switching_on(&returning, &accounts),
        [
            limit("left", 400),
            limit("kept-counters", 470),
            limit("nothing", 1),
            limit("by-hand", 900),
            limit("by-hand-freed", 900),
            on("left"),
            on("kept-counters"),
            on("nothing"),
            on("unlimited"),
        ]
    );
    assert_eq!(counter_resets(&returning, &accounts), [AccountEdit::ResetCounters(row("*kept-counters"))]);
    assert_eq!(named_and_missing(&returning, &accounts).1, ["deleted"]);
}
