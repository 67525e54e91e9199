//! The layers of a configuration and how they are read into one tree.

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

/// What lies above the defaults.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Text of the TOML file.
    pub file: &'a str,
    /// Its name, for findings.
    pub file_name: &'a str,
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
}

/// Reads defaults, file and environment into one tree; later layers win.
///
/// `complete` is a tree with every optional section present. Each value is first tried alone on top of it, so that
/// every bad one is found, not only the first; the types in it also say how a variable's text is read.
pub fn read<T: Serialize + DeserializeOwned>(
    defaults: &T,
    complete: &T,
    sources: Sources<'_>,
) -> Result<T, SettingsError> {
    let complete = dict_of(complete);
    let (file, mut findings) = match parse_file(sources) {
        Ok(file) => (file, Vec::new()),
        Err(finding) => (Dict::new(), vec![finding]),
    };
    let mut settings = Vec::new();
    leaves(&file, &complete, &mut Vec::new(), sources.file_name, &mut settings);
    settings.extend(variables(&sources, &complete));

    findings.extend(settings.iter().filter_map(|setting| try_alone::<T>(setting, &complete)));
    SettingsError::check(findings)?;

    let layers = settings
        .iter()
        .fold(Figment::from(Serialized::defaults(dict_of(defaults))), |figment, s| figment.merge(layer(s)));
    // What remains can only be a section that lacks a key without a default.
    layers.extract().map_err(|error| SettingsError {
        findings: error.into_iter().map(|e| finding(&e, &[], sources.file_name)).collect(),
    })
}

fn dict_of<T: Serialize>(tree: &T) -> Dict {
    let value = Value::serialize(tree).expect("configuration trees hold texts, numbers and sections only");
    value.into_dict().expect("a configuration is a tree of sections")
}

fn parse_file(sources: Sources<'_>) -> Result<Dict, Finding> {
    match Toml::string(without_mark(sources.file)).data() {
        Ok(mut profiles) => Ok(profiles.remove(&Profile::Default).unwrap_or_default()),
        Err(error) => Err(Finding {
            key: String::new(),
            reason: format!("is not TOML: {}", error.to_string().trim_end()),
            origin: sources.file_name.to_owned(),
            is_machine_fault: false,
        }),
    }
}

/// Every value of a layer with its path. A section that the tree does not know is one value: naming it once is
/// enough.
fn leaves(dict: &Dict, known: &Dict, path: &mut Vec<String>, origin: &str, out: &mut Vec<Setting>) {
    for (key, value) in dict {
        path.push(key.clone());
        match (value, known.get(key)) {
            (Value::Dict(_, inner), Some(Value::Dict(_, known))) if !inner.is_empty() => {
                leaves(inner, known, path, origin, out);
            }
            _ => out.push(Setting { path: path.clone(), value: value.clone(), origin: origin.to_owned() }),
        }
        path.pop();
    }
}

fn variables<'a>(sources: &'a Sources<'_>, complete: &'a Dict) -> impl Iterator<Item = Setting> + 'a {
    sources.env.iter().filter_map(|(name, text)| {
        let key = name.strip_prefix(sources.env_prefix)?;
        let path: Vec<String> = key.split("__").map(str::to_ascii_lowercase).collect();
        let like = find(complete, &path);
        Some(Setting { value: value_like(like, text), path, origin: format!("environment {name}") })
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
