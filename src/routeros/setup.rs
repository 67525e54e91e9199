//! The router's side of a site: the rows it must hold, a script that adds them, one that takes them away, and the
//! log-in page of the hotspot.
//!
//! Rows are recognized by a comment that begins with our tag, or by a name that begins with `kuota_` in menus
//! without comments. In an ordered menu every row is put right before its successor, beginning with a disabled row
//! that marks the end before the first row of others, so the order is right whatever was there before.

use std::fmt::Write as _;
use std::net::IpAddr;

use super::lists::{ListNames, MARKER_LIST};
use crate::domain::listing::List;

/// Address list of the hosts that customers pay at, by name.
pub const PAYMENT_LIST: &str = "kuota_bayar";
/// Address list of the portal.
pub const PORTAL_LIST: &str = "kuota_portal";
/// Address list of the customers' networks.
pub const CLIENT_LIST: &str = "kuota_klien";
/// Everybody else.
const NOT_CLIENTS: &str = "!kuota_klien";
/// Group of the API user.
pub const GROUP: &str = "kuota_api";
/// Queue type, queue and packet mark of upload at reduced speed.
pub const FUP_UP: &str = "kuota_fup_up";
/// The same of download.
pub const FUP_DOWN: &str = "kuota_fup_down";

/// Lists whose customers are stopped.
pub const STOPPED: [List; 4] = [List::Habis, List::Expired, List::Inactive, List::Blocked];

/// The gateway itself: without these no online payment works.
pub const GATEWAY_HOSTS: [&str; 5] = [
    "app.midtrans.com",
    "api.midtrans.com",
    "app.sandbox.midtrans.com",
    "api.sandbox.midtrans.com",
    "api.veritrans.co.id",
];
/// Pages of wallets and banks that a payment may lead to. Apps use more hosts than anybody publishes: add what a
/// customer's app is seen to need.
pub const WALLET_HOSTS: [&str; 19] = [
    "simulator.sandbox.midtrans.com",
    "gopay.co.id",
    "gojek.link",
    "customer.gopayapi.com",
    "gwa.gopayapi.com",
    "gwk.gopayapi.com",
    "api.gojekapi.com",
    "shopeepay.co.id",
    "app.shopeepay.co.id",
    "shopee.co.id",
    "wsa.wallet.airpay.co.id",
    "ibank.klikbca.com",
    "m.klikbca.com",
    "mybca.bca.co.id",
    "ibank.bni.co.id",
    "ib.bri.co.id",
    "new.permatanet.com",
    "www.octoclicks.co.id",
    "livin.bankmandiri.co.id",
];

/// What the script needs to know of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePlan {
    /// How customers reach the portal, without a slash at its end.
    pub portal_url: String,
    /// Its host: an address or a name.
    pub portal_host: String,
    /// Its TCP port.
    pub portal_port: u16,
    /// TCP port of the owner's pages on the same machine; `None` where they listen to that machine alone.
    pub desk_port: Option<u16>,
    /// Networks inside those of customers whose devices may use the owner's pages all the same.
    pub managers: Vec<String>,
    /// The machine that the agent runs on, where its address is known.
    pub agent: Option<IpAddr>,
    /// Networks of customers' devices.
    pub client_networks: Vec<String>,
    /// Names of the access lists.
    pub lists: ListNames,
    /// Reduced upload speed, such as `1M`.
    pub fup_up: String,
    /// Reduced download speed.
    pub fup_down: String,
    /// The API user.
    pub username: String,
    /// Whether the agent speaks TLS to the router.
    pub tls: bool,
    /// Whether customers pay online.
    pub online_payment: bool,
    /// How customers reach the owner; empty: not shown.
    pub contact: String,
}

/// How a row is recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PlannedKey {
    Comment,
    Name,
}

impl PlannedKey {
    fn word(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Name => "name",
        }
    }
}

