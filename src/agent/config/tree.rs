//! The tree: one struct for each table of the file. The comments of fields and structs are those of
//! `config/kuotad.toml`, written for its owner; a test compares them.
#![expect(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "the owner's file has no markup")]

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    COLOUR, ClockTrust, CopyTarget, DAY, DAYS_MAX, Enforcement, Language, PaymentMode, Registration, Tls,
    UsageSource, debt_due, literal,
};
use crate::clock::Zone;
use crate::domain::account::{self, Expiry, Overage};
use crate::domain::debt::DebtDue;
use crate::domain::order::OnlineMethod;
use crate::domain::units::{AMOUNT_RP_MAX, Bytes};
use crate::settings::{
    Colour, Fingerprint, HostName, HttpUrl, ListName, Network, RouterAddress, Section, SpeedLimit, section,
};

const MINUTE: Duration = Duration::from_mins(1);

/// The rules' own defaults.
fn rules() -> account::Policy {
    account::Policy::default()
}

section! {
    /// The whole configuration.
    Config "" "" [default, deny_unknown_fields] {
        /// Folder of the database, its backups and the control socket.
        data_dir: PathBuf = "/var/lib/kuota".into(), AtStart,
            "Folder buku besar, soket, dan cadangan.", "Folder of the ledger, the socket and backups.";
        /// Where the hotspot is: Asia/Jakarta (WIB), Asia/Makassar (WITA), Asia/Jayapura (WIT). Its midnight begins a day.
        timezone: Zone = Zone::named("Asia/Jakarta").expect("zone data is compiled in"), AtStart / SetUp,
            "Zona waktu; tengah malamnya menentukan hari.", "The zone whose midnights count.";
        /// Language of pages and messages: "id" or "en". Visitors can choose the other one.
        language: Language = Language::Indonesian, AtStart / Free,
            "Bahasa halaman dan pesan.", "Language of pages and messages.";
        /// The hotspot's name, as your customers know it: on every page, on receipts and in reminders.
        name: String = "Hotspot".into(), AtStart / Free,
            "Nama hotspot di halaman, kuitansi dan pesan.", "The hotspot's name on pages, receipts and messages.";
        /// The hotspot's colour on every page, dark enough to be read on white. Dark screens get a lighter shade of it.
        colour: Colour = COLOUR, AtStart / Free,
            "Warna hotspot di halaman.", "The hotspot's colour on pages.";
        /// Web address of the source code of the program you run, for the foot of every page (the licence asks for it).
        /// Empty: the page says to ask you.
        source_url: String = String::new(), AtStart,
            "Alamat kode sumber di kaki halaman.", "Where the source can be had, in the foot of pages.";
    }
    /// `[admin]`.
    admin: Admin = Admin::default();
    /// `[portal]`.
    portal: Portal = Portal::default();
    /// `[router]`.
    router: Router = Router::default();
    /// `[store]`.
    store: Store = Store::default();
    /// `[policy]`.
    policy: Policy = Policy::default();
    /// `[backup]`.
    backup: Backup = Backup::default();
    /// `[clock]`.
    clock: Clock = Clock::default();
    /// `[relay]`; without it there is no online payment.
    relay: Option<Relay> [skip_serializing_if = "Option::is_none"] = None;
    /// `[payment]`.
    payment: Payment = Payment::default();
}

section! {
    /// The pages for you and your cashiers.
    Admin "admin" "admin." [default, deny_unknown_fields] {
        /// Address and port. 0.0.0.0 is every address of this machine.
        listen: SocketAddr = ([0, 0, 0, 0], 8080).into(), AtStart,
            "Alamat halaman pengelola.", "Where the desk listens.";
        /// Who may open these pages. Connections from any other address are refused. Your customers' networks
        /// (portal.client_networks) are left out although they lie in these: name such a network, or one device of it, here to
        /// let it in. This machine itself may always.
        allowed_networks: Vec<Network> =
            ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(literal).to_vec(), AtStart,
            "Jaringan yang boleh membukanya.", "Networks that may reach it.";
        /// Names that you open the desk or the portal by, such as ["kuota.lan"]. Addresses, localhost and the host of
        /// portal.public_url always work; every other name is refused, so that no foreign page can act as one of yours.
        hosts: Vec<HostName> = Vec::new(), AtStart,
            "Nama lain untuk membuka halaman ini, selain alamatnya.",
            "Names that open these pages, besides addresses.";
        /// Who may read /metrics (for Prometheus) without a token, of the networks above.
        metrics_networks: Vec<Network> = ["127.0.0.1/32", "::1/128"].map(literal).to_vec(), AtStart,
            "Jaringan yang boleh membaca /metrics tanpa token.",
            "Networks that may read /metrics without a token.";
    }
}

