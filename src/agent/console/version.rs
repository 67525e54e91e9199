//! The running version, the next one, and what became of the last update.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::version::VersionWords;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::update::{request_update, update_view};
use crate::protocol::admin::update::{LastUpdateView, UpdateDecision, UpdateOutcome, UpdateReportView};
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::{Frame, Locale, html};

/// Where the page is.
pub(crate) const PLACE: &str = "/versi";

#[derive(Template)]
#[template(path = "console/office/version.html")]
struct VersionPage {
    frame: Frame,
    layout: Layout,
    w: &'static VersionWords,
    running: String,
    lines: Vec<String>,
    last: String,
    why: String,
    requested: bool,
    is_owner: bool,
}

/// `GET /versi`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Operator)?;
    let locale = &session.page_request.locale;
    let w = VersionWords::of(locale.language);
    let view = update_view(&app);
    let last = view.report.as_ref().and_then(|report| report.last.as_ref());
    let (frame, layout) = session.layout(w.title, PLACE);
    html(&VersionPage {
        running: fill(w.running, &[&view.version]),
        lines: lines(w, locale, view.report.as_ref()),
        why: last.and_then(|last| last.why.clone()).unwrap_or_default(),
        last: last.map(|last| ended(w, locale, last)).unwrap_or_default(),
        requested: view.requested,
        is_owner: session.actor.role >= Role::Owner,
        frame,
        layout,
        w,
    })
}

/// `POST /versi/cari`: the updater asks nobody twice, because it comes back by itself.
pub(crate) async fn request(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    session.at_least(Role::Owner)?;
    request_update(&app, session.actor.clone()).await?;
    let text = VersionWords::of(session.page_request.locale.language).asked.to_owned();
    let told = Flash { text, ..Flash::default() };
    Ok(see_other(&app.flash.tell_at_once(&session.token, PLACE, told)))
}

/// What was found, in sentences.
fn lines(w: &VersionWords, locale: &Locale, report: Option<&UpdateReportView>) -> Vec<String> {
    let Some(report) = report else { return vec![w.never.to_owned()] };
    let version = report.candidate.as_ref().map_or("", |candidate| candidate.version.as_str());
    let found = match report.decision {
        UpdateDecision::UpToDate => w.up_to_date.to_owned(),
        UpdateDecision::Install => fill(w.install, &[version]),
        UpdateDecision::TooYoung => fill(w.too_young, &[version]),
        UpdateDecision::CameBack => fill(w.returned, &[version]),
        UpdateDecision::Metered => fill(w.metered, &[version]),
    };
    vec![found, fill(w.checked, &[&locale.moment(report.checked_at.0)])]
}

fn ended(w: &VersionWords, locale: &Locale, last: &LastUpdateView) -> String {
    let text = match last.outcome {
        UpdateOutcome::Updated => w.updated,
        UpdateOutcome::CameBack => w.came_back,
        UpdateOutcome::Kept => w.kept,
    };
    fill(text, &[&last.to, &locale.moment(last.at.0), &last.from])
}
