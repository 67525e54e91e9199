//! Where the demo's online money goes: a simulated Midtrans, and the real relay between it and the agent.

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
    Config, Database, GatewayEnvironment, MerchantConfig, MerchantKeys, Secrets, SiteConfig,
};
use crate::relay::run::{RunError, assemble, drive};
use crate::relay::service::Relay;
use crate::relay::store::sqlite::SqliteStore;
use crate::relay::store::{RelayStore, StoreError};
use crate::settings::{HttpUrl, Secret};
use crate::sim::midtrans::{self, Fraud, MidtransSim, Options, SimPayment};

/// The hotspot's name at the relay.
const SITE: &str = "demo";
/// The relay's name for the account at the gateway.
const MERCHANT: &str = "m1";
/// The gateway's own name for it.
const ACCOUNT: &str = "G000000001";
/// How many times sooner than in life the gateway sends a notification again.
const RETRY_SCALE: u32 = 100;

/// The gateway and the relay, put together and not yet serving.
pub(super) struct Bank {
    /// The gateway.
    pub gateway: MidtransSim,
    /// What the relay keeps.
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
    /// Opens an account, and a relay that keeps its books in `folder`. The port is the relay's, to be served by
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
        let secrets = Secrets::new(
            BTreeMap::from([(MERCHANT.to_owned(), keys)]),
            BTreeMap::from([(SITE.to_owned(), hash)]),
        );
        let store = Arc::new(SqliteStore::open(&file).map_err(Failure::said)?);
        let books: Arc<dyn RelayStore> = Arc::<SqliteStore>::clone(&store);
        let relay = assemble(&config, secrets, books, Arc::new(SystemClock::new())).await;
        let relay = relay.map_err(|error| cannot("relay", &error))?;
        Ok((Self { gateway, store, relay, url, token }, listener))
    }

    /// What the agent's configuration says about the relay. The token is in no file.
    pub fn section(&self, folder: &Path) -> RelaySection {
        let token_file = folder.join("relay.token");
        RelaySection { url: self.url.clone(), site: SITE.to_owned(), token_file }
    }

    /// The agent's way to the relay.
    pub fn client(&self) -> Result<RelayClient, Failure> {
        let token = self.token.clone();
        RelayClient::new(self.url.as_str(), move || token.clone()).map_err(Failure::Said)
    }

    /// Has the relay work until `stop` turns true.
    pub fn serve(&self, listener: TcpListener, stop: watch::Receiver<bool>) -> Serving {
        Serving(tokio::spawn(drive(Arc::clone(&self.relay), listener, stop)))
    }

    /// How many payments were opened, and those that customers paid, by the gateway's own books.
    pub fn payments(&self) -> (u64, Vec<SimPayment>) {
        let all = self.gateway.orders();
        let opened = all.iter().map(|payment| &payment.order_id).collect::<BTreeSet<_>>();
        let opened = opened.len() as u64;
        let is_paid = |payment: &SimPayment| payment.status.was_paid() && payment.fraud == Fraud::Accept;
        (opened, all.into_iter().filter(is_paid).collect())
    }

    /// Whether every notification arrived and was decided, and everything that came of them was told to the agent,
    /// which has applied the feed up to `seq`.
    pub async fn is_drained(&self, seq: u64) -> Result<bool, StoreError> {
        if self.gateway.notifications().waiting > 0 || self.store.counts().await?.inbox > 0 {
            return Ok(false);
        }
        let (_, last) = self.store.feed(SITE, seq, 1).await?;
        Ok(last <= seq)
    }
}

/// A relay at work.
pub(super) struct Serving(JoinHandle<Result<(), RunError>>);

impl Serving {
    /// Waits until it ended, and says how where it should not have.
    pub async fn ended(&mut self) -> Result<(), Failure> {
        let ended: Result<Result<(), RunError>, JoinError> = (&mut self.0).await;
        match ended {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Failure::said(format!("the relay ended: {error}"))),
            Err(error) => Err(Failure::said(format!("the relay broke off: {error}"))),
        }
    }
}

/// The account at the gateway, as the relay's configuration has it. Its secrets are in no file.
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
