//! The records of the store: one per row, with domain types.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::adoption::HandoverState;
use crate::domain::drawer::{Drawer, Move};
use crate::domain::id::{Mac, OrderId, UserId};
use crate::domain::order::{CashMethod, Flag, Method, OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::orphans::Orphan;
use crate::domain::package::Package;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::domain::usage::Counter;
use crate::protocol::relay::PaymentMeans;

/// A user: names, and the account that the rules work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// Narrow key between tables; never shown outside.
    pub no: u32,
    /// Name for people.
    pub name: String,
    /// Phone number as entered.
    pub phone: Option<String>,
    /// Its international form, unique among users; absent if an older user of an earlier version has the same, or
    /// `phone` is not a phone number.
    pub phone_e164: Option<String>,
    /// Log-in name as entered.
    pub login: Option<String>,
    /// The normal form used to compare log-in names, unique among users; may be absent like `phone_e164`.
    pub login_key: Option<String>,
    /// A note for the customer, who reads it on the portal.
    pub customer_note: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was deleted; its history stays.
    pub deleted_at: Option<Timestamp>,
    /// Since when the present access applies.
    pub access_at: Timestamp,
    /// The account for the rules. Its `items` are the open ones.
    pub account: Account,
}

/// The change of a device that waits for the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pending {
    /// Bound without a reading: the first one is its baseline.
    Baseline,
    /// To be unbound after a last reading.
    Unbind,
    /// To be bound to this user after a last reading for the present one.
    Move(u32),
}

/// A device bound to a user, with its baselines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Narrow key between tables.
    pub no: u32,
    /// The owner.
    pub user_no: u32,
    /// The device.
    pub mac: Mac,
    /// Name for people; may be empty.
    pub label: String,
    /// When it was bound.
    pub bound_at: Timestamp,
    /// The last reading with the device.
    pub seen_at: Option<Timestamp>,
    /// The change that waits for the router.
    pub pending: Option<Pending>,
    /// When it was unbound; usage history keeps the row.
    pub unbound_at: Option<Timestamp>,
    /// Rows of the router as last counted.
    pub counters: Vec<Counter>,
}

/// A package with its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageRecord {
    /// Narrow key between tables.
    pub no: u32,
    /// Hidden from everything but history.
    pub deleted: bool,
    /// The package.
    pub package: Package,
}

/// One attempt to pay one quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its id.
    pub id: OrderId,
    /// The user's key; `None` when money arrived with a memo that cannot be read.
    pub user_no: Option<u32>,
    /// The kind of order.
    pub kind: OrderKind,
    /// The payment method.
    pub method: Method,
    /// The amount to pay.
    pub amount: Rupiah,
    /// Its state. Paid, fully or partially, only once its quote was applied.
    pub status: OrderState,
    /// The frozen quote.
    pub quote: Quote,
    /// Flags.
    pub flags: BTreeSet<Flag>,
    /// The cashier's reference of the payment.
    pub reference: Option<String>,
    /// The receipt's number. An order has one if and only if its quote was applied.
    pub receipt_no: Option<u64>,
    /// The cashier who took the money.
    pub cashier: Option<String>,
    /// The amount refunded.
    pub refunded: Rupiah,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// Data of an order through the gateway.
    pub online: Online,
}

impl OrderRecord {
    /// An order in its initial state: all other fields are empty, and its times are zero.
    pub fn created(id: OrderId, user_no: Option<u32>, kind: OrderKind, method: Method, quote: Quote) -> Self {
        Self {
            id,
            user_no,
            kind,
            method,
            amount: quote.total(),
            status: OrderState::Created,
            quote,
            flags: BTreeSet::new(),
            reference: None,
            receipt_no: None,
            cashier: None,
            refunded: Rupiah::ZERO,
            created_at: Timestamp::default(),
            paid_at: None,
            online: Online::default(),
        }
    }

    /// Whether its quote was applied.
    pub fn is_credited(&self) -> bool {
        self.receipt_no.is_some()
    }
}

/// The gateway's part of an order; empty for a cash order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Online {
    /// Id of the attempt, before the gateway assigned one.
    pub request_id: Option<String>,
    /// What the customer needs to pay.
    pub means: PaymentMeans,
    /// When the order expires.
    pub expires_at: Option<Timestamp>,
    /// The pay window that it opened.
    pub window: Option<PayWindow>,
}

/// A window in which a blocked user is online to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayWindow {
    /// When it was opened.
    pub at: Timestamp,
    /// Bytes used since.
    pub used: Bytes,
}

/// An order requested from the relay whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRecord {
    /// Id of the attempt; the same for every repetition.
    pub request_id: String,
    /// The user's key.
    pub user_no: u32,
    /// The kind of order.
    pub kind: OrderKind,
    /// The payment method.
    pub method: OnlineMethod,
    /// The frozen quote.
    pub quote: Quote,
    /// The memo, as JSON text.
    pub memo: String,
    /// The call's idempotency key, and SHA-256 of its content.
    pub key: Option<(String, [u8; 32])>,
    /// Time of the request.
    pub created_at: Timestamp,
}

