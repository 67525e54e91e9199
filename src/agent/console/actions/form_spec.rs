//! The form of an action: its fields, how they are written, and how a submission becomes a request of the API.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::console::texts::say::with as fill;
use crate::agent::http::errors::DEVICE_TAKEN;
use crate::domain::units::{AmountError, Bytes};
use crate::ui::Form;
use crate::ui::form::read_body;
use crate::ui::language::Language;
use crate::web::{FieldError, Problem};

/// The field that carries the price a person was shown.
pub(crate) const EXPECT: &str = "expect_rp";

/// The field that carries the last online payment that a person was shown.
pub(crate) const LAST_PAID: &str = "last_paid";

/// What a form action asks, from the present state.
#[derive(Clone, Debug, Default)]
pub(crate) struct FormSpec {
    /// Whom or what it is about, for people.
    pub about: String,
    /// Where a person goes afterwards: a path of ours.
    pub home: String,
    /// Sentences above the fields.
    pub notes: Vec<String>,
    /// What is asked. A deed that asks nothing shows at once what it would do.
    pub fields: Vec<Field>,
    /// Whether its request takes the price that was shown, as `expect_rp`.
    pub is_priced: bool,
    /// Whether its request takes the last online payment that was shown, as `last_paid`.
    pub takes_money: bool,
    /// Whether its last button names the money that is taken.
    pub receives: bool,
}

/// One thing that is asked.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The request's own name of it.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// How it is written.
    pub kind: Kind,
    /// Whether it must be there.
    pub is_required: bool,
    /// Whether leaving it empty says null: remove, or without limit.
    pub is_null_when_empty: bool,
    /// Below the field.
    pub hint: String,
    /// Its value.
    pub value: String,
    /// It is asked only after a refusal with this code: a decision of its own, taken knowing what is in the way.
    pub only_after: Option<&'static str>,
}

/// How a field is written.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Words.
    Text,
    /// A phone number.
    Phone,
    /// A customer's log-in name.
    Login,
    /// The address of a device.
    Mac,
    /// Quota with its unit, such as `10 GB`.
    Amount,
    /// Whole rupiah.
    Rupiah,
    /// A whole number.
    Number,
    /// A calendar day.
    Date,
    /// Yes or no; its value is `yes` or `no`.
    Tick,
    /// A password, never shown again.
    Password,
    /// One of these: value and name.
    Choice(Vec<(String, String)>),
}

impl Kind {
    /// A value that can be read, whatever the request.
    fn example(&self) -> Value {
        match self {
            Self::Text | Self::Login => Value::from("contoh"),
            Self::Password => Value::from("contoh sandi"),
            Self::Phone => Value::from("081234567890"),
            Self::Mac => Value::from("02:00:00:00:00:01"),
            Self::Amount => Value::from("1 GB"),
            Self::Rupiah | Self::Number => Value::from(1),
            Self::Date => Value::from("2026-01-01"),
            Self::Tick => Value::from(true),
            Self::Choice(options) => {
                let first = options.iter().map(|(value, _)| value).find(|value| !value.is_empty());
                Value::from(first.map_or("", String::as_str))
            }
        }
    }

    /// What is wrong with what was typed, for people: the text itself and what to write.
    fn complaint(&self, words: &People, typed: &str) -> String {
        let about = match self {
            Self::Text => words.bad_text,
            Self::Phone => words.bad_phone,
            Self::Login => words.bad_login,
            Self::Mac => words.bad_mac,
            Self::Amount => return amount_complaint(words, typed),
            Self::Rupiah => words.bad_rupiah,
            Self::Number => words.bad_number,
            Self::Date => words.bad_date,
            Self::Tick | Self::Choice(_) => words.bad_choice,
            Self::Password => return words.bad_password.to_owned(),
        };
        fill(about, &[typed])
    }
}

