//! Random lives of an order: what a gateway, or somebody who imitates it, may say in any order.

use std::collections::BTreeMap;

use kuota::domain::order::OrderState;
use kuota::domain::payment::{Claim, Fraud, GatewayReport, GatewayStatus as Status, PaymentTerms};
use kuota::domain::units::Rupiah;

use crate::model::Event;

pub const AMOUNT: u64 = 10_000;
const ORDER: &str = "K1-0001-A";
const OURS: &str = "G000000001";

/// Which attempts a life speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginLimiter {
    /// One, whose name is missing here and there.
    One,
    /// Three, always named.
    Several,
    /// Several, with names missing, and the order's id echoed as an attempt's.
    Unclear,
}

/// A seeded source of numbers: splitmix64.
pub struct Dice(pub u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: usize) -> usize {
        let n = u64::try_from(n).expect("a small number");
        usize::try_from(self.next() % n).expect("smaller than n")
    }

    fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }

    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

pub fn terms(dice: &mut Dice) -> PaymentTerms {
    let merchant = dice.percent(70).then(|| OURS.to_owned());
    PaymentTerms {
        order: ORDER.to_owned(),
        amount: Rupiah(AMOUNT),
        merchant,
        fee_imposition: dice.percent(25),
    }
}

pub fn life(dice: &mut Dice, attempts: LoginLimiter) -> Vec<Event> {
    // Most lives are shorter than the longest, and some are nearly honest: else hardly one would be credited.
    let (length, noise) = (1 + dice.below(10), *dice.pick(&[0, 4, 25]));
    let mut events: Vec<Event> = Vec::new();
    for _ in 0..length {
        let event = match dice.below(100) {
            0..30 => Event::Claim(claim(dice, attempts, noise)),
            30..33 => Event::Closed(*dice.pick(&[
                OrderState::Cancelled,
                OrderState::Failed,
                OrderState::Denied,
                OrderState::Expired,
            ])),
            33..48 if !events.is_empty() => dice.pick(&events).clone(),
            _ => Event::Report(report(dice, attempts, noise)),
        };
        events.push(event);
    }
    events
}

fn status(dice: &mut Dice) -> Status {
    match dice.below(100) {
        0..35 => Status::Settlement,
        35..45 => Status::PartialRefund,
        45..55 => Status::Deny,
        _ => *dice.pick(Status::ALL),
    }
}

fn attempt(dice: &mut Dice, attempts: LoginLimiter) -> Option<String> {
    let names = match attempts {
        LoginLimiter::One => &["t1"][..],
        LoginLimiter::Several | LoginLimiter::Unclear => &["t1", "t1", "t2", "t3"][..],
    };
    let is_missing = attempts != LoginLimiter::Several && dice.percent(15);
    (!is_missing).then(|| (*dice.pick(names)).to_owned())
}

fn usual_code(status: Status) -> u16 {
    match status {
        Status::Pending | Status::Authorize => 201,
        Status::Deny | Status::Cancel | Status::Expire | Status::Failure => 202,
        _ => 200,
    }
}

fn claim(dice: &mut Dice, attempts: LoginLimiter, noise: usize) -> Claim {
    let status = status(dice);
    let code = if dice.percent(noise) { *dice.pick(&[200, 201, 202]) } else { usual_code(status) };
    Claim { transaction: attempt(dice, attempts), status, code }
}

fn report(dice: &mut Dice, attempts: LoginLimiter, noise: usize) -> GatewayReport {
    let status = status(dice);
    let transaction = attempt(dice, attempts);
    let mut report = GatewayReport {
        order: dice.percent(80).then(|| ORDER.to_owned()),
        transaction,
        status,
        code: usual_code(status),
        fraud: dice.percent(80).then_some(Fraud::Accept),
        amount: Some(Rupiah(AMOUNT)),
        original_amount: None,
        currency: Some("IDR".to_owned()),
        merchant: dice.percent(80).then(|| OURS.to_owned()),
        refunds: BTreeMap::new(),
        refunded: None,
        paid_at: None,
        expires_at: None,
    };
    if status == Status::Capture && dice.percent(40) {
        (report.fraud, report.code) = (Some(Fraud::Challenge), 201);
    }
    spoil(dice, &mut report, attempts, noise);
    if status.is_money() && status != Status::Settlement {
        list_returns(dice, &mut report);
    }
    report
}

fn spoil(dice: &mut Dice, report: &mut GatewayReport, attempts: LoginLimiter, noise: usize) {
    if dice.percent(noise) {
        report.code = *dice.pick(&[200, 201, 202, 404, 407]);
    }
    if dice.percent(noise) {
        report.fraud = Some(*dice.pick(Fraud::ALL));
    }
    if dice.percent(noise) {
        report.amount =
            *dice.pick(&[None, Some(Rupiah(1_000)), Some(Rupiah(10_071)), Some(Rupiah(u64::MAX))]);
        report.original_amount = *dice.pick(&[None, Some(Rupiah(AMOUNT)), Some(Rupiah(9_000))]);
    }
    if dice.percent(noise) {
        report.currency = dice.pick(&[None, Some("USD"), Some("idr")]).map(str::to_owned);
    }
    if dice.percent(noise) {
        report.merchant = Some("G000000002".to_owned());
    }
    if dice.percent(noise / 2) {
        report.order = Some("K1-0002-A".to_owned());
    }
    if attempts == LoginLimiter::Unclear && dice.percent(noise) {
        report.order.clone_from(&report.transaction);
    }
}

fn list_returns(dice: &mut Dice, report: &mut GatewayReport) {
    for key in ["r1", "r2", "r3", "unlisted", "reversal", "chargeback"] {
        if dice.percent(25) {
            let amount = *dice.pick(&[0, 1_000, 2_500, 3_000, 4_000, AMOUNT, 12_000, u64::MAX]);
            report.refunds.insert(key.to_owned(), Rupiah(amount));
        }
    }
    if dice.percent(40) {
        report.refunded = Some(Rupiah(*dice.pick(&[0, 3_000, 5_000, 9_999, AMOUNT, u64::MAX])));
    }
}
