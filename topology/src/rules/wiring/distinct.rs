//! Different numbers below a bound, every set of them equally likely.

use sim_core::rng::Stream;

/// Draws sets of different numbers; reused from draw to draw, so that a draw of n costs O(n).
pub struct Distinct {
    /// One bit for each number: whether it is drawn.
    taken: Vec<u64>,
    drawn: Vec<u32>,
}

impl Distinct {
    /// For numbers below `bound`.
    pub fn new(bound: u32) -> Self {
        Distinct { taken: vec![0; bound.div_ceil(64) as usize], drawn: Vec::new() }
    }

    /// Draws `n` ≤ `bound` different numbers below `bound`, which is at most that of `new`.
    ///
    /// Floyd's algorithm (Bentley and Floyd 1987, "A sample of brilliance", CACM 30:754): one random
    /// number each, and no rejection however full the set is.
    pub fn draw(&mut self, n: u32, bound: u32, stream: &mut Stream) -> &[u32] {
        for &number in &self.drawn {
            self.taken[(number / 64) as usize] = 0;
        }
        self.drawn.resize(n as usize, 0);
        stream.fill_below_rising(bound - n + 1, &mut self.drawn);
        for (last, number) in (bound - n..bound).zip(&mut self.drawn) {
            if self.taken[(*number / 64) as usize] >> (*number % 64) & 1 == 1 {
                *number = last;
            }
            self.taken[(*number / 64) as usize] |= 1 << (*number % 64);
        }
        &self.drawn
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    #[test]
    fn every_set_is_equally_likely() {
        // 10 sets of 2 out of 5; 20,000 draws, 2000 each, standard deviation 42.
        let mut seen = [0_u32; 32];
        let mut distinct = Distinct::new(5);
        for item in 0..20_000 {
            let set = distinct.draw(2, 5, &mut Key::new(3).stream(item));
            seen[set.iter().fold(0, |mask, &number| mask | 1 << number)] += 1;
        }
        let sets: Vec<u32> = seen.into_iter().filter(|&count| count > 0).collect();
        assert_eq!(sets.len(), 10);
        assert!(sets.iter().all(|count| count.abs_diff(2000) < 210), "{sets:?}");
    }

    #[test]
    fn as_many_as_there_are_is_all_of_them() {
        let mut distinct = Distinct::new(130);
        for bound in [0, 1, 64, 65, 130] {
            let mut all = distinct.draw(bound, bound, &mut Key::new(1).stream(0)).to_vec();
            all.sort_unstable();
            assert_eq!(all, (0..bound).collect::<Vec<_>>());
        }
    }
}
