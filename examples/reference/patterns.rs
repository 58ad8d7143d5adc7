//! The gallery of Izhikevich (2004), the AdEx patterns of Naud et al. (2008), the squid axon.

use crate::case::{Case, Compared, Csv, Findings, Problem, json};
use crate::neurons::{difference, match_spikes};
use crate::road::{Road, list};
use crate::tolerance::{Precision, of_neuron};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// All pattern cases of a folder.
pub fn cases(folder: &Path) -> Vec<Case> {
    let mut cases = indexed(&folder.join("izhikevich2004"), gallery);
    cases.extend(indexed(&folder.join("adex_naud2008"), adex));
    cases.extend(squid_cases(&folder.join("hh_squid_neuron")));
    cases
}

type Compare = fn(&Value, &Path, Precision) -> Findings;

/// The cases that a folder's `INDEX.json` lists, each with a table of its own.
fn indexed(folder: &Path, compare: Compare) -> Vec<Case> {
    let Ok(index) = json(&folder.join("INDEX.json")) else { return Vec::new() };
    let kind = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let cases = index["cases"].as_object().into_iter().flatten();
    cases
        .map(|(name, case)| {
            let (case, table) = (case.clone(), folder.join(format!("{name}.csv")));
            Case::new(format!("{kind}/{name}"), move |precision| compare(&case, &table, precision))
        })
        .collect()
}

/// Voltage and recovery at every step, bit by bit. A row shows the state after the step that used
/// the current of its time; a spike shows as 30 mV.
fn gallery(case: &Value, table: &Path, precision: Precision) -> Findings {
    let table = Csv::read(table)?;
    let number = |name: &str| case[name].as_f64().ok_or_else(|| Problem::Broken(format!("no {name}")));
    let (dt, stop) = (number("dt_ms")?, number("t_stop_ms")?);
    let column = |name: &str| table.column(name).ok_or_else(|| Problem::Broken(format!("no column {name}")));
    let (voltages, currents) = (column("V_mV")?, column("I")?);
    // Row 0 is the state after the first step.
    let from: Vec<f64> = (0..currents.len()).map(|row| row as f64 * dt).collect();
    let variant = case["variant"].as_str().unwrap_or_default();
    let mut form = "consistent_integration: false, half_steps: false".to_string();
    if variant.contains("4.1V+108") {
        form += ", k_1: 4.1, k_0: 108.0";
    }
    if variant.contains("(V+65)") {
        form += ", V_u: mV(-65.0), leak_u: 0.0";
    }
    let text = format!(
        "(format: 1,\n populations: [(name: \"n\", size: 1, model: Izhikevich(a: {:?}, b: {:?}, c: mV({:?}), d: {:?}, {form}), \
         initial: (V_m: mV({:?}), U_m: {:?}))],\n \
         stimuli: [(source: StepCurrent(times: {}, amplitudes: {}), to: [\"n\"])],\n \
         simulation: (duration: ms({:?}), dt: ms({dt:?}), seed: 1, precision: {}),\n)",
        number("a")?,
        number("b")?,
        number("c")?,
        number("d")?,
        number("V0")?,
        number("u0")?,
        list("ms", &from),
        list("pA", &currents),
        stop + dt,
        precision.word(),
    );
    let mut road = Road::new(&text)?;
    road.probe("n", &["V_m"], &[0])?;
    road.live(currents.len() as i64);
    let trace = road.trace(0, 0);
    let reset = number("c")?;
    let mut worst = 0.0f64;
    for (row, reference) in voltages.iter().enumerate().take(trace.len()) {
        let shown = if *reference >= 30.0 { reset } else { *reference };
        worst = worst.max((trace[row] - shown).abs());
    }
    let expected = crate::neurons::numbers(&case["spikes_ms"])?;
    let found: Vec<f64> = road.spikes.iter().map(|spike| spike.time(dt) - dt).collect();
    let mut tolerance = of_neuron("izhikevich", precision);
    if precision == Precision::F32 {
        // Slow passages near the saddle multiply rounding: spikes move by some steps.
        (tolerance.steps, tolerance.share) = (8, 1.0);
    }
    let (matched, spikes_right) = match_spikes(&found, &expected, dt, &tolerance, false);
    let difference = if precision == Precision::F64 { worst } else { 0.0 };
    Ok(Compared { difference, allowed: 0.0, matched, expected: expected.len(), spikes_right })
}

