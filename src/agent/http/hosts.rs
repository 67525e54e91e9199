//! Names of devices, for pages and answers that show them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use crate::agent::router::device_names::NamesByMac;
use crate::agent::site::Site;
use crate::web::finish::finish;

/// How long an answer waits for the router: names are worth no more.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The names that devices gave themselves, as they are known within a second.
pub(crate) async fn device_names(site: &Arc<Site>) -> NamesByMac {
    let reader = Arc::clone(site);
    let reading = finish(async move { reader.cycle.device_names().await });
    match timeout(WAIT_MAX, reading).await {
        Ok(Ok(names)) => names,
        Ok(Err(_)) | Err(_) => site.cycle.device_names_known(),
    }
}
