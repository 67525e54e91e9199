//! The configuration of `kuotad`: one tree whose sections are the tables of the TOML file.
//!
//! Defaults < file < environment (`KUOTA__SECTION__KEY`). `config/kuotad.toml` holds every key with its default
//! and says in words what each is for. Secrets are not part of the tree: it names files, and
//! [`Config::load_secrets`] reads them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Zone;
use crate::domain::order::OnlineMethod;
use crate::domain::units::{AMOUNT_RP_MAX, Bytes};
use crate::routeros::tls::{self, Authorities};
use crate::settings::{
    self, Environment, Finding, Fingerprint, HostName, HttpUrl, ListName, Network, RouterAddress, Secret,
    SecretSource, SettingsError, Sources, SpeedLimit,
};

/// Variables that begin with this are settings.
pub const ENV_PREFIX: &str = "KUOTA__";

/// Everything that is wrong with a configuration.
pub type ConfigError = SettingsError;

/// Keys that take effect when the configuration is read again while the daemon runs; every other key waits for the next
/// start. [`Config::take_live`] copies exactly these, and everything that runs reads the result.
pub const LIVE: [&str; 17] = [
    "policy.block_hour",
    "policy.block_overdue",
    "policy.cashier_credit_rp",
    "policy.debt_due",
    "policy.debt_limit",
    "policy.enforcement",
    "policy.expiry",
    "policy.fup_rate",
    "policy.fup_threshold",
    "policy.max_devices_per_user",
    "policy.offline_grace",
    "policy.overage",
    "policy.overdue_grace_days",
    "policy.pay_window",
    "policy.price_rounding_rp",
    "router.poll_interval",
    "store.commit_interval",
];

const DAY: Duration = Duration::from_hours(24);
/// The most days that a key may name: ten years.
const DAYS_MAX: u32 = 3660;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Folder of the store, the control socket and backups.
    pub data_dir: PathBuf,
    /// The zone whose midnights count.
    pub timezone: Zone,
    /// Language of pages and messages.
    pub language: Language,
    /// The hotspot's name, as customers know it: on receipts and in messages.
    pub name: String,
    /// Where the source of the running program can be had, for the foot of every page; empty: from the owner.
    pub source_url: String,
    /// The operator's pages and API.
    pub admin: Admin,
    /// The customers' pages.
    pub portal: Portal,
    /// The router.
    pub router: Router,
    /// How often is written and how long is kept.
    pub store: Store,
    /// The rules of quota, debt and access.
    pub policy: Policy,
    /// Trust in the wall clock.
    pub clock: Clock,
    /// The payment relay; without it there is no online payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relay: Option<Relay>,
    /// Online payment.
    pub payment: Payment,
}

/// `[admin]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Admin {
    /// Where the operator's pages listen.
    pub listen: SocketAddr,
    /// Who may reach them; connections from elsewhere are refused. Customers' networks count only where they are named
    /// here themselves; this machine always may. See [`super::admission`].
    pub allowed_networks: Vec<Network>,
    /// Further names by which browsers may reach the desk and the portal. Addresses, `localhost` and the host of
    /// `portal.public_url` always do.
    pub hosts: Vec<HostName>,
    /// Who may read `/metrics` without a token.
    pub metrics_networks: Vec<Network>,
}

/// `[portal]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Portal {
    /// Where the customers' pages listen.
    pub listen: SocketAddr,
    /// How customers reach them.
    pub public_url: HttpUrl,
    /// Addresses of customers' devices.
    pub client_networks: Vec<Network>,
    /// Whether customers may register themselves.
    pub registration: Registration,
    /// How customers reach the owner; empty: not shown.
    pub contact: String,
}

