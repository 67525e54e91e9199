//! The tree: one struct for each table of the file. The comments of fields and structs are those of
//! `config/relay.toml`, written for its owner; a test compares them.
#![expect(clippy::doc_markdown, clippy::doc_link_with_quotes, reason = "the owner's file has no markup")]

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Database, GatewayEnvironment};
use crate::clock::Zone;
use crate::settings::{self, HostName, HttpUrl, Network, Section, section};

/// Fewer connections leave nothing to keep for notifications, more need more than memory.
const CONNECTIONS: [usize; 2] = [16, 65_536];

/// One connection makes everything wait for one answer; a server has some hundred for all.
const DATABASE_CONNECTIONS: [usize; 2] = [2, 500];

section! {
    /// The whole configuration.
    Config "" "" [default, deny_unknown_fields] {
        /// Address and port. 127.0.0.1 is this machine only: the web server that does https passes requests on to it.
        listen: SocketAddr = ([127, 0, 0, 1], 8090).into(), AtStart,
            "Alamat relay untuk hotspot dan server web.", "Where agents and the web server find the relay.";
        /// How Midtrans reaches the relay from the internet, such as "https://relay.example". Each charge carries this address,
        /// so the Midtrans dashboard needs no setting.
        /// Empty: there are no notifications. Open orders are asked for instead, every 4 s for 5 minutes, then less often.
        public_url: Option<HttpUrl> [with = "settings::optional_url"] = None, AtStart,
            "Alamat relay dari internet, untuk pemberitahuan Midtrans.",
            "The relay's address on the internet, for Midtrans' notifications.";
        /// Where orders, notifications and the feed of each site are kept: a file on a disk of this machine, or a PostgreSQL
        /// database (14 or later), which several relays may share: "postgres://user@host/database". Several hosts are separated
        /// by commas. Off this machine the connection is encrypted and the server's certificate is checked; at the end
        /// "?sslrootcert=FILE" names an authority of your own, "?sslmode=disable" turns encryption off.
        database: Database = Database::Sqlite("/var/lib/kuota-relay/relay.db".into()), AtStart,
            "Tempat menyimpan pesanan dan pemberitahuan.", "Where orders and notifications are kept.";
        /// File with the password for PostgreSQL. Empty: the server asks for none. The systemd credential database_password replaces it.
        database_password_file: PathBuf = PathBuf::new(), AtStart,
            "Berkas kata sandi PostgreSQL; isinya rahasia.", "File with the password for PostgreSQL, which is secret.";
        /// Connections to PostgreSQL at the same time, of this relay; it has one more for itself. All relays together must fit into
        /// the server's max_connections.
        database_connections_max: usize = 16, [DATABASE_CONNECTIONS[0], DATABASE_CONNECTIONS[1]], AtStart,
            "Paling banyak koneksi ke PostgreSQL.", "The most connections to PostgreSQL.";
        /// File with the key that encrypts the server keys of merchants that are kept in the database. The first "kuota-relay
        /// merchant add" makes it. Every relay on the same database needs a copy of it, and a backup of the database is of no
        /// use without it. The systemd credential encryption_key replaces it.
        encryption_key_file: PathBuf = "/var/lib/kuota-relay/encryption.key".into(), AtStart,
            "Berkas kunci enkripsi; isinya rahasia.", "File with the encryption key, which is secret.";
        /// Connections at the same time. Each hotspot that waits for news of payments holds one, so write at least twice the
        /// number of your hotspots. Some are always kept for Midtrans' notifications. The system must let the service open as
        /// many files (LimitNOFILE in its unit); the log says when it does not.
        connections_max: usize = 4096, [CONNECTIONS[0], CONNECTIONS[1]], AtStart,
            "Paling banyak koneksi pada saat yang sama.", "The most connections at the same time.";
    }
    /// `[console]`.
    console: ConsoleConfig = ConsoleConfig::default();
    /// `[[merchant]]`.
    merchant: Vec<MerchantConfig> = Vec::new();
}

