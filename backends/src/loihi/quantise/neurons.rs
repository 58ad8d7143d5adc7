//! Neurons of the chips' vocabulary → compartments of a given scale.

use super::super::compartment::Compartment;
use super::super::real::RealCompartment;
use super::super::semantics::{Bias, Bounds, LARGEST, Semantics};
use crate::cpu::cells::cells_of;
use crate::cpu::cut::Slice;
use sim_core::backend::Load;
use sim_core::data::DataError;
use sim_core::network::{Clock, Network, Stimulus};
use sim_core::neuron::{Cells, Column, Ports};
use sim_core::primitive::Primitive;
use sim_core::stimulus::{BLOCK, StimulusBuild};

/// Steps of refractoriness that the chip's counter holds after the step of the spike.
const LONGEST_REFRACTORY: i64 = 62;

/// A neuron as both arithmetics need it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lif {
    /// Part of u that is left after a step.
    pub keep_u: f64,
    /// Part of v that is left after a step.
    pub keep_v: f64,
    /// What one unit of u adds to v.
    pub gain: f64,
    /// What every step adds to v.
    pub drive: f64,
    /// v has to reach it.
    pub threshold: f64,
    /// Steps after that of the spike in which v stays 0.
    pub refractory: u8,
    /// Lowest v.
    pub floor: Option<f64>,
    /// Steps by which arrivals come later.
    pub lag: u8,
    /// u and v at the start.
    pub start: (f64, f64),
    /// The voltage at which v is 0.
    pub rest: f64,
}

impl Lif {
    /// From the vocabulary; the error says what the chip does not have.
    fn of(primitive: Primitive, semantics: &Semantics) -> Result<Lif, String> {
        let lif = match primitive {
            Primitive::CurrentLif(of) => {
                if of.refractory > LONGEST_REFRACTORY {
                    return Err(format!(
                        "is refractory for {} steps; Loihi counts up to {LONGEST_REFRACTORY}",
                        of.refractory
                    ));
                }
                Lif {
                    keep_u: of.keep_u,
                    keep_v: of.keep_v,
                    gain: of.gain,
                    drive: of.drive,
                    threshold: of.threshold,
                    refractory: of.refractory.max(0) as u8,
                    floor: of.floor,
                    lag: of.lag.clamp(0, 1) as u8,
                    start: (of.start.1, of.start.0),
                    rest: 0.0,
                }
            }
            Primitive::Integrator(of) => {
                if of.reset != Some(0.0) {
                    return Err("is not reset to 0; Loihi resets v to 0".into());
                }
                Lif {
                    keep_u: 0.0,
                    keep_v: 1.0,
                    gain: 1.0,
                    drive: of.leak,
                    threshold: of.threshold,
                    refractory: 0,
                    floor: of.floor,
                    lag: 0,
                    start: (0.0, of.start),
                    rest: 0.0,
                }
            }
        };
        if lif.refractory > 0 && !semantics.refractory {
            return Err(format!("is refractory, which semantics {} does not have", semantics.name));
        }
        if lif.drive != 0.0 && semantics.bias == Bias::Absent {
            return Err(format!("has a constant drive; semantics {} has no bias", semantics.name));
        }
        if lif.floor.is_some() && semantics.voltage != Bounds::Registers {
            return Err(format!("has a lowest V; semantics {} has none", semantics.name));
        }
        if lif.floor.is_some_and(|floor| floor > 0.0) {
            return Err("has a lowest V above rest; Loihi resets V to rest, so let V_min be no higher".into());
        }
        Ok(lif)
    }

    /// Registers for a scale.
    pub fn compartment(&self, scale: f64, semantics: &Semantics) -> Compartment {
        let decay = |keep: f64, offset: i32| {
            (4096.0 * (1.0 - keep)).round().clamp(f64::from(offset), 4095.0 + f64::from(offset)) as i32
                - offset
        };
        let (bias_mantissa, bias_exponent) = bias(self.drive * scale);
        let mut compartment = Compartment {
            du: decay(self.keep_u, semantics.current_offset) as u16,
            dv: decay(self.keep_v, semantics.voltage_offset) as u16,
            threshold: 1,
            bias_mantissa,
            bias_exponent,
            refractory: self.refractory + 1,
            v_min: self.floor.map_or(-LARGEST, |floor| v_min(floor * scale)),
            v_max: LARGEST,
        };
        // Where v is always a multiple of 64, it exceeds the multiple before the one that it has to reach.
        let exact = if on_lattice(&compartment, semantics) { 64.0 } else { 1.0 };
        let mantissa = ((self.threshold * scale - exact) / 64.0).round();
        compartment.threshold = mantissa.clamp(1.0, 131_071.0) as u32;
        compartment
    }

    /// The least v that spikes, in the neuron's own unit.
    pub fn realised_threshold(&self, of: &Compartment, scale: f64, semantics: &Semantics) -> f64 {
        let above = if on_lattice(of, semantics) { 64.0 } else { 1.0 };
        (f64::from(of.threshold) * 64.0 + above) / scale
    }

    /// u and v at the start for a scale.
    pub fn integer_start(&self, scale: f64) -> (i32, i32) {
        let whole = |value: f64| value.round().clamp(-f64::from(LARGEST), f64::from(LARGEST)) as i32;
        (whole(self.start.0 * self.gain * scale), whole(self.start.1 * scale))
    }

    /// In floats.
    pub fn real(&self) -> RealCompartment {
        RealCompartment {
            keep_u: self.keep_u,
            keep_v: self.keep_v,
            gain: self.gain,
            threshold: self.threshold,
            drive: self.drive,
            floor: self.floor.unwrap_or(f64::NEG_INFINITY),
            refractory: u32::from(self.refractory) + 1,
        }
    }
}

