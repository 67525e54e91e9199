//! `/v1/site/instance`: which machine has a site. Calls of a machine that lost it are refused, so that of two twins one is
//! paid into and one copy is the newest.

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::service::Relay;
use super::store::instance::{InstanceClaim, InstanceRecord};
use crate::domain::instance::Instance;
use crate::protocol::instance::{FENCED, INSTANCE_HEADER, SiteInstance};
use crate::web::Problem;

/// The machine that calls. An agent from before there were instances is the first.
fn caller(headers: &HeaderMap) -> Result<Instance, Problem> {
    let Some(value) = headers.get(INSTANCE_HEADER) else { return Ok(Instance::FIRST) };
    let read = value.to_str().ok().and_then(|text| text.parse().ok());
    read.ok_or_else(|| Problem::invalid(INSTANCE_HEADER, "must be a machine of the site, as 3-0a1b2c3d"))
}

/// Refuses a machine that lost the site. One that is ahead of what the relay knows is served: the relay's store may have come
/// back from an older backup.
pub(super) async fn admit(relay: &Relay, site: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let own = caller(headers)?;
    refuse_fenced(relay.store.site_instance(site).await?, own)
}

/// The same for a report, which needs no store: while that is away the report is kept in memory.
pub(super) async fn admit_report(relay: &Relay, site: &str, headers: &HeaderMap) -> Result<(), Problem> {
    let own = caller(headers)?;
    match relay.store.site_instance(site).await {
        Ok(kept) => refuse_fenced(kept, own),
        Err(_) => Ok(()),
    }
}

fn refuse_fenced(kept: Option<InstanceRecord>, own: Instance) -> Result<(), Problem> {
    let Some(kept) = kept else { return Ok(()) };
    if kept.instance.fences(own) {
        let detail = format!(
            "another machine took this site over (instance {}); this one is instance {}",
            kept.instance.number(),
            own.number()
        );
        return Err(Problem::conflict(FENCED, detail));
    }
    Ok(())
}

/// `GET /v1/site/instance`.
pub(super) async fn show(relay: &Relay, site: &str) -> Result<Json<SiteInstance>, Problem> {
    Ok(Json(match relay.store.site_instance(site).await? {
        Some(kept) => {
            SiteInstance { instance: kept.instance.to_string(), proof: HEXLOWER.encode(&kept.proof) }
        }
        None => SiteInstance { instance: Instance::FIRST.to_string(), proof: String::new() },
    }))
}

/// `POST /v1/site/instance`: a machine takes the site over.
pub(super) async fn claim(
    relay: &Relay,
    site: &str,
    body: SiteInstance,
) -> Result<(StatusCode, Json<SiteInstance>), Problem> {
    let instance: Instance =
        body.instance.parse().map_err(|why| Problem::invalid("instance", format!("{why}")))?;
    let proof =
        HEXLOWER_PERMISSIVE.decode(body.proof.as_bytes()).ok().and_then(|proof| proof.try_into().ok());
    let proof = proof.ok_or_else(|| Problem::invalid("proof", "must be 64 hexadecimal digits"))?;
    let record = InstanceRecord { instance, proof, claimed_at: relay.now() };
    match relay.store.claim_instance(site, &record).await? {
        InstanceClaim::Stored => {
            tracing::warn!(
                site.id = site,
                instance = instance.number(),
                "another machine took the site over"
            );
            Ok((StatusCode::CREATED, Json(body)))
        }
        InstanceClaim::Known => Ok((StatusCode::OK, Json(body))),
        InstanceClaim::Taken(kept) => {
            let detail = format!("instance {} has this site already", kept.number());
            Err(Problem::conflict("instance_taken", detail))
        }
        InstanceClaim::TooFar(kept) => {
            let detail =
                format!("no take-overs lead from instance {} to {}", kept.number(), instance.number());
            Err(Problem::conflict("instance_too_far", detail))
        }
    }
}
