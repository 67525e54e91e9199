//! What is wrong with router, relay and machine, and what to do about it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::session::{AdminSession, Filled};
use crate::agent::console::texts::doctor::DoctorWords;
use crate::agent::doctor::{CheckFinding, Level};
use crate::agent::http::doctor::examine_again;
use crate::agent::http::state::{Answer, AppState};
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::language::Language;
use crate::ui::layout::see_other;
use crate::ui::{Badge, Frame, Tone, html};

/// Where the page is.
pub(crate) const PLACE: &str = "/dokter";

/// A finding as people read it.
struct FindingRow {
    badge: Badge,
    text: String,
    remedy: String,
    id: &'static str,
}

#[derive(Template)]
#[template(path = "console/office/doctor.html")]
struct DoctorPage {
    frame: Frame,
    layout: Layout,
    w: &'static DoctorWords,
    /// Since when an examination is under way, in words.
    running: Option<String>,
    /// When the last one ended and how it came out, in words.
    verdict: Option<(Badge, String)>,
    /// What is not well, the worst first.
    wrong: Vec<FindingRow>,
    well: Vec<FindingRow>,
    /// What the button says.
    button: &'static str,
}

/// `GET /dokter`: the last examination. Looking at it examines nothing.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Operator)?;
    let locale = &session.page_request.locale;
    let w = DoctorWords::of(locale.language);
    let (last, began_at) = (app.examinations.last(), app.examinations.began_at());
    let findings = last.as_ref().map(|last| last.findings.as_slice()).unwrap_or_default();
    let (mut wrong, well): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.level != Level::Ok);
    wrong.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    let row = |finding: &CheckFinding| row(w, locale.language, finding);
    let verdict = last.as_ref().map(|last| {
        let worst = findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
        let counts =
            [locale.moment(last.at), locale.count(last.failures()), locale.count(wrong.len() as u64)];
        (badge(w, worst), fill(w.checked, &counts.each_ref().map(String::as_str)))
    });
    let (frame, layout) = session.layout(w.title, PLACE);
    html(&DoctorPage {
        running: began_at.map(|at| fill(w.running, &[&locale.moment(at)])),
        button: if last.is_some() { w.again } else { w.check },
        wrong: wrong.into_iter().map(row).collect(),
        well: well.into_iter().map(row).collect(),
        verdict,
        frame,
        layout,
        w,
    })
}

/// `POST /dokter`: examines again; it changes nothing, so nobody is asked twice.
pub(crate) async fn examine(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    session.at_least(Role::Operator)?;
    examine_again(&app).await;
    Ok(see_other(PLACE))
}

fn badge(w: &DoctorWords, level: Level) -> Badge {
    match level {
        Level::Ok => Badge::new(Tone::Good, w.ok),
        Level::Warn => Badge::new(Tone::Warn, w.warn),
        Level::Fail => Badge::new(Tone::Bad, w.fail),
    }
}

fn row(w: &DoctorWords, language: Language, finding: &CheckFinding) -> FindingRow {
    FindingRow {
        badge: badge(w, finding.level),
        text: finding.text(language).to_owned(),
        remedy: finding.remedy_text(language).to_owned(),
        id: finding.id,
    }
}
