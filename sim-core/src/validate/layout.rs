//! Where the neurons of a population are.

use crate::description::Layout;
use crate::read::{Reader, Spanned};
use crate::rule::Places;
use crate::validate::key;
use crate::validate::simulation::Run;

/// Layers of more neurons than these take more than 4 GB for their points alone.
const LARGEST_LAYER: u32 = 160_000_000;

/// The places of all neurons of the full population; shrinking keeps the first of them.
pub(super) fn places(
    layout: &Spanned<Layout>,
    size: u32,
    population: &str,
    run: &Run,
    reader: &mut Reader,
) -> Option<Places> {
    if run.neurons < 1.0 && !matches!(layout.value, Layout::Random { .. }) {
        let message = format!("the layout of \"{population}\" cannot be shrunk by scale");
        reader.error_with(layout.span, message, "write positions: Random(…), or leave out scale");
        return None;
    }
    if size > LARGEST_LAYER {
        let message = format!("\"{population}\" has {size} neurons; a layout can place {LARGEST_LAYER}");
        reader.error(layout.span, message);
        return None;
    }
    match &layout.value {
        Layout::Grid { shape, extent } => {
            let cells = shape.iter().try_fold(1u64, |cells, side| cells.checked_mul(*side));
            if cells != Some(u64::from(size)) {
                let cells = cells.map_or("too many".into(), |cells| cells.to_string());
                let message = format!("the grid has {cells} cells, but \"{population}\" has {size} neurons");
                reader.error(layout.span, message);
                return None;
            }
            Some(Places { points: grid(shape, *extent), extent: *extent })
        }
        Layout::Random { extent } => {
            let key = key(run.seed, "positions").named(population);
            let point = |index: u32| {
                let mut stream = key.stream(u64::from(index));
                extent.map(|length| (stream.uniform() - 0.5) * length)
            };
            Some(Places { points: (0..size).map(point).collect(), extent: *extent })
        }
        Layout::List(points) => {
            if points.len() != size as usize {
                let message = format!(
                    "this layout lists {} points, but \"{population}\" has {size} neurons",
                    points.len()
                );
                reader.error(layout.span, message);
                return None;
            }
            // The smallest layer centred at the origin that holds all points.
            let reach = |axis: usize| points.iter().map(|point| 2.0 * point[axis].abs()).fold(0.0, f64::max);
            Some(Places { points: points.clone(), extent: [reach(0), reach(1), reach(2)] })
        }
    }
}

/// Centres of the cells, first axis fastest.
fn grid(shape: &[u64], extent: [f64; 3]) -> Vec<[f64; 3]> {
    let sides = [shape[0], shape[1], shape.get(2).copied().unwrap_or(1)];
    let mut points = Vec::with_capacity((sides[0] * sides[1] * sides[2]) as usize);
    let centre = |axis: usize, cell: u64| ((cell as f64 + 0.5) / sides[axis] as f64 - 0.5) * extent[axis];
    for z in 0..sides[2] {
        for y in 0..sides[1] {
            points.extend((0..sides[0]).map(|x| [centre(0, x), centre(1, y), centre(2, z)]));
        }
    }
    points
}
