//! Where copies of the store are kept besides the card.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

const HINT: &str = "write a folder on another disk like \"/media/usb/kuota\", \"usb:LABEL\" for a disk by its label, \"s3://bucket/prefix\", \"relay\", or \"\" for none";
/// How the relay's vault is written.
const RELAY: &str = "relay";
/// The longest label of a file system that is in use.
const LABEL_CHARS_MAX: usize = 64;
/// The longest bucket with its prefix.
const S3_CHARS_MAX: usize = 200;

/// Where copies are kept besides the card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CopyTarget {
    /// Nowhere.
    #[default]
    None,
    /// A folder of another disk.
    Folder(PathBuf),
    /// The disk with this label, wherever it is mounted.
    Usb(String),
    /// The vault of the relay of `[relay]`.
    Relay,
    /// A bucket of the store of `[backup.s3]`.
    S3 {
        /// Its name.
        bucket: String,
        /// What the names of copies begin with, without a slash at its ends.
        prefix: String,
    },
}

impl fmt::Display for CopyTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Folder(path) => path.display().fmt(f),
            Self::Usb(label) => write!(f, "usb:{label}"),
            Self::Relay => f.write_str(RELAY),
            Self::S3 { bucket, prefix } if prefix.is_empty() => write!(f, "s3://{bucket}"),
            Self::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
        }
    }
}

impl FromStr for CopyTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Self::None);
        }
        if text == RELAY {
            return Ok(Self::Relay);
        }
        if text.chars().any(char::is_control) {
            return Err(format!("holds control characters: {HINT}"));
        }
        if let Some(label) = text.strip_prefix("usb:") {
            let is_label =
                !label.is_empty() && label.chars().count() <= LABEL_CHARS_MAX && !label.contains('/');
            let label = (is_label && label != "." && label != "..").then(|| Self::Usb(label.to_owned()));
            return label.ok_or_else(|| format!("\"{text}\" names no label of a disk: {HINT}"));
        }
        if let Some(place) = text.strip_prefix("s3://") {
            let place = s3(place);
            return place.ok_or_else(|| {
                format!("\"{text}\" is no bucket, or its prefix has unusual characters: {HINT}")
            });
        }
        if text.starts_with('/') && !text.split('/').any(|part| part == "..") {
            return Ok(Self::Folder(text.into()));
        }
        Err(format!("\"{text}\" is no place for copies: {HINT}"))
    }
}

/// A bucket with a prefix, of characters that no address has to escape.
fn s3(place: &str) -> Option<CopyTarget> {
    let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(is_plain);
    let prefix = prefix.trim_end_matches('/');
    let is_sound = is_part(bucket) && place.len() <= S3_CHARS_MAX;
    let is_sound = is_sound && (prefix.is_empty() || prefix.split('/').all(is_part));
    is_sound.then(|| CopyTarget::S3 { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
}

impl Serialize for CopyTarget {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CopyTarget {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_read_as_it_is_printed() {
        for text in ["", "relay", "/media/usb/kuota", "usb:KUOTA", "usb:my disk", "s3://b", "s3://b/p/q"] {
            assert_eq!(text.parse::<CopyTarget>().unwrap().to_string(), text);
        }
        for text in [
            "kuota",
            "../x",
            "/media/../etc",
            "usb:",
            "usb:..",
            "usb:a/b",
            "/a\nb",
            "ftp://a",
            "s3:/x",
            "s3://",
            "s3://b/../c",
            "s3://b//c",
            "s3://b?x",
        ] {
            assert!(text.parse::<CopyTarget>().is_err(), "{text}");
        }
    }
}
