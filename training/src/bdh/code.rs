//! How the values of events travel: as they are, as counts of a few bits, or as spikes that come by chance.

use sim_core::rng::Key;

/// How values travel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Code {
    /// As they are.
    Exact,
    /// As whole counts from 0 to 2ᴷ − 1 of K bits; the full scale is the largest count, and what is above it is cut.
    Counts {
        /// K.
        bits: u32,
    },
    /// As how many of some spikes came, each with the probability value / full scale.
    Bernoulli {
        /// How many could come.
        draws: u32,
        /// Of the draws.
        key: Key,
    },
}

/// The full scales of x and y in a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Scale {
    /// Of what neurons see of the token.
    pub x: f32,
    /// Of what they see of the past.
    pub y: f32,
}

impl Code {
    /// A value, not negative, as it arrives. `moment` and `who` tell draws apart.
    pub fn pass(self, value: f32, full: f32, (moment, who): (u64, u64)) -> f32 {
        match self {
            Self::Exact => value,
            _ if full <= 0.0 => 0.0,
            Self::Counts { bits } => {
                let most = ((1_u64 << bits) - 1) as f32;
                (value / full * most).round_ties_even().min(most) * (full / most)
            }
            Self::Bernoulli { draws, key } => {
                let mut stream = key.numbered(moment).stream(who);
                let likely = f64::from(value / full);
                let came = (0..draws).filter(|_| stream.uniform() < likely).count();
                came as f32 * (full / draws as f32)
            }
        }
    }
}
