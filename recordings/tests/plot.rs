//! Pictures say what they show, and can be drawn from anything.

mod synthetic;

use recordings::plot::data::{Degrees, Population, Recording, Trace, Weights};
use recordings::plot::error::PlotError;
use recordings::plot::picture::{Picture, Shape};
use recordings::plot::{ALL, Options, figure, overview, plot, save};
use recordings::statistics::Window;
use std::fs;
use std::path::Path;

fn draw(name: &str, recording: &Recording) -> Picture {
    (figure(name).unwrap().draw)(recording, &Options::default()).unwrap()
}

fn texts(picture: &Picture) -> Vec<String> {
    let text = |shape: &Shape| match shape {
        Shape::Text { text, .. } => Some(text.clone()),
        _ => None,
    };
    picture.shapes.iter().filter_map(text).collect()
}

fn says(picture: &Picture, words: &str) -> bool {
    texts(picture).iter().any(|text| text == words)
}

fn marks(picture: &Picture) -> usize {
    let count = |shape: &Shape| if let Shape::Marks { centres, .. } = shape { centres.len() } else { 0 };
    picture.shapes.iter().map(count).sum()
}

fn points(shape: &Shape) -> Vec<(f64, f64)> {
    match shape {
        Shape::Line { points, .. } | Shape::Area { points, .. } => points.clone(),
        Shape::Text { at, .. } => vec![*at],
        Shape::Marks { centres, .. } => centres.clone(),
    }
}

/// What there is to draw: everything, little, nothing.
fn recordings() -> Vec<(&'static str, Recording)> {
    let lone = |trace: Trace| Recording { traces: vec![trace], ..synthetic::one_spike() };
    let constant = Trace {
        population: "E".into(),
        variable: "V_m".into(),
        unit: "mV".into(),
        times: vec![0.0, 50.0, 100.0],
        values: vec![-70.0; 3],
        ..Trace::default()
    };
    let gappy = Trace { values: vec![-70.0, f64::NAN, f64::INFINITY], ..constant.clone() };
    let still = Weights { first: (0.0, vec![1.0; 5]), last: (9.0, vec![1.0; 5]), ..Weights::default() };
    let zeros = Degrees::of("in-degree", &[0, 0], None);
    vec![
        ("everything", synthetic::with_everything()),
        ("nothing", Recording::default()),
        ("silent", synthetic::silent()),
        ("one_spike", synthetic::one_spike()),
        ("synchronous", synthetic::synchronous(1000.0)),
        ("microcircuit", synthetic::microcircuit(1000.0)),
        ("constant", Recording { weights: vec![still], degrees: vec![zeros], ..lone(constant) }),
        (
            "gappy",
            Recording { weights: vec![Weights::default()], degrees: vec![Degrees::default()], ..lone(gappy) },
        ),
        ("no_neurons", Recording { populations: vec![Population::default()], ..synthetic::one_spike() }),
        (
            "many",
            Recording {
                populations: vec![synthetic::one_spike().populations.remove(0); 300],
                ..synthetic::one_spike()
            },
        ),
    ]
}

#[test]
fn every_figure_can_be_drawn_from_anything_and_stays_on_the_paper() {
    for (name, recording) in recordings() {
        for figure in ALL {
            let picture = (figure.draw)(&recording, &Options::default()).unwrap();
            for (x, y) in picture.shapes.iter().flat_map(points) {
                let inside = (0.0..=picture.width).contains(&x) && (0.0..=picture.height).contains(&y);
                assert!(inside, "{} of {name}: ({x}, {y}) is off the paper", figure.name);
            }
            for text in texts(&picture) {
                assert!(!text.contains("NaN") && !text.contains("inf"), "{} of {name}: {text}", figure.name);
            }
        }
    }
}

/// Set `SALTUS_GALLERY` to a folder to look at the pictures.
#[test]
fn an_overview_writes_one_svg_a_figure_and_every_figure_can_be_a_png() {
    let temporary = tempfile::tempdir().unwrap();
    let gallery = std::env::var_os("SALTUS_GALLERY").map_or(temporary.path().to_path_buf(), Into::into);
    for (name, recording) in recordings() {
        let folder = gallery.join(name);
        let paths = overview(&recording, &Options::default(), &folder, "svg").unwrap();
        assert_eq!(paths.len(), ALL.iter().filter(|figure| (figure.shows)(&recording)).count());
        for path in &paths {
            let text = fs::read_to_string(path).unwrap();
            assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n") && !text.contains("NaN"));
            assert_eq!(text.matches("<svg").count(), 1);
        }
    }
    let recording = synthetic::with_everything();
    for figure in ALL {
        let path = gallery.join(figure.name).with_extension("png");
        plot(figure.name, &recording, &Options::default(), &path).unwrap();
        let mut reader = png::Decoder::new(fs::File::open(&path).unwrap()).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!(
            f64::from(info.width),
            2.0 * (figure.draw)(&recording, &Options::default()).unwrap().width
        );
        let white = pixels.iter().filter(|&&part| part == 255).count();
        assert!(white > pixels.len() / 2 && white < pixels.len(), "{} is blank or black", figure.name);
    }
}

#[test]
fn the_raster_names_its_populations_and_counts_its_spikes() {
    let recording = synthetic::synchronous(1000.0);
    let total: usize = recording.populations.iter().map(|population| population.times.len()).sum();
    let picture = draw("raster", &recording);
    for words in ["excitatory", "inhibitory", "n = 800", "n = 200", "time (ms)", "rate (Hz)", "5 ms bins"] {
        assert!(says(&picture, words), "{words} is missing from {:?}", texts(&picture));
    }
    assert_eq!(marks(&picture), total);
    assert!(texts(&picture).iter().any(|text| text.replace(' ', "") == format!("{total}spikes")));
}

