//! The customer portal on the LAN: quota left, expiry, dues with their reasons, and what to do. The caller is
//! identified by the router's host table, never by the query.
//!
//! | file | what it is |
//! |---|---|
//! | `visitor` | the visitor of a page, and forms that only our own pages can send |
//! | `browser` | which browsers can open an app from a page |
//! | `targets` | where a browser may be sent |
//! | `sentence` | the state of a customer in one or two sentences |
//! | `sums` | the quota account as figures that add up |
//! | `owed` | what is owed and what it costs |
//! | `home` | the home page |
//! | `shop`, `bill` | packages on sale; everything owed |
//! | `pay` | payment of any purpose, and where it leads |
//! | `status` | one payment, until it ends |
//! | `records` | orders, statement and usage |
//! | `policy` | why the internet is slow or stopped |
//! | `login`, `register` | logging a device in; customers who register themselves |
//! | `error_page` | error pages with the next step |
//! | `contact` | the owner's phone as a link |
//! | `texts` | the texts |

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

/// The result of a handler.
type Answer = Result<Response, Problem>;

/// The shared state of the handlers.
struct Portal {
    site: Arc<Site>,
    targets: Targets,
    contact: Option<Contact>,
    /// Accepted host names.
    host_names: HostNames,
    /// Hashes PINs, one at a time.
    passwords: Passwords,
    /// Failed log-ins.
    entries: Mutex<LoginLimiter>,
    /// Registrations.
    registrations: Mutex<LoginLimiter>,
    /// Wrong order codes.
    codes: Mutex<LoginLimiter>,
    /// Queries to the gateway.
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

    /// The defaults of the site's pages, with problems in the portal's texts.
    fn house(&self) -> PageDefaults {
        let contact = self.contact.clone();
        let complain = Arc::new(move |page_request: &PageRequest, problem: &Problem| {
            error_page::page(page_request, problem, contact.as_ref())
        });
        PageDefaults { complain, ..self.site.page_defaults(store_notice::text_for_customers) }
    }

    /// Reads from the engine; `look` copies out what it needs.
    async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Engine) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        self.site.engine().call(look).await?
    }

    /// Reads the user whose device sent the request; `None` for an unknown device, an error where two devices share
    /// the address.
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

    /// Since when the relay is unreachable; `None` if it is reachable or not configured.
    fn relay_down_since(&self) -> Option<Timestamp> {
        let state = self.site.payments.link().ok()?.state();
        // Before its first answer a relay does not count as down.
        let is_down = state.last_error.is_some() && state.name(self.site.clock.now()) == "down";
        state.since.filter(|_| is_down)
    }

    /// Counts an attempt before it is made; after a few, further ones are refused for a while. It counts as a wrong
    /// one unless it [succeeded](Self::succeeded).
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

    /// Uncounts an attempt that succeeded.
    fn succeeded(&self, attempts: &Mutex<LoginLimiter>, attempt: LoginAttempt) {
        let now = self.site.clock.uptime();
        attempts.lock().unwrap_or_else(PoisonError::into_inner).succeeded(attempt, now);
    }
}

/// An instant in the format of `data-until`.
fn until(at: Timestamp) -> String {
    rfc3339(at)
}

/// Admits devices of the hotspot and of the owner's networks, under a host name of ours. Phones detect a portal by
/// requesting a page elsewhere, which the router redirects to us: they are redirected to the portal's own address.
/// Under a foreign name nothing else is served or done, because a foreign page may have pointed it here.
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

/// Requests by which systems detect a log-in page on a network.
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

/// Redirects a captive window with 302, which its systems support best.
fn found(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(LOCATION, to)]).into_response()
}

/// Headers of every answer: no caching, no content sniffing, no sensors, and forms only to us or to the gateway.
async fn secure(State(portal): State<Arc<Portal>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers: &mut HeaderMap = response.headers_mut();
    // Pages about a problem are made outside the limits.
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
