use crate::random::{Kind, chip, inputs, kinds};
use backends::truenorth::draws::Draws;
use backends::truenorth::emulator::{Counts, Emulator, Input, Setting, name};
use backends::truenorth::limits::Widths;
use backends::truenorth::reference::Reference;
use proptest::prelude::*;
use sim_core::rng::Key;
use sim_core::snapshot::{Loader, Saver};

const TICKS: i64 = 60;

fn setting(kind: &Kind) -> Setting {
    Setting { semantics: kind.semantics, widths: Widths::default(), key: Key::new(kind.seed) }
}

/// Spikes as (tick, name), and all potentials at the end.
type Story = (Vec<(i64, u32)>, Vec<Vec<i32>>);

fn by_the_book(kind: &Kind) -> (Story, Counts) {
    let setting = setting(kind);
    let mut chip = Reference::new(chip(kind), setting.semantics, setting.key);
    let inputs = inputs(kind, TICKS);
    let mut spikes = Vec::new();
    for tick in 1..=TICKS {
        for input in inputs.iter().filter(|input| input.tick == tick) {
            chip.activate(tick, input.core as usize, input.axon.into());
        }
        chip.live(|core, neuron| spikes.push((tick, name(core, neuron))));
    }
    let potentials =
        chip.lived.iter().map(|core| core.iter().map(|lived| lived.potential).collect()).collect();
    let counts = Counts { merged: chip.merged, synaptic_events: chip.synaptic_events, core_ticks: 0 };
    ((spikes, potentials), counts)
}

fn emulator(kind: &Kind, threads: usize) -> Emulator {
    Emulator::new(&chip(kind), setting(kind), threads, None).unwrap()
}

fn live(emulator: &mut Emulator, inputs: &[Input], until: i64) -> Vec<(i64, u32)> {
    let mut spikes = Vec::new();
    while emulator.now() < until {
        let (from, to) = (emulator.now(), until.min(emulator.now() + emulator.epoch()));
        let due: Vec<Input> = inputs.iter().copied().filter(|i| i.tick > from && i.tick <= to).collect();
        emulator.advance(to, &due, &mut spikes);
    }
    spikes.iter().map(|spike| (spike.step, spike.neuron)).collect()
}

fn potentials(emulator: &Emulator, kind: &Kind) -> Vec<Vec<i32>> {
    let core = |core| (0..kind.neurons).map(|neuron| emulator.potential(core, neuron)).collect();
    (0..kind.cores).map(core).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_fast_chip_does_what_the_description_says_on_any_number_of_threads(kind in kinds()) {
        let (story, counts) = by_the_book(&kind);
        for threads in [1, 2, 3] {
            let mut fast = emulator(&kind, threads);
            let spikes = live(&mut fast, &inputs(&kind, TICKS), TICKS);
            prop_assert_eq!(&spikes, &story.0);
            prop_assert_eq!(potentials(&fast, &kind), story.1.clone());
            let found = Counts { core_ticks: 0, ..fast.counts() };
            prop_assert_eq!(found, counts);
        }
    }

    #[test]
    fn a_restored_chip_goes_on_with_the_same_bits_on_another_number_of_threads(
        kind in kinds(), at in 1..TICKS,
    ) {
        let inputs = inputs(&kind, TICKS);
        let mut first = emulator(&kind, 2);
        live(&mut first, &inputs, at);
        let mut saver = Saver::default();
        first.save(&mut saver);
        let bytes = saver.into_bytes();
        let mut second = emulator(&kind, 1);
        let mut loader = Loader::new(&bytes);
        second.restore(&mut loader).unwrap();
        loader.finish().unwrap();
        prop_assert_eq!(live(&mut first, &inputs, TICKS), live(&mut second, &inputs, TICKS));
        prop_assert_eq!(potentials(&first, &kind), potentials(&second, &kind));
        prop_assert_eq!(Counts { core_ticks: 0, ..first.counts() }, Counts { core_ticks: 0, ..second.counts() });
    }
}

#[test]
fn a_core_that_nothing_arrives_at_and_that_nothing_drives_is_passed_over() {
    let kind = Kind {
        seed: 4,
        cores: 2,
        axons: 9,
        neurons: 9,
        weights: 3,
        thresholds: 9,
        stochastic: 0,
        leaky: 0,
        quiet: 3,
        semantics: Default::default(),
    };
    let mut cores = chip(&kind);
    for core in &mut cores {
        core.neurons.iter_mut().for_each(|neuron| (neuron.alpha, neuron.beta) = (500, 500));
        core.potentials.fill(0);
    }
    let mut chip = Emulator::new(&cores, setting(&kind), 1, None).unwrap();
    live(&mut chip, &[Input { tick: 500, core: 1, axon: 2 }], 1000);
    // Each once at the start; one of them when the event comes, and once more to see that it rests.
    assert_eq!(chip.counts().core_ticks, 4);
}

#[test]
fn draws_that_were_recorded_and_put_in_again_give_the_same_spikes() {
    let kind = Kind {
        seed: 11,
        cores: 1,
        axons: 40,
        neurons: 40,
        weights: 200,
        thresholds: 8,
        stochastic: 1,
        leaky: 1,
        quiet: 8,
        semantics: Default::default(),
    };
    let inputs = inputs(&kind, TICKS);
    let mut first = emulator(&kind, 1);
    first.draws(0, Draws::record);
    let spikes = live(&mut first, &inputs, TICKS);
    let mut record = Vec::new();
    first.draws(0, |draws| record = draws.take_record());
    assert!(record.len() > 1000 && spikes.len() > 50);
    let other = Setting { key: Key::new(99), ..setting(&kind) };
    let mut second = Emulator::new(&chip(&kind), other, 1, None).unwrap();
    second.draws(0, |draws| *draws = Draws::recorded(record.clone()));
    assert_eq!(live(&mut second, &inputs, TICKS), spikes);
    second.draws(0, |draws| assert_eq!(draws.left(), Some(0)));
}
