//! The examination of router, relay and machine for pages: one at a time, and the last one is kept until somebody asks again.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::timeout;

use super::health::{health, shared_view};
use super::state::AppState;
use crate::agent::config::Language;
use crate::agent::doctor::{CheckFinding, DaemonState, Level, Subject, examine, refused_message};
use crate::agent::router::faults::{RouterFault, refused_text, remedy};
use crate::domain::units::Timestamp;
use crate::web::Problem;

/// Time between the two readings that show whether counters move.
const PAUSE: Duration = Duration::from_secs(3);
/// How long whoever asks waits for the end; the page shows that it goes on after that.
const WAIT_MAX: Duration = Duration::from_secs(5);
/// Pairs of customers with one number that are named.
const SHARED_NAMES_MAX: usize = 20;

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

#[derive(Default)]
struct State {
    began_at: Option<Timestamp>,
    last: Option<Arc<Examination>>,
}

/// The last examination, and whether one is under way.
#[derive(Default)]
pub(crate) struct Examinations(Mutex<State>);

impl Examinations {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last one that ended since the daemon started.
    pub fn last(&self) -> Option<Arc<Examination>> {
        self.state().last.clone()
    }

    /// Since when one is under way.
    pub fn began_at(&self) -> Option<Timestamp> {
        self.state().began_at
    }

    /// Begins one at `now`, unless one is under way.
    fn begin(&self, now: Timestamp) -> bool {
        let mut state = self.state();
        let is_first = state.began_at.is_none();
        state.began_at.get_or_insert(now);
        is_first
    }

    /// The one that was begun ended, with findings or by itself.
    fn end(&self, found: Option<Examination>) {
        let mut state = self.state();
        state.began_at = None;
        if let Some(found) = found {
            state.last = Some(Arc::new(found));
        }
    }
}

/// Examines everything once more, unless that is under way already. It goes on after the caller stopped waiting.
pub(crate) async fn examine_again(app: &Arc<AppState>) {
    if !app.examinations.begin(app.site.clock.now()) {
        return;
    }
    let (working, ending) = (Arc::clone(app), Arc::clone(app));
    let work = tokio::spawn(async move { examine_site(&working).await });
    let end = tokio::spawn(async move {
        let found = work.await.ok();
        let at = ending.site.clock.now();
        ending.examinations.end(found.map(|findings| Examination { at, findings }));
    });
    let _ = timeout(WAIT_MAX, end).await;
}

async fn examine_site(app: &AppState) -> Vec<CheckFinding> {
    let site = &app.site;
    let (config, daemon) = (site.in_force(), daemon_state(app).await.ok());
    let subject = Subject {
        config: &config,
        router: site.cycle.router(),
        relay: site.payments.link().ok().map(|link| link.relay()),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_examination_at_a_time_and_the_last_one_is_kept() {
        let all = Examinations::default();
        assert!(all.last().is_none() && all.begin(Timestamp(1)) && !all.begin(Timestamp(2)));
        assert_eq!(all.began_at(), Some(Timestamp(1)));
        all.end(Some(Examination { at: Timestamp(3), findings: Vec::new() }));
        assert!(all.began_at().is_none() && all.begin(Timestamp(4)));
        all.end(None);
        assert_eq!(all.last().map(|last| last.at), Some(Timestamp(3)), "one that broke off hides nothing");
    }
}
