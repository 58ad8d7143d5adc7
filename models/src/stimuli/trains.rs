//! Independent Poisson trains onto the neurons of a block, at rates that share one course in time.
//!
//! Two ways to draw them, chosen for each step by how many spikes the block expects: where spikes are
//! few, the time to the next one in the whole block is drawn, so that silence costs nothing; else
//! the counts of all neurons are ([`Counts`]). Both forget the past, so they may take turns.

use crate::stimuli::per_neuron::per_neuron;
use crate::stimuli::poisson_law::{CHUNK, Counts, LARGE, Law, Laws};
use sim_core::data::DataError;
use sim_core::rng::{Key, Stream};
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::stimulus::{BLOCK, Place, SpikeSource};

/// Neurons per expected spike above which the next spike is drawn rather than all counts.
const SPARSE: f64 = 64.0;
/// Spikes onto one neuron in one step that are told apart in continuous time.
const APART: f64 = 1024.0;

/// A course in time that multiplies the rates of all neurons of a block.
pub trait Course: Send {
    /// The mean factor over `step`, and the part (from, to) of the step in which it is not 0.
    fn over(&self, step: i64) -> (f64, (f64, f64));
}

/// Rates of the neurons of a block, in spikes per second.
#[derive(Debug)]
pub enum Rates {
    /// The same for all.
    Shared(f64),
    /// One for each.
    Each(Vec<f64>),
}

impl Rates {
    /// The quantity parameter `rate`: one for all, or drawn for each neuron by its index.
    pub fn new(place: &Place<'_>) -> Result<Self, DataError> {
        match place.arguments.quantity("rate").constant() {
            Some(rate) => Ok(Rates::Shared(rate)),
            None => Ok(Rates::Each(per_neuron(place, "rate")?.iter().map(|rate| rate.max(0.0)).collect())),
        }
    }

    fn at(&self, neuron: usize) -> f64 {
        match self {
            Rates::Shared(rate) => *rate,
            Rates::Each(rates) => rates[neuron],
        }
    }
}

/// Poisson trains.
pub struct PoissonTrains<C> {
    course: C,
    rates: Rates,
    /// Sums of the rates of the first 1, 2, … neurons; one entry, the sum, if they share one.
    sums: Vec<f64>,
    highest: f64,
    len: usize,
    delay: i64,
    dt: f64,
    counts: Counts,
    /// The laws of the last factor; laws of another factor are made when it comes.
    laws: Laws,
    factor: f64,
    next: Next,
    offsets: Key,
}

/// When the block's next spike comes: after so much more expected number of spikes.
struct Next {
    stream: Stream,
    left: f64,
}

impl<C: Course> PoissonTrains<C> {
    /// Trains on the block of `place`.
    pub fn new(place: &Place<'_>, rates: Rates, course: C) -> Self {
        let key = place.key.numbered(u64::from(place.first));
        let sums = match &rates {
            Rates::Shared(rate) => vec![rate * place.len as f64],
            Rates::Each(rates) => rates
                .iter()
                .scan(0.0, |sum, rate| {
                    *sum += rate;
                    Some(*sum)
                })
                .collect(),
        };
        let highest = match &rates {
            Rates::Shared(rate) => *rate,
            Rates::Each(rates) => rates.iter().copied().fold(0.0, f64::max),
        };
        let mut stream = key.named("next").stream(0);
        let left = stream.exponential();
        PoissonTrains {
            course,
            rates,
            sums,
            highest,
            len: place.len,
            delay: place.delay,
            dt: place.dt,
            counts: Counts::new(key),
            laws: Laws::Shared(Law::new(0.0)),
            factor: 0.0,
            next: Next { stream, left },
            offsets: key.named("offsets"),
        }
    }

    /// How many spikes the block expects in a step with this factor.
    fn expected(&self, factor: f64) -> f64 {
        self.sums.last().copied().unwrap_or(0.0) * factor * self.dt * 1e-3
    }

