//! One site: how it is, what its agent reports, its money by day, its orders, and what can be done to it.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::changes::state_role;
use super::menu::SITES;
use super::order_page::{OrderCursor, OrdersPage, orders_page};
use super::overview::{ConsoleDirectory, DayIncome, KeptIn, SiteOverview, income_by_day, overviews};
use super::session::OperatorSession;
use super::site_actions::SiteAction;
use super::sites::returned;
use super::state::{ConsoleState, PageAnswer};
use super::texts::{ConsoleWords, say};
use crate::domain::units::{Bytes, Timestamp};
use crate::protocol::admin::page::given;
use crate::protocol::health::{HealthReport, REPORT_TEXT_CHARS_MAX, ReportNumber, ReportedUsers};
use crate::relay::store::directory::SiteState;
use crate::relay::store::overview::PlacedOrder;
use crate::relay::store::presence::SiteReport;
use crate::tools::percent;
use crate::ui::catalogue::fill;
use crate::ui::chart::{Bar, Plot, Unit};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html, payment_methods};
use crate::web::{Path, Problem, Query};

/// `GET /lokasi/{id}`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct SiteQuery {
    #[serde(deserialize_with = "given")]
    sebelum: Option<OrderCursor>,
}

/// Something that can be done to a site, for its template.
struct ActionLink {
    href: String,
    name: &'static str,
    is_grave: bool,
}

/// A day for its template.
struct DayRow {
    day: String,
    paid: String,
    income: String,
    returned: String,
}

/// An order for its template.
struct OrderRow {
    id: String,
    opened_at: String,
    method: &'static str,
    amount: String,
    state: Badge,
    /// Marks by their stable names, which log and API have too.
    flags: String,
}

