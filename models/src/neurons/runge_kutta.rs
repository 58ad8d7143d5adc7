//! How the models without a closed form advance: Dormand and Prince's Runge–Kutta pair of orders
//! 5 and 4, with steps halved and doubled inside one step of the grid.
//!
//! A step dt of the grid is cut into 2²⁶ ticks, and a sub-step is dt/2^level long. So the time
//! inside a step is a whole number, the same on every machine, and the synaptic variables, which
//! decay in closed form, need no exponential in the loop: their factors at the nodes of the method
//! stand in a table by level ([`Exponential`](super::kinetics::Exponential)). The level of the last
//! sub-step is kept between steps of the grid, as a first guess.
//!
//! The solution of order 5 goes on, the difference of the two orders is held below the tolerance.
//! Where even the finest level is too coarse, the sub-step is one of exponential Euler, which stays
//! finite whatever the parameters are; after [`BUDGET`] attempts so is all the rest of the step. So
//! a step always ends.
//!
//! Dormand and Prince (1980), J. Comput. Appl. Math. 6:19, doi:10.1016/0771-050X(80)90013-3.

use sim_core::real::Real;

/// Number of levels; the finest sub-step is dt/2^(LEVELS-1).
pub(super) const LEVELS: usize = 27;
/// Attempts in one step of the grid before the rest is taken by exponential Euler.
pub(super) const BUDGET: u32 = 4000;
/// Where the method looks at the right-hand side, as shares of a sub-step; the start comes first.
pub(super) const NODES: [f64; 6] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0];

const FINEST: u8 = LEVELS as u8 - 1;
const TICKS: u32 = 1 << FINEST;

/// The equations of one neuron between two arrivals; `N` variables.
pub(super) trait Equations<R: Real, const N: usize> {
    /// What the synapses do at one moment: conductances or currents.
    type Drive: Copy;
    /// The synapses at `NODES[node]` of a sub-step of this level that starts now.
    fn drive(&self, level: usize, node: usize) -> Self::Drive;
    /// Lets the synapses live through a sub-step.
    fn decay(&mut self, level: usize);
    /// Time derivatives, per ms.
    fn slope(&self, drive: Self::Drive, y: &[R; N]) -> [R; N];
    /// One exponential Euler step of `h` ms, finite whenever `y` is.
    fn relax(&self, drive: Self::Drive, y: &[R; N], h: R) -> [R; N];
    /// The error of an attempt as a share of what is tolerated.
    fn excess(&self, error: &[R; N]) -> R;
    /// Looks at the end of an attempt of good accuracy, and may change it.
    fn land(&mut self, y: &mut [R; N], finest: bool) -> Landing;
}

/// What [`Equations::land`] makes of the end of a sub-step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Landing {
    /// Nothing happened.
    Smooth,
    /// Something happened on the way: go there in smaller sub-steps.
    Overshot,
    /// The state was changed; the equations go on from there.
    Jumped,
    /// The state was changed, and the equations no longer hold.
    Halted,
}

/// Variables as sums of two numbers: `low` is what was lost when `high` was rounded. Without it a
/// membrane in single precision stops 1e-3 mV before its resting potential.
#[derive(Clone, Copy)]
pub(super) struct Compensated<R, const N: usize> {
    pub high: [R; N],
    pub low: [R; N],
}

impl<R: Real, const N: usize> Compensated<R, N> {
    fn exact(high: [R; N]) -> Self {
        Compensated { high, low: [R::ZERO; N] }
    }

    #[inline]
    fn add(&self, increment: &[R; N]) -> Self {
        let change: [R; N] = std::array::from_fn(|i| increment[i] + self.low[i]);
        let high: [R; N] = std::array::from_fn(|i| self.high[i] + change[i]);
        Compensated { high, low: std::array::from_fn(|i| change[i] - (high[i] - self.high[i])) }
    }
}