/// One row that the router must hold.
#[derive(Clone, Debug)]
struct Planned {
    menu: &'static str,
    key: PlannedKey,
    /// The comment or the name.
    is: String,
    values: Vec<(&'static str, String)>,
}

impl Planned {
    fn commented(menu: &'static str, what: &str, values: &[(&'static str, &str)]) -> Self {
        Self { menu, key: PlannedKey::Comment, is: format!("kuota:{what}"), values: owned(values) }
    }

    fn named(menu: &'static str, name: &str, values: &[(&'static str, &str)]) -> Self {
        Self { menu, key: PlannedKey::Name, is: name.to_owned(), values: owned(values) }
    }

    fn find(&self) -> String {
        format!("[{} find where {}={}]", self.menu, self.key.word(), quoted(&self.is))
    }

    fn add(&self, place: &str) -> String {
        let mut out = format!("{} add{place}", self.menu);
        for (name, value) in &self.values {
            let _ = write!(out, " {name}={}", quoted(value));
        }
        let _ = write!(out, " {}={}", self.key.word(), quoted(&self.is));
        out
    }

    /// The row, unless it is there.
    fn line(&self, place: &str) -> String {
        format!(":if ([:len {}] = 0) do={{ {} }}\n", self.find(), self.add(place))
    }
}

fn owned(values: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    values.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

/// A text as a script takes it for itself and nothing else.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' | b'$' => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' if byte != b'?' => out.push(char::from(byte)),
            _ => {
                let _ = write!(out, "\\{byte:02X}");
            }
        }
    }
    out.push('"');
    out
}

