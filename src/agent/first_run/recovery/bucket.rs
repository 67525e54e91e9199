//! A copy in a bucket. The key has to list and read, which the one that writes copies need not; it is not stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use super::places::{BUCKET, START};
use super::remote::{address, fetch, plain, url_field};
use crate::agent::config::{BackupS3, CopyTarget};
use crate::agent::copies::{BucketKeys, CopySource, S3Bucket};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step_page::{Answer, StepPage, refuse, text_field};
use crate::agent::first_run::texts::RecoveryWords;
use crate::settings::Secret;
use crate::ui::Form;
use crate::ui::field::FieldView;
use crate::web::Problem;

/// `GET /mulai/pulih/bucket`.
pub(super) async fn show(State(run): State<Arc<FirstRun>>, claimant: Claimant) -> Answer {
    let words = RecoveryWords::of(claimant.page_request.locale.language);
    let tag = FieldView {
        is_required: false,
        hint: words.tag_hint.to_owned(),
        ..text_field("site", words.tag, "")
    };
    StepPage::beside(&run, &claimant, words.in_bucket, BUCKET)
        .back(START)
        .about(words.bucket_text)
        .field(url_field(words, words.bucket_url))
        .field(text_field("bucket", words.bucket, "s3://"))
        .field(text_field("region", words.region, BackupS3::default().region))
        .field(text_field("key_id", words.key_id, ""))
        .field(text_field("secret", words.key_secret, ""))
        .field(tag)
        .submit(Some(words.fetch))
        .answer()
}

/// `POST /mulai/pulih/bucket`: fetches the newest copy and its tail.
pub(super) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, RecoveryWords::of(sent.claimant.page_request.locale.language));
    let url = address(form.text("url").unwrap_or_default());
    let target = form.text("bucket").unwrap_or_default().parse::<CopyTarget>();
    let bucket = match target {
        Ok(CopyTarget::S3 { bucket, prefix }) => Some((bucket, prefix)),
        Ok(CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) | CopyTarget::Relay) | Err(_) => {
            None
        }
    };
    let mut errors = BTreeMap::new();
    if url.is_none() {
        errors.insert("url", words.url_unfit.to_owned());
    }
    if bucket.is_none() {
        errors.insert("bucket", words.bucket_unfit.to_owned());
    }
    let keys = keys(form, words, &mut errors);
    let tag = form.text("site").map(str::to_owned);
    let (Some(url), Some((bucket, prefix)), Some(keys)) = (url, bucket, keys) else {
        return Ok(refuse(form, errors));
    };
    let bucket = S3Bucket::with_keys(&url, (&bucket, &prefix), keys).map_err(|_| Problem::internal())?;
    Ok(fetch(&run, CopySource::Bucket { bucket, tag }, &url, form, words).await)
}

fn keys(
    form: &Form,
    words: &RecoveryWords,
    errors: &mut BTreeMap<&'static str, String>,
) -> Option<BucketKeys> {
    let mut read = |name: &'static str| {
        let text = plain(form.text(name).unwrap_or_default());
        if text.is_none() {
            errors.insert(name, words.key_part_unfit.to_owned());
        }
        text
    };
    let (region, key_id, secret) = (read("region"), read("key_id"), read("secret"));
    Some(BucketKeys { key_id: key_id?, secret: Secret::new(secret?), region: region? })
}
