//! Neurons whose conductances are too strong for one step, gathered from where they are and stepped
//! side by side: a step in four pieces, each by [`sixth_order`].
//!
//! They are a few percent of the neurons of a network with strong inhibition, but one by one, with
//! pieces worked out for each, they took nearly all of the time.

use super::conductance::{LIMIT, moments_of_alpha, moments_of_exponential, sixth_order};
use multiversion::multiversion;
use sim_core::math::exp;
use sim_core::real::Real;

/// Pieces of a step.
const QUARTERS: usize = 4;

/// The largest Σ a_k [`strain`](super::conductance::strain)`(x_k)` for which four pieces will do.
pub const STRONG: f64 = QUARTERS as f64 * LIMIT;

/// Constants of two synapses, each for a quarter of a step: the moments of the conductance at its
/// start, those of its slope, and what is left of both at its end. `rates` are steps per time constant.
pub fn quarters(rates: [f64; 2]) -> [f64; 14] {
    let pieces = QUARTERS as f64;
    let constants = rates.map(|x| {
        let x = x / pieces;
        let ([e0, e1, e2], [q0, q1, q2]) = (moments_of_exponential(x), moments_of_alpha(x));
        [e0 / pieces, e1 / pieces, e2 / pieces, q0 / pieces, q1 / pieces, q2 / pieces, exp(-x)]
    });
    std::array::from_fn(|place| constants[place / 7][place % 7])
}

/// Neurons of a [`Crowd`].
const LANES: usize = 16;

/// Neurons with strong conductances, gathered from where they are to be stepped side by side. Each
/// takes four pieces, whoever else is here.
pub struct Crowd<R> {
    members: usize,
    neurons: [usize; LANES],
    v: [R; LANES],
    /// h I/C.
    drive: [R; LANES],
    /// h g_L/C and E_L.
    leak: [[R; LANES]; 2],
    synapses: [Synapses<R>; 2],
}

/// One synapse of each neuron of a crowd.
#[derive(Clone, Copy)]
struct Synapses<R> {
    /// h g/C and its slope before decay, per step.
    g: [R; LANES],
    slope: [R; LANES],
    reversal: [R; LANES],
    /// What [`quarters`] says.
    quarter: [[R; LANES]; 7],
}

/// A neuron that joins a [`Crowd`].
pub struct Member<R> {
    /// Its place in V.
    pub neuron: usize,
    /// h I/C.
    pub drive: R,
    /// h g_L/C and E_L.
    pub leak: [R; 2],
    /// h g/C, its slope before decay per step, and the reversal potential of each synapse.
    pub synapses: [[R; 3]; 2],
    /// What [`quarters`] says.
    pub quarters: [R; 14],
}

impl<R: Real> Crowd<R> {
    /// Nobody.
    pub fn new() -> Self {
        let none = [R::ZERO; LANES];
        let synapses = Synapses { g: none, slope: none, reversal: none, quarter: [none; 7] };
        let leak = [none; 2];
        Crowd { members: 0, neurons: [0; LANES], v: none, drive: none, leak, synapses: [synapses; 2] }
    }

    /// One neuron more; a full crowd steps at once.
    pub fn join(&mut self, member: Member<R>, v: &mut [R]) {
        let lane = self.members;
        self.neurons[lane] = member.neuron;
        self.v[lane] = v[member.neuron];
        self.drive[lane] = member.drive;
        self.leak[0][lane] = member.leak[0];
        self.leak[1][lane] = member.leak[1];
        let quarters = member.quarters.as_chunks::<7>().0;
        for ((to, [g, slope, reversal]), quarter) in
            self.synapses.iter_mut().zip(member.synapses).zip(quarters)
        {
            (to.g[lane], to.slope[lane], to.reversal[lane]) = (g, slope, reversal);
            to.quarter.iter_mut().zip(quarter).for_each(|(to, &constant)| to[lane] = constant);
        }
        self.members += 1;
        if self.members == LANES {
            self.step(v);
        }
    }

