//! `admin`: admins and their tokens.

use std::io::BufRead;

use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::json;

use super::api::Api;
use super::failure::Failure;
use super::output::{Output, say, table, text};
use crate::settings::without_mark;
use crate::store::Role;
use crate::tools::percent;

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
            let body = json!({"name": name, "role": role, "password": password});
            let added = api.post("/api/v1/admins", &body).await?;
            output.answer(&added, |_| format!("{name} may log in as {role}"))
        }
        AdminCommand::Token { name, role } => {
            let path = format!("/api/v1/admins/{}/tokens", percent::value(&name));
            let body = role.map_or_else(|| json!({}), |role| json!({"role": role}));
            let made = api.post(&path, &body).await?;
            if !output.json && made["token"].as_str().is_none_or(str::is_empty) {
                return Err(Failure::said("the answer holds no token"));
            }
            output.answer(&made, |made| text(made, "token"))
        }
        AdminCommand::List => {
            let admins = api.list("/api/v1/admins", &[], usize::MAX).await?;
            output.list(&admins, |admins| {
                let row = |a: &serde_json::Value| ["name", "role", "created_at"].map(|f| text(a, f)).to_vec();
                table(&["NAME", "ROLE", "SINCE"], &admins.iter().map(row).collect::<Vec<_>>())
            })
        }
        AdminCommand::TotpOff { name } => {
            api.delete(&format!("/api/v1/admins/{}/totp", percent::value(&name))).await?;
            if output.json { Ok(()) } else { say(&format!("{name} logs in with the password alone")) }
        }
        AdminCommand::Remove { name } => {
            api.delete(&format!("/api/v1/admins/{}", percent::value(&name))).await?;
            if output.json { Ok(()) } else { say(&format!("{name} may log in no more")) }
        }
    }
}

/// The first line, without its end.
fn password(mut input: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    let read = input.read_line(&mut line);
    read.map_err(|error| Failure::said(format!("the password cannot be read from stdin: {error}")))?;
    let password = without_mark(&line).trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        return Err(Failure::said("the password on stdin is empty: write it on one line"));
    }
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line_as_it_stands() {
        assert_eq!(password(&b" rahasia \r\nmore\n"[..]).unwrap(), " rahasia ");
        assert_eq!(password("\u{feff}rahasia\n".as_bytes()).unwrap(), "rahasia");
        assert!(password(&b"\n"[..]).is_err() && password(&b""[..]).is_err());
        assert!(password(&b"\xff\xfe\n"[..]).is_err());
    }
}
