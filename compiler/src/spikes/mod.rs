//! Spikes: every unit of an integer network becomes one or two populations of neurons that hold a number each.
//!
//! A number below 0 is sent by a population of its own: both hold the same V, and each sends one sign. [`timing`] says
//! when each population hears and sends, [`template`] how sources and targets are wired, [`graph`] puts both
//! together (`wiring.rs`), [`text`] writes the network file, [`decode`] reads numbers out of spikes again. [`chip`] does all of it for
//! rectified layers with neurons that chips have.

pub mod chip;
pub mod decode;
pub mod graph;
pub mod template;
pub mod text;
pub mod timing;
mod wiring;

/// How a number is said in spikes in a window of steps; a spike in the last step is worth 1 in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// As many spikes.
    Rate,
    /// Its binary digits, the largest first.
    Phase,
    /// One spike, the sooner the larger.
    Ttfs,
}

impl Code {
    /// Its word in a network file.
    pub fn word(self) -> &'static str {
        match self {
            Code::Rate => "Rate",
            Code::Phase => "Phase",
            Code::Ttfs => "Ttfs",
        }
    }

    /// Steps that a number of `bits` digits takes.
    pub fn steps(self, bits: u32) -> usize {
        if self == Code::Phase { bits as usize } else { (1 << bits) - 1 }
    }

    /// The number that a spike at step `position` of a window of `length` steps adds.
    pub fn worth(self, position: usize, length: usize) -> i64 {
        match self {
            Code::Rate => 1,
            Code::Phase => 1 << (length - 1 - position),
            Code::Ttfs => (length - position) as i64,
        }
    }

    /// Spikes of a number.
    pub fn fired(self, number: u64) -> u64 {
        match self {
            Code::Rate => number,
            Code::Phase => u64::from(number.count_ones()),
            Code::Ttfs => u64::from(number > 0),
        }
    }

    /// The steps of a window in which a number of `bits` digits has its spikes.
    pub fn spikes(self, number: u64, bits: u32) -> Vec<usize> {
        let length = self.steps(bits);
        match self {
            Code::Rate => (0..number as usize).collect(),
            Code::Phase => {
                (0..length).filter(|position| (number >> (length - 1 - position)) & 1 == 1).collect()
            }
            Code::Ttfs => (number > 0).then(|| length - number as usize).into_iter().collect(),
        }
    }
}
