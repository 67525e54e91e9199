//! `site` and `merchant`: what is kept in the relay's database. Every relay on it takes a change up within seconds.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::store::open_for_command;
use super::token;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, complain, table};
use crate::clock::{Clock, SystemClock, rfc3339};
use crate::relay::config::{Config, token_hash};
use crate::relay::directory::edit::{DirectoryEditor, EditError, NewMerchant};
use crate::relay::directory::{DirectoryEntries, KeyCipher};
use crate::relay::store::StoredDirectory;
use crate::relay::store::directory::{MerchantEntry, SiteEntry, SiteState};
use crate::relay::store::operators::LogAuthor;
use crate::settings::{Environment, Secret, SecretSource, SettingsError};

/// Commands about sites.
#[derive(Debug, Subcommand)]
pub enum SiteCommand {
    /// Add a site to the database, and show its token once.
    Add {
        /// Its name: letters, digits and - _ . The agent has the same in its [relay] section.
        site: String,
        /// The merchant that its customers pay.
        #[arg(long, value_name = "MERCHANT")]
        merchant: String,
        /// Keep a token that the agent has: the 64 hexadecimal digits of its SHA-256.
        #[arg(long, value_name = "HEX")]
        token_sha256: Option<String>,
    },
    /// List sites, those of the configuration included.
    List {
        /// Removed ones, too.
        #[arg(long)]
        all: bool,
    },
    /// Give a site another token, and show it once. The one before is refused from then on.
    RotateToken {
        /// Which.
        site: String,
    },
    /// Refuse a site's calls. What is paid for it meanwhile waits until it is enabled again.
    Disable {
        /// Which.
        site: String,
    },
    /// Take a disabled site's calls again.
    Enable {
        /// Which.
        site: String,
    },
    /// Remove a disabled site for good. Its orders are kept, and its name is never used again.
    Remove {
        /// Which.
        site: String,
    },
}

/// Commands about merchants.
#[derive(Debug, Subcommand)]
pub enum MerchantCommand {
    /// Add an account at Midtrans to the database. Its server key is encrypted there.
    Add(AddMerchant),
    /// List merchants, those of the configuration included.
    List,
    /// Give a merchant a new server key. Notifications signed with one before are still accepted.
    RotateKey {
        /// Which.
        merchant: String,
        /// File with the new server key.
        #[arg(long, value_name = "FILE")]
        server_key_file: PathBuf,
    },
}

/// Arguments of `merchant add`.
#[derive(Debug, Args)]
pub struct AddMerchant {
    /// Its name here: letters, digits and - _ . It is part of the address for notifications.
    merchant: String,
    /// The world of Midtrans that the key is for.
    #[arg(long, value_enum)]
    environment: GatewayWorld,
    /// File with the server key, which the Midtrans dashboard shows under Settings, Access Keys.
    #[arg(long, value_name = "FILE")]
    server_key_file: PathBuf,
    /// The merchant id that the dashboard shows; without it, it is learned from the first charge.
    #[arg(long, value_name = "ID")]
    merchant_id: Option<String>,
    /// Midtrans adds its fee to what customers pay.
    #[arg(long)]
    fee_imposition: bool,
    /// Another address than Midtrans' own for charges, for tests and proxies.
    #[arg(long, value_name = "URL")]
    core_url: Option<String>,
    /// The same for Midtrans' payment page.
    #[arg(long, value_name = "URL")]
    snap_url: Option<String>,
}

/// `--environment`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum GatewayWorld {
    /// For trying out, no real money.
    Sandbox,
    /// Real money.
    Production,
}

impl From<GatewayWorld> for crate::midtrans::GatewayEnvironment {
    fn from(world: GatewayWorld) -> Self {
        match world {
            GatewayWorld::Sandbox => Self::Sandbox,
            GatewayWorld::Production => Self::Production,
        }
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        Self::said(error)
    }
}

/// Where an entry is.
const IN_FILE: &str = "configuration";
/// See [`IN_FILE`].
const IN_DATABASE: &str = "database";

/// What the commands work with.
struct DirectoryContext<'a> {
    config: &'a Config,
    env: &'a Environment,
    file: DirectoryEntries,
    output: Output,
}

