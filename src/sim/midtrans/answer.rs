//! Answers in the gateway's shapes.

use serde_json::{Value, json};

/// HTTP status and body of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ApiAnswer {
    pub(super) http: u16,
    pub(super) body: Value,
}

/// A refusal of the Core API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CoreError {
    pub(super) code: u16,
    pub(super) message: String,
    /// What is wrong with which field.
    pub(super) validation: Vec<String>,
}

impl CoreError {
    pub(super) fn new(code: u16, message: &str) -> Self {
        Self { code, message: message.to_owned(), validation: Vec::new() }
    }

    pub(super) fn invalid(validation: Vec<String>) -> Self {
        Self {
            code: 400,
            message: "One or more parameters in the payload is invalid.".to_owned(),
            validation,
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "Transaction doesn't exist.")
    }

    pub(super) fn unchangeable() -> Self {
        Self::new(412, "Merchant cannot modify the status of the transaction")
    }

    /// As sent. `in_ok`: HTTP says 200 and only the body has the code.
    pub(super) fn answer(self, id: &str, in_ok: bool) -> ApiAnswer {
        let mut body =
            json!({"status_code": self.code.to_string(), "status_message": self.message, "id": id});
        if !self.validation.is_empty() {
            body["validation_messages"] = json!(self.validation);
        }
        ApiAnswer { http: if in_ok { 200 } else { self.code }, body }
    }
}

impl ApiAnswer {
    /// A success of the Core API: the HTTP status is 200 whatever `status_code` the body has.
    pub(super) fn ok(body: Value) -> Self {
        Self { http: 200, body }
    }

    /// A refusal of the Snap API.
    pub(super) fn snap_error(http: u16, messages: &[String]) -> Self {
        Self { http, body: json!({"error_messages": messages}) }
    }

    /// What answers for paths that no service of the gateway knows.
    pub(super) fn edge_404(path: &str, at: &str) -> Self {
        Self { http: 404, body: json!({"timestamp": at, "status": 404, "error": "Not Found", "path": path}) }
    }

    /// What answers while another call with the same key is under way.
    pub(super) fn key_running() -> Self {
        let message = "A request with the same Idempotency-Key is being processed.";
        Self { http: 202, body: json!({"status_code": "202", "status_message": message}) }
    }

    /// Whether the call did what it was for.
    pub(super) fn succeeded(&self) -> bool {
        let code = self.body["status_code"].as_str().and_then(|code| code.parse().ok());
        let good = |code: u16| code < 300 || code == 407;
        good(self.http) && code.is_none_or(good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_needs_both_places() {
        let rows = [(200, "201", true), (200, "407", true), (200, "404", false), (500, "200", false)];
        for (http, code, good) in rows {
            let answer = ApiAnswer { http, body: json!({"status_code": code}) };
            assert_eq!(answer.succeeded(), good, "{http} {code}");
        }
        assert!(ApiAnswer { http: 201, body: json!({"token": "x"}) }.succeeded());
        assert!(!ApiAnswer::snap_error(400, &["no".to_owned()]).succeeded());
    }

    #[test]
    fn a_refusal_can_hide_behind_http_200() {
        let error = CoreError::invalid(vec!["transaction_details.gross_amount is required".to_owned()]);
        let answer = error.clone().answer("x", true);
        assert_eq!((answer.http, &answer.body["status_code"]), (200, &json!("400")));
        assert_eq!(error.answer("x", false).http, 400);
    }
}