/// A notification to the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum OutboxWork {
    /// Discard an attempt whose outcome is not known.
    Abandon {
        /// The attempt.
        request_id: String,
        /// The user of it.
        user: UserId,
    },
    /// Cancel an order at the gateway.
    Cancel {
        /// The order.
        order: OrderId,
    },
    /// Refund through the gateway.
    Refund {
        /// The order.
        order: OrderId,
        /// The id of the refund: a repeated key is the same refund.
        key: String,
        /// The amount.
        amount: Rupiah,
        /// The reason.
        reason: String,
    },
    /// Make sure that the relay has an order that is open here.
    Adopt {
        /// The order.
        order: OrderId,
    },
}

/// A notification to the relay that is not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its number.
    pub no: u64,
    /// The notification.
    pub work: OutboxWork,
    /// The number of failed tries.
    pub attempts: u32,
    /// Time of the next try.
    pub next_at: Timestamp,
}

/// The position up to which the relay's feed is applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The relay's store that it refers to; `None` before the first page.
    pub epoch: Option<String>,
    /// The last item applied.
    pub seq: u64,
}

/// Cash taken or returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashMove {
    /// When it moved.
    pub at: Timestamp,
    /// The cashier.
    pub cashier: String,
    /// The order.
    pub order: OrderId,
    /// The payment method of the order.
    pub method: CashMethod,
    /// In or out.
    pub kind: Move,
    /// The amount.
    pub amount: Rupiah,
    /// The order's receipt.
    pub receipt_no: u64,
}

/// A closing of a cash drawer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingRecord {
    /// Its number, from 1.
    pub no: u64,
    /// When it was closed.
    pub at: Timestamp,
    /// The cashier.
    pub cashier: String,
    /// The moves since the previous closing.
    pub drawer: Drawer,
    /// The cash counted.
    pub counted: Rupiah,
    /// A note; may be empty.
    pub note: String,
}

/// A hotspot user of the router that became a customer, or the other way round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoverRecord {
    /// Its key; 0 before it has one.
    pub no: u32,
    /// The customer's key.
    pub user_no: u32,
    /// The hotspot user's name.
    pub name: String,
    /// The hotspot server that it is for.
    pub server: String,
    /// How far it is.
    pub state: HandoverState,
    /// Event of the entries that brought the quota.
    pub event: String,
    /// What the router had counted when it was taken over.
    pub used: Bytes,
    /// End of the days that were taken over.
    pub expires_at: Option<Timestamp>,
    /// When it was begun.
    pub at: Timestamp,
}

/// A device that the router had by a binding of ours and the store had not when the site was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrphanRecord {
    /// The device and its access.
    pub orphan: Orphan,
    /// When it was found.
    pub found_at: Timestamp,
}

/// The slot in which usage is summed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsageKey {
    /// Hours since 1970-01-01 UTC.
    pub hour: i64,
    /// The user.
    pub user_no: u32,
    /// The device.
    pub device_no: u32,
}

/// Usage of one hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UsageSum {
    /// All traffic.
    pub bytes: Bytes,
    /// The part beyond the limit that should have blocked the user.
    pub unenforced: Bytes,
}

impl UsageSum {
    /// The sum of both.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes.plus(other.bytes), unenforced: self.unenforced.plus(other.unenforced) }
    }
}

/// A date or time that is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Undated {
    /// The debt date of the debt with that id.
    DebtDate,
    /// Its due date.
    DueDate,
    /// The times of the order with that id, and of its cash.
    Order,
    /// The time of the closing with that number.
    Closing,
}

impl Undated {
    /// Every value.
    pub const ALL: [Self; 4] = [Self::DebtDate, Self::DueDate, Self::Order, Self::Closing];

    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DebtDate => "debt_date",
            Self::DueDate => "due_date",
            Self::Order => "order",
            Self::Closing => "closing",
        }
    }
}

/// A record entered while the clock was not trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndatedRecord {
    /// The undated field.
    pub what: Undated,
    /// The id of the record.
    pub id: String,
    /// The wall clock's time.
    pub said: Timestamp,
    /// The boot of the uptime.
    pub boot_id: String,
    /// Milliseconds since that boot.
    pub uptime_ms: i64,
}

/// The corrected times of an order or a closing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redated {
    /// The undated field; never a debt's, which is written as a whole.
    pub what: Undated,
    /// The id of the record.
    pub id: String,
    /// The wall clock's time.
    pub said: Timestamp,
    /// The corrected time.
    pub at: Timestamp,
}

/// A call that carried an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The key, scoped by caller.
    pub id: String,
    /// SHA-256 of the call's content.
    pub content_hash: [u8; 32],
    /// HTTP status of the answer.
    pub status: u16,
    /// The answer, as JSON text.
    pub answer: String,
}

/// A line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When it was done.
    pub at: Timestamp,
    /// An admin's name, or the daemon.
    pub actor: String,
    /// The actor's role.
    pub role: String,
    /// The origin: an address, `socket` or `daemon`.
    pub source: String,
    /// The action.
    pub action: String,
    /// The target of the action.
    pub target: String,
    /// Details for people.
    pub detail: String,
}
