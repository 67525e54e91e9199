//! Admins, and tokens for programs.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use data_encoding::HEXLOWER;

use super::actions::buttons::{Button, buttons};
use super::session::AdminSession;
use crate::agent::console::actions::office::{ADMIN_ACTIONS, TOKEN_ACTIONS};
use crate::agent::console::texts::office::{Office, role_name};
use crate::agent::http::state::{Answer, AppState};
use crate::store::Role;
use crate::ui::desk::Layout;
use crate::ui::{Frame, html};

struct AdminRow {
    name: String,
    role: &'static str,
    made: String,
    has_second_factor: bool,
    buttons: Vec<Button>,
}

struct TokenRow {
    admin: String,
    role: &'static str,
    made: String,
    buttons: Vec<Button>,
}

#[derive(Template)]
#[template(path = "console/office/admins.html")]
struct AdminsPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    admins: Vec<AdminRow>,
    tokens: Vec<TokenRow>,
}

/// `GET /pengelola`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Owner)?;
    let (admins, tokens) =
        app.read(|engine| Ok((engine.reader().admins()?, engine.reader().tokens()?))).await?;
    let (locale, w) = (&session.page_request.locale, session.office());
    let admins = admins.into_iter().map(|admin| AdminRow {
        buttons: buttons(&format!("/pengelola/{}", admin.name), ADMIN_ACTIONS, &session, &admin),
        has_second_factor: admin.second_factor.is_on(),
        role: role_name(w, admin.role),
        made: locale.moment(admin.created_at),
        name: admin.name,
    });
    let tokens = tokens.into_iter().map(|token| {
        let hash = HEXLOWER.encode(&token.hash);
        let place = format!("/pengelola/{}/token/{hash}", token.admin);
        TokenRow {
            buttons: buttons(&place, TOKEN_ACTIONS, &session, &()),
            role: role_name(w, token.role),
            made: locale.moment(token.created_at),
            admin: token.admin,
        }
    });
    let (admins, tokens) = (admins.collect(), tokens.collect());
    let (frame, layout) = session.layout(w.admins, "/pengelola");
    html(&AdminsPage { frame, layout, w, admins, tokens })
}
