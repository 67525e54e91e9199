//! Changes of the database's merchants and sites, for command line and console.

use std::fmt;

use super::cipher::KeyCipher;
use super::entries::DirectoryEntries;
use super::token::SiteToken;
use crate::relay::config::{account_fault, id_fault, key_fault};
use crate::relay::store::directory::{
    DISABLED_BEFORE_REMOVAL_MS, DirectoryChange, DirectoryRefusal, MerchantEntry, SiteEntry, SiteState,
    StoredDirectory, StoredMerchant,
};
use crate::relay::store::operators::LogAuthor;
use crate::relay::store::{RelayStore, RelayStoreError};
use crate::settings::{HttpUrl, Secret};
use crate::web::Problem;

/// Server keys that are kept of a merchant: the one in use, and those before, which sign notifications of orders from
/// their time.
const KEYS_KEPT_MAX: u32 = 4;

/// A merchant or a site of the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// An account at the gateway.
    Merchant,
    /// A hotspot.
    Site,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Merchant => "merchant",
            Self::Site => "site",
        })
    }
}

/// Why nothing was changed, for people.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A value cannot be used.
    #[error("{field}: {why}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The entry is one of the configuration's file.
    #[error("{kind} {id} is in the configuration's file: change it there, and reload the relay")]
    InFile {
        /// What it is.
        kind: EntryKind,
        /// Which.
        id: String,
    },
    /// The directory does not allow it.
    #[error("{}", explain(*kind, id, *refusal))]
    Refused {
        /// What it is about.
        kind: EntryKind,
        /// Which.
        id: String,
        /// Why.
        refusal: DirectoryRefusal,
    },
    /// The server key cannot be encrypted.
    #[error("the server key cannot be stored: {0}")]
    Cipher(String),
    /// The system has no random bytes.
    #[error("the system has no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] RelayStoreError),
}

fn explain(kind: EntryKind, id: &str, refusal: DirectoryRefusal) -> String {
    match refusal {
        DirectoryRefusal::Taken => format!("there is a {kind} {id} already"),
        DirectoryRefusal::Removed => {
            format!(
                "{kind} {id} was removed, and its name stays taken: orders of it are kept. Take another name"
            )
        }
        DirectoryRefusal::Unknown => format!("there is no {kind} {id}; {kind} list shows those there are"),
        DirectoryRefusal::TokenTaken => "another site has the same token".to_owned(),
        DirectoryRefusal::OtherMerchant => {
            format!("orders of a site {id} were paid to another merchant: take another name")
        }
        DirectoryRefusal::NotDisabled => format!("{kind} {id} is in use: disable it first"),
        DirectoryRefusal::JustDisabled => format!(
            "{kind} {id} was disabled only just now: remove it in {} s, when every relay knows",
            DISABLED_BEFORE_REMOVAL_MS / 1000
        ),
        DirectoryRefusal::OpenOrders(count) => format!(
            "{count} orders of {kind} {id} may still be paid, and nobody would be told: enable it until they are over"
        ),
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        let said = error.to_string();
        match error {
            EditError::Invalid { field, why } => Self::invalid(field, why),
            EditError::InFile { .. } => Self::conflict("in_file", said),
            EditError::Refused { kind, refusal: DirectoryRefusal::Unknown, .. } => {
                let what = match kind {
                    EntryKind::Merchant => "merchant",
                    EntryKind::Site => "site",
                };
                Self::not_found(what)
            }
            EditError::Refused { refusal, .. } => Self::conflict(code(refusal), said),
            EditError::Cipher(_) => Self::unavailable("encryption_key", said),
            EditError::Random(_) => Self::internal(),
            EditError::Store(error) => error.into(),
        }
    }
}

/// The stable code of a refusal.
const fn code(refusal: DirectoryRefusal) -> &'static str {
    match refusal {
        DirectoryRefusal::Taken => "taken",
        DirectoryRefusal::Removed => "removed",
        DirectoryRefusal::Unknown => "not_found",
        DirectoryRefusal::TokenTaken => "token_taken",
        DirectoryRefusal::OtherMerchant => "other_merchant",
        DirectoryRefusal::NotDisabled => "not_disabled",
        DirectoryRefusal::JustDisabled => "just_disabled",
        DirectoryRefusal::OpenOrders(_) => "open_orders",
    }
}

/// A merchant to be added.
#[derive(Clone, Debug)]
pub struct NewMerchant {
    /// What it is.
    pub entry: MerchantEntry,
    /// For calls and signatures.
    pub server_key: Secret,
}

/// Changes the directory.
#[derive(Clone, Copy)]
pub struct DirectoryEditor<'a> {
    /// Where the directory is.
    pub store: &'a dyn RelayStore,
    /// The configuration's file, whose entries stay as they are.
    pub file: &'a DirectoryEntries,
    /// Encrypts server keys.
    pub cipher: &'a KeyCipher,
    /// Who changes it, and when.
    pub by: &'a LogAuthor,
}

