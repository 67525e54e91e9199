//! The visitor of a portal page: a device by its address, in a browser that may or may not be able to leave the page.
//! Forms prove without cookies that our own page made them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;

use super::browser::is_captive;
use super::state::Portal;
use super::texts::Words;
use crate::agent::engine::{ADDRESS_SHARED, Actor, Engine, Snapshot};
use crate::domain::id::Mac;
use crate::domain::units::day_number;
use crate::domain::usage::DeviceAt;
use crate::ui::catalogue::fill;
use crate::ui::form::TOKEN;
use crate::ui::layout::FrameWords;
use crate::ui::{Form, Frame, Locale, PageRequest};
use crate::web::same_site::is_cross_site;
use crate::web::{Peer, Problem};

/// The visitor of a page.
#[derive(Clone)]
pub(super) struct Guest {
    /// The request of the page.
    pub page_request: PageRequest,
    /// The visitor's address; forms are valid for this address only.
    pub address: IpAddr,
    /// Whether the browser is a captive window, which cannot open an app.
    pub is_captive: bool,
    /// The token for forms of this visitor.
    pub token: String,
}

impl Guest {
    /// The texts in the reader's language.
    pub fn words(&self) -> &'static Words {
        Words::of(self.page_request.locale.language)
    }

    /// The formats of amounts and dates.
    pub fn locale(&self) -> &Locale {
        &self.page_request.locale
    }

    /// That something was tried too often, and after how long it works again; `None` for any other problem.
    pub fn slowed(&self, problem: &Problem) -> Option<String> {
        let locale = self.locale();
        let is_slowed = problem.status() == StatusCode::TOO_MANY_REQUESTS;
        is_slowed.then(|| match problem.seconds_to_wait() {
            Some(s) => fill(self.words().slowed, &[&locale.span(Duration::from_secs(s))]),
            None => FrameWords::of(locale.language).slowed.to_owned(),
        })
    }

    /// The layout of a page with that title.
    pub fn frame(&self, title: impl Into<String>) -> Frame {
        self.page_request.frame(title)
    }

    /// The visitor as an actor of engine requests.
    pub fn actor(&self) -> Actor {
        Actor::portal(self.address)
    }

    /// The visitor's address in the router's tables.
    pub fn on_router(&self) -> Option<Ipv4Addr> {
        match self.address {
            IpAddr::V4(address) => Some(address),
            IpAddr::V6(_) => None,
        }
    }

    /// The device of the request, identified only by the address at which the router last saw it. An address of two
    /// devices belongs to neither: an answer would show one customer's account to another.
    pub fn device(&self, engine: &Engine) -> Result<Option<Mac>, Problem> {
        let Some(address) = self.on_router() else { return Ok(None) };
        match engine.read_view().device_at(address) {
            DeviceAt::Nobody => Ok(None),
            DeviceAt::One(mac) => Ok(Some(mac)),
            DeviceAt::Shared => {
                Err(Problem::conflict(ADDRESS_SHARED, "the router sees more than one device at this address"))
            }
        }
    }

    /// The user whose device sent the request.
    pub fn customer(&self, engine: &Engine) -> Result<Option<Snapshot>, Problem> {
        let look = engine.read_view();
        Ok(self.device(engine)?.and_then(|mac| look.user_with(mac)).map(|user| look.snapshot(user)))
    }
}

impl FromRequestParts<Arc<Portal>> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Problem> {
        let page_request = PageRequest::from_request_parts(parts, portal).await?;
        let Peer::Network(address) = page_request.peer else {
            return Err(Problem::forbidden("network", "the portal is for devices on the network"));
        };
        let token = portal.site.signed_tokens.form_token(&address.to_string(), portal.today());
        Ok(Self { page_request, address, is_captive: is_captive(&parts.headers), token })
    }
}

/// A submitted form that a page of ours made for the device that sends it.
pub(super) struct Sent {
    /// The sender.
    pub guest: Guest,
    /// The content.
    pub form: Form,
}

impl FromRequest<Arc<Portal>> for Sent {
    type Rejection = Problem;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        if is_cross_site(&parts.headers) {
            return Err(Problem::forbidden("cross_site", "forms are sent by our own pages"));
        }
        let guest = Guest::from_request_parts(&mut parts, portal).await?;
        let form = Form::from_request(Request::from_parts(parts, body), portal).await?;
        let (scope, given) = (guest.address.to_string(), form.text(TOKEN).unwrap_or_default());
        if portal.site.signed_tokens.check_form_token(&scope, portal.today(), given) {
            return Ok(Self { guest, form });
        }
        Err(Problem::forbidden("form_token", "the form is too old or was not made by this page"))
    }
}

impl Portal {
    /// Reads the user whose device sent the request; `None` for an unknown device, an error where two devices share
    /// the address.
    pub async fn look_at<T: Send + 'static>(
        &self,
        guest: &Guest,
        look: impl FnOnce(&mut Engine, Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let guest = guest.clone();
        let look = move |engine: &mut Engine| {
            guest.customer(engine)?.map(|customer| look(engine, customer)).transpose()
        };
        self.read(look).await
    }

    /// The local day, in days since 1970-01-01.
    pub fn today(&self) -> i64 {
        day_number(self.site.config.timezone.local(self.site.clock.now()).date)
    }
}
