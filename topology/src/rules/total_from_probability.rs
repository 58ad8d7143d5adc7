//! As many synapses as give each pair the probability `p` of being joined at least once.
//!
//! K synapses that fall on N_s N_t pairs at random leave a pair unjoined with probability
//! (1 − 1/(N_s N_t))^K, so K = ln(1 − p) / ln(1 − 1/(N_s N_t)): the rule of the cortical
//! microcircuit (Potjans and Diesmann 2014, doi:10.1093/cercor/bhs358, equation 1).

use super::fixed_total::{FixedTotal, MOST, total_complaints};
use super::wiring::pairs::{AUTAPSES, MULTAPSES};
use sim_core::math::{ln, log1p};
use sim_core::parameter::{Argument, Arguments, Complaint, Kind, Parameter, Range};
use sim_core::rule::{ConnectionRule, Ends};
use sim_core::units::Dimension;

/// As many synapses as give each pair the probability `p` of being joined at least once.
pub static RULE: ConnectionRule = ConnectionRule {
    name: "TotalFromProbability",
    summary: "As many synapses in all as join each pair at least once with probability p.",
    parameters: &[
        Parameter::required(
            "p",
            Kind::Value(Dimension::Number),
            Range::Probability,
            "probability that a pair is joined at least once",
        ),
        Parameter::optional(
            "n",
            Kind::Integer,
            Range::Between(0.0, MOST),
            "synapses in all, in place of what follows from p",
        ),
        AUTAPSES,
        MULTAPSES,
    ],
    check: |arguments, ends| {
        let n = total(arguments, ends);
        if n.is_infinite() {
            let message = "no number of randomly placed synapses joins every pair for certain";
            let help = "use AllToAll, or PairwiseBernoulli(p: 1.0)";
            return vec![Complaint::about("p", message).help(help)];
        }
        let parameter = if arguments.try_number("n").is_some() { "n" } else { "p" };
        total_complaints(n.round_ties_even() as u64, parameter, arguments, ends)
    },
    expected: |arguments, ends| Some(total(arguments, ends).round_ties_even()).filter(|n| n.is_finite()),
    // From the full network's sizes and rounded last; p on the smaller sizes would give another K.
    shrink: Some(|arguments, full, neurons, indegrees| {
        let n = (total(arguments, full) * neurons * indegrees).round_ties_even();
        arguments.clone().with("n", Argument::Integer(n as i64))
    }),
    wire: |site| {
        let n = total(site.arguments, site.ends).round_ties_even().min(MOST) as u64;
        Ok(Box::new(FixedTotal::new(n, site)))
    },
};

/// The number of synapses before rounding; infinite for p = 1.
fn total(arguments: &Arguments, ends: &Ends) -> f64 {
    if let Some(n) = arguments.try_number("n") {
        return n;
    }
    let pairs = f64::from(ends.sources) * f64::from(ends.targets);
    if pairs == 0.0 || arguments.number("p") == 0.0 {
        return 0.0;
    }
    // Where NEST's own way of writing it is good enough it is followed to the last synapse: the full
    // microcircuit has 298,880,968 of them, and two more by `log1p`.
    let log_miss = if pairs < 1e12 { ln((pairs - 1.0) / pairs) } else { log1p(-1.0 / pairs) };
    ln(1.0 - arguments.number("p")) / log_miss
}
