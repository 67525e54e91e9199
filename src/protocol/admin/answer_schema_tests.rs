//! Every answer reads what it writes, and openapi.json has its schema.

use std::collections::{BTreeMap, BTreeSet};

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::admins::{AdminView, TokenView};
use super::adoption::{AdoptionView, HotspotAccountView, ObstacleView};
use super::auth::{LoggedInView, MeView, SecretView};
use super::closings::{ClosingView, TurnoverView};
use super::debts::DebtView;
use super::devices::DeviceView;
use super::explain::{ExplainView, NumberView, RefusalView, RuleView};
use super::hosts::HostView;
use super::leave::{ComeBackView, LeaveView, LeaverView, TraceView};
use super::ledger::{AuditView, EntryView, StatementView, VerifiedView};
use super::money::QuoteView;
use super::orders::OrderView;
use super::orphans::OrphanView;
use super::packages::PackageView;
use super::page::List;
use super::quota::ResetView;
use super::reports::{
    CallTotalsView, CallView, CollectionReportView, DailyUsageView, DebtTotalsView, DebtsReportView,
    OwedItemView, OwesView, SalesReportView, SalesSumView, UsageReportView, UsageTotalsView,
};
use super::router::{EditView, PlanView, RefusedView, UnreadView};
use super::schema_tests::{ANSWER, DOCUMENT, declared, in_our_manner, root};
use super::settings::{
    ChangedAccessView, ChangedSettingView, ChangedSettingsView, SettingView, SettingsView,
};
use super::status::{
    ClockPartView, ConfirmedView, CopiesView, CopyView, CycleView, HealthView, PartView, PersonView,
    PingView, ProofView, RouterPartView, SharedNameView, StatusView, StorePartView,
};
use super::take_over::TakenOverView;
use super::update::{CandidateView, LastUpdateView, UpdateReportView, UpdateView};
use super::usage::{RestartView, UsageRowView, UsageView};
use super::users::{AccessView, ImportView, PinView, UserView};

/// Calls a macro with every answer.
macro_rules! answers {
    ($each:ident) => {
        $each!(
            PingView,
            HealthView,
            ConfirmedView,
            StatusView,
            PartView,
            RouterPartView,
            ClockPartView,
            StorePartView,
            ProofView,
            CopiesView,
            CopyView,
            SharedNameView,
            PersonView,
            CycleView,
            LoggedInView,
            MeView,
            SecretView,
            AdminView,
            TokenView,
            UserView,
            AccessView,
            DeviceView,
            HostView,
            OrphanView,
            ImportView,
            PinView,
            ResetView,
            EntryView,
            StatementView,
            AuditView,
            VerifiedView,
            UsageView,
            UsageRowView,
            RestartView,
            ExplainView,
            RuleView,
            NumberView,
            RefusalView,
            DebtView,
            QuoteView,
            OrderView,
            PackageView,
            ClosingView,
            TurnoverView,
            PlanView,
            EditView,
            RefusedView,
            UnreadView,
            SettingsView,
            SettingView,
            ChangedSettingsView,
            ChangedSettingView,
            ChangedAccessView,
            AdoptionView,
            HotspotAccountView,
            ObstacleView,
            LeaveView,
            LeaverView,
            TraceView,
            ComeBackView,
            TakenOverView,
            SalesReportView,
            SalesSumView,
            DebtsReportView,
            OwesView,
            OwedItemView,
            DebtTotalsView,
            UsageReportView,
            DailyUsageView,
            UsageTotalsView,
            CollectionReportView,
            CallView,
            CallTotalsView,
            UpdateView,
            UpdateReportView,
            CandidateView,
            LastUpdateView
        )
    };
}

/// The description's own manner: closed objects, no widths of integers.
fn of_answers(schema: &mut Schema) {
    in_our_manner(schema);
    let Some(object) = schema.as_object_mut() else { return };
    if object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| format.starts_with("uint") || format.starts_with("int"))
    {
        object.remove("format");
    }
    if let Some(word) = object.remove("const") {
        object.insert("enum".to_owned(), json!([word]));
    }
    if object.contains_key("properties") {
        object.insert("additionalProperties".to_owned(), json!(false));
        let required = object.get("required").cloned().unwrap_or_default();
        let is_required =
            |name: &str| required.as_array().is_some_and(|names| names.iter().any(|known| known == name));
        let fields = object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten();
        for (_, field) in fields.filter(|(name, _)| !is_required(name)) {
            never_null(field);
        }
    }
}

