use std::time::Duration;

use serde_json::{Value, json};

use super::answer::ApiAnswer;
use super::api::{Admitted, ApiRequest};
use super::route::Route;
use super::world::{GatewayWorld, Mishap};
use super::*;

const KEY: &str = "SB-Mid-server-one";
const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

fn world() -> GatewayWorld {
    world_with(|_| {})
}

fn world_with(change: impl FnOnce(&mut Options)) -> GatewayWorld {
    let mut merchant = SimMerchant::new("G001", KEY);
    merchant.methods_off = vec!["bri".to_owned()];
    let merchants = vec![merchant, SimMerchant::new("G002", "SB-Mid-server-two")];
    let mut options = Options { merchants, clock: SimClock::Virtual, ..Options::default() };
    change(&mut options);
    GatewayWorld::new(options, "http://127.0.0.1:1".to_owned())
}

fn seen(method: &str, path: &str, body: &Value) -> ApiRequest {
    ApiRequest {
        method: method.to_owned(),
        path: path.to_owned(),
        // The key above and a colon.
        authorization: Some("Basic U0ItTWlkLXNlcnZlci1vbmU6".to_owned()),
        accept: Some("application/json".to_owned()),
        content_type: Some("application/json".to_owned()),
        override_notification: Some("http://127.0.0.1:9/n".to_owned()),
        body: body.to_string().into_bytes(),
        ..ApiRequest::default()
    }
}

fn call(world: &mut GatewayWorld, seen: &ApiRequest) -> ApiAnswer {
    let route = Route::of(&seen.method, &seen.path);
    let admitted: Admitted = match world.admit(seen, &route) {
        Ok(admitted) => admitted,
        Err(answer) => return answer,
    };
    let answer = world.carry_out(&route, &admitted, Mishap::default());
    world.end(admitted.key, &answer);
    answer
}

fn post(world: &mut GatewayWorld, path: &str, body: &Value) -> ApiAnswer {
    call(world, &seen("POST", path, body))
}

fn status(world: &mut GatewayWorld, id: &str) -> ApiAnswer {
    call(world, &seen("GET", &format!("/v2/{id}/status"), &Value::Null))
}

fn charge_body(order_id: &str, method: PayMethod) -> Value {
    let mut body = json!({
        "payment_type": method.payment_type(),
        "transaction_details": {"order_id": order_id, "gross_amount": 10_000},
    });
    match method {
        PayMethod::Va(bank) => body["bank_transfer"] = json!({"bank": bank.code()}),
        PayMethod::Echannel => body["echannel"] = json!({"bill_info1": "Untuk:", "bill_info2": "Internet"}),
        _ => {}
    }
    body
}

fn charge(world: &mut GatewayWorld, order_id: &str, method: PayMethod) -> ApiAnswer {
    post(world, "/v2/charge", &charge_body(order_id, method))
}

/// A charge that was paid.
fn paid(world: &mut GatewayWorld, order_id: &str, method: PayMethod) -> usize {
    assert_eq!(charge(world, order_id, method).body["status_code"], "201");
    let at = world.position_of_any(order_id).unwrap();
    world.pay(at).unwrap();
    at
}

fn code(answer: &ApiAnswer) -> &str {
    answer.body["status_code"].as_str().unwrap()
}

/// `transaction_status` and `status_code` of every notification so far.
fn told(world: &mut GatewayWorld) -> Vec<(String, String)> {
    let now = world.now();
    let mut told = Vec::new();
    loop {
        let jobs = world.outbox.take_due(now);
        if jobs.is_empty() {
            return told;
        }
        for job in jobs {
            let body: Value = serde_json::from_str(&job.body).unwrap();
            let text = |name: &str| body[name].as_str().unwrap().to_owned();
            told.push((text("transaction_status"), text("status_code")));
            world.outbox.settle(job.id, Reply::Status(200), now, &mut world.dice);
        }
    }
}

