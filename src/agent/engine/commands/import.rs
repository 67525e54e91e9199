//! Import of many users with their devices, quota, debts and blocks, in one transaction.

use std::collections::BTreeMap;

use super::context::CommandContext;
use super::devices::DeviceRows;
use crate::agent::engine::command::{ImportedDebt, ImportedDevice, ImportedUser, NewDevice, NewPackage};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, RowFinding, conflict};
use crate::agent::engine::names::{Holders, Names};
use crate::domain::debt::{DebtItem, DebtStatus};
use crate::domain::id::{DebtId, Mac, UserId};
use crate::domain::policy::{DebtGrant, Event, Settings};
use crate::domain::units::{Bytes, Rupiah, Timestamp};
use crate::protocol::admin::users::ImportView;
use crate::store::Role;

/// Names and devices already used by earlier rows and by existing users.
struct Claims<'a> {
    on_file: &'a Holders,
    by_row: Holders,
    macs: BTreeMap<Mac, usize>,
}

/// An error of one row as a finding; any other error is returned.
fn finding(row: usize, error: EngineError) -> Result<RowFinding, EngineError> {
    match error {
        EngineError::Invalid { field, message } => Ok(RowFinding { row, field, message, is_conflict: false }),
        EngineError::Refused(refusal) => {
            Ok(RowFinding { row, field: "row", message: refusal.to_string(), is_conflict: true })
        }
        error => Err(error),
    }
}

impl CommandContext<'_, '_> {
    /// Creates every user of an import; `findings` are the errors of the parser. A row without errors is entered on the
    /// draft also when others have some: what the rules say against it is then among the errors.
    pub(super) fn import(
        &mut self,
        users: &[ImportedUser],
        packages: &[NewPackage],
        findings: &[RowFinding],
    ) -> Result<Done, EngineError> {
        let on_file = self.draft.holders(None);
        let mut claims = Claims { on_file: &on_file, by_row: Holders::default(), macs: BTreeMap::new() };
        let mut findings = findings.to_vec();
        let macs = users.iter().flat_map(|user| &user.devices).map(|device| device.mac).collect();
        let rows = self.rows_of(&macs);
        let mut view = ImportView { packages: self.import_packages(packages)?, ..ImportView::default() };
        for imported in users {
            let entered = self.import_one(imported, &mut claims, rows.as_ref(), &mut findings)?;
            let Some(id) = entered else { continue };
            view.ids.push(id);
            view.imported += 1;
            view.devices += imported.devices.len();
            view.quotas += usize::from(imported.quota.is_some());
            view.debts += imported.debts.len();
            view.blocked += usize::from(imported.admin_block.is_some());
        }
        if findings.is_empty() {
            return Ok(Done::created(view));
        }
        findings.sort();
        Err(EngineError::Rows(findings))
    }

    /// Creates the packages that are not on file. Returns how many. A package of the same name that differs is a conflict: which
    /// of the two is meant, only a person knows.
    fn import_packages(&mut self, packages: &[NewPackage]) -> Result<usize, EngineError> {
        let first = self.next_package_no();
        let mut added = 0;
        for new in packages {
            let known = self.draft.state.packages.values().map(|record| (record.deleted, &record.package));
            let known = known.filter(|(deleted, package)| !deleted && package.name == new.name);
            let known: Vec<_> = known.map(|(_, known)| (known.quota, known.days, known.price)).collect();
            if known.contains(&(new.quota, new.days, new.price)) {
                continue;
            }
            if !known.is_empty() {
                let message =
                    format!("{} is on file with another quota, other days or another price", new.name);
                return Err(conflict("package_differs", &message));
            }
            self.enter_package(first + added, new);
            added += 1;
        }
        Ok(added as usize)
    }

    /// Checks one row, and enters it unless that finds errors.
    fn import_one(
        &mut self,
        imported: &ImportedUser,
        claims: &mut Claims,
        rows: Option<&DeviceRows>,
        findings: &mut Vec<RowFinding>,
    ) -> Result<Option<UserId>, EngineError> {
        let (before, row) = (findings.len(), imported.row);
        let names = match Names::read(imported.user.phone.as_deref(), imported.user.login.as_deref()) {
            Ok(names) => names,
            Err(error) => {
                findings.push(finding(row, error)?);
                Names::default()
            }
        };
        self.judge(imported, &names, claims, findings);
        if findings.len() > before {
            return Ok(None);
        }
        match self.enter_imported(imported, names, rows) {
            Ok(id) => Ok(Some(id)),
            Err(error) => {
                findings.push(finding(row, error)?);
                Ok(None)
            }
        }
    }

