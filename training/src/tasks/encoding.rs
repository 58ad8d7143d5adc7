//! How pictures become spikes.

use crate::spiking::events::Events;
use crate::tasks::code::Input;
use crate::tasks::images::Images;
use std::sync::Arc;

/// How brightness becomes spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The brighter a pixel, the more often it fires, evenly spread: in `steps` steps p/255·steps times.
    Rate,
    /// The brighter a pixel, the earlier it fires, once; one that is black never.
    Latency,
    /// Four neurons for a pixel, each with a brightness that it likes best and a Gaussian around it (Bohte, Kok and
    /// La Poutré 2002), which is its rate.
    Population,
    /// The picture jerks along a triangle, as in front of an event camera (Orchard et al. 2015), and a pixel fires
    /// when its brightness has risen (first plane) or fallen (second plane) by a quarter since it fired last.
    Delta,
}

/// Neurons for a pixel in the population code.
const LIKED: usize = 4;
/// How far the corners of the triangle are apart, in pixels.
const JERK: f64 = 4.0;
/// A change of brightness that fires.
const CHANGE: i32 = 64;

impl Code {
    /// The code of this name.
    pub fn named(name: &str) -> Self {
        match name {
            "Latency" => Self::Latency,
            "Population" => Self::Population,
            "Delta" => Self::Delta,
            _ => Self::Rate,
        }
    }

    /// Sources of a pixel.
    pub fn planes(self) -> usize {
        match self {
            Self::Rate | Self::Latency => 1,
            Self::Population => LIKED,
            Self::Delta => 2,
        }
    }

    /// Pictures as spikes in `steps` steps. `moved` are the columns and rows by which each is shifted; what comes
    /// in at the edges is dark. Sources are in the order `[row][column][plane]`.
    pub fn spikes(self, images: &Images, indices: &[usize], moved: &[(i32, i32)], steps: usize) -> Input {
        let shape = [steps, indices.len(), images.size() * self.planes()];
        let pictures = indices.iter().zip(moved).map(|(&index, &by)| Picture { images, index, by });
        let fired: Vec<Vec<(usize, u32)>> = match self {
            Self::Delta => pictures.map(|picture| changes(&picture, steps)).collect(),
            _ => {
                let times: Vec<Vec<(usize, usize)>> =
                    (0..=255).map(|pixel| self.firing(pixel, steps)).collect();
                pictures.map(|picture| still(&picture, &times, self.planes())).collect()
            }
        };
        let events = Events::listed(steps * indices.len(), |list| {
            for (sample, fired) in fired.iter().enumerate() {
                fired.iter().for_each(|&(step, source)| list.add(step * indices.len() + sample, source));
            }
        });
        Input { spikes: Arc::new(events), shape }
    }

    /// When a pixel of this brightness fires: (step, plane).
    fn firing(self, pixel: u8, steps: usize) -> Vec<(usize, usize)> {
        match self {
            Self::Latency if pixel == 0 => Vec::new(),
            Self::Latency => vec![(usize::from(255 - pixel) * (steps - 1) / 254, 0)],
            Self::Population => (0..LIKED)
                .flat_map(|plane| {
                    let off = f64::from(pixel) / 255.0 - plane as f64 / (LIKED - 1) as f64;
                    let width = 1.0 / (LIKED - 1) as f64;
                    let response = libm::exp(-0.5 * off * off / (width * width / 4.0));
                    evenly((255.0 * response) as u32, steps).map(move |step| (step, plane))
                })
                .collect(),
            _ => evenly(pixel.into(), steps).map(|step| (step, 0)).collect(),
        }
    }
}

/// Steps in which an integrator fires that is driven by `drive` of 255 and starts half full.
fn evenly(drive: u32, steps: usize) -> impl Iterator<Item = usize> {
    let mut charge = 127;
    (0..steps).filter(move |_| {
        charge += drive;
        let full = charge >= 255;
        charge -= if full { 255 } else { 0 };
        full
    })
}

/// A picture, shifted.
struct Picture<'a> {
    images: &'a Images,
    index: usize,
    by: (i32, i32),
}

