//! Why a user has this access: every rule with its numbers and ledger lines, and what to pay.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use super::money::{QuoteView, settle_all_quote};
use crate::agent::engine::{DebtView, Engine, EntryView, ReadView, UserView};
use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::reports::explain::{behind, period};
use crate::clock::rfc3339;
use crate::domain::access::{self, Reason, Rule};
use crate::domain::account::Account;
use crate::domain::id::UserId;
use crate::domain::ledger::Posted;
use crate::store::Page;
use crate::web::{Path, Problem};

/// Ledger lines shown: the latest of the period.
const LINES_MAX: u32 = 100;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/users/{id}/explain", get(explain))
}

#[derive(Serialize)]
struct ExplainView {
    user: UserView,
    /// Every rule in order; the first that holds decides.
    rules: Vec<RuleView>,
    /// Open debt items.
    debts: Vec<DebtView>,
    /// What settling everything costs; null when it cannot be priced.
    to_pay: Option<QuoteView>,
    /// Why it cannot be priced.
    to_pay_refused: Option<RefusalView>,
    /// Lines of this period, newest first.
    entries: Vec<EntryView>,
}

#[derive(Serialize)]
struct RuleView {
    status: &'static str,
    reason: Option<&'static str>,
    holds: bool,
    /// Whether this is the rule that made the access.
    decides: bool,
    numbers: Vec<NumberView>,
    /// The ledger lines of these numbers, by `seq`.
    entries: Vec<u64>,
}

#[derive(Serialize)]
struct NumberView {
    name: &'static str,
    value: String,
}

#[derive(Serialize)]
struct RefusalView {
    code: &'static str,
    detail: String,
}

async fn explain(State(app): State<Arc<AppState>>, _: Viewer, Path(id): Path<UserId>) -> Answer {
    let view = app.read(move |engine| view(engine, id)).await?;
    Ok(Json(view).into_response())
}

fn view(engine: &Engine, id: UserId) -> Result<ExplainView, Problem> {
    let snapshot = user(engine, id)?;
    let look = engine.read_view();
    let account = &snapshot.user.account;
    let lines = period(engine.reader().statement(snapshot.user.no, Page { limit: LINES_MAX, after: None })?);
    let (to_pay, to_pay_refused) = match settle_all_quote(engine, id) {
        Ok(quote) => (Some(quote), None),
        Err(why) => (None, Some(RefusalView { code: why.code(), detail: why.detail().to_owned() })),
    };
    let debts = look.with_context(|ctx| {
        let lines = ctx.tariff().owed(account);
        lines.into_iter().filter_map(|line| Some(DebtView::of(line.item?, line.price.ok()))).collect()
    });
    Ok(ExplainView {
        user: UserView::of(&snapshot, look.policy),
        rules: rules(snapshot.user.no, account, &look, &lines),
        debts,
        to_pay,
        to_pay_refused,
        entries: lines.iter().map(EntryView::posted).collect(),
    })
}

fn rules(user_no: u32, account: &Account, look: &ReadView, lines: &[Posted]) -> Vec<RuleView> {
    let facts = look.facts_of(user_no);
    let rules = access::rules(account, look.policy, &facts);
    let first = rules.iter().position(|rule| rule.holds);
    let views = rules.iter().enumerate().map(|(place, rule)| RuleView {
        status: rule.status.name(),
        reason: rule.reason.map(Reason::name),
        holds: rule.holds,
        decides: first == Some(place),
        numbers: access::numbers(rule, account, look.policy, &facts)
            .into_iter()
            .chain(windows(*rule, user_no, look))
            .map(|(name, value)| NumberView { name, value })
            .collect(),
        entries: behind(*rule, account, look, lines),
    });
    views.collect()
}

/// The windows in which the user is online to pay.
fn windows(rule: Rule, user_no: u32, look: &ReadView) -> Vec<(&'static str, String)> {
    if rule.reason != Some(Reason::Paying) {
        return Vec::new();
    }
    let numbers = look.windows(user_no).into_iter().flat_map(|window| {
        [
            ("order", window.order.0),
            ("window_since", rfc3339(window.since)),
            ("window_used", window.used.to_string()),
            ("window_limit", window.limit.to_string()),
        ]
    });
    numbers.collect()
}
