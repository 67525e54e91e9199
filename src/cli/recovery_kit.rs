//! `recovery-kit`: makes the key of encrypted copies and prints it, once.

use std::io::{self, IsTerminal};
use std::path::Path;

use clap::Args;
use qrcode::render::unicode::Dense1x2;
use qrcode::{EcLevel, QrCode};
use serde_json::json;

use super::failure::Failure;
use super::output::{Output, complain};
use crate::agent::config::{BackupS3, Config, CopyTarget, Relay};
use crate::agent::copies::{COPIES_FOLDER, RecoveryKit, VaultClient, make_kit, new_recovery_token};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::domain::instance::Instance;
use crate::store::Reader;

/// Arguments of `recovery-kit`.
#[derive(Debug, Args)]
pub struct RecoveryKitArgs {
    /// Make another kit although there is one; copies from before need the old one.
    #[arg(long)]
    replace: bool,
}

/// Makes a kit and prints it. The daemon encrypts its next copy for it, with or without a restart.
pub(super) async fn run(args: &RecoveryKitArgs, config: &Config, output: Output) -> Result<(), Failure> {
    let now = SystemClock::new().now();
    let kit = make_kit(&config.data_dir, &config.backup, args.replace, now).map_err(Failure::said)?;
    let made = rfc3339(now);
    if let Some(old) = &kit.replaced {
        complain(&format!("warning: copies from before {made} need the kit of {old}: keep it with this one"));
    }
    let token = match &config.relay {
        Some(relay) => recovery_token(relay, &config.data_dir).await,
        None => None,
    };
    let target = config.backup.target.to_string();
    let answer = json!({
        "relay": config.relay.as_ref().map(|relay| relay.url.to_string()), "recovery_token": token,
        "site": config.name, "made": made, "secret_key": kit.secret_text(), "public_key": kit.recipient.to_string(),
        "target": target, "replaced": kit.replaced,
    });
    output.answer(&answer, |_| page(&kit, config, token.as_deref(), &made))
}

/// A token that reads the copies at the relay, which keeps its hash. Without one the kit still opens copies.
async fn recovery_token(relay: &Relay, data_dir: &Path) -> Option<String> {
    let token = new_recovery_token().ok()?;
    let instance = Reader::open(data_dir).and_then(|reader| reader.instance()).unwrap_or(Instance::FIRST);
    let known = match VaultClient::new(relay, data_dir, instance) {
        Ok(vault) => vault.set_recovery_token(&token).await,
        Err(error) => Err(error),
    };
    match known {
        Ok(()) => Some(token),
        Err(error) => {
            complain(&format!(
                "warning: the kit has no token for the relay ({error}); to have one, repeat with --replace when the relay answers"
            ));
            None
        }
    }
}

/// The page to print.
fn page(kit: &RecoveryKit, config: &Config, token: Option<&str>, made: &str) -> String {
    let places = match config.backup.target.to_string() {
        target if target == "relay" => "- the vault of the relay: kuotad fetch-copy (below)".to_owned(),
        target if target.is_empty() => format!(
            "- {}/{COPIES_FOLDER} (on the card, lost with it)\n- none off the card: set backup.target",
            config.data_dir.display()
        ),
        target => format!("- {target} (files kuota-*.db.zst.age, the newest is the best)"),
    };
    let relay = config
        .relay
        .as_ref()
        .map_or_else(|| "none".to_owned(), |relay| format!("{} as {}", relay.url, relay.site));
    let fetch = fetch_command(config);
    let code = io::stdout().is_terminal().then(|| qr(&kit.secret_text())).flatten().unwrap_or_default();
    format!(
        "RECOVERY KIT of {}, made {made}\n\n\
         Print this page or write it down, and keep it where the Raspberry Pi is not. Whoever has it and a copy can read\n\
         everything in it. It is not shown again and is stored nowhere.\n\n\
         Secret key:\n{}\n\n{code}\
         Public key: {}\n\
         Relay: {relay}\n\
         Token that reads the copies there and changes nothing: {}\n\
         Copies:\n{places}\n\n\
         On a new card: install kuotad, copy the newest file to it{fetch}, then\n\
         \x20 sudo systemctl stop kuotad\n\
         \x20 sudo -u kuota kuotad restore FILE     (asks for the secret key)\n\
         \x20 sudo systemctl start kuotad",
        config.name,
        kit.secret_groups(),
        kit.recipient,
        token.unwrap_or("none"),
    )
}

/// How the newest copy comes from the server that has it; empty where it is on a disk.
fn fetch_command(config: &Config) -> String {
    match &config.backup.target {
        CopyTarget::None | CopyTarget::Folder(_) | CopyTarget::Usb(_) => String::new(),
        CopyTarget::Relay => {
            let url = config.relay.as_ref().map_or_else(|| "URL".to_owned(), |relay| relay.url.to_string());
            format!(":\n\x20 kuotad fetch-copy --relay {url} FILE\n")
        }
        target @ CopyTarget::S3 { .. } => {
            let BackupS3 { endpoint, region, .. } = &config.backup.s3;
            let endpoint = endpoint.as_ref().map_or_else(|| "URL".to_owned(), ToString::to_string);
            format!(
                " (KEY is one that may list and read the bucket):\n\
                 \x20 kuotad fetch-copy --s3 {target} --endpoint {endpoint} --region {region} --key-id KEY FILE\n"
            )
        }
    }
}

/// The code for a terminal: dark on light whatever the terminal's colours are.
fn qr(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let mut drawn = code.render::<Dense1x2>();
    let drawn = drawn.dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).quiet_zone(true).build();
    Some(format!("{drawn}\n\n"))
}
