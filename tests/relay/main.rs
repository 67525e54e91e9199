//! The relay over real sockets: orders, notifications, the feed, and the client of the gateway.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod console;
mod directory;
mod fixtures;
mod gateway_client;
mod health;
mod instance;
mod notifications;
mod orders;
mod service;
mod vault;

#[path = "../support/of_relay.rs"]
mod support;
