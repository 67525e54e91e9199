//! The desk's settings and its secrets as they go with an encrypted copy, so that a new card knows router and relay.
//!
//! No name of a file comes out of a copy: values are those of known keys, secrets those of known names, and each secret gets a
//! fresh file.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::agent::config::desk::{COPY, FILE, SECRETS, may_set};
use crate::agent::config::{DeskLayer, secret_names};
use crate::settings::Secret;
use crate::tools::{digest, whole_file};

/// What this program reads and writes.
const FORMAT: &str = "kuota settings 1";
/// The longest secret.
const SECRET_BYTES_MAX: usize = 4096;

/// Settings and secrets of the desk.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopiedSettings {
    format: String,
    /// Values by the full path of their key.
    pub values: BTreeMap<String, Value>,
    /// Secrets by name.
    secrets: BTreeMap<String, String>,
}

/// What of them is in place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlacedSettings {
    /// How many values.
    pub values: usize,
    /// Names of the secrets.
    pub secrets: Vec<String>,
    /// Keys and names that this version does not know.
    pub left_out: Vec<String>,
}

impl CopiedSettings {
    /// Those of a data folder; `None` if the desk stored nothing. A secret that cannot be read is left out: the copy of the ledger
    /// does not wait for it.
    pub fn read(data_dir: &Path) -> Option<Self> {
        let layer = DeskLayer::in_use(data_dir);
        if layer == DeskLayer::default() {
            return None;
        }
        let mut secrets = BTreeMap::new();
        for name in secret_names() {
            let Some(file) = layer.secret_file(data_dir, name) else { continue };
            match whole_file::read(&file, SECRET_BYTES_MAX as u64) {
                Ok(Some(text)) => {
                    secrets.insert(name.to_owned(), text.trim().to_owned());
                }
                Ok(None) => {
                    tracing::warn!(secret = name, "a secret of the desk is missing, also in the copy");
                }
                Err(error) => {
                    tracing::warn!(secret = name, %error, "a secret of the desk is not in the copy");
                }
            }
        }
        Some(Self { format: FORMAT.to_owned(), values: layer.values, secrets })
    }

    /// As it goes with a copy.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts and values can be written as JSON")
    }

    /// What went with a copy; an error says what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read: Self = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if read.format == FORMAT { Ok(read) } else { Err("they are of another version".to_owned()) }
    }

    /// Makes them the settings of a data folder, whole or not at all, for the owner of that folder. Secrets that nothing names any more
    /// are removed.
    pub fn place(&self, data_dir: &Path) -> io::Result<PlacedSettings> {
        let mut placed = PlacedSettings::default();
        let mut layer = DeskLayer::default();
        for (key, value) in &self.values {
            if may_set(key) {
                layer.values.insert(key.clone(), value.clone());
            } else {
                placed.left_out.push(key.clone());
            }
        }
        for (name, secret) in &self.secrets {
            let is_good =
                (1..=SECRET_BYTES_MAX).contains(&secret.len()) && !secret.chars().any(char::is_control);
            let known = secret_names().into_iter().find(|known| known == name).filter(|_| is_good);
            let Some(known) = known else {
                placed.left_out.push(name.clone());
                continue;
            };
            layer.store_secret(data_dir, known, &Secret::new(secret.as_str()))?;
            placed.secrets.push(known.to_owned());
        }
        placed.values = layer.values.len();
        if !layer.is_readable() {
            layer.drop_secrets(data_dir);
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the copy's settings cannot be written as a file",
            ));
        }
        follow_owner(data_dir, &[data_dir.join(SECRETS)])?;
        let stored = placed.secrets.iter().filter_map(|name| layer.secret_file(data_dir, name));
        follow_owner(data_dir, &stored.collect::<Vec<_>>())?;
        layer.write(data_dir)?;
        follow_owner(data_dir, &[data_dir.join(FILE), data_dir.join(COPY)])?;
        Ok(placed)
    }
}

/// What changes whenever settings or secrets of the desk change; empty without any. A secret is stored under another name each
/// time, so nothing of it has to be looked at.
pub fn settings_digest(data_dir: &Path) -> String {
    let layer = DeskLayer::in_use(data_dir);
    if layer == DeskLayer::default() {
        return String::new();
    }
    HEXLOWER.encode(&digest::of_parts(["settings of a copy", &layer.text()])[..16])
}

