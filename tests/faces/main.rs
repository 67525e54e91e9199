//! The faces over real sockets: the JSON API, the console, the portal, and how people write values.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api;
mod customers;
mod office;
mod portal;
mod spellings;

#[path = "../support/browser.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod browser;
#[path = "../support/described.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod described;
#[path = "../support/desk.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod desk;
#[path = "../support/relay.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod relay;
#[path = "../support/shop.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod shop;
#[path = "../support/visitor.rs"]
#[allow(dead_code, reason = "every program uses its own part")]
mod visitor;
