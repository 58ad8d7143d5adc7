//! The networks that are measured, by name.

use sim_core::source::nearest;

/// A network with a name and, where it has one, a size.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// As it was asked for: `microcircuit:0.1`.
    pub name: String,
    /// The text of its network file.
    pub text: &'static str,
    /// What has to be set in it for this size.
    pub settings: Vec<String>,
    /// Model time of a window in ms, if none is asked for: about a second on one core.
    pub window_ms: f64,
}

/// Settings as `--set` takes them, or why there are none.
type Settings = Result<Vec<String>, String>;

/// A network file with the settings that a number after a colon asks for.
struct Shipped {
    name: &'static str,
    text: &'static str,
    window_ms: f64,
    resize: Option<fn(&str) -> Settings>,
}

static SHIPPED: [Shipped; 6] = [
    shipped("brunel", include_str!("../../networks/brunel.ron"), 500.0),
    shipped("brunel_stdp", include_str!("../../networks/brunel_stdp.ron"), 200.0),
    Shipped {
        resize: Some(scale),
        ..shipped("microcircuit", include_str!("../../networks/microcircuit.ron"), 1000.0)
    },
    shipped("cuba", include_str!("../../networks/cuba.ron"), 5000.0),
    shipped("coba", include_str!("../../networks/coba.ron"), 2000.0),
    Shipped { resize: Some(neurons), ..shipped("sparse", include_str!("../../networks/sparse.ron"), 1000.0) },
];

const fn shipped(name: &'static str, text: &'static str, window_ms: f64) -> Shipped {
    Shipped { name, text, window_ms, resize: None }
}

/// What is measured if nothing is asked for: together a minute or two.
pub const USUAL: [&str; 6] = ["brunel", "brunel_stdp", "microcircuit:0.1", "cuba", "coba", "sparse"];

impl Workload {
    /// `brunel`, `microcircuit:0.1` (a scale), `sparse:1000000` (a number of neurons).
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
        Ok(Workload { name: name.to_owned(), text: shipped.text, settings, window_ms: shipped.window_ms })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::read;

    #[test]
    fn every_usual_workload_is_a_network_that_can_be_read() {
        for name in USUAL {
            let workload = Workload::named(name).unwrap();
            assert!(read(name, workload.text, &workload.settings).is_ok(), "{name}");
        }
    }

    #[test]
    fn a_number_after_the_colon_is_a_scale_or_a_number_of_neurons() {
        let neurons = |name: &str| {
            let workload = Workload::named(name).unwrap();
            read(name, workload.text, &workload.settings).unwrap().neurons()
        };
        assert_eq!(neurons("sparse:1000"), 1000 + 10);
        assert_eq!(neurons("sparse"), 101_000);
        assert_eq!(neurons("microcircuit"), 77_169);
        assert!((7_700..7_730).contains(&neurons("microcircuit:0.1")));
    }

    #[test]
    fn a_name_or_size_that_cannot_be_is_refused_with_what_can() {
        assert!(Workload::named("brunell").unwrap_err().contains("did you mean brunel?"));
        assert!(Workload::named("zzz").unwrap_err().contains("microcircuit"));
        for wrong in ["brunel:2", "microcircuit:2", "microcircuit:NaN", "sparse:-5", "sparse:99"] {
            assert!(Workload::named(wrong).is_err(), "{wrong}");
        }
    }
}