/// `[router]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Router {
    /// Host and port of the RouterOS API: 8728 is usual without TLS, 8729 with. `tls = "verify"` wants a certificate
    /// for this host.
    pub address: RouterAddress,
    /// Encryption of that connection.
    pub tls: Tls,
    /// The certificate that `tls = "pinned"` accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_fingerprint: Option<Fingerprint>,
    /// PEM file with the certificates of the authorities that `tls = "verify"` accepts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_ca_file: Option<PathBuf>,
    /// Name of the RouterOS user.
    pub username: String,
    /// File with its password; the credential `router.password` replaces it.
    pub password_file: PathBuf,
    /// Which table of the router tells usage.
    pub usage_source: UsageSource,
    /// Time from one reading to the next.
    #[serde(with = "settings::duration")]
    pub poll_interval: Duration,
    /// Longest time to wait for one reply.
    #[serde(with = "settings::duration")]
    pub timeout: Duration,
    /// Names of the address lists.
    pub lists: Lists,
}

/// `[router.lists]`: the firewall address list of each access.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lists {
    /// Full access.
    pub active: ListName,
    /// Reduced speed.
    pub fup: ListName,
    /// Quota used up.
    pub habis: ListName,
    /// Days are over.
    pub expired: ListName,
    /// Not approved, or deactivated.
    pub inactive: ListName,
    /// Blocked for debt or by an admin.
    pub blocked: ListName,
}

/// `[store]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Store {
    /// Longest time that readings are gathered in memory before they are written.
    #[serde(with = "settings::duration")]
    pub commit_interval: Duration,
    /// How long usage by the hour is kept.
    #[serde(with = "settings::duration")]
    pub usage_hours_kept: Duration,
}

/// `[policy]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Whether the router is changed.
    pub enforcement: Enforcement,
    /// What happens when the quota is used up.
    pub overage: Overage,
    /// Overage at which a user is blocked.
    #[serde(with = "settings::amount")]
    pub debt_limit: Bytes,
    /// Remaining quota from which speed is reduced.
    #[serde(with = "settings::amount")]
    pub fup_threshold: Bytes,
    /// The reduced speed.
    pub fup_rate: SpeedLimit,
    /// Whether overdue debt blocks.
    pub block_overdue: bool,
    /// Days between due date and block.
    pub overdue_grace_days: u32,
    /// Local time of day from which overdue debt blocks, in minutes since midnight.
    #[serde(with = "settings::day_minute")]
    pub block_hour: u16,
    /// Due date of debt that is given none.
    pub debt_due: DebtDue,
    /// How bought days meet days that are left.
    pub expiry: Expiry,
    /// Prices of debt are rounded up to a multiple of this, in rupiah.
    pub price_rounding_rp: u64,
    /// Devices one user may bind.
    pub max_devices_per_user: u32,
    /// Sales on credit a cashier may have open, in rupiah; 0: none.
    pub cashier_credit_rp: u64,
    /// How long an open online order lets a stopped user online to pay; zero: not at all.
    #[serde(with = "settings::duration")]
    pub pay_window: Duration,
    /// How long an order that cannot be checked holds off a debt block; zero: not at all.
    #[serde(with = "settings::duration")]
    pub offline_grace: Duration,
}

/// `[clock]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clock {
    /// When the wall clock is believed.
    pub trust: ClockTrust,
}

/// `[relay]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Where the relay is.
    pub url: HttpUrl,
    /// The name of this site there.
    pub site: String,
    /// File with the site's token; the credential `relay.token` replaces it.
    #[serde(default = "relay_token_file")]
    pub token_file: PathBuf,
}

/// `[payment]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Payment {
    /// Our own payment pages or the gateway's.
    pub mode: PaymentMode,
    /// Methods on offer, in the order that customers see.
    pub methods: Vec<OnlineMethod>,
}

/// Declares an enum of the words that a key accepts.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }
    };
}

