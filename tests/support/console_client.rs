//! A person in the console with a browser: logs in by the form, opens pages, fills forms, and presses buttons.

use std::collections::BTreeMap;

use axum::http::Method;
use serde_json::Value;

use super::api_client::PASSWORD;
use super::http_client::Reply;
use super::site::TestSite;

/// No page is larger.
const PAGE_BYTES_MAX: usize = 50_000;

/// In the address of the page that shows why a form was refused.
pub const REFUSED: &str = "salah=";

/// Somebody who is logged in.
pub struct ConsoleClient<'a> {
    site: &'a TestSite,
    cookie: String,
}

/// A page as it arrived.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where.
    pub path: String,
    pub status: u16,
    pub html: String,
    /// Where it leads.
    pub to: String,
}

/// Fields of a form by name.
pub type Fields = BTreeMap<String, String>;

impl<'a> ConsoleClient<'a> {
    /// Logs in an admin of that name, who is made in this role unless it is the owner of the site.
    pub async fn of(site: &'a TestSite, name: &str, role: &str) -> Self {
        if name != "juragan" {
            site.admin(name, role).await;
        }
        Self::again(site, name).await
    }

    /// Logs in an admin who is on file.
    pub async fn again(site: &'a TestSite, name: &str) -> Self {
        let form = format!("username={name}&password={}&ke=%2Fpelanggan", PASSWORD.replace(' ', "+"));
        let reply = send(site, Method::POST, "/masuk", "", Some(form)).await;
        assert_eq!(
            (reply.status, reply.headers["location"].to_str().unwrap()),
            (303, "/pelanggan"),
            "{}",
            reply.text
        );
        let cookies = reply.headers.get_all("set-cookie").iter();
        let cookies = cookies.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
        Self { site, cookie: cookies.collect::<Vec<_>>().join("; ") }
    }

    pub async fn owner(site: &'a TestSite) -> Self {
        Self::of(site, "juragan", "owner").await
    }

    /// Another window of a browser that is logged in.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn window(site: &'a TestSite, cookie: &str) -> Self {
        Self { site, cookie: cookie.to_owned() }
    }

    /// What it sends along.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Opens a page, in Indonesian unless the cookie says otherwise.
    pub async fn get(&self, path: &str) -> Page {
        page(path, send(self.site, Method::GET, path, &self.cookie, None).await)
    }

    /// Opens a page that is there.
    #[track_caller]
    pub fn open(&self, path: &str) -> impl Future<Output = Page> {
        let page = self.get(path);
        async move {
            let page = page.await;
            assert_eq!(page.status, 200, "{}: {}", page.path, page.html);
            page
        }
    }

    /// Sends a form as it is. A form that is refused leads to the page that says so, and that page is the answer.
    pub async fn post(&self, path: &str, fields: &Fields) -> Page {
        let sent = self.post_only(path, fields).await;
        if sent.to.contains(REFUSED) { self.get(&sent.to).await } else { sent }
    }

    /// Sends a form as it is, and stays at its answer.
    pub async fn post_only(&self, path: &str, fields: &Fields) -> Page {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        page(path, send(self.site, Method::POST, path, &self.cookie, Some(pairs.join("&"))).await)
    }

    /// Fills in the form of a deed and goes on to what it would do, or stays where it is refused.
    pub async fn fill(&self, path: &str, typed: &[(&str, &str)]) -> Page {
        let form = self.open(path).await;
        let mut fields = form.fields();
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let sent = self.post(&form.action(), &fields).await;
        self.led_on(sent).await
    }

    /// Where an answer leads; the answer itself when it leads nowhere.
    pub async fn led_on(&self, sent: Page) -> Page {
        if sent.status == 303 { self.get(&sent.to).await } else { sent }
    }

    /// Says yes to what a page shows; the answer is where it leads.
    pub async fn sure(&self, shown: &Page) -> Page {
        let mut fields = shown.fields();
        fields.insert("_sure".into(), "ya".into());
        self.post(&shown.action(), &fields).await
    }

    /// Fills in, says yes, and arrives where it is told.
    pub async fn does(&self, path: &str, typed: &[(&str, &str)]) -> Page {
        let shown = self.fill(path, typed).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.words());
        let done = self.sure(&shown).await;
        assert_eq!(done.status, 303, "{path}: {}", done.words());
        self.open(&done.to).await
    }

    /// Sells the first package of the counter to a customer, whose page or path in the API is given, and arrives where it
    /// leads. Cash unless `typed` says otherwise.
    pub async fn sells(&self, customer: &str, typed: &[(&str, &str)]) -> Page {
        let (_, id) = customer.rsplit_once('/').unwrap();
        let page = self.open(&format!("/jual/{id}")).await;
        let mut offers = page.html.split("name=\"untuk\" value=\"- ").skip(1);
        let offer = offers.next().unwrap_or_else(|| panic!("nothing to sell: {}", page.words()));
        let mut fields = page.fields();
        fields.insert("untuk".into(), format!("- {}", offer.split('"').next().unwrap()));
        fields.insert("method".into(), "cash".into());
        fields.extend(typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let sold = self.post(&page.action(), &fields).await;
        assert_eq!(sold.status, 303, "{}", sold.words());
        self.open(&sold.to).await
    }

    /// The same browser, which reads English.
    pub fn in_english(&self) -> Self {
        Self { site: self.site, cookie: format!("{}; kuota_lang=en", self.cookie) }
    }
}

