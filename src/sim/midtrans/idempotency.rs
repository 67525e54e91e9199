//! Answers kept by `Idempotency-MerchantKey`.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::units::Timestamp;

use super::answer::ApiAnswer;
use super::time::after;

/// A longer key is silently ignored.
const KEY_CHARS_MAX: usize = 46;
/// How long an answer is kept.
const KEPT: Duration = Duration::from_mins(5);

/// What to do with a call.
#[derive(Debug, PartialEq)]
pub(super) enum KeyTurn {
    /// Carry it out; with the key to end with, where there is one.
    First(Option<MerchantKey>),
    /// Another call with this key is under way.
    Running,
    /// Answer this, whatever the body says.
    Replay(ApiAnswer),
}

/// The merchant's number and their key.
pub(super) type MerchantKey = (usize, String);

#[derive(Debug)]
enum Kept {
    Running,
    Answer(ApiAnswer, Timestamp),
}

/// Keys under way and keys answered.
#[derive(Debug, Default)]
pub(super) struct Idempotency(BTreeMap<MerchantKey, Kept>);

impl Idempotency {
    /// A call begins.
    pub(super) fn begin(&mut self, merchant: usize, key: Option<&str>, now: Timestamp) -> KeyTurn {
        self.0.retain(|_, kept| !matches!(kept, Kept::Answer(_, until) if *until <= now));
        let Some(key) = key.filter(|key| !key.is_empty() && key.chars().count() <= KEY_CHARS_MAX) else {
            return KeyTurn::First(None);
        };
        let key = (merchant, key.to_owned());
        match self.0.get(&key) {
            Some(Kept::Running) => KeyTurn::Running,
            Some(Kept::Answer(answer, _)) => KeyTurn::Replay(answer.clone()),
            None => {
                self.0.insert(key.clone(), Kept::Running);
                KeyTurn::First(Some(key))
            }
        }
    }

    /// A call ends. Only a success is kept.
    pub(super) fn end(&mut self, key: MerchantKey, answer: &ApiAnswer, now: Timestamp) {
        if answer.succeeded() {
            self.0.insert(key, Kept::Answer(answer.clone(), after(now, KEPT)));
        } else {
            self.0.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(code: &str) -> ApiAnswer {
        ApiAnswer { http: 200, body: json!({"status_code": code}) }
    }

    fn begun(store: &mut Idempotency, key: &str, now: i64) -> KeyTurn {
        store.begin(0, Some(key), Timestamp(now))
    }

    #[test]
    fn a_key_is_running_then_replayed_then_forgotten() {
        let mut store = Idempotency::default();
        let KeyTurn::First(Some(key)) = begun(&mut store, "a", 0) else { panic!("a new key goes first") };
        assert_eq!(begun(&mut store, "a", 0), KeyTurn::Running);
        assert!(
            matches!(store.begin(1, Some("a"), Timestamp(0)), KeyTurn::First(Some(_))),
            "another merchant's"
        );
        store.end(key, &answer("201"), Timestamp(1000));
        assert_eq!(begun(&mut store, "a", 300_999), KeyTurn::Replay(answer("201")));
        assert!(matches!(begun(&mut store, "a", 301_000), KeyTurn::First(Some(_))));
    }

    #[test]
    fn failures_and_long_keys_are_not_kept() {
        let mut store = Idempotency::default();
        let KeyTurn::First(Some(key)) = begun(&mut store, "a", 0) else { panic!("a new key goes first") };
        store.end(key, &answer("406"), Timestamp(0));
        assert!(matches!(begun(&mut store, "a", 0), KeyTurn::First(Some(_))));
        assert_eq!(begun(&mut store, &"k".repeat(47), 0), KeyTurn::First(None));
        assert!(matches!(begun(&mut store, &"k".repeat(46), 0), KeyTurn::First(Some(_))));
        assert_eq!(store.begin(0, None, Timestamp(0)), KeyTurn::First(None));
    }
}
