//! Taking autapses and multapses out of a graph, or shuffling it, without changing anybody's degree.

use crate::graphs::rows::Rows;
use sim_core::rng::{Key, Stream};

/// What a graph may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Edges from a node to itself.
    pub autapses: bool,
    /// Several edges from one node to another.
    pub multapses: bool,
}

/// Draws of a partner before an edge is given up.
const TRIES: u32 = 100;
/// Edges of one target given up in succession before its others are too.
const PATIENCE: u32 = 20;

/// Rewires forbidden edges of `incoming` (sources by target, sources below `sources`): a forbidden
/// edge s → t and a random other edge u → v become u → t and s → v, if that makes no new forbidden
/// edge. In- and out-degrees stay as they are. Where no partner can be found (a hub with more
/// synapses than there are other neurons) the edge is dropped.
///
/// Switching edges leaves a graph drawn almost uniformly from those with the same degrees (Milo et
/// al. 2003, arXiv:cond-mat/0312028).
pub fn rewire(incoming: &mut Rows, sources: u32, allowed: Allowed, key: Key) {
    if allowed.autapses && allowed.multapses {
        return;
    }
    let mut surplus = Vec::new();
    for target in 0..incoming.rows() {
        let row = incoming.row(target);
        let forbidden = (0..row.len()).filter(|&index| is_forbidden(target, row, index, allowed));
        surplus.extend(forbidden.map(|index| Surplus { target, source: row[index], index }));
    }
    let mut switching = Switching::new(incoming, &surplus, sources, allowed);
    let mut draws = key.stream(0);
    let (mut target, mut failed) = (u32::MAX, 0);
    for edge in &surplus {
        if edge.target != target {
            (target, failed) = (edge.target, 0);
        }
        if failed < PATIENCE {
            failed = if switching.place(edge, &mut draws) { 0 } else { failed + 1 };
        }
    }
    incoming.retain(|_, row, index| row[index] != VACANT);
}

/// Switches tried for each edge of a graph that is shuffled.
const SWITCHES: usize = 10;

/// Makes `incoming` a random graph with the same in- and out-degrees: random pairs of edges s → t and u → v become
/// u → t and s → v where that makes no forbidden edge, ten tries an edge (Milo et al. 2003).
pub fn shuffle(incoming: &mut Rows, sources: u32, allowed: Allowed, key: Key) {
    let edges = incoming.entries();
    let mut switching = Switching::new(incoming, &[], sources, allowed);
    let mut draws = key.stream(0);
    for _ in 0..SWITCHES * edges {
        switching.switch([draws.below(edges as u32), draws.below(edges as u32)]);
    }
    incoming.retain(|_, _, _| true);
}

fn is_forbidden(target: u32, row: &[u32], index: usize, allowed: Allowed) -> bool {
    (!allowed.autapses && row[index] == target)
        || (!allowed.multapses && index > 0 && row[index - 1] == row[index])
}

/// A forbidden edge.
struct Surplus {
    target: u32,
    source: u32,
    /// Its place in the target's row.
    index: usize,
}

/// Stands where a forbidden edge stood; no population is so large.
const VACANT: u32 = u32::MAX;

/// A graph whose forbidden edges are taken out: the others may change places. Rows are not sorted.
struct Switching<'a> {
    incoming: &'a mut Rows,
    allowed: Allowed,
    /// One bit a source for every long row, whether it stands there: at most twice the row's size.
    present: Vec<Option<Vec<u64>>>,
}

impl<'a> Switching<'a> {
    fn new(incoming: &'a mut Rows, surplus: &[Surplus], sources: u32, allowed: Allowed) -> Self {
        for edge in surplus {
            incoming.row_mut(edge.target)[edge.index] = VACANT;
        }
        let long = (sources / 64).max(64) as usize;
        let bits = |target: u32| {
            let row = incoming.row(target);
            (!allowed.multapses && row.len() > long).then(|| {
                let mut bits = vec![0_u64; sources.div_ceil(64) as usize];
                for &source in row.iter().filter(|&&source| source != VACANT) {
                    bits[source as usize / 64] |= 1 << (source % 64);
                }
                bits
            })
        };
        let present = (0..incoming.rows()).map(bits).collect();
        Switching { incoming, allowed, present }
    }

    /// Puts an edge back by switching it with a random partner, if one is found.
    fn place(&mut self, edge: &Surplus, draws: &mut Stream) -> bool {
        for _ in 0..TRIES {
            let (target, index) = self.incoming.place(draws.below(self.incoming.entries() as u32) as usize);
            let source = self.incoming.row(target)[index];
            if source != VACANT && self.may_reach(source, edge.target) && self.may_reach(edge.source, target)
            {
                self.put(edge.target, edge.index, source);
                self.put(target, index, edge.source);
                return true;
            }
        }
        false
    }

