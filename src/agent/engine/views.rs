//! Answers as JSON: users, debts, orders, packages and ledger entries.

use serde::Serialize;

use super::snapshot::{Reached, Snapshot};
use crate::clock::rfc3339;
use crate::domain::access::Reason;
use crate::domain::account::Policy;
use crate::domain::debt::DebtItem;
use crate::domain::drawer::Turnover;
use crate::domain::id::{DebtId, OrderId, PackageId, UserId};
use crate::domain::ledger::{Entry, Posted};
use crate::domain::order::{Flag, OrderKind, OrderState};
use crate::domain::package::Package;
use crate::domain::phone;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::LineWire;
use crate::protocol::relay::PaymentMeans;
use crate::store::{ClosingRecord, DeviceRecord, OrderRecord, Pending};

/// Access of a user.
#[derive(Clone, Debug, Serialize)]
pub struct AccessView {
    /// Stable name of the status.
    pub status: &'static str,
    /// Stable name of the reason; null for full access.
    pub reason: Option<&'static str>,
    /// Every cause that applies.
    pub reasons: Vec<&'static str>,
    /// Since when, RFC 3339.
    pub since: String,
    /// A block for debt is delayed because an order cannot be checked now.
    pub offline_grace: bool,
}

/// One device of a user.
#[derive(Clone, Debug, Serialize)]
pub struct DeviceView {
    /// The device.
    pub mac: String,
    /// Name for people.
    pub label: String,
    /// The address in the last reading.
    pub address: Option<String>,
    /// Whether it is in the last reading.
    pub online: bool,
    /// The last reading with the device, RFC 3339.
    pub last_seen: Option<String>,
    /// The change that waits for the router: `baseline`, `unbind` or `move`.
    pub pending: Option<&'static str>,
}

/// A user with its sums. Every sum appears twice: in bytes, and in MB with two digits.
#[derive(Clone, Debug, Serialize)]
#[allow(
    missing_docs,
    reason = "the fields are the contract's own names, and the struct's text says the shape"
)]
pub struct UserView {
    pub id: UserId,
    pub name: String,
    pub phone: Option<String>,
    /// The normalized phone used in comparisons; null if the input is not a phone number.
    pub phone_e164: Option<String>,
    pub login: Option<String>,
    pub access: AccessView,
    pub credited_bytes: u64,
    pub credited_mb: String,
    pub used_bytes: u64,
    pub used_mb: String,
    pub remaining_bytes: u64,
    pub remaining_mb: String,
    pub overage_bytes: u64,
    pub overage_mb: String,
    pub debt_items_bytes: u64,
    pub debt_items_mb: String,
    pub total_debt_bytes: u64,
    pub total_debt_mb: String,
    pub expires_at: Option<String>,
    pub unlimited: bool,
    pub exempt: bool,
    pub approved: bool,
    pub active: bool,
    /// The effective mode: the user's own, else the site's.
    pub overage: &'static str,
    /// The effective limit: the user's own, else the site's.
    pub debt_limit_bytes: u64,
    pub devices: Vec<DeviceView>,
    pub created_at: String,
    /// After a device was moved here: its former owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<UserId>,
}

impl UserView {
    /// The view of a user.
    pub fn of(snapshot: &Snapshot, policy: &Policy) -> Self {
        let (user, account) = (&snapshot.user, &snapshot.user.account);
        let terms = account.terms(policy);
        let both = |bytes: Bytes| (bytes.0, bytes.to_mb_string());
        let (credited_bytes, credited_mb) = both(account.balance.credits);
        let (used_bytes, used_mb) = both(account.used);
        let (remaining_bytes, remaining_mb) = both(account.balance.remaining());
        let (overage_bytes, overage_mb) = both(account.balance.overage());
        let (debt_items_bytes, debt_items_mb) = both(account.debt_items());
        let (total_debt_bytes, total_debt_mb) = both(account.total_debt());
        Self {
            id: account.id,
            name: user.name.clone(),
            phone: user.phone.clone(),
            phone_e164: user.phone.as_deref().and_then(phone::e164),
            login: user.login.clone(),
            access: AccessView {
                status: account.access.status.name(),
                reason: account.access.reason.map(Reason::name),
                reasons: account.access.causes.iter().map(|r| r.name()).collect(),
                since: rfc3339(user.access_at),
                offline_grace: snapshot.offline_grace,
            },
            credited_bytes,
            credited_mb,
            used_bytes,
            used_mb,
            remaining_bytes,
            remaining_mb,
            overage_bytes,
            overage_mb,
            debt_items_bytes,
            debt_items_mb,
            total_debt_bytes,
            total_debt_mb,
            expires_at: account.expires_at.map(rfc3339),
            unlimited: account.unlimited,
            exempt: account.exempt,
            approved: account.approved,
            active: account.active,
            overage: terms.overage.name(),
            debt_limit_bytes: terms.debt_limit.0,
            devices: snapshot.devices.iter().map(|(device, reached)| device_view(device, reached)).collect(),
            created_at: rfc3339(user.created_at),
            moved_from: None,
        }
    }
}

