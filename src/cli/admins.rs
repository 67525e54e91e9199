//! `admin`: admins and their tokens.

use clap::Subcommand;
use clap::builder::PossibleValuesParser;

use super::api::{Api, parsed};
use super::failure::Failure;
use super::output::{Output, say, table};
use super::stdin::password;
use crate::domain::rfc3339::rfc3339;
use crate::protocol::admin::admins::{AddAdmin, AdminView, MakeToken, TokenView};
use crate::protocol::admin::values::{AdminName, Password};
use crate::store::Role;
use crate::tools::percent;

/// Path of the admins.
pub(super) const ADMINS: &str = "/api/v1/admins";

/// Commands about admins.
#[derive(Debug, Subcommand)]
pub enum AdminCommand {
    /// Add an admin.
    Add {
        /// Log-in name.
        name: String,
        /// The admin's role.
        #[arg(long, value_parser = roles())]
        role: String,
        /// Read the password from the first line of stdin; there is no other way to give one.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
    /// Make an API token and print it. It is shown this once and survives restarts.
    Token {
        /// The admin.
        name: String,
        /// The token's role, at most its admin's; the admin's own role when not given.
        #[arg(long, value_parser = roles())]
        role: Option<String>,
    },
    /// List admins.
    List,
    /// Turn off an admin's one-time codes, because the phone that makes them is lost.
    TotpOff {
        /// Log-in name.
        name: String,
    },
    /// Remove an admin, with all tokens and sessions.
    Remove {
        /// Log-in name.
        name: String,
    },
}

fn roles() -> PossibleValuesParser {
    PossibleValuesParser::new(Role::ALL.map(Role::name))
}

pub(super) async fn run(command: AdminCommand, api: &Api, output: Output) -> Result<(), Failure> {
    match command {
        AdminCommand::Add { name, role, password_stdin: _ } => {
            let password = password(std::io::stdin().lock())?;
            let role_name = parsed("role", &role)?;
            let body = AddAdmin { name: AdminName(name), role: role_name, password: Password(password) };
            let added: AdminView = api.post(ADMINS, &body).await?;
            output.answer(&added, |admin| format!("{} may log in as {role}", admin.name))
        }
        AdminCommand::Token { name, role } => {
            let path = format!("{ADMINS}/{}/tokens", percent::value(&name));
            let role = role.map(|role| parsed("role", &role)).transpose()?;
            let made: TokenView = api.post(&path, &MakeToken { role }).await?;
            output.answer(&made, |made| made.token.clone())
        }
        AdminCommand::List => {
            let admins = api.list(ADMINS, |page| page, usize::MAX).await?;
            output.list(admins, |admins| {
                let row = |admin: &AdminView| {
                    vec![admin.name.clone(), admin.role.0.name().to_owned(), rfc3339(admin.created_at.0)]
                };
                table(&["NAME", "ROLE", "SINCE"], &admins.iter().map(row).collect::<Vec<_>>())
            })
        }
        AdminCommand::TotpOff { name } => {
            api.delete::<()>(&format!("{ADMINS}/{}/totp", percent::value(&name))).await?;
            if output.json { Ok(()) } else { say(&format!("{name} logs in with the password alone")) }
        }
        AdminCommand::Remove { name } => {
            api.delete::<()>(&format!("{ADMINS}/{}", percent::value(&name))).await?;
            if output.json { Ok(()) } else { say(&format!("{name} may log in no more")) }
        }
    }
}
