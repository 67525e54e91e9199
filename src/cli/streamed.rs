//! A report of any length, read row by row while it arrives: only the rows that decide the widths of columns wait.

use std::fmt;
use std::io::{self, Read};
use std::marker::PhantomData;
use std::pin::Pin;

use axum::body::{self, Body, HttpBody};
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::spawn_blocking;

use super::api::broken;
use super::failure::Failure;

/// Parts of an answer that may wait for the reader.
const PARTS_WAITING: usize = 4;

/// An answer as it arrives, for a thread that may wait.
struct Arriving {
    parts: Receiver<io::Result<body::Bytes>>,
    chunk: body::Bytes,
}

impl Read for Arriving {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.parts.blocking_recv() {
                Some(part) => self.chunk = part?,
                None => return Ok(0),
            }
        }
        let bytes = self.chunk.len().min(out.len());
        out[..bytes].copy_from_slice(&self.chunk.split_to(bytes));
        Ok(bytes)
    }
}

/// Calls `visit` with each row in `items` of a report, and returns its `totals`.
pub(super) async fn each_row<R, T>(
    mut body: Body,
    visit: impl FnMut(R) -> Result<(), Failure> + Send + 'static,
) -> Result<T, Failure>
where
    R: DeserializeOwned,
    T: DeserializeOwned + Send + 'static,
{
    let (sender, parts) = channel(PARTS_WAITING);
    let reader = spawn_blocking(move || parse(Arriving { parts, chunk: body::Bytes::new() }, visit));
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let part = frame.map(|frame| frame.into_data().unwrap_or_default()).map_err(io::Error::other);
        // The reader went away after an error of its own.
        if sender.send(part).await.is_err() {
            break;
        }
    }
    drop(sender);
    reader.await.map_err(broken)?
}

fn parse<R: DeserializeOwned, T: DeserializeOwned>(
    text: impl Read,
    mut visit: impl FnMut(R) -> Result<(), Failure>,
) -> Result<T, Failure> {
    let mut failed = None;
    let take = |row| {
        visit(row).map_err(|failure| {
            failed = Some(failure);
            "a row was not taken"
        })
    };
    let report = Report { take, kinds: PhantomData };
    let mut text = serde_json::Deserializer::from_reader(io::BufReader::new(text));
    let totals = text.deserialize_map(report).and_then(|totals| text.end().map(|()| totals));
    totals.map_err(|error| failed.unwrap_or_else(|| broken(error)))
}

/// Reads `{"items": [...], "totals": {...}, ...}`: hands out the rows, and is the totals.
struct Report<F, R, T> {
    take: F,
    kinds: PhantomData<fn(R) -> T>,
}

impl<'de, F, R, T> Visitor<'de> for Report<F, R, T>
where
    F: FnMut(R) -> Result<(), &'static str>,
    R: DeserializeOwned,
    T: DeserializeOwned,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a report")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<T, A::Error> {
        let mut totals = None;
        while let Some(field) = map.next_key::<String>()? {
            match field.as_str() {
                "items" => map.next_value_seed(Rows { take: &mut self.take, row: PhantomData })?,
                "totals" => totals = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        totals.ok_or_else(|| A::Error::missing_field("totals"))
    }
}

/// Reads the rows.
struct Rows<'a, F, R> {
    take: &'a mut F,
    row: PhantomData<fn(R)>,
}

impl<'de, F, R> serde::de::DeserializeSeed<'de> for Rows<'_, F, R>
where
    F: FnMut(R) -> Result<(), &'static str>,
    R: DeserializeOwned,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F, R> Visitor<'de> for Rows<'_, F, R>
where
    F: FnMut(R) -> Result<(), &'static str>,
    R: DeserializeOwned,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(row) = rows.next_element::<R>()? {
            (self.take)(row).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn rows_are_visited_as_they_come_and_the_totals_returned() {
        let text = r#"{"from":"x","items":[{"n":1},{"n":2}],"totals":{"n":3},"more":[{}]}"#;
        let (sender, seen) = std::sync::mpsc::channel();
        let visit = move |row: Value| {
            sender.send(row["n"].as_u64().unwrap()).unwrap();
            Ok(())
        };
        let totals = each_row::<Value, Value>(Body::from(text), visit).await;
        let totals = totals.unwrap_or_else(|_| panic!("it is whole"));
        assert_eq!(totals["n"], 3);
        assert_eq!(seen.iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_and_a_row_that_is_not_taken_are_failures() {
        for text in ["", r#"{"items":[{"n":1},"#, r#"{"items":[]"#, r#"{"items":[]}"#, "[]"] {
            assert!(each_row::<Value, Value>(Body::from(text), |_| Ok(())).await.is_err(), "{text}");
        }
        let refused = each_row::<Value, Value>(Body::from(r#"{"items":[{}],"totals":{}}"#), |_| {
            Err(Failure::said("no"))
        });
        assert!(matches!(refused.await, Err(Failure::Said(why)) if why == "no"));
    }
}
