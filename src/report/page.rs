//! `report.html`: one page that needs nothing else.

use super::{duration, energy, percent, picture, place_name, steps, tables};
use crate::summary::grouped;
use backends::chip::report::Report;
use std::fmt::Write as _;

const STYLE: &str = include_str!("page.css");

/// The report of the network `name`, as a page.
pub fn html(report: &Report, name: &str) -> String {
    let title = escaped(&format!("{name} on {}", report.chip));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    page += &verdict(report);
    page += &tiles(report);
    page += &tables::limits(report);
    page += &picture::mesh(report);
    page += &tables::losses(report);
    if let Some(traffic) = &report.traffic {
        page += &tables::traffic(traffic);
        page += &steps::curve(traffic);
        page += &steps::histogram(traffic);
    }
    page += &tables::energy(report);
    page += &tables::time(report);
    page += &tables::cores(report);
    page += &tables::provenance(report);
    page += "</main>\n</body>\n</html>\n";
    page
}

/// Whether it fits and what binds, in the largest letters on the page.
fn verdict(report: &Report) -> String {
    let (class, word) = if report.fits() { ("fits", "Fits") } else { ("fails", "Does not fit") };
    let mut text = format!("<section class=\"verdict {class}\">\n<p class=\"word\">{word}</p>\n");
    if report.cores.len() > report.mesh.cores() {
        let (cores, there) = (grouped(report.cores.len() as u64), grouped(report.mesh.cores() as u64));
        let _ = writeln!(text, "<p>It needs <b>{cores} cores</b>; there are {there}.</p>");
    }
    if let Some(limit) = report.binding() {
        let (core, used) = limit.binding().unwrap_or((0, 0));
        let place =
            report.cores.get(core).map_or_else(String::new, |core| place_name(&report.mesh, core.site));
        let slack = match limit.limit.checked_sub(used) {
            Some(slack) => format!("{} to spare", grouped(slack)),
            None => format!("{} too many", grouped(used - limit.limit)),
        };
        let _ = write!(
            text,
            "<p>Binding limit: <b>{}</b>, {} of {} ({}) at {place}, {slack}.</p>\n{}",
            escaped(&limit.name),
            grouped(used),
            grouped(limit.limit),
            percent(limit.tightness()),
            tables::bar(limit.tightness()),
        );
    }
    text + "</section>\n"
}

/// The figures that are asked for first.
fn tiles(report: &Report) -> String {
    let mut list = vec![
        ("cores in use".to_owned(), grouped(report.cores.len() as u64), {
            format!(
                "at least {}, {} there",
                grouped(report.fewest_cores()),
                grouped(report.mesh.cores() as u64)
            )
        }),
        ("chips".to_owned(), grouped(report.chips() as u64), format!("of {}", report.mesh.chips)),
    ];
    if let Some(traffic) = &report.traffic {
        let mean = format!("{:.2} hops each", traffic.mean_hops());
        list.push(("messages between cores".to_owned(), grouped(traffic.total.messages), mean));
        let of = format!("of {} synaptic events", grouped(traffic.total.synaptic_events));
        list.push(("stay on their core".to_owned(), percent(traffic.locality()), of));
    }
    for bill in &report.energy {
        let standing = bill.standing.map_or("no standing power priced".to_owned(), |standing| {
            format!("and {} standing", energy(standing))
        });
        list.push((escaped(bill.prices.name), energy(bill.dynamic()), standing));
    }
    if let Some(time) = &report.time {
        list.push((
            "a step, by the model".to_owned(),
            duration(time.mean()),
            format!("longest {}", duration(time.longest)),
        ));
    }
    let tiles = list.iter().fold(String::new(), |mut tiles, (what, figure, more)| {
        let _ = writeln!(tiles, "<div><dt>{what}</dt><dd><b>{figure}</b><span>{more}</span></dd></div>");
        tiles
    });
    format!("<dl class=\"tiles\">\n{tiles}</dl>\n")
}

/// Text that may stand in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
