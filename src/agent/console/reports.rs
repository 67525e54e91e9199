//! Reports over a range of days: sums, a plot, and CSV for spreadsheets.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;

use super::session::AdminSession;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::collection::ranked;
use crate::agent::reports::debts as owed;
use crate::agent::reports::sales as sold;
use crate::agent::reports::span::{Days, Span};
use crate::agent::reports::usage::Source;
use crate::domain::id::UserId;
use crate::domain::order::Method;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::page::{Cursor, ListBuilder, PageLimit, given};
use crate::protocol::admin::reports::{CallReason, CallView, DebtTotalsView, OwesView, SalesSumView};
use crate::protocol::admin::values::Day;
use crate::ui::catalogue::fill;
use crate::ui::chart::{Bar, Plot, Unit};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};
use crate::web::{Problem, Query};

/// Spans of more days than this are summed by month.
const DAILY_DAYS_MAX: i32 = 62;
/// Users of a report about everybody.
const USERS_MAX: usize = 50;

/// `GET /laporan/…`. Dates come as a browser's field writes them; one that cannot be read is reported.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    from: String,
    to: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

impl Ask {
    fn span(&self) -> Result<Span, ()> {
        let day = |text: &str| {
            let day = (!text.is_empty()).then(|| serde_json::from_value::<Day>(text.into()));
            day.transpose().map(|day| day.map(|day| day.0)).map_err(drop)
        };
        Ok(Span { from: day(&self.from)?, to: day(&self.to)? })
    }

    fn read(&self) -> Result<Span, Problem> {
        self.span().map_err(|()| Problem::invalid("from", "is no day"))
    }

    /// The days that it names, or this month.
    pub fn days(&self, today: Date) -> Result<Days, Problem> {
        Ok(self.read()?.days(today)?)
    }

    /// The days, where it names any.
    pub fn given(&self, today: Date) -> Result<Option<Days>, Problem> {
        Ok(self.read()?.given(today)?)
    }
}

/// A link that is a tab or a span.
struct Choice {
    path: String,
    name: &'static str,
    is_here: bool,
}

/// What is shown above every report.
struct Head {
    tabs: Vec<Choice>,
    spans: Vec<Choice>,
    path: &'static str,
    from: String,
    to: String,
    span: String,
    csv: String,
    /// The same for a spreadsheet.
    excel: String,
    complaint: Option<&'static str>,
}

