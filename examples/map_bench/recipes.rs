//! Networks for comparing partitions, made bit for bit from a few numbers by SplitMix64.

use serde_json::Value;

/// A network: who each neuron projects to, ascending, and how often it fires.
pub struct Recipe {
    /// The targets of each neuron.
    pub targets: Vec<Vec<u32>>,
    /// The spikes of each neuron.
    pub spikes: Vec<u64>,
}

/// The network that `spec` describes; an error says what the description lacks.
pub fn build(spec: &Value) -> Result<Recipe, String> {
    let seed = number(spec, "seed")?;
    let mut random = SplitMix(seed);
    let targets = match spec["family"].as_str() {
        Some("mlp") => mlp(&numbers(spec, "layers")?),
        Some("grid") => {
            grid(&mut random, number(spec, "side")?, number(spec, "radius")?, number(spec, "degree")?)
        }
        Some("random") => uniform(&mut random, number(spec, "n")?, number(spec, "degree")?),
        Some("modular") => modular(&mut random, spec)?,
        Some("conv") => conv(spec)?,
        other => return Err(format!("no family {other:?} of networks")),
    };
    let mut random = SplitMix(seed ^ 0xAB_CDEF);
    let spikes = targets
        .iter()
        .map(|_| match random.below(100) {
            0..60 => 1 + random.below(5),
            60..95 => 5 + random.below(30),
            _ => 50 + random.below(150),
        })
        .collect();
    Ok(Recipe { targets, spikes })
}

impl Recipe {
    /// FNV-1a of (source, number of targets, targets, spikes) of every neuron, as words of 32 bits.
    pub fn checksum(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let mut eat = |word: u32| {
            for byte in word.to_le_bytes() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for (source, (targets, &spikes)) in self.targets.iter().zip(&self.spikes).enumerate() {
            eat(source as u32);
            eat(targets.len() as u32);
            targets.iter().for_each(|&target| eat(target));
            eat(spikes as u32);
        }
        hash
    }

    /// All synapses (source, target).
    pub fn synapses(&self) -> impl Iterator<Item = (u32, u32)> + Clone {
        self.targets
            .iter()
            .enumerate()
            .flat_map(|(source, targets)| targets.iter().map(move |&target| (source as u32, target)))
    }
}

struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.0;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        ((self.next() >> 33) * bound) >> 31
    }
}

fn number(spec: &Value, name: &str) -> Result<u64, String> {
    spec[name].as_u64().ok_or_else(|| format!("`{name}` is no whole number"))
}

fn numbers(spec: &Value, name: &str) -> Result<Vec<u64>, String> {
    let list = spec[name].as_array().ok_or_else(|| format!("`{name}` is no list"))?;
    list.iter().map(|entry| entry.as_u64().ok_or_else(|| format!("`{name}` has no whole numbers"))).collect()
}

