//! One user as the rules describe it: two sums that only grow within a period, dated debts, days, and what happens to
//! them.

use super::access::Access;
use super::{DAY_MS, MB};

/// Days that a reset gives to a user whose days are over.
const RESET_DAYS: u32 = 30;

/// What happens at zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Stop,
    Debt,
}

/// What the owner configured.
#[derive(Clone, Debug)]
pub struct Site {
    pub mode: Mode,
    pub limit: u64,
    pub fup: u64,
    pub grace_days: i64,
    pub block_minute: i64,
    pub rounding_rp: u64,
    pub extends: bool,
    pub pay_window_ms: i64,
    pub devices_max: usize,
}

/// Something on sale.
#[derive(Clone, Debug)]
pub struct Package {
    pub id: String,
    pub quota: Option<u64>,
    pub days: u32,
    pub price: u64,
    pub on_sale: bool,
}

/// How a closed item was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    Paid,
    WrittenOff,
}

/// A dated receivable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub id: String,
    pub amount: Option<u64>,
    pub paid: u64,
    pub price: Option<u64>,
    pub paid_rp: u64,
    pub date: i64,
    pub due: i64,
    pub created: i64,
    pub closed: Option<Closed>,
}

impl Item {
    pub fn unpaid(&self) -> u64 {
        if self.closed.is_some() { 0 } else { self.amount.unwrap_or(0) - self.paid }
    }
}

/// One line of a frozen price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Package { id: String, unlimited: bool, days: u32, bytes: u64, price: u64 },
    Debt { id: String, full: u64, bytes: u64, price: u64 },
    Overage { bytes: u64, price: u64 },
}

impl Line {
    pub fn price(&self) -> u64 {
        match self {
            Self::Package { price, .. } | Self::Debt { price, .. } | Self::Overage { price, .. } => *price,
        }
    }
}

/// What somebody wants to pay for.
#[derive(Clone, Debug)]
pub enum Purpose {
    Buy(String),
    SettleAll,
    SettleItem(String),
    PayPart(u64),
}

/// Settings an operator changes; `None` leaves one, the inner `None` takes it away.
#[derive(Clone, Debug, Default)]
#[allow(clippy::option_option, reason = "to leave a setting and to take it away are two things")]
pub struct Settings {
    pub approved: Option<bool>,
    pub active: Option<bool>,
    pub exempt: Option<bool>,
    pub expires: Option<Option<i64>>,
    pub mode: Option<Option<Mode>>,
    pub limit: Option<Option<u64>>,
}

/// A debt to be entered.
#[derive(Clone, Debug)]
pub struct DebtWish {
    pub amount: Option<u64>,
    pub price: Option<u64>,
    pub days: Option<u32>,
    pub advance: bool,
}

/// A new period to begin.
#[derive(Clone, Debug, Default)]
pub struct ResetWish {
    pub debt: Option<u64>,
    pub credit: Option<u64>,
    pub days: Option<u32>,
    pub unblock: Option<bool>,
}

/// What a paid order did, so that it can be undone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// Quota that its lines gave, one for each line.
    pub credits: Vec<u64>,
    /// Items that it paid: which, bytes and rupiah.
    pub debts: Vec<(String, u64, u64)>,
    pub taken_back: u64,
    /// It bought an unlimited plan.
    pub plan: bool,
    /// The period in which it was paid.
    pub period: u64,
    /// A line without bytes was no longer owed.
    pub nothing_owed: bool,
}

/// Something that moved a user's days or plan.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Turn {
    Days { days: u32, from: Option<i64>, extends: bool },
    Starts { from: i64, extends: bool },
    Expires(Option<i64>),
    Plan(bool),
}

