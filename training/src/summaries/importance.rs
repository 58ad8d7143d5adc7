//! What is important in a text is masked later in its summary, and so comes first when one is written.
//!
//! The importance a of a piece is how much `[CLS]` attends to the places where it stands in the text, on average, as a
//! multiple of what it would if it attended to all alike; 1 for pieces that do not stand there. With K from 0 to 1 the piece
//! leans ([`Schedule`]) by
//!
//! ```text
//! d = K (1 − a) / (1 + a),        m(t) = (1 − ε) (t + t (1 − t) d)
//! ```
//!
//! which is between −K, for what all attention is on, and K. Where `[CLS]` attends to all places alike, nothing leans: MDLM.
//!
//! Here it differs from arXiv:2407.10998 as it is described: there importance comes from an encoder that reads the summary itself.
//! That is not known when one is written, and what is learnt then bounds no likelihood. The text is known both times, so
//! the bound of [`crate::mdlm::noise`] for tokens that lean holds, text by text.

use crate::mdlm::noise::Schedule;

/// When each piece of a summary is masked, by how much `[CLS]` attends to each place of its text, itself first, and the pieces
/// that stand there. `tokens` are all that there are, `strength` is K; places of `padding` are left out.
pub fn schedule(seen: &[f32], text: &[u16], tokens: usize, padding: u16, strength: f64) -> Schedule {
    let places = || seen[1..].iter().zip(text).filter(|(_, piece)| **piece != padding);
    let count = places().count() as f64;
    let all: f64 = places().map(|(seen, _)| f64::from(*seen)).sum();
    if strength == 0.0 || all == 0.0 {
        return Schedule::default();
    }
    let mut of_piece = vec![(0.0, 0_u32); tokens];
    for (seen, piece) in places() {
        let (sum, times) = &mut of_piece[usize::from(*piece)];
        *sum += f64::from(*seen) / all * count;
        *times += 1;
    }
    let lean = |(sum, times): (f64, u32)| {
        let importance = if times == 0 { 1.0 } else { sum / f64::from(times) };
        strength * (1.0 - importance) / (1.0 + importance)
    };
    Schedule::leaning(of_piece.into_iter().map(lean).collect())
}

#[cfg(test)]
mod tests {
    use super::schedule;
    use crate::mdlm::noise::{Schedule, masked_share};

    #[test]
    fn what_cls_attends_to_is_masked_later_and_what_it_overlooks_earlier() {
        // Piece 2 stands twice and has a mean of 0.3, piece 4 has 0.1, piece 0 pads; of four places each has 0.2 of what is seen.
        let leaning = schedule(&[0.2, 0.5, 0.1, 0.1, 0.1, 0.0], &[2, 2, 4, 1, 0], 6, 0, 0.8);
        let share = |piece: usize| leaning.masked_share(piece, 0.5);
        let by = |importance: f64| {
            let lean = 0.8 * (1.0 - importance) / (1.0 + importance);
            (1.0 - 1e-3) * (0.5 + 0.25 * lean)
        };
        // Of the 0.8 that is on pieces a quarter would be even.
        for (piece, importance) in [(2, 0.3 / 0.2), (4, 0.1 / 0.2), (1, 0.1 / 0.2), (0, 1.0), (3, 1.0)] {
            assert!((share(piece) - by(importance)).abs() < 1e-6, "piece {piece}: {}", share(piece));
        }
        assert!(share(2) < masked_share(0.5) && share(4) > masked_share(0.5));
    }

    #[test]
    fn even_attention_or_no_strength_is_mdlm() {
        let even = schedule(&[0.5, 0.125, 0.125, 0.125, 0.125], &[2, 2, 4, 1], 6, 0, 0.8);
        assert_eq!(even, Schedule::default());
        assert_eq!(schedule(&[0.1, 0.9, 0.0], &[2, 3], 6, 0, 0.0), Schedule::default());
        assert_eq!(
            schedule(&[1.0, 0.0, 0.0], &[0, 0], 6, 0, 0.8),
            Schedule::default(),
            "nothing but padding"
        );
    }
}
