//! Texts of the dashboard, payments, drawer, router, reports, audit and settings.

use crate::store::Role;
use crate::ui::catalogue::words;

words! {
    /// The office's texts.
    Office {
        // Health
        health: "Kesehatan sistem", "Health";
        router: "Router", "Router";
        relay: "Pembayaran online", "Online payment";
        clock: "Jam", "Clock";
        store: "Buku besar", "Ledger";
        backup: "Cadangan terakhir", "Last backup";
        ok: "Baik", "Fine";
        degraded: "Perlu dilihat", "Needs a look";
        down: "Terputus", "Down";
        off: "Tidak dipakai", "Not used";
        since: "sejak {0}", "since {0}";
        last_seen: "terakhir berhasil {0}", "last success {0}";
        router_ok: "Router menjawab.", "The router answers.";
        router_down: "Router tidak menjawab. Periksa listrik, kabel, dan layanan API di router.",
            "The router does not answer. Check its power, the cable, and its API service.";
        router_degraded: "Router menjawab, tetapi ada yang perlu dilihat.", "The router answers, but something needs a look.";
        relay_ok: "Relay pembayaran menjawab.", "The payment relay answers.";
        relay_down: "Relay pembayaran tidak terjangkau. Tunai, transfer, dan QRIS cetak tetap bisa.",
            "The payment relay cannot be reached. Cash, transfer and printed QRIS go on.";
        relay_degraded: "Relay pembayaran menjawab, tetapi ada gangguan.", "The payment relay answers, with errors.";
        relay_off: "Pembayaran online tidak dipasang.", "Online payment is not configured.";
        clock_ok: "Jam dipercaya.", "The clock is trusted.";
        clock_degraded: "Jam mundur, melompat, atau terlalu jauh di depan. Masa aktif dan jatuh tempo menunggu sampai jam disinkronkan atau dipastikan.",
            "The clock fell back, jumped, or is far ahead. Expiry and due dates wait until it is synchronized or confirmed.";
        confirm_clock: "Jam ini benar: {0}", "This clock is right: {0}";
        confirm: "Pastikan jam", "Confirm the clock";
        confirm_will: "Masa aktif dan jatuh tempo dihitung lagi menurut jam ini.", "Expiry and due dates count by this clock again.";
        store_ok: "Semua perubahan tersimpan.", "Every change is on the card.";
        proving: "Semua perubahan tersimpan. Buku besar sedang diperiksa: {0} dari {1} baris.",
            "Every change is on the card. The ledger is being proved: {0} of {1} entries.";
        backup_card_only: "Belum ada cadangan di luar kartu ini: kartu rusak, semua hilang. Pasang disk USB, atau unduh satu.",
            "There is no copy off this card: if it dies, everything is lost. Plug in a USB disk, or download one.";
        backup_never: "Belum pernah ada cadangan.", "There never was a backup.";
        backup_old: "Cadangan sudah {0}. Buat yang baru.", "The backup is {0} old. Make another.";
        backup_ok: "Dibuat {0} yang lalu.", "Made {0} ago.";
        backup_future: "Cadangan terakhir bertanggal {0}, di depan jam ini. Periksa jam Raspberry Pi, lalu buat yang baru.",
            "The last backup is dated {0}, ahead of this clock. Check the Raspberry Pi's clock, then make another.";
        details: "Rincian teknis", "Technical details";
        // Dashboard
        all_well: "Semua baik", "All is well";
        not_well: "{0} hal perlu dilihat", "{0} things need a look";
        guessed_passwords: "Ada yang mencoba menebak kata sandi pengelola, terakhir {0}", "Somebody tried to guess an admin's password, last at {0}";
        guessed_pins: "Ada yang mencoba menebak PIN pelanggan, terakhir {0}", "Somebody tried to guess a customer's PIN, last at {0}";
        waiting: "Menunggu Anda", "Waiting for you";
        wait_reviews: "{0} pembayaran perlu keputusan pemilik", "{0} payments need the owner's decision";
        wait_approval: "{0} pelanggan menunggu persetujuan", "{0} customers wait for approval";
        open_orders: "{0} pembayaran online belum selesai", "{0} online payments are open";
        online: "Sedang online", "Online now";
        of_hosts: "dari {0} perangkat di hotspot", "of {0} devices at the hotspot";
        usage_today: "Pemakaian hari ini", "Usage today";
        income_today: "Pemasukan hari ini", "Income today";
        income_month: "Pemasukan bulan ini", "Income this month";
        total_debt: "Total tagihan", "Total debt";
        debt_users: "{0} pelanggan, {1}", "{0} customers, {1}";
        usage_lost: "Tabel {0} rusak dan dimulai lagi dari kosong, jadi pemakaian sebelumnya tidak lengkap. Untuk memulihkannya: kuotad restore BERKAS.",
            "The table {0} was damaged and began again empty, so earlier usage is incomplete. To have it back: kuotad restore FILE.";
        unpriced: "{0} pelanggan belum bisa dihitung harganya: belum ada paket yang dijual.",
            "{0} customers have debt without a price: no package is on sale.";
        by_status: "Status pelanggan", "Customers by status";
        all: "Semua", "All";
        turned: "Perubahan akses terakhir", "Latest changes of access";
        nobody_turned: "Belum ada perubahan.", "None yet.";
        usage_days: "Pemakaian 14 hari", "Usage, 14 days";
        income_days: "Pemasukan 14 hari", "Income, 14 days";
        debt_age: "Tagihan menurut umur", "Debt by age";
        not_due: "belum tempo", "not due";
        late_week: "1–7 hari", "1–7 days";
        late_month: "8–30 hari", "8–30 days";
        late_more: "> 30 hari", "> 30 days";
        overage: "lebih pakai", "overage";
        // Common
        when: "Waktu", "When";
        customer: "Pelanggan", "Customer";
        amount: "Jumlah", "Amount";
        status: "Status", "Status";
        method: "Cara bayar", "Method";
        kind: "Untuk", "For";
        number: "Nomor", "Number";
        receipt: "Struk", "Receipt";
        older: "Lebih lama", "Older";
        next: "Berikutnya", "Next";
        newest: "Terbaru", "Newest";
        nothing: "Tidak ada.", "There is nothing.";
        search: "Cari", "Search";
        show: "Tampilkan", "Show";
        print: "Cetak", "Print";
        month_report: "Laporan bulanan", "Report of a month";
        month_day: "Tgl", "Day";
        month_before: "Bulan sebelumnya", "Month before";
        month_after: "Bulan berikutnya", "Month after";
        month_entered: "Pelanggan baru", "New customers";
        month_customers: "Pelanggan seluruhnya", "Customers in all";
        month_owed: "Belum dibayar", "Owed";
        month_printed: "Dicetak {0}", "Printed {0}";
        back: "Kembali", "Back";
        sum: "Jumlah", "Sum";
        reason: "Alasan", "Reason";
        yes: "Ya", "Yes";
        no: "Tidak", "No";
        unknown: "Tidak diketahui", "Unknown";
        // Payments
        payments: "Pembayaran", "Payments";
        order_search: "Nomor pembayaran atau struk", "Payment or receipt number";
        filter_all: "Semua", "All";
        filter_open: "Belum dibayar", "Open";
        filter_paid: "Lunas", "Paid";
        filter_review: "Perlu keputusan", "In review";
        filter_returned: "Dikembalikan", "Refunded";
        review_queue: "Perlu keputusan pemilik", "For the owner to decide";
        review_text: "Uang sudah diterima gerbang pembayaran, tetapi tidak bisa dibukukan sendiri. Lihat tandanya, lalu putuskan.",
            "The gateway has the money, but it could not be booked by rule. Look at the marks and decide.";
        order: "Pembayaran {0}", "Payment {0}";
        lines: "Rincian", "Lines";
        flags: "Tanda", "Marks";
        given: "Cara pelanggan membayar", "How the customer pays";
        money_awaited: "Menunggu pembayaran. Halaman ini berubah sendiri setelah dibayar.",
            "Waiting for the payment. This page changes by itself when it is paid.";
        money_came: "Pembayaran diterima.", "The payment was received.";
        scan_qris: "Minta pelanggan memindai kode ini dengan aplikasi bank atau dompet digital.",
            "Let the customer scan this code with a bank or wallet app.";
        scan_page: "Pelanggan bisa memindai kode ini untuk membuka halaman bayar.",
            "The customer can scan this code to open the payment page.";
        copy: "Salin", "Copy";
        copied: "Tersalin", "Copied";
        timeline: "Urutan waktu", "Timeline";
        va: "Nomor virtual account {0}", "{0} virtual account";
        biller: "Kode perusahaan", "Biller code";
        bill_key: "Kode bayar", "Bill key";
        qr: "Kode QRIS", "QRIS code";
        payment_page: "Halaman bayar", "Payment page";
        deeplink: "Tautan aplikasi", "App link";
        refunded: "Dikembalikan", "Refunded";
        reference: "Catatan kasir", "Cashier's note";
        cashier: "Kasir", "Cashier";
        created: "Dibuat", "Opened";
        paid: "Dibayar", "Paid";
        expires: "Batas waktu bayar", "Time to pay ends";
        window_opened: "Jendela bayar dibuka, terpakai {0}", "Pay window opened, {0} used";
        refund_waiting: "Pengembalian {0} menunggu gerbang pembayaran", "A refund of {0} waits for the gateway";
        by: "oleh {0}", "by {0}";
        debt_line: "Tagihan", "Debt";
        overage_line: "Pemakaian lebih", "Overage";
        nobody: "Tidak diketahui milik siapa", "Nobody knows whose";
        credit: "Bukukan", "Credit";
        dismiss: "Tutup tanpa membukukan", "Dismiss";
        refresh: "Tanya gerbang sekarang", "Ask the gateway now";
        cancel: "Batalkan", "Cancel";
        refund: "Kembalikan uang", "Refund";
        refresh_will: "Gerbang pembayaran ditanya sekarang; kalau sudah dibayar, langsung dibukukan.",
            "The gateway is asked now; what was paid is booked at once.";
        cancel_will: "Pembayaran ini dibatalkan di gerbang. Kalau ternyata sudah dibayar, tetap dibukukan.",
            "This payment is called off at the gateway. If it proves paid, it is booked all the same.";
        refund_hint: "Kosong: semuanya yang tersisa, {0}.", "Empty: all that is left, {0}.";
        refund_counter: "Uang keluar dari laci Anda.", "The money leaves your drawer.";
        refund_gateway: "Uang dikembalikan lewat gerbang pembayaran; pembukuan menyusul setelah gerbang menjawab.",
            "The money goes back by the gateway; the books follow once it answered.";
        // Drawer
        drawer: "Kasir", "Cash drawer";
        own_drawer: "Laci Anda sejak penutupan terakhir", "Your drawer since the last closing";
        taken: "Masuk", "In";
        returned: "Keluar", "Out";
        stays: "Sisa", "Stays";
        expected_cash: "Tunai yang harus ada", "Cash that must be there";
        other_drawers: "Laci kasir lain yang belum ditutup", "Open drawers of other cashiers";
        other_drawers_text: "Setiap kasir menutup lacinya sendiri.", "Each cashier closes their own.";
        receipt_span: "{0} struk, nomor {1} sampai {2}", "{0} receipts, numbers {1} to {2}";
        no_receipts: "Belum ada struk.", "No receipts yet.";
        close_drawer: "Tutup laci", "Close the drawer";
        counted_hint: "Hitung uang tunai di laci.", "Count the cash in the drawer.";
        closings: "Penutupan sebelumnya", "Past closings";
        closing: "Penutupan {0}", "Closing {0}";
        counted: "Dihitung", "Counted";
        expected: "Seharusnya", "Expected";
        difference: "Selisih", "Difference";
        note: "Catatan", "Note";
        fits: "Pas", "It fits";
        // Router
        router_state: "Keadaan", "State";
        plan: "Yang akan diubah di router", "What would change on the router";
        plan_empty: "Router sudah sesuai.", "The router is as it should be.";
        plan_more: "{0} perubahan lagi tidak ditampilkan.", "{0} more changes are not shown.";
        plan_unknown: "Router tidak dapat dibaca sekarang, jadi perbedaannya tidak diketahui.",
            "The router cannot be read now, so the difference is unknown.";
        dry_run_on: "Uji coba: router hanya dilihat, tidak diubah (policy.enforcement = \"dry-run\").",
            "Dry run: the router is only looked at (policy.enforcement = \"dry-run\").";
        dry_run_off: "Router diatur otomatis.", "The router is kept in step.";
        sync: "Samakan sekarang", "Sync now";
        sync_will: "Router dibaca, lalu perbedaannya dikirim. Baris milik orang lain tidak disentuh.",
            "The router is read and the difference is sent. Foreign rows are left alone.";
        synced: "{0} perubahan dikirim ke router.", "{0} changes were sent to the router.";
        sync_refused: "{0} perubahan ditolak router; lihat peringatan.", "The router refused {0} changes; see the warnings.";
        sync_dry: "Uji coba: {0} perubahan tidak dikirim.", "Dry run: {0} changes were not sent.";
        conflicts: "Baris milik orang lain yang menghalangi", "Foreign rows in the way";
        conflicts_text: "Baris ini bukan buatan kuota, jadi tidak diubah. Hapus atau ubah sendiri di router.",
            "These rows are not kuota's, so they are left alone. Remove or change them on the router.";
        warnings: "Peringatan", "Warnings";
        faults_more: "… dan {0} lagi", "… and {0} more";
        edit_refused: "ditolak router: {0}", "refused by the router: {0}";
        version: "Versi RouterOS", "RouterOS version";
        readings: "Pembacaan berhasil / gagal", "Readings that succeeded / failed";
        reading_took: "Pembacaan terakhir", "Last reading";
        hosts: "Perangkat di hotspot", "Devices at the hotspot";
        commands: "Perintah ke router", "Commands to the router";
        edits: "Perubahan terkirim", "Changes sent";
        device: "Perangkat", "Device";
        change: "Perubahan", "Change";
        why: "Sebabnya", "Why";
        edit_list: "masuk daftar {0}", "onto list {0}";
        edit_enable: "aktifkan baris daftar", "enable the row of the list";
        edit_unlist: "keluar dari daftar", "off the list";
        edit_bind: "ikatan {0}", "binding {0}";
        edit_unbind: "hapus ikatan", "remove the binding";
        not_ours: "tidak terikat lagi", "no longer bound";
        // Reports
        reports: "Laporan", "Reports";
        sales: "Penjualan", "Sales";
        debts: "Tagihan", "Debts";
        usage: "Pemakaian", "Usage";
        collection: "Penagihan", "Collection";
        from: "Dari", "From";
        to: "Sampai", "To";
        today: "Hari ini", "Today";
        yesterday: "Kemarin", "Yesterday";
        this_month: "Bulan ini", "This month";
        last_month: "Bulan lalu", "Last month";
        this_year: "Tahun ini", "This year";
        download_csv: "Unduh CSV (untuk mesin)", "Download CSV (for machines)";
        download_excel: "Unduh untuk Excel", "Download for Excel";
        span: "{0} sampai {1}", "{0} to {1}";
        as_of: "Keadaan {0}", "As of {0}";
        bad_span: "Rentang tanggal tidak bisa dipakai: paling lama 366 hari, dan awal sebelum akhir.",
            "These dates cannot be used: at most 366 days, the first before the last.";
        kept: "Pemasukan (setelah pengembalian)", "Income (refunds taken off)";
        amount_taken: "Diterima", "Taken";
        orders: "Pembayaran", "Payments";
        by_method: "Menurut cara bayar", "By method";
        by_cashier: "Menurut kasir", "By cashier";
        by_day: "Menurut hari", "By day";
        by_month: "Menurut bulan", "By month";
        online_cashier: "Online", "Online";
        day: "Hari", "Day";
        heaviest: "Pemakaian terbanyak", "Heaviest use";
        due_date: "Jatuh tempo", "Due";
        owes: "Tagihan", "Owes";
        debt_items: "Butir", "Items";
        late: "terlambat {0} hari", "{0} days late";
        no_price: "belum ada harga", "no price";
        stopped: "Dijeda", "Stopped";
        overdue: "Lewat tempo", "Overdue";
        due_soon: "Segera tempo", "Due soon";
        phone: "Telepon", "Phone";
        // Audit
        audit: "Catatan", "Audit";
        audit_text: "Siapa melakukan apa, kapan, dan dari mana. Tidak bisa diubah.", "Who did what, when and from where. It cannot be changed.";
        actor: "Pelaku", "Who";
        action: "Tindakan", "Action";
        audit_query: "Tindakan, sasaran, atau rincian", "Action, target or detail";
        // Admins
        admins: "Pengelola", "Admins";
        role: "Peran", "Role";
        made: "Dibuat", "Made";
        add_admin: "Tambah pengelola", "Add an admin";
        remove_admin: "Hapus pengelola", "Remove admin";
        password: "Kata sandi", "Password";
        password_hint: "Sedikitnya 8 karakter.", "At least 8 characters.";
        name: "Nama", "Name";
        name_hint: "Huruf, angka, titik, garis; tanpa spasi.", "Letters, digits, points and dashes; no spaces.";
        tokens: "Token API", "API tokens";
        tokens_text: "Untuk program lain. Sebuah token hanya ditampilkan satu kali.", "For other programs. A token is shown only once.";
        change_role: "Ubah peran", "Change the role";
        change_role_will: "Peran barunya: {0}. Semua sesinya berakhir, dan tokennya tidak boleh lebih dari peran itu.",
            "The new role: {0}. All sessions end, and tokens may do no more than that role.";
        reset_password: "Kata sandi baru", "New password";
        reset_password_will: "Kata sandi lama tidak berlaku lagi, dan semua sesinya berakhir. Sampaikan yang baru secara langsung.",
            "The old password ends, and so do all sessions. Hand over the new one in person.";
        own_password: "Kata sandi", "Password";
        old_password: "Kata sandi sekarang", "Present password";
        new_password: "Kata sandi baru", "New password";
        again_password: "Kata sandi baru, sekali lagi", "New password, once more";
        length: "Panjangnya", "Its length";
        change_password: "Ganti kata sandi", "Change the password";
        password_text: "Sesi lain berakhir; sesi ini tetap.", "Other sessions end; this one stays.";
        password_changed: "Kata sandi diganti. Sesi lain diakhiri.", "The password was changed. Other sessions were ended.";
        wrong_old: "Kata sandi sekarang salah.", "The present password is wrong.";
        wrong_new: "Kata sandi baru: sedikitnya 8 karakter.", "The new password: at least 8 characters.";
        wrong_again: "Kedua kata sandi baru tidak sama.", "The two new passwords are not the same.";
        quick_pin: "PIN cepat", "Quick PIN";
        quick_pin_text: "Untuk ponsel yang dipakai bergantian: dalam 12 jam setelah masuk dengan kata sandi, masuk lagi cukup dengan PIN. Lima kali salah, kata sandi diminta lagi.",
            "For a phone that is shared: within 12 hours of logging in with the password, the PIN is enough to log in again. After five wrong tries the password is needed.";
        quick_pin_new: "PIN (6 angka)", "PIN (6 digits)";
        quick_pin_again: "PIN, sekali lagi", "PIN, once more";
        quick_pin_set: "Simpan PIN", "Store the PIN";
        quick_pin_remove: "Hapus PIN", "Remove the PIN";
        quick_pin_is_on: "PIN cepat disimpan.", "The quick PIN was stored.";
        quick_pin_is_off: "PIN cepat dihapus.", "The quick PIN was removed.";
        bad_pin: "PIN terdiri dari 6 angka.", "A PIN has 6 digits.";
        easy_pin: "PIN ini mudah ditebak. Jangan pakai angka berurutan, angka kembar, atau tanggal lahir.",
            "This PIN is easy to guess. Use no digits in a row, no repeated digits and no day of birth.";
        other_pin: "Kedua PIN tidak sama.", "The two PINs are not the same.";
        add_token: "Buat token", "Make a token";
        remove_token: "Hapus token", "Remove token";
        token: "Token", "Token";
        remove_token_will: "Program yang memakai token ini tidak bisa masuk lagi.", "Programs that use this token can no longer come in.";
        remove_admin_will: "Semua sesi dan tokennya berakhir. Catatan tentang yang pernah dilakukan tetap ada.",
            "Every session and token of it ends. What it did stays on record.";
        role_viewer: "Melihat", "Viewer";
        role_cashier: "Kasir", "Cashier";
        role_operator: "Operator", "Operator";
        role_owner: "Pemilik", "Owner";
        role_viewer_text: "hanya melihat", "reads only";
        role_cashier_text: "juga menerima uang", "also takes money";
        role_operator_text: "juga mengubah pelanggan, perangkat, dan tagihan", "also changes customers, devices and debts";
        role_owner_text: "semuanya", "everything";
        second_factor: "Verifikasi dua langkah", "Second factor";
        totp_remove_will: "Untuk yang kehilangan ponsel: setelah ini cukup kata sandi. Pastikan dulu siapa yang meminta.",
            "For a lost phone: from then on the password is enough. Make sure who asks.";
        totp_remove: "Matikan verifikasi dua langkah", "Turn the second factor off";
        // Settings
        settings: "Pengaturan", "Settings";
        settings_text: "Semua pengaturan yang berlaku setelah mulai ulang berikutnya, dengan asalnya. Berkas di Raspberry Pi dan variabel KUOTA__… juga dapat mengubahnya; isi berkas rahasia tidak ditampilkan.",
            "Every setting as it counts from the next start on, with its origin. The file on the Raspberry Pi and variables KUOTA__… change them too; what secret files hold is not shown.";
        policy_words: "Aturan dengan kata-kata", "The rules in words";
        rule_stop: "Saat kuota habis, internet berhenti.", "When quota is used up, the internet stops.";
        rule_debt: "Saat kuota habis, pemakaian lanjut jadi tagihan; pada {0}, internet dijeda.", "When quota is used up, use goes on as debt; at {0} the internet is stopped.";
        rule_debt_free: "Saat kuota habis, pemakaian lanjut jadi tagihan tanpa batas.", "When quota is used up, use goes on as debt without a limit.";
        rule_fup: "Sisa {0} ke bawah, kecepatan menjadi {1}.", "From {0} left on, speed is {1}.";
        rule_overdue: "Tagihan lewat tempo lebih dari {0} hari menjeda internet, mulai pukul {1}.", "Debt overdue for more than {0} days stops the internet, from {1} on.";
        rule_no_overdue: "Tagihan lewat tempo tidak menjeda internet.", "Overdue debt does not stop the internet.";
        rule_due_month: "Tagihan baru jatuh tempo di akhir bulan.", "Debt is due at the end of the month.";
        rule_due_days: "Tagihan baru jatuh tempo setelah {0} hari.", "Debt is due after {0} days.";
        rule_expiry_reset: "Hari paket baru dihitung dari sekarang; sisa hari yang lebih panjang tetap berlaku.", "Bought days count from now; a later end stays.";
        rule_expiry_extend: "Hari paket baru ditambahkan di belakang sisa hari.", "Bought days are put behind those that are left.";
        rule_rounding: "Harga tagihan dibulatkan ke atas, kelipatan {0}.", "Prices of debt are rounded up to a multiple of {0}.";
        rule_devices: "Satu pelanggan, paling banyak {0} perangkat.", "A customer has at most {0} devices.";
        rule_credit: "Seorang kasir boleh memberi tagihan sampai {0}.", "A cashier may give credit up to {0}.";
        rule_no_credit: "Kasir tidak boleh memberi tagihan.", "Cashiers give no credit.";
        rule_window: "Untuk membayar online, internet dibuka {0}.", "To pay online, the internet is open for {0}.";
        value: "Nilai", "Value";
        meaning: "Artinya", "Meaning";
        origin: "Asal", "Origin";
        // Backup
        backups: "Cadangan", "Backup";
        backup_download: "Buat dan unduh cadangan", "Make and download a backup";
        backup_text: "Salinan lengkap yang sudah diperiksa, dibuat sambil layanan berjalan. Simpan di perangkat lain, setiap hari.",
            "A whole copy, proven, made while the service runs. Keep it on another device, every day.";
        copies_own: "Cadangan otomatis", "Automatic copies";
        copies_none: "Belum ada.", "None yet.";
        copies_off: "Dimatikan (backup.every).", "Switched off (backup.every).";
        copies_card: "Di kartu ini", "On this card";
        copies_away: "Di luar kartu", "Off the card";
        copies_no_target: "Tidak diatur: isi backup.target, misalnya \"usb:KUOTA\".", "Not set up: write backup.target, such as \"usb:KUOTA\".";
        copy_line: "{0}: {1}, {2}, {3} baris buku besar", "{0}: {1}, {2}, {3} lines of the ledger";
        copy_encrypted: "terenkripsi", "encrypted";
        copy_clear: "tidak terenkripsi", "not encrypted";
        copy_failed: "Percobaan terakhir gagal", "The last try failed";
        kit: "Kit pemulihan", "Recovery kit";
        take_over: "Ambil alih situs ini", "Take this site over";
        restored_here: "Data di mesin ini dipulihkan dari salinan pada {0}. Mesinnya diambil pada {1} dari perangkat {2}, {3}. Bukan Anda? Ganti kata sandi pemilik dan buat kit pemulihan baru.",
            "The data on this machine were restored from a copy at {0}. The machine was claimed at {1} by the device {2}, {3}. Was it not you? Change the owner's password and make another recovery kit.";
        claimed_by_code: "dengan kode di partisi boot", "by the code on the boot partition";
        claimed_by_power: "dengan memutus listriknya", "by a power cut";
        take_over_text: "Mesin ini menjadi yang berlaku: router dan relay menghentikan mesin yang lama. Pemilik mengisi kata sandi, dan kode jika dipakai.",
            "This machine becomes the one that counts: router and relay stop the old machine. The owner types the password, and the code where one is used.";
        take_over_code: "Kode sekali pakai, jika dipakai", "One-time code, where one is used";
        take_over_off: "Mesin lama sudah dimatikan (hanya perlu bila router dan relay tidak terjangkau)",
            "The old machine is switched off (only needed where neither router nor relay can be reached)";
        take_over_done: "Mesin ini memegang situs ini, sebagai nomor {0}. Router diperbarui dalam beberapa detik.",
            "This machine has the site, as number {0}. The router follows within seconds.";
        take_over_nothing: "Mesin ini sudah memegang situs ini. Tidak ada yang diubah.", "This machine has the site already. Nothing was changed.";
        take_over_unknown: "Router dan relay tidak terjangkau, jadi tidak ada yang menghentikan mesin lama. Matikan mesin lama, centang, lalu ulangi. Tidak ada yang diubah.",
            "Neither the router nor the relay can be reached, so nothing stops the old machine. Switch it off, tick the box and try again. Nothing was changed.";
        take_over_wrong_password: "Kata sandi salah. Tidak ada yang diubah.", "The password is wrong. Nothing was changed.";
        take_over_wrong_code: "Kode salah atau sudah dipakai. Tidak ada yang diubah.", "The code is wrong or was used before. Nothing was changed.";
        kit_text: "Kunci rahasia yang membuka cadangan terenkripsi. Ditampilkan sekali: cetak atau tulis, dan simpan jauh dari Raspberry Pi.",
            "The secret key that opens encrypted copies. It is shown once: print it or write it down, and keep it away from the Raspberry Pi.";
        kit_none: "Belum ada. Tanpa kit, cadangan di disk tidak dienkripsi dan tidak dikirim ke internet.",
            "There is none. Without a kit copies on a disk are not encrypted, and none are sent over the internet.";
        kit_there: "Ada, dengan kunci publik {0}.", "There is one, with the public key {0}.";
        kit_replace: "Ganti kit yang lama; cadangan sampai sekarang tetap memerlukannya", "Replace the old kit; copies until now still need it";
        kit_make: "Buat kit pemulihan", "Make a recovery kit";
        kit_password: "Kata sandi Anda", "Your password";
        kit_wrong_password: "Kata sandi salah. Tidak ada kit yang dibuat.", "The password is wrong. No kit was made.";
        kit_exists: "Sudah ada kit pemulihan. Centang untuk menggantinya.", "There is a recovery kit already. Tick the box to replace it.";
        kit_configured: "Kunci cadangan diatur di backup.recipient_file. Hapus di sana untuk memakai kit.",
            "The key of copies is set in backup.recipient_file. Remove it there to use a kit.";
        kit_made: "Kit pemulihan dibuat. Cetak halaman ini atau tulis kuncinya sekarang: tidak akan ditampilkan lagi.",
            "The recovery kit was made. Print this page or write the key down now: it is not shown again.";
        kit_secret: "Kunci rahasia", "Secret key";
        kit_site: "Lokasi: {0}", "Site: {0}";
        kit_place: "Tempat cadangan: {0}", "Where the copies are: {0}";
        kit_public: "Kunci publik: {0}", "Public key: {0}";
        kit_token: "Relay {0}, token yang hanya membaca cadangan: {1}", "Relay {0}, token that only reads copies: {1}";
        kit_no_token: "tidak ada, relay tidak menjawab; buat ulang nanti", "none, the relay does not answer; make another later";
        kit_replaced: "Simpan juga kit lama untuk cadangan sebelumnya: {0}", "Keep the old kit, too, for copies from before: {0}";
        restore: "Mengembalikan cadangan", "Restoring a backup";
        restore_phone: "Kartu rusak atau Raspberry Pi baru: pasang kartu baru dengan kuotad, buka alamatnya di HP, lalu pilih \"Saya punya kit pemulihan\". Salinan bisa dari relay, penyimpanan objek, disk USB, atau berkas di HP; tidak perlu terminal.",
            "A dead card or a new Raspberry Pi: put in a new card with kuotad, open its address on a phone and choose \"I have a recovery kit\". The copy may come from the relay, an object store, a USB disk or a file on the phone; no terminal is needed.";
        restore_here: "Mengganti data mesin ini dengan cadangan lama, agar tidak terjadi karena salah tekan, hanya bisa lewat terminal:",
            "This machine's own data are replaced by an old copy in a terminal only, so that no wrong press does it:";
        restore_1: "Salin berkas cadangan ke Raspberry Pi.", "Copy the backup file to the Raspberry Pi.";
        restore_2: "Hentikan layanan:", "Stop the service:";
        restore_3: "Kembalikan; berkas diperiksa dulu, dan yang diganti disimpan:", "Restore; the file is proven first, and what it replaces is kept:";
        restore_4: "Jalankan layanan lagi:", "Start the service again:";
        verify: "Periksa buku besar", "Verify the ledger";
        verify_text: "Menghitung ulang semua saldo dan rantai sidik jari dari baris pertama.", "Recomputes every balance and the chain of hashes from the first line.";
        verified: "Buku besar cocok: {0} baris, {1} rekening, {2} tagihan, {3} struk.", "The ledger adds up: {0} lines, {1} accounts, {2} debts, {3} receipts.";
        broken: "Buku besar TIDAK cocok. Hentikan layanan dan kembalikan cadangan. {0}", "The ledger does NOT add up. Stop the service and restore a backup. {0}";
        // Own account
        account: "Akun saya", "My account";
        sessions: "Sesi", "Sessions";
        sessions_text: "{0} sesi sedang terbuka, termasuk yang ini.", "{0} sessions are open, this one included.";
        end_sessions: "Akhiri sesi lain", "End other sessions";
        sessions_ended: "Sesi lain diakhiri.", "Other sessions were ended.";
        totp_off: "Belum aktif. Dengan ini, kata sandi saja tidak cukup untuk masuk.", "Off. With it, a password alone does not open the desk.";
        totp_on: "Aktif. Saat masuk, Anda ditanya kode dari aplikasi autentikator.", "On. When logging in you are asked for the code of your authenticator app.";
        totp_begin: "Aktifkan", "Turn on";
        totp_code: "Kode 6 angka", "6-digit code";
        totp_stop: "Matikan", "Turn off";
        totp_started: "Verifikasi dua langkah aktif.", "The second factor is on.";
        totp_stopped: "Verifikasi dua langkah dimatikan.", "The second factor is off.";
    }
}

/// What an admin may do, as a word.
pub(crate) fn role_name(w: &Office, role: Role) -> &'static str {
    match role {
        Role::Viewer => w.role_viewer,
        Role::Cashier => w.role_cashier,
        Role::Operator => w.role_operator,
        Role::Owner => w.role_owner,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(super::Office::ALL);
    }
}
