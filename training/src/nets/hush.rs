//! The end of a sample in a network that may keep itself firing: one more source, which fires when the window is
//! over and inhibits every layer by more than everything else can excite it in that step.

use crate::nets::export::{Synapses, Trials};
use crate::nets::feed::Feed;
use crate::spiking::forward::Form;

impl Feed {
    /// Whether layers have to be silenced: those that reach themselves may go on for ever.
    pub(super) fn is_hushed(&self) -> bool {
        self.layers.iter().any(|layer| layer.recurrent)
    }

    /// The spikes of the source behind all others, which silences.
    pub(super) fn hush(&self, trials: &Trials) -> impl Iterator<Item = (usize, u32)> + use<> {
        let (samples, trials) = (if self.is_hushed() { trials.samples } else { 0 }, *trials);
        let source = self.inputs as u32;
        (0..samples).map(move |sample| (sample * trials.period + trials.window, source))
    }

    /// Its synapses onto each layer, beside the `others` of the network.
    pub(super) fn hushing(&self, others: &[Synapses]) -> Vec<Synapses> {
        let layers = self.layers.iter().filter(|_| self.is_hushed());
        layers
            .map(|layer| {
                let mut excited = vec![0.0; layer.neurons];
                for synapses in others.iter().filter(|synapses| synapses.target == layer.name) {
                    for (&target, weight) in synapses.targets.iter().zip(&synapses.weights) {
                        excited[target as usize] += weight.max(0.0);
                    }
                }
                let most = excited.into_iter().fold(0.0, f64::max);
                let kept = if layer.kind.form == Form::CubaLif { f64::from(layer.keep_i()) } else { 0.0 };
                Synapses {
                    name: format!("hush_{}", layer.name),
                    source: "input".into(),
                    target: layer.name.clone(),
                    sources: vec![self.inputs as u32; layer.neurons],
                    targets: (0..layer.neurons as u32).collect(),
                    // A whole number, so that sums stay exact.
                    weights: vec![-(most / (1.0 - kept) + 1.0).ceil(); layer.neurons],
                    delays: Vec::new(),
                }
            })
            .collect()
    }
}
