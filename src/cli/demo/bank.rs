//! Online payments of the demo: a simulated Midtrans, and the real relay between it and the agent.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use uuid::Uuid;

use super::people::SEED;
use crate::agent::config::Relay as RelaySection;
use crate::agent::payments::client::RelayClient;
use crate::cli::failure::Failure;
use crate::clock::SystemClock;
use crate::relay::config::{
    Config, Database, GatewayEnvironment, MerchantConfig, MerchantKeys, RelaySecrets, SiteConfig,
};
use crate::relay::run::{DirectorySources, RelayRunError, assemble, drive};
use crate::relay::service::Relay;
use crate::relay::store::sqlite::SqliteStore;
use crate::relay::store::{RelayStore, RelayStoreError};
use crate::settings::{HttpUrl, Secret};
use crate::sim::midtrans::{self, Fraud, MidtransSim, Options, SimPayment};

/// The site's name at the relay.
const SITE: &str = "demo";
/// The relay's name for the account at the gateway.
const MERCHANT: &str = "m1";
/// The gateway's own name of the account.
const ACCOUNT: &str = "G000000001";
/// How many times faster than in reality the gateway repeats a notification.
const RETRY_SCALE: u32 = 100;

/// The gateway and the relay, assembled but not yet serving.
pub(super) struct Bank {
    /// The gateway.
    pub gateway: MidtransSim,
    /// The relay's store.
    store: Arc<SqliteStore>,
    relay: Arc<Relay>,
    url: HttpUrl,
    token: Secret,
}

impl fmt::Debug for Bank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Bank {
    /// Opens an account, and a relay with its store in `folder`. The port is the relay's, to be served by
    /// [`Bank::serve`].
    pub async fn open(folder: &Path) -> Result<(Self, TcpListener), Failure> {
        let cannot = |what: &str, why: &dyn fmt::Display| Failure::said(format!("the demo's {what}: {why}"));
        let key = Secret::new(format!("SB-Mid-server-{}", random()));
        let token = Secret::new(random());
        let gateway = MidtransSim::start(Options {
            merchants: vec![midtrans::SimMerchant::new(ACCOUNT, key.expose())],
            retry_scale: RETRY_SCALE,
            seed: SEED,
            ..Options::default()
        });
        let gateway = gateway.await.map_err(|error| cannot("simulated Midtrans", &error))?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(|error| cannot("relay cannot listen", &error))?;
        let address = listener.local_addr().map_err(|error| cannot("relay cannot listen", &error))?;
        let url: HttpUrl = format!("http://{address}").parse().map_err(Failure::Said)?;
        let file = folder.join("relay.db");
        let config = Config {
            listen: address,
            public_url: Some(url.clone()),
            database: Database::Sqlite(file.clone()),
            merchant: vec![account(&gateway)?],
            ..Config::default()
        };
        let keys = MerchantKeys { server_key: key, previous_keys: Vec::new() };
        let hash = Sha256::digest(token.expose()).into();
        let secrets = RelaySecrets::new(
            BTreeMap::from([(MERCHANT.to_owned(), keys)]),
            BTreeMap::from([(SITE.to_owned(), hash)]),
        );
        let store = Arc::new(SqliteStore::open(&file).map_err(Failure::said)?);
        let books: Arc<dyn RelayStore> = Arc::<SqliteStore>::clone(&store);
        let relay = assemble(
            &config,
            DirectorySources::fixed(&config, &secrets),
            books,
            Arc::new(SystemClock::new()),
        )
        .await;
        let relay = relay.map_err(|error| cannot("relay", &error))?;
        Ok((Self { gateway, store, relay, url, token }, listener))
    }

    /// The relay section of the agent's configuration. The token is in no file.
    pub fn section(&self, folder: &Path) -> RelaySection {
        let token_file = folder.join("relay.token");
        RelaySection { url: self.url.clone(), site: SITE.to_owned(), token_file }
    }

    /// The agent's client of the relay.
    pub fn client(&self) -> Result<RelayClient, Failure> {
        let token = self.token.clone();
        RelayClient::new(self.url.as_str(), move || token.clone()).map_err(Failure::Said)
    }

    /// Runs the relay until `stop` turns true.
    pub fn serve(&self, listener: TcpListener, stop: watch::Receiver<bool>) -> Serving {
        Serving(tokio::spawn(drive(Arc::clone(&self.relay), listener, stop)))
    }

    /// How many payments were opened, and those that were paid, according to the gateway.
    pub fn payments(&self) -> (u64, Vec<SimPayment>) {
        let all = self.gateway.orders();
        let opened = all.iter().map(|payment| &payment.order_id).collect::<BTreeSet<_>>();
        let opened = opened.len() as u64;
        let is_paid = |payment: &SimPayment| payment.status.was_paid() && payment.fraud == Fraud::Accept;
        (opened, all.into_iter().filter(is_paid).collect())
    }

    /// Whether every notification arrived and was processed, and every resulting item was sent to the agent, which
    /// has applied the feed up to `seq`.
    pub async fn is_drained(&self, seq: u64) -> Result<bool, RelayStoreError> {
        if self.gateway.notifications().waiting > 0 || self.store.counts().await?.inbox > 0 {
            return Ok(false);
        }
        let (_, last) = self.store.feed(SITE, seq, 1).await?;
        Ok(last <= seq)
    }
}

/// A running relay.
pub(super) struct Serving(JoinHandle<Result<(), RelayRunError>>);

impl Serving {
    /// Waits until it stopped; an unexpected end is an error.
    pub async fn ended(&mut self) -> Result<(), Failure> {
        let ended: Result<Result<(), RelayRunError>, JoinError> = (&mut self.0).await;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::said(format!("the relay ended: {error}"))),
            Err(error) => Err(Failure::said(format!("the relay broke off: {error}"))),
        }
    }
}

/// The account in the relay's configuration. Its secrets are in no file.
fn account(gateway: &MidtransSim) -> Result<MerchantConfig, Failure> {
    let url = |text: String| text.parse::<HttpUrl>().map_err(Failure::Said);
    let site = SiteConfig { id: SITE.to_owned(), token_sha256_file: "in-memory".into() };
    Ok(MerchantConfig {
        id: MERCHANT.to_owned(),
        environment: GatewayEnvironment::Sandbox,
        server_key_file: "in-memory".into(),
        previous_key_files: Vec::new(),
        merchant_id: String::new(),
        fee_imposition: false,
        core_url: Some(url(gateway.core_url())?),
        snap_url: Some(url(gateway.snap_url())?),
        site: vec![site],
    })
}

fn random() -> String {
    Uuid::new_v4().simple().to_string()
}
