//! What comes of work in the background, as it is kept for pages.

use std::collections::BTreeSet;

use crate::agent::doctor::{CheckFinding, Level};
use crate::domain::units::Timestamp;
use crate::web::Problem;

/// What an examination found.
#[derive(Clone, Debug)]
pub(crate) struct Examination {
    /// When it ended.
    pub at: Timestamp,
    /// Every finding, in the order of the checks.
    pub findings: Vec<CheckFinding>,
}

impl Examination {
    /// How many checks fail.
    pub fn failures(&self) -> u64 {
        self.findings.iter().filter(|finding| finding.level == Level::Fail).count() as u64
    }
}

/// A handover that a page asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandoverWork {
    /// Hotspot users become customers: these, or all that can be.
    Take(BTreeSet<String>),
    /// Adopted customers become hotspot users again: these, or all.
    Return(BTreeSet<String>),
    /// What was interrupted is finished on the router.
    Finish,
    /// Leaving is taken back.
    ComeBack,
}

/// How a handover ended.
#[derive(Debug)]
pub(crate) struct HandoverEnd {
    /// When.
    pub at: Timestamp,
    /// What was asked for.
    pub work: HandoverWork,
    /// Names that were finished, and those that the router has no more.
    pub outcome: Result<(Vec<String>, Vec<String>), Problem>,
}
