//! The configuration of `kuotad`: one tree whose sections are the tables of the TOML file.
//!
//! Defaults < file < the desk's layer ([`desk`]) < environment (`KUOTA__SECTION__KEY`). Each key is one row of `config/tree.rs`.
//! `config/kuotad.toml` has every key with its default and comment. Secrets are not part of the tree: it names files,
//! and [`Config::load_secrets`] reads them.

pub(crate) mod admission;
mod copy_target;
pub mod desk;
pub mod files;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use copy_target::CopyTarget;
pub use desk::{DeskLayer, LoadedConfig};
pub use tree::{
    Admin, Backup, BackupS3, Clock, Config, Lists, Payment, Policy, Portal, Relay, Router, Store,
};

use crate::domain::account;
use crate::domain::account::Overage;
use crate::domain::debt::OverdueRule;
use crate::domain::order::OnlineMethod;
use crate::domain::units::Rupiah;
use crate::routeros::tls::{self, Authorities};
use crate::settings::{
    self, DeskSource, Environment, Finding, Fingerprint, Layered, ListName, Secret, SecretSource, Section,
    SettingsError, Sources,
};
pub use crate::settings::{DeskChange, Key, Origin, SectionKeys, TakesEffect};
use crate::ui::assets::COLOUR;
pub use crate::ui::language::Language;
use crate::ui::palette;

/// Prefix of environment variables that are settings.
pub const ENV_PREFIX: &str = "KUOTA__";

/// All errors of a configuration.
pub type ConfigError = SettingsError;

const DAY: Duration = Duration::from_hours(24);
/// The shortest time between two copies of the store.
const BACKUP_EVERY_MIN: Duration = Duration::from_mins(10);
/// The most days in a value: ten years.
const DAYS_MAX: u32 = 3660;

/// Every table of the file with its keys, in the order of the shipped file.
pub fn sections() -> Vec<SectionKeys> {
    let mut out = Vec::new();
    Config::describe(&mut out);
    out
}

/// The key with this full path.
pub fn key(path: &str) -> Option<&'static Key> {
    sections().into_iter().flat_map(|section| section.keys).find(|key| key.path == path)
}

/// The names of the secrets that the desk stores.
pub fn secret_names() -> BTreeSet<&'static str> {
    let of = |key: &Key| match key.desk {
        DeskChange::WithSecret(name) => Some(name),
        DeskChange::Free | DeskChange::SetUp | DeskChange::FileOnly => None,
    };
    sections().iter().flat_map(|section| section.keys).filter_map(of).collect()
}

/// The words that a key accepts, of a key that accepts a few words only.
pub fn choices(path: &str) -> &'static [&'static str] {
    match path {
        "language" => &["id", "en"],
        "portal.registration" => Registration::WORDS,
        "router.tls" => Tls::WORDS,
        "policy.enforcement" => Enforcement::WORDS,
        "policy.overage" => &["stop", "debt"],
        "policy.expiry" => &["reset_from_now", "extend"],
        "payment.mode" => PaymentMode::WORDS,
        "clock.trust" => ClockTrust::WORDS,
        "router.usage_source" => UsageSource::WORDS,
        _ => &[],
    }
}

/// Declares an enum of the words that a key accepts.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// The words.
            pub const WORDS: &[&str] = &[$($word),+];

            /// Its word.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// The one with this word.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
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
    /// The router's table from which usage is read.
    UsageSource {
        /// The hotspot's host table.
        HotspotHost = "hotspot-host",
    }
}
words! {
    /// Whether kuotad changes the router.
    Enforcement {
        /// Yes.
        On = "on",
        /// No; changes are only shown.
        DryRun = "dry-run",
    }
}
words! {
    /// When the wall clock is trusted.
    ClockTrust {
        /// While it agrees with the last trusted time and the monotonic clock.
        Auto = "auto",
        /// Always: the machine has a clock with a battery.
        Always = "always",
    }
}
words! {
    /// Which payment pages customers see.
    PaymentMode {
        /// Ours.
        Core = "core",
        /// The gateway's.
        Snap = "snap",
    }
}
/// [`DebtDue`](crate::domain::debt::DebtDue) as `"end_of_month"` or as a number of days such as `"14d"`.
mod debt_due {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::agent::config::DAYS_MAX;
    use crate::domain::debt::DebtDue;
    use crate::settings::days_text;

