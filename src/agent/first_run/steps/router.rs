//! The router: its address, and a log-in that is tested at once.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde_json::Value;

use crate::agent::config::{Config, DeskLayer, Tls};
use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::neighbours::{self, Neighbour};
use crate::agent::first_run::record::Record;
use crate::agent::first_run::state::{FirstRun, ROUTER_PASSWORD, RouterLogin};
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{
    Answer, StepPage, choice_field, go_on, refuse, refuse_whole, text_field, words_of,
};
use crate::agent::first_run::texts::StepWords;
use crate::agent::router::connect;
use crate::identity::new_token;
use crate::routeros::client::RouterClient;
use crate::routeros::{Router, RouterError};
use crate::settings::{Fingerprint, RouterAddress, Secret, SecretSource, credential_file};
use crate::ui::Form;
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;
use crate::web::Problem;

/// How long the owner waits for a router that does not answer.
const TIMEOUT: Duration = Duration::from_secs(6);
/// The port of the API without TLS ...
const API_PORT: u16 = 8728;
/// ... and with it.
const API_TLS_PORT: u16 = 8729;
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
    let [tls, pin] = tls_fields(&run, words);
    let page = page.about(words.router_text);
    let has_credential = credential_file(ROUTER_PASSWORD, &run.env).is_some();
    let page = if has_credential { page.about(words.credential_counts) } else { page };
    page.field(FieldView { hint, ..text_field("address", words.router_address, address) })
        .field(tls)
        .field(pin)
        .field(text_field("username", words.router_user, username))
        .field(password)
        .submit(Some(words.test))
        .answer()
}

/// How the connection is encrypted, and by which certificate. An authority can be chosen where the configuration file names it:
/// its certificate is a file of the machine.
fn tls_fields(run: &FirstRun, words: &StepWords) -> [FieldView; 2] {
    let values = run.record().answers.values;
    let saved = |key: &str| values.get(key).and_then(Value::as_str);
    let router = &run.config.router;
    let chosen = saved("router.tls").unwrap_or(router.tls.name());
    let mut options =
        vec![(Tls::Off.name(), words.router_tls_off), (Tls::Pinned.name(), words.router_tls_pinned)];
    if router.tls_ca_file.is_some() {
        options.push((Tls::Verify.name(), words.router_tls_verify));
    }
    let pin = saved("router.tls_fingerprint").map(str::to_owned);
    let pin = pin.or_else(|| router.tls_fingerprint.map(|pin| pin.to_string())).unwrap_or_default();
    let (tls_hint, pin_hint) = (words.router_tls_hint.to_owned(), words.router_pin_hint.to_owned());
    [
        FieldView { hint: tls_hint, ..choice_field("tls", words.router_tls, &options, chosen) },
        FieldView { hint: pin_hint, is_required: false, ..text_field("fingerprint", words.router_pin, pin) },
    ]
}

/// The encryption that was chosen; without a choice, that of the configuration.
fn read_tls(
    form: &Form,
    config: &Config,
    words: &StepWords,
) -> Result<(Tls, Option<Fingerprint>), (&'static str, String)> {
    let router = &config.router;
    let Some(chosen) = form.text("tls").filter(|chosen| !chosen.is_empty()) else {
        return Ok((router.tls, router.tls_fingerprint));
    };
    match Tls::from_name(chosen) {
        Some(Tls::Off) => Ok((Tls::Off, None)),
        Some(Tls::Verify) if router.tls_ca_file.is_some() => Ok((Tls::Verify, None)),
        Some(Tls::Pinned) => match form.text("fingerprint").unwrap_or_default().parse() {
            Ok(pin) => Ok((Tls::Pinned, Some(pin))),
            Err(_) => Err(("fingerprint", words.router_pin_unfit.to_owned())),
        },
        Some(Tls::Verify) | None => Err(("tls", words.router_tls_unfit.to_owned())),
    }
}

