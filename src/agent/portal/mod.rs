//! The customer portal on the LAN: quota left, expiry, dues with their reasons, and what to do. The caller is
//! identified by the router's host table, never by the query.
//!
//! | file | what it is |
//! |---|---|
//! | `state` | the state of the handlers |
//! | `visitor` | the visitor of a page, and forms that only our own pages can send |
//! | `browser` | which browsers can open an app from a page |
//! | `targets` | where a browser may be sent |
//! | `sentence` | the state of a customer in one or two sentences |
//! | `notices` | present outages |
//! | `sums` | the quota account as figures that add up |
//! | `owed` | what is owed and what it costs |
//! | `dues` | what reconnects a customer: the bill or a package |
//! | `home` | the home page |
//! | `shop`, `bill` | packages on sale; everything owed |
//! | `pay` | payment of any purpose, and where it leads |
//! | `status` | one payment, until it ends |
//! | `records` | orders, statement and usage |
//! | `policy` | why the internet is slow or stopped |
//! | `login`, `register` | logging a device in; customers who register themselves |
//! | `devices` | a customer's own devices and PIN |
//! | `help` | asking the owner for help |
//! | `error_page` | error pages with the next step |
//! | `contact` | the owner's phone as a link |
//! | `texts` | the texts |

mod bill;
mod browser;
mod contact;
mod devices;
mod dues;
mod error_page;
mod help;
mod home;
mod login;
mod notices;
mod owed;
mod pay;
mod policy;
mod records;
mod register;
mod sentence;
mod shop;
mod state;
mod status;
mod sums;
mod targets;
mod texts;
mod visitor;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, HeaderName, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

use super::site::Site;
use crate::agent::http::state::Answer;
use crate::ui::{PageRequest, layout};
use crate::web::same_site::names_foreign_origin;
use crate::web::{Peer, Problem, host_names, limits, status_counts};
use state::Portal;

/// The portal's pages. Requests carry a [`Peer`] as an extension.
pub fn router(site: Arc<Site>) -> Router {
    let answers = Arc::clone(&site.answers.portal);
    let portal = Arc::new(Portal::new(site));
    let defaults = portal.page_defaults();
    let pages = Router::new()
        .route("/", get(home::show))
        .route("/beli", get(shop::show))
        .route("/beli/{package}", get(pay::choose_package).post(pay::pay_package))
        .route("/lunasi", get(bill::show))
        .route("/lunasi/semua", get(pay::choose_all).post(pay::pay_all))
        .route("/lunasi/sebagian", get(bill::choose_part).post(bill::pay_part))
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
        .route("/perangkat", get(devices::show))
        .route("/perangkat/{mac}/nama", post(devices::rename))
        .route("/perangkat/{mac}/lepas", post(devices::remove))
        .route("/pin", get(devices::show_pin).post(devices::change_pin))
        .route("/bantuan", get(help::show).post(help::send))
        .route("/tentang", get(about))
        .merge(defaults.site.assets.routes())
        .with_state(Arc::clone(&portal));
    let admitted = limits::answer_unknown(pages).layer(from_fn_with_state(Arc::clone(&portal), admit));
    let admitted = limits::bound(admitted);
    let secured = layout::around(admitted, defaults).layer(from_fn_with_state(portal, secure));
    status_counts::count_answers(secured, answers)
}

async fn about(State(portal): State<Arc<Portal>>, page_request: PageRequest) -> Answer {
    layout::about(&page_request, None, &portal.site.config.source_url)
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
        return host_names::foreign_host("admin.hosts").into_response();
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