/// Refusals by a rule that one field decides: the code, and the field where the reason is read. Of fields for one code
/// the first that a form asks.
const FIELD_OF_RULE: [(&str, &str); 15] = [
    ("phone_taken", "phone"),
    ("login_taken", "login"),
    ("name_taken", "name"),
    (DEVICE_TAKEN, "mac"),
    ("too_many_devices", "mac"),
    ("not_on_sale", "package_id"),
    ("settle_first", "package_id"),
    ("owes_while_unlimited", "package_id"),
    ("pays_too_much", "amount_rp"),
    ("refund_whole_only", "amount_rp"),
    ("refunds_too_much", "amount_rp"),
    ("method_unavailable", "method"),
    ("nothing_to_pay", "method"),
    ("cashier_credit", "amount"),
    ("debt_needs_limit", "debt_limit"),
];

/// What is said of a field that must not be empty.
const IS_REQUIRED: &str = "is required";

fn required(field: &str) -> FieldError {
    FieldError { field: field.to_owned(), message: IS_REQUIRED.to_owned() }
}

/// Both readings of an amount that has two.
fn amount_complaint(words: &People, typed: &str) -> String {
    // Of nothing there is no use to name the unit.
    if typed.chars().any(|c| c.is_ascii_digit()) && !typed.chars().any(|c| ('1'..='9').contains(&c)) {
        return fill(words.amount_zero, &[typed]);
    }
    let error = typed.parse::<Bytes>().err();
    let Some([first, second]) = error.as_ref().and_then(AmountError::readings) else {
        return fill(words.bad_amount, &[typed]);
    };
    let about = match &error {
        Some(AmountError::NoUnit { .. }) => words.amount_unit,
        _ => words.amount_two,
    };
    fill(about, &[typed, first, second])
}

impl Field {
    /// An empty field that need not be filled in.
    pub fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        let (hint, value) = (String::new(), String::new());
        let (is_required, is_null_when_empty, only_after) = (false, false, None);
        Self { name, label, kind, is_required, is_null_when_empty, hint, value, only_after }
    }

    /// The same, which must be filled in.
    pub fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// The same, whose emptiness says null.
    pub fn or_null(self) -> Self {
        Self { is_null_when_empty: true, ..self }
    }

    /// The same with a hint.
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// The same field with this value.
    pub fn value(self, value: impl Into<String>) -> Self {
        Self { value: value.into(), ..self }
    }

    /// The same, asked only after a refusal with that code.
    pub fn only_after(self, code: &'static str) -> Self {
        Self { only_after: Some(code), ..self }
    }

    /// A tick box with its present state.
    pub fn tick(name: &'static str, label: &'static str, is_on: bool) -> Self {
        Self::new(name, label, Kind::Tick).value(if is_on { "yes" } else { "no" })
    }
}

impl FormSpec {
    /// The same sheet with what was typed.
    pub fn filled(&self, form: &Form) -> Self {
        let fill = |field: &Field| Field {
            value: form.0.get(field.name).cloned().unwrap_or_else(|| match field.kind {
                // Boxes that are not ticked are not sent.
                Kind::Tick => "no".to_owned(),
                Kind::Text
                | Kind::Phone
                | Kind::Login
                | Kind::Mac
                | Kind::Amount
                | Kind::Rupiah
                | Kind::Number
                | Kind::Date
                | Kind::Password
                | Kind::Choice(_) => String::new(),
            }),
            ..field.clone()
        };
        Self { fields: self.fields.iter().map(fill).collect(), ..self.clone() }
    }

