use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::access::{Reason, Status};
use crate::domain::account::Expiry;
use crate::domain::id::{PackageId, UserId};
use crate::domain::ledger::{Balance, Book};
use crate::domain::units::LocalTime;

const NOW: Timestamp = Timestamp(1_700_000_000_000);

fn facts() -> Facts {
    let local = LocalTime { date: date(2026, 11, 22), minute_of_day: 600 };
    Facts { now: NOW, local, clock_trusted: true, paying: false, grace: false }
}

fn package(quota: Option<u64>, price: u64) -> Package {
    Package {
        id: PackageId(uuid::Uuid::from_u128(u128::from(quota.unwrap_or_default()))),
        name: "paket".into(),
        quota: quota.map(Bytes::mb),
        days: 30,
        price: Rupiah(price),
        active: true,
    }
}

fn item(n: u128, amount: Option<Bytes>, price: Option<u64>) -> DebtItem {
    DebtItem {
        id: DebtId(uuid::Uuid::from_u128(n)),
        amount,
        paid: Bytes::ZERO,
        price: price.map(Rupiah),
        paid_rp: Rupiah::ZERO,
        debt_date: date(2026, 11, 22),
        due_date: date(2026, 11, 30),
        note: "utang".into(),
        customer_note: String::new(),
        created_at: NOW,
        status: DebtStatus::Open,
    }
}

fn grant(mb: u64) -> Event {
    Event::Granted(Grant { amount: Bytes::mb(mb), days: None, reason: "tes".into() })
}

fn reset(debt: Option<DebtItem>) -> Event {
    Event::Reset(Reset { debt, credit: None, days: None, unblock: None, reason: "bulan baru".into() })
}

fn paid(quote: Quote) -> Event {
    Event::Paid { order: OrderId("o-1".into()), quote }
}

/// A user and the ledger that events made, under one policy.
struct Desk {
    policy: Policy,
    packages: Vec<Package>,
    account: Account,
    ledger: Vec<Entry>,
    validity: Vec<ValidityStep>,
    /// Orders paid so far, for acts.
    sold: Vec<Sold>,
    /// Items that are closed and forgotten by the account, as the engine forgets them.
    shelf: Vec<DebtItem>,
    items: u128,
}

/// An order as the store keeps it.
struct Sold {
    id: OrderId,
    paid: Rupiah,
    refunded: Rupiah,
    /// Line of its first row.
    at: usize,
    plan: bool,
}

impl Desk {
    fn new(policy: Policy) -> Self {
        let packages = vec![package(Some(10_240), 100_000), package(Some(25_600), 200_000)];
        let account = Account::fresh(UserId(uuid::Uuid::nil()), true);
        Self {
            policy,
            packages,
            account,
            ledger: Vec::new(),
            validity: Vec::new(),
            sold: Vec::new(),
            shelf: Vec::new(),
            items: 0,
        }
    }

    fn with_ctx<T>(&self, f: impl FnOnce(&Context) -> T) -> T {
        f(&Context { policy: &self.policy, packages: &self.packages, facts: facts() })
    }

    fn try_play(&mut self, event: &Event) -> Result<Decision, Refusal> {
        let decision = self.with_ctx(|ctx| step(&self.account, event, ctx))?;
        self.ledger.extend(decision.entries.iter().cloned());
        self.validity.extend(decision.validity.iter().cloned());
        self.account = decision.account.clone();
        Ok(decision)
    }

    fn play(&mut self, event: &Event) -> Decision {
        self.try_play(event).unwrap()
    }

    fn use_up(&mut self, mb: u64) -> Decision {
        self.play(&Event::Metered(Bytes::mb(mb)))
    }

    /// Remaining, overage and unpaid items in MB.
    fn sums(&self) -> (u64, u64, u64) {
        let mb = |b: Bytes| b.0 / Bytes::mb(1).0;
        let balance = self.account.balance;
        (mb(balance.remaining()), mb(balance.overage()), mb(self.account.debt_items()))
    }

    fn access(&self) -> (Status, Option<Reason>) {
        (self.account.access.status, self.account.access.reason)
    }
}

fn in_debt_mode() -> Desk {
    Desk::new(Policy { overage: Overage::Debt, ..Policy::default() })
}

#[test]
fn reset_with_ten_gigabytes_as_debt() {
    let mut desk = in_debt_mode();
    desk.play(&grant(1000));
    desk.use_up(2000);
    desk.play(&Event::Blocked { reason: "x".into() });
    assert_eq!(desk.access(), (Status::Blocked, Some(Reason::Admin)));

    let decision = desk.play(&reset(Some(item(1, Some(Bytes::gb(10)), None))));
    let kinds: Vec<Kind> = decision.entries.iter().map(|e| e.kind).collect();
    assert_eq!(kinds, [Kind::Usage, Kind::Closing, Kind::DebtGranted, Kind::Advance]);
    assert_eq!(decision.entries[1].amount, Bytes::mb(1000), "forgiven overage");
    assert_eq!(desk.account.balance, Balance { credits: Bytes::mb(10_240), debits: Bytes::ZERO });
    assert_eq!(desk.account.used, Bytes::ZERO);
    assert_eq!(desk.sums(), (10_240, 0, 10_240));
    assert_eq!(desk.access(), (Status::Active, None));
}

