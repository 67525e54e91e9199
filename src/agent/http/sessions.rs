//! Browsers' sessions: opened by a whole log-in, known by their cookie, and ended. Programs and pages come in here.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};

use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::domain::units::Timestamp;
use crate::identity::signed_tokens::SignedTokens;
use crate::identity::{LoginAttempt, hash, new_token, totp};
use crate::store::{AdminRecord, AuditFilter, Page, Role, SecretKind, Unwritable};
use crate::ui::session_cookie::SessionCookie;
use crate::web::{Peer, Problem};

/// The session's cookie.
pub(crate) const COOKIE: SessionCookie =
    SessionCookie { name: "kuota_session", lasts: Duration::from_hours(12) };
/// A name longer than any admin's, or a password longer than any, is wrong.
const TEXT_BYTES_MAX: usize = 1024;
/// How long the code may take to be typed.
const PROOF_MS: i64 = 5 * 60 * 1000;
/// What the audit calls a log-in.
const LOG_IN: &str = "admin.login";
/// Log-ins of before a start that are remembered.
const REMEMBERED_MAX: u32 = 500;
/// What a proof says, before the name.
const PROOF_OF: &str = "the password was right of admin ";
/// A likely reason for a wrong code, shown while the clock is not trusted.
const CLOCK_HINT: &str =
    "; the clock of this machine is not set, so right one-time codes may be refused until it is";

/// What somebody logs in with.
pub(crate) struct LogIn {
    /// The admin's name.
    pub username: String,
    /// The password.
    pub password: String,
    /// The one-time code, of an admin with a second factor.
    pub otp: Option<String>,
}

