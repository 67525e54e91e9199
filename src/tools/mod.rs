//! Small tools without a domain.

pub mod age;
pub mod backoff;
pub mod bearer;
pub mod client_network;
pub mod digest;
pub mod keyed_locks;
pub mod percent;
pub mod rate_limit;
pub mod whole_file;

/// What may be absent, as text: empty then.
pub fn or_empty(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
