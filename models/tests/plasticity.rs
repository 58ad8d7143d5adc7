//! What every plastic synapse promises: forgetting and checkpoints change nothing, signs mirror, and
//! `PresynCentered` pairs as its definition says.

use models::synapses;
use proptest::prelude::*;
use sim_core::math::exp;
use sim_core::network::Clock;
use sim_core::parameter::{Argument, Arguments, Kind};
use sim_core::snapshot::{Loader, Saver};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};

const DT: f64 = 0.1;
const NEURONS: usize = 3;

/// Every rule, and `Stdp` in all its schemes, with room for weights of up to 2 of this sign.
fn rules(sign: f64) -> Vec<(&'static SynapseModel, Arguments)> {
    let mut all = Vec::new();
    for model in synapses::ALL {
        let mut arguments = Arguments::defaults(model.parameters);
        if model.parameters.iter().any(|parameter| parameter.name == "w_max") {
            arguments = arguments.with("w_max", Argument::Value(2.0 * sign));
        }
        assert_eq!((model.check)(&arguments), [], "{}", model.name);
        match model.parameters.iter().find(|parameter| parameter.name == "neighbours").map(|p| p.kind) {
            Some(Kind::Choice(words)) => {
                all.extend(
                    words
                        .iter()
                        .map(|word| (*model, arguments.clone().with("neighbours", Argument::Word(word)))),
                );
            }
            _ => all.push((*model, arguments)),
        }
    }
    all
}

fn site(arguments: &Arguments) -> PlasticSite {
    PlasticSite { arguments: arguments.clone(), neurons: NEURONS, dt: DT, clock: Clock::Grid }
}

/// Two runs with different delays onto three neurons, driven step by step.
struct World {
    rule: Box<dyn Plasticity<f64>>,
    runs: [Vec<f64>; 2],
    weights: [Vec<f64>; 2],
    sent: Vec<f64>,
}

const DELAYS: [f64; 2] = [4.0, 9.0];

impl World {
    fn new(model: &SynapseModel, arguments: &Arguments, weight: f64) -> Self {
        let rule = (model.f64)(&site(arguments));
        let mut run = vec![0.0; rule.pre_len()];
        rule.pre_start(&mut run);
        World {
            rule,
            runs: [run.clone(), run],
            weights: [vec![weight; NEURONS], vec![weight; NEURONS]],
            sent: Vec::new(),
        }
    }

    fn step(&mut self, step: usize, pre: &[Vec<bool>; 2], post: &[Vec<bool>; NEURONS]) {
        for (run, delay) in DELAYS.into_iter().enumerate() {
            let time = step as f64 - delay;
            if time > 0.0 && pre[run][time as usize] {
                let spike = PreSpike { time, delay };
                self.rule.deliver(
                    spike,
                    &mut self.runs[run],
                    &[0, 1, 2],
                    &mut self.weights[run],
                    &mut self.sent,
                );
            }
        }
        for (neuron, _) in post.iter().enumerate().filter(|(_, train)| train[step]) {
            self.rule.post_spike(neuron as u32, step as f64);
        }
    }

    fn forget(&mut self) {
        let needed = |run: usize| self.rule.needed_from(&self.runs[run], DELAYS[run]);
        let needed = needed(0).min(needed(1));
        self.rule.forget(&[needed; NEURONS]);
    }

    fn reload(&mut self, model: &SynapseModel, arguments: &Arguments) {
        let mut out = Saver::default();
        self.rule.save(&mut out);
        let bytes = out.into_bytes();
        self.rule = (model.f64)(&site(arguments));
        let mut loader = Loader::new(&bytes);
        self.rule.restore(&mut loader).unwrap();
        loader.finish().unwrap();
    }
}

fn train(length: usize, share: f64) -> impl Strategy<Value = Vec<bool>> {
    prop::collection::vec(prop::bool::weighted(share), length)
}

