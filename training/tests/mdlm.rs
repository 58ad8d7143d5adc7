//! MDLM: its objective, its samplers, and its training.

use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use training::learning::{Learning, State};
use training::lesson::{Job, Lesson, Part, Problem};
use training::mdlm::lesson::{MODEL, schedule, sizes};
use training::mdlm::net::Sizes;
use training::mdlm::noise::{Noised, Schedule, masked_share, spread_times, weight};
use training::mdlm::sampler::{Sampler, Windows};
use training::weights::{Weights, numbers};

#[test]
fn a_network_of_65_characters_has_the_926_thousand_weights_of_the_reference() {
    let sizes = Sizes {
        vocabulary: 65,
        width: 128,
        heads: 4,
        blocks: 4,
        expansion: 4,
        condition: 32,
        timed: false,
        gate: 0.0,
    };
    assert_eq!(Weights::draw(sizes.declarations(), 1, &Device::flex()).count(), 926_210);
}

const SIZES: Sizes = Sizes {
    vocabulary: 12,
    width: 16,
    heads: 2,
    blocks: 2,
    expansion: 2,
    condition: 8,
    timed: false,
    gate: 1.0,
};

/// Weights of which none is 0, as after training.
fn weights(sizes: &Sizes) -> Weights {
    let device = Device::flex();
    let mut saved = Weights::draw(sizes.declarations(), 4, &device).save();
    for tensor in &mut saved {
        let mut stream = Key::new(5).named(&tensor.name).stream(0);
        tensor.values.iter_mut().for_each(|value| *value += 0.3 * stream.normal() as f32);
    }
    Weights::load(sizes.declarations(), &saved, &device).expect("it fits")
}

fn logits(sizes: &Sizes, weights: &Weights, tokens: &[usize], sigma: f64) -> Vec<f32> {
    let values: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
    let tokens = Tensor::<2, Int>::from_data(TensorData::new(values, [1, tokens.len()]), &Device::flex());
    numbers(sizes.forward(weights, tokens, &[sigma]))
}

#[test]
fn every_place_sees_all_others_and_only_a_timed_network_sees_the_time() {
    let timed = Sizes { timed: true, ..SIZES };
    let (weights, tokens) = (weights(&SIZES), [3, 12, 12, 7, 0, 12]);
    let said = logits(&SIZES, &weights, &tokens, 0.4);
    assert_eq!(said, logits(&SIZES, &weights, &tokens, 2.0));
    assert_ne!(logits(&timed, &weights, &tokens, 0.4), logits(&timed, &weights, &tokens, 2.0));
    for place in 0..tokens.len() {
        let mut other = tokens;
        other[place] = 5;
        let changed = logits(&SIZES, &weights, &other, 0.4);
        let rows = said.chunks(13).zip(changed.chunks(13));
        assert!(rows.clone().all(|(before, after)| before != after), "place {place}");
    }
    let together = Tensor::<2, Int>::from_data([[3, 12, 12], [7, 0, 12]], &Device::flex());
    let each = [logits(&timed, &weights, &tokens[..3], 0.4), logits(&timed, &weights, &tokens[3..], 2.0)];
    let together = numbers(timed.forward(&weights, together, &[0.4, 2.0]));
    let differs = together.iter().zip(each.concat()).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
    assert!(differs < 1e-5, "texts at their own times: {differs}");
}

/// The bound, in nats per token, of a predictor that gives every token the same chance; times as `draw` has them.
fn of_uniform(batch: usize, length: usize, number: u64, draw: &dyn Fn(u64) -> Vec<f64>) -> f64 {
    let text = vec![3_u8; length];
    let texts = vec![&text[..]; batch];
    let noised = Noised::draw(
        &texts,
        &draw(number),
        SIZES.vocabulary,
        &Schedule::default(),
        Key::new(8).numbered(number),
    );
    let logits = Tensor::<3>::zeros([batch, length, SIZES.vocabulary + 1], &Device::flex());
    f64::from(noised.surprise(logits).mean().into_scalar::<f32>())
}

/// Mean and variance of `count` numbers.
fn moments(count: u64, number: impl Fn(u64) -> f64) -> (f64, f64) {
    let all: Vec<f64> = (0..count).map(number).collect();
    let mean = all.iter().sum::<f64>() / all.len() as f64;
    (mean, all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (all.len() - 1) as f64)
}

fn times_key() -> Key {
    Key::new(9)
}

fn spread(number: u64) -> Vec<f64> {
    spread_times(16, None, &mut times_key().stream(number))
}

#[test]
fn the_bound_of_the_uniform_predictor_is_its_surprise_but_for_what_is_never_masked() {
    let (mean, variance) = moments(2000, |number| of_uniform(16, 20, number, &spread));
    let exact = (1.0 - 1e-3) * (SIZES.vocabulary as f64).ln();
    let error = (variance / 2000.0).sqrt();
    assert!((mean - exact).abs() < 4.0 * error && error < 0.02 * exact, "{mean} ± {error}, and not {exact}");
}

