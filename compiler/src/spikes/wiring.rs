//! What is wired to what: the question, registers, the units of nets, what they write, and the halt.

use super::graph::{Graph, Part, Population, Role, Source};
use super::template::Template;
use super::timing::Levels;
use crate::integers::{Begins, From, IntegerNet, Integers, Makes, Term, Unit};
use crate::layers::{Function, Shape};

impl Graph {
    pub(super) fn question(&mut self, network: &Integers) {
        let asked = network.registers.iter().find_map(|register| match &register.begins {
            Begins::Tokens { table, before } => {
                let Shapes { cells, tokens } = Shapes::new(table.len(), *before, register.shape);
                Some((cells * tokens, Some(tokens)))
            }
            Begins::Numbers => Some((register.shape.len(), None)),
            _ => None,
        });
        let (size, tokens) = asked.unwrap_or((0, None));
        self.tokens = tokens;
        let blank = Population {
            name: "question".into(),
            source: Source::Question,
            // One more fires in every trial.
            size: size + 1,
            role: Role::Question,
            part: Part::Positive,
            bits: 1,
            unit: 1.0,
            grain: 1.0,
            window: self.timing.load,
            hear: Vec::new(),
            hear_on: Vec::new(),
            operand: (Vec::new(), 0),
            send: Vec::new(),
            stop: None,
            is_set: false,
        };
        self.populations.push(blank);
    }

    pub(super) fn registers(&mut self, network: &Integers) {
        let blank = Population {
            is_set: true,
            role: Role::Function(Function::Identity),
            ..self.populations[0].clone()
        };
        let always = self.populations[0].size as u32 - 1;
        let nets = network.nets.iter().chain([&network.head.1]);
        if nets.flatten().any(|unit| unit.heard().any(|from| from == From::One)) {
            let send = self.timing.waves.iter().map(|begin| begin + self.timing.load - 1).collect();
            let one = Population { name: "one".into(), source: Source::One, size: 1, send, ..blank.clone() };
            self.populations.push(one);
            let synapse = Template::once(vec![(always, 0, 1)]);
            self.wire("question_one".into(), synapse, Source::Question, Source::One);
        }
        for (at, register) in network.registers.iter().enumerate() {
            let number = register.number;
            let length = self.timing.code.steps(number.bits);
            let read =
                network.waves.iter().map(|wave| wave.reads.contains(&at)).chain([network.head.0 == at]);
            let begins = self.timing.waves.iter().zip(read).filter(|(_, read)| *read);
            // All windows of a level end together.
            let send = begins.map(|(begin, _)| begin + self.timing.load - length).collect();
            let population = Population {
                name: register.name.clone(),
                source: Source::Register(at),
                size: register.shape.len(),
                bits: number.bits,
                unit: number.grain,
                grain: number.grain,
                send,
                is_set: register.begins != Begins::Nothing,
                ..blank.clone()
            };
            self.populate(population, number.signed);
            let name = format!("question_{}", register.name);
            let synapses = match &register.begins {
                Begins::Nothing => continue,
                Begins::Numbers => Template::each(1, register.shape.len()),
                Begins::Always(values) => Template::once(
                    (0..)
                        .zip(values)
                        .filter(|(_, value)| **value != 0)
                        .map(|(to, value)| (always, to, *value))
                        .collect(),
                ),
                Begins::Tokens { table, before } => embedding(table, *before, register.shape),
            };
            self.wire(name, synapses, Source::Question, Source::Register(at));
        }
    }

    pub(super) fn net(
        &mut self,
        at: usize,
        net: &IntegerNet,
        levels: &Levels,
        begins: &[usize],
        reads: &[usize],
    ) {
        for (number, unit) in net.iter().enumerate() {
            let population = self.population(at, number, unit, levels, begins);
            self.populate(population, unit.sends.signed);
            let to = Source::Unit(at, number);
            for (place, term) in unit.sum.iter().chain(unit.operand()).enumerate() {
                let template = Template::of(term, unit.shape);
                let name = format!("{}_{place}", unit.name);
                match term.from {
                    From::One => self.wire(name, template, Source::One, to),
                    From::Unit(from) => self.wire(name, template, Source::Unit(at, from), to),
                    From::Registers => {
                        for read in reads {
                            self.wire(
                                format!("{name}_{read}"),
                                template.clone(),
                                Source::Register(*read),
                                to,
                            );
                        }
                    }
                }
            }
        }
    }

    fn population(
        &self,
        at: usize,
        number: usize,
        unit: &Unit,
        levels: &Levels,
        begins: &[usize],
    ) -> Population {
        let code = self.timing.code;
        // A spike arrives one step after it was sent.
        let windows = |level: usize, length: usize| -> Vec<usize> {
            begins.iter().map(|begin| begin + levels.ends[level] - length + 1).collect()
        };
        let mut heard: Vec<usize> = unit.sum.iter().map(|term| levels.level(term.from)).collect();
        heard.sort_unstable();
        heard.dedup();
        let longest = unit.sum.iter().map(|term| self.length(at, term)).max().unwrap_or(1);
        let (first, others) = heard.split_first().map_or((0, &[][..]), |(first, others)| (*first, others));
        let operand = unit.operand().map_or((Vec::new(), 0), |operand| {
            let length = self.length(at, operand);
            (windows(levels.level(operand.from), length), length)
        });
        let length = code.steps(unit.sends.bits);
        let send = windows(levels.of[number], length).into_iter().map(|start| start - 1).collect();
        Population {
            name: unit.name.clone(),
            source: Source::Unit(at, number),
            size: unit.shape.len(),
            role: match unit.makes {
                Makes::Function(function) => Role::Function(function),
                Makes::Product(_) => Role::Product,
                Makes::Quotient(_) => Role::Quotient,
            },
            part: Part::Positive,
            bits: unit.sends.bits,
            unit: unit.unit,
            grain: unit.sends.grain,
            window: longest,
            hear: windows(first, longest),
            hear_on: others.iter().flat_map(|level| windows(*level, longest)).collect(),
            operand,
            send,
            stop: None,
            is_set: false,
        }
    }

