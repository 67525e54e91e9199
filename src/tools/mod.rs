//! Small tools without a domain.

pub mod backoff;
pub mod bearer;
pub mod client_network;
pub mod digest;
pub mod keyed_locks;
pub mod percent;
pub mod rate_limit;
