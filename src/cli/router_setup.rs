//! `router-setup`: the router's side of the configuration, as a script.

use std::net::IpAddr;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::{Output, say};
use crate::agent::config::Config;
use crate::agent::router::site_plan::site_plan;

/// The script to print.
#[derive(Debug, Args)]
pub struct RouterSetupArgs {
    /// The script that undoes the other one.
    #[arg(long, conflicts_with = "login_page")]
    remove: bool,
    /// The hotspot's log-in page: save it as login.html in the hotspot's HTML directory on the router.
    #[arg(long)]
    login_page: bool,
    /// This machine's address as the router sees it; the portal's when not given.
    #[arg(long, value_name = "ADDRESS")]
    agent_address: Option<IpAddr>,
}

pub(super) fn run(args: &RouterSetupArgs, config: &Config, output: Output) -> Result<(), Failure> {
    let plan = site_plan(config, args.agent_address);
    let text = match (args.remove, args.login_page) {
        (true, _) => plan.removal(),
        (false, true) => plan.login_page(),
        (false, false) => plan.script(),
    };
    if output.json { say(&format!("{:#}", json!({"text": text}))) } else { say(&text) }
}
