//! A puzzle being solved, as an animated picture: the grid beside the spikes of all populations.

use compiler::spikes::graph::Graph;
use std::fmt::Write;

/// The grid at some time of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// When it stood so, in ms.
    pub time: usize,
    /// A digit for each cell, row by row; 0 for none.
    pub digits: Vec<u8>,
}

/// A grid that is shown.
pub struct Grid<'a> {
    /// Rows and columns.
    pub side: usize,
    /// Rows and columns of a box.
    pub boxed: (usize, usize),
    /// What was given, 0 where nothing was.
    pub given: &'a [u8],
}

/// Side of a cell, height of a row of the raster and its width.
const CELL: usize = 44;
const ROW: usize = 12;
const WIDTH: usize = 560;
/// Room for names of populations, and around everything.
const NAMES: usize = 150;
const EDGE: usize = 24;
/// Stretches of time of the raster.
const BINS: usize = 280;
/// Seconds of the animation for each frame, and of the last one.
const EACH_S: f64 = 0.7;
const LAST_S: f64 = 3.0;

/// The picture: frames follow each other, and a line runs over the raster.
pub fn picture(graph: &Graph, grid: &Grid<'_>, frames: &[Frame], spikes: &[(usize, u32, f64)]) -> String {
    let side = grid.side * CELL;
    let end = frames.last().map_or(1, |frame| frame.time).max(1);
    let height = EDGE * 2 + (side + ROW).max(graph.populations.len() * ROW) + 20;
    let width = side + NAMES + WIDTH + 4 * EDGE;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>\n"
    );
    let whole = EACH_S * frames.len().saturating_sub(1) as f64 + LAST_S;
    for (number, frame) in frames.iter().enumerate() {
        let before = number.checked_sub(1).map_or(grid.given, |last| &frames[last].digits);
        let (from, to) = (EACH_S * number as f64 / whole, EACH_S * (number + 1) as f64 / whole);
        let (from, to) = (from.min(1.0), if number + 1 == frames.len() { 1.0 } else { to.min(1.0) });
        svg += "<g>";
        svg += &digits(grid, frame, before);
        let _ = writeln!(svg, "{}</g>", shown(from, to, whole));
    }
    svg += &lines(grid);
    let left = side + NAMES + 2 * EDGE;
    svg += &raster(graph, spikes, end, left);
    let bottom = EDGE + graph.populations.len() * ROW;
    let moves: Vec<String> = frames
        .iter()
        .map(|frame| format!("{:.1}", left as f64 + (frame.time * WIDTH) as f64 / end as f64))
        .collect();
    let times: Vec<String> =
        (0..frames.len()).map(|number| format!("{:.4}", (EACH_S * number as f64 / whole).min(1.0))).collect();
    if let (Some(first), Some(last)) = (moves.first(), moves.last()) {
        let _ = writeln!(
            svg,
            "<line y1=\"{EDGE}\" y2=\"{bottom}\" x1=\"{first}\" x2=\"{first}\" stroke=\"#c33\" stroke-width=\"1.5\">\
             <animate attributeName=\"x1\" calcMode=\"discrete\" dur=\"{whole}s\" repeatCount=\"indefinite\" \
             keyTimes=\"{0};1\" values=\"{1};{last}\"/><animate attributeName=\"x2\" calcMode=\"discrete\" \
             dur=\"{whole}s\" repeatCount=\"indefinite\" keyTimes=\"{0};1\" values=\"{1};{last}\"/></line>",
            times.join(";"),
            moves.join(";")
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{left}\" y=\"{}\" font-size=\"11\" fill=\"#555\">spikes of each population, 0 to {end} ms</text>\n</svg>",
        bottom + 15
    );
    svg
}

/// Visible in a share of the animation; the first thing drawn is visible where nothing moves.
fn shown(from: f64, to: f64, whole: f64) -> String {
    let first = if from > 0.0 { "0;" } else { "" };
    let (mut times, mut values) = (String::from(first), if from > 0.0 { "hidden;" } else { "" }.to_owned());
    let _ = write!(times, "{from:.4}");
    values += "visible";
    if to < 1.0 {
        let _ = write!(times, ";{to:.4}");
        values += ";hidden";
    }
    format!(
        "<animate attributeName=\"visibility\" calcMode=\"discrete\" dur=\"{whole}s\" repeatCount=\"indefinite\" \
         keyTimes=\"{times}\" values=\"{values}\"/>"
    )
}

