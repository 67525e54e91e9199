//! What requests about packages ask of the engine.

use crate::agent::engine::{Command, NewPackage, PackageChange};
use crate::domain::id::PackageId;
use crate::protocol::admin::packages::{AddPackage, ChangePackage};

impl AddPackage {
    /// The command it asks for.
    pub(crate) fn command(self) -> Command {
        Command::AddPackage(new_package(self))
    }
}

/// The package that a request describes.
pub(super) fn new_package(asked: AddPackage) -> NewPackage {
    NewPackage {
        name: asked.name.0,
        quota: asked.quota.map(|quota| quota.0),
        days: asked.days.0,
        price: asked.price_rp.0,
        active: asked.active.unwrap_or(true),
    }
}

impl ChangePackage {
    /// The command it asks for.
    pub(crate) fn command(self, package: PackageId) -> Command {
        let change = PackageChange {
            name: self.name.map(|name| name.0),
            quota: self.quota.map(|quota| quota.map(|quota| quota.0)),
            days: self.days.map(|days| days.0),
            price: self.price_rp.map(|price| price.0),
            active: self.active,
        };
        Command::ChangePackage(package, change)
    }
}
