//! Values as people write them in a configuration: times, amounts, networks, addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use std::time::Duration;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Units of time, smallest first, with their milliseconds.
const UNITS_MS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 24 * 3_600_000)];
/// The longest time a configuration may name: a hundred years.
const DURATION_DAYS_MAX: u64 = 36_500;

const DURATION_HINT: &str =
    "write a whole number and a unit, like \"200ms\", \"10s\", \"5m\", \"2h\" or \"14d\"";

/// Reads `"200ms"`, `"10s"`, `"5m"`, `"2h"`, `"14d"`: a whole number and a unit, at most a hundred years.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let unit = unit.trim_start();
    let known = UNITS_MS.iter().find(|(name, _)| *name == unit);
    let (Some((_, unit_ms)), false) = (known, number.is_empty()) else {
        return Err(format!("not a time: {DURATION_HINT}"));
    };
    let ms = number.parse::<u64>().ok().and_then(|n| n.checked_mul(*unit_ms));
    match ms {
        Some(ms) if ms <= DURATION_DAYS_MAX * UNITS_MS[4].1 => Ok(Duration::from_millis(ms)),
        _ => Err(format!("too long: a time is at most {DURATION_DAYS_MAX}d")),
    }
}

/// Prints in the largest unit that divides the time: `"10s"`, `"5m"`, `"14d"`. Parts of a millisecond are cut off.
pub fn duration_text(value: Duration) -> String {
    let ms = value.as_millis();
    if ms == 0 {
        return "0s".to_owned();
    }
    let fits = |&&(_, unit_ms): &&(&str, u64)| ms.is_multiple_of(u128::from(unit_ms));
    let (name, unit_ms) = UNITS_MS.iter().rev().find(fits).unwrap_or(&UNITS_MS[0]);
    format!("{}{name}", ms / u128::from(*unit_ms))
}

/// Whole days, as in `"14d"`.
pub fn days_text(days: u32) -> String {
    format!("{days}d")
}

/// A [`Duration`] written as text, for `#[serde(with = "…")]`.
pub mod duration {
    use super::{Deserializer, Duration, Serializer, de, duration_text, expect_text, parse_duration};

    /// Prints the shortest text that reads back the same.
    pub fn serialize<S: Serializer>(value: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&duration_text(*value))
    }

    /// Reads a number and a unit; a bare number has no unit and is refused.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        expect_text(d, super::DURATION_HINT, |text| parse_duration(text).map_err(de::Error::custom))
    }
}

/// An amount of quota, for `#[serde(with = "…")]`: text such as `"500 MB"`, or a bare number of bytes.
pub mod amount {
    use std::fmt;

    use super::{Deserializer, Serializer, de};
    use crate::domain::units::{AMOUNT_BYTES_MAX, AmountError, Bytes};

    /// Prints with a unit where that is exact, else as a number of bytes. Every amount of a configuration may be zero.
    pub fn serialize<S: Serializer>(value: &Bytes, s: S) -> Result<S::Ok, S::Error> {
        let text = value.to_string();
        if text.parse() == Ok(*value) { s.serialize_str(&text) } else { s.serialize_u64(value.0) }
    }

    /// Reads text or a whole number that is not negative.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Bytes, D::Error> {
        d.deserialize_any(AmountVisitor)
    }

    struct AmountVisitor;

    impl de::Visitor<'_> for AmountVisitor {
        type Value = Bytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an amount: a number and a unit, like \"500 MB\" or \"1,5 GB\", or a number of bytes")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Bytes, E> {
            Bytes::limit(text).map_err(E::custom)
        }

        fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Bytes, E> {
            u64::try_from(bytes)
                .map_err(|_| E::custom(AmountError::Malformed(bytes.to_string())))
                .and_then(|n| self.visit_u64(n))
        }

        fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Bytes, E> {
            if bytes <= AMOUNT_BYTES_MAX { Ok(Bytes(bytes)) } else { Err(E::custom(AmountError::TooLarge)) }
        }
    }
}

