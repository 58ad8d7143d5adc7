//! The raster: who fired when, population over population, and the rates below.

use super::axis::{Axis, grouped, plain, round_step};
use super::colour::{Colour, GRID, INK, SHADE};
use super::data::Recording;
use super::error::PlotError;
use super::frame::{Area, Frame, normal, remarks_style};
use super::picture::{Picture, Point};
use super::{Figure, Options};
use crate::statistics::{SpikeTrains, Window};
use sim_core::rng::Key;

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "raster",
    summary: "who fired when, by population, and the rates of the populations below",
    shows: |recording| !recording.populations.is_empty(),
    draw,
};

const TOP: f64 = 30.0;
const RATES: f64 = 130.0;
const GAP: f64 = 14.0;
/// The least height of a population, so that its name fits.
const LEAST: f64 = 17.0;

/// What the raster knows of a population.
pub(super) struct Band<'a> {
    name: &'a str,
    count: String,
    colour: Colour,
    trains: SpikeTrains,
    top: f64,
    bottom: f64,
}

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let window = options.window.unwrap_or(Window { from: 0.0, to: recording.end() });
    let bin = bin(window, options)?;
    let mut bands = bands(recording, window)?;
    let left = bands
        .iter()
        .map(|band| normal().width(band.name).max(remarks_style().width(&band.count)))
        .fold(40.0, f64::max)
        .min(200.0)
        + 30.0;
    let height = (LEAST * bands.len() as f64).clamp(330.0, 4000.0);
    let field = Area { left, top: TOP, right: options.width - 20.0, bottom: TOP + height };
    stack(&mut bands, &field);

    let mut picture =
        Picture::new("Spikes and rates of the populations", options.width, field.bottom + GAP + RATES + 50.0);
    let (time, unit) = time_axis(window);
    let spikes = Frame { field, x: time, y: Axis::linear(0.0, 1.0) };
    let rates = rate_frame(&field, time, &bands, bin);
    name_warm_up(&mut picture, &spikes, recording, unit);
    for frame in [&spikes, &rates] {
        shade_warm_up(&mut picture, frame, recording, unit);
    }
    spikes.draw_columns(&mut picture);
    rates.draw_grid(&mut picture);
    draw_names(&mut picture, &bands, &field);
    draw_spikes(&mut picture, &bands, &spikes, unit, options.most_spikes);
    draw_rates(&mut picture, &bands, &rates, bin, unit);
    rates.draw_x(&mut picture, if unit == 1.0 { "time (ms)" } else { "time (s)" });
    rates.draw_y(&mut picture, "rate (Hz)");
    let below = (rates.field.right, rates.field.bottom + 34.0);
    picture.text(below, format!("{} ms bins", plain(bin)), remarks_style().ending());
    Ok(picture)
}

pub(super) fn bands<'a>(recording: &'a Recording, window: Window) -> Result<Vec<Band<'a>>, PlotError> {
    let band = |(index, population): (usize, &'a super::data::Population)| {
        Ok(Band {
            name: &population.name,
            count: population.count(),
            colour: recording.colour(index)?,
            trains: population.trains(window)?,
            top: 0.0,
            bottom: 0.0,
        })
    };
    recording.populations.iter().enumerate().map(band).collect()
}

/// Gives every population a height by its size, but room for its name.
pub(super) fn stack(bands: &mut [Band], field: &Area) {
    let neurons: usize = bands.iter().map(|band| band.trains.size()).sum();
    let least = LEAST.min(field.height() / bands.len().max(1) as f64);
    let free = field.height() - least * bands.len() as f64;
    let mut top = field.top;
    for band in bands {
        band.top = top;
        top += least + free * band.trains.size() as f64 / neurons.max(1) as f64;
        band.bottom = top;
    }
}

pub(super) fn time_axis(window: Window) -> (Axis, f64) {
    let unit = if window.length() > 2000.0 { 1000.0 } else { 1.0 };
    (Axis::linear(window.from / unit, window.to / unit), unit)
}

fn rate_frame(field: &Area, time: Axis, bands: &[Band], bin: f64) -> Frame {
    let highest = bands.iter().flat_map(|band| band.trains.rate_course(bin)).fold(0.0, f64::max);
    let area = Area { top: field.bottom + GAP, bottom: field.bottom + GAP + RATES, ..*field };
    Frame { field: area, x: time, y: Axis::from_zero(highest) }
}

fn bin(window: Window, options: &Options) -> Result<f64, PlotError> {
    let length = window.length();
    let bin =
        options.bin.unwrap_or_else(|| round_step(length / 250.0).max(round_step(length / 50.0).min(1.0)));
    if length / bin > 1e5 {
        return Err(PlotError::Option {
            name: "bin",
            message: format!("{bin:?} ms cuts {length} ms into more than 100 000 bins"),
        });
    }
    Ok(bin)
}

fn shade_warm_up(picture: &mut Picture, frame: &Frame, recording: &Recording, unit: f64) {
    let (from, to) = (frame.column(0.0), frame.column(recording.warm_up / unit));
    if recording.warm_up > 0.0 && to > from {
        picture.rectangle((from, frame.field.top), (to, frame.field.bottom), SHADE, 1.0);
    }
}

