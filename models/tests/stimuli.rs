//! What stimuli promise: the right laws, the same draws for any cut, the right steps.

use models::stimuli;
use sim_core::data::{DataError, DataFiles, NoFiles, Table};
use sim_core::math::exp;
use sim_core::parameter::{Argument, Arguments};
use sim_core::quantity::Quantity;
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver};
use sim_core::stimulus::{BLOCK, CurrentSource, Place, SpikeSource, StimulusBuild, StimulusModel};

const DT: f64 = 0.1;

fn model(name: &str) -> &'static StimulusModel {
    stimuli::ALL.iter().find(|model| model.name == name).unwrap()
}

/// Arguments of a stimulus, numbers and lists as the reader would give them.
fn arguments(name: &str, numbers: &[(&str, f64)], lists: &[(&str, &[f64])]) -> Arguments {
    let all = Arguments::defaults(model(name).parameters);
    let all = numbers.iter().fold(all, |all, (name, value)| all.with(name, Argument::Value(*value)));
    lists.iter().fold(all, |all, (name, values)| all.with(name, Argument::Values((*values).into())))
}

fn place(arguments: &Arguments, first: u32, len: usize, delay: i64) -> Place<'_> {
    let key = Key::new(3).named("stimulus").named("population");
    Place { arguments, target: 0, first, len, dt: DT, delay, key, files: &NoFiles }
}

fn spikes_at(name: &str, place: &Place<'_>) -> Box<dyn SpikeSource> {
    match model(name).build {
        StimulusBuild::Spikes(build) => build(place).unwrap(),
        StimulusBuild::Current(_) => panic!("{name} is a current"),
    }
}

fn spikes(name: &str, arguments: &Arguments) -> Box<dyn SpikeSource> {
    spikes_at(name, &place(arguments, 0, 256, 1))
}

fn current(name: &str, arguments: &Arguments, first: u32, len: usize) -> Box<dyn CurrentSource> {
    match model(name).build {
        StimulusBuild::Current(build) => build(&place(arguments, first, len, 0)).unwrap(),
        StimulusBuild::Spikes(_) => panic!("{name} sends spikes"),
    }
}

fn arrivals(source: &mut dyn SpikeSource, step: i64, len: usize) -> Vec<f64> {
    let (mut counts, mut amounts) = ([0; BLOCK], vec![0.0; len]);
    if source.arrivals(step, &mut counts, &mut |neuron, amount| amounts[neuron as usize] += amount) {
        amounts = counts[..len].iter().map(|&count| f64::from(count)).collect();
    }
    amounts
}

fn flow(source: &mut dyn CurrentSource, step: i64, len: usize) -> Vec<f64> {
    let mut current = vec![0.0; len];
    source.flow(step, &mut current);
    current
}

/// Rate of a train with so many spikes per step.
fn rate(mean: f64) -> f64 {
    mean / (DT * 1e-3)
}

/// χ² of counts against the Poisson law, as (χ², degrees of freedom); bins expect 8 or more.
fn chi_square(counts: &[f64], mean: f64) -> (f64, f64) {
    let total = counts.len() as f64;
    let (mut chi, mut bins) = (0.0, 0.0);
    let (mut expected, mut found, mut rest, mut seen) = (0.0, 0.0, total, 0.0);
    let mut log = -mean;
    for k in 0..(mean + 20.0 * mean.sqrt() + 20.0) as usize {
        if k > 0 {
            log += sim_core::math::ln(mean / k as f64);
        }
        expected += total * exp(log);
        found += counts.iter().filter(|&&count| count == k as f64).count() as f64;
        if expected >= 8.0 && rest - expected >= 8.0 {
            chi += (found - expected) * (found - expected) / expected;
            bins += 1.0;
            rest -= expected;
            seen += found;
            (expected, found) = (0.0, 0.0);
        }
    }
    let left = total - seen;
    (chi + (left - rest) * (left - rest) / rest, bins)
}