#[test]
fn spread_times_have_the_density_of_independent_ones_and_a_bound_that_varies_less() {
    let alone = |number: u64| -> Vec<f64> {
        let mut stream = times_key().named("alone").stream(number);
        (0..16).map(|_| stream.uniform() * (1.0 - 1e-3) + 1e-3).collect()
    };
    // What is left of the variance once masks are averaged out: the bound of a predictor whose surprise grows with the share of masks.
    let expected =
        |times: Vec<f64>| times.iter().map(|t| weight(*t) * masked_share(*t) * t).sum::<f64>() / 16.0;
    let (mean, of_spread) = moments(2000, |number| expected(spread(number)));
    let (same, of_alone) = moments(2000, |number| expected(alone(number)));
    assert!((mean - same).abs() < 0.01, "{mean} and {same}");
    assert!(of_spread < 0.1 * of_alone, "{of_spread} and {of_alone}");
    // And with the masks: what times alone add to the variance is spared.
    let (_, of_spread) = moments(2000, |number| growing(16, number, &spread(number)));
    let (_, of_alone) = moments(2000, |number| growing(16, number, &alone(number)));
    assert!(of_spread < of_alone, "{of_spread} and {of_alone}");
}

/// The bound, in nats per token, of a predictor whose surprise at a masked token is the share of masks.
fn growing(batch: usize, number: u64, times: &[f64]) -> f64 {
    let text = [0_u8; 40];
    let texts = vec![&text[..]; batch];
    let noised = Noised::draw(&texts, times, 1, &Schedule::default(), Key::new(8).numbered(number));
    let of_text = |weights: &[f32]| {
        let masked = weights.iter().filter(|weight| **weight > 0.0).count() as f64;
        weights.iter().map(|weight| f64::from(*weight)).sum::<f64>() * masked / 1600.0
    };
    noised.weights.chunks(40).map(of_text).sum::<f64>() / batch as f64
}

#[test]
fn the_bound_of_a_thousand_steps_is_close_to_that_of_all_of_time_and_that_of_ten_is_not() {
    let bound = |steps: Option<u64>| {
        let times = |number: u64| spread_times(16, steps, &mut times_key().stream(number));
        moments(4000, |number| growing(16, number, &times(number))).0
    };
    let (all, thousand, ten) = (bound(None), bound(Some(1000)), bound(Some(10)));
    // With the share of masks as surprise the bound is the mean of 1/t m(t)² and a little more for the finite text; over T
    // steps that of t is (T + 1) / 2 T.
    assert!((thousand - all).abs() < 0.003, "{thousand} and {all}");
    assert!((ten - all - 0.05).abs() < 0.005, "{ten} and {all}");
    // The weight of a step from t to s, T times, by the definition of D3PM.
    for (step, steps) in [(1, 10), (7, 10), (1, 1000), (640, 1000)] {
        let (t, s) = (f64::from(step) / f64::from(steps), f64::from(step - 1) / f64::from(steps));
        let of_step = f64::from(steps) * (masked_share(t) - masked_share(s)) / masked_share(t);
        assert!((of_step / weight(t) - 1.0).abs() < 1e-12);
    }
    let times = spread_times(5000, Some(10), &mut times_key().stream(0));
    assert!(times.iter().all(|t| ((t * 10.0).round() - t * 10.0).abs() < 1e-12 && *t >= 0.1 && *t <= 1.0));
    // A tenth of them at each step.
    assert!(times.iter().filter(|t| **t == 1.0).count().abs_diff(500) <= 2);
}

const MASK: usize = 12;

fn sampler(steps: u32, cached: bool) -> Sampler {
    Sampler { steps, cached, temperature: 1.0, schedule: Schedule::default(), key: Key::new(6) }
}

#[test]
fn the_cached_sampler_draws_the_same_text_in_fewer_calls() {
    for sizes in [SIZES, Sizes { timed: true, ..SIZES }] {
        let weights = weights(&sizes);
        let network = |tokens: &[usize], sigma: f64| logits(&sizes, &weights, tokens, sigma);
        let drawn = |steps: u32, cached: bool| {
            let mut tokens = [vec![3, 4], vec![MASK; 20]].concat();
            let calls = sampler(steps, cached).fill(&mut tokens, MASK, network, |_| ());
            assert_eq!(tokens[..2], [3, 4], "visible tokens stay");
            assert!(tokens.iter().all(|token| *token < MASK));
            (tokens, calls)
        };
        for steps in [1, 8, 100] {
            let ((ours, fewer), (theirs, calls)) = (drawn(steps, true), drawn(steps, false));
            assert_eq!(ours, theirs);
            assert!(calls == u64::from(steps) || calls == u64::from(steps) + 1, "{calls} calls");
            assert!(fewer <= calls.min(21), "{fewer} calls for 20 places");
        }
        assert_eq!(drawn(1, true).1, 1, "in one step all places are unmasked at once");
    }
}

