//! Wire and stored forms shared by programs: a quote as JSON, and what agent and relay say to each other.

mod quote;
pub mod relay;

pub use quote::LineWire;
