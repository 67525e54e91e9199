//! What of a table is not taken over: by column with the reason, and by line.

use serde_json::{Value, json};

/// One column of which something is not taken over.
#[derive(Debug)]
struct LostColumn {
    file: &'static str,
    name: String,
    why: &'static str,
    lines: Vec<usize>,
}

/// Everything that is not taken over.
#[derive(Debug, Default)]
pub(super) struct Lost(Vec<LostColumn>);

impl Lost {
    /// A line has something in a column that is not taken over; `*` is the whole line.
    pub fn add(&mut self, file: &'static str, name: &str, why: &'static str, line: usize) {
        let known =
            self.0.iter_mut().find(|column| (column.file, column.why) == (file, why) && column.name == name);
        match known {
            Some(column) => column.lines.push(line),
            None => self.0.push(LostColumn { file, name: name.to_owned(), why, lines: vec![line] }),
        }
    }

    /// For people, one sentence for each column.
    pub fn sentences(&self) -> Vec<String> {
        let sentence = |LostColumn { file, name, why, lines }: &LostColumn| {
            let what = if name == "*" { "left out".to_owned() } else { format!("{name} is not taken over") };
            format!("{file}: {what} (lines {}): {why}", spans(lines))
        };
        self.0.iter().map(sentence).collect()
    }

    pub fn as_json(&self) -> Value {
        let column = |LostColumn { file, name, why, lines }: &LostColumn| {
            let column = (name != "*").then_some(name);
            json!({"file": file, "column": column, "why": why, "lines": lines})
        };
        self.0.iter().map(column).collect()
    }
}

/// Ascending numbers, neighbours as `2-5`.
fn spans(lines: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for line in lines {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *line => *last = *line,
            _ => spans.push((*line, *line)),
        }
    }
    let span = |(first, last): (usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    spans.into_iter().map(span).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_beside_each_other_are_one_span() {
        assert_eq!(spans(&[2, 3, 4, 6, 8, 9]), "2-4, 6, 8-9");
    }
}
