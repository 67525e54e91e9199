//! The first packages: a list to choose from, with prices to change.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;

use crate::agent::first_run::gate::{Claimant, StepForm};
use crate::agent::first_run::record::PackageAnswer;
use crate::agent::first_run::state::FirstRun;
use crate::agent::first_run::step::Step;
use crate::agent::first_run::step_page::{Answer, StepPage, go_on, refuse, text_field, words_of};
use crate::domain::units::{AMOUNT_RP_MAX, Bytes, Rupiah};
use crate::ui::field::FieldView;

/// A package that many hotspots sell.
struct Template {
    /// The field that chooses it, and the field of its price.
    fields: [&'static str; 2],
    name: &'static str,
    gb: Option<u64>,
    days: u32,
    price_rp: u64,
    /// Whether it is chosen at first.
    is_usual: bool,
}

const TEMPLATES: [Template; 5] = [
    Template {
        fields: ["p1", "h1"],
        name: "Harian 1 GB",
        gb: Some(1),
        days: 1,
        price_rp: 3_000,
        is_usual: true,
    },
    Template {
        fields: ["p2", "h2"],
        name: "Mingguan 5 GB",
        gb: Some(5),
        days: 7,
        price_rp: 15_000,
        is_usual: true,
    },
    Template {
        fields: ["p3", "h3"],
        name: "Bulanan 20 GB",
        gb: Some(20),
        days: 30,
        price_rp: 50_000,
        is_usual: true,
    },
    Template {
        fields: ["p4", "h4"],
        name: "Bulanan 50 GB",
        gb: Some(50),
        days: 30,
        price_rp: 100_000,
        is_usual: false,
    },
    Template {
        fields: ["p5", "h5"],
        name: "Bulanan tanpa batas",
        gb: None,
        days: 30,
        price_rp: 150_000,
        is_usual: false,
    },
];

/// `GET /mulai/paket`.
pub(in crate::agent::first_run) async fn show(
    State(run): State<Arc<FirstRun>>,
    claimant: Claimant,
) -> Answer {
    let saved = run.record().answers.packages;
    let page = StepPage::new(&run, &claimant, Step::Packages);
    let words = page.words;
    TEMPLATES
        .iter()
        .fold(page.about(words.packages_text), |page, template| {
            let [chosen, price] = template.fields;
            let known = saved.iter().flatten().find(|package| package.name == template.name);
            let is_on = if saved.is_some() { known.is_some() } else { template.is_usual };
            let price_rp = known.map_or(template.price_rp, |package| package.price_rp);
            let tick = FieldView { is_tick: true, is_on, ..text_field(chosen, template.name, "") };
            let price = FieldView {
                inputmode: "numeric",
                ..text_field(price, words.price, claimant.page_request.locale.count(price_rp))
            };
            page.field(tick).field(price)
        })
        .answer()
}

/// `POST /mulai/paket`.
pub(in crate::agent::first_run) async fn save(State(run): State<Arc<FirstRun>>, sent: StepForm) -> Answer {
    let (form, words) = (&sent.form, words_of(&sent));
    let mut errors = BTreeMap::new();
    let mut packages = Vec::new();
    for Template { fields: [chosen, price], name, gb, days, .. } in &TEMPLATES {
        if form.text(chosen).is_none_or(|typed| typed == "no") {
            continue;
        }
        match form.text(price).unwrap_or_default().parse::<Rupiah>() {
            Ok(Rupiah(price_rp)) if (1..=AMOUNT_RP_MAX).contains(&price_rp) => packages.push(PackageAnswer {
                name: (*name).to_owned(),
                quota_bytes: gb.map(|gb| Bytes::gb(gb).0),
                days: *days,
                price_rp,
            }),
            _ => {
                errors.insert(*price, words.price_unfit.to_owned());
            }
        }
    }
    if !errors.is_empty() {
        return Ok(refuse(form, errors));
    }
    go_on(&run, Step::Packages, |record| record.answers.packages = Some(packages))
}
