//! Form actions for packages.

use serde_json::{Map, Value};

use super::action::{FormAction, FormContext, Submission, Work, always};
use super::form_spec::{Field, FormSpec, Kind};
use crate::agent::console::texts::people::People;
use crate::agent::engine::{Command, Engine};
use crate::domain::id::PackageId;
use crate::domain::package::Package;
use crate::protocol::admin::packages::{AddPackage, ChangePackage};
use crate::store::Role;
use crate::ui::form::read_body;
use crate::web::Problem;

/// A package is put on sale.
pub(crate) const NEW_PACKAGE_ACTIONS: &[FormAction<()>] = &[FormAction {
    segment: "baru",
    title: |l| People::of(l).do_package_add,
    role: Role::Owner,
    is_grave: false,
    fits: always,
    spec: |context, _| {
        Ok(FormSpec { home: "/paket".into(), fields: fields(context, None), ..FormSpec::default() })
    },
    work: |submission| Ok(Work::CommandContext(submission.read::<AddPackage>()?.command())),
}];

/// Everything that can be done to a package.
pub(crate) const PACKAGE_ACTIONS: &[FormAction<PackageId>] = &[
    FormAction {
        segment: "ubah",
        title: |l| People::of(l).do_package_change,
        role: Role::Owner,
        is_grave: false,
        fits: always,
        spec: |context, engine| {
            let package = find(context, engine)?;
            Ok(FormSpec { fields: fields(context, Some(&package)), ..spec(context, engine)? })
        },
        work: |submission| {
            let body = submission.spec.changed(submission.form)?;
            let change = submission.spec.read_every::<ChangePackage>(body, &[])?;
            Ok(Work::CommandContext(change.command(submission.context.subject)))
        },
    },
    FormAction {
        segment: "henti",
        title: |l| People::of(l).do_package_stop,
        role: Role::Owner,
        is_grave: false,
        fits: |package| package.active,
        spec,
        work: |submission| on_sale(submission, false),
    },
    FormAction {
        segment: "jual",
        title: |l| People::of(l).do_package_sell,
        role: Role::Owner,
        is_grave: false,
        fits: |package| !package.active,
        spec,
        work: |submission| on_sale(submission, true),
    },
    FormAction {
        segment: "hapus",
        title: |l| People::of(l).do_package_delete,
        role: Role::Owner,
        is_grave: true,
        fits: always,
        spec,
        work: |submission| Ok(Work::CommandContext(Command::DeletePackage(submission.context.subject))),
    },
];

fn on_sale(submission: &Submission<PackageId>, is_on: bool) -> Result<Work, Problem> {
    let body = Map::from_iter([("active".to_owned(), Value::from(is_on))]);
    Ok(Work::CommandContext(read_body::<ChangePackage>(body)?.command(submission.context.subject)))
}

fn find(context: &FormContext<PackageId>, engine: &Engine) -> Result<Package, Problem> {
    let packages = engine.read_view().packages();
    let found = packages.into_iter().find(|package| package.id == context.subject);
    found.ok_or_else(|| Problem::not_found("package"))
}

fn spec(context: &FormContext<PackageId>, engine: &Engine) -> Result<FormSpec, Problem> {
    Ok(FormSpec { about: find(context, engine)?.name, home: "/paket".into(), ..FormSpec::default() })
}

fn fields<S>(context: &FormContext<S>, package: Option<&Package>) -> Vec<Field> {
    let words = context.words();
    let value = |of: fn(&Package) -> String| package.map(of).unwrap_or_default();
    let quota = |package: &Package| package.quota.map(|quota| quota.to_string()).unwrap_or_default();
    vec![
        Field::new("name", words.name, Kind::Text).required().value(value(|package| package.name.clone())),
        Field::new("quota", words.quota, Kind::Amount)
            .or_null()
            .hint(words.quota_hint)
            .value(package.map(quota).unwrap_or_default()),
        Field::new("days", words.days, Kind::Number)
            .required()
            .value(value(|package| package.days.to_string())),
        Field::new("price_rp", words.price, Kind::Rupiah)
            .required()
            .value(value(|package| package.price.0.to_string())),
        Field::tick("active", words.on_sale, package.is_none_or(|package| package.active)),
    ]
}
