//! Charts as SVG, made by the server: no script, and colours from the style sheet. Widths are shares of the page and heights
//! are fixed, so that text keeps its size on every screen.

use std::fmt::{Arguments, Write};

use super::catalogue::words;
use super::locale::Locale;
use crate::domain::units::{Bytes, GB, MB, Rupiah};
use crate::web::html::escaped;

words! {
    /// Texts around charts.
    ChartWords {
        no_data: "Belum ada data.", "No data yet.";
        table: "Angka", "Figures";
        when: "Waktu", "When";
        thousand: "rb", "k";
        million: "jt", "m";
    }
}

/// One bar.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    /// The label below it; empty for none.
    pub label: String,
    /// What it is of, in full.
    pub name: String,
    /// Its height, in the plot's unit.
    pub value: u64,
}

/// What the values of a plot count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Rupiah,
    Bytes,
}

impl Unit {
    /// A value in full.
    fn text(self, locale: &Locale, value: u64) -> String {
        match self {
            Self::Rupiah => Rupiah(value).to_string(),
            Self::Bytes => locale.quota(Bytes(value)),
        }
    }

    /// A round value next to a line of the grid.
    fn short(self, locale: &Locale, value: u64) -> String {
        let words = ChartWords::of(locale.language);
        match self {
            _ if value == 0 => "0".to_owned(),
            Self::Rupiah if value.is_multiple_of(1_000_000) => {
                format!("{} {}", locale.count(value / 1_000_000), words.million)
            }
            Self::Rupiah if value.is_multiple_of(1000) => {
                format!("{} {}", locale.count(value / 1000), words.thousand)
            }
            Self::Rupiah => locale.count(value),
            Self::Bytes if value.is_multiple_of(GB) => format!("{} GB", locale.count(value / GB)),
            Self::Bytes => format!("{} MB", locale.count(value / MB)),
        }
    }

    /// The smallest round step of which two hold `most`: 1, 2 or 5 and zeros.
    fn step(self, most: u64) -> u64 {
        let unit = match self {
            Self::Rupiah => 1,
            Self::Bytes if most > GB => GB,
            Self::Bytes => MB,
        };
        let mut ten = unit;
        loop {
            for digit in [1, 2, 5] {
                let step = ten.saturating_mul(digit);
                if step.saturating_mul(2) >= most {
                    return step;
                }
            }
            ten = ten.saturating_mul(10);
        }
    }
}

/// Bars side by side, with a table of the same figures below where the page has none.
pub(crate) struct Plot<'a> {
    pub title: &'a str,
    pub unit: Unit,
    pub bars: &'a [Bar],
    /// Whether the page has the figures elsewhere.
    pub has_table: bool,
}

const HEIGHT: u64 = 106;
/// Room below the bars for labels, and above them for the values of two.
const BELOW: u64 = 18;
const ABOVE: u64 = 22;
const BASE: u64 = HEIGHT - BELOW;
const ROOM: u64 = BASE - ABOVE;
/// Width of the values next to the lines of the grid, in pixels.
const AXIS: u64 = 58;
/// Height of a line of text, in pixels.
const LINE: u64 = 13;
/// Hundredths of a percent.
const WHOLE: u64 = 10_000;

fn put(out: &mut String, text: Arguments) {
    out.write_fmt(text).expect("a text takes every text");
}

/// A share in hundredths of a percent as SVG has it.
fn percent(share: u64) -> String {
    format!("{}.{:02}%", share / 100, share % 100)
}