/// A text on a comment line: it must not end it.
fn remark(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const FILTER: &str = "/ip firewall filter";
const NAT: &str = "/ip firewall nat";
const MANGLE: &str = "/ip firewall mangle";
const ADDRESS_LIST: &str = "/ip firewall address-list";
const GARDEN: &str = "/ip hotspot walled-garden ip";
const IPV6: &str = "/ipv6 firewall filter";

impl SitePlan {
    /// The script. Running it again changes nothing more; rows of others are never touched.
    pub fn script(&self) -> String {
        let mut out = self.heading();
        section(&mut out, "Who the customers are, and whom they may always reach", &self.addresses());
        section(&mut out, "Reachable before log-in", &self.walled_garden());
        out.push_str("\n# Access, before all other forward rules\n");
        ordered(&mut out, FILTER, "forward", &self.filter());
        out.push_str(FASTTRACK_WARNING);
        out.push_str("\n# The portal must see who is asking: no NAT between customers and it\n");
        let bare = [("chain", "srcnat"), ("action", "accept")];
        let to_portal = [("src-address-list", CLIENT_LIST), ("dst-address-list", PORTAL_LIST)];
        let portal = Planned::commented(NAT, "10 portal", &[bare, to_portal].concat());
        ordered(&mut out, NAT, "srcnat", &[portal]);
        section(&mut out, "Reduced speed, for each address alike: queue types", &self.queue_types());
        out.push_str("\n# Marks of reduced speed\n");
        ordered(&mut out, MANGLE, "forward", &self.marks());
        section(&mut out, "Queues of reduced speed", &queues());
        out.push_str(&self.api_user());
        out.push_str(&ipv6());
        out.push_str("\n:put \"kuota: done. Next: kuotad doctor\"\n");
        out
    }

    /// The script with the password of the agent's user at its end, so that nobody has to type it. The text is a secret.
    pub fn script_with_password(&self, password: &str) -> String {
        let (script, name) = (self.script(), quoted(&self.username));
        format!("{script}/user set [find where name={name}] password={} disabled=no\n", quoted(password))
    }

    fn heading(&self) -> String {
        let portal = remark(&self.portal_url);
        format!(
            "# RouterOS script for the quota agent of {portal}\n\
             # Copy it to the router and run /import. Running it again changes nothing more. After a change of the\n\
             # configuration run what \"kuotad router-setup --remove\" prints first.\n\
             # Rows of others stay as they are: all of ours have a comment that begins with kuota: or a name that\n\
             # begins with kuota_.\n"
        )
    }

    fn addresses(&self) -> Vec<Planned> {
        let row = |list: &str, address: &str| {
            let what = format!("{list} {address}");
            Planned::commented(ADDRESS_LIST, &what, &[("list", list), ("address", address)])
        };
        let clients = self.client_networks.iter().map(|network| row(CLIENT_LIST, network));
        let hosts = GATEWAY_HOSTS.iter().chain(&WALLET_HOSTS).map(|host| row(PAYMENT_LIST, host));
        clients.chain([row(PORTAL_LIST, &self.portal_host)]).chain(hosts).collect()
    }

    fn walled_garden(&self) -> Vec<Planned> {
        let row = |host: &str, port: &str| {
            let is_address = host.parse::<IpAddr>().is_ok();
            let target = if is_address { "dst-address" } else { "dst-host" };
            let values = [("action", "accept"), (target, host), ("protocol", "tcp"), ("dst-port", port)];
            Planned::commented(GARDEN, &format!("buka {host}"), &values)
        };
        let portal = row(&self.portal_host, &self.portal_port.to_string());
        let hosts = GATEWAY_HOSTS.iter().chain(&WALLET_HOSTS).map(|host| row(host, "443"));
        std::iter::once(portal).chain(hosts).collect()
    }

    /// Rows of the forward chain, first to last.
    fn filter(&self) -> Vec<Planned> {
        let port = self.portal_port.to_string();
        let row = |what: &str, action: &'static str, values: &[(&'static str, &str)]| {
            let head = [("chain", "forward"), ("action", action)];
            Planned::commented(FILTER, what, &[&head, values].concat())
        };
        let (from, to) = ("src-address-list", "dst-address-list");
        let tcp = ("protocol", "tcp");
        let mut rows = self.desk_rows();
        rows.extend([
            row(
                "10 bayar keluar",
                "accept",
                &[(from, CLIENT_LIST), (to, PAYMENT_LIST), tcp, ("dst-port", "443")],
            ),
            row(
                "11 bayar masuk",
                "accept",
                &[(from, PAYMENT_LIST), (to, CLIENT_LIST), tcp, ("src-port", "443")],
            ),
            row(
                "12 portal keluar",
                "accept",
                &[(from, CLIENT_LIST), (to, PORTAL_LIST), tcp, ("dst-port", &port)],
            ),
            row(
                "13 portal masuk",
                "accept",
                &[(from, PORTAL_LIST), (to, CLIENT_LIST), tcp, ("src-port", &port)],
            ),
        ]);
        for list in STOPPED {
            let name = self.lists.name(list);
            let with = ("reject-with", "icmp-admin-prohibited");
            rows.push(row(&format!("20 {name} keluar"), "reject", &[(from, name), with]));
            rows.push(row(&format!("21 {name} masuk"), "reject", &[(to, name), with]));
        }
        let known = ("connection-state", "established,related");
        rows.push(row("30 sambungan keluar", "accept", &[(from, CLIENT_LIST), known]));
        rows.push(row("31 sambungan masuk", "accept", &[(to, CLIENT_LIST), known]));
        let suggestion = [(from, NOT_CLIENTS), (to, NOT_CLIENTS), known, ("disabled", "yes")];
        rows.push(row("40 saran fasttrack tanpa pelanggan", "fasttrack-connection", &suggestion));
        rows
    }

    /// The owner's pages are not for customers, whatever else lets their packets through. The machine is the portal's
    /// where its own address is not known.
    fn desk_rows(&self) -> Vec<Planned> {
        let Some(port) = self.desk_port.map(|port| port.to_string()) else { return Vec::new() };
        let agent = match self.agent {
            Some(IpAddr::V4(address)) => Some(address.to_string()),
            Some(IpAddr::V6(_)) | None => None,
        };
        let to =
            agent.as_deref().map_or(("dst-address-list", PORTAL_LIST), |address| ("dst-address", address));
        let row = |what: &str, action: &'static str, from: (&'static str, &str)| {
            let values = [
                ("chain", "forward"),
                ("action", action),
                from,
                to,
                ("protocol", "tcp"),
                ("dst-port", &port),
            ];
            Planned::commented(FILTER, what, &values)
        };
        let is_ipv4 = |network: &&String| !network.contains(':');
        let managers = self.managers.iter().filter(is_ipv4);
        let named =
            managers.map(|network| row(&format!("05 meja {network}"), "accept", ("src-address", network)));
        named.chain([row("06 meja", "drop", ("src-address-list", CLIENT_LIST))]).collect()
    }

    fn queue_types(&self) -> Vec<Planned> {
        let row = |name: &str, rate: &str, classifier: &str| {
            let values = [("kind", "pcq"), ("pcq-rate", rate), ("pcq-classifier", classifier)];
            Planned::named("/queue type", name, &values)
        };
        vec![row(FUP_UP, &self.fup_up, "src-address"), row(FUP_DOWN, &self.fup_down, "dst-address")]
    }

    fn marks(&self) -> Vec<Planned> {
        let row = |what: &str, side: &'static str, mark: &str| {
            let list = (side, self.lists.name(List::Fup));
            let mark = [("new-packet-mark", mark), ("passthrough", "no")];
            let head = [("chain", "forward"), ("action", "mark-packet"), list];
            Planned::commented(MANGLE, what, &[&head[..], &mark].concat())
        };
        vec![
            row("10 fup keluar", "src-address-list", FUP_UP),
            row("11 fup masuk", "dst-address-list", FUP_DOWN),
        ]
    }

    /// Group and user, and what to restrict by hand: a script that is wrong about an address would lock itself out.
    fn api_user(&self) -> String {
        let agent = self.agent.map(|agent| agent.to_string());
        let group = Planned::named("/user group", GROUP, &[("policy", "api,read,write")]);
        let mut values = vec![("group", GROUP), ("disabled", "yes")];
        values.extend(agent.as_deref().map(|agent| ("address", agent)));
        values.push(("comment", "kuota:agen"));
        let user = Planned::named("/user", &self.username, &values);
        let mut out =
            "\n# The agent's user: may read and write, not manage users, reboot or see secrets\n".to_owned();
        out.push_str(&group.line(""));
        out.push_str(&user.line(""));
        let name = remark(&quoted(&self.username));
        let _ = writeln!(
            out,
            "# It begins disabled and without a password. Give it the one of router.password_file:"
        );
        let _ = writeln!(out, "#   /user set [find where name={name}] password=\"...\" disabled=no");
        let at = agent.unwrap_or_else(|| "ADDRESS-OF-THE-AGENT".to_owned());
        let (used, other) = if self.tls { ("api-ssl", "api") } else { ("api", "api-ssl") };
        let _ =
            writeln!(out, "# Let nobody else log in to the API; add your own addresses where you use it:");
        let _ = writeln!(out, "#   /ip service set {used} address={at} disabled=no");
        let _ = writeln!(out, "#   /ip service set {other} disabled=yes");
        out
    }

    /// The undoing: what the script added and nothing else. Rows of customers stay.
    pub fn removal(&self) -> String {
        let mut out = "# Takes away what \"kuotad router-setup\" added, and nothing else\n".to_owned();
        for menu in [FILTER, NAT, MANGLE, GARDEN, "/queue tree"] {
            let _ = writeln!(out, "{menu} remove [find where comment~\"^kuota:\"]");
        }
        for name in [FUP_UP, FUP_DOWN] {
            let _ = writeln!(out, "/queue type remove [find where name=\"{name}\"]");
        }
        for list in [CLIENT_LIST, PORTAL_LIST, PAYMENT_LIST, MARKER_LIST] {
            let _ = writeln!(out, "{ADDRESS_LIST} remove [find where list=\"{list}\" comment~\"^kuota:\"]");
        }
        let _ = writeln!(out, "/user remove [find where comment~\"^kuota:\"]");
        let _ = writeln!(out, "/user group remove [find where name=\"{GROUP}\"]");
        let _ = writeln!(out, "{IPV6} remove [find where comment~\"^kuota:\"]");
        out
    }

    /// The hotspot's `login.html`: it looks for the portal for two seconds and leads there, else shows whom to call
    /// and the form of old.
    pub fn login_page(&self) -> String {
        let portal =
            serde_json::Value::from(format!("{}/", self.portal_url)).to_string().replace('<', "\\u003c");
        let contact = match self.contact.trim() {
            "" => String::new(),
            contact => format!("<p>Bantuan / help: <b>{}</b></p>", html(contact)),
        };
        LOGIN_PAGE
            .replace("%LINK%", &html(&self.portal_url))
            .replace("%CONTACT%", &contact)
            .replace("%PORTAL%", &portal)
    }
}

