//! Log-ins of operators: name and password first, which open a log-in that reaches nothing but the form for the code; then a
//! one-time code, which makes it a full one with another secret. Kept in the relay's database, so every relay on it knows them.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};

use super::caller::ConsoleCaller;
use super::state::ConsoleState;
use crate::domain::units::Timestamp;
use crate::identity::signed_tokens::SignedTokens;
use crate::identity::site_secret::SiteSecret;
use crate::identity::{LoginAttempt, hash, new_token, totp};
use crate::relay::store::operators::{
    AcceptedCode, LOG_IN, LogAuthor, OperatorChange, SessionOpening, SessionsEnd, StoredOperator,
    StoredSession,
};
use crate::ui::session_cookie::SessionCookie;
use crate::web::{Peer, Problem};

/// The cookie of a log-in. However it is used, a log-in ends after this time.
pub(super) const COOKIE: SessionCookie =
    SessionCookie { name: "kuota_relay_session", lasts: Duration::from_hours(12) };
/// A log-in that is not used for so long ends.
const IDLE_MAX: Duration = Duration::from_hours(1);
/// How long the code may take to be typed, or to be set up.
const CODE_MAX: Duration = Duration::from_mins(10);
/// The end of a log-in that is used is moved no more often than this.
const EXTENDED_EVERY: Duration = Duration::from_mins(1);
/// A name longer than any operator's, or a password longer than any, is wrong.
const TEXT_BYTES_MAX: usize = 1024;
/// Lines of the log that are searched for log-ins of before a start.
const REMEMBERED_MAX: u32 = 500;

/// A log-in that was opened.
pub(super) struct OpenedLogIn {
    /// What the [`COOKIE`] carries, or a program sends as its token.
    pub secret: String,
    /// Whose.
    pub operator: StoredOperator,
    /// When it ends, unless it is used.
    pub expires_at: Timestamp,
}

/// A log-in by its secret.
pub(super) struct FoundLogIn {
    /// The secret.
    pub secret: String,
    /// The log-in.
    pub session: StoredSession,
    /// Whose.
    pub operator: StoredOperator,
}

impl FoundLogIn {
    /// Who uses it.
    pub fn caller(&self, peer: Peer) -> ConsoleCaller {
        let Self { session, operator, .. } = self;
        ConsoleCaller { name: operator.name.clone(), role: operator.role, peer, sha256: session.sha256 }
    }
}

/// Name and password again, for a change that a stolen log-in must not make.
pub(super) struct PasswordProof {
    /// The caller's own password.
    pub password: String,
    /// A one-time code, where one is needed.
    pub otp: String,
}

/// The first step. Wrong names and passwords answer alike (401), and as slowly; after too many failures it is 429. An operator
/// without one-time codes gets a secret that waits for its first code.
pub(super) async fn begin(
    state: &ConsoleState,
    peer: Peer,
    username: &str,
    password: String,
) -> Result<OpenedLogIn, Problem> {
    let (operator, attempt) = check_password(state, peer, username, password).await?;
    state.gate.take_back(attempt);
    if operator.codes.secret.is_none() {
        let pending = totp::new_secret()?;
        let change = OperatorChange::BeginCodes { name: operator.name.clone(), pending };
        let by = author(&operator.name, peer, state.now());
        // An operator who was removed, or has codes meanwhile, is refused at the next step.
        let _ = state.relay.store.change_operator(&change, &by).await?;
    }
    let opened = open(state, peer, operator, SessionKind::WithoutCode).await?;
    opened.ok_or_else(|| wrong(peer))
}

/// The second step: a code of the operator's authenticator, or the first code of a secret that waits. Wrong ones are 401, and
/// counted.
pub(super) async fn finish(
    state: &ConsoleState,
    peer: Peer,
    half: &FoundLogIn,
    otp: &str,
) -> Result<OpenedLogIn, Problem> {
    let operator = half.operator.clone();
    let attempt = begin_attempt(state, peer, &operator.name).await?;
    let Some(code) = code_of(&operator, otp, state.now()) else { return Err(wrong(peer)) };
    let kind = SessionKind::Full { code, replaces: Some(half.session.sha256) };
    let opened = open(state, peer, operator, kind).await?.ok_or_else(|| wrong(peer))?;
    state.gate.note_success(attempt, state.relay.clock.uptime());
    Ok(opened)
}

