//! Nodes without a state: linear maps of what flows through them, as tables of edges.

use super::convolution::{convolution, pool};
use recordings::hdf5::nir::{Array, Node};

/// Most entries of a map.
pub const MOST: usize = 1 << 28;
/// Most numbers that flow from one node to another.
const WIDEST: usize = 1 << 24;

/// One number of the input reaches one of the output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Entry {
    /// Place in the input.
    pub source: u32,
    /// Place in the output.
    pub target: u32,
    /// What it is multiplied by, not 0.
    pub weight: f64,
    /// How much later it arrives, in s.
    pub delay: f64,
}

/// output = (sum of entries) + bias.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map {
    /// Entries in any order.
    pub entries: Vec<Entry>,
    /// One number for each of the output.
    pub bias: Vec<f64>,
    /// Length of each axis of the output.
    pub shape: Vec<usize>,
}

/// How many numbers a shape has.
///
/// # Errors
/// When they are more than are imported.
pub fn size(shape: &[usize]) -> Result<u32, String> {
    let product = shape.iter().try_fold(1_usize, |product, &length| product.checked_mul(length));
    match product.filter(|size| *size <= WIDEST) {
        Some(size) => Ok(size as u32),
        None => Err(format!("{} are more neurons than the {WIDEST} that are imported", words(shape))),
    }
}

/// "2×34×34".
pub fn words(shape: &[usize]) -> String {
    match shape {
        [] => "one number".into(),
        _ => shape.iter().map(usize::to_string).collect::<Vec<_>>().join("×"),
    }
}

/// What a node without a state makes of an input of this shape.
///
/// # Errors
/// What does not fit.
pub fn map(node: &Node, input: &[usize]) -> Result<Map, String> {
    match node.kind.name {
        "Linear" | "Affine" => matrix(node, input),
        "Scale" => scale(numbers(node, "scale")?, input),
        "Conv1d" => convolution(node, input, 1),
        "Conv2d" => convolution(node, input, 2),
        "SumPool2d" => pool(node, input, false),
        "AvgPool2d" => pool(node, input, true),
        "Flatten" => flatten(node, input),
        "Delay" => delay(numbers(node, "delay")?, input),
        other => Err(format!("{other} is no node without a state")),
    }
}

/// A field of numbers that a node must have.
pub fn numbers<'a>(node: &'a Node, name: &str) -> Result<&'a Array, String> {
    node.numbers(name).ok_or_else(|| format!("{name} is not of numbers"))
}

fn matrix(node: &Node, input: &[usize]) -> Result<Map, String> {
    let weight = numbers(node, "weight")?;
    let &[rows, columns] = &weight.shape[..] else {
        return Err(format!("weight is {}, not a matrix of outputs×inputs", words(&weight.shape)));
    };
    if size(input)? as usize != columns {
        return Err(format!("it takes {columns} numbers and is given {}", words(input)));
    }
    size(&[rows])?;
    let entry = |(place, &weight): (usize, &f64)| Entry {
        source: (place % columns) as u32,
        target: (place / columns) as u32,
        weight,
        delay: 0.0,
    };
    let entries = weight.values.iter().enumerate().filter(|(_, weight)| **weight != 0.0).map(entry).collect();
    let bias = match node.numbers("bias") {
        Some(bias) => spread(bias, rows)
            .ok_or_else(|| format!("weight is {} and bias {}", words(&weight.shape), words(&bias.shape)))?,
        None => vec![0.0; rows],
    };
    Ok(Map { entries, bias, shape: vec![rows] })
}

/// One number for each of `count`, if there are so many or one for all.
pub fn spread(array: &Array, count: usize) -> Option<Vec<f64>> {
    match array.values[..] {
        [one] => Some(vec![one; count]),
        _ => (array.values.len() == count).then(|| array.values.clone()),
    }
}

fn scale(scale: &Array, input: &[usize]) -> Result<Map, String> {
    diagonal(scale, input, "scale", |&(source, value)| Entry {
        source,
        target: source,
        weight: value,
        delay: 0.0,
    })
}

