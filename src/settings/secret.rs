//! Secrets: where they are read from, and a type that never shows them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};

use super::environment::Environment;
use super::finding::Finding;

/// The longest secret file: keys and tokens are lines, not books.
const SECRET_BYTES_MAX: usize = 4096;

/// A password, key or token. It prints and serializes as `***`; [`Secret::expose`] is the one way to its text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a text for a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str("***")
    }
}

/// A secret that can be replaced while it is in use.
#[derive(Clone, Debug)]
pub struct Replaceable(Arc<Mutex<Secret>>);

impl Replaceable {
    /// Starts with this secret.
    pub fn new(secret: Secret) -> Self {
        Self(Arc::new(Mutex::new(secret)))
    }

    /// The present secret.
    pub fn get(&self) -> Secret {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the secret; returns whether it differs.
    pub fn replace(&self, secret: Secret) -> bool {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = *held != secret;
        *held = secret;
        differs
    }
}

/// A text without the mark by which some editors say that it is UTF-8. It is nobody's password.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// One secret of a configuration: the key `X_file` names a file, and the systemd credential `X` replaces it.
#[derive(Clone, Copy, Debug)]
pub struct SecretSource<'a> {
    /// The key without `_file`, which is also the credential's name: `router.password`.
    pub name: &'a str,
    /// The file that the configuration names.
    pub file: &'a Path,
    /// The file in which the desk stored it, if it did. It replaces `file`, and a credential replaces both.
    pub stored: Option<&'a Path>,
}

/// The systemd credential of this name, if there is one. One that cannot be looked at is there: reading it says what is
/// wrong. An empty line is none: the unit has it as the default where the credential's file does not exist.
pub fn credential_file(name: &str, env: &Environment) -> Option<PathBuf> {
    let folder = env.get("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty())?;
    let is_there = |path: &PathBuf| match std::fs::read(path) {
        Ok(bytes) => !bytes.trim_ascii().is_empty(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    };
    Some(Path::new(folder).join(name)).filter(is_there)
}

impl SecretSource<'_> {
    /// Reads `$CREDENTIALS_DIRECTORY/<name>` where it exists, else what the desk stored, else the file; trims space and line ends around
    /// it. An empty secret is refused: it is what a power cut leaves of a file.
    pub fn read(&self, env: &Environment) -> Result<Secret, Finding> {
        let credential = credential_file(self.name, env);
        let path = credential.as_deref().or(self.stored).unwrap_or(self.file);
        let (key, origin) = (format!("{}_file", self.name), path.display().to_string());
        let bytes = std::fs::read(path).map_err(|error| {
            let reason = format!(
                "cannot be read: {error}; write the secret into that file, readable by the service only, or pass it \
                 as the systemd credential {}",
                self.name
            );
            Finding::unreadable(&key, reason, &origin, &error)
        })?;
        let refused = |reason: String| Finding { origin: origin.clone(), ..Finding::new(&key, reason) };
        let text = without_mark(std::str::from_utf8(&bytes).unwrap_or_default()).trim();
        match text.len() {
            0 => Err(refused("is empty or no text: write the secret on one line".to_owned())),
            1..=SECRET_BYTES_MAX if !text.chars().any(char::is_control) => Ok(Secret::new(text)),
            _ => Err(refused(format!(
                "holds more than one line or {SECRET_BYTES_MAX} bytes: write the secret on one line"
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_shows_itself() {
        let secret = Secret::new("hunter2");
        let shown = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert!(!shown.contains("hunter2") && shown.contains("***"), "{shown}");
    }

    #[test]
    fn a_credential_replaces_the_file_and_both_are_trimmed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        // Editors of Windows put a mark before the text.
        std::fs::write(&file, "\u{feff} from file \r\n").unwrap();
        let source = SecretSource { name: "router.password", file: &file, stored: None };
        let folder = dir.path().join("credentials");
        std::fs::create_dir(&folder).unwrap();
        let env = Environment::from([("CREDENTIALS_DIRECTORY", folder.to_str().unwrap())]);
        assert_eq!(
            source.read(&env).unwrap().expose(),
            "from file",
            "without the credential the file counts"
        );
        std::fs::write(folder.join("router.password"), "from systemd\n").unwrap();
        assert_eq!(source.read(&env).unwrap().expose(), "from systemd");
        std::fs::write(folder.join("router.password"), "\n").unwrap();
        assert_eq!(source.read(&env).unwrap().expose(), "from file", "an empty credential is none");
        std::fs::write(folder.join("router.password"), "from systemd\n").unwrap();
        let stored = dir.path().join("stored");
        std::fs::write(&stored, "from the desk\n").unwrap();
        let source = SecretSource { stored: Some(&stored), ..source };
        assert_eq!(
            source.read(&env).unwrap().expose(),
            "from systemd",
            "a credential wins over a stored secret"
        );
        assert_eq!(source.read(&Environment::default()).unwrap().expose(), "from the desk");
        let source = SecretSource { stored: None, ..source };
        assert_eq!(source.read(&Environment::default()).unwrap().expose(), "from file");
    }

    #[test]
    fn a_bad_secret_file_is_named_and_never_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        let source = SecretSource { name: "router.password", file: &file, stored: None };
        let missing = source.read(&Environment::default()).unwrap_err().to_string();
        assert!(
            missing.contains("router.password_file") && missing.contains(file.to_str().unwrap()),
            "{missing}"
        );
        for bytes in [&b" \n"[..], b"one\ntwo", b"\xff\xfe", &[b'x'; 5000]] {
            std::fs::write(&file, bytes).unwrap();
            let error = source.read(&Environment::default()).unwrap_err().to_string();
            assert!(error.starts_with("router.password_file: "), "{error}");
            assert!(!error.contains("two") && !error.contains("xxx"), "{error}");
        }
    }
}
