//! Summaries of a trained network held against references, beside what single sentences of the texts give.

use crate::lesson::Figure;
use crate::summaries::writer::{Asked, Writer};
use crate::tasks::abstracts::Document;
use crate::tasks::rouge::Rouge;
use sim_core::rng::Key;

/// How summaries are drawn.
const STEPS: u32 = 20;
const TEMPERATURE: f64 = 0.5;

/// ROUGE of what the network writes, of the first sentence (LEAD-1), of one at random and of the one that each score likes
/// best (a ceiling for sentences of the text), as means over documents; and calls of the decoder for a summary.
pub fn figures(writer: &Writer<'_>, documents: &[Document], key: Key) -> Vec<Figure> {
    let (mut ours, mut calls) = (Vec::new(), 0);
    for (number, document) in documents.iter().enumerate() {
        let key = key.named("summary").numbered(number as u64);
        let asked = Asked { steps: STEPS, cached: true, temperature: TEMPERATURE, key };
        let (summary, more) = writer.summary(document, asked);
        ours.push(Rouge::of(&summary, &document.summaries));
        calls += more;
    }
    let mut figures = named("", Rouge::mean(&ours)).to_vec();
    figures.extend(baselines(documents, key));
    let value = calls as f64 / documents.len().max(1) as f64;
    figures.push(Figure { name: "network_calls_per_summary".into(), value });
    figures
}

/// ROUGE of single sentences.
pub fn baselines(documents: &[Document], key: Key) -> Vec<Figure> {
    let of = |sentence: &String, document: &Document| Rouge::of(sentence, &document.summaries);
    let chosen = |choose: &dyn Fn(u64, &Document) -> usize| {
        let each = (0..)
            .zip(documents)
            .map(|(number, document)| of(&document.sentences[choose(number, document)], document));
        Rouge::mean(&each.collect::<Vec<_>>())
    };
    let random = |number: u64, document: &Document| {
        key.named("sentence").stream(number).below(document.sentences.len() as u32) as usize
    };
    let best = documents.iter().map(|document| {
        document.sentences.iter().map(|sentence| of(sentence, document)).fold(Rouge::default(), Rouge::best)
    });
    let best = Rouge::mean(&best.collect::<Vec<_>>());
    [
        named("_of_first_sentence", chosen(&|_, _| 0)),
        named("_of_random_sentence", chosen(&random)),
        named("_of_best_sentence", best),
    ]
    .concat()
}

fn named(whose: &str, Rouge { one, two, longest }: Rouge) -> [Figure; 3] {
    [("1", one), ("2", two), ("l", longest)]
        .map(|(which, value)| Figure { name: format!("rouge_{which}{whose}"), value })
}
