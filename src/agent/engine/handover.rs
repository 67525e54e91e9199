//! What is handed over between the router and the store.

use super::command::ImportedUser;
use crate::domain::id::UserId;
use crate::domain::units::{Bytes, Timestamp};
use crate::store::HandoverRecord;

/// How events of leaving begin.
pub(super) const LEAVE_EVENT: &str = "leave/";
/// A hotspot user that becomes a customer.
#[derive(Clone, Debug)]
pub struct Adoptee {
    /// The hotspot user's name.
    pub name: String,
    /// The hotspot server that it is for.
    pub server: String,
    /// What the router counted so far.
    pub used: Bytes,
    /// The customer.
    pub user: ImportedUser,
}

/// A hotspot user and its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handover {
    /// Its record.
    pub record: HandoverRecord,
    /// The customer; `None` if it was deleted.
    pub user: Option<UserId>,
    /// What is left of the customer's quota; `None` is without a limit.
    pub remaining: Option<Bytes>,
}

/// A customer who becomes a hotspot user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// The handover; its key is 0 in a plan.
    pub record: HandoverRecord,
    /// The customer.
    pub user: UserId,
    /// The customer's name.
    pub customer: String,
    /// What is left of the quota; `None` is without a limit.
    pub remaining: Option<Bytes>,
    /// When the days end.
    pub expires_at: Option<Timestamp>,
    /// The hotspot user is off: the customer is blocked or expired.
    pub disabled: bool,
    /// The customer owes something, which only the books know.
    pub owes: bool,
    /// The password, where the hotspot user is made. It follows from the site's secret, so that an interrupted call
    /// prints the same one again.
    pub password: Option<String>,
}