#[test]
fn every_method_is_charged_and_answers_in_texts() {
    for method in PayMethod::ALL.into_iter().filter(|method| *method != PayMethod::Card) {
        let mut world = world_with(|options| options.merchants[0].methods_off.clear());
        let answer = charge(&mut world, "o-1", method);
        assert_eq!((answer.http, code(&answer)), (200, "201"), "{method}: {answer:?}");
        let body = &answer.body;
        for name in ["gross_amount", "transaction_id", "transaction_time", "expiry_time", "merchant_id"] {
            assert!(body[name].is_string(), "{method}: {name}");
        }
        assert_eq!(body["gross_amount"], "10000.00");
        assert_eq!(body["transaction_time"], "2026-11-22 14:05:00");
        assert_eq!(body["payment_type"], method.payment_type());
        let actions: Vec<&str> = body["actions"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["name"].as_str().unwrap())
            .collect();
        let qr = ["generate-qr-code", "generate-qr-code-v2"];
        match method {
            PayMethod::Qris => {
                assert_eq!(actions, qr);
                assert!(body["qr_string"].as_str().unwrap().starts_with("000201010212"));
                assert_eq!(body["acquirer"], "gopay");
            }
            PayMethod::Gopay => {
                assert_eq!(actions, [&qr[..], &["deeplink-redirect", "get-status", "cancel"]].concat());
            }
            PayMethod::Shopeepay => assert_eq!(actions, ["deeplink-redirect"]),
            PayMethod::Va(VaBank::Permata) => assert!(body["permata_va_number"].is_string()),
            PayMethod::Va(bank) => assert_eq!(body["va_numbers"][0]["bank"], bank.code()),
            PayMethod::Echannel => assert_eq!(body["biller_code"], "70012"),
            PayMethod::Card => unreachable!("left out above"),
        }
        assert_eq!(told(&mut world), [("pending".to_owned(), "201".to_owned())]);
    }
}

#[test]
fn who_calls_and_how_is_checked_first() {
    let mut world = world();
    let good = seen("POST", "/v2/charge", &charge_body("o", PayMethod::Qris));
    let rows = [
        (ApiRequest { accept: None, ..good.clone() }, "403"),
        (ApiRequest { accept: Some("text/html".to_owned()), ..good.clone() }, "403"),
        (ApiRequest { authorization: None, ..good.clone() }, "401"),
        (ApiRequest { authorization: Some("Basic eDo=".to_owned()), ..good.clone() }, "401"),
        (ApiRequest { body: b"{".to_vec(), ..good.clone() }, "413"),
        (ApiRequest { content_type: None, ..good.clone() }, "413"),
        (ApiRequest { method: "PUT".to_owned(), ..good.clone() }, "405"),
        (seen("POST", "/v2/charge", &charge_body("o", PayMethod::Va(VaBank::Bri))), "402"),
        (seen("POST", "/v2/charge", &charge_body("o o", PayMethod::Qris)), "400"),
    ];
    for (request, expected) in rows {
        let answer = call(&mut world, &request);
        assert_eq!((code(&answer), answer.http.to_string().as_str()), (expected, expected), "{request:?}");
        assert!(answer.body["id"].is_string());
    }
    let edge = call(&mut world, &seen("GET", "/v2/a/b/status", &Value::Null));
    assert_eq!((edge.http, &edge.body["status"], edge.body.get("status_code")), (404, &json!(404), None));
    assert!(world.transactions.is_empty());
}

#[test]
fn errors_can_hide_behind_http_200() {
    let mut world = world_with(|options| options.errors_in_ok = true);
    let answer = status(&mut world, "nothing");
    assert_eq!((answer.http, code(&answer)), (200, "404"));
}

#[test]
fn an_order_is_charged_once_until_it_fails() {
    let mut world = world();
    let first = charge(&mut world, "o", PayMethod::Qris);
    assert_eq!(code(&charge(&mut world, "o", PayMethod::Gopay)), "406");
    assert_eq!(code(&post(&mut world, "/v2/o/expire", &json!({}))), "407");
    let second = charge(&mut world, "o", PayMethod::Gopay);
    assert_eq!(code(&second), "201");
    assert_ne!(first.body["transaction_id"], second.body["transaction_id"]);
    // The first one is paid after all: the order is taken for good.
    let at = world.position_of_any(first.body["transaction_id"].as_str().unwrap()).unwrap();
    world.set_status(at, TransactionStatus::Settlement);
    assert_eq!(code(&post(&mut world, "/v2/o/cancel", &json!({}))), "200");
    assert_eq!(code(&charge(&mut world, "o", PayMethod::Gopay)), "406");
}

