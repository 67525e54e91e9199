//! A merchant's access to the gateway: which of its two worlds, where it is reached, and the key.

use std::fmt;
use std::sync::Arc;

use reqwest::Url;
use serde::{Deserialize, Serialize};

/// Which of the gateway's two worlds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayEnvironment {
    /// For trying out: no real money, keys of its own.
    #[default]
    Sandbox,
    /// Real money.
    Production,
}

impl GatewayEnvironment {
    /// The gateway's word for it, as configurations write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Production => "production",
        }
    }

    const fn core(self) -> &'static str {
        match self {
            Self::Sandbox => "https://api.sandbox.midtrans.com",
            Self::Production => "https://api.midtrans.com",
        }
    }

    const fn snap(self) -> &'static str {
        match self {
            Self::Sandbox => "https://app.sandbox.midtrans.com/snap/v1",
            Self::Production => "https://app.midtrans.com/snap/v1",
        }
    }
}

/// A merchant's server key: calls are made and notifications signed with it. It prints as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerKey(String);

impl ServerKey {
    /// How keys of the sandbox begin.
    const SANDBOX_PREFIX: &'static str = "SB-";
    /// How keys of production begin, as far as is known.
    const PRODUCTION_PREFIX: &'static str = "Mid-server-";

    /// Takes a text for a key.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The world that the key shows itself to be of, if it does.
    pub fn world(&self) -> Option<GatewayEnvironment> {
        match &self.0 {
            key if key.starts_with(Self::SANDBOX_PREFIX) => Some(GatewayEnvironment::Sandbox),
            key if key.starts_with(Self::PRODUCTION_PREFIX) => Some(GatewayEnvironment::Production),
            _ => None,
        }
    }

    /// The text, for the calls and signatures of this module.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }

    /// The text without this key, should the other side have echoed it.
    pub(super) fn struck_from(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// A server key that is asked for at each call, so that a changed one needs no restart.
#[derive(Clone)]
pub struct KeySource(Arc<dyn Fn() -> ServerKey + Send + Sync>);

impl KeySource {
    /// A key that may change. `read` must not take long.
    pub fn reloadable(read: impl Fn() -> ServerKey + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The key in force.
    pub(super) fn key(&self) -> ServerKey {
        (self.0)()
    }
}

impl From<ServerKey> for KeySource {
    fn from(key: ServerKey) -> Self {
        Self::reloadable(move || key.clone())
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is needed to speak for one merchant account.
#[derive(Clone, Debug)]
pub struct MerchantAccess {
    /// Which world the key is for.
    pub environment: GatewayEnvironment,
    /// The key that calls are made with.
    pub server_key: KeySource,
    /// Scheme, host and path prefix in the place of the Core API's, before `/v2`.
    pub core_url: Option<String>,
    /// Scheme, host and path prefix in the place of the payment page's `…/snap/v1`. Without a path it keeps `/snap/v1`.
    pub snap_url: Option<String>,
}

impl MerchantAccess {
    pub(super) fn core(&self) -> Result<Url, String> {
        base(self.environment.core(), self.core_url.as_deref()).map_err(|why| format!("core_url {why}"))
    }

    pub(super) fn snap(&self) -> Result<Url, String> {
        base(self.environment.snap(), self.snap_url.as_deref()).map_err(|why| format!("snap_url {why}"))
    }
}

/// The base address for paths. The error text continues the name of the key.
fn base(usual: &str, other: Option<&str>) -> Result<Url, String> {
    let usual = Url::parse(usual).expect("the gateway's addresses are written in this file");
    let Some(other) = other.map(str::trim).filter(|other| !other.is_empty()) else { return Ok(usual) };
    let mut url = Url::parse(other).map_err(|error| format!("is not a web address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err("is not a web address: it must begin with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not carry a name or password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end before any ? or #".to_owned());
    }
    if url.path() == "/" {
        url.set_path(usual.path());
    }
    Ok(url)
}

/// `base` followed by path segments, each escaped, so that none can climb or add another.
pub(super) fn below(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    url.path_segments_mut().expect("http addresses have paths").pop_if_empty().extend(segments);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(environment: GatewayEnvironment, key: &str, other: Option<&str>) -> MerchantAccess {
        MerchantAccess {
            environment,
            server_key: ServerKey::new(key).into(),
            core_url: other.map(str::to_owned),
            snap_url: other.map(str::to_owned),
        }
    }

    #[test]
    fn each_world_has_its_addresses_and_both_can_be_overridden() {
        use GatewayEnvironment::{Production, Sandbox};
        let rows = [
            (
                Sandbox,
                None,
                "https://api.sandbox.midtrans.com/v2",
                "https://app.sandbox.midtrans.com/snap/v1/t",
            ),
            (Production, None, "https://api.midtrans.com/v2", "https://app.midtrans.com/snap/v1/t"),
            (Production, Some(""), "https://api.midtrans.com/v2", "https://app.midtrans.com/snap/v1/t"),
            (Sandbox, Some("http://127.0.0.1:9"), "http://127.0.0.1:9/v2", "http://127.0.0.1:9/snap/v1/t"),
            (Sandbox, Some("http://127.0.0.1:9/"), "http://127.0.0.1:9/v2", "http://127.0.0.1:9/snap/v1/t"),
            (Sandbox, Some("http://h/a/b/"), "http://h/a/b/v2", "http://h/a/b/t"),
            (Sandbox, Some("http://h/a/b"), "http://h/a/b/v2", "http://h/a/b/t"),
        ];
        for (environment, other, core, snap) in rows {
            let access = access(environment, "k", other);
            assert_eq!(below(&access.core().unwrap(), &["v2"]).as_str(), core);
            assert_eq!(below(&access.snap().unwrap(), &["t"]).as_str(), snap);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for other in
            ["x", "ftp://h", "http://u:p@h", "http://u@h", "http://h/?a", "http://h/#a", "file:///etc"]
        {
            let access = access(GatewayEnvironment::Sandbox, "k", Some(other));
            assert!(access.core().unwrap_err().starts_with("core_url "), "{other}");
            assert!(access.snap().unwrap_err().starts_with("snap_url "), "{other}");
        }
    }

    #[test]
    fn segments_cannot_climb() {
        let core = access(GatewayEnvironment::Sandbox, "k", None).core().unwrap();
        let url = below(&core, &["v2", "a/../b#c d?e%2f", "status"]);
        assert_eq!(url.path(), "/v2/a%2F..%2Fb%23c%20d%3Fe%252f/status");
    }

    #[test]
    fn a_key_never_shows_and_tells_its_world() {
        let sandbox = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
        let production = "Mid-server-TESTKEYaaaaaaaaaaaaaaa";
        assert!(!format!("{:?}", access(GatewayEnvironment::Sandbox, sandbox, None)).contains("TESTKEY"));
        assert!(!format!("{:?}", ServerKey::new(sandbox)).contains("TESTKEY"));
        assert_eq!(ServerKey::new(sandbox).world(), Some(GatewayEnvironment::Sandbox));
        assert_eq!(ServerKey::new(production).world(), Some(GatewayEnvironment::Production));
        assert_eq!(ServerKey::new("anything").world(), None);
    }
}
