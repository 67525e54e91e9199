//! The admin API: what the owner and programs ask for, as JSON, on the LAN and on the control socket.
//!
//! A handler is a few plain awaits in order: who calls (a parameter), where, what; then the engine. Requests
//! are types of `protocol::admin`, `http::commands` makes them commands, `http::errors` makes errors problems.
//!
//! | file | what it is |
//! |---|---|
//! | `status` | how the daemon is, and whether it answers |
//! | `login`, `second_factor` | browsers' log-ins, and the one-time codes |
//! | `users`, `packages` | users and their devices; what is on sale |
//! | `hosts`, `orphans` | devices on the hotspot; those that the restored store has not |
//! | `money`, `orders`, `closings` | quota, debts and money; orders; cash drawers |
//! | `ledger`, `usage`, `explain` | what is on record, what was used, and the reasons of a user's access |
//! | `reports`, `export` | reports over everybody; whole tables |
//! | `router` | the router's difference, and making it so |
//! | `admins`, `settings` | admins and tokens; the configuration |
//! | `backup`, `update` | a copy of everything; the next version |
//! | `adoption`, `leave` | hotspot users that become customers; customers that become hotspot users |
//! | `metrics` | figures for Prometheus |
//! | `openapi` | the description |

pub(crate) mod admins;
pub(crate) mod adoption;
pub(crate) mod backup;
pub(crate) mod closings;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod hosts;
pub(crate) mod leave;
pub(crate) mod ledger;
pub(crate) mod login;
pub(crate) mod metrics;
pub(crate) mod money;
pub mod openapi;
pub(crate) mod orders;
pub(crate) mod orphans;
pub(crate) mod packages;
pub(crate) mod reports;
pub(crate) mod router;
pub(crate) mod second_factor;
pub(crate) mod settings;
pub(crate) mod status;
pub(crate) mod take_over;
pub(crate) mod update;
pub(crate) mod usage;
pub(crate) mod users;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::agent::http::state::AppState;

/// Every call of the admin API.
pub(crate) fn routes() -> Router<Arc<AppState>> {
    let api = Router::new()
        .merge(status::routes())
        .merge(login::routes())
        .merge(second_factor::routes())
        .merge(users::routes())
        .merge(hosts::routes())
        .merge(orphans::routes())
        .merge(money::routes())
        .merge(packages::routes())
        .merge(orders::routes())
        .merge(closings::routes())
        .merge(leave::routes())
        .merge(take_over::routes())
        .merge(ledger::routes())
        .merge(usage::routes())
        .merge(explain::routes())
        .merge(router::routes())
        .merge(adoption::routes())
        .merge(admins::routes())
        .merge(settings::routes())
        .merge(backup::routes())
        .merge(update::routes())
        .merge(export::routes())
        .merge(metrics::routes())
        .merge(reports::routes())
        .merge(openapi::routes());
    Router::new()
        .nest("/api/v1", api)
        .route("/api/ping", get(status::ping))
        .route("/healthz", get(status::healthz))
        .merge(metrics::routes())
}
