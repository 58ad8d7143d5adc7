//! A scale-free network by growth and preferential attachment (Barabási & Albert 1999,
//! doi:10.1126/science.286.5439.509).
//!
//! Neurons join one after another, each with m others drawn by their degree, which gives an
//! undirected graph with P(k) = 2m(m+1) / (k(k+1)(k+2)): exponent 3. `orientation` says what becomes
//! of an undirected edge: `Both` (default) makes a synapse each way, so in- and out-degree of a
//! neuron are equal and both follow the law; `Random` makes one synapse, either way; with `ToOlder`
//! every neuron sends to m others and the hubs receive; with `ToNewer` the hubs send. There are no
//! autapses and no multapses. Neurons are numbered by age: the hubs have the lowest indices.

use crate::graphs::barabasi_albert::{Orientation, barabasi_albert};
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends};

/// Every neuron joins `m` others, preferably those with many synapses.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "BarabasiAlbert",
    summary: "Scale-free by preferential attachment: each neuron joins m others, drawn by degree.",
    parameters: &[
        Parameter::required(
            "m",
            Kind::Integer,
            Range::Between(1.0, 4_294_967_295.0),
            "neurons that each neuron joins",
        ),
        Parameter::choice(
            "orientation",
            &["Both", "Random", "ToOlder", "ToNewer"],
            "Both",
            "which way the synapses between a newer and an older neuron run",
        ),
    ],
    check,
    expected: |arguments, ends| Some(synapses(arguments, ends)),
    shrink: None,
    wire: |site| {
        let (nodes, m) = (site.ends.targets, site.arguments.integer("m") as u32);
        Ok(Box::new(barabasi_albert(nodes, m, orientation(site.arguments), site.key)))
    },
};

fn check(arguments: &Arguments, ends: &Ends) -> Vec<Complaint> {
    if !ends.recurrent {
        let message = format!(
            "a Barabási–Albert graph grows within one population, but goes from \"{}\" to \"{}\"",
            ends.source, ends.target
        );
        return vec![Complaint::about("", message).help("for two populations there is PowerLawDegrees")];
    }
    let m = arguments.integer("m");
    if m >= i64::from(ends.targets) {
        let message =
            format!("each neuron joins {m} others but \"{}\" has only {}", ends.target, ends.targets);
        return vec![Complaint::about("m", message).help("m must be below the size of the population")];
    }
    // The generator numbers both ends of every undirected edge in 32 bits.
    if m as f64 * f64::from(ends.targets) >= f64::from(1_u32 << 31) {
        let message = format!("{} undirected edges are more than 2³¹", m * i64::from(ends.targets));
        return vec![Complaint::about("m", message)];
    }
    vec![]
}

fn synapses(arguments: &Arguments, ends: &Ends) -> f64 {
    let m = arguments.number("m");
    let edges = m * (f64::from(ends.targets) - m).max(0.0);
    if orientation(arguments) == Orientation::Both { 2.0 * edges } else { edges }
}

fn orientation(arguments: &Arguments) -> Orientation {
    match arguments.word("orientation") {
        "Random" => Orientation::Random,
        "ToOlder" => Orientation::ToOlder,
        "ToNewer" => Orientation::ToNewer,
        _ => Orientation::Both,
    }
}
