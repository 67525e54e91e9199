//! The owner's office as pages over real sockets: figures that are what was done, decisions that are shown before they
//! are made, and who may see what.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "desk_pages/browser.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod browser;
#[path = "admin_api/described.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod described;
#[path = "admin_api/desk.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod desk;
#[path = "office_pages/entrance.rs"]
mod entrance;
#[path = "office_pages/house.rs"]
mod house;
#[path = "office_pages/money.rs"]
mod money;
#[path = "support/relay.rs"]
mod relay;
#[path = "office_pages/rooms.rs"]
mod rooms;
#[path = "office_pages/sent.rs"]
mod sent;
#[path = "online/shop.rs"]
#[allow(dead_code, reason = "every test file uses its own part")]
mod shop;
