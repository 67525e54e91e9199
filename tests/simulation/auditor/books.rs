//! Everything the auditor holds true of one site, and what of it can be seen from outside.

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Facts, Pi, Trust, decide, on_router};
use super::account::{
    DebtWish, Item, Line, Package, Purpose, ResetWish, Return, Settings, Site, User, due_day,
};
use super::lists::Claimed;
use super::local;
use super::meter::{Baselines, Reading, Row, baselines, usage};
use super::online::{Order, PendingOrder};
use super::price::{self, NoPart};

/// What a device waits for while the router cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waits {
    Baseline,
    Unbind,
    Move(String),
}

/// A bound device.
#[derive(Clone, Debug)]
pub struct Device {
    pub mac: String,
    pub user: String,
    pub waits: Option<Waits>,
    pub seen: Baselines,
}

/// A debt entered while nobody knew the day.
#[derive(Clone, Debug)]
struct Dateless {
    debt: String,
    boot: String,
    uptime: i64,
    has_due: bool,
}

/// What a rule says no with, by its stable code.
pub type Refusal = &'static str;

/// Everything that is true of the site. A clone is the site at another moment.
#[derive(Clone, Debug)]
pub struct Books {
    pub site: Site,
    pub packages: Vec<Package>,
    pub users: BTreeMap<String, User>,
    /// In the order in which they were bound.
    pub devices: Vec<Device>,
    pub orders: BTreeMap<String, Order>,
    pub openings: BTreeMap<String, PendingOrder>,
    /// Events of the feed that were applied.
    pub applied: BTreeSet<String>,
    pub cursor: (Option<String>, u64),
    /// The last day on which each user had a window, and how many.
    pub windows: BTreeMap<String, (i64, u32)>,
    pub trust: Trust,
    pub pi: Pi,
    /// Debts entered in the dark: which, when by the machine's boot and uptime, and whether the day to pay is open.
    dateless: Vec<Dateless>,
    router: Option<String>,
}

/// What surrounds an event.
pub struct Around<'a> {
    pub site: &'a Site,
    pub now: i64,
    pub trusted: bool,
}

impl Around<'_> {
    pub fn days(&self) -> impl Fn(&mut User, u32) + '_ {
        |user, days| user.add_days(days, self.now, self.trusted, self.site)
    }
}

impl Books {
    pub fn new(site: Site, pi: Pi) -> Self {
        Self {
            site,
            packages: Vec::new(),
            users: BTreeMap::new(),
            devices: Vec::new(),
            orders: BTreeMap::new(),
            openings: BTreeMap::new(),
            applied: BTreeSet::new(),
            cursor: (None, 0),
            windows: BTreeMap::new(),
            trust: Trust::first(&pi),
            pi,
            dateless: Vec::new(),
            router: None,
        }
    }

    /// The machine looks at its clocks, as it does before anything it does.
    pub fn look(&mut self, pi: Pi) {
        self.trust.look(&pi);
        self.pi = pi;
        self.date_debts();
    }

    /// What time it is, as far as anybody can say.
    pub(super) fn now(&self) -> i64 {
        if self.is_trusted() { self.pi.now } else { self.trust.guess(&self.pi) }
    }

    /// It is known again what day it is: debts entered in the dark get their days.
    fn date_debts(&mut self) {
        if !self.is_trusted() {
            return;
        }
        for dateless in std::mem::take(&mut self.dateless) {
            let ago = if dateless.boot == self.pi.boot { self.pi.uptime - dateless.uptime } else { 0 };
            let (day, _) = local(self.pi.now - ago);
            let mut items = self.users.values_mut().flat_map(|user| user.items.iter_mut());
            if let Some(item) = items.find(|item| item.id == dateless.debt) {
                item.date = day;
                if dateless.has_due {
                    item.date = item.date.min(item.due);
                } else {
                    item.due = due_day(day);
                }
            }
        }
    }

    /// A person says that the clock is right.
    pub fn confirm_clock(&mut self) {
        self.trust.confirm(&self.pi);
        self.date_debts();
        self.tick();
    }

    /// The process ended and began anew: what only its memory held is gone.
    pub fn restarted(&mut self) {
        self.trust.restarted();
        self.orders.values_mut().for_each(|order| order.opened = None);
    }

    pub fn is_trusted(&self) -> bool {
        self.trust.believes(&self.pi)
    }

    pub(super) fn facts(&self, user: &str) -> Facts {
        let windows = self.windows_today(user);
        let paying = self.open_orders(user).any(|(_, order)| self.lets_pay(order, windows));
        Facts { now: self.now(), trusted: self.is_trusted(), paying }
    }

