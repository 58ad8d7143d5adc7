"""NEST 3 on a workload. Spikes are recorded to memory."""

import time

import numpy as np

from common import ask, tell, windows
from workloads import BACKGROUND_RATE, DT, POPULATIONS, STDP, V0_MEAN, V0_SD, named

import nest

args = ask()
name, p = named(args.workload)


def synapse(word, weight, delay=None, model="static_synapse", **more):
    nest.CopyModel(model, word, dict(weight=weight, delay=delay or p["delay"], **more))
    return word


def brunel():
    plastic = name == "brunel_stdp"
    lif = dict(C_m=1.0, **{key: p[key] for key in ("tau_m", "t_ref", "E_L", "V_reset", "V_th")})
    E = nest.Create("iaf_psc_delta", p["NE"], params=dict(lif, tau_minus=STDP["tau_minus"]))
    I = nest.Create("iaf_psc_delta", p["NI"], params=lif)
    (E + I).V_m = np.random.default_rng(args.seed).uniform(0.0, p["V_th"], p["NE"] + p["NI"])
    exc, inh = synapse("exc", p["J"]), synapse("inh", p["JI"])
    external = nest.Create("poisson_generator", params=dict(rate=p["external_rate"]))
    nest.Connect(external, E + I, syn_spec=exc)
    indegree = lambda n: dict(rule="fixed_indegree", indegree=n)
    if plastic:
        w_max = STDP["w_max_over_J"] * p["J"]
        rule = {"tau_plus": STDP["tau_plus"], "lambda": STDP["learning_rate"], "alpha": STDP["alpha"]}
        stdp = synapse("stdp", p["J"], model="stdp_synapse", mu_plus=0.0, mu_minus=0.0, Wmax=w_max, **rule)
        nest.Connect(E, E, indegree(p["CE"]), stdp)
        nest.Connect(E, I, indegree(p["CE"]), exc)
    else:
        nest.Connect(E, E + I, indegree(p["CE"]), exc)
    nest.Connect(I, E + I, indegree(p["CI"]), inh)
    return dict(E=E, I=I), (p["NE"] + p["NI"]) * (p["CE"] + p["CI"])


def microcircuit():
    lif = {key: p[key] for key in ("E_L", "V_th", "V_reset", "C_m", "tau_m", "t_ref")}
    lif.update(tau_syn_ex=p["tau_syn"], tau_syn_in=p["tau_syn"])
    layers = {}
    for i, layer in enumerate(POPULATIONS):
        cells = nest.Create("iaf_psc_exp", int(p["sizes"][i]), params=dict(lif, I_e=float(p["current"][i])))
        cells.V_m = nest.random.normal(V0_MEAN[i], V0_SD[i])
        rate = float(p["external_indegree"][i] * BACKGROUND_RATE)
        background = nest.Create("poisson_generator", params=dict(rate=rate))
        spec = dict(weight=p["external_weight"], delay=p["external_delay"])
        nest.Connect(background, cells, "all_to_all", spec)
        layers[layer] = cells
    for i, target in enumerate(POPULATIONS):
        # A synapse model for each target: NEST holds at most 2^27 - 2 synapses of a model and thread.
        nest.CopyModel("static_synapse", "onto_" + target)
        for j, source in enumerate(POPULATIONS):
            if p["totals"][i, j] > 0:
                weight, delay = p["weights"][i, j], p["delays"][i, j]
                low, high = (0.0, np.inf) if weight > 0 else (-np.inf, 0.0)
                spec = dict(
                    synapse_model="onto_" + target,
                    weight=nest.math.redraw(nest.random.normal(weight, abs(weight) * p["weight_sd"]), low, high),
                    # Rounded to the grid, so that half a step is the least that becomes a step.
                    delay=nest.math.redraw(nest.random.normal(delay, delay * p["delay_sd"]), DT / 2, np.inf),
                )
                total = dict(rule="fixed_total_number", N=int(p["totals"][i, j]))
                nest.Connect(layers[source], layers[target], total, spec)
    return layers, p["totals"].sum()


def brette():
    keys = ["tau_m", "E_L", "V_th", "V_reset", "t_ref"]
    if name == "cuba":
        # With C_m = tau_m a current in pA drives the membrane as many mV.
        model, lif, wi = "iaf_psc_exp", dict(C_m=p["tau_m"]), p["wi"]
    else:
        model, lif, wi = "iaf_cond_exp", dict(E_ex=p["E_e"], E_in=p["E_i"], I_e=p["I_e"]), -p["wi"]
        keys = ["C_m", "g_L"] + keys[1:]
    lif.update({key: p[key] for key in keys}, tau_syn_ex=p["tau_e"], tau_syn_in=p["tau_i"])
    E, I = nest.Create(model, p["NE"], params=lif), nest.Create(model, p["NI"], params=lif)
    draws = np.random.default_rng(args.seed)
    (E + I).V_m = draws.uniform(p["V_reset"], p["V_th"], p["NE"] + p["NI"])
    pairs = dict(rule="pairwise_bernoulli", p=p["probability"])
    nest.Connect(E, E + I, pairs, synapse("exc", p["we"]))
    nest.Connect(I, E + I, pairs, synapse("inh", wi))
    return dict(E=E, I=I), nest.num_connections


def sparse():
    lif = dict(C_m=1.0, V_m=0.0, **{key: p[key] for key in ("tau_m", "t_ref", "E_L", "V_reset", "V_th")})
    E = nest.Create("iaf_psc_delta", p["NE"], params=lif)
    I = nest.Create("iaf_psc_delta", p["NI"], params=lif)
    fibres = nest.Create("parrot_neuron", p["fibres"])
    external = nest.Create("poisson_generator", params=dict(rate=p["fibre_rate"]))
    nest.Connect(external, fibres, syn_spec=dict(delay=DT))
    outdegree = dict(rule="fixed_outdegree", outdegree=p["outdegree"])
    nest.Connect(fibres, E + I, outdegree, synapse("fibre", p["fibre_weight"]))
    nest.Connect(E, E + I, outdegree, synapse("exc", p["J"]))
    nest.Connect(I, E + I, outdegree, synapse("inh", p["JI"]))
    return dict(E=E, I=I), (p["N"] + p["fibres"]) * p["outdegree"]


BUILD = dict(
    brunel=brunel, brunel_stdp=brunel, microcircuit=microcircuit, cuba=brette, coba=brette, sparse=sparse
)

begin = time.perf_counter()
nest.verbosity = nest.VerbosityLevel.ERROR
nest.resolution = DT
nest.local_num_threads = args.threads
nest.rng_seed = args.seed
nest.keep_source_table = False
populations, synapses = BUILD[name]()
recorders = {}
for word, cells in populations.items():
    recorders[word] = nest.Create("spike_recorder")
    nest.Connect(cells, recorders[word])
nest.Prepare()
build_s = time.perf_counter() - begin
nest.Run(args.warm_up)
before = {word: recorder.n_events for word, recorder in recorders.items()}
spent = windows(args, lambda: nest.Run(args.bio))
spikes = {word: recorder.n_events - before[word] for word, recorder in recorders.items()}
sizes = {word: len(cells) for word, cells in populations.items()}
tell(args, "NEST " + nest.__version__.split("-")[0], synapses, sizes, spikes, spent, build_s)