impl<'a> DirectoryContext<'a> {
    fn new(config: &'a Config, env: &'a Environment, output: Output) -> Result<Self, Failure> {
        let file = DirectoryEntries::of_config(config, &config.load_secrets(env)?);
        Ok(Self { config, env, file, output })
    }

    fn cipher(&self) -> Result<KeyCipher, Failure> {
        Ok(KeyCipher::load(self.config, self.env).map_err(one_finding)?)
    }

    /// The key that server keys are encrypted with, made where there is none.
    fn cipher_to_seal(&self) -> Result<KeyCipher, Failure> {
        let (cipher, is_new) = KeyCipher::load_or_create(self.config, self.env).map_err(one_finding)?;
        if is_new {
            complain(&format!(
                "{} was made. Server keys in the database are encrypted with it: keep a copy of it apart from copies of \
                 the database, and put it on every relay that uses this database.",
                self.config.encryption_key_file.display()
            ));
        }
        Ok(cipher)
    }
}

fn one_finding(finding: crate::settings::Finding) -> SettingsError {
    SettingsError { findings: vec![finding] }
}

/// `site …`.
pub(super) async fn site(
    command: SiteCommand,
    config: &Config,
    env: &Environment,
    output: Output,
) -> Result<(), Failure> {
    let context = DirectoryContext::new(config, env, output)?;
    let opened = open_for_command(config, env).await?;
    let (store, cipher) = (opened.as_store(), KeyCipher::none());
    let by = LogAuthor::command(SystemClock::new().now());
    let editor = DirectoryEditor { store, file: &context.file, cipher: &cipher, by: &by };
    let set = async |site: &str, state: SiteState, said: &str| {
        editor.set_state(site, state).await?;
        output.answer(&json!({"site": site, "state": state.name()}), |_| format!("site {site} {said}"))
    };
    match command {
        SiteCommand::Add { site, merchant, token_sha256 } => {
            let known = token_sha256.as_deref().map(|text| {
                token_hash(text).ok_or_else(|| Failure::said("token_sha256: write its 64 hexadecimal digits"))
            });
            match editor.add_site(&site, &merchant, known.transpose()?).await? {
                Some(made) => token::show(&site, &made, output),
                None => output.answer(&json!({"site": site, "merchant": merchant}), |_| {
                    format!("site {site} was added; its agent keeps its token")
                }),
            }
        }
        SiteCommand::List { all } => list_sites(&context, &store.directory().await?, all),
        SiteCommand::RotateToken { site } => token::show(&site, &editor.rotate_token(&site).await?, output),
        SiteCommand::Disable { site } => {
            set(&site, SiteState::Disabled, "is disabled: its calls are refused").await
        }
        SiteCommand::Enable { site } => set(&site, SiteState::Enabled, "is enabled").await,
        SiteCommand::Remove { site } => set(&site, SiteState::Removed, "is removed").await,
    }
}

/// `merchant …`.
pub(super) async fn merchant(
    command: MerchantCommand,
    config: &Config,
    env: &Environment,
    output: Output,
) -> Result<(), Failure> {
    let context = DirectoryContext::new(config, env, output)?;
    let opened = open_for_command(config, env).await?;
    let store = opened.as_store();
    let file = &context.file;
    let by = &LogAuthor::command(SystemClock::new().now());
    match command {
        MerchantCommand::Add(add) => {
            let server_key = read_key(&add.server_key_file)?;
            let cipher = context.cipher_to_seal()?;
            let entry = MerchantEntry {
                id: add.merchant.clone(),
                environment: add.environment.into(),
                account: add.merchant_id.filter(|account| !account.is_empty()),
                fee_imposition: add.fee_imposition,
                core_url: add.core_url,
                snap_url: add.snap_url,
            };
            let editor = DirectoryEditor { store, file, cipher: &cipher, by };
            editor.add_merchant(NewMerchant { entry, server_key }).await?;
            output.answer(&json!({"merchant": add.merchant}), |_| {
                format!(
                    "merchant {0} was added; sites pay into it by: site add SITE --merchant {0}",
                    add.merchant
                )
            })
        }
        MerchantCommand::List => list_merchants(&context, &store.directory().await?),
        MerchantCommand::RotateKey { merchant, server_key_file } => {
            let server_key = read_key(&server_key_file)?;
            let cipher = context.cipher_to_seal()?;
            let editor = DirectoryEditor { store, file, cipher: &cipher, by };
            editor.rotate_key(&merchant, &server_key).await?;
            output.answer(&json!({"merchant": merchant}), |_| {
                format!(
                    "merchant {merchant} has a new server key; the one before is accepted in notifications"
                )
            })
        }
    }
}

