"""The same bits on every instruction set.

Hot loops are compiled several times, and the widest version that the processor has is chosen when
the program runs. Emulators show it a processor with less: valgrind one without AVX-512, QEMU one
without AVX at all. What is not installed is skipped, aloud.
"""

import shutil
import subprocess

import h5py
import pytest
from program import NETWORKS, PROGRAM, settings

SHORT = settings("simulation.duration=ms(40)", "simulation.warm_up=ms(0)")
SMALL_BRUNEL = settings("populations.E.size=2000", "populations.I.size=500")
# With the others below they use every loop that is compiled several times.
RUNS = {
    "brunel": SMALL_BRUNEL,
    "brunel_stdp": SMALL_BRUNEL,
    "cuba": [],
    "coba": [],
    "microcircuit": settings("scale=0.03"),
    "sparse": settings("populations.E.size=8000", "populations.I.size=2000", "populations.fibres.size=100"),
}
# Model: arguments, weight.
OTHERS = {
    "IafPscAlpha": ("", "pA(400)"),
    "IafCondAlpha": ("", "nS(30)"),
    "Izhikevich": ("", "mV(5)"),
    "IafPscDelta": ("refractory_input: true,", "mV(4)"),
    "IafPscExp": ("", "pA(300)"),
    "IafCondExp": ("", "nS(30)"),
}


def other_model(folder, model):
    """A network of a model as no shipped one has it: constants are shared in A, and each neuron's own in B."""
    arguments, weight = OTHERS[model]
    own = "I_e: Uniform(low: pA(0), high: pA(10))"
    path = folder / f"{model}.ron"
    path.write_text(
        f"""(format: 1,
        populations: [(name: "A", size: 300, model: {model}({arguments})),
            (name: "B", size: 300, model: {model}({arguments} {own}))],
        projections: [(from: ["A"], to: ["B"], rule: FixedIndegree(n: 20), weight: {weight}, delay: ms(1))],
        stimuli: [(source: Poisson(rate: kHz(2)), to: ["A", "B"], weight: {weight})],
        recordings: [(what: Spikes, from: ["A", "B"])],
        simulation: (duration: ms(40), dt: ms(0.1), seed: 3))"""
    )
    return path


def emulators():
    """A command that shows the program a lesser processor, for each that there is."""
    yield pytest.param(["valgrind", "-q", "--tool=none"], id="avx2")
    yield pytest.param(["qemu-x86_64", "-cpu", "Nehalem"], id="baseline")


def spikes(network, out, arguments, under=()):
    command = [*under, PROGRAM, "run", network, "--out", out, "--quiet", "--threads", "1", *arguments]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with h5py.File(out / "spikes.h5") as file:
        return {name: (group["timestamps"][:].tobytes(), group["node_ids"][:].tobytes())
                for name, group in file["spikes"].items()}


@pytest.fixture(scope="module", params=emulators())
def emulator(request):
    if shutil.which(request.param[0]) is None:
        pytest.skip(f"{request.param[0]} is not installed")
    return request.param


@pytest.mark.parametrize("network", RUNS)
def test_a_shipped_network_spikes_alike_on_a_lesser_processor(network, emulator, tmp_path):
    path, arguments = NETWORKS / f"{network}.ron", [*SHORT, *RUNS[network]]
    own = spikes(path, tmp_path / "own", arguments)
    assert sum(len(times) for times, _ in own.values()) > 8 * 50, "too few spikes tell nothing"
    assert own == spikes(path, tmp_path / "lesser", arguments, emulator)


@pytest.mark.parametrize("chip", ["loihi", "truenorth"])
def test_a_chip_spikes_alike_on_a_lesser_processor(chip, emulator, tmp_path):
    path, arguments = NETWORKS / "winner.ron", ["--duration", "200ms", "--backend", chip]
    own = spikes(path, tmp_path / "own", arguments)
    assert sum(len(times) for times, _ in own.values()) > 8 * 20, "too few spikes tell nothing"
    assert own == spikes(path, tmp_path / "lesser", arguments, emulator)


@pytest.mark.parametrize("model", OTHERS)
def test_another_model_spikes_alike_on_a_lesser_processor(model, emulator, tmp_path):
    path = other_model(tmp_path, model)
    own = spikes(path, tmp_path / "own", [])
    assert sum(len(times) for times, _ in own.values()) > 8 * 50, "too few spikes tell nothing"
    assert own == spikes(path, tmp_path / "lesser", [], emulator)
