//! Which machine has the site, by the relay's word. The relay is believed only with a proof that the site's own secret made:
//! neither it nor somebody with a stolen token can stop a machine.

use super::link::Link;
use super::port::RelayError;
use super::{PaymentError, Payments};
use crate::agent::engine::Engine;
use crate::domain::instance::Instance;
use crate::protocol::instance::SiteInstance;
use crate::store::{Fence, FencedBy};

/// What the relay says of the machine that has the site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayInstance {
    /// The machine.
    pub instance: Instance,
    /// Whether this site's secret proves it.
    pub is_proved: bool,
}

impl Payments {
    /// The machine that has the site, by the relay's word. `None` where there is no relay, or one from before there were machines.
    pub async fn site_instance(&self) -> Result<Option<RelayInstance>, PaymentError> {
        let Some(link) = &self.link else { return Ok(None) };
        match self.asked_instance(link).await {
            Err(PaymentError::Relay(RelayError::NotFound)) => Ok(None),
            other => other.map(Some),
        }
    }

    async fn asked_instance(&self, link: &Link) -> Result<RelayInstance, PaymentError> {
        let SiteInstance { instance, proof } = link.relay.instance().await?;
        let instance: Instance = instance
            .parse()
            .map_err(|why| RelayError::Nonsense(format!("instance {instance:.40}: {why}")))?;
        let own_proof = self.engine.call(move |engine| engine.site_secret().proof_of(instance)).await?;
        let is_proved = instance == Instance::FIRST || own_proof == proof;
        Ok(RelayInstance { instance, is_proved })
    }

    /// Has the relay know that `instance` has the site, whose calls it serves alone from then on.
    pub async fn claim_instance(&self, instance: Instance) -> Result<(), PaymentError> {
        let link = self.link()?;
        let proof = self.engine.call(move |engine| engine.site_secret().proof_of(instance)).await?;
        let claim = SiteInstance { instance: instance.to_string(), proof };
        link.relay.claim_instance(&claim).await?;
        Ok(())
    }

    /// Later calls are from this machine.
    pub fn use_instance(&self, instance: Instance) {
        if let Some(link) = &self.link {
            link.relay.use_instance(instance);
        }
    }

    /// A relay whose store came back from an older backup is told again which machine has the site.
    pub async fn keep_instance(&self) -> Result<(), PaymentError> {
        let own = self.engine.call(|engine| engine.instance()).await?;
        let is_passive = self.engine.unwritable().is_some_and(|why| why.is_passive());
        if own == Instance::FIRST || is_passive {
            return Ok(());
        }
        match self.site_instance().await? {
            Some(known) if known.instance.number() < own.number() => self.claim_instance(own).await,
            Some(_) | None => Ok(()),
        }
    }

    /// The relay refused a call because another machine has the site: this one stops if that is proved.
    pub(super) async fn follow_fence(&self, link: &Link) -> Result<(), PaymentError> {
        let RelayInstance { instance, is_proved } = self.asked_instance(link).await?;
        let fence = move |engine: &mut Engine| {
            let is_other = instance.fences(engine.instance());
            if is_other && is_proved {
                engine.fence(Fence { instance, by: FencedBy::Relay });
            }
            is_other
        };
        if self.engine.call(fence).await? && !is_proved {
            tracing::error!(
                instance = instance.number(),
                "the relay says that another machine has this site and cannot prove it: somebody else may have the site's token; \
                 have it rotated at the relay, then take the site back: kuotad take-over"
            );
        }
        Ok(())
    }
}
