//! The session of an admin. A page without a session redirects to the log-in; a form proves by its token that one of
//! our pages made it.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::menu;
use super::texts::common::Words;
use super::texts::office::Office;
use super::texts::people::People;
use crate::agent::engine::Actor;
use crate::agent::http::caller::{demand, identify};
use crate::agent::http::sessions::COOKIE;
use crate::agent::http::state::AppState;
use crate::store::Role;
use crate::ui::address::parameter;
use crate::ui::desk::{Layout, entrance};
use crate::ui::flash::{Draft, EDITED, FLASH, Flash};
use crate::ui::form::TOKEN;
use crate::ui::lapsed::place as lapsed_place;
use crate::ui::layout::see_other;
use crate::ui::{Form, Frame, PageRequest};
use crate::web::Problem;

/// Somebody who logged in and looks at a page.
pub(crate) struct AdminSession {
    /// Who.
    pub actor: Actor,
    /// What a form of this session carries.
    pub token: String,
    /// How the page is looked at.
    pub page_request: PageRequest,
    /// Whether it is a session of a browser, and not a token.
    pub is_browser: bool,
    /// What was done just before, shown once.
    pub told: Option<Flash>,
}

impl AdminSession {
    /// The texts in the reader's language.
    pub fn words(&self) -> &'static Words {
        Words::of(self.page_request.locale.language)
    }

    /// The texts about customers.
    pub fn people(&self) -> &'static People {
        People::of(self.page_request.locale.language)
    }

    /// The texts of the office.
    pub fn office(&self) -> &'static Office {
        Office::of(self.page_request.locale.language)
    }

    /// What a page of the desk has around its content; `part` is the path of its tab.
    pub fn layout(&self, title: impl Into<String>, part: &str) -> (Frame, Layout) {
        let layout = menu::layout(&self.page_request, &self.actor, self.token.clone(), part);
        (self.page_request.frame(title), Layout { told: self.told.clone(), ..layout })
    }

    /// What is kept under a key of this session, or of an earlier one of the same person that ended while a form was open.
    pub fn draft(&self, app: &AppState, key: &str) -> Option<Draft> {
        let lapsed = || app.flash.draft(&lapsed_place(&self.actor.name), key);
        app.flash.draft(&self.token, key).or_else(lapsed)
    }

    /// Whether what is kept under a key was typed in a session that ended.
    pub fn is_lapsed(&self, app: &AppState, key: &str) -> bool {
        app.flash.draft(&self.token, key).is_none() && self.draft(app, key).is_some()
    }

    /// An error unless this role or a higher one sits here.
    pub fn at_least(&self, role: Role) -> Result<(), Problem> {
        demand(&self.actor, role)
    }
}

impl FromRequestParts<Arc<AppState>> for AdminSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Response> {
        let page_request =
            PageRequest::from_request_parts(parts, app).await.map_err(IntoResponse::into_response)?;
        match identify(parts, app).await {
            Ok(actor) => {
                let secret = COOKIE.secret(&parts.headers).unwrap_or_default();
                let token = app.site.signed_tokens.session_form_token(secret);
                app.lapsed.note(&token, &actor.name);
                let told = parameter(&parts.uri, FLASH).and_then(|key| app.flash.take(&token, key));
                let is_browser = !secret.is_empty() && !parts.headers.contains_key(AUTHORIZATION);
                Ok(Self { actor, token, page_request, is_browser, told })
            }
            Err(problem) if problem.status() == 401 => Err(see_other(&entrance(&parts.uri))),
            Err(problem) => Err(problem.into_response()),
        }
    }
}

/// A form of somebody who sits at the desk, made by a page of ours.
pub(crate) struct Filled {
    /// Who sent it.
    pub session: AdminSession,
    /// What it says.
    pub form: Form,
}

impl FromRequest<Arc<AppState>> for Filled {
    type Rejection = Response;

    async fn from_request(request: Request, app: &Arc<AppState>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let session = match AdminSession::from_request_parts(&mut parts, app).await {
            Ok(session) => session,
            Err(login) if login.status() == StatusCode::SEE_OTHER => {
                return Err(keep_lapsed(Request::from_parts(parts, body), app).await.unwrap_or(login));
            }
            Err(refused) => return Err(refused),
        };
        let secret = COOKIE.secret(&parts.headers).unwrap_or_default().to_owned();
        let form = Form::from_request(Request::from_parts(parts, body), app).await;
        let form = form.map_err(IntoResponse::into_response)?;
        let given = form.text(TOKEN).unwrap_or_default();
        if app.site.signed_tokens.is_session_form_token(&secret, given) {
            return Ok(Self { session, form });
        }
        let detail = "the form is too old or was not made by this page; load the page again";
        Err(Problem::forbidden("form_token", detail).into_response())
    }
}

/// The log-in that leads back to a form with what was typed, where the session ended while it was open and it is known
/// whose it was. Nothing is done: the person looks at the form again.
async fn keep_lapsed(request: Request, app: &Arc<AppState>) -> Option<Response> {
    let uri = request.uri().clone();
    let form = Form::from_request(request, app).await.ok()?;
    let key = app.lapsed.keep(&app.flash, form.text(TOKEN)?, &form)?;
    Some(see_other(&format!("/masuk?ke={}?{EDITED}={key}", uri.path())))
}
