//! Convolutions and pools as tables of edges.
//!
//! As in training libraries, a convolution is a correlation: output (o, y, x) sums
//! weight (o, c, i, j) · input (c, y·stride + i·dilation − padding, …), and what lies outside is 0.

use super::linear::{Entry, MOST, Map, numbers, size, spread, words};
use recordings::hdf5::nir::{Field, Node};

/// What slides over an axis.
#[derive(Clone, Copy, Debug)]
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    /// Zeros before the first number.
    before: usize,
    output: usize,
}

impl Axis {
    fn new(
        input: usize,
        kernel: usize,
        stride: usize,
        dilation: usize,
        pad: (usize, usize),
    ) -> Result<Axis, String> {
        if stride == 0 || dilation == 0 || kernel == 0 {
            return Err("stride, dilation and kernel are at least 1".into());
        }
        let reach = (kernel - 1).checked_mul(dilation).and_then(|reach| reach.checked_add(1));
        let padded = input.checked_add(pad.0).and_then(|sum| sum.checked_add(pad.1));
        match (reach, padded) {
            (Some(reach), Some(padded)) if reach <= padded => Ok(Axis {
                input,
                kernel,
                stride,
                dilation,
                before: pad.0,
                output: (padded - reach) / stride + 1,
            }),
            _ => Err(format!("a kernel of {kernel} is longer than an input of {input}")),
        }
    }

    /// The place in the input that place `part` of the kernel lies on, for a place in the output.
    fn place(&self, output: usize, part: usize) -> Option<usize> {
        (output * self.stride + part * self.dilation)
            .checked_sub(self.before)
            .filter(|place| *place < self.input)
    }
}

/// Whole numbers ≥ 0 of a field, one for each axis.
fn each(node: &Node, name: &str, axes: usize) -> Result<Vec<usize>, String> {
    let array = numbers(node, name)?;
    let values =
        spread(array, axes).ok_or_else(|| format!("{name} is {}, for {axes} axes", words(&array.shape)))?;
    let whole = |value: f64| {
        let fits = (0.0..=f64::from(u32::MAX)).contains(&value);
        fits.then_some(value as usize).ok_or_else(|| format!("{name} holds {value}"))
    };
    values.into_iter().map(whole).collect()
}

/// Zeros before and behind each axis.
fn padding(
    node: &Node,
    kernel: &[usize],
    stride: &[usize],
    dilation: &[usize],
) -> Result<Vec<(usize, usize)>, String> {
    match node.field("padding") {
        Some(Field::Word(word)) if word == "valid" => Ok(vec![(0, 0); kernel.len()]),
        Some(Field::Word(word)) if word == "same" => {
            if stride.iter().any(|stride| *stride != 1) {
                return Err("padding \"same\" goes with a stride of 1".into());
            }
            let all =
                kernel.iter().zip(dilation).map(|(kernel, dilation)| kernel.saturating_sub(1) * dilation);
            Ok(all.map(|all| (all / 2, all - all / 2)).collect())
        }
        Some(Field::Word(word)) => Err(format!("padding is {word:?}; known are \"same\" and \"valid\"")),
        _ => Ok(each(node, "padding", kernel.len())?.into_iter().map(|zeros| (zeros, zeros)).collect()),
    }
}

/// Channels and, behind them, the `axes` that are convolved over; a flat input is cut as `sides` says.
fn layers(
    input: &[usize],
    sides: Option<Vec<usize>>,
    channels: usize,
    axes: usize,
) -> Result<Vec<usize>, String> {
    let sides = match (sides, input.len() == axes + 1) {
        (_, true) => input[1..].to_vec(),
        (Some(sides), false) => sides,
        (None, false) => return Err(format!("it takes {} axes and is given {}", axes + 1, words(input))),
    };
    let shape: Vec<usize> = [channels].into_iter().chain(sides).collect();
    match size(&shape)? == size(input)? {
        true => Ok(shape[1..].to_vec()),
        false => Err(format!("it takes {} and is given {}", words(&shape), words(input))),
    }
}

