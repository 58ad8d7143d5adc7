//! What a run would cost: counts × prices. Every price names where it is from; sets are never mixed.

use super::traffic::Counts;

/// How a figure came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Measured on the chip.
    Silicon,
    /// Simulated before there was a chip.
    Simulated,
    /// Fitted or computed from measured figures.
    Derived,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A synapse served.
    SynapticEvent,
    /// A synapse learned.
    SynapseUpdate,
    /// A neuron's step with something in it.
    ActiveUpdate,
    /// A neuron's step with nothing in it.
    InactiveUpdate,
    /// A neuron's step, whatever is in it.
    NeuronStep,
    /// A neuron that spiked.
    Spike,
    /// A packet sent, to the own core too.
    Packet,
    /// A packet that stays within its tile.
    TilePacket,
    /// A hop along x.
    HopX,
    /// A hop along y.
    HopY,
}

/// A price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    /// Of what.
    pub event: Event,
    /// In pJ.
    pub picojoules: f64,
}

/// Prices of one origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// A short name.
    pub name: &'static str,
    /// Where they are from.
    pub source: &'static str,
    /// How they came to be.
    pub evidence: Evidence,
    /// At which supply voltage and under what conditions.
    pub conditions: &'static str,
    /// The prices.
    pub prices: &'static [Price],
    /// What each chip draws at all times, in mW, if it is known, and where from.
    pub standing: Option<(f64, &'static str)>,
    /// What has no price in this set.
    pub unpriced: &'static [&'static str],
    /// How far off it may be, as its source says.
    pub error: &'static str,
}

const fn price(event: Event, picojoules: f64) -> Price {
    Price { event, picojoules }
}

/// Loihi by its makers.
pub static LOIHI_DAVIES: Prices = Prices {
    name: "Loihi, Davies 2018",
    source: "Davies et al. 2018, IEEE Micro 38(1), table 2",
    evidence: Evidence::Simulated,
    conditions: "0.75 V; simulated before silicon, \"consistent with early post-silicon\"; a synaptic event is the least figure",
    prices: &[
        price(Event::SynapticEvent, 23.6),
        price(Event::SynapseUpdate, 120.0),
        price(Event::ActiveUpdate, 81.0),
        price(Event::InactiveUpdate, 52.0),
        price(Event::TilePacket, 1.7),
        price(Event::HopX, 3.0),
        price(Event::HopY, 4.0),
    ],
    standing: Some((104.0, "3.34 W over 32 chips, Frady et al. 2020")),
    unpriced: &["barrier between steps", "spike generation", "x86 cores", "links between chips"],
    error: "not stated by the source",
};

/// Loihi as SANA-FE describes it. One synapse format: the sparse one.
pub static LOIHI_SANAFE: Prices = Prices {
    name: "Loihi, SANA-FE",
    source: "SANA-FE 2.2.9, bundled description of Loihi; Boyle et al. 2025, IEEE TCAD",
    evidence: Evidence::Silicon,
    conditions: "calibrated on Nahuku boards; sparse synapses (dense 35.5 pJ, convolutional 24.0 pJ)",
    prices: &[
        price(Event::NeuronStep, 51.2),
        price(Event::ActiveUpdate, 21.6),
        price(Event::Spike, 69.3),
        price(Event::Packet, 111.0),
        price(Event::SynapticEvent, 33.6),
        price(Event::HopX, 3.0),
        price(Event::HopY, 4.2),
    ],
    standing: None,
    unpriced: &["leakage", "barrier between steps", "learning", "x86 cores", "links between chips"],
    error: "at most 12 % on the three applications of its authors",
};

/// TrueNorth: an affine fit of power over events.
pub static TRUENORTH_AFFINE: Prices = Prices {
    name: "TrueNorth, affine fit",
    source: "fitted to the three points of Akopyan et al. 2015, IEEE TCAD 34(10)",
    evidence: Evidence::Derived,
    conditions: "0.8 V; 68, 71 and 94 mW at 11.58, 20.07 and 95.93 Hz",
    prices: &[price(Event::SynapticEvent, 2.30)],
    standing: Some((64.4, "the fit's constant: a whole chip, however many cores are in use")),
    unpriced: &["neuron updates, spikes and hops (within the fit, not apart)", "links between chips"],
    error: "0.5 % on the middle point when it is held out",
};

