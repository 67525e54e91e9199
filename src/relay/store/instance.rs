//! What the store keeps of the machines of sites: the last one that took each over.

use super::error::StoreFuture;
use crate::domain::instance::Instance;
use crate::domain::units::Timestamp;

/// The machine that has a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceRecord {
    /// The machine.
    pub instance: Instance,
    /// The site's own proof of it, which the relay cannot judge.
    pub proof: [u8; 32],
    /// When it took the site over.
    pub claimed_at: Timestamp,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceClaim {
    /// It is stored.
    Stored,
    /// It was stored before.
    Known,
    /// Another machine has this number already, or a larger one.
    Taken(Instance),
    /// No take-overs from here lead so far.
    TooFar(Instance),
}

/// Decides about a claim by the machine that has the site.
pub(super) fn judge(kept: Option<Instance>, fresh: Instance) -> InstanceClaim {
    let kept = kept.unwrap_or(Instance::FIRST);
    if fresh == kept {
        InstanceClaim::Known
    } else if fresh.number() <= kept.number() {
        InstanceClaim::Taken(kept)
    } else if !fresh.is_believable_from(kept) {
        InstanceClaim::TooFar(kept)
    } else {
        InstanceClaim::Stored
    }
}

/// The machines of sites. Each method is one transaction.
pub trait InstanceStore: Send + Sync {
    /// The machine that has a site; `None` while no other one took it over from the first.
    fn site_instance<'a>(&'a self, site: &'a str) -> StoreFuture<'a, Option<InstanceRecord>>;

    /// Gives a site to a machine, or says why not. Of two that claim one number, one gets it, whichever process has it.
    fn claim_instance<'a>(
        &'a self,
        site: &'a str,
        record: &'a InstanceRecord,
    ) -> StoreFuture<'a, InstanceClaim>;
}
