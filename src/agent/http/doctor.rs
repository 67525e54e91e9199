//! The examination of router, relay and machine for pages: one at a time, and the last one is kept until somebody asks again.

use std::sync::Arc;
use std::time::Duration;

use super::health::{health, shared_view};
use super::outcomes::Examination;
use super::state::AppState;
use crate::agent::config::Language;
use crate::agent::doctor::{CheckFinding, DaemonState, Subject, examine, refused_message};
use crate::agent::payments::Link;
use crate::agent::router::faults::{RouterFault, refused_text, remedy};
use crate::web::Problem;

/// Time between the two readings that show whether counters move.
const PAUSE: Duration = Duration::from_secs(3);
/// Pairs of customers with one number that are named.
const SHARED_NAMES_MAX: usize = 20;

/// Examines everything once more, unless that is under way already. It goes on after the caller stopped waiting.
pub(crate) async fn examine_again(app: &Arc<AppState>) {
    let working = Arc::clone(app);
    let work = async move {
        let findings = examine_site(&working).await;
        Examination { at: working.site.clock.now(), findings }
    };
    app.examinations.run(app.site.clock.now(), work).await;
}

async fn examine_site(app: &AppState) -> Vec<CheckFinding> {
    let site = &app.site;
    let (config, daemon) = (site.in_force(), daemon_state(app).await.ok());
    let subject = Subject {
        config: &config,
        router: site.cycle.router(),
        relay: site.payments.link().ok().map(Link::relay),
        clock: &*site.clock,
        agent: None,
        daemon: daemon.as_ref(),
        pause: PAUSE,
    };
    examine(&subject).await
}

/// What the daemon knows of itself.
async fn daemon_state(app: &AppState) -> Result<DaemonState, Problem> {
    let known = app.read(|engine| {
        let look = engine.read_view();
        Ok((look.facts.clock_trusted, look.shared_names()))
    });
    let (is_clock_trusted, shared) = known.await?;
    let relay = health(app, is_clock_trusted).relay;
    let names = app.site.cycle.lists();
    let refused = app.site.cycle.faults().into_iter().filter_map(|fault| {
        let RouterFault::Refused(refused, who) = fault else { return None };
        let text = |language| refused_text(language, &refused, &who, names);
        let found = refused_message(text(Language::Indonesian), text(Language::English));
        let todo = |language| remedy(language, &refused);
        Some((found, refused_message(todo(Language::Indonesian), todo(Language::English))))
    });
    Ok(DaemonState {
        is_clock_trusted,
        relay: (relay.state.to_owned(), relay.last_error),
        copies_error: app.site.copies_state().error,
        shared_names: shared.iter().take(SHARED_NAMES_MAX).map(shared_view).collect(),
        refused: refused.collect(),
    })
}
