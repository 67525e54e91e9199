//! "I have a recovery kit": a store comes back on a new card. Where the copy is, then the kit's key, then what is in the copy, then
//! the restore, which is that of `kuotad restore`.
//!
//! | file | what it is |
//! |---|---|
//! | `places` | the addresses of the pages |
//! | `state` | the copy that was chosen and what it was unpacked to; in memory only |
//! | `choose`, `relay`, `bucket`, `disk`, `upload` | where the copy is |
//! | `remote` | a copy from a server |
//! | `multipart` | a file that a browser sends, as it arrives |
//! | `key`, `confirm` | the key; what is in the copy, and the restore |
//! | `refusal` | why not, in words |

mod bucket;
mod choose;
mod confirm;
mod disk;
mod key;
mod multipart;
pub(super) mod places;
mod refusal;
mod relay;
mod remote;
pub(super) mod state;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::Uri;
use axum::routing::{get, post};

use self::places::{BUCKET, CONFIRM, DISK, KEY, RELAY, START, UPLOAD};
use super::state::FirstRun;
use crate::web::limits;

/// How long fetching, proving or restoring a copy may take.
const WORK_MAX: Duration = Duration::from_mins(20);

/// The pages, without the upload.
pub(super) fn routes() -> Router<Arc<FirstRun>> {
    Router::new()
        .route(START, get(choose::show))
        .route(RELAY, get(relay::show).post(relay::save))
        .route(BUCKET, get(bucket::show).post(bucket::save))
        .route(DISK, get(disk::show).post(disk::save))
        .route(UPLOAD, get(upload::show))
        .route(KEY, get(key::show).post(key::save))
        .route(CONFIRM, get(confirm::show).post(confirm::save))
}

/// The upload, which is read as it arrives: the limits on bodies are its own.
pub(super) fn upload_route() -> Router<Arc<FirstRun>> {
    Router::new().route(UPLOAD, post(upload::save))
}

/// How long a call of the set-up may take.
pub(super) fn call_max(uri: &Uri) -> Duration {
    if uri.path().starts_with(START) { WORK_MAX } else { limits::CALL_MAX }
}
