"""Opens recordings with h5py, libsonata and bmtk, and checks that all three see the same.

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
    """Spikes of every population through all three readers; how many there are."""
    reader = libsonata.SpikeReader(path)
    assert sorted(reader.get_population_names()) == sorted(file["spikes"]), "populations of libsonata"
    total = 0
    trains = SpikeTrains.load(path)
    for name, group in file["spikes"].items():
        times, ids = group["timestamps"][:], group["node_ids"][:]
        assert group["timestamps"].attrs["units"] == "ms"
        assert len(times) == len(ids) and np.all(np.diff(times) >= 0), f"{name}: not sorted by time"
        assert np.all(ids < group["node_ids"].attrs["size"]), f"{name}: ids beyond the population"
        population = reader[name]
        assert population.sorting == "by_time", population.sorting
        assert population.time_units == "ms"
        frame = population.get()
        assert np.array_equal([pair[0] for pair in frame], ids), f"{name}: ids in libsonata"
        assert np.array_equal([pair[1] for pair in frame], times), f"{name}: times in libsonata"
        if len(times):
            assert trains.units(population=name) == "ms"
            table = trains.to_dataframe(populations=name).sort_values(["timestamps", "node_ids"])
            order = np.lexsort((ids, times))
            assert np.array_equal(table["timestamps"], times[order]), f"{name}: times in bmtk"
            assert np.array_equal(table["node_ids"], ids[order]), f"{name}: ids in bmtk"
        total += len(times)
    return total


def check_reports(path, file):
    """The state variable of every population through all three readers; how many values there are."""
    somas, elements = libsonata.SomaReportReader(path), libsonata.ElementReportReader(path)
    theirs = CompartmentReport.load(path)
    values = 0
    for reader in (somas, elements):
        assert sorted(reader.get_population_names()) == sorted(file["report"]), "reports of libsonata"
    for name, group in file["report"].items():
        data, mapping = group["data"][:], group["mapping"]
        ids, (start, stop, step) = mapping["node_ids"][:], mapping["time"][:]
        assert mapping["index_pointer"] == mapping["index_pointers"], "one dataset, two names"
        for reader in (somas, elements):
            population = reader[name]
            assert population.data_units == group["data"].attrs["units"]
            assert population.time_units == "ms"
            assert population.sorted
            assert np.allclose(population.times, (start, stop, step))
            if not len(data):
                continue  # libsonata refuses to read from a report without rows
            frame = population.get()
            # A soma's id is that of its neuron; an element's is (neuron, element).
            seen = frame.ids if reader is somas else np.asarray(frame.ids)[:, 0]
            assert np.array_equal(seen, ids), f"{name}: ids in libsonata"
            assert np.array_equal(frame.data, data.astype("f4")), f"{name}: data in libsonata"
            assert np.allclose(frame.times, start + step * np.arange(len(data))), f"{name}: times"
        if not len(data):
            continue
        assert np.array_equal(theirs[name].node_ids(), ids), f"{name}: ids in bmtk"
        assert theirs[name].units() == group["data"].attrs["units"], f"{name}: unit in bmtk"
        assert np.isclose(theirs[name].dt(), step), f"{name}: step in bmtk"
        assert theirs[name].n_steps() == len(data), f"{name}: rows in bmtk"
        assert np.array_equal(theirs[name].data(), data), f"{name}: data in bmtk"
        values += data.size
    return values


def check(path):
    """Checks one file, and returns how many spikes and values of state variables it holds."""
    path = str(path)
    with h5py.File(path) as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        spikes = check_spikes(path, file) if "spikes" in file else 0
        values = check_reports(path, file) if "report" in file else 0
    return spikes, values


def main():
    for path in sys.argv[1:]:
        spikes, values = check(path)
        print(f"{path}: {spikes} spikes, {values} values seen alike")


if __name__ == "__main__":
    main()
