//! An answer of the gateway as a success or an error. Its body counts before its HTTP status: an error may come with 200, and a
//! page of a proxy with anything.

use super::fields::{JsonFields, is_code};
use super::gateway::GatewayError;

/// The most of the gateway's own words that an error repeats.
const MESSAGE_CHARS_MAX: usize = 300;

/// What was asked, where an answer's meaning depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallKind {
    /// Open a charge for one method.
    Charge,
    /// Open the gateway's own payment page.
    Page,
    /// Ask for the status of a transaction.
    Status,
    /// Call it off.
    Cancel,
    /// Give money back.
    Refund,
}

impl CallKind {
    const fn opens(self) -> bool {
        matches!(self, Self::Charge | Self::Page)
    }

    /// 407 is what an expired order answers and no refusal, except of a refund.
    fn accepts(self, code: u16) -> bool {
        (200..300).contains(&code) || (code == 407 && self != Self::Refund)
    }
}

/// An answer that says yes.
#[derive(Debug)]
pub(super) struct AcceptedAnswer<'a> {
    /// The gateway's code.
    pub(super) code: u16,
    /// What it says.
    pub(super) fields: JsonFields<'a>,
}

/// Reads an answer: what the gateway says, or why it did not do what it was asked.
pub(super) fn read(call: CallKind, http: u16, body: &[u8]) -> Result<AcceptedAnswer<'_>, GatewayError> {
    let Some(fields) = JsonFields::parse(body) else {
        return Err(unreadable(http, &format!("{} bytes that are no JSON object", body.len())));
    };
    let Some(code) = code(call, http, &fields) else {
        return Err(unreadable(http, &foreign(&fields)));
    };
    if !call.accepts(code) {
        return Err(refusal(call, code, message(&fields)));
    }
    if call.opens() && (http == 202 || code == 202) && !has_ended(&fields) {
        return Err(GatewayError::Unknown(format!(
            "it is still busy with the same request (HTTP {http}, code {code})"
        )));
    }
    Ok(AcceptedAnswer { code, fields })
}

/// The gateway's code. `None` for an object that is none of the gateway's.
fn code(call: CallKind, http: u16, fields: &JsonFields<'_>) -> Option<u16> {
    if fields.has("status_code") {
        return fields.text("status_code").filter(|text| is_code(text)).and_then(|text| text.parse().ok());
    }
    if call == CallKind::Page {
        if fields.has("error_messages") {
            return Some(if http < 400 { 400 } else { http });
        }
        return (200..300).contains(&http).then_some(http).filter(|_| fields.has("redirect_url"));
    }
    (fields.has("error_messages") && http >= 400).then_some(http)
}

/// Whether it speaks of a charge that is over: denied at once, not still being worked on.
fn has_ended(fields: &JsonFields<'_>) -> bool {
    let status = fields.string("transaction_status").map(|word| word.to_ascii_lowercase());
    matches!(status.as_deref(), Some("deny" | "cancel" | "expire" | "failure"))
}

fn refusal(call: CallKind, code: u16, message: String) -> GatewayError {
    // The payment page marks a used order id by its message only.
    let is_used = call == CallKind::Page && says_taken(&message);
    match code {
        400 if is_used => GatewayError::Duplicate(message),
        406 => GatewayError::Duplicate(message),
        412 => GatewayError::Settled(message),
        429 => GatewayError::SlowDown,
        401 | 403 | 405 | 408 | 410 | 413 => GatewayError::Misconfigured { code, message },
        400..=499 => GatewayError::Rejected { code, message },
        _ => GatewayError::Unknown(format!("code {code}: {message}")),
    }
}

/// In English or Indonesian, as the account is set.
fn says_taken(message: &str) -> bool {
    let message = message.to_lowercase();
    let taken = ["taken", "used", "duplicate", "digunakan", "utilized"];
    message.contains("order_id") && taken.iter().any(|word| message.contains(word))
}

/// An answer that is not the gateway's: a proxy, a broken server, half an answer.
fn unreadable(http: u16, what: &str) -> GatewayError {
    match http {
        429 => GatewayError::SlowDown,
        300..=399 => GatewayError::Unknown(format!(
            "HTTP {http} sends us elsewhere, which is not followed; check the gateway's address"
        )),
        _ => GatewayError::Unknown(format!("HTTP {http} with {what}")),
    }
}

