//! The distribution of the correlation coefficients of pairs of neurons.

use super::axis::{Axis, brief, grouped, round_step};
use super::colour::GREY;
use super::data::Recording;
use super::distribution::{Series, Words, bins_for, draw as draw_series, equal_edges};
use super::error::PlotError;
use super::frame::remarks_style;
use super::picture::Picture;
use super::{Figure, Options};
use crate::statistics::{mean, quantile};
use sim_core::rng::Key;

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "correlation",
    summary: "distribution of the correlation of the spike counts of pairs (2 ms bins), by population",
    shows: |recording| !recording.populations.is_empty(),
    draw,
};

const BIN: f64 = 2.0;
const MOST_NEURONS: usize = 200;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(recording.analysed());
    let key = Key::new(0).named("plot").named("correlation");
    let mut series = Vec::new();
    for (index, population) in recording.populations.iter().enumerate() {
        let trains = population.trains(window)?;
        let pairs = trains.correlations(BIN, MOST_NEURONS, key.named(&population.name));
        let mut remarks: Vec<String> =
            mean(&pairs.values).map(|mean| format!("mean {}", brief(mean))).into_iter().collect();
        remarks.push(format!("all pairs of {} neurons", grouped(pairs.neurons)));
        let colour = recording.colour(index)?;
        series.push(Series { name: population.name.clone(), colour, values: pairs.values, remarks });
    }
    let axis = axis(&series);
    let words = Words {
        title: "Correlation of pairs of neurons",
        x: "correlation of spike counts in 2 ms bins",
        y: "fraction of pairs in a bin",
        nothing: "no two neurons fired",
    };
    let bins = bins_for(&series);
    let outside =
        series.iter().flat_map(|one| &one.values).any(|&value| value < axis.from() || value > axis.to());
    let (mut picture, frame) = draw_series(series, &equal_edges(&axis, bins), axis, &words, options);
    let column = frame.column(0.0);
    picture.dashed((column, frame.field.top), (column, frame.field.bottom), GREY, 1.0);
    if outside {
        let above = (frame.field.right, frame.field.top - 9.0);
        picture.text(above, "up to 1 % of the pairs at each end not shown", remarks_style().ending());
    }
    Ok(picture)
}

/// From 1 % to 99 % of the values of every population, and 0.
fn axis(series: &[Series]) -> Axis {
    let (mut from, mut to) = (0.0_f64, 0.0_f64);
    for one in series {
        let mut ascending = one.values.clone();
        ascending.sort_by(f64::total_cmp);
        from = from.min(quantile(&ascending, 0.01).unwrap_or(0.0));
        to = to.max(quantile(&ascending, 0.99).unwrap_or(0.0));
    }
    if from == to {
        return Axis::linear(-1.0, 1.0);
    }
    let step = round_step((to - from) / 10.0);
    Axis::linear((from / step - 0.2).floor() * step, (to / step + 0.2).ceil() * step)
}
