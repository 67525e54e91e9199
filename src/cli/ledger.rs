//! `ledger verify`: verifies the books, with or without a running daemon.

use clap::Subcommand;

use super::api::Api;
use super::failure::Failure;
use super::output::Output;
use crate::agent::config::Config;
use crate::protocol::admin::ledger::VerifiedView;
use crate::store::{Reader, Verified};

/// Commands about the books.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Recompute every balance and the hash chain; the first bad row is named.
    Verify,
}

pub(super) async fn run(command: LedgerCommand, config: &Config, output: Output) -> Result<(), Failure> {
    let LedgerCommand::Verify = command;
    let verified = match Api::daemon(&config.data_dir).await? {
        Some(daemon) => daemon.get("/api/v1/ledger/verify").await?,
        None => read(config)?,
    };
    output.answer(&verified, |VerifiedView { entries, accounts, debts, receipts }| {
        format!("ledger verified: {entries} entries, {accounts} accounts, {debts} debts, {receipts} receipts")
    })
}

/// Verifies the store's file without writing.
fn read(config: &Config) -> Result<VerifiedView, Failure> {
    let reader = Reader::open(&config.data_dir).map_err(Failure::said)?;
    let Verified { entries, accounts, debts, receipts } = reader.verify().map_err(broken)?;
    Ok(VerifiedView { entries, accounts, debts, receipts })
}

fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::worded(|words| words.ledger_broken, &[&error.to_string()])
}