    const HINT: &str = "write \"end_of_month\" or a number of days, like \"14d\"";

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub(super) fn serialize<S: Serializer>(due: &DebtDue, s: S) -> Result<S::Ok, S::Error> {
        match due {
            DebtDue::EndOfMonth => s.serialize_str("end_of_month"),
            DebtDue::Days(days) => s.serialize_str(&days_text(*days)),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<DebtDue, D::Error> {
        let text = String::deserialize(d)?;
        if text == "end_of_month" {
            return Ok(DebtDue::EndOfMonth);
        }
        let days =
            text.strip_suffix('d').and_then(|n| n.trim().parse().ok()).filter(|days| *days <= DAYS_MAX);
        days.map(DebtDue::Days).ok_or_else(|| de::Error::custom(format!("{text:?} is no due date: {HINT}")))
    }
}

/// A default in the notation of the file.
fn literal<T: std::str::FromStr<Err = String>>(text: &str) -> T {
    text.parse().expect("defaults are well formed")
}

/// Secrets read from the files that the configuration names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    /// Password of the RouterOS user.
    pub router_password: Secret,
    /// The site's token at the relay, where there is a relay.
    pub relay_token: Option<Secret>,
}

impl Config {
    /// Reads the file over the defaults, the desk's layer over both and the environment over all. The error lists every
    /// mistake found in file and environment; a missing file is one. A layer that cannot be used is no error, see
    /// [`Config::load_layered`].
    pub fn load(path: &Path, env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self::load_layered(path, env)?.config)
    }

    /// Like [`Config::load`], with the origin of every key and what is wrong with the desk's layer.
    pub fn load_layered(path: &Path, env: &Environment) -> Result<LoadedConfig, ConfigError> {
        let (text, name) = Self::text(path)?;
        LoadedConfig::read(&text, &name, env)
    }

