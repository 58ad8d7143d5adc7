//! BDH: its forms against each other.

use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::rng::Key;
use training::bdh::code::{Code, Scale};
use training::bdh::edges;
use training::bdh::fused::{self, Dropout};
use training::bdh::lesson::Form;
use training::bdh::native::Native;
use training::bdh::reference::{Sizes, loss};
use training::tasks::recall::{KEYS, TOKENS, draw};
use training::weights::{Weights, numbers};

const SIZES: Sizes = Sizes { vocabulary: 40, width: 16, heads: 2, neurons: 48, layers: 3 };

fn tokens(count: usize) -> Vec<usize> {
    let mut stream = Key::new(7).named("tokens").stream(0);
    (0..count).map(|_| stream.below(SIZES.vocabulary as u32) as usize).collect()
}

fn weights(seed: u64) -> Weights {
    Weights::draw(SIZES.declarations(), seed, &Device::flex())
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).fold(0.0, |most, (a, b)| most.max((a - b).abs()))
}

#[test]
fn the_native_form_equals_the_parallel_one_in_all_layers_over_a_thousand_tokens() {
    let (weights, tokens) = (weights(3), tokens(1000));
    let data: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
    let data = Tensor::<2, Int>::from_data(TensorData::new(data, [1, tokens.len()]), &Device::flex());
    let (logits, layers) = SIZES.forward(&weights, data);
    let (logits, layers): (_, Vec<_>) =
        (numbers(logits), layers.into_iter().map(|layer| numbers(layer.v)).collect());
    let mut native = Native::new(SIZES, &weights.save()).expect("the tensors fit");
    for (place, token) in tokens.into_iter().enumerate() {
        let (ours, steps) = native.read(token);
        let theirs = &logits[place * SIZES.vocabulary..][..SIZES.vocabulary];
        assert!(largest_difference(&ours, theirs) <= 1e-5, "logits at {place}");
        for (layer, (step, all)) in steps.iter().zip(&layers).enumerate() {
            let differs = largest_difference(&step.v, &all[place * SIZES.width..][..SIZES.width]);
            assert!(differs <= 1e-5, "layer {layer} at {place}: {differs}");
        }
    }
}

/// Logits, and the gradient of each tensor, of the loss of tokens to come.
fn learnt(
    forward: impl Fn(&Weights, Tensor<2, Int>) -> Tensor<3>,
    seed: u64,
) -> (Vec<f32>, Vec<(String, Vec<f32>)>) {
    const TEXTS: usize = 3;
    let device = Device::flex().autodiff();
    let weights = Weights::draw(SIZES.declarations(), seed, &device);
    let tokens: Vec<i64> = tokens(TEXTS * 21).iter().map(|token| *token as i64).collect();
    let tokens = Tensor::<2, Int>::from_data(TensorData::new(tokens, [TEXTS, 21]), &device);
    let logits = forward(&weights, tokens.clone().narrow(1, 0, 20));
    let gradients = loss(logits.clone(), tokens.narrow(1, 1, 20)).backward();
    (numbers(logits), weights.gradients(&gradients))
}

#[test]
fn the_fused_form_equals_the_parallel_one_in_logits_and_gradients() {
    let (ours, gradients) = learnt(|weights, tokens| fused::forward(&SIZES, weights, tokens, None), 3);
    let (theirs, expected) = learnt(|weights, tokens| SIZES.forward(weights, tokens).0, 3);
    assert!(largest_difference(&ours, &theirs) < 1e-5);
    assert_eq!(gradients.len(), SIZES.declarations().len());
    for ((name, ours), (same, theirs)) in gradients.iter().zip(&expected) {
        assert_eq!(name, same);
        let largest = theirs.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
        let differs = largest_difference(ours, theirs);
        assert!(differs < 1e-5 * largest, "{name}: {differs} of {largest}");
    }
}

#[test]
fn the_gradient_under_dropout_is_the_slope_of_the_loss_with_the_same_draws() {
    let sizes = Sizes { layers: 1, ..SIZES };
    let dropped = |number: u64| Some(Dropout { share: 0.4, key: Key::new(number) });
    let device = Device::flex().autodiff();
    let weights = Weights::draw(sizes.declarations(), 3, &device);
    let text: Vec<i64> = tokens(21).iter().map(|token| *token as i64).collect();
    let text = Tensor::<2, Int>::from_data(TensorData::new(text, [1, 21]), &device);
    let loss_of = |weights: &Weights, number| {
        let logits = fused::forward(&sizes, weights, text.clone().narrow(1, 0, 20), dropped(number));
        loss(logits, text.clone().narrow(1, 1, 20))
    };
    let before = loss_of(&weights, 1);
    let gradients = weights.gradients(&before.backward());
    let (_, along) = gradients.iter().find(|(name, _)| name == "decoder").expect("it has a gradient");
    let square: f64 = along.iter().map(|g| f64::from(*g) * f64::from(*g)).sum();
    let moved = |way: f32| {
        let mut saved = weights.save();
        let decoder = saved.iter_mut().find(|tensor| tensor.name == "decoder").expect("it is saved");
        let size = way * (1e-3 / square.sqrt()) as f32;
        decoder.values.iter_mut().zip(along).for_each(|(value, g)| *value += size * g);
        let moved = Weights::load(sizes.declarations(), &saved, &device).expect("it fits");
        f64::from(loss_of(&moved, 1).into_scalar::<f32>())
    };
    let slope = (moved(1.0) - moved(-1.0)) / 2e-3;
    assert!((slope / square.sqrt() - 1.0).abs() < 0.02, "{slope} and {}", square.sqrt());
    assert_ne!(loss_of(&weights, 1).into_scalar::<f32>(), loss_of(&weights, 2).into_scalar::<f32>());
}

