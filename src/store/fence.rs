//! That another machine has the site, and who says so.

use std::fmt;

use crate::domain::instance::Instance;

/// A machine that took the site over, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("fenced: another machine took this site over (instance {}, by the word of {by})", instance.number())]
pub struct Fence {
    /// The machine.
    pub instance: Instance,
    /// Who says so.
    pub by: FencedBy,
}

/// Who says that another machine has the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FencedBy {
    /// The marker on the router.
    Router,
    /// The relay, with a proof by the site's secret.
    Relay,
}

impl FencedBy {
    pub(super) const ALL: [Self; 2] = [Self::Router, Self::Relay];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Relay => "relay",
        }
    }
}

impl fmt::Display for FencedBy {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "the {}", self.word())
    }
}
