//! The standard normal distribution and its quantile, for one probability or for many at once.
//!
//! Many at once are the same bits as one by one: both take the same steps in the same order.

use super::ln;
use multiversion::multiversion;

/// The quantile of the standard normal distribution: the z with P(Z < z) = `p`; infinite where `p` is
/// not between 0 and 1.
///
/// Algorithm AS 241 (PPND16) of Wichura (1988), Applied Statistics 37:477; relative error 1e-16.
pub fn normal_quantile(p: f64) -> f64 {
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    let q = p - 0.5;
    if q.abs() <= CENTRE {
        return centre(q);
    }
    let r = (-ln(p.min(1.0 - p))).sqrt();
    let z = if r <= 5.0 { middle(r) } else { ratio(&FAR_NUMERATOR, &FAR_DENOMINATOR, r - 5.0) };
    if q < 0.0 { -z } else { z }
}

/// The probability that a standard normal variable is below `z`.
pub fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2)
}

/// Puts in place of each probability its [`normal_quantile`].
pub fn normal_quantiles(values: &mut [f64]) {
    values.chunks_mut(CHUNK).for_each(quantiles);
}

/// Numbers that are worked on in one go: their tails fit on the stack.
const CHUNK: usize = 256;

/// All of them as if they were in the centre, without a branch; then those in the tails, three in
/// twenty, gathered.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn quantiles(values: &mut [f64]) {
    let (mut places, mut tails, mut count) = ([0_u8; CHUNK], [0.0; CHUNK], 0);
    for (place, &p) in values.iter().enumerate() {
        places[count] = place as u8;
        tails[count] = p;
        count += usize::from((p - 0.5).abs() > CENTRE);
    }
    for value in values.iter_mut() {
        *value = centre(*value - 0.5);
    }
    let mut quantiles = [0.0; CHUNK];
    for (z, p) in quantiles[..count].iter_mut().zip(&tails) {
        let r = (-positive_ln(p.min(1.0 - p))).sqrt();
        // Not a number where p is not between 0 and 1.
        *z = if r <= 5.0 { middle(r).copysign(p - 0.5) } else { f64::NAN };
    }
    for ((&place, &p), &z) in places.iter().zip(&tails).zip(&quantiles[..count]) {
        values[usize::from(place)] = if z.is_nan() { normal_quantile(p) } else { z };
    }
}

/// [`ln`] of positive normal numbers, in the steps that it takes for them: of FreeBSD's msun, as in
/// `libm`, less the branches for all others.
#[inline(always)]
fn positive_ln(x: f64) -> f64 {
    /// The upper half of √2/2, which is where the significand is cut.
    const CUT: u64 = 0x3fe6_a09e << 32;
    const EXPONENT_OF_2_52: u64 = 0x433 << 52;
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - CUT);
    let k = f64::from_bits(EXPONENT_OF_2_52 | bits >> 52) - ((1_u64 << 52) + 0x3ff) as f64;
    let f = f64::from_bits((bits & ((1 << 52) - 1)) + CUT) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (LN_SERIES[1] + w * (LN_SERIES[3] + w * LN_SERIES[5]));
    let odd = z * (LN_SERIES[0] + w * (LN_SERIES[2] + w * (LN_SERIES[4] + w * LN_SERIES[6])));
    s * (half_square + (odd + even)) + k * LN_2_LOW - half_square + f + k * LN_2_HIGH
}

#[inline(always)]
fn centre(q: f64) -> f64 {
    q * ratio(&CENTRE_NUMERATOR, &CENTRE_DENOMINATOR, 0.180625 - q * q)
}

#[inline(always)]
fn middle(r: f64) -> f64 {
    ratio(&MIDDLE_NUMERATOR, &MIDDLE_DENOMINATOR, r - 1.6)
}

#[inline(always)]
fn ratio(numerator: &[f64; 8], denominator: &[f64; 8], r: f64) -> f64 {
    let mut sums = (numerator[7], denominator[7]);
    for term in (0..7).rev() {
        sums = (sums.0 * r + numerator[term], sums.1 * r + denominator[term]);
    }
    sums.0 / sums.1
}

