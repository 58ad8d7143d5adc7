"""lava's fixed-point processes: one of neurons and one of synapses, each in a process of the system."""

import multiprocessing
import os
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import RingBuffer
from lava.proc.lif.process import LIF
from lava.proc.sparse.process import Sparse
from scipy.sparse import csr_matrix

from chip_workloads import SYNAPSES, loihi, named
from common import ask, tell

args = ask()
_, cores = named(args.workload)
p = loihi(cores, args.seed)
configuration = Loihi2SimCfg(select_tag="fixed_pt")


def chip(thresholds):
    """Neurons and synapses, not yet running. A threshold is one for all: lava takes no other."""
    size = p["size"]
    neurons = LIF(
        shape=(size,), vth=int(thresholds.mean()) // 64, du=4095, dv=0, bias_exp=1,
        bias_mant=int(p["bias"].mean()) // 2, v=p["start"],
    )
    source = np.repeat(np.arange(size), SYNAPSES)
    matrix = csr_matrix((p["weight"].ravel() // 64, (p["target"].ravel(), source)), shape=(size, size))
    synapses = Sparse(weights=matrix, num_message_bits=0)
    neurons.s_out.connect(synapses.s_in)
    synapses.a_out.connect(neurons.a_in)
    return neurons


def run(neurons, steps):
    neurons.run(condition=RunSteps(num_steps=int(steps)), run_cfg=configuration)


def cpu_s():
    """Seconds of this process and of those it has started."""
    ticks = 0
    for pid in [os.getpid()] + [child.pid for child in multiprocessing.active_children()]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


# Spikes are counted in a run of their own, so that the measured one does not pay for it.
watched = chip(p["threshold"])
sink = RingBuffer(shape=(p["size"],), buffer=int(args.warm_up + args.bio))
watched.s_out.connect(sink.a_in)
run(watched, args.warm_up + args.bio)
spikes = dict(chip=int((sink.data.get()[:, int(args.warm_up) :] != 0).sum()))
watched.stop()

begin = time.perf_counter()
neurons = chip(p["threshold"])
run(neurons, args.warm_up)
build_s = time.perf_counter() - begin
spent = []
for _ in range(args.repeats):
    wall, cpu = time.perf_counter(), cpu_s()
    run(neurons, args.bio)
    spent.append(dict(wall_s=time.perf_counter() - wall, cpu_s=cpu_s() - cpu))
neurons.stop()
sizes, name = dict(chip=p["size"]), f"lava {version('lava-nc')}"
tell(args, name, p["size"] * SYNAPSES, sizes, spikes, spent, build_s, rate_windows=1)
