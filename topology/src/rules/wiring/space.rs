//! Neurons in space, in boxes within boxes, so that what is far away can be judged as a whole.

use sim_core::rule::Places;

/// Neurons in a tree of boxes. Which box a neuron is in depends on the places alone.
pub struct Space {
    /// Each box before its first half, that before the second; the whole comes first.
    boxes: Vec<Part>,
    /// Places of the neurons, in the order of the boxes.
    points: Vec<[f64; 3]>,
    /// Their numbers in the population.
    neurons: Vec<u32>,
    /// Length along each axis after which space repeats; 0 where it does not.
    period: [f64; 3],
}

/// A box and the neurons in it.
pub struct Part {
    low: [f64; 3],
    high: [f64; 3],
    /// Place of its first neuron in the order of the boxes.
    pub first: u32,
    /// How many neurons.
    pub count: u32,
    /// Its second half, if it has halves; the first half is the next box.
    pub second: Option<u32>,
}

/// A box of no more neurons than this is not halved.
const FEW: u32 = 16;

impl Space {
    /// Puts neurons into boxes.
    pub fn new(places: &Places, periodic: bool) -> Self {
        let period = if periodic { places.extent } else { [0.0; 3] };
        let mut all: Vec<([f64; 3], u32)> =
            places.points.iter().map(|&point| wrapped(point, period)).zip(0..).collect();
        let mut boxes = Vec::new();
        halve(&mut all, 0, &mut boxes);
        let (points, neurons) = all.into_iter().unzip();
        Space { boxes, points, neurons, period }
    }

    /// How many neurons there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// A box by its number; the first half of box `i` is `i + 1`.
    pub fn part(&self, number: u32) -> &Part {
        &self.boxes[number as usize]
    }

    /// The number in the population of the neuron at this place in the order of the boxes.
    pub fn neuron(&self, place: u32) -> u32 {
        self.neurons[place as usize]
    }

    /// A point brought into the first period.
    pub fn wrapped(&self, point: [f64; 3]) -> [f64; 3] {
        wrapped(point, self.period)
    }

    /// Squared distance from a wrapped point to the neuron at this place in the order of the boxes.
    pub fn squared_distance(&self, from: [f64; 3], place: u32) -> f64 {
        let to = self.points[place as usize];
        self.squared(|axis| (from[axis] - to[axis]).abs(), |_, gap| gap)
    }

    /// Squared distance from a wrapped point to the nearest point of a box: never more, not even by
    /// rounding, than that to any neuron in it.
    pub fn squared_gap(&self, from: [f64; 3], part: &Part) -> f64 {
        let near = |axis: usize| (part.low[axis] - from[axis]).max(from[axis] - part.high[axis]).max(0.0);
        let far = |axis: usize| (part.high[axis] - from[axis]).max(from[axis] - part.low[axis]);
        self.squared(near, |axis, _| far(axis))
    }

    /// Squares and adds gaps along the axes, going round the other way where that is shorter.
    #[inline]
    fn squared(&self, near: impl Fn(usize) -> f64, far: impl Fn(usize, f64) -> f64) -> f64 {
        let mut sum = 0.0;
        for axis in 0..3 {
            let mut gap = near(axis);
            if self.period[axis] > 0.0 {
                gap = gap.min((self.period[axis] - far(axis, gap)).max(0.0));
            }
            sum += gap * gap;
        }
        sum
    }
}

/// Adds the box of these neurons and, within it, its halves; `first` is the place of the first.
fn halve(neurons: &mut [([f64; 3], u32)], first: u32, boxes: &mut Vec<Part>) {
    let (mut low, mut high) = ([f64::INFINITY; 3], [f64::NEG_INFINITY; 3]);
    for (point, _) in neurons.iter() {
        for axis in 0..3 {
            low[axis] = low[axis].min(point[axis]);
            high[axis] = high[axis].max(point[axis]);
        }
    }
    let (number, count) = (boxes.len(), neurons.len() as u32);
    boxes.push(Part { low, high, first, count, second: None });
    if count <= FEW {
        // The halves hold the same neurons however they were parted; the order within is settled here.
        return neurons.sort_unstable_by_key(|&(_, neuron)| neuron);
    }
    let wider = |a: usize, b: usize| if high[b] - low[b] > high[a] - low[a] { b } else { a };
    let axis = (0..3).fold(0, wider);
    let middle = neurons.len() / 2;
    // Ties in the coordinate fall by number, so that there is one way only to part them.
    neurons.select_nth_unstable_by(middle, |(a, i), (b, j)| a[axis].total_cmp(&b[axis]).then(i.cmp(j)));
    let (left, right) = neurons.split_at_mut(middle);
    halve(left, first, boxes);
    boxes[number].second = Some(boxes.len() as u32);
    halve(right, first + middle as u32, boxes);
}

fn wrapped(mut point: [f64; 3], period: [f64; 3]) -> [f64; 3] {
    for axis in 0..3 {
        if period[axis] > 0.0 {
            point[axis] -= period[axis] * (point[axis] / period[axis] + 0.5).floor();
        }
    }
    point
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::rng::Key;

    fn scattered(count: u64, extent: [f64; 3]) -> Places {
        let point = |item: u64| {
            let mut stream = Key::new(5).stream(item);
            extent.map(|length| length * (stream.uniform() - 0.5))
        };
        Places { points: (0..count).map(point).collect(), extent }
    }

    #[test]
    fn no_neuron_is_nearer_than_its_box() {
        let places = scattered(500, [10.0, 4.0, 2.0]);
        for periodic in [false, true] {
            let space = Space::new(&places, periodic);
            for &from in &places.points {
                for part in &space.boxes {
                    let gap = space.squared_gap(from, part);
                    for place in part.first..part.first + part.count {
                        assert!(gap <= space.squared_distance(from, place));
                    }
                }
            }
        }
    }

    #[test]
    fn every_neuron_is_in_one_smallest_box() {
        let places = scattered(300, [3.0, 3.0, 0.0]);
        let space = Space::new(&places, false);
        let mut found: Vec<u32> = space
            .boxes
            .iter()
            .filter(|part| part.second.is_none())
            .flat_map(|part| (part.first..part.first + part.count).map(|place| space.neuron(place)))
            .collect();
        found.sort_unstable();
        assert_eq!(found, (0..300).collect::<Vec<_>>());
    }

    #[test]
    fn a_periodic_distance_is_that_to_the_nearest_image() {
        let points = vec![[-4.5, 0.0, 0.0], [4.0, -1.0, 0.0], [14.0, 9.0, 0.0]];
        let space = Space::new(&Places { points, extent: [10.0, 10.0, 0.0] }, true);
        let from = space.wrapped([4.5, 0.0, 0.0]);
        let mut squares: Vec<f64> = (0..3).map(|place| space.squared_distance(from, place)).collect();
        squares.sort_unstable_by(f64::total_cmp);
        assert_eq!(squares, [1.0, 1.25, 1.25]);
    }
}