/// AdEx against the continuous-time truth: a spike of the grid is stamped at the end of its step.
fn adex(case: &Value, table: &Path, precision: Precision) -> Findings {
    let table = Csv::read(table)?;
    let number = |name: &str| case[name].as_f64().ok_or_else(|| Problem::Broken(format!("no {name}")));
    let (dt, stop) = (0.1, number("t_stop_ms")?);
    // The current acts on (on, next], as everywhere.
    let text = format!(
        "(format: 1,\n populations: [(name: \"n\", size: 1, model: AeifCondExp(C_m: pF({:?}), g_L: nS({:?}), E_L: mV({:?}), V_th: mV({:?}), \
         Delta_T: mV({:?}), a: nS({:?}), tau_w: ms({:?}), b: pA({:?}), V_reset: mV({:?}), V_peak: mV({:?}), t_ref: ms(0.0), gsl_error_tol: 1e-9))],\n \
         stimuli: [(source: Dc(amplitude: pA({:?}), start: ms({:?})), to: [\"n\"])],\n \
         simulation: (duration: ms({stop:?}), dt: ms({dt:?}), seed: 1, precision: {}),\n)",
        number("C_m_pF")?,
        number("g_L_nS")?,
        number("E_L_mV")?,
        number("V_T_mV")?,
        number("Delta_T_mV")?,
        number("a_nS")?,
        number("tau_w_ms")?,
        number("b_pA")?,
        number("V_reset_mV")?,
        number("V_peak_mV")?,
        number("I_pA")?,
        number("I_on_ms")?,
        precision.word(),
    );
    let mut road = Road::new(&text)?;
    road.probe("n", &["V_m"], &[0])?;
    road.live((stop / dt).round() as i64);
    let expected: Vec<f64> = crate::neurons::numbers(&case["spikes_ms"])?;
    let found: Vec<f64> = road.spikes.iter().map(|spike| spike.time(dt)).collect();
    let tolerance = of_neuron("aeif_cond_exp", precision);
    let near = found
        .iter()
        .zip(&expected)
        .filter(|(a, b)| (*a - *b).abs() <= dt * (tolerance.steps as f64 + 1e-6))
        .count();
    let (times, voltages) =
        (table.column("time_ms").ok_or("no time_ms")?, table.column("V_m_mV").ok_or("no V_m_mV")?);
    // Truth has no grid: compared up to the first spike, where both are the same trajectory.
    let first = expected.first().copied().unwrap_or(stop) - 2.0 * dt;
    let early = times.iter().take_while(|&&time| time < first).count();
    let skip = usize::from(times.first() == Some(&0.0));
    let difference = difference(
        &road.trace(0, 0),
        &times[skip..early],
        &voltages[skip..early],
        dt,
        &tolerance,
        (&[], &[]),
    );
    Ok(Compared {
        difference,
        allowed: tolerance.voltage,
        matched: near,
        expected: expected.len(),
        spikes_right: found.len() == expected.len() && near == expected.len(),
    })
}

fn squid_cases(folder: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut indices = crate::case::files(folder, ".json");
    for index in indices.drain(..) {
        let Ok(all) = json(&index) else { continue };
        let stem = index.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for (name, case) in all["cases"].as_object().into_iter().flatten() {
            let (cell, case) = (all["cell"].clone(), case.clone());
            let table: PathBuf = folder.join(format!("{stem}_{name}.csv"));
            let label = format!("hh_squid_neuron/{name}");
            cases.push(Case::new(label, move |precision| squid(&cell, &case, &table, precision)));
        }
    }
    cases
}

/// The squid axon against NEURON, which takes its rates from a table: crossings of 0 mV within 0.1 ms,
/// voltage within 0.5 mV rms.
fn squid(cell: &Value, case: &Value, table: &Path, precision: Precision) -> Findings {
    let table = Csv::read(table)?;
    let of =
        |value: &Value, name: &str| value[name].as_f64().ok_or_else(|| Problem::Broken(format!("no {name}")));
    // A membrane of 1 um2 has 1e-8 cm2: uF/cm2 become pF, S/cm2 become nS.
    let area = of(cell, "area_um2")? * 1e-8;
    let (dt, stop) = (0.1, of(case, "t_stop_ms")?);
    let (from, duration) = (of(case, "from_ms")?, of(case, "duration_ms")?);
    let text = format!(
        "(format: 1,\n populations: [(name: \"n\", size: 1, model: HhPscAlpha(C_m: pF({:?}), g_Na: nS({:?}), g_K: nS({:?}), g_L: nS({:?}), \
         E_Na: mV({:?}), E_K: mV({:?}), E_L: mV({:?}), rate_table: true), initial: (V_m: mV({:?})))],\n \
         stimuli: [(source: Dc(amplitude: nA({:?}), start: ms({from:?}), stop: ms({:?})), to: [\"n\"])],\n \
         simulation: (duration: ms({stop:?}), dt: ms({dt:?}), seed: 1, precision: {}),\n)",
        of(cell, "cm_uF_cm2")? * area * 1e6,
        of(cell, "gnabar_S_cm2")? * area * 1e9,
        of(cell, "gkbar_S_cm2")? * area * 1e9,
        of(cell, "gl_S_cm2")? * area * 1e9,
        of(cell, "ena_mV")?,
        of(cell, "ek_mV")?,
        of(cell, "el_mV")?,
        of(cell, "v_init_mV")?,
        of(case, "amplitude_nA")?,
        from + duration,
        precision.word(),
    );
    let mut road = Road::new(&text)?;
    road.probe("n", &["V_m"], &[0])?;
    road.live((stop / dt).round() as i64);
    let trace = road.trace(0, 0);
    // Where the line between two samples crosses 0 mV.
    let crossing = |step: usize| {
        let (a, b) = (trace[step - 1], trace[step]);
        (a < 0.0 && b >= 0.0).then(|| (step as f64 + a / (a - b)) * dt)
    };
    let found: Vec<f64> = (1..trace.len()).filter_map(crossing).collect();
    let expected = crate::neurons::numbers(&case["threshold_crossings_0mV_ms"])?;
    let matched = found.iter().zip(&expected).filter(|(a, b)| (*a - *b).abs() <= 0.1).count();
    let (times, voltages) =
        (table.column("time_ms").ok_or("no time_ms")?, table.column("V_m_mV").ok_or("no V_m_mV")?);
    let tolerance = of_neuron("hh_psc_alpha", precision);
    let difference = difference(&trace, &times, &voltages, dt, &tolerance, (&[], &[]));
    Ok(Compared {
        difference,
        allowed: tolerance.voltage,
        matched,
        expected: expected.len(),
        spikes_right: found.len() == expected.len() && matched == expected.len(),
    })
}
