//! `saltus graph`: what a network's graph looks like.

use crate::bad_input::BadInput;
use crate::complain;
use crate::open::OpenArgs;
use crate::output::Output;
use crate::room::shortage;
use crate::say;
use crate::summary::grouped;
use anyhow::{Context, Result};
use clap::Args;
use recordings::hdf5::folder::Folder;
use recordings::plot::data::{Degrees as PicturedDegrees, PowerLaw as PicturedLaw, Recording};
use recordings::plot::{Options, plot};
use serde_json::{Value, json};
use sim_core::connect::connect;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use topology::graphs::analysis::{Analysis, Degrees, Effort, PowerLaw, analyse};
use topology::graphs::communities::{Modularity, Shuffled};
use topology::graphs::edges::edges_of;

/// What can be asked of `saltus graph`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  saltus graph networks/scale_free.ron\n  saltus graph networks/brunel.ron --json --out out/brunel"
)]
pub struct GraphArgs {
    /// The network file
    file: PathBuf,
    #[command(flatten)]
    open: OpenArgs,
    /// Folder for degrees.svg and graph.json (default: out/NAME)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Synthetic data sets for the p-value of each power law
    #[arg(long, value_name = "N", default_value_t = Effort::default().bootstraps)]
    bootstraps: u32,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Builds the graph, analyses it, draws its degrees.
pub fn graph(args: &GraphArgs) -> Result<ExitCode> {
    let opened = match args.open.open(&args.file) {
        Ok(opened) => opened,
        Err(code) => return Ok(code),
    };
    if let Some(shortage) = shortage(&opened.network) {
        return Err(BadInput::of(shortage));
    }
    let files = Folder::new(args.file.parent().unwrap_or(Path::new("")));
    let connectivity = match connect(&opened.network, &files) {
        Ok(connectivity) => connectivity,
        Err(error) => {
            complain!("error: {error}");
            return Ok(ExitCode::from(2));
        }
    };
    let effort = Effort { bootstraps: args.bootstraps, ..Effort::default() };
    let edges = edges_of(&opened.network, &connectivity);
    let analysis = analyse(edges, effort, opened.network.key("graph"));

    let output =
        args.out.as_deref().map_or_else(|| Output::said(&opened.network, &args.file), Output::folder);
    let folder = output.recording.parent().unwrap_or(Path::new("")).to_owned();
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let (picture, numbers) = (folder.join("degrees.svg"), folder.join("graph.json"));
    let json = json_of(&analysis);
    fs::write(&numbers, format!("{json:#}\n")).with_context(|| numbers.display().to_string())?;
    plot("degrees", &pictured(&analysis), &Options::default(), &picture)?;
    if args.json {
        say!("{json:#}");
    } else {
        print(&opened.network.title, &analysis);
        say!("  wrote {}, {}", picture.display(), numbers.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn print(title: &str, analysis: &Analysis) {
    say!("{title}");
    say!("  {} neurons, {} synapses", grouped(u64::from(analysis.neurons)), grouped(analysis.synapses));
    say!("  {} autapses, {} multapses", grouped(analysis.autapses), grouped(analysis.multapses));
    for (name, degrees) in [("in-degrees", &analysis.indegrees), ("out-degrees", &analysis.outdegrees)] {
        let Degrees { smallest, largest, mean, sd, .. } = degrees;
        say!("  {name}: {mean:.2} ± {sd:.2}, from {smallest} to {largest}");
        match &degrees.power_law {
            Some(law) => print_law(law),
            None => say!("    no tail is long enough for a power law"),
        }
    }
    for (name, parts) in [("weakly", &analysis.weak), ("strongly", &analysis.strong)] {
        let share = 100.0 * parts.giant_share();
        say!(
            "  {name} connected components: {}; the largest holds {share:.2} % of the neurons",
            grouped(parts.sizes.len() as u64)
        );
    }
    let clustering = &analysis.clustering;
    say!(
        "  clustering {:.4} undirected, {:.4} directed (over {} neurons)",
        clustering.undirected,
        clustering.directed,
        clustering.nodes
    );
    if let Some(reciprocity) = analysis.reciprocity {
        say!("  reciprocity {reciprocity:.4}");
    }
    if let Some(assortativity) = analysis.assortativity {
        say!("  assortativity {assortativity:.4}");
    }
    if let Some(found) = &analysis.modularity {
        print_groups(found);
    }
    if let Some(paths) = &analysis.paths {
        say!(
            "  shortest paths: {:.2} synapses on average, up to {} (from {} neurons)",
            paths.mean,
            paths.longest,
            paths.sources
        );
    }
    if let Some(delays) = &analysis.delays {
        say!(
            "  delays: shortest {} ms, mean {:.3} ms, longest {} ms",
            delays.shortest,
            delays.mean,
            delays.longest
        );
    }
}

fn print_groups(found: &Modularity) {
    let Shuffled { graphs, mean, sd } = found.shuffled;
    let (groups, largest) = (found.sizes.len(), found.sizes.first().copied().unwrap_or(0));
    say!(
        "  modularity {:.4} in {} groups, the largest of {} neurons; {mean:.4} ± {sd:.4} with the same degrees ({graphs} shuffled graphs)",
        found.modularity,
        grouped(groups as u64),
        grouped(largest.into())
    );
}

fn print_law(law: &PowerLaw) {
    let fit = &law.fit;
    let believed = match law.p_value {
        Some(p) if p > 0.1 => format!("p = {p:.2}: a power law is plausible"),
        Some(p) => format!("p = {p:.2}: not a power law"),
        None => "not tested".into(),
    };
    say!(
        "    power law from {} on: exponent {:.3} ± {:.3}, {} neurons, distance {:.4}; {believed}",
        fit.x_min,
        fit.exponent,
        fit.standard_error,
        fit.tail,
        fit.ks
    );
    for other in &law.alternatives {
        let verdict = match (other.p_value < 0.1, other.log_ratio > 0.0) {
            (false, _) => "cannot be told apart".to_string(),
            (true, true) => "the power law fits better".into(),
            (true, false) => format!("{} fits better", other.law),
        };
        say!("    against {}: {verdict} (p = {:.2})", other.law, other.p_value);
    }
}

fn json_of(analysis: &Analysis) -> Value {
    let components = |parts: &topology::graphs::structure::Components| json!({ "count": parts.sizes.len(), "largest": parts.sizes.first(), "giant_share": parts.giant_share() });
    json!({
        "neurons": analysis.neurons,
        "synapses": analysis.synapses,
        "autapses": analysis.autapses,
        "multapses": analysis.multapses,
        "indegrees": degrees_json(&analysis.indegrees),
        "outdegrees": degrees_json(&analysis.outdegrees),
        "degrees": degrees_json(&analysis.degrees),
        "weak_components": components(&analysis.weak),
        "strong_components": components(&analysis.strong),
        "clustering": { "undirected": analysis.clustering.undirected, "directed": analysis.clustering.directed,
                        "neurons": analysis.clustering.nodes },
        "reciprocity": analysis.reciprocity,
        "assortativity": analysis.assortativity,
        "modularity": analysis.modularity.as_ref().map(|m| json!({
            "modularity": m.modularity, "groups": m.sizes.len(), "largest": m.sizes.first(),
            "shuffled": { "graphs": m.shuffled.graphs, "mean": m.shuffled.mean, "sd": m.shuffled.sd } })),
        "paths": analysis.paths.as_ref().map(|p| json!({ "mean": p.mean, "longest": p.longest, "sources": p.sources, "reached": p.reached })),
        "delays_ms": analysis.delays.as_ref().map(|d| json!({ "shortest": d.shortest, "mean": d.mean, "longest": d.longest })),
    })
}

fn degrees_json(degrees: &Degrees) -> Value {
    let law = |law: &PowerLaw| {
        let fit = &law.fit;
        json!({ "exponent": fit.exponent, "standard_error": fit.standard_error, "x_min": fit.x_min, "tail": fit.tail,
                "ks": fit.ks, "p_value": law.p_value, "p_error": law.p_error })
    };
    json!({
        "smallest": degrees.smallest, "largest": degrees.largest, "mean": degrees.mean, "sd": degrees.sd,
        "ccdf": degrees.ccdf, "power_law": degrees.power_law.as_ref().map(law),
    })
}

fn pictured(analysis: &Analysis) -> Recording {
    let degrees = |name: &str, degrees: &Degrees| PicturedDegrees {
        name: name.into(),
        colour: None,
        points: degrees.ccdf.iter().map(|&(degree, share)| (f64::from(degree), share)).collect(),
        // A law that was tested and rejected is not drawn.
        fit: degrees.power_law.as_ref().filter(|law| law.p_value.is_none_or(|p| p > 0.1)).map(|law| {
            PicturedLaw { exponent: law.fit.exponent, error: law.fit.standard_error, from: law.fit.x_min }
        }),
    };
    Recording {
        degrees: vec![degrees("in-degree", &analysis.indegrees), degrees("out-degree", &analysis.outdegrees)],
        ..Recording::default()
    }
}