#[test]
fn a_charge_can_be_denied_at_once() {
    let mut world = world();
    let request = seen("POST", "/v2/charge", &charge_body("o", PayMethod::Qris));
    let admitted = world.admit(&request, &Route::Charge).unwrap();
    let answer = world.carry_out(&Route::Charge, &admitted, Mishap { denied: true, ..Mishap::default() });
    assert_eq!((code(&answer), &answer.body["transaction_status"]), ("202", &json!("deny")));
    assert_eq!(told(&mut world), [("deny".to_owned(), "202".to_owned())]);
    assert_eq!(code(&charge(&mut world, "o", PayMethod::Qris)), "201");
}

#[test]
fn another_merchant_neither_sees_nor_blocks_an_order() {
    let mut world = world();
    charge(&mut world, "o", PayMethod::Qris);
    world.merchants.swap(0, 1);
    assert_eq!(code(&status(&mut world, "o")), "404");
}

#[test]
fn what_may_follow_a_state_and_what_it_is_told_as() {
    let all = [
        TransactionStatus::Pending,
        TransactionStatus::Settlement,
        TransactionStatus::Cancel,
        TransactionStatus::Expire,
        TransactionStatus::Deny,
    ];
    // Status; codes of a status call and of a notification; cancel; expire.
    let rows = [
        (all[0], "201", "201", "200", "407"),
        (all[1], "200", "200", "412", "412"),
        (all[2], "200", "202", "412", "412"),
        (all[3], "407", "202", "412", "412"),
        (all[4], "202", "202", "412", "412"),
    ];
    for (state, asked, notified, cancel, expire) in rows {
        for (path, expected) in [("/v2/o/cancel", cancel), ("/v2/o/expire", expire)] {
            let mut world = world();
            charge(&mut world, "o", PayMethod::Qris);
            told(&mut world);
            world.set_status(0, state);
            assert_eq!(told(&mut world), [(state.to_string(), notified.to_owned())]);
            let answer = status(&mut world, "o");
            assert_eq!((answer.http, code(&answer)), (200, asked), "{state}");
            assert_eq!(code(&post(&mut world, path, &json!({}))), expected, "{state} {path}");
            assert_eq!(code(&post(&mut world, "/v2/o/approve", &json!({}))), "412");
            assert_eq!(code(&post(&mut world, "/v2/o/deny", &json!({}))), "412");
        }
    }
}

#[test]
fn a_status_is_signed_with_its_own_code_and_amount() {
    let mut world = world();
    charge(&mut world, "o", PayMethod::Qris);
    for state in [TransactionStatus::Pending, TransactionStatus::Settlement, TransactionStatus::Expire] {
        world.set_status(0, state);
        let body = status(&mut world, "o").body;
        let code = body["status_code"].as_str().unwrap();
        assert_eq!(body["signature_key"], dice::signature("o", code, "10000.00", KEY));
    }
}

#[test]
fn keys_replay_the_first_success_whatever_the_body() {
    let mut world = world();
    let keyed = |order: &str, method: PayMethod, key: &str| ApiRequest {
        idempotency_key: Some(key.to_owned()),
        ..seen("POST", "/v2/charge", &charge_body(order, method))
    };
    let first = call(&mut world, &keyed("o", PayMethod::Qris, "k"));
    assert_eq!(call(&mut world, &keyed("other", PayMethod::Gopay, "k")), first);
    let cancel =
        ApiRequest { idempotency_key: Some("k".to_owned()), ..seen("POST", "/v2/o/cancel", &json!({})) };
    assert_eq!(call(&mut world, &cancel), first, "keys are shared by all operations");
    world.time.advance(5 * MINUTE);
    assert_eq!(code(&call(&mut world, &keyed("o", PayMethod::Qris, "k"))), "406", "forgotten, and a failure");
    assert_eq!(
        code(&call(&mut world, &keyed("other", PayMethod::Qris, "k"))),
        "201",
        "failures are not kept"
    );
    let long = "k".repeat(47);
    assert_eq!(code(&call(&mut world, &keyed("p", PayMethod::Qris, &long))), "201");
    assert_eq!(code(&call(&mut world, &keyed("p", PayMethod::Qris, &long))), "406", "too long to count");
    let permata = PayMethod::Va(VaBank::Permata);
    assert_eq!(code(&call(&mut world, &keyed("q", permata, "m"))), "201");
    assert_eq!(code(&call(&mut world, &keyed("q", permata, "m"))), "406", "not for Permata");
}