/// Money that goes back.
#[derive(Clone, Copy, Debug)]
pub struct Return {
    pub paid: u64,
    pub before: u64,
    pub now: u64,
}

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub approved: bool,
    pub active: bool,
    pub exempt: bool,
    pub blocked: bool,
    pub unlimited: bool,
    pub expires: Option<i64>,
    pub waiting_days: u32,
    pub mode: Option<Mode>,
    pub limit: Option<u64>,
    pub credits: u64,
    pub debits: u64,
    pub used: u64,
    pub tank: u64,
    pub period: u64,
    pub items: Vec<Item>,
    /// Everything that moved days or plan and still stands, each with the order that brought it.
    story: Vec<(Option<String>, Turn)>,
    pub access: Access,
}

impl User {
    pub fn new(approved: bool) -> Self {
        Self {
            approved,
            active: true,
            exempt: false,
            blocked: false,
            unlimited: false,
            expires: None,
            waiting_days: 0,
            mode: None,
            limit: None,
            credits: 0,
            debits: 0,
            used: 0,
            tank: 0,
            period: 0,
            items: Vec::new(),
            story: Vec::new(),
            access: Access::none(),
        }
    }

    pub fn remaining(&self) -> u64 {
        self.credits.saturating_sub(self.debits)
    }

    pub fn overage(&self) -> u64 {
        self.debits.saturating_sub(self.credits)
    }

