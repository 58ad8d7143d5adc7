"""Arbor's lif_cell on brunel and sparse: delta synapses, integrated exactly between events.

Arbor has no other point neuron of these workloads.
"""

import sys
import time

import numpy as np

from common import ask, tell, windows
from workloads import DT, named

import arbor
from arbor import units as U

args = ask()
name, p = named(args.workload)
if name not in ("brunel", "sparse"):
    sys.exit(f"Arbor has no neurons for {name}")
draws = np.random.default_rng(args.seed)


class Network(arbor.recipe):
    """Neurons, then fibres; `sources[g]` are the sources of neuron g."""

    def __init__(self):
        arbor.recipe.__init__(self)
        self.neurons = p["NE"] + p["NI"]
        self.fibres = p.get("fibres", 0)
        if name == "brunel":
            excitatory = draws.integers(0, p["NE"], (self.neurons, p["CE"]))
            inhibitory = draws.integers(p["NE"], self.neurons, (self.neurons, p["CI"]))
            self.sources = np.hstack([excitatory, inhibitory])
            self.v0 = draws.uniform(0.0, p["V_th"], self.neurons)
            self.synapses = self.sources.size
        else:
            source = np.repeat(np.arange(self.neurons + self.fibres), p["outdegree"])
            target = draws.integers(0, self.neurons, source.size)
            order = np.argsort(target, kind="stable")
            bounds = np.searchsorted(target[order], np.arange(1, self.neurons))
            self.sources = np.split(source[order], bounds)
            self.v0 = np.zeros(self.neurons)
            self.synapses = source.size

    def num_cells(self):
        return self.neurons + self.fibres

    def cell_kind(self, g):
        return arbor.cell_kind.lif if g < self.neurons else arbor.cell_kind.spike_source

    def cell_description(self, g):
        if g >= self.neurons:
            schedule = arbor.poisson_schedule(freq=p["fibre_rate"] * U.Hz, seed=args.seed * 1_000_000 + g)
            return arbor.spike_source_cell("source", schedule)
        cell = arbor.lif_cell("source", "target")
        cell.C_m = 1.0 * U.pF
        cell.tau_m = p["tau_m"] * U.ms
        cell.E_L = p["E_L"] * U.mV
        cell.V_th = p["V_th"] * U.mV
        cell.E_R = p["V_reset"] * U.mV
        cell.t_ref = p["t_ref"] * U.ms
        cell.V_m = float(self.v0[g]) * U.mV
        return cell

    def weight(self, source):
        if source >= self.neurons:
            return p["fibre_weight"]
        return p["J"] if source < p["NE"] else p["JI"]

    def connections_on(self, g):
        if g >= self.neurons:
            return []
        delay = p["delay"] * U.ms
        return [arbor.connection((int(s), "source"), "target", self.weight(s), delay) for s in self.sources[g]]

    def event_generators(self, g):
        if name != "brunel":
            return []
        schedule = arbor.poisson_schedule(freq=p["external_rate"] * U.Hz, seed=args.seed * 1_000_000 + g)
        return [arbor.event_generator("target", p["J"], schedule)]


begin = time.perf_counter()
network = Network()
simulation = arbor.simulation(network, arbor.context(threads=args.threads))
simulation.record(arbor.spike_recording.all)
build_s = time.perf_counter() - begin
until = args.warm_up


def live():
    global until
    until += args.bio
    simulation.run(until * U.ms, DT * U.ms)


simulation.run(args.warm_up * U.ms, DT * U.ms)
spent = windows(args, live)
fired = simulation.spikes()
neuron = fired["source"]["gid"][fired["time"] >= args.warm_up]
spikes = dict(E=int((neuron < p["NE"]).sum()), I=int(((neuron >= p["NE"]) & (neuron < network.neurons)).sum()))
version = "Arbor " + arbor.config()["version"]
tell(args, version, network.synapses, dict(E=p["NE"], I=p["NI"]), spikes, spent, build_s)
