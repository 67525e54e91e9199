//! Orders through the gateway as their agent must hold them, from the relay's words as they reached it.

use std::collections::BTreeSet;

use super::access::{WINDOW_BYTES, WINDOWS_A_DAY};
use super::account::{Effects, Line, Purpose, Return, User};
use super::books::{Books, Refusal};
use super::local;

/// Nobody waits for an attempt of this age any more.
const ATTEMPT_MS: i64 = 60_000;

/// An attempt whose outcome is not known.
#[derive(Clone, Debug)]
pub struct PendingOrder {
    pub user: String,
    pub lines: Vec<Line>,
    pub created: i64,
}

/// An order, over the counter or through the gateway.
#[derive(Clone, Debug)]
pub struct Order {
    pub user: Option<String>,
    pub lines: Vec<Line>,
    pub amount: u64,
    pub status: String,
    pub flags: BTreeSet<String>,
    pub credited: bool,
    pub refunded: u64,
    pub created: i64,
    /// When it was opened in time since boot, while this process knows.
    pub opened: Option<i64>,
    /// What flowed through its window, once it has one.
    pub window: Option<u64>,
    pub effects: Effects,
    pub is_cash: bool,
    /// The attempt that it came of; an attempt has one order.
    pub request: Option<String>,
}

impl Order {
    pub fn new(user: Option<String>, lines: Vec<Line>, status: &str) -> Self {
        Self {
            user,
            amount: lines.iter().map(Line::price).sum(),
            lines,
            status: status.to_owned(),
            flags: BTreeSet::new(),
            credited: false,
            refunded: 0,
            created: 0,
            opened: None,
            window: None,
            effects: Effects::default(),
            is_cash: false,
            request: None,
        }
    }

    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "created" | "pending" | "challenge")
    }

    fn is_decided(&self) -> bool {
        ["dismissed", "credited_by_owner"].iter().any(|flag| self.flags.contains(*flag))
    }

    /// States move up only, to paid not before the quote was applied here, and not past a person's word.
    fn rise(&mut self, to: &str) {
        let is_paid = |status: &str| matches!(status, "paid" | "partially_refunded");
        let to = if is_paid(to) && !self.credited { "pending" } else { to };
        let is_higher = rank(to) > rank(&self.status);
        let is_allowed = match to {
            "refunded" | "charged_back" | "reversed" => is_higher || self.status == "review",
            to if is_paid(to) => is_higher,
            _ => is_higher && !self.is_decided(),
        };
        if is_allowed {
            to.clone_into(&mut self.status);
        }
    }
}

fn rank(status: &str) -> u8 {
    match status {
        "created" => 0,
        "pending" => 1,
        "challenge" => 2,
        "paid" => 4,
        "partially_refunded" => 5,
        "refunded" | "charged_back" | "reversed" => 6,
        "review" => 7,
        _ => 3,
    }
}

fn is_returned(status: &str) -> bool {
    matches!(status, "refunded" | "charged_back" | "reversed")
}

/// What the relay said of one order.
#[derive(Clone, Debug)]
pub struct Told {
    pub order: String,
    pub amount: u64,
    pub status: String,
    pub flags: Vec<String>,
}

/// One line of the relay's feed.
#[derive(Clone, Debug)]
pub struct FeedLine {
    pub event: String,
    pub order: String,
    pub request: String,
    pub effect: String,
    pub status: String,
    pub flags: Vec<String>,
    pub amount: u64,
    pub refunded: u64,
    /// What travelled with the order: whose it is, when it was asked for, and its frozen lines.
    pub memo: Option<(String, i64, Vec<Line>)>,
}

impl Books {
    pub(super) fn open_orders(&self, user: &str) -> impl Iterator<Item = (&str, &Order)> {
        let all = self.orders.iter().map(|(id, order)| (id.as_str(), order));
        all.filter(move |(_, order)| order.is_open() && order.user.as_deref() == Some(user))
    }

