//! `fetch-copy`: the newest copy in the vault of a relay or in a bucket, with what a recovery kit says.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::Failure;
use super::output::{Output, complain};
use super::stdin;
use crate::agent::config::CopyTarget;
use crate::agent::copies::{BucketKeys, CopySource, FetchedCopy, S3Bucket, VaultClient};
use crate::clock::{Clock, SystemClock};
use crate::settings::{HttpUrl, Secret};

/// Arguments of `fetch-copy`.
#[derive(Debug, Args)]
pub struct FetchCopyArgs {
    /// Address of the relay, as the recovery kit has it. The kit's token is read from stdin.
    #[arg(long, value_name = "URL", required_unless_present = "s3", conflicts_with = "s3")]
    relay: Option<HttpUrl>,
    #[command(flatten)]
    bucket: BucketArgs,
    /// Where to; a file of that name is not replaced.
    file: PathBuf,
}

/// Where a bucket is.
#[derive(Debug, Args)]
struct BucketArgs {
    /// The bucket in which the copies are, as backup.target had it, with its prefix.
    #[arg(long, value_name = "BUCKET", requires = "endpoint", requires = "key_id")]
    s3: Option<CopyTarget>,
    /// Address of the object store, as backup.s3.endpoint had it.
    #[arg(long, value_name = "URL", requires = "s3")]
    endpoint: Option<HttpUrl>,
    /// Region of the bucket.
    #[arg(long, value_name = "NAME", requires = "s3", default_value = "us-east-1")]
    region: String,
    /// Name of an access key that may list and read the bucket.
    #[arg(long, value_name = "NAME", requires = "s3")]
    key_id: Option<String>,
    /// File with the secret of that key; without it the secret is read from stdin.
    #[arg(long, value_name = "FILE", requires = "s3")]
    secret_file: Option<PathBuf>,
    /// The site's tag in the names of its copies, where the bucket has those of several sites.
    #[arg(long, value_name = "TAG", requires = "s3")]
    site: Option<String>,
}

/// Fetches the newest copy; `kuotad restore` takes it, with the secret key of the kit.
pub(super) async fn run(args: &FetchCopyArgs, output: Output) -> Result<(), Failure> {
    let source = match &args.relay {
        Some(relay) => vault(relay)?,
        None => args.bucket.source()?,
    };
    let fetched = source.fetch_newest(&args.file, SystemClock::new().now()).await.map_err(Failure::said)?;
    output.answer(&fetched, text)
}

fn vault(relay: &HttpUrl) -> Result<CopySource, Failure> {
    let token = secret("type the relay's token of the recovery kit, then Enter")?;
    Ok(CopySource::Vault(VaultClient::with_token(relay.as_str(), token).map_err(Failure::said)?))
}

impl BucketArgs {
    fn source(&self) -> Result<CopySource, Failure> {
        let (Some(CopyTarget::S3 { bucket, prefix }), Some(endpoint), Some(key_id)) =
            (&self.s3, &self.endpoint, &self.key_id)
        else {
            return Err(Failure::said("--s3 names no bucket: write s3://bucket or s3://bucket/prefix"));
        };
        let secret = match &self.secret_file {
            Some(file) => secret_in(file)?,
            None => secret("type the secret of the access key, then Enter")?,
        };
        let keys = BucketKeys { key_id: key_id.clone(), secret, region: self.region.clone() };
        let bucket = S3Bucket::with_keys(endpoint, (bucket, prefix), keys).map_err(Failure::said)?;
        Ok(CopySource::Bucket { bucket, tag: self.site.clone() })
    }
}

fn secret(question: &str) -> Result<Secret, Failure> {
    complain(question);
    Ok(Secret::new(stdin::password(io::stdin().lock())?.trim()))
}

fn secret_in(path: &Path) -> Result<Secret, Failure> {
    let file = File::open(path).map_err(|error| Failure::said(format!("{}: {error}", path.display())))?;
    Ok(Secret::new(stdin::password(BufReader::new(file))?.trim()))
}

fn text(fetched: &FetchedCopy) -> String {
    let FetchedCopy { file, name: _, bytes, put_at, segments, last_put_at } = fetched;
    format!(
        "{}: {bytes} bytes, put at {put_at}, and {segments} files with what changed until {last_put_at}; restore takes them together",
        file.display()
    )
}
