//! The owner's console: the API's calls as pages, for people with a browser. A page asks the same engine as the API does,
//! and every change is asked once, shown before it is made, and confirmed after.
//!
//! | file | what it is |
//! |---|---|
//! | `session` | the admin who looks at a page, and forms that only our own pages can send |
//! | `login`, `account` | logging in and out; one's own account |
//! | `menu` | the tabs, and the page with those that are not in the bar of a phone |
//! | `sorting` | lists that are sorted and paged by their address |
//! | `search` | what the search box of every page found |
//! | `texts` | all texts |
//! | `actions` | everything that can be done, by one way |
//! | `counter` | a sale at the counter |
//! | `customers` | customers, what they owe, packages, receipts |
//! | `dashboard` | how things are, on one page |
//! | `payments`, `payment` | orders, the review queue, one order |
//! | `drawer` | the cashier's drawer and its closings |
//! | `reports` | sales, debts, usage and collection over a span |
//! | `help` | customers who asked for help |
//! | `hosts` | devices on the hotspot, and whose they are |
//! | `orphans` | devices that the router has and the restored data has not |
//! | `router` | the router as it should be against what it is |
//! | `month` | the report of a month, to print |
//! | `streamed` | pages whose rows are written while they are sent |
//! | `audit`, `sentences` | who did what, in sentences |
//! | `files` | tables that people open in a spreadsheet |
//! | `admins` | admins, and tokens for programs |
//! | `doctor` | the checks of router, relay and machine |
//! | `adoption` | hotspot users that become customers, and back |
//! | `settings` | the configuration in force |
//! | `backup`, `version` | copies, and the proof of the ledger; the running version and the next |

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod admins;
pub(crate) mod adoption;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod counter;
pub(crate) mod customers;
pub(crate) mod dashboard;
pub(crate) mod doctor;
pub(crate) mod drawer;
pub(crate) mod files;
pub(crate) mod help;
pub(crate) mod hosts;
pub(crate) mod login;
pub(crate) mod menu;
pub(crate) mod month;
pub(crate) mod orphans;
pub(crate) mod payment;
pub(crate) mod payments;
pub(crate) mod reports;
pub(crate) mod router;
pub(crate) mod search;
mod sentences;
pub(crate) mod session;
pub(crate) mod settings;
mod sorting;
mod streamed;
pub(crate) mod texts;
pub(crate) mod version;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use crate::agent::http::sessions::COOKIE;
use crate::agent::http::state::{Answer, AppState};
use crate::agent::http::store_notice;
use crate::ui::layout::PageDefaults;
use crate::ui::{PageRequest, layout};
use crate::web::Problem;

/// Every page of the console.
pub(crate) fn routes(defaults: PageDefaults) -> Router<Arc<AppState>> {
    let pages = Router::new()
        .route("/masuk", get(login::show).post(login::enter))
        .route("/masuk/pin", get(login::ask_pin).post(login::enter_pin))
        .route("/keluar", post(login::leave))
        .route("/tentang", get(about))
        .route("/", get(dashboard::show))
        .route("/lainnya", get(menu::show))
        .route(menu::SEARCH, get(search::show))
        .route("/pembayaran", get(payments::show))
        .route("/pembayaran/{id}", get(payment::show))
        .route("/kasir", get(drawer::show))
        .route("/kasir/{no}", get(drawer::closing))
        .route(help::PLACE, get(help::show))
        .route(hosts::PLACE, get(hosts::show))
        .route("/perangkat/{mac}", get(hosts::one))
        .route(orphans::PLACE, get(orphans::show))
        .route("/router", get(router::show))
        .route("/laporan", get(reports::sales))
        .route("/laporan/tagihan", get(reports::debts))
        .route("/laporan/pemakaian", get(reports::usage))
        .route("/laporan/penagihan", get(reports::collection))
        .route("/laporan/bulan", get(month::show))
        .route("/catatan", get(audit::show))
        .route("/unduh/pelanggan", get(files::customers))
        .route("/unduh/penjualan", get(files::sales))
        .route("/unduh/tagihan", get(files::debts))
        .route("/unduh/pemakaian", get(files::usage))
        .route("/unduh/penagihan", get(files::collection))
        .route("/unduh/catatan", get(files::audit))
        .route("/pengelola", get(admins::show))
        .route("/dokter", get(doctor::show).post(doctor::examine))
        .route("/adopsi", get(adoption::show))
        .route("/adopsi/ambil", post(adoption::take))
        .route("/adopsi/kembalikan", post(adoption::give_back))
        .route("/adopsi/selesaikan", post(adoption::finish))
        .route("/adopsi/kembali", post(adoption::come_back))
        .route("/pengaturan", get(settings::show))
        .route("/cadangan", get(backup::show))
        .route("/cadangan/periksa", post(backup::verify))
        .route("/cadangan/kit", post(backup::kit))
        .route("/cadangan/ambil-alih", post(backup::take_site_over))
        .route(backup::DOWNLOAD_PATH, post(backup::download))
        .route("/versi", get(version::show))
        .route("/versi/cari", post(version::request))
        .route("/saya", get(account::show))
        .route("/saya/dua-langkah", post(account::begin))
        .route("/saya/dua-langkah/pastikan", post(account::confirm))
        .route("/saya/dua-langkah/matikan", post(account::end))
        .route("/saya/sesi", post(account::end_sessions))
        .route("/saya/kata-sandi", post(account::change_password))
        .route("/saya/pin", post(account::set_pin))
        .route("/saya/pin/hapus", post(account::remove_pin))
        .merge(actions::routes())
        .merge(counter::routes())
        .merge(customers::routes())
        .merge(defaults.site.assets.routes());
    layout::around(pages, defaults)
}

/// How the console's pages are by default.
pub(crate) fn page_defaults(app: &Arc<AppState>) -> PageDefaults {
    // The state has no way to the pages, so this is no ring.
    let state = Arc::clone(app);
    PageDefaults {
        complain: Arc::new(complain),
        surround: Arc::new(move |page_request| Box::pin(menu::around(Arc::clone(&state), page_request))),
        session_cookie: COOKIE.name,
        ..app.site.page_defaults(store_notice::text)
    }
}

/// Problems in the reader's language, where there is a sentence for their code.
fn complain(page_request: &PageRequest, problem: &Problem) -> Answer {
    let text = texts::say::refusal(page_request.locale.language, problem);
    let sentence = texts::say::sentence(page_request.locale.language, problem);
    layout::complain_with(page_request, &Problem::new(problem.status(), problem.code(), text), sentence)
}

async fn about(State(app): State<Arc<AppState>>, page_request: PageRequest) -> Answer {
    let around = menu::around(Arc::clone(&app), page_request.clone()).await;
    layout::about(&page_request, around, &app.site.config.source_url)
}
