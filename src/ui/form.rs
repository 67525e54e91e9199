//! A submitted form: texts by name. The handler decides which of them are numbers or ticks.

use std::collections::BTreeMap;

use axum::extract::{Form as AxumForm, FromRequest, Request};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::units::Rupiah;
use crate::web::Problem;
use crate::web::body::named;

/// The field with the token that only forms of our own pages have.
pub(crate) const TOKEN: &str = "_token";
/// The field of passwords.
const PASSWORD: &str = "password";
/// The field of a password that replaces one.
pub(crate) const NEW_PASSWORD: &str = "new_password";
/// Fields that are never kept: passwords, PINs, one-time codes and keys.
pub(crate) const SECRETS: [&str; 10] =
    [PASSWORD, NEW_PASSWORD, "old", "new", "again", "pin", "pin_lagi", "otp", "server_key", "secret"];
/// The field with the id of one submission, so that a double press submits once.
pub(crate) const KEY: &str = "_key";
/// The field that confirms what was shown.
pub(crate) const SURE: &str = "_sure";

/// A submitted form. Repeated names keep their last value; texts except passwords are trimmed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(pub BTreeMap<String, String>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let AxumForm(pairs) = AxumForm::<Vec<(String, String)>>::from_request(request, state)
            .await
            .map_err(|_| Problem::malformed("the form cannot be read"))?;
        // A password is everything that was typed, spaces included.
        let read = |(name, value): (String, String)| {
            let is_password = name == PASSWORD || name == NEW_PASSWORD;
            let value = if is_password { value } else { value.trim().to_owned() };
            (name, value)
        };
        Ok(Self(pairs.into_iter().map(read).collect()))
    }
}

impl Form {
    /// The text of a field; `None` for an empty one.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// Whether the person confirmed.
    pub fn is_sure(&self) -> bool {
        self.text(SURE).is_some()
    }

    /// User input: every field except the internal ones.
    pub fn typed(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.0.iter().filter(|(name, _)| !name.starts_with('_'));
        own.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// User input without passwords, PINs and codes.
    pub fn without_secrets(&self) -> Self {
        let plain = self.typed().filter(|(name, _)| !SECRETS.contains(name));
        Self(plain.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// The same with the passwords, PINs and codes of a form that was kept, where this one has none: the page that asks
    /// whether to go on does not hold them.
    pub fn with_secrets_of(mut self, kept: &Self) -> Self {
        for name in SECRETS {
            if let Some(secret) = kept.0.get(name) {
                self.0.entry(name.to_owned()).or_insert_with(|| secret.clone());
            }
        }
        self
    }

    /// The form as the body of an API call: `money` is rupiah in people's notation (`10.000`, `Rp 10.000`), `numbers`
    /// are digits, `ticks` are true unless they are `no`. Empty fields are left out.
    pub fn body(&self, money: &[&str], numbers: &[&str], ticks: &[&str]) -> Map<String, Value> {
        let mut body = Map::new();
        for (name, value) in self.typed().filter(|(_, value)| !value.is_empty()) {
            let value = if money.contains(&name) {
                value.parse::<Rupiah>().map_or_else(|_| Value::from(value), |amount| Value::from(amount.0))
            } else if numbers.contains(&name) {
                digits(value).map_or_else(|| Value::from(value), Value::from)
            } else if ticks.contains(&name) {
                Value::from(value != "no")
            } else {
                Value::from(value)
            };
            body.insert(name.to_owned(), value);
        }
        body
    }
}

/// Reads a body; an error names its field.
pub(crate) fn read_body<T: DeserializeOwned>(body: Map<String, Value>) -> Result<T, Problem> {
    serde_path_to_error::deserialize(Value::Object(body))
        .map_err(|error| named(&error.path().to_string(), &error.inner().to_string()))
}

/// A whole number in digits alone.
fn digits(text: &str) -> Option<u64> {
    let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    is_digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn every_secret_that_a_page_asks_for_is_known_as_one() {
        fn files(folder: &std::path::Path, all: &mut String) {
            for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if entry.is_dir() {
                    files(&entry, all);
                } else {
                    *all += &std::fs::read_to_string(entry).unwrap();
                }
            }
        }
        let mut templates = String::new();
        files(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut templates);
        let mut found = 0;
        for input in templates.split("<input").skip(1).map(|input| input.split('>').next().unwrap()) {
            if input.contains("type=\"password\"") || input.contains("one-time-code") {
                let name = input.split(" name=\"").nth(1).unwrap().split('"').next().unwrap();
                assert!(SECRETS.contains(&name), "{name} is not among SECRETS");
                found += 1;
            }
        }
        assert!(found >= 7, "{found}");
        // Forms of the desk draw their fields by a table; its one password is a password.
        assert!(SECRETS.contains(&PASSWORD));
    }

    #[test]
    fn a_form_is_read_as_a_body_and_its_mistakes_are_named() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            price_rp: u64,
            days: Option<u32>,
            note: Option<String>,
            #[serde(default)]
            unblock: bool,
        }
        let form =
            |pairs: &[(&str, &str)]| Form(pairs.iter().map(|(n, v)| ((*n).into(), (*v).into())).collect());
        let read = |pairs: &[(&str, &str)]| {
            read_body::<Asked>(form(pairs).body(&["price_rp"], &["days"], &["unblock"]))
        };
        let asked = Asked { price_rp: 10_000, days: Some(30), note: None, unblock: true };
        assert_eq!(
            read(&[("price_rp", "10.000"), ("days", "30"), ("note", ""), ("unblock", "on"), ("_key", "k")])
                .unwrap(),
            asked
        );
        assert_eq!(read(&[("price_rp", "1"), ("days", "3.0")]).unwrap_err().errors()[0].field, "days");
        assert_eq!(read(&[("price_rp", "ten")]).unwrap_err().errors()[0].field, "price_rp");
        assert_eq!(read(&[("price_rp", "1"), ("x", "y")]).unwrap_err().status(), 422);
    }
}
