//! The course of a training: loss and validation over steps.

use super::axis::Axis;
use super::colour::{Colour, GREY};
use super::frame::{Area, Frame};
use super::picture::{Picture, Point};

/// What a training went through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// What was trained, for the title.
    pub title: String,
    /// (step, loss), by step.
    pub losses: Vec<(f64, f64)>,
    /// What validations measured.
    pub measured: String,
    /// (step, figure), by step.
    pub validations: Vec<(f64, f64)>,
}

/// Steps over which the loss is averaged for the thick line, as a share of all.
const SMOOTHED: f64 = 0.02;

/// A picture of the loss, each step and smoothed, above the validations.
pub fn draw(course: &Course, width: f64) -> Picture {
    let (top, gap, height) = (28.0, 16.0, 420.0);
    let mut picture = Picture::new(&course.title, width, height);
    let last = course.losses.iter().chain(&course.validations).map(|point| point.0).fold(1.0, f64::max);
    let half = top + (height - top - gap) / 2.0;
    let areas = [
        Area { left: 6.0, top, right: width - 24.0, bottom: half },
        Area { left: 6.0, top: half + gap, right: width - 24.0, bottom: height - 6.0 },
    ];
    let smooth = smoothed(&course.losses);
    panel(
        &mut picture,
        areas[0],
        last,
        "loss",
        &[(&course.losses, GREY, 0.6), (&smooth, Colour::nth(0), 1.8)],
    );
    panel(&mut picture, areas[1], last, &course.measured, &[(&course.validations, Colour::nth(1), 1.8)]);
    picture
}

/// A line over steps: its points, colour and width.
type Line<'a> = (&'a [(f64, f64)], Colour, f64);

/// Some lines in a frame of their own.
fn panel(picture: &mut Picture, area: Area, last: f64, label: &str, lines: &[Line<'_>]) {
    let values =
        || lines.iter().flat_map(|line| line.0).map(|point| point.1).filter(|value| value.is_finite());
    let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(f64::MIN, f64::max));
    let (least, most) = if least <= most { (least, most) } else { (0.0, 1.0) };
    let margin = 0.05 * (most - least).max(1e-6);
    let frame = Frame::within(area, Axis::linear(0.0, last), Axis::linear(least - margin, most + margin));
    frame.draw_grid(picture);
    for (points, colour, width) in lines {
        let at = |point: &(f64, f64)| -> Point { frame.at(point.0, point.1) };
        let points: Vec<Point> = points.iter().filter(|point| point.1.is_finite()).map(at).collect();
        picture.line(&points, *colour, *width);
    }
    frame.draw_x(picture, "step");
    frame.draw_y(picture, label);
}

fn smoothed(losses: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let keep = 1.0 - 1.0 / (SMOOTHED * losses.len() as f64).max(1.0);
    let mut mean = losses.first().map_or(0.0, |point| point.1);
    let smooth = |&(step, loss): &(f64, f64)| {
        mean = keep * mean + (1.0 - keep) * loss;
        (step, mean)
    };
    losses.iter().map(smooth).collect()
}
