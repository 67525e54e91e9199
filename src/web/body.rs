//! JSON bodies: read whole, strictly, and with what makes a repeated call the same call.

use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::limits::BodyLimit;
use super::problem::Problem;
use crate::tools::digest;

/// The header that makes a repeated call answered, not done again.
const KEY_HEADER: &str = "idempotency-key";
/// Longest key.
const KEY_LEN_MAX: usize = 200;
/// How deep a body may be nested: ours have a handful of levels, and what reads them later, such as the store, has
/// bounds of its own.
const DEPTH_MAX: usize = 64;

/// The body of a call. No body at all reads as an object without fields.
#[derive(Clone, Debug)]
pub struct Body<T> {
    /// What it says.
    pub value: T,
    /// The call's `Idempotency-Key`, if it has one.
    pub key: Option<String>,
    /// SHA-256 over method, path and the body as it was sent.
    pub content_hash: [u8; 32],
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = key(&parts.headers)?;
        let bytes = axum::body::to_bytes(body, BodyLimit::of(&parts.extensions))
            .await
            .map_err(|error| Problem::malformed(format!("the body could not be read: {error}")))?;
        if !bytes.is_empty() && !is_json(&parts.headers) {
            let detail = "send the body as application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let hashed = [parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &bytes];
        Ok(Self { value: parse(&bytes)?, key, content_hash: digest::of_parts(hashed) })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all(KEY_HEADER).iter();
    let (Some(key), None) = (keys.next(), keys.next()) else {
        let is_absent = !headers.contains_key(KEY_HEADER);
        return if is_absent { Ok(None) } else { Err(Problem::invalid("Idempotency-Key", "is there twice")) };
    };
    let bytes = key.as_bytes();
    if bytes.is_empty() || bytes.len() > KEY_LEN_MAX || !bytes.iter().all(u8::is_ascii_graphic) {
        let message = format!("must be 1 to {KEY_LEN_MAX} visible ASCII characters");
        return Err(Problem::invalid("Idempotency-Key", message));
    }
    Ok(key.to_str().ok().map(str::to_owned))
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads one JSON object: broken JSON is 400; a wrong, unknown, double or missing field is 422 and named.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = match bytes.trim_ascii() {
        [] => b"{}",
        text => text,
    };
    let not_json = |error: serde_json::Error| Problem::malformed(format!("the body is not JSON: {error}"));
    serde_json::from_slice::<IgnoredAny>(text).map_err(not_json)?;
    if !text.starts_with(b"{") {
        return Err(Problem::invalid("body", "must be a JSON object"));
    }
    if let Some(field) = too_deep(text) {
        return Err(Problem::invalid(field, format!("is nested deeper than {DEPTH_MAX} levels")));
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    // It is JSON: any mistake from here on is in a field.
    serde_path_to_error::deserialize(&mut json)
        .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
}

/// The field of a JSON object in which it is nested deeper than [`DEPTH_MAX`], if it is.
fn too_deep(json: &[u8]) -> Option<String> {
    let (mut depth, mut field) = (0_usize, (0, 0));
    let mut at = 0;
    while let Some(byte) = json.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let end = string_end(json, at);
                let is_name = json.get(end..)?.trim_ascii_start().starts_with(b":");
                if depth == 1 && is_name {
                    field = (at, end);
                }
                at = end;
                continue;
            }
            _ => {}
        }
        if depth > DEPTH_MAX {
            let name = json.get(field.0..field.1)?;
            return Some(serde_json::from_slice(name).unwrap_or_else(|_| "body".to_owned()));
        }
        at += 1;
    }
    None
}

/// Where the string that begins at `from` is over.
fn string_end(json: &[u8], from: usize) -> usize {
    let mut at = from + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    json.len()
}

/// The problem of a field that serde found: where it does not know the path, its message names the field.
pub fn named(path: &str, message: &str) -> Problem {
    // Line and column say nothing about a body that a program made.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let quoted = message.split('`').nth(1);
    let says = |start: &str| message.starts_with(start);
    match quoted {
        Some(field) if says("missing field") && path.ends_with(']') => {
            Problem::invalid(format!("{path}.{field}"), "is required")
        }
        Some(field) if says("missing field") => Problem::invalid(field, "is required"),
        Some(field) if says("duplicate field") => Problem::invalid(field, "is there twice"),
        Some(field) if says("unknown field") => Problem::invalid(field, "is not a field of this call"),
        _ => Problem::invalid(path, message),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only read")]
    struct Sample {
        count: u32,
        name: Option<String>,
        word: Option<Word>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Yes,
    }

    #[test]
    fn what_cannot_be_read_is_malformed_and_what_is_wrong_names_its_field() {
        let nested = |name: &str, depth: usize| {
            format!("{{\"a\": \"]]:{{\", \"{name}\": {}{}}}", "[".repeat(depth), "]".repeat(depth))
        };
        let (deep, shallow) = (nested("na\\\"me", 2000), nested("x", DEPTH_MAX - 1));
        let rows = [
            ("{", 400, ""),
            ("{\"count\": 1,}", 400, ""),
            ("{\"count\": -1, ", 400, ""),
            ("{\"count\": 1} x", 400, ""),
            ("[1, null]", 422, "body: "),
            ("null", 422, "body: "),
            ("", 422, "count: is required"),
            ("{}", 422, "count: is required"),
            ("{\"count\": -1}", 422, "count: "),
            ("{\"count\": 1.5}", 422, "count: "),
            ("{\"count\": \"1\"}", 422, "count: "),
            ("{\"count\": 1, \"word\": 1}", 422, "word: "),
            ("{\"count\": 1, \"word\": \"no\"}", 422, "word: "),
            ("{\"count\": 1, \"word\": {}}", 422, "word: "),
            ("{\"count\": 1, \"name\": 3}", 422, "name: "),
            ("{\"count\": 1, \"nmae\": \"x\"}", 422, "nmae: is not"),
            ("{\"count\": 1, \"count\": 2}", 422, "count: is there twice"),
            (&deep, 422, "na\"me: is nested deeper"),
            (&shallow, 422, "a: is not"),
        ];
        for (text, status, detail) in rows {
            let problem = parse::<Sample>(text.as_bytes()).unwrap_err();
            assert_eq!(problem.status().as_u16(), status, "{text}");
            assert!(problem.detail().starts_with(detail), "{text}: {}", problem.detail());
        }
        let read = parse::<Sample>(b" {\"count\": 1, \"word\": \"yes\"} ").unwrap();
        assert!(read.count == 1 && matches!(read.word, Some(Word::Yes)));
    }
}
