//! Texts of the page about versions.

use crate::ui::catalogue::words;

words! {
    /// The page's texts.
    VersionWords {
        title: "Versi", "Version";
        running: "Versi {0} sedang berjalan.", "Version {0} is running.";
        checked: "Terakhir dicari {0}.", "Last looked for {0}.";
        never: "Belum pernah dicari. Ada pencarian setiap malam sekitar pukul 03.30.",
            "Not looked for yet. Every night at about 3.30 there is a look.";
        up_to_date: "Ini versi terbaru.", "This is the latest version.";
        install: "Versi {0} siap dipasang.", "Version {0} is ready to be installed.";
        too_young: "Versi {0} baru keluar. Dipasang setelah tiga hari, kecuali menambal celah keamanan.",
            "Version {0} has just come out. It is installed after three days, unless it mends a hole.";
        returned: "Versi {0} sudah dicoba dan tidak jalan. Dicoba lagi seminggu sesudahnya.",
            "Version {0} was tried and did not work. It is tried again a week after.";
        metered: "Versi {0} menunggu sambungan internet yang tidak dihitung per pemakaian.",
            "Version {0} waits for a connection that is not paid by what flows.";
        last: "Pembaruan terakhir", "Last update";
        updated: "Versi {0} dipasang {1}, menggantikan versi {2}.", "Version {0} was installed {1}, in place of {2}.";
        came_back: "Versi {0} dicoba {1} dan tidak jalan, jadi versi {2} kembali. Tidak ada catatan yang hilang.",
            "Version {0} was tried {1} and did not work, so version {2} is back. No record is lost.";
        kept: "Versi {0} dipasang {1} dan tidak jalan sebaik versi {2}, tetapi sudah menerima perubahan. Periksa halaman kesehatan.",
            "Version {0} was installed {1} and does not work as well as {2}, but it has taken changes. Look at the health page.";
        wait_came_back: "Pembaruan ke versi {0} tidak jalan; versi lama kembali", "The update to version {0} did not work; the version before is back";
        how: "Cara memperbarui", "How updates work";
        how_text: "Sebelum dipasang, seluruh data disalin. Versi baru dicoba paling lama dua menit; selama itu pemakaian tetap dihitung, tetapi perubahan ditolak. Bila ada yang tidak jalan, versi lama kembali bersama datanya.",
            "Before an update all data is copied. The new version is on trial for at most two minutes; meanwhile usage is metered, and changes are refused. If something does not work, the version before comes back with its data.";
        ask: "Cari dan pasang sekarang", "Look and install now";
        asked: "Pembaruan diminta. Hasilnya tampil di halaman ini.", "An update was asked for. Its result will be on this page.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(VersionWords::ALL);
    }
}