impl Plot<'_> {
    /// As markup.
    pub fn draw(&self, locale: &Locale) -> String {
        let words = ChartWords::of(locale.language);
        let most = self.bars.iter().map(|bar| bar.value).max().unwrap_or_default();
        if most == 0 {
            return format!("<p class=\"muted\">{}</p>", words.no_data);
        }
        let step = self.unit.step(most);
        let mut out = String::with_capacity(4096);
        out.push_str("<figure class=\"plot\"><div class=\"drawn\">");
        put(
            &mut out,
            format_args!("<svg class=\"axis\" width=\"{AXIS}\" height=\"{HEIGHT}\" aria-hidden=\"true\">"),
        );
        let lines = [(BASE, 0), (BASE - ROOM / 2, step), (ABOVE, step.saturating_mul(2))];
        for (y, value) in lines {
            let text = self.unit.short(locale, value);
            put(&mut out, format_args!("<text x=\"{}\" y=\"{}\">{text}</text>", AXIS - 4, y + 4));
        }
        put(
            &mut out,
            format_args!(
                "</svg><svg class=\"bars\" height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">",
                escaped(self.title)
            ),
        );
        for (y, _) in lines {
            put(&mut out, format_args!("<line x1=\"0\" y1=\"{y}\" x2=\"100%\" y2=\"{y}\"/>"));
        }
        self.draw_bars(&mut out, locale, step.saturating_mul(2));
        self.draw_values(&mut out, locale, step.saturating_mul(2));
        out.push_str("</svg></div>");
        if !self.has_table {
            self.draw_table(&mut out, locale);
        }
        out.push_str("</figure>");
        out
    }

    fn slot(&self) -> u64 {
        WHOLE / (self.bars.len() as u64).max(1)
    }

    /// A value above zero is always visible.
    fn height(value: u64, top: u64) -> u64 {
        let height = u128::from(value) * u128::from(ROOM) / u128::from(top.max(1));
        u64::try_from(height).unwrap_or(ROOM).max(u64::from(value > 0))
    }

    fn draw_bars(&self, out: &mut String, locale: &Locale, top: u64) {
        let slot = self.slot();
        for (at, bar) in self.bars.iter().enumerate() {
            let (left, height) = (at as u64 * slot, Self::height(bar.value, top));
            let (x, hit, width) = (percent(left), percent(slot), percent(slot * 4 / 5));
            let told = format!("{}: {}", bar.name, self.unit.text(locale, bar.value));
            put(out, format_args!("<g><title>{}</title>", escaped(&told)));
            put(
                out,
                format_args!("<rect class=\"hit\" x=\"{x}\" y=\"0\" width=\"{hit}\" height=\"{BASE}\"/>"),
            );
            put(
                out,
                format_args!(
                    "<rect x=\"{x}\" y=\"{}\" width=\"{width}\" height=\"{height}\"/></g>",
                    BASE - height
                ),
            );
            if !bar.label.is_empty() {
                let middle = percent(left + slot * 2 / 5);
                let label = escaped(&bar.label);
                put(out, format_args!("<text x=\"{middle}\" y=\"{}\">{label}</text>", HEIGHT - 4));
            }
        }
    }

    /// The values of the newest and of the highest bar.
    fn draw_values(&self, out: &mut String, locale: &Locale, top: u64) {
        let (slot, newest) = (self.slot(), self.bars.len() - 1);
        let highest = (0..=newest).rev().max_by_key(|at| self.bars[*at].value).unwrap_or(newest);
        let mut value = |at: usize, up: u64| {
            let bar = &self.bars[at];
            let (left, y) = (at as u64 * slot, BASE - Self::height(bar.value, top) - 4 - up);
            let (class, x) = match left + slot * 2 / 5 {
                middle if middle < WHOLE / 5 => ("from", left),
                middle if middle > WHOLE - WHOLE / 5 => ("to", (left + slot * 4 / 5).min(WHOLE)),
                middle => ("mid", middle),
            };
            let text = self.unit.text(locale, bar.value);
            put(
                out,
                format_args!("<text class=\"value {class}\" x=\"{}\" y=\"{y}\">{text}</text>", percent(x)),
            );
        };
        value(newest, 0);
        if highest != newest {
            let of = |at: usize| Self::height(self.bars[at].value, top);
            let is_near = (newest - highest) * 2 < self.bars.len();
            value(highest, if is_near && of(highest) - of(newest) < LINE { LINE } else { 0 });
        }
    }

    fn draw_table(&self, out: &mut String, locale: &Locale) {
        let words = ChartWords::of(locale.language);
        let title = escaped(self.title);
        put(
            out,
            format_args!("<details class=\"small\"><summary>{}</summary><table><thead><tr>", words.table),
        );
        put(
            out,
            format_args!("<th scope=\"col\">{}</th><th scope=\"col\" class=\"n\">{title}</th>", words.when),
        );
        out.push_str("</tr></thead><tbody>");
        for bar in self.bars.iter().rev() {
            let (name, value) = (escaped(&bar.name), self.unit.text(locale, bar.value));
            put(out, format_args!("<tr><th scope=\"row\">{name}</th><td class=\"n\">{value}</td></tr>"));
        }
        out.push_str("</tbody></table></details>");
    }
}

/// A part of a whole.
pub(crate) struct Share {
    /// Which colour of the style sheet: `s0` and on.
    pub colour: &'static str,
    /// What it is, in full, with its value.
    pub told: String,
    pub value: u64,
}

