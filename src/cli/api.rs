//! Client of the admin API: the running daemon's socket if it answers, else the same API in this process.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::http::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};
use serde_json::Value;
use tokio::net::UnixStream;
use tokio::time::timeout;
use tower::ServiceExt;
use uuid::Uuid;

use super::assemble::{LogNotifier, relay_client, router_client};
use super::failure::{Failure, RefusedCall};
use super::output;
use crate::agent::config::{Config, Secrets};
use crate::agent::faces::admin_router_for_socket;
use crate::agent::run::SOCKET_FILE;
use crate::agent::site::Site;
use crate::clock::SystemClock;
use crate::protocol::admin::page::{Cursor, List, PageLimit, PageQuery};
use crate::settings::{Environment, Secret, SettingsError};

/// Path of the users.
pub(super) const USERS: &str = "/api/v1/users";
/// The longest wait for most answers: longer than the router's own timeout.
const ANSWER_MAX: Duration = Duration::from_mins(2);
/// The longest wait for the first byte of a copy of the store.
const STREAM_HEAD_MAX: Duration = Duration::from_mins(16);
/// The longest answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The admin API, in the daemon or in this process.
pub(super) struct Api {
    way: Way,
}

/// Secrets that are read when first needed.
struct Lazy {
    config: Config,
    env: Environment,
}

impl Lazy {
    fn new(config: &Config, env: &Environment) -> Self {
        Self { config: config.clone(), env: env.clone() }
    }

    /// Reads the secrets. If that fails, the error is printed, and requests that need them are refused.
    fn load(&self) -> Option<Secrets> {
        let complain = |error: &SettingsError| output::complain(&error.to_string());
        self.config.load_secrets(&self.env).inspect_err(complain).ok()
    }
}

fn none() -> Secret {
    Secret::new("")
}

enum Way {
    /// The running daemon.
    Socket(PathBuf),
    /// No daemon runs: the store is open in this process.
    Here(Router),
}

impl Api {
    /// Connects to the daemon of this configuration, or opens its store if none runs.
    pub async fn open(config: &Config, env: Environment) -> Result<Self, Failure> {
        if let Some(daemon) = Self::daemon(&config.data_dir).await? {
            return Ok(daemon);
        }
        // Only some commands use router and relay, so their secrets are read when first needed.
        let (with_password, with_token) = (Lazy::new(config, &env), Lazy::new(config, &env));
        let password = move || with_password.load().map(|secrets| secrets.router_password);
        let token = move || with_token.load().and_then(|secrets| secrets.relay_token);
        let router = Arc::new(router_client(config, move || password().unwrap_or_else(none))?);
        let relay = relay_client(config, move || token().unwrap_or_else(none))?;
        let clock = Arc::new(SystemClock::new());
        let site = Site::assemble(config.clone(), router, relay, clock, Arc::new(LogNotifier))?;
        Ok(Self::here(Arc::new(site)))
    }

    /// Connects to the daemon that listens in `data_dir`, if there is one.
    pub async fn daemon(data_dir: &Path) -> Result<Option<Self>, Failure> {
        use std::io::ErrorKind::{ConnectionRefused, NotFound};
        let path = data_dir.join(SOCKET_FILE);
        match UnixStream::connect(&path).await {
            Ok(_) => Ok(Some(Self { way: Way::Socket(path) })),
            Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => Ok(None),
            Err(error) => Err(Failure::worded(
                |words| words.not_allowed,
                &[&path.display().to_string(), &error.to_string()],
            )),
        }
    }

    /// The API of a site in this process.
    pub fn here(site: Arc<Site>) -> Self {
        Self { way: Way::Here(admin_router_for_socket(site)) }
    }

