//! Everything that is known of a mapping, as plain data: whether it fits and what binds, what was lost, and
//! with the spikes of a run what it moves, costs and takes.

use super::energy::Bill;
use super::mesh::Mesh;
use super::timing::StepTime;
use super::traffic::Traffic;

/// A network on a chip.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The chip: "Loihi".
    pub chip: String,
    /// What the emulator was told: variant, semantics, reset mode, as (switch, value).
    pub switches: Vec<(String, String)>,
    /// The cores that there are and how they are connected.
    pub mesh: Mesh,
    /// What each limit allows and what is used.
    pub limits: Vec<Limit>,
    /// The cores in use.
    pub cores: Vec<Core>,
    /// What mapping added or changed: splitters, copies, merged events, as (what, how many).
    pub added: Vec<(String, u64)>,
    /// What weights lost.
    pub projections: Vec<WeightLoss>,
    /// What parameters became.
    pub parameters: Vec<ParameterLoss>,
    /// What a run moved, if there was one.
    pub traffic: Option<Traffic>,
    /// What that run would cost, by each set of prices.
    pub energy: Vec<Bill>,
    /// What its steps would take.
    pub time: Option<StepTime>,
    /// Where all this comes from: seed, settings, checksums, as (what, value).
    pub provenance: Vec<(String, String)>,
}

/// A limit of a core.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What is limited, in the plural: "input axons".
    pub name: String,
    /// The most that a core may use.
    pub limit: u64,
    /// What the cores in use use of it, in the order of [`Report::cores`].
    pub used: Vec<u64>,
    /// The least that all cores together have to use, however the network is placed; 0 if that is not known.
    pub demand: u64,
    /// Where the limit is documented.
    pub source: String,
}

impl Limit {
    /// The core that uses most, and how much; of equals the first. `None` without cores.
    pub fn binding(&self) -> Option<(usize, u64)> {
        self.used.iter().copied().enumerate().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// The share of the limit that the fullest core uses; above 1 it does not fit.
    pub fn tightness(&self) -> f64 {
        self.binding().map_or(0.0, |(_, used)| share(used, self.limit))
    }

    /// Mean share of the limit over the cores in use.
    pub fn mean(&self) -> f64 {
        let sum: u64 = self.used.iter().sum();
        share(sum, self.limit) / self.used.len().max(1) as f64
    }

    /// Least share of the limit over the cores in use.
    pub fn least(&self) -> f64 {
        self.used.iter().min().map_or(0.0, |&used| share(used, self.limit))
    }

    /// So many cores at least, as far as this limit knows: ⌈demand / limit⌉.
    pub fn cores_needed(&self) -> u64 {
        self.demand.div_ceil(self.limit.max(1))
    }
}

fn share(used: u64, limit: u64) -> f64 {
    if limit == 0 { if used == 0 { 0.0 } else { f64::INFINITY } } else { used as f64 / limit as f64 }
}

/// A core in use.
#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    /// Its site on the mesh.
    pub site: u32,
    /// Which populations have how many neurons there.
    pub populations: Vec<(String, u64)>,
}

/// What the weights of a projection lost.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightLoss {
    /// The projection: "input → output".
    pub projection: String,
    /// How many synapses.
    pub synapses: u64,
    /// The greatest error, in the unit of `unit`.
    pub max_error: f64,
    /// The root of the mean squared error.
    pub rms_error: f64,
    /// How many weights were beyond what the chip can hold.
    pub saturated: u64,
    /// What the errors are measured in: "mV", "of threshold".
    pub unit: String,
}

/// What a parameter was meant to be and what the chip makes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterLoss {
    /// The population.
    pub population: String,
    /// The parameter.
    pub parameter: String,
    /// As the file has it.
    pub requested: f64,
    /// As the chip has it, in the same unit; of many neurons the one that is farthest off.
    pub realised: f64,
    /// The unit.
    pub unit: String,
}

impl Report {
    /// The limit that is used most of; `None` without limits.
    pub fn binding(&self) -> Option<&Limit> {
        // Of equals the one that is listed first.
        self.limits.iter().rev().max_by(|a, b| a.tightness().total_cmp(&b.tightness()))
    }

    /// Whether every limit holds.
    pub fn fits(&self) -> bool {
        self.cores.len() <= self.mesh.cores() && self.limits.iter().all(|limit| limit.tightness() <= 1.0)
    }

    /// No placement uses fewer cores than this.
    pub fn fewest_cores(&self) -> u64 {
        self.limits.iter().map(Limit::cores_needed).max().unwrap_or(0)
    }

    /// How many chips are in use.
    pub fn chips(&self) -> usize {
        let mut chips: Vec<u32> = self.cores.iter().map(|core| self.mesh.chip(core.site)).collect();
        chips.sort_unstable();
        chips.dedup();
        chips.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(name: &str, limit: u64, used: &[u64], demand: u64) -> Limit {
        Limit { name: name.to_owned(), limit, used: used.to_vec(), demand, source: String::new() }
    }

    #[test]
    fn what_binds_is_the_limit_with_the_fullest_core() {
        let report = Report {
            chip: "Loihi".to_owned(),
            switches: Vec::new(),
            mesh: Mesh::LOIHI,
            limits: vec![
                limit("compartments", 1024, &[512, 500], 1012),
                limit("input axons", 400, &[100, 300], 900),
            ],
            cores: [0, 5].map(|site| Core { site, populations: Vec::new() }).to_vec(),
            added: Vec::new(),
            projections: Vec::new(),
            parameters: Vec::new(),
            traffic: None,
            energy: Vec::new(),
            time: None,
            provenance: Vec::new(),
        };
        let binding = report.binding().expect("there are limits");
        assert_eq!(
            (binding.name.as_str(), binding.binding(), binding.tightness()),
            ("input axons", Some((1, 300)), 0.75)
        );
        assert!(report.fits());
        assert_eq!((report.fewest_cores(), report.chips()), (3, 1));
    }
}
