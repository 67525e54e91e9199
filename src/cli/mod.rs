//! The operator's commands: what is asked, who does it, and what is said about it.
//!
//! Commands that look or change go through [`api`]: the running daemon's socket, or the same API in this process.

mod admins;
mod api;
mod backup;
mod clock;
mod closings;
mod daemon;
mod debts;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod import;
mod ledger;
pub mod logging;
mod orders;
mod output;
mod packages;
mod plan;
pub mod relay;
mod reload;
mod reports;
mod router_setup;
mod setup;
mod users;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio::runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::agent::config::Config;
use crate::agent::run::RunError;
use crate::agent::site::StartError;
use crate::settings::{Environment, SettingsError};
use api::Api;
use logging::LogFormat;
use output::Output;

/// Exit code of a failure.
const EXIT_FAILURE: u8 = 1;
/// Exit code of a bad configuration; nothing was started.
const EXIT_CONFIG: u8 = 78;
/// How long work on other threads may go on after the command is done.
const SHUTDOWN_MAX: Duration = Duration::from_millis(500);

/// The command line of `kuotad`.
#[derive(Debug, Parser)]
#[command(name = "kuotad", version, about = "Quota, debt and access for MikroTik hotspots")]
pub struct Args {
    /// The configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/kuota/kuotad.toml")]
    pub config: PathBuf,
    /// What log lines on stderr look like.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Print the API's answer as JSON.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run the daemon.
    Run,
    /// Show how it works on this machine alone: simulated router and payment gateway, relay, customers and traffic.
    #[cfg(feature = "sim")]
    Demo(demo::DemoArgs),
    /// Validate the configuration and print it as it takes effect, secrets masked.
    CheckConfig,
    /// Write a configuration from a few answers, make the first owner and test the router.
    Setup(setup::SetupArgs),
    /// Look for what is wrong with the router, this machine and the configuration, and say what to do.
    Doctor(doctor::DoctorArgs),
    /// Print the script that prepares the router for this configuration.
    RouterSetup(router_setup::RouterSetupArgs),
    /// Who may log in.
    #[command(subcommand)]
    Admin(admins::AdminCommand),
    /// Customers, their devices and their access.
    #[command(subcommand)]
    User(users::UserCommand),
    /// What customers owe.
    #[command(subcommand)]
    Debt(debts::DebtCommand),
    /// What is on sale.
    #[command(subcommand)]
    Package(packages::PackageCommand),
    /// What was paid.
    #[command(subcommand)]
    Order(orders::OrderCommand),
    /// Sales, debts, usage, and whom to call.
    #[command(subcommand)]
    Report(reports::ReportCommand),
    /// Cash drawers.
    #[command(subcommand)]
    Closing(closings::ClosingCommand),
    /// The books.
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// Copy the whole store into a file, with or without a running daemon.
    Backup {
        /// Where to; a file of that name is replaced once the copy is whole.
        file: PathBuf,
    },
    /// Make a copy the store again, with no daemon running. The store from before is kept beside it.
    Restore {
        /// The copy.
        file: PathBuf,
    },
    /// Write users, packages, debts, orders and ledger entries as CSV.
    Export {
        /// The folder for the tables.
        dir: PathBuf,
    },
    /// Enter users with their devices from a table, all of them or none.
    Import {
        /// CSV with the columns name, phone, login, and mac as often as needed, or the `users.csv` of an export, or the
        /// folder that `export` wrote.
        file: PathBuf,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
    },
    /// What reconciling the router would change now; changes nothing.
    RouterPlan,
    /// The wall clock.
    #[command(subcommand)]
    Clock(clock::ClockCommand),
}

impl CliCommand {
    /// What is logged where nobody says otherwise. A command's answer is on stdout; the daemon's life is its log.
    pub fn log_level(&self) -> &'static str {
        match self {
            Self::Run => "info",
            // They say in words what came of everything, between questions or in a table.
            Self::Setup(_) | Self::Doctor(_) => "error",
            Self::CheckConfig
            | Self::RouterSetup(_)
            | Self::Admin(_)
            | Self::User(_)
            | Self::Debt(_)
            | Self::Package(_)
            | Self::Order(_)
            | Self::Report(_)
            | Self::Closing(_)
            | Self::Ledger(_)
            | Self::Backup { .. }
            | Self::Restore { .. }
            | Self::Export { .. }
            | Self::Import { .. }
            | Self::RouterPlan
            | Self::Clock(_) => "warn",
            #[cfg(feature = "sim")]
            Self::Demo(_) => "warn",
        }
    }
}

