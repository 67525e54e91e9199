//! The cookie that carries the secret of a browser's session: of this host and its own pages only, and not for scripts.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use super::layout::cookie;
use crate::web::Problem;

/// The cookie of one face's sessions. Browsers do not keep ports apart, so every face of one host has a name of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionCookie {
    /// Its name.
    pub name: &'static str,
    /// How long a session lasts.
    pub lasts: Duration,
}

impl SessionCookie {
    /// The secret in a browser's cookie, known or not.
    pub fn secret<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie(headers, self.name)
    }

    /// The `Set-Cookie` of a session; without a secret the browser forgets it.
    pub fn set(&self, secret: Option<&str>) -> Result<HeaderValue, Problem> {
        let seconds = secret.map_or(0, |_| self.lasts.as_secs());
        let (name, secret) = (self.name, secret.unwrap_or_default());
        let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}");
        cookie.parse().map_err(|_| Problem::internal())
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn a_session_is_found_among_other_cookies() {
        let session = SessionCookie { name: "kuota_session", lasts: Duration::from_hours(12) };
        let headers = |value: &'static str| -> HeaderMap {
            [(COOKIE, HeaderValue::from_static(value))].into_iter().collect()
        };
        assert_eq!(session.secret(&headers("a=b; kuota_session=xyz ; c=d")), Some("xyz"));
        assert_eq!(session.secret(&headers("my_kuota_session=xyz")), None);
        let set = session.set(Some("xyz")).unwrap();
        assert_eq!(set, "kuota_session=xyz; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200");
        assert_eq!(
            session.set(None).unwrap(),
            "kuota_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"
        );
    }
}
