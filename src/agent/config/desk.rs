//! The desk's own layer of the configuration: `data_dir/settings.toml`, above the file and below the environment, and the
//! secrets in `data_dir/secrets/`.
//!
//! The file has the keys that an owner changed at the desk and, in the table `[secrets]`, the name of the file of each
//! secret that was given there. One rename replaces an address together with the secret that is sent to it. A second copy,
//! written after it, replaces a file that a failing card destroyed.
//!
//! A layer that cannot be used never stops the daemon: metering goes on with the copy, else with the keys that are good, else
//! without the layer. In the last two cases the rules may not be the owner's, so the router is not changed until the layer is
//! saved again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{Config, ConfigError, DeskChange, Enforcement, Origin, key};
use crate::settings::{DeskSource, Environment, Finding, Layered, Secret, to_toml, toml_values};
use crate::tools::whole_file;

/// The layer, in the data folder.
pub const FILE: &str = "settings.toml";
/// Its copy.
pub const COPY: &str = "settings.copy.toml";
/// What is kept of a layer that could not be used, once another was saved.
pub const BROKEN: &str = "settings.broken.toml";
/// The folder with the secrets.
pub const SECRETS: &str = "secrets";
/// The table that names their files.
const SECRETS_TABLE: &str = "secrets.";
/// No layer that the desk writes is longer.
const BYTES_MAX: u64 = 64 * 1024;
const HEAD: &str = "# Written by the desk of kuotad (Pengaturan). It wins over /etc/kuota/kuotad.toml.\n";

/// What the desk stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DeskLayer {
    /// Values by the full path of their key.
    pub values: BTreeMap<String, Value>,
    /// The file of each secret by its name, such as `router.password`.
    secrets: BTreeMap<String, String>,
}

/// Whether the layer may have this key.
pub fn may_set(path: &str) -> bool {
    key(path).is_some_and(|key| key.desk != DeskChange::FileOnly)
}

impl DeskLayer {
    /// Reads one file of a layer; nothing without the file.
    fn read(path: &Path) -> Result<Option<Self>, Finding> {
        let name = path.display().to_string();
        let text = whole_file::read(path, BYTES_MAX)
            .map_err(|error| Finding::unreadable("", format!("cannot be read: {error}"), &name, &error))?;
        text.map(|text| Self::parse(&text, &name)).transpose()
    }

    fn parse(text: &str, name: &str) -> Result<Self, Finding> {
        let mut layer = Self::default();
        for (path, value) in toml_values(text, name)? {
            let Some(secret) = path.strip_prefix(SECRETS_TABLE) else {
                layer.values.insert(path, value);
                continue;
            };
            let file = value.as_str().filter(|file| is_plain_name(file)).ok_or_else(|| Finding {
                origin: name.to_owned(),
                ..Finding::new(&path, "is no name of a file in the folder of secrets")
            })?;
            layer.secrets.insert(secret.to_owned(), file.to_owned());
        }
        Ok(layer)
    }

    /// The layer of a data folder that counts for secrets: the file, or its copy where the file cannot be read.
    pub fn in_use(data_dir: &Path) -> Self {
        let read = |file: &str| Self::read(&data_dir.join(file)).ok().flatten();
        read(FILE).or_else(|| read(COPY)).unwrap_or_default()
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut tree = Value::Object(Map::new());
        for (path, value) in &self.values {
            insert(&mut tree, path, value.clone());
        }
        for (name, file) in &self.secrets {
            insert(&mut tree, &format!("{SECRETS_TABLE}{name}"), Value::from(file.as_str()));
        }
        format!("{HEAD}{}", to_toml(&tree))
    }

    /// The keys alone, as a layer to be read.
    fn keys_text(&self) -> String {
        Self { secrets: BTreeMap::new(), ..self.clone() }.text()
    }

    /// The file in which a secret is stored, if it is.
    pub fn secret_file(&self, data_dir: &Path, name: &str) -> Option<PathBuf> {
        Some(data_dir.join(SECRETS).join(self.secrets.get(name)?))
    }

