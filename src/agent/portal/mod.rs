//! What customers see on the LAN: how much is left, until when, what is owed and why, and what to do. Who asks is
//! told by the router's host table, never by the query.
//!
//! | file | what it is |
//! |---|---|
//! | `guest` | who looks at a page, and forms that only our own pages can send |
//! | `browser` | which browsers can leave a page for an app |
//! | `targets` | where a browser may be sent |
//! | `sentence` | what holds for a user, in the words of the house |
//! | `sums` | the quota account as figures that add up |
//! | `owed` | what is owed and what it costs |
//! | `home` | the first page |
//! | `shop`, `bill` | packages on sale; everything owed |
//! | `pay` | how to pay, for every purpose, and where that leads |
//! | `status` | one payment, until it is over |
//! | `records` | orders, statement and usage |
//! | `policy` | why the internet is slow or stopped |
//! | `door`, `register` | logging a device in; customers who register themselves |
//! | `sorry` | what went wrong, politely |
//! | `contact` | the owner's number as a link |
//! | `words` | the texts |

mod bill;
mod browser;
mod contact;
mod error_page;
mod home;
mod login;
mod owed;
mod pay;
mod policy;
mod records;
mod register;
mod sentence;
mod shop;
mod status;
mod sums;
mod targets;
mod texts;
mod visitor;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::engine::{Engine, Snapshot};
use super::site::Site;
use crate::agent::http::store_notice;
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::identity::{Guarded, LoginAttempt, LoginLimiter, Passwords};
use crate::ui::layout::PageDefaults;
use crate::ui::{PageRequest, assets, layout};
use crate::web::same_site::names_foreign_origin;
use crate::web::{HostNames, Peer, Problem, host_names, limits, status_counts};
use contact::Contact;
use targets::Targets;
use visitor::Guest;

/// What a handler answers.
type Answer = Result<Response, Problem>;

/// The handlers' state.
struct Portal {
    site: Arc<Site>,
    targets: Targets,
    contact: Option<Contact>,
    /// Names by which it is asked.
    host_names: HostNames,
    /// Hashing, one at a time.
    passwords: Passwords,
    /// Log-ins that failed.
    entries: Mutex<LoginLimiter>,
    /// Registrations.
    registrations: Mutex<LoginLimiter>,
    /// Codes of orders that were wrong.
    codes: Mutex<LoginLimiter>,
    /// Questions to the gateway.
    questions: Mutex<LoginLimiter>,
}

/// The portal's pages. Requests carry a [`Peer`] as an extension.
pub fn router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.portal);
    let portal = Arc::new(Portal::new(site));
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/beli", get(shop::show))
        .route("/beli/{package}", get(pay::choose_package).post(pay::pay_package))
        .route("/lunasi", get(bill::show))
        .route("/lunasi/semua", get(pay::choose_all).post(pay::pay_all))
        .route("/lunasi/sebagian", get(pay::choose_part).post(pay::pay_part))
        .route("/lunasi/{debt}", get(pay::choose_item).post(pay::pay_item))
        .route("/riwayat", get(records::show))
        .route("/payment/status/{order}", get(status::show))
        .route("/payment/status/{order}/cek", post(status::ask))
        .route("/payment/status/{order}/ganti", post(status::change))
        .route("/payment/status/{order}/batal", post(status::cancel))
        .route("/b/{code}", get(status::by_code))
        .route("/policy/{status}", get(policy::show))
        .route("/masuk", get(login::show).post(login::enter))
        .route("/masuk/ganti", get(login::ask).post(login::replace))
        .route("/daftar", get(register::show).post(register::enter))
        .route("/tentang", get(about))
        .merge(assets::routes())
        .with_state(Arc::clone(&portal));
    let admitted = limits::answer_unknown(pages).layer(from_fn_with_state(Arc::clone(&portal), admit));
    let admitted = limits::bound(admitted);
    let house = portal.house();
    let secured = layout::around(admitted, house).layer(from_fn_with_state(portal, secure));
    status_counts::count_answers(secured, answers)
}

async fn about(State(portal): State<Arc<Portal>>, page_request: PageRequest) -> Answer {
    layout::about(&page_request, &portal.site.config.source_url)
}

impl Portal {
    fn new(site: Arc<Site>) -> Self {
        let loopback = site.config.relay.as_ref().is_some_and(|relay| relay.url.is_loopback());
        let contact = contact::contact(&site.config.portal.contact);
        let host_names = site.config.host_names();
        Self {
            site,
            host_names,
            targets: Targets { loopback },
            contact,
            passwords: Passwords::default(),
            entries: Mutex::new(LoginLimiter::new(Guarded::Pins)),
            registrations: Mutex::new(LoginLimiter::new(Guarded::Names)),
            codes: Mutex::new(LoginLimiter::new(Guarded::Names)),
            questions: Mutex::new(LoginLimiter::new(Guarded::Names)),
        }
    }

