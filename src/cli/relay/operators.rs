//! `operator`: the people who may use the console. Whoever can read the relay's secrets may change them.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::store::open_for_command;
use crate::cli::api::parsed;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, table};
use crate::cli::stdin::password;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::domain::role::Role;
use crate::protocol::admin::values::{AdminName, Password};
use crate::relay::config::Config;
use crate::relay::operators::edit::{OperatorEditError, OperatorEditor};
use crate::relay::store::operators::{LogAuthor, OPERATOR_ROLES, StoredOperator};
use crate::settings::Environment;

/// Commands about operators.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Add an operator. The first log-in sets the one-time codes up, which everybody needs.
    Add {
        /// Log-in name.
        name: String,
        /// viewer: sees everything. operator: also adds, disables and enables sites and makes tokens. owner: also merchants,
        /// their keys, and removing sites.
        #[arg(long, value_parser = roles())]
        role: String,
        /// Read the password from the first line of stdin; there is no other way to give one.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// List operators.
    List,
    /// Drop the one-time codes of an operator who lost the phone that makes them. Log-ins end, and the next one sets codes up
    /// again.
    ResetOtp {
        /// Log-in name.
        name: String,
    },
    /// Replace an operator's password. Log-ins end.
    SetPassword {
        /// Log-in name.
        name: String,
        /// Read the password from the first line of stdin; there is no other way to give one.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Remove an operator. Log-ins end.
    Remove {
        /// Log-in name.
        name: String,
    },
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(OPERATOR_ROLES.map(Role::name))
}

impl From<OperatorEditError> for Failure {
    fn from(error: OperatorEditError) -> Self {
        Self::said(error)
    }
}

/// `operator …`.
pub(super) async fn run(
    command: OperatorCommand,
    config: &Config,
    env: &Environment,
    output: Output,
) -> Result<(), Failure> {
    let opened = open_for_command(config, env).await?;
    let store = opened.as_store();
    let by = LogAuthor::command(SystemClock::new().now());
    let editor = OperatorEditor { store, by: &by };
    let done = |name: &str, said: &str| {
        output.answer(&json!({"operator": name}), |_| format!("operator {name} {said}"))
    };
    match command {
        OperatorCommand::Add { name, role, password_stdin: _ } => {
            let password: Password = parsed("password", &password(std::io::stdin().lock())?)?;
            let (new, role) = (parsed::<AdminName>("name", &name)?, Role::from_name(&role));
            let role = role.ok_or_else(|| Failure::said("role: is none"))?;
            editor.add(new, role, password).await?;
            done(&name, "was added; the first log-in at the console sets the one-time codes up")
        }
        OperatorCommand::List => list(&store.operators().await?, output),
        OperatorCommand::ResetOtp { name } => {
            editor.reset_codes(&name).await?;
            done(&name, "sets one-time codes up at the next log-in")
        }
        OperatorCommand::SetPassword { name, password_stdin: _ } => {
            let password: Password = parsed("password", &password(std::io::stdin().lock())?)?;
            editor.set_password(&name, password, None).await?;
            done(&name, "has another password")
        }
        OperatorCommand::Remove { name } => {
            editor.remove(&name).await?;
            done(&name, "may log in no more")
        }
    }
}

fn list(operators: &[StoredOperator], output: Output) -> Result<(), Failure> {
    let items = operators.iter().map(|operator| {
        json!({
            "name": operator.name,
            "role": operator.role.name(),
            "otp": operator.codes.secret.is_some(),
            "created_at": rfc3339(operator.created_at),
        })
    });
    output.list(items.collect(), |_| {
        let row = |operator: &StoredOperator| {
            let codes = if operator.codes.secret.is_some() { "set up" } else { "at the next log-in" };
            vec![
                operator.name.clone(),
                operator.role.name().to_owned(),
                codes.to_owned(),
                rfc3339(operator.created_at),
            ]
        };
        table(&["NAME", "ROLE", "ONE-TIME CODES", "SINCE"], &operators.iter().map(row).collect::<Vec<_>>())
    })
}