/// What was typed, or the mistakes in it.
fn read(
    form: &Form,
    config: &Config,
    words: &StepWords,
) -> Result<RouterLogin, BTreeMap<&'static str, String>> {
    let mut errors = BTreeMap::new();
    let (tls, fingerprint) = read_tls(form, config, words).unwrap_or_else(|(field, text)| {
        errors.insert(field, text);
        (Tls::Off, None)
    });
    let port = if tls == Tls::Off { API_PORT } else { API_TLS_PORT };
    let typed = form.text("address").unwrap_or_default();
    let with_port = if typed.contains(':') { typed.to_owned() } else { format!("{typed}:{port}") };
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
    if username == config.router.username && password.trim().is_empty() {
        errors.insert("password", words.router_password_empty.to_owned());
    }
    match address {
        Ok(address) if errors.is_empty() => {
            Ok(RouterLogin { address, tls, fingerprint, username, password: Secret::new(password) })
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
    config.router.tls = login.tls;
    config.router.tls_fingerprint = login.fingerprint;
    config.router.username.clone_from(&login.username);
    config.router.timeout = TIMEOUT;
    let password = login.password.clone();
    connect::client(&config, move || password.clone()).map_err(|_| Problem::internal())
}

/// Why the router could not be read, in words.
fn failure(error: &RouterError, login: &RouterLogin, words: &StepWords) -> (&'static str, String) {
    let address = login.address.to_string();
    match error {
        // What the handshake failed by is known to the program only, such as another fingerprint than the one typed.
        RouterError::Lost(why) if login.tls != Tls::Off => {
            ("tls", fill(words.router_no_tls, &[&address, why]))
        }
        RouterError::LoginRefused(_) => ("password", words.login_refused.to_owned()),
        RouterError::Lost(_) => ("address", fill(words.router_lost, &[&address])),
        RouterError::Trap { message, .. } => ("username", fill(words.router_trap, &[message])),
        RouterError::Malformed { .. } => ("address", fill(words.router_nonsense, &[&address])),
    }
}

/// `POST /mulai/router`: tests the log-in. Nothing is written to the router.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let login = match read(form, &run.config, words) {
        Ok(login) => login,
        Err(errors) => return Ok(refuse(form, errors)),
    };
    let router = client(&run.config, &login)?;
    if let Err(error) = router.read_hosts().await {
        let (field, text) = failure(&error, &login, words);
        return Ok(refuse(form, BTreeMap::from([(field, text)])));
    }
    let is_agents = login.username == run.config.router.username;
    let credential = match credential(&run) {
        Ok(credential) => credential,
        Err(unread) => return Ok(refuse_whole(form, "not_saved", unread)),
    };
    if let Some(credential) = credential.as_ref().filter(|_| is_agents)
        && credential.expose() != login.password.expose().trim()
    {
        let differs = words.credential_differs.to_owned();
        return Ok(refuse(form, BTreeMap::from([("password", differs)])));
    }
    let portal = portal_url(&run.config, &login.address).await;
    let password_file = match agent_password(&run, &login, credential) {
        Ok(file) => file,
        Err(refused) => return Ok(refuse_whole(form, "not_saved", refused)),
    };
    *run.login.lock().await = Some(login.clone());
    go_on(&run, Step::Router, |record| take(record, &login, portal, password_file))
}

fn take(record: &mut Record, login: &RouterLogin, portal: Option<String>, password_file: String) {
    let values = &mut record.answers.values;
    values.insert("router.address".to_owned(), Value::from(login.address.to_string()));
    values.insert("router.tls".to_owned(), Value::from(login.tls.name()));
    match login.fingerprint {
        Some(pin) => values.insert("router.tls_fingerprint".to_owned(), Value::from(pin.to_string())),
        None => values.remove("router.tls_fingerprint"),
    };
    if let Some(portal) = portal {
        values.entry("portal.public_url".to_owned()).or_insert_with(|| Value::from(portal));
    }
    record.answers.router_password = Some(password_file);
}

/// The router's password that systemd hands over, which the daemon will use whatever is stored; an error in words where it
/// cannot be read.
fn credential(run: &FirstRun) -> Result<Option<Secret>, String> {
    if credential_file(ROUTER_PASSWORD, &run.env).is_none() {
        return Ok(None);
    }
    let file = &run.config.router.password_file;
    let read = SecretSource { name: ROUTER_PASSWORD, file, stored: None }.read(&run.env);
    read.map(Some).map_err(|finding| finding.to_string())
}

/// The file of the agent's own password on the router, which the router's script sets: what systemd hands over, else what the
/// owner typed for the agent's user, else a random one.
fn agent_password(run: &FirstRun, login: &RouterLogin, credential: Option<Secret>) -> Result<String, String> {
    let is_agents = login.username == run.config.router.username;
    let kept = run.record().answers.router_password;
    let secret = match (credential, is_agents, kept) {
        (Some(credential), ..) => credential,
        (None, false, Some(kept)) => return Ok(kept),
        (None, true, _) => login.password.clone(),
        (None, false, None) => Secret::new(new_token().map_err(|problem| problem.detail().to_owned())?),
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
