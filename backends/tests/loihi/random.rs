//! Random networks of integers.

use backends::loihi::compartment::Compartment;
use backends::loihi::learning::Trace;
use backends::loihi::learning::epoch::Profile;
use backends::loihi::learning::rule::{Rule, Target};
use backends::loihi::network::{Learned, Quantised, Synapse};
use backends::loihi::semantics::ALL;
use backends::loihi::weights::{Signs, WeightFormat};
use proptest::prelude::*;
use sim_core::primitive::{Change, PairRule};
use sim_core::rng::Key;

/// A network of up to `most` neurons whose neurons spike by themselves, with inputs, several formats, delays
/// and multiple synapses.
pub fn networks(most: usize) -> impl Strategy<Value = Quantised> {
    (2..most, 0_usize..6, 0_usize..3, 1_u8..10, any::<bool>()).prop_flat_map(
        |(neurons, inputs, reading, longest, alike)| {
            let compartments = prop::collection::vec(compartment(), neurons);
            let sources = (neurons + inputs) as u32;
            let synapse = (0..sources, 0..neurons as u32, -255_i16..255, 1..=longest, 0_u8..4);
            let synapses = prop::collection::vec(synapse, 0..neurons * 12);
            (compartments, synapses).prop_map(move |(compartments, synapses)| {
                // In some networks the second half of the sources has the synapses of the first.
                let half = sources / 2;
                let mut drawn = synapses;
                if alike {
                    drawn.retain(|synapse| synapse.0 < half);
                    let twin = |&(source, target, mantissa, delay, format): &_| {
                        (source + half, target, mantissa, delay, format)
                    };
                    drawn.extend(drawn.iter().map(twin).collect::<Vec<_>>());
                    drawn.sort_by_key(|synapse| (synapse.0, synapse.4));
                }
                let synapses: Vec<(u32, Synapse)> = drawn
                    .into_iter()
                    .map(|(source, target, mantissa, delay, format)| {
                        (source, Synapse { target, mantissa, delay, format })
                    })
                    .collect();
                let format = |signs, bits, exponent| WeightFormat { bits, signs, exponent };
                let formats = vec![
                    format(Signs::Mixed, 8, 0),
                    format(Signs::Excitatory, 8, 1),
                    format(Signs::Inhibitory, 6, 2),
                    format(Signs::Mixed, 3, 3),
                ];
                Quantised::new(ALL[reading], compartments, inputs, formats, &synapses)
            })
        },
    )
}

/// The same, with two weight formats whose synapses learn, or none.
pub fn learning(most: usize) -> impl Strategy<Value = Quantised> {
    let rules = ["2^-1*x1*y0 - 2^-2*y1*x0", "3*2^-4*x1*y0*(w - 255) + 2*x0"];
    (networks(most), any::<bool>(), 1_usize..6).prop_map(move |(network, learns, epoch)| {
        let learned = |(number, rule): (usize, &str)| {
            let trace = Trace { impulse: 20 + number as i32, tau: 9.5 };
            let change = Change::default();
            Learned {
                format: 1 + number as u8,
                projection: number,
                delay: 1,
                profile: Profile {
                    epoch,
                    pre: [trace; 2],
                    post: [trace; 3],
                    rules: vec![(Target::Weight, Rule::parse(rule).unwrap())],
                    signs: network.formats[1 + number].signs,
                },
                real: PairRule {
                    keep_pre: 0.9,
                    keep_post: 0.9,
                    at_pre: change,
                    at_post: change,
                    low: 0.0,
                    high: 1.0,
                    negative: false,
                },
                key: Key::new(7).numbered(number as u64),
            }
        };
        let learning = rules.into_iter().enumerate().map(learned).filter(|_| learns).collect();
        Quantised { learning, ..network }
    })
}

fn compartment() -> impl Strategy<Value = Compartment> {
    (0_usize..5, 0_usize..5, 50_u32..500, -200_i16..600, 1_u8..6).prop_map(
        |(du, dv, threshold, bias_mantissa, refractory)| Compartment {
            du: [0, 100, 1023, 2047, 4095][du],
            dv: [0, 64, 255, 1024, 4095][dv],
            threshold: threshold / 100 * 100 + 1,
            bias_mantissa,
            bias_exponent: 3,
            refractory,
            ..Compartment::default()
        },
    )
}
