"""PyGeNN 5 on one thread of the CPU, in single precision.

GeNN delivers a spike one step after it was fired and lets the input act in that same step. NEST's
delta synapses act in the step of arrival, its exponential ones a step later; `axonal_delay` makes
the latency the same.
"""

import os
import shutil
import sys
import tempfile
import time

import numpy as np

from common import ask, tell, windows
from workloads import BACKGROUND_RATE, DT, POPULATIONS, STDP, V0_MEAN, V0_SD, named

args = ask()
name, p = named(args.workload)
if args.threads != 1:
    sys.exit("GeNN has one thread on a CPU")
# GeNN itself adds -O3 -ffast-math.
os.environ.setdefault("CXX", "g++ -march=native")

import pygenn
from pygenn import (
    GeNNModel, create_neuron_model, create_weight_update_model,
    init_postsynaptic, init_sparse_connectivity, init_var, init_weight_update,
)

REFRACTORY = [("RefSteps", lambda q, dt: round(q["TauRef"] / dt))]
STATE = [("V", "scalar"), ("R", "int"), ("ns", "unsigned int")]
FIRE = dict(threshold_condition_code="V >= Vth", reset_code="V = Vreset; R = (int)RefSteps; ns++;")
DECAY = ("ExpTC", lambda q, dt: np.exp(-dt / q["TauM"]))
# Poisson input by Knuth's method: products of uniform numbers until exp(-mean) is passed.
DRAW = "scalar q = gennrand_uniform(); while (q > EmL) { x += J; q *= gennrand_uniform(); }"

DELTA = create_neuron_model(
    "LifDelta", params=["TauM", "Vreset", "Vth", "TauRef", "Mean", "J"],
    derived_params=[DECAY, ("EmL", lambda q, dt: np.exp(-q["Mean"])), *REFRACTORY], vars=STATE,
    sim_code="scalar x = 0.0; if (Mean > 0.0) { " + DRAW
    + " } if (R > 0) { R--; } else { V = V * ExpTC + Isyn + x; }", **FIRE,
)
CURRENT = create_neuron_model(
    "LifCurrent", params=["C", "TauM", "EL", "Vreset", "Vth", "TauRef", "Ioff"],
    derived_params=[DECAY, ("Rm", lambda q, dt: q["TauM"] / q["C"]), *REFRACTORY], vars=STATE,
    sim_code="if (R > 0) { R--; } else { const scalar a = (Isyn + Ioff) * Rm + EL; V = a - ExpTC * (a - V); }", **FIRE,
)
CONDUCTANCE = create_neuron_model(
    "LifConductance", params=["C", "gL", "EL", "Ee", "Ei", "Vreset", "Vth", "TauRef", "Ie"],
    derived_params=REFRACTORY, vars=STATE,
    additional_input_vars=[("Ge", "scalar", 0.0), ("Gi", "scalar", 0.0)],
    # exponential Euler: conductances are constant within the step
    sim_code="""if (R > 0) { R--; } else {
        const scalar g = gL + Ge + Gi;
        const scalar v = (gL * EL + Ge * Ee + Gi * Ei + Ie) / g;
        V = v + (V - v) * exp(-dt * g / C); }""", **FIRE,
)
FIBRE = create_neuron_model(
    "Fibre", params=["probability"], vars=[("z", "scalar")], sim_code="z = gennrand_uniform();",
    threshold_condition_code="z < probability",
)
ADDITIVE = create_weight_update_model(
    "Additive", params=["tp", "tm", "Ap", "Am", "Wmax"],
    derived_params=[
        ("dp", lambda q, dt: np.exp(-dt / q["tp"])), ("dm", lambda q, dt: np.exp(-dt / q["tm"])),
    ],
    vars=[("g", "scalar")], pre_vars=[("xp", "scalar")], post_vars=[("xm", "scalar")],
    pre_spike_syn_code="g = fmax(0.0, g - Am * xm); addToPost(g);",
    post_spike_syn_code="g = fmin(Wmax, g + Ap * xp);",
    pre_spike_code="xp += 1.0;", post_spike_code="xm += 1.0;",
    pre_dynamics_code="xp *= dp;", post_dynamics_code="xm *= dm;",
)

