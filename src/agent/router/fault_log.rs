//! Lasting faults in the log: a line when one begins, a line when it ends, and nothing while it lasts.

use std::collections::BTreeMap;
use std::time::Duration;

/// A fault that comes and goes is not logged again for this long.
const QUIET: Duration = Duration::from_hours(1);
/// Lines of one turn; what is beyond them is counted.
const LINES_MAX: usize = 10;
/// Faults that are remembered after they ended.
const KNOWN_MAX: usize = 5000;

/// What is known of one fault.
#[derive(Debug)]
struct Known {
    text: String,
    began_at: Duration,
    lasts: bool,
    /// It began again within the quiet time: neither that nor its end is news.
    is_muted: bool,
}

/// What a turn has to log.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Faults that began.
    pub began: Vec<String>,
    /// Faults that ended.
    pub ended: Vec<String>,
}

/// Faults by a key that stays the same while they last.
#[derive(Debug)]
pub struct FaultLog<K> {
    known: BTreeMap<K, Known>,
}

impl<K> Default for FaultLog<K> {
    fn default() -> Self {
        Self { known: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> FaultLog<K> {
    /// Compares the faults that last at `now`, in time since boot, with those from the turn before.
    pub fn turn(&mut self, now: Duration, lasting: impl IntoIterator<Item = (K, String)>) -> News {
        let mut news = News::default();
        let lasting: BTreeMap<K, String> = lasting.into_iter().collect();
        for (key, known) in &mut self.known {
            if known.lasts && !lasting.contains_key(key) {
                known.lasts = false;
                if !known.is_muted {
                    news.ended.push(known.text.clone());
                }
            }
        }
        for (key, text) in lasting {
            match self.known.get_mut(&key) {
                Some(known) if known.lasts => {}
                Some(known) if now.saturating_sub(known.began_at) < QUIET => {
                    (known.lasts, known.is_muted) = (true, true);
                }
                _ => {
                    news.began.push(text.clone());
                    self.known.insert(key, Known { text, began_at: now, lasts: true, is_muted: false });
                }
            }
        }
        let is_old = |known: &Known| now.saturating_sub(known.began_at) >= QUIET;
        let is_full = self.known.len() > KNOWN_MAX;
        self.known.retain(|_, known| known.lasts || !(is_old(known) || is_full));
        news
    }
}

/// The first lines, and one that says how many more there are.
pub fn shorten(mut lines: Vec<String>, lines_max: usize) -> Vec<String> {
    let more = lines.len().saturating_sub(lines_max);
    if more > 0 {
        lines.truncate(lines_max);
        lines.push(format!("and {more} more of this kind"));
    }
    lines
}

impl News {
    /// Writes the lines of a turn: `began` and `ended` say what they mean.
    pub fn log(self, began: &'static str, ended: &'static str) {
        for text in shorten(self.began, LINES_MAX) {
            tracing::warn!("{began}: {text}");
        }
        for text in shorten(self.ended, LINES_MAX) {
            tracing::info!("{ended}: {text}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(log: &mut FaultLog<&'static str>, now_s: u64, keys: &[&'static str]) -> (usize, usize) {
        let lasting = keys.iter().map(|key| (*key, format!("{key} at {now_s}")));
        let news = log.turn(Duration::from_secs(now_s), lasting);
        (news.began.len(), news.ended.len())
    }

    #[test]
    fn a_lasting_fault_is_logged_when_it_begins_and_when_it_ends() {
        let mut log = FaultLog::default();
        assert_eq!(turn(&mut log, 0, &["a", "b"]), (2, 0));
        for now_s in 1..100 {
            assert_eq!(turn(&mut log, now_s, &["a", "b"]), (0, 0));
        }
        assert_eq!(turn(&mut log, 100, &["b"]), (0, 1));
        assert_eq!(turn(&mut log, 101, &["b"]), (0, 0));
    }

    #[test]
    fn a_fault_that_flaps_is_logged_once_an_hour() {
        let mut log = FaultLog::default();
        let (mut began, mut ended) = (0, 0);
        for now_s in 0..7000 {
            let keys: &[&str] = if now_s % 2 == 0 { &["a"] } else { &[] };
            let (b, e) = turn(&mut log, now_s, keys);
            (began, ended) = (began + b, ended + e);
        }
        assert_eq!((began, ended), (2, 2));
    }

    #[test]
    fn of_many_lines_the_rest_is_counted() {
        let lines: Vec<String> = (0..40).map(|n| n.to_string()).collect();
        let short = shorten(lines, 10);
        assert_eq!((short.len(), short[10].as_str()), (11, "and 30 more of this kind"));
        assert_eq!(shorten(vec!["a".to_owned()], 10), ["a"]);
    }
}
