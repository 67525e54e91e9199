//! Calls as the gateway logs them and as faults name them.

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimOperation {
    /// `POST /v2/charge`.
    Charge,
    /// `GET /v2/{id}/status`.
    Status,
    /// `POST /v2/{id}/cancel`.
    Cancel,
    /// `POST /v2/{id}/expire`.
    Expire,
    /// `POST /v2/{id}/refund`, the direct one too.
    Refund,
    /// `POST /v2/{id}/approve`.
    Approve,
    /// `POST /v2/{id}/deny`.
    Deny,
    /// `POST /snap/v1/transactions`.
    SnapCreate,
    /// Pages and pictures for people; faults never strike them.
    Page,
    /// Nothing that the gateway knows.
    Unknown,
}

/// A request that the gateway saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCall {
    /// HTTP method.
    pub method: String,
    /// Path, without a query.
    pub path: String,
    /// What it was for.
    pub operation: SimOperation,
    /// The order or transaction named, in the path or in the body.
    pub order_id: Option<String>,
    /// The header `Idempotency-MerchantKey`.
    pub idempotency_key: Option<String>,
    /// HTTP status of the answer; `None` when it was not answered, or not yet.
    pub status: Option<u16>,
}
