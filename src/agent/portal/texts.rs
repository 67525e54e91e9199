//! Texts for customers. They use *tagihan*, never *hutang*.

use crate::ui::catalogue::words;

words! {
    /// Texts of all customer pages: state, dues, next steps.
    Words {
        title: "Internet saya", "My internet";
        menu: "Menu", "Menu";
        home: "Beranda", "Home";
        retry: "Muat ulang", "Load again";
        shop: "Beli paket", "Buy a package";
        bill: "Tagihan", "Amount due";
        records: "Riwayat", "History";
        unknown: "Perangkat ini belum terdaftar", "This device is not registered";
        unknown_text: "Masuk dengan nomor HP atau nama pengguna dan PIN Anda, atau hubungi pengelola.",
            "Log in with your phone number or log-in name and your PIN, or contact the owner.";
        unknown_new_text: "Sudah terdaftar? Masuk dengan nomor HP atau nama pengguna dan PIN Anda. Baru di sini? Tekan Daftar.",
            "Registered already? Log in with your phone number or log-in name and your PIN. New here? Press Register.";
        device_code: "Kode perangkat ini", "The code of this device";
        device_code_text: "Sebutkan kode ini kepada pengelola agar perangkat Anda langsung dikenali.",
            "Tell the owner this code, and they know which device is yours.";
        waking: "Sebentar, sistem baru menyala", "One moment, the system has just started";
        waking_text: "Router belum terbaca. Halaman ini memuat ulang sendiri; akun dan kuota Anda tidak hilang.",
            "The router has not been read yet. This page loads itself again; your account and quota are not lost.";
        ask_owner: "Hubungi pengelola", "Contact the owner";
        call: "Telepon", "Call";
        sms: "SMS", "SMS";
        ask_help: "Minta bantuan", "Ask for help";
        manage_devices: "Atur perangkat", "Manage devices";
        change_pin: "Ganti PIN", "Change the PIN";
        router_away: "Router tidak terlihat", "The router is not seen";
        router_away_since: "Sistem tidak dapat membaca router sejak {0}. Ini bukan karena HP Anda; silakan coba lagi sebentar lagi.",
            "The system has not been able to read the router since {0}. It is not your phone; please try again in a moment.";
        router_away_text: "Sistem belum dapat membaca router. Ini bukan karena HP Anda; silakan coba lagi sebentar lagi.",
            "The system cannot read the router yet. It is not your phone; please try again in a moment.";
        contact: "Kontak pengelola:", "The owner's contact:";
        log_in: "Masuk", "Log in";
        slowed: "Terlalu sering dicoba. Coba lagi dalam {0}.", "Too many attempts. Try again in {0}.";
        register: "Daftar", "Register";

        active: "Internet Anda aktif. Sisa {0}{1}.", "Your internet is active. {0} left{1}.";
        unlimited: "Internet Anda aktif tanpa batas{0}.", "Your internet is active without limit{0}.";
        until: ", sampai {0}", ", until {0}";
        fup: "Kecepatan dikurangi. Sisa {0}. Tambah paket agar kencang lagi.",
            "Your speed is reduced. {0} left. Add a package to be fast again.";
        paying: "Internet dibuka {0} untuk membayar.", "Internet is open for {0} so that you can pay.";
        habis_bill_first: "Kuota Anda habis. Bayar tagihan dulu, lalu beli paket untuk tersambung lagi.",
            "Your quota is used up. Pay what is due first, then buy a package to be online again.";
        habis: "Kuota Anda habis. Silakan beli paket untuk tersambung lagi.",
            "Your quota is used up. Please buy a package to be online again.";
        expired: "Masa aktif berakhir. Silakan perpanjang.", "Your days are over. Please renew.";
        inactive: "Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.",
            "Your account is not active yet. Please wait for approval, or contact us.";
        inactive_buy: "Anda sudah terdaftar. Beli paket pertama Anda; akun aktif begitu dibayar.",
            "You are registered. Buy your first package; the account is active once it is paid.";
        blocked_admin: "Internet dihentikan pengelola. Hubungi kami.",
            "The owner has stopped your internet. Please contact us.";
        blocked: "Internet dijeda sementara.{0} Setelah dibayar, tersambung otomatis.",
            "Your internet is paused.{0} Once paid, you are online by itself.";
        blocked_package: "Internet dijeda sementara.{0} Beli paket untuk tersambung lagi.",
            "Your internet is paused.{0} Buy a package to be online again.";
        blocked_both: "Internet dijeda sementara.{0} Bayar tagihan dulu, lalu beli paket untuk tersambung lagi.",
            "Your internet is paused.{0} Pay what is due first, then buy a package to be online again.";
        bill_not_enough: "Membayar tagihan saja belum menyambungkan internet: kuota atau masa aktif tetap habis.",
            "Paying what is due does not reconnect you by itself: no quota or no days are left.";
        package_clears: "Paket sekaligus menutup pemakaian lebih: {0} dipotong dari kuotanya, jadi tidak perlu dibayar sendiri.",
            "A package also covers the usage beyond the quota: {0} are taken off its quota, so you need not pay them separately.";
        overage_price_stop: "Bila kuota habis, internet berhenti. Pemakaian yang terlanjur lewat menjadi tagihan mulai {0}, dibulatkan ke atas per {1}.",
            "Internet stops when the quota is used up. What is used beyond it until then costs {0} or more, rounded up to a multiple of {1}.";
        overage_price_debt: "Setelah kuota habis internet tetap jalan. Pemakaian lebih menjadi tagihan mulai {0}, dibulatkan ke atas per {1}.",
            "Internet goes on when the quota is used up. Usage beyond it costs {0} or more, rounded up to a multiple of {1}.";
        window_terms: "Untuk membayar, internet dibuka {0}, paling banyak {1}. Yang terpakai selama itu tetap dihitung: dipotong dari paket, atau menjadi tagihan.",
            "Internet is opened for {0} so that you can pay, {1} at most. What you use meanwhile counts: it is taken off the package, or becomes due.";
        owed: " Ada tagihan {0}.", " {0} is due.";

        left: "Sisa kuota", "Quota left";
        no_limit: "Tanpa batas", "Without limit";
        valid_until: "Berlaku sampai", "Valid until";
        no_end: "Tanpa batas waktu", "No end date";
        used: "Terpakai", "Used";
        given: "Kuota periode ini", "Quota this period";
        corrected: "Dikoreksi atau dikembalikan", "Corrected or returned";
        since_filled: "{0} dari {1} sejak pengisian terakhir", "{0} of {1} since the last top-up";
        note_from_owner: "Pesan dari pengelola:", "A note from the owner:";
        nothing_due: "Tidak ada tagihan.", "Nothing is due.";
        no_price: "Harga belum ditentukan. Hubungi pengelola.", "There is no price yet. Contact the owner.";
        due_by: "jatuh tempo {0}", "due by {0}";
        late: "lewat jatuh tempo {0}", "overdue since {0}";
        overage: "Pemakaian lebih", "Usage beyond the quota";
        debt_of: "Tagihan {0}", "Bill of {0}";
        total: "Jumlah", "Total";

        buy: "Beli paket", "Buy a package";
        pay_bill: "Bayar tagihan", "Pay what is due";
        pay_all: "Bayar semua", "Pay everything";
        pay_this: "Bayar ini saja", "Pay only this";
        pay_part: "Bayar sebagian", "Pay a part";
        to_home: "Kembali", "Back";

        relay_down: "Sambungan ke layanan pembayaran terputus sejak {0}. Pembayaran online belum bisa; silakan bayar tunai ke pengelola.",
            "The payment service has been out of reach since {0}. Online payment does not work now; please pay the owner in cash.";
        relay_off: "Di sini belum ada pembayaran online. Silakan bayar tunai ke pengelola.",
            "There is no online payment here. Please pay the owner in cash.";
        router_down: "Angka di halaman ini terakhir diperbarui {0}.", "The figures on this page were last updated {0}.";
        router_never: "Router belum dapat dibaca, jadi angka di halaman ini mungkin belum lengkap.",
            "The router could not be read yet, so the figures on this page may be incomplete.";

        open_order: "Pembayaran yang sedang berjalan", "Payment under way";
        open_order_text: "{0} dengan {1}, dibuat {2}.", "{0} by {1}, made {2}.";
        go_on: "Lanjutkan pembayaran", "Go on paying";
        cancel_order: "Batalkan", "Cancel";
        cancel_will: "Nomor atau kode bayarnya tidak berlaku lagi. Bila sudah dibayar, jangan dibatalkan.",
            "Its number or code is no longer good. Do not cancel what you have paid already.";
        cancel_yes: "Ya, batalkan pembayaran", "Yes, cancel the payment";

        usage: "Pemakaian {0} hari terakhir", "Usage of the last {0} days";
        usage_none: "Belum ada pemakaian.", "No usage yet.";
        devices: "Perangkat", "Devices";
        this_device: "perangkat ini", "this device";
        online: "tersambung", "connected";
        seen: "terlihat {0}", "seen {0}";
        never_seen: "belum pernah terlihat", "never seen";

        would_end: "Bila dibayar hari ini, berlaku sampai {0}", "Paid today, it is valid until {0}";
        adds_no_days: "Tidak menambah hari: tetap berlaku sampai {0}", "Adds no days: still valid until {0}";
        stays_stopped: "Pembayaran ini belum menyambungkan internet.", "This payment does not reconnect you yet.";
        then_package: "Untuk tersambung, beli paket.", "Buy a package to be online.";
        then_bill: "Untuk tersambung, bayar juga sisa tagihan {0}.", "Pay the remaining {0} to be online.";
        then_both: "Untuk tersambung, bayar juga sisa tagihan {0}, lalu beli paket.", "Pay the remaining {0}, then buy a package to be online.";
        packages_none: "Belum ada paket yang dijual. Hubungi pengelola.", "No package is on sale. Contact the owner.";
        days: "{0} hari", "{0} days";
        choose: "Beli", "Buy";
        cannot_buy: "Paket ini belum bisa dibeli", "You cannot buy this yet";

        part_label: "Jumlah yang dibayar (rupiah)", "Amount to pay (rupiah)";
        part_hint: "Untuk tagihan tertua lebih dulu, paling banyak {0}.", "Goes to the oldest bills first, at most {0}.";
        part_bad: "Tulis jumlah dalam rupiah, misalnya 20.000.", "Write an amount in rupiah, such as 20.000.";
    }
}

