//! What pages say while the store cannot be written.

use crate::store::Unwritable;
use crate::ui::catalogue::{fill, words};
use crate::ui::language::Language;

words! {
    /// Why nothing can be changed, and what to do.
    StoreWords {
        full: "Kartu penyimpanan penuh, jadi perubahan belum dapat dicatat. Pemakaian tetap dihitung dan blokir tetap berjalan. Kosongkan ruang di {0}; setelah itu perubahan diterima lagi dengan sendirinya.",
            "The card is full, so changes cannot be written down. Usage is still metered and blocks still work. Free space at {0}; changes are then taken again without a restart.";
        read_only: "Kartu penyimpanan hanya dapat dibaca, jadi perubahan belum dapat dicatat. Pemakaian tetap dihitung dan blokir tetap berjalan. Kartu mungkin rusak: unduh cadangan sekarang, lalu ganti kartunya ({0}).",
            "The card can only be read, so changes cannot be written down. Usage is still metered and blocks still work. The card may be failing: download a backup now, then replace it ({0}).";
        busy: "Program lain sedang memegang berkas data: {0}. Perubahan belum dapat dicatat sampai program itu ditutup. Pemakaian tetap dihitung dan blokir tetap berjalan.",
            "Another program holds the data file: {0}. Changes cannot be written down until it is closed. Usage is still metered and blocks still work.";
        damaged: "Sebagian data rusak (tabel {0}), jadi data hanya dibaca dan perubahan ditolak. Pemakaian tetap dihitung dan blokir tetap berjalan. Hentikan layanan lalu pulihkan cadangan: kuotad restore BERKAS.",
            "Some data is damaged (tables {0}), so data is only read and changes are refused. Usage is still metered and blocks still work. Stop the service and restore a backup: kuotad restore FILE.";
        updating: "Versi baru sedang dicoba, jadi perubahan belum diterima selama beberapa menit. Pemakaian tetap dihitung dan blokir tetap berjalan. Bila versi baru tidak jalan, versi lama kembali dengan sendirinya.",
            "A new version is on trial, so changes are not taken for some minutes. Usage is still metered and blocks still work. If it does not work, the version before comes back without your help.";
        passive: "Data ini hasil pemulihan dan masih pasif: router hanya dibaca, tidak ada yang diubah. Ambil alih lokasi ini di halaman Cadangan, atau dengan kuotad take-over.",
            "This data was restored and is still passive: the router is only read and nothing is changed. Take the site over on the page Backups, or with kuotad take-over.";
        fenced: "Mesin lain sudah mengambil alih lokasi ini, jadi mesin ini berhenti: tidak ada yang diubah di router maupun di sini. Matikan mesin ini, atau ambil alih kembali di halaman Cadangan.",
            "Another machine took this site over, so this one stopped: nothing is changed on the router or here. Switch this machine off, or take the site back on the page Backups.";
        customer: "Perubahan dan pembayaran sedang tidak dapat dicatat. Internet Anda tetap berjalan seperti sekarang dan pemakaian tetap dihitung. Silakan coba lagi nanti, atau hubungi pengelola.",
            "Changes and payments cannot be recorded at the moment. Your internet stays as it is and usage is still counted. Please try again later, or ask the owner.";
    }
}

/// The sentence for customers: what it means for them, whatever the reason is.
pub(crate) fn text_for_customers(language: Language, _: &Unwritable) -> String {
    StoreWords::of(language).customer.to_owned()
}

/// The sentence for the desk's pages.
pub(crate) fn text(language: Language, why: &Unwritable) -> String {
    let words = StoreWords::of(language);
    match why {
        Unwritable::Full(path) => fill(words.full, &[&path.display().to_string()]),
        Unwritable::ReadOnly(path) => fill(words.read_only, &[&path.display().to_string()]),
        Unwritable::Busy(holder) => fill(words.busy, &[holder]),
        Unwritable::Damaged(tables) => fill(words.damaged, &[tables]),
        Unwritable::Updating => words.updating.to_owned(),
        Unwritable::Passive => words.passive.to_owned(),
        Unwritable::Fenced(_) => words.fenced.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hindrance_is_told_in_both_languages() {
        crate::ui::catalogue::check(StoreWords::ALL);
        let full = Unwritable::Full("/var/lib/kuota".into());
        assert!(
            text(Language::Indonesian, &full).contains("penuh")
                && !text(Language::English, &full).contains('{')
        );
        assert!(text(Language::English, &full).contains("/var/lib/kuota"));
    }
}
