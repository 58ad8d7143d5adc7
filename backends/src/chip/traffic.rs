//! What the spikes of a run move over a mesh: measured, not assumed.

use super::mesh::{Link, Links, Mesh, tree_edges};
use sim_core::spike::Spike;
use std::collections::BTreeMap;

/// One packet of a spike: to a core, where it serves so many synapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The core that it goes to.
    pub core: u32,
    /// The synapses that it serves there.
    pub synapses: u32,
}

/// Where the spikes of every source go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliveries {
    /// The core of each source.
    home: Vec<u32>,
    starts: Vec<usize>,
    list: Vec<Delivery>,
}

impl Deliveries {
    /// One packet to every core with a target, as both chips send at least. Synapses are (source, target);
    /// `cores[v]` is the core of neuron v, and of sources beyond the neurons the core at which they enter.
    pub fn of_synapses<I: Iterator<Item = (u32, u32)>>(synapses: I, cores: &[u32]) -> Self {
        let mut counts = BTreeMap::new();
        for (source, target) in synapses {
            *counts.entry((source, cores[target as usize])).or_insert(0) += 1;
        }
        let packets =
            counts.into_iter().map(|((source, core), synapses)| (source, Delivery { core, synapses }));
        Self::new(cores.to_vec(), packets)
    }

    /// These packets of each source, in the order of sources; `home[s]` is the core of source s.
    pub fn new(home: Vec<u32>, packets: impl Iterator<Item = (u32, Delivery)>) -> Self {
        let mut starts = vec![0];
        let mut list = Vec::new();
        for (source, delivery) in packets {
            while starts.len() <= source as usize {
                starts.push(list.len());
            }
            list.push(delivery);
        }
        starts.resize(home.len() + 1, list.len());
        Self { home, starts, list }
    }

    /// The core of each source.
    pub fn home(&self) -> &[u32] {
        &self.home
    }

    /// The packets of one spike of a source.
    pub fn of(&self, source: u32) -> &[Delivery] {
        &self.list[self.starts[source as usize]..self.starts[source as usize + 1]]
    }
}

/// What happened in one step, or in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spikes of sources.
    pub spikes: u64,
    /// Packets to other cores: one for each spike and core (or axon) that it goes to.
    pub messages: u64,
    /// Packets to the source's own core.
    pub local_deliveries: u64,
    /// Synapses served.
    pub synaptic_events: u64,
    /// Synapses served on the source's own core.
    pub local_events: u64,
    /// Hops along x.
    pub hops_x: u64,
    /// Hops along y.
    pub hops_y: u64,
    /// Boundaries between chips that messages crossed.
    pub crossings: u64,
}

impl Counts {
    /// All packets.
    pub fn packets(&self) -> u64 {
        self.messages + self.local_deliveries
    }

    /// All hops.
    pub fn hops(&self) -> u64 {
        self.hops_x + self.hops_y
    }

    fn add(&mut self, other: &Self, times: u64) {
        self.spikes += times * other.spikes;
        self.messages += times * other.messages;
        self.local_deliveries += times * other.local_deliveries;
        self.synaptic_events += times * other.synaptic_events;
        self.local_events += times * other.local_events;
        self.hops_x += times * other.hops_x;
        self.hops_y += times * other.hops_y;
        self.crossings += times * other.crossings;
    }
}

/// A step and what happened in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepCounts {
    /// Which step.
    pub step: i64,
    /// What happened.
    pub counts: Counts,
    /// The most synapses that one core served.
    pub most_events_of_a_core: u64,
}

/// What a run moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traffic {
    /// How many steps the run had.
    pub steps: i64,
    /// Over the whole run.
    pub total: Counts,
    /// Every step in which somebody spiked.
    pub by_step: Vec<StepCounts>,
    /// What every link carried.
    pub links: Links,
    /// The farthest that a message went.
    pub most_hops: u32,
    /// Links used, if the mesh copied messages where their ways part; each spike's tree counted once.
    pub tree_edges: u64,
    /// Synapses that each core served.
    pub events_of_core: Vec<u64>,
}

impl Traffic {
    /// The traffic of `spikes`, in the order of steps, over `steps` steps. Spikes of neurons without packets
    /// count as spikes only.
    pub fn measure(
        deliveries: &Deliveries,
        mesh: &Mesh,
        sites: &[u32],
        spikes: &[Spike],
        steps: i64,
    ) -> Self {
        let mut traffic = Self { steps, events_of_core: vec![0; sites.len()], ..Self::default() };
        let mut times = vec![0; deliveries.home.len()];
        let mut events = vec![0; sites.len()];
        for spikes in spikes.chunk_by(|a, b| a.step == b.step) {
            let mut step = StepCounts { step: spikes[0].step, ..StepCounts::default() };
            events.fill(0);
            for spike in spikes {
                times[spike.neuron as usize] += 1;
                step.counts.add(&of_one_spike(deliveries, mesh, sites, spike.neuron), 1);
                for delivery in deliveries.of(spike.neuron) {
                    events[delivery.core as usize] += u64::from(delivery.synapses);
                }
            }
            step.most_events_of_a_core = events.iter().copied().max().unwrap_or(0);
            traffic.events_of_core.iter_mut().zip(&events).for_each(|(sum, events)| *sum += events);
            traffic.total.add(&step.counts, 1);
            traffic.by_step.push(step);
        }
        for (source, &times) in (0..).zip(&times).filter(|&(_, &times)| times > 0) {
            traffic.count_ways(deliveries, mesh, sites, source, times);
        }
        traffic
    }