    /// One event of one user: nothing changes when it is refused.
    pub(super) fn step<T>(
        &mut self,
        id: &str,
        event: impl FnOnce(&mut User, &Around<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut user = self.users.get(id).ok_or("not_found")?.clone();
        let around = Around { site: &self.site, now: self.now(), trusted: self.is_trusted() };
        user.start_days(around.now, around.trusted, around.site);
        let done = event(&mut user, &around)?;
        user.access = decide(&user, &self.site, self.facts(id));
        self.users.insert(id.to_owned(), user);
        self.open_window(id);
        Ok(done)
    }

    /// Time passes for everybody.
    pub fn tick(&mut self) {
        let all: Vec<String> = self.users.keys().cloned().collect();
        for id in all {
            let user = &self.users[&id];
            let days_begin = self.is_trusted() && user.waiting_days > 0;
            if days_begin || decide(user, &self.site, self.facts(&id)) != user.access {
                let _ = self.step(&id, |_, _| Ok(()));
            }
        }
    }

    /// A complete reading of the router.
    pub fn read(&mut self, reading: &Reading) {
        let is_other = self.router.as_ref().is_some_and(|known| *known != reading.router);
        self.router = Some(reading.router.clone());
        let macs: Vec<String> = self.devices.iter().map(|device| device.mac.clone()).collect();
        for mac in macs {
            let Some(at) = self.devices.iter().position(|device| device.mac == mac) else { continue };
            let rows: Vec<Row> = reading.rows.iter().filter(|row| row.mac == mac).cloned().collect();
            let device = &mut self.devices[at];
            let before = std::mem::replace(&mut device.seen, baselines(rows.iter()));
            let waits = device.waits.take();
            let is_fresh = is_other || waits == Some(Waits::Baseline);
            let bytes = if is_fresh { 0 } else { usage(&before, rows.iter()) };
            let user = device.user.clone();
            if bytes > 0 {
                self.use_windows(&user, bytes);
                let _ = self.step(&user, |user, around| {
                    user.meter(bytes, around.site);
                    Ok(())
                });
            }
            match waits {
                Some(Waits::Unbind) => drop(self.devices.remove(at)),
                Some(Waits::Move(to)) => {
                    self.devices.remove(at);
                    self.devices.push(Device { mac, user: to, waits: None, seen: baselines(rows.iter()) });
                }
                Some(Waits::Baseline) | None => {}
            }
        }
    }

    // What operators do.

    pub fn add_user(&mut self, id: &str, settings: &Settings) {
        self.users.insert(id.to_owned(), User::new(true));
        let _ = self.change(id, settings);
    }

    pub fn change(&mut self, user: &str, settings: &Settings) -> Result<(), Refusal> {
        self.step(user, |user, around| user.change(settings, around.site))
    }

    pub fn grant(&mut self, user: &str, bytes: u64, days: Option<u32>) -> Result<(), Refusal> {
        self.step(user, |user, around| {
            user.credit(bytes);
            if let Some(days) = days {
                around.days()(user, days);
            }
            Ok(())
        })
    }

    pub fn debit(&mut self, user: &str, bytes: u64) -> Result<(), Refusal> {
        self.step(user, |user, _| {
            user.debits += bytes;
            Ok(())
        })
    }

    pub fn block(&mut self, user: &str, is_blocked: bool) -> Result<(), Refusal> {
        self.step(user, |user, _| {
            user.blocked = is_blocked;
            Ok(())
        })
    }

    fn item(&mut self, id: &str, amount: Option<u64>, price: Option<u64>) -> Item {
        let (today, _) = local(self.now());
        if !self.is_trusted() {
            let (debt, boot) = (id.to_owned(), self.pi.boot.clone());
            self.dateless.push(Dateless { debt, boot, uptime: self.pi.uptime, has_due: false });
        }
        Item {
            id: id.to_owned(),
            amount,
            paid: 0,
            price,
            paid_rp: 0,
            date: today,
            due: due_day(today),
            created: self.now(),
            closed: None,
        }
    }

    pub fn add_debt(&mut self, user: &str, id: &str, wish: &DebtWish) -> Result<(), Refusal> {
        let item = self.item(id, wish.amount, wish.price);
        self.step(user, |user, around| user.grant_debt(item, wish, around.days()))
    }

    pub fn promise(&mut self, user: &str, debt: &str, due: i64) -> Result<(), Refusal> {
        self.step(user, |user, _| {
            let item = user.items.iter_mut().find(|item| item.id == debt && item.closed.is_none());
            let item = item.ok_or("already_paid")?;
            if due < item.date {
                // A debt cannot be due before it is made.
                return Err("invalid due_date");
            }
            item.due = due;
            Ok(())
        })?;
        self.dateless.iter_mut().filter(|one| one.debt == debt).for_each(|one| one.has_due = true);
        Ok(())
    }

    pub fn write_off(&mut self, user: &str, debt: &str) -> Result<(), Refusal> {
        self.step(user, |user, _| user.write_off(debt))
    }

    /// A new period; `debt` names the item that is granted with it, if one is.
    pub fn reset(&mut self, user: &str, wish: &ResetWish, debt: &str) -> Result<(), Refusal> {
        let item = wish.debt.map(|amount| self.item(debt, Some(amount), None));
        self.step(user, |user, around| user.reset(wish, item, around.now, around.days()))
    }

    /// What a purpose costs now, or why it may not be paid for.
    pub fn priced(&self, id: &str, purpose: &Purpose) -> Result<Vec<Line>, Refusal> {
        let user = self.users.get(id).ok_or("not_found")?;
        let (packages, site) = (&self.packages, &self.site);
        match purpose {
            Purpose::Buy(package) => {
                let package = packages.iter().find(|one| one.id == *package).ok_or("not_found")?;
                self.may_buy(id, user, package)?;
                let (unlimited, bytes) = (package.quota.is_none(), package.quota.unwrap_or(0));
                let (id, days, price) = (package.id.clone(), package.days, package.price);
                Ok(vec![Line::Package { id, unlimited, days, bytes, price }])
            }
            Purpose::SettleAll => {
                let lines = price::settle_all(user, packages, site).ok_or("no_price")?;
                if lines.is_empty() { Err("nothing_owed") } else { Ok(lines) }
            }
            Purpose::SettleItem(debt) => {
                let item = user.items.iter().find(|item| item.id == *debt).ok_or("not_found")?;
                if item.closed.is_some() {
                    return Err("already_paid");
                }
                Ok(vec![price::whole(item, packages, site).ok_or("no_price")?])
            }
            Purpose::PayPart(amount) => {
                let due: Option<u64> = user.open_items().map(|item| price::due(item, packages, site)).sum();
                if due.ok_or("no_price")? == 0 {
                    return Err("nothing_owed");
                }
                price::part(user, *amount, packages, site).map_err(|why| match why {
                    NoPart::NoPrice => "no_price",
                    NoPart::TooMuch => "pays_too_much",
                })
            }
        }
    }

    fn may_buy(&self, id: &str, user: &User, package: &Package) -> Result<(), Refusal> {
        let facts = Facts { paying: false, ..self.facts(id) };
        let is_late = decide(user, &self.site, facts).causes.contains(&"debt_overdue");
        match package.quota {
            _ if user.blocked => Err("blocked"),
            _ if !user.active || !user.approved => Err("inactive"),
            _ if is_late => Err("debt_overdue"),
            _ if !package.on_sale => Err("not_on_sale"),
            None if user.owes() => Err("owes_while_unlimited"),
            Some(quota) if quota <= user.overage() => Err("settle_first"),
            _ => Ok(()),
        }
    }

    /// Money over the counter.
    pub fn pay_cash(&mut self, user: &str, order: &str, lines: Vec<Line>) -> Result<(), Refusal> {
        let effects = self.step(user, |user, around| Ok(user.pay(order, &lines, around.days())))?;
        let paid = Order { effects, credited: true, ..Order::new(Some(user.to_owned()), lines, "paid") };
        self.orders.insert(order.to_owned(), Order { is_cash: true, created: self.pi.now, ..paid });
        // Whatever is open online is being called off; attempts end at once.
        self.openings.retain(|_, opening| opening.user != user);
        Ok(())
    }

    /// Money of an order over the counter goes back.
    pub fn refund_cash(&mut self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        let order = self.orders.get(id).ok_or("not_found")?.clone();
        let money = Return {
            paid: order.amount,
            before: order.refunded,
            now: amount.unwrap_or(order.amount - order.refunded),
        };
        let mut effects = order.effects.clone();
        let user = order.user.clone().ok_or("user_deleted")?;
        self.step(&user, |user, _| user.give_back(id, &mut effects, money))?;
        let order = self.orders.get_mut(id).expect("it was there a moment ago");
        order.effects = effects;
        order.refunded += money.now;
        let is_whole = order.refunded == order.amount;
        if is_whole { "refunded" } else { "partially_refunded" }.clone_into(&mut order.status);
        Ok(())
    }

    // Devices.

    pub fn bind(&mut self, user: &str, mac: &str, reading: Option<&Reading>) -> Result<(), Refusal> {
        let at = self.devices.iter().position(|device| device.mac == mac);
        if let Some(device) = at.map(|at| &mut self.devices[at]).filter(|device| device.user == user) {
            device.waits = device.waits.take().filter(|waits| *waits == Waits::Baseline);
            return Ok(());
        }
        if self.devices.iter().filter(|device| device.user == user).count() >= self.site.devices_max {
            return Err("too_many_devices");
        }
        match (at, reading) {
            (Some(at), None) => self.devices[at].waits = Some(Waits::Move(user.to_owned())),
            (at, reading) => {
                if let Some(at) = at {
                    self.devices.remove(at);
                }
                let rows = reading.into_iter().flat_map(|reading| &reading.rows);
                self.devices.push(Device {
                    mac: mac.to_owned(),
                    user: user.to_owned(),
                    waits: reading.is_none().then_some(Waits::Baseline),
                    seen: baselines(rows.filter(|row| row.mac == mac)),
                });
            }
        }
        Ok(())
    }

    pub fn unbind(&mut self, user: &str, mac: &str, is_read: bool) -> Result<(), Refusal> {
        let mut devices = self.devices.iter().enumerate();
        let (at, device) =
            devices.find(|(_, device)| device.mac == mac && device.user == user).ok_or("not_found")?;
        if is_read || device.waits == Some(Waits::Baseline) {
            self.devices.remove(at);
        } else {
            self.devices[at].waits = Some(Waits::Unbind);
        }
        Ok(())
    }

    /// What each bound device should have on the router.
    pub fn claims(&self) -> Vec<Claimed> {
        let claim = |device: &Device| {
            let (list, binding) = on_router(&self.users[&device.user].access);
            Claimed { mac: device.mac.clone(), list, binding }
        };
        self.devices.iter().map(claim).collect()
    }

    /// What of this can be seen from outside.
    pub fn seen(&self) -> Seen {
        let users = self.users.iter().map(|(id, user)| (id.clone(), self.seen_user(id, user))).collect();
        Seen { users, cursor: self.cursor.1, openings: self.openings.len() }
    }

    fn seen_user(&self, id: &str, user: &User) -> SeenUser {
        let item = |item: &Item| SeenItem {
            id: item.id.clone(),
            amount: item.amount,
            paid: item.paid,
            price: item.price,
            paid_rp: item.paid_rp,
            due: item.due,
        };
        let device = |device: &Device| SeenDevice {
            mac: device.mac.clone(),
            waits: device.waits.is_some(),
            counters: device.seen.values().map(|seen| (seen.name.clone(), seen.bytes, seen.counts)).collect(),
        };
        SeenUser {
            approved: user.approved,
            active: user.active,
            exempt: user.exempt,
            blocked: user.blocked,
            unlimited: user.unlimited,
            expires: user.expires,
            waiting_days: user.waiting_days,
            credits: user.credits,
            debits: user.debits,
            used: user.used,
            tank: user.tank,
            items: user.open_items().map(item).collect(),
            access: (user.access.status.to_owned(), user.access.reason.map(str::to_owned)),
            devices: self.devices.iter().filter(|device| device.user == id).map(device).collect(),
            open_orders: self.open_orders(id).map(|(order, _)| order.to_owned()).collect(),
        }
    }
}

/// An open debt item, from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenItem {
    pub id: String,
    pub amount: Option<u64>,
    pub paid: u64,
    pub price: Option<u64>,
    pub paid_rp: u64,
    pub due: i64,
}

