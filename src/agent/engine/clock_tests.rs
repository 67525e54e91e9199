//! Log-ins, codes and the outbox while the wall clock jumps by years, as on a machine without a battery.

use super::*;
use crate::domain::units::DAY_MS;

/// Steps of a day.
const STEPS_AHEAD_MAX: i64 = 2880;
const HOUR_S: u64 = 3600;
const LASTS_MS: i64 = 12 * 3_600_000;
const SESSION: [u8; 32] = [1; 32];

fn years(n: i64) -> Timestamp {
    Timestamp(NOON.0 + n * 365 * DAY_MS)
}

fn log_in(pi: &mut Pi, hash: [u8; 32]) {
    let now = pi.engine().reckoned();
    let until = Timestamp(now.0 + LASTS_MS);
    pi.engine().store_mut().open_session(&hash, "ani", Role::Owner, now, until).unwrap();
}

fn is_in(pi: &mut Pi, hash: [u8; 32]) -> bool {
    pi.engine().pass_time().unwrap();
    pi.engine().secret(&hash, SecretKind::Session).unwrap().is_some()
}

fn with_admin() -> Pi {
    let mut pi = Pi::new(debt_mode());
    let admin = crate::store::AdminRecord {
        name: "ani".into(),
        role: Role::Owner,
        password_hash: String::new(),
        created_at: NOON,
        second_factor: crate::store::SecondFactor::default(),
    };
    assert!(pi.engine().store_mut().add_admin(&admin).unwrap());
    // As a log-in does; the trusted time is committed with it.
    pi.engine().note(&Actor::daemon(), "tes", "", String::new()).unwrap();
    pi
}

#[test]
fn a_clock_that_jumps_ends_no_session_and_a_session_ends_in_its_time() {
    for jump in [-30, -5, 5, 30] {
        let mut pi = with_admin();
        log_in(&mut pi, SESSION);
        pi.clock.set_wall(years(jump));
        assert!(is_in(&mut pi, SESSION), "{jump} years");
        // The log-in of somebody else deletes what is over, and nothing else.
        log_in(&mut pi, [2; 32]);
        pi.pass(11 * HOUR_S);
        assert!(is_in(&mut pi, SESSION), "{jump} years, 11 hours");
        pi.restart();
        assert!(is_in(&mut pi, SESSION), "{jump} years, 11 hours, another process");
        pi.pass(2 * HOUR_S);
        assert!(!is_in(&mut pi, SESSION), "{jump} years, 13 hours");
        pi.clock.set_wall(years(-jump));
        assert!(!is_in(&mut pi, SESSION), "what is over stays over");
    }
}

#[test]
fn a_session_that_is_over_stays_over_after_a_boot_at_an_earlier_time() {
    let mut pi = with_admin();
    log_in(&mut pi, SESSION);
    pi.pass(13 * HOUR_S);
    assert!(!is_in(&mut pi, SESSION));
    pi.engine().note(&Actor::daemon(), "tes", "", String::new()).unwrap();
    pi.clock.reboot();
    pi.clock.set_wall(Timestamp(0));
    pi.restart();
    assert!(!is_in(&mut pi, SESSION));
}

#[test]
fn a_clock_that_is_set_right_leaves_each_session_the_rest_of_its_time() {
    for jump in [-1, 10] {
        let mut pi = with_admin();
        log_in(&mut pi, [3; 32]);
        pi.pass(13 * HOUR_S);
        pi.engine().confirm_clock().unwrap();
        pi.clock.set_wall(years(jump));
        log_in(&mut pi, SESSION);
        pi.pass(HOUR_S);
        assert!(is_in(&mut pi, SESSION), "{jump} years");
        pi.engine().confirm_clock().unwrap();
        assert!(is_in(&mut pi, SESSION), "{jump} years, and vouched for");
        pi.clock.set_wall(Timestamp(NOON.0 + LASTS_MS + 60_000));
        assert!(is_in(&mut pi, SESSION), "{jump} years, and doubted");
        pi.engine().confirm_clock().unwrap();
        assert!(is_in(&mut pi, SESSION), "{jump} years, and back");
        pi.pass(10 * HOUR_S);
        assert!(is_in(&mut pi, SESSION), "{jump} years, 11 hours");
        pi.pass(2 * HOUR_S);
        assert!(!is_in(&mut pi, SESSION), "{jump} years, 13 hours");
        assert!(!is_in(&mut pi, [3; 32]), "what is over stays over");
    }
}

#[test]
fn a_network_that_sets_the_clock_right_logs_nobody_out() {
    let mut pi = with_admin();
    pi.clock.set_wall(years(-30));
    log_in(&mut pi, SESSION);
    assert!(is_in(&mut pi, SESSION));
    pi.pass(60);
    pi.clock.set_wall(years(1));
    pi.clock.synchronize();
    assert!(is_in(&mut pi, SESSION));
    pi.pass(13 * HOUR_S);
    assert!(!is_in(&mut pi, SESSION));
}

#[test]
fn an_api_token_without_an_end_is_valid_whatever_the_clock_says() {
    let mut pi = with_admin();
    let (role, kind) = (Role::Owner, SecretKind::Token);
    pi.engine().store_mut().add_secret(&SESSION, "ani", role, kind, years(10), None).unwrap();
    for (n, jump) in [(2, -30), (3, 0), (4, 30)] {
        pi.clock.set_wall(years(jump));
        log_in(&mut pi, [n; 32]);
        assert!(pi.engine().secret(&SESSION, kind).unwrap().is_some(), "{jump}");
    }
}

#[test]
fn a_code_accepted_by_a_clock_in_the_future_refuses_no_code_of_today() {
    let mut pi = with_admin();
    let today = NOON.0 / 30_000;
    let store = pi.engine().store_mut();
    assert!(store.accept_step("ani", today + 10 * STEPS_AHEAD_MAX).unwrap());
    assert!(store.accept_step("ani", today).unwrap(), "it would be refused for ten days");
    assert!(!store.accept_step("ani", today).unwrap(), "each is accepted once");
    assert!(!store.accept_step("ani", today - 1).unwrap(), "and none before it");
    assert!(store.accept_step("ani", today + STEPS_AHEAD_MAX).unwrap());
    assert!(!store.accept_step("ani", today).unwrap(), "a small step back makes no used code good");
}
