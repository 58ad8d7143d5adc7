//! Puts shapes on a drawing backend of plotters, which knows whole numbers only: so everything is
//! drawn large and the file says, or the rasteriser sees to it, that it is shown small.

use super::colour::Colour;
use super::error::PlotError;
use super::font;
use super::picture::{Anchor, Point, Shape, Style};
use plotters::backend::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontTransform, RGBAColor, ShapeStyle, TextStyle};
use std::fmt::Display;

/// What differs between backends.
#[derive(Clone, Copy)]
pub struct Scale {
    /// Units of the backend in a point.
    pub units: f64,
    /// The height that the backend has to be told for a text of one em.
    pub height: f64,
    /// How far below a text's place the backend puts the baseline, in em.
    pub baseline: f64,
}

/// Draws one shape.
pub fn paint<B: DrawingBackend>(backend: &mut B, shape: &Shape, scale: Scale) -> Result<(), PlotError> {
    let at = |&(x, y): &Point| (round(x * scale.units), round(y * scale.units));
    match shape {
        Shape::Line { points, colour, width } => {
            let pen = ShapeStyle {
                color: ink(*colour, 1.0),
                filled: false,
                stroke_width: round(width * scale.units).max(1) as u32,
            };
            backend.draw_path(points.iter().map(at), &pen).map_err(drawing)
        }
        Shape::Area { points, colour, opacity } => backend
            .fill_polygon(points.iter().map(at), &ShapeStyle::from(ink(*colour, *opacity)))
            .map_err(drawing),
        Shape::Marks { centres, width, height, colour } => {
            let colour = ShapeStyle::from(ink(*colour, 1.0));
            centres.iter().try_for_each(|&(x, y)| {
                let corner = at(&(x - width / 2.0, y - height / 2.0));
                let size = (round(width * scale.units).max(1), round(height * scale.units).max(1));
                backend
                    .draw_rect(corner, (corner.0 + size.0, corner.1 + size.1), &colour, true)
                    .map_err(drawing)
            })
        }
        Shape::Text { at, text, style } => write(backend, *at, text, *style, scale),
    }
}

fn write<B: DrawingBackend>(
    backend: &mut B,
    at: Point,
    text: &str,
    style: Style,
    scale: Scale,
) -> Result<(), PlotError> {
    let anchor = match style.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    // Where the backend wants the text so that the middle of its capitals comes to `at`.
    let rise = (font::CAPITAL / 2.0 - scale.baseline) * style.size;
    let (x, y) = if style.upwards { (at.0 + rise, at.1) } else { (at.0, at.1 + rise) };
    let turn = if style.upwards { FontTransform::Rotate270 } else { FontTransform::None };
    let text_style = TextStyle {
        font: font::at(style.size * scale.height * scale.units).transform(turn),
        color: ink(style.colour, 1.0).to_backend_color(),
        pos: Pos::new(anchor, VPos::Top),
    };
    backend.draw_text(text, &text_style, (round(x * scale.units), round(y * scale.units))).map_err(drawing)
}

fn ink(colour: Colour, opacity: f64) -> RGBAColor {
    RGBAColor(colour.0, colour.1, colour.2, opacity)
}

/// Far outside of any paper it saturates.
fn round(units: f64) -> i32 {
    units.round().clamp(-1e6, 1e6) as i32
}

fn drawing(error: impl Display) -> PlotError {
    PlotError::Drawing(error.to_string())
}