/// A time of day as minutes since midnight, written `"HH:MM"`, for `#[serde(with = "…")]`.
pub mod day_minute {
    use super::{Deserializer, Serializer, de, expect_text};

    const HINT: &str = "write hours and minutes, like \"00:00\" or \"18:30\"";

    /// Prints `"HH:MM"`.
    pub fn serialize<S: Serializer>(value: &u16, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("{:02}:{:02}", value / 60, value % 60))
    }

    /// Reads `"HH:MM"` from `"00:00"` to `"23:59"`.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u16, D::Error> {
        expect_text(d, HINT, |text| {
            parse(text).ok_or_else(|| de::Error::custom(format!("not a time of day: {HINT}")))
        })
    }

    fn parse(text: &str) -> Option<u16> {
        let (hours, minutes) = text.split_once(':')?;
        let two_digits = |part: &str| -> Option<u16> {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().ok()).flatten()
        };
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
        (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
    }
}

/// Reads a text and hands it on; another type is refused with the hint.
fn expect_text<'de, D: Deserializer<'de>, T>(
    d: D,
    hint: &'static str,
    read: impl FnOnce(&str) -> Result<T, D::Error>,
) -> Result<T, D::Error> {
    struct Text(&'static str);

    impl de::Visitor<'_> for Text {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "text: {}", self.0)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }

    let text = d.deserialize_str(Text(hint))?;
    read(&text)
}

/// Serde through the text form, for types whose text form is their only one.
macro_rules! text_serde {
    ($name:ident, $hint:expr) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                expect_text(d, $hint, |text| text.parse().map_err(de::Error::custom))
            }
        }
    };
}

/// A network as `10.5.50.0/24` or `fd00::/8`; a bare address is the network of that one host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(ipnet::IpNet);

const NETWORK_HINT: &str = "write an address and a prefix length, like \"10.5.50.0/24\"";

impl Network {
    /// Whether the address lies in it. An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether every address of this network lies in the other one.
    pub fn is_within(&self, other: &Self) -> bool {
        other.0.contains(&self.0)
    }

    /// Bits that its addresses share: the more, the narrower the network.
    pub fn prefix_len(&self) -> u8 {
        self.0.prefix_len()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Bits right of the prefix are dropped: `10.5.50.1/24` is `10.5.50.0/24`, as routers print their own address.
impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(ipnet::IpNet::from));
        network
            .map(|n: ipnet::IpNet| Self(n.trunc()))
            .map_err(|_| format!("{text:?} is not a network: {NETWORK_HINT}"))
    }
}

text_serde!(Network, NETWORK_HINT);

/// A name of this machine in a network, such as `kuota.lan`: lower case, without port and without a dot at its end.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostName(String);

const HOST_HINT: &str = "write a name without http:// and without a port, like \"kuota.lan\"";
/// The longest name that DNS knows.
const HOST_CHARS_MAX: usize = 253;

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim();
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if is_host(&name) && name.len() <= HOST_CHARS_MAX {
            Ok(Self(name))
        } else {
            Err(format!("{text:?} is not a host name: {HOST_HINT}"))
        }
    }
}

text_serde!(HostName, HOST_HINT);

/// A host name or address with a port, such as `192.168.88.1:8728`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouterAddress {
    /// The name or address, IPv6 without its brackets.
    pub host: String,
    /// The TCP port, never 0.
    pub port: u16,
}

const ADDRESS_HINT: &str = "write address and port, like \"192.168.88.1:8728\"";

/// A name, or an IPv4 address; digits and dots alone are an address.
fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let is_dotted = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    !text.is_empty() && text.chars().all(allowed) && (!is_dotted || text.parse::<Ipv4Addr>().is_ok())
}

impl fmt::Display for RouterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl FromStr for RouterAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("{text:?} is not an address with a port: {ADDRESS_HINT}");
        let (host, port) = text.trim().rsplit_once(':').ok_or_else(refused)?;
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
        let host_is_sound = bare.map_or_else(|| is_host(host), |inner| inner.parse::<Ipv6Addr>().is_ok());
        let port = port.parse::<u16>().ok().filter(|port| *port != 0);
        match (host_is_sound, port) {
            (true, Some(port)) => Ok(Self { host: bare.unwrap_or(host).to_owned(), port }),
            _ => Err(refused()),
        }
    }
}

