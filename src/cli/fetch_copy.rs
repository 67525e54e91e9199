//! `fetch-copy`: the newest copy in the vault of a relay, with the token of a recovery kit.

use std::io;
use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::failure::Failure;
use super::output::{Output, complain};
use super::stdin;
use crate::agent::copies::VaultClient;
use crate::settings::{HttpUrl, Secret};
use crate::store::backup;

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
    let list = vault.list().await.map_err(Failure::said)?;
    let newest = list.items.into_iter().max_by_key(|item| item.seq);
    let newest = newest.ok_or_else(|| Failure::said("there is no copy in the vault of this site"))?;
    let content = vault.get(&newest.name).await.map_err(Failure::said)?;
    let written = backup::create(file).map_err(Failure::said).and_then(|mut made| {
        let written = made.write_all(&content).and_then(|()| made.sync_all());
        written.map_err(|error| Failure::said(format!("{}: {error}", file.display())))
    });
    if written.is_err() {
        backup::remove(file);
    }
    written?;
    let answer = json!({"file": file, "name": newest.name, "bytes": content.len(), "put_at": newest.put_at});
    output
        .answer(&answer, |_| format!("{}: {} bytes, put at {}", file.display(), content.len(), newest.put_at))
}
