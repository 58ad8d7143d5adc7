//! Why a picture could not be drawn.

use crate::statistics::SpikeError;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// A picture that cannot be drawn or written.
#[derive(Debug)]
pub enum PlotError {
    /// A file name that ends neither in `.svg` nor in `.png`.
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder that cannot be written.
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No figure has this name.
    Figure {
        /// The name asked for.
        name: String,
    },
    /// A colour that is not written `#rrggbb`.
    Colour {
        /// Whose colour.
        owner: String,
        /// The colour as given.
        colour: String,
    },
    /// Spikes of a population that do not belong together.
    Spikes {
        /// The population.
        population: String,
        /// What is wrong with them.
        error: SpikeError,
    },
    /// Samples of a trace or a curve that do not belong together.
    Samples {
        /// The trace or curve.
        owner: String,
        /// What is wrong with them.
        message: String,
    },
    /// An option out of its range.
    Option {
        /// The option.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// The drawing library gave up.
    Drawing(String),
}

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlotError::Extension { path } => {
                write!(f, "{}: a picture's file name ends in .svg or .png", path.display())
            }
            PlotError::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            PlotError::Figure { name } => {
                let known: Vec<_> = super::ALL.iter().map(|figure| figure.name).collect();
                write!(f, "no figure is called \"{name}\"; there are {}", known.join(", "))
            }
            PlotError::Colour { owner, colour } => {
                write!(f, "the colour of \"{owner}\" is \"{colour}\"; a colour is written \"#rrggbb\"")
            }
            PlotError::Spikes { population, error } => write!(f, "population \"{population}\": {error}"),
            PlotError::Samples { owner, message } => write!(f, "{owner}: {message}"),
            PlotError::Option { name, message } => write!(f, "{name}: {message}"),
            PlotError::Drawing(message) => write!(f, "the picture could not be drawn: {message}"),
        }
    }
}

// What the system says stands in the words already, so there is no `source`.
impl std::error::Error for PlotError {}
