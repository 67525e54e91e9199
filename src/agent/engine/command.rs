//! Commands of the engine.

use std::fmt;
use std::net::Ipv4Addr;

use jiff::civil::Date;

use super::error::RowFinding;
use crate::domain::id::{DebtId, Mac, OrderId, PackageId, UserId};
use crate::domain::order::CashMethod;
use crate::domain::policy::{Grant, Settings, Transfer};
use crate::domain::units::{Bytes, Rupiah};

/// A cashier gets a warning when the same user paid less than this long ago.
pub const JUST_PAID_MS: i64 = 10 * 60 * 1000;

/// One change, in domain types. The interfaces check the bounds of amounts.
#[derive(Clone, Debug)]
pub enum Command {
    /// Create a user.
    AddUser(NewUser),
    /// Create many users with their devices, all or none.
    Import {
        /// The users whose rows could be read.
        users: Vec<ImportedUser>,
        /// Packages; one that is on sale here already with the same name, quota, days and price is left out.
        packages: Vec<NewPackage>,
        /// Errors in the other rows; any error refuses the whole import.
        findings: Vec<RowFinding>,
    },
    /// Create a user who registers on the portal and is not approved yet.
    Register {
        /// Name for people.
        name: String,
        /// Phone, unique.
        phone: String,
        /// The PIN for log-ins.
        pin: PinHash,
        /// The registering device, to be bound as [`Command::Bind`] does.
        mac: Option<Mac>,
        /// The address of the request, as in [`NewDevice::seen_at`].
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
    /// End the access that a device kept which the router has and the store has not.
    ReleaseOrphan(Mac),
    /// Give quota.
    Grant(UserId, Grant),
    /// Take quota, correcting a mistake.
    Debit {
        /// The user.
        user: UserId,
        /// The quota to take.
        amount: Bytes,
        /// The reason.
        reason: String,
    },
    /// Add a debt item.
    AddDebt(UserId, DebtTerms),
    /// Move a debt item's due date, or its note.
    ChangeDebt(UserId, DebtId, DebtChange),
    /// Write off the unpaid rest of a debt item.
    WriteOff {
        /// The user.
        user: UserId,
        /// The debt item.
        debt: DebtId,
        /// The reason.
        reason: String,
    },
    /// Refund an order: a cash order from the caller's cash drawer, an online order through the gateway.
    Refund {
        /// The order.
        order: OrderId,
        /// The amount; everything not yet refunded when not given.
        amount: Option<Rupiah>,
        /// The reason.
        reason: String,
    },
    /// End the review of an online order.
    Review {
        /// The order.
        order: OrderId,
        /// The decision.
        decision: ReviewDecision,
        /// The reason.
        reason: String,
    },
    /// Count the caller's cash drawer.
    CloseDrawer {
        /// The cash counted.
        counted: Rupiah,
        /// A note.
        note: String,
    },
    /// Set a user's portal PIN.
    SetPin(UserId, PinHash),
    /// Sell a package for cash.
    Buy(UserId, PackageId, Tender),
    /// Take money for everything owed.
    SettleAll(UserId, Tender),
    /// Take money for one debt item.
    SettleItem(UserId, DebtId, Tender),
    /// Take money for part of the debt items.
    PayPart(UserId, Rupiah, Tender),
    /// Serve a customer at the counter, all of it or nothing.
    Serve(Box<CounterSale>),
    /// Begin a new period.
    Reset {
        /// The user.
        user: UserId,
        /// Quota granted as debt.
        debt: Option<Bytes>,
        /// Quota given.
        credit: Option<Bytes>,
        /// Days given.
        days: Option<u32>,
        /// Whether to end an admin's block.
        unblock: Option<bool>,
        /// The reason.
        reason: String,
    },
    /// Block a user.
    Block(UserId, String),
    /// End an admin's block.
    Unblock(UserId, String),
    /// Put a package on sale.
    AddPackage(NewPackage),
    /// Change a package; earlier sales are unchanged.
    ChangePackage(PackageId, PackageChange),
    /// Take a package off for good.
    DeletePackage(PackageId),
}

impl Command {
    /// The existing user that the command names; `None` for a new user, and for a command about an order, a package
    /// or the drawer.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::Serve(sale) => sale.customer.known(),
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
            | Self::ReleaseOrphan(_)
            | Self::Refund { .. }
            | Self::Review { .. }
            | Self::CloseDrawer { .. }
            | Self::AddPackage(_)
            | Self::ChangePackage(..)
            | Self::DeletePackage(_) => None,
        }
    }
}

/// A user to create.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Name for people.
    pub name: String,
    /// Phone, unique.
    pub phone: Option<String>,
    /// Log-in name, unique.
    pub login: Option<String>,
    /// Initial settings; `approved` defaults to on.
    pub settings: Settings,
}

