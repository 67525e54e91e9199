//! Customers who asked for help on the portal and wait for an answer.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::customers::debts::whatsapp;
use super::session::AdminSession;
use super::texts::help::HelpDeskWords;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::reports::help::HelpRequest;
use crate::store::{Role, UserRecord};
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};

/// The page of the requests.
pub(crate) const PLACE: &str = "/bantuan";

#[derive(Template)]
#[template(path = "console/office/help.html")]
struct HelpPage {
    frame: Frame,
    layout: Layout,
    words: &'static HelpDeskWords,
    requests: Vec<RequestRow>,
    may_answer: bool,
}

/// A request with whoever asked.
struct RequestRow {
    path: String,
    name: String,
    /// The customer's page, or the device's while it is nobody's.
    href: String,
    at: String,
    text: String,
    whatsapp: Option<String>,
}

/// `GET /bantuan`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    let site = Arc::clone(&app.site);
    let look = move |engine: &mut Engine| {
        let waiting = site.help.waiting(engine)?;
        let look = engine.read_view();
        let owned = |request: HelpRequest| {
            let owner = look.user_with(request.mac).cloned();
            (request, owner)
        };
        Ok(waiting.into_iter().rev().map(owned).collect::<Vec<(HelpRequest, Option<UserRecord>)>>())
    };
    let waiting = app.read(look).await?;
    let words = HelpDeskWords::of(session.page_request.locale.language);
    let row = |(request, owner): &(HelpRequest, Option<UserRecord>)| RequestRow {
        path: format!("{PLACE}/{}/selesai", request.mac),
        name: owner.as_ref().map_or_else(
            || format!("{} {}", words.device, app.site.signed_tokens.device_code(request.mac)),
            |user| user.name.clone(),
        ),
        href: owner.as_ref().map_or_else(
            || format!("/perangkat/{}", request.mac),
            |user| format!("/pelanggan/{}", user.account.id),
        ),
        at: session.page_request.locale.moment(request.at),
        text: request.text.clone(),
        whatsapp: owner.as_ref().and_then(|user| whatsapp(user.phone.as_deref()?, None)),
    };
    let requests = waiting.iter().map(row).collect();
    let (frame, layout) = session.layout(words.title, "/");
    html(&HelpPage { frame, layout, words, requests, may_answer: session.actor.role >= Role::Cashier })
}
