//! The rules of the product, pure: no clock, no I/O, no async, no floats, no randomness.

pub mod id;
pub mod listing;
pub mod units;
pub mod usage;
