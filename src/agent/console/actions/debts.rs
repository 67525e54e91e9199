//! What can be done to one debt item.

use super::customers::{paying, reason};
use super::form_spec::{Field, Kind, Sheet};
use super::{Asked, Deed, Work};
use crate::agent::console::texts::people::People;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::state::user;
use crate::domain::debt::DebtItem;
use crate::domain::id::{DebtId, UserId};
use crate::protocol::admin::debts::{ChangeDebt, WriteOffDebt};
use crate::protocol::admin::money::SettleDebts;
use crate::store::Role;
use crate::web::Problem;

/// Everything that can be done to a debt item.
pub(crate) const DEBT_DEEDS: &[Deed<(UserId, DebtId)>] = &[
    Deed {
        segment: "lunas",
        title: |l| People::of(l).do_settle,
        role: Role::Cashier,
        is_grave: false,
        sheet: |asked, engine| {
            let (_, sheet) = sheet(asked, engine)?;
            Ok(Sheet { fields: paying(asked), is_priced: true, takes_money: true, ..sheet })
        },
        work: |entry| {
            let (user, debt) = entry.asked.subject;
            Ok(Work::Money(user, entry.read::<SettleDebts>()?.one(user, debt)))
        },
    },
    Deed {
        segment: "jatuh-tempo",
        title: |l| People::of(l).do_promise,
        role: Role::Operator,
        is_grave: false,
        sheet: |asked, engine| {
            let (item, sheet) = sheet(asked, engine)?;
            let words = asked.words();
            let due = Field::new("due_date", words.due_date, Kind::Date).required();
            let note = Field::new("note", words.note, Kind::Text).value(item.note);
            Ok(Sheet { fields: vec![due.value(item.due_date.to_string()), note], ..sheet })
        },
        work: |entry| {
            let (user, debt) = entry.asked.subject;
            Ok(Work::Act(entry.read::<ChangeDebt>()?.action(user, debt)?))
        },
    },
    Deed {
        segment: "hapus",
        title: |l| People::of(l).do_write_off,
        role: Role::Owner,
        is_grave: true,
        sheet: |asked, engine| {
            let (_, sheet) = sheet(asked, engine)?;
            Ok(Sheet { fields: vec![reason(asked)], ..sheet })
        },
        work: |entry| {
            let (user, debt) = entry.asked.subject;
            Ok(Work::Act(entry.read::<WriteOffDebt>()?.action(user, debt)))
        },
    },
];

/// The item, open or closed, and a sheet about it that asks nothing yet.
fn sheet(asked: &Asked<(UserId, DebtId)>, engine: &Engine) -> Result<(DebtItem, Sheet), Problem> {
    let (id, debt) = asked.subject;
    let found = user(engine, id)?;
    let item = engine.reader().debt(debt)?.filter(|(owner, _)| *owner == found.user.no);
    let (_, item) = item.ok_or_else(|| Problem::not_found("debt of this user"))?;
    let due = engine.look().with_context(|ctx| ctx.tariff().due(&item).ok());
    let parts = [
        say::debt_amount(&asked.locale, &item),
        say::price(asked.locale.language, due),
        format!("{} {}", asked.words().due_date, asked.locale.day(item.due_date)),
    ];
    let about = format!("{}, {}", found.user.name, parts.join(", "));
    Ok((item, Sheet { about, home: format!("/pelanggan/{id}"), ..Sheet::default() }))
}
