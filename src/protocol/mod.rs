//! Wire and stored forms shared by programs: the admin API, a quote as JSON, and what agent and relay say to each other.

pub mod admin;
mod quote;
pub mod relay;

pub use quote::LineWire;