#[test]
fn counts_follow_the_poisson_law_at_every_mean() {
    for mean in [0.001, 0.01, 0.015625, 0.1, 0.5, 1.68, 3.4, 4.6, 8.0, 12.5, 19.9, 20.1, 50.0] {
        let mut source = spikes("Poisson", &arguments("Poisson", &[("rate", rate(mean))], &[]));
        let counts: Vec<f64> = (2..802).flat_map(|step| arrivals(&mut *source, step, 256)).collect();
        let (chi, bins) = chi_square(&counts, mean);
        // 4.5 standard deviations of χ²: one seed in a hundred thousand would fail.
        assert!(chi < bins + 4.5 * (2.0 * bins).sqrt() + 6.0, "mean {mean}: χ² = {chi} with {bins} bins");
        let found = counts.iter().sum::<f64>() / counts.len() as f64;
        let error = (mean / counts.len() as f64).sqrt();
        assert!((found - mean).abs() < 4.5 * error, "mean {mean} came out as {found}");
    }
}

#[test]
fn huge_rates_end_and_have_the_right_mean() {
    for mean in [1e3, 1e6, 1e12] {
        let mut source = spikes("Poisson", &arguments("Poisson", &[("rate", rate(mean))], &[]));
        let counts: Vec<f64> = (2..22).flat_map(|step| arrivals(&mut *source, step, 256)).collect();
        let found = counts.iter().sum::<f64>() / counts.len() as f64;
        assert!(
            (found - mean).abs() < 4.5 * (mean / counts.len() as f64).sqrt(),
            "{mean} came out as {found}"
        );
        let variance = counts.iter().map(|c| (c - found) * (c - found)).sum::<f64>() / counts.len() as f64;
        assert!((variance / mean - 1.0).abs() < 0.1, "mean {mean}: variance {variance}");
    }
    let mut endless = spikes("Poisson", &arguments("Poisson", &[("rate", 1e300)], &[]));
    assert!(arrivals(&mut *endless, 2, 256).iter().all(|count| count.is_finite() && *count > 0.0));
    let mut arrived = 0;
    endless.arrivals_exact(3, &mut |_, _, _| arrived += 1);
    assert!(arrived < 1_000_000);
}

#[test]
fn a_rate_of_zero_is_silent() {
    let mut source = spikes("Poisson", &arguments("Poisson", &[("rate", 0.0)], &[]));
    assert!((1..1000).all(|step| arrivals(&mut *source, step, 256).iter().all(|&count| count == 0.0)));
}

/// Correlation of two series.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let dot = |u: &[f64], mu: f64, v: &[f64], mv: f64| {
        u.iter().zip(v).map(|(x, y)| (x - mu) * (y - mv)).sum::<f64>()
    };
    dot(a, ma, b, mb) / (dot(a, ma, a, ma) * dot(b, mb, b, mb)).sqrt()
}

#[test]
fn neurons_blocks_and_steps_are_independent() {
    for spikes in [0.01, 1.68] {
        let arguments = arguments("Poisson", &[("rate", rate(spikes))], &[]);
        let steps = 4000;
        let record = |first: u32| {
            let mut source = spikes_at("Poisson", &place(&arguments, first, 256, 1));
            let mut trains = vec![Vec::new(); 256];
            for step in 2..2 + steps {
                for (train, count) in trains.iter_mut().zip(arrivals(&mut *source, step, 256)) {
                    train.push(count);
                }
            }
            trains
        };
        let (here, there) = (record(0), record(256));
        let pooled = |pairs: Vec<(&[f64], &[f64])>, what: &str| {
            let all: Vec<f64> = pairs.iter().map(|(a, b)| correlation(a, b)).collect();
            let mean = all.iter().sum::<f64>() / all.len() as f64;
            let error = 1.0 / ((steps as usize * all.len()) as f64).sqrt();
            assert!(mean.abs() < 4.5 * error, "mean {spikes}: {what} correlate by {mean}");
            // Single pairs are normal only where spikes are many.
            let worst = all.iter().fold(0.0, |worst: f64, c| worst.max(c.abs()));
            assert!(spikes < 1.0 || worst < 5.0 / (steps as f64).sqrt(), "{what} correlate by {worst}");
        };
        for lag in [1, 2, 16, 17, 31, 32, 128] {
            let pairs = (0..256).map(|n| (&here[n][..], &here[(n + lag) % 256][..])).collect();
            pooled(pairs, &format!("neurons {lag} apart"));
        }
        pooled((0..256).map(|n| (&here[n][..], &there[n][..])).collect(), "blocks");
        let last = here[0].len() - 1;
        pooled(here.iter().map(|train| (&train[1..], &train[..last])).collect(), "steps");
    }
}