#[test]
fn all_edges_of_the_graphs_are_the_network_and_fewer_are_less_and_less_of_it() {
    let (weights, tokens) = (weights(3), tokens(40));
    let data: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
    let data = || Tensor::<2, Int>::from_data(TensorData::new(data.clone(), [2, 20]), &Device::flex());
    let exact = numbers(SIZES.forward(&weights, data()).0);
    let differs = |share: f64| {
        let logits = numbers(edges::forward(&SIZES, &weights, data(), share));
        let squares = logits.iter().zip(&exact).map(|(a, b)| f64::from(a - b) * f64::from(a - b));
        (squares.sum::<f64>() / exact.iter().map(|b| f64::from(b * b)).sum::<f64>()).sqrt()
    };
    let [all, half, few] = [1.0, 0.5, 0.05].map(differs);
    assert!(all < 1e-4, "{all}");
    assert!(10.0 * all < half && half < few && few < 2.0, "{all} {half} {few}");
}

#[test]
fn work_is_counted_by_what_fired() {
    let mut native = Native::new(SIZES, &weights(5).save()).expect("the tensors fit");
    let (mut x, mut z) = (0, 0);
    for token in tokens(50) {
        for step in native.read(token).1 {
            x += step.x.len() as u64;
            z += step.y.iter().filter(|y| **y > 0.0).count() as u64;
        }
    }
    let work = &native.work;
    let width = SIZES.width as u64;
    assert_eq!(work.fired.iter().map(|(x, _)| x).sum::<u64>(), x);
    assert_eq!(work.fired.iter().map(|(_, z)| z).sum::<u64>(), z);
    // A pair in which one neuron fires has two rows, each read and written.
    assert!(work.by_events >= (3 * x + z) * width && work.by_events <= (5 * x + z) * width);
    assert!(work.by_events + work.dense_steps < work.without_events(&SIZES));
}

#[test]
fn a_network_that_forgets_reads_as_if_for_the_first_time() {
    let mut native = Native::new(SIZES, &weights(5).save()).expect("the tensors fit");
    let tokens = tokens(20);
    let first: Vec<_> = tokens.iter().map(|token| native.read(*token).0).collect();
    native.forget();
    let second: Vec<_> = tokens.iter().map(|token| native.read(*token).0).collect();
    assert_eq!(first, second);
}

#[test]
fn many_bits_and_many_spikes_come_close_to_exact_values() {
    let full = 2.0;
    for value in [0.0_f32, 0.3, 1.1, 2.0, 5.0] {
        let counted = Code::Counts { bits: 12 }.pass(value, full, (0, 0));
        assert!((counted - value.min(full)).abs() <= full / 4095.0, "{value}: {counted}");
        let code = Code::Bernoulli { draws: 40_000, key: Key::new(1) };
        let came = code.pass(value, full, (3, 4));
        // Five standard deviations of a fair coin.
        assert!((came - value.min(full)).abs() <= 5.0 * 0.5 * full / 200.0, "{value}: {came}");
        assert_eq!(came, code.pass(value, full, (3, 4)), "a draw depends on nothing but its key");
    }
}

#[test]
fn sixteen_bits_say_what_exact_values_say() {
    let scales = vec![Scale { x: 2.0, y: 2.0 }; SIZES.layers];
    let exact = Native::new(SIZES, &weights(5).save()).expect("the tensors fit");
    let mut coded = exact.clone().coded(Code::Counts { bits: 16 }, scales);
    let mut exact = exact;
    for token in tokens(100) {
        let differs = largest_difference(&exact.read(token).0, &coded.read(token).0);
        assert!(differs < 0.02, "{differs}");
    }
}

fn forward(form: Form, weights: &Weights, tokens: &[usize]) -> Vec<f32> {
    let data: Vec<i64> = tokens.iter().map(|token| *token as i64).collect();
    let data = Tensor::<2, Int>::from_data(TensorData::new(data, [1, tokens.len()]), &Device::flex());
    numbers(form.forward(&SIZES, weights, data, None))
}