    /// Lets two edges, by their places in the table, change sources if that forbids neither.
    fn switch(&mut self, places: [u32; 2]) {
        let [(target, index), (other, place)] = places.map(|place| self.incoming.place(place as usize));
        let (source, partner) = (self.incoming.row(target)[index], self.incoming.row(other)[place]);
        if self.may_reach(partner, target) && self.may_reach(source, other) {
            self.put(target, index, partner);
            self.put(other, place, source);
        }
    }

    fn may_reach(&self, source: u32, target: u32) -> bool {
        (self.allowed.autapses || source != target)
            && (self.allowed.multapses
                || match &self.present[target as usize] {
                    Some(bits) => bits[source as usize / 64] >> (source % 64) & 1 == 0,
                    None => !self.incoming.row(target).contains(&source),
                })
    }

    fn put(&mut self, target: u32, index: usize, source: u32) {
        let before = std::mem::replace(&mut self.incoming.row_mut(target)[index], source);
        if let Some(bits) = &mut self.present[target as usize] {
            if before != VACANT {
                bits[before as usize / 64] &= !(1 << (before % 64));
            }
            bits[source as usize / 64] |= 1 << (source % 64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forbidden(rows: &Rows, allowed: Allowed) -> usize {
        let of = |target: u32| {
            let row = rows.row(target);
            (0..row.len()).filter(|&index| is_forbidden(target, row, index, allowed)).count()
        };
        (0..rows.rows()).map(of).sum()
    }

    proptest! {
        #[test]
        fn rewiring_keeps_every_degree_of_a_sparse_graph_and_leaves_nothing_forbidden(
            edges in prop::collection::vec((0..60u32, 0..60u32), 20..120),
            autapses: bool,
            multapses: bool,
        ) {
            let allowed = Allowed { autapses, multapses };
            let before = Rows::from_edges(60, edges.into_iter());
            let mut after = before.clone();
            rewire(&mut after, 60, allowed, Key::new(3));
            prop_assert_eq!(after.lengths(), before.lengths());
            prop_assert_eq!(after.transposed(60).lengths(), before.transposed(60).lengths());
            prop_assert_eq!(forbidden(&after, allowed), 0);
        }
    }

    #[test]
    fn long_rows_with_their_bits_are_rewired_like_short_ones() {
        // 300 synapses from random sources onto each of 3 hubs, 5 onto everybody else: 1000 neurons.
        let mut draws = Key::new(7).stream(0);
        let edges: Vec<(u32, u32)> = (0..1000)
            .flat_map(|target| std::iter::repeat_n(target, if target < 3 { 300 } else { 5 }))
            .map(|target| (target, draws.below(1000)))
            .collect();
        let before = Rows::from_edges(1000, edges.into_iter());
        let mut after = before.clone();
        let none = Allowed { autapses: false, multapses: false };
        assert!(forbidden(&before, none) > 100);
        rewire(&mut after, 1000, none, Key::new(3));
        assert_eq!(forbidden(&after, none), 0);
        assert_eq!(after.lengths(), before.lengths());
        assert_eq!(after.transposed(1000).lengths(), before.transposed(1000).lengths());
    }

    #[test]
    fn edges_that_cannot_be_rewired_are_dropped() {
        // Two nodes can carry two edges without autapses and multapses, no more.
        let mut rows = Rows::from_edges(2, [(0, 0), (0, 1), (0, 1), (1, 0), (1, 1)].into_iter());
        rewire(&mut rows, 2, Allowed { autapses: false, multapses: false }, Key::new(1));
        assert_eq!(rows.edges().collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }

    #[test]
    fn a_shuffled_graph_has_the_same_degrees_and_nothing_that_was_not_there() {
        // Half of all pairs, so that stubs joined at random would often meet twice; hubs and long rows too.
        let key = Key::new(8);
        let pairs = (0..120_u32 * 120).map(|pair| (pair / 120, pair % 120));
        let edges = pairs.filter(|(a, b)| a != b && (*a < 3 || key.uniform(u64::from(a * 120 + b)) < 0.5));
        let before = Rows::from_edges(120, edges.collect::<Vec<_>>().into_iter());
        let mut after = before.clone();
        let none = Allowed { autapses: false, multapses: false };
        shuffle(&mut after, 120, none, Key::new(1));
        assert_eq!(forbidden(&after, none), 0);
        assert_eq!(after.lengths(), before.lengths());
        assert_eq!(after.transposed(120).lengths(), before.transposed(120).lengths());
        let stayed = |row: u32| after.row(row).iter().filter(|s| before.row(row).contains(s)).count();
        let shared: usize = (3..120).map(stayed).sum();
        // Of edges placed by chance about half stand where one stood.
        let share = shared as f64 / (before.entries() - 3 * 119) as f64;
        assert!((0.4..0.65).contains(&share), "{share}");
    }
}
