//! From a request's method and path to what it is for.

use super::call::SimOperation;

/// How far a customer goes with one press on the Snap page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SnapStep {
    /// Has the code shown.
    Show,
    Pay,
    /// Pays by a card that the gateway wants the merchant to decide on.
    Challenge,
}

/// What a request is for, with the ids of its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    Charge,
    Status(String),
    Cancel(String),
    Expire(String),
    Refund(String),
    Approve(String),
    Deny(String),
    SnapCreate,
    /// The page of a Snap token.
    SnapPage(String),
    /// A method picked on it: token, method, and how far it goes at once.
    SnapPick(String, String, SnapStep),
    /// What can be paid, for somebody without the code at hand.
    Payable,
    /// The page of a transaction, as a wallet or a bank shows it.
    PayPage(String),
    /// The customer pays there.
    Pay(String),
    /// The picture of a code.
    QrCode(String),
    /// A path that is known, with another method.
    WrongMethod,
    Unknown,
}

impl Route {
    /// Reads method and path.
    pub(super) fn of(method: &str, path: &str) -> Self {
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        let id = |text: &str| text.to_owned();
        match (method, parts.as_slice()) {
            ("POST", ["v2", "charge"]) => Self::Charge,
            ("GET", ["v2", one, "status"] | ["v2", one, "status", "b2b"]) => Self::Status(id(one)),
            ("POST", ["v2", one, "cancel"]) => Self::Cancel(id(one)),
            ("POST", ["v2", one, "expire"]) => Self::Expire(id(one)),
            ("POST", ["v2", one, "refund"] | ["v2", one, "refund", "online", "direct"]) => {
                Self::Refund(id(one))
            }
            ("POST", ["v2", one, "approve"]) => Self::Approve(id(one)),
            ("POST", ["v2", one, "deny"]) => Self::Deny(id(one)),
            ("POST", ["snap", "v1", "transactions"]) => Self::SnapCreate,
            ("GET", ["snap", "v4", "redirection", token]) => Self::SnapPage(id(token)),
            ("POST", ["snap", "v4", "redirection", token, "pick", method]) => {
                Self::SnapPick(id(token), id(method), SnapStep::Show)
            }
            ("POST", ["snap", "v4", "redirection", token, "pay", method]) => {
                Self::SnapPick(id(token), id(method), SnapStep::Pay)
            }
            ("POST", ["snap", "v4", "redirection", token, "challenge", method]) => {
                Self::SnapPick(id(token), id(method), SnapStep::Challenge)
            }
            ("GET", ["simulator"]) => Self::Payable,
            ("GET", ["simulator", one]) => Self::PayPage(id(one)),
            ("POST", ["simulator", one, "pay"]) => Self::Pay(id(one)),
            ("GET", ["v2" | "v4", "qris" | "gopay", one, "qr-code"]) => Self::QrCode(id(one)),
            (
                _,
                ["v2", "charge"]
                | ["v2", _, "status" | "cancel" | "expire" | "refund" | "approve" | "deny"]
                | ["snap", "v1", "transactions"],
            ) => Self::WrongMethod,
            _ => Self::Unknown,
        }
    }

    /// As faults and the log of calls name it.
    pub(super) fn operation(&self) -> SimOperation {
        match self {
            Self::Charge => SimOperation::Charge,
            Self::Status(_) => SimOperation::Status,
            Self::Cancel(_) => SimOperation::Cancel,
            Self::Expire(_) => SimOperation::Expire,
            Self::Refund(_) => SimOperation::Refund,
            Self::Approve(_) => SimOperation::Approve,
            Self::Deny(_) => SimOperation::Deny,
            Self::SnapCreate => SimOperation::SnapCreate,
            Self::SnapPage(_)
            | Self::SnapPick(..)
            | Self::Payable
            | Self::PayPage(_)
            | Self::Pay(_)
            | Self::QrCode(_) => SimOperation::Page,
            Self::WrongMethod | Self::Unknown => SimOperation::Unknown,
        }
    }

    /// The order or transaction id in the path.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Status(id)
            | Self::Cancel(id)
            | Self::Expire(id)
            | Self::Refund(id)
            | Self::Approve(id)
            | Self::Deny(id) => Some(id),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let one = || "a-1".to_owned();
        let rows = [
            ("POST", "/v2/charge", Route::Charge),
            ("GET", "/v2/charge", Route::WrongMethod),
            ("GET", "/v2/a-1/status", Route::Status(one())),
            ("GET", "/v2/a-1/status/b2b", Route::Status(one())),
            ("POST", "/v2/a-1/status", Route::WrongMethod),
            ("POST", "/v2/a-1/refund/online/direct", Route::Refund(one())),
            ("POST", "/v2/a/1/cancel", Route::Unknown),
            ("POST", "/snap/v1/transactions", Route::SnapCreate),
            ("GET", "/snap/v4/redirection/a-1", Route::SnapPage(one())),
            (
                "POST",
                "/snap/v4/redirection/a-1/pay/qris",
                Route::SnapPick(one(), "qris".to_owned(), SnapStep::Pay),
            ),
            ("GET", "/v4/qris/a-1/qr-code", Route::QrCode(one())),
            ("GET", "/simulator", Route::Payable),
            ("GET", "/", Route::Unknown),
        ];
        for (method, path, route) in rows {
            assert_eq!(Route::of(method, path), route, "{method} {path}");
        }
    }
}
