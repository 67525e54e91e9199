//! History: orders, the statement, and usage by day and device.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::ToSpan;
use serde::Deserialize;

use super::home::{by_day, plot};
use super::owed::{Owed, OwedLine};
use super::pay::method_name;
use super::state::Portal;
use super::texts::{RecordWords, Words};
use super::visitor::Guest;
use crate::agent::engine::{Engine, Snapshot};
use crate::agent::http::state::Answer;
use crate::agent::reports::user_usage::{Sums, daily};
use crate::domain::id::Mac;
use crate::domain::ledger::{Book, Kind, Posted, Side};
use crate::domain::order::{CashMethod, Method, OrderKind, OrderState};
use crate::domain::units::{Bytes, Timestamp};
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::store::{OrderRecord, Page as Part};
use crate::ui::catalogue::fill;
use crate::ui::layout::see_other;
use crate::ui::{Badge, Frame, Locale, Tone, html};
use crate::web::{Problem, Query};

/// Days of usage shown.
const USAGE_DAYS: i32 = 30;

/// The part of the history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum View {
    #[default]
    Bayar,
    Mutasi,
    Pemakaian,
}

/// `GET /riwayat`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct RecordsQuery {
    lihat: View,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

#[derive(Template)]
#[template(path = "portal/records.html")]
struct Page {
    frame: Frame,
    words: &'static Words,
    record: &'static RecordWords,
    here: &'static str,
    view: View,
    owed: Vec<OwedLine>,
    is_open: bool,
    orders: Vec<OrderRow>,
    /// Usage that is no line yet: what, and how much.
    unposted: Option<(String, String)>,
    lines: Vec<LineRow>,
    usage: Option<UsageView>,
    /// The next page.
    older: Option<String>,
}

/// An order as shown.
struct OrderRow {
    path: String,
    at: String,
    what: String,
    method: &'static str,
    amount: String,
    state: Badge,
}

/// A ledger entry as shown.
struct LineRow {
    at: String,
    what: &'static str,
    note: String,
    quota: String,
    money: String,
}

/// Usage of the last days.
struct UsageView {
    title: String,
    plot: String,
    by_device: Vec<(String, String)>,
    by_day: Vec<(String, String)>,
}

/// The data of the page.
enum RecordsData {
    Orders(List<(i64, OrderRecord)>, Box<Owed>),
    Lines(List<Posted>, Bytes),
    Usage(Vec<(jiff::civil::Date, Bytes)>, Vec<(String, Bytes)>),
}

/// `GET /riwayat`.
pub(super) async fn show(
    State(portal): State<Arc<Portal>>,
    Query(asked): Query<RecordsQuery>,
    guest: Guest,
) -> Answer {
    let RecordsQuery { lihat: view, after } = asked;
    let seen = portal.look_at(&guest, move |engine, customer| see(engine, &customer, view, after));
    let Some(seen) = seen.await? else { return Ok(see_other("/")) };
    html(&page(&portal, &guest, view, seen))
}

fn see(
    engine: &mut Engine,
    customer: &Snapshot,
    view: View,
    after: Option<Cursor>,
) -> Result<RecordsData, Problem> {
    let (no, limit) = (customer.user.no, PageLimit::default());
    let part = Part { limit: limit.rows_and_one(), after: after.map(|cursor| cursor.0) };
    Ok(match view {
        View::Bayar => {
            let orders = engine.reader().orders(Some(no), part)?;
            let owed = Owed::of(&engine.read_view(), &customer.user.account);
            RecordsData::Orders(List::of(orders, limit, |(no, _)| *no), Box::new(owed))
        }
        View::Mutasi => {
            let lines = engine.reader().statement(no, part)?;
            let lines = List::of(lines, limit, |line| i64::try_from(line.seq).unwrap_or(i64::MAX));
            // The newest page ends with what is not in the ledger yet, so that its sum is the quota left.
            let open = if after.is_none() { customer.user.account.open_usage } else { Bytes::ZERO };
            RecordsData::Lines(lines, open)
        }
        View::Pemakaian => RecordsData::Usage(by_day(engine, no, USAGE_DAYS)?, by_device(engine, customer)?),
    })
}

/// Usage of each device in the same days, largest first.
fn by_device(engine: &Engine, customer: &Snapshot) -> Result<Vec<(String, Bytes)>, Problem> {
    let (zone, now) = (engine.zone(), engine.now());
    let first = zone.local(now).date.saturating_sub((USAGE_DAYS - 1).days());
    let mut sums = Sums::new();
    daily(engine, customer.user.no, (zone.day_start(first), Timestamp(now.0 + 1)), &mut sums)?;
    let mut of_device: BTreeMap<Mac, Bytes> = BTreeMap::new();
    for ((_, mac), (bytes, _)) in sums {
        let sum = of_device.entry(mac).or_default();
        *sum = sum.plus(bytes);
    }
    let name = |mac: Mac| {
        let known = customer.devices.iter().find(|(device, _)| device.mac == mac);
        let label = known.map(|(device, _)| device.label.clone()).filter(|label| !label.is_empty());
        label.unwrap_or_else(|| mac.to_string())
    };
    let mut all: Vec<(String, Bytes)> =
        of_device.into_iter().map(|(mac, bytes)| (name(mac), bytes)).collect();
    all.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    Ok(all)
}

