//! A picture as a PNG file of 192 dots an inch.
//!
//! It is drawn at twice that resolution and averaged down, which smooths every edge.

use super::error::PlotError;
use super::font;
use super::paint::{Scale, paint};
use super::picture::{Picture, Shape};
use plotters::backend::{BitMapBackend, DrawingBackend};

/// Dots of the file in a point.
const DOTS: f64 = 2.0;
/// Dots that are averaged into one, each way.
const FINE: usize = 2;
/// plotters scales outlines by ascent plus descent and sets the baseline half that height below.
const SCALE: Scale = Scale { units: DOTS * FINE as f64, height: font::LINE, baseline: font::LINE / 2.0 };

/// The bytes of the file.
pub fn bytes(picture: &Picture) -> Result<Vec<u8>, PlotError> {
    let width = (picture.width * DOTS).round() as usize;
    let height = (picture.height * DOTS).round() as usize;
    let mut fine = vec![0xff; width * FINE * height * FINE * 3];
    let mut backend = BitMapBackend::with_buffer(&mut fine, ((width * FINE) as u32, (height * FINE) as u32));
    for shape in &picture.shapes {
        for piece in pieces(shape) {
            paint(&mut backend, &piece, SCALE)?;
        }
    }
    backend.present().map_err(|error| PlotError::Drawing(error.to_string()))?;
    drop(backend);
    encode(&average(&fine, width, height), width as u32, height as u32)
        .map_err(|error| PlotError::Drawing(error.to_string()))
}

/// A bent line is drawn leg by leg: plotters would turn it into one polygon with spikes at sharp
/// bends, which traces are full of.
fn pieces(shape: &Shape) -> Vec<Shape> {
    match shape {
        Shape::Line { points, colour, width } if points.len() > 2 => points
            .windows(2)
            .map(|leg| Shape::Line { points: leg.to_vec(), colour: *colour, width: *width })
            .collect(),
        other => vec![other.clone()],
    }
}

fn average(fine: &[u8], width: usize, height: usize) -> Vec<u8> {
    let row = width * FINE * 3;
    let mut coarse = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            for channel in 0..3 {
                let mut sum = 0;
                for (dy, dx) in (0..FINE).flat_map(|dy| (0..FINE).map(move |dx| (dy, dx))) {
                    sum += usize::from(fine[(y * FINE + dy) * row + (x * FINE + dx) * 3 + channel]);
                }
                coarse.push(((sum + FINE * FINE / 2) / (FINE * FINE)) as u8);
            }
        }
    }
    coarse
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    // 96 points an inch, in dots a metre.
    let per_metre = (DOTS * 96.0 / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(png::PixelDimensions {
        xppu: per_metre,
        yppu: per_metre,
        unit: png::Unit::Meter,
    }));
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
