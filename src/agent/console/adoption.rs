//! Hotspot users of the router that become customers, and customers that become hotspot users again: what each is, and the
//! ways over. Each way asks for the password again and goes on after its page was closed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use tokio::time::timeout;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::adoption::AdoptionWords;
use crate::agent::console::texts::say;
use crate::agent::http::adoption::{accounts, begin_handover};
use crate::agent::http::outcomes::{HandoverEnd, HandoverWork};
use crate::agent::http::sessions::prove_again;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::router::adoption::{AccountReport, AdoptionReport};
use crate::domain::adoption::{HandoverState, Verdict};
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::language::Language;
use crate::ui::layout::see_other;
use crate::ui::{Form, Frame, Locale, html};
use crate::web::Problem;

/// Where the page is.
pub(crate) const PLACE: &str = "/adopsi";
/// What the names of ticks begin with; the hotspot user's own name follows.
const TICK: &str = "akun.";
/// The field that says whether all are meant, and the word for those with a tick.
const SCOPE: &str = "cakupan";
const SCOPE_SOME: &str = "pilihan";
/// How long the router may take to be read for the page.
const READING_MAX: Duration = Duration::from_secs(20);
/// Hotspot users of one kind that are listed.
const ROWS_MAX: usize = 150;

/// One hotspot user as people read it.
struct AccountRow {
    tick: String,
    name: String,
    /// The customer's page; empty for none.
    path: String,
    facts: String,
    reasons: Vec<String>,
}

/// Hotspot users of one kind.
#[derive(Default)]
struct Group {
    rows: Vec<AccountRow>,
    more: Option<String>,
}

#[derive(Template)]
#[template(path = "console/office/adoption.html")]
struct AdoptionPage {
    frame: Frame,
    layout: Layout,
    w: &'static AdoptionWords,
    running: Option<String>,
    /// How the last handover ended, and whether badly.
    last: Option<(String, bool)>,
    missing: String,
    unreadable: String,
    summary: String,
    can_take: Group,
    adopted: Group,
    stays: Group,
    unfinished: Option<String>,
    has_left: bool,
}

/// `GET /adopsi`: reads the router and changes nothing. While a handover is under way the router is not read.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Owner)?;
    let locale = &session.page_request.locale;
    let w = AdoptionWords::of(locale.language);
    let running = app.handovers.began_at().map(|at| {
        let (done, of) = app.site.cycle.handover_progress.read();
        fill(w.running, &[&locale.moment(at), &locale.count(done as u64), &locale.count(of as u64)])
    });
    let read = match running {
        Some(_) => Ok(AdoptionReport::default()),
        None => match timeout(READING_MAX, accounts(&app, &session.actor)).await {
            Ok(Ok(report)) => Ok(report),
            Ok(Err(problem)) => Err(say::refusal(locale.language, &problem)),
            Err(_) => Err(w.too_slow.to_owned()),
        },
    };
    let last = app.handovers.last();
    let last = last.filter(|_| running.is_none());
    let (frame, layout) = session.layout(w.title, "/router");
    let unreadable = read.as_ref().err().map(|why| fill(w.unreadable, &[why])).unwrap_or_default();
    let is_read = running.is_none() && unreadable.is_empty();
    let report = read.unwrap_or_default();
    let missing = match last.as_ref().map(|last| &last.outcome) {
        Some(Ok((_, missing))) if !missing.is_empty() => fill(w.missing, &[&missing.join(", ")]),
        Some(_) | None => String::new(),
    };
    let unfinished = report.accounts.iter().filter(|account| is_unfinished(account)).count();
    let group = |is_meant: fn(&AccountReport) -> bool| group(w, locale, &report.accounts, is_meant);
    html(&AdoptionPage {
        running,
        last: last.map(|last| (ended(w, locale, &last), last.outcome.is_err())),
        missing,
        unreadable,
        summary: if is_read { summary(w, locale, &report.accounts) } else { String::new() },
        can_take: group(can_be_taken),
        adopted: group(is_adopted),
        stays: group(stays),
        unfinished: (unfinished > 0).then(|| fill(w.unfinished_text, &[&locale.count(unfinished as u64)])),
        has_left: app.site.cycle.has_left(),
        frame,
        layout,
        w,
    })
}

fn is_unfinished(account: &AccountReport) -> bool {
    matches!(account.state, Some(HandoverState::Taking | HandoverState::Returning))
}

fn can_be_taken(account: &AccountReport) -> bool {
    !is_unfinished(account) && account.candidate.verdict == Verdict::Adoptable
}

fn is_adopted(account: &AccountReport) -> bool {
    !is_unfinished(account) && account.candidate.verdict == Verdict::Adopted
}

fn stays(account: &AccountReport) -> bool {
    !is_unfinished(account) && matches!(account.candidate.verdict, Verdict::Voucher | Verdict::Refused(_))
}

fn summary(w: &AdoptionWords, locale: &Locale, accounts: &[AccountReport]) -> String {
    let count = |is_meant: fn(&AccountReport) -> bool| {
        locale.count(accounts.iter().filter(|account| is_meant(account)).count() as u64)
    };
    let is_voucher =
        |account: &AccountReport| stays(account) && account.candidate.verdict == Verdict::Voucher;
    let is_refused =
        |account: &AccountReport| stays(account) && account.candidate.verdict != Verdict::Voucher;
    let counts = [count(can_be_taken), count(is_voucher), count(is_refused), count(is_adopted)];
    fill(w.summary, &counts.each_ref().map(String::as_str))
}

