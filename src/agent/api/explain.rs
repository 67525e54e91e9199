//! Why a user has this access: every rule with its numbers and ledger lines, and what to pay.

use std::sync::Arc;

use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::money::settle_all_quote;
use crate::agent::engine::{Engine, ReadView};
use crate::agent::http::caller::Viewer;
use crate::agent::http::state::{Answer, AppState, user};
use crate::agent::reports::explain::{behind, period};
use crate::clock::rfc3339;
use crate::domain::access::{self, Reason, Rule};
use crate::domain::account::Account;
use crate::domain::id::UserId;
use crate::domain::ledger::Posted;
use crate::protocol::admin::debts::DebtView;
use crate::protocol::admin::explain::{ExplainView, NumberView, RefusalView, RuleView};
use crate::protocol::admin::ledger::EntryView;
use crate::protocol::admin::users::UserView;
use crate::store::Page;
use crate::web::{Path, Problem};

/// Ledger lines shown: the latest of the period.
const LINES_MAX: u32 = 100;

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new().route("/users/{id}/explain", get(explain))
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
        Err(why) => {
            (None, Some(RefusalView { code: why.code().to_owned(), detail: why.detail().to_owned() }))
        }
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
        status: rule.status,
        reason: rule.reason,
        holds: rule.holds,
        decides: first == Some(place),
        numbers: access::numbers(rule, account, look.policy, &facts)
            .into_iter()
            .chain(windows(*rule, user_no, look))
            .map(|(name, value)| NumberView { name: name.to_owned(), value })
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
