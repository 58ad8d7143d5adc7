//! `Stdp`: pair-based spike-timing-dependent plasticity with any weight dependence.
//!
//! With the weight as a share `x = (w - w_min) / (w_max - w_min)` of its interval, a pair of a
//! presynaptic spike and a postsynaptic one that reaches the synapse `Δ` later or earlier changes it by
//!
//! ```text
//! pre before post:  x ← min(1, x + λ (1 - x)^μ₊ e^(-Δ/τ₊))
//! post before pre:  x ← max(0, x - α λ x^μ₋ e^(-Δ/τ₋))
//! ```
//!
//! The delay is dendritic: a postsynaptic spike of time `s` is at the synapse at `s + delay`. One
//! that gets there together with a presynaptic spike facilitates and does not depress. The weight is
//! changed before it transmits.
//!
//! `neighbours` says which pairs count (Morrison et al. 2008, figure 7):
//! - `All`: all of them, through a trace on either side;
//! - `Symmetric`: each spike with the nearest one before it on the other side;
//! - `PresynCentered`: each presynaptic spike with the last postsynaptic one before and the first
//!   one after it;
//! - `Restricted`: as `Symmetric`, but each spike is in one pair of a kind at most.
//!
//! As in NEST, `Symmetric` and `Restricted` take it that every source spiked at time 0.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `tau_plus`, `tau_minus` | 20 ms | time constants of facilitation and depression |
//! | `lambda` | 0.01 | step λ |
//! | `alpha` | 1 | depression per facilitation α |
//! | `weight_dependence` | – | `Additive` μ = 0, 0; `Multiplicative` 1, 1; `VanRossum` 0, 1; `Guetig` `mu_plus` for both |
//! | `mu_plus`, `mu_minus` | 1, `mu_plus` | exponents μ₊, μ₋ |
//! | `w_min`, `w_max` | 0, – | bounds, of one sign |
//! | `neighbours` | `All` | which pairs count |
//!
//! With `All` neighbours and exponents of 0 and 1 weights are computed in the precision of the network,
//! otherwise in double precision and stored in that of the network. In single precision either is
//! within 6e-7 of NEST's weights after 100 spikes: rounding the stored weight makes the error.
//!
//! References: Gütig et al. (2003) doi:10.1523/JNEUROSCI.23-09-03697.2003; Rubin et al. (2001)
//! doi:10.1103/PhysRevLett.86.364; van Rossum et al. (2000) doi:10.1523/JNEUROSCI.20-23-08812.2000;
//! Morrison et al. (2008) doi:10.1007/s00422-008-0233-1.

use crate::synapses::nearest::{self, Nearest};
use crate::synapses::pairs::{self, Pairs, Row};
use crate::synapses::sums::Sums;
use crate::synapses::weight_dependence::{Adding, Multiplying, WeightDependence, exponents};
use sim_core::math::exp;
use sim_core::parameter::{Argument, Arguments, Complaint, Default, Kind, Parameter, Range};
use sim_core::primitive::{Change, PairRule};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use sim_core::units::Dimension;

