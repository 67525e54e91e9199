//! Taking a site over: a restored store goes to work, and the machine before it stops.

use serde::{Deserialize, Serialize};

/// `POST /take-over`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TakeOver {
    /// The machine that had the site before is switched off: only needed where neither the router nor the relay can be reached,
    /// which stop it otherwise.
    pub old_machine_is_off: bool,
    /// The password of the owner whose session this is; not needed on the control socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// The one-time code, where the owner has a second factor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<String>,
}

/// What taking over did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "TakenOver"))]
pub struct TakenOverView {
    /// False where this machine had the site already.
    pub taken_over: bool,
    /// The number of this machine.
    pub instance: u32,
    /// The router answered: its marker stops the machine before with its next reading.
    pub router: bool,
    /// The relay knows: it serves this machine alone.
    pub relay: bool,
}
