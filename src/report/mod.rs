//! What is known of a mapping, written down: `report.json` for programs, `report.html` for people, and a few
//! lines for the terminal.

mod json;
mod page;
mod picture;
mod steps;
mod tables;
mod text;

pub use json::json;
pub use page::html;
pub use text::text;

use backends::chip::energy::{Event, Evidence};
use backends::chip::mesh::{Mesh, Way};
use backends::chip::report::Report;
use std::path::Path;
use std::{fs, io};

/// Writes `report.json` and `report.html` of the network `name` into `folder`, which has to be there.
pub fn write(report: &Report, name: &str, folder: &Path) -> io::Result<()> {
    fs::write(folder.join("report.json"), format!("{:#}\n", json(report, name)))?;
    fs::write(folder.join("report.html"), html(report, name))
}

/// What an event is called.
fn event_name(event: Event) -> &'static str {
    match event {
        Event::SynapticEvent => "synaptic events",
        Event::SynapseUpdate => "synapses learned",
        Event::ActiveUpdate => "active neuron updates",
        Event::InactiveUpdate => "inactive neuron updates",
        Event::NeuronStep => "neuron steps",
        Event::Spike => "spikes",
        Event::Packet => "packets sent",
        Event::TilePacket => "packets within a tile",
        Event::HopX => "hops along x",
        Event::HopY => "hops along y",
    }
}

fn evidence_name(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Silicon => "measured on silicon",
        Evidence::Simulated => "simulated before silicon",
        Evidence::Derived => "derived from measurements",
    }
}

fn way_name(way: Way) -> &'static str {
    match way {
        Way::East => "east",
        Way::West => "west",
        Way::North => "north",
        Way::South => "south",
    }
}

/// Where a core is, for people: "tile (2, 1), core 3".
fn place_name(mesh: &Mesh, site: u32) -> String {
    let (x, y) = mesh.tile(site);
    match mesh.cores_per_tile {
        1 => format!("core ({x}, {y})"),
        cores => format!("tile ({x}, {y}) core {}", site % cores),
    }
}

/// An energy with a fitting unit.
fn energy(picojoules: f64) -> String {
    let units = [(1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ")];
    let unit = units.into_iter().find(|&(size, _)| picojoules >= size).unwrap_or((1.0, "pJ"));
    format!("{} {}", three_digits(picojoules / unit.0), unit.1)
}

/// A duration with a fitting unit.
fn duration(nanoseconds: f64) -> String {
    let units = [(1e9, "s"), (1e6, "ms"), (1e3, "µs")];
    let unit = units.into_iter().find(|&(size, _)| nanoseconds >= size).unwrap_or((1.0, "ns"));
    format!("{} {}", three_digits(nanoseconds / unit.0), unit.1)
}

/// A number to three digits, without an exponent where it needs none.
fn three_digits(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        size if size >= 0.01 => format!("{number:.2}"),
        _ => format!("{number:.1e}"),
    }
}

/// A share as a percentage. What is not zero does not look like it, and what is not full neither.
fn percent(share: f64) -> String {
    match share {
        0.0 => "0 %".to_owned(),
        share if share < 0.001 => "< 0.1 %".to_owned(),
        share if share < 0.1 => format!("{:.1} %", share * 100.0),
        share if share < 1.0 => format!("{:.0} %", (share * 100.0).floor()),
        share => format!("{:.0} %", (share * 100.0).ceil()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_a_fitting_unit() {
        assert_eq!(energy(23.6), "23.6 pJ");
        assert_eq!(energy(64.4e9), "64.4 mJ");
        assert_eq!(duration(1234.0), "1.23 µs");
        assert_eq!(
            [0.0, 0.0004, 0.05, 0.999, 1.0, 1.001].map(percent),
            ["0 %", "< 0.1 %", "5.0 %", "99 %", "100 %", "101 %"]
        );
    }
}