folder = tempfile.mkdtemp(prefix="genn-")
os.chdir(folder)
model = GeNNModel("float", "bench", backend="single_threaded_cpu", optimize_code=True)
model.dt = DT
model.seed = args.seed
model.fuse_postsynaptic_models = True
model.default_narrow_sparse_ind_enabled = True


def neurons(word, size, kind, parameters, v0):
    return model.add_neuron_population(word, int(size), kind, parameters, dict(V=v0, R=0, ns=0))


def uniform(low, high):
    return init_var("Uniform", dict(min=low, max=high))


def constant(weight):
    return init_weight_update("StaticPulseConstantWeight", dict(g=weight))


def rule(word, **parameters):
    return init_sparse_connectivity(word, parameters)


def synapses(source, target, weights, receptor, connectivity, axonal_delay=0):
    word = f"{source.name}_{target.name}"
    made = model.add_synapse_population(word, "SPARSE", source, target, weights, receptor, connectivity)
    made.axonal_delay_steps = axonal_delay
    return made


def delta_neurons(mean, v0):
    parameters = dict(
        TauM=p["tau_m"], Vreset=p["V_reset"], Vth=p["V_th"], TauRef=p["t_ref"], Mean=mean, J=p["J"]
    )
    return [neurons(word, p["N" + word], DELTA, parameters, v0) for word in "EI"]


def brunel():
    E, I = delta_neurons(p["external_rate"] * DT * 1e-3, uniform(0.0, p["V_th"]))
    delay, delta = round(p["delay"] / DT) - 1, init_postsynaptic("DeltaCurr")
    exc, inh = constant(p["J"]), constant(p["JI"])
    onto_e = exc
    if name == "brunel_stdp":
        w_max = STDP["w_max_over_J"] * p["J"]
        step = STDP["learning_rate"] * w_max
        rates = dict(tp=STDP["tau_plus"], tm=STDP["tau_minus"], Ap=step, Am=STDP["alpha"] * step, Wmax=w_max)
        onto_e = init_weight_update(ADDITIVE, rates, dict(g=p["J"]), dict(xp=0.0), dict(xm=0.0))
    for source, target, weights in ((E, E, onto_e), (E, I, exc), (I, E, inh), (I, I, inh)):
        indegree = rule("FixedNumberPreWithReplacement", num=p["CE"] if source is E else p["CI"])
        synapses(source, target, weights, delta, indegree, delay)
    return dict(E=E, I=I), (p["NE"] + p["NI"]) * (p["CE"] + p["CI"])


def microcircuit():
    layers = {}
    most = float(np.finfo(np.float32).max)
    for k, layer in enumerate(POPULATIONS):
        parameters = dict(
            C=p["C_m"], TauM=p["tau_m"], EL=p["E_L"], Vreset=p["V_reset"], Vth=p["V_th"],
            TauRef=p["t_ref"], Ioff=float(p["current"][k]),
        )
        v0 = init_var("Normal", dict(mean=float(V0_MEAN[k]), sd=float(V0_SD[k])))
        layers[layer] = neurons(layer, p["sizes"][k], CURRENT, parameters, v0)
        rate = float(p["external_indegree"][k] * BACKGROUND_RATE)
        background = dict(weight=float(p["external_weight"]), tauSyn=p["tau_syn"], rate=rate)
        model.add_current_source(layer + "_background", "PoissonExp", layers[layer], background, dict(current=0.0))
    receptor = init_postsynaptic("ExpCurr", dict(tau=p["tau_syn"]))
    # Delays are drawn up to 4.5 deviations above their mean; that is where the ring of slots ends.
    latest = lambda mean: mean * (1.0 + 4.5 * p["delay_sd"])
    for i, target in enumerate(POPULATIONS):
        for j, source in enumerate(POPULATIONS):
            if not p["totals"][i, j]:
                continue
            weight, delay = float(p["weights"][i, j]), float(p["delays"][i, j])
            low, high = (0.0, most) if weight > 0 else (-most, 0.0)
            g = dict(mean=weight, sd=abs(weight) * p["weight_sd"], min=low, max=high)
            d = dict(mean=delay, sd=delay * p["delay_sd"], min=DT, max=latest(delay))
            variables = dict(g=init_var("NormalClipped", g), d=init_var("NormalClippedDelay", d))
            weights = init_weight_update("StaticPulseDendriticDelay", {}, variables)
            total = rule("FixedNumberTotalWithReplacement", num=int(p["totals"][i, j]))
            made = synapses(layers[source], layers[target], weights, receptor, total)
            made.max_dendritic_delay_timesteps = round(latest(1.5) / DT) + 2
    return layers, p["totals"].sum()


