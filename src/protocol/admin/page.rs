//! Lists in pages: `?limit=&after=` in, `{items, next}` out.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Rows of a page by default.
const LIMIT_DEFAULT: u32 = 50;
/// The most rows of a page; a request for more gets these and a cursor.
const LIMIT_MAX: u32 = 500;

/// How many rows a page has: 1 to 500, else 50.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageLimit(u32);

impl Default for PageLimit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl PageLimit {
    /// The most.
    pub const MAX: Self = Self(LIMIT_MAX);

    /// Rows of the page.
    pub fn rows(self) -> usize {
        self.0 as usize
    }

    /// Rows to query: the extra one shows whether there is a next page.
    pub fn rows_and_one(self) -> u32 {
        self.0 + 1
    }
}

impl Serialize for PageLimit {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for PageLimit {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        match text.parse::<u32>() {
            Ok(rows) if rows > 0 => Ok(Self(rows.min(LIMIT_MAX))),
            _ => Err(D::Error::custom("must be a whole number from 1 to 500")),
        }
    }
}

/// The end of a page. Opaque outside: callers send back what they received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(pub i64);

impl Cursor {
    fn text(self) -> String {
        format!("p{:x}", self.0)
    }
}

impl Serialize for Cursor {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Cursor {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        let number = text.strip_prefix('p').and_then(|hex| i64::from_str_radix(hex, 16).ok());
        // A cursor has one text only: without sign or leading zeros.
        match number.map(Self) {
            Some(cursor) if cursor.0 >= 0 && cursor.text() == text => Ok(cursor),
            _ => Err(D::Error::custom("is not a cursor of this list: send the `next` of the page before")),
        }
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "{T}List"))]
pub struct List<T> {
    /// Its rows.
    pub items: Vec<T>,
    /// What to send as `after` for the next page; null on the last.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A page from up to one row more than its limit; `at` returns a row's cursor.
    pub fn of(mut rows: Vec<T>, limit: PageLimit, at: impl Fn(&T) -> i64) -> Self {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next = rows.last().filter(|_| more).map(|row| Cursor(at(row)).text());
        Self { items: rows, next }
    }

    /// A page of a list that is made row by row; the cursor counts rows. Every row is made, also those of other pages,
    /// and only those of the page are kept.
    pub fn of_all(all: impl IntoIterator<Item = T>, limit: PageLimit, after: Option<Cursor>) -> Self {
        let mut builder = ListBuilder::new(limit, after);
        all.into_iter().for_each(|row| builder.add(row));
        builder.list()
    }

    /// The same page with other rows.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> List<U> {
        List { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

/// A page of a list that is made row by row; the cursor counts rows.
#[derive(Debug)]
pub struct ListBuilder<T> {
    items: Vec<T>,
    page: std::ops::Range<usize>,
    rows: usize,
}

impl<T> ListBuilder<T> {
    /// The page after that cursor.
    pub fn new(limit: PageLimit, after: Option<Cursor>) -> Self {
        let start = after.and_then(|cursor| usize::try_from(cursor.0).ok()).unwrap_or(0);
        Self { items: Vec::new(), page: start..start.saturating_add(limit.rows()), rows: 0 }
    }

    /// Takes the next row, and drops it unless it is of the page.
    pub fn add(&mut self, row: T) {
        if self.page.contains(&self.rows) {
            self.items.push(row);
        }
        self.rows += 1;
    }

    /// The page, after the last row.
    pub fn list(self) -> List<T> {
        let Self { items, page, rows } = self;
        let next = (page.end < rows).then(|| Cursor(i64::try_from(page.end).unwrap_or(i64::MAX)).text());
        List { items, next }
    }
}

/// `?limit=&after=` of a list without other parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PageQuery {
    /// Rows wanted.
    pub limit: PageLimit,
    /// The end of the page before.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub after: Option<Cursor>,
}

/// For optional parameters of a query: a parameter that is present is read as a value.
pub fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<T>, D::Error> {
    T::deserialize(d).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_a_list_in_memory_follow_each_other_without_gaps() {
        let mut seen: Vec<i32> = Vec::new();
        let mut after = None;
        loop {
            let page = List::of_all(0..7, PageLimit(3), after);
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            after = Some(serde_json::from_value(next.into()).unwrap());
        }
        assert_eq!(seen, (0..7).collect::<Vec<_>>());
        assert!(List::of_all(vec![1], PageLimit(3), Some(Cursor(9))).items.is_empty());
    }

    #[test]
    fn other_texts_are_no_cursor_and_no_limit() {
        for text in ["", "p", "p-1", "p+1", "p01", "P1", "1", "p1z", "pffffffffffffffff"] {
            assert!(serde_json::from_value::<Cursor>(text.into()).is_err(), "{text}");
        }
        for text in ["", "0", "-1", "x", "99999999999"] {
            assert!(serde_json::from_value::<PageLimit>(text.into()).is_err(), "{text}");
        }
        assert_eq!(serde_json::from_value::<PageLimit>("1000".into()).unwrap().rows(), 500);
    }
}
