//! What can be done to packages.

use serde_json::{Map, Value};

use super::form_spec::{Field, Kind, Sheet};
use super::{Asked, Deed, Entry, Work};
use crate::agent::console::texts::people::People;
use crate::agent::engine::{Action, Engine};
use crate::domain::id::PackageId;
use crate::domain::package::Package;
use crate::protocol::admin::packages::{AddPackage, ChangePackage};
use crate::store::Role;
use crate::ui::form::read_body;
use crate::web::Problem;

/// A package is put on sale.
pub(crate) const NEW_DEEDS: &[Deed<()>] = &[Deed {
    segment: "baru",
    title: |l| People::of(l).do_package_add,
    role: Role::Owner,
    is_grave: false,
    sheet: |asked, _| Ok(Sheet { home: "/paket".into(), fields: fields(asked, None), ..Sheet::default() }),
    work: |entry| Ok(Work::Act(entry.read::<AddPackage>()?.action())),
}];

/// Everything that can be done to a package.
pub(crate) const PACKAGE_DEEDS: &[Deed<PackageId>] = &[
    Deed {
        segment: "ubah",
        title: |l| People::of(l).do_package_change,
        role: Role::Owner,
        is_grave: false,
        sheet: |asked, engine| {
            let package = find(asked, engine)?;
            Ok(Sheet { fields: fields(asked, Some(&package)), ..sheet(asked, engine)? })
        },
        work: |entry| {
            let body = entry.sheet.changed(entry.form)?;
            Ok(Work::Act(read_body::<ChangePackage>(body)?.action(entry.asked.subject)))
        },
    },
    Deed {
        segment: "henti",
        title: |l| People::of(l).do_package_stop,
        role: Role::Owner,
        is_grave: false,
        sheet,
        work: |entry| on_sale(entry, false),
    },
    Deed {
        segment: "jual",
        title: |l| People::of(l).do_package_sell,
        role: Role::Owner,
        is_grave: false,
        sheet,
        work: |entry| on_sale(entry, true),
    },
    Deed {
        segment: "hapus",
        title: |l| People::of(l).do_package_delete,
        role: Role::Owner,
        is_grave: true,
        sheet,
        work: |entry| Ok(Work::Act(Action::DeletePackage(entry.asked.subject))),
    },
];

fn on_sale(entry: &Entry<PackageId>, is_on: bool) -> Result<Work, Problem> {
    let body = Map::from_iter([("active".to_owned(), Value::from(is_on))]);
    Ok(Work::Act(read_body::<ChangePackage>(body)?.action(entry.asked.subject)))
}

fn find(asked: &Asked<PackageId>, engine: &Engine) -> Result<Package, Problem> {
    let packages = engine.look().packages();
    let found = packages.into_iter().find(|package| package.id == asked.subject);
    found.ok_or_else(|| Problem::not_found("package"))
}

fn sheet(asked: &Asked<PackageId>, engine: &Engine) -> Result<Sheet, Problem> {
    Ok(Sheet { about: find(asked, engine)?.name, home: "/paket".into(), ..Sheet::default() })
}

fn fields<S>(asked: &Asked<S>, package: Option<&Package>) -> Vec<Field> {
    let words = asked.words();
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
