//! The distribution of the intervals between spikes, on a logarithmic axis.

use super::axis::{Axis, brief, grouped};
use super::data::Recording;
use super::distribution::{Series, Words, draw as draw_series};
use super::error::PlotError;
use super::picture::Picture;
use super::{Figure, Options};
use crate::statistics::mean;
use libm::log10;
use sim_core::math::pow;

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "isi",
    summary: "distribution of the intervals between spikes of a neuron, by population",
    shows: |recording| !recording.populations.is_empty(),
    draw,
};

const BINS_PER_DECADE: f64 = 10.0;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(recording.analysed());
    let mut series = Vec::new();
    for (index, population) in recording.populations.iter().enumerate() {
        let values: Vec<f64> =
            population.trains(window)?.intervals().filter(|&interval| interval > 0.0).collect();
        let mut remarks = vec![format!("{} intervals", grouped(values.len()))];
        remarks.extend(mean(&values).map(|mean| format!("mean {} ms", brief(mean))));
        series.push(Series {
            name: population.name.clone(),
            colour: recording.colour(index)?,
            values,
            remarks,
        });
    }
    let all = || series.iter().flat_map(|one| &one.values).copied();
    let axis = Axis::decades(all().fold(f64::INFINITY, f64::min), all().fold(0.0, f64::max));
    let decades = log10(axis.to() / axis.from());
    let bins = (decades * BINS_PER_DECADE).round() as usize;
    let edges: Vec<f64> =
        (0..=bins).map(|bin| axis.from() * pow(10.0, bin as f64 / BINS_PER_DECADE)).collect();
    let words = Words {
        title: "Intervals between spikes",
        x: "interval between spikes (ms)",
        y: "fraction of intervals in a bin (10 bins a decade)",
        nothing: "no neuron fired twice",
    };
    Ok(draw_series(series, &edges, axis, &words, options).0)
}
