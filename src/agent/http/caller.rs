//! Who calls: the control socket, a bearer token or a browser's session; and what each may do.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::sessions::{COOKIE, session_of};
use super::state::AppState;
use crate::agent::engine::Actor;
use crate::identity::hash;
use crate::store::{Role, SecretKind};
use crate::tools::bearer::bearer;
use crate::web::same_site::is_same_site;
use crate::web::{Peer, Problem};

/// An error unless the caller has this role or a higher one.
pub(crate) fn demand(actor: &Actor, role: Role) -> Result<(), Problem> {
    if actor.role >= role {
        return Ok(());
    }
    let detail = format!("this needs the role {}, and yours is {}", role.name(), actor.role.name());
    Err(Problem::forbidden("role", detail))
}

/// Declares a caller of at least one role: as a parameter of a handler it answers 401 and 403 by itself.
macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident, $role:expr) => {
        $(#[$doc])*
        pub(crate) struct $name(pub Actor);

        impl FromRequestParts<Arc<AppState>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Problem> {
                let actor = identify(parts, app).await?;
                demand(&actor, $role)?;
                Ok(Self(actor))
            }
        }
    };
}

at_least! {
    /// Somebody who may read.
    Viewer, Role::Viewer
}
at_least! {
    /// Somebody who may also take money.
    Cashier, Role::Cashier
}
at_least! {
    /// Somebody who may also change users, devices and debts.
    Operator, Role::Operator
}
at_least! {
    /// Somebody who may do everything.
    Owner, Role::Owner
}

/// The secret of a browser's session.
pub(crate) struct Session(pub String);

impl FromRequestParts<Arc<AppState>> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<AppState>) -> Result<Self, Problem> {
        identify(parts, app).await?;
        let secret = COOKIE.secret(&parts.headers);
        let secret = secret.ok_or_else(|| Problem::unauthorized("there is no session to end"))?;
        Ok(Self(secret.to_owned()))
    }
}

/// Who calls, by the control socket, a bearer token or a session.
pub(crate) async fn identify(parts: &Parts, app: &AppState) -> Result<Actor, Problem> {
    let peer = match parts.extensions.get::<Peer>() {
        Some(Peer::Local) => return Ok(local()),
        Some(peer) => *peer,
        None => return Err(Problem::internal()),
    };
    let (found, kind) = if let Some(header) = parts.headers.get(AUTHORIZATION) {
        let token = header.to_str().ok().and_then(bearer);
        let token = token.ok_or_else(|| Problem::unauthorized("send Authorization: Bearer TOKEN"))?;
        (super::sessions::actor_of(app, peer, hash(token), SecretKind::Token).await?, SecretKind::Token)
    } else if COOKIE.secret(&parts.headers).is_some() {
        (session_of(app, peer, &parts.headers).await?, SecretKind::Session)
    } else {
        return Err(Problem::unauthorized("log in, or send Authorization: Bearer TOKEN"));
    };
    let actor =
        found.ok_or_else(|| Problem::unauthorized("this token or session is not known or has ended"))?;
    // A browser sends cookies along with requests that other sites make it send; a token it does not.
    if kind == SecretKind::Session && !parts.method.is_safe() && !is_same_site(&parts.headers) {
        let detail = "a session changes things only from its own pages (Origin); programs send a token";
        return Err(Problem::forbidden("cross_site", detail));
    }
    Ok(actor)
}

/// The user of the control socket owns the machine.
fn local() -> Actor {
    Actor { name: "local".into(), role: Role::Owner, source: "socket".into() }
}