#[derive(Template)]
#[template(path = "relay/site.html")]
struct SitePage {
    frame: Frame,
    layout: Layout,
    w: &'static ConsoleWords,
    condition: Badge,
    note: Option<&'static str>,
    actions: Vec<ActionLink>,
    facts: Vec<(&'static str, String)>,
    report: Option<Vec<(&'static str, String)>>,
    router: Option<Badge>,
    store: Option<Badge>,
    plot: String,
    days_text: String,
    days: Vec<DayRow>,
    orders: Vec<OrderRow>,
    older: Option<String>,
    newest: Option<String>,
}

/// Where a site's page is.
pub(super) fn address(id: &str) -> String {
    format!("/lokasi/{}", percent::segment(id))
}

pub(super) async fn show(
    State(state): State<Arc<ConsoleState>>,
    session: OperatorSession,
    Path(id): Path<String>,
    Query(query): Query<SiteQuery>,
) -> PageAnswer {
    let site = ConsoleDirectory::read(&state).await?.site(&id)?;
    let overview = overviews(&state, vec![site]).await?.pop().ok_or_else(|| Problem::not_found("site"))?;
    let days = income_by_day(&state, &id).await?;
    let OrdersPage { items, next } = orders_page(&state, &id, query.sebelum, None).await?;
    let (locale, w, now) = (session.locale().clone(), session.words(), state.now());
    let home = address(&id);
    let (frame, layout) = session.layout(id.clone(), SITES);
    let report = overview.presence.report.as_ref();
    let page = SitePage {
        frame,
        layout,
        w,
        condition: say::condition(w, overview.condition()),
        note: (overview.site.kept_in == KeptIn::File).then_some(w.in_file_note),
        actions: actions(&session, &overview, &home),
        facts: facts(&locale, w, &overview, now),
        report: report.map(|report| report_facts(&locale, w, report, now)),
        router: report
            .and_then(|report| report.report.router.as_ref())
            .map(|router| say::router(w, router, REPORT_TEXT_CHARS_MAX)),
        store: report.and_then(|report| report.report.store.as_ref()).map(|store| say::store(w, store)),
        plot: plot(&locale, w, &days),
        days_text: fill(w.income_days_text, &[&state.zone.abbreviation(now)]),
        days: days.iter().rev().map(|day| day_row(&locale, day)).collect(),
        orders: items.iter().map(|placed| order_row(&locale, placed)).collect(),
        older: next.map(|next| format!("{home}?sebelum={next}")),
        newest: query.sebelum.map(|_| home.clone()),
    };
    html(&page)
}

fn actions(session: &OperatorSession, overview: &SiteOverview, home: &str) -> Vec<ActionLink> {
    let entry = &overview.site.entry;
    if overview.site.kept_in == KeptIn::File {
        return Vec::new();
    }
    let fitting = SiteAction::ALL.into_iter().filter(|action| {
        let role = action.wanted().map_or(super::changes::SITE_ROLE, state_role);
        action.fits(entry.state) && session.may(role)
    });
    let link = |action: SiteAction| ActionLink {
        href: format!("{home}/{}", action.segment()),
        name: action.name(session.words()),
        is_grave: action.is_grave(),
    };
    fitting.map(link).collect()
}

fn facts(
    locale: &Locale,
    w: &'static ConsoleWords,
    overview: &SiteOverview,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let SiteOverview { site, presence, figures } = overview;
    let kept_in = match site.kept_in {
        KeptIn::File => w.in_file,
        KeptIn::Database => w.in_database,
    };
    let seen = presence.last_seen_at.map_or_else(
        || w.never.to_owned(),
        |at| format!("{} ({})", say::ago(locale, at, now), locale.moment(at)),
    );
    let income = figures.income;
    let mut income_text = format!("{} ({}: {})", income.paid_rp, w.paid_orders, locale.count(income.paid));
    income_text.extend(returned(w, income).map(|returned| format!(", {returned}")));
    let mut facts = vec![(w.merchant, site.entry.merchant.clone()), (w.last_seen, seen)];
    let silent_since = presence.silent_since.filter(|_| site.entry.state == SiteState::Enabled);
    facts.extend(silent_since.map(|at| (w.silent_since, locale.moment(at))));
    facts.push((w.open_orders, locale.count(figures.open_orders)));
    facts.push((w.income_today, income_text));
    facts.push((w.reviews, locale.count(figures.reviews)));
    facts.extend(overview.lag().map(|lag| (w.lag, locale.count(lag))));
    facts.push((w.kept_in, kept_in.to_owned()));
    facts.extend(site.added_at.map(|at| (w.added, locale.moment(at))));
    facts
}

/// What the agent says, but for the states of router and ledger, which are badges.
fn report_facts(
    locale: &Locale,
    w: &'static ConsoleWords,
    report: &SiteReport,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let SiteReport { report, at, clock_ahead_ms } = report;
    let HealthReport {
        version,
        clock_ms: _,
        is_clock_trusted: _,
        uptime_s,
        router: _,
        router_version,
        cycle_age_s,
        is_dry_run,
        store: _,
        store_bytes,
        entries,
        backup_age_s,
        users,
        outbox,
        reviews,
    } = report;
    let span = |s: &ReportNumber| locale.span(Duration::from_secs(s.get()));
    let ago = |s: &ReportNumber| fill(w.ago, &[&span(s)]);
    let count = |n: &ReportNumber| locale.count(n.get());
    let yes = |is: &bool| if *is { w.yes } else { w.no }.to_owned();
    let facts = [
        Some((w.report_at, say::ago(locale, *at, now))),
        version.as_ref().map(|version| (w.version, say::reported(version))),
        clock_ahead_ms.map(|ms| (w.clock, say::clock(locale, ms))),
        uptime_s.as_ref().map(|s| (w.uptime, span(s))),
        router_version.as_ref().map(|version| (w.router_version, say::reported(version))),
        cycle_age_s.as_ref().map(|s| (w.cycle_age, ago(s))),
        is_dry_run.as_ref().map(|is| (w.dry_run, yes(is))),
        store_bytes.as_ref().map(|bytes| (w.store_bytes, locale.quota(Bytes(bytes.get())))),
        entries.as_ref().map(|n| (w.entries, count(n))),
        backup_age_s.as_ref().map(|s| (w.backup_age, ago(s))),
        users.as_ref().map(|users| (w.users, users_text(locale, w, users))),
        outbox.as_ref().map(|n| (w.outbox, count(n))),
        reviews.as_ref().map(|n| (w.agent_reviews, count(n))),
    ];
    facts.into_iter().flatten().collect()
}

fn users_text(locale: &Locale, w: &ConsoleWords, users: &ReportedUsers) -> String {
    let ReportedUsers { active, fup, habis, expired, inactive, blocked, unlimited } = users;
    let named = [
        (w.user_active, active),
        (w.user_unlimited, unlimited),
        (w.user_fup, fup),
        (w.user_habis, habis),
        (w.user_expired, expired),
        (w.user_blocked, blocked),
        (w.user_inactive, inactive),
    ];
    let said = named.into_iter().filter_map(|(text, n)| Some(fill(text, &[&locale.count((*n)?.get())])));
    said.collect::<Vec<_>>().join(", ")
}

fn plot(locale: &Locale, w: &ConsoleWords, days: &[DayIncome]) -> String {
    let bar = |day: &DayIncome| {
        let date = locale.zone.local(day.from).date;
        Bar { label: date.day().to_string(), name: locale.day(date), value: day.income.paid_rp.0 }
    };
    let bars: Vec<Bar> = days.iter().map(bar).collect();
    Plot { title: w.income_days, unit: Unit::Rupiah, bars: &bars, has_table: true }.draw(locale)
}

fn day_row(locale: &Locale, day: &DayIncome) -> DayRow {
    DayRow {
        day: locale.day_of(day.from),
        paid: locale.count(day.income.paid),
        income: day.income.paid_rp.to_string(),
        returned: day.income.returned_rp.to_string(),
    }
}

fn order_row(locale: &Locale, placed: &PlacedOrder) -> OrderRow {
    let order = &placed.order;
    let flags: Vec<&str> = order.standing.flags.iter().map(|flag| flag.name()).collect();
    OrderRow {
        id: order.id.clone(),
        opened_at: locale.moment(order.created_at),
        method: payment_methods::name(order.method).full,
        amount: order.amount.to_string(),
        state: say::order_state(locale.language, order.standing.state),
        flags: flags.join(", "),
    }
}
