//! The console of the people who run the relay: its sites and their money, merchants, operators, and a log of who changed what; as
//! pages and as JSON, on a listener of its own.
//!
//! | file | what it is |
//! |---|---|
//! | `state` | what every handler holds |
//! | `sessions` | log-ins: password, then a one-time code; their ends; the password asked again |
//! | `caller`, `session` | who calls the API; who looks at a page, and forms that only our own pages can send |
//! | `login` | logging in and out |
//! | `menu` | the tabs |
//! | `texts` | all texts |
//! | `overview` | what is known of sites, without words |
//! | `order_page` | orders of a site in pages |
//! | `changes` | what operators change: who may, what is asked once more, what is logged |
//! | `action_page` | the form of one change |
//! | `sites`, `site`, `site_actions` | the overview; one site; what can be done to it |
//! | `merchants`, `operators`, `log`, `account` | accounts at the gateway; operators; their log; one's own account |
//! | [`api`] | the same as JSON |
//! | `listener` | the port, which is retried and never stops the relay |

mod account;
mod action_page;
pub mod api;
mod caller;
mod changes;
pub mod listener;
mod log;
mod login;
mod menu;
mod merchants;
mod operators;
mod order_page;
mod overview;
mod session;
mod sessions;
mod site;
mod site_actions;
mod sites;
mod state;
mod texts;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};

pub use state::ConsoleParts;

use self::site_actions::SiteAction;
use self::state::{ConsoleState, PageAnswer, may_open};
use self::texts::{ConsoleWords, say};
use crate::relay::service::Relay;
use crate::ui::PageRequest;
use crate::ui::assets::{Assets, COLOUR};
use crate::ui::desk::{DeskPages, for_people};
use crate::ui::language::Language;
use crate::ui::layout::{self, PageDefaults, SiteLook};
use crate::web::serve::refusal;
use crate::web::{Admission, ConnectionLimits, Peer, Problem, host_names, limits};

/// Connections of one address: an office has one address and several browsers, each with six.
const PER_ADDRESS_MAX: usize = 32;
/// The answer to a peer that may not open the console.
const REFUSAL: &str = "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"code\":\"network\",\
    \"detail\":\"calls from this address are not allowed (console.allowed_networks); \
    alamat ini tidak diizinkan membuka konsol relay\"}";

/// The pages and the API. Requests carry a [`Peer`] as an extension.
pub fn router(relay: &Arc<Relay>, parts: ConsoleParts) -> Router {
    let state = ConsoleState::new(Arc::clone(relay), parts);
    let defaults = page_defaults(&state);
    let all = api::routes().merge(pages(defaults.clone())).with_state(Arc::clone(&state));
    let admitted = limits::answer_unknown(all).layer(from_fn_with_state(state, admit));
    let pages = DeskPages { defaults, calls: "/v1/" };
    limits::bound(admitted).layer(from_fn_with_state(Arc::new(pages), for_people))
}

fn pages(defaults: PageDefaults) -> Router<Arc<ConsoleState>> {
    let pages = Router::new()
        .route("/masuk", get(login::show).post(login::enter))
        .route("/masuk/kode", get(login::show_code).post(login::enter_code))
        .route("/masuk/pasang", get(login::show_set_up).post(login::set_up))
        .route("/keluar", post(login::leave))
        .route("/tentang", get(about))
        .route("/", get(sites::show))
        .route("/tambah-lokasi", get(site_actions::show_add).post(site_actions::add))
        .route("/lokasi/{id}", get(site::show))
        .route("/lokasi/{id}/nonaktifkan", site_actions::route(SiteAction::Disable))
        .route("/lokasi/{id}/aktifkan", site_actions::route(SiteAction::Enable))
        .route("/lokasi/{id}/ganti-token", site_actions::route(SiteAction::RotateToken))
        .route("/lokasi/{id}/hapus", site_actions::route(SiteAction::Remove))
        .route("/merchant", get(merchants::show))
        .route("/merchant/tambah", get(merchants::show_add).post(merchants::add))
        .route("/merchant/{id}/ganti-kunci", get(merchants::show_rotate).post(merchants::rotate))
        .route("/catatan", get(log::show))
        .route("/akun", get(operators::show))
        .route("/akun/tambah", get(operators::show_add).post(operators::add))
        .route("/akun/{name}/kata-sandi", get(operators::show_set_password).post(operators::set_password))
        .route("/akun/{name}/kode", get(operators::show_reset_codes).post(operators::reset_codes))
        .route("/akun/{name}/hapus", get(operators::show_remove).post(operators::remove))
        .route("/saya", get(account::show))
        .route("/saya/kata-sandi", get(account::show_password).post(account::set_password))
        .route("/saya/sesi", post(account::end_sessions))
        .merge(defaults.site.assets.routes());
    layout::around(pages, defaults)
}

/// What the console's listener takes.
pub fn connection_limits(parts: &ConsoleParts) -> ConnectionLimits {
    let allowed = parts.config.allowed_networks.clone();
    ConnectionLimits {
        per_address_max: PER_ADDRESS_MAX,
        admit: Arc::new(move |peer| Admission::of(*peer, |address| may_open(&allowed, address))),
        refusal: refusal("application/problem+json", REFUSAL),
        ..ConnectionLimits::default()
    }
}

/// Lets callers from allowed networks in who ask for a host of ours.
async fn admit(State(state): State<Arc<ConsoleState>>, request: Request, next: Next) -> Response {
    let is_admitted = match request.extensions().get::<Peer>() {
        Some(Peer::Network(address)) => state.admits(*address),
        Some(Peer::Local) => true,
        None => false,
    };
    if !is_admitted {
        let detail = "calls from this address are not allowed (console.allowed_networks)";
        return Problem::forbidden("network", detail).into_response();
    }
    if !state.host_names.are_asked(request.uri(), request.headers()) {
        return host_names::foreign_host("console.hosts").into_response();
    }
    next.run(request).await
}

/// How the console's pages are by default.
fn page_defaults(state: &Arc<ConsoleState>) -> PageDefaults {
    // The state has no way to the pages, so this is no ring.
    let (of_menu, of_hindrance) = (Arc::clone(state), Arc::clone(state));
    let hindrance = move |language| {
        let outage = of_hindrance.relay.store.outage();
        outage.map(|_| ConsoleWords::of(language).database_away.to_owned())
    };
    PageDefaults {
        language: Language::Indonesian,
        zone: state.zone.clone(),
        site: Arc::new(SiteLook { name: "kuota relay".to_owned(), assets: Assets::of(COLOUR) }),
        complain: Arc::new(complain),
        surround: Arc::new(move |page_request| Box::pin(menu::around(Arc::clone(&of_menu), page_request))),
        hindrance: Arc::new(hindrance),
        noticed: Arc::new(|_| ()),
        refused: Arc::default(),
        session_cookie: sessions::COOKIE.name,
    }
}

/// Problems in the reader's language, where there is a sentence for their code.
fn complain(page_request: &PageRequest, problem: &Problem) -> PageAnswer {
    let language = page_request.locale.language;
    let text = say::refusal(language, problem);
    let sentence = say::sentence(language, problem);
    layout::complain_with(page_request, &Problem::new(problem.status(), problem.code(), text), sentence)
}

async fn about(State(state): State<Arc<ConsoleState>>, page_request: PageRequest) -> PageAnswer {
    let around = menu::around(Arc::clone(&state), page_request.clone()).await;
    layout::about(&page_request, around, "")
}
