//! Pictures of traffic: messages step by step, and how evenly links are loaded.

use crate::summary::grouped;
use backends::chip::traffic::Traffic;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 120.0;

/// So many columns at most; a column of several steps shows their greatest.
const COLUMNS: i64 = 240;

/// Messages over steps.
pub fn curve(traffic: &Traffic) -> String {
    let Some(peak) = traffic.peak().filter(|peak| peak.counts.messages > 0) else { return String::new() };
    let columns = traffic.steps.clamp(1, COLUMNS);
    let mut heights = vec![0; columns as usize];
    for step in &traffic.by_step {
        // Steps count from 1.
        let column = ((step.step - 1).max(0) * columns / traffic.steps.max(1)).min(columns - 1);
        let height = &mut heights[column as usize];
        *height = step.counts.messages.max(*height);
    }
    let caption = format!(
        "Messages between cores over {} steps, at most {} in step {}.",
        grouped(traffic.steps.max(0) as u64),
        grouped(peak.counts.messages),
        peak.step
    );
    bars("Messages step by step", &heights, &caption)
}

/// How many links carry how much.
pub fn histogram(traffic: &Traffic) -> String {
    const BINS: u64 = 20;
    let Some((_, most)) = traffic.links.hottest() else { return String::new() };
    let mut heights = vec![0; BINS as usize];
    for (_, load) in traffic.links.iter() {
        heights[(load * BINS / (most + 1)) as usize] += 1;
    }
    let caption = format!(
        "{} links in use by their messages, from 0 on the left to {} on the right; the highest bar is {} links.",
        grouped(traffic.links.iter().count() as u64),
        grouped(most),
        grouped(heights.iter().copied().max().unwrap_or(0))
    );
    bars("Loads of links", &heights, &caption)
}

fn bars(heading: &str, heights: &[u64], caption: &str) -> String {
    let most = heights.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = WIDTH / heights.len() as f64;
    let mut svg = format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" class=\"bars\" role=\"img\" aria-label=\"{caption}\">\n"
    );
    for (place, &height) in heights.iter().enumerate().filter(|&(_, &height)| height > 0) {
        let tall = (height as f64 / most * (HEIGHT - 4.0)).max(1.0);
        let _ = writeln!(
            svg,
            "<rect class=\"s4\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{tall:.1}\"/>",
            place as f64 * step,
            HEIGHT - tall,
            (step * 0.85).max(1.0),
        );
    }
    format!(
        "<section>\n<h2>{heading}</h2>\n<figure>\n{svg}</svg>\n<figcaption>{caption}</figcaption>\n</figure>\n</section>\n"
    )
}