/// Why a command failed; decides the exit code.
#[derive(Debug)]
enum Failure {
    /// The configuration is bad: every finding on a line of its own.
    Config(SettingsError),
    /// Anything else, in words for the operator.
    Said(String),
}

impl Failure {
    /// In the words of an error or of a text.
    #[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
    fn said(text: impl ToString) -> Self {
        Self::Said(text.to_string())
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Config(error)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::said(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::said(error)
    }
}

/// Does what the arguments ask and answers the exit code. Failures are said on stderr.
pub fn run(args: Args) -> u8 {
    perform(dispatch(args))
}

/// The signal for a file that grew beyond a limit, on every Linux but MIPS and PA-RISC.
const SIGXFSZ: i32 = 25;

/// Does the work of a command and answers the exit code.
fn perform(work: impl Future<Output = Result<(), Failure>>) -> u8 {
    let runtime = match runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::complain(&format!("the system gives no threads: {error}"));
            return EXIT_FAILURE;
        }
    };
    let done = runtime.block_on(async {
        survive_file_limits();
        work.await
    });
    runtime.shutdown_timeout(SHUTDOWN_MAX);
    match done {
        Ok(()) => 0,
        Err(Failure::Config(error)) => {
            output::complain(&error.to_string());
            // The service manager tries again after a failure, and not after a bad configuration.
            if error.is_machine_fault() { EXIT_FAILURE } else { EXIT_CONFIG }
        }
        Err(Failure::Said(text)) => {
            output::complain(&text);
            EXIT_FAILURE
        }
    }
}

/// A file that reaches a limit of the process is an error like a full disk, not the end of the process: once the signal
/// is caught, the write fails instead.
fn survive_file_limits() {
    if let Err(error) = signal(SignalKind::from_raw(SIGXFSZ)) {
        tracing::debug!(%error, "a limit on file sizes ends the process");
    }
}

async fn dispatch(args: Args) -> Result<(), Failure> {
    let output = Output { json: args.json };
    match args.command {
        CliCommand::Run => daemon::run(&args.config).await,
        #[cfg(feature = "sim")]
        CliCommand::Demo(demo) => demo::run(demo).await,
        CliCommand::CheckConfig => daemon::check_config(&args.config, output),
        CliCommand::Setup(setup) => setup::run(setup, &args.config).await,
        CliCommand::Doctor(doctor) => doctor::run(&doctor, &args.config, output).await,
        CliCommand::RouterSetup(setup) => {
            let config = Config::load(&args.config, &Environment::process())?;
            router_setup::run(&setup, &config, output)
        }
        CliCommand::Ledger(command) => {
            let config = Config::load(&args.config, &Environment::process())?;
            ledger::run(command, &config, output).await
        }
        CliCommand::Backup { file } => {
            let config = Config::load(&args.config, &Environment::process())?;
            backup::backup(&file, &config, output).await
        }
        CliCommand::Restore { file } => {
            let config = Config::load(&args.config, &Environment::process())?;
            backup::restore(&file, &config, output).await
        }
        command => {
            let env = Environment::process();
            let config = Config::load(&args.config, &env)?;
            let api = Api::open(&config, env).await?;
            client(command, &api, output).await
        }
    }
}

/// Commands that are calls of the API.
async fn client(command: CliCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        CliCommand::Admin(command) => admins::run(command, api, output).await,
        CliCommand::User(command) => users::run(command, api, output).await,
        CliCommand::Debt(command) => debts::run(command, api, output).await,
        CliCommand::Package(command) => packages::run(command, api, output).await,
        CliCommand::Order(command) => orders::run(command, api, output).await,
        CliCommand::Report(command) => reports::run(command, api, output).await,
        CliCommand::Export { dir } => backup::export(&dir, api, output).await,
        CliCommand::Import { file, dry_run } => import::run(&file, dry_run, api, output).await,
        CliCommand::Closing(command) => closings::run(command, api, output).await,
        CliCommand::RouterPlan => plan::run(api, output).await,
        CliCommand::Clock(command) => clock::run(api, command, output).await,
        CliCommand::Run
        | CliCommand::CheckConfig
        | CliCommand::Setup(_)
        | CliCommand::Doctor(_)
        | CliCommand::RouterSetup(_)
        | CliCommand::Ledger(_)
        | CliCommand::Backup { .. }
        | CliCommand::Restore { .. } => Err(Failure::said("this command does not go through the API")),
        #[cfg(feature = "sim")]
        CliCommand::Demo(_) => Err(Failure::said("this command does not go through the API")),
    }
}
