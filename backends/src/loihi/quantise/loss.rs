//! What quantisation lost.

use super::super::compartment::Compartment;
use super::super::semantics::Semantics;
use super::super::weights::WeightFormat;
use super::bundles::{Bundle, Origin};
use super::neurons::Lif;
use sim_core::network::Network;

/// What was lost, by population and by projection.
#[derive(Clone, Debug, Default)]
pub struct Loss {
    /// In the order of the network's populations.
    pub populations: Vec<PopulationLoss>,
    /// Projections in order, then stimuli onto each population.
    pub projections: Vec<ProjectionLoss>,
    /// For each learning rule its projection, and what became of its parameters.
    pub rules: Vec<(String, Vec<Parameter>)>,
}

/// Parameters of a population as they were asked for and as they are.
#[derive(Clone, Debug)]
pub struct PopulationLoss {
    /// Its name.
    pub name: String,
    /// The integer that one unit of v becomes.
    pub scale: f64,
    /// Threshold, part of u kept, part of v kept, drive: as asked for and as realised, for the neuron
    /// whose realised value is farthest off.
    pub parameters: Vec<Parameter>,
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Which.
    pub name: &'static str,
    /// As asked for.
    pub requested: f64,
    /// As realised.
    pub realised: f64,
    /// What both are measured in.
    pub unit: &'static str,
}

/// Weights of a projection.
#[derive(Clone, Debug)]
pub struct ProjectionLoss {
    /// Source population, or stimulus.
    pub source: String,
    /// Target population.
    pub target: String,
    /// How many synapses.
    pub synapses: u64,
    /// How weights are written.
    pub format: WeightFormat,
    /// Largest error of a weight, in the unit of weights.
    pub max_error: f64,
    /// Root mean square of the errors.
    pub rms_error: f64,
    /// Root mean square of the weights.
    pub rms_weight: f64,
    /// Weights that the format's ends cut off.
    pub saturated: u64,
}

/// Counts the losses of a projection.
pub struct Telling {
    loss: ProjectionLoss,
}

impl Telling {
    /// A weight, what became of it, and whether it is at an end of the format.
    pub fn count(&mut self, weight: f64, realised: f64, at_the_end: bool) {
        let error = (realised - weight).abs();
        self.loss.synapses += 1;
        self.loss.max_error = self.loss.max_error.max(error);
        self.loss.rms_error += error * error;
        self.loss.rms_weight += weight * weight;
        let cut = at_the_end && weight.abs() > realised.abs() * (1.0 + 1.0 / 256.0);
        self.loss.saturated += u64::from(cut);
    }

    /// All have been counted.
    pub fn done(mut self) -> ProjectionLoss {
        let count = (self.loss.synapses as f64).max(1.0);
        self.loss.rms_error = (self.loss.rms_error / count).sqrt();
        self.loss.rms_weight = (self.loss.rms_weight / count).sqrt();
        self.loss
    }
}

impl Loss {
    /// The losses of populations.
    pub fn new(
        network: &Network,
        lifs: &[Lif],
        scales: &[f64],
        compartments: &[Compartment],
        semantics: &Semantics,
    ) -> Loss {
        let population = |(number, of): (usize, &sim_core::network::Population)| {
            let own = of.first as usize..(of.first + of.size) as usize;
            let neurons = lifs[own.clone()].iter().zip(&compartments[own]);
            let all = neurons.map(|(lif, compartment)| {
                let scale = scales[number];
                let kept = |decay: u16, offset: i32| 1.0 - f64::from(i32::from(decay) + offset) / 4096.0;
                let threshold = lif.realised_threshold(compartment, scale, semantics);
                [
                    ("threshold", lif.threshold, threshold, "mV above rest"),
                    ("part of u kept", lif.keep_u, kept(compartment.du, semantics.current_offset), "a step"),
                    ("part of v kept", lif.keep_v, kept(compartment.dv, semantics.voltage_offset), "a step"),
                    ("drive", lif.drive, f64::from(compartment.bias()) / scale, "mV a step"),
                ]
            });
            PopulationLoss { name: of.name.clone(), scale: scales[number], parameters: farthest(all) }
        };
        let populations = network.populations.iter().enumerate().map(population).collect();
        Loss { populations, ..Loss::default() }
    }

    /// Begins to count the losses of a bundle.
    pub fn bundle(&self, network: &Network, bundle: &Bundle) -> Telling {
        let source = match bundle.origin {
            Origin::Projection(number) => &network.populations[network.projections[number].source].name,
            Origin::Stimulus(number, ..) => &network.stimuli[number].name,
        };
        Telling {
            loss: ProjectionLoss {
                source: source.clone(),
                target: network.populations[bundle.target].name.clone(),
                synapses: 0,
                format: bundle.format,
                max_error: 0.0,
                rms_error: 0.0,
                rms_weight: 0.0,
                saturated: 0,
            },
        }
    }
}

/// Of each parameter the neuron whose value is farthest from what was asked for.
fn farthest(all: impl Iterator<Item = [(&'static str, f64, f64, &'static str); 4]>) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    for neuron in all {
        for (place, (name, requested, realised, unit)) in neuron.into_iter().enumerate() {
            let parameter = Parameter { name, requested, realised, unit };
            match found.get_mut(place) {
                None => found.push(parameter),
                Some(worst) => {
                    if (realised - requested).abs() > (worst.realised - worst.requested).abs() {
                        *worst = parameter;
                    }
                }
            }
        }
    }
    found
}
