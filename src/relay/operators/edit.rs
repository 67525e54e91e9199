//! Changes of operators, for commands and the console.

use crate::domain::role::Role;
use crate::identity::Passwords;
use crate::protocol::admin::values::{AdminName, Password};
use crate::relay::store::operators::{
    LogAuthor, OPERATOR_ROLES, OperatorChange, OperatorCodes, OperatorRefusal, StoredOperator,
};
use crate::relay::store::{RelayStore, RelayStoreError};
use crate::web::Problem;

/// Why no operator was changed, for people.
#[derive(Debug, thiserror::Error)]
pub enum OperatorEditError {
    /// No operator has that role.
    #[error("role: {} is no role of an operator: write {}", .0.name(), role_names())]
    Role(Role),
    /// The store says why.
    #[error("{}", explain(name, *refusal))]
    Refused {
        /// Whom it is about.
        name: String,
        /// Why.
        refusal: OperatorRefusal,
    },
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash,
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] RelayStoreError),
}

fn role_names() -> String {
    OPERATOR_ROLES.map(Role::name).join(", ")
}

fn explain(name: &str, refusal: OperatorRefusal) -> String {
    match refusal {
        OperatorRefusal::Taken => format!("there is an operator {name} already"),
        OperatorRefusal::Unknown => {
            format!("there is no operator {name}; operator list shows those there are")
        }
        OperatorRefusal::HasCodes => format!("operator {name} has one-time codes"),
    }
}

impl From<OperatorEditError> for Problem {
    fn from(error: OperatorEditError) -> Self {
        match error {
            OperatorEditError::Role(_) => Self::invalid("role", error.to_string()),
            OperatorEditError::Refused { refusal: OperatorRefusal::Unknown, .. } => {
                Self::not_found("operator")
            }
            OperatorEditError::Refused { refusal: OperatorRefusal::Taken, .. } => {
                Self::conflict("taken", error.to_string())
            }
            OperatorEditError::Refused { refusal: OperatorRefusal::HasCodes, .. } => {
                Self::conflict("has_codes", error.to_string())
            }
            OperatorEditError::Hash => Self::internal(),
            OperatorEditError::Store(error) => error.into(),
        }
    }
}

/// Changes operators.
#[derive(Clone, Copy)]
pub struct OperatorEditor<'a> {
    /// Where they are.
    pub store: &'a dyn RelayStore,
    /// Who changes them, and when.
    pub by: &'a LogAuthor,
}

impl OperatorEditor<'_> {
    /// Adds an operator, who sets the one-time codes up at the first log-in.
    pub async fn add(
        &self,
        name: AdminName,
        role: Role,
        password: Password,
    ) -> Result<(), OperatorEditError> {
        if !OPERATOR_ROLES.contains(&role) {
            return Err(OperatorEditError::Role(role));
        }
        let password_hash = hashed(password).await?;
        let codes = OperatorCodes::default();
        let fresh = StoredOperator { name: name.0, role, password_hash, codes, created_at: self.by.at };
        self.change(OperatorChange::Add(fresh)).await
    }

    /// Replaces a password. The operator's log-ins end but for `kept_session`.
    pub async fn set_password(
        &self,
        name: &str,
        password: Password,
        kept_session: Option<[u8; 32]>,
    ) -> Result<(), OperatorEditError> {
        let password_hash = hashed(password).await?;
        let name = self.named(name).await?;
        self.change(OperatorChange::SetPassword { name, password_hash, kept_session }).await
    }

    /// Drops the one-time codes of an operator who lost what makes them. The next log-in sets others up.
    pub async fn reset_codes(&self, name: &str) -> Result<(), OperatorEditError> {
        self.change(OperatorChange::ResetCodes { name: self.named(name).await? }).await
    }

    /// Removes an operator, whose log-ins end.
    pub async fn remove(&self, name: &str) -> Result<(), OperatorEditError> {
        self.change(OperatorChange::Remove { name: self.named(name).await? }).await
    }

    /// The name as it is stored, however it was written.
    async fn named(&self, name: &str) -> Result<String, OperatorEditError> {
        let all = self.store.operators().await?;
        let found = all.into_iter().find(|operator| operator.name.eq_ignore_ascii_case(name));
        let unknown =
            || OperatorEditError::Refused { name: name.to_owned(), refusal: OperatorRefusal::Unknown };
        found.map(|operator| operator.name).ok_or_else(unknown)
    }

    async fn change(&self, change: OperatorChange) -> Result<(), OperatorEditError> {
        let changed = self.store.change_operator(&change, self.by).await?;
        changed.map_err(|refusal| OperatorEditError::Refused { name: change.name().to_owned(), refusal })
    }
}

async fn hashed(password: Password) -> Result<String, OperatorEditError> {
    Passwords::default().hash(password.0).await.map_err(|_| OperatorEditError::Hash)
}
