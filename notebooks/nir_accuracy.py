"""Classifies samples of your own with an imported network, and says how many are right.

    python notebooks/nir_accuracy.py NETWORK.ron DATA.npz OUTPUT [--limit N]

NETWORK.ron is what `saltus import nir` wrote. DATA.npz holds `events`, spike counts of shape
(samples, steps, inputs...), and `labels`, one for each sample. The neuron of the population OUTPUT that
spikes most is the answer; of several the first. Every sample starts from rest. Needs h5py and numpy.
"""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np

PROGRAM = Path(__file__).resolve().parents[1] / "target/release/saltus"


def write_spikes(path, counts, dt):
    """Spike counts of shape (steps, inputs) as a SONATA spike file."""
    steps, inputs = np.nonzero(counts)
    again = counts[steps, inputs].astype(int)
    with h5py.File(path, "w") as file:
        file["spikes/input/timestamps"] = np.repeat(steps * dt, again)
        file["spikes/input/node_ids"] = np.repeat(inputs.astype("u8"), again)


def answer(network, counts, output, dt, folder):
    """Spikes of every output neuron for one sample."""
    write_spikes(folder / "input.h5", counts, dt)
    # Behind the last input, every layer takes a step.
    duration = (len(counts) + 50) * dt
    source = f'stimuli.synthetic.source=SpikeFile(path: "{folder / "input.h5"}")'
    run = [PROGRAM, "run", network, "--out", folder / "out", "--duration", f"{duration}ms", "--set", source, "--quiet"]
    subprocess.run(run, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with h5py.File(folder / "out/spikes.h5") as file:
        ids = file[f"spikes/{output}/node_ids"]
        return np.bincount(ids[:], minlength=ids.attrs["size"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("output")
    parser.add_argument("--limit", type=int, help="only the first N samples")
    args = parser.parse_args()
    data = np.load(args.data)
    events, labels = data["events"][: args.limit], data["labels"][: args.limit]
    dt = float(re.search(r"dt: ms\(([^)]*)\)", args.network.read_text()).group(1))
    right = 0
    with tempfile.TemporaryDirectory() as folder:
        for sample, label in zip(events, labels):
            counts = sample.reshape(len(sample), -1)
            right += int(np.argmax(answer(args.network, counts, args.output, dt, Path(folder))) == label)
    print(f"{right} of {len(labels)} right: accuracy {right / len(labels):.4f}")


if __name__ == "__main__":
    main()
