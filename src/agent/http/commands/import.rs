//! `POST /users/import`: many users at once. Rows are read one by one, so that all findings are reported together.
//!
//! A field stays text until it is read as its own type: values of any shape would take many times the memory of their
//! text.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::packages::new_package;
use crate::agent::engine::{Command, ImportedDebt, ImportedDevice, ImportedUser, NewUser, RowFinding};
use crate::domain::policy::{Settings, Transfer};
use crate::domain::units::Bytes;
use crate::protocol::admin::bounded::bounded;
use crate::protocol::admin::users::{ImportUsers, OpenItem};
use crate::protocol::admin::values::{
    DeviceMac, Instant, Label, Limit, Login, Name, Note, OverageName, Phone, Reason,
};

/// Why the ledger has the lines of an import.
const REASON: &str = "import";

/// The largest body: three times that of 10 000 users with devices, quota and debts.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How long an import may take: the largest one on a slow card.
pub(crate) const IMPORT_MAX: Duration = Duration::from_mins(5);
/// The most values of one list of a row.
const LIST_MAX: usize = 1000;
/// The most findings of one row that are reported.
const ROW_FINDINGS_MAX: usize = 20;

/// A row as it was sent.
pub(crate) type Fields = BTreeMap<String, Box<RawValue>>;

impl OpenItem {
    fn read(self) -> ImportedDebt {
        ImportedDebt {
            amount: self.amount.map(|amount| amount.0),
            price: self.price_rp.map(|price| price.0),
            debt_date: self.debt_date.0,
            due_date: self.due_date.0,
            note: self.note.map(|note| note.0).unwrap_or_default(),
            customer_note: self.customer_note.map(|note| note.0).unwrap_or_default(),
        }
    }
}

impl ImportUsers<Fields> {
    /// The command it asks for.
    pub(crate) fn command(self) -> Command {
        let mut findings = Vec::new();
        let rows = self.users.into_iter().enumerate();
        let users = rows.filter_map(|(row, fields)| RowReader::new(row, fields, &mut findings).read());
        let users = users.collect();
        let packages = self.packages.into_iter().map(new_package).collect();
        Command::Import { users, packages, findings }
    }
}

/// One row that is being read.
struct RowReader<'a> {
    row: usize,
    fields: Fields,
    findings: &'a mut Vec<RowFinding>,
    /// How many of them are of earlier rows.
    before: usize,
}

impl<'a> RowReader<'a> {
    fn new(row: usize, fields: Fields, findings: &'a mut Vec<RowFinding>) -> Self {
        Self { before: findings.len(), row, fields, findings }
    }

    fn read(mut self) -> Option<ImportedUser> {
        let name = self.take::<Name>("name").map(|name| name.0);
        if name.is_none() && self.is_good() {
            self.find("name", "is required: write what people call the customer".to_owned());
        }
        let settings = Settings {
            approved: self.take("approved"),
            active: self.take("active"),
            exempt: self.take("exempt"),
            expires_at: self.take::<Instant>("expires_at").map(|at| Some(at.0)),
            overage: self.take::<OverageName>("overage").map(|mode| Some(mode.0)),
            debt_limit: self.take::<Limit>("debt_limit").map(|limit| Some(limit.0)),
        };
        let phone = self.take::<Phone>("phone").map(|phone| phone.0);
        let login = self.take::<Login>("login").map(|login| login.0);
        let devices = self.devices();
        let quota = self.quota();
        let debts = self.list("debts").into_iter().filter_map(|debt| self.value::<OpenItem>("debts", &debt));
        let debts = debts.map(OpenItem::read).collect();
        let admin_block = self.take::<Reason>("admin_block").map(|reason| reason.0);
        let customer_note = self.take::<Note>("customer_note").map(|note| note.0);
        for name in std::mem::take(&mut self.fields).keys() {
            self.find("row", format!("{name:?} is not a field of an import"));
        }
        let user = NewUser { name: name?, phone, login, settings };
        let row = self.row;
        let read = ImportedUser { row, user, devices, quota, debts, admin_block, customer_note };
        self.is_good().then_some(read)
    }

    /// Devices with their labels, which are in the same order or not given.
    fn devices(&mut self) -> Vec<ImportedDevice> {
        let (macs, labels) = (self.list("macs"), self.list("device_labels"));
        if !labels.is_empty() && labels.len() != macs.len() {
            let (labels, macs) = (labels.len(), macs.len());
            self.find("device_labels", format!("has {labels} labels of {macs} devices: write one of each"));
        }
        let mut labels = labels.into_iter();
        let mut devices = Vec::new();
        for mac in macs {
            let label = labels.next().and_then(|label| self.value::<Label>("device_labels", &label));
            let label = label.map(|label| label.0).unwrap_or_default();
            devices
                .extend(self.value::<DeviceMac>("mac", &mac).map(|mac| ImportedDevice { mac: mac.0, label }));
        }
        devices
    }

