//! The feed of a site: the events of its orders in sequence, with long polling.

use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use tokio::time::{Instant, sleep_until};

use super::service::Relay;
use super::site::SiteAccess;
use crate::protocol::relay::{FEED_LIMIT_MAX, FEED_WAIT_S_MAX, FeedPage};
use crate::web::Problem;

/// Items of a page when nobody asks for another number.
const LIMIT_DEFAULT: u32 = 100;

/// When to come again where too many wait, in seconds.
const RETRY_AFTER_S: u64 = 5;

/// `?after=&wait=&limit=`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FeedQuery {
    #[serde(deserialize_with = "number")]
    after: Option<u64>,
    #[serde(deserialize_with = "number")]
    wait: Option<u64>,
    #[serde(deserialize_with = "number")]
    limit: Option<u32>,
}

/// Parameters come as text.
fn number<'de, D: Deserializer<'de>, T: FromStr>(d: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(d)?;
    text.parse().map(Some).map_err(|_| D::Error::custom("must be a whole number"))
}

/// `GET /v1/feed`: answers at once when there is something, else as soon as there is, or when the wait is over. A
/// cursor beyond the end is answered at once with the end: the relay's store went back in time.
pub(super) async fn page(relay: &Relay, access: &SiteAccess, query: FeedQuery) -> Result<FeedPage, Problem> {
    let site = &access.site;
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit == 0 {
        return Err(Problem::invalid("limit", format!("must be 1 to {FEED_LIMIT_MAX}")));
    }
    let (after, limit) = (query.after.unwrap_or_default(), limit.min(FEED_LIMIT_MAX));
    let end = Instant::now() + Duration::from_secs(query.wait.unwrap_or_default().min(FEED_WAIT_S_MAX));
    relay.presence.note_feed(&site.id, after, relay.now());
    let epoch = relay.store.epoch().await?;
    let mut waiting = None;
    let mut stopping = relay.stopping.subscribe();
    loop {
        let fed = relay.store.fed(&site.id);
        let (items, last) = relay.store.feed(&site.id, after, limit).await?;
        let next = items.last().map_or(after.min(last), |item| item.seq);
        if !items.is_empty() || after > last {
            return Ok(FeedPage { epoch, items, next, has_more: next < last });
        }
        if Instant::now() >= end {
            return Ok(FeedPage { epoch, items, next, has_more: false });
        }
        if waiting.is_none() {
            let place = relay.waiting.try_acquire().map_err(|_| too_many())?;
            waiting = Some((site.polls.begin(), place));
            // A change of the site that came before this call began to wait did not end its wait.
            if !relay.directory.admits(access) {
                return Ok(FeedPage { epoch, items, next, has_more: false });
            }
        }
        let replaced = async {
            if let Some((poll, _)) = &waiting {
                poll.replaced().await;
            }
        };
        tokio::select! {
            () = fed => {}
            () = replaced => return Ok(FeedPage { epoch, items, next, has_more: false }),
            () = sleep_until(end) => return Ok(FeedPage { epoch, items, next, has_more: false }),
            _ = stopping.wait_for(|stop| *stop) => {
                return Ok(FeedPage { epoch, items, next, has_more: false });
            }
        }
    }
}

fn too_many() -> Problem {
    let detail = "too many sites wait for news at once (connections_max); try again in a moment";
    Problem::unavailable("busy", detail).retry_after(RETRY_AFTER_S)
}
