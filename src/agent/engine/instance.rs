//! Which machine has the site, as the engine knows it.

use super::Engine;
use super::actor::Actor;
use super::error::EngineError;
use crate::domain::instance::{Instance, SiteMark};
use crate::store::{Fence, Reader, Unwritable};

impl Engine {
    /// The machine that this is.
    pub fn instance(&self) -> Instance {
        self.parts.store.instance()
    }

    /// What the marker on the router says while this machine has the site.
    pub fn site_mark(&self) -> SiteMark {
        SiteMark { site: self.site_secret().site_tag(), instance: self.instance() }
    }

    /// Another machine has the site: nothing is changed any more. The one on whose word that happened first stays named.
    pub fn fence(&mut self, fence: Fence) {
        if !self.unwritable().is_some_and(crate::store::Unwritable::is_passive) {
            self.parts.store.fence(fence);
        }
    }

    /// Makes this machine `next`; the store can be written again, and the router follows. What was bound there since the copy
    /// was made is looked for first.
    pub fn take_site_over(&mut self, actor: &Actor, next: Instance) -> Result<(), EngineError> {
        self.check_alive()?;
        let before = self.unwritable().map(Unwritable::code).unwrap_or_default();
        let is_read_only = self.parts.store.is_read_only();
        if is_read_only {
            self.reader = Reader::closed()?;
        }
        let taken = self.parts.store.take_over(next);
        if is_read_only {
            self.reader = self.parts.store.reader()?;
        }
        taken?;
        self.state.orphans.due = true;
        self.note(actor, "site.take_over", &next.to_string(), before.to_owned())
    }
}
