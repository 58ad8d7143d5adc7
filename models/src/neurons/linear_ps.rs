//! What the models in continuous time share: life from event to event, and the search for the next
//! threshold crossing.
//!
//! Between two events (an arrival, the end of refractoriness, the end of a step) the equations are
//! linear with constant coefficients, so the state after any span is known in closed form
//! ([`Linear`]), and only the moment of a crossing must be searched for. The search misses none: with
//! V∞(t) = E_L + I(t)·τ_m/C_m, V' = (V∞ − V)/τ_m, and if V∞ stays within [low, high] in a span,
//!
//! - V stays below V₀ + (high − V₀)(1 − e^(−span/τ_m)), and if that is below V_th there is no crossing;
//! - if low is not below that bound, V rises all the time, so that there is one crossing or none,
//!   which Newton's method, kept inside the bracket, finds to the last bits;
//! - else the span is halved, and its first half searched first.
//!
//! Simulators that look at V at the end of a span only miss a maximum above threshold inside it.
//! The idea of an upper bound for V is in Krishnan, Porta Mana, Helias, Diesmann and Di Napoli
//! (2018), Front. Neuroinform. 11:75, doi:10.3389/fninf.2017.00075.

use super::kinetics::of;
use sim_core::neuron::{Arrival, Cells, Constants, ExactDynamics};
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// Spikes of one neuron in one step; after that many it is refractory to the end of the step.
const MOST_SPIKES: u32 = 1000;
/// How often a span is halved in the search for a crossing.
const DEEPEST: u32 = 45;
/// What arrivals can add up to; far above anything that means something, it keeps sums finite.
const LARGEST: f64 = 1e30;

/// A linear model: its constants, and how it moves between events. `y[0]` is V in mV.
pub(super) trait Linear<const N: usize>: Copy + Send + 'static {
    /// Factors for a span.
    type Propagator: Copy + Send;
    /// From the neuron's parameters.
    fn new(of: &dyn Fn(&str) -> f64) -> Self;
    /// The factors for a span of `span` ms.
    fn propagator(&self, span: f64) -> Self::Propagator;
    /// The state after the span, without threshold, under a constant current in pA.
    fn propagate(&self, factors: &Self::Propagator, y: &[f64; N], current: f64) -> [f64; N];
    /// V∞ in mV, of which V' = (V∞ − V)/τ_m: a lower and an upper bound during the span from `y` to
    /// `end`.
    fn asymptote(&self, y: &[f64; N], end: &[f64; N], span: f64, current: f64) -> (f64, f64);
    /// 1 − e^(−span/τ_m).
    fn relaxation(factors: &Self::Propagator) -> f64;
    /// The membrane time constant in ms.
    fn tau_m(&self) -> f64;
    /// When V, on its way to a V∞ above it, is at `v_th`; only if that has a closed form.
    fn closed_form(&self, _y: &[f64; N], _v_th: f64, _current: f64) -> Option<f64> {
        None
    }
    /// Adds an arrival; `refractory` ones may be lost.
    fn arrive(&self, y: &mut [f64; N], weight: f64, refractory: bool);
}

/// A slice of neurons of a linear model.
pub(super) struct Precise<L: Linear<N>, const N: usize> {
    /// State variables, V in mV first.
    y: [Vec<f64>; N],
    /// In how many steps refractoriness ends; −1 if there is none.
    ends_in: Vec<i64>,
    /// Where in that step it ends, in ms.
    ends_at: Vec<f64>,
    constants: Constants<Neuron<L, N>>,
    dt: f64,
}

struct Neuron<L: Linear<N>, const N: usize> {
    linear: L,
    /// For a span of a whole step.
    step: L::Propagator,
    i_e: f64,
    v_th: f64,
    v_reset: f64,
    v_min: f64,
    /// Refractory time: whole steps, and the rest in ms.
    t_ref: (i64, f64),
}