section! {
    /// The pages for your customers.
    Portal "portal" "portal." [default, deny_unknown_fields] {
        /// Address and port.
        listen: SocketAddr = ([0, 0, 0, 0], 8081).into(), AtStart,
            "Alamat halaman pelanggan.", "Where the portal listens.";
        /// The address that customers' browsers open; the router sends stopped customers there.
        public_url: HttpUrl = literal("http://192.168.88.2:8081"), AtStart / SetUp,
            "Alamat yang dibuka pelanggan.", "How customers reach it.";
        /// Addresses that your hotspot gives to customers.
        client_networks: Vec<Network> = vec![literal("10.5.50.0/24")], AtStart / SetUp,
            "Alamat perangkat pelanggan.", "Addresses of customers' devices.";
        /// May strangers register themselves? "off": no. "approval": yes, and you approve each.
        /// "payment": yes, and the first paid order approves.
        registration: Registration = Registration::Off, AtStart / Free,
            "Apakah pelanggan boleh mendaftar sendiri.", "Whether customers may register themselves.";
        /// Shown to customers who need help, such as a WhatsApp number. Empty: not shown.
        contact: String = String::new(), AtStart / Free,
            "Cara menghubungi pengelola.", "How customers reach the owner.";
    }
}

section! {
    /// The MikroTik router.
    Router "router" "router." [default, deny_unknown_fields] {
        /// Address and API port: 8728 without TLS, 8729 with.
        address: RouterAddress = literal("192.168.88.1:8728"), AtStart / WithSecret("router.password"),
            "Alamat API router.", "The router's API.";
        /// Encryption. "off": the password goes in clear. "pinned": exactly the certificate below; works with every certificate
        /// that the router makes. "verify": a certificate for the address above that an authority in the file below signed.
        tls: Tls = Tls::Off, AtStart / WithSecret("router.password"),
            "Enkripsi ke router.", "Encryption to the router.";
        /// SHA-256 of the router's certificate, 64 hexadecimal digits, needed for tls = "pinned" only:
        /// "/certificate print detail" on the router shows it as fingerprint.
        tls_fingerprint: Option<Fingerprint> [skip_serializing_if = "Option::is_none"] = None, AtStart / WithSecret("router.password"),
            "Sidik jari sertifikat yang diterima.", "The one certificate that is accepted.";
        /// PEM file with the authority's certificate, needed for tls = "verify" only. For a public authority this can be the
        /// system's collection, such as /etc/ssl/certs/ca-certificates.crt.
        tls_ca_file: Option<PathBuf> [skip_serializing_if = "Option::is_none"] = None, AtStart,
            "Sertifikat otoritas yang diterima.", "Authorities that are accepted.";
        /// The router's user for this program; "kuotad router-setup" prints how to make it.
        username: String = "kuota".to_owned(), AtStart / WithSecret("router.password"),
            "Nama pengguna di router.", "The user on the router.";
        /// File with that user's password.
        password_file: PathBuf = "/etc/kuota/router.password".into(), AtStart,
            "Berkas kata sandinya; isinya rahasia.", "File with its password, which is secret.";
        /// Where usage is read: the hotspot's table of hosts.
        usage_source: UsageSource = UsageSource::HotspotHost, AtStart,
            "Tabel yang menghitung pemakaian.", "Which table tells usage.";
        /// Time from one reading to the next, 100ms to 1d. Blocks follow use by about this much.
        poll_interval: Duration [with = "crate::settings::duration"] = Duration::from_secs(10),
            [Duration::from_millis(100), DAY], AtReload / Free,
            "Jarak antara dua pembacaan.", "Time from one reading to the next.";
        /// Longest time to wait for one answer of the router, 100ms to 5m.
        timeout: Duration [with = "crate::settings::duration"] = Duration::from_secs(10),
            [Duration::from_millis(100), 5 * MINUTE], AtStart / Free,
            "Paling lama menunggu satu jawaban.", "Longest wait for one reply.";
    }
    /// `[router.lists]`.
    lists: Lists = Lists::default();
}

