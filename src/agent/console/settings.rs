//! The configuration in force, by section, with the purpose of each key; and the rules in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde_json::Value;

use super::session::AdminSession;
use crate::agent::config::{self, Config, Key, Language};
use crate::agent::console::texts::office::Office;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::account::{Expiry, Overage};
use crate::domain::debt::DebtDue;
use crate::domain::units::Rupiah;
use crate::store::Role;
use crate::ui::catalogue::fill;
use crate::ui::desk::Layout;
use crate::ui::{Frame, Locale, html};

/// One key.
pub(crate) struct KeyRow {
    pub key: String,
    value: String,
    pub meaning: &'static str,
    is_default: bool,
}

#[derive(Template)]
#[template(path = "console/office/settings.html")]
struct SettingsPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    rules: Vec<String>,
    sections: Vec<(String, Vec<KeyRow>)>,
}

/// `GET /pengaturan`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Owner)?;
    let config = app.site.in_force();
    let (locale, w) = (&session.page_request.locale, session.office());
    let (frame, layout) = session.layout(w.settings, "/pengaturan");
    let (rules, sections) = (rules(w, locale, &config), sections(&config, locale.language));
    html(&SettingsPage { frame, layout, w, rules, sections })
}

/// Every key with its value, by section. Secrets are no part of the tree: it names their files only.
pub(crate) fn sections(config: &Config, language: Language) -> Vec<(String, Vec<KeyRow>)> {
    let (is, by_default) = (flat(config), flat(&Config::default()));
    let mut sections: Vec<(String, Vec<KeyRow>)> = Vec::new();
    for (key, value) in &is {
        let section = key.rsplit_once('.').map_or("", |(section, _)| section);
        let row = KeyRow {
            key: key.clone(),
            value: value.clone(),
            meaning: config::key(key).map_or("", |known| meaning(known, language)),
            is_default: by_default.get(key) == Some(value),
        };
        match sections.iter_mut().find(|(known, _)| known == section) {
            Some((_, rows)) => rows.push(row),
            None => sections.push((section.to_owned(), vec![row])),
        }
    }
    sections
}

/// The purpose of a key, in one sentence.
const fn meaning(key: &Key, language: Language) -> &'static str {
    match language {
        Language::Indonesian => key.indonesian,
        Language::English => key.english,
    }
}

/// Keys with their whole path, and values as text.
fn flat(config: &Config) -> BTreeMap<String, String> {
    let tree = serde_json::to_value(config).expect("a configuration holds texts, numbers and sections only");
    let mut keys = BTreeMap::new();
    flatten("", &tree, &mut keys);
    keys
}

fn flatten(path: &str, value: &Value, keys: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(section) => {
            for (key, value) in section {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, value, keys);
            }
        }
        Value::Null => {}
        value => {
            keys.insert(path.to_owned(), text(value));
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

/// The rules in sentences.
fn rules(w: &Office, locale: &Locale, config: &Config) -> Vec<String> {
    let policy = &config.policy;
    let overdue = config.policy().overdue;
    let minute = overdue.block_from_minute;
    let hour = format!("{:02}.{:02}", minute / 60, minute % 60);
    let limit = locale.quota(policy.debt_limit);
    let mut rules = vec![
        match policy.overage {
            Overage::Stop => w.rule_stop.to_owned(),
            Overage::Debt if policy.debt_limit.is_zero() => w.rule_debt_free.to_owned(),
            Overage::Debt => fill(w.rule_debt, &[&limit]),
        },
        fill(w.rule_fup, &[&locale.quota(policy.fup_threshold), policy.fup_rate.as_str()]),
    ];
    rules.push(if overdue.blocks {
        fill(w.rule_overdue, &[&overdue.grace_days.to_string(), &hour])
    } else {
        w.rule_no_overdue.to_owned()
    });
    rules.push(match policy.debt_due {
        DebtDue::EndOfMonth => w.rule_due_month.to_owned(),
        DebtDue::Days(days) => fill(w.rule_due_days, &[&days.to_string()]),
    });
    rules.push(match policy.expiry {
        Expiry::ResetFromNow => w.rule_expiry_reset.to_owned(),
        Expiry::Extend => w.rule_expiry_extend.to_owned(),
    });
    rules.push(fill(w.rule_rounding, &[&Rupiah(policy.price_rounding_rp).to_string()]));
    rules.push(fill(w.rule_devices, &[&policy.max_devices_per_user.to_string()]));
    rules.push(match policy.cashier_credit_rp {
        0 => w.rule_no_credit.to_owned(),
        limit => fill(w.rule_credit, &[&Rupiah(limit).to_string()]),
    });
    if !policy.pay_window.is_zero() {
        rules.push(fill(w.rule_window, &[&locale.span(policy.pay_window)]));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_says_what_it_is_for() {
        for key in config::sections().into_iter().flat_map(|section| section.keys) {
            for language in [Language::Indonesian, Language::English] {
                assert!(!meaning(key, language).is_empty(), "{}", key.path);
            }
        }
        for (section, rows) in sections(&Config::default(), Language::English) {
            for row in rows {
                assert!(!row.meaning.is_empty(), "{section} {}", row.key);
            }
        }
    }
}
