//! Allowed targets for a customer's browser: the gateway's pages and the wallets' apps, and no others.

use reqwest::Url;

use crate::ui::layout::CONTENT_POLICY;

/// Schemes that open a wallet's app.
const SCHEMES: [&str; 2] = ["gojek", "shopeeid"];
/// Hosts of the gateway and the wallets; with a point before it, every host below it too.
const HOSTS: [&str; 11] = [
    ".midtrans.com",
    ".veritrans.co.id",
    "gojek.link",
    ".gojek.com",
    "gopay.co.id",
    ".gopayapi.com",
    ".gojekapi.com",
    "shopee.co.id",
    ".shopee.co.id",
    ".shopeepay.co.id",
    ".airpay.co.id",
];
/// Hosts of this machine, for a gateway that is simulated on it.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Allowed targets of links from the gateway.
#[derive(Clone, Copy, Debug)]
pub(super) struct Targets {
    /// Whether this machine is allowed, which it is while the relay runs on it.
    pub loopback: bool,
}

impl Targets {
    /// The address as a browser would parse it, if its target is allowed.
    pub fn allowed(self, address: &str) -> Option<String> {
        let url = Url::parse(address).ok()?;
        let host = url.host_str().unwrap_or_default();
        let is_plain = url.username().is_empty() && url.password().is_none();
        let is_known = match url.scheme() {
            scheme if SCHEMES.contains(&scheme) => true,
            "https" if url.port().is_none() && is_on_list(host) => true,
            "http" | "https" => self.loopback && LOOPBACK.contains(&host),
            _ => false,
        };
        (is_plain && is_known).then(|| url.into())
    }

    /// The content policy of the portal's pages: browsers apply it to redirects after a form, too.
    pub fn content_policy(self) -> String {
        let mut sources: Vec<String> = SCHEMES.iter().map(|scheme| format!("{scheme}:")).collect();
        sources.extend(HOSTS.iter().map(|host| {
            let any = if host.starts_with('.') { "*" } else { "" };
            format!("https://{any}{host}")
        }));
        if self.loopback {
            sources.extend(["http://127.0.0.1:*".to_owned(), "http://localhost:*".to_owned()]);
        }
        CONTENT_POLICY.replace("form-action 'self'", &format!("form-action 'self' {}", sources.join(" ")))
    }
}

fn is_on_list(host: &str) -> bool {
    HOSTS.iter().any(|known| match known.strip_prefix('.') {
        Some(_) => host.ends_with(known),
        None => host == *known,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_gateway_and_wallets_are_led_to() {
        let rows = [
            ("gojek://gopay/merchanttransfer?tref=1&amount=2", true),
            ("shopeeid://main", true),
            ("https://app.midtrans.com/snap/v4/redirection/abc", true),
            ("https://app.sandbox.midtrans.com/snap/v4/redirection/abc", true),
            ("https://gojek.link/gopay/merchanttransfer?x=1", true),
            ("https://wsa.wallet.airpay.co.id/universal-link/pay", true),
            ("https://app.shopeepay.co.id/pay", true),
            ("HTTPS://APP.MIDTRANS.COM/x", true),
            ("http://app.midtrans.com/x", false),
            ("https://midtrans.com.evil.example/x", false),
            ("https://evilmidtrans.com/x", false),
            ("https://evilgojek.link/x", false),
            ("https://app.midtrans.com:8443/x", false),
            ("https://app.midtrans.com@evil.example/x", false),
            ("https://evil.example\\@app.midtrans.com/x", false),
            ("https://user@app.midtrans.com/x", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("intent://x#Intent;scheme=https;end", false),
            ("//app.midtrans.com/x", false),
            ("/payment", false),
            ("", false),
            ("http://127.0.0.1:9000/simulator", false),
        ];
        for (address, allowed) in rows {
            assert_eq!(Targets { loopback: false }.allowed(address).is_some(), allowed, "{address}");
        }
        let demo = Targets { loopback: true };
        for (address, allowed) in [
            ("http://127.0.0.1:9000/simulator", true),
            ("http://localhost:9000/simulator", true),
            ("http://127.0.0.1.evil.example/", false),
            ("http://10.0.0.1/", false),
        ] {
            assert_eq!(demo.allowed(address).is_some(), allowed, "{address}");
        }
        assert!(!Targets { loopback: false }.content_policy().contains("127.0.0.1"));
        assert!(demo.content_policy().contains("form-action 'self' gojek: shopeeid: https://*.midtrans.com"));
    }

    #[test]
    fn what_is_led_to_never_breaks_a_header() {
        let led = Targets { loopback: false }.allowed("gojek://pay?x=a\r\nSet-Cookie: b").unwrap();
        assert!(!led.contains(['\r', '\n', ' ']), "{led}");
    }
}
