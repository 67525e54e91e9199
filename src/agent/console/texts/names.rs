//! Names of order purposes, states and flags for people.

use crate::domain::order::{Flag, OrderKind, OrderState};
use crate::ui::catalogue::words;
use crate::ui::language::Language;
use crate::ui::{Badge, Tone};

words! {
    /// Names of orders.
    Names {
        purchase: "Paket", "Package";
        settle_all: "Semua tagihan", "All debts";
        settle_item: "Satu tagihan", "One debt";
        part_payment: "Cicilan tagihan", "Part payment";
        created: "Sedang dibuat", "Being opened";
        pending: "Menunggu dibayar", "Waiting for payment";
        challenge: "Diperiksa bank", "Checked by the bank";
        expired: "Kedaluwarsa", "Expired";
        cancelled: "Dibatalkan", "Cancelled";
        denied: "Ditolak", "Denied";
        failed: "Gagal", "Failed";
        paid: "Lunas", "Paid";
        partially_refunded: "Dikembalikan sebagian", "Partly refunded";
        refunded: "Dikembalikan", "Refunded";
        charged_back: "Ditarik bank pembayar", "Charged back";
        reversed: "Ditarik gerbang", "Reversed";
        review: "Perlu keputusan", "In review";
        late_settlement: "Dibayar setelah kedaluwarsa; tetap dibukukan.", "Paid after it had expired; credited all the same.";
        paid_after_cancel: "Dibayar setelah dibatalkan.", "Paid after it was cancelled.";
        paid_after_reversal: "Dibayar setelah uangnya ditarik kembali.", "Paid after the money had been taken back.";
        paid_twice: "Dibayar dua kali.", "Paid twice.";
        stale_or_forged: "Ada pemberitahuan bayar yang tidak diakui gerbang pembayaran.", "Somebody claimed a payment that the gateway does not confirm.";
        bad_signature: "Ada pemberitahuan dengan tanda tangan yang salah.", "A notification had a wrong signature.";
        malformed: "Ada pemberitahuan yang tidak bisa dibaca.", "A notification could not be read.";
        amount_mismatch: "Jumlah yang dibayar berbeda.", "Another amount was paid.";
        currency_mismatch: "Dibayar dengan mata uang lain.", "Paid in another currency.";
        merchant_mismatch: "Dibayar ke merchant lain.", "Paid to another merchant.";
        order_mismatch: "Gerbang menjawab tentang pembayaran lain.", "The gateway answers about another order.";
        inconsistent: "Jawaban gerbang saling bertentangan.", "The gateway contradicts itself.";
        fraud_challenge: "Pemeriksaan penipuan menunggu di gerbang pembayaran.", "The fraud check waits at the gateway.";
        fraud_status: "Lunas walau pemeriksaan penipuan menolak.", "Settled although the fraud check refused.";
        partial_refund: "Sebagian uang dikembalikan.", "Part of the money went back.";
        provider_reversal: "Gerbang menarik uangnya kembali.", "The gateway took the money back.";
        chargeback: "Bank pembayar menarik uangnya kembali.", "The payer's bank took the money back.";
        charge_unknown: "Gerbang tidak pernah memberi tahu nasib pembayaran ini.", "The gateway never said what became of it.";
        surplus: "Sebagian sudah tidak terutang, jadi menjadi kuota.", "Some was no longer owed and became quota.";
        nothing_owed: "Yang dibayar sudah tidak terutang.", "What was paid was no longer owed.";
        reverse_by_hand: "Akibatnya tidak bisa dibatalkan sendiri; perbaiki dengan tangan.", "Its effects could not be undone by rule; correct them by hand.";
        rebuilt: "Disusun ulang dari catatan pembayaran.", "Rebuilt from what the payment carried.";
        unsigned: "Catatan pembayaran ini tidak ditandatangani situs ini; periksa pembeli dan isinya sebelum dibukukan.", "What this payment carried is not signed by this site; check who and what it is for before crediting it.";
        unreadable: "Relay mengirim kabar yang tidak dikenal di sini; lihat jejak audit.", "The relay told something of it that is not known here; see the audit.";
        credited_by_owner: "Dibukukan oleh pemilik.", "Credited by the owner.";
        dismissed: "Ditutup oleh pemilik tanpa dibukukan.", "Dismissed by the owner.";
    }
}

/// What an order is for.
pub(crate) fn order_kind(language: Language, kind: OrderKind) -> &'static str {
    let names = Names::of(language);
    match kind {
        OrderKind::Purchase => names.purchase,
        OrderKind::SettleAll => names.settle_all,
        OrderKind::SettleItem => names.settle_item,
        OrderKind::PartPayment => names.part_payment,
    }
}

/// The state of an order, as a badge.
pub(crate) fn order_state(language: Language, state: OrderState) -> Badge {
    let names = Names::of(language);
    let (tone, text) = match state {
        OrderState::Created => (Tone::Plain, names.created),
        OrderState::Pending => (Tone::Warn, names.pending),
        OrderState::Challenge => (Tone::Warn, names.challenge),
        OrderState::Expired => (Tone::Plain, names.expired),
        OrderState::Cancelled => (Tone::Plain, names.cancelled),
        OrderState::Denied => (Tone::Plain, names.denied),
        OrderState::Failed => (Tone::Plain, names.failed),
        OrderState::Paid => (Tone::Good, names.paid),
        OrderState::PartiallyRefunded => (Tone::Warn, names.partially_refunded),
        OrderState::Refunded => (Tone::Warn, names.refunded),
        OrderState::ChargedBack => (Tone::Bad, names.charged_back),
        OrderState::Reversed => (Tone::Bad, names.reversed),
        OrderState::Review => (Tone::Bad, names.review),
    };
    Badge::new(tone, text)
}

/// A mark on an order, in a sentence.
pub(crate) fn flag(language: Language, flag: Flag) -> &'static str {
    let names = Names::of(language);
    match flag {
        Flag::LateSettlement => names.late_settlement,
        Flag::PaidAfterCancel => names.paid_after_cancel,
        Flag::PaidAfterReversal => names.paid_after_reversal,
        Flag::PaidTwice => names.paid_twice,
        Flag::StaleOrForged => names.stale_or_forged,
        Flag::BadSignature => names.bad_signature,
        Flag::Malformed => names.malformed,
        Flag::AmountMismatch => names.amount_mismatch,
        Flag::CurrencyMismatch => names.currency_mismatch,
        Flag::MerchantMismatch => names.merchant_mismatch,
        Flag::OrderMismatch => names.order_mismatch,
        Flag::Inconsistent => names.inconsistent,
        Flag::FraudChallenge => names.fraud_challenge,
        Flag::FraudStatus => names.fraud_status,
        Flag::PartialRefund => names.partial_refund,
        Flag::ProviderReversal => names.provider_reversal,
        Flag::Chargeback => names.chargeback,
        Flag::ChargeUnknown => names.charge_unknown,
        Flag::Surplus => names.surplus,
        Flag::NothingOwed => names.nothing_owed,
        Flag::ReverseByHand => names.reverse_by_hand,
        Flag::Rebuilt => names.rebuilt,
        Flag::Unsigned => names.unsigned,
        Flag::Unreadable => names.unreadable,
        Flag::CreditedByOwner => names.credited_by_owner,
        Flag::Dismissed => names.dismissed,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::Names::ALL);
    }
}
