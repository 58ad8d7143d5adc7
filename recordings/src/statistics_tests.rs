use super::*;
use proptest::prelude::*;
use std::ops::Range;

fn trains(trains: &[&[f64]], window: Range<f64>) -> SpikeTrains {
    let times: Vec<f64> = trains.concat();
    let neurons: Vec<u32> =
        trains.iter().enumerate().flat_map(|(n, train)| std::iter::repeat_n(n as u32, train.len())).collect();
    SpikeTrains::new(&times, &neurons, trains.len(), within(window)).unwrap()
}

fn within(window: Range<f64>) -> Window {
    Window { from: window.start, to: window.end }
}

/// A Poisson train of `rate` Hz over `duration` ms.
fn poisson(key: Key, rate: f64, duration: f64) -> Vec<f64> {
    let mut stream = key.stream(0);
    let mut time = 0.0;
    std::iter::from_fn(|| {
        time += stream.exponential() * 1000.0 / rate;
        (time < duration).then_some(time)
    })
    .collect()
}

fn regular(period: f64, count: usize) -> Vec<f64> {
    (1..=count).map(|k| k as f64 * period).collect()
}

#[test]
fn a_regular_train_has_cv_0_lv_0_and_its_own_rate() {
    let train = regular(10.0, 99);
    assert!(cv(&train).unwrap() < 1e-12);
    assert!(local_variation(&train).unwrap() < 1e-24);
    assert_eq!(trains(&[&train, &[]], 0.0..1000.0).rates(), [99.0, 0.0]);
    assert_eq!(trains(&[&train, &[]], 0.0..1000.0).mean_rate(), Some(49.5));
}

#[test]
fn a_poisson_train_has_cv_lv_and_fano_factor_1() {
    // 40,000 spikes: the standard errors are 0.5 %, 0.6 % and 1.4 %; five of them.
    let train = poisson(Key::new(1), 40.0, 1e6);
    assert!((cv(&train).unwrap() - 1.0).abs() < 0.025);
    assert!((local_variation(&train).unwrap() - 1.0).abs() < 0.03);
    let alone = trains(&[&train], 0.0..1e6);
    assert!((alone.fano_factor(0, 100.0).unwrap() - 1.0).abs() < 0.07);
}

#[test]
fn alternating_intervals_have_the_cv_and_lv_of_the_formula() {
    // Intervals 1, 3, 1, 3: mean 2, standard deviation 1; every LV term is (2/4)², so LV = 3/4.
    let train = [0.0, 1.0, 4.0, 5.0, 8.0];
    assert_eq!(cv(&train), Some(0.5));
    assert_eq!(local_variation(&train), Some(0.75));
}

#[test]
fn measures_of_too_few_spikes_are_absent_and_counted() {
    assert_eq!((cv(&[1.0, 2.0]), local_variation(&[1.0, 2.0])), (None, None));
    assert_eq!((cv(&[5.0; 4]), local_variation(&[5.0; 4])), (None, Some(0.0)));
    let some = trains(&[&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0, 5.0], &[]], 0.0..10.0);
    let measured = some.measure(4, cv);
    assert_eq!((measured.values.len(), measured.left_out), (1, 2));
}

#[test]
fn trains_that_share_all_spikes_correlate_by_exactly_1_and_independent_ones_by_0() {
    let (a, b) = (poisson(Key::new(1), 20.0, 1e5), poisson(Key::new(2), 20.0, 1e5));
    let same = trains(&[&a, &a], 0.0..1e5).correlations(2.0, 200, Key::new(3));
    assert_eq!((same.values.as_slice(), same.neurons), ([1.0].as_slice(), 2));
    let apart = trains(&[&a, &b], 0.0..1e5).correlations(2.0, 200, Key::new(3));
    // 50,000 bins: the standard error is 1/√50000 = 0.0045.
    assert!(apart.values[0].abs() < 0.022, "{}", apart.values[0]);
}

#[test]
fn trains_that_never_share_a_bin_correlate_as_the_formula_says() {
    // 4 bins, one spike each in different bins: (4·0 − 1·1)/(4·1 − 1) = −1/3.
    let pair = trains(&[&[0.5], &[2.5]], 0.0..8.0).correlations(2.0, 10, Key::new(0));
    assert_eq!(pair.values, [-1.0 / 3.0]);
}

#[test]
fn silent_neurons_take_no_part_in_correlations() {
    let some = trains(&[&[], &[1.0], &[1.0]], 0.0..8.0).correlations(2.0, 10, Key::new(0));
    assert_eq!((some.values, some.neurons), (vec![1.0], 2));
    assert_eq!(trains(&[&[]], 0.0..8.0).correlations(2.0, 10, Key::new(0)), Correlations::default());
}