section! {
    /// Names of the router's firewall address lists. Each customer's address is in exactly one of them, and your
    /// firewall rules give the list its meaning. "kuotad router-setup" prints rules for these names.
    Lists "router.lists" "router.lists." [default, deny_unknown_fields] {
        /// Full access.
        active: ListName = literal("klient_aktif"), AtStart,
            "Daftar untuk akses penuh.", "List of full access.";
        /// Reduced speed.
        fup: ListName = literal("klient_fup"), AtStart,
            "Daftar untuk kecepatan dikurangi.", "List of reduced speed.";
        /// Quota used up.
        habis: ListName = literal("klient_habis"), AtStart,
            "Daftar untuk kuota habis.", "List of quota used up.";
        /// Days are over.
        expired: ListName = literal("klient_expired"), AtStart,
            "Daftar untuk masa aktif berakhir.", "List of days that are over.";
        /// Not approved, or switched off by you.
        inactive: ListName = literal("klient_inactive"), AtStart,
            "Daftar untuk yang belum aktif.", "List of those not active.";
        /// Blocked for debt or by you.
        blocked: ListName = literal("klient_blocked"), AtStart,
            "Daftar untuk yang dijeda.", "List of those stopped.";
    }
}

section! {
    /// The database.
    Store "store" "store." [default, deny_unknown_fields] {
        /// Usage is written at least this often, 0s to 1d; payments and blocks are always written at once. A longer time
        /// spares the memory card. After a power cut no usage is lost unless the router restarted too.
        commit_interval: Duration [with = "crate::settings::duration"] = MINUTE,
            [Duration::ZERO, DAY], AtReload / Free,
            "Paling lama pembacaan dikumpulkan sebelum ditulis.",
            "Longest time that readings are gathered before they are written.";
        /// How long the usage of every hour is kept, 1d to 3660d. The ledger is kept for ever.
        usage_hours_kept: Duration [with = "crate::settings::duration"] = 90 * DAY,
            [DAY, DAYS_MAX * DAY], AtStart,
            "Berapa lama pemakaian per jam disimpan.", "How long usage by the hour is kept.";
    }
}

