//! The router: the difference from the desired state, and the sync that sends it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use crate::agent::config::{Language, Lists};
use crate::agent::engine::{Actor, Who};
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::state::{Answer, AppState, finish};
use crate::agent::router::Enforced;
use crate::agent::router::edit_backoff::RefusedEdit;
use crate::agent::router::faults::{BINDINGS, LISTS, RouterFault, refused_text, remedy, type_name};
use crate::clock::rfc3339;
use crate::domain::listing::{Edit, List};
use crate::protocol::admin::Empty;
use crate::routeros::EditOutcome;
use crate::web::{Body, Problem};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/router/plan", get(plan)).route("/router/sync", post(sync))
}

/// The difference between the router and what access wants.
#[derive(Serialize)]
pub(crate) struct PlanView {
    pub edits: Vec<EditView>,
    /// Foreign rows in the way, which are the operator's to change.
    pub conflicts: Vec<String>,
    /// Whether the configuration only looks at the router.
    pub dry_run: bool,
}

/// One edit, and what became of it if it was sent.
#[derive(Default, Serialize)]
pub(crate) struct EditView {
    pub action: &'static str,
    pub menu: &'static str,
    /// The router's name of the row; null for one to be added.
    pub row: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<&'static str>,
    /// Whose device it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// The router's words, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Time until it is sent again, where it waits after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_in_s: Option<u64>,
}

/// An edit that the router refuses, with what it is about.
#[derive(Serialize)]
pub(crate) struct RefusedView {
    #[serde(flatten)]
    edit: EditView,
    user_name: Option<String>,
    since: String,
    attempts: u32,
    /// What is refused, to whom, and the router's words.
    text: String,
    /// What to do about it.
    remedy: String,
}

/// A row of the router that could not be read.
#[derive(Serialize)]
pub(crate) struct UnreadView {
    menu: &'static str,
    row: Option<String>,
    mac: Option<String>,
    address: Option<String>,
    user_id: Option<String>,
    user_name: Option<String>,
    /// The field that makes no sense.
    what: String,
    text: String,
}

/// Refusals and rows that could not be read, as the status has them: at most so many of each.
pub(crate) fn faults(app: &AppState, each_max: usize) -> (Vec<RefusedView>, Vec<UnreadView>) {
    let (site, lists) = (&app.site, &app.site.config.router.lists);
    let (now, names) = (site.clock.uptime(), site.cycle.lists());
    let (mut refusals, mut unread) = (Vec::new(), Vec::new());
    for fault in site.cycle.faults() {
        let text = || fault.text(Language::English, names);
        match &fault {
            RouterFault::Refused(refused, who) if refusals.len() < each_max => refusals.push(RefusedView {
                edit: EditView::of(&refused.edit, lists).about(who).waiting(refused, now),
                user_name: who.name.clone(),
                since: rfc3339(refused.since),
                attempts: refused.attempts,
                text: refused_text(Language::English, refused, who, names),
                remedy: remedy(Language::English, refused),
            }),
            RouterFault::Unread(menu, row, who) if unread.len() < each_max => unread.push(UnreadView {
                menu: menu.path(),
                row: row.row.as_ref().map(|row| row.0.clone()),
                mac: row.mac.map(|mac| mac.to_string()),
                address: row.address.map(|address| address.to_string()),
                user_id: who.user.map(|user| user.to_string()),
                user_name: who.name.clone(),
                what: row.what.clone(),
                text: text(),
            }),
            RouterFault::Refused(..)
            | RouterFault::Unread(..)
            | RouterFault::Noticed(_)
            | RouterFault::Changed(_)
            | RouterFault::Conflict(..) => {}
        }
    }
    (refusals, unread)
}

impl PlanView {
    fn of(found: &Enforced, lists: &Lists, dry_run: bool) -> Self {
        let mut outcomes = found.outcomes.iter();
        let edits = found.edits.iter().map(|edit| EditView::of(edit, lists).with(outcomes.next()));
        Self { edits: edits.collect(), conflicts: found.conflicts.clone(), dry_run }
    }
}