    /// Sends a GET.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// Sends a POST.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.call(Method::POST, path, Some(json(body)?)).await
    }

    /// Sends a POST that may take as long as `wait`; the inner error is the API's problem document.
    pub async fn try_post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<Result<T, Value>, Failure> {
        let what = format!("POST {path}");
        let (status, answer) = self.answer(Method::POST, path, Some(json(body)?), wait).await?;
        match serde_json::from_slice::<Value>(&answer) {
            Ok(problem) if status.is_client_error() && problem["errors"].is_array() => Ok(Err(problem)),
            _ => judge(&what, status, &answer).map(Ok),
        }
    }

    /// Sends a POST that may take as long as `wait`.
    pub async fn post_within<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
        wait: Duration,
    ) -> Result<T, Failure> {
        let what = format!("POST {path}");
        let (status, answer) = self.answer(Method::POST, path, Some(json(body)?), wait).await?;
        judge(&what, status, &answer)
    }

    /// Sends a PATCH.
    pub async fn patch<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, Failure> {
        self.call(Method::PATCH, path, Some(json(body)?)).await
    }

    /// Sends a DELETE. An answer without content is read as `()`, or as an `Option` without a value.
    pub async fn delete<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call(Method::DELETE, path, None).await
    }

    /// A list, read page by page to its end or to `limit` rows. `query` makes the query of a page from what every list
    /// takes.
    pub async fn list<T: DeserializeOwned, Q: Serialize>(
        &self,
        path: &str,
        query: impl Fn(PageQuery) -> Q,
        limit: usize,
    ) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        let mut after: Option<Cursor> = None;
        loop {
            let query = query(PageQuery { limit: PageLimit::MAX, after });
            let page: List<T> = self.get(&with_query(path, &query)?).await?;
            let is_empty = page.items.is_empty();
            items.extend(page.items);
            let next = page.next.map(|next| parsed("next", &next)).transpose()?;
            // A cursor that does not advance would be followed forever.
            if items.len() >= limit || next.is_none() || next == after || is_empty {
                items.truncate(limit);
                return Ok(items);
            }
            after = next;
        }
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
    ) -> Result<T, Failure> {
        let what = format!("{method} {path}");
        let (status, body) = self.answer(method, path, body, ANSWER_MAX).await?;
        judge(&what, status, &body)
    }

    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<Vec<u8>>,
        wait: Duration,
    ) -> Result<(StatusCode, Bytes), Failure> {
        let late = format!("{method} {path}: no answer in time");
        let request = request(method, path, body)?;
        let answer = async {
            let response = self.send(request).await?;
            let status = response.status();
            let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.map_err(broken)?;
            Ok::<_, Failure>((status, body))
        };
        timeout(wait, answer).await.map_err(|_| Failure::Said(late))?
    }

    /// Prints a text answer of any length as it arrives.
    pub async fn print(&self, path: &str) -> Result<(), Failure> {
        let mut body = self.stream(Method::GET, path).await?.into_body();
        while let Some(frame) = std::future::poll_fn(|cx| std::pin::Pin::new(&mut body).poll_frame(cx)).await
        {
            let chunk = frame.map_err(broken)?.into_data().unwrap_or_default();
            if !output::print(&chunk)? {
                break;
            }
        }
        Ok(())
    }

    /// An answer to be read as it arrives. Its head may take long.
    pub async fn stream(&self, method: Method, path: &str) -> Result<Response<Body>, Failure> {
        let what = format!("{method} {path}");
        let sent = timeout(STREAM_HEAD_MAX, self.send(request(method, path, None)?)).await;
        let response = sent.map_err(|_| Failure::worded(|words| words.no_answer, &[&what]))??;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = to_bytes(response.into_body(), ANSWER_BYTES_MAX).await.map_err(broken)?;
        Err(judge::<Value>(&what, status, &body)
            .err()
            .unwrap_or_else(|| Failure::said(format!("{what}: {status}"))))
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, Failure> {
        match &self.way {
            Way::Socket(socket) => over_socket(socket, request).await,
            Way::Here(router) => match router.clone().oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            },
        }
    }
}

pub(super) fn broken(error: impl std::fmt::Display) -> Failure {
    Failure::worded(|words| words.broken_off, &[&error.to_string()])
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(Failure::said)
}