/// Where a report is, its name, and its name in the API.
type Tab = (&'static str, fn(&Office) -> &'static str, &'static str);

const TABS: [Tab; 4] = [
    ("/laporan", |w| w.sales, "sales"),
    ("/laporan/tagihan", |w| w.debts, "debts"),
    ("/laporan/pemakaian", |w| w.usage, "usage"),
    ("/laporan/penagihan", |w| w.collection, "collection"),
];

/// Where each report is a table for a spreadsheet.
const FILES: [&str; 4] = ["/unduh/penjualan", "/unduh/tagihan", "/unduh/pemakaian", "/unduh/penagihan"];

/// The days that a report shows, and what is shown above it. Days that cannot be used are reported and become this month.
struct ReportQuery {
    days: Days,
    /// The days, where somebody named any.
    given: Option<Days>,
    today: Date,
    complaint: Option<&'static str>,
}

impl ReportQuery {
    async fn of(app: &AppState, w: &'static Office, ask: &Ask) -> Result<Self, Problem> {
        let today = app.read(|engine| Ok(engine.read_view().facts.local.date)).await?;
        let span = ask.span().ok().filter(|span| span.days(today).is_ok());
        let complaint = span.is_none().then_some(w.bad_span);
        let span = span.unwrap_or_default();
        let (days, given) = (span.days(today)?, span.given(today)?);
        Ok(Self { days, given, today, complaint })
    }

    /// The head of a report that has a span anyway, or only where one was named.
    fn head(&self, locale: &Locale, at: usize, has_span: bool) -> Head {
        let w = Office::of(locale.language);
        let (path, _, name) = TABS[at];
        let tab = |(path, name, _): &(&str, fn(&Office) -> &'static str, &str)| Choice {
            path: (*path).to_owned(),
            name: name(w),
            is_here: *path == TABS[at].0,
        };
        let shown = if has_span { Some(self.days) } else { self.given };
        let query = shown.map(|days| format!("from={}&to={}&", days.from, days.to)).unwrap_or_default();
        let text = |day: fn(Days) -> Date| shown.map(|days| day(days).to_string()).unwrap_or_default();
        Head {
            tabs: TABS.iter().map(tab).collect(),
            spans: if has_span { self.spans(w, path) } else { Vec::new() },
            path,
            from: text(|days| days.from),
            to: text(|days| days.to),
            span: match shown {
                Some(days) => fill(w.span, &[&locale.day(days.from), &locale.day(days.to)]),
                None => fill(w.as_of, &[&locale.day(self.today)]),
            },
            csv: format!("/api/v1/reports/{name}?{query}format=csv"),
            excel: format!("{}?{}", FILES[at], query.trim_end_matches('&')),
            complaint: self.complaint,
        }
    }

    /// Spans that are asked for most.
    fn spans(&self, w: &Office, path: &str) -> Vec<Choice> {
        let today = self.today;
        let before = today.first_of_month().saturating_sub(1.day());
        let yesterday = today.saturating_sub(1.day());
        let rows = [
            (w.today, today, today),
            (w.yesterday, yesterday, yesterday),
            (w.this_month, today.first_of_month(), today.last_of_month()),
            (w.last_month, before.first_of_month(), before),
            (w.this_year, today.first_of_year(), today.last_of_year()),
        ];
        let choice = |(name, from, to): (&'static str, Date, Date)| Choice {
            path: format!("{path}?from={from}&to={to}"),
            name,
            is_here: (from, to) == (self.days.from, self.days.to),
        };
        rows.into_iter().map(choice).collect()
    }
}

/// A sum in a table.
pub(super) struct SumRow {
    pub name: String,
    pub orders: String,
    pub amount: String,
    pub refunded: String,
}

#[derive(Template)]
#[template(path = "console/office/sales.html")]
struct SalesPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    head: Head,
    totals: SumRow,
    /// What was taken without what was given back.
    kept: String,
    by_slot_title: &'static str,
    by_slot: Vec<SumRow>,
    by_method: Vec<SumRow>,
    by_cashier: Vec<SumRow>,
    plot: String,
}

/// `GET /laporan`.
pub(crate) async fn sales(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let (locale, w) = (&session.page_request.locale, session.office());
    let asked = ReportQuery::of(&app, w, &ask).await?;
    let days = asked.days;
    let (reader, zone) = app.read(|engine| Ok((engine.new_reader()?, engine.zone().clone()))).await?;
    let report = app.read_history(move || sold::sums(&reader, &zone, days)).await?;
    let is_daily = is_daily(asked.days);
    let slots = by_slot(&report, is_daily);
    let totals = SalesSumView::total(&report);
    let (frame, layout) = session.layout(w.reports, "/laporan");
    html(&SalesPage {
        frame,
        layout,
        w,
        head: asked.head(locale, 0, true),
        kept: totals.kept().to_string(),
        totals: sum_row(locale, w.sum.to_owned(), &totals),
        by_slot_title: if is_daily { w.by_day } else { w.by_month },
        by_slot: slots
            .iter()
            .map(|(slot, sum)| sum_row(locale, slot_name(locale, *slot, is_daily), sum))
            .collect(),
        by_method: grouped(&report, |sum| sum.method.clone().unwrap_or_default())
            .into_iter()
            .map(|(name, sum)| sum_row(locale, method_name(locale, &name), &sum))
            .collect(),
        by_cashier: grouped(&report, |sum| {
            sum.cashier.clone().unwrap_or_else(|| w.online_cashier.to_owned())
        })
        .into_iter()
        .map(|(name, sum)| sum_row(locale, name, &sum))
        .collect(),
        plot: sales_plot(w, locale, &slots, asked.days, is_daily),
    })
}

