//! Populations and projections of an integer network.

use super::Code;
use super::template::Template;
use super::timing::{Levels, Timing};
use crate::integers::{Begins, From, IntegerNet, Integers, Makes, Term, Unit};
use crate::layers::Function;
use crate::reads::Problem;

/// Which sign a population sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Numbers above 0.
    Positive,
    /// Numbers below 0.
    Negative,
}

/// What neurons compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// They pass the question on.
    Question,
    /// A function of V.
    Function(Function),
    /// V times an operand.
    Product,
    /// V over an operand.
    Quotient,
}

/// A unit, or a register, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The question.
    Question,
    /// The neuron that sends 1.
    One,
    /// The neuron that ends all work on a question.
    Halt,
    /// A register.
    Register(usize),
    /// A unit of a net; the number of nets is the head.
    Unit(usize, usize),
}

/// A population, and its windows as steps of a round.
#[derive(Clone, Debug)]
pub struct Population {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub source: Source,
    /// How many neurons.
    pub size: usize,
    /// What they compute.
    pub role: Role,
    /// Which sign they send.
    pub part: Part,
    /// Digits that are sent.
    pub bits: u32,
    /// What V = 1 stands for.
    pub unit: f64,
    /// What 1 that is sent stands for.
    pub grain: f64,
    /// Length of windows of hearing.
    pub window: usize,
    /// Starts of those before which V is forgotten.
    pub hear: Vec<usize>,
    /// Starts of those that add.
    pub hear_on: Vec<usize>,
    /// Starts and length of those of the operand.
    pub operand: (Vec<usize>, usize),
    /// Starts of windows of sending.
    pub send: Vec<usize>,
    /// Start of the window in which a spike silences it for the rest of a trial.
    pub stop: Option<usize>,
    /// Whether the question, or what is always the same, sets it.
    pub is_set: bool,
}

/// Synapses between two populations.
#[derive(Clone, Debug)]
pub struct Projection {
    /// Number of the source population.
    pub from: usize,
    /// Number of the target population.
    pub to: usize,
    /// Number of the synapses.
    pub template: usize,
    /// 1, or −1 if the source sends what is below 0.
    pub factor: i64,
}

/// A network of spiking neurons.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Its times.
    pub timing: Timing,
    /// Its populations; the first is the question.
    pub populations: Vec<Population>,
    /// Its projections.
    pub projections: Vec<Projection>,
    /// Synapses by name.
    pub templates: Vec<(String, Template)>,
    /// Numbers of different tokens, if the question is made of them.
    pub tokens: Option<usize>,
    /// Whether time is continuous, so that no number is rounded.
    pub exact: bool,
}

impl Graph {
    /// That of a network, its numbers said in a code.
    pub fn new(network: &Integers, code: Code) -> Self {
        Self::build(network, code, false)
    }

    fn build(network: &Integers, code: Code, exact: bool) -> Self {
        let timing = Timing::new(network, code, exact);
        let mut graph = Self {
            timing,
            populations: Vec::new(),
            projections: Vec::new(),
            templates: Vec::new(),
            tokens: None,
            exact,
        };
        graph.question(network);
        graph.registers(network);
        for (at, net) in network.nets.iter().enumerate() {
            let waves = network.waves.iter().zip(&graph.timing.waves).filter(|(wave, _)| wave.net == at);
            let begins: Vec<usize> = waves.map(|(_, begin)| *begin).collect();
            let mut reads: Vec<usize> =
                network.waves.iter().filter(|w| w.net == at).flat_map(|w| w.reads.clone()).collect();
            reads.sort_unstable();
            reads.dedup();
            let levels = graph.timing.nets[at].clone();
            graph.net(at, net, &levels, &begins, &reads);
        }
        let (levels, begins) = (graph.timing.head.clone(), vec![graph.timing.waves[network.waves.len()]]);
        graph.net(network.nets.len(), &network.head.1, &levels, &begins, &[network.head.0]);
        graph.writes(network);
        if let Some(at) = network.halts {
            graph.halt(network, at);
        }
        graph
    }