section! {
    /// The console: pages and an API for the people who run this relay. "kuota-relay operator add" adds the first of them.
    ConsoleConfig "console" "console." [default, deny_unknown_fields] {
        /// Address and port. 127.0.0.1 is this machine only. A port that is taken is tried again every half minute; the relay
        /// works without it meanwhile. Empty: no console.
        listen: Option<SocketAddr> [with = "settings::optional_listen"] = Some(([127, 0, 0, 1], 8095).into()), AtStart,
            "Alamat konsol pengelola relay.", "Where the operators' console listens.";
        /// Who may open it. Connections from any other address are refused. This machine itself may always, and with it whoever
        /// comes through a web server or a tunnel on it.
        allowed_networks: Vec<Network> = Vec::new(), AtStart,
            "Jaringan yang boleh membukanya.", "Networks that may open it.";
        /// Names that you open it by, such as ["relay-console.example"]. Addresses, localhost and the host of public_url always
        /// work; every other name is refused, so that no foreign page can act as this one.
        hosts: Vec<HostName> = Vec::new(), AtStart,
            "Nama lain untuk membuka konsol, selain alamatnya.", "Names that open the console, besides addresses.";
        /// Whose midnight begins a day of the console's sums, and whose clock its times are shown by: Asia/Jakarta (WIB),
        /// Asia/Makassar (WITA), Asia/Jayapura (WIT), UTC.
        timezone: Zone = Zone::named("Asia/Jakarta").expect("zone data is compiled in"), AtStart,
            "Zona waktu konsol.", "The console's time zone.";
    }
}

// The defaults of keys that must be written are the shipped file's examples.
section! {
    /// An account at Midtrans that customers pay into. Write this section once for each account.
    MerchantConfig "merchant" "merchant." [deny_unknown_fields] {
        /// Its name here: letters, digits and - _ . It is part of the address for notifications: once orders were opened, do not
        /// change it.
        id: String = "m1".to_owned(), AtReload,
            "Nama akun di relay ini.", "The account's name in this relay.";
        /// "sandbox": for trying out, no real money. "production": real money.
        environment: GatewayEnvironment [default] = GatewayEnvironment::Sandbox, AtReload,
            "Uji coba (sandbox) atau uang sungguhan (production).", "For trying out (sandbox) or real money (production).";
        /// File with the server key, which the Midtrans dashboard shows under Settings, Access Keys.
        server_key_file: PathBuf = "/etc/kuota-relay/m1.key".into(), AtReload,
            "Berkas kunci server; isinya rahasia.", "File with the server key, which is secret.";
        /// Files with server keys from before. Notifications signed with them are still accepted. After a new key was made, keep
        /// the old one here until the last order from before is over.
        previous_key_files: Vec<PathBuf> [default] = Vec::new(), AtReload,
            "Berkas kunci lama yang masih diterima.", "Files with keys from before that are still accepted.";
        /// The merchant id that the dashboard shows. Payments to any other are refused. Empty: learned from the first charge.
        merchant_id: String [default] = String::new(), AtReload,
            "Nomor akun dari Midtrans.", "The account's id at Midtrans.";
        /// Does Midtrans add its fee to what the customer pays? Say true when the dashboard is set so.
        fee_imposition: bool [default] = false, AtReload,
            "Apakah biaya Midtrans dibebankan ke pelanggan.", "Whether customers pay Midtrans' fee.";
        /// Another address than Midtrans' own for charges, for tests and proxies. Empty: Midtrans' own, as environment says.
        core_url: Option<HttpUrl> [default, with = "settings::optional_url"] = None, AtReload,
            "Alamat lain untuk tagihan ke Midtrans.", "Another address for charges.";
        /// The same for Midtrans' payment page (Snap).
        snap_url: Option<HttpUrl> [default, with = "settings::optional_url"] = None, AtReload,
            "Alamat lain untuk halaman bayar Midtrans.", "Another address for the payment page.";
    }
    /// `[[merchant.site]]`.
    site: Vec<SiteConfig> [default] = Vec::new();
}

section! {
    /// A hotspot whose customers pay into this account. Write this section once for each hotspot, below its account.
    SiteConfig "merchant.site" "merchant.site." [deny_unknown_fields] {
        /// Its name, unique among all accounts. The hotspot's agent has the same name in [relay] of kuotad.toml.
        id: String = "site-1".to_owned(), AtReload,
            "Nama lokasi, sama dengan di kuotad.toml.", "The hotspot's name, as kuotad.toml has it.";
        /// File with the SHA-256 of the site's token, 64 hexadecimal digits. "kuota-relay site-token" makes a token and shows its
        /// SHA-256; the token itself belongs on the hotspot's agent only.
        token_sha256_file: PathBuf = "/etc/kuota-relay/site-1.sha256".into(), AtReload,
            "Berkas sidik token lokasi ini.", "File with the hash of the site's token.";
    }
}
