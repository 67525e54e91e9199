//! Who may open the steps: the browser that claimed the machine. Its cookie is `SameSite=Strict`; a form also carries a token
//! made from it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;

use super::state::FirstRun;
use crate::identity::hash;
use crate::tools::digest;
use crate::ui::form::TOKEN;
use crate::ui::layout::see_other;
use crate::ui::session_cookie::SessionCookie;
use crate::ui::{Form, PageRequest};
use crate::web::same_site::is_cross_site;
use crate::web::{Peer, Problem, host_names};

/// The cookie of the browser that sets the machine up. It outlives an evening on which the set-up is left.
pub(super) const COOKIE: SessionCookie =
    SessionCookie { name: "kuota_mulai", lasts: Duration::from_hours(7 * 24) };

/// The hash of a cookie, as the record has it.
pub(super) fn browser_of(cookie: &str) -> String {
    HEXLOWER.encode(&hash(cookie))
}

/// What forms of this browser carry.
pub(super) fn form_token(cookie: &str) -> String {
    HEXLOWER.encode(&digest::of_parts(["first run form", cookie])[..16])
}

/// Whether two texts are equal, in a time that says nothing about where they differ.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    // Digests of unknown texts can be compared in any time.
    hash(one) == hash(other)
}

/// The browser that claimed the machine looks at a page.
pub(super) struct Claimant {
    pub page_request: PageRequest,
    /// What its forms carry.
    pub token: String,
}

/// A page that only the claimant may open leads everybody else to the first page.
pub(super) struct NotClaimant(Problem);

impl IntoResponse for NotClaimant {
    fn into_response(self) -> Response {
        match self.0.code() {
            NOT_CLAIMED => see_other("/"),
            _ => self.0.into_response(),
        }
    }
}

const NOT_CLAIMED: &str = "not_claimed";

/// The claimant; an error for any other browser.
pub(super) fn claimant(run: &FirstRun, page_request: PageRequest) -> Result<Claimant, Problem> {
    let cookie = page_request.session.clone().unwrap_or_default();
    if run.record().claiming.is_claimed_by(&browser_of(&cookie)) {
        return Ok(Claimant { page_request, token: form_token(&cookie) });
    }
    Err(Problem::forbidden(NOT_CLAIMED, "this browser did not claim the machine: open the first page"))
}

impl FromRequestParts<Arc<FirstRun>> for Claimant {
    type Rejection = NotClaimant;

    async fn from_request_parts(parts: &mut Parts, run: &Arc<FirstRun>) -> Result<Self, NotClaimant> {
        let page_request = PageRequest::from_request_parts(parts, run).await.map_err(NotClaimant)?;
        claimant(run, page_request).map_err(NotClaimant)
    }
}

/// A form that the claimant sends from one of our pages.
pub(super) struct StepForm {
    pub claimant: Claimant,
    pub form: Form,
}

impl FromRequest<Arc<FirstRun>> for StepForm {
    type Rejection = Problem;

    async fn from_request(request: Request, run: &Arc<FirstRun>) -> Result<Self, Problem> {
        demand_own_page(&request)?;
        let (mut parts, body) = request.into_parts();
        let page_request = PageRequest::from_request_parts(&mut parts, run).await?;
        let claimant = claimant(run, page_request)?;
        let form = Form::from_request(Request::from_parts(parts, body), run).await?;
        if !is_same(form.text(TOKEN).unwrap_or_default(), &claimant.token) {
            return Err(Problem::forbidden(
                "form_token",
                "the form was not made by this page: open it again",
            ));
        }
        Ok(Self { claimant, form })
    }
}

/// Refuses forms of other sites.
pub(super) fn demand_own_page(request: &Request) -> Result<(), Problem> {
    if is_cross_site(request.headers()) {
        return Err(Problem::forbidden("cross_site", "the form was sent by another site's page"));
    }
    Ok(())
}

/// Lets callers in from networks that may use the desk, who ask for a host of ours.
pub(super) async fn admit(State(run): State<Arc<FirstRun>>, request: Request, next: Next) -> Response {
    let is_allowed = match request.extensions().get::<Peer>() {
        Some(Peer::Network(address)) => run.config.may_manage(*address),
        Some(Peer::Local) => true,
        None => false,
    };
    if !is_allowed {
        let detail = "calls from this address are not allowed (admin.allowed_networks)";
        return Problem::forbidden("network", detail).into_response();
    }
    if !run.host_names.are_asked(request.uri(), request.headers()) {
        return host_names::foreign_host("admin.hosts").into_response();
    }
    // A page says what holds at this moment.
    run.count_time(run.machine.boot().as_ref());
    next.run(request).await
}