/// What a run did, as prices count it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Activity {
    /// What moved.
    pub counts: Counts,
    /// Packets that stayed within their tile.
    pub tile_packets: u64,
    /// Neurons × steps.
    pub neuron_steps: u64,
    /// Of these, the ones with something in them: a potential that is not at rest, or an arrival.
    pub active_updates: u64,
    /// Spikes of neurons on the chip, without those of inputs.
    pub neuron_spikes: u64,
    /// Synapses that learned.
    pub synapse_updates: u64,
    /// Chips in use.
    pub chips: u64,
    /// How long the run is on the chip, in s.
    pub seconds: f64,
}

impl Activity {
    fn count(&self, event: Event) -> u64 {
        match event {
            Event::SynapticEvent => self.counts.synaptic_events,
            Event::SynapseUpdate => self.synapse_updates,
            Event::ActiveUpdate => self.active_updates,
            Event::InactiveUpdate => self.neuron_steps.saturating_sub(self.active_updates),
            Event::NeuronStep => self.neuron_steps,
            Event::Spike => self.neuron_spikes,
            Event::Packet => self.counts.packets(),
            Event::TilePacket => self.tile_packets,
            Event::HopX => self.counts.hops_x,
            Event::HopY => self.counts.hops_y,
        }
    }
}

/// One line of a bill.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What was counted and its price.
    pub price: Price,
    /// How often it happened.
    pub count: u64,
}

impl Term {
    /// count × price, in pJ.
    pub fn picojoules(&self) -> f64 {
        self.count as f64 * self.price.picojoules
    }
}

/// A run by one set of prices.
#[derive(Clone, Debug, PartialEq)]
pub struct Bill {
    /// The set.
    pub prices: &'static Prices,
    /// Its lines.
    pub terms: Vec<Term>,
    /// What standing power takes over the run, in pJ, if the set has it.
    pub standing: Option<f64>,
}

impl Bill {
    /// The bill for what happened.
    pub fn of(prices: &'static Prices, activity: &Activity) -> Self {
        let terms =
            prices.prices.iter().map(|&price| Term { price, count: activity.count(price.event) }).collect();
        let standing = prices.standing.map(|(milliwatts, _)| {
            // mW × s are 10^9 pJ.
            milliwatts * activity.chips as f64 * activity.seconds * 1e9
        });
        Self { prices, terms, standing }
    }

    /// The sum of all lines, in pJ, without standing power.
    pub fn dynamic(&self) -> f64 {
        self.terms.iter().map(Term::picojoules).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_of_truenorth_gives_back_the_powers_it_was_made_from() {
        // 2^20 neurons with 128 synapses each, for a second.
        for (rate, milliwatts) in [(11.58, 68.0), (20.07, 71.0), (95.93, 94.0)] {
            let events = (rate * 128.0 * f64::from(1 << 20)) as u64;
            let counts = Counts { synaptic_events: events, ..Counts::default() };
            let activity = Activity { counts, chips: 1, seconds: 1.0, ..Activity::default() };
            let bill = Bill::of(&TRUENORTH_AFFINE, &activity);
            let total = (bill.dynamic() + bill.standing.unwrap_or(0.0)) * 1e-9;
            assert!((total - milliwatts).abs() < 0.01 * milliwatts, "{total} mW at {rate} Hz");
        }
    }

    #[test]
    fn a_bill_is_counts_times_prices() {
        let counts = Counts {
            spikes: 5,
            messages: 3,
            local_deliveries: 1,
            synaptic_events: 10,
            hops_x: 2,
            hops_y: 7,
            ..Counts::default()
        };
        let activity = Activity {
            counts,
            neuron_steps: 100,
            active_updates: 40,
            neuron_spikes: 4,
            chips: 2,
            ..Activity::default()
        };
        let sanafe = Bill::of(&LOIHI_SANAFE, &activity);
        let expected =
            51.2 * 100.0 + 21.6 * 40.0 + 69.3 * 4.0 + 111.0 * 4.0 + 33.6 * 10.0 + 3.0 * 2.0 + 4.2 * 7.0;
        assert!((sanafe.dynamic() - expected).abs() < 1e-9);
        assert_eq!(sanafe.standing, None);
        let davies = Bill::of(&LOIHI_DAVIES, &Activity { seconds: 0.5, ..activity });
        assert!((davies.dynamic() - (23.6 * 10.0 + 81.0 * 40.0 + 52.0 * 60.0 + 6.0 + 28.0)).abs() < 1e-9);
        assert_eq!(davies.standing, Some(104e9));
    }
}
