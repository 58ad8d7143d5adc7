//! The typeface: DejaVu Sans, carried in the program, since machines that simulate have no fonts.

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use std::sync::Once;

/// What an SVG file asks for: the typeface we measure with, one of the same widths, or any.
pub const FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

/// Ascent plus descent in em: the drawing library scales outlines by this height.
pub const LINE: f64 = 2384.0 / 2048.0;

/// Height of capitals and digits in em.
pub const CAPITAL: f64 = 1493.0 / 2048.0;

/// The typeface at `height` (see the drawing library's meaning of it).
pub fn at(height: f64) -> FontDesc<'static> {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Failure shows as an error of the first text that is drawn.
        let _ = register_font(FAMILY, FontStyle::Normal, dejavu::sans::regular());
    });
    FontDesc::new(FontFamily::Name(FAMILY), height, FontStyle::Normal)
}

/// How long a text is, in points, at `size` points an em.
pub fn width(text: &str, size: f64) -> f64 {
    // Measured large, because the drawing library rounds to whole pixels.
    let large = at(200.0 * LINE).box_size(text).map_or(0, |(width, _)| width);
    f64::from(large) * size / 200.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_typeface() {
        // Advance widths of DejaVu Sans: a digit is 1303 of 2048 units, "m" is 1995.
        assert!((width("0", 2048.0) - 1303.0).abs() < 11.0);
        assert!((width("mm", 2048.0) - 2.0 * 1995.0).abs() < 11.0);
    }
}
