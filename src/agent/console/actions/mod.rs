//! Everything a person can do in the console, by one way: a form asks, a second page shows what would happen, and only
//! then it is done, once, and shown. Every form that is sent leads on to a page of its own, so that going back never sends
//! it again. The work is the API's own: the same requests, the same commands, the same operations.
//!
//! | file | what it is |
//! |---|---|
//! | `action` | one action: a row of a table |
//! | `subject` | what an action is about, as addresses name it |
//! | `form_spec` | the form: its fields, and how what was typed is read |
//! | `preview` | what an action would do, from the engine's preview |
//! | `pages` | the two pages |
//! | `submit` | asking, showing, doing |
//! | `routes`, `buttons` | the pages of a table; its actions as buttons |
//! | `counter`, `customers`, `help`, `hosts`, `orphans`, `debts`, `packages`, `payments`, `office`, `settings` | the tables |

pub(crate) mod action;
pub(crate) mod buttons;
pub(crate) mod counter;
pub(crate) mod customers;
pub(crate) mod debts;
pub(crate) mod form_spec;
pub(crate) mod help;
pub(crate) mod hosts;
pub(crate) mod office;
pub(crate) mod orphans;
pub(crate) mod packages;
pub(crate) mod pages;
pub(crate) mod payments;
pub(crate) mod preview;
mod routes;
pub(crate) mod settings;
pub(crate) mod subject;
pub(crate) mod submit;

use std::sync::Arc;

use axum::Router;

use crate::agent::http::state::AppState;

/// The pages of every action.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    use routes::routes;
    routes("/pelanggan", customers::NEW_USER_ACTIONS)
        .merge(routes("/pelanggan/{id}", customers::USER_ACTIONS))
        .merge(routes("/pelanggan/{id}/tagihan/{debt}", debts::DEBT_ACTIONS))
        .merge(routes("/pelanggan/{id}/perangkat/{mac}", customers::DEVICE_ACTIONS))
        .merge(routes("/pelanggan/{id}/perangkat/{mac}", hosts::HOST_ACTIONS))
        .merge(routes("/perangkat/sebelum-pemulihan/{mac}", orphans::ORPHAN_ACTIONS))
        .merge(routes("/jual", counter::NEW_BUYER_ACTIONS))
        .merge(routes("/jual/perangkat/{mac}", counter::NEW_DEVICE_BUYER_ACTIONS))
        .merge(routes("/bantuan/{mac}", help::HELP_ACTIONS))
        .merge(routes("/paket", packages::NEW_PACKAGE_ACTIONS))
        .merge(routes("/paket/{id}", packages::PACKAGE_ACTIONS))
        .merge(routes("/pembayaran/{id}", payments::ORDER_ACTIONS))
        .merge(routes("/kasir", office::DRAWER_ACTIONS))
        .merge(routes("/router", office::ROUTER_ACTIONS))
        .merge(routes("/jam", office::CLOCK_ACTIONS))
        .merge(routes("/pengaturan", settings::SETTINGS_ACTIONS))
        .merge(routes("/pengelola", office::NEW_ADMIN_ACTIONS))
        .merge(routes("/pengelola/{name}", office::ADMIN_ACTIONS))
        .merge(routes("/pengelola/{name}/token/{hash}", office::TOKEN_ACTIONS))
}
