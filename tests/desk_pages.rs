//! The owner's desk as pages over real sockets: what people read, what they may do, and that everything is shown
//! before it is done and done once.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "desk_pages/browser.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod browser;
#[path = "desk_pages/deeds.rs"]
mod deeds;
#[path = "admin_api/described.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod described;
#[path = "admin_api/desk.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod desk;
#[path = "desk_pages/online.rs"]
mod online;
#[path = "desk_pages/people.rs"]
mod people;
#[path = "support/relay.rs"]
mod relay;
#[path = "online/shop.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod shop;
