//! `backup`, `restore` and `export`.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::http::{Method, Response, header};
use clap::Args;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use super::api::{Api, broken};
use super::failure::Failure;
use super::import::json_file;
use super::output::{Output, complain};
use crate::agent::config::Config;
use crate::agent::copies::{PlacedSettings, PreparedCopy, RestoredCopy, SettingsOutcome};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::settings::without_mark;
use crate::store::backup::{self, BackupError, Progress, Restored};
use crate::store::packed::{self, CopyForm};
use crate::store::{Reader, Verified, passive};
use crate::tools::age::Identity;

/// Time between two progress messages.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Longer files hold no key.
const KEY_BYTES_MAX: u64 = 4096;
/// The tables of an export.
const TABLES: [&str; 5] = ["users", "packages", "debts", "orders", "entries"];

/// `backup FILE`: the copy is complete and proven before it gets that name.
pub(super) async fn backup(
    file: &Path,
    may_replace: bool,
    config: &Config,
    output: Output,
) -> Result<(), Failure> {
    let part = part_of(file)?;
    refuse_own(file, config)?;
    if file.exists() && !may_replace {
        return Err(Failure::worded(|words| words.exists, &[&file.display().to_string()]));
    }
    let made = match Api::daemon(&config.data_dir).await? {
        Some(daemon) => fetch(&daemon, &part).await,
        None => copy(config, &part).await,
    };
    let published = match made {
        Ok(verified) => {
            let (part, file) = (part.clone(), file.to_owned());
            let published = spawn_blocking(move || backup::publish(&part, &file)).await;
            published.map_err(Failure::said)?.map_err(Failure::said).map(|()| verified)
        }
        Err(failure) => Err(failure),
    };
    if published.is_err() {
        backup::remove(&part);
    }
    let verified = published?;
    let bytes = std::fs::metadata(file).map(|file| file.len()).unwrap_or_default();
    let answer = json!({"file": file, "bytes": bytes, "entries": verified.entries,
                        "accounts": verified.accounts, "debts": verified.debts});
    output.answer(&answer, |_| format!("{}: {bytes} bytes, {}", file.display(), counts(verified)))
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The copy: a file of `backup`, or one of the daemon's own, compressed or encrypted.
    file: PathBuf,
    /// File with the secret key of the recovery kit, for an encrypted copy; without it the key is read from stdin.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Replace the desk's settings and secrets of this card by those that go with an encrypted copy. A card without a store
    /// gets them in any case.
    #[arg(long)]
    with_settings: bool,
}

/// `restore FILE`: replaces the store by the copy.
pub(super) async fn restore(args: &RestoreArgs, config: &Config, output: Output) -> Result<(), Failure> {
    let RestoreArgs { file, key_file, with_settings } = args;
    let (data_dir, from, with_settings) = (config.data_dir.clone(), file.clone(), *with_settings);
    let stamp = backup::stamp(SystemClock::new().now());
    let form =
        packed::form_of(file).map_err(|error| Failure::said(format!("{error}; nothing was changed")))?;
    let identity = match (form, key_file) {
        (CopyForm::Encrypted, _) => Some(identity(key_file.as_deref())?),
        (CopyForm::Plain | CopyForm::Compressed, None) => None,
        (CopyForm::Plain | CopyForm::Compressed, Some(_)) => {
            return Err(Failure::said(format!("{} is not encrypted: leave --key-file out", file.display())));
        }
    };
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("unpacking");
        let identity = identity.as_ref();
        let copy = PreparedCopy::prepare(&data_dir, &from, identity, &mut |progress| teller.tell(progress))?;
        let (applied, mut teller) = (copy.applied, Teller::new("restoring"));
        let restored = copy.restore(&stamp, with_settings, &mut |progress| teller.tell(progress))?;
        Ok((restored, applied))
    });
    let (done, applied) = work.await.map_err(Failure::said)?.map_err(not_restored::<BackupError>)?;
    let RestoredCopy { restored: Restored { verified, newest, replaced, rescued }, settings } = done;
    let ahead = newest.filter(|at| backup::is_ahead(*at, SystemClock::new().now()));
    let warning = ahead.map(|at| {
        format!(
            "the newest line of this backup is of {}, ahead of this machine's clock: check the clock; until it is \
             synchronized or confirmed, nobody is newly stopped for time",
            rfc3339(at)
        )
    });
    if let Some(warning) = &warning {
        complain(&format!("warning: {warning}"));
    }
    if let SettingsOutcome::Unusable(why) = &settings {
        complain(&format!(
            "warning: the settings that go with the copy cannot be used, set them at the desk: {why}"
        ));
    }
    let is_passive = passive::is_passive(&config.data_dir);
    let answer = json!({"restored": file, "passive": is_passive, "replaced": replaced, "rescued": rescued, "entries": verified.entries,
                        "accounts": verified.accounts, "debts": verified.debts, "warning": warning,
                        "segments": applied.segments, "up_to": applied.at.map(rfc3339), "settings": settings_json(&settings)});
    output.answer(&answer, |_| {
        let kept = replaced.map(|path| format!("\nthe store from before is kept as {}", path.display()));
        let taken = rescued.map(|path| format!("\n{} has the name {}", file.display(), path.display()));
        let waits = is_passive.then_some(
            "\nit is passive: the router is read and nothing is changed until kuotad take-over, which stops the old machine",
        );
        let (kept, taken) = (kept.unwrap_or_default(), taken.unwrap_or_default());
        let until = applied.at.map(|at| format!(", with everything up to {}", rfc3339(at))).unwrap_or_default();
        let settings = settings_text(&settings);
        format!("restored: {}{until}{settings}{kept}{taken}{}", counts(verified), waits.unwrap_or_default())
    })
}

