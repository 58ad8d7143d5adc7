//! The frame that distributions over populations share: outlines of histograms and a legend.

use super::Options;
use super::axis::Axis;
use super::colour::Colour;
use super::frame::{Area, Entry, Frame, draw_legend, legend_width};
use super::picture::Picture;

/// The values of one population.
pub struct Series {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub colour: Colour,
    /// The values.
    pub values: Vec<f64>,
    /// Remarks for the legend, a line each.
    pub remarks: Vec<String>,
}

/// What is drawn, besides the values.
pub struct Words<'a> {
    /// What the picture shows.
    pub title: &'a str,
    /// The horizontal axis, with unit.
    pub x: &'a str,
    /// The vertical axis.
    pub y: &'a str,
    /// What to say without any value.
    pub nothing: &'a str,
}

/// A picture with the outlines of the histograms of all series. `edges` are the ascending edges of
/// the bins; heights are fractions of each series' own values. Gives back the frame, for marks.
pub fn draw(
    series: Vec<Series>,
    edges: &[f64],
    x: Axis,
    words: &Words,
    options: &Options,
) -> (Picture, Frame) {
    let heights: Vec<Vec<f64>> = series.iter().map(|one| fractions(&one.values, edges)).collect();
    let highest = heights.iter().flatten().copied().fold(0.0, f64::max);
    let width = options.width.min(720.0);
    let entries: Vec<Entry> = series
        .iter()
        .map(|one| Entry { colour: one.colour, name: one.name.clone(), remarks: one.remarks.clone() })
        .collect();
    let legend = legend_width(&entries);
    let lines: usize = entries.iter().map(|entry| 26 + 15 * entry.remarks.len()).sum();
    let height = (lines as f64 + 80.0).clamp(400.0, 900.0);
    let mut picture = Picture::new(words.title, width, height);
    let area = Area { left: 6.0, top: 20.0, right: width - legend - 36.0, bottom: height - 6.0 };
    let frame = Frame::within(area, x, Axis::from_zero(highest));
    frame.draw_grid(&mut picture);
    // Many fills on top of each other turn into mud.
    let fill = if series.len() > 3 { 0.0 } else { 0.08 };
    for (one, heights) in series.iter().zip(&heights) {
        outline(&mut picture, &frame, heights, edges, (one.colour, fill));
    }
    if series.iter().all(|one| one.values.is_empty()) {
        frame.draw_nothing(&mut picture, words.nothing);
    }
    frame.draw_x(&mut picture, words.x);
    frame.draw_y(&mut picture, words.y);
    draw_legend(
        &mut picture,
        Area { left: area.right + 18.0, right: width - 8.0, bottom: height, ..area },
        &entries,
    );
    (picture, frame)
}

/// The outline of a histogram, from the axis to the axis.
pub fn outline(
    picture: &mut Picture,
    frame: &Frame,
    heights: &[f64],
    edges: &[f64],
    (colour, fill): (Colour, f64),
) {
    let Some(first) = heights.iter().position(|&height| height > 0.0) else { return };
    let last = heights.iter().rposition(|&height| height > 0.0).unwrap_or(first);
    let mut points = vec![frame.at(edges[first], 0.0)];
    for bin in first..=last {
        points.push(frame.at(edges[bin], heights[bin]));
        points.push(frame.at(edges[bin + 1], heights[bin]));
    }
    points.push(frame.at(edges[last + 1], 0.0));
    if fill > 0.0 {
        picture.area(points.clone(), colour, fill);
    }
    picture.line(&points, colour, 1.6);
}

/// The fraction of values in each bin; the last bin includes its upper edge. Values outside count
/// in the total alone.
pub fn fractions(values: &[f64], edges: &[f64]) -> Vec<f64> {
    let mut counts = vec![0_u32; edges.len().saturating_sub(1)];
    for &value in values {
        let above = edges.partition_point(|&edge| edge <= value);
        let bin = if edges.last() == Some(&value) { above.saturating_sub(2) } else { above.wrapping_sub(1) };
        if let Some(count) = counts.get_mut(bin) {
            *count += 1;
        }
    }
    counts.into_iter().map(|count| f64::from(count) / values.len().max(1) as f64).collect()
}

/// How many bins over an axis do a typical series justice: few values make tall thin towers in many
/// bins. Four times the cube root, for a series that fills half of the axis (Rice's rule).
pub fn bins_for(series: &[Series]) -> usize {
    let mut sizes: Vec<usize> = series.iter().map(|one| one.values.len()).filter(|&size| size > 0).collect();
    sizes.sort_unstable();
    let typical = sizes.get(sizes.len() / 2).copied().unwrap_or(0);
    (4.0 * libm::cbrt(typical as f64)).clamp(16.0, 60.0) as usize
}

/// `bins` equal bins over an axis.
pub fn equal_edges(axis: &Axis, bins: usize) -> Vec<f64> {
    (0..=bins).map(|edge| axis.from() + (axis.to() - axis.from()) * edge as f64 / bins as f64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_within_the_edges_is_in_one_bin() {
        assert_eq!(fractions(&[0.0, 0.5, 1.0, 2.0], &[0.0, 1.0, 2.0]), [0.5, 0.5]);
        assert_eq!(fractions(&[-1.0, 3.0, 0.0, 0.1], &[0.0, 1.0, 2.0]), [0.5, 0.0]);
        assert_eq!(fractions(&[], &[0.0, 1.0]), [0.0]);
    }
}