impl DirectoryEditor<'_> {
    /// Adds a merchant.
    pub async fn add_merchant(&self, merchant: NewMerchant) -> Result<(), EditError> {
        let NewMerchant { entry, server_key } = merchant;
        let id = entry.id.clone();
        check("id", id_fault(&id))?;
        check("merchant_id", entry.account.as_deref().and_then(account_fault).map(str::to_owned))?;
        check("core_url", entry.core_url.as_deref().and_then(url_fault))?;
        check("snap_url", entry.snap_url.as_deref().and_then(url_fault))?;
        check_key(&entry, &server_key)?;
        self.check_file(EntryKind::Merchant, &id)?;
        let keys = vec![self.cipher.seal(&id, &server_key).map_err(EditError::Cipher)?];
        let change = StoredMerchant { entry, keys, created_at: self.by.at };
        self.change(EntryKind::Merchant, &id, DirectoryChange::AddMerchant(change)).await
    }

    /// Gives a merchant a new server key. Those before are still accepted in signatures.
    pub async fn rotate_key(&self, id: &str, server_key: &Secret) -> Result<(), EditError> {
        self.check_file(EntryKind::Merchant, id)?;
        let refused = |refusal| EditError::Refused { kind: EntryKind::Merchant, id: id.to_owned(), refusal };
        let known = self.store.directory().await?.merchants.into_iter().find(|known| known.entry.id == id);
        let known = known.ok_or_else(|| refused(DirectoryRefusal::Unknown))?;
        check_key(&known.entry, server_key)?;
        let in_use = known.keys.first().and_then(|sealed| self.cipher.open(id, sealed).ok());
        check("server_key", (in_use.as_ref() == Some(server_key)).then(|| "is in use already".to_owned()))?;
        let sealed = self.cipher.seal(id, server_key).map_err(EditError::Cipher)?;
        let change = DirectoryChange::AddKey { merchant: id.to_owned(), sealed, kept_max: KEYS_KEPT_MAX };
        self.change(EntryKind::Merchant, id, change).await
    }

    /// Adds a site of a merchant, with the token of this hash, or else with a new one, which is answered.
    pub async fn add_site(
        &self,
        id: &str,
        merchant: &str,
        token_sha256: Option<[u8; 32]>,
    ) -> Result<Option<SiteToken>, EditError> {
        check("id", id_fault(id))?;
        self.check_file(EntryKind::Site, id)?;
        let in_file = self.file.merchants.iter().any(|listed| listed.entry.id == merchant);
        let StoredDirectory { merchants, .. } = self.store.directory().await?;
        if !in_file && !merchants.iter().any(|stored| stored.entry.id == merchant) {
            let (kind, id) = (EntryKind::Merchant, merchant.to_owned());
            return Err(EditError::Refused { kind, id, refusal: DirectoryRefusal::Unknown });
        }
        let fresh = match token_sha256 {
            Some(_) => None,
            None => Some(SiteToken::random()?),
        };
        let site = SiteEntry {
            id: id.to_owned(),
            merchant: merchant.to_owned(),
            token_sha256: token_sha256.or(fresh.as_ref().map(|token| token.sha256)),
            state: SiteState::Enabled,
        };
        if self.file.sites.iter().any(|own| own.token_sha256 == site.token_sha256) {
            let refusal = DirectoryRefusal::TokenTaken;
            return Err(EditError::Refused { kind: EntryKind::Site, id: id.to_owned(), refusal });
        }
        self.change(EntryKind::Site, id, DirectoryChange::AddSite(site)).await?;
        Ok(fresh)
    }

    /// Replaces a site's token. The one before is refused from then on.
    pub async fn rotate_token(&self, id: &str) -> Result<SiteToken, EditError> {
        self.check_file(EntryKind::Site, id)?;
        let fresh = SiteToken::random()?;
        let change = DirectoryChange::SetToken { site: id.to_owned(), token_sha256: fresh.sha256 };
        self.change(EntryKind::Site, id, change).await?;
        Ok(fresh)
    }

    /// Enables, disables or removes a site.
    pub async fn set_state(&self, id: &str, state: SiteState) -> Result<(), EditError> {
        self.check_file(EntryKind::Site, id)?;
        self.change(EntryKind::Site, id, DirectoryChange::SetState { site: id.to_owned(), state }).await
    }

    fn check_file(&self, kind: EntryKind, id: &str) -> Result<(), EditError> {
        let is_in_file = match kind {
            EntryKind::Merchant => self.file.merchants.iter().any(|listed| listed.entry.id == id),
            EntryKind::Site => self.file.sites.iter().any(|site| site.id == id),
        };
        if is_in_file { Err(EditError::InFile { kind, id: id.to_owned() }) } else { Ok(()) }
    }

    async fn change(&self, kind: EntryKind, id: &str, change: DirectoryChange) -> Result<(), EditError> {
        let changed = self.store.change_directory(&change, self.by).await?;
        changed.map_err(|refusal| EditError::Refused { kind, id: id.to_owned(), refusal })
    }
}

fn check(field: &'static str, fault: Option<String>) -> Result<(), EditError> {
    fault.map_or(Ok(()), |why| Err(EditError::Invalid { field, why }))
}

fn url_fault(url: &str) -> Option<String> {
    url.parse::<HttpUrl>().err()
}

/// At another address than the gateway's, any key is accepted that is one.
fn check_key(merchant: &MerchantEntry, server_key: &Secret) -> Result<(), EditError> {
    let text = server_key.expose();
    let is_key = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
    check(
        "server_key",
        (!is_key).then(|| "is no server key: write it as the dashboard shows it".to_owned()),
    )?;
    let fault = key_fault(merchant.environment, server_key).filter(|_| merchant.core_url.is_none());
    check("server_key", fault)
}
