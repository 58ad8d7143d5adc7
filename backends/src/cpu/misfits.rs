//! What this machine cannot hold, and what only a data file could tell.

use super::draw::{LONGEST_DELAY, delay_of, weight_of};
use sim_core::connect::Connectivity;
use sim_core::network::{Network, Precision, Projection, Sign};
use sim_core::quantity::Quantity;

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
        let weight = weight_of(wiring, projection);
        if network.precision == Precision::F32 {
            reasons.extend(overflow(&weight, &ends));
        }
        let weights = weight.bounds();
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

/// A weight that single precision does not hold. As an infinite one it would spoil its neighbours' sums,
/// to which it is added times 0.
fn overflow(weight: &Quantity, ends: &str) -> Option<String> {
    let (low, high) = weight.bounds();
    // The ends of a distribution without an end, as for delays.
    let finite = |bound: f64, share: f64| {
        if bound.is_infinite() && low <= high { weight.sampler().quantile(share) } else { bound }
    };
    let most = f64::from(f32::MAX);
    let beyond =
        [finite(low, 1e-9), finite(high, 1.0 - 1e-9)].into_iter().find(|w| low <= high && w.abs() > most)?;
    Some(format!("a weight {ends} can be {beyond:e}, more than single precision holds; set precision to F64"))
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
    fn weights_beyond_single_precision_are_refused_and_a_tail_that_never_gets_there_is_not() {
        let normal = |sd| Quantity::Normal { mean: 0.0, sd, min: f64::NEG_INFINITY, max: f64::INFINITY };
        for fits in [Quantity::Constant(-3e38), normal(1.0), Quantity::List([].into())] {
            assert_eq!(overflow(&fits, "here"), None);
        }
        assert_eq!(
            overflow(&Quantity::Constant(1e300), "here").as_deref(),
            Some("a weight here can be 1e300, more than single precision holds; set precision to F64")
        );
        assert!(overflow(&normal(1e38), "here").is_some());
    }

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
