//! States, reports of agents and refusals in words.

use std::time::Duration;

use super::ConsoleWords;
use crate::domain::order::OrderState;
use crate::domain::role::Role;
use crate::domain::text::turns_direction;
use crate::domain::units::Timestamp;
use crate::protocol::health::ReportText;
use crate::relay::console::overview::SiteCondition;
use crate::ui::catalogue::{fill, words};
use crate::ui::language::Language;
use crate::ui::{Badge, Locale, Tone};
use crate::web::Problem;

/// Clocks that differ by less are right: a report travels, too.
const CLOCK_NOTICED_MS: u64 = 2000;

words! {
    /// States of orders, and why something was refused.
    StateWords {
        created: "Dibuat", "Created";
        pending: "Menunggu", "Pending";
        challenge: "Diperiksa", "Challenge";
        paid: "Dibayar", "Paid";
        expired: "Kedaluwarsa", "Expired";
        cancelled: "Dibatalkan", "Cancelled";
        denied: "Ditolak", "Denied";
        failed: "Gagal", "Failed";
        partially_refunded: "Kembali sebagian", "Partly refunded";
        refunded: "Dikembalikan", "Refunded";
        charged_back: "Ditarik kembali", "Charged back";
        reversed: "Dibatalkan bank", "Reversed";
        review: "Tinjauan", "Review";
        in_file: "Ada di berkas konfigurasi: ubah di sana, lalu muat ulang relay.", "It is in the configuration's file: change it there, and reload the relay.";
        taken: "Nama ini sudah dipakai.", "This name is taken.";
        removed: "Lokasi dengan nama ini pernah dihapus, dan namanya tidak bisa dipakai lagi.", "A site of this name was removed, and its name is never used again.";
        token_taken: "Lokasi lain sudah memakai token ini.", "Another site has this token.";
        other_merchant: "Pesanan lokasi dengan nama ini dibayar ke merchant lain: pakai nama lain.", "Orders of a site of this name were paid to another merchant: take another name.";
        not_disabled: "Lokasi ini masih aktif: nonaktifkan dulu.", "This site is in use: disable it first.";
        just_disabled: "Lokasi ini baru saja dinonaktifkan. Coba lagi sepuluh detik lagi, setelah setiap relay tahu.", "This site was disabled only just now. Try again in ten seconds, when every relay knows.";
        open_orders: "Lokasi ini masih punya pesanan yang bisa dibayar: aktifkan lagi sampai semuanya selesai.", "Orders of this site may still be paid: enable it until they are over.";
        encryption_key: "Kunci server tidak bisa dienkripsi di relay ini; catatan relay menyebut sebabnya.", "The server key cannot be encrypted on this relay; its log says why.";
        own_account: "Untuk akun Anda sendiri, buka halaman Saya.", "For your own account open the page Me.";
        running: "Formulir ini sedang dikerjakan. Lihat hasilnya di halamannya sebelum mengirim lagi.", "This form is being worked on. Look at its page before sending it again.";
        not_found: "Tidak ada.", "There is no such thing.";
        invalid: "Periksa isian formulir ini.", "Check what was typed.";
        store_failed: "Basis data relay tidak bisa dipakai. Tidak ada yang berubah; coba lagi sebentar lagi.", "The relay's database cannot be used. Nothing was changed; try again in a moment.";
    }
}

/// Why something was refused, as a sentence; in the API's words where there is no better one.
pub(crate) fn refusal(language: Language, problem: &Problem) -> String {
    sentence(language, problem).map_or_else(|| problem.detail().to_owned(), str::to_owned)
}

/// The catalogue's sentence for a problem's code.
pub(crate) fn sentence(language: Language, problem: &Problem) -> Option<&'static str> {
    let words = StateWords::of(language);
    Some(match problem.code() {
        "in_file" => words.in_file,
        "taken" => words.taken,
        "removed" => words.removed,
        "token_taken" => words.token_taken,
        "other_merchant" => words.other_merchant,
        "not_disabled" => words.not_disabled,
        "just_disabled" => words.just_disabled,
        "open_orders" => words.open_orders,
        "encryption_key" => words.encryption_key,
        "own_account" => words.own_account,
        "deed_running" => words.running,
        "not_found" => words.not_found,
        "invalid" => words.invalid,
        "store_failed" => words.store_failed,
        _ => return None,
    })
}

/// What is wrong with a field of a form.
pub(crate) fn field_error(words: &ConsoleWords, field: &str, message: &str) -> String {
    let known = match field {
        "id" => words.bad_id,
        "token_sha256" => words.bad_sha256,
        "server_key" => words.bad_server_key,
        "merchant_id" => words.bad_account,
        "password" => words.bad_password,
        "otp" => words.bad_code,
        "name" => words.bad_name,
        "new_password" => words.bad_new_password,
        _ => message,
    };
    known.to_owned()
}

/// A role.
pub(crate) fn role(words: &ConsoleWords, role: Role) -> &'static str {
    match role {
        Role::Viewer | Role::Cashier => words.role_viewer,
        Role::Operator => words.role_operator,
        Role::Owner => words.role_owner,
    }
}

