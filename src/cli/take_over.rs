//! `take-over`: a restored store goes to work.

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::Output;
use crate::agent::config::Config;
use crate::store::passive;

/// Arguments of `take-over`.
#[derive(Debug, Args)]
pub struct TakeOverArgs {
    /// The machine that had this store before is switched off, or its card is out.
    #[arg(long)]
    old_machine_is_off: bool,
}

/// Ends that the restored store is passive. A daemon that runs goes to work within seconds.
pub(super) fn run(args: &TakeOverArgs, config: &Config, output: Output) -> Result<(), Failure> {
    if !passive::is_passive(&config.data_dir) {
        let answer = json!({"taken_over": false});
        return output
            .answer(&answer, |_| "this store is not passive: there is nothing to take over".to_owned());
    }
    if !args.old_machine_is_off {
        return Err(Failure::said(
            "two machines on one router charge and block each other's customers: switch the old machine off or take its \
             card out, then repeat with --old-machine-is-off; nothing was changed",
        ));
    }
    passive::take_over(&config.data_dir).map_err(Failure::said)?;
    tracing::warn!("the site was taken over by hand");
    output.answer(&json!({"taken_over": true}), |_| {
        "this machine has the site: the daemon changes the router and takes changes within seconds".to_owned()
    })
}