fn request(method: Method, path: &str, body: Option<Vec<u8>>) -> Result<Request<Body>, Failure> {
    let request = Request::builder().method(method).uri(path).header(header::HOST, "kuotad");
    let request = match body {
        Some(body) => {
            let request = request.header(header::CONTENT_TYPE, "application/json");
            request.body(Body::from(body))
        }
        None => request.body(Body::empty()),
    };
    request.map_err(|error| Failure::said(format!("{path} is no address of the API: {error}")))
}

async fn over_socket(socket: &Path, request: Request<Body>) -> Result<Response<Body>, Failure> {
    let stream = UnixStream::connect(socket).await.map_err(broken)?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    tokio::spawn(async move {
        // An error of the connection also fails the request.
        let _ = connection.await;
    });
    Ok(sender.send_request(request).await.map_err(broken)?.map(Body::new))
}

/// The answer, or the API's error.
fn judge<T: DeserializeOwned>(what: &str, status: StatusCode, body: &[u8]) -> Result<T, Failure> {
    if status.is_success() {
        let body = if body.is_empty() { b"null" } else { body };
        return serde_json::from_slice(body).map_err(|error| {
            Failure::said(format!(
                "{what}: {status}, and the answer cannot be read: {error}; if the daemon is of another version than \
                 this command, restart it"
            ))
        });
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(problem) if problem.is_object() => {
            let text = complaint(&problem, status);
            Err(Failure::Refused(Box::new(RefusedCall { text, problem })))
        }
        _ => Err(Failure::said(format!("{what}: {status}: {}", String::from_utf8_lossy(body).trim()))),
    }
}

/// A problem document as text: its code, its detail, and a line for each field it names.
fn complaint(problem: &Value, status: StatusCode) -> String {
    let either = |names: [&str; 2]| names.iter().find_map(|name| problem[*name].as_str()).map(str::to_owned);
    let code = either(["code", "type"]).unwrap_or_else(|| status.to_string());
    let detail = either(["detail", "title"]).unwrap_or_else(|| "refused without a word".to_owned());
    let mut out = format!("{code}: {detail}");
    let word = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match problem.get("errors").or_else(|| problem.get("fields")) {
        Some(Value::Object(fields)) => {
            out.extend(fields.iter().map(|(name, why)| format!("\n  {name}: {}", word(why))));
        }
        // The detail of a single finding is that finding.
        Some(Value::Array(fields)) if fields.len() == 1 && names(&detail, &fields[0]) => {}
        Some(Value::Array(fields)) => {
            let line = |field: &Value| {
                let part = |names: [&str; 4]| names.iter().find_map(|name| field[*name].as_str());
                match (
                    part(["field", "name", "key", "pointer"]),
                    part(["message", "detail", "reason", "error"]),
                ) {
                    (Some(name), Some(why)) => format!("\n  {name}: {why}"),
                    _ => format!("\n  {}", word(field)),
                }
            };
            out.extend(fields.iter().map(line));
        }
        _ => {}
    }
    out
}

/// Whether a text already has the field and message of a finding.
fn names(text: &str, finding: &Value) -> bool {
    ["field", "message"].iter().all(|part| finding[*part].as_str().is_some_and(|part| text.contains(part)))
}

/// A path with its query, every value escaped.
pub(super) fn with_query(path: &str, query: &impl Serialize) -> Result<String, Failure> {
    let query = serde_urlencoded::to_string(query).map_err(Failure::said)?;
    Ok(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

/// A word of the command line as a value of the contract; `name` says which word.
pub(super) fn parsed<T: DeserializeOwned>(name: &str, word: &str) -> Result<T, Failure> {
    let text: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
    T::deserialize(text).map_err(|error| Failure::said(format!("{name}: {error}")))
}

/// Reads a day.
pub(super) fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| "write a day like 2026-11-22".to_owned())
}

