//! Numbers and log-in names: read once, each one user's alone.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::error::EngineError;
use crate::domain::login;
use crate::domain::phone::{self, Phone};
use crate::store::UserRecord;

/// What a user is called by, in the forms that are kept and compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub phone: Option<Phone>,
    pub login: Option<String>,
}

/// Who has which number and log-in name, by their normal forms: the key of the user.
#[derive(Debug, Default)]
pub(super) struct Holders {
    phones: BTreeMap<String, u32>,
    logins: BTreeMap<String, u32>,
}

impl Names {
    /// Reads what was typed.
    pub fn read(phone: Option<&str>, login: Option<&str>) -> Result<Self, EngineError> {
        let invalid = |field, message| EngineError::Invalid { field, message };
        let phone = phone.map(phone::read).transpose().map_err(|e| invalid("phone", e.to_string()))?;
        let login = login.map(login::read).transpose().map_err(|e| invalid("login", e.to_string()))?;
        Ok(Self { phone, login })
    }

    /// Refuses what somebody has.
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
    /// The user who has the number.
    pub fn phone(&self, names: &Names) -> Option<u32> {
        names.phone.as_ref().and_then(|phone| self.phones.get(&phone.e164).copied())
    }

    /// The user who has the log-in name.
    pub fn login(&self, names: &Names) -> Option<u32> {
        names.login.as_deref().and_then(|name| self.logins.get(&login::key(name)).copied())
    }

    /// Notes names under a key.
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
    /// Who has which number and log-in name as this draft leaves them, but for one user.
    pub fn holders(&self, but: Option<u32>) -> Holders {
        let mut holders = Holders::default();
        self.users().filter(|user| Some(user.no) != but).for_each(|user| holders.add(user));
        holders
    }
}

/// The user without a number or log-in name that somebody else has by now, the rest in its normal form.
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
