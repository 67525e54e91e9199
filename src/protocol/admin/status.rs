//! The state of the daemon.

use serde::{Deserialize, Serialize};

use super::router::{RefusedView, UnreadView};
use super::values::Instant;
use crate::domain::id::UserId;

/// `GET /ping`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Ping"))]
pub struct PingView {
    /// Always `ok`.
    #[cfg_attr(test, schemars(extend("enum" = ["ok"])))]
    pub status: String,
    /// The daemon's version.
    pub version: String,
}

/// `GET /healthz` of a daemon that is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Healthy"))]
pub struct HealthView {
    /// `ok`, `degraded` while the store cannot be written, or `unclaimed` while the machine waits for its owner.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "degraded", "unclaimed"])))]
    pub status: String,
    /// Why it is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The same for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The time that a person vouched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ClockConfirmed"))]
pub struct ConfirmedView {
    /// The wall clock.
    pub now: Instant,
}

/// `GET /status`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Status"))]
pub struct StatusView {
    /// The router.
    pub router: RouterPartView,
    /// The relay.
    pub relay: PartView,
    /// The store.
    pub store: StorePartView,
    /// The wall clock; while it is not trusted, since when by the most likely time, and the last trusted time.
    pub clock: ClockPartView,
    /// Copies of the store.
    #[serde(default)]
    pub copies: CopiesView,
    /// Customers who have the number or log-in name of an older one, and what to do.
    pub shared_names: Vec<SharedNameView>,
    /// The cycle.
    pub cycle: CycleView,
}

/// One part's state.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Part"))]
pub struct PartView {
    /// `ok`, or a word for what is wrong.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "degraded", "down", "off"])))]
    pub state: String,
    /// Since when.
    pub since: Option<Instant>,
    /// When it last worked.
    pub last_success: Option<Instant>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// What a person should know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The router's state, and what it refuses or prints so that it cannot be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "RouterPart"))]
pub struct RouterPartView {
    /// The state.
    #[serde(flatten)]
    pub part: PartView,
    /// Edits that it refuses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedView>,
    /// Rows that could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<UnreadView>,
}

/// The store's state, and how far its ledger is proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "StorePart"))]
pub struct StorePartView {
    /// The state.
    #[serde(flatten)]
    pub part: PartView,
    /// The proof of the ledger. A start proves what was written since the last checkpoint, the whole follows.
    #[serde(default)]
    pub proof: ProofView,
}

/// The wall clock's state, and what the relay says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "ClockPart"))]
pub struct ClockPartView {
    /// The state.
    #[serde(flatten)]
    pub part: PartView,
    /// By how many milliseconds the wall clock is ahead of the relay's, below 0 behind it; not given where the relay has
    /// not said so within the last minute or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of_relay_ms: Option<i64>,
}

/// Copies of the store that the daemon makes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Copies"))]
pub struct CopiesView {
    /// `ok`; `degraded` if the last turn failed, or none off the card is younger than 48 hours; `down` if the one on the card is
    /// missing or too old; `off` if none are made.
    #[cfg_attr(test, schemars(extend("enum" = ["ok", "degraded", "down", "off"])))]
    pub state: String,
    /// Where copies go besides the card, as configured; empty for nowhere.
    pub target: String,
    /// The last good one on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<CopyView>,
    /// The last good one at the target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away: Option<CopyView>,
    /// When the last one was made that is not on the card: at the target, or by a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away_at: Option<Instant>,
    /// Why the last turn failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

/// A copy of the store, which was verified when it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Copy"))]
pub struct CopyView {
    /// Up to when nothing is missing in it.
    pub at: Instant,
    /// Its file.
    pub file: String,
    /// Where it is.
    pub place: String,
    /// Its length.
    pub bytes: u64,
    /// Entries of the ledger in it.
    pub entries: u64,
    /// Whether it is encrypted for the recovery key.
    pub encrypted: bool,
}

/// How far the ledger is proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "LedgerProof"))]
pub struct ProofView {
    /// `waiting` before the proof of the whole began, `proving`, or `proved`.
    #[cfg_attr(test, schemars(extend("enum" = ["waiting", "proving", "proved"])))]
    pub state: String,
    /// Entries proved since the daemon started.
    pub entries: u64,
    /// Entries to prove.
    pub of: u64,
    /// When the whole was proved; not given if that was before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proved_at: Option<Instant>,
}

/// Two customers with one number or log-in name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct SharedNameView {
    /// `phone` or `login`.
    #[cfg_attr(test, schemars(extend("enum" = ["phone", "login"])))]
    pub what: String,
    /// The number or log-in name.
    pub value: String,
    /// Who had it first.
    pub kept_by: PersonView,
    /// Who has it too.
    pub user: PersonView,
    /// What to do.
    pub remedy: String,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Person"))]
pub struct PersonView {
    /// The user.
    pub id: UserId,
    /// The same for people.
    pub name: String,
}

/// What the cycle did since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(inline))]
pub struct CycleView {
    /// Cycles that counted.
    pub metered: u64,
    /// Cycles that failed.
    pub failed: u64,
    /// Edits sent.
    pub edits: u64,
    /// Rows of the host table in the last reading.
    pub hosts: u64,
    /// Time of the last reading.
    pub read_ms: u64,
    /// Commands sent to the router.
    pub router_commands: u64,
    /// The router's version.
    pub router_version: Option<String>,
    /// Commits of the store.
    pub commits: u64,
    /// Whether the configuration only looks at the router.
    pub dry_run: bool,
}
