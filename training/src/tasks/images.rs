//! Labelled pictures: MNIST's files, CIFAR-10's, or digits that the program draws.

use crate::tasks::file::{Bytes, DataProblem, bytes, find};
use sim_core::rng::{Key, Stream};
use std::path::Path;

/// Labelled pictures of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    /// Planes of a picture, such as red, green and blue.
    pub channels: usize,
    /// Rows of a plane.
    pub height: usize,
    /// Columns of a plane.
    pub width: usize,
    /// `[picture][plane][row][column]`, 0 to 255.
    pub pixels: Vec<u8>,
    /// What each shows, from 0.
    pub labels: Vec<u8>,
}

impl Images {
    /// How many.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Numbers in one picture.
    pub fn size(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The pixels of a picture.
    pub fn picture(&self, index: usize) -> &[u8] {
        &self.pixels[index * self.size()..][..self.size()]
    }

    /// Cuts off the pictures from `at`.
    pub fn split_off(&mut self, at: usize) -> Self {
        let size = self.size();
        Self { pixels: self.pixels.split_off(at * size), labels: self.labels.split_off(at), ..*self }
    }
}

/// Pictures to learn from and pictures to be tested on.
#[derive(Clone, Debug)]
pub struct ImageSet {
    /// To learn from.
    pub train: Images,
    /// To be tested on.
    pub test: Images,
    /// How many different labels there are.
    pub classes: usize,
}

/// MNIST's files (IDX, gzip or not) in a folder: `train-images…idx3…`, `test-…` or `t10k-…`.
pub fn mnist(folder: &Path) -> Result<ImageSet, DataProblem> {
    let test = if find(folder, &["t10k", "images"]).is_ok() { "t10k" } else { "test" };
    let read = |part: &str| idx(&find(folder, &[part, "images"])?, &find(folder, &[part, "labels"])?);
    Ok(ImageSet { train: read("train")?, test: read(test)?, classes: 10 })
}

fn idx(images: &Path, labels: &Path) -> Result<Images, DataProblem> {
    let (mut pictures, mut names) = (bytes(images)?, bytes(labels)?);
    let [count, height, width] = idx_head::<3>(&mut pictures)?;
    let [named] = idx_head::<1>(&mut names)?;
    if count != named {
        return Err(names.problem(format!("{named} labels for {count} pictures")));
    }
    let size = count.checked_mul(height).and_then(|size| size.checked_mul(width)).unwrap_or(usize::MAX);
    let pixels = pictures.take(size)?.to_vec();
    let labels = names.take(count)?.to_vec();
    if let Some(label) = labels.iter().find(|&&label| label > 9) {
        return Err(names.problem(format!("the label {label} is not a digit")));
    }
    Ok(Images { channels: 1, height, width, pixels, labels })
}

/// The sizes that an IDX file of bytes with `N` dimensions announces.
fn idx_head<const N: usize>(file: &mut Bytes) -> Result<[usize; N], DataProblem> {
    let magic = file.array::<4>()?;
    if magic != [0, 0, 8, N as u8] {
        return Err(file.problem(format!("this is not an IDX file of bytes with {N} dimensions")));
    }
    let mut sizes = [0; N];
    for size in &mut sizes {
        *size = u32::from_be_bytes(file.array()?) as usize;
    }
    Ok(sizes)
}

/// CIFAR-10's binary records (gzip or not) in a folder: files named `…train…` or `data_batch…`, and `…test…`.
pub fn cifar10(folder: &Path) -> Result<ImageSet, DataProblem> {
    let train = match find(folder, &["train", "bin"]) {
        Ok(path) => cifar10_records(&path)?,
        Err(_) => {
            let batch = |k: usize| cifar10_records(&find(folder, &[&format!("data_batch_{k}"), "bin"])?);
            let mut all = batch(1)?;
            for more in (2..=5).map(batch) {
                let more = more?;
                all.pixels.extend(more.pixels);
                all.labels.extend(more.labels);
            }
            all
        }
    };
    Ok(ImageSet { train, test: cifar10_records(&find(folder, &["test", "bin"])?)?, classes: 10 })
}

fn cifar10_records(path: &Path) -> Result<Images, DataProblem> {
    const RECORD: usize = 1 + 3 * 32 * 32;
    let mut file = bytes(path)?;
    if file.left() == 0 || file.left() % RECORD != 0 {
        return Err(file.problem(format!("its {} bytes are not records of {RECORD}", file.left())));
    }
    let mut images = Images { channels: 3, height: 32, width: 32, pixels: Vec::new(), labels: Vec::new() };
    while file.left() > 0 {
        let [label] = file.array()?;
        if label > 9 {
            return Err(file.problem(format!("there is no class {label}")));
        }
        images.labels.push(label);
        images.pixels.extend_from_slice(file.take(RECORD - 1)?);
    }
    Ok(images)
}

/// Digits that the program draws: strokes of a seven-segment display, moved, turned, slanted and blurred.
pub fn drawn(seed: u64, train: usize, test: usize) -> ImageSet {
    let draw = |part: &str, count: usize| {
        let key = Key::new(seed).named("drawn digits").named(part);
        let mut images =
            Images { channels: 1, height: 28, width: 28, pixels: Vec::new(), labels: Vec::new() };
        for index in 0..count {
            let label = (index % 10) as u8;
            images.labels.push(label);
            images.pixels.extend(draw_digit(label, &mut key.stream(index as u64)));
        }
        images
    };
    ImageSet { train: draw("train", train), test: draw("test", test), classes: 10 }
}

/// The segments of a seven-segment display that are lit for each digit.
const LIT: [&[usize]; 10] = [
    &[0, 1, 2, 4, 5, 6],
    &[2, 5],
    &[0, 2, 3, 4, 6],
    &[0, 2, 3, 5, 6],
    &[1, 2, 3, 5],
    &[0, 1, 3, 5, 6],
    &[0, 1, 3, 4, 5, 6],
    &[0, 2, 5],
    &[0, 1, 2, 3, 4, 5, 6],
    &[0, 1, 2, 3, 5, 6],
];

/// Ends of the segments in a square of ±1.
const SEGMENTS: [[f64; 4]; 7] = [
    [-0.6, -1.0, 0.6, -1.0],
    [-0.6, -1.0, -0.6, 0.0],
    [0.6, -1.0, 0.6, 0.0],
    [-0.6, 0.0, 0.6, 0.0],
    [-0.6, 0.0, -0.6, 1.0],
    [0.6, 0.0, 0.6, 1.0],
    [-0.6, 1.0, 0.6, 1.0],
];

fn draw_digit(digit: u8, stream: &mut Stream) -> Vec<u8> {
    let mut between = |low: f64, high: f64| low + (high - low) * stream.uniform();
    let (turn, slant, size) = (between(-0.25, 0.25), between(-0.3, 0.3), between(6.0, 9.5));
    let (x0, y0, half) = (between(11.5, 15.5), between(11.5, 15.5), between(0.9, 1.9));
    let (sin, cos) = libm::sincos(turn);
    let place = |x: f64, y: f64| {
        let x = x + slant * y;
        (x0 + size * (cos * x - sin * y), y0 + size * (sin * x + cos * y))
    };
    let mut strokes = Vec::new();
    for &segment in LIT[digit as usize] {
        let [xa, ya, xb, yb] = SEGMENTS[segment].map(|end| end + between(-0.12, 0.12));
        strokes.push((place(xa, ya), place(xb, yb)));
    }
    let mut pixels = Vec::with_capacity(28 * 28);
    for at in 0..28 * 28 {
        let here = (f64::from(at % 28), f64::from(at / 28));
        let near = strokes.iter().map(|&(a, b)| distance(here, a, b)).fold(f64::MAX, f64::min);
        let ink = (half + 0.7 - near).clamp(0.0, 1.0) * between(0.75, 1.0);
        pixels.push((255.0 * ink) as u8);
    }
    pixels
}

/// From a point to a stretch.
fn distance((x, y): (f64, f64), (xa, ya): (f64, f64), (xb, yb): (f64, f64)) -> f64 {
    let (dx, dy) = (xb - xa, yb - ya);
    let length = (dx * dx + dy * dy).max(1e-12);
    let along = (((x - xa) * dx + (y - ya) * dy) / length).clamp(0.0, 1.0);
    libm::hypot(x - xa - along * dx, y - ya - along * dy)
}
