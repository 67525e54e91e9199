//! The operator's commands.

pub mod logging;
