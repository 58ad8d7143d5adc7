//! What the numbers of a head answer, and how often that is right.

use compiler::layers::{Program, Question, Shape};

/// How answers are read from a head.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    shape: Shape,
    /// Places before the first that answers, and tokens, if places answer.
    places: Option<(usize, usize)>,
}

impl Reading {
    /// That of a program.
    pub fn of(program: &Program) -> Self {
        let last = program.head.1.nodes.last();
        let shape = last.map_or(Shape { places: 1, channels: 1 }, |node| node.shape);
        let places = match &program.question {
            Question::Tokens { table, before } => Some((*before, table.from)),
            Question::Numbers => None,
        };
        Self { shape, places }
    }

    /// The largest number of each place: its token, or the label. Of equal ones the first.
    pub fn answer(&self, head: &[f64]) -> Vec<u32> {
        let (before, tokens) = self.places.unwrap_or((0, self.shape.channels));
        let largest = |numbers: &[f64]| {
            let best = (0..tokens).max_by(|a, b| numbers[*a].total_cmp(&numbers[*b]).then(b.cmp(a)));
            best.unwrap_or(0) as u32
        };
        head.chunks(self.shape.channels).skip(before).map(largest).collect()
    }

    /// Whether the network would stop here: the number behind those of the tokens, at the first place, is above 0.
    pub fn halts(&self, head: &[f64]) -> bool {
        self.places.is_some_and(|(_, tokens)| head.get(tokens).is_some_and(|halt| *halt > 0.0))
    }

    /// The rounds that are taken.
    pub fn taken<'a>(&self, rounds: &'a [Vec<f64>], halts: bool) -> &'a [Vec<f64>] {
        let halt = rounds.iter().position(|head| halts && self.halts(head));
        &rounds[..halt.map_or(rounds.len(), |at| at + 1)]
    }

    /// What is measured.
    pub fn metric(&self) -> &'static str {
        if self.places.is_some() { "exact grids" } else { "accuracy" }
    }
}

/// How well questions were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Share of questions whose answer is right as a whole.
    pub right: f64,
    /// Share of questions answered as by the layers.
    pub agreement: f64,
    /// Rounds that were taken, in the mean.
    pub rounds: f64,
}

impl Score {
    /// That of numbers of the head `[question][round]`, taken up to the round in which the network halts if it `halts`;
    /// `theirs` are the answers of the layers.
    pub fn of(
        reading: &Reading,
        heads: &[Vec<Vec<f64>>],
        right: &[Vec<u32>],
        theirs: &[Vec<u32>],
        halts: bool,
    ) -> Self {
        let mut score = Self::default();
        let share = 1.0 / heads.len().max(1) as f64;
        for ((rounds, right), theirs) in heads.iter().zip(right).zip(theirs) {
            let taken = reading.taken(rounds, halts);
            let Some(last) = taken.last() else { continue };
            let answer = reading.answer(last);
            score.right += share * f64::from(u8::from(answer == *right));
            score.agreement += share * f64::from(u8::from(answer == *theirs));
            score.rounds += share * taken.len() as f64;
        }
        score
    }
}
