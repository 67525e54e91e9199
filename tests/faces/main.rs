//! The faces over real sockets: the JSON API, the console, the portal, and how people write values.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod api;
mod customers;
mod office;
mod portal;
mod spellings;

#[path = "../support/of_site.rs"]
mod support;
