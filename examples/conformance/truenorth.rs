//! Vectors for TrueNorth: nets of cores, and single neurons in every mode.
//!
//! Each case is run by the chip as the description reads, `plain`, and by the bit-parallel one, on one, two
//! and three threads. Ticks count from 0 in the files and from 1 here.

use super::case::{Case, Outcome, first_difference, number, numbers, tuples};
use backends::truenorth::bits::Bits;
use backends::truenorth::core::{Core, Target};
use backends::truenorth::draws::Draws;
use backends::truenorth::emulator::{Emulator, Input, Probed, Setting};
use backends::truenorth::limits::{AXONS, NEURONS, TYPES, Widths};
use backends::truenorth::neuron::{Neuron, ResetMode, Semantics};
use backends::truenorth::reference::Reference;
use serde_json::Value;
use sim_core::rng::Key;

/// Threads on which the bit-parallel chip runs.
const THREADS: [usize; 3] = [1, 2, 3];

/// Runs the cases of a file.
///
/// # Errors
/// When the file is not as its kind should be.
pub fn cases(file: &Value) -> Result<Vec<Case>, String> {
    match file["kind"].as_str().unwrap_or_default() {
        "truenorth_net" => net(file),
        "truenorth_neuron" => {
            let list = file["cases"].as_array().ok_or("cases is not a list")?;
            let all: Vec<Vec<Case>> = list.iter().map(neuron).collect::<Result<_, _>>()?;
            Ok(all.into_iter().flatten().collect())
        }
        kind => Err(format!("no kind is called {kind}")),
    }
}

/// What a run did: potentials of all neurons after each tick, and who fired, as (tick, core, neuron).
#[derive(Default)]
struct Story {
    potentials: Vec<Vec<Vec<i32>>>,
    spikes: Vec<[i64; 3]>,
}

/// Runs cores as the description reads.
fn plain(cores: &[Core], inputs: &[Input], ticks: i64) -> Story {
    let mut chip = Reference::new(cores.to_vec(), Semantics::default(), Key::new(0));
    let mut story = Story::default();
    for tick in 1..=ticks {
        for input in inputs.iter().filter(|input| input.tick == tick) {
            chip.activate(tick, input.core as usize, input.axon.into());
        }
        chip.live(|core, neuron| story.spikes.push([tick - 1, core as i64, neuron as i64]));
        let potentials = chip.lived.iter().map(|core| core.iter().map(|lived| lived.potential).collect());
        story.potentials.push(potentials.collect());
    }
    story
}

/// Runs cores bit-parallel.
fn fast(
    cores: &[Core],
    inputs: &[Input],
    ticks: i64,
    draws: Option<Vec<u32>>,
    threads: usize,
) -> Result<Story, String> {
    let setting = Setting { semantics: Semantics::default(), widths: Widths::default(), key: Key::new(0) };
    let mut chip = Emulator::new(cores, setting, threads, None).map_err(|found| found.join("; "))?;
    if let Some(draws) = draws {
        chip.draws(0, |own| *own = Draws::recorded(draws.clone()));
    }
    let all = |(core, loaded): (usize, &Core)| (0..loaded.neurons.len()).map(move |j| (core, j)).collect();
    let probes: Vec<Probed> =
        cores.iter().enumerate().map(all).map(|neurons| Probed { every: 1, neurons }).collect();
    chip.probe(&probes);
    let mut story = Story::default();
    let mut spikes = Vec::new();
    while chip.now() < ticks {
        let (from, until) = (chip.now(), ticks.min(chip.now() + chip.epoch()));
        let due: Vec<Input> = inputs.iter().copied().filter(|i| i.tick > from && i.tick <= until).collect();
        chip.advance(until, &due, &mut spikes);
        let blank = || cores.iter().map(|core| vec![0; core.neurons.len()]).collect();
        story.potentials.resize_with(until as usize, blank);
        for (tick, core, neuron, potential) in chip.samples() {
            story.potentials[tick as usize - 1][core][neuron] = potential;
        }
    }
    let place = |name: u32| [i64::from(name) / NEURONS as i64, i64::from(name) % NEURONS as i64];
    story.spikes = spikes
        .iter()
        .map(|spike| {
            let [core, neuron] = place(spike.neuron);
            [spike.step - 1, core, neuron]
        })
        .collect();
    Ok(story)
}