fn is_daily(days: Days) -> bool {
    (days.to - days.from).get_days() <= DAILY_DAYS_MAX
}

/// The slot of a day: itself, or the first of its month.
fn slot(day: Date, is_daily: bool) -> Date {
    if is_daily { day } else { day.first_of_month() }
}

fn slot_name(locale: &Locale, slot: Date, is_daily: bool) -> String {
    let name = locale.day(slot);
    if is_daily { name } else { name.split_once(' ').map_or(name.clone(), |(_, month)| month.to_owned()) }
}

/// Every slot of a span, the oldest first.
fn slots(days: Days, is_daily: bool) -> Vec<Date> {
    let step =
        |day: &Date| if is_daily { day.saturating_add(1.day()) } else { day.saturating_add(1.month()) };
    std::iter::successors(Some(slot(days.from, is_daily)), |day| Some(step(day)))
        .take_while(|day| *day <= days.to)
        .collect()
}

pub(super) fn grouped(
    report: &[SalesSumView],
    name: impl Fn(&SalesSumView) -> String,
) -> BTreeMap<String, SalesSumView> {
    let mut sums: BTreeMap<String, SalesSumView> = BTreeMap::new();
    for item in report {
        sums.entry(name(item)).or_default().add(item);
    }
    sums
}

pub(super) fn by_slot(report: &[SalesSumView], is_daily: bool) -> BTreeMap<Date, SalesSumView> {
    let mut sums: BTreeMap<Date, SalesSumView> = BTreeMap::new();
    for item in report {
        if let Some(Day(day)) = item.day {
            sums.entry(slot(day, is_daily)).or_default().add(item);
        }
    }
    sums
}

pub(super) fn method_name(locale: &Locale, name: &str) -> String {
    Method::from_name(name)
        .map_or_else(|| name.to_owned(), |method| say::method(locale.language, method).to_owned())
}

pub(super) fn sum_row(locale: &Locale, name: String, sum: &SalesSumView) -> SumRow {
    let refunded = if sum.refunded_rp == 0 { String::new() } else { Rupiah(sum.refunded_rp).to_string() };
    SumRow { name, orders: locale.count(sum.orders), amount: Rupiah(sum.amount_rp).to_string(), refunded }
}

/// Labels for so many bars that all of them would not fit.
fn label(at: usize, all: usize, slot: Date, is_daily: bool) -> String {
    let every = all.div_ceil(16).max(1);
    let number = if is_daily { slot.day() } else { slot.month() };
    if at.is_multiple_of(every) { number.to_string() } else { String::new() }
}

pub(super) fn sales_plot(
    w: &Office,
    locale: &Locale,
    sums: &BTreeMap<Date, SalesSumView>,
    days: Days,
    is_daily: bool,
) -> String {
    let slots = slots(days, is_daily);
    let of = |slot: &Date| sums.get(slot).map_or(Rupiah::ZERO, SalesSumView::kept);
    let bar = |(at, slot): (usize, &Date)| Bar {
        label: label(at, slots.len(), *slot, is_daily),
        name: slot_name(locale, *slot, is_daily),
        value: of(slot).0,
    };
    let bars: Vec<Bar> = slots.iter().enumerate().map(bar).collect();
    Plot { title: w.sales, unit: Unit::Rupiah, bars: &bars, has_table: true }.draw(locale)
}

#[derive(Template)]
#[template(path = "console/office/usage.html")]
struct UsagePage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    head: Head,
    total: String,
    lost: Option<String>,
    by_slot_title: &'static str,
    by_slot: Vec<(String, String)>,
    heaviest: Vec<(String, String, String)>,
    plot: String,
}