fn device_view(device: &DeviceRecord, reached: &Reached) -> DeviceView {
    DeviceView {
        mac: device.mac.to_string(),
        label: device.label.clone(),
        address: reached.address.map(|a| a.to_string()),
        online: reached.online,
        last_seen: device.seen_at.map(rfc3339),
        pending: device.pending.map(|pending| match pending {
            Pending::Baseline => "baseline",
            Pending::Unbind => "unbind",
            Pending::Move(_) => "move",
        }),
    }
}

/// A debt item.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct DebtView {
    pub id: DebtId,
    /// Null for an unlimited plan.
    pub amount_bytes: Option<u64>,
    pub amount_mb: Option<String>,
    pub paid_bytes: u64,
    pub unpaid_bytes: u64,
    /// Its own price; null is quoted by the tariff.
    pub price_rp: Option<u64>,
    /// The unpaid rest in rupiah; null when nothing on sale gives it a price.
    pub due_rp: Option<u64>,
    pub debt_date: String,
    pub due_date: String,
    pub status: &'static str,
    pub note: String,
}

impl DebtView {
    /// The view of an item that costs `due` at present.
    pub fn of(item: &DebtItem, due: Option<Rupiah>) -> Self {
        Self {
            id: item.id,
            amount_bytes: item.amount.map(|a| a.0),
            amount_mb: item.amount.map(Bytes::to_mb_string),
            paid_bytes: item.paid.0,
            unpaid_bytes: item.unpaid().0,
            price_rp: item.price.map(|p| p.0),
            due_rp: due.map(|d| d.0),
            debt_date: item.debt_date.to_string(),
            due_date: item.due_date.to_string(),
            status: item.status.name(),
            note: item.note.clone(),
        }
    }
}

/// An order.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct OrderView {
    pub id: OrderId,
    /// Null when money arrived whose user is unknown.
    pub user_id: Option<UserId>,
    pub kind: OrderKind,
    pub method: &'static str,
    pub amount_rp: u64,
    pub status: OrderState,
    pub flags: Vec<Flag>,
    pub lines: Vec<LineWire>,
    pub reference: Option<String>,
    /// The refunded amount.
    pub refunded_rp: u64,
    pub receipt: Option<u64>,
    pub cashier: Option<String>,
    pub created_at: String,
    pub paid_at: Option<String>,
    /// What the customer needs to pay online.
    #[serde(flatten)]
    pub means: PaymentMeans,
    /// When the order expires; null for a cash order.
    pub expires_at: Option<String>,
    /// With a cash payment: an online order that the user paid minutes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_just_before: Option<OrderId>,
}

impl OrderView {
    /// The view of an order of `user`.
    pub fn of(order: &OrderRecord, user: Option<UserId>) -> Self {
        Self {
            id: order.id.clone(),
            user_id: user,
            kind: order.kind,
            method: order.method.name(),
            amount_rp: order.amount.0,
            status: order.status,
            flags: order.flags.iter().copied().collect(),
            lines: order.quote.lines.iter().map(LineWire::from).collect(),
            reference: order.reference.clone(),
            refunded_rp: order.refunded.0,
            receipt: order.receipt_no,
            cashier: order.cashier.clone(),
            created_at: rfc3339(order.created_at),
            paid_at: order.paid_at.map(rfc3339),
            means: order.online.means.clone(),
            expires_at: order.online.expires_at.map(rfc3339),
            paid_just_before: None,
        }
    }
}

