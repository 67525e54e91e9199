//! Adoption of a live router, for every face: the three calls, and the report as the contract has it.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;

use super::outcomes::{HandoverEnd, HandoverWork};
use super::state::AppState;
use crate::agent::engine::Actor;
use crate::agent::router::adoption::{AccountReport, AdoptionError, AdoptionReport};
use crate::domain::adoption::{HandoverState, Obstacle, Verdict};
use crate::protocol::admin::adoption::{
    AccountStatus, AdoptionView, HandOver, HotspotAccountView, ObstacleView,
};
use crate::protocol::admin::values::Instant;
use crate::web::Problem;
use crate::web::finish::finish;

impl From<AdoptionError> for Problem {
    fn from(error: AdoptionError) -> Self {
        let text = error.to_string();
        match error {
            AdoptionError::Cycle(error) => error.into(),
            AdoptionError::Refused { code, message } => Self::conflict(code, message),
            AdoptionError::Unfinished { .. } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "adoption_unfinished", text)
            }
        }
    }
}

/// What each hotspot user is.
pub(crate) async fn observe(app: &AppState, actor: &Actor) -> Result<AdoptionView, Problem> {
    Ok(view_of(app.site.cycle.observe_accounts(actor).await?))
}

/// The same as the router has it, for pages.
pub(crate) async fn accounts(app: &AppState, actor: &Actor) -> Result<AdoptionReport, Problem> {
    Ok(app.site.cycle.observe_accounts(actor).await?)
}

/// Begins a handover, unless one is under way. It goes on after the caller stopped waiting.
pub(crate) async fn begin_handover(app: &Arc<AppState>, actor: Actor, work: HandoverWork) -> bool {
    let (working, asked) = (Arc::clone(app), work.clone());
    let run = async move {
        let outcome = hand_over(&working, actor, asked).await;
        working.site.cycle.wake();
        HandoverEnd { at: working.site.clock.now(), work, outcome }
    };
    app.handovers.run(app.site.clock.now(), run).await
}

async fn hand_over(
    app: &AppState,
    actor: Actor,
    work: HandoverWork,
) -> Result<(Vec<String>, Vec<String>), Problem> {
    let cycle = &app.site.cycle;
    let ended = |report: AdoptionReport| (report.done, report.missing);
    Ok(match work {
        HandoverWork::Take(only) => ended(cycle.take_accounts(&actor, &only).await?),
        HandoverWork::Return(only) => ended(cycle.return_accounts(&actor, &only).await?),
        HandoverWork::Finish => (cycle.finish_handovers(&actor).await?, Vec::new()),
        HandoverWork::ComeBack => (cycle.come_back(&actor).await?, Vec::new()),
    })
}

/// Makes customers of hotspot users. A caller that goes away does not stop it half way.
pub(crate) async fn take(app: &AppState, actor: Actor, call: HandOver) -> Result<AdoptionView, Problem> {
    let (site, only) = (Arc::clone(&app.site), names(call));
    let report = finish(async move { site.cycle.take_accounts(&actor, &only).await }).await??;
    app.site.cycle.wake();
    Ok(view_of(report))
}

/// Makes hotspot users of adopted customers again.
pub(crate) async fn undo(app: &AppState, actor: Actor, call: HandOver) -> Result<AdoptionView, Problem> {
    let (site, only) = (Arc::clone(&app.site), names(call));
    let report = finish(async move { site.cycle.return_accounts(&actor, &only).await }).await??;
    app.site.cycle.wake();
    Ok(view_of(report))
}

fn names(call: HandOver) -> BTreeSet<String> {
    call.only.into_iter().collect()
}

fn view_of(report: AdoptionReport) -> AdoptionView {
    let AdoptionReport { accounts, done, missing } = report;
    let accounts: Vec<HotspotAccountView> = accounts.iter().map(account).collect();
    let count = |status| accounts.iter().filter(|account| account.status == status).count();
    AdoptionView {
        adoptable: count(AccountStatus::Adoptable),
        vouchers: count(AccountStatus::Voucher),
        refused: count(AccountStatus::Refused),
        adopted: count(AccountStatus::Adopted),
        unfinished: count(AccountStatus::Unfinished),
        accounts,
        done,
        missing,
    }
}

fn account(report: &AccountReport) -> HotspotAccountView {
    let AccountReport { candidate, expires_at, user, state } = report;
    let is_unfinished = matches!(state, Some(HandoverState::Taking | HandoverState::Returning));
    let (status, obstacles): (AccountStatus, &[Obstacle]) = match &candidate.verdict {
        _ if is_unfinished => (AccountStatus::Unfinished, &[]),
        Verdict::Adoptable => (AccountStatus::Adoptable, &[]),
        Verdict::Voucher => (AccountStatus::Voucher, &[]),
        Verdict::Refused(obstacles) => (AccountStatus::Refused, obstacles),
        Verdict::Adopted => (AccountStatus::Adopted, &[]),
    };
    let reason =
        |obstacle: &Obstacle| ObstacleView { code: obstacle.code().to_owned(), text: obstacle.to_string() };
    HotspotAccountView {
        name: candidate.name.clone(),
        server: candidate.server.clone(),
        status,
        reasons: obstacles.iter().map(reason).collect(),
        user_id: *user,
        macs: candidate.macs.iter().map(ToString::to_string).collect(),
        limit_bytes: candidate.limit.map(|limit| limit.0),
        used_bytes: candidate.used.0,
        remaining_bytes: candidate.remaining().map(|remaining| remaining.0),
        unlimited: candidate.limit.is_none(),
        expires_at: expires_at.map(Instant),
        drops_uptime_limit: candidate.drops_uptime_limit,
        disabled: candidate.disabled,
        online: candidate.is_online,
    }
}
