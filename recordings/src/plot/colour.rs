//! Colours, told apart by colour-blind readers too.

use super::error::PlotError;

/// A colour: red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

/// Text and axes.
pub const INK: Colour = Colour(0x26, 0x26, 0x26);
/// Remarks.
pub const GREY: Colour = Colour(0x70, 0x70, 0x70);
/// Grid lines.
pub const GRID: Colour = Colour(0xe4, 0xe4, 0xe4);
/// The background of a stretch that is not analysed.
pub const SHADE: Colour = Colour(0xf2, 0xf2, 0xf2);
/// Paper.
pub const WHITE: Colour = Colour(0xff, 0xff, 0xff);

/// The set of Okabe and Ito (2008), "Color universal design", without its yellow, which is too pale
/// for thin lines on white, and with a wine red and a grey in its place.
const PALETTE: [Colour; 8] = [
    Colour(0x00, 0x72, 0xb2),
    Colour(0xd5, 0x5e, 0x00),
    Colour(0x00, 0x9e, 0x73),
    Colour(0xcc, 0x79, 0xa7),
    Colour(0xe6, 0x9f, 0x00),
    Colour(0x56, 0xb4, 0xe9),
    Colour(0x88, 0x22, 0x55),
    Colour(0x66, 0x66, 0x66),
];

impl Colour {
    /// The colour of the `index`-th of several things.
    pub fn nth(index: usize) -> Colour {
        let again = PALETTE[index % PALETTE.len()];
        // A second round is darker, a third darker still, then they repeat.
        let darker = |part: u8| (u16::from(part) * [10, 6, 4][index / PALETTE.len() % 3] / 10) as u8;
        Colour(darker(again.0), darker(again.1), darker(again.2))
    }

    /// Reads `#rrggbb`.
    pub fn parse(text: &str) -> Option<Colour> {
        let digits = text.strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
        Some(Colour(part(0)?, part(2)?, part(4)?))
    }

    /// The colour of `owner`, the `index`-th: as given, or from the palette.
    pub fn of(owner: &str, given: Option<&str>, index: usize) -> Result<Colour, PlotError> {
        match given {
            None => Ok(Colour::nth(index)),
            Some(text) => Colour::parse(text)
                .ok_or_else(|| PlotError::Colour { owner: owner.into(), colour: text.into() }),
        }
    }

    /// As SVG writes it.
    pub fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_and_written_as_six_hexadecimal_digits() {
        assert_eq!(Colour::parse("#1f77B4").unwrap().hex(), "#1f77b4");
        for wrong in ["1f77b4", "#1f77b", "#1f77b44", "#+f77b4", "#ééé", "blue", ""] {
            assert_eq!(Colour::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_first_24_colours_differ() {
        let colours: Vec<_> = (0..24).map(|index| Colour::nth(index).hex()).collect();
        let mut distinct = colours.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), 24, "{colours:?}");
    }
}
