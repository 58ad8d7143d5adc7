//! What the tests of rules share: populations, arguments, and all synapses of a recipe.
#![allow(dead_code, missing_docs)]

use sim_core::data::{DataError, DataFiles, NoFiles, Table};
use sim_core::parameter::{Argument, Arguments};
use sim_core::rng::Key;
use sim_core::rule::{ConnectionRule, Ends, Places, Site, Synapse, Wiring};
use std::ops::Range;
use std::sync::Arc;

/// Two populations without places.
pub fn two(sources: u32, targets: u32) -> Ends {
    Ends {
        source: "A".into(),
        target: "B".into(),
        sources,
        targets,
        recurrent: false,
        source_places: None,
        target_places: None,
    }
}

/// One population onto itself.
pub fn recurrent(size: u32) -> Ends {
    Ends { target: "A".into(), recurrent: true, ..two(size, size) }
}

/// The same with places, scattered over a layer.
pub fn placed(ends: Ends, extent: [f64; 3]) -> Ends {
    let source_places = Some(Arc::new(scattered(1, ends.sources, extent)));
    let target_places = match ends.recurrent {
        true => source_places.clone(),
        false => Some(Arc::new(scattered(2, ends.targets, extent))),
    };
    Ends { source_places, target_places, ..ends }
}

fn scattered(seed: u64, count: u32, extent: [f64; 3]) -> Places {
    let point = |item: u32| {
        let mut stream = Key::new(seed).named("places").stream(u64::from(item));
        extent.map(|length| length * (stream.uniform() - 0.5))
    };
    Places { points: (0..count).map(point).collect(), extent }
}

pub fn with(rule: &ConnectionRule, given: &[(&str, Argument)]) -> Arguments {
    given.iter().fold(Arguments::defaults(rule.parameters), |arguments, (name, value)| {
        arguments.with(name, value.clone())
    })
}

pub fn number(value: f64) -> Argument {
    Argument::Value(value)
}

pub fn whole(value: i64) -> Argument {
    Argument::Integer(value)
}

pub fn off() -> Argument {
    Argument::Flag(false)
}

pub fn on() -> Argument {
    Argument::Flag(true)
}

/// Makes a recipe after having the rule check it.
pub fn wire_from(
    rule: &ConnectionRule,
    arguments: &Arguments,
    ends: &Ends,
    seed: u64,
    files: &dyn DataFiles,
) -> Box<dyn Wiring> {
    let complaints = (rule.check)(arguments, ends);
    assert!(complaints.is_empty(), "{}: {complaints:?}", rule.name);
    let key = Key::new(seed).named("a projection");
    (rule.wire)(&Site { arguments, ends, key, files }).expect("the recipe can be made")
}

pub fn wire(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends, seed: u64) -> Box<dyn Wiring> {
    wire_from(rule, &with(rule, given), ends, seed, &NoFiles)
}

/// The synapses onto a range of targets.
pub fn onto(wiring: &dyn Wiring, targets: Range<u32>) -> Vec<Synapse> {
    let mut all = Vec::new();
    wiring.onto(targets, &mut |batch| all.extend_from_slice(batch));
    all
}

pub fn synapses(rule: &ConnectionRule, given: &[(&str, Argument)], ends: &Ends, seed: u64) -> Vec<Synapse> {
    onto(&*wire(rule, given, ends, seed), 0..ends.targets)
}

/// How many synapses each of `size` neurons has, by one of their ends.
pub fn degrees(synapses: &[Synapse], size: u32, end: impl Fn(&Synapse) -> u32) -> Vec<u32> {
    let mut degrees = vec![0; size as usize];
    synapses.iter().for_each(|synapse| degrees[end(synapse) as usize] += 1);
    degrees
}

pub fn source(synapse: &Synapse) -> u32 {
    synapse.source
}

pub fn target(synapse: &Synapse) -> u32 {
    synapse.target
}

pub fn has_autapse(synapses: &[Synapse]) -> bool {
    synapses.iter().any(|synapse| synapse.source == synapse.target)
}

pub fn has_multapse(synapses: &[Synapse]) -> bool {
    let mut pairs: Vec<(u32, u32)> = synapses.iter().map(|s| (s.source, s.target)).collect();
    pairs.sort_unstable();
    pairs.windows(2).any(|two| two[0] == two[1])
}

/// Asserts that the counts of independent classes fit their expectations: χ² within 5 standard
/// deviations of its mean, from above and from below (too good a fit is a fault too).
pub fn assert_fits(counts: &[(f64, f64)], freedom_lost: f64, what: &str) {
    let (mut chi, mut classes, mut rest) = (0.0, -freedom_lost, (0.0, 0.0));
    for &(count, expected) in counts {
        if expected < 5.0 {
            rest = (rest.0 + count, rest.1 + expected);
        } else {
            chi += (count - expected) * (count - expected) / expected;
            classes += 1.0;
        }
    }
    if rest.1 > 1.0 {
        chi += (rest.0 - rest.1) * (rest.0 - rest.1) / rest.1;
        classes += 1.0;
    } else {
        assert!(rest.0 < 20.0, "{what}: {} where {} were expected", rest.0, rest.1);
    }
    assert!(classes >= 1.0, "{what}: nothing to compare");
    let off = (chi - classes) / (2.0 * classes).sqrt();
    assert!((-5.0..5.0 + 5.0 / classes.sqrt()).contains(&off), "{what}: χ² {chi:.1} for {classes} classes");
}

/// Asserts that degrees are binomial(`n`, `p`).
pub fn assert_binomial(degrees: &[u32], n: u32, p: f64, what: &str) {
    let log_choose = |k: u32| (1..=k).map(|i| f64::from(n - k + i).ln() - f64::from(i).ln()).sum::<f64>();
    let law = |k: u32| (log_choose(k) + f64::from(k) * p.ln() + f64::from(n - k) * (-p).ln_1p()).exp();
    let most = degrees.iter().copied().max().unwrap_or(0) + 1;
    let counts: Vec<(f64, f64)> = (0..=most.min(n))
        .map(|k| {
            let count = degrees.iter().filter(|&&degree| degree == k).count();
            (count as f64, law(k) * degrees.len() as f64)
        })
        .collect();
    assert_fits(&counts, 1.0, what);
}

/// Data files in memory: one table for any path that is not empty.
pub struct Tables(pub Table);

impl DataFiles for Tables {
    fn edges(&self, path: &str, _: &str) -> Result<Table, DataError> {
        match path {
            "" => Err(DataError { path: path.into(), message: "no such file".into() }),
            _ => Ok(self.0.clone()),
        }
    }

    fn spikes(&self, path: &str, population: &str) -> Result<Table, DataError> {
        NoFiles.spikes(path, population)
    }
}

/// A table from columns.
pub fn table(columns: &[(&str, &[f64])]) -> Table {
    Table { columns: columns.iter().map(|(name, values)| (name.to_string(), values.to_vec())).collect() }
}
