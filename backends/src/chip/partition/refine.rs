//! Refinement: localised k-way searches after Fiduccia and Mattheyses.
//!
//! A search starts from a few vertices at a boundary, always makes the best legal move, worse ones too, asks
//! the neighbours next, and in the end takes back what came after its best moment. So it climbs over hills
//! that single moves do not. The rule when to stop is that of Osipov and Sanders (2010).

use super::assignment::{Assignment, NOWHERE};
use super::capacity::Capacity;
use super::coarsen::shuffle;
use super::heap::Heap;
use super::state::State;
use super::sweep::sweep;
use crate::chip::hypergraph::Hypergraph;
use sim_core::rng::Stream;

/// So many moves without an improvement end a search in any case.
const PATIENCE: usize = 400;

/// So many looks at gains are what a pass of searches may need.
const MOST_LOOKS: u64 = 1 << 30;

/// A further pass, but for the second, has to be worth this share of the messages.
pub const WORTH: f64 = 0.001;

/// From how many vertices searches start in the first pass, the second, …
const SEEDS: [usize; 4] = [24, 6, 2, 1];

/// The heap and marks that searches share.
struct Searches {
    heap: Heap,
    /// Which vertices this pass has moved or judged already.
    done: Vec<bool>,
    moves: Vec<(u32, u32)>,
    turn: u32,
}

/// An assignment with fewer messages, and with what was nowhere on a core, if one takes it: as good as so many
/// passes make it. Never more messages for what had a core.
pub fn refined<'a, C: Capacity>(
    mut start: Assignment<'a, C>,
    passes: usize,
    random: &mut Stream,
) -> Assignment<'a, C> {
    if is_dense(start.graph, start.count) {
        sweep(&mut start, passes, random);
        return start;
    }
    let mut state = State::new(start);
    state.place_rest();
    refine(&mut state, passes, random);
    state.at
}

/// Whether a pass of searches would have to look at too many gains: a move changes those of all neighbours,
/// and each of them looks at all cores.
pub fn is_dense(graph: &Hypergraph, count: usize) -> bool {
    let looks = (0..graph.vertices() as u32).map(|vertex| {
        let neighbours: usize = graph.edges_of(vertex).iter().map(|&edge| graph.pins(edge).len()).sum();
        neighbours.min(graph.vertices()) as u64 * count as u64
    });
    looks.sum::<u64>() > MOST_LOOKS
}

/// Lowers the messages of `state` until no pass is worth it. Never raises them.
fn refine<C: Capacity>(state: &mut State<C>, passes: usize, random: &mut Stream) {
    let vertices = state.at.graph.vertices();
    let mut searches = Searches {
        heap: Heap::new(vertices),
        done: vec![false; vertices],
        moves: Vec::new(),
        turn: random.next_u32(),
    };
    for pass in 0..passes {
        let before = state.at.messages;
        searches.done.fill(false);
        let on_boundary =
            |&vertex: &u32| state.at.cores[vertex as usize] != NOWHERE && state.on_boundary(vertex);
        let mut seeds: Vec<u32> = (0..vertices as u32).filter(on_boundary).collect();
        shuffle(&mut seeds, random);
        for seeds in seeds.chunks(SEEDS[pass.min(SEEDS.len() - 1)]) {
            searches.search(state, seeds);
        }
        if ((before - state.at.messages) as f64) < WORTH * before as f64 && pass > 0 || before == 0 {
            break;
        }
    }
}

impl Searches {
    fn search<C: Capacity>(&mut self, state: &mut State<C>, seeds: &[u32]) {
        self.heap.clear();
        self.moves.clear();
        for &seed in seeds {
            self.offer(state, seed);
        }
        let (mut best, mut kept) = (state.at.messages, 0);
        let mut stop = Stop::new(state.at.graph.vertices());
        while let Some((vertex, promised)) = self.heap.pop() {
            let Some((gain, core)) = state.best_that_fits(vertex, self.turn ^ vertex) else {
                // Room comes and goes; what else forbids the move will do so for a while.
                self.done[vertex as usize] = state.best_by_room(vertex, self.turn ^ vertex).is_some();
                continue;
            };
            if gain < promised && self.heap.top().is_some_and(|top| top > gain) {
                // The quick look had promised too much. What fits is offered once more.
                self.heap.set(vertex, gain);
                continue;
            }
            self.done[vertex as usize] = true;
            self.moves.push((vertex, state.at.cores[vertex as usize]));
            state.shift(vertex, core);
            if state.at.messages < best {
                (best, kept) = (state.at.messages, self.moves.len());
                stop = Stop::new(state.at.graph.vertices());
            } else if stop.after(gain) {
                break;
            }
            for place in 0..state.changed().len() {
                self.offer(state, state.changed()[place]);
            }
        }
        for &(vertex, core) in self.moves[kept..].iter().rev() {
            state.shift(vertex, core);
        }
    }

    fn offer<C: Capacity>(&mut self, state: &State<C>, vertex: u32) {
        if self.done[vertex as usize] || state.at.cores[vertex as usize] == NOWHERE {
            return;
        }
        match state.best_by_room(vertex, self.turn ^ vertex) {
            Some((gain, _)) => self.heap.set(vertex, gain),
            None => self.heap.remove(vertex),
        }
    }
}

/// When a search is not likely to find anything more: its gains as a random walk with drift.
struct Stop {
    moves: f64,
    mean: f64,
    squares: f64,
    beta: f64,
}

impl Stop {
    fn new(vertices: usize) -> Self {
        Self { moves: 0.0, mean: 0.0, squares: 0.0, beta: sim_core::math::ln(vertices as f64) }
    }

    fn after(&mut self, gain: i64) -> bool {
        let gain = gain as f64;
        self.moves += 1.0;
        let off = gain - self.mean;
        self.mean += off / self.moves;
        self.squares += off * (gain - self.mean);
        let variance = self.squares / (self.moves - 1.0).max(1.0);
        let drifted = self.moves * self.mean * self.mean > variance + self.beta;
        self.moves >= PATIENCE as f64 || (self.moves > self.beta && self.mean < 0.0 && drifted)
    }
}