/// Gives files to the owner of the data folder, who must be able to use them when root restores.
fn follow_owner(data_dir: &Path, files: &[PathBuf]) -> io::Result<()> {
    let folder = std::fs::metadata(data_dir)?;
    for path in files {
        let own = match std::fs::symlink_metadata(path) {
            Ok(own) => own,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if (own.uid(), own.gid()) != (folder.uid(), folder.gid()) {
            chown(path, Some(folder.uid()), Some(folder.gid()))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use serde_json::json;

    use super::*;

    /// A folder whose desk stored these.
    fn desk() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut layer = DeskLayer::default();
        layer.values.insert("name".to_owned(), json!("Warung \"Ibu\""));
        layer.values.insert("router.address".to_owned(), json!("10.1.1.1:8728"));
        layer.values.insert("payment.methods".to_owned(), json!(["qris"]));
        layer.store_secret(dir.path(), "router.password", &Secret::new("pintu")).unwrap();
        layer.store_secret(dir.path(), "relay.token", &Secret::new("token")).unwrap();
        layer.write(dir.path()).unwrap();
        dir
    }

    fn secret(data_dir: &Path, name: &str) -> Option<String> {
        let file = DeskLayer::in_use(data_dir).secret_file(data_dir, name)?;
        Some(std::fs::read_to_string(file).unwrap().trim().to_owned())
    }

    fn of(text: &str) -> CopiedSettings {
        CopiedSettings::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_the_desk_stored_is_the_same_on_another_card() {
        let (from, to) = (desk(), desk());
        let before = secret(to.path(), "router.password");
        let copied = CopiedSettings::read(from.path()).unwrap();
        let read = CopiedSettings::parse(&copied.to_bytes()).unwrap();
        assert!(read == copied);
        let placed = read.place(to.path()).unwrap();
        assert_eq!((placed.values, placed.secrets.len(), placed.left_out.len()), (3, 2, 0));
        assert_eq!(DeskLayer::in_use(to.path()).values, DeskLayer::in_use(from.path()).values);
        assert_eq!(
            (secret(to.path(), "router.password"), before),
            (Some("pintu".into()), Some("pintu".into()))
        );
        assert_eq!(std::fs::read_dir(to.path().join(SECRETS)).unwrap().count(), 2, "those before are gone");
        let file = DeskLayer::in_use(to.path()).secret_file(to.path(), "relay.token").unwrap();
        for path in [file, to.path().join(FILE)] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(CopiedSettings::read(empty.path()).is_none());
        assert_eq!(settings_digest(empty.path()), "");
    }

    #[test]
    fn another_setting_or_another_secret_is_another_digest() {
        let dir = desk();
        let first = settings_digest(dir.path());
        assert_eq!(settings_digest(dir.path()), first);
        let mut layer = DeskLayer::in_use(dir.path());
        layer.values.insert("name".to_owned(), json!("Lain"));
        layer.write(dir.path()).unwrap();
        let second = settings_digest(dir.path());
        layer.store_secret(dir.path(), "router.password", &Secret::new("pintu")).unwrap();
        layer.write(dir.path()).unwrap();
        let third = settings_digest(dir.path());
        assert!(first != second && second != third && !third.contains("pintu"));
    }

    #[test]
    fn no_path_of_a_copy_is_used_and_what_the_desk_may_not_set_is_left_out() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let copied = of(r#"{"format": "kuota settings 1",
            "values": {"name": "Kita", "data_dir": "/elsewhere", "admin.listen": "0.0.0.0:80", "moon": 1,
                       "secrets.router.password": "../../etc/shadow", "router.password_file": "/etc/shadow"},
            "secrets": {"router.password": "pintu", "../../escape": "x", "/etc/shadow": "x", "relay.token": "a\nb"}}"#);
        let placed = copied.place(&data).unwrap();
        assert_eq!(
            (placed.values, placed.secrets.as_slice()),
            (1, ["router.password".to_owned()].as_slice())
        );
        assert_eq!(placed.left_out.len(), 8, "{placed:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        let text = std::fs::read_to_string(data.join(FILE)).unwrap();
        assert!(!text.contains("shadow") && !text.contains("elsewhere"), "{text}");
        assert_eq!(secret(&data, "router.password").as_deref(), Some("pintu"));
    }

    #[test]
    fn settings_that_cannot_be_read_change_nothing() {
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"format": "kuota settings 2", "values": {}, "secrets": {}}"#,
            r#"{"format": "kuota settings 1", "values": {}, "secrets": {}, "more": 1}"#,
            r#"{"format": "kuota settings 1", "values": [], "secrets": {}}"#,
            r#"{"format": "kuota settings 1", "values": {}, "secrets": {"router.password": 1}}"#,
        ] {
            assert!(CopiedSettings::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        let dir = desk();
        let long = "x".repeat(70_000);
        for value in [json!({"a": {"b": 1}}), json!(long)] {
            let mut copied =
                of(r#"{"format": "kuota settings 1", "values": {}, "secrets": {"router.password": "neu"}}"#);
            copied.values.insert("name".to_owned(), value);
            assert!(copied.place(dir.path()).is_err());
            assert_eq!(secret(dir.path(), "router.password").as_deref(), Some("pintu"));
            assert_eq!(
                std::fs::read_dir(dir.path().join(SECRETS)).unwrap().count(),
                2,
                "nothing is left over"
            );
        }
    }
}
