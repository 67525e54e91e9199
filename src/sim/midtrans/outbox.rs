//! Notifications on their way out: what is due, how an answer is taken, and when the gateway gives up.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::units::Timestamp;

use super::dice::Dice;
use super::time::after;

/// Minutes from one attempt to the next.
const GAPS_MIN: [u64; 5] = [2, 10, 30, 90, 210];
/// How long a notification that waits for a later one waits at most.
const HELD_MAX: Duration = Duration::from_mins(1);

/// What came back from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// This HTTP status, after redirects with 307 and 308 were followed.
    Status(u16),
    /// No answer in time, or no connection.
    None,
}

impl Reply {
    fn succeeded(self) -> bool {
        matches!(self, Self::Status(200..=299))
    }

    /// How often a notification is sent again after such replies, by the documentation.
    fn retries_max(self) -> usize {
        match self {
            // A redirect fails at once; the merchant is notified by mail.
            Self::Status(200..=399) => 0,
            Self::Status(500) => 1,
            Self::Status(503) => 4,
            Self::Status(400 | 404) => 2,
            Self::Status(_) | Self::None => 5,
        }
    }
}

/// One attempt at one notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationAttempt {
    /// Where to.
    pub url: String,
    /// The order it is about.
    pub order_id: String,
    /// The JSON sent.
    pub body: String,
    /// 1 for the first.
    pub number: u32,
    /// What came back.
    pub reply: Reply,
}

/// What became of the notifications.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotificationStats {
    /// Attempts made.
    pub sent: u64,
    /// Attempts answered with 2xx.
    pub answered: u64,
    /// Attempts answered otherwise or not at all.
    pub failed: u64,
    /// Notifications that are not sent again though no attempt succeeded.
    pub given_up: u64,
    /// Notifications that wait for an attempt or its answer.
    pub waiting: u64,
}

/// A notification that is to be sent.
#[derive(Clone, Debug)]
pub(super) struct NotificationJob {
    pub(super) id: u64,
    pub(super) url: String,
    pub(super) order_id: String,
    pub(super) body: String,
    attempts: usize,
    due: Timestamp,
    in_flight: bool,
    held: bool,
}

impl NotificationJob {
    fn place(&self) -> (&str, &str) {
        (&self.url, &self.order_id)
    }
}

/// All of them.
pub(super) struct NotificationQueue {
    queue: Vec<NotificationJob>,
    last: u64,
    scale: u32,
    stats: NotificationStats,
    pub(super) log: Vec<NotificationAttempt>,
}

impl NotificationQueue {
    /// `scale`: gaps between attempts are this many times shorter.
    pub(super) fn new(scale: u32) -> Self {
        Self {
            queue: Vec::new(),
            last: 0,
            scale: scale.max(1),
            stats: NotificationStats::default(),
            log: Vec::new(),
        }
    }

    /// Takes a notification in. `held`: only after the next one to the same place about the same order.
    pub(super) fn push(&mut self, url: &str, order_id: &str, body: String, due: Timestamp, held: bool) {
        let due = if held { after(due, HELD_MAX) } else { due };
        self.last += 1;
        let (url, order_id) = (url.to_owned(), order_id.to_owned());
        let job =
            NotificationJob { id: self.last, url, order_id, body, attempts: 0, due, in_flight: false, held };
        if !held {
            for waiting in &mut self.queue {
                if waiting.held && waiting.place() == job.place() {
                    self.last += 1;
                    (waiting.held, waiting.due, waiting.id) = (false, job.due, self.last);
                }
            }
        }
        self.queue.push(job);
    }

    /// Every notification that is due, the earliest first. Notifications of one order go to one URL one at a time.
    pub(super) fn take_due(&mut self, now: Timestamp) -> Vec<NotificationJob> {
        self.queue.sort_by_key(|job| (job.due, job.id));
        let busy = self.busy();
        let (mut taken, mut begun) = (Vec::new(), BTreeSet::new());
        for (at, job) in self.queue.iter().enumerate() {
            if job.due <= now && !busy.contains(&job.place()) && begun.insert(job.place()) {
                taken.push(at);
            }
        }
        for at in &taken {
            self.queue[*at].in_flight = true;
        }
        taken.into_iter().map(|at| self.queue[at].clone()).collect()
    }

    /// Places and orders that an attempt is under way for.
    fn busy(&self) -> BTreeSet<(&str, &str)> {
        self.queue.iter().filter(|job| job.in_flight).map(NotificationJob::place).collect()
    }