fn group(
    w: &AdoptionWords,
    locale: &Locale,
    accounts: &[AccountReport],
    is_meant: fn(&AccountReport) -> bool,
) -> Group {
    let of_kind: Vec<&AccountReport> = accounts.iter().filter(|account| is_meant(account)).collect();
    let more = of_kind.len().saturating_sub(ROWS_MAX) as u64;
    Group {
        rows: of_kind.into_iter().take(ROWS_MAX).map(|account| row(w, locale, account)).collect(),
        more: (more > 0).then(|| fill(w.more, &[&locale.count(more)])),
    }
}

fn row(w: &AdoptionWords, locale: &Locale, account: &AccountReport) -> AccountRow {
    let candidate = &account.candidate;
    let left = candidate
        .remaining()
        .map_or_else(|| w.unlimited.to_owned(), |left| fill(w.left, &[&locale.quota(left)]));
    let mut facts = vec![left];
    facts.extend(account.expires_at.map(|at| fill(w.until, &[&locale.moment(at)])));
    facts.extend(candidate.macs.iter().map(ToString::to_string));
    facts.extend(candidate.drops_uptime_limit.then(|| w.no_uptime.to_owned()));
    let reasons = match &candidate.verdict {
        Verdict::Refused(obstacles) => obstacles.iter().map(|obstacle| w.obstacle(obstacle)).collect(),
        Verdict::Voucher => vec![w.voucher.to_owned()],
        Verdict::Adoptable | Verdict::Adopted => Vec::new(),
    };
    AccountRow {
        tick: format!("{TICK}{}", candidate.name),
        name: candidate.name.clone(),
        path: account.user.map(|user| format!("/pelanggan/{user}")).unwrap_or_default(),
        facts: facts.join(", "),
        reasons,
    }
}

/// How the last handover ended, in a sentence.
fn ended(w: &AdoptionWords, locale: &Locale, last: &HandoverEnd) -> String {
    let at = locale.moment(last.at);
    match &last.outcome {
        Ok((done, _)) => {
            let text = match last.work {
                HandoverWork::Take(_) => w.taken,
                HandoverWork::Return(_) => w.returned,
                HandoverWork::Finish => w.finished,
                HandoverWork::ComeBack => w.came_back,
            };
            fill(text, &[&at, &locale.count(done.len() as u64)])
        }
        Err(problem) => {
            let why = match locale.language {
                Language::Indonesian => say::refusal(locale.language, problem),
                Language::English => problem.detail().to_owned(),
            };
            fill(w.failed, &[&at, &why])
        }
    }
}

/// `POST /adopsi/ambil`.
pub(crate) async fn take(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    begin_named(&app, filled, HandoverWork::Take).await
}

/// `POST /adopsi/kembalikan`.
pub(crate) async fn give_back(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    begin_named(&app, filled, HandoverWork::Return).await
}

/// `POST /adopsi/selesaikan`.
pub(crate) async fn finish(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    begin(&app, &filled, Some(HandoverWork::Finish)).await
}

/// `POST /adopsi/kembali`.
pub(crate) async fn come_back(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    begin(&app, &filled, Some(HandoverWork::ComeBack)).await
}

/// Begins a handover of all, or of those with a tick. No tick is nobody, never all.
async fn begin_named(
    app: &Arc<AppState>,
    filled: Filled,
    work: fn(BTreeSet<String>) -> HandoverWork,
) -> Answer {
    let ticked = ticked(&filled.form);
    let work = match filled.form.text(SCOPE) {
        Some(SCOPE_SOME) if ticked.is_empty() => None,
        Some(SCOPE_SOME) => Some(work(ticked)),
        Some(_) => Some(work(BTreeSet::new())),
        None => None,
    };
    begin(app, &filled, work).await
}

fn ticked(form: &Form) -> BTreeSet<String> {
    form.typed().filter_map(|(name, _)| Some(name.strip_prefix(TICK)?.to_owned())).collect()
}

async fn begin(app: &Arc<AppState>, filled: &Filled, work: Option<HandoverWork>) -> Answer {
    let Filled { session, form } = filled;
    session.at_least(Role::Owner)?;
    let w = AdoptionWords::of(session.page_request.locale.language);
    let refused = |text: &str| {
        let told = Flash { text: text.to_owned(), is_bad: true, ..Flash::default() };
        Ok(see_other(&app.flash.tell_at_once(&session.token, PLACE, told)))
    };
    let Some(work) = work else { return refused(w.none_chosen) };
    let text = |name: &str| form.text(name).map(str::to_owned);
    let peer = session.page_request.peer;
    let is_wrong = |problem: &Problem, field: &str| problem.errors().iter().any(|error| error.field == field);
    match prove_again(app, peer, &session.actor, text("password"), text("otp")).await {
        Ok(()) => {}
        Err(problem) if is_wrong(&problem, "password") => return refused(w.wrong_password),
        Err(problem) if is_wrong(&problem, "otp") => return refused(w.wrong_code),
        Err(problem) => return Err(problem),
    }
    if !begin_handover(app, session.actor.clone(), work).await {
        return refused(w.busy);
    }
    Ok(see_other(PLACE))
}
