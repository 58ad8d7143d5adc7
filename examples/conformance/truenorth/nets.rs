//! Nets of cores.

use super::super::case::{Case, Outcome, first_difference, number, numbers, tuples};
use super::{Story, THREADS, fast, first_spike, mode, plain};
use backends::truenorth::bits::Bits;
use backends::truenorth::core::{Core, Target};
use backends::truenorth::emulator::Input;
use backends::truenorth::neuron::Neuron;
use serde_json::Value;

/// A net of cores, against spikes, potentials and their sums.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    let grid = numbers(file, "grid")?;
    let [width, height] = grid[..] else { return Err("grid is not two numbers".into()) };
    let columns = names(file)?;
    let list = file["cores"].as_array().ok_or("cores is not a list")?;
    let mut cores = vec![Core::default(); (width * height).max(0) as usize];
    let mut outputs = Vec::new();
    let place = |x: i64, y: i64| {
        let inside = (0..width).contains(&x) && (0..height).contains(&y);
        inside.then_some((y * width + x) as usize).ok_or(format!("there is no core at ({x}, {y})"))
    };
    for core in list {
        let number = place(number(core, "x")?, number(core, "y")?)?;
        let (loaded, out) = loaded(core, &columns, &place)?;
        cores[number] = loaded;
        outputs.extend(out.into_iter().map(|(neuron, output)| ((number as i64, neuron), output)));
    }
    let input = |[tick, x, y, axon]: [i64; 4]| {
        let (core, axon) = (place(x, y)? as u32, axon.try_into().map_err(|_| format!("no axon is {axon}"))?);
        Ok(Input { tick: tick + 1, core, axon })
    };
    let inputs = tuples(file, "stimulus")?.into_iter().map(input).collect::<Result<Vec<_>, String>>()?;
    let ticks = number(file, "steps")?;
    let difference = |story: &Story| against(&file["expected"], story, &outputs);
    let name = || "net".to_owned();
    let outcome = Outcome::of(difference(&plain(&cores, &inputs, ticks))?);
    let mut cases = vec![Case { name: name(), semantics: "plain".into(), outcome }];
    for threads in THREADS {
        let outcome = Outcome::of(difference(&fast(&cores, &inputs, ticks, None, threads)?)?);
        let name = format!("{} on {threads} threads", name());
        cases.push(Case { name, semantics: "parallel".into(), outcome });
    }
    Ok(cases)
}

fn names(file: &Value) -> Result<Vec<String>, String> {
    let list = file["neuron_columns"].as_array().ok_or("neuron_columns is not a list")?;
    Ok(list.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect())
}

/// A core, and which of its neurons are which outputs.
type Loaded = (Core, Vec<(i64, i64)>);

fn loaded(
    core: &Value,
    columns: &[String],
    place: &dyn Fn(i64, i64) -> Result<usize, String>,
) -> Result<Loaded, String> {
    let text = core["axon_types"].as_str().ok_or("axon_types is not a text")?;
    let axon_types: Vec<u8> = text.bytes().map(|digit| digit.wrapping_sub(b'0')).collect();
    let rows = core["crossbar"].as_array().ok_or("crossbar is not a list")?;
    let mut loaded = Core { rows: vec![Bits::NONE; axon_types.len()], axon_types, ..Core::default() };
    for (neuron, row) in rows.iter().enumerate() {
        for axon in ones_of(row.as_str().ok_or("a row of the crossbar is not a text")?)? {
            let row = loaded.rows.get_mut(axon).ok_or(format!("there is no axon {axon}"))?;
            row.set(neuron);
        }
    }
    let mut outputs = Vec::new();
    let tuples = core["neurons"].as_array().ok_or("neurons is not a list")?;
    for (number, tuple) in tuples.iter().enumerate() {
        let value = |name: &str| {
            let column = columns.iter().position(|column| column == name);
            column.and_then(|column| tuple[column].as_i64()).ok_or(format!("a neuron has no {name}"))
        };
        let small = |name: &str| Ok::<_, String>(value(name)? as i32);
        loaded.neurons.push(Neuron {
            weights: [value("s0")?, value("s1")?, value("s2")?, value("s3")?].map(|s| s as i16),
            leak: value("lambda")? as i16,
            alpha: small("alpha")?,
            beta: small("beta")?,
            reset: small("R")?,
            mode: mode(value("gamma")?)?,
            ..Neuron::default()
        });
        loaded.potentials.push(small("v0")?);
        loaded.targets.push(if value("dest_x")? < 0 {
            outputs.push((number as i64, value("dest_axon")?));
            Target::Out
        } else {
            Target::Axon {
                core: place(value("dest_x")?, value("dest_y")?)? as u32,
                axon: value("dest_axon")? as u8,
                delay: value("delay")? as u8,
            }
        });
    }
    Ok((loaded, outputs))
}

/// Which bits of a hexadecimal number are set.
fn ones_of(hex: &str) -> Result<Vec<usize>, String> {
    let mut ones = Vec::new();
    for (place, digit) in hex.chars().rev().enumerate() {
        let value = digit.to_digit(16).ok_or(format!("{hex} is not hexadecimal"))?;
        ones.extend((0..4).filter(|bit| value >> bit & 1 == 1).map(|bit| place * 4 + bit));
    }
    Ok(ones)
}

/// The first difference between a run and what is expected of it.
fn against(expected: &Value, story: &Story, outputs: &[((i64, i64), i64)]) -> Result<Option<String>, String> {
    let spikes = tuples::<3>(expected, "spikes")?;
    if let Some(difference) = first_spike("spike (tick, core, neuron)", &spikes, &story.spikes) {
        return Ok(Some(difference));
    }
    let output = |&[tick, core, neuron]: &[i64; 3]| {
        let own = outputs.iter().find(|(place, _)| *place == (core, neuron));
        own.map(|&(_, output)| [tick, output])
    };
    let mut out: Vec<[i64; 2]> = story.spikes.iter().filter_map(output).collect();
    let mut wanted = tuples::<2>(expected, "out_spikes")?;
    // What fired in the last tick had not left the simulator that made the vectors.
    let last = story.potentials.len() as i64 - 1;
    out.retain(|&[tick, _]| tick < last);
    wanted.retain(|&[tick, _]| tick < last);
    out.sort_unstable();
    wanted.sort_unstable();
    if let Some(difference) = first_spike("output (tick, number)", &wanted, &out) {
        return Ok(Some(difference));
    }
    let sum = |cores: &Vec<Vec<i32>>| cores.iter().flatten().map(|&v| i64::from(v)).sum();
    let sums: Vec<i64> = story.potentials.iter().map(sum).collect();
    if let Some(difference) = first_difference("the sum of potentials", 0, &numbers(expected, "vsum")?, &sums)
    {
        return Ok(Some(difference));
    }
    let probed = expected["v"].as_object().ok_or("v is not a map")?;
    for name in probed.keys() {
        let place = name.split_once('.').and_then(|(core, j)| Some((core.parse().ok()?, j.parse().ok()?)));
        let (core, neuron): (usize, usize) = place.ok_or(format!("{name} is no neuron"))?;
        let of = |cores: &Vec<Vec<i32>>| cores.get(core).and_then(|core| core.get(neuron)).copied();
        let found: Option<Vec<i64>> = story.potentials.iter().map(|cores| of(cores).map(i64::from)).collect();
        let found = found.ok_or(format!("there is no neuron {name}"))?;
        let what = format!("the potential of {name}");
        if let Some(difference) = first_difference(&what, 0, &numbers(&expected["v"], name)?, &found) {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}
