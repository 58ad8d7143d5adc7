//! The loop over compartments: no branch, compiled for the vector units there are. What wraps, and how, is
//! shift counts and limits to it.

use super::compartment::BLOCK;
use super::semantics::{Bias, LARGEST, Overflow, Semantics};
use multiversion::multiversion;

/// What the loop needs of a compartment: kept parts of u and v in 4096ths, threshold, bias, steps of
/// refractoriness after a spike, least and largest v.
pub type Constants = [i32; 7];

/// A reading of the chip's registers as numbers for the loop. A shift to the left and back wraps; by 0
/// it does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Widths {
    input: u32,
    current: u32,
    drive: u32,
    /// Above `fold` u is folded, and below `-fold + 1`.
    fold: (i32, i32),
}

impl Widths {
    /// What a reading of the chip comes to.
    pub fn of(semantics: &Semantics) -> Self {
        let spare = |overflow| match overflow {
            Overflow::Wraps(bits) => 32 - bits,
            Overflow::Folds | Overflow::Ignored => 0,
        };
        let drive = match semantics.bias {
            Bias::Added(overflow) => spare(overflow),
            Bias::Absent => 0,
        };
        let folds = semantics.current == Overflow::Folds;
        let fold = if folds { (LARGEST + 1, -LARGEST) } else { (i32::MAX, i32::MIN) };
        Widths { input: spare(semantics.input), current: spare(semantics.current), drive, fold }
    }
}

/// Where the loop finds the constants of a compartment.
pub trait Lookup: Copy {
    /// Those of a compartment.
    fn at(&self, index: usize) -> Constants;
    /// For exactly `len` compartments, which spares the loop its checks.
    fn cut(self, len: usize) -> Self;
}

/// The same for all.
#[derive(Clone, Copy)]
pub struct Same(pub Constants);

/// One column per constant.
#[derive(Clone, Copy)]
pub struct Columns<'a>(pub [&'a [i32]; 7]);

impl Lookup for Same {
    #[inline(always)]
    fn at(&self, _: usize) -> Constants {
        self.0
    }

    #[inline(always)]
    fn cut(self, _: usize) -> Self {
        self
    }
}

impl Lookup for Columns<'_> {
    #[inline(always)]
    fn at(&self, index: usize) -> Constants {
        let mut values = [0; 7];
        for (value, column) in values.iter_mut().zip(&self.0) {
            *value = column[index];
        }
        values
    }

    #[inline(always)]
    fn cut(self, len: usize) -> Self {
        Columns(self.0.map(|column| &column[..len]))
    }
}

/// `keep` 4096ths of `x`, the magnitude rounded down. The product of 24 and 13 bits is made of two that
/// fit 32 bits.
#[inline(always)]
fn decayed(x: i32, keep: i32) -> i32 {
    let (size, keep) = (x.unsigned_abs(), keep as u32);
    let kept = ((size >> 12).wrapping_mul(keep)).wrapping_add((size & 4095).wrapping_mul(keep) >> 12) as i32;
    if x < 0 { kept.wrapping_neg() } else { kept }
}

#[inline(always)]
fn wrapped(x: i32, spare: u32) -> i32 {
    (x << spare) >> spare
}

/// One step of one block; whether any compartment fired. `fired` holds 1 for those that did.
#[expect(clippy::too_many_arguments, reason = "as arguments, slices are known not to overlap")]
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
pub fn advance<K: Lookup>(
    u: &mut [i32],
    v: &mut [i32],
    left: &mut [i32],
    sums: &mut [i32],
    noise: (&[i32; BLOCK], &[i32; BLOCK]),
    fired: &mut [i32; BLOCK],
    widths: Widths,
    constants: K,
) -> bool {
    let n = u.len().min(BLOCK);
    let (u, v, left, sums) = (&mut u[..n], &mut v[..n], &mut left[..n], &mut sums[..n]);
    let (at_u, at_v, constants) = (&noise.0[..n], &noise.1[..n], constants.cut(n));
    fired[n..].fill(0);
    let fired = &mut fired[..n];
    let mut any = 0;
    for i in 0..n {
        let [keep_u, keep_v, threshold, bias, refractory, v_min, v_max] = constants.at(i);
        let q = wrapped((sums[i] << 6).wrapping_add(at_u[i]), widths.input);
        sums[i] = 0;
        let current = wrapped(decayed(u[i], keep_u).wrapping_add(q), widths.current);
        let above = i32::from(current > widths.fold.0);
        let below = i32::from(current < widths.fold.1);
        let current = current.wrapping_add((below - above) << 24);
        u[i] = current;
        let drive = wrapped(current.wrapping_add(bias).wrapping_add(at_v[i]), widths.drive);
        let moved = decayed(v[i], keep_v).wrapping_add(drive).max(v_min).min(v_max);
        let reached = if left[i] > 0 { 0 } else { moved };
        let fires = reached > threshold;
        v[i] = if fires { 0 } else { reached };
        left[i] = if fires { refractory } else { (left[i] - 1).max(0) };
        fired[i] = i32::from(fires);
        any |= fired[i];
    }
    any != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decay_rounds_the_magnitude_down_for_every_register() {
        for x in [0_i32, 1, -1, 63, -64, 4095, -4096, 123_456, -8_388_607, 8_388_607] {
            for keep in [0, 1, 2048, 4095, 4096] {
                let exact = i64::from(x.abs()) * i64::from(keep) / 4096;
                assert_eq!(i64::from(decayed(x, keep)), exact * i64::from(x.signum()), "{x} {keep}");
            }
        }
    }
}
