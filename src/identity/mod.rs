//! Credentials of the console, the API and the portal: passwords and PINs, tokens and sessions, and the limits on
//! log-in attempts.

pub(crate) mod login_gate;
pub(crate) mod login_limiter;
pub(crate) mod passwords;
pub(crate) mod secrets;
pub mod signed_tokens;
pub mod site_secret;
pub(crate) mod totp;

pub(crate) use login_gate::LoginGate;
pub(crate) use login_limiter::{Guarded, LoginAttempt, LoginLimiter};
pub(crate) use passwords::Passwords;
pub(crate) use secrets::{hash, is_guessable, new_pin, new_token};
