//! The owner's desk as pages over real sockets: what people read, what they may do, and that everything is shown
//! before it is done and done once.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod counter;
mod deeds;
mod online;
mod people;
