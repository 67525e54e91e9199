//! `backup`, `restore` and `verify` of the relay's store.

use std::path::{Path, PathBuf};

use serde_json::json;
use tokio::task::spawn_blocking;

use crate::cli::backup::Teller;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::relay::config::{Config, Database};
use crate::relay::store::sqlite::backup::{self, RelayRestored};
use crate::relay::store::sqlite::{RelayVerified, verify_file};

/// The file of the configured store.
pub(super) fn file_of(config: &Config) -> PathBuf {
    let Database::Sqlite(path) = &config.database;
    path.clone()
}

/// `backup FILE`: the copy is complete and proven before it gets that name.
pub(super) async fn backup(file: &Path, config: &Config, output: Output) -> Result<(), Failure> {
    let (path, target) = (file_of(config), file.to_owned());
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("copying");
        backup::back_up(&path, &target, &mut |progress| teller.tell(progress))
    });
    let verified = work.await.map_err(Failure::said)?.map_err(Failure::said)?;
    let bytes = std::fs::metadata(file).map(|file| file.len()).unwrap_or_default();
    let answer = json!({"file": file, "bytes": bytes, "verified": verified});
    output.answer(&answer, |_| format!("{}: {bytes} bytes, {}", file.display(), counts(verified)))
}

/// `restore FILE`: replaces the store by the copy.
pub(super) async fn restore(file: &Path, config: &Config, output: Output) -> Result<(), Failure> {
    let (path, from) = (file_of(config), file.to_owned());
    let now = SystemClock::new().now();
    let stamp: String = rfc3339(now).chars().filter(char::is_ascii_alphanumeric).collect();
    let work = spawn_blocking(move || {
        let mut teller = Teller::new("restoring");
        backup::restore(&path, &from, &stamp, now, &mut |progress| teller.tell(progress))
    });
    let refused = |error| Failure::said(format!("{error}; nothing was changed"));
    let RelayRestored { verified, replaced, asked } = work.await.map_err(Failure::said)?.map_err(refused)?;
    let answer =
        json!({"restored": file, "replaced": replaced, "orders_to_ask": asked, "verified": verified});
    output.answer(&answer, |_| {
        let kept = replaced.map(|path| format!("\nthe store from before is kept as {}", path.display()));
        format!(
            "restored: {}\nagents read the feed again from its beginning, and the gateway is asked about {asked} \
             orders once the relay runs{}",
            counts(verified),
            kept.unwrap_or_default()
        )
    })
}

/// `verify`: checks every row and reports the first bad one.
pub(super) async fn verify(config: &Config, output: Output) -> Result<(), Failure> {
    let path = file_of(config);
    let shown = path.display().to_string();
    let checked = spawn_blocking(move || verify_file(&path)).await.map_err(Failure::said)?;
    let verified = checked.map_err(Failure::said)?;
    output.answer(&json!({"file": shown, "verified": verified}), |_| format!("{shown}: {}", counts(verified)))
}

fn counts(RelayVerified { orders, credited, feed_items, notifications }: RelayVerified) -> String {
    format!(
        "{orders} orders ({credited} credited), {feed_items} feed items and {notifications} notifications verified"
    )
}