/// The digits: given ones black, others blue, and red ones that have just changed.
fn digits(grid: &Grid<'_>, frame: &Frame, before: &[u8]) -> String {
    let mut svg = format!(
        "<rect x=\"{EDGE}\" y=\"{EDGE}\" width=\"{0}\" height=\"{1}\" fill=\"white\"/>",
        grid.side * CELL,
        grid.side * CELL + EDGE
    );
    for (cell, digit) in frame.digits.iter().enumerate().filter(|(_, digit)| **digit > 0) {
        let (row, column) = (cell / grid.side, cell % grid.side);
        let (x, y) = (EDGE + column * CELL + CELL / 2, EDGE + row * CELL + CELL * 7 / 10);
        let (colour, weight) = match (grid.given[cell], before[cell] == *digit) {
            (0, true) => ("#25b", "normal"),
            (0, false) => ("#c33", "bold"),
            _ => ("#222", "bold"),
        };
        let _ = write!(
            svg,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" font-size=\"26\" font-weight=\"{weight}\" \
             fill=\"{colour}\">{digit}</text>"
        );
    }
    let y = EDGE + grid.side * CELL + 18;
    let _ =
        write!(svg, "<text x=\"{EDGE}\" y=\"{y}\" font-size=\"12\" fill=\"#555\">{} ms</text>", frame.time);
    svg
}

fn lines(grid: &Grid<'_>) -> String {
    let (mut svg, size) = (String::new(), grid.side * CELL);
    for at in 0..=grid.side {
        let place = EDGE + at * CELL;
        let width = |every: usize| if at % every == 0 { 2.5 } else { 0.7 };
        let _ = writeln!(
            svg,
            "<path d=\"M{place} {EDGE}v{size}\" stroke=\"#222\" stroke-width=\"{}\"/>\
             <path d=\"M{EDGE} {place}h{size}\" stroke=\"#222\" stroke-width=\"{}\"/>",
            width(grid.boxed.1),
            width(grid.boxed.0)
        );
    }
    svg
}

/// A row for each population; the darker, the larger the share of its neurons that fires in a step.
fn raster(graph: &Graph, spikes: &[(usize, u32, f64)], end: usize, left: usize) -> String {
    let mut counts = vec![[0_u32; BINS]; graph.populations.len()];
    for &(population, _, time) in spikes.iter().filter(|spike| spike.2 <= end as f64) {
        counts[population][((time * BINS as f64 / end as f64) as usize).min(BINS - 1)] += 1;
    }
    let (mut svg, steps) = (String::new(), (end as f64 / BINS as f64).max(1.0));
    for (row, (population, counts)) in graph.populations.iter().zip(&counts).enumerate() {
        let y = EDGE + row * ROW;
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-size=\"9\" fill=\"#333\">{}</text>",
            left - 6,
            y + ROW - 3,
            population.name
        );
        for (bin, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let share = f64::from(*count) / (population.size as f64 * steps);
            let _ = write!(
                svg,
                "<rect x=\"{}\" y=\"{y}\" width=\"{}\" height=\"{}\" fill=\"#25b\" opacity=\"{:.2}\"/>",
                left + bin * WIDTH / BINS,
                WIDTH / BINS,
                ROW - 2,
                (share.sqrt() * 1.2).clamp(0.08, 1.0)
            );
        }
        svg.push('\n');
    }
    svg
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn frames_are_visible_one_after_the_other() {
        assert!(shown(0.0, 0.5, 2.0).contains("keyTimes=\"0.0000;0.5000\" values=\"visible;hidden\""));
        assert!(
            shown(0.25, 0.5, 2.0).contains("keyTimes=\"0;0.2500;0.5000\" values=\"hidden;visible;hidden\"")
        );
        assert!(shown(0.5, 1.0, 2.0).contains("keyTimes=\"0;0.5000\" values=\"hidden;visible\""));
    }
}