/// What an object says that has no code of the gateway.
fn foreign(fields: &JsonFields<'_>) -> String {
    let said = ["error", "message", "path"].iter().filter_map(|name| fields.text(name));
    let said = shortened(&said.collect::<Vec<_>>().join(", "));
    if said.is_empty() {
        return "an object without the gateway's status_code".to_owned();
    }
    format!("no status_code of the gateway: {said}")
}

/// The gateway's own words.
fn message(fields: &JsonFields<'_>) -> String {
    let mut said: Vec<String> = fields.string("status_message").into_iter().collect();
    for name in ["validation_messages", "error_messages"] {
        said.extend(fields.strings(name).unwrap_or_default());
    }
    let said = shortened(&said.join("; "));
    if said.is_empty() { "without a reason".to_owned() } else { said }
}

/// Words of somebody else, fit for one line of a log.
pub(super) fn shortened(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(MESSAGE_CHARS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of the outcome, and the code it carries.
    fn outcome(call: CallKind, http: u16, body: &str) -> (&'static str, u16) {
        match read(call, http, body.as_bytes()) {
            Ok(answer) => ("ok", answer.code),
            Err(GatewayError::Unreachable(_)) => ("unreachable", 0),
            Err(GatewayError::Unknown(_)) => ("unknown", 0),
            Err(GatewayError::SlowDown) => ("slow down", 0),
            Err(GatewayError::Duplicate(_)) => ("duplicate", 0),
            Err(GatewayError::Settled(_)) => ("settled", 0),
            Err(GatewayError::Rejected { code, .. }) => ("rejected", code),
            Err(GatewayError::Misconfigured { code, .. }) => ("misconfigured", code),
        }
    }

    #[test]
    fn every_code_means_what_the_gateway_documents() {
        use CallKind::{Cancel, Charge, Refund, Status};
        let rows = [
            (Charge, "200", ("ok", 200)),
            (Charge, "201", ("ok", 201)),
            (Charge, "202", ("unknown", 0)),
            (Status, "202", ("ok", 202)),
            (Cancel, "202", ("ok", 202)),
            (Charge, "407", ("ok", 407)),
            (Status, "407", ("ok", 407)),
            (Cancel, "407", ("ok", 407)),
            (Refund, "407", ("rejected", 407)),
            (Charge, "300", ("unknown", 0)),
            (Charge, "400", ("rejected", 400)),
            (Charge, "401", ("misconfigured", 401)),
            (Charge, "402", ("rejected", 402)),
            (Charge, "403", ("misconfigured", 403)),
            (Status, "404", ("rejected", 404)),
            (Charge, "405", ("misconfigured", 405)),
            (Charge, "406", ("duplicate", 0)),
            (Refund, "406", ("duplicate", 0)),
            (Charge, "408", ("misconfigured", 408)),
            (Charge, "410", ("misconfigured", 410)),
            (Charge, "411", ("rejected", 411)),
            (Cancel, "412", ("settled", 0)),
            (Refund, "412", ("settled", 0)),
            (Charge, "413", ("misconfigured", 413)),
            (Refund, "414", ("rejected", 414)),
            (Charge, "429", ("slow down", 0)),
            (Charge, "500", ("unknown", 0)),
            (Charge, "503", ("unknown", 0)),
            (Charge, "505", ("unknown", 0)),
            (Charge, "900", ("unknown", 0)),
            (Charge, "100", ("unknown", 0)),
            (Charge, "000", ("unknown", 0)),
        ];
        for (call, code, expected) in rows {
            // Whatever the HTTP status, and whether the code is text or a number.
            for http in [200, 201, 400, 404, 406, 500] {
                for quote in ["\"", ""] {
                    let body = format!("{{\"status_code\":{quote}{code}{quote},\"status_message\":\"m\"}}");
                    if code == "000" && quote.is_empty() {
                        continue;
                    }
                    assert_eq!(outcome(call, http, &body), expected, "{call:?} HTTP {http} {body}");
                }
            }
        }
    }

    #[test]
    fn an_answer_that_is_not_the_gateways_is_unknown() {
        let edge = r#"{"timestamp":"2026-03-01","status":404,"error":"Not Found","path":"/v2/charge"}"#;
        let rows = [
            (200, "", "unknown"),
            (502, "<html>Bad Gateway</html>", "unknown"),
            (200, "<html></html>", "unknown"),
            (404, edge, "unknown"),
            (404, "Not Found", "unknown"),
            (200, "{\"status_code\":\"201\",\"transaction_st", "unknown"),
            (200, "[]", "unknown"),
            (200, "{}", "unknown"),
            (200, "{\"status_code\":\"ok\"}", "unknown"),
            (200, "{\"status_code\":\"2010\"}", "unknown"),
            (200, "{\"status_code\":null}", "unknown"),
            (200, "{\"status_code\":\"200\",\"status_code\":\"400\"}", "unknown"),
            (302, "", "unknown"),
            (400, "{\"message\":\"no\"}", "unknown"),
            (429, "slow", "slow down"),
            (429, "{\"message\":\"API rate limit exceeded\"}", "slow down"),
        ];
        for (http, body, expected) in rows {
            for call in
                [CallKind::Charge, CallKind::Page, CallKind::Status, CallKind::Cancel, CallKind::Refund]
            {
                assert_eq!(outcome(call, http, body).0, expected, "{call:?} HTTP {http} {body}");
            }
        }
        let Err(GatewayError::Unknown(text)) = read(CallKind::Status, 404, edge.as_bytes()) else {
            panic!("unknown")
        };
        assert!(text.contains("/v2/charge"), "{text}");
    }

    #[test]
    fn accepted_is_not_done_unless_it_is_over() {
        let body = |code: &str, status: &str| {
            format!("{{\"status_code\":\"{code}\",\"transaction_status\":\"{status}\"}}")
        };
        let rows = [
            (202, body("202", ""), ("unknown", 0)),
            (202, body("201", "pending"), ("unknown", 0)),
            (200, body("202", "pending"), ("unknown", 0)),
            (200, body("202", "deny"), ("ok", 202)),
            (202, body("202", "DENY"), ("ok", 202)),
        ];
        for (http, body, expected) in rows {
            assert_eq!(outcome(CallKind::Charge, http, &body), expected, "HTTP {http} {body}");
            assert_eq!(outcome(CallKind::Status, http, &body).0, "ok");
        }
        let page = r#"{"token":"t","redirect_url":"https://h/t"}"#;
        assert_eq!(outcome(CallKind::Page, 202, page), ("unknown", 0));
    }

    #[test]
    fn the_payment_page_speaks_another_dialect() {
        let page = r#"{"token":"t","redirect_url":"https://h/t"}"#;
        let errors = |text: &str| format!("{{\"error_messages\":[\"{text}\"]}}");
        let rows = [
            (201, page.to_owned(), ("ok", 201)),
            (500, page.to_owned(), ("unknown", 0)),
            (400, errors("transaction_details.gross_amount is required"), ("rejected", 400)),
            (200, errors("transaction_details.gross_amount is required"), ("rejected", 400)),
            (400, errors("transaction_details.order_id has already been taken"), ("duplicate", 0)),
            (400, errors("transaction_details.order_id sudah digunakan"), ("duplicate", 0)),
            (400, errors("transaction_details.order_id is too long"), ("rejected", 400)),
            (401, errors("Access denied, please check client or server key"), ("misconfigured", 401)),
            (500, errors("we are sorry"), ("unknown", 0)),
        ];
        for (http, body, expected) in rows {
            assert_eq!(outcome(CallKind::Page, http, &body), expected, "HTTP {http} {body}");
        }
    }

    #[test]
    fn the_gateways_words_are_kept_short_and_clean() {
        let body = format!(
            r#"{{"status_code":"400","status_message":"a\u001b[2J\nb","validation_messages":["c","{}"]}}"#,
            "x".repeat(1000)
        );
        let Err(GatewayError::Rejected { message, .. }) = read(CallKind::Charge, 200, body.as_bytes()) else {
            panic!("rejected")
        };
        assert!(message.starts_with("a [2J b; c; xxx") && message.len() == 300, "{message}");
        let bare = read(CallKind::Charge, 200, br#"{"status_code":"400"}"#).unwrap_err();
        assert_eq!(bare.to_string(), "the gateway refused (400): without a reason");
    }
}
