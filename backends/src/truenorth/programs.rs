//! The neurons of cores, of which equal ones are kept once.

use super::columns::{Columns, Pool};
use super::neuron::{Neuron, Semantics};
use std::collections::HashMap;
use std::sync::Arc;

/// Neurons that several cores may have, as columns.
pub struct Program {
    /// As parameters.
    pub neurons: Vec<Neuron>,
    /// As columns of 16 bits, if those hold all parameters.
    pub narrow: Option<Columns<i16>>,
    /// As columns of 32 bits.
    pub wide: Columns<i32>,
}

/// Programs that were made, each once, and the columns in them.
#[derive(Default)]
pub struct Programs {
    known: HashMap<Vec<Neuron>, Arc<Program>>,
    narrow: Pool<i16>,
    wide: Pool<i32>,
}

impl Programs {
    /// The program of some neurons.
    pub fn keep(&mut self, neurons: &[Neuron], semantics: Semantics) -> Arc<Program> {
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
