//! Whether a browser says that a request comes from a page of ours.

use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderName};

/// Whether a browser says that the request comes from a page of ours. `Origin` outweighs `Sec-Fetch-Site`, which
/// browsers send on secure pages only.
pub fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match (text(ORIGIN), text(HOST)) {
        (Some(origin), Some(host)) => {
            origin.split_once("://").is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host))
        }
        (Some(_), None) => false,
        (None, _) => {
            let site = text(HeaderName::from_static("sec-fetch-site"));
            matches!(site, Some("same-origin" | "none"))
        }
    }
}

/// Whether the request comes from a page of somebody else. Old browsers and programs do not say.
pub fn is_cross_site(headers: &HeaderMap) -> bool {
    let says = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
    says && !is_same_site(headers)
}

/// Whether a page of another host asks by a script. Followed links and typed addresses carry no `Origin`; what has none
/// of its own says "null" and cannot read the answer.
pub fn names_foreign_origin(headers: &HeaderMap) -> bool {
    headers.get(ORIGIN).is_some_and(|origin| origin != "null") && !is_same_site(headers)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_pages_of_ours_are_the_same_site() {
        let host = ("host", "10.0.0.2:8080");
        let rows = [
            (vec![host, ("origin", "http://10.0.0.2:8080")], true, false),
            (vec![host, ("origin", "http://10.0.0.2")], false, true),
            (vec![host, ("origin", "null")], false, true),
            (vec![host, ("origin", "http://x.example"), ("sec-fetch-site", "same-origin")], false, true),
            (vec![host, ("sec-fetch-site", "same-origin")], true, false),
            (vec![host, ("sec-fetch-site", "cross-site")], false, true),
            (vec![host], false, false),
        ];
        for (pairs, same, cross) in rows {
            let header = |(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
            let map: HeaderMap = pairs.iter().copied().map(header).collect();
            assert_eq!((is_same_site(&map), is_cross_site(&map)), (same, cross), "{pairs:?}");
        }
    }
}
