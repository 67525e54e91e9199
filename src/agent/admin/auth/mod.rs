//! Who calls: the control socket, a bearer token or a browser's session; and what each may do.

mod login;

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

pub(super) use login::{end_session, log_in, routes, set_session};

use super::desk::Desk;
use crate::agent::credentials::hash;
use crate::agent::engine::Actor;
use crate::agent::pages::frame::cookie;
use crate::store::{Role, SecretKind};
use crate::web::same_site::is_same_site;
use crate::web::{Peer, Problem};

/// The session's cookie.
const COOKIE_NAME: &str = "kuota_session";

/// Declares a caller of at least one role: as a parameter of a handler it answers 401 and 403 by itself.
macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident, $role:expr) => {
        $(#[$doc])*
        pub(super) struct $name(pub Actor);

        impl FromRequestParts<Arc<Desk>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
                let actor = identify(parts, desk).await?;
                if actor.role < $role {
                    let detail = format!("this needs the role {}, and yours is {}", $role.name(), actor.role.name());
                    return Err(Problem::forbidden("role", detail));
                }
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

/// The hash of a browser's session.
pub(super) struct Session(pub [u8; 32]);

impl FromRequestParts<Arc<Desk>> for Session {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, desk: &Arc<Desk>) -> Result<Self, Problem> {
        identify(parts, desk).await?;
        let secret = session_secret(&parts.headers)
            .ok_or_else(|| Problem::unauthorized("there is no session to end"))?;
        Ok(Self(hash(secret)))
    }
}

/// Who calls, by the control socket, a bearer token or a session.
pub(super) async fn identify(parts: &Parts, desk: &Desk) -> Result<Actor, Problem> {
    let source = match parts.extensions.get::<Peer>() {
        Some(Peer::Local) => return Ok(local()),
        Some(Peer::Network(address)) => address.to_string(),
        None => return Err(Problem::internal()),
    };
    let (secret, kind) = if let Some(header) = parts.headers.get(AUTHORIZATION) {
        let token = header.to_str().ok().and_then(bearer);
        (token.ok_or_else(|| Problem::unauthorized("send Authorization: Bearer TOKEN"))?, SecretKind::Token)
    } else if let Some(secret) = session_secret(&parts.headers) {
        (secret, SecretKind::Session)
    } else {
        return Err(Problem::unauthorized("log in, or send Authorization: Bearer TOKEN"));
    };
    let secret = hash(secret);
    let found = desk.look(move |engine| Ok(engine.reader().secret(&secret, kind, engine.now())?)).await?;
    let Some((name, role)) = found else {
        return Err(Problem::unauthorized("this token or session is not known or has ended"));
    };
    // A browser sends cookies along with requests that other sites make it send; a token it does not.
    if kind == SecretKind::Session && !parts.method.is_safe() && !is_same_site(&parts.headers) {
        let detail = "a session changes things only from its own pages (Origin); programs send a token";
        return Err(Problem::forbidden("cross_site", detail));
    }
    Ok(Actor { name, role, source })
}

/// Whoever may use the control socket owns the machine.
fn local() -> Actor {
    Actor { name: "local".into(), role: Role::Owner, source: "socket".into() }
}

fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The secret of a browser's session.
pub(super) fn session_secret(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE_NAME)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let map = headers(&[("cookie", "a=b; kuota_session=xyz ; c=d")]);
        assert_eq!(session_secret(&map), Some("xyz"));
        assert_eq!(session_secret(&headers(&[("cookie", "my_kuota_session=xyz")])), None);
    }
}
