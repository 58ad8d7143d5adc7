//! Taking autapses and multapses out of a graph without changing anybody's degree.

use crate::graphs::rows::Rows;
use sim_core::rng::Key;

/// What a graph may contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Edges from a node to itself.
    pub autapses: bool,
    /// Several edges from one node to another.
    pub multapses: bool,
}

/// Draws of a partner before an edge is given up.
const TRIES: u32 = 200;

/// Rewires forbidden edges of `incoming` (sources by target): a forbidden edge s → t and a random
/// other edge u → v become u → t and s → v, if that makes no new forbidden edge. In- and out-degrees
/// stay as they are. Where no partner is found in 200 draws (a hub with more synapses than there
/// are other neurons) the edge is dropped.
///
/// Switching edges leaves a graph drawn almost uniformly from those with the same degrees (Milo et
/// al. 2003, arXiv:cond-mat/0312028).
pub fn rewire(incoming: &mut Rows, allowed: Allowed, key: Key) {
    if allowed.autapses && allowed.multapses {
        return;
    }
    let mut rewired_all = true;
    for target in 0..incoming.rows() {
        let mut index = 0;
        while index < incoming.row(target).len() {
            if !forbidden(target, incoming.row(target), index, allowed) {
                index += 1;
            } else if !switched(incoming, target, index, allowed, key) {
                rewired_all = false;
                index += 1;
            }
        }
    }
    if !rewired_all {
        incoming.retain(|target, sources, index| !forbidden(target, sources, index, allowed));
    }
}

fn forbidden(target: u32, sources: &[u32], index: usize, allowed: Allowed) -> bool {
    let source = sources[index];
    (!allowed.autapses && source == target)
        || (!allowed.multapses && index > 0 && sources[index - 1] == source)
}

/// Switches an edge with a random partner, if one is found.
fn switched(incoming: &mut Rows, target: u32, index: usize, allowed: Allowed, key: Key) -> bool {
    let source = incoming.row(target)[index];
    // The source tells apart the edges of a row: a repeated source is never rewired to itself.
    let mut draws = key.numbered(u64::from(target)).stream(u64::from(source) << 32 | index as u64);
    let edges = incoming.entries() as u32;
    for _ in 0..TRIES {
        let place = draws.below(edges);
        let (other_target, other_source) = incoming.entry(place as usize);
        if other_target != target
            && may_reach(incoming, other_source, target, allowed)
            && may_reach(incoming, source, other_target, allowed)
        {
            let other_index = incoming.row(other_target).partition_point(|&s| s < other_source);
            incoming.replace(target, index, other_source);
            incoming.replace(other_target, other_index, source);
            return true;
        }
    }
    false
}

fn may_reach(incoming: &Rows, source: u32, target: u32, allowed: Allowed) -> bool {
    (allowed.autapses || source != target)
        && (allowed.multapses || incoming.row(target).binary_search(&source).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            rewire(&mut after, allowed, Key::new(3));
            prop_assert_eq!(after.lengths(), before.lengths());
            prop_assert_eq!(after.transposed(60).lengths(), before.transposed(60).lengths());
            for target in 0..60 {
                let row = after.row(target);
                prop_assert!((0..row.len()).all(|index| !forbidden(target, row, index, allowed)));
            }
        }
    }

    #[test]
    fn edges_that_cannot_be_rewired_are_dropped() {
        // Two nodes can carry two edges without autapses and multapses, no more.
        let mut rows = Rows::from_edges(2, [(0, 0), (0, 1), (0, 1), (1, 0), (1, 1)].into_iter());
        rewire(&mut rows, Allowed { autapses: false, multapses: false }, Key::new(1));
        assert_eq!(rows.edges().collect::<Vec<_>>(), [(0, 1), (1, 0)]);
    }
}
