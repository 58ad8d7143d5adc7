//! From a weight's mantissa, exponent and format to what is added to u.
//!
//! ```text
//! s     = 8 − (bits − mixed)          a format of `bits` bits, one of them the sign where signs are mixed
//! t     = mantissa as a multiple of 2ˢ
//! t     = t · 2^exponent, rounded down where the exponent is negative
//! w_eff = clamp(t · 64, ±(2²¹ − 64))
//! ```

use super::semantics::Rounding;

/// Which signs the synapses of a format have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signs {
    /// Both: one of the bits is the sign.
    Mixed,
    /// Mantissas 0 to 255.
    Excitatory,
    /// Mantissas −255 to 0.
    Inhibitory,
}

/// How the weights of some synapses are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WeightFormat {
    /// Bits of a weight, 0 to 8. The chip cannot encode 7.
    pub bits: u8,
    /// Which signs there are.
    pub signs: Signs,
    /// Exponent for all, −8 to 7.
    pub exponent: i8,
}

/// The largest effective weight in units of 64.
pub const LARGEST_WEIGHT: i32 = (1 << 15) - 1;

impl WeightFormat {
    /// Low bits of a mantissa that the format does not hold.
    pub fn shift(&self) -> u32 {
        let sign = i32::from(self.signs == Signs::Mixed);
        (8 - (i32::from(self.bits) - sign)).clamp(0, 9) as u32
    }

    /// The least and the largest mantissa.
    pub fn range(&self) -> (i32, i32) {
        if self.shift() > 8 {
            return (0, 0);
        }
        let step = 1 << self.shift();
        match self.signs {
            Signs::Mixed => (-256, 256 - step),
            Signs::Excitatory => (0, 256 - step),
            Signs::Inhibitory => (step - 256, 0),
        }
    }

    /// The mantissa as the format holds it: clipped, then a multiple of 2ˢ.
    pub fn held(&self, mantissa: i32, rounding: Rounding) -> i32 {
        let (low, high) = match self.signs {
            Signs::Mixed => (-256, 255),
            Signs::Excitatory => (0, 255),
            // The chip's magnitudes have eight bits; the models take one more.
            Signs::Inhibitory => (-256, 0),
        };
        let (mantissa, shift) = (mantissa.clamp(low, high), self.shift());
        if shift > 8 {
            return 0;
        }
        let toward_zero = mantissa.signum() * (mantissa.abs() >> shift << shift);
        match rounding {
            Rounding::TowardZero => toward_zero,
            Rounding::Floor if self.signs == Signs::Mixed => mantissa >> shift << shift,
            Rounding::Floor => toward_zero,
            Rounding::Nearest => {
                // As many halves as make the even multiple the nearer one.
                let odd = mantissa >> shift & 1;
                let half = ((1 << shift) >> 1) - i32::from(shift > 0) * (1 - odd);
                let (low, high) = self.range();
                ((mantissa + half) >> shift << shift).clamp(low, high)
            }
        }
    }

    /// What a mantissa adds to u, in units of 64, when its exponent is applied to each weight.
    pub fn effective(&self, mantissa: i32, rounding: Rounding) -> i32 {
        scaled(self.held(mantissa, rounding), self.exponent).clamp(-LARGEST_WEIGHT, LARGEST_WEIGHT)
    }
}

/// A mantissa or a sum of mantissas times a power of two, rounded down. In units of 64.
pub fn scaled(mantissa: i32, exponent: i8) -> i32 {
    if exponent < 0 {
        mantissa >> (-i32::from(exponent)).min(31)
    } else {
        mantissa.wrapping_shl(exponent as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn formats() -> impl Strategy<Value = WeightFormat> {
        let signs = prop::sample::select(vec![Signs::Mixed, Signs::Excitatory, Signs::Inhibitory]);
        (0_u8..=8, signs, -8_i8..=7).prop_map(|(bits, signs, exponent)| WeightFormat {
            bits,
            signs,
            exponent,
        })
    }

    proptest! {
        #[test]
        fn a_held_mantissa_is_in_range_a_multiple_and_stays_as_it_is(
            format in formats(),
            mantissa in -300..300_i32,
        ) {
            for rounding in [Rounding::Nearest, Rounding::Floor, Rounding::TowardZero] {
                let held = format.held(mantissa, rounding);
                let (low, high) = format.range();
                let beyond = format.signs == Signs::Inhibitory && mantissa <= -256 && held == -256;
                prop_assert!((low..=high).contains(&held) || beyond, "{rounding:?} {held}");
                prop_assert_eq!(held % (1 << format.shift().min(8)), 0);
                prop_assert_eq!(format.held(held, rounding), held);
            }
        }

        #[test]
        fn the_nearest_multiple_is_no_farther_than_half_a_step(format in formats(), mantissa in -300..300_i32) {
            let (low, high) = format.range();
            let held = format.held(mantissa, Rounding::Nearest);
            if (low..=high).contains(&mantissa) {
                prop_assert!((2 * (held - mantissa)).abs() <= 1 << format.shift());
            }
        }
    }

    #[test]
    fn a_half_goes_to_the_even_multiple() {
        let format = WeightFormat { bits: 8, signs: Signs::Mixed, exponent: 0 };
        let held = |mantissa| format.held(mantissa, Rounding::Nearest);
        assert_eq!([1, 3, 5, -1, -3, -5].map(held), [0, 4, 4, 0, -4, -4]);
    }
}
