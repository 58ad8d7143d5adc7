//! The distribution of the irregularity of neurons: the CV of their intervals.

use super::axis::{Axis, brief, grouped};
use super::colour::GREY;
use super::data::Recording;
use super::distribution::{Series, Words, bins_for, draw as draw_series, equal_edges};
use super::error::PlotError;
use super::frame::remarks_style;
use super::picture::Picture;
use super::{Figure, Options};
use crate::statistics::{cv, mean};

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "cv",
    summary: "distribution of the coefficient of variation of the intervals, by population",
    shows: |recording| !recording.populations.is_empty(),
    draw,
};

/// A neuron with fewer intervals has no meaningful CV.
const LEAST_INTERVALS: usize = 4;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(recording.analysed());
    let mut series = Vec::new();
    for (index, population) in recording.populations.iter().enumerate() {
        let measured = population.trains(window)?.measure(LEAST_INTERVALS, cv);
        let count = grouped(measured.values.len());
        let average = mean(&measured.values).map(|mean| format!("mean {} ", brief(mean))).unwrap_or_default();
        let mut remarks = vec![format!("{average}(n = {count})")];
        if measured.left_out > 0 {
            remarks.push(format!("{} left out (< {LEAST_INTERVALS} intervals)", grouped(measured.left_out)));
        }
        let colour = recording.colour(index)?;
        series.push(Series { name: population.name.clone(), colour, values: measured.values, remarks });
    }
    let highest = series.iter().flat_map(|one| &one.values).copied().fold(1.2, f64::max);
    let axis = Axis::from_zero(highest);
    let words = Words {
        title: "Irregularity of the neurons",
        x: "CV of the intervals",
        y: "fraction of neurons in a bin",
        nothing: "no neuron has 4 intervals",
    };
    let bins = bins_for(&series);
    let (mut picture, frame) = draw_series(series, &equal_edges(&axis, bins), axis, &words, options);
    let column = frame.column(1.0);
    picture.dashed((column, frame.field.top), (column, frame.field.bottom), GREY, 1.0);
    picture.text((column, frame.field.top - 9.0), "Poisson", remarks_style().centred());
    Ok(picture)
}
