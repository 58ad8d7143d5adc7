//! When what is sent arrives: delays of projections, and the order of populations.

use super::dialect::Dialect;
use super::lower::{Lowered, Population, Role};
use std::collections::BTreeSet;

/// Sets the delays; the level of every population. It lives as many steps later as there are projections
/// before it, so that all that comes from one moment of the input meets; edges that lead back bring it
/// `recurrent_delay` steps later.
pub fn set_delays(lowered: &mut Lowered, dialect: &Dialect) -> Vec<i64> {
    let count = lowered.populations.len();
    let mut after = vec![Vec::new(); count];
    lowered.projections.iter().for_each(|projection| after[projection.from].push(projection.to));
    let back = edges_back(&lowered.populations, &after);
    let mut level = vec![0_i64; count];
    // The longest way without edges back has no circle, so this comes to an end.
    let mut changed = true;
    while changed {
        changed = false;
        for projection in lowered.projections.iter().filter(|p| !back.contains(&(p.from, p.to))) {
            if level[projection.to] <= level[projection.from] {
                level[projection.to] = level[projection.from] + 1;
                changed = true;
            }
        }
    }
    let wanted = i64::from(dialect.recurrent_delay);
    for projection in &mut lowered.projections {
        let ahead = level[projection.to] - level[projection.from];
        if !back.contains(&(projection.from, projection.to)) {
            projection.steps = ahead;
            continue;
        }
        projection.steps = (wanted + ahead).max(1);
        if wanted + ahead < 1 {
            let name = |population: usize| &lowered.populations[population].name;
            lowered.notes.push(format!(
                "the way round over {:?} -> {:?} takes {} steps instead of {wanted}: every projection takes one",
                name(projection.from),
                name(projection.to),
                1 - ahead
            ));
        }
    }
    level
}

/// Edges that lead back to where a walk from the inputs, in the order of populations, came from.
fn edges_back(populations: &[Population], after: &[Vec<usize>]) -> BTreeSet<(usize, usize)> {
    let mut back = BTreeSet::new();
    // 0 not seen, 1 on the way, 2 done.
    let mut seen = vec![0_u8; populations.len()];
    let inputs = (0..populations.len()).filter(|&number| populations[number].role == Role::Input);
    for start in inputs.chain(0..populations.len()) {
        let mut way = if seen[start] == 0 { vec![(start, 0)] } else { Vec::new() };
        while let Some((here, next)) = way.last_mut() {
            seen[*here] = 1;
            match after[*here].get(*next) {
                Some(&to) => {
                    *next += 1;
                    match seen[to] {
                        0 => way.push((to, 0)),
                        1 => drop(back.insert((*here, to))),
                        _ => {}
                    }
                }
                None => {
                    seen[*here] = 2;
                    way.pop();
                }
            }
        }
    }
    back
}

/// Populations by level, in the order of the graph where that is the same, and projections by their ends.
pub fn in_order(lowered: Lowered, levels: &[i64]) -> Lowered {
    let Lowered { populations, mut projections, mut outputs, notes } = lowered;
    let mut order: Vec<usize> = (0..populations.len()).collect();
    order.sort_by_key(|&number| (levels[number], populations[number].node));
    let mut place = vec![0; order.len()];
    order.iter().enumerate().for_each(|(new, &old)| place[old] = new);
    for projection in &mut projections {
        (projection.from, projection.to) = (place[projection.from], place[projection.to]);
    }
    projections.sort_by_key(|projection| (projection.from, projection.to));
    outputs.iter_mut().for_each(|(_, read)| *read = place[*read]);
    let mut numbered: Vec<(usize, Population)> = place.into_iter().zip(populations).collect();
    numbered.sort_by_key(|(new, _)| *new);
    Lowered { populations: numbered.into_iter().map(|(_, one)| one).collect(), projections, outputs, notes }
}
