//! The router: the difference from the desired state, and the sync that sends it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;

use crate::agent::config::{Language, Lists};
use crate::agent::engine::Who;
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::router::{Difference, PlannedEdit, difference, list_name, reconcile, refusal};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::router::edit_backoff::RefusedEdit;
use crate::agent::router::faults::{BINDINGS, LISTS, RouterFault, refused_text, remedy, type_name};
use crate::clock::rfc3339;
use crate::domain::listing::{Edit, List};
use crate::protocol::admin::Empty;
use crate::routeros::EditOutcome;
use crate::web::Body;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/router/plan", get(plan)).route("/router/sync", post(sync))
}

/// The difference between the router and what access wants.
#[derive(Serialize)]
struct PlanView {
    edits: Vec<EditView>,
    /// Foreign rows in the way, which are the operator's to change.
    conflicts: Vec<String>,
    /// Whether the configuration only looks at the router.
    dry_run: bool,
}

/// One edit, and what became of it if it was sent.
#[derive(Default, Serialize)]
struct EditView {
    action: &'static str,
    menu: &'static str,
    /// The router's name of the row; null for one to be added.
    row: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    /// Whose device it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// The router's words, where it refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    /// Time until it is sent again, where it waits after a refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_in_s: Option<u64>,
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
            | RouterFault::Conflict(..)
            | RouterFault::Shared(..) => {}
        }
    }
    (refusals, unread)
}

impl PlanView {
    fn of(plan: &Difference, lists: &Lists) -> Self {
        let edit = |planned: &PlannedEdit| {
            let view = EditView::of(&planned.edit, lists).with(planned.outcome.as_ref());
            match &planned.refused {
                Some(refused) => view.waiting(refused, plan.now),
                None => view,
            }
        };
        let edits = plan.edits.iter().map(edit).collect();
        Self { edits, conflicts: plan.conflicts.clone(), dry_run: plan.dry_run }
    }
}

impl EditView {
    fn of(edit: &Edit, lists: &Lists) -> Self {
        let at = |action, menu| Self { action, menu, ..Self::default() };
        let name = |list: &List| Some(list_name(*list, lists).to_owned());
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
        self.refused = Some(refusal(refused).to_owned());
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

async fn plan(State(app): State<Arc<AppState>>, _: Viewer) -> Answer {
    let plan = difference(&app).await?;
    Ok(Json(PlanView::of(&plan, &app.site.config.router.lists)).into_response())
}

async fn sync(State(app): State<Arc<AppState>>, Operator(actor): Operator, _: Body<Empty>) -> Answer {
    let made = reconcile(&app, actor).await?;
    Ok(Json(PlanView::of(&made, &app.site.config.router.lists)).into_response())
}
