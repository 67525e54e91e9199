//! The store: one SQLite file with users, the ledger and everything that must survive a power cut.
//!
//! WAL with `synchronous=FULL`: an acknowledged commit is on the card. One [`Store`] writes, only through
//! [`Store::commit`]; any number of [`Reader`]s read history at the same time. After an I/O error the content of the
//! card is unknown until the store is opened again, so the program stops. A full disk, a read-only disk and a lock
//! of another program are different ([`Unwritable`]): nothing was half done, and [`Store::recover`] retries.
//!
//! Foundations:
//! - `files` names, `error` its errors, `unwritable` why it temporarily cannot be written
//! - `connect` connections, `place` the writer's lock and the check for the log, `identity` whether the files are
//!   still the same, `commit_mark` the number of the last commit, `ballast` space reserved for a full disk, `suspicion`
//!   whether the last run could not read it
//! - `tables` what depends on each table
//! - `record` the records, `rows` how they are read back, `migrations` the schema, `names` and `validity` data that
//!   its steps derive
//!
//! The writer:
//! - `lifecycle` opens, pauses, retries and closes, `gate` what pauses it while an update is on trial, `damage` what a damaged table stops, `commit` is the one way to
//!   write, `write` the parts of a batch, `meters` what every reading changes
//! - `load` the data that the engine keeps in memory, `orders`, `cash`, `handovers`, `orphans`, `undated`, `admins`, `sessions` with
//!   `held_logins`, `reminders`, `site_secret` one subject each
//!
//! Readers:
//! - `read` the reader and history, `reports` sums with `usage_month` and `kept`, `lent` their connections, `export` tables as CSV, `verify` the proof of the ledger
//!   with `walk`, `folds` and `progress`, `checkpoint` how far it came, `since` the proof at a start
//!
//! Copies:
//! - `upgrade_copy` keeps one before the schema is upgraded, `backup` makes and restores them, `packed` compresses and
//!   encrypts them, `change_mark` says whether another one is needed, `changed_pages` which
//!   pages changed since and `tail` how they go after it, `passive` that a
//!   restored store waits to be taken over, `instance` which machine has the site, `fence` and
//!   `take_over` that another one has it and how one gets it, `rescue` makes them of a store that went away, `rescued_copy` finds and names
//!   those

mod admins;
pub mod backup;
mod ballast;
mod cash;
mod change_mark;
mod changed_pages;
mod checkpoint;
mod commit;
mod commit_mark;
mod connect;
mod damage;
mod error;
pub mod export;
mod fence;
mod files;
mod folds;
pub mod gate;
mod handovers;
mod held_logins;
mod identity;
mod instance;
mod kept;
mod lent;
mod lifecycle;
mod load;
mod meters;
mod migrations;
mod names;
mod orders;
mod orphans;
pub mod packed;
pub mod passive;
mod place;
mod progress;
mod read;
mod record;
mod reminders;
pub mod reports;
mod rescue;
mod rescued_copy;
mod rows;
mod sessions;
mod since;
mod site_secret;
mod suspicion;
mod tables;
pub mod tail;
mod take_over;
mod undated;
mod unwritable;
pub mod upgrade_copy;
mod usage_month;
mod validity;
mod verify;
mod walk;
mod write;

pub use crate::domain::role::Role;
pub use crate::identity::site_secret::SiteSecret;
pub use admins::{AdminRecord, SecondFactor, SecretKind, TokenRecord};
pub use changed_pages::{PagesWaiting, TakenPages};
pub use checkpoint::Checkpoint;
pub use error::StoreError;
pub use fence::{Fence, FencedBy};
pub use files::FILE;
pub use identity::FileFault;
pub use instance::ORPHANS_DUE;
pub use lifecycle::{Store, StoreStats, StoreTimes};
pub use load::Loaded;
pub use orders::OrderFilter;
pub use progress::ProofProgress;
pub use read::{AuditFilter, Customer, DeviceStay, Page, Reader, UsageRow};
pub use record::{
    AuditLine, CashMove, ClosingRecord, Cursor, DeviceRecord, EventRecord, HandoverRecord, Online,
    OpeningRecord, OrderRecord, OrphanRecord, OutboxItem, OutboxWork, PackageRecord, PayWindow, Pending,
    Redated, Undated, UndatedRecord, UsageKey, UsageSum, UserRecord,
};
pub use rescued_copy::{Beside, Left, Rescue, left as rescued};
pub use since::StartProof;
pub use suspicion::Check;
pub use unwritable::Unwritable;
pub use verify::{Broken, Proved, Verified};
pub use walk::ProofThreads;
pub use write::{Batch, Chained, ClosedDay};

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

#[cfg(test)]
pub(crate) use since::tests as since_tests;

#[cfg(test)]
mod kept_tests;
#[cfg(test)]
mod plans_tests;
#[cfg(test)]
mod writers_tests;