#[test]
fn a_key_under_way_is_answered_with_202() {
    let mut world = world();
    let request = ApiRequest {
        idempotency_key: Some("k".to_owned()),
        ..seen("POST", "/v2/charge", &charge_body("o", PayMethod::Qris))
    };
    let admitted = world.admit(&request, &Route::Charge).unwrap();
    assert_eq!(call(&mut world, &request).http, 202);
    let answer = world.carry_out(&Route::Charge, &admitted, Mishap::default());
    world.end(admitted.key, &answer);
    assert_eq!(call(&mut world, &request), answer);
}

#[test]
fn orders_expire_when_the_job_comes_by() {
    let mut world = world();
    let mut body = charge_body("o", PayMethod::Qris);
    body["custom_expiry"] = json!({"expiry_duration": 90, "unit": "second"});
    post(&mut world, "/v2/charge", &body);
    world.time.advance(Duration::from_secs(100));
    assert_eq!(code(&status(&mut world, "o")), "201", "late, but the job has not come");
    world.time.advance(Duration::from_secs(20));
    let answer = status(&mut world, "o");
    assert_eq!((code(&answer), &answer.body["transaction_status"]), ("407", &json!("expire")));
    for (method, minutes) in [(PayMethod::Gopay, 13), (PayMethod::Va(VaBank::Bca), 24 * 60 - 2)] {
        let order = format!("o-{method}");
        charge(&mut world, &order, method);
        world.time.advance(minutes * MINUTE);
        assert_eq!(code(&status(&mut world, &order)), "201");
        world.time.advance(3 * MINUTE);
        assert_eq!(code(&status(&mut world, &order)), "407");
    }
}

#[test]
fn refunds_keep_their_rules() {
    let ask = |amount: Value, key: &str| json!({"amount": amount, "refund_key": key, "reason": "x"});
    let mut world = world();
    let at = paid(&mut world, "o", PayMethod::Gopay);
    let path = "/v2/o/refund";
    let rows = [
        (ask(json!(4000), "r-1"), "200"),
        (ask(json!(1000), "r-1"), "406"),
        (ask(json!(6001), "r-2"), "414"),
        (ask(json!(0), "r-2"), "414"),
        (ask(json!(1), "r 2"), "400"),
        (ask(Value::Null, "r-2"), "200"),
        (ask(json!(1), "r-3"), "412"),
    ];
    for (body, expected) in rows {
        assert_eq!(code(&post(&mut world, path, &body)), expected, "{body}");
    }
    let amounts: Vec<u64> = world.transactions[at].refunds.iter().map(|refund| refund.amount_rp).collect();
    assert_eq!((amounts, world.transactions[at].status), (vec![4000, 6000], TransactionStatus::Refund));
    let states = ["pending", "settlement", "partial_refund", "refund"];
    assert_eq!(told(&mut world).iter().map(|(state, _)| state.as_str()).collect::<Vec<_>>(), states);
    assert!(!status(&mut world, "o").body["refunds"][0].to_string().contains("bank_confirmed_at"));
    world.time.advance(MINUTE);
    world.tick();
    assert_eq!(told(&mut world).len(), 2, "each is told once more when confirmed");
    assert!(status(&mut world, "o").body["refunds"][0]["bank_confirmed_at"].is_string());
}

#[test]
fn not_every_payment_can_be_given_back() {
    let rows = [
        (PayMethod::Va(VaBank::Bca), DAY, 10_000, "412"),
        (PayMethod::Echannel, DAY, 10_000, "412"),
        (PayMethod::Shopeepay, DAY, 4000, "412"),
        (PayMethod::Shopeepay, 300 * DAY, 10_000, "200"),
        (PayMethod::Gopay, 44 * DAY, 4000, "200"),
        (PayMethod::Gopay, 46 * DAY, 4000, "412"),
    ];
    for (method, later, amount, expected) in rows {
        let mut world = world();
        paid(&mut world, "o", method);
        world.time.advance(later);
        let answer = post(&mut world, "/v2/o/refund/online/direct", &json!({"amount": amount}));
        assert_eq!(code(&answer), expected, "{method} after {later:?}");
    }
    for (issuer, days, expected) in
        [("gopay", 40, "200"), ("gopay", 50, "412"), ("dana", 6, "200"), ("dana", 8, "412")]
    {
        let mut world = world();
        let at = paid(&mut world, "o", PayMethod::Qris);
        world.transactions[at].issuer = Some(issuer);
        world.time.advance(days * DAY);
        assert_eq!(
            code(&post(&mut world, "/v2/o/refund", &json!({}))),
            expected,
            "{issuer} after {days} days"
        );
    }
}

