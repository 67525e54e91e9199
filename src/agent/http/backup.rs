//! A consistent copy of everything, streamed to the owner.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE};
use axum::response::IntoResponse;
use tokio::task::spawn_blocking;

use super::state::{Answer, AppState};
use crate::agent::engine::Actor;
use crate::clock::rfc3339;
use crate::store::Reader;
use crate::store::backup::{self, BackupError};
use crate::web::stream;

/// Where a copy is put together; it has lost this name before the first byte of it is sent.
const COPY_FILE: &str = "kuota.db.copying";
/// How long copying and proving a store may take: years of a large site on a slow card.
pub(crate) const COPY_MAX: Duration = Duration::from_mins(15);

/// Copies the store, proves the copy and streams it.
pub(crate) async fn send(app: &AppState, actor: Actor) -> Answer {
    let one_at_a_time = app.copying.lock().await;
    let reader = app
        .read(move |engine| {
            // What was read of the router so far goes into the copy, too.
            engine.note(&actor, "backup", "store", String::new())?;
            Ok(engine.new_reader()?)
        })
        .await?;
    let path = app.site.config.data_dir.join(COPY_FILE);
    let copied = app
        .read_history(move || match make(&reader, path) {
            Err(BackupError::Store(error)) if error.is_fatal() => Err(error),
            made => Ok(made),
        })
        .await?;
    let (file, length) = copied?;
    drop(one_at_a_time);
    let (mut feed, body) = stream::feed();
    let (data_dir, now) = (app.site.config.data_dir.clone(), rfc3339(app.site.clock.now()));
    spawn_blocking(move || {
        let sent = io::copy(&mut &file, &mut feed).and_then(|_| feed.finish());
        match sent {
            Ok(()) => backup::note_last(&data_dir, &now),
            Err(error) => tracing::warn!(%error, "a backup was not sent to its end"),
        }
    });
    let headers = [
        (CONTENT_TYPE, "application/vnd.sqlite3".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
        (CONTENT_DISPOSITION, "attachment; filename=\"kuota-backup.db\"".to_owned()),
    ];
    Ok((headers, body).into_response())
}

/// A proven copy without a name: it is gone when its reader is dropped.
fn make(reader: &Reader, path: PathBuf) -> Result<(File, u64), BackupError> {
    reader.copy_to(&path, &mut |_| {})?;
    let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
    backup::remove(&path);
    let (length, file) = opened.map_err(|source| BackupError::File { path, source })?;
    Ok((file, length))
}
