//! Backups, how to restore one, and verification of the ledger.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::dashboard::{PartLine, copies};
use super::session::{AdminSession, Filled};
use crate::agent::console::texts::office::Office;
use crate::agent::copies::{CopyRecord, KitError, public_half};
use crate::agent::http::admins::demand_password;
use crate::agent::http::backup::send;
use crate::agent::http::health::{CopiesStanding, copies_standing};
use crate::agent::http::ledger::proof;
use crate::agent::http::recovery_kit::{NewKit, new_kit};
use crate::agent::http::settings::SettingsCaller;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::store_notice;
use crate::agent::http::take_over::take_over;
use crate::agent::site::RestoredHere;
use crate::domain::units::Bytes;
use crate::protocol::admin::take_over::TakeOver;
use crate::store::{Role, Unwritable, Verified};
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::locale::Locale;
use crate::ui::{Frame, html, qr};
use crate::web::Problem;

#[derive(Template)]
#[template(path = "console/office/backup.html")]
struct BackupPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    part: PartLine,
    own: OwnCopies,
    /// Whether there is a recovery kit, in words.
    kit: String,
    has_kit: bool,
    is_owner: bool,
    /// Why this machine does not have the site; empty while it does.
    passive: String,
    /// When and by which device the data came from a copy, where they did on the set-up's pages.
    restored: Option<String>,
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
    let there = public_half(&app.site.config.data_dir);
    let has_kit = there.is_some();
    let kit = there.map_or_else(|| w.kit_none.to_owned(), |key| fill(w.kit_there, &[&key]));
    html(&BackupPage {
        frame,
        layout,
        w,
        part,
        own,
        kit,
        has_kit,
        is_owner: session.actor.role >= Role::Owner,
        passive: app
            .site
            .engine()
            .unwritable()
            .filter(Unwritable::is_passive)
            .map(|why| store_notice::text(session.page_request.locale.language, &why))
            .unwrap_or_default(),
        restored: restored(&app, &session),
    })
}

fn restored(app: &AppState, session: &AdminSession) -> Option<String> {
    let RestoredHere { at, claimed_at, address, is_by_code } = app.site.restored.as_ref()?;
    let (w, locale) = (session.office(), &session.page_request.locale);
    let how = if *is_by_code { w.claimed_by_code } else { w.claimed_by_power };
    Some(fill(
        w.restored_here,
        &[&locale.moment(*at), &locale.moment(*claimed_at), &address.to_string(), how],
    ))
}

/// `POST /cadangan/unduh`: changes nothing but the audit, so nobody is asked twice. It answers with a file, which is no
/// page to go back to.
pub(crate) async fn download(State(app): State<Arc<AppState>>, filled: Filled) -> Answer {
    filled.session.at_least(Role::Owner)?;
    send(&app, filled.session.actor).await
}

/// `POST /cadangan/kit`: on the owner's password, the secret half is shown once, on the page that follows.
pub(crate) async fn kit(State(app): State<Arc<AppState>>, Filled { session, form }: Filled) -> Answer {
    session.at_least(Role::Owner)?;
    let (w, name) = (session.office(), session.actor.name.clone());
    let password = form.text("password").unwrap_or_default().to_owned();
    let may_replace = form.text("replace").is_some();
    let peer = session.page_request.peer;
    let made = match demand_password(&app, peer, &name, password, "password").await {
        Ok(()) => new_kit(&app, session.actor.clone(), may_replace).await,
        Err(problem) => Err(problem),
    };
    let refused = |text: &str| Flash { text: text.to_owned(), is_bad: true, ..Flash::default() };
    let told = match made {
        Ok(Ok(made)) => printed(&app, w, &made),
        Ok(Err(KitError::Exists(_))) => refused(w.kit_exists),
        Ok(Err(KitError::Configured(_))) => refused(w.kit_configured),
        Ok(Err(error @ (KitError::Random(_) | KitError::File(_)))) => {
            return Err(Problem::unavailable("backup_failed", error.to_string()));
        }
        Err(problem) if problem.errors().iter().any(|error| error.field == "password") => {
            refused(w.kit_wrong_password)
        }
        Err(problem) => return Err(problem),
    };
    Ok(see_other(&app.flash.tell_at_once(&session.token, HOME, told)))
}

/// `POST /cadangan/ambil-alih`: on the owner's password and code this machine takes the site over.
pub(crate) async fn take_site_over(
    State(app): State<Arc<AppState>>,
    Filled { session, form }: Filled,
) -> Answer {
    session.at_least(Role::Owner)?;
    let w = session.office();
    let typed = |field: &str| form.text(field).map(str::to_owned);
    let asked = TakeOver {
        old_machine_is_off: form.text("old_machine_is_off").is_some(),
        password: typed("password"),
        otp: typed("otp"),
    };
    let caller =
        SettingsCaller { actor: session.actor.clone(), peer: session.page_request.peer, is_session: true };
    let bad = |text: &str| Flash { text: text.to_owned(), is_bad: true, ..Flash::default() };
    let told = match take_over(&app, caller, asked).await {
        Ok(view) if view.taken_over => {
            let text = fill(w.take_over_done, &[&view.instance.to_string()]);
            Flash { text, ..Flash::default() }
        }
        Ok(_) => bad(w.take_over_nothing),
        Err(problem) if problem.code() == "old_machine_unknown" => bad(w.take_over_unknown),
        Err(problem) if problem.errors().iter().any(|error| error.field == "password") => {
            bad(w.take_over_wrong_password)
        }
        Err(problem) if problem.errors().iter().any(|error| error.field == "otp") => {
            bad(w.take_over_wrong_code)
        }
        Err(problem) => return Err(problem),
    };
    Ok(see_other(&app.flash.tell_at_once(&session.token, HOME, told)))
}

/// What is to be printed or written down.
fn printed(app: &AppState, w: &Office, NewKit { kit, token }: &NewKit) -> Flash {
    let config = &app.site.config;
    let target = app.site.in_force().backup.target.to_string();
    let place = if target.is_empty() { w.copies_no_target.to_owned() } else { target };
    let mut lines = vec![
        fill(w.kit_site, &[&config.name]),
        fill(w.kit_place, &[&place]),
        fill(w.kit_public, &[&kit.recipient.to_string()]),
    ];
    if let Some(relay) = &config.relay {
        let token = token.as_deref().unwrap_or(w.kit_no_token);
        lines.push(fill(w.kit_token, &[&relay.url.to_string(), token]));
    }
    lines.extend(kit.replaced.as_ref().map(|old| fill(w.kit_replaced, &[old])));
    let secret = Some((w.kit_secret.to_owned(), kit.secret_groups()));
    let secret_qr = qr::svg(&kit.secret_text(), w.kit_secret);
    Flash { text: w.kit_made.to_owned(), lines, secret, secret_qr, ..Flash::default() }
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