words! {
    /// Texts of paying.
    PayWords {
        how: "Cara bayar", "How to pay";
        qris_hint: "Semua bank dan dompet digital", "Any bank or wallet app";
        wallet_hint: "Membuka aplikasinya", "Opens its app";
        bank_hint: "Nomor virtual account", "Virtual account number";
        bill_hint: "Kode pembayaran", "Payment code";
        pay: "Bayar {0}", "Pay {0}";
        replace: "Batalkan yang lama, bayar {0}", "Cancel the other one, pay {0}";
        for_whom: "Untuk: {0}", "For: {0}";
        other_payer: "Perangkat ini sekarang memakai akun lain. Periksa nama dan jumlahnya sebelum membayar.",
            "This device now has another account. Check the name and the amount before you pay.";
        open_first: "Masih ada pembayaran yang terbuka. Pilih dulu: lanjutkan yang itu, atau batalkan dan bayar yang ini.",
            "A payment is still open. Choose first: go on with that one, or cancel it and pay this one.";
        open_title: "Pembayaran lain masih terbuka", "Another payment is still open";
        open_text: "Bila Anda membayar yang ini, pembayaran itu dibatalkan: nomor atau kodenya jangan dibayar lagi. Bila sudah dibayar, jangan bayar dua kali.",
            "If you pay this one, that payment is cancelled: do not pay its number or code any more. If you have paid it already, do not pay twice.";
        open_unknown: "Layanan pembayaran belum menjawab tentang pembayaran itu.",
            "The payment service has not answered about that payment yet.";
        cancel: "Batal", "Cancel";
        quote_changed: "Harganya berubah. Ini harga sekarang; silakan periksa lalu bayar.",
            "The price has changed. This is the price now; please check it and pay.";
        pick: "Pilih salah satu cara bayar.", "Choose one of the ways to pay.";

        title: "Pembayaran", "Payment";
        waiting: "Menunggu pembayaran", "Waiting for your payment";
        checking: "Pembayaran sedang diperiksa bank", "The bank is checking the payment";
        checking_text: "Halaman ini berubah sendiri bila sudah selesai.", "This page changes by itself when it is done.";
        received: "Pembayaran diterima.", "Payment received.";
        received_review: "Pembayaran diterima dan sedang diperiksa pengelola", "Payment received; the owner is checking it";
        received_review_text: "Uangnya tidak sesuai dengan pesanan ini. Pengelola akan memeriksanya; simpan bukti bayar Anda.",
            "The money does not match this order. The owner will look at it; please keep your receipt.";
        expired: "Waktu pembayaran habis", "The time to pay is over";
        expired_text: "Belum ada uang yang ditarik. Bila Anda sudah membayar, tunggu sebentar: pembayaran yang masuk tetap dihitung.",
            "Nothing was taken. If you did pay, please wait a little: money that comes still counts.";
        cancelled: "Pembayaran dibatalkan", "The payment was cancelled";
        cancelled_text: "Tidak perlu membayar nomor atau kode yang lama.", "Do not pay the old number or code any more.";
        failed: "Pembayaran tidak berhasil", "The payment did not work";
        failed_text: "Bank atau dompet digital menolaknya. Silakan coba lagi atau pilih cara lain.",
            "The bank or wallet refused it. Please try again or choose another way.";
        returned: "Uang dikembalikan", "The money went back";
        returned_text: "Pembayaran ini sudah dikembalikan kepada Anda.", "This payment was returned to you.";
        part_returned: "Sebagian uang dikembalikan: {0}.", "Part of the money went back: {0}.";
        again: "Coba lagi", "Try again";

        method: "Cara bayar", "Way to pay";
        order: "Nomor pesanan", "Order number";
        receipt: "Nomor kuitansi", "Receipt number";
        share: "Bagikan kuitansi", "Share the receipt";
        print: "Cetak", "Print";
        share_text: "Kuitansi No. {0}, {1}: {5} untuk {6}, {2} ({3}), {4}", "Receipt No. {0}, {1}: {5} for {6}, {2} ({3}), {4}";
        what: "Untuk", "For";
        whose: "Pelanggan", "Customer";
        paid_at: "Dibayar", "Paid";
        made_at: "Dibuat", "Made";
        hotspot: "Hotspot", "Hotspot";
        time_left: "Sisa waktu", "Time left";
        time_over: "Waktunya habis; hasilnya sedang ditanyakan.", "The time is over; we are asking what became of it.";
        window_over: "Internet untuk pembayaran ini tidak terbuka. Bayar dengan data seluler, HP lain, atau ATM. Setelah terbayar, halaman ini berubah sendiri.",
            "Internet is not open for this payment. Pay by mobile data, another phone, or at an ATM. This page changes by itself once it is paid.";
        window: "Internet dibuka sampai {0} untuk membayar, sudah terpakai {1} dari {2}.",
            "Internet is open until {0} so that you can pay; {1} of {2} is used.";
        qr: "Kode QRIS untuk {0}", "QRIS code for {0}";
        qr_text: "Pindai dengan aplikasi bank atau dompet digital.", "Scan it with a bank or wallet app.";
        qr_same_phone: "Hanya ada HP ini? Simpan gambarnya atau tangkap layar, buka aplikasi bank atau dompet digital, lalu pilih QRIS dari galeri.",
            "Only this phone? Save the picture or take a screenshot, open your bank or wallet app, and choose QRIS from the gallery.";
        qr_save: "Simpan gambar QR", "Save the QR picture";
        qr_link: "Lihat kode QR", "Show the QR code";
        number_of: "Nomor virtual account {0}", "Virtual account number of {0}";
        bill_key: "Kode bayar (bill key)", "Bill key";
        biller: "Kode perusahaan (biller code)", "Biller code";
        copy_va: "Salin nomor VA", "Copy the VA number";
        copy_bill: "Salin kode bayar", "Copy the bill key";
        copy_biller: "Salin kode perusahaan", "Copy the biller code";
        copied: "Tersalin", "Copied";
        va_text: "Transfer tepat {0} dari aplikasi bank atau ATM.", "Transfer exactly {0} by your bank's app or at an ATM.";
        bill_text: "Bayar tepat {0} di menu Bayar atau Multipayment aplikasi bank atau ATM, dengan kode perusahaan dan kode bayar ini.",
            "Pay exactly {0} in the bill payment menu of your bank's app or an ATM, with this biller code and bill key.";
        open_app: "Buka {0}", "Open {0}";
        open_page: "Buka halaman pembayaran", "Open the payment page";
        no_link: "Tautan pembayaran tidak dikenali. Ganti cara bayar, atau hubungi pengelola.",
            "The payment link is not one we know. Choose another way to pay, or contact the owner.";
        means_later: "Kode pembayaran sedang disiapkan.", "The payment code is being made.";
        captive: "Anda membuka halaman ini dari jendela Wi-Fi", "You see this page in the Wi-Fi window";
        captive_qr: "Tangkap layar, buka aplikasi bank, lalu pilih QRIS dari galeri.",
            "Take a screenshot, open your bank's app, and choose QRIS from the gallery.";
        captive_app: "Jendela ini tidak bisa membuka aplikasi. Buka alamat ini di Chrome atau Safari:",
            "This window cannot open an app. Open this address in Chrome or Safari:";
        captive_go_on: "Atau lanjutkan di Chrome atau Safari dengan alamat ini:", "Or go on in Chrome or Safari at this address:";
        paid_already: "Saya sudah bayar", "I have paid";
        change_method: "Ganti cara bayar", "Pay another way";
        cancel_order: "Batalkan pembayaran", "Cancel the payment";
        asked_not_yet: "Belum ada pembayaran yang masuk. Biasanya kurang dari satu menit; halaman ini berubah sendiri.",
            "No payment has come in yet. It usually takes less than a minute; this page changes by itself.";
        asked_often: "Baru saja ditanyakan. Silakan tunggu sebentar.", "We have just asked. Please wait a moment.";
        asked_failed: "Layanan pembayaran belum menjawab. Silakan coba lagi sebentar lagi.",
            "The payment service does not answer. Please try again in a moment.";
    }
}