fn name_warm_up(picture: &mut Picture, frame: &Frame, recording: &Recording, unit: f64) {
    let (from, to) = (frame.column(0.0), frame.column(recording.warm_up / unit));
    if to - from >= remarks_style().width("warm-up") {
        picture.text((from, frame.field.top - 14.0), "warm-up", remarks_style());
    }
}

pub(super) fn draw_names(picture: &mut Picture, bands: &[Band], field: &Area) {
    for (index, band) in bands.iter().enumerate() {
        if index > 0 {
            picture.line(&[(field.left, band.top), (field.right, band.top)], GRID, 0.8);
        }
        let gap = 0.08 * (band.bottom - band.top).min(10.0);
        picture.rectangle(
            (field.left - 9.0, band.top + gap),
            (field.left - 4.0, band.bottom - gap),
            band.colour,
            1.0,
        );
        let (middle, height) = ((band.top + band.bottom) / 2.0, band.bottom - band.top);
        let with_count = height >= 34.0;
        let name = normal().fit(band.name, field.left - 24.0);
        if height >= 0.8 * LEAST {
            picture.text(
                (field.left - 16.0, middle - if with_count { 8.0 } else { 0.0 }),
                name,
                normal().ending(),
            );
        }
        if with_count {
            picture.text((field.left - 16.0, middle + 9.0), band.count.as_str(), remarks_style().ending());
        }
    }
}

/// Draws the spikes, or a share of them drawn evenly over all, and says which.
pub(super) fn draw_spikes(picture: &mut Picture, bands: &[Band], frame: &Frame, unit: f64, most: usize) {
    let total: usize = bands.iter().map(|band| band.trains.spikes()).sum();
    let chosen = thinned(total, most);
    let mut next = chosen.iter().copied().peekable();
    let mut before = 0;
    for band in bands {
        let row = (band.bottom - band.top) / band.trains.size().max(1) as f64;
        let mut centres: Vec<Point> = Vec::new();
        for (neuron, train) in band.trains.trains().enumerate() {
            let y = band.top + (neuron as f64 + 0.5) * row;
            while let Some(index) = next.next_if(|&index| index < before + train.len()) {
                centres.push((frame.column(train[index - before] / unit), y));
            }
            before += train.len();
        }
        picture.marks(centres, mark(row, chosen.len()), band.colour);
    }
    let Area { left, right, .. } = frame.field;
    if total == 0 {
        frame.draw_nothing(picture, "no spikes");
    } else if chosen.len() < total {
        let text = format!("showing {} of {} spikes", grouped(chosen.len()), grouped(total));
        picture.text((right, frame.field.top - 14.0), text, remarks_style().ending());
    } else {
        let text = if total == 1 { "1 spike".into() } else { format!("{} spikes", grouped(total)) };
        picture.text((right, frame.field.top - 14.0), text, remarks_style().ending());
    }
    picture.line(&[(left, frame.field.bottom), (right, frame.field.bottom)], INK, 1.0);
}

/// The numbers of at most `most` of `total` spikes: one from each of `most` equal parts, so that
/// every population and every neuron keeps its share. The same spikes give the same numbers.
fn thinned(total: usize, most: usize) -> Vec<usize> {
    if total <= most {
        return (0..total).collect();
    }
    let key = Key::new(0).named("plot").named("raster");
    let part = total as f64 / most as f64;
    (0..most)
        .map(|index| (((index as f64 + key.uniform(index as u64)) * part) as usize).min(total - 1))
        .collect()
}

/// Width and height of the mark of a spike: tall where rows are tall, small where spikes are many.
fn mark(row: f64, spikes: usize) -> (f64, f64) {
    let small = if spikes > 40_000 {
        1.0
    } else if spikes > 10_000 {
        1.2
    } else {
        1.4
    };
    (small, (0.8 * row).clamp(1.3 * small, 10.0))
}

fn draw_rates(picture: &mut Picture, bands: &[Band], frame: &Frame, bin: f64, unit: f64) {
    for band in bands {
        let window = band.trains.window();
        let mut points = Vec::new();
        for (index, rate) in band.trains.rate_course(bin).into_iter().enumerate() {
            let from = window.from + index as f64 * bin;
            points.push(frame.at(from / unit, rate));
            points.push(frame.at((from + bin) / unit, rate));
        }
        if band.trains.size() > 0 {
            picture.line(&points, band.colour, if bands.len() > 4 { 0.9 } else { 1.1 });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thinning_keeps_every_part_and_is_the_same_every_time() {
        let chosen = thinned(1_000_003, 1000);
        assert_eq!(chosen.len(), 1000);
        assert!(chosen.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(chosen.iter().enumerate().all(|(part, &index)| index / 1000 == part
            || index / 1000 == part + 1
            || index * 1000 / 1_000_003 == part));
        assert_eq!(chosen, thinned(1_000_003, 1000));
        assert_eq!(thinned(3, 5), [0, 1, 2]);
    }

    #[test]
    fn bins_are_round_and_not_too_many() {
        let auto = |length: f64| bin(Window { from: 0.0, to: length }, &Options::default()).unwrap();
        assert_eq!([auto(100.0), auto(1000.0), auto(10_000.0), auto(9e5)], [1.0, 5.0, 50.0, 5000.0]);
        let fine = Options { bin: Some(1e-9), ..Options::default() };
        assert!(bin(Window { from: 0.0, to: 1000.0 }, &fine).is_err());
    }
}
