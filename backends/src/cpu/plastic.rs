//! Plastic synapses of one projection onto one slice.

use super::flights::{Flights, Landing};
use super::inbox::Inbox;
use super::rows::Rows;
use sim_core::hints::fetch;
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::spike::Spike;
use sim_core::synapse::{Plasticity, PreSpike};
use std::ops::Range;

/// Rows whose weights change as they are delivered.
pub struct PlasticRows<R> {
    /// Number of the projection.
    pub projection: usize,
    /// Place of the target slice in its shard.
    pub slice: usize,
    /// Rows whose cells are indices of neurons in the slice.
    pub rows: Rows<R>,
    /// The port that all weights of this projection arrive at, and the place of neuron 0.
    target: (usize, usize),
    rule: Box<dyn Plasticity<R>>,
    /// `rule.pre_len()` numbers per run.
    pre: Vec<f64>,
    flights: Flights,
    /// Postsynaptic spikes kept when old ones were last forgotten.
    kept: usize,
    /// What lands in the current step, and its synapses.
    due: Vec<(Landing, Range<usize>)>,
    sent: Vec<R>,
    cells: Vec<u16>,
}

/// Forgetting walks over all runs, so it waits until this many more spikes are kept.
const FORGET_AFTER: usize = 1 << 16;
/// Synapses between the fetching of a run and its delivery.
const AHEAD: usize = 600;
/// What a run costs whatever its length, in synapses.
const RUN: usize = 30;
/// Bytes in a cache line.
const LINE: usize = 64;

impl<R: Real> PlasticRows<R> {
    /// Rows under a rule, before the first spike.
    pub fn new(
        projection: usize,
        slice: usize,
        target: (usize, usize),
        rows: Rows<R>,
        rule: Box<dyn Plasticity<R>>,
    ) -> Self {
        let len = rule.pre_len();
        let mut pre = vec![0.0; rows.runs.count() * len];
        if len > 0 {
            pre.chunks_exact_mut(len).for_each(|pre| rule.pre_start(pre));
        }
        PlasticRows {
            projection,
            slice,
            rows,
            target,
            rule,
            pre,
            flights: Flights::default(),
            kept: 0,
            due: Vec::new(),
            sent: Vec::new(),
            cells: Vec::new(),
        }
    }

    /// The network's spikes take off.
    pub fn take_off(&mut self, spikes: &[Spike]) {
        self.flights.take_off(spikes, &self.rows.runs, &self.rows.cells);
    }

    /// Delivers what is due at `step`; returns how many synapses transmitted.
    pub fn deliver(&mut self, step: i64, dt: f64, inbox: &mut Inbox<R>) -> u64 {
        let PlasticRows {
            rows: Rows { runs, cells: neurons, weights, .. },
            rule,
            pre,
            flights,
            due,
            sent,
            cells,
            ..
        } = self;
        let (port, first_place) = (self.target.0, self.target.1 as u16);
        due.clear();
        due.extend(flights.land(step, runs).iter().map(|&landing| (landing, runs.run(landing.run))));
        let (mut coming, mut fetched, mut events) = (due.iter(), 0, 0);
        for (Landing { run, fired, lead }, range) in &*due {
            while fetched < events + AHEAD
                && let Some((landing, range)) = coming.next()
            {
                fetch_all(&neurons[range.clone()]);
                fetch_all(&weights[range.clone()]);
                fetch_all(&pre[pre_of(landing.run, rule.pre_len())]);
                // A run costs about as much as this many synapses, whatever its length.
                fetched += range.len() + RUN;
            }
            let spike = PreSpike { time: *fired as f64 - lead / dt, delay: runs.delay(*run) as f64 };
            let pre = &mut pre[pre_of(*run, rule.pre_len())];
            sent.clear();
            rule.deliver(spike, pre, &neurons[range.clone()], &mut weights[range.clone()], sent);
            cells.clear();
            cells.extend(neurons[range.clone()].iter().map(|neuron| neuron + first_place));
            inbox.run(port, cells, sent, dt - lead);
            events += range.len() + RUN;
        }
        (events - due.len() * RUN) as u64
    }

    /// A neuron of the slice spiked.
    pub fn post_spike(&mut self, neuron: u32, time: f64) {
        self.rule.post_spike(neuron, time);
    }

    /// Forgets postsynaptic spikes that no synapse needs any more, now and then.
    pub fn forget(&mut self, neurons: usize) {
        if self.rule.kept() < 2 * self.kept + FORGET_AFTER {
            return;
        }
        let mut needed_from = vec![f64::INFINITY; neurons];
        for run in 0..self.rows.runs.count() as u32 {
            let pre = &self.pre[pre_of(run, self.rule.pre_len())];
            let from = self.rule.needed_from(pre, self.rows.runs.delay(run) as f64);
            for &neuron in &self.rows.cells[self.rows.runs.run(run)] {
                let needed = &mut needed_from[usize::from(neuron)];
                *needed = needed.min(from);
            }
        }
        self.rule.forget(&needed_from);
        self.kept = self.rule.kept();
    }

    /// The weights as they are once all `pending` spikes and those in flight have updated them: the
    /// weight that each synapse last sent or is sending.
    pub fn weights(&mut self, pending: &[Spike], dt: f64) -> Vec<R> {
        let mut weights = self.rows.weights.clone();
        let mut pre = self.pre.clone();
        // Looking ahead must leave no trace in what the rule keeps itself.
        let mut kept = Saver::default();
        self.rule.save(&mut kept);
        let mut sent = Vec::new();
        for Landing { run, fired, lead } in self.landings_ahead(pending) {
            let range = self.rows.runs.run(run);
            let delay = self.rows.runs.delay(run) as f64;
            let spike = PreSpike { time: fired as f64 - lead / dt, delay };
            let pre = &mut pre[pre_of(run, self.rule.pre_len())];
            sent.clear();
            self.rule.deliver(spike, pre, &self.rows.cells[range.clone()], &mut weights[range], &mut sent);
        }
        let kept = kept.into_bytes();
        self.rule.restore(&mut Loader::new(&kept)).expect("a rule reads what it wrote");
        weights
    }

    /// All landings to come, in the order in which they will be.
    fn landings_ahead(&self, pending: &[Spike]) -> Vec<Landing> {
        let runs = &self.rows.runs;
        let waiting = pending.iter().map(|spike| (runs.row(spike.neuron), spike.step, spike.lead));
        let mut landings: Vec<Landing> = self
            .flights
            .ahead()
            .chain(waiting)
            .flat_map(|(row, fired, lead)| row.map(move |run| Landing { run, fired, lead }))
            .collect();
        landings.sort_by_key(|landing| landing.fired + runs.delay(landing.run));
        landings
    }

    /// Writes weights, traces and flights.
    pub fn save(&self, out: &mut Saver) {
        out.list(&self.rows.weights);
        out.list(&self.pre);
        self.rule.save(out);
        self.flights.save(out);
        out.u64(self.kept as u64);
    }

    /// Reads them back.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        from.list_into(&mut self.rows.weights)?;
        from.list_into(&mut self.pre)?;
        self.rule.restore(from)?;
        self.flights.restore(from, self.rows.runs.count())?;
        self.kept = from.u64()? as usize;
        Ok(())
    }
}

/// Asks for every cache line of these numbers.
#[inline]
fn fetch_all<T>(numbers: &[T]) {
    (0..numbers.len()).step_by((LINE / size_of::<T>()).max(1)).for_each(|first| fetch(numbers, first));
}

fn pre_of(run: u32, len: usize) -> Range<usize> {
    run as usize * len..(run as usize + 1) * len
}
