//! Cores onto a mesh, so that messages have short ways.

mod anneal;
mod hilbert;
mod spectral;
mod tree;

pub use tree::{Link, Links, Way, tree_edges};

use super::hypergraph::Hypergraph;
use sim_core::rng::Key;
use std::collections::BTreeMap;

/// A mesh of tiles with some cores each. Messages go along x first, then along y.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mesh {
    /// Chips, side by side along x.
    pub chips: u32,
    /// Tiles of a chip along x.
    pub columns: u32,
    /// Tiles of a chip along y.
    pub rows: u32,
    /// Cores of a tile: between them there are no hops.
    pub cores_per_tile: u32,
    /// Whether tiles are counted down the columns (x = t div rows) instead of along the rows.
    pub column_major: bool,
}

impl Mesh {
    /// Loihi: 32 tiles of four cores. The shape 8 × 4 is SANA-FE's; the chip's is not published.
    pub const LOIHI: Self = Self { chips: 1, columns: 8, rows: 4, cores_per_tile: 4, column_major: true };

    /// TrueNorth: 64 × 64 cores (Merolla 2014).
    pub const TRUENORTH: Self = Self::plain(64, 64);

    /// One core a tile, counted along the rows.
    pub const fn plain(columns: u32, rows: u32) -> Self {
        Self { chips: 1, columns, rows, cores_per_tile: 1, column_major: false }
    }

    /// So many of these chips.
    pub const fn times(self, chips: u32) -> Self {
        Self { chips, ..self }
    }

    /// How many cores all chips have.
    pub fn cores(&self) -> usize {
        self.chips as usize * self.cores_per_chip() as usize
    }

    /// How many cores a chip has.
    pub fn cores_per_chip(&self) -> u32 {
        self.columns * self.rows * self.cores_per_tile
    }

    /// Tiles along x, over all chips.
    pub fn width(&self) -> u32 {
        self.chips * self.columns
    }

    /// The chip of a site.
    pub fn chip(&self, site: u32) -> u32 {
        site / self.cores_per_chip()
    }

    /// The tile (x, y) of a site, the sites of a tile being neighbours in their count.
    pub fn tile(&self, site: u32) -> (u32, u32) {
        let tile = site % self.cores_per_chip() / self.cores_per_tile;
        let first = self.chip(site) * self.columns;
        if self.column_major {
            (first + tile / self.rows, tile % self.rows)
        } else {
            (first + tile % self.columns, tile / self.columns)
        }
    }

    /// The tile's number at (x, y).
    pub fn tile_at(&self, (x, y): (u32, u32)) -> u32 {
        let (chip, x) = (x / self.columns, x % self.columns);
        chip * self.columns * self.rows
            + if self.column_major { x * self.rows + y } else { y * self.columns + x }
    }

    /// Hops along x and along y between two sites.
    pub fn hops(&self, from: u32, to: u32) -> (u32, u32) {
        let ((x, y), (to_x, to_y)) = (self.tile(from), self.tile(to));
        (x.abs_diff(to_x), y.abs_diff(to_y))
    }
}

/// Messages from core to core: for each pair in order, how many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flows {
    cores: usize,
    flows: BTreeMap<(u32, u32), u64>,
}

impl Flows {
    /// The messages of a hypergraph whose first edges are those of its neurons, in order: every spike goes
    /// from its neuron's core to every other core with a target. Edges of inputs from outside send nothing.
    pub fn of_partition(graph: &Hypergraph, cores: &[u32]) -> Self {
        let mut flows = BTreeMap::new();
        let count = cores.iter().max().map_or(0, |&core| core as usize + 1);
        let mut seen_by = vec![u32::MAX; count];
        for (edge, &from) in (0..graph.edges() as u32).zip(cores) {
            seen_by[from as usize] = edge;
            for &pin in graph.pins(edge) {
                let to = cores[pin as usize];
                if std::mem::replace(&mut seen_by[to as usize], edge) != edge {
                    *flows.entry((from, to)).or_insert(0) += graph.weight(edge);
                }
            }
        }
        Self { cores: count, flows }
    }

    /// How many cores are in use.
    pub fn cores(&self) -> usize {
        self.cores
    }