def brette():
    v0 = uniform(p["V_reset"], p["V_th"])
    shared = dict(EL=p["E_L"], Vreset=p["V_reset"], Vth=p["V_th"], TauRef=p["t_ref"])
    if name == "cuba":
        # With C = TauM a current drives the membrane as many mV.
        kind, parameters = CURRENT, dict(shared, C=p["tau_m"], TauM=p["tau_m"], Ioff=0.0)
    else:
        reversal = dict(Ee=p["E_e"], Ei=p["E_i"])
        kind, parameters = CONDUCTANCE, dict(shared, **reversal, C=p["C_m"], gL=p["g_L"], Ie=p["I_e"])
    E, I = [neurons(word, p["N" + word], kind, parameters, v0) for word in "EI"]
    for source, weight, tau, port in ((E, p["we"], p["tau_e"], "Ge"), (I, p["wi"], p["tau_i"], "Gi")):
        for target in (E, I):
            receptor = init_postsynaptic("ExpCurr", dict(tau=tau))
            pairs = rule("FixedProbability", prob=p["probability"])
            made = synapses(source, target, constant(weight), receptor, pairs, round(p["delay"] / DT))
            if name == "coba":
                made.post_target_var = port
    return dict(E=E, I=I), (p["NE"] + p["NI"]) ** 2 * p["probability"]


def sparse():
    E, I = delta_neurons(0.0, 0.0)
    probability = dict(probability=p["fibre_rate"] * DT * 1e-3)
    fibres = model.add_neuron_population("fibres", p["fibres"], FIBRE, probability, dict(z=1.0))
    delay, delta = round(p["delay"] / DT) - 1, init_postsynaptic("DeltaCurr")
    for source, weight in ((fibres, p["fibre_weight"]), (E, p["J"]), (I, p["JI"])):
        for target, share in ((E, 0.8), (I, 0.2)):
            outdegree = rule("FixedNumberPostWithReplacement", num=round(share * p["outdegree"]))
            synapses(source, target, constant(weight), delta, outdegree, delay)
    return dict(E=E, I=I), (p["N"] + p["fibres"]) * p["outdegree"]


BUILD = dict(
    brunel=brunel, brunel_stdp=brunel, microcircuit=microcircuit, cuba=brette, coba=brette, sparse=sparse
)


def live(ms):
    for _ in range(round(ms / DT)):
        model.step_time()


def fired():
    counts = {}
    for word, cells in populations.items():
        cells.vars["ns"].pull_from_device()
        counts[word] = int(cells.vars["ns"].view.sum())
    return counts


populations, count = BUILD[name]()
for cells in populations.values():
    cells.spike_recording_enabled = True
model.build()
begin = time.perf_counter()
model.load(num_recording_timesteps=round((args.warm_up + args.repeats * args.bio) / DT))
build_s = time.perf_counter() - begin
live(args.warm_up)
before = fired()
spent = windows(args, lambda: live(args.bio))
spikes = {word: number - before[word] for word, number in fired().items()}
sizes = {word: cells.num_neurons for word, cells in populations.items()}
tell(args, "GeNN " + pygenn.__version__, count, sizes, spikes, spent, build_s)
os.chdir("/")
shutil.rmtree(folder)