/// Advances `y` by a step of the grid, whose sub-steps are `steps[level]` ms long. Returns the part
/// of the step, 0 to 1, that is left when the equations halted.
pub(super) fn advance<R: Real, E: Equations<R, N>, const N: usize>(
    equations: &mut E,
    y: &mut Compensated<R, N>,
    guess: &mut u8,
    steps: &[R; LEVELS],
) -> R {
    let mut left = TICKS;
    let mut slope = equations.slope(equations.drive(0, 0), &y.high);
    let mut cornered = false;
    for _ in 0..BUDGET {
        let level = (*guess).max(FINEST - left.ilog2() as u8);
        let attempt = attempt(equations, &y.high, &slope, level as usize, steps[level as usize]);
        let excess = equations.excess(&attempt.error);
        // Not the same as `excess > 1`: an error that is not a number is not tolerated either.
        let tolerated = excess <= R::ONE;
        if !tolerated && level < FINEST {
            *guess = level + 1;
            continue;
        }
        let mut end = if tolerated {
            y.add(&attempt.increment)
        } else {
            Compensated::exact(equations.relax(equations.drive(0, 0), &y.high, steps[level as usize]))
        };
        let landing = equations.land(&mut end.high, level == FINEST);
        if landing == Landing::Overshot {
            *guess = level + 1;
            cornered = true;
            continue;
        }
        equations.decay(level as usize);
        if landing != Landing::Smooth {
            end.low = [R::ZERO; N];
        }
        *y = end;
        left -= TICKS >> level;
        if landing == Landing::Halted {
            *guess = 0;
            return share(left);
        }
        if landing == Landing::Jumped || !tolerated {
            *guess = if landing == Landing::Jumped { 0 } else { FINEST };
            cornered = false;
            slope = equations.slope(equations.drive(0, 0), &y.high);
        } else {
            slope = attempt.slope;
            // Halving a sub-step divides the estimate by 32; the rest is room for what comes.
            if level == *guess && level > 0 && !cornered && excess < R::of(1.0 / 64.0) {
                *guess -= 1;
            }
        }
        if left == 0 {
            return R::ZERO;
        }
    }
    *guess = 0;
    *y = Compensated::exact(equations.relax(equations.drive(0, 0), &y.high, steps[0] * share(left)));
    equations.land(&mut y.high, true);
    R::ZERO
}

/// The lengths in ms of the sub-steps of a step of `dt` ms.
pub(super) fn steps<R: Real>(dt: f64) -> [R; LEVELS] {
    std::array::from_fn(|level| R::of(dt / f64::from(1 << level)))
}

/// The smallest error in mV that a sub-step can be asked for: what rounding does to 64 mV.
pub(super) fn smallest_error<R: Real>() -> f64 {
    let mut rounding = 1.0;
    while (R::ONE + R::of(rounding)).wide() > 1.0 {
        rounding *= 0.5;
    }
    64.0 * rounding
}

fn share<R: Real>(ticks: u32) -> R {
    R::of(f64::from(ticks) / f64::from(TICKS))
}

struct Attempt<R, const N: usize> {
    increment: [R; N],
    error: [R; N],
    /// Derivatives at the end: the first ones of the next sub-step.
    slope: [R; N],
}

