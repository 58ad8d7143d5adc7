//! What this machine cannot hold, and what only a data file could tell.

use super::draw::{LONGEST_DELAY, delay_of, weight_of};
use sim_core::connect::Connectivity;
use sim_core::network::{Network, Projection, Sign};

/// Everything that does not fit, one sentence each.
pub fn misfits(network: &Network, connectivity: &Connectivity) -> Vec<String> {
    let mut reasons = Vec::new();
    for (number, projection) in network.projections.iter().enumerate() {
        let wiring = connectivity.wiring(number);
        let name = |population: usize| network.populations[population].name.as_str();
        let ends = format!("from \"{}\" to \"{}\"", name(projection.source), name(projection.target));
        let missing = [
            ("weight", projection.weight.is_none() && wiring.weights().is_none()),
            ("delay", projection.delay.is_none() && wiring.delays().is_none()),
        ];
        for (what, _) in missing.iter().filter(|(_, missing)| *missing) {
            reasons.push(format!("the projection {ends} gives no {what}, and neither does its data file"));
        }
        if missing.iter().any(|(_, missing)| *missing) {
            continue;
        }
        let delay = delay_of(wiring, projection);
        let (shortest, longest) = delay.bounds();
        // A distribution without an end counts as ending where one synapse in a thousand million is.
        let endless = longest == f64::INFINITY;
        let delays = (shortest, if endless { delay.sampler().quantile(1.0 - 1e-9) } else { longest });
        reasons.extend(delay_misfit(delays, network.dt, &ends));
        let weights = weight_of(wiring, projection).bounds();
        reasons.extend(weight_misfit(
            weights,
            network.populations[projection.source].sign,
            projection,
            &ends,
        ));
    }
    reasons
}

/// `bounds` are the shortest and the longest delay in ms; infinite where a distribution has no end.
fn delay_misfit((shortest, longest): (f64, f64), dt: f64, ends: &str) -> Option<String> {
    // Room for the rounding of a delay that is one step.
    if shortest < dt * (1.0 - 1e-9) {
        return Some(format!("a delay {ends} is {shortest} ms, less than one step of {dt} ms"));
    }
    let steps = (longest / dt).round();
    (longest.is_finite() && steps > LONGEST_DELAY).then(|| {
        format!("a delay {ends} can be {longest} ms, {steps} steps; at most {LONGEST_DELAY} steps fit")
    })
}

/// The weights of a data file, which nobody has looked at before.
fn weight_misfit(
    (low, high): (f64, f64),
    sign: Option<Sign>,
    projection: &Projection,
    ends: &str,
) -> Option<String> {
    if low > high {
        // An empty list.
        return None;
    }
    match sign {
        Some(Sign::Excitatory) if low < 0.0 => {
            Some(format!("a weight {ends} is {low}, but the sources are Excitatory"))
        }
        Some(Sign::Inhibitory) if high > 0.0 => {
            Some(format!("a weight {ends} is {high}, but the sources are Inhibitory"))
        }
        _ => (projection.plasticity.is_some() && low < 0.0 && high > 0.0).then(|| {
            format!("weights {ends} are between {low} and {high}; those of plastic synapses have one sign")
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_have_at_least_one_step_and_no_more_than_16_bits_count() {
        let misfit = |low, high| delay_misfit((low, high), 0.1, "here");
        assert_eq!(misfit(0.1, 6553.5), None);
        assert_eq!(misfit(1.0, f64::INFINITY), None);
        assert_eq!(misfit(f64::INFINITY, f64::NEG_INFINITY), None);
        assert_eq!(
            misfit(0.1, 6553.6).as_deref(),
            Some("a delay here can be 6553.6 ms, 65536 steps; at most 65535 steps fit")
        );
        assert_eq!(
            misfit(0.05, 1.0).as_deref(),
            Some("a delay here is 0.05 ms, less than one step of 0.1 ms")
        );
    }
}
