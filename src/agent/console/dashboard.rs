//! The dashboard: the state of the site on one live page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;

use super::session::AdminSession;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::http::health::{Health, Part, health};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::proof::ProofState;
use crate::agent::reports::dashboard::{Books, Figures, Turn, count};
use crate::agent::reports::debts::Owed;
use crate::clock::parse_rfc3339;
use crate::domain::order::Method;
use crate::domain::units::{Bytes, DAY_MS, Rupiah, Timestamp};
use crate::protocol::admin::values::Day;
use crate::store::Role;
use crate::store::backup::{self, last};
use crate::ui::catalogue::fill;
use crate::ui::chart::{Bar, bars};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};

/// Faults of the router that are shown one by one.
const FAULTS_SHOWN_MAX: usize = 20;
/// Age from which the last backup is worth a word.
const BACKUP_AGE_MAX_MS: i64 = 7 * DAY_MS;

/// How one part of the site is, in people's words.
pub(crate) struct PartLine {
    pub name: &'static str,
    pub badge: Badge,
    pub text: String,
    pub since: String,
    /// The program's own words, in English.
    pub details: Vec<String>,
}

/// A status and how many have it.
struct StatusLine {
    badge: Badge,
    path: String,
    users: String,
}

struct TurnLine {
    path: String,
    name: String,
    access: Badge,
    at: String,
}

struct Sums {
    total: String,
    by_method: Vec<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "console/office/dashboard.html")]
