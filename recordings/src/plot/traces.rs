//! Variables of single neurons over time, one above the other, with their spikes.

use super::axis::{Axis, grouped, round_step};
use super::colour::{Colour, INK};
use super::data::{Recording, Trace};
use super::error::PlotError;
use super::frame::{Area, Frame, normal, remarks_style};
use super::picture::{Picture, Point};
use super::{Figure, Options};
use crate::statistics::Window;
use std::cmp::Ordering;

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "traces",
    summary: "variables of single neurons over time, spikes as upright strokes",
    shows: |recording| !recording.traces.is_empty(),
    draw,
};

const PANEL: f64 = 84.0;
const GAP: f64 = 12.0;
const TOP: f64 = 30.0;
/// The most traces in one picture.
const MOST: usize = 24;

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(Window { from: 0.0, to: recording.end() });
    recording.traces.iter().try_for_each(check)?;
    let shown = &recording.traces[..recording.traces.len().min(MOST)];
    let unit = if window.length() > 2000.0 { 1000.0 } else { 1.0 };
    let time = Axis::linear(window.from / unit, window.to / unit);
    let names =
        shown.iter().map(|trace| normal().width(&owner(trace)).max(remarks_style().width(&variable(trace))));
    let left = names.fold(60.0, f64::max).min(200.0) + 76.0;
    let field = |row: usize| {
        let top = TOP + (PANEL + GAP) * row as f64;
        Area { left, top, right: options.width - 20.0, bottom: top + PANEL }
    };
    let last = field(shown.len().max(1) - 1);
    let mut picture = Picture::new("Variables of single neurons", options.width, last.bottom + 50.0);
    for (row, trace) in shown.iter().enumerate() {
        let frame = Frame { field: field(row), x: time, y: value_axis(trace, shown, window) };
        frame.draw_grid(&mut picture);
        draw_trace(&mut picture, &frame, trace, colour(recording, trace, row)?, window, unit);
        draw_name(&mut picture, &frame, trace);
    }
    let bottom = Frame { field: Area { top: TOP, ..last }, x: time, y: Axis::linear(0.0, 1.0) };
    if shown.is_empty() {
        bottom.draw_columns(&mut picture);
        bottom.draw_nothing(&mut picture, "no traces were recorded");
    }
    if shown.len() < recording.traces.len() {
        let text = format!("showing {MOST} of {} traces", grouped(recording.traces.len()));
        picture.text((last.right, TOP - 14.0), text, remarks_style().ending());
    }
    bottom.draw_x(&mut picture, if unit == 1.0 { "time (ms)" } else { "time (s)" });
    Ok(picture)
}

fn check(trace: &Trace) -> Result<(), PlotError> {
    let refuse = |message: String| {
        Err(PlotError::Samples { owner: format!("{} of {}", trace.variable, owner(trace)), message })
    };
    if trace.times.len() != trace.values.len() {
        return refuse(format!("{} times but {} values", trace.times.len(), trace.values.len()));
    }
    if trace.times.windows(2).any(|pair| pair[0].partial_cmp(&pair[1]).is_none_or(Ordering::is_gt)) {
        return refuse("the times do not ascend".into());
    }
    Ok(())
}

fn colour(recording: &Recording, trace: &Trace, row: usize) -> Result<Colour, PlotError> {
    let population = recording.populations.iter().position(|population| population.name == trace.population);
    match (&trace.colour, population) {
        (None, Some(index)) => recording.colour(index),
        (given, _) => Colour::of(&owner(trace), given.as_deref(), row),
    }
}

fn owner(trace: &Trace) -> String {
    format!("{} {}", trace.population, trace.neuron)
}

fn variable(trace: &Trace) -> String {
    if trace.unit.is_empty() {
        trace.variable.clone()
    } else {
        format!("{} ({})", trace.variable, trace.unit)
    }
}

