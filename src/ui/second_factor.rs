//! Setting up a second factor: its secret as a QR code and as text, and the form for the first code.

use super::catalogue::words;
use super::{Locale, qr};

words! {
    /// Texts of setting up a second factor.
    FactorWords {
        title: "Verifikasi dua langkah", "Second factor";
        scan: "Pindai kode ini dengan aplikasi autentikator, atau ketik rahasianya, lalu masukkan kode yang muncul.",
            "Scan this code with an authenticator app, or type the secret, and then enter the code it shows.";
        secret: "Rahasia", "Secret";
        code: "Kode 6 angka", "6-digit code";
        confirm: "Pastikan", "Confirm";
        wrong: "Kode tidak cocok. Periksa jam ponsel Anda, lalu coba kode berikutnya.", "The code does not match. Check your phone's clock and try the next code.";
    }
}

/// A secret that waits for its first code, for `pages/pending_factor.html`.
pub(crate) struct PendingFactor {
    pub words: &'static FactorWords,
    /// The secret in groups, as people type it.
    pub secret: String,
    /// The QR code as SVG.
    pub qr: String,
    /// Where the form with the first code goes.
    pub action: &'static str,
    /// What the form carries.
    pub token: String,
}

impl PendingFactor {
    /// The secret with this address for authenticators.
    pub fn of(locale: &Locale, secret: &str, url: &str, action: &'static str, token: &str) -> Self {
        let words = FactorWords::of(locale.language);
        let groups: Vec<String> =
            secret.as_bytes().chunks(4).map(|group| group.escape_ascii().to_string()).collect();
        let qr = qr::svg(url, words.title).unwrap_or_default();
        Self { words, secret: groups.join(" "), qr, action, token: token.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::FactorWords::ALL);
    }
}