    /// Steps whoever is here, and lets them go.
    pub fn step(&mut self, v: &mut [R]) {
        in_quarters(&mut self.v, &self.drive, &self.leak, &mut self.synapses);
        for (&neuron, &moved) in self.neurons[..self.members].iter().zip(&self.v) {
            v[neuron] = moved;
        }
        self.members = 0;
    }
}

/// V of a crowd after a step.
#[multiversion(targets("x86_64+avx512f", "x86_64+avx2"))]
fn in_quarters<R: Real>(
    v: &mut [R; LANES],
    drive: &[R; LANES],
    [leak, rest]: &[[R; LANES]; 2],
    synapses: &mut [Synapses<R>; 2],
) {
    let share = R::of(1.0 / QUARTERS as f64);
    for _ in 0..QUARTERS {
        for i in 0..LANES {
            let leak = leak[i] * share;
            let mut a = [leak, R::ZERO, R::ZERO];
            let mut f = [drive[i] * share + leak * (rest[i] - v[i]), R::ZERO, R::ZERO];
            for synapse in synapses.iter_mut() {
                let (g, slope) = (synapse.g[i], synapse.slope[i] * share);
                let quarter = &synapse.quarter;
                let pull = synapse.reversal[i] - v[i];
                for j in 0..3 {
                    let coefficient = g * quarter[j][i] + slope * quarter[3 + j][i];
                    a[j] += coefficient;
                    f[j] += coefficient * pull;
                }
                synapse.g[i] = (g + slope) * quarter[6][i];
                synapse.slope[i] *= quarter[6][i];
            }
            v[i] += sixth_order(a, f);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::conductance::{Course, strain, strong_step};
    use super::*;

    const LEAK: Course = Course { g: 0.0067, slope: 0.0, x: 0.0, reversal: -70.0 };

    /// Two synapses that together with the leak are nearly as strong as a crowd may be.
    fn synapses(share: f64, x: f64, slope: f64) -> [Course; 2] {
        let strength = (share * STRONG - LEAK.g) / ((1.0 + 2.0 * slope) * strain(x) + 0.5);
        [
            Course { g: strength, slope: slope * strength, x, reversal: 0.0 },
            Course { g: 0.5 * strength, slope: 0.0, x: 0.05, reversal: -85.0 },
        ]
    }

    fn member(neuron: usize, synapses: [Course; 2]) -> Member<f64> {
        Member {
            neuron,
            drive: 0.1,
            leak: [LEAK.g, LEAK.reversal],
            synapses: synapses.map(|course| [course.g, course.slope, course.reversal]),
            quarters: quarters(synapses.map(|course| course.x)),
        }
    }

    #[test]
    fn a_crowd_goes_where_each_neuron_would_go_in_four_pieces_by_itself() {
        for x in [0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 4.0] {
            for slope in [0.0, 1.0] {
                let all = |neuron: usize| synapses(0.999 - 0.01 * neuron as f64, x, slope);
                let mut v: [f64; 20] = std::array::from_fn(|neuron| -65.0 + neuron as f64);
                let start = v;
                let mut crowd = Crowd::new();
                (0..20).for_each(|neuron| crowd.join(member(neuron, all(neuron)), &mut v));
                crowd.step(&mut v);
                for neuron in 0..20 {
                    let [ex, inh] = all(neuron);
                    let wanted = strong_step(start[neuron], [LEAK, ex, inh], 0.1);
                    assert!((v[neuron] - wanted).abs() < 1e-12, "{x} {slope}: {} {wanted}", v[neuron]);
                }
            }
        }
    }

    #[test]
    fn nobody_notices_who_else_is_in_the_crowd() {
        let mut together = [-65.0; 20];
        let mut crowd = Crowd::new();
        let strengths = |neuron: usize| synapses(0.3 + 0.03 * neuron as f64, 0.1, 0.0);
        (0..20).for_each(|neuron| crowd.join(member(neuron, strengths(neuron)), &mut together));
        crowd.step(&mut together);
        for neuron in 0..20 {
            let mut alone = [-65.0; 20];
            crowd.join(member(neuron, strengths(neuron)), &mut alone);
            crowd.step(&mut alone);
            assert_eq!(alone[neuron], together[neuron]);
        }
    }
}
