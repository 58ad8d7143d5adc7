//! The network file of a graph: an ordinary one.

use super::graph::{Graph, Part, Population, Role};
use crate::integers::{Begins, Integers};
use crate::layers::Function;
use crate::layers::run::Asked;
use std::fmt::Write;

/// Name of the file with synapses, beside the network file.
pub const EDGES: &str = "synapses.h5";
/// Name of the file with the spikes that go in, beside the network file.
pub const SPIKES: &str = "input.h5";

impl Graph {
    /// The spikes that ask questions one after the other: time in ms and neuron of the question, by time.
    pub fn ask(&self, network: &Integers, questions: &[Asked]) -> Vec<(f64, u32)> {
        let mut spikes = Vec::new();
        let always = self.populations[0].size as u32 - 1;
        for (trial, asked) in questions.iter().enumerate() {
            let end = (trial * self.timing.trial + self.timing.load) as f64;
            spikes.push((end - 1.0, always));
            match asked {
                Asked::Tokens(tokens) => {
                    let neuron = |cell: usize, token: u32| (cell * self.tokens.unwrap_or(1)) as u32 + token;
                    spikes.extend(
                        tokens.iter().enumerate().map(|(cell, token)| (end - 1.0, neuron(cell, *token))),
                    );
                }
                Asked::Numbers(numbers) => {
                    let register = network.registers.iter().position(|r| r.begins == Begins::Numbers);
                    let Some(register) = register else { continue };
                    let said = network.registers[register].number;
                    if self.exact {
                        let early = numbers.iter().map(|number| f64::from(*number) / said.grain);
                        let fired = (0..).zip(early).filter(|(_, early)| *early > 0.0);
                        spikes.extend(fired.map(|(neuron, early)| (end - early, neuron)));
                        continue;
                    }
                    let begin = end - self.timing.code.steps(said.bits) as f64;
                    for (neuron, number) in (0..).zip(network.begin(register, asked)) {
                        let fired = self.timing.code.spikes(number.unsigned_abs(), said.bits);
                        spikes.extend(fired.into_iter().map(|position| (begin + position as f64, neuron)));
                    }
                }
            }
        }
        if self.exact {
            // On the grid a spike stands at the end of its step; here at its own time, and the neurons of the question fire
            // a step after what drives them.
            spikes.iter_mut().for_each(|spike| spike.0 = (spike.0 - 1.0).max(0.0));
        }
        spikes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        spikes
    }

    /// The text of the network file that asks `questions` questions.
    pub fn text(&self, title: &str, questions: usize) -> String {
        let timing = &self.timing;
        let mut text = format!("// {title}.\n//\n");
        let _ = write!(
            text,
            "// Numbers are said in the code {}. A question comes every {} ms, in {} rounds of {} ms; a step is 1 ms.\n\
             (\n    format: 1,\n    title: {title:?},\n    populations: [\n",
            timing.code.word(),
            timing.trial,
            timing.trial / timing.round,
            timing.round
        );
        for population in &self.populations {
            let _ = writeln!(
                text,
                "        (name: {:?}, size: {}, model: {}),",
                population.name,
                population.size,
                self.model(population)
            );
        }
        text += "    ],\n    projections: [\n";
        for projection in &self.projections {
            let (from, to) = (&self.populations[projection.from].name, &self.populations[projection.to].name);
            let (name, template) = &self.templates[projection.template];
            let mut rule = format!("path: {EDGES:?}, population: {name:?}");
            if template.copies > 1 {
                let _ = write!(rule, ", copies: {}", template.copies);
                for (name, stride) in
                    [("source_stride", template.source_stride), ("target_stride", template.target_stride)]
                {
                    if stride != 1 {
                        let _ = write!(rule, ", {name}: {stride}");
                    }
                }
            }
            if projection.factor != 1 {
                let _ = write!(rule, ", factor: {}", projection.factor);
            }
            let _ = writeln!(
                text,
                "        (name: \"{from}_{to}_{}\", from: [{from:?}], to: [{to:?}], rule: EdgeFile({rule}), delay: ms(1)),",
                projection.template
            );
        }
        let names: Vec<String> = self.populations[1..].iter().map(|p| format!("{:?}", p.name)).collect();
        let _ = write!(
            text,
            "    ],\n    stimuli: [\n        (name: \"questions\", to: [\"question\"], weight: 1, source: SpikeFile(path: \
             {SPIKES:?}, population: \"question\")),\n    ],\n    recordings: [\n        (what: Spikes, from: [{}]),\n    \
             ],\n    simulation: (duration: ms({}), dt: ms(1), seed: 1{}),\n)\n",
            names.join(", "),
            timing.trial * questions,
            if self.exact { ", clock: Exact" } else { "" }
        );
        text
    }

    fn model(&self, population: &Population) -> String {
        let (model, function) = match population.role {
            Role::Question => return "Parrot".into(),
            Role::Function(function) => ("CodedSum", word(function)),
            Role::Product => ("CodedProduct", None),
            Role::Quotient => ("CodedQuotient", None),
        };
        let mut said = format!("code: {}, bits: {}", self.timing.code.word(), population.bits);
        if let Some(function) = function {
            let _ = write!(said, ", function: {function}");
        }
        if population.part == Part::Negative {
            said += ", part: Negative";
        }
        let (unit, grain, period) = (population.unit, population.grain, self.timing.round);
        let _ = write!(said, ", unit: {unit:?}, grain: {grain:?}, period: ms({period})");
        let (operand, length) = &population.operand;
        let _ = write!(said, ", window: ms({})", population.window);
        let windows = [
            ("hear", &population.hear),
            ("hear_on", &population.hear_on),
            ("operand", operand),
            ("send", &population.send),
        ];
        for (name, starts) in windows.into_iter().filter(|(_, starts)| !starts.is_empty()) {
            // In continuous time all windows are of one length.
            let longer = population.window.saturating_sub(self.timing.code.steps(population.bits));
            let earlier = if self.exact && name == "send" { longer } else { 0 };
            let starts: Vec<String> = starts.iter().map(|start| format!("ms({})", start - earlier)).collect();
            let _ = write!(said, ", {name}: [{}]", starts.join(", "));
        }
        if !operand.is_empty() {
            let _ = write!(said, ", operand_window: ms({length})");
        }
        if let Some(stop) = population.stop {
            let _ = write!(said, ", stop: ms({stop})");
        }
        if population.is_set {
            let _ = write!(said, ", set: ms(1), trial: ms({})", self.timing.trial);
        }
        format!("{model}({said})")
    }
}

fn word(function: Function) -> Option<&'static str> {
    match function {
        Function::Identity => None,
        Function::Relu => Some("Relu"),
        Function::Silu => Some("Silu"),
        Function::Gelu => Some("Gelu"),
        Function::Square => Some("Square"),
        Function::Root => Some("Root"),
        Function::Exp => Some("Exp"),
    }
}
