//! `first-run.json` in the data folder: who claimed the machine, and the answers so far. Each step saves it whole, so that the
//! set-up is resumed wherever it was left. Secrets are not in it: the owner's password is a hash, the router's is in a file of
//! the folder of secrets.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claim::{Claiming, Proof};
use crate::agent::site::RestoredHere;
use crate::domain::units::Timestamp;
use crate::tools::whole_file;

/// The file.
const FILE: &str = "first-run.json";
/// No record is longer.
const BYTES_MAX: u64 = 256 * 1024;

/// How far the set-up is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Answers are collected.
    #[default]
    Open,
    /// The settings are written; what belongs into the store is entered at the next start.
    Entering,
    /// The owner is in the store.
    Done,
}

/// The first owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnerAnswer {
    /// The name to log in with.
    pub name: String,
    /// The password's hash, as the store has it.
    pub password_hash: String,
}

/// A package to sell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageAnswer {
    /// Its name.
    pub name: String,
    /// Quota in bytes; unlimited without.
    pub quota_bytes: Option<u64>,
    /// Days it is valid.
    pub days: u32,
    /// Its price.
    pub price_rp: u64,
}

/// A device for a first customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    /// The customer's name.
    pub name: String,
    /// The device's MAC address.
    pub mac: String,
}

/// The answers so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Answers {
    /// Values by the full path of their key, as the desk's layer has them.
    pub values: BTreeMap<String, Value>,
    /// The file in the folder of secrets with the password that the router's script gives to the agent.
    pub router_password: Option<String>,
    /// The first owner.
    pub owner: Option<OwnerAnswer>,
    /// Packages to sell; `None` until the step was done.
    pub packages: Option<Vec<PackageAnswer>>,
    /// A first customer's device.
    pub device: Option<DeviceAnswer>,
    /// Steps that were done, by name.
    pub done: Vec<String>,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// How far the set-up is.
    pub stage: Stage,
    /// Who may set the machine up.
    pub claiming: Claiming,
    /// The answers.
    #[serde(default)]
    pub answers: Answers,
    /// When a copy was restored in place of answers, by the wall clock: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored_at_ms: Option<i64>,
}

impl Record {
    /// The record of a data folder; `None` before the first start. A file that cannot be read is an error: it is not taken for
    /// a machine that was never started.
    pub fn load(data_dir: &Path) -> io::Result<Option<Self>> {
        let Some(text) = whole_file::read(&data_dir.join(FILE), BYTES_MAX)? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(io::Error::other)
    }

    /// How the data of this machine came from a copy by the set-up's pages; `None` where they did not.
    pub fn restored(&self) -> Option<RestoredHere> {
        let (at, claim) = (self.restored_at_ms?, self.claiming.claim.as_ref()?);
        Some(RestoredHere {
            at: Timestamp(at),
            claimed_at: Timestamp(claim.at_ms),
            address: claim.address,
            is_by_code: claim.proof == Proof::Code,
        })
    }

    /// Writes the record, whole and durable.
    pub fn save(&self, data_dir: &Path) -> io::Result<()> {
        let text = serde_json::to_string(self).map_err(io::Error::other)?;
        whole_file::replace(&data_dir.join(FILE), &text, 0o600)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_record_reads_back_and_a_damaged_one_is_not_a_first_start() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Record::load(dir.path()).unwrap().is_none());
        let mut record = Record { stage: Stage::Entering, ..Record::default() };
        record.answers.values.insert("name".to_owned(), Value::from("Kita"));
        record.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), Some(record));
        let file = dir.path().join(FILE);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        for damaged in ["", "{", "[]", "{\"stage\": 7}", "\u{0}\u{0}"] {
            std::fs::write(&file, damaged).unwrap();
            assert!(Record::load(dir.path()).is_err(), "{damaged:?}");
        }
    }
}
