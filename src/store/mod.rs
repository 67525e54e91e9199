//! The store: one SQLite file that holds users, the ledger and everything that must survive a power cut.
//!
//! WAL with `synchronous=FULL`: an acknowledged commit is on the card. One [`Store`] writes, through
//! [`Store::commit`] alone; any number of [`Reader`]s look at history beside it. After an I/O error nothing is known about
//! what the card holds until it is opened again, so that ends the program. A full disk, one that can only be read and a
//! lock of another program do not ([`Unwritable`]): nothing was half done, and [`Store::recover`] tries again.
//!
//! What is needed first:
//! - `files` names, `error` why the store cannot be used, `unwritable` why nothing can be written for the time being
//! - `connect` connections, `place` who may write and whether the log is there, `identity` whether the files are still the
//!   same, `commit_mark` the number of the last commit, `ballast` room kept for a full disk
//! - `record` the records, `rows` how they are read back, `migrations` the schema, `names` and `validity` what its steps derive
//!
//! The writer:
//! - `lifecycle` opens, pauses, tries again and closes, `commit` writes a batch, `write` its parts
//! - `load` what the engine keeps in memory, `orders`, `cash`, `undated`, `admins`, `sessions` with `held_logins`,
//!   `site_secret` one subject each
//!
//! Readers:
//! - `read` the reader and history, `reports` sums, `export` tables as CSV, `verify` the proof of the ledger
//!
//! Copies:
//! - `backup` made and put back, `rescue` made of a store that went away, `rescued_copy` what is left of those

mod admins;
pub mod backup;
mod ballast;
mod cash;
mod commit;
mod commit_mark;
mod connect;
mod error;
pub mod export;
mod files;
mod held_logins;
mod identity;
mod lifecycle;
mod load;
mod migrations;
mod names;
mod orders;
mod place;
mod read;
mod record;
pub mod reports;
mod rescue;
mod rescued_copy;
mod rows;
mod sessions;
mod site_secret;
mod undated;
mod unwritable;
mod validity;
mod verify;
mod write;

pub use crate::domain::role::Role;
pub use crate::identity::site_secret::SiteSecret;
pub use admins::{AdminRecord, SecondFactor, SecretKind, TokenRecord};
pub use error::StoreError;
pub use files::FILE;
pub use identity::FileFault;
pub use lifecycle::{Store, StoreStats, StoreTimes};
pub use load::Loaded;
pub use orders::OrderFilter;
pub use read::{AuditFilter, Customer, DeviceStay, Page, Reader, UsageRow};
pub use record::{
    AuditLine, CashMove, ClosingRecord, Cursor, DeviceRecord, EventRecord, Online, OpeningRecord,
    OrderRecord, OutboxItem, OutboxWork, PackageRecord, PayWindow, Pending, Redated, Undated, UndatedRecord,
    UsageKey, UsageSum, UserRecord,
};
pub use rescued_copy::{Beside, Left, Rescue, left as rescued};
pub use unwritable::Unwritable;
pub use verify::{Broken, Verified};
pub use write::{Batch, Chained, ClosedDay};

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
