//! How far packets go: a target is at most 255 cores away along x and along y.

use super::core::Target;
use super::group::UNNAMED;
use super::limits::{NEURONS, REACH};
use super::place::{Names, Placed};
use crate::chip::mesh::Mesh;

/// Who has its target too far away, with the cores at these sites: the farthest one, if there is one.
pub fn out_of_reach(placed: &Placed, mesh: &Mesh, sites: &[u32], names: &dyn Names) -> Option<String> {
    let mut farthest = (REACH, UNNAMED, "x");
    for (number, core) in placed.cores.iter().enumerate() {
        for (place, target) in core.targets.iter().enumerate() {
            let Target::Axon { core: to, .. } = *target else { continue };
            let (x, y) = mesh.hops(sites[number], sites[to as usize]);
            for (hops, axis) in [(x, "x"), (y, "y")] {
                if hops > farthest.0 {
                    farthest = (hops, placed.lives[number * NEURONS + place], axis);
                }
            }
        }
    }
    let (hops, neuron, axis) = farthest;
    (hops > REACH).then(|| {
        let who = if neuron == UNNAMED { "a splitter".to_owned() } else { names.neuron(neuron) };
        format!(
            "{who} has its target {hops} cores away along {axis}; a packet goes {REACH}, {} fewer. A network that \
             takes four chips or fewer would fit, for those are {} cores wide",
            hops - REACH,
            REACH + 1
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truenorth::core::Core;

    struct Numbered;

    impl Names for Numbered {
        fn neuron(&self, number: u32) -> String {
            format!("neuron {number} of E")
        }
    }

    #[test]
    fn a_target_may_be_255_cores_away_and_no_more() {
        let target = Target::Axon { core: 1, axon: 0, delay: 1 };
        let placed = Placed {
            cores: vec![Core { targets: vec![target], ..Core::default() }, Core::default()],
            lives: vec![7; 2 * NEURONS],
            ..Placed::default()
        };
        let mesh = Mesh::TRUENORTH.times(6);
        // The first core of the chip so many chips on, and some more along x.
        let at = |x: u32| x / 64 * 4096 + x % 64;
        assert_eq!(out_of_reach(&placed, &mesh, &[at(0), at(255)], &Numbered), None);
        assert_eq!(out_of_reach(&placed, &mesh, &[at(300), at(45)], &Numbered), None);
        assert_eq!(
            out_of_reach(&placed, &mesh, &[at(0), at(300)], &Numbered).as_deref(),
            Some(
                "neuron 7 of E has its target 300 cores away along x; a packet goes 255, 45 fewer. A network that \
                 takes four chips or fewer would fit, for those are 256 cores wide"
            )
        );
    }
}
