//! An admin's own second factor: asked for, confirmed by a first code, and ended by another. Tokens need none.

use axum::http::StatusCode;

use super::sessions;
use super::state::AppState;
use crate::agent::engine::{Actor, Engine};
use crate::identity::totp;
use crate::store::SecondFactor;
use crate::web::{Peer, Problem};

/// What the audit calls it.
const AUDIT: &str = "admin.totp";

/// A secret, shown this once.
pub(crate) struct NewSecret {
    pub secret: String,
    pub url: String,
}

impl NewSecret {
    /// The secret of an admin.
    pub fn of(admin: &str, secret: String) -> Self {
        Self { url: totp::url(admin, &secret), secret }
    }
}

/// Gives an admin a secret that a first code makes the second factor.
pub(crate) async fn begin_second_factor(app: &AppState, actor: Actor) -> Result<NewSecret, Problem> {
    let secret = totp::new_secret()?;
    let view = NewSecret::of(&actor.name, secret.clone());
    app.read(move |engine| {
        if own(engine, &actor)?.is_on() {
            return Err(Problem::conflict("totp_on", "the second factor is on; turn it off first"));
        }
        engine.store_mut().begin_second_factor(&actor.name, &secret)?;
        Ok(engine.note(&actor, AUDIT, &actor.name, "begun".into())?)
    })
    .await?;
    Ok(view)
}

/// Makes the secret that was asked for the second factor, on a first code of it.
pub(crate) async fn confirm_second_factor(
    app: &AppState,
    peer: Peer,
    actor: Actor,
    code: String,
) -> Result<(), Problem> {
    guarded(app, peer, actor, move |engine, actor| {
        let pending = own(engine, actor)?.pending;
        let pending = pending
            .ok_or_else(|| Problem::conflict("totp_not_begun", "ask for a secret first: POST me/totp"))?;
        let step = totp::step_of(&pending, &code, engine.reckoned()).ok_or_else(|| wrong(engine))?;
        engine.store_mut().confirm_second_factor(&actor.name, step)?;
        Ok(engine.note(actor, AUDIT, &actor.name, "on".into())?)
    })
    .await
}

/// Ends an admin's own second factor, on a code of it.
pub(crate) async fn end_second_factor(
    app: &AppState,
    peer: Peer,
    actor: Actor,
    code: String,
) -> Result<(), Problem> {
    guarded(app, peer, actor, move |engine, actor| {
        if !own(engine, actor)?.is_on() {
            return Err(Problem::conflict("totp_off", "there is no second factor to turn off"));
        }
        if !sessions::accept_code(engine, &actor.name, &code)? {
            return Err(wrong(engine));
        }
        turn_off(engine, actor, &actor.name)
    })
    .await
}

/// Ends an admin's second factor, pending or in force.
pub(crate) fn turn_off(engine: &mut Engine, actor: &Actor, admin: &str) -> Result<(), Problem> {
    if engine.store_mut().end_second_factor(admin)? {
        engine.note(actor, AUDIT, admin, "off".into())?;
    }
    Ok(())
}

/// Does what a code decides. Wrong codes are counted as log-ins that failed, so that a stolen session cannot guess.
async fn guarded<T: Send + 'static>(
    app: &AppState,
    peer: Peer,
    actor: Actor,
    work: impl FnOnce(&mut Engine, &Actor) -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let attempt = sessions::begin_attempt(app, peer, &actor.name).await?;
    let done = app.read(move |engine| work(engine, &actor)).await;
    if !done.as_ref().is_err_and(|problem| problem.status() == StatusCode::UNPROCESSABLE_ENTITY) {
        app.gate.take_back(attempt);
    }
    done
}

/// The second factor of the caller, who must be an admin: the control socket belongs to none.
pub(crate) fn own(engine: &Engine, actor: &Actor) -> Result<SecondFactor, Problem> {
    let admin = engine.reader().admin(&actor.name)?;
    let admin = admin
        .ok_or_else(|| Problem::forbidden("no_admin", "only an admin's own session or token may do this"))?;
    Ok(admin.second_factor)
}

fn wrong(engine: &Engine) -> Problem {
    let hint = sessions::clock_hint(engine.facts().clock_trusted);
    Problem::invalid("otp", format!("is wrong or was used before{hint}"))
}
