//! ROUGE: how much of a summary stands in a reference, and how much of the reference in the summary.
//!
//! Words are runs of letters a to z and digits in lower case; everything else parts them. With as many n-grams in
//! common as both have (ROUGE-1, ROUGE-2), or as many words as their longest common subsequence has (ROUGE-L),
//!
//! ```text
//! precision = common / of the summary,  recall = common / of the reference,  F1 = 2 precision recall / (precision + recall)
//! ```
//!
//! Words are not stemmed. Of several references each score takes the one that it likes best. The numbers are those of the
//! package `rouge-score` 0.1.2 without its stemmer.
//!
//! Reference: Lin (2004), "ROUGE: A Package for Automatic Evaluation of Summaries".

use std::collections::HashMap;

/// F1 of a summary, each from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rouge {
    /// Of single words.
    pub one: f64,
    /// Of pairs of words.
    pub two: f64,
    /// Of the longest common subsequence.
    pub longest: f64,
}

impl Rouge {
    /// Of a summary, beside the reference that each score likes best; 0 without any.
    pub fn of(summary: &str, references: &[String]) -> Self {
        let summary = words(summary);
        let each = references.iter().map(|reference| {
            let reference = words(reference);
            Self {
                one: of_ngrams(&summary, &reference, 1),
                two: of_ngrams(&summary, &reference, 2),
                longest: f1(common_subsequence(&summary, &reference), summary.len(), reference.len()),
            }
        });
        each.fold(Self::default(), Self::best)
    }

    /// The higher of each score.
    pub fn best(self, other: Self) -> Self {
        Self {
            one: self.one.max(other.one),
            two: self.two.max(other.two),
            longest: self.longest.max(other.longest),
        }
    }

    /// The mean of each score; 0 of none.
    pub fn mean(all: &[Self]) -> Self {
        let mean = |of: fn(&Self) -> f64| all.iter().map(of).sum::<f64>() / all.len().max(1) as f64;
        Self { one: mean(|r| r.one), two: mean(|r| r.two), longest: mean(|r| r.longest) }
    }
}

/// The words of a text.
fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let parts = lower.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit());
    parts.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn of_ngrams(summary: &[String], reference: &[String], n: usize) -> f64 {
    let mut counts: HashMap<&[String], usize> = HashMap::new();
    reference.windows(n).for_each(|gram| *counts.entry(gram).or_default() += 1);
    let mut common = 0;
    for gram in summary.windows(n) {
        if let Some(left) = counts.get_mut(gram).filter(|left| **left > 0) {
            *left -= 1;
            common += 1;
        }
    }
    let grams = |words: &[String]| (words.len() + 1).saturating_sub(n);
    f1(common, grams(summary), grams(reference))
}

/// Words of the longest subsequence that both have.
fn common_subsequence(a: &[String], b: &[String]) -> usize {
    // Of the words of `a` so far and each beginning of `b`.
    let mut longest = vec![0; b.len() + 1];
    for word in a {
        let mut diagonal = 0;
        for (k, other) in b.iter().enumerate() {
            let above = longest[k + 1];
            longest[k + 1] = if word == other { diagonal + 1 } else { above.max(longest[k]) };
            diagonal = above;
        }
    }
    longest[b.len()]
}

fn f1(common: usize, of_summary: usize, of_reference: usize) -> f64 {
    if common == 0 { 0.0 } else { 2.0 * common as f64 / (of_summary + of_reference) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(summary: &str, references: &[&str]) -> [f64; 3] {
        let references: Vec<String> = references.iter().map(|text| (*text).to_owned()).collect();
        let Rouge { one, two, longest } = Rouge::of(summary, &references);
        [one, two, longest]
    }

    fn are(summary: &str, references: &[&str], right: [f64; 3]) {
        let ours = scores(summary, references);
        let close = ours.iter().zip(right).all(|(a, b)| (a - b).abs() < 1e-11);
        assert!(close, "{summary:?} beside {references:?}: {ours:?} and not {right:?}");
    }

    #[test]
    fn scores_are_those_counted_by_hand() {
        // Lin (2004): of four words three are common; in the second summary their order is another.
        are("police kill the gunman", &["police killed the gunman"], [0.75, 1.0 / 3.0, 0.75]);
        are("the gunman kill police", &["police killed the gunman"], [0.75, 1.0 / 3.0, 0.5]);
        // A word counts as often as it stands in both.
        are("the the the the", &["the cat the dog"], [0.5, 0.0, 0.5]);
        are("one", &["one"], [1.0, 0.0, 1.0]);
        are("", &["something"], [0.0; 3]);
        are("something", &[], [0.0; 3]);
    }

    #[test]
    fn scores_are_those_of_the_package_rouge_score() {
        are(
            "the cat sat on the mat",
            &["the cat was on the mat"],
            [0.833_333_333_333, 0.6, 0.833_333_333_333],
        );
        are(
            "We propose a 2-simplicial Transformer, a higher-order attention.",
            &[
                "We introduce the 2-simplicial Transformer and show that this architecture is a useful inductive bias.",
            ],
            [0.384_615_384_615, 0.166_666_666_667, 0.384_615_384_615],
        );
        are(
            "It’s naïve: state-of-the-art (SOTA) at 99.5%",
            &["SOTA at 99.5% — it's state of the art"],
            [0.909_090_909_091, 0.7, 0.545_454_545_455],
        );
        are(
            "deep nets learn fast and slow",
            &["we show that deep nets learn fast", "deep nets are slow", "fast learning of nets"],
            [0.615_384_615_385, 0.545_454_545_455, 0.615_384_615_385],
        );
    }

    #[test]
    fn the_mean_is_over_summaries() {
        let all = [Rouge { one: 1.0, two: 0.5, longest: 0.0 }, Rouge { one: 0.0, two: 0.5, longest: 0.2 }];
        assert_eq!(Rouge::mean(&all), Rouge { one: 0.5, two: 0.5, longest: 0.1 });
        assert_eq!(Rouge::mean(&[]), Rouge::default());
    }
}
