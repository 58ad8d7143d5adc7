//! What the published models of Loihi disagree about: one field for each point.
//!
//! Nengo-loihi 1.1.0, lava-nc 0.10.0 and brian2-loihi 0.5.2 give the same integers wherever their
//! features overlap. Where they do not, none is known to be the chip in every point: nengo-loihi's authors
//! tested overflow on it, brian2-loihi's found no difference in single neurons and a recurrent network
//! (Michaelis et al. 2022, doi:10.3389/fninf.2022.1015624). So the choice is the user's.

/// One reading of the chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Semantics {
    /// The word in a file.
    pub name: &'static str,
    /// The sum of what arrives in a step.
    pub input: Overflow,
    /// The synaptic current u.
    pub current: Overflow,
    /// The sum of u and bias.
    pub bias: Bias,
    /// What bounds the voltage v.
    pub voltage: Bounds,
    /// Whether there is a refractory time.
    pub refractory: bool,
    /// What a negative weight exponent cuts.
    pub exponent: Exponent,
    /// How a weight loses the bits that its format does not hold.
    pub rounding: Rounding,
    /// Added to the decay of u: u keeps (4096 - (du + 1)) / 4096 a step.
    pub current_offset: i32,
    /// Added to the decay of v.
    pub voltage_offset: i32,
}

/// What a register does with a number that is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Keeps so many bits in two's complement.
    Wraps(u32),
    /// Above 2²³, or at −2²³ and below, takes off or adds 2²⁴, once.
    Folds,
    /// It is not modelled: all 32 bits of our own registers count.
    Ignored,
}

/// How the bias is added to u.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// The sum does this when it is too large.
    Added(Overflow),
    /// There is no bias.
    Absent,
}

/// What bounds the voltage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bounds {
    /// The registers vmin and vmax of each compartment.
    Registers,
    /// ±(2²³ − 1) for all.
    Fixed,
    /// Nothing.
    Absent,
}

/// What is rounded down when a weight exponent is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponent {
    /// Each weight.
    OfEach,
    /// The sum of the mantissas that arrive in a step.
    OfSum,
}

/// How a mantissa becomes a multiple of 2ˢ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest, a half to the even one.
    Nearest,
    /// Down where signs are mixed, toward zero otherwise.
    Floor,
    /// Toward zero.
    TowardZero,
}

/// The largest magnitude of u and v: they have 23 bits and a sign.
pub const LARGEST: i32 = (1 << 23) - 1;

/// As nengo-loihi 1.1.0 has it. The default.
pub static NENGO: Semantics = Semantics {
    name: "Nengo",
    input: Overflow::Wraps(22),
    current: Overflow::Wraps(24),
    bias: Bias::Added(Overflow::Wraps(24)),
    voltage: Bounds::Registers,
    refractory: true,
    exponent: Exponent::OfEach,
    rounding: Rounding::Nearest,
    current_offset: 1,
    voltage_offset: 0,
};

/// As lava-nc 0.10.0 has it.
pub static LAVA: Semantics = Semantics {
    name: "Lava",
    input: Overflow::Ignored,
    current: Overflow::Folds,
    bias: Bias::Added(Overflow::Ignored),
    voltage: Bounds::Fixed,
    refractory: false,
    exponent: Exponent::OfSum,
    rounding: Rounding::Floor,
    current_offset: 1,
    voltage_offset: 0,
};

/// As brian2-loihi 0.5.2 has it.
pub static BRIAN2: Semantics = Semantics {
    name: "Brian2",
    input: Overflow::Ignored,
    current: Overflow::Ignored,
    bias: Bias::Absent,
    voltage: Bounds::Absent,
    refractory: true,
    exponent: Exponent::OfEach,
    rounding: Rounding::TowardZero,
    current_offset: 1,
    voltage_offset: 0,
};

/// All readings, the default first.
pub static ALL: [&Semantics; 3] = [&NENGO, &LAVA, &BRIAN2];