/// A device to bind.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// The owner.
    pub user: UserId,
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
    /// When the user already has the most devices allowed, unbind the one seen longest ago instead of refusing.
    /// Requires a reading of the router.
    pub replace_oldest: bool,
    /// Move the device from its present owner. Without this, another user's device is refused
    /// ([`EngineError::DeviceTaken`]).
    pub is_move: bool,
    /// The address from which the device sends the request. In the reading that comes with the request the router
    /// must show this device, and no other, at that address; otherwise a stranger's device would be bound.
    pub seen_at: Option<Ipv4Addr>,
}

impl NewDevice {
    /// A device bound by an admin: no label, not replacing another.
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
    /// A note for the customer, shown on the portal.
    pub customer_note: Option<Option<String>>,
    /// Settings.
    pub settings: Settings,
}

/// A debt item to add.
#[derive(Clone, Debug)]
pub struct DebtTerms {
    /// The quota, or the package given on credit.
    pub what: Result<Bytes, PackageId>,
    /// Whether the quota or plan is given at once.
    pub advance: bool,
    /// The day it counts from; today when not given.
    pub debt_date: Option<Date>,
    /// The last day to pay; computed by the site's rule when not given.
    pub due_date: Option<Date>,
    /// Its own price.
    pub price: Option<Rupiah>,
    /// The owner's private note.
    pub note: String,
    /// A note for the customer, shown on the portal.
    pub customer_note: String,
}

/// Changes of a debt item; `None` leaves a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DebtChange {
    /// The last day to pay.
    pub due_date: Option<Date>,
    /// The owner's private note.
    pub note: Option<String>,
    /// The note for the customer; an empty one removes it.
    pub customer_note: Option<String>,
}

/// A cash payment.
#[derive(Clone, Debug)]
pub struct Tender {
    /// The method.
    pub method: CashMethod,
    /// The cashier's reference.
    pub reference: Option<String>,
    /// The price shown to the payer; any other current price is refused.
    pub expect: Option<Rupiah>,
    /// The user's last paid online order as the cashier saw it; any later one is refused (`order_paid`). `None` skips
    /// the check.
    #[allow(clippy::option_option, reason = "not asked, nothing paid before and a payment say three things")]
    pub last_paid: Option<Option<OrderId>>,
}

/// What is done for one customer at the counter, in one commit: entered where they are new, then everything owed is paid,
/// then a package is sold.
#[derive(Clone, Debug)]
pub struct CounterSale {
    /// Who is served.
    pub customer: CounterCustomer,
    /// Whether everything owed is paid.
    pub settles: bool,
    /// The package that is sold.
    pub package: Option<PackageId>,
    /// The money for all of it; `expect` is the price of everything.
    pub tender: Tender,
}

/// Who is served at the counter.
#[derive(Clone, Debug)]
pub enum CounterCustomer {
    /// Somebody on file.
    Known(UserId),
    /// Somebody new, with a device of nobody and its name.
    New {
        /// The user to create.
        user: NewUser,
        /// A device to bind.
        device: Option<(Mac, String)>,
    },
}

impl CounterCustomer {
    /// The user on file.
    pub fn known(&self) -> Option<UserId> {
        match self {
            Self::Known(user) => Some(*user),
            Self::New { .. } => None,
        }
    }
}

/// A package to create.
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

/// What an online payment is for.
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
    /// The quota account and the plan in the store of origin. For the owner only, because it can take quota.
    pub quota: Option<Transfer>,
    /// Debt items still unpaid there.
    pub debts: Vec<ImportedDebt>,
    /// Why an admin blocked it there.
    pub admin_block: Option<String>,
    /// What the customer reads on the portal.
    pub customer_note: Option<String>,
}

/// A device of an imported user.
#[derive(Clone, Debug)]
pub struct ImportedDevice {
    /// The device.
    pub mac: Mac,
    /// Name for people.
    pub label: String,
}

/// The unpaid rest of a debt item in another store. No quota is granted for it: the other store granted it.
#[derive(Clone, Debug)]
pub struct ImportedDebt {
    /// The unpaid part; `None` is an unlimited plan.
    pub amount: Option<Bytes>,
    /// The price of the unpaid part; computed by the tariff when not given.
    pub price: Option<Rupiah>,
    /// The day it counts from.
    pub debt_date: Date,
    /// The last day to pay.
    pub due_date: Date,
    /// A note.
    pub note: String,
    /// What the customer reads at the item.
    pub customer_note: String,
}

/// The argon2id hash of a portal PIN. Its `Debug` output is empty, because six digits can be guessed from their hash
/// in minutes.
#[derive(Clone, PartialEq, Eq)]
pub struct PinHash(pub String);

impl fmt::Debug for PinHash {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("PinHash")
    }
}
