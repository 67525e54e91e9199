//! Operators of the relay: people with a role, a password and one-time codes, their log-ins, and the log of what they
//! changed.

use crate::domain::role::Role;
use crate::domain::units::Timestamp;

/// Roles that an operator can have, least first.
pub const OPERATOR_ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::Owner];

/// The log's word for a log-in.
pub const LOG_IN: &str = "log_in";

/// The one-time codes of an operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OperatorCodes {
    /// In force, in base32; `None`: there was no first code yet.
    pub secret: Option<String>,
    /// Waits for its first code.
    pub pending: Option<String>,
    /// The step of the last code that was accepted.
    pub step: Option<i64>,
}

/// A person who may use the operator's console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOperator {
    /// Log-in name.
    pub name: String,
    /// What the operator may do; one of [`OPERATOR_ROLES`].
    pub role: Role,
    /// Argon2 in PHC form.
    pub password_hash: String,
    /// The one-time codes.
    pub codes: OperatorCodes,
    /// When the operator was added.
    pub created_at: Timestamp,
}

/// Who changes something, for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogAuthor {
    /// The operator, or `local` for a command.
    pub name: String,
    /// The address, or `command`.
    pub source: String,
    /// When.
    pub at: Timestamp,
}

impl LogAuthor {
    /// Whoever gives a command on the relay's machine.
    pub fn command(at: Timestamp) -> Self {
        Self { name: "local".to_owned(), source: "command".to_owned(), at }
    }
}

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorLogLine {
    /// Its number; later lines have larger ones.
    pub no: u64,
    /// Who, from where and when.
    pub by: LogAuthor,
    /// What, such as `site.disable`.
    pub action: String,
    /// To what.
    pub target: String,
    /// What else there is to say, such as a role.
    pub detail: String,
}

/// A change of an operator.
#[derive(Clone, Debug)]
pub enum OperatorChange {
    /// Adds one.
    Add(StoredOperator),
    /// Removes one, whose log-ins end.
    Remove {
        /// Whom.
        name: String,
    },
    /// Replaces the password; log-ins end but for one.
    SetPassword {
        /// Whose.
        name: String,
        /// Of the new one.
        password_hash: String,
        /// SHA-256 of the session that goes on.
        kept_session: Option<[u8; 32]>,
    },
    /// Gives an operator without codes a secret that waits for its first code.
    BeginCodes {
        /// Whom.
        name: String,
        /// The secret.
        pending: String,
    },
    /// Drops the secret: the next log-in sets another one up. Log-ins end.
    ResetCodes {
        /// Whose.
        name: String,
    },
}

impl OperatorChange {
    /// Whom it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Add(operator) => &operator.name,
            Self::Remove { name }
            | Self::SetPassword { name, .. }
            | Self::BeginCodes { name, .. }
            | Self::ResetCodes { name } => name,
        }
    }

    /// What the log says of it: action and detail. A secret that waits is no change yet.
    pub(super) fn log_words(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Add(operator) => Some(("operator.add", operator.role.name())),
            Self::Remove { .. } => Some(("operator.remove", "")),
            Self::SetPassword { .. } => Some(("operator.password", "")),
            Self::ResetCodes { .. } => Some(("operator.reset_otp", "")),
            Self::BeginCodes { .. } => None,
        }
    }
}

/// Why no operator was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorRefusal {
    /// There is one of that name, perhaps written otherwise.
    Taken,
    /// There is none of that name.
    Unknown,
    /// The operator has codes.
    HasCodes,
}

/// A log-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// SHA-256 of its secret.
    pub sha256: [u8; 32],
    /// Whose.
    pub operator: String,
    /// Whether the code was shown as well; else it reaches nothing but the form for it.
    pub is_full: bool,
    /// Since when.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A one-time code that was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedCode {
    /// The secret that it was checked with.
    pub secret: String,
    /// Its step, which is accepted once.
    pub step: i64,
    /// Whether it is the first code of a secret that waits.
    pub is_first: bool,
}

/// A log-in that is to be in force, if what it rests on is still so.
#[derive(Clone, Debug)]
pub struct SessionOpening {
    /// The log-in.
    pub session: StoredSession,
    /// The password's hash as it was when the password was checked.
    pub password_hash: String,
    /// SHA-256 of the log-in without a code that becomes this one.
    pub replaces: Option<[u8; 32]>,
    /// The code; a full log-in has one.
    pub code: Option<AcceptedCode>,
}

/// Log-ins that are to end.
#[derive(Clone, Debug)]
pub enum SessionsEnd {
    /// The one with this SHA-256.
    One([u8; 32]),
    /// Every one of an operator but that one.
    Others {
        /// Whose.
        operator: String,
        /// SHA-256 of the one that goes on.
        kept: [u8; 32],
    },
}
