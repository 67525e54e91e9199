//! Form actions for settings: one form for each group, in the owner's words, and the restart.

use std::sync::Arc;

use super::action::{FormAction, FormContext, Submission, Work, operation};
use super::form_spec::{Field, FormSpec, Kind};
use super::preview::Shown;
use crate::agent::config::{self, Config, Key, LoadedConfig, Origin, TakesEffect};
use crate::agent::console::texts::say::with as fill;
use crate::agent::console::texts::settings::SettingsWords;
use crate::agent::engine::Engine;
use crate::agent::http::settings::{blocked_and_freed, preview_settings};
use crate::agent::http::state::AppState;
use crate::agent::settings::{SettingsOutcome, secret_of};
use crate::protocol::admin::settings::{ChangeSettings, SecretInput, SettingInput};
use crate::store::Role;
use crate::ui::flash::Flash;
use crate::ui::language::Language;
use crate::web::Problem;
use crate::web::problem::FieldError;

/// The field of the secret that is sent where a key of the form says.
const SECRET: &str = "secret";
/// Customers who are named before a change.
const PEOPLE_MAX: usize = 10;
/// Where settings are shown.
const HOME: &str = "/pengaturan";

/// What can be done to the settings of this daemon.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SettingsRecord {
    /// Whether it has files to change.
    pub change: bool,
    /// Whether somebody starts it again.
    pub restart: bool,
}

/// A group of settings. What differs is where it is, what it is called and which keys it has.
const GROUP: FormAction<Settings> = FormAction {
    segment: "",
    title: |l| SettingsWords::of(l).change,
    role: Role::Owner,
    is_grave: false,
    fits: |can| can.change,
    spec: |context, _| spec(context, &[]),
    work,
};

/// Settings by group, and the restart.
pub(crate) const SETTINGS_ACTIONS: &[FormAction<Settings>] = &[
    FormAction {
        segment: "nama",
        title: |l| SettingsWords::of(l).group_name,
        spec: |context, _| spec(context, &["name", "portal.contact", "language", "colour"]),
        ..GROUP
    },
    FormAction {
        segment: "pendaftaran",
        title: |l| SettingsWords::of(l).group_registration,
        spec: |context, _| spec(context, &["portal.registration"]),
        ..GROUP
    },
    FormAction {
        segment: "kuota",
        title: |l| SettingsWords::of(l).group_quota,
        spec: |context, _| {
            spec(
                context,
                &[
                    "policy.overage",
                    "policy.debt_limit",
                    "policy.fup_threshold",
                    "policy.fup_rate",
                    "policy.expiry",
                    "policy.max_devices_per_user",
                ],
            )
        },
        ..GROUP
    },
    FormAction {
        segment: "tagihan",
        title: |l| SettingsWords::of(l).group_debts,
        spec: |context, _| {
            spec(
                context,
                &[
                    "policy.block_overdue",
                    "policy.overdue_grace_days",
                    "policy.block_hour",
                    "policy.debt_due",
                    "policy.price_rounding_rp",
                    "policy.cashier_credit_rp",
                    "policy.pay_window",
                    "policy.offline_grace",
                ],
            )
        },
        ..GROUP
    },
    FormAction {
        segment: "bayar",
        title: |l| SettingsWords::of(l).group_payment,
        spec: |context, _| spec(context, &["payment.mode", "payment.methods"]),
        ..GROUP
    },
    FormAction {
        segment: "jarak",
        title: |l| SettingsWords::of(l).group_intervals,
        spec: |context, _| {
            spec(context, &["router.poll_interval", "router.timeout", "store.commit_interval"])
        },
        ..GROUP
    },
    FormAction {
        segment: "penerapan",
        title: |l| SettingsWords::of(l).group_enforcement,
        spec: |context, _| spec(context, &["policy.enforcement"]),
        ..GROUP
    },
    FormAction {
        segment: "cadangan",
        title: |l| SettingsWords::of(l).group_backup,
        spec: |context, _| spec(context, &["backup.every", "backup.keep", "backup.target"]),
        ..GROUP
    },
    FormAction {
        segment: "s3",
        title: |l| SettingsWords::of(l).group_s3,
        spec: |context, _| {
            spec(context, &["backup.s3.endpoint", "backup.s3.region", "backup.s3.key_id", "backup.target"])
        },
        ..GROUP
    },
    FormAction {
        segment: "router",
        title: |l| SettingsWords::of(l).group_router,
        spec: |context, _| {
            spec(context, &["router.address", "router.tls", "router.tls_fingerprint", "router.username"])
        },
        ..GROUP
    },
    FormAction {
        segment: "relay",
        title: |l| SettingsWords::of(l).group_relay,
        spec: |context, _| spec(context, &["relay.url", "relay.site"]),
        ..GROUP
    },
    FormAction {
        segment: "mulai-ulang",
        title: |l| SettingsWords::of(l).restart,
        role: Role::Owner,
        is_grave: false,
        fits: |can| can.restart,
        spec: |_, _| Ok(FormSpec { home: HOME.into(), ..FormSpec::default() }),
        work: |submission| {
            let w = SettingsWords::of(submission.context.locale.language);
            let restarting = w.restarting;
            let work = operation(async move |app: Arc<AppState>, _| {
                app.site.restart();
                Ok(Flash { lines: vec![restarting.to_owned()], ..Flash::default() })
            });
            Ok(Work::Operation(vec![w.restart_will.to_owned()], work))
        },
    },
];

