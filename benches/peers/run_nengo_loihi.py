"""nengo-loihi's emulator, given blocks of compartments in the chip's integers."""

import time
import warnings

import numpy as np

warnings.simplefilter("ignore")
import nengo_loihi  # noqa: E402
from nengo_loihi.block import Axon, LoihiBlock, Synapse  # noqa: E402
from nengo_loihi.builder import Model  # noqa: E402
from nengo_loihi.emulator import EmulatorInterface  # noqa: E402

from chip_workloads import LOIHI_CORE, SYNAPSES, loihi, named  # noqa: E402
from common import ask, tell, windows  # noqa: E402

args = ask()
_, cores = named(args.workload)
begin = time.perf_counter()
p = loihi(cores, args.seed)
model, blocks = Model(), []


def block(number):
    made, own = LoihiBlock(LOIHI_CORE), slice(number * LOIHI_CORE, (number + 1) * LOIHI_CORE)
    of = made.compartment
    of.vth, of.bias = p["threshold"][own].astype(np.int32), p["bias"][own].astype(np.int32)
    of.decay_u = np.full(LOIHI_CORE, 4095, np.int32)
    of.decay_v = np.zeros(LOIHI_CORE, np.int32)
    of.refract_delay = np.ones(LOIHI_CORE, np.int32)
    of.scale_u = False
    of.vmin, of.vmax, of.noise_exp = 1 - 2**23, 2**23 - 1, np.int32(0)
    return made


def connect(number):
    """The lists of all sources with synapses in a core, and the axons that lead to them."""
    here = p["target"] // LOIHI_CORE == number
    sources = np.flatnonzero(here.any(axis=1))
    synapse = Synapse(len(sources))
    weights = [p["weight"][source][here[source]].astype(np.int32) for source in sources]
    places = [(p["target"][source][here[source]] % LOIHI_CORE).astype(np.int32) for source in sources]
    # A compartment that is there twice would get one of its weights only.
    sums = [np.unique(place, return_inverse=True) for place in places]
    weights = [np.bincount(to, weight).astype(np.int32) for (_, to), weight in zip(sums, weights)]
    synapse._set_weights_indices(weights, [place for place, _ in sums], weight_dtype=np.int32)
    blocks[number].add_synapse(synapse)
    axon_of = np.full(p["size"], -1)
    axon_of[sources] = np.arange(len(sources))
    for home, source in enumerate(blocks):
        axon = Axon(LOIHI_CORE)
        axon.target = synapse
        axon.set_compartment_axon_map(axon_of[home * LOIHI_CORE : (home + 1) * LOIHI_CORE])
        source.add_axon(axon)


blocks += [block(number) for number in range(cores)]
for number in range(cores):
    connect(number)
for made in blocks:
    model.add_block(made)
emulator = EmulatorInterface(model, seed=args.seed)
emulator.compartment.voltage[:] = p["start"]
build_s = time.perf_counter() - begin

emulator.run_steps(int(args.warm_up))
before = emulator.compartment.spike_count.sum()
spent = windows(args, lambda: emulator.run_steps(int(args.bio)))
spikes = dict(chip=int(emulator.compartment.spike_count.sum() - before))
version = f"nengo-loihi {nengo_loihi.__version__}"
tell(args, version, p["size"] * SYNAPSES, dict(chip=p["size"]), spikes, spent, build_s)
