//! The operator who looks at a page. A page without a log-in leads to it; a form proves by its token that one of our pages made
//! it.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::caller::{ConsoleCaller, peer_of};
use super::login::second_step;
use super::state::ConsoleState;
use super::texts::ConsoleWords;
use super::{menu, sessions};
use crate::domain::role::Role;
use crate::ui::address::parameter;
use crate::ui::desk::{Layout, entrance};
use crate::ui::flash::{FLASH, Flash};
use crate::ui::form::TOKEN;
use crate::ui::layout::see_other;
use crate::ui::{Form, Frame, Locale, PageRequest};
use crate::web::Problem;

/// An operator who is logged in and looks at a page.
pub(super) struct OperatorSession {
    /// Who.
    pub caller: ConsoleCaller,
    /// What a form of this log-in carries.
    pub token: String,
    /// How the page is looked at.
    pub page_request: PageRequest,
    /// What was done just before, shown once.
    pub told: Option<Flash>,
}

impl OperatorSession {
    /// The texts in the reader's language.
    pub fn words(&self) -> &'static ConsoleWords {
        ConsoleWords::of(self.page_request.locale.language)
    }

    /// The formats of the reader's language.
    pub fn locale(&self) -> &Locale {
        &self.page_request.locale
    }

    /// An error unless the operator has this role or a higher one.
    pub fn demand(&self, role: Role) -> Result<(), Problem> {
        self.caller.demand(role)
    }

    /// Whether the operator has this role or a higher one.
    pub fn may(&self, role: Role) -> bool {
        self.caller.role >= role
    }

    /// What a page has around its content; `part` is the path of its tab.
    pub fn layout(&self, title: impl Into<String>, part: &str) -> (Frame, Layout) {
        let layout = menu::layout(&self.page_request, &self.caller, self.token.clone(), part);
        (self.page_request.frame(title), Layout { told: self.told.clone(), ..layout })
    }
}

impl FromRequestParts<Arc<ConsoleState>> for OperatorSession {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ConsoleState>) -> Result<Self, Response> {
        let page_request =
            PageRequest::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let peer = peer_of(parts).map_err(IntoResponse::into_response)?;
        let found = sessions::find_by_cookie(state, &parts.headers).await;
        let Some(found) = found.map_err(IntoResponse::into_response)? else {
            return Err(see_other(&entrance(&parts.uri)));
        };
        if !found.session.is_full {
            return Err(see_other(second_step(&found.operator)));
        }
        let token = sessions::form_token(&found.secret);
        let told = parameter(&parts.uri, FLASH).and_then(|key| state.flash.take(&token, key));
        Ok(Self { caller: found.caller(peer), token, page_request, told })
    }
}

/// A form of an operator who is logged in, made by a page of ours.
pub(super) struct OperatorForm {
    /// Who sent it.
    pub session: OperatorSession,
    /// What it says.
    pub form: Form,
}

impl FromRequest<Arc<ConsoleState>> for OperatorForm {
    type Rejection = Response;

    async fn from_request(request: Request, state: &Arc<ConsoleState>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let session = OperatorSession::from_request_parts(&mut parts, state).await?;
        let form = Form::from_request(Request::from_parts(parts, body), state).await;
        let form = form.map_err(IntoResponse::into_response)?;
        let secret = session.page_request.session.as_deref().unwrap_or_default();
        if sessions::is_form_token(secret, form.text(TOKEN).unwrap_or_default()) {
            return Ok(Self { session, form });
        }
        Err(stale_form().into_response())
    }
}

/// The refusal of a form without the token of its log-in.
pub(super) fn stale_form() -> Problem {
    let detail = "the form is too old or was not made by this page; load the page again";
    Problem::forbidden("form_token", detail)
}