/// A field that may be absent is never null: absence says it.
fn never_null(field: &mut Value) {
    let field = field.as_object_mut().expect("a schema of a field is an object");
    if let Some(types) = field.get_mut("type").and_then(Value::as_array_mut) {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            field.insert("type".to_owned(), only);
        }
    }
    if let Some(words) = field.get_mut("enum").and_then(Value::as_array_mut) {
        words.retain(|word| !word.is_null());
    }
    assert!(!field.contains_key("oneOf"), "no answer has an optional field of several shapes yet: {field:?}");
}

/// The schema of every answer, by its name in the description.
pub(super) fn generated() -> BTreeMap<String, Value> {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.with_transform(RecursiveTransform(of_answers)).into_generator();
    macro_rules! all {
        ($($kind:ty),+) => { $(generator.subschema_for::<$kind>();)+ };
    }
    answers!(all);
    all!(
        List<UserView>,
        List<DebtView>,
        List<OrderView>,
        List<HostView>,
        List<OrphanView>,
        List<PackageView>,
        List<AuditView>,
        List<AdminView>,
        List<ClosingView>
    );
    generator.take_definitions(true).into_iter().collect()
}

#[test]
fn the_description_has_the_schema_of_every_answer() {
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(root().join(DOCUMENT)).unwrap()).unwrap();
    for (name, schema) in &generated() {
        let described = &document["components"]["schemas"][name];
        assert_eq!(described, schema, "{name}: run the tests of schemas with KUOTA_WRITE_SCHEMAS=1");
    }
}

#[test]
fn every_answer_is_listed() {
    macro_rules! names {
        ($($kind:ident),+) => { [$(stringify!($kind).to_owned()),+] };
    }
    let declared: BTreeSet<String> = declared().into_iter().filter(|name| name.ends_with(ANSWER)).collect();
    assert_eq!(declared, BTreeSet::from(answers!(names)), "an answer of protocol/admin: add it to the list");
}

/// A value that fits a schema: with everything, or with as little as it lets.
fn example(schema: &Value, all: &BTreeMap<String, Value>, full: bool) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        return example(&all[name.trim_start_matches("#/components/schemas/")], all, full);
    }
    if let Some(shapes) = schema["oneOf"].as_array() {
        return example(if full { &shapes[0] } else { shapes.last().unwrap() }, all, full);
    }
    let types = match &schema["type"] {
        Value::String(name) => vec![name.as_str()],
        names => names.as_array().unwrap().iter().filter_map(Value::as_str).collect(),
    };
    if !full && types.contains(&"null") {
        return Value::Null;
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<&Value> = words.iter().filter(|word| !word.is_null()).collect();
        return (*if full { words.first() } else { words.last() }.unwrap()).clone();
    }
    match types[0] {
        "boolean" => json!(full),
        "integer" => json!(if full { 7 } else { 0 }),
        "array" if full => json!([example(&schema["items"], all, full)]),
        "array" => json!([]),
        "object" => {
            let needed = |name: &String| {
                schema["required"].as_array().is_some_and(|names| names.contains(&json!(name)))
            };
            let fields = schema["properties"].as_object().unwrap().iter();
            let fields = fields.filter(|(name, _)| full || needed(name));
            fields
                .map(|(name, field)| (name.clone(), example(field, all, full)))
                .collect::<Map<_, _>>()
                .into()
        }
        _ => match schema["format"].as_str() {
            Some("uuid") => json!("00000000-0000-4000-8000-000000000000"),
            Some("date") => json!("2026-11-22"),
            Some("date-time") => json!("2026-11-22T07:05:00.050Z"),
            Some("ipv4") => json!("10.5.50.7"),
            _ => json!("x"),
        },
    }
}

#[test]
fn every_answer_reads_what_it_writes() {
    fn held<T: Serialize + DeserializeOwned + schemars::JsonSchema>(all: &BTreeMap<String, Value>) {
        let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let mut generator = settings.with_transform(RecursiveTransform(of_answers)).into_generator();
        let schema = generator.root_schema_for::<T>().to_value();
        for full in [true, false] {
            let example = example(&schema, all, full);
            let read: T = serde_json::from_value(example.clone())
                .unwrap_or_else(|error| panic!("{}: {error}: {example}", std::any::type_name::<T>()));
            assert_eq!(serde_json::to_value(&read).unwrap(), example, "{}", std::any::type_name::<T>());
        }
    }
    let all = generated();
    macro_rules! hold {
        ($($kind:ty),+) => { $(held::<$kind>(&all);)+ };
    }
    answers!(hold);
    held::<List<UserView>>(&all);
}
