//! The shades of a site's own colour, in both themes: every pair of them that meets on a page can be read.

use crate::settings::Colour;

/// Grounds of the light theme, as the style sheet has them: the page, and the cards on it.
const LIGHT_GROUNDS: [Colour; 2] = [Colour([0xf6, 0xf7, 0xf5]), Colour::WHITE];
/// Grounds of the dark theme.
const DARK_GROUNDS: [Colour; 2] = [Colour([0x12, 0x16, 0x14]), Colour([0x1b, 0x21, 0x1e])];
/// Text on the colour in the dark theme, where the colour is light.
const DARK_INK: Colour = Colour([0x06, 0x12, 0x0d]);
/// How much of the colour is in the ground of what is chosen, in hundredths.
const SOFT_HUNDREDTHS: u16 = 12;

/// The shades of one theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shades {
    /// Links, figures and the ground of the primary button.
    accent: Colour,
    /// Text on it.
    on_accent: Colour,
    /// The ground of what is chosen.
    soft: Colour,
}

/// Why a colour cannot be a site's; `None` when it can.
pub(crate) fn complaint(colour: Colour) -> Option<String> {
    if colour.is_readable_on(&LIGHT_GROUNDS) {
        return None;
    }
    let darker = colour.until_readable(Colour::BLACK, &LIGHT_GROUNDS);
    Some(format!("is too light to be read on white: write a darker colour, like \"{darker}\""))
}

fn light(colour: Colour) -> Shades {
    let [ground, surface] = LIGHT_GROUNDS;
    let soft = surface.mixed(colour, SOFT_HUNDREDTHS);
    let soft = if colour.is_readable_on(&[soft]) { soft } else { ground };
    Shades { accent: colour, on_accent: Colour::WHITE, soft }
}

fn dark(colour: Colour) -> Shades {
    let [_, surface] = DARK_GROUNDS;
    let soft = surface.mixed(colour, SOFT_HUNDREDTHS);
    let accent = colour.until_readable(Colour::WHITE, &[DARK_GROUNDS[0], surface, soft, DARK_INK]);
    Shades { accent, on_accent: DARK_INK, soft }
}

/// What a site's style sheet ends with.
pub(crate) fn css(colour: Colour) -> String {
    let rules = |Shades { accent, on_accent, soft }: Shades| {
        format!(":root{{--accent:{accent};--on-accent:{on_accent};--accent-soft:{soft}}}")
    };
    format!("{}@media (prefers-color-scheme:dark){{{}}}", rules(light(colour)), rules(dark(colour)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ink of the style sheet, which is read on what is chosen as well.
    const INKS: [Colour; 2] = [Colour([0x1c, 0x23, 0x1f]), Colour([0xe6, 0xeb, 0xe8])];

    #[test]
    fn every_colour_that_is_taken_can_be_read_in_both_themes() {
        let steps = (0..=255_u16).step_by(15).map(|c| u8::try_from(c).unwrap());
        let steps: Vec<u8> = steps.collect();
        let mut taken = 0;
        for (r, g, b) in
            steps.iter().flat_map(|r| steps.iter().flat_map(|g| steps.iter().map(|b| (*r, *g, *b))))
        {
            let colour = Colour([r, g, b]);
            if complaint(colour).is_some() {
                continue;
            }
            taken += 1;
            for (shades, grounds, ink) in
                [(light(colour), LIGHT_GROUNDS, INKS[0]), (dark(colour), DARK_GROUNDS, INKS[1])]
            {
                let Shades { accent, on_accent, soft } = shades;
                assert!(accent.is_readable_on(&grounds), "{colour}: {accent}");
                assert!(accent.is_readable_on(&[soft, on_accent]), "{colour}: {shades:?}");
                assert!(ink.is_readable_on(&[soft]), "{colour}: {soft}");
            }
        }
        assert!(taken > 1000, "{taken}");
    }

    #[test]
    fn a_colour_that_cannot_be_read_is_refused_with_one_that_can() {
        for text in ["#ffcc00", "#ffffff", "#7fd0ff", "#ff0000"] {
            let why = complaint(text.parse().unwrap()).unwrap();
            let advised = why.split('"').nth(1).unwrap();
            assert_eq!(complaint(advised.parse().unwrap()), None, "{text}: {why}");
        }
        for text in ["#000000", "#0b6a4f", "#b00020", "#1d4ed8"] {
            assert_eq!(complaint(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn the_style_sheets_own_grounds_are_those_that_colours_are_held_against() {
        let style = include_str!("../../assets/kuota.css");
        for ground in [LIGHT_GROUNDS[0], DARK_GROUNDS[0]] {
            assert!(style.contains(&format!("--ground: {ground};")), "{ground}");
        }
        assert!(
            style.contains(&format!("--surface: {};", DARK_GROUNDS[1])) && style.contains("--surface: #fff;")
        );
        for ink in INKS {
            assert!(style.contains(&format!("--ink: {ink};")), "{ink}");
        }
    }
}
