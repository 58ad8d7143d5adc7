//! How closely each kind of model has to agree.

/// The precision of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single.
    F32,
    /// Double.
    F64,
}

impl Precision {
    /// The word in a network file.
    pub fn word(self) -> &'static str {
        match self {
            Precision::F32 => "F32",
            Precision::F64 => "F64",
        }
    }
}

/// What a kind of model is allowed.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Largest difference of the voltage in mV (rms for Hodgkin–Huxley models).
    pub voltage: f64,
    /// Above this voltage differences do not count (the upstroke of a spike).
    pub below: f64,
    /// How far a spike may be off, in steps.
    pub steps: i64,
    /// The share of spikes that may be off.
    pub share: f64,
    /// Whether the difference is the root mean square.
    pub rms: bool,
    /// How far an off-grid spike may be off, in ms.
    pub off_grid: f64,
}

/// The tolerance of a neuron model, by NEST's name.
///
/// In single precision a voltage of -70 mV has a spacing of 7.6e-6 mV, and a spike whose threshold
/// is passed by less than the accumulated rounding moves by a step; after that the trace differs by
/// a whole step's change. So voltages are compared where both have just had the same spikes, and a
/// twentieth of the spikes may be off by a step (three for AdEx, whose spikes are chaotic in their
/// initial conditions). The upstroke of an Izhikevich neuron, whose slope is 0.04 V², multiplies
/// rounding a thousandfold and shifts a burst in time: it is compared below -45 mV, to 0.5 mV.
pub fn of_neuron(model: &str, precision: Precision) -> Tolerance {
    let base =
        Tolerance { voltage: 1e-9, below: f64::INFINITY, steps: 0, share: 0.0, rms: false, off_grid: 1e-9 };
    let exact = match model {
        m if m.starts_with("iaf_cond") => Tolerance { voltage: 1e-4, steps: 1, share: 0.01, ..base },
        m if m.starts_with("aeif") => Tolerance { voltage: 1e-2, below: -45.0, steps: 1, share: 1.0, ..base },
        m if m.starts_with("hh") => Tolerance { voltage: 0.5, steps: 1, share: 1.0, rms: true, ..base },
        _ => base,
    };
    match precision {
        Precision::F64 => exact,
        // Off-grid models run in double precision whatever the file says.
        Precision::F32 if model.ends_with("_ps") => exact,
        Precision::F32 if model == "izhikevich" => {
            Tolerance { voltage: 0.5, below: -45.0, steps: 1, share: 0.05, ..exact }
        }
        Precision::F32 => Tolerance {
            voltage: exact.voltage.max(2e-3),
            steps: exact.steps.max(1) + 2 * i64::from(model.starts_with("aeif")),
            share: exact.share.max(0.05),
            ..exact
        },
    }
}