text_serde!(RouterAddress, ADDRESS_HINT);

/// The address of a site, `http` or `https`, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

const URL_HINT: &str = "write an address like \"http://192.168.88.2:8081\" or \"https://relay.example\"";

impl HttpUrl {
    /// The text, without a slash at its end, so that a path can be appended.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its host: a name in lower case, or an address, IPv6 without brackets.
    pub fn host(&self) -> String {
        let url = reqwest::Url::parse(&self.0).ok();
        let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
        host.trim_matches(['[', ']']).to_ascii_lowercase()
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether what is sent there stays on this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let address = host.parse::<IpAddr>();
        host == "localhost" || address.is_ok_and(|address| address.to_canonical().is_loopback())
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for HttpUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let url = reqwest::Url::parse(text.trim()).map_err(|_| format!("not a web address: {URL_HINT}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("not a web address, it must begin with http:// or https://: {URL_HINT}"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(format!("a web address must not carry a name or password: {URL_HINT}"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("a web address must end before any ? or #: {URL_HINT}"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

text_serde!(HttpUrl, URL_HINT);

/// An [`HttpUrl`] that may be left out by writing `""`, for `#[serde(with = "…")]`.
pub mod optional_url {
    use super::{Deserializer, HttpUrl, Serializer, URL_HINT, de, expect_text};

    /// Prints the address, or nothing between the quotes.
    pub fn serialize<S: Serializer>(value: &Option<HttpUrl>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(value.as_ref().map_or("", HttpUrl::as_str))
    }

    /// Reads an address, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<HttpUrl>, D::Error> {
        expect_text(d, URL_HINT, |text| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(de::Error::custom),
        })
    }
}

/// An address and port that may be left empty.
pub mod optional_listen {
    use std::net::SocketAddr;

    use super::{Deserializer, Serializer, de, expect_text};

    const HINT: &str = "write an address and a port, like \"127.0.0.1:8095\", or nothing between the quotes";

    /// Prints the address, or nothing between the quotes.
    pub fn serialize<S: Serializer>(value: &Option<SocketAddr>, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&value.map(|address| address.to_string()).unwrap_or_default())
    }

    /// Reads an address, or nothing.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<SocketAddr>, D::Error> {
        expect_text(d, HINT, |text| match text.trim() {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| de::Error::custom(HINT)),
        })
    }
}

/// A speed limit as RouterOS writes it, up and down in bits per second: `1M/1M`, `512k/2M`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpeedLimit(String);

const SPEED_HINT: &str = "write upload and download in bits per second, like \"1M/1M\" or \"512k/2M\"";

impl SpeedLimit {
    /// The text, ready for a RouterOS `max-limit`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SpeedLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SpeedLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_rate = |part: &str| {
            let digits = part.strip_suffix(['k', 'K', 'M', 'G']).unwrap_or(part);
            (1..=10).contains(&digits.len())
                && digits.bytes().all(|b| b.is_ascii_digit())
                && !digits.starts_with('0')
        };
        match text.trim().split_once('/') {
            Some((up, down)) if is_rate(up) && is_rate(down) => Ok(Self(text.trim().to_owned())),
            _ => Err(format!("{text:?} is not a speed limit: {SPEED_HINT}")),
        }
    }
}

text_serde!(SpeedLimit, SPEED_HINT);

/// The name of an address list on the router.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListName(String);

/// RouterOS itself sets no bound worth knowing; names longer than this cannot be read in its windows.
const LIST_NAME_CHARS_MAX: usize = 64;
const LIST_HINT: &str = "write a name such as \"klient_aktif\"";