/// How far from a half a probability may be to count as in the centre.
const CENTRE: f64 = 0.425;
const CENTRE_NUMERATOR: [f64; 8] = [
    3.387_132_872_796_366_5,
    1.331_416_678_917_843_8e2,
    1.971_590_950_306_551_3e3,
    1.373_169_376_550_946e4,
    4.592_195_393_154_987e4,
    6.726_577_092_700_87e4,
    3.343_057_558_358_813e4,
    2.509_080_928_730_122_7e3,
];
const CENTRE_DENOMINATOR: [f64; 8] = [
    1.0,
    4.231_333_070_160_091e1,
    6.871_870_074_920_579e2,
    5.394_196_021_424_751e3,
    2.121_379_430_158_659_7e4,
    3.930_789_580_009_271e4,
    2.872_908_573_572_194_3e4,
    5.226_495_278_852_545e3,
];
const MIDDLE_NUMERATOR: [f64; 8] = [
    1.423_437_110_749_683_5,
    4.630_337_846_156_546,
    5.769_497_221_460_691,
    3.647_848_324_763_204_5,
    1.270_458_252_452_368_4,
    2.417_807_251_774_506e-1,
    2.272_384_498_926_918_4e-2,
    7.745_450_142_783_414e-4,
];
const MIDDLE_DENOMINATOR: [f64; 8] = [
    1.0,
    2.053_191_626_637_759,
    1.676_384_830_183_803_8,
    6.897_673_349_851e-1,
    1.481_039_764_274_800_8e-1,
    1.519_866_656_361_645_7e-2,
    5.475_938_084_995_345e-4,
    1.050_750_071_644_416_9e-9,
];
const FAR_NUMERATOR: [f64; 8] = [
    6.657_904_643_501_103,
    5.463_784_911_164_114,
    1.784_826_539_917_291_3,
    2.965_605_718_285_048_7e-1,
    2.653_218_952_657_612_4e-2,
    1.242_660_947_388_078_4e-3,
    2.711_555_568_743_487_6e-5,
    2.010_334_399_292_288_1e-7,
];
const FAR_DENOMINATOR: [f64; 8] = [
    1.0,
    5.998_322_065_558_88e-1,
    1.369_298_809_227_358e-1,
    1.487_536_129_085_061_5e-2,
    7.868_691_311_456_133e-4,
    1.846_318_317_510_054_8e-5,
    1.421_511_758_316_446e-7,
    2.044_263_103_389_939_8e-15,
];

/// ln 2 in two parts; the first has so few digits that its multiples are exact.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
const LN_SERIES: [f64; 7] = [
    6.666_666_666_666_735e-1,
    3.999_999_999_940_942e-1,
    2.857_142_874_366_239e-1,
    2.222_219_843_214_978_4e-1,
    1.818_357_216_161_805e-1,
    1.531_383_769_920_937_3e-1,
    1.479_819_860_511_658_6e-1,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Key;

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for p in [1e-12, 1e-6, 0.01, 0.075, 0.3, 0.5, 0.77, 0.95, 0.999, 1.0 - 1e-9] {
            let back = normal_cdf(normal_quantile(p));
            assert!((back - p).abs() <= 1e-13 * p.max(1e-3), "{p} came back as {back}");
        }
    }

    #[test]
    fn many_quantiles_have_the_bits_of_single_ones() {
        let mut stream = Key::new(3).stream(0);
        let mut values: Vec<f64> = (0..40_000).map(|_| stream.uniform()).collect();
        // All the way into both tails, and out of them.
        values.extend((1..320).map(|exponent| libm::exp10(-f64::from(exponent))));
        values.extend((1..54).map(|exponent| 1.0 - libm::exp2(-f64::from(exponent))));
        values.extend([0.075, 0.925, 0.0, -0.0, 1.0, -1e-300, 1.0 + f64::EPSILON, 5e-324]);
        for _ in 0..300 {
            values.push(libm::exp(-700.0 * stream.uniform()));
        }
        let mut many = values.clone();
        normal_quantiles(&mut many);
        for (p, z) in values.into_iter().zip(many) {
            assert_eq!(z.to_bits(), normal_quantile(p).to_bits(), "at {p}");
        }
    }
}
