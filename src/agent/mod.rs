//! The daemon beside the router: engine, meter, enforcer, admin API and what it is configured to do.

pub mod admin;
mod admission;
pub mod config;
mod credentials;
pub mod doctor;
pub mod edit_backoff;
pub mod engine;
mod fault_log;
pub mod link;
mod pages;
pub mod portal;
pub mod router_faults;
pub mod run;
pub mod service;
pub mod site_plan;
pub mod tickets;
pub mod watchdog;
