//! What the store holds, as the program sees it: one record per row, with domain types inside.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::drawer::{Drawer, Move};
use crate::domain::id::{Mac, OrderId, UserId};
use crate::domain::order::{CashMethod, Flag, Method, OnlineMethod, OrderKind, OrderState, Quote};
use crate::domain::package::Package;
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::domain::usage::Counter;
use crate::protocol::relay::PaymentMeans;

/// A user: what people call it, and the account the rules work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRecord {
    /// Narrow key between tables; never shown outside.
    pub no: u32,
    /// Name for people.
    pub name: String,
    /// Phone number as it was typed.
    pub phone: Option<String>,
    /// Its international form, unique among users; absent where an older user of an earlier version has the same, or
    /// `phone` is no number.
    pub phone_e164: Option<String>,
    /// Log-in name as it was typed.
    pub login: Option<String>,
    /// The form that log-in names are compared by, unique among users; absent as `phone_e164` may be.
    pub login_key: Option<String>,
    /// When it was entered.
    pub created_at: Timestamp,
    /// When it was deleted; its history stays.
    pub deleted_at: Option<Timestamp>,
    /// Since when the present access holds.
    pub access_at: Timestamp,
    /// The rules' view. Its `items` are the open ones.
    pub account: Account,
}

/// Why a device waits for the router.
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
    /// The last reading that showed it.
    pub seen_at: Option<Timestamp>,
    /// What it waits for.
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
    /// What is sold.
    pub package: Package,
}

/// One attempt to pay one quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRecord {
    /// Its name.
    pub id: OrderId,
    /// Whose; `None` when money came and what its order carried cannot be read.
    pub user_no: Option<u32>,
    /// What it is for.
    pub kind: OrderKind,
    /// How it is paid.
    pub method: Method,
    /// What must be paid.
    pub amount: Rupiah,
    /// Where it stands. Paid, in whole or in part, only once its quote was applied.
    pub status: OrderState,
    /// The frozen quote.
    pub quote: Quote,
    /// Marks for people.
    pub flags: BTreeSet<Flag>,
    /// The cashier's note of the payment.
    pub reference: Option<String>,
    /// The receipt's number. An order has one if and only if its quote was applied.
    pub receipt_no: Option<u64>,
    /// Who took the money over the counter.
    pub cashier: Option<String>,
    /// What went back of it.
    pub refunded: Rupiah,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// What only orders through the gateway have.
    pub online: Online,
}

impl OrderRecord {
    /// An order of which nothing is known but what it is; made at no time.
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

/// The part of an order that the gateway knows; empty for one over the counter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Online {
    /// How the attempt was called before the gateway named it.
    pub request_id: Option<String>,
    /// What the customer needs to pay.
    pub means: PaymentMeans,
    /// When the customer's time is over.
    pub expires_at: Option<Timestamp>,
    /// The pay window that it opened.
    pub window: Option<PayWindow>,
}

/// A window in which a stopped user is online to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayWindow {
    /// When it opened.
    pub at: Timestamp,
    /// What was used since.
    pub used: Bytes,
}

/// An order asked of the relay whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRecord {
    /// How the attempt is called; the same for every repetition.
    pub request_id: String,
    /// Whose.
    pub user_no: u32,
    /// What it is for.
    pub kind: OrderKind,
    /// How it is to be paid.
    pub method: OnlineMethod,
    /// The frozen quote.
    pub quote: Quote,
    /// The memo, as JSON text.
    pub memo: String,
    /// The call's idempotency key, and SHA-256 of what was asked.
    pub key: Option<(String, [u8; 32])>,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// Something that the relay must be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum OutboxWork {
    /// Give an attempt up whose outcome is not known.
    Abandon {
        /// The attempt.
        request_id: String,
        /// Whose it was.
        user: UserId,
    },
    /// Call an order off at the gateway.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// Give money back through the gateway.
    Refund {
        /// Of which order.
        order: OrderId,
        /// Names the refund: the same key is one refund.
        key: String,
        /// How much.
        amount: Rupiah,
        /// Why.
        reason: String,
    },
    /// Make sure that the relay knows an order that is open here.
    Adopt {
        /// Which.
        order: OrderId,
    },
}

/// An errand to the relay that is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its number.
    pub no: u64,
    /// What to do.
    pub work: OutboxWork,
    /// How often it was tried in vain.
    pub attempts: u32,
    /// When to try again.
    pub next_at: Timestamp,
}

/// How far the relay's feed was applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// Which store of the relay tells it; `None` before the first page.
    pub epoch: Option<String>,
    /// The last item applied.
    pub seq: u64,
}

/// Money over the counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashMove {
    /// When.
    pub at: Timestamp,
    /// Whose drawer.
    pub cashier: String,
    /// For which order.
    pub order: OrderId,
    /// How the order was paid.
    pub method: CashMethod,
    /// In or out.
    pub kind: Move,
    /// How much.
    pub amount: Rupiah,
    /// The order's receipt.
    pub receipt_no: u64,
}

/// A drawer that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosingRecord {
    /// Its number, from 1.
    pub no: u64,
    /// When.
    pub at: Timestamp,
    /// Whose drawer.
    pub cashier: String,
    /// What went through it since the closing before.
    pub drawer: Drawer,
    /// The cash that was there.
    pub counted: Rupiah,
    /// For people; may be empty.
    pub note: String,
}

/// Where usage is summed.
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
    /// All that flowed.
    pub bytes: Bytes,
    /// The part beyond the limit that should have stopped the user.
    pub unenforced: Bytes,
}

impl UsageSum {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { bytes: self.bytes.plus(other.bytes), unenforced: self.unenforced.plus(other.unenforced) }
    }
}

/// What has no date yet.
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

/// What was entered while nobody could say what day it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndatedRecord {
    /// What of it.
    pub what: Undated,
    /// Which.
    pub id: String,
    /// What the wall clock said.
    pub said: Timestamp,
    /// Which boot the uptime belongs to.
    pub boot_id: String,
    /// Milliseconds since that boot.
    pub uptime_ms: i64,
}

/// Times that an order or a closing gets instead of what the clock said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redated {
    /// What of it; never a debt, which is written whole.
    pub what: Undated,
    /// Which.
    pub id: String,
    /// What the wall clock said.
    pub said: Timestamp,
    /// When it was.
    pub at: Timestamp,
}

/// A call that carried an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// The key, scoped by who called.
    pub id: String,
    /// SHA-256 of what was asked.
    pub content_hash: [u8; 32],
    /// HTTP status of the answer.
    pub status: u16,
    /// The answer, as JSON text.
    pub answer: String,
}

/// Who did what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// An admin's name, or the daemon.
    pub actor: String,
    /// In which role.
    pub role: String,
    /// From where.
    pub source: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub target: String,
    /// Details for people.
    pub detail: String,
}