/// The row of `Stdp`.
pub static MODEL: SynapseModel = SynapseModel {
    name: "Stdp",
    nest: "stdp_synapse",
    summary: "Pair-based spike-timing-dependent plasticity: additive, multiplicative and between.",
    parameters: &[
        Parameter::value("tau_plus", Dimension::Time, 20.0, Range::Positive, "time constant of facilitation"),
        Parameter::value("tau_minus", Dimension::Time, 20.0, Range::Positive, "time constant of depression"),
        Parameter::value("lambda", Dimension::Number, 0.01, Range::NotNegative, "step of facilitation"),
        Parameter::value("alpha", Dimension::Number, 1.0, Range::NotNegative, "depression per facilitation"),
        Parameter::optional(
            "weight_dependence",
            Kind::Choice(&["Additive", "Multiplicative", "VanRossum", "Guetig"]),
            Range::Any,
            "a known pair of exponents",
        ),
        Parameter::value("mu_plus", Dimension::Number, 1.0, Range::NotNegative, "exponent of facilitation"),
        Parameter {
            name: "mu_minus",
            kind: Kind::Value(Dimension::Number),
            default: Default::SameAs("mu_plus"),
            range: Range::NotNegative,
            meaning: "exponent of depression",
        },
        Parameter {
            name: "w_min",
            kind: Kind::Weight,
            default: Default::Number(0.0),
            range: Range::Any,
            meaning: "the weight that depression ends at",
        },
        Parameter::required("w_max", Kind::Weight, Range::Any, "the weight that facilitation ends at"),
        Parameter::choice(
            "neighbours",
            &["All", "Symmetric", "PresynCentered", "Restricted"],
            "All",
            "which pairs of spikes count",
        ),
    ],
    check,
    f32: |site| Box::new(Stdp::<f32>::new(site)),
    f64: |site| Box::new(Stdp::<f64>::new(site)),
    primitive: Some(primitive),
};

fn check(arguments: &Arguments) -> Vec<Complaint> {
    let mut complaints = Vec::new();
    let (low, high) = (arguments.number("w_min"), arguments.number("w_max"));
    if low * high < 0.0 {
        complaints.push(Complaint::about("w_min", "w_min and w_max have different signs"));
    } else if low.abs() >= high.abs() {
        let help = "for inhibitory synapses both are negative, and w_max is the stronger one";
        complaints.push(Complaint::about("w_max", "w_max is not beyond w_min").help(help));
    }
    if let Argument::Word(word) = arguments.get("weight_dependence") {
        let (plus, minus) = exponents(arguments);
        for (name, exponent) in [("mu_plus", plus), ("mu_minus", minus)] {
            if arguments.is_given(name) && arguments.number(name) != exponent {
                let message = format!("{word} means {name}: {exponent}");
                complaints.push(Complaint::about(name, message).help(format!("leave {name} out")));
            }
        }
        if *word == "Guetig" && !arguments.is_given("mu_plus") {
            let message = "Guetig needs an exponent";
            complaints
                .push(Complaint::about("weight_dependence", message).help("give mu_plus between 0 and 1"));
        }
    }
    complaints
}

fn primitive(arguments: &Arguments, dt: f64) -> Result<PairRule, String> {
    let neighbours = arguments.word("neighbours");
    if neighbours != "All" {
        return Err(format!(
            "neighbours: {neighbours} pairs some spikes only; chips pair all: neighbours: All"
        ));
    }
    let number = |name: &str| arguments.number(name);
    let (low, high) = (number("w_min").abs(), number("w_max").abs());
    let (up, down) = (number("lambda"), number("alpha") * number("lambda"));
    let change = |name: &str, exponent: f64, step: f64, end: f64, away: f64| match exponent {
        0.0 => Ok(Change { trace: away * step * (high - low), ..Change::default() }),
        1.0 => Ok(Change { trace: step * end, share: -step, ..Change::default() }),
        _ => Err(format!("{name} = {exponent} is a power of the weight; chips take exponents of 0 and 1")),
    };
    let (plus, minus) = exponents(arguments);
    Ok(PairRule {
        keep_pre: exp(-dt / number("tau_plus")),
        keep_post: exp(-dt / number("tau_minus")),
        at_pre: change("mu_minus", minus, down, low, -1.0)?,
        at_post: change("mu_plus", plus, up, high, 1.0)?,
        low,
        high,
        negative: number("w_max") < 0.0,
    })
}

#[derive(Debug)]
enum Stdp<R> {
    Adding(Sums<R>, Adding<R>),
    Multiplying(Sums<R>, Multiplying<R>),
    Pairs(Pairs, WeightDependence),
    Nearest(Pairs, Nearest, WeightDependence),
}

