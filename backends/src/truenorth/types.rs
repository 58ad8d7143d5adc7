//! Weights out of four: a neuron has one weight for each axon type, and what it hears of a source is the sum
//! over the types that the source has an axon of and the crossbar joins.
//!
//! So a neuron needs a basis of at most four numbers of which each of its weights is a sum. Up to four
//! different weights are their own basis. More are sums of powers of two times some unit: 1, 2, 4 and 8 units
//! for weights of one sign, 1, 2, 4 and -8 for both. What is neither is rounded to the nearest sums, with the
//! unit that makes the error least; that is part of quantisation, so that placement has nothing to decide.

use super::limits::TYPES;

/// A neuron's weights by axon type; 0 where a type is not used.
pub type Basis = [i16; TYPES];

/// Largest weight of nine bits.
const MOST: i32 = 255;

/// Which of the numbers of a basis a weight is the sum of, as bits, with as few as possible; nothing if it is
/// no such sum.
pub fn parts(basis: &Basis, weight: i16) -> Option<u8> {
    let sum = |bits: u8| -> i32 {
        (0..TYPES).filter(|kind| bits >> kind & 1 == 1).map(|kind| i32::from(basis[kind])).sum()
    };
    (0..1_u8 << TYPES).filter(|&bits| sum(bits) == i32::from(weight)).min_by_key(|bits| bits.count_ones())
}

/// The basis of some weights: exact if there is one, else that with the least squared error.
pub fn basis(weights: &[i16]) -> Basis {
    let mut distinct: Vec<i16> = weights.iter().copied().filter(|&weight| weight != 0).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let held = distinct.iter().all(|&weight| i32::from(weight).abs() <= MOST);
    if distinct.len() <= TYPES && held {
        let mut basis = [0; TYPES];
        basis[..distinct.len()].copy_from_slice(&distinct);
        return basis;
    }
    let (least, most) = (i32::from(distinct[0]), i32::from(distinct[distinct.len() - 1]));
    let shapes: &[[i32; TYPES]] = if least > 0 {
        &[[1, 2, 4, 8]]
    } else if most < 0 {
        &[[-1, -2, -4, -8]]
    } else {
        &[[1, 2, 4, -8], [-1, -2, -4, 8], [1, 2, -1, -2]]
    };
    let candidates = shapes.iter().flat_map(|shape| (1..=MOST / 8).map(move |unit| shape.map(|s| s * unit)));
    let error = |basis: &Basis| -> i64 {
        let squared = |&weight: &i16| (i64::from(nearest(basis, weight)) - i64::from(weight)).pow(2);
        weights.iter().map(squared).sum()
    };
    let bases = candidates.map(|basis| basis.map(|s| s as i16));
    bases.min_by_key(error).unwrap_or_default()
}

/// The sum of a basis nearest to a weight; of two the one nearer to zero.
pub fn nearest(basis: &Basis, weight: i16) -> i16 {
    let sums = (0..1_u32 << TYPES).map(|bits| -> i32 {
        (0..TYPES).filter(|kind| bits >> kind & 1 == 1).map(|kind| i32::from(basis[kind])).sum()
    });
    let held = sums.filter(|sum| sum.abs() <= MOST);
    held.min_by_key(|sum| ((sum - i32::from(weight)).abs(), sum.abs())).unwrap_or(0) as i16
}

/// All orders of four.
pub fn orders() -> impl Iterator<Item = [usize; TYPES]> {
    (0..24).map(|number| {
        let mut left = vec![0, 1, 2, 3];
        [6, 2, 1, 1].map(|block| left.remove(number / block % left.len()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_that_four_numbers_can_make_are_made_exactly() {
        let cases: [&[i16]; 5] = [
            &[-255, 7, 100, 255],
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 15],
            &[-8, -7, -3, 1, 5, 7],
            &[-30, -20, -10, 20, 30],
            &[-3, -6, -9, -12, -45],
        ];
        for weights in cases {
            let basis = basis(weights);
            for &weight in weights {
                assert!(parts(&basis, weight).is_some(), "{weight} of {basis:?}");
            }
        }
        assert_eq!(parts(&[1, 2, 3, 0], 3), Some(0b100));
    }

    #[test]
    fn others_become_the_nearest_sums_that_can_be_made() {
        let weights: Vec<i16> = (-255..=255).collect();
        let basis = basis(&weights);
        for &weight in &weights {
            let made = nearest(&basis, weight);
            assert!(parts(&basis, made).is_some());
            assert!((made - weight).abs() <= 40, "{weight} became {made}");
        }
    }

    #[test]
    fn there_are_24_orders_of_four() {
        let mut all: Vec<_> = orders().collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 24);
        assert!(all.iter().all(|order| order.iter().sum::<usize>() == 6));
    }
}
