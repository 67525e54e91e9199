//! The relay: opens charges at the gateway, follows their status, and reports it to the sites. `tests/tidy/rows.rs` keeps
//! the rows of its modules.
//!
//! | file | what it is |
//! |---|---|
//! | [`config`] | the configuration and the secrets |
//! | [`run`] | assembly of the parts, and the loops |
//! | [`service`] | the parts; changing an order, querying one at the gateway |
//! | `http` | routes, callers and their limits |
//! | [`console`] | pages and an API for the people who run the relay, on a listener of its own |
//! | `request` | requests of a site, and their bounds |
//! | `charging` | opens a charge, once |
//! | `orders` | the calls of a site about an order |
//! | `notifications` | the gateway's messages: stored, then decided by a status query |
//! | `reconcile`, `schedule` | status queries for every order that may still change, and their times |
//! | `feed` | the events of a site's orders, in order |
//! | `site`, `polls` | one hotspot, and its long polls |
//! | [`presence`], [`health`] | reports of agents, and sites that are silent |
//! | `row` | one order: the effect of an answer, and its report to the site |
//! | [`directory`] | merchants and sites in force, of the configuration and of the database |
//! | [`operators`] | the people who run the relay: their changes by commands and console |
//! | `merchant`, `breaker` | calls to the gateway, and the circuit breaker that holds them back |
//! | `order_id` | ids of orders |
//! | `instance` | which machine has a site |
//! | [`figures`], `metrics` | counts, and their text for Prometheus |
//! | `vault` | encrypted copies of sites, and who reads them |
//! | [`store`] | orders, notifications and feeds: the store's trait, SQLite and PostgreSQL |
//!
//! The walk of one notification: `http` -> `notifications::receive` -> the store, and the gateway has its answer; then
//! `notifications::decide_once` -> the gateway's status -> [`crate::domain::payment`] -> the store, which wakes the
//! site's `feed`.

mod breaker;
mod charging;
pub mod config;
pub mod console;
pub mod directory;
mod feed;
pub mod figures;
pub mod health;
mod http;
mod instance;
mod merchant;
mod metrics;
mod notifications;
pub mod operators;
mod order_id;
mod orders;
mod polls;
pub mod presence;
mod reconcile;
mod request;
mod row;
pub mod run;
mod schedule;
pub mod service;
mod site;
pub mod store;
mod vault;

pub use health::presence_once;
pub use http::{limits, router};
pub use notifications::decide_once;
pub use reconcile::reconcile_once;
