//! The dashboard: the state of the site on one live page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;

use super::session::AdminSession;
use super::version;
use super::{doctor, help, orphans};
use crate::agent::console::texts::doctor::DoctorWords;
use crate::agent::console::texts::help::HelpDeskWords;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::orphans::OrphanWords;
use crate::agent::console::texts::say;
use crate::agent::console::texts::version::VersionWords;
use crate::agent::copies::AWAY_AGE_MAX;
use crate::agent::engine::Engine;
use crate::agent::http::health::{CopiesStanding, Health, Part, copies_standing, health};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::update::report;
use crate::agent::proof::ProofState;
use crate::agent::reports::dashboard::{Books, Figures, Turn, count};
use crate::agent::reports::debts::Owed;
use crate::domain::access::Status;
use crate::domain::order::Method;
use crate::domain::units::{DAY_MS, Rupiah, Timestamp};
use crate::protocol::admin::update::UpdateOutcome;
use crate::protocol::admin::values::Day;
use crate::store::Role;
use crate::store::backup;
use crate::ui::catalogue::fill;
use crate::ui::chart::{Bar, Plot, Share, Unit, shares};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, Tone, html};

/// Statuses in the order of the bar: from full access to none.
const STATUSES: [Status; 7] = [
    Status::Active,
    Status::Unlimited,
    Status::Fup,
    Status::Habis,
    Status::Expired,
    Status::Blocked,
    Status::Inactive,
];
/// Faults of the router that are shown one by one.
const FAULTS_SHOWN_MAX: usize = 20;
/// How long guesses that were slowed down are shown.
const GUESSES_SHOWN_MS: i64 = DAY_MS;

/// How one part of the site is, in people's words.
pub(crate) struct PartLine {
    pub name: &'static str,
    pub badge: Badge,
    pub text: String,
    pub since: String,
    /// Where something can be done about it, and who may.
    pub path: &'static str,
    pub role: Role,
    /// Whether something is under way that is worth a sentence.
    pub is_busy: bool,
    /// The program's own words, in English.
    pub details: Vec<String>,
}

/// A part of a bar of shares, for its legend.
pub(crate) struct Legend {
    /// The colour of its part.
    pub colour: &'static str,
    pub name: &'static str,
    /// Its page; empty for none.
    pub path: String,
    pub value: String,
}

/// Debt by age.
pub(crate) struct Ages {
    pub bar: String,
    pub legend: Vec<Legend>,
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
    /// Whether every part is well, in a word.
    verdict: Badge,
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
    status_bar: String,
    by_status: Vec<Legend>,
    users: String,
    turns: Vec<TurnLine>,
    usage_plot: String,
    income_plot: String,
}

/// `GET /`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let site = Arc::clone(&app.site);
    let look = move |engine: &mut Engine| Ok((count(engine)?, site.help.waiting(engine)?.len()));
    let (counted, asking) = app.read(look).await?;
    let figures = app.read_history(move || counted.figures()).await?;
    let locale = &session.page_request.locale;
    let w = session.office();
    let (books, now) = (&figures.books, app.site.clock.now());
    let parts = brief(parts(&app, locale, books.clock_trusted, now));
    let verdict = verdict(w, locale, &parts);
    let may_vouch = !books.clock_trusted && session.actor.role >= Role::Owner;
    let (frame, layout) = session.layout(session.words().dashboard, "/");
    let today = |day| day == figures.today;
    let this_month = |day: jiff::civil::Date| day.first_of_month() == figures.today.first_of_month();
    let owed = &books.owed;
    let (status_bar, by_status) = by_status(w, locale, books);
    html(&Page {
        frame,
        layout,
        w,
        waiting: waiting(&app, &session, books, &parts, asking as u64),
        verdict,
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
        status_bar,
        by_status,
        users: locale.count(books.users),
        turns: turns(locale, books, figures.today),
        usage_plot: usage_plot(w, locale, &figures),
        income_plot: income_plot(w, locale, &figures),
    })
}

fn is_well(part: &PartLine) -> bool {
    matches!(part.badge.tone, Tone::Good | Tone::Plain)
}

/// What is well needs no sentence, unless something is under way there.
fn brief(mut parts: Vec<PartLine>) -> Vec<PartLine> {
    for part in parts.iter_mut().filter(|part| is_well(part) && !part.is_busy) {
        part.text.clear();
        part.since.clear();
    }
    parts
}

