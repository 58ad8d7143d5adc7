//! Two rasters of the same populations, one above the other, on one axis of time.

use super::Options;
use super::axis::Axis;
use super::colour::INK;
use super::data::Recording;
use super::error::PlotError;
use super::frame::{Area, Frame, normal, remarks_style};
use super::picture::Picture;
use super::raster::{bands, draw_names, draw_spikes, stack, time_axis};
use crate::statistics::Window;

const TOP: f64 = 46.0;
const HEIGHT: f64 = 260.0;
const GAP: f64 = 46.0;

/// Draws the rasters of two runs, each under its title; `first_difference` in ms is marked in both.
///
/// # Errors
/// Spikes that do not belong together, or a colour that is none.
pub fn draw(
    runs: [(&str, &Recording); 2],
    first_difference: Option<f64>,
    options: &Options,
) -> Result<Picture, PlotError> {
    let options = options.checked()?;
    let end = runs[0].1.end().max(runs[1].1.end());
    let window = options.window.unwrap_or(Window { from: 0.0, to: end });
    let (time, unit) = time_axis(window);
    let names = runs[0].1.populations.iter().chain(&runs[1].1.populations);
    let left = names
        .map(|population| normal().width(&population.name).max(remarks_style().width(&population.count())))
        .fold(40.0, f64::max)
        .min(200.0)
        + 30.0;
    let bottom = TOP + 2.0 * HEIGHT + GAP;
    let mut picture = Picture::new("Spikes of two runs", options.width, bottom + 50.0);
    for (number, (title, run)) in runs.into_iter().enumerate() {
        let top = TOP + number as f64 * (HEIGHT + GAP);
        let field = Area { left, top, right: options.width - 20.0, bottom: top + HEIGHT };
        let frame = Frame { field, x: time, y: Axis::linear(0.0, 1.0) };
        let mut bands = bands(run, window)?;
        stack(&mut bands, &field);
        frame.draw_columns(&mut picture);
        draw_names(&mut picture, &bands, &field);
        draw_spikes(&mut picture, &bands, &frame, unit, options.most_spikes / 2);
        let title = normal().fit(title, field.width() - 200.0);
        picture.text((left, top - 14.0), title, normal());
        if let Some(when) = first_difference.filter(|when| window.contains(*when)) {
            let x = frame.column(when / unit);
            picture.dashed((x, field.top), (x, field.bottom), INK, 1.0);
            if number == 1 {
                picture.text((x, top - 31.0), "first difference", remarks_style().centred());
            }
        }
        if number == 1 {
            frame.draw_x(&mut picture, if unit == 1.0 { "time (ms)" } else { "time (s)" });
        }
    }
    Ok(picture)
}
