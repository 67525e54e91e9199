//! Under which names a server answers. A foreign page can have its own name point to this machine (DNS rebinding) and
//! would then count as a page of ours for the browser; an address or a name of ours cannot be taken over that way.

use std::net::{Ipv4Addr, Ipv6Addr};

use axum::http::header::HOST;
use axum::http::{HeaderMap, StatusCode, Uri};

use super::problem::Problem;

/// The stable code of [`foreign_host`].
pub const FOREIGN_HOST: &str = "foreign_host";

/// Names by which a server may be asked, in addition to every address and `localhost`.
#[derive(Clone, Debug, Default)]
pub struct HostNames(Vec<String>);

impl HostNames {
    /// Exactly these names, however they are written.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| name.to_ascii_lowercase()).collect())
    }

    /// Whether a request is for us: everything in it that names a host names one of ours. A program may name none;
    /// browsers always do.
    pub fn are_asked(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let in_uri = uri.authority().map(axum::http::uri::Authority::as_str);
        let in_headers = headers.get_all(HOST).iter().map(|host| host.to_str().unwrap_or_default());
        in_uri.into_iter().chain(in_headers).all(|authority| self.is_ours(authority))
    }

    /// Whether `host` or `host:port` is an address or a name of ours.
    fn is_ours(&self, authority: &str) -> bool {
        if let Some(rest) = authority.strip_prefix('[') {
            let Some((address, port)) = rest.split_once(']') else { return false };
            return address.parse::<Ipv6Addr>().is_ok() && is_port(port);
        }
        let (host, port) = authority.find(':').map_or((authority, ""), |at| authority.split_at(at));
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let is_known = || host == "localhost" || self.0.contains(&host);
        is_port(port) && (host.parse::<Ipv4Addr>().is_ok() || is_known())
    }
}

/// Nothing, or a colon and a port.
fn is_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.is_empty() || port.parse::<u16>().is_ok())
}

/// 421: the host that was asked for is not served here. `key` is the configuration's list of names.
pub fn foreign_host(key: &str) -> Problem {
    let detail = format!(
        "this server does not answer under that name: open it by its address, or add the name to {key}"
    );
    Problem::new(StatusCode::MISDIRECTED_REQUEST, FOREIGN_HOST, detail)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_and_our_own_names_are_ours_and_nothing_else() {
        let names = HostNames::new(["Kuota.lan".to_owned()]);
        let rows = [
            ("192.168.88.2:8080", true),
            ("10.5.50.1", true),
            ("[fd00::2]:8081", true),
            ("[::1]", true),
            ("localhost:8080", true),
            ("LOCALHOST", true),
            ("kuota.lan", true),
            ("KUOTA.LAN.:8080", true),
            ("kuota.lan:", true),
            ("evil.example", false),
            ("evil.example:8080", false),
            ("kuota.lan.evil.example", false),
            ("xkuota.lan", false),
            ("kuota.lan@evil.example", false),
            ("evil.example@kuota.lan", false),
            ("192.168.88.2.evil.example", false),
            ("192.168.88.2:8080:1", false),
            ("192.168.88", false),
            ("0x7f000001", false),
            ("2130706433", false),
            ("[evil.example]", false),
            ("[::1]evil.example", false),
            ("[::1", false),
            ("kuota.lan:99999", false),
            ("", false),
        ];
        for (host, ours) in rows {
            let headers: HeaderMap = [(HOST, HeaderValue::from_static(host))].into_iter().collect();
            assert_eq!(names.are_asked(&Uri::from_static("/"), &headers), ours, "{host:?}");
        }
        assert!(names.are_asked(&Uri::from_static("/"), &HeaderMap::new()), "an old program names no host");
    }

    #[test]
    fn every_host_that_a_request_names_must_be_ours() {
        let names = HostNames::new(["kuota.lan".to_owned()]);
        let mut headers = HeaderMap::new();
        headers.append(HOST, HeaderValue::from_static("kuota.lan"));
        assert!(names.are_asked(&Uri::from_static("http://10.0.0.2/x"), &headers));
        assert!(!names.are_asked(&Uri::from_static("http://evil.example/x"), &headers));
        headers.append(HOST, HeaderValue::from_static("evil.example"));
        assert!(!names.are_asked(&Uri::from_static("/"), &headers));
    }
}