    pub(super) fn windows_today(&self, user: &str) -> u32 {
        let (today, _) = local(self.now());
        self.windows.get(user).filter(|(day, _)| *day == today).map_or(0, |(_, windows)| *windows)
    }

    fn is_young(&self, order: &Order) -> bool {
        let age = match order.opened {
            Some(opened) => self.pi.uptime - opened,
            None => self.pi.now - order.created,
        };
        (0..self.site.pay_window_ms).contains(&age)
    }

    pub(super) fn lets_pay(&self, order: &Order, windows_today: u32) -> bool {
        let has_room = match order.window {
            Some(used) => used < WINDOW_BYTES,
            None => windows_today < WINDOWS_A_DAY,
        };
        has_room && self.is_young(order)
    }

    /// Opens the window that a user stands in, if one is due.
    pub(super) fn open_window(&mut self, user: &str) {
        if self.users[user].access.reason != Some("paying") {
            return;
        }
        let windows = self.windows_today(user);
        let letting: Vec<_> =
            self.open_orders(user).filter(|(_, order)| self.lets_pay(order, windows)).collect();
        if letting.iter().any(|(_, order)| order.window.is_some()) {
            return;
        }
        let youngest =
            letting.into_iter().max_by_key(|(_, order)| order.created).map(|(id, _)| id.to_owned());
        let Some(order) = youngest.and_then(|id| self.orders.get_mut(&id)) else { return };
        order.window = Some(0);
        let (today, _) = local(self.now());
        let (day, count) = self.windows.entry(user.to_owned()).or_insert((today, 0));
        match today.cmp(day) {
            std::cmp::Ordering::Greater => (*day, *count) = (today, 1),
            std::cmp::Ordering::Equal => *count += 1,
            std::cmp::Ordering::Less => {}
        }
    }

    pub(super) fn use_windows(&mut self, user: &str, bytes: u64) {
        let open: Vec<String> = self
            .open_orders(user)
            .filter(|(_, order)| self.is_young(order) && order.window.is_some_and(|used| used < WINDOW_BYTES))
            .map(|(id, _)| id.to_owned())
            .collect();
        for id in open {
            if let Some(used) = self.orders.get_mut(&id).and_then(|order| order.window.as_mut()) {
                *used += bytes;
            }
        }
    }

    /// The agent asks the relay for an order. Answers its price.
    pub fn begin(&mut self, request: &str, user: &str, purpose: &Purpose) -> Result<u64, Refusal> {
        let lines = self.priced(user, purpose)?;
        let price = lines.iter().map(Line::price).sum();
        let opening = PendingOrder { user: user.to_owned(), lines, created: self.pi.now };
        self.openings.insert(request.to_owned(), opening);
        Ok(price)
    }

    /// The relay answered an attempt.
    pub fn opened(&mut self, request: &str, told: &Told) {
        let Some(opening) = self.openings.remove(request) else { return };
        let price: u64 = opening.lines.iter().map(Line::price).sum();
        if told.amount != price {
            return;
        }
        let mut order = match self.orders.get(&told.order) {
            Some(order) => order.clone(),
            None => Order { request: self.free(request), ..self.order_of(&opening) },
        };
        order.flags.extend(told.flags.iter().cloned());
        order.rise(&told.status);
        self.orders.insert(told.order.clone(), order);
        let _ = self.step(&opening.user, |_, _| Ok(()));
    }

    fn order_of(&self, opening: &PendingOrder) -> Order {
        let order = Order::new(Some(opening.user.clone()), opening.lines.clone(), "created");
        Order { created: self.pi.now, opened: Some(self.pi.uptime), ..order }
    }

    /// No order came of an attempt, as far as is known.
    pub fn failed(&mut self, request: &str) {
        self.openings.remove(request);
    }