    /// The site's pages, with problems told in the words of the portal.
    fn house(&self) -> PageDefaults {
        let contact = self.contact.clone();
        let complain = Arc::new(move |page_request: &PageRequest, problem: &Problem| {
            error_page::page(page_request, problem, contact.as_ref())
        });
        PageDefaults { complain, ..self.site.page_defaults(store_notice::text_for_customers) }
    }

    /// Looks at the engine; `look` copies out what it needs.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.site.engine().call(look).await?
    }

    /// Looks at the user whose device asks; `None` for an unknown device, an error where two devices have the address.
    async fn look_at<T: Send + 'static>(
        &self,
        guest: &Guest,
        look: impl FnOnce(&mut Engine, Snapshot) -> Result<T, Problem> + Send + 'static,
    ) -> Result<Option<T>, Problem> {
        let guest = guest.clone();
        let look = move |engine: &mut Engine| {
            guest.customer(engine)?.map(|customer| look(engine, customer)).transpose()
        };
        self.look(look).await
    }

    /// Since when the relay cannot be reached, while it cannot; `None` too where there is none.
    fn relay_down_since(&self) -> Option<Timestamp> {
        let state = self.site.payments.link().ok()?.state();
        // Before the first word of a relay nothing is wrong yet.
        let is_down = state.last_error.is_some() && state.name(self.site.clock.now()) == "down";
        state.since.filter(|_| is_down)
    }

    /// Counts an attempt before it is made; more than a few are refused for a while. It counts as a wrong one unless it
    /// [succeeded](Self::succeeded).
    fn attempt(
        &self,
        attempts: &Mutex<LoginLimiter>,
        address: IpAddr,
        name: &str,
    ) -> Result<LoginAttempt, Problem> {
        let mut attempts = attempts.lock().unwrap_or_else(PoisonError::into_inner);
        attempts
            .begin(address, name, self.site.clock.uptime())
            .map_err(|wait| Problem::too_many("too many attempts; wait a moment", wait.as_secs() + 1))
    }

    /// The attempt was a good one: it costs nothing.
    fn succeeded(&self, attempts: &Mutex<LoginLimiter>, attempt: LoginAttempt) {
        let now = self.site.clock.uptime();
        attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(attempt, now);
    }
}

/// An instant as `data-until` takes it.
fn until(at: Timestamp) -> String {
    rfc3339(at)
}

/// Lets devices of the hotspot and the owner's networks in, under a host of ours. Phones find a hotspot's pages by asking
/// for a page elsewhere, which the router hands to us: they are led to the portal's own address. Nothing else is said
/// or done under a foreign name, which a foreign page may have pointed here.
async fn admit(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let is_allowed = match request.extensions().get::<Peer>() {
        Some(Peer::Local) => true,
        Some(Peer::Network(address)) => portal.site.config.may_visit(*address),
        None => false,
    };
    if !is_allowed {
        return Problem::forbidden("network", "pages of the portal are for the hotspot's network")
            .into_response();
    }
    let is_ours = portal.host_names.are_asked(request.uri(), request.headers());
    let is_looking = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_looking && (!is_ours || PROBES.contains(&request.uri().path())) {
        return found(&format!("{}/", portal.site.config.portal.public_url));
    }
    if !is_ours {
        return host_names::foreign_host().into_response();
    }
    if is_looking && names_foreign_origin(request.headers()) {
        return Problem::forbidden("cross_site", "pages are shown to their own readers only").into_response();
    }
    next.run(request).await
}

/// What systems ask for to find out whether a network has a log-in page.
const PROBES: [&str; 9] = [
    "/generate_204",
    "/gen_204",
    "/hotspot-detect.html",
    "/library/test/success.html",
    "/ncsi.txt",
    "/connecttest.txt",
    "/success.txt",
    "/canonical.html",
    "/check_network_status.txt",
];

/// Leads a captive window on; its systems know 302 best.
fn found(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

/// Headers of every answer: nothing is kept or guessed at, no sensor is used, and forms lead to us or to the gateway.
async fn secure(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    // Pages that tell of a problem are made outside the limits.
    limits::quiet(headers);
    let permissions = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    headers.insert(HeaderName::from_static("permissions-policy"), HeaderValue::from_static(permissions));
    if headers.contains_key(CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(&portal.targets.content_policy())
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
