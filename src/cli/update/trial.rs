//! The trial of an installed version: what worked before must work after.

use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cli::api::Api;
use crate::cli::failure::Failure;
use crate::protocol::admin::router::PlanView;
use crate::protocol::admin::status::{HealthView, PingView, StatusView};

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    /// Readings of the router succeed.
    pub router_answers: bool,
    /// Nothing is left to change on the router.
    pub router_follows: bool,
    /// Rows of others that are in the way.
    pub conflicts: usize,
}

impl Health {
    /// Of a daemon that does not answer.
    pub const NOTHING: Self = Self { router_answers: false, router_follows: false, conflicts: 0 };
}

/// Reads what works from the running daemon. An error says what does not answer.
pub(super) async fn health(data_dir: &Path) -> Result<(String, Health), Failure> {
    let none = || Failure::said("the daemon does not run");
    let daemon = Api::daemon(data_dir).await?.ok_or_else(none)?;
    let ping: PingView = daemon.get("/api/ping").await?;
    let _: HealthView = daemon.get("/healthz").await?;
    let status: StatusView = daemon.get("/api/v1/status").await?;
    let router_answers = status.router.part.state == "ok";
    let plan: Option<PlanView> =
        if router_answers { Some(daemon.get("/api/v1/router/plan").await?) } else { None };
    let plan = plan.as_ref();
    let health = Health {
        router_answers,
        router_follows: plan.is_some_and(|plan| plan.edits.is_empty()),
        conflicts: plan.map_or(0, |plan| plan.conflicts.len()),
    };
    Ok((ping.version, health))
}

/// What is worse than before; `None` when all is well.
pub(super) fn worse(before: Health, after: Health) -> Option<&'static str> {
    if before.router_answers && !after.router_answers {
        return Some("the router was read before and is not read with the new version");
    }
    if before.router_follows && !after.router_follows {
        return Some("the router was as it should be before, and with the new version it is not");
    }
    (before.router_answers && after.conflicts > before.conflicts)
        .then_some("the new version is at odds with rows of others on the router")
}

/// Waits until the daemon of that version works as well as before. Returns why not, once the time is over.
pub(super) async fn wait(
    data_dir: &Path,
    version: &str,
    before: Health,
    max: Duration,
) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let why = match health(data_dir).await {
            Err(failure) => failure.text(),
            // The package's version has a revision behind that of the program.
            Ok((running, _)) if running != upstream(version) => {
                format!("version {running} runs, not {}", upstream(version))
            }
            Ok((_, after)) => match worse(before, after) {
                None => return Ok(()),
                Some(why) => why.to_owned(),
            },
        };
        if begun.elapsed() >= max {
            return Err(why);
        }
        tokio::time::sleep(LOOK_EVERY.min(max)).await;
    }
}

/// The program's version in that of its package: without epoch and revision, and with `-` for the `~` of a candidate.
fn upstream(version: &str) -> String {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    version.rsplit_once('-').map_or(version, |(upstream, _)| upstream).replace('~', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_names_that_of_its_program() {
        for (package, program) in
            [("0.1.0-1", "0.1.0"), ("1:0.2.0-3", "0.2.0"), ("0.2.0~rc1-1", "0.2.0-rc1"), ("0.3.0", "0.3.0")]
        {
            assert_eq!(upstream(package), program);
        }
    }

    #[test]
    fn what_was_well_before_must_be_well_after() {
        let well = Health { router_answers: true, router_follows: true, conflicts: 0 };
        let away = Health { router_answers: false, router_follows: false, conflicts: 0 };
        assert_eq!(worse(well, well), None);
        assert_eq!(worse(away, away), None);
        assert_eq!(worse(away, well), None);
        assert!(worse(well, away).unwrap().contains("not read"));
        assert!(worse(well, Health { router_follows: false, ..well }).is_some());
        assert_eq!(
            worse(Health { router_follows: false, ..well }, Health { router_follows: false, ..well }),
            None
        );
        assert!(worse(well, Health { conflicts: 1, ..well }).is_some());
    }
}
