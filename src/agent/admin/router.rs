//! The router: what would change, and making it so.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::auth::{Operator, Viewer};
use super::desk::{Answer, Desk, finish};
use crate::agent::config::Lists;
use crate::agent::engine::Actor;
use crate::agent::service::Enforced;
use crate::domain::listing::{BindingKind, Edit, List};
use crate::routeros::EditOutcome;
use crate::web::{Body, Problem};

/// What edits of address lists change.
const LISTS: &str = "/ip/firewall/address-list";
/// What edits of bindings change.
const BINDINGS: &str = "/ip/hotspot/ip-binding";

pub(super) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/router/plan", get(plan)).route("/router/sync", post(sync))
}

/// The difference between the router and what access wants.
#[derive(Serialize)]
pub(super) struct PlanView {
    pub edits: Vec<EditView>,
    /// Foreign rows in the way, which are the operator's to change.
    pub conflicts: Vec<String>,
    /// Whether the configuration only looks at the router.
    pub dry_run: bool,
}

/// One edit, and what became of it if it was sent.
#[derive(Default, Serialize)]
pub(super) struct EditView {
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

fn type_name(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Regular => "regular",
        BindingKind::Bypassed => "bypassed",
        BindingKind::Blocked => "blocked",
    }
}

async fn plan(State(desk): State<Arc<Desk>>, _: Viewer) -> Answer {
    Ok(Json(difference(&desk).await?).into_response())
}

/// What reconciling would change now.
async fn difference(desk: &Desk) -> Result<PlanView, Problem> {
    let found = desk.service().plan().await?;
    let dry_run = desk.service().is_dry_run();
    Ok(PlanView::of(&found, &desk.site.config.router.lists, dry_run))
}

/// The same for people, who read the first so many edits and how many there are.
pub(super) async fn first_of_difference(desk: &Desk, edits_max: usize) -> Result<(PlanView, usize), Problem> {
    let mut found = desk.service().plan().await?;
    let all = found.edits.len();
    found.edits.truncate(edits_max);
    let dry_run = desk.service().is_dry_run();
    Ok((PlanView::of(&found, &desk.site.config.router.lists, dry_run), all))
}

/// Nothing needs to be said to sync.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn sync(State(desk): State<Arc<Desk>>, Operator(actor): Operator, _: Body<Nothing>) -> Answer {
    Ok(Json(reconcile(&desk, actor).await?).into_response())
}

/// Brings the router to what access wants because somebody asks for it.
pub(super) async fn reconcile(desk: &Desk, actor: Actor) -> Result<PlanView, Problem> {
    let service = Arc::clone(desk.service());
    let found = finish(async move { service.enforce_once().await }).await??;
    let detail = format!("{} edits", found.edits.len());
    desk.look(move |engine| Ok(engine.note(&actor, "router.sync", "router", detail)?)).await?;
    Ok(PlanView::of(&found, &desk.site.config.router.lists, found.dry_run))
}
