//! What is sold.

use super::id::PackageId;
use super::units::{Bytes, Rupiah};

/// A package on sale, or one that was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// Its name in the API.
    pub id: PackageId,
    /// Its name for people.
    pub name: String,
    /// Quota it gives; `None` is an unlimited plan.
    pub quota: Option<Bytes>,
    /// Days it is valid.
    pub days: u32,
    /// Its price.
    pub price: Rupiah,
    /// Whether it is on sale.
    pub active: bool,
}