#[test]
fn every_neuron_of_a_distributed_rate_keeps_its_own() {
    for (low, high) in [(0.0, 50.0), (5_000.0, 400_000.0)] {
        let rates = Quantity::Uniform { low, high };
        let arguments =
            Arguments::defaults(model("Poisson").parameters).with("rate", Argument::Quantity(rates.clone()));
        let mut source = spikes_at("Poisson", &place(&arguments, 512, 200, 1));
        let mut sums = vec![0.0; 200];
        let steps = 4000;
        for step in 2..2 + steps {
            arrivals(&mut *source, step, 200).iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
        }
        let key = place(&arguments, 0, 0, 1).key.named("rate");
        for (index, sum) in sums.iter().enumerate() {
            let expected = rates.draw(key, 512 + index as u64) * DT * 1e-3 * steps as f64;
            assert!((sum - expected).abs() < 5.0 * expected.sqrt() + 3.0, "{index}: {sum}, not {expected}");
        }
    }
}

#[test]
fn a_shared_rate_and_equal_rates_for_each_give_the_same_counts() {
    let shared = arguments("Poisson", &[("rate", rate(1.7))], &[]);
    let each = Quantity::Uniform { low: rate(1.7), high: rate(1.7) };
    let each = Arguments::defaults(model("Poisson").parameters).with("rate", Argument::Quantity(each));
    let (mut a, mut b) = (spikes("Poisson", &shared), spikes("Poisson", &each));
    assert!((2..500).all(|step| arrivals(&mut *a, step, 256) == arrivals(&mut *b, step, 256)));
}

#[test]
fn a_restored_source_goes_on_bit_for_bit() {
    let oscillating = [("rate", 9_000.0), ("amplitude", 9_000.0), ("frequency", 50.0)];
    let cases = [
        ("Poisson", arguments("Poisson", &[("rate", 20.0)], &[])),
        ("Poisson", arguments("Poisson", &[("rate", 16_800.0)], &[])),
        ("SinusoidalPoisson", arguments("SinusoidalPoisson", &oscillating, &[])),
        ("SpikeList", arguments("SpikeList", &[], &[("times", &[1.0, 3.0, 7.0, 11.1])])),
    ];
    for (name, arguments) in cases {
        let mut source = spikes(name, &arguments);
        for step in 1..77 {
            arrivals(&mut *source, step, 256);
        }
        let mut out = Saver::default();
        source.save(&mut out);
        let bytes = out.into_bytes();
        let mut again = spikes(name, &arguments);
        let mut loader = Loader::new(&bytes);
        again.restore(&mut loader).unwrap();
        loader.finish().unwrap();
        for step in 77..600 {
            assert_eq!(arrivals(&mut *source, step, 256), arrivals(&mut *again, step, 256), "{name} {step}");
        }
    }
}

#[test]
fn start_stop_and_delay_shift_a_train() {
    let arguments = arguments("Poisson", &[("rate", 1e5), ("start", 1.0), ("stop", 2.05)], &[]);
    let mut source = spikes_at("Poisson", &place(&arguments, 0, 256, 15));
    let sums: Vec<f64> = (1..60).map(|step| arrivals(&mut *source, step, 256).iter().sum()).collect();
    for (step, sum) in (1..).zip(sums) {
        // Sent in steps 11 to 20 and half of 21, 10 spikes a step and neuron.
        let expected = match step - 15 {
            11..=20 => 2560.0,
            21 => 1280.0,
            _ => 0.0,
        };
        assert!((sum - expected).abs() <= 5.0 * f64::sqrt(expected), "step {step}: {sum}, not {expected}");
    }
}

#[test]
fn in_continuous_time_spikes_come_uniformly_within_the_step() {
    for spikes_per_step in [0.002, 1.0] {
        let arguments = arguments("Poisson", &[("rate", rate(spikes_per_step)), ("stop", 400.05)], &[]);
        let mut source = spikes("Poisson", &arguments);
        let (mut offsets, mut last) = (Vec::new(), Vec::new());
        for step in 2..4010 {
            source.arrivals_exact(step, &mut |neuron, offset, amount| {
                assert!(neuron < 256 && amount == 1.0 && offset > 0.0 && offset <= DT);
                if step == 4002 { &mut last } else { &mut offsets }.push(offset / DT);
            });
        }
        let n = offsets.len() as f64;
        let expected = 4000.0 * 256.0 * spikes_per_step;
        assert!((n - expected).abs() < 5.0 * expected.sqrt(), "{n} spikes, not {expected}");
        assert!(last.iter().all(|&offset| offset <= 0.5 + 1e-9), "the train stops in the middle of a step");
        offsets.sort_by(f64::total_cmp);
        let distance =
            offsets.iter().enumerate().map(|(i, u)| ((i as f64 + 0.5) / n - u).abs()).fold(0.0, f64::max);
        assert!(distance * n.sqrt() < 2.2, "Kolmogorov distance {distance} of {n} offsets");
    }
}

