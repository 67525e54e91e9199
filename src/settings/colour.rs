//! A colour of a site's pages, and how well two colours can be told apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What WCAG AA demands of text.
pub(crate) const CONTRAST_MIN: f64 = 4.5;

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour(pub [u8; 3]);

const COLOUR_HINT: &str = "write # and six digits 0-9 a-f, like \"#0b6a4f\"";

impl Colour {
    /// White.
    pub const WHITE: Self = Self([255; 3]);
    /// Black.
    pub const BLACK: Self = Self([0; 3]);

    /// This colour with so many hundredths of another in it.
    #[must_use]
    pub fn mixed(self, other: Self, hundredths: u16) -> Self {
        let mix = |(own, other): (u8, u8)| {
            let sum = u16::from(own) * (100 - hundredths) + u16::from(other) * hundredths;
            u8::try_from((sum + 50) / 100).unwrap_or(u8::MAX)
        };
        let [r, g, b] = self.0;
        let [or, og, ob] = other.0;
        Self([mix((r, or)), mix((g, og)), mix((b, ob))])
    }

    /// The relative luminance of WCAG 2, 0 to 1.
    fn luminance(self) -> f64 {
        let linear = |channel: u8| {
            let c = f64::from(channel) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        let [r, g, b] = self.0.map(linear);
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// The contrast of two colours by WCAG 2, 1 to 21.
    pub fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    /// Whether text of this colour can be read on each of the others.
    pub fn is_readable_on(self, grounds: &[Self]) -> bool {
        grounds.iter().all(|ground| self.contrast(*ground) >= CONTRAST_MIN)
    }

    /// The first shade towards another colour that can be read on all of these.
    #[must_use]
    pub fn until_readable(self, towards: Self, grounds: &[Self]) -> Self {
        let shades = (0..=100).map(|hundredths| self.mixed(towards, hundredths));
        let mut readable = shades.filter(|shade| shade.is_readable_on(grounds));
        readable.next().unwrap_or(towards)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [r, g, b] = self.0;
        write!(f, "#{r:02x}{g:02x}{b:02x}")
    }
}

impl FromStr for Colour {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("not a colour: {COLOUR_HINT}");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or_else(refused)?;
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| refused())?;
        bytes.try_into().map(Self).map_err(|_| refused())
    }
}

impl TryFrom<String> for Colour {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        text.parse().unwrap()
    }

    #[test]
    fn colours_are_read_and_written_alike() {
        assert_eq!(colour("#0B6a4f").to_string(), "#0b6a4f");
        for text in ["", "0b6a4f", "#0b6a4", "#0b6a4f0", "#0b6a4g", "green", "#é6a4"] {
            assert!(text.parse::<Colour>().unwrap_err().contains("#0b6a4f"), "{text}");
        }
    }

    #[test]
    fn contrasts_are_those_of_the_standard() {
        let rows = [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#767676", "#ffffff", 4.54),
            ("#0b6a4f", "#ffffff", 6.59),
            ("#ff0000", "#ffffff", 4.0),
        ];
        for (a, b, expected) in rows {
            let contrast = colour(a).contrast(colour(b));
            assert!((contrast - expected).abs() < 0.01, "{a} {b}: {contrast}");
            assert!((contrast - colour(b).contrast(colour(a))).abs() < f64::EPSILON);
        }
    }

    #[test]
    fn a_shade_is_no_darker_than_it_must_be() {
        let shade = colour("#ffcc00").until_readable(Colour::BLACK, &[Colour::WHITE]);
        assert!(shade.is_readable_on(&[Colour::WHITE]) && shade.contrast(Colour::WHITE) < 4.7, "{shade}");
        assert_eq!(colour("#0b6a4f").until_readable(Colour::BLACK, &[Colour::WHITE]), colour("#0b6a4f"));
    }
}
