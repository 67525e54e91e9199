//! `doctor`: finds problems, and prints what to do about them.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::api::Api;
use super::assemble::{relay_client, router_client};
use super::failure::Failure;
use super::output::{Output, complain, say};
use crate::agent::config::{Config, LoadedConfig};
use crate::agent::doctor::{CheckFinding, DaemonState, Level, Subject, examine};
use crate::clock::SystemClock;
use crate::protocol::admin::status::StatusView;
use crate::settings::Environment;
use crate::ui::language::Language;
use crate::ui::message::Message;

/// Time between the two readings that show whether counters move.
const PAUSE: Duration = Duration::from_secs(3);

/// Assumptions of the checks.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// This machine's address as the router sees it; the portal's when not given.
    #[arg(long, value_name = "ADDRESS")]
    agent_address: Option<IpAddr>,
}

pub(super) async fn run(
    args: &DoctorArgs,
    path: &Path,
    language: Language,
    output: Output,
) -> Result<(), Failure> {
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
    let daemon = status(&config).await.as_ref().map(DaemonState::of);
    let subject = Subject {
        config: &config,
        router: &router,
        relay: relay.as_deref(),
        clock: &SystemClock::new(),
        agent: args.agent_address,
        daemon: daemon.as_ref(),
        pause: PAUSE,
    };
    let found = examine(&subject).await;
    if output.json {
        say(&format!("{:#}", as_json(&found, language)))?;
    } else {
        say(&as_text(&found, language))?;
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

/// Texts are in the language of the command; `code` and `facts` are the same in every language.
fn as_json(found: &[CheckFinding], language: Language) -> Value {
    let facts = |message: &Message| -> Map<String, Value> {
        message.facts().iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
    };
    let check = |finding: &CheckFinding| {
        json!({
            "id": finding.id,
            "level": finding.level.name(),
            "code": finding.found.code(),
            "facts": facts(&finding.found),
            "text": finding.text(language),
            "remedy": finding.remedy_text(language),
            "remedy_code": finding.remedy.as_ref().map(Message::code),
        })
    };
    let worst = found.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok);
    json!({"result": worst.name(), "checks": found.iter().map(check).collect::<Vec<_>>()})
}

fn as_text(found: &[CheckFinding], language: Language) -> String {
    let mut out = String::new();
    for finding in found {
        let (text, remedy) = (finding.text(language), finding.remedy_text(language));
        let _ = writeln!(out, "{:<5} {:<22} {text}", finding.level.name(), finding.id);
        if !remedy.is_empty() {
            let _ = writeln!(out, "{:<28} > {remedy}", "");
        }
    }
    out
}
