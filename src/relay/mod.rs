//! The relay: opens charges at the gateway, follows their status, and reports it to the sites.
//!
//! | file | what it is |
//! |---|---|
//! | [`config`] | what it is configured to do, and its secrets |
//! | [`run`] | the parts put together, and the loops |
//! | [`service`] | the parts; changing an order, asking about one |
//! | `http` | who may call what |
//! | `request` | what a site may ask for |
//! | `charging` | opening a charge, once |
//! | `orders` | what a site may do with an order |
//! | `notifications` | the gateway's messages: kept, then decided by asking |
//! | `reconcile`, `schedule` | asking about every order that may still change, and when |
//! | `feed` | events of a site's orders, in order |
//! | `polls` | calls that wait for news: a few of each site |
//! | `row` | one order: how answers change it, and how it is reported |
//! | `merchant`, `breaker`, `pace` | calls to the gateway, and when they are held back |
//! | `order_id` | names of orders |
//! | `locks` | one at a time for each order |
//! | [`figures`], `metrics` | what it counts about itself |
//! | [`store`] | what it keeps |
//!
//! One notification's walk: `http` -> `notifications::receive` -> the store, and the gateway has its answer; then
//! `notifications::decide_once` -> the gateway's status -> [`crate::domain::payment`] -> the store, which wakes the
//! site's `feed`.

mod breaker;
mod charging;
pub mod config;
mod feed;
pub mod figures;
mod http;
mod locks;
mod merchant;
mod metrics;
mod notifications;
mod order_id;
mod orders;
mod pace;
mod polls;
mod reconcile;
mod request;
mod row;
pub mod run;
mod schedule;
pub mod service;
pub mod store;

pub use http::{limits, router};
pub use notifications::decide_once;
pub use reconcile::reconcile_once;
