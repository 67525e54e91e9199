//! One hotspot.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::merchant::Merchant;
use super::order_id::site_tag;
use super::polls::Polls;
use crate::tools::rate_limit::RateLimit;
use crate::web::Problem;

/// Calls a second from one site, and at once: far more than its customers make.
const SITE_CALLS_PER_SECOND: u32 = 200;
/// See [`SITE_CALLS_PER_SECOND`].
const SITE_CALLS_BURST: u32 = 1000;

/// One hotspot.
pub(super) struct RelaySite {
    pub id: String,
    pub merchant: Arc<Merchant>,
    pub tag: String,
    /// Its calls that wait for news.
    pub polls: Arc<Polls>,
    limit: Arc<Mutex<RateLimit>>,
}

/// A site, and whether its token lets it in.
#[derive(Clone)]
pub(super) struct SiteAccess {
    pub site: Arc<RelaySite>,
    pub token_sha256: [u8; 32],
    pub is_enabled: bool,
}

impl RelaySite {
    /// A site of a merchant. It goes on where `before` was, the same site with another merchant.
    pub fn new(id: &str, merchant: Arc<Merchant>, before: Option<&Self>) -> Self {
        let fresh = || Arc::new(Mutex::new(RateLimit::new(SITE_CALLS_PER_SECOND, SITE_CALLS_BURST)));
        Self {
            id: id.to_owned(),
            tag: site_tag(&merchant.id, id),
            merchant,
            polls: before.map_or_else(Arc::default, |site| Arc::clone(&site.polls)),
            limit: before.map_or_else(fresh, |site| Arc::clone(&site.limit)),
        }
    }

    /// Lets a call of this site in, or says for how long to wait.
    pub fn admit(&self, now: Duration) -> Result<(), Problem> {
        let taken = self.limit.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        taken.map_err(|wait| Problem::too_many("too many calls of this site at once", wait.as_secs() + 1))
    }
}
