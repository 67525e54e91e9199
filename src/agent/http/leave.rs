//! Leaving, for every face.

use std::sync::Arc;

use super::state::AppState;
use crate::agent::engine::{Actor, Leaver};
use crate::agent::router::leave::LeaveReport;
use crate::protocol::admin::leave::{ComeBackView, LeaveView, LeaverView, TraceView};
use crate::protocol::admin::values::Instant;
use crate::routeros::setup::GROUP;
use crate::web::Problem;
use crate::web::finish::finish;

/// What leaving would do.
pub(crate) async fn plan_leaving(app: &AppState) -> Result<LeaveView, Problem> {
    let report = app.site.cycle.plan_leaving().await?;
    let mut view = view_of(app, report);
    view.users.iter_mut().for_each(|leaver| leaver.password = None);
    Ok(view)
}

/// Makes hotspot users of all customers and removes our rows. A caller that goes away does not stop it half way.
pub(crate) async fn leave(app: &AppState, actor: Actor) -> Result<LeaveView, Problem> {
    let site = Arc::clone(&app.site);
    let report = finish(async move { site.cycle.leave(&actor).await }).await??;
    Ok(view_of(app, report))
}

/// Takes leaving back.
pub(crate) async fn come_back(app: &AppState, actor: Actor) -> Result<ComeBackView, Problem> {
    let site = Arc::clone(&app.site);
    let taken = finish(async move { site.cycle.come_back(&actor).await }).await??;
    app.site.cycle.wake();
    Ok(ComeBackView { taken })
}

fn view_of(app: &AppState, report: LeaveReport) -> LeaveView {
    let LeaveReport { leavers, traces, has_left } = report;
    let leaver = |leaver: Leaver| LeaverView {
        user_id: leaver.user,
        name: leaver.customer,
        hotspot_user: leaver.record.name,
        password: leaver.password,
        remaining_bytes: leaver.remaining.map(|remaining| remaining.0),
        expires_at: leaver.expires_at.map(Instant),
        disabled: leaver.disabled,
        owes: leaver.owes,
    };
    let user = &app.site.config.router.username;
    LeaveView {
        left: has_left,
        users: leavers.into_iter().map(leaver).collect(),
        removed: traces
            .into_iter()
            .map(|trace| TraceView { menu: trace.menu.to_owned(), row: trace.is })
            .collect(),
        by_hand: vec![
            format!("/user remove [find where name=\"{user}\"]"),
            format!("/user group remove [find where name=\"{GROUP}\"]"),
            "put the hotspot's own login.html back".to_owned(),
        ],
    }
}