/// A whole log-in at once, of a program. An operator without one-time codes sets them up by a browser first.
pub(super) async fn log_in(
    state: &ConsoleState,
    peer: Peer,
    username: &str,
    proof: PasswordProof,
) -> Result<OpenedLogIn, Problem> {
    let PasswordProof { password, otp } = proof;
    let (operator, attempt) = check_password(state, peer, username, password).await?;
    if operator.codes.secret.is_none() {
        state.gate.take_back(attempt);
        let detail = "log in by a browser once, which sets the one-time codes up";
        return Err(Problem::forbidden("codes_missing", detail));
    }
    if otp.trim().is_empty() {
        state.gate.take_back(attempt);
        let detail = "send the one-time code of your authenticator as otp";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "otp_required", detail));
    }
    let Some(code) = code_of(&operator, &otp, state.now()) else { return Err(wrong(peer)) };
    let kind = SessionKind::Full { code, replaces: None };
    let opened = open(state, peer, operator, kind).await?.ok_or_else(|| wrong(peer))?;
    state.gate.note_success(attempt, state.relay.clock.uptime());
    Ok(opened)
}

/// Checks the caller's own password again, and with `needs_code` a one-time code, which is used up by it. Wrong ones are 422 of
/// their field, and counted as log-ins that failed.
pub(super) async fn prove(
    state: &ConsoleState,
    caller: &ConsoleCaller,
    proof: PasswordProof,
    needs_code: bool,
) -> Result<(), Problem> {
    let PasswordProof { password, otp } = proof;
    if password.len() > TEXT_BYTES_MAX {
        return Err(Problem::invalid("password", "is wrong"));
    }
    let attempt = begin_attempt(state, caller.peer, &caller.name).await?;
    let operator = named(state, &caller.name).await?.ok_or_else(|| Problem::unauthorized("log in again"))?;
    let password_hash = operator.password_hash.clone();
    if !state.passwords.check(password, Some(password_hash.clone())).await? {
        return Err(Problem::invalid("password", "is wrong"));
    }
    if needs_code {
        let used = || Problem::invalid("otp", "is wrong or was used before");
        let code = code_of(&operator, &otp, state.now()).ok_or_else(used)?;
        if !state.relay.store.accept_code(&operator.name, &password_hash, &code).await? {
            return Err(used());
        }
    }
    state.gate.take_back(attempt);
    Ok(())
}

/// The log-in of that secret, full or not, unless it is over. A full one that is used ends later for it.
pub(super) async fn find(state: &ConsoleState, secret: &str) -> Result<Option<FoundLogIn>, Problem> {
    let (sha256, now) = (hash(secret), state.now());
    let Some((session, operator)) = state.relay.store.session(&sha256, now).await? else { return Ok(None) };
    if session.is_full {
        let last_end = after(session.created_at, COOKIE.lasts);
        let expires_at = after(now, IDLE_MAX).min(last_end);
        if expires_at >= after(session.expires_at, EXTENDED_EVERY) {
            let extended = state.relay.store.extend_session(&sha256, now, expires_at).await;
            if let Err(error) = extended {
                tracing::debug!(%error, "the end of a log-in was not moved");
            }
        }
    }
    Ok(Some(FoundLogIn { secret: secret.to_owned(), session, operator }))
}

/// The log-in that a browser's cookie names.
pub(super) async fn find_by_cookie(
    state: &ConsoleState,
    headers: &HeaderMap,
) -> Result<Option<FoundLogIn>, Problem> {
    match COOKIE.secret(headers) {
        Some(secret) => find(state, secret).await,
        None => Ok(None),
    }
}

/// Ends the caller's log-in.
pub(super) async fn log_out(state: &ConsoleState, caller: &ConsoleCaller) -> Result<(), Problem> {
    let by = caller.author(state.now());
    Ok(state.relay.store.end_sessions(&SessionsEnd::One(caller.sha256), &by).await?)
}

/// What the forms of a log-in carry, which nobody can make who does not have its secret. Every relay on the database makes the
/// same, and the database does not reveal it.
pub(super) fn form_token(secret: &str) -> String {
    form_tokens(secret).session_form_token(secret)
}

/// Whether it is the token of that log-in's forms.
pub(super) fn is_form_token(secret: &str, given: &str) -> bool {
    form_tokens(secret).is_session_form_token(secret, given)
}

fn form_tokens(secret: &str) -> SignedTokens {
    SignedTokens::new(&SiteSecret::new(hash(&format!("forms of {secret}"))))
}