    /// The text of the file, and its name in findings.
    pub(crate) fn text(path: &Path) -> Result<(String, String), ConfigError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Ok((text, name)),
            Err(error) => {
                let reason = format!(
                    "cannot read the configuration: {error}; name another with --config, or run kuotad setup"
                );
                Err(ConfigError { findings: vec![Finding::unreadable("", reason, name, &error)] })
            }
        }
    }

    /// Like [`Config::load`], from the file's text and without the desk's layer; `name` is its name in findings.
    pub fn parse(text: &str, name: &str, env: &Environment) -> Result<Self, ConfigError> {
        Ok(Self::parse_layers(text, name, None, env)?.tree)
    }

    /// Reads and checks all layers.
    fn parse_layers(
        text: &str,
        name: &str,
        desk: Option<DeskSource<'_>>,
        env: &Environment,
    ) -> Result<Layered<Self>, ConfigError> {
        let sources = Sources { file: text, file_name: name, desk, env, env_prefix: ENV_PREFIX };
        let read = settings::read(&Self::default(), &Self::complete(), sources)?;
        ConfigError::check(read.tree.findings())?;
        Ok(read)
    }

    /// A tree with every optional part present, from which the keys and their types are taken.
    fn complete() -> Self {
        let mut config = Self { relay: Some(Relay::default()), ..Self::default() };
        config.router.tls_fingerprint = Some(Fingerprint([0; 32]));
        config.router.tls_ca_file = Some("/etc/kuota/router-ca.pem".into());
        config
    }

    /// Reads the secrets that this configuration needs: systemd credentials, else what the desk stored, else files. The
    /// error lists every one that is missing.
    pub fn load_secrets(&self, env: &Environment) -> Result<Secrets, ConfigError> {
        let layer = DeskLayer::in_use(&self.data_dir);
        let mut findings = Vec::new();
        let mut read = |name: &str, file: &Path| {
            let stored = layer.secret_file(&self.data_dir, name);
            let secret = SecretSource { name, file, stored: stored.as_deref() }.read(env);
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

    /// Copies from `new` the keys that take effect at a reload and no other.
    pub fn take_live(&mut self, new: &Self) {
        Section::take_live(self, new);
    }

    /// The policy for the rules.
    pub fn policy(&self) -> account::Policy {
        let policy = &self.policy;
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        account::Policy {
            overage: policy.overage,
            debt_limit: policy.debt_limit,
            fup_threshold: policy.fup_threshold,
            overdue: OverdueRule {
                blocks: policy.block_overdue,
                grace_days: policy.overdue_grace_days,
                block_from_minute: policy.block_from_minute,
            },
            debt_due: policy.debt_due,
            expiry: policy.expiry,
            price_rounding: Rupiah(policy.price_rounding_rp),
            max_devices_per_user: policy.max_devices_per_user,
            cashier_credit: Rupiah(policy.cashier_credit_rp),
            payment_approves: self.portal.registration == Registration::Payment,
            pay_window_ms: ms(policy.pay_window),
            offline_grace_ms: ms(policy.offline_grace),
        }
    }

    /// Every key with its full path, such as `policy.debt_limit`, and its value in the notation of the file. Keys of
    /// absent sections are left out.
    pub fn keys(&self) -> BTreeMap<String, String> {
        self.values().into_iter().map(|(key, value)| (key, value_text(&value))).collect()
    }

    /// The same with values of their own type: texts, whole numbers, switches and lists of texts.
    pub fn values(&self) -> BTreeMap<String, serde_json::Value> {
        let tree =
            serde_json::to_value(self).expect("configuration trees hold texts, numbers and sections only");
        let mut out = BTreeMap::new();
        settings::flatten("", &tree, &mut out);
        out
    }

    /// The same of a configuration with every optional part, which shows the type of each key.
    pub fn types() -> BTreeMap<String, serde_json::Value> {
        Self::complete().values()
    }

    /// The effective configuration as TOML that reads back as an equal one. It has the names of secret files, not
    /// their content.
    pub fn effective_toml(&self) -> String {
        settings::to_toml(self)
    }

    /// Ranges and rules between keys.
    fn findings(&self) -> Vec<Finding> {
        let mut out = Vec::new();
        self.check_ranges("", &mut out);
        self.check_presence(&mut out);
        self.check_rules(&mut out);
        out
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

    fn check_copies(&self, out: &mut Vec<Finding>) {
        let every = self.backup.every;
        if !every.is_zero() && every < BACKUP_EVERY_MIN {
            let least = settings::duration_text(BACKUP_EVERY_MIN);
            out.push(Finding::new(
                "backup.every",
                format!("must be at least {least}, or \"0s\" for no copies: each one writes the whole store to the card"),
            ));
        }
        if self.backup.target == CopyTarget::Relay && self.relay.is_none() {
            out.push(Finding::new(
                "backup.target",
                "is \"relay\", and there is no section [relay]: write one, or another target",
            ));
        }
        if matches!(self.backup.target, CopyTarget::S3 { .. }) {
            let s3 = &self.backup.s3;
            let texts = [
                (
                    "backup.s3.endpoint",
                    s3.endpoint.is_none(),
                    "write the store's address, like \"https://s3.example\"",
                ),
                ("backup.s3.key_id", s3.key_id.trim().is_empty(), "write the name of the access key"),
                ("backup.s3.region", s3.region.trim().is_empty(), "write the region, or \"us-east-1\""),
            ];
            let empty = texts.into_iter().filter(|(_, is_empty, _)| *is_empty);
            out.extend(empty.map(|(key, _, hint)| {
                Finding::new(key, format!("is empty, and backup.target is {}: {hint}", self.backup.target))
            }));
        }
    }

    fn check_rules(&self, out: &mut Vec<Finding>) {
        if self.policy.overage == Overage::Debt && self.policy.debt_limit.is_zero() {
            out.push(Finding::new(
                "policy.debt_limit",
                "must be more than 0 with policy.overage = \"debt\": write an amount like \"500 MB\", or \"stop\" there",
            ));
        }
        self.check_copies(out);
        out.extend(palette::complaint(self.colour).map(|why| Finding::new("colour", why)));
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

/// A value as people read it: texts without quotes.
fn value_text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
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

    /// The encryption for the router's client. Reads `tls_ca_file` if it is used; the error names the key.
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
