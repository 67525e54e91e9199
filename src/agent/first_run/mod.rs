//! The set-up in the browser: what the daemon serves while there is no owner, in place of desk and portal.
//!
//! | file | what it is |
//! |---|---|
//! | [`machine`] | which boot this is, and the file on the boot partition |
//! | [`claim`] | who may set the machine up: presence, and until when |
//! | [`record`] | `first-run.json`: the claim and the answers so far |
//! | `state` | what every page holds |
//! | `gate` | who may open the steps, and forms that only our own pages can send |
//! | `recovery` | in place of the steps: a store that comes back from a copy |
//! | `neighbours` | routers that announce themselves on the wire |
//! | `router_login`, `script_link` | by which log-in the router is looked at; the address of its script |
//! | `claim_page`, `step`, `step_page`, `steps` | the pages |
//! | `texts` | all texts |
//! | [`settle`] | what of the answers belongs into the store, entered by the next start |
//! | [`serve`] | the listener, until the set-up is finished |

pub mod claim;
mod claim_page;
mod gate;
pub mod machine;
mod neighbours;
pub mod record;
mod recovery;
mod router_login;
mod script_link;
pub mod serve;
pub mod settle;
mod state;
mod step;
mod step_page;
mod steps;
mod texts;