    /// (from, to, messages), in order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, u64)> {
        self.flows.iter().map(|(&(from, to), &messages)| (from, to, messages))
    }

    /// All messages.
    pub fn messages(&self) -> u64 {
        self.flows.values().sum()
    }

    /// Σ messages × (|dx| + |dy|), core c being at `sites[c]`.
    pub fn hops(&self, mesh: &Mesh, sites: &[u32]) -> u64 {
        let hops = |(from, to, messages): (u32, u32, u64)| {
            let (x, y) = mesh.hops(sites[from as usize], sites[to as usize]);
            messages * u64::from(x + y)
        };
        self.iter().map(hops).sum()
    }
}

/// Where the cores are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The site of each core.
    pub sites: Vec<u32>,
    /// Σ messages × (|dx| + |dy|).
    pub hops: u64,
    /// What the best began as: "row-major" or "spectral".
    pub start: &'static str,
}

/// Core c at site c.
pub fn row_major(flows: &Flows, mesh: &Mesh) -> Placement {
    let sites: Vec<u32> = (0..flows.cores() as u32).collect();
    Placement { hops: flows.hops(mesh, &sites), sites, start: "row-major" }
}

/// The best of annealing from row-major order and from spectral order along a Hilbert curve. Never more hops
/// than in row-major order. There have to be as many sites as cores.
pub fn place(flows: &Flows, mesh: &Mesh, seed: u64) -> Placement {
    let in_order = row_major(flows, mesh);
    let sites = hilbert::along(&spectral::order(flows), mesh);
    let spectral = Placement { hops: flows.hops(mesh, &sites), sites, start: "spectral" };
    let key = Key::new(seed).named("mesh");
    let mut found = vec![in_order, spectral];
    for turn in 0..found.len() {
        let sites = anneal::anneal(flows, mesh, &found[turn].sites, &mut key.stream(turn as u64));
        found.push(Placement { hops: flows.hops(mesh, &sites), sites, start: found[turn].start });
    }
    found.sort_by_key(|placement| placement.hops);
    found.swap_remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn random_flows() -> impl Strategy<Value = Flows> {
        let flow = (0..14_u32, 0..14_u32, 1..100_u64);
        proptest::collection::vec(flow, 1..60).prop_map(|list| {
            let flows = list.into_iter().filter(|(from, to, _)| from != to).map(|(a, b, n)| ((a, b), n));
            Flows { cores: 14, flows: flows.collect() }
        })
    }

    #[test]
    fn cores_of_a_tile_of_loihi_are_no_hops_apart() {
        assert_eq!(Mesh::LOIHI.cores(), 128);
        assert_eq!(Mesh::LOIHI.hops(0, 3), (0, 0));
        assert_eq!(Mesh::LOIHI.hops(0, 4), (0, 1));
        assert_eq!(Mesh::LOIHI.hops(0, 16), (1, 0));
        assert_eq!(Mesh::LOIHI.times(2).hops(127, 128), (1, 3));
        assert_eq!(Mesh::TRUENORTH.hops(0, 4095), (63, 63));
    }

    #[test]
    fn a_chain_of_cores_ends_with_one_hop_a_message() {
        // A ring of 16 cores in a hidden order fits into a square of 4 × 4 without a longer way.
        let at = |i: u32| i * 7 % 16;
        let flows = Flows { cores: 16, flows: (0..16).map(|i| ((at(i), at(i + 1)), 10)).collect() };
        let placement = place(&flows, &Mesh::plain(4, 4), 1);
        assert_eq!(placement.hops, 160);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        #[test]
        fn a_placement_has_every_core_at_a_site_of_its_own_and_is_no_worse_than_row_major(
            flows in random_flows(), loihi: bool, seed: u64,
        ) {
            let mesh = if loihi { Mesh::LOIHI } else { Mesh::plain(4, 4) };
            let placement = place(&flows, &mesh, seed);
            let mut sites = placement.sites.clone();
            sites.sort_unstable();
            sites.dedup();
            prop_assert_eq!(sites.len(), flows.cores());
            prop_assert!(sites.iter().all(|&site| (site as usize) < mesh.cores()));
            prop_assert_eq!(placement.hops, flows.hops(&mesh, &placement.sites));
            prop_assert!(placement.hops <= row_major(&flows, &mesh).hops);
            prop_assert_eq!(place(&flows, &mesh, seed), placement);
        }
    }
}
