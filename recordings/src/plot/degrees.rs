//! Degrees of the neurons: how many have at least so many, on logarithmic axes, and the power law
//! that fits the tail.

use super::axis::Axis;
use super::colour::{Colour, INK};
use super::data::{Degrees, PowerLaw, Recording};
use super::error::PlotError;
use super::frame::{Area, Entry, Frame, draw_legend, legend_width};
use super::picture::{Picture, Point};
use super::{Figure, Options};
use sim_core::math::{exp, ln, pow};

/// See the module.
pub static FIGURE: Figure = Figure {
    name: "degrees",
    summary: "fraction of neurons of at least a degree, log-log, with the fitted power law",
    shows: |recording| !recording.degrees.is_empty(),
    draw,
};

fn draw(recording: &Recording, options: &Options) -> Result<Picture, PlotError> {
    let mut curves = Vec::new();
    for (index, curve) in recording.degrees.iter().enumerate() {
        if curve.points.iter().any(|(degree, part)| !degree.is_finite() || !part.is_finite()) {
            let message = "a degree or a fraction is not a finite number".into();
            return Err(PlotError::Samples { owner: format!("degrees \"{}\"", curve.name), message });
        }
        curves.push((curve, Colour::of(&curve.name, curve.colour.as_deref(), index)?));
    }
    let positive = || {
        recording
            .degrees
            .iter()
            .flat_map(|curve| &curve.points)
            .filter(|(degree, part)| *degree > 0.0 && *part > 0.0)
    };
    let span = |of: fn(&(f64, f64)) -> f64| {
        (positive().map(of).fold(f64::INFINITY, f64::min), positive().map(of).fold(0.0, f64::max))
    };
    let ((least, most), (rarest, _)) = (span(|point| point.0), span(|point| point.1));
    let entries: Vec<Entry> = curves.iter().map(|&(curve, colour)| entry(curve, colour)).collect();

    let width = options.width.min(720.0);
    let legend = legend_width(&entries);
    let mut picture = Picture::new("Degrees of the neurons", width, 440.0);
    let area = Area { left: 6.0, top: 20.0, right: width - legend - 36.0, bottom: 434.0 };
    let frame = Frame::within(area, Axis::decades(least, most), Axis::decades(rarest, 1.0));
    frame.draw_grid(&mut picture);
    for &(curve, colour) in &curves {
        draw_curve(&mut picture, &frame, curve, colour);
    }
    if positive().next().is_none() {
        frame.draw_nothing(&mut picture, "no connections");
    }
    frame.draw_x(&mut picture, "degree k");
    frame.draw_y(&mut picture, "fraction of neurons of degree ≥ k");
    draw_legend(&mut picture, Area { left: area.right + 18.0, right: width - 8.0, ..area }, &entries);
    Ok(picture)
}

fn entry(curve: &Degrees, colour: Colour) -> Entry {
    let mut remarks = Vec::new();
    if let Some(fit) = curve.fit {
        remarks.push(format!("γ = {:.2} ± {:.2}", fit.exponent, fit.error));
        remarks.push(format!("fitted from k = {}", fit.from));
    }
    if let (Some((0.0, all)), Some((_, rest))) = (curve.points.first(), curve.points.get(1)) {
        remarks.push(format!("{:.1} % have degree 0", 100.0 * (all - rest)));
    }
    Entry { colour, name: curve.name.clone(), remarks }
}

fn draw_curve(picture: &mut Picture, frame: &Frame, curve: &Degrees, colour: Colour) {
    let shown = || curve.points.iter().filter(|(degree, part)| *degree > 0.0 && *part > 0.0);
    let dots: Vec<Point> = shown().map(|&(degree, part)| frame.at(degree, part)).collect();
    picture.marks(dots, (4.0, 4.0), colour);
    let Some(fit) = curve.fit.filter(|fit| fit.exponent > 1.0 && fit.exponent.is_finite() && fit.from > 0)
    else {
        return;
    };
    let from = f64::from(fit.from);
    let Some(&(_, start)) = shown().find(|(degree, _)| *degree >= from) else { return };
    let end = shown().next_back().map_or(from, |point| point.0);
    let line: Vec<Point> = (0..=60)
        .map(|step| exp(ln(from) + ln(end / from) * f64::from(step) / 60.0))
        .map(|degree| frame.at(degree, start * tail(fit, degree)))
        .filter(|point| point.1 < frame.field.bottom)
        .collect();
    picture.line(&line, INK, 1.3);
}

/// The fraction of the tail at or above a degree: ζ(γ, k) / ζ(γ, k₀).
fn tail(fit: PowerLaw, degree: f64) -> f64 {
    zeta(fit.exponent, degree) / zeta(fit.exponent, f64::from(fit.from))
}

/// The Hurwitz zeta function Σ (k + n)^−s over n ≥ 0, s > 1: ten terms and the Euler–Maclaurin rest.
fn zeta(s: f64, k: f64) -> f64 {
    const TERMS: u32 = 10;
    let a = k + f64::from(TERMS);
    // s (s + 1) … (s + n) / a^(s + n + 1), which the corrections need for n = 0, 2 and 4.
    let rising = |n: u32| (0..=n).map(|i| (s + f64::from(i)) / a).product::<f64>() * pow(a, -s);
    let head: f64 = (0..TERMS).map(|n| pow(k + f64::from(n), -s)).sum();
    let integral = pow(a, 1.0 - s) / (s - 1.0) + 0.5 * pow(a, -s);
    head + integral + rising(0) / 12.0 - rising(2) / 720.0 + rising(4) / 30_240.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeta_has_its_known_values() {
        let pi = std::f64::consts::PI;
        assert!((zeta(2.0, 1.0) - pi * pi / 6.0).abs() < 1e-9);
        assert!((zeta(4.0, 1.0) - pi.powi(4) / 90.0).abs() < 1e-9);
        assert!((zeta(2.5, 3.0) - (zeta(2.5, 1.0) - 1.0 - 2.0_f64.powf(-2.5))).abs() < 1e-9);
    }
}
