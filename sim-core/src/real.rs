//! The two precisions a network can run in, as one generic number.

use crate::snapshot::Plain;
use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` (default) or `f64` (by a word in the file): the type of states and weights.
///
/// Constants are computed in `f64` and rounded once with [`Real::of`].
pub trait Real:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Plain
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The nearest number to `value`.
    fn of(value: f64) -> Self;
    /// A whole number, exactly.
    fn whole(value: i16) -> Self;
    /// This number as `f64`, exactly.
    fn wide(self) -> f64;
    /// e to this power, the same bits on every machine.
    fn exp(self) -> Self;
    /// The smaller of two numbers.
    fn min(self, other: Self) -> Self;
    /// The larger of two numbers.
    fn max(self, other: Self) -> Self;
    /// Its absolute value.
    fn abs(self) -> Self;
}

macro_rules! real {
    ($number:ty, $exp:path) => {
        impl Real for $number {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            #[inline]
            fn of(value: f64) -> Self {
                value as $number
            }
            #[inline(always)]
            fn whole(value: i16) -> Self {
                <$number>::from(value)
            }
            #[inline]
            fn wide(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline]
            fn min(self, other: Self) -> Self {
                if self < other { self } else { other }
            }
            #[inline]
            fn max(self, other: Self) -> Self {
                if self > other { self } else { other }
            }
            #[inline]
            fn abs(self) -> Self {
                <$number>::abs(self)
            }
        }
    };
}
real!(f32, crate::math::expf);
real!(f64, crate::math::exp);
