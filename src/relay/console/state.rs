//! What every handler of the console holds.

use std::net::IpAddr;
use std::sync::Arc;

use axum::response::Response;
use tokio::sync::OnceCell;

use crate::clock::Zone;
use crate::domain::units::Timestamp;
use crate::identity::{Guarded, LoginGate, Passwords};
use crate::relay::config::ConsoleConfig;
use crate::relay::directory::SealingSource;
use crate::relay::service::Relay;
use crate::settings::Network;
use crate::ui::flash::FlashStore;
use crate::web::connections::is_this_machine;
use crate::web::{HostNames, Problem};

/// What a handler of a page answers.
pub(super) type PageAnswer = Result<Response, Problem>;

/// What a console is made of, besides its relay.
#[derive(Clone)]
pub struct ConsoleParts {
    /// Its section of the configuration.
    pub config: ConsoleConfig,
    /// The host of the relay's public address, by which the console may be asked too.
    pub public_host: Option<String>,
    /// Encrypts server keys of merchants that are added here.
    pub sealing: SealingSource,
}

/// The handlers' state.
pub(super) struct ConsoleState {
    /// The relay it belongs to.
    pub relay: Arc<Relay>,
    /// Encrypts server keys.
    pub sealing: SealingSource,
    /// Whose days and clock are shown.
    pub zone: Zone,
    /// Names by which it is asked.
    pub host_names: HostNames,
    /// Networks that may open it, besides this machine.
    allowed_networks: Vec<Network>,
    /// Hashing, one at a time.
    pub passwords: Passwords,
    /// Log-in attempts.
    pub gate: LoginGate,
    /// Set once the gate remembers who logged in before the relay started.
    pub remembered: OnceCell<()>,
    /// Results of forms that their pages have not shown yet.
    pub flash: FlashStore,
}

impl ConsoleState {
    pub fn new(relay: Arc<Relay>, parts: ConsoleParts) -> Arc<Self> {
        let ConsoleParts { config, public_host, sealing } = parts;
        let hosts = config.hosts.iter().map(|host| host.as_str().to_owned());
        Arc::new(Self {
            relay,
            sealing,
            zone: config.timezone,
            host_names: HostNames::new(hosts.chain(public_host)),
            allowed_networks: config.allowed_networks,
            passwords: Passwords::default(),
            gate: LoginGate::new(Guarded::Passwords),
            remembered: OnceCell::new(),
            flash: FlashStore::default(),
        })
    }

    /// Whether this address may open the console.
    pub fn admits(&self, address: IpAddr) -> bool {
        may_open(&self.allowed_networks, address)
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.relay.now()
    }

    /// When the day began, by the console's clock.
    pub fn day_start(&self) -> Timestamp {
        self.zone.day_start(self.zone.local(self.now()).date)
    }
}

/// Whether an address may open a console with these allowed networks.
pub(super) fn may_open(allowed: &[Network], address: IpAddr) -> bool {
    let address = address.to_canonical();
    is_this_machine(address) || allowed.iter().any(|network| network.contains(address))
}
