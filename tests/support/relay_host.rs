//! A relay that runs in this process, on a port of this machine.
#![allow(clippy::unwrap_used, reason = "only tests come here")]
#![allow(dead_code, reason = "every program uses its own part")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kuota::midtrans::GatewayEnvironment;
use kuota::relay::config::{MerchantConfig, MerchantKeys, RelaySecrets, SiteConfig};
use kuota::relay::directory::{DirectoryEntries, KeyCipher, ListedMerchant};
use kuota::relay::run::{RelayRunError, drive};
use kuota::relay::service::Relay;
use kuota::relay::store::directory::{MerchantEntry, SiteEntry, SiteState};
use kuota::relay::{limits, router};
use kuota::settings::Secret;
use kuota::sim::midtrans::MidtransSim;
use kuota::web::serve::serve;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The key of the first merchant, which notifications are signed with.
pub const KEY: &str = "SB-Mid-server-TESTKEYaaaaaaaaaaaaaaa";
/// The gateway's name for the first merchant.
pub const ACCOUNT: &str = "G000000001";
/// The token of the first site.
pub const TOKEN: &str = "token-of-site-1";
/// Every method of payment.
pub const METHODS: [&str; 10] = [
    "snap",
    "qris",
    "gopay",
    "shopeepay",
    "va_bca",
    "va_bni",
    "va_bri",
    "va_permata",
    "va_cimb",
    "va_mandiri",
];
/// Nothing here takes longer, whatever else the machine does.
const DEADLINE: Duration = Duration::from_mins(2);

/// A free port.
pub async fn free_port() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

/// A running relay. It is told to stop when dropped.
pub struct RelayHost {
    pub relay: Arc<Relay>,
    pub address: SocketAddr,
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<Result<(), RelayRunError>>>,
}

impl RelayHost {
    /// Answers calls; a test decides and reconciles by hand.
    pub fn listening(relay: Arc<Relay>, listener: TcpListener) -> Self {
        let (routes, limits) = (router(&relay), limits(&relay));
        Self::running(relay, listener, |_, listener, stopped| async move {
            serve(listener, routes, limits, stopped).await;
            Ok(())
        })
    }

    /// Runs as the program does.
    pub fn looping(relay: Arc<Relay>, listener: TcpListener) -> Self {
        Self::running(relay, listener, drive)
    }

    fn running<F>(
        relay: Arc<Relay>,
        listener: TcpListener,
        run: impl FnOnce(Arc<Relay>, TcpListener, watch::Receiver<bool>) -> F,
    ) -> Self
    where
        F: Future<Output = Result<(), RelayRunError>> + Send + 'static,
    {
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::clone(&relay), listener, stopped));
        Self { relay, address, stop, task: Some(task) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Asks it to stop, without waiting.
    pub fn ask_to_stop(&self) {
        self.stop.send_replace(true);
    }

    /// Ends the relay, and waits until nobody holds it: charges that were begun hold it until they end.
    pub async fn stop(mut self) {
        self.ask_to_stop();
        let task = self.task.take().expect("it runs");
        let ended = tokio::time::timeout(DEADLINE, task).await.expect("the relay stops");
        ended.expect("the relay's task").expect("the relay stops cleanly");
        let until = Instant::now() + DEADLINE;
        while Arc::strong_count(&self.relay) > 1 {
            assert!(Instant::now() < until, "somebody keeps the relay");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for RelayHost {
    fn drop(&mut self) {
        self.ask_to_stop();
    }
}

/// Keys of merchants and tokens of sites, each with its id.
pub fn secrets(merchants: &[(&str, &str)], sites: &[(&str, &str)]) -> RelaySecrets {
    let keys = |key: &str| MerchantKeys { server_key: Secret::new(key), previous_keys: Vec::new() };
    let merchants: BTreeMap<_, _> = merchants.iter().map(|(id, key)| ((*id).to_owned(), keys(key))).collect();
    let tokens = sites.iter().map(|(id, token)| ((*id).to_owned(), Sha256::digest(token).into()));
    RelaySecrets::new(merchants, tokens.collect())
}

/// A merchant of the sandbox.
pub fn merchant_entry(id: &str, account: Option<String>, fee_imposition: bool) -> MerchantEntry {
    MerchantEntry {
        id: id.to_owned(),
        environment: GatewayEnvironment::Sandbox,
        account,
        fee_imposition,
        core_url: None,
        snap_url: None,
    }
}

/// Merchants with their keys, and sites with merchant and token, as a configuration lists them.
pub fn entries(merchants: Vec<(MerchantEntry, &str)>, sites: &[(&str, &str, &str)]) -> DirectoryEntries {
    let merchants = merchants.into_iter().map(|(entry, key)| {
        let keys = MerchantKeys { server_key: Secret::new(key), previous_keys: Vec::new() };
        ListedMerchant { entry, keys: Ok(keys) }
    });
    let sites = sites.iter().map(|(id, merchant, token)| SiteEntry {
        id: (*id).to_owned(),
        merchant: (*merchant).to_owned(),
        token_sha256: Some(Sha256::digest(token).into()),
        state: SiteState::Enabled,
    });
    DirectoryEntries { merchants: merchants.collect(), sites: sites.collect() }
}

/// The encryption key of a test's database.
pub fn test_cipher() -> KeyCipher {
    KeyCipher::from_hex(&"5a".repeat(32), Path::new("encryption.key")).unwrap()
}

/// The configuration of merchant `m1` with `site-1`, whose gateway is simulated.
pub fn simulated_merchant(gateway: &MidtransSim, fee_imposition: bool) -> MerchantConfig {
    MerchantConfig {
        server_key_file: "none".into(),
        fee_imposition,
        core_url: Some(gateway.core_url().parse().unwrap()),
        snap_url: Some(gateway.snap_url().parse().unwrap()),
        site: vec![SiteConfig { token_sha256_file: "none".into(), ..SiteConfig::default() }],
        ..MerchantConfig::default()
    }
}