fn settings_json(settings: &SettingsOutcome) -> Value {
    match settings {
        SettingsOutcome::None => json!({"outcome": "none"}),
        SettingsOutcome::Kept => json!({"outcome": "kept"}),
        SettingsOutcome::Unusable(why) => json!({"outcome": "unusable", "why": why}),
        SettingsOutcome::Placed(PlacedSettings { values, secrets, left_out }) => {
            json!({"outcome": "placed", "values": values, "secrets": secrets, "left_out": left_out})
        }
    }
}

fn settings_text(settings: &SettingsOutcome) -> String {
    match settings {
        SettingsOutcome::None | SettingsOutcome::Unusable(_) => String::new(),
        SettingsOutcome::Kept => {
            "\nthe desk's settings of this card stay as they are; --with-settings takes those of the copy"
                .to_owned()
        }
        SettingsOutcome::Placed(PlacedSettings { values, secrets, left_out }) => {
            let left_out = match left_out.as_slice() {
                [] => String::new(),
                names => format!("; this version does not know {}", names.join(", ")),
            };
            let secrets = if secrets.is_empty() { "no secret".to_owned() } else { secrets.join(", ") };
            format!("\nthe desk's settings of the copy are in place: {values} keys, and {secrets}{left_out}")
        }
    }
}

/// The secret key of the recovery kit, from a file or from stdin, where the printed key is typed.
fn identity(key_file: Option<&Path>) -> Result<Identity, Failure> {
    let mut text = String::new();
    let (read, name) = if let Some(file) = key_file {
        let read = File::open(file).and_then(|file| file.take(KEY_BYTES_MAX).read_to_string(&mut text));
        (read, file.display().to_string())
    } else {
        complain("the copy is encrypted: type the key of the recovery kit (AGE-SECRET-KEY-1...), then Enter");
        let read = io::stdin().lock().take(KEY_BYTES_MAX).read_line(&mut text);
        (read, "stdin".to_owned())
    };
    read.map_err(|error| Failure::said(format!("{name}: {error}; nothing was changed")))?;
    Identity::parse(without_mark(&text)).ok_or_else(|| {
        Failure::said(format!(
            "{name} holds no key of a recovery kit, or it is mistyped: it begins with AGE-SECRET-KEY-1; nothing was changed"
        ))
    })
}

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// A table for each, for spreadsheets.
    #[default]
    Csv,
    /// One file with everything.
    Json,
}

/// `export --format json DIR`: everything in one file. Tables are passed through as they arrive, so that a ledger of years
/// fills no memory.
async fn export_json(folder: &Path, api: &Api) -> Result<PathBuf, Failure> {
    let path = folder.join(json_file::EXPORTED);
    let part = part_of(&path)?;
    let written = write_json(&part, api).await;
    let named = written.and_then(|()| backup::publish(&part, &path).map_err(Failure::said));
    if named.is_err() {
        backup::remove(&part);
    }
    named.map(|()| path)
}

async fn write_json(part: &Path, api: &Api) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::said(format!("{}: {error}", part.display()));
    let mut file: File = backup::create(part).map_err(Failure::said)?;
    write!(file, "{{\"format\":\"{}\"", json_file::FORMAT).map_err(failed)?;
    for table in TABLES {
        write!(file, ",\n\"{table}\":").map_err(failed)?;
        let answer = api.stream(Method::GET, &format!("/api/v1/export/{table}?format=json")).await?;
        append(answer, &mut file, part, &format!("exporting {table}")).await?;
    }
    writeln!(file, "}}").map_err(failed)
}