const FASTTRACK_WARNING: &str = "\n# WARNING: FastTrack hides traffic from queues and counters. The two \"sambungan\" rows keep customers out of\n\
     # fasttrack rules below them. A fasttrack rule of yours is not touched; the disabled suggestion above is one\n\
     # that leaves customers out. \"kuotad doctor\" finds a rule that does not.\n";

fn section(out: &mut String, title: &str, rows: &[Planned]) {
    let _ = write!(out, "\n# {title}\n");
    for row in rows {
        out.push_str(&row.line(""));
    }
}

/// Rows of an ordered menu in front of everything else of their chain.
fn ordered(out: &mut String, menu: &'static str, chain: &'static str, rows: &[Planned]) {
    let values = [("chain", chain), ("action", "passthrough"), ("disabled", "yes")];
    let end = Planned::commented(menu, "99 akhir", &values);
    let first = format!("[{menu} find where chain=\"{chain}\" and dynamic=no and !(comment~\"^kuota:\")]");
    let _ = writeln!(
        out,
        ":if ([:len {}] = 0) do={{ :local rows {first}; :if ([:len $rows] > 0) do={{ {} }} else={{ {} }} }}",
        end.find(),
        end.add(" place-before=[:pick $rows 0]"),
        end.add(""),
    );
    let mut next = &end;
    for row in rows.iter().rev() {
        out.push_str(&row.line(&format!(" place-before={}", next.find())));
        next = row;
    }
}