/// `GET /laporan/pemakaian`.
pub(crate) async fn usage(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let (locale, w) = (&session.page_request.locale, session.office());
    let asked = ReportQuery::of(&app, w, &ask).await?;
    let days = asked.days;
    let source = app.read(move |engine| Ok(Source::of(engine, days)?)).await?;
    let lost = (!source.lost.is_empty()).then(|| fill(w.usage_lost, &[&source.lost.join(", ")]));
    let (by_day, heaviest) = app.read_history(move || source.by_day_and_user(USERS_MAX)).await?;
    let heaviest = app.read(move |engine| Ok(named(engine, heaviest))).await?;
    let is_daily = is_daily(days);
    let mut sums: BTreeMap<Date, Bytes> = BTreeMap::new();
    for (day, bytes) in &by_day {
        let sum = sums.entry(slot(*day, is_daily)).or_default();
        *sum = sum.plus(*bytes);
    }
    let total = by_day.values().fold(Bytes::ZERO, |sum, bytes| sum.plus(*bytes));
    let (frame, layout) = session.layout(w.reports, "/laporan");
    html(&UsagePage {
        frame,
        layout,
        w,
        head: asked.head(locale, 2, true),
        total: locale.quota(total),
        lost,
        by_slot_title: if is_daily { w.by_day } else { w.by_month },
        by_slot: sums
            .iter()
            .map(|(slot, bytes)| (slot_name(locale, *slot, is_daily), locale.quota(*bytes)))
            .collect(),
        heaviest: heaviest
            .into_iter()
            .map(|(user, name, bytes)| (format!("/pelanggan/{user}"), name, locale.quota(bytes)))
            .collect(),
        plot: usage_plot(w, locale, &sums, days, is_daily),
    })
}

/// Id and name of each user that is not deleted.
fn named(engine: &Engine, users: Vec<(u32, Bytes)>) -> Vec<(UserId, String, Bytes)> {
    let look = engine.read_view();
    let name = |(no, bytes)| look.user_no(no).map(|user| (user.account.id, user.name.clone(), bytes));
    users.into_iter().filter_map(name).collect()
}

fn usage_plot(
    w: &Office,
    locale: &Locale,
    sums: &BTreeMap<Date, Bytes>,
    days: Days,
    is_daily: bool,
) -> String {
    let slots = slots(days, is_daily);
    let of = |slot: &Date| sums.get(slot).copied().unwrap_or_default();
    let bar = |(at, slot): (usize, &Date)| Bar {
        label: label(at, slots.len(), *slot, is_daily),
        name: slot_name(locale, *slot, is_daily),
        value: of(slot).0,
    };
    let bars: Vec<Bar> = slots.iter().enumerate().map(bar).collect();
    Plot { title: w.usage, unit: Unit::Bytes, bars: &bars, has_table: true }.draw(locale)
}

/// Somebody who owes, in a table.
struct OweRow {
    path: String,
    name: String,
    phone: String,
    items: String,
    bytes: String,
    due: String,
    note: String,
}

#[derive(Template)]
#[template(path = "console/office/debts.html")]
struct DebtsPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    head: Head,
    total: String,
    total_text: String,
    unpriced: Option<String>,
    rows: Vec<OweRow>,
    next: Option<String>,
    ages: super::dashboard::Ages,
}

fn due(w: &Office, due_rp: Option<u64>) -> String {
    due_rp.map_or_else(|| w.no_price.to_owned(), |due| Rupiah(due).to_string())
}

fn owe_row(w: &Office, locale: &Locale, owes: OwesView) -> OweRow {
    let late = owes.debts.iter().map(|debt| debt.late_days).max().filter(|days| *days > 0);
    OweRow {
        path: format!("/pelanggan/{}", owes.user_id),
        name: owes.name,
        phone: owes.phone.unwrap_or_default(),
        items: locale.count(owes.debts.len() as u64),
        bytes: locale.quota(Bytes(owes.unpaid_bytes.saturating_add(owes.overage_bytes))),
        due: due(w, owes.due_rp),
        note: late.map(|days| fill(w.late, &[&days.to_string()])).unwrap_or_default(),
    }
}

