//! Who calls, and what each role may do.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::changes::{OWNER_ROLE, SITE_ROLE};
use super::sessions::{self, COOKIE};
use super::state::ConsoleState;
use crate::domain::role::Role;
use crate::domain::units::Timestamp;
use crate::relay::store::operators::LogAuthor;
use crate::tools::bearer::bearer;
use crate::web::same_site::is_same_site;
use crate::web::{Peer, Problem};

/// An operator who logged in with password and code.
#[derive(Clone)]
pub(super) struct ConsoleCaller {
    /// Who.
    pub name: String,
    /// What the operator may do.
    pub role: Role,
    /// From where.
    pub peer: Peer,
    /// SHA-256 of the log-in's secret.
    pub sha256: [u8; 32],
}

impl ConsoleCaller {
    /// An error unless the caller has this role or a higher one.
    pub fn demand(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            return Ok(());
        }
        let detail = format!("this needs the role {}, and yours is {}", role.name(), self.role.name());
        Err(Problem::forbidden("role", detail))
    }

    /// The author of a change, for the log.
    pub fn author(&self, at: Timestamp) -> LogAuthor {
        sessions::author(&self.name, self.peer, at)
    }
}

/// The peer of a request.
pub(super) fn peer_of(parts: &Parts) -> Result<Peer, Problem> {
    parts.extensions.get::<Peer>().copied().ok_or_else(Problem::internal)
}

/// A call of the API: a program with a token, or a browser with its cookie.
pub(super) struct ApiCaller(pub ConsoleCaller);

impl FromRequestParts<Arc<ConsoleState>> for ApiCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<ConsoleState>) -> Result<Self, Problem> {
        let peer = peer_of(parts)?;
        let header = parts.headers.get(AUTHORIZATION);
        let secret = match header {
            Some(header) => header.to_str().ok().and_then(bearer),
            None => COOKIE.secret(&parts.headers),
        };
        let secret =
            secret.ok_or_else(|| Problem::unauthorized("log in, or send Authorization: Bearer TOKEN"))?;
        let found = sessions::find(state, secret).await?.filter(|found| found.session.is_full);
        let found = found.ok_or_else(|| Problem::unauthorized("this log-in is not known or has ended"))?;
        // A browser sends cookies along with requests that other sites make it send; a token it does not.
        if header.is_none() && !parts.method.is_safe() && !is_same_site(&parts.headers) {
            let detail = "a log-in changes things only from its own pages (Origin); programs send a token";
            return Err(Problem::forbidden("cross_site", detail));
        }
        Ok(Self(found.caller(peer)))
    }
}

/// Declares a call of at least one role: as a parameter of a handler it refuses by itself, before the body is read.
macro_rules! at_least {
    ($(#[$doc:meta])* $name:ident, $role:expr) => {
        $(#[$doc])*
        pub(super) struct $name(pub ConsoleCaller);

        impl FromRequestParts<Arc<ConsoleState>> for $name {
            type Rejection = Problem;

            async fn from_request_parts(
                parts: &mut Parts,
                state: &Arc<ConsoleState>,
            ) -> Result<Self, Problem> {
                let ApiCaller(caller) = ApiCaller::from_request_parts(parts, state).await?;
                caller.demand($role)?;
                Ok(Self(caller))
            }
        }
    };
}

at_least! {
    /// A call of somebody who may change sites.
    SiteCaller, SITE_ROLE
}
at_least! {
    /// A call of somebody who may change everything.
    OwnerCaller, OWNER_ROLE
}
