//! Notices sent after a commit, and the port that receives them.

use crate::domain::access::Access;
use crate::domain::id::UserId;
use crate::domain::policy::Effect;
use crate::store::UserRecord;

/// A notice sent after a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A user's access changed.
    AccessChanged {
        /// The user.
        user: UserId,
        /// The user's name.
        name: String,
        /// The access before.
        from: Access,
        /// The access now.
        to: Access,
    },
    /// A user in mode `debt` reached four fifths of the limit.
    OverageWarning {
        /// The user.
        user: UserId,
        /// The user's name.
        name: String,
    },
}

/// The port for notices: log, terminal, messages.
pub trait Notifier: Send + Sync {
    /// Sends a notice. Called after the commit, on the engine's thread: it must return at once and never fail.
    fn notify(&self, notice: &Notice);
}

/// Drops all notices.
pub(super) struct Silence;

impl Notifier for Silence {
    fn notify(&self, _: &Notice) {}
}

pub(super) fn notice(user: &UserRecord, effect: &Effect) -> Notice {
    let (id, name) = (user.account.id, user.name.clone());
    match effect {
        Effect::Enforce { from } => {
            Notice::AccessChanged { user: id, name, from: from.clone(), to: user.account.access.clone() }
        }
        Effect::WarnOverage => Notice::OverageWarning { user: id, name },
    }
}
