//! `TsodyksMarkram`: short-term depression and facilitation.
//!
//! Of a synapse's resources a share x is recovered, y active and z inactive, x + y + z = 1:
//!
//! ```text
//! between spikes:  dx/dt = z/τ_rec    dy/dt = -y/τ_psc    dz/dt = y/τ_psc - z/τ_rec    du/dt = -u/τ_fac
//! at a spike:      u ← u + U (1 - u),  then  x ← x - u x,  y ← y + u x,  and u x w is transmitted
//! ```
//!
//! Between spikes it is integrated exactly. All of it depends on the presynaptic train alone, so a
//! source's synapses share it; the weight itself does not change. With `tau_psc` 0 resources are
//! inactive at once: that is NEST's `tsodyks2_synapse`, whose u starts where ours is after the first
//! spike; with `tau_psc` above 0 it is NEST's `tsodyks_synapse`. `tau_fac` 0 means no facilitation.
//!
//! | parameter | default | meaning |
//! |---|---|---|
//! | `U` | 0.5 | share of the recovered resources that a first spike uses |
//! | `tau_rec` | 800 ms | time constant of recovery |
//! | `tau_fac` | 0 ms | time constant of facilitation; `tau_facil`, PyNN's name, is understood too |
//! | `tau_psc` | 0 ms | time constant of the synaptic current |
//! | `u`, `x`, `y` | 0, 1, 0 | state at time 0 |
//!
//! References: Tsodyks, Uziel and Markram (2000) doi:10.1523/JNEUROSCI.20-01-j0003.2000; Tsodyks and
//! Markram (1997) doi:10.1073/pnas.94.2.719; Maass and Markram (2002) doi:10.1016/S0893-6080(01)00144-7.

use sim_core::math::{exp, expm1};
use sim_core::parameter::{Arguments, Complaint, Kind, Parameter, Range};
use sim_core::real::Real;
use sim_core::snapshot::{Loader, Saver, SnapshotError};
use sim_core::synapse::{PlasticSite, Plasticity, PreSpike, SynapseModel};
use sim_core::units::Dimension;

/// The row of `TsodyksMarkram`.
pub static MODEL: SynapseModel = SynapseModel {
    name: "TsodyksMarkram",
    nest: "tsodyks2_synapse",
    summary: "Short-term depression and facilitation by resources that recover.",
    parameters: &[
        Parameter::value("U", Dimension::Number, 0.5, Range::Probability, "share that a first spike uses"),
        Parameter::value("tau_rec", Dimension::Time, 800.0, Range::Positive, "time constant of recovery"),
        Parameter::value(
            "tau_fac",
            Dimension::Time,
            0.0,
            Range::NotNegative,
            "time constant of facilitation",
        ),
        Parameter::optional(
            "tau_facil",
            Kind::Value(Dimension::Time),
            Range::NotNegative,
            "PyNN's name of tau_fac",
        ),
        Parameter::value("tau_psc", Dimension::Time, 0.0, Range::NotNegative, "time constant of the current"),
        Parameter::value("u", Dimension::Number, 0.0, Range::Probability, "utilisation at time 0"),
        Parameter::value("x", Dimension::Number, 1.0, Range::Probability, "recovered share at time 0"),
        Parameter::value("y", Dimension::Number, 0.0, Range::Probability, "active share at time 0"),
    ],
    check,
    f32: |site| Box::new(TsodyksMarkram::new(site)),
    f64: |site| Box::new(TsodyksMarkram::new(site)),
    primitive: None,
};

fn check(arguments: &Arguments) -> Vec<Complaint> {
    if arguments.is_given("tau_fac") && arguments.is_given("tau_facil") {
        return vec![Complaint::about(
            "tau_facil",
            "tau_facil is another name of tau_fac, and both are given",
        )];
    }
    let sum = arguments.number("x") + arguments.number("y");
    if sum > 1.0 {
        return vec![Complaint::about("y", format!("x and y make {sum}, more than all resources"))];
    }
    Vec::new()
}

#[derive(Debug)]
struct TsodyksMarkram {
    dt: f64,
    u_step: f64,
    tau_rec: f64,
    tau_fac: f64,
    tau_psc: f64,
    start: [f64; 3],
}

impl TsodyksMarkram {
    fn new(site: &PlasticSite) -> Self {
        let number = |name| site.arguments.number(name);
        TsodyksMarkram {
            dt: site.dt,
            u_step: number("U"),
            tau_rec: number("tau_rec"),
            tau_fac: site.arguments.try_number("tau_facil").unwrap_or(number("tau_fac")),
            tau_psc: number("tau_psc"),
            start: [number("u"), number("x"), number("y")],
        }
    }

    /// (u, x, y) after `elapsed` ms without a spike.
    fn recover(&self, [u, x, y]: [f64; 3], elapsed: f64) -> [f64; 3] {
        let decay = |tau: f64| if tau == 0.0 { 0.0 } else { exp(-elapsed / tau) };
        let inactive = (1.0 - x - y) * decay(self.tau_rec) + y * self.turned_inactive(elapsed);
        let y = y * decay(self.tau_psc);
        [u * decay(self.tau_fac), 1.0 - y - inactive, y]
    }

    /// Share of what was active `elapsed` ms ago that is now inactive:
    /// (e^(-t/τ_rec) - e^(-t/τ_psc)) τ_rec / (τ_rec - τ_psc), in a form that holds for equal constants.
    fn turned_inactive(&self, elapsed: f64) -> f64 {
        if self.tau_psc == 0.0 {
            return exp(-elapsed / self.tau_rec);
        }
        let gap = elapsed * (1.0 / self.tau_psc - 1.0 / self.tau_rec).abs();
        let slower = self.tau_psc.max(self.tau_rec);
        let mean = if gap == 0.0 { 1.0 } else { -expm1(-gap) / gap };
        elapsed / self.tau_psc * exp(-elapsed / slower) * mean
    }
}

impl<R: Real> Plasticity<R> for TsodyksMarkram {
    /// Time of the last spike in steps; u, x and y just after it.
    fn pre_len(&self) -> usize {
        4
    }

    fn pre_start(&self, pre: &mut [f64]) {
        pre[0] = 0.0;
        pre[1..4].copy_from_slice(&self.start);
    }

    fn post_spike(&mut self, _: u32, _: f64) {}

    fn deliver(&mut self, spike: PreSpike, pre: &mut [f64], _: &[u16], weights: &mut [R], sent: &mut Vec<R>) {
        let [u, x, y] = self.recover([pre[1], pre[2], pre[3]], (spike.time - pre[0]) * self.dt);
        let u = u + self.u_step * (1.0 - u);
        let used = u * x;
        pre.copy_from_slice(&[spike.time, u, x - used, y + used]);
        sent.extend(weights.iter().map(|weight| R::of(weight.wide() * used)));
    }

    fn forget(&mut self, _: &[f64]) {}

    fn needed_from(&self, _: &[f64], _: f64) -> f64 {
        f64::INFINITY
    }

    fn kept(&self) -> usize {
        0
    }

    fn save(&self, _: &mut Saver) {}

    fn restore(&mut self, _: &mut Loader<'_>) -> Result<(), SnapshotError> {
        Ok(())
    }
}
