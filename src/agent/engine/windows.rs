//! Online orders in memory, and the effect of open ones on access: the pay window, in which a blocked user is online
//! to pay, and the grace while the relay is silent.

use std::collections::BTreeSet;
use std::time::Duration;

use super::open_orders::{Now, OpenOrder, WINDOW_BYTES_MAX};
use super::state::State;
use super::undo::UndoMap;
use crate::clock::Zone;
use crate::domain::access::{Facts, Reason};
use crate::domain::account::Policy;
use crate::domain::id::OrderId;
use crate::domain::units::{Bytes, Timestamp, day_number};
use crate::identity::signed_tokens::SignedTokens;
use crate::store::{Cursor, OpeningRecord, OrderRecord, OutboxItem, OutboxWork, Store, StoreError};

/// A window older than two days cannot be of today.
const WINDOW_DAYS_READ_MS: i64 = 2 * crate::domain::units::DAY_MS;

/// The engine's memory of online payments.
#[derive(Clone, Debug)]
pub(super) struct OnlineState {
    orders: UndoMap<OrderId, OpenOrder>,
    of_user: UndoMap<u32, BTreeSet<OrderId>>,
    /// Attempts whose outcome is not known, by request.
    pub pending_orders: UndoMap<String, OpeningRecord>,
    pub outbox: UndoMap<u64, OutboxItem>,
    outbox_no: u64,
    pub cursor: Cursor,
    /// The last local day on which each user had a window, and how many.
    windows: UndoMap<u32, (i64, u32)>,
    /// Since when the relay does not answer, in time since boot.
    pub silent_since: Option<Duration>,
    /// Time since boot at the last look.
    pub uptime: Duration,
    /// Signs the memos of orders.
    pub signer: SignedTokens,
    /// Single values before the changes that may be taken back.
    before: Option<(u64, Cursor)>,
}

impl OnlineState {
    pub fn load(
        store: &Store,
        orders: Vec<OrderRecord>,
        pending_orders: Vec<OpeningRecord>,
        outbox: Vec<OutboxItem>,
        now: Timestamp,
        zone: &Zone,
    ) -> Result<Self, StoreError> {
        let mut state = Self {
            outbox_no: outbox.iter().map(|outbox_item| outbox_item.no).max().unwrap_or_default(),
            pending_orders: pending_orders
                .into_iter()
                .map(|opening| (opening.request_id.clone(), opening))
                .collect(),
            outbox: outbox.into_iter().map(|outbox_item| (outbox_item.no, outbox_item)).collect(),
            orders: UndoMap::default(),
            of_user: UndoMap::default(),
            cursor: Cursor::default(),
            windows: UndoMap::default(),
            silent_since: None,
            uptime: Duration::ZERO,
            signer: SignedTokens::new(store.site_secret()),
            before: None,
        };
        for order in orders {
            state.put(order, None);
        }
        for (user_no, at) in store.windows_since(Timestamp(now.0.saturating_sub(WINDOW_DAYS_READ_MS)))? {
            state.count_window(user_no, day_number(zone.local(at).date));
        }
        Ok(state)
    }

    /// Changes from here on can be taken back.
    pub fn begin_changes(&mut self) {
        let Self {
            orders,
            of_user,
            pending_orders,
            outbox,
            outbox_no,
            cursor,
            windows,
            silent_since: _,
            uptime: _,
            signer: _,
            before,
        } = self;
        orders.begin();
        of_user.begin();
        pending_orders.begin();
        outbox.begin();
        windows.begin();
        *before = Some((*outbox_no, cursor.clone()));
    }

    /// The changes since the beginning stay.
    pub fn keep_changes(&mut self) {
        self.orders.keep();
        self.of_user.keep();
        self.pending_orders.keep();
        self.outbox.keep();
        self.windows.keep();
        self.before = None;
    }

    /// Takes back the changes since the beginning.
    pub fn undo_changes(&mut self) {
        self.orders.undo();
        self.of_user.undo();
        self.pending_orders.undo();
        self.outbox.undo();
        self.windows.undo();
        if let Some((outbox_no, cursor)) = self.before.take() {
            (self.outbox_no, self.cursor) = (outbox_no, cursor);
        }
    }

