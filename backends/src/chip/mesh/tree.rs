//! What every link carries.

use super::Mesh;
use std::collections::BTreeMap;

/// Which way a link leads from its tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// To greater x.
    East,
    /// To smaller x.
    West,
    /// To greater y.
    North,
    /// To smaller y.
    South,
}

/// The link from tile (x, y) to its neighbour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// The column of the tile that it leaves.
    pub x: u32,
    /// The row of the tile that it leaves.
    pub y: u32,
    /// Where it leads.
    pub way: Way,
}

/// How many messages went over each link: x first, then y.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    loads: BTreeMap<Link, u64>,
}

impl Links {
    /// Adds messages from site to site, one by one.
    pub fn unicast(&mut self, mesh: &Mesh, from: u32, to: u32, messages: u64) {
        for link in route(mesh.tile(from), mesh.tile(to)) {
            *self.loads.entry(link).or_insert(0) += messages;
        }
    }

    /// The links with their loads, in order of place.
    pub fn iter(&self) -> impl Iterator<Item = (Link, u64)> {
        self.loads.iter().map(|(&link, &load)| (link, load))
    }

    /// The link with the greatest load; of equals the first.
    pub fn hottest(&self) -> Option<(Link, u64)> {
        self.iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)))
    }

    /// All loads together: the hops.
    pub fn total(&self) -> u64 {
        self.loads.values().sum()
    }
}

/// How many links a tree of routes from one site to all of `to` has: what a mesh that copies messages at
/// forks would carry for one spike.
pub fn tree_edges(mesh: &Mesh, from: u32, to: &[u32]) -> usize {
    let mut links: Vec<Link> = to.iter().flat_map(|&to| route(mesh.tile(from), mesh.tile(to))).collect();
    links.sort_unstable();
    links.dedup();
    links.len()
}

/// The links from tile to tile: along x, then along y.
fn route((x, y): (u32, u32), (to_x, to_y): (u32, u32)) -> impl Iterator<Item = Link> {
    let along_x: Vec<u32> = if to_x >= x { (x..to_x).collect() } else { (to_x + 1..=x).rev().collect() };
    let along_y: Vec<u32> = if to_y >= y { (y..to_y).collect() } else { (to_y + 1..=y).rev().collect() };
    let first = if to_x >= x { Way::East } else { Way::West };
    let second = if to_y >= y { Way::North } else { Way::South };
    let turn = along_y.into_iter().map(move |y| Link { x: to_x, y, way: second });
    along_x.into_iter().map(move |x| Link { x, y, way: first }).chain(turn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_goes_along_x_and_then_along_y() {
        let mesh = Mesh::plain(4, 4);
        let mut links = Links::default();
        links.unicast(&mesh, 0, 9, 5);
        let east = Link { x: 0, y: 0, way: Way::East };
        let expected =
            [(east, 5), (Link { x: 1, y: 0, way: Way::North }, 5), (Link { x: 1, y: 1, way: Way::North }, 5)];
        assert_eq!(links.iter().collect::<Vec<_>>(), expected);
        links.unicast(&mesh, 9, 0, 2);
        assert_eq!((links.total(), links.hottest()), (21, Some((east, 5))));
    }

    #[test]
    fn a_tree_counts_a_shared_link_once() {
        let mesh = Mesh::plain(4, 4);
        assert_eq!(tree_edges(&mesh, 0, &[3, 7, 2]), 4);
        assert_eq!(tree_edges(&mesh, 5, &[5]), 0);
    }
}
