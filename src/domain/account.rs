//! Everything the rules know about one user, and the site's terms.

use super::access::Access;
use super::debt::{DebtDue, DebtItem, OverdueRule, oldest_first};
use super::id::{DebtId, UserId};
use super::ledger::{Balance, named};
use super::units::{Bytes, Rupiah, Timestamp};
pub use super::validity::Expiry;
use super::validity::Validity;

named! {
    /// What happens at zero quota.
    Overage {
        /// The user stops.
        Stop = "stop",
        /// The user goes on into debt until the limit.
        Debt = "debt",
    }
}

/// The site's policy: what the owner configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What happens at zero quota, where the user has no own setting.
    pub overage: Overage,
    /// Overage at which a user is blocked; zero is off.
    pub debt_limit: Bytes,
    /// Remaining quota at which speed drops.
    pub fup_threshold: Bytes,
    /// When overdue debt items block.
    pub overdue: OverdueRule,
    /// How due dates are made.
    pub debt_due: DebtDue,
    /// How bought days extend an expiry.
    pub expiry: Expiry,
    /// Quoted debts are rounded up to a multiple of this.
    pub price_rounding: Rupiah,
    /// Devices one user may have.
    pub max_devices_per_user: u32,
    /// The most that debt items granted by one cashier may owe at any time; zero lets cashiers grant none.
    pub cashier_credit: Rupiah,
    /// Whether a user who was never approved may buy, and is approved by paying.
    pub payment_approves: bool,
    /// How long an open online order lets a stopped user online to pay, in milliseconds; zero: not at all.
    pub pay_window_ms: u64,
    /// How long an order that cannot be checked holds off a block for debt, in milliseconds; zero: not at all.
    pub offline_grace_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            overage: Overage::Stop,
            debt_limit: Bytes::mb(500),
            fup_threshold: Bytes::mb(3072),
            overdue: OverdueRule { blocks: true, grace_days: 0, block_from_minute: 0 },
            debt_due: DebtDue::EndOfMonth,
            expiry: Expiry::ResetFromNow,
            price_rounding: Rupiah(10_000),
            max_devices_per_user: 3,
            cashier_credit: Rupiah::ZERO,
            payment_approves: false,
            pay_window_ms: 10 * 60 * 1000,
            offline_grace_ms: 0,
        }
    }
}

/// The terms of one user: the site's policy with the user's own settings over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What happens at zero quota.
    pub overage: Overage,
    /// Overage at which the user is blocked; zero is off.
    pub debt_limit: Bytes,
}

/// One user as the rules see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose.
    pub id: UserId,
    /// Approved to use the hotspot.
    pub approved: bool,
    /// Not deactivated.
    pub active: bool,
    /// Never blocked for debt; no debt items, no overage.
    pub exempt: bool,
    /// The reason an admin gave for a block in force.
    pub admin_block: Option<String>,
    /// On an unlimited plan.
    pub unlimited: bool,
    /// When the days end; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// Days sold while the clock was untrusted: they start counting at trust.
    pub waiting_days: u32,
    /// The user's own setting over the policy's.
    pub overage: Option<Overage>,
    /// The user's own limit over the policy's.
    pub debt_limit: Option<Bytes>,
    /// The quota account, the open usage row included.
    pub balance: Balance,
    /// Usage not yet sealed into an entry; part of `balance.debits`.
    pub open_usage: Bytes,
    /// Metered usage of this period.
    pub used: Bytes,
    /// Remaining right after the latest credit: what FUP is measured against.
    pub fup_base: Bytes,
    /// Debt items. Closed ones may be among them.
    pub items: Vec<DebtItem>,
    /// What policy decided last.
    pub access: Access,
}

impl Account {
    /// A user without quota, debts or settings.
    pub fn fresh(id: UserId, approved: bool) -> Self {
        Self {
            id,
            approved,
            active: true,
            exempt: false,
            admin_block: None,
            unlimited: false,
            expires_at: None,
            waiting_days: 0,
            overage: None,
            debt_limit: None,
            balance: Balance::default(),
            open_usage: Bytes::ZERO,
            used: Bytes::ZERO,
            fup_base: Bytes::ZERO,
            items: Vec::new(),
            access: Access::default(),
        }
    }

    /// The terms of this user.
    pub fn terms(&self, policy: &Policy) -> Terms {
        Terms {
            overage: self.overage.unwrap_or(policy.overage),
            debt_limit: self.debt_limit.unwrap_or(policy.debt_limit),
        }
    }

    /// Bytes owed by debt items.
    pub fn debt_items(&self) -> Bytes {
        self.items.iter().fold(Bytes::ZERO, |sum, item| sum.plus(item.unpaid()))
    }

    /// Overage and debt items together.
    pub fn total_debt(&self) -> Bytes {
        self.balance.overage().plus(self.debt_items())
    }

    /// Open items, oldest first.
    pub fn open_items(&self) -> Vec<&DebtItem> {
        oldest_first(&self.items)
    }

    /// The item with that id, open or closed.
    pub fn item(&self, id: DebtId) -> Option<&DebtItem> {
        self.items.iter().find(|item| item.id == id)
    }

    /// Expiry, waiting days and plan together.
    pub const fn validity(&self) -> Validity {
        Validity { expires_at: self.expires_at, waiting_days: self.waiting_days, unlimited: self.unlimited }
    }

    /// Replaces expiry, waiting days and plan.
    pub fn set_validity(&mut self, validity: Validity) {
        let Validity { expires_at, waiting_days, unlimited } = validity;
        (self.expires_at, self.waiting_days, self.unlimited) = (expires_at, waiting_days, unlimited);
    }
}
