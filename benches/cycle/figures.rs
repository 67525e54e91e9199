//! Figures that are kept, and the check that none has grown.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// By how much a figure may grow: buffers grow by steps that depend on how the network cuts its bytes.
const TOLERANCE: f64 = 0.05;
/// Set to write the figures.
const WRITE: &str = "CYCLE_WRITE";

/// What one unit costs.
pub struct Figure {
    pub name: String,
    pub unit: String,
    pub allocations: f64,
    pub bytes: f64,
    pub statements: f64,
}

impl Figure {
    fn parts(&self) -> [(&'static str, f64); 3] {
        [("allocations", self.allocations), ("bytes", self.bytes), ("statements", self.statements)]
    }
}

fn table(figures: &[Figure]) -> String {
    let mut out =
        format!("{:<10} {:>11} {:>8} {:>10}  for each\n", "name", "allocations", "bytes", "statements");
    for Figure { name, unit, allocations, bytes, statements } in figures {
        writeln!(out, "{name:<10} {allocations:>11.2} {bytes:>8.0} {statements:>10.2}  {unit}").unwrap();
    }
    out
}

pub fn print(figures: &[Figure]) {
    print!("{}", table(figures));
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/cycle/figures.txt")
}

/// The figures of a line of the table.
fn kept(line: &str) -> (&str, [f64; 3]) {
    let mut words = line.split_whitespace();
    let name = words.next().unwrap();
    (name, [0; 3].map(|_| words.next().unwrap().parse().unwrap()))
}

/// Fails when a figure has grown, or is not kept.
pub fn check_or_write(figures: &[Figure]) {
    if std::env::var_os(WRITE).is_some() {
        return std::fs::write(path(), table(figures)).unwrap();
    }
    let text = std::fs::read_to_string(path()).unwrap();
    let lines: Vec<_> = text.lines().skip(1).map(kept).collect();
    let mut grown = Vec::new();
    for figure in figures {
        let Some((_, kept)) = lines.iter().find(|(name, _)| *name == figure.name) else {
            grown.push(format!("{}: not kept", figure.name));
            continue;
        };
        for ((part, value), kept) in figure.parts().into_iter().zip(kept) {
            // Half of the last digit that is kept.
            if value > kept * (1.0 + TOLERANCE) + 0.5 * if part == "bytes" { 1.0 } else { 0.01 } {
                grown.push(format!(
                    "{}: {value:.2} {part} for each {}, kept are {kept}",
                    figure.name, figure.unit
                ));
            }
        }
    }
    assert!(grown.is_empty(), "more than {TOLERANCE} above benches/cycle/figures.txt: {grown:#?}");
}