words! {
    /// Language of pages and messages.
    Language {
        /// Indonesian.
        Indonesian = "id",
        /// English.
        English = "en",
    }
}
words! {
    /// Whether customers may register themselves.
    Registration {
        /// No.
        Off = "off",
        /// Yes; an operator approves each.
        Approval = "approval",
        /// Yes; the first paid order approves.
        Payment = "payment",
    }
}
words! {
    /// Encryption of the connection to the router.
    Tls {
        /// None.
        Off = "off",
        /// TLS with a certificate for the router's address, signed by an authority of `tls_ca_file`.
        Verify = "verify",
        /// TLS with the one certificate of `tls_fingerprint`.
        Pinned = "pinned",
    }
}
words! {
    /// Which table of the router tells usage.
    UsageSource {
        /// The hotspot's host table.
        HotspotHost = "hotspot-host",
    }
}
words! {
    /// Whether the router is changed.
    Enforcement {
        /// Yes.
        On = "on",
        /// No; what would change is only shown.
        DryRun = "dry-run",
    }
}
words! {
    /// What happens when the quota is used up.
    Overage {
        /// Access stops.
        Stop = "stop",
        /// Use goes on as debt, up to the limit.
        Debt = "debt",
    }
}
words! {
    /// How bought days meet days that are left.
    Expiry {
        /// The later of the old expiry and now + days.
        ResetFromNow = "reset_from_now",
        /// The days are put behind those that are left.
        Extend = "extend",
    }
}
words! {
    /// When the wall clock is believed.
    ClockTrust {
        /// While it agrees with the last trusted time and the monotonic clock.
        Auto = "auto",
        /// Always: the machine has a clock with a battery.
        Always = "always",
    }
}
words! {
    /// Whose payment pages customers see.
    PaymentMode {
        /// Ours.
        Core = "core",
        /// The gateway's.
        Snap = "snap",
    }
}
/// Due date of debt that is given none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebtDue {
    /// `"end_of_month"`: the last day of the month, of the next one when it is near.
    EndOfMonth,
    /// `"14d"`: so many days after the debt date.
    Days(u32),
}

const DEBT_DUE_HINT: &str = "write \"end_of_month\" or a number of days, like \"14d\"";

impl Serialize for DebtDue {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::EndOfMonth => s.serialize_str("end_of_month"),
            Self::Days(days) => s.serialize_str(&settings::days_text(*days)),
        }
    }
}

impl<'de> Deserialize<'de> for DebtDue {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        if text == "end_of_month" {
            return Ok(Self::EndOfMonth);
        }
        let days =
            text.strip_suffix('d').and_then(|n| n.trim().parse().ok()).filter(|days| *days <= DAYS_MAX);
        days.map(Self::Days)
            .ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no due date: {DEBT_DUE_HINT}")))
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: "/var/lib/kuota".into(),
            timezone: Zone::named("Asia/Jakarta").expect("zone data is compiled in"),
            language: Language::Indonesian,
            name: "Hotspot".into(),
            source_url: String::new(),
            admin: Admin::default(),
            portal: Portal::default(),
            router: Router::default(),
            store: Store::default(),
            policy: Policy::default(),
            clock: Clock::default(),
            relay: None,
            payment: Payment::default(),
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        let networks = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        Self {
            listen: ([0, 0, 0, 0], 8080).into(),
            allowed_networks: networks.map(literal).to_vec(),
            hosts: Vec::new(),
            metrics_networks: ["127.0.0.1/32", "::1/128"].map(literal).to_vec(),
        }
    }
}

impl Default for Portal {
    fn default() -> Self {
        Self {
            listen: ([0, 0, 0, 0], 8081).into(),
            public_url: literal("http://192.168.88.2:8081"),
            client_networks: vec![literal("10.5.50.0/24")],
            registration: Registration::Off,
            contact: String::new(),
        }
    }
}

impl Default for Router {
    fn default() -> Self {
        Self {
            address: literal("192.168.88.1:8728"),
            tls: Tls::Off,
            tls_fingerprint: None,
            tls_ca_file: None,
            username: "kuota".to_owned(),
            password_file: "/etc/kuota/router.password".into(),
            usage_source: UsageSource::HotspotHost,
            poll_interval: Duration::from_secs(10),
            timeout: Duration::from_secs(10),
            lists: Lists::default(),
        }
    }
}