/// A bound device, from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeenDevice {
    pub mac: String,
    pub waits: bool,
    pub counters: BTreeSet<(String, u64, bool)>,
}

/// A user, from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUser {
    pub approved: bool,
    pub active: bool,
    pub exempt: bool,
    pub blocked: bool,
    pub unlimited: bool,
    pub expires: Option<i64>,
    pub waiting_days: u32,
    pub credits: u64,
    pub debits: u64,
    pub used: u64,
    pub tank: u64,
    pub items: BTreeSet<SeenItem>,
    pub access: (String, Option<String>),
    pub devices: BTreeSet<SeenDevice>,
    pub open_orders: BTreeSet<String>,
}

/// The site, from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub users: BTreeMap<String, SeenUser>,
    pub cursor: u64,
    pub openings: usize,
}

impl Seen {
    /// Where two differ: what is expected, and what is there.
    pub fn differences(&self, there: &Self) -> Vec<String> {
        let ids: BTreeSet<&String> = self.users.keys().chain(there.users.keys()).collect();
        let mut wrong: Vec<String> = ids
            .into_iter()
            .filter(|id| self.users.get(*id) != there.users.get(*id))
            .map(|id| {
                format!("user {id}\n  must be {:?}\n  is      {:?}", self.users.get(id), there.users.get(id))
            })
            .collect();
        if (self.cursor, self.openings) != (there.cursor, there.openings) {
            wrong.push(format!(
                "cursor and openings must be {:?} and are {:?}",
                (self.cursor, self.openings),
                (there.cursor, there.openings)
            ));
        }
        wrong
    }
}