/// The state of all parts in a word.
fn verdict(w: &Office, locale: &Locale, parts: &[PartLine]) -> Badge {
    let is_bad = parts.iter().any(|part| part.badge.tone == Tone::Bad);
    match parts.iter().filter(|part| !is_well(part)).count() {
        0 => Badge::new(Tone::Good, w.all_well),
        not_well => {
            let tone = if is_bad { Tone::Bad } else { Tone::Warn };
            Badge::new(tone, fill(w.not_well, &[&locale.count(not_well as u64)]))
        }
    }
}

/// What waits for whoever is logged in: a place and what it is.
fn waiting(
    app: &AppState,
    session: &AdminSession,
    books: &Books,
    parts: &[PartLine],
    asking: u64,
) -> Vec<(&'static str, String)> {
    let (w, locale, role) = (session.office(), &session.page_request.locale, session.actor.role);
    let may_see = |part: &&PartLine| role >= part.role;
    let ailing = parts.iter().filter(|part| !is_well(part)).filter(may_see);
    let ailing = ailing.map(|part| (part.path, format!("{}: {}", part.name, part.badge.text)));
    let counts = [
        (help::PLACE, HelpDeskWords::of(locale.language).waiting, asking),
        (orphans::PLACE, OrphanWords::of(locale.language).waiting, books.orphans),
        ("/pembayaran?status=review", w.wait_reviews, books.reviews),
        ("/pelanggan?status=menunggu", w.wait_approval, books.unapproved),
        ("/pembayaran?status=open", w.open_orders, books.open_orders),
    ];
    let counts = counts.into_iter().filter(|(_, _, count)| *count > 0);
    let counts = counts.map(|(path, text, count)| (path, fill(text, &[&locale.count(count)])));
    let earliest = Timestamp(app.site.clock.now().0 - GUESSES_SHOWN_MS);
    let guesses = &app.site.guesses;
    let guesses = [(w.guessed_passwords, &guesses.passwords), (w.guessed_pins, &guesses.pins)];
    let guesses = guesses.into_iter().filter(|_| role >= Role::Operator).filter_map(|(text, last)| {
        let at = last.since(earliest)?;
        Some(("/catatan", fill(text, &[&locale.moment(at)])))
    });
    let update = report(&app.site.config.data_dir).and_then(|report| report.last);
    let update = update.filter(|last| last.outcome == UpdateOutcome::CameBack && role >= Role::Operator);
    let words = VersionWords::of(locale.language);
    let update = update.map(|last| (version::PLACE, fill(words.wait_came_back, &[&last.to])));
    let failing = app.examinations.last().map(|last| last.failures());
    let failing = failing.filter(|count| *count > 0 && role >= Role::Operator);
    let text = DoctorWords::of(locale.language).waiting;
    let failing = failing.map(|count| (doctor::PLACE, fill(text, &[&locale.count(count)])));
    ailing.chain(failing).chain(counts).chain(guesses).chain(update).collect()
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
    let line = |name, path, part: Part, text: &str| {
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
        let (since, role, is_busy) = (since.unwrap_or_default(), Role::Viewer, false);
        PartLine { name, badge, text, since, path, role, is_busy, details }
    };
    let says = [
        text(&router, w.router_ok, w.router_degraded, w.router_down),
        text(&relay, w.relay_ok, w.relay_degraded, w.relay_down),
        text(&clock, w.clock_ok, w.clock_degraded, w.clock_degraded),
    ];
    vec![
        line(w.router, "/router", router, says[0]),
        line(w.relay, "/pembayaran", relay, says[1]),
        PartLine { role: Role::Owner, ..line(w.clock, "/jam/pastikan", clock, says[2]) },
        PartLine {
            role: Role::Operator,
            is_busy: !matches!(app.site.proof.state(), ProofState::Proved(_)),
            ..line(w.store, "/cadangan", store, &store_text(app, locale))
        },
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

/// How old the last copy is that is not lost with the card.
pub(crate) fn copies(app: &AppState, locale: &Locale, now: Timestamp) -> PartLine {
    let w = Office::of(locale.language);
    let CopiesStanding { word: _, target: _, away_at, state } = copies_standing(app, now);
    let (badge, tone, text) = match away_at {
        None if state.log.card.is_some() => (w.degraded, Tone::Warn, w.backup_card_only.to_owned()),
        None => (w.degraded, Tone::Warn, w.backup_never.to_owned()),
        Some(at) if backup::is_ahead(at, now) => {
            (w.degraded, Tone::Warn, fill(w.backup_future, &[&locale.moment(at)]))
        }
        Some(at) => {
            let age = Duration::from_millis(now.0.saturating_sub(at.0).max(0).unsigned_abs());
            let span = locale.span(age);
            if age > AWAY_AGE_MAX {
                (w.degraded, Tone::Warn, fill(w.backup_old, &[&span]))
            } else {
                (w.ok, Tone::Good, fill(w.backup_ok, &[&span]))
            }
        }
    };
    let since = away_at.map(|at| locale.moment(at)).unwrap_or_default();
    let badge = Badge::new(tone, badge);
    let (name, path, role) = (w.backup, "/cadangan", Role::Operator);
    let details = state.error.into_iter().collect();
    PartLine { name, badge, text, since, path, role, is_busy: false, details }
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

/// The colour of a status in the bar of all.
fn colour(status: Status) -> &'static str {
    match status {
        Status::Active => "s0",
        Status::Unlimited => "s1",
        Status::Fup => "s2",
        Status::Habis => "s3",
        Status::Expired => "s4",
        Status::Blocked => "s5",
        Status::Inactive => "s6",
    }
}

/// Customers by status: the bar, and its legend.
fn by_status(w: &Office, locale: &Locale, books: &Books) -> (String, Vec<Legend>) {
    let found = |status: &Status| Some((*status, *books.by_status.get(status)?));
    let found: Vec<(Status, u64)> = STATUSES.iter().filter_map(found).collect();
    let name = |status| say::status_word(locale.language, status).1;
    let share = |(status, users): &(Status, u64)| Share {
        colour: colour(*status),
        told: format!("{}: {}", name(*status), locale.count(*users)),
        value: *users,
    };
    let line = |(status, users): &(Status, u64)| Legend {
        colour: colour(*status),
        name: name(*status),
        path: format!("/pelanggan?status={}", status.name()),
        value: locale.count(*users),
    };
    let parts: Vec<Share> = found.iter().map(share).collect();
    (shares(w.by_status, &parts), found.iter().map(line).collect())
}

fn turns(locale: &Locale, books: &Books, today: jiff::civil::Date) -> Vec<TurnLine> {
    let line = |turn: &Turn| TurnLine {
        path: format!("/pelanggan/{}", turn.user),
        name: turn.name.clone(),
        access: Badge {
            text: say::access(locale.language, &turn.access).into(),
            ..say::status(locale.language, turn.access.status)
        },
        at: if locale.zone.local(turn.at).date == today {
            locale.time(turn.at)
        } else {
            locale.day_of(turn.at)
        },
    };
    books.turns.iter().map(line).collect()
}

fn usage_plot(w: &Office, locale: &Locale, figures: &Figures) -> String {
    let of = |day: &jiff::civil::Date| figures.usage.get(day).copied().unwrap_or_default();
    let bars = daily(locale, figures, |day| of(day).0);
    Plot { title: w.usage_days, unit: Unit::Bytes, bars: &bars, has_table: false }.draw(locale)
}

/// A bar for each day of the plots.
fn daily(locale: &Locale, figures: &Figures, value: impl Fn(&jiff::civil::Date) -> u64) -> Vec<Bar> {
    let bar = |day: &jiff::civil::Date| Bar {
        label: day.day().to_string(),
        name: locale.day(*day),
        value: value(day),
    };
    figures.days.iter().map(bar).collect()
}

fn income_plot(w: &Office, locale: &Locale, figures: &Figures) -> String {
    let of = |day: &jiff::civil::Date| {
        let that_day = figures.income.iter().filter(|income| income.day == Some(Day(*day)));
        that_day.fold(Rupiah::ZERO, |sum, income| sum.plus(income.kept()))
    };
    let bars = daily(locale, figures, |day| of(day).0);
    Plot { title: w.income_days, unit: Unit::Rupiah, bars: &bars, has_table: false }.draw(locale)
}

impl Ages {
    /// Debt by age: what has no price is in no part.
    pub fn of(w: &Office, owed: &Owed) -> Self {
        let names = [w.not_due, w.late_week, w.late_month, w.late_more, w.overage];
        let colours = ["s0", "s2", "s3", "s5", "s6"];
        let all = || names.into_iter().zip(colours).zip(owed.by_age);
        let share = |((name, colour), due): ((&str, _), Rupiah)| Share {
            colour,
            told: format!("{name}: {due}"),
            value: due.0,
        };
        let line = |((name, colour), due): ((&'static str, _), Rupiah)| Legend {
            colour,
            name,
            path: String::new(),
            value: due.to_string(),
        };
        let parts: Vec<Share> = all().map(share).collect();
        Self { bar: shares(w.debt_age, &parts), legend: all().map(line).collect() }
    }
}
