//! The sequences of notifications that the gateway's fixtures hold, as claims and reports.

use serde::Deserialize;
use serde_json::Value;

use super::*;

const FIXTURES: &str = include_str!("../../tests/fixtures/midtrans_notifications.json");

#[derive(Deserialize)]
struct Fixtures {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: String,
    order: Ordered,
    notifications: Vec<Value>,
    get_status_at_end: Option<Value>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Ordered {
    order_id: String,
    amount: u64,
    merchant_id: String,
    state: String,
    #[serde(default)]
    fee_imposition_allowed: bool,
}

#[derive(Deserialize)]
struct Expected {
    credits: usize,
    final_state: OrderState,
    flags: BTreeSet<Flag>,
    http_reply: Vec<u16>,
}

/// Whole rupiah of `"10000.00"` and `"10000"`.
fn rupiah(value: &Value) -> Option<Rupiah> {
    value.as_str()?.trim_end_matches(".00").parse().ok().map(Rupiah)
}

fn read(body: &Value) -> GatewayReport {
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let refund = |refund: &Value| {
        let key = refund["refund_key"].as_str().expect("a key").to_owned();
        (key, rupiah(&refund["refund_amount"]).expect("an amount"))
    };
    GatewayReport {
        order: text("order_id"),
        transaction: text("transaction_id"),
        status: text("transaction_status")
            .and_then(|word| GatewayStatus::from_name(&word))
            .expect("a status"),
        code: body["status_code"].as_str().and_then(|code| code.parse().ok()).expect("a code"),
        fraud: text("fraud_status").map(|word| Fraud::from_name(&word).expect("a verdict")),
        amount: rupiah(&body["gross_amount"]),
        original_amount: rupiah(&body["metadata"]["extra_info"]["gross_amount_info"]["original_amount"]),
        currency: text("currency"),
        merchant: text("merchant_id"),
        refunds: body["refunds"].as_array().into_iter().flatten().map(refund).collect(),
        refunded: rupiah(&body["refund_amount"]),
        paid_at: None,
        expires_at: None,
    }
}

/// How far along a notification is; of two as far, the later counts.
fn rank(body: &Value) -> u8 {
    match read(body).status {
        GatewayStatus::Pending | GatewayStatus::Authorize => 1,
        GatewayStatus::Deny | GatewayStatus::Cancel | GatewayStatus::Expire | GatewayStatus::Failure => 3,
        GatewayStatus::Capture | GatewayStatus::Settlement => 4,
        GatewayStatus::PartialRefund | GatewayStatus::PartialChargeback => 5,
        GatewayStatus::Refund | GatewayStatus::Chargeback => 6,
    }
}

/// One order and what was reported to the site.
struct Site {
    terms: PaymentTerms,
    standing: Standing,
    effects: Vec<PaymentEffect>,
}

impl Site {
    fn of(case: &Case) -> Self {
        let created = Standing::created();
        let standing = match case.order.state.as_str() {
            "pending" => Standing { transaction: None, ..message(&created, &terms(), "pending ?").standing },
            "cancelled" => created.closed(Cancelled).standing,
            "charge_unknown" => created.flagged(ChargeUnknown).standing,
            "absent-at-delivery" => created,
            other => panic!("{}: an order that is {other}", case.id),
        };
        let terms = PaymentTerms {
            order: case.order.order_id.clone(),
            amount: Rupiah(case.order.amount),
            merchant: Some(case.order.merchant_id.clone()),
            fee_imposition: case.order.fee_imposition_allowed,
        };
        Self { terms, standing, effects: Vec::new() }
    }

    fn claim(&mut self, body: &Value) {
        let told = read(body);
        let claim = Claim { transaction: told.transaction, status: told.status, code: told.code };
        self.standing = self.standing.claimed(&claim);
    }

    fn take(&mut self, next: Advance) {
        self.standing = next.standing;
        self.effects.extend(next.effects);
    }

    fn ask(&mut self, body: &Value) {
        let next = self.standing.reported(&self.terms, &read(body));
        self.take(next);
    }

    fn refuse(&mut self, reply: u16) {
        let flag = if reply == 401 { BadSignature } else { Malformed };
        let next = self.standing.flagged(flag);
        self.take(next);
    }

    fn check(&self, case: &Case, way: &str) {
        let reversed = self.effects.iter().fold(Rupiah::ZERO, |sum, effect| match effect {
            PaymentEffect::Reverse { amount, .. } => sum.plus(*amount),
            _ => sum,
        });
        let credits = self.effects.iter().filter(|effect| **effect == PaymentEffect::Credit).count();
        let undone = usize::from(credits > 0 && reversed == self.terms.amount);
        let found = (self.standing.state, &self.standing.flags, credits - undone);
        let expected = &case.expected;
        assert_eq!(found, (expected.final_state, &expected.flags, expected.credits), "{}, {way}", case.id);
    }
}

/// What a status query answers after the notifications that were taken.
fn answer(taken: &[&Value]) -> Value {
    (*taken.iter().max_by_key(|body| rank(body)).expect("one at least")).clone()
}

/// The last answer, where the case says that it is another one: a code goes with its status.
fn last_answer(case: &Case, taken: &[&Value]) -> Value {
    let Some(at_end) = &case.get_status_at_end else { return answer(taken) };
    let word = at_end["transaction_status"].as_str().expect("a status");
    let known = taken.iter().rev().find(|body| body["transaction_status"] == word);
    let mut body = known.map_or_else(|| answer(taken), |body| (*body).clone());
    let status = GatewayStatus::from_name(word).expect("a word of the gateway");
    body["transaction_status"] = word.into();
    body["status_code"] = code(status).to_string().into();
    body
}

fn cases() -> Vec<Case> {
    let cases = serde_json::from_str::<Fixtures>(FIXTURES).expect("the fixtures can be read").cases;
    assert_eq!(cases.len(), 22);
    cases
}

#[test]
fn the_fixtures_end_as_expected_when_each_notification_is_followed_by_a_question() {
    for case in cases() {
        let mut site = Site::of(&case);
        let mut taken: Vec<&Value> = Vec::new();
        let accepted = case.expected.http_reply.iter().filter(|reply| **reply == 200).count();
        for (body, reply) in case.notifications.iter().zip(&case.expected.http_reply) {
            if *reply != 200 {
                site.refuse(*reply);
                continue;
            }
            taken.push(body);
            site.claim(body);
            let is_last = taken.len() == accepted;
            site.ask(&if is_last { last_answer(&case, &taken) } else { answer(&taken) });
        }
        site.check(&case, "one by one");
    }
}

#[test]
fn the_fixtures_end_as_expected_when_the_gateway_is_asked_once_after_all_notifications() {
    for case in cases() {
        let mut site = Site::of(&case);
        let mut taken: Vec<&Value> = Vec::new();
        for (body, reply) in case.notifications.iter().zip(&case.expected.http_reply) {
            if *reply == 200 {
                taken.push(body);
                site.claim(body);
            } else {
                site.refuse(*reply);
            }
        }
        if !taken.is_empty() {
            let body = last_answer(&case, &taken);
            site.ask(&body);
        }
        site.check(&case, "all at once");
    }
}