fn page(path: &str, reply: Reply) -> Page {
    assert!(reply.text.len() < PAGE_BYTES_MAX, "{path} has {} bytes", reply.text.len());
    let to = reply.headers.get("location").map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    Page { path: path.to_owned(), status: reply.status, html: reply.text, to }
}

async fn send(site: &TestSite, method: Method, path: &str, cookie: &str, form: Option<String>) -> Reply {
    let call = site.call(method, path).header("cookie", cookie).header("origin", &site.base);
    let call = call.header("accept", "text/html");
    match form {
        Some(form) => {
            call.header("content-type", "application/x-www-form-urlencoded").body(form).send().await
        }
        None => call.send().await,
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

/// A page without the keys of refused forms in its addresses, which are others each time.
pub fn without_keys(html: &str) -> String {
    let mut parts = html.split(REFUSED);
    let first = parts.next().unwrap().to_owned();
    let is_of_key = |c: char| c.is_ascii_hexdigit() || c == '-';
    parts.fold(first, |text, part| text + REFUSED + part.trim_start_matches(is_of_key))
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescaped(rest.split('"').next()?))
}

impl Page {
    /// Where its last form goes.
    #[track_caller]
    pub fn action(&self) -> String {
        let tag = self.html.rsplit("<form").next().unwrap().split('>').next().unwrap();
        attribute(tag, "action").unwrap_or_else(|| panic!("{} has a form without an address", self.path))
    }

    /// Everything that its last form would send if nothing was typed.
    pub fn fields(&self) -> Fields {
        let form = self.html.rsplit("<form").next().unwrap().split("</form>").next().unwrap();
        let mut fields = Fields::new();
        for tag in form.split('<').filter(|tag| tag.starts_with("input") || tag.starts_with("select")) {
            let is_box = tag.contains("type=\"checkbox\"");
            if is_box && !tag.contains(" checked") {
                continue;
            }
            if let Some(name) = attribute(tag, "name") {
                fields.insert(name, attribute(tag, "value").unwrap_or_default());
            }
        }
        let mut select = String::new();
        for tag in form.split('<') {
            if tag.starts_with("select") {
                select = attribute(tag, "name").unwrap();
            } else if tag.starts_with("option") {
                let value = attribute(tag, "value").unwrap();
                let is_first = fields.get(&select).is_none_or(String::is_empty);
                if tag.contains(" selected") || is_first {
                    fields.insert(select.clone(), value);
                }
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

    /// The ledger lines that a preview names.
    pub fn lines(&self) -> Vec<String> {
        let Some((_, list)) = self.html.split_once("id=\"lines\">") else { return Vec::new() };
        let list = list.split("</ul>").next().unwrap();
        list.split("<li>").skip(1).map(|line| unescaped(line.split("</li>").next().unwrap())).collect()
    }

    /// The lines that the news of a deed names.
    pub fn told(&self) -> Vec<String> {
        let Some((_, news)) = self.html.split_once("class=\"news\"") else { return Vec::new() };
        let news = news.split("</ul>").next().unwrap();
        news.split("<li>").skip(1).map(|line| unescaped(line.split("</li>").next().unwrap())).collect()
    }
}

/// Fields of a JSON object as texts.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