    /// An attempt came back.
    pub(super) fn settle(&mut self, id: u64, reply: Reply, now: Timestamp, dice: &mut Dice) {
        let Some(at) = self.queue.iter().position(|job| job.id == id) else { return };
        let job = &mut self.queue[at];
        job.attempts += 1;
        job.in_flight = false;
        self.stats.sent += 1;
        self.log.push(NotificationAttempt {
            url: job.url.clone(),
            order_id: job.order_id.clone(),
            body: job.body.clone(),
            number: u32::try_from(job.attempts).unwrap_or(u32::MAX),
            reply,
        });
        if reply.succeeded() {
            self.stats.answered += 1;
            self.queue.remove(at);
            return;
        }
        self.stats.failed += 1;
        if job.attempts > reply.retries_max() {
            self.stats.given_up += 1;
            self.queue.remove(at);
            return;
        }
        let gap = Duration::from_mins(GAPS_MIN[job.attempts - 1]) / self.scale;
        // Shifted at random by up to a tenth.
        let shift = gap / 1000 * u32::try_from(dice.below(100)).unwrap_or(0);
        job.due = after(now, gap + shift);
    }

    /// When something is due next; one that waits for another of its order is due when that is answered.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let busy = self.busy();
        self.queue.iter().filter(|job| !busy.contains(&job.place())).map(|job| job.due).min()
    }

    /// Whether nothing is due or under way.
    pub(super) fn is_quiet(&self, now: Timestamp) -> bool {
        !self.queue.iter().any(|job| job.in_flight || job.due <= now)
    }

    pub(super) fn stats(&self) -> NotificationStats {
        let waiting = u64::try_from(self.queue.len()).unwrap_or(u64::MAX);
        NotificationStats { waiting, ..self.stats }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:1/n";

    fn run(reply: Reply) -> (Vec<i64>, NotificationStats) {
        let (mut outbox, mut dice) = (NotificationQueue::new(1), Dice::new(1));
        outbox.push(URL, "o", "{}".to_owned(), Timestamp(0), false);
        let mut at = Vec::new();
        while let Some(now) = outbox.next_due() {
            let due = outbox.take_due(now);
            assert_eq!(due.len(), 1);
            at.push(now.0 / 60_000);
            outbox.settle(due[0].id, reply, now, &mut dice);
        }
        (at, outbox.stats())
    }

    #[test]
    fn how_often_it_is_sent_again_hangs_on_the_reply() {
        let rows = [
            (Reply::Status(200), 1),
            (Reply::Status(204), 1),
            (Reply::Status(302), 1),
            (Reply::Status(500), 2),
            (Reply::Status(400), 3),
            (Reply::Status(404), 3),
            (Reply::Status(503), 5),
            (Reply::Status(401), 6),
            (Reply::Status(502), 6),
            (Reply::None, 6),
        ];
        for (reply, attempts) in rows {
            let (at, stats) = run(reply);
            assert_eq!(at.len(), attempts, "{reply:?}");
            let answered = u64::from(reply.succeeded());
            assert_eq!(
                (stats.answered, stats.given_up, stats.waiting),
                (answered, 1 - answered, 0),
                "{reply:?}"
            );
        }
    }

    #[test]
    fn the_last_attempt_is_hours_after_the_first() {
        let (at, _) = run(Reply::None);
        let gaps: Vec<i64> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        for (gap, least) in gaps.iter().zip(GAPS_MIN) {
            let least = i64::try_from(least).unwrap();
            assert!((least..=least + least / 10 + 1).contains(gap), "{gaps:?}");
        }
    }

    #[test]
    fn of_one_order_one_goes_out_at_a_time_and_in_order() {
        let (mut outbox, mut dice) = (NotificationQueue::new(1), Dice::new(1));
        for (order, body) in [("o", "1"), ("o", "2"), ("p", "3")] {
            outbox.push(URL, order, body.to_owned(), Timestamp(0), false);
        }
        let bodies = |jobs: &[NotificationJob]| jobs.iter().map(|job| job.body.clone()).collect::<Vec<_>>();
        let due = outbox.take_due(Timestamp(0));
        assert_eq!(bodies(&due), ["1", "3"]);
        assert!(outbox.take_due(Timestamp(0)).is_empty() && !outbox.is_quiet(Timestamp(0)));
        outbox.settle(due[0].id, Reply::Status(200), Timestamp(0), &mut dice);
        assert_eq!(bodies(&outbox.take_due(Timestamp(0))), ["2"]);
    }

    #[test]
    fn a_held_one_follows_the_next_or_comes_after_a_minute() {
        let (mut outbox, mut dice) = (NotificationQueue::new(1), Dice::new(1));
        outbox.push(URL, "o", "1".to_owned(), Timestamp(0), true);
        assert!(outbox.take_due(Timestamp(0)).is_empty());
        outbox.push(URL, "o", "2".to_owned(), Timestamp(5), false);
        for body in ["2", "1"] {
            let due = outbox.take_due(Timestamp(5));
            assert_eq!(due[0].body, body);
            outbox.settle(due[0].id, Reply::Status(200), Timestamp(5), &mut dice);
        }
        outbox.push(URL, "o", "3".to_owned(), Timestamp(5), true);
        assert_eq!(outbox.next_due(), Some(Timestamp(60_005)));
    }
}
