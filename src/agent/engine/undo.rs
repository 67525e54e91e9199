//! Taking back the changes of a draft whose commit failed. What the changed keys had before is kept, and nothing else is
//! copied: a draft touches a few users of thousands.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use super::state::State;
use crate::domain::id::Mac;
use crate::domain::ledger::Hash;
use crate::store::UndatedRecord;

/// A map whose changes can be taken back. Reads go to the map itself; every change is a method here.
#[derive(Clone, Debug)]
pub(super) struct UndoMap<K, V> {
    map: BTreeMap<K, V>,
    /// What the keys that changed had before, in order; `None` while nothing has to be taken back.
    before: Option<Vec<(K, Option<V>)>>,
}

impl<K, V> Default for UndoMap<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), before: None }
    }
}

impl<K, V> From<BTreeMap<K, V>> for UndoMap<K, V> {
    fn from(map: BTreeMap<K, V>) -> Self {
        Self { map, before: None }
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for UndoMap<K, V> {
    fn from_iter<T: IntoIterator<Item = (K, V)>>(pairs: T) -> Self {
        BTreeMap::from_iter(pairs).into()
    }
}

impl<K, V> Deref for UndoMap<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &BTreeMap<K, V> {
        &self.map
    }
}

impl<K: Ord + Clone, V: Clone> UndoMap<K, V> {
    /// Changes from here on can be taken back.
    pub fn begin(&mut self) {
        self.before = Some(Vec::new());
    }

    /// The changes since the beginning stay.
    pub fn keep(&mut self) {
        self.before = None;
    }

    /// Takes back the changes since the beginning.
    pub fn undo(&mut self) {
        for (key, value) in self.before.take().unwrap_or_default().into_iter().rev() {
            match value {
                Some(value) => self.map.insert(key, value),
                None => self.map.remove(&key),
            };
        }
    }

    pub fn insert(&mut self, key: K, value: V) {
        match &mut self.before {
            None => drop(self.map.insert(key, value)),
            Some(before) => {
                let old = self.map.insert(key.clone(), value);
                before.push((key, old));
            }
        }
    }

    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.map.remove(key)?;
        if let Some(before) = &mut self.before {
            before.push((key.clone(), Some(old.clone())));
        }
        Some(old)
    }

    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let value = self.map.get_mut(key)?;
        if let Some(before) = &mut self.before {
            before.push((key.clone(), Some(value.clone())));
        }
        Some(value)
    }

    /// The value of a key, which gets `value` if it has none.
    pub fn get_or_insert(&mut self, key: K, value: V) -> &mut V {
        if let Some(before) = &mut self.before {
            before.push((key.clone(), self.map.get(&key).cloned()));
        }
        self.map.entry(key).or_insert(value)
    }
}

/// Single values that a draft changes.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    chain_seq: u64,
    chain_hash: Hash,
    receipt_no: u64,
    user_no: u32,
    device_no: u32,
    left: bool,
    orphans_due: bool,
    unbound_meanwhile: BTreeSet<Mac>,
    undated: Vec<UndatedRecord>,
}

impl State {
    /// Changes from here on can be taken back, until they are settled.
    pub fn begin_changes(&mut self) {
        self.gathered = std::mem::take(&mut self.dirty);
        self.users.begin();
        self.devices.begin();
        self.packages.begin();
        self.handovers.begin();
        self.orphans.known.begin();
        self.by_id.begin();
        self.by_mac.begin();
        self.devices_of.begin();
        self.granted_by.begin();
        self.online.begin_changes();
        self.before = Some(Numbers {
            chain_seq: self.chain_seq,
            chain_hash: self.chain_hash,
            receipt_no: self.receipt_no,
            user_no: self.user_no,
            device_no: self.device_no,
            left: self.left,
            orphans_due: self.orphans.due,
            unbound_meanwhile: self.orphans.unbound.clone(),
            undated: self.undated.clone(),
        });
    }

    /// Takes back the changes since the beginning.
    pub fn undo_changes(&mut self) {
        let Some(before) = self.before.take() else { return };
        self.dirty = std::mem::take(&mut self.gathered);
        self.users.undo();
        self.devices.undo();
        self.packages.undo();
        self.handovers.undo();
        self.orphans.known.undo();
        self.list_packages();
        self.by_id.undo();
        self.by_mac.undo();
        self.devices_of.undo();
        self.granted_by.undo();
        self.online.undo_changes();
        let Numbers {
            chain_seq,
            chain_hash,
            receipt_no,
            user_no,
            device_no,
            left,
            orphans_due,
            unbound_meanwhile,
            undated,
        } = before;
        (self.chain_seq, self.chain_hash) = (chain_seq, chain_hash);
        (self.receipt_no, self.user_no, self.device_no) = (receipt_no, user_no, device_no);
        (self.orphans.due, self.orphans.unbound) = (orphans_due, unbound_meanwhile);
        (self.left, self.undated) = (left, undated);
    }

    /// The changes since the beginning stay.
    pub fn keep_changes(&mut self) {
        self.users.keep();
        self.devices.keep();
        self.packages.keep();
        self.handovers.keep();
        self.orphans.known.keep();
        self.by_id.keep();
        self.by_mac.keep();
        self.devices_of.keep();
        self.granted_by.keep();
        self.online.keep_changes();
        self.before = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Change {
        Insert(u8, u8),
        Remove(u8),
        Add(u8, u8),
        AddOrInsert(u8, u8),
    }

    fn change() -> impl Strategy<Value = Change> {
        let (key, value) = (0..6_u8, any::<u8>());
        prop_oneof![
            (key.clone(), value).prop_map(|(k, v)| Change::Insert(k, v)),
            key.clone().prop_map(Change::Remove),
            (key.clone(), value).prop_map(|(k, v)| Change::Add(k, v)),
            (key, value).prop_map(|(k, v)| Change::AddOrInsert(k, v)),
        ]
    }

    fn make(map: &mut UndoMap<u8, u8>, change: &Change) {
        match *change {
            Change::Insert(key, value) => map.insert(key, value),
            Change::Remove(key) => drop(map.remove(&key)),
            Change::Add(key, value) => {
                if let Some(old) = map.get_mut(&key) {
                    *old = old.wrapping_add(value);
                }
            }
            Change::AddOrInsert(key, value) => {
                let old = map.get_or_insert(key, 0);
                *old = old.wrapping_add(value);
            }
        }
    }

    fn make_all(map: &mut UndoMap<u8, u8>, changes: &[Change]) {
        for change in changes {
            make(map, change);
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_back_leaves_the_map_as_it_was_and_what_is_kept_stays(
            earlier in prop::collection::vec(change(), 0..8),
            later in prop::collection::vec(change(), 0..12),
        ) {
            let mut map = UndoMap::default();
            make_all(&mut map, &earlier);
            let before = (*map).clone();
            map.begin();
            make_all(&mut map, &later);
            let after = (*map).clone();
            map.undo();
            prop_assert_eq!(&*map, &before);
            map.begin();
            make_all(&mut map, &later);
            map.keep();
            map.undo();
            prop_assert_eq!(&*map, &after);
        }
    }
}