fn delay(delay: &Array, input: &[usize]) -> Result<Map, String> {
    if let Some(negative) = delay.values.iter().find(|value| **value < 0.0) {
        return Err(format!("delay holds {negative}; nothing arrives before it was sent"));
    }
    diagonal(delay, input, "delay", |&(source, value)| Entry {
        source,
        target: source,
        weight: 1.0,
        delay: value,
    })
}

fn diagonal(
    values: &Array,
    input: &[usize],
    name: &str,
    entry: impl Fn(&(u32, f64)) -> Entry,
) -> Result<Map, String> {
    let count = size(input)?;
    let each = spread(values, count as usize)
        .ok_or_else(|| format!("{name} is {} and it is given {}", words(&values.shape), words(input)))?;
    let entries = (0..count).zip(each).map(|pair| entry(&pair)).filter(|entry| entry.weight != 0.0).collect();
    Ok(Map { entries, bias: vec![0.0; count as usize], shape: input.to_vec() })
}

/// Numbers stay in their order; only the axes from `start_dim` to `end_dim` become one.
fn flatten(node: &Node, input: &[usize]) -> Result<Map, String> {
    let axis = |name: &str| {
        let said = numbers(node, name)?.values.first().copied().unwrap_or(0.0);
        let counted = if said < 0.0 { said + input.len() as f64 } else { said };
        let there = counted >= 0.0 && counted < input.len().max(1) as f64;
        there
            .then_some(counted as usize)
            .ok_or_else(|| format!("{name} is {said}, and it is given {}", words(input)))
    };
    let (start, end) = (axis("start_dim")?, axis("end_dim")?);
    if start > end {
        return Err(format!("start_dim {start} lies behind end_dim {end}"));
    }
    let mut shape = input.to_vec();
    if !input.is_empty() {
        shape.splice(start..=end, [input[start..=end].iter().product()]);
    }
    Ok(Map { shape, ..identity(input)? })
}

/// What changes nothing.
pub fn identity(shape: &[usize]) -> Result<Map, String> {
    scale(&Array { shape: Vec::new(), values: vec![1.0] }, shape)
}

/// Whether entries pass all of `size` numbers on as they are, times one number and later by one delay, which
/// are told.
pub fn one_to_one(entries: &[Entry], size: u32) -> Option<(f64, f64)> {
    let first = entries.first()?;
    let alike = |(place, entry): (usize, &Entry)| {
        let same = (entry.weight, entry.delay) == (first.weight, first.delay);
        same && entry.source as usize == place && entry.target as usize == place
    };
    (entries.len() == size as usize && entries.iter().enumerate().all(alike))
        .then_some((first.weight, first.delay))
}

/// First `inner`, then `outer`; `middle` numbers lie between them.
///
/// # Errors
/// When they are too many.
pub fn after(inner: &[Entry], outer: &[Entry], middle: u32) -> Result<Vec<Entry>, String> {
    if one_to_one(inner, middle) == Some((1.0, 0.0)) {
        return Ok(outer.to_vec());
    }
    let mut starts = vec![0_usize; middle as usize + 1];
    inner.iter().for_each(|entry| starts[entry.target as usize + 1] += 1);
    (0..middle as usize).for_each(|place| starts[place + 1] += starts[place]);
    let mut by_target = inner.to_vec();
    by_target.sort_by_key(|entry| (entry.target, entry.source));
    let reaching =
        |entry: &Entry| &by_target[starts[entry.source as usize]..starts[entry.source as usize + 1]];
    let count = outer.iter().map(|entry| reaching(entry).len()).fold(0_usize, usize::saturating_add);
    if count > MOST {
        return Err(format!("{count} synapses are more than the {MOST} that are imported"));
    }
    let mut entries = Vec::with_capacity(count);
    for entry in outer {
        entries.extend(reaching(entry).iter().map(|first| Entry {
            source: first.source,
            target: entry.target,
            weight: first.weight * entry.weight,
            delay: first.delay + entry.delay,
        }));
    }
    Ok(merged(entries))
}

/// Sorted by target, source and delay, with entries between the same places added up.
pub fn merged(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by(|a, b| (a.target, a.source).cmp(&(b.target, b.source)).then(a.delay.total_cmp(&b.delay)));
    entries.dedup_by(|next, first| {
        let same = (next.source, next.target, next.delay) == (first.source, first.target, first.delay);
        if same {
            first.weight += next.weight;
        }
        same
    });
    entries
}
