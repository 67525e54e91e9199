//! Readings of the router into usage, by the lives of its rows as they truly are.

use std::collections::BTreeMap;

/// One row of the host table, with the life that it truly has.
#[derive(Clone, Debug)]
pub struct Row {
    pub mac: String,
    /// No two rows ever had the same.
    pub life: u64,
    /// What the router calls it.
    pub name: String,
    pub bytes: u64,
    /// Authorized or bypassed.
    pub counts: bool,
}

/// One complete reading.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Which router answered.
    pub router: String,
    pub rows: Vec<Row>,
}

/// What was seen of a row at the reading before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    pub name: String,
    pub bytes: u64,
    pub counts: bool,
}

/// Baselines of one device, by the life of the row.
pub type Baselines = BTreeMap<u64, Baseline>;

/// Baselines for rows as they stand.
pub fn baselines<'a>(rows: impl Iterator<Item = &'a Row>) -> Baselines {
    rows.map(|row| {
        let seen = Baseline { name: row.name.clone(), bytes: row.bytes, counts: row.counts };
        (row.life, seen)
    })
    .collect()
}

/// What a reading adds to one device's usage.
pub fn usage<'a>(before: &Baselines, rows: impl Iterator<Item = &'a Row>) -> u64 {
    rows.map(|row| match before.get(&row.life) {
        Some(seen) if !(row.counts || seen.counts) => 0,
        Some(seen) if row.bytes >= seen.bytes => row.bytes - seen.bytes,
        None if !row.counts => 0,
        Some(_) | None => row.bytes,
    })
    .sum()
}