#[test]
fn per_target_in_degrees_multiply_the_rate() {
    let model = model("PoissonPerTarget");
    let arguments = arguments("PoissonPerTarget", &[("rate", 8.0)], &[("indegree", &[1600.0, 2900.0])]);
    assert_eq!((model.check)(&arguments, 2), []);
    assert_eq!((model.check)(&arguments, 8).len(), 1);
    let rate = model.rate.unwrap();
    assert_eq!((rate(&arguments, 0), rate(&arguments, 1)), (12_800.0, 23_200.0));
    assert_eq!(rate(&(model.shrink.unwrap())(&arguments, 0.1), 1), 2_320.0);
    let mut place = place(&arguments, 0, 256, 1);
    place.target = 1;
    let mut source = spikes_at("PoissonPerTarget", &place);
    let sum: f64 = (2..402).map(|step| arrivals(&mut *source, step, 256).iter().sum::<f64>()).sum();
    let expected = 2.32 * 256.0 * 400.0;
    assert!((sum - expected).abs() < 5.0 * f64::sqrt(expected), "{sum}, not {expected}");
}

#[test]
fn a_piecewise_rate_changes_when_it_says() {
    let lists: [(&str, &[f64]); 2] = [("times", &[1.0, 2.0, 3.05]), ("rates", &[1e5, 0.0, 2e5])];
    let arguments = arguments("InhomogeneousPoisson", &[], &lists);
    let mut source = spikes("InhomogeneousPoisson", &arguments);
    for step in 1..60 {
        let sum: f64 = arrivals(&mut *source, step, 256).iter().sum();
        let expected = match step - 1 {
            11..=20 => 2560.0,
            31 => 2560.0,
            32.. => 5120.0,
            _ => 0.0,
        };
        assert!((sum - expected).abs() <= 5.0 * f64::sqrt(expected), "step {step}: {sum}, not {expected}");
    }
    assert_eq!((model("InhomogeneousPoisson").rate.unwrap())(&arguments, 0), 1e5 / 2.05);
}

#[test]
fn a_sinusoidal_rate_has_its_mean_and_modulation() {
    let numbers = [("rate", 5_000.0), ("amplitude", 3_000.0), ("frequency", 10.0), ("phase", 0.7)];
    let mut source = spikes("SinusoidalPoisson", &arguments("SinusoidalPoisson", &numbers, &[]));
    let steps = 20_000;
    let (mut mean, mut sine, mut cosine) = (0.0, 0.0, 0.0);
    for step in 2..2 + steps {
        let sum = arrivals(&mut *source, step, 256).iter().sum::<f64>() / 256.0;
        let angle = 2.0 * std::f64::consts::PI * 10.0 * 1e-3 * DT * ((step - 1) as f64 - 0.5);
        mean += sum;
        sine += 2.0 * sum * sim_core::math::sin(angle);
        cosine += 2.0 * sum * sim_core::math::cos(angle);
    }
    let hertz = 1e3 / (DT * steps as f64);
    let error = 5.0 * f64::sqrt(2.0 * 5_000.0 * 2.0 / 256.0);
    assert!((mean * hertz - 5_000.0).abs() < error);
    assert!((sine * hertz - 3_000.0 * sim_core::math::cos(0.7)).abs() < error, "{}", sine * hertz);
    assert!((cosine * hertz - 3_000.0 * sim_core::math::sin(0.7)).abs() < error, "{}", cosine * hertz);
}

