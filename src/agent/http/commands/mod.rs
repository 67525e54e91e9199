//! TODO: what it is for.

pub(crate) mod import;
pub(crate) mod money;
pub(crate) mod packages;
pub(crate) mod users;