    /// What a problem says about the fields, by their names. Empty when it is about something else.
    pub fn complaints(&self, problem: &Problem, language: Language) -> BTreeMap<&'static str, String> {
        let words = People::of(language);
        let about = |name: &str| self.fields.iter().find(|field| field.name == name);
        let complaint = |field: &Field| {
            // A password that was typed is not kept: that it is empty here says nothing.
            let is_kept = !matches!(field.kind, Kind::Password);
            let is_empty = field.is_required && is_kept && field.value.is_empty();
            let why =
                if is_empty { words.missing.to_owned() } else { field.kind.complaint(words, &field.value) };
            (field.name, why)
        };
        let by_rule = FIELD_OF_RULE.iter().filter(|(code, _)| *code == problem.code());
        let by_rule = by_rule.filter_map(|(_, name)| about(name)).take(1);
        let why = |field: &Field| (field.name, say::refusal(language, problem));
        let wrong = problem.errors().iter().filter_map(|error| about(&error.field)).map(complaint);
        wrong.chain(by_rule.map(why)).collect()
    }

    fn named(&self, wanted: impl Fn(&Kind) -> bool) -> Vec<&'static str> {
        self.fields.iter().filter(|field| wanted(&field.kind)).map(|field| field.name).collect()
    }

    /// What was typed as the body of a request: what this sheet asks and nothing else. Fails by every field that is
    /// missing.
    pub fn body(&self, form: &Form) -> Result<Map<String, Value>, Problem> {
        let (body, missing) = self.body_and_missing(form);
        match missing.first() {
            None => Ok(body),
            Some(first) => Err(Problem::invalid(*first, IS_REQUIRED)
                .with_errors(missing.iter().map(|field| required(field)).collect())),
        }
    }

    /// The same body, with the names of required fields that are missing in it.
    fn body_and_missing(&self, form: &Form) -> (Map<String, Value>, Vec<&'static str>) {
        let is_asked = |name: &str| {
            self.is_priced && name == EXPECT
                || self.takes_money && name == LAST_PAID
                || self.fields.iter().any(|field| field.name == name)
        };
        let context = form.0.iter().filter(|(name, _)| is_asked(name));
        let context = Form(context.map(|(name, value)| (name.clone(), value.clone())).collect());
        let mut money = self.named(|kind| matches!(kind, Kind::Rupiah));
        money.push(EXPECT);
        let numbers = self.named(|kind| matches!(kind, Kind::Number));
        let mut body = context.body(&money, &numbers, &self.named(|kind| matches!(kind, Kind::Tick)));
        let mut missing = Vec::new();
        for field in &self.fields {
            if body.contains_key(field.name) {
                continue;
            }
            if field.is_required {
                missing.push(field.name);
            } else if field.is_null_when_empty {
                body.insert(field.name.to_owned(), Value::Null);
            }
        }
        (body, missing)
    }

    /// Reads what was typed into a request of the API.
    pub fn read<T: DeserializeOwned>(&self, form: &Form) -> Result<T, Problem> {
        self.read_changed(form, |body| body)
    }

    /// The same, of a body that `change` makes fit the request. Fails by every field that is missing or cannot be read,
    /// so that a person mends all of them at once.
    pub fn read_changed<T: DeserializeOwned>(
        &self,
        form: &Form,
        change: impl Fn(Map<String, Value>) -> Map<String, Value>,
    ) -> Result<T, Problem> {
        let (body, missing) = self.body_and_missing(form);
        self.read_every(change(body), &missing)
    }

    /// Reads a body. A field that is wrong gets a value that can be read, so that the next mistake is found too.
    pub fn read_every<T: DeserializeOwned>(
        &self,
        mut body: Map<String, Value>,
        missing: &[&'static str],
    ) -> Result<T, Problem> {
        let mut wrong: Vec<FieldError> = missing.iter().map(|field| required(field)).collect();
        for field in self.fields.iter().filter(|field| missing.contains(&field.name)) {
            body.insert(field.name.to_owned(), field.kind.example());
        }
        loop {
            let problem = match read_body::<T>(body.clone()) {
                Ok(read) if wrong.is_empty() => return Ok(read),
                Ok(_) => break,
                Err(problem) => problem,
            };
            let is_known = |name: &str| wrong.iter().any(|error| error.field == name);
            let Some(error) = problem.errors().first().filter(|error| !is_known(&error.field)).cloned()
            else {
                if wrong.is_empty() {
                    return Err(problem);
                }
                break;
            };
            let Some(field) = self.fields.iter().find(|field| field.name == error.field) else {
                return Err(problem);
            };
            body.insert(field.name.to_owned(), field.kind.example());
            wrong.push(error);
        }
        let first = wrong.first().expect("a loop ends without an answer only by a mistake");
        Err(Problem::invalid(&first.field, &first.message).with_errors(wrong))
    }

    /// The same for requests that change something on file: unchanged fields are left out.
    pub fn changed(&self, form: &Form) -> Result<Map<String, Value>, Problem> {
        let mut body = self.body(form)?;
        let typed = self.filled(form);
        for (was, is) in self.fields.iter().zip(&typed.fields) {
            if was.value == is.value {
                body.remove(was.name);
            }
        }
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Form {
        Form(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    fn spec() -> FormSpec {
        let fields = vec![
            Field::new("name", "Nama", Kind::Text).required().value("Budi"),
            Field::new("phone", "Telepon", Kind::Phone).or_null().value("0812"),
            Field::new("debt_limit", "Batas", Kind::Amount),
            Field::tick("active", "Aktif", true),
            Field::new("price_rp", "Harga", Kind::Rupiah),
        ];
        FormSpec { fields, ..FormSpec::default() }
    }

    #[test]
    fn only_what_is_asked_and_was_changed_becomes_a_body() {
        let typed = form(&[
            ("name", "Budi"),
            ("phone", ""),
            ("active", "no"),
            ("price_rp", "10.000"),
            ("evil", "1"),
            ("expect_rp", "5"),
        ]);
        let whole = json!({"name": "Budi", "phone": null, "active": false, "price_rp": 10000});
        assert_eq!(Value::Object(spec().body(&typed).unwrap()), whole);
        let changed = json!({"phone": null, "active": false, "price_rp": 10000});
        assert_eq!(Value::Object(spec().changed(&typed).unwrap()), changed);
        let priced = FormSpec { is_priced: true, ..spec() };
        assert_eq!(priced.body(&typed).unwrap()["expect_rp"], 5);
    }

    #[test]
    fn every_mistake_of_a_form_is_marked_at_once() {
        #[derive(Debug, serde::Deserialize)]
        #[allow(dead_code, reason = "only that it is read matters")]
        struct Request {
            name: String,
            phone: Option<crate::protocol::admin::values::Phone>,
            debt_limit: Option<crate::protocol::admin::values::Amount>,
            price_rp: Option<crate::protocol::admin::values::Price>,
            active: bool,
        }
        let named = |typed: &[(&str, &str)]| -> Vec<String> {
            let read = spec().read::<Request>(&form(typed));
            read.err().map_or_else(Vec::new, |problem| {
                problem.errors().iter().map(|error| error.field.clone()).collect()
            })
        };
        let wrong = [("phone", "x"), ("debt_limit", "10"), ("price_rp", "sepuluh"), ("active", "yes")];
        let mut found = named(&wrong);
        found.sort();
        assert_eq!(found, ["debt_limit", "name", "phone", "price_rp"]);
        assert_eq!(named(&[("name", "Budi"), ("price_rp", "5 ribu"), ("active", "no")]), ["price_rp"]);
        assert!(named(&[("name", "Budi"), ("debt_limit", "1 GB"), ("active", "no")]).is_empty());
    }

    #[test]
    fn mistakes_are_marked_with_what_was_typed() {
        let words = People::of(Language::Indonesian);
        for (typed, parts) in [
            ("10.240 MB", ["10.240 MB", "10,24 MB", "10240 MB"]),
            ("10", ["\u{201c}10\u{201d}", "10 MB", "10 GB"]),
            ("ten", ["ten", "10 GB", "500 MB"]),
        ] {
            let filled = spec().filled(&form(&[("debt_limit", typed)]));
            let told =
                filled.complaints(&Problem::invalid("debt_limit", "x"), Language::Indonesian)["debt_limit"]
                    .clone();
            assert!(parts.iter().all(|part| told.contains(part)), "{told}");
        }
        for zero in ["0", "0 MB", "0,00"] {
            let filled = spec().filled(&form(&[("debt_limit", zero)]));
            let told =
                filled.complaints(&Problem::invalid("debt_limit", "x"), Language::Indonesian)["debt_limit"]
                    .clone();
            assert!(!told.contains("Tulis 0") && told.contains("nol"), "{told}");
        }
        let problem = spec().body(&form(&[])).unwrap_err();
        let filled = spec().filled(&form(&[]));
        assert_eq!(filled.complaints(&problem, Language::Indonesian)["name"], words.missing);
        assert_eq!(filled.fields[3].value, "no");
        let of = |code| filled.complaints(&Problem::conflict(code, ""), Language::Indonesian);
        assert!(of("exempt").is_empty());
        assert_eq!(of("phone_taken")["phone"], "Nomor telepon ini sudah dipakai pelanggan lain.");
        assert!(of("not_on_sale").is_empty(), "the form does not ask for a package");
    }
}