/// The samples within a window.
fn within<'a>(trace: &'a Trace, window: Window) -> impl Iterator<Item = (f64, f64)> + 'a {
    let first = trace.times.partition_point(|&time| time < window.from);
    let last = trace.times.partition_point(|&time| time <= window.to);
    trace.times[first..last].iter().copied().zip(trace.values[first..last].iter().copied())
}

/// Traces of one variable share their axis, so that they can be compared.
fn value_axis(trace: &Trace, shown: &[Trace], window: Window) -> Axis {
    let alike = || shown.iter().filter(|other| other.variable == trace.variable && other.unit == trace.unit);
    let values = || {
        alike()
            .flat_map(|other| within(other, window))
            .map(|sample| sample.1)
            .filter(|value| value.is_finite())
    };
    let (least, most) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    if least >= most {
        return Axis::linear(least, most);
    }
    let step = round_step((most - least) / 10.0);
    // Room above for the strokes of the spikes.
    let room = if alike().any(|other| !other.spikes.is_empty()) { 0.3 * (most - least) } else { 0.0 };
    Axis::linear((least / step + 1e-9).floor() * step, most.max((most / step - 1e-9).ceil() * step) + room)
}

fn draw_trace(
    picture: &mut Picture,
    frame: &Frame,
    trace: &Trace,
    colour: Colour,
    window: Window,
    unit: f64,
) {
    let points: Vec<Point> =
        within(trace, window).map(|(time, value)| frame.at(time / unit, value)).collect();
    picture.line(&lean(&points), colour, 1.2);
    let height = 0.2 * frame.field.height();
    let strokes = trace.spikes.iter().filter(|time| window.contains(**time));
    let centres = strokes.map(|time| (frame.column(time / unit), frame.field.top + height / 2.0)).collect();
    picture.marks(centres, (1.3, height), INK);
}

/// At most four points for every half point of width: where it enters, its least, its most, and
/// where it leaves. Looks the same and keeps files small.
fn lean(points: &[Point]) -> Vec<Point> {
    let column = |point: &Point| (point.0 * 2.0).floor();
    let mut lean = Vec::new();
    for part in points.chunk_by(|a, b| column(a) == column(b)) {
        if part.len() <= 4 {
            lean.extend_from_slice(part);
            continue;
        }
        let by_height = |a: &usize, b: &usize| part[*a].1.total_cmp(&part[*b].1);
        let mut kept = vec![0, part.len() - 1];
        kept.extend((0..part.len()).min_by(by_height));
        kept.extend((0..part.len()).max_by(by_height));
        kept.sort_unstable();
        kept.dedup();
        lean.extend(kept.into_iter().map(|index| part[index]));
    }
    lean
}

fn draw_name(picture: &mut Picture, frame: &Frame, trace: &Trace) {
    let Area { left, top, bottom, .. } = frame.field;
    picture.line(&[(left, top), (left, bottom)], INK, 1.0);
    for tick in frame.y.ticks(3) {
        let y = frame.row(tick.value);
        picture.line(&[(left - 4.0, y), (left, y)], INK, 1.0);
        picture.text((left - 8.0, y), tick.label.unwrap_or_default(), super::frame::small().ending());
    }
    let middle = (top + bottom) / 2.0;
    let room = left - 76.0;
    picture.text((12.0, middle - 9.0), normal().fit(&owner(trace), room), normal());
    picture.text((12.0, middle + 9.0), remarks_style().fit(&variable(trace), room), remarks_style());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lean_line_keeps_its_ends_and_its_extremes() {
        let points: Vec<Point> =
            (0..1000).map(|k| (0.0004 * f64::from(k), f64::from(k * 37 % 1000))).collect();
        let lean = lean(&points);
        assert!(lean.len() <= 4);
        assert_eq!((lean.first(), lean.last()), (points.first(), points.last()));
        assert!(lean.iter().any(|point| point.1 == 0.0) && lean.iter().any(|point| point.1 == 999.0));
    }
}
