//! From a request that was read whole to the gateway's answer.

use serde_json::{Value, json};

use super::answer::{ApiAnswer, CoreError};
use super::auth;
use super::call::{LoggedCall, SimOperation};
use super::fault::Trouble;
use super::idempotency::{KeyTurn, MerchantKey};
use super::method::{PayMethod, VaBank};
use super::route::Route;
use super::time::jakarta;
use super::world::{GatewayWorld, Mishap};

/// A request, read whole.
#[derive(Clone, Debug, Default)]
pub(super) struct ApiRequest {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) idempotency_key: Option<String>,
    pub(super) override_notification: Option<String>,
    pub(super) append_notification: Option<String>,
    pub(super) body: Vec<u8>,
}

/// A call that may be carried out.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) merchant: usize,
    /// To end with [`World::end`].
    pub(super) key: Option<MerchantKey>,
    body: Value,
    urls: Vec<String>,
}

/// What faults leave of a call before it is carried out.
#[derive(Debug)]
pub(super) enum Early {
    Answer(ApiAnswer),
    Html(u16),
    Reset,
    Hang,
}

impl GatewayWorld {
    /// Writes a call down. Its place in the log, and the faults that strike it.
    pub(super) fn log(&mut self, seen: &ApiRequest, route: &Route) -> (usize, Vec<Trouble>) {
        let operation = route.operation();
        let named = || {
            let body: Value = serde_json::from_slice(&seen.body).ok()?;
            body["transaction_details"]["order_id"].as_str().map(str::to_owned)
        };
        let order_id = route.id().map(str::to_owned).or_else(named);
        let troubles = self.faults.of_call(operation, order_id.as_deref(), &mut self.dice);
        self.calls.push(LoggedCall {
            method: seen.method.clone(),
            path: seen.path.clone(),
            operation,
            order_id,
            idempotency_key: seen.idempotency_key.clone(),
            status: None,
        });
        (self.calls.len() - 1, troubles)
    }

    /// What becomes of a call that is not carried out; `None` when it is.
    pub(super) fn early(&mut self, seen: &ApiRequest, route: &Route, troubles: &[Trouble]) -> Option<Early> {
        let refuse = |world: &mut Self, http: u16, code: u16, message: &str| {
            let mut answer = world.refusal(route, CoreError::new(code, message));
            answer.http = http;
            Early::Answer(answer)
        };
        troubles.iter().find_map(|trouble| match trouble {
            Trouble::Hang => Some(Early::Hang),
            Trouble::Reset => Some(Early::Reset),
            Trouble::Html(http) => Some(Early::Html(*http)),
            Trouble::Refuse { http, code, message } => Some(refuse(self, *http, *code, message)),
            Trouble::RateLimited => Some(refuse(self, 429, 429, "API rate limit exceeded.")),
            Trouble::KeyRunning => Some(Early::Answer(ApiAnswer::key_running())),
            Trouble::Edge404 => Some(Early::Answer(ApiAnswer::edge_404(&seen.path, &jakarta(self.now())))),
            _ => None,
        })
    }

    /// Checks who calls and how, and whether the call was carried out already.
    pub(super) fn admit(&mut self, seen: &ApiRequest, route: &Route) -> Result<Admitted, ApiAnswer> {
        if *route == Route::Unknown {
            return Err(ApiAnswer::edge_404(&seen.path, &jakarta(self.now())));
        }
        if *route == Route::WrongMethod {
            return Err(self.refusal(route, CoreError::new(405, "Method is not allowed.")));
        }
        if !seen.accept.as_deref().is_some_and(|accept| accept.contains("application/json")) {
            let message = "The format in the Accept header is not supported; it must be application/json.";
            return Err(self.refusal(route, CoreError::new(403, message)));
        }
        let Some(merchant) = auth::merchant(&self.merchants, seen.authorization.as_deref()) else {
            return Err(self.refusal(route, unauthorized()));
        };
        let body = parse(seen, route).map_err(|error| self.refusal(route, error))?;
        let key = seen.idempotency_key.as_deref().filter(|_| keeps_keys(seen, route, &body));
        let now = self.now();
        let key = match self.idempotency.begin(merchant, key, now) {
            KeyTurn::First(key) => key,
            KeyTurn::Running => return Err(ApiAnswer::key_running()),
            KeyTurn::Replay(answer) => return Err(answer),
        };
        let (replace, append) = (&seen.override_notification, &seen.append_notification);
        let urls = self.urls(merchant, replace.as_deref(), append.as_deref());
        Ok(Admitted { merchant, key, body, urls })
    }

