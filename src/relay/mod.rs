//! The relay: opens charges at the gateway, hears what becomes of them, and tells the sites.

pub mod store;
