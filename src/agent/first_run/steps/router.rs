//! The router: its address, and a log-in that is tested at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde_json::Value;

use crate::agent::config::{Config, DeskLayer};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::neighbours::{self, Neighbour};
use crate::agent::first_run::record::Record;
use crate::agent::first_run::state::{FirstRun, ROUTER_PASSWORD, RouterLogin};
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{
    Answer, StepPage, go_on, refuse, refuse_whole, text_field, words_of,
};
use crate::agent::first_run::texts::StepWords;
use crate::agent::router::connect;
use crate::identity::new_token;
use crate::routeros::client::RouterClient;
use crate::routeros::{Router, RouterError};
use crate::settings::{RouterAddress, Secret};
use crate::ui::Form;
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;
use crate::web::Problem;

/// How long the owner waits for a router that does not answer.
const TIMEOUT: Duration = Duration::from_secs(6);
/// The port of the API without TLS.
const API_PORT: u16 = 8728;
/// RouterOS takes no longer names and passwords.
const CHARS_MAX: usize = 200;

/// `GET /mulai/router`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let page = StepPage::new(&run, &claimant, Step::Router);
    let words = page.words;
    let found = neighbours::find().await;
    let listed = found.iter().map(|(address, router)| {
        let Neighbour { identity, board, version } = router;
        (address.to_string(), format!("{identity} {board} {version}"))
    });
    let page = page.facts(listed.collect());
    let known = run.login.lock().await.clone();
    let saved = run.record().answers.values.get("router.address").and_then(Value::as_str).map(str::to_owned);
    let gateway = || run.machine.gateway().map(|address| format!("{address}:{API_PORT}"));
    let found = || found.first().map(|(address, _)| format!("{address}:{API_PORT}"));
    let address =
        saved.or_else(found).or_else(gateway).unwrap_or_else(|| run.config.router.address.to_string());
    let username = known.map_or_else(|| "admin".to_owned(), |login| login.username);
    let password = FieldView {
        kind: "password",
        is_required: false,
        ..text_field("password", words.router_password, "")
    };
    let hint = words.router_address_hint.to_owned();
    page.about(words.router_text)
        .field(FieldView { hint, ..text_field("address", words.router_address, address) })
        .field(text_field("username", words.router_user, username))
        .field(password)
        .submit(Some(words.test))
        .answer()
}

/// What was typed, or the mistakes in it.
fn read(form: &Form, agent: &str, words: &StepWords) -> Result<RouterLogin, BTreeMap<&'static str, String>> {
    let mut errors = BTreeMap::new();
    let typed = form.text("address").unwrap_or_default();
    let with_port = if typed.contains(':') { typed.to_owned() } else { format!("{typed}:{API_PORT}") };
    let address = with_port.parse::<RouterAddress>();
    if address.is_err() {
        errors.insert("address", words.router_unfit.to_owned());
    }
    let is_bad = |text: &str| text.chars().count() > CHARS_MAX || text.chars().any(char::is_control);
    let username = form.text("username").unwrap_or_default().to_owned();
    if username.is_empty() || is_bad(&username) {
        errors.insert("username", words.router_user_empty.to_owned());
    }
    let password = form.text("password").unwrap_or_default();
    if is_bad(password) {
        errors.insert("password", words.router_password_unfit.to_owned());
    }
    if username == agent && password.trim().is_empty() {
        errors.insert("password", words.router_password_empty.to_owned());
    }
    match address {
        Ok(address) if errors.is_empty() => {
            Ok(RouterLogin { address, username, password: Secret::new(password) })
        }
        _ => Err(errors),
    }
}

/// A client with the owner's own log-in.
pub(in crate::agent::first_run) fn client(
    config: &Config,
    login: &RouterLogin,
) -> Result<RouterClient, Problem> {
    let mut config = config.clone();
    config.router.address = login.address.clone();
    config.router.username.clone_from(&login.username);
    config.router.timeout = TIMEOUT;
    let password = login.password.clone();
    connect::client(&config, move || password.clone()).map_err(|_| Problem::internal())
}

/// Why the router could not be read, in words.
fn failure(error: &RouterError, address: &RouterAddress, words: &StepWords) -> (&'static str, String) {
    let address = address.to_string();
    match error {
        RouterError::LoginRefused(_) => ("password", words.login_refused.to_owned()),
        RouterError::Lost(_) => ("address", fill(words.router_lost, &[&address])),
        RouterError::Trap { message, .. } => ("username", fill(words.router_trap, &[message])),
        RouterError::Malformed { .. } => ("address", fill(words.router_nonsense, &[&address])),
    }
}

/// `POST /mulai/router`: tests the log-in. Nothing is written to the router.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let login = match read(form, &run.config.router.username, words) {
        Ok(login) => login,
        Err(errors) => return Ok(refuse(form, errors)),
    };
    let router = client(&run.config, &login)?;
    if let Err(error) = router.read_hosts().await {
        let (field, text) = failure(&error, &login.address, words);
        return Ok(refuse(form, BTreeMap::from([(field, text)])));
    }
    let portal = portal_url(&run.config, &login.address).await;
    let password_file = match agent_password(&run, &login) {
        Ok(file) => file,
        Err(refused) => return Ok(refuse_whole(form, "not_saved", refused)),
    };
    let address = login.address.to_string();
    *run.login.lock().await = Some(login);
    go_on(&run, Step::Router, |record| take(record, address, portal, password_file))
}

fn take(record: &mut Record, address: String, portal: Option<String>, password_file: String) {
    let values = &mut record.answers.values;
    values.insert("router.address".to_owned(), Value::from(address));
    if let Some(portal) = portal {
        values.entry("portal.public_url".to_owned()).or_insert_with(|| Value::from(portal));
    }
    record.answers.router_password = Some(password_file);
}

/// The file of the agent's own password on the router: what the owner typed for the agent's user, else a random one that the
/// router's script sets.
fn agent_password(run: &FirstRun, login: &RouterLogin) -> Result<String, String> {
    let is_agents = login.username == run.config.router.username;
    let kept = run.record().answers.router_password;
    let secret = match (is_agents, kept) {
        (false, Some(kept)) => return Ok(kept),
        (true, _) => login.password.clone(),
        (false, None) => Secret::new(new_token().map_err(|problem| problem.detail().to_owned())?),
    };
    let mut layer = DeskLayer::default();
    let stored = layer.store_secret(&run.config.data_dir, ROUTER_PASSWORD, &secret);
    stored.map_err(|error| error.to_string())?;
    Ok(layer.secret_name(ROUTER_PASSWORD).unwrap_or_default().to_owned())
}

/// The portal's address: this machine as the router sees it. No packet is sent to find out.
async fn portal_url(config: &Config, router: &RouterAddress) -> Option<String> {
    let address = tokio::net::lookup_host(router.to_string()).await.ok()?.next()?;
    let own = own_address(address).ok()?;
    let usable = !own.is_unspecified();
    usable.then(|| format!("http://{}", SocketAddr::new(own, config.portal.listen.port())))
}

fn own_address(to: SocketAddr) -> std::io::Result<IpAddr> {
    let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0u16; 8], 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(to)?;
    Ok(socket.local_addr()?.ip())
}
