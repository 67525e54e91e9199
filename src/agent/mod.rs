//! The daemon beside the router: engine, meter, enforcer, admin API and what it is configured to do.

pub mod api;
pub mod config;
pub(crate) mod console;
pub mod doctor;
pub mod engine;
pub mod faces;
pub(crate) mod http;
pub mod payments;
pub mod portal;
pub(crate) mod reports;
pub mod router;
pub mod run;
pub mod site;
pub mod watchdog;
