//! A core that lives: its potentials in as few bits as they need, and a tick of it.
//!
//! Most cores have neurons without chance whose potentials fit into 16 bits with room for all that a tick
//! can bring; they live in vectors of 16-bit numbers. When a potential leaves that range the core goes on
//! in 32 bits. There a neuron lives alone, by [the equations](super::neuron), if it is stochastic or if its
//! potential is so far out that it might saturate within a tick.

use super::arrived::Arrived;
use super::bits::Bits;
use super::columns::{Columns, most_driven};
use super::core::Core;
use super::draws::Draws;
use super::lanes::{self, Lane, Lanes, Outcome, place};
use super::neuron::{Neuron, Semantics};
use super::planes::Planes;
use super::programs::{Program, Programs};
use multiversion::multiversion;
use sim_core::hints::fetch;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::sync::Arc;

/// A core that lives.
pub struct Living {
    potentials: Potentials,
    /// The two bits of the type of each axon.
    kinds: [Bits; 2],
    program: Arc<Program>,
}

// Narrow cores lie side by side in memory, in the order in which they live.
#[allow(clippy::large_enum_variant)]
enum Potentials {
    /// 16 bits; within ± the second number they stay exact for another tick.
    Narrow(Lanes<i16>, i16),
    Wide(Box<Wide>),
}

struct Wide {
    potentials: Lanes<i32>,
    /// Neurons that live alone because they are stochastic.
    stochastic: Bits,
    /// Neurons that live alone because they are far out.
    outside: Bits,
    draws: Draws,
}

/// What a tick did to a core.
pub struct Ticked {
    /// Who fired.
    pub fired: Bits,
    /// Whether another tick without events would change nothing.
    pub rests: bool,
    /// How many events reached a neuron.
    pub events: u32,
}

impl Living {
    /// Core number `number`, about to live its first tick.
    pub fn new(core: &Core, draws: Draws, semantics: Semantics, programs: &mut Programs) -> Living {
        let program = programs.keep(&core.neurons, semantics);
        let bit_of_kinds = |bit: usize| -> Bits {
            let kinds = core.axon_types.iter().enumerate();
            kinds.filter(|(_, kind)| usize::from(**kind) >> bit & 1 == 1).map(|(axon, _)| axon).collect()
        };
        let kinds = [bit_of_kinds(0), bit_of_kinds(1)];
        let mut living = Living {
            potentials: Potentials::Wide(Box::new(Wide::new(&core.potentials, &program, draws, semantics))),
            kinds,
            program,
        };
        living.narrow(core);
        living
    }

    /// Goes over to 16 bits, if they do.
    fn narrow(&mut self, core: &Core) {
        let Potentials::Wide(wide) = &self.potentials else { return };
        if self.program.narrow.is_none() || !wide.stochastic.is_empty() {
            return;
        }
        let safe = i32::from(i16::MAX) - most_driven(&core.neurons, &core.axon_types, &core.rows);
        let potentials: Option<Vec<i16>> = core.potentials.iter().map(|&v| i16::of(v)).collect();
        if let Some(potentials) = potentials
            && core.potentials.iter().all(|v| v.abs() <= safe)
        {
            self.potentials = Potentials::Narrow(Lanes::of(potentials, 0), safe as i16);
        }
    }

    /// Asks for its memory, which is about to be used.
    #[inline(always)]
    pub fn fetch(&self) {
        const LINE: usize = 64;
        if let Potentials::Narrow(potentials, _) = &self.potentials {
            (0..256).step_by(LINE / 2).for_each(|at| fetch(&potentials.0, at));
        }
        fetch(&self.kinds, 0);
    }

    /// The type of an axon.
    #[inline(always)]
    fn kind(&self, axon: usize) -> usize {
        usize::from(self.kinds[0].has(axon)) | usize::from(self.kinds[1].has(axon)) << 1
    }

