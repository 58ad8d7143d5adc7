//! Projections, one for each pair of populations.

use crate::description::Description;
use crate::network::{Plastic, Projection, Sign};
use crate::parameter::{Argument, Arguments, Default, Kind};
use crate::quantity::Quantity;
use crate::read::Reader;
use crate::read::arguments::{Plugin, Surroundings};
use crate::read::number::{Asked, example, with_unit};
use crate::rule::{ConnectionRule, Ends};
use crate::source::Span;
use crate::units::Dimension;
use crate::validate::key;
use crate::validate::pairs::{Pair, pairs};
use crate::validate::populations::Entries;
use crate::validate::simulation::Run;
use crate::vocabulary::Vocabulary;

/// More synapses than these fit into no machine.
const MOST_SYNAPSES: f64 = 1e11;
/// More synapses than these fit into few.
const MANY_SYNAPSES: f64 = 4e9;
/// Target and weight of one synapse.
const BYTES_PER_SYNAPSE: f64 = 6.0;

/// A checked projection, with what shrinking needs to know of the full network.
pub(super) struct Wire {
    pub projection: Projection,
    pub span: Span,
    /// Synapses expected in this network, if the rule can tell.
    pub expected: Option<f64>,
    /// Synapses onto each target in the full network.
    pub indegree: Option<f64>,
    /// Mean weight in the full network.
    pub weight: Option<f64>,
}

/// All projections in the order of (source name, target name, own name).
pub(super) fn projections(
    description: &Description,
    vocabulary: &Vocabulary,
    entries: &Entries,
    run: &Run,
    reader: &mut Reader,
) -> Vec<Wire> {
    let checker = Checker { vocabulary, entries, run };
    pairs(description, entries, reader).iter().filter_map(|pair| checker.wire(pair, reader)).collect()
}

struct Checker<'a> {
    vocabulary: &'a Vocabulary,
    entries: &'a Entries,
    run: &'a Run,
}

