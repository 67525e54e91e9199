//! Answers from the engine's records: users, debts, orders, packages and ledger entries.

use super::snapshot::{Reached, Snapshot};
use crate::domain::account::Policy;
use crate::domain::debt::DebtItem;
use crate::domain::drawer::Turnover;
use crate::domain::id::UserId;
use crate::domain::ledger::{Entry, Posted};
use crate::domain::package::Package;
use crate::domain::phone;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::LineWire;
use crate::protocol::admin::closings::{ClosingView, TurnoverView};
use crate::protocol::admin::debts::DebtView;
use crate::protocol::admin::devices::{DeviceView, PendingChange};
use crate::protocol::admin::ledger::EntryView;
use crate::protocol::admin::orders::OrderView;
use crate::protocol::admin::packages::PackageView;
use crate::protocol::admin::quota::ResetView;
use crate::protocol::admin::users::{AccessView, UserView};
use crate::protocol::admin::values::{Day, Instant, Megabytes, MethodName};
use crate::store::{ClosingRecord, DeviceRecord, OrderRecord, Pending};

impl UserView {
    /// The view of a user.
    pub fn of(snapshot: &Snapshot, policy: &Policy) -> Self {
        let (user, account) = (&snapshot.user, &snapshot.user.account);
        let terms = account.terms(policy);
        let both = |bytes: Bytes| (bytes.0, Megabytes::from(bytes));
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
            customer_note: user.customer_note.clone(),
            access: AccessView {
                status: account.access.status,
                reason: account.access.reason,
                reasons: account.access.causes.clone(),
                since: Instant(user.access_at),
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
            expires_at: account.expires_at.map(Instant),
            unlimited: account.unlimited,
            exempt: account.exempt,
            approved: account.approved,
            active: account.active,
            overage: terms.overage,
            debt_limit_bytes: terms.debt_limit.0,
            devices: snapshot.devices.iter().map(|(device, reached)| device_view(device, reached)).collect(),
            created_at: Instant(user.created_at),
            moved_from: None,
        }
    }
}

fn device_view(device: &DeviceRecord, reached: &Reached) -> DeviceView {
    DeviceView {
        mac: device.mac.to_string(),
        label: device.label.clone(),
        address: reached.address,
        online: reached.online,
        last_seen: device.seen_at.map(Instant),
        pending: device.pending.map(|pending| match pending {
            Pending::Baseline => PendingChange::Baseline,
            Pending::Unbind => PendingChange::Unbind,
            Pending::Move(_) => PendingChange::Move,
        }),
    }
}

impl DebtView {
    /// The view of an item that costs `due` at present.
    pub fn of(item: &DebtItem, due: Option<Rupiah>) -> Self {
        Self {
            id: item.id,
            amount_bytes: item.amount.map(|a| a.0),
            amount_mb: item.amount.map(Megabytes::from),
            paid_bytes: item.paid.0,
            unpaid_bytes: item.unpaid().0,
            price_rp: item.price.map(|p| p.0),
            due_rp: due.map(|d| d.0),
            debt_date: Day(item.debt_date),
            due_date: Day(item.due_date),
            status: item.status,
            note: item.note.clone(),
            customer_note: item.customer_note.clone(),
        }
    }
}

impl OrderView {
    /// The view of an order of `user`.
    pub fn of(order: &OrderRecord, user: Option<UserId>) -> Self {
        Self {
            id: order.id.clone(),
            user_id: user,
            kind: order.kind,
            method: MethodName(order.method),
            amount_rp: order.amount.0,
            status: order.status,
            flags: order.flags.iter().copied().collect(),
            lines: order.quote.lines.iter().map(LineWire::from).collect(),
            reference: order.reference.clone(),
            refunded_rp: order.refunded.0,
            receipt: order.receipt_no,
            cashier: order.cashier.clone(),
            created_at: Instant(order.created_at),
            paid_at: order.paid_at.map(Instant),
            means: order.online.means.clone(),
            expires_at: order.online.expires_at.map(Instant),
            paid_just_before: None,
        }
    }
}

impl From<Turnover> for TurnoverView {
    fn from(turnover: Turnover) -> Self {
        Self { taken_rp: turnover.taken.0, returned_rp: turnover.returned.0 }
    }
}

impl ClosingView {
    /// The view of a closing.
    pub fn of(closing: &ClosingRecord) -> Self {
        let drawer = &closing.drawer;
        Self {
            id: closing.no,
            at: Instant(closing.at),
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

impl PackageView {
    /// The view of a package.
    pub fn of(package: &Package) -> Self {
        Self {
            id: package.id,
            name: package.name.clone(),
            quota_bytes: package.quota.map(|q| q.0),
            quota_mb: package.quota.map(Megabytes::from),
            days: package.days,
            price_rp: package.price.0,
            active: package.active,
        }
    }
}

impl EntryView {
    /// The view of an entry about to be committed.
    pub fn of(entry: &Entry) -> Self {
        Self {
            seq: None,
            at: None,
            kind: entry.kind,
            side: entry.side,
            amount_bytes: entry.amount.0,
            amount_mb: entry.amount.into(),
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
            at: Some(Instant(line.at)),
            actor: Some(line.actor.clone()),
            ..Self::of(&line.entry)
        }
    }
}

impl ResetView {
    /// The view of a reset that wrote `entries`.
    pub fn of<'e>(snapshot: &Snapshot, policy: &Policy, entries: impl Iterator<Item = &'e Entry>) -> Self {
        Self { user: UserView::of(snapshot, policy), entries: entries.map(EntryView::of).collect() }
    }
}
