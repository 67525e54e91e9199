//! The owner's office as pages over real sockets: figures that are what was done, decisions that are shown before they
//! are made, and who may see what.
#![cfg(feature = "sim")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod adoption;
mod devices;
mod doctor;
mod entrance;
mod frame;
mod house;
mod money;
mod orphans;
mod rooms;
mod sent;