#[test]
fn the_drawn_neurons_depend_on_the_key_alone() {
    let all: Vec<Vec<f64>> = (0..40).map(|n| poisson(Key::new(n), 50.0, 2000.0)).collect();
    let all: Vec<&[f64]> = all.iter().map(Vec::as_slice).collect();
    let some = trains(&all, 0.0..2000.0);
    let drawn = some.correlations(2.0, 10, Key::new(5));
    assert_eq!((drawn.values.len(), drawn.neurons), (45, 10));
    assert_eq!(drawn, some.correlations(2.0, 10, Key::new(5)));
    assert_ne!(drawn, some.correlations(2.0, 10, Key::new(6)));
}

#[test]
fn a_population_in_step_has_as_many_times_the_fano_factor_as_neurons() {
    let train = poisson(Key::new(9), 20.0, 1e5);
    let together = trains(&[train.as_slice(); 7], 0.0..1e5);
    let (one, seven) =
        (together.fano_factor(0, 10.0).unwrap(), together.population_fano_factor(10.0).unwrap());
    assert!((seven / one - 7.0).abs() < 1e-9);
}

#[test]
fn the_rate_course_counts_spikes_per_neuron_and_second_in_bins_closed_at_the_left() {
    // 0.3 / 0.1 is 2.9999999999999996, but the spike stands on the edge.
    let some = trains(&[&[0.0, 0.3], &[0.05]], 0.0..0.45);
    let expected = [10_000.0, 0.0, 0.0, 5_000.0, 0.0];
    let course = some.rate_course(0.1);
    assert_eq!(course.len(), 5);
    assert!(course.iter().zip(expected).all(|(rate, wanted)| (rate - wanted).abs() < 1e-9), "{course:?}");
}

#[test]
fn both_ends_of_the_window_count() {
    let some = trains(&[&[0.9, 1.0, 2.0, 5.0, 5.1]], 1.0..5.0);
    assert_eq!(some.train(0), [1.0, 2.0, 5.0]);
    assert_eq!(some.rate_course(2.0), [1000.0, 500.0]);
    // Counts 2 and 1: mean 3/2, variance 1/4.
    assert!((some.fano_factor(0, 2.0).unwrap() - 1.0 / 6.0).abs() < 1e-12);
}

#[test]
fn quantiles_interpolate() {
    assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
    assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
    assert_eq!((quantile(&[3.0], 0.9), quantile(&[], 0.5)), (Some(3.0), None));
}

#[test]
fn spikes_that_do_not_belong_together_are_refused() {
    let new = |times: &[f64], neurons: &[u32], window| {
        SpikeTrains::new(times, neurons, 2, within(window)).unwrap_err()
    };
    assert_eq!(new(&[1.0], &[], 0.0..9.0).to_string(), "1 spike times but 0 neuron numbers");
    assert_eq!(new(&[1.0], &[2], 0.0..9.0), SpikeError::Neuron { neuron: 2, size: 2 });
    assert!(matches!(new(&[f64::NAN], &[0], 0.0..9.0), SpikeError::Time(time) if time.is_nan()));
    assert_eq!(new(&[], &[], 9.0..9.0), SpikeError::Window(within(9.0..9.0)));
}

proptest! {
    #[test]
    fn no_spike_is_lost_or_moved_to_another_neuron(
        spikes in prop::collection::vec((0.0..=100.0_f64, 0..5_u32), 0..200)
    ) {
        let (times, neurons): (Vec<f64>, Vec<u32>) = spikes.iter().copied().unzip();
        let some = SpikeTrains::new(&times, &neurons, 5, within(0.0..100.0)).unwrap();
        prop_assert_eq!(some.spikes(), spikes.len());
        for neuron in 0..5 {
            let mut expected: Vec<f64> =
                spikes.iter().filter(|spike| spike.1 as usize == neuron).map(|spike| spike.0).collect();
            expected.sort_by(f64::total_cmp);
            prop_assert_eq!(some.train(neuron), expected.as_slice());
        }
        let counted: f64 = some.rate_course(7.0).iter().enumerate()
            .map(|(bin, rate)| rate * 5.0 * 7.0_f64.min(100.0 - 7.0 * bin as f64) / 1000.0).sum();
        prop_assert!((counted - spikes.len() as f64).abs() < 1e-6);
    }

    #[test]
    fn correlations_lie_between_minus_1_and_1_and_nothing_is_nan(
        spikes in prop::collection::vec((0.0..50.0_f64, 0..6_u32), 0..80)
    ) {
        let (times, neurons): (Vec<f64>, Vec<u32>) = spikes.into_iter().unzip();
        let some = SpikeTrains::new(&times, &neurons, 6, within(0.0..50.0)).unwrap();
        for value in some.correlations(2.0, 6, Key::new(1)).values {
            prop_assert!((-1.0 - 1e-12..=1.0 + 1e-12).contains(&value));
        }
        for value in some.measure(0, cv).values.into_iter().chain(some.measure(0, local_variation).values) {
            prop_assert!(value.is_finite());
        }
    }
}