#[test]
fn a_reset_keeps_debts_and_forfeits_quota_and_gives_days_only_to_the_expired() {
    let mut desk = in_debt_mode();
    desk.play(&Event::DebtGranted(DebtGrant {
        item: item(1, Some(Bytes::mb(100)), None),
        advance: true,
        days: None,
    }));
    desk.play(&Event::Changed(Settings {
        expires_at: Some(Some(Timestamp(NOW.0 - 1))),
        ..Settings::default()
    }));
    assert_eq!(desk.access().0, Status::Expired);
    let decision = desk.play(&reset(None));
    assert_eq!((decision.entries[0].side, decision.entries[0].amount), (Side::Debit, Bytes::mb(100)));
    assert_eq!(desk.sums(), (0, 0, 100));
    assert_eq!(desk.access().0, Status::Expired, "nothing given, no days either");
    desk.play(&reset(Some(item(2, Some(Bytes::mb(50)), None))));
    assert_eq!(desk.account.expires_at, Some(NOW.plus_days(30)));
    assert_eq!(desk.access().0, Status::Active);
}

#[test]
fn paid_overage_is_not_charged_again() {
    let mut desk = in_debt_mode();
    desk.play(&grant(1000));
    desk.use_up(1500);
    assert_eq!(desk.access(), (Status::Blocked, Some(Reason::DebtLimit)));
    let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
    desk.play(&paid(quote));
    assert_eq!((desk.sums(), desk.account.used), ((0, 0, 0), Bytes::mb(1500)));
    let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[0], ctx)).unwrap();
    desk.play(&paid(quote));
    assert_eq!(desk.sums(), (10_240, 0, 0));
    assert_eq!(desk.access(), (Status::Active, None));
}

#[test]
fn a_block_for_debt_ends_with_its_cause_and_an_admins_only_by_an_admin() {
    let mut desk = in_debt_mode();
    desk.play(&grant(1));
    desk.use_up(501);
    desk.play(&Event::Blocked { reason: "x".into() });
    desk.play(&Event::Unblocked);
    assert_eq!(desk.access(), (Status::Blocked, Some(Reason::DebtLimit)), "unblocking forgives nothing");
    desk.play(&Event::Unblocked);
    desk.play(&grant(600));
    assert_eq!(desk.access(), (Status::Active, None));
}

#[test]
fn in_mode_stop_a_batch_never_raises_overage_above_the_limit() {
    let mut desk = Desk::new(Policy::default());
    desk.play(&grant(100));
    let split = desk.use_up(1000).split;
    assert_eq!(split, Split { debited: Bytes::mb(600), unenforced: Bytes::mb(400) });
    assert_eq!(desk.sums(), (0, 500, 0));
    assert_eq!(desk.use_up(7).split, Split { debited: Bytes::ZERO, unenforced: Bytes::mb(7) });
}

#[test]
fn unlimited_and_exempt_users_owe_no_usage() {
    let mut desk = Desk::new(Policy::default());
    desk.play(&grant(10));
    let plan = package(None, 150_000);
    let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &plan, ctx)).unwrap();
    desk.play(&paid(quote));
    desk.use_up(500);
    assert_eq!(
        (desk.sums(), desk.account.used, desk.access().0),
        ((10, 0, 0), Bytes::ZERO, Status::Unlimited)
    );

    let mut desk = in_debt_mode();
    desk.play(&Event::Changed(Settings { exempt: Some(true), ..Settings::default() }));
    desk.play(&grant(10));
    desk.use_up(500);
    assert_eq!((desk.sums(), desk.account.used), ((0, 0, 0), Bytes::mb(10)));
    let debt = DebtGrant { item: item(1, Some(Bytes::mb(1)), None), advance: true, days: None };
    assert_eq!(desk.try_play(&Event::DebtGranted(debt)), Err(Refusal::Exempt));
}

#[test]
fn purchases_that_are_refused() {
    let mut desk = in_debt_mode();
    desk.policy.debt_limit = Bytes::gb(100);
    desk.play(&grant(1));
    desk.use_up(10_241);
    let buy =
        |desk: &Desk, package: &Package| desk.with_ctx(|ctx| quote_purchase(&desk.account, package, ctx));
    let small = desk.packages[0].clone();
    assert_eq!(buy(&desk, &small), Err(Refusal::SettleFirst(Bytes::gb(10))));
    assert!(buy(&desk, &desk.packages[1]).is_ok());
    assert_eq!(buy(&desk, &package(None, 1)), Err(Refusal::OwesWhileUnlimited));
    assert_eq!(buy(&desk, &Package { active: false, ..small.clone() }), Err(Refusal::NotOnSale));

    let fresh = Desk::new(Policy::default());
    let with = |change: &dyn Fn(&mut Account)| {
        let mut desk = Desk::new(Policy::default());
        desk.account = fresh.account.clone();
        change(&mut desk.account);
        buy(&desk, &small).map(|_| ())
    };
    assert_eq!(with(&|_| {}), Ok(()));
    assert_eq!(with(&|a| a.admin_block = Some(String::new())), Err(Refusal::AdminBlocked));
    assert_eq!(with(&|a| a.approved = false), Err(Refusal::Inactive));
    let late = DebtItem { due_date: date(2026, 11, 21), ..item(1, Some(Bytes::mb(1)), None) };
    assert_eq!(with(&|a| a.items.push(late.clone())), Err(Refusal::DebtOverdue));
}

