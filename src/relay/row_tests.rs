//! One order, as answers change it.

use super::*;
use crate::domain::payment::{GatewayStatus, Standing};
use crate::domain::units::Rupiah;
use crate::protocol::relay::VirtualAccount;

fn order() -> StoredOrder {
    StoredOrder {
        id: "a".into(),
        merchant: "m".into(),
        site: "s".into(),
        request_id: "r".into(),
        request_hash: [0; 32],
        method: OnlineMethod::Qris,
        amount: Rupiah(1000),
        items: Vec::new(),
        memo: None,
        return_url: None,
        standing: Standing::created(),
        means: PaymentMeans::default(),
        abandoned: false,
        created_at: Timestamp(0),
        expires_at: Timestamp(900_000),
        paid_at: None,
        asked: 0,
        ask_at: None,
        version: 3,
    }
}

fn answer(status: GatewayStatus, code: u16) -> GatewayReport {
    GatewayReport {
        order: Some("a".into()),
        transaction: Some("t".into()),
        status,
        code,
        fraud: None,
        amount: Some(Rupiah(1000)),
        original_amount: None,
        currency: Some("IDR".into()),
        merchant: None,
        refunds: std::collections::BTreeMap::new(),
        refunded: None,
        paid_at: None,
        expires_at: Some(Timestamp(800_000)),
    }
}

fn terms() -> PaymentTerms {
    PaymentTerms { order: "a".into(), amount: Rupiah(1000), merchant: None, fee_imposition: false }
}

#[test]
fn means_are_added_and_never_taken_away() {
    let mut row = order();
    let va = Some(VirtualAccount { bank: "bca".into(), number: "1".into(), biller_code: None });
    add_means(&mut row, &PaymentMeans { va: va.clone(), ..PaymentMeans::default() });
    let other = Some(VirtualAccount { bank: "bca".into(), number: "2".into(), biller_code: None });
    add_means(&mut row, &PaymentMeans { va: other, qr_string: Some("q".into()), ..PaymentMeans::default() });
    add_means(&mut row, &PaymentMeans::default());
    assert_eq!(row.means, PaymentMeans { va, qr_string: Some("q".into()), ..PaymentMeans::default() });
}

#[test]
fn a_charge_found_after_all_is_called_off_when_nobody_was_shown_how_to_pay_it() {
    for (means, abandoned) in [
        (PaymentMeans::default(), true),
        (PaymentMeans { qr_url: Some("u".into()), ..PaymentMeans::default() }, false),
    ] {
        let mut row = order();
        row.means = means;
        row.standing.flags.insert(Flag::ChargeUnknown);
        let effects = apply_report(&mut row, &terms(), &answer(GatewayStatus::Pending, 201), Timestamp(5));
        assert_eq!(effects, [PaymentEffect::Status]);
        assert!(row.standing.flags.is_empty());
        assert_eq!((row.abandoned, row.expires_at), (abandoned, Timestamp(800_000)));
    }
    let mut row = order();
    row.standing.flags.insert(Flag::ChargeUnknown);
    let effects = apply_report(&mut row, &terms(), &answer(GatewayStatus::Settlement, 200), Timestamp(5));
    assert_eq!(effects, [PaymentEffect::Credit]);
    assert!(!row.abandoned && row.paid_at == Some(Timestamp(5)) && row.expires_at == Timestamp(900_000));
}

#[test]
fn names_of_events_tell_the_same_things_apart_from_others_only() {
    let told = |row: &StoredOrder, effect: &PaymentEffect| {
        events(row, std::slice::from_ref(effect))[0].event_id.clone()
    };
    let paid =
        StoredOrder { standing: Standing { state: OrderState::Paid, ..Standing::created() }, ..order() };
    let later = StoredOrder { version: 9, ..paid.clone() };
    assert_eq!(told(&paid, &PaymentEffect::Credit), "order/a/credit");
    let back = PaymentEffect::Reverse { key: "k1".into(), amount: Rupiah(1) };
    assert_eq!(told(&paid, &back), "order/a/reverse/k1");
    assert_ne!(told(&paid, &PaymentEffect::Status), told(&later, &PaymentEffect::Status));
    assert_eq!(told(&paid, &PaymentEffect::Review), told(&later, &PaymentEffect::Review));
    let mut flagged = paid.clone();
    flagged.standing.flags.insert(Flag::PaidTwice);
    assert_ne!(told(&paid, &PaymentEffect::Status), told(&flagged, &PaymentEffect::Status));
}
