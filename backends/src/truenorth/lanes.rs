//! 256 neurons side by side.
//!
//! Neuron `n` is in lane `n / 8` of vector `n % 8`. So the neurons of vector `b` are bit `b` of each of
//! the 32 bytes of a row of the crossbar: a row is read once as bytes, one for each lane, and one test
//! tells a vector which of its neurons it reaches. What fired comes back the same way. Loops over lanes are
//! as long as a vector of 16-bit numbers of AVX-512; potentials that need more bits take two.

use super::bits::Bits;
use super::planes::Plane;

/// Lanes of a vector.
pub const LANES: usize = 32;
/// Vectors of a core.
const VECTORS: usize = 8;

/// A number for each neuron of a core, in the order of lanes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[repr(align(64))]
pub struct Lanes<L>(pub [L; LANES * VECTORS]);

/// Where neuron `n` is in [`Lanes`].
#[inline(always)]
pub fn place(neuron: usize) -> usize {
    neuron % VECTORS * LANES + neuron / VECTORS % LANES
}

/// A number as wide as the potentials of a core need: 16 or 32 bits.
pub trait Lane: Copy + Ord + std::fmt::Debug + std::hash::Hash {
    /// 0.
    const ZERO: Self;
    /// The largest number.
    const MOST: Self;
    /// The smallest number.
    const LEAST: Self;
    /// The number, if it fits.
    fn of(value: i32) -> Option<Self>;
    /// The number.
    fn wide(self) -> i32;
    /// A byte of a row.
    fn byte(byte: u8) -> Self;
    /// Its lowest eight bits.
    fn low(self) -> u8;
    /// Sum, wrapped.
    fn plus(self, other: Self) -> Self;
    /// The other way round from zero, wrapped.
    fn negative(self) -> Self;
    /// Times 2 to this power, wrapped.
    fn shifted(self, bits: u32) -> Self;
    /// Bits set in both.
    fn and(self, other: Self) -> Self;
    /// Bits set in one of the two.
    fn or(self, other: Self) -> Self;
    /// Bits in which they differ.
    fn xor(self, other: Self) -> Self;
}