fn queues() -> Vec<Planned> {
    let row = |name: &str| {
        let values = [("name", name), ("parent", "global"), ("packet-mark", name), ("queue", name)];
        Planned::commented("/queue tree", name, &values)
    };
    vec![row(FUP_UP), row(FUP_DOWN)]
}

/// Lists hold IPv4 addresses only: what goes around them is dropped. Last, because a router without IPv6 stops here.
fn ipv6() -> String {
    let mut out = "\n# The lists are blind to IPv6, so the hotspot has none. A router without IPv6 stops here: all is done\n\
                   :put \"kuota: done, except IPv6\"\n"
        .to_owned();
    for (what, side) in [("masuk", "in-interface"), ("keluar", "out-interface")] {
        let _ = writeln!(
            out,
            ":foreach h in=[/ip hotspot find] do={{ :local i [/ip hotspot get $h interface]; \
             :if ([:len [{IPV6} find where comment=\"kuota:ipv6 {what} $i\"]] = 0) do={{ \
             {IPV6} add chain=\"forward\" action=\"drop\" {side}=$i comment=\"kuota:ipv6 {what} $i\" }} }}"
        );
    }
    out
}

/// A text in a page that the router fills in: `$(` begins one of its own words.
fn html(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '$' => out.push_str("&#36;"),
            c => out.push(c),
        }
    }
    out
}