impl ListName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Letters, digits and `_ - . :`, so that the name needs no quoting in a RouterOS script.
impl FromStr for ListName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
        if text.is_empty() {
            return Err(format!("is empty: {LIST_HINT}"));
        }
        if text.len() > LIST_NAME_CHARS_MAX || !text.chars().all(plain) {
            return Err(format!(
                "not a list name: at most {LIST_NAME_CHARS_MAX} letters, digits and _ - . : without spaces; \
                 {LIST_HINT}"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

text_serde!(ListName, LIST_HINT);

/// The SHA-256 of a certificate, as 64 hexadecimal digits; colons between pairs are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

const FINGERPRINT_HINT: &str = "write the SHA-256 of the router's certificate, 64 hexadecimal digits";

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl FromStr for Fingerprint {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("not a fingerprint: {FINGERPRINT_HINT}");
        let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok();
        bytes.and_then(|bytes| bytes.try_into().ok()).map(Self).ok_or_else(refused)
    }
}

text_serde!(Fingerprint, FINGERPRINT_HINT);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_printed_in_the_largest_unit() {
        let rows = [
            ("200ms", 200, "200ms"),
            ("10s", 10_000, "10s"),
            ("90s", 90_000, "90s"),
            ("120s", 120_000, "2m"),
            ("5 m", 300_000, "5m"),
            ("2h", 7_200_000, "2h"),
            ("14d", 14 * 86_400_000, "14d"),
            ("0s", 0, "0s"),
        ];
        for (text, ms, printed) in rows {
            let value = parse_duration(text).unwrap();
            assert_eq!(value, Duration::from_millis(ms), "{text}");
            assert_eq!(duration_text(value), printed);
        }
        for text in ["", "10", "s", "-1s", "1.5s", "10 sec", "1w", "10S", "99999999999999999999s", "36501d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_contain_their_addresses_only() {
        let network: Network = "10.5.50.1/24".parse().unwrap();
        assert_eq!(network.to_string(), "10.5.50.0/24");
        for (address, inside) in [("10.5.50.255", true), ("::ffff:10.5.50.9", true), ("10.5.51.0", false)] {
            assert_eq!(network.contains(address.parse().unwrap()), inside, "{address}");
        }
        let six: Network = "fd00::/8".parse().unwrap();
        assert!(six.contains("fd12::1".parse().unwrap()) && !six.contains("10.0.0.1".parse().unwrap()));
        assert_eq!("127.0.0.1".parse::<Network>().unwrap().to_string(), "127.0.0.1/32");
        for text in ["", "10.5.50.0/33", "10.5.50/24", "lan", "10.5.50.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for text in ["192.168.88.1:8728", "router.lan:8729", "[fd00::1]:8728"] {
            assert_eq!(text.parse::<RouterAddress>().unwrap().to_string(), text);
        }
        for text in
            ["", "192.168.88.1", "192.168.88:8728", ":8728", "a b:1", "fd00::1:8728", "r:0", "r:65536"]
        {
            assert!(text.parse::<RouterAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_web_address_is_http_or_https_and_carries_no_secret() {
        assert_eq!("http://a:8081/x/".parse::<HttpUrl>().unwrap().as_str(), "http://a:8081/x");
        assert!("https://relay.example".parse::<HttpUrl>().unwrap().is_https());
        for (url, is_loopback) in [
            ("http://127.0.0.1:1", true),
            ("http://localhost", true),
            ("http://[::1]:8090/x", true),
            ("http://127.0.0.1.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(url.parse::<HttpUrl>().unwrap().is_loopback(), is_loopback, "{url}");
        }
        for text in ["", "relay.example", "ftp://a", "http://", "http://u:p@a", "http://a/?q", "http://a/#f"]
        {
            assert!(text.parse::<HttpUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in ["1M", "1M/", "0/0", "1m/1m", "1M/1M/1M", "1.5M/1M", ""] {
            assert!(text.parse::<SpeedLimit>().is_err(), "{text}");
        }
        for text in ["", "a b", "a\"b", "a;b", "$x"] {
            assert!(text.parse::<ListName>().is_err(), "{text}");
        }
        let pairs = vec!["aB"; 32];
        let fingerprint: Fingerprint = pairs.join(":").parse().unwrap();
        assert_eq!(fingerprint.to_string(), "ab".repeat(32));
        assert!("ab".parse::<Fingerprint>().is_err());
    }
}
