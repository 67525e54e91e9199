//! What the router is, and the two addresses that customers depend on: the portal's, and their own network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::State;
use serde_json::Value;

use super::router::client;
use crate::agent::config::Config;
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::router_login::login;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{
    Answer, FindingLine, StepPage, go_on, refuse, text_field, words_of,
};
use crate::agent::first_run::texts::StepWords;
use crate::routeros::inspect::{RouterFacts, board_findings};
use crate::routeros::{Router, RouterError};
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;
use crate::ui::language::Language;
use crate::web::Peer;

const PORTAL: &str = "portal.public_url";
const CLIENTS: &str = "portal.client_networks";

/// What is read of the router for this page.
struct Seen {
    facts: Vec<(String, String)>,
    findings: Vec<FindingLine>,
    networks: Vec<String>,
}

async fn look(run: &FirstRun, words: &StepWords, language: Language) -> Result<Seen, String> {
    let Some(login) = login(run).await else { return Err(words.router_first.to_owned()) };
    let failed = |error: RouterError| fill(words.router_unread, &[&error.to_string()]);
    let router = client(&run.config, &login).map_err(|problem| problem.detail().to_owned())?;
    let tables = router.read_menus().await.map_err(failed)?;
    let networks = router.hotspot_networks(&tables).await.map_err(failed)?;
    let health = router.health();
    let identity = health.identity.unwrap_or_default();
    let RouterFacts { hotspots, licence, device_mode } = RouterFacts::of(&tables);
    let hotspots = if hotspots.is_empty() { words.no_hotspot.to_owned() } else { hotspots.join(", ") };
    let pairs = [
        (words.fact_name, identity.name.unwrap_or_default()),
        (words.fact_board, identity.board.unwrap_or_default()),
        (words.fact_version, health.version.unwrap_or_default()),
        (words.fact_licence, licence),
        (words.fact_mode, device_mode),
        (words.fact_hotspot, hotspots),
        (words.fact_clients, networks.join(", ")),
    ];
    let facts = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    Ok(Seen {
        facts: facts.map(|(name, value)| (name.to_owned(), value)).collect(),
        findings: board_findings(&tables).iter().map(|finding| FindingLine::of(finding, language)).collect(),
        networks,
    })
}

/// `GET /mulai/jaringan`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let mut page = StepPage::new(&run, &claimant, Step::Network);
    let words = page.words;
    let values = run.record().answers.values;
    let mut networks = None;
    match look(&run, words, claimant.page_request.locale.language).await {
        Ok(seen) => {
            page = page.facts(seen.facts).findings(seen.findings);
            networks = Some(seen.networks.join(" ")).filter(|networks| !networks.is_empty());
        }
        Err(why) => page = page.findings(vec![FindingLine::bad(why)]),
    }
    let saved = values
        .get(CLIENTS)
        .and_then(Value::as_array)
        .map(|networks| networks.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "));
    let default =
        || run.config.portal.client_networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let portal = values.get(PORTAL).and_then(Value::as_str).map(str::to_owned);
    let portal = portal.unwrap_or_else(|| run.config.portal.public_url.to_string());
    let portal_hint = words.portal_hint.to_owned();
    page.about(words.network_text)
        .field(FieldView { hint: portal_hint, ..text_field("portal", words.portal, portal) })
        .field(text_field("networks", words.client_networks, saved.or(networks).unwrap_or_else(default)))
        .answer()
}

/// Whether the owner who asks would be shut out of the desk by these networks.
fn shuts_out(config: &Config, peer: Peer) -> Option<IpAddr> {
    match peer {
        Peer::Network(address) => (!config.may_manage(address)).then_some(address),
        Peer::Local => None,
    }
}

/// `POST /mulai/jaringan`.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let portal = form.text("portal").unwrap_or_default().to_owned();
    let networks = form.text("networks").unwrap_or_default();
    let networks: Vec<&str> = networks.split([' ', ',']).filter(|network| !network.is_empty()).collect();
    let mut record = run.record();
    let mut errors = BTreeMap::new();
    // One at a time, so that each mistake is told at its field.
    let pairs = [("portal", PORTAL, Value::from(portal)), ("networks", CLIENTS, Value::from(networks))];
    let mut config = None;
    for (field, key, value) in pairs {
        let before = record.answers.values.insert(key.to_owned(), value);
        match run.loaded(&FirstRun::layer(&record)) {
            Ok(loaded) => config = Some(loaded.config),
            Err(error) => {
                errors.insert(field, fill(words.refused, &[&error.to_string()]));
                record.answers.values.remove(key);
                record.answers.values.extend(before.map(|before| (key.to_owned(), before)));
            }
        }
    }
    let shut_out = config.as_ref().and_then(|config| shuts_out(config, sent.claimant.page_request.peer));
    if let Some(address) = shut_out {
        errors.entry("networks").or_insert_with(|| fill(words.shut_out, &[&address.to_string()]));
    }
    if !errors.is_empty() {
        return Ok(refuse(form, errors));
    }
    go_on(&run, Step::Network, |kept| kept.answers.values = record.answers.values)
}