    /// Attempts that nobody waits for any more end.
    pub fn give_up_old(&mut self) {
        let now = self.pi.now;
        self.openings.retain(|_, opening| (now - opening.created).abs() < ATTEMPT_MS);
    }

    /// The relay said where an order stands.
    pub fn told(&mut self, told: &Told) {
        let Some(mut order) = self.orders.get(&told.order).filter(|order| !order.is_cash).cloned() else {
            return;
        };
        order.flags.extend(told.flags.iter().cloned());
        order.rise(&told.status);
        self.put(&told.order, order);
    }

    /// An order that moved; where it no longer may be paid, its user's access is decided anew.
    fn put(&mut self, id: &str, order: Order) {
        let was_open = self.orders.get(id).is_some_and(Order::is_open);
        let (is_open, user) = (order.is_open(), order.user.clone());
        let is_known = self.orders.insert(id.to_owned(), order).is_some();
        if let Some(user) = user.filter(|_| is_known && was_open != is_open) {
            let _ = self.step(&user, |_, _| Ok(()));
        }
    }

    /// A page of the feed reached the agent.
    pub fn page(&mut self, epoch: &str, next: u64, lines: &[FeedLine]) {
        let is_other = self.cursor.0.as_ref().is_some_and(|known| known != epoch);
        if is_other || next < self.cursor.1 {
            self.cursor = (Some(epoch.to_owned()), 0);
            return;
        }
        for line in lines {
            if self.applied.insert(line.event.clone()) {
                self.apply(line);
            }
        }
        self.cursor = (Some(epoch.to_owned()), next);
    }

    fn apply(&mut self, line: &FeedLine) {
        match line.effect.as_str() {
            "credit" => self.credit_line(line),
            "reverse" => self.reverse_line(line, line.amount),
            "review" => self.review_line(line),
            _ => self.status_line(line),
        }
    }

    /// The order of a line: known, or made again from its attempt or from what travelled with it. A user that is not
    /// known is made again where money is there.
    fn known_or_rebuilt(&mut self, line: &FeedLine, has_money: bool) -> Option<Order> {
        if let Some(order) = self.orders.get(&line.order) {
            return Some(order.clone());
        }
        // Told under another id than its attempt's own, it is a person's to judge.
        let request = self.free(&line.request);
        let status = if request.is_some() { "created" } else { "review" };
        if let Some(opening) = self.openings.get(&line.request) {
            return Some(Order { status: status.to_owned(), request, ..self.order_of(opening) });
        }
        let (user, at, lines) = line.memo.clone()?;
        if !self.users.contains_key(&user) {
            if !has_money {
                return None;
            }
            self.users.insert(user.clone(), User::new(true));
        }
        let opened = (at == self.pi.now).then_some(self.pi.uptime);
        Some(Order { created: at, opened, request, ..Order::new(Some(user), lines, status) })
    }

    /// An attempt's name, unless an order came of it already.
    fn free(&self, request: &str) -> Option<String> {
        let is_taken = self.orders.values().any(|order| order.request.as_deref() == Some(request));
        (!is_taken).then(|| request.to_owned())
    }

    fn credit_line(&mut self, line: &FeedLine) {
        let Some(mut order) = self.known_or_rebuilt(line, true) else { return };
        order.flags.extend(line.flags.iter().cloned());
        if order.is_decided() || order.credited {
            self.orders.insert(line.order.clone(), order);
        } else if matches!(order.status.as_str(), "cancelled" | "review") {
            // Called off or in doubt here: whatever the relay says, a person decides.
            "review".clone_into(&mut order.status);
            self.put(&line.order, order);
        } else if order.amount == line.amount {
            self.credit_order(&line.order, order);
        } else {
            "review".clone_into(&mut order.status);
            self.put(&line.order, order);
        }
    }

