//! Every request type writes what it reads, and openapi.json has its schema.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::admins::{AddAdmin, ChangeAdmin, MakeToken};
use super::adoption::{AccountStatus, HandOver};
use super::auth::{ChangePassword, LogIn, OneTimeCode};
use super::closings::CountDrawer;
use super::debts::{AddDebt, ChangeDebt, WriteOffDebt};
use super::devices::{BindDevice, PendingChange};
use super::hosts::FindHosts;
use super::money::{BuyPackage, PayPart, SettleDebts};
use super::orders::{Decision, FindOrders, RefundOrder, ReviewOrder};
use super::packages::{AddPackage, ChangePackage};
use super::page::PageQuery;
use super::quota::{CreditUser, DebitUser, ResetAccount};
use super::reports::ReportQuery;
use super::router::EditResult;
use super::settings::{ChangeSettings, SecretInput, SettingInput, SettingsQuery};
use super::take_over::TakeOver;
use super::usage::{UsageQuery, UsageStep};
use super::users::{
    AddUser, BlockUser, ChangeUser, FindUsers, ImportUsers, ImportedRow, OpenItem, UnblockUser,
};
use super::values::*;
use super::{Empty, answer_schema_tests};
use crate::domain::access::{Reason as AccessReason, Status};
use crate::domain::account::Overage;
use crate::domain::debt::DebtStatus;
use crate::domain::id::{DebtId, OrderId, PackageId, UserId};
use crate::domain::ledger::{Kind, Side};
use crate::domain::order::{CashMethod, Flag, Method, OnlineMethod, OrderKind, OrderState};
use crate::domain::role::Role;
use crate::domain::units::{AMOUNT_BYTES_MAX, AMOUNT_RP_MAX};

/// The API description.
pub(super) const DOCUMENT: &str = "src/agent/api/openapi.json";
/// Set it to rewrite the schemas of the API description.
pub(super) const WRITE: &str = "KUOTA_WRITE_SCHEMAS";
/// The end of an answer's name.
pub(super) const ANSWER: &str = "View";

/// A type's schema, under its name in the API description.
macro_rules! schemas {
    ($($kind:ty, $name:literal, $schema:expr;)+) => {
        $(impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap()
            }
        })+
    };
}

/// The same for types whose schema appears in place.
macro_rules! inline_schemas {
    ($($kind:ty, $schema:expr;)+) => {
        $(impl JsonSchema for $kind {
            fn schema_name() -> Cow<'static, str> {
                stringify!($kind).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Schema::try_from($schema).unwrap()
            }
        })+
    };
}

fn words(names: impl IntoIterator<Item = &'static str>) -> Value {
    json!({"type": "string", "enum": names.into_iter().collect::<Vec<_>>()})
}

fn methods() -> Value {
    let cash = CashMethod::ALL.iter().map(|method| Method::Cash(*method).name());
    words(cash.chain(OnlineMethod::ALL.iter().map(|method| Method::Online(*method).name())))
}

/// The schema of a text with its bounds, pattern and description.
fn text(min: usize, max: usize, pattern: &str, description: &str) -> Value {
    let mut schema = json!({"type": "string", "maxLength": max, "description": description});
    if min > 0 {
        schema["minLength"] = json!(min);
    }
    if !pattern.is_empty() {
        schema["pattern"] = json!(pattern);
    }
    schema
}

fn amount(min: u64, chars: u64, description: &str) -> Value {
    json!({
        "type": ["string", "integer"], "minimum": min, "maximum": AMOUNT_BYTES_MAX, "minLength": chars,
        "pattern": "[0-9]", "description": description,
    })
}

const CONTROL: &str = "control characters are refused.";