#[test]
fn expiry_rules() {
    let day = |n: i64| Some(Timestamp(NOW.0 + n * crate::domain::units::DAY_MS));
    let rows = [
        (Expiry::ResetFromNow, None, day(30)),
        (Expiry::ResetFromNow, day(-5), day(30)),
        (Expiry::ResetFromNow, day(10), day(30)),
        (Expiry::ResetFromNow, day(40), day(40)),
        (Expiry::Extend, None, day(30)),
        (Expiry::Extend, day(-5), day(30)),
        (Expiry::Extend, day(10), day(40)),
    ];
    for (rule, old, new) in rows {
        let days = ValidityChange::Days { days: 30, at: Some(NOW), rule };
        let validity = Validity { expires_at: old, ..Validity::default() }.and(days);
        assert_eq!(validity.expires_at, new, "{rule:?} {old:?}");
    }
}

#[test]
fn days_sold_while_the_clock_is_untrusted_start_counting_at_trust() {
    let mut desk = Desk::new(Policy::default());
    desk.play(&Event::Changed(Settings { expires_at: Some(Some(Timestamp(0))), ..Settings::default() }));
    let dark = Facts { clock_trusted: false, now: Timestamp(1), ..facts() };
    let ctx = Context { policy: &desk.policy, packages: &desk.packages, facts: dark };
    let quote = quote_purchase(&desk.account, &desk.packages[0], &ctx).unwrap();
    let account = step(&desk.account, &paid(quote), &ctx).unwrap().account;
    assert_eq!((account.expires_at, account.waiting_days), (Some(Timestamp(0)), 30));
    assert_eq!(account.access.status, Status::Active, "what was bought can be used at once");
    desk.account = account;
    desk.play(&Event::Tick);
    assert_eq!((desk.account.expires_at, desk.account.waiting_days), (Some(NOW.plus_days(30)), 0));
    assert_eq!(desk.access().0, Status::Active);
}

#[test]
fn quota_left_at_expiry_is_usable_after_renewal() {
    let mut desk = Desk::new(Policy::default());
    desk.play(&grant(700));
    desk.play(&Event::Changed(Settings { expires_at: Some(Some(Timestamp(0))), ..Settings::default() }));
    assert_eq!(desk.access().0, Status::Expired);
    let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[0], ctx)).unwrap();
    desk.play(&paid(quote));
    assert_eq!((desk.sums(), desk.access().0), ((10_940, 0, 0), Status::Active));
}

#[test]
fn settling_pays_items_and_what_is_no_longer_owed_becomes_quota() {
    let mut desk = Desk::new(Policy::default());
    let debt = |n, mb| {
        Event::DebtGranted(DebtGrant { item: item(n, Some(Bytes::mb(mb)), None), advance: true, days: None })
    };
    desk.play(&debt(1, 1024));
    desk.play(&debt(2, 512));
    let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
    assert_eq!(quote.total(), Rupiah(20_000));
    let one = desk.with_ctx(|ctx| quote_item(&desk.account.items[1], ctx)).unwrap();
    assert!(!desk.play(&paid(one)).surplus);
    assert_eq!(desk.sums(), (1536, 0, 1024));
    assert!(desk.play(&paid(quote)).surplus, "the second item was paid meanwhile");
    assert_eq!(desk.sums(), (2048, 0, 0));
    assert_eq!(desk.with_ctx(|ctx| quote_all(&desk.account, ctx)), Err(Refusal::NothingOwed));
    assert_eq!(desk.with_ctx(|ctx| quote_item(&desk.account.items[0], ctx)), Err(Refusal::AlreadyPaid));
}

#[test]
fn a_first_part_payment_freezes_the_price_of_an_unpriced_item() {
    let mut desk = Desk::new(Policy::default());
    desk.play(&Event::DebtGranted(DebtGrant {
        item: item(1, Some(Bytes::gb(10)), None),
        advance: false,
        days: None,
    }));
    let part = desk.with_ctx(|ctx| quote_part(&desk.account, Rupiah(40_000), ctx)).unwrap();
    desk.play(&paid(part));
    assert_eq!(desk.account.items[0].price, Some(Rupiah(100_000)));
    assert_eq!(desk.account.debt_items(), Bytes::gb(6));
    desk.packages.clear();
    let rest = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
    assert_eq!(rest.total(), Rupiah(60_000), "the frozen price holds without any package");
    let too_much = desk.with_ctx(|ctx| quote_part(&desk.account, Rupiah(60_001), ctx));
    assert_eq!(too_much, Err(Refusal::PaysTooMuch(Rupiah(60_000))));
}

