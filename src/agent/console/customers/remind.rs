//! Several customers are reminded of what they owe: who, with the message to each; then that it was done.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::debts::{DebtorRow, House, debtor_row};
use crate::agent::console::session::{AdminSession, Filled};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::http::reminders::note_reminders;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::debtors::debtors_of;
use crate::domain::id::UserId;
use crate::store::Role;
use crate::ui::desk::Layout;
use crate::ui::flash::Flash;
use crate::ui::layout::see_other;
use crate::ui::{Frame, html};
use crate::web::Problem;

/// Customers reminded at once: those of a page.
const USERS_MAX: usize = 50;
/// The parameter that names one of them.
const WHO: &str = "siapa";
const HOME: &str = "/tagihan";

#[derive(Template)]
#[template(path = "console/customers/remind.html")]
struct RemindPage {
    frame: Frame,
    layout: Layout,
    words: &'static People,
    rows: Vec<DebtorRow>,
    /// All of them, for the form.
    ids: String,
}

fn ids<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Vec<UserId>, Problem> {
    let mut ids = texts
        .filter(|text| !text.is_empty())
        .map(|text| text.parse::<UserId>().map_err(|_| Problem::invalid(WHO, "is no id of a customer")))
        .collect::<Result<Vec<UserId>, Problem>>()?;
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > USERS_MAX {
        return Err(Problem::invalid(WHO, "too many customers at once"));
    }
    Ok(ids)
}

/// `GET /tagihan/ingatkan?siapa=...`: who would be noted as reminded.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Cashier)?;
    let query = session.page_request.uri.query().unwrap_or_default();
    let asked = ids(query.split('&').filter_map(|pair| pair.strip_prefix("siapa=")))?;
    let (found, reminded) = app
        .read(move |engine| {
            let found = debtors_of(&engine.read_view(), &asked);
            let numbers: Vec<u32> = found.iter().map(|debtor| debtor.no).collect();
            let reminded = engine.reader().reminders(&numbers)?;
            Ok((found, reminded))
        })
        .await?;
    let (words, locale, house) = (session.people(), &session.page_request.locale, House::of(&app));
    let rows: Vec<DebtorRow> = found
        .iter()
        .map(|debtor| debtor_row(&house, locale, debtor, reminded.get(&debtor.no).copied()))
        .collect();
    let ids = rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>().join(",");
    let (frame, layout) = session.layout(words.remind, HOME);
    html(&RemindPage { frame, layout, words, rows, ids })
}

/// `POST /tagihan/ingatkan`: they were reminded.
pub(crate) async fn note(State(app): State<Arc<AppState>>, Filled { session, form }: Filled) -> Answer {
    session.at_least(Role::Cashier)?;
    let ids = ids(form.text(WHO).unwrap_or_default().split(','))?;
    let actor = session.actor.clone();
    let noted = app.read(move |engine| note_reminders(engine, &actor, &ids)).await?;
    let count = session.page_request.locale.count(noted as u64);
    let told = Flash { text: say::with(session.people().reminders_noted, &[&count]), ..Flash::default() };
    Ok(see_other(&app.flash.tell_at_once(&session.token, HOME, told)))
}