    /// Stores a secret under a new name, which counts once this layer is written. The secret in use stays as it is.
    pub fn store_secret(&mut self, data_dir: &Path, name: &str, secret: &Secret) -> io::Result<()> {
        let folder = data_dir.join(SECRETS);
        match fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) if !fs::symlink_metadata(&folder)?.is_dir() => {
                return Err(io::Error::new(io::ErrorKind::NotADirectory, "secrets is no folder"));
            }
            _ => {}
        }
        fs::File::open(data_dir)?.sync_all()?;
        let file = format!("{name}.{}", uuid::Uuid::new_v4().simple());
        whole_file::create(&folder.join(&file), secret.expose(), 0o600)?;
        self.secrets.insert(name.to_owned(), file);
        Ok(())
    }

    /// The name of the file in which a secret is stored, for a layer that is written later.
    pub fn secret_name(&self, name: &str) -> Option<&str> {
        self.secrets.get(name).map(String::as_str)
    }

    /// Takes a secret over that [`Self::store_secret`] stored for another layer. A name that leads out of the folder is refused.
    pub fn take_secret(&mut self, name: &str, file: &str) -> bool {
        let is_good = is_plain_name(file);
        if is_good {
            self.secrets.insert(name.to_owned(), file.to_owned());
        }
        is_good
    }

    /// Replaces the layer of a data folder, then its copy, and removes secrets that neither names. Only the first can fail:
    /// without the others the layer counts all the same.
    pub fn write(&self, data_dir: &Path) -> io::Result<()> {
        let (file, text) = (data_dir.join(FILE), self.text());
        if Self::read(&file).is_err() {
            // What could not be read is kept for whoever wants to know.
            let _ = fs::rename(&file, data_dir.join(BROKEN));
        }
        whole_file::replace(&file, &text, 0o600)?;
        if let Err(error) = whole_file::replace(&data_dir.join(COPY), &text, 0o600) {
            tracing::warn!(%error, "the copy of the desk's settings was not written");
            return Ok(());
        }
        self.sweep(data_dir);
        Ok(())
    }

    /// Whether the file of this layer would be read as it is.
    pub fn is_readable(&self) -> bool {
        let text = self.text();
        text.len() as u64 <= BYTES_MAX && Self::parse(&text, FILE).is_ok_and(|read| read == *self)
    }

    /// Removes the secrets of a layer that is not written after all.
    pub fn drop_secrets(&self, data_dir: &Path) {
        for name in self.secrets.keys() {
            if let Some(file) = self.secret_file(data_dir, name) {
                let _ = fs::remove_file(file);
            }
        }
    }

    /// Removes secrets that are not in use.
    fn sweep(&self, data_dir: &Path) {
        let used: BTreeSet<&str> = self.secrets.values().map(String::as_str).collect();
        for entry in fs::read_dir(data_dir.join(SECRETS)).into_iter().flatten().flatten() {
            if !entry.file_name().to_str().is_some_and(|name| used.contains(name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Removes the keys that findings are about. Returns whether there were any.
    fn drop_bad(&mut self, findings: &[Finding]) -> bool {
        let before = self.values.len();
        let is_about = |finding: &Finding, key: &str| {
            finding.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.values.retain(|key, _| !findings.iter().any(|finding| is_about(finding, key)));
        self.values.len() < before
    }
}

fn is_plain_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(plain)
}

fn insert(tree: &mut Value, path: &str, value: Value) {
    let mut at = tree;
    for part in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(section) = at else { return };
        at = section.entry(part).or_insert(Value::Null);
    }
    *at = value;
}

/// A configuration with its layers.
#[derive(Clone, Debug)]
pub struct LoadedConfig {
    /// What counts.
    pub config: Config,
    /// The last layer that sets each key. Other keys have their default.
    pub origins: BTreeMap<String, Origin>,
    /// What the desk stored, as far as it is used.
    pub desk: DeskLayer,
    /// What is wrong with the desk's layer.
    pub faults: Vec<Finding>,
}

impl LoadedConfig {
    /// Reads every layer. Errors are those of file and environment; the data folder is theirs alone to name.
    pub fn read(text: &str, name: &str, env: &Environment) -> Result<Self, ConfigError> {
        let base = Config::parse_layers(text, name, None, env)?;
        let data_dir = base.tree.data_dir.clone();
        let with = |layer: &DeskLayer| Self::with(text, name, layer, env);
        let (mut faults, own) = match DeskLayer::read(&data_dir.join(FILE)) {
            Ok(Some(layer)) => match with(&layer) {
                Ok(loaded) => return Ok(loaded),
                Err(error) => (error.findings, Some(layer)),
            },
            Ok(None) => (Vec::new(), None),
            Err(finding) => (vec![finding], None),
        };
        let copy = DeskLayer::read(&data_dir.join(COPY)).ok().flatten();
        if faults.is_empty() && copy.is_none() {
            return Ok(Self::of(base, DeskLayer::default(), Vec::new()));
        }
        if faults.is_empty() {
            let origin = data_dir.join(FILE).display().to_string();
            faults.push(Finding { origin, ..Finding::new("", "is missing although the desk wrote it") });
        }
        if let Some(Ok(loaded)) = copy.as_ref().map(with) {
            faults.push(Finding::new(
                "",
                "the copy of the desk's settings counts; save any setting to repair them",
            ));
            return Ok(Self { faults, ..loaded });
        }
        Ok(Self::salvage(text, name, env, base, own, faults))
    }

    /// The layer's good keys, or none of them.
    fn salvage(
        text: &str,
        name: &str,
        env: &Environment,
        base: Layered<Config>,
        own: Option<DeskLayer>,
        mut faults: Vec<Finding>,
    ) -> Self {
        let mut doubtful = own.is_none();
        let mut findings = faults.clone();
        let mut layer = own.unwrap_or_default();
        let mut loaded = None;
        while loaded.is_none() {
            // A key that this program does not know was written by a later one and is no rule here.
            doubtful |= findings.iter().any(|finding| key(&finding.key).is_some() || finding.key.is_empty());
            if !layer.drop_bad(&findings) {
                break;
            }
            match Self::with(text, name, &layer, env) {
                Ok(good) => loaded = Some(good),
                Err(error) => {
                    faults.extend(error.findings.iter().cloned());
                    findings = error.findings;
                }
            }
        }
        doubtful |= loaded.is_none();
        let mut loaded = loaded.unwrap_or_else(|| Self::of(base, DeskLayer::default(), Vec::new()));
        if doubtful {
            loaded.config.policy.enforcement = Enforcement::DryRun;
            faults
                .push(Finding::new("", "the router is not changed until the settings are saved at the desk"));
        }
        Self { faults, ..loaded }
    }

    /// The configuration with another layer of the desk in place of the stored one. Errors are those of all layers.
    pub fn with(text: &str, name: &str, layer: &DeskLayer, env: &Environment) -> Result<Self, ConfigError> {
        let keys = layer.keys_text();
        let desk = DeskSource { text: &keys, name: FILE, may_set };
        let read = Config::parse_layers(text, name, Some(desk), env)?;
        Ok(Self::of(read, layer.clone(), Vec::new()))
    }

    fn of(read: Layered<Config>, desk: DeskLayer, faults: Vec<Finding>) -> Self {
        Self { config: read.tree, origins: read.origins, desk, faults }
    }

    /// A configuration that was made by the program, without layers.
    pub fn plain(config: Config) -> Self {
        Self { config, origins: BTreeMap::new(), desk: DeskLayer::default(), faults: Vec::new() }
    }

    /// The layer that a key comes from.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).copied().unwrap_or(Origin::Default)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use serde_json::json;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn path(&self) -> &Path {
            self.0.path()
        }

        fn read_with(&self, file: &str, env: &Environment) -> LoadedConfig {
            let text = format!("data_dir = {}\n{file}", json!(self.path()));
            LoadedConfig::read(&text, "kuotad.toml", env).unwrap()
        }

        fn read(&self, file: &str) -> LoadedConfig {
            self.read_with(file, &Environment::default())
        }

        fn write(&self, values: &[(&str, Value)]) -> DeskLayer {
            let values = values.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
            let layer = DeskLayer { values, ..DeskLayer::default() };
            layer.write(self.path()).unwrap();
            layer
        }

        fn put(&self, name: &str, text: &str) {
            fs::write(self.path().join(name), text).unwrap();
        }
    }

    fn faults(loaded: &LoadedConfig) -> String {
        loaded.faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_desk_wins_over_the_file_and_the_environment_over_both() {
        let folder = Folder::new();
        folder.write(&[
            ("name", json!("Desa \"A\"")),
            ("policy.max_devices_per_user", json!(5)),
            ("policy.debt_limit", json!("1 GB")),
            ("payment.methods", json!(["qris"])),
        ]);
        let env = Environment::from([("KUOTA__POLICY__MAX_DEVICES_PER_USER", "7")]);
        let file = "name = \"File\"\nlanguage = \"en\"\n";
        let loaded = folder.read_with(file, &env);
        assert_eq!(faults(&loaded), "");
        let config = &loaded.config;
        assert_eq!((config.name.as_str(), config.policy.max_devices_per_user), ("Desa \"A\"", 7));
        assert_eq!(config.policy.debt_limit, crate::domain::units::Bytes::gb(1));
        let origins = ["timezone", "language", "name", "policy.max_devices_per_user", "payment.methods"];
        let origins = origins.map(|key| loaded.origin(key).name());
        assert_eq!(origins, ["default", "file", "desk", "environment", "desk"]);
    }

    #[test]
    fn what_the_desk_may_not_set_is_refused_in_its_file() {
        let folder = Folder::new();
        let rows = [
            "data_dir = \"/elsewhere\"",
            "[admin]\nallowed_networks = [\"0.0.0.0/0\"]",
            "[router]\npassword_file = \"/etc/shadow\"",
            "[admin]\nlisten = \"0.0.0.0:80\"",
        ];
        for row in rows {
            folder.put(FILE, row);
            let loaded = folder.read("");
            assert!(faults(&loaded).contains("cannot be set at the desk"), "{row}: {}", faults(&loaded));
            assert_eq!(loaded.config.data_dir, folder.path());
            assert_eq!(loaded.config.admin, Config::default().admin);
            assert_eq!(loaded.config.router, Config::default().router);
        }
    }

    #[test]
    fn a_destroyed_file_is_replaced_by_its_copy() {
        let folder = Folder::new();
        folder.write(&[("policy.debt_limit", json!("2 GB")), ("router.address", json!("10.1.1.1:8728"))]);
        for broken in ["", "[policy\n", "\u{0}\u{0}\u{0}", "policy = 3", "[policy]\ndebt_limit = \"lots\""] {
            folder.put(FILE, broken);
            if broken.is_empty() {
                fs::remove_file(folder.path().join(FILE)).unwrap();
            }
            let loaded = folder.read("");
            assert_eq!(loaded.config.router.address.to_string(), "10.1.1.1:8728", "{broken:?}");
            assert_eq!(loaded.config.policy.enforcement, Enforcement::On, "the rules are the owner's");
            assert!(faults(&loaded).contains("the copy"), "{broken:?}: {}", faults(&loaded));
        }
    }

    #[test]
    fn without_a_copy_the_good_keys_count_and_the_router_is_not_changed() {
        let folder = Folder::new();
        folder.put(FILE, "name = \"Kita\"\n[policy]\ndebt_limit = \"lots\"\n");
        let loaded = folder.read("");
        assert_eq!(
            (loaded.config.name.as_str(), loaded.config.policy.enforcement),
            ("Kita", Enforcement::DryRun)
        );
        assert!(faults(&loaded).contains("policy.debt_limit"), "{}", faults(&loaded));
        for broken in ["[policy\n", "\u{0}"] {
            folder.put(FILE, broken);
            let loaded = folder.read("name = \"File\"\n");
            assert_eq!(loaded.config.name, "File");
            assert_eq!(loaded.config.policy.enforcement, Enforcement::DryRun, "{broken:?}");
        }
    }

    #[test]
    fn a_key_of_a_later_version_is_named_and_changes_nothing_else() {
        let folder = Folder::new();
        folder.put(FILE, "name = \"Kita\"\n[policy]\nmoon = \"full\"\n");
        let loaded = folder.read("");
        assert_eq!(
            (loaded.config.name.as_str(), loaded.config.policy.enforcement),
            ("Kita", Enforcement::On)
        );
        assert!(faults(&loaded).contains("policy.moon: unknown key"), "{}", faults(&loaded));
    }

    #[test]
    fn rules_between_keys_of_two_layers_drop_the_desks() {
        let folder = Folder::new();
        folder.write(&[("policy.overage", json!("debt"))]);
        let loaded = folder.read("[policy]\ndebt_limit = 0\n");
        assert_eq!(loaded.config.policy.enforcement, Enforcement::DryRun);
        assert!(faults(&loaded).contains("policy.debt_limit"), "{}", faults(&loaded));
    }

    #[test]
    fn a_link_is_no_layer_and_is_never_written_through() {
        let folder = Folder::new();
        let target = folder.path().join("target");
        fs::write(&target, "name = \"Theirs\"\n").unwrap();
        symlink(&target, folder.path().join(FILE)).unwrap();
        let loaded = folder.read("");
        assert_ne!(loaded.config.name, "Theirs");
        assert!(faults(&loaded).contains("link"), "{}", faults(&loaded));
        folder.write(&[("name", json!("Ours"))]);
        assert_eq!(fs::read_to_string(&target).unwrap(), "name = \"Theirs\"\n");
        let loaded = folder.read("");
        assert_eq!((loaded.config.name.as_str(), loaded.faults.len()), ("Ours", 0));
    }

    #[test]
    fn a_secret_counts_with_the_layer_that_names_it_and_the_one_before_is_removed() {
        let folder = Folder::new();
        let mut layer = DeskLayer::default();
        layer.store_secret(folder.path(), "router.password", &Secret::new("first")).unwrap();
        layer.write(folder.path()).unwrap();
        let env = Environment::default();
        let password = |loaded: &LoadedConfig| {
            loaded.config.load_secrets(&env).map(|secrets| secrets.router_password.expose().to_owned())
        };
        assert_eq!(password(&folder.read("")).unwrap(), "first");
        let names = || fs::read_dir(folder.path().join(SECRETS)).unwrap().count();
        // Stored but not yet named: a power cut here leaves the first in force.
        layer.store_secret(folder.path(), "router.password", &Secret::new("second")).unwrap();
        assert_eq!((password(&folder.read("")).unwrap().as_str(), names()), ("first", 2));
        layer.values.insert("router.address".to_owned(), json!("10.9.9.9:8728"));
        layer.write(folder.path()).unwrap();
        let loaded = folder.read("");
        assert_eq!((password(&loaded).unwrap().as_str(), names()), ("second", 1));
        assert_eq!(loaded.config.router.address.to_string(), "10.9.9.9:8728");
        let file = layer.secret_file(folder.path(), "router.password").unwrap();
        for (path, mode) in
            [(file, 0o600), (folder.path().join(SECRETS), 0o700), (folder.path().join(FILE), 0o600)]
        {
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode, "{}", path.display());
        }
        assert!(!layer.text().contains("second"));
    }

    #[test]
    fn a_secret_is_named_inside_its_folder_only() {
        for name in ["../../etc/shadow", "/etc/shadow", "", ".", "..", "a/b"] {
            let text = format!("[secrets.router]\npassword = {}\n", json!(name));
            assert!(DeskLayer::parse(&text, FILE).is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_written_reads_back_equal() {
        let values = [
            ("name", json!("a \"b\" \\ é\u{7f}")),
            ("router.address", json!("[fd00::1]:8728")),
            ("policy.price_rounding_rp", json!(500)),
            ("policy.block_overdue", json!(false)),
            ("payment.methods", json!(["qris", "gopay"])),
        ];
        let folder = Folder::new();
        let layer = folder.write(&values);
        assert_eq!(DeskLayer::read(&folder.path().join(FILE)).unwrap().unwrap(), layer);
        assert_eq!(DeskLayer::in_use(folder.path()), layer);
    }
}
