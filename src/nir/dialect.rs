//! What NIR leaves open, and this program therefore asks.

use crate::open::milliseconds;
use clap::{Args, ValueEnum};

/// The choices, as options of the command line.
#[derive(Args, Clone, Debug)]
pub struct Dialect {
    /// Length of a step, e.g. 0.1ms, 1ms
    #[arg(long, value_name = "TIME", default_value = "0.1ms", value_parser = step)]
    pub dt: f64,
    /// How the equations of a neuron become steps
    #[arg(long, value_enum, default_value_t = Discretisation::Exact)]
    pub discretisation: Discretisation,
    /// What an arriving spike of weight w is
    #[arg(long, value_enum, default_value_t = SpikeInput::Paper)]
    pub spike: SpikeInput,
    /// What a spike does to V
    #[arg(long, value_enum, default_value_t = Reset::Value)]
    pub reset: Reset,
    /// When a neuron spikes
    #[arg(long, value_enum, default_value_t = Threshold::Above)]
    pub threshold: Threshold,
    /// Steps from a spike to its return over a recurrent edge
    #[arg(long, value_name = "STEPS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub recurrent_delay: u32,
}

/// How the equations of a neuron become steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Discretisation {
    /// The solution for input that is constant during a step; decays are exp(−dt/tau)
    Exact,
    /// One forward step, of the current first; decays are 1 − dt/tau (snnTorch, Norse, Lava)
    Euler,
}

/// What an arriving spike of weight w is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SpikeInput {
    /// A current, but I and IF jump: what the platforms of the NIR paper agree on
    Paper,
    /// A current of w that flows for one step
    Current,
    /// Moves V by r w, or the current of CubaLI and CubaLIF by w_in w, whatever dt is
    Jump,
}

/// What a spike does to V.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reset {
    /// V becomes v_reset, 0 where the file has none
    Value,
    /// V becomes 0, whatever the file says
    Zero,
    /// v_threshold is taken off V
    Subtract,
}

/// When a neuron spikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Threshold {
    /// When V > v_threshold
    Above,
    /// When V ≥ v_threshold
    Reached,
}

fn step(text: &str) -> Result<f64, String> {
    milliseconds(text).and_then(|dt| match dt > 0.0 {
        true => Ok(dt),
        false => Err("a step takes time".into()),
    })
}

impl Dialect {
    /// Whether spikes move a node of this kind by their whole weight.
    pub fn jumps(&self, kind: &str) -> bool {
        match self.spike {
            SpikeInput::Paper => matches!(kind, "I" | "IF"),
            SpikeInput::Current => false,
            SpikeInput::Jump => true,
        }
    }

    /// The options that make these choices, as they are typed.
    pub fn options(&self) -> String {
        let word = |value: &dyn Fn() -> Option<String>| value().unwrap_or_default();
        format!(
            "--dt {}ms --discretisation {} --spike {} --reset {} --threshold {} --recurrent-delay {}",
            self.dt,
            word(&|| Some(self.discretisation.to_possible_value()?.get_name().to_owned())),
            word(&|| Some(self.spike.to_possible_value()?.get_name().to_owned())),
            word(&|| Some(self.reset.to_possible_value()?.get_name().to_owned())),
            word(&|| Some(self.threshold.to_possible_value()?.get_name().to_owned())),
            self.recurrent_delay
        )
    }
}

impl Threshold {
    /// The number that a V which spikes is not below, for a threshold of the file.
    pub fn reached(self, v_threshold: f64) -> f64 {
        match self {
            Threshold::Above => v_threshold.next_up(),
            Threshold::Reached => v_threshold,
        }
    }

    /// The threshold of the file for such a number.
    pub fn of_reached(self, v_th: f64) -> f64 {
        match self {
            Threshold::Above => v_th.next_down(),
            Threshold::Reached => v_th,
        }
    }
}