section! {
    /// Your rules.
    Policy "policy" "policy." [default, deny_unknown_fields] {
        /// "on": the router is changed. "dry-run": nothing is changed; "kuotad router-plan" shows what would be.
        enforcement: Enforcement = Enforcement::On, AtReload / Free,
            "Apakah router diubah (on), atau hanya dilihat (dry-run).",
            "Whether the router is changed (on) or only looked at (dry-run).";
        /// When the quota is used up: "stop" ends access; "debt" lets it go on as debt up to debt_limit.
        /// Each customer can have a setting of their own.
        overage: Overage = rules().overage, AtReload / Free,
            "Saat kuota habis: berhenti (stop) atau lanjut jadi tagihan (debt).",
            "When quota is used up: stop, or go on into debt.";
        /// Use beyond the quota at which a customer is blocked; 0: no such block, and refused with overage = "debt".
        debt_limit: Bytes [with = "crate::settings::amount"] = rules().debt_limit, AtReload / Free,
            "Pemakaian lebih yang menjeda pelanggan.", "Overage at which a customer is stopped.";
        /// When no more than this remains, speed is reduced to fup_rate; customers whose whole quota is not larger than this
        /// keep full speed to the end.
        fup_threshold: Bytes [with = "crate::settings::amount"] = rules().fup_threshold, AtReload / Free,
            "Sisa kuota yang mengurangi kecepatan.", "Remaining quota at which speed drops.";
        /// The reduced speed, upload/download in bits per second.
        fup_rate: SpeedLimit = literal("1M/1M"), AtReload / Free,
            "Kecepatan yang dikurangi.", "The reduced speed.";
        /// Does debt that is overdue block the customer?
        block_overdue: bool = rules().overdue.blocks, AtReload / Free,
            "Apakah tagihan lewat tempo menjeda.", "Whether overdue debt stops a customer.";
        /// Days after the due date before it does, 0 to 3660.
        overdue_grace_days: u32 = rules().overdue.grace_days, [0, DAYS_MAX], AtReload / Free,
            "Hari antara jatuh tempo dan jeda.", "Days between due date and stop.";
        /// Local time of day from which it does, hours and minutes.
        block_from_minute "block_hour": u16 [with = "crate::settings::day_minute"] =
            rules().overdue.block_from_minute, AtReload / Free,
            "Jam mulai jeda karena tagihan.", "Time of day from which overdue debt stops.";
        /// When a debt is due that was given no date: "end_of_month", or a number of days such as "14d".
        debt_due: DebtDue [with = "debt_due"] = rules().debt_due, AtReload / Free,
            "Jatuh tempo tagihan baru.", "Due date of debt that is given none.";
        /// A customer who has 5 days left and buys 30: "reset_from_now" gives 30 from today, "extend" gives 35.
        expiry: Expiry = rules().expiry, AtReload / Free,
            "Cara hari baru bertemu hari yang tersisa.", "How bought days meet days that are left.";
        /// Debts are priced upwards to a multiple of this, 1 to 1000000 rupiah.
        price_rounding_rp: u64 = rules().price_rounding.0, [1, 1_000_000], AtReload / Free,
            "Harga tagihan dibulatkan ke atas, kelipatan rupiah ini.",
            "Prices of debt are rounded up to a multiple of this.";
        /// Devices that one customer may have, 1 to 100.
        max_devices_per_user: u32 = rules().max_devices_per_user, [1, 100], AtReload / Free,
            "Perangkat terbanyak per pelanggan.", "Devices one customer may bind.";
        /// How much a cashier may sell on credit, in rupiah; 0: only against payment.
        cashier_credit_rp: u64 = rules().cashier_credit.0, [0, AMOUNT_RP_MAX], AtReload / Free,
            "Tagihan terbanyak yang boleh diberikan satu kasir; 0: tidak boleh.",
            "Credit one cashier may have open; 0: none.";
        /// How long a stopped customer who is paying gets online for it, at reduced speed, 0s to 1d; "0s": not at all.
        pay_window: Duration [with = "crate::settings::duration"] = Duration::from_millis(rules().pay_window_ms),
            [Duration::ZERO, DAY], AtReload / Free,
            "Lama internet dibuka untuk membayar.", "How long a stopped customer is let online to pay.";
        /// When the payment relay cannot be asked about a customer's order, how long a block for debt waits, 0s to 30d;
        /// "0s": not at all.
        offline_grace: Duration [with = "crate::settings::duration"] =
            Duration::from_millis(rules().offline_grace_ms), [Duration::ZERO, 30 * DAY], AtReload / Free,
            "Lama jeda ditahan bila pembayaran tidak bisa diperiksa.",
            "How long a payment that cannot be checked holds off a stop.";
    }
}

section! {
    /// Copies of the database. Each is verified when it is made and compressed; the newest is always kept, and files of other
    /// programs are never touched.
    Backup "backup" "backup." [default, deny_unknown_fields] {
        /// Time from one copy to the next, 10m to 30d; "0s": none are made. A copy is left out while nothing has changed.
        every: Duration [with = "crate::settings::duration"] = Duration::from_hours(6),
            [Duration::ZERO, 30 * DAY], AtReload / Free,
            "Jarak antara dua cadangan.", "Time from one copy to the next.";
        /// How long copies are kept, 1d to 3660d: all of the last day, then the last one of each day.
        keep: Duration [with = "crate::settings::duration"] = 14 * DAY,
            [DAY, DAYS_MAX * DAY], AtReload / Free,
            "Berapa lama cadangan disimpan.", "How long copies are kept.";
        /// Where copies go besides backups/ in data_dir, which dies with the card: a folder of another disk, which must be
        /// there, such as "/media/usb/kuota"; or "usb:LABEL", the disk with that label wherever it is mounted under
        /// /media or /mnt; or "s3://bucket/prefix", see below; or "relay", if the copies are not larger than 4 MB. Empty: nowhere.
        target: CopyTarget = CopyTarget::None, AtReload / Free,
            "Tempat cadangan di luar kartu.", "Where copies go besides the card.";
        /// File with the public key (age1...) for which the copies at the target are encrypted. Empty: the key of the
        /// recovery kit, in data_dir; without a kit they are not encrypted.
        recipient_file: PathBuf = PathBuf::new(), AtReload,
            "Berkas kunci publik untuk mengenkripsi cadangan.", "File with the public key that encrypts copies.";
    }
    /// `[backup.s3]`.
    s3: BackupS3 = BackupS3::default();
}