#[test]
fn no_form_knows_what_is_to_come() {
    let (weights, mut tokens) = (weights(9), tokens(30));
    for form in [Form::Released, Form::Paper] {
        let before = forward(form, &weights, &tokens);
        tokens[20] = (tokens[20] + 1) % SIZES.vocabulary;
        let after = forward(form, &weights, &tokens);
        let (same, other) = (20 * SIZES.vocabulary, 21 * SIZES.vocabulary);
        assert_eq!(before[..same], after[..same], "{form:?}");
        assert_ne!(before[same..other], after[same..other], "{form:?}");
    }
}

/// The equations of the paper, token by token, with a state that is turned after each: ρ ← (ρ + v xᵀ) U.
#[test]
fn the_form_of_the_paper_follows_its_recurrence() {
    let (weights, tokens) = (weights(11), tokens(12));
    let logits = forward(Form::Paper, &weights, &tokens);
    let saved = weights.save();
    let matrix = |name: &str| &saved.iter().find(|tensor| tensor.name == name).expect(name).values;
    let Sizes { vocabulary, width, heads, neurons, layers } = SIZES;
    let mut states = vec![vec![0.0_f64; heads * neurons * width]; layers];
    for (place, token) in tokens.into_iter().enumerate() {
        let embed = &matrix("embed.weight")[token * width..][..width];
        let mut v = normed(&embed.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        let mut x = vec![0.0; heads * neurons];
        for state in &mut states {
            let seen = |matrix: &[f32], v: &[f64], neuron: usize| -> f64 {
                let (head, neuron) = (neuron / neurons, neuron % neurons);
                let at = |d: usize| f64::from(matrix[(head * width + d) * neurons + neuron]);
                (0..width).map(|d| v[d] * at(d)).sum::<f64>().max(0.0)
            };
            (0..x.len()).for_each(|neuron| x[neuron] += seen(matrix("encoder"), &v, neuron));
            let mut sent = vec![0.0; width];
            for head in 0..heads {
                let own = head * neurons..(head + 1) * neurons;
                let read = |d: usize| own.clone().map(|i| state[i * width + d] * x[i]).sum::<f64>();
                let a = normed(&(0..width).map(read).collect::<Vec<_>>());
                for neuron in own.clone() {
                    let y = seen(matrix("encoder_v"), &a, neuron) * x[neuron];
                    let row = &matrix("decoder")[neuron * width..][..width];
                    (0..width).for_each(|d| sent[d] += y * f64::from(row[d]));
                }
            }
            for neuron in 0..x.len() {
                (0..width).for_each(|d| state[neuron * width + d] += x[neuron] * v[d]);
            }
            turn(state);
            v = normed(&sent);
        }
        for (token, theirs) in logits[place * vocabulary..][..vocabulary].iter().enumerate() {
            let head = |d: usize| f64::from(matrix("lm_head")[d * vocabulary + token]);
            let ours: f64 = (0..width).map(|d| v[d] * head(d)).sum();
            assert!((ours - f64::from(*theirs)).abs() < 1e-5, "{place}: {ours} and {theirs}");
        }
    }
}

/// Turns the rows of each pair of neurons back by the angle of one place, as the next token sees them.
fn turn(state: &mut [f64]) {
    let Sizes { width, neurons, .. } = SIZES;
    for (pair, rows) in state.chunks_exact_mut(2 * width).enumerate() {
        let angle = 65536_f64.powf(-2.0 * (pair % (neurons / 2)) as f64 / neurons as f64);
        let (sin, cos) = angle.sin_cos();
        let (first, second) = rows.split_at_mut(width);
        for (a, b) in first.iter_mut().zip(second) {
            (*a, *b) = (*a * cos + *b * sin, *b * cos - *a * sin);
        }
    }
}

fn normed(values: &[f64]) -> Vec<f64> {
    let count = values.len() as f64;
    let middle = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|x| (x - middle) * (x - middle)).sum::<f64>() / count;
    values.iter().map(|x| (x - middle) / (variance + 1e-5).sqrt()).collect()
}

#[test]
fn every_pair_is_asked_for_once_and_keys_differ() {
    let key = Key::new(2).named("pairs");
    for pairs in 1..=KEYS {
        let text = draw(pairs, &mut key.stream(pairs as u64));
        assert_eq!(text.len(), 4 * pairs);
        let sorted = |half: &[usize]| {
            let mut pairs: Vec<(usize, usize)> =
                half.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
            pairs.sort_unstable();
            pairs
        };
        let (told, asked) = (sorted(&text[..2 * pairs]), sorted(&text[2 * pairs..]));
        assert_eq!(told, asked);
        assert!(told.windows(2).all(|two| two[0].0 < two[1].0), "a key comes twice: {told:?}");
        assert!(told.iter().all(|(key, value)| *key < KEYS && (KEYS..TOKENS).contains(value)));
    }
}
