//! A console of a test's relay, operators with their authenticators, and a browser that logs in and fills forms.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use axum::http::Method;
use kuota::clock::Clock;
use kuota::domain::role::Role;
use kuota::relay::config::ConsoleConfig;
use kuota::relay::console::{ConsoleParts, connection_limits, router};
use kuota::relay::store::operators::{LogAuthor, OperatorChange, OperatorCodes, StoredOperator};
use kuota::web::serve::serve;
use serde_json::{Value, json};
use tokio::sync::watch;
use totp_rs::{Builder, Secret};

use crate::support::http_client::{Call, HttpClient, Reply, client_from, http_client};
use crate::support::relay_host::{free_port, test_cipher};
use crate::support::test_relay::{START, TestRelay};

/// The password of every operator of a test.
pub const PASSWORD: &str = "sandi operator";
/// Its hash, cheaper than the program makes them.
static PASSWORD_HASH: LazyLock<String> = LazyLock::new(|| {
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password(PASSWORD.as_bytes()).unwrap().to_string()
});
/// The secret of every operator's codes.
pub const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
/// No page is larger.
const PAGE_BYTES_MAX: usize = 50_000;
/// In the address of the page that shows why a form was refused.
const REFUSED: &str = "salah=";

/// A relay with its console.
pub struct TestConsole {
    pub relay: TestRelay,
    pub base: String,
    http: HttpClient,
    _stop: watch::Sender<bool>,
}

impl TestConsole {
    pub async fn start() -> Self {
        Self::of(TestRelay::start().await, ConsoleConfig::default()).await
    }

    pub async fn of(relay: TestRelay, config: ConsoleConfig) -> Self {
        let sealing = Arc::new(|| Ok((test_cipher(), false)));
        let parts = ConsoleParts { config, public_host: Some("relay.example".to_owned()), sealing };
        let listener = free_port().await;
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        let (pages, limits) = (router(&relay.service, parts.clone()), connection_limits(&parts));
        tokio::spawn(serve(listener, pages, limits, stopped));
        Self { relay, base, http: http_client(), _stop: stop }
    }

    /// Adds an operator whose codes are set up.
    pub async fn operator(&self, name: &str, role: Role) {
        let codes = OperatorCodes { secret: Some(SECRET.to_owned()), pending: None, step: Some(0) };
        self.add(name, role, codes).await;
    }

    /// Adds an operator who never logged in.
    pub async fn newcomer(&self, name: &str, role: Role) {
        self.add(name, role, OperatorCodes::default()).await;
    }

    async fn add(&self, name: &str, role: Role, codes: OperatorCodes) {
        let operator = StoredOperator {
            name: name.to_owned(),
            role,
            password_hash: PASSWORD_HASH.clone(),
            codes,
            created_at: START,
        };
        let change = OperatorChange::Add(operator);
        let added = self.relay.store.change_operator(&change, &LogAuthor::command(START)).await.unwrap();
        added.unwrap();
    }

    /// The code that an authenticator with this secret shows next: each is good once, so time passes first.
    pub fn code_of(&self, secret: &str) -> String {
        self.relay.pass(30);
        self.code_now(secret)
    }

    /// The code that it shows.
    pub fn code_now(&self, secret: &str) -> String {
        let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
        totp.generate(u64::try_from(self.relay.clock.now().0 / 1000).unwrap()).to_string()
    }

    pub fn code(&self) -> String {
        self.code_of(SECRET)
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        Call::new(&self.http, method, &format!("{}{path}", self.base))
    }

    /// A program's log-in; its token.
    pub async fn token(&self, name: &str) -> String {
        let body = json!({"username": name, "password": PASSWORD, "otp": self.code()});
        let opened = self.call(Method::POST, "/v1/admin/login").json(&body).send().await.ok(200);
        opened["token"].as_str().unwrap().to_owned()
    }

    /// A call of the API with a token.
    pub async fn ask(&self, token: &str, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let call = self.call(method, &format!("/v1/admin{path}")).bearer(token);
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }

    /// Lines of the operators' log, oldest first, as `who action target`.
    pub async fn log(&self) -> Vec<String> {
        let lines = self.relay.store.operator_log(None, 100).await.unwrap();
        let line = |line: kuota::relay::store::operators::OperatorLogLine| {
            format!("{} {} {}", line.by.name, line.action, line.target)
        };
        lines.into_iter().rev().map(line).collect()
    }

    pub fn browser(&self) -> Browser<'_> {
        Browser { console: self, cookies: BTreeMap::new(), from: None }
    }

    /// A browser in which an operator logged in, who is added first.
    pub async fn logged_in(&self, name: &str, role: Role) -> Browser<'_> {
        self.operator(name, role).await;
        let mut browser = self.browser();
        let page = browser.log_in(name, PASSWORD).await;
        assert_eq!(page.path, "/masuk/kode", "{}", page.words());
        let page = browser.send_code(&page, &self.code()).await;
        assert_eq!((page.path.as_str(), page.status), ("/", 200), "{}", page.words());
        browser
    }
}

/// A browser with its cookies.
pub struct Browser<'a> {
    console: &'a TestConsole,
    pub cookies: BTreeMap<String, String>,
    /// The address that it has, other than 127.0.0.1.
    pub from: Option<Ipv4Addr>,
}

/// A page as it arrived.
#[derive(Clone, Debug)]
pub struct Page {
    pub path: String,
    pub status: u16,
    pub html: String,
    /// Where it leads.
    pub to: String,
    pub retry_after: Option<String>,
}

