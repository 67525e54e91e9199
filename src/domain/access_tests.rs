use jiff::civil::date;

use super::*;
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::id::{DebtId, UserId};
use crate::domain::ledger::Balance;
use crate::domain::units::Rupiah;

const NOW: Timestamp = Timestamp(1_000_000_000);

fn facts() -> Facts {
    let local = LocalTime { date: date(2026, 11, 22), minute_of_day: 600 };
    Facts { now: NOW, local, clock_trusted: true, paying: false, grace: false }
}

/// A user with one credit of `credited` megabytes and `used` bytes of usage.
fn user(credited_mb: u64, used: Bytes) -> Account {
    Account {
        balance: Balance { credits: Bytes::mb(credited_mb), debits: used },
        fup_base: Bytes::mb(credited_mb),
        ..Account::fresh(UserId(uuid::Uuid::nil()), true)
    }
}

fn late_item() -> DebtItem {
    DebtItem {
        id: DebtId(uuid::Uuid::nil()),
        amount: Some(Bytes::gb(1)),
        paid: Bytes::ZERO,
        price: None,
        paid_rp: Rupiah::ZERO,
        debt_date: date(2026, 10, 1),
        due_date: date(2026, 10, 31),
        note: String::new(),
        customer_note: String::new(),
        created_at: Timestamp(0),
        status: DebtStatus::Open,
    }
}

fn status(account: &Account, policy: &Policy) -> (Status, Option<Reason>) {
    let access = decide(account, policy, &facts());
    (access.status, access.reason)
}

#[test]
fn the_worked_numbers_of_the_domain() {
    let stop = Policy::default();
    let debt = Policy { overage: Overage::Debt, ..Policy::default() };
    let rows = [
        ("P8192 U1024", user(8192, Bytes::mb(1024)), &stop, Status::Active),
        ("P8192 U7168", user(8192, Bytes::mb(7168)), &stop, Status::Fup),
        ("P3072 U1", user(3072, Bytes::mb(1)), &stop, Status::Active),
        ("P1024 U1024", user(1024, Bytes::mb(1024)), &stop, Status::Habis),
        ("nothing credited", user(0, Bytes::ZERO), &stop, Status::Habis),
        ("nothing credited, overage allowed", user(0, Bytes::ZERO), &debt, Status::Habis),
        ("overage 499.99 MB of 500", user(1024, Bytes(Bytes::mb(1524).0 - 1)), &debt, Status::Active),
        ("overage 500 MB of 500", user(1024, Bytes::mb(1524)), &debt, Status::Blocked),
        ("zero left, overage allowed", user(1024, Bytes::mb(1024)), &debt, Status::Active),
    ];
    for (what, account, policy, expected) in rows {
        assert_eq!(status(&account, policy).0, expected, "{what}");
    }
}

#[test]
fn the_first_rule_that_holds_decides() {
    let full = user(1024, Bytes::ZERO);
    let past = Some(Timestamp(NOW.0 - 1));
    let blocked = Account { admin_block: Some("x".into()), ..full.clone() };
    let overdue = Account { items: vec![late_item()], ..full.clone() };
    let rows = [
        (
            "admin before expired",
            Account { expires_at: past, ..blocked.clone() },
            Status::Blocked,
            Some(Reason::Admin),
        ),
        (
            "admin before inactive",
            Account { approved: false, ..blocked },
            Status::Blocked,
            Some(Reason::Admin),
        ),
        (
            "not approved",
            Account { approved: false, ..full.clone() },
            Status::Inactive,
            Some(Reason::Inactive),
        ),
        (
            "deactivated before overdue",
            Account { active: false, ..overdue.clone() },
            Status::Inactive,
            Some(Reason::Inactive),
        ),
        ("overdue", overdue.clone(), Status::Blocked, Some(Reason::DebtOverdue)),
        ("overdue but exempt", Account { exempt: true, ..overdue.clone() }, Status::Active, None),
        (
            "unlimited but overdue",
            Account { unlimited: true, ..overdue },
            Status::Blocked,
            Some(Reason::DebtOverdue),
        ),
        (
            "unlimited and expired",
            Account { unlimited: true, expires_at: past, ..full.clone() },
            Status::Expired,
            Some(Reason::Expired),
        ),
        (
            "unlimited with nothing left",
            Account { unlimited: true, ..user(0, Bytes::ZERO) },
            Status::Unlimited,
            None,
        ),
        (
            "unlimited over the limit",
            Account { unlimited: true, ..user(1, Bytes::gb(2)) },
            Status::Unlimited,
            None,
        ),
        (
            "expired before habis",
            Account { expires_at: past, ..user(1, Bytes::mb(1)) },
            Status::Expired,
            Some(Reason::Expired),
        ),
        ("expiring this instant", Account { expires_at: Some(NOW), ..full.clone() }, Status::Active, None),
        (
            "exempt at zero",
            Account { exempt: true, ..user(1, Bytes::mb(1)) },
            Status::Habis,
            Some(Reason::Habis),
        ),
        (
            "own limit",
            Account { debt_limit: Some(Bytes::mb(1)), ..user(1, Bytes::mb(2)) },
            Status::Blocked,
            Some(Reason::DebtLimit),
        ),
        (
            "own limit off",
            Account { debt_limit: Some(Bytes::ZERO), ..user(1, Bytes::gb(2)) },
            Status::Habis,
            Some(Reason::Habis),
        ),
        (
            "own overage mode",
            Account { overage: Some(Overage::Debt), ..user(1, Bytes::mb(2)) },
            Status::Active,
            None,
        ),
    ];
    for (what, account, expected, reason) in rows {
        assert_eq!(status(&account, &Policy::default()), (expected, reason), "{what}");
    }
}

