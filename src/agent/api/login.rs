//! Browser log-in and log-out, as JSON.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};

use crate::agent::engine::{Actor, Engine};
use crate::agent::http::admins::change_own_password;
use crate::agent::http::caller::{Session, Viewer};
use crate::agent::http::sessions;
use crate::agent::http::state::{Answer, AppState};
use crate::protocol::admin::auth::{ChangePassword, LogIn, LoggedInView, MeView};
use crate::protocol::admin::values::{Instant, RoleName};
use crate::web::same_site::is_cross_site;
use crate::web::{Body, Peer, Problem};

pub(crate) fn routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/me", get(me))
        .route("/me/password", post(password))
}

async fn log_in(
    State(app): State<Arc<AppState>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body<LogIn>,
) -> Answer {
    if is_cross_site(&headers) {
        return Err(Problem::forbidden("cross_site", "log in from our own page"));
    }
    let LogIn { username, password, otp } = body.value;
    let opened = sessions::log_in(&app, peer, sessions::LogIn { username, password, otp }).await?;
    let cookie = sessions::COOKIE.set(Some(&opened.secret))?;
    let view = LoggedInView {
        name: opened.name,
        role: RoleName(opened.role),
        expires_at: Instant(opened.expires_at),
    };
    Ok(([(SET_COOKIE, cookie)], Json(view)).into_response())
}

impl MeView {
    pub(crate) fn of(engine: &Engine, actor: Actor) -> Result<Self, Problem> {
        let totp = engine.reader().admin(&actor.name)?.is_some_and(|admin| admin.second_factor.is_on());
        Ok(Self { name: actor.name, role: RoleName(actor.role), source: actor.source, totp })
    }
}

async fn me(State(app): State<Arc<AppState>>, Viewer(actor): Viewer) -> Answer {
    Ok(Json(app.read(move |engine| MeView::of(engine, actor)).await?).into_response())
}

async fn password(
    State(app): State<Arc<AppState>>,
    Viewer(actor): Viewer,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body<ChangePassword>,
) -> Answer {
    let session = sessions::COOKIE.secret(&headers);
    change_own_password(&app, peer, actor, session, body.value).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn log_out(State(app): State<Arc<AppState>>, Session(secret): Session) -> Answer {
    sessions::log_out(&app, &secret).await?;
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, sessions::COOKIE.set(None)?)]).into_response())
}
