//! What a run costs: counts of events times published prices.
//!
//! Two sets of prices are known, and they must not be mixed: they count differently. Prices are in pJ.

/// Where cores are: four to a tile, tiles in columns of four.
pub const CORES_OF_TILE: u32 = 4;
/// Tiles in a column of the mesh.
pub const TILES_OF_COLUMN: u32 = 4;

/// Hops of a message between two cores, along x and along y; none within a tile.
pub fn hops(from: u32, to: u32) -> (u64, u64) {
    let tile = |core: u32| core / CORES_OF_TILE;
    let place = |core| (tile(core) / TILES_OF_COLUMN, tile(core) % TILES_OF_COLUMN);
    let ((x0, y0), (x1, y1)) = (place(from), place(to));
    (u64::from(x0.abs_diff(x1)), u64::from(y0.abs_diff(y1)))
}

/// What happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Neurons times steps.
    pub neuron_steps: u64,
    /// Of these, neurons with v other than 0 or something that arrives.
    pub updates: u64,
    /// Spikes of neurons.
    pub spikes: u64,
    /// Spikes times synapses.
    pub synaptic_events: u64,
    /// One for each spike and core that it goes to, its own included.
    pub messages: u64,
    /// Hops of all messages along x.
    pub hops_x: u64,
    /// Hops of all messages along y.
    pub hops_y: u64,
}

impl Counts {
    /// Counts the messages of a spike from core `from`, of a neuron or from outside, to cores `to`, each
    /// named once; it reaches so many synapses.
    pub fn send(&mut self, from: u32, to: impl Iterator<Item = u32>, synapses: u64) {
        self.synaptic_events += synapses;
        for core in to {
            let (x, y) = hops(from, core);
            self.messages += 1;
            self.hops_x += x;
            self.hops_y += y;
        }
    }
}

/// A set of prices.
#[derive(Debug)]
pub struct Prices {
    /// Its name.
    pub name: &'static str,
    /// Where it is from, and how good it is.
    pub evidence: &'static str,
    /// What is counted, how often it happened, and what one costs.
    terms: fn(&Counts) -> Vec<Term>,
    /// What costs energy and has no price.
    pub unpriced: &'static [&'static str],
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What is counted.
    pub name: &'static str,
    /// How often it happened.
    pub count: u64,
    /// What one costs, in pJ.
    pub price: f64,
}

impl Term {
    /// In pJ.
    pub fn energy(&self) -> f64 {
        self.count as f64 * self.price
    }
}

impl Prices {
    /// The bill for what happened.
    pub fn bill(&self, counts: &Counts) -> Vec<Term> {
        (self.terms)(counts)
    }
}

const fn term(name: &'static str, count: u64, price: f64) -> Term {
    Term { name, count, price }
}

/// The kinds of synapses that SANA-FE prices apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SynapseKind {
    /// Lists of indices.
    Sparse,
    /// Every target in turn.
    Dense,
    /// Shared weights.
    Convolution,
}

/// Davies et al. 2018, table 2, at 0.75 V.
pub static DAVIES: Prices = Prices {
    name: "Davies 2018",
    evidence: "simulated before silicon, 0.75 V (doi:10.1109/MM.2018.112130359, table 2); the synaptic \
               operation is a least value",
    terms: |counts| {
        vec![
            term("neuron update, active", counts.updates, 81.0),
            term("neuron update, inactive", counts.neuron_steps.saturating_sub(counts.updates), 52.0),
            term("synaptic operation", counts.synaptic_events, 23.6),
            term("spike within a tile", counts.messages, 1.7),
            term("hop east or west", counts.hops_x, 3.0),
            term("hop north or south", counts.hops_y, 4.0),
        ]
    },
    unpriced: &["leakage", "barrier", "host and x86 cores"],
};

/// SANA-FE's description of Loihi, for one kind of synapses.
pub fn sana_fe(synapses: SynapseKind) -> &'static Prices {
    match synapses {
        SynapseKind::Sparse => &SANA_FE_SPARSE,
        SynapseKind::Dense => &SANA_FE_DENSE,
        SynapseKind::Convolution => &SANA_FE_CONVOLUTION,
    }
}

const fn sana_fe_prices(terms: fn(&Counts) -> Vec<Term>) -> Prices {
    Prices {
        name: "SANA-FE 2.2.9",
        evidence: "fitted to silicon (Nahuku board); error at most 12 % of energy on three applications \
                   (doi:10.1109/TCAD.2025.3537971)",
        terms,
        unpriced: &["leakage", "barrier", "host and x86 cores", "learning"],
    }
}

static SANA_FE_SPARSE: Prices = sana_fe_prices(|counts| sana_fe_terms(counts, 33.6));
static SANA_FE_DENSE: Prices = sana_fe_prices(|counts| sana_fe_terms(counts, 35.5));
static SANA_FE_CONVOLUTION: Prices = sana_fe_prices(|counts| sana_fe_terms(counts, 24.0));

fn sana_fe_terms(counts: &Counts, synapse: f64) -> Vec<Term> {
    vec![
        term("neuron access", counts.neuron_steps, 51.2),
        term("neuron update", counts.updates, 21.6),
        term("spike out", counts.spikes, 69.3),
        term("synaptic event", counts.synaptic_events, synapse),
        term("message out", counts.messages, 111.0),
        term("hop east or west", counts.hops_x, 3.0),
        term("hop north or south", counts.hops_y, 4.2),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_of_a_tile_are_no_hop_apart_and_tiles_stand_in_columns_of_four() {
        assert_eq!(hops(0, 3), (0, 0));
        assert_eq!(hops(0, 4), (0, 1));
        assert_eq!(hops(127, 0), (7, 3));
    }

    #[test]
    fn a_spike_is_one_message_for_each_core_it_goes_to() {
        let mut counts = Counts::default();
        counts.send(0, [0, 4, 16].into_iter(), 30);
        let expected = Counts { synaptic_events: 30, messages: 3, hops_x: 1, hops_y: 1, ..Counts::default() };
        assert_eq!(counts, expected);
        let energy: f64 = DAVIES.bill(&counts).iter().map(Term::energy).sum();
        assert!((energy - (30.0 * 23.6 + 3.0 * 1.7 + 3.0 + 4.0)).abs() < 1e-9);
    }
}
