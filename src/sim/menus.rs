//! The menus: their columns, what each column takes, what must be unique and how a duplicate is refused.

use super::value::ValueKind;

/// One column of a menu.
#[derive(Clone, Copy, Debug)]
pub(super) struct MenuColumn {
    /// Its name on the wire.
    pub(super) name: &'static str,
    /// What it takes.
    pub(super) kind: ValueKind,
    /// Its value when none is given.
    pub(super) default: Option<&'static str>,
    /// Whether a client may write it.
    pub(super) writable: bool,
    /// Whether an addition must name it.
    pub(super) required: bool,
}

impl MenuColumn {
    const fn new(name: &'static str, kind: ValueKind) -> Self {
        Self { name, kind, default: None, writable: true, required: false }
    }

    const fn or(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    const fn shown(mut self) -> Self {
        self.writable = false;
        self
    }

    const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// What a menu lets a client do besides printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// New rows.
    Add,
    /// Other values in a row.
    Set,
    /// Rows gone.
    Remove,
    /// `enable` and `disable`.
    Switch,
    /// `reset-counters`.
    Reset,
}

/// One menu.
#[derive(Debug)]
pub(super) struct SimMenu {
    /// Its path, without a trailing slash.
    pub(super) path: &'static str,
    /// Its columns, in the order in which they print, `.id` left out.
    pub(super) columns: &'static [MenuColumn],
    /// The column by which rows are looked up; empty where none is.
    pub(super) index: &'static str,
    /// Sets of columns that no two rows may share; each names the index column. A set whose first column is unset
    /// in a row does not bind that row.
    pub(super) unique: &'static [&'static [&'static str]],
    /// The refusal of a duplicate.
    pub(super) duplicate: &'static str,
    /// What a client may do.
    pub(super) verbs: &'static [Verb],
    /// One set of values without `.id` instead of rows.
    pub(super) settings: bool,
}

impl SimMenu {
    /// Position of a column.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// Menus that the world itself acts on.
pub(super) const HOST: &str = "/ip/hotspot/host";
pub(super) const ACTIVE: &str = "/ip/hotspot/active";
pub(super) const BINDING: &str = "/ip/hotspot/ip-binding";
pub(super) const LEASE: &str = "/ip/dhcp-server/lease";
pub(super) const ADDRESS_LIST: &str = "/ip/firewall/address-list";
pub(super) const RESOURCE: &str = "/system/resource";
pub(super) const IDENTITY: &str = "/system/identity";
pub(super) const CLOCK: &str = "/system/clock";
pub(super) const ROUTERBOARD: &str = "/system/routerboard";
pub(super) const LICENSE: &str = "/system/license";
pub(super) const DEVICE_MODE: &str = "/system/device-mode";
pub(super) const USER: &str = "/user";
pub(super) const USER_GROUP: &str = "/user/group";
pub(super) const SERVICE: &str = "/ip/service";
pub(super) const HOTSPOT: &str = "/ip/hotspot";
pub(super) const HOTSPOT_USER: &str = "/ip/hotspot/user";
pub(super) const COOKIE: &str = "/ip/hotspot/cookie";

const ALL: &[Verb] = &[Verb::Add, Verb::Set, Verb::Remove, Verb::Switch];
const UNSWITCHED: &[Verb] = &[Verb::Add, Verb::Set, Verb::Remove];

const fn text(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Text)
}

const fn flag(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Flag).or("false")
}

const fn number(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Number)
}

const fn count(name: &'static str) -> MenuColumn {
    number(name).or("0").shown()
}

const fn address(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Address)
}

const fn mac(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Mac)
}

const fn age(name: &'static str) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Age).shown()
}