impl<L: Linear<N>, const N: usize> Copy for Neuron<L, N> {}
impl<L: Linear<N>, const N: usize> Clone for Neuron<L, N> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<L: Linear<N>, const N: usize> Precise<L, N> {
    /// Builds a slice of a model whose quantities are `names`, and whose states are those of `y`.
    pub(super) fn build(cells: &Cells, names: &[&str]) -> Box<dyn ExactDynamics> {
        let dt = cells.dt;
        let constants = cells.constants(names, |of| {
            let linear = L::new(of);
            // Room for the rounding of t_ref/dt, when t_ref is a multiple of dt.
            let whole = (of("t_ref") / dt + 1e-9).floor();
            let rest = of("t_ref") - whole * dt;
            Neuron {
                linear,
                step: linear.propagator(dt),
                i_e: of("I_e"),
                v_th: of("V_th"),
                v_reset: of("V_reset"),
                v_min: of("V_min"),
                t_ref: (whole as i64, if rest > 1e-9 * dt { rest } else { 0.0 }),
            }
        });
        Box::new(Self {
            y: std::array::from_fn(|variable| cells.initial(variable)),
            ends_in: vec![-1; cells.len],
            ends_at: vec![0.0; cells.len],
            constants,
            dt,
        })
    }
}

impl<L: Linear<N>, const N: usize> ExactDynamics for Precise<L, N> {
    fn step(&mut self, arrivals: &[Arrival], current: &[f64], spikes: &mut Vec<(u32, f64)>) {
        let mut rest = arrivals;
        for index in 0..self.ends_in.len() {
            let own = rest.iter().take_while(|arrival| arrival.neuron as usize == index).count();
            let (arrivals, others) = rest.split_at(own);
            rest = others;
            let neuron = of(&self.constants, index);
            let mut life = Life {
                neuron,
                dt: self.dt,
                y: std::array::from_fn(|variable| self.y[variable][index]),
                ends_in: self.ends_in[index],
                ends_at: self.ends_at[index],
                spikes: 0,
            };
            life.step(arrivals, neuron.i_e + current[index], |offset| spikes.push((index as u32, offset)));
            for (variable, value) in self.y.iter_mut().zip(life.y) {
                variable[index] = value;
            }
            self.ends_in[index] = if life.ends_in > 0 { life.ends_in - 1 } else { life.ends_in };
            self.ends_at[index] = life.ends_at;
        }
    }

    fn state(&self, state: usize) -> &[f64] {
        &self.y[state]
    }

    fn save(&self, out: &mut Saver) {
        self.y.iter().for_each(|variable| out.list(variable));
        out.list(&self.ends_in);
        out.list(&self.ends_at);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        for variable in &mut self.y {
            from.list_into(variable)?;
        }
        from.list_into(&mut self.ends_in)?;
        from.list_into(&mut self.ends_at)
    }
}

/// One neuron during a step.
struct Life<'a, L: Linear<N>, const N: usize> {
    neuron: &'a Neuron<L, N>,
    dt: f64,
    y: [f64; N],
    ends_in: i64,
    ends_at: f64,
    spikes: u32,
}

