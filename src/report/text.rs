//! The short of a report, for the terminal.

use super::{duration, energy, percent, place_name};
use crate::summary::grouped;
use backends::chip::report::Report;
use std::fmt::Write as _;

/// A few lines: whether it fits and what binds first.
pub fn text(report: &Report) -> String {
    let mut lines = String::new();
    let _ = writeln!(lines, "{}", verdict(report));
    let _ = writeln!(
        lines,
        "cores     {} in use, at least {} needed, {} there",
        grouped(report.cores.len() as u64),
        grouped(report.fewest_cores()),
        grouped(report.mesh.cores() as u64),
    );
    for limit in &report.limits {
        let (core, used) = limit.binding().unwrap_or((0, 0));
        let place =
            report.cores.get(core).map_or_else(String::new, |core| place_name(&report.mesh, core.site));
        let _ = writeln!(
            lines,
            "limit     {:<18} {:>9} of {:<9} {:>7}  {place}",
            limit.name,
            grouped(used),
            grouped(limit.limit),
            percent(limit.tightness()),
        );
    }
    for (what, count) in &report.added {
        let _ = writeln!(lines, "added     {} {what}", grouped(*count));
    }
    if let Some(traffic) = &report.traffic {
        let _ = writeln!(
            lines,
            "traffic   {} messages, {} hops, {:.2} a message, {} of synaptic events stay on their core",
            grouped(traffic.total.messages),
            grouped(traffic.total.hops()),
            traffic.mean_hops(),
            percent(traffic.locality()),
        );
    }
    for bill in &report.energy {
        let standing =
            bill.standing.map_or_else(String::new, |standing| format!(" and {} standing", energy(standing)));
        let _ = writeln!(lines, "energy    {}{standing} ({})", energy(bill.dynamic()), bill.prices.name);
    }
    if let Some(time) = &report.time {
        let _ = writeln!(
            lines,
            "time      {} a step by the model, longest {}",
            duration(time.mean()),
            duration(time.longest)
        );
    }
    lines
}

/// One sentence: whether it fits, and what is tightest.
pub fn verdict(report: &Report) -> String {
    let Some(limit) = report.binding() else {
        return format!("fits {}: nothing is limited", report.chip);
    };
    let (core, used) = limit.binding().unwrap_or((0, 0));
    let place = report.cores.get(core).map_or_else(String::new, |core| place_name(&report.mesh, core.site));
    let (used, most) = (grouped(used), grouped(limit.limit));
    if report.cores.len() > report.mesh.cores() {
        let (cores, there) = (report.cores.len(), report.mesh.cores());
        return format!("does not fit {}: {cores} cores of {there}", report.chip);
    }
    match report.fits() {
        true => format!("fits {}: tightest are {}, {used} of {most} at {place}", report.chip, limit.name),
        false => format!("does not fit {}: {}, {used} of {most} at {place}", report.chip, limit.name),
    }
}