    pub fn open_items(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.closed.is_none())
    }

    pub fn oldest_first(&self) -> Vec<&Item> {
        let mut open: Vec<&Item> = self.open_items().collect();
        open.sort_by_key(|item| (item.date, item.created));
        open
    }

    pub fn owes(&self) -> bool {
        self.overage() > 0 || self.open_items().next().is_some()
    }

    pub fn mode_at(&self, site: &Site) -> Mode {
        self.mode.unwrap_or(site.mode)
    }

    pub fn limit_at(&self, site: &Site) -> u64 {
        self.limit.unwrap_or(site.limit)
    }

    /// Usage: debited as far as the terms let it become debt.
    pub fn meter(&mut self, bytes: u64, site: &Site) {
        let remaining = self.remaining();
        let limit = self.limit_at(site);
        let debited = match self.mode_at(site) {
            _ if self.unlimited => 0,
            _ if self.exempt => bytes.min(remaining),
            Mode::Stop if limit > 0 => bytes.min(remaining + limit.saturating_sub(self.overage())),
            _ => bytes,
        };
        self.debits += debited;
        self.used += debited;
    }

    pub fn credit(&mut self, bytes: u64) {
        self.credits += bytes;
        self.tank = self.remaining();
    }

    /// Days, which begin to count once it is known what day it is.
    pub fn add_days(&mut self, days: u32, now: i64, trusted: bool, site: &Site) {
        self.turn(Turn::Days { days, from: trusted.then_some(now), extends: site.extends });
    }

    /// It is known what day it is: days that waited begin to count.
    pub fn start_days(&mut self, now: i64, trusted: bool, site: &Site) {
        if trusted && self.waiting_days > 0 {
            self.turn(Turn::Starts { from: now, extends: site.extends });
        }
    }

    fn turn(&mut self, turn: Turn) {
        self.live(&turn);
        self.story.push((None, turn));
    }

    fn live(&mut self, turn: &Turn) {
        let mut count = |days: u32, from: i64, extends: bool| {
            let (old, days) = (self.expires.unwrap_or(from), i64::from(days) * DAY_MS);
            self.expires = Some(if extends { old.max(from) + days } else { old.max(from + days) });
        };
        match *turn {
            Turn::Days { days, from: Some(from), extends } => count(days, from, extends),
            Turn::Days { days, from: None, .. } => self.waiting_days += days,
            Turn::Starts { from, extends } => {
                let days = std::mem::take(&mut self.waiting_days);
                if days > 0 {
                    count(days, from, extends);
                }
            }
            Turn::Expires(at) => self.expires = at,
            Turn::Plan(unlimited) => self.unlimited = unlimited,
        }
    }

    /// Days and plan as they would be had the order never been.
    fn forget(&mut self, order: &str) {
        let mut story = std::mem::take(&mut self.story);
        story.retain(|(from, _)| from.as_deref() != Some(order));
        (self.expires, self.waiting_days, self.unlimited) = (None, 0, false);
        for (_, turn) in &story {
            self.live(turn);
        }
        self.story = story;
    }

    pub fn change(&mut self, settings: &Settings, site: &Site) -> Result<(), &'static str> {
        let mut next = self.clone();
        next.approved = settings.approved.unwrap_or(next.approved);
        next.active = settings.active.unwrap_or(next.active);
        next.exempt = settings.exempt.unwrap_or(next.exempt);
        if let Some(at) = settings.expires {
            next.turn(Turn::Expires(at));
        }
        next.mode = settings.mode.unwrap_or(next.mode);
        next.limit = settings.limit.unwrap_or(next.limit);
        if next.mode_at(site) == Mode::Debt && next.limit_at(site) == 0 {
            return Err("debt_needs_limit");
        }
        *self = next;
        Ok(())
    }

    pub fn grant_debt(
        &mut self,
        item: Item,
        wish: &DebtWish,
        add_days: impl FnOnce(&mut Self, u32),
    ) -> Result<(), &'static str> {
        if self.exempt {
            return Err("exempt");
        }
        if wish.amount.is_none() && self.owes() {
            return Err("owes_while_unlimited");
        }
        self.items.push(item);
        if wish.advance {
            match wish.amount {
                Some(amount) => {
                    if wish.days.is_some() {
                        self.turn(Turn::Plan(false));
                    }
                    self.credit(amount);
                }
                None => self.turn(Turn::Plan(true)),
            }
            if let Some(days) = wish.days {
                add_days(self, days);
            }
        }
        Ok(())
    }

    pub fn write_off(&mut self, id: &str) -> Result<(), &'static str> {
        let item = self.items.iter_mut().find(|item| item.id == id && item.closed.is_none());
        item.ok_or("already_paid")?.closed = Some(Closed::WrittenOff);
        Ok(())
    }

    /// Applies a paid quote and says what it did.
    pub fn pay(&mut self, order: &str, lines: &[Line], add_days: impl Fn(&mut Self, u32)) -> Effects {
        let mut done = Effects { period: self.period, ..Effects::default() };
        let known = self.story.len();
        for line in lines {
            match line {
                Line::Package { unlimited, days, bytes, .. } => {
                    self.credit(*bytes);
                    done.credits.push(*bytes);
                    self.turn(Turn::Plan(*unlimited));
                    add_days(self, *days);
                    done.plan |= *unlimited;
                }
                Line::Debt { id, full, bytes, price } => self.pay_item(id, *full, *bytes, *price, &mut done),
                Line::Overage { bytes, .. } => {
                    let owed = self.overage().min(*bytes);
                    self.credit(owed);
                    done.credits.push(owed);
                    self.surplus(bytes - owed, &mut done);
                }
            }
        }
        self.story[known..].iter_mut().for_each(|(from, _)| *from = Some(order.to_owned()));
        done
    }

    fn pay_item(&mut self, id: &str, full: u64, bytes: u64, price: u64, done: &mut Effects) {
        let Some(item) = self.items.iter_mut().find(|item| item.id == id && item.closed.is_none()) else {
            // No longer owed: bytes become quota, money without bytes waits for a person.
            done.nothing_owed |= bytes == 0;
            self.credit(bytes);
            done.credits.push(bytes);
            return;
        };
        let paid = bytes.min(item.unpaid());
        item.paid += paid;
        item.paid_rp += price;
        item.price = item.price.or(Some(full));
        if item.unpaid() == 0 {
            item.closed = Some(Closed::Paid);
        }
        done.debts.push((id.to_owned(), paid, price));
        self.surplus(bytes - paid, done);
    }

    fn surplus(&mut self, bytes: u64, done: &mut Effects) {
        if bytes > 0 {
            self.credit(bytes);
            done.credits.push(bytes);
        }
    }

    /// Undoes what a paid order did, in proportion.
    pub fn give_back(&mut self, order: &str, done: &mut Effects, money: Return) -> Result<(), &'static str> {
        let left = money.paid - money.before;
        if money.now == 0 || money.now > left {
            return Err("refunds_too_much");
        }
        let whole = money.now == left;
        let is_over = self.period != done.period;
        let lines = done.credits.len() + done.debts.len();
        if !whole && (lines > 1 || !done.debts.is_empty() || is_over || done.plan) {
            return Err("refund_whole_only");
        }
        let given: u64 = done.credits.iter().sum();
        let share = u128::from(given) * u128::from(money.before + money.now) / u128::from(money.paid.max(1));
        let target = match (is_over, whole) {
            (true, _) => 0,
            (false, true) => given,
            (false, false) => u64::try_from(share).expect("a part of what was given"),
        };
        let taken = target.saturating_sub(done.taken_back);
        self.debits += taken;
        done.taken_back += taken;
        if whole {
            for (id, bytes, price) in done.debts.clone() {
                self.reopen(&id, bytes, price);
            }
            self.forget(order);
        }
        Ok(())
    }

    fn reopen(&mut self, id: &str, bytes: u64, price: u64) {
        let Some(item) = self.items.iter_mut().find(|item| item.id == id) else { return };
        if item.closed == Some(Closed::WrittenOff) {
            item.paid = item.amount.unwrap_or(0);
        }
        item.paid = item.paid.saturating_sub(bytes);
        item.paid_rp = item.paid_rp.saturating_sub(price);
        if item.amount.is_none_or(|amount| item.paid < amount) {
            item.closed = None;
        }
    }

    /// A new period. `item` is the debt granted with it.
    pub fn reset(
        &mut self,
        wish: &ResetWish,
        item: Option<Item>,
        now: i64,
        add_days: impl FnOnce(&mut Self, u32),
    ) -> Result<(), &'static str> {
        if self.exempt && wish.debt.is_some() {
            return Err("exempt");
        }
        (self.credits, self.debits, self.used, self.tank) = (0, 0, 0, 0);
        self.turn(Turn::Plan(false));
        self.period += 1;
        if let Some(item) = item {
            let amount = item.amount.unwrap_or(0);
            self.items.push(item);
            self.credit(amount);
        }
        if let Some(amount) = wish.credit {
            self.credit(amount);
        }
        let gives = wish.debt.is_some() || wish.credit.is_some();
        if wish.unblock.unwrap_or(gives) {
            self.blocked = false;
        }
        let is_expired = self.expires.is_some_and(|at| at < now);
        if let Some(days) = wish.days.or((gives && is_expired).then_some(RESET_DAYS)) {
            add_days(self, days);
        }
        Ok(())
    }
}

/// The last day to pay a debt of this day: the end of its month, of the next one when fewer than seven days remain.
pub fn due_day(day: i64) -> i64 {
    let (year, month, day_of_month) = civil(day);
    let end = last_of_month(year, month);
    let left = end - day_of_month;
    if left >= 7 {
        return day + left;
    }
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    day + left + last_of_month(year, month)
}

fn last_of_month(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Year, month and day of a day since 1970-01-01.
fn civil(day: i64) -> (i64, i64, i64) {
    let (mut year, mut left) = (1970, day);
    loop {
        let days = (1..=12).map(|month| last_of_month(year, month)).sum();
        if left < days {
            break;
        }
        left -= days;
        year += 1;
    }
    let mut month = 1;
    while left >= last_of_month(year, month) {
        left -= last_of_month(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

#[test]
fn due_days_are_those_of_the_calendar() {
    // 2026-11-23 and 2026-11-24, 2026-12-31, 2028-01-30.
    for (day, due) in [(20_780, 20_787), (20_781, 20_818), (20_818, 20_849), (21_213, 21_243)] {
        assert_eq!(due_day(day), due, "{:?}", civil(day));
    }
    assert_eq!(MB, 1 << 20);
}
