//! Sites: how they are, and their changes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::protocol::health::HealthReport;
use crate::relay::console::caller::{ApiCaller, ConsoleCaller, OwnerCaller, SiteCaller};
use crate::relay::console::changes::ConsoleChange;
use crate::relay::console::overview::{
    ConsoleDirectory, DayIncome, SiteOverview, income_by_day, matches, overviews,
};
use crate::relay::console::site_actions::token_sha256;
use crate::relay::console::state::ConsoleState;
use crate::relay::directory::token::SiteToken;
use crate::relay::store::directory::SiteState;
use crate::relay::store::overview::Income;
use crate::web::{Body, Path, Problem, Query};

/// `GET /v1/admin/sites`.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FindSites {
    /// A part of the site's name or of its merchant's.
    q: String,
    limit: PageLimit,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// A site of a list.
#[derive(Serialize)]
pub(super) struct SiteView {
    id: String,
    merchant: String,
    state: &'static str,
    kept_in: &'static str,
    added_at: Option<String>,
    condition: &'static str,
    last_seen_at: Option<String>,
    silent_since: Option<String>,
    reported_at: Option<String>,
    clock_ahead_ms: Option<i64>,
    report: Option<HealthReport>,
    open_orders: u64,
    reviews: u64,
    income_today: IncomeView,
    last_seq: u64,
    feed_lag: Option<u64>,
}

/// Money over a time.
#[derive(Serialize)]
pub(super) struct IncomeView {
    paid: u64,
    paid_rp: u64,
    returned_rp: u64,
}

/// Money of one day.
#[derive(Serialize)]
pub(super) struct DayView {
    day: String,
    #[serde(flatten)]
    income: IncomeView,
}

/// One site with its money by day, by the console's midnights.
#[derive(Serialize)]
pub(super) struct SiteDetailView {
    #[serde(flatten)]
    site: SiteView,
    timezone: String,
    income_by_day: Vec<DayView>,
}

/// `POST /v1/admin/sites`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddSite {
    id: String,
    merchant: String,
    /// Of a token that the agent has; without it one is made.
    token_sha256: Option<String>,
}

/// A site's token, shown this once; none where the agent has one.
#[derive(Serialize)]
pub(super) struct SiteTokenView {
    id: String,
    token: Option<String>,
}

impl SiteTokenView {
    fn of(id: String, token: Option<&SiteToken>) -> Self {
        Self { id, token: token.map(|token| token.token.expose().to_owned()) }
    }
}

impl SiteView {
    fn of(overview: SiteOverview) -> Self {
        let (condition, feed_lag) = (overview.condition().name(), overview.lag());
        let SiteOverview { site, presence, figures } = overview;
        let report = presence.report;
        Self {
            id: site.entry.id,
            merchant: site.entry.merchant,
            state: site.entry.state.name(),
            kept_in: site.kept_in.name(),
            added_at: site.added_at.map(rfc3339),
            condition,
            last_seen_at: presence.last_seen_at.map(rfc3339),
            silent_since: presence.silent_since.map(rfc3339),
            reported_at: report.as_ref().map(|report| rfc3339(report.at)),
            clock_ahead_ms: report.as_ref().and_then(|report| report.clock_ahead_ms),
            report: report.map(|report| report.report),
            open_orders: figures.open_orders,
            reviews: figures.reviews,
            income_today: figures.income.into(),
            last_seq: figures.last_seq,
            feed_lag,
        }
    }
}

impl From<Income> for IncomeView {
    fn from(income: Income) -> Self {
        Self { paid: income.paid, paid_rp: income.paid_rp.0, returned_rp: income.returned_rp.0 }
    }
}

pub(super) async fn list(
    State(state): State<Arc<ConsoleState>>,
    _: ApiCaller,
    Query(find): Query<FindSites>,
) -> Result<Json<List<SiteView>>, Problem> {
    let mut sites = ConsoleDirectory::read(&state).await?.sites();
    sites.retain(|site| matches(site, find.q.trim()));
    let List { items, next } = List::of_all(sites, find.limit, find.after);
    let items = overviews(&state, items).await?.into_iter().map(SiteView::of).collect();
    Ok(Json(List { items, next }))
}

pub(super) async fn show(
    State(state): State<Arc<ConsoleState>>,
    _: ApiCaller,
    Path(id): Path<String>,
) -> Result<Json<SiteDetailView>, Problem> {
    let site = ConsoleDirectory::read(&state).await?.site(&id)?;
    let site = overviews(&state, vec![site]).await?.pop().ok_or_else(|| Problem::not_found("site"))?;
    let days = income_by_day(&state, &id).await?;
    let day = |day: DayIncome| DayView {
        day: state.zone.local(day.from).date.to_string(),
        income: day.income.into(),
    };
    Ok(Json(SiteDetailView {
        site: SiteView::of(site),
        timezone: state.zone.name().to_owned(),
        income_by_day: days.into_iter().map(day).collect(),
    }))
}

pub(super) async fn add(
    State(state): State<Arc<ConsoleState>>,
    SiteCaller(caller): SiteCaller,
    body: Body<AddSite>,
) -> Result<(StatusCode, Json<SiteTokenView>), Problem> {
    let AddSite { id, merchant, token_sha256: known } = body.value;
    let known = known.as_deref().map(token_sha256).transpose()?;
    let change = ConsoleChange { state: &state, caller: &caller };
    let token = change.add_site(&id, &merchant, known).await?;
    Ok((StatusCode::CREATED, Json(SiteTokenView::of(id, token.as_ref()))))
}

pub(super) async fn rotate_token(
    State(state): State<Arc<ConsoleState>>,
    SiteCaller(caller): SiteCaller,
    Path(id): Path<String>,
) -> Result<Json<SiteTokenView>, Problem> {
    let token = ConsoleChange { state: &state, caller: &caller }.rotate_token(&id).await?;
    Ok(Json(SiteTokenView::of(id, Some(&token))))
}

pub(super) async fn enable(
    State(state): State<Arc<ConsoleState>>,
    SiteCaller(caller): SiteCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_state(&state, &caller, &id, SiteState::Enabled).await
}

pub(super) async fn disable(
    State(state): State<Arc<ConsoleState>>,
    SiteCaller(caller): SiteCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_state(&state, &caller, &id, SiteState::Disabled).await
}

pub(super) async fn remove(
    State(state): State<Arc<ConsoleState>>,
    OwnerCaller(caller): OwnerCaller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    set_state(&state, &caller, &id, SiteState::Removed).await
}

async fn set_state(
    state: &ConsoleState,
    caller: &ConsoleCaller,
    id: &str,
    wanted: SiteState,
) -> Result<StatusCode, Problem> {
    ConsoleChange { state, caller }.set_site_state(id, wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}