fn page(portal: &Portal, guest: &Guest, view: View, seen: RecordsData) -> Page {
    let (words, locale) = (guest.words(), guest.locale());
    let record = RecordWords::of(locale.language);
    let mut page = Page {
        frame: guest.frame(words.records),
        words,
        record,
        here: "/riwayat",
        view,
        owed: Vec::new(),
        is_open: portal.site.payments.link().is_ok(),
        orders: Vec::new(),
        unposted: None,
        lines: Vec::new(),
        usage: None,
        older: None,
    };
    let older =
        |name: &str, next: Option<String>| next.map(|next| format!("/riwayat?lihat={name}&after={next}"));
    match seen {
        RecordsData::Orders(list, owed) => {
            page.owed = owed.lines(words, locale);
            page.older = older("bayar", list.next);
            let row = |(_, order): (i64, OrderRecord)| order_row(&order, portal, record, locale);
            page.orders = list.items.into_iter().map(row).collect();
        }
        RecordsData::Lines(list, open) => {
            page.older = older("mutasi", list.next);
            page.unposted = (!open.is_zero()).then(|| unposted(&list.items, open, record, locale));
            page.lines = list.items.iter().map(|line| line_row(line, record, locale)).collect();
        }
        RecordsData::Usage(days, devices) => page.usage = Some(usage_view(&days, devices, words, locale)),
    }
    page
}

/// What an order is for.
pub(super) fn what_for(order: &OrderRecord, record: &RecordWords) -> String {
    let package = order.quote.lines.first().map(|line| line.name.as_str()).unwrap_or_default();
    match order.kind {
        OrderKind::Purchase => fill(record.kind_purchase, &[package]),
        OrderKind::SettleAll => record.kind_settle_all.to_owned(),
        OrderKind::SettleItem => record.kind_settle_item.to_owned(),
        OrderKind::PartPayment => record.kind_part.to_owned(),
    }
}

fn order_row(order: &OrderRecord, portal: &Portal, record: &RecordWords, locale: &Locale) -> OrderRow {
    let (state, tone) = match order.status {
        OrderState::Created | OrderState::Pending | OrderState::Challenge => (record.state_open, Tone::Warn),
        OrderState::Paid => (record.state_paid, Tone::Good),
        OrderState::Review => (record.state_review, Tone::Warn),
        OrderState::PartiallyRefunded => (record.state_part_returned, Tone::Warn),
        OrderState::Refunded | OrderState::ChargedBack | OrderState::Reversed => {
            (record.state_returned, Tone::Plain)
        }
        OrderState::Cancelled => (record.state_cancelled, Tone::Plain),
        OrderState::Expired => (record.state_expired, Tone::Plain),
        OrderState::Denied | OrderState::Failed => (record.state_failed, Tone::Plain),
    };
    OrderRow {
        path: portal.status_path(&order.id),
        at: locale.moment(order.paid_at.unwrap_or(order.created_at)),
        what: what_for(order, record),
        method: match order.method {
            Method::Cash(CashMethod::Cash) => record.counter,
            Method::Cash(CashMethod::Transfer) => record.transfer,
            Method::Cash(CashMethod::QrisStatic) => record.printed,
            online @ Method::Online(_) => method_name(online),
        },
        amount: order.amount.to_string(),
        state: Badge::new(tone, state),
    }
}

/// Usage that is no line of the ledger yet, since the last such line.
fn unposted(lines: &[Posted], open: Bytes, record: &RecordWords, locale: &Locale) -> (String, String) {
    let last = lines.iter().find(|line| matches!(line.entry.kind, Kind::Usage | Kind::Closing));
    let text = last.map_or_else(
        || record.line_unposted.to_owned(),
        |line| fill(record.line_unposted_since, &[&locale.moment(line.at)]),
    );
    (text, format!("−{}", locale.quota(open)))
}

fn line_row(line: &Posted, record: &RecordWords, locale: &Locale) -> LineRow {
    let entry = &line.entry;
    let sign = if entry.side == Side::Credit { "+" } else { "−" };
    // Entries of the other book are owed or paid, not granted or taken.
    let sign = if entry.kind.book() == Book::Quota { sign } else { "" };
    // Reasons and notes by the owner are for the owner; names of purchased packages are for the customer.
    let is_told = matches!(entry.kind, Kind::Purchase);
    LineRow {
        at: locale.moment(line.at),
        what: line_name(entry.kind, record),
        note: if is_told { entry.note.clone() } else { String::new() },
        quota: if entry.amount.is_zero() {
            String::new()
        } else {
            format!("{sign}{}", locale.quota(entry.amount))
        },
        money: entry.amount_rp.map(|rp| rp.to_string()).unwrap_or_default(),
    }
}

fn line_name(kind: Kind, record: &RecordWords) -> &'static str {
    match kind {
        Kind::Usage => record.line_usage,
        Kind::Purchase => record.line_purchase,
        Kind::Grant => record.line_grant,
        Kind::Advance => record.line_advance,
        Kind::OveragePaid => record.line_overage_paid,
        Kind::Surplus => record.line_surplus,
        Kind::Correction => record.line_correction,
        Kind::Closing => record.line_closing,
        Kind::DebtGranted => record.line_debt_granted,
        Kind::DebtPaid => record.line_debt_paid,
        Kind::WrittenOff => record.line_written_off,
        Kind::Reversal => record.line_reversal,
        Kind::DebtReopened => record.line_debt_reopened,
    }
}

fn usage_view(
    days: &[(jiff::civil::Date, Bytes)],
    devices: Vec<(String, Bytes)>,
    words: &Words,
    locale: &Locale,
) -> UsageView {
    let title = fill(words.usage, &[&USAGE_DAYS.to_string()]);
    let used = days.iter().rev().filter(|(_, bytes)| !bytes.is_zero());
    UsageView {
        plot: plot(&title, days, locale, true),
        by_device: devices.into_iter().map(|(name, bytes)| (name, locale.quota(bytes))).collect(),
        by_day: used.map(|(day, bytes)| (locale.day(*day), locale.quota(*bytes))).collect(),
        title,
    }
}