#[test]
fn a_user_in_debt_mode_is_warned_once_at_four_fifths() {
    let mut desk = in_debt_mode();
    desk.play(&grant(1));
    assert!(!desk.use_up(400).effects.contains(&Effect::WarnOverage));
    assert!(desk.use_up(1).effects.contains(&Effect::WarnOverage));
    assert!(!desk.use_up(1).effects.contains(&Effect::WarnOverage));
}

#[test]
fn debt_mode_without_a_limit_is_refused() {
    let mut desk = Desk::new(Policy::default());
    let settings = Settings {
        overage: Some(Some(Overage::Debt)),
        debt_limit: Some(Some(Bytes::ZERO)),
        ..Settings::default()
    };
    assert_eq!(desk.try_play(&Event::Changed(settings)), Err(Refusal::DebtNeedsLimit));
}

/// What an order wrote, as a refund is handed it.
fn refund_of(desk: &Desk, amount: u64, paid: u64, before: u64) -> Refund {
    refund_of_order(desk, "o-1", amount, paid, before)
}

fn refund_of_order(desk: &Desk, order: &str, amount: u64, paid: u64, before: u64) -> Refund {
    let order = OrderId(order.into());
    let of_order = |e: &&Entry| e.order.as_ref() == Some(&order);
    Refund {
        amount: Rupiah(amount),
        paid: Rupiah(paid),
        refunded_before: Rupiah(before),
        entries: desk.ledger.iter().filter(of_order).cloned().collect(),
        closed: desk.account.items.iter().filter(|i| !i.is_open()).cloned().collect(),
        after_reset: false,
        validity: desk.validity.clone(),
        plan: false,
        reason: "salah".into(),
        order,
    }
}

fn buy(desk: &mut Desk) {
    let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[0], ctx)).unwrap();
    desk.play(&paid(quote));
}

#[test]
fn a_refund_takes_what_its_order_gave_and_no_more() {
    let mut desk = Desk::new(Policy::default());
    buy(&mut desk);
    desk.use_up(240);
    let refund = refund_of(&desk, 100_000, 100_000, 0);
    assert_eq!(desk.account.expires_at, Some(NOW.plus_days(30)));
    desk.play(&Event::Refunded(refund));
    assert_eq!(desk.sums(), (0, 240, 0), "used quota turns to overage");
    assert_eq!(desk.account.expires_at, None);
    let again = refund_of(&desk, 1, 100_000, 100_000);
    assert_eq!(desk.try_play(&Event::Refunded(again)), Err(Refusal::RefundsTooMuch(Rupiah::ZERO)));
}

/// What happens to a user's days and plan besides orders.
enum Turn {
    /// An order of that name for so many days; 0 MB is an unlimited plan.
    Buy(&'static str, u64, u32),
    Grant(u32),
    Set(Option<u32>),
    Reset,
    Back(&'static str),
}

/// By which rule, the turns, and what is left: days and plan.
type TurnRow<'a> = (Expiry, &'a [Turn], (Option<u32>, bool));

/// What the turns lead to: days left and the plan.
fn validity_after(rule: Expiry, turns: &[Turn]) -> (Option<u32>, bool) {
    let mut desk = Desk::new(Policy { expiry: rule, ..Policy::default() });
    for turn in turns {
        match *turn {
            Turn::Buy(name, mb, days) => {
                let package = Package { days, ..package((mb > 0).then_some(mb), 100_000) };
                let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &package, ctx)).unwrap();
                desk.play(&Event::Paid { order: OrderId(name.into()), quote });
            }
            Turn::Grant(days) => {
                let grant = Grant { amount: Bytes::mb(1), days: Some(days), reason: "tes".into() };
                desk.play(&Event::Granted(grant));
            }
            Turn::Set(days) => {
                let expires_at = Some(days.map(|days| NOW.plus_days(days)));
                desk.play(&Event::Changed(Settings { expires_at, ..Settings::default() }));
            }
            Turn::Reset => drop(desk.play(&reset(None))),
            Turn::Back(name) => {
                let refund = refund_of_order(&desk, name, 100_000, 100_000, 0);
                desk.play(&Event::Refunded(refund));
            }
        }
        assert_eq!(Validity::fold(&desk.validity), desk.account.validity());
    }
    let day = |at: Timestamp| u32::try_from((at.0 - NOW.0) / 86_400_000).unwrap();
    (desk.account.expires_at.map(day), desk.account.unlimited)
}

