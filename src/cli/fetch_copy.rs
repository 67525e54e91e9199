//! `fetch-copy`: the newest copy in the vault of a relay, with the token of a recovery kit.

use std::io;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::{Output, complain};
use super::stdin;
use crate::agent::copies::VaultClient;
use crate::settings::{HttpUrl, Secret};
use crate::store::backup;
use crate::store::tail::segment_file;

/// Arguments of `fetch-copy`.
#[derive(Debug, Args)]
pub struct FetchCopyArgs {
    /// Address of the relay, as the recovery kit has it. The kit's token is read from stdin.
    #[arg(long, value_name = "URL")]
    relay: HttpUrl,
    /// Where to; a file of that name is not replaced.
    file: PathBuf,
}

/// Fetches the newest copy; `kuotad restore` takes it, with the secret key of the kit.
pub(super) async fn run(args: &FetchCopyArgs, output: Output) -> Result<(), Failure> {
    let file = &args.file;
    if file.exists() {
        return Err(Failure::said(format!("{} is there already; name another file", file.display())));
    }
    complain("type the relay's token of the recovery kit, then Enter");
    let token = stdin::password(io::stdin().lock())?;
    let vault =
        VaultClient::with_token(args.relay.as_str(), Secret::new(token.trim())).map_err(Failure::said)?;
    let newest = vault.newest().await.map_err(Failure::said)?;
    let (copy, segments) =
        newest.ok_or_else(|| Failure::said("there is no copy in the vault of this site"))?;
    let content = vault.get(&copy.name).await.map_err(Failure::said)?;
    // The copy last: with its name everything is there.
    for (segment, number) in segments.iter().zip(1..) {
        let content = vault.get(&segment.name).await.map_err(Failure::said)?;
        write(&segment_file(file, number), &content)?;
    }
    write(file, &content)?;
    let put_at = segments.last().map_or(&copy.put_at, |last| &last.put_at);
    let answer = json!({"file": file, "name": copy.name, "bytes": content.len(), "put_at": copy.put_at,
                        "segments": segments.len(), "last_put_at": put_at});
    output.answer(&answer, |_| {
        format!(
            "{}: {} bytes, put at {}, and {} files with what changed until {put_at}; restore takes them together",
            file.display(),
            content.len(),
            copy.put_at,
            segments.len()
        )
    })
}

fn write(file: &Path, content: &[u8]) -> Result<(), Failure> {
    let written = backup::create(file).map_err(Failure::said).and_then(|mut made| {
        let written = made.write_all(content).and_then(|()| made.sync_all());
        written.map_err(|error| Failure::said(format!("{}: {error}", file.display())))
    });
    if written.is_err() {
        backup::remove(file);
    }
    written
}
