//! A core that lives: its potentials in as few bits as they need, and a tick of it.
//!
//! Most cores have neurons without chance whose potentials fit into 16 bits with room for all that a tick
//! can bring; they live in vectors of 16-bit numbers. When a potential leaves that range the core goes on
//! in 32 bits. There a neuron lives alone, by [the equations](super::neuron), if it is stochastic or if its
//! potential is so far out that it might saturate within a tick.

use super::bits::Bits;
use super::columns::{Columns, Pool, most_driven};
use super::core::Core;
use super::draws::Draws;
use super::lanes::{self, Lane, Lanes, Outcome, place};
use super::limits::TYPES;
use super::neuron::{Neuron, Semantics};
use super::planes::Planes;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use std::collections::HashMap;
use std::sync::Arc;

/// Neurons that several cores may have, as columns.
pub struct Program {
    neurons: Vec<Neuron>,
    narrow: Option<Columns<i16>>,
    wide: Columns<i32>,
}

/// Programs that were made, each once, and the columns in them.
#[derive(Default)]
pub struct Programs {
    known: HashMap<Vec<Neuron>, Arc<Program>>,
    narrow: Pool<i16>,
    wide: Pool<i32>,
}

impl Programs {
    fn keep(&mut self, neurons: &[Neuron], semantics: Semantics) -> Arc<Program> {
        if let Some(known) = self.known.get(neurons) {
            return Arc::clone(known);
        }
        let program = Arc::new(Program {
            neurons: neurons.to_vec(),
            narrow: Columns::of(neurons, semantics, &mut self.narrow),
            wide: Columns::of(neurons, semantics, &mut self.wide).expect("32 bits hold every parameter"),
        });
        self.known.insert(neurons.to_vec(), Arc::clone(&program));
        program
    }
}

/// A core that lives.
pub struct Living {
    potentials: Potentials,
    /// The axons of each type.
    kinds: [Bits; TYPES],
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
        let mut kinds = [Bits::NONE; TYPES];
        for (axon, &kind) in core.axon_types.iter().enumerate() {
            kinds[usize::from(kind)].set(axon);
        }
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

    /// Lives a tick in which the axons `active` are active; `rows` is the core's crossbar.
    #[inline]
    pub fn live(&mut self, active: Bits, rows: &[Bits], planes: &mut Planes, semantics: Semantics) -> Ticked {
        for (kind, axons) in self.kinds.iter().enumerate() {
            active.and(axons).ones().for_each(|axon| planes.add(kind, rows[axon]));
        }
        match &mut self.potentials {
            Potentials::Narrow(potentials, safe) => {
                let columns = self.program.narrow.as_ref().expect("a narrow core has narrow columns");
                let outcome = vectors(potentials, columns, *safe, planes);
                let rests = active.is_empty() && !outcome.changed && outcome.fired == [0; 32];
                if outcome.outside {
                    self.widen(semantics);
                }
                Ticked { fired: Bits::from_bytes(outcome.fired), rests, events: outcome.events }
            }
            Potentials::Wide(wide) => {
                let types = |axon: usize| (0..TYPES).find(|&kind| self.kinds[kind].has(axon)).unwrap_or(0);
                wide.live(active, rows, types, &self.program, planes, semantics)
            }
        }
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

    fn live(
        &mut self,
        active: Bits,
        rows: &[Bits],
        kind: impl Fn(usize) -> usize + Copy,
        program: &Program,
        planes: &mut Planes,
        semantics: Semantics,
    ) -> Ticked {
        let alone = self.stochastic.or(&self.outside);
        // The vectors make nonsense of those who live alone, so these live first and are put in after.
        let mut lived = Vec::new();
        let mut draws_on = false;
        for neuron in alone.ones() {
            let parameters = &program.neurons[neuron];
            let types = active.ones().filter(|&axon| rows[axon].has(neuron)).map(kind);
            lived.push(parameters.live(self.potentials.at(neuron), types, &mut self.draws, semantics));
            draws_on |= parameters.draws_every_tick();
        }
        let before = alone.ones().map(|neuron| self.potentials.at(neuron)).collect::<Vec<_>>();
        let outcome = vectors(&mut self.potentials, &program.wide, semantics.safe_range(), planes);
        let mut fired = Bits::from_bytes(outcome.fired).and(&Bits(alone.0.map(|word| !word)));
        let mut changed = outcome.changed;
        for ((neuron, lived), before) in alone.ones().zip(lived).zip(before) {
            self.potentials.0[place(neuron)] = lived.potential;
            changed |= lived.potential != before;
            if lived.fired {
                fired.set(neuron);
            }
        }
        if outcome.outside || !alone.is_empty() {
            self.find_outside(semantics);
        }
        let rests = active.is_empty() && !draws_on && !changed && fired.is_empty();
        Ticked { fired, rests, events: outcome.events }
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
    if columns.reverses {
        lanes::live::<L, true>(potentials, &parameters, planes.take())
    } else {
        lanes::live::<L, false>(potentials, &parameters, planes.take())
    }
}
