//! What a chain does to one kind of packet: the first rule that surely takes it, and those before it that may.

use std::net::Ipv4Addr;

use super::tables::{PrintedRow, field};

/// How deep jumps are followed.
const JUMPS_MAX: u8 = 8;

/// A packet as rules see it.
#[derive(Clone, Debug)]
pub(super) struct Packet<'a> {
    pub(super) src: Ipv4Addr,
    pub(super) dst: Ipv4Addr,
    /// Lists that hold the source.
    pub(super) src_lists: Vec<&'a str>,
    /// Lists that hold the destination.
    pub(super) dst_lists: Vec<&'a str>,
    /// `new` or `established`.
    pub(super) state: &'a str,
    /// Ports of the server's side, where the packet is of TCP to or from one.
    pub(super) src_port: Option<u16>,
    pub(super) dst_port: Option<u16>,
}

/// Whether a rule takes a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Match {
    No,
    /// It depends on what is not known, such as an interface.
    Maybe,
    Yes,
}

impl Match {
    fn of(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

/// What became of a packet.
#[derive(Clone, Debug, Default)]
pub(super) struct Fate<'a> {
    /// Action of the rule that surely ends the way; `None`: the end of the chain, which accepts.
    pub(super) end: Option<&'a str>,
    /// That rule.
    pub(super) rule: Option<&'a PrintedRow>,
    /// Rules before it that may end the way.
    pub(super) perhaps: Vec<&'a PrintedRow>,
}

impl Fate<'_> {
    /// Whether the packet is surely thrown away.
    pub(super) fn is_stopped(&self) -> bool {
        matches!(self.end, Some("reject" | "drop" | "tarpit")) && self.perhaps("accept").is_none()
    }

    /// The first rule with this action that may take the packet before the end.
    pub(super) fn perhaps(&self, action: &str) -> Option<&PrintedRow> {
        self.perhaps.iter().find(|rule| field(rule, "action") == action).copied()
    }
}

/// Walks a chain. `rules` are the enabled static rules of the menu, in order.
pub(super) fn walk<'a>(rules: &[&'a PrintedRow], chain: &str, packet: &Packet<'_>) -> Fate<'a> {
    let mut fate = Fate::default();
    step(rules, chain, packet, &mut fate, 0);
    fate
}

/// Whether the way ended in this chain.
fn step<'a>(
    rules: &[&'a PrintedRow],
    chain: &str,
    packet: &Packet<'_>,
    fate: &mut Fate<'a>,
    depth: u8,
) -> bool {
    for rule in rules.iter().copied().filter(|rule| field(rule, "chain") == chain) {
        let found = matches(rule, packet);
        let action = if field(rule, "action").is_empty() { "accept" } else { field(rule, "action") };
        match (found, action) {
            (Match::No, _)
            | (_, "passthrough" | "log" | "mark-packet" | "mark-connection" | "mark-routing") => {}
            (_, action) if action.starts_with("add-") => {}
            (Match::Yes, "return") => return false,
            (Match::Yes, "jump") if depth < JUMPS_MAX => {
                if step(rules, field(rule, "jump-target"), packet, fate, depth + 1) {
                    return true;
                }
            }
            (Match::Yes, action) => {
                (fate.end, fate.rule) = (Some(action), Some(rule));
                return true;
            }
            (Match::Maybe, _) => fate.perhaps.push(rule),
        }
    }
    false
}

/// Columns whose rules take some packets, we cannot know which.
const UNKNOWN: [&str; 10] = [
    "src-mac-address",
    "in-interface",
    "out-interface",
    "in-interface-list",
    "out-interface-list",
    "connection-mark",
    "packet-mark",
    "routing-mark",
    "hotspot",
    "limit",
];

fn matches(rule: &PrintedRow, packet: &Packet<'_>) -> Match {
    let state = |word: &str| Match::of(word.split(',').any(|state| state == packet.state));
    let lists = |lists: &[&str], name: &str| Match::of(lists.contains(&name));
    let found = [
        negatable(rule, "src-address", |text| in_network(text, packet.src)),
        negatable(rule, "dst-address", |text| in_network(text, packet.dst)),
        negatable(rule, "src-address-list", |name| lists(&packet.src_lists, name)),
        negatable(rule, "dst-address-list", |name| lists(&packet.dst_lists, name)),
        negatable(rule, "connection-state", state),
        negatable(rule, "protocol", |name| protocol(name, packet)),
        negatable(rule, "src-port", |text| port(text, packet.src_port)),
        negatable(rule, "dst-port", |text| port(text, packet.dst_port)),
    ];
    let known = found.into_iter().fold(Match::Yes, Match::and);
    let unknown = UNKNOWN.iter().any(|column| !field(rule, column).is_empty());
    if unknown { known.and(Match::Maybe) } else { known }
}

