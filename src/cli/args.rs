//! The command line of `kuotad`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::backup::{ExportFormat, RestoreArgs};
#[cfg(feature = "sim")]
use super::demo;
use super::logging::LogFormat;
use super::texts::language;
use super::{
    admins, adopt, clock, closings, debts, doctor, fetch_copy, leave, ledger, orders, packages, recovery_kit,
    reports, router_setup, setup, take_over, update, users,
};
use crate::ui::language::Language;

/// The command line of `kuotad`.
#[derive(Debug, Parser)]
#[command(name = "kuotad", version, about = "Quota, debt and access for MikroTik hotspots")]
pub struct Args {
    /// The configuration.
    #[arg(long, global = true, value_name = "FILE", default_value = "/etc/kuota/kuotad.toml")]
    pub config: PathBuf,
    /// The format of log lines on stderr.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub log_format: LogFormat,
    /// Print the API's answer as JSON, and failures as problem documents on stderr.
    #[arg(long, global = true)]
    pub json: bool,
    /// Language of questions, help and failures: id or en; without it, the site's on a terminal.
    #[arg(long, global = true, value_name = "LANG", value_parser = language)]
    pub lang: Option<Language>,
    /// The command.
    #[command(subcommand)]
    pub command: CliCommand,
}

/// Commands of kuotad.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Run the daemon.
    Run {
        /// The folder whose files are read for those of the machine: its boot partition, its boot and its routes.
        #[arg(long, hide = true, value_name = "FOLDER", default_value = "/")]
        machine: PathBuf,
    },
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
        /// Where to.
        file: PathBuf,
        /// Replace a file of that name, once the copy is whole.
        #[arg(long)]
        force: bool,
    },
    /// Restore the store from a backup, with no daemon running. The old store is kept.
    Restore(RestoreArgs),
    /// Put a restored store to work: router and relay stop the machine before it. Until then it reads the router and changes
    /// nothing.
    TakeOver(take_over::TakeOverArgs),
    /// Fetch the newest copy and what changed since, from the vault of a relay with the token of a recovery kit, or from a bucket.
    FetchCopy(fetch_copy::FetchCopyArgs),
    /// Make the key of encrypted copies and print it, once: keep it where the Raspberry Pi is not.
    RecoveryKit(recovery_kit::RecoveryKitArgs),
    /// Install the next version, and come back to this one if it does not work.
    Update(update::UpdateArgs),
    /// Write users, packages, debts, orders and ledger entries, as CSV or JSON.
    Export {
        /// The folder for the tables.
        dir: PathBuf,
        /// Tables as CSV, or everything in one file, `kuota.json`.
        #[arg(long, value_enum, default_value_t)]
        format: ExportFormat,
    },
    /// Enter users with their devices, and packages, from a table, all of them or none.
    Import {
        /// CSV with the columns name, phone, login, and mac as often as needed, or with name, quota, days and price for packages;
        /// or a table, the folder or the `kuota.json` of an export.
        file: PathBuf,
        /// Only check and show what would be entered.
        #[arg(long)]
        dry_run: bool,
    },
    /// Hotspot users of a live router: what they are, and making customers of them.
    #[command(subcommand)]
    Adopt(adopt::AdoptCommand),
    /// Make plain hotspot users of all customers, remove every row of ours from the router, and change nothing there any more.
    Leave(leave::LeaveArgs),
    /// What reconciling the router would change now; changes nothing.
    RouterPlan,
    /// The wall clock.
    #[command(subcommand)]
    Clock(clock::ClockCommand),
}

/// What commands log. The answer of a command says by itself that the router does not answer.
const COMMANDS: &str = "warn,kuota::routeros=error";

impl CliCommand {
    /// The default log level. A command prints its answer to stdout; the daemon reports in its log.
    pub fn log_level(&self) -> &'static str {
        match self {
            Self::Run { .. } => "info",
            // These commands report every result themselves, between questions or in a table.
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
            | Self::Restore(_)
            | Self::TakeOver(_)
            | Self::FetchCopy(_)
            | Self::RecoveryKit(_)
            | Self::Update(_)
            | Self::Export { .. }
            | Self::Import { .. }
            | Self::Adopt(_)
            | Self::Leave(_)
            | Self::RouterPlan
            | Self::Clock(_) => COMMANDS,
            #[cfg(feature = "sim")]
            Self::Demo(_) => "warn",
        }
    }
}
