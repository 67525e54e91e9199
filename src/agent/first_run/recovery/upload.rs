//! A copy that the phone has. It goes to the card as it arrives.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request, State};
use tokio::io::AsyncWriteExt;

use super::multipart::{Multipart, UploadError};
use super::places::{KEY, START, UPLOAD};
use super::refusal::Refusal;
use super::state::{Arriving, has_store, staging, turn};
use crate::agent::copies::free_for_copies;
use crate::agent::first_run::gate::{Claimant, claimant, demand_own_page, is_same};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, refuse_whole};
use crate::agent::first_run::texts::RecoveryWords;
use crate::store::backup;
use crate::ui::form::TOKEN;
use crate::ui::layout::{page_with, see_other};
use crate::ui::{Form, Frame, PageRequest};
use crate::web::Problem;

/// The largest copy.
const COPY_BYTES_MAX: u64 = 2 << 30;
/// The longest token of a form.
const TOKEN_BYTES_MAX: usize = 200;

#[derive(Template)]
#[template(path = "first_run/upload.html")]
struct UploadPage {
    frame: Frame,
    words: &'static RecoveryWords,
    action: &'static str,
    back: &'static str,
    token: String,
    complaint: Option<String>,
}

/// `GET /mulai/pulih/berkas`.
pub(super) async fn show(State(_): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let Claimant { page_request, token } = claimant;
    let words = RecoveryWords::of(page_request.locale.language);
    let refused = page_request.refused.as_ref();
    let status = refused.map_or(axum::http::StatusCode::OK, |refused| refused.problem.status());
    let complaint = refused.map(|refused| refused.problem.detail().to_owned());
    let frame = page_request.frame(words.in_file);
    page_with(status, &UploadPage { frame, words, action: UPLOAD, back: START, token, complaint })
}

/// `POST /mulai/pulih/berkas`: the token of the form comes first, and nothing of the file is read before it.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, request: Request) -> Answer {
    demand_own_page(&request)?;
    let (mut parts, body) = request.into_parts();
    let page_request = PageRequest::from_request_parts(&mut parts, &run).await?;
    let claimant = claimant(&run, page_request)?;
    let words = RecoveryWords::of(claimant.page_request.locale.language);
    let form = Form::default();
    let malformed = || Problem::malformed("the form cannot be read: send it from its page");
    let mut sent = Multipart::of(&parts.headers, body).ok_or_else(malformed)?;
    let first = sent.next_part().await.map_err(|_| malformed())?;
    let token = match first.as_deref() {
        Some(TOKEN) => sent.text(TOKEN_BYTES_MAX).await.map_err(|_| malformed())?,
        _ => String::new(),
    };
    if !is_same(&token, &claimant.token) {
        return Err(Problem::forbidden("form_token", "the form was not made by this page: open it again"));
    }
    if has_store(&run.config.data_dir) {
        return Ok(Refusal::HasStore.answer(&form, words));
    }
    let Some(mut recovery) = turn(&run.recovery) else { return Ok(Refusal::Busy.answer(&form, words)) };
    let file = staging(&run.config.data_dir, &mut recovery);
    let arriving = Arriving::new(&run.config.data_dir);
    let free = free_for_copies(&run.config.data_dir).unwrap_or_default();
    let received = receive(&mut sent, &file, free.min(COPY_BYTES_MAX)).await;
    if let Err(error) = received {
        tracing::warn!(%error, "a copy was not received");
        let text = match error {
            UploadError::TooLong => words.too_long,
            UploadError::Broken | UploadError::Empty => words.upload_broken,
            UploadError::Card(_) => words.card,
        };
        return Ok(refuse_whole(&form, "upload", text));
    }
    arriving.keep();
    recovery.chosen = Some(file);
    Ok(see_other(KEY))
}

/// Writes the file of the form, of at most so many bytes.
async fn receive(sent: &mut Multipart, to: &Path, bytes_max: u64) -> Result<(), UploadError> {
    if sent.next_part().await?.as_deref() != Some("copy") {
        return Err(UploadError::Broken);
    }
    let made = backup::create(to).map_err(|error| UploadError::Card(error.to_string()))?;
    let mut file = tokio::fs::File::from_std(made);
    let failed = |error: std::io::Error| UploadError::Card(error.to_string());
    let mut bytes = 0;
    while let Some(chunk) = sent.chunk().await? {
        bytes += chunk.len() as u64;
        if bytes > bytes_max {
            return Err(UploadError::TooLong);
        }
        file.write_all(&chunk).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    // The end of the form: a file that ends with the connection is not whole.
    if sent.next_part().await?.is_some() {
        return Err(UploadError::Broken);
    }
    if bytes == 0 { Err(UploadError::Empty) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::HeaderMap;
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    async fn sent(body: String, bytes_max: u64) -> (Result<(), UploadError>, Option<Vec<u8>>) {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("copy");
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "multipart/form-data; boundary=b".parse().unwrap());
        let mut form = Multipart::of(&headers, Body::from(body)).unwrap();
        (receive(&mut form, &file, bytes_max).await, std::fs::read(&file).ok())
    }

    #[tokio::test]
    async fn a_file_is_received_whole_within_its_bound_or_not_at_all() {
        let form = |name: &str, content: &str, end: &str| {
            format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"../../x\"\r\n\r\n{content}{end}"
            )
        };
        let end = "\r\n--b--\r\n";
        let (received, content) = sent(form("copy", "0123456789", end), 10).await;
        assert!(received.is_ok() && content.as_deref() == Some(b"0123456789"));
        let (received, _) = sent(form("copy", "01234567890", end), 10).await;
        assert!(matches!(received, Err(UploadError::TooLong)), "{received:?}");
        let (received, _) = sent(form("copy", "", end), 10).await;
        assert!(matches!(received, Err(UploadError::Empty)), "{received:?}");
        for bad in [form("copy", "012", ""), form("copy", "012", "\r\n--b"), form("other", "012", end)] {
            let (received, _) = sent(bad, 10).await;
            assert!(matches!(received, Err(UploadError::Broken)), "{received:?}");
        }
    }
}
