//! The router: the difference from the desired state, and the sync that sends it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::agent::config::{Language, Lists};
use crate::agent::engine::Who;
use crate::agent::http::caller::{Operator, Viewer};
use crate::agent::http::router::{Difference, PlannedEdit, difference, list_name, reconcile, refusal};
use crate::agent::http::state::{Answer, AppState};
use crate::agent::router::edit_backoff::RefusedEdit;
use crate::agent::router::faults::{BINDINGS, LISTS, RouterFault, refused_text, remedy, type_name};
use crate::domain::listing::{Edit, List};
use crate::protocol::admin::Empty;
use crate::protocol::admin::router::{EditResult, EditView, PlanView, RefusedView, UnreadView};
use crate::protocol::admin::values::Instant;
use crate::routeros::EditOutcome;
use crate::web::Body;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/router/plan", get(plan)).route("/router/sync", post(sync))
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
                since: Instant(refused.since),
                attempts: refused.attempts,
                text: refused_text(Language::English, refused, who, names),
                remedy: remedy(Language::English, refused),
            }),
            RouterFault::Unread(menu, row, who) if unread.len() < each_max => unread.push(UnreadView {
                menu: menu.path().to_owned(),
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
        let at = |action: &str, menu: &str| Self {
            action: action.to_owned(),
            menu: menu.to_owned(),
            ..Self::default()
        };
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
                r#type: Some(type_name(*kind).to_owned()),
                user_id: Some(owner.clone()),
                ..at("add", BINDINGS)
            },
            Edit::SetBinding { row, kind, mac } => Self {
                row: Some(row.0.clone()),
                mac: Some(mac.to_string()),
                r#type: Some(type_name(*kind).to_owned()),
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
            EditOutcome::Done => EditResult::Done,
            EditOutcome::AlreadySo => EditResult::AlreadySo,
            EditOutcome::Refused(_) => EditResult::Refused,
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