struct Page {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    /// What waits for somebody: where and what.
    waiting: Vec<(&'static str, String)>,
    parts: Vec<PartLine>,
    /// What the clock says, for the owner to vouch for it.
    confirm_clock: Option<String>,
    online: String,
    of_hosts: String,
    usage_today: String,
    income_today: Sums,
    income_month: Sums,
    debt: String,
    debt_text: String,
    unpriced: Option<String>,
    by_status: Vec<StatusLine>,
    users: String,
    turns: Vec<TurnLine>,
    usage_plot: String,
    income_plot: String,
    age_plot: String,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let counted = app.read(|engine| Ok(count(engine)?)).await?;
    let figures = app.read_history(move || counted.figures()).await?;
    let locale = &session.page_request.locale;
    let w = session.office();
    let (books, now) = (&figures.books, app.site.clock.now());
    let parts = parts(&app, locale, books.clock_trusted, now);
    let may_vouch = !books.clock_trusted && session.actor.role >= Role::Owner;
    let (frame, layout) = session.layout(session.words().dashboard, "/");
    let today = |day| day == figures.today;
    let this_month = |day: jiff::civil::Date| day.first_of_month() == figures.today.first_of_month();
    let owed = &books.owed;
    html(&Page {
        frame,
        layout,
        w,
        waiting: waiting(w, locale, books),
        parts,
        confirm_clock: may_vouch.then(|| fill(w.confirm_clock, &[&locale.moment(now)])),
        online: locale.count(books.online),
        of_hosts: fill(w.of_hosts, &[&locale.count(books.hosts)]),
        usage_today: locale.quota(figures.usage.get(&figures.today).copied().unwrap_or_default()),
        income_today: sums(locale, &figures, today),
        income_month: sums(locale, &figures, this_month),
        debt: owed.due.to_string(),
        debt_text: fill(w.debt_users, &[&locale.count(owed.users), &locale.quota(owed.bytes)]),
        unpriced: (owed.unpriced > 0).then(|| fill(w.unpriced, &[&locale.count(owed.unpriced)])),
        by_status: by_status(locale, books),
        users: locale.count(books.users),
        turns: turns(locale, books),
        usage_plot: usage_plot(w, locale, &figures),
        income_plot: income_plot(w, locale, &figures),
        age_plot: age_plot(w, owed),
    })
}

fn waiting(w: &Office, locale: &Locale, books: &Books) -> Vec<(&'static str, String)> {
    let rows = [
        ("/pembayaran?status=review", w.wait_reviews, books.reviews),
        ("/pelanggan?status=inactive", w.wait_approval, books.unapproved),
        ("/pembayaran?status=open", w.open_orders, books.open_orders),
    ];
    let there = rows.into_iter().filter(|(_, _, count)| *count > 0);
    there.map(|(path, text, count)| (path, fill(text, &[&locale.count(count)]))).collect()
}

/// Router, relay, clock, store and backup.
pub(crate) fn parts(app: &AppState, locale: &Locale, clock_trusted: bool, now: Timestamp) -> Vec<PartLine> {
    let w = Office::of(locale.language);
    let Health { mut router, relay, store, clock } = health(app, clock_trusted);
    let (faults, lists) = (app.site.cycle.faults(), app.site.cycle.lists());
    let lines: Vec<String> = faults.iter().map(|fault| fault.text(locale.language, lists)).collect();
    let more = lines.len().saturating_sub(FAULTS_SHOWN_MAX) as u64;
    router.warnings = lines.into_iter().take(FAULTS_SHOWN_MAX).collect();
    router.warnings.extend((more > 0).then(|| fill(w.faults_more, &[&locale.count(more)])));
    let text = |part: &Part, ok, degraded, down| match part.state {
        "ok" => ok,
        "degraded" => degraded,
        "off" => w.relay_off,
        _ => down,
    };
    let line = |name, part: Part, text: &str| {
        let (badge, tone) = match part.state {
            "ok" => (w.ok, Tone::Good),
            "degraded" => (w.degraded, Tone::Warn),
            "off" => (w.off, Tone::Plain),
            _ => (w.down, Tone::Bad),
        };
        let at = |text, at: Option<Timestamp>| at.map(|at| fill(text, &[&locale.moment(at)]));
        let since = match part.state {
            "ok" | "off" => None,
            _ => at(w.since, part.since)
                .into_iter()
                .chain(at(w.last_seen, part.last_success))
                .reduce(|a, b| a + "; " + &b),
        };
        let details = part.last_error.into_iter().chain(part.warnings).collect();
        let (badge, text) = (Badge::new(tone, badge), text.to_owned());
        PartLine { name, badge, text, since: since.unwrap_or_default(), details }
    };
    let says = [
        text(&router, w.router_ok, w.router_degraded, w.router_down),
        text(&relay, w.relay_ok, w.relay_degraded, w.relay_down),
        text(&clock, w.clock_ok, w.clock_degraded, w.clock_degraded),
    ];
    vec![
        line(w.router, router, says[0]),
        line(w.relay, relay, says[1]),
        line(w.clock, clock, says[2]),
        line(w.store, store, &store_text(app, locale)),
        copies(app, locale, now),
    ]
}

/// What the store's line says while nothing is wrong: a proof of the ledger that runs shows how far it is.
fn store_text(app: &AppState, locale: &Locale) -> String {
    let w = Office::of(locale.language);
    match app.site.proof.state() {
        ProofState::Waiting | ProofState::Proving => {
            let (entries, of) = app.site.proof.entries();
            fill(w.proving, &[&locale.count(entries), &locale.count(of)])
        }
        ProofState::Proved(_) => w.store_ok.to_owned(),
    }
}

/// How old the last backup is.
pub(crate) fn copies(app: &AppState, locale: &Locale, now: Timestamp) -> PartLine {
    let w = Office::of(locale.language);
    let made = last(&app.site.config.data_dir).and_then(|at| parse_rfc3339(&at));
    let (badge, tone, text) = match made {
        None => (w.degraded, Tone::Warn, w.backup_never.to_owned()),
        Some(at) if backup::is_ahead(at, now) => {
            (w.degraded, Tone::Warn, fill(w.backup_future, &[&locale.moment(at)]))
        }
        Some(at) => {
            let age_ms = now.0.saturating_sub(at.0).max(0);
            let age = locale.span(Duration::from_millis(age_ms.unsigned_abs()));
            if age_ms > BACKUP_AGE_MAX_MS {
                (w.degraded, Tone::Warn, fill(w.backup_old, &[&age]))
            } else {
                (w.ok, Tone::Good, fill(w.backup_ok, &[&age]))
            }
        }
    };
    let since = made.map(|at| locale.moment(at)).unwrap_or_default();
    let badge = Badge::new(tone, badge);
    PartLine { name: w.backup, badge, text, since, details: Vec::new() }
}

fn sums(locale: &Locale, figures: &Figures, is_wanted: impl Fn(jiff::civil::Date) -> bool) -> Sums {
    let mut by_method: BTreeMap<Method, Rupiah> = BTreeMap::new();
    for income in figures.income.iter().filter(|income| income.day.is_some_and(|day| is_wanted(day.0))) {
        if let Some(method) = income.method.as_deref().and_then(Method::from_name) {
            let sum = by_method.entry(method).or_default();
            *sum = sum.plus(income.kept());
        }
    }
    let total = by_method.values().fold(Rupiah::ZERO, |sum, amount| sum.plus(*amount));
    let name =
        |(method, amount): (Method, Rupiah)| (say::method(locale.language, method), amount.to_string());
    Sums { total: total.to_string(), by_method: by_method.into_iter().map(name).collect() }
}

fn by_status(locale: &Locale, books: &Books) -> Vec<StatusLine> {
    let line = |(status, users): (&crate::domain::access::Status, &u64)| {
        let badge = say::status(locale.language, *status);
        let path = format!("/pelanggan?status={}", status.name());
        StatusLine { badge, path, users: locale.count(*users) }
    };
    books.by_status.iter().map(line).collect()
}

fn turns(locale: &Locale, books: &Books) -> Vec<TurnLine> {
    let line = |turn: &Turn| TurnLine {
        path: format!("/pelanggan/{}", turn.user),
        name: turn.name.clone(),
        access: Badge {
            text: say::access(locale.language, &turn.access).into(),
            ..say::status(locale.language, turn.access.status)
        },
        at: locale.moment(turn.at),
    };
    books.turns.iter().map(line).collect()
}

fn usage_plot(w: &Office, locale: &Locale, figures: &Figures) -> String {
    let of = |day: &jiff::civil::Date| figures.usage.get(day).copied().unwrap_or_default();
    let bar = |day: &jiff::civil::Date| Bar {
        label: day.day().to_string(),
        told: format!("{}: {}", locale.day(*day), locale.quota(of(day))),
        value: of(day).0,
    };
    let most = figures.days.iter().map(of).max().unwrap_or(Bytes::ZERO);
    let days: Vec<Bar> = figures.days.iter().map(bar).collect();
    bars(w.usage_days, &fill(w.most, &[&locale.quota(most)]), &days)
}

fn income_plot(w: &Office, locale: &Locale, figures: &Figures) -> String {
    let of = |day: &jiff::civil::Date| {
        let that_day = figures.income.iter().filter(|income| income.day == Some(Day(*day)));
        that_day.fold(Rupiah::ZERO, |sum, income| sum.plus(income.kept()))
    };
    let bar = |day: &jiff::civil::Date| Bar {
        label: day.day().to_string(),
        told: format!("{}: {}", locale.day(*day), of(day)),
        value: of(day).0,
    };
    let most = figures.days.iter().map(of).max().unwrap_or(Rupiah::ZERO);
    let days: Vec<Bar> = figures.days.iter().map(bar).collect();
    bars(w.income_days, &fill(w.most, &[&most.to_string()]), &days)
}

/// Debt by age: what has no price is in no bar.
pub(crate) fn age_plot(w: &Office, owed: &Owed) -> String {
    let ages = [w.not_due, w.late_week, w.late_month, w.late_more, w.overage];
    let by_age = owed.by_age;
    let bar = |(name, due): (&str, Rupiah)| Bar {
        label: name.to_owned(),
        told: format!("{name}: {due}"),
        value: due.0,
    };
    let most = by_age.iter().max().copied().unwrap_or_default();
    let bars_of_ages: Vec<Bar> = ages.into_iter().zip(by_age).map(bar).collect();
    bars(w.debt_age, &fill(w.most, &[&most.to_string()]), &bars_of_ages)
}