section! {
    /// The object store of a target "s3://bucket/prefix". Give it keys that may write and not delete, and let rules of the bucket
    /// end old copies. Copies go there encrypted only.
    BackupS3 "backup.s3" "backup.s3." [default, deny_unknown_fields] {
        /// Its address, such as "https://s3.ap-southeast-3.amazonaws.com"; the bucket is named in the path. Empty: none.
        endpoint: Option<HttpUrl> [with = "crate::settings::optional_url"] = None,
            AtReload / WithSecret("backup.s3.secret"),
            "Alamat penyimpanan objek.", "Address of the object store.";
        /// Its region; stores that have none take "us-east-1".
        region: String = "us-east-1".to_owned(), AtReload / WithSecret("backup.s3.secret"),
            "Wilayah penyimpanan objek.", "Region of the object store.";
        /// The name of the access key.
        key_id: String = String::new(), AtReload / WithSecret("backup.s3.secret"),
            "Nama kunci akses.", "Name of the access key.";
        /// File with the secret of that key.
        secret_file: PathBuf = "/etc/kuota/s3.secret".into(), AtReload,
            "Berkas rahasia kunci itu.", "File with that key's secret.";
    }
}

section! {
    /// A Raspberry Pi has no clock that survives a power cut.
    Clock "clock" "clock." [default, deny_unknown_fields] {
        /// "auto": while the clock may be wrong, nobody is newly stopped for a date. "always": this machine has a clock
        /// with a battery, believe it.
        trust: ClockTrust = ClockTrust::Auto, AtStart,
            "Kapan jam dipercaya.", "When the wall clock is believed.";
    }
}

fn relay_token_file() -> PathBuf {
    Relay::default().token_file
}

// The defaults of `url` and `site` are the shipped file's examples: a file with this section has to name both.
section! {
    /// Online payment needs a relay. Without this section there is none, and everything else works. About once a minute the
    /// relay is told how this daemon is, without anything about customers but their number: docs/RELAY.md, Silent sites.
    Relay "relay" "relay." [deny_unknown_fields] {
        /// Where the relay is.
        url: HttpUrl = literal("https://relay.example"), AtStart / WithSecret("relay.token"),
            "Alamat relay pembayaran.", "Where the payment relay is.";
        /// The name of this site there.
        site: String = "site-1".to_owned(), AtStart / WithSecret("relay.token"),
            "Nama lokasi ini di relay.", "The name of this site there.";
        /// File with the token of this site.
        token_file: PathBuf [default = "relay_token_file"] = "/etc/kuota/relay.token".into(), AtStart,
            "Berkas token lokasi ini; isinya rahasia.", "File with the site's token, which is secret.";
    }
}

section! {
    /// Online payment.
    Payment "payment" "payment." [default, deny_unknown_fields] {
        /// "core": our own pages ask for the method. "snap": Midtrans' page does.
        mode: PaymentMode = PaymentMode::Core, AtStart / Free,
            "Halaman bayar milik kita (core) atau gerbang (snap).",
            "Our own payment pages (core) or the gateway's (snap).";
        /// What is on offer, in this order.
        methods: Vec<OnlineMethod> = {
            use OnlineMethod::{Gopay, Qris, Shopeepay, VaBca, VaBni, VaBri, VaCimb, VaMandiri, VaPermata};
            vec![Qris, Gopay, Shopeepay, VaBca, VaBni, VaBri, VaPermata, VaCimb, VaMandiri]
        }, AtStart / Free,
            "Cara bayar yang ditawarkan, berurutan.", "Methods on offer, in order.";
    }
}
