//! Mutual exclusion for each key, within this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

type LockTable<K> = Arc<Mutex<BTreeMap<K, Arc<tokio::sync::Mutex<()>>>>>;

/// Locks by key. An unused key takes no memory.
#[derive(Debug)]
pub struct KeyedLocks<K: Ord>(LockTable<K>);

impl<K: Ord> Default for KeyedLocks<K> {
    fn default() -> Self {
        Self(LockTable::default())
    }
}

/// Locks a key until it is dropped.
#[derive(Debug)]
pub struct KeyGuard<K: Ord> {
    table: LockTable<K>,
    key: K,
    guard: Option<OwnedMutexGuard<()>>,
}

impl<K: Ord + Clone> KeyedLocks<K> {
    /// Waits for the lock of the key.
    pub async fn hold(&self, key: K) -> KeyGuard<K> {
        let lock = {
            let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(table.entry(key.clone()).or_default())
        };
        let mut held = KeyGuard { table: Arc::clone(&self.0), key, guard: None };
        held.guard = Some(lock.lock_owned().await);
        held
    }

    /// The key's lock, unless it is taken.
    pub fn try_hold(&self, key: K) -> Option<KeyGuard<K>> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let guard = Arc::clone(table.entry(key.clone()).or_default()).try_lock_owned().ok()?;
        Some(KeyGuard { table: Arc::clone(&self.0), key, guard: Some(guard) })
    }
}

impl<K: Ord> Drop for KeyGuard<K> {
    fn drop(&mut self) {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.guard.take());
        // One reference is the table's own; each waiting task has another.
        if table.get(&self.key).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            table.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_key_is_held_once_and_forgotten_afterwards() {
        let locks = Arc::new(KeyedLocks::<&str>::default());
        let first = locks.hold("a").await;
        let other = locks.hold("b").await;
        let waiting = tokio::spawn({
            let locks = Arc::clone(&locks);
            async move { drop(locks.hold("a").await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
        drop(other);
        assert!(locks.0.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_leaves_nothing_behind() {
        let locks = KeyedLocks::<&str>::default();
        let first = locks.hold("a").await;
        let gave_up = tokio::time::timeout(std::time::Duration::from_millis(1), locks.hold("a")).await;
        assert!(gave_up.is_err());
        drop(first);
        assert!(locks.0.lock().unwrap().is_empty());
    }
}
