//! What the tests of a relay share: the relay itself, its gateways, and calls.
#![allow(dead_code, reason = "every program uses its own part")]

pub mod http_client;
pub mod postgres;
pub mod relay_host;
pub mod scripted_gateway;
pub mod test_relay;