#[test]
fn unmasked_tokens_are_as_likely_as_the_network_says() {
    let likely = |_: &[usize], _: f64| [f32::ln(0.7), f32::ln(0.3), 5.0].repeat(3000);
    let share = |temperature: f64| {
        let mut tokens = vec![2; 3000];
        Sampler { temperature, ..sampler(10, true) }.fill(&mut tokens, 2, likely, |_| ());
        tokens.iter().filter(|token| **token == 0).count() as f64 / 3000.0
    };
    // Four standard deviations.
    assert!((share(1.0) - 0.7).abs() < 0.034, "{}", share(1.0));
    assert_eq!(share(0.0), 1.0);
    assert!((share(0.5) - 0.49 / 0.58).abs() < 0.03, "{}", share(0.5));
}

/// Tokens of which the rarest leans to being masked last, and how likely they are.
fn leaning() -> (Schedule, [f64; 3]) {
    (Schedule::leaning(vec![0.3, 0.0, -1.0]), [0.6, 0.3, 0.1])
}

/// log p(token | masked at time t), by Bayes' rule, and 0 for the mask.
fn exact(time: f64) -> Vec<f32> {
    let (schedule, likely) = leaning();
    let joint: Vec<f64> = (0..3).map(|token| likely[token] * schedule.masked_share(token, time)).collect();
    let all: f64 = joint.iter().sum();
    joint.iter().map(|x| (x / all).ln() as f32).chain([0.0]).collect()
}

#[test]
fn the_bound_of_the_exact_predictor_is_the_entropy_though_rare_tokens_are_masked_later() {
    let (schedule, likely) = leaning();
    let bound = |number: u64| {
        let mut stream = Key::new(12).stream(number);
        let texts: Vec<[u8; 1]> = (0..64)
            .map(|_| {
                let draw = stream.uniform();
                [u8::from(draw >= likely[0]) + u8::from(draw >= 1.0 - likely[2])]
            })
            .collect();
        let texts: Vec<&[u8]> = texts.iter().map(|text| &text[..]).collect();
        let times = spread_times(64, None, &mut stream);
        let noised = Noised::draw(&texts, &times, 3, &schedule, Key::new(13).numbered(number));
        let logits: Vec<f32> = times.iter().flat_map(|time| exact(*time)).collect();
        let logits = Tensor::<3>::from_data(TensorData::new(logits, [64, 1, 4]), &Device::flex());
        f64::from(noised.surprise(logits).mean().into_scalar::<f32>())
    };
    let (mean, variance) = moments(1500, bound);
    let entropy = -likely.iter().map(|p| p * p.ln()).sum::<f64>();
    let error = (variance / 1500.0).sqrt();
    assert!(
        (mean - entropy).abs() < 4.0 * error + 2e-3 && error < 0.02,
        "{mean} ± {error}, and not {entropy}"
    );
}

#[test]
fn tokens_come_as_often_as_they_should_though_rare_ones_are_unmasked_earlier() {
    let (schedule, likely) = leaning();
    let mut early = [0; 3];
    let mut tokens = vec![3; 6000];
    // The network is told σ, from which t follows.
    let network = |tokens: &[usize], sigma: f64| exact((1.0 - (-sigma).exp()) / 0.999).repeat(tokens.len());
    let sampler = Sampler { schedule, ..sampler(4, true) };
    let mut steps = 0;
    sampler.fill(&mut tokens, 3, network, |tokens| {
        if steps == 1 {
            early = [0, 1, 2].map(|token| tokens.iter().filter(|t| **t == token).count());
        }
        steps += 1;
    });
    for (token, likely) in likely.into_iter().enumerate() {
        let share = tokens.iter().filter(|t| **t == token).count() as f64 / 6000.0;
        assert!((share - likely).abs() < 4.0 * (likely * (1.0 - likely) / 6000.0).sqrt(), "{token}: {share}");
        // Half of the time is over: m(1/2) is 1/2 + lean/4.
        let visible = early[token] as f64 / (6000.0 * likely);
        let expected = 1.0 - (0.5 + 0.25 * [0.3, 0.0, -1.0][token]);
        assert!((visible - expected).abs() < 0.08, "{token}: {visible} and not {expected}");
    }
}

