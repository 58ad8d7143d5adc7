//! The networks that are measured, by name.

use backends::loihi;
use backends::truenorth;
use backends::truenorth::limits::{CORES, NEURONS};
use backends::truenorth::workload::Likeness;
use sim_core::backend::Machine;
use sim_core::connect::Connectivity;
use sim_core::network::Network;
use sim_core::source::nearest;
use std::sync::Arc;

/// Makes a machine for so many threads without the network's backend: a full chip is made in its own
/// integers, as a mapping would have to fill it to the last slot.
pub type Maker = fn((Arc<Network>, Arc<Connectivity>), usize) -> Result<Box<dyn Machine>, String>;

/// A network with a name and, where it has one, a size.
#[derive(Clone, Debug)]
pub struct Workload {
    /// As it was asked for: `microcircuit:0.1`.
    pub name: String,
    /// The text of its network file.
    pub text: &'static str,
    /// What has to be set in it for this size.
    pub settings: Vec<String>,
    /// Model time of a window in ms, if none is asked for: about a second on one core.
    pub window_ms: f64,
    /// What makes its machine, if not its backend.
    pub maker: Option<Maker>,
}

/// Settings as `--set` takes them, or why there are none.
type Settings = Result<Vec<String>, String>;

/// A network file with the settings that a number after a colon asks for.
struct Shipped {
    name: &'static str,
    text: &'static str,
    window_ms: f64,
    resize: Option<fn(&str) -> Settings>,
    maker: Option<Maker>,
}

static SHIPPED: [Shipped; 9] = [
    shipped("brunel", include_str!("../../networks/brunel.ron"), 500.0),
    shipped("brunel_stdp", include_str!("../../networks/brunel_stdp.ron"), 200.0),
    Shipped {
        resize: Some(scale),
        ..shipped("microcircuit", include_str!("../../networks/microcircuit.ron"), 1000.0)
    },
    shipped("cuba", include_str!("../../networks/cuba.ron"), 5000.0),
    shipped("coba", include_str!("../../networks/coba.ron"), 2000.0),
    Shipped { resize: Some(neurons), ..shipped("sparse", include_str!("../../networks/sparse.ron"), 1000.0) },
    Shipped {
        maker: Some(|ends, threads| full_truenorth(ends, Likeness::Alike, threads)),
        ..chip("truenorth", include_str!("truenorth.ron"), |size| cores(size, CORES, NEURONS))
    },
    Shipped {
        maker: Some(|ends, threads| full_truenorth(ends, Likeness::Varied, threads)),
        ..chip("truenorth_varied", include_str!("truenorth.ron"), |size| cores(size, CORES, NEURONS))
    },
    Shipped {
        maker: Some(|ends, threads| {
            let machine = loihi::workload::machine(ends, threads).map_err(|error| error.to_string())?;
            Ok(Box::new(machine))
        }),
        ..chip("loihi", include_str!("loihi.ron"), |size| {
            cores(size, loihi::workload::CORES, loihi::workload::COMPARTMENTS)
        })
    },
];

const fn shipped(name: &'static str, text: &'static str, window_ms: f64) -> Shipped {
    Shipped { name, text, window_ms, resize: None, maker: None }
}

const fn chip(name: &'static str, text: &'static str, resize: fn(&str) -> Settings) -> Shipped {
    Shipped { resize: Some(resize), ..shipped(name, text, 500.0) }
}

fn full_truenorth(
    ends: (Arc<Network>, Arc<Connectivity>),
    likeness: Likeness,
    threads: usize,
) -> Result<Box<dyn Machine>, String> {
    let machine = truenorth::workload::machine(ends, likeness, threads);
    Ok(Box::new(machine.map_err(|misfits| misfits.join("\n"))?))
}

/// What is measured if nothing is asked for: together a minute or two.
pub const USUAL: [&str; 6] = ["brunel", "brunel_stdp", "microcircuit:0.1", "cuba", "coba", "sparse"];

