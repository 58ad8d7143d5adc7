//! The newest spikes of each neuron, summed up so that a row of synapses need only look them up.
//!
//! A presynaptic spike asks every neuron of its row for the sum of `e^(-(s - after)/τ₊)` over the
//! spikes `s` in `(after, until]`, and for the trace K₋ just before `until`. Both windows are the
//! same for the whole row, so what depends on them is a factor of the row, if each neuron keeps its
//! exponentials relative to a fixed reference time:
//!
//! ```text
//! Σ e^(-(s - after)/τ₊) = e^((after - ref)/τ₊) (S(after) - S(until)),  S(t) = Σ_{s > t} e^(-(s - ref)/τ₊)
//! K₋(until)             = e^(-(until - ref)/τ₋) [K₋(s) e^((s - ref)/τ₋)]  for the last spike s before
//! ```
//!
//! What is left per synapse is to count the spikes after three times and to look up two sums and a
//! trace, all in one cache line and without a branch. The sums begin with the newest spike, so the
//! smaller one is taken away from the larger one and no digits are lost.
//!
//! The reference is the start of the current *block* of steps, a function of time alone. Blocks are
//! so short that no exponential leaves the range of single precision or becomes subnormal.

use crate::synapses::archive::{Archive, Decay, Post, RECENT};
use crate::synapses::sums::Facilitation;
use multiversion::multiversion;
use sim_core::real::Real;

/// Time constants in a block.
const BLOCK: f64 = 40.0;
/// Longest block in steps: times in it and in the one before fit an `i16`.
const LONGEST: f64 = 16_000.0;
/// A longer way from the end of a window to its arrival, in blocks, would see traces that were cut.
const MOST_LAG: f64 = 0.1;
/// A trace of less, e⁻⁴⁴ at the reference, is none: it changes no sum, and times a row's factor it
/// would be subnormal, which processors are slow at.
const NO_TRACE: f64 = 1e-19;
/// Spikes after the end of a window that are expected at most.
const LATE: usize = 4;
/// Synapses between looking and changing.
const CHUNK: usize = 64;

/// What a row sees of one neuron: 64 bytes in single precision.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Digest<R> {
    /// The newest spikes, newest first, in steps after the reference.
    times: [i16; RECENT],
    /// Number n: the n newest spikes, each as e^(-(s - ref)/τ₊).
    sums: [R; RECENT],
    /// Number n: K₋ just after the newest spike but n, as e^(s/τ₋) at the reference.
    traces: [R; LATE],
}

impl<R: Real> Digest<R> {
    const EMPTY: Self =
        Digest { times: [i16::MIN; RECENT], sums: [R::ZERO; RECENT], traces: [R::ZERO; LATE] };

    /// How many of the newest spikes lie after a time.
    #[inline(always)]
    fn after(&self, time: i16) -> usize {
        usize::from(self.times.iter().map(|&spiked| u8::from(spiked > time)).sum::<u8>())
    }

    fn push(&mut self, time: i16, plus: R, trace: R) {
        self.times.copy_within(..RECENT - 1, 1);
        self.times[0] = time;
        for newest in (1..RECENT).rev() {
            self.sums[newest] = self.sums[newest - 1] + plus;
        }
        self.traces.copy_within(..LATE - 1, 1);
        self.traces[0] = trace;
    }
}

/// The digests of a slice.
#[derive(Debug)]
pub struct Digests<R> {
    neurons: Vec<Digest<R>>,
    /// The start of the current block, in steps; not a number when there is none yet.
    reference: f64,
    /// Steps in a block.
    block: f64,
}

/// What a row asks of its neurons.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Spikes after this time facilitate, in steps.
    pub after: f64,
    /// Spikes up to this time facilitate, and those before it depress.
    pub until: f64,
    /// K₊ at `after`.
    pub k_plus: f64,
}

/// A window as the digests of the current block see it.
#[derive(Clone, Copy, Debug)]
struct View<R> {
    after: i16,
    until: i16,
    facilitating: R,
    depressing: R,
}

