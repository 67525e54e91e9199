//! Texts about customers who ask for help.

use crate::ui::catalogue::words;

words! {
    /// The texts of the page of requests.
    HelpDeskWords {
        title: "Minta bantuan", "Requests for help";
        nobody: "Tidak ada yang menunggu.", "Nobody waits.";
        device: "Perangkat", "Device";
        no_text: "tanpa pesan", "without a message";
        answered: "Selesai", "Answered";
        do_answer: "Bantuan selesai", "Help is done";
        answer_will: "Permintaan ini tidak lagi menunggu.", "The request no longer waits.";
        waiting: "Minta bantuan: {0}", "Asking for help: {0}";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::HelpDeskWords::ALL);
    }
}
