//! Logging in and out with a browser.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use serde::{Deserialize, Serialize};

use super::super::desk::{Answer, Desk};
use super::{COOKIE_NAME, Session, Viewer};
use crate::agent::credentials::{hash, new_token};
use crate::agent::engine::Actor;
use crate::clock::rfc3339;
use crate::domain::units::Timestamp;
use crate::store::{AdminRecord, SecretKind};
use crate::web::same_site::is_cross_site;
use crate::web::{Body, Peer, Problem};

/// How long a session lasts.
const SESSION: Duration = Duration::from_hours(12);
/// A name longer than any admin's, or a password longer than any, is wrong without looking.
const TEXT_BYTES_MAX: usize = 1024;

pub(in crate::agent::admin) fn routes() -> Router<Arc<Desk>> {
    Router::new().route("/login", post(by_json)).route("/logout", post(log_out)).route("/me", get(me))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    username: String,
    password: String,
    /// For admins with a second factor; nobody has one, so it decides nothing.
    #[serde(default, rename = "otp")]
    _otp: Option<String>,
}

#[derive(Serialize)]
struct LoggedIn {
    name: String,
    role: &'static str,
    expires_at: String,
}

async fn by_json(
    State(desk): State<Arc<Desk>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body<LogIn>,
) -> Answer {
    let LogIn { username, password, _otp: otp } = body.value;
    let Entered { secret, admin, expires_at } =
        log_in(&desk, peer, &headers, username, password, otp).await?;
    let view = LoggedIn { name: admin.name, role: admin.role.name(), expires_at: rfc3339(expires_at) };
    let mut response = Json(view).into_response();
    set_session(&mut response, &secret)?;
    Ok(response)
}

/// A session that was opened.
pub(in crate::agent::admin) struct Entered {
    /// What the browser's cookie holds.
    pub secret: String,
    /// Whose it is.
    pub admin: AdminRecord,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Logs somebody in who sent these from a page of ours or from a program.
pub(in crate::agent::admin) async fn log_in(
    desk: &Desk,
    peer: Peer,
    headers: &HeaderMap,
    username: String,
    password: String,
    _otp: Option<String>,
) -> Result<Entered, Problem> {
    if is_cross_site(headers) {
        return Err(Problem::forbidden("cross_site", "log in from our own page"));
    }
    let admin = attempt(desk, peer, username, password).await?;
    let secret = new_token()?;
    let expires_at = open_session(desk, peer, &admin, hash(&secret)).await?;
    Ok(Entered { secret, admin, expires_at })
}

/// The admin with that name and password. Wrong names and wrong passwords answer alike, and as slowly.
async fn attempt(desk: &Desk, peer: Peer, name: String, password: String) -> Result<AdminRecord, Problem> {
    let wrong = || Problem::unauthorized("the name or the password is wrong");
    if name.len() > TEXT_BYTES_MAX || password.len() > TEXT_BYTES_MAX {
        return Err(wrong());
    }
    if let Peer::Network(address) = peer {
        begin(desk, address, &name)?;
    }
    let asked = name.clone();
    let admin = desk.look(move |engine| Ok(engine.reader().admin(&asked)?)).await?;
    let known = admin.as_ref().map(|admin| admin.password_hash.clone());
    let right = desk.passwords.check(password, known).await?;
    match (admin, peer) {
        (Some(admin), peer) if right => {
            if let Peer::Network(address) = peer {
                let mut attempts = desk.attempts.lock().unwrap_or_else(PoisonError::into_inner);
                attempts.succeeded(address, &name);
            }
            Ok(admin)
        }
        _ => {
            tracing::info!(source = %source(peer), "a log-in failed");
            Err(wrong())
        }
    }
}

fn begin(desk: &Desk, address: IpAddr, name: &str) -> Result<(), Problem> {
    let uptime = desk.site.clock.uptime();
    let mut attempts = desk.attempts.lock().unwrap_or_else(PoisonError::into_inner);
    attempts.begin(address, name, uptime).map_err(|wait| {
        let seconds = wait.as_secs() + 1;
        Problem::too_many(format!("too many log-ins that failed; wait {seconds} seconds"), seconds)
    })
}

async fn open_session(
    desk: &Desk,
    peer: Peer,
    admin: &AdminRecord,
    secret: [u8; 32],
) -> Result<Timestamp, Problem> {
    let (name, role) = (admin.name.clone(), admin.role);
    let actor = Actor { name: name.clone(), role, source: source(peer) };
    let lasts_ms = i64::try_from(SESSION.as_millis()).unwrap_or(i64::MAX);
    desk.look(move |engine| {
        let now = engine.now();
        let expires_at = Timestamp(now.0.saturating_add(lasts_ms));
        let store = engine.store_mut();
        store.add_secret(&secret, &name, role, SecretKind::Session, now, Some(expires_at))?;
        engine.note(&actor, "admin.login", &name, String::new())?;
        Ok(expires_at)
    })
    .await
}

/// Who a token or a session is.
async fn me(Viewer(actor): Viewer) -> impl IntoResponse {
    Json(serde_json::json!({"name": actor.name, "role": actor.role.name(), "source": actor.source}))
}

async fn log_out(State(desk): State<Arc<Desk>>, Session(secret): Session) -> Answer {
    let mut response = StatusCode::NO_CONTENT.into_response();
    end_session(&desk, secret, &mut response).await?;
    Ok(response)
}

/// Ends a session: its secret is forgotten here and in the browser.
pub(in crate::agent::admin) async fn end_session(
    desk: &Desk,
    secret: [u8; 32],
    response: &mut Response,
) -> Result<(), Problem> {
    desk.look(move |engine| Ok(engine.store_mut().remove_secret(&secret)?)).await?;
    set_cookie(response, "", Duration::ZERO)
}

/// Has the browser keep a session's secret as long as it is good.
pub(in crate::agent::admin) fn set_session(response: &mut Response, secret: &str) -> Result<(), Problem> {
    set_cookie(response, secret, SESSION)
}

fn set_cookie(response: &mut Response, secret: &str, lasts: Duration) -> Result<(), Problem> {
    let seconds = lasts.as_secs();
    let cookie = format!("{COOKIE_NAME}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}");
    let cookie = cookie.parse().map_err(|_| Problem::internal())?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(())
}

fn source(peer: Peer) -> String {
    match peer {
        Peer::Network(address) => address.to_string(),
        Peer::Local => "socket".to_owned(),
    }
}