/// `Conv1d` and `Conv2d`.
pub fn convolution(node: &Node, input: &[usize], axes: usize) -> Result<Map, String> {
    let weight = numbers(node, "weight")?;
    if weight.shape.len() != axes + 2 {
        return Err(format!("weight is {}, for {axes} axes and two of channels", words(&weight.shape)));
    }
    let (out, of_group, kernel) = (weight.shape[0], weight.shape[1], &weight.shape[2..]);
    let groups = each(node, "groups", 1)?[0];
    if groups == 0 || out % groups != 0 {
        return Err(format!("{out} channels do not fall into {groups} groups"));
    }
    let channels = of_group.checked_mul(groups).ok_or("there are too many channels")?;
    let (stride, dilation) = (each(node, "stride", axes)?, each(node, "dilation", axes)?);
    let pads = padding(node, kernel, &stride, &dilation)?;
    let said = node.numbers("input_shape").filter(|shape| shape.values.len() == axes);
    let sides = layers(input, said.map(|_| each(node, "input_shape", axes)).transpose()?, channels, axes)?;
    let mut slides: Vec<Axis> = (0..axes)
        .map(|axis| Axis::new(sides[axis], kernel[axis], stride[axis], dilation[axis], pads[axis]))
        .collect::<Result<_, _>>()?;
    let shape: Vec<usize> = [out].into_iter().chain(slides.iter().map(|axis| axis.output)).collect();
    let numbers_out = size(&shape)? as usize / out.max(1);
    let bias = numbers(node, "bias")?;
    let of_channel =
        spread(bias, out).ok_or_else(|| format!("bias is {}, for {out} channels", words(&bias.shape)))?;
    let bias = of_channel.into_iter().flat_map(|bias| std::iter::repeat_n(bias, numbers_out)).collect();
    // One axis is two, of which the first has one place.
    if axes == 1 {
        slides.insert(0, Axis::new(1, 1, 1, 1, (0, 0))?);
    }
    let pairs =
        (0..out).flat_map(|to| (0..of_group).map(move |of| (to / (out / groups) * of_group + of, to)));
    let kernels = weight.values.chunks_exact(kernel.iter().product::<usize>().max(1));
    let entries =
        slid([slides[0], slides[1]], pairs.zip(kernels).map(|((from, to), kernel)| (from, to, kernel)))?;
    Ok(Map { entries, bias, shape })
}

/// `SumPool2d` and, with `mean`, `AvgPool2d`, which counts the zeros around.
pub fn pool(node: &Node, input: &[usize], mean: bool) -> Result<Map, String> {
    let &[channels, height, width] = input else {
        return Err(format!("it takes 3 axes and is given {}", words(input)));
    };
    let (kernel, stride) = (each(node, "kernel_size", 2)?, each(node, "stride", 2)?);
    let pads = padding(node, &kernel, &stride, &[1, 1])?;
    let axis = |number: usize, side| Axis::new(side, kernel[number], stride[number], 1, pads[number]);
    let slides = [axis(0, height)?, axis(1, width)?];
    let parts = kernel.iter().fold(1_usize, |parts, side| parts.saturating_mul(*side));
    if parts > MOST {
        return Err(format!("a kernel of {} is too large", words(&kernel)));
    }
    let weights = vec![if mean { 1.0 / parts as f64 } else { 1.0 }; parts];
    let entries = slid(slides, (0..channels).map(|channel| (channel, channel, &weights[..])))?;
    let shape = vec![channels, slides[0].output, slides[1].output];
    Ok(Map { entries, bias: vec![0.0; size(&shape)? as usize], shape })
}

/// Kernels from channel to channel, slid over two axes.
fn slid<'a>(
    slides: [Axis; 2],
    kernels: impl Iterator<Item = (usize, usize, &'a [f64])>,
) -> Result<Vec<Entry>, String> {
    let [rows, columns] = slides;
    let mut entries = Vec::new();
    for (from, to, kernel) in kernels {
        let places = rows.output.saturating_mul(columns.output).saturating_mul(kernel.len());
        if places.saturating_add(entries.len()) > MOST {
            return Err(format!("it has more than the {MOST} synapses that are imported"));
        }
        for y in 0..rows.output {
            for x in 0..columns.output {
                for (part, &weight) in kernel.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
                    let (i, j) = (part / columns.kernel, part % columns.kernel);
                    let (Some(row), Some(column)) = (rows.place(y, i), columns.place(x, j)) else { continue };
                    entries.push(Entry {
                        source: ((from * rows.input + row) * columns.input + column) as u32,
                        target: ((to * rows.output + y) * columns.output + x) as u32,
                        weight,
                        delay: 0.0,
                    });
                }
            }
        }
    }
    Ok(entries)
}