    /// Creates one user with devices, quota and debts. Debts come before quota and exemption, in the order they
    /// arose.
    fn enter_imported(
        &mut self,
        imported: &ImportedUser,
        names: Names,
        rows: Option<&DeviceRows>,
    ) -> Result<UserId, EngineError> {
        let mut user = imported.user.clone();
        let exempt = user.settings.exempt.take().filter(|exempt| *exempt);
        let no = self.enter_with(&user, names, "user.import")?;
        let id = self.draft.user(no).account.id;
        if let Some(note) = imported.customer_note.as_ref().filter(|note| !note.is_empty()) {
            let mut user = self.draft.user(no).clone();
            user.customer_note = Some(note.clone());
            self.draft.put_user(user);
        }
        for ImportedDevice { mac, label } in &imported.devices {
            let device = NewDevice { label: label.clone(), ..NewDevice::of(id, *mac) };
            self.bind_with(no, &device, rows)?;
        }
        // A plan on credit is only accepted while nothing else is owed.
        let (plans, items): (Vec<_>, Vec<_>) = imported.debts.iter().partition(|debt| debt.amount.is_none());
        for (no_of_debt, debt) in (0..).zip(plans.into_iter().chain(items)) {
            let item = self.imported_item(debt, no_of_debt);
            let grant = DebtGrant { item, advance: false, days: None };
            let detail = format!("{} {}", grant.item.id, grant.item.amount.unwrap_or_default());
            self.draft.step(no, &Event::DebtGranted(grant), &self.event)?;
            self.draft.audit("debt.import", &id.to_string(), detail);
        }
        if let Some(quota) = &imported.quota {
            let detail = format!("credits {} debits {}", quota.credits, quota.debits);
            self.draft.step(no, &Event::Imported(quota.clone()), &self.event)?;
            self.draft.audit("quota.import", &id.to_string(), detail);
        }
        if exempt.is_some() {
            let settings = Settings { exempt, ..Settings::default() };
            self.draft.step(no, &Event::Changed(settings), &self.event)?;
        }
        if let Some(reason) = &imported.admin_block {
            self.draft.step(no, &Event::Blocked { reason: reason.clone() }, &self.event)?;
            self.draft.audit("user.block", &id.to_string(), reason.clone());
        }
        Ok(id)
    }

    /// The item; its position among the user's items breaks ties of equal dates.
    fn imported_item(&mut self, debt: &ImportedDebt, no: i64) -> DebtItem {
        DebtItem {
            id: DebtId(self.draft.new_id()),
            amount: debt.amount,
            paid: Bytes::ZERO,
            price: debt.price,
            paid_rp: Rupiah::ZERO,
            debt_date: debt.debt_date,
            due_date: debt.due_date,
            note: debt.note.clone(),
            customer_note: debt.customer_note.clone(),
            created_at: Timestamp(self.draft.facts.now.0.saturating_add(no)),
            status: DebtStatus::Open,
        }
    }

    /// Checks one row against existing users, earlier rows and the limit of devices per user.
    fn judge(
        &self,
        imported: &ImportedUser,
        names: &Names,
        claims: &mut Claims,
        findings: &mut Vec<RowFinding>,
    ) {
        let row = imported.row;
        let mut find = |field, message| {
            findings.push(RowFinding { row, field, message, is_conflict: true });
        };
        let on_file = |no: u32| format!("belongs to {} already", self.draft.user(no).name);
        let above = |above: usize| format!("is in row {} already", above + 1);
        let typed = |text: &Option<String>| text.clone().unwrap_or_default();
        for (field, text, holder, other) in [
            ("phone", typed(&imported.user.phone), claims.on_file.phone(names), claims.by_row.phone(names)),
            ("login", typed(&imported.user.login), claims.on_file.login(names), claims.by_row.login(names)),
        ] {
            if let Some(no) = holder {
                find(field, format!("{text} {}", on_file(no)));
            } else if let Some(other) = other {
                find(field, format!("{text} {}", above(other as usize)));
            }
        }
        claims.by_row.claim(names, u32::try_from(row).unwrap_or(u32::MAX));
        for ImportedDevice { mac, .. } in &imported.devices {
            let state = self.draft.state;
            if let Some(device) = state.by_mac.get(mac).map(|no| &state.devices[no]) {
                find("mac", format!("{mac} {}", on_file(device.user_no)));
            } else if let Some(other) = claims.macs.insert(*mac, row) {
                find("mac", format!("{mac} {}", above(other)));
            }
        }
        let devices_max = self.draft.policy.max_devices_per_user as usize;
        if imported.devices.len() > devices_max {
            let count = imported.devices.len();
            find("mac", format!("has {count} devices; one user may have {devices_max}"));
        }
        if imported.quota.is_some() && self.draft.actor.role != Role::Owner {
            find("quota", "is taken over by an owner only".to_owned());
        }
        for debt in &imported.debts {
            if debt.due_date < debt.debt_date {
                find("debts", "the due date lies before the debt date".to_owned());
            }
            if debt.amount.is_none() && debt.price.is_none() {
                find("debts", "a debt without an amount needs a price".to_owned());
            }
        }
    }
}
