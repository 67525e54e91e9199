//! The layers of a configuration and how they are read into one tree.

use std::collections::BTreeMap;

use figment::error::Kind;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::environment::Environment;
use super::finding::{Finding, SettingsError};
use super::secret::without_mark;
use super::words;

/// The layer that a value comes from. Later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The program's default.
    Default,
    /// The TOML file.
    File,
    /// What an owner stored at the desk.
    Desk,
    /// An environment variable.
    Environment,
}

impl Origin {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::File => "file",
            Self::Desk => "desk",
            Self::Environment => "environment",
        }
    }
}

/// A configuration, and where its values come from.
#[derive(Clone, Debug)]
pub struct Layered<T> {
    /// The configuration.
    pub tree: T,
    /// The last layer that sets each key, by its full path. Other keys have their default.
    pub origins: BTreeMap<String, Origin>,
}

/// The layer of the desk.
#[derive(Clone, Copy, Debug)]
pub struct DeskSource<'a> {
    /// Text of its TOML file.
    pub text: &'a str,
    /// Its name, for findings.
    pub name: &'a str,
    /// Whether it may set the key with this full path. A key that it may not set is a finding.
    pub may_set: fn(&str) -> bool,
}

/// What lies above the defaults.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Text of the TOML file.
    pub file: &'a str,
    /// Its name, for findings.
    pub file_name: &'a str,
    /// What the desk stored, if it did.
    pub desk: Option<DeskSource<'a>>,
    /// The environment.
    pub env: &'a Environment,
    /// Variables beginning with this are settings, sections joined by two underscores: `KUOTA__`.
    pub env_prefix: &'a str,
}

/// One value that was set, and where.
struct Setting {
    path: Vec<String>,
    value: Value,
    origin: String,
    layer: Origin,
}

impl Setting {
    fn key(&self) -> String {
        self.path.join(".")
    }
}

/// Reads defaults, file, desk and environment into one tree; later layers win.
///
/// `complete` is a tree with every optional section present. Each value is first tried alone on top of it, so that
/// every bad one is found, not only the first; the types in it also say how a variable's text is read.
pub fn read<T: Serialize + DeserializeOwned>(
    defaults: &T,
    complete: &T,
    sources: Sources<'_>,
) -> Result<Layered<T>, SettingsError> {
    let complete = dict_of(complete);
    let (mut settings, mut findings) = (Vec::new(), Vec::new());
    let mut add = |text: &str, name: &str, layer: Origin| match parse_toml(text, name) {
        Ok(dict) => leaves(&dict, &complete, &mut Vec::new(), (name, layer), &mut settings),
        Err(finding) => findings.push(finding),
    };
    add(sources.file, sources.file_name, Origin::File);
    if let Some(desk) = sources.desk {
        add(desk.text, desk.name, Origin::Desk);
        findings.extend(settings.iter().filter_map(|setting| not_the_desks(setting, &desk, &complete)));
    }
    settings.extend(variables(&sources, &complete));

    findings.extend(settings.iter().filter_map(|setting| try_alone::<T>(setting, &complete)));
    SettingsError::check(findings)?;

    let layers = settings
        .iter()
        .fold(Figment::from(Serialized::defaults(dict_of(defaults))), |figment, s| figment.merge(layer(s)));
    // What remains can only be a section that lacks a key without a default.
    let tree = layers.extract().map_err(|error| SettingsError {
        findings: error.into_iter().map(|e| finding(&e, &[], sources.file_name)).collect(),
    })?;
    Ok(Layered { tree, origins: settings.iter().map(|setting| (setting.key(), setting.layer)).collect() })
}

/// The finding for a known key that the desk may not set. An unknown one is found by reading it.
fn not_the_desks(setting: &Setting, desk: &DeskSource<'_>, complete: &Dict) -> Option<Finding> {
    let key = setting.key();
    let is_known = find(complete, &setting.path).is_some();
    (setting.layer == Origin::Desk && is_known && !(desk.may_set)(&key)).then(|| Finding {
        origin: setting.origin.clone(),
        ..Finding::new(&key, "cannot be set at the desk: write it into the configuration file")
    })
}

/// Every value of a TOML text by its full path. Tables are paths, everything else is a value.
pub fn toml_values(text: &str, name: &str) -> Result<BTreeMap<String, serde_json::Value>, Finding> {
    let tree = serde_json::to_value(parse_toml(text, name)?).expect("values of TOML are values of JSON");
    let mut values = BTreeMap::new();
    flatten("", &tree, &mut values);
    Ok(values)
}

