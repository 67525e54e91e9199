//! Which browsers can open an app from a page. Phones open a hotspot's portal in a captive window, which follows no
//! link into an app and loses all state when it is closed.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;

/// Whether the page is shown in a captive window, or in an unknown client.
pub(super) fn is_captive(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let agent = text(USER_AGENT.as_str());
    let inside_app = text("x-requested-with").to_ascii_lowercase().contains("captiveportallogin");
    // Apple's captive assistant names WebKit on a phone, but neither Safari nor another browser.
    let is_assistant = agent.contains("AppleWebKit/")
        && agent.contains("Mobile/")
        && !["Safari/", "CriOS/", "FxiOS/", "EdgiOS/"].iter().any(|browser| agent.contains(browser));
    let is_web_view = agent.contains("; wv)") || agent.contains("CaptivePortalLogin");
    agent.is_empty()
        || agent.starts_with("CaptiveNetworkSupport")
        || inside_app
        || is_assistant
        || is_web_view
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn little_windows_are_told_from_real_browsers() {
        let rows = [
            (
                "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
                true,
            ),
            (
                "Mozilla/5.0 (Linux; Android 14; SM-A155F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0 Mobile Safari/537.36",
                true,
            ),
            ("Dalvik/2.1.0 (Linux; Android 14) CaptivePortalLogin", true),
            ("CaptiveNetworkSupport-471 wispr", true),
            ("", true),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", false),
        ];
        for (agent, captive) in rows {
            let headers = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(agent))]);
            assert_eq!(is_captive(&headers), captive, "{agent}");
        }
        let mut headers =
            HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static("Mozilla/5.0 Safari/1"))]);
        headers.insert(
            HeaderName::from_static("x-requested-with"),
            HeaderValue::from_static("com.android.captiveportallogin"),
        );
        assert!(is_captive(&headers));
        assert!(is_captive(&HeaderMap::new()), "who says nothing is not sent away");
    }
}
