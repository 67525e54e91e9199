//! Data of a table that is not imported: by column with the reason, and by line.

use serde_json::{Value, json};

/// A column with data that is not imported.
#[derive(Debug)]
struct LostColumn {
    file: &'static str,
    name: String,
    why: &'static str,
    lines: Vec<usize>,
}

/// All data that is not imported.
#[derive(Debug, Default)]
pub(super) struct Lost(Vec<LostColumn>);

impl Lost {
    /// Records a line with a cell that is not imported; `*` is the whole line.
    pub fn add(&mut self, file: &'static str, name: &str, why: &'static str, line: usize) {
        let known =
            self.0.iter_mut().find(|column| (column.file, column.why) == (file, why) && column.name == name);
        match known {
            Some(column) => column.lines.push(line),
            None => self.0.push(LostColumn { file, name: name.to_owned(), why, lines: vec![line] }),
        }
    }

    /// One sentence for each column.
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
