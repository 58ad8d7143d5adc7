//! A Hilbert curve over the tiles: what is near on the curve is near on the mesh.

use super::Mesh;

/// The sites of cores that stand along the curve in this order, `order[i]` being the i-th core.
pub fn along(order: &[u32], mesh: &Mesh) -> Vec<u32> {
    let side = smallest_square(order.len(), mesh);
    let tiles =
        (0..side * side).map(|step| tile(side, step)).filter(|&(x, y)| x < mesh.width() && y < mesh.rows);
    let own = |tile| (0..mesh.cores_per_tile).map(move |core| tile * mesh.cores_per_tile + core);
    let curve = tiles.flat_map(|tile| own(mesh.tile_at(tile)));
    let mut sites = vec![0; order.len()];
    for (&core, site) in order.iter().zip(curve) {
        sites[core as usize] = site;
    }
    sites
}

/// The side, a power of two, of the smallest square in the mesh's corner with room for so many cores.
fn smallest_square(cores: usize, mesh: &Mesh) -> u32 {
    let mut side = 1;
    let room = |side: u32| side.min(mesh.width()) as usize * side.min(mesh.rows) as usize;
    while room(side) * (mesh.cores_per_tile as usize) < cores && side < mesh.width().max(mesh.rows) {
        side *= 2;
    }
    side
}

/// The tile at a step of the curve through a square whose side is a power of two.
fn tile(side: u32, step: u32) -> (u32, u32) {
    let (mut x, mut y, mut rest) = (0, 0, step);
    let mut size = 1;
    while size < side {
        let right = rest / 2 % 2;
        let up = (rest ^ right) % 2;
        if up == 0 {
            if right == 1 {
                (x, y) = (size - 1 - x, size - 1 - y);
            }
            (x, y) = (y, x);
        }
        x += size * right;
        y += size * up;
        rest /= 4;
        size *= 2;
    }
    (x, y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_visits_every_tile_once_and_goes_to_neighbours() {
        let tiles: Vec<(u32, u32)> = (0..64).map(|step| tile(8, step)).collect();
        assert!(tiles.windows(2).all(|two| two[0].0.abs_diff(two[1].0) + two[0].1.abs_diff(two[1].1) == 1));
        let mut all = tiles.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 64);
    }

    #[test]
    fn cores_fill_tiles_along_the_curve_of_a_mesh_that_is_no_square() {
        let order: Vec<u32> = (0..128).collect();
        let mut sites = along(&order, &Mesh::LOIHI);
        assert_eq!(sites[..4], [0, 1, 2, 3]);
        sites.sort_unstable();
        assert_eq!(sites, order);
    }
}
