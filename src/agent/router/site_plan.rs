//! What the configuration says about the router's side of the site.

use std::net::IpAddr;

use crate::agent::config::{Config, Lists, Tls};
use crate::routeros::lists::ListNames;
use crate::routeros::setup::SitePlan;
use crate::settings::HttpUrl;

/// The plan of this configuration. `agent` is the machine's address as the router sees it; where nobody says, it is
/// the portal's, which runs on the same machine.
pub fn site_plan(config: &Config, agent: Option<IpAddr>) -> SitePlan {
    let (portal_host, portal_port) = endpoint(&config.portal.public_url);
    let rate = config.policy.fup_rate.as_str();
    let (up, down) = rate.split_once('/').unwrap_or((rate, rate));
    SitePlan {
        portal_url: config.portal.public_url.to_string(),
        agent: agent.or_else(|| portal_host.parse().ok()),
        portal_host,
        portal_port,
        desk_port: (!config.admin.listen.ip().is_loopback()).then_some(config.admin.listen.port()),
        managers: config.managers_among_customers().iter().map(ToString::to_string).collect(),
        client_networks: config.portal.client_networks.iter().map(ToString::to_string).collect(),
        lists: list_names(&config.router.lists),
        fup_up: up.to_owned(),
        fup_down: down.to_owned(),
        username: config.router.username.clone(),
        tls: config.router.tls != Tls::Off,
        online_payment: config.relay.is_some(),
        contact: config.portal.contact.clone(),
    }
}

/// The names as the client of the router takes them.
pub fn list_names(lists: &Lists) -> ListNames {
    ListNames {
        active: lists.active.to_string(),
        fup: lists.fup.to_string(),
        habis: lists.habis.to_string(),
        expired: lists.expired.to_string(),
        inactive: lists.inactive.to_string(),
        blocked: lists.blocked.to_string(),
        former: Vec::new(),
    }
}

/// Host, without brackets, and port of a web address.
pub(crate) fn endpoint(url: &HttpUrl) -> (String, u16) {
    let url = reqwest::Url::parse(url.as_str()).expect("a checked address parses again");
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    (host, url.port_or_known_default().unwrap_or(80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plan_says_what_the_configuration_says() {
        let plan = site_plan(&Config::default(), None);
        assert_eq!((plan.portal_host.as_str(), plan.portal_port), ("192.168.88.2", 8081));
        assert_eq!(plan.agent, "192.168.88.2".parse().ok());
        assert_eq!((plan.desk_port, plan.managers.len()), (Some(8080), 0));
        assert_eq!((plan.fup_up.as_str(), plan.fup_down.as_str()), ("1M", "1M"));
        for (url, host, port) in
            [("https://kuota.lan", "kuota.lan", 443), ("http://[fd00::2]:81/x", "fd00::2", 81)]
        {
            assert_eq!(endpoint(&url.parse().unwrap()), (host.to_owned(), port));
        }
    }
}
