//! Names that devices gave themselves, read from the router in one go when somebody looks, and shared for a minute.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex as AsyncMutex;

use crate::domain::id::Mac;
use crate::routeros::Router;

/// How long one reading serves everybody who looks.
const NAMES_AGE_MAX: Duration = Duration::from_mins(1);

/// Names by device.
pub type NamesByMac = Arc<BTreeMap<Mac, String>>;

/// The last reading of the names.
#[derive(Default)]
pub(super) struct DeviceNames {
    known: Mutex<(Option<Duration>, NamesByMac)>,
    /// Held while they are read: who comes meanwhile waits for that reading.
    reading: AsyncMutex<()>,
}

impl DeviceNames {
    /// The names as they were last read, without asking the router.
    pub fn known(&self) -> NamesByMac {
        Arc::clone(&self.known.lock().unwrap_or_else(PoisonError::into_inner).1)
    }

    fn fresh(&self, now: Duration) -> Option<NamesByMac> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = known.0.is_some_and(|at| now.saturating_sub(at) < NAMES_AGE_MAX);
        is_fresh.then(|| Arc::clone(&known.1))
    }

    /// The names, read again when they are older than a minute. A router that cannot be asked leaves the old ones, and is
    /// asked again no earlier than after another minute.
    pub async fn read(&self, router: &dyn Router, now: Duration) -> NamesByMac {
        if let Some(names) = self.fresh(now) {
            return names;
        }
        let _turn = self.reading.lock().await;
        if let Some(names) = self.fresh(now) {
            return names;
        }
        let read = router.read_names().await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.0 = Some(now);
        match read {
            Ok(names) => known.1 = Arc::new(names),
            Err(error) => tracing::debug!(%error, "the names of devices could not be read"),
        }
        Arc::clone(&known.1)
    }
}
