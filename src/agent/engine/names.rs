//! Phones and log-in names: normalized once, unique among users.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::error::EngineError;
use crate::domain::login;
use crate::domain::phone::{self, Phone};
use crate::store::UserRecord;

/// A user's phone and log-in name, in the forms that are stored and compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub phone: Option<Phone>,
    pub login: Option<String>,
}

/// Users by the normal forms of their phones and log-in names: the key of each user.
#[derive(Debug, Default)]
pub(super) struct Holders {
    phones: BTreeMap<String, u32>,
    logins: BTreeMap<String, u32>,
}

impl Names {
    /// Parses user input.
    pub fn read(phone: Option<&str>, login: Option<&str>) -> Result<Self, EngineError> {
        let invalid = |field, message| EngineError::Invalid { field, message };
        let phone = phone.map(phone::read).transpose().map_err(|e| invalid("phone", e.to_string()))?;
        let login = login.map(login::read).transpose().map_err(|e| invalid("login", e.to_string()))?;
        Ok(Self { phone, login })
    }

    /// Refuses names that another user has.
    pub fn check_free(&self, holders: &Holders) -> Result<(), EngineError> {
        let conflict = |code, message: &str| Err(EngineError::Conflict { code, message: message.to_owned() });
        if holders.phone(self).is_some() {
            return conflict("phone_taken", "another user has this phone number");
        }
        if holders.login(self).is_some() {
            return conflict("login_taken", "another user has this log-in name");
        }
        Ok(())
    }
}

impl Holders {
    /// The user with that phone.
    pub fn phone(&self, names: &Names) -> Option<u32> {
        names.phone.as_ref().and_then(|phone| self.phones.get(&phone.e164).copied())
    }

    /// The user with that log-in name.
    pub fn login(&self, names: &Names) -> Option<u32> {
        names.login.as_deref().and_then(|name| self.logins.get(&login::key(name)).copied())
    }

    /// Adds names under a key.
    pub fn claim(&mut self, names: &Names, no: u32) {
        self.phones.extend(names.phone.as_ref().map(|phone| (phone.e164.clone(), no)));
        self.logins.extend(names.login.as_deref().map(|name| (login::key(name), no)));
    }

    fn add(&mut self, user: &UserRecord) {
        // Of users that share one, only the oldest has the normal form on file.
        let typed = || user.phone.as_deref().and_then(phone::e164);
        let phone = user.phone_e164.clone().or_else(typed);
        self.phones.extend(phone.map(|phone| (phone, user.no)));
        self.logins.extend(user.login.as_deref().map(|name| (login::key(name), user.no)));
    }
}

impl Draft<'_> {
    /// Phones and log-in names of all users but one, after this draft.
    pub fn holders(&self, but: Option<u32>) -> Holders {
        let mut holders = Holders::default();
        self.users().filter(|user| Some(user.no) != but).for_each(|user| holders.add(user));
        holders
    }
}

/// The user without a phone or log-in name that another user has meanwhile taken; the rest in normal form.
pub(super) fn with_free_names(user: UserRecord, holders: &Holders) -> UserRecord {
    let number = user.phone.as_deref().and_then(|phone| phone::read(phone).ok());
    let names = Names { phone: number, login: user.login.filter(|login| !login.is_empty()) };
    let phone = user.phone.filter(|phone| !phone.is_empty() && holders.phone(&names).is_none());
    let login = names.login.clone().filter(|_| holders.login(&names).is_none());
    UserRecord {
        phone_e164: names.phone.filter(|_| phone.is_some()).map(|number| number.e164),
        phone,
        login_key: login.as_deref().map(login::key),
        login,
        ..user
    }
}
