//! Taking the site over, for every face.

use std::sync::Arc;

use super::sessions::prove_again;
use super::settings::SettingsCaller;
use super::state::AppState;
use crate::agent::engine::Actor;
use crate::agent::payments::{PaymentError, RelayError};
use crate::agent::site::Site;
use crate::domain::instance::Instance;
use crate::protocol::admin::take_over::{TakeOver, TakenOverView};
use crate::store::Unwritable;
use crate::web::Problem;
use crate::web::finish::finish;

/// What router and relay say of the machine that has the site; `None` where they could not be asked.
#[allow(clippy::option_option, reason = "not asked, nobody yet and a machine say three things")]
struct Known {
    router: Option<Option<Instance>>,
    relay: Option<Option<Instance>>,
}

/// Takes the site over for an owner, who proves again who that is, or for this machine's own commands.
pub(crate) async fn take_over(
    app: &AppState,
    caller: SettingsCaller,
    asked: TakeOver,
) -> Result<TakenOverView, Problem> {
    let TakeOver { old_machine_is_off, password, otp } = asked;
    if caller.is_session {
        prove_again(app, caller.peer, &caller.actor, password, otp).await?;
    } else if !caller.is_local() {
        let detail =
            "a site is taken over by an owner's own session, with the password, or on the machine itself";
        return Err(Problem::forbidden("session_needed", detail));
    }
    let site = Arc::clone(&app.site);
    finish(async move { take(&site, &caller.actor, old_machine_is_off).await }).await?
}

async fn take(site: &Site, actor: &Actor, old_machine_is_off: bool) -> Result<TakenOverView, Problem> {
    let own = site.engine().call(|engine| engine.instance()).await?;
    let is_passive = site.engine().unwritable().as_ref().is_some_and(Unwritable::is_passive);
    let has_site = TakenOverView { taken_over: false, instance: own.number(), router: false, relay: false };
    let known = if is_passive {
        Known { router: by_router(site).await, relay: by_relay(site).await }
    } else {
        match by_relay(site).await {
            // The relay serves another machine and could not prove it.
            Some(Some(other)) if other.fences(own) => Known { router: None, relay: Some(Some(other)) },
            Some(_) | None => return Ok(has_site),
        }
    };
    if known.router.is_none() && !known.is_at_relay() && !old_machine_is_off {
        let detail = "neither the router nor the relay can be reached, so nothing stops the old machine: switch it off or take its card \
                      out, then repeat with old_machine_is_off (kuotad take-over --old-machine-is-off); nothing was changed";
        return Err(Problem::conflict("old_machine_unknown", detail));
    }
    let last = known.last(own, site.engine().unwritable().as_ref());
    let next =
        last.next(getrandom::u32().map_err(|error| Problem::unavailable("no_random", error.to_string()))?);
    let relay = match known.relay {
        Some(Some(_)) => claim(site, next).await?,
        Some(None) | None => false,
    };
    let by = actor.clone();
    site.engine().call(move |engine| engine.take_site_over(&by, next)).await??;
    tracing::warn!(instance = next.number(), "this machine took the site over");
    site.payments.use_instance(next);
    site.cycle.wake();
    site.payments.wake_outbox();
    Ok(TakenOverView { taken_over: true, instance: next.number(), router: known.router.is_some(), relay })
}

impl Known {
    fn is_at_relay(&self) -> bool {
        matches!(self.relay, Some(Some(_)))
    }

    /// The last machine that had the site. One that is out of reach is not believed.
    fn last(&self, own: Instance, why: Option<&Unwritable>) -> Instance {
        let by_fence = match why {
            Some(Unwritable::Fenced(fence)) => Some(fence.instance),
            Some(
                Unwritable::Passive
                | Unwritable::Full(_)
                | Unwritable::ReadOnly(_)
                | Unwritable::Busy(_)
                | Unwritable::Damaged(_)
                | Unwritable::Updating,
            )
            | None => None,
        };
        let all = [self.router.flatten(), self.relay.flatten(), by_fence];
        let believed = all.into_iter().flatten().filter(|found| found.is_believable_from(own));
        believed.fold(own, |last, found| if found.number() > last.number() { found } else { last })
    }
}

/// The router's marker, where the router can be read.
async fn by_router(site: &Site) -> Option<Option<Instance>> {
    let read = site.cycle.marked_instance().await;
    read.inspect_err(|error| tracing::warn!(%error, "the router's marker could not be read")).ok()
}

/// The relay's word; the inner `None` where there is no relay that knows machines.
async fn by_relay(site: &Site) -> Option<Option<Instance>> {
    let asked = site.payments.site_instance().await;
    let known = asked.inspect_err(
        |error| tracing::warn!(%error, "the relay could not be asked which machine has this site"),
    );
    known.ok().map(|known| known.map(|known| known.instance))
}

/// Has the relay serve this machine alone; `false` if it went away meanwhile: it is told again with the next report.
async fn claim(site: &Site, next: Instance) -> Result<bool, Problem> {
    match site.payments.claim_instance(next).await {
        Ok(()) => Ok(true),
        Err(PaymentError::Relay(RelayError::Refused { code, detail, .. }))
            if code.starts_with("instance_") =>
        {
            let detail = format!("the relay refuses: {detail}; nothing was changed, try again");
            Err(Problem::conflict("instance_taken", detail))
        }
        Err(error) => {
            tracing::warn!(%error, "the relay does not know yet that this machine has the site");
            Ok(false)
        }
    }
}