#[test]
fn every_cause_that_holds_is_named_in_order() {
    let account = Account {
        items: vec![late_item()],
        expires_at: Some(Timestamp(0)),
        access: Access::default(),
        ..user(1, Bytes::gb(1))
    };
    let access = decide(&account, &Policy::default(), &facts());
    assert_eq!(access.causes, [Reason::DebtLimit, Reason::DebtOverdue, Reason::Expired, Reason::Habis]);
}

#[test]
fn an_untrusted_clock_starts_no_block_but_ends_none_either() {
    let dark = Facts { clock_trusted: false, ..facts() };
    let late =
        Account { items: vec![late_item()], expires_at: Some(Timestamp(0)), ..user(1024, Bytes::ZERO) };
    assert_eq!(decide(&late, &Policy::default(), &dark).status, Status::Active);
    let before = decide(&late, &Policy::default(), &facts());
    let held = Account { access: before.clone(), ..late };
    assert_eq!(decide(&held, &Policy::default(), &dark), before);
}

#[test]
fn a_pay_window_opens_what_debt_expiry_and_habis_closed_but_not_an_admins_block() {
    let paying = Facts { paying: true, ..facts() };
    let policy = Policy::default();
    let habis = user(1, Bytes::mb(1));
    let access = decide(&habis, &policy, &paying);
    assert_eq!((access.status, access.reason), (Status::Fup, Some(Reason::Paying)));
    let blocked = Account { admin_block: Some(String::new()), ..habis };
    assert_eq!(decide(&blocked, &policy, &paying).reason, Some(Reason::Admin));
    assert_eq!(decide(&user(1024, Bytes::ZERO), &policy, &paying).status, Status::Active);
}

#[test]
fn four_purchases_each_used_up_before_the_next_are_never_fup() {
    let mut account = user(0, Bytes::ZERO);
    for _ in 0..4 {
        account.balance.credits = account.balance.credits.plus(Bytes::gb(1));
        account.fup_base = account.balance.remaining();
        assert_eq!(status(&account, &Policy::default()).0, Status::Active);
        account.balance.debits = account.balance.credits;
    }
}

#[test]
fn a_grace_begins_no_block_for_debt_and_ends_none() {
    let policy = Policy { overage: Overage::Debt, ..Policy::default() };
    let grace = Facts { grace: true, ..facts() };
    let over = user(1024, Bytes::mb(2048));
    let late = Account { items: vec![late_item()], ..user(1024, Bytes::ZERO) };
    for (account, reason) in [(over, Reason::DebtLimit), (late, Reason::DebtOverdue)] {
        let blocked = decide(&account, &policy, &facts());
        assert_eq!(blocked.reason, Some(reason));
        assert_eq!(decide(&account, &policy, &grace).status, Status::Active);
        assert!(is_held_off(&account, &policy, &grace));
        let before = Account { access: blocked.clone(), ..account };
        assert_eq!(decide(&before, &policy, &grace), blocked, "it was blocked before");
        assert!(!is_held_off(&before, &policy, &grace));
    }
    let habis = user(1, Bytes::mb(1));
    assert_eq!(decide(&habis, &Policy::default(), &grace).status, Status::Habis, "nothing is given");
    assert!(!is_held_off(&habis, &Policy::default(), &grace));
}
