//! The relay over real sockets: orders, notifications, the feed, and the client of the gateway.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod fixtures;
mod gateway_client;
mod notifications;
mod orders;
mod service;

#[path = "../relay_support/mod.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod relay_support;