#[test]
fn a_refund_leaves_expiry_and_plan_as_if_its_order_had_never_been() {
    use Expiry::{Extend, ResetFromNow};
    use Turn::{Back, Buy, Grant, Reset, Set};
    let rows: &[TurnRow] = &[
        (ResetFromNow, &[Buy("a", 1, 60), Buy("b", 1, 30), Back("a")], (Some(30), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Buy("b", 1, 30), Back("b")], (Some(60), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Buy("b", 1, 30), Back("a"), Back("b")], (None, false)),
        (ResetFromNow, &[Buy("a", 1, 30), Buy("b", 1, 30), Back("a")], (Some(30), false)),
        (ResetFromNow, &[Buy("a", 0, 30), Buy("b", 0, 30), Back("a")], (Some(30), true)),
        (ResetFromNow, &[Buy("a", 0, 30), Buy("b", 0, 30), Back("b"), Back("a")], (None, false)),
        (ResetFromNow, &[Buy("a", 0, 60), Buy("b", 9, 30), Back("b")], (Some(60), true)),
        (ResetFromNow, &[Buy("a", 0, 60), Buy("b", 9, 30), Buy("c", 9, 30), Back("b")], (Some(60), false)),
        (ResetFromNow, &[Buy("a", 0, 60), Reset, Back("a")], (None, false)),
        (ResetFromNow, &[Buy("a", 1, 60), Reset, Buy("b", 1, 30), Back("a")], (Some(30), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Grant(40), Back("a")], (Some(40), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Set(Some(5)), Back("a")], (Some(5), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Set(Some(60)), Back("a")], (Some(60), false)),
        (ResetFromNow, &[Buy("a", 1, 60), Set(None), Back("a")], (None, false)),
        (
            Extend,
            &[
                Buy("a", 1, 30),
                Buy("b", 1, 30),
                Buy("c", 1, 30),
                Buy("d", 1, 30),
                Back("b"),
                Back("a"),
                Back("c"),
            ],
            (Some(30), false),
        ),
        (Extend, &[Buy("a", 1, 30), Grant(10), Buy("b", 1, 20), Back("a")], (Some(30), false)),
        (Extend, &[Buy("a", 1, 30), Set(Some(3)), Buy("b", 1, 20), Back("a")], (Some(23), false)),
    ];
    for (at, (rule, turns, wanted)) in rows.iter().enumerate() {
        assert_eq!(validity_after(*rule, turns), *wanted, "row {at}");
    }
}

#[test]
fn partial_refunds_take_quota_in_proportion_and_add_up_to_the_whole() {
    let mut desk = Desk::new(Policy::default());
    buy(&mut desk);
    let mut before = 0;
    for (amount, left) in [(33_333, 6826), (33_333, 3413), (33_334, 0)] {
        let refund = refund_of(&desk, amount, 100_000, before);
        desk.play(&Event::Refunded(refund));
        before += amount;
        assert_eq!(desk.sums().0, left);
    }
    assert_eq!(desk.account.balance.remaining(), Bytes::ZERO);
}

#[test]
fn a_refunded_settlement_is_owed_again_and_goes_back_only_whole() {
    let mut desk = Desk::new(Policy::default());
    let debt = DebtGrant { item: item(1, Some(Bytes::gb(10)), None), advance: true, days: None };
    desk.play(&Event::DebtGranted(debt));
    let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
    desk.play(&paid(quote));
    assert_eq!(desk.sums(), (10_240, 0, 0));
    let part = refund_of(&desk, 1, 100_000, 0);
    assert_eq!(desk.try_play(&Event::Refunded(part)), Err(Refusal::RefundWholeOnly));
    let whole = refund_of(&desk, 100_000, 100_000, 0);
    desk.account.items.clear();
    desk.play(&Event::Refunded(whole));
    assert_eq!(desk.sums(), (10_240, 0, 10_240), "the closed item came back from the store");
    assert_eq!(desk.account.items[0].paid_rp, Rupiah::ZERO);
}

#[test]
fn after_a_reset_money_goes_back_without_touching_the_new_period() {
    let mut desk = Desk::new(Policy::default());
    buy(&mut desk);
    desk.play(&reset(None));
    desk.play(&grant(5));
    let refund = Refund { after_reset: true, ..refund_of(&desk, 100_000, 100_000, 0) };
    desk.play(&Event::Refunded(refund.clone()));
    assert_eq!(desk.sums(), (5, 0, 0));
    let part = Refund { amount: Rupiah(1), ..refund };
    assert_eq!(desk.try_play(&Event::Refunded(part)), Err(Refusal::RefundWholeOnly));
}

#[test]
fn a_write_off_ends_a_debt_and_a_promise_moves_its_day() {
    let mut desk = Desk::new(Policy::default());
    let late = DebtItem { due_date: date(2026, 11, 1), ..item(1, Some(Bytes::mb(100)), None) };
    let id = late.id;
    desk.play(&Event::DebtGranted(DebtGrant { item: late, advance: true, days: None }));
    assert_eq!(desk.access(), (Status::Blocked, Some(Reason::DebtOverdue)));
    let promise =
        Event::DebtChanged { debt: id, due_date: Some(date(2026, 12, 1)), note: None, customer_note: None };
    desk.play(&promise);
    assert_eq!(desk.access(), (Status::Active, None));
    let forgive = Event::WrittenOff { debt: id, reason: "pindah".into() };
    desk.play(&forgive);
    assert_eq!((desk.sums().2, desk.account.items[0].status), (0, DebtStatus::WrittenOff));
    assert_eq!(desk.try_play(&forgive), Err(Refusal::AlreadyPaid));
    assert_eq!(desk.try_play(&promise), Err(Refusal::AlreadyPaid));
}

