//! The texts of the help in Indonesian, by the English ones that the declarations of commands have.

/// English without its last stop, and Indonesian.
pub(super) const INDONESIAN: &[(&str, &str)] = &[
    ("Quota, debt and access for MikroTik hotspots", "Kuota, tagihan dan akses untuk hotspot MikroTik"),
    ("Print help", "Tampilkan bantuan"),
    ("Print help (see a summary with '-h')", "Tampilkan bantuan (ringkasnya dengan '-h')"),
    ("Print help (see more with '--help')", "Tampilkan bantuan (lengkapnya dengan '--help')"),
    ("Print version", "Tampilkan versi"),
    (
        "Print this message or the help of the given subcommand(s)",
        "Tampilkan pesan ini atau bantuan sebuah perintah",
    ),
    ("The configuration", "Berkas konfigurasi"),
    ("The format of log lines on stderr", "Bentuk baris log di stderr"),
    (
        "Print the API's answer as JSON, and failures as problem documents on stderr",
        "Cetak jawaban API sebagai JSON, dan kegagalan sebagai dokumen masalah di stderr",
    ),
    (
        "Language of questions, help and failures: id or en; without it, the site's on a terminal",
        "Bahasa pertanyaan, bantuan dan kegagalan: id atau en; bila kosong, bahasa hotspot di terminal",
    ),
    ("Run the daemon", "Jalankan daemon"),
    (
        "Show how it works on this machine alone: simulated router and payment gateway, relay, customers and traffic",
        "Perlihatkan cara kerjanya di mesin ini saja: router dan gerbang pembayaran tiruan, relay, pelanggan dan lalu lintas",
    ),
    (
        "Validate the configuration and print it as it takes effect, secrets masked",
        "Periksa konfigurasi dan cetak seperti yang berlaku, rahasia ditutupi",
    ),
    (
        "Write a configuration from a few answers, make the first owner and test the router",
        "Tulis konfigurasi dari beberapa jawaban, buat pemilik pertama dan uji router",
    ),
    (
        "Look for what is wrong with the router, this machine and the configuration, and say what to do",
        "Cari yang salah pada router, mesin ini dan konfigurasi, dan sebutkan yang perlu dilakukan",
    ),
    (
        "Print the script that prepares the router for this configuration",
        "Cetak skrip yang menyiapkan router untuk konfigurasi ini",
    ),
    ("Who may log in", "Siapa yang boleh masuk"),
    ("Customers, their devices and their access", "Pelanggan, perangkat dan aksesnya"),
    ("What customers owe", "Tagihan pelanggan"),
    ("What is on sale", "Yang dijual"),
    ("What was paid", "Yang sudah dibayar"),
    ("Sales, debts, usage, and whom to call", "Penjualan, tagihan, pemakaian, dan siapa yang perlu ditagih"),
    ("Cash drawers", "Laci kasir"),
    ("The books", "Buku besar"),
    (
        "Copy the whole store into a file, with or without a running daemon",
        "Salin seluruh data ke sebuah berkas, dengan atau tanpa daemon yang berjalan",
    ),
    ("Where to", "Ke mana"),
    (
        "Replace a file of that name, once the copy is whole",
        "Gantikan berkas dengan nama itu, setelah salinannya lengkap",
    ),
    (
        "Restore the store from a backup, with no daemon running. The old store is kept",
        "Pulihkan data dari cadangan, saat daemon tidak berjalan. Data lama disimpan",
    ),
    (
        "The copy: a file of `backup`, or one of the daemon's own, compressed or encrypted",
        "Salinannya: berkas dari `backup`, atau salinan daemon sendiri, dimampatkan atau dienkripsi",
    ),
    (
        "File with the secret key of the recovery kit, for an encrypted copy; without it the key is read from stdin",
        "Berkas kunci rahasia dari perangkat pemulihan, untuk salinan terenkripsi; bila kosong, kuncinya dibaca dari stdin",
    ),
    (
        "Replace the desk's settings and secrets of this card by those that go with an encrypted copy. A card without a store gets them in any case",
        "Gantikan pengaturan meja dan rahasia di kartu ini dengan yang ikut dalam salinan terenkripsi. Kartu tanpa data selalu mendapatkannya",
    ),
    (
        "Put a restored store to work: router and relay stop the machine before it. Until then it reads the router and changes nothing",
        "Pakai data yang dipulihkan: router dan relay menghentikan mesin sebelumnya. Sampai saat itu router hanya dibaca dan tidak ada yang diubah",
    ),
    (
        "The machine that had this store before is switched off, or its card is out. Only needed where neither the router nor the relay can be reached, which stop it otherwise",
        "Mesin yang memegang data ini sebelumnya sudah mati, atau kartunya dilepas. Hanya perlu bila router dan relay tidak terjangkau; selain itu merekalah yang menghentikannya",
    ),
    (
        "Fetch the newest copy and what changed since, from the vault of a relay with the token of a recovery kit, or from a bucket",
        "Ambil salinan terbaru dan perubahan sesudahnya, dari brankas relay dengan token perangkat pemulihan, atau dari bucket",
    ),
    (
        "Address of the relay, as the recovery kit has it. The kit's token is read from stdin",
        "Alamat relay, seperti di perangkat pemulihan. Tokennya dibaca dari stdin",
    ),
    (
        "The bucket in which the copies are, as backup.target had it, with its prefix",
        "Bucket tempat salinan, seperti di backup.target: s3://bucket/prefix",
    ),
    (
        "Address of the object store, as backup.s3.endpoint had it",
        "Alamat penyimpanan objek, seperti di backup.s3.endpoint",
    ),
    ("Region of the bucket", "Region bucket itu"),
    (
        "Name of an access key that may list and read the bucket",
        "Nama kunci akses yang boleh mendaftar dan membaca isi bucket",
    ),
    (
        "File with the secret of that key; without it the secret is read from stdin",
        "Berkas rahasia kunci itu; bila kosong, rahasianya dibaca dari stdin",
    ),
    (
        "The site's tag in the names of its copies, where the bucket has those of several sites",
        "Tanda hotspot di nama salinannya, bila bucket berisi salinan beberapa hotspot",
    ),
    ("Where to; a file of that name is not replaced", "Ke mana; berkas dengan nama itu tidak diganti"),
    (
        "Make the key of encrypted copies and print it, once: keep it where the Raspberry Pi is not",
        "Buat kunci salinan terenkripsi dan cetak, sekali: simpan di tempat lain dari Raspberry Pi",
    ),
    (
        "Make another kit although there is one; copies from before need the old one",
        "Buat kunci lain walaupun sudah ada; salinan sebelumnya perlu kunci yang lama",
    ),
    (
        "Install the next version, and come back to this one if it does not work",
        "Pasang versi berikutnya, dan kembali ke yang ini bila tidak berjalan",
    ),
    (
        "Show what is installed, what there is and whether it would be installed; change nothing",
        "Perlihatkan yang terpasang, yang ada dan apakah akan dipasang; tidak mengubah apa pun",
    ),
    (
        "Also install a version that is younger than three days, or over a metered connection",
        "Pasang juga versi yang belum berumur tiga hari, atau lewat sambungan berkuota",
    ),
    (
        "Only finish an update that was interrupted, if there is one",
        "Hanya selesaikan pembaruan yang terputus, bila ada",
    ),
    (
        "Where packages, the copy of the store and the progress are kept",
        "Tempat paket, salinan data dan kemajuannya disimpan",
    ),
    (
        "How long the new version may take until everything works that worked before",
        "Berapa lama versi baru boleh sampai semuanya berjalan seperti sebelumnya",
    ),
    (
        "Write users, packages, debts, orders and ledger entries, as CSV or JSON",
        "Tulis pelanggan, paket, tagihan, pembayaran dan baris buku besar, sebagai CSV atau JSON",
    ),
    (
        "The folder whose files are read for those of the machine: its boot partition, its boot and its routes",
        "Folder yang berkasnya dibaca sebagai berkas mesin: partisi boot, boot, dan rutenya",
    ),
    ("The folder for the tables", "Folder untuk tabel-tabelnya"),
    (
        "Tables as CSV, or everything in one file, `kuota.json`",
        "Tabel sebagai CSV, atau semuanya dalam satu berkas, `kuota.json`",
    ),
    (
        "Enter users with their devices, and packages, from a table, all of them or none",
        "Masukkan pelanggan dan perangkatnya, dan paket, dari tabel, semuanya atau tidak sama sekali",
    ),
    (
        "CSV with the columns name, phone, login, and mac as often as needed, or with name, quota, days and price for packages; \
         or a table, the folder or the `kuota.json` of an export",
        "CSV dengan kolom name, phone, login, dan mac sebanyak yang perlu, atau dengan name, quota, days, dan price untuk paket; \
         atau tabel, folder, atau `kuota.json` dari sebuah ekspor",
    ),
    ("Only check and show what would be entered", "Hanya periksa dan perlihatkan yang akan dimasukkan"),
    (
        "What reconciling the router would change now; changes nothing",
        "Yang akan diubah di router bila disamakan sekarang; tidak mengubah apa pun",
    ),
    ("The wall clock", "Jam"),
    // Admins.
    ("Add an admin", "Tambah pengelola"),
    ("Log-in name", "Nama masuk"),
    ("The admin's role", "Peran pengelola"),
    (
        "Read the password from the first line of stdin; there is no other way to give one",
        "Baca kata sandi dari baris pertama stdin; tidak ada cara lain",
    ),
    (
        "Make an API token and print it. It is shown this once and survives restarts",
        "Buat token API dan cetak. Hanya ditampilkan sekali dan tetap berlaku setelah dijalankan ulang",
    ),
    ("The admin", "Pengelolanya"),
    (
        "The token's role, at most its admin's; the admin's own role when not given",
        "Peran token, paling tinggi peran pengelolanya; bila kosong, sama dengan pengelolanya",
    ),
    ("List admins", "Daftar pengelola"),
    (
        "Turn off an admin's one-time codes, because the phone that makes them is lost",
        "Matikan kode sekali pakai seorang pengelola, karena HP-nya hilang",
    ),
    ("Remove an admin, with all tokens and sessions", "Hapus pengelola, dengan semua token dan sesinya"),
    // Drawers, clock, books.
    ("Count the caller's drawer and close it", "Hitung laci pemanggil dan tutup"),
    ("The cash counted", "Uang tunai yang dihitung"),
    ("For people", "Untuk dibaca orang"),
    ("Show closings, newest first", "Daftar penutupan laci, yang terbaru dulu"),
    ("At most so many", "Paling banyak sekian"),
    ("Confirm the wall clock, after setting it by hand", "Pastikan jam, setelah disetel dengan tangan"),
    (
        "Recompute every balance and the hash chain; the first bad row is named",
        "Hitung ulang semua saldo dan rantai hash; baris salah pertama disebut",
    ),
    // Debts.
    (
        "Enter a debt item; its quota is given with it, except with --no-advance",
        "Catat tagihan; kuotanya langsung diberikan, kecuali dengan --no-advance",
    ),
    ("Who owes", "Siapa yang berutang"),
    ("How much, like \"10 GB\"", "Berapa, seperti \"10 GB\""),
    ("Id or name of a package given on credit", "Id atau nama paket yang diberikan dengan tagihan"),
    (
        "Last day to pay, like 2026-12-31; by the site's rule when not given",
        "Hari terakhir bayar, seperti 2026-12-31; bila kosong menurut aturan",
    ),
    ("Its own price", "Harganya sendiri"),
    ("Do not give the quota now", "Kuotanya tidak diberikan sekarang"),
    ("Your own note; the customer does not see it", "Catatan Anda sendiri; pelanggan tidak melihatnya"),
    ("A note for the customer, shown on the portal", "Catatan untuk pelanggan, terlihat di portal"),
    ("Show what a user owes and owed", "Daftar tagihan pelanggan, yang terbuka dan yang selesai"),
    ("Who", "Siapa"),
    (
        "Note a promise: another due date, another note, or both",
        "Catat janji: jatuh tempo lain, catatan lain, atau keduanya",
    ),
    ("Which item", "Tagihan yang mana"),
    ("Last day to pay, like 2026-12-31", "Hari terakhir bayar, seperti 2026-12-31"),
    (
        "Your own note; the old note stays when not given",
        "Catatan Anda sendiri; bila kosong, yang lama tetap",
    ),
    (
        "The note for the customer; the old one stays when not given, an empty one removes it",
        "Catatan untuk pelanggan; bila tidak diberikan, yang lama tetap; bila kosong, dihapus",
    ),
    ("Forgive what is left of an item", "Hapus sisa sebuah tagihan tanpa dibayar"),
    ("Why", "Alasannya"),
    (
        "Take money for everything, for one item, or for part",
        "Terima uang untuk semuanya, satu tagihan, atau sebagian",
    ),
    ("Who pays", "Siapa yang membayar"),
    ("This item", "Tagihan ini"),
    ("Every open item and the overage", "Semua tagihan terbuka dan kelebihan pemakaian"),
    ("So much money, to the oldest items first", "Uang sejumlah ini, untuk tagihan tertua dulu"),
    (
        "This machine's address as the router sees it; the portal's when not given",
        "Alamat mesin ini seperti yang dilihat router; bila kosong, alamat portal",
    ),
    // Orders.
    ("Show orders, newest first", "Daftar pembayaran, yang terbaru dulu"),
    (
        "Only in this state, such as `pending`, `paid` or `review`",
        "Hanya yang keadaannya ini, seperti `pending`, `paid` atau `review`",
    ),
    ("Only paid this way, such as `cash` or `qris`", "Hanya yang dibayar begini, seperti `cash` atau `qris`"),
    (
        "Only of this user: an id, or a name, phone or log-in name that is one user's alone",
        "Hanya milik pelanggan ini: id, atau nama, telepon atau nama login yang hanya milik satu pelanggan",
    ),
    ("Cancel an online order that can still be paid", "Batalkan pembayaran online yang masih dapat dibayar"),
    ("The order", "Pembayarannya"),
    ("Query the gateway about an online order now", "Tanyakan pembayaran online ke gerbang sekarang"),
    (
        "End a review: money that the gateway confirms and that could not be applied",
        "Selesaikan peninjauan: uang yang dipastikan gerbang tetapi tidak dapat dibukukan",
    ),
    (
        "Credit the quote, or close the review without a credit",
        "Bukukan, atau tutup peninjauan tanpa dibukukan",
    ),
    ("The reason", "Alasannya"),
    (
        "Refund an order, fully or partially; cash leaves the caller's drawer",
        "Kembalikan uang, seluruhnya atau sebagian; tunai keluar dari laci pemanggil",
    ),
    (
        "The amount; everything not yet refunded when not given",
        "Jumlahnya; bila kosong, semua yang belum kembali",
    ),
    ("Show one order with its entries", "Perlihatkan satu pembayaran dengan baris bukunya"),
    // Packages.
    ("Put a package on sale", "Jual paket baru"),
    ("Name for people", "Nama untuk dibaca orang"),
    ("Days it is valid", "Masa aktif dalam hari"),
    ("Its price in rupiah", "Harga dalam rupiah"),
    ("Show packages", "Daftar paket"),
    ("Quota, like \"10 GB\"", "Kuota, seperti \"10 GB\""),
    ("No end but its days", "Tanpa batas selain masa aktifnya"),
    // Reports.
    ("What was sold, by day, method and cashier", "Yang terjual, menurut hari, cara bayar dan kasir"),
    ("What is owed", "Yang belum dibayar"),
    ("What was used, by user and day", "Yang terpakai, menurut pelanggan dan hari"),
    (
        "Customers who are blocked for debt, are late, or have to pay within a week",
        "Pelanggan yang dihentikan karena tagihan, terlambat, atau harus membayar dalam seminggu",
    ),
    (
        "The first day, like 2026-11-01; the first of the month when not given",
        "Hari pertama, seperti 2026-11-01; bila kosong, awal bulan",
    ),
    ("The last day", "Hari terakhir"),
    ("Print CSV for spreadsheets", "Cetak CSV untuk lembar kerja"),
    // Router and setup.
    ("The script that undoes the other one", "Skrip yang membatalkan skrip satunya"),
    (
        "The hotspot's log-in page: save it as login.html in the hotspot's HTML directory on the router",
        "Halaman masuk hotspot: simpan sebagai login.html di folder HTML hotspot pada router",
    ),
    ("Host and port of the router's API", "Alamat dan port API router"),
    ("The agent's user on the router", "Pengguna agen di router"),
    (
        "Read that user's password from a line of stdin, the first one",
        "Baca kata sandi pengguna itu dari baris pertama stdin",
    ),
    ("How customers reach the portal", "Alamat portal untuk pelanggan"),
    (
        "A network of customers' devices; may be given more than once",
        "Jaringan perangkat pelanggan; boleh lebih dari sekali",
    ),
    ("How customers reach the owner", "Cara pelanggan menghubungi pemilik"),
    ("Name of the hotspot, as customers read it", "Nama hotspot, seperti yang dibaca pelanggan"),
    (
        "Time zone: WIB, WITA, WIT, or a name like Asia/Jakarta",
        "Zona waktu: WIB, WITA, WIT, atau nama seperti Asia/Jakarta",
    ),
    ("Log-in name of the first owner", "Nama masuk pemilik pertama"),
    (
        "Read the owner's password from a line of stdin, after the router's",
        "Baca kata sandi pemilik dari satu baris stdin, setelah milik router",
    ),
    ("Folder of the store", "Folder data"),
    (
        "Ask nothing: what is not given is as by default",
        "Jangan bertanya: yang tidak diberikan memakai nilai bawaan",
    ),
    ("Replace a configuration that is there", "Gantikan konfigurasi yang sudah ada"),
    // Demo.
    ("Customers", "Pelanggan"),
    (
        "How fast they use the hotspot; 1 is a minute in a second",
        "Seberapa cepat hotspot dipakai; 1 adalah satu menit dalam sedetik",
    ),
    (
        "Pay on our own pages (core) or on the gateway's (snap)",
        "Bayar di halaman kami sendiri (core) atau di halaman gerbang (snap)",
    ),
    (
        "Let unknown devices register on the portal: off, approval or payment",
        "Izinkan perangkat baru mendaftar di portal: off, approval atau payment",
    ),
    (
        "End by itself after this time, like 30s; without it, at Ctrl-C",
        "Berhenti sendiri setelah waktu ini, seperti 30s; bila kosong, dengan Ctrl-C",
    ),
    (
        "Keep everything in this folder; without it, in one that is removed at the end",
        "Simpan semuanya di folder ini; bila kosong, di folder yang dihapus setelah selesai",
    ),
    // Hotspot users of the router.
    (
        "Hotspot users of a live router: what they are, and making customers of them",
        "Pengguna hotspot di router yang berjalan: apa saja, dan menjadikannya pelanggan",
    ),
    (
        "Show what each hotspot user is and which can become customers. Changes nothing",
        "Perlihatkan tiap pengguna hotspot dan mana yang dapat menjadi pelanggan. Tidak mengubah apa pun",
    ),
    (
        "Make customers of them: in the books in one step, then on the router, where the hotspot users are disabled and never \
         deleted. Run it again to finish what was interrupted",
        "Jadikan pelanggan: di buku dalam satu langkah, lalu di router, tempat pengguna hotspot dinonaktifkan dan tidak pernah \
         dihapus. Jalankan lagi untuk menyelesaikan yang terputus",
    ),
    (
        "Make them hotspot users again, with what is left of the quota. Refused where somebody bought or paid since",
        "Jadikan pengguna hotspot lagi, dengan sisa kuotanya. Ditolak bila ada yang membeli atau membayar sejak itu",
    ),
    ("Only these, by name", "Hanya yang ini, menurut nama"),
    (
        "Make plain hotspot users of all customers, remove every row of ours from the router, and change nothing there any more",
        "Jadikan semua pelanggan pengguna hotspot biasa, hapus semua baris kami dari router, dan jangan ubah apa pun lagi di sana",
    ),
    ("Only show what would be done", "Hanya perlihatkan yang akan dilakukan"),
    (
        "Come back: the customers are taken over again, and the router is kept in step again",
        "Kembali: pelanggan diambil alih lagi, dan router disamakan lagi",
    ),
    // Users.
    ("Enter a user", "Tambah pelanggan"),
    ("Phone, unique", "Telepon, tidak boleh sama"),
    ("Log-in name, unique", "Nama login, tidak boleh sama"),
    ("Show users", "Daftar pelanggan"),
    (
        "Only those whose name, phone or log-in name contains this",
        "Hanya yang nama, telepon atau nama loginnya memuat ini",
    ),
    (
        "Only those with this access: active, fup, habis, expired, inactive, blocked, unlimited",
        "Hanya yang aksesnya ini: active, fup, habis, expired, inactive, blocked, unlimited",
    ),
    ("Show one user with devices", "Perlihatkan satu pelanggan dengan perangkatnya"),
    ("The same as `kuotad import`", "Sama dengan `kuotad import`"),
    ("The table, as `kuotad import` reads it", "Tabelnya, seperti yang dibaca `kuotad import`"),
    ("Begin a new period. Reads the router first", "Mulai masa baru. Router dibaca dulu"),
    ("Quota given as unpaid debt, like \"10 GB\"", "Kuota yang diberikan sebagai tagihan, seperti \"10 GB\""),
    ("Quota given", "Kuota yang diberikan"),
    ("Days given", "Hari yang diberikan"),
    ("Whether to end an admin's block", "Apakah penghentian oleh pengelola diakhiri"),
    ("Why; kept in the books", "Alasannya; disimpan di buku"),
    (
        "Set a new portal PIN and show it once; the old one becomes invalid",
        "Buat PIN portal baru dan tampilkan sekali; yang lama tidak berlaku lagi",
    ),
    (
        "Write what the user reads on the portal, or remove it",
        "Tulis yang dibaca pelanggan di portal, atau hapus",
    ),
    ("The note; removed when not given", "Catatannya; bila kosong, dihapus"),
    ("Block a user, also from the portal", "Hentikan pelanggan, juga dari portal"),
    ("End an admin's block. Debts stay", "Akhiri penghentian oleh pengelola. Tagihan tetap"),
    (
        "Bind a device, or move it here from another user",
        "Pasang perangkat, atau pindahkan ke sini dari pelanggan lain",
    ),
    ("The device, like 02:00:00:AB:CD:EF", "Perangkatnya, seperti 02:00:00:AB:CD:EF"),
    ("Name of the device for people", "Nama perangkat untuk dibaca orang"),
    (
        "Move it from the user who has it; without this another user's device is refused",
        "Pindahkan dari pelanggan yang memilikinya; tanpa ini perangkat milik pelanggan lain ditolak",
    ),
    ("Unbind a device", "Lepaskan perangkat"),
    ("The device", "Perangkatnya"),
    (
        "Why this access: every rule with its numbers, and what to pay",
        "Mengapa aksesnya begini: setiap aturan dengan angkanya, dan yang harus dibayar",
    ),
    ("Give quota without payment", "Beri kuota tanpa pembayaran"),
    ("How much, like \"500 MB\"", "Berapa, seperti \"500 MB\""),
    ("Days given with it", "Hari yang diberikan bersamanya"),
    ("Sell a package", "Jual paket"),
    ("Id or name of the package", "Id atau nama paket"),
    (
        "How it is paid: `cash`, `transfer`, `qris_static`, or online: `snap`, `qris`, `gopay`, ...",
        "Cara bayarnya: `cash`, `transfer`, `qris_static`, atau online: `snap`, `qris`, `gopay`, ...",
    ),
    ("Note of the payment, like the number of a transfer", "Catatan pembayaran, seperti nomor transfer"),
    (
        "The price shown to the payer; refused if the present price differs",
        "Harga yang diperlihatkan kepada pembayar; ditolak bila harga sekarang lain",
    ),
];
