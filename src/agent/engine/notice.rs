//! What people are told after a commit, and the port to them.

use crate::domain::access::Access;
use crate::domain::id::UserId;
use crate::domain::policy::Effect;
use crate::store::UserRecord;

/// Something people are told after a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A user's access turned.
    AccessChanged {
        /// Whose.
        user: UserId,
        /// The user's name.
        name: String,
        /// What held before.
        from: Access,
        /// What holds.
        to: Access,
    },
    /// A user in mode `debt` reached four fifths of the limit.
    OverageWarning {
        /// Whose.
        user: UserId,
        /// The user's name.
        name: String,
    },
}

/// The port to people: log, terminal, messages.
pub trait Notifier: Send + Sync {
    /// Tells. Called after the commit, on the engine's thread: it must return at once and never fail.
    fn notify(&self, notice: &Notice);
}

/// Nobody is told.
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
