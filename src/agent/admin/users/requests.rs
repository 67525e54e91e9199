//! Bodies and queries about users and their devices.

use serde::Deserialize;

use super::super::fields::{Instant, Label, Limit, Login, Mac, Name, Phone, Reason, changed, one_of};
use crate::agent::engine::{Action, NewDevice, NewUser, UserChange};
use crate::domain::access::Status;
use crate::domain::account::Overage;
use crate::domain::id::UserId;
use crate::domain::policy::Settings;
use crate::web::{self, Cursor, params};

/// An overage mode by its stable name.
#[derive(Clone, Copy)]
pub(in crate::agent::admin) struct Mode(Overage);

impl Mode {
    /// The mode.
    pub fn mode(self) -> Overage {
        self.0
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let mode = Overage::from_name(&String::deserialize(d)?);
        let names = || one_of(Overage::ALL.iter().map(|mode| mode.name()));
        mode.map(Self).ok_or_else(|| serde::de::Error::custom(names()))
    }
}

/// A status by its stable name.
#[derive(Clone, Copy)]
pub(in crate::agent::admin) struct StatusName(pub Status);

impl<'de> Deserialize<'de> for StatusName {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let status = Status::from_name(&String::deserialize(d)?);
        let names = || one_of(Status::ALL.iter().map(|status| status.name()));
        status.map(Self).ok_or_else(|| serde::de::Error::custom(names()))
    }
}

/// `GET /users`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::agent::admin) struct Search {
    #[serde(deserialize_with = "params::given")]
    pub q: Option<String>,
    #[serde(deserialize_with = "params::given")]
    pub status: Option<StatusName>,
    pub limit: web::Limit,
    #[serde(deserialize_with = "params::given")]
    pub after: Option<Cursor>,
}

/// `POST /users`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Add {
    name: Name,
    phone: Option<Phone>,
    login: Option<Login>,
    approved: Option<bool>,
    active: Option<bool>,
    exempt: Option<bool>,
    expires_at: Option<Instant>,
    overage: Option<Mode>,
    debt_limit: Option<Limit>,
}

impl Add {
    pub fn action(self) -> Action {
        let settings = Settings {
            approved: self.approved,
            active: self.active,
            exempt: self.exempt,
            expires_at: self.expires_at.map(|at| Some(at.0)),
            overage: self.overage.map(|mode| Some(mode.0)),
            debt_limit: self.debt_limit.map(|limit| Some(limit.0)),
        };
        let (phone, login) = (self.phone.map(|phone| phone.0), self.login.map(|login| login.0));
        Action::AddUser(NewUser { name: self.name.0, phone, login, settings })
    }
}

/// `PATCH /users/{id}`: what is absent stays, null removes.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent, null and a value say three things")]
pub(in crate::agent::admin) struct Change {
    #[serde(deserialize_with = "changed")]
    name: Option<Name>,
    #[serde(deserialize_with = "changed")]
    phone: Option<Option<Phone>>,
    #[serde(deserialize_with = "changed")]
    login: Option<Option<Login>>,
    #[serde(deserialize_with = "changed")]
    approved: Option<bool>,
    #[serde(deserialize_with = "changed")]
    active: Option<bool>,
    #[serde(deserialize_with = "changed")]
    exempt: Option<bool>,
    #[serde(deserialize_with = "changed")]
    expires_at: Option<Option<Instant>>,
    #[serde(deserialize_with = "changed")]
    overage: Option<Option<Mode>>,
    #[serde(deserialize_with = "changed")]
    debt_limit: Option<Option<Limit>>,
}

impl Change {
    pub fn action(self, user: UserId) -> Action {
        let settings = Settings {
            approved: self.approved,
            active: self.active,
            exempt: self.exempt,
            expires_at: self.expires_at.map(|at| at.map(|at| at.0)),
            overage: self.overage.map(|mode| mode.map(|mode| mode.0)),
            debt_limit: self.debt_limit.map(|limit| limit.map(|limit| limit.0)),
        };
        let change = UserChange {
            name: self.name.map(|name| name.0),
            phone: self.phone.map(|phone| phone.map(|phone| phone.0)),
            login: self.login.map(|login| login.map(|login| login.0)),
            settings,
        };
        Action::ChangeUser(user, change)
    }
}

/// `POST /users/{id}/devices`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Bind {
    mac: Mac,
    label: Option<Label>,
    /// Take it from the user who has it.
    r#move: Option<bool>,
}

impl Bind {
    pub fn action(self, user: UserId) -> Action {
        let label = self.label.map(|label| label.0).unwrap_or_default();
        // Which device goes is for a person to say.
        let is_move = self.r#move.unwrap_or(false);
        Action::Bind(NewDevice { label, is_move, ..NewDevice::of(user, self.mac.0) })
    }
}

/// `POST /users/{id}/block`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Block {
    reason: Reason,
}

impl Block {
    pub fn action(self, user: UserId) -> Action {
        Action::Block(user, self.reason.0)
    }
}

/// `POST /users/{id}/unblock`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in crate::agent::admin) struct Unblock {
    reason: Option<Reason>,
}

impl Unblock {
    pub fn action(self, user: UserId) -> Action {
        Action::Unblock(user, self.reason.map(|reason| reason.0).unwrap_or_default())
    }
}

/// `POST /users/{id}/pin`: nothing needs to be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::agent::admin) struct Nothing {}
