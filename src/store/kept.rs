//! Sums that pages ask for again and again: kept from one reader to the next, until a commit touches what they add up. A
//! month of a large site has ten thousand orders, and the dashboard shows their sums each time.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::reports::Income;
use super::write::Batch;
use crate::domain::units::Bytes;

/// Sums of one kind that are kept: a report is over a year of days at most, or over the hours of a month.
const KEPT_MAX: usize = 1000;

/// The sums, shared by the writer, which knows what changed, and all its readers.
#[derive(Debug, Default)]
pub(super) struct KeptSums {
    /// Orders paid in a span of milliseconds.
    pub(super) income: Sums<Arc<[Income]>>,
    /// Everybody's usage in a span of hours.
    pub(super) usage: Sums<Bytes>,
}

/// Sums by span. Spans do not overlap: all are days of the site's zone, or all are hours.
#[derive(Debug)]
pub(super) struct Sums<T>(Mutex<Found<T>>);

#[derive(Debug)]
struct Found<T> {
    state: State,
    /// By the first moment of the span, with the first one after it.
    sums: BTreeMap<i64, (i64, T)>,
}

/// A state of what is added up: commits so far that changed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct State(u64);

/// The states when a reader was opened. It keeps and takes only sums of those: what it reads itself is not older, and a
/// sum of an older state would be wrong for good.
#[derive(Clone, Debug, Default)]
pub(super) struct KeptFor {
    pub(super) sums: Arc<KeptSums>,
    pub(super) income: State,
    pub(super) usage: State,
}

impl KeptFor {
    /// For a reader that is opened now, before it reads.
    pub fn now(sums: &Arc<KeptSums>) -> Self {
        Self { income: sums.income.state(), usage: sums.usage.state(), sums: Arc::clone(sums) }
    }
}

impl KeptSums {
    /// Forgets the sums of what a batch changed. Called once it is written, or may be.
    pub fn forget(&self, batch: &Batch) {
        let paid_at = batch.orders.iter().filter_map(|order| order.paid_at).map(|at| at.0);
        self.income.forget(paid_at);
        if !batch.redated.is_empty() {
            self.income.forget_all();
        }
        self.usage.forget(batch.usage.iter().map(|(key, _)| key.hour));
        if batch.hours_from.is_some() {
            self.usage.forget_all();
        }
    }
}

impl<T> Default for Sums<T> {
    fn default() -> Self {
        Self(Mutex::new(Found { state: State::default(), sums: BTreeMap::new() }))
    }
}

impl<T: Clone> Sums<T> {
    fn found(&self) -> MutexGuard<'_, Found<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> State {
        self.found().state
    }

    /// The sum of the span as it was in `state`: what is kept, else what `add_up` finds, which is kept then.
    pub fn of<E>(
        &self,
        state: State,
        span: &Range<i64>,
        add_up: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        if let Some(kept) = self.get(state, span) {
            return Ok(kept);
        }
        let sum = add_up()?;
        self.keep(state, span, sum.clone());
        Ok(sum)
    }

    fn get(&self, state: State, span: &Range<i64>) -> Option<T> {
        let found = self.found();
        let (end, sum) = found.sums.get(&span.start)?;
        (found.state == state && *end == span.end).then(|| sum.clone())
    }

    fn keep(&self, state: State, span: &Range<i64>, sum: T) {
        let mut found = self.found();
        if found.state != state {
            return;
        }
        if found.sums.len() >= KEPT_MAX {
            // Nobody knows which of them are asked for next.
            found.sums.clear();
        }
        found.sums.insert(span.start, (span.end, sum));
    }

    /// Forgets the sums that these moments belong to.
    fn forget(&self, moments: impl Iterator<Item = i64>) {
        let mut found = self.found();
        for moment in moments {
            found.state.0 += 1;
            let span = found.sums.range(..=moment).next_back();
            if let Some(start) = span.and_then(|(start, (end, _))| (moment < *end).then_some(*start)) {
                found.sums.remove(&start);
            }
        }
    }

    fn forget_all(&self) {
        let mut found = self.found();
        found.state.0 += 1;
        found.sums.clear();
    }
}
