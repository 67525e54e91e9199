//! The relay's feed: one page at a time, driven by a loop, by a payment that waits for it, or by tests.

use std::time::Duration;

use super::link::lock;
use super::port::RelayError;
use super::{PaymentError, Payments};
use crate::agent::engine::{Engine, FeedApplied};

/// Items of one page of the feed.
const PAGE_ITEMS: u32 = 100;
/// Pages of the feed read to find that an order was paid.
const CATCH_UP_PAGES_MAX: u32 = 20;

impl Payments {
    /// Takes one page of the feed, waiting for one as long as `wait`.
    pub async fn pull_once(&self, wait: Duration) -> Result<FeedApplied, PaymentError> {
        let link = self.link()?;
        let cursor = self.engine.call(|engine| engine.cursor()).await?;
        let page = link.relay.feed(cursor.seq, wait, PAGE_ITEMS).await;
        self.note_answer(link, &page).await?;
        if let Err(error @ (RelayError::Refused { .. } | RelayError::NotFound | RelayError::Nonsense(_))) =
            &page
        {
            link.note_refused(self.now(), error);
        }
        let page = page?;
        let apply = move |engine: &mut Engine| {
            // Somebody else may have read on while this call hung on the feed.
            let is_current = engine.cursor() == cursor;
            let stale = || Ok(FeedApplied { more: true, ..FeedApplied::default() });
            if is_current { engine.apply_feed(&page) } else { stale() }
        };
        let applied = self.engine.call(apply).await??;
        {
            let mut figures = lock(&link.figures);
            figures.pulled += 1;
            figures.items += applied.items;
            figures.credited += applied.credited.len() as u64;
        }
        if applied.turned || !applied.credited.is_empty() {
            self.access_turned.notify_one();
        }
        if applied.restarted {
            link.wake_outbox();
        }
        Ok(applied)
    }

    /// Reads the feed as far as it goes.
    pub(super) async fn catch_up(&self) -> Result<(), PaymentError> {
        let mut restarts = 0;
        for _ in 0..CATCH_UP_PAGES_MAX {
            let applied = self.pull_once(Duration::ZERO).await?;
            restarts += u32::from(applied.restarted);
            // A feed that restarts each time has no end.
            if !applied.more && !applied.restarted || restarts > 1 {
                break;
            }
        }
        Ok(())
    }
}
