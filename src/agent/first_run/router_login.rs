//! By which log-in the router is looked at: the owner's own while it is in memory, else the agent's, which works once the
//! router has run the script.

use serde_json::Value;

use super::state::{FirstRun, ROUTER_PASSWORD, RouterLogin};
use crate::agent::config::Tls;
use crate::settings::Secret;
use crate::tools::whole_file;

/// No secret is longer.
const SECRET_BYTES_MAX: u64 = 4096;

/// The log-in to look with; `None` before the step of the router.
pub(super) async fn login(run: &FirstRun) -> Option<RouterLogin> {
    let own = run.login.lock().await.clone();
    own.or_else(|| agent_login(run))
}

/// The agent's own log-in.
pub(super) fn agent_login(run: &FirstRun) -> Option<RouterLogin> {
    let record = run.record();
    let layer = FirstRun::layer(&record);
    let text = |key: &str| record.answers.values.get(key).and_then(Value::as_str);
    let address = text("router.address")?.parse().ok()?;
    let tls = text("router.tls").and_then(Tls::from_name).unwrap_or(run.config.router.tls);
    let fingerprint = text("router.tls_fingerprint").and_then(|text| text.parse().ok());
    let fingerprint = fingerprint.or(run.config.router.tls_fingerprint);
    let file = layer.secret_file(&run.config.data_dir, ROUTER_PASSWORD)?;
    let password = whole_file::read(&file, SECRET_BYTES_MAX).ok()??;
    let username = run.config.router.username.clone();
    Some(RouterLogin { address, tls, fingerprint, username, password: Secret::new(password.trim()) })
}
