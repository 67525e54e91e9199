//! Form actions for one debt item.

use serde_json::Value;

use super::action::{FormAction, FormContext, Work};
use super::customers::{customer_note, paying, reason};
use super::form_spec::{Field, FormSpec, Kind};
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
pub(crate) const DEBT_ACTIONS: &[FormAction<(UserId, DebtId)>] = &[
    FormAction {
        segment: "lunas",
        title: |l| People::of(l).do_settle,
        role: Role::Cashier,
        is_grave: false,
        fits: DebtItem::is_open,
        spec: |context, engine| {
            let (_, spec) = spec(context, engine)?;
            Ok(FormSpec { fields: paying(context), is_priced: true, takes_money: true, ..spec })
        },
        work: |submission| {
            let (user, debt) = submission.context.subject;
            Ok(Work::Money(user, submission.read::<SettleDebts>()?.one(user, debt)))
        },
    },
    FormAction {
        segment: "jatuh-tempo",
        title: |l| People::of(l).do_promise,
        role: Role::Operator,
        is_grave: false,
        fits: DebtItem::is_open,
        spec: |context, engine| {
            let (item, spec) = spec(context, engine)?;
            let words = context.words();
            let due = Field::new("due_date", words.due_date, Kind::Date).required();
            let note = Field::new("note", words.private_note, Kind::Text).hint(words.private_note_hint);
            let note = note.or_null().value(item.note);
            let for_customer = customer_note(words).or_null().value(item.customer_note);
            let fields = vec![due.value(item.due_date.to_string()), note, for_customer];
            Ok(FormSpec { fields, ..spec })
        },
        work: |submission| {
            let (user, debt) = submission.context.subject;
            let change = submission.spec.read_changed::<ChangeDebt>(submission.form, |mut body| {
                // A note that was emptied is removed.
                for note in body.values_mut().filter(|value| value.is_null()) {
                    *note = Value::from("");
                }
                body
            })?;
            Ok(Work::CommandContext(change.command(user, debt)?))
        },
    },
    FormAction {
        segment: "hapus",
        title: |l| People::of(l).do_write_off,
        role: Role::Owner,
        is_grave: true,
        fits: DebtItem::is_open,
        spec: |context, engine| {
            let (_, spec) = spec(context, engine)?;
            Ok(FormSpec { fields: vec![reason(context)], ..spec })
        },
        work: |submission| {
            let (user, debt) = submission.context.subject;
            Ok(Work::CommandContext(submission.read::<WriteOffDebt>()?.command(user, debt)))
        },
    },
];

/// The item, open or closed, and a sheet about it that asks nothing yet.
fn spec(context: &FormContext<(UserId, DebtId)>, engine: &Engine) -> Result<(DebtItem, FormSpec), Problem> {
    let (id, debt) = context.subject;
    let found = user(engine, id)?;
    let item = engine.reader().debt(debt)?.filter(|(owner, _)| *owner == found.user.no);
    let (_, item) = item.ok_or_else(|| Problem::not_found("debt of this user"))?;
    let due = engine.read_view().with_context(|ctx| ctx.tariff().due(&item).ok());
    let parts = [
        say::debt_amount(&context.locale, &item),
        say::price(context.locale.language, due),
        format!("{} {}", context.words().due_date, context.locale.day(item.due_date)),
    ];
    let about = format!("{}, {}", found.user.name, parts.join(", "));
    Ok((item, FormSpec { about, home: format!("/pelanggan/{id}"), ..FormSpec::default() }))
}
