//! Simulated annealing: two cores change places, or a core moves to a free site.

use super::{Flows, Mesh};
use sim_core::math::exp;
use sim_core::rng::Stream;

/// Moves tried a core, over all temperatures.
const MOVES_PER_CORE: usize = 6000;

/// And at least so many, at most so many in all.
const MOVES: (usize, usize) = (40_000, 4_000_000);

/// So many temperatures, each this part of the one before.
const TEMPERATURES: usize = 120;
const COOLING: f64 = 0.93;

/// A better placement than `sites`, if chance finds one; the best that was met.
pub fn anneal(flows: &Flows, mesh: &Mesh, sites: &[u32], random: &mut Stream) -> Vec<u32> {
    let mut board = Board::new(flows, mesh, sites);
    let cores = sites.len();
    if cores < 2 || board.hops == 0 {
        return sites.to_vec();
    }
    let moves = (MOVES_PER_CORE * cores).clamp(MOVES.0, MOVES.1) / TEMPERATURES;
    let mut temperature = board.hops as f64 / cores as f64;
    let (mut best, mut best_hops) = (sites.to_vec(), board.hops);
    for _ in 0..TEMPERATURES {
        for _ in 0..moves {
            let core = random.below(cores as u32);
            let site = random.below(board.core_at.len() as u32);
            if site == board.sites[core as usize] {
                continue;
            }
            let change = board.exchange(core, site);
            if change > 0 && random.uniform() >= exp(-(change as f64) / temperature) {
                board.undo();
            } else if board.hops < best_hops {
                (best_hops, best) = (board.hops, board.sites.clone());
            }
        }
        temperature *= COOLING;
    }
    best
}

/// Cores on sites, with the flows of each core in both directions.
struct Board<'a> {
    mesh: &'a Mesh,
    starts: Vec<usize>,
    partners: Vec<(u32, i64)>,
    sites: Vec<u32>,
    /// The core at a site, `u32::MAX` if it is free.
    core_at: Vec<u32>,
    hops: i64,
    last: (u32, u32, i64),
}

const FREE: u32 = u32::MAX;

impl<'a> Board<'a> {
    fn new(flows: &Flows, mesh: &'a Mesh, sites: &[u32]) -> Self {
        let mut partners = vec![Vec::new(); sites.len()];
        for (from, to, messages) in flows.iter() {
            partners[from as usize].push((to, messages as i64));
            partners[to as usize].push((from, messages as i64));
        }
        let mut starts = vec![0];
        starts.extend(partners.iter().scan(0, |end, list| {
            *end += list.len();
            Some(*end)
        }));
        let mut core_at = vec![FREE; mesh.cores()];
        for (core, &site) in sites.iter().enumerate() {
            core_at[site as usize] = core as u32;
        }
        let hops = flows.hops(mesh, sites) as i64;
        Self {
            mesh,
            starts,
            partners: partners.concat(),
            sites: sites.to_vec(),
            core_at,
            hops,
            last: (0, 0, 0),
        }
    }

    /// Puts a core to a site, and whoever is there to where the core was. By how much the hops rise.
    fn exchange(&mut self, core: u32, site: u32) -> i64 {
        let old = self.sites[core as usize];
        let other = self.core_at[site as usize];
        let before = self.hops_of(core, other) + if other == FREE { 0 } else { self.hops_of(other, core) };
        self.swap(core, site);
        let after = self.hops_of(core, other) + if other == FREE { 0 } else { self.hops_of(other, core) };
        self.hops += after - before;
        self.last = (core, old, before - after);
        after - before
    }

    fn undo(&mut self) {
        let (core, site, change) = self.last;
        self.swap(core, site);
        self.hops += change;
    }

    fn swap(&mut self, core: u32, site: u32) {
        let old = std::mem::replace(&mut self.sites[core as usize], site);
        let other = std::mem::replace(&mut self.core_at[site as usize], core);
        self.core_at[old as usize] = other;
        if other != FREE {
            self.sites[other as usize] = old;
        }
    }

    /// The hops of a core's messages, but for those with `without`, whose distance an exchange leaves as it is.
    fn hops_of(&self, core: u32, without: u32) -> i64 {
        let own = self.sites[core as usize];
        let partners = &self.partners[self.starts[core as usize]..self.starts[core as usize + 1]];
        let hops = |&(partner, messages): &(u32, i64)| {
            let (x, y) = self.mesh.hops(own, self.sites[partner as usize]);
            if partner == without { 0 } else { messages * i64::from(x + y) }
        };
        partners.iter().map(hops).sum()
    }
}
