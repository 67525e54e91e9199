//! The difference between the router and what access wants, and making it so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::state::AppState;
use crate::agent::config::Lists;
use crate::agent::engine::Actor;
use crate::agent::router::Enforced;
use crate::agent::router::edit_backoff::RefusedEdit;
use crate::agent::router::faults::RouterFault;
use crate::domain::listing::{Edit, List};
use crate::routeros::EditOutcome;
use crate::web::Problem;
use crate::web::finish::finish;

/// The difference between the router and what access wants.
pub(crate) struct Difference {
    pub edits: Vec<PlannedEdit>,
    /// Foreign rows in the way, which are the operator's to change.
    pub conflicts: Vec<String>,
    /// Whether the configuration only looks at the router.
    pub dry_run: bool,
    /// Time since boot, by which edits wait.
    pub now: Duration,
}

/// One edit, and what became of it if it was sent.
pub(crate) struct PlannedEdit {
    pub edit: Edit,
    pub outcome: Option<EditOutcome>,
    /// The refusal after which it waits.
    pub refused: Option<RefusedEdit>,
}

impl PlannedEdit {
    /// The router's words, where it refused.
    pub fn refusal(&self) -> Option<&str> {
        match (&self.refused, &self.outcome) {
            (Some(refused), _) => Some(refusal(refused)),
            (None, Some(EditOutcome::Refused(why))) => Some(why),
            (None, Some(EditOutcome::Done | EditOutcome::AlreadySo) | None) => None,
        }
    }
}

/// The router's words, which say nothing where it only did not change.
pub(crate) fn refusal(refused: &RefusedEdit) -> &str {
    refused.answer.as_deref().unwrap_or("already so")
}

impl Difference {
    /// What was sent, or would be.
    fn of(found: Enforced, dry_run: bool, now: Duration) -> Self {
        let mut outcomes = found.outcomes.into_iter();
        let edits = found.edits.into_iter();
        let edits = edits.map(|edit| PlannedEdit { edit, outcome: outcomes.next(), refused: None });
        Self { edits: edits.collect(), conflicts: found.conflicts, dry_run, now }
    }
}

/// What reconciling would change now, and which parts of it wait after a refusal.
pub(crate) async fn difference(app: &AppState) -> Result<Difference, Problem> {
    let found = app.site.cycle.plan().await?;
    Ok(planned(app, found))
}

/// The first so many edits of the difference, and how many there are.
pub(crate) async fn first_of_difference(
    app: &AppState,
    edits_max: usize,
) -> Result<(Difference, usize), Problem> {
    let mut found = app.site.cycle.plan().await?;
    let all = found.edits.len();
    found.edits.truncate(edits_max);
    Ok((planned(app, found), all))
}

fn planned(app: &AppState, found: Enforced) -> Difference {
    let site = &app.site;
    let mut difference = Difference::of(found, site.cycle.is_dry_run(), site.clock.uptime());
    let refused: BTreeMap<Edit, RefusedEdit> = site
        .cycle
        .faults()
        .into_iter()
        .filter_map(|fault| {
            let RouterFault::Refused(refused, _) = fault else { return None };
            Some((refused.edit.clone(), refused))
        })
        .collect();
    for planned in &mut difference.edits {
        planned.refused = refused.get(&planned.edit).cloned();
    }
    difference
}

/// Brings the router to what access wants because somebody asks for it.
pub(crate) async fn reconcile(app: &AppState, actor: Actor) -> Result<Difference, Problem> {
    let site = Arc::clone(&app.site);
    let found = finish(async move { site.cycle.enforce_now().await }).await??;
    let detail = format!("{} edits", found.edits.len());
    app.read(move |engine| Ok(engine.note_when_possible(&actor, "router.sync", "router", detail)?)).await?;
    let dry_run = found.dry_run;
    Ok(Difference::of(found, dry_run, app.site.clock.uptime()))
}

/// The router's name of a list.
pub(crate) fn list_name(list: List, lists: &Lists) -> &str {
    let name = match list {
        List::Active => &lists.active,
        List::Fup => &lists.fup,
        List::Habis => &lists.habis,
        List::Expired => &lists.expired,
        List::Inactive => &lists.inactive,
        List::Blocked => &lists.blocked,
    };
    name.as_str()
}
