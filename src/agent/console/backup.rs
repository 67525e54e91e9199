//! Backups, how to restore one, and verification of the ledger.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::dashboard::{PartLine, copies};
use super::session::{AdminSession, Filled};
use crate::agent::console::texts::office::Office;
use crate::agent::http::backup::send;
use crate::agent::http::ledger::proof;
use crate::agent::http::state::{Answer, AppState};
use crate::store::{Role, Verified};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::{Frame, html};

#[derive(Template)]
#[template(path = "console/office/backup.html")]
struct BackupPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    part: PartLine,
    is_owner: bool,
}

/// Where a copy is asked for.
pub(crate) const DOWNLOAD_PATH: &str = "/cadangan/unduh";
/// Where copies are.
const HOME: &str = "/cadangan";

/// `GET /cadangan`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Operator)?;
    let w = session.office();
    let part = copies(&app, &session.page_request.locale, app.site.clock.now());
    let (frame, layout) = session.layout(w.backups, HOME);
    html(&BackupPage { frame, layout, w, part, is_owner: session.actor.role >= Role::Owner })
}

/// `POST /cadangan/unduh`: changes nothing but the audit, so nobody is asked twice. It answers with a file, which is no
/// page to go back to.
pub(crate) async fn download(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    filled.session.at_least(Role::Owner)?;
    send(&app, filled.session.actor).await
}

/// `POST /cadangan/periksa`.
pub(crate) async fn verify(State(app): State<Arc<AppState>>, Filled { session, .. }: Filled) -> Answer {
    session.at_least(Role::Operator)?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let (text, is_bad) = match proof(&app).await {
        Ok(Verified { entries, accounts, debts, receipts }) => {
            let counts = [entries, accounts, debts, receipts].map(|n| locale.count(n));
            (fill(w.verified, &counts.each_ref().map(String::as_str)), false)
        }
        Err(problem) if problem.code() == "ledger_broken" => (fill(w.broken, &[problem.detail()]), true),
        Err(problem) => return Err(problem),
    };
    let told = Flash { text, is_bad, ..Flash::default() };
    Ok(see_other(&app.flash.tell_at_once(&session.token, HOME, told)))
}
