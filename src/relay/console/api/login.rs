//! A log-in of a program, which answers a token; its end; who calls.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use crate::clock::rfc3339;
use crate::relay::console::caller::{ApiCaller, ConsoleCaller};
use crate::relay::console::sessions::{self, OpenedLogIn, PasswordProof};
use crate::relay::console::state::ConsoleState;
use crate::web::{Body, Peer, Problem};

/// `POST /v1/admin/login`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorLogIn {
    username: String,
    password: String,
    #[serde(default)]
    otp: String,
}

/// A token, shown this once.
#[derive(Serialize)]
pub(super) struct OperatorToken {
    token: String,
    name: String,
    role: &'static str,
    /// It ends later while it is used.
    expires_at: String,
}

/// Who calls.
#[derive(Serialize)]
pub(super) struct CallerView {
    name: String,
    role: &'static str,
}

pub(super) async fn log_in(
    State(state): State<Arc<ConsoleState>>,
    Extension(peer): Extension<Peer>,
    body: Body<OperatorLogIn>,
) -> Result<Json<OperatorToken>, Problem> {
    let OperatorLogIn { username, password, otp } = body.value;
    let opened = sessions::log_in(&state, peer, &username, PasswordProof { password, otp }).await?;
    let OpenedLogIn { secret, operator, expires_at } = opened;
    let role = operator.role.name();
    Ok(Json(OperatorToken { token: secret, name: operator.name, role, expires_at: rfc3339(expires_at) }))
}

pub(super) async fn log_out(
    State(state): State<Arc<ConsoleState>>,
    ApiCaller(caller): ApiCaller,
) -> Result<StatusCode, Problem> {
    sessions::log_out(&state, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn me(ApiCaller(caller): ApiCaller) -> Json<CallerView> {
    let ConsoleCaller { name, role, .. } = caller;
    Json(CallerView { name, role: role.name() })
}