impl Default for Lists {
    fn default() -> Self {
        Self {
            active: literal("klient_aktif"),
            fup: literal("klient_fup"),
            habis: literal("klient_habis"),
            expired: literal("klient_expired"),
            inactive: literal("klient_inactive"),
            blocked: literal("klient_blocked"),
        }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { commit_interval: Duration::from_mins(1), usage_hours_kept: 90 * DAY }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enforcement: Enforcement::On,
            overage: Overage::Stop,
            debt_limit: Bytes::mb(500),
            fup_threshold: Bytes::mb(3072),
            fup_rate: literal("1M/1M"),
            block_overdue: true,
            overdue_grace_days: 0,
            block_hour: 0,
            debt_due: DebtDue::EndOfMonth,
            expiry: Expiry::ResetFromNow,
            price_rounding_rp: 10_000,
            max_devices_per_user: 3,
            cashier_credit_rp: 0,
            pay_window: Duration::from_mins(10),
            offline_grace: Duration::ZERO,
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self { trust: ClockTrust::Auto }
    }
}

impl Default for Payment {
    fn default() -> Self {
        use OnlineMethod::{Gopay, Qris, Shopeepay, VaBca, VaBni, VaBri, VaCimb, VaMandiri, VaPermata};
        Self {
            mode: PaymentMode::Core,
            methods: vec![Qris, Gopay, Shopeepay, VaBca, VaBni, VaBri, VaPermata, VaCimb, VaMandiri],
        }
    }
}

/// A default written as people write it.
fn literal<T: std::str::FromStr<Err = String>>(text: &str) -> T {
    text.parse().expect("defaults are well formed")
}

fn relay_token_file() -> PathBuf {
    "/etc/kuota/relay.token".into()
}

/// What the configuration's files hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// Password of the RouterOS user.
    pub router_password: Secret,
    /// The site's token at the relay, where there is a relay.
    pub relay_token: Option<Secret>,
}

