//! Numerators of a softmax: e^(x − the largest of its group).
//!
//! The largest is found by rectified differences: max(a, b) = a + max(b − a, 0), two by two, then two by two of those. Each
//! winner is a sum of what was sent and is never sent itself, and nothing is rounded on the way.

use super::lower::{Lower, Part, Weighs};
use super::{From, Makes};
use crate::layers::{Function, Shape};
use crate::reads::Problem;

/// A sum of numbers of a group: unit, and place of the number among those that the unit has for the group.
type Contender = Vec<(usize, usize)>;

impl Lower<'_> {
    /// The unit that sends e^(x − the largest) for groups of `group` channels of value `of`.
    pub(super) fn exponents(&mut self, node: usize, of: usize, group: usize) -> Result<usize, Problem> {
        let shape = self.net.shape(of);
        let scores = self.unit(of)?;
        let mut contenders: Vec<Contender> = (0..group).map(|at| vec![(scores, at)]).collect();
        // Two numbers of so many digits differ by one digit more at most.
        let (groups, sends) = (shape.channels / group, self.units[scores].sends);
        for round in 1.. {
            if contenders.len() == 1 {
                break;
            }
            let pairs = contenders.len() / 2;
            let onto = Shape { channels: groups * pairs, ..shape };
            let ends = |at: usize| {
                contenders[2 * at + 1]
                    .iter()
                    .map(|c| (*c, 1.0))
                    .chain(contenders[2 * at].iter().map(|c| (*c, -1.0)))
            };
            let terms = (0..pairs).flat_map(|at| ends(at).map(move |(source, sign)| (source, at, sign)));
            let parts = self.wired(terms.collect(), (groups, pairs), onto);
            let suffix = format!("_max{round}");
            let unit = self.push(node, &suffix, parts, Makes::Function(Function::Relu), 1.0, false);
            let made = &mut self.units[unit];
            made.shape = onto;
            (made.sends.bits, made.sends.grain) = (sends.bits + 1, sends.grain);
            let mut winners: Vec<Contender> = Vec::with_capacity(pairs + 1);
            for (at, pair) in contenders.chunks(2).enumerate() {
                let mut winner = pair[0].clone();
                winner.extend((pair.len() == 2).then_some((unit, at)));
                winners.push(winner);
            }
            contenders = winners;
        }
        let own = (0..group).map(|at| ((scores, at), at, 1.0));
        let largest = contenders.into_iter().flatten();
        let less = largest.flat_map(|source| (0..group).map(move |at| (source, at, -1.0)));
        let parts = self.wired(own.chain(less).collect(), (groups, group), shape);
        Ok(self.push(node, "", parts, Makes::Function(Function::Exp), 1.0, false))
    }

    /// Terms, each a number of a group onto one of `each` of the same group, in every group and place.
    fn wired(
        &self,
        terms: Vec<((usize, usize), usize, f32)>,
        (groups, each): (usize, usize),
        onto: Shape,
    ) -> Vec<Part> {
        let mut units: Vec<usize> = terms.iter().map(|term| term.0.0).collect();
        units.sort_unstable();
        units.dedup();
        let part = |unit: usize| {
            let shape = self.units[unit].shape;
            let of_group = shape.channels / groups;
            let of_unit = terms.iter().filter(move |term| term.0.0 == unit);
            let synapses = (0..onto.places * groups).flat_map(|group| {
                of_unit.clone().map(move |&((_, from), to, sign)| {
                    ((group * of_group + from) as u32, (group * each + to) as u32, sign)
                })
            });
            Part { from: From::Unit(unit), shape, weighs: Weighs::Sparse(synapses.collect()) }
        };
        units.into_iter().map(part).collect()
    }
}
