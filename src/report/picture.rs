//! The mesh as a picture: how full every core is, and what every link carries.

use super::{percent, place_name, way_name};
use crate::summary::grouped;
use backends::chip::mesh::Way;
use backends::chip::report::Report;
use std::fmt::Write as _;

/// The side of a tile and the gap between two, in the picture's units.
const TILE: f64 = 40.0;
const GAP: f64 = 22.0;

/// Steps of the scale of colours.
const SHADES: f64 = 6.0;

/// The part of the mesh that is in use.
struct Frame {
    x: (u32, u32),
    y: (u32, u32),
}

impl Frame {
    /// Where a tile's corner is. Rows are counted upwards.
    fn corner(&self, x: u32, y: u32) -> (f64, f64) {
        let step = TILE + GAP;
        (f64::from(x - self.x.0) * step + GAP, f64::from(self.y.1 - y) * step + GAP)
    }
}

/// The section with the picture; nothing if no core is in use.
pub fn mesh(report: &Report) -> String {
    let Some(frame) = frame(report) else { return String::new() };
    let (columns, rows) = (frame.x.1 - frame.x.0 + 1, frame.y.1 - frame.y.0 + 1);
    let size = |tiles: u32| f64::from(tiles) * (TILE + GAP) + GAP;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {} {}\" style=\"max-width:{}px\" role=\"img\" aria-label=\"How full every core of the mesh is\">\n",
        size(columns),
        size(rows),
        (size(columns) * 1.4).clamp(240.0, 960.0),
    );
    svg += &links(report, &frame);
    for (y, x) in (frame.y.0..=frame.y.1).flat_map(|y| (frame.x.0..=frame.x.1).map(move |x| (y, x))) {
        let (left, top) = frame.corner(x, y);
        let _ = writeln!(
            svg,
            "<rect class=\"tile\" x=\"{left}\" y=\"{top}\" width=\"{TILE}\" height=\"{TILE}\" rx=\"3\"/>"
        );
    }
    for place in 0..report.cores.len() {
        svg += &cell(report, &frame, place);
    }
    svg += "</svg>\n";
    let shades: String = (0..SHADES as u32).map(|shade| format!("<i class=\"s{shade}\"></i>")).collect();
    let shown = format!(
        "Tiles x {} to {}, y {} to {} of {} × {}; the rest is empty.",
        frame.x.0,
        frame.x.1,
        frame.y.0,
        frame.y.1,
        report.mesh.width(),
        report.mesh.rows
    );
    format!(
        "<section>\n<h2>Mesh</h2>\n<figure>\n{svg}<figcaption><span class=\"scale\">0 % {shades} 100 %</span> of its tightest \
         limit, core by core. Lines are links, as thick as their messages; the hottest is red. Cores in red are beyond a limit. {shown}</figcaption>\n</figure>\n</section>\n"
    )
}

fn frame(report: &Report) -> Option<Frame> {
    let tiles = report.cores.iter().map(|core| report.mesh.tile(core.site));
    let links =
        report.traffic.iter().flat_map(|traffic| traffic.links.iter()).map(|(link, _)| (link.x, link.y));
    tiles.chain(links).fold(None, |frame, (x, y)| {
        let Frame { x: columns, y: rows } = frame.unwrap_or(Frame { x: (x, x), y: (y, y) });
        Some(Frame { x: (columns.0.min(x), columns.1.max(x)), y: (rows.0.min(y), rows.1.max(y)) })
    })
}

/// A core: a square in its tile, with its figures when pointed at.
fn cell(report: &Report, frame: &Frame, place: usize) -> String {
    let core = &report.cores[place];
    let (x, y) = report.mesh.tile(core.site);
    let (left, top) = frame.corner(x, y);
    let across = f64::from(report.mesh.cores_per_tile).sqrt().ceil();
    let side = (TILE - 2.0 * (across + 1.0)) / across;
    let nth = f64::from(core.site % report.mesh.cores_per_tile);
    let (column, row) = (nth % across, (nth / across).floor());
    let share = |limit: &backends::chip::report::Limit| {
        limit.used.get(place).map_or(0.0, |&used| used as f64 / limit.limit.max(1) as f64)
    };
    let fullest = report.limits.iter().map(share).fold(0.0, f64::max);
    let class = if fullest > 1.0 {
        "over".to_owned()
    } else {
        format!("s{}", (fullest * SHADES).min(SHADES - 1.0) as u32)
    };
    let mut title = place_name(&report.mesh, core.site);
    for limit in &report.limits {
        let used = limit.used.get(place).copied().unwrap_or(0);
        let _ = write!(
            title,
            "\n{}: {} of {} ({})",
            limit.name,
            grouped(used),
            grouped(limit.limit),
            percent(share(limit))
        );
    }
    for (name, neurons) in &core.populations {
        let _ = write!(title, "\n{} neurons of {name}", grouped(*neurons));
    }
    format!(
        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{side:.1}\" height=\"{side:.1}\" rx=\"1\"><title>{}</title></rect>\n",
        left + 2.0 + column * (side + 2.0),
        top + 2.0 + row * (side + 2.0),
        super::page::escaped(&title),
    )
}

/// Links between tiles; the two directions side by side.
fn links(report: &Report, frame: &Frame) -> String {
    let Some(traffic) = &report.traffic else { return String::new() };
    let Some((hottest, most)) = traffic.links.hottest() else { return String::new() };
    let mut svg = String::new();
    for (link, load) in traffic.links.iter() {
        let (left, top) = frame.corner(link.x, link.y);
        let (third, step) = (TILE / 3.0, TILE + GAP);
        let (from, to) = match link.way {
            Way::East => ((left + TILE, top + third), (left + step, top + third)),
            Way::West => ((left, top + 2.0 * third), (left - GAP, top + 2.0 * third)),
            Way::North => ((left + third, top), (left + third, top - GAP)),
            Way::South => ((left + 2.0 * third, top + TILE), (left + 2.0 * third, top + step)),
        };
        let class = if link == hottest { "link hottest" } else { "link" };
        let width = 0.8 + 7.2 * load as f64 / most as f64;
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke-width=\"{width:.2}\"><title>from tile ({}, {}) {}: {} messages</title></line>",
            from.0,
            from.1,
            to.0,
            to.1,
            link.x,
            link.y,
            way_name(link.way),
            grouped(load),
        );
    }
    svg
}