#[test]
fn a_payment_of_a_debt_that_was_then_forgiven_is_owed_again_and_the_rest_stays_forgiven() {
    let mut desk = Desk::new(Policy::default());
    let debt = DebtGrant { item: item(1, Some(Bytes::gb(10)), None), advance: false, days: None };
    let id = debt.item.id;
    desk.play(&Event::DebtGranted(debt));
    let part = desk.with_ctx(|ctx| quote_part(&desk.account, Rupiah(40_000), ctx)).unwrap();
    desk.play(&paid(part));
    desk.play(&Event::WrittenOff { debt: id, reason: "pindah".into() });
    let refund = refund_of(&desk, 40_000, 40_000, 0);
    desk.play(&Event::Refunded(refund));
    assert_eq!(desk.sums().2, 4 * 1024);
    let due = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap().total();
    assert_eq!(due, Rupiah(40_000));
}

#[test]
fn a_refund_of_nothing_is_refused() {
    let mut desk = Desk::new(Policy::default());
    buy(&mut desk);
    let nothing = refund_of(&desk, 0, 100_000, 100_000);
    assert_eq!(desk.try_play(&Event::Refunded(nothing)), Err(Refusal::RefundsTooMuch(Rupiah::ZERO)));
}

fn any_event() -> impl Strategy<Value = Event> {
    let mb = 1..20_000_u64;
    let debt = (any::<u128>(), 1..4_000_u64, any::<bool>()).prop_map(|(n, mb, advance)| {
        Event::DebtGranted(DebtGrant { item: item(n, Some(Bytes::mb(mb)), None), advance, days: None })
    });
    prop_oneof![
        4 => mb.clone().prop_map(|mb| Event::Metered(Bytes::mb(mb / 10))),
        1 => Just(Event::Sealed),
        1 => Just(Event::Tick),
        2 => mb.clone().prop_map(grant),
        1 => mb.prop_map(|mb| Event::Debited { amount: Bytes::mb(mb), reason: String::new() }),
        2 => debt,
        1 => any::<u128>().prop_map(|n| reset(Some(item(n, Some(Bytes::gb(1)), None)))),
        1 => Just(reset(None)),
        1 => Just(Event::Blocked { reason: "x".into() }),
        1 => Just(Event::Unblocked),
    ]
}

/// What a person does: an event, or paying what is quoted at that moment.
#[derive(Clone, Debug)]
enum Act {
    Event(Event),
    Buy(usize),
    SettleAll,
    PayPart(u64),
    /// So many percent of what is left of an order go back.
    Refund(prop::sample::Index, u64),
    WriteOff(prop::sample::Index),
    Promise(prop::sample::Index),
}

fn any_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => any_event().prop_map(Act::Event),
        2 => (0..3_usize).prop_map(Act::Buy),
        1 => Just(Act::SettleAll),
        2 => prop_oneof![1..100_000_u64, 1..10_u64].prop_map(Act::PayPart),
        3 => (any::<prop::sample::Index>(), prop_oneof![Just(100), 1..100_u64]).prop_map(|(n, p)| Act::Refund(n, p)),
        1 => any::<prop::sample::Index>().prop_map(Act::WriteOff),
        1 => any::<prop::sample::Index>().prop_map(Act::Promise),
    ]
}

fn act(desk: &mut Desk, act: &Act) {
    let quote = match act {
        Act::Event(event) => {
            let event = with_own_item(desk, event);
            drop(desk.try_play(&event));
            return shelve(desk);
        }
        Act::Buy(n) => desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[*n], ctx)),
        Act::SettleAll => desk.with_ctx(|ctx| quote_all(&desk.account, ctx)),
        Act::PayPart(rp) => desk.with_ctx(|ctx| quote_part(&desk.account, Rupiah(*rp), ctx)),
        Act::Refund(n, percent) => return refund_some(desk, *n, *percent),
        Act::WriteOff(n) | Act::Promise(n) => {
            if !desk.account.items.is_empty() {
                let debt = n.get(&desk.account.items).id;
                let event = match act {
                    Act::WriteOff(_) => Event::WrittenOff { debt, reason: "x".into() },
                    _ => Event::DebtChanged {
                        debt,
                        due_date: Some(date(2027, 1, 1)),
                        note: None,
                        customer_note: None,
                    },
                };
                desk.play(&event);
            }
            return shelve(desk);
        }
    };
    if let Ok(quote) = quote {
        let rupiah = quote.total();
        let order = OrderId(format!("o-{}", desk.sold.len()));
        let (at, plan) = (desk.ledger.len(), quote.buys_plan());
        let lines = desk.play(&Event::Paid { order: order.clone(), quote }).entries;
        let booked = lines.iter().filter_map(|e| e.amount_rp).fold(Rupiah::ZERO, Rupiah::plus);
        assert_eq!(booked, rupiah, "every rupiah stands in the ledger, once");
        desk.sold.push(Sold { id: order, paid: rupiah, refunded: Rupiah::ZERO, at, plan });
        shelve(desk);
    }
}

