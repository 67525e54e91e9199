//! Why a command failed, for the operator.

use serde_json::Value;

use super::texts::FailureWords;
use crate::agent::run::RunError;
use crate::agent::site::StartError;
use crate::settings::SettingsError;
use crate::ui::catalogue::fill;
use crate::ui::language::Language;

/// Why a command failed; decides the exit code.
#[derive(Debug)]
pub(super) enum Failure {
    /// The configuration is bad: every finding on a line of its own.
    Config(SettingsError),
    /// A failure that people read in their language.
    Worded {
        /// For programs and readers of English.
        english: String,
        /// For readers of Indonesian.
        indonesian: String,
    },
    /// Any other failure, for the operator: what the system or a library says.
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
            Self::Said(text) | Self::Worded { english: text, .. } => text.clone(),
            Self::Refused(refused) => refused.text.clone(),
        }
    }

    /// A failure with a text of the catalogue and the values in it.
    pub fn worded(text: fn(&FailureWords) -> &'static str, values: &[&str]) -> Self {
        let of = |language| fill(text(FailureWords::of(language)), values);
        Self::Worded { english: of(Language::English), indonesian: of(Language::Indonesian) }
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
