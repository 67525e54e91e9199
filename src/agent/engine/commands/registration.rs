//! Registrations on the portal.

use std::net::Ipv4Addr;

use super::context::CommandContext;
use crate::agent::engine::command::{NewDevice, NewUser, PinHash};
use crate::agent::engine::done::Done;
use crate::agent::engine::error::EngineError;
use crate::domain::id::Mac;
use crate::domain::policy::Settings;

impl CommandContext<'_, '_> {
    pub(super) fn register(
        &mut self,
        name: &str,
        phone: &str,
        pin: &PinHash,
        device: Option<(Mac, Option<Ipv4Addr>)>,
    ) -> Result<Done, EngineError> {
        let settings = Settings { approved: Some(false), ..Settings::default() };
        let (name, phone) = (name.trim().to_owned(), Some(phone.to_owned()));
        if name.is_empty() {
            return Err(EngineError::Invalid { field: "name", message: "is needed".into() });
        }
        let no = self.enter(&NewUser { name, phone, login: None, settings }, "user.register")?;
        self.draft.put_pin(no, pin.clone());
        if let Some((mac, seen_at)) = device {
            let user = self.draft.user(no).account.id;
            self.bind(no, &NewDevice { seen_at, ..NewDevice::of(user, mac) })?;
        }
        Ok(Done::created(self.user_view(no)))
    }
}
