//! Elementary functions that give the same bits on every machine.
//!
//! The standard library calls the platform's mathematics library, whose last bits differ between
//! systems; these are the portable ones of the `libm` crate. `sqrt` is exact by IEEE 754 and may be
//! used from the standard library.

mod normal;

pub use libm::{cos, exp, expf, expm1, expm1f, log as ln, log1p, pow, powf as pow_f32, sin};
pub use normal::{normal_cdf, normal_quantile, normal_quantiles};