/// The same event about an item that no other has.
fn with_own_item(desk: &mut Desk, event: &Event) -> Event {
    let mut event = event.clone();
    desk.items += 1;
    let id = DebtId(uuid::Uuid::from_u128(desk.items));
    match &mut event {
        Event::DebtGranted(grant) => grant.item.id = id,
        Event::Reset(Reset { debt: Some(item), .. }) => item.id = id,
        _ => {}
    }
    event
}

fn shelve(desk: &mut Desk) {
    let (open, closed) = std::mem::take(&mut desk.account.items).into_iter().partition(DebtItem::is_open);
    desk.account.items = open;
    desk.shelf.retain(|old: &DebtItem| desk.account.item(old.id).is_none());
    desk.shelf.extend(closed);
}

fn refund_some(desk: &mut Desk, n: prop::sample::Index, percent: u64) {
    if desk.sold.is_empty() {
        return;
    }
    let n = n.index(desk.sold.len());
    let sold = &desk.sold[n];
    let left = sold.paid.minus(sold.refunded);
    let refund = Refund {
        order: sold.id.clone(),
        amount: Rupiah(left.0 * percent / 100),
        paid: sold.paid,
        refunded_before: sold.refunded,
        entries: desk.ledger.iter().filter(|e| e.order.as_ref() == Some(&sold.id)).cloned().collect(),
        closed: desk.shelf.clone(),
        after_reset: desk.ledger[sold.at..].iter().any(|e| e.kind == Kind::Closing),
        validity: desk.validity.clone(),
        plan: sold.plan,
        reason: "salah".into(),
    };
    let amount = refund.amount;
    match desk.try_play(&Event::Refunded(refund)) {
        Ok(decision) => {
            assert!(amount > Rupiah::ZERO && amount <= left);
            let booked = decision.entries.iter().filter_map(|e| e.amount_rp);
            assert_eq!(booked.fold(Rupiah::ZERO, Rupiah::plus), amount);
            desk.sold[n].refunded = desk.sold[n].refunded.plus(amount);
        }
        Err(refusal) => assert!(
            matches!(refusal, Refusal::RefundsTooMuch(_) | Refusal::RefundWholeOnly) && percent < 100
                || amount == Rupiah::ZERO,
            "what is left can always go back whole: {refusal}"
        ),
    }
    shelve(desk);
}

/// What the ledger books on each order: quota given, quota taken back.
fn order_quota(desk: &Desk, order: &OrderId, side: Side) -> Bytes {
    let of_order = desk
        .ledger
        .iter()
        .filter(|e| e.order.as_ref() == Some(order) && e.kind.book() == Book::Quota && e.side == side);
    of_order.fold(Bytes::ZERO, |sum, e| sum.plus(e.amount))
}

proptest! {
    /// The promise that `ledger verify` checks: entries and the open row make the balance, and the debt lines
    /// make what the items owe, after every event.
    #[test]
    fn the_fold_of_entries_and_the_open_row_is_the_balance(
        stop in any::<bool>(),
        acts in prop::collection::vec(any_act(), 1..60),
    ) {
        let overage = if stop { Overage::Stop } else { Overage::Debt };
        let mut desk = Desk::new(Policy { overage, ..Policy::default() });
        desk.packages.push(package(None, 150_000));
        for one in &acts {
            act(&mut desk, one);
            let mut fold = Balance::fold(&desk.ledger);
            fold.debits = fold.debits.plus(desk.account.open_usage);
            prop_assert_eq!(fold, desk.account.balance, "after {:?}", one);
            let debts = desk.ledger.iter().filter(|e| e.kind.book() == Book::Debt);
            let owed = debts.fold(0_i128, |sum, e| match e.side {
                Side::Debit => sum + i128::from(e.amount.0),
                Side::Credit => sum - i128::from(e.amount.0),
            });
            prop_assert_eq!(owed, i128::from(desk.account.debt_items().0), "after {:?}", one);
            prop_assert_eq!(Validity::fold(&desk.validity), desk.account.validity(), "after {:?}", one);
        }
        for sold in &desk.sold {
            let (given, taken) = (order_quota(&desk, &sold.id, Side::Credit), order_quota(&desk, &sold.id, Side::Debit));
            prop_assert!(taken <= given, "a refund takes at most what its order gave");
            let in_period = !desk.ledger[sold.at..].iter().any(|e| e.kind == Kind::Closing);
            if sold.refunded == sold.paid && in_period {
                prop_assert_eq!(taken, given);
            }
        }
    }

    /// A refused event leaves no trace, and access is always what the rules say.
    #[test]
    fn access_is_always_what_the_rules_say(acts in prop::collection::vec(any_act(), 1..40)) {
        let mut desk = in_debt_mode();
        desk.packages.push(package(None, 150_000));
        for one in &acts {
            act(&mut desk, one);
            if !desk.ledger.is_empty() {
                let fresh = desk.with_ctx(|ctx| access::decide(&desk.account, ctx.policy, &ctx.facts));
                prop_assert_eq!(&fresh, &desk.account.access);
            }
        }
    }
}

