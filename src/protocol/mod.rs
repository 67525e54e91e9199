//! Wire and stored formats shared by programs: the admin API, quotes as JSON, and the protocol of agent and relay.

pub mod admin;
pub mod health;
pub mod instance;
mod quote;
pub mod relay;
pub mod vault;

pub use quote::LineWire;
