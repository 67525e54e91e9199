//! What the engine, the store and the router say, as problems.

use axum::http::StatusCode;

use crate::agent::engine::{EngineError, EngineGone, RowFinding};
use crate::agent::payments::{PaymentError, RelayError};
use crate::agent::router::CycleError;
use crate::agent::site::{STORE_FAILED, SiteError};
use crate::domain::policy::Refusal;
use crate::routeros::RouterError;
use crate::store::StoreError;
use crate::store::backup::BackupError;
use crate::web::Problem;
use crate::web::problem::FieldError;

/// The code of the refusal to bind a device of somebody else.
pub(crate) const DEVICE_TAKEN: &str = "device_taken";

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::conflict(refusal.code(), refusal.to_string())
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::NotFound(what) => Self::not_found(what),
            EngineError::Conflict { code, message } => Self::conflict(code, message),
            EngineError::DeviceTaken { owner, ref name, .. } => {
                let problem = Self::conflict(DEVICE_TAKEN, error.to_string());
                problem.with("owner_id", owner.to_string()).with("owner_name", name.clone())
            }
            EngineError::Invalid { field, message } => Self::invalid(field, message),
            EngineError::Rows(findings) => rows(findings),
            EngineError::RouterNeeded(_) => Self::unavailable("router_unreachable", error.to_string()),
            EngineError::Store(error) => error.into(),
        }
    }
}

/// Every finding by its row and field. Valid rows that collide with what is on file are a conflict.
fn rows(findings: Vec<RowFinding>) -> Problem {
    let is_conflict = findings.iter().all(|finding| finding.is_conflict);
    let field = |finding: RowFinding| FieldError {
        field: format!("users[{}].{}", finding.row, finding.field),
        message: finding.message,
    };
    let detail = format!("{} findings in the rows; nothing was imported", findings.len());
    let problem = if is_conflict {
        Problem::conflict("import_refused", detail)
    } else {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
    };
    problem.with_errors(findings.into_iter().map(field).collect())
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unwritable(why) => Self::unavailable(why.code(), why.to_string()),
            error if error.is_passing() => {
                let text = "the store cannot be used at this moment: another program holds it, or the disk takes no \
                            writes; try again in a moment";
                Self::unavailable("store_busy", text)
            }
            // The file is whole, so restarting would help nothing.
            StoreError::Nonsense(what) => {
                tracing::error!(what, "a row of the store cannot be read");
                let text = "a row of the store has a value that no version writes; the log says which; restore a backup";
                Self::unavailable("store_row", text)
            }
            error => {
                tracing::error!(%error, "the store failed");
                Self::unavailable(STORE_FAILED, "the store failed; the log says how")
            }
        }
    }
}

impl From<EngineGone> for Problem {
    fn from(error: EngineGone) -> Self {
        tracing::error!(%error, "the engine is gone");
        Self::unavailable(STORE_FAILED, error.to_string())
    }
}

impl From<RouterError> for Problem {
    fn from(error: RouterError) -> Self {
        let code = match error {
            RouterError::Lost(_) => "router_unreachable",
            RouterError::LoginRefused(_) => "router_login_refused",
            RouterError::Trap { .. } | RouterError::Malformed { .. } => {
                return Self::new(StatusCode::BAD_GATEWAY, "router_failed", error.to_string());
            }
        };
        Self::unavailable(code, error.to_string())
    }
}

impl From<CycleError> for Problem {
    fn from(error: CycleError) -> Self {
        SiteError::from(error).into()
    }
}

impl From<PaymentError> for Problem {
    fn from(error: PaymentError) -> Self {
        SiteError::from(error).into()
    }
}

impl From<SiteError> for Problem {
    fn from(error: SiteError) -> Self {
        match error {
            SiteError::Engine(error) => error.into(),
            SiteError::Gone(error) => error.into(),
            SiteError::Router(error) => error.into(),
            SiteError::Relay(error) => error.into(),
            SiteError::NoRelay => Self::unavailable("relay_unreachable", error.to_string()),
        }
    }
}

/// Codes of the relay's problems that callers may rely on; any other is reported as a refusal without its code.
const RELAY_CODES: [&str; 10] = [
    "gateway_busy",
    "gateway_mismatch",
    "gateway_misconfigured",
    "gateway_refused",
    "gateway_unknown",
    "gateway_unreachable",
    "method_unavailable",
    "order_open",
    "refund_refused",
    "request_abandoned",
];

impl From<RelayError> for Problem {
    fn from(error: RelayError) -> Self {
        let detail = error.to_string();
        match error {
            RelayError::Unreachable(_)
            | RelayError::Nonsense(_)
            | RelayError::Unauthorized(_)
            | RelayError::Fenced(_) => Self::unavailable("relay_unreachable", detail),
            RelayError::NotFound => Self::not_found("order at the relay"),
            RelayError::Refused { status, code, .. } => {
                let known = RELAY_CODES.into_iter().find(|known| *known == code);
                // A fault of the relay is not ours: the caller gets a gateway error.
                let status = match status {
                    409 => StatusCode::CONFLICT,
                    503 => StatusCode::SERVICE_UNAVAILABLE,
                    504 => StatusCode::GATEWAY_TIMEOUT,
                    _ => StatusCode::BAD_GATEWAY,
                };
                Self::new(status, known.unwrap_or("relay_refused"), detail)
            }
        }
    }
}

impl From<BackupError> for Problem {
    fn from(error: BackupError) -> Self {
        tracing::error!(%error, "the store was not copied");
        Self::unavailable("backup_failed", error.to_string())
    }
}