impl<R: Real> Stdp<R> {
    fn new(site: &PlasticSite) -> Self {
        let arguments = &site.arguments;
        let (tau_plus, tau_minus) = (arguments.number("tau_plus"), arguments.number("tau_minus"));
        let pairs = || Pairs::new(site.neurons, tau_plus, tau_minus, site.dt);
        let dependence = WeightDependence::new(arguments);
        if let Some(nearest) = Nearest::named(arguments.word("neighbours")) {
            return Stdp::Nearest(pairs(), nearest, dependence);
        }
        let sums = || Sums::new(site, tau_plus, tau_minus);
        match (Adding::new(arguments), Multiplying::new(arguments)) {
            (Some(rule), _) => Stdp::Adding(sums(), rule),
            (None, Some(rule)) => Stdp::Multiplying(sums(), rule),
            (None, None) => Stdp::Pairs(pairs(), dependence),
        }
    }

    fn pairs(&self) -> &Pairs {
        match self {
            Stdp::Adding(sums, _) | Stdp::Multiplying(sums, _) => &sums.pairs,
            Stdp::Pairs(pairs, _) | Stdp::Nearest(pairs, ..) => pairs,
        }
    }

    fn pairs_mut(&mut self) -> &mut Pairs {
        match self {
            Stdp::Adding(sums, _) | Stdp::Multiplying(sums, _) => &mut sums.pairs,
            Stdp::Pairs(pairs, _) | Stdp::Nearest(pairs, ..) => pairs,
        }
    }
}

impl<R: Real> Plasticity<R> for Stdp<R> {
    fn pre_len(&self) -> usize {
        match self {
            Stdp::Nearest(..) => nearest::PRE,
            _ => pairs::PRE,
        }
    }

    fn pre_start(&self, pre: &mut [f64]) {
        pre.fill(0.0);
    }

    fn post_spike(&mut self, neuron: u32, time: f64) {
        match self {
            Stdp::Adding(sums, _) | Stdp::Multiplying(sums, _) => sums.post_spike(neuron, time),
            Stdp::Pairs(pairs, _) | Stdp::Nearest(pairs, ..) => {
                pairs.archive.spike(neuron, time);
            }
        }
    }

    fn deliver(
        &mut self,
        spike: PreSpike,
        pre: &mut [f64],
        neurons: &[u16],
        weights: &mut [R],
        sent: &mut Vec<R>,
    ) {
        let row = Row { neurons, weights, sent };
        match self {
            Stdp::Adding(sums, rule) => sums.deliver(spike, pre, row, *rule),
            Stdp::Multiplying(sums, rule) => sums.deliver(spike, pre, row, *rule),
            Stdp::Pairs(pairs, dependence) => {
                let dependence = *dependence;
                let facilitate = |weight, trace| dependence.facilitate(weight, trace);
                let depress = |weight, trace| dependence.depress(weight, trace);
                pairs.deliver(spike, pre, row, facilitate, depress);
            }
            Stdp::Nearest(pairs, nearest, dependence) => nearest.deliver(pairs, spike, pre, row, *dependence),
        }
    }

    fn forget(&mut self, needed_from: &[f64]) {
        self.pairs_mut().archive.forget(needed_from);
    }

    fn needed_from(&self, pre: &[f64], delay: f64) -> f64 {
        match self {
            Stdp::Nearest(pairs, nearest, _) => nearest.needed_from(pairs, pre, delay),
            _ => self.pairs().needed_from(pre, delay),
        }
    }

    fn kept(&self) -> usize {
        self.pairs().archive.kept()
    }

    fn save(&self, out: &mut Saver) {
        self.pairs().archive.save(out);
        if let Stdp::Nearest(_, nearest, _) = self {
            nearest.save(out);
        }
    }

    fn restore(&mut self, from: &mut Loader<'_>) -> Result<(), SnapshotError> {
        match self {
            Stdp::Adding(sums, _) | Stdp::Multiplying(sums, _) => sums.restore(from),
            Stdp::Pairs(pairs, _) => pairs.archive.restore(from),
            Stdp::Nearest(pairs, nearest, _) => {
                pairs.archive.restore(from)?;
                nearest.restore(from)
            }
        }
    }
}
