//! Updates: what is installed, what there is, and what became of the last one.

use serde::{Deserialize, Serialize};

use super::values::Instant;

/// `GET /update`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Update"))]
pub struct UpdateView {
    /// The running version.
    pub version: String,
    /// Whether an update was asked for and has not begun.
    pub requested: bool,
    /// What the updater wrote last; null before its first run.
    pub report: Option<UpdateReportView>,
}

/// What the updater knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "UpdateReport"))]
pub struct UpdateReportView {
    /// When it looked.
    pub checked_at: Instant,
    /// The installed package.
    pub installed: String,
    /// A newer package of the repository.
    pub candidate: Option<CandidateView>,
    /// What is done with it.
    pub decision: UpdateDecision,
    /// The last update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastUpdateView>,
}

/// A package that the repository has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "UpdateCandidate"))]
pub struct CandidateView {
    /// Its version.
    pub version: String,
    /// When it was published in the suite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Instant>,
    /// Whether it is marked as a mend of a hole.
    pub security: bool,
}

/// What is done with a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum UpdateDecision {
    /// Nothing newer is there.
    UpToDate,
    /// It is installed.
    Install,
    /// It came out less than three days ago, or the repository does not say when.
    TooYoung,
    /// It was tried in the last seven days, and did not work.
    CameBack,
    /// The uplink is paid for by what flows.
    Metered,
}

/// How an update ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
#[serde(rename_all = "snake_case")]
pub enum UpdateOutcome {
    /// The new version works.
    Updated,
    /// It did not, and the version before is back with the store as it was.
    CameBack,
    /// It did not, but it has taken changes for which it must stay.
    Kept,
}

/// The last update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LastUpdate"))]
pub struct LastUpdateView {
    /// The version before.
    pub from: String,
    /// The version that was tried.
    pub to: String,
    /// How it ended.
    pub outcome: UpdateOutcome,
    /// Why it did not work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// When.
    pub at: Instant,
}
