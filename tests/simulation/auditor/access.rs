//! Whether the clock is believed, what access each user has, and the windows in which a stopped user is online to pay.

use super::account::{Item, Mode, Site, User};
use super::{DAY_MS, MB, local};

/// What one window lets through.
pub const WINDOW_BYTES: u64 = 30 * MB;
/// Windows of one user on one day.
pub const WINDOWS_A_DAY: u32 = 2;
/// Before this no clock of this product was ever right: 2025-01-01.
const BORN: i64 = 1_735_689_600_000;

/// The machine's clocks at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pi {
    pub now: i64,
    pub uptime: i64,
    pub boot: String,
    pub synchronized: Option<i64>,
}

/// What is remembered of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    floor: i64,
    now: i64,
    uptime: i64,
    boot: String,
    doubted: Option<i64>,
}

impl Trust {
    pub fn first(pi: &Pi) -> Self {
        Self { floor: pi.now, now: pi.now, uptime: pi.uptime, boot: pi.boot.clone(), doubted: None }
    }

    pub fn believes(&self, pi: &Pi) -> bool {
        let is_set = self.doubted.zip(pi.synchronized).is_some_and(|(doubted, set)| {
            // It was set after doubts began.
            set <= pi.now && pi.now - set <= pi.uptime - doubted
        });
        let is_comparable = self.boot == pi.boot && self.now >= BORN;
        let step = (pi.now - self.now) - (pi.uptime - self.uptime);
        is_set || (pi.now >= self.floor.max(BORN) && !(is_comparable && step.abs() > DAY_MS))
    }

    /// The best guess while the clock is not believed: the last believed time, and what passed since.
    pub fn guess(&self, pi: &Pi) -> i64 {
        let guess = if self.boot == pi.boot && self.now >= BORN {
            self.now + pi.uptime - self.uptime
        } else {
            self.floor.max(BORN) + pi.uptime
        };
        // What the clock says is no worse within a day of it.
        if (pi.now - guess).abs() <= DAY_MS { pi.now } else { guess }
    }

    pub fn look(&mut self, pi: &Pi) {
        if self.believes(pi) {
            self.confirm(pi);
        } else {
            self.doubted = self.doubted.or(Some(pi.uptime));
        }
    }

    pub fn confirm(&mut self, pi: &Pi) {
        let floor = if self.doubted.is_some() { pi.now } else { self.floor.max(pi.now) };
        *self = Self { floor, ..Self::first(pi) };
    }

    /// The process begins anew and doubts anew.
    pub fn restarted(&mut self) {
        self.doubted = None;
    }
}

/// A status, its reason, and everything that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub status: &'static str,
    pub reason: Option<&'static str>,
    pub causes: Vec<&'static str>,
}

impl Access {
    pub fn none() -> Self {
        Self { status: "habis", reason: Some("habis"), causes: vec!["habis"] }
    }
}

/// What the world says while access is made.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub now: i64,
    pub trusted: bool,
    pub paying: bool,
}

/// The table of the rules: the first that holds is the access.
pub fn decide(user: &User, site: &Site, facts: Facts) -> Access {
    let was = |reason: &str| user.access.causes.contains(&reason);
    let may_begin = |reason: &str| facts.trusted || was(reason);
    let limit = user.limit_at(site);
    let in_debt = !user.unlimited && !user.exempt && limit > 0 && user.overage() >= limit;
    let is_late = user.open_items().any(|item| is_overdue(item, site, facts.now));
    let overdue = !user.exempt && is_late && may_begin("debt_overdue");
    let is_over = user.expires.is_some_and(|at| at < facts.now);
    let expired = is_over && user.waiting_days == 0 && may_begin("expired");
    let is_empty = user.mode_at(site) == Mode::Stop && user.remaining() == 0;
    let habis = !user.unlimited && (user.credits == 0 || is_empty);
    let slow = !user.unlimited && user.tank > site.fup && user.remaining() <= site.fup;
    let paying = facts.paying && (in_debt || overdue || expired || habis);
    let table = [
        (user.blocked, "blocked", Some("admin")),
        (!user.approved || !user.active, "inactive", Some("inactive")),
        (paying, "fup", Some("paying")),
        (in_debt, "blocked", Some("debt_limit")),
        (overdue, "blocked", Some("debt_overdue")),
        (expired, "expired", Some("expired")),
        (user.unlimited, "unlimited", None),
        (habis, "habis", Some("habis")),
        (slow, "fup", Some("fup")),
        (true, "active", None),
    ];
    let holding: Vec<_> = table.into_iter().filter(|(holds, ..)| *holds).collect();
    let (_, status, reason) = holding[0];
    let causes = holding.iter().map_while(|(.., reason)| *reason).collect();
    Access { status, reason, causes }
}

/// Past the due day and the grace, on the first such day only from the hour of blocks.
pub fn is_overdue(item: &Item, site: &Site, now: i64) -> bool {
    let (today, minute) = local(now);
    let first_late = item.due + site.grace_days + 1;
    today > first_late || (today == first_late && minute >= site.block_minute)
}

/// The list that an access means on the router, and the type of its binding.
pub fn on_router(access: &Access) -> (&'static str, &'static str) {
    match (access.status, access.reason) {
        ("active" | "unlimited", _) => ("aktif", "bypassed"),
        ("fup", _) => ("fup", "bypassed"),
        ("habis", _) => ("habis", "regular"),
        ("expired", _) => ("expired", "regular"),
        ("inactive", _) => ("inactive", "regular"),
        (_, Some("admin")) => ("blocked", "blocked"),
        _ => ("blocked", "regular"),
    }
}
