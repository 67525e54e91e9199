//! The command line of `kuota-relay`: the relay itself, and what its operator does beside it. Commands open the store
//! themselves; SQLite lets several processes in.

mod daemon;
mod reviews;
mod store;
mod token;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::execute::perform;
use super::failure::Failure;
use super::logging::LogFormat;
use super::output::Output;
use crate::relay::config::Config;
use crate::relay::run::RunError;
use crate::relay::store::StoreError;
use crate::relay::store::sqlite::OpenError;
use crate::settings::Environment;

/// The command line of `kuota-relay`.
#[derive(Debug, Parser)]
#[command(name = "kuota-relay", version, about = "Payment relay between Midtrans and hotspots")]
pub struct RelayArgs {
    /// The configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/kuota-relay/relay.toml")]
    pub config: PathBuf,
    /// What log lines on stderr look like.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: RelayCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum RelayCommand {
    /// Run the relay.
    Run,
    /// Validate the configuration and its secrets, and print it as it takes effect, secrets masked.
    CheckConfig,
    /// Make a token for a site: the token for its agent, and the hash of it for this relay.
    SiteToken,
    /// Have the running relay ask the gateway about every order that may have changed.
    Reconcile,
    /// Money that the gateway confirms and that could not be applied.
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Copy the whole store into a file, with or without a running relay.
    Backup {
        /// Where to; a file of that name is replaced once the copy is whole.
        file: PathBuf,
    },
    /// Make a copy the store again, with no relay running. The store from before is kept beside it.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Prove that the store is whole, with or without a running relay.
    Verify,
}

/// What to do about reviews.
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// List them, newest first. They are decided on the site's agent.
    List,
}

impl RelayCommand {
    /// What is logged where nobody says otherwise. A command's answer is on stdout; the relay's life is its log.
    pub fn log_level(&self) -> &'static str {
        match self {
            Self::Run => "info",
            Self::CheckConfig
            | Self::SiteToken
            | Self::Reconcile
            | Self::Review(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Verify => "warn",
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::said(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::said(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::said(error)
    }
}

/// Does what the arguments ask and answers the exit code. Failures are said on stderr.
pub fn run(args: RelayArgs) -> u8 {
    perform(dispatch(args))
}

async fn dispatch(args: RelayArgs) -> Result<(), Failure> {
    let output = Output { json: args.json };
    let env = Environment::process();
    match args.command {
        RelayCommand::Run => daemon::run(&args.config, env).await,
        RelayCommand::CheckConfig => daemon::check_config(&args.config, &env, output),
        RelayCommand::SiteToken => token::run(output),
        command => {
            let config = Config::load(&args.config, &env)?;
            match command {
                RelayCommand::Backup { file } => store::backup(&file, &config, output).await,
                RelayCommand::Restore { file } => store::restore(&file, &config, output).await,
                RelayCommand::Verify => store::verify(&config, output).await,
                RelayCommand::Reconcile => reviews::reconcile(&config, output).await,
                RelayCommand::Review(ReviewCommand::List) => reviews::list(&config, output).await,
                RelayCommand::Run | RelayCommand::CheckConfig | RelayCommand::SiteToken => {
                    Err(Failure::said("this command does not use the store"))
                }
            }
        }
    }
}
