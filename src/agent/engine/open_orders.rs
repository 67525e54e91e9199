//! The effect of an open online order on access: the pay window, in which a blocked user is online to pay.

use std::time::Duration;

use crate::domain::access::Facts;
use crate::domain::account::Policy;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::store::{OrderRecord, PayWindow};

/// The most traffic of one window: bank and wallet apps need little.
pub const WINDOW_BYTES_MAX: Bytes = Bytes::mb(30);
/// Windows one user may have on one local day.
const WINDOWS_PER_DAY: u32 = 2;

/// An online order that can still be paid.
#[derive(Clone, Debug)]
pub(super) struct OpenOrder {
    pub record: OrderRecord,
    /// When it was opened, in time since boot; `None` for one from before the start.
    pub opened: Option<Duration>,
}

impl OpenOrder {
    /// Milliseconds since it was opened; `None` when the wall clock went back to an earlier time.
    fn age_ms(&self, now: Timestamp, uptime: Duration) -> Option<u64> {
        match self.opened {
            Some(opened) => u64::try_from(uptime.saturating_sub(opened).as_millis()).ok(),
            None => u64::try_from(now.0.saturating_sub(self.record.created_at.0)).ok(),
        }
    }

    /// Whether it can still keep open or open a window.
    pub fn is_young(&self, at: &Now) -> bool {
        self.age_ms(at.wall, at.uptime).is_some_and(|age| age < at.policy.pay_window_ms)
    }

    /// Whether it keeps a window open, or would open one for a blocked user.
    fn lets_pay(&self, windows_today: u32, at: &Now) -> bool {
        let has_room = match self.record.online.window {
            Some(window) => window.used < WINDOW_BYTES_MAX,
            None => windows_today < WINDOWS_PER_DAY,
        };
        has_room && self.is_young(at)
    }

    /// An order of a draft: opened now, unless the memory has it.
    pub fn drafted(record: OrderRecord, known: Option<&Self>, now: Timestamp, uptime: Duration) -> Self {
        let is_fresh = record.created_at == now;
        let opened = known.map_or(is_fresh.then_some(uptime), |known| known.opened);
        Self { record, opened }
    }

    pub fn opened(&self) -> Option<Duration> {
        self.opened
    }
}

/// The moment at which access is decided.
#[derive(Clone, Copy)]
pub(super) struct Now<'a> {
    pub facts: &'a Facts,
    /// The wall clock, trusted or not: orders are written with it.
    pub wall: Timestamp,
    pub uptime: Duration,
    pub policy: &'a Policy,
}

impl Now<'_> {
    /// The facts for a user with these open orders and this number of windows today.
    pub fn narrowed<'o>(&self, orders: impl Iterator<Item = &'o OpenOrder>, windows_today: u32) -> Facts {
        let (mut paying, mut has_order) = (false, false);
        for order in orders {
            has_order = true;
            paying |= order.lets_pay(windows_today, self);
        }
        Facts { paying, grace: self.facts.grace && has_order, ..*self.facts }
    }

    /// The youngest order that would open a window, when none of these keeps one open.
    pub fn window_due<'o>(
        &self,
        orders: impl Iterator<Item = &'o OpenOrder>,
        windows_today: u32,
    ) -> Option<&'o OpenOrder> {
        let mut due: Option<&OpenOrder> = None;
        for order in orders.filter(|order| order.lets_pay(windows_today, self)) {
            if order.record.online.window.is_some() {
                return None;
            }
            if due.is_none_or(|due| due.record.created_at <= order.record.created_at) {
                due = Some(order);
            }
        }
        due
    }

    /// A window that opens now.
    pub fn window(&self) -> PayWindow {
        PayWindow { at: self.facts.now, used: Bytes::ZERO }
    }

    pub fn day(&self) -> i64 {
        day_number(self.facts.local.date)
    }
}
