"""Opens recordings with h5py, libsonata and bmtk, and checks that all three see the same.

    pip install h5py libsonata bmtk numpy
    python readers.py FILE...

Exits with 1 and says what differs, else prints one line for each file.
"""

import sys

import h5py
import libsonata
import numpy as np
from bmtk.utils.reports.compartment import CompartmentReport
from bmtk.utils.reports.spike_trains import SpikeTrains


def check_spikes(path, file):
    reader = libsonata.SpikeReader(path)
    assert sorted(reader.get_population_names()) == sorted(file["spikes"]), "populations of libsonata"
    total = 0
    trains = SpikeTrains.load(path)
    for name, group in file["spikes"].items():
        times, ids = group["timestamps"][:], group["node_ids"][:]
        assert len(times) == len(ids) and np.all(np.diff(times) >= 0), f"{name}: not sorted by time"
        population = reader[name]
        assert population.sorting == "by_time", population.sorting
        frame = population.get()
        assert np.array_equal([pair[0] for pair in frame], ids), f"{name}: ids in libsonata"
        assert np.array_equal([pair[1] for pair in frame], times), f"{name}: times in libsonata"
        if len(times):
            table = trains.to_dataframe(populations=name).sort_values(["timestamps", "node_ids"])
            order = np.lexsort((ids, times))
            assert np.array_equal(table["timestamps"], times[order]), f"{name}: times in bmtk"
            assert np.array_equal(table["node_ids"], ids[order]), f"{name}: ids in bmtk"
        total += len(times)
    return total


def check_reports(path, file):
    reader = libsonata.SomaReportReader(path)
    assert sorted(reader.get_population_names()) == sorted(file["report"]), "reports of libsonata"
    theirs = CompartmentReport.load(path)
    values = 0
    for name, group in file["report"].items():
        data, mapping = group["data"][:], group["mapping"]
        ids, (start, stop, step) = mapping["node_ids"][:], mapping["time"][:]
        assert mapping["index_pointer"] == mapping["index_pointers"], "one dataset, two names"
        population = reader[name]
        assert population.data_units == group["data"].attrs["units"]
        assert np.allclose(population.times, (start, stop, step))
        if not len(data):
            continue  # libsonata refuses to read from a report without rows
        frame = population.get()
        assert np.array_equal(frame.ids, ids), f"{name}: ids in libsonata"
        assert np.array_equal(frame.data, data.astype("f4")), f"{name}: data in libsonata"
        assert np.allclose(frame.times, start + step * np.arange(len(data))), f"{name}: times"
        assert np.array_equal(theirs[name].node_ids(), ids), f"{name}: ids in bmtk"
        assert theirs[name].n_steps() == len(data), f"{name}: rows in bmtk"
        assert np.array_equal(theirs[name].data(), data), f"{name}: data in bmtk"
        assert theirs[name].units() == group["data"].attrs["units"]
        for column, node in enumerate(ids):
            assert np.array_equal(theirs[name].data(node_id=node)[:, 0], data[:, column])
        values += data.size
    return values


def check(path):
    with h5py.File(path, "r") as file:
        assert file.attrs["magic"] == 0x0A7A and list(file.attrs["version"]) == [0, 1]
        seen = []
        if "spikes" in file:
            seen.append(f"{check_spikes(path, file)} spikes")
        if "report" in file:
            seen.append(f"{check_reports(path, file)} values")
        for name, group in file.get("rates", {}).items():
            start, stop, step = group["time"][:]
            assert np.isclose(stop, start + step * len(group["values"])), f"rate of {name}"
            seen.append(f"{len(group['values'])} bins of {name}")
        for name, group in file.get("weights", {}).items():
            synapses = len(group["source_node_id"])
            assert group["weight"].shape == (len(group["time"]), synapses), f"weights of {name}"
            assert len(group["target_node_id"]) == synapses
            seen.append(f"{len(group['time'])} x {synapses} weights of {name}")
        print(f"{path}: {', '.join(seen)}")


if __name__ == "__main__":
    failed = False
    for path in sys.argv[1:]:
        try:
            check(path)
        except AssertionError as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
    sys.exit(failed or len(sys.argv) < 2)