#[test]
fn listed_spikes_arrive_one_delay_later_at_whom_they_are_for() {
    let times: (&str, &[f64]) = ("times", &[0.3, 0.34, 0.36, 5.0]);
    let all = arguments("SpikeList", &[], &[times]);
    let mut source = spikes_at("SpikeList", &place(&all, 0, 3, 10));
    let found: Vec<(i64, f64)> =
        (1..100).map(|step| (step, arrivals(&mut *source, step, 3)[2])).filter(|(_, n)| *n > 0.0).collect();
    assert_eq!(found, [(13, 2.0), (14, 1.0), (60, 1.0)]);

    let lists =
        [times, ("factors", &[1.0, 2.0, -3.0, 4.0][..]), ("neurons", &[257.0, 1.0, 256.0, 257.0][..])];
    let addressed = arguments("SpikeList", &[], &lists);
    let mut source = spikes_at("SpikeList", &place(&addressed, 256, 2, 10));
    let mut found = Vec::new();
    for step in 1..100 {
        source.arrivals_exact(step, &mut |neuron, offset, amount| {
            found.push((step, neuron, (offset * 1e9).round() / 1e9, amount));
        });
    }
    assert_eq!(found, [(13, 1, 0.1, 1.0), (14, 0, 0.06, -3.0), (60, 1, 0.1, 4.0)]);
}

struct OneFile;

impl DataFiles for OneFile {
    fn edges(&self, path: &str, _: &str) -> Result<Table, DataError> {
        NoFiles.edges(path, "")
    }

    fn spikes(&self, _: &str, population: &str) -> Result<Table, DataError> {
        assert_eq!(population, "retina");
        let columns = vec![
            ("time".into(), vec![0.5, 1.0, 2.0, 3.0]),
            ("neuron".into(), vec![300.0, 5.0, 257.0, 300.0]),
        ];
        Ok(Table { columns })
    }
}

#[test]
fn spikes_of_a_file_reach_the_neuron_of_the_same_index() {
    let arguments = arguments("SpikeFile", &[("offset", -1.0)], &[])
        .with("path", Argument::Text("spikes.h5".into()))
        .with("population", Argument::Text("retina".into()));
    let mut place = place(&arguments, 256, 256, 2);
    let StimulusBuild::Spikes(build) = model("SpikeFile").build else { panic!() };
    assert_eq!(build(&place).err().unwrap().path, "spikes.h5");
    place.files = &OneFile;
    let mut source = build(&place).unwrap();
    let mut found = Vec::new();
    for step in 1..50 {
        let amounts = arrivals(&mut *source, step, 256);
        found.extend((0..256).filter(|&neuron| amounts[neuron] > 0.0).map(|neuron| (step, neuron)));
    }
    assert_eq!(found, [(12, 1), (22, 44)]);
}

#[test]
fn a_direct_current_flows_in_the_steps_that_end_within_it() {
    let arguments = arguments("Dc", &[("amplitude", 5.0), ("start", 0.3), ("stop", 0.7)], &[]);
    let mut source = current("Dc", &arguments, 0, 2);
    let on: Vec<i64> = (1..20).filter(|&step| flow(&mut *source, step, 2) == [5.0, 5.0]).collect();
    assert_eq!(on, [4, 5, 6, 7]);
    assert_eq!(flow(&mut *source, 8, 2), [0.0, 0.0]);
}

#[test]
fn an_amplitude_may_differ_between_neurons_and_does_not_depend_on_the_block() {
    let amplitude = Quantity::Normal { mean: 10.0, sd: 2.0, min: f64::NEG_INFINITY, max: f64::INFINITY };
    let arguments =
        Arguments::defaults(model("Dc").parameters).with("amplitude", Argument::Quantity(amplitude));
    let whole = flow(&mut *current("Dc", &arguments, 0, 256), 1, 256);
    assert_eq!(flow(&mut *current("Dc", &arguments, 100, 20), 1, 20), whole[100..120]);
    assert_ne!(whole[0], whole[1]);
    let short = Quantity::List([1.0; 3].into());
    let arguments = arguments.with("amplitude", Argument::Quantity(short));
    let StimulusBuild::Current(build) = model("Dc").build else { panic!() };
    assert!(build(&place(&arguments, 0, 4, 0)).is_err());
}

#[test]
fn a_stepped_current_follows_its_list() {
    let lists: [(&str, &[f64]); 2] = [("times", &[0.2, 0.4, 0.5]), ("amplitudes", &[1.0, -2.0, 3.0])];
    let mut source = current("StepCurrent", &arguments("StepCurrent", &[], &lists), 0, 1);
    let flows: Vec<f64> = (1..8).map(|step| flow(&mut *source, step, 1)[0]).collect();
    assert_eq!(flows, [0.0, 0.0, 1.0, 1.0, -2.0, 3.0, 3.0]);
}

