//! The token of an `Authorization` header.

/// The token of `Bearer TOKEN`; the scheme in any case.
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_scheme_bearer_has_a_token() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bEARER  abc "), Some("abc"));
        for other in ["", "abc", "Bearer", "Basic abc"] {
            assert_eq!(bearer(other), None, "{other}");
        }
    }
}
