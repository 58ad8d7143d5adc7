//! A directed scale-free network (Bollobás, Borgs, Chayes & Riordan 2003, "Directed scale-free
//! graphs", Proc. 14th ACM–SIAM Symposium on Discrete Algorithms, 132–139).
//!
//! The network grows synapse by synapse: with probability α from a new neuron to an old one, with β
//! between two old ones, with γ from an old one to a new one. Old targets are drawn in proportion to
//! in-degree + δ_in, old sources to out-degree + δ_out. Both degrees follow power laws, with exponents
//! X_in = 1 + (1 + δ_in(α+γ)) / (α+β) and X_out = 1 + (1 + δ_out(α+γ)) / (β+γ). There are
//! 1 / (α+γ) synapses a neuron on average; neurons are numbered by age.
//!
//! Without autapses or multapses the finished network is rewired, which keeps every degree; only
//! synapses for which no other place is found are dropped. Exponents near 2 make hubs with more
//! synapses than there are neurons to join: of 100 000 neurons with α = γ = 0.05, δ = 1, about 15 %
//! of the synapses are dropped, with α = γ = 0.01 most of them, and the exponents change. `saltus
//! graph` tells.

use crate::graphs::directed_scale_free::{FIRST_NODES, Growth};
use crate::graphs::rewiring::{Allowed, rewire};
use sim_core::parameter::{Arguments, Complaint, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends};
use sim_core::units::Dimension;

/// Growth with power laws for both degrees.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "DirectedScaleFree",
    summary: "Scale-free growth with a power law of its own for in- and for out-degrees.",
    parameters: &[
        share("alpha", 0.41, "probability of a synapse from a new neuron to an old one, drawn by in-degree"),
        share("beta", 0.54, "probability of a synapse between two old neurons, drawn by their degrees"),
        share("gamma", 0.05, "probability of a synapse to a new neuron from an old one, drawn by out-degree"),
        delta("delta_in", 0.2, "added to every in-degree when a target is drawn by it"),
        delta("delta_out", 0.0, "added to every out-degree when a source is drawn by it"),
        Parameter::flag("autapses", true, "whether a neuron may reach itself"),
        Parameter::flag("multapses", true, "whether a pair of neurons may be joined by several synapses"),
    ],
    check,
    expected: |arguments, ends| Some(growth(arguments).expected_edges(ends.targets)),
    shrink: None,
    wire: |site| {
        let mut rows = growth(site.arguments).grow(site.ends.targets, site.key);
        let autapses = site.arguments.flag("autapses");
        let multapses = site.arguments.flag("multapses");
        rewire(&mut rows, site.ends.targets, Allowed { autapses, multapses }, site.key.named("rewire"));
        Ok(Box::new(rows))
    },
};

const fn share(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::value(name, Dimension::Number, default, Range::Probability, meaning)
}

const fn delta(name: &'static str, default: f64, meaning: &'static str) -> Parameter {
    Parameter::value(name, Dimension::Number, default, Range::NotNegative, meaning)
}

fn growth(arguments: &Arguments) -> Growth {
    Growth {
        alpha: arguments.number("alpha"),
        beta: arguments.number("beta"),
        gamma: arguments.number("gamma"),
        delta_in: arguments.number("delta_in"),
        delta_out: arguments.number("delta_out"),
    }
}

fn check(arguments: &Arguments, ends: &Ends) -> Vec<Complaint> {
    let growth = growth(arguments);
    let mut complaints = Vec::new();
    if !ends.recurrent {
        let message = format!(
            "a scale-free graph grows within one population, but goes from \"{}\" to \"{}\"",
            ends.source, ends.target
        );
        complaints.push(Complaint::about("", message).help("for two populations there is PowerLawDegrees"));
    }
    if ends.targets < FIRST_NODES {
        let message = format!("growth begins with {FIRST_NODES} neurons but there are {}", ends.targets);
        complaints.push(Complaint::about("", message));
    }
    let sum = growth.alpha + growth.beta + growth.gamma;
    if (sum - 1.0).abs() > 1e-9 {
        complaints.push(Complaint::about("", format!("alpha + beta + gamma is {sum}, not 1")));
        return complaints;
    }
    if growth.expected_edges(ends.targets) >= f64::from(1_u32 << 31) {
        let message = format!("{:e} synapses would be grown", growth.expected_edges(ends.targets));
        complaints.push(Complaint::about("beta", message).help("neurons are born with alpha + gamma"));
        return complaints;
    }
    complaints.extend(barren(growth.alpha * growth.delta_in + growth.gamma, "delta_in", "in", "gamma"));
    complaints.extend(barren(growth.gamma * growth.delta_out + growth.alpha, "delta_out", "out", "alpha"));
    complaints
}

/// Nobody but the first neurons can ever be drawn by a degree that is 0 at birth with δ = 0.
fn barren(chance: f64, delta: &'static str, degree: &str, other: &str) -> Option<Complaint> {
    let message = format!("only the first {FIRST_NODES} neurons would have an {degree}-degree above 0");
    let help = format!("set {delta} or {other} above 0");
    (chance <= 0.0).then(|| Complaint::about(delta, message).help(help))
}