#[inline]
fn attempt<R: Real, E: Equations<R, N>, const N: usize>(
    equations: &E,
    y: &[R; N],
    k1: &[R; N],
    level: usize,
    h: R,
) -> Attempt<R, N> {
    let at = |node: usize, y: &[R; N]| equations.slope(equations.drive(level, node), y);
    let sum = |terms: &[(f64, &[R; N])]| combine(h, terms);
    let to = |terms: &[(f64, &[R; N])]| plus(y, &combine(h, terms));
    let k2 = at(1, &to(&[(1.0 / 5.0, k1)]));
    let k3 = at(2, &to(&[(3.0 / 40.0, k1), (9.0 / 40.0, &k2)]));
    let k4 = at(3, &to(&[(44.0 / 45.0, k1), (-56.0 / 15.0, &k2), (32.0 / 9.0, &k3)]));
    let k5 = at(
        4,
        &to(&[
            (19372.0 / 6561.0, k1),
            (-25360.0 / 2187.0, &k2),
            (64448.0 / 6561.0, &k3),
            (-212.0 / 729.0, &k4),
        ]),
    );
    let k6 = at(
        5,
        &to(&[
            (9017.0 / 3168.0, k1),
            (-355.0 / 33.0, &k2),
            (46732.0 / 5247.0, &k3),
            (49.0 / 176.0, &k4),
            (-5103.0 / 18656.0, &k5),
        ]),
    );
    let increment = sum(&[
        (35.0 / 384.0, k1),
        (500.0 / 1113.0, &k3),
        (125.0 / 192.0, &k4),
        (-2187.0 / 6784.0, &k5),
        (11.0 / 84.0, &k6),
    ]);
    let k7 = at(5, &plus(y, &increment));
    let error = sum(&[
        (71.0 / 57600.0, k1),
        (-71.0 / 16695.0, &k3),
        (71.0 / 1920.0, &k4),
        (-17253.0 / 339_200.0, &k5),
        (22.0 / 525.0, &k6),
        (-1.0 / 40.0, &k7),
    ]);
    Attempt { increment, error, slope: k7 }
}

#[inline(always)]
fn combine<R: Real, const N: usize>(h: R, terms: &[(f64, &[R; N])]) -> [R; N] {
    std::array::from_fn(|i| h * terms.iter().map(|&(factor, k)| R::of(factor) * k[i]).sum::<R>())
}

#[inline(always)]
fn plus<R: Real, const N: usize>(a: &[R; N], b: &[R; N]) -> [R; N] {
    std::array::from_fn(|i| a[i] + b[i])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// y' = rate·y, and nothing ever happens.
    struct Growth {
        rate: f64,
        tolerance: f64,
    }

    impl Equations<f64, 1> for Growth {
        type Drive = ();
        fn drive(&self, _: usize, _: usize) {}
        fn decay(&mut self, _: usize) {}
        fn slope(&self, (): (), y: &[f64; 1]) -> [f64; 1] {
            [self.rate * y[0]]
        }
        fn relax(&self, (): (), y: &[f64; 1], h: f64) -> [f64; 1] {
            [y[0] * sim_core::math::exp(self.rate * h)]
        }
        fn excess(&self, error: &[f64; 1]) -> f64 {
            error[0].abs() / self.tolerance
        }
        fn land(&mut self, _: &mut [f64; 1], _: bool) -> Landing {
            Landing::Smooth
        }
    }

    #[test]
    fn halving_a_step_divides_the_error_by_64() {
        let error = |h: f64| {
            let growth = Growth { rate: -1.0, tolerance: 1.0 };
            (1.0 + attempt(&growth, &[1.0], &[-1.0], 0, h).increment[0] - sim_core::math::exp(-h)).abs()
        };
        let ratio = error(0.4) / error(0.2);
        assert!((55.0..75.0).contains(&ratio), "{ratio}");
    }

    #[test]
    fn a_tighter_tolerance_gives_a_smaller_error() {
        let error = |tolerance: f64| {
            let (mut y, mut guess) = (Compensated::exact([1.0]), 0);
            advance(&mut Growth { rate: -20.0, tolerance }, &mut y, &mut guess, &steps(1.0));
            (y.high[0] - sim_core::math::exp(-20.0)).abs()
        };
        assert!(error(1e-6) < 1e-6 && error(1e-12) < 1e-12, "{} {}", error(1e-6), error(1e-12));
    }

    #[test]
    fn equations_too_stiff_for_the_budget_are_finished_by_exponential_euler() {
        let (mut y, mut guess) = (Compensated::exact([1.0]), 0);
        advance(&mut Growth { rate: -1e9, tolerance: 1e-9 }, &mut y, &mut guess, &steps(1.0));
        assert!(y.high[0].abs() < 1e-6);
    }
}
