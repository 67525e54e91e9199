//! The doctor's checks of the router, by the agent's own log-in.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;

use super::router::client;
use crate::agent::config::Config;
use crate::agent::doctor::{Subject, examine_router};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::router_login::agent_login;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, FindingLine, StepPage, go_on};
use crate::routeros::inspect::CheckFinding;
use crate::ui::layout::see_other;
use crate::web::Problem;

/// Between the two readings that show whether counters move.
const PAUSE: Duration = Duration::from_secs(1);

async fn examine(run: &FirstRun, config: &Config) -> Result<Option<Vec<CheckFinding>>, Problem> {
    let Some(login) = agent_login(run) else { return Ok(None) };
    let router = client(config, &login)?;
    let subject = Subject {
        config,
        router: &router,
        relay: None,
        clock: &*run.clock,
        agent: None,
        daemon: None,
        pause: PAUSE,
    };
    Ok(Some(examine_router(&subject).await))
}

/// `GET /mulai/periksa`: loading the page again checks again.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let loaded = run.loaded(&FirstRun::layer(&run.record()));
    let config = loaded.map_err(|error| Problem::conflict("answers", error.to_string()))?.config;
    let Some(findings) = examine(&run, &config).await? else { return Ok(see_other(Step::Router.path())) };
    let page = StepPage::new(&run, &claimant, Step::Checks);
    let (words, language) = (page.words, claimant.page_request.locale.language);
    page.about(words.checks_text)
        .findings(findings.iter().map(|finding| FindingLine::of(finding, language)).collect())
        .link(Step::Checks.path(), words.check_again)
        .answer()
}

/// `POST /mulai/periksa`: goes on, whatever the checks found; the desk shows them again.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, _: StepForm) -> Answer {
    go_on(&run, Step::Checks, |_| ())
}
