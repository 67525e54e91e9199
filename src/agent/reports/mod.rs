//! Queries over the engine and the store: no HTTP, and no words for people.
//!
//! | file | what it is |
//! |---|---|
//! | `span` | the days of a report |
//! | `live` | lists of the engine's memory, read in parts |
//! | `debts`, `collection` | what is owed, and whom to call about it |
//! | `debtors` | everybody who owes something, sorted |
//! | `sales` | what was sold, by day, method and cashier |
//! | `usage`, `user_usage` | what everybody used by day; what one user used by device |
//! | `dashboard` | how things are, in figures |
//! | `explain` | the ledger lines that explain a user's access |
//! | `help` | customers who asked for help and wait |
//! | `hosts` | devices on the hotspot, with their owners |
//! | `orphans` | devices that the router has and the restored store has not |
//! | `recent` | customers who come next at the desk |
//! | `search` | what a text may name |
//! | `users`, `closings` | users, searched; closings of cash drawers |

pub(crate) mod closings;
pub(crate) mod collection;
pub(crate) mod dashboard;
pub(crate) mod debtors;
pub(crate) mod debts;
pub(crate) mod explain;
pub mod help;
pub(crate) mod hosts;
pub(crate) mod live;
pub(crate) mod orphans;
pub(crate) mod recent;
pub(crate) mod sales;
pub(crate) mod search;
pub(crate) mod span;
pub(crate) mod usage;
pub(crate) mod user_usage;
pub(crate) mod users;
