//! Texts of pages and forms.

use crate::ui::catalogue::words;

words! {
    /// Texts of the operators' console.
    ConsoleWords {
        sites: "Lokasi", "Sites";
        merchants: "Merchant", "Merchants";
        log: "Catatan", "Log";
        operators: "Akun", "Operators";
        account: "Saya", "Me";
        search_hint: "Lokasi atau merchant", "Site or merchant";
        log_in_title: "Masuk ke konsol relay", "Log in to the relay's console";
        no_operator: "Belum ada operator", "There is no operator yet";
        no_operator_text: "Buat pemilik pertama di komputer relay dengan perintah ini (kata sandi dibaca dari baris pertama masukan), lalu muat ulang halaman ini:",
            "Make the first owner on the relay's machine with this command (the password is the first line of its input), then reload this page:";
        set_up_title: "Pasang kode sekali pakai", "Set up one-time codes";
        set_up_text: "Kata sandi benar. Setiap operator wajib memakai kode sekali pakai; pasang sekarang, dan Anda langsung masuk.",
            "The password is right. Every operator needs one-time codes: set them up now, and you are logged in.";
        next: "Berikutnya", "Next";
        first_page: "Halaman pertama", "First page";
        newest: "Terbaru", "Newest";
        nothing: "Belum ada apa-apa.", "There is nothing yet.";
        none_found: "Tidak ada lokasi yang cocok.", "No site fits.";
        of_total: "{0} dari {1} lokasi", "{0} of {1} sites";
        chip_all: "Semua", "All";
        chip_silent: "Diam", "Silent";
        chip_look: "Perlu dilihat", "To look at";
        chip_disabled: "Nonaktif", "Disabled";
        chip_never: "Belum pernah", "Never called";
        filter: "Saring", "Filter";
        add_site: "Tambah lokasi", "Add a site";
        site: "Lokasi", "Site";
        merchant: "Merchant", "Merchant";
        condition: "Keadaan", "Condition";
        last_seen: "Terakhir terlihat", "Last seen";
        ago: "{0} lalu", "{0} ago";
        just_now: "baru saja", "just now";
        never: "belum pernah", "never";
        version: "Versi", "Version";
        clock: "Selisih jam", "Clock difference";
        clock_same: "tepat", "right";
        clock_ahead: "{0} terlalu cepat", "{0} ahead";
        clock_behind: "{0} terlambat", "{0} behind";
        router: "Router", "Router";
        open_orders: "Terbuka", "Open";
        paid_orders: "Dibayar", "Paid";
        income_today: "Pendapatan hari ini", "Income today";
        returned: "kembali {0}", "{0} returned";
        reviews: "Tinjauan", "Reviews";
        lag: "Tertinggal", "Behind";
        lag_hint: "Kabar pembayaran yang belum diambil agen.", "News of payments that the agent has not fetched.";
        silent_sites: "Lokasi diam", "Silent sites";
        is_well: "Baik", "Well";
        is_silent: "Diam", "Silent";
        is_never: "Belum pernah", "Never called";
        is_disabled: "Nonaktif", "Disabled";
        is_removed: "Dihapus", "Removed";
        is_look: "Perlu dilihat", "To look at";
        silent_since: "Diam sejak", "Silent since";
        kept_in: "Disimpan di", "Kept in";
        in_file: "berkas konfigurasi", "the configuration's file";
        in_database: "basis data", "the database";
        in_file_note: "Lokasi ini ada di berkas konfigurasi: ubah di sana, lalu muat ulang relay.",
            "This site is in the configuration's file: change it there, and reload the relay.";
        added: "Ditambahkan", "Added";
        report: "Laporan agen", "The agent's report";
        report_at: "Laporan terakhir", "Last report";
        no_report: "Agen belum pernah melapor.", "The agent never reported.";
        report_text: "Apa adanya dari agen lokasi ini; relay tidak memeriksanya.", "As this site's agent says; the relay does not check it.";
        router_version: "Versi router", "Router's version";
        cycle_age: "Router terakhir dibaca", "Router last read";
        dry_run: "Hanya mengamati", "Only watches";
        store: "Buku besar agen", "Agent's ledger";
        store_bytes: "Ukuran berkas", "Size of its files";
        entries: "Baris buku besar", "Ledger entries";
        backup_age: "Cadangan terakhir", "Last backup";
        uptime: "Menyala sejak", "Running for";
        outbox: "Belum terkirim ke relay", "Not sent to the relay";
        agent_reviews: "Tinjauan di agen", "Reviews at the agent";
        users: "Pelanggan", "Customers";
        user_active: "aktif {0}", "{0} active";
        user_fup: "FUP {0}", "{0} slowed";
        user_habis: "habis {0}", "{0} used up";
        user_expired: "kedaluwarsa {0}", "{0} expired";
        user_inactive: "nonaktif {0}", "{0} inactive";
        user_blocked: "diblokir {0}", "{0} blocked";
        user_unlimited: "tanpa batas {0}", "{0} unlimited";
        yes: "ya", "yes";
        no: "tidak", "no";
        router_ok: "tersambung", "connected";
        router_degraded: "terganggu", "degraded";
        router_down: "putus", "down";
        store_ok: "baik", "good";
        income_days: "Pendapatan 14 hari", "Income of 14 days";
        income_days_text: "Per hari menurut {0}: yang dibayar, belum dikurangi yang kembali.", "By day in {0}: what was paid, without what was returned.";
        days_table: "Angka per hari", "Figures by day";
        day: "Hari", "Day";
        income: "Pendapatan", "Income";
        returned_head: "Kembali", "Returned";
        orders: "Pesanan", "Orders";
        no_orders: "Lokasi ini belum punya pesanan.", "This site has no orders yet.";
        order: "Pesanan", "Order";
        opened_at: "Dibuka", "Opened";
        method: "Cara bayar", "Method";
        amount: "Jumlah", "Amount";
        state: "Keadaan", "State";
        older: "Lebih lama", "Older";
        disable: "Nonaktifkan", "Disable";
        disable_text: "Panggilan lokasi {0} ditolak, dan pelanggannya tidak bisa membayar daring. Yang sudah dibayar menunggu sampai lokasi diaktifkan lagi.",
            "Calls of site {0} are refused, and its customers cannot pay online. What is paid already waits until the site is enabled again.";
        disabled_done: "Lokasi {0} dinonaktifkan.", "Site {0} is disabled.";
        enable: "Aktifkan", "Enable";
        enable_text: "Panggilan lokasi {0} diterima lagi.", "Calls of site {0} are taken again.";
        enabled_done: "Lokasi {0} aktif lagi.", "Site {0} is enabled.";
        rotate_token: "Ganti token", "Another token";
        rotate_token_text: "Token lokasi {0} yang sekarang langsung ditolak. Agennya tidak bisa menerima pembayaran daring sampai token baru dipasang di sana.",
            "The present token of site {0} is refused at once. Its agent takes no online payments until it has the new one.";
        token_done: "Lokasi {0} punya token baru. Token ini hanya ditampilkan sekali: salin ke agennya.",
            "Site {0} has a new token. It is shown this once: copy it to its agent.";
        token: "Token", "Token";
        remove_site: "Hapus", "Remove";
        remove_site_text: "Lokasi {0} dihapus untuk selamanya. Pesanannya tetap disimpan, dan namanya tidak bisa dipakai lagi.",
            "Site {0} is removed for good. Its orders are kept, and its name is never used again.";
        removed_done: "Lokasi {0} dihapus.", "Site {0} is removed.";
        cancel: "Batal", "Cancel";
        save: "Simpan", "Save";
        site_id: "Nama lokasi", "Name of the site";
        site_id_hint: "Huruf, angka, dan - _ . seperti warung-1. Agen memakai nama yang sama.", "Letters, digits and - _ . such as warung-1. The agent has the same name.";
        bad_id: "Tulis 1 sampai 64 huruf, angka, dan - _ . tanpa spasi, tidak diawali titik.", "Write 1 to 64 letters, digits and - _ . without spaces, not beginning with a point.";
        token_sha256: "SHA-256 token yang sudah ada", "SHA-256 of a token that exists";
        token_sha256_hint: "Kosongkan untuk token baru.", "Leave it empty for a new token.";
        bad_sha256: "Tulis 64 angka heksadesimal.", "Write its 64 hexadecimal digits.";
        no_merchant_yet: "Tambahkan merchant lebih dulu.", "Add a merchant first.";
        site_added: "Lokasi {0} ditambahkan.", "Site {0} was added.";
        site_added_token: "Lokasi {0} ditambahkan. Token ini hanya ditampilkan sekali: salin ke agennya.",
            "Site {0} was added. Its token is shown this once: copy it to its agent.";
        add_merchant: "Tambah merchant", "Add a merchant";
        add_merchant_text: "Akun di Midtrans. Kunci server disimpan terenkripsi dan tidak pernah ditampilkan lagi.",
            "An account at Midtrans. Its server key is stored encrypted and never shown again.";
        merchant_id: "Nama di relay ini", "Name in this relay";
        merchant_id_hint: "Bagian dari alamat pemberitahuan; tidak bisa diubah.", "Part of the address for notifications; it cannot be changed.";
        environment: "Lingkungan", "Environment";
        sandbox: "Uji coba (sandbox)", "For trying out (sandbox)";
        production: "Uang sungguhan (production)", "Real money (production)";
        server_key: "Kunci server", "Server key";
        server_key_hint: "Di dasbor Midtrans: Settings, Access Keys.", "In the Midtrans dashboard: Settings, Access Keys.";
        bad_server_key: "Kunci server ini tidak bisa dipakai: periksa lingkungannya, dan apakah kunci ini sudah terpasang.",
            "This server key cannot be used: check the environment, and whether it is in use already.";
        account_id: "Merchant ID di Midtrans", "Merchant id at Midtrans";
        account_id_hint: "Kosongkan untuk dikenali dari tagihan pertama.", "Leave it empty to learn it from the first charge.";
        bad_account: "Tulis seperti di dasbor Midtrans, atau kosongkan.", "Write it as the Midtrans dashboard shows it, or leave it empty.";
        fee_imposition: "Midtrans menambahkan biayanya ke pelanggan", "Midtrans adds its fee to what customers pay";
        own_password: "Kata sandi Anda", "Your password";
        own_code: "Kode sekali pakai yang baru", "A fresh one-time code";
        own_code_hint: "Kode yang dipakai untuk masuk tidak berlaku lagi; tunggu kode berikutnya.", "The code that you logged in with is used up: wait for the next one.";
        bad_password: "Kata sandi Anda salah.", "Your password is wrong.";
        bad_code: "Kode salah atau sudah dipakai. Tunggu kode berikutnya.", "The code is wrong or was used before. Wait for the next one.";
        merchant_added: "Merchant {0} ditambahkan.", "Merchant {0} was added.";
        key_made: "Kunci enkripsi dibuat di relay ini. Simpan salinannya terpisah dari cadangan basis data, dan pasang di setiap relay yang memakai basis data ini.",
            "The encryption key was made on this relay. Keep a copy of it apart from copies of the database, and put it on every relay that uses this database.";
        rotate_key: "Ganti kunci", "Another key";
        rotate_key_text: "Tagihan merchant {0} langsung memakai kunci baru; pemberitahuan dengan tiga kunci sebelumnya tetap diterima.",
            "Charges of merchant {0} use the new key at once; notifications signed with one of the three before are still accepted.";
        key_rotated: "Merchant {0} punya kunci server baru.", "Merchant {0} has a new server key.";
        previous_keys: "Kunci lama", "Previous keys";
        key: "Kunci", "Key";
        key_ok: "bisa dipakai", "can be used";
        fee: "Biaya ke pelanggan", "Fee to customers";
        add_operator: "Tambah operator", "Add an operator";
        name: "Nama", "Name";
        role: "Peran", "Role";
        role_viewer: "Pengamat", "Viewer";
        role_operator: "Operator", "Operator";
        role_owner: "Pemilik", "Owner";
        role_hint: "Pengamat melihat semuanya. Operator juga menambah, menonaktifkan, dan memberi token lokasi. Pemilik juga mengurus merchant, akun, dan menghapus lokasi.",
            "A viewer sees everything. An operator also adds and disables sites and makes tokens. An owner also changes merchants and operators and removes sites.";
        name_hint: "Huruf, angka, dan . _ - @", "Letters, digits and . _ - @";
        bad_name: "Nama ini tidak bisa dipakai.", "This name cannot be used.";
        new_password: "Kata sandi baru", "New password";
        new_password_hint: "Paling sedikit 8 karakter.", "At least 8 characters.";
        bad_new_password: "Tulis 8 sampai 1024 karakter.", "Write 8 to 1024 characters.";
        operator_added: "Operator {0} ditambahkan. Kode sekali pakai dipasang saat masuk pertama kali.",
            "Operator {0} was added, and sets one-time codes up at the first log-in.";
        codes: "Kode sekali pakai", "One-time codes";
        codes_on: "terpasang", "set up";
        codes_next: "saat masuk berikutnya", "at the next log-in";
        set_password: "Kata sandi", "Password";
        set_password_title: "Ganti kata sandi {0}", "Another password for {0}";
        set_password_text: "Semua sesi {0} berakhir.", "Every log-in of {0} ends.";
        password_set: "Kata sandi {0} diganti.", "{0} has another password.";
        reset_codes: "Kode baru", "Reset codes";
        reset_codes_title: "Pasang ulang kode {0}", "Reset the codes of {0}";
        reset_codes_text: "Kode {0} yang sekarang tidak berlaku lagi, semua sesinya berakhir, dan kode baru dipasang saat masuk berikutnya. Untuk operator yang kehilangan ponselnya.",
            "The present codes of {0} are no longer good, every log-in ends, and the next one sets up others. For an operator who lost the phone.";
        codes_reset: "{0} memasang kode baru saat masuk berikutnya.", "{0} sets codes up at the next log-in.";
        remove_operator: "Hapus", "Remove";
        remove_operator_title: "Hapus operator {0}", "Remove operator {0}";
        remove_operator_text: "{0} tidak bisa masuk lagi, dan semua sesinya berakhir.", "{0} may log in no more, and every log-in ends.";
        operator_removed: "Operator {0} dihapus.", "Operator {0} was removed.";
        since: "Sejak", "Since";
        action: "Tindakan", "Action";
        log_text: "Setiap masuk dan setiap perubahan, oleh konsol dan oleh perintah.", "Every log-in and every change, by the console and by commands.";
        when: "Waktu", "When";
        who: "Siapa", "Who";
        source: "Dari", "From";
        what: "Apa", "What";
        target: "Terhadap", "To what";
        detail: "Keterangan", "Detail";
        change_password: "Ganti kata sandi", "Change the password";
        change_password_text: "Sesi lain Anda berakhir.", "Your other log-ins end.";
        password_changed: "Kata sandi Anda diganti; sesi lain berakhir.", "Your password was changed; other log-ins ended.";
        sessions: "Sesi", "Log-ins";
        this_session: "sesi ini", "this one";
        session_since: "sejak {0}", "since {0}";
        end_others: "Akhiri sesi lain", "End the others";
        others_ended: "Sesi lain berakhir.", "The other log-ins ended.";
        database_away: "Basis data relay sedang tidak bisa dipakai; tidak ada yang bisa diubah sampai kembali.",
            "The relay's database cannot be used; nothing can be changed until it is back.";
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::ConsoleWords::ALL);
    }
}