impl Config {
    /// Reads the file over the defaults and the environment over both. The error holds every mistake found; a
    /// missing file is one.
    pub fn load(path: &Path, env: &Environment) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let reason = format!(
                "cannot read the configuration: {error}; name another with --config, or run kuotad setup"
            );
            let origin = path.display().to_string();
            ConfigError { findings: vec![Finding::unreadable("", reason, origin, &error)] }
        })?;
        Self::parse(&text, &path.display().to_string(), env)
    }

    /// Like [`Config::load`], from the file's text; `name` is what findings call it.
    pub fn parse(text: &str, name: &str, env: &Environment) -> Result<Self, ConfigError> {
        let sources = Sources { file: text, file_name: name, env, env_prefix: ENV_PREFIX };
        let config = settings::read(&Self::default(), &Self::complete(), sources)?;
        ConfigError::check(config.findings())?;
        Ok(config)
    }

    /// A tree with every optional part present: it says which keys there are and of what type.
    fn complete() -> Self {
        let relay = Relay {
            url: literal("https://relay.example"),
            site: "site-1".to_owned(),
            token_file: relay_token_file(),
        };
        let mut config = Self { relay: Some(relay), ..Self::default() };
        config.router.tls_fingerprint = Some(Fingerprint([0; 32]));
        config.router.tls_ca_file = Some("/etc/kuota/router-ca.pem".into());
        config
    }

    /// Reads the secrets that this configuration needs, from systemd credentials or files. The error names every
    /// one that cannot be had.
    pub fn load_secrets(&self, env: &Environment) -> Result<Secrets, ConfigError> {
        let mut findings = Vec::new();
        let mut read = |name: &str, file: &Path| {
            let secret = SecretSource { name, file }.read(env);
            secret.map_err(|finding| findings.push(finding)).ok()
        };
        let router_password = read("router.password", &self.router.password_file);
        let relay_token = self.relay.as_ref().map(|relay| read("relay.token", &relay.token_file));
        match (router_password, relay_token) {
            (Some(router_password), None) => Ok(Secrets { router_password, relay_token: None }),
            (Some(router_password), Some(Some(token))) => {
                Ok(Secrets { router_password, relay_token: Some(token) })
            }
            _ => Err(ConfigError { findings }),
        }
    }

    /// Takes over from `new` the keys of [`LIVE`] and no other.
    pub fn take_live(&mut self, new: &Self) {
        self.policy = new.policy.clone();
        self.router.poll_interval = new.router.poll_interval;
        self.store.commit_interval = new.store.commit_interval;
    }

    /// Every key with its whole path, such as `policy.debt_limit`, and its value as it is written. Keys of absent
    /// sections are left out.
    pub fn keys(&self) -> BTreeMap<String, String> {
        let tree =
            serde_json::to_value(self).expect("configuration trees hold texts, numbers and sections only");
        let mut out = BTreeMap::new();
        flatten("", &tree, &mut out);
        out
    }

    /// The configuration in effect as TOML that reads back to an equal one. It names secret files; what they hold
    /// is not in it.
    pub fn effective_toml(&self) -> String {
        settings::to_toml(self)
    }

    /// Ranges and rules between keys.
    fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        self.check_ranges(&mut out);
        self.check_presence(&mut out);
        self.check_rules(&mut out);
        out
    }

    fn check_ranges(&self, out: &mut Vec<Finding>) {
        let minute = Duration::from_mins(1);
        let router = &self.router;
        let times = [
            ("router.poll_interval", router.poll_interval, Duration::from_millis(100), DAY),
            ("router.timeout", router.timeout, Duration::from_millis(100), 5 * minute),
            ("store.commit_interval", self.store.commit_interval, Duration::ZERO, DAY),
            ("store.usage_hours_kept", self.store.usage_hours_kept, DAY, 3660 * DAY),
            ("policy.pay_window", self.policy.pay_window, Duration::ZERO, DAY),
            ("policy.offline_grace", self.policy.offline_grace, Duration::ZERO, 30 * DAY),
        ];
        for (key, value, min, max) in times {
            if value < min || value > max {
                let [value, min, max] = [value, min, max].map(settings::duration_text);
                out.push(Finding::new(key, format!("{value} is out of range: write {min} to {max}")));
            }
        }
        let policy = &self.policy;
        let numbers = [
            ("policy.price_rounding_rp", policy.price_rounding_rp, 1, 1_000_000),
            ("policy.cashier_credit_rp", policy.cashier_credit_rp, 0, AMOUNT_RP_MAX),
            ("policy.overdue_grace_days", policy.overdue_grace_days.into(), 0, DAYS_MAX.into()),
            ("policy.max_devices_per_user", policy.max_devices_per_user.into(), 1, 100),
        ];
        for (key, value, min, max) in numbers {
            if value < min || value > max {
                out.push(Finding::new(key, format!("{value} is out of range: write {min} to {max}")));
            }
        }
    }

    fn check_presence(&self, out: &mut Vec<Finding>) {
        let relay_site = self.relay.as_ref().map(|relay| relay.site.as_str());
        let texts = [
            ("data_dir", self.data_dir.to_str(), "write a folder, like \"/var/lib/kuota\""),
            ("router.username", Some(self.router.username.as_str()), "write the name of the RouterOS user"),
            ("router.password_file", self.router.password_file.to_str(), "write the name of a file"),
            ("relay.site", relay_site.or(Some("-")), "write the name that the relay knows this site by"),
        ];
        for (key, text, hint) in texts {
            if text.is_none_or(|text| text.trim().is_empty() || text.chars().any(char::is_control)) {
                out.push(Finding::new(key, format!("is empty or holds control characters: {hint}")));
            }
        }
        let lists = [
            (
                "admin.allowed_networks",
                self.admin.allowed_networks.is_empty(),
                "nobody could reach the admin pages",
            ),
            (
                "portal.client_networks",
                self.portal.client_networks.is_empty(),
                "no device could be a customer's",
            ),
            (
                "payment.methods",
                self.payment.methods.is_empty() && self.relay.is_some(),
                "nobody could pay; remove [relay] to switch online payment off",
            ),
        ];
        for (key, is_empty, why) in lists {
            if is_empty {
                out.push(Finding::new(key, format!("is empty: {why}")));
            }
        }
    }

    fn check_rules(&self, out: &mut Vec<Finding>) {
        if self.policy.overage == Overage::Debt && self.policy.debt_limit.is_zero() {
            out.push(Finding::new(
                "policy.debt_limit",
                "must be more than 0 with policy.overage = \"debt\": write an amount like \"500 MB\", or \"stop\" there",
            ));
        }
        out.extend(self.router.tls_finding());
        let (admin, portal) = (self.admin.listen, self.portal.listen);
        if admin == portal && admin.port() != 0 {
            out.push(Finding::new(
                "portal.listen",
                format!("is the same as admin.listen: {admin}; write another port"),
            ));
        }
        let mut seen = BTreeMap::new();
        for (key, name) in self.router.lists.named() {
            if let Some(first) = seen.insert(name, key) {
                out.push(Finding::new(
                    key,
                    format!("is the same list as {first}: every access needs a list of its own"),
                ));
            }
        }
        let mut methods = std::collections::BTreeSet::new();
        if !self.payment.methods.iter().all(|method| methods.insert(*method)) {
            out.push(Finding::new("payment.methods", "names a method twice: write each once"));
        }
        if self.payment.methods.contains(&OnlineMethod::Snap) {
            out.push(Finding::new("payment.methods", "\"snap\" is no method: write payment.mode = \"snap\""));
        }
    }
}