/// The settings, as what an action is about.
#[derive(Clone)]
pub(crate) struct Settings;

fn spec(context: &FormContext<Settings>, keys: &[&str]) -> Result<FormSpec, Problem> {
    let files = context.site.files.as_ref();
    let files = files.ok_or_else(|| {
        Problem::conflict("settings_unavailable", "only the running daemon changes settings")
    })?;
    let (loaded, language) = (files.last(), context.locale.language);
    let (w, types) = (SettingsWords::of(language), Config::types());
    let rows: Vec<&'static Key> = keys.iter().filter_map(|key| config::key(key)).collect();
    let (fixed, free): (Vec<_>, Vec<_>) =
        rows.into_iter().partition(|key| loaded.origin(key.path) == Origin::Environment);
    let mut fields: Vec<Field> =
        free.iter().copied().map(|key| field(key, types.get(key.path), &loaded, language)).collect();
    if let Some(secret) = free.iter().find_map(|key| secret_of(key.path)) {
        let label = match secret {
            "relay.token" => w.relay_token,
            "backup.s3.secret" => w.s3_secret,
            _ => w.router_password,
        };
        fields.push(Field::new(SECRET, label, Kind::Password).hint(w.secret_hint));
        fields.push(Field::new("password", w.own_password, Kind::Password).hint(w.own_password_hint));
        fields.push(Field::new("otp", w.own_code, Kind::Password).hint(w.own_code_hint));
    }
    let notes = fixed.iter().map(|key| fill(w.fixed_by_environment, &[key.path])).collect();
    Ok(FormSpec { home: HOME.into(), notes, fields, ..FormSpec::default() })
}

fn meaning(key: &Key, language: Language) -> &'static str {
    let text = match language {
        Language::Indonesian => key.indonesian,
        Language::English => key.english,
    };
    text.trim_end_matches('.')
}

/// A key as a field, with its present value.
fn field(
    key: &'static Key,
    like: Option<&serde_json::Value>,
    loaded: &LoadedConfig,
    language: Language,
) -> Field {
    let w = SettingsWords::of(language);
    let words = config::choices(key.path);
    let values = loaded.config.values();
    let value = values.get(key.path);
    let kind = match like {
        Some(serde_json::Value::Bool(_)) => Kind::Tick,
        Some(serde_json::Value::Number(_)) if key.path.ends_with("_rp") => Kind::Rupiah,
        Some(serde_json::Value::Number(_)) => Kind::Number,
        _ if !words.is_empty() => {
            Kind::Choice(words.iter().map(|word| ((*word).to_owned(), w.choice(key.path, word))).collect())
        }
        _ if key.path.ends_with("_limit") || key.path.ends_with("_threshold") => Kind::Amount,
        _ => Kind::Text,
    };
    let text = match value {
        Some(serde_json::Value::Bool(is_on)) => if *is_on { "yes" } else { "no" }.to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Array(items)) => {
            items.iter().filter_map(|item| item.as_str()).collect::<Vec<_>>().join(", ")
        }
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let mut hints = Vec::new();
    if let Some([min, max]) = key.range.map(|range| range()) {
        hints.push(fill(w.bounds, &[&min, &max]));
    }
    if key.effect == TakesEffect::AtStart {
        hints.push(w.at_start.to_owned());
    }
    Field::new(key.path, meaning(key, language), kind).or_null().value(text).hint(hints.join(" "))
}

