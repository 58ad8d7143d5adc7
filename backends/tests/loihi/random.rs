//! Random networks of integers.

use backends::loihi::compartment::Compartment;
use backends::loihi::network::{Quantised, Synapse};
use backends::loihi::semantics::ALL;
use backends::loihi::weights::{Signs, WeightFormat};
use proptest::prelude::*;

/// A network of up to `most` neurons whose neurons spike by themselves, with inputs, several formats, delays
/// and multiple synapses.
pub fn networks(most: usize) -> impl Strategy<Value = Quantised> {
    (2..most, 0_usize..6, 0_usize..3, 1_u8..10).prop_flat_map(|(neurons, inputs, reading, longest)| {
        let compartments = prop::collection::vec(compartment(), neurons);
        let sources = (neurons + inputs) as u32;
        let synapse = (0..sources, 0..neurons as u32, -255_i16..255, 1..=longest, 0_u8..4);
        let synapses = prop::collection::vec(synapse, 0..neurons * 12);
        (compartments, synapses).prop_map(move |(compartments, synapses)| {
            let synapses: Vec<(u32, Synapse)> = synapses
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
