//! Counting of events per neuron without counting: rows of a crossbar are added bit by bit, in carry-save
//! form, so that what is left is few rows, each worth a power of two.
//!
//! Three rows of one weight become two, their sum and the carries, which are worth twice as much. So n
//! rows of one axon type become at most 2·log2(n) planes, and one or two rows stay as they are.

use super::bits::Bits;
use super::limits::TYPES;

/// Levels that 256 rows can reach.
const LEVELS: usize = 9;

/// Rows of one core and tick, added up by axon type.
pub struct Planes {
    /// Up to two rows for each type and level.
    rows: [[[Bits; 2]; LEVELS]; TYPES],
    kept: [[u8; LEVELS]; TYPES],
    planes: Vec<Plane>,
}

/// Neurons whose potential changes by a weight times a power of two.
#[derive(Clone, Copy, Debug)]
pub struct Plane {
    /// Which neurons, as [`Bits::bytes`].
    pub neurons: [u8; 32],
    /// Whose weight: the axon type.
    pub kind: u32,
    /// By how much the weight is shifted to the left.
    pub shift: u32,
}

impl Default for Planes {
    fn default() -> Self {
        Planes { rows: [[[Bits::NONE; 2]; LEVELS]; TYPES], kept: [[0; LEVELS]; TYPES], planes: Vec::new() }
    }
}

impl Planes {
    /// Adds a row of an axon of type `kind`.
    #[inline(always)]
    pub fn add(&mut self, kind: usize, mut row: Bits) {
        let (rows, kept) = (&mut self.rows[kind % TYPES], &mut self.kept[kind % TYPES]);
        for (rows, kept) in rows.iter_mut().zip(kept) {
            if *kept < 2 {
                rows[usize::from(*kept)] = row;
                *kept += 1;
                return;
            }
            let [a, b] = *rows;
            let half = a.xor(&b);
            rows[0] = half.xor(&row);
            *kept = 1;
            row = a.and(&b).or(&half.and(&row));
        }
    }

    /// Puts a row of an axon of type `kind` among the planes as it is.
    #[inline(always)]
    pub fn put(&mut self, kind: usize, row: [u8; 32]) {
        self.planes.push(Plane { neurons: row, kind: kind as u32, shift: 0 });
    }

    /// Puts what was added among the planes.
    pub fn add_up(&mut self) {
        for (kind, (levels, kept)) in self.rows.iter().zip(&mut self.kept).enumerate() {
            for (shift, (rows, kept)) in levels.iter().zip(kept).enumerate() {
                if *kept == 0 {
                    // Nothing is carried past an empty level.
                    break;
                }
                let plane =
                    |row: &Bits| Plane { neurons: row.bytes(), kind: kind as u32, shift: shift as u32 };
                self.planes.extend(rows[..usize::from(*kept)].iter().map(plane));
                *kept = 0;
            }
        }
    }

    /// The planes.
    #[inline(always)]
    pub fn list(&self) -> &[Plane] {
        &self.planes
    }

    /// Takes all planes away.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.planes.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn planes_are_worth_as_much_as_the_rows_they_came_from(
            rows in proptest::collection::vec((0..TYPES, any::<[u64; 4]>()), 0..256),
        ) {
            let mut planes = Planes::default();
            let mut expected = [[0_u32; 256]; TYPES];
            for &(kind, row) in &rows {
                planes.add(kind, Bits(row));
                Bits(row).ones().for_each(|neuron| expected[kind][neuron] += 1);
            }
            let mut found = [[0_u32; 256]; TYPES];
            planes.add_up();
            for plane in planes.list() {
                for neuron in Bits::from_bytes(&plane.neurons).ones() {
                    found[plane.kind as usize][neuron] += 1 << plane.shift;
                }
            }
            prop_assert_eq!(expected, found);
            planes.clear();
            planes.add_up();
            prop_assert!(planes.list().is_empty());
        }
    }
}
