"""SANA-FE on its own descriptions of Loihi and TrueNorth, with its simplest model of time.

It has no delays in these, and one weight for each synapse where TrueNorth has four for each neuron.
"""

import os
import time
from importlib.metadata import version

import numpy as np

from chip_workloads import LOIHI_CORE, SYNAPSES, TRUENORTH_CORE, loihi, named, truenorth
from common import ask, tell, windows

args = ask()
name, cores = named(args.workload)
output = os.dup(1)  # SANA-FE reports its progress where the answer goes
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)

import sanafe  # noqa: E402

begin = time.perf_counter()
network = sanafe.Network()
if name == "loihi":
    p, core_size, architecture = loihi(cores, args.seed), LOIHI_CORE, sanafe.load_loihi()
    group = network.create_neuron_group(
        "chip", p["size"], model_attributes=dict(reset=0.0, leak_decay=1.0, force_update=True),
        soma_hw_name="loihi_lif", default_synapse_hw_name="loihi_sparse_synapse",
        default_dendrite_hw_name="loihi_dendrites",
    )
    own = [dict(threshold=float(t), bias=float(b)) for t, b in zip(p["threshold"], p["bias"])]
    target, weight = p["target"], p["weight"]
else:
    p, core_size, architecture = truenorth(cores, args.seed), TRUENORTH_CORE, sanafe.load_truenorth()
    group = network.create_neuron_group(
        "chip", p["size"],
        model_attributes=dict(
            threshold=float(p["threshold"]), reset_mode="soft", reverse_reset_mode="none",
            reverse_threshold=-1e9, bias=float(p["leak"]),
        ),
        soma_hw_name="core_soma", default_synapse_hw_name="core_synapses",
        default_dendrite_hw_name="core_dendrites",
    )
    own = [{}] * p["size"]
    core, axon = p["axon"] // TRUENORTH_CORE, p["axon"] % TRUENORTH_CORE
    reached = [np.flatnonzero(p["crossbar"][c, a]) for c, a in zip(core, axon)]
    target = np.stack(reached) + core[:, None] * TRUENORTH_CORE
    weight = np.repeat(np.array(p["weights"])[axon % 4][:, None], SYNAPSES, axis=1)

places = list(architecture.cores())
for number, attributes in enumerate(own):
    if attributes:
        group[number].set_attributes(model_attributes=attributes)
    group[number].map_to_core(places[number // core_size])
source = np.repeat(np.arange(p["size"]), SYNAPSES)
pairs = list(zip(source.tolist(), target.ravel().tolist()))
group.connect_neurons_sparse(group, dict(weight=weight.ravel().astype(float).tolist()), pairs)
chip = sanafe.SpikingChip(architecture)
chip.load(network)
build_s = time.perf_counter() - begin

fired = []


def live(steps):
    result = chip.sim(int(steps), timing_model="simple", processing_threads=args.threads)
    fired.append(result["neurons_fired"])


# Potentials start at 0 and neurons together; noise from each other takes long to tell them apart, which
# does not matter to what a step costs on average over periods of 50 steps.
live(args.warm_up)
fired.clear()
spent = windows(args, lambda: live(args.bio))
spikes, sizes = dict(chip=sum(fired)), dict(chip=p["size"])
os.dup2(output, 1)
tell(args, f"SANA-FE {version('sanafe')}", source.size, sizes, spikes, spent, build_s)
