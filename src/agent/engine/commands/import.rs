//! Many users at once, with their devices: all of them in one transaction, or none.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::command::{ImportedUser, NewDevice};
use super::super::error::{EngineError, RowFinding};
use super::super::names::{Holders, Names};
use super::super::request::Outcome;
use super::context::{Act, done};
use crate::domain::id::{Mac, UserId};

/// The answer to an import.
#[derive(Serialize)]
struct ImportView {
    imported: usize,
    devices: usize,
    ids: Vec<UserId>,
}

/// What rows before this one, and users on file, have.
struct Claims<'a> {
    on_file: &'a Holders,
    by_row: Holders,
    macs: BTreeMap<Mac, usize>,
}

impl Act<'_, '_> {
    /// Enters every user of an import; `findings` are what whoever read it has against its rows.
    pub(super) fn import(
        &mut self,
        users: &[ImportedUser],
        findings: &[RowFinding],
    ) -> Result<Outcome, EngineError> {
        let on_file = self.draft.holders(None);
        let mut claims = Claims { on_file: &on_file, by_row: Holders::default(), macs: BTreeMap::new() };
        let mut findings = findings.to_vec();
        let mut named = Vec::with_capacity(users.len());
        for imported in users {
            match Names::read(imported.user.phone.as_deref(), imported.user.login.as_deref()) {
                Ok(names) => {
                    self.judge(imported, &names, &mut claims, &mut findings);
                    named.push((imported, names));
                }
                Err(EngineError::Invalid { field, message }) => {
                    findings.push(RowFinding { row: imported.row, field, message, is_conflict: false });
                }
                Err(error) => return Err(error),
            }
        }
        if !findings.is_empty() {
            findings.sort();
            return Err(EngineError::Rows(findings));
        }
        let mut view = ImportView { imported: named.len(), devices: 0, ids: Vec::new() };
        for (imported, names) in named {
            let no = self.enter_with(&imported.user, names, "user.import")?;
            let id = self.draft.user(no).account.id;
            for mac in &imported.devices {
                self.bind(no, &NewDevice::of(id, *mac))?;
            }
            view.devices += imported.devices.len();
            view.ids.push(id);
        }
        Ok(done(201, &view))
    }

    /// What stands against one row: users on file, rows before it, and how many devices one user may have.
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
        for mac in &imported.devices {
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
    }
}
