"""Recordings of every shipped network open in h5py, libsonata and bmtk, which see the same."""

import h5py
import numpy as np
import pytest
from program import NETWORKS, SMALL, run, settings
from readers import check

# Enough of each network to see spikes, little enough to be quick.
SHORT = {
    "first": ("300ms",),
    "brunel": ("200ms",),
    "brunel_stdp": ("150ms",),
    "cuba": ("700ms",),
    "coba": ("700ms",),
    "microcircuit": ("650ms", "scale=0.1"),
    "scale_free": ("200ms", "recordings[2].what.every=ms(100)"),
    "sparse": ("300ms",),
    "winner": ("300ms",),
    "patterns": ("650ms",),
    "digits": ("1150ms",),
    "microcircuit_loihi": ("700ms",),
    "sequence": ("700ms", "recordings[1].what.every=ms(100)"),
}


def test_every_shipped_network_is_tried():
    assert set(SHORT) == {path.stem for path in NETWORKS.glob("*.ron")}


@pytest.mark.parametrize("name", SHORT)
def test_all_readers_see_the_same_in_a_shipped_network(name, tmp_path):
    duration, *values = SHORT[name]
    path = run(NETWORKS / f"{name}.ron", tmp_path, "--duration", duration, *settings(*values))
    spikes, _ = check(path)
    assert spikes > 0
    with h5py.File(path) as file:
        for population in file["spikes"].values():
            assert population["timestamps"][0] > file.attrs["warm_up"], "the warm-up is left out"
            assert population["timestamps"][-1] <= file.attrs["duration"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return run(SMALL, tmp_path_factory.mktemp("small"))


def test_each_further_state_variable_has_a_file_that_all_readers_open(small):
    with h5py.File(small) as file, h5py.File(small.with_name("spikes.I_syn_ex.h5")) as beside:
        for population in "E", "I":
            voltage, current = file[f"report/{population}/data"], beside[f"report/{population}/data"]
            assert voltage.attrs["variable"] == "V_m" and voltage.attrs["units"] == "mV"
            assert current.attrs["variable"] == "I_syn_ex" and current.attrs["units"] == "pA"
            # 100 ms are left out, 900 ms sampled every 0.5 ms from three neurons.
            assert voltage.shape == current.shape == (1800, 3)
            assert file[f"report/{population}/mapping/time"][0] == pytest.approx(100.5)
    assert check(small)[1] == check(small.with_name("spikes.I_syn_ex.h5"))[1] == 2 * 3 * 1800


def test_rates_are_those_of_the_spikes(small):
    with h5py.File(small) as file:
        for name, size in ("E", 80), ("I", 20):
            rate, times = file[f"rates/{name}/values"], file[f"spikes/{name}/timestamps"][:]
            start, stop, width = file[f"rates/{name}/time"][:]
            assert rate.attrs["units"] == "Hz" and rate.attrs["recorded"] == size
            assert (start, width) == (100.0, 10.0) and stop == pytest.approx(1000.0)
            # A bin holds what comes after its beginning, up to and with its end.
            steps = np.round(times / 0.1).astype(int) - 1
            counts = np.bincount((steps - 1000) // 100, minlength=90)
            assert np.allclose(rate[:], counts / size / 0.01)


def test_weights_stay_in_their_bounds_and_move(small):
    with h5py.File(small) as file:
        weights = file["weights/plastic"]
        assert weights["weight"].attrs["units"] == "pA"
        assert weights["weight"].shape == (10, 80 * 8)
        assert np.allclose(weights["time"][:], np.arange(100, 1001, 100))
        for end in "source_node_id", "target_node_id":
            assert weights[end].attrs["node_population"] == "E"
        assert np.all(np.bincount(weights["target_node_id"], minlength=80) == 8)
        assert np.all((weights["weight"][:] >= 0.0) & (weights["weight"][:] <= 120.0))
        assert np.any(weights["weight"][0] != weights["weight"][-1])


def test_a_recording_says_where_it_comes_from(small):
    with h5py.File(small) as file:
        said = file.attrs
        assert said["title"] == "Everything recorded"
        assert (said["seed"], said["dt"], said["duration"], said["warm_up"]) == (42, 0.1, 1000.0, 100.0)
        assert said["complete"] == 1
        assert said["threads"] >= 1 and said["saltus_version"] and said["host"]
        assert np.datetime64(said["started_at"].rstrip("Z")) <= np.datetime64(said["finished_at"].rstrip("Z"))
        assert said["synapses"] == 80 * 8 + 20 * 20 + 100 * 5
        spikes = sum(len(population["timestamps"]) for population in file["spikes"].values())
        assert said["spikes"] >= spikes, "the warm-up counts, but is not in the file"


def test_the_network_in_a_recording_runs_to_the_same_recording(tmp_path):
    changed = settings("populations.E.size=60", "projections[0].weight=pA(45)")
    first = run(SMALL, tmp_path / "first", "--seed", 7, "--duration", "300ms", *changed)
    with h5py.File(first) as file:
        text = file["saltus/network"][()].decode()
    # What the command line changed stands as comments above the text.
    noted = [line.removeprefix("// --set ") for line in text.splitlines() if line.startswith("// --set ")]
    assert "simulation.seed=7" in noted
    again = tmp_path / "again.ron"
    again.write_text(text)
    second = run(again, tmp_path / "second", "--threads", 1, *settings(*noted))
    with h5py.File(first) as one, h5py.File(second) as other:
        for path in "spikes/E/timestamps", "spikes/E/node_ids", "report/E/data", "weights/plastic/weight":
            assert len(one[path]) and np.array_equal(one[path], other[path]), path


def test_double_precision_stands_beside_what_sonata_takes(tmp_path):
    path = run(SMALL, tmp_path, "--duration", "200ms", *settings("simulation.precision=F64"))
    # SONATA's reports are single precision, and libsonata insists.
    check(path)
    with h5py.File(path) as file:
        assert file["weights/plastic/weight"].dtype == np.float64
        double, single = file["report/E/data64"][:], file["report/E/data"][:]
        assert double.dtype == np.float64 and double.shape == single.shape == (200, 3)
        assert np.array_equal(double.astype("f4"), single)
        assert np.any(double != single), "more than single precision holds"


def test_a_population_without_spikes_is_no_trouble(tmp_path):
    silent = settings("populations.I.model.I_e=pA(-500)", "projections[1].weight=pA(0)")
    path = run(SMALL, tmp_path, "--duration", "200ms", *silent)
    check(path)
    with h5py.File(path) as file:
        assert len(file["spikes/I/timestamps"]) == 0
        assert len(file["spikes/E/timestamps"]) > 0
