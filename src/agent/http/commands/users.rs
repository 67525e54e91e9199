//! What requests about users and their devices ask of the engine.

use crate::agent::engine::{Command, NewDevice, NewUser, UserChange};
use crate::domain::id::UserId;
use crate::domain::policy::Settings;
use crate::protocol::admin::devices::BindDevice;
use crate::protocol::admin::users::{AddUser, BlockUser, ChangeUser, UnblockUser};

impl AddUser {
    /// The command it asks for.
    pub(crate) fn command(self) -> Command {
        let settings = Settings {
            approved: self.approved,
            active: self.active,
            exempt: self.exempt,
            expires_at: self.expires_at.map(|at| Some(at.0)),
            overage: self.overage.map(|mode| Some(mode.0)),
            debt_limit: self.debt_limit.map(|limit| Some(limit.0)),
        };
        let (phone, login) = (self.phone.map(|phone| phone.0), self.login.map(|login| login.0));
        Command::AddUser(NewUser { name: self.name.0, phone, login, settings })
    }
}

impl ChangeUser {
    /// The command it asks for.
    pub(crate) fn command(self, user: UserId) -> Command {
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
            customer_note: self.customer_note.map(|note| note.map(|note| note.0)),
            settings,
        };
        Command::ChangeUser(user, change)
    }
}

impl BindDevice {
    /// The command it asks for.
    pub(crate) fn command(self, user: UserId) -> Command {
        let label = self.label.map(|label| label.0).unwrap_or_default();
        // Which device goes is for a person to say.
        let is_move = self.r#move.unwrap_or(false);
        Command::Bind(NewDevice { label, is_move, ..NewDevice::of(user, self.mac.0) })
    }
}

impl BlockUser {
    /// The command it asks for.
    pub(crate) fn command(self, user: UserId) -> Command {
        Command::Block(user, self.reason.0)
    }
}

impl UnblockUser {
    /// The command it asks for.
    pub(crate) fn command(self, user: UserId) -> Command {
        Command::Unblock(user, self.reason.map(|reason| reason.0).unwrap_or_default())
    }
}