impl<R: Real> Digests<R> {
    /// Digests of neurons that have not spiked, with the decays of K₊ and K₋.
    pub fn new(neurons: usize, plus: &Decay, minus: &Decay) -> Self {
        let block = (BLOCK * plus.steps().min(minus.steps())).floor().clamp(1.0, LONGEST);
        Digests { neurons: vec![Digest::EMPTY; neurons], reference: f64::NAN, block }
    }

    /// A neuron spiked.
    pub fn spike(&mut self, neuron: u32, post: &Post<1>, plus: &Decay, minus: &Decay) {
        let since = post.time - self.reference;
        let trace = post.traces[0] * minus.shift(-since);
        let trace = if trace < NO_TRACE { 0.0 } else { trace };
        self.neurons[neuron as usize].push(since as i16, R::of(plus.shift(since)), R::of(trace));
    }

    /// Makes the next question find what the archive holds.
    pub fn forget(&mut self) {
        self.reference = f64::NAN;
    }

    /// Moves the reference to the block of `now`.
    pub fn move_to(&mut self, now: f64, archive: &Archive<1>, plus: &Decay) {
        let reference = (now / self.block).floor() * self.block;
        if reference == self.reference {
            return;
        }
        self.reference = reference;
        for neuron in 0..self.neurons.len() {
            self.neurons[neuron] = Digest::EMPTY;
            for post in archive.newest(neuron).rev() {
                self.spike(neuron as u32, post, plus, archive.decay(0));
            }
        }
    }

    /// A window as seen from the reference, if it does not begin too long ago.
    fn view(&self, window: Window, plus: &Decay, minus: &Decay) -> Option<View<R>> {
        let (after, until) = (window.after - self.reference, window.until - self.reference);
        let seen = after >= -self.block && until >= -MOST_LAG * self.block;
        seen.then(|| View {
            after: after as i16,
            until: until as i16,
            facilitating: R::of(window.k_plus * plus.shift(-after)),
            depressing: R::of(minus.shift(until)),
        })
    }

    /// Changes all weights of a row by a rule. `ask` finds what facilitates and K₋ in the archive, for
    /// the rare neuron with too many spikes. `None` if the window is seen for no neuron.
    pub fn change<F: Facilitation<R>>(
        &self,
        window: Window,
        [plus, minus]: [&Decay; 2],
        (neurons, weights): (&[u16], &mut [R]),
        rule: F,
        ask: impl Fn(usize) -> [R; 2],
    ) -> Option<()> {
        let view = self.view(window, plus, minus)?;
        change_row(&self.neurons, view, neurons, weights, rule, ask);
        Some(())
    }
}

