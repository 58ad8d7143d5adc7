//! What pictures are drawn from: plain numbers, wherever they come from.

use super::colour::Colour;
use super::error::PlotError;
use crate::statistics::{SpikeTrains, Window};

/// All that was recorded in one run. Parts that were not recorded are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The populations whose spikes were recorded, in the order of the file.
    pub populations: Vec<Population>,
    /// The variables of single neurons.
    pub traces: Vec<Trace>,
    /// The weights of projections.
    pub weights: Vec<Weights>,
    /// The degrees of the neurons.
    pub degrees: Vec<Degrees>,
    /// How long the run was, in ms.
    pub duration: f64,
    /// How much of its beginning is no part of the statistics, in ms.
    pub warm_up: f64,
}

/// The spikes of a population.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`; without one it gets its own from a palette.
    pub colour: Option<String>,
    /// How many neurons it has.
    pub size: usize,
    /// The neurons that were recorded, ascending; `None` if all were.
    pub recorded: Option<Vec<u32>>,
    /// Times of the spikes in ms, in any order.
    pub times: Vec<f64>,
    /// Who fired, counted from 0 within the population; as many as times.
    pub neurons: Vec<u32>,
}

/// One variable of one neuron over time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// The population of the neuron.
    pub population: String,
    /// Its colour, `#rrggbb`; without one it is that of its population, if that has spikes here.
    pub colour: Option<String>,
    /// The neuron, counted from 0 within the population.
    pub neuron: u32,
    /// The variable, such as `V_m`.
    pub variable: String,
    /// Its unit, such as `mV`.
    pub unit: String,
    /// When it was read, in ms, ascending.
    pub times: Vec<f64>,
    /// What was read; as many as times.
    pub values: Vec<f64>,
    /// When the neuron fired, in ms; empty for other variables than the membrane potential.
    pub spikes: Vec<f64>,
}

/// The weights of a projection at the beginning and at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights {
    /// The projection.
    pub projection: String,
    /// The colour of the last sample, `#rrggbb`.
    pub colour: Option<String>,
    /// The unit of the weights, such as `pA`.
    pub unit: String,
    /// When the first sample was taken, in ms, and the weights then.
    pub first: (f64, Vec<f64>),
    /// When the last sample was taken, in ms, and the weights then.
    pub last: (f64, Vec<f64>),
}

/// The complementary cumulative distribution of a degree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Degrees {
    /// What is counted, such as `in-degree`.
    pub name: String,
    /// Its colour, `#rrggbb`.
    pub colour: Option<String>,
    /// Degrees, ascending, and the fraction of neurons that have at least this degree.
    pub points: Vec<(f64, f64)>,
    /// The power law that fits the tail.
    pub fit: Option<PowerLaw>,
}

/// A power law of degrees: P(k) ∝ k^−exponent from a smallest degree on (Clauset et al. 2009,
/// doi:10.1137/070710111).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerLaw {
    /// The exponent of the distribution (not of its cumulative).
    pub exponent: f64,
    /// Its standard error.
    pub error: f64,
    /// The smallest degree to which it applies.
    pub from: u32,
}

impl Recording {
    /// The stretch that statistics are taken over, in ms: from the end of the warm-up to the end.
    pub fn analysed(&self) -> Window {
        let end = self.end();
        Window { from: if self.warm_up < end { self.warm_up.max(0.0) } else { 0.0 }, to: end }
    }

    /// When it ends in ms; a run of no length gets 1 ms, to have axes.
    pub fn end(&self) -> f64 {
        if self.duration.is_finite() && self.duration > 0.0 { self.duration } else { 1.0 }
    }

    /// The colour of a population.
    pub fn colour(&self, index: usize) -> Result<Colour, PlotError> {
        let population = &self.populations[index];
        Colour::of(&population.name, population.colour.as_deref(), index)
    }
}

impl Population {
    /// How many neurons were recorded.
    pub fn rows(&self) -> usize {
        self.recorded.as_ref().map_or(self.size, Vec::len)
    }

    /// The row of a neuron among those that were recorded.
    pub fn row(&self, neuron: u32) -> Option<usize> {
        match &self.recorded {
            None => Some(neuron as usize),
            Some(recorded) => recorded.binary_search(&neuron).ok(),
        }
    }

    /// The spikes in a window, neuron by neuron.
    pub fn trains(&self, window: Window) -> Result<SpikeTrains, PlotError> {
        let refused = |error| PlotError::Spikes { population: self.name.clone(), error };
        let Some(recorded) = &self.recorded else {
            return SpikeTrains::new(&self.times, &self.neurons, self.size, window).map_err(refused);
        };
        // A neuron that was not recorded and yet fired is out of every range.
        let rows: Vec<u32> = self
            .neurons
            .iter()
            .map(|&neuron| self.row(neuron).map_or(neuron.max(recorded.len() as u32), |row| row as u32))
            .collect();
        SpikeTrains::new(&self.times, &rows, recorded.len(), window).map_err(refused)
    }

    /// How many neurons it has and how many were recorded, in words.
    pub fn count(&self) -> String {
        let size = super::axis::grouped(self.size);
        match &self.recorded {
            Some(recorded) if recorded.len() != self.size => {
                format!("n = {} of {size}", super::axis::grouped(recorded.len()))
            }
            _ => format!("n = {size}"),
        }
    }
}

impl Degrees {
    /// The curve of a list of degrees, one a neuron.
    pub fn of(name: &str, degrees: &[u32], fit: Option<PowerLaw>) -> Self {
        let mut ascending = degrees.to_vec();
        ascending.sort_unstable();
        let total = ascending.len() as f64;
        let starts =
            (0..ascending.len()).filter(|&index| index == 0 || ascending[index - 1] < ascending[index]);
        let points =
            starts.map(|index| (f64::from(ascending[index]), (total - index as f64) / total)).collect();
        Degrees { name: name.into(), colour: None, points, fit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_of_degrees_says_how_many_have_at_least_so_many() {
        let curve = Degrees::of("in-degree", &[3, 1, 1, 7], None);
        assert_eq!(curve.points, [(1.0, 1.0), (3.0, 0.5), (7.0, 0.25)]);
    }

    #[test]
    fn a_recorded_part_of_a_population_is_counted_by_rows() {
        let some = Population {
            name: "E".into(),
            size: 1000,
            recorded: Some(vec![10, 20, 30]),
            times: vec![1.0, 2.0, 3.0],
            neurons: vec![30, 10, 30],
            ..Population::default()
        };
        let trains = some.trains(Window { from: 0.0, to: 10.0 }).unwrap();
        assert_eq!(
            (trains.size(), trains.train(0), trains.train(2)),
            (3, [2.0].as_slice(), [1.0, 3.0].as_slice())
        );
        assert_eq!(some.count(), "n = 3 of 1 000");
        let stranger = Population { neurons: vec![30, 11, 30], ..some };
        assert!(stranger.trains(Window { from: 0.0, to: 10.0 }).is_err());
    }
}
