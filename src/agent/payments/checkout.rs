//! Paying online, and taking cash while something is open online: the relay is asked outside every transaction, and
//! what it says is brought to the ledger by the engine alone.

use tokio::time::{Instant, timeout_at};

use super::calls::{CallError, NOT_CANCELLED};
use super::link::Link;
use super::port::RelayError;
use super::{BeforeCash, PaymentError, Payments};
use crate::agent::engine::{
    Actor, Checkout, Done, Engine, EngineError, Key, OpenOne, PaymentRequest, PendingOrder, order_paid,
};
use crate::domain::id::{OrderId, UserId};
use crate::domain::order::{Item, Line, OnlineMethod};
use crate::protocol::relay::{OpenOrder, OrderItem};

/// Openings and orders called off one after the other before a call gives up.
const ROUNDS_MAX: u32 = 4;
/// How long a wallet or QR payment stays open: the gateway's own time for them.
const WALLET_S: u32 = 15 * 60;
/// How long a bank account number stays open: people go to a machine with it.
const BANK_S: u32 = 24 * 60 * 60;

impl Payments {
    /// Opens a payment through the gateway. Whatever the user has open is called off first.
    pub async fn pay_online(
        &self,
        actor: Actor,
        wish: PaymentRequest,
        key: Option<Key>,
    ) -> Result<Done, PaymentError> {
        let link = self.link()?;
        let timeouts = link.relay.timeouts();
        let begun = Instant::now();
        // What is left of the call's time is for asking: half an order is worse than none.
        let until = begun + timeouts.cancel_order;
        let _turn = timeout_at(until, link.turn(wish.user)).await.map_err(|_| busy())?;
        for _ in 0..ROUNDS_MAX {
            let (actor, asked, key) = (actor.clone(), wish.clone(), key.clone());
            let begin = move |engine: &mut Engine| engine.begin_order(&actor, &asked, key.as_ref());
            match self.engine.call(begin).await?? {
                Checkout::Answered(done) => return Ok(*done),
                Checkout::CancelFirst(open) => self.make_room(link, open, until).await?,
                Checkout::Ask(pending) => return self.ask(link, pending, begun + timeouts.open).await,
            }
        }
        Err(busy())
    }

    /// Calls off what is open. An order that was paid meanwhile is applied, and that is an error of its own.
    async fn make_room(&self, link: &Link, open: OpenOne, until: Instant) -> Result<(), PaymentError> {
        match timeout_at(until, self.cancel_open(link, open)).await {
            Err(_) => Err(RelayError::Unreachable("no answer in time".to_owned()).into()),
            Ok(Err(error)) => Err(error),
            Ok(Ok(Cancellation::Gone)) => Ok(()),
            Ok(Ok(Cancellation::Paid(order))) => Err(self.found_paid(link, &order).await.into()),
        }
    }

    /// The refusal for an order that is paid already, whose credit is applied where the relay still answers.
    async fn found_paid(&self, link: &Link, order: &OrderId) -> EngineError {
        match tokio::time::timeout(link.relay.timeouts().catch_up, self.catch_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(order.id = %order, %error, "a paid order waits for the feed"),
            Err(_) => tracing::warn!(order.id = %order, "a paid order waits for the feed, which takes long"),
        }
        link.wake_feed.notify_one();
        order_paid(order)
    }

    /// Asks the relay for an opening's order and brings the answer to the ledger.
    async fn ask(&self, link: &Link, pending: PendingOrder, deadline: Instant) -> Result<Done, PaymentError> {
        let request = pending.request_id.clone();
        let order = open_order(&pending, &link.return_url);
        let limit = deadline.saturating_duration_since(Instant::now());
        let answer = link.relay.open(&order, limit).await;
        self.note_answer(link, &answer).await?;
        let failed = match answer {
            Ok(order) => {
                let opened = move |engine: &mut Engine| engine.order_opened(&request, &order);
                let outcome = self.engine.call(opened).await?;
                // An amount that does not agree left an outbox item, an access that turned a difference on the router.
                link.wake_outbox();
                self.access_turned.notify_one();
                return outcome.map_err(unopened);
            }
            Err(error) => error,
        };
        let unsure = failed.is_transient();
        self.engine.call(move |engine| engine.order_failed(&request, unsure)).await??;
        link.wake_outbox();
        Err(failed.into())
    }

