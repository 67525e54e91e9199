//! The one place where access is made: an ordered list of rules, of which the first that applies decides.

use super::account::{Account, Overage, Policy};
use super::ledger::named;
use super::listing::{BindingKind, List};
use super::units::{Bytes, LocalTime, Timestamp};

named! {
    /// What policy wants for a user.
    Status {
        /// Full access.
        Active = "active",
        /// Reduced speed.
        Fup = "fup",
        /// Quota used up.
        Habis = "habis",
        /// Days are over.
        Expired = "expired",
        /// Not approved, or deactivated.
        Inactive = "inactive",
        /// Blocked for debt or by an admin.
        Blocked = "blocked",
        /// Full access by an unlimited plan.
        Unlimited = "unlimited",
    }
}

named! {
    /// Why access is not full.
    Reason {
        /// An admin blocked the user.
        Admin = "admin",
        /// Not approved, or deactivated.
        Inactive = "inactive",
        /// An online payment is under way.
        Paying = "paying",
        /// Overage reached the debt limit.
        DebtLimit = "debt_limit",
        /// A debt item is overdue.
        DebtOverdue = "debt_overdue",
        /// The days are over.
        Expired = "expired",
        /// Nothing left, or nothing ever credited in this period.
        Habis = "habis",
        /// Remaining quota is at or below the FUP threshold.
        Fup = "fup",
    }
}

/// A status, its reason, and every other cause that applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What the router should do.
    pub status: Status,
    /// The first cause that applies; `None` for full access.
    pub reason: Option<Reason>,
    /// Every cause that applies, in the order of the rules.
    pub causes: Vec<Reason>,
}

impl Default for Access {
    /// What a user has before anything is known: nothing.
    fn default() -> Self {
        Self { status: Status::Habis, reason: Some(Reason::Habis), causes: vec![Reason::Habis] }
    }
}

impl Access {
    /// The address list and binding type that mean this access on the router.
    pub fn on_router(&self) -> (List, BindingKind) {
        match self.status {
            Status::Active | Status::Unlimited => (List::Active, BindingKind::Bypassed),
            Status::Fup => (List::Fup, BindingKind::Bypassed),
            Status::Habis => (List::Habis, BindingKind::Regular),
            Status::Expired => (List::Expired, BindingKind::Regular),
            Status::Inactive => (List::Inactive, BindingKind::Regular),
            Status::Blocked if self.reason == Some(Reason::Admin) => (List::Blocked, BindingKind::Blocked),
            Status::Blocked => (List::Blocked, BindingKind::Regular),
        }
    }

    /// Whether both mean the same to the user: causes further down do not count.
    pub fn is_same(&self, other: &Self) -> bool {
        self.status == other.status && self.reason == other.reason
    }
}

/// What the world says while access is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The wall clock.
    pub now: Timestamp,
    /// The same in the site's zone.
    pub local: LocalTime,
    /// Whether the wall clock may start a block: without trust no expiry and no overdue block begins.
    pub clock_trusted: bool,
    /// Whether a pay window is open for this user.
    pub paying: bool,
    /// Whether an order of this user cannot be checked now: no block for debt begins.
    pub grace: bool,
}

/// One rule, evaluated: what it would make and whether it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The status it makes.
    pub status: Status,
    /// The reason it gives; `None` for full access.
    pub reason: Option<Reason>,
    /// Whether it applies.
    pub holds: bool,
}

