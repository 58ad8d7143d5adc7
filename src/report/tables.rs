//! The tables of the page.

use super::page::escaped;
use super::{
    duration, energy as joules, event_name, evidence_name, percent, place_name, three_digits, way_name,
};
use crate::summary::grouped;
use backends::chip::energy::Bill;
use backends::chip::report::Report;
use backends::chip::traffic::{Counts, Traffic};
use std::fmt::Write as _;

/// A bar as long as the share.
pub fn bar(share: f64) -> String {
    let width = (share * 100.0).clamp(0.0, 100.0);
    let class = if share > 1.0 { "bar over" } else { "bar" };
    format!("<span class=\"{class}\"><i style=\"width:{width:.1}%\"></i></span>\n")
}

/// A table under a heading whose last column is words; nothing without rows.
fn words(heading: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    table(heading, columns, rows).replacen("<table>", "<table class=\"words\">", 1)
}

/// A table under a heading; nothing without rows. Cells are HTML; the first of a row is its name.
fn table(heading: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut text = format!("<section>\n<h2>{heading}</h2>\n<div class=\"wide\"><table>\n<thead><tr>");
    columns.iter().for_each(|column| text += &format!("<th scope=\"col\">{column}</th>"));
    text += "</tr></thead>\n<tbody>\n";
    for row in rows {
        let (name, cells) = row.split_at(1);
        let _ = write!(text, "<tr><th scope=\"row\">{}</th>", name[0]);
        cells.iter().for_each(|cell| text += &format!("<td>{cell}</td>"));
        text += "</tr>\n";
    }
    text + "</tbody></table></div>\n</section>\n"
}

/// Every limit, the tightest first.
pub fn limits(report: &Report) -> String {
    let mut order: Vec<usize> = (0..report.limits.len()).collect();
    order.sort_by(|&a, &b| report.limits[b].tightness().total_cmp(&report.limits[a].tightness()));
    let row = |limit: &backends::chip::report::Limit| {
        let (core, used) = limit.binding().unwrap_or((0, 0));
        let place =
            report.cores.get(core).map_or_else(String::new, |core| place_name(&report.mesh, core.site));
        vec![
            escaped(&limit.name),
            format!("{}{}", bar(limit.tightness()), percent(limit.tightness())),
            grouped(used),
            grouped(limit.limit),
            format!("{}", limit.limit as i64 - used as i64),
            place,
            format!("{} / {}", percent(limit.mean()), percent(limit.least())),
            if limit.demand == 0 { "–".to_owned() } else { grouped(limit.cores_needed()) },
            escaped(&limit.source),
        ]
    };
    let rows: Vec<Vec<String>> = order.into_iter().map(|place| row(&report.limits[place])).collect();
    let columns = [
        "limit",
        "fullest core",
        "used",
        "limit",
        "slack",
        "where",
        "mean / least",
        "cores at least",
        "source",
    ];
    words("Limits of a core", &columns, &rows)
}

/// What mapping added, and what numbers lost.
pub fn losses(report: &Report) -> String {
    let added: Vec<Vec<String>> =
        report.added.iter().map(|(what, count)| vec![escaped(what), grouped(*count)]).collect();
    let weights: Vec<Vec<String>> = report
        .projections
        .iter()
        .map(|loss| {
            vec![
                escaped(&loss.projection),
                grouped(loss.synapses),
                format!("{} {}", three_digits(loss.max_error), escaped(&loss.unit)),
                format!("{} {}", three_digits(loss.rms_error), escaped(&loss.unit)),
                grouped(loss.saturated),
            ]
        })
        .collect();
    let parameters: Vec<Vec<String>> = report
        .parameters
        .iter()
        .map(|loss| {
            let off = (loss.realised - loss.requested) / loss.requested.abs();
            vec![
                escaped(&loss.population),
                escaped(&loss.parameter),
                format!("{:.6} {}", loss.requested, escaped(&loss.unit)),
                format!("{:.6} {}", loss.realised, escaped(&loss.unit)),
                if off.is_finite() { format!("{:+.3} %", off * 100.0) } else { "–".to_owned() },
            ]
        })
        .collect();
    table("Added by mapping", &["what", "how many"], &added)
        + &table("Weights", &["projection", "synapses", "greatest error", "rms error", "saturated"], &weights)
        + &table(
            "Parameters",
            &["population", "parameter", "requested", "on the chip", "off by"],
            &parameters,
        )
}

