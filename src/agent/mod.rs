//! The daemon on the Pi. `tests/tidy/rows.rs` keeps the rows: a module uses the rows above its own in this
//! table, never its neighbours.
//!
//! | row | module | what it is |
//! |---|---|---|
//! | 0 | [`config`] | what the daemon is configured to do, and who may connect |
//! | 0 | [`engine`] | the one writer: commands, readings and the relay's feed become ledger entries |
//! | 0 | [`health`] | how the router, the relay and the cycle are doing |
//! | 1 | [`router`] | the router cycle: meter, plan, enforce; what is wrong with the router |
//! | 1 | [`payments`] | the port to the relay, checkout, feed, outbox |
//! | 1 | [`copies`] | copies of the store that the daemon makes by itself |
//! | 1 | [`proof`] | the proof of the ledger while the daemon runs |
//! | 1 | `reports` | queries without HTTP and without words: usage, sales, debts, collection, explain |
//! | 1 | [`watchdog`] | notifies the service manager that the daemon is alive |
//! | 2 | [`site`] | the parts put together: configuration in force, cycle, payments, clock, signed tokens |
//! | 2 | [`doctor`] | examines router, relay and machine |
//! | 3 | [`settings`] | changes of the configuration while the daemon runs |
//! | 4 | [`health_report`] | what the relay is told of the daemon's health |
//! | 4 | `http` | shared by the three faces: state, caller, errors, flash |
//! | 5 | [`api`] | the admin API |
//! | 5 | `console` | the owner's and the staff's pages |
//! | 5 | [`portal`] | the customers' pages |
//! | 5 | [`first_run`] | the set-up in the browser, while there is no owner |
//! | 6 | [`faces`] | the admin listener: API and console with one gate |
//! | 7 | [`run`] | the loops, the listeners, and stopping |

pub mod api;
pub mod config;
pub(crate) mod console;
pub mod copies;
pub mod doctor;
pub mod engine;
pub mod faces;
pub mod first_run;
pub mod health;
pub mod health_report;
pub(crate) mod http;
pub mod payments;
pub mod portal;
pub mod proof;
pub(crate) mod reports;
pub mod router;
pub mod run;
pub mod settings;
pub mod site;
pub mod watchdog;
