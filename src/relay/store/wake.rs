//! Wakes the calls that wait for a site's feed, from memory: a call that waits costs no query.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// The newest number of each site's feed, as far as this process knows.
#[derive(Debug, Default)]
pub(super) struct FeedWake(Mutex<HashMap<String, watch::Sender<u64>>>);

impl FeedWake {
    /// Records the newest number of a site's feed. A number that differs from the known one wakes the site's calls; a
    /// lower one is news as well, from a database that went back in time.
    pub fn record(&self, site: &str, newest: u64) {
        let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match sites.get(site) {
            Some(known) => {
                known.send_if_modified(|known| std::mem::replace(known, newest) != newest);
            }
            None => drop(sites.insert(site.to_owned(), watch::Sender::new(newest))),
        }
    }

    /// Waits until the number of a site's feed changes after this call, not after the first poll.
    pub fn changed(&self, site: &str) -> impl Future<Output = ()> + Send + use<> {
        let mut changes = {
            let mut sites = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match sites.get(site) {
                Some(known) => known.subscribe(),
                None => sites.entry(site.to_owned()).or_default().subscribe(),
            }
        };
        async move {
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_woken(waiting: &mut std::pin::Pin<Box<impl Future<Output = ()>>>) -> bool {
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        waiting.as_mut().poll(&mut cx).is_ready()
    }

    #[test]
    fn only_the_sites_own_news_wakes_and_known_numbers_do_not() {
        let wake = FeedWake::default();
        wake.record("a", 1);
        let (mut a, mut b) = (Box::pin(wake.changed("a")), Box::pin(wake.changed("b")));
        wake.record("a", 1);
        assert!(!is_woken(&mut a));
        wake.record("b", 1);
        assert!(!is_woken(&mut a) && is_woken(&mut b));
        wake.record("a", 2);
        assert!(is_woken(&mut a));
        let mut back = Box::pin(wake.changed("a"));
        wake.record("a", 1);
        assert!(is_woken(&mut back), "a database that went back in time is news");
    }
}
