//! Users: creating, changing, deleting, and their portal PINs.

use super::context::CommandContext;
use crate::agent::engine::audit_detail;
use crate::agent::engine::command::{NewUser, PinHash, UserChange};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::{EngineError, conflict};
use crate::agent::engine::names::Names;
use crate::domain::account::Account;
use crate::domain::id::UserId;
use crate::domain::login;
use crate::domain::policy::{Event, Refusal, Settings};
use crate::store::UserRecord;

impl CommandContext<'_, '_> {
    /// Creates a user; returns its key.
    pub(super) fn enter(&mut self, new: &NewUser, action: &str) -> Result<u32, EngineError> {
        let names = Names::read(new.phone.as_deref(), new.login.as_deref())?;
        names.check_free(&self.draft.holders(None))?;
        Ok(self.enter_with(new, names, action)?)
    }

    /// Creates a user whose phone and log-in name are free.
    pub(super) fn enter_with(&mut self, new: &NewUser, names: Names, action: &str) -> Result<u32, Refusal> {
        let no = self.draft.next_user_no();
        let id = UserId(self.draft.new_id());
        let settings =
            Settings { approved: Some(new.settings.approved.unwrap_or(true)), ..new.settings.clone() };
        self.draft.put_user(UserRecord {
            no,
            name: new.name.clone(),
            phone_e164: names.phone.as_ref().map(|phone| phone.e164.clone()),
            phone: names.phone.map(|phone| phone.typed),
            login_key: names.login.as_deref().map(login::key),
            login: names.login,
            customer_note: None,
            created_at: self.draft.facts.now,
            deleted_at: None,
            access_at: self.draft.facts.now,
            account: Account::fresh(id, true),
        });
        self.draft.step(no, &Event::Changed(settings), &self.event)?;
        self.draft.audit(action, &id.to_string(), new.name.clone());
        Ok(no)
    }

    pub(super) fn change_user(&mut self, id: UserId, change: &UserChange) -> Result<Done, EngineError> {
        let no = self.draft.find_user(id)?;
        let before = self.draft.user(no).clone();
        let mut user = before.clone();
        // An unchanged value is not checked, even if it would be refused for a new user.
        let phone = change.phone.as_ref().filter(|phone| **phone != user.phone);
        let login = change.login.as_ref().filter(|login| **login != user.login);
        let names =
            Names::read(phone.and_then(|phone| phone.as_deref()), login.and_then(|login| login.as_deref()))?;
        names.check_free(&self.draft.holders(Some(no)))?;
        user.name = change.name.clone().unwrap_or(user.name);
        if phone.is_some() {
            user.phone_e164 = names.phone.as_ref().map(|phone| phone.e164.clone());
            user.phone = names.phone.map(|phone| phone.typed);
        }
        if login.is_some() {
            user.login_key = names.login.as_deref().map(login::key);
            user.login = names.login;
        }
        if let Some(note) = &change.customer_note {
            user.customer_note = note.clone().filter(|note| !note.is_empty());
        }
        self.draft.put_user(user);
        self.draft.step(no, &Event::Changed(change.settings.clone()), &self.event)?;
        let detail = audit_detail::of_user(&before, self.draft.user(no));
        self.draft.audit("user.change", &id.to_string(), detail);
        Ok(Done::changed(self.user_view(no)))
    }

    pub(super) fn delete_user(&mut self, id: UserId) -> Result<Done, EngineError> {
        let no = self.draft.find_user(id)?;
        let mut user = self.draft.user(no).clone();
        if !user.account.total_debt().is_zero() || !user.account.open_items().is_empty() {
            return Err(conflict("user_owes", "the user still owes; settle first"));
        }
        if self.draft.state.devices_of.get(&no).is_some_and(|devices| !devices.is_empty()) {
            return Err(conflict("user_has_devices", "the user still has devices; unbind them first"));
        }
        if self.draft.state.is_awaited(no) {
            return Err(conflict(
                "user_has_devices",
                "a device is about to move to the user; unbind it from its owner or bind it elsewhere first",
            ));
        }
        if self.draft.open_orders(no).next().is_some() || self.draft.pending_orders(no).next().is_some() {
            return Err(conflict("user_pays", "the user has an online order open; cancel it first"));
        }
        self.draft.step(no, &Event::Sealed, &self.event)?;
        user.account = self.draft.user(no).account.clone();
        user.deleted_at = Some(self.draft.facts.now);
        self.draft.put_user(user);
        self.draft.audit("user.delete", &id.to_string(), String::new());
        Ok(Done::Finished)
    }

    pub(super) fn set_pin(&mut self, user: UserId, hash: &PinHash) -> Result<Done, EngineError> {
        let no = self.draft.find_user(user)?;
        self.draft.audit("user.pin", &user.to_string(), String::new());
        self.draft.put_pin(no, hash.clone());
        Ok(Done::Finished)
    }
}
