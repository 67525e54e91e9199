//! `take-over`: a restored store goes to work.

use clap::Args;

use super::api::Api;
use super::failure::Failure;
use super::output::Output;
use crate::protocol::admin::take_over::{TakeOver, TakenOverView};

/// Arguments of `take-over`.
#[derive(Debug, Args)]
pub struct TakeOverArgs {
    /// The machine that had this store before is switched off, or its card is out. Only needed where neither the router nor
    /// the relay can be reached, which stop it otherwise.
    #[arg(long)]
    old_machine_is_off: bool,
}

/// Takes the site over, by the daemon where one runs.
pub(super) async fn run(args: &TakeOverArgs, api: &Api, output: Output) -> Result<(), Failure> {
    let asked = TakeOver { old_machine_is_off: args.old_machine_is_off, ..TakeOver::default() };
    let view: TakenOverView = api.post("/api/v1/take-over", &asked).await?;
    output.answer(&view, text)
}

fn text(view: &TakenOverView) -> String {
    if !view.taken_over {
        return "this machine has the site already: there is nothing to take over".to_owned();
    }
    let stops = match (view.router, view.relay) {
        (true, true) => "the router and the relay stop the machine before it",
        (true, false) => "the router stops the machine before it",
        (false, true) => "the relay stops the machine before it",
        (false, false) => "nothing stops the machine before it: leave it off",
    };
    format!(
        "this machine has the site, as number {}; {stops}; the daemon changes the router and takes changes within seconds",
        view.instance
    )
}
