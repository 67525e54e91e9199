//! Tables of the reducer: messages in, and what must follow. The sequences of the gateway's fixtures run through it
//! in the two ways in which a relay may process them.

use super::*;

#[path = "payment_fixture_tests.rs"]
mod fixtures;

const AMOUNT: Rupiah = Rupiah(10_000);

fn terms() -> PaymentTerms {
    PaymentTerms {
        order: "K1-0001-A".to_owned(),
        amount: AMOUNT,
        merchant: Some("G000000001".to_owned()),
        fee_imposition: false,
    }
}

fn code(status: GatewayStatus) -> u16 {
    match status {
        GatewayStatus::Pending | GatewayStatus::Authorize => 201,
        _ if status.is_money() => 200,
        _ => 202,
    }
}

/// A report as the gateway makes it for an attempt of the order.
fn report(word: &str, attempt: &str) -> GatewayReport {
    let status = GatewayStatus::from_name(word).expect("a word of the gateway");
    GatewayReport {
        order: Some("K1-0001-A".to_owned()),
        transaction: (attempt != "?").then(|| attempt.to_owned()),
        status,
        code: code(status),
        fraud: Some(Fraud::Accept),
        amount: Some(AMOUNT),
        original_amount: None,
        currency: Some(CURRENCY.to_owned()),
        merchant: Some("G000000001".to_owned()),
        refunds: BTreeMap::new(),
        refunded: None,
        paid_at: None,
        expires_at: None,
    }
}

/// What happens to an order, in a few words: `claim settlement A`, `settlement A amount=1000`, `partial_refund A
/// r1=3000 total=3000`, `closed cancelled`, `flag malformed`. The attempt `?` is not named.
fn message(standing: &Standing, terms: &PaymentTerms, text: &str) -> Advance {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[0] {
        "closed" => standing.closed(OrderState::from_name(words[1]).expect("a state")),
        "flag" => standing.flagged(Flag::from_name(words[1]).expect("a flag")),
        "claim" => {
            let told = edited(report(words[1], words[2]), &words[3..]);
            let claim = Claim { transaction: told.transaction, status: told.status, code: told.code };
            Advance { standing: standing.claimed(&claim), effects: Vec::new() }
        }
        word => standing.reported(terms, &edited(report(word, words[1]), &words[2..])),
    }
}

fn edited(mut report: GatewayReport, edits: &[&str]) -> GatewayReport {
    for edit in edits {
        let (name, value) = edit.split_once('=').expect("name=value");
        let text = (value != "-").then(|| value.to_owned());
        let rupiah = || text.as_ref().map(|text| Rupiah(text.parse().expect("rupiah")));
        match name {
            "code" => report.code = value.parse().expect("a code"),
            "fraud" => report.fraud = text.as_deref().map(|word| Fraud::from_name(word).expect("a verdict")),
            "amount" => report.amount = rupiah(),
            "original" => report.original_amount = rupiah(),
            "currency" => report.currency = text,
            "merchant" => report.merchant = text,
            "order" => report.order = text,
            "total" => report.refunded = rupiah(),
            key => drop(report.refunds.insert(key.to_owned(), rupiah().expect("rupiah"))),
        }
    }
    report
}