    /// The quota account, if anything of it is given. Without a base for FUP all credits were one.
    fn quota(&mut self) -> Option<Transfer> {
        let found = self.findings.len();
        let mut bytes = |field| self.take::<Limit>(field).map(|limit| limit.0);
        let (credits, debits) = (bytes("credits_bytes"), bytes("debits_bytes"));
        let fup_base = bytes("fup_base_bytes");
        let unlimited = self.take::<bool>("unlimited").unwrap_or_default();
        let (credits, debits) = (credits.unwrap_or_default(), debits.unwrap_or_default());
        let base = fup_base.unwrap_or(credits);
        let is_off = base > credits || base < credits.minus(debits);
        // Against an amount that cannot be read it means nothing.
        if is_off && self.findings.len() == found {
            let message = "must be from what remains (credits less debits) to the credits".to_owned();
            self.find("fup_base_bytes", message);
        }
        let is_given = unlimited || credits > Bytes::ZERO || debits > Bytes::ZERO;
        let reason = REASON.to_owned();
        is_given.then_some(Transfer { credits, debits, fup_base: base, unlimited, reason })
    }

    /// The values of a field that holds many; one alone need not be in a list.
    fn list(&mut self, field: &'static str) -> Vec<Box<RawValue>> {
        match self.fields.remove(field) {
            Some(list) if list.get().starts_with('[') => {
                let mut json = serde_json::Deserializer::from_str(list.get());
                let values = bounded::<_, _, LIST_MAX>(&mut json);
                values.unwrap_or_else(|error| {
                    self.find(field, without_position(&error));
                    Vec::new()
                })
            }
            Some(one) if one.get() != "null" => vec![one],
            Some(_) | None => Vec::new(),
        }
    }

    /// A field's value; one that is absent, null or empty is not given.
    fn take<T: DeserializeOwned>(&mut self, field: &'static str) -> Option<T> {
        let value = self.fields.remove(field)?;
        let text = serde_json::from_str::<Option<String>>(value.get());
        let is_empty = text.is_ok_and(|text| text.is_none_or(|text| text.trim().is_empty()));
        if is_empty { None } else { self.value(field, &value) }
    }

    fn value<T: DeserializeOwned>(&mut self, field: &'static str, value: &RawValue) -> Option<T> {
        let read = serde_json::from_str(value.get());
        read.inspect_err(|error| self.find(field, without_position(error))).ok()
    }

    /// Whether nothing was found in this row.
    fn is_good(&self) -> bool {
        self.findings.len() == self.before
    }

    fn find(&mut self, field: &'static str, message: String) {
        if self.findings.len() < self.before + ROW_FINDINGS_MAX {
            self.findings.push(RowFinding { row: self.row, field, message, is_conflict: false });
        }
    }
}

/// The error without line and column: they count within one value.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn found(row: &Value) -> Vec<(&'static str, String)> {
        let import: ImportUsers<Fields> = serde_json::from_value(json!({"users": [row]})).unwrap();
        let Command::Import { findings, .. } = import.command() else { unreachable!() };
        findings.into_iter().map(|finding| (finding.field, finding.message)).collect()
    }

    #[test]
    fn a_row_has_a_limit_of_values_and_of_findings() {
        let many = found(&json!({"name": "U", "macs": vec!["02:00:00:00:00:01"; LIST_MAX + 1]}));
        assert_eq!(many, [("macs", format!("has more than {LIST_MAX} values"))]);
        let bad = found(&json!({"name": "U", "macs": vec![1; LIST_MAX]}));
        assert_eq!(bad.len(), ROW_FINDINGS_MAX);
        assert!(!bad[0].1.contains("line"), "{bad:?}");
    }

    #[test]
    fn a_base_of_fup_is_held_against_amounts_that_can_be_read() {
        let fields = |row: Value| found(&row).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        let row = |credits: Value| json!({"name": "U", "credits_bytes": credits, "fup_base_bytes": 7});
        assert_eq!(fields(row(json!(8))), ["fup_base_bytes"]);
        assert_eq!(fields(row(json!("much"))), ["credits_bytes"]);
        assert_eq!(fields(row(json!(7))), [""; 0]);
    }

    #[test]
    fn a_value_that_is_null_or_empty_is_not_given() {
        for empty in [json!(null), json!(""), json!(" \t ")] {
            assert_eq!(found(&json!({"name": "U", "phone": empty, "approved": empty})), []);
        }
        assert_eq!(found(&json!({"name": "U", "macs": null, "debts": []})), []);
    }
}
