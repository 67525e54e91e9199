//! Merchants and sites in force: those of the configuration's file and those of the database, together.
//!
//! | file | what it is |
//! |---|---|
//! | `entries` | what file and database list |
//! | `cipher` | encryption of server keys that are kept in the database |
//! | `edit` | changes of the database's merchants and sites, for command line and console |
//! | `token` | a site's token |
//!
//! The database says when its directory changed, and the file is read again on request; either makes a new state from
//! both. A merchant or site that stays as it is stays the same object, with its circuit breaker, rate limits and waiting
//! calls.

pub mod cipher;
pub mod edit;
mod entries;
pub mod token;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, watch};

pub use cipher::KeyCipher;
pub use entries::{DirectoryEntries, ListedMerchant};

use super::config::MerchantKeys;
use super::figures::RelayFigures;
use super::merchant::{Merchant, MerchantKeyring};
use super::order_id::new_secret;
use super::site::{RelaySite, SiteAccess};
use super::store::directory::{MerchantEntry, SiteEntry, SiteState, StoredDirectory};
use super::store::{RelayStore, RelayStoreError};
use crate::clock::Clock;
use crate::midtrans::{Gateway, KeySource};

/// Path of the gateway's notifications: the merchant and its secret follow.
const NOTIFICATIONS: &str = "/midtrans/notification/";

/// Makes the client of the gateway for a merchant. The error, for people, says what cannot be used.
pub type GatewayFactory =
    Arc<dyn Fn(&MerchantEntry, KeySource) -> Result<Arc<dyn Gateway>, String> + Send + Sync>;

/// Reads the encryption key. The first command that needs one makes it, while relays run.
pub type CipherSource = Arc<dyn Fn() -> KeyCipher + Send + Sync>;

/// Reads the encryption key, or makes it where there is none; whether it did. The error is for people.
pub type SealingSource = Arc<dyn Fn() -> Result<(KeyCipher, bool), String> + Send + Sync>;

/// What a directory is made of.
pub(super) struct DirectoryParts {
    pub store: Arc<dyn RelayStore>,
    pub clock: Arc<dyn Clock>,
    pub figures: Arc<RelayFigures>,
    pub cipher: CipherSource,
    pub gateways: GatewayFactory,
    /// How the gateway reaches the relay.
    pub public_url: Option<String>,
}

/// Why merchants and sites could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] RelayStoreError),
    /// The system has no random bytes.
    #[error("the system has no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// A merchant of the configuration's file cannot be used.
    #[error("merchant {merchant}: {why}")]
    Merchant {
        /// Which.
        merchant: String,
        /// What is wrong, for people.
        why: String,
    },
}

/// Merchants and sites in force.
pub(super) struct Directory {
    parts: DirectoryParts,
    state: RwLock<Arc<DirectoryState>>,
    /// The configuration's file as it was read last. Locked while the state is made: two that are made at once could end
    /// with the older one.
    file: Mutex<watch::Receiver<Arc<DirectoryEntries>>>,
}

#[derive(Default)]
struct DirectoryState {
    /// The name of the database's content that this was made from.
    version: String,
    merchants: BTreeMap<String, MerchantHere>,
    sites: BTreeMap<String, Arc<RelaySite>>,
    /// By the SHA-256 of a token. Its place in the table reveals nothing: nobody can choose a hash.
    tokens: HashMap<[u8; 32], SiteAccess>,
}

struct MerchantHere {
    /// What it was made from.
    entry: MerchantEntry,
    keys: MerchantKeyring,
    merchant: Arc<Merchant>,
}

impl Directory {
    /// Reads both sources. A merchant of the file that cannot be used is an error; one of the database is logged.
    pub async fn load(
        parts: DirectoryParts,
        file: watch::Receiver<Arc<DirectoryEntries>>,
    ) -> Result<Self, DirectoryError> {
        let directory = Self { parts, state: RwLock::default(), file: Mutex::new(file) };
        let faults = directory.refresh().await?;
        let file = Arc::clone(&directory.file.lock().await.borrow());
        let is_in_file = |id: &str| file.merchants.iter().any(|listed| listed.entry.id == id);
        let fault = faults.into_iter().find(|(merchant, _)| is_in_file(merchant));
        fault.map_or(Ok(directory), |(merchant, why)| Err(DirectoryError::Merchant { merchant, why }))
    }