/// What the quote froze, what happened since, and what the payment then is: quota in MB, surplus, nothing owed.
type Owed<'a> = (&'a str, Event, &'a dyn Fn(&mut Desk), (u64, bool, bool));

#[test]
fn a_quote_that_is_no_longer_owed_gives_quota_or_waits_for_a_person() {
    let pay_all = |desk: &mut Desk| {
        let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
        desk.play(&Event::Paid { order: OrderId("o-0".into()), quote });
    };
    let forgive = |desk: &mut Desk| {
        let debt = desk.account.items[0].id;
        desk.play(&Event::WrittenOff { debt, reason: "maaf".into() });
    };
    let pay_half = |desk: &mut Desk| {
        let quote = desk.with_ctx(|ctx| quote_part(&desk.account, Rupiah(5_000), ctx)).unwrap();
        desk.play(&Event::Paid { order: OrderId("o-0".into()), quote });
    };
    let owe = |amount: Option<Bytes>, price| {
        Event::DebtGranted(DebtGrant { item: item(1, amount, price), advance: false, days: None })
    };
    let rows: [Owed; 7] = [
        ("owed as it was", owe(Some(Bytes::gb(1)), None), &|_| {}, (0, false, false)),
        ("half of it paid meanwhile", owe(Some(Bytes::gb(1)), Some(10_000)), &pay_half, (512, true, false)),
        ("paid meanwhile", owe(Some(Bytes::gb(1)), None), &pay_all, (1024, true, false)),
        ("forgiven meanwhile", owe(Some(Bytes::gb(1)), None), &forgive, (1024, true, false)),
        ("a plan, owed", owe(None, Some(50_000)), &|_| {}, (0, false, false)),
        ("a plan, paid meanwhile", owe(None, Some(50_000)), &pay_all, (0, false, true)),
        ("a plan, forgiven", owe(None, Some(50_000)), &forgive, (0, false, true)),
    ];
    for (name, debt, since, expected) in rows {
        let mut desk = Desk::new(Policy::default());
        desk.play(&debt);
        let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
        since(&mut desk);
        let decision = desk.play(&paid(quote.clone()));
        assert_eq!((desk.sums().0, decision.surplus, decision.nothing_owed), expected, "{name}");
        assert_eq!(desk.account.debt_items(), Bytes::ZERO, "{name}");
        let booked = decision.entries.iter().filter_map(|e| e.amount_rp).fold(Rupiah::ZERO, Rupiah::plus);
        assert_eq!(booked, quote.total(), "{name}: the ledger shows all of the money");
    }
}

#[test]
fn only_a_package_approves_and_only_where_payment_registers() {
    for (payment_approves, approved) in [(true, true), (false, false)] {
        let mut desk = Desk::new(Policy { payment_approves, ..Policy::default() });
        desk.account.approved = false;
        let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[0], ctx));
        assert_eq!(quote.is_ok(), payment_approves);
        // A quote that was frozen before the owner changed the rule is paid all the same.
        desk.account.approved = true;
        let quote = desk.with_ctx(|ctx| quote_purchase(&desk.account, &desk.packages[0], ctx)).unwrap();
        desk.account.approved = false;
        desk.play(&paid(quote));
        assert_eq!(desk.account.approved, approved);
    }
    let mut desk = Desk::new(Policy { payment_approves: true, ..Policy::default() });
    desk.account.approved = false;
    desk.use_up(10);
    let quote = desk.with_ctx(|ctx| quote_all(&desk.account, ctx)).unwrap();
    desk.play(&paid(quote));
    assert!(!desk.account.approved, "settling is no purchase");
    let off = Account { active: false, ..desk.account.clone() };
    let refused = desk.with_ctx(|ctx| quote_purchase(&off, &desk.packages[0], ctx));
    assert_eq!(refused, Err(Refusal::Inactive), "who was switched off stays so");
}

#[test]
fn a_grace_puts_a_block_off_and_sells_nothing_to_who_is_overdue() {
    let mut desk = Desk::new(Policy::default());
    let late = DebtItem { due_date: date(2026, 11, 1), ..item(1, Some(Bytes::gb(1)), None) };
    desk.play(&Event::DebtGranted(DebtGrant { item: late, advance: true, days: None }));
    let grace = Facts { grace: true, paying: true, ..facts() };
    let ctx = Context { policy: &desk.policy, packages: &desk.packages, facts: grace };
    let account = Account { access: Access::default(), ..desk.account.clone() };
    assert_eq!(quote_purchase(&account, &desk.packages[0], &ctx), Err(Refusal::DebtOverdue));
}