/// The server key in a file; never an argument, which everybody on the machine can see.
fn read_key(file: &Path) -> Result<Secret, Failure> {
    let read = SecretSource { name: "server_key", file, stored: None }.read(&Environment::default());
    Ok(read.map_err(one_finding)?)
}

fn list_sites(context: &DirectoryContext<'_>, stored: &StoredDirectory, all: bool) -> Result<(), Failure> {
    let listed = |site: &SiteEntry, from: &'static str, added: Option<String>| {
        (site.id.clone(), site.merchant.clone(), site.state, from, added)
    };
    let mut sites: Vec<_> = context.file.sites.iter().map(|site| listed(site, IN_FILE, None)).collect();
    let shown = stored.sites.iter().filter(|site| all || site.entry.state != SiteState::Removed);
    sites.extend(shown.map(|site| listed(&site.entry, IN_DATABASE, Some(rfc3339(site.created_at)))));
    sites.sort_by(|a, b| a.0.cmp(&b.0));
    let items: Vec<Value> = sites
        .iter()
        .map(|(id, merchant, state, from, added)| {
            json!({"site": id, "merchant": merchant, "state": state.name(), "kept_in": from, "added_at": added})
        })
        .collect();
    context.output.list(items, |_| {
        let rows: Vec<Vec<String>> = sites
            .into_iter()
            .map(|(id, merchant, state, from, added)| {
                vec![id, merchant, state.name().to_owned(), from.to_owned(), added.unwrap_or_default()]
            })
            .collect();
        table(&["SITE", "MERCHANT", "STATE", "KEPT IN", "ADDED"], &rows)
    })
}

fn list_merchants(context: &DirectoryContext<'_>, stored: &StoredDirectory) -> Result<(), Failure> {
    let cipher = context.cipher()?;
    let sites = |id: &str| {
        let of_file = context.file.sites.iter().filter(|site| site.merchant == id).count();
        let of_database = stored.sites.iter().filter(|site| site.entry.merchant == id);
        of_file + of_database.filter(|site| site.entry.state != SiteState::Removed).count()
    };
    let of_file = context.file.merchants.iter().map(|listed| {
        let previous = listed.keys.as_ref().map_or(0, |keys| keys.previous_keys.len());
        (&listed.entry, IN_FILE, previous, listed.keys.as_ref().err().cloned())
    });
    let of_database = stored.merchants.iter().map(|stored| {
        let in_use = stored.keys.first();
        let fault = in_use.and_then(|sealed| cipher.open(&stored.entry.id, sealed).err());
        (&stored.entry, IN_DATABASE, stored.keys.len().saturating_sub(1), fault)
    });
    let merchants: Vec<_> = of_file.chain(of_database).collect();
    let items: Vec<Value> = merchants
        .iter()
        .map(|(entry, from, previous, fault)| {
            json!({
                "merchant": entry.id,
                "environment": entry.environment,
                "merchant_id": entry.account,
                "fee_imposition": entry.fee_imposition,
                "kept_in": from,
                "sites": sites(&entry.id),
                "previous_keys": previous,
                "key_fault": fault,
            })
        })
        .collect();
    context.output.list(items, |_| {
        let rows: Vec<Vec<String>> = merchants
            .iter()
            .map(|(entry, from, previous, fault)| {
                vec![
                    entry.id.clone(),
                    entry.environment.name().to_owned(),
                    (*from).to_owned(),
                    sites(&entry.id).to_string(),
                    previous.to_string(),
                    fault.clone().unwrap_or_else(|| "ok".to_owned()),
                ]
            })
            .collect();
        table(&["MERCHANT", "ENVIRONMENT", "KEPT IN", "SITES", "PREVIOUS KEYS", "KEY"], &rows)
    })
}