    /// Lives a tick in which what is in `arrived` has arrived; `rows` is the core's crossbar.
    #[inline(always)]
    pub fn live(
        &mut self,
        arrived: &Arrived,
        rows: &[[u8; 32]],
        planes: &mut Planes,
        semantics: Semantics,
    ) -> Ticked {
        match arrived.few() {
            Some(axons) => {
                axons.iter().for_each(|&axon| planes.put(self.kind(axon.into()), rows[usize::from(axon)]));
            }
            None => {
                arrived.active.each(|axon| planes.add(self.kind(axon), Bits::from_bytes(&rows[axon])));
                planes.add_up();
            }
        }
        match &mut self.potentials {
            Potentials::Narrow(potentials, safe) => {
                let columns = self.program.narrow.as_ref().expect("a narrow core has narrow columns");
                let outcome = vectors(potentials, columns, *safe, planes);
                let rests = arrived.active.is_empty() && !outcome.changed && outcome.fired == [0; 32];
                if outcome.outside {
                    self.widen(semantics);
                }
                Ticked { fired: Bits::from_bytes(&outcome.fired), rests, events: outcome.events }
            }
            Potentials::Wide(wide) if wide.alone().is_empty() => {
                let outcome =
                    vectors(&mut wide.potentials, &self.program.wide, semantics.safe_range(), planes);
                let rests = arrived.active.is_empty() && !outcome.changed && outcome.fired == [0; 32];
                if outcome.outside {
                    wide.find_outside(semantics);
                }
                Ticked { fired: Bits::from_bytes(&outcome.fired), rests, events: outcome.events }
            }
            Potentials::Wide(_) => self.live_mixed(arrived.active, rows, planes, semantics),
        }
    }

    /// A tick of a core in which some neurons live alone.
    #[inline(never)]
    fn live_mixed(
        &mut self,
        active: Bits,
        rows: &[[u8; 32]],
        planes: &mut Planes,
        semantics: Semantics,
    ) -> Ticked {
        let kind =
            |axon: usize| usize::from(self.kinds[0].has(axon)) | usize::from(self.kinds[1].has(axon)) << 1;
        let Potentials::Wide(wide) = &mut self.potentials else {
            unreachable!("neurons live alone in 32 bits only")
        };
        let alone = wide.alone();
        // The vectors make nonsense of those who live alone, so these live first and are put in after.
        let mut lived = Vec::new();
        let (mut draws_on, mut changed) = (false, false);
        for neuron in alone.ones() {
            let parameters = &self.program.neurons[neuron];
            let types = active.ones().filter(|&axon| Bits::from_bytes(&rows[axon]).has(neuron)).map(kind);
            let before = wide.potentials.at(neuron);
            lived.push(parameters.live(before, types, &mut wide.draws, semantics));
            draws_on |= parameters.draws_every_tick();
            changed |= lived.last().is_some_and(|lived| lived.potential != before);
        }
        let safe = semantics.safe_range();
        let outcome = vectors_apart(&mut wide.potentials, &self.program.wide, safe, planes);
        let mut fired = Bits::from_bytes(&outcome.fired).and(&Bits(alone.0.map(|word| !word)));
        for (neuron, lived) in alone.ones().zip(lived) {
            wide.potentials.0[place(neuron)] = lived.potential;
            if lived.fired {
                fired.set(neuron);
            }
        }
        wide.find_outside(semantics);
        let rests = active.is_empty() && !draws_on && !changed && !outcome.changed && fired.is_empty();
        Ticked { fired, rests, events: outcome.events }
    }

    /// Goes over to 32 bits: potentials have become large.
    #[cold]
    fn widen(&mut self, semantics: Semantics) {
        let potentials = self.potentials();
        // A core in 16 bits has nobody who draws.
        let draws = Draws::recorded(Vec::new());
        let wide = Wide::new(&potentials, &self.program, draws, semantics);
        self.potentials = Potentials::Wide(Box::new(wide));
    }