/// Reads the id of a debt item.
pub(super) fn debt_id(text: &str) -> Result<Uuid, String> {
    text.parse()
        .map_err(|_| "is no id of a debt item; debt list USER shows them in its last column".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::admin::Empty;
    use crate::protocol::admin::orders::Decision;
    use crate::protocol::admin::users::FindUsers;
    use crate::protocol::admin::values::StatusName;

    #[test]
    fn values_are_escaped() {
        let query = FindUsers { q: Some("Budi & Söhne/1".to_owned()), ..FindUsers::default() };
        assert_eq!(with_query("/x", &query).unwrap(), "/x?q=Budi+%26+S%C3%B6hne%2F1&limit=50");
        assert_eq!(with_query("/x", &Empty {}).unwrap(), "/x");
    }

    #[test]
    fn problems_are_told_with_their_fields() {
        let told = |problem: Value| complaint(&problem, StatusCode::UNPROCESSABLE_ENTITY);
        let fields = json!({"code": "invalid", "detail": "bad fields", "fields": {"quota": "too large"}});
        assert_eq!(told(fields), "invalid: bad fields\n  quota: too large");
        let list = json!({"code": "invalid", "detail": "bad", "fields": [{"field": "name", "message": "empty"}, "x"]});
        assert_eq!(told(list), "invalid: bad\n  name: empty\n  x");
        let one = json!({"code": "invalid", "detail": "name: empty", "errors": [{"field": "name", "message": "empty"}]});
        assert_eq!(told(one), "invalid: name: empty");
        assert_eq!(told(json!({})), "422 Unprocessable Entity: refused without a word");
    }

    #[tokio::test]
    async fn over_the_socket_lists_are_followed_and_refusals_are_told() {
        use axum::routing::get;
        let folder = tempfile::tempdir().unwrap();
        assert!(Api::daemon(folder.path()).await.unwrap().is_none(), "nobody listens yet");
        let pages = get(|request: Request<Body>| async move {
            let second = request.uri().query().unwrap_or_default().contains("after=p2");
            let (items, next) = if second { (json!([3]), json!(null)) } else { (json!([1, 2]), json!("p2")) };
            json!({"items": items, "next": next}).to_string()
        });
        let refusal = || async { (StatusCode::CONFLICT, json!({"code": "no", "detail": "why"}).to_string()) };
        let router = Router::new().route("/list", pages).fallback(refusal);
        let listener = tokio::net::UnixListener::bind(folder.path().join(SOCKET_FILE)).unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let api = Api::daemon(folder.path()).await.unwrap().unwrap();
        assert_eq!(api.list::<u32, _>("/list", |page| page, usize::MAX).await.unwrap(), [1, 2, 3]);
        assert_eq!(api.list::<u32, _>("/list", |page| page, 1).await.unwrap(), [1]);
        let refused = api.post::<Value>("/other", &Empty {}).await.unwrap_err();
        assert_eq!(refused.text(), "no: why");
        assert!(matches!(refused, Failure::Refused(call) if call.problem["code"] == "no"));
    }

    #[test]
    fn an_answer_that_is_no_json_is_quoted() {
        let failure = judge::<Value>("GET /x", StatusCode::BAD_GATEWAY, b"oops\n").unwrap_err();
        assert!(matches!(failure, Failure::Said(text) if text == "GET /x: 502 Bad Gateway: oops"));
        judge::<()>("GET /x", StatusCode::NO_CONTENT, b"").unwrap();
        assert_eq!(judge::<Option<u32>>("GET /x", StatusCode::NO_CONTENT, b"").unwrap(), None);
        let failure = judge::<u32>("GET /x", StatusCode::OK, b"{}").unwrap_err();
        assert!(matches!(failure, Failure::Said(text) if text.contains("cannot be read")));
    }

    #[test]
    fn words_are_read_as_the_contract_reads_them() {
        assert_eq!(parsed::<Decision>("decision", "credit").unwrap(), Decision::Credit);
        let failure = parsed::<StatusName>("status", "gone").unwrap_err();
        assert!(
            matches!(failure, Failure::Said(text) if text.starts_with("status: must be one of active, "))
        );
    }
}