/// `export DIR`: writes tables for other programs.
pub(super) async fn export(
    folder: &Path,
    format: ExportFormat,
    api: &Api,
    output: Output,
) -> Result<(), Failure> {
    let failed = |path: &Path, error: io::Error| Failure::said(format!("{}: {error}", path.display()));
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut files = Vec::new();
    if format == ExportFormat::Json {
        files.push(export_json(folder, api).await?);
    }
    for table in TABLES.into_iter().filter(|_| format == ExportFormat::Csv) {
        let path = folder.join(format!("{table}.csv"));
        let part = part_of(&path)?;
        let answer = api.stream(Method::GET, &format!("/api/v1/export/{table}")).await?;
        let saved = save(answer, &part, &format!("exporting {table}")).await;
        let named = saved.and_then(|()| backup::publish(&part, &path).map_err(Failure::said));
        if named.is_err() {
            backup::remove(&part);
        }
        named?;
        files.push(path);
    }
    output.answer(&json!({"files": files}), |_| {
        files.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join("\n")
    })
}

#[allow(clippy::needless_pass_by_value, reason = "it stands in map_err, which hands errors over")]
fn not_restored<E: std::fmt::Display>(error: E) -> Failure {
    Failure::worded(|words| words.not_restored, &[&error.to_string()])
}

fn counts(Verified { entries, accounts, debts, receipts }: Verified) -> String {
    format!("{entries} entries, {accounts} accounts, {debts} debts and {receipts} receipts verified")
}

/// The name of a file until it is complete.
fn part_of(file: &Path) -> Result<PathBuf, Failure> {
    let name = file.file_name().filter(|_| !file.is_dir());
    let mut name = name
        .ok_or_else(|| Failure::worded(|words| words.is_folder, &[&file.display().to_string()]))?
        .to_owned();
    name.push(".part");
    Ok(file.with_file_name(name))
}

/// Refuses to overwrite the store with its own copy.
fn refuse_own(file: &Path, config: &Config) -> Result<(), Failure> {
    let own = |name: &str| backup::is_same(file, &config.data_dir.join(name));
    if ["kuota.db", "kuota.db-wal", "kuota.db-shm", "kuotad.lock"].into_iter().any(own) {
        return Err(Failure::worded(|words| words.of_the_store, &[&file.display().to_string()]));
    }
    Ok(())
}

/// Fetches a copy from the running daemon.
async fn fetch(daemon: &Api, part: &Path) -> Result<Verified, Failure> {
    let answer = daemon.stream(Method::POST, "/api/v1/backup").await?;
    save(answer, part, "copying").await?;
    let part = part.to_owned();
    spawn_blocking(move || backup::prove(&part)).await.map_err(Failure::said)?.map_err(Failure::said)
}

/// Copies the store's file, with no daemon running.
async fn copy(config: &Config, part: &Path) -> Result<Verified, Failure> {
    let (data_dir, part) = (config.data_dir.clone(), part.to_owned());
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("copying");
        let reader = Reader::open(&data_dir).map_err(Failure::said)?;
        let made = reader.copy_to(&part, &mut |progress| teller.tell(progress)).map_err(Failure::said)?;
        backup::note_last(&data_dir, &rfc3339(SystemClock::new().now()));
        Ok(made)
    });
    work.await.map_err(Failure::said)?
}

/// Writes an answer to a file as it arrives.
async fn save(answer: Response<Body>, path: &Path, what: &str) -> Result<(), Failure> {
    let mut file: File = backup::create(path).map_err(Failure::said)?;
    append(answer, &mut file, path, what).await
}

/// Writes an answer to the end of an open file as it arrives.
async fn append(answer: Response<Body>, file: &mut File, path: &Path, what: &str) -> Result<(), Failure> {
    let length = answer.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let total = length.and_then(|length| length.parse().ok());
    let failed = |error: io::Error| Failure::said(format!("{}: {error}", path.display()));
    let mut teller = Teller::new(what);
    let mut body = answer.into_body();
    let mut done = 0;
    while let Some(frame) = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await {
        let chunk = frame.map_err(broken)?.into_data().unwrap_or_default();
        file.write_all(&chunk).map_err(failed)?;
        done += chunk.len() as u64;
        teller.tell(Progress { done, total: total.unwrap_or(done) });
    }
    if total.is_some_and(|total| total != done) {
        return Err(broken("the answer is shorter than it should be"));
    }
    Ok(())
}

/// Prints the progress of long work to stderr, at intervals and at its end.
pub(super) struct Teller {
    what: String,
    told: Instant,
    overwrites: bool,
}

impl Teller {
    /// Starts reporting the progress of `what`.
    pub fn new(what: &str) -> Self {
        Self { what: what.to_owned(), told: Instant::now(), overwrites: io::stderr().is_terminal() }
    }

    /// Reports the present progress.
    pub fn tell(&mut self, Progress { done, total }: Progress) {
        let is_end = done >= total;
        if !is_end && self.told.elapsed() < TELL_EVERY {
            return;
        }
        self.told = Instant::now();
        let percent = (done * 100).checked_div(total).unwrap_or(100);
        let end = if self.overwrites && !is_end { "\r" } else { "\n" };
        let _ = write!(io::stderr().lock(), "{}: {percent} % of {} KB{end}", self.what, total.div_ceil(1024));
    }
}
