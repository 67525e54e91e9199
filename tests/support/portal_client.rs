//! A customer's phone: opens pages of the portal, fills their forms and follows where they lead. It keeps no cookie
//! unless it is told to.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::Ipv4Addr;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::http_client::client_from;
use super::payment_site::{MAC, PaymentSite};
use super::site::TestSite;

pub const CHROME: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";
pub const CAPTIVE_IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";
pub const CAPTIVE_ANDROID: &str = "Mozilla/5.0 (Linux; Android 14; SM-A155F; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36";
/// No page is larger.
const PAGE_BYTES_MAX: usize = 50_000;

/// A page as it arrived.
#[derive(Clone, Debug)]
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    /// What a reader sees of it, in one line.
    pub fn read(&self) -> String {
        let body = self.text.split_once("<main").map_or(self.text.as_str(), |(_, main)| main);
        let mut out = String::new();
        let mut in_tag = body.len() < self.text.len();
        for c in body.chars() {
            match c {
                '<' => in_tag = true,
                '>' => {
                    in_tag = false;
                    out.push(' ');
                }
                c if !in_tag => out.push(c),
                _ => {}
            }
        }
        let out = out.replace("&#39;", "'").replace("&#34;", "\"").replace("&amp;", "&");
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let read = self.read();
        assert!(read.contains(text), "{text:?} is not in: {} {read}", self.status);
        self
    }

    #[track_caller]
    pub fn says_nothing_of(&self, text: &str) -> &Self {
        let read = self.read();
        assert!(!read.contains(text), "{text:?} is in: {read}");
        self
    }

    #[track_caller]
    pub fn ok(&self) -> &Self {
        assert_eq!(self.status, 200, "{}", self.read());
        self
    }

    /// Where it leads.
    #[track_caller]
    pub fn leads_to(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.read());
        self.headers["location"].to_str().unwrap().to_owned()
    }

    /// The hidden fields of the form that is sent to `action`.
    #[track_caller]
    pub fn form(&self, action: &str) -> BTreeMap<String, String> {
        let start = self.text.find(&format!("action=\"{action}\""));
        let start = start.unwrap_or_else(|| panic!("no form to {action}: {}", self.text));
        let form = self.text[start..].split("</form>").next().unwrap();
        let inputs = form.split("<input").skip(1).filter(|input| input.contains("type=\"hidden\""));
        inputs.map(|input| (value(input, "name"), value(input, "value"))).collect()
    }
}

fn value(input: &str, name: &str) -> String {
    let rest = input.split(&format!("{name}=\"")).nth(1).unwrap_or_default();
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The phone.
pub struct PortalClient {
    base: String,
    http: Client<HttpConnector, Body>,
    pub agent: Option<&'static str>,
    pub headers: Vec<(&'static str, String)>,
    /// Names no page among what it takes, as programs do.
    pub is_program: bool,
}

impl PortalClient {
    /// A phone whose address is this machine's.
    pub fn at(site: &TestSite) -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { base: site.portal.clone(), http, agent: Some(CHROME), headers: Vec::new(), is_program: false }
    }

    /// The customer's phone, as the router last saw it.
    pub async fn of(site: &PaymentSite) -> Self {
        move_to_this_machine(site).await;
        Self::at(site)
    }

    /// The same phone at another address of this machine.
    pub fn from(self, address: Ipv4Addr) -> Self {
        Self { http: client_from(address), ..self }
    }

    /// A program that sends forms.
    pub fn by_program(self) -> Self {
        Self { is_program: true, ..self }
    }

    pub fn with_agent(mut self, agent: Option<&'static str>) -> Self {
        self.agent = agent;
        self
    }

    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, String::new()).await
    }

    /// Sends a form. One that is refused leads to the page that says so, and that page is the answer.
    pub async fn post(&self, path: &str, fields: &BTreeMap<String, String>) -> Page {
        let sent = self.post_only(path, fields).await;
        let to = sent.headers.get("location").map(|to| to.to_str().unwrap().to_owned());
        match to.filter(|to| to.contains("salah=")) {
            Some(to) => self.get(&to).await,
            None => sent,
        }
    }

    /// Sends a form and stays at its answer.
    pub async fn post_only(&self, path: &str, fields: &BTreeMap<String, String>) -> Page {
        let pairs = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
        self.send(Method::POST, path, pairs.collect::<Vec<_>>().join("&")).await
    }

    /// Opens `page`, fills the form that is sent to `action` and sends it.
    pub async fn fill(&self, page: &str, action: &str, typed: &[(&str, &str)]) -> Page {
        let opened = self.get(page).await;
        let mut fields = opened.form(action);
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.post(action, &fields).await
    }

    /// Chooses a method on the page of a purpose, and pays.
    pub async fn pay(&self, path: &str, method: &str) -> Page {
        let action = path.split('?').next().unwrap();
        self.fill(path, action, &[("method", method)]).await
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Page {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        if let Some(agent) = self.agent {
            request = request.header("user-agent", agent);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if !self.is_program {
            request = request.header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        }
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = self.http.request(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = axum::body::to_bytes(Body::new(response.into_body()), usize::MAX).await.unwrap();
        assert!(bytes.len() < PAGE_BYTES_MAX, "{path} has {} bytes", bytes.len());
        Page { status, headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
    }
}

/// The customer's device takes this machine's address, and the agent reads so.
pub async fn move_to_this_machine(site: &TestSite) {
    site.sim.host_disconnect(MAC);
    site.sim.host_connect(MAC, Ipv4Addr::LOCALHOST);
    site.agent().cycle.meter_once().await.unwrap();
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
    }
    out
}
