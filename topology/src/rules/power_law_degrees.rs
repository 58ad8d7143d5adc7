//! Power laws for in- and out-degrees, and otherwise as random as can be: the directed configuration
//! model (Newman, Strogatz & Watts 2001, doi:10.1103/PhysRevE.64.026118).
//!
//! Every target draws an in-degree from P(k) ∝ k^−exponent_in and every source an out-degree from
//! P(k) ∝ k^−exponent_out, both from `k_min` to `k_max`; then the ends are joined at random. There
//! must be as many ends on both sides, so the side that would have fewer begins at a higher degree
//! than `k_min`: at the one that gives the same number of synapses. The tails keep their exponents.
//! In- and out-degree of a neuron are independent.
//!
//! `k_max` is the number of neurons on the other side if it is not given. Hubs with more than about
//! √(synapses) cannot all be joined at random to each other without multapses; a `k_max` of that
//! size (the structural cut-off of Boguñá et al. 2004, doi:10.1140/epjb/e2004-00038-8) keeps the
//! degrees of neighbours independent. Without autapses or multapses the network is rewired, which
//! keeps every degree; only synapses for which there is no other place are dropped.

use crate::graphs::configuration::{Configuration, Side};
use crate::graphs::rewiring::{Allowed, rewire};
use sim_core::parameter::{Argument, Arguments, Complaint, Default, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends};
use sim_core::units::Dimension;

/// In- and out-degrees from power laws, ends joined at random.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "PowerLawDegrees",
    summary: "In- and out-degrees from power laws, joined at random (configuration model).",
    parameters: &[
        Parameter::required(
            "exponent_in",
            Kind::Value(Dimension::Number),
            EXPONENTS,
            "exponent of the in-degree law",
        ),
        Parameter {
            name: "exponent_out",
            kind: Kind::Value(Dimension::Number),
            default: Default::SameAs("exponent_in"),
            range: EXPONENTS,
            meaning: "exponent of the out-degree law",
        },
        Parameter {
            name: "k_min",
            kind: Kind::Integer,
            default: Default::Number(1.0),
            range: DEGREES,
            meaning: "smallest degree, on the side that would have more synapses",
        },
        Parameter::optional(
            "k_max",
            Kind::Integer,
            DEGREES,
            "largest degree; else as many as there are neurons",
        ),
        Parameter::flag(
            "autapses",
            true,
            "whether a neuron may reach itself, where source and target are one",
        ),
        Parameter::flag("multapses", true, "whether a pair of neurons may be joined by several synapses"),
    ],
    check,
    expected: |arguments, ends| Some(model(arguments, ends).map_or(0.0, |model| model.expected_edges())),
    shrink: None,
    wire: |site| {
        let (arguments, ends) = (site.arguments, site.ends);
        let model = model(arguments, ends).expect("checked");
        let mut rows = model.generate(site.key);
        let autapses = !ends.recurrent || arguments.flag("autapses");
        let multapses = arguments.flag("multapses");
        rewire(&mut rows, ends.sources, Allowed { autapses, multapses }, site.key.named("rewire"));
        Ok(Box::new(rows))
    },
};

/// Beyond 20 practically all neurons have the smallest degree.
const EXPONENTS: Range = Range::Between(1.0, 20.0);
const DEGREES: Range = Range::Between(1.0, 4_294_967_295.0);

fn check(arguments: &Arguments, ends: &Ends) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    for exponent in ["exponent_in", "exponent_out"] {
        if arguments.number(exponent) <= 1.0 {
            complaints.push(Complaint::about(exponent, "a power law needs an exponent above 1"));
        }
    }
    let (k_min, most) = (arguments.integer("k_min"), partners(arguments, ends));
    let least = most.0.min(most.1);
    if let Argument::Integer(k_max) = *arguments.get("k_max") {
        if k_max < k_min {
            complaints.push(Complaint::about("k_max", format!("{k_max} is below k_min = {k_min}")));
        }
        let most = most.0.max(most.1);
        if k_max > i64::from(most) {
            let message = format!("{k_max} is more than the {most} neurons that can be reached");
            complaints.push(Complaint::about("k_max", message));
        }
    }
    if k_min > i64::from(least) {
        let message = format!("{k_min} is more than the {least} neurons that can be reached");
        complaints.push(Complaint::about("k_min", message));
    }
    if !complaints.is_empty() {
        return complaints;
    }
    match model(arguments, ends) {
        None => vec![too_few(arguments, ends)],
        Some(model) if model.expected_edges() >= f64::from(1_u32 << 31) => {
            let message = format!("{:e} synapses would be drawn", model.expected_edges());
            vec![Complaint::about("k_min", message).help("lower k_min or k_max, or raise the exponents")]
        }
        Some(_) => vec![],
    }
}

fn too_few(arguments: &Arguments, ends: &Ends) -> Complaint {
    let (most_in, most_out) = largest(arguments, ends);
    let message = format!(
        "no laws give as many synapses from {} neurons with up to {most_out} as onto {} with up to {most_in}",
        ends.sources, ends.targets
    );
    Complaint::about("", message).help("raise k_max, or lower k_min")
}

/// The two laws, if they can be made to agree. The arguments are in range.
fn model(arguments: &Arguments, ends: &Ends) -> Option<Configuration> {
    let (most_in, most_out) = largest(arguments, ends);
    let incoming = Side { exponent: arguments.number("exponent_in"), largest: most_in, nodes: ends.targets };
    let outgoing =
        Side { exponent: arguments.number("exponent_out"), largest: most_out, nodes: ends.sources };
    let k_min = arguments.integer("k_min") as u32;
    (k_min <= most_in.min(most_out)).then(|| Configuration::new(incoming, outgoing, k_min)).flatten()
}

/// The largest in- and out-degree.
fn largest(arguments: &Arguments, ends: &Ends) -> (u32, u32) {
    let (most_in, most_out) = partners(arguments, ends);
    match *arguments.get("k_max") {
        Argument::Integer(k_max) => {
            let k_max = k_max as u32;
            (most_in.min(k_max), most_out.min(k_max))
        }
        _ => (most_in, most_out),
    }
}

/// How many neurons a target can be reached by, and a source can reach.
fn partners(arguments: &Arguments, ends: &Ends) -> (u32, u32) {
    let not_itself = u32::from(ends.recurrent && !arguments.flag("autapses"));
    (ends.sources.saturating_sub(not_itself), ends.targets.saturating_sub(not_itself))
}