schemas! {
    Name, "NameInput",
        text(1, NAME_CHARS_MAX, "\\S", &format!("A name for people; space around it is dropped, {CONTROL}"));
    Label, "LabelInput", text(0, NAME_CHARS_MAX, "", &format!("A name that may be empty; {CONTROL}"));
    Reason, "ReasonInput", text(1, TEXT_CHARS_MAX, "\\S", &format!("Why; {CONTROL}"));
    Note, "NoteInput", text(0, TEXT_CHARS_MAX, "", &format!("Words that may be empty; {CONTROL}"));
    Phone, "PhoneInput", text(3, 64, "[0-9]", "A phone number as people write it.");
    Login, "LoginInput", text(
        1,
        100,
        "^\\s*[!-~]+\\s*$",
        "A log-in name: visible ASCII, without spaces; capitals do not matter."
    );
    DeviceMac, "MacInput", text(12, 64, "", "A MAC address of a single device, such as 02:00:00:00:00:01.");
    Amount, "AmountInput",
        amount(1, 2, "An amount like \"10 GB\" or \"1,5 GB\", or whole bytes; at most 1024 TB.");
    Limit, "LimitInput", amount(0, 1, "An amount like \"10 GB\" or \"1,5 GB\", or whole bytes; 0 is off.");
    Price, "PriceInput", json!({"type": "integer", "minimum": 0, "maximum": AMOUNT_RP_MAX});
    Money, "MoneyInput", json!({"type": "integer", "minimum": 1, "maximum": AMOUNT_RP_MAX});
    DayCount, "DaysInput", json!({"type": "integer", "minimum": 1, "maximum": DAYS_MAX});
    AdminName, "AdminNameInput", json!({
        "type": "string", "minLength": 1, "maxLength": ADMIN_NAME_CHARS_MAX, "pattern": "^[A-Za-z0-9._@-]+$",
    });
    Password, "PasswordInput", text(*PASSWORD_BYTES.start(), *PASSWORD_BYTES.end(), "", "8 to 1024 bytes.");
}

inline_schemas! {
    Day, json!({"type": "string", "format": "date"});
    Instant, json!({"type": "string", "format": "date-time"});
    PackageId, json!({"type": "string", "format": "uuid"});
    RoleName, words(Role::ALL.map(Role::name));
    OverageName, words(Overage::ALL.iter().map(|mode| mode.name()));
    MethodName, methods();
    Decision, words(["credit", "dismiss"]);
    UserId, json!({"type": "string", "format": "uuid"});
    DebtId, json!({"type": "string", "format": "uuid"});
    OrderId, json!({"type": "string"});
    Megabytes, json!({"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"});
    Status, words(Status::ALL.iter().map(|status| status.name()));
    AccessReason, words(AccessReason::ALL.iter().map(|reason| reason.name()));
    Overage, words(Overage::ALL.iter().map(|mode| mode.name()));
    DebtStatus, words(DebtStatus::ALL.iter().map(|status| status.name()));
    OrderKind, words(OrderKind::ALL.iter().map(|kind| kind.name()));
    OrderState, words(OrderState::ALL.iter().map(|state| state.name()));
    Flag, words(Flag::ALL.iter().map(|flag| flag.name()));
    Kind, words(Kind::ALL.iter().map(|kind| kind.name()));
    Side, words(Side::ALL.iter().map(|side| side.name()));
    PendingChange, words([PendingChange::Baseline, PendingChange::Unbind, PendingChange::Move].map(PendingChange::name));
    EditResult, words(["done", "already_so", "refused"]);
    AccountStatus, words(["adoptable", "voucher", "refused", "adopted", "unfinished"]);
    UsageStep, words([UsageStep::Hour.name(), UsageStep::Day.name()]);
}

/// A required quota; null is unlimited.
pub(super) struct AmountOrUnlimited;

impl JsonSchema for AmountOrUnlimited {
    fn schema_name() -> Cow<'static, str> {
        "AmountOrUnlimited".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({"oneOf": [generator.subschema_for::<Amount>(), {"type": "null"}]})
    }
}

/// A required text; null is none.
pub(super) struct TextOrNull;