fn snap_order(world: &mut GatewayWorld, body: &Value) -> ApiAnswer {
    post(world, "/snap/v1/transactions", body)
}

fn snap_body(order_id: &str) -> Value {
    json!({"transaction_details": {"order_id": order_id, "gross_amount": 10_000},
           "enabled_payments": ["gopay", "bca_va", "bri_va", "credit_card"]})
}

#[test]
fn a_snap_order_is_unknown_until_a_method_is_picked() {
    let mut world = world();
    let made = snap_order(&mut world, &snap_body("s"));
    assert_eq!((made.http, made.body["token"].as_str().unwrap().len()), (201, 36));
    assert_eq!(code(&status(&mut world, "s")), "404");
    assert!(world.outbox.is_quiet(world.now()));
    assert_eq!(world.pick("s", PayMethod::Qris), Err(NotPossible::MethodOff(PayMethod::Qris)));
    assert_eq!(
        world.pick("s", PayMethod::Va(VaBank::Bri)),
        Err(NotPossible::MethodOff(PayMethod::Va(VaBank::Bri)))
    );
    let at = world.pick("s", PayMethod::Va(VaBank::Bca)).unwrap();
    assert_eq!(world.pick("s", PayMethod::Va(VaBank::Bca)), Ok(at), "the same is shown again");
    let other = world.pick("s", PayMethod::Gopay).unwrap();
    assert_eq!((world.transactions[at].status, at == other), (TransactionStatus::Cancel, false));
    world.pay(other).unwrap();
    assert_eq!(code(&status(&mut world, "s")), "200");
    let again = snap_order(&mut world, &snap_body("s"));
    assert_eq!(again.http, 400);
    assert!(again.body["error_messages"][0].as_str().unwrap().contains("already been taken"));
}

#[test]
fn another_token_takes_the_place_of_the_first() {
    let mut world = world();
    let tokens =
        [1, 2].map(|_| snap_order(&mut world, &snap_body("s")).body["token"].as_str().unwrap().to_owned());
    assert_eq!(world.pick(&tokens[0], PayMethod::Gopay), Err(NotPossible::PageClosed));
    assert!(world.pick(&tokens[1], PayMethod::Gopay).is_ok());
}

#[test]
fn a_page_closes_in_silence_while_what_it_showed_stays_payable() {
    let mut world = world();
    let mut body = snap_body("s");
    body["page_expiry"] = json!({"unit": "minutes", "duration": 10});
    snap_order(&mut world, &body);
    snap_order(&mut world, &{
        body["transaction_details"]["order_id"] = json!("t");
        body
    });
    let at = world.pick("s", PayMethod::Va(VaBank::Bca)).unwrap();
    told(&mut world);
    world.time.advance(11 * MINUTE);
    world.tick();
    assert_eq!(world.pick("t", PayMethod::Gopay), Err(NotPossible::PageClosed));
    assert!(told(&mut world).is_empty());
    assert_eq!(world.pay(at), Ok(()));
}

#[test]
fn snap_refuses_in_its_own_shape() {
    let mut world = world();
    let stranger =
        ApiRequest { authorization: None, ..seen("POST", "/snap/v1/transactions", &snap_body("s")) };
    let answer = call(&mut world, &stranger);
    assert_eq!((answer.http, answer.body.get("status_code")), (401, None));
    assert!(answer.body["error_messages"][0].as_str().unwrap().contains("unauthorized"));
}

