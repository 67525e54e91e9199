//! Bars as SVG, made by the server: no script, and colours from the style sheet.

use std::fmt::Write;

use crate::web::html::escaped;

/// One bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The label below it; empty for none.
    pub label: String,
    /// The value as text, for the tooltip and for screen readers.
    pub told: String,
    /// Its height, in any unit.
    pub value: u64,
}

const WIDTH: u64 = 600;
const HEIGHT: u64 = 140;
/// Room below the bars for labels, above them for the largest value.
const BELOW: u64 = 18;
const ABOVE: u64 = 16;

/// A plot of `bars`; `title` describes it, `largest` is the value of the tallest bar as text. Empty without bars.
pub(crate) fn bars(title: &str, largest: &str, bars: &[Bar]) -> String {
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or_default();
    let Some(step) = (WIDTH * 100).checked_div(bars.len() as u64) else { return String::new() };
    let room = HEIGHT - BELOW - ABOVE;
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">",
        escaped(title)
    );
    let base = HEIGHT - BELOW;
    let mut put = |text: std::fmt::Arguments| svg.write_fmt(text).expect("a text takes every text");
    put(format_args!("<line x1=\"0\" y1=\"{base}\" x2=\"{WIDTH}\" y2=\"{base}\"/>"));
    put(format_args!("<text x=\"0\" y=\"11\">{}</text>", escaped(largest)));
    for (at, bar) in bars.iter().enumerate() {
        let height = u128::from(bar.value) * u128::from(room) / u128::from(most.max(1));
        // A value above zero is always visible.
        let height = u64::try_from(height).unwrap_or(room).max(u64::from(bar.value > 0));
        let left = at as u64 * step;
        let width = step * 4 / 5;
        put(format_args!(
            "<rect x=\"{}.{:02}\" y=\"{}\" width=\"{}.{:02}\" height=\"{height}\"><title>{}</title></rect>",
            left / 100,
            left % 100,
            base - height,
            width / 100,
            width % 100,
            escaped(&bar.told)
        ));
        if !bar.label.is_empty() {
            let middle = (left + width / 2) / 100;
            put(format_args!(
                "<text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                HEIGHT - 4,
                escaped(&bar.label)
            ));
        }
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_stand_side_by_side_and_names_are_never_markup() {
        let bar = |value, told: &str| Bar { label: "1".into(), told: told.into(), value };
        let svg =
            bars("Pemakaian <b>", "2 GB", &[bar(0, "nol"), bar(1, "satu"), bar(u64::MAX, "\"><script>")]);
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
        assert!(
            svg.contains("height=\"0\"") && svg.contains("height=\"1\"") && svg.contains("height=\"106\""),
            "{svg}"
        );
        assert_eq!(bars("", "", &[]), "");
    }
}
