"""The statistics of networks agree with those of NEST and Brian2 (slow suite).

References are read from SALTUS_SHARED/reference/open/stats; without it the tests say "skipped".
"""

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from program import NETWORKS, run, settings

SHARED = os.environ.get("SALTUS_SHARED")
STATS = Path(SHARED or ".") / "reference" / "open" / "stats"
pytestmark = pytest.mark.skipif(SHARED is None, reason="SALTUS_SHARED is not set")

SEEDS = (1, 2, 3)

# The Brunel-type network of the reference: J = 0.25 mV, in-degrees 400 and 100.
REGIMES = """(
    format: 1,
    neuron_models: {"lif": IafPscDelta(C_m: pF(250), tau_m: ms(20), t_ref: ms(2), E_L: mV(0), V_th: mV(20), V_reset: mV(10))},
    populations: [(name: "E", size: 4_000, model: Use("lif")), (name: "I", size: 1_000, model: Use("lif"))],
    projections: [
        (from: ["E"], to: ["E", "I"], rule: FixedIndegree(n: 400), weight: mV(0.25), delay: ms(1.5)),
        (from: ["I"], to: ["E", "I"], rule: FixedIndegree(n: 100), weight: mV(-1.25), delay: ms(1.5)),
    ],
    stimuli: [(name: "external", source: Poisson(rate: kHz(8)), to: ["E", "I"], weight: mV(0.25), delay: ms(1.5))],
    recordings: [(what: Spikes, from: ["E", "I"])],
    simulation: (duration: s(1.2), warm_up: ms(200), dt: ms(0.1), seed: 1),
)"""


def spikes(recording, population):
    with h5py.File(recording) as file:
        group = file["spikes"][population]
        return group["timestamps"][:], group["node_ids"][:]


def trains(times, ids, size):
    order = np.lexsort((times, ids))
    return np.split(times[order], np.searchsorted(ids[order], np.arange(1, size)))


def mean_cv(all_trains):
    intervals = [np.diff(train) for train in all_trains if len(train) > 3]
    return float(np.mean([interval.std() / interval.mean() for interval in intervals]))


def mean_correlation(all_trains, start, stop, neurons=200, bin_ms=2.0):
    edges = np.arange(start, stop + bin_ms / 2, bin_ms)
    # Half a step earlier, so that a spike on an edge falls into the bin that ends there.
    counts = np.array([np.histogram(train - 0.05, edges)[0] for train in all_trains[:neurons]])
    counts = counts[counts.std(axis=1) > 0]
    matrix = np.corrcoef(counts)
    return float(matrix[np.triu_indices_from(matrix, k=1)].mean())


def regime(tmp_path, g, eta, seconds, seed):
    network = tmp_path / "regime.ron"
    network.write_text(REGIMES)
    stop = 200 + 1000 * seconds
    recording = run(
        network, tmp_path / f"seed{seed}", "--seed", str(seed), "--duration", f"{stop}ms",
        *settings(f"projections[1].weight=mV({-0.25 * g})", f"stimuli.external.source.rate=Hz({eta * 4000})"),
    )
    times, ids = spikes(recording, "E")
    all_trains = trains(times, ids, 4000)
    return len(times) / 4000 / seconds, mean_cv(all_trains), mean_correlation(all_trains, 200.0, stop)


def agrees(ours, reference, floor):
    """Within three standard deviations of the difference of single seeds, or within the floor."""
    spread = 3 * np.hypot(np.std(ours, ddof=1), np.std(reference, ddof=1))
    difference = abs(np.mean(ours) - np.mean(reference))
    assert difference <= max(spread, floor), f"{ours} against {reference}: {difference:.4g} apart"


@pytest.mark.parametrize("name", ["SR", "SI_fast", "AI", "SI_slow"])
def test_the_regimes_of_the_brunel_network_agree_in_rate_cv_and_correlation(name, tmp_path):
    entries = json.loads((STATS / "brunel.json").read_text())
    rows = [row for row in entries if row["regime"] == name and row["population"] == "E"]
    ours = [regime(tmp_path, rows[0]["g"], rows[0]["eta"], rows[0]["seconds"], seed) for seed in SEEDS]
    for place, (key, floor) in enumerate([("mean_rate_hz", 0.1), ("mean_cv_isi", 0.005), ("mean_cc_2ms", 0.002)]):
        found = [values[place] for values in ours]
        print(name, key, found)
        agrees(found, [row[key] for row in rows], floor)


@pytest.mark.parametrize("name", ["cuba", "coba"])
def test_cuba_and_coba_fire_within_10_percent_of_brian2(name, tmp_path):
    entries = json.loads((STATS / "brette2007_brian2.json").read_text())
    reference = np.mean([row["mean_rate_hz"] for row in entries if row["net"] == name.upper()])
    rates = []
    for seed in SEEDS:
        recording = run(NETWORKS / f"{name}.ron", tmp_path / str(seed), "--seed", str(seed))
        count = sum(len(spikes(recording, population)[0]) for population in "EI")
        rates.append(count / 4000 / 2.0)
    print(name, rates, reference)
    assert abs(np.mean(rates) / reference - 1) <= 0.1, f"{rates} against {reference:.2f} Hz"


def test_brunel_fires_at_32_hz_within_2_percent(tmp_path):
    recording = run(NETWORKS / "brunel.ron", tmp_path / "brunel")
    for population, size in (("E", 10_000), ("I", 2_500)):
        rate = len(spikes(recording, population)[0]) / size
        print(population, rate)
        assert abs(rate / 32.0 - 1) <= 0.02, f"{population} fires at {rate:.2f} Hz"


def test_the_microcircuit_at_scale_0_1_fires_within_10_percent_of_nest(tmp_path):
    reference = {}
    for seed in (1, 2):
        for row in json.loads((STATS / f"pd14_scale0.1_seed{seed}.json").read_text()):
            reference.setdefault(row["population"], []).append((row["n"], row["mean_rate_hz"]))
    rates = {}
    for seed in (1, 2):
        recording = run(
            NETWORKS / "microcircuit.ron", tmp_path / str(seed),
            "--seed", str(seed), "--duration", "4500ms", *settings("scale=0.1"),
        )
        for population, rows in reference.items():
            rates.setdefault(population, []).append(len(spikes(recording, population)[0]) / rows[0][0] / 4.0)
    for population, rows in reference.items():
        expected = np.mean([rate for _, rate in rows])
        ratio = np.mean(rates[population]) / expected
        print(population, rates[population], expected)
        assert abs(ratio - 1) <= 0.1, f"{population}: {rates[population]} against {expected:.3f} Hz"