    /// Ends what a user has open online, and says whether it was paid instead.
    async fn cancel_open(&self, link: &Link, open: OpenOne) -> Result<Cancellation, PaymentError> {
        let order = match open {
            OpenOne::Order(order) => order,
            OpenOne::PendingOrder(request) => match self.discard_pending(link, request).await? {
                Some(order) => order,
                None => return Ok(Cancellation::Gone),
            },
            OpenOne::Discarded { outbox_item, request_id } => {
                let ended = self.discard_request(link, &request_id).await.map_err(plain)?;
                self.engine.call(move |engine| engine.finish_outbox_item(outbox_item)).await??;
                return Ok(ended.map_or(Cancellation::Gone, Cancellation::Paid));
            }
        };
        let status = self.ask_about(link, &order.0, || link.relay.cancel(&order.0)).await.map_err(plain)?;
        if status.is_open() {
            return Err(busy());
        }
        Ok(if status.holds_money() { Cancellation::Paid(order) } else { Cancellation::Gone })
    }

    /// Discards an attempt whose outcome is not known; returns the order that it created, if any.
    async fn discard_pending(&self, link: &Link, request: String) -> Result<Option<OrderId>, PaymentError> {
        let answer = link.relay.abandon(&request).await;
        self.note_answer(link, &answer).await?;
        let Some(order) = answer?.order else {
            self.engine.call(move |engine| engine.order_failed(&request, false)).await??;
            return Ok(None);
        };
        let id = OrderId(order.order_id.clone());
        match self.engine.call(move |engine| engine.order_opened(&request, &order)).await? {
            // Of another amount than was asked for, or discarded meanwhile: it was never stored here.
            Err(EngineError::Conflict { code: AMOUNT_MISMATCH, .. } | EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
            Ok(_) => Ok(Some(id)),
        }
    }

    /// Makes way for money over the counter: what the user has open online is called off first. Where the relay cannot
    /// be asked the money is taken all the same, and the order is called off when it can.
    pub async fn before_cash(&self, user: UserId, key: Option<&Key>) -> Result<BeforeCash, PaymentError> {
        let Ok(link) = self.link() else { return Ok(BeforeCash::Clear(None)) };
        let timeouts = link.relay.timeouts();
        // A caller that has the turn for so long waits for the relay. The engine settles what happens at once.
        let turn = tokio::time::timeout(timeouts.cash, link.turn(user)).await.ok();
        let asked = key.cloned();
        let known = move |engine: &mut Engine| {
            Ok::<_, EngineError>((engine.answered(asked.as_ref())?, engine.open_online(user)))
        };
        let (answered, open) = self.engine.call(known).await??;
        if let Some(outcome) = answered {
            return Ok(BeforeCash::Answered(Box::new(outcome)));
        }
        if let Some(open) = open.filter(|_| turn.is_some()) {
            match tokio::time::timeout(timeouts.cash, self.cancel_open(link, open)).await {
                Ok(Ok(Cancellation::Paid(order))) => return Err(self.found_paid(link, &order).await.into()),
                Ok(Err(error @ (PaymentError::Gone(_) | PaymentError::Engine(_)))) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(BeforeCash::Clear(turn))
    }

    /// Calls an online order off because somebody asks for it.
    pub async fn cancel_order(&self, actor: &Actor, id: OrderId) -> Result<(), PaymentError> {
        let link = self.link()?;
        let user = self.open_order_of(&id).await?;
        let until = Instant::now() + link.relay.timeouts().cancel_order;
        let _turn = timeout_at(until, link.turn(user)).await.map_err(|_| busy())?;
        let (actor, target) = (actor.clone(), id.0.clone());
        let note = move |engine: &mut Engine| engine.note(&actor, "order.cancel", &target, String::new());
        self.engine.call(note).await??;
        self.make_room(link, OpenOne::Order(id), until).await
    }

    async fn open_order_of(&self, id: &OrderId) -> Result<UserId, PaymentError> {
        let wanted = id.clone();
        let orders = self.engine.call(|engine| engine.open_orders()).await?;
        let found = orders.into_iter().find(|order| order.order == wanted).map(|order| order.user);
        found.ok_or_else(|| {
            let message = "only an online order that may still be paid can be called off".to_owned();
            EngineError::Conflict { code: "not_open", message }.into()
        })
    }

    /// Has the gateway asked about an online order, and applies what comes of it.
    pub async fn refresh_order(&self, id: &OrderId) -> Result<(), PaymentError> {
        let link = self.link()?;
        self.ask_about(link, &id.0, || link.relay.refresh(&id.0)).await.map_err(plain)?;
        self.catch_up().await
    }
}

/// The engine's code for a charge of another amount than was asked for.
const AMOUNT_MISMATCH: &str = "amount_mismatch";

/// What became of something that was to be called off.
enum Cancellation {
    /// Nobody can pay it any more.
    Gone,
    /// It was paid before.
    Paid(OrderId),
}

/// Why an order that the relay opened is not used.
fn unopened(error: EngineError) -> PaymentError {
    match error {
        // The gateway's fault, not the caller's.
        EngineError::Conflict { code: AMOUNT_MISMATCH, message } => {
            RelayError::Refused { status: 502, code: "gateway_mismatch".to_owned(), detail: message }.into()
        }
        EngineError::NotFound(_) => {
            let message = "the user paid another way meanwhile, so this order is being called off".to_owned();
            EngineError::Conflict { code: "order_superseded", message }.into()
        }
        error => error.into(),
    }
}

fn busy() -> PaymentError {
    let detail = "the order before could not be called off yet; try again in a moment".to_owned();
    RelayError::Refused { status: 503, code: "order_open".to_owned(), detail }.into()
}

fn plain(error: CallError) -> PaymentError {
    match error {
        CallError::Relay(RelayError::Refused { code, .. }) if code == NOT_CANCELLED => busy(),
        CallError::Relay(error) => error.into(),
        CallError::Payment(error) => error,
        CallError::StillOpen => busy(),
    }
}

/// What the relay is asked for.
fn open_order(pending: &PendingOrder, return_url: &str) -> OpenOrder {
    let items = pending.quote.lines.iter().filter(|line| line.price.0 > 0).map(item).collect();
    let expires_in_s = match pending.method {
        OnlineMethod::Qris | OnlineMethod::Gopay | OnlineMethod::Shopeepay => WALLET_S,
        OnlineMethod::Snap
        | OnlineMethod::VaBca
        | OnlineMethod::VaBni
        | OnlineMethod::VaBri
        | OnlineMethod::VaPermata
        | OnlineMethod::VaCimb
        | OnlineMethod::VaMandiri => BANK_S,
    };
    OpenOrder {
        request_id: pending.request_id.clone(),
        method: pending.method,
        amount_rp: pending.quote.total().0,
        items,
        expires_in_s,
        memo: Some(pending.memo.clone()),
        return_url: (!return_url.is_empty()).then(|| return_url.to_owned()),
    }
}

/// A line as the gateway shows it. Notes of debts are between customer and owner.
fn item(line: &Line) -> OrderItem {
    let name = match &line.item {
        Item::Package { .. } => line.name.as_str(),
        Item::Debt { .. } => "Tagihan",
        Item::Overage => "Pemakaian lebih",
    };
    OrderItem { name: name.to_owned(), price_rp: line.price.0, quantity: 1 }
}