const STEPS: usize = 300;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn forgetting_and_checkpoints_change_nothing(
        pre in [train(STEPS, 0.03), train(STEPS, 0.004)],
        post in [train(STEPS, 0.2), train(STEPS, 0.03), train(STEPS, 0.0)],
        every in 1usize..40,
    ) {
        for (model, arguments) in rules(1.0) {
            let (mut plain, mut pruned) = (World::new(model, &arguments, 1.0), World::new(model, &arguments, 1.0));
            for step in 1..STEPS {
                plain.step(step, &pre, &post);
                pruned.step(step, &pre, &post);
                if step % every == 0 {
                    pruned.forget();
                    pruned.reload(model, &arguments);
                }
            }
            prop_assert_eq!(&plain.sent, &pruned.sent, "{}", model.name);
            prop_assert!(pruned.rule.kept() <= plain.rule.kept());
        }
    }

    #[test]
    fn negative_weights_mirror_positive_ones(
        pre in [train(STEPS, 0.03), train(STEPS, 0.03)],
        post in [train(STEPS, 0.2), train(STEPS, 0.03), train(STEPS, 0.0)],
    ) {
        for ((model, positive), (_, negative)) in rules(1.0).into_iter().zip(rules(-1.0)) {
            let (mut up, mut down) = (World::new(model, &positive, 1.0), World::new(model, &negative, -1.0));
            for step in 1..STEPS {
                up.step(step, &pre, &post);
                down.step(step, &pre, &post);
            }
            let mirrored: Vec<f64> = down.sent.iter().map(|weight| -weight).collect();
            prop_assert_eq!(&up.sent, &mirrored, "{}", model.name);
            prop_assert!(up.weights.iter().flatten().all(|weight| *weight >= 0.0));
        }
    }

    #[test]
    fn presyn_centered_pairs_each_presynaptic_spike_with_its_two_neighbours(
        pre in [train(STEPS, 0.1), train(STEPS, 0.0)],
        post in train(STEPS, 0.05),
    ) {
        let model = &synapses::stdp::MODEL;
        let words = [("neighbours", "PresynCentered"), ("weight_dependence", "Additive")];
        let arguments = Arguments::defaults(model.parameters).with("w_max", Argument::Value(100.0));
        let arguments = words.iter().fold(arguments, |all, (name, word)| all.with(name, Argument::Word(word)));
        let silent = vec![false; STEPS];
        let mut world = World::new(model, &arguments, 50.0);
        for step in 1..STEPS {
            world.step(step, &pre, &[post.clone(), silent.clone(), silent.clone()]);
        }
        let times = |train: &[bool]| (1..train.len()).filter(|&t| train[t]).map(|t| t as f64).collect::<Vec<_>>();
        let last = STEPS as f64 - 1.0 - DELAYS[0];
        let sent: Vec<f64> = times(&pre[0]).into_iter().filter(|&t| t <= last).collect();
        let at_synapse: Vec<f64> = times(&post).iter().map(|t| t + DELAYS[0]).collect();
        for (number, &now) in sent.iter().enumerate() {
            let mut change = 0.0;
            for &t in &sent[..=number] {
                if let Some(before) = at_synapse.iter().rfind(|&&s| s < t) {
                    change -= exp(-(t - before) * DT / 20.0);
                }
                if let Some(after) = at_synapse.iter().find(|&&s| s > t).filter(|&&s| s <= now) {
                    change += exp(-(after - t) * DT / 20.0);
                }
            }
            let found = world.sent[number * NEURONS];
            prop_assert!((found - (50.0 + change)).abs() < 1e-9, "{found}, not {} at {now}", 50.0 + change);
        }
    }
}

#[test]
fn mistakes_between_parameters_are_told() {
    let told = |model: &SynapseModel, arguments: &Arguments| {
        (model.check)(arguments).iter().map(|complaint| complaint.parameter).collect::<Vec<_>>()
    };
    let stdp = &synapses::stdp::MODEL;
    let bounds = |low: f64, high: f64| {
        Arguments::defaults(stdp.parameters)
            .with("w_min", Argument::Value(low))
            .with("w_max", Argument::Value(high))
    };
    assert_eq!(told(stdp, &bounds(-1.0, 1.0)), ["w_min"]);
    assert_eq!(told(stdp, &bounds(2.0, 1.0)), ["w_max"]);
    assert_eq!(told(stdp, &bounds(0.0, 0.0)), ["w_max"]);
    assert!(told(stdp, &bounds(-1.0, -2.0)).is_empty());
    let guetig = bounds(0.0, 1.0).with("weight_dependence", Argument::Word("Guetig"));
    assert_eq!(told(stdp, &guetig), ["weight_dependence"]);
    for model in [&synapses::triplet_stdp::MODEL, &synapses::vogels_sprekeler::MODEL] {
        let arguments = Arguments::defaults(model.parameters).with("w_max", Argument::Value(0.0));
        assert_eq!(told(model, &arguments), ["w_max"]);
    }
    let short_term = &synapses::tsodyks_markram::MODEL;
    let arguments = Arguments::defaults(short_term.parameters).with("y", Argument::Value(0.5));
    assert_eq!(told(short_term, &arguments), ["y"]);
}

#[test]
fn every_synapse_of_a_long_row_is_treated_alike() {
    let targets: Vec<u16> = (0..150).map(|synapse| synapse % 3).collect();
    for (model, arguments) in rules(1.0) {
        let mut rule = (model.f64)(&site(&arguments));
        let mut run = vec![0.0; rule.pre_len()];
        rule.pre_start(&mut run);
        let (mut weights, mut sent) = (vec![1.0; 150], Vec::new());
        for time in [40.0, 90.0, 300.0] {
            rule.deliver(PreSpike { time, delay: 10.0 }, &mut run, &targets, &mut weights, &mut sent);
            rule.post_spike(0, time + 15.0);
            rule.post_spike(1, time + 30.0);
        }
        assert!(
            sent.chunks(3).zip(sent[3..].chunks(3)).enumerate().all(|(n, (a, b))| n % 50 == 49 || a == b)
        );
        assert_eq!(sent.len(), 450);
        assert!(sent[300] != sent[302] || rule.kept() == 0, "{}", model.name);
    }
}

#[test]
fn short_term_depression_reaches_its_closed_form() {
    // With tau_fac = 0 a regular train settles at x = (1 - e) / (1 - (1 - U) e), e = e^(-T/τ_rec).
    let model = &synapses::tsodyks_markram::MODEL;
    let mut rule = (model.f64)(&site(&Arguments::defaults(model.parameters)));
    let mut run = vec![0.0; rule.pre_len()];
    rule.pre_start(&mut run);
    let mut sent = Vec::new();
    for spike in 1..200 {
        let spike = PreSpike { time: f64::from(spike) * 500.0, delay: 10.0 };
        rule.deliver(spike, &mut run, &[0], &mut [4.0], &mut sent);
    }
    let e = exp(-50.0 / 800.0);
    let settled = 4.0 * 0.5 * (1.0 - e) / (1.0 - 0.5 * e);
    assert!((sent[198] - settled).abs() < 1e-12, "{}, not {settled}", sent[198]);
}