const fn choice(name: &'static str, words: &'static [&'static str]) -> MenuColumn {
    MenuColumn::new(name, ValueKind::Choice(words))
}

const ACTIONS: &[&str] = &[
    "accept",
    "add-dst-to-address-list",
    "add-src-to-address-list",
    "drop",
    "dst-nat",
    "fasttrack-connection",
    "jump",
    "log",
    "mark-connection",
    "mark-packet",
    "mark-routing",
    "masquerade",
    "passthrough",
    "redirect",
    "reject",
    "return",
    "src-nat",
    "tarpit",
];

/// Filter, nat and mangle differ in the actions people use, not in how rows behave.
const FIREWALL: &[MenuColumn] = &[
    text("chain").required(),
    choice("action", ACTIONS).or("accept"),
    text("jump-target"),
    text("new-connection-mark"),
    text("new-packet-mark"),
    text("new-routing-mark"),
    flag("passthrough"),
    text("reject-with"),
    text("to-addresses"),
    text("to-ports"),
    text("protocol"),
    text("src-address"),
    text("dst-address"),
    text("src-address-list"),
    text("dst-address-list"),
    text("address-list"),
    text("address-list-timeout"),
    text("src-mac-address"),
    text("src-port"),
    text("dst-port"),
    text("in-interface"),
    text("out-interface"),
    text("in-interface-list"),
    text("out-interface-list"),
    text("connection-state"),
    text("connection-mark"),
    text("packet-mark"),
    text("routing-mark"),
    text("hotspot"),
    text("limit"),
    flag("log"),
    text("log-prefix"),
    count("bytes"),
    count("packets"),
    flag("invalid").shown(),
    flag("dynamic").shown(),
    flag("disabled"),
    text("comment"),
];

/// Rows that go by a name of their own.
const fn named(path: &'static str, columns: &'static [MenuColumn], verbs: &'static [Verb]) -> SimMenu {
    let duplicate = "failure: already have such name";
    SimMenu { path, columns, index: "name", unique: &[&["name"]], duplicate, verbs, settings: false }
}

/// Rows of which any number may be alike.
const fn plain(path: &'static str, columns: &'static [MenuColumn], verbs: &'static [Verb]) -> SimMenu {
    SimMenu { path, columns, index: "", unique: &[], duplicate: "", verbs, settings: false }
}

const fn settings(path: &'static str, columns: &'static [MenuColumn], verbs: &'static [Verb]) -> SimMenu {
    SimMenu { path, columns, index: "", unique: &[], duplicate: "", verbs, settings: true }
}

/// Every menu of the router.
pub(super) static MENUS: &[SimMenu] = &[
    SimMenu {
        path: HOST,
        columns: &[
            mac("mac-address").shown(),
            address("address").shown(),
            address("to-address").shown(),
            text("server").shown(),
            age("uptime"),
            age("idle-time"),
            count("bytes-in"),
            count("bytes-out"),
            count("packets-in"),
            count("packets-out"),
            flag("authorized").shown(),
            flag("bypassed").shown(),
            flag("DHCP").shown(),
            text("comment").shown(),
        ],
        index: "mac-address",
        unique: &[],
        duplicate: "",
        verbs: &[Verb::Remove],
        settings: false,
    },
    SimMenu {
        path: ACTIVE,
        columns: &[
            text("server").shown(),
            text("user").shown(),
            address("address").shown(),
            mac("mac-address").shown(),
            text("login-by").shown(),
            age("uptime"),
            age("idle-time"),
            count("bytes-in"),
            count("bytes-out"),
            count("packets-in"),
            count("packets-out"),
            flag("radius").shown(),
            text("comment").shown(),
        ],
        index: "mac-address",
        unique: &[],
        duplicate: "",
        verbs: &[Verb::Remove],
        settings: false,
    },
    SimMenu {
        path: BINDING,
        columns: &[
            mac("mac-address"),
            address("address"),
            address("to-address"),
            text("server").or("all"),
            choice("type", &["regular", "bypassed", "blocked"]).or("regular"),
            flag("disabled"),
            text("comment"),
        ],
        index: "mac-address",
        // One source documents the text, none the columns that must differ: the harsher reading.
        unique: &[&["mac-address", "server"], &["address", "mac-address", "server"]],
        duplicate: "failure: such client already exists",
        verbs: ALL,
        settings: false,
    },
    SimMenu {
        path: LEASE,
        columns: &[
            address("address"),
            mac("mac-address"),
            text("client-id"),
            text("address-lists"),
            text("server").or("all"),
            MenuColumn::new("lease-time", ValueKind::Duration),
            text("status").or("waiting").shown(),
            age("last-seen"),
            address("active-address").shown(),
            mac("active-mac-address").shown(),
            text("active-server").shown(),
            text("host-name").shown(),
            flag("radius").shown(),
            flag("dynamic").shown(),
            flag("blocked").shown(),
            flag("disabled"),
            text("comment"),
        ],
        index: "address",
        unique: &[&["address", "server"]],
        duplicate: "failure: already have static lease with this IP address",
        verbs: ALL,
        settings: false,
    },
    SimMenu {
        path: ADDRESS_LIST,
        columns: &[
            text("list").required(),
            MenuColumn::new("address", ValueKind::Host).required(),
            MenuColumn::new("timeout", ValueKind::Timeout),
            text("creation-time").shown(),
            flag("dynamic").shown(),
            flag("disabled"),
            text("comment"),
        ],
        index: "address",
        unique: &[&["list", "address"]],
        duplicate: "failure: already have such entry",
        verbs: ALL,
        settings: false,
    },
    named(
        HOTSPOT,
        &[
            text("name").required(),
            text("interface"),
            text("address-pool").or("none"),
            text("profile").or("default"),
            MenuColumn::new("idle-timeout", ValueKind::Text).or("5m"),
            MenuColumn::new("keepalive-timeout", ValueKind::Text).or("none"),
            text("addresses-per-mac").or("2"),
            text("proxy-status").or("running").shown(),
            flag("invalid").shown(),
            flag("HTTPS").shown(),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    SimMenu {
        path: HOTSPOT_USER,
        columns: &[
            text("server").or("all"),
            text("name").required(),
            text("password"),
            address("address"),
            mac("mac-address"),
            text("profile").or("default"),
            number("limit-bytes-in"),
            number("limit-bytes-out"),
            number("limit-bytes-total"),
            MenuColumn::new("limit-uptime", ValueKind::Duration),
            MenuColumn::new("uptime", ValueKind::Duration).or("0s").shown(),
            count("bytes-in"),
            count("bytes-out"),
            count("packets-in"),
            count("packets-out"),
            flag("dynamic").shown(),
            flag("disabled"),
            text("comment"),
        ],
        index: "name",
        unique: &[&["name", "server"]],
        duplicate: "failure: already have user with this name for this server",
        verbs: &[Verb::Add, Verb::Set, Verb::Remove, Verb::Switch, Verb::Reset],
        settings: false,
    },
    named(
        "/ip/hotspot/user/profile",
        &[text("name").required(), text("rate-limit"), number("shared-users").or("1"), text("address-list")],
        UNSWITCHED,
    ),
    named(
        "/ip/hotspot/profile",
        &[
            text("name").required(),
            address("hotspot-address"),
            text("dns-name"),
            text("html-directory").or("hotspot"),
            text("login-by").or("cookie,http-chap"),
        ],
        UNSWITCHED,
    ),
    SimMenu {
        path: COOKIE,
        columns: &[
            text("user").shown(),
            text("domain").shown(),
            mac("mac-address").shown(),
            MenuColumn::new("expires-in", ValueKind::Duration).shown(),
        ],
        index: "mac-address",
        unique: &[],
        duplicate: "",
        verbs: &[Verb::Remove],
        settings: false,
    },
    plain(
        "/ip/hotspot/walled-garden",
        &[
            choice("action", &["allow", "deny"]).or("allow"),
            text("server"),
            text("src-address"),
            text("dst-host"),
            text("dst-port"),
            text("path"),
            text("method"),
            count("hits"),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    plain(
        "/ip/hotspot/walled-garden/ip",
        &[
            choice("action", &["accept", "drop", "reject"]).or("accept"),
            text("server"),
            text("protocol"),
            text("src-address"),
            text("src-address-list"),
            text("dst-address"),
            text("dst-address-list"),
            text("dst-host"),
            text("dst-port"),
            count("bytes"),
            count("packets"),
            flag("dynamic").shown(),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    plain("/ip/firewall/filter", FIREWALL, ALL),
    plain("/ip/firewall/nat", FIREWALL, ALL),
    plain("/ip/firewall/mangle", FIREWALL, ALL),
    plain("/ipv6/firewall/filter", FIREWALL, ALL),
    named(
        "/queue/simple",
        &[
            text("name").required(),
            text("target"),
            text("parent").or("none"),
            text("packet-marks").or(""),
            text("queue").or("default-small/default-small"),
            text("limit-at").or("0/0"),
            text("max-limit").or("0/0"),
            text("burst-limit").or("0/0"),
            text("priority").or("8/8"),
            text("bytes").or("0/0").shown(),
            text("packets").or("0/0").shown(),
            flag("dynamic").shown(),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    named(
        "/queue/tree",
        &[
            text("name").required(),
            text("parent").required(),
            text("packet-mark"),
            text("queue").or("default-small"),
            text("limit-at").or("0"),
            text("max-limit").or("0"),
            number("priority").or("8"),
            count("bytes"),
            count("packets"),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    named(
        "/queue/type",
        &[
            text("name").required(),
            text("kind").required(),
            text("pcq-rate"),
            text("pcq-limit"),
            text("pcq-classifier"),
            text("pcq-total-limit"),
            flag("default").shown(),
        ],
        UNSWITCHED,
    ),
    plain(
        "/ip/dns/static",
        &[text("name"), text("address"), text("ttl").or("1d"), flag("disabled"), text("comment")],
        ALL,
    ),
    named(
        "/interface",
        &[
            text("name").required(),
            text("type").or("ether").shown(),
            flag("running").or("true").shown(),
            count("rx-byte"),
            count("tx-byte"),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    named(
        SERVICE,
        &[
            text("name").required().shown(),
            number("port"),
            text("address").or(""),
            text("certificate"),
            text("tls-version"),
            number("max-sessions").or("20"),
            flag("invalid").shown(),
            flag("disabled"),
        ],
        &[Verb::Set, Verb::Switch],
    ),
    named(
        USER,
        &[
            text("name").required(),
            text("group").required(),
            text("address").or(""),
            flag("expired").shown(),
            flag("disabled"),
            text("comment"),
        ],
        ALL,
    ),
    named(
        USER_GROUP,
        &[text("name").required(), text("policy").or(""), text("skin").or("default"), text("comment")],
        UNSWITCHED,
    ),
    settings(
        RESOURCE,
        &[
            age("uptime"),
            text("version").shown(),
            text("build-time").shown(),
            number("free-memory").or("176160768").shown(),
            number("total-memory").or("268435456").shown(),
            text("cpu").or("MIPS 1004Kc V2.15").shown(),
            number("cpu-count").or("4").shown(),
            number("cpu-load").or("3").shown(),
            text("architecture-name").or("mmips").shown(),
            text("board-name").or("hEX").shown(),
            text("platform").or("MikroTik").shown(),
            number("write-sect-total").or("81234").shown(),
            number("write-sect-since-reboot").or("1234").shown(),
            text("bad-blocks").or("0%").shown(),
        ],
        &[],
    ),
    settings(IDENTITY, &[text("name")], &[Verb::Set]),
    settings(
        ROUTERBOARD,
        &[
            flag("routerboard").or("true").shown(),
            text("model").or("RB750Gr3").shown(),
            text("serial-number").shown(),
            text("firmware-type").or("mt7621L").shown(),
            text("current-firmware").or("7.18.2").shown(),
        ],
        &[],
    ),
    settings(DEVICE_MODE, &[text("mode").shown(), flag("hotspot").or("yes").shown()], &[]),
    settings(LICENSE, &[text("software-id").shown(), number("nlevel").or("4").shown()], &[]),
    settings(
        CLOCK,
        &[
            text("time").shown(),
            text("date").shown(),
            flag("time-zone-autodetect").or("true"),
            text("time-zone-name").or("UTC"),
            text("gmt-offset").or("+00:00").shown(),
        ],
        &[Verb::Set],
    ),
];

#[cfg(test)]
mod tests {
    use super::super::value::parse;
    use super::*;

    #[test]
    fn every_menu_is_sound() {
        for menu in MENUS {
            assert!(menu.index.is_empty() || menu.column(menu.index).is_some(), "{}", menu.path);
            for key in menu.unique {
                assert!(key.contains(&menu.index), "{}: a unique set without the index column", menu.path);
                assert!(key.iter().all(|name| menu.column(name).is_some()), "{}", menu.path);
                assert!(!menu.duplicate.is_empty(), "{}", menu.path);
            }
            for (at, column) in menu.columns.iter().enumerate() {
                assert_eq!(menu.column(column.name), Some(at), "{}: {} twice", menu.path, column.name);
            }
            for column in menu.columns {
                if let Some(default) = column.default {
                    assert!(parse(column.kind, default, 0).is_ok(), "{}: {}", menu.path, column.name);
                }
            }
            let switchable = menu.verbs.contains(&Verb::Switch);
            assert!(!switchable || menu.column("disabled").is_some(), "{}", menu.path);
        }
    }
}
