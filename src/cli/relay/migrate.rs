//! `migrate`: moves the store from a file to a PostgreSQL database or back.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;

use super::MigrateArgs;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, table};
use crate::relay::config::Database;
use crate::relay::run::server_settings;
use crate::relay::store::migrate::{MigrateEnd, MigrateProgress, Migrated, StorePlace, migrate};
use crate::settings::{Environment, Finding, Secret, SecretSource, SettingsError};

/// How often a long table is reported.
const REPORT_EVERY: Duration = Duration::from_secs(1);

/// Moves the store and prints what was moved.
pub(super) async fn run(args: &MigrateArgs, env: &Environment, output: Output) -> Result<(), Failure> {
    let from = end("from", &args.from, args.from_password_file.as_deref(), env)?;
    let to = end("to", &args.to, args.to_password_file.as_deref(), env)?;
    let mut reported = Instant::now();
    let mut report = |progress: MigrateProgress| {
        if progress.rows >= progress.total || reported.elapsed() >= REPORT_EVERY {
            reported = Instant::now();
            complain(&shown(progress));
        }
    };
    let migrated = migrate(&from, &to, &mut report).await.map_err(Failure::said)?;
    let Migrated { epoch, tables, was_whole, kept } = &migrated;
    let answer = json!({
        "from": from.name, "to": to.name, "epoch": epoch, "tables": tables, "was_whole": was_whole, "kept": kept,
    });
    output.answer(&answer, |_| {
        let rows: Vec<Vec<String>> = tables
            .iter()
            .map(|t| vec![t.table.to_owned(), t.rows.to_string(), t.amount_rp.to_string(), t.sha256.clone()])
            .collect();
        let what = if *was_whole { "was copied before and is the same" } else { "was copied and read again" };
        let old = match kept {
            Some(file) => format!("the old store is kept as {}", file.display()),
            None => format!("the old store stays in {}, marked so that no relay uses it", from.name),
        };
        let listing = table(&["TABLE", "ROWS", "AMOUNTS Rp", "SHA-256"], &rows);
        format!(
            "{listing}\neverything {what}; agents go on reading their feeds where they are\n{old}\nset database = \"{}\" \
             in the configuration of every relay before it starts",
            to.name
        )
    })
}

fn shown(MigrateProgress { table, is_check, rows, total }: MigrateProgress) -> String {
    let what = if is_check { "read again" } else { "copied" };
    format!("{table}: {rows} of {total} rows {what}")
}

/// One end of the move. A text without a scheme is a file.
fn end(
    option: &str,
    text: &str,
    password_file: Option<&Path>,
    env: &Environment,
) -> Result<MigrateEnd, Failure> {
    let has_scheme = text.starts_with("sqlite:") || text.contains("://");
    let address = if has_scheme { text.to_owned() } else { format!("sqlite:{text}") };
    let database: Database =
        address.parse().map_err(|why| Failure::said(format!("--{option} {text}: {why}")))?;
    let name = database.to_string();
    let place = match database {
        Database::Sqlite(path) => StorePlace::File(path),
        Database::Postgres(url) => {
            let password = password_file.map(|file| password(option, file, env)).transpose()?;
            StorePlace::Server(Box::new(server_settings(&url, password.as_ref(), 1)))
        }
    };
    Ok(MigrateEnd { name, place })
}

/// The password from its file, or from the systemd credential of the option's name.
fn password(option: &str, file: &Path, env: &Environment) -> Result<Secret, Failure> {
    let name = format!("{option}_password");
    let read = SecretSource { name: &name, file, stored: None }.read(env);
    let named = |finding: Finding| Finding { key: format!("--{option}-password-file"), ..finding };
    read.map_err(|finding| SettingsError { findings: vec![named(finding)] }.into())
}
