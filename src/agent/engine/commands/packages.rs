//! Packages on sale.

use super::context::CommandContext;
use crate::agent::engine::audit_detail;
use crate::agent::engine::command::{NewPackage, PackageChange};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::EngineError;
use crate::domain::id::PackageId;
use crate::domain::package::Package;
use crate::protocol::admin::packages::PackageView;
use crate::store::PackageRecord;

impl CommandContext<'_, '_> {
    pub(super) fn add_package(&mut self, new: &NewPackage) -> Done {
        let no = self.next_package_no();
        Done::created(self.enter_package(no, new))
    }

    /// The number of the next package.
    pub(super) fn next_package_no(&self) -> u32 {
        self.draft.state.packages.keys().last().map_or(1, |no| no + 1)
    }

    /// Puts a package on sale under that number.
    pub(super) fn enter_package(&mut self, no: u32, new: &NewPackage) -> PackageView {
        let package = Package {
            id: PackageId(self.draft.new_id()),
            name: new.name.clone(),
            quota: new.quota,
            days: new.days,
            price: new.price,
            active: new.active,
        };
        let view = PackageView::of(&package);
        self.draft.audit("package.add", &package.id.to_string(), package.name.clone());
        self.draft.put_package(PackageRecord { no, deleted: false, package });
        view
    }

    pub(super) fn change_package(
        &mut self,
        id: PackageId,
        change: &PackageChange,
    ) -> Result<Done, EngineError> {
        let mut record = self.draft.find_package(id)?.clone();
        let package = &mut record.package;
        package.name = change.name.clone().unwrap_or(std::mem::take(&mut package.name));
        package.quota = change.quota.unwrap_or(package.quota);
        package.days = change.days.unwrap_or(package.days);
        package.price = change.price.unwrap_or(package.price);
        package.active = change.active.unwrap_or(package.active);
        let view = PackageView::of(package);
        let detail = audit_detail::of_package(&self.draft.find_package(id)?.package, &record.package);
        self.draft.audit("package.change", &id.to_string(), detail);
        self.draft.put_package(record);
        Ok(Done::changed(view))
    }

    pub(super) fn delete_package(&mut self, id: PackageId) -> Result<Done, EngineError> {
        let record = self.draft.find_package(id)?.clone();
        self.draft.audit("package.delete", &id.to_string(), record.package.name.clone());
        self.draft.put_package(PackageRecord { deleted: true, ..record });
        Ok(Done::Finished)
    }
}
