//! What the configuration's file lists, in the form that the database's entries have.

use std::sync::Arc;

use tokio::sync::watch;

use crate::relay::config::{Config, MerchantKeys, RelaySecrets};
use crate::relay::store::directory::{MerchantEntry, SiteEntry, SiteState};
use crate::settings::HttpUrl;

/// A merchant with its keys, or why there are none.
#[derive(Clone, Debug)]
pub struct ListedMerchant {
    /// What it is.
    pub entry: MerchantEntry,
    /// Its keys.
    pub keys: Result<MerchantKeys, String>,
}

/// Merchants and sites that are to be in force.
#[derive(Clone, Debug, Default)]
pub struct DirectoryEntries {
    /// Accounts at the gateway.
    pub merchants: Vec<ListedMerchant>,
    /// Hotspots.
    pub sites: Vec<SiteEntry>,
}

impl DirectoryEntries {
    /// Those of the configuration's file.
    pub fn of_config(config: &Config, secrets: &RelaySecrets) -> Self {
        let mut all = Self::default();
        for merchant in &config.merchant {
            let url = |url: &Option<HttpUrl>| url.as_ref().map(ToString::to_string);
            let entry = MerchantEntry {
                id: merchant.id.clone(),
                environment: merchant.environment,
                account: Some(merchant.merchant_id.clone()).filter(|account| !account.is_empty()),
                fee_imposition: merchant.fee_imposition,
                core_url: url(&merchant.core_url),
                snap_url: url(&merchant.snap_url),
            };
            let keys = secrets.merchant(&merchant.id).cloned();
            let keys = keys.ok_or_else(|| "there is no server key".to_owned());
            all.merchants.push(ListedMerchant { entry, keys });
            all.sites.extend(merchant.site.iter().map(|site| SiteEntry {
                id: site.id.clone(),
                merchant: merchant.id.clone(),
                token_sha256: secrets.token(&site.id),
                state: SiteState::Enabled,
            }));
        }
        all
    }

    /// A source that never changes.
    pub fn fixed(self) -> watch::Receiver<Arc<Self>> {
        watch::channel(Arc::new(self)).1
    }
}