/// A net of cores, against spikes, potentials and their sums.
fn net(file: &Value) -> Result<Vec<Case>, String> {
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

fn mode(gamma: i64) -> Result<ResetMode, String> {
    match gamma {
        0 => Ok(ResetMode::Absolute),
        1 => Ok(ResetMode::Linear),
        2 => Ok(ResetMode::None),
        _ => Err(format!("gamma is {gamma}, not 0, 1 or 2")),
    }
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

fn first_spike<const N: usize>(what: &str, expected: &[[i64; N]], found: &[[i64; N]]) -> Option<String> {
    let place = (0..expected.len().max(found.len())).find(|&i| expected.get(i) != found.get(i))?;
    let told = |list: &[[i64; N]]| list.get(place).map_or("none".into(), |spike| format!("{spike:?}"));
    Some(format!("{what} number {place} is {}, expected {}", told(found), told(expected)))
}

/// A single neuron, tick by tick.
fn neuron(case: &Value) -> Result<Vec<Case>, String> {
    let (neuron, start) = (parameters(case)?, number(case, "v0")? as i32);
    let events = events(case)?;
    let draws = case["prn"].as_array().into_iter().flatten().flat_map(|tick| tick.as_array()).flatten();
    let draws: Vec<u32> = draws.filter_map(|draw| draw.as_u64()?.try_into().ok()).collect();
    let spikes: Vec<[i64; 3]> = numbers(case, "spikes")?.into_iter().map(|tick| [tick, 0, 0]).collect();
    let wanted = numbers(case, "v")?;
    let difference = |found: &[[i64; 3]], potentials: &[i64]| {
        first_spike("spike (tick, core, neuron)", &spikes, found)
            .or_else(|| first_difference("the potential", 0, &wanted, potentials))
    };
    let case_of = |semantics: &str, outcome| Case {
        name: case["id"].as_str().unwrap_or("a neuron").to_owned(),
        semantics: semantics.into(),
        outcome,
    };

    let (mut v, mut stream) = (start, Draws::recorded(draws.clone()));
    let (mut befores, mut potentials, mut fired) = (Vec::new(), Vec::new(), Vec::new());
    for (tick, types) in (0..).zip(&events) {
        let lived = neuron.live(v, types.iter().copied(), &mut stream, Semantics::default());
        v = lived.potential;
        befores.push(i64::from(lived.before_reset));
        potentials.push(i64::from(v));
        fired.extend(lived.fired.then_some([tick, 0, 0]));
    }
    let before =
        first_difference("the potential before reset", 0, &numbers(case, "v_before_reset")?, &befores);
    let left = (stream.left() != Some(0)).then(|| format!("{:?} draws are left over", stream.left()));
    let plain = Outcome::of(before.or_else(|| difference(&fired, &potentials)).or(left));

    let parallel = match through_axons(neuron, start, &events) {
        None => Outcome::Skipped("a tick has more events than a core has axons for".into()),
        Some((core, inputs)) => {
            let story = fast(&[core], &inputs, events.len() as i64, Some(draws), 1)?;
            let potentials: Vec<i64> = story.potentials.iter().map(|cores| cores[0][0].into()).collect();
            Outcome::of(difference(&story.spikes, &potentials))
        }
    };
    Ok(vec![case_of("plain", plain), case_of("parallel", parallel)])
}

fn parameters(case: &Value) -> Result<Neuron, String> {
    let flag = |value: &Value| value.as_i64().unwrap_or(0) != 0;
    let weights: [i64; TYPES] = numbers(case, "s")?.try_into().map_err(|_| "s is not four numbers")?;
    Ok(Neuron {
        weights: weights.map(|s| s as i16),
        stochastic_weights: std::array::from_fn(|g| flag(&case["b"][g])),
        leak: number(case, "lambda")? as i16,
        stochastic_leak: flag(&case["c_lambda"]),
        leak_reversal: flag(&case["epsilon"]),
        alpha: number(case, "alpha")? as i32,
        beta: number(case, "beta")? as i32,
        mask: number(case, "M")? as i32,
        reset: number(case, "R")? as i32,
        mode: mode(number(case, "gamma")?)?,
        saturates: flag(&case["kappa"]),
    })
}

/// Types of the active axons of each tick, in order.
fn events(case: &Value) -> Result<Vec<Vec<usize>>, String> {
    let list = case["events"].as_array().ok_or("events is not a list")?;
    let digit = |digit: char| digit.to_digit(TYPES as u32).map(|digit| digit as usize);
    let types = |text: &Value| text.as_str()?.chars().map(digit).collect::<Option<Vec<usize>>>();
    list.iter().map(types).collect::<Option<_>>().ok_or("events are not texts of axon types".into())
}

/// A core of one neuron whose axons go through the types that are used, again and again, so that events of a
/// tick keep their order; nothing if it has too few.
fn through_axons(neuron: Neuron, start: i32, events: &[Vec<usize>]) -> Option<(Core, Vec<Input>)> {
    let used: Vec<usize> = (0..TYPES).filter(|kind| events.iter().any(|tick| tick.contains(kind))).collect();
    let kind_of = |axon: usize| used.get(axon % used.len().max(1)).copied().unwrap_or(0);
    let mut inputs = Vec::new();
    for (tick, types) in (1..).zip(events) {
        let mut next = 0;
        for &kind in types {
            let axon = (next..AXONS).find(|&axon| kind_of(axon) == kind)?;
            inputs.push(Input { tick, core: 0, axon: axon as u8 });
            next = axon + 1;
        }
    }
    let core = Core {
        axon_types: (0..AXONS).map(|axon| kind_of(axon) as u8).collect(),
        rows: vec![Bits([1, 0, 0, 0]); AXONS],
        neurons: vec![neuron],
        potentials: vec![start],
        targets: vec![Target::Out],
    };
    Some((core, inputs))
}
