//! What can be done to an order.

use serde_json::Value;

use super::{Asked, Deed, Entry, Field, Kind, Sheet, Told, Work, errand};
use crate::agent::api::orders::{ask_again, call_off};
use crate::agent::console::texts::office::Office;
use crate::agent::engine::Engine;
use crate::domain::id::OrderId;
use crate::domain::order::{Method, OrderState};
use crate::protocol::admin::orders::{RefundOrder, ReviewOrder};
use crate::store::{OrderRecord, Role};
use crate::ui::form::read_body;
use crate::web::Problem;

/// Everything that can be done to an order.
pub(crate) const ORDER_DEEDS: &[Deed<OrderId>] = &[
    Deed {
        segment: "bukukan",
        title: |l| Office::of(l).credit,
        role: Role::Owner,
        is_grave: false,
        sheet: with_reason,
        work: |entry| review(entry, "credit"),
    },
    Deed {
        segment: "tutup",
        title: |l| Office::of(l).dismiss,
        role: Role::Owner,
        is_grave: true,
        sheet: with_reason,
        work: |entry| review(entry, "dismiss"),
    },
    Deed {
        segment: "tanya",
        title: |l| Office::of(l).refresh,
        role: Role::Cashier,
        is_grave: false,
        sheet,
        work: |entry| {
            let (id, w) = (entry.asked.subject.clone(), Office::of(entry.asked.locale.language));
            let ask =
                async |desk: std::sync::Arc<_>, id| ask_again(&desk, id).await.map(|()| Told::default());
            Ok(Work::Errand(
                vec![w.refresh_will.to_owned()],
                errand(async move |desk, _| ask(desk, id).await),
            ))
        },
    },
    Deed {
        segment: "batalkan",
        title: |l| Office::of(l).cancel,
        role: Role::Cashier,
        is_grave: true,
        sheet,
        work: |entry| {
            let (id, w) = (entry.asked.subject.clone(), Office::of(entry.asked.locale.language));
            let work = errand(async move |desk: std::sync::Arc<_>, actor| {
                call_off(&desk, actor, id).await?;
                Ok(Told::default())
            });
            Ok(Work::Errand(vec![w.cancel_will.to_owned()], work))
        },
    },
    Deed {
        segment: "kembalikan",
        title: |l| Office::of(l).refund,
        role: Role::Owner,
        is_grave: true,
        sheet: refund_sheet,
        work: |entry| Ok(Work::Act(entry.read::<RefundOrder>()?.action(entry.asked.subject.clone()))),
    },
];

/// Whether a deed makes sense for an order as it stands.
pub(crate) fn fits(order: &OrderRecord, segment: &str) -> bool {
    let is_online = matches!(order.method, Method::Online(_));
    let has_money =
        matches!(order.status, OrderState::Paid | OrderState::PartiallyRefunded | OrderState::Review);
    match segment {
        "bukukan" => order.status == OrderState::Review && !order.is_credited(),
        "tutup" => order.status == OrderState::Review,
        "tanya" => is_online,
        "batalkan" => is_online && order.status.is_open(),
        "kembalikan" => has_money && order.refunded < order.amount,
        _ => false,
    }
}

fn find(asked: &Asked<OrderId>, engine: &Engine) -> Result<OrderRecord, Problem> {
    engine.reader().order(&asked.subject)?.ok_or_else(|| Problem::not_found("order"))
}

/// What every deed to an order says of it.
fn sheet(asked: &Asked<OrderId>, engine: &Engine) -> Result<Sheet, Problem> {
    let order = find(asked, engine)?;
    let look = engine.look();
    let user = order.user_no.and_then(|no| look.user_no(no)).map(|user| format!(", {}", user.name));
    let about = format!("{} {}{}", order.id.0, order.amount, user.unwrap_or_default());
    Ok(Sheet { about, home: format!("/pembayaran/{}", order.id.0), ..Sheet::default() })
}

fn reason(asked: &Asked<OrderId>) -> Field {
    Field::new("reason", Office::of(asked.locale.language).reason, Kind::Text).required()
}

fn with_reason(asked: &Asked<OrderId>, engine: &Engine) -> Result<Sheet, Problem> {
    let marks = find(asked, engine)?.flags;
    let notes = marks
        .iter()
        .map(|flag| crate::agent::console::texts::names::flag(asked.locale.language, *flag).to_owned());
    Ok(Sheet { notes: notes.collect(), fields: vec![reason(asked)], ..sheet(asked, engine)? })
}

fn refund_sheet(asked: &Asked<OrderId>, engine: &Engine) -> Result<Sheet, Problem> {
    let w = Office::of(asked.locale.language);
    let order = find(asked, engine)?;
    let left = order.amount.minus(order.refunded).to_string();
    let hint = crate::ui::catalogue::fill(w.refund_hint, &[&left]);
    let how = if order.method.cash().is_some() { w.refund_counter } else { w.refund_gateway };
    let amount = Field::new("amount_rp", w.amount, Kind::Rupiah).hint(hint);
    Ok(Sheet { notes: vec![how.to_owned()], fields: vec![amount, reason(asked)], ..sheet(asked, engine)? })
}

fn review(entry: &Entry<OrderId>, decision: &str) -> Result<Work, Problem> {
    let mut body = entry.sheet.body(entry.form)?;
    body.insert("decision".to_owned(), Value::from(decision));
    Ok(Work::Act(read_body::<ReviewOrder>(body)?.action(entry.asked.subject.clone())))
}
