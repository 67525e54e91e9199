//! Encryption of server keys that are kept in the database: ChaCha20-Poly1305 (RFC 8439) with a key from a file of its
//! own, so that a copy of the database alone is of no use to a thief.
//!
//! A sealed key is a version byte, 8 bytes that name the key it was sealed with, a random nonce of 12 bytes, and the
//! ciphertext with its tag. The merchant's id is authenticated with it: a sealed key of one merchant is none of another.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use data_encoding::HEXLOWER_PERMISSIVE;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use crate::relay::config::Config;
use crate::settings::{Environment, Finding, Secret};

/// Bytes of the encryption key.
const KEY_BYTES: usize = 32;
/// Bytes that name it.
const NAME_BYTES: usize = 8;
/// The form of a sealed key.
const VERSION: u8 = 1;

/// The encryption key, where there is one.
pub struct KeyCipher {
    key: Option<(LessSafeKey, [u8; NAME_BYTES])>,
    file: PathBuf,
}

impl fmt::Debug for KeyCipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyCipher").field("file", &self.file).finish_non_exhaustive()
    }
}

impl KeyCipher {
    /// No key: nothing can be sealed or opened.
    pub fn none() -> Self {
        Self { key: None, file: PathBuf::new() }
    }

    /// The key of 64 hexadecimal digits.
    pub fn from_hex(text: &str, file: &Path) -> Result<Self, String> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap_or_default();
        let refused = || "must hold the 64 hexadecimal digits of an encryption key".to_owned();
        let bytes: [u8; KEY_BYTES] = bytes.try_into().map_err(|_| refused())?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes).map_err(|_| refused())?;
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let name = std::array::from_fn(|i| hash[i]);
        Ok(Self { key: Some((LessSafeKey::new(key), name)), file: file.to_owned() })
    }

    /// The key of the configuration. There is none where its file is missing: a relay whose merchants are all in its
    /// configuration needs none.
    pub fn load(config: &Config, env: &Environment) -> Result<Self, Finding> {
        let file = &config.encryption_key_file;
        match config.load_encryption_key(env)? {
            Some(text) => Self::from_hex(text.expose(), file)
                .map_err(|why| Finding::new("encryption_key_file", format!("{} {why}", file.display()))),
            None => Ok(Self { key: None, file: file.clone() }),
        }
    }

    /// The key of the configuration, which is made where its file is missing; whether it was. The file is private, and
    /// belongs to its folder's owner: commands are often given by root, and the relay must read it.
    pub fn load_or_create(config: &Config, env: &Environment) -> Result<(Self, bool), Finding> {
        let found = Self::load(config, env)?;
        if found.key.is_some() {
            return Ok((found, false));
        }
        let file = &config.encryption_key_file;
        let failed = |error: io::Error| {
            let reason = format!("{} cannot be made: {error}", file.display());
            Finding::new("encryption_key_file", reason)
        };
        create(file).map_err(failed)?;
        Ok((Self::load(config, env)?, true))
    }

    /// Whether there is a key.
    pub fn is_there(&self) -> bool {
        self.key.is_some()
    }

    /// Seals a merchant's server key. The error is for people.
    pub fn seal(&self, merchant: &str, server_key: &Secret) -> Result<Vec<u8>, String> {
        let (key, name) = self.key.as_ref().ok_or_else(|| self.missing())?;
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|error| format!("the system has no random bytes: {error}"))?;
        let mut sealed = server_key.expose().as_bytes().to_vec();
        let aad = Aad::from(authenticated(merchant));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed)
            .map_err(|_| "the key could not be encrypted".to_owned())?;
        Ok([&[VERSION][..], name, &nonce, &sealed].concat())
    }

    /// Opens what [`KeyCipher::seal`] made for this merchant. The error is for people.
    pub fn open(&self, merchant: &str, sealed: &[u8]) -> Result<Secret, String> {
        let (key, own) = self.key.as_ref().ok_or_else(|| self.missing())?;
        let damaged = || "it is damaged in the database: set it again with merchant rotate-key".to_owned();
        let (version, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (name, rest) = rest.split_at_checked(NAME_BYTES).ok_or_else(damaged)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or_else(damaged)?;
        if *version != VERSION {
            return Err("a later version of kuota-relay encrypted it: update this one".to_owned());
        }
        if name != own {
            return Err(format!(
                "it was encrypted with another key than that of {}: every relay on one database needs the same file",
                self.file.display()
            ));
        }
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| damaged())?;
        let mut text = text.to_vec();
        let opened = key.open_in_place(nonce, Aad::from(authenticated(merchant)), &mut text);
        let opened = opened.map_err(|_| damaged())?;
        std::str::from_utf8(opened).map(Secret::new).map_err(|_| damaged())
    }

    fn missing(&self) -> String {
        format!(
            "the encryption key is missing: copy {} from a relay on the same database, or from its backup",
            self.file.display()
        )
    }
}

fn authenticated(merchant: &str) -> Vec<u8> {
    [b"kuota-relay server key\0", merchant.as_bytes()].concat()
}

fn tempfile_in(folder: &Path) -> io::Result<(PathBuf, std::fs::File)> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let path = folder.join(format!(".encryption-key-{}", data_encoding::HEXLOWER.encode(&random)));
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    Ok((path, file))
}

/// Makes a private file with a random key; one that is there stays as it is.
fn create(file: &Path) -> io::Result<()> {
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The name comes last, to a whole file, so that no power cut leaves half a key.
    let mut draft = tempfile_in(folder)?;
    writeln!(draft.1, "{}", data_encoding::HEXLOWER.encode(&key))?;
    draft.1.sync_all()?;
    let (own, owner) = (draft.1.metadata()?, std::fs::metadata(folder)?);
    if (own.uid(), own.gid()) != (owner.uid(), owner.gid()) {
        chown(&draft.0, Some(owner.uid()), Some(owner.gid()))?;
    }
    let named = std::fs::hard_link(&draft.0, file);
    std::fs::remove_file(&draft.0)?;
    named?;
    std::fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(digit: &str) -> KeyCipher {
        KeyCipher::from_hex(&digit.repeat(64), Path::new("key")).unwrap()
    }

    #[test]
    fn a_sealed_key_opens_for_its_merchant_with_its_cipher_only() {
        let secret = Secret::new("SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa");
        let sealed = cipher("a").seal("m1", &secret).unwrap();
        assert_eq!(cipher("a").open("m1", &sealed).unwrap(), secret);
        assert_ne!(sealed, cipher("a").seal("m1", &secret).unwrap(), "a nonce is used once");
        let refused = [
            cipher("a").open("m2", &sealed),
            cipher("b").open("m1", &sealed),
            KeyCipher::none().open("m1", &sealed),
        ];
        assert!(refused.iter().all(Result::is_err), "{refused:?}");
    }

    #[test]
    fn any_changed_or_missing_byte_is_noticed() {
        let sealed = cipher("a").seal("m1", &Secret::new("key")).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(cipher("a").open("m1", &changed).is_err(), "byte {at}");
            assert!(cipher("a").open("m1", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_key_is_64_digits() {
        for text in ["", "zz", &"a".repeat(63), &"a".repeat(66)] {
            assert!(KeyCipher::from_hex(text, Path::new("key")).is_err(), "{text}");
        }
    }
}