    /// That of a network of rectified sums in continuous time: a spike t ms before the end of its window says the number
    /// t, whole or not, so that what is computed is what the layers compute, but for weights of many bits.
    ///
    /// # Errors
    /// The first population that computes something else.
    pub fn continuous(network: &Integers) -> Result<Self, Problem> {
        let units = network.nets.iter().chain([&network.head.1]).flatten();
        let other =
            |unit: &&Unit| !matches!(unit.makes, Makes::Function(Function::Identity | Function::Relu));
        match units.into_iter().find(other) {
            Some(unit) => Err(Problem(format!(
                "population {} does not add and rectify, and nothing else is exact in continuous time",
                unit.name
            ))),
            None => Ok(Self::build(network, Code::Ttfs, true)),
        }
    }

    /// The populations that send a source.
    fn sending(&self, source: Source) -> Vec<usize> {
        (0..self.populations.len()).filter(|&at| self.populations[at].source == source).collect()
    }

    /// Wires all populations of a source onto all of a target.
    fn wire(&mut self, name: String, template: Template, from: Source, to: Source) {
        if template.synapses.is_empty() {
            return;
        }
        self.templates.push((name, template));
        for from in self.sending(from) {
            let factor = if self.populations[from].part == Part::Positive { 1 } else { -1 };
            for to in self.sending(to) {
                self.projections.push(Projection { from, to, template: self.templates.len() - 1, factor });
            }
        }
    }

    /// One population for each sign that is sent.
    fn populate(&mut self, population: Population, signed: bool) {
        let name = population.name.clone();
        if signed {
            let negative =
                Population { name: format!("{name}_neg"), part: Part::Negative, ..population.clone() };
            self.populations.push(Population { name: format!("{name}_pos"), ..population });
            self.populations.push(negative);
        } else {
            self.populations.push(population);
        }
    }

    fn question(&mut self, network: &Integers) {
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

    fn registers(&mut self, network: &Integers) {
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

    fn net(&mut self, at: usize, net: &IntegerNet, levels: &Levels, begins: &[usize], reads: &[usize]) {
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
    fn writes(&mut self, network: &Integers) {
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

    /// A neuron with the weights of number `at` of the head, which silences whatever is set at the start of a trial: then
    /// nothing is left that could send.
    fn halt(&mut self, network: &Integers, at: usize) {
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
        for source in (0..network.registers.len()).map(Source::Register).chain([Source::One]) {
            let stopped = self.sending(source);
            let Some(first) = stopped.first().filter(|at| self.populations[**at].is_set) else { continue };
            let size = self.populations[*first].size;
            for &population in &stopped {
                self.populations[population].stop = Some(sent - self.timing.load + 1);
            }
            let all =
                Template { synapses: vec![(0, 0, 1)], copies: size, source_stride: 0, target_stride: 1 };
            let name = format!("halt_{}", self.populations[*first].name);
            self.wire(name, all, Source::Halt, source);
        }
    }

    /// Neurons in all.
    pub fn neurons(&self) -> usize {
        self.populations.iter().map(|population| population.size).sum()
    }

    /// Synapses in all.
    pub fn synapses(&self) -> usize {
        self.projections.iter().map(|projection| self.templates[projection.template].1.count()).sum()
    }
}

impl Unit {
    /// The second operand.
    pub fn operand(&self) -> Option<&Term> {
        match &self.makes {
            Makes::Product(operand) | Makes::Quotient(operand) => Some(operand),
            Makes::Function(_) => None,
        }
    }
}

/// How questions of tokens are laid out.
struct Shapes {
    cells: usize,
    tokens: usize,
}

impl Shapes {
    fn new(table: usize, before: usize, shape: crate::layers::Shape) -> Self {
        Self { cells: shape.places - before, tokens: table / shape.channels }
    }
}

/// Neuron `cell · tokens + token` of the question sets the channels of its place.
fn embedding(table: &[i64], before: usize, shape: crate::layers::Shape) -> Template {
    let Shapes { cells, tokens } = Shapes::new(table.len(), before, shape);
    let channels = shape.channels;
    let synapses = (0..tokens * channels)
        .map(|at| ((at / channels) as u32, (before * channels + at % channels) as u32, table[at]))
        .filter(|synapse| synapse.2 != 0)
        .collect();
    Template { synapses, copies: cells, source_stride: tokens, target_stride: channels }
}