    fn count_ways(&mut self, deliveries: &Deliveries, mesh: &Mesh, sites: &[u32], source: u32, times: u64) {
        let from = sites[deliveries.home[source as usize] as usize];
        let mut goals = Vec::new();
        for delivery in deliveries.of(source) {
            let to = sites[delivery.core as usize];
            let (x, y) = mesh.hops(from, to);
            self.most_hops = self.most_hops.max(x + y);
            self.links.unicast(mesh, from, to, times);
            goals.push(to);
        }
        self.tree_edges += times * tree_edges(mesh, from, &goals) as u64;
    }

    /// The step with the most messages; of equals the first.
    pub fn peak(&self) -> Option<StepCounts> {
        let most = |a: &&StepCounts, b: &&StepCounts| {
            a.counts.messages.cmp(&b.counts.messages).then(b.step.cmp(&a.step))
        };
        self.by_step.iter().max_by(most).copied()
    }

    /// Mean hops of a message between cores.
    pub fn mean_hops(&self) -> f64 {
        self.total.hops() as f64 / self.total.messages.max(1) as f64
    }

    /// Synaptic events on the source's own core, of all.
    pub fn locality(&self) -> f64 {
        self.total.local_events as f64 / self.total.synaptic_events.max(1) as f64
    }

    /// The link with the greatest load, the load, and its share of all hops.
    pub fn hottest(&self) -> Option<(Link, u64, f64)> {
        self.links.hottest().map(|(link, load)| (link, load, load as f64 / self.links.total() as f64))
    }
}

fn of_one_spike(deliveries: &Deliveries, mesh: &Mesh, sites: &[u32], source: u32) -> Counts {
    let mut counts = Counts { spikes: 1, ..Counts::default() };
    let home = deliveries.home[source as usize];
    for delivery in deliveries.of(source) {
        let synapses = u64::from(delivery.synapses);
        counts.synaptic_events += synapses;
        if delivery.core == home {
            counts.local_deliveries += 1;
            counts.local_events += synapses;
            continue;
        }
        let (from, to) = (sites[home as usize], sites[delivery.core as usize]);
        let (x, y) = mesh.hops(from, to);
        counts.messages += 1;
        counts.hops_x += u64::from(x);
        counts.hops_y += u64::from(y);
        counts.crossings += u64::from(mesh.chip(from).abs_diff(mesh.chip(to)));
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chip::hypergraph::Hypergraph;
    use crate::chip::mesh::Flows;
    use proptest::prelude::*;

    fn spike(step: i64, neuron: u32) -> Spike {
        Spike { step, lead: 0.0, neuron }
    }

    #[test]
    fn a_spike_is_one_message_to_every_other_core_with_a_target() {
        // Neuron 0 has three targets on core 1, one on its own; core 1 is at (2, 1).
        let synapses = [(0, 1), (0, 2), (0, 3), (0, 4)];
        let deliveries = Deliveries::of_synapses(synapses.into_iter(), &[0, 1, 1, 1, 0]);
        let mesh = Mesh::plain(4, 4);
        let traffic =
            Traffic::measure(&deliveries, &mesh, &[0, 6], &[spike(3, 0), spike(3, 1), spike(9, 0)], 10);
        let once = Counts {
            spikes: 1,
            messages: 1,
            local_deliveries: 1,
            synaptic_events: 4,
            local_events: 1,
            hops_x: 2,
            hops_y: 1,
            crossings: 0,
        };
        let (peak, last) = (traffic.by_step[0], traffic.by_step[1]);
        assert_eq!(last, StepCounts { step: 9, counts: once, most_events_of_a_core: 3 });
        assert_eq!((peak.step, peak.counts.spikes, peak.counts.messages), (3, 2, 1));
        assert_eq!(traffic.peak().map(|peak| peak.step), Some(3));
        assert_eq!(
            (traffic.total.hops(), traffic.links.total(), traffic.tree_edges, traffic.most_hops),
            (6, 6, 6, 3)
        );
        assert_eq!(traffic.events_of_core, [2, 6]);
        assert_eq!(traffic.locality(), 0.25);
    }

    proptest! {
        #[test]
        fn messages_and_hops_of_a_run_are_those_of_the_partition_weighted_with_its_spikes(
            synapses in proptest::collection::vec((0..20_u32, 0..20_u32), 0..80),
            cores in proptest::collection::vec(0..5_u32, 20),
            fired in proptest::collection::vec((0..9_i64, 0..20_u32), 0..60),
        ) {
            let mut fired = fired;
            fired.sort_unstable();
            let spikes: Vec<Spike> = fired.iter().map(|&(step, neuron)| spike(step, neuron)).collect();
            let mut weights = vec![0; 20];
            fired.iter().for_each(|&(_, neuron)| weights[neuron as usize] += 1);
            let graph = Hypergraph::of_synapses(20, synapses.iter().copied(), &weights);
            let (mesh, sites) = (Mesh::LOIHI.times(2), [3, 77, 200, 130, 8]);
            let deliveries = Deliveries::of_synapses(synapses.iter().copied(), &cores);
            let traffic = Traffic::measure(&deliveries, &mesh, &sites, &spikes, 9);
            prop_assert_eq!(traffic.total.messages, graph.messages(&cores));
            prop_assert_eq!(traffic.total.hops(), Flows::of_partition(&graph, &cores).hops(&mesh, &sites));
            prop_assert_eq!(traffic.total.hops(), traffic.links.total());
            prop_assert!(traffic.tree_edges <= traffic.total.hops());
            prop_assert_eq!(traffic.events_of_core.iter().sum::<u64>(), traffic.total.synaptic_events);
        }
    }
}