/// A session that was opened.
pub(crate) struct Opened {
    /// What the [`COOKIE`] carries.
    pub secret: String,
    /// Whose.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A whole log-in. Wrong names, passwords and codes answer alike (401), and as slowly; a right password without the
/// code that it needs is 401 with the code `otp_required`; after too many failures it is 429. A handler of a form
/// must have made sure that it came from a page of ours.
pub(crate) async fn log_in(app: &AppState, peer: Peer, given: LogIn) -> Result<Opened, Problem> {
    let LogIn { username, password, otp } = given;
    if username.len() > TEXT_BYTES_MAX || password.len() > TEXT_BYTES_MAX {
        // Nothing that long is remembered among the attempts.
        return Err(wrong(peer, app.read(|engine| Ok(engine.facts().clock_trusted)).await?));
    }
    let username = on_file(app, username).await?;
    let attempt = begin_attempt(app, peer, &username).await?;
    let asked = username.clone();
    let (admin, trusted) =
        app.read(move |engine| Ok((engine.reader().admin(&asked)?, engine.facts().clock_trusted))).await?;
    let known = admin.as_ref().map(|admin| admin.password_hash.clone());
    let right = app.passwords.check(password, known).await?;
    let Some(admin) = admin.filter(|_| right) else { return Err(wrong(peer, trusted)) };
    if admin.second_factor.is_on() {
        let Some(otp) = otp.filter(|otp| !otp.trim().is_empty()) else {
            app.gate.take_back(attempt);
            return Err(otp_required(trusted));
        };
        let name = username.clone();
        if !app.read(move |engine| accept_code(engine, &name, &otp)).await? {
            return Err(wrong(peer, trusted));
        }
    }
    app.gate.note_success(attempt, app.site.clock.uptime());
    open(app, peer, admin).await
}

/// The admin's name that was meant, or what was typed where nobody has it: guesses at one name count together.
async fn on_file(app: &AppState, typed: String) -> Result<String, Problem> {
    let asked = typed.clone();
    let named = app.read(move |engine| Ok(engine.reader().admin_named(&asked)?)).await?;
    Ok(named.unwrap_or(typed))
}

/// What a page gives back with the code, so that the password need not be in it: that `username`'s password was
/// right a moment ago. Only for a caller that was just answered `otp_required`.
pub(crate) async fn proof(app: &AppState, username: &str) -> Result<String, Problem> {
    let text = format!("{PROOF_OF}{}", on_file(app, username.to_owned()).await?);
    let seal = move |engine: &mut Engine| {
        let until = Timestamp(engine.reckoned().0.saturating_add(PROOF_MS));
        Ok(SignedTokens::new(engine.site_secret()).sealed(&text, until))
    };
    app.read(seal).await
}

/// The second step of a log-in: a code, and the [`proof`] of the first. Wrong ones answer 401, and are counted.
pub(crate) async fn log_in_by_code(
    app: &AppState,
    peer: Peer,
    proof: String,
    otp: String,
) -> Result<Opened, Problem> {
    let open_proof = move |engine: &mut Engine| {
        let text = SignedTokens::new(engine.site_secret()).opened(&proof, engine.reckoned(), PROOF_MS);
        let name = text.and_then(|text| text.strip_prefix(PROOF_OF).map(str::to_owned));
        let admin = name.and_then(|name| engine.reader().admin(&name).transpose()).transpose()?;
        Ok((admin.filter(|admin| admin.second_factor.is_on()), engine.facts().clock_trusted))
    };
    let (admin, trusted) = app.read(open_proof).await?;
    let Some(admin) = admin else { return Err(wrong(peer, trusted)) };
    let name = admin.name.clone();
    let attempt = begin_attempt(app, peer, &name).await?;
    let asked = name.clone();
    if !app.read(move |engine| accept_code(engine, &asked, &otp)).await? {
        return Err(wrong(peer, trusted));
    }
    app.gate.note_success(attempt, app.site.clock.uptime());
    open(app, peer, admin).await
}

/// Has an admin prove again who that is, before something that a stolen session must not do. Wrong passwords and codes are
/// counted as log-ins that failed.
pub(crate) async fn prove_again(
    app: &AppState,
    peer: Peer,
    actor: &Actor,
    password: Option<String>,
    otp: Option<String>,
) -> Result<(), Problem> {
    let name = actor.name.clone();
    let admin = app.read(move |engine| Ok(engine.reader().admin(&name)?)).await?;
    let no_admin = || Problem::forbidden("no_admin", "only an admin's own session may do this");
    let admin = admin.ok_or_else(no_admin)?;
    let needed = |field: &str| Problem::invalid(field, "is needed: this decides where a secret is sent");
    let password = password.filter(|password| !password.is_empty()).ok_or_else(|| needed("password"))?;
    let has_factor = admin.second_factor.is_on();
    let otp = otp.filter(|otp| !otp.trim().is_empty());
    if has_factor && otp.is_none() {
        return Err(needed("otp"));
    }
    let attempt = begin_attempt(app, peer, &actor.name).await?;
    let is_right =
        password.len() <= TEXT_BYTES_MAX && app.passwords.check(password, Some(admin.password_hash)).await?;
    if !is_right {
        return Err(Problem::invalid("password", "is wrong"));
    }
    if let Some(otp) = otp.filter(|_| has_factor) {
        let name = actor.name.clone();
        if !app.read(move |engine| accept_code(engine, &name, &otp)).await? {
            return Err(Problem::invalid("otp", "is wrong or was used before"));
        }
    }
    app.gate.take_back(attempt);
    Ok(())
}

/// Ends the session with that secret; one that is not known has ended already.
pub(crate) async fn log_out(app: &AppState, secret: &str) -> Result<(), Problem> {
    let secret = hash(secret);
    app.read(move |engine| Ok(engine.store_mut().end_session(&secret)?)).await
}

/// Whose session the request's cookie names; `None` without a cookie, or when the session has ended. It does not say
/// from whose page the request comes: see [`crate::web::same_site`].
pub(crate) async fn session_of(
    app: &AppState,
    peer: Peer,
    headers: &HeaderMap,
) -> Result<Option<Actor>, Problem> {
    let Some(secret) = COOKIE.secret(headers) else { return Ok(None) };
    actor_of(app, peer, hash(secret), SecretKind::Session).await
}

/// Who a secret belongs to, while it is good.
pub(crate) async fn actor_of(
    app: &AppState,
    peer: Peer,
    hash: [u8; 32],
    kind: SecretKind,
) -> Result<Option<Actor>, Problem> {
    let found = app.ask(move |engine| Ok(engine.secret(&hash, kind)?)).await?;
    Ok(found.map(|(name, role)| Actor { name, role, source: source(peer) }))
}

/// Counts an attempt before it is made; see [`crate::identity::LoginGate::begin`].
pub(crate) async fn begin_attempt(
    app: &AppState,
    peer: Peer,
    name: &str,
) -> Result<Option<LoginAttempt>, Problem> {
    if peer != Peer::Local {
        app.remembered.get_or_try_init(|| remember(app)).await?;
    }
    let begun = app.gate.begin(peer, name, app.site.clock.uptime());
    begun.inspect_err(|_| app.site.guesses.passwords.note(app.site.clock.now()))
}

/// Who logged in from where before the daemon started, from the audit: a restart locks nobody out.
async fn remember(app: &AppState) -> Result<(), Problem> {
    let logged_in = AuditFilter::of("", LOG_IN);
    let page = Page { after: None, limit: REMEMBERED_MAX };
    let read = move |engine: &mut Engine| {
        // A damaged audit keeps nobody out.
        if matches!(engine.unwritable(), Some(Unwritable::Damaged(_))) {
            return Ok(Vec::new());
        }
        Ok(engine.reader().find_audit(&logged_in, page)?)
    };
    let lines = app.read(read).await?;
    let lines = lines.into_iter().filter(|(_, line)| line.action == LOG_IN);
    app.gate.remember(lines.filter_map(|(_, line)| Some((line.source.parse().ok()?, line.actor))));
    Ok(())
}

/// Whether it is a code of an admin's second factor that was not used before; it is used by that. An admin whose
/// second factor ended meanwhile needs none.
pub(crate) fn accept_code(engine: &mut Engine, admin: &str, code: &str) -> Result<bool, Problem> {
    let found = engine.reader().admin(admin)?;
    let Some(secret) = found.and_then(|admin| admin.second_factor.secret) else { return Ok(true) };
    match totp::step_of(&secret, code, engine.reckoned()) {
        Some(step) => Ok(engine.store_mut().accept_step(admin, step)?),
        None => Ok(false),
    }
}

/// What to say besides while the clock cannot be believed.
pub(crate) fn clock_hint(trusted: bool) -> &'static str {
    if trusted { "" } else { CLOCK_HINT }
}

