//! What can be asked of the engine.

use std::fmt;
use std::net::Ipv4Addr;

use jiff::civil::Date;

use super::error::RowFinding;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::domain::order::CashMethod;
use crate::domain::policy::{Grant, Settings, Transfer};
use crate::domain::units::{Bytes, Rupiah};

/// A payment of so short a time ago is news to whoever takes money of the same user.
pub const JUST_PAID_MS: i64 = 10 * 60 * 1000;

/// One change, in domain types; amounts are bounded by who made it.
#[derive(Clone, Debug)]
pub enum Command {
    /// Enter a user.
    AddUser(NewUser),
    /// Enter many users with their devices, all or none.
    Import {
        /// The users whose rows could be read.
        users: Vec<ImportedUser>,
        /// What is wrong with the other rows; any refuses the whole.
        findings: Vec<RowFinding>,
    },
    /// Enter somebody who asks for it on the portal and is not approved yet.
    Register {
        /// Name for people.
        name: String,
        /// Phone, unique.
        phone: String,
        /// What the user logs in with.
        pin: PinHash,
        /// The device that asks, to be bound as [`Command::Bind`] does.
        mac: Option<Mac>,
        /// Where it asks from, as in [`NewDevice::seen_at`].
        seen_at: Option<Ipv4Addr>,
    },
    /// Change a user's names or settings.
    ChangeUser(UserId, UserChange),
    /// Hide a user that owes nothing and has no devices; history stays.
    DeleteUser(UserId),
    /// Bind a device, or move it here from another user.
    Bind(NewDevice),
    /// Unbind a device.
    Unbind {
        /// The owner.
        user: UserId,
        /// The device.
        mac: Mac,
    },
    /// Give quota.
    Grant(UserId, Grant),
    /// Take quota, correcting a mistake.
    Debit {
        /// Whose.
        user: UserId,
        /// How much.
        amount: Bytes,
        /// Why.
        reason: String,
    },
    /// Enter a debt item.
    AddDebt(UserId, DebtTerms),
    /// Move a debt item's due date, or its note.
    ChangeDebt(UserId, DebtId, DebtChange),
    /// Forgive what is left of a debt item.
    WriteOff {
        /// Whose.
        user: UserId,
        /// Which.
        debt: DebtId,
        /// Why.
        reason: String,
    },
    /// Give money of an order back: over the counter from the drawer of whoever asks, else through the gateway.
    Refund {
        /// Which.
        order: OrderId,
        /// How much; all that is left of it when not given.
        amount: Option<Rupiah>,
        /// Why.
        reason: String,
    },
    /// End the review of an online order.
    Review {
        /// Which.
        order: OrderId,
        /// How.
        decision: ReviewDecision,
        /// Why.
        reason: String,
    },
    /// Count the drawer of whoever asks.
    CloseDrawer {
        /// The cash that is there.
        counted: Rupiah,
        /// For people.
        note: String,
    },
    /// Give a user another portal PIN.
    SetPin(UserId, PinHash),
    /// Sell a package for money in hand.
    Buy(UserId, PackageId, Tender),
    /// Take money for everything owed.
    SettleAll(UserId, Tender),
    /// Take money for one debt item.
    SettleItem(UserId, DebtId, Tender),
    /// Take money for part of the debt items.
    PayPart(UserId, Rupiah, Tender),
    /// Begin a new period.
    Reset {
        /// Whose.
        user: UserId,
        /// Quota granted as debt.
        debt: Option<Bytes>,
        /// Quota given.
        credit: Option<Bytes>,
        /// Days given.
        days: Option<u32>,
        /// Whether to end an admin's block.
        unblock: Option<bool>,
        /// Why.
        reason: String,
    },
    /// Block a user.
    Block(UserId, String),
    /// End an admin's block.
    Unblock(UserId, String),
    /// Put a package on sale.
    AddPackage(NewPackage),
    /// Change a package; what was sold stays as it was sold.
    ChangePackage(PackageId, PackageChange),
    /// Take a package off for good.
    DeletePackage(PackageId),
}

impl Command {
    /// The user on file whom it names; `None` for a new one, and where it names an order, a package or the drawer.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::ChangeUser(user, _)
            | Self::DeleteUser(user)
            | Self::Bind(NewDevice { user, .. })
            | Self::Unbind { user, .. }
            | Self::Grant(user, _)
            | Self::Debit { user, .. }
            | Self::AddDebt(user, _)
            | Self::ChangeDebt(user, ..)
            | Self::WriteOff { user, .. }
            | Self::SetPin(user, _)
            | Self::Buy(user, ..)
            | Self::SettleAll(user, _)
            | Self::SettleItem(user, ..)
            | Self::PayPart(user, ..)
            | Self::Reset { user, .. }
            | Self::Block(user, _)
            | Self::Unblock(user, _) => Some(*user),
            Self::AddUser(_)
            | Self::Import { .. }
            | Self::Register { .. }
            | Self::Refund { .. }
            | Self::Review { .. }
            | Self::CloseDrawer { .. }
            | Self::AddPackage(_)
            | Self::ChangePackage(..)
            | Self::DeletePackage(_) => None,
        }
    }
}