impl<L: Linear<N>, const N: usize> Life<'_, L, N> {
    /// Events at one moment come in this order: a crossing of the moving V, the end of
    /// refractoriness, the arrivals all together, a crossing by them.
    fn step(&mut self, arrivals: &[Arrival], current: f64, mut spike: impl FnMut(f64)) {
        let mut now = 0.0;
        let mut coming = arrivals.iter().peekable();
        if !self.refractory() && self.y[0] >= self.neuron.v_th {
            // V was above threshold from the start; no spike can be at 0, which is in the last step.
            spike(self.fire(self.dt * f64::EPSILON));
        }
        loop {
            let arrival = coming.peek().map_or(self.dt, |arrival| arrival.offset);
            let until = arrival.min(if self.ends_in == 0 { self.ends_at } else { self.dt }).min(self.dt);
            if until > now {
                match self.advance(until - now, current) {
                    Some(span) => {
                        now = (now + span).min(until);
                        spike(self.fire(now));
                        continue;
                    }
                    None => now = until,
                }
            }
            if self.ends_in == 0 && self.ends_at <= now {
                self.ends_in = -1;
            }
            let (refractory, mut arrived) = (self.refractory(), false);
            while let Some(arrival) = coming.next_if(|arrival| arrival.offset <= now) {
                self.neuron.linear.arrive(&mut self.y, arrival.weight, refractory);
                arrived = true;
            }
            if arrived && !refractory {
                self.y[0] = self.y[0].max(self.neuron.v_min);
                if self.y[0] >= self.neuron.v_th {
                    spike(self.fire(now));
                    continue;
                }
            }
            if now >= self.dt {
                return;
            }
        }
    }

    fn refractory(&self) -> bool {
        self.ends_in >= 0
    }

    /// Moves on by `span` ms, or to an earlier crossing, which it returns.
    fn advance(&mut self, span: f64, current: f64) -> Option<f64> {
        let neuron = self.neuron;
        let linear = &neuron.linear;
        let factors = if span == self.dt { neuron.step } else { linear.propagator(span) };
        let end = linear.propagate(&factors, &self.y, current);
        if self.refractory() {
            self.y = end;
            self.y[0] = neuron.v_reset;
            return None;
        }
        let crossing = Search { linear, v_th: neuron.v_th, current }.first(&self.y, &end, &factors, span, 0);
        match crossing {
            Some(time) => {
                let time = if time > 0.0 && time < span { time } else { span };
                self.y = linear.propagate(&linear.propagator(time), &self.y, current);
                Some(time)
            }
            None => {
                self.y = end;
                self.y[0] = self.y[0].max(neuron.v_min);
                None
            }
        }
    }

    /// Resets V at `offset`, which it returns.
    fn fire(&mut self, offset: f64) -> f64 {
        let (steps, rest) = self.neuron.t_ref;
        self.y[0] = self.neuron.v_reset;
        (self.ends_in, self.ends_at) = (steps, offset + rest);
        if self.ends_at > self.dt {
            (self.ends_in, self.ends_at) = (steps + 1, self.ends_at - self.dt);
        }
        self.spikes += 1;
        if self.spikes >= MOST_SPIKES && self.ends_in == 0 {
            self.ends_at = self.dt;
        }
        offset
    }
}

struct Search<'a, L> {
    linear: &'a L,
    v_th: f64,
    current: f64,
}

impl<L> Search<'_, L> {
    /// The first time in (0, span] at which V, now below threshold, reaches it.
    fn first<const N: usize>(
        &self,
        y: &[f64; N],
        end: &[f64; N],
        factors: &L::Propagator,
        span: f64,
        depth: u32,
    ) -> Option<f64>
    where
        L: Linear<N>,
    {
        let (low, high) = self.linear.asymptote(y, end, span, self.current);
        let bound = y[0] + (high - y[0]).max(0.0) * L::relaxation(factors);
        // V at the end is rounded, and may be above a bound that is as good as reached.
        if bound.max(end[0]) < self.v_th {
            return None;
        }
        if low >= bound {
            let time = || self.linear.closed_form(y, self.v_th, self.current);
            return (end[0] >= self.v_th).then(|| time().unwrap_or_else(|| self.newton(y, end, span)));
        }
        if depth == DEEPEST {
            return (end[0] >= self.v_th).then_some(span);
        }
        let half = 0.5 * span;
        let factors = self.linear.propagator(half);
        let middle = self.linear.propagate(&factors, y, self.current);
        self.first(y, &middle, &factors, half, depth + 1).or_else(|| {
            let rest = self.first(&middle, end, &factors, half, depth + 1)?;
            Some(half + rest)
        })
    }

    /// The one time at which a V that rises from below threshold to above it is there.
    fn newton<const N: usize>(&self, y: &[f64; N], end: &[f64; N], span: f64) -> f64
    where
        L: Linear<N>,
    {
        let (mut early, mut late) = (0.0, span);
        let mut time = span * (self.v_th - y[0]) / (end[0] - y[0]);
        for _ in 0..60 {
            let at = self.linear.propagate(&self.linear.propagator(time), y, self.current);
            let excess = at[0] - self.v_th;
            if excess >= 0.0 {
                late = time
            } else {
                early = time
            }
            let (target, _) = self.linear.asymptote(&at, &at, 0.0, self.current);
            let mut next = time - excess * self.linear.tau_m() / (target - at[0]);
            if !(next > early && next < late) {
                next = 0.5 * (early + late);
            }
            // Further than this, only the rounding of V would be followed.
            if (next - time).abs() <= 1e-15 * span {
                return next;
            }
            time = next;
        }
        late
    }
}

/// Keeps a sum of arrivals finite.
pub(super) fn bounded(sum: f64) -> f64 {
    sum.clamp(-LARGEST, LARGEST)
}