/// The operator of that name, however it was written.
pub(super) async fn named(state: &ConsoleState, name: &str) -> Result<Option<StoredOperator>, Problem> {
    let all = state.relay.store.operators().await?;
    Ok(all.into_iter().find(|operator| operator.name.eq_ignore_ascii_case(name)))
}

/// Who changes something, for the log.
pub(super) fn author(name: &str, peer: Peer, at: Timestamp) -> LogAuthor {
    LogAuthor { name: name.to_owned(), source: source(peer), at }
}

/// The operator whose password it is. The attempt counts as a wrong one unless it is returned.
async fn check_password(
    state: &ConsoleState,
    peer: Peer,
    username: &str,
    password: String,
) -> Result<(StoredOperator, Option<LoginAttempt>), Problem> {
    let username = username.trim();
    if username.len() > TEXT_BYTES_MAX || password.len() > TEXT_BYTES_MAX {
        // Nothing that long is remembered among the attempts.
        return Err(wrong(peer));
    }
    let attempt = begin_attempt(state, peer, username).await?;
    let operator = named(state, username).await?;
    let known = operator.as_ref().map(|operator| operator.password_hash.clone());
    let is_right = state.passwords.check(password, known).await?;
    let operator = operator.filter(|_| is_right).ok_or_else(|| wrong(peer))?;
    Ok((operator, attempt))
}

/// Counts an attempt before it is made.
async fn begin_attempt(
    state: &ConsoleState,
    peer: Peer,
    name: &str,
) -> Result<Option<LoginAttempt>, Problem> {
    state.remembered.get_or_try_init(|| remember(state)).await?;
    state.gate.begin(peer, name, state.relay.clock.uptime())
}

/// Who logged in from where before the relay started, from the log: a restart locks nobody out.
async fn remember(state: &ConsoleState) -> Result<(), Problem> {
    let lines = state.relay.store.operator_log(None, REMEMBERED_MAX).await?;
    let log_ins = lines.into_iter().filter(|line| line.action == LOG_IN);
    state.gate.remember(log_ins.filter_map(|line| Some((line.by.source.parse().ok()?, line.by.name))));
    Ok(())
}

/// A code of an operator's secret, or the first one of the secret that waits where there is none in force.
fn code_of(operator: &StoredOperator, otp: &str, now: Timestamp) -> Option<AcceptedCode> {
    let (secret, is_first) = match (&operator.codes.secret, &operator.codes.pending) {
        (Some(secret), _) => (secret, false),
        (None, Some(pending)) => (pending, true),
        (None, None) => return None,
    };
    let step = totp::step_of(secret, otp, now)?;
    Some(AcceptedCode { secret: secret.clone(), step, is_first })
}

/// What a log-in is to be.
enum SessionKind {
    /// It reaches nothing but the form for the code.
    WithoutCode,
    /// It reaches everything that the role allows.
    Full { code: AcceptedCode, replaces: Option<[u8; 32]> },
}

/// `None` where what it rests on is no longer so.
async fn open(
    state: &ConsoleState,
    peer: Peer,
    operator: StoredOperator,
    kind: SessionKind,
) -> Result<Option<OpenedLogIn>, Problem> {
    let (secret, now) = (new_token()?, state.now());
    let (is_full, lasts, code, replaces) = match kind {
        SessionKind::WithoutCode => (false, CODE_MAX, None, None),
        SessionKind::Full { code, replaces } => (true, IDLE_MAX, Some(code), replaces),
    };
    let expires_at = after(now, lasts);
    let (sha256, name) = (hash(&secret), operator.name.clone());
    let opening = SessionOpening {
        session: StoredSession { sha256, operator: name, is_full, created_at: now, expires_at },
        password_hash: operator.password_hash.clone(),
        replaces,
        code,
    };
    let by = author(&operator.name, peer, now);
    if !state.relay.store.open_session(&opening, &by).await? {
        return Ok(None);
    }
    if is_full {
        tracing::info!(operator.name = %operator.name, source = %by.source, "an operator logged in");
    }
    Ok(Some(OpenedLogIn { secret, operator, expires_at }))
}

fn wrong(peer: Peer) -> Problem {
    tracing::info!(source = %source(peer), "a log-in at the console failed");
    Problem::unauthorized("the name, the password or the one-time code is wrong")
}

fn source(peer: Peer) -> String {
    match peer {
        Peer::Network(address) => address.to_string(),
        Peer::Local => "socket".to_owned(),
    }
}

fn after(at: Timestamp, span: Duration) -> Timestamp {
    Timestamp(at.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
}