impl Checker<'_> {
    fn wire(&self, pair: &Pair, reader: &mut Reader) -> Option<Wire> {
        let rule = reader.row(&pair.rule, self.vocabulary.rules, |row| row.name, "rule")?;
        let before = reader.found.len();
        let full = self.rule_arguments(pair, rule, reader);
        self.name_cell(pair, before, reader);
        let full_ends = self.entries.ends(pair.source, pair.target, true);
        let full_size = full.as_ref().zip(full_ends.as_ref()).map(|(full, ends)| (rule.expected)(full, ends));
        // A rule that does not know its size reads a file, which may bring weights and delays.
        let own = full_size == Some(None);
        let listed = full.as_ref().and_then(pairs_listed);
        let weight = self.weight(pair, own, listed, reader);
        let delay = self.delay(pair, own, listed, reader);
        let plasticity = match pair.plasticity {
            Some(plugin) => Some(self.plastic(plugin, pair, weight.as_ref(), reader)?),
            None => None,
        };
        let arguments = self.shrink(pair, rule, full?, &full_ends?, reader)?;
        let ends = self.entries.ends(pair.source, pair.target, false)?;
        let (weight, delay) = (weight?, delay?);
        let (source, target) = (&self.entries.at(pair.source).name, &self.entries.at(pair.target).name);
        let projection = Projection {
            name: pair.name.to_owned(),
            source: pair.source,
            target: pair.target,
            rule,
            weight: weight.as_ref().map(|weight| weight.scaled(1.0 / self.run.indegrees.sqrt())),
            delay,
            plasticity,
            key: key(self.run.seed, "projection").named(source).named(target).named(pair.name),
            arguments,
        };
        let targets = f64::from(self.entries.at(pair.target).full?).max(1.0);
        Some(Wire {
            expected: (rule.expected)(&projection.arguments, &ends),
            indegree: full_size.flatten().map(|size| size / targets),
            weight: weight.map(|weight| weight.mean()),
            span: pair.span,
            projection,
        })
    }

    fn rule_arguments(
        &self,
        pair: &Pair,
        rule: &'static ConnectionRule,
        reader: &mut Reader,
    ) -> Option<Arguments> {
        let mut around = Surroundings::default();
        if let Some(cell) = pair.cell {
            let Some(parameter) = rule.parameters.iter().find(|p| p.default == Default::Required) else {
                let message = format!("{} takes no number, so it cannot fill a table", rule.name);
                reader.error(pair.rule.span, message);
                return None;
            };
            around.cell = Some((parameter.name, cell));
        }
        let arguments = reader.arguments(pair.rule, rule.parameters, around)?;
        let ends = self.entries.ends(pair.source, pair.target, true)?;
        reader.complain((rule.check)(&arguments, &ends), &arguments).then_some(arguments)
    }

    /// Says which cell of a table new mistakes are about.
    fn name_cell(&self, pair: &Pair, before: usize, reader: &mut Reader) {
        if pair.cell.is_none() {
            return;
        }
        let (from, to) = (&self.entries.at(pair.source).name, &self.entries.at(pair.target).name);
        for mistake in &mut reader.found[before..] {
            if mistake.span == pair.span {
                let cell = format!("row {to} (to), column {from} (from)");
                mistake.help = Some(match mistake.help.take() {
                    Some(help) => format!("{help}; {cell}"),
                    None => cell,
                });
            }
        }
    }

    fn shrink(
        &self,
        pair: &Pair,
        rule: &'static ConnectionRule,
        full: Arguments,
        full_ends: &Ends,
        reader: &mut Reader,
    ) -> Option<Arguments> {
        let (neurons, indegrees) = (self.run.neurons, self.run.indegrees);
        if neurons >= 1.0 && indegrees >= 1.0 {
            return Some(full);
        }
        let Some(shrink) = rule.shrink else {
            let message = format!("{} cannot be shrunk by scale", rule.name);
            reader.error_with(pair.rule.span, message, "leave out scale, or take another rule");
            return None;
        };
        let arguments = shrink(&full, full_ends, neurons, indegrees);
        let ends = self.entries.ends(pair.source, pair.target, false)?;
        reader.complain((rule.check)(&arguments, &ends), &arguments).then_some(arguments)
    }

    /// What a weight onto the target measures, and the sentence that says why.
    fn weight_dimension(&self, target: usize) -> Option<(Dimension, String)> {
        let entry = self.entries.at(target);
        let (model, _) = entry.model?;
        let unit = match model.weight.base() {
            "" => "without a unit".into(),
            unit => format!("in {unit}"),
        };
        let because = format!("{} neurons take weights {unit}", model.name);
        Some((model.weight, because))
    }

    /// The weight: `Some(None)` if the rule brings its own.
    fn weight(
        &self,
        pair: &Pair,
        own: bool,
        listed: Option<usize>,
        reader: &mut Reader,
    ) -> Option<Option<Quantity>> {
        let (dimension, because) = self.weight_dimension(pair.target)?;
        let Some(value) = pair.weight else {
            return self.left_out(pair, own, "weight", &example(dimension, "…"), reader);
        };
        let asked = Asked { name: "weight", dimension, because: Some(&because) };
        let weight = reader.quantity(value, asked)?;
        let listed_right = list_fits(&weight, listed, "weight", value.span(), reader);
        let sign_right = self.sign_fits(pair, &weight, dimension, value.span(), reader);
        (listed_right && sign_right).then_some(Some(weight))
    }

    fn left_out(
        &self,
        pair: &Pair,
        own: bool,
        what: &str,
        form: &str,
        reader: &mut Reader,
    ) -> Option<Option<Quantity>> {
        if own {
            return Some(None);
        }
        let (source, target) = (&self.entries.at(pair.source).name, &self.entries.at(pair.target).name);
        if pair.cell.is_some() {
            let message = format!("no line of {what} covers this cell, from \"{source}\" to \"{target}\"");
            reader.error_with(
                pair.span,
                message,
                format!("add a line to {what}: (from: [\"{source}\"], value: {form})"),
            );
        } else {
            reader.error_with(
                pair.span,
                format!("this projection needs {what}"),
                format!("add {what}: {form}"),
            );
        }
        None
    }

    fn sign_fits(
        &self,
        pair: &Pair,
        weight: &Quantity,
        dimension: Dimension,
        span: Span,
        reader: &mut Reader,
    ) -> bool {
        let source = self.entries.at(pair.source);
        let (low, high) = weight.bounds();
        let (sign, wrong, bound) = match source.sign {
            Some(Sign::Excitatory) if low < 0.0 => ("Excitatory", "below", low),
            Some(Sign::Inhibitory) if high > 0.0 => ("Inhibitory", "above", high),
            _ => return true,
        };
        let message = format!("\"{}\" is {sign}, but this weight can be {wrong} 0", source.name);
        let field = if wrong == "below" { "min" } else { "max" };
        let help = if bound.is_finite() {
            format!("it can be {}", with_unit(bound, dimension))
        } else {
            format!("add {field}: {}", example(dimension, "0.0"))
        };
        reader.error_with(span, message, help);
        false
    }

    /// The delay: `Some(None)` if the rule brings its own.
    fn delay(
        &self,
        pair: &Pair,
        own: bool,
        listed: Option<usize>,
        reader: &mut Reader,
    ) -> Option<Option<Quantity>> {
        let Some(value) = pair.delay else { return self.left_out(pair, own, "delay", "ms(1.0)", reader) };
        let delay = reader.quantity(value, Asked::new("delay", Dimension::Time))?;
        let dt = self.run.dt?;
        let fits = list_fits(&delay, listed, "delay", value.span(), reader);
        (reader.delay_fits(&delay, dt, value.span()) && fits).then_some(Some(delay))
    }

    fn plastic(
        &self,
        plugin: Plugin,
        pair: &Pair,
        weight: Option<&Option<Quantity>>,
        reader: &mut Reader,
    ) -> Option<Plastic> {
        let model = reader.row(&plugin, self.vocabulary.synapses, |row| row.name, "synapse model")?;
        let (dimension, because) = self.weight_dimension(pair.target)?;
        let around = Surroundings { weight: Some((dimension, &because)), ..Surroundings::default() };
        let mut arguments = reader.arguments(plugin, model.parameters, around)?;
        if !reader.complain((model.check)(&arguments), &arguments) {
            return None;
        }
        if let (Some(Some(weight)), Some(value)) = (weight, pair.weight)
            && !one_sign(weight, value.span(), &arguments, dimension, reader)
        {
            return None;
        }
        // Bounds of weights grow with the weights of a shrunken network.
        for parameter in model.parameters.iter().filter(|p| p.kind == Kind::Weight) {
            if let Argument::Value(bound) = *arguments.get(parameter.name) {
                let bound = bound / self.run.indegrees.sqrt();
                arguments = arguments.with(parameter.name, Argument::Value(bound));
            }
        }
        Some(Plastic { model, arguments })
    }
}

