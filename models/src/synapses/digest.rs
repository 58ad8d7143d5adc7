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

    /// Changes all weights of a row: `change` makes a new weight of the old one, the sum of K₊ over
    /// the spikes in the window, and K₋. `asked` finds these two in the archive, for the rare
    /// neuron with too many spikes; `None`, if the window is seen for no neuron.
    pub fn change(
        &self,
        window: Window,
        decays: [&Decay; 2],
        row: (&[u16], &mut [R]),
        asked: impl Fn(usize) -> [R; 2],
        change: impl Fn(R, R, R) -> R + Copy,
    ) -> Option<()> {
        let view = self.view(window, decays[0], decays[1])?;
        change_row(&self.neurons, view, row.0, row.1, asked, change);
        Some(())
    }
}

/// One pass that looks, without branches, and one that changes, which the compiler vectorises.
#[multiversion(targets("x86_64+avx2+popcnt"))]
fn change_row<R: Real, A: Fn(usize) -> [R; 2], C: Fn(R, R, R) -> R>(
    digests: &[Digest<R>],
    view: View<R>,
    neurons: &[u16],
    weights: &mut [R],
    asked: A,
    change: C,
) {
    let mut found = ([R::ZERO; CHUNK], [R::ZERO; CHUNK]);
    for (neurons, weights) in neurons.chunks(CHUNK).zip(weights.chunks_mut(CHUNK)) {
        for ((&neuron, sum), trace) in neurons.iter().zip(&mut found.0).zip(&mut found.1) {
            let digest = &digests[usize::from(neuron)];
            let (first, last) = (digest.after(view.after), digest.after(view.until));
            let before = digest.after(view.until - 1);
            if first == RECENT || before >= LATE {
                [*sum, *trace] = asked(usize::from(neuron));
            } else {
                *sum = (digest.sums[first % RECENT] - digest.sums[last % RECENT]) * view.facilitating;
                *trace = digest.traces[before % LATE] * view.depressing;
            }
        }
        for ((weight, &sum), &trace) in weights.iter_mut().zip(&found.0).zip(&found.1) {
            *weight = change(*weight, sum, trace);
        }
    }
}
