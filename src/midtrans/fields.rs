//! The gateway's JSON, read leniently and without guessing: text may be a number where nothing is signed, money is
//! never rounded, and what is said twice is not said.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::domain::units::Rupiah;

/// The digits of the largest amount before its fraction.
const AMOUNT_DIGITS_MAX: usize = 12;

/// One JSON object, its values still as they were sent.
#[derive(Debug)]
pub(super) struct JsonFields<'a>(Vec<(String, &'a RawValue)>);

impl<'a> JsonFields<'a> {
    /// `None` when the bytes are not one JSON object.
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// The value of a name that occurs once. `null` is no value.
    fn get(&self, name: &str) -> Option<&'a RawValue> {
        let mut found = self.0.iter().filter(|(key, _)| key == name);
        let (_, value) = found.next()?;
        (found.next().is_none() && value.get() != "null").then_some(*value)
    }

    /// Whether the field has a value other than `null`.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.0.iter().any(|(key, value)| key == name && value.get() != "null")
    }

    /// Whether the field is present, even as `null`.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// A string, and nothing that only looks like one.
    pub(super) fn string(&self, name: &str) -> Option<String> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }

    /// A string, or the digits of a number.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        let digits = |raw: &'a RawValue| is_digits(raw.get()).then(|| raw.get().to_owned());
        self.string(name).or_else(|| digits(self.get(name)?))
    }

    /// Whole rupiah, from a string or a number.
    pub(super) fn money(&self, name: &str) -> Option<Rupiah> {
        match self.string(name) {
            Some(text) => rupiah(&text),
            None => whole_number(self.get(name)?.get()),
        }
    }

    /// The object under this name.
    pub(super) fn inner(&self, name: &str) -> Option<JsonFields<'a>> {
        Self::parse(self.get(name)?.get().as_bytes())
    }

    /// The objects of a list; what is no object is none.
    pub(super) fn objects(&self, name: &str) -> Vec<Option<JsonFields<'a>>> {
        let list: Option<Vec<&'a RawValue>> =
            self.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok());
        list.unwrap_or_default().into_iter().map(|raw| Self::parse(raw.get().as_bytes())).collect()
    }

    /// The strings of a list, or `None` when the field is no list of strings.
    pub(super) fn strings(&self, name: &str) -> Option<Vec<String>> {
        serde_json::from_str(self.get(name)?.get()).ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for JsonFields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    fields.push(entry);
                }
                Ok(fields)
            }
        }
        deserializer.deserialize_map(InOrder).map(Self)
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `^\d{3}$`
pub(super) fn is_code(text: &str) -> bool {
    text.len() == 3 && is_digits(text)
}

/// The parts of an amount as the gateway writes it, `^\d{1,12}(\.\d{2})?$`.
fn parts(text: &str) -> Option<(&str, &str)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    let fits =
        is_digits(whole) && whole.len() <= AMOUNT_DIGITS_MAX && is_digits(fraction) && fraction.len() == 2;
    fits.then_some((whole, fraction))
}

/// Whether the text has the form of an amount, whole or not.
pub(super) fn is_amount(text: &str) -> bool {
    parts(text).is_some()
}

/// Exact whole rupiah; `None` for any other text.
pub(super) fn rupiah(text: &str) -> Option<Rupiah> {
    let (whole, fraction) = parts(text)?;
    (fraction == "00").then(|| whole.parse().ok().map(Rupiah))?
}

/// Exact whole rupiah from the text of a JSON number, however many zeros follow its point.
fn whole_number(text: &str) -> Option<Rupiah> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    (is_digits(fraction) && fraction.bytes().all(|b| b == b'0')).then(|| rupiah(whole))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> JsonFields<'_> {
        JsonFields::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn only_one_object_is_read() {
        for text in
            ["", "[]", "\"x\"", "1", "null", "{", "{}x", "{\"a\":}", "<html>", "{\"a\":1,}", "\u{feff}{}"]
        {
            assert!(JsonFields::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(JsonFields::parse(b"{\"a\":\"\xff\"}").is_none());
        assert!(JsonFields::parse(b" {} \n").is_some());
    }

    #[test]
    fn what_is_said_twice_or_null_is_not_said() {
        let f = fields(r#"{"a":"1","b":"x","a":"1","c":null,"\u0064":"d"}"#);
        assert_eq!(f.string("a"), None);
        assert_eq!(f.string("b").as_deref(), Some("x"));
        assert_eq!(f.string("c"), None);
        assert_eq!(f.string("d").as_deref(), Some("d"));
        assert!(f.has("a") && f.has("c") && !f.has("e"));
        assert!(f.is_set("a") && !f.is_set("c"));
    }

    #[test]
    fn text_may_be_a_number_and_a_string_may_not() {
        let f = fields(r#"{"n":201,"s":"201","o":{},"neg":-1,"f":1.5,"half":"\ud800"}"#);
        assert_eq!((f.text("n").as_deref(), f.text("s").as_deref()), (Some("201"), Some("201")));
        assert_eq!(f.string("n"), None);
        for name in ["o", "neg", "f", "half"] {
            assert_eq!(f.text(name), None, "{name}");
        }
    }

    #[test]
    fn money_is_exact_or_nothing() {
        let rows = [
            ("\"10000.00\"", Some(10_000)),
            ("\"5000\"", Some(5000)),
            ("\"0\"", Some(0)),
            ("\"0010\"", Some(10)),
            ("\"999999999999.00\"", Some(999_999_999_999)),
            ("\"1000000000000\"", None),
            ("\"10000.50\"", None),
            ("\"10000.0\"", None),
            ("\"10000.\"", None),
            ("\".00\"", None),
            ("\"10,000.00\"", None),
            ("\"-1.00\"", None),
            ("\"+1.00\"", None),
            ("\" 1.00\"", None),
            ("\"1e3\"", None),
            ("\"\"", None),
            ("\"١\"", None),
            ("10000", Some(10_000)),
            ("10000.0", Some(10_000)),
            ("10000.000", Some(10_000)),
            ("10000.5", None),
            ("1e4", None),
            ("-1", None),
            ("[1]", None),
            ("true", None),
        ];
        for (value, amount) in rows {
            let text = format!("{{\"a\":{value}}}");
            assert_eq!(fields(&text).money("a"), amount.map(Rupiah), "{value}");
        }
    }

    #[test]
    fn objects_and_lists_are_looked_into() {
        let f = fields(r#"{"o":{"a":"1"},"l":[{"b":"2"},3],"s":["x","y"],"t":["x",1]}"#);
        assert_eq!(f.inner("o").unwrap().string("a").as_deref(), Some("1"));
        let list = f.objects("l");
        assert_eq!(list[0].as_ref().unwrap().string("b").as_deref(), Some("2"));
        assert!(list[1].is_none() && list.len() == 2 && f.objects("o").is_empty());
        assert_eq!(f.strings("s").unwrap(), ["x", "y"]);
        assert!(f.strings("t").is_none() && f.strings("o").is_none());
    }
}
