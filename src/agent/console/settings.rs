//! The configuration in force, by section, with the purpose of each key; and the rules in words.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::actions::buttons::{Button, buttons};
use super::actions::settings::{SETTINGS_ACTIONS, SettingsRecord};
use super::session::AdminSession;
use crate::agent::config::{self, Config, Key, Language};
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::settings::SettingsWords;
use crate::agent::http::settings::settings_view;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::account::{Expiry, Overage};
use crate::domain::debt::DebtDue;
use crate::domain::units::Rupiah;
use crate::protocol::admin::settings::SettingsView;
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
    origin: &'static str,
    is_waiting: bool,
}

#[derive(Template)]
#[template(path = "console/office/settings.html")]
struct SettingsPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    s: &'static SettingsWords,
    rules: Vec<String>,
    /// Why nothing can be changed here.
    fixed: Option<&'static str>,
    buttons: Vec<Button>,
    restart: Vec<Button>,
    waiting: String,
    faults: Vec<String>,
    sections: Vec<(String, Vec<KeyRow>)>,
}

/// `GET /pengaturan`.
pub(crate) async fn show(State(app): State<Arc<AppState>>, session: AdminSession) -> Answer {
    session.at_least(Role::Owner)?;
    let config = app.site.in_force();
    let language = session.page_request.locale.language;
    let (locale, w, s) = (&session.page_request.locale, session.office(), SettingsWords::of(language));
    let (frame, layout) = session.layout(w.settings, "/pengaturan");
    let view = settings_view(&app);
    let record = SettingsRecord { change: app.site.files.is_some(), restart: app.site.files.is_some() };
    let buttons = buttons("/pengaturan", SETTINGS_ACTIONS, &session, &record);
    let (restart, buttons) = buttons.into_iter().partition(|button| button.segment == "mulai-ulang");
    let waiting = view.after_restart.join(", ");
    html(&SettingsPage {
        frame,
        layout,
        w,
        s,
        rules: rules(w, locale, &config),
        fixed: app.site.files.is_none().then_some(s.fixed),
        buttons,
        restart,
        waiting: if waiting.is_empty() { waiting } else { fill(s.waits, &[&waiting]) },
        faults: view.faults.clone(),
        sections: sections(&view, language),
    })
}

/// Every key with its value, by section. Secrets are no part of the tree: it names their files only.
pub(crate) fn sections(view: &SettingsView, language: Language) -> Vec<(String, Vec<KeyRow>)> {
    let s = SettingsWords::of(language);
    let mut sections: Vec<(String, Vec<KeyRow>)> = Vec::new();
    for item in &view.items {
        let Some(value) = &item.value else { continue };
        let section = item.key.rsplit_once('.').map_or("", |(section, _)| section);
        let row = KeyRow {
            key: item.key.clone(),
            value: named(s, &item.key, value),
            meaning: config::key(&item.key).map_or("", |known| meaning(known, language)),
            is_default: item.origin == "default",
            origin: s.origin(&item.origin),
            is_waiting: view.after_restart.contains(&item.key),
        };
        match sections.iter_mut().find(|(known, _)| known == section) {
            Some((_, rows)) => rows.push(row),
            None => sections.push((section.to_owned(), vec![row])),
        }
    }
    sections
}

/// A value for people: a word that a key takes is named.
fn named(s: &SettingsWords, key: &str, value: &str) -> String {
    if config::choices(key).contains(&value) { s.choice(key, value) } else { value.to_owned() }
}

/// The purpose of a key, in one sentence.
const fn meaning(key: &Key, language: Language) -> &'static str {
    match language {
        Language::Indonesian => key.indonesian,
        Language::English => key.english,
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
    }
}