    /// Waits until file or database changed since the last refresh.
    pub async fn changed(&self) {
        let version = self.state().version.clone();
        let mut file = self.file.lock().await.clone();
        let file_changed = async {
            if file.changed().await.is_err() {
                // Nobody reads the file again.
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = self.parts.store.directory_changed(&version) => {}
            () = file_changed => {}
        }
    }

    /// Makes the state again from both sources. Answers the merchants that cannot be used, and why; a source that cannot be
    /// read changes nothing.
    pub async fn refresh(&self) -> Result<Vec<(String, String)>, DirectoryError> {
        let mut file = self.file.lock().await;
        let stored = self.parts.store.directory().await?;
        let listed = Arc::clone(&file.borrow_and_update());
        let version = stored.version.clone();
        let entries = merged(&listed, stored, &(self.parts.cipher)());
        let before = self.state();
        let (mut merchants, mut faults) = (BTreeMap::new(), Vec::new());
        for listed in entries.merchants {
            let id = listed.entry.id.clone();
            if let Err(why) = &listed.keys {
                tracing::error!(merchant.id = id, why, "a merchant's server key cannot be used");
            }
            match self.merchant_here(listed, before.merchants.get(&id)).await {
                Ok(here) => drop(merchants.insert(id, here)),
                Err(DirectoryError::Merchant { merchant, why }) => {
                    tracing::error!(merchant.id = merchant, why, "a merchant cannot be used");
                    faults.push((merchant, why));
                }
                Err(error) => return Err(error),
            }
        }
        let (sites, tokens) = sites(entries.sites, &merchants, &before.sites);
        let fresh = DirectoryState { version, merchants, sites, tokens };
        self.replace(&before, fresh);
        Ok(faults)
    }

    /// Puts a state in force. Calls that wait with a token that is no longer good are ended, and refused when they return.
    fn replace(&self, before: &DirectoryState, fresh: DirectoryState) {
        let fresh = Arc::new(fresh);
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        for (token, access) in &before.tokens {
            let is_good = fresh.tokens.get(token).is_some_and(|now| now.is_enabled == access.is_enabled);
            if !is_good {
                access.site.polls.end_all();
            }
        }
    }

    async fn merchant_here(
        &self,
        listed: ListedMerchant,
        known: Option<&MerchantHere>,
    ) -> Result<MerchantHere, DirectoryError> {
        let ListedMerchant { entry, keys } = listed;
        if let Some(known) = known.filter(|known| known.entry == entry) {
            known.keys.replace(keys);
            let (keys, merchant) = (known.keys.clone(), Arc::clone(&known.merchant));
            return Ok(MerchantHere { entry, keys, merchant });
        }
        let keyring = MerchantKeyring::new(keys);
        let gateway = (self.parts.gateways)(&entry, keyring.source());
        let gateway = gateway.map_err(|why| DirectoryError::Merchant { merchant: entry.id.clone(), why })?;
        let store = &self.parts.store;
        let secret = store.merchant_secret(&entry.id, &new_secret()?).await?;
        let clock = Arc::clone(&self.parts.clock);
        let figures = Arc::clone(&self.parts.figures);
        let mut merchant = Merchant::new(entry.id.clone(), secret, gateway, keyring.clone(), clock, figures);
        merchant.fee_imposition = entry.fee_imposition;
        merchant.notification_url =
            self.parts.public_url.as_ref().map(|url| format!("{url}{}", notification_path(&merchant)));
        let learned = match &entry.account {
            Some(account) => Some(account.clone()),
            None => store.merchant_id(&entry.id).await?,
        };
        if let Some(account) = learned {
            merchant.account.get_or_init(|| account);
        }
        Ok(MerchantHere { entry, keys: keyring, merchant: Arc::new(merchant) })
    }

    /// What the configuration's file lists, as it was read last.
    pub async fn file(&self) -> Arc<DirectoryEntries> {
        Arc::clone(&self.file.lock().await.borrow())
    }

    /// The encryption key of the database's server keys.
    pub fn cipher(&self) -> KeyCipher {
        (self.parts.cipher)()
    }

    fn state(&self) -> Arc<DirectoryState> {
        Arc::clone(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn merchant(&self, id: &str) -> Option<Arc<Merchant>> {
        self.state().merchants.get(id).map(|here| Arc::clone(&here.merchant))
    }

    pub fn merchants(&self) -> Vec<Arc<Merchant>> {
        self.state().merchants.values().map(|here| Arc::clone(&here.merchant)).collect()
    }

    /// Ids of the sites that may use the relay or could, in order.
    pub fn site_ids(&self) -> Vec<String> {
        self.state().sites.keys().cloned().collect()
    }

    /// Ids of the sites that may use the relay, in order.
    pub fn enabled_site_ids(&self) -> BTreeSet<String> {
        let state = self.state();
        let enabled = state.tokens.values().filter(|access| access.is_enabled);
        enabled.map(|access| access.site.id.clone()).collect()
    }

    /// The site whose token this is.
    pub fn site_of(&self, token: &str) -> Option<SiteAccess> {
        let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        self.state().tokens.get(&hash).cloned()
    }

    /// Whether a token that let a call in still does.
    pub fn admits(&self, access: &SiteAccess) -> bool {
        self.state().tokens.get(&access.token_sha256).is_some_and(|now| now.is_enabled)
    }

    /// The path on which a merchant's notifications are received.
    pub fn notification_path(&self, merchant: &str) -> Option<String> {
        self.merchant(merchant).map(|merchant| notification_path(&merchant))
    }

    /// Whether this is the whole, secret path of a merchant's notifications.
    pub fn is_notification_path(&self, path: &str) -> bool {
        let named = path.strip_prefix(NOTIFICATIONS).and_then(|rest| rest.split_once('/'));
        named.is_some_and(|(merchant, secret)| {
            self.merchant(merchant).is_some_and(|merchant| merchant.is_secret(secret))
        })
    }
}

fn notification_path(merchant: &Merchant) -> String {
    format!("{NOTIFICATIONS}{}/{}", merchant.id, merchant.secret)
}

/// Both lists as one. Where both have an id or a token, the file's counts: it is what its owner wrote down last, by hand.
fn merged(file: &DirectoryEntries, stored: StoredDirectory, cipher: &KeyCipher) -> DirectoryEntries {
    let mut all = file.clone();
    for merchant in stored.merchants {
        let id = &merchant.entry.id;
        if file.merchants.iter().any(|listed| listed.entry.id == *id) {
            tracing::warn!(
                merchant.id = id,
                "both the configuration and the database have this merchant: the configuration counts"
            );
            continue;
        }
        let keys = opened(&merchant.entry.id, &merchant.keys, cipher);
        all.merchants.push(ListedMerchant { entry: merchant.entry, keys });
    }
    for stored in stored.sites.into_iter().filter(|site| site.entry.state != SiteState::Removed) {
        let site = stored.entry;
        let same = |own: &&SiteEntry| own.id == site.id || own.token_sha256 == site.token_sha256;
        if let Some(own) = file.sites.iter().find(same) {
            tracing::warn!(
                site.id = site.id,
                configured = own.id,
                "both the configuration and the database have this site or its token: the configuration counts"
            );
            continue;
        }
        all.sites.push(site);
    }
    all
}

fn opened(merchant: &str, sealed: &[Vec<u8>], cipher: &KeyCipher) -> Result<MerchantKeys, String> {
    let (in_use, previous) = sealed.split_first().ok_or_else(|| "it has none".to_owned())?;
    let server_key = cipher.open(merchant, in_use)?;
    let mut previous_keys = Vec::new();
    for sealed in previous {
        match cipher.open(merchant, sealed) {
            Ok(key) => previous_keys.push(key),
            Err(why) => {
                tracing::warn!(
                    merchant.id = merchant,
                    why,
                    "a previous server key cannot be used: notifications signed with it are refused, and its orders \
                     are asked about instead"
                );
            }
        }
    }
    Ok(MerchantKeys { server_key, previous_keys })
}

type SitesHere = (BTreeMap<String, Arc<RelaySite>>, HashMap<[u8; 32], SiteAccess>);

fn sites(
    entries: Vec<SiteEntry>,
    merchants: &BTreeMap<String, MerchantHere>,
    before: &BTreeMap<String, Arc<RelaySite>>,
) -> SitesHere {
    let (mut sites, mut tokens) = (BTreeMap::new(), HashMap::new());
    for entry in entries {
        let Some(here) = merchants.get(&entry.merchant) else {
            tracing::error!(
                site.id = entry.id,
                merchant.id = entry.merchant,
                "a site's merchant cannot be used, and so neither can the site"
            );
            continue;
        };
        let known = before.get(&entry.id);
        let site = match known.filter(|known| Arc::ptr_eq(&known.merchant, &here.merchant)) {
            Some(known) => Arc::clone(known),
            None => {
                Arc::new(RelaySite::new(&entry.id, Arc::clone(&here.merchant), known.map(|site| &**site)))
            }
        };
        if let Some(token) = entry.token_sha256 {
            let is_enabled = entry.state == SiteState::Enabled;
            tokens.insert(token, SiteAccess { site: Arc::clone(&site), token_sha256: token, is_enabled });
        }
        sites.insert(entry.id, site);
    }
    (sites, tokens)
}
