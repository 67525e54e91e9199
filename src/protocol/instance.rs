//! Which machine has a site: every call of an agent names its machine, and the relay serves the last one that took the site
//! over.

use serde::{Deserialize, Serialize};

/// The header of an agent's calls that names its machine, as `3-0a1b2c3d`. Without it the caller is the first machine.
pub const INSTANCE_HEADER: &str = "kuota-instance";
/// The code of a refusal because another machine has the site.
pub const FENCED: &str = "fenced";
/// Hex digits of a proof.
pub const PROOF_CHARS: usize = 64;

/// `GET` and `POST /v1/site/instance`: the machine that has the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SiteInstance {
    /// The machine, as `3-0a1b2c3d`.
    pub instance: String,
    /// That a machine with the site's secret took it over: the relay cannot make it, and the site's other machines believe
    /// nothing else. Empty for the first machine.
    pub proof: String,
}
