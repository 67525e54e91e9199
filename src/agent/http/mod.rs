//! TODO: what it is for.

pub(crate) mod caller;
pub(crate) mod commands;
pub(crate) mod errors;
pub(crate) mod flash;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod store_notice;