impl Picture<'_> {
    /// Calls `take` with the number `(row · columns + column) · planes + plane` of each pixel and its brightness
    /// when the picture has moved `further`; what is outside of it is dark.
    fn each(&self, further: (i32, i32), mut take: impl FnMut(usize, u8)) {
        let Images { height, width, channels, .. } = *self.images;
        let (right, down) = (self.by.0 + further.0, self.by.1 + further.1);
        for (plane, pixels) in self.images.picture(self.index).chunks_exact(height * width).enumerate() {
            for row in 0..height {
                let from = row as i32 - down;
                let inside = (0..height as i32).contains(&from);
                let line = if inside { &pixels[from as usize * width..][..width] } else { &[] };
                for column in 0..width {
                    let from = column as i32 - right;
                    let pixel = usize::try_from(from).ok().and_then(|from| line.get(from)).copied();
                    take((row * width + column) * channels + plane, pixel.unwrap_or(0));
                }
            }
        }
    }
}

/// A picture that does not move: (step, source), by `times` (step, plane) of each brightness.
fn still(picture: &Picture<'_>, times: &[Vec<(usize, usize)>], planes: usize) -> Vec<(usize, u32)> {
    let mut fired = Vec::new();
    picture.each((0, 0), |place, pixel| {
        let times = &times[usize::from(pixel)];
        fired.extend(times.iter().map(|&(step, plane)| (step, (place * planes + plane) as u32)));
    });
    fired
}

/// A picture that jerks: (step, source).
fn changes(picture: &Picture<'_>, steps: usize) -> Vec<(usize, u32)> {
    let mut last = vec![0; picture.images.size()];
    picture.each((0, 0), |place, pixel| last[place] = i32::from(pixel));
    let mut fired = Vec::new();
    for step in 0..steps {
        picture.each(jerked((step + 1) as f64 / steps as f64), |place, pixel| {
            let change = i32::from(pixel) - last[place];
            if change.abs() >= CHANGE {
                last[place] += change;
                fired.push((step, (place * 2 + usize::from(change < 0)) as u32));
            }
        });
    }
    fired
}

/// Columns and rows by which the picture has moved after this share of three jerks: down to the right, up to the
/// right, and back.
fn jerked(share: f64) -> (i32, i32) {
    let corners = [(0.0, 0.0), (JERK / 2.0, JERK), (JERK, 0.0), (0.0, 0.0)];
    let leg = ((share * 3.0) as usize).min(2);
    let (from, to, along) = (corners[leg], corners[leg + 1], share * 3.0 - leg as f64);
    let between = |from: f64, to: f64| (from + (to - from) * along).round() as i32;
    (between(from.0, to.0), between(from.1, to.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fired(code: Code, pixels: &[u8; 4], steps: usize) -> Vec<(usize, u32)> {
        let images = Images { height: 2, width: 2, channels: 1, pixels: pixels.to_vec(), labels: vec![0] };
        let input = code.spikes(&images, &[0], &[(0, 0)], steps);
        assert_eq!(input.shape, [steps, 1, 4 * code.planes()]);
        let rows = input.spikes.rows().enumerate();
        rows.flat_map(|(step, sources)| sources.iter().map(move |&source| (step, source))).collect()
    }

    #[test]
    fn a_rate_is_how_often_a_pixel_fires() {
        let spikes = fired(Code::Rate, &[0, 64, 128, 255], 8);
        let count = |source| spikes.iter().filter(|spike| spike.1 == source).count();
        assert_eq!([count(0), count(1), count(2), count(3)], [0, 2, 4, 8]);
    }

    #[test]
    fn with_latencies_the_brightest_fires_first_and_black_never() {
        assert_eq!(fired(Code::Latency, &[255, 1, 0, 128], 5), [(0, 0), (2, 3), (4, 1)]);
    }

    #[test]
    fn in_a_population_that_neuron_fires_most_which_likes_the_brightness() {
        let spikes = fired(Code::Population, &[0, 85, 170, 255], 20);
        for pixel in 0..4 {
            let count = |plane: u32| spikes.iter().filter(|spike| spike.1 == pixel * 4 + plane).count();
            let most = (0..4).max_by_key(|&plane| count(plane)).expect("four");
            assert_eq!((most, count(most)), (pixel, 20));
        }
    }

    #[test]
    fn changes_fire_on_where_it_gets_brighter_and_off_where_it_gets_darker() {
        // One bright pixel in the corner moves away, over its neighbours, and comes back to the corner.
        let spikes = fired(Code::Delta, &[255, 0, 0, 0], 12);
        assert_eq!(spikes.first(), Some(&(0, 1)), "off, where it was");
        let back = spikes.iter().filter(|spike| spike.0 == 11).copied().collect::<Vec<_>>();
        assert_eq!(back, [(11, 0), (11, 3)], "on, where it came back to, and off beside it");
        assert!(fired(Code::Delta, &[0; 4], 12).is_empty(), "nothing changes in the dark");
    }
}