/// The address of the next page of a report in memory.
fn next_page(head: &Head, next: Option<String>) -> Option<String> {
    next.map(|next| format!("{}?from={}&to={}&after={next}", head.path, head.from, head.to))
}

/// `GET /laporan/tagihan`.
pub(crate) async fn debts(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let (locale, w) = (&session.page_request.locale, session.office());
    let asked = ReportQuery::of(&app, w, &ask).await?;
    let (given, today) = (asked.given, asked.today);
    let after = ask.after;
    let (page, totals, all) = app
        .read(move |engine| {
            let look = engine.read_view();
            let mut all = owed::Owed::default();
            look.with_context(|ctx| {
                let tariff = ctx.tariff();
                look.users_after(0).for_each(|user| all.add(&user.account, &tariff, today));
            });
            let (mut totals, mut pages) =
                (DebtTotalsView::default(), ListBuilder::new(PageLimit::default(), after));
            owed::each(&look, given, |owes| {
                totals.add(&owes);
                pages.add(owes);
            });
            Ok((pages.list(), totals, all))
        })
        .await?;
    let head = asked.head(locale, 1, false);
    let bytes = Bytes(totals.unpaid_bytes.saturating_add(totals.overage_bytes));
    let (frame, layout) = session.layout(w.reports, "/laporan");
    html(&DebtsPage {
        frame,
        layout,
        w,
        total: Rupiah(totals.due_rp).to_string(),
        total_text: fill(w.debt_users, &[&locale.count(totals.users), &locale.quota(bytes)]),
        unpriced: (totals.unpriced > 0).then(|| fill(w.unpriced, &[&locale.count(totals.unpriced)])),
        next: next_page(&head, page.next),
        rows: page.items.into_iter().map(|owes| owe_row(w, locale, owes)).collect(),
        ages: super::dashboard::Ages::of(w, &all),
        head,
    })
}

/// Somebody to be called.
struct CallRow {
    path: String,
    name: String,
    phone: String,
    state: Badge,
    due_date: String,
    bytes: String,
    due: String,
}

#[derive(Template)]
#[template(path = "console/office/collection.html")]
struct CollectionPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    head: Head,
    total: String,
    rows: Vec<CallRow>,
    next: Option<String>,
}

fn call_row(w: &Office, locale: &Locale, call: CallView) -> CallRow {
    let (tone, state) = match call.state {
        CallReason::Stopped => (Tone::Bad, w.stopped),
        CallReason::Overdue => (Tone::Warn, w.overdue),
        CallReason::DueSoon => (Tone::Plain, w.due_soon),
    };
    let date = call.due_date.map(|day| day.0);
    CallRow {
        path: format!("/pelanggan/{}", call.user_id),
        name: call.name,
        phone: call.phone.unwrap_or_default(),
        state: Badge::new(tone, state),
        due_date: date.map(|date| locale.day(date)).unwrap_or_default(),
        bytes: locale.quota(Bytes(call.total_debt_bytes)),
        due: due(w, call.amount_rp),
    }
}

/// `GET /laporan/penagihan`.
pub(crate) async fn collection(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let (locale, w) = (&session.page_request.locale, session.office());
    let asked = ReportQuery::of(&app, w, &ask).await?;
    let given = asked.given;
    let after = ask.after;
    let look = move |engine: &mut Engine| {
        let look = engine.read_view();
        let ranked = ranked(&look, given);
        let totals = ranked.totals.clone();
        Ok((ranked.page(&look, given, PageLimit::default(), after), totals))
    };
    let (page, totals) = app.read(look).await?;
    let head = asked.head(locale, 3, false);
    let (frame, layout) = session.layout(w.reports, "/laporan");
    html(&CollectionPage {
        frame,
        layout,
        w,
        total: Rupiah(totals.amount_rp).to_string(),
        next: next_page(&head, page.next),
        rows: page.items.into_iter().map(|call| call_row(w, locale, call)).collect(),
        head,
    })
}
