//! TODO: what it is for.

pub mod edit_backoff;
pub(crate) mod fault_log;
pub mod faults;
pub mod site_plan;
