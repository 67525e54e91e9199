//! `POST /users/import`: many users at once. Rows are read one by one, so that everything that is wrong is told together.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::agent::engine::{Action, ImportedUser, NewUser, RowFinding};
use crate::domain::policy::Settings;
use crate::protocol::admin::users::ImportUsers;
use crate::protocol::admin::values::{DeviceMac, Instant, Limit, Login, Name, OverageName, Phone};

/// A row as it was sent.
pub(super) type Fields = Map<String, Value>;

impl ImportUsers<Fields> {
    /// The command it asks for.
    pub(in crate::agent) fn action(self) -> Action {
        let mut findings = Vec::new();
        let rows = self.users.into_iter().enumerate();
        let users =
            rows.filter_map(|(row, fields)| RowReader { row, fields, findings: &mut findings }.read());
        let users = users.collect();
        Action::Import { users, findings }
    }
}

/// One row that is being read.
struct RowReader<'a> {
    row: usize,
    fields: Fields,
    findings: &'a mut Vec<RowFinding>,
}

impl RowReader<'_> {
    fn read(mut self) -> Option<ImportedUser> {
        let before = self.findings.len();
        let name = self.take::<Name>("name").map(|name| name.0);
        if name.is_none() && self.findings.len() == before {
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
        let macs = match self.fields.remove("macs") {
            Some(Value::Array(macs)) => macs,
            Some(other) => vec![other],
            None => Vec::new(),
        };
        let devices =
            macs.into_iter().filter_map(|mac| self.value::<DeviceMac>("mac", mac)).map(|mac| mac.0).collect();
        for name in std::mem::take(&mut self.fields).keys() {
            self.find("row", format!("{name:?} is not a field of an import"));
        }
        let user = NewUser { name: name?, phone, login, settings };
        (self.findings.len() == before).then_some(ImportedUser { row: self.row, user, devices })
    }

    /// A field's value; one that is absent, null or empty is not given.
    fn take<T: DeserializeOwned>(&mut self, field: &'static str) -> Option<T> {
        let value = self.fields.remove(field)?;
        let is_given = !value.is_null() && value.as_str().is_none_or(|text| !text.trim().is_empty());
        if is_given { self.value(field, value) } else { None }
    }

    fn value<T: DeserializeOwned>(&mut self, field: &'static str, value: Value) -> Option<T> {
        serde_json::from_value(value).inspect_err(|error| self.find(field, error.to_string())).ok()
    }

    fn find(&mut self, field: &'static str, message: String) {
        self.findings.push(RowFinding { row: self.row, field, message, is_conflict: false });
    }
}