fn wrong(peer: Peer, trusted: bool) -> Problem {
    tracing::info!(source = %source(peer), "a log-in failed");
    Problem::unauthorized(format!(
        "the name, the password or the one-time code is wrong{}",
        clock_hint(trusted)
    ))
}

fn otp_required(trusted: bool) -> Problem {
    let detail = format!("send the one-time code of your authenticator as otp{}", clock_hint(trusted));
    Problem::new(StatusCode::UNAUTHORIZED, "otp_required", detail)
}

/// Opens a session of an admin whose log-in was whole.
pub(super) async fn open(app: &AppState, peer: Peer, admin: AdminRecord) -> Result<Opened, Problem> {
    let AdminRecord { name, role, .. } = admin;
    let secret = new_token()?;
    let hash = hash(&secret);
    let actor = Actor { name: name.clone(), role, source: source(peer) };
    let lasts_ms = i64::try_from(COOKIE.lasts.as_millis()).unwrap_or(i64::MAX);
    let expires_at = app
        .read(move |engine| {
            let now = engine.reckoned();
            let expires_at = Timestamp(now.0.saturating_add(lasts_ms));
            let store = engine.store_mut();
            store.open_session(&hash, &actor.name, role, now, expires_at)?;
            engine.note_when_possible(&actor, LOG_IN, &actor.name, String::new())?;
            Ok(expires_at)
        })
        .await?;
    Ok(Opened { secret, name, role, expires_at })
}

fn source(peer: Peer) -> String {
    match peer {
        Peer::Network(address) => address.to_string(),
        Peer::Local => "socket".to_owned(),
    }
}