words! {
    /// Texts of logging in and registering.
    LoginWords {
        title: "Masuk", "Log in";
        who: "Nomor HP atau nama pengguna", "Phone number or log-in name";
        pin: "PIN", "PIN";
        enter: "Masuk", "Log in";
        wrong: "Nomor, nama atau PIN salah. Lupa PIN? Hubungi pengelola.",
            "The number, the name or the PIN is wrong. Forgot your PIN? Contact the owner.";
        not_seen: "Perangkat ini belum terlihat di hotspot", "This device is not seen on the hotspot";
        not_seen_text: "Sambungkan dulu ke Wi-Fi hotspot, tunggu beberapa detik, lalu muat ulang halaman ini.",
            "Connect to the hotspot's Wi-Fi first, wait a few seconds, then load this page again.";
        retry: "Muat ulang", "Load again";
        full: "Batas perangkat tercapai", "You have as many devices as allowed";
        full_text: "Akun ini sudah memakai {0} perangkat. Ganti {1} ({2}) dengan perangkat ini?",
            "This account has {0} devices. Replace {1} ({2}) by this device?";
        replace: "Ganti perangkat", "Replace the device";
        too_old: "Waktu untuk mengganti habis. Silakan masuk lagi.", "The time to replace it is over. Please log in again.";

        register: "Daftar", "Register";
        name: "Nama", "Name";
        phone: "Nomor HP", "Phone number";
        new_pin: "PIN baru (6 angka)", "New PIN (6 digits)";
        pin_again: "PIN sekali lagi", "The PIN again";
        send: "Daftar", "Register";
        by_approval: "Setelah mendaftar, pengelola akan menyetujui akun Anda.", "After you register, the owner will approve your account.";
        by_payment: "Setelah mendaftar, beli paket pertama Anda; akun aktif begitu dibayar.",
            "After you register, buy your first package; the account is active once it is paid.";
        bad_name: "Tulis nama Anda.", "Write your name.";
        bad_phone: "Tulis nomor HP seperti 081234567890.", "Write a phone number like 081234567890.";
        bad_pin: "PIN terdiri dari 6 angka.", "A PIN has 6 digits.";
        easy_pin: "PIN ini mudah ditebak. Jangan pakai angka berurutan, angka kembar, atau tanggal lahir.", "This PIN is easy to guess. Use no digits in a row, no repeated digits and no day of birth.";
        other_pin: "Kedua PIN tidak sama.", "The two PINs are not the same.";
        not_taken: "Pendaftaran dengan data ini tidak dapat diterima. Bila sudah terdaftar, silakan masuk, atau hubungi pengelola.",
            "We cannot register you with this. If you are registered already, please log in, or contact the owner.";
        have_account: "Sudah terdaftar? Masuk", "Registered already? Log in";
        no_account: "Belum terdaftar? Daftar", "Not registered yet? Register";
    }
}