fn told(effects: &[PaymentEffect]) -> String {
    let words = effects.iter().map(|effect| match effect {
        PaymentEffect::Credit => "credit".to_owned(),
        PaymentEffect::Reverse { key, amount } => format!("{key}:{}", amount.0),
        PaymentEffect::Review => "review".to_owned(),
        PaymentEffect::Status => "status".to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Messages, separated by `;`, then the state, the flags, and what the last message reports to the site.
type Row = (&'static str, OrderState, &'static [Flag], &'static str);

fn check_with(terms: &PaymentTerms, rows: &[Row]) {
    for (messages, state, flags, effects) in rows {
        let mut last = Advance { standing: Standing::created(), effects: Vec::new() };
        for text in messages.split(';') {
            last = message(&last.standing, terms, text);
        }
        let found = (last.standing.state, last.standing.flags.iter().copied().collect::<Vec<_>>());
        let mut flags = flags.to_vec();
        flags.sort();
        assert_eq!(found, (*state, flags), "{messages}");
        assert_eq!(told(&last.effects), *effects, "{messages}");
    }
}

fn check(rows: &[Row]) {
    check_with(&terms(), rows);
}

use Flag::{
    AmountMismatch, BadSignature, ChargeUnknown, Chargeback, CurrencyMismatch, FraudChallenge, FraudStatus,
    Inconsistent, LateSettlement, Malformed, MerchantMismatch, OrderMismatch, PaidAfterCancel,
    PaidAfterReversal, PaidTwice, PartialRefund, ProviderReversal, StaleOrForged,
};
use OrderState::{
    Cancelled, Challenge, ChargedBack, Created, Denied, Expired, Failed, Paid, PartiallyRefunded, Pending,
    Refunded, Reversed, Review,
};

#[test]
fn before_money_a_state_rises_and_never_falls() {
    check(&[
        ("pending A", Pending, &[], "status"),
        ("authorize A", Pending, &[], "status"),
        ("pending A; pending A", Pending, &[], ""),
        ("capture A fraud=challenge code=201", Challenge, &[FraudChallenge], "status"),
        ("capture A fraud=challenge code=201; pending A", Challenge, &[FraudChallenge], ""),
        ("pending A; expire A", Expired, &[], "status"),
        ("pending A; cancel A", Cancelled, &[], "status"),
        ("pending A; deny A", Denied, &[], "status"),
        ("pending A; failure A", Failed, &[], "status"),
        ("expire A code=407", Expired, &[], "status"),
        ("cancel A code=200", Cancelled, &[], "status"),
        ("expire A; pending A", Expired, &[], ""),
        ("deny A; pending B", Denied, &[], ""),
        ("expire A; cancel A", Expired, &[], ""),
        ("cancel A; expire A", Cancelled, &[], ""),
        ("deny A; capture B fraud=challenge", Denied, &[FraudChallenge], "status"),
        ("capture A fraud=challenge; deny A", Denied, &[], "status"),
        ("closed failed", Failed, &[], "status"),
        ("pending A; closed cancelled", Cancelled, &[], "status"),
        ("expire A; closed cancelled", Expired, &[], ""),
        ("settlement A; closed cancelled", Paid, &[], ""),
        ("closed review", Created, &[], ""),
        ("closed paid", Created, &[], ""),
        ("pending A; flag malformed", Pending, &[Malformed], "status"),
        ("flag bad_signature; flag bad_signature", Created, &[BadSignature], ""),
    ]);
}

#[test]
fn money_is_credited_once_whatever_comes_before_and_after() {
    check(&[
        ("settlement A", Paid, &[], "credit"),
        ("pending A; settlement A", Paid, &[], "credit"),
        ("capture A", Paid, &[], "credit"),
        ("capture A; settlement A", Paid, &[], ""),
        ("capture A fraud=challenge; capture A", Paid, &[], "credit"),
        ("settlement A; settlement A", Paid, &[], ""),
        ("settlement A; pending A", Paid, &[], ""),
        ("settlement A; settlement ?", Paid, &[], ""),
        ("settlement A fraud=-", Paid, &[], "credit"),
        ("settlement A merchant=-", Paid, &[], "credit"),
        ("settlement A order=-", Paid, &[], "credit"),
        ("settlement A; settlement B", Paid, &[PaidTwice], "status"),
        ("settlement A; settlement B amount=1", Paid, &[PaidTwice], "status"),
        ("flag charge_unknown; settlement A", Paid, &[], "credit"),
        ("flag charge_unknown; settlement A order=X", Created, &[ChargeUnknown, OrderMismatch], "status"),
    ]);
}

#[test]
fn money_after_an_end_is_late_or_ordinary_or_waits_for_a_person() {
    check(&[
        ("expire A; settlement A", Paid, &[LateSettlement], "credit"),
        ("expire A; settlement B", Paid, &[LateSettlement], "credit"),
        ("failure A; settlement A", Paid, &[LateSettlement], "credit"),
        ("closed failed; settlement A", Paid, &[LateSettlement], "credit"),
        ("deny A; settlement A", Paid, &[LateSettlement], "credit"),
        ("deny A; settlement B", Paid, &[], "credit"),
        ("deny A; deny B; settlement A", Paid, &[LateSettlement], "credit"),
        ("deny A; expire B; settlement B", Paid, &[LateSettlement], "credit"),
        ("deny ?; settlement A", Paid, &[LateSettlement], "credit"),
        ("cancel A; settlement A", Review, &[PaidAfterCancel], "review"),
        ("cancel A; settlement A; settlement A", Review, &[PaidAfterCancel], ""),
        ("cancel A; settlement B", Review, &[PaidAfterCancel], "review"),
        ("closed cancelled; settlement A", Review, &[PaidAfterCancel], "review"),
        // Cancelled while another end was shown: the cancel was an answer, too.
        ("deny A; cancel B; settlement B", Review, &[PaidAfterCancel], "review"),
        ("expire A; closed cancelled; settlement A", Review, &[PaidAfterCancel], "review"),
        ("cancel A; partial_refund A r1=3000", Review, &[PaidAfterCancel, PartialRefund], "review"),
        ("cancel A; settlement A amount=1", Review, &[PaidAfterCancel, AmountMismatch], "review"),
    ]);
}

#[test]
fn a_claim_is_remembered_and_believed_by_nobody() {
    check(&[
        ("claim settlement A", Created, &[], ""),
        ("settlement A; claim deny A; claim refund A", Paid, &[], ""),
        ("claim settlement A; pending A", Pending, &[StaleOrForged], "status"),
        ("claim settlement A; pending A; settlement A", Paid, &[], "credit"),
        ("claim settlement A code=202; expire A", Expired, &[StaleOrForged], "status"),
        ("claim settlement A; expire A", Expired, &[StaleOrForged], "status"),
        ("claim settlement A code=201; deny A", Denied, &[StaleOrForged], "status"),
        ("claim capture A code=201; capture A fraud=challenge", Challenge, &[FraudChallenge], "status"),
        ("claim capture A code=201; capture A fraud=challenge; deny A", Denied, &[], "status"),
        ("claim settlement A; settlement A code=201", Created, &[Inconsistent], "status"),
        ("claim expire A; settlement A", Paid, &[LateSettlement], "credit"),
        ("claim expire A; claim settlement A; settlement A", Paid, &[LateSettlement], "credit"),
        ("claim settlement A; claim expire A; settlement A", Paid, &[], "credit"),
        ("claim settlement A; claim cancel A; settlement A", Paid, &[], "credit"),
        ("claim deny A; claim settlement B; settlement B", Paid, &[], "credit"),
        ("claim deny A; settlement A", Paid, &[LateSettlement], "credit"),
        ("claim cancel A; settlement A", Review, &[PaidAfterCancel], "review"),
        ("claim cancel A; claim expire A; settlement A", Review, &[PaidAfterCancel], "review"),
        // Made of a body that was signed for something else.
        ("claim cancel A code=201; settlement A", Paid, &[], "credit"),
        ("claim cancel A code=200; settlement A", Paid, &[], "credit"),
        // The gateway was asked since, and knew better.
        ("claim cancel A; pending A; settlement A", Paid, &[], "credit"),
    ]);
}

#[test]
fn a_settlement_that_is_taken_back_is_undone() {
    check(&[
        ("settlement A; deny A", Reversed, &[ProviderReversal], "reversal:10000"),
        ("settlement A; deny ?", Reversed, &[ProviderReversal], "reversal:10000"),
        ("settlement A; deny A; deny A", Reversed, &[ProviderReversal], ""),
        ("capture A; cancel A", Reversed, &[ProviderReversal], "reversal:10000"),
        ("settlement A; expire A", Reversed, &[ProviderReversal], "reversal:10000"),
        ("settlement B; deny A", Paid, &[], ""),
        ("deny A; settlement B; deny A", Paid, &[], ""),
        (
            "settlement A; partial_refund A r1=3000; deny A",
            Reversed,
            &[PartialRefund, ProviderReversal],
            "reversal:7000",
        ),
        (
            "settlement A; partial_refund A reversal=3000; deny A",
            Reversed,
            &[PartialRefund, ProviderReversal],
            "reversal+:7000",
        ),
        ("claim settlement A; deny A", Reversed, &[ProviderReversal], "status"),
        ("claim settlement A; pending A; deny A", Reversed, &[ProviderReversal], "status"),
        ("deny A; claim settlement A; deny A", Reversed, &[ProviderReversal], "status"),
        // Another attempt's claim says nothing of this one, and its money is yet to come.
        ("claim settlement B; deny A", Denied, &[StaleOrForged], "status"),
        ("claim settlement B; deny A; settlement B", Paid, &[], "credit"),
        ("settlement A; deny A; settlement A", Review, &[ProviderReversal, PaidAfterReversal], "review"),
        ("settlement A; deny A; settlement B", Review, &[ProviderReversal, PaidAfterReversal], "review"),
        (
            "settlement A; deny A; settlement A; deny A",
            Reversed,
            &[ProviderReversal, PaidAfterReversal],
            "status",
        ),
        (
            "settlement A; deny A; settlement A fraud=deny; settlement A",
            Review,
            &[ProviderReversal, PaidAfterReversal, FraudStatus],
            "",
        ),
        ("settlement A; chargeback A; settlement A", Review, &[Chargeback, PaidAfterReversal], "review"),
    ]);
}

#[test]
fn what_goes_back_is_undone_once_for_each_key_and_never_beyond_what_was_paid() {
    check(&[
        ("settlement A; refund A r1=10000", Refunded, &[], "r1:10000"),
        ("settlement A; refund A r1=10000; refund A r1=10000", Refunded, &[], ""),
        ("settlement A; refund A", Refunded, &[], "unlisted:10000"),
        ("settlement A; refund A r1=4000", Refunded, &[], "r1:4000 unlisted:6000"),
        ("settlement A; partial_refund A r1=3000", PartiallyRefunded, &[PartialRefund], "r1:3000"),
        (
            "settlement A; partial_refund A r1=3000; partial_refund A r1=3000",
            PartiallyRefunded,
            &[PartialRefund],
            "",
        ),
        (
            "settlement A; partial_refund A r1=3000; partial_refund A r1=3000 r2=2000 total=5000",
            PartiallyRefunded,
            &[PartialRefund],
            "r2:2000",
        ),
        (
            "settlement A; partial_refund A r1=3000 total=5000",
            PartiallyRefunded,
            &[PartialRefund],
            "r1:3000 unlisted:2000",
        ),
        // Reported as a sum first and listed later: the same money.
        (
            "settlement A; partial_refund A total=3000; partial_refund A r1=3000 total=3000",
            PartiallyRefunded,
            &[PartialRefund],
            "",
        ),
        (
            "settlement A; partial_refund A total=3000; partial_refund A r1=3000 r2=2000",
            PartiallyRefunded,
            &[PartialRefund],
            "r1:2000",
        ),
        (
            "settlement A; partial_refund A total=3000; partial_refund A total=5000",
            PartiallyRefunded,
            &[PartialRefund],
            "unlisted+:2000",
        ),
        ("settlement A; partial_refund A r1=3000; refund A r1=3000 r2=7000", Refunded, &[], "r2:7000"),
        ("settlement A; partial_refund A r1=3000; settlement A", PartiallyRefunded, &[PartialRefund], ""),
        (
            "settlement A; partial_refund A r1=18446744073709551615 r2=18446744073709551615",
            Refunded,
            &[],
            "r1:10000",
        ),
        ("settlement A; partial_refund A total=18446744073709551615", Refunded, &[], "unlisted:10000"),
        ("settlement A; partial_refund A", PartiallyRefunded, &[PartialRefund], "status"),
        ("settlement A; partial_refund A r1=0", PartiallyRefunded, &[PartialRefund], "status"),
        ("settlement A; refund A code=201", Paid, &[Inconsistent], "status"),
        ("settlement A; refund B r1=10000", Paid, &[], ""),
        ("settlement A; partial_refund B r1=3000", Paid, &[PaidTwice, PartialRefund], "status"),
        ("settlement A; chargeback A", ChargedBack, &[Chargeback], "chargeback:10000"),
        (
            "settlement A; partial_chargeback A c1=4000",
            PartiallyRefunded,
            &[Chargeback, PartialRefund],
            "c1:4000",
        ),
        ("settlement A; refund A; chargeback A", Refunded, &[Chargeback], "status"),
        ("settlement A; refund A; settlement A", Refunded, &[], ""),
        ("settlement A; refund A; partial_refund A r1=1", Refunded, &[], ""),
        ("settlement A; refund A; settlement B", Review, &[PaidAfterReversal], "review"),
    ]);
}

#[test]
fn a_return_nobody_was_credited_for_proves_the_payment_or_ends_the_order() {
    check(&[
        ("partial_refund A r1=3000", PartiallyRefunded, &[PartialRefund], "credit r1:3000"),
        (
            "expire A; partial_refund A r1=3000",
            PartiallyRefunded,
            &[PartialRefund, LateSettlement],
            "credit r1:3000",
        ),
        ("partial_refund A r1=3000 currency=-", Review, &[CurrencyMismatch, PartialRefund], "review"),
        (
            "partial_refund A r1=3000 currency=-; partial_refund A r1=3000",
            PartiallyRefunded,
            &[CurrencyMismatch, PartialRefund],
            "credit r1:3000",
        ),
        ("partial_refund A r1=3000 fraud=deny", Review, &[FraudStatus, PartialRefund], "review"),
        ("partial_refund A r1=3000 code=202", Created, &[Inconsistent], "status"),
        ("refund A r1=10000", Refunded, &[], "status"),
        ("partial_refund A r1=10000", Refunded, &[], "status"),
        ("chargeback A", ChargedBack, &[Chargeback], "status"),
        ("expire A; refund A", Refunded, &[], "status"),
        ("refund A; settlement A", Refunded, &[], ""),
        // The wallet gave the first attempt back; the second was paid, too, and must not be lost.
        ("refund A; settlement B", Review, &[PaidAfterReversal], "review"),
    ]);
}

#[test]
fn what_goes_back_while_a_person_decides_is_counted_and_nothing_is_undone() {
    const FIRST: &str = "settlement A amount=1; partial_refund A amount=1 r1=3000";
    const SECOND: &str =
        "settlement A amount=1; partial_refund A amount=1 r1=3000; partial_refund A amount=1 r1=3000 r2=1000";
    check(&[
        (FIRST, Review, &[AmountMismatch, PartialRefund], "status"),
        (SECOND, Review, &[AmountMismatch, PartialRefund], "status"),
    ]);
    let unlisted = format!("{FIRST}; partial_refund A amount=1 r1=3000 total=5000");
    for (text, returned) in [(FIRST, 3000), (SECOND, 4000), (&unlisted, 5000)] {
        let messages = text.split("; ");
        let last = messages.fold(Standing::created(), |s, text| message(&s, &terms(), text).standing);
        assert_eq!((last.returned(), last.refunded()), (Rupiah(returned), Rupiah::ZERO), "{text}");
    }
}

#[test]
fn a_payment_that_differs_from_what_was_ordered_is_credited_to_nobody() {
    check(&[
        ("settlement A amount=1000", Review, &[AmountMismatch], "review"),
        ("settlement A amount=10071", Review, &[AmountMismatch], "review"),
        ("settlement A amount=10071 original=10000", Review, &[AmountMismatch], "review"),
        ("settlement A amount=-", Review, &[AmountMismatch], "review"),
        ("settlement A currency=USD", Review, &[CurrencyMismatch], "review"),
        ("settlement A currency=-", Review, &[CurrencyMismatch], "review"),
        ("settlement A merchant=G000000002", Review, &[MerchantMismatch], "review"),
        ("settlement A order=K1-0002-A", Created, &[OrderMismatch], "status"),
        ("settlement A order=A", Created, &[OrderMismatch], "status"),
        ("pending A; settlement A order=A", Paid, &[], "credit"),
        ("settlement A fraud=deny", Review, &[FraudStatus], "review"),
        ("settlement A fraud=challenge", Review, &[FraudStatus], "review"),
        ("capture A fraud=deny", Review, &[FraudStatus], "review"),
        ("settlement A amount=1 currency=USD", Review, &[AmountMismatch, CurrencyMismatch], "review"),
        ("settlement A amount=1; settlement A amount=1", Review, &[AmountMismatch], ""),
        ("settlement A code=201", Created, &[Inconsistent], "status"),
        ("pending A; settlement A code=202", Pending, &[Inconsistent], "status"),
        ("capture A fraud=-", Created, &[Inconsistent], "status"),
        ("settlement A; settlement A amount=1", Paid, &[Inconsistent], "status"),
        ("settlement A; settlement A fraud=deny", Paid, &[Inconsistent], "status"),
        ("settlement A; settlement A order=X", Paid, &[OrderMismatch], "status"),
        ("settlement A; deny A order=X", Paid, &[OrderMismatch], "status"),
    ]);
    let fee = PaymentTerms { fee_imposition: true, ..terms() };
    check_with(
        &fee,
        &[
            ("settlement A amount=10071 original=10000", Paid, &[], "credit"),
            ("settlement A", Paid, &[], "credit"),
            ("settlement A amount=10071", Review, &[AmountMismatch], "review"),
            ("settlement A amount=10000 original=9929", Review, &[AmountMismatch], "review"),
        ],
    );
    let any = PaymentTerms { merchant: None, ..terms() };
    check_with(&any, &[("settlement A merchant=G000000002", Paid, &[], "credit")]);
}

#[test]
fn a_review_ends_with_clean_money_or_when_all_of_its_money_is_gone() {
    check(&[
        ("settlement A currency=-; settlement A", Paid, &[CurrencyMismatch], "credit"),
        ("settlement A amount=1; settlement B", Paid, &[AmountMismatch, PaidTwice], "credit"),
        ("settlement B; settlement A amount=1", Paid, &[PaidTwice], "status"),
        (
            "expire A; settlement A currency=-; settlement A",
            Paid,
            &[CurrencyMismatch, LateSettlement],
            "credit",
        ),
        (
            "settlement A amount=1; cancel B; settlement B",
            Review,
            &[AmountMismatch, PaidAfterCancel, PaidTwice],
            "status",
        ),
        ("settlement A amount=1; deny A", Reversed, &[AmountMismatch, ProviderReversal], "status"),
        ("settlement A amount=1; refund A", Refunded, &[AmountMismatch], "status"),
        ("settlement A amount=1; refund B", Review, &[AmountMismatch], ""),
        ("settlement A amount=1; deny B", Review, &[AmountMismatch], ""),
        ("settlement A amount=1; settlement B amount=1; refund A", Review, &[AmountMismatch, PaidTwice], ""),
        (
            "settlement A amount=1; settlement B amount=1; refund A; refund B",
            Refunded,
            &[AmountMismatch, PaidTwice],
            "status",
        ),
        // Paid twice, and the payment that was credited goes back: the other one is nobody's.
        ("settlement A; settlement B; refund A", Review, &[PaidTwice], "unlisted:10000 review"),
        (
            "settlement A; settlement B; deny A",
            Review,
            &[PaidTwice, ProviderReversal],
            "reversal:10000 review",
        ),
        ("settlement A; settlement B; refund A; refund A", Review, &[PaidTwice], ""),
        ("settlement A; settlement B; refund A; refund B", Refunded, &[PaidTwice], "status"),
        ("settlement A; settlement B; refund A; settlement B", Review, &[PaidTwice], ""),
        ("settlement A; settlement B; refund B", Paid, &[PaidTwice], ""),
        ("settlement A; settlement B; refund B; refund A", Refunded, &[PaidTwice], "unlisted:10000"),
    ]);
}