    /// Spikes one by one: calls `take` with (neuron, place in the step from 0 to 1).
    fn few(&mut self, expected: f64, mut take: impl FnMut(usize, f64)) {
        let mut place = self.next.left;
        while place < expected {
            let neuron = match &self.rates {
                Rates::Shared(_) => self.next.stream.below(self.len as u32) as usize,
                Rates::Each(_) => {
                    let sought = self.next.stream.uniform() * self.sums[self.len - 1];
                    self.sums.partition_point(|&sum| sum < sought).min(self.len - 1)
                }
            };
            take(neuron, place / expected);
            place += self.next.stream.exponential();
        }
        self.next.left = place - expected;
    }

    /// What all neurons are sent, as counts if it says true, else one by one.
    fn many(
        &mut self,
        factor: f64,
        step: i64,
        counts: &mut [i16; BLOCK],
        take: &mut dyn FnMut(u32, f64),
    ) -> bool {
        let scale = factor * self.dt * 1e-3;
        if self.highest * scale > LARGE {
            for neuron in 0..self.len {
                let mean = self.rates.at(neuron) * scale;
                take(neuron as u32, self.counts.draw_one(mean, step, neuron as u32));
            }
            return false;
        }
        if factor != self.factor {
            self.laws = match &self.rates {
                Rates::Shared(rate) => Laws::Shared(Law::new(rate * scale)),
                Rates::Each(rates) => Laws::each(rates.iter().map(|rate| rate * scale)),
            };
            self.factor = factor;
        }
        self.counts.draw(&self.laws, step, &mut counts[..self.len.next_multiple_of(CHUNK)]);
        true
    }

    fn is_sparse(&self, expected: f64) -> bool {
        expected * SPARSE < self.len as f64
    }
}

impl<C: Course> SpikeSource for PoissonTrains<C> {
    fn arrivals(&mut self, step: i64, counts: &mut [i16; BLOCK], take: &mut dyn FnMut(u32, f64)) -> bool {
        let sent = step - self.delay;
        if sent <= 0 {
            return false;
        }
        let (factor, _) = self.course.over(sent);
        let expected = self.expected(factor);
        if expected <= 0.0 {
            return false;
        }
        if !self.is_sparse(expected) {
            return self.many(factor, step, counts, take);
        }
        self.few(expected, |neuron, _| take(neuron as u32, 1.0));
        false
    }

    fn arrivals_exact(&mut self, step: i64, take: &mut dyn FnMut(u32, f64, f64)) {
        let sent = step - self.delay;
        if sent <= 0 {
            return;
        }
        let (factor, (from, to)) = self.course.over(sent);
        let expected = self.expected(factor);
        if expected <= 0.0 {
            return;
        }
        let dt = self.dt;
        let offset = |share: f64| ((from + (to - from) * share) * dt).max(f64::MIN_POSITIVE);
        if self.is_sparse(expected) {
            self.few(expected, |neuron, share| take(neuron as u32, offset(share), 1.0));
            return;
        }
        let key = self.offsets.numbered(step as u64);
        let mut spread = |neuron: u32, amount: f64| {
            let mut stream = key.stream(u64::from(neuron));
            // Beyond this many, spikes of a step share arrivals, so that no rate can stall a run.
            let apart = amount.min(APART);
            for _ in 0..apart as u32 {
                take(neuron, offset(stream.uniform()), amount / apart);
            }
        };
        let mut counts = [0; BLOCK];
        if self.many(factor, step, &mut counts, &mut spread) {
            for (neuron, &count) in counts[..self.len].iter().enumerate() {
                spread(neuron as u32, f64::from(count));
            }
        }
    }

    fn save(&self, out: &mut Saver) {
        self.counts.lanes.save(out);
        self.next.stream.save(out);
        out.put(self.next.left);
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.counts.lanes.restore(from)?;
        self.next.stream.restore(from)?;
        self.next.left = from.get()?;
        Ok(())
    }
}
