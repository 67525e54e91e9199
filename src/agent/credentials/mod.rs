//! What people prove themselves with, for the desk and the portal alike: passwords and PINs, tokens and sessions, and
//! the patience with those who guess.

mod attempts;
mod passwords;
mod secrets;
pub(in crate::agent) mod totp;

pub(in crate::agent) use attempts::{Attempt, Attempts, Guarded};
pub(in crate::agent) use passwords::Passwords;
pub(in crate::agent) use secrets::{hash, new_pin, new_token};