    /// Steps in which what a term hears is sent.
    fn length(&self, at: usize, term: &Term) -> usize {
        match term.from {
            From::Registers => self.timing.load,
            From::One => 1,
            From::Unit(from) => {
                let sender = self.sending(Source::Unit(at, from))[0];
                self.timing.code.steps(self.populations[sender].bits)
            }
        }
    }

    /// What nets make goes to registers, which hear it in the waves that write to them.
    pub(super) fn writes(&mut self, network: &Integers) {
        let mut wired: Vec<(usize, usize)> = Vec::new();
        for (wave, begin) in network.waves.iter().zip(self.timing.waves.clone()) {
            let unit = network.nets[wave.net].len() - 1;
            let start =
                begin + self.timing.nets[wave.net].ends.last().copied().unwrap_or(0) - self.timing.load + 1;
            for register in self.sending(Source::Register(wave.writes)) {
                self.populations[register].hear.push(start);
            }
            if !wired.contains(&(wave.net, wave.writes)) {
                wired.push((wave.net, wave.writes));
                let register = &network.registers[wave.writes];
                let name = format!("{}_{}", network.nets[wave.net][unit].name, register.name);
                let (from, to) = (Source::Unit(wave.net, unit), Source::Register(wave.writes));
                self.wire(name, Template::each(1, register.shape.len()), from, to);
            }
        }
    }

    /// A neuron with the weights of number `at` of the head, which silences whatever is set at the start of a trial, and
    /// what sends 1 though it hears nothing, as e⁰: then nothing is left that could send.
    pub(super) fn halt(&mut self, network: &Integers, at: usize) {
        let (register, head) = &network.head;
        let Some(unit) = head.last() else { return };
        let begin = self.timing.waves[network.waves.len()];
        let (heard, sent) = (begin + self.timing.head.ends[0], begin + self.timing.head.ends[1]);
        self.populations.push(Population {
            name: "halt".into(),
            source: Source::Halt,
            size: 1,
            unit: unit.unit,
            grain: unit.sends.grain,
            hear: vec![heard - self.timing.load + 1],
            send: vec![sent - 1],
            ..self.populations[0].clone()
        });
        let halt = self.populations.last_mut().expect("it was just put there");
        halt.role = Role::Function(Function::Identity);
        for (place, term) in unit.sum.iter().enumerate() {
            let mut template = Template::of(term, unit.shape);
            template.synapses.retain(|synapse| synapse.1 as usize == at);
            let synapses = template.synapses.iter().map(|&(from, _, weight)| (from, 0, weight)).collect();
            let from = if term.from == From::One { Source::One } else { Source::Register(*register) };
            self.wire(format!("halt_{place}"), Template::once(synapses), from, Source::Halt);
        }
        let silent = |at: &&Population| at.is_set || at.role == Role::Function(Function::Exp);
        let mut stopped: Vec<Source> =
            self.populations[1..].iter().filter(silent).map(|at| at.source).collect();
        stopped.dedup();
        for source in stopped {
            self.stop(source, sent);
        }
    }

    /// Wires the neuron that halts onto all populations of a source; its spike arrives in step `sent`.
    fn stop(&mut self, source: Source, sent: usize) {
        let stopped = self.sending(source);
        for &at in &stopped {
            let population = &mut self.populations[at];
            population.stop = Some(sent - population.window + 1);
            population.is_set = true;
        }
        let Some(first) = stopped.first().map(|at| &self.populations[*at]) else { return };
        let all =
            Template { synapses: vec![(0, 0, 1)], copies: first.size, source_stride: 0, target_stride: 1 };
        let name = format!("halt_{}", first.name);
        self.wire(name, all, Source::Halt, source);
    }
}

/// How questions of tokens are laid out.
struct Shapes {
    cells: usize,
    tokens: usize,
}

impl Shapes {
    fn new(table: usize, before: usize, shape: Shape) -> Self {
        Self { cells: shape.places - before, tokens: table / shape.channels }
    }
}

/// Neuron `cell · tokens + token` of the question sets the channels of its place.
fn embedding(table: &[i64], before: usize, shape: Shape) -> Template {
    let Shapes { cells, tokens } = Shapes::new(table.len(), before, shape);
    let channels = shape.channels;
    let synapses = (0..tokens * channels)
        .map(|at| ((at / channels) as u32, (before * channels + at % channels) as u32, table[at]))
        .filter(|synapse| synapse.2 != 0)
        .collect();
    Template { synapses, copies: cells, source_stride: tokens, target_stride: channels }
}
