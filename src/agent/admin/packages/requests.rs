//! Bodies about packages.

use serde::Deserialize;

use super::super::fields::{Amount, Days, Name, Price, changed, present};
use crate::agent::engine::{Action, NewPackage, PackageChange};
use crate::domain::id::PackageId;

/// `POST /packages`; quota must be said, and null is unlimited.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Add {
    name: Name,
    #[serde(deserialize_with = "present")]
    quota: Option<Amount>,
    days: Days,
    price_rp: Price,
    active: Option<bool>,
}

impl Add {
    pub fn action(self) -> Action {
        Action::AddPackage(NewPackage {
            name: self.name.0,
            quota: self.quota.map(|quota| quota.0),
            days: self.days.0,
            price: self.price_rp.0,
            active: self.active.unwrap_or(true),
        })
    }
}

/// `PATCH /packages/{id}`: what is absent stays.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value say three things")]
pub(in crate::agent::admin) struct Change {
    #[serde(deserialize_with = "changed")]
    name: Option<Name>,
    #[serde(deserialize_with = "changed")]
    quota: Option<Option<Amount>>,
    #[serde(deserialize_with = "changed")]
    days: Option<Days>,
    #[serde(deserialize_with = "changed")]
    price_rp: Option<Price>,
    #[serde(deserialize_with = "changed")]
    active: Option<bool>,
}

impl Change {
    pub fn action(self, package: PackageId) -> Action {
        let change = PackageChange {
            name: self.name.map(|name| name.0),
            quota: self.quota.map(|quota| quota.map(|quota| quota.0)),
            days: self.days.map(|days| days.0),
            price: self.price_rp.map(|price| price.0),
            active: self.active,
        };
        Action::ChangePackage(package, change)
    }
}