    /// Stores an order, or drops it once it can no longer be paid.
    pub fn put(&mut self, record: OrderRecord, opened: Option<Duration>) {
        let id = record.id.clone();
        let before = self.orders.remove(&id);
        let Some(user_no) = record.user_no.filter(|_| record.status.is_open()) else {
            if let Some(orders) =
                before.and_then(|b| b.record.user_no).and_then(|no| self.of_user.get_mut(&no))
            {
                orders.remove(&id);
            }
            return;
        };
        let opened = before.map_or(opened, |before| before.opened);
        self.of_user.get_or_insert(user_no, BTreeSet::new()).insert(id.clone());
        self.orders.insert(id, OpenOrder { record, opened });
    }

    /// Corrects the time at which an open order was opened.
    pub fn redate(&mut self, id: &str, said: Timestamp, at: Timestamp) {
        if let Some(open) = self.orders.get_mut(&OrderId(id.to_owned()))
            && open.record.created_at == said
        {
            open.record.created_at = at;
        }
    }

    pub fn order(&self, id: &OrderId) -> Option<&OrderRecord> {
        self.orders.get(id).map(|open| &open.record)
    }

    pub fn open_order(&self, id: &OrderId) -> Option<&OpenOrder> {
        self.orders.get(id)
    }

    pub fn orders(&self) -> impl Iterator<Item = &OrderRecord> {
        self.orders.values().map(|open| &open.record)
    }

    pub fn orders_of(&self, user_no: u32) -> impl Iterator<Item = &OpenOrder> {
        let ids = self.of_user.get(&user_no).into_iter().flatten();
        ids.filter_map(|id| self.orders.get(id))
    }

    pub fn openings_of(&self, user_no: u32) -> impl Iterator<Item = &OpeningRecord> {
        self.pending_orders.values().filter(move |opening| opening.user_no == user_no)
    }

    pub fn windows_on(&self, user_no: u32, day: i64) -> u32 {
        self.windows.get(&user_no).filter(|(on, _)| *on == day).map_or(0, |(_, windows)| *windows)
    }

    pub fn count_window(&mut self, user_no: u32, day: i64) {
        let windows = self.windows.get_or_insert(user_no, (day, 0));
        match windows.0.cmp(&day) {
            std::cmp::Ordering::Less => *windows = (day, 1),
            std::cmp::Ordering::Equal => windows.1 += 1,
            // A clock that went back: the later day counts.
            std::cmp::Ordering::Greater => {}
        }
    }

    /// Adds an outbox item for the relay.
    pub fn put_outbox_item(&mut self, work: OutboxWork, at: Timestamp) -> OutboxItem {
        self.outbox_no += 1;
        let outbox_item = OutboxItem { no: self.outbox_no, work, attempts: 0, next_at: at };
        self.outbox.insert(outbox_item.no, outbox_item.clone());
        outbox_item
    }

    /// The facts for one user.
    pub fn facts_of(&self, user_no: u32, at: &Now) -> Facts {
        at.narrowed(self.orders_of(user_no), self.windows_on(user_no, at.day()))
    }

    /// Whether the relay has been silent for less than the grace.
    pub fn has_grace(&self, uptime: Duration, policy: &Policy) -> bool {
        let silent = self.silent_since.map(|since| uptime.saturating_sub(since));
        silent.is_some_and(|silent| silent.as_millis() < u128::from(policy.offline_grace_ms))
    }
}

impl State {
    /// Opens the user's pay window after this decision, if one is due.
    pub(super) fn open_window(&mut self, user_no: u32, facts: &Facts, policy: &Policy) {
        if self.users[&user_no].account.access.reason != Some(Reason::Paying) {
            return;
        }
        let at = Now { facts, wall: self.wall, uptime: self.online.uptime, policy };
        let windows = self.online.windows_on(user_no, at.day());
        let due = at.window_due(self.online.orders_of(user_no), windows).map(|open| open.record.id.clone());
        let Some(id) = due else { return };
        if let Some(open) = self.online.orders.get_mut(&id) {
            open.record.online.window = Some(at.window());
            self.dirty.windows.insert(id);
            self.online.count_window(user_no, at.day());
        }
    }

    /// Counts traffic in the user's open pay windows.
    pub(super) fn use_windows(&mut self, user_no: u32, bytes: Bytes, facts: &Facts, policy: &Policy) {
        let at = Now { facts, wall: self.wall, uptime: self.online.uptime, policy };
        let Some(ids) = self.online.of_user.get(&user_no) else { return };
        for id in ids {
            let Some(open) = self.online.orders.get_mut(id) else { continue };
            let is_over = !open.is_young(&at);
            if let Some(window) =
                open.record.online.window.as_mut().filter(|w| !is_over && w.used < WINDOW_BYTES_MAX)
            {
                window.used = window.used.plus(bytes);
                self.dirty.windows.insert(id.clone());
            }
        }
    }
}
