//! Finding a customer by what somebody has in hand: words of a name in any order, a number however it is written, an
//! address from a label or a log.

use std::net::IpAddr;

use super::id::Mac;
use super::phone;
use super::text::visible;

/// Characters of a search that are looked at.
const CHARS_MAX: usize = 200;
/// Fewest digits of an address that are looked for without their separators; fewer are in nearly every address.
const BARE_MAC_DIGITS_MIN: usize = 4;

/// What is looked for.
#[derive(Clone, Debug)]
pub struct Query {
    words: Vec<Word>,
    /// The whole text as a piece of one number or address, where it can be one: `5555 0006`.
    whole: Option<Word>,
}

/// What a search may hit of one customer.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a, D> {
    /// Name for people.
    pub name: &'a str,
    /// Phone as it was typed.
    pub phone: Option<&'a str>,
    /// Its international form, where it is known.
    pub phone_e164: Option<&'a str>,
    /// Log-in name.
    pub login: Option<&'a str>,
    /// Devices with their addresses, where they are known. Only asked for what nothing else of the customer hits.
    pub devices: D,
}

/// One word, in every form in which it can be met.
#[derive(Clone, Debug)]
struct Word {
    text: String,
    /// Digits, where it may be a piece of a phone number.
    digits: Option<String>,
    /// Upper-case pairs with colons, where it may be a piece of a MAC address written with separators.
    pairs: Option<String>,
    /// Its digits of four bits, where it may be a piece of a MAC address written without.
    nibbles: Option<Vec<u8>>,
    /// Where it may be the beginning of an IP address.
    is_dotted: bool,
    /// Where it is a whole IP address.
    address: Option<IpAddr>,
}

impl Word {
    fn new(text: &str) -> Self {
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_number =
            !digits.is_empty() && text.chars().all(|c| c.is_ascii_digit() || "+-.() ".contains(c));
        // The international form of a whole number; the digits of a piece.
        let digits = match phone::e164(text) {
            Some(number) => Some(number.trim_start_matches('+').to_owned()),
            None => is_number.then_some(digits),
        };
        let pairs = text.replace('-', ":").to_uppercase();
        let is_pairs = pairs.contains(':') && pairs.chars().all(|c| c.is_ascii_hexdigit() || c == ':');
        let bare = text.chars().filter(|c| *c != '.');
        let nibbles: Option<Vec<u8>> =
            bare.map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let text = text.to_lowercase();
        Self {
            digits,
            pairs: is_pairs.then_some(pairs),
            nibbles: nibbles.filter(|nibbles| nibbles.len() >= BARE_MAC_DIGITS_MIN),
            is_dotted: text.contains('.') && text.chars().all(|c| c.is_ascii_digit() || c == '.'),
            address: text.parse().ok(),
            text,
        }
    }

    fn fits<D>(&self, who: &Candidate<D>) -> bool
    where
        D: Iterator<Item = (Mac, Option<IpAddr>)> + Clone,
    {
        let holds = |text: &str| contains(text, &self.text);
        holds(who.name)
            || who.login.is_some_and(holds)
            || who.phone.is_some_and(|phone| holds(phone) || self.fits_number(phone, who.phone_e164))
            || self.may_be_device()
                && who.devices.clone().any(|(mac, address)| {
                    self.fits_mac(mac) || address.is_some_and(|address| self.fits_address(address))
                })
    }

    /// Whether it may be a piece of a device's address at all.
    fn may_be_device(&self) -> bool {
        self.nibbles.is_some() || self.pairs.is_some() || self.is_dotted || self.address.is_some()
    }

    fn fits_number(&self, phone: &str, e164: Option<&str>) -> bool {
        let Some(part) = &self.digits else { return false };
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        // What is all digits was compared as a text before.
        if !phone.as_bytes().iter().all(is_digit) || *part != self.text {
            let typed: String = phone.chars().filter(char::is_ascii_digit).collect();
            if typed.contains(part) {
                return true;
            }
        }
        // The other forms have another beginning and the same end.
        if !part.starts_with(['0', '2', '6']) {
            return false;
        }
        let read = if e164.is_none() { phone::e164(phone) } else { None };
        let Some(e164) = e164.or(read.as_deref()) else { return false };
        // At home the country's code is a zero.
        let is_home = |rest: &str| {
            rest.contains(part) || part.strip_prefix('0').is_some_and(|part| rest.starts_with(part))
        };
        e164.contains(part) || e164.strip_prefix("+62").is_some_and(is_home)
    }

