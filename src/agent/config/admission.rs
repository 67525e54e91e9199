//! Who may connect to the admin listener and to the portal, and under which host names: the configured networks in
//! one place for the listeners, the pages, the router's script and doctor.

use std::net::IpAddr;
use std::sync::Arc;

use super::Config;
use crate::settings::Network;
use crate::web::connections::is_this_machine;
use crate::web::serve::refusal;
use crate::web::{Admission, ConnectionLimits, HostNames};

/// Connections of one address to the admin listener: an office has one address and several browsers, each with six.
const DESK_PER_ADDRESS_MAX: usize = 32;
/// Connections of one phone at the portal: a browser and the captive window, each with six.
const PORTAL_PER_ADDRESS_MAX: usize = 12;

/// The answer to a peer that may not use the admin listener.
const DESK_REFUSAL: &str = "{\"type\":\"about:blank\",\"title\":\"Forbidden\",\"status\":403,\"code\":\"network\",\
    \"detail\":\"calls from this address are not allowed (admin.allowed_networks); \
    alamat ini tidak diizinkan membuka halaman pengelola\"}";
/// The answer to a peer that may not open the portal.
const PORTAL_REFUSAL: &str = "<!doctype html><html lang=\"id\"><meta charset=\"utf-8\"><title>Hotspot</title>\
    <p>Halaman ini hanya bisa dibuka dari jaringan hotspot.\
    <p lang=\"en\">This page can be opened from the hotspot's network only.";

impl Config {
    /// Whether this address may use the admin listener. A customers' network usually lies inside a private one, so
    /// the narrower of both decides: an allowed network must be as narrow as the customers' network, and name it or a
    /// part of it. This machine is always allowed.
    pub fn may_manage(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        if is_this_machine(address) {
            return true;
        }
        let allowed = narrowest(&self.admin.allowed_networks, address);
        let customers = narrowest(&self.portal.client_networks, address);
        allowed.is_some() && allowed >= customers
    }

    /// Whether this address may open the portal: customers, and every address that may use the admin listener.
    pub fn may_visit(&self, address: IpAddr) -> bool {
        let mut networks = self.portal.client_networks.iter().chain(&self.admin.allowed_networks);
        networks.any(|network| network.contains(address))
    }

    /// Whether this address may read the metrics without a token.
    pub fn may_read_metrics(&self, address: IpAddr) -> bool {
        self.admin.metrics_networks.iter().any(|network| network.contains(address))
    }

    /// The limits of the admin listener.
    pub fn desk_limits(self: &Arc<Self>) -> ConnectionLimits {
        let config = Arc::clone(self);
        ConnectionLimits {
            per_address_max: DESK_PER_ADDRESS_MAX,
            admit: Arc::new(move |peer| Admission::of(*peer, |address| config.may_manage(address))),
            refusal: refusal("application/problem+json", DESK_REFUSAL),
            ..ConnectionLimits::default()
        }
    }

    /// The limits of the portal's listener.
    pub fn portal_limits(self: &Arc<Self>) -> ConnectionLimits {
        let config = Arc::clone(self);
        ConnectionLimits {
            per_address_max: PORTAL_PER_ADDRESS_MAX,
            admit: Arc::new(move |peer| Admission::of(*peer, |address| config.may_visit(address))),
            refusal: refusal("text/html; charset=utf-8", PORTAL_REFUSAL),
            ..ConnectionLimits::default()
        }
    }

    /// Allowed networks inside a customers' network: devices that may use the admin listener although customers may
    /// not.
    pub fn managers_among_customers(&self) -> Vec<Network> {
        let clients = &self.portal.client_networks;
        let is_inside = |network: &&Network| clients.iter().any(|client| network.is_within(client));
        self.admin.allowed_networks.iter().filter(is_inside).copied().collect()
    }

    /// Host names of the admin listener and the portal, in addition to addresses.
    pub fn host_names(&self) -> HostNames {
        let hosts = self.admin.hosts.iter().map(|host| host.as_str().to_owned());
        HostNames::new(hosts.chain([self.portal.public_url.host()]))
    }
}

/// Prefix length of the narrowest network that contains an address; `None` if none does.
fn narrowest(networks: &[Network], address: IpAddr) -> Option<u8> {
    networks.iter().filter(|network| network.contains(address)).map(Network::prefix_len).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(allowed: &[&str], clients: &[&str]) -> Config {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let mut config = Config::default();
        config.admin.allowed_networks = networks(allowed);
        config.portal.client_networks = networks(clients);
        config
    }

    #[test]
    fn customers_reach_the_desk_only_where_they_are_named() {
        let private = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];
        let named = [&private[..], &["10.5.50.0/24"]].concat();
        let one = [&private[..], &["10.5.50.7"]].concat();
        let rows: [(&[&str], &[&str], &str, bool); 16] = [
            (&private, &["10.5.50.0/24"], "10.5.50.9", false),
            (&private, &["10.5.50.0/24"], "::ffff:10.5.50.9", false),
            (&private, &["10.5.50.0/24"], "10.5.51.9", true),
            (&private, &["10.5.50.0/24"], "192.168.88.5", true),
            (&private, &["10.5.50.0/24"], "8.8.8.8", false),
            (&named, &["10.5.50.0/24"], "10.5.50.9", true),
            (&one, &["10.5.50.0/24"], "10.5.50.7", true),
            (&one, &["10.5.50.0/24"], "10.5.50.8", false),
            (&private, &["10.0.0.0/8"], "10.9.9.9", true),
            (&["10.0.0.0/8"], &["10.0.0.0/7"], "10.9.9.9", true),
            (&["10.0.0.0/8"], &["192.168.0.0/24"], "127.0.0.1", true),
            (&["10.0.0.0/8"], &["192.168.0.0/24"], "::1", true),
            (&["10.0.0.0/8"], &["127.0.0.0/8"], "127.0.0.1", true),
            (&private, &["127.0.0.2/32"], "127.0.0.2", false),
            (&["127.0.0.1/32"], &["10.5.50.0/24"], "127.0.0.2", false),
            (&["fd00::/8"], &["fd00:1::/32"], "fd00:1::9", false),
        ];
        for (allowed, clients, address, may) in rows {
            let config = config(allowed, clients);
            assert_eq!(config.may_manage(address.parse().unwrap()), may, "{allowed:?} {clients:?} {address}");
        }
    }

    #[test]
    fn managers_among_customers_are_those_that_are_named() {
        let config = config(&["10.0.0.0/8", "10.5.50.7", "10.5.51.0/24"], &["10.5.50.0/24", "10.5.51.0/24"]);
        let named: Vec<String> = config.managers_among_customers().iter().map(ToString::to_string).collect();
        assert_eq!(named, ["10.5.50.7/32", "10.5.51.0/24"]);
    }
}