words! {
    /// Texts of asking for help.
    HelpWords {
        title: "Minta bantuan", "Ask for help";
        text: "Apa yang terjadi?", "What happened?";
        hint: "Boleh kosong. Pengelola melihat permintaan ini beserta perangkat Anda.", "May be empty. The owner sees this request and your device.";
        send: "Kirim", "Send";
        too_long: "Tulis paling banyak 200 huruf.", "Write at most 200 characters.";
        waits: "Terkirim {0}, menunggu pengelola.", "Sent {0}, waiting for the owner.";
        yours: "Pesan Anda: {0}", "Your message: {0}";
    }
}

words! {
    /// Texts of a customer's own devices and PIN.
    DeviceWords {
        title: "Perangkat Anda", "Your devices";
        name: "Nama perangkat", "Name of the device";
        save: "Simpan", "Save";
        bad_name: "Tulis nama paling banyak 40 huruf.", "Write a name of at most 40 characters.";
        remove: "Lepas perangkat ini", "Remove this device";
        remove_text: "Perangkat itu tidak lagi memakai kuota Anda dan harus masuk lagi.", "It uses your quota no more, and has to log in again.";
        remove_this: "Ini perangkat yang sedang Anda pakai: Anda harus masuk lagi dengan nomor dan PIN.", "This is the device you use now: you will have to log in again with your number and PIN.";
        remove_yes: "Ya, lepas", "Yes, remove it";
        login: "Untuk masuk di perangkat lain: {0} dan PIN Anda.", "To log in on another device: {0} and your PIN.";
        login_none: "Anda belum punya nomor HP atau nama pengguna untuk masuk. Hubungi pengelola sebelum melepas perangkat.",
            "You have no phone number or log-in name to log in with. Contact the owner before you remove a device.";
        login_or: "{0} atau {1}", "{0} or {1}";
        pin_title: "Ganti PIN", "Change the PIN";
        old_pin: "PIN sekarang", "Your PIN";
        wrong_pin: "PIN sekarang salah. Lupa PIN? Hubungi pengelola.", "Your PIN is wrong. Forgot it? Contact the owner.";
        pin_changed: "PIN sudah diganti.", "The PIN was changed.";
    }
}

