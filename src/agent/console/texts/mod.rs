//! All texts of the console, in both languages.
//!
//! | file | what it is |
//! |---|---|
//! | `common` | what is on every page; logging in |
//! | `people` | customers, debts, packages, and everything that can be done to them |
//! | `counter` | a sale at the counter |
//! | `adoption` | hotspot users that become customers |
//! | `doctor` | the checks of router, relay and machine |
//! | `help` | customers who asked for help |
//! | `hosts` | devices on the hotspot |
//! | `office` | the dashboard, payments, the drawer, the router, reports, admins |
//! | `orphans` | devices that the restored data has not |
//! | `names` | stable names of orders |
//! | `say` | the rules' words as people read them |
//! | `refusals` | why something was refused |

pub(crate) mod adoption;
pub(crate) mod audit;
pub(crate) mod common;
pub(crate) mod counter;
pub(crate) mod doctor;
pub(crate) mod files;
pub(crate) mod help;
pub(crate) mod hosts;
pub(crate) mod names;
pub(crate) mod office;
pub(crate) mod orphans;
pub(crate) mod people;
pub(crate) mod refusals;
pub(crate) mod say;
pub(crate) mod settings;
pub(crate) mod version;
