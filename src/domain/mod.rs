//! The rules of the product, pure: no clock, no I/O, no async, no floats, no randomness.
//!
//! One event at a time goes through [`policy::step`], which answers with ledger entries, the account that follows
//! and effects to report. Everything else here serves that function or the two other planners:
//! [`usage::meter`] turns counters into bytes, [`listing::plan`] turns access into edits of the router.

pub mod access;
pub mod account;
pub mod adoption;
pub mod debt;
pub mod drawer;
pub mod id;
pub mod instance;
pub mod ledger;
pub mod listing;
pub mod login;
pub mod order;
pub mod orphans;
pub mod package;
pub mod payment;
pub mod phone;
pub mod policy;
pub mod rfc3339;
pub mod role;
pub mod search;
pub mod tariff;
pub mod text;
pub mod units;
pub mod usage;
pub mod validity;
