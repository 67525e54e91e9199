//! The wall clock, for a Pi that cannot reach a time server.

use clap::Subcommand;

use super::api::Api;
use super::failure::Failure;
use super::output::Output;
use crate::domain::rfc3339::rfc3339;
use crate::protocol::admin::Empty;
use crate::protocol::admin::status::ConfirmedView;

/// Commands about the clock.
#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Confirm the wall clock, after setting it by hand.
    Confirm,
}

pub(super) async fn run(api: &Api, command: ClockCommand, output: Output) -> Result<(), Failure> {
    match command {
        ClockCommand::Confirm => {
            let answer: ConfirmedView = api.post("/api/v1/clock/confirm", &Empty {}).await?;
            output.answer(&answer, |answer| format!("the clock is trusted: it is {}", rfc3339(answer.now.0)))
        }
    }
}
