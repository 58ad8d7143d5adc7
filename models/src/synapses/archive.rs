//! What a neuron's spikes leave behind for the plastic synapses onto it.
//!
//! A presynaptic spike of time `t` on a synapse with dendritic delay `d` asks two things: which
//! postsynaptic spikes lie in `(t_last - d, t - d]`, and what traces the postsynaptic train has just
//! before `t - d`. A row of synapses asks this of hundreds of neurons, nearly all of which have at
//! most a few spikes since the row's last one, so the newest spikes of a neuron lie together in one
//! place and the long tail, which only slow sources need, lies elsewhere.

use sim_core::math::exp;
use sim_core::snapshot::{Loader, Saver, SnapshotError};

/// Spikes of a neuron that are found without following a pointer. A neuron as fast as the
/// source has more than these since the source's last spike once in 256 times.
pub const RECENT: usize = 8;
/// Longest table of decays, in steps; 128 KiB.
const TABLE: usize = 1 << 14;

/// Exponential decay with one time constant, over times in steps.
#[derive(Debug)]
pub struct Decay {
    tau: f64,
    dt: f64,
    table: Vec<f64>,
    /// Steps after which the exponential is 0 in double precision.
    gone: f64,
}

impl Decay {
    /// Decay with time constant `tau` in ms, for steps of `dt` ms.
    pub fn new(tau: f64, dt: f64) -> Self {
        // After 40 time constants 4e-18 is left: spikes further apart are rarely asked for.
        let length = ((40.0 * tau / dt) as usize).clamp(1, TABLE);
        let table = (0..length).map(|steps| exp(-(steps as f64 * dt) / tau)).collect();
        Decay { tau, dt, table, gone: 746.0 * tau / dt }
    }

    /// e^(-steps·dt/τ). Whole steps are looked up; the table holds what would be computed.
    #[inline]
    pub fn over(&self, steps: f64) -> f64 {
        let whole = steps as u32;
        if f64::from(whole) == steps
            && let Some(&known) = self.table.get(whole as usize)
        {
            return known;
        }
        self.computed(steps)
    }

    /// The same for steps of either sign.
    #[inline]
    pub fn shift(&self, steps: f64) -> f64 {
        if steps < 0.0 { 1.0 / self.over(-steps) } else { self.over(steps) }
    }

    /// The time constant in steps.
    pub fn steps(&self) -> f64 {
        self.tau / self.dt
    }

    #[inline(never)]
    fn computed(&self, steps: f64) -> f64 {
        if steps > self.gone { 0.0 } else { exp(-(steps * self.dt) / self.tau) }
    }
}

/// A postsynaptic spike and the traces it left, itself included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Post<const N: usize> {
    /// In steps.
    pub time: f64,
    /// Each trace decays with its own time constant and grows by 1 with every spike.
    pub traces: [f64; N],
}

impl<const N: usize> Post<N> {
    /// What stands where there was no spike yet: traces of 0, infinitely long ago.
    const NEVER: Self = Post { time: f64::NEG_INFINITY, traces: [0.0; N] };
}

/// The spikes of a slice of neurons that some synapse may still need, with `N` traces.
#[derive(Debug)]
pub struct Archive<const N: usize> {
    /// Newest first.
    recent: Vec<[Post<N>; RECENT]>,
    /// Those before them, oldest first.
    older: Vec<Vec<Post<N>>>,
    decays: [Decay; N],
    /// The latest time heard of, in steps.
    now: f64,
    /// How many spikes are kept; asked for at every step.
    kept: usize,
}

impl<const N: usize> Archive<N> {
    /// An empty archive of `neurons` neurons.
    pub fn new(neurons: usize, decays: [Decay; N]) -> Self {
        Archive {
            recent: vec![[Post::NEVER; RECENT]; neurons],
            older: vec![Vec::new(); neurons],
            decays,
            now: 0.0,
            kept: 0,
        }
    }

    /// The decay of trace number `trace`.
    #[inline]
    pub fn decay(&self, trace: usize) -> &Decay {
        &self.decays[trace]
    }

    /// A neuron spiked; tells the traces it left.
    pub fn spike(&mut self, neuron: u32, time: f64) -> Post<N> {
        let recent = &mut self.recent[neuron as usize];
        let last = recent[0];
        let traces = std::array::from_fn(|n| last.traces[n] * self.decays[n].over(time - last.time) + 1.0);
        if recent[RECENT - 1] != Post::NEVER {
            self.older[neuron as usize].push(recent[RECENT - 1]);
        }
        recent.copy_within(..RECENT - 1, 1);
        let post = Post { time, traces };
        recent[0] = post;
        self.kept += 1;
        self.hear(time);
        post
    }