#[test]
fn an_alternating_current_oscillates_around_its_offset() {
    let numbers = [("amplitude", 4.0), ("offset", 1.0), ("frequency", 100.0)];
    let mut source = current("Ac", &arguments("Ac", &numbers, &[]), 0, 1);
    let flows: Vec<f64> = (1..=100).map(|step| flow(&mut *source, step, 1)[0]).collect();
    assert!((flows.iter().sum::<f64>() / 100.0 - 1.0).abs() < 1e-12);
    assert!((flows[0] - (1.0 + 4.0 * sim_core::math::sin(std::f64::consts::PI * 0.01))).abs() < 1e-12);
    assert!((flows.iter().copied().fold(0.0, f64::max) - 5.0).abs() < 1e-2);
}

#[test]
fn noise_has_its_variance_is_held_and_does_not_depend_on_the_block() {
    let numbers = [("mean", 20.0), ("std", 7.0), ("dt", 0.5), ("start", 0.3)];
    let arguments = arguments("WhiteNoise", &numbers, &[]);
    let mut source = current("WhiteNoise", &arguments, 0, 256);
    assert_eq!(flow(&mut *source, 3, 256), vec![0.0; 256]);
    let mut values = Vec::new();
    for interval in 0..200 {
        let held: Vec<_> = (0..5).map(|k| flow(&mut *source, 4 + 5 * interval + k, 256)).collect();
        assert!(held.windows(2).all(|pair| pair[0] == pair[1]));
        values.extend_from_slice(&held[0]);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    assert!((mean - 20.0).abs() < 4.5 * 7.0 / n.sqrt(), "mean {mean}");
    assert!((variance / 49.0 - 1.0).abs() < 4.5 * (2.0 / n).sqrt(), "variance {variance}");
    let mut part = current("WhiteNoise", &arguments, 128, 64);
    assert_eq!(flow(&mut *part, 4, 64), values[128..192]);
    let lagged = correlation(&values[256..], &values[..values.len() - 256]);
    assert!(lagged.abs() < 4.5 / n.sqrt(), "intervals correlate by {lagged}");
}

#[test]
fn mistakes_between_parameters_are_told() {
    let told = |name: &str, arguments: &Arguments| {
        (model(name).check)(arguments, 1).iter().map(|complaint| complaint.parameter).collect::<Vec<_>>()
    };
    let late = [("rate", 1.0), ("start", 5.0), ("stop", 5.0)];
    assert_eq!(told("Poisson", &arguments("Poisson", &late, &[])), ["stop"]);
    let lists: [(&str, &[f64]); 2] = [("times", &[1.0, 1.0, 2.0]), ("rates", &[1.0, 2.0])];
    assert_eq!(
        told("InhomogeneousPoisson", &arguments("InhomogeneousPoisson", &[], &lists)),
        ["rates", "times"]
    );
    let lists: [(&str, &[f64]); 3] =
        [("times", &[1.0, 1.0, 0.5]), ("factors", &[1.0]), ("neurons", &[0.0, 1.0, 0.5])];
    assert_eq!(told("SpikeList", &arguments("SpikeList", &[], &lists)), ["times", "factors", "neurons"]);
}

#[test]
fn every_stimulus_builds_from_valid_arguments_and_shrinks_if_it_has_a_rate() {
    for model in stimuli::ALL {
        assert_eq!(model.rate.is_some(), model.shrink.is_some(), "{}", model.name);
        if let (Some(rate), Some(shrink)) = (model.rate, model.shrink) {
            let lists: [(&str, &[f64]); 3] = [("indegree", &[10.0]), ("times", &[0.0]), ("rates", &[80.0])];
            let known = |name: &str| model.parameters.iter().any(|parameter| parameter.name == name);
            let lists: Vec<_> = lists.into_iter().filter(|(name, _)| known(name)).collect();
            let numbers: &[(&str, f64)] = if known("rate") { &[("rate", 8.0)] } else { &[] };
            let arguments = arguments(model.name, numbers, &lists);
            let full = rate(&arguments, 0);
            assert!(full > 0.0, "{}", model.name);
            assert!((rate(&shrink(&arguments, 0.25), 0) - 0.25 * full).abs() < 1e-12, "{}", model.name);
        }
    }
}
