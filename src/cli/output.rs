//! The output of commands: JSON for programs, short text and tables for people.

use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::failure::Failure;
use crate::domain::units::{Bytes, Rupiah};
use crate::protocol::admin::page::List;

/// The format of answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// The API's JSON instead of text.
    pub json: bool,
}

impl Output {
    /// Prints an answer: as JSON, or as text made by `human`.
    pub fn answer<T: Serialize>(self, answer: &T, human: impl FnOnce(&T) -> String) -> Result<(), Failure> {
        if self.json { say(&pretty(answer)?) } else { say(&human(answer)) }
    }

    /// Prints a list in full, in the API's envelope.
    pub fn list<T: Serialize>(
        self,
        items: Vec<T>,
        human: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        if self.json { say(&pretty(&List { items, next: None })?) } else { say(&human(&items)) }
    }
}

fn pretty(answer: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(answer).map_err(Failure::said)
}

/// Prints to stdout. A closed pipe is no error; an empty text prints nothing.
pub(super) fn say(text: &str) -> Result<(), Failure> {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return Ok(());
    }
    print(format!("{text}\n").as_bytes()).map(|_| ())
}

/// Prints a part of an answer to stdout; `false` once the pipe is closed.
pub(super) fn print(part: &[u8]) -> Result<bool, Failure> {
    match std::io::stdout().lock().write_all(part) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::said(format!("the answer could not be printed: {error}"))),
    }
}

/// Prints to stderr, ignoring errors.
pub(super) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Columns under their headings; the last one is not padded.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return "none".to_owned();
    }
    let heading: Vec<String> = headings.iter().map(|h| (*h).to_owned()).collect();
    let lines: Vec<&Vec<String>> = std::iter::once(&heading).chain(rows).collect();
    let widths = widths(&lines);
    lines.iter().map(|line| padded(line, &widths)).collect::<Vec<_>>().join("\n")
}

fn widths(lines: &[&Vec<String>]) -> Vec<usize> {
    let columns = lines.iter().map(|line| line.len()).max().unwrap_or_default();
    let width = |column: usize| lines.iter().filter_map(|l| l.get(column)).map(|c| c.chars().count()).max();
    (0..columns).map(|column| width(column).unwrap_or(0)).collect()
}

fn padded(line: &[String], widths: &[usize]) -> String {
    let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
    cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// A table of any length, printed while its rows come. The first rows decide the widths of its columns.
pub(super) struct GrowingTable {
    headings: &'static [&'static str],
    /// Rows until the widths are decided.
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

/// Rows that decide the widths.
const ROWS_WAITING: usize = 1000;

impl GrowingTable {
    /// A table without rows.
    pub fn new(headings: &'static [&'static str]) -> Self {
        Self { headings, waiting: Vec::new(), widths: None }
    }

    /// Adds a row.
    pub fn add(&mut self, row: Vec<String>) -> Result<(), Failure> {
        if let Some(widths) = &self.widths {
            return say(&padded(&row, widths));
        }
        self.waiting.push(row);
        if self.waiting.len() < ROWS_WAITING {
            return Ok(());
        }
        let heading: Vec<String> = self.headings.iter().map(|h| (*h).to_owned()).collect();
        self.widths = Some(widths(&std::iter::once(&heading).chain(&self.waiting).collect::<Vec<_>>()));
        say(&table(self.headings, &std::mem::take(&mut self.waiting)))
    }

    /// Prints what waits, after the last row.
    pub fn end(&mut self) -> Result<(), Failure> {
        match self.widths {
            Some(_) => Ok(()),
            None => say(&table(self.headings, &std::mem::take(&mut self.waiting))),
        }
    }
}

/// A field as text; empty for an absent one.
pub(super) fn text(value: &Value, field: &str) -> String {
    plain(&value[field])
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Any answer as indented lines of name and value.
pub(super) fn outline(answer: &impl Serialize) -> String {
    let mut out = String::new();
    let value = serde_json::to_value(answer).expect("answers are plain data");
    outline_into(&mut out, &value, 0);
    out
}

/// Yes or no.
pub(super) const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A sum in bytes; `none` if there is none.
pub(super) fn amount(bytes: Option<u64>, none: &str) -> String {
    bytes.map_or_else(|| none.to_owned(), |bytes| Bytes(bytes).to_string())
}

/// A sum in rupiah; a dash if there is none.
pub(super) fn price(rupiah: Option<u64>) -> String {
    rupiah.map_or_else(|| "-".to_owned(), |rupiah| Rupiah(rupiah).to_string())
}

fn outline_into(out: &mut String, value: &Value, depth: usize) {
    let pad = "  ".repeat(depth);
    let is_flat = |v: &Value| match v {
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        Value::Object(_) => false,
        _ => true,
    };
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if is_flat(field) {
                    out.extend([pad.as_str(), name, ": ", &shown(name, field), "\n"]);
                } else {
                    out.extend([pad.as_str(), name, ":\n"]);
                    outline_into(out, field, depth + 1);
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_flat(item) {
                    out.extend([pad.as_str(), "- ", &plain(item), "\n"]);
                } else {
                    let mut lines = String::new();
                    outline_into(&mut lines, item, depth + 1);
                    // The first line of an item has its dash.
                    out.extend([pad.as_str(), "- ", lines.trim_start()]);
                }
            }
        }
        flat => out.extend([pad.as_str(), &plain(flat), "\n"]),
    }
}

/// A value with the unit that its name ends with.
fn shown(name: &str, value: &Value) -> String {
    match value.as_u64() {
        Some(n) if name.ends_with("_bytes") => Bytes(n).to_string(),
        Some(n) if name.ends_with("_rp") => Rupiah(n).to_string(),
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["Ñandu".to_owned(), "1".to_owned()], vec!["A".to_owned(), String::new()]];
        assert_eq!(table(&["NAME", "NO"], &rows), "NAME   NO\nÑandu  1\nA");
        assert_eq!(table(&["NAME"], &[]), "none");
    }

    #[test]
    fn any_answer_becomes_indented_lines() {
        let value =
            json!({"a": 1, "b": {"c_bytes": 2048, "d": null}, "e": [{"f": true, "g_rp": 10000}, "x"]});
        let expected = "a: 1\nb:\n  c_bytes: 2 KB\n  d: \ne:\n  - f: yes\n    g_rp: Rp 10.000\n  - x\n";
        assert_eq!(outline(&value), expected);
    }
}