    /// Notes that time has come to `time`: no later call speaks of what arrived before it.
    pub fn hear(&mut self, time: f64) {
        self.now = self.now.max(time);
    }

    /// From when on a run of synapses with this delay, whose source never spiked, needs spikes: its
    /// first one arrives now or later, so it was sent one delay before and looks back one more.
    pub fn needed_by_silent(&self, delay: f64) -> f64 {
        self.now - 2.0 * delay
    }

    /// The newest spikes of a neuron, newest first; older ones may be kept too.
    pub fn newest(&self, neuron: usize) -> impl DoubleEndedIterator<Item = &Post<N>> {
        self.recent[neuron].iter().filter(|post| **post != Post::NEVER)
    }

    /// How many of the newest spikes of a neuron lie after `after`, as [`Archive::between`] wants it.
    #[inline]
    pub fn count(&self, neuron: usize, after: f64) -> usize {
        self.recent[neuron].iter().map(|post| usize::from(post.time > after)).sum()
    }

    /// Hands over the spikes of a neuron in `(after, until]`, in order of time. `count` is that of
    /// [`Archive::count`].
    #[inline]
    pub fn between(
        &self,
        neuron: usize,
        count: usize,
        after: f64,
        until: f64,
        mut take: impl FnMut(&Post<N>),
    ) {
        if count == RECENT {
            self.older_between(neuron, after, until, &mut take);
        }
        for post in self.recent[neuron][..count].iter().rev() {
            if post.time <= until {
                take(post);
            }
        }
    }

    #[inline(never)]
    fn older_between(&self, neuron: usize, after: f64, until: f64, take: &mut dyn FnMut(&Post<N>)) {
        let older = &self.older[neuron];
        // From the end, because what is wanted lies there.
        let count = older.iter().rev().take_while(|post| post.time > after).count();
        older[older.len() - count..].iter().take_while(|post| post.time <= until).for_each(take);
    }

    /// The last spike of a neuron for which `before` holds, which holds up to some time.
    #[inline]
    pub fn last(&self, neuron: usize, before: impl Fn(f64) -> bool) -> Post<N> {
        match self.recent[neuron].iter().find(|post| before(post.time)) {
            Some(post) => *post,
            None => self.last_of_older(neuron, before),
        }
    }

    #[cold]
    fn last_of_older(&self, neuron: usize, before: impl Fn(f64) -> bool) -> Post<N> {
        let older = &self.older[neuron];
        let count = older.partition_point(|post| before(post.time));
        count.checked_sub(1).map_or(Post::NEVER, |last| older[last])
    }

    /// Trace number `trace` of a neuron just before `time`.
    #[inline]
    pub fn trace_before(&self, neuron: usize, time: f64, trace: usize) -> f64 {
        let post = self.last(neuron, |spiked| spiked < time);
        post.traces[trace] * self.decays[trace].over(time - post.time)
    }

    /// Drops what no synapse can ask for: of the spikes before `needed_from` the last one stays,
    /// because its traces are still there.
    pub fn forget(&mut self, needed_from: &[f64]) {
        for ((older, recent), &needed) in self.older.iter_mut().zip(&self.recent).zip(needed_from) {
            let gone = if recent[RECENT - 1].time < needed {
                older.len()
            } else {
                older.partition_point(|post| post.time < needed).saturating_sub(1)
            };
            older.drain(..gone);
            self.kept -= gone;
        }
    }

    /// How many spikes are kept.
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Writes all spikes.
    pub fn save(&self, out: &mut Saver) {
        out.put(self.now);
        let mut numbers = Vec::new();
        for (recent, older) in self.recent.iter().zip(&self.older) {
            numbers.clear();
            for post in older.iter().chain(recent.iter().rev().filter(|post| **post != Post::NEVER)) {
                numbers.push(post.time);
                numbers.extend(post.traces);
            }
            out.list(&numbers);
        }
    }

