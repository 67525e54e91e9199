//! `doctor`: finds problems, and prints what to do about them.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::api::Api;
use super::assemble::{relay_client, router_client};
use super::failure::Failure;
use super::output::{Output, complain, say};
use crate::agent::config::{Config, LoadedConfig};
use crate::agent::doctor::{Level, Subject, examine};
use crate::clock::SystemClock;
use crate::protocol::admin::status::StatusView;
use crate::routeros::inspect::CheckFinding;
use crate::settings::Environment;

/// Time between the two readings that show whether counters move.
const PAUSE: Duration = Duration::from_secs(3);

/// Assumptions of the checks.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// This machine's address as the router sees it; the portal's when not given.
    #[arg(long, value_name = "ADDRESS")]
    agent_address: Option<IpAddr>,
}

pub(super) async fn run(args: &DoctorArgs, path: &Path, output: Output) -> Result<(), Failure> {
    let (loaded, secrets) = LoadedConfig::load_all(path, &Environment::process())?;
    for fault in &loaded.faults {
        complain(&format!("settings.toml: {fault}"));
    }
    let config = loaded.config;
    let password = secrets.router_password.clone();
    let router = router_client(&config, move || password.clone())?;
    let relay = match secrets.relay_token {
        Some(token) => relay_client(&config, move || token.clone())?,
        None => None,
    };
    let status = status(&config).await;
    let subject = Subject {
        config: &config,
        router: &router,
        relay: relay.as_deref(),
        clock: &SystemClock::new(),
        agent: args.agent_address,
        status: status.as_ref(),
        pause: PAUSE,
    };
    let found = examine(&subject).await;
    if output.json {
        say(&format!("{:#}", as_json(&found)))?;
    } else {
        say(&as_text(&found))?;
    }
    match found.iter().filter(|finding| finding.level == Level::Fail).count() {
        0 => Ok(()),
        n => Err(Failure::worded(|words| words.checks_fail, &[&n.to_string(), &found.len().to_string()])),
    }
}

/// The running daemon's status.
async fn status(config: &Config) -> Option<StatusView> {
    let asked = async {
        Api::daemon(&config.data_dir).await?.ok_or_else(|| Failure::said(""))?.get("/api/v1/status").await
    };
    match asked.await {
        Ok(status) => Some(status),
        Err(Failure::Said(why)) if why.is_empty() => None,
        Err(failure @ (Failure::Said(_) | Failure::Worded { .. } | Failure::Refused(_))) => {
            complain(&failure.text());
            None
        }
        Err(Failure::Config(_)) => None,
    }
}

fn as_json(found: &[CheckFinding]) -> Value {
    let check = |finding: &CheckFinding| json!({"id": finding.id, "level": finding.level.name(), "text": finding.text, "remedy": finding.remedy});
    let worst = found.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
    json!({"result": worst.name(), "checks": found.iter().map(check).collect::<Vec<_>>()})
}

fn as_text(found: &[CheckFinding]) -> String {
    let mut out = String::new();
    for finding in found {
        let _ = writeln!(out, "{:<5} {:<22} {}", finding.level.name(), finding.id, finding.text);
        if !finding.remedy.is_empty() {
            let _ = writeln!(out, "{:<28} > {}", "", finding.remedy);
        }
    }
    out
}
