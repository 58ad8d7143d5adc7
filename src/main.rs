//! The command line.

use clap::{Parser, Subcommand};
use saltus::bad_input::BadInput;
use saltus::command::{bench, check, compare, export, graph, import, list, map, plot, recover, run};
#[cfg(feature = "train")]
use saltus::command::{compile, eval, generate, solve, train};
use saltus::open::tell;
use std::process::ExitCode;

/// Runs spiking networks described in a file, event by event, on a machine of your choice
#[derive(Parser)]
#[command(
    version,
    after_help = "Examples:
  saltus run networks/brunel.ron          run a network, record it, draw it
  saltus check networks/microcircuit.ron  is the file right, and what would be built?
  saltus list IafPscExp                   what can be said about a model?
  saltus import nir lif.nir               a network file of a NIR graph

Exit codes: 0 done, 1 a failure while running, 2 bad input, 130 interrupted."
)]
struct Saltus {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Run a network: record it to HDF5, draw the raster, print a summary
    Run(run::RunArgs),
    /// Check a network file and print what would be built
    Check(check::CheckArgs),
    /// Draw a recording: raster, rates, intervals, traces, weights
    Plot(plot::PlotArgs),
    /// Map a network onto a chip, prove the mapping, and report what it uses, moves and costs
    Map(map::MapArgs),
    /// Compare the spikes of two recordings, population by population
    Compare(compare::CompareArgs),
    /// Analyse a network's graph: degrees, components, clustering, delays
    Graph(graph::GraphArgs),
    /// List models, rules, synapses and stimuli with their parameters
    List(list::ListArgs),
    /// Make a network file of another program's network: NIR
    Import(import::ImportArgs),
    /// Write a network for other programs: NIR
    Export(export::ExportArgs),
    /// Measure speed and memory on networks of known cost
    Bench(bench::BenchArgs),
    /// Make a recording whole after a crash
    Recover(recover::RecoverArgs),
    /// Train a network by gradient
    #[cfg(feature = "train")]
    Train(train::TrainArgs),
    /// Measure a trained network, as it was trained and as spikes on machines
    #[cfg(feature = "train")]
    Eval(eval::EvalArgs),
    /// Make a network file of spiking neurons of a trained network of layers
    #[cfg(feature = "train")]
    Compile(compile::CompileArgs),
    /// Solve a puzzle in spikes, and show how the answer settles
    #[cfg(feature = "train")]
    Solve(solve::SolveArgs),
    /// Let a trained language model go on with a text
    #[cfg(feature = "train")]
    Generate(generate::GenerateArgs),
}

fn main() -> ExitCode {
    let done = match &Saltus::parse().verb {
        Verb::Run(args) => run::run(args),
        Verb::Check(args) => check::check(args),
        Verb::Plot(args) => plot::plot(args),
        Verb::Map(args) => map::map(args),
        Verb::Compare(args) => compare::compare(args),
        Verb::Graph(args) => graph::graph(args),
        Verb::List(args) => Ok(list::list(args)),
        Verb::Import(args) => import::import(args),
        Verb::Export(args) => export::export(args),
        Verb::Bench(args) => bench::bench(args),
        Verb::Recover(args) => recover::recover(args),
        #[cfg(feature = "train")]
        Verb::Train(args) => train::train(args),
        #[cfg(feature = "train")]
        Verb::Eval(args) => eval::eval(args),
        #[cfg(feature = "train")]
        Verb::Compile(args) => compile::compile(args),
        #[cfg(feature = "train")]
        Verb::Solve(args) => solve::solve(args),
        #[cfg(feature = "train")]
        Verb::Generate(args) => generate::generate(args),
    };
    done.unwrap_or_else(|error| {
        tell(&error);
        if error.is::<BadInput>() { ExitCode::from(2) } else { ExitCode::FAILURE }
    })
}
