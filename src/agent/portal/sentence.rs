//! The state of a customer in one or two sentences.

use std::time::Duration;

use super::dues::{Dues, Reconnection, is_ending};
use super::texts::Words;
use crate::domain::access::{Reason, Status};
use crate::domain::account::Account;
use crate::ui::Locale;
use crate::ui::catalogue::fill;

/// The state, with the price of everything owed and what reconnects.
pub(super) fn sentence(account: &Account, dues: &Dues, words: &Words, locale: &Locale) -> String {
    let left = locale.quota(account.balance.remaining());
    let until = account.expires_at.map(|at| fill(words.until, &[&locale.day_of(at)])).unwrap_or_default();
    let owed = dues.total().map(|rp| fill(words.owed, &[&rp.to_string()])).unwrap_or_default();
    let state = match (account.access.status, account.access.reason) {
        (Status::Active, _) => fill(words.active, &[&left, &until]),
        (Status::Unlimited, _) => fill(words.unlimited, &[&until]),
        (Status::Fup, Some(Reason::Paying)) => {
            fill(words.paying, &[&locale.span(Duration::from_millis(dues.pay_window_ms))])
        }
        (Status::Fup, _) => fill(words.fup, &[&left]),
        (Status::Habis, _) if dues.remedy == Reconnection::BillThenPackage => {
            words.habis_bill_first.to_owned()
        }
        (Status::Habis, _) => words.habis.to_owned(),
        (Status::Expired, _) => words.expired.to_owned(),
        (Status::Inactive, _) if dues.remedy == Reconnection::Package => {
            return words.inactive_buy.to_owned();
        }
        (Status::Inactive, _) => return words.inactive.to_owned(),
        (Status::Blocked, Some(Reason::Admin)) => return words.blocked_admin.to_owned(),
        (Status::Blocked, _) => {
            let text = match dues.remedy {
                Reconnection::Package => words.blocked_package,
                Reconnection::BillThenPackage => words.blocked_both,
                Reconnection::Nothing | Reconnection::Bill | Reconnection::Owner => words.blocked,
            };
            return fill(text, &[&owed]);
        }
    };
    format!("{state}{owed}")
}

/// The colour of a notice with that sentence.
pub(super) fn tone(account: &Account) -> &'static str {
    match account.access.status {
        Status::Active if is_ending(account) => "warn",
        Status::Active | Status::Unlimited => "good",
        Status::Fup | Status::Inactive => "warn",
        Status::Habis | Status::Expired | Status::Blocked => "bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Zone, parse_rfc3339};
    use crate::domain::access::Access;
    use crate::domain::id::UserId;
    use crate::domain::ledger::Balance;
    use crate::domain::units::{Bytes, Rupiah};
    use crate::ui::language::Language;

    #[test]
    fn customers_read_what_holds_in_their_words() {
        let account = |status, reason| Account {
            balance: Balance { credits: Bytes::mb(8704), debits: Bytes::ZERO },
            expires_at: parse_rfc3339("2026-11-22T05:00:00Z"),
            access: Access { status, reason, causes: Vec::new() },
            ..Account::fresh(UserId(uuid::Uuid::nil()), true)
        };
        let rows = [
            (
                Status::Active,
                None,
                "Internet Anda aktif. Sisa 8,50 GB, sampai 22 Nov 2026. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Unlimited,
                None,
                "Internet Anda aktif tanpa batas, sampai 22 Nov 2026. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Fup,
                Some(Reason::Fup),
                "Kecepatan dikurangi. Sisa 8,50 GB. Tambah paket agar kencang lagi. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Fup,
                Some(Reason::Paying),
                "Internet dibuka 10 menit untuk membayar. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Habis,
                Some(Reason::Habis),
                "Kuota Anda habis. Silakan beli paket untuk tersambung lagi. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Expired,
                Some(Reason::Expired),
                "Masa aktif berakhir. Silakan perpanjang. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Inactive,
                Some(Reason::Inactive),
                "Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.",
            ),
            (
                Status::Blocked,
                Some(Reason::DebtLimit),
                "Internet dijeda sementara. Ada tagihan Rp 40.000. Setelah dibayar, tersambung otomatis.",
            ),
            (Status::Blocked, Some(Reason::Admin), "Internet dihentikan pengelola. Hubungi kami."),
        ];
        let locale = Locale { language: Language::Indonesian, zone: Zone::named("Asia/Jakarta").unwrap() };
        let words = Words::of(locale.language);
        for (status, reason, text) in rows {
            let (account, dues) =
                (account(status, reason), Dues::of_price(Rupiah(40_000), Reconnection::Bill));
            assert_eq!(sentence(&account, &dues, words, &locale), text);
        }
        let rows = [
            (
                Status::Habis,
                Reconnection::BillThenPackage,
                "Kuota Anda habis. Bayar tagihan dulu, lalu beli paket untuk tersambung lagi. Ada tagihan Rp 40.000.",
            ),
            (
                Status::Blocked,
                Reconnection::Package,
                "Internet dijeda sementara. Ada tagihan Rp 40.000. Beli paket untuk tersambung lagi.",
            ),
            (
                Status::Blocked,
                Reconnection::BillThenPackage,
                "Internet dijeda sementara. Ada tagihan Rp 40.000. Bayar tagihan dulu, lalu beli paket untuk tersambung lagi.",
            ),
            (
                Status::Inactive,
                Reconnection::Package,
                "Anda sudah terdaftar. Beli paket pertama Anda; akun aktif begitu dibayar.",
            ),
        ];
        for (status, remedy, text) in rows {
            let (account, dues) = (account(status, None), Dues::of_price(Rupiah(40_000), remedy));
            assert_eq!(sentence(&account, &dues, words, &locale), text);
        }
    }
}