/// A user to be entered.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Name for people.
    pub name: String,
    /// Phone, unique.
    pub phone: Option<String>,
    /// Log-in name, unique.
    pub login: Option<String>,
    /// Settings from the start; `approved` is on unless told otherwise.
    pub settings: Settings,
}

/// A device to be bound.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The owner.
    pub user: UserId,
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
    /// Of a user with as many devices as allowed, unbind the one seen longest ago instead of refusing. That needs a
    /// reading of the router.
    pub replace_oldest: bool,
    /// Take it from the user who has it. Without this a device of somebody else is refused
    /// ([`EngineError::DeviceTaken`]).
    pub is_move: bool,
    /// The address that the device itself asks from. The router must see this device there, and no other, by the
    /// reading that comes with the request: else a stranger's device would be bound.
    pub seen_at: Option<Ipv4Addr>,
}

impl NewDevice {
    /// The device as an admin binds it: without a label, in nobody's place.
    pub fn of(user: UserId, mac: Mac) -> Self {
        Self { user, mac, label: String::new(), replace_oldest: false, is_move: false, seen_at: None }
    }
}

/// Changes of a user; `None` leaves a value, inner `None` removes it.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Name for people.
    pub name: Option<String>,
    /// Phone, unique.
    pub phone: Option<Option<String>>,
    /// Log-in name, unique.
    pub login: Option<Option<String>>,
    /// Settings.
    pub settings: Settings,
}

/// A debt item to be entered.
#[derive(Clone, Debug)]
pub struct DebtTerms {
    /// How much, or the package given on credit.
    pub what: Result<Bytes, PackageId>,
    /// Whether the quota or plan is given now.
    pub advance: bool,
    /// The day it counts from; today when not given.
    pub debt_date: Option<Date>,
    /// The last day to pay; by the site's rule when not given.
    pub due_date: Option<Date>,
    /// Its own price.
    pub price: Option<Rupiah>,
    /// For people.
    pub note: String,
}

/// Changes of a debt item; `None` leaves a value.
#[derive(Clone, Debug, Default)]
pub struct DebtChange {
    /// The last day to pay.
    pub due_date: Option<Date>,
    /// For people.
    pub note: Option<String>,
}

/// How money was taken.
#[derive(Clone, Debug)]
pub struct Tender {
    /// How.
    pub method: CashMethod,
    /// The cashier's note of it.
    pub reference: Option<String>,
    /// The price the payer was told; another by now is refused.
    pub expect: Option<Rupiah>,
    /// The user's last online order that was paid, as whoever takes the money was shown it; another by now is
    /// refused (`order_paid`). `None` asks nothing.
    #[allow(clippy::option_option, reason = "not asked, nothing paid before and a payment say three things")]
    pub last_paid: Option<Option<OrderId>>,
}

/// A package to be put on sale.
#[derive(Clone, Debug)]
pub struct NewPackage {
    /// Name for people.
    pub name: String,
    /// Quota; `None` is unlimited.
    pub quota: Option<Bytes>,
    /// Days it is valid.
    pub days: u32,
    /// Its price.
    pub price: Rupiah,
    /// Whether it is on sale at once.
    pub active: bool,
}

/// Changes of a package; `None` leaves a value.
#[derive(Clone, Debug, Default)]
pub struct PackageChange {
    /// Name for people.
    pub name: Option<String>,
    /// Quota; inner `None` is unlimited.
    pub quota: Option<Option<Bytes>>,
    /// Days it is valid.
    pub days: Option<u32>,
    /// Its price.
    pub price: Option<Rupiah>,
    /// Whether it is on sale.
    pub active: Option<bool>,
}

/// What a customer or a cashier wants to pay online.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A package.
    Buy(PackageId),
    /// Everything owed.
    SettleAll,
    /// One debt item.
    SettleItem(DebtId),
    /// Part of the debt items, oldest first.
    PayPart(Rupiah),
}

/// How the owner ends a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewDecision {
    /// The frozen quote is applied, once.
    Credit,
    /// Nothing is credited.
    Dismiss,
}

/// One user of an import.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// Its row in the import, from 0.
    pub row: usize,
    /// The user.
    pub user: NewUser,
    /// Devices that are bound to it.
    pub devices: Vec<ImportedDevice>,
    /// The quota account and the plan of the store it comes from. The owner's alone: it takes quota.
    pub quota: Option<Transfer>,
    /// What it still owes there.
    pub debts: Vec<ImportedDebt>,
    /// Why an admin blocked it there.
    pub admin_block: Option<String>,
}

/// A device of an imported user.
#[derive(Clone, Debug)]
pub struct ImportedDevice {
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
}

/// What is still owed of a debt item of another store. Nothing is given with it: the quota was given there.
#[derive(Clone, Debug)]
pub struct ImportedDebt {
    /// The unpaid part; `None` is an unlimited plan.
    pub amount: Option<Bytes>,
    /// What the unpaid part costs; by the tariff when not given.
    pub price: Option<Rupiah>,
    /// The day it counts from.
    pub debt_date: Date,
    /// The last day to pay.
    pub due_date: Date,
    /// For people.
    pub note: String,
}

/// The argon2id hash of a portal PIN. Six digits are guessed from their hash in minutes, so it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(pub String);

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("PinHash")
    }
}
