//! Reports of mappings: what programs and people find in them.

use backends::chip::energy::{Activity, Bill, LOIHI_DAVIES, LOIHI_SANAFE};
use backends::chip::hypergraph::Hypergraph;
use backends::chip::mesh::{Flows, Mesh, place};
use backends::chip::partition::{Capacity, CoreLedger, CoreLimits, CoreUse, Fanin, partition};
use backends::chip::report::{Core, Limit, ParameterLoss, Report, WeightLoss};
use backends::chip::timing::{self, StepTime};
use backends::chip::traffic::{Deliveries, Traffic};
use saltus::report;
use sim_core::rng::Key;
use sim_core::spike::Spike;
use std::sync::{Arc, LazyLock};

const SIDE: u32 = 24;
const STEPS: i64 = 400;

/// A sheet of neurons, each projecting to the 5 × 5 around it.
fn synapses() -> Vec<(u32, u32)> {
    let near = |at: u32| at.saturating_sub(2)..(at + 3).min(SIDE);
    let targets =
        |neuron: u32| near(neuron / SIDE).flat_map(move |y| near(neuron % SIDE).map(move |x| y * SIDE + x));
    (0..SIDE * SIDE).flat_map(|neuron| targets(neuron).map(move |target| (neuron, target))).collect()
}

fn spikes() -> Vec<Spike> {
    let key = Key::new(7).named("spikes");
    let fires = |step: i64, neuron: u32| {
        let rate = if (100..130).contains(&step) { 0.1 } else { 0.02 };
        key.uniform(step as u64 * 10_000 + u64::from(neuron)) < rate
    };
    let step = |step| (0..SIDE * SIDE).filter(move |&neuron| fires(step, neuron));
    (1..=STEPS).flat_map(|at| step(at).map(move |neuron| Spike { step: at, lead: 0.0, neuron })).collect()
}

/// The sheet on Loihi.
static SHEET: LazyLock<Report> = LazyLock::new(sheet);

fn sheet() -> Report {
    let (synapses, spikes, neurons) = (synapses(), spikes(), (SIDE * SIDE) as usize);
    let mut fired = vec![0; neurons];
    spikes.iter().for_each(|spike| fired[spike.neuron as usize] += 1);
    let graph = Hypergraph::of_synapses(neurons, synapses.iter().copied(), &fired);
    let fanin = Arc::new(Fanin::of_synapses(neurons, synapses.iter().copied()));
    let limits = CoreLimits { neurons: 64, input_axons: 160, words: 700, output_edges: 400 };
    let words = |_, synapses: u32| u64::from((10 + 20 * synapses).div_ceil(64));
    let mut ledger = CoreLedger::new(Mesh::LOIHI.cores(), limits, fanin, words);
    let found = partition(&graph, &ledger, 1).expect("it fits");
    for (neuron, &core) in (0..).zip(&found.cores) {
        ledger.put(&[neuron], core);
    }
    let sites = place(&Flows::of_partition(&graph, &found.cores), &Mesh::LOIHI, 1).sites;
    let deliveries = Deliveries::of_synapses(synapses.into_iter(), &found.cores);
    let traffic = Traffic::measure(&deliveries, &Mesh::LOIHI, &sites, &spikes, STEPS);
    let uses: Vec<CoreUse> = ledger.uses()[..sites.len()].to_vec();
    let limit = |name: &str, limit: u64, demand: u64, of: fn(&CoreUse) -> u64| Limit {
        name: name.to_owned(),
        limit,
        used: uses.iter().map(of).collect(),
        demand,
        source: "Davies et al. 2018".to_owned(),
    };
    let activity = Activity {
        counts: traffic.total,
        neuron_steps: (neurons as u64) * STEPS as u64,
        active_updates: traffic.total.synaptic_events / 10,
        neuron_spikes: traffic.total.spikes,
        chips: 1,
        seconds: 0.4,
        ..Activity::default()
    };
    Report {
        chip: "Loihi".to_owned(),
        switches: vec![("semantics".to_owned(), "Nengo".to_owned())],
        mesh: Mesh::LOIHI,
        limits: vec![
            limit("compartments", 64, neurons as u64, |used| used.neurons as u64),
            limit("input axons", 160, neurons as u64, |used| used.input_axons as u64),
            limit("synaptic memory (words of 64 bits)", 700, 0, |used| used.words),
            limit("output edges", 400, 0, |used| used.output_edges as u64),
        ],
        cores: uses
            .iter()
            .zip(&sites)
            .map(|(used, &site)| Core { site, populations: vec![("sheet".to_owned(), used.neurons as u64)] })
            .collect(),
        added: vec![("input lists for learning synapses".to_owned(), 0)],
        projections: vec![WeightLoss {
            projection: "sheet → sheet".to_owned(),
            synapses: 38_416,
            max_error: 0.0123,
            rms_error: 0.0051,
            saturated: 3,
            unit: "mV".to_owned(),
        }],
        parameters: vec![ParameterLoss {
            population: "sheet".to_owned(),
            parameter: "tau_m <b>".to_owned(),
            requested: 20.0,
            realised: 19.980_469,
            unit: "ms".to_owned(),
        }],
        energy: vec![Bill::of(&LOIHI_DAVIES, &activity), Bill::of(&LOIHI_SANAFE, &activity)],
        time: Some(StepTime::of(&timing::LOIHI_DAVIES, &traffic, 64, (8, 32))),
        traffic: Some(traffic),
        provenance: vec![
            ("seed".to_owned(), "1".to_owned()),
            ("partition".to_owned(), found.start.to_owned()),
        ],
    }
}

#[test]
fn a_report_says_first_whether_it_fits_and_what_binds() {
    let report = &*SHEET;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    report::write(report, "sheet.ron", folder).expect("the folder is there");
    let page = std::fs::read_to_string(folder.join("report.html")).expect("it was written");
    let verdict = page.find("Binding limit").expect("the page names the limit");
    assert!(page.find("<p class=\"word\">Fits</p>").is_some_and(|word| word < verdict));
    assert!(verdict < page.find("<table").expect("the page has tables"));
    let json: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).expect("it was written"))
            .expect("JSON");
    assert_eq!(json["fits"], true);
    assert_eq!(json["limits"].as_array().map(Vec::len), Some(4));
    assert_eq!(json["traffic"]["total"]["messages"], report.traffic.as_ref().expect("a run").total.messages);
    assert_eq!(json["energy"].as_array().map(Vec::len), Some(2));
    assert!(json["energy"][1]["standing_pj"].is_null());
    let text = report::text(report);
    assert!(text.starts_with("fits Loihi: tightest are"), "{text}");
}

#[test]
fn a_page_needs_nothing_but_itself_and_escapes_names() {
    let page = report::html(&SHEET, "a<b>&\"c\".ron");
    for foreign in ["http://", "https://", "src=", "<link", "<script", "@import", "url("] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("<title>a&lt;b&gt;&amp;&quot;c&quot;.ron on Loihi</title>"));
    assert!(page.contains("tau_m &lt;b&gt;") && !page.contains("tau_m <b>"));
}

#[test]
fn what_does_not_fit_is_said_with_the_core_and_by_how_much() {
    let mut report = SHEET.clone();
    report.limits[1].limit = 100;
    assert!(!report.fits());
    assert!(report::text(&report).starts_with("does not fit Loihi: input axons, "));
    let page = report::html(&report, "sheet.ron");
    assert!(page.contains("Does not fit") && page.contains("too many"));
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("fails.html"), page)
        .expect("written");
}
