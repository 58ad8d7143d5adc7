//! BDH learns to remember pairs, with its synaptic state as the only memory.

use crate::bdh::fused::Dropout;
use crate::bdh::lesson::{Form, dropout, plan};
use crate::bdh::reference::{Sizes, loss};
use crate::lesson::{Export, Figure, Job, Lesson, Part, Plan};
use crate::tasks::decoding::most;
use crate::tasks::recall::{TOKENS, draw};
use crate::weights::{Declaration, Weights, numbers};
use burn::tensor::{Device, Int, Tensor, TensorData};
use sim_core::parameter::Arguments;
use sim_core::rng::Key;

/// A network and the pairs it is to remember.
pub struct Recall {
    sizes: Sizes,
    form: Form,
    arguments: Arguments,
    key: Key,
    device: Device,
}

/// Texts measured for each number of pairs.
const MEASURED: usize = 256;

impl Recall {
    /// A network of these sizes.
    pub fn new(sizes: Sizes, form: Form, job: &Job<'_>) -> Self {
        let key = Key::new(job.seed()).named("pairs to remember");
        Self { sizes, form, arguments: job.arguments.clone(), key, device: job.device.clone() }
    }

    fn most_pairs(&self) -> usize {
        self.arguments.integer("pairs") as usize
    }

    /// Logits `[text][pair][token]` where the second halves ask, and the answers `[text][pair]`. Erased, the network
    /// does not see the first halves; as it tells times only by their differences, this is what it would do
    /// if its state were set to 0 between the halves.
    fn asked(
        &self,
        weights: &Weights,
        texts: &[Vec<usize>],
        erased: bool,
        dropout: Option<Dropout>,
        device: &Device,
    ) -> (Tensor<3>, Tensor<2, Int>) {
        let (count, pairs) = (texts.len(), texts.first().map_or(0, |text| text.len() / 4));
        let first = if erased { 2 * pairs } else { 0 };
        let places = 4 * pairs - first;
        let number = |token: &usize| *token as i64;
        let tokens: Vec<i64> = texts.iter().flat_map(|text| text[first..].iter().map(number)).collect();
        let answers: Vec<i64> =
            texts.iter().flat_map(|text| text[2 * pairs..].iter().skip(1).step_by(2).map(number)).collect();
        let tokens = Tensor::from_data(TensorData::new(tokens, [count, places]), device);
        let logits = self.form.forward(&self.sizes, weights, tokens, dropout);
        let asked = logits.narrow(1, places - 2 * pairs, 2 * pairs).reshape([count, pairs, 2, TOKENS]);
        let asked = asked.narrow(2, 0, 1).reshape([count, pairs, TOKENS]);
        (asked, Tensor::from_data(TensorData::new(answers, [count, pairs]), device))
    }

    /// Share of right answers.
    fn accuracy(&self, weights: &Weights, pairs: usize, erased: bool, part: &str) -> f64 {
        let key = self.key.named(part).numbered(pairs as u64);
        let texts: Vec<Vec<usize>> =
            (0..MEASURED).map(|text| draw(pairs, &mut key.stream(text as u64))).collect();
        let (logits, answers) = self.asked(weights, &texts, erased, None, &self.device);
        let said = most(&numbers(logits), TOKENS);
        let right =
            said.iter().zip(numbers(answers.float())).filter(|(said, right)| **said == *right as usize);
        right.count() as f64 / said.len().max(1) as f64
    }

    /// Numbers of pairs that are measured: powers of two up to the most.
    fn measured(&self) -> impl Iterator<Item = usize> {
        let most = self.most_pairs();
        std::iter::successors(Some(1), |pairs| Some(pairs * 2)).take_while(move |pairs| *pairs <= most)
    }
}

impl Lesson for Recall {
    fn declarations(&self) -> Vec<Declaration> {
        self.sizes.declarations()
    }

    fn plan(&self) -> Plan {
        Plan { more_is_better: true, ..plan(&self.arguments) }
    }

    fn loss(&mut self, weights: &Weights, step: u64) -> Tensor<1> {
        let key = self.key.named("learnt").numbered(step);
        let pairs = 1 + key.stream(0).below(self.most_pairs() as u32) as usize;
        let texts: Vec<Vec<usize>> = (1..=self.arguments.integer("batch"))
            .map(|text| draw(pairs, &mut key.stream(text as u64)))
            .collect();
        let (logits, answers) = self.asked(
            weights,
            &texts,
            false,
            dropout(&self.arguments, step),
            &self.device.clone().autodiff(),
        );
        loss(logits, answers)
    }

    fn export(&self, _weights: &Weights, _samples: usize) -> Option<Export> {
        None
    }

    fn measure(&self, weights: &Weights, part: Part) -> Vec<Figure> {
        let name = if part == Part::Test { "test" } else { "validation" };
        let accuracies: Vec<(usize, f64)> =
            self.measured().map(|pairs| (pairs, self.accuracy(weights, pairs, false, name))).collect();
        let mean = accuracies.iter().map(|(_, share)| share).sum::<f64>() / accuracies.len().max(1) as f64;
        let mut figures = vec![Figure { name: format!("{name}_accuracy"), value: mean }];
        if part == Part::Test {
            for (pairs, value) in accuracies {
                figures.push(Figure { name: format!("accuracy_of_{pairs}_pairs"), value });
                let value = self.accuracy(weights, pairs, true, name);
                figures.push(Figure { name: format!("accuracy_of_{pairs}_pairs_erased"), value });
            }
        }
        figures
    }
}
