//! A picture as an SVG document.
//!
//! Coordinates are tenths of a point. The marks of a raster become one path per population: an
//! element for each spike would make files that no editor opens.

use super::error::PlotError;
use super::paint::{Scale, paint};
use super::picture::{Picture, Point, Shape};
use plotters::backend::{DrawingBackend, SVGBackend};
use std::fmt::Write;

const UNITS: f64 = 10.0;
/// plotters writes font-size = height / 1.24 and sets the baseline 0.76 em below the place.
const SCALE: Scale = Scale { units: UNITS, height: 1.24, baseline: 0.76 };

/// The document.
pub fn document(picture: &Picture) -> Result<String, PlotError> {
    let (width, height) = (picture.width, picture.height);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {} {}\" role=\"img\">\n<title>{}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        width * UNITS,
        height * UNITS,
        escape(&picture.title)
    );
    for part in picture.shapes.chunk_by(|a, b| is_marks(a) == is_marks(b)) {
        if part.first().is_some_and(is_marks) {
            part.iter().for_each(|shape| write_marks(&mut text, shape));
        } else {
            text.push_str(&elements(part, picture)?);
        }
    }
    text.push_str("</svg>\n");
    Ok(text)
}

/// The elements that plotters writes for shapes, without the `<svg>` around them.
fn elements(shapes: &[Shape], picture: &Picture) -> Result<String, PlotError> {
    let mut text = String::new();
    let mut backend =
        SVGBackend::with_string(&mut text, ((picture.width * UNITS) as u32, (picture.height * UNITS) as u32));
    for shape in shapes {
        paint(&mut backend, shape, SCALE)?;
    }
    backend.present().map_err(|error| PlotError::Drawing(error.to_string()))?;
    drop(backend);
    let inner = text.split_once(">\n").map_or("", |(_, rest)| rest);
    Ok(inner.trim_end().trim_end_matches("</svg>").into())
}

fn is_marks(shape: &Shape) -> bool {
    matches!(shape, Shape::Marks { .. })
}

/// One path of upright strokes, each written relative to the one before it.
fn write_marks(text: &mut String, shape: &Shape) {
    let Shape::Marks { centres, width, height, colour } = shape else { return };
    let tenths = |value: f64| (value * UNITS).round() as i64;
    let mut tops: Vec<(i64, i64)> =
        centres.iter().map(|&(x, y): &Point| (tenths(y - height / 2.0), tenths(x))).collect();
    // Row by row from left to right, so that the steps between strokes are short numbers.
    tops.sort_unstable();
    tops.dedup();
    let length = tenths(*height).max(1);
    let _ = write!(
        text,
        "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" d=\"",
        colour.hex(),
        tenths(*width).max(1)
    );
    let (mut x, mut y) = (0, 0);
    for (index, (top, left)) in tops.into_iter().enumerate() {
        let _ = write!(text, "{}{} {}v{length}", if index == 0 { "M" } else { "m" }, left - x, top - y);
        (x, y) = (left, top + length);
    }
    text.push_str("\"/>\n");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