/// One pass that looks, without branches, and one that changes, which the compiler vectorises.
#[multiversion(targets("x86_64+avx2+popcnt"))]
fn change_row<R: Real, F: Facilitation<R>, A: Fn(usize) -> [R; 2]>(
    digests: &[Digest<R>],
    view: View<R>,
    neurons: &[u16],
    weights: &mut [R],
    rule: F,
    ask: A,
) {
    let mut found = ([R::ZERO; CHUNK], [R::ZERO; CHUNK]);
    for (neurons, weights) in neurons.chunks(CHUNK).zip(weights.chunks_mut(CHUNK)) {
        for ((&neuron, facilitation), trace) in neurons.iter().zip(&mut found.0).zip(&mut found.1) {
            let digest = &digests[usize::from(neuron)];
            let (first, last) = (digest.after(view.after), digest.after(view.until));
            let before = digest.after(view.until - 1);
            if first == RECENT || before >= LATE {
                [*facilitation, *trace] = ask(usize::from(neuron));
            } else {
                *facilitation = rule.of(&digest.sums, last..first, view.facilitating);
                *trace = digest.traces[before % LATE] * view.depressing;
            }
        }
        for ((weight, &facilitation), &trace) in weights.iter_mut().zip(&found.0).zip(&found.1) {
            *weight = rule.change(*weight, facilitation, trace);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synapses::pairs::Pairs;
    use proptest::prelude::*;

    /// The weight after a spike: 100 times what facilitates, less K₋.
    #[derive(Clone, Copy)]
    struct Sum;

    impl<R: Real> Facilitation<R> for Sum {
        fn change(self, _: R, facilitation: R, k_minus: R) -> R {
            R::of(100.0) * facilitation - k_minus
        }
    }

    /// What the digest makes of a window, if it sees it, and what the archive does.
    fn both<R: Real>(times: &[u32], window: Window, now: f64, taus: [f64; 2]) -> (Option<f64>, f64) {
        let mut pairs = Pairs::new(1, taus[0], taus[1], 0.1);
        let mut digests = Digests::<R>::new(1, &pairs.plus, pairs.archive.decay(0));
        // The digest hears some spikes in an earlier block, and the others in that of `now`.
        digests.move_to(0.0, &pairs.archive, &pairs.plus);
        for &time in times {
            let post = pairs.archive.spike(0, f64::from(time));
            digests.spike(0, &post, &pairs.plus, pairs.archive.decay(0));
        }
        digests.move_to(now, &pairs.archive, &pairs.plus);
        let ask = |neuron| pairs.ask(neuron, window, Sum);
        let [facilitation, k_minus] = ask(0);
        let asked = Facilitation::<R>::change(Sum, R::ZERO, facilitation, k_minus).wide();
        let mut weights = [R::ZERO];
        let decays = [&pairs.plus, pairs.archive.decay(0)];
        let seen = digests.change(window, decays, (&[0], &mut weights), Sum, ask);
        (seen.map(|()| weights[0].wide()), asked)
    }

    fn train(gaps: &[u32]) -> Vec<u32> {
        gaps.iter()
            .scan(0, |time, gap| {
                *time += gap;
                Some(*time)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn a_digest_answers_as_the_archive_does(
            gaps in prop::collection::vec(prop_oneof![1u32..60, 200u32..3_000], 0..30),
            back in 1u32..600,
            width in 0u32..2_000,
            delay in 1u32..80,
            taus in [5.0..50.0f64, 5.0..50.0f64],
        ) {
            let times = train(&gaps);
            let end = times.last().copied().unwrap_or(0) + 50;
            let until = f64::from(end) - f64::from(back.min(2 * delay));
            let window = Window { after: until - f64::from(width), until, k_plus: 1.7 };
            let (seen, asked) = both::<f32>(&times, window, f64::from(end), taus);
            if let Some(seen) = seen {
                prop_assert!((seen - asked).abs() <= 2e-6 * (1.0 + asked.abs()), "{seen}, not {asked}");
            }
            let (seen, asked) = both::<f64>(&times, window, f64::from(end), taus);
            if let Some(seen) = seen {
                prop_assert!((seen - asked).abs() <= 1e-13 * (1.0 + asked.abs()), "{seen}, not {asked}");
            }
        }
    }

    #[test]
    fn windows_of_the_last_forty_time_constants_are_seen_and_longer_ones_are_not() {
        let seen = |width: f64, delay: f64| {
            let until = 20_000.0 - delay;
            let window = Window { after: until - width, until, k_plus: 1.0 };
            both::<f32>(&[15_000, 19_900], window, 20_000.0, [20.0, 30.0]).0.is_some()
        };
        assert!(seen(8_000.0, 30.0));
        assert!(!seen(16_000.0, 30.0));
        assert!(!seen(0.0, 6_000.0));
    }

    #[test]
    fn no_number_of_a_digest_is_subnormal_or_infinite_after_a_long_silence() {
        for silence in [1_000, 8_000, 9_000, 17_000, 18_500, 20_000, 100_000] {
            let mut pairs = Pairs::new(1, 20.0, 20.0, 0.1);
            let mut digests = Digests::<f32>::new(1, &pairs.plus, pairs.archive.decay(0));
            pairs.archive.spike(0, 10.0);
            let now = 10.0 + f64::from(silence);
            digests.move_to(now, &pairs.archive, &pairs.plus);
            let until = now - 30.0;
            let window = Window { after: until - 7_900.0, until, k_plus: 1.0 };
            let mut weights = [0.0];
            let decays = [&pairs.plus, pairs.archive.decay(0)];
            let ask = |neuron| pairs.ask(neuron, window, Sum);
            digests.change(window, decays, (&[0], &mut weights), Sum, ask).unwrap();
            assert!(weights[0] == 0.0 || weights[0].is_normal(), "{} after {silence}", weights[0]);
        }
    }
}
