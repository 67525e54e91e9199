//! Form actions for one order.

use serde_json::Value;

use super::action::{FormAction, FormContext, Submission, Work, operation};
use super::form_spec::{Field, FormSpec, Kind};
use crate::agent::console::texts::office::Office;
use crate::agent::engine::Engine;
use crate::agent::http::orders::{ask_again, cancel_order};
use crate::domain::id::OrderId;
use crate::domain::order::{Method, OrderState};
use crate::protocol::admin::orders::{RefundOrder, ReviewOrder};
use crate::store::{OrderRecord, Role};
use crate::ui::flash::Flash;
use crate::ui::form::read_body;
use crate::web::Problem;

/// Everything that can be done to an order.
pub(crate) const ORDER_ACTIONS: &[FormAction<OrderId>] = &[
    FormAction {
        segment: "bukukan",
        title: |l| Office::of(l).credit,
        role: Role::Owner,
        is_grave: false,
        fits: |order| order.status == OrderState::Review && !order.is_credited(),
        spec: with_reason,
        work: |submission| review(submission, "credit"),
    },
    FormAction {
        segment: "tutup",
        title: |l| Office::of(l).dismiss,
        role: Role::Owner,
        is_grave: true,
        fits: |order| order.status == OrderState::Review,
        spec: with_reason,
        work: |submission| review(submission, "dismiss"),
    },
    FormAction {
        segment: "tanya",
        title: |l| Office::of(l).refresh,
        role: Role::Cashier,
        is_grave: false,
        fits: is_online,
        spec,
        work: |submission| {
            let (id, w) =
                (submission.context.subject.clone(), Office::of(submission.context.locale.language));
            let ask = async |app: std::sync::Arc<_>, id| ask_again(&app, id).await.map(|()| Flash::default());
            Ok(Work::Operation(
                vec![w.refresh_will.to_owned()],
                operation(async move |app, _| ask(app, id).await),
            ))
        },
    },
    FormAction {
        segment: "batalkan",
        title: |l| Office::of(l).cancel,
        role: Role::Cashier,
        is_grave: true,
        fits: |order| is_online(order) && order.status.is_open(),
        spec,
        work: |submission| {
            let (id, w) =
                (submission.context.subject.clone(), Office::of(submission.context.locale.language));
            let work = operation(async move |app: std::sync::Arc<_>, actor| {
                cancel_order(&app, actor, id).await?;
                Ok(Flash::default())
            });
            Ok(Work::Operation(vec![w.cancel_will.to_owned()], work))
        },
    },
    FormAction {
        segment: "kembalikan",
        title: |l| Office::of(l).refund,
        role: Role::Owner,
        is_grave: true,
        fits: |order| has_money(order) && order.refunded < order.amount,
        spec: refund_sheet,
        work: |submission| {
            Ok(Work::CommandContext(
                submission.read::<RefundOrder>()?.command(submission.context.subject.clone()),
            ))
        },
    },
];

fn is_online(order: &OrderRecord) -> bool {
    matches!(order.method, Method::Online(_))
}

/// Whether money came that may go back.
fn has_money(order: &OrderRecord) -> bool {
    order.status.holds_money()
}

fn find(context: &FormContext<OrderId>, engine: &Engine) -> Result<OrderRecord, Problem> {
    engine.reader().order(&context.subject)?.ok_or_else(|| Problem::not_found("order"))
}

/// What every deed to an order says of it.
fn spec(context: &FormContext<OrderId>, engine: &Engine) -> Result<FormSpec, Problem> {
    let order = find(context, engine)?;
    let look = engine.read_view();
    let user = order.user_no.and_then(|no| look.user_no(no)).map(|user| format!(", {}", user.name));
    let about = format!("{} {}{}", order.id.0, order.amount, user.unwrap_or_default());
    Ok(FormSpec { about, home: format!("/pembayaran/{}", order.id.0), ..FormSpec::default() })
}

fn reason(context: &FormContext<OrderId>) -> Field {
    Field::new("reason", Office::of(context.locale.language).reason, Kind::Text).required()
}

fn with_reason(context: &FormContext<OrderId>, engine: &Engine) -> Result<FormSpec, Problem> {
    let marks = find(context, engine)?.flags;
    let notes = marks
        .iter()
        .map(|flag| crate::agent::console::texts::names::flag(context.locale.language, *flag).to_owned());
    Ok(FormSpec { notes: notes.collect(), fields: vec![reason(context)], ..spec(context, engine)? })
}

fn refund_sheet(context: &FormContext<OrderId>, engine: &Engine) -> Result<FormSpec, Problem> {
    let w = Office::of(context.locale.language);
    let order = find(context, engine)?;
    let left = order.amount.minus(order.refunded).to_string();
    let hint = crate::ui::catalogue::fill(w.refund_hint, &[&left]);
    let how = if order.method.cash().is_some() { w.refund_counter } else { w.refund_gateway };
    let amount = Field::new("amount_rp", w.amount, Kind::Rupiah).hint(hint);
    Ok(FormSpec {
        notes: vec![how.to_owned()],
        fields: vec![amount, reason(context)],
        ..spec(context, engine)?
    })
}

fn review(submission: &Submission<OrderId>, decision: &str) -> Result<Work, Problem> {
    let mut body = submission.spec.body(submission.form)?;
    body.insert("decision".to_owned(), Value::from(decision));
    Ok(Work::CommandContext(read_body::<ReviewOrder>(body)?.command(submission.context.subject.clone())))
}
