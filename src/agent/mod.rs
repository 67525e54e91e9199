//! The daemon beside the router: what it is configured to do.

pub mod config;
