//! What the tests of a running site share: the site itself, and those who talk to it.
#![allow(dead_code, reason = "every program uses its own part")]

pub mod api_client;
pub mod api_description;
pub mod console_client;
pub mod fake_relay;
pub mod http_client;
pub mod payment_site;
pub mod portal_client;
pub mod site;
