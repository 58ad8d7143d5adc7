//! Network → connectivity: one recipe per projection, nothing drawn yet.

use crate::data::{DataError, DataFiles};
use crate::network::{Network, Projection};
use crate::rule::{Site, Wiring};

/// The recipes of all projections, in the order of [`Network::projections`].
pub struct Connectivity {
    wirings: Vec<Box<dyn Wiring>>,
}

/// Lets every projection's rule make its recipe.
///
/// # Errors
/// When a rule needs a data file and cannot have it.
pub fn connect(network: &Network, files: &dyn DataFiles) -> Result<Connectivity, DataError> {
    let wire = |projection: &Projection| {
        let ends = network.ends(projection);
        let key = projection.key.named("rule");
        (projection.rule.wire)(&Site { arguments: &projection.arguments, ends: &ends, key, files })
    };
    let wirings = network.projections.iter().map(wire).collect::<Result<_, _>>()?;
    Ok(Connectivity { wirings })
}

impl Connectivity {
    /// The recipe of a projection.
    pub fn wiring(&self, projection: usize) -> &dyn Wiring {
        &*self.wirings[projection]
    }

    /// How many synapses there are, or are expected.
    pub fn count(&self) -> f64 {
        self.wirings.iter().map(|wiring| wiring.count()).sum()
    }
}