/// Adds every value of a tree by its full path.
pub fn flatten(path: &str, value: &serde_json::Value, out: &mut BTreeMap<String, serde_json::Value>) {
    let serde_json::Value::Object(section) = value else {
        out.insert(path.to_owned(), value.clone());
        return;
    };
    for (name, value) in section {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        flatten(&path, value, out);
    }
}

fn dict_of<T: Serialize>(tree: &T) -> Dict {
    let value = Value::serialize(tree).expect("configuration trees hold texts, numbers and sections only");
    value.into_dict().expect("a configuration is a tree of sections")
}

fn parse_toml(text: &str, name: &str) -> Result<Dict, Finding> {
    match Toml::string(without_mark(text)).data() {
        Ok(mut profiles) => Ok(profiles.remove(&Profile::Default).unwrap_or_default()),
        Err(error) => Err(Finding {
            key: String::new(),
            reason: format!("is not TOML: {}", error.to_string().trim_end()),
            origin: name.to_owned(),
            is_machine_fault: false,
        }),
    }
}

/// Every value of a layer with its path. A section that the tree does not know is one value: naming it once is
/// enough.
fn leaves(dict: &Dict, known: &Dict, path: &mut Vec<String>, origin: (&str, Origin), out: &mut Vec<Setting>) {
    for (key, value) in dict {
        path.push(key.clone());
        match (value, known.get(key)) {
            (Value::Dict(_, inner), Some(Value::Dict(_, known))) if !inner.is_empty() => {
                leaves(inner, known, path, origin, out);
            }
            _ => out.push(Setting {
                path: path.clone(),
                value: value.clone(),
                origin: origin.0.to_owned(),
                layer: origin.1,
            }),
        }
        path.pop();
    }
}

fn variables<'a>(sources: &'a Sources<'_>, complete: &'a Dict) -> impl Iterator<Item = Setting> + 'a {
    sources.env.iter().filter_map(|(name, text)| {
        let key = name.strip_prefix(sources.env_prefix)?;
        let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let like = find(complete, &path);
        let value = value_like(like, text);
        Some(Setting { value, path, origin: format!("environment {name}"), layer: Origin::Environment })
    })
}

fn find<'a>(dict: &'a Dict, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    let value = dict.get(first)?;
    if rest.is_empty() { Some(value) } else { find(value.as_dict()?, rest) }
}

/// A variable's text as a value of the type that the key has; texts stay texts, so that a telephone number keeps
/// its zero. What does not fit stays a text, and reading the tree will say so.
fn value_like(like: Option<&Value>, text: &str) -> Value {
    let plain = text.trim();
    match like {
        Some(Value::Bool(..)) => plain.parse::<bool>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Num(..)) => plain.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Array(..)) => {
            let inner = plain.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(plain);
            let items = inner.split(',').map(|item| item.trim().trim_matches(['"', '\'']));
            Value::from(items.filter(|item| !item.is_empty()).collect::<Vec<_>>())
        }
        _ => Value::from(text),
    }
}

/// The one setting as a layer of its own.
fn layer(setting: &Setting) -> Serialized<Dict> {
    let nested = setting.path.iter().rev().fold(setting.value.clone(), |value, key| {
        Value::from(std::iter::once((key.as_str(), value)).collect::<figment::value::Map<_, _>>())
    });
    Serialized::defaults(nested.into_dict().expect("a path has at least one key"))
}

fn try_alone<T: DeserializeOwned>(setting: &Setting, complete: &Dict) -> Option<Finding> {
    let figment = Figment::from(Serialized::defaults(complete.clone())).merge(layer(setting));
    let error = figment.extract::<T>().err()?;
    Some(finding(&error, &setting.path, &setting.origin))
}

/// What an error says to the owner of the file. `path` names the key where the error itself does not.
fn finding(error: &figment::Error, path: &[String], origin: &str) -> Finding {
    let mut key = if error.path.len() >= path.len() { error.path.clone() } else { path.to_vec() };
    let names = |names: &[&str]| names.join(", ");
    let reason = match &error.kind {
        Kind::UnknownField(_, known) => format!("unknown key; the keys here are {}", names(known)),
        Kind::UnknownVariant(value, known) => format!("{value:?} is not one of {}", names(known)),
        Kind::MissingField(name) => {
            key.push(name.to_string());
            "is missing: set it".to_owned()
        }
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            words::wrong_type(&key.join("."), actual, expected)
        }
        Kind::Message(text) => words::message(text),
        other => other.to_string(),
    };
    Finding { key: key.join("."), reason, origin: origin.to_owned(), is_machine_fault: false }
}