impl JsonSchema for TextOrNull {
    fn schema_name() -> Cow<'static, str> {
        "TextOrNull".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "null"]})
    }
}

/// Reads an example as a body and writes it again.
fn body<T: Serialize + DeserializeOwned + PartialEq>(example: &Value) -> Value {
    let read: T =
        serde_json::from_value(example.clone()).unwrap_or_else(|error| panic!("{example}: {error}"));
    let written = serde_json::to_value(&read).unwrap();
    assert!(serde_json::from_value::<T>(written.clone()).is_ok_and(|again| again == read), "{written}");
    written
}

/// One request: its type's name, an example with every field, and the same as the type writes it.
type Row = (&'static str, Value, Value);

macro_rules! rows {
    ($($kind:ident $(<$of:ty>)?, $example:expr;)+) => {
        vec![$({
            let example = $example;
            let written = body::<$kind $(<$of>)?>(&example);
            (stringify!($kind), example, written)
        }),+]
    };
}

const ID: &str = "00000000-0000-4000-8000-000000000000";

fn bodies() -> Vec<Row> {
    let settings = json!({"approved": true, "active": true, "exempt": false, "overage": "stop", "debt_limit": 0,
        "expires_at": "2026-11-22T07:05:00Z"});
    let with = |more: Value| {
        let (mut all, more) = (settings.clone(), more);
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    let user = with(json!({"name": "Budi", "phone": "0812-3456 789", "login": "budi"}));
    let item = json!({"amount": 1, "price_rp": 0, "debt_date": "2026-11-22", "due_date": "2026-11-23",
        "note": "n", "customer_note": "n"});
    let row =
        with(json!({"name": "B", "phone": "0812-3456 789", "login": "b", "macs": ["02:00:00:00:00:01"],
        "device_labels": ["tv"], "admin_block": "x", "unlimited": true, "credits_bytes": 3, "debits_bytes": 2,
        "fup_base_bytes": 1, "debts": [item.clone()], "customer_note": "n"}));
    let paid = json!({"method": "cash", "reference": "r", "last_paid": "none"});
    let paying = |more: Value| {
        let mut all = paid.clone();
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        all
    };
    rows! {
        Empty, json!({});
        AddUser, user.clone();
        ChangeUser, with(json!({"name": "Budi", "phone": "0812-3456 789", "login": "budi", "customer_note": "n"}));
        ImportUsers<ImportedRow>, json!({"users": [row.clone()], "dry_run": true,
            "packages": [{"name": "P", "quota": null, "days": 30, "price_rp": 0, "active": true}]});
        ImportedRow, row;
        OpenItem, item;
        BlockUser, json!({"reason": "x"});
        UnblockUser, json!({"reason": "x"});
        BindDevice, json!({"mac": "02:00:00:00:00:01", "label": "phone", "move": true});
        CreditUser, json!({"amount": 17, "days": 30, "reason": "x"});
        DebitUser, json!({"amount": 17, "reason": "x"});
        ResetAccount, json!({"debt": 17, "credit": 18, "days": 1, "unblock": true, "reason": "x"});
        AddDebt, json!({"amount": 17, "package_id": ID, "advance": false, "debt_date": "2026-11-22",
            "due_date": "2026-11-23", "price_rp": 1, "note": "", "customer_note": "n"});
        ChangeDebt, json!({"due_date": "2026-11-23", "note": "n", "customer_note": ""});
        WriteOffDebt, json!({"reason": "x"});
        BuyPackage, paying(json!({"package_id": ID, "expect_rp": 0}));
        SettleDebts, paying(json!({"expect_rp": 0}));
        PayPart, paying(json!({"amount_rp": 1}));
        AddPackage, json!({"name": "P", "quota": null, "days": 30, "price_rp": 0, "active": true});
        ChangePackage, json!({"name": "P", "quota": null, "days": 30, "price_rp": 0, "active": true});
        ReviewOrder, json!({"decision": "credit", "reason": "x"});
        RefundOrder, json!({"amount_rp": 1, "reason": "x"});
        CountDrawer, json!({"counted_rp": 0, "note": "n"});
        AddAdmin, json!({"name": "siti", "role": "cashier", "password": "12345678"});
        ChangeAdmin, json!({"role": "cashier", "password": "12345678"});
        MakeToken, json!({"role": "viewer"});
        LogIn, json!({"username": "siti", "password": "12345678", "otp": "123456"});
        ChangePassword, json!({"old": "12345678", "new": "87654321"});
        OneTimeCode, json!({"otp": "123456"});
        ChangeSettings, json!({"values": [{"key": "policy.expiry", "value": null}],
            "secrets": [{"name": "router.password", "value": "rahasia"}], "password": "12345678", "otp": "123456",
            "revision": "0"});
        TakeOver, json!({"old_machine_is_off": true, "password": "12345678", "otp": "123456"});
        SettingInput, json!({"key": "name", "value": "Kita"});
        SecretInput, json!({"name": "router.password", "value": "rahasia"});
        HandOver, json!({"only": ["budi"]});
    }
}

fn queries() -> Vec<Row> {
    rows! {
        PageQuery, json!({"limit": "3", "after": "p1f"});
        FindUsers, json!({"q": "budi", "status": "active", "limit": "50", "after": "p1"});
        FindHosts, json!({"owner": "none", "limit": "50", "after": "p1"});
        FindOrders, json!({"user_id": ID, "status": "paid", "method": "qris", "kind": "purchase", "limit": "500",
            "after": "p0"});
        UsageQuery, json!({"from": "2026-11-22T07:05:00Z", "to": "2026-11-22T07:05:00.050Z", "step": "day"});
        SettingsQuery, json!({"dry_run": true});
        ReportQuery, json!({"from": "2026-11-22", "to": "2026-11-23", "format": "csv"});
    }
}

#[test]
fn every_request_writes_what_it_reads() {
    for (name, example, written) in bodies().into_iter().chain(queries()) {
        assert_eq!(written, example, "{name}");
    }
    let absent = body::<ChangeUser>(&json!({}));
    assert_eq!(absent, json!({}), "what is absent stays absent");
    let removed = json!({"phone": null, "expires_at": null});
    assert_eq!(body::<ChangeUser>(&removed), removed, "null is said as null");
}

/// Types of the source that are read and written by a derived implementation: requests, and answers, whose names end
/// so.
pub(super) fn declared() -> BTreeSet<String> {
    let folder = root().join("src/protocol/admin");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| !path.to_string_lossy().ends_with("_tests.rs"));
    let mut names = BTreeSet::new();
    for file in files {
        let mut is_request = false;
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let word = line.strip_prefix("pub struct ");
            if line.starts_with("#[derive(") {
                is_request = line.contains("Serialize, Deserialize)]");
            } else if let Some(rest) = word.filter(|_| is_request) {
                let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
                names.insert(rest[..end].to_owned());
            }
        }
    }
    // A page of an answer is not a request.
    names.remove("List");
    names
}