/// How a site is.
pub(crate) fn condition(words: &ConsoleWords, condition: SiteCondition) -> Badge {
    match condition {
        SiteCondition::Well => Badge::good(words.is_well),
        SiteCondition::ToLookAt => Badge::warn(words.is_look),
        SiteCondition::Silent => Badge::bad(words.is_silent),
        SiteCondition::NeverSeen => Badge::plain(words.is_never),
        SiteCondition::Disabled => Badge::plain(words.is_disabled),
        SiteCondition::Removed => Badge::plain(words.is_removed),
    }
}

/// The state of an order.
pub(crate) fn order_state(language: Language, state: OrderState) -> Badge {
    let words = StateWords::of(language);
    let (tone, text) = match state {
        OrderState::Created => (Tone::Plain, words.created),
        OrderState::Pending => (Tone::Plain, words.pending),
        OrderState::Challenge => (Tone::Warn, words.challenge),
        OrderState::Paid => (Tone::Good, words.paid),
        OrderState::Expired => (Tone::Plain, words.expired),
        OrderState::Cancelled => (Tone::Plain, words.cancelled),
        OrderState::Denied => (Tone::Plain, words.denied),
        OrderState::Failed => (Tone::Plain, words.failed),
        OrderState::PartiallyRefunded => (Tone::Warn, words.partially_refunded),
        OrderState::Refunded => (Tone::Warn, words.refunded),
        OrderState::ChargedBack => (Tone::Bad, words.charged_back),
        OrderState::Reversed => (Tone::Bad, words.reversed),
        OrderState::Review => (Tone::Bad, words.review),
    };
    Badge::new(tone, text)
}

/// The state of the link to the router as the agent reports it; of a word that is not known so many characters.
pub(crate) fn router(words: &ConsoleWords, state: &ReportText, chars_max: usize) -> Badge {
    match state.as_str() {
        "ok" => Badge::good(words.router_ok),
        "degraded" => Badge::warn(words.router_degraded),
        "down" => Badge::bad(words.router_down),
        _ => Badge::new(Tone::Plain, shortened(&reported(state), chars_max)),
    }
}

/// The state of the agent's ledger as the agent reports it.
pub(crate) fn store(words: &ConsoleWords, state: &ReportText) -> Badge {
    match state.as_str() {
        "ok" => Badge::good(words.store_ok),
        _ => Badge::new(Tone::Bad, reported(state)),
    }
}

/// A text of a report. Marks that turn its direction would turn what is beside it, too.
pub(crate) fn reported(text: &ReportText) -> String {
    let text = text.as_str();
    if !turns_direction(text) {
        return text.to_owned();
    }
    text.chars().filter(|c| !turns_direction(c.encode_utf8(&mut [0; 4]))).collect()
}

/// The beginning of a text that is longer than so many characters.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    let end = text.char_indices().nth(chars_max).map(|(end, _)| end);
    end.map_or_else(|| text.to_owned(), |end| format!("{}\u{2026}", &text[..end]))
}

/// How long ago something was.
pub(crate) fn ago(locale: &Locale, at: Timestamp, now: Timestamp) -> String {
    let words = ConsoleWords::of(locale.language);
    match u64::try_from(now.0.saturating_sub(at.0)) {
        Ok(ms) if ms >= 10_000 => fill(words.ago, &[&locale.span(Duration::from_millis(ms))]),
        Ok(_) | Err(_) => words.just_now.to_owned(),
    }
}

/// By how much the agent's clock differs.
pub(crate) fn clock(locale: &Locale, ahead_ms: i64) -> String {
    let words = ConsoleWords::of(locale.language);
    if ahead_ms.unsigned_abs() < CLOCK_NOTICED_MS {
        return words.clock_same.to_owned();
    }
    let span = locale.span(Duration::from_millis(ahead_ms.unsigned_abs()));
    fill(if ahead_ms > 0 { words.clock_ahead } else { words.clock_behind }, &[&span])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Zone;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(StateWords::ALL);
    }

    #[test]
    fn a_reported_text_turns_nothing_around_it() {
        assert_eq!(reported(&ReportText::cut("a\u{202e}<b>\u{2066}c")), "a<b>c");
        assert_eq!(reported(&ReportText::cut("7.16 (stable)")), "7.16 (stable)");
        assert_eq!(shortened("\u{e9}\u{e9}\u{e9}", 2), "\u{e9}\u{e9}\u{2026}");
        assert_eq!(shortened("abc", 3), "abc");
    }

    #[test]
    fn clocks_and_times_read_like_a_sentence() {
        let zone = Zone::named("Asia/Jakarta").unwrap();
        let locale = Locale { language: Language::English, zone };
        for (ms, said) in
            [(0, "right"), (-1999, "right"), (2000, "2 seconds ahead"), (-7_200_000, "2 hours behind")]
        {
            assert_eq!(clock(&locale, ms), said, "{ms}");
        }
        let now = Timestamp(1_000_000);
        for (ms, said) in [(0, "just now"), (-5, "just now"), (9_999, "just now"), (180_000, "3 minutes ago")]
        {
            assert_eq!(ago(&locale, Timestamp(now.0 - ms), now), said, "{ms}");
        }
    }
}