#[test]
fn a_challenge_is_decided_or_denied_after_a_day() {
    for (path, state, fraud) in
        [("/v2/s/approve", "capture", "accept"), ("/v2/s/deny", "deny", "deny"), ("", "deny", "deny")]
    {
        let mut world = world();
        snap_order(&mut world, &snap_body("s"));
        world.challenge("s").unwrap();
        let shown = status(&mut world, "s").body;
        assert_eq!((&shown["status_code"], &shown["fraud_status"]), (&json!("201"), &json!("challenge")));
        if path.is_empty() {
            world.time.advance(DAY);
            world.tick();
        } else {
            assert_eq!(code(&post(&mut world, path, &json!({}))), "200");
        }
        let shown = status(&mut world, "s").body;
        assert_eq!((&shown["transaction_status"], &shown["fraud_status"]), (&json!(state), &json!(fraud)));
    }
}

#[test]
fn headers_say_where_notifications_go() {
    let mut world = world();
    world.dashboard_urls.insert(0, "http://d".to_owned());
    let rows: [(Option<&str>, Option<&str>, &[&str]); 5] = [
        (None, None, &["http://d"]),
        (Some("http://a, http://b,http://c"), None, &["http://a", "http://b"]),
        (None, Some("http://a"), &["http://d", "http://a"]),
        (Some("http://a"), Some("http://b"), &["http://a"]),
        (None, Some("http://a,http://b,http://c"), &["http://d", "http://a", "http://b"]),
    ];
    for (replace, append, urls) in rows {
        assert_eq!(world.urls(0, replace, append), urls);
    }
}

#[test]
fn a_number_that_is_taken_becomes_another() {
    let mut world = world();
    let numbers: Vec<Value> = ["o", "p"]
        .into_iter()
        .map(|order| {
            let mut body = charge_body(order, PayMethod::Va(VaBank::Bca));
            body["bank_transfer"]["va_number"] = json!("12345");
            post(&mut world, "/v2/charge", &body).body["va_numbers"][0]["va_number"].clone()
        })
        .collect();
    assert_eq!(numbers[0], "8127812345");
    assert_ne!(numbers[0], numbers[1]);
}

#[test]
fn an_imposed_fee_is_part_of_the_amount_and_explained() {
    let mut world = world_with(|options| options.imposed_fee_rp = 71);
    charge(&mut world, "o", PayMethod::Qris);
    let body = status(&mut world, "o").body;
    assert_eq!(body["gross_amount"], "10071.00");
    let info = &body["metadata"]["extra_info"]["gross_amount_info"];
    assert_eq!((&info["original_amount"], &info["gross_amount"]), (&json!("10000.00"), &json!("10071.00")));
}

#[test]
fn notifications_are_meddled_with_and_keep_their_signature() {
    let field = || Meddling::Field("transaction_status".to_owned(), json!("settlement"));
    let rows = [
        (Meddling::Drop, 0, None),
        (Meddling::Duplicate(2), 3, None),
        (Meddling::Delay(MINUTE), 0, None),
        (Meddling::Reorder, 0, None),
        (field(), 1, Some(("transaction_status", json!("settlement")))),
        (Meddling::Numbers, 1, Some(("status_code", json!(201)))),
        (Meddling::WithoutField("currency".to_owned()), 1, Some(("currency", Value::Null))),
    ];
    let genuine = dice::signature("o", "201", "10000.00", KEY);
    for (meddling, count, edited) in rows {
        let mut world = world();
        world.faults.plant(GatewayFault::notification(meddling.clone()));
        charge(&mut world, "o", PayMethod::Qris);
        let now = world.now();
        let mut sent = Vec::new();
        while let Some(job) = world.outbox.take_due(now).pop() {
            world.outbox.settle(job.id, Reply::Status(200), now, &mut world.dice);
            sent.push(serde_json::from_str::<Value>(&job.body).unwrap());
        }
        assert_eq!(sent.len(), count, "{meddling:?}");
        for body in sent {
            assert_eq!(body["signature_key"], genuine.as_str());
            if let Some((name, value)) = &edited {
                assert_eq!(&body[*name], value, "{meddling:?}");
            }
        }
    }
    let mut world = world();
    world.faults.plant(GatewayFault::notification(Meddling::WrongKey));
    charge(&mut world, "o", PayMethod::Qris);
    let now = world.now();
    assert!(!world.outbox.take_due(now)[0].body.contains(&genuine));
}