#[test]
fn two_million_spikes_are_thinned_to_the_same_50_000_every_time_and_the_picture_says_so() {
    let mut populations = vec![synthetic::population("E", 8000, 10.0, (5.0, 0.3), 20_000.0)];
    populations.push(synthetic::population("I", 2000, 12.0, (5.0, 0.3), 20_000.0));
    let total: usize = populations.iter().map(|population| population.times.len()).sum();
    assert!(total > 2_000_000);
    let recording = Recording { populations, duration: 20_000.0, ..Recording::default() };
    let picture = draw("raster", &recording);
    assert_eq!(marks(&picture), 50_000);
    assert_eq!(picture, draw("raster", &recording));
    let said = texts(&picture).into_iter().find(|text| text.starts_with("showing")).unwrap();
    assert!(
        said.starts_with("showing 50 000 of 2 ") && said.replace(' ', "").contains(&format!("of{total}")),
        "{said}"
    );
    assert!(says(&picture, "time (s)"));

    let folder = tempfile::tempdir().unwrap();
    let gallery = std::env::var_os("SALTUS_GALLERY").map_or(folder.path().to_path_buf(), Into::into);
    save(&picture, &gallery.join("two_million.svg")).unwrap();
    save(&picture, &gallery.join("two_million.png")).unwrap();
    let size = fs::metadata(gallery.join("two_million.svg")).unwrap().len();
    assert!(size < 1_500_000, "{size} bytes");
}

#[test]
fn a_silent_recording_says_that_there_are_no_spikes() {
    assert!(says(&draw("raster", &synthetic::silent()), "no spikes"));
    assert!(says(&draw("raster", &Recording::default()), "no spikes"));
    assert!(says(&draw("traces", &Recording::default()), "no traces were recorded"));
}

#[test]
fn a_window_shows_its_stretch_alone() {
    let recording = synthetic::synchronous(1000.0);
    let inside = |time: &&f64| (200.0..=300.0).contains(*time);
    let expected: usize =
        recording.populations.iter().map(|population| population.times.iter().filter(inside).count()).sum();
    let options = Options { window: Some(Window { from: 200.0, to: 300.0 }), ..Options::default() };
    let picture = (figure("raster").unwrap().draw)(&recording, &options).unwrap();
    assert_eq!(marks(&picture), expected);
    assert!(says(&picture, "200") && says(&picture, "300") && !says(&picture, "400"));
}

#[test]
fn neurons_without_enough_intervals_are_left_out_of_the_cv_and_counted() {
    let times: Vec<f64> = (1..=5).chain(1..=4).map(f64::from).collect();
    let neurons = [vec![0; 5], vec![1; 4]].concat();
    let few = Population { name: "E".into(), size: 12, times, neurons, ..Population::default() };
    let picture = draw("cv", &Recording { populations: vec![few], duration: 10.0, ..Recording::default() });
    assert!(
        says(&picture, "mean 0.00 (n = 1)") && says(&picture, "11 left out (< 4 intervals)"),
        "{:?}",
        texts(&picture)
    );
}

#[test]
fn the_fitted_exponent_stands_in_the_legend_of_the_degrees() {
    let picture = draw("degrees", &synthetic::with_everything());
    for words in ["in-degree", "out-degree", "γ = 2.30 ± 0.02", "fitted from k = 5"] {
        assert!(says(&picture, words), "{words} is missing from {:?}", texts(&picture));
    }
}

#[test]
fn names_are_escaped_in_svg() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rates.svg");
    let mut recording = synthetic::one_spike();
    recording.populations[0].name = "<E & I>".into();
    plot("rates", &recording, &Options::default(), &path).unwrap();
    assert!(fs::read_to_string(&path).unwrap().contains("&lt;E &amp; I&gt;"));
}

#[test]
fn mistakes_are_told_in_clear_words() {
    let recording = synthetic::one_spike();
    let options = Options::default();
    let told = |name: &str, recording: &Recording, options: &Options, path: &str| {
        plot(name, recording, options, Path::new(path)).unwrap_err().to_string()
    };
    assert_eq!(
        told("raster", &recording, &options, "a.pdf"),
        "a.pdf: a picture's file name ends in .svg or .png"
    );
    assert!(
        told("raster", &recording, &options, "no/such/folder/a.svg")
            .starts_with("cannot write no/such/folder/a.svg: ")
    );
    assert!(
        told("rasta", &recording, &options, "a.svg")
            .starts_with("no figure is called \"rasta\"; there are raster, rates, ")
    );
    let backwards = Options { window: Some(Window { from: 9.0, to: 3.0 }), ..Options::default() };
    assert_eq!(told("raster", &recording, &backwards, "a.svg"), "window: has to start before it ends");
    let mut red = recording.clone();
    red.populations[0].colour = Some("red".into());
    assert_eq!(
        told("raster", &red, &options, "a.svg"),
        "the colour of \"E\" is \"red\"; a colour is written \"#rrggbb\""
    );
    let mut stranger = recording.clone();
    stranger.populations[0].neurons[0] = 3;
    assert_eq!(
        told("cv", &stranger, &options, "a.svg"),
        "population \"E\": a spike of neuron 3, but there are only 3 neurons, counted from 0"
    );
    assert!(matches!(
        overview(&recording, &options, Path::new("/dev/null/x"), "svg"),
        Err(PlotError::Write { .. })
    ));
}
