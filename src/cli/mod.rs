//! The operator's commands: arguments, execution and output.
//!
//! Commands that read or change the site use [`api`]: the running daemon's socket, or the same API in this process.

mod admins;
mod adopt;
mod api;
mod args;
mod assemble;
mod backup;
mod clock;
mod closings;
mod daemon;
mod debts;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod execute;
mod failure;
mod fetch_copy;
mod help;
mod help_texts;
mod import;
mod leave;
mod ledger;
pub mod logging;
mod orders;
mod output;
mod packages;
mod plan;
mod recovery_kit;
pub mod relay;
mod reports;
mod router_setup;
mod setup;
mod stdin;
mod streamed;
mod take_over;
mod texts;
mod update;
mod users;

pub use args::{Args, CliCommand};
pub use help::arguments;

use crate::agent::config::Config;
use crate::clock::Zone;
use crate::settings::Environment;
use crate::ui::language::Language;
use api::Api;
use execute::{FailureReport, perform_as};
use failure::Failure;
use output::Output;
use texts::spoken;

/// Runs the command and returns the exit code. Failures are printed to stderr.
pub fn run(args: Args) -> u8 {
    let site = || Config::load(&args.config, &Environment::process()).ok().map(|config| config.language);
    // `setup` writes the configuration that would say so.
    let is_setup = matches!(args.command, CliCommand::Setup(_));
    let language = spoken(args.lang, if is_setup || args.lang.is_some() { None } else { site() });
    let report = FailureReport { json: args.json, language };
    perform_as(report, dispatch(args, language))
}

async fn dispatch(args: Args, language: Language) -> Result<(), Failure> {
    let output = Output { json: args.json };
    match args.command {
        CliCommand::Run { machine } => daemon::run(&args.config, &machine).await,
        #[cfg(feature = "sim")]
        CliCommand::Demo(demo) => demo::run(demo, language).await,
        CliCommand::CheckConfig => daemon::check_config(&args.config, output),
        CliCommand::Setup(setup) => setup::run(setup, &args.config, language).await,
        CliCommand::Doctor(doctor) => doctor::run(&doctor, &args.config, language, output).await,
        CliCommand::RouterSetup(setup) => {
            let config = Config::load(&args.config, &Environment::process())?;
            router_setup::run(&setup, &config, output)
        }
        CliCommand::Ledger(command) => {
            let config = Config::load(&args.config, &Environment::process())?;
            ledger::run(command, &config, output).await
        }
        CliCommand::Backup { file, force } => {
            let config = Config::load(&args.config, &Environment::process())?;
            backup::backup(&file, force, &config, output).await
        }
        CliCommand::Restore(restore) => {
            let config = Config::load(&args.config, &Environment::process())?;
            backup::restore(&restore, &config, output).await
        }
        CliCommand::FetchCopy(fetch) => fetch_copy::run(&fetch, output).await,
        CliCommand::RecoveryKit(kit) => {
            let config = Config::load(&args.config, &Environment::process())?;
            recovery_kit::run(&kit, &config, output).await
        }
        CliCommand::Update(update) => {
            let config = Config::load(&args.config, &Environment::process())?;
            update::run(&update, &config, output).await
        }
        command => {
            let env = Environment::process();
            let config = Config::load(&args.config, &env)?;
            let api = Api::open(&config, env).await?;
            client(command, &config.timezone, &api, output).await
        }
    }
}

/// Runs a command that calls the API.
async fn client(command: CliCommand, zone: &Zone, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        CliCommand::Admin(command) => admins::run(command, api, output).await,
        CliCommand::User(command) => users::run(command, zone, api, output).await,
        CliCommand::Debt(command) => debts::run(command, api, output).await,
        CliCommand::Package(command) => packages::run(command, api, output).await,
        CliCommand::Order(command) => orders::run(command, api, output).await,
        CliCommand::Report(command) => reports::run(command, api, output).await,
        CliCommand::Export { dir, format } => backup::export(&dir, format, api, output).await,
        CliCommand::Import { file, dry_run } => import::run(&file, dry_run, zone, api, output).await,
        CliCommand::Closing(command) => closings::run(command, api, output).await,
        CliCommand::Adopt(command) => adopt::run(command, api, output).await,
        CliCommand::Leave(args) => leave::run(args, api, output).await,
        CliCommand::TakeOver(args) => take_over::run(&args, api, output).await,
        CliCommand::RouterPlan => plan::run(api, output).await,
        CliCommand::Clock(command) => clock::run(api, command, output).await,
        CliCommand::Run { .. }
        | CliCommand::CheckConfig
        | CliCommand::Setup(_)
        | CliCommand::Doctor(_)
        | CliCommand::RouterSetup(_)
        | CliCommand::Ledger(_)
        | CliCommand::Backup { .. }
        | CliCommand::FetchCopy(_)
        | CliCommand::RecoveryKit(_)
        | CliCommand::Restore(_)
        | CliCommand::Update(_) => Err(Failure::said("this command does not go through the API")),
        #[cfg(feature = "sim")]
        CliCommand::Demo(_) => Err(Failure::said("this command does not go through the API")),
    }
}