/// Money of one method in a closing.
#[derive(Clone, Copy, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct TurnoverView {
    pub taken_rp: u64,
    pub returned_rp: u64,
}

impl From<Turnover> for TurnoverView {
    fn from(turnover: Turnover) -> Self {
        Self { taken_rp: turnover.taken.0, returned_rp: turnover.returned.0 }
    }
}

/// A closing of the cash drawer.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct ClosingView {
    pub id: u64,
    pub at: String,
    pub cashier: String,
    /// Cash only: taken less refunded since the previous closing. Below zero when more was refunded.
    pub expected_rp: i64,
    pub counted_rp: u64,
    /// Counted less expected.
    pub difference_rp: i64,
    pub cash: TurnoverView,
    pub transfer: TurnoverView,
    pub qris_static: TurnoverView,
    /// Of every method.
    pub receipts: u64,
    pub first_receipt: Option<u64>,
    pub last_receipt: Option<u64>,
    pub note: String,
}

impl ClosingView {
    /// The view of a closing.
    pub fn of(closing: &ClosingRecord) -> Self {
        let drawer = &closing.drawer;
        Self {
            id: closing.no,
            at: rfc3339(closing.at),
            cashier: closing.cashier.clone(),
            expected_rp: drawer.expected(),
            counted_rp: closing.counted.0,
            difference_rp: drawer.difference(closing.counted),
            cash: drawer.cash.into(),
            transfer: drawer.transfer.into(),
            qris_static: drawer.qris_static.into(),
            receipts: drawer.receipts,
            first_receipt: drawer.first_receipt,
            last_receipt: drawer.last_receipt,
            note: closing.note.clone(),
        }
    }
}

/// A package.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the contract's own names")]
pub struct PackageView {
    pub id: PackageId,
    pub name: String,
    /// Null is unlimited.
    pub quota_bytes: Option<u64>,
    pub quota_mb: Option<String>,
    pub days: u32,
    pub price_rp: u64,
    pub active: bool,
}

impl PackageView {
    /// The view of a package.
    pub fn of(package: &Package) -> Self {
        Self {
            id: package.id,
            name: package.name.clone(),
            quota_bytes: package.quota.map(|q| q.0),
            quota_mb: package.quota.map(Bytes::to_mb_string),
            days: package.days,
            price_rp: package.price.0,
            active: package.active,
        }
    }
}

/// A ledger entry.
#[derive(Clone, Debug, Serialize)]
#[allow(missing_docs, reason = "the fields are the ledger's own names")]
pub struct EntryView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    pub kind: &'static str,
    pub side: &'static str,
    pub amount_bytes: u64,
    pub amount_mb: String,
    pub amount_rp: Option<u64>,
    pub debt_id: Option<DebtId>,
    pub order_id: Option<OrderId>,
    pub note: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl EntryView {
    /// The view of an entry about to be committed.
    pub fn of(entry: &Entry) -> Self {
        Self {
            seq: None,
            at: None,
            kind: entry.kind.name(),
            side: entry.side.name(),
            amount_bytes: entry.amount.0,
            amount_mb: entry.amount.to_mb_string(),
            amount_rp: entry.amount_rp.map(|rp| rp.0),
            debt_id: entry.debt,
            order_id: entry.order.clone(),
            note: entry.note.clone(),
            actor: None,
        }
    }

    /// The view of a stored entry.
    pub fn posted(line: &Posted) -> Self {
        Self {
            seq: Some(line.seq),
            at: Some(rfc3339(line.at)),
            actor: Some(line.actor.clone()),
            ..Self::of(&line.entry)
        }
    }
}

/// The answer of a reset: the user, and the entries it wrote.
#[derive(Clone, Debug, Serialize)]
pub struct ResetView {
    /// The user.
    #[serde(flatten)]
    pub user: UserView,
    /// The entries.
    pub entries: Vec<EntryView>,
}

impl ResetView {
    /// The view of a reset that wrote `entries`.
    pub fn of(snapshot: &Snapshot, policy: &Policy, entries: &[Entry]) -> Self {
        Self { user: UserView::of(snapshot, policy), entries: entries.iter().map(EntryView::of).collect() }
    }
}
