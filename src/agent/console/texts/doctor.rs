//! Texts of the page with the checks of router, relay and machine.

use crate::ui::catalogue::words;

words! {
    /// The page's texts.
    DoctorWords {
        title: "Dokter", "Doctor";
        about: "Memeriksa router, relay, salinan data, dan mesin ini, dan mengatakan apa yang perlu dilakukan. Pemeriksaan tidak mengubah apa pun dan selesai dalam satu menit.",
            "Checks the router, the relay, the copies and this machine, and says what to do. The checks change nothing and end within a minute.";
        never: "Belum diperiksa sejak daemon mulai.", "Not checked since the daemon started.";
        check: "Periksa sekarang", "Check now";
        again: "Periksa lagi", "Check again";
        running: "Sedang diperiksa sejak {0}. Hasilnya tampil di halaman ini.", "Checking since {0}. The result will be on this page.";
        checked: "Diperiksa {0}: {1} gagal, {2} perlu perhatian.", "Checked {0}: {1} fail, {2} need attention.";
        ok: "Baik", "Well";
        warn: "Awas", "Watch";
        fail: "Gagal", "Fails";
        wrong: "Perlu perhatian", "Needs attention";
        to_do: "Yang harus dilakukan:", "What to do:";
        well: "Yang sudah baik", "What is well";
        waiting: "Pemeriksaan menemukan {0} yang gagal", "The checks found {0} that fail";
        link: "Periksa router, disk, jam, salinan, dan relay", "Check router, disk, clock, copies and relay";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(DoctorWords::ALL);
    }
}
