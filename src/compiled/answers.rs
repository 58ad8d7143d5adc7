//! What the numbers of a head answer, and how often that is right.

use compiler::layers::run::Asked;
use compiler::layers::{Program, Question, Shape};

/// How answers are read from a head.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    shape: Shape,
    /// Places before the first that answers, and tokens, if places answer.
    places: Option<(usize, usize)>,
    /// The token of places that are to be answered, which is no answer; if there is none, all are.
    blank: Option<u32>,
}

impl Reading {
    /// That of a program.
    pub fn of(program: &Program, blank: Option<u32>) -> Self {
        let last = program.head.1.nodes.last();
        let shape = last.map_or(Shape { places: 1, channels: 1 }, |node| node.shape);
        let places = match &program.question {
            Question::Tokens { table, before } => Some((*before, table.from)),
            Question::Numbers => None,
        };
        Self { shape, places, blank }
    }

    /// Numbers of tokens, or labels, for each place that answers.
    fn rows<'a>(&self, head: &'a [f64]) -> impl Iterator<Item = &'a [f64]> {
        let (before, tokens) = self.places.unwrap_or((0, self.shape.channels));
        head.chunks(self.shape.channels).skip(before).map(move |row| &row[..tokens])
    }

    /// The largest number of each place: its token, or the label. Of equal ones the first.
    pub fn answer(&self, head: &[f64]) -> Vec<u32> {
        let largest = |numbers: &[f64]| {
            let words = (0..numbers.len()).filter(|token| self.blank != Some(*token as u32));
            let best = words.max_by(|a, b| numbers[*a].total_cmp(&numbers[*b]).then(b.cmp(a)));
            best.unwrap_or(0) as u32
        };
        self.rows(head).map(largest).collect()
    }

    /// How surprising the right answer is, in bits, at each place.
    fn bits(&self, head: &[f64], right: &[u32]) -> Vec<f64> {
        let surprise = |(numbers, right): (&[f64], &u32)| {
            let words = || (0..numbers.len()).filter(|token| self.blank != Some(*token as u32));
            let largest = words().map(|token| numbers[token]).fold(f64::NEG_INFINITY, f64::max);
            let sum: f64 = words().map(|token| libm::exp(numbers[token] - largest)).sum();
            (libm::log(sum) + largest - numbers[*right as usize]) / std::f64::consts::LN_2
        };
        self.rows(head).zip(right).map(surprise).collect()
    }

    /// The places of a question that are to be answered, if not all of them are.
    fn blanks(&self, asked: &Asked) -> Option<Vec<usize>> {
        match (self.blank, asked) {
            (Some(blank), Asked::Tokens(tokens)) => {
                Some((0..tokens.len()).filter(|at| tokens[*at] == blank).collect())
            }
            _ => None,
        }
    }

    /// Whether the network would stop here: the number behind those of the tokens, at the first place, is above 0.
    pub fn halts(&self, head: &[f64]) -> bool {
        let behind = self.places.filter(|(_, tokens)| *tokens < self.shape.channels);
        behind.is_some_and(|(_, tokens)| head.get(tokens).is_some_and(|halt| *halt > 0.0))
    }

    /// The rounds that are taken.
    pub fn taken<'a>(&self, rounds: &'a [Vec<f64>], halts: bool) -> &'a [Vec<f64>] {
        let halt = rounds.iter().position(|head| halts && self.halts(head));
        &rounds[..halt.map_or(rounds.len(), |at| at + 1)]
    }

    /// What is measured.
    pub fn metric(&self) -> &'static str {
        match (self.blank, self.places) {
            (Some(_), _) => "right places",
            (None, Some(_)) => "exact grids",
            (None, None) => "accuracy",
        }
    }
}

/// How well questions were answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// Share of questions whose answer is right as a whole; or of the places that were to be answered, in the mean over
    /// questions.
    pub right: f64,
    /// The same share, answered as by the layers.
    pub agreement: f64,
    /// Rounds that were taken, in the mean.
    pub rounds: f64,
    /// Surprise of a place that was to be answered, in bits, in the mean over questions: where from one to all places are
    /// asked, each number equally often, that is the bound of a masked diffusion model per place.
    pub bits: Option<f64>,
}

/// What questions are, and their right answers.
#[derive(Clone, Copy)]
pub struct Exam<'a> {
    /// The questions.
    pub asked: &'a [Asked],
    /// For each a label, or a token for each place.
    pub right: &'a [Vec<u32>],
}

impl Score {
    /// That of numbers of the head `[question][round]`, taken up to the round in which the network halts if it `halts`;
    /// `theirs` are the answers of the layers.
    pub fn of(
        reading: &Reading,
        heads: &[Vec<Vec<f64>>],
        exam: Exam<'_>,
        theirs: &[Vec<u32>],
        halts: bool,
    ) -> Self {
        let mut score = Self { bits: reading.blank.map(|_| 0.0), ..Self::default() };
        let share = 1.0 / heads.len().max(1) as f64;
        for (((rounds, asked), right), theirs) in heads.iter().zip(exam.asked).zip(exam.right).zip(theirs) {
            let taken = reading.taken(rounds, halts);
            let Some(last) = taken.last() else { continue };
            let answer = reading.answer(last);
            let blanks = reading.blanks(asked);
            let same = |other: &[u32]| match &blanks {
                None => f64::from(u8::from(answer == other)),
                Some(blanks) => mean(blanks.iter().map(|at| f64::from(u8::from(answer[*at] == other[*at])))),
            };
            score.right += share * same(right);
            score.agreement += share * same(theirs);
            score.rounds += share * taken.len() as f64;
            if let (Some(bits), Some(blanks)) = (&mut score.bits, &blanks) {
                let surprise = reading.bits(last, right);
                *bits += share * mean(blanks.iter().map(|at| surprise[*at]));
            }
        }
        score
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len().max(1) as f64;
    values.sum::<f64>() / count
}