pub type Fields = BTreeMap<String, String>;

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Page {
        self.request(Method::GET, path, None).await
    }

    /// Opens a page that is there.
    pub async fn open(&mut self, path: &str) -> Page {
        let page = self.get(path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.words());
        page
    }

    /// Sends a form and goes where it leads.
    pub async fn post(&mut self, path: &str, fields: &Fields) -> Page {
        let mut page = self.post_only(path, fields).await;
        while page.status == 303 {
            page = self.get(&page.to.clone()).await;
        }
        page
    }

    /// Sends a form and stays at its answer.
    pub async fn post_only(&mut self, path: &str, fields: &Fields) -> Page {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        self.request(Method::POST, path, Some(pairs.join("&"))).await
    }

    /// Opens the form of this page, fills it in, sends it and goes where it leads.
    pub async fn fill(&mut self, path: &str, typed: &[(&str, &str)]) -> Page {
        let form = self.open(path).await;
        let mut fields = form.fields();
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(&form.action(), &fields).await
    }

    pub async fn log_in(&mut self, name: &str, password: &str) -> Page {
        self.fill("/masuk", &[("username", name), ("password", password)]).await
    }

    /// Sends a code by the form of a page.
    pub async fn send_code(&mut self, page: &Page, code: &str) -> Page {
        let mut fields = page.fields();
        fields.insert("otp".into(), code.into());
        self.post(&page.action(), &fields).await
    }

    pub fn in_english(&mut self) {
        self.cookies.insert("kuota_lang".into(), "en".into());
    }

    async fn request(&mut self, method: Method, path: &str, form: Option<String>) -> Page {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut call = self.console.call(method, path).header("accept", "text/html");
        call = call.header("cookie", &cookies.join("; ")).header("origin", &self.console.base);
        if let Some(address) = self.from {
            call = call.from(address);
        }
        let reply = match form {
            Some(form) => {
                call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
            }
            None => call.send().await,
        };
        self.keep_cookies(&reply);
        page(path, reply)
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        for set in reply.headers.get_all("set-cookie") {
            let (name, value) = set.to_str().unwrap().split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn page(path: &str, reply: Reply) -> Page {
    assert!(reply.text.len() < PAGE_BYTES_MAX, "{path} has {} bytes", reply.text.len());
    let header = |name: &str| reply.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let to = header("location").unwrap_or_default();
    Page {
        path: path.to_owned(),
        status: reply.status,
        to,
        retry_after: header("retry-after"),
        html: reply.text,
    }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn unescaped(text: &str) -> String {
    let pairs = [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

impl Page {
    /// The part of the page that is its own.
    pub fn main(&self) -> &str {
        self.html.split_once("<main").expect("there is a page").1.split("</main>").next().unwrap()
    }

    /// Where the last form of the page itself goes.
    pub fn action(&self) -> String {
        let tag = self.main().rsplit("<form").next().unwrap().split('>').next().unwrap();
        attribute(tag, "action").unwrap_or_else(|| panic!("{} has no form: {}", self.path, self.words()))
    }

    /// Everything that its last form would send if nothing was typed.
    pub fn fields(&self) -> Fields {
        let form = self.main().rsplit("<form").next().unwrap().split("</form>").next().unwrap();
        let (mut fields, mut select) = (Fields::new(), String::new());
        for tag in form.split('<') {
            let is_sent = tag.contains(" checked") || !tag.contains("type=\"checkbox\"");
            if tag.starts_with("input") && is_sent {
                fields.insert(attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap_or_default());
            } else if tag.starts_with("select") {
                select = attribute(tag, "name").unwrap();
            } else if tag.starts_with("option")
                && (tag.contains(" selected") || !fields.contains_key(&select))
            {
                fields.insert(select.clone(), attribute(tag, "value").unwrap());
            }
        }
        fields
    }

    /// What people read, without markup.
    pub fn words(&self) -> String {
        let mut words = String::new();
        for piece in self.html.split('<') {
            words.push_str(piece.split_once('>').map_or(piece, |(_, text)| text));
            words.push(' ');
        }
        unescaped(&words).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless people read this.
    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let words = self.words();
        assert!(words.contains(text), "{text:?} is not in {}: {words}", self.path);
        self
    }

    /// Fails where people read this.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        let words = self.words();
        assert!(!words.contains(text), "{text:?} is in {}: {words}", self.path);
        self
    }

    /// Whether it is the page of a form that was refused.
    pub fn is_refused(&self) -> bool {
        self.path.contains(REFUSED)
    }
}

/// A console of a relay that lets somebody else in.
pub fn allowing(network: &str) -> ConsoleConfig {
    ConsoleConfig { allowed_networks: vec![network.parse().unwrap()], ..ConsoleConfig::default() }
}

/// The status of a call from another address of this machine; nothing where the connection was refused.
pub async fn status_from(address: Ipv4Addr, console: &TestConsole, host: Option<&str>) -> u16 {
    let at: SocketAddr = console.base.trim_start_matches("http://").parse().unwrap();
    let mut call = Call::new(&client_from(address), Method::GET, &format!("http://{at}/masuk"));
    if let Some(host) = host {
        call = call.header("host", host);
    }
    call.send().await.status
}

/// A minute and an hour, as tests let them pass.
pub const HOUR: Duration = Duration::from_hours(1);