/// Whether plastic weights have one sign, which is also that of their bounds: they keep it.
fn one_sign(
    weight: &Quantity,
    span: Span,
    arguments: &Arguments,
    dimension: Dimension,
    reader: &mut Reader,
) -> bool {
    let (low, high) = weight.bounds();
    if low < 0.0 && high > 0.0 {
        let help = format!("add min: {zero}, or max: {zero}", zero = example(dimension, "0.0"));
        reader.error_with(
            span,
            "weights of plastic synapses keep their sign, but these can have either",
            help,
        );
        return false;
    }
    let bounds = arguments.table().iter().filter(|parameter| parameter.kind == Kind::Weight);
    for parameter in bounds {
        let Some(bound) = arguments.try_number(parameter.name) else { continue };
        if bound * low < 0.0 || bound * high < 0.0 {
            let message = format!("the weight and {} have different signs", parameter.name);
            reader.error_with(
                span,
                message,
                format!("{} is {}", parameter.name, with_unit(bound, dimension)),
            );
            return false;
        }
    }
    true
}

/// How many pairs a rule lists, if it lists pairs.
fn pairs_listed(arguments: &Arguments) -> Option<usize> {
    let parameter = arguments.table().iter().find(|p| p.kind == Kind::Pairs)?;
    Some(arguments.pairs(parameter.name).len())
}

/// Values can be listed synapse by synapse only where the synapses are listed too.
fn list_fits(
    quantity: &Quantity,
    listed: Option<usize>,
    what: &str,
    span: Span,
    reader: &mut Reader,
) -> bool {
    let Quantity::List(values) = quantity else { return true };
    match listed {
        Some(pairs) if pairs == values.len() => return true,
        Some(pairs) => {
            let message = format!("{what} lists {} values, but the rule lists {pairs} pairs", values.len());
            reader.error(span, message);
        }
        None => {
            let message = format!("{what} cannot be a list here: this rule does not list its synapses");
            reader.error_with(
                span,
                message,
                "write one value or a distribution, or take rule: List(pairs: […])",
            );
        }
    }
    false
}

/// Says when there are more synapses than a machine can hold.
pub(super) fn count(description: &Description, wires: &[Wire], reader: &mut Reader) {
    let total: f64 = wires.iter().filter_map(|wire| wire.expected).sum();
    if total < MANY_SYNAPSES {
        return;
    }
    let size = |wire: &Wire| wire.expected.unwrap_or(0.0);
    let largest = wires.iter().max_by(|a, b| size(a).total_cmp(&size(b)));
    let span = largest.map_or(description.span, |wire| wire.span);
    let message = format!("this network has {total:.3e} synapses: {:.0} GB", total * BYTES_PER_SYNAPSE / 1e9);
    let share = largest.map_or(0.0, size);
    let help = format!("this projection alone has {share:.3e}");
    if total >= MOST_SYNAPSES {
        reader.error_with(span, format!("{message}; no machine can hold that"), help);
    } else {
        reader.warn(span, message, help);
    }
}