impl EditView {
    fn of(edit: &Edit, lists: &Lists) -> Self {
        let at = |action, menu| Self { action, menu, ..Self::default() };
        let name = |list: &List| Some(list_name(*list, lists));
        match edit {
            Edit::AddListing { list, address, owner } => Self {
                list: name(list),
                address: Some(address.to_string()),
                user_id: Some(owner.clone()),
                ..at("add", LISTS)
            },
            Edit::MoveListing { row, list, address } => Self {
                row: Some(row.0.clone()),
                list: name(list),
                address: Some(address.to_string()),
                ..at("move", LISTS)
            },
            Edit::EnableListing { row, address } => {
                Self { row: Some(row.0.clone()), address: Some(address.to_string()), ..at("enable", LISTS) }
            }
            Edit::RemoveListing { row, address } => Self {
                row: Some(row.0.clone()),
                address: address.map(|address| address.to_string()),
                ..at("remove", LISTS)
            },
            Edit::AddBinding { mac, kind, owner } => Self {
                mac: Some(mac.to_string()),
                r#type: Some(type_name(*kind)),
                user_id: Some(owner.clone()),
                ..at("add", BINDINGS)
            },
            Edit::SetBinding { row, kind, mac } => Self {
                row: Some(row.0.clone()),
                mac: Some(mac.to_string()),
                r#type: Some(type_name(*kind)),
                ..at("set", BINDINGS)
            },
            Edit::RemoveBinding { row, mac } => Self {
                row: Some(row.0.clone()),
                mac: mac.map(|mac| mac.to_string()),
                ..at("remove", BINDINGS)
            },
        }
    }

    /// Fills in whom it is about.
    fn about(mut self, who: &Who) -> Self {
        self.mac = self.mac.or_else(|| who.mac.map(|mac| mac.to_string()));
        self.address = self.address.or_else(|| who.address.map(|address| address.to_string()));
        self.user_id = self.user_id.or_else(|| who.user.map(|user| user.to_string()));
        self
    }

    /// Says that it waits, `now` being time since boot.
    fn waiting(mut self, refused: &RefusedEdit, now: Duration) -> Self {
        self.refused = refused.answer.clone().or_else(|| Some("already so".to_owned()));
        self.retry_in_s = Some(refused.retry_at.saturating_sub(now).as_secs());
        self
    }

    fn with(mut self, outcome: Option<&EditOutcome>) -> Self {
        self.outcome = outcome.map(|outcome| match outcome {
            EditOutcome::Done => "done",
            EditOutcome::AlreadySo => "already_so",
            EditOutcome::Refused(_) => "refused",
        });
        if let Some(EditOutcome::Refused(why)) = outcome {
            self.refused = Some(why.clone());
        }
        self
    }
}

fn list_name(list: List, lists: &Lists) -> String {
    let name = match list {
        List::Active => &lists.active,
        List::Fup => &lists.fup,
        List::Habis => &lists.habis,
        List::Expired => &lists.expired,
        List::Inactive => &lists.inactive,
        List::Blocked => &lists.blocked,
    };
    name.as_str().to_owned()
}

async fn plan(State(app): State<Arc<AppState>>, _: Viewer) -> Answer {
    Ok(Json(difference(&app).await?).into_response())
}

/// What reconciling would change now.
async fn difference(app: &AppState) -> Result<PlanView, Problem> {
    let found = app.site.cycle.plan().await?;
    Ok(planned(app, &found))
}

/// The difference, and which parts of it wait after a refusal.
fn planned(app: &AppState, found: &Enforced) -> PlanView {
    let site = &app.site;
    let mut plan = PlanView::of(found, &app.site.config.router.lists, site.cycle.is_dry_run());
    let refused: BTreeMap<Edit, RefusedEdit> = site
        .cycle
        .faults()
        .into_iter()
        .filter_map(|fault| {
            let RouterFault::Refused(refused, _) = fault else { return None };
            Some((refused.edit.clone(), refused))
        })
        .collect();
    let now = site.clock.uptime();
    for (view, edit) in plan.edits.iter_mut().zip(&found.edits) {
        if let Some(refused) = refused.get(edit) {
            *view = std::mem::take(view).waiting(refused, now);
        }
    }
    plan
}

/// The same for people, who read the first so many edits and how many there are.
pub(crate) async fn first_of_difference(
    app: &AppState,
    edits_max: usize,
) -> Result<(PlanView, usize), Problem> {
    let mut found = app.site.cycle.plan().await?;
    let all = found.edits.len();
    found.edits.truncate(edits_max);
    Ok((planned(app, &found), all))
}

async fn sync(State(app): State<Arc<AppState>>, Operator(actor): Operator, _: Body<Empty>) -> Answer {
    Ok(Json(reconcile(&app, actor).await?).into_response())
}

/// Brings the router to what access wants because somebody asks for it.
pub(crate) async fn reconcile(app: &AppState, actor: Actor) -> Result<PlanView, Problem> {
    let site = Arc::clone(&app.site);
    let found = finish(async move { site.cycle.enforce_now().await }).await??;
    let detail = format!("{} edits", found.edits.len());
    app.look(move |engine| Ok(engine.note_when_possible(&actor, "router.sync", "router", detail)?)).await?;
    Ok(PlanView::of(&found, &app.site.config.router.lists, found.dry_run))
}