const LOGIN_PAGE: &str = r#"<!doctype html>
<html lang="id">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="cache-control" content="no-store">
<title>Hotspot</title>
</head>
<body>
<p id="wait" hidden>Membuka halaman pelanggan &hellip; / opening your page &hellip;</p>
<div id="classic">
<p><a href="%LINK%">Halaman pelanggan / customers' page</a></p>
%CONTACT%
<p>$(if error)$(error)$(endif)</p>
<form name="login" action="$(link-login-only)" method="post" onsubmit="return answer()">
<input type="hidden" name="dst" value="$(link-orig)">
<p><label>Nama / name <input name="username" value="$(username)" autocomplete="username"></label></p>
<p><label>Kata sandi / password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button>Masuk / log in</button></p>
</form>
</div>
$(if chap-id)<script src="/md5.js"></script>$(endif)
<script>
var chapId = "$(chap-id)", challenge = "$(chap-challenge)";
function answer() {
  var form = document.login;
  if (chapId) form.password.value = hexMD5(chapId + form.password.value + challenge);
  return true;
}
function show(portal) {
  document.getElementById("wait").hidden = !portal;
  document.getElementById("classic").hidden = portal;
}
if (window.fetch) {
  var waiting = true;
  show(true);
  setTimeout(function () { if (waiting) { waiting = false; show(false); } }, 2000);
  fetch(%PORTAL%, { mode: "no-cors", cache: "no-store" }).then(
    function () { if (waiting) { waiting = false; location.replace(%PORTAL%); } },
    function () { if (waiting) { waiting = false; show(false); } });
}
</script>
</body>
</html>
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> SitePlan {
        SitePlan {
            portal_url: "http://192.168.88.2:8081".to_owned(),
            portal_host: "192.168.88.2".to_owned(),
            portal_port: 8081,
            desk_port: Some(8080),
            managers: vec!["10.5.50.7/32".to_owned()],
            agent: "192.168.88.2".parse().ok(),
            client_networks: vec!["10.5.50.0/24".to_owned()],
            lists: ListNames::default(),
            fup_up: "1M".to_owned(),
            fup_down: "2M".to_owned(),
            username: "kuota".to_owned(),
            tls: false,
            online_payment: true,
            contact: "0812 <b>$(x)".to_owned(),
        }
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(quoted("a\"b\\c$d?e\nf é"), "\"a\\\"b\\\\c\\$d\\3Fe\\0Af \\C3\\A9\"");
    }

    #[test]
    fn every_command_of_the_script_is_guarded_and_tagged() {
        let script = plan().script();
        for line in script.lines().filter(|line| !line.starts_with('#') && line.contains(" add ")) {
            assert!(line.starts_with(":if ([:len [") || line.starts_with(":foreach"), "{line}");
            assert!(line.contains("comment=\"kuota:") || line.contains("name=\"kuota_"), "{line}");
        }
        assert!(!script.contains(" remove "), "{script}");
        assert!(plan().removal().lines().skip(1).all(|line| line.contains("kuota")));
    }

    #[test]
    fn the_rows_of_access_stand_in_their_order() {
        let names: Vec<String> = plan().filter().into_iter().map(|row| row.is).collect();
        let at = |what: &str| names.iter().position(|name| name.contains(what)).unwrap();
        assert!(at("meja 10.5.50.7/32") < at("06 meja") && at("06 meja") < at("bayar"));
        assert!(at("bayar") < at("habis") && at("portal") < at("habis"));
        assert!(at("klient_blocked") < at("sambungan") && at("sambungan") < at("fasttrack"));
        let script = plan().script();
        let line = script
            .lines()
            .find(|line| line.starts_with(":if ([:len [/ip firewall filter find where comment=\"kuota:10"))
            .unwrap();
        assert_eq!(
            line,
            ":if ([:len [/ip firewall filter find where comment=\"kuota:10 bayar keluar\"]] = 0) do={ \
             /ip firewall filter add place-before=[/ip firewall filter find where comment=\"kuota:11 bayar masuk\"] \
             chain=\"forward\" action=\"accept\" src-address-list=\"kuota_klien\" dst-address-list=\"kuota_bayar\" \
             protocol=\"tcp\" dst-port=\"443\" comment=\"kuota:10 bayar keluar\" }"
        );
    }

    #[test]
    fn the_log_in_page_says_what_is_configured_and_runs_nothing_of_it() {
        let page = plan().login_page();
        assert!(page.contains("0812 &lt;b&gt;&#36;(x)") && page.contains("\"http://192.168.88.2:8081/\""));
        assert!(page.contains("$(link-login-only)") && !page.contains('%'));
    }
}