/// What the run moved.
pub fn traffic(traffic: &Traffic) -> String {
    let peak = traffic.peak();
    let steps = traffic.steps.max(1) as f64;
    let row = |name: &str, of: fn(&Counts) -> u64| {
        let most = peak.map_or_else(|| "–".to_owned(), |peak| grouped(of(&peak.counts)));
        vec![
            name.to_owned(),
            grouped(of(&traffic.total)),
            three_digits(of(&traffic.total) as f64 / steps),
            most,
        ]
    };
    let rows = [
        row("spikes", |counts| counts.spikes),
        row("messages between cores", |counts| counts.messages),
        row("deliveries on the own core", |counts| counts.local_deliveries),
        row("synaptic events", |counts| counts.synaptic_events),
        row("hops along x", |counts| counts.hops_x),
        row("hops along y", |counts| counts.hops_y),
        row("chip boundaries crossed", |counts| counts.crossings),
    ];
    let peak = peak.map_or_else(|| "peak step".to_owned(), |peak| format!("step {} (peak)", peak.step));
    let mut text = table("Traffic", &["what", "whole run", "a step", &peak], &rows);
    let _ = writeln!(
        text,
        "<p>{} steps. Mean {:.2} hops a message, at most {}. A mesh that copies spikes where ways part would use {} links instead of {}.</p>",
        grouped(traffic.steps.max(0) as u64),
        traffic.mean_hops(),
        traffic.most_hops,
        grouped(traffic.tree_edges),
        grouped(traffic.total.hops()),
    );
    if let Some((link, load, share)) = traffic.hottest() {
        let (load, way) = (grouped(load), way_name(link.way));
        let (x, y, share) = (link.x, link.y, percent(share));
        let _ = writeln!(
            text,
            "<p>Hottest link: from tile ({x}, {y}) {way}, {load} messages, {share} of all hops.</p>"
        );
    }
    text
}

/// A bill by each set of prices.
pub fn energy(report: &Report) -> String {
    report.energy.iter().map(bill).collect()
}

fn bill(bill: &Bill) -> String {
    let mut rows: Vec<Vec<String>> = bill
        .terms
        .iter()
        .map(|term| {
            vec![
                event_name(term.price.event).to_owned(),
                grouped(term.count),
                format!("{} pJ", term.price.picojoules),
                joules(term.picojoules()),
            ]
        })
        .collect();
    rows.push(vec![
        "<b>sum</b>".to_owned(),
        String::new(),
        String::new(),
        format!("<b>{}</b>", joules(bill.dynamic())),
    ]);
    if let (Some(standing), Some((milliwatts, source))) = (bill.standing, bill.prices.standing) {
        let what = format!("standing, apart ({})", escaped(source));
        rows.push(vec![what, String::new(), format!("{milliwatts} mW a chip"), joules(standing)]);
    }
    let heading = format!("Energy: {}", escaped(bill.prices.name));
    table(&heading, &["event", "count", "price", "energy"], &rows)
        + &format!(
            "<p class=\"fine\">{}. Evidence: {}. {}. Error: {}. Without a price: {}.</p>\n",
            escaped(bill.prices.source),
            evidence_name(bill.prices.evidence),
            escaped(bill.prices.conditions),
            escaped(bill.prices.error),
            escaped(&bill.prices.unpriced.join(", ")),
        )
}

/// What steps would take.
pub fn time(report: &Report) -> String {
    let Some(time) = &report.time else { return String::new() };
    let rows = [
        vec!["busiest core".to_owned(), duration(time.core)],
        vec!["farthest message".to_owned(), duration(time.network)],
        vec!["barrier".to_owned(), duration(time.barrier)],
        vec!["<b>mean step</b>".to_owned(), format!("<b>{}</b>", duration(time.mean()))],
        vec!["longest step".to_owned(), duration(time.longest)],
        vec!["steps a second".to_owned(), grouped(time.steps_per_second() as u64)],
    ];
    table("Time of a step: a model, not a measurement", &["part", "time"], &rows)
        + &format!("<p class=\"fine\">{}. Error: {}.</p>\n", escaped(time.source), escaped(time.error))
}

/// Every core in use, folded away.
pub fn cores(report: &Report) -> String {
    let names: Vec<String> = report.limits.iter().map(|limit| escaped(&limit.name)).collect();
    let mut columns = vec!["core"];
    columns.extend(names.iter().map(String::as_str));
    columns.push("neurons of");
    let rows: Vec<Vec<String>> = report
        .cores
        .iter()
        .enumerate()
        .map(|(place, core)| {
            let used = report
                .limits
                .iter()
                .map(|limit| limit.used.get(place).map_or_else(String::new, |&used| grouped(used)));
            let whom = core
                .populations
                .iter()
                .map(|(name, neurons)| format!("{} {}", grouped(*neurons), escaped(name)));
            let mut row = vec![place_name(&report.mesh, core.site)];
            row.extend(used);
            row.push(whom.collect::<Vec<_>>().join(", "));
            row
        })
        .collect();
    let inner = words("Cores", &columns, &rows);
    if inner.is_empty() {
        inner
    } else {
        format!("<details><summary>Every core</summary>\n{inner}</details>\n")
    }
}

/// Switches and where everything comes from.
pub fn provenance(report: &Report) -> String {
    let row = |(what, value): &(String, String)| vec![escaped(what), escaped(value)];
    let rows: Vec<Vec<String>> = report.switches.iter().chain(&report.provenance).map(row).collect();
    words("Provenance", &["what", "value"], &rows)
}
