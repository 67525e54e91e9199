//! Stable names as people read them: what orders are for, how they are paid, where they stand, and their marks.

use crate::agent::config::Language;
use crate::agent::pages::words::words;
use crate::domain::access::{Reason, Status};
use crate::domain::ledger::Kind;
use crate::domain::order::{CashMethod, Flag, Method, OnlineMethod, OrderKind, OrderState};

words! {
    /// Names of orders.
    Names {
        cash: "Tunai", "Cash";
        transfer: "Transfer", "Transfer";
        qris_static: "QRIS cetak", "Printed QRIS";
        snap: "Online (Snap)", "Online (Snap)";
        virtual_account: "Virtual account {0}", "{0} virtual account";
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
        credited_by_owner: "Dibukukan oleh pemilik.", "Credited by the owner.";
        dismissed: "Ditutup oleh pemilik tanpa dibukukan.", "Dismissed by the owner.";
        active: "Aktif", "Active";
        fup: "Kecepatan dikurangi", "Reduced speed";
        habis: "Kuota habis", "Quota used up";
        days_over: "Masa aktif berakhir", "Days are over";
        inactive: "Belum aktif", "Not active yet";
        blocked: "Dijeda", "Stopped";
        unlimited: "Tanpa batas", "Unlimited";
        by_admin: "oleh pengelola", "by an admin";
        paying: "jendela bayar", "pay window";
        debt_limit: "batas tagihan", "debt limit";
        debt_overdue: "tagihan lewat tempo", "overdue debt";
    }
}

/// How an order is paid.
pub(super) fn method(language: Language, method: Method) -> String {
    let names = Names::of(language);
    let name = match method {
        Method::Cash(CashMethod::Cash) => names.cash,
        Method::Cash(CashMethod::Transfer) => names.transfer,
        Method::Cash(CashMethod::QrisStatic) => names.qris_static,
        Method::Online(OnlineMethod::Snap) => names.snap,
        Method::Online(OnlineMethod::Qris) => "QRIS",
        Method::Online(OnlineMethod::Gopay) => "GoPay",
        Method::Online(OnlineMethod::Shopeepay) => "ShopeePay",
        Method::Online(OnlineMethod::VaBca) => return bank(names, "BCA"),
        Method::Online(OnlineMethod::VaBni) => return bank(names, "BNI"),
        Method::Online(OnlineMethod::VaBri) => return bank(names, "BRI"),
        Method::Online(OnlineMethod::VaPermata) => return bank(names, "Permata"),
        Method::Online(OnlineMethod::VaCimb) => return bank(names, "CIMB Niaga"),
        Method::Online(OnlineMethod::VaMandiri) => return bank(names, "Mandiri"),
    };
    name.to_owned()
}

fn bank(names: &Names, bank: &str) -> String {
    crate::agent::pages::words::fill(names.virtual_account, &[bank])
}

/// What an order is for.
pub(super) fn order_kind(language: Language, kind: OrderKind) -> &'static str {
    let names = Names::of(language);
    match kind {
        OrderKind::Purchase => names.purchase,
        OrderKind::SettleAll => names.settle_all,
        OrderKind::SettleItem => names.settle_item,
        OrderKind::PartPayment => names.part_payment,
    }
}

/// Where an order stands, with the class of its badge.
pub(super) fn order_state(language: Language, state: OrderState) -> (&'static str, &'static str) {
    let names = Names::of(language);
    match state {
        OrderState::Created => (names.created, ""),
        OrderState::Pending => (names.pending, "warn"),
        OrderState::Challenge => (names.challenge, "warn"),
        OrderState::Expired => (names.expired, ""),
        OrderState::Cancelled => (names.cancelled, ""),
        OrderState::Denied => (names.denied, ""),
        OrderState::Failed => (names.failed, ""),
        OrderState::Paid => (names.paid, "good"),
        OrderState::PartiallyRefunded => (names.partially_refunded, "warn"),
        OrderState::Refunded => (names.refunded, "warn"),
        OrderState::ChargedBack => (names.charged_back, "bad"),
        OrderState::Reversed => (names.reversed, "bad"),
        OrderState::Review => (names.review, "bad"),
    }
}

/// A mark on an order, in a sentence.
pub(super) fn flag(language: Language, flag: Flag) -> &'static str {
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
        Flag::CreditedByOwner => names.credited_by_owner,
        Flag::Dismissed => names.dismissed,
    }
}

/// Access, with the class of its badge.
pub(super) fn status(language: Language, status: Status) -> (&'static str, &'static str) {
    let names = Names::of(language);
    match status {
        Status::Active => (names.active, "good"),
        Status::Unlimited => (names.unlimited, "good"),
        Status::Fup => (names.fup, "warn"),
        Status::Habis => (names.habis, "warn"),
        Status::Expired => (names.days_over, "warn"),
        Status::Inactive => (names.inactive, ""),
        Status::Blocked => (names.blocked, "bad"),
    }
}

/// Why access is not full, where its status does not say it all.
pub(super) fn reason(language: Language, reason: Option<Reason>) -> &'static str {
    let names = Names::of(language);
    match reason {
        Some(Reason::Admin) => names.by_admin,
        Some(Reason::Paying) => names.paying,
        Some(Reason::DebtLimit) => names.debt_limit,
        Some(Reason::DebtOverdue) => names.debt_overdue,
        Some(Reason::Inactive | Reason::Expired | Reason::Habis | Reason::Fup) | None => "",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::agent::pages::words::check(super::Names::ALL);
    }
}
