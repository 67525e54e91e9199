//! Backups, how to restore one, and verification of the ledger.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::dashboard::{PartLine, copies};
use super::session::{AdminSession, Filled};
use crate::agent::console::texts::office::Office;
use crate::agent::copies::CopyRecord;
use crate::agent::http::backup::send;
use crate::agent::http::health::{CopiesStanding, copies_standing};
use crate::agent::http::ledger::proof;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::units::Bytes;
use crate::store::{Role, Verified};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::locale::Locale;
use crate::ui::{Frame, html};

#[derive(Template)]
#[template(path = "console/office/backup.html")]
struct BackupPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    part: PartLine,
    own: OwnCopies,
    is_owner: bool,
}

/// The copies that the daemon makes.
struct OwnCopies {
    card: String,
    away: String,
    error: String,
}

impl OwnCopies {
    fn of(app: &AppState, locale: &Locale) -> Self {
        let w = Office::of(locale.language);
        let CopiesStanding { word, target, away_at: _, state } = copies_standing(app, app.site.clock.now());
        let line = |copy: &CopyRecord| {
            let kind = if copy.recipient.is_empty() { w.copy_clear } else { w.copy_encrypted };
            let size = locale.quota(Bytes(copy.bytes));
            let facts = [
                locale.moment(copy.at()),
                format!("{} ({size})", copy.file),
                kind.to_owned(),
                locale.count(copy.entries),
            ];
            fill(w.copy_line, &facts.each_ref().map(String::as_str))
        };
        let card = match &state.log.card {
            _ if word == "off" => w.copies_off.to_owned(),
            Some(card) => line(card),
            None => w.copies_none.to_owned(),
        };
        let away = match &state.log.away {
            Some(away) => format!("{} - {}", away.place, line(away)),
            None if target.is_empty() => w.copies_no_target.to_owned(),
            None => format!("{target} - {}", w.copies_none),
        };
        Self { card, away, error: state.error.unwrap_or_default() }
    }
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
    let own = OwnCopies::of(&app, &session.page_request.locale);
    let (frame, layout) = session.layout(w.backups, HOME);
    html(&BackupPage { frame, layout, w, part, own, is_owner: session.actor.role >= Role::Owner })
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