words! {
    /// Texts of the history.
    RecordWords {
        orders: "Pembayaran", "Payments";
        statement: "Mutasi", "Statement";
        usage: "Pemakaian", "Usage";
        parts: "Bagian riwayat", "Parts of the history";
        none: "Belum ada apa-apa di sini.", "There is nothing here yet.";
        what: "Keterangan", "What";
        how_much: "Jumlah", "Amount";
        moved: "Kuota", "Quota";
        older: "Lebih lama", "Older";
        by_device: "Menurut perangkat", "By device";
        by_day: "Menurut hari", "By day";

        kind_purchase: "Beli {0}", "Purchase of {0}";
        kind_settle_all: "Bayar semua tagihan", "Payment of everything due";
        kind_settle_item: "Bayar tagihan", "Payment of a bill";
        kind_part: "Bayar sebagian", "Part payment";
        counter: "tunai", "cash";
        transfer: "transfer", "bank transfer";
        printed: "QRIS kasir", "QRIS at the counter";

        state_open: "menunggu", "waiting";
        state_paid: "dibayar", "paid";
        state_review: "diperiksa", "being checked";
        state_cancelled: "dibatalkan", "cancelled";
        state_expired: "waktu habis", "expired";
        state_failed: "tidak berhasil", "failed";
        state_returned: "dikembalikan", "returned";
        state_part_returned: "sebagian dikembalikan", "partly returned";

        line_usage: "Pemakaian internet", "Internet usage";
        line_unposted: "Pemakaian yang belum tercatat", "Usage not recorded yet";
        line_unposted_since: "Belum tercatat: pemakaian sejak {0}", "Not recorded yet: usage since {0}";
        line_purchase: "Beli paket", "Package bought";
        line_grant: "Kuota dari pengelola", "Quota from the owner";
        line_advance: "Kuota dibayar nanti", "Quota to be paid later";
        line_overage_paid: "Pemakaian lebih dibayar", "Usage beyond the quota paid";
        line_surplus: "Kelebihan bayar menjadi kuota", "Overpayment turned into quota";
        line_correction: "Koreksi", "Correction";
        line_closing: "Periode baru dimulai", "A new period began";
        line_debt_granted: "Tagihan baru", "New bill";
        line_debt_paid: "Tagihan dibayar", "Bill paid";
        line_written_off: "Tagihan dihapuskan", "Bill forgiven";
        line_reversal: "Uang dikembalikan, kuota ditarik", "Money returned, quota taken back";
        line_debt_reopened: "Uang dikembalikan, tagihan dibuka lagi", "Money returned, bill open again";
    }
}