fn sorted(mut targets: Vec<u32>) -> Vec<u32> {
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// Where layers of these sizes begin, and where the last ends.
fn offsets(sizes: &[u64]) -> Vec<u64> {
    let mut ends = vec![0];
    for size in sizes {
        ends.push(ends[ends.len() - 1] + size);
    }
    ends
}

/// Layers, each fully connected to the next.
fn mlp(layers: &[u64]) -> Vec<Vec<u32>> {
    let ends = offsets(layers);
    let mut targets = vec![Vec::new(); ends[layers.len()] as usize];
    dense(&mut targets, &ends, 0);
    targets
}

fn dense(targets: &mut [Vec<u32>], ends: &[u64], first: usize) {
    for layer in first..ends.len().saturating_sub(2) {
        let next: Vec<u32> = (ends[layer + 1] as u32..ends[layer + 2] as u32).collect();
        targets[ends[layer] as usize..ends[layer + 1] as usize].fill(next);
    }
}

/// A square, every neuron with random targets within a radius.
fn grid(random: &mut SplitMix, side: u64, radius: u64, degree: u64) -> Vec<Vec<u32>> {
    let neurons = 0..side * side;
    neurons
        .map(|neuron| {
            let (y, x) = (neuron / side, neuron % side);
            let draws =
                (0..degree).map(|_| (y + random.below(2 * radius + 1), x + random.below(2 * radius + 1)));
            let inside = |at: u64| at.checked_sub(radius).filter(|&at| at < side);
            let targets = draws.collect::<Vec<_>>().into_iter().filter_map(|(row, column)| {
                let target = inside(row)? * side + inside(column)?;
                (target != neuron).then_some(target as u32)
            });
            sorted(targets.collect())
        })
        .collect()
}

/// Targets anywhere.
fn uniform(random: &mut SplitMix, neurons: u64, degree: u64) -> Vec<Vec<u32>> {
    let mut row = |neuron| {
        let draws = (0..degree).map(|_| random.below(neurons)).filter(|&target| target != neuron);
        sorted(draws.map(|target| target as u32).collect())
    };
    (0..neurons).map(&mut row).collect()
}

/// Communities hidden by a permutation.
fn modular(random: &mut SplitMix, spec: &Value) -> Result<Vec<Vec<u32>>, String> {
    let (neurons, communities) = (number(spec, "n")?, number(spec, "communities")?);
    let (degree, inside) = (number(spec, "degree")?, number(spec, "inside_ppm")?);
    let mut places: Vec<u32> = (0..neurons as u32).collect();
    for i in (1..neurons).rev() {
        places.swap(i as usize, random.below(i + 1) as usize);
    }
    let size = neurons / communities;
    let mut targets = vec![Vec::new(); neurons as usize];
    for a in 0..neurons {
        let community = (a / size).min(communities - 1);
        let mut row = Vec::new();
        for _ in 0..degree {
            let near = random.below(1_000_000) < inside;
            let b = if near { community * size + random.below(size) } else { random.below(neurons) };
            if b != a {
                row.push(places[b as usize]);
            }
        }
        targets[places[a as usize] as usize] = sorted(row);
    }
    Ok(targets)
}

/// Convolutions of 3 × 3 with strides, then dense layers.
fn conv(spec: &Value) -> Result<Vec<Vec<u32>>, String> {
    let (size, channels, strides) = (numbers(spec, "hw")?, numbers(spec, "conv")?, numbers(spec, "stride")?);
    let [height, width] = size[..] else { return Err("`hw` is not a height and a width".to_owned()) };
    let mut shapes = vec![(height, width, *channels.first().ok_or("`conv` is empty")?)];
    for (&channels, &stride) in channels[1..].iter().zip(&strides) {
        let (height, width, _) = shapes[shapes.len() - 1];
        shapes.push(((height - 3) / stride + 1, (width - 3) / stride + 1, channels));
    }
    let mut sizes: Vec<u64> =
        shapes.iter().map(|&(height, width, channels)| height * width * channels).collect();
    sizes.extend(numbers(spec, "dense")?);
    let ends = offsets(&sizes);
    let mut targets = vec![Vec::new(); ends[sizes.len()] as usize];
    for (layer, shapes) in shapes.windows(2).enumerate() {
        let ((_, from_width, from_channels), (height, width, channels)) = (shapes[0], shapes[1]);
        for (y, x) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            let first = ends[layer + 1] + (y * width + x) * channels;
            for (dy, dx) in (0..3).flat_map(|dy| (0..3).map(move |dx| (dy, dx))) {
                let at = (y * strides[layer] + dy) * from_width + x * strides[layer] + dx;
                for channel in 0..from_channels {
                    let source = (ends[layer] + at * from_channels + channel) as usize;
                    targets[source].extend(first as u32..(first + channels) as u32);
                }
            }
        }
    }
    let mut targets: Vec<Vec<u32>> = targets.into_iter().map(sorted).collect();
    dense(&mut targets, &ends, shapes.len() - 1);
    Ok(targets)
}
