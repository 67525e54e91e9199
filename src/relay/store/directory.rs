//! Merchants and sites, as the relay's database keeps them and as its configuration's file lists them.

use crate::domain::units::Timestamp;
use crate::midtrans::GatewayEnvironment;

/// A removed site was disabled at least this long before, in milliseconds: every relay has seen it by then, and none
/// opens an order of it.
pub const DISABLED_BEFORE_REMOVAL_MS: i64 = 10_000;

/// An account at the gateway, without its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MerchantEntry {
    /// Its name here.
    pub id: String,
    /// The gateway's world it belongs to.
    pub environment: GatewayEnvironment,
    /// The gateway's id of it; `None`: learned from the first charge.
    pub account: Option<String>,
    /// Whether the gateway adds its fee to what customers pay.
    pub fee_imposition: bool,
    /// Another address than the gateway's for charges.
    pub core_url: Option<String>,
    /// The same for its payment page.
    pub snap_url: Option<String>,
}

/// A merchant of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMerchant {
    /// What it is.
    pub entry: MerchantEntry,
    /// Its encrypted keys, the newest first.
    pub keys: Vec<Vec<u8>>,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Whether a site may use the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SiteState {
    /// It may.
    Enabled,
    /// It may not, until it is enabled again.
    Disabled,
    /// It never will again. Its name stays taken.
    Removed,
}

impl SiteState {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Enabled, Self::Disabled, Self::Removed].into_iter().find(|state| state.name() == name)
    }
}

/// A hotspot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteEntry {
    /// Its name.
    pub id: String,
    /// The merchant that its customers pay.
    pub merchant: String,
    /// SHA-256 of its token; `None` for a removed site.
    pub token_sha256: Option<[u8; 32]>,
    /// Whether it may use the relay.
    pub state: SiteState,
}

/// A site of the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSite {
    /// What it is.
    pub entry: SiteEntry,
    /// When it was added.
    pub created_at: Timestamp,
    /// When token or state changed.
    pub changed_at: Timestamp,
}

/// Every merchant and every site of the database, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredDirectory {
    /// Names this content: any change makes another one. Empty before the first.
    pub version: String,
    /// By id.
    pub merchants: Vec<StoredMerchant>,
    /// By id, the removed included.
    pub sites: Vec<StoredSite>,
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub enum DirectoryChange {
    /// Adds a merchant with its keys.
    AddMerchant(StoredMerchant),
    /// Gives a merchant a new key, and drops the oldest beyond so many.
    AddKey {
        /// Whose.
        merchant: String,
        /// Encrypted.
        sealed: Vec<u8>,
        /// How many keys it has afterwards, at most.
        kept_max: u32,
    },
    /// Adds a site.
    AddSite(SiteEntry),
    /// Replaces a site's token.
    SetToken {
        /// Whose.
        site: String,
        /// SHA-256 of the new one.
        token_sha256: [u8; 32],
    },
    /// Enables, disables or removes a site.
    SetState {
        /// Which.
        site: String,
        /// How it is to be.
        state: SiteState,
    },
}

impl DirectoryChange {
    /// What the operators' log says of it: action, target and detail.
    pub(super) fn log_words(&self) -> (&'static str, &str, &str) {
        match self {
            Self::AddMerchant(merchant) => {
                ("merchant.add", &merchant.entry.id, merchant.entry.environment.name())
            }
            Self::AddKey { merchant, .. } => ("merchant.rotate_key", merchant, ""),
            Self::AddSite(site) => ("site.add", &site.id, &site.merchant),
            Self::SetToken { site, .. } => ("site.rotate_token", site, ""),
            Self::SetState { site, state } => {
                let action = match state {
                    SiteState::Enabled => "site.enable",
                    SiteState::Disabled => "site.disable",
                    SiteState::Removed => "site.remove",
                };
                (action, site, "")
            }
        }
    }
}

/// Why the directory was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryRefusal {
    /// The id is in use.
    Taken,
    /// The id was used by a site that was removed.
    Removed,
    /// There is no such merchant or site.
    Unknown,
    /// Another site has the same token.
    TokenTaken,
    /// Orders of a site of this name belong to another merchant.
    OtherMerchant,
    /// Only a disabled site can be removed.
    NotDisabled,
    /// It was disabled less than [`DISABLED_BEFORE_REMOVAL_MS`] before.
    JustDisabled,
    /// So many orders of the site may still be paid.
    OpenOrders(u64),
}

/// What is wrong with a change of a site's state, by what is stored; both databases judge by it.
pub(super) fn refuse_state(
    stored: &StoredSite,
    wanted: SiteState,
    open_orders: u64,
    at: Timestamp,
) -> Option<DirectoryRefusal> {
    let since = at.0.saturating_sub(stored.changed_at.0);
    match (stored.entry.state, wanted) {
        (SiteState::Removed, _) => Some(DirectoryRefusal::Removed),
        (SiteState::Enabled, SiteState::Removed) => Some(DirectoryRefusal::NotDisabled),
        (SiteState::Disabled, SiteState::Removed) if open_orders > 0 => {
            Some(DirectoryRefusal::OpenOrders(open_orders))
        }
        // A clock that was set back makes nobody wait for more than that.
        (SiteState::Disabled, SiteState::Removed) if (0..DISABLED_BEFORE_REMOVAL_MS).contains(&since) => {
            Some(DirectoryRefusal::JustDisabled)
        }
        (SiteState::Enabled | SiteState::Disabled, _) => None,
    }
}

/// The gateway's world of that name.
pub(super) fn environment(name: &str) -> Option<GatewayEnvironment> {
    [GatewayEnvironment::Sandbox, GatewayEnvironment::Production]
        .into_iter()
        .find(|world| world.name() == name)
}