fn work(submission: &Submission<Settings>) -> Result<Work, Problem> {
    let mut body = submission.spec.changed(submission.form)?;
    let mut take = |name: &str| body.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (secret, password, otp) = (take(SECRET), take("password"), take("otp"));
    let name = submission.spec.fields.iter().find_map(|field| secret_of(field.name));
    let text = |value: serde_json::Value| match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    };
    Ok(Work::Settings(ChangeSettings {
        values: body.into_iter().map(|(key, value)| SettingInput { key, value: text(value) }).collect(),
        secrets: name
            .zip(secret)
            .map(|(name, value)| SecretInput { name: name.to_owned(), value })
            .into_iter()
            .collect(),
        password,
        otp,
        revision: None,
    }))
}

/// A problem with the fields of the API as one with those of the form.
pub(crate) fn of_form(problem: Problem) -> Problem {
    let field = |error: &FieldError| FieldError {
        field: match error.field.strip_prefix("values.") {
            Some(key) => key.to_owned(),
            None if error.field.starts_with("secrets.") => SECRET.to_owned(),
            None => error.field.clone(),
        },
        message: error.message.clone(),
    };
    let errors = problem.errors().iter().map(field).collect();
    problem.with_errors(errors)
}

/// What a change would do.
pub(crate) fn shown<S>(
    context: &FormContext<S>,
    engine: &Engine,
    asked: &ChangeSettings,
) -> Result<Shown, Problem> {
    let outcome = preview_settings(&context.site, engine, asked).map_err(of_form)?;
    let w = SettingsWords::of(context.locale.language);
    let (blocked, freed) = blocked_and_freed(&outcome.people);
    let mut warnings = Vec::new();
    if blocked > 0 {
        warnings.push(fill(w.will_block, &[&blocked.to_string(), &names(&outcome, true)]));
    }
    let mut notes = lines(w, &outcome);
    if freed > 0 {
        notes.push(fill(w.will_free, &[&freed.to_string(), &names(&outcome, false)]));
    }
    if notes.is_empty() {
        notes.push(w.nothing_changes.to_owned());
    }
    Ok(Shown { notes, warnings, ..Shown::default() })
}

/// Customers who lose or get back their access.
fn names(outcome: &SettingsOutcome, are_blocked: bool) -> String {
    let is = |people: &[_]| {
        let (blocked, freed) = blocked_and_freed(people);
        if are_blocked { blocked > 0 } else { freed > 0 }
    };
    let people = outcome.people.iter().filter(|one| is(std::slice::from_ref(*one)));
    people.take(PEOPLE_MAX).map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Each key before and after.
fn lines(w: &SettingsWords, outcome: &SettingsOutcome) -> Vec<String> {
    let change = |change: &crate::agent::settings::ChangedKey| {
        let line = format!("{}: {} \u{2192} {}", change.key, change.from, change.to);
        match change.effect {
            TakesEffect::AtReload => line,
            TakesEffect::AtStart => format!("{line}. {}", w.at_start),
        }
    };
    let secrets = outcome.secrets.iter().map(|name| fill(w.secret_replaced, &[name]));
    outcome.changes.iter().map(change).chain(secrets).collect()
}

/// What was changed.
pub(crate) fn told(language: Language, outcome: &SettingsOutcome) -> Flash {
    Flash { lines: lines(SettingsWords::of(language), outcome), ..Flash::default() }
}
