//! The rules in five questions.

use std::sync::Arc;

use axum::extract::State;
use serde_json::Value;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, StepPage, choice_field, go_on, refuse_whole, words_of};
use crate::agent::first_run::texts::PolicyWords;
use crate::ui::catalogue::fill;
use crate::ui::field::FieldView;

/// A text of the catalogue.
type Text = fn(&PolicyWords) -> &'static str;

/// A question: its field, the key that the answer is of, and what can be answered, the default first.
struct Question {
    field: &'static str,
    key: &'static str,
    text: Text,
    example: Text,
    answers: &'static [(&'static str, Text)],
}

const QUESTIONS: [Question; 5] = [
    Question {
        field: "overage",
        key: "policy.overage",
        text: |w| w.overage,
        example: |w| w.overage_example,
        answers: &[("stop", |w| w.overage_stop), ("debt", |w| w.overage_debt)],
    },
    Question {
        field: "debt_limit",
        key: "policy.debt_limit",
        text: |w| w.debt_limit,
        example: |w| w.debt_limit_example,
        answers: &[
            ("500 MB", |_| "500 MB"),
            ("1 GB", |_| "1 GB"),
            ("2 GB", |_| "2 GB"),
            ("5 GB", |_| "5 GB"),
        ],
    },
    Question {
        field: "fup",
        key: "policy.fup_threshold",
        text: |w| w.fup,
        example: |w| w.fup_example,
        answers: &[("3072 MB", |_| "3 GB"), ("1 GB", |_| "1 GB"), ("0 MB", |w| w.fup_never)],
    },
    Question {
        field: "due",
        key: "policy.debt_due",
        text: |w| w.due,
        example: |w| w.due_example,
        answers: &[
            ("end_of_month", |w| w.due_month),
            ("7d", |w| w.due_7),
            ("14d", |w| w.due_14),
            ("30d", |w| w.due_30),
        ],
    },
    Question {
        field: "expiry",
        key: "policy.expiry",
        text: |w| w.expiry,
        example: |w| w.expiry_example,
        answers: &[("reset_from_now", |w| w.expiry_reset), ("extend", |w| w.expiry_extend)],
    },
];

/// `GET /mulai/aturan`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let values = run.record().answers.values;
    let page = StepPage::new(&run, &claimant, Step::Policy);
    let (policy, words) = (PolicyWords::of(claimant.page_request.locale.language), page.words);
    QUESTIONS
        .iter()
        .fold(page.about(words.policy_text), |page, question| {
            let chosen = values.get(question.key).and_then(Value::as_str).unwrap_or(question.answers[0].0);
            let options: Vec<(&str, &str)> =
                question.answers.iter().map(|(value, text)| (*value, text(policy))).collect();
            let hint = (question.example)(policy).to_owned();
            let field = choice_field(question.field, (question.text)(policy), &options, chosen);
            page.field(FieldView { hint, ..field })
        })
        .answer()
}

/// `POST /mulai/aturan`. What is not among the answers counts as the first of them.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let mut record = run.record();
    for Question { field, key, answers, .. } in &QUESTIONS {
        let typed = form.text(field).unwrap_or_default();
        let value = answers.iter().find(|(value, _)| *value == typed).unwrap_or(&answers[0]).0;
        record.answers.values.insert((*key).to_owned(), Value::from(value));
    }
    if let Err(error) = run.loaded(&FirstRun::layer(&record)) {
        return Ok(refuse_whole(form, "answers", fill(words.refused, &[&error.to_string()])));
    }
    go_on(&run, Step::Policy, |kept| kept.answers.values = record.answers.values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::config::{Config, DeskLayer, LoadedConfig};
    use crate::settings::Environment;

    #[test]
    fn every_answer_is_a_value_of_its_key_and_the_first_is_the_default() {
        let defaults = Config::default().keys();
        let load = |key: &str, value: &str| {
            let mut layer = DeskLayer::default();
            layer.values.insert(key.to_owned(), Value::from(value));
            LoadedConfig::with("", "test", &layer, &Environment::default()).unwrap().config.keys()[key]
                .clone()
        };
        for question in &QUESTIONS {
            for (no, (value, _)) in question.answers.iter().enumerate() {
                let loaded = load(question.key, value);
                assert_eq!(loaded == defaults[question.key], no == 0, "{} {value}", question.key);
            }
        }
    }
}
