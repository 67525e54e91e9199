//! Payments, newest first, with the review queue on top.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::session::AdminSession;
use crate::agent::console::texts::names;
use crate::agent::console::texts::office::Office;
use crate::agent::console::texts::say;
use crate::agent::engine::Engine;
use crate::agent::http::state::{Answer, AppState};
use crate::domain::order::OrderState;
use crate::protocol::admin::page::{Cursor, List, PageLimit, given};
use crate::store::{OrderFilter, OrderRecord, Page};
use crate::ui::desk::Layout;
use crate::ui::{Badge, Frame, Locale, html};
use crate::web::{Problem, Query};

/// Rows of the review queue above the list.
const QUEUE_MAX: u32 = 20;
/// Longest text that is searched for.
const SEARCH_CHARS_MAX: usize = 100;

/// Which orders a person looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Which {
    #[default]
    All,
    Open,
    Paid,
    Review,
    Refunded,
}

impl Which {
    const ALL: [Self; 5] = [Self::All, Self::Review, Self::Open, Self::Paid, Self::Refunded];

    const fn name(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Open => "open",
            Self::Paid => "paid",
            Self::Review => "review",
            Self::Refunded => "refunded",
        }
    }

    fn states(self) -> Vec<OrderState> {
        use OrderState::{ChargedBack, PartiallyRefunded, Refunded, Reversed};
        match self {
            Self::All => Vec::new(),
            Self::Open => OrderState::ALL.iter().copied().filter(|state| state.is_open()).collect(),
            Self::Paid => vec![OrderState::Paid],
            Self::Review => vec![OrderState::Review],
            Self::Refunded => vec![PartiallyRefunded, Refunded, ChargedBack, Reversed],
        }
    }

    fn title(self, w: &Office) -> &'static str {
        match self {
            Self::All => w.filter_all,
            Self::Open => w.filter_open,
            Self::Paid => w.filter_paid,
            Self::Review => w.filter_review,
            Self::Refunded => w.filter_returned,
        }
    }
}

/// `GET /pembayaran`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Ask {
    status: Which,
    q: String,
    #[serde(deserialize_with = "given")]
    after: Option<Cursor>,
}

/// An order in a list.
pub(crate) struct Row {
    id: String,
    at: String,
    user: Option<String>,
    amount: String,
    kind: &'static str,
    method: &'static str,
    status: Badge,
    receipt: String,
    flags: Vec<&'static str>,
}

struct Filter {
    path: String,
    name: &'static str,
    is_here: bool,
}

#[derive(Template)]
#[template(path = "console/office/payments.html")]
struct PaymentsPage {
    frame: Frame,
    layout: Layout,
    w: &'static Office,
    filters: Vec<Filter>,
    q: String,
    queue: Vec<Row>,
    rows: Vec<Row>,
    next: Option<String>,
    is_later: bool,
}

/// What was found.
struct FoundPayments {
    queue: Vec<(OrderRecord, Option<String>)>,
    list: List<(OrderRecord, Option<String>)>,
}

pub(crate) async fn show(
    State(app): State<Arc<AppState>>,
    session: AdminSession,
    Query(ask): Query<Ask>,
) -> Answer {
    let (which, is_later) = (ask.status, ask.after.is_some());
    let q: String = ask.q.trim().chars().take(SEARCH_CHARS_MAX).collect();
    let wanted = Ask { q: q.clone(), ..ask };
    let found = app.read(move |engine| find(engine, &wanted)).await?;
    let w = session.office();
    let locale = &session.page_request.locale;
    let rows = |orders: Vec<(OrderRecord, Option<String>)>| {
        orders.into_iter().map(|(order, user)| row(locale, &order, user)).collect()
    };
    let next = found.list.next.map(|next| format!("/pembayaran?status={}&after={next}", which.name()));
    let (frame, layout) = session.layout(w.payments, "/pembayaran");
    let filter = |one: Which| Filter {
        path: if one == Which::All {
            "/pembayaran".to_owned()
        } else {
            format!("/pembayaran?status={}", one.name())
        },
        name: one.title(w),
        is_here: one == which && q.is_empty(),
    };
    html(&PaymentsPage {
        frame,
        layout,
        w,
        filters: Which::ALL.into_iter().map(filter).collect(),
        queue: rows(found.queue),
        rows: rows(found.list.items),
        next,
        is_later,
        q,
    })
}

fn find(engine: &Engine, ask: &Ask) -> Result<FoundPayments, Problem> {
    let reader = engine.reader();
    let limit = PageLimit::default();
    if !ask.q.is_empty() {
        let orders = reader.orders_called(&ask.q, limit.rows_and_one() - 1)?;
        return Ok(FoundPayments {
            queue: Vec::new(),
            list: List { items: named(engine, orders), next: None },
        });
    }
    let review = OrderFilter { states: Which::Review.states(), ..OrderFilter::default() };
    // The queue is above the first page of all payments; where the queue is the list, it is not repeated.
    let is_first = ask.status == Which::All && ask.after.is_none();
    let rows = if is_first { QUEUE_MAX } else { 0 };
    let queue = reader.find_orders(&review, Page { limit: rows, after: None })?;
    let queue = queue.into_iter().map(|(_, order)| order).collect();
    let page = Page { limit: limit.rows_and_one(), after: ask.after.map(|cursor| cursor.0) };
    let filter = OrderFilter { states: ask.status.states(), ..OrderFilter::default() };
    let List { items, next } = List::of(reader.find_orders(&filter, page)?, limit, |(no, _)| *no);
    let items = named(engine, items.into_iter().map(|(_, order)| order).collect());
    Ok(FoundPayments { queue: named(engine, queue), list: List { items, next } })
}

/// Each order with its user's name; deleted users have none.
fn named(engine: &Engine, orders: Vec<OrderRecord>) -> Vec<(OrderRecord, Option<String>)> {
    let look = engine.read_view();
    let name =
        |order: &OrderRecord| order.user_no.and_then(|no| look.user_no(no)).map(|user| user.name.clone());
    orders.into_iter().map(|order| (name(&order), order)).map(|(name, order)| (order, name)).collect()
}

fn row(locale: &Locale, order: &OrderRecord, user: Option<String>) -> Row {
    Row {
        id: order.id.0.clone(),
        at: locale.moment(order.created_at),
        user,
        amount: order.amount.to_string(),
        kind: names::order_kind(locale.language, order.kind),
        method: say::method(locale.language, order.method),
        status: names::order_state(locale.language, order.status),
        receipt: order.receipt_no.map(|no| locale.count(no)).unwrap_or_default(),
        flags: order.flags.iter().map(|flag| names::flag(locale.language, *flag)).collect(),
    }
}