macro_rules! lane {
    ($number:ty) => {
        impl Lane for $number {
            const ZERO: Self = 0;
            const MOST: Self = <$number>::MAX;
            const LEAST: Self = <$number>::MIN;
            fn of(value: i32) -> Option<Self> {
                value.try_into().ok()
            }
            #[inline(always)]
            fn wide(self) -> i32 {
                self.into()
            }
            #[inline(always)]
            fn byte(byte: u8) -> Self {
                byte.into()
            }
            #[inline(always)]
            fn low(self) -> u8 {
                self as u8
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                self.wrapping_add(other)
            }
            #[inline(always)]
            fn negative(self) -> Self {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn shifted(self, bits: u32) -> Self {
                self.wrapping_shl(bits)
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                self & other
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                self | other
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                self ^ other
            }
        }
    };
}
lane!(i16);
lane!(i32);

impl<L: Lane> Lanes<L> {
    /// The number of each neuron, and `rest` beyond the last one.
    pub fn of(numbers: impl IntoIterator<Item = L>, rest: L) -> Lanes<L> {
        let mut lanes = Lanes([rest; LANES * VECTORS]);
        numbers.into_iter().enumerate().for_each(|(neuron, number)| lanes.0[place(neuron)] = number);
        lanes
    }

    /// The number of a neuron.
    pub fn at(&self, neuron: usize) -> i32 {
        self.0[place(neuron)].wide()
    }
}

/// The parameters of a core as the loop wants them.
pub struct Parameters<'a, L> {
    /// The weight of each axon type.
    pub weights: [&'a Lanes<L>; 4],
    /// The leak.
    pub leak: &'a Lanes<L>,
    /// All bits where the leak has the sign of the potential, else none.
    pub reversal: &'a Lanes<L>,
    /// All bits where such a leak stops at zero, else none.
    pub stops: L,
    /// The threshold.
    pub top: &'a Lanes<L>,
    /// Which bits of the potential a spike leaves, and what it adds.
    pub above: [&'a Lanes<L>; 2],
    /// The negative threshold, with its sign.
    pub bottom: &'a Lanes<L>,
    /// Which bits of the potential going below leaves, and what it adds.
    pub below: [&'a Lanes<L>; 2],
    /// Potentials within ± this stay exact for another tick.
    pub safe: L,
}

/// What a tick did to a core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Who fired, as [`Bits::bytes`].
    pub fired: [u8; LANES],
    /// Whether a potential is outside the safe range.
    pub outside: bool,
    /// Whether a potential is another than before. Only known if nothing arrived.
    pub changed: bool,
    /// How many events reached a neuron.
    pub events: u32,
}

/// A tick without draws in which no sum leaves the range of `L`. To be called from a function that is compiled
/// for wide vectors.
#[inline(always)]
pub fn live<L: Lane, const REVERSAL: bool>(
    potentials: &mut Lanes<L>,
    parameters: &Parameters<'_, L>,
    planes: &[Plane],
) -> Outcome {
    let mut events = 0;
    for plane in planes {
        add(&mut potentials.0, plane, &parameters.weights[plane.kind as usize % 4].0);
        events += Bits::from_bytes(&plane.neurons).count() << plane.shift;
    }
    let outcome = if planes.is_empty() {
        finish::<L, REVERSAL, true>(&mut potentials.0, parameters)
    } else {
        finish::<L, REVERSAL, false>(&mut potentials.0, parameters)
    };
    Outcome { events, ..outcome }
}

/// Adds a plane's worth to the potentials it reaches.
#[inline(always)]
fn add<L: Lane>(v: &mut [L; 256], plane: &Plane, weights: &[L; 256]) {
    // Not `map`, which is a call compiled for narrow vectors.
    let mut reached = [L::ZERO; LANES];
    for (reached, byte) in reached.iter_mut().zip(plane.neurons) {
        *reached = L::byte(byte);
    }
    for vector in 0..VECTORS {
        let bit = L::byte(1 << vector);
        for (lane, reached) in reached.iter().enumerate() {
            let at = vector * LANES + lane;
            let weight = weights[at].shifted(plane.shift);
            v[at] = v[at].plus(if reached.and(bit) == L::ZERO { L::ZERO } else { weight });
        }
    }
}

/// Leak and thresholds.
#[inline(always)]
fn finish<L: Lane, const REVERSAL: bool, const QUIET: bool>(
    v: &mut [L; 256],
    parameters: &Parameters<'_, L>,
) -> Outcome {
    let [above_keep, above_add] = parameters.above.map(|lanes| &lanes.0);
    let [below_keep, below_add] = parameters.below.map(|lanes| &lanes.0);
    let (safe, unsafe_below) = (parameters.safe, parameters.safe.negative());
    let mut fired = [L::ZERO; LANES];
    let mut outside = [false; LANES];
    let mut changed = [L::ZERO; LANES];
    for vector in 0..VECTORS {
        let bit = L::byte(1 << vector);
        for lane in 0..LANES {
            let at = vector * LANES + lane;
            let old = v[at];
            let leaked =
                if REVERSAL { reversed(old, parameters, at) } else { old.plus(parameters.leak.0[at]) };
            let up = leaked >= parameters.top.0[at];
            let down = leaked < parameters.bottom.0[at];
            let spiked = leaked.and(above_keep[at]).plus(above_add[at]);
            let sunk = leaked.and(below_keep[at]).plus(below_add[at]);
            let new = if up {
                spiked
            } else if down {
                sunk
            } else {
                leaked
            };
            v[at] = new;
            fired[lane] = fired[lane].or(if up { bit } else { L::ZERO });
            outside[lane] |= (new > safe) | (new < unsafe_below);
            if QUIET {
                changed[lane] = changed[lane].or(new.xor(old));
            }
        }
    }
    let mut fired_bytes = [0; LANES];
    for (byte, fired) in fired_bytes.iter_mut().zip(fired) {
        *byte = fired.low();
    }
    Outcome {
        fired: fired_bytes,
        outside: outside.iter().any(|&outside| outside),
        changed: changed.iter().any(|&changed| changed != L::ZERO),
        events: 0,
    }
}

/// A potential after a leak that may have its sign.
#[inline(always)]
fn reversed<L: Lane>(old: L, parameters: &Parameters<'_, L>, at: usize) -> L {
    let (leak, reversal) = (parameters.leak.0[at], parameters.reversal.0[at]);
    let signed = if old > L::ZERO {
        leak
    } else if old < L::ZERO {
        leak.negative()
    } else {
        L::ZERO
    };
    let moved = old.plus(signed);
    let crossed = ((old > L::ZERO) & (moved < L::ZERO)) | ((old < L::ZERO) & (moved > L::ZERO));
    let stopped = if crossed & (parameters.stops != L::ZERO) { L::ZERO } else { moved };
    if reversal != L::ZERO { stopped } else { old.plus(leak) }
}