    fn fits_mac(&self, mac: Mac) -> bool {
        let has_bare = |part: &Vec<u8>| {
            let nibbles = mac.0.map(|byte| [byte >> 4, byte & 0xF]);
            nibbles.as_flattened().windows(part.len()).any(|piece| piece == part)
        };
        self.nibbles.as_ref().is_some_and(has_bare)
            || self.pairs.as_ref().is_some_and(|part| mac.to_string().contains(part))
    }

    fn fits_address(&self, address: IpAddr) -> bool {
        // A whole address matches exactly: 10.5.50.2 is not 10.5.50.27.
        match self.address {
            Some(whole) => whole == address,
            None => self.is_dotted && address.to_string().starts_with(&self.text),
        }
    }
}

/// Whether a text contains a part that is in lower case, whatever case it is in. Nearly every name is ASCII and needs no copy.
fn contains(text: &str, part: &str) -> bool {
    if !text.is_ascii() {
        return text.to_lowercase().contains(part);
    }
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((first, rest)) = part.split_first() else { return true };
    let may_begin = text.len().saturating_sub(rest.len());
    let mut begins = text.iter().take(may_begin).enumerate();
    begins.any(|(at, byte)| {
        byte.eq_ignore_ascii_case(first) && text[at + 1..at + 1 + rest.len()].eq_ignore_ascii_case(rest)
    })
}

impl Query {
    /// Reads what was typed.
    pub fn new(text: &str) -> Self {
        let text = visible(&text.chars().take(CHARS_MAX).collect::<String>());
        let is_number = text.chars().all(|c| c.is_ascii_hexdigit() || "+-.:() ".contains(c));
        let whole = (is_number && text.contains(' ')).then(|| Word::new(&text));
        Self { words: text.split(' ').filter(|word| !word.is_empty()).map(Word::new).collect(), whole }
    }

    /// Whether every word hits something of this customer, or the whole text one thing.
    pub fn fits<D>(&self, who: &Candidate<D>) -> bool
    where
        D: Iterator<Item = (Mac, Option<IpAddr>)> + Clone,
    {
        self.words.iter().all(|word| word.fits(who))
            || self.whole.as_ref().is_some_and(|whole| whole.fits(who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_found(q: &str) -> bool {
        let devices = [("02:C0:1D:00:27:01".parse().unwrap(), Some("10.5.50.27".parse().unwrap()))];
        let who = Candidate {
            name: "Joko Susilo",
            phone: Some("0812-5555-0006"),
            phone_e164: None,
            login: Some("jsusilo"),
            devices: devices.iter().copied(),
        };
        let known = Candidate { phone_e164: Some("+6281255550006"), ..who.clone() };
        let found = Query::new(q).fits(&who);
        assert_eq!(Query::new(q).fits(&known), found, "{q:?}");
        found
    }

    #[test]
    fn a_customer_is_found_by_whatever_somebody_has_in_hand() {
        for q in [
            "",
            "081255550006",
            "0812-5555-0006",
            "0812 5555 0006",
            "+62 812-5555-0006",
            "6281255550006",
            "81255550006",
            "5555 0006",
            "0006",
            "joko",
            "susilo joko",
            "Joko  Susilo",
            "JSUS",
            "joko 0006",
            "02:c0:1d:00:27:01",
            "02-C0-1D",
            "02C01D002701",
            "02c0.1d00.2701",
            "27:01",
            "2701",
            "10.5.50.27",
            "10.5.50.",
            "joko 10.5.50.27",
            "\u{202a}+62\u{a0}812\u{2011}5555\u{2011}0006\u{202c}",
        ] {
            assert!(is_found(q), "{q:?}");
        }
    }

    #[test]
    fn others_are_not_found() {
        for q in [
            "budi",
            "joko budi",
            "081255550007",
            "10.5.50.2",
            "10.5.5.27",
            "27:02",
            "27-1",
            "02C01D002702",
            "5555 0007",
            "%",
            "_",
            "+1 202 555 0143",
        ] {
            assert!(!is_found(q), "{q:?}");
        }
    }
}