    /// Reads what [`Archive::save`] wrote.
    pub fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        self.now = from.get()?;
        self.kept = 0;
        for (recent, older) in self.recent.iter_mut().zip(&mut self.older) {
            let numbers = from.list::<f64>()?;
            let mut posts: Vec<Post<N>> = numbers
                .chunks_exact(1 + N)
                .map(|post| Post { time: post[0], traces: std::array::from_fn(|n| post[1 + n]) })
                .collect();
            self.kept += posts.len();
            *recent = [Post::NEVER; RECENT];
            for (place, post) in recent.iter_mut().zip(posts.iter().rev()) {
                *place = *post;
            }
            posts.truncate(posts.len().saturating_sub(RECENT));
            *older = posts;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(times: &[f64]) -> Archive<1> {
        let mut archive = Archive::new(1, [Decay::new(20.0, 0.1)]);
        for &time in times {
            archive.spike(0, time);
        }
        archive
    }

    fn between(archive: &Archive<1>, after: f64, until: f64) -> Vec<f64> {
        let mut found = Vec::new();
        archive.between(0, archive.count(0, after), after, until, |post| found.push(post.time));
        found
    }

    fn counted(archive: &Archive<1>) -> usize {
        let recent = archive.recent.iter().flatten().filter(|post| **post != Post::NEVER).count();
        recent + archive.older.iter().map(Vec::len).sum::<usize>()
    }

    #[test]
    fn a_looked_up_decay_has_the_bits_of_a_computed_one() {
        let decay = Decay::new(20.0, 0.1);
        for steps in [0.0, 1.0, 777.0, 7_999.0, 8_000.0, 1e5, 0.5, 12.25] {
            assert_eq!(decay.over(steps), exp(-(steps * 0.1) / 20.0));
        }
        assert_eq!(decay.over(f64::INFINITY), 0.0);
    }

    #[test]
    fn the_trace_is_the_sum_over_all_spikes_before_and_leaves_out_one_at_the_same_time() {
        let archive = filled(&[10.0, 60.0, 300.0]);
        let sum = |time: f64, spikes: &[f64]| spikes.iter().map(|s| exp(-(time - s) * 0.005)).sum::<f64>();
        for (time, spikes) in [(300.0, &[10.0, 60.0][..]), (301.0, &[10.0, 60.0, 300.0]), (10.0, &[])] {
            assert!((archive.trace_before(0, time, 0) - sum(time, spikes)).abs() < 1e-14);
        }
    }

    proptest! {
        #[test]
        fn windows_hold_what_a_plain_list_holds(
            gaps in prop::collection::vec(1u32..40, 0..30),
            after in -10i32..800,
            width in 0i32..400,
        ) {
            let times: Vec<f64> = gaps
                .iter()
                .scan(0, |time, gap| { *time += gap; Some(f64::from(*time)) })
                .collect();
            let (after, until) = (f64::from(after), f64::from(after + width));
            let archive = filled(&times);
            let expected: Vec<f64> = times.iter().copied().filter(|&t| t > after && t <= until).collect();
            prop_assert_eq!(between(&archive, after, until), expected);
            let last = times.iter().copied().rfind(|&t| t < after).unwrap_or(f64::NEG_INFINITY);
            prop_assert_eq!(archive.last(0, |t| t < after).time, last);
        }

        #[test]
        fn forgetting_keeps_all_that_is_needed(
            gaps in prop::collection::vec(1u32..40, 0..30),
            needed in -10i32..800,
            later in 1i32..50,
        ) {
            let times: Vec<f64> = gaps
                .iter()
                .scan(0, |time, gap| { *time += gap; Some(f64::from(*time)) })
                .collect();
            let (needed, time) = (f64::from(needed), f64::from(needed + later));
            let (all, mut few) = (filled(&times), filled(&times));
            few.forget(&[needed]);
            prop_assert!(few.kept() <= all.kept());
            prop_assert_eq!(few.kept(), counted(&few));
            prop_assert_eq!(between(&few, needed, 1e9), between(&all, needed, 1e9));
            for asked in [needed, time] {
                prop_assert_eq!(few.trace_before(0, asked, 0), all.trace_before(0, asked, 0));
            }
        }

        #[test]
        fn a_restored_archive_is_the_saved_one(gaps in prop::collection::vec(1u32..40, 0..12)) {
            let times: Vec<f64> = gaps
                .iter()
                .scan(0, |time, gap| { *time += gap; Some(f64::from(*time)) })
                .collect();
            let archive = filled(&times);
            let mut out = Saver::default();
            archive.save(&mut out);
            let bytes = out.into_bytes();
            let mut again = filled(&[3.0]);
            let mut loader = Loader::new(&bytes);
            again.restore(&mut loader).unwrap();
            loader.finish().unwrap();
            prop_assert_eq!(&again.recent, &archive.recent);
            prop_assert_eq!(&again.older, &archive.older);
            prop_assert_eq!(again.kept(), counted(&archive));
        }
    }
}