/// Every rule of access in order, evaluated. The last always applies.
pub fn rules(account: &Account, policy: &Policy, facts: &Facts) -> [Rule; 10] {
    let terms = account.terms(policy);
    let (remaining, overage) = (account.balance.remaining(), account.balance.overage());
    let was_so = |reason| account.access.causes.contains(&reason);
    let may_start = |reason| facts.clock_trusted || was_so(reason);
    let may_block = |reason| !facts.grace || was_so(reason);
    let finite = !account.unlimited;
    let over_limit = finite
        && !account.exempt
        && terms.debt_limit > Bytes::ZERO
        && overage >= terms.debt_limit
        && may_block(Reason::DebtLimit);
    let overdue = policy.overdue.blocks
        && !account.exempt
        && account.items.iter().any(|item| is_overdue(item, policy, facts))
        && may_start(Reason::DebtOverdue)
        && may_block(Reason::DebtOverdue);
    let expired = account.expires_at.is_some_and(|at| at < facts.now)
        && account.waiting_days == 0
        && may_start(Reason::Expired);
    let nothing_left = terms.overage == Overage::Stop && remaining.is_zero();
    let habis = finite && (account.balance.credits.is_zero() || nothing_left);
    let fup = finite && account.fup_base > policy.fup_threshold && remaining <= policy.fup_threshold;
    let paying = facts.paying && (over_limit || overdue || expired || habis);
    let inactive = !account.approved || !account.active;

    let rule = |status, reason, holds| Rule { status, reason: Some(reason), holds };
    let full = |status, holds| Rule { status, reason: None, holds };
    [
        rule(Status::Blocked, Reason::Admin, account.admin_block.is_some()),
        rule(Status::Inactive, Reason::Inactive, inactive),
        rule(Status::Fup, Reason::Paying, paying),
        rule(Status::Blocked, Reason::DebtLimit, over_limit),
        rule(Status::Blocked, Reason::DebtOverdue, overdue),
        rule(Status::Expired, Reason::Expired, expired),
        full(Status::Unlimited, account.unlimited),
        rule(Status::Habis, Reason::Habis, habis),
        rule(Status::Fup, Reason::Fup, fup),
        full(Status::Active, true),
    ]
}

/// The numbers that a rule compared, for people: name and value.
pub fn numbers(
    rule: &Rule,
    account: &Account,
    policy: &Policy,
    facts: &Facts,
) -> Vec<(&'static str, String)> {
    let terms = account.terms(policy);
    let remaining = || ("remaining", account.balance.remaining().to_string());
    let grace = || facts.grace.then(|| ("offline_grace", true.to_string()));
    match rule.reason {
        Some(Reason::Admin) => account.admin_block.iter().map(|why| ("note", why.clone())).collect(),
        Some(Reason::Inactive) => {
            vec![("approved", account.approved.to_string()), ("active", account.active.to_string())]
        }
        Some(Reason::DebtLimit) => {
            [("overage", account.balance.overage().to_string()), ("debt_limit", terms.debt_limit.to_string())]
                .into_iter()
                .chain(grace())
                .collect()
        }
        Some(Reason::DebtOverdue) => {
            let overdue = account.items.iter().filter(|item| is_overdue(item, policy, facts));
            overdue.map(|item| ("due_date", item.due_date.to_string())).chain(grace()).collect()
        }
        Some(Reason::Habis) => vec![
            ("credited", account.balance.credits.to_string()),
            remaining(),
            ("overage_mode", terms.overage.name().to_owned()),
        ],
        Some(Reason::Fup) => vec![
            ("tank", account.fup_base.to_string()),
            remaining(),
            ("fup_threshold", policy.fup_threshold.to_string()),
        ],
        Some(Reason::Paying | Reason::Expired) | None => Vec::new(),
    }
}

fn is_overdue(item: &super::debt::DebtItem, policy: &Policy, facts: &Facts) -> bool {
    item.is_overdue(facts.local, policy.overdue)
}

/// The access that policy wants: the first rule that applies. Full access ends the search for causes, so a user
/// on an unlimited plan has no cause further down.
pub fn decide(account: &Account, policy: &Policy, facts: &Facts) -> Access {
    let rules = rules(account, policy, facts);
    let holding = || rules.iter().filter(|r| r.holds);
    let first = holding().next().expect("the last rule always holds");
    Access { status: first.status, reason: first.reason, causes: holding().map_while(|r| r.reason).collect() }
}

/// Whether a block for debt is held off because an order cannot be checked.
pub fn is_held_off(account: &Account, policy: &Policy, facts: &Facts) -> bool {
    let unhindered = Facts { grace: false, ..*facts };
    facts.grace && !decide(account, policy, facts).is_same(&decide(account, policy, &unhindered))
}

#[cfg(test)]
#[path = "access_tests.rs"]
mod tests;
