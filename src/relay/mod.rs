//! The relay: opens charges at the gateway, hears what becomes of them, and tells the sites.

pub mod config;
pub mod run;
pub mod store;