#[test]
fn where_all_tokens_are_alike_it_is_mdlm_to_the_bit() {
    let (text, times) = (b"abcabc", [0.2, 0.9]);
    let noised = |schedule: &Schedule| Noised::draw(&[text, text], &times, 256, schedule, Key::new(2));
    let even = noised(&Schedule::leaning(vec![0.0; 256]));
    assert_eq!(even, noised(&Schedule::default()));
    assert!(even.weights.iter().all(|w| *w == 0.0 || *w == weight(0.2) as f32 || *w == weight(0.9) as f32));
    assert_ne!(even.weights, noised(&Schedule::leaning(vec![0.5; 256])).weights);
}

#[test]
fn a_text_is_gone_on_with_window_by_window() {
    let mut seen = Vec::new();
    let mut text = vec![1, 2, 3];
    let network = |tokens: &[usize], _: f64| {
        seen.push(tokens.to_vec());
        // Each place is sure of its own number.
        (0..tokens.len())
            .flat_map(|place| (0..13).map(move |token| if token == place { 9.0 } else { 0.0 }))
            .collect()
    };
    let windows = Windows { window: 8, stride: 3 };
    let sampler = Sampler { temperature: 0.0, ..sampler(1, true) };
    let calls = sampler.go_on(&mut text, 10, windows, MASK, network, |_| ());
    // The first window fills what is left of it; then three at a time, behind the last five.
    assert_eq!(text, [1, 2, 3, 3, 4, 5, 6, 7, 5, 6, 7, 5, 6]);
    assert_eq!(calls, 3);
    assert_eq!(seen[1], [3, 4, 5, 6, 7, MASK, MASK, MASK]);
}

fn settings() -> Arguments {
    let small = [("width", 16), ("heads", 2), ("blocks", 1), ("window", 16), ("batch", 8), ("steps", 6)];
    let defaults = Arguments::defaults(MODEL.parameters);
    small.iter().fold(defaults, |all, (name, value)| all.with(name, Argument::Integer(*value)))
}

fn lesson(arguments: &Arguments) -> Result<Box<dyn Lesson>, Problem> {
    (MODEL.lesson)(&Job { arguments, device: &Device::flex() })
}

#[test]
fn a_training_is_resumed_to_the_bit() {
    let (arguments, device) = (settings(), Device::flex().autodiff());
    let begin = || Learning::begin(lesson(&arguments).expect("a lesson"), 1, &device);
    let (mut whole, mut first) = (begin(), begin());
    (0..6).for_each(|_| assert!(whole.step().is_finite()));
    (0..3).for_each(|_| assert!(first.step().is_finite()));
    let state: State = first.state();
    let mut second =
        Learning::resume(lesson(&arguments).expect("a lesson"), &state, &device).expect("it fits");
    (0..3).for_each(|_| assert!(second.step().is_finite()));
    assert_eq!(whole.state(), second.state());
    let figures = whole.measure_best(Part::Test);
    assert_eq!(figures[0].name, "bits_per_char");
    assert!(figures[0].value.is_finite() && figures[1].value > 0.0, "{figures:?}");
}

#[test]
fn a_training_with_importance_keeps_how_bytes_lean_beside_its_weights() {
    let (arguments, device) = (settings().with_number("importance", 0.5), Device::flex().autodiff());
    let mut learning = Learning::begin(lesson(&arguments).expect("a lesson"), 1, &device);
    assert!(learning.step().is_finite());
    let saved = learning.best();
    let lean = &saved.iter().find(|tensor| tensor.name == "schedule.lean").expect("it is saved").values;
    let of = |byte: char| lean[byte as usize];
    assert!(of('e') > of('k') && of('k') > of('Z') && of('Z') >= -0.5, "{} {} {}", of('e'), of('k'), of('Z'));
    assert!(!schedule(&saved).is_even());
    assert!(learning.measure_best(Part::Test)[0].value.is_finite());
}

#[test]
fn an_untrained_network_needs_eight_bits_a_byte() {
    let arguments = settings();
    let lesson = lesson(&arguments).expect("a lesson");
    let sizes = sizes(&arguments).expect("sizes");
    let weights = Weights::draw(sizes.declarations(), 1, &Device::flex());
    let figures = lesson.measure(&weights, Part::Test);
    let (bits, error) = (figures[0].value, figures[1].value);
    assert!((bits - 8.0 * (1.0 - 1e-3)).abs() < 4.0 * error && error < 0.3, "{bits} ± {error}");
}

#[test]
fn what_does_not_fit_is_refused() {
    let five = settings().with("heads", Argument::Integer(5));
    let said = lesson(&five).err().expect("refused").0;
    assert!(said.contains("width is 16, and 5 heads need a multiple of 10"), "{said}");
    let both = settings().with_number("importance", 0.5).with("times", Argument::Integer(10));
    let said = lesson(&both).err().expect("refused").0;
    assert!(said.contains("importance is for all of time"), "{said}");
}
