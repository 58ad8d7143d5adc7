//! Pictures of a recording, as SVG or PNG.
//!
//! ```text
//!  Recording ──Figure::draw──▶ Picture (a list of shapes) ──save──▶ .svg  .png
//! ```
//!
//! A figure is one file and one row of [`ALL`]. It turns plain numbers ([`data::Recording`]) into
//! shapes in points; `svg` and `png` know nothing of neurons.

pub mod axis;
pub mod colour;
mod correlation;
pub mod curve;
mod cv;
pub mod data;
mod degrees;
mod distribution;
pub mod error;
mod font;
mod frame;
mod isi;
mod paint;
pub mod pair;
pub mod picture;
mod png;
mod raster;
mod rates;
mod svg;
mod traces;
mod weights;

use crate::statistics::Window;
use data::Recording;
use error::PlotError;
use picture::Picture;
use std::fs;
use std::path::{Path, PathBuf};

/// A kind of picture.
pub struct Figure {
    /// What it is called, also its file name in an overview.
    pub name: &'static str,
    /// What it shows, in one sentence.
    pub summary: &'static str,
    /// Whether a recording holds what it shows.
    pub shows: fn(&Recording) -> bool,
    /// Draws it. Without data it draws empty axes and says so.
    pub draw: fn(&Recording, &Options) -> Result<Picture, PlotError>,
}

/// Every figure there is.
pub static ALL: &[&Figure] = &[
    &raster::FIGURE,
    &rates::FIGURE,
    &isi::FIGURE,
    &cv::FIGURE,
    &correlation::FIGURE,
    &traces::FIGURE,
    &weights::FIGURE,
    &degrees::FIGURE,
];

/// What may be said about how to draw.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The stretch to show in ms; without it, all of the run.
    pub window: Option<Window>,
    /// Width of the bins of rates in ms; without it, a round number that gives up to 250 bins.
    pub bin: Option<f64>,
    /// How many spikes a raster shows at most.
    pub most_spikes: usize,
    /// Width of the picture in points (1/96 inch).
    pub width: f64,
}

impl Default for Options {
    fn default() -> Self {
        Options { window: None, bin: None, most_spikes: 50_000, width: 900.0 }
    }
}

/// The kind of picture with this name.
pub fn figure(name: &str) -> Result<&'static Figure, PlotError> {
    ALL.iter()
        .copied()
        .find(|figure| figure.name == name)
        .ok_or_else(|| PlotError::Figure { name: name.into() })
}

/// Draws the named figure into a file, SVG or PNG by its extension.
pub fn plot(name: &str, recording: &Recording, options: &Options, path: &Path) -> Result<(), PlotError> {
    let format = Format::of(path)?;
    let picture = (figure(name)?.draw)(recording, options.checked()?)?;
    write(path, &format.bytes(&picture)?)
}

/// Draws every figure that the recording holds data for into a folder, which it makes if need be,
/// as `svg` or `png`. Gives back the files it wrote.
pub fn overview(
    recording: &Recording,
    options: &Options,
    folder: &Path,
    extension: &str,
) -> Result<Vec<PathBuf>, PlotError> {
    fs::create_dir_all(folder).map_err(|source| PlotError::Write { path: folder.into(), source })?;
    let shown = ALL.iter().filter(|figure| (figure.shows)(recording));
    shown
        .map(|figure| {
            let path = folder.join(figure.name).with_extension(extension);
            plot(figure.name, recording, options, &path)?;
            Ok(path)
        })
        .collect()
}

/// Puts a picture into a file, SVG or PNG by its extension.
pub fn save(picture: &Picture, path: &Path) -> Result<(), PlotError> {
    write(path, &Format::of(path)?.bytes(picture)?)
}

impl Options {
    /// The same, if it makes sense.
    fn checked(&self) -> Result<&Self, PlotError> {
        let refuse = |name, message: &str| Err(PlotError::Option { name, message: message.into() });
        if self.window.is_some_and(|window| !window.is_sound()) {
            return refuse("window", "has to start before it ends");
        }
        if self.bin.is_some_and(|bin| !(bin.is_finite() && bin > 0.0)) {
            return refuse("bin", "has to be a time above 0 ms");
        }
        if !(300.0..=2400.0).contains(&self.width) {
            return refuse("width", "has to lie between 300 and 2400 points");
        }
        Ok(self)
    }
}

enum Format {
    Svg,
    Png,
}

impl Format {
    fn of(path: &Path) -> Result<Self, PlotError> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "svg" => Ok(Format::Svg),
            "png" => Ok(Format::Png),
            _ => Err(PlotError::Extension { path: path.into() }),
        }
    }

    fn bytes(&self, picture: &Picture) -> Result<Vec<u8>, PlotError> {
        match self {
            Format::Svg => svg::document(picture).map(String::into_bytes),
            Format::Png => png::bytes(picture),
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), PlotError> {
    fs::write(path, bytes).map_err(|source| PlotError::Write { path: path.into(), source })
}