#[test]
fn every_request_has_its_row() {
    let rows: BTreeSet<String> =
        bodies().into_iter().chain(queries()).map(|(name, ..)| name.to_owned()).collect();
    let requests: BTreeSet<String> =
        declared().into_iter().filter(|name| !name.ends_with(ANSWER) && name != "Megabytes").collect();
    assert_eq!(requests, rows, "a type of protocol/admin: add its row");
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Adapts a schema to the style of the description: how null is written, no defaults, objects without fields marked.
pub(super) fn in_our_manner(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    object.remove("default");
    if let Some(shapes) = object.remove("anyOf") {
        object.insert("oneOf".to_owned(), shapes);
    }
    if object.get("type").is_some_and(|kind| kind == "object") {
        object.entry("properties").or_insert_with(|| json!({}));
    }
}

/// The schema of every request and of the values in them, by their names.
fn generated() -> BTreeMap<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let settings = settings.with_transform(schemars::transform::RecursiveTransform(in_our_manner));
    let mut generator = settings.into_generator();
    macro_rules! all {
        ($($kind:ty),+) => {
            $(generator.subschema_for::<$kind>();)+
        };
    }
    all!(
        Empty,
        AddUser,
        ChangeUser,
        ImportUsers,
        BlockUser,
        UnblockUser,
        BindDevice,
        CreditUser,
        DebitUser,
        ResetAccount,
        AddDebt,
        ChangeDebt,
        WriteOffDebt,
        BuyPackage,
        SettleDebts,
        PayPart,
        AddPackage,
        ChangePackage,
        ReviewOrder,
        RefundOrder,
        CountDrawer,
        AddAdmin,
        ChangeAdmin,
        MakeToken,
        LogIn,
        ChangePassword,
        OneTimeCode,
        ChangeSettings,
        TakeOver,
        HandOver
    );
    generator.take_definitions(true).into_iter().collect()
}