impl Workload {
    /// `brunel`, `microcircuit:0.1` (a scale), `sparse:1000000` (a number of neurons), `loihi:2` (of cores).
    pub fn named(name: &str) -> Result<Workload, String> {
        let (word, size) = name.split_once(':').map_or((name, None), |(word, size)| (word, Some(size)));
        let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == word) else {
            let names = SHIPPED.each_ref().map(|shipped| shipped.name);
            let hint = match nearest(word, names) {
                Some(name) => format!("did you mean {name}?"),
                None => format!("there is {}", names.join(", ")),
            };
            return Err(format!("no workload is called {word:?}; {hint}"));
        };
        let settings = match (size, shipped.resize) {
            (None, _) => Vec::new(),
            (Some(size), Some(resize)) => resize(size)?,
            (Some(_), None) => {
                return Err(format!("{word} has one size only; leave out what follows the colon"));
            }
        };
        let Shipped { text, window_ms, maker, .. } = *shipped;
        Ok(Workload { name: name.to_owned(), text, settings, window_ms, maker })
    }

    /// The text of its network file, with what is set above it in comments.
    pub fn text_as_set(&self) -> String {
        let settings = self.settings.iter().map(|setting| format!("// --set {setting}\n"));
        settings.chain([self.text.to_owned()]).collect()
    }
}

fn scale(size: &str) -> Settings {
    match size.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale <= 1.0 => Ok(vec![format!("scale={scale:?}")]),
        _ => Err(format!("{size:?} is not a scale of the microcircuit; write a number above 0 and up to 1")),
    }
}

fn neurons(size: &str) -> Settings {
    // A fibre for every hundred neurons, and all sizes are numbers of 32 bits.
    match size.replace('_', "").parse::<u32>() {
        Ok(size) if size >= 100 => {
            let set = |population: &str, size: u32| format!("populations.{population}.size={size}");
            let inhibitory = size / 5;
            Ok(vec![set("E", size - inhibitory), set("I", inhibitory), set("fibres", size / 100)])
        }
        _ => Err(format!("{size:?} is not a number of neurons; write a whole number from 100")),
    }
}

fn cores(size: &str, most: usize, neurons: usize) -> Settings {
    match size.replace('_', "").parse::<usize>() {
        Ok(cores) if (1..=most).contains(&cores) => {
            Ok(vec![format!("populations.chip.size={}", cores * neurons)])
        }
        _ => Err(format!("{size:?} is not a number of cores; the chip has 1 to {most}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::read;

    #[test]
    fn every_workload_is_a_network_that_can_be_read() {
        for name in USUAL.into_iter().chain(["truenorth", "truenorth_varied", "loihi"]) {
            let workload = Workload::named(name).unwrap();
            assert!(read(name, workload.text, &workload.settings).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_number_after_the_colon_is_a_scale_or_a_number_of_neurons_or_cores() {
        let neurons = |name: &str| {
            let workload = Workload::named(name).unwrap();
            read(name, workload.text, &workload.settings).unwrap().neurons()
        };
        assert_eq!(neurons("sparse:1000"), 1000 + 10);
        assert_eq!(neurons("sparse"), 101_000);
        assert_eq!(neurons("microcircuit"), 77_169);
        assert_eq!((neurons("truenorth"), neurons("truenorth:8")), (1_048_576, 2048));
        assert_eq!((neurons("loihi"), neurons("loihi:2")), (131_072, 2048));
        assert!((7_700..7_730).contains(&neurons("microcircuit:0.1")));
    }

    #[test]
    fn a_name_or_size_that_cannot_be_is_refused_with_what_can() {
        assert!(Workload::named("brunell").unwrap_err().contains("did you mean brunel?"));
        assert!(Workload::named("zzz").unwrap_err().contains("microcircuit"));
        for wrong in [
            "brunel:2",
            "microcircuit:2",
            "microcircuit:NaN",
            "sparse:-5",
            "sparse:99",
            "truenorth:0",
            "loihi:129",
        ] {
            assert!(Workload::named(wrong).is_err(), "{wrong}");
        }
    }
}
