//! Where product and auditor meet: what happened is told to the auditor, and what the product holds true is held to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::auditor::{Books, Line, Paid, Purpose, Reading, Seen, judge_credit};
use crate::border;
use crate::wire::Heard;

/// Moments kept for a crash: more than happen between two commits.
const PAST_MAX: usize = 64;

/// An order that the agent asked for, for good.
#[derive(Clone, Debug)]
struct Attempt {
    user: String,
    lines: Vec<Line>,
}

/// The auditor with its memory of what may be on the card.
pub struct Inspector {
    pub books: Books,
    /// The site at every moment since the last change that was acknowledged, the oldest first.
    past: Vec<Books>,
    attempts: BTreeMap<String, Attempt>,
    /// Orders that a customer was shown how to pay.
    pub shown: BTreeSet<String>,
    /// Orders that were credited, for the figures.
    pub credited: u64,
}

/// Who wishes to pay online, and for what, while that goes on.
pub type PaymentRequest = Option<(String, Purpose)>;

impl Inspector {
    pub fn new(books: Books) -> Self {
        Self {
            past: vec![books.clone()],
            books,
            attempts: BTreeMap::new(),
            shown: BTreeSet::new(),
            credited: 0,
        }
    }

    /// Something happened that may or may not be on the card.
    pub fn note(&mut self) {
        if self.past.len() == PAST_MAX {
            self.past.remove(1);
        }
        self.past.push(self.books.clone());
    }

    /// What is true at this moment was acknowledged: no crash takes it back.
    pub fn acknowledged(&mut self) {
        self.past.clear();
        self.note();
    }

    /// The process began anew. What it holds true must be what was true at a moment since the last acknowledged change.
    pub fn restarted(&mut self, there: &Seen) -> Result<(), String> {
        let found = self.past.iter().rev().find(|books| {
            let mut books = (*books).clone();
            books.restarted();
            books.seen() == *there
        });
        let Some(books) = found else {
            let last = self.past.last().map(Books::seen);
            let wrong = last.map(|last| last.differences(there).join("\n")).unwrap_or_default();
            return Err(format!("after a crash the store holds what never was true\n{wrong}"));
        };
        let books = books.clone();
        self.restored(books);
        Ok(())
    }

    /// The store went back to the moment at which these books were true.
    pub fn restored(&mut self, mut books: Books) {
        books.restarted();
        self.books = books;
        self.acknowledged();
    }

    pub fn read(&mut self, readings: &[Reading]) {
        for reading in readings {
            self.books.read(reading);
        }
    }

    /// Takes over what the agent heard of the relay.
    pub fn hear(
        &mut self,
        heard: Vec<Heard>,
        wish: &PaymentRequest,
        truths: &BTreeMap<String, Paid>,
    ) -> Result<(), String> {
        for one in heard {
            self.hear_one(one, wish, truths)?;
        }
        Ok(())
    }

    fn hear_one(
        &mut self,
        heard: Heard,
        wish: &PaymentRequest,
        truths: &BTreeMap<String, Paid>,
    ) -> Result<(), String> {
        match heard {
            Heard::Asks { request, amount } => self.asks(request, amount, wish)?,
            Heard::Opened { request, order } => {
                self.shown.insert(order.order_id.clone());
                self.books.opened(&request, &border::told(&order));
            }
            Heard::NotOpened { request } => self.books.failed(&request),
            Heard::Order(order) => self.books.told(&border::told(&order)),
            Heard::Discarded { request, answer } => match &answer.order {
                Some(order) if self.books.openings.contains_key(&request) => {
                    self.books.opened(&request, &border::told(order));
                }
                Some(order) => self.books.told(&border::told(order)),
                None => self.books.failed(&request),
            },
            Heard::Page(page) => {
                for item in &page.items {
                    self.judge(item, truths)?;
                }
                let lines: Vec<_> = page.items.iter().map(border::feed_line).collect();
                self.books.page(&page.epoch, page.next, &lines);
                if !lines.is_empty() {
                    self.acknowledged();
                }
            }
        }
        self.note();
        Ok(())
    }

    fn asks(&mut self, request: String, amount: u64, wish: &PaymentRequest) -> Result<(), String> {
        if self.books.openings.contains_key(&request) {
            return Ok(());
        }
        let Some((user, purpose)) = wish else { return Err(format!("nobody asked for order {request}")) };
        let price = self.books.begin(&request, user, purpose);
        if price != Ok(amount) {
            return Err(format!(
                "{user} wants {purpose:?}: {amount} rupiah are asked for, due are {price:?}"
            ));
        }
        let lines = self.books.openings[&request].lines.clone();
        self.attempts.insert(request, Attempt { user: user.clone(), lines });
        self.acknowledged();
        Ok(())
    }

    /// Whether a line of the feed stands on money, and carries what was frozen.
    fn judge(
        &mut self,
        item: &kuota::protocol::relay::FeedItem,
        truths: &BTreeMap<String, Paid>,
    ) -> Result<(), String> {
        let line = border::feed_line(item);
        if line.effect == "credit" {
            judge_credit(&line.order, truths.get(&line.order))?;
            self.credited += 1;
        }
        let Some(attempt) = self.attempts.get(&line.request) else {
            return Err(format!("{}: nobody asked for {}", line.event, line.request));
        };
        match &line.memo {
            Some((user, _, lines)) if *user == attempt.user && *lines == attempt.lines => Ok(()),
            memo => Err(format!("{}: {memo:?} travelled instead of {attempt:?}", line.event)),
        }
    }
}