fn flatten(path: &str, value: &serde_json::Value, out: &mut BTreeMap<String, String>) {
    let serde_json::Value::Object(section) = value else {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        out.insert(path.to_owned(), text);
        return;
    };
    for (name, value) in section {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        flatten(&path, value, out);
    }
}

impl Router {
    /// The key that the chosen encryption lacks.
    fn tls_finding(&self) -> Option<Finding> {
        let is_empty = |file: &Path| file.as_os_str().is_empty();
        match self.tls {
            Tls::Pinned if self.tls_fingerprint.is_none() => Some(Finding::new(
                "router.tls_fingerprint",
                "is missing with router.tls = \"pinned\": write the SHA-256 of the router's certificate, which \
                 /certificate print shows there as fingerprint",
            )),
            Tls::Verify if self.tls_ca_file.as_deref().is_none_or(is_empty) => Some(Finding::new(
                "router.tls_ca_file",
                "is missing with router.tls = \"verify\", which trusts nobody by itself: write the PEM file of the \
                 authority that signed the router's certificate, or take \"pinned\"",
            )),
            _ => None,
        }
    }

    /// The encryption for the router's client. Reads `tls_ca_file` where it counts; the error names the key.
    pub fn client_tls(&self) -> Result<tls::Tls, ConfigError> {
        ConfigError::check(self.tls_finding().into_iter().collect())?;
        match (self.tls, &self.tls_fingerprint, &self.tls_ca_file) {
            (Tls::Pinned, Some(pin), _) => Ok(tls::Tls::Pinned(pin.0)),
            (Tls::Verify, _, Some(file)) => {
                const KEY: &str = "router.tls_ca_file";
                let pem = std::fs::read(file).map_err(|error| {
                    let reason = format!("cannot be read: {error}");
                    let finding = Finding::unreadable(KEY, reason, file.display().to_string(), &error);
                    ConfigError { findings: vec![finding] }
                })?;
                Authorities::from_pem(&pem).map(tls::Tls::Verify).map_err(|why| {
                    let reason = format!("{}: {why}", file.display());
                    ConfigError { findings: vec![Finding::new(KEY, reason)] }
                })
            }
            _ => Ok(tls::Tls::Off),
        }
    }
}

impl Lists {
    /// Each list with the path of its key.
    fn named(&self) -> [(&'static str, &ListName); 6] {
        [
            ("router.lists.active", &self.active),
            ("router.lists.fup", &self.fup),
            ("router.lists.habis", &self.habis),
            ("router.lists.expired", &self.expired),
            ("router.lists.inactive", &self.inactive),
            ("router.lists.blocked", &self.blocked),
        ]
    }
}
