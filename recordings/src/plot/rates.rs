//! Mean rates of the neurons: a box for each population.

use super::axis::{Axis, brief};
use super::colour::{Colour, INK, WHITE};
use super::data::Recording;
use super::error::PlotError;
use super::frame::{Area, Frame, normal, remarks_style};
use super::picture::{Picture, Point};
use super::{Figure, Options};
use crate::statistics::{mean, quantile};

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "rates",
    summary: "mean rates of the neurons: quartiles, range and mean, by population",
    shows: |recording| !recording.populations.is_empty(),
    draw,
};

/// The most outliers that are drawn for a population.
const MOST_OUTLIERS: usize = 500;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(recording.analysed());
    let mut rows = Vec::new();
    for (index, population) in recording.populations.iter().enumerate() {
        let mut rates = population.trains(window)?.rates();
        rates.sort_by(f64::total_cmp);
        rows.push((population, recording.colour(index)?, rates));
    }
    let height = (3200.0 / rows.len().max(1) as f64).clamp(20.0, 46.0);
    let left = rows
        .iter()
        .map(|(population, ..)| {
            normal().width(&population.name).max(remarks_style().width(&population.count()))
        })
        .fold(40.0, f64::max)
        .min(200.0)
        + 24.0;
    let width = options.width.min(720.0);
    let field =
        Area { left, top: 30.0, right: width - 100.0, bottom: 36.0 + height * rows.len().max(3) as f64 };
    let mut picture = Picture::new("Mean rates of the neurons", width, field.bottom + 48.0);
    let highest = rows.iter().filter_map(|(.., rates)| rates.last()).copied().fold(0.0, f64::max);
    let frame = Frame { field, x: Axis::from_zero(highest), y: Axis::linear(0.0, 1.0) };
    frame.draw_columns(&mut picture);
    for (index, (population, colour, rates)) in rows.iter().enumerate() {
        let middle = field.top + 3.0 + (index as f64 + 0.5) * height;
        let with_count = height > 34.0;
        let name = normal().fit(&population.name, left - 20.0);
        picture.text((left - 12.0, middle - if with_count { 8.0 } else { 0.0 }), name, normal().ending());
        if with_count {
            picture.text((left - 12.0, middle + 9.0), population.count(), remarks_style().ending());
        }
        draw_box(&mut picture, &frame, middle, 0.5 * height, *colour, rates);
        let text = mean(rates).map_or("no neurons".into(), |mean| format!("{} Hz", brief(mean)));
        picture.text((width - 12.0, middle), text, normal().ending());
    }
    if rows.is_empty() {
        frame.draw_nothing(&mut picture, "no populations");
    } else {
        picture.text((width - 12.0, field.top - 12.0), "mean", remarks_style().ending());
    }
    frame.draw_x(&mut picture, "rate of a neuron (Hz)");
    picture.line(&[(field.left, field.top), (field.left, field.bottom)], INK, 1.0);
    Ok(picture)
}

/// Quartiles and median, whiskers to the farthest value within 1.5 box lengths (Tukey), what lies
/// beyond as dots, and the mean as a diamond.
fn draw_box(
    picture: &mut Picture,
    frame: &Frame,
    middle: f64,
    thick: f64,
    colour: Colour,
    ascending: &[f64],
) {
    let at = |part| quantile(ascending, part).unwrap_or(0.0);
    let (Some(mean), low, median, high) = (mean(ascending), at(0.25), at(0.5), at(0.75)) else { return };
    let reach = 1.5 * (high - low);
    let inside = |&&rate: &&f64| rate >= low - reach && rate <= high + reach;
    let least = ascending.iter().find(inside).copied().unwrap_or(low);
    let most = ascending.iter().rfind(inside).copied().unwrap_or(high);
    let (top, bottom) = (middle - thick / 2.0, middle + thick / 2.0);
    let column = |rate| frame.column(rate);

    let outliers: Vec<f64> = ascending.iter().copied().filter(|rate| !inside(&rate)).collect();
    let every = outliers.len().div_ceil(MOST_OUTLIERS).max(1);
    // The largest is always among them.
    let dots: Vec<Point> = outliers.iter().rev().step_by(every).map(|&rate| (column(rate), middle)).collect();
    picture.marks(dots, (2.6, 2.6), colour);
    picture.line(&[(column(least), middle), (column(most), middle)], colour, 1.4);
    for end in [least, most] {
        picture.line(
            &[(column(end), middle - thick / 4.0), (column(end), middle + thick / 4.0)],
            colour,
            1.4,
        );
    }
    picture.rectangle((column(low), top), (column(high), bottom), WHITE, 1.0);
    picture.rectangle((column(low), top), (column(high), bottom), colour, 0.35);
    let (left, right) = (column(low), column(high));
    picture.line(&[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], colour, 1.4);
    picture.line(&[(column(median), top), (column(median), bottom)], INK, 2.0);
    let (x, size) = (column(mean), (0.2 * thick).clamp(3.0, 5.0));
    let diamond = |size| vec![(x - size, middle), (x, middle - size), (x + size, middle), (x, middle + size)];
    picture.area(diamond(size + 1.2), INK, 1.0);
    picture.area(diamond(size), WHITE, 1.0);
}
