//! Weights of projections at the beginning and at the end.

use super::axis::{Axis, brief, grouped, round_step, time as time_in_words};
use super::colour::{Colour, GREY};
use super::data::{Recording, Weights};
use super::distribution::{equal_edges, fractions, outline};
use super::error::PlotError;
use super::frame::{Area, Entry, Frame, draw_legend, legend_width, normal};
use super::picture::Picture;
use super::{Figure, Options};
use crate::statistics::mean;

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "weights",
    summary: "distribution of the weights of a projection, first and last sample",
    shows: |recording| !recording.weights.is_empty(),
    draw,
};

const PANEL: f64 = 250.0;
const BINS: usize = 50;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let width = options.width.min(720.0);
    let panels = recording.weights.len().max(1);
    let mut picture = Picture::new("Weights, first and last", width, PANEL * panels as f64 + 10.0);
    if recording.weights.is_empty() {
        let frame = Frame::within(panel(0, width, 120.0), Axis::linear(0.0, 1.0), Axis::linear(0.0, 1.0));
        frame.draw_grid(&mut picture);
        frame.draw_x(&mut picture, "weight");
        frame.draw_y(&mut picture, "fraction of synapses");
        frame.draw_nothing(&mut picture, "no weights were recorded");
    }
    for (index, weights) in recording.weights.iter().enumerate() {
        let colour = Colour::of(&weights.projection, weights.colour.as_deref(), index)?;
        draw_panel(&mut picture, weights, index, colour)?;
    }
    Ok(picture)
}

fn draw_panel(
    picture: &mut Picture,
    weights: &Weights,
    index: usize,
    colour: Colour,
) -> Result<(), PlotError> {
    let all = || weights.first.1.iter().chain(&weights.last.1).copied();
    if all().any(|weight| !weight.is_finite()) {
        let message = "a weight is not a finite number".into();
        return Err(PlotError::Samples { owner: format!("projection \"{}\"", weights.projection), message });
    }
    let axis = axis(all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let edges = equal_edges(&axis, BINS);
    let samples = [(&weights.first, GREY), (&weights.last, colour)];
    let heights = samples.map(|((_, values), _)| fractions(values, &edges));
    let entries = samples.map(|((time, values), colour)| {
        let mut remarks = vec![format!("{} synapses", grouped(values.len()))];
        remarks.extend(mean(values).map(|mean| format!("mean {} {}", brief(mean), weights.unit)));
        Entry { colour, name: format!("at {}", time_in_words(*time)), remarks }
    });
    let area = panel(index, picture.width, legend_width(&entries));
    let frame =
        Frame::within(area, axis, Axis::from_zero(heights.iter().flatten().copied().fold(0.0, f64::max)));
    frame.draw_grid(picture);
    for (heights, (_, colour)) in heights.iter().zip(samples) {
        outline(picture, &frame, heights, &edges, (colour, 0.08));
    }
    if all().next().is_none() {
        frame.draw_nothing(picture, "no synapses");
    }
    picture.text(
        (frame.field.left, area.top - 12.0),
        normal().fit(&weights.projection, frame.field.width()),
        normal(),
    );
    let label = if weights.unit.is_empty() { "weight".into() } else { format!("weight ({})", weights.unit) };
    frame.draw_x(picture, &label);
    frame.draw_y(picture, "fraction of synapses");
    let legend = Area { left: area.right + 18.0, right: picture.width - 8.0, ..area };
    draw_legend(picture, legend, &entries);
    Ok(())
}

fn panel(index: usize, width: f64, legend: f64) -> Area {
    let top = PANEL * index as f64 + 30.0;
    Area { left: 6.0, top, right: width - legend - 36.0, bottom: PANEL * (index + 1) as f64 }
}

/// Round ends around the values.
fn axis(from: f64, to: f64) -> Axis {
    if from >= to {
        return Axis::linear(from, to);
    }
    let step = round_step((to - from) / 10.0);
    Axis::linear((from / step + 1e-9).floor() * step, (to / step - 1e-9).ceil() * step)
}