/// An entry of the description's schemas as formatted in its file.
fn entry(name: &str, schema: &Value) -> String {
    let text = format!("{}: {schema:#}", Value::from(name));
    text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}

/// The description's text with this schema replacing the one of that name, or inserted as the first.
fn replaced(text: &str, name: &str, schema: &Value) -> String {
    let (head, schemas) = text.split_once("    \"schemas\": {\n").unwrap();
    let entry = entry(name, schema);
    let start = schemas.find(&format!("      \"{name}\": {{"));
    let schemas = match start {
        None => format!("{entry},\n{schemas}"),
        Some(start) => {
            let line = schemas[start..].find('\n').unwrap();
            // An entry is one line, or ends with a brace in its own column.
            let is_line = schemas[start..start + line].trim_end_matches(',').ends_with('}');
            let length = if is_line {
                schemas[start..start + line].trim_end_matches(',').len()
            } else {
                schemas[start..].find("\n      }").unwrap() + "\n      }".len()
            };
            let end = start + length;
            format!("{}{entry}{}", &schemas[..start], &schemas[end..])
        }
    };
    format!("{head}    \"schemas\": {{\n{schemas}")
}

#[test]
fn the_description_has_the_schema_of_every_request() {
    let path = root().join(DOCUMENT);
    let mut text = std::fs::read_to_string(&path).unwrap();
    let generated = generated();
    if std::env::var_os(WRITE).is_some() {
        // The answers too, in one go: two tests that write one file would lose one of both.
        for (name, schema) in generated.iter().chain(&answer_schema_tests::generated()) {
            text = replaced(&text, name, schema);
        }
        std::fs::write(&path, &text).unwrap();
    }
    let document: Value = serde_json::from_str(&text).unwrap();
    for (name, schema) in &generated {
        let described = &document["components"]["schemas"][name];
        assert_eq!(described, schema, "{name}: run the test with {WRITE}=1 to write it anew");
    }
    for (name, example, _) in bodies() {
        let Some(schema) = generated.get(name) else { continue };
        let fields =
            |value: &Value| value.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>());
        assert_eq!(fields(&schema["properties"]), fields(&example), "{name}: its example says every field");
    }
}

/// The request body of a call is a named schema, never an inline one.
#[test]
fn every_body_is_a_request_of_ours() {
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join(DOCUMENT)).unwrap()).unwrap();
    let generated = generated();
    let mut bodies = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(request) = operation.get("requestBody") else { continue };
            let schema = request["content"]["application/json"]["schema"]["$ref"].as_str();
            let name = schema.and_then(|schema| schema.strip_prefix("#/components/schemas/"));
            assert!(name.is_some_and(|name| generated.contains_key(name)), "{method} {path}: {request}");
            bodies += 1;
        }
    }
    assert!(bodies > 25, "{bodies}");
}