words! {
    /// Texts of the pages that explain a rule.
    PolicyWords {
        blocked: "Mengapa internet dijeda", "Why your internet is paused";
        inactive: "Mengapa akun belum aktif", "Why your account is not active";
        expired: "Mengapa masa aktif berakhir", "Why your days are over";
        habis: "Mengapa kuota habis", "Why your quota is used up";
        fup: "Mengapa kecepatan dikurangi", "Why your speed is reduced";
        general_blocked: "Internet dijeda bila pemakaian lebih mencapai batas ({0}) atau ada tagihan yang lewat jatuh tempo. Setelah dibayar, tersambung otomatis.",
            "Internet is paused when usage beyond the quota reaches the limit ({0}) or a bill is overdue. Once paid, you are online by itself.";
        general_blocked_no_limit: "Internet dijeda bila ada tagihan yang lewat jatuh tempo. Setelah dibayar, tersambung otomatis.",
            "Internet is paused when a bill is overdue. Once paid, you are online by itself.";
        general_inactive: "Akun baru dipakai setelah disetujui pengelola.", "A new account works once the owner has approved it.";
        general_inactive_payment: "Akun baru aktif begitu paket pertama dibayar.", "A new account is active once its first package is paid.";
        general_expired: "Setiap paket berlaku sekian hari. Kuota yang tersisa dapat dipakai lagi setelah diperpanjang.",
            "Every package is valid for some days. Quota that is left can be used again after you renew.";
        general_habis: "Internet berhenti bila kuota sudah nol. Beli paket untuk tersambung lagi.",
            "Internet stops when no quota is left. Buy a package to be online again.";
        general_fup: "Kecepatan dikurangi bila sisa kuota {0} atau kurang. Tambah paket agar kencang lagi.",
            "Speed is reduced when {0} or less is left. Add a package to be fast again.";
        not_yours: "Aturan ini sedang tidak berlaku untuk Anda.", "This rule does not hold for you now.";
        the_rule: "Aturannya", "The rule";
        your_numbers: "Angka Anda", "Your numbers";
        overage: "Pemakaian lebih", "Usage beyond the quota";
        debt_limit: "Batas", "Limit";
        overdue: "Lewat jatuh tempo", "Overdue since";
        left: "Sisa kuota", "Quota left";
        threshold: "Batas kecepatan penuh", "Full speed above";
        ended: "Berakhir", "Ended";
        approved: "Disetujui", "Approved";
        enabled: "Akun dipakai", "Account in use";
        yes: "ya", "yes";
        no: "belum", "no";
        by_owner: "Pengelola menghentikan internet Anda.", "The owner has stopped your internet.";
    }
}