    /// Potential of a neuron.
    pub fn potential(&self, neuron: usize) -> i32 {
        match &self.potentials {
            Potentials::Narrow(potentials, _) => potentials.at(neuron),
            Potentials::Wide(wide) => wide.potentials.at(neuron),
        }
    }

    /// Potentials of all neurons.
    pub fn potentials(&self) -> Vec<i32> {
        (0..self.program.neurons.len()).map(|neuron| self.potential(neuron)).collect()
    }

    /// Sets the potentials of all neurons.
    pub fn set_potentials(&mut self, potentials: &[i32], semantics: Semantics) {
        let draws = match &mut self.potentials {
            Potentials::Wide(wide) => std::mem::replace(&mut wide.draws, Draws::recorded(Vec::new())),
            Potentials::Narrow(..) => Draws::recorded(Vec::new()),
        };
        if let Potentials::Narrow(narrow, safe) = &mut self.potentials {
            let fitting: Option<Vec<i16>> = potentials.iter().map(|&v| i16::of(v)).collect();
            let safe = i32::from(*safe);
            if let Some(fitting) = fitting.filter(|_| potentials.iter().all(|v| v.abs() <= safe)) {
                *narrow = Lanes::of(fitting, 0);
                return;
            }
        }
        self.potentials = Potentials::Wide(Box::new(Wide::new(potentials, &self.program, draws, semantics)));
    }

    /// Writes the position in the stream of draws, if a neuron may draw.
    pub fn save_draws(&self, out: &mut Saver) {
        match &self.potentials {
            Potentials::Wide(wide) if !wide.stochastic.is_empty() => wide.draws.save(out),
            _ => {}
        }
    }

    /// Reads it back.
    pub fn restore_draws(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.draws().map_or(Ok(()), |draws| draws.restore(from))
    }

    /// The stream of draws, if a neuron may draw.
    pub fn draws(&mut self) -> Option<&mut Draws> {
        match &mut self.potentials {
            Potentials::Wide(wide) if !wide.stochastic.is_empty() => Some(&mut wide.draws),
            _ => None,
        }
    }
}

impl Wide {
    fn new(potentials: &[i32], program: &Program, draws: Draws, semantics: Semantics) -> Wide {
        let of = |is: &dyn Fn(&Neuron) -> bool| -> Bits {
            program
                .neurons
                .iter()
                .enumerate()
                .filter(|(_, neuron)| is(neuron))
                .map(|(place, _)| place)
                .collect()
        };
        let mut wide = Wide {
            potentials: Lanes::of(potentials.iter().copied(), 0),
            stochastic: of(&|neuron| neuron.is_stochastic()),
            outside: Bits::NONE,
            draws,
        };
        wide.find_outside(semantics);
        wide
    }

    fn find_outside(&mut self, semantics: Semantics) {
        let safe = semantics.safe_range();
        self.outside = (0..256).filter(|&neuron| self.potentials.at(neuron).abs() > safe).collect();
    }

    /// Neurons that the vectors must not decide about.
    #[inline(always)]
    fn alone(&self) -> Bits {
        self.stochastic.or(&self.outside)
    }
}

/// A tick of a core's vectors.
#[inline(always)]
fn vectors<L: Lane>(
    potentials: &mut Lanes<L>,
    columns: &Columns<L>,
    safe: L,
    planes: &mut Planes,
) -> Outcome {
    let parameters = columns.parameters(safe);
    let outcome = if columns.reverses {
        lanes::live::<L, true>(potentials, &parameters, planes.list())
    } else {
        lanes::live::<L, false>(potentials, &parameters, planes.list())
    };
    planes.clear();
    outcome
}

/// The same for who is not in a loop over cores.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512vl+avx512dq+popcnt+bmi1+bmi2", "x86_64+avx2"))]
fn vectors_apart(
    potentials: &mut Lanes<i32>,
    columns: &Columns<i32>,
    safe: i32,
    planes: &mut Planes,
) -> Outcome {
    vectors(potentials, columns, safe, planes)
}
