//! Why a command failed, for the operator.

use serde_json::Value;

use crate::agent::run::RunError;
use crate::agent::site::StartError;
use crate::settings::SettingsError;

/// Why a command failed; decides the exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// The configuration is bad: every finding on a line of its own.
    Config(SettingsError),
    /// Any other failure, for the operator.
    Said(String),
    /// The API refused a call.
    Refused(Box<RefusedCall>),
}

/// A call that the API refused.
#[derive(Debug)]
pub(super) struct RefusedCall {
    /// Why, for the operator.
    pub text: String,
    /// The API's problem document.
    pub problem: Value,
}

impl Failure {
    /// Why, for the operator.
    pub fn text(&self) -> String {
        match self {
            Self::Config(error) => error.to_string(),
            Self::Said(text) => text.clone(),
            Self::Refused(refused) => refused.text.clone(),
        }
    }

    /// A failure with the text of an error.
    #[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
    pub fn said(text: impl ToString) -> Self {
        Self::Said(text.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Config(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::said(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::said(error)
    }
}