    /// Carries a call out.
    pub(super) fn carry_out(&mut self, route: &Route, call: &Admitted, mishap: Mishap) -> ApiAnswer {
        self.tick();
        let (merchant, body) = (call.merchant, &call.body);
        let core = match route {
            Route::SnapCreate => return self.snap_create(merchant, body, call.urls.clone()),
            Route::Charge => self.charge(merchant, body, call.urls.clone(), mishap),
            Route::Status(id) => self.status(merchant, id),
            Route::Cancel(id) => self.cancel(merchant, id),
            Route::Expire(id) => self.expire(merchant, id),
            Route::Refund(id) => self.refund(merchant, id, body),
            Route::Approve(id) => self.decide(merchant, id, true),
            Route::Deny(id) => self.decide(merchant, id, false),
            _ => Err(CoreError::not_found()),
        };
        match core {
            Ok(body) => ApiAnswer::ok(body),
            Err(error) => self.refusal(route, error),
        }
    }

    /// Keeps the answer under the call's key.
    pub(super) fn end(&mut self, key: Option<MerchantKey>, answer: &ApiAnswer) {
        if let Some(key) = key {
            let now = self.now();
            self.idempotency.end(key, answer, now);
        }
    }

    /// A refusal in the shape of the API that was called.
    fn refusal(&mut self, route: &Route, error: CoreError) -> ApiAnswer {
        if *route == Route::SnapCreate {
            let message = if error.validation.is_empty() { vec![error.message] } else { error.validation };
            return ApiAnswer::snap_error(error.code, &message);
        }
        error.answer(&self.dice.uuid(), self.options.errors_in_ok)
    }

    /// What faults make of an answer.
    pub(super) fn spoil(&mut self, route: &Route, troubles: &[Trouble], mut answer: ApiAnswer) -> ApiAnswer {
        for trouble in troubles {
            match trouble {
                Trouble::ErrorInOk if !answer.succeeded() => answer.http = 200,
                Trouble::Field(name, value) => {
                    if let Some(fields) = answer.body.as_object_mut() {
                        fields.insert(name.clone(), value.clone());
                    }
                }
                Trouble::WithoutField(name) => {
                    answer.body.as_object_mut().and_then(|fields| fields.remove(name));
                }
                Trouble::RefuseAfter { http, code } => {
                    let message = "Sorry, our system is recovering from unexpected issues. Please retry.";
                    answer = self.refusal(route, CoreError::new(*code, message));
                    answer.http = *http;
                }
                _ => {}
            }
        }
        answer
    }
}

fn unauthorized() -> CoreError {
    let message = "Access denied due to unauthorized transaction, please check client or server key";
    CoreError::new(401, message)
}

/// The body of calls that have one that matters.
fn parse(seen: &ApiRequest, route: &Route) -> Result<Value, CoreError> {
    if !matches!(route.operation(), SimOperation::Charge | SimOperation::Refund | SimOperation::SnapCreate) {
        return Ok(Value::Null);
    }
    let is_json = |kind: &String| kind.to_ascii_lowercase().starts_with("application/json");
    if seen.body.is_empty() && *route != Route::SnapCreate && *route != Route::Charge {
        return Ok(json!({}));
    }
    if !seen.content_type.as_ref().is_some_and(is_json) {
        return Err(CoreError::new(413, "The Content-Type header must be application/json."));
    }
    serde_json::from_slice(&seen.body)
        .map_err(|_| CoreError::new(413, "The request cannot be processed due to malformed syntax."))
}

/// Keys count for posts to the Core API, and not for every method. For Snap nothing is documented.
fn keeps_keys(seen: &ApiRequest, route: &Route, body: &Value) -> bool {
    let permata =
        body["payment_type"] == "permata" || body["bank_transfer"]["bank"] == VaBank::Permata.code();
    let unsupported = *route == Route::Charge && permata && body["payment_type"] != PayMethod::Qris.code();
    seen.method == "POST" && *route != Route::SnapCreate && !unsupported
}
