//! What a proof of the store finds: the same for every implementation.

use serde::Serialize;

use super::error::RelayStoreError;

/// What was checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RelayVerified {
    /// Orders that were read whole.
    pub orders: u64,
    /// Of those, credited ones with the one event that says so.
    pub credited: u64,
    /// Items of all feeds.
    pub feed_items: u64,
    /// Notifications as they came.
    pub notifications: u64,
}

/// Why the store cannot be trusted: the first bad row.
#[derive(Debug, thiserror::Error)]
pub enum RelayBroken {
    /// SQLite itself finds the file damaged.
    #[error("the file is damaged: {0}")]
    File(String),
    /// The store has no name, so that agents cannot distinguish it from another.
    #[error("the store has no epoch")]
    Epoch,
    /// A feed lacks a number, or has one too many.
    #[error("the feed of {site} has {found} items of {pruned} to {last}, not {expected}")]
    Gap {
        /// Whose.
        site: String,
        /// The number of the last item that was dropped for its age.
        pruned: u64,
        /// The last number that was given.
        last: u64,
        /// How many items that makes.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// An item is in the wrong feed, or says what its name does not.
    #[error("item {seq} of the feed of {site} does not belong to its order")]
    Item {
        /// Whose.
        site: String,
        /// Its number.
        seq: u64,
    },
    /// An order was credited and its feed has no credit, or the other way round.
    #[error("order {order}: credited is {credited}, but {events} events say so")]
    Credit {
        /// Which.
        order: String,
        /// What the order says.
        credited: bool,
        /// How many events say so.
        events: u64,
    },
    /// A notification is not what came.
    #[error("notification {0} was changed after it came")]
    Notification(u64),
    /// A row makes no sense, or the store cannot be read.
    #[error(transparent)]
    Store(#[from] RelayStoreError),
    /// The store cannot be opened; the text is for people.
    #[error("{0}")]
    Open(String),
}
