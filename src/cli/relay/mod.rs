//! The command line of `kuota-relay`: the relay itself, and the commands of its operator. Commands open the store
//! themselves; SQLite allows several processes.

mod daemon;
mod directory;
mod migrate;
mod operators;
mod reviews;
mod store;
mod token;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::execute::perform;
use super::failure::Failure;
use super::logging::LogFormat;
use super::output::Output;
use crate::relay::config::Config;
use crate::relay::run::RelayRunError;
use crate::relay::store::RelayStoreError;
use crate::relay::store::sqlite::OpenError;
use crate::settings::Environment;
use directory::{MerchantCommand, SiteCommand};
use operators::OperatorCommand;

/// The command line of `kuota-relay`.
#[derive(Debug, Parser)]
#[command(name = "kuota-relay", version, about = "Payment relay between Midtrans and hotspots")]
pub struct RelayArgs {
    /// The configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/kuota-relay/relay.toml")]
    pub config: PathBuf,
    /// The format of log lines on stderr.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// The command.
    #[command(subcommand)]
    pub command: RelayCommand,
}

/// Commands of kuota-relay.
#[derive(Debug, Subcommand)]
pub enum RelayCommand {
    /// Run the relay.
    Run,
    /// Validate the configuration and its secrets, and print it as it takes effect, secrets masked.
    CheckConfig,
    /// Make a token for a site: the token for its agent, and the hash of it for this relay.
    SiteToken,
    /// Have the running relay ask the gateway about every order that may have changed.
    Reconcile {
        /// The database server went back in time: it was restored, or a standby without the last commits took over. Agents
        /// then read their feeds from the beginning and hand in orders that were lost.
        #[arg(long)]
        went_back: bool,
    },
    /// Sites that are kept in the database: every relay on it takes a change up within seconds.
    #[command(subcommand)]
    Site(SiteCommand),
    /// Accounts at Midtrans that are kept in the database.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// The people who may use the console. Those who may read the relay's secrets may change them.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Money that the gateway confirms and that could not be applied.
    #[command(subcommand)]
    Review(ReviewCommand),
    /// Copy the whole store into a file, with or without a running relay.
    Backup {
        /// Where to; a file of that name is replaced once the copy is whole.
        file: PathBuf,
    },
    /// Restore the store from a backup, with no relay running. The old store is kept.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Prove that the store is whole, with or without a running relay.
    Verify,
    /// Move the whole store from a file to a PostgreSQL database or back, with no relay running. All or nothing; the old
    /// store is kept and refuses to be used.
    Migrate(MigrateArgs),
}

/// Commands about reviews.
#[derive(Debug, Subcommand)]
pub enum ReviewCommand {
    /// List them, newest first. They are decided on the site's agent.
    List,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The store: a file, like /var/lib/kuota-relay/relay.db, or the address of a PostgreSQL database, without its password.
    #[arg(long, value_name = "DATABASE")]
    pub from: String,
    /// Where to: a file that does not exist, or a database without a store.
    #[arg(long, value_name = "DATABASE")]
    pub to: String,
    /// File with the password for the database of --from.
    #[arg(long, value_name = "FILE")]
    pub from_password_file: Option<PathBuf>,
    /// File with the password for the database of --to.
    #[arg(long, value_name = "FILE")]
    pub to_password_file: Option<PathBuf>,
}

impl RelayCommand {
    /// The default log level. A command prints its answer to stdout; the relay reports in its log.
    pub fn log_level(&self) -> &'static str {
        match self {
            Self::Run => "info",
            Self::CheckConfig
            | Self::SiteToken
            | Self::Reconcile { .. }
            | Self::Site(_)
            | Self::Merchant(_)
            | Self::Operator(_)
            | Self::Review(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Verify
            | Self::Migrate(_) => "warn",
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::said(error)
    }
}

impl From<RelayStoreError> for Failure {
    fn from(error: RelayStoreError) -> Self {
        Self::said(error)
    }
}

impl From<RelayRunError> for Failure {
    fn from(error: RelayRunError) -> Self {
        Self::said(error)
    }
}

/// Runs the command and returns the exit code. Failures are printed to stderr.
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
        RelayCommand::Migrate(args) => migrate::run(&args, &env, output).await,
        command => {
            let config = Config::load(&args.config, &env)?;
            match command {
                RelayCommand::Backup { file } => store::backup(&file, &config, output).await,
                RelayCommand::Restore { file } => store::restore(&file, &config, output).await,
                RelayCommand::Verify => store::verify(&config, &env, output).await,
                RelayCommand::Reconcile { went_back } => {
                    reviews::reconcile(&config, &env, went_back, output).await
                }
                RelayCommand::Site(command) => directory::site(command, &config, &env, output).await,
                RelayCommand::Merchant(command) => directory::merchant(command, &config, &env, output).await,
                RelayCommand::Operator(command) => operators::run(command, &config, &env, output).await,
                RelayCommand::Review(ReviewCommand::List) => reviews::list(&config, &env, output).await,
                RelayCommand::Run
                | RelayCommand::CheckConfig
                | RelayCommand::SiteToken
                | RelayCommand::Migrate(_) => Err(Failure::said("this command does not use the store")),
            }
        }
    }
}