/// Whether v is a multiple of 64 whatever arrives: nothing decays by part, and the bias is one too.
fn on_lattice(of: &Compartment, semantics: &Semantics) -> bool {
    let keeps_nothing = i32::from(of.du) + semantics.current_offset == 4096;
    let keeps_all = i32::from(of.dv) + semantics.voltage_offset == 0;
    let floor = of.v_min == 0 || of.v_min == -LARGEST;
    keeps_nothing && keeps_all && of.bias() % 64 == 0 && floor
}

/// Mantissa and exponent nearest to a bias.
pub fn bias(value: f64) -> (i16, u8) {
    let exponent = (0..7_u8).find(|&e| (value / f64::from(1 << e)).round().abs() <= 4095.0).unwrap_or(7);
    ((value / f64::from(1 << exponent)).round().clamp(-4095.0, 4095.0) as i16, exponent)
}

/// The nearest value −2ᵃ + 1 of the register for the least v.
fn v_min(floor: f64) -> i32 {
    let candidates = (0..=23).map(|a| -(1_i32 << a) + 1);
    let off = |v: &i32| (f64::from(*v) - floor).abs();
    candidates.min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(-LARGEST)
}

/// All neurons, and what stands in the way, by population.
pub fn lifs(load: &Load<'_>, semantics: &Semantics, reasons: &mut Vec<String>) -> Vec<Lif> {
    let network = &*load.network;
    if network.clock == Clock::Exact {
        reasons.push("spikes between steps (clock Exact) do not exist on Loihi".into());
        return Vec::new();
    }
    let mut lifs = Vec::with_capacity(network.neurons() as usize);
    for (number, population) in network.populations.iter().enumerate() {
        let range = 0..population.size;
        let slice = Slice { population: number, range, first_place: 0, ports: Ports::One };
        let mut cells = cells_of(network, &slice);
        let name = &population.name;
        if let Err(why) = constant_currents(load, number, &mut cells) {
            reasons.push(why);
            continue;
        }
        let voltage = population.neuron.model.states.iter().position(|state| state.name == "V_m");
        let voltage = |index: usize| voltage.map_or(0.0, |state| cells.initial[state].at(index));
        for index in 0..cells.len {
            let lif = cells.primitive(population.neuron.model, index);
            match lif.and_then(|primitive| Lif::of(primitive, semantics)) {
                Ok(lif) => lifs.push(Lif { rest: voltage(index) - lif.start.1, ..lif }),
                Err(why) => {
                    reasons.push(format!("population \"{name}\" of {}: {why}", population.neuron.model.name));
                    break;
                }
            }
        }
    }
    lifs
}

/// Adds the currents that flow into a population, if they are constant, to its `I_e`.
fn constant_currents(load: &Load<'_>, population: usize, cells: &mut Cells) -> Result<(), String> {
    let network = &*load.network;
    let target = &network.populations[population];
    let mut current = vec![target.compensation; cells.len];
    let mut any = target.compensation != 0.0;
    for stimulus in &network.stimuli {
        for (place, _) in stimulus.targets.iter().enumerate().filter(|(_, t)| **t == population) {
            if let StimulusBuild::Current(_) = stimulus.model.build {
                let flows = constant(load, network, stimulus, place, population);
                let flows = flows.map_err(|error| error.to_string())?.ok_or_else(|| {
                    format!(
                        "the current of stimulus \"{}\" into \"{}\" changes during the run; a bias on Loihi \
                         does not: let it flow all the time or use spikes",
                        stimulus.name, target.name
                    )
                })?;
                current.iter_mut().zip(flows).for_each(|(sum, flows)| *sum += flows);
                any = true;
            }
        }
    }
    if !any {
        return Ok(());
    }
    let constant = cells.parameters.iter_mut().find(|(name, _)| *name == "I_e");
    let (_, column) = constant.ok_or_else(|| {
        format!("population \"{}\" of {} takes no current", target.name, target.neuron.model.name)
    })?;
    let sums = current.iter().enumerate().map(|(index, current)| column.at(index) + current).collect();
    *column = Column::Each(sums);
    Ok(())
}

/// What a current stimulus gives each neuron of a population, if that is the same in every step of the run.
fn constant(
    load: &Load<'_>,
    network: &Network,
    stimulus: &Stimulus,
    target: usize,
    population: usize,
) -> Result<Option<Vec<f64>>, DataError> {
    let StimulusBuild::Current(build) = stimulus.model.build else { return Ok(None) };
    let population = &network.populations[population];
    let mut all = Vec::with_capacity(population.size as usize);
    for first in (0..population.size).step_by(BLOCK) {
        let len = BLOCK.min((population.size - first) as usize);
        let place = stimulus.place((target, population), (first, len), network.dt, load.files);
        let mut source = build(&place)?;
        let (mut before, mut now) = (vec![0.0; len], vec![0.0; len]);
        source.flow(1, &mut before);
        for step in 2..=network.duration {
            now.fill(0.0);
            source.flow(step, &mut now);
            if now != before {
                return Ok(None);
            }
        }
        all.extend(before);
    }
    Ok(Some(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bias_has_the_smallest_exponent_that_holds_it() {
        assert_eq!(bias(4095.0), (4095, 0));
        assert_eq!(bias(-4096.0), (-2048, 1));
        assert_eq!(bias(1e9), (4095, 7));
    }

    #[test]
    fn the_least_voltage_is_the_nearest_that_the_register_has() {
        assert_eq!(v_min(0.0), 0);
        assert_eq!(v_min(-1000.0), -1023);
        assert_eq!(v_min(-1e12), -LARGEST);
    }
}
