//! The border between the product and its auditor: the product's values as plain numbers and texts.

use std::collections::BTreeSet;

use kuota::agent::engine::{Engine, EngineError};
use kuota::agent::site::SiteError;
use kuota::clock::{Clock, ManualClock, parse_rfc3339};
use kuota::domain::account::{Account, Expiry, Overage, Policy};
use kuota::domain::debt::DebtItem;
use kuota::domain::listing::{BindingKind, List};
use kuota::domain::units::day_number;
use kuota::protocol::LineWire;
use kuota::protocol::relay::{FeedItem, Memo, RelayOrder};
use kuota::store::DeviceRecord;

use crate::auditor::{FeedLine, Line, Mode, Pi, Seen, SeenDevice, SeenItem, SeenUser, Site, Told};

/// Everything that the engine holds true, as the auditor sees it.
pub fn seen(engine: &mut Engine) -> Seen {
    let (open, cursor, openings) = (engine.open_orders(), engine.cursor().seq, engine.pending_orders().len());
    let look = engine.read_view();
    let users = look.users_after(0).map(|user| {
        let id = user.account.id.to_string();
        let orders = open.iter().filter(|order| order.user == user.account.id);
        let mut seen = seen_account(&user.account);
        seen.open_orders = orders.map(|order| order.order.0.clone()).collect();
        seen.devices = look.snapshot(user).devices.iter().map(|(device, _)| seen_device(device)).collect();
        (id, seen)
    });
    Seen { users: users.collect(), cursor, openings }
}

fn seen_account(account: &Account) -> SeenUser {
    let access = &account.access;
    SeenUser {
        approved: account.approved,
        active: account.active,
        exempt: account.exempt,
        blocked: account.admin_block.is_some(),
        unlimited: account.unlimited,
        expires: account.expires_at.map(|at| at.0),
        waiting_days: account.waiting_days,
        credits: account.balance.credits.0,
        debits: account.balance.debits.0,
        used: account.used.0,
        tank: account.fup_base.0,
        items: account.items.iter().filter(|item| item.is_open()).map(seen_item).collect(),
        access: (access.status.name().to_owned(), access.reason.map(|reason| reason.name().to_owned())),
        devices: BTreeSet::new(),
        open_orders: BTreeSet::new(),
    }
}

fn seen_item(item: &DebtItem) -> SeenItem {
    SeenItem {
        id: item.id.to_string(),
        amount: item.amount.map(|amount| amount.0),
        paid: item.paid.0,
        price: item.price.map(|price| price.0),
        paid_rp: item.paid_rp.0,
        due: day_number(item.due_date),
    }
}

fn seen_device(device: &DeviceRecord) -> SeenDevice {
    let counters = device.counters.iter();
    SeenDevice {
        mac: device.mac.to_string(),
        waits: device.pending.is_some(),
        counters: counters.map(|counter| (counter.row.0.clone(), counter.bytes, counter.counts)).collect(),
    }
}

/// The owner's rules.
pub fn site(policy: &Policy) -> Site {
    Site {
        mode: mode(policy.overage),
        limit: policy.debt_limit.0,
        fup: policy.fup_threshold.0,
        grace_days: i64::from(policy.overdue.grace_days),
        block_minute: i64::from(policy.overdue.block_from_minute),
        rounding_rp: policy.price_rounding.0,
        extends: policy.expiry == Expiry::Extend,
        pay_window_ms: i64::try_from(policy.pay_window_ms).expect("minutes"),
        devices_max: policy.max_devices_per_user as usize,
    }
}

pub fn mode(overage: Overage) -> Mode {
    match overage {
        Overage::Stop => Mode::Stop,
        Overage::Debt => Mode::Debt,
    }
}

/// The machine's clocks.
pub fn pi(clock: &ManualClock) -> Pi {
    Pi {
        now: clock.now().0,
        uptime: i64::try_from(clock.uptime().as_millis()).expect("less than ages"),
        boot: clock.boot_id(),
        synchronized: clock.synchronized_at().map(|at| at.0),
    }
}

pub fn list_name(list: List) -> &'static str {
    match list {
        List::Active => "aktif",
        List::Fup => "fup",
        List::Habis => "habis",
        List::Expired => "expired",
        List::Inactive => "inactive",
        List::Blocked => "blocked",
    }
}

pub fn binding_name(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Regular => "regular",
        BindingKind::Bypassed => "bypassed",
        BindingKind::Blocked => "blocked",
    }
}

pub fn told(order: &RelayOrder) -> Told {
    Told {
        order: order.order_id.clone(),
        amount: order.amount_rp,
        status: order.status.name().to_owned(),
        flags: order.flags.iter().map(|flag| flag.name().to_owned()).collect(),
    }
}

pub fn feed_line(item: &FeedItem) -> FeedLine {
    let memo = item.memo.as_ref().and_then(|raw| serde_json::from_str::<Memo>(raw.get()).ok());
    let effect = serde_json::to_value(item.effect).expect("a word");
    FeedLine {
        event: item.event_id.clone(),
        order: item.order_id.clone(),
        request: item.request_id.clone(),
        effect: effect.as_str().expect("a word").to_owned(),
        status: item.status.name().to_owned(),
        flags: item.flags.iter().map(|flag| flag.name().to_owned()).collect(),
        amount: item.amount_rp,
        refunded: item.refunded_rp,
        memo: memo.and_then(|memo| {
            let at = parse_rfc3339(&memo.at)?.0;
            Some((memo.user.to_string(), at, memo.lines.iter().map(line).collect()))
        }),
    }
}

fn line(wire: &LineWire) -> Line {
    match wire {
        LineWire::Package { package_id, bytes, unlimited, days, price_rp, .. } => Line::Package {
            id: package_id.to_string(),
            unlimited: *unlimited,
            days: *days,
            bytes: *bytes,
            price: *price_rp,
        },
        LineWire::Debt { debt_id, bytes, full_price_rp, price_rp, .. } => {
            Line::Debt { id: debt_id.to_string(), full: *full_price_rp, bytes: *bytes, price: *price_rp }
        }
        LineWire::Overage { bytes, price_rp } => Line::Overage { bytes: *bytes, price: *price_rp },
    }
}

/// The stable code of a refusal.
pub fn code(error: &SiteError) -> String {
    match error {
        SiteError::Engine(EngineError::Refused(refusal)) => refusal.code().to_owned(),
        SiteError::Engine(EngineError::Conflict { code, .. }) => (*code).to_owned(),
        SiteError::Engine(EngineError::NotFound(_)) => "not_found".to_owned(),
        SiteError::Engine(EngineError::RouterNeeded(_)) => "router_needed".to_owned(),
        SiteError::Engine(EngineError::Invalid { field, .. }) => format!("invalid {field}"),
        SiteError::Relay(_) => "relay".to_owned(),
        error => format!("failed: {error}"),
    }
}