words! {
    /// Error texts for customers.
    ErrorWords {
        title: "Belum bisa", "Not yet";
        settle_first: "Pemakaian lebih Anda sama dengan atau melebihi kuota paket ini. Silakan bayar tagihan dulu.",
            "Your usage beyond the quota is as much as this package gives. Please pay what is due first.";
        debt_overdue: "Ada tagihan yang lewat jatuh tempo. Silakan bayar tagihan dulu.", "A bill is overdue. Please pay it first.";
        owes_while_unlimited: "Paket tanpa batas baru bisa dibeli setelah semua tagihan dibayar.",
            "You can buy a package without limit once everything due is paid.";
        blocked: "Internet dihentikan pengelola. Hubungi kami.", "The owner has stopped your internet. Please contact us.";
        inactive: "Akun belum aktif. Mohon tunggu persetujuan, atau hubungi kami.",
            "Your account is not active yet. Please wait for approval, or contact us.";
        not_on_sale: "Paket ini tidak dijual lagi. Silakan pilih paket lain.", "This package is not on sale any more. Please choose another one.";
        nothing_owed: "Tidak ada yang perlu dibayar.", "There is nothing to pay.";
        already_paid: "Tagihan ini sudah dibayar.", "This bill is paid already.";
        pays_too_much: "Jumlah itu lebih dari tagihan Anda, atau ada tagihan yang harus dibayar penuh.",
            "That is more than your bills, or one of them must be paid whole.";
        no_price: "Harga belum ditentukan. Hubungi pengelola.", "There is no price yet. Please contact the owner.";
        order_paid: "Pembayaran Anda yang sebelumnya ternyata sudah masuk dan sudah dihitung. Tidak perlu membayar lagi.",
            "Your payment before this one has come in and is counted. You need not pay again.";
        order_open: "Pembayaran sebelumnya belum bisa dibatalkan. Silakan coba lagi sebentar lagi.",
            "The payment before this one cannot be cancelled yet. Please try again in a moment.";
        relay_unreachable: "Layanan pembayaran sedang tidak terhubung. Tidak ada yang ditagihkan. Silakan coba lagi nanti, atau bayar tunai ke pengelola.",
            "The payment service is out of reach. Nothing was charged. Please try again later, or pay the owner in cash.";
        gateway: "Layanan pembayaran sedang bermasalah. Silakan coba lagi, atau pilih cara bayar lain.",
            "The payment service has a problem. Please try again, or choose another way to pay.";
        method: "Cara bayar ini sedang tidak tersedia. Silakan pilih cara lain.", "This way to pay is not available now. Please choose another one.";
        superseded: "Tagihan sudah dibayar dengan cara lain. Pesanan ini dibatalkan.", "You paid another way meanwhile. This order is being cancelled.";
        not_open: "Pembayaran ini sudah selesai atau sudah dibatalkan.", "This payment is over or was cancelled.";
        stale_form: "Halaman tadi terlalu lama terbuka. Silakan buka lagi, lalu coba lagi.",
            "That page was open for too long. Please open it again and retry.";
        foreign_host: "Alamat ini bukan alamat halaman hotspot. Buka lagi dari halaman hotspot Anda.", "This is not the address of the hotspot's pages. Open them again from your hotspot's page.";
        network: "Halaman ini hanya bisa dibuka dari jaringan hotspot.", "This page can be opened from the hotspot's network only.";
        address_shared: "Alamat IP ini sedang dipakai lebih dari satu perangkat, jadi belum jelas ini halaman siapa. Matikan lalu nyalakan lagi Wi-Fi Anda dengan alamat IP otomatis (DHCP), lalu muat ulang. Bila tetap begini, hubungi pengelola.",
            "More than one device uses this IP address, so it is not clear whose page this is. Turn your Wi-Fi off and on with an automatic IP address (DHCP), then load this page again. If it stays like this, contact the owner.";
        device_gone: "Perangkat ini baru saja berganti alamat. Silakan coba lagi.",
            "This device has just changed its address. Please load the page again and retry.";
        unreadable: "Isian tidak dapat dibaca. Silakan periksa lagi.", "What you typed cannot be read. Please check it.";
        router: "Router sedang tidak dapat dihubungi. Silakan coba lagi sebentar lagi.", "The router is out of reach. Please try again in a moment.";
        refused: "Permintaan ini tidak dapat dilakukan. Silakan coba lagi, atau hubungi pengelola.",
            "This cannot be done. Please try again, or contact the owner.";
        timeout: "Jawabannya terlalu lama. Lihat dulu apakah sudah berhasil sebelum mengulang.",
            "It took too long. Please look whether it was done before you repeat it.";
        not_recorded: "Ini belum dapat dicatat, jadi belum dilakukan. Internet Anda tetap berjalan seperti sekarang. Silakan coba lagi nanti, atau hubungi pengelola.",
            "This cannot be recorded at the moment, so it was not done. Your internet stays as it is. Please try again later, or ask the owner.";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::catalogue::check;

    #[test]
    fn both_languages_say_the_same() {
        for all in [
            Words::ALL,
            PayWords::ALL,
            HelpWords::ALL,
            DeviceWords::ALL,
            LoginWords::ALL,
            RecordWords::ALL,
            PolicyWords::ALL,
            ErrorWords::ALL,
        ] {
            check(all);
        }
    }

    #[test]
    fn customers_never_read_hutang() {
        for all in [
            Words::ALL,
            PayWords::ALL,
            HelpWords::ALL,
            DeviceWords::ALL,
            LoginWords::ALL,
            RecordWords::ALL,
            PolicyWords::ALL,
            ErrorWords::ALL,
        ] {
            assert!(all.iter().all(|(_, id, _)| !id.to_lowercase().contains("hutang")));
        }
    }
}
