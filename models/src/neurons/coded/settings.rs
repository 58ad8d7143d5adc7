//! What all neurons that hold a number can be told.

use sim_core::neuron::{Initial, State};
use sim_core::parameter::{Arguments, Default, Kind, Parameter, Range};
use sim_core::units::Dimension;

/// How a number is said in spikes, see [`crate::neurons::coded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// Its spikes are counted.
    Rate,
    /// Its binary digits, the largest first.
    Phase,
    /// The sooner, the larger.
    Ttfs,
}

impl Code {
    /// Its word.
    pub const WORDS: &'static [&'static str] = &["Rate", "Phase", "Ttfs"];

    /// That of `arguments`.
    pub fn of(arguments: &Arguments) -> Self {
        match arguments.word("code") {
            "Rate" => Code::Rate,
            "Ttfs" => Code::Ttfs,
            _ => Code::Phase,
        }
    }

    /// Steps that a number of `bits` bits takes.
    pub fn steps(self, bits: u32) -> u32 {
        if self == Code::Phase { bits } else { (1 << bits) - 1 }
    }

    /// Whether `number`, of `bits` bits, has a spike at step `position` of its window.
    #[inline]
    pub fn fires(self, number: u32, bits: u32, position: u32) -> bool {
        match self {
            Code::Rate => position < number,
            Code::Phase => (number >> (bits - 1 - position)) & 1 == 1,
            Code::Ttfs => number > 0 && position + number == self.steps(bits),
        }
    }
}

/// The code.
pub const CODE: Parameter = Parameter::choice("code", Code::WORDS, "Phase", "how numbers are said in spikes");

/// How large a number can be.
pub const BITS: Parameter = Parameter {
    name: "bits",
    kind: Kind::Integer,
    default: Default::Number(4.0),
    range: Range::Between(1.0, 24.0),
    meaning: "binary digits of the number that is sent",
};

/// Which sign.
pub const PART: Parameter = Parameter::choice(
    "part",
    &["Positive", "Negative"],
    "Positive",
    "whether numbers above 0 are sent, or those below 0 without their sign",
);

/// What V stands for.
pub const UNIT: Parameter =
    Parameter::value("unit", Dimension::Number, 1.0, Range::Positive, "what V = 1 stands for");

/// What is sent stands for.
pub const GRAIN: Parameter = Parameter::value(
    "grain",
    Dimension::Number,
    1.0,
    Range::Positive,
    "what a number 1 that is sent stands for",
);

/// How often everything comes again.
pub const PERIOD: Parameter =
    Parameter::value("period", Dimension::Time, 16.0, Range::Positive, "after which all windows come again");

/// Length of windows.
pub const WINDOW: Parameter =
    Parameter::value("window", Dimension::Time, 4.0, Range::Positive, "length of a window of hearing");

/// Windows that begin anew.
pub const HEAR: Parameter = windows("hear", "starts of windows of hearing before which V is forgotten");

const fn windows(name: &'static str, meaning: &'static str) -> Parameter {
    Parameter::optional(name, Kind::Values(Dimension::Time), Range::NotNegative, meaning)
}

/// Windows that go on.
pub const HEAR_ON: Parameter = windows("hear_on", "starts of windows of hearing that add to V");

/// Windows of sending.
pub const SEND: Parameter = Parameter {
    name: "send",
    kind: Kind::Values(Dimension::Time),
    default: Default::Number(4.0),
    range: Range::NotNegative,
    meaning: "starts of windows in which the number is sent",
};

/// Windows of the second operand.
pub const OPERAND: Parameter = Parameter {
    name: "operand",
    kind: Kind::Values(Dimension::Time),
    default: Default::Number(4.0),
    range: Range::NotNegative,
    meaning: "starts of windows in which the second operand is heard",
};

/// Length of windows of the second operand.
pub const OPERAND_WINDOW: Parameter =
    Parameter::value("operand_window", Dimension::Time, 4.0, Range::Positive, "their length");

/// Initial windows.
pub const SET: Parameter = Parameter::optional(
    "set",
    Kind::Value(Dimension::Time),
    Range::NotNegative,
    "start of a window, in each trial, before which V is forgotten",
);

/// How long a trial is.
pub const TRIAL: Parameter = Parameter::optional(
    "trial",
    Kind::Value(Dimension::Time),
    Range::Positive,
    "length of a trial; the period if absent",
);

/// Windows that silence.
pub const STOP: Parameter =
    windows("stop", "starts of windows in which a spike silences the neuron until the next trial");

/// The sum.
pub const V: State = State {
    name: "V",
    dimension: Dimension::Number,
    initial: Initial::Value(0.0),
    meaning: "the number that the neuron holds",
};

/// The second operand.
pub const SECOND: State = State {
    name: "W",
    dimension: Dimension::Number,
    initial: Initial::Value(0.0),
    meaning: "the second operand",
};