/// Parts of a whole as one bar; empty where the whole is nothing. Its legend is the page's.
pub(crate) fn shares(title: &str, parts: &[Share]) -> String {
    let whole: u64 = parts.iter().map(|part| part.value).sum();
    if whole == 0 {
        return String::new();
    }
    let mut out =
        format!("<svg class=\"shares\" height=\"20\" role=\"img\" aria-label=\"{}\">", escaped(title));
    let place = |sum: u64| {
        let place = u128::from(sum) * u128::from(WHOLE) / u128::from(whole);
        u64::try_from(place).unwrap_or(WHOLE)
    };
    let mut sum = 0;
    for part in parts.iter().filter(|part| part.value > 0) {
        let (from, to) = (place(sum), place(sum + part.value));
        sum += part.value;
        let (x, width) = (percent(from), percent(to - from));
        let (colour, told) = (part.colour, escaped(&part.told));
        put(
            &mut out,
            format_args!(
                "<rect class=\"{colour}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"20\"><title>{told}</title></rect>"
            ),
        );
    }
    out.push_str("</svg>");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Zone;
    use crate::ui::language::Language;

    fn locale() -> Locale {
        Locale { language: Language::Indonesian, zone: Zone::named("Asia/Jakarta").unwrap() }
    }

    fn drawn(unit: Unit, values: &[u64]) -> String {
        let bar = |value: &u64| Bar { label: "1".into(), name: "\"><script>".into(), value: *value };
        let bars: Vec<Bar> = values.iter().map(bar).collect();
        Plot { title: "Pemakaian <b>", unit, bars: &bars, has_table: false }.draw(&locale())
    }

    #[test]
    fn bars_stand_side_by_side_and_names_are_never_markup() {
        let svg = drawn(Unit::Rupiah, &[0, 1, u64::MAX]);
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
        assert!(svg.contains("height=\"0\"") && svg.contains("height=\"1\""), "{svg}");
        assert_eq!(svg.matches("<line ").count(), 3);
        assert_eq!(svg.matches("<tr><th scope=\"row\">").count(), 3, "every bar is in the table");
        assert!(!svg.contains(" style="), "the content policy refuses styles in the page");
    }

    #[test]
    fn the_newest_and_the_highest_bar_have_their_values() {
        let svg = drawn(Unit::Rupiah, &[50_000, 200_000, 0, 0, 0, 10_000]);
        assert_eq!(svg.matches("class=\"value ").count(), 2);
        assert!(svg.contains(">Rp 200.000</text>") && svg.contains(">Rp 10.000</text>"), "{svg}");
        for text in [">0</text>", ">100 rb</text>", ">200 rb</text>"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        assert_eq!(drawn(Unit::Rupiah, &[1, 2]).matches("class=\"value ").count(), 1);
    }

    #[test]
    fn nothing_is_said_instead_of_drawn() {
        for values in [&[][..], &[0, 0]] {
            assert_eq!(drawn(Unit::Bytes, values), "<p class=\"muted\">Belum ada data.</p>");
        }
        assert_eq!(shares("x", &[]), "");
    }

    #[test]
    fn steps_are_round_and_two_of_them_hold_the_highest() {
        for (unit, most, step) in [
            (Unit::Rupiah, 1, 1),
            (Unit::Rupiah, 150_000, 100_000),
            (Unit::Rupiah, 1_000_000, 500_000),
            (Unit::Bytes, 1, MB),
            (Unit::Bytes, 30 * MB, 20 * MB),
            (Unit::Bytes, GB, 1000 * MB),
            (Unit::Bytes, 2 * GB, GB),
            (Unit::Bytes, 3 * GB, 2 * GB),
            (Unit::Bytes, 250 * GB, 200 * GB),
        ] {
            assert_eq!(unit.step(most), step, "{most}");
        }
        assert!(Unit::Rupiah.step(u64::MAX) >= u64::MAX / 2);
    }

    #[test]
    fn parts_fill_the_whole() {
        let part = |value| Share { colour: "s0", told: "<i>".into(), value };
        let svg = shares("Status", &[part(1), part(0), part(3)]);
        assert!(svg.contains("x=\"0.00%\" y=\"0\" width=\"25.00%\""), "{svg}");
        assert!(svg.contains("x=\"25.00%\" y=\"0\" width=\"75.00%\"") && !svg.contains("<i>"), "{svg}");
        assert_eq!(svg.matches("<rect").count(), 2);
    }

    #[test]
    fn both_languages_say_the_same() {
        crate::ui::catalogue::check(ChartWords::ALL);
    }
}