/// A matcher that is unset takes everything; `!` turns one round.
fn negatable(rule: &PrintedRow, column: &str, test: impl Fn(&str) -> Match) -> Match {
    match field(rule, column) {
        "" => Match::Yes,
        text => text.strip_prefix('!').map_or_else(|| test(text), |text| test(text).not()),
    }
}

fn protocol(name: &str, packet: &Packet<'_>) -> Match {
    match (packet.src_port.or(packet.dst_port), name) {
        (_, "tcp" | "6") => Match::of(packet.src_port.or(packet.dst_port).is_some()).or_maybe(packet),
        (Some(_), _) => Match::No,
        (None, _) => Match::Maybe,
    }
}

impl Match {
    /// A packet without ports matches any protocol.
    fn or_maybe(self, packet: &Packet<'_>) -> Self {
        if packet.src_port.is_none() && packet.dst_port.is_none() { Self::Maybe } else { self }
    }
}

fn port(text: &str, port: Option<u16>) -> Match {
    let Some(port) = port else { return Match::Maybe };
    let holds = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        Some((first..=last).contains(&port))
    };
    text.split(',').map(holds).try_fold(false, |any, one| Some(any || one?)).map_or(Match::Maybe, Match::of)
}

/// Whether an address, network or range holds an address.
fn in_network(text: &str, address: Ipv4Addr) -> Match {
    network(text, address).map_or(Match::Maybe, Match::of)
}

/// The same; `None` where the text is none of them.
pub(super) fn network(text: &str, address: Ipv4Addr) -> Option<bool> {
    if let Some((first, last)) = text.split_once('-') {
        let (first, last) = (first.parse::<Ipv4Addr>().ok()?, last.parse::<Ipv4Addr>().ok()?);
        return Some((first..=last).contains(&address));
    }
    let (base, bits) = text.split_once('/').unwrap_or((text, "32"));
    let (base, bits) = (base.parse::<Ipv4Addr>().ok()?, bits.parse::<u32>().ok().filter(|bits| *bits <= 32)?);
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    Some(u32::from(base) & mask == u32::from(address) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(cells: &[(&str, &str)]) -> PrintedRow {
        let chain = [("chain", "forward")];
        chain.iter().chain(cells).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn packet() -> Packet<'static> {
        Packet {
            src: Ipv4Addr::new(10, 5, 50, 9),
            dst: Ipv4Addr::new(203, 0, 113, 9),
            src_lists: vec!["habis"],
            dst_lists: vec![],
            state: "new",
            src_port: None,
            dst_port: None,
        }
    }

    #[test]
    fn a_rule_takes_a_packet_surely_perhaps_or_not() {
        let rows: [(&[(&str, &str)], Match); 10] = [
            (&[], Match::Yes),
            (&[("src-address", "10.5.50.0/24")], Match::Yes),
            (&[("src-address", "!10.5.50.0/24")], Match::No),
            (&[("dst-address", "203.0.113.1-203.0.113.8")], Match::No),
            (&[("src-address-list", "habis"), ("connection-state", "established,related")], Match::No),
            (&[("src-address-list", "!habis")], Match::No),
            (&[("in-interface", "ether1")], Match::Maybe),
            (&[("in-interface", "ether1"), ("dst-address-list", "x")], Match::No),
            (&[("protocol", "tcp"), ("dst-port", "80,443")], Match::Maybe),
            (&[("dst-address", "nonsense")], Match::Maybe),
        ];
        for (cells, expected) in rows {
            assert_eq!(matches(&rule(cells), &packet()), expected, "{cells:?}");
        }
        let web = Packet { dst_port: Some(443), ..packet() };
        assert_eq!(matches(&rule(&[("protocol", "tcp"), ("dst-port", "80,443")]), &web), Match::Yes);
        assert_eq!(matches(&rule(&[("protocol", "udp")]), &web), Match::No);
    }

    #[test]
    fn jumps_are_followed_and_come_back() {
        let jump = rule(&[("action", "jump"), ("jump-target", "mine")]);
        let mut back = rule(&[("action", "return"), ("src-address-list", "!habis")]);
        let mut stop = rule(&[("action", "drop")]);
        for row in [&mut back, &mut stop] {
            row.insert("chain".to_owned(), "mine".to_owned());
        }
        let rules = [&jump, &back, &stop];
        assert!(walk(&rules, "forward", &packet()).is_stopped());
        let free = Packet { src_lists: vec![], ..packet() };
        assert_eq!(walk(&rules, "forward", &free).end, None);
        let loop_ = rule(&[("action", "jump"), ("jump-target", "forward")]);
        assert_eq!(walk(&[&loop_], "forward", &packet()).end, Some("jump"));
    }
}