    fn credit_order(&mut self, id: &str, mut order: Order) {
        let Some(user) = order.user.clone() else { return };
        "paid".clone_into(&mut order.status);
        order.credited = true;
        let lines = order.lines.clone();
        self.orders.insert(id.to_owned(), order);
        let Ok(effects) = self.step(&user, |user, around| Ok(user.pay(id, &lines, around.days()))) else {
            return;
        };
        let order = self.orders.get_mut(id).expect("it was put there");
        if effects.nothing_owed {
            "review".clone_into(&mut order.status);
        }
        order.effects = effects;
    }

    fn reverse_line(&mut self, line: &FeedLine, amount: u64) {
        let Some(mut order) = self.orders.get(&line.order).cloned() else { return };
        order.flags.extend(line.flags.iter().cloned());
        let amount = amount.min(order.amount - order.refunded);
        if amount > 0 && order.credited {
            let money = Return { paid: order.amount, before: order.refunded, now: amount };
            let mut effects = order.effects.clone();
            let user = order.user.clone().unwrap_or_default();
            match self.step(&user, |user, _| user.give_back(&line.order, &mut effects, money)) {
                Ok(()) => order.effects = effects,
                Err(_) => "review".clone_into(&mut order.status),
            }
        }
        order.refunded += amount;
        let to = match (order.refunded == order.amount, is_returned(&line.status)) {
            (_, true) => &line.status,
            (true, false) => "refunded",
            (false, false) => "partially_refunded",
        };
        order.rise(to);
        self.put(&line.order, order);
    }

    fn review_line(&mut self, line: &FeedLine) {
        let Some(mut order) = self.known_or_rebuilt(line, true) else { return };
        order.flags.extend(line.flags.iter().cloned());
        if !order.credited {
            order.refunded = order.refunded.max(line.refunded.min(order.amount));
        }
        order.rise("review");
        self.put(&line.order, order);
    }

    fn status_line(&mut self, line: &FeedLine) {
        let may_be_paid = matches!(line.status.as_str(), "pending" | "challenge");
        if !self.orders.contains_key(&line.order) && !may_be_paid {
            return;
        }
        let Some(mut order) = self.known_or_rebuilt(line, false) else { return };
        if order.status == "review" && !self.orders.contains_key(&line.order) {
            return;
        }
        let returned = line.refunded.min(order.amount).saturating_sub(order.refunded);
        let left = order.amount - order.refunded;
        if order.credited && is_returned(&line.status) && left > 0 {
            return self.reverse_line(line, left);
        }
        if returned > 0 && order.flags.contains("credited_by_owner") {
            return self.reverse_line(line, returned);
        }
        order.flags.extend(line.flags.iter().cloned());
        if !order.credited {
            order.refunded += returned;
        }
        order.rise(&line.status);
        let is_fresh = !self.orders.contains_key(&line.order);
        self.put(&line.order, order.clone());
        if let Some(user) = order.user.filter(|_| is_fresh && !may_be_paid) {
            let _ = self.step(&user, |_, _| Ok(()));
        }
    }

    /// The owner ends a review.
    pub fn review(&mut self, id: &str, is_credited: bool) -> Result<(), Refusal> {
        let mut order = self.orders.get(id).ok_or("not_found")?.clone();
        if order.status != "review" {
            return Err("not_in_review");
        }
        if is_credited {
            if order.credited {
                return Err("already_credited");
            }
            if order.refunded > 0 {
                return Err("partly_returned");
            }
            order.flags.insert("credited_by_owner".to_owned());
            self.applied.insert(format!("order/{id}/credit"));
            self.credit_order(id, order);
            return Ok(());
        }
        order.flags.insert("dismissed".to_owned());
        let status = match (order.credited, order.refunded) {
            (false, _) => "cancelled",
            (true, 0) => "paid",
            (true, returned) if returned < order.amount => "partially_refunded",
            (true, _) => "refunded",
        };
        status.clone_into(&mut order.status);
        self.orders.insert(id.to_owned(), order);
        Ok(())
    }
}
